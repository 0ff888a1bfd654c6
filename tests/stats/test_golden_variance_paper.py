"""Numbers of "Quantifying Variance in Evaluation Benchmarks" (arXiv 2406.10229) and about it.

The expected values were computed apart from this package, or are printed in the paper's tables.
"""

import numpy as np
import pytest
from scipy import special

from evalvar.stats import (
    binomial_half_width,
    bootstrap,
    c4,
    kendall_tau,
    kendall_tau_null_sd,
    mean_ci,
    mean_sd,
    pooled_sd,
    sd_ci,
    signal_to_noise,
    wilson,
)

# Seeds x checkpoints.
X = np.array([[0.30, 0.40, 0.50], [0.32, 0.38, 0.54], [0.28, 0.42, 0.49], [0.30, 0.40, 0.55]])
# The paper rounds the normal quantile to 1.96.
LEVEL_OF_196 = float(2 * special.ndtr(1.96) - 1)

# Table 1: items, mean, seed sd E(S, M), half-width of the 95 % interval; scores in points.
TABLE_1 = {
    "AGIEval": (2546, 23.44, 0.77, 1.63),
    "ARC-C": (1165, 39.71, 0.80, 2.74),
    "BIG-Bench Hard": (6511, 29.10, 0.87, 1.07),
    "COPA": (100, 78.80, 2.15, 8.30),
    "GSM8k": (1319, 4.10, 0.41, 0.87),
    "HellaSwag": (10042, 70.08, 0.21, 0.93),
    "HumanEval": (164, 11.89, 1.11, 3.98),
    "MATH": (5000, 1.52, 0.23, 0.28),
    "MMLU": (14042, 25.86, 0.57, 0.72),
    "MMLU-Cloze": (14042, 37.47, 0.22, 0.79),
    "Natural Questions": (3610, 16.43, 0.60, 1.04),
    "PIQA": (1838, 76.93, 0.41, 1.99),
    "SIQA": (1954, 46.69, 0.55, 2.21),
    "TriviaQA": (11313, 42.69, 0.45, 0.83),
}


def close(value, expected, tolerance=1e-9):
    np.testing.assert_allclose(value, expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize(
    ("ddof", "expected"),
    [
        (0, [0.0141421356, 0.0141421356, 0.0254950976]),
        (1, [0.0163299316, 0.0163299316, 0.0294392029]),
    ],
)
def test_v02_the_seed_sd_of_each_checkpoint(ddof, expected):
    close([sd_ci(column, ddof=ddof).value for column in X.T], expected)
    close([mean_sd(column[:, None], ddof=ddof).value for column in X.T], expected)


@pytest.mark.parametrize(
    ("ddof", "mean_of_sds", "pooled"),
    [(0, 0.0179264563, 0.0187082869), (1, 0.0206996887, 0.0216024690)],
)
def test_v03_seed_variance_is_the_mean_of_the_sds_and_not_the_pooled_sd(ddof, mean_of_sds, pooled):
    close(mean_sd(X, ddof=ddof).value, mean_of_sds)
    close(pooled_sd(X, ddof=ddof).value, pooled)


def test_v04_the_final_checkpoint_has_its_own_mean_and_sd():
    close(mean_ci(X[:, -1]).value, 0.52)
    close(sd_ci(X[:, -1]).value, 0.0294392029)


def test_v05_signal_to_noise_of_the_final_checkpoint():
    close(signal_to_noise(X[:, -1], ddof=0).value, 20.3960780544)
    close(signal_to_noise(X[:, -1]).value, 17.6635217327)
    assert np.isnan(signal_to_noise([0.5, 0.5, 0.5]).value)


@pytest.mark.parametrize(
    ("p", "n", "points"),
    [(0.3971, 1165, 2.810), (0.7008, 10042, 0.896), (0.2586, 14042, 0.724), (0.788, 100, 8.011)],
)
def test_v06_the_analytic_half_width_of_table_1(p, n, points):
    close(100 * binomial_half_width(p, n, level=LEVEL_OF_196), points, 0.0005)


def test_v06_the_analytic_half_width_of_70_in_100():
    close(binomial_half_width(0.7, 100, level=LEVEL_OF_196), 0.0898184834)


def test_v07_the_item_bootstrap_converges_to_the_analytic_interval():
    scores = np.r_[np.ones(70), np.zeros(30)]
    estimate = bootstrap(np.mean, scores, n_resamples=20_000, rng=np.random.default_rng(0))
    close([estimate.low, estimate.high], [0.61, 0.79])
    close(1.96 * estimate.se, 0.08964, 0.001)
    close(1.96 * estimate.se, binomial_half_width(0.7, 100), 0.001)


@pytest.mark.parametrize(
    ("curve", "a", "b", "c"),
    [
        ([0.25, 0.27, 0.26, 0.30, 0.31], 0.8, 0.8, 0.8),
        ([0.25, 0.25, 0.27, 0.30, 0.30], 0.8, 0.8944271910, 0.96),
        ([0.1, 0.3, 0.2, 0.2, 0.4, 0.5], 0.6666666667, 0.6900655593, 0.6944444444),
        ([0.25] * 5, 0.0, np.nan, 0.0),
    ],
)
def test_v08_to_v10_monotonicity_with_and_without_ties(curve, a, b, c):
    close([kendall_tau(curve, variant=variant) for variant in "abc"], [a, b, c])


def test_v11_a_metric_that_falls_is_monotone_once_turned_around():
    falling = np.array([5.0, 4.0, 3.0, 2.0, 1.0])
    assert kendall_tau(falling) == -1
    assert kendall_tau(-falling) == 1


def test_v12_the_null_reference_of_monotonicity():
    close(kendall_tau_null_sd(21), 0.1576950375)
    close(kendall_tau_null_sd(21, n_curves=10), 0.0498675494)
    close(kendall_tau_null_sd(5), 0.4082482905)


def test_v13_every_seed_of_the_example_is_monotone():
    assert kendall_tau(X).tolist() == [1, 1, 1, 1]


def test_v16_seed_noise_exceeds_item_noise_on_5_of_14_rows():
    ratios = {name: 1.96 * sd / half for name, (_, _, sd, half) in TABLE_1.items()}
    above = {name: round(ratio, 2) for name, ratio in ratios.items() if ratio > 1}
    assert above == {
        "BIG-Bench Hard": 1.59,
        "MATH": 1.61,
        "MMLU": 1.55,
        "Natural Questions": 1.13,
        "TriviaQA": 1.06,
    }


def test_v16_the_interval_column_of_table_1_is_a_half_width():
    for items, mean, _, half in TABLE_1.values():
        analytic = 100 * float(binomial_half_width(mean / 100, items))
        # The printed value averages over earlier, less accurate checkpoints.
        assert 0.80 <= round(half / analytic, 2) <= 1.04


def test_v17_the_interval_of_a_seed_sd_of_ten_seeds():
    x = np.random.default_rng(0).normal(size=10)
    estimate = sd_ci(x)
    close([estimate.low / estimate.value, estimate.high / estimate.value],
          [0.6878352067, 1.8256101826])  # fmt: skip
    close(c4(10), 0.9726592741)


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [
        (0, 50, 0.0, 0.0713475991),
        (50, 50, 0.9286524009, 1.0),
        (50, 100, 0.4038315304, 0.5961684696),
    ],
)
def test_v29_wilson_near_the_bounds_where_the_normal_interval_collapses(k, n, low, high):
    estimate = wilson(k, n)
    close([estimate.low, estimate.high], [low, high])
    assert binomial_half_width(0, 50) == 0
