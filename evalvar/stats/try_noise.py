"""How far the best of k answers to a problem would move with new answers."""

import numpy as np
from numpy.typing import ArrayLike

from evalvar.errors import UsageError
from evalvar.stats.arguments import Floats
from evalvar.stats.effk import order_weights
from evalvar.stats.tries import Tries, as_tries


def best_of_k_variance(ranked: ArrayLike, *, k: Tries) -> Floats:
    """Variance over new answers of the estimated best of k answers to a problem.

    Parameters
    ----------
    ranked : float array, shape (n_samples,) or (n_items, n_samples)
        What each answer counts for where it is the best of those drawn, from the worst answer to
        the best: the sorted scores for `eff_at_k` and `pass_at_k`; for their gap, passed minus
        efficiency in the order of the efficiency, wrong answers before slow ones.
    k : int or sequence of int
        How many answers are drawn.

    Returns
    -------
    float array, shape (), (n_items,), or the same with a last axis for a sequence of k
        In the square of the unit. For n >= 2k unbiased, and below zero now and then, which a sum
        over items needs; for k < n < 2k the jackknife's, never too small on average; for n <= k
        NaN, as answers that all enter one maximum do not show how it varies.

    Raises
    ------
    UsageError
        Values that are not finite, a k that is not a whole number of at least 1.

    Notes
    -----
    The estimator U is a U-statistic whose kernel is the value of the best of k. Var U = E U^2 -
    (E U)^2, and the square is estimated without bias by the mean over all pairs of disjoint
    k-subsets: sum_{r<s} 2 w_r a_s v_(r) v_(s) with w_r = C(r-1, k-1)/C(n, k) and a_s =
    C(s-1-k, k-1)/C(n-k, k), as the better subset has its best at rank s, the other at r < s.
    "A class of statistics with asymptotically normal distribution" (Hoeffding 1948), section 5; the
    jackknife: "The jackknife estimate of variance" (Efron, Stein 1981), Eq. 4.2.
    Drawing the n answers again with replacement is no estimate of this: with k near n it never sees
    the best answer in a share (1 - 1/n)^n of the draws, and its mean is not U (tested).
    Equals the variance of a mean, s^2/n, for k = 1 (tested).

    Examples
    --------
    >>> round(float(best_of_k_variance([0.0, 0.0, 1.0, 1.0], k=1)), 12)
    0.083333333333
    """
    v = np.asarray(ranked, dtype=np.float64)
    if v.ndim not in (1, 2) or not np.isfinite(v).all():
        raise UsageError("ranked needs 1 or 2 axes of finite numbers.")
    tries = as_tries(k)
    found = np.stack([_variance(v, int(t)) for t in tries], axis=-1)
    return found[..., 0] if np.ndim(k) == 0 else found


def _variance(v: Floats, k: int) -> Floats:
    n = v.shape[-1]
    if n <= k:
        return np.full(v.shape[:-1], np.nan)
    weights = order_weights(n, k=k)
    # about the estimate itself, so that no squares cancel
    moved = v - (v @ weights)[..., None]
    if n < 2 * k:
        return _jackknife(moved, k)
    upper = np.zeros(n)
    upper[k:] = order_weights(n - k, k=k)
    below = np.cumsum(moved * weights, axis=-1) - moved * weights
    return np.asarray(-2 * ((moved * upper) * below).sum(axis=-1))


def _jackknife(moved: Floats, k: int) -> Floats:
    """Leave out each answer in turn: those above it fall by a rank."""
    n = moved.shape[-1]
    fewer = order_weights(n - 1, k=k)
    stay, fall = moved[..., :-1] * fewer, moved[..., 1:] * fewer
    before, after = np.zeros(moved.shape), np.zeros(moved.shape)
    before[..., 1:] = np.cumsum(stay, axis=-1)
    after[..., :-1] = np.cumsum(fall[..., ::-1], axis=-1)[..., ::-1]
    without = before + after
    spread = without - without.mean(axis=-1, keepdims=True)
    return np.asarray((n - 1) / n * (spread**2).sum(axis=-1))
