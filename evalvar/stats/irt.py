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
from evalvar.stats.irt_steps import NODES, Answers, Posterior, curves, posterior_tables

__all__ = ["Ability", "IrtFit", "ability", "fit_irt"]

Model = Literal["2pl", "1pl"]
_MODELS = ("2pl", "1pl")
# The spread of the items is never taken to be smaller, so that no item is tied to the rest.
_LEAST_SPREAD = 0.02
_MOST_SPREAD = 30.0
# How far out an intercept may lie says little of the others: its prior is wider than their spread.
_WIDER = 2.0
_TINY = 1e-9
_Z = 1.96
_MEMORY = 6
# Mix steps once none moves a parameter by more.
_NEAR = 0.05


@dataclass(frozen=True, slots=True)
class Prior:
    """Normal distributions of the items' parameters, estimated along with them.

    Parameters
    ----------
    discrimination, discrimination_sd, intercept, intercept_sd : float
        Mean and standard deviation of a (1PL: the common a, and 0) and of b.
    """

    discrimination: float
    discrimination_sd: float
    intercept: float
    intercept_sd: float


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
        Largest change of a parameter in the last step.
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
    max_steps: int = 500,
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
    scale; steps are accelerated by Anderson's mixing. The sign is that of a positive mean a.

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
    state = _pack(ones, start, Prior(1.0, 0.5, float(start.mean()), max(float(start.std()), 0.5)))

    def step(x: Floats) -> Floats:
        return _step(answers, right, x, start.size)[0]

    state, iterations, change = _fixed_point(step, state, tolerance, max_steps)
    return _finished(
        answers, right, state, asked, model, iterations, change, converged=change <= tolerance
    )


def _pack(a: Floats, b: Floats, prior: Prior) -> Floats:
    spread = np.log([prior.discrimination_sd, prior.intercept_sd])
    return np.concatenate([a, b, [prior.discrimination, prior.intercept], spread])


def _unpack(x: Floats, items: int) -> tuple[Floats, Floats, Prior]:
    a, b = x[: x.size - items - 4], x[x.size - items - 4 : -4]
    spread = np.exp(x[-2:].clip(*np.log([_LEAST_SPREAD, _MOST_SPREAD])))
    return a, b, Prior(float(x[-4]), float(spread[0]), float(x[-3]), float(spread[1]))


def _step(answers: Answers, right: Floats, x: Floats, items: int) -> tuple[Floats, Posterior]:
    a, b, prior = _unpack(x, items)
    each = np.broadcast_to(a, b.shape)
    chance, softplus = curves(each, b)
    if a.size == items:
        softplus = softplus + _unsure(answers, chance, prior)
    posterior = posterior_tables(answers, each, b, chance, softplus).summed()
    slopes, bends = _derivatives(answers, right, posterior, chance)
    newton = _newton_each if a.size == items else _newton_common
    a, b, prior = newton(a, b, prior, slopes, bends)
    return _pack(*_rescaled(a, b, prior, posterior)), posterior


def _rescaled(
    a: Floats, b: Floats, prior: Prior, posterior: Posterior
) -> tuple[Floats, Floats, Prior]:
    """Hand the mean and the variance that the abilities have come to over to the items."""
    centre = float(posterior.mean.mean())
    scale = float(np.sqrt(max(posterior.square.mean() - centre**2, 1e-6)))
    prior = replace(
        prior,
        discrimination=prior.discrimination * scale,
        intercept=prior.intercept - prior.discrimination * centre,
    )
    return a * scale, b - a * centre, prior


def _unsure(answers: Answers, chance: Floats, prior: Prior) -> Floats:
    """Return what not knowing the items adds to the mean of log(1 + exp z).

    Half the variance of z times its bend. Without it, noise that a few items share by chance would
    pass for an ability.
    """
    asked = np.bincount(answers.pattern, minlength=len(answers.asked)) @ answers.asked
    bend = chance * (1 - chance)
    weight = np.exp(-(NODES**2) / 2)
    weight /= weight.sum()
    haa = asked * (bend @ (weight * NODES**2)) + prior.discrimination_sd**-2
    hab = -asked * (bend @ (weight * NODES))
    hbb = asked * (bend @ weight) + (_WIDER * prior.intercept_sd) ** -2
    det = haa * hbb - hab**2
    va, vab, vb = hbb / det, -hab / det, haa / det
    return np.asarray(bend / 2 * (va[:, None] * NODES**2 - 2 * vab[:, None] * NODES + vb[:, None]))


def _derivatives(
    answers: Answers, right: Floats, posterior: Posterior, chance: Floats
) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats, Floats]]:
    """Return the slopes of the log-likelihood in a and b, and its expected bends (aa, ab, bb)."""
    patterns = posterior.weights
    mass = patterns if len(patterns) == 1 else answers.asked.T @ patterns
    expected = mass * chance
    bend = expected * (1 - chance)
    slopes = (answers.per_item(posterior.mean) - expected @ NODES, expected.sum(axis=1) - right)
    return slopes, (bend @ NODES**2, -(bend @ NODES), bend.sum(axis=1))


def _newton_each(
    a: Floats,
    b: Floats,
    prior: Prior,
    slopes: tuple[Floats, Floats],
    bends: tuple[Floats, Floats, Floats],
) -> tuple[Floats, Floats, Prior]:
    (ga, gb), (haa, hab, hbb) = slopes, bends
    ra, rb = prior.discrimination_sd**-2, (_WIDER * prior.intercept_sd) ** -2
    da, db = ga - ra * (a - prior.discrimination), gb - rb * (b - prior.intercept)
    paa, pbb = haa + ra, hbb + rb
    det = paa * pbb - hab**2
    a = a + np.clip((pbb * da - hab * db) / det, -1.0, 1.0)
    b = b + np.clip((paa * db - hab * da) / det, -2.0, 2.0)
    # what the answers say of each parameter, the other one free
    info_a, info_b = haa - hab**2 / pbb, hbb - hab**2 / paa
    centre = _mean_of(a, prior.discrimination, prior.discrimination_sd, info_a)
    wide = _WIDER * prior.intercept_sd
    middle = _mean_of(b, prior.intercept, wide, info_b)
    spread = _spread_of(a, centre, pbb / det, prior.discrimination_sd)
    return a, b, Prior(centre, spread, middle, _spread_of(b, middle, paa / det, wide))


def _newton_common(
    a: Floats,
    b: Floats,
    prior: Prior,
    slopes: tuple[Floats, Floats],
    bends: tuple[Floats, Floats, Floats],
) -> tuple[Floats, Floats, Prior]:
    (ga, gb), (haa, hab, hbb) = slopes, bends
    rb = (_WIDER * prior.intercept_sd) ** -2
    db, pbb = gb - rb * (b - prior.intercept), hbb + rb
    move = (ga - hab / pbb * db).sum() / (haa - hab**2 / pbb).sum()
    move = float(np.clip(move, -1.0, 1.0))
    a = a + move
    b = b + np.clip((db - hab * move) / pbb, -2.0, 2.0)
    wide = _WIDER * prior.intercept_sd
    middle = _mean_of(b, prior.intercept, wide, hbb)
    spread = _spread_of(b, middle, 1 / pbb, wide)
    return a, b, Prior(float(a[0]), prior.discrimination_sd, middle, spread)


def _mean_of(values: Floats, mean: float, sd: float, information: Floats) -> float:
    """Return the mean of the prior: of what the answers alone say of each item, weighed by it.

    At a top of the posterior the answers alone would say value + (value - mean) / (sd^2 I).
    """
    weight = (information / (1 + sd**2 * information)).sum()
    return float(mean + ((values - mean) / sd**2).sum() / max(weight, len(values) * 1e-6))


def _spread_of(values: Floats, mean: float, variance: Floats, sd: float) -> float:
    determined = float((1 - variance / sd**2).clip(0, 1).sum())
    squares = float(((values - mean) ** 2).sum())
    return max(float(np.sqrt((squares + _LEAST_SPREAD**2) / (determined + 1))), _LEAST_SPREAD)


def _fixed_point(
    step: Callable[[Floats], Floats], x: Floats, tolerance: float, most: int
) -> tuple[Floats, int, float]:
    """Repeat a step until it stands still, mixing the last few (Anderson 1965)."""
    steps: list[Floats] = []
    rests: list[Floats] = []
    change = np.inf
    for count in range(1, most + 1):
        to = step(x)
        rest = to - x
        change, size = float(np.abs(rest).max()), float(np.linalg.norm(rest))
        if change <= tolerance:
            return to, count, change
        if rests and size > 2 * float(np.linalg.norm(rests[-1])):
            # the mixture led astray: go on from the last plain step
            x, steps, rests = steps[-1], [], []
            continue
        if change > _NEAR:  # far off, a mixture may cross into where noise passes for ability
            x = to
            continue
        steps, rests = [*steps, to][-_MEMORY:], [*rests, rest][-_MEMORY:]
        if len(rests) > 1:
            moves = np.column_stack([r - rests[-1] for r in rests[:-1]])
            mix = np.linalg.lstsq(moves, -rest, rcond=1e-10)[0]
            to = to + np.column_stack([s - steps[-1] for s in steps[:-1]]) @ mix
        x = to
    return x, most, change


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
    a, b, prior = _unpack(x, right.size)
    a = np.array(np.broadcast_to(a, b.shape))
    if a.mean() < 0:
        a, prior = -a, replace(prior, discrimination=-prior.discrimination)
    chance, softplus = curves(a, b)
    # priors pull on the items, and so on the scale: set it once more
    loose = posterior_tables(answers, a, b, chance, softplus).summed()
    a, b, prior = _rescaled(a, b, prior, loose)
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
    hbb = hbb + (_WIDER * prior.intercept_sd) ** -2
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
