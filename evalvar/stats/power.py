"""The chance that a test of a difference finds it, and the smallest difference it can find."""

from collections.abc import Callable, Sequence
from math import nan, sqrt

import numpy as np
from scipy import special

from evalvar.errors import UsageError
from evalvar.stats.arguments import check_level
from evalvar.stats.half_widths import NoisePart as NoisePart
from evalvar.stats.half_widths import check_parts, howe_widths
from evalvar.stats.quantiles import normal_quantile
from evalvar.stats.root import falling_root


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
        Independent sources of its error: items first, then seeds of the one system, seeds of the
        other, prompts.
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
    t(df)^2 v c for the items and of sum_j max(t(nu_j)^2 B_j - z^2 within_j, 0) for the others,
    B_j = (variance_j + within_j) c_j, c a chi-square over its degrees of freedom, D normal and
    independent of them. The law of the c is integrated on fixed nodes.
    Equals the power of the t test (noncentral t, both tails) with one part, and of the z test where
    all variances are known (tested).

    Examples
    --------
    >>> round(difference_power(0.03, [NoisePart(1 / 9 / 971, df=970)]), 3)
    0.8
    """
    check_parts(parts, level)
    total = sum(part.variance for part in parts) if variance is None else variance
    if not total >= 0:
        raise UsageError(f"variance must not be negative, but is {total}.")
    if any(part.df <= 0 for part in parts):
        return nan
    return howe_widths(parts[0], parts[1:], level).power(float(difference), sqrt(total))


def detectable_difference(
    parts: Sequence[NoisePart], *, power: float = 0.8, level: float = 0.95
) -> float:
    """Smallest true difference that the test finds with the power.

    Parameters
    ----------
    parts : sequence of NoisePart
        Independent sources of error of the estimated difference, items first.
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
    check_parts(parts, level)
    if any(part.df <= 0 for part in parts):
        return nan
    widths = howe_widths(parts[0], parts[1:], level)
    sd = sqrt(sum(part.variance for part in parts))
    return smallest(lambda difference: widths.power(difference, sd), power, sd, level)


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

    def short(difference: float) -> float:
        # the quantile of the power is nearly linear in the difference
        return target - float(np.clip(special.ndtri(power_at(difference)), -9, 9))

    left, right = 0.0, (normal_quantile(level) + max(target, 0.0)) * sd
    at_left, at_right = short(left), short(right)
    if np.isnan(at_right):
        return nan
    if at_left <= 0:  # seed noise near none can make the test larger than its level says
        return 0.0
    while at_right > 0:
        left, at_left, right = right, at_right, 2 * right
        at_right = short(right)
    return falling_root(short, left, right, at_left, at_right, near=1e-11, close=1e-13 * right)
