"""Do rank sets hold the true ranks, and do the shares add up?"""

from itertools import combinations

import numpy as np
import pytest
from scipy import stats as scipy_stats

from evalvar.errors import UsageError
from evalvar.stats import (
    all_pairs,
    max_t,
    midranks,
    order_chance,
    rank_distribution,
    rank_sets,
    rank_shares,
    sparse_t_pairs,
    tie_runs,
)


def table(systems, better):
    made = np.zeros((systems, systems), dtype=int)
    for i, j in better:
        made[i, j], made[j, i] = 1, -1
    return made


def test_rank_sets_by_hand():
    # 0 beats 2 and 3, 1 beats 3; 0 and 1, 1 and 2, 2 and 3 are tied
    lowest, highest = rank_sets(table(4, [(0, 2), (0, 3), (1, 3)]))
    assert lowest.tolist() == [1, 1, 2, 3]
    assert highest.tolist() == [2, 3, 4, 4]


def test_rank_sets_are_plain_ranks_when_all_are_told_apart_and_everything_when_none_is():
    scores = np.array([0.3, 0.9, 0.1, 0.5])
    lowest, highest = rank_sets(np.sign(scores[:, None] - scores[None]))
    np.testing.assert_array_equal(lowest, scipy_stats.rankdata(-scores))
    np.testing.assert_array_equal(highest, lowest)
    lowest, highest = rank_sets(table(4, []))
    assert (lowest.tolist(), highest.tolist()) == ([1] * 4, [4] * 4)


@pytest.mark.parametrize("equal", [2, 6])
def test_rank_sets_hold_the_true_ranks_together(equal):
    """Six systems of which the first few are equally good, 60 items, right or wrong."""
    rng, systems, n, trials = np.random.default_rng(equal), 6, 60, 400
    easy = np.linspace(1.2, -0.5, systems)
    easy[:equal] = easy[0]
    truth = scipy_stats.rankdata(-easy, method="min"), scipy_stats.rankdata(-easy, method="max")
    missed = 0
    for trial in range(trials):
        ease = rng.normal(size=(n, 1))
        x = (ease + rng.normal(size=(n, systems)) < easy).astype(float)
        pairs = all_pairs(x)
        p = sparse_t_pairs(x, low=-1, high=1).p_value
        adjusted, _ = max_t(p, pairs.covariance, pairs.ends, rng=trial, n_draws=999)
        called = np.where(adjusted <= 0.05, np.sign(pairs.difference), 0).astype(int)
        verdicts = np.zeros((systems, systems), dtype=int)
        verdicts[tuple(pairs.ends.T)] = called
        lowest, highest = rank_sets(verdicts - verdicts.T)
        missed += bool(((lowest > truth[0]) | (highest < truth[1])).any())
    assert missed / trials < 0.05 + 3 * np.sqrt(0.05 * 0.95 / trials)


def test_tie_runs_by_hand():
    verdicts = table(5, [(0, 2), (0, 3), (0, 4), (1, 3), (1, 4), (2, 4), (3, 4)])
    assert tie_runs([0, 1, 2, 3, 4], verdicts) == [(0, 2), (1, 3), (2, 4)]
    assert tie_runs([0, 1, 2], table(3, [])) == [(0, 3)]
    assert tie_runs([2, 0, 1], table(3, list(combinations([2, 0, 1], 2)))) == []
    # 0 and 2 are tied, though 1 between them is worse than 0: no stretch may hold both
    assert tie_runs([0, 1, 2], table(3, [(0, 1)])) == [(1, 3)]
    assert tie_runs([0], table(1, [])) == []


def test_tie_runs_are_the_maximal_stretches_without_a_difference():
    rng = np.random.default_rng(0)
    for _ in range(200):
        m = int(rng.integers(1, 8))
        verdicts = table(m, [pair for pair in combinations(range(m), 2) if rng.random() < 0.35])
        tied = [
            (i, j) for i in range(m) for j in range(i + 2, m + 1) if not verdicts[i:j, i:j].any()
        ]
        widest = [
            (i, j) for i, j in tied
            if not any((a <= i and j <= b) and (a, b) != (i, j) for a, b in tied)
        ]  # fmt: skip
        assert tie_runs(np.arange(m), verdicts) == widest


def test_rank_distribution_by_hand():
    shares = rank_distribution([[3.0, 2.0, 1.0], [1.0, 1.0, 1.0], [0.0, 5.0, 5.0]])
    third = 1 / 3
    expected = np.array([[1 + third, third, third + 1], [third + 0.5, 1 + third + 0.5, third],
                         [third + 0.5, third + 0.5, 1 + third]]) / 3  # fmt: skip
    np.testing.assert_allclose(shares, expected)


def test_rank_distribution_rows_and_columns_add_up_and_the_mean_is_the_midrank():
    draws = np.random.default_rng(0).integers(0, 4, (500, 6)).astype(float)
    shares = rank_distribution(draws)
    np.testing.assert_allclose(shares.sum(axis=0), 1)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    midrank = scipy_stats.rankdata(-draws, axis=1).mean(axis=0)
    np.testing.assert_allclose(shares @ np.arange(1, 7), midrank)


def test_the_chance_of_the_order_is_that_of_a_normal_with_a_flat_prior():
    d, se = np.array([0.4, -1.0, 0.0]), 0.5
    p = 2 * scipy_stats.norm.sf(np.abs(d) / se)
    np.testing.assert_allclose(order_chance(d, p), scipy_stats.norm.cdf(np.abs(d) / se))
    assert order_chance([0.0], [0.7]).tolist() == [0.5]
    assert np.isnan(order_chance([0.1], [np.nan])).all()


def test_midranks_equal_scipys_and_see_through_rounding():
    x = np.random.default_rng(0).integers(0, 5, 12) / 10
    np.testing.assert_array_equal(midranks(x), scipy_stats.rankdata(-x))
    assert midranks([0.3 - 0.1, 0.2, 0.5]).tolist() == [2.5, 2.5, 1.0]


def test_rank_shares_of_two_normals_and_of_twins():
    shares = rank_shares([0.0, 1.0], np.diag([1.0, 3.0]), rng=0, n_draws=200_000)
    assert shares[1, 0] == pytest.approx(scipy_stats.norm.cdf(0.5), abs=0.005)
    assert shares.sum(axis=0) == pytest.approx([1, 1])
    x = np.random.default_rng(1).random((50, 3))
    sigma = np.cov(np.hstack([x, x[:, :1]]).T)
    shares = rank_shares([0.5, 0.5, 0.6, 0.5], sigma, rng=2)
    np.testing.assert_array_equal(shares[0], shares[3])
    assert rank_shares([0.1, 0.2], np.zeros((2, 2)), rng=0).tolist() == [[0, 1], [1, 0]]
    assert rank_shares([0.2, 0.2], np.zeros((2, 2)), rng=0).tolist() == [[0.5, 0.5], [0.5, 0.5]]
    again = rank_shares([0.5, 0.5, 0.6, 0.5], sigma, rng=2)
    assert again.tobytes() == shares.tobytes()
    with pytest.raises(UsageError, match=r"shapes \(M,\) and \(M, M\), but have \(2,\) and"):
        rank_shares([0.1, 0.2], np.eye(3), rng=0)


def test_tables_that_contradict_themselves_are_refused():
    with pytest.raises(UsageError) as raised:
        rank_sets([[0, 1], [1, 0]])
    assert str(raised.value) == (
        "verdicts need a square table whose [i, j] is minus its [j, i], shape (2, 2) is not one."
    )
    with pytest.raises(UsageError, match=r"shape \(2, 3\) is not one"):
        rank_sets(np.zeros((2, 3)))
    with pytest.raises(UsageError, match="draws needs finite numbers, but 1 of 2 are not"):
        rank_distribution([[np.nan, 1.0]])
