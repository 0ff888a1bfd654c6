"""Does one product of matrices say what a loop over pairs says?"""

from itertools import combinations

import numpy as np
import pytest
from scipy import stats as scipy_stats
from statsmodels.stats import contingency_tables

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import all_pairs, mcnemar, mcnemar_many, paired_t, sparse_t, sparse_t_pairs


def right_or_wrong(n, systems, seed=0):
    rng = np.random.default_rng(seed)
    ease = rng.normal(size=(n, 1))
    return (ease + rng.normal(size=(n, systems)) < np.linspace(-1, 2, systems)).astype(float)


def test_three_systems_on_four_items_by_hand():
    pairs = all_pairs([[1, 0, 1], [1, 1, 0], [0, 0, 1], [1, 0, 0]])
    assert pairs.ends.tolist() == [[0, 1], [0, 2], [1, 2]]
    assert pairs.difference.tolist() == [0.5, 0.25, -0.25]
    assert pairs.first_only.tolist() == [2, 2, 1]
    assert pairs.second_only.tolist() == [0, 1, 2]
    # differences 1 0 0 1: squares around .5 add to 1; se = sqrt(1 / 3 / 4)
    assert pairs.se[0] == pytest.approx(np.sqrt(1 / 12))
    # systems 0 and 1: products around .75 and .25 add to .25, their squares to .75 each
    assert pairs.correlation[0] == pytest.approx(1 / 3)
    assert pairs.covariance[0, 1] == pytest.approx(0.25 / 3 / 4)


@pytest.mark.parametrize("kind", ["right or wrong", "continuous", "far from zero"])
def test_every_pair_equals_the_paired_t_and_numpy(kind):
    x = right_or_wrong(200, 7)
    if kind != "right or wrong":
        x = np.random.default_rng(1).random((60, 7)) + (1e6 if kind == "far from zero" else 0)
    pairs = all_pairs(x)
    corr = np.corrcoef(x.T)
    np.testing.assert_allclose(pairs.covariance, np.cov(x.T) / len(x), rtol=1e-9, atol=1e-15)
    for k, (i, j) in enumerate(combinations(range(7), 2)):
        one = paired_t(x[:, i], x[:, j])
        assert pairs.ends[k].tolist() == [i, j]
        assert pairs.difference[k] == pytest.approx(one.value, abs=1e-9)
        assert pairs.se[k] == pytest.approx(one.se, rel=1e-9)
        assert pairs.correlation[k] == pytest.approx(corr[i, j], abs=1e-9)


def test_mcnemar_of_every_pair_equals_ours_statsmodels_and_scipy():
    x = right_or_wrong(120, 12)
    pairs = all_pairs(x)
    p = mcnemar_many(pairs.first_only, pairs.second_only)
    for k, (i, j) in enumerate(pairs.ends):
        b, c = int((x[:, i] > x[:, j]).sum()), int((x[:, j] > x[:, i]).sum())
        assert (pairs.first_only[k], pairs.second_only[k]) == (b, c)
        assert p[k] == pytest.approx(mcnemar(b, c), rel=1e-12)
        table = [[0, b], [c, 0]]
        assert p[k] == pytest.approx(contingency_tables.mcnemar(table, exact=True).pvalue, rel=1e-9)


def test_mcnemar_of_extreme_counts():
    p = mcnemar_many([0, 5, 3, 0, 400_000, 10], [0, 5, 4, 2000, 401_000, 2000])
    assert p[:3].tolist() == [1.0, 1.0, 1.0]
    assert p[3] == pytest.approx(2.0**-1999, rel=1e-9) or p[3] == 0.0
    assert p[4] == pytest.approx(scipy_stats.binomtest(400_000, 801_000).pvalue, rel=1e-8)
    assert p[5] == pytest.approx(scipy_stats.binomtest(10, 2010).pvalue, rel=1e-8)


def test_sparse_t_of_every_pair_equals_the_one_of_each():
    graded = np.random.default_rng(2).choice([0.0, 0.25, 0.5, 1.0], (40, 5), p=[0.1, 0.1, 0.1, 0.7])
    x = right_or_wrong(50, 5)
    x[:, 4] = x[:, 0]
    for scores, ends in ((x, None), (graded, None), (x + 0.0, [[3, 1], [0, 2]])):
        many = sparse_t_pairs(scores, low=-1, high=1, level=0.9, ends=ends)
        for k, (i, j) in enumerate(ends or combinations(range(5), 2)):
            one = sparse_t(scores[:, i] - scores[:, j], low=-1, high=1, scale=1.0, level=0.9)
            for name in ("value", "se", "low", "high", "p_value"):
                ours, theirs = getattr(many, name)[k], getattr(one, name)
                assert ours == pytest.approx(theirs, rel=1e-9, abs=1e-12)


def test_blocks_of_pairs_change_nothing(monkeypatch):
    x = np.random.default_rng(3).random((30, 6))
    whole = sparse_t_pairs(x, level=0.9)
    monkeypatch.setattr("evalvar.stats.pairs._BLOCK", 70)
    parts = sparse_t_pairs(x, level=0.9)
    np.testing.assert_allclose(whole.low, parts.low, rtol=1e-14)
    np.testing.assert_allclose(whole.p_value, parts.p_value, rtol=1e-14)


def test_counts_beyond_single_floats_stay_exact(monkeypatch):
    x = right_or_wrong(300, 4)
    single = all_pairs(x)
    monkeypatch.setattr("evalvar.stats.pairs._EXACT_IN_SINGLE", 10)
    double = all_pairs(x)
    np.testing.assert_array_equal(single.first_only, double.first_only)
    np.testing.assert_array_equal(single.se, double.se)


def test_identical_systems_differ_by_zero_with_zero_error():
    x = np.random.default_rng(0).random((20, 1)) * 1e6
    pairs = all_pairs(np.hstack([x, x, x + 3, 0 * x]))
    assert pairs.difference[0] == 0
    assert pairs.se[:2].tolist() == [0.0, 0.0]
    assert pairs.correlation[0] == pytest.approx(1)
    assert np.isnan(pairs.correlation[2])


def test_one_system_has_no_pairs():
    pairs = all_pairs([[1.0], [0.0]])
    assert pairs.ends.shape == (0, 2)
    assert pairs.difference.size == mcnemar_many(pairs.first_only, pairs.second_only).size == 0
    assert sparse_t_pairs([[1.0], [0.0]], low=-1, high=1).value.size == 0
    assert sparse_t_pairs([[0.1], [0.7]]).value.size == 0


def test_bad_input_is_named():
    with pytest.raises(NotEnoughDataError, match="a comparison of pairs needs at least 2 items"):
        all_pairs([[1.0, 0.0]])
    with pytest.raises(NotEnoughDataError, match="a paired interval needs at least 2 items"):
        sparse_t_pairs([[1.0, 0.0]])
    with pytest.raises(UsageError, match="scores needs finite numbers, but 1 of 4 are not"):
        all_pairs([[1.0, np.nan], [0.0, 1.0]])
    with pytest.raises(UsageError, match="counts must be whole numbers from 0, but 1 of 2 are not"):
        mcnemar_many([1, -1], [2, 2])
    with pytest.raises(UsageError, match="first_only and second_only need the same shape"):
        mcnemar_many([1], [2, 2])
