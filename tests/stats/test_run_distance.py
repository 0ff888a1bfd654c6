import time
from itertools import combinations

import numpy as np
import pytest
from scipy import stats as reference

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import total_variation


def by_hand(a, b):
    """Total variation from the definition, item by item."""
    found = []
    for one, other in zip(a, b, strict=True):
        options = set(np.ravel(one)) | set(np.ravel(other))
        found.append(sum(abs(np.mean(one == o) - np.mean(other == o)) for o in options) / 2)
    return np.mean(found)


def test_it_is_half_the_sum_of_differences_of_shares():
    a, b = np.array([[0, 1, 2], [0, 0, 0]]), np.array([[0, 3], [0, 1]])
    # item 1: |1/3 - 1/2| + 1/3 + 1/3 + 1/2, halved; item 2: 1/2 + 1/2, halved
    expected = ((1 / 6 + 1 / 3 + 1 / 3 + 1 / 2) / 2 + 0.5) / 2
    assert total_variation(a, b, rng=0).value == pytest.approx(expected)
    assert by_hand(a, b) == pytest.approx(expected)


def test_the_p_value_is_the_share_of_all_exchanges():
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 3, (12, 3)), rng.integers(0, 3, (12, 4))
    both = np.concatenate([a, b], axis=1)
    drawn, pairs = [], {}
    for i, j in combinations(range(7), 2):
        pairs.setdefault((i < 3, j < 3), []).append(by_hand(both[:, [i]], both[:, [j]]))
    for chosen in combinations(range(7), 3):
        rest = [run for run in range(7) if run not in chosen]
        drawn.append(by_hand(both[:, list(chosen)], both[:, rest]))
    found = total_variation(a, b, rng=0)
    assert found.value == pytest.approx(by_hand(a, b))
    assert found.between == pytest.approx(np.mean(pairs[True, False]))
    within = (np.mean(pairs[True, True]) + np.mean(pairs[False, False])) / 2
    assert found.within == pytest.approx(within)
    assert found.excess == pytest.approx(found.between - within)
    assert found.p_value == pytest.approx(np.mean(np.array(drawn) >= found.value - 1e-9))
    assert found.smallest_p == pytest.approx(1 / 35)
    assert found.method == "permutation of runs, exact"


def test_it_is_scipys_permutation_test():
    rng = np.random.default_rng(1)
    a, b = rng.integers(0, 2, (20, 4)), rng.integers(0, 2, (20, 4))
    runs = [[a[:, i] for i in range(4)], [b[:, i] for i in range(4)]]

    def distance(x, y):
        shares = [np.mean([every[int(i)] for i in side], axis=0) for side in (x, y)]
        return np.abs(shares[0] - shares[1]).mean()

    every = [*runs[0], *runs[1]]
    theirs = reference.permutation_test(
        (np.arange(4), np.arange(4, 8)), distance, vectorized=False, alternative="greater",
        n_resamples=np.inf,
    )  # fmt: skip
    ours = total_variation(a, b, rng=0)
    assert ours.value == pytest.approx(theirs.statistic)
    assert ours.p_value == pytest.approx(theirs.pvalue)


def test_two_recipes_with_one_mean_that_fail_on_other_items_are_told_apart():
    rng = np.random.default_rng(2)
    hard = np.arange(60) < 30
    a = (rng.random((60, 5)) < np.where(hard, 0.2, 0.8)[:, None]) * 1.0
    b = (rng.random((60, 5)) < np.where(hard, 0.8, 0.2)[:, None]) * 1.0
    assert abs(a.mean() - b.mean()) < 0.05
    found = total_variation(a, b, rng=0)
    assert found.p_value == pytest.approx(2 / 252)
    assert found.p_value == pytest.approx(found.smallest_p)
    assert found.excess > 0.2


def test_the_smallest_p_value_is_what_so_few_runs_can_give():
    for seeds, smallest in ((2, 1 / 3), (3, 0.1), (5, 2 / 252)):
        a, b = np.zeros((4, seeds)), np.ones((4, seeds))
        found = total_variation(a, b, rng=0)
        assert (found.value, found.p_value) == (1, pytest.approx(smallest))
        assert found.smallest_p == pytest.approx(smallest)


def test_runs_that_never_differ_are_at_no_distance():
    found = total_variation(np.ones((5, 3)), np.ones((5, 3)), rng=0)
    assert (found.value, found.excess, found.p_value) == (0, 0, 1)


@pytest.mark.parametrize("seeds", [2, 3, 5])
@pytest.mark.parametrize("other", [0, 30, 100])
def test_runs_without_luck_are_as_far_apart_as_their_recipes(seeds, other):
    a, b = np.zeros((100, seeds)), np.zeros((100, seeds))
    b[:other] = 1
    found = total_variation(a, b, rng=0)
    assert (found.within, found.excess) == (0, pytest.approx(other / 100))


def test_the_excess_is_unbiased_where_recipes_differ_and_where_not():
    rng = np.random.default_rng(8)
    chances = rng.dirichlet(np.ones(4), (2, 30))

    def drawn(law, seeds):
        return (rng.random((30, seeds, 1)) > law.cumsum(axis=1)[:, None]).sum(axis=2)

    for a, b in ((0, 0), (0, 1)):
        # items are independent here: half the squared distance of the chances
        true = ((chances[a] - chances[b]) ** 2).sum(axis=1).mean() / 2
        found = [
            total_variation(drawn(chances[a], 2), drawn(chances[b], 3), rng=0).excess
            for _ in range(600)
        ]
        assert np.mean(found) == pytest.approx(true, abs=4 * np.std(found) / np.sqrt(600))


def test_scores_that_are_all_different_say_nothing():
    rng = np.random.default_rng(3)
    found = total_variation(rng.random((6, 3)), rng.random((6, 3)), rng=0)
    assert found.value == 1
    assert np.isnan(found.p_value)
    assert found.method == (
        "undefined: no outcome occurs twice in an item (permutation of runs, exact)"
    )


def test_several_answers_of_a_run_are_exchanged_together():
    rng = np.random.default_rng(4)
    a, b = rng.integers(0, 2, (8, 3, 5)), rng.integers(0, 2, (8, 3, 5))
    found = total_variation(a, b, rng=0)
    assert found.value == pytest.approx(by_hand(a, b))
    assert found.runs == 6


def test_draws_are_those_of_the_rng_and_near_the_exact_answer():
    rng = np.random.default_rng(5)
    a, b = rng.integers(0, 2, (30, 6)), rng.integers(0, 2, (30, 6))
    exact = total_variation(a, b, rng=0, n_resamples=1000)
    drawn = [total_variation(a, b, rng=r, n_resamples=800) for r in (1, 1, 2)]
    assert exact.method == "permutation of runs, exact"
    assert drawn[0].method == "permutation of runs, 800 draws"
    assert drawn[0] == drawn[1]
    assert drawn[0].p_value != drawn[2].p_value
    assert drawn[0].p_value == pytest.approx(exact.p_value, abs=0.06)


def test_runs_of_one_recipe_are_told_apart_no_more_often_than_promised():
    rng = np.random.default_rng(6)
    hits = 0
    for _ in range(400):
        # what a run does to all its answers must not be taken for what a recipe does
        x = rng.random((40, 8)) < 0.5 + 0.3 * rng.standard_normal(8)
        hits += total_variation(x[:, :4], x[:, 4:], rng=0).p_value <= 0.05
    assert hits / 400 <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 400)


def test_ten_thousand_items_take_a_moment():
    rng = np.random.default_rng(7)
    a, b = rng.integers(0, 4, (10_000, 5)), rng.integers(0, 4, (10_000, 5))
    start = time.process_time()
    total_variation(a, b, rng=0)
    assert time.process_time() - start < 3
    assert total_variation(a[:1], b[:1], rng=0).items == 1


@pytest.mark.parametrize(
    ("a", "b", "error", "message"),
    [
        ([[1, 2]], [[1]], NotEnoughDataError,
         "a permutation of runs needs at least 2 runs, but has 1."),
        ([[1, 2]], [[1, 2], [1, 2]], UsageError,
         "a and b need the same items and answers, but have shapes (1, 2, 1) and (2, 2, 1)."),
        ([1, 2], [1, 2], UsageError,
         "a needs 2 axes (item, run), or 3 with answers, but has 1."),
        ([[1, np.nan]], [[1, 2]], UsageError, "a needs finite numbers, but 1 of 2 are not."),
        (np.empty((0, 2)), np.empty((0, 2)), NotEnoughDataError,
         "a total variation needs at least 1 items, but has 0."),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_said(a, b, error, message):
    with pytest.raises(error) as raised:
        total_variation(a, b, rng=0)
    assert str(raised.value) == message


def test_no_resample_is_refused():
    with pytest.raises(UsageError, match=r"^n_resamples must be at least 1, but is 0\.$"):
        total_variation([[1, 2]], [[1, 2]], rng=0, n_resamples=0)
