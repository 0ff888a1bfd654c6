"""The interval of a difference of two mean squares."""

import numpy as np
from scipy import special


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
