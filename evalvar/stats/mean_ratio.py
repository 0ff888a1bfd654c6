"""Ratio of two means over the same items."""

from math import exp, log, sqrt

import numpy as np
from numpy.typing import ArrayLike

from evalvar.errors import UsageError
from evalvar.stats.arguments import ROUNDING, at_least, check_level, finite
from evalvar.stats.estimate import Estimate
from evalvar.stats.quantiles import t_quantile, t_two_sided


def ratio_of_means(a: ArrayLike, b: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Ratio a/b of the means of two values of every item, for new items.

    Parameters
    ----------
    a, b : float array, shape (n_items,)
        Values of each item, 0 or more, of one unit; each may be a mean of any number of draws.
    level : float in (0, 1)
        Nominal coverage.

    Returns
    -------
    Estimate
        unit ``item``; `se` is that of the logarithm, the interval is t with n - 1 degrees of
        freedom on the log scale, and `p_value` that of a ratio of 1. Where all items have one
        ratio, and for a single item, there is no interval.

    Raises
    ------
    NotEnoughDataError
        No item.
    UsageError
        Shapes that differ, a value below 0, a mean of 0.

    Notes
    -----
    se^2 = variance over items of a/mean(a) - b/mean(b), over n: "Sampling Techniques" (Cochran
    1977), section 6.4, for the logarithm. Unlike the mean of the items' own ratios, or of their
    logarithms, both means are unbiased however noisy the values of an item are, so that sides with
    one draw to an item and with many can be compared (``benchmarks/calibration``).
    With the sides exchanged it is 1/value, from 1/high to 1/low (tested).

    Examples
    --------
    >>> ratio_of_means([1.0, 2.0, 3.0], [2.0, 4.0, 6.5]).value
    0.48
    """
    x, y = finite(a, "a"), finite(b, "b")
    check_level(level)
    if x.shape != y.shape:
        raise UsageError(f"a and b need one shape, but have {x.shape} and {y.shape}.")
    at_least(x.size, 1, "a ratio of means", "item")
    if min(x.min(), y.min()) < 0 or not (x.any() and y.any()):
        raise UsageError("a ratio of means needs values of 0 or more, not all 0.")
    ratio, n = float(x.mean() / y.mean()), x.size
    apart = x / x.mean() - y / y.mean()
    name = "ratio of means over items"
    if n < 2 or np.abs(apart).max() <= ROUNDING * n:
        why = "a single item" if n < 2 else "one ratio in all items"
        return Estimate(ratio, level=level, n=n, method=f"{name} ({why}: no interval)")
    se = float(apart.std(ddof=1)) / sqrt(n)
    half = t_quantile(level, n - 1) * se
    low, high = exp(log(ratio) - half), exp(log(ratio) + half)
    p = float(t_two_sided(n - 1, log(ratio), se))
    return Estimate(ratio, se, low, high, level, n, "item", f"{name}, t in the log", p)
