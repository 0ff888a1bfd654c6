"""Right and wrong answers, k at a time: shares of them right, and votes."""

from fractions import Fraction
from math import ceil
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalvar.errors import UsageError
from evalvar.stats.arguments import Floats
from evalvar.stats.passk import counts_of
from evalvar.stats.tries import Undefined, as_tries, enough_samples

# Probabilities held at once.
_BUDGET = 1 << 22


def g_pass_at_k(
    n: ArrayLike, c: ArrayLike, *, k: int, tau: float, undefined: Undefined = "raise"
) -> Floats:
    """Probability that at least a share tau of k answers to a problem is right: G-Pass@k.

    Parameters
    ----------
    n, c : int array
        Answers to each problem and how many are right; broadcast, n may differ between problems.
    k : int
        How many answers are drawn.
    tau : float in [0, 1]
        Share of them that has to be right; one at least has to be. Read as the decimal it is
        written as, so that 0.07 of 100 is 7 (in floats it rounds up to 8).
    undefined : {"raise", "nan"}
        What happens to a problem with fewer than k answers.

    Returns
    -------
    float array, shape of n and c
        P(H >= max(1, ceil(tau k))), H hypergeometric: how many of k drawn from n are right.

    Raises
    ------
    NotEnoughDataError
        A k above the number of answers, with ``undefined="raise"``.
    UsageError
        Counts, k or tau that cannot be.

    Notes
    -----
    Source: "Are Your LLMs Capable of Stable Reasoning?" (Liu et al. 2024).
    Equals `pass_at_k` where tau k <= 1, and `pass_hat_k` for tau = 1 (tested).

    Examples
    --------
    >>> g_pass_at_k(16, 11, k=8, tau=0.75).round(6).tolist()
    0.5
    """
    if not 0 <= tau <= 1:
        raise UsageError(f"tau must lie in [0, 1], but is {tau}.")
    needed = max(1, ceil(Fraction(str(float(tau))) * _one(k)))
    weights = (np.arange(k + 1) >= needed).astype(np.float64)
    return _expected(n, c, k, weights, undefined, "G-Pass@{}")


def mg_pass_at_k(n: ArrayLike, c: ArrayLike, *, k: int, undefined: Undefined = "raise") -> Floats:
    """Mean of G-Pass@k over shares from a half to all: mG-Pass@k.

    Parameters
    ----------
    n, c, k, undefined
        As for `g_pass_at_k`; for k = 1 there is no share between, and the value is 0.

    Returns
    -------
    float array, shape of n and c
        (2/k) sum of P(H >= i) over i = ceil(k/2) + 1 .. k.

    Notes
    -----
    Source: "Are Your LLMs Capable of Stable Reasoning?" (Liu et al. 2024).

    Examples
    --------
    >>> mg_pass_at_k(16, 11, k=8).round(9).tolist()
    0.378205128
    """
    right = np.arange(_one(k) + 1)
    weights = 2 / k * np.maximum(0, right - (k + 1) // 2)
    return _expected(n, c, k, weights, undefined, "mG-Pass@{}")


def maj_at_k(
    n: ArrayLike,
    c: ArrayLike,
    *,
    k: int,
    ties: Literal["lose", "half"] = "lose",
    undefined: Undefined = "raise",
) -> Floats:
    """Probability that most of k answers to a problem are right: maj@k where only that is known.

    Parameters
    ----------
    n, c, k, undefined
        As for `g_pass_at_k`.
    ties : {"lose", "half"}
        What as many right answers as wrong ones count for: nothing, or a half.

    Returns
    -------
    float array, shape of n and c
        P(H > k/2), with "half" plus P(H = k/2)/2.

    Raises
    ------
    NotEnoughDataError, UsageError
        As for `g_pass_at_k`.

    Notes
    -----
    Wrong answers are taken as one answer, all of them against the right one: a vote among the
    answers themselves (`consensus_at_k`) is won more easily.
    Equals the share of right answers for k = 1, and `consensus_at_k` where all wrong answers are
    the same, with ties a half (tested).

    Examples
    --------
    >>> maj_at_k(10, 6, k=4).round(6).tolist(), maj_at_k(10, 6, k=4, ties="half").round(6).tolist()
    (0.452381, 0.666667)
    """
    if ties not in ("lose", "half"):
        raise UsageError(f"ties must be 'lose' or 'half', but is '{ties}'.")
    right = 2 * np.arange(_one(k) + 1)
    weights = (right > k) + (0.5 if ties == "half" else 0.0) * (right == k)
    return _expected(n, c, k, weights, undefined, "maj@{}")


def _one(k: int) -> int:
    if np.ndim(k):
        raise UsageError(f"k must be a whole number of at least 1, but is {k}.")
    return int(as_tries(k)[0])


def _expected(
    n: ArrayLike, c: ArrayLike, k: int, weights: Floats, undefined: Undefined, name: str
) -> Floats:
    """Mean of a weight over how many of k answers are right."""
    answers, right = np.broadcast_arrays(*counts_of(n, c))
    enough_samples(answers, as_tries(k), undefined, name)
    pairs, where = np.unique(
        np.stack([answers.ravel(), right.ravel()]), axis=1, return_inverse=True
    )
    values = np.full(pairs.shape[1], np.nan)
    possible = np.flatnonzero(pairs[0] >= k)
    step = max(1, _BUDGET // (k + 1))
    for start in range(0, possible.size, step):
        part = possible[start : start + step]
        values[part] = (_law(pairs[0, part], pairs[1, part], k) * weights).sum(axis=1)
    return np.asarray(np.minimum(values, 1.0)[where.ravel()].reshape(right.shape))


def _law(n: NDArray[np.int64], c: NDArray[np.int64], k: int) -> Floats:
    """Tabulate the hypergeometric law over 0..k (columns) for every pair of counts (rows).

    By the ratios of its neighbours and their sum, which stay exact to 12 digits for any n, where
    differences of log-gammas lose what n has digits.
    """
    n, c, j = n[:, None], c[:, None], np.arange(k)
    least, most = np.maximum(0, k - (n - c)), np.minimum(k, c)
    inside = (j >= least) & (j < most)
    up = np.where(inside, (c - j) * (k - j), 1).astype(np.float64)
    down = np.where(inside, (j + 1) * (n - c - k + j + 1), 1)
    logs = np.concatenate([np.zeros((len(n), 1)), np.cumsum(np.log(up / down), axis=1)], axis=1)
    drawn = np.arange(k + 1)
    possible = (drawn >= least) & (drawn <= most)
    logs[~possible] = -np.inf
    law = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(law / law.sum(axis=1, keepdims=True))
