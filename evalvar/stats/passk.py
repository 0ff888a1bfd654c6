"""Right and wrong answers, k at a time: pass@k and pass^k."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats.arguments import Floats
from evalvar.stats.tries import Ints, Tries, Undefined, as_tries, enough_samples

Table = Callable[[int, Ints], Floats]

# Tables of so many answers are kept.
_SMALL = 1000


def pass_at_k(n: ArrayLike, c: ArrayLike, *, k: Tries, undefined: Undefined = "raise") -> Floats:
    """Probability that one of k answers to a problem is right.

    Parameters
    ----------
    n, c : int array
        Answers to each problem and how many are right; broadcast, n may differ between problems.
    k : int or sequence of int
        How many answers are drawn.
    undefined : {"raise", "nan"}
        What happens to a problem with fewer than k answers, for which pass@k is not defined.

    Returns
    -------
    float array, shape of n and c, with a last axis for a sequence of k
        1 - C(n-c, k)/C(n, k).

    Raises
    ------
    NotEnoughDataError
        A k above the number of answers, with ``undefined="raise"``.
    UsageError
        Counts that are not whole or not 0 <= c <= n, a k that is not a whole number of at least 1.

    Notes
    -----
    The share of k-subsets with a right answer: "Evaluating Large Language Models Trained on Code"
    (Chen et al. 2021), Eq. 1. One table per distinct n, built by a recurrence over c without
    cancellation: relative error below 3e-14 (tested against fractions up to n = 1000).

    Examples
    --------
    >>> pass_at_k(5, [0, 1, 2, 5], k=2).round(12).tolist()
    [0.0, 0.4, 0.7, 1.0]
    """
    return _looked_up(_pass_table, n, c, k, undefined, "pass@{}")


def pass_hat_k(n: ArrayLike, c: ArrayLike, *, k: Tries, undefined: Undefined = "raise") -> Floats:
    """Probability that all of k answers to a problem are right: pass^k.

    Parameters
    ----------
    n, c, k, undefined
        As for `pass_at_k`.

    Returns
    -------
    float array, shape of n and c, with a last axis for a sequence of k
        C(c, k)/C(n, k).

    Raises
    ------
    NotEnoughDataError, UsageError
        As for `pass_at_k`.

    Notes
    -----
    Source: "tau-bench" (Yao et al. 2024), section 5.
    Equals `pass_at_k` for k = 1, and 1 - `pass_at_k` of the wrong answers (tested).

    Examples
    --------
    >>> pass_hat_k(5, [2, 4, 5], k=2).round(12).tolist()
    [0.1, 0.6, 1.0]
    """
    return _looked_up(_hat_table, n, c, k, undefined, "pass^{}")


def mean_pass_at_k(n: ArrayLike, c: ArrayLike, *, k: Tries) -> Floats:
    """Mean of pass@k over the problems of a benchmark, from a histogram of their counts.

    Parameters
    ----------
    n, c, k
        As for `pass_at_k`.

    Returns
    -------
    float array, shape () or one value per k
        Mean over problems.

    Raises
    ------
    NotEnoughDataError
        A k above the number of answers to some problem, or no problem.
    UsageError
        As for `pass_at_k`.

    Notes
    -----
    Equals the mean of `pass_at_k` (tested), without writing it for every problem.

    Examples
    --------
    >>> round(float(mean_pass_at_k([5, 10], [1, 10], k=2)), 12)
    0.7
    """
    tries = as_tries(k)
    answers, right = counts_of(n, c)
    if not right.size:
        raise NotEnoughDataError("a mean of pass@k needs at least 1 item, but has 0.")
    enough_samples(answers, tries, "raise", "pass@{}")
    rows, where = _stacked(_pass_table, answers, right, tries)
    mean = np.bincount(where.ravel(), minlength=len(rows)) @ rows / right.size
    return np.asarray(mean[0] if np.ndim(k) == 0 else mean)


def _pass_table(n: int, tries: Ints) -> Floats:
    """Tabulate pass@k for c = 0..n (rows) and every k (columns); NaN where k > n."""
    c = np.arange(n)[:, None]
    none_right = np.ones((n + 1, tries.size))
    none_right[1:] = np.cumprod(np.maximum(n - c - tries, 0) / (n - c), axis=0)
    some_right = np.zeros((n + 1, tries.size))
    # Sums of positive terms stay accurate where 1 - none_right would cancel.
    some_right[1:] = np.cumsum(none_right[:-1] * tries / (n - c), axis=0)
    table = np.where(none_right < 0.5, 1 - none_right, some_right)
    table[:, tries > n] = np.nan
    return table


def _hat_table(n: int, tries: Ints) -> Floats:
    """Tabulate pass^k: the chance that none of the n - c wrong answers is among k."""
    c = np.arange(n)[:, None]
    all_right = np.ones((n + 1, tries.size))
    all_right[1:] = np.cumprod(np.maximum(n - c - tries, 0) / (n - c), axis=0)
    all_right[:, tries > n] = np.nan
    return all_right[::-1]


@lru_cache(maxsize=64)  # the same n and k come again with every model, task and resample
def _kept(table: Table, n: int, tries: tuple[int, ...]) -> Floats:
    rows = table(n, np.array(tries))
    rows.flags.writeable = False
    return rows


def _looked_up(
    table: Table,
    n: ArrayLike,
    c: ArrayLike,
    k: Tries,
    undefined: Undefined,
    name: str,
) -> Floats:
    tries = as_tries(k)
    answers, right = counts_of(n, c)
    # what is broadcast costs more than all else, so only where there is something to say
    if undefined != "nan" and (
        undefined != "raise" or tries.max() > answers.min(initial=tries.max())
    ):
        enough_samples(np.broadcast_to(answers, right.shape), tries, undefined, name)
    rows, where = _stacked(table, answers, right, tries)
    return np.take(rows[:, 0] if np.ndim(k) == 0 else rows, where, axis=0)


def _stacked(table: Table, answers: Ints, right: Ints, tries: Ints) -> tuple[Floats, Ints]:
    """Build a table for every n there is, one under the other, and say where each problem is."""
    if answers.ndim == 0:
        n, columns = int(answers), tuple(tries.tolist())
        return (_kept(table, n, columns) if n <= _SMALL else table(n, tries)), right
    sizes = np.flatnonzero(np.bincount(answers.ravel()))
    start_of = np.zeros(sizes.max(initial=0) + 1, dtype=np.int64)
    start_of[sizes] = np.cumsum(sizes + 1) - (sizes + 1)
    tables = [table(int(size), tries) for size in sizes]
    rows = np.concatenate(tables) if tables else np.empty((0, tries.size))
    return rows, start_of[answers] + right


def counts_of(n: ArrayLike, c: ArrayLike) -> tuple[Ints, Ints]:
    """Check the counts; n has no axis where it is the same for all problems."""
    answers, right = _whole(n, "n"), _whole(c, "c")
    if answers.size and answers.ndim and answers.min() == answers.max():
        shape = np.broadcast_shapes(answers.shape, right.shape)
        answers, right = answers.reshape(-1)[0], np.broadcast_to(right, shape)
    elif answers.ndim:
        answers, right = np.broadcast_arrays(answers, right)
    wrong = (right < 0) | (right > answers) if answers.ndim else _outside(right, int(answers))
    if np.any(wrong):
        raise UsageError(
            f"c must lie in 0..n, but {int(np.sum(wrong))} of {right.size} items have it outside."
        )
    return np.asarray(answers), right


def _outside(right: Ints, n: int) -> NDArray[np.bool_]:
    if right.size and right.min() >= 0 and right.max() <= n:
        return np.zeros((), dtype=bool)
    return np.asarray((right < 0) | (right > n))


def _whole(counts: ArrayLike, name: str) -> Ints:
    array = np.asarray(counts)
    if array.dtype.kind in "iu":
        return array.astype(np.int64, copy=False)
    whole = array.astype(np.float64) if array.dtype.kind in "bf" else np.full(array.shape, np.nan)
    bad = ~(np.isfinite(whole) & (whole == np.floor(whole)))
    if bad.any():
        raise UsageError(
            f"{name} must hold whole numbers, but {int(bad.sum())} of {array.size} are not."
        )
    return whole.astype(np.int64)
