"""Two sets of scores on the same items."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from evalvar.errors import UsageError
from evalvar.stats.arguments import (
    ROUNDING,
    at_least,
    check_level,
    finite,
    same_size,
)
from evalvar.stats.estimate import Estimate
from evalvar.stats.quantiles import t_quantile, t_two_sided


def paired_t(a: ArrayLike, b: ArrayLike, *, level: float = 0.95, null: float = 0.0) -> Estimate:
    """Mean difference a - b with Student's paired interval and test.

    Parameters
    ----------
    a, b : float array, shape (n_items,)
        Scores of the same items, any unit; the result has the same unit.
    level : float in (0, 1)
        Nominal coverage.
    null : float
        Mean difference that the p-value tests.

    Returns
    -------
    Estimate
        unit ``item``, n = number of items, method ``paired t``, `p_value` of mean = null. Where all
        differences are equal there is neither interval nor p-value, as the method then says.

    Raises
    ------
    NotEnoughDataError
        Fewer than two items.
    UsageError
        Arrays of different lengths.

    Notes
    -----
    Equals `scipy.stats.ttest_rel` (tested).

    Examples
    --------
    >>> paired_t([0.5, 0.9, 0.4], [0.3, 0.4, 0.3]).n
    3
    """
    x, y = finite(a, "a"), finite(b, "b")
    same_size(x, y, "a and b")
    check_level(level)
    at_least(x.size, 2, "a paired t test", "item")
    d = x - y
    mean = float(d.mean())
    if np.ptp(d) <= ROUNDING * max(np.abs(x).max(), np.abs(y).max()):
        method = "paired t (all differences equal: no interval)"
        return Estimate(mean, level=level, n=d.size, method=method)
    se = float(d.std(ddof=1) / np.sqrt(d.size))
    half = t_quantile(level, d.size - 1) * se
    p = float(t_two_sided(d.size - 1, mean - null, se))
    return Estimate(mean, se, mean - half, mean + half, level, d.size, "item", "paired t", p)


def mcnemar(a_only: int, b_only: int, *, exact: bool = True, midp: bool = False) -> float:
    """Test whether two models that answer the same items are right equally often.

    Parameters
    ----------
    a_only, b_only : int
        Items that only the one and only the other has right.
    exact : bool
        Binomial test; else chi-square without correction.
    midp : bool
        Half the weight on the outcome seen; only with `exact`.

    Returns
    -------
    float
        Two-sided p-value; 1 when no item differs.

    Raises
    ------
    UsageError
        Counts that are not whole numbers from 0, or `midp` without `exact`.

    Notes
    -----
    Source: "Note on the sampling error of the difference between correlated proportions" (McNemar
    1947); the exact form is `scipy.stats.binomtest`, mid-p takes off the probability of the
    outcome seen (Fagerland, Lydersen, Laake 2013).
    Equals `statsmodels.stats.contingency_tables.mcnemar` (tested).

    Examples
    --------
    >>> round(mcnemar(1, 8), 6)
    0.039062
    """
    for count in (a_only, b_only):
        if count != int(count) or count < 0:
            raise UsageError(f"counts must be whole numbers from 0, but are {a_only}, {b_only}.")
    if midp and not exact:
        raise UsageError("midp=True needs exact=True.")
    a_only, b_only = int(a_only), int(b_only)
    total = a_only + b_only
    if total == 0:
        return 1.0
    if not exact:
        return float(special.chdtrc(1, (a_only - b_only) ** 2 / total))
    from scipy import stats

    p = float(stats.binomtest(a_only, total).pvalue)
    if midp:
        seen = float(stats.binom.pmf(a_only, total, 0.5))
        p = 1.0 if a_only == b_only else p - seen
    return p
