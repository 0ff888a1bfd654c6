"""Signal to noise: a score in units of its spread over seeds."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from evalvar.stats.arguments import at_least, check_ddof, check_level, constant, finite
from evalvar.stats.estimate import Estimate


def signal_to_noise(x: ArrayLike, *, ddof: int = 1, level: float = 0.95) -> Estimate:
    """Estimate the mean over seeds in units of the standard deviation over seeds.

    Parameters
    ----------
    x : float array, shape (n_seeds,)
        Final score of each seed, any unit; the result has none.
    ddof : {0, 1}
        The standard deviation divides by n - ddof. The interval is for the ratio of the seeds'
        law and does not depend on it.
    level : float in (0, 1)
        Nominal coverage.

    Returns
    -------
    Estimate
        unit ``seed``, n = number of seeds, method ``noncentral t``. Where all seeds are equal
        the value is NaN, as the method then says.

    Raises
    ------
    NotEnoughDataError
        Fewer than two seeds.

    Notes
    -----
    "Quantifying Variance in Evaluation Benchmarks", Table 2. sqrt(n) mean/sd is noncentral t with
    noncentrality sqrt(n) mu/sigma for normal scores; the interval inverts that.

    Examples
    --------
    >>> round(signal_to_noise([0.50, 0.54, 0.49, 0.55]).value, 4)
    17.6635
    """
    values = finite(x, "x")
    check_level(level)
    check_ddof(ddof)
    at_least(values.size, 2, "a signal-to-noise ratio", "seed")
    n = values.size
    if constant(values):
        method = "undefined: all seeds are equal"
        return Estimate(float("nan"), level=level, n=n, unit="seed", method=method)
    ratio = float(values.mean() / values.std(ddof=1))
    t = float(np.sqrt(n) * ratio)
    low, high = (
        _noncentrality(t, n - 1, tail) / np.sqrt(n) for tail in ((1 + level) / 2, (1 - level) / 2)
    )
    se = float(np.sqrt(1 / n + ratio**2 / (2 * (n - 1))))
    value = ratio * float(np.sqrt((n - ddof) / (n - 1)))
    return Estimate(value, se, float(low), float(high), level, n, "seed", "noncentral t")


def _noncentrality(t: float, df: int, probability: float) -> float:
    """Find the noncentrality at which a noncentral t lies below t with this probability."""
    if t < 0:
        return -_noncentrality(-t, df, 1 - probability)
    low, high = (
        t * np.sqrt(special.chdtri(df, q) / df) + z for q, z in ((1 - 1e-12, -10.0), (1e-12, 10.0))
    )
    for _ in range(60):
        middle = (low + high) / 2
        if _noncentral_t(t, df, middle) > probability:
            low = middle
        else:
            high = middle
    return float((low + high) / 2)


# Nodes of the quadrature; the integrand is smooth, so that many leave only rounding.
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(200)


def _noncentral_t(t: float, df: int, noncentrality: float) -> float:
    """P(T <= t) for t >= 0, by conditioning on the normal variable.

    (Z + d)/sqrt(V/df) <= t where Z + d <= 0, or V >= df w^2 with w = (Z + d)/t. Unlike the routine
    of scipy.special it keeps its accuracy at the ratios of hundreds that seeds give.
    """
    below = float(special.ndtr(-noncentrality))
    if t == 0:
        return below
    furthest = np.sqrt(special.chdtri(df, 1e-17) / df)
    left = max(0.0, (noncentrality - 9) / t)
    right = min(furthest, (noncentrality + 9) / t)
    if right <= left:
        return below
    w = (left + right) / 2 + (right - left) / 2 * _NODES
    density = np.exp(-((t * w - noncentrality) ** 2) / 2) / np.sqrt(2 * np.pi)
    area = (_WEIGHTS * density * special.chdtrc(df, df * w**2)).sum() * (right - left) / 2
    return below + t * float(area)
