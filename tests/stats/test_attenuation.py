"""Tau of one curve under a draw of other items: determinism, limits, coverage, bad input."""

import numpy as np
import pytest

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import kendall_tau
from evalvar.stats.attenuation import (
    clear_tau,
    covariance_root,
    item_covariance,
    kendall_tau_ci,
)

CURVE = [0.25, 0.30, 0.28, 0.40, 0.45]


def test_the_covariance_is_that_of_means():
    x = np.random.default_rng(0).random((40, 3))
    np.testing.assert_allclose(item_covariance(x), np.cov(x.T) / 40)


def test_same_rng_same_bytes_and_the_input_stays():
    curve, sigma = np.array(CURVE), np.eye(5) * 1e-3
    one, other = (kendall_tau_ci(curve, sigma, rng=7) for _ in range(2))
    assert one == other
    assert curve.tolist() == CURVE


def test_items_without_end_leave_tau_as_it_is():
    found = kendall_tau_ci(CURVE, np.eye(5) * 1e-12, rng=0)
    assert found.value == kendall_tau(CURVE)
    assert np.isnan(found.low)
    assert "none has another tau: no interval" in found.method


def test_noise_that_items_share_does_not_matter():
    shared = kendall_tau_ci([0.1, 0.2, 0.3], np.ones((3, 3)), rng=0)
    assert (shared.value, np.isnan(shared.low)) == (1.0, True)


def test_the_ends_enclose_the_value_and_stay_within_its_range():
    found = kendall_tau_ci(CURVE, np.eye(5) * 1e-3, rng=0, n_items=300)
    assert -1 <= found.low < found.value <= found.high <= 1
    assert (found.n, found.unit) == (300, "item")


def test_pairs_within_the_noise_are_ties():
    # 1.96 * sqrt(2) * 0.02 = 0.055: all but 0.25-0.30, 0.30-0.28, 0.25-0.28 and 0.40-0.45 are clear
    assert clear_tau(CURVE, np.eye(5) * 4e-4) == pytest.approx(6 / 10)
    assert clear_tau(CURVE, np.eye(5) * 10) == 0
    assert clear_tau([0.4, 0.3, 0.2], np.eye(3) * 1e-6) == -1
    assert clear_tau([0.5] * 4, np.eye(4)) == 0


def test_with_items_without_end_it_is_tau_a_and_ties_stay_ties():
    curve = [0.1, 0.2, 0.2, 0.15]
    assert clear_tau(curve, np.zeros((4, 4))) == kendall_tau(curve, variant="a")
    # noise that all checkpoints share leaves their order
    assert clear_tau(curve, np.ones((4, 4))) == kendall_tau(curve, variant="a")


def test_without_trend_it_is_zero_on_average_however_many_items_there_are():
    rng = np.random.default_rng(3)
    for sd in (0.1, 1.0, 10.0):
        x = 1.0 * rng.normal(size=(1000, 12)).cumsum(axis=1) + sd * rng.normal(size=(1000, 12))
        found = np.array([clear_tau(run, sd**2 * np.eye(12)) for run in x])
        assert abs(found.mean()) < 3.5 * found.std() / np.sqrt(1000)


def test_the_root_gives_the_covariance_back():
    x = np.random.default_rng(4).random((40, 5))
    sigma = item_covariance(x)
    root = covariance_root(sigma, 5)
    np.testing.assert_allclose(root @ root.T, sigma, atol=1e-15)


def test_a_constant_curve_is_undefined():
    found = kendall_tau_ci([0.5] * 4, np.eye(4), rng=0)
    assert np.isnan(found.value)
    assert found.method == "undefined: tau-b of a constant curve"


def test_the_interval_covers_the_mean_over_draws_of_items():
    rng = np.random.default_rng(1)
    true = 0.25 + 0.4 * (1 - np.exp(-4 * np.linspace(0, 1, 10)))
    sigma = 0.24 / 500 * (0.5 * np.eye(10) + 0.5)
    root = np.linalg.cholesky(sigma)
    target = kendall_tau(true + rng.normal(size=(4000, 10)) @ root.T).mean()
    found = [kendall_tau_ci(true + root @ rng.normal(size=10), sigma, rng=rng) for _ in range(400)]
    assert np.mean([e.low <= target <= e.high for e in found]) > 0.92


def test_bad_input():
    with pytest.raises(UsageError, match="for each of the 5 checkpoints, but has 3 and 3"):
        kendall_tau_ci(CURVE, np.eye(3), rng=0)
    with pytest.raises(NotEnoughDataError, match="a covariance over items needs at least 2 items"):
        item_covariance([[0.1, 0.2]])
    with pytest.raises(UsageError, match="for each of the 5 checkpoints, but has 3 and 3"):
        clear_tau(CURVE, np.eye(3))
    with pytest.raises(NotEnoughDataError, match="Kendall's tau needs at least 2 checkpoints"):
        clear_tau([0.1], [[1.0]])
    with pytest.raises(NotEnoughDataError, match="Kendall's tau needs at least 2 checkpoints"):
        kendall_tau_ci([0.1], [[1.0]], rng=0)
