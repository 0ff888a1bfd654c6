"""Numbers of an independent script for small samples, clusters and pairs (golden list a and d)."""

import numpy as np
import pytest
from scipy import stats

from evalvar.stats import (
    clopper_pearson,
    clustered_mean_ci,
    jeffreys,
    mcnemar,
    mean_ci,
    paired_t,
    welch,
    wilson,
)

A = [1, 1, 1, 0, 0, 0, 1, 1, 1, 1]
B = [1, 1, 0, 1, 0, 0, 1, 0, 0, 1]
CLUSTERS = [0, 0, 0, 1, 1, 1, 2, 2, 3, 3]


def test_standard_errors_of_two_models_on_ten_items():
    assert mean_ci(A).se == pytest.approx(0.152752523, abs=1e-9)
    assert mean_ci(B).se == pytest.approx(0.166666667, abs=1e-9)
    assert welch(A, B).se == pytest.approx(0.226077666, abs=1e-9)
    paired = paired_t(A, B)
    assert (paired.value, paired.se) == pytest.approx((0.2, 0.2), abs=1e-12)
    clustered = clustered_mean_ci(A, CLUSTERS, method="CR1")
    assert clustered.se == pytest.approx(0.281424946, abs=1e-9)
    # without the factor C/(C - 1) it is CR0
    assert clustered.se * np.sqrt(3 / 4) == pytest.approx(0.243721152, abs=1e-9)
    difference = clustered_mean_ci(np.subtract(A, B), CLUSTERS, method="CR1")
    assert difference.se == pytest.approx(0.214165045, abs=1e-9)


@pytest.mark.parametrize(
    ("method", "low", "high"),
    [
        (wilson, 0.490162472, 0.943317849),
        (clopper_pearson, 0.443904538, 0.974789274),
        (jeffreys, 0.497225504, 0.955940586),
    ],
)
def test_intervals_of_eight_in_ten(method, low, high):
    found = method(8, 10)
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-9)


def test_the_lower_end_of_ten_in_ten():
    assert wilson(10, 10).low == pytest.approx(0.722467200, abs=1e-9)
    assert clopper_pearson(10, 10).low == pytest.approx(0.691502892, abs=1e-9)


def test_mcnemar_of_six_against_two():
    assert mcnemar(6, 2) == pytest.approx(0.2890625, abs=1e-12)
    assert mcnemar(6, 2, midp=True) == pytest.approx(0.1796875, abs=1e-12)


@pytest.mark.parametrize(
    ("p", "n", "of_wilson", "of_clopper_pearson", "of_jeffreys"),
    [
        (0.9, 10, 0.930, 0.987, 0.987),
        (0.9, 30, 0.974, 0.992, 0.932),
        (0.9, 100, 0.936, 0.956, 0.956),
        (0.95, 10, 0.914, 0.989, 0.989),
        (0.95, 30, 0.939, 0.984, 0.984),
        (0.95, 100, 0.966, 0.983, 0.935),
    ],
)
def test_exact_coverage(p, n, of_wilson, of_clopper_pearson, of_jeffreys):
    k = np.arange(n + 1)
    chance = stats.binom.pmf(k, n, p)
    expected = {wilson: of_wilson, clopper_pearson: of_clopper_pearson, jeffreys: of_jeffreys}
    for method, coverage in expected.items():
        hit = [found.low <= p <= found.high for found in (method(int(j), n) for j in k)]
        assert chance[np.array(hit)].sum() == pytest.approx(coverage, abs=1e-3)  # printed to .001
