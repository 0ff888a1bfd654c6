"""The mean of one sample of scores."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from evalvar.errors import UsageError
from evalvar.stats.arguments import (
    Floats,
    at_least,
    check_inside,
    check_level,
    constant,
    finite,
)
from evalvar.stats.binomial import midp_interval
from evalvar.stats.estimate import Estimate
from evalvar.stats.quantiles import normal_quantile, t_quantile

# Items off the bound that buy one more effective size of n, when most items sit on that bound.
_ITEMS_PER_SIZE = 10
# Share of the range by which a score may lie outside it: records allow as much, for rounding.
_SLACK = 1e-9
# Share of one item's weight in the mean up to which scores lie as good as on a bound.
_NEAR = 0.1
# Weight of the third moment in the size of a unit, reached where this share sits on a bound.
_SHARE_OF_THIRD = 0.5


def mean_ci(scores: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Mean of independent scores without a known range.

    Parameters
    ----------
    scores : float array, shape (n_items,)
        One score per item, any unit; the result has the same unit.
    level : float in (0, 1)
        Nominal coverage.

    Returns
    -------
    Estimate
        unit ``item``, n = number of items, method ``t``. A constant sample keeps its value and
        has no interval, as the method then says.

    Raises
    ------
    NotEnoughDataError
        Fewer than two scores.

    Notes
    -----
    se^2 = sum (x_i - mean)^2 / (n (n - 1)), t with n - 1 degrees of freedom.
    Equals the t interval of scipy (tested).

    Examples
    --------
    >>> mean_ci([0.25, 0.5, 0.75]).value
    0.5
    """
    x = finite(scores, "scores")
    check_level(level)
    at_least(x.size, 2, "the t interval of a mean", "item")
    if constant(x):
        method = "t (all scores alike: no interval)"
        return Estimate(float(x[0]), level=level, n=x.size, method=method)
    mean, se = float(x.mean()), float(x.std(ddof=1) / np.sqrt(x.size))
    half = t_quantile(level, x.size - 1) * se
    return Estimate(mean, se, mean - half, mean + half, level, x.size, "item", "t")


def bounded_mean_ci(scores: ArrayLike, *, low: float, high: float, level: float = 0.95) -> Estimate:
    """Mean of independent scores that cannot leave a known range.

    Parameters
    ----------
    scores : float array, shape (n_items,)
        One score per item, any unit; the result has the same unit.
    low, high : float
        Smallest and largest possible score.
    level : float in (0, 1)
        Nominal coverage.

    Returns
    -------
    Estimate
        unit ``item``, n = number of items, method ``mid-p`` where every score sits on a bound,
        else ``mid-p on effective n``. `se` is the sample standard deviation (ddof 1) over sqrt(n),
        NaN where all scores are equal.

    Raises
    ------
    NotEnoughDataError
        No score, or a single one strictly inside the range.
    UsageError
        A score outside the range.

    Notes
    -----
    The interval is that of `bounded_mean_interval`. Where half the scores or more lie within a
    tenth of an item's weight in the mean, 0.1/n of the range, of one bound, all that do count as on
    it: pass@k of problems that are all but solved tells the variance no better than solved ones.
    Equals `midp` when all scores are 0 or 1 (tested).

    Examples
    --------
    >>> estimate = bounded_mean_ci([1, 1, 0, 1], low=0, high=1)
    >>> estimate.value, estimate.method
    (0.75, 'mid-p')
    """
    x = finite(scores, "scores")
    check_inside(x, low, high, _SLACK * (high - low), "scores")
    x = np.clip(x, low, high)
    at_low, at_high = int((x == low).sum()), int((x == high).sum())
    binary = at_low + at_high == x.size
    at_least(x.size, 1 if binary else 2, "the mean of bounded scores", "item")
    mean = low + (high - low) * at_high / x.size if binary else float(x.mean())
    variance = float(x.var(ddof=1)) if x.size > 1 else 0.0
    third = float(((x - mean) ** 3).mean())
    close = _NEAR * (high - low) / x.size
    near_low, near_high = int((x <= low + close).sum()), int((x >= high - close).sum())
    if 2 * max(near_low, near_high) >= x.size:
        at_low, at_high = near_low, near_high
    bottom, top = bounded_mean_interval(
        x.size, mean, variance, at_low, at_high, low=low, high=high, level=level, third=third
    )
    se = float("nan") if constant(x) else float(np.sqrt(variance / x.size))
    method = "mid-p" if binary else "mid-p on effective n"
    return Estimate(mean, se, float(bottom), float(top), level, x.size, "item", method)


def bounded_mean_interval(
    n: ArrayLike,
    mean: ArrayLike,
    variance: ArrayLike,
    at_low: ArrayLike,
    at_high: ArrayLike,
    *,
    low: ArrayLike,
    high: ArrayLike,
    level: float = 0.95,
    third: ArrayLike | None = None,
) -> tuple[Floats, Floats]:
    """Intervals of many means of bounded scores, from their sufficient statistics.

    Parameters
    ----------
    n : int array
        Number of scores. All arrays are broadcast against each other.
    mean, variance : float array
        Mean of the scores and their variance with ddof 1, in their unit and its square.
    at_low, at_high : int array
        How many scores equal the smallest, the largest possible score.
    low, high : float array
        Smallest and largest possible score.
    level : float in (0, 1)
        Nominal coverage.
    third : float array, optional
        Third central moment of the scores, divisor n, in the cube of their unit. Without it, or
        where it is NaN, the scores count as no more skewed than their variance says.

    Returns
    -------
    low, high : float array
        Bounds in the unit of the scores. NaN where there is no score, or a single one strictly
        inside the range.

    Raises
    ------
    UsageError
        A mean outside its range, or a range of no width.

    Notes
    -----
    With u the mean on the scale 0..1 and w the variance on it: n_eff = n u(1-u)/w, the sample size
    at which a proportion would have this variance (n where w = 0). Where half the scores or more
    sit on one bound, n_eff <= n (1 + m/10), m = scores off that bound, since few of them cannot
    tell the variance.
    Let e1, e2, e3 be the mean of the scores' distances from a bound on which the share s of them
    sits, of their squares and cubes. A proportion has e1 = e2 = e3; fractions look like smaller
    units, of e2/e1 by their variance and of e3/e2 by their skewness. Where most are on the bound,
    mean and variance err together, and a sample that missed the far ones has both too small: n_eff
    is divided by ((e3/e2)/(e2/e1))^min(s, 1/2), of the bound where this is larger, so that with
    s >= 1/2 a unit is the geometric mean of both. It is 1 for scores of 0 and 1, and where no score
    is on a bound.
    The interval is `midp_interval` of u n' in n' = n_eff (z/t)^2, t with n - 1 degrees of freedom.
    Where all scores sit on a bound it is `midp_interval` of their counts.
    Cap and exponent were chosen, and the coverage measured, in ``benchmarks/calibration``.
    """
    check_level(level)
    moment = np.nan if third is None else third
    arrays = (n, mean, variance, at_low, at_high, low, high, moment)
    size, m, v, bottom_count, top_count, floor, ceiling, m3 = (
        np.asarray(a, dtype=np.float64) for a in np.broadcast_arrays(*arrays)
    )
    span = ceiling - floor
    if (span <= 0).any():
        raise UsageError("low must be smaller than high.")
    slack = _SLACK * span
    outside = int(((m < floor - slack) | (m > ceiling + slack)).sum())
    if outside:
        raise UsageError(f"a mean must lie between low and high, but {outside} of {m.size} do not.")
    u = np.clip((m - floor) / span, 0, 1)
    w = v / span**2
    binary = bottom_count + top_count == size
    with np.errstate(all="ignore"):
        effective = np.where(w > 1e-14, size * u * (1 - u) / w, size)
        most = np.maximum(bottom_count, top_count)
        cap = np.where(2 * most >= size, size * (1 + (size - most) / _ITEMS_PER_SIZE), np.inf)
        central, skew = w * (size - 1) / size, m3 / span**3
        excess = np.maximum(
            _units_apart(u, central, skew, bottom_count / size),
            _units_apart(1 - u, central, -skew, top_count / size),
        )
        t = special.stdtrit(np.where(size > 1, size - 1, np.nan), (1 + level) / 2)
        effective = np.minimum(effective, cap) / excess * (normal_quantile(level) / t) ** 2
    trials = np.where(binary, size, effective)
    successes = np.where(binary, top_count, u * effective)
    trials = np.where(size >= 1, trials, np.nan)
    left, right = midp_interval(successes, trials, level=level)
    return floor + span * left, floor + span * right


def _units_apart(first: Floats, central: Floats, third: Floats, on_bound: Floats) -> Floats:
    """Say how many times larger the third moment about a bound shows a unit than the second."""
    second = central + first**2
    cubes = third + 3 * central * first + first**3
    known = (central > 1e-14) & (first > 0) & np.isfinite(third)
    ratio = np.where(known, cubes * first, 1.0) / np.where(known, second, 1.0) ** 2
    return np.asarray(np.maximum(ratio, 1.0) ** np.minimum(on_bound, _SHARE_OF_THIRD))
