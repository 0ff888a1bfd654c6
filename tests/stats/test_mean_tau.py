"""The mean tau over seeds: bounds, width where all are 1, coverage beside t."""

import re

import numpy as np
import pytest

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import (
    bounded_mean_ci,
    kendall_tau,
    mean_ci,
    mean_tau_ci,
    mean_tau_difference_ci,
    midp,
)


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


def test_a_difference_of_the_same_seeds_is_t_over_them():
    a, b = [0.3, 0.5, 0.2, 0.6], [0.1, 0.4, 0.2, 0.3]
    found, t = mean_tau_difference_ci(a, b, checkpoints=9, paired=True), mean_ci(np.subtract(a, b))
    assert (found.value, found.se) == pytest.approx((0.15, t.se))
    assert (found.low, found.high) == pytest.approx((t.low, t.high))
    assert found.method == "t over seeds"


@pytest.mark.parametrize(
    ("a", "b", "paired"),
    [
        ([1.0] * 4, [1.0] * 4, True),
        ([1.0, 1.0, 0.8, 0.9], [0.1, 0.4, 0.2, 0.3], True),
        ([0.3, 0.5, 0.2], [0.1, 0.3, 0.0], True),  # all differ by 0.2
        ([0.3, 0.5, 0.2, 0.6], [0.1, 0.4, 0.2], False),
    ],
)
def test_elsewhere_the_intervals_of_both_add_up(a, b, paired):
    found = mean_tau_difference_ci(a, b, checkpoints=9, paired=paired)
    one, other = (mean_tau_ci(x, checkpoints=9) for x in (a, b))
    below = (one.value - one.low) ** 2 + (other.high - other.value) ** 2
    above = (one.high - one.value) ** 2 + (other.value - other.low) ** 2
    assert found.value == pytest.approx(np.mean(a) - np.mean(b))
    assert found.low == pytest.approx(found.value - np.sqrt(below))
    assert found.high == pytest.approx(found.value + np.sqrt(above))
    assert found.low < found.value < found.high
    assert found.method == "MOVER of both intervals of mean_tau"


def test_a_difference_stays_inside_its_bounds():
    found = mean_tau_difference_ci([1.0, 1.0], [-1.0, -0.9], checkpoints=3, paired=True)
    assert 1.9 < found.high <= 2


def test_a_difference_covers_where_both_rise_steeply():
    rng = np.random.default_rng(0)
    trend = 0.5 / (1 + np.exp(-(np.arange(10) - 4.5) / 2))
    a, b = kendall_tau(trend + 0.015 * rng.normal(size=(2, 400, 5, 10)))
    found = [mean_tau_difference_ci(x, y, checkpoints=10, paired=True)
             for x, y in zip(a, b, strict=True)]  # fmt: skip
    assert np.mean([e.low <= 0 <= e.high for e in found]) > 0.95


def test_paired_seeds_are_as_many():
    with pytest.raises(UsageError, match=re.escape("a has 2 and b 3")):
        mean_tau_difference_ci([0.1, 0.2], [0.1, 0.2, 0.3], checkpoints=5, paired=True)
