"""Curves that cross at a known checkpoint (V-18)."""

import numpy as np
import pytest
from scipy import stats as reference

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import chosen_crossing, crossings, crossover_ci
from evalvar.stats.quantiles import t_quantile

NOTHING = float("nan"), float("nan")


def places(checkpoints, difference):
    return [crossing.at for crossing in crossings(checkpoints, difference)]


def t_bounds(curves, level=0.95):
    def bounds(step, share):
        x = (1 - share) * curves[:, step] + share * curves[:, step + 1]
        half = t_quantile(level, len(x) - 1) * x.std(ddof=1) / np.sqrt(len(x))
        return x.mean() - half, x.mean() + half

    return bounds


def test_v18_the_crossing_by_hand():
    # a: .3 .4 .5, b: .2 .4667 .7: b overtakes a at 60 % of the first step
    assert places([0, 1000, 2000], [0.1, -0.0666666666666667, -0.2]) == pytest.approx([600])
    assert places([1, 2, 4], [-1, -1, 3]) == [2.5]
    assert places([0, 1, 2, 3], [1, -1, 1, -1]) == [0.5, 1.5, 2.5]


def test_zeros_are_crossed_in_their_middle_or_touched():
    assert places([0, 1, 2], [-1, 0, 1]) == [1]
    assert places([0, 1, 2, 3], [-1, 0, 0, 1]) == [1.5]
    assert places([0, 1, 2], [1, 0, 1]) == []
    assert places([0, 1, 2], [0, 0, 1]) == []
    assert places([0, 1], [0, 0]) == []
    found = crossings([0, 1, 2], [-1, 0, 1])[0]
    assert (found.before, found.share, found.rises) == (1, 0.0, True)
    assert crossings([0, 1, 2], [1.0, 1.0, -3.0])[0].rises is False


def test_the_rules_for_several_crossings():
    d = [0.5, -2, -3, 2, 4, -0.5]
    x = np.arange(6.0)
    assert places(x, d) == pytest.approx([0.2, 2.6, 4 + 8 / 9])
    assert chosen_crossing(x, d, rule="first").at == pytest.approx(0.2)
    assert chosen_crossing(x, d, rule="last").at == pytest.approx(4 + 8 / 9)
    assert chosen_crossing(x, d).at == pytest.approx(4 + 8 / 9)
    assert chosen_crossing(x, d, rule="split").at == pytest.approx(2.6)
    assert chosen_crossing(x, np.abs(d)) is None


def test_very_large_and_very_small_differences_cross_as_well():
    assert places([0, 1], [-1.7e308, 1.7e308]) == [0.5]
    assert places([0, 1], [-5e-324, 5e-324]) == [0.5]


def test_the_interval_is_where_a_t_test_does_not_see_a_difference():
    draws = np.random.default_rng(0)
    x = np.arange(10) * 100.0
    curves = 0.001 * (x - 437) + 0.05 * draws.normal(size=(5, 10))
    found = crossover_ci(x, curves.mean(axis=0), t_bounds(curves), n=5)
    assert found.low < 437 < found.high
    assert (found.n, found.unit) == (5, "seed")
    assert found.method == "where the difference's interval holds zero"
    for end in (found.low, found.high):
        at = [np.interp(end, x, curve) for curve in curves]
        assert reference.ttest_1samp(at, 0).pvalue == pytest.approx(0.05, abs=1e-4)
    turned = crossover_ci(x, -curves.mean(axis=0), t_bounds(-curves), n=5)
    assert (turned.value, turned.low, turned.high) == pytest.approx(
        (found.value, found.low, found.high)
    )


def test_an_interval_that_reaches_the_ends_says_so():
    curves = np.array([[-0.1, 0.2], [-1.0, 1.0], [0.9, -1.0]])
    found = crossover_ci([0, 10], curves.mean(axis=0), t_bounds(curves))
    assert (found.low, found.high) == (0, 10)
    assert found.method.endswith(", open at the first and the last checkpoint: not seen to turn")


def test_equal_seeds_have_no_interval_at_the_crossing():
    found = crossover_ci([0, 10], [-1, 1], lambda step, share: NOTHING)
    assert found.value == 5
    assert np.isnan([found.low, found.high]).all()
    assert found.method == (
        "linear interpolation (the difference has no interval there: no interval)"
    )


@pytest.mark.parametrize(
    ("difference", "method"),
    [
        ([0.1, 0.2], "undefined: the curves do not cross, one leads at every checkpoint"),
        ([0.0, 0.0], "undefined: the curves do not cross, the curves are equal"),
    ],
)
def test_no_crossing_is_undefined(difference, method):
    found = crossover_ci([0, 10], difference, lambda step, share: NOTHING)
    assert np.isnan(found.value)
    assert found.method == method


@pytest.mark.parametrize("seeds", [2, 6])
@pytest.mark.parametrize("flat", [0, 4])
def test_it_covers(seeds, flat):
    """Curves that are equal for some checkpoints, and cross at 537."""
    draws = np.random.default_rng(seeds + flat)
    x = np.arange(12) * 100.0
    true = np.where(np.arange(12) < flat, 0.0, 0.0002 * (x - 537))
    hit = []
    for _ in range(200):
        curves = (
            true + 0.005 * draws.normal(size=(seeds, 1)) + 0.01 * draws.normal(size=(seeds, 12))
        )
        found = crossover_ci(x, curves.mean(axis=0), t_bounds(curves))
        hit.append(found.low <= 537 <= found.high)
    assert np.mean(hit) > 0.95 - 3 * np.sqrt(0.95 * 0.05 / 200)


def test_bad_input():
    with pytest.raises(UsageError, match="checkpoints must increase"):
        crossings([0, 0], [1, 2])
    with pytest.raises(UsageError, match=r"checkpoints and difference need the same shape"):
        crossings([0, 1], [1, 2, 3])
    with pytest.raises(UsageError, match="finite checkpoints and differences"):
        crossings([0, 1], [1, np.nan])
    with pytest.raises(UsageError, match="rule must be 'split', 'first' or 'last', but is 'all'"):
        chosen_crossing([0, 1], [1, -1], rule="all")
    with pytest.raises(NotEnoughDataError, match="a crossover needs at least 2 checkpoints"):
        crossover_ci([0], [1], lambda step, share: NOTHING)
