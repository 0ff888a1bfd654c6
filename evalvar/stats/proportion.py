"""A proportion: k successes in n trials."""

from math import nan

import numpy as np
from numpy.typing import ArrayLike

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats.arguments import Floats, check_level
from evalvar.stats.binomial import midp_interval
from evalvar.stats.estimate import Estimate
from evalvar.stats.quantiles import normal_quantile


def wilson(k: int, n: int, *, level: float = 0.95) -> Estimate:
    """Proportion with Wilson's score interval.

    Parameters
    ----------
    k, n : int
        Successes and trials.
    level : float in (0, 1)
        Nominal coverage.

    Returns
    -------
    Estimate
        unit ``item``, n = trials, method ``Wilson``; `se` = sqrt(p(1-p)/n), NaN at p = 0 and 1.

    Raises
    ------
    NotEnoughDataError
        No trial.
    UsageError
        Not whole numbers with 0 <= k <= n.

    Notes
    -----
    Source: statsmodels, ``proportion_confint(method="wilson")``.

    Examples
    --------
    >>> round(wilson(0, 50).high, 10)
    0.0713475991
    """
    low, high = _classical(k, n, level, "wilson")
    return _estimate(k, n, 0.0 if k == 0 else low, 1.0 if k == n else high, level, "Wilson")


def jeffreys(k: int, n: int, *, level: float = 0.95) -> Estimate:
    """Proportion with the equal-tailed interval of Jeffreys' prior.

    Parameters
    ----------
    k, n : int
        Successes and trials.
    level : float in (0, 1)
        Nominal coverage.

    Returns
    -------
    Estimate
        unit ``item``, n = trials, method ``Jeffreys``; `se` = sqrt(p(1-p)/n), NaN at p = 0 and 1.

    Raises
    ------
    NotEnoughDataError
        No trial.
    UsageError
        Not whole numbers with 0 <= k <= n.

    Notes
    -----
    Source: statsmodels, ``proportion_confint(method="jeffreys")``; as there, the interval is not
    opened to 0 or 1 at k = 0 or n.

    Examples
    --------
    >>> round(jeffreys(5, 10).low, 3)
    0.224
    """
    low, high = _classical(k, n, level, "jeffreys")
    return _estimate(k, n, low, high, level, "Jeffreys")


def clopper_pearson(k: int, n: int, *, level: float = 0.95) -> Estimate:
    """Proportion with the interval whose coverage is never below its level.

    Parameters
    ----------
    k, n : int
        Successes and trials.
    level : float in (0, 1)
        Nominal coverage.

    Returns
    -------
    Estimate
        unit ``item``, n = trials, method ``Clopper-Pearson``; `se` = sqrt(p(1-p)/n), NaN at p = 0
        and 1.

    Raises
    ------
    NotEnoughDataError
        No trial.
    UsageError
        Not whole numbers with 0 <= k <= n.

    Notes
    -----
    Source: statsmodels, ``proportion_confint(method="beta")``.

    Examples
    --------
    >>> round(clopper_pearson(10, 10).low, 4)
    0.6915
    """
    low, high = _classical(k, n, level, "beta")
    return _estimate(k, n, low, high, level, "Clopper-Pearson")


def midp(k: int, n: int, *, level: float = 0.95) -> Estimate:
    """Proportion with the mid-p interval: exact, with half the weight on what was seen.

    Parameters
    ----------
    k, n : int
        Successes and trials.
    level : float in (0, 1)
        Nominal coverage.

    Returns
    -------
    Estimate
        unit ``item``, n = trials, method ``mid-p``; `se` = sqrt(p(1-p)/n), NaN at p = 0 and 1.

    Raises
    ------
    NotEnoughDataError
        No trial.
    UsageError
        Not whole numbers with 0 <= k <= n.

    Notes
    -----
    The interval is that of `midp_interval`.

    Examples
    --------
    >>> round(midp(0, 10).high, 6) == round(1 - 0.05**0.1, 6)
    True
    """
    _check(k, n, level)
    low, high = midp_interval(k, n, level=level)
    return _estimate(k, n, float(low), float(high), level, "mid-p")


def binomial_half_width(p: ArrayLike, n: ArrayLike, *, level: float = 0.95) -> Floats:
    """Half-width of the normal interval of a proportion.

    Parameters
    ----------
    p : float array
        Proportion.
    n : int array
        Trials; broadcast against p.
    level : float in (0, 1)
        Nominal coverage.

    Returns
    -------
    float array
        Half the width, in the unit of p; NaN where n is 0. It is 0 at p = 0 and 1, where the
        normal interval says nothing: use `midp_interval` for an interval.

    Raises
    ------
    UsageError
        A p outside 0..1.

    Notes
    -----
    z sqrt(p(1-p)/n): "Quantifying Variance in Evaluation Benchmarks" (Madaan et al. 2024),
    section 3, which rounds z to 1.96.

    Examples
    --------
    >>> round(float(binomial_half_width(0.7, 100)), 4)
    0.0898
    """
    check_level(level)
    share, trials = (np.asarray(a, dtype=np.float64) for a in np.broadcast_arrays(p, n))
    if ((share < 0) | (share > 1)).any():
        raise UsageError("p must lie in 0..1.")
    with np.errstate(all="ignore"):
        variance = np.where(trials > 0, share * (1 - share) / trials, np.nan)
    return np.asarray(normal_quantile(level) * np.sqrt(variance))


def _check(k: int, n: int, level: float) -> None:
    check_level(level)
    if k != int(k) or n != int(n) or not 0 <= k <= n:
        raise UsageError(f"k and n must be whole with 0 <= k <= n, but are {k} and {n}.")
    if n == 0:
        raise NotEnoughDataError("a proportion needs at least 1 item, but has 0.")


def _classical(k: int, n: int, level: float, name: str) -> tuple[float, float]:
    from statsmodels.stats.proportion import proportion_confint

    _check(k, n, level)
    low, high = proportion_confint(k, n, alpha=1 - level, method=name)
    return float(low), float(high)


def _estimate(k: int, n: int, low: float, high: float, level: float, method: str) -> Estimate:
    p = k / n
    se = float(np.sqrt(p * (1 - p) / n)) if 0 < k < n else nan
    return Estimate(p, se, low, high, level, n, "item", method)
