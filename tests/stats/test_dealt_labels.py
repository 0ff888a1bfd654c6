"""Where a sum of scores lies among all ways to deal the labels."""

from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from evalvar.stats import dealt_labels
from evalvar.stats.dealt_labels import dealt_p


def centred(rng, n):
    x = rng.exponential(size=n)
    return x - x.mean()


def variance(scores, labels):
    return sum(
        k * (x.size - k) / (x.size - 1) * x.var() for x, k in zip(scores, labels, strict=True)
    )


def test_one_against_eight_cannot_be_rarer_than_one_in_nine():
    x = np.array([-8.0, *np.ones(8)])
    assert dealt_p([x], [1], -8.0, variance([x], [1])) == (pytest.approx(1 / 9), "exact")
    assert dealt_p([x], [8], 8.0, variance([x], [8]))[0] == pytest.approx(1 / 9)


def test_every_way_is_looked_at_over_strata():
    rng = np.random.default_rng(0)
    scores, labels = [centred(rng, n) for n in (3, 5, 6)], [1, 3, 2]
    sums = [
        a + b + c
        for a in (x.sum() for x in map(np.array, combinations(scores[0], 1)))
        for b in (x.sum() for x in map(np.array, combinations(scores[1], 3)))
        for c in (x.sum() for x in map(np.array, combinations(scores[2], 2)))
    ]
    for seen in sums[::50]:
        expected = np.mean(np.abs(sums) >= abs(seen) - 1e-9)
        p, method = dealt_p(scores, labels, seen, variance(scores, labels))
        assert (p, method) == (pytest.approx(expected), "exact")


@pytest.mark.parametrize(
    ("sizes", "labels"), [((7, 7), (2, 5)), ((12,), (5,)), ((3,) * 7, (1,) * 7)]
)
def test_the_counted_law_is_the_law_of_all_ways(monkeypatch, sizes, labels):
    rng = np.random.default_rng(1)
    scores = [centred(rng, n) for n in sizes]
    v = variance(scores, labels)
    for share in (0.0, 0.5, 1.0, 1.7, 2.4):
        seen = share * v**0.5
        exact, how = dealt_p(scores, labels, seen, v)
        assert how == "exact"
        with monkeypatch.context() as patch:
            patch.setattr(dealt_labels, "_WAYS", 0)
            p, how = dealt_p(scores, labels, seen, v)
        assert how == "counted"
        assert p == pytest.approx(exact, rel=0.05, abs=2e-3)


def test_one_of_each_in_every_stratum_is_a_sign_test():
    scores, labels = [np.array([0.5, -0.5])] * 19, [1] * 19
    p, how = dealt_p(scores, labels, 4.5, 19 / 4)
    assert how == "counted"
    assert p == pytest.approx(stats.binomtest(14, 19).pvalue)


def test_in_large_groups_it_is_chi_square():
    rng = np.random.default_rng(2)
    x = centred(rng, 60)
    v = variance([x], [20])
    assert dealt_p([x], [20], 2 * v**0.5, v) == (pytest.approx(stats.chi2.sf(4, 1)), "chi-square")
    p, how = dealt_p([x], [19], 2 * v**0.5, v)
    assert how == "counted"
    assert p == pytest.approx(stats.chi2.sf(4, 1), rel=0.2)


def test_the_size_is_held_where_one_group_is_small():
    rng = np.random.default_rng(3)
    for n, k in ((9, 1), (5, 1), (10, 2), (8, 3), (24, 3)):
        p = []
        for _ in range(400):
            x = centred(rng, n)
            seen = rng.permutation(x)[:k].sum()
            p.append(dealt_p([x], [k], seen, variance([x], [k]))[0])
        assert np.mean(np.array(p) <= 0.05) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)
