"""Does one run rise, or does it drift? Checkpoints of a run depend on each other."""

from functools import lru_cache
from math import nan

import numpy as np
from numpy.typing import ArrayLike

from evalvar.errors import UsageError
from evalvar.stats.arguments import Floats, at_least, constant, finite
from evalvar.stats.attenuation import covariance_root
from evalvar.stats.draws import Rng, generator
from evalvar.stats.estimate import Estimate
from evalvar.stats.monotonicity import kendall_tau
from evalvar.stats.rising import isotonic_fit

# Fewer checkpoints cannot tell a trend from drift, whatever they do.
FEWEST = 8
# Above this many checkpoints the variance of tau shrinks as 1/n.
_EXACT = 200
# Above this many checkpoints the law of a random walk's tau no longer changes; a little too wide.
_LONG = 200
_WALKS = 19_999
# Share of the drawn runs with steps as small as those seen, at the largest steps thought possible.
_LOWEST = 0.05
# What first-order drift makes of the correlation of one residual with the next: its median, a row
# for each number of checkpoints and a column for each drift. From 12,000 drawn curves each (5,000
# from 100 checkpoints on).
_DRIFTS = np.array((0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99))
_SIZES = np.array((8, 10, 12, 15, 21, 30, 45, 63, 100, 200))
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
    here = _MIDDLE[row] * (1 - part) + _MIDDLE[min(row + 1, _SIZES.size - 1)] * part
    here = np.maximum.accumulate(here)
    return float(np.interp(seen, here, _DRIFTS)) if seen < here[-1] else float(_DRIFTS[-1])


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


def trend_test(
    curve: ArrayLike,
    covariance: ArrayLike | None = None,
    *,
    rng: Rng,
    level: float = 0.95,
    n_draws: int = 1999,
) -> Estimate:
    """Test whether a run rises or falls by more than a random walk does.

    Parameters
    ----------
    curve : float array, shape (n_checkpoints,)
        Scores in the order of their checkpoints, any unit. Turn the sign where lower is better.
    covariance : float array, shape (n_checkpoints, n_checkpoints), optional
        Of the scores over draws of the items, see `item_covariance`. Only where it holds what
        checkpoints share: without that, steps smaller than the error of a score would pass for
        noise.
    rng : int, sequence of int or Generator
        Source of the draws with a covariance; the same one gives the same bytes. Without one the
        law of tau depends on the number of checkpoints alone, and is drawn once, from a source of
        its own.
    level : float in (0, 1)
        Only handed on.
    n_draws : int
        How many runs are drawn with a covariance.

    Returns
    -------
    Estimate
        Value: tau-a. `se`: its standard deviation in a run that only drifts. `p_value`: two-sided.
        No interval. unit ``checkpoint``, n = number of checkpoints. NaN for a constant curve.

    Raises
    ------
    NotEnoughDataError
        Fewer than 8 checkpoints.
    UsageError
        A covariance of another size, or fewer than one draw.

    Notes
    -----
    The null: a run whose steps are normal, independent and as likely down as up, to which the draw
    of the items is added. A run that is pulled back (drift below 1) or that has noise of its own
    strays less from the order of time, so nothing need be known of either. With items the size of a
    step is the largest at which the steps' sum of squares about their mean is not in its lowest
    5 %; larger steps make tau stray more. p is the share of drawn runs whose tau is at least as far
    from 0, the run itself counted.

    In ``benchmarks/calibration`` a test at 5 % is wrong in 0 to 6 % of runs with a drift of 0 to 1
    and noise of 0 to 1 of its standard deviation, known or not. Without items it asks for |tau|
    above 0.93 of 8 checkpoints, 0.83 of 21, 0.80 of 63. From 15 checkpoints on, a rise of 50 times
    the noise is found in 98 to 100 %, be it steady, logistic or one that levels off; of 20 times
    the noise in 100, 74 to 100 and 24 to 60 %. A steady one of 10 times the noise is found in 42 to
    78 %, with items known in 75 to 92. One that stays at chance for half of training mostly is not,
    since a single run could have walked there; several seeds tell more.

    Examples
    --------
    >>> rising = np.linspace(0, 1, 21) + 0.02 * np.cos(9 * np.arange(21))
    >>> trend_test(rising, rng=0).p_value < 0.001
    True
    """
    y = finite(curve, "curve")
    at_least(y.size, FEWEST, "telling a trend from drift", "checkpoint")
    at_least(n_draws, 1, "the law of tau", "draw")
    if constant(y):
        method = "undefined: a constant curve"
        return Estimate(nan, level=level, n=y.size, unit="checkpoint", method=method)
    tau = float(kendall_tau(y, variant="a"))
    if covariance is None:
        taus, method = _walks(min(y.size, _LONG)), "tau-a against a random walk"
    else:
        root = covariance_root(covariance, y.size)
        taus = _noisy_walks(y, root, generator(rng), n_draws)
        method = f"tau-a against a random walk and the draw of items, {n_draws} normal runs"
    p = float((1 + (np.abs(taus) >= abs(tau)).sum()) / (1 + taus.size))
    sd = float(np.sqrt((taus**2).mean()))
    return Estimate(tau, sd, level=level, n=y.size, unit="checkpoint", method=method, p_value=p)


@lru_cache(maxsize=64)
def _walks(n: int) -> Floats:
    """Draw tau-a of random walks, which does not depend on the size of their steps."""
    steps = np.random.default_rng(n).standard_normal((_WALKS, n))
    return kendall_tau(steps.cumsum(axis=1), variant="a")


def _noisy_walks(y: Floats, root: Floats, source: np.random.Generator, draws: int) -> Floats:
    """Draw tau-a of walks with the largest steps that this curve allows, and new items."""
    steps = source.standard_normal((draws, y.size))
    noise = source.standard_normal((draws, y.size)) @ root.T
    walks = steps.cumsum(axis=1)
    d, e = np.diff(walks, axis=1), np.diff(noise, axis=1)
    d, e = d - d.mean(axis=1, keepdims=True), e - e.mean(axis=1, keepdims=True)
    squares, cross, rest = (d * d).sum(axis=1), (d * e).sum(axis=1), (e * e).sum(axis=1)
    step = np.diff(y)
    seen = float(((step - step.mean()) ** 2).sum())

    def stays_below(size: float) -> bool:
        return float((size**2 * squares + 2 * size * cross + rest <= seen).mean()) >= _LOWEST

    low, high = 0.0, float(np.sqrt(seen / np.quantile(squares, _LOWEST / 2))) + 1e-300
    while stays_below(high):
        high *= 2
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if stays_below(middle) else (low, middle)
    return kendall_tau(high * walks + noise, variant="a")


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
