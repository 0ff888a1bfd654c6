"""Ratios of means over the same items."""

import numpy as np
import pytest

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import ratio_of_means


def test_worked_by_hand():
    found = ratio_of_means([1.0, 3.0], [2.0, 2.0])
    # 0.5 - 1 and 1.5 - 1: sd sqrt(0.5), over sqrt(2)
    assert (found.value, found.se, found.n, found.unit) == (1.0, pytest.approx(0.5), 2, "item")
    assert found.high == pytest.approx(np.exp(12.7062047 * 0.5))
    assert found.p_value == 1.0


def test_it_turns_over_and_scales():
    rng = np.random.default_rng(0)
    a, b = rng.exponential(size=(2, 20))
    there, back = ratio_of_means(a, b), ratio_of_means(3 * b, 3 * a)
    assert (back.value, back.low, back.high) == pytest.approx(
        (1 / there.value, 1 / there.high, 1 / there.low)
    )
    assert back.p_value == pytest.approx(there.p_value)


def test_the_error_is_that_of_the_jackknife():
    rng = np.random.default_rng(1)
    a, b = rng.exponential(size=(2, 400))
    left = np.log((a.sum() - a) / (b.sum() - b))
    jackknife = np.sqrt(399 / 400 * ((left - left.mean()) ** 2).sum())
    assert ratio_of_means(a, b).se == pytest.approx(jackknife, rel=0.01)


def test_few_draws_on_one_side_are_no_bias():
    """One draw an item against eight of the same law, 142 items: the ratio is 1."""
    rng = np.random.default_rng(2)
    values, hits, sets = [], 0, 500
    for _ in range(sets):
        pace = rng.normal(0.4, 0.4, (142, 1))
        a, b = (
            np.minimum(np.exp(pace + 0.5 * rng.standard_normal((142, n))), 2).mean(axis=1)
            for n in (1, 8)
        )
        found = ratio_of_means(a, b)
        values.append(np.log(found.value))
        hits += found.low <= 1 <= found.high
    assert abs(np.mean(values)) < 4 * np.std(values) / np.sqrt(sets)
    assert abs(hits / sets - 0.95) < 4 * np.sqrt(0.95 * 0.05 / sets)


def test_no_interval_of_no_width():
    alone = ratio_of_means([1.0], [2.0])
    assert (alone.value, alone.method) == (
        0.5, "ratio of means over items (a single item: no interval)"
    )  # fmt: skip
    alike = ratio_of_means([1.0, 3.0, 0.1], [2.0, 6.0, 0.2])
    assert np.isnan(alike.low)
    assert "one ratio in all items" in alike.method


def test_bad_input_is_refused():
    with pytest.raises(UsageError, match="need one shape"):
        ratio_of_means([1.0], [1.0, 2.0])
    with pytest.raises(UsageError, match="a ratio of means needs values of 0 or more, not all 0"):
        ratio_of_means([1.0, 2.0], [0.0, 0.0])
    with pytest.raises(UsageError, match="not all 0"):
        ratio_of_means([1.0, -2.0], [1.0, 1.0])
    with pytest.raises(NotEnoughDataError, match="needs at least 1 item"):
        ratio_of_means([], [])
