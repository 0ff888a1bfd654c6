"""Numbers about ENAMEL's estimator (arXiv 2406.06647), computed apart from this package.

E-08 is recomputed here by enumeration with exact fractions.
"""

import json
from fractions import Fraction
from itertools import combinations, permutations, product
from math import prod

import numpy as np
import pytest
from scipy import stats

from evalvar.errors import NotEnoughDataError
from evalvar.stats import (
    eff_at_k,
    efficiency,
    mean_pass_at_k,
    order_weights,
    pass_at_k,
)


def close(value, expected, tolerance=1e-9):
    np.testing.assert_allclose(value, expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize(
    ("k", "expected"), [(2, [0, 0.4, 0.7, 0.9, 1, 1]), (3, [0, 0.6, 0.9, 1, 1, 1])]
)
def test_e01_pass_at_k_is_unbiased_and_not_the_plug_in(k, expected):
    c = np.arange(6)
    close(pass_at_k(5, c, k=k), expected)
    plug_in = 1 - (1 - c / 5) ** 2
    close(plug_in[1:5], [0.36, 0.64, 0.84, 0.96])
    assert np.abs(pass_at_k(5, c[1:5], k=2) - plug_in[1:5]).min() > 0.03


@pytest.mark.parametrize(
    ("n", "c", "k", "expected"),
    [
        (20, 3, 1, 0.15),
        (20, 3, 5, 137 / 228),
        (20, 3, 10, 17 / 19),
        (200, 1, 100, 0.5),
        (200, 7, 10, 0.3055988118),
        (200, 7, 100, 0.9929911172),
    ],
)
def test_e02_larger_n(n, c, k, expected):
    close(pass_at_k(n, c, k=k), expected)


def test_e03_problems_with_unequal_n():
    close(pass_at_k([5, 10], [1, 10], k=2), [0.4, 1.0])
    close(mean_pass_at_k([5, 10], [1, 10], k=2), 0.7)
    with pytest.raises(NotEnoughDataError, match="pass@6 needs at least 6 samples per item"):
        mean_pass_at_k([5, 10], [1, 10], k=6)


def test_e04_eff_at_k():
    e = [0, 0.2, 0.5, 0.9, 1.1]
    close(eff_at_k(e, k=(1, 2, 3, 4, 5)), [0.54, 0.83, 0.98, 1.06, 1.1])
    close(order_weights(5, k=2), [0, 0.1, 0.2, 0.3, 0.4])


def test_e05_the_weights_are_those_of_the_largest_scores():
    e = np.array([0, 0.2, 0.5, 0.9, 1.1])
    misaligned = order_weights(5, k=2)[1:] @ e[:4]
    with_replacement = np.mean([max(pair) for pair in product(e, repeat=2)])
    close([misaligned, with_replacement], [0.55, 0.772])
    assert abs(float(eff_at_k(e, k=2)) - misaligned) > 0.2
    assert abs(float(eff_at_k(e, k=2)) - with_replacement) > 0.05


def test_e06_ties_in_any_order():
    for order in permutations([0.5, 0.5, 0, 0, 1.2]):
        close(eff_at_k(order, k=(1, 2, 3, 4, 5)), [0.44, 0.73, 0.92, 1.06, 1.2])


def test_e07_scores_of_0_and_1_reduce_to_pass_at_k():
    close(eff_at_k([[0, 0, 0, 1, 0], [1, 1, 1, 0, 0]], k=2), [0.4, 0.9])
    close(eff_at_k([[0, 0, 0, 1, 0], [1, 1, 1, 0, 0]], k=2), pass_at_k(5, [1, 3], k=2), 1e-15)


VALUES = (Fraction(0), Fraction(1, 2), Fraction(1))
SHARES = (Fraction(1, 2), Fraction(3, 10), Fraction(1, 5))


def moments(n, k):
    """Mean and variance of the estimator over all samples, by its definition and by ours."""
    exact = ours = exact_square = ours_square = Fraction(0)
    for sample in product(range(3), repeat=n):
        share = prod((SHARES[i] for i in sample), start=Fraction(1))
        scores = [VALUES[i] for i in sample]
        subsets = list(combinations(scores, k))
        best = sum(map(max, subsets), Fraction(0)) / len(subsets)
        estimate = Fraction(float(eff_at_k([float(e) for e in scores], k=k)))
        exact, exact_square = exact + share * best, exact_square + share * best**2
        ours, ours_square = ours + share * estimate, ours_square + share * estimate**2
    close(float(ours), float(exact), 1e-14)
    close(float(ours_square), float(exact_square), 1e-14)
    return exact, exact_square - exact**2


@pytest.mark.parametrize(
    ("n", "k", "mean", "variance"),
    [
        (4, 2, 0.555, 0.0657291667),
        (4, 1, 0.35, 0.038125),
        (5, 2, 0.555, 0.0516825),
        (6, 2, 0.555, 0.0426183333),
        (4, 3, 0.6815, 0.080014),
    ],
)
def test_e08_the_estimator_is_unbiased_and_keeps_the_variance_bound(n, k, mean, variance):
    found_mean, found_variance = moments(n, k)
    close([float(found_mean), float(found_variance)], [mean, variance])
    one_draw_mean, one_draw_variance = moments(k, k)
    assert found_mean == one_draw_mean
    assert found_variance <= Fraction(k, n) * one_draw_variance
    if k == 1:
        assert found_variance == Fraction(k, n) * one_draw_variance


def test_e09_the_weights_are_stable():
    weights = order_weights(2000, k=1000)
    close(weights.sum(), 1, 1e-12)
    assert weights[-1] == 0.5
    assert order_weights(100, k=10)[9] == pytest.approx(5.776904e-14, rel=1e-6)


@pytest.mark.parametrize(
    ("k", "expected"),
    [(1, 0.505), (2, 0.6733333333), (10, 0.9181818182), (50, 0.9901960784), (100, 1)],
)
def test_e10_the_closed_form_of_equally_spaced_scores(k, expected):
    e = np.arange(1, 101) / 100
    close(eff_at_k(e, k=k), expected)
    close(eff_at_k(e, k=k), k * 101 / (100 * (k + 1)), 1e-14)


@pytest.fixture(scope="module")
def published(shared):
    """Return the paper's tables: table -> row, column -> value."""
    rows = json.loads((shared.parent / "papers" / "paper-tables.json").read_text())["rows"]
    tables = {}
    for row in rows:
        if row["paper"].startswith("2406.06647"):
            table = tables.setdefault(row["table"].partition(" (")[0], {})
            table[row["row"], row["column"]] = row["value"]
    return tables


def test_e17_the_published_scores_by_hardness_are_means_of_three_levels(published):
    table = published["Table 10b-d"]
    assert len(table) == 15
    hardness = []
    for name, _ in table:
        weights = [3, 3, 4]
        weights[int(name[1]) - 1] = int(name[-1])
        hardness.append(weights)
    shares = np.stack([efficiency(np.eye(3), hardness=h) for h in hardness])
    scores = np.array(list(table.values()))
    levels, *_ = np.linalg.lstsq(shares, scores, rcond=None)
    close(levels, [0.6398, 0.4546, 0.3546], 5e-5)
    assert np.abs(shares @ levels - scores).max() == pytest.approx(0.00055, abs=5e-5)
    # by weights alone a score may be anywhere between its levels
    assert levels.max() - levels.min() > 0.28


def test_e18_what_is_left_of_the_published_subsets_can_be(published):
    full, hard = published["Table 3 sampling"], published["Table 6 algorithm-design subset"]
    easy = published["Table 6 implementation-optimisation subset"]
    assert full.keys() == hard.keys() == easy.keys()
    assert len(full) == 27 * 6
    rest = np.array([(142 * full[c] - 20 * hard[c] - 75 * easy[c]) / 47 for c in full])
    assert ((rest >= 0) & (rest <= 1)).all()
    for (model, column), score in full.items():
        if column.startswith("eff"):
            assert score <= full[model, column.replace("eff", "pass")]


def test_e29_the_published_gap_of_sampled_programs(published):
    table = published["Table 3 sampling"]
    assert (table["ChatGPT", "eff@1"], table["ChatGPT", "pass@1"]) == (0.374, 0.673)


def test_published_rankings_by_score_and_by_speedup_agree_more_than_told(published):
    table = published["Table 7"]
    models = list(dict.fromkeys(model for model, _ in table))
    ranks = [[table[m, f"rank by {by}"] for m in models] for by in ("eff@1", "speedup")]
    close(stats.kendalltau(*ranks).statistic, 0.848, 5e-4)
