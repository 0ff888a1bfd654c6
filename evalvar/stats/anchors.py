"""Anchor points: one item for each cluster of items that behave alike."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalvar.stats.arguments import Floats, finite
from evalvar.stats.subsets import Subset, check_subset_size

_ROUNDS = 25
# Features beyond this many are replaced by the first principal components.
_FEATURES = 24
# Items of one description are told apart by lot: a shift of this share of the spread.
_JITTER = 1e-6


def anchor_subset(
    vectors: ArrayLike,
    size: int,
    *,
    rng: int | np.random.Generator,
    shares: ArrayLike | None = None,
) -> Subset:
    """Take one item of each of as many clusters as items are wanted.

    Parameters
    ----------
    vectors : float array, shape (n_items, n_features)
        What describes an item: its discrimination and intercept, or its scores of training models.
    size : int
        How many items.
    rng : int or Generator
        Where the clusters start.
    shares : float array, shape (n_items,), optional
        Share of every item in the score of the whole; default: equal.

    Returns
    -------
    Subset
        Of each cluster the item nearest to its centre; weight: share of the cluster.

    Notes
    -----
    Source: "tinyBenchmarks: evaluating LLMs with fewer examples" (Polo et al. 2024); k-means by
    Lloyd's rounds from centres spread out by lot (k-means++, Arthur and Vassilvitskii 2007). A
    cluster that runs empty starts again at the item farthest from its centre, so that there are as
    many anchors as asked for. More than 24 features are replaced by the first 24 principal
    components. With as many anchors as items it is all of them with equal weights (tested).

    Examples
    --------
    >>> anchor_subset([[0.0], [0.1], [0.2], [9.0]], 2, rng=0).weights.tolist()
    [0.75, 0.25]
    """
    x = finite(vectors, "vectors", ndim=2)
    check_subset_size(size, len(x))
    draw = np.random.default_rng(rng)
    whole = np.ones(len(x)) if shares is None else finite(shares, "shares")
    x = _few_features(x - x.mean(axis=0))
    x = x + _JITTER * (float(x.std()) or 1.0) * draw.standard_normal(x.shape)
    cluster, centres = _k_means(x, size, draw)
    away = ((x - centres[cluster]) ** 2).sum(axis=1)
    order = np.lexsort((away, cluster))
    _, first = np.unique(cluster[order], return_index=True)
    weights = np.bincount(cluster, weights=whole, minlength=size)
    items = order[first]
    return Subset.of(items, weights[cluster[items]])


def _few_features(x: Floats) -> Floats:
    if x.shape[1] <= _FEATURES:
        return x
    _, vectors = np.linalg.eigh(x.T @ x)
    return np.asarray(x @ vectors[:, -_FEATURES:])


def _k_means(x: Floats, k: int, draw: np.random.Generator) -> tuple[NDArray[np.int64], Floats]:
    squares = (x**2).sum(axis=1)
    centres = x[_spread_out(x, squares, k, draw)]
    cluster = np.full(len(x), -1, dtype=np.int64)
    for _ in range(_ROUNDS):
        distance = (centres**2).sum(axis=1) - 2 * (x @ centres.T)
        new = distance.argmin(axis=1)
        sizes = np.bincount(new, minlength=k)
        empty = np.flatnonzero(sizes == 0)
        if empty.size:
            own = distance[np.arange(len(x)), new] + squares
            own[sizes[new] < 2] = -np.inf  # who is alone stays
            for k_empty in empty:
                far = int(own.argmax())
                sizes[new[far]] -= 1
                own[(new == new[far]) & (sizes[new[far]] < 2)] = -np.inf
                new[far], own[far], sizes[k_empty] = k_empty, -np.inf, 1
        same = bool((new == cluster).all())
        cluster = new
        sums = np.stack([np.bincount(cluster, weights=f, minlength=k) for f in x.T], axis=1)
        centres = sums / sizes[:, None]
        if same:
            break
    return cluster, centres


def _spread_out(x: Floats, squares: Floats, k: int, draw: np.random.Generator) -> NDArray[np.int64]:
    """Pick items to start from, each with a chance like its squared distance from the others."""
    chosen = np.empty(k, dtype=np.int64)
    distance = np.ones(len(x))
    for i in range(k):
        edges = np.cumsum(distance)
        chosen[i] = min(np.searchsorted(edges, draw.random() * edges[-1], "right"), len(x) - 1)
        away = np.maximum(squares + squares[chosen[i]] - 2 * (x @ x[chosen[i]]), 0.0)
        distance = away if i == 0 else np.minimum(distance, away)
        distance[chosen[i]] = 0.0
    return chosen
