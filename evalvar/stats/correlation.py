"""How closely two scores of the same systems go together."""

from math import atanh, nan, sqrt, tanh

import numpy as np
from numpy.typing import ArrayLike

from evalvar.stats.arguments import at_least, check_level, constant, finite, same_size
from evalvar.stats.estimate import Estimate
from evalvar.stats.quantiles import normal_quantile


def pearson_ci(x: ArrayLike, y: ArrayLike, *, level: float = 0.95, unit: str = "model") -> Estimate:
    """Pearson's correlation over independent systems.

    Parameters
    ----------
    x, y : float array, shape (n,)
        Two scores of each system, any units.
    level : float in (0, 1)
        Nominal coverage.
    unit : str
        What is independent.

    Returns
    -------
    Estimate
        method ``Fisher z``. Where one of the scores does not vary the value is NaN, and with
        fewer than 4 systems, or all on one line, there is no interval, as the method then says.

    Raises
    ------
    NotEnoughDataError
        Fewer than 3 systems.
    UsageError
        Scores of different numbers.

    Notes
    -----
    atanh r is normal with variance 1/(n - 3) for bivariate normal scores ("On the probable error of
    a coefficient of correlation", Fisher 1921). Noise in the scores draws r towards 0, and the
    interval is for the correlation with the noise in it.
    Equals `scipy.stats.pearsonr` (tested).

    Examples
    --------
    >>> round(pearson_ci([1, 2, 3, 4], [1, 3, 2, 5]).value, 4)
    0.8315
    """
    a, b = finite(x, "x"), finite(y, "y")
    same_size(a, b, "x and y")
    check_level(level)
    n = a.size
    at_least(n, 3, "a correlation", unit)
    if constant(a) or constant(b):
        method = f"undefined: one of the scores is equal for all {n} {unit}s"
        return Estimate(nan, level=level, n=n, unit=unit, method=method)
    # in units of their own spread: the squares of very small numbers are lost
    a, b = ((v - v.mean()) / np.ptp(v) for v in (a, b))
    r = min(1.0, max(-1.0, float(a @ b / np.sqrt((a @ a) * (b @ b)))))
    if n < 4 or 1 - abs(r) < 1e-12:
        why = "all on one line" if n > 3 else f"3 {unit}s"
        return Estimate(r, level=level, n=n, unit=unit, method=f"Fisher z ({why}: no interval)")
    half = normal_quantile(level) / sqrt(n - 3)
    low, high = tanh(atanh(r) - half), tanh(atanh(r) + half)
    return Estimate(r, (1 - r**2) / sqrt(n - 1), low, high, level, n, unit, "Fisher z")
