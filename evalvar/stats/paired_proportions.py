"""Classical intervals of the difference of two models that answer the same items right or wrong."""

from collections.abc import Callable

import numpy as np
from scipy import special

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats.arguments import check_level
from evalvar.stats.estimate import Estimate
from evalvar.stats.quantiles import normal_quantile


def tango(
    both: int, a_only: int, b_only: int, neither: int, *, level: float = 0.95, null: float = 0.0
) -> Estimate:
    """Difference of two paired proportions with Tango's score interval.

    Parameters
    ----------
    both, a_only, b_only, neither : int
        Items that both models, only a, only b, and neither has right.
    level : float in (0, 1)
        Nominal coverage.
    null : float
        Difference that the p-value tests.

    Returns
    -------
    Estimate
        unit ``item``, n = number of items, method ``Tango``, `value` a - b, `se` as for
        `paired_t` with divisor n (NaN where it is 0), `p_value` of difference = null by the same
        statistic.

    Raises
    ------
    NotEnoughDataError
        No item.
    UsageError
        Counts that are not whole numbers from 0.

    Notes
    -----
    z(d) = (T - U - n d) / (n (2 q + d (1 - d)))^.5, T and U the items only a, only b has right, q
    the probability of U that is most likely where the difference is d: "Equivalence test and
    confidence interval for the difference in proportions for the paired-sample design" (Tango
    1998). The interval is where |z(d)| is below the normal quantile.
    At null 0 the test is `mcnemar` with chi-square (tested). Equals ``PropCIs::scoreci.mp`` of R
    (tested).

    Examples
    --------
    >>> estimate = tango(1, 1, 7, 12)
    >>> round(estimate.low, 3), round(estimate.high, 3)
    (-0.517, -0.026)
    """
    n, value, se = _checked(both, a_only, b_only, neither, level)

    def statistic(d: float) -> float:
        return _tango_statistic(d, a_only, b_only, n)

    z = normal_quantile(level)
    low = -1.0 if value == -1 else _root(lambda d: statistic(d) - z, -1.0, value)
    high = 1.0 if value == 1 else _root(lambda d: statistic(d) + z, value, 1.0)
    p = _normal_p(statistic(null)) if -1 <= null <= 1 else 0.0
    return Estimate(value, se, low, high, level, n, "item", "Tango", p)


def newcombe(
    both: int, a_only: int, b_only: int, neither: int, *, level: float = 0.95, null: float = 0.0
) -> Estimate:
    """Difference of two paired proportions with Newcombe's square-and-add interval.

    Parameters
    ----------
    both, a_only, b_only, neither, level, null
        As for `tango`.

    Returns
    -------
    Estimate
        As for `tango`, method ``Newcombe``; `p_value` is the level of which an end of the interval
        is null.

    Raises
    ------
    NotEnoughDataError
        No item.
    UsageError
        Counts that are not whole numbers from 0.

    Notes
    -----
    With Wilson's intervals (l, u) of both proportions p and the correlation phi of their answers:
    low = d - ((p_a - l_a)^2 - 2 phi (p_a - l_a)(u_b - p_b) + (u_b - p_b)^2)^.5, high likewise:
    "Improved confidence intervals for the difference between binomial proportions based on paired
    data" (Newcombe 1998), method 10, whose continuity correction of phi takes n/2 off a positive
    both neither - a_only b_only, down to 0.
    Equals ``contingencytables::Newcombe_square_and_add_CI_paired_2x2`` of R (tested).

    Examples
    --------
    >>> estimate = newcombe(59, 6, 16, 80)
    >>> round(estimate.low, 4), round(estimate.high, 4)
    (-0.1186, -0.0046)
    """
    n, value, se = _checked(both, a_only, b_only, neither, level)
    p_a, p_b, phi = (both + a_only) / n, (both + b_only) / n, _phi(both, a_only, b_only, neither)

    def ends(z: float) -> tuple[float, float]:
        (l_a, u_a), (l_b, u_b) = _wilson(p_a, n, z), _wilson(p_b, n, z)
        down = _add(p_a - l_a, u_b - p_b, phi)
        up = _add(u_a - p_a, p_b - l_b, phi)
        return max(value - down, -1.0), min(value + up, 1.0)

    low, high = ends(normal_quantile(level))
    p = _inverted(ends, value, null)
    return Estimate(value, se, low, high, level, n, "item", "Newcombe", p)


def bonett_price(
    both: int, a_only: int, b_only: int, neither: int, *, level: float = 0.95, null: float = 0.0
) -> Estimate:
    """Difference of two paired proportions with Bonett and Price's interval.

    Parameters
    ----------
    both, a_only, b_only, neither, level, null
        As for `tango`.

    Returns
    -------
    Estimate
        As for `tango`, method ``Bonett-Price``.

    Raises
    ------
    NotEnoughDataError
        No item.
    UsageError
        Counts that are not whole numbers from 0.

    Notes
    -----
    Wald's interval after one item is added to each kind of disagreement: "Adjusted Wald confidence
    interval for a difference of binomial proportions based on paired data" (Bonett, Price 2012).
    Equals ``contingencytables::Wald_CI_BonettPrice_paired_2x2`` of R (tested).

    Examples
    --------
    >>> estimate = bonett_price(59, 6, 16, 80)
    >>> round(estimate.low, 4), round(estimate.high, 4)
    (-0.1195, -0.0032)
    """
    n, value, se = _checked(both, a_only, b_only, neither, level)
    low, high, p = _adjusted_wald(a_only + 1, b_only + 1, n + 2, level, null)
    return Estimate(value, se, low, high, level, n, "item", "Bonett-Price", p)


def agresti_min(
    both: int, a_only: int, b_only: int, neither: int, *, level: float = 0.95, null: float = 0.0
) -> Estimate:
    """Difference of two paired proportions with Agresti and Min's interval.

    Parameters
    ----------
    both, a_only, b_only, neither, level, null
        As for `tango`.

    Returns
    -------
    Estimate
        As for `tango`, method ``Agresti-Min``.

    Raises
    ------
    NotEnoughDataError
        No item.
    UsageError
        Counts that are not whole numbers from 0.

    Notes
    -----
    Wald's interval after half an item is added to each of the four counts: "Simple improved
    confidence intervals for comparing matched proportions" (Agresti, Min 2005).
    Equals ``contingencytables::Wald_CI_AgrestiMin_paired_2x2`` of R (tested).

    Examples
    --------
    >>> estimate = agresti_min(59, 6, 16, 80)
    >>> round(estimate.low, 4), round(estimate.high, 4)
    (-0.1182, -0.0045)
    """
    n, value, se = _checked(both, a_only, b_only, neither, level)
    low, high, p = _adjusted_wald(a_only + 0.5, b_only + 0.5, n + 2, level, null)
    return Estimate(value, se, low, high, level, n, "item", "Agresti-Min", p)


def _checked(
    both: int, a_only: int, b_only: int, neither: int, level: float
) -> tuple[int, float, float]:
    check_level(level)
    counts = (both, a_only, b_only, neither)
    if any(count < 0 or count != int(count) for count in counts):
        named = ", ".join(map(str, counts))
        raise UsageError(f"counts must be whole numbers from 0, but are {named}.")
    n = int(sum(counts))
    if n == 0:
        raise NotEnoughDataError("a paired interval needs at least 1 item, but has 0.")
    value = (a_only - b_only) / n
    variance = (a_only + b_only - n * value**2) / n**2
    return n, value, float(np.sqrt(variance)) if variance > 0 else float("nan")


def _normal_p(z: float) -> float:
    return float(2 * special.ndtr(-abs(z)))


def _root(excess: Callable[[float], float], left: float, right: float) -> float:
    from scipy import optimize

    return float(optimize.brentq(excess, left, right, xtol=1e-14, rtol=1e-14))


def _tango_statistic(d: float, a_only: int, b_only: int, n: int) -> float:
    distance = a_only - b_only - n * d
    if distance == 0:
        return 0.0
    b = -a_only - b_only + (2 * n - a_only + b_only) * d
    c = -b_only * d * (1 - d)
    q = (float(np.sqrt(max(b * b - 8 * n * c, 0.0))) - b) / (4 * n)
    variance = n * (2 * max(q, 0.0, -d) + d * (1 - d))
    # Where the null leaves no variance, what was seen cannot be.
    return float(distance / np.sqrt(variance)) if variance > 0 else float(np.sign(distance) * 1e150)


def _adjusted_wald(
    plus: float, minus: float, n: float, level: float, null: float
) -> tuple[float, float, float]:
    d = (plus - minus) / n
    se = float(np.sqrt((plus + minus - n * d**2) / n**2))
    half = normal_quantile(level) * se
    p = _normal_p((d - null) / se) if -1 <= null <= 1 else 0.0
    return max(d - half, -1.0), min(d + half, 1.0), p


def _phi(both: int, a_only: int, b_only: int, neither: int) -> float:
    """Give the correlation of the answers, with Newcombe's continuity correction."""
    n = both + a_only + b_only + neither
    margins = (both + a_only) * (b_only + neither) * (both + b_only) * (a_only + neither)
    product = both * neither - a_only * b_only
    if margins == 0:
        return 0.0
    return float((max(product - n / 2, 0.0) if product > 0 else product) / np.sqrt(float(margins)))


def _wilson(p: float, n: int, z: float) -> tuple[float, float]:
    q = z**2 / n
    middle = (p + q / 2) / (1 + q)
    half = float(np.sqrt(q * p * (1 - p) + q**2 / 4)) / (1 + q)
    return min(middle - half, p), max(middle + half, p)


def _add(one: float, other: float, phi: float) -> float:
    return float(np.sqrt(max(one**2 - 2 * phi * one * other + other**2, 0.0)))


def _inverted(ends: Callable[[float], tuple[float, float]], value: float, null: float) -> float:
    """Give the p-value of the interval with z of which one end is the null."""
    if null == value:
        return 1.0
    if not -1 <= null <= 1:
        return 0.0
    side = 0 if null < value else 1

    def beyond(z: float) -> float:
        return (ends(z)[side] - null) * (1 if side else -1)

    reach = 1.0
    while beyond(reach) < 0 and reach < 1e9:
        reach *= 2
    return _normal_p(_root(beyond, 0.0, reach)) if beyond(reach) > 0 else 0.0
