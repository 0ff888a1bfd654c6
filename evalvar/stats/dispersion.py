"""How far models lie apart, beside the noise of one run: can a benchmark tell recipes apart?"""

from dataclasses import dataclass
from math import nan, sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from evalvar.errors import UsageError
from evalvar.stats.arguments import ROUNDING, at_least, check_level, finite
from evalvar.stats.component_interval import difference_interval, square_interval
from evalvar.stats.estimate import Estimate
from evalvar.stats.quantiles import t_quantile
from evalvar.stats.run_noise import ONE_RUN, Noise, moving


def model_spread(
    scores: ArrayLike, noise: Noise, *, runs: ArrayLike = 1, level: float = 0.95
) -> Estimate:
    """Estimate the standard deviation over models of the score that each would have without noise.

    Parameters
    ----------
    scores : float array, shape (n_models,)
        Score of each model, the mean of its runs.
    noise : Noise
        Of one run.
    runs : int or int array, shape (n_models,)
        How many runs each score is the mean of.
    level : float in (0, 1)
        Nominal coverage.

    Returns
    -------
    Estimate
        unit ``model``. The value is 0, and the interval begins there, where the scores spread no
        more than the noise would make them, as the method then says. With the noise of checkpoints
        there is no interval: see `step_noise`.

    Raises
    ------
    NotEnoughDataError
        Fewer than two models.

    Notes
    -----
    sd^2 = var1(scores) - noise / k, k the harmonic mean of the runs: the one-way component of
    variance. Modified large-sample interval of the difference of two mean squares (Ting, Burdick,
    Graybill, Jeyaratnam, Lu 1990), cut at 0; unequal runs as in Thomas and Hultquist (1978). It
    does not grow with the number of models, as the range over models does.

    Examples
    --------
    >>> quiet = Noise(0.0001, 20, 25, "seed")
    >>> round(model_spread([0.40, 0.45, 0.43, 0.49], quiet).value, 4)
    0.0364
    """
    found = _between(scores, noise, runs, "the spread over models")
    check_level(level)
    value = found.square - found.error
    if noise.unit == "checkpoint":
        method = f"sd over models less the noise of checkpoints ({ONE_RUN})"
        value = sqrt(max(value, 0.0))
        return Estimate(value, level=level, n=found.models, unit="model", method=method)
    low, high = (
        difference_interval(found.square, found.df, found.error, noise.df, level)
        if found.error > 0
        else square_interval(found.square, found.df, level)
    )
    if value < 0:
        # as if they spread as the noise does: below that the upper bound would reach zero too
        high = difference_interval(found.error, found.df, found.error, noise.df, level)[1]
    method = f"sd over models less the noise of {noise.unit}s, modified large-sample"
    if not found.square > 0:
        method += " (no two models differ: no interval)"
        return Estimate(0.0, level=level, n=found.models, unit="model", method=method)
    if value <= 0:
        method += " (they spread no more than the noise)"
    root = sqrt(max(value, 0.0))
    variance = 2 * (found.square**2 / found.df + found.error**2 / noise.df)
    se = sqrt(variance) / (2 * root) if root > 0 else nan
    ends = sqrt(max(low, 0.0)), sqrt(max(high, 0.0))
    return Estimate(root, se, *ends, level, found.models, "model", method)


def spread_to_noise(
    scores: ArrayLike, noise: Noise, *, runs: ArrayLike = 1, level: float = 0.95
) -> Estimate:
    """Estimate the spread over models in units of the noise of one run.

    Parameters
    ----------
    scores, noise, runs, level
        As for `model_spread`.

    Returns
    -------
    Estimate
        unit ``model``, method ``F``. NaN where there is no noise, as the method then says. With the
        noise of checkpoints there is no interval: see `step_noise`.

    Raises
    ------
    NotEnoughDataError
        Fewer than two models.

    Notes
    -----
    k var1(scores)/noise is (1 + k snr^2) times an F of n_models - 1 and the noise's degrees of
    freedom for normal scores: the interval inverts that, and is exact for equal runs. Nothing is
    divided by the mean, so losses and scores near zero do.
    Equals `model_spread` over the sd of the noise (tested).

    Examples
    --------
    >>> quiet = Noise(0.0001, 20, 25, "seed")
    >>> found = spread_to_noise([0.40, 0.45, 0.43, 0.49], quiet)
    >>> round(found.value, 2), round(found.low, 2), round(found.high, 2)
    (3.64, 1.64, 14.17)
    """
    found = _between(scores, noise, runs, "a signal-to-noise ratio")
    check_level(level)
    if not found.error > 0:
        return Estimate(nan, level=level, n=found.models, unit="model",
                        method="undefined: no noise is seen")  # fmt: skip
    f = found.square / found.error
    if noise.unit == "checkpoint":
        value = sqrt(max(f - 1, 0.0) / found.runs)
        method = f"spread over models / noise of checkpoints ({ONE_RUN})"
        return Estimate(value, level=level, n=found.models, unit="model", method=method)
    tails = special.fdtri(found.df, noise.df, [(1 - level) / 2, (1 + level) / 2])
    # an F below 1 counts as 1 above, or the upper bound would reach zero too
    ratios = f, f / tails[1], max(f, 1.0) / tails[0]
    squares = [(ratio - 1) / found.runs for ratio in ratios]
    value, low, high = (sqrt(max(float(square), 0.0)) for square in squares)
    method = f"spread over models / noise of a run over {noise.unit}s, F"
    if value == 0:
        method += " (they spread no more than the noise)"
    # the delta method on F, whose log has the variance 2/df + 2/df
    se = f * sqrt(2 / found.df + 2 / noise.df) / (2 * found.runs * value) if value > 0 else nan
    return Estimate(value, se, low, high, level, found.models, "model", method)


def mean_difference(scores: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Mean absolute difference of two models, as seen: the noise of the scores included.

    Parameters
    ----------
    scores : float array, shape (n_models,)
        Score of each model, any unit; the result has the same unit.
    level : float in (0, 1)
        Nominal coverage.

    Returns
    -------
    Estimate
        unit ``model``, method ``mean over pairs, jackknife t of its log``. With two models, or
        where all are equal, there is no interval.

    Raises
    ------
    NotEnoughDataError
        Fewer than two models.

    Notes
    -----
    Gini's mean difference, a mean over all pairs: it does not grow with the number of models, and
    for normal scores is 2/sqrt(pi) = 1.13 times their standard deviation.

    Examples
    --------
    >>> round(mean_difference([0.1, 0.2, 0.4]).value, 6)
    0.2
    """
    x = finite(scores, "scores")
    check_level(level)
    n = x.size
    at_least(n, 2, "a difference of models", "model")
    apart = np.abs(x[:, None] - x[None]).sum(axis=1)
    value = float(apart.sum()) / (n * (n - 1))
    method = "mean over pairs"
    if n < 3:
        method += " (one pair: no interval)"
    without = (n * (n - 1) * value - 2 * apart) / max((n - 1) * (n - 2), 1)
    if n > 2 and not value > ROUNDING * np.abs(x).max():
        return Estimate(0.0, level=level, n=n, unit="model",
                        method="mean over pairs (no two models differ: no interval)")  # fmt: skip
    if n < 3 or not (without > 0).all():
        return Estimate(value, level=level, n=n, unit="model", method=method)
    se = sqrt((n - 1) / n * float(((np.log(without) - np.log(without).mean()) ** 2).sum()))
    reach = float(np.exp(t_quantile(level, n - 1) * se))
    return Estimate(value, value * se, value / reach, value * reach, level, n, "model",
                    f"{method}, jackknife t of its log")  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Between:
    square: float
    error: float
    df: int
    models: int
    runs: float


def _between(scores: ArrayLike, noise: Noise, runs: ArrayLike, what: str) -> _Between:
    x = finite(scores, "scores")
    at_least(x.size, 2, what, "model")
    counts = np.broadcast_to(np.asarray(runs, dtype=np.float64), x.shape)
    if not (counts >= 1).all():
        raise UsageError(
            f"runs must be at least 1 for every model, but the least is {counts.min():g}."
        )
    k = float(x.size / (1 / counts).sum())
    square = moving(float(x.var(ddof=1)), float(np.abs(x).max()))
    return _Between(square, noise.variance / k, x.size - 1, x.size, k)
