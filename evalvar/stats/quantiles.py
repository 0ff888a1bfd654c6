"""Two-sided quantiles and p-values of the normal and t distributions."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from evalvar.stats.arguments import Floats


def normal_quantile(level: float) -> float:
    """Half-width of the central interval of a standard normal.

    Examples
    --------
    >>> round(normal_quantile(0.95), 6)
    1.959964
    """
    return float(special.ndtri((1 + level) / 2))


def t_quantile(level: float, df: float) -> float:
    """Half-width of the central interval of a t distribution.

    Examples
    --------
    >>> round(t_quantile(0.95, 9), 6)
    2.262157
    """
    return float(special.stdtrit(df, (1 + level) / 2))


def t_two_sided(df: ArrayLike, distance: ArrayLike, se: ArrayLike) -> Floats:
    """Give the chance that t lies further out than this distance in standard errors.

    Examples
    --------
    >>> round(float(t_two_sided(9, 2.262157, 1.0)), 6)
    0.05
    """
    ratio = np.abs(np.asarray(distance, dtype=np.float64)) / np.asarray(se, dtype=np.float64)
    return np.asarray(2 * special.stdtr(np.asarray(df, dtype=np.float64), -ratio))
