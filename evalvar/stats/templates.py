"""How much a score depends on the prompt it was asked with."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import inf, nan, sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from evalvar.errors import UsageError
from evalvar.stats.arguments import Floats, at_least, check_level, finite, same_size
from evalvar.stats.estimate import Estimate


@dataclass(frozen=True, slots=True)
class PromptSpread:
    """How far the scores of prompts lie apart.

    Parameters
    ----------
    n : int
        Number of prompts; the range grows with it.
    range, sd : float
        Largest less smallest mean; standard deviation of the means (ddof 1).
    quantiles : dict of float to float
        Of the means, by linear interpolation.
    variance : float
        Variance between prompts freed of the noise of each mean, may be negative; NaN where the
        errors are not known.
    """

    n: int
    range: float
    sd: float
    quantiles: dict[float, float]
    variance: float


def prompt_spread(
    means: ArrayLike,
    *,
    errors: ArrayLike | None = None,
    quantiles: Sequence[float] = (0.05, 0.5, 0.95),
) -> PromptSpread:
    """Describe the sensitivity of a score to its prompt.

    Parameters
    ----------
    means : float array, shape (n_prompts,)
        Mean score under each prompt.
    errors : float array, shape (n_prompts,), optional
        Standard error of each mean, of items drawn anew for each prompt. Prompts on the same items
        share what the items do: there take the prompt component of `variance_components`.
    quantiles : sequence of float in [0, 1]
        Which to give.

    Raises
    ------
    NotEnoughDataError
        Fewer than two prompts.

    Notes
    -----
    variance = var1(means) - mean of errors^2.

    Examples
    --------
    >>> round(prompt_spread([0.62, 0.55, 0.71, 0.48, 0.66, 0.60]).range, 6)
    0.23
    """
    x = finite(means, "means")
    at_least(x.size, 2, "the spread of prompts", "prompt")
    if not all(0 <= q <= 1 for q in quantiles):
        raise UsageError(f"quantiles must lie in [0, 1], but are {list(quantiles)}.")
    variance = nan
    if errors is not None:
        se = finite(errors, "errors")
        same_size(x, se, "means and errors")
        variance = float(x.var(ddof=1) - (se**2).mean())
    found = {
        float(q): float(value)
        for q, value in zip(quantiles, np.quantile(x, quantiles), strict=True)
    }
    return PromptSpread(x.size, float(np.ptp(x)), float(x.std(ddof=1)), found, variance)


def best_prompt_bias(
    sd: float, noise: float, prompts: int, *, noise_df: float = inf, level: float = 0.95
) -> Estimate:
    """How far the mean of the best of several prompts lies above its true mean, as expected.

    Parameters
    ----------
    sd : float
        Standard deviation (ddof 1) of the prompts' means.
    noise : float
        Variance of each mean over new answers and items, without what all prompts share: the
        ``item x prompt + sample`` component of `variance_components` over the number of items.
    prompts : int
        Number of prompts of which the best is taken.
    noise_df : float
        Degrees of freedom that the noise was estimated with.
    level : float in (0, 1)
        Nominal coverage.

    Returns
    -------
    Estimate
        unit ``prompt``, n = number of prompts, method ``normal order statistics``, in the unit of
        the scores. 0 without interval where there is no noise.

    Raises
    ------
    NotEnoughDataError
        Fewer than two prompts.
    UsageError
        A spread or noise below 0.

    Notes
    -----
    True means normal with variance tau^2, noise of variance v: the largest of P observed means is
    expected e_P sqrt(tau^2 + v) above the mean of all, e_P the expectation of the largest of P
    standard normals, and the share v/(tau^2 + v) of it is noise: v e_P / sqrt(tau^2 + v), with sd^2
    or, where it is more, v for tau^2 + v. The bounds put together those of both by chi-square.
    Few prompts may lie together by chance, so that on average it is 0.9 to 1.1 times the truth with
    10 prompts, up to 1.2 with 5 and 1.5 with 3, the more the larger tau^2 is beside v (up to 9 v).
    Subtract it from the best prompt's mean. What drawing items does to all prompts alike favours
    none and does not enter.

    Examples
    --------
    >>> round(best_prompt_bias(0.05, 0.0009, 10).value, 5)
    0.0277
    """
    at_least(prompts, 2, "the bias of the best prompt", "prompt")
    check_level(level)
    if not (0 <= sd < inf and 0 <= noise < inf):
        raise UsageError(f"sd and noise must be numbers from 0, but are {sd} and {noise}.")
    most, said = _largest_normal(prompts), "normal order statistics"
    if noise == 0:
        method = f"{said} (no noise: no interval)"
        return Estimate(0.0, level=level, n=prompts, unit="prompt", method=method)
    df, tails = prompts - 1, [(1 - level) / 2, (1 + level) / 2]
    spreads = sd**2 * df / special.chdtri(df, tails)
    noises = noise * (noise_df / special.chdtri(noise_df, tails) if noise_df < inf else np.ones(2))
    # the most noise with the least spread, and the other way round
    low, high = (
        most * v / sqrt(max(total, v))
        for v, total in zip(noises.tolist(), spreads.tolist()[::-1], strict=True)
    )
    value = most * noise / sqrt(max(sd**2, noise))
    return Estimate(value, value / sqrt(2 * df), low, high, level, prompts, "prompt", said)


@cache
def _largest_normal(n: int) -> float:
    """Give the expectation of the largest of n standard normals."""
    # What falls off on both sides like a normal is its sum on even steps, to the last digit.
    step = 0.125
    z = np.arange(-10, 10 + step, step)
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    return float(step * (z * n * density * special.ndtr(z) ** (n - 1)).sum())


def kendall_w(scores: ArrayLike) -> float:
    """How far prompts agree in the order of the models: Kendall's W.

    Parameters
    ----------
    scores : float array, shape (n_prompts, n_models)
        Mean of each model under each prompt, any unit.

    Returns
    -------
    float
        1 where all prompts put the models in one order, 0 where their orders cancel; NaN where
        every prompt ties all models.

    Raises
    ------
    NotEnoughDataError
        Fewer than two prompts or models.

    Notes
    -----
    12 S / (P^2 (M^3 - M) - P sum (t^3 - t)), S the sum of squares of the rank sums around their
    mean, t the sizes of ties ("The problem of m rankings", Kendall, Babington Smith 1939).
    With M = 2 models it is 1 - 4 p (1 - p), p the share of prompts that put one of them first.

    Examples
    --------
    >>> kendall_w([[0.1, 0.2, 0.3], [0.2, 0.4, 0.9]])
    1.0
    """
    x = finite(scores, "scores", ndim=2)
    at_least(x.shape[0], 2, "the agreement of prompts", "prompt")
    at_least(x.shape[1], 2, "the agreement of prompts", "model")
    return float(agreement(x[None])[0])


def agreement(scores: Floats) -> Floats:
    """Kendall's W of tables, shape (..., n_prompts, n_models)."""
    prompts, models = scores.shape[-2:]
    # midranks from 0: those below, and half of the others that are level
    below = (scores[..., :, None] > scores[..., None, :]).sum(axis=-1)
    level = (scores[..., :, None] == scores[..., None, :]).sum(axis=-1)
    ranks = below + (level - 1) / 2
    sums = ranks.sum(axis=-2)
    spread = ((sums - prompts * (models - 1) / 2) ** 2).sum(axis=-1)
    # each of t that are level counts t^2 - 1: t^3 - t together
    ties = (level.astype(np.float64) ** 2 - 1).sum(axis=(-2, -1))
    most = prompts**2 * (models**3 - models) - prompts * ties
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(most > 0, 12 * spread / most, np.nan))
