"""Item response curves: how hard each item is, how well it tells models apart, and their ability.

P(right) = 1 / (1 + exp(-(a theta - b))): a is the discrimination, b the intercept, and b / a the
difficulty on the scale of the abilities.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalvar.errors import UsageError
from evalvar.stats.arguments import Floats, at_least
from evalvar.stats.irt_ability import Ability, ability, check_responses
from evalvar.stats.irt_items import observed_information
from evalvar.stats.irt_steps import Answers, Posterior, curves, posterior_tables
from evalvar.stats.irt_updates import WIDER, Prior, packed, rescaled, spreads_of, unpacked, updated

__all__ = ["Ability", "IrtFit", "ability", "fit_irt"]

Model = Literal["2pl", "1pl"]
_MODELS = ("2pl", "1pl")
_TINY = 1e-9
_Z = 1.96


@dataclass(frozen=True, slots=True)
class IrtFit:
    """Items and respondents on one scale.

    Parameters
    ----------
    discrimination, intercept : float array, shape (J,)
        a and b.
    discrimination_se, intercept_se : float array, shape (J,)
        Posterior standard errors from the observed information and the prior.
    covariance : float array, shape (J,)
        Of the errors of a and b.
    ability, ability_sd : float array, shape (N,)
        Posterior mean and standard deviation; over the respondents, the posteriors have mean 0 and
        variance 1 together.
    constant : bool array, shape (J,)
        Items that all who were asked got right, or wrong: their curve rests on the prior alone.
    prior : Prior
    loglik : float
        Marginal log-likelihood of the answers.
    model : str
    iterations : int
        Steps taken.
    change : float
        Largest change in the last step of an a or b, or of the mean or spread of either; what is
        returned is where that step led.
    converged : bool
        Whether that is below the tolerance.
    """

    discrimination: Floats
    intercept: Floats
    discrimination_se: Floats
    intercept_se: Floats
    covariance: Floats
    ability: Floats
    ability_sd: Floats
    constant: NDArray[np.bool_]
    prior: Prior
    loglik: float
    model: str
    iterations: int
    change: float
    converged: bool

    @property
    def difficulty(self) -> Floats:
        """Ability b / a at which half get it right; NaN where a is 0."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.discrimination == 0, np.nan, self.intercept / self.discrimination)

    @property
    def reliability(self) -> float:
        """Share of the variance of the posterior means in all that is (marginal reliability)."""
        known, unknown = float(self.ability.var()), float((self.ability_sd**2).mean())
        return known / (known + unknown)


def fit_irt(
    responses: ArrayLike,
    *,
    model: Model = "2pl",
    tolerance: float = 1e-5,
    max_steps: int = 2000,
) -> IrtFit:
    """Fit item response curves by marginal maximum likelihood with priors learnt from the items.

    Parameters
    ----------
    responses : float array, shape (N, J)
        1 right, 0 wrong, NaN not asked; one row a respondent.
    model : {"2pl", "1pl"}
        Whether each item has its own discrimination, or all share one.
    tolerance : float
        Largest change of a parameter in a step at which the fit has converged.
    max_steps : int
        Stop there, and say so in `converged`.

    Raises
    ------
    NotEnoughDataError
        Fewer than 3 respondents or 2 items.
    UsageError
        Answers other than 0, 1 and NaN; a respondent or item without any.

    Notes
    -----
    theta ~ N(0, 1), integrated by the trapezoid rule on nodes no wider apart than the narrowest
    posterior; a_j ~ N(m_a, s_a^2) and b_j ~ N(m_b, s_b^2), whose means and spreads are estimated
    (MacKay 1992: s^2 = sum of squares over the number of well determined parameters, at least 0.1).
    So items without discrimination are found to have none: nothing pulls a towards 1.

    Each step is an E-step, one Newton step of the M-step, and a rescaling to posteriors of mean 0
    and variance 1 together (parameter expansion: Liu, Rubin and Wu 1998), which also fixes the
    scale. A step that turns back on the last one is taken by half: the spreads of the priors and
    the items can chase each other for ever. The sign is that of a positive mean a.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> theta, hard = rng.normal(size=(300, 1)), np.linspace(-1, 1, 20)
    >>> fit = fit_irt(rng.random((300, 20)) < 1 / (1 + np.exp(hard - 1.5 * theta)))
    >>> fit.converged, round(float(fit.reliability), 1)
    (True, 0.9)
    """
    if model not in _MODELS:
        raise UsageError(f"model='{model}' is unknown. Use one of {', '.join(_MODELS)}.")
    y = np.asarray(responses, dtype=np.float64)
    check_responses(y)
    at_least(len(y), 3, "a response model", "respondent")
    at_least(y.shape[1], 2, "a response model", "item")
    known = np.isfinite(y)
    for axis, noun in ((1, "respondents"), (0, "items")):
        empty = int((~known.any(axis=axis)).sum())
        if empty:
            raise UsageError(
                f"{empty:,} of {y.shape[1 - axis]:,} {noun} have no answer. Leave them out."
            )
    answers, asked = Answers.of(y), known.sum(axis=0)
    right = answers.right.sum(axis=0, dtype=np.int64).astype(np.float64)
    share = (right + 0.5) / (asked + 1)
    start = -1.15 * np.log(share / (1 - share))
    ones = np.ones(start.size if model == "2pl" else 1)
    state = packed(ones, start, Prior(1.0, 0.5, float(start.mean()), max(float(start.std()), 0.5)))

    def step(x: Floats) -> Floats:
        return updated(answers, right, x, start.size)

    state, iterations, change = _settled(step, state, tolerance, max_steps)
    return _finished(
        answers, right, state, asked, model, iterations, change, converged=change <= tolerance
    )


def _settled(
    step: Callable[[Floats], Floats], x: Floats, tolerance: float, most: int
) -> tuple[Floats, int, float]:
    """Repeat a step until it stands still, half of it wherever it turns back on the last one."""
    last, count = np.zeros_like(x), 1
    while True:
        to = step(x)
        change = _distance(x, to)
        if change <= tolerance or count >= most:
            return to, count, change
        rest = to - x
        x, last, count = (x + to) / 2 if rest @ last < 0 else to, rest, count + 1


def _distance(x: Floats, to: Floats) -> float:
    """Return the largest change of a parameter, of the spreads themselves and not their logs."""
    spreads = np.abs(spreads_of(to) - spreads_of(x))
    return float(max(np.abs(to[:-2] - x[:-2]).max(), spreads.max()))


def _finished(
    answers: Answers,
    right: Floats,
    x: Floats,
    asked: NDArray[np.int64],
    model: str,
    iterations: int,
    change: float,
    *,
    converged: bool,
) -> IrtFit:
    a, b, prior = unpacked(x, right.size)
    a = np.array(np.broadcast_to(a, b.shape))
    if a.mean() < 0:
        a, prior = -a, replace(prior, discrimination=-prior.discrimination)
    chance, softplus = curves(a, b)
    # priors pull on the items, and so on the scale: set it once more
    loose = posterior_tables(answers, a, b, chance, softplus).summed()
    a, b, prior = rescaled(a, b, prior, loose)
    chance, softplus = curves(a, b)
    tables = posterior_tables(answers, a, b, chance, softplus)
    posterior = tables.summed()
    bends = observed_information(answers, tables, chance)
    variances = _variances(bends, prior, model, _scale_variance(posterior))
    with np.errstate(invalid="ignore"):
        se_a, se_b = np.sqrt(variances[0]), np.sqrt(variances[1])
    return IrtFit(
        a, b, se_a, se_b, variances[2], posterior.mean,
        np.sqrt(np.maximum(posterior.square - posterior.mean**2, 0.0)),
        (right == 0) | (right == asked), prior, posterior.loglik, model, iterations, change,
        converged,
    )  # fmt: skip


def _scale_variance(posterior: Posterior) -> float:
    """Return the relative variance of what all slopes share, the spread of the abilities.

    The slope is known as the root of a variance of n normal values is, of which the abilities are
    the reliable share. Its error reaches as far down as the lower end of that variance does, to 0
    at a reliability that may be chance.
    """
    n, known = posterior.mean.size, float(posterior.mean.var())
    reliability = known / max(float(posterior.square.mean() - posterior.mean.mean() ** 2), _TINY)
    relative = np.sqrt(2 / (n - 1)) / max(reliability, _TINY)
    down = (1 - np.sqrt(max(1 - _Z * relative, 0.0))) / _Z
    return float(max(down, relative / 2) ** 2)


def _variances(
    bends: tuple[Floats, Floats, Floats], prior: Prior, model: str, scale: float
) -> tuple[Floats, Floats, Floats]:
    """Return the variances of a and b and their covariance; NaN where nothing determines them."""
    (haa, hab, hbb), mean = bends, prior.discrimination**2 * scale
    hbb = hbb + (WIDER * prior.intercept_sd) ** -2
    if model == "1pl":
        # one slope for all, and each intercept with it
        return np.full_like(hbb, mean), 1 / hbb + (hab / hbb) ** 2 * mean, -hab / hbb * mean
    precision = prior.discrimination_sd**-2
    haa = haa + precision
    det = haa * hbb - hab**2
    sound = (det > 0) & (haa > 0)
    haa, hbb, hab = (np.where(sound, h, np.nan) for h in (haa, hbb, hab))
    # the mean that items lean on is estimated too; it counts as far as they lean
    lean = precision * hbb / det
    return hbb / det + lean**2 * mean, haa / det, -hab / det
