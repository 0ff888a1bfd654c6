"""Isotonic fit, steps and the first point above chance: hand cases, golden numbers, bad input."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import rise_share
from evalvar.stats.rising import first_above, isotonic_fit, isotonic_r2, net_step, step_length

GOLDEN = [0.25, 0.27, 0.26, 0.30, 0.29, 0.33]
CURVES = st.lists(st.integers(0, 6).map(float), min_size=2, max_size=9)


def min_max(y):
    """The fit by its definition: the largest of the smallest means about each point."""
    n = len(y)
    return [
        max(min(np.mean(y[a : b + 1]) for b in range(i, n)) for a in range(i + 1)) for i in range(n)
    ]


@given(CURVES)
@settings(derandomize=True, max_examples=80, deadline=None)
def test_the_fit_is_its_definition(curve):
    np.testing.assert_allclose(isotonic_fit(curve), min_max(np.array(curve)), atol=1e-12)


def test_r2_by_hand():
    # fit 1, 2.5, 2.5, 4: residuals 0, .5, -.5, 0; about the mean 2.5: 2.25 + .25 + .25 + 2.25
    assert isotonic_r2([1.0, 3.0, 2.0, 4.0]) == pytest.approx(1 - 0.5 / 5)
    assert isotonic_r2([3.0, 2.0, 1.0]) == pytest.approx(0, abs=1e-12)
    assert isotonic_r2([1.0, 2.0, 2.0]) == 1


def test_r2_of_many_curves_and_of_none():
    curves = np.random.default_rng(0).random((2, 3, 7))
    assert isotonic_r2(curves).shape == (2, 3)
    assert isotonic_r2(curves)[1, 2] == isotonic_r2(curves[1, 2])
    assert np.isnan(isotonic_r2([[0.3, 0.3, 0.3], [0.1, np.nan, 0.3]])).all()
    assert np.isnan(isotonic_r2([0.1]))


def test_golden_total_variation_and_monotonicity():
    assert step_length(GOLDEN) == pytest.approx(0.024, abs=1e-12)
    # signal-and-noise: (steps up - steps down) / steps
    assert 2 * rise_share(GOLDEN) - 1 == pytest.approx(0.2, abs=1e-12)
    assert net_step(GOLDEN) == pytest.approx(0.08 / 5, abs=1e-12)


def test_a_curve_that_never_falls_takes_no_way_for_nothing():
    rising = np.linspace(0, 0.1, 11)
    assert step_length(rising) - net_step(rising) == pytest.approx(0, abs=1e-15)


def test_steps_of_what_has_none():
    for statistic in (step_length, net_step):
        assert np.isnan(statistic([0.5]))
        assert np.isnan(statistic([0.5, np.nan, 0.7]))
        assert statistic(np.random.default_rng(0).random((4, 2, 5))).shape == (4, 2)


def test_the_first_point_above_a_floor():
    assert first_above([0.25, 0.30, 0.40], [0.02] * 3, 0.25) == 1
    assert first_above([0.25, 0.29, 0.40], [0.02] * 3, 0.25) == 2
    assert first_above([0.25, 0.26, 0.27], [0.02] * 3, 0.25) is None
    assert first_above([0.9, 0.9, 0.9], [np.nan, 0.01, 0.01], 0.25) == 1


def test_a_curve_at_chance_is_rarely_taken_to_be_above():
    x = 0.25 + 0.01 * np.random.default_rng(0).normal(size=(4000, 21))
    share = np.mean([first_above(run, [0.01] * 21, 0.25) is not None for run in x])
    assert share == pytest.approx(0.025, abs=0.01)


def test_bad_input():
    with pytest.raises(NotEnoughDataError, match="an isotonic fit needs at least 1 checkpoint"):
        isotonic_fit([])
    with pytest.raises(UsageError, match="curve needs finite numbers"):
        isotonic_fit([0.1, np.nan])
    with pytest.raises(UsageError, match="level must lie between 0 and 1"):
        first_above([0.1], [0.1], 0.0, level=1.0)
