"""How close a program comes to the reference's times: the scores of levels, and of the whole."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalvar.errors import UsageError
from evalvar.stats.arguments import Floats


def level_scores(
    times: ArrayLike,
    reference: ArrayLike,
    *,
    alpha: float = 2.0,
    stopped_at: ArrayLike = np.inf,
) -> Floats:
    """Score a program's slowest case of every level against the reference's.

    Parameters
    ----------
    times : float array, shape (..., n_levels)
        Time of the slowest case of each level, levels in the order they were run; +inf where it was
        stopped, or not reached since an earlier level was.
    reference : float array, broadcast against `times`
        Time of the reference's slowest case of each level, in the same unit.
    alpha : float above 1
        The limit is alpha times the reference's slowest time over all levels.
    stopped_at : float array, broadcast against the shape without levels
        Time after which runs were stopped: a limit above it is refused where a time is +inf.

    Returns
    -------
    float array, shape (..., n_levels)
        1 at the reference's time, 0 at the limit, up to alpha/(alpha - q) for a program that takes
        no time, q the level's share of the slowest (`level_shares`): never cut off at 1. From the
        first level past the limit on, all are 0.

    Raises
    ------
    UsageError
        alpha not above 1, a time that is NaN or negative, a reference that took no time or was
        stopped, a limit above the time after which runs were stopped.

    Notes
    -----
    f_l = max(0, T - t_l)/(T - t*_l) with T = alpha max_l t*_l: ENAMEL (Qiu et al. 2024), section
    3.2; what a stopped run would have taken is never used. The official evaluator kills at T plus
    10 ms and goes on after a level that lies between, which scores 0.
    Equals the official evaluator where no time lies between (tested).

    Examples
    --------
    >>> level_scores([0.03, 0.15, 0.75], [0.02, 0.10, 0.50]).round(4).tolist()
    [0.9898, 0.9444, 0.5]
    """
    t = np.atleast_1d(np.asarray(times, dtype=np.float64))
    best = np.atleast_1d(np.asarray(reference, dtype=np.float64))
    limit = time_limit(best, alpha=alpha)
    if np.isnan(t).any() or (t < 0).any():
        raise UsageError(
            "times need numbers of at least 0. Give a level not reached the time +inf."
        )
    censored = np.isinf(t).any(axis=-1)
    known = np.asarray(stopped_at, dtype=np.float64)
    # the limit may have been computed in another order
    beyond = censored & (limit > known * (1 + 1e-9))
    if beyond.any():
        raise UsageError(
            f"alpha {alpha:g} puts a limit at {_first(limit, beyond):.4g}, but runs were stopped "
            f"at {_first(known, beyond):.4g}, and what they would have taken is not known "
            f"({int(beyond.sum())} of {beyond.size}). Use a smaller alpha."
        )
    slack = limit[..., None]
    scores = np.maximum(0.0, slack - np.minimum(t, slack)) / (slack - best)
    return np.where(np.logical_or.accumulate(t > slack, axis=-1), 0.0, scores)


def efficiency(scores: ArrayLike, *, hardness: ArrayLike) -> Floats:
    """Mean of a program's level scores, harder levels counting more.

    Parameters
    ----------
    scores : float array, shape (..., n_levels)
        As `level_scores` gives them.
    hardness : float array, shape (n_levels,)
        Weight of each level, at least 0 and not all 0.

    Returns
    -------
    float array, shape (...)

    Raises
    ------
    UsageError
        Another number of weights than of levels, or weights that cannot be.

    Notes
    -----
    e = sum_l h_l f_l / sum_l h_l: ENAMEL (Qiu et al. 2024), section 3.2. Linear in the scores, so
    that the means over problems of the levels can be weighed anew for k = 1; for k > 1 every sample
    has to be (tested).

    Examples
    --------
    >>> float(efficiency([1.0, 1.0, 0.0], hardness=(3, 3, 4)))
    0.6
    """
    f = np.asarray(scores, dtype=np.float64)
    h = np.asarray(hardness, dtype=np.float64)
    if h.ndim != 1 or not np.isfinite(h).all() or (h < 0).any() or not h.sum() > 0:
        raise UsageError(
            f"hardness must be weights of at least 0 that are not all 0, but is {hardness!r}."
        )
    if f.ndim == 0 or f.shape[-1] != h.size:
        levels = f.shape[-1] if f.ndim else 0
        raise UsageError(
            f"hardness needs one weight a level: {levels} levels, but {h.size} weights."
        )
    # summed level by level: the last bit does not depend on how many programs there are
    total = sum((f[..., level] * h[level] for level in range(h.size)), np.zeros(f.shape[:-1]))
    return np.asarray(total / h.sum())


def time_limit(reference: ArrayLike, *, alpha: float = 2.0) -> Floats:
    """Time past which a program scores nothing: alpha times the reference's slowest level.

    Parameters
    ----------
    reference : float array, shape (..., n_levels)
        Time of the reference's slowest case of each level above 0.
    alpha : float above 1

    Raises
    ------
    UsageError
        alpha not above 1; a reference that took no time, was stopped or has no time.

    Examples
    --------
    >>> float(time_limit([0.02, 0.10, 0.50]))
    1.0
    """
    if not 1 < alpha < np.inf:
        raise UsageError(f"alpha must be a finite number above 1, but is {alpha}.")
    slowest = _slowest(reference)
    return np.asarray(alpha * slowest)


def level_shares(reference: ArrayLike) -> Floats:
    """Tell how well each level tells speeds apart: the reference's time there over its slowest.

    Parameters
    ----------
    reference : float array, shape (..., n_levels)

    Returns
    -------
    float array, shape (..., n_levels)
        q, 1 at the level that sets the limit. A program s times as slow as the reference scores
        1 - (s - 1) q/(alpha - q) on a level, so that one of small q hardly tells speeds apart.

    Examples
    --------
    >>> level_shares([0.02, 0.10, 0.50]).tolist()
    [0.04, 0.2, 1.0]
    """
    best = np.atleast_1d(np.asarray(reference, dtype=np.float64))
    return np.asarray(best / _slowest(best)[..., None])


def _slowest(reference: ArrayLike) -> Floats:
    best = np.atleast_1d(np.asarray(reference, dtype=np.float64))
    slowest = best.max(axis=-1)
    bad = ~(np.isfinite(slowest) & (slowest > 0)) | (best < 0).any(axis=-1)
    if bad.any():
        raise UsageError(
            f"the reference needs times above 0, but {int(bad.sum())} of {bad.size} have none "
            f"(first {_first(slowest, bad):g}). Leave them out."
        )
    return np.asarray(slowest)


def _first(values: Floats, chosen: NDArray[np.bool_]) -> float:
    return float(np.broadcast_to(values, chosen.shape)[chosen].flat[0])
