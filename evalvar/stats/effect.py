"""What an estimated difference says in one number: how sure its sign is, and what it could see."""

from math import isnan, nan

from scipy import special

from evalvar.errors import UsageError
from evalvar.stats.estimate import Estimate
from evalvar.stats.quantiles import t_quantile


def probability_above(estimate: Estimate) -> float:
    """Confidence that a difference is positive.

    Parameters
    ----------
    estimate : Estimate
        Of a difference, with the `p_value` of no difference.

    Returns
    -------
    float
        1 less half the p-value where the difference is positive, half of it where it is negative;
        NaN without p-value.

    Notes
    -----
    The share above zero of the confidence distribution whose central intervals the method gives:
    the posterior probability of a flat prior where the pivot is a normal or t.

    Examples
    --------
    >>> probability_above(Estimate(0.1, p_value=0.04)), probability_above(Estimate(0, p_value=1))
    (0.98, 0.5)
    """
    p = estimate.p_value
    if isnan(p):
        return nan
    side = estimate.value
    # the interval may be centred beside the value: where it leaves out zero, it knows the side
    if estimate.low > 0 or estimate.high < 0:
        side = estimate.low + estimate.high
    return 0.5 if side == 0 else (1 - p / 2 if side > 0 else p / 2)


def detectable(estimate: Estimate, *, power: float = 0.8) -> float:
    """Smallest true difference that such an estimate would have told from none.

    Parameters
    ----------
    estimate : Estimate
        Of a difference, with interval and standard error.
    power : float in (0.5, 1)
        With which chance.

    Returns
    -------
    float
        In the unit of the difference; NaN without interval.

    Raises
    ------
    UsageError
        A power outside (0.5, 1).

    Notes
    -----
    half + t(power, n - 1) se, half the half-width of the interval, not less than t(level, n - 1) se
    where the interval is cut to a range: "Adding Error Bars to Evals" (Miller 2024), section 5,
    with t in place of z.
    Equals (z_{1 - alpha/2} + z_power) se for many units (tested).

    Examples
    --------
    >>> round(detectable(Estimate(0.02, 0.01, 0.0004, 0.0396, n=100_000)), 4)
    0.028
    """
    if not 0.5 < power < 1:
        raise UsageError(f"power must lie between 0.5 and 1, but is {power}.")
    if isnan(estimate.low) or isnan(estimate.high) or isnan(estimate.se) or estimate.n < 2:
        return nan
    df = estimate.n - 1
    half = max((estimate.high - estimate.low) / 2, t_quantile(estimate.level, df) * estimate.se)
    return half + float(special.stdtrit(df, power)) * estimate.se
