"""Does one run rise, or does it drift? Checkpoints of a run depend on each other."""

from functools import lru_cache
from math import nan

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from evalvar.errors import UsageError
from evalvar.stats.arguments import Floats, at_least, constant, finite
from evalvar.stats.estimate import Estimate
from evalvar.stats.monotonicity import kendall_tau
from evalvar.stats.rising import isotonic_fit

# Fewer checkpoints cannot tell a trend from drift, whatever they do.
FEWEST = 8
# Above this many checkpoints the variance of tau shrinks as 1/n.
_EXACT = 200
# What first-order drift makes of the correlation of one residual with the next: its 5% quantile and
# its median, a row for each number of checkpoints and a column for each drift. From 12,000 drawn
# curves each (5,000 from 100 checkpoints on).
_DRIFTS = np.array((0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99))
_SIZES = np.array((8, 10, 12, 15, 21, 30, 45, 63, 100, 200))
_LOW = np.array(
    (
        (-0.68, -0.65, -0.62, -0.62, -0.62, -0.62, -0.61, -0.62),
        (-0.65, -0.58, -0.56, -0.55, -0.55, -0.57, -0.57, -0.57),
        (-0.60, -0.52, -0.49, -0.47, -0.49, -0.50, -0.51, -0.52),
        (-0.56, -0.45, -0.39, -0.36, -0.37, -0.41, -0.43, -0.48),
        (-0.47, -0.31, -0.22, -0.16, -0.15, -0.18, -0.24, -0.29),
        (-0.40, -0.20, -0.08, 0.03, 0.06, 0.05, 0.00, -0.07),
        (-0.32, -0.09, 0.07, 0.21, 0.27, 0.29, 0.25, 0.18),
        (-0.27, -0.02, 0.15, 0.32, 0.40, 0.46, 0.43, 0.34),
        (-0.21, 0.06, 0.25, 0.44, 0.53, 0.61, 0.62, 0.56),
        (-0.14, 0.14, 0.34, 0.54, 0.65, 0.75, 0.79, 0.78),
    )
)
_MIDDLE = np.array(
    (
        (-0.29, -0.20, -0.17, -0.16, -0.17, -0.17, -0.18, -0.20),
        (-0.25, -0.13, -0.08, -0.04, -0.04, -0.06, -0.07, -0.07),
        (-0.22, -0.07, 0.01, 0.05, 0.05, 0.04, 0.03, 0.02),
        (-0.18, -0.01, 0.08, 0.16, 0.17, 0.18, 0.16, 0.15),
        (-0.15, 0.06, 0.19, 0.30, 0.34, 0.34, 0.33, 0.32),
        (-0.12, 0.12, 0.27, 0.41, 0.46, 0.50, 0.50, 0.47),
        (-0.09, 0.17, 0.33, 0.50, 0.57, 0.63, 0.64, 0.62),
        (-0.07, 0.20, 0.38, 0.55, 0.64, 0.71, 0.73, 0.71),
        (-0.05, 0.23, 0.42, 0.60, 0.69, 0.78, 0.81, 0.81),
        (-0.03, 0.26, 0.45, 0.65, 0.74, 0.84, 0.88, 0.91),
    )
)


def drift(curve: ArrayLike) -> float:
    """Estimate how much a checkpoint has in common with the next, the trend taken off.

    Parameters
    ----------
    curve : float array, shape (n_checkpoints,)
        Scores in the order of their checkpoints, any unit.

    Returns
    -------
    float
        First-order correlation, in 0..0.99; NaN for a constant curve.

    Raises
    ------
    NotEnoughDataError
        Fewer than 8 checkpoints.

    Notes
    -----
    Correlation of a residual with the next about the nearest curve that never falls, or never
    rises, whichever is nearer. The fit follows the drift, so that correlation is far too small; the
    drift given is the one under which it would be the median ("Exactly median-unbiased estimation
    of first order autoregressive models", Andrews 1993, with this trend). Where
    a curve rises far beyond its noise, the fit takes most of the drift with it and this is too low.
    Checkpoints count as equally far apart.

    Examples
    --------
    >>> drift([0.1, 0.3, 0.2, 0.4, 0.3, 0.5, 0.4, 0.6, 0.5, 0.7])
    0.0
    """
    return _drift(curve, _MIDDLE)


def kendall_tau_drift_sd(n: int, drift: float) -> float:
    """Give the standard deviation of Kendall's tau of a run that only drifts.

    Parameters
    ----------
    n : int
        Number of checkpoints, at least 2.
    drift : float in [0, 1)
        Correlation of a checkpoint with the next.

    Returns
    -------
    float
        For normal scores without ties; above 200 checkpoints from that of 200, as 1/sqrt(n).

    Raises
    ------
    NotEnoughDataError
        Fewer than 2 checkpoints.
    UsageError
        A drift outside [0, 1).

    Notes
    -----
    The covariance of the signs of two differences of normal scores with correlation r is
    (2/pi) arcsin r; this is its mean over all pairs of differences. "A modified Mann-Kendall trend
    test for autocorrelated data" (Hamed, Rao 1998), Eq. 8, there then approximated.
    Equals `kendall_tau_null_sd` without drift (tested).

    Examples
    --------
    >>> round(kendall_tau_drift_sd(21, 0.0), 6), round(kendall_tau_drift_sd(21, 0.9), 3)
    (0.157695, 0.418)
    """
    at_least(n, 2, "the drift sd of tau", "checkpoint")
    if not 0 <= drift < 1:
        raise UsageError(f"drift must lie in [0, 1), but is {drift}.")
    few = min(n, _EXACT)
    return float(np.sqrt(_tau_variance(few, round(float(drift), 2)) * few / n))


def trend_test(curve: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Test whether a run rises or falls by more than a run without trend drifts.

    Parameters
    ----------
    curve : float array, shape (n_checkpoints,)
        Scores in the order of their checkpoints, any unit. Turn the sign where lower is better.
    level : float in (0, 1)
        Only handed on.

    Returns
    -------
    Estimate
        Value: tau-a. `se`: its standard deviation if the run only drifted. `p_value`: two-sided.
        No interval. unit ``checkpoint``, n = number of checkpoints. NaN for a constant curve.

    Raises
    ------
    NotEnoughDataError
        Fewer than 8 checkpoints.

    Notes
    -----
    The null: scores that are normal and correlated as drift^|t - u|. The drift is not known; taken
    is the largest under which the residuals' correlation (see `drift`) is not in its lowest 5 %. p
    is from the beta law on -1..1 with the variance of tau under that drift, the step of tau taken
    off. In ``benchmarks/calibration`` a test at 5 % is wrong in 0 to 3 % of runs with a drift up to
    0.5 and in 3 to 6 % at 0.9, where Mann and Kendall's is wrong in 39 to 63 %. It finds little
    with fewer than 21 checkpoints; several seeds tell more.

    Examples
    --------
    >>> rising = np.linspace(0, 1, 21) + 0.02 * np.cos(9 * np.arange(21))
    >>> trend_test(rising).p_value < 0.001
    True
    """
    y = finite(curve, "curve")
    at_least(y.size, FEWEST, "telling a trend from drift", "checkpoint")
    if constant(y):
        method = "undefined: a constant curve"
        return Estimate(nan, level=level, n=y.size, unit="checkpoint", method=method)
    most = _drift(y, _LOW)
    tau = float(kendall_tau(y, variant="a"))
    sd = kendall_tau_drift_sd(y.size, most)
    shape = max((1 / sd**2 - 1) / 2, 0.05)
    step = 2 / (y.size * (y.size - 1))
    p = 2 * float(special.betainc(shape, shape, (1 - max(abs(tau) - step, 0.0)) / 2))
    method = "tau-a against drift"
    return Estimate(tau, sd, level=level, n=y.size, unit="checkpoint", method=method, p_value=p)


def _drift(curve: ArrayLike, quantiles: Floats) -> float:
    """Give the largest drift at which this quantile is not above what is seen."""
    y = finite(curve, "curve")
    at_least(y.size, FEWEST, "the drift of a run", "checkpoint")
    if constant(y):
        return nan
    up, down = y - isotonic_fit(y), y + isotonic_fit(-y)
    rest = up if up @ up <= down @ down else down
    square = float(rest @ rest)
    # a curve that never falls leaves nothing: no sign of drift about its trend
    seen = float(rest[1:] @ rest[:-1]) / square if square > 1e-24 * float(y @ y) else -1.0
    at = np.interp(y.size, _SIZES, np.arange(_SIZES.size))
    row, part = int(at), at - int(at)
    here = quantiles[row] * (1 - part) + quantiles[min(row + 1, _SIZES.size - 1)] * part
    here = np.maximum.accumulate(here)
    return float(np.interp(seen, here, _DRIFTS)) if seen < here[-1] else float(_DRIFTS[-1])


@lru_cache(maxsize=4096)
def _tau_variance(n: int, drift: float) -> float:
    """Average the covariances of the signs of all pairs of differences.

    Two differences with gaps u <= v, the second starting s later than the first; the gap that is
    longer counts for both orders.
    """
    power = drift ** np.arange(2 * n) if drift else np.eye(1, 2 * n)[0]
    total = 0.0
    for u in range(1, n):
        v = np.arange(u, n)[:, None]
        s = np.arange(1 - n, n)[None, :]
        # how often both differences lie within the curve
        count = n - np.maximum(u, s + v) + np.minimum(s, 0)
        count = np.where(count > 0, count, 0)
        cross = power[abs(s + v - u)] - power[abs(s + v)] - power[abs(s - u)] + power[abs(s)]
        scale = 2 * np.sqrt((1 - power[u]) * (1 - power[v]))
        angles = np.arcsin(np.clip(cross / scale, -1, 1)) * count
        total += float((angles.sum(axis=1) * np.where(v[:, 0] > u, 2, 1)).sum())
    pairs = n * (n - 1) / 2
    return 2 / np.pi * total / pairs**2
