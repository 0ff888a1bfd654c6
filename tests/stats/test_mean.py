"""Means: hand cases, references, coverage."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import (
    bounded_mean_ci,
    bounded_mean_interval,
    mean_ci,
    midp,
    midp_interval,
)

DERANDOMIZED = settings(derandomize=True, max_examples=60, deadline=None)
FRACTIONS = st.lists(st.integers(0, 8).map(lambda v: v / 8), min_size=2, max_size=30)


def test_mean_ci_is_the_t_interval_worked_by_hand():
    estimate = mean_ci([1.0, 2.0, 3.0])
    assert estimate.value == 2.0
    assert estimate.se == pytest.approx(1 / np.sqrt(3), rel=1e-14)
    assert estimate.high - 2 == pytest.approx(4.302652729911275 / np.sqrt(3), rel=1e-9)
    assert (estimate.n, estimate.unit, estimate.method) == (3, "item", "t")


def test_mean_ci_agrees_with_scipy():
    x = np.random.default_rng(1).normal(size=17)
    ours = mean_ci(x, level=0.9)
    theirs = stats.ttest_1samp(x, 0).confidence_interval(0.9)
    np.testing.assert_allclose([ours.low, ours.high], theirs, rtol=1e-9)


@pytest.mark.parametrize("value", [0.0, 0.1, -3.7, 1e9])
def test_a_constant_sample_keeps_its_value_and_has_no_interval(value):
    estimate = mean_ci([value] * 7)
    assert estimate.value == value
    assert np.isnan([estimate.se, estimate.low, estimate.high]).all()
    assert estimate.method == "t (all scores alike: no interval)"


def test_one_score_is_not_enough_for_a_t_interval():
    message = "the t interval of a mean needs at least 2 items, but has 1."
    with pytest.raises(NotEnoughDataError, match=f"^{re.escape(message)}$"):
        mean_ci([0.5])


def test_scores_that_are_not_finite_are_refused_with_their_count():
    message = "scores needs finite numbers, but 2 of 3 are not. Leave them out."
    with pytest.raises(UsageError, match=f"^{re.escape(message)}$"):
        mean_ci([1.0, np.nan, np.inf])


@pytest.mark.parametrize("level", [0, 1, -0.1, 95])
def test_a_level_that_is_no_probability_is_refused(level):
    with pytest.raises(UsageError, match="level must lie between 0 and 1"):
        mean_ci([0.0, 1.0], level=level)


def test_the_t_interval_covers_at_its_level():
    x = np.random.default_rng(0).normal(size=(4000, 6))
    hit = [e.low <= 0 <= e.high for e in map(mean_ci, x)]
    assert abs(np.mean(hit) - 0.95) < 4 * np.sqrt(0.95 * 0.05 / len(x))


@given(st.lists(st.integers(0, 1), min_size=1, max_size=40))
@DERANDOMIZED
def test_zeros_and_ones_have_the_mid_p_interval_exactly(scores):
    ours, exact = bounded_mean_ci(scores, low=0, high=1), midp(sum(scores), len(scores))
    assert (ours.low, ours.high, ours.value) == (exact.low, exact.high, exact.value)
    assert ours.method == "mid-p"


@given(FRACTIONS)
@DERANDOMIZED
def test_an_interval_of_bounded_scores_holds_the_mean_and_has_width(scores):
    estimate = bounded_mean_ci(scores, low=0, high=1)
    assert 0 <= estimate.low <= estimate.value <= estimate.high <= 1
    assert estimate.high - estimate.low > 1e-3


@given(FRACTIONS)
@DERANDOMIZED
def test_turning_the_scores_around_turns_the_interval_around(scores):
    x = np.array(scores)
    plain, turned = bounded_mean_ci(x, low=0, high=1), bounded_mean_ci(1 - x, low=0, high=1)
    np.testing.assert_allclose(
        [1 - turned.high, 1 - turned.low], [plain.low, plain.high], atol=1e-12
    )


@given(FRACTIONS, st.floats(-50, 50), st.floats(0.1, 80))
@DERANDOMIZED
def test_the_unit_of_the_scores_does_not_matter(scores, shift, scale):
    x = np.array(scores)
    plain = bounded_mean_ci(x, low=0, high=1)
    n, y = x.size, shift + scale * x
    low, high = bounded_mean_interval(
        n, y.mean(), y.var(ddof=1), (x == 0).sum(), (x == 1).sum(), low=shift, high=shift + scale,
        third=((y - y.mean()) ** 3).mean(),
    )  # fmt: skip
    np.testing.assert_allclose(
        [(low - shift) / scale, (high - shift) / scale], [plain.low, plain.high], atol=1e-7
    )


def test_the_effective_size_is_the_one_worked_by_hand():
    x = np.array([0.2, 0.4, 0.6, 0.8])
    n = 4 * 0.5 * 0.5 / x.var(ddof=1) * (1.959963984540054 / 3.182446305284263) ** 2
    low, high = midp_interval(n / 2, n)
    estimate = bounded_mean_ci(x, low=0, high=1)
    np.testing.assert_allclose([estimate.low, estimate.high], [low, high], rtol=1e-9)
    assert estimate.method == "mid-p on effective n"


def test_the_cap_holds_where_most_scores_sit_on_a_bound():
    x = np.array([1.0] * 29 + [0.9])
    # n_eff would be 299; the cap is 30 * (1 + 1/10)
    n = 33 * (1.959963984540054 / 2.045229642132703) ** 2
    low, _ = midp_interval(n * x.mean(), n)
    assert bounded_mean_ci(x, low=0, high=1).low == pytest.approx(float(low), rel=1e-9)


def test_rare_far_scores_make_the_unit_of_a_skewed_sample_larger():
    # distances from 1: 30 of 0, 8 of .1, 2 of .8
    x = np.r_[np.ones(30), np.full(8, 0.9), np.full(2, 0.2)]
    e1, e2, e3 = ((8 * 0.1**power + 2 * 0.8**power) / 40 for power in (1, 2, 3))
    # 40 items of units of e2/e1, less the mean squared, and of the geometric mean with e3/e2
    n = 40 * x.mean() * (1 - x.mean()) / x.var(ddof=1) / (e3 * e1 / e2**2) ** 0.5
    n *= (1.959963984540054 / 2.022690920036761) ** 2
    expected = midp_interval(n * x.mean(), n)
    estimate = bounded_mean_ci(x, low=0, high=1)
    np.testing.assert_allclose([estimate.low, estimate.high], expected, rtol=1e-9)
    # without the third moment it is the interval of the variance alone, and narrower
    plain = bounded_mean_interval(40, x.mean(), x.var(ddof=1), 0, 30, low=0, high=1)
    unknown = bounded_mean_interval(40, x.mean(), x.var(ddof=1), 0, 30, low=0, high=1, third=np.nan)
    assert plain == unknown
    assert plain[1] - plain[0] < estimate.high - estimate.low


@pytest.mark.parametrize("n", [100, 200, 400])
@pytest.mark.parametrize("k", [2, 5])
def test_a_nearly_solved_benchmark_is_covered(n, k):
    # 80 % of items always solved, the rest with a chance of Beta(2, 2); 10 answers an item
    from scipy.special import betaln, comb

    right = np.arange(11)
    chance = comb(10, right) * np.exp(betaln(right + 2, 12 - right) - betaln(2, 2))
    scores = 1 - comb(10 - right, k) / comb(10, k)
    values, place = np.unique(np.r_[scores, 1.0], return_inverse=True)
    shares = np.bincount(place, np.r_[0.2 * chance, 0.8])
    counts = np.random.default_rng(8).multinomial(n, shares / shares.sum(), 4000)
    mean = counts @ values / n
    rest = values - mean[:, None]
    low, high = bounded_mean_interval(
        n, mean, (counts * rest**2).sum(1) / (n - 1), counts[:, 0], counts[:, -1], low=0, high=1,
        third=(counts * rest**3).sum(1) / n,
    )  # fmt: skip
    truth = values @ shares
    assert np.mean((low <= truth) & (truth <= high)) > 0.94 - 4 * np.sqrt(0.94 * 0.06 / 4000)


def test_the_vectorised_interval_is_the_scalar_one_and_nan_where_undefined():
    rng = np.random.default_rng(5)
    samples = [rng.integers(0, 5, n) / 4 for n in (2, 3, 9, 40)] + [np.ones(3)]
    low, high = bounded_mean_interval(
        [*(x.size for x in samples), 0, 1],
        [*(x.mean() for x in samples), 0.5, 0.5],
        [*(x.var(ddof=1) for x in samples), 0, 0],
        [*((x == 0).sum() for x in samples), 0, 0],
        [*((x == 1).sum() for x in samples), 0, 0],
        low=0,
        high=1,
        third=[*(((x - x.mean()) ** 3).mean() for x in samples), 0, 0],
    )
    each = [bounded_mean_ci(x, low=0, high=1) for x in samples]
    np.testing.assert_array_equal(low, [*(e.low for e in each), np.nan, np.nan])
    np.testing.assert_array_equal(high, [*(e.high for e in each), np.nan, np.nan])


def test_a_score_outside_its_range_is_refused():
    message = "scores must lie in [0, 1], but 1 of 3 do not (smallest 0.0, largest 1.5)."
    with pytest.raises(UsageError, match=f"^{re.escape(message)}$"):
        bounded_mean_ci([0.0, 0.5, 1.5], low=0, high=1)


def test_a_single_score_inside_the_range_is_not_enough_and_one_on_a_bound_is():
    with pytest.raises(NotEnoughDataError, match="needs at least 2 items, but has 1"):
        bounded_mean_ci([0.5], low=0, high=1)
    assert bounded_mean_ci([1.0], low=0, high=1).low == pytest.approx(0.05, abs=1e-12)


@pytest.mark.parametrize(("n", "atoms"), [(20, 0.0), (20, 0.8), (100, 0.8)])
def test_bounded_means_cover_at_94_or_more(n, atoms):
    rng = np.random.default_rng(6)
    x = np.where(rng.random((4000, n)) < atoms, 1.0, rng.beta(2, 2, (4000, n)))
    low, high = bounded_mean_interval(
        n, x.mean(1), x.var(1, ddof=1), (x == 0).sum(1), (x == 1).sum(1), low=0, high=1
    )
    truth = atoms + (1 - atoms) / 2
    cover = np.mean((low <= truth) & (truth <= high))
    assert cover > 0.94 - 4 * np.sqrt(0.94 * 0.06 / 4000)


def test_inputs_are_left_as_they_were():
    x = np.array([0.5, 0.25, 1.0])
    kept = x.copy()
    mean_ci(x)
    bounded_mean_ci(x, low=0, high=1)
    np.testing.assert_array_equal(x, kept)
