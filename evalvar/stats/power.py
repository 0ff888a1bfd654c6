"""The chance that a test of a difference finds it, and the smallest difference it can find."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import inf, isinf, nan, sqrt

import numpy as np
from scipy import special

from evalvar.errors import UsageError
from evalvar.stats.arguments import Floats, check_level
from evalvar.stats.quantiles import normal_quantile, t_quantile

# Nodes of the integral over a mean square, in normal quantiles: a fine lattice where few degrees
# of freedom make it far from normal, a few Gauss-Hermite nodes where it nearly is.
_REACH, _STEP = 6.6, 0.3
_MANY, _FEW_NODES = 200, 7
# Squares of half-widths closer than this, in logs, are taken together.
_BINS, _SPAN = 1000, 20.0


@dataclass(frozen=True, slots=True)
class NoisePart:
    """One source of variance of an estimated difference, as the test will know it.

    Parameters
    ----------
    variance : float
        What the source adds to the variance of the estimated difference.
    df : float
        Degrees of freedom of the mean square that the test takes for it; infinite if it is known.
    within : float
        What that mean square holds besides, and the test takes off again (as variance of the
        difference): the noise of answers in the mean square between seeds.
    """

    variance: float
    df: float = inf
    within: float = 0.0


def difference_power(
    difference: float,
    parts: Sequence[NoisePart],
    *,
    level: float = 0.95,
    variance: float | None = None,
) -> float:
    """Chance that the interval of a difference leaves out zero, on either side.

    Parameters
    ----------
    difference : float
        True difference, in the unit of the scores.
    parts : sequence of NoisePart
        Independent sources of its error: items, seeds of the one system, seeds of the other.
    level : float in (0, 1)
        Coverage of the interval; the test has size 1 - level.
    variance : float, optional
        Variance of the estimated difference at this true difference, where it is not the sum of
        the parts (0/1 pairs, whose variance falls with their difference).

    Returns
    -------
    float
        Share of studies that find the difference, those with the wrong sign included. NaN where a
        part has no degrees of freedom.

    Raises
    ------
    UsageError
        No parts, a negative or unknown variance, or a level outside (0, 1).

    Notes
    -----
    The test is Howe's, as in `crossed_difference_ci`: it rejects where |D| exceeds the root of
    sum_j t(df_j)^2 v_j, v_j = max((variance_j + within_j) c_j - within_j, 0), c_j a chi-square over
    its degrees of freedom, D normal and independent of them. The law of the c_j is integrated on
    fixed nodes.
    Equals the power of the t test (noncentral t, both tails) with one part, and of the z test where
    all variances are known (tested).

    Examples
    --------
    >>> round(difference_power(0.03, [NoisePart(1 / 9 / 971, df=970)]), 3)
    0.8
    """
    test = howe_test(parts, level)
    total = sum(part.variance for part in parts) if variance is None else variance
    if not total >= 0:
        raise UsageError(f"variance must not be negative, but is {total}.")
    return test(float(difference), sqrt(total))


def detectable_difference(
    parts: Sequence[NoisePart], *, power: float = 0.8, level: float = 0.95
) -> float:
    """Smallest true difference that the test finds with the power.

    Parameters
    ----------
    parts : sequence of NoisePart
        Independent sources of error of the estimated difference.
    power : float in (1 - level, 1)
        Share of studies that are to find it.
    level : float in (0, 1)
        Coverage of the interval that is to leave out zero.

    Returns
    -------
    float
        In the unit of the scores; NaN where a part has no degrees of freedom.

    Raises
    ------
    UsageError
        No parts, a negative variance, or a power that no difference is needed for.

    Notes
    -----
    The difference at which `difference_power` is the power.
    Equals (z_level + z_power) se of Miller, "Adding Error Bars to Evals" (2024), section 5, with
    one known variance, but for the other tail, 1e-6 of power at 0.8 (tested).

    Examples
    --------
    >>> round(detectable_difference([NoisePart((1 / 9 + 1 / 3) / 198)]), 4)
    0.1327
    """
    check_power(power, level)
    test = howe_test(parts, level)
    sd = sqrt(sum(part.variance for part in parts))
    return smallest(lambda difference: test(difference, sd), power, sd, level)


def howe_test(parts: Sequence[NoisePart], level: float) -> Callable[[float, float], float]:
    """Return the power of the test as a function of the true difference and its standard error.

    What does not depend on the difference, the law of the half-width, is computed once.
    """
    check_level(level)
    if not parts:
        raise UsageError("parts is empty: name at least one source of variance.")
    bad = [part for part in parts if not (part.variance >= 0 and part.within >= 0)]
    if bad:
        raise UsageError(f"a variance must be known and not negative, but one is {bad[0]}.")
    if any(part.df <= 0 for part in parts):
        return lambda difference, sd: nan
    half, weights = np.zeros(1), np.ones(1)
    for part in parts:
        if part.variance + part.within == 0:
            continue
        ratio, weight = _mean_square(part.df)
        seen = np.maximum((part.variance + part.within) * ratio - part.within, 0.0)
        squares = _reach(level, part.df) ** 2 * seen
        half, weights = _thinned((half[:, None] + squares).ravel(), np.outer(weights, weight))
    half = np.sqrt(half)

    def power(difference: float, sd: float) -> float:
        if sd == 0:
            return float(weights @ (abs(difference) > half))
        beyond = special.ndtr((difference - half) / sd) + special.ndtr((-difference - half) / sd)
        return float(weights @ beyond)

    return power


def check_power(power: float, level: float) -> None:
    """Refuse a power that is not a probability, or that a test of no difference has already."""
    check_level(level)
    if not 1 - level < power < 1:
        raise UsageError(
            f"power must lie between {1 - level:g} (the size of the test) and 1, but is {power:g}."
        )


def smallest(power_at: Callable[[float], float], power: float, sd: float, level: float) -> float:
    """Find the difference with this power, by regula falsi on normal quantiles."""
    if sd == 0:
        return 0.0
    target = float(special.ndtri(power))

    def excess(difference: float) -> float:
        # the quantile of the power is nearly linear in the difference
        return float(np.clip(special.ndtri(power_at(difference)), -9, 9)) - target

    left, right = 0.0, (normal_quantile(level) + max(target, 0.0)) * sd
    at_left, at_right = excess(left), excess(right)
    if np.isnan(at_right):
        return nan
    if at_left >= 0:  # seed noise near none can make the test larger than its level says
        return 0.0
    while at_right < 0:
        left, at_left, right = right, at_right, 2 * right
        at_right = excess(right)
    middle = right
    for _ in range(80):
        middle = (left * at_right - right * at_left) / (at_right - at_left)
        found = excess(middle)
        if abs(found) < 1e-11 or right - left < 1e-13 * right:
            break
        # The end that stays is halved (Illinois), or one end would hardly move.
        if found < 0:
            left, at_left, at_right = middle, found, at_right / 2
        else:
            right, at_right, at_left = middle, found, at_left / 2
    return middle


def _reach(level: float, df: float) -> float:
    return normal_quantile(level) if isinf(df) else t_quantile(level, df)


@lru_cache(maxsize=256)
def _mean_square(df: float) -> tuple[Floats, Floats]:
    """Give nodes of a chi-square over its degrees of freedom, and their weights."""
    if isinf(df):
        return np.ones(1), np.ones(1)
    if df >= _MANY:
        z, weights = np.polynomial.hermite_e.hermegauss(_FEW_NODES)
    else:
        z = np.arange(-_REACH, _REACH + _STEP / 2, _STEP)
        weights = np.exp(-(z**2) / 2)
    lower = special.gammaincinv(df / 2, special.ndtr(np.minimum(z, 0)))
    upper = special.gammainccinv(df / 2, special.ndtr(-np.maximum(z, 0)))
    return np.where(z < 0, lower, upper) * 2 / df, weights / weights.sum()


def _thinned(squares: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Replace values that lie close together by their mean: nodes multiply with every part."""
    weights = weights.ravel()
    if squares.size <= _BINS:
        return squares, weights
    with np.errstate(divide="ignore"):
        below = np.log(squares.max()) - np.log(squares)
    bins = np.minimum(below * (_BINS / _SPAN), _BINS).astype(int)
    mass, total = np.zeros((2, _BINS + 1))
    np.add.at(mass, bins, weights)
    np.add.at(total, bins, weights * squares)
    kept = mass > 0
    return total[kept] / mass[kept], mass[kept]
