"""Which items stand for all of them: by lot, by strata, by information, far apart."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats.arguments import Floats, finite, same_size

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Subset:
    """Some items of a benchmark, and what each of them stands for.

    Parameters
    ----------
    items : int array, shape (m,)
        Positions of the items, each once, sorted.
    weights : float array, shape (m,)
        Their shares of the whole; they add up to 1.
    """

    items: Ints
    weights: Floats

    @classmethod
    def of(cls, items: ArrayLike, weights: ArrayLike | None = None) -> "Subset":
        """Sort the items with their weights; equal weights where none are given."""
        at = np.asarray(items, dtype=np.int64)
        order = np.argsort(at)
        w = np.ones(at.size) if weights is None else np.asarray(weights, dtype=np.float64)
        return cls(at[order], w[order] / w.sum())


def check_subset_size(size: int, n_items: int) -> None:
    """Refuse a subset without items, or with more than there are."""
    if size < 1:
        raise UsageError(f"a subset needs at least 1 item, but {size} are asked for.")
    if size > n_items:
        raise NotEnoughDataError(
            f"a subset of {size:,} items needs at least as many, but there are {n_items:,}."
        )


def random_subset(
    n_items: int, size: int, *, rng: int | np.random.Generator, shares: ArrayLike | None = None
) -> Subset:
    """Draw items by lot, each with the same chance, none twice.

    Parameters
    ----------
    n_items, size : int
        How many there are, and how many to take.
    rng : int or Generator
        Source of the draws.
    shares : float array, shape (n_items,), optional
        Share of every item in the score of the whole (`balance_weights`); default: equal.

    Returns
    -------
    Subset
        Weights in proportion to the shares.

    Raises
    ------
    NotEnoughDataError
        More items asked than there are.

    Examples
    --------
    >>> random_subset(10, 10, rng=0).items.tolist()
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    """
    check_subset_size(size, n_items)
    items = np.random.default_rng(rng).choice(n_items, size, replace=False)
    return Subset.of(items, None if shares is None else np.asarray(shares)[items])


def balance_weights(groups: ArrayLike) -> Floats:
    """Weigh items so that groups of different size count alike.

    Parameters
    ----------
    groups : array, shape (n_items,)
        Group (sub-task) of every item.

    Returns
    -------
    float array, shape (n_items,)
        N / (number of groups x items of its group); their mean is 1.

    Notes
    -----
    Source: tinyBenchmarks (Polo et al. 2024), which calls a group a sub-scenario.

    Examples
    --------
    >>> balance_weights([0, 0, 1, 1, 1, 1, 1, 1, 1, 1]).tolist()[1:3]
    [2.5, 0.625]
    """
    _, at, sizes = np.unique(np.asarray(groups), return_inverse=True, return_counts=True)
    return np.asarray(at.size / (sizes.size * sizes[at]), dtype=np.float64)


def difficulty_strata(scores: ArrayLike, count: int) -> Ints:
    """Cut items into layers of like difficulty and nearly like number.

    Parameters
    ----------
    scores : float array, shape (n_items,)
        Mean score of every item over training models.
    count : int
        How many layers; fewer where there are fewer items.

    Returns
    -------
    int array, shape (n_items,)
        Layer of every item, hardest first; items of one score may fall into two.

    Examples
    --------
    >>> difficulty_strata([0.9, 0.1, 0.5, 0.2], 2).tolist()
    [1, 0, 1, 0]
    """
    x = finite(scores, "scores")
    if count < 1:
        raise UsageError(f"count of layers must be at least 1, but is {count}.")
    layers = np.empty(x.size, dtype=np.int64)
    layers[np.argsort(x, kind="stable")] = np.arange(x.size) * min(count, x.size) // max(x.size, 1)
    return layers


def allocate(
    sizes: ArrayLike,
    size: int,
    *,
    spreads: ArrayLike | None = None,
) -> Ints:
    """Share out a sample among strata.

    Parameters
    ----------
    sizes : int array, shape (H,)
        Items in each stratum.
    size : int
        Items to take in all.
    spreads : float array, shape (H,), optional
        Standard deviation of the scores within each: Neyman's allocation. Default: proportional.

    Returns
    -------
    int array, shape (H,)
        At least 1 of each stratum and at most all of it; they add up to `size`.

    Raises
    ------
    NotEnoughDataError
        Fewer items asked than there are strata, or more than items.

    Notes
    -----
    Proportional: size x N_h / N; Neyman (1934): size x N_h S_h / sum N_h S_h. Whole numbers by
    largest remainder, after strata that would get less than 1 or more than all are settled.
    Equals the proportional one when all spreads are equal (tested).

    Examples
    --------
    >>> allocate([50, 30, 20], 10).tolist()
    [5, 3, 2]
    """
    n = np.asarray(sizes, dtype=np.float64)
    check_subset_size(size, int(n.sum()))
    if size < n.size:
        raise NotEnoughDataError(
            f"one item of each of {n.size} strata needs at least {n.size} items, but {size} are "
            "asked for."
        )
    pull = n.copy()
    if spreads is not None:
        s = finite(spreads, "spreads")
        same_size(n, s, "sizes and spreads")
        pull = n * s if (n * s).sum() > 0 else pull
    given = np.ones(n.size)
    free = np.ones(n.size, dtype=bool)
    for _ in range(n.size + 1):  # each round settles a stratum, or ends
        left = size - given[~free].sum()
        wanted = left * pull / max(pull[free].sum(), 1e-300)
        over, under = free & (wanted > n), free & (wanted < 1)
        if not (over | under).any():
            given[free] = wanted[free]
            break
        given[over], given[under] = n[over], 1.0
        free &= ~(over if over.any() else under)
    return _whole(given, n, size)


def stratified_subset(
    strata: ArrayLike,
    size: int,
    *,
    rng: int | np.random.Generator,
    spreads: ArrayLike | None = None,
    shares: ArrayLike | None = None,
) -> Subset:
    """Draw by lot within strata, and weigh by what each stratum is of the whole.

    Parameters
    ----------
    strata : int array, shape (n_items,)
        Stratum of every item.
    size : int
        Items to take in all, at least one a stratum.
    rng : int or Generator
        Source of the draws.
    spreads : float array, shape (H,), optional
        As for `allocate`, strata in sorted order.
    shares : float array, shape (n_items,), optional
        As for `random_subset`.

    Returns
    -------
    Subset
        Weight of an item: share of its stratum over the items drawn of it (inverse probability).

    Examples
    --------
    >>> stratified_subset([0, 0, 0, 1], 2, rng=0).weights.tolist()
    [0.75, 0.25]
    """
    _, at, counts = np.unique(np.asarray(strata), return_inverse=True, return_counts=True)
    whole = np.ones(at.size) if shares is None else finite(shares, "shares")
    parts = np.bincount(at, weights=whole)
    taken = allocate(counts, size, spreads=spreads)
    # A random order, then the first of each stratum.
    order = np.random.default_rng(rng).permutation(at.size)
    order = order[np.argsort(at[order], kind="stable")]
    place = np.arange(at.size) - (np.cumsum(counts) - counts)[at[order]]
    items = order[place < taken[at[order]]]
    within = np.bincount(at[items], weights=whole[items], minlength=counts.size)
    return Subset.of(items, whole[items] * (parts / within)[at[items]])


def information_subset(
    discrimination: ArrayLike, intercept: ArrayLike, abilities: ArrayLike, size: int
) -> Subset:
    """Take the items that tell most about abilities like those of the training models.

    Parameters
    ----------
    discrimination, intercept : float array, shape (n_items,)
        Of a two-parameter logistic model, P = sigmoid(a theta - b).
    abilities : float array, shape (n_models,)
        Of the training models; unbounded ones are left out.
    size : int
        How many items.

    Returns
    -------
    Subset
        Of equal weights: what these items say of the whole goes through the model (`p_irt`), as
        they are not like the others.

    Notes
    -----
    Fisher information a^2 P (1 - P), averaged over the abilities.

    Examples
    --------
    >>> information_subset([1.0, 2.0, 0.1], [0.0, 0.0, 0.0], [0.0], 1).items.tolist()
    [1]
    """
    a, b = finite(discrimination, "discrimination"), finite(intercept, "intercept")
    same_size(a, b, "discrimination and intercept")
    check_subset_size(size, a.size)
    theta = np.asarray(abilities, dtype=np.float64)
    theta = theta[np.isfinite(theta)]
    if not theta.size:
        raise NotEnoughDataError("information needs at least 1 bounded ability, but has 0.")
    p = special.expit(theta[:, None] * a - b)
    information = a**2 * (p * (1 - p)).mean(axis=0)
    return Subset.of(np.argsort(-information, kind="stable")[:size])


def diverse_subset(
    vectors: ArrayLike,
    size: int,
    *,
    rng: int | np.random.Generator,
    shares: ArrayLike | None = None,
) -> Subset:
    """Take items that lie as far apart as can be.

    Parameters
    ----------
    vectors : float array, shape (n_items, n_features)
        What describes an item, such as its scores of training models.
    size : int
        How many items.
    rng : int or Generator
        Picks the first one, and between equals.
    shares : float array, shape (n_items,), optional
        As for `random_subset`.

    Returns
    -------
    Subset
        Weight of an item: share of the items to which it is the nearest.

    Notes
    -----
    Each next item is the one farthest from those taken: "Clustering to minimize the maximum
    intercluster distance" (Gonzalez 1985). Once all differences are covered, by lot.

    Examples
    --------
    >>> diverse_subset([[0.0], [0.1], [0.9], [1.0]], 2, rng=1).weights.tolist()
    [0.5, 0.5]
    """
    x = finite(vectors, "vectors", ndim=2)
    check_subset_size(size, len(x))
    draw = np.random.default_rng(rng)
    whole = np.ones(len(x)) if shares is None else finite(shares, "shares")
    lot, squares = draw.random(len(x)), (x**2).sum(axis=1)
    nearest, distance = np.zeros(len(x), dtype=np.int64), np.full(len(x), np.inf)
    items = np.empty(size, dtype=np.int64)
    for k in range(size):
        best = np.flatnonzero(distance == distance.max())
        items[k] = best[np.argmax(lot[best])]
        away = np.maximum(squares + squares[items[k]] - 2 * (x @ x[items[k]]), 0.0)
        away[away <= 1e-9 * (1 + squares)] = 0.0
        closer = away < distance
        nearest[closer], distance[closer] = k, away[closer]
        distance[items[k]] = -1.0  # never again, although all others may lie at 0 too
        nearest[items[k]] = k
    return Subset.of(items, np.bincount(nearest, weights=whole, minlength=size))


def _whole(wanted: Floats, most: Floats, size: int) -> Ints:
    """Round to whole numbers from 1 to the most, with the sum kept, by largest remainder."""
    given = np.clip(np.floor(wanted + 1e-9), 1, most)
    while (short := int(size - given.sum())) != 0:
        rest = wanted - given
        room = given < most if short > 0 else given > 1
        order = np.argsort(np.where(room, -rest if short > 0 else rest, np.inf), kind="stable")
        some = order[: min(abs(short), int(room.sum()))]
        given[some] += np.sign(short)
    return given.astype(np.int64)
