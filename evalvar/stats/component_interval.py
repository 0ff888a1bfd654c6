"""Intervals of a mean square, of a difference of two, and of a sum of several."""

import numpy as np
from scipy import special

from evalvar.stats.arguments import Floats


def square_interval(square: float, df: float, level: float) -> tuple[float, float]:
    """Interval of what a mean square estimates: chi-square.

    Examples
    --------
    >>> low, high = square_interval(1.0, 9, 0.95)
    >>> round(low, 3), round(high, 3)
    (0.473, 3.333)
    """
    tails = special.chdtri(df, [(1 - level) / 2, (1 + level) / 2])
    low, high = square * df / tails
    return float(low), float(high)


def difference_interval(
    square: float, df: float, error: float, error_df: float, level: float
) -> tuple[float, float]:
    """Interval of the difference of what two mean squares estimate: modified large-sample.

    Exact where the error is 0, and, for each bound, where the difference is 0. "Confidence
    intervals on linear combinations of variance components that are unrestricted in sign" (Ting,
    Burdick, Graybill, Jeyaratnam, Lu 1990).

    Examples
    --------
    >>> low, high = difference_interval(3.0, 4, 1.0, 36, 0.95)
    >>> round(low, 3), round(high, 2)
    (-0.066, 23.73)
    """
    tail = (1 - level) / 2
    big, small = special.fdtri(df, error_df, [1 - tail, tail])
    lower = 1 - df / special.chdtri(df, tail), special.chdtri(df, 1 - tail)
    g_square, h_square = lower[0], df / lower[1] - 1
    g_error = 1 - error_df / special.chdtri(error_df, tail)
    h_error = error_df / special.chdtri(error_df, 1 - tail) - 1
    g_both = ((big - 1) ** 2 - g_square**2 * big**2 - h_error**2) / big
    h_both = ((1 - small) ** 2 - h_square**2 * small**2 - g_error**2) / small
    down = (g_square * square) ** 2 + (h_error * error) ** 2 + g_both * square * error
    up = (h_square * square) ** 2 + (g_error * error) ** 2 + h_both * square * error
    value = square - error
    return value - float(np.sqrt(max(down, 0.0))), value + float(np.sqrt(max(up, 0.0)))


def combination_margins(terms: Floats, dfs: Floats, level: float) -> tuple[float, float]:
    """Give how far the interval of a sum of mean squares, each with a factor, reaches either way.

    Parameters
    ----------
    terms, dfs : float array, shape (C,)
        Factor x mean square, and its degrees of freedom.
    level : float in (0, 1)
        Nominal coverage.

    Returns
    -------
    down, up : float

    Notes
    -----
    Modified large-sample: the root of the sum of squares of what the interval of each term alone
    reaches to that side ("Confidence intervals on nonnegative linear combinations of variances",
    Graybill and Wang 1980), a negative term the other way, as in `difference_interval` without its
    mixed terms. Equals `square_interval` for one term (tested).

    Examples
    --------
    >>> down, up = combination_margins(np.array([3.0, -1.0]), np.array([4.0, 36.0]), 0.95)
    >>> round(2 - down, 3), round(2 + up, 2)
    (-0.042, 23.77)
    """
    tail = (1 - level) / 2
    below = 1 - dfs / special.chdtri(dfs, tail)
    above = dfs / special.chdtri(dfs, 1 - tail) - 1
    down = np.where(terms > 0, below, above) * terms
    up = np.where(terms > 0, above, below) * terms
    return float(np.sqrt(down @ down)), float(np.sqrt(up @ up))
