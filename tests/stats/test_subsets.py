"""Choosing items: shares add up, sizes hold, draws are by lot."""

from itertools import combinations

import numpy as np
import pytest

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats.anchors import anchor_subset
from evalvar.stats.subsets import (
    allocate,
    balance_weights,
    difficulty_strata,
    diverse_subset,
    information_subset,
    random_subset,
    stratified_subset,
)

X = np.random.default_rng(5).random((60, 7))


def test_v26_balance_weights():
    weights = balance_weights(["a"] * 2 + ["b"] * 8)
    assert weights.tolist() == [2.5, 2.5, *[0.625] * 8]
    assert weights.mean() == 1


@pytest.mark.parametrize("size", [1, 7, 60])
def test_every_choice_has_its_size_and_whole_weight(size):
    strata = difficulty_strata(X[:, 0], min(5, size))
    shares = np.arange(1.0, 61)
    for chosen in (
        random_subset(60, size, rng=1),
        random_subset(60, size, rng=1, shares=shares),
        stratified_subset(strata, size, rng=1),
        stratified_subset(strata, size, rng=1, shares=shares),
        anchor_subset(X, size, rng=1),
        anchor_subset(X, size, rng=1, shares=shares),
        information_subset(X[:, 0], X[:, 1], [0.0, 1.0], size),
        diverse_subset(X, size, rng=1, shares=shares),
    ):
        assert chosen.items.size == size == np.unique(chosen.items).size
        assert chosen.weights.sum() == pytest.approx(1)
        assert (chosen.weights > 0).all()
        assert (np.diff(chosen.items) > 0).all()


@pytest.mark.parametrize("choose", [anchor_subset, diverse_subset])
def test_all_items_stand_for_themselves(choose):
    chosen = choose(X, 60, rng=0)
    np.testing.assert_allclose(chosen.weights, 1 / 60, rtol=1e-12)


@pytest.mark.parametrize("choose", [anchor_subset, diverse_subset])
@pytest.mark.parametrize("vectors", [np.zeros((30, 3)), np.repeat(np.eye(3), 10, axis=0)])
def test_items_that_are_alike_are_told_apart_by_lot(choose, vectors):
    chosen = choose(vectors, 12, rng=3)
    assert np.unique(chosen.items).size == 12
    assert chosen.weights.sum() == pytest.approx(1)


def test_the_same_rng_chooses_the_same():
    for choose in (anchor_subset, diverse_subset):
        first, again = choose(X, 9, rng=4), choose(X, 9, rng=4)
        assert first.items.tobytes() == again.items.tobytes()
        assert first.weights.tobytes() == again.weights.tobytes()


def test_anchors_find_clusters_that_lie_apart():
    rng = np.random.default_rng(0)
    centres = np.array([[0.0, 0.0], [5.0, 5.0], [-5.0, 5.0]])
    sizes = [50, 30, 20]
    points = np.vstack(
        [c + 0.1 * rng.standard_normal((n, 2)) for c, n in zip(centres, sizes, strict=True)]
    )
    chosen = anchor_subset(points, 3, rng=1)
    assert sorted(chosen.weights.round(12)) == [0.2, 0.3, 0.5]
    # the one nearest to the mean of its cluster
    for item in chosen.items:
        own = np.searchsorted(np.cumsum(sizes), item, side="right")
        start = sum(sizes[:own])
        cluster = points[start : start + sizes[own]]
        away = ((cluster - cluster.mean(axis=0)) ** 2).sum(axis=1)
        assert item - start == away.argmin()


def test_anchors_agree_with_scipy_where_clusters_are_plain():
    vq = pytest.importorskip("scipy.cluster.vq")
    rng = np.random.default_rng(2)
    points = np.vstack([c + 0.05 * rng.standard_normal((25, 3)) for c in 4 * np.eye(3)])
    centres, _ = vq.kmeans2(points, 4 * np.eye(3), minit="matrix")
    nearest = ((points[:, None] - centres) ** 2).sum(axis=2).argmin(axis=0)
    assert anchor_subset(points, 3, rng=0).items.tolist() == sorted(nearest.tolist())


def test_diverse_takes_the_farthest_each_time():
    points = np.array([[0.0], [1.0], [4.0], [10.0]])
    # by hand, from each start: the other end, then what is farthest from both
    paths = {0: {0, 3, 2}, 1: {1, 3, 2}, 2: {2, 3, 0}, 3: {3, 0, 2}}
    chosen = {frozenset(diverse_subset(points, 3, rng=seed).items.tolist()) for seed in range(20)}
    assert chosen <= {frozenset(path) for path in paths.values()}
    assert len(chosen) == 2


def test_information_is_fishers():
    rng = np.random.default_rng(1)
    a, b, theta = rng.lognormal(size=20), rng.normal(size=20), rng.normal(size=9)
    p = 1 / (1 + np.exp(-(np.outer(theta, a) - b)))
    best = np.argsort(-(a**2 * (p * (1 - p)).mean(axis=0)))[:5]
    chosen = information_subset(a, b, [*theta, np.inf, np.nan], 5)
    assert chosen.items.tolist() == sorted(best.tolist())


def test_allocation_in_proportion_and_by_neyman():
    assert allocate([50, 30, 20], 10).tolist() == [5, 3, 2]
    assert allocate([50, 30, 20], 10, spreads=[1, 1, 1]).tolist() == [5, 3, 2]
    # 50 x 0.1 : 30 x 0.5 : 20 x 0.5 = 5 : 15 : 10
    assert allocate([50, 30, 20], 12, spreads=[0.1, 0.5, 0.5]).tolist() == [2, 6, 4]
    # nobody gets less than one, or more than there is
    assert allocate([100, 2, 2], 50, spreads=[0.0, 1.0, 1.0]).tolist() == [46, 2, 2]
    assert allocate([1000, 1, 1], 3).tolist() == [1, 1, 1]


@pytest.mark.parametrize("seed", range(20))
def test_allocation_adds_up_within_its_bounds(seed):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 40, rng.integers(1, 12))
    for size in {sizes.size, int(sizes.sum()), int((sizes.size + sizes.sum()) // 2)}:
        for spreads in (None, rng.random(sizes.size), np.zeros(sizes.size)):
            given = allocate(sizes, size, spreads=spreads)
            assert given.sum() == size
            assert (given >= 1).all()
            assert (given <= sizes).all()


def test_stratified_means_are_unbiased():
    # all samples of 1 of {0, 1} and 2 of {2, 3, 4}: the mean of the weighted means is the mean
    y = np.array([0.0, 1.0, 3.0, 4.0, 8.0])
    found = []
    for first in (0, 1):
        for pair in combinations((2, 3, 4), 2):
            found.append(0.4 * y[first] + 0.6 * y[list(pair)].mean())
    assert np.mean(found) == pytest.approx(y.mean())
    seen = set()
    for seed in range(60):
        chosen = stratified_subset([0, 0, 1, 1, 1], 3, rng=seed)
        seen.add(tuple(chosen.items.tolist()))
        assert (y[chosen.items] @ chosen.weights).round(9) in np.round(found, 9)
    assert len(seen) == 6


def test_random_subsets_are_all_alike_likely():
    counts = np.zeros(6)
    rng = np.random.default_rng(0)
    for _ in range(3000):
        counts[random_subset(6, 2, rng=rng).items] += 1
    assert np.abs(counts / 3000 - 1 / 3).max() < 4 * np.sqrt(2 / 9 / 3000)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: random_subset(5, 6, rng=0),
            NotEnoughDataError,
            "a subset of 6 items needs at least as many, but there are 5.",
        ),
        (
            lambda: anchor_subset(X, 0, rng=0),
            UsageError,
            "a subset needs at least 1 item, but 0 are asked for.",
        ),
        (
            lambda: stratified_subset([0, 1, 2], 2, rng=0),
            NotEnoughDataError,
            "one item of each of 3 strata needs at least 3 items, but 2 are asked for.",
        ),
        (
            lambda: information_subset([1.0], [0.0], [np.inf], 1),
            NotEnoughDataError,
            "information needs at least 1 bounded ability, but has 0.",
        ),
        (
            lambda: difficulty_strata([0.1, 0.2], 0),
            UsageError,
            "count of layers must be at least 1, but is 0.",
        ),
        (
            lambda: diverse_subset([[np.nan]], 1, rng=0),
            UsageError,
            "vectors needs finite numbers, but 1 of 1 are not. Leave them out.",
        ),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == message
