"""How near a curve is to one that never falls: the fit, and the way that came to nothing."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from evalvar.stats.arguments import ROUNDING, Floats, at_least, check_level, finite
from evalvar.stats.quantiles import normal_quantile


def isotonic_fit(curve: ArrayLike) -> Floats:
    """Fit the curve that never falls and lies nearest.

    Parameters
    ----------
    curve : float array, shape (n_checkpoints,)
        Scores in the order of their checkpoints, any unit. Turn the sign where lower is better.

    Returns
    -------
    float array, shape (n_checkpoints,)
        The fit, same unit; its mean is that of the curve.

    Raises
    ------
    NotEnoughDataError
        No checkpoint.

    Notes
    -----
    Least squares by pooling adjacent violators: "Statistical Inference under Order Restrictions"
    (Barlow, Bartholomew, Bremner, Brunk 1972), chapter 1; `scipy.optimize.isotonic_regression`.

    Examples
    --------
    >>> isotonic_fit([1.0, 3.0, 2.0, 4.0]).tolist()
    [1.0, 2.5, 2.5, 4.0]
    """
    from scipy.optimize import isotonic_regression

    y = finite(curve, "curve")
    at_least(y.size, 1, "an isotonic fit", "checkpoint")
    return np.asarray(isotonic_regression(y).x, dtype=np.float64)


def isotonic_r2(curves: ArrayLike) -> Floats:
    """Share of a curve's variance that a curve which never falls explains.

    Parameters
    ----------
    curves : float array, shape (..., n_checkpoints)
        Scores in the order of their checkpoints, any unit. Turn the sign where lower is better.

    Returns
    -------
    float array, shape (...)
        1 - sum (y - fit)^2 / sum (y - mean)^2, in 0..1: 1 when the score never falls, 0 when the
        best fit is constant. NaN for a constant curve, where a score is not finite, and with fewer
        than 2 checkpoints. Noise alone gives more than 0, since the fit bends to it.

    Notes
    -----
    The coefficient E-bar squared of Barlow et al. (1972), section 3.1.

    Examples
    --------
    >>> round(float(isotonic_r2([1.0, 3.0, 2.0, 4.0])), 6)
    0.9
    """
    x = np.asarray(curves, dtype=np.float64)
    flat = x.reshape(-1, x.shape[-1])
    return np.array([_r2(curve) for curve in flat]).reshape(x.shape[:-1])


def step_length(curves: ArrayLike) -> Floats:
    """Mean distance between one checkpoint and the next: total variation per step.

    Parameters
    ----------
    curves : float array, shape (..., n_checkpoints)
        Scores in the order of their checkpoints, any unit; the result has the same unit.

    Returns
    -------
    float array, shape (...)
        sum |y_{t+1} - y_t| / (n - 1). NaN where a score is not finite or there are fewer than 2
        checkpoints.

    Examples
    --------
    >>> round(float(step_length([0.25, 0.27, 0.26, 0.30, 0.29, 0.33])), 6)
    0.024
    """
    return _per_step(curves, lambda steps: np.abs(steps).sum(axis=-1))


def net_step(curves: ArrayLike) -> Floats:
    """Mean step from one checkpoint to the next: (last - first) / (n - 1).

    Parameters
    ----------
    curves : float array, shape (..., n_checkpoints)
        As for `step_length`.

    Returns
    -------
    float array, shape (...)
        As for `step_length`. The difference of the two is the way per step that led nowhere:
        0 for a curve that never falls. Both divide by the number of steps; signal-and-noise
        divides the improvement by the number of checkpoints, so that the difference is not 0.

    Examples
    --------
    >>> round(float(net_step([0.25, 0.27, 0.26, 0.30, 0.29, 0.33])), 6)
    0.016
    """
    return _per_step(curves, lambda steps: steps.sum(axis=-1))


def _r2(curve: Floats) -> float:
    if curve.size < 2 or not np.isfinite(curve).all():
        return np.nan
    rest = float(((curve - curve.mean()) ** 2).sum())
    if np.ptp(curve) <= ROUNDING * np.abs(curve).max():
        return np.nan
    return max(0.0, 1 - float(((curve - isotonic_fit(curve)) ** 2).sum()) / rest)


def _per_step(curves: ArrayLike, total: Callable[[Floats], Floats]) -> Floats:
    x = np.asarray(curves, dtype=np.float64)
    steps = x.shape[-1] - 1
    if steps < 1:
        return np.full(x.shape[:-1], np.nan)
    defined = np.isfinite(x).all(axis=-1)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(defined, total(np.diff(x, axis=-1)) / steps, np.nan))


def first_above(
    curve: ArrayLike, errors: ArrayLike, floor: float, *, level: float = 0.95
) -> int | None:
    """Find the first checkpoint that lies clearly above a floor, such as a guesser's score.

    Parameters
    ----------
    curve : float array, shape (n_checkpoints,)
        Scores in the order of their checkpoints, any unit. Turn the sign where lower is better.
    errors : float array, shape (n_checkpoints,)
        Standard error of each; one with an unknown error (NaN) is never above.
    floor : float
        The floor, in the same unit and direction.
    level : float in (0, 1)
        Chance that no point of a curve on the floor is taken to be above is at least
        (1 + level) / 2.

    Returns
    -------
    int or None
        Index of the first checkpoint whose normal interval at 1 - (1 - level)/n_checkpoints lies
        above the floor; None where none does.

    Examples
    --------
    >>> first_above([0.25, 0.26, 0.4, 0.5], [0.02] * 4, 0.25)
    2
    """
    y, se = np.asarray(curve, dtype=np.float64), np.asarray(errors, dtype=np.float64)
    check_level(level)
    quantile = normal_quantile(1 - (1 - level) / max(y.size, 1))
    above = np.flatnonzero(y - quantile * se > floor)
    return int(above[0]) if above.size else None
