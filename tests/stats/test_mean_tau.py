"""The mean tau over seeds: bounds, width where all are 1, coverage beside t."""

import re

import numpy as np
import pytest

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import bounded_mean_ci, kendall_tau, mean_ci, mean_tau_ci, midp


def test_seeds_that_all_rise_have_the_exact_bound_of_their_disjoint_pairs():
    found = mean_tau_ci([1.0] * 5, checkpoints=11)
    exact = midp(25, 25)  # 5 seeds x 5 pairs
    assert found.value == found.high == 1
    assert found.low == pytest.approx(2 * exact.low - 1)
    assert np.isnan(found.se)
    falls = mean_tau_ci([-1.0] * 5, checkpoints=11)
    assert (falls.low, falls.high) == (-1, -found.low)


def test_away_from_the_bounds_it_is_the_mean_of_bounded_scores():
    taus = [0.3, 0.5, 0.2, 0.6]
    found, bounded = mean_tau_ci(taus, checkpoints=10), bounded_mean_ci(taus, low=-1, high=1)
    assert (found.low, found.high) == pytest.approx((bounded.low, bounded.high), abs=0.02)
    assert found.se == pytest.approx(mean_ci(taus).se)


def test_equal_taus_still_have_a_width():
    found = mean_tau_ci([0.6, 0.6, 0.6], checkpoints=6)
    assert found.low < 0.6 < found.high


@pytest.mark.parametrize("noise", [0.05, 0.5])
def test_it_covers_where_t_does_not(noise):
    rng = np.random.default_rng(0)
    trend = 1 - np.exp(-3 * np.arange(10) / 10)

    def taus(count):
        return kendall_tau(trend + noise * 0.3 * rng.normal(size=(count, 10)))

    truth = taus(40_000).mean()
    ours, student = [], []
    for _ in range(300):
        x = taus(5)
        found, t = mean_tau_ci(x, checkpoints=10), mean_ci(x)
        ours.append(found.low <= truth <= found.high)
        student.append(t.low <= truth <= t.high)
    assert np.mean(ours) > 0.95 - 4 * np.sqrt(0.05 * 0.95 / 300)
    assert np.mean(student) <= np.mean(ours)


@pytest.mark.parametrize(
    ("taus", "checkpoints", "error", "message"),
    [
        ([0.5], 5, NotEnoughDataError, "needs at least 2 seeds, but has 1"),
        ([0.5, 0.6], 1, NotEnoughDataError, "needs at least 2 checkpoints, but has 1"),
        ([0.5, 1.2], 5, UsageError, "taus must lie in [-1, 1], but 1 of 2 do not"),
        ([0.5, 0.6], 2.5, UsageError, "checkpoints must be a whole number, but is 2.5"),
    ],
)
def test_bad_input(taus, checkpoints, error, message):
    with pytest.raises(error, match=re.escape(message)):
        mean_tau_ci(taus, checkpoints=checkpoints)
