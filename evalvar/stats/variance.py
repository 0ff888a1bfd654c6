"""The spread over seeds."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats.arguments import (
    ROUNDING,
    Floats,
    at_least,
    check_ddof,
    check_level,
    constant,
    finite,
)
from evalvar.stats.estimate import Estimate
from evalvar.stats.quantiles import t_quantile


def sd_ci(x: ArrayLike, *, level: float = 0.95, ddof: int = 1) -> Estimate:
    """Estimate the standard deviation over seeds.

    Parameters
    ----------
    x : float array, shape (n_seeds,)
        One score per seed, any unit; the result has the same unit.
    level : float in (0, 1)
        Nominal coverage.
    ddof : {0, 1}
        The value divides by n - ddof. The interval is for the standard deviation of the seeds'
        law and does not depend on it.

    Returns
    -------
    Estimate
        unit ``seed``, n = number of seeds, method ``chi-square``. Where all seeds are equal the
        value is 0 and there is no interval, as the method then says.

    Raises
    ------
    NotEnoughDataError
        Fewer than two seeds.

    Notes
    -----
    sum (x_i - mean)^2 / sigma^2 is chi-square with n - 1 degrees of freedom for normal scores;
    se = s sqrt(1 - c4^2).

    Examples
    --------
    >>> round(sd_ci([0.30, 0.32, 0.28, 0.30]).value, 6)
    0.01633
    """
    values = finite(x, "x")
    check_level(level)
    check_ddof(ddof)
    at_least(values.size, 2, "a standard deviation over seeds", "seed")
    n = values.size
    if constant(values):
        method = "chi-square (all seeds equal: no interval)"
        return Estimate(0.0, level=level, n=n, unit="seed", method=method)
    squares = float(((values - values.mean()) ** 2).sum())
    sd = np.sqrt(squares / (n - ddof))
    low, high = np.sqrt(squares / special.chdtri(n - 1, [(1 - level) / 2, (1 + level) / 2]))
    se = float(sd * np.sqrt(1 - c4(n) ** 2))
    return Estimate(float(sd), se, float(low), float(high), level, n, "seed", "chi-square")


def c4(n: int) -> float:
    """Mean of the standard deviation (ddof 1) of n normal values, in units of the true one.

    Parameters
    ----------
    n : int
        Sample size, at least 2.

    Returns
    -------
    float
        sqrt(2/(n-1)) Gamma(n/2) / Gamma((n-1)/2).

    Raises
    ------
    NotEnoughDataError
        n below 2.

    Examples
    --------
    >>> round(c4(10), 10)
    0.9726592741
    """
    at_least(n, 2, "c4", "seed")
    return float(np.sqrt(2 / (n - 1)) * special.poch((n - 1) / 2, 0.5))


def mean_sd(curves: ArrayLike, *, ddof: int = 1, level: float = 0.95) -> Estimate:
    """Average over the checkpoints the standard deviation over seeds at each of them.

    Parameters
    ----------
    curves : float array, shape (n_seeds, n_checkpoints)
        Score of each seed at each checkpoint; NaN where it was not measured. A checkpoint counts
        if two seeds or more have it.
    ddof : {0, 1}
        The standard deviations divide by n - ddof.
    level : float in (0, 1)
        Nominal coverage.

    Returns
    -------
    Estimate
        unit ``seed``, n = number of seeds, method ``jackknife t over seeds``. No interval with
        fewer than three seeds or seeds that do not differ, as the method then says.

    Raises
    ------
    NotEnoughDataError
        No checkpoint with two seeds.

    Notes
    -----
    "Quantifying Variance in Evaluation Benchmarks" (Madaan et al. 2024), section 3: E(S, M), there
    called seed variance. Interval: delete-one-seed jackknife, t with n_seeds - 1 degrees of
    freedom, cut at 0; it allows for curves whose checkpoints depend on each other.
    Equals the value of `sd_ci` when there is one checkpoint (tested).

    Examples
    --------
    >>> round(mean_sd([[0.30, 0.40], [0.32, 0.38], [0.28, 0.42]]).value, 6)
    0.02
    """
    return _jackknifed(curves, np.mean, "mean of sds", ddof=ddof, level=level)


def pooled_sd(curves: ArrayLike, *, ddof: int = 1, level: float = 0.95) -> Estimate:
    """Root of the mean over checkpoints of the variance over seeds.

    Parameters
    ----------
    curves : float array, shape (n_seeds, n_checkpoints)
        As for `mean_sd`.
    ddof : {0, 1}
        The variances divide by n - ddof.
    level : float in (0, 1)
        Nominal coverage.

    Returns
    -------
    Estimate
        As for `mean_sd`; never smaller than it.

    Raises
    ------
    NotEnoughDataError
        No checkpoint with two seeds.

    Notes
    -----
    Another number than the paper's E(S, M), which `mean_sd` gives.

    Examples
    --------
    >>> round(pooled_sd([[0.30, 0.40], [0.32, 0.38], [0.28, 0.42]]).value, 6)
    0.02
    """

    def pool(sds: Floats) -> np.float64:
        return np.float64(np.sqrt((sds**2).mean()))

    return _jackknifed(curves, pool, "root of mean variance", ddof=ddof, level=level)


def _jackknifed(
    curves: ArrayLike, reduce: Callable[[Floats], np.float64], what: str, *, ddof: int, level: float
) -> Estimate:
    x = np.asarray(curves, dtype=np.float64)
    check_level(level)
    check_ddof(ddof)
    if x.ndim != 2 or np.isinf(x).any():
        raise UsageError("curves need 2 axes, seeds and checkpoints, and no infinite value.")
    value = _reduced_sd(x, reduce, ddof)
    if not np.isfinite(value):
        raise NotEnoughDataError(
            "a standard deviation over seeds needs a checkpoint with 2 seeds, but has none."
        )
    x = x[np.isfinite(x).any(axis=1)]
    seeds, name = len(x), f"{what}, jackknife t over seeds"
    if seeds < 3:
        method = f"{name} (fewer than 3 seeds: no interval)"
        return Estimate(value, level=level, n=seeds, unit="seed", method=method)
    without = np.array([_reduced_sd(np.delete(x, i, axis=0), reduce, ddof) for i in range(seeds)])
    if not np.isfinite(without).all():
        method = f"{name} (undefined without one of the seeds: no interval)"
        return Estimate(value, level=level, n=seeds, unit="seed", method=method)
    se = float(np.sqrt((seeds - 1) / seeds * ((without - without.mean()) ** 2).sum()))
    if se <= ROUNDING * np.nanmax(np.abs(x)):
        method = f"{name} (no seed changes it: no interval)"
        return Estimate(value, level=level, n=seeds, unit="seed", method=method)
    half = t_quantile(level, seeds - 1) * se
    return Estimate(value, se, max(value - half, 0.0), value + half, level, seeds, "seed", name)


def _reduced_sd(x: Floats, reduce: Callable[[Floats], np.float64], ddof: int) -> float:
    seen = np.isfinite(x)
    count = seen.sum(axis=0)
    x, seen, count = x[:, count > 1], seen[:, count > 1], count[count > 1]
    if not count.size:
        return float("nan")
    means = np.where(seen, x, 0).sum(axis=0) / count
    squares = (np.where(seen, x - means, 0) ** 2).sum(axis=0)
    return float(reduce(np.sqrt(squares / (count - ddof))))
