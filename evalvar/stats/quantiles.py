"""Two-sided quantiles of the normal and t distributions."""

from scipy import special


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
