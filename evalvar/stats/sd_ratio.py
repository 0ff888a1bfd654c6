"""How much wider one spread over seeds is than another."""

from math import exp, log, nan, sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from evalvar.errors import UsageError
from evalvar.stats.arguments import ROUNDING, Floats, at_least, check_level, constant, finite
from evalvar.stats.estimate import Estimate
from evalvar.stats.quantiles import t_quantile
from evalvar.stats.spread import mean_sd

# From so many shared seeds on, what they have in common is known well enough to be used.
_PAIRED_FROM = 6


def sd_ratio_ci(a: ArrayLike, b: ArrayLike, *, paired: bool, level: float = 0.95) -> Estimate:
    """Ratio of two standard deviations over seeds, that of a over that of b.

    Parameters
    ----------
    a, b : float array, shape (n_seeds_a,), (n_seeds_b,)
        One score per seed, any units.
    paired : bool
        Whether the k-th score of both is of the same seed.
    level : float in (0, 1)
        Nominal coverage.

    Returns
    -------
    Estimate
        unit ``seed``, n = the smaller number of seeds, method ``F`` or ``Pitman-Morgan``. Where all
        seeds of a or of b are equal the value is NaN, as the method then says.

    Raises
    ------
    NotEnoughDataError
        Fewer than two seeds in one of them.
    UsageError
        Paired scores of different numbers.

    Notes
    -----
    F: s_a^2/s_b^2 over sigma_a^2/sigma_b^2 is F for independent normal scores, and less spread out
    where they depend on each other, so that the interval then covers more ("The distribution of
    the ratio of the variances of two samples from a normal bivariate population", Finney 1938).
    Pitman-Morgan, for 6 paired seeds or more: sigma_a = w sigma_b where a + w b and a - w b are
    uncorrelated, which t with n - 2 degrees of freedom tests exactly; with the correlation r of a
    and b and K = 1 + 2 (1 - r^2) t^2/(n - 2) the interval of w^2 is s_a^2/s_b^2 (K -+ sqrt(K^2 -
    1)) ("A note on normal correlation", Pitman 1939). With 5 seeds it is the wider one unless
    r^2 > 0.43.

    Examples
    --------
    >>> round(sd_ratio_ci([0.50, 0.54, 0.49, 0.55], [0.31, 0.33, 0.30, 0.32], paired=True).value, 4)
    2.2804
    """
    x, y = finite(a, "a"), finite(b, "b")
    check_level(level)
    if paired and x.size != y.size:
        raise UsageError(f"paired seeds need equal numbers, but a has {x.size} and b {y.size}.")
    n = min(x.size, y.size)
    at_least(n, 2, "a ratio of standard deviations", "seed")
    flat = [name for name, scores in (("a", x), ("b", y)) if constant(scores)]
    if flat:
        method = f"undefined: all seeds of {' and of '.join(flat)} are equal"
        return Estimate(nan, level=level, n=n, unit="seed", method=method)
    ratio = float(x.std(ddof=1) / y.std(ddof=1))
    if paired and n >= _PAIRED_FROM:
        unlike, factor = pitman_morgan(x, y, level)
        if np.isnan(factor):
            method = "Pitman-Morgan (a and b repeat each other: no interval)"
            return Estimate(ratio, level=level, n=n, unit="seed", method=method)
        se = ratio * sqrt(unlike / (n - 1))
        low, high, method = ratio / factor, ratio * factor, "Pitman-Morgan"
    else:
        df = x.size - 1, y.size - 1
        tail = (1 - level) / 2
        high = ratio * sqrt(special.fdtri(df[1], df[0], 1 - tail))
        low = ratio / sqrt(special.fdtri(df[0], df[1], 1 - tail))
        se, method = ratio * sqrt(1 / (2 * df[0]) + 1 / (2 * df[1])), "F"
    return Estimate(ratio, se, low, high, level, n, "seed", method)


def pitman_morgan(x: Floats, y: Floats, level: float) -> tuple[float, float]:
    """Give 1 - r^2 of two samples, and the factor to both ends of the ratio of their sds.

    The factor is NaN where one repeats the other.
    """
    unlike = 1 - float(np.corrcoef(x, y)[0, 1]) ** 2
    spare = 2 * unlike * t_quantile(level, x.size - 2) ** 2 / (x.size - 2)
    if not spare > 1e-12:
        return 0.0, nan
    # K + sqrt(K^2 - 1), of which K - sqrt(K^2 - 1) is the inverse
    return unlike, sqrt(1 + spare + sqrt(spare * (spare + 2)))


def mean_sd_ratio_ci(a: ArrayLike, b: ArrayLike, *, paired: bool, level: float = 0.95) -> Estimate:
    """Ratio of two spreads over seeds, each averaged over the checkpoints as `mean_sd` does.

    Parameters
    ----------
    a, b : float array, shape (n_seeds_a, n_checkpoints), (n_seeds_b, n_checkpoints)
        Score of each seed at each checkpoint, NaN where it was not measured; any units.
    paired : bool
        Whether the k-th curve of both is of the same seed.
    level : float in (0, 1)
        Nominal coverage.

    Returns
    -------
    Estimate
        unit ``seed``, n = the smaller number of seeds, method ``jackknife over seeds of the log
        ratio, t`` or ``MOVER of both intervals of mean_sd``. NaN where the seeds of a or of b
        never differ, as the method then says.

    Raises
    ------
    NotEnoughDataError
        No checkpoint with two seeds in one of them.
    UsageError
        Paired curves of different numbers.

    Notes
    -----
    MOVER: the distances from the logarithms of both to their bounds, squared, add up ("Method of
    variance estimates recovery", Zou, Donner 2008), as for independent spreads; those of the same
    seeds depend on each other, so that the interval covers more. From 6 paired seeds on, none of
    them missing anywhere, the seeds are left out in turn, each with both its curves.
    At 95 % the jackknife covers 94 to 97 % with 6 and 10 seeds, checkpoints that depend on each
    other not at all to wholly, and is half as wide where the seeds do nearly the same to a and b;
    MOVER covers 96 to 100 %.

    Examples
    --------
    >>> x = np.array([[0.30, 0.40], [0.32, 0.38], [0.28, 0.42]])
    >>> round(mean_sd_ratio_ci(x, x / 2, paired=True).value, 6)
    2.0
    """
    x, y = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if paired and len(x) != len(y):
        raise UsageError(f"paired seeds need equal numbers, but a has {len(x)} and b {len(y)}.")
    first, second = mean_sd(a, level=level), mean_sd(b, level=level)
    n = min(first.n, second.n)
    flat = [name for name, e in (("a", first), ("b", second)) if not e.low > 0]
    if flat:
        method = f"undefined: the seeds of {' and of '.join(flat)} never differ"
        return Estimate(nan, level=level, n=n, unit="seed", method=method)
    ratio = first.value / second.value
    if paired and n >= _PAIRED_FROM and np.isfinite(x).all() and np.isfinite(y).all():
        return _jackknife(x, y, ratio, level)
    low, high = _mover(_logs(first), _logs(second))
    se = ratio * sqrt((first.se / first.value) ** 2 + (second.se / second.value) ** 2)
    method = "MOVER of both intervals of mean_sd"
    return Estimate(ratio, se, low, high, level, n, "seed", method)


def snr_ratio_ci(a: ArrayLike, b: ArrayLike, *, paired: bool, level: float = 0.95) -> Estimate:
    """Ratio of two signal-to-noise ratios: mean over sd over seeds, that of a over that of b.

    Parameters
    ----------
    a, b, paired, level
        As for `sd_ratio_ci`.

    Returns
    -------
    Estimate
        As `sd_ratio_ci`; NaN also where the means are not both positive.

    Raises
    ------
    NotEnoughDataError, UsageError
        As `sd_ratio_ci`.

    Notes
    -----
    log = log of the ratio of the means, t interval by the delta method, less the log of the ratio
    of the standard deviations, `sd_ratio_ci`, of which it is independent for normal scores; both
    intervals put together as by `mean_sd_ratio_ci`.

    Examples
    --------
    >>> x = np.array([0.50, 0.54, 0.49, 0.55])
    >>> round(snr_ratio_ci(2 * x + 1, x, paired=True).value, 4)
    1.9615
    """
    spread = sd_ratio_ci(a, b, paired=paired, level=level)
    if np.isnan(spread.value):
        return spread
    x, y = finite(a, "a"), finite(b, "b")
    if not (x.mean() > 0 and y.mean() > 0):
        method = "undefined: a ratio of signal to noise needs positive means"
        return Estimate(nan, level=level, n=spread.n, unit="seed", method=method)
    moved, se, df = _log_ratio(x, y, paired)
    half = t_quantile(level, df) * se
    value = exp(moved) / spread.value
    if np.isnan(spread.low):
        return Estimate(value, level=level, n=spread.n, unit="seed", method=spread.method)
    low, high = _mover((moved - half, moved, moved + half), _logs(spread))
    error = value * sqrt(se**2 + (spread.se / spread.value) ** 2)
    method = f"{spread.method} and t of the means (MOVER)"
    return Estimate(value, error, low, high, level, spread.n, "seed", method)


def _jackknife(x: Floats, y: Floats, ratio: float, level: float) -> Estimate:
    seeds, name = len(x), "jackknife over seeds of the log ratio, t"
    kept = np.array([np.delete(np.arange(seeds), s) for s in range(seeds)])
    spreads = [curves[kept].std(axis=1, ddof=1).mean(axis=1) for curves in (x, y)]
    if not min(float(spread.min()) for spread in spreads) > 0:
        method = f"{name} (one seed makes all of a spread: no interval)"
        return Estimate(ratio, level=level, n=seeds, unit="seed", method=method)
    pseudo = seeds * log(ratio) - (seeds - 1) * np.log(spreads[0] / spreads[1])
    se = float(pseudo.std(ddof=1) / sqrt(seeds))
    if not se > ROUNDING * max(1.0, abs(log(ratio))):
        method = f"{name} (a and b repeat each other: no interval)"
        return Estimate(ratio, level=level, n=seeds, unit="seed", method=method)
    factor = exp(t_quantile(level, seeds - 1) * se)
    return Estimate(ratio, ratio * se, ratio / factor, ratio * factor, level, seeds, "seed", name)


def _log_ratio(x: Floats, y: Floats, paired: bool) -> tuple[float, float, float]:
    """Give the log of the ratio of two means, its standard error and degrees of freedom."""
    moved = log(x.mean() / y.mean())
    relative_x, relative_y = x / x.mean(), y / y.mean()
    if paired:
        return moved, float((relative_x - relative_y).std(ddof=1) / sqrt(x.size)), x.size - 1
    parts = [float(r.var(ddof=1) / r.size) for r in (relative_x, relative_y)]
    df = sum(parts) ** 2 / sum(p**2 / (r.size - 1) for p, r in zip(parts, (x, y), strict=True))
    return moved, sqrt(sum(parts)), df


def _logs(estimate: Estimate) -> tuple[float, float, float]:
    return log(estimate.low), log(estimate.value), log(estimate.high)


def _mover(a: tuple[float, float, float], b: tuple[float, float, float]) -> tuple[float, float]:
    """Bounds of exp(a - b) from low, value and high of both."""
    value = a[1] - b[1]
    low = value - sqrt((a[1] - a[0]) ** 2 + (b[2] - b[1]) ** 2)
    high = value + sqrt((a[2] - a[1]) ** 2 + (b[1] - b[0]) ** 2)
    return exp(low), exp(high)
