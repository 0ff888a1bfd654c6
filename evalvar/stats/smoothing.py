"""The noise of the last checkpoints, and what their mean buys."""

from dataclasses import replace
from math import inf, isnan, nan, sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from evalvar.errors import UsageError
from evalvar.stats.arguments import ROUNDING, Floats, at_least, check_level, constant, finite
from evalvar.stats.estimate import Estimate
from evalvar.stats.quantiles import normal_quantile
from evalvar.stats.sd_ratio import pitman_morgan


def last_noise(tails: ArrayLike, *, drift: float = 0.0, level: float = 0.95) -> Estimate:
    """Estimate how far the last checkpoints of a run lie about their mean.

    Parameters
    ----------
    tails : float array, shape (n_seeds, n_last)
        The last scores of each run, in the order of their checkpoints, any unit; the result has
        the same unit.
    drift : float in [0, 1)
        Correlation of a checkpoint with the next one about the run's trend: see `drift`.
    level : float in (0, 1)
        Nominal coverage.

    Returns
    -------
    Estimate
        Root of the mean over runs of the variance (ddof 1). unit ``seed``, n = number of runs.
        Where no score moves the value is 0 and there is no interval.

    Raises
    ------
    NotEnoughDataError
        Fewer than 2 checkpoints.

    Notes
    -----
    What is estimated is the root of the mean over runs of that variance, so a trend within the last
    checkpoints counts as noise: see `last_noise_detrended`. The interval is chi-square, with
    n_seeds tr(AR)^2 / tr(ARAR) degrees of freedom (Satterthwaite), A the matrix of the sum of
    squares and R the correlations drift^|t-u|: n_seeds (n_last - 1) without drift. The standard
    deviation of 5 normal scores with ddof 0 lies 16 % below the true one on average (c4).
    Equals `sd_ci` for one run without drift (tested).

    Examples
    --------
    >>> round(last_noise([[0.48, 0.47, 0.49, 0.48, 0.47]]).value, 6)
    0.008367
    """
    x = _tails(tails, 2)
    n = x.shape[1]
    centre = (np.eye(n) - 1 / n) / np.sqrt(n - 1)
    return _noise(x, centre, drift, level, "sd about the mean")


def last_noise_detrended(tails: ArrayLike, *, drift: float = 0.0, level: float = 0.95) -> Estimate:
    """Noise of the last checkpoints of a run without what rises steadily.

    Parameters
    ----------
    tails : float array, shape (n_seeds, n_last)
        As for `last_noise`.
    drift : float in [0, 1)
        As for `last_noise`.
    level : float in (0, 1)
        Nominal coverage.

    Returns
    -------
    Estimate
        As for `last_noise`.

    Raises
    ------
    NotEnoughDataError
        Fewer than 3 checkpoints.

    Notes
    -----
    From the steps d_t = y_{t+1} - y_t less their mean, m = n_last - 1 of them: the mean over runs
    of sum (d_t - d)^2 / (2 (m - 1/m)), unbiased for independent noise about any straight line.
    After "Distribution of the Ratio of the Mean Square Successive Difference to the Variance"
    (von Neumann 1941), who does not take off the mean step. With drift the steps are smaller than
    the scores' spread, and so is this number.

    Examples
    --------
    >>> last_noise_detrended([[0.1, 0.2, 0.3, 0.4]]).value
    0.0
    """
    x = _tails(tails, 3)
    n = x.shape[1]
    m = n - 1
    steps = np.diff(np.eye(n), axis=0)
    steps = steps - steps.mean(axis=0)
    steps = steps / np.sqrt(2 * (m - 1 / m))
    return _noise(x, steps, drift, level, "steps about their mean")


def last_ratio(tails: ArrayLike, *, drift: float = 0.0, level: float = 0.95) -> Estimate:
    """Mean of the last checkpoints in units of their standard deviation.

    Parameters
    ----------
    tails : float array, shape (n_seeds, n_last)
        As for `last_noise`.
    drift : float in [0, 1)
        As for `last_noise`.
    level : float in (0, 1)
        Nominal coverage.

    Returns
    -------
    Estimate
        Mean of all scores over `last_noise`; NaN where no score moves.

    Raises
    ------
    NotEnoughDataError
        Fewer than 2 checkpoints.

    Notes
    -----
    In logarithms, each side of the interval is the root of the squares of that of `last_noise` and
    of the normal one of the mean, whose variance follows from the drift. There is none where that
    of the mean reaches 0, which under strong drift it does from far off.

    Examples
    --------
    >>> round(last_ratio([[0.48, 0.47, 0.49, 0.48, 0.47]]).value, 3)
    57.132
    """
    noise = last_noise(tails, drift=drift, level=level)
    x = np.asarray(tails, dtype=np.float64)
    mean, (seeds, n) = float(x.mean()), x.shape
    if not noise.value > 0:
        return replace(noise, value=nan, method="undefined: the last checkpoints are equal")
    value = mean / noise.value
    related = _related(n, drift)
    within = (n - related.sum() / n) / (n - 1)
    error = noise.value * float(np.sqrt(related.sum() / n**2 / seeds / within))
    method = f"mean over {noise.method}"
    half = normal_quantile(level) * error / abs(mean) if mean else inf
    if half >= 1:
        return replace(
            noise,
            value=value,
            se=nan,
            low=nan,
            high=nan,
            method=f"{method} (the mean's error at this drift reaches 0: no interval)",
        )
    wide, narrow = (
        float(np.hypot(np.log(end / noise.value), np.log1p(half)))
        for end in (noise.high, noise.low)
    )
    low, high = sorted((value * float(np.exp(-wide)), value * float(np.exp(narrow))))
    se = abs(value) * float(np.hypot(noise.se / noise.value, error / mean))
    return replace(noise, value=value, se=se, low=low, high=high, method=method)


def smoothing_gain(last: ArrayLike, smoothed: ArrayLike, *, level: float = 0.95) -> Estimate:
    """By how much a mean over checkpoints narrows the spread over seeds.

    Parameters
    ----------
    last, smoothed : float array, shape (n_seeds,)
        Each seed's last score, and its mean over the last checkpoints, any unit.
    level : float in (0, 1)
        Nominal coverage.

    Returns
    -------
    Estimate
        sd of the last over sd of the smoothed scores: 2 means half the spread. unit ``seed``,
        n = number of seeds. `p_value` is that of equal spreads. NaN where either has none. No
        interval where one is a multiple of the other, and then a p-value only if they are equal.

    Raises
    ------
    NotEnoughDataError
        Fewer than 3 seeds.

    Notes
    -----
    Both are of the same runs, so their variances depend on each other: the interval is that of
    `sd_ratio_ci` for many paired seeds, exact for normal scores with few too. The test is of the
    correlation of last + smoothed with last - smoothed: "A test for the significance of the
    difference between the variances in two correlated samples" (Morgan 1939).

    Examples
    --------
    >>> last, smoothed = [0.50, 0.54, 0.49, 0.55], [0.51, 0.53, 0.50, 0.54]
    >>> round(smoothing_gain(last, smoothed).value, 3)
    1.612
    """
    x, y = finite(last, "last"), finite(smoothed, "smoothed")
    check_level(level)
    if x.size != y.size:
        raise UsageError(f"last and smoothed need the same seeds, but have {x.size} and {y.size}.")
    at_least(x.size, 3, "the gain of smoothing", "seed")
    n = x.size
    if constant(x) or constant(y):
        which = "last" if constant(x) else "smoothed"
        method = f"undefined: the {which} scores of all seeds are equal"
        return Estimate(nan, level=level, n=n, unit="seed", method=method)
    gain, (unlike, factor) = float(x.std(ddof=1) / y.std(ddof=1)), pitman_morgan(x, y, level)
    method = "Pitman-Morgan, ratio of sds"
    if isnan(factor):
        method = "Pitman-Morgan (one repeats the other: no interval)"
    apart = abs(gain**2 - 1)
    p = 1.0
    if apart > ROUNDING:
        # on one line any difference is beyond chance, and so few seeds say no such thing
        t = nan if isnan(factor) else apart / gain * sqrt((n - 2) / (4 * unlike))
        p = float(2 * special.stdtr(n - 2, -t))
    return Estimate(gain, nan, gain / factor, gain * factor, level, n, "seed", method, p)


def _tails(tails: ArrayLike, fewest: int) -> Floats:
    x = finite(tails, "tails", ndim=2)
    at_least(x.shape[1], fewest, "the noise of the last checkpoints", "checkpoint")
    at_least(x.shape[0], 1, "the noise of the last checkpoints", "seed")
    return x


def _noise(x: Floats, root: Floats, drift: float, level: float, what: str) -> Estimate:
    """Give the root of the mean over runs of the sum of squares of root @ y, chi-square."""
    check_level(level)
    if not 0 <= drift < 1:
        raise UsageError(f"drift must lie in [0, 1), but is {drift}.")
    seeds, n = x.shape
    parts = (x - x.mean(axis=1, keepdims=True)) @ root.T
    sd = float(np.sqrt((parts**2).sum(axis=1).mean()))
    product = root.T @ root @ _related(n, drift)
    df = seeds * float(np.trace(product) ** 2 / np.trace(product @ product))
    method = f"{what}, chi-square"
    if sd <= ROUNDING * float(np.abs(x).max()):
        method = f"{what} (no movement: no interval)"
        return Estimate(0.0, level=level, n=seeds, unit="seed", method=method)
    low, high = sd * np.sqrt(df / special.chdtri(df, [(1 - level) / 2, (1 + level) / 2]))
    spread = np.sqrt(2 / df) * special.poch(df / 2, 0.5)
    se = sd * float(np.sqrt(max(0.0, 1 - spread**2)))
    return Estimate(sd, se, float(low), float(high), level, seeds, "seed", method)


def _related(n: int, drift: float) -> Floats:
    """Give the correlations of the last checkpoints."""
    return np.power(drift, np.abs(np.subtract.outer(np.arange(n), np.arange(n))))
