"""Scored answers, k at a time: eff@k."""

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from evalvar.errors import UsageError
from evalvar.stats.arguments import Floats
from evalvar.stats.tries import Tries, as_tries, enough_samples


def order_weights(n: int, *, k: int) -> Floats:
    """Weights of the ascending order statistics in the mean of the largest of k of n values.

    Parameters
    ----------
    n, k : int
        Number of values, and how many of them are drawn.

    Returns
    -------
    float array, shape (n,)
        Weight of the r-th smallest value at index r - 1; 0 below rank k. They sum to 1.

    Raises
    ------
    NotEnoughDataError
        k above n.
    UsageError
        k not a whole number of at least 1.

    Notes
    -----
    C(r-1, k-1)/C(n, k) by the downward recurrence w_n = k/n, w_r = w_{r+1} (1 - (k-1)/r), which
    neither overflows nor cancels: ENAMEL (Qiu et al. 2024), Eq. 6 and Algorithm 1.

    Examples
    --------
    >>> order_weights(5, k=2).round(3).tolist()
    [0.0, 0.1, 0.2, 0.3, 0.4]
    """
    tries = as_tries(k)
    enough_samples(np.array([n]), tries, "raise", "eff@{}")
    return _weights(n, (int(tries[0]),))[:, 0].copy()


@lru_cache(maxsize=64)  # the same n and k come again with every model, task and resample
def _weights(n: int, tries: tuple[int, ...]) -> Floats:
    """Give the weights of the order statistics (rows) for every k (columns)."""
    weights = np.zeros((n, len(tries)))
    for column, k in enumerate(tries):
        ranks = np.arange(n - 1, k - 1, -1)
        weights[n - 1, column] = k / n
        weights[k - 1 : n - 1, column] = (k / n * np.cumprod(1 - (k - 1) / ranks))[::-1]
    weights.flags.writeable = False
    return weights


def eff_at_k(scores: ArrayLike, *, k: Tries) -> Floats:
    """Estimate the expected best score of k answers to a problem.

    Parameters
    ----------
    scores : float array, shape (n_samples,) or (n_items, n_samples)
        Score of each answer, any unit; larger is better.
    k : int or sequence of int
        How many answers are drawn.

    Returns
    -------
    float array, shape (), (n_items,), or the same with a last axis for a sequence of k
        In the unit of the scores.

    Raises
    ------
    NotEnoughDataError
        A k above the number of answers.
    UsageError
        A k that is not a whole number of at least 1, a score that is not finite.

    Notes
    -----
    The mean of the maximum over all k-subsets, sum_r C(r-1, k-1)/C(n, k) e_(r): ENAMEL
    (Qiu et al. 2024), Eq. 6; unbiased, by its Theorem 1. The expected worst of k answers is
    -eff_at_k(-scores).
    Equals `pass_at_k` for scores of 0 and 1, and the worst of k `pass_hat_k` (tested).

    Examples
    --------
    >>> round(float(eff_at_k([0.0, 0.2, 0.5, 0.9, 1.1], k=2)), 12)
    0.83
    """
    e = np.asarray(scores, dtype=np.float64)
    if e.ndim not in (1, 2):
        raise UsageError(f"scores need 1 or 2 axes, but have {e.ndim}.")
    if not np.isfinite(e).all():
        raise UsageError("scores need finite numbers. Give a failed answer the score 0.")
    tries = as_tries(k)
    if tries.max() > e.shape[-1]:
        enough_samples(np.full(e.shape[:-1], e.shape[-1]), tries, "raise", "eff@{}")
    best = np.sort(e, axis=-1) @ _weights(e.shape[-1], tuple(tries.tolist()))
    return best[..., 0] if np.ndim(k) == 0 else best
