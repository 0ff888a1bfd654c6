"""Half-widths over items, alone and with the seed: hand cases, components, coverage."""

import re

import numpy as np
import pytest

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import item_half_width, midp, one_run_half_width, run_variance

Z = 1.959963984540054


def binary(rng, n=60, seeds=4, steps=3):
    return (rng.random((n, seeds, steps)) < np.linspace(0.3, 0.8, steps)).astype(float)


def test_the_half_width_of_one_run_is_worked_by_hand():
    x = np.r_[np.ones(7), np.zeros(3)][:, None]
    found, p = item_half_width(x), midp(7, 10)
    assert found.value == pytest.approx(Z * np.sqrt(0.21 / 10))
    assert found.low == pytest.approx(Z * np.sqrt(p.high * (1 - p.high) / 10))
    assert found.high == pytest.approx(Z * np.sqrt(0.25 / 10))  # 1/2 lies inside
    assert (found.n, found.unit) == (10, "item")


def test_other_scores_have_the_sample_variance():
    x = np.random.default_rng(0).normal(size=(50, 6))
    wanted = Z * (x.std(axis=0, ddof=1) / np.sqrt(50)).mean()
    found = item_half_width(x)
    assert found.value == pytest.approx(wanted)
    assert found.low < wanted < found.high


def test_all_right_still_has_an_interval_and_equal_fractions_have_none():
    found = item_half_width(np.ones((20, 3)))
    assert (found.value, found.low) == (0, 0)
    assert found.high > 0
    equal = item_half_width(np.full((20, 3), 0.3))
    assert equal.value == 0
    assert np.isnan(equal.low)
    assert "all items equal: no interval" in equal.method


def test_one_checkpoint_adds_the_seed_component_to_the_item_variance():
    x = binary(np.random.default_rng(1), steps=1)
    p = x[:, :, 0].mean(axis=0)
    seed = run_variance(x[:, :, 0]).distribution.value
    wanted = Z * np.sqrt((p * (1 - p) / 60).mean() + max(seed, 0))
    assert one_run_half_width(x).value == pytest.approx(wanted, rel=1e-12)


def test_it_is_never_below_the_items_alone():
    for rng in range(20):
        x = binary(np.random.default_rng(rng))
        assert one_run_half_width(x).value >= item_half_width(x).value - 1e-12


def test_a_checkpoint_with_a_gap_is_left_out():
    x = binary(np.random.default_rng(2))
    y = x.copy()
    y[:, 1, 0] = np.nan
    assert one_run_half_width(y) == one_run_half_width(x[:, :, 1:])


def test_both_are_covered():
    rng = np.random.default_rng(3)
    held = np.zeros(2)
    # sd 1 of items, .3 of seeds, 1 of the rest: of one run (1 + 1)/n + .09
    truth = Z * np.sqrt(2 / 60), Z * np.sqrt(2 / 60 + 0.09)
    for _ in range(300):
        x = rng.normal(size=(60, 1, 1)) + 0.3 * rng.normal(size=(1, 5, 1))
        x = x + rng.normal(size=(60, 5, 2))
        for i, found in enumerate((item_half_width(x), one_run_half_width(x))):
            held[i] += found.low <= truth[i] <= found.high
    assert (held / 300 > 0.95 - 4 * np.sqrt(0.05 * 0.95 / 300)).all()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: item_half_width(np.ones(3)), UsageError, "scores need 2 axes, items and runs"),
        (lambda: item_half_width(np.ones((1, 3))), NotEnoughDataError, "at least 2 items"),
        (lambda: item_half_width(np.full((3, 2), np.nan)), UsageError, "no run without a NaN"),
        (lambda: one_run_half_width(np.ones((3, 2))), UsageError, "scores need 3 axes"),
        (lambda: one_run_half_width(np.ones((3, 1, 2))), NotEnoughDataError, "at least 2 seeds"),
        (lambda: one_run_half_width(np.full((3, 2, 1), np.nan)), NotEnoughDataError,
         "at least 1 complete checkpoints, but has 0"),
    ],
)  # fmt: skip
def test_bad_input(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()
