"""Every pair of many systems that answered the same items."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from evalvar.errors import UsageError
from evalvar.stats.arguments import ROUNDING, Floats, at_least, finite, same_size
from evalvar.stats.sparse import SparseT, sparse_t_counts, sparse_t_many

_BLOCK = 1 << 19  # differences held at a time: 4 MB of doubles
_EXACT_IN_SINGLE = 1 << 24  # single floats count one by one up to here


@dataclass(frozen=True, slots=True)
class Pairs:
    """All P = M(M - 1)/2 pairs of M systems, (0, 1), (0, 2) ... (M - 2, M - 1).

    Parameters
    ----------
    ends : int array, shape (P, 2)
        The two systems of each pair.
    difference, se, correlation : float array, shape (P,)
        Mean of first - second, its standard error (ddof 1), correlation of their scores over items
        (NaN where one of them does not vary).
    covariance : float array, shape (M, M)
        Covariance of the M means.
    first_only, second_only : int array, shape (P,), or None
        Items that only the one and only the other has right; None unless all scores are 0 or 1.
    """

    ends: NDArray[np.intp]
    difference: Floats
    se: Floats
    correlation: Floats
    covariance: Floats
    first_only: NDArray[np.int64] | None
    second_only: NDArray[np.int64] | None


def all_pairs(scores: ArrayLike) -> Pairs:
    """Compare every pair of systems by one product of matrices.

    Parameters
    ----------
    scores : float array, shape (n_items, n_systems)
        Score of every item by every system, any unit.

    Returns
    -------
    Pairs

    Raises
    ------
    NotEnoughDataError
        Fewer than two items.

    Notes
    -----
    With the covariance C of the scores (ddof 1), se^2 = (C_ii + C_jj - 2 C_ij) / n. Scores are
    centred first, except those of 0 and 1, whose products are counts and exact as they are.
    Equals `paired_t` in difference and standard error, numpy's `corrcoef` (tested).

    Examples
    --------
    >>> pairs = all_pairs([[1, 0, 1], [1, 1, 0], [0, 0, 1], [1, 0, 0]])
    >>> pairs.ends.tolist(), pairs.first_only.tolist()
    ([[0, 1], [0, 2], [1, 2]], [2, 2, 1])
    """
    x, binary = _table(scores)
    n, systems = x.shape
    at_least(n, 2, "a comparison of pairs", "item")
    first, second = np.triu_indices(systems, 1)
    if binary:
        both = _counts(x)
        mean = np.diag(both) / n
        products = both - n * np.outer(mean, mean)
    else:
        mean = x.mean(axis=0)
        centred = x - mean
        products = centred.T @ centred
    own = np.diag(products)
    squares = own[first] + own[second] - 2 * products[first, second]
    squares = np.where(squares > ROUNDING * (own[first] + own[second]), squares, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = products[first, second] / np.sqrt(own[first] * own[second])
    first_only = second_only = None
    if binary:
        shared, right = both[first, second], np.diag(both)
        first_only = (right[first] - shared).astype(np.int64)
        second_only = (right[second] - shared).astype(np.int64)
    return Pairs(
        np.stack([first, second], axis=1), mean[first] - mean[second],
        np.sqrt(squares / (n - 1) / n), correlation, products / (n - 1) / n,
        first_only, second_only,
    )  # fmt: skip


def mcnemar_many(first_only: ArrayLike, second_only: ArrayLike) -> Floats:
    """Give the exact `mcnemar` of many pairs.

    Parameters
    ----------
    first_only, second_only : int array, shape (P,)
        Items that only the one and only the other has right.

    Returns
    -------
    float array, shape (P,)
        Two-sided p-values; 1 where no item differs.

    Raises
    ------
    UsageError
        Counts that are not whole numbers from 0, or of different shapes.

    Notes
    -----
    Equals `mcnemar` and statsmodels' (tested).

    Examples
    --------
    >>> mcnemar_many([1, 0], [8, 0]).round(6).tolist()
    [0.039062, 1.0]
    """
    a, b = np.asarray(first_only, dtype=np.float64), np.asarray(second_only, dtype=np.float64)
    same_size(a, b, "first_only and second_only")
    bad = int(((a < 0) | (b < 0) | (a % 1 != 0) | (b % 1 != 0)).sum())
    if bad:
        raise UsageError(f"counts must be whole numbers from 0, but {bad} of {a.size} are not.")
    fewer, total = np.minimum(a, b), a + b
    # the binomial tail at a half as an incomplete beta: quicker than bdtr, and for any size
    tail = special.betainc(np.maximum(total - fewer, 0.5), fewer + 1, 0.5)
    return np.where(total > 0, np.minimum(2 * tail, 1.0), 1.0)


def sparse_t_pairs(
    scores: ArrayLike,
    *,
    low: float | None = None,
    high: float | None = None,
    level: float = 0.95,
    ends: ArrayLike | None = None,
    uneven: bool = False,
) -> SparseT:
    """Give `sparse_t` of every pair of systems.

    Parameters
    ----------
    scores : float array, shape (n_items, n_systems)
        Score of every item by every system, any unit.
    low, high : float, optional
        Smallest and largest possible difference (-1 and 1 for scores of 0..1); None if unknown.
    level : float in (0, 1)
        Nominal coverage of each interval by itself; see `max_t` for all of them.
    ends : int array, shape (P, 2), optional
        Which pairs, in which order; all of them in the order of `Pairs` if None.
    uneven : bool
        As for `sparse_t`.

    Returns
    -------
    SparseT
        Arrays of shape (P,).

    Raises
    ------
    NotEnoughDataError
        Fewer than two items.
    UsageError
        A difference outside its range.

    Notes
    -----
    Scores of 0 and 1 go through counts, `sparse_t_counts`; others some pairs at a time.
    Equals `sparse_t` of each pair (tested).

    Examples
    --------
    >>> sparse_t_pairs([[1, 0, 1], [1, 1, 0], [0, 0, 1]], low=-1, high=1).value.round(2).tolist()
    [0.33, 0.0, -0.33]
    """
    x, binary = _table(scores)
    n, systems = x.shape
    at_least(n, 2, "a paired interval", "item")
    if ends is None:
        first, second = np.triu_indices(systems, 1)
    else:
        first, second = np.asarray(ends, dtype=np.intp).reshape(-1, 2).T
    if binary and (low, high) == (-1, 1):
        both = _counts(x)
        right, shared = np.diag(both), both[first, second]
        made = sparse_t_counts(n, right[first] - shared, right[second] - shared, level=level)
        return replace(made, uneven=uneven)
    scale = float(np.abs(x).max())
    columns = np.ascontiguousarray(x.T)
    step = max(_BLOCK // n, 1)
    parts = [
        sparse_t_many(
            columns[first[i : i + step]] - columns[second[i : i + step]],
            low=low, high=high, level=level, scale=scale, uneven=uneven,
        )
        for i in range(0, first.size, step)
    ]  # fmt: skip
    value, se, left, right, p = (
        np.concatenate([getattr(part, name) for part in parts]) if parts else np.empty(0)
        for name in ("value", "se", "low", "high", "p_value")
    )
    return SparseT(value, se, left, right, p, uneven)


def _table(scores: ArrayLike) -> tuple[Floats, bool]:
    """Return the scores of items and systems, and whether every one is 0 or 1."""
    x = np.asarray(scores, dtype=np.float64)
    if x.ndim == 2 and bool(((x == 0) | (x == 1)).all()):
        return x, True
    return finite(x, "scores", ndim=2), False


def _counts(right: Floats) -> Floats:
    """Count the items that both of a pair have right."""
    if len(right) > _EXACT_IN_SINGLE:
        return np.asarray(right.T @ right)
    single = right.astype(np.float32)
    return (single.T @ single).astype(np.float64)
