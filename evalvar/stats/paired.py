"""Two sets of scores on the same items."""

from math import isfinite

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from evalvar.errors import UsageError
from evalvar.stats.arguments import (
    ROUNDING,
    at_least,
    check_inside,
    check_level,
    finite,
    known_range,
    same_size,
)
from evalvar.stats.estimate import Estimate
from evalvar.stats.pseudo import pseudo_mean
from evalvar.stats.quantiles import t_quantile


def paired_t(a: ArrayLike, b: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Mean difference a - b with Student's paired interval and test.

    Parameters
    ----------
    a, b : float array, shape (n_items,)
        Scores of the same items, any unit; the result has the same unit.
    level : float in (0, 1)
        Nominal coverage.

    Returns
    -------
    Estimate
        unit ``item``, n = number of items, method ``paired t``, `p_value` of mean zero. Where all
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
    half, p = _t_pair(mean, se, d.size, level)
    return Estimate(mean, se, mean - half, mean + half, level, d.size, "item", "paired t", p)


def sparse_t(
    differences: ArrayLike,
    *,
    low: float | None = None,
    high: float | None = None,
    level: float = 0.95,
    scale: float | None = None,
) -> Estimate:
    """Mean of paired differences, many of which may be equal.

    Parameters
    ----------
    differences : float array, shape (n_items,)
        a - b per item, any unit; the result has the same unit.
    low, high : float, optional
        Smallest and largest possible difference (-1 and 1 for scores of 0..1); None if unknown.
    level : float in (0, 1)
        Nominal coverage.
    scale : float, optional
        Largest absolute score, if the differences came from larger scores: differences are equal
        where they agree up to the rounding of the scores. The largest absolute difference if None.

    Returns
    -------
    Estimate
        unit ``item``, n = number of items, method ``sparse-t``, `value` the mean difference,
        `p_value` of mean zero by the same formula: p <= 1 - level if and only if 0 lies outside
        the interval (tested). Where all differences are equal and no range is given there is
        neither interval nor p-value, as the method then says.

    Raises
    ------
    NotEnoughDataError
        Fewer than two items.
    UsageError
        A difference outside its range.

    Notes
    -----
    The t interval fails where most differences are equal, because the few others hardly show the
    variance. So a pseudo-item joins the sample with the mass of the share of equal differences, as
    `pseudo_mean` has it: half towards each end of the range, as far as the few others make likely.
    The interval is t with n - 1 degrees of freedom, cut to the range.
    The form was chosen, and its coverage measured, in ``benchmarks/calibration``.
    Equals `paired_t` when no difference is zero and none is shared by half the items (tested).

    Examples
    --------
    >>> estimate = sparse_t([0, 0, 0, 0, 1, -1, 0, 0], low=-1, high=1)
    >>> estimate.value, round(estimate.high, 3), round(estimate.p_value, 3)
    (0.0, 0.476, 1.0)
    """
    d = finite(differences, "differences")
    check_level(level)
    at_least(d.size, 2, "a paired interval", "item")
    bottom, top = known_range(low, high)
    known = [abs(end) for end in (bottom, top) if isfinite(end)]
    largest = float(np.abs(d).max()) if scale is None else float(scale)
    slack = ROUNDING * max(largest, *known, 0.0)
    check_inside(d, bottom, top, slack, "differences")
    value, n = float(d.mean()), d.size
    pseudo = pseudo_mean(d, np.ones(n), low=bottom, high=top, slack=slack)
    if pseudo.variance == 0:
        method = "sparse-t (all differences equal, range unknown: no interval)"
        return Estimate(value, level=level, n=n, method=method)
    se = float(np.sqrt(pseudo.variance))
    half, p = _t_pair(pseudo.centre, se, n, level)
    if not bottom <= 0 <= top:
        p = 0.0
    left, right = max(pseudo.centre - half, bottom), min(pseudo.centre + half, top)
    return Estimate(value, se, left, right, level, n, "item", "sparse-t", p)


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


def _t_pair(mean: float, se: float, n: int, level: float) -> tuple[float, float]:
    """Give the half-width and the p-value of mean zero, both of one t."""
    p = float(2 * special.stdtr(n - 1, -abs(mean) / se))
    return t_quantile(level, n - 1) * se, p
