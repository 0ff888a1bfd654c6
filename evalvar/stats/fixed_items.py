"""The mean over these items, each with an error of its own: nothing is said of other items."""

from math import nan, sqrt

import numpy as np
from numpy.typing import ArrayLike

from evalvar.errors import UsageError
from evalvar.stats.arguments import ROUNDING, Floats, at_least, check_level, finite, known_range
from evalvar.stats.binomial import midp_interval
from evalvar.stats.estimate import Estimate
from evalvar.stats.quantiles import normal_quantile, t_quantile, t_two_sided

# Items off a bound that buy one more effective size, as for `bounded_mean_ci`.
_ITEMS_PER_SIZE = 10


def fixed_items_ci(
    values: ArrayLike,
    variances: ArrayLike,
    freedom: ArrayLike,
    *,
    draws: ArrayLike | None = None,
    low: float | None = None,
    high: float | None = None,
    unit: str = "sample",
    level: float = 0.95,
    null: float = 0.0,
) -> Estimate:
    """Mean of the values of these items, from an independent error of each.

    Parameters
    ----------
    values : float array, shape (n_items,)
        An unbiased estimate for each item, any unit.
    variances : float array, shape (n_items,)
        Variance of each, in its square; estimated without bias, single ones may be below zero.
    freedom : float array, broadcast against the values
        Degrees of freedom that each variance rests on, at least 1.
    draws : float array, broadcast against the values, optional
        How many independent draws each value is worth: n/k of a best of k. Needed with a range.
    low, high : float, optional
        Smallest and largest possible value; the range counts as known where both are finite.
    unit : str
        What is drawn again within the items.
    level : float in (0, 1)
        Nominal coverage.
    null : float
        Mean that the p-value tests, without a range.

    Returns
    -------
    Estimate
        n = number of items. Method ``within items, t``, or in a range ``within items, mid-p on
        effective n`` without a p-value. Where nothing varies there is an interval only in a range.

    Raises
    ------
    NotEnoughDataError
        No item.
    UsageError
        Shapes that do not go together, values outside their range.

    Notes
    -----
    se^2 = sum v_i/n^2; t with df = (sum v_i)^2 / sum(v_i^2/df_i): "An approximate distribution of
    estimates of variance components" (Satterthwaite 1946). In a range, u the mean on the scale
    0..1: mid-p of u n_eff successes in n_eff = u(1-u)/se^2 (z/t)^2 trials; where half the items or
    more sit on one bound n_eff <= D (1 + m/10), D the sum of the draws and m the items off that
    bound, since answers that are all right do not show how often one is wrong; where se = 0, D.
    Coverage was measured in ``benchmarks/calibration``.

    Examples
    --------
    >>> found = fixed_items_ci([0.5, 0.7], [0.01, 0.03], 9)
    >>> round(found.value, 3), round(found.se, 3)
    (0.6, 0.1)
    """
    x, v = finite(values, "values"), finite(variances, "variances")
    check_level(level)
    at_least(x.size, 1, "a mean over these items", "item")
    if v.shape != x.shape:
        raise UsageError(f"values and variances differ in shape: {x.shape} and {v.shape}.")
    df = np.broadcast_to(np.asarray(freedom, dtype=np.float64), x.shape)
    floor, ceiling = known_range(low, high)
    mean, total = float(x.mean()), max(float(v.sum()), 0.0)
    se = sqrt(total) / x.size
    scale = float(np.abs(x).max())
    bounded = bool(np.isfinite(ceiling - floor))
    if se <= ROUNDING * scale:
        se = nan
    t = normal_quantile(level)
    if se == se:
        squares = float((np.maximum(v, 0.0) ** 2 / np.maximum(df, 1.0)).sum())
        freed = max(total**2 / squares, 1.0) if squares > 0 else 1.0
        t = t_quantile(level, freed)
    if bounded:
        if draws is None:
            raise UsageError("a range needs draws: how many independent draws each value is worth.")
        bounds = _in_range(
            x, mean, se, t, np.asarray(draws, dtype=np.float64), floor, ceiling, level
        )
        name = "within items, mid-p on effective n"
        return Estimate(mean, se, *bounds, level, x.size, unit, name)
    if se != se:
        name = "within items, t (nothing varies: no interval)"
        return Estimate(mean, level=level, n=x.size, unit=unit, method=name)
    p = float(t_two_sided(freed, mean - null, se))
    return Estimate(
        mean, se, mean - t * se, mean + t * se, level, x.size, unit, "within items, t", p
    )


def fixed_items_difference(a: Estimate, b: Estimate) -> Estimate:
    """Difference a - b of two means over the same items whose errors are independent.

    Parameters
    ----------
    a, b : Estimate
        As `fixed_items_ci` gives them, of one level.

    Returns
    -------
    Estimate
        Without a p-value; without an interval where one of them has none.

    Notes
    -----
    low = d - sqrt((a - a_low)^2 + (b_high - b)^2), high alike: the two intervals squared and added,
    which keeps how lopsided each is near the end of its range. "Interval estimation for the
    difference between independent proportions" (Newcombe 1998), method 10; for any intervals
    "Construction of confidence limits about effect measures" (Zou, Donner 2008).

    Examples
    --------
    >>> a, b = Estimate(0.9, 0.02, 0.85, 0.93), Estimate(0.8, 0.02, 0.76, 0.84)
    >>> round(fixed_items_difference(a, b).low, 4)
    0.036
    """
    d = a.value - b.value
    below = sqrt((a.value - a.low) ** 2 + (b.high - b.value) ** 2)
    above = sqrt((a.high - a.value) ** 2 + (b.value - b.low) ** 2)
    squares = [0.0 if one.se != one.se else one.se**2 for one in (a, b)]
    se = sqrt(sum(squares)) or nan
    name = f"square-and-add of {a.method}"
    return Estimate(d, se, d - below, d + above, a.level, a.n, a.unit, name)


def _in_range(
    x: Floats,
    mean: float,
    se: float,
    t: float,
    draws: Floats,
    low: float,
    high: float,
    level: float,
) -> tuple[float, float]:
    span = high - low
    slack = 1e-9 * span
    if x.min() < low - slack or x.max() > high + slack:
        raise UsageError(f"values must lie in [{low:g}, {high:g}], but reach {x.min()}..{x.max()}.")
    u = min(max((mean - low) / span, 0.0), 1.0)
    worth = float(np.broadcast_to(draws, x.shape).sum())
    on_bound = max(int((x <= low + slack).sum()), int((x >= high - slack).sum()))
    cap = np.inf
    if 2 * on_bound >= x.size:
        cap = worth * (1 + (x.size - on_bound) / _ITEMS_PER_SIZE)
    trials = worth
    if se == se:
        trials = min(u * (1 - u) * (span / se * normal_quantile(level) / t) ** 2, cap)
    bottom, top = midp_interval(u * trials, trials, level=level)
    return low + span * float(bottom), low + span * float(top)
