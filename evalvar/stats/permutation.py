"""Randomisation tests: sign flips of paired items, exchanged labels of two groups."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import ArrayLike

from evalvar.errors import UsageError
from evalvar.stats.arguments import ROUNDING, Floats, at_least, finite
from evalvar.stats.draws import Rng, all_signs, generator, orders, signs
from evalvar.stats.tries import Ints

# Up to this many patterns of signs or labels, all are looked at instead of drawn.
_PATTERNS = 1 << 14
# Statistics held at once: 8 MiB.
_BUDGET = 1 << 20
# Whole numbers up to this are exact in floats of 32 bits.
_EXACT = 1 << 24


def sign_flip(differences: ArrayLike, *, rng: Rng, n_resamples: int = 9999) -> float:
    """Test that paired differences are as likely to have either sign.

    Parameters
    ----------
    differences : float array, shape (n_items,)
        a - b per item, any unit.
    rng : int, sequence of int or Generator
        Source of the signs; unused where all patterns can be looked at.
    n_resamples : int
        How many sign patterns are drawn where there are more than 2^14.

    Returns
    -------
    float
        Two-sided p-value of mean zero: the share of sign patterns with a sum at least as far from
        zero; exact with up to 14 non-zero differences, else (r + 1)/(n_resamples + 1). 1 when all
        differences are zero.

    Raises
    ------
    NotEnoughDataError
        No difference.

    Notes
    -----
    Fisher's randomisation test: "The Design of Experiments" (1935), section 21.
    Equals the exact `mcnemar` when all differences are -1, 0 or 1 (tested).

    Examples
    --------
    >>> sign_flip([1.0, 2.0, 3.0], rng=0)
    0.25
    """
    d = finite(differences, "differences")
    at_least(d.size, 1, "a sign-flip test", "item")
    source = generator(rng)
    d = d[d != 0]
    seen = abs(float(d.sum())) - 1e-9 * float(np.abs(d).sum())
    if 2**d.size <= _PATTERNS:
        sums = np.zeros(1)
        for value in d:
            sums = np.concatenate([sums + value, sums - value])
        return float((np.abs(sums) >= seen).mean())
    _some(n_resamples)
    as_far = 0
    for drawn in signs(source, n_resamples, d.size):
        as_far += int((np.abs(drawn @ d) >= seen).sum())
    return (as_far + 1) / (n_resamples + 1)


@dataclass(frozen=True, slots=True)
class Permuted:
    """Tests of several hypotheses by the same exchanges.

    Parameters
    ----------
    p_value : float array, shape (n_tests,)
        Two-sided p-value of each test alone.
    adjusted : float array, shape (n_tests,)
        The same for the family: P(any of them is as small, if all hypotheses hold), by the largest
        statistic, each in units of its own standard deviation under the exchanges.
    method : str
        ``sign-flip, exact`` or with the number of draws.
    """

    p_value: Floats
    adjusted: Floats
    method: str


def sign_flip_pairs(
    scores: ArrayLike,
    *,
    rng: Rng,
    n_resamples: int = 9999,
    pairs: Sequence[tuple[int, int]] | None = None,
) -> Permuted:
    """Test all pairs of systems by the same sign flips of their shared items.

    Parameters
    ----------
    scores : float array, shape (n_items, n_systems)
        One row an item, any unit.
    rng : int, sequence of int or Generator
        Source of the signs; unused where all patterns can be looked at.
    n_resamples : int
        How many sign patterns are drawn where there are more than 2^14.
    pairs : sequence of (int, int), optional
        Columns a and b; by default all with a < b, in the order of their names.

    Returns
    -------
    Permuted
        One test a pair. 1 where a pair never differs.

    Raises
    ------
    NotEnoughDataError
        No item, or fewer than two systems.
    UsageError
        A column that is not there, no resample.

    Notes
    -----
    With signs s and scores X the sum of s d over the items is (sX)_a - (sX)_b, for all pairs from
    one product. The largest over the pairs: "Resampling-Based Multiple Testing" (Westfall, Young
    1993), single step. Equals `sign_flip` for one pair (tested).

    Examples
    --------
    >>> sign_flip_pairs([[1, 0, 0], [2, 0, 0], [3, 0, 0]], rng=0).p_value.tolist()
    [0.25, 0.25, 1.0]
    """
    x = finite(scores, "scores", ndim=2)
    at_least(x.shape[1], 2, "a test of pairs", "system")
    at_least(len(x), 1, "a sign-flip test", "item")
    a, b = _columns(pairs, x.shape[1])
    x = x[(x != x[:, :1]).any(axis=1)]
    whole = bool((x == np.rint(x)).all()) and float(np.abs(x).sum(axis=0).max(initial=0)) < _EXACT
    table = x.astype(np.float32) if whole else x
    exact = 2 ** min(len(x), 60) <= _PATTERNS
    source = generator(rng)
    if exact:
        drawn: Iterable[np.ndarray] = [all_signs(len(x))]
    else:
        _some(n_resamples)
        drawn = signs(source, n_resamples, len(x))
    totals = (np.asarray(part @ table, dtype=np.float64) for part in drawn)
    squares = np.array([((x[:, i] - x[:, j]) ** 2).sum() for i, j in zip(a, b, strict=True)])
    reach = np.array([np.abs(x[:, i] - x[:, j]).sum() for i, j in zip(a, b, strict=True)])
    seen = x.sum(axis=0)
    return _tested(
        totals, lambda t: t[:, a] - t[:, b], seen[a] - seen[b], np.sqrt(squares), reach,
        exact, n_resamples, "sign-flip",
    )  # fmt: skip


def label_permutation(a: ArrayLike, b: ArrayLike, *, rng: Rng, n_resamples: int = 9999) -> Permuted:
    """Test that two groups of units (seeds of two recipes) have the same law, by their means.

    Parameters
    ----------
    a, b : float array, shape (n_units,) or (n_units, n_tasks)
        Scores of the units of either group; a unit keeps its tasks.
    rng : int, sequence of int or Generator
        Source of the labels; unused where all ways to deal them can be looked at.
    n_resamples : int
        How many ways are drawn where there are more than 2^14.

    Returns
    -------
    Permuted
        One test a task, of the difference of the means.

    Raises
    ------
    NotEnoughDataError
        A group without a unit.
    UsageError
        Different numbers of tasks, no resample.

    Notes
    -----
    "The Design of Experiments" (Fisher 1935), section 21; over tasks as for `sign_flip_pairs`.
    Equals `scipy.stats.permutation_test` (tested).

    Examples
    --------
    >>> label_permutation([1.0, 2.0], [3.0, 4.0], rng=0).p_value.round(6).tolist()
    [0.333333]
    """
    one, other = (_tasks(group, name) for group, name in ((a, "a"), (b, "b")))
    if one.shape[1] != other.shape[1]:
        raise UsageError(
            f"a and b need the same number of tasks, but have {one.shape[1]} and {other.shape[1]}."
        )
    x = np.concatenate([one, other])
    n, count = len(x), len(one)
    x = x - x.mean(axis=0)
    exact = comb(n, count) <= _PATTERNS
    source = generator(rng)
    if exact:
        chosen: Iterable[Ints] = [np.array(list(combinations(range(n), count)))]
    else:
        _some(n_resamples)
        chosen = (order[:, :count] for order in orders(source, n_resamples, n))
    totals = (x[items].sum(axis=1) for items in _split(chosen, count * x.shape[1]))
    scale = np.sqrt((x**2).sum(axis=0))
    reach = np.abs(x).sum(axis=0)
    return _tested(
        totals, lambda t: t, x[:count].sum(axis=0), scale, reach, exact, n_resamples,
        "label permutation",
    )  # fmt: skip


def _tested(
    totals: Iterable[Floats], of_tests: Callable[[Floats], Floats], seen: Floats, scale: Floats,
    reach: Floats, exact: bool, n_resamples: int, name: str,
) -> Permuted:  # fmt: skip
    """Count the exchanges that lie as far out as what was seen, for each test and for any."""
    # what is equal but for rounding is as far out
    bound = np.abs(seen) - 1e-9 * reach
    moving = scale > ROUNDING * np.maximum(reach, np.finfo(float).tiny)
    unit = np.where(moving, scale, np.inf)
    far, any_far, looked_at = np.zeros(seen.size), np.zeros(seen.size), 0
    for block in totals:
        step = max(1, _BUDGET // max(1, seen.size))
        for start in range(0, len(block), step):
            distance = np.abs(of_tests(block[start : start + step]))
            far += (distance >= bound).sum(axis=0)
            largest = np.sort((distance / unit).max(axis=1, initial=0.0))
            any_far += largest.size - np.searchsorted(largest, bound / unit)
            looked_at += len(distance)
    extra = 0 if exact else 1
    p, adjusted = ((hits + extra) / (looked_at + extra) for hits in (far, any_far))
    method = f"{name}, {'exact' if exact else f'{n_resamples} draws'}"
    return Permuted(np.where(moving, p, 1.0), np.where(moving, adjusted, 1.0), method)


def _columns(pairs: Sequence[tuple[int, int]] | None, systems: int) -> tuple[Ints, Ints]:
    if pairs is None:
        a, b = np.triu_indices(systems, 1)
        return a.astype(np.int64), b.astype(np.int64)
    chosen = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    if ((chosen < 0) | (chosen >= systems)).any():
        raise UsageError(f"pairs must name columns 0..{systems - 1}, but are {pairs!r}.")
    return chosen[:, 0], chosen[:, 1]


def _tasks(group: ArrayLike, name: str) -> Floats:
    x = finite(group, name, ndim=max(1, min(2, np.ndim(group))))
    at_least(len(x), 1, f"a permutation of labels, group {name},", "unit")
    return x[:, None] if x.ndim == 1 else x


def _split(chosen: Iterable[Ints], width: int) -> Iterator[Ints]:
    step = max(1, _BUDGET // max(1, width))
    for block in chosen:
        for start in range(0, len(block), step):
            yield block[start : start + step]


def _some(n_resamples: int) -> None:
    if n_resamples < 1:
        raise UsageError(f"n_resamples must be at least 1, but is {n_resamples}.")
