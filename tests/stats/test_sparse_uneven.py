"""Differences of any size beside many that are next to nothing: pass@k of nearly solved models."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalvar.stats import pass_at_k, skewed_mean_ci, sparse_t, sparse_t_many, sparse_t_pairs
from evalvar.stats.quantiles import t_quantile


def test_a_case_by_hand():
    """Of 8 differences 2 lie more than a tenth of an eighth from 0; they weigh as 25/17 alike."""
    d = np.array([0.0, 0.0, 0.0, 0.0, 1e-8, -1e-8, 0.1, 0.4])
    found = sparse_t(d, low=-1, high=1, uneven=True)
    m = 0.5**2 / (0.1**2 + 0.4**2)
    mass = (1 + 5 / (m + 5)) * (1 - m / 8)
    away = 0.4 + 0.6 / (m + 1)
    total = 8 + mass
    centre = 0.5 / total
    squares = ((d - centre) ** 2).sum() + mass / 2 * ((away - centre) ** 2 + (away + centre) ** 2)
    se = (squares / (1 - 1 / total)) ** 0.5 / total
    assert found.se == pytest.approx(se, rel=1e-6)
    # below 15 items the correction for skewness stays that of 15, and 2 (1 - m/4) is above 1
    moment, square = ((d - d.mean()) ** 3).mean(), d.var()
    t, slope = t_quantile(0.95, 7), 21 / 13 * moment / square / 8
    reach = (t**2 * slope + (t**4 * slope**2 + 4 * t**2 * se**2) ** 0.5) / 2
    assert found.high == pytest.approx(centre + reach, rel=1e-6)
    assert found.low == pytest.approx(centre - t * se, rel=1e-6)
    assert found.method == "sparse-t, uneven"


@pytest.mark.parametrize(
    ("some", "step"),
    [([1.0, 1.0, 1.0, 1.0, 1.0], 1e-3), ([0.1 / 30] * 3, 1e-4), ([0.1 / 30] * 12 + [0.5], 1e-4)],
)
def test_a_small_step_of_a_difference_moves_the_interval_little(some, step):
    """One size and another, and nearer or further than a tenth of an item's weight, are alike."""
    d = np.zeros(30)
    d[: len(some)] = some
    moved = np.where(d > 0, d - step, 0.0) if len(some) != 5 else d - step * (np.arange(30) == 0)
    one, other = (sparse_t(x, low=-1, high=1, uneven=True) for x in (d, moved))
    assert (other.low, other.high) == pytest.approx((one.low, one.high), abs=10 * step)


def test_models_of_differences_of_about_one_size_are_skewed_in_part():
    """m = (4 + .5)^2/(4 + .25), of 5 others: 2 (1 - m/5) of the slope."""
    d = np.r_[np.ones(4), 0.5, np.zeros(35)]
    found = sparse_t(d, low=-1, high=1, uneven=True)
    share = 2 * (1 - 4.5**2 / 4.25 / 5)
    t = t_quantile(0.95, 39)
    slope = share * 46 / 38 * ((d - d.mean()) ** 3).mean() / d.var() / 40
    centre = found.low + t * found.se
    reach = (t**2 * slope + (t**4 * slope**2 + 4 * t**2 * found.se**2) ** 0.5) / 2
    assert 0 < share < 1
    assert found.high == pytest.approx(centre + reach, rel=1e-9)


def test_answers_right_or_wrong_are_not_uneven():
    d = np.array([0, 0, 0, 0, 1.0, 1.0, -1.0, 0, 0, 1.0])
    plain, uneven = (sparse_t(d, low=-1, high=1, uneven=one) for one in (False, True))
    assert (uneven.low, uneven.high, uneven.p_value) == pytest.approx(
        (plain.low, plain.high, plain.p_value), rel=1e-12
    )


def test_where_few_are_nearly_equal_it_is_the_hull_of_t_and_skew_t():
    d = np.random.default_rng(1).exponential(0.1, 40) - 0.05
    uneven, skewed = sparse_t(d, low=-1, high=1, uneven=True), skewed_mean_ci(d)
    assert (uneven.low, uneven.high, uneven.p_value) == pytest.approx(
        (skewed.low, skewed.high, skewed.p_value), rel=1e-9
    )


@given(st.integers(0, 10**6), st.integers(2, 30), st.floats(-0.2, 0.2))
@settings(derandomize=True, max_examples=100, deadline=None)
def test_p_and_interval_agree_and_turn_with_the_sign(seed, n, null):
    rng = np.random.default_rng(seed)
    d = rng.choice([0.0, 1e-7, -1e-5, 0.01, 0.3, 1.0], n, p=[0.3, 0.2, 0.2, 0.1, 0.1, 0.1])
    found, turned = (
        sparse_t(sign * d, low=-1, high=1, uneven=True, null=sign * null) for sign in (1, -1)
    )
    assert (found.p_value <= 0.05) == (not found.low < null < found.high)
    assert (-turned.high, -turned.low) == pytest.approx((found.low, found.high), abs=1e-12)
    assert turned.p_value == pytest.approx(found.p_value, abs=1e-12)


def test_pairs_are_each_pair():
    scores = np.random.default_rng(2).beta(8, 0.1, (40, 3))
    pairs = sparse_t_pairs(scores, low=-1, high=1, uneven=True)
    for number, (i, j) in enumerate([(0, 1), (0, 2), (1, 2)]):
        one = sparse_t(scores[:, i] - scores[:, j], low=-1, high=1, scale=1.0, uneven=True)
        assert pairs.high[number] == pytest.approx(one.high, rel=1e-12)
        assert pairs.estimates(0.95, 40)[number].method == "sparse-t, uneven"


def test_nearly_equal_differences_are_those_of_one_value():
    """A model that solves all against one that solves nothing: the unseen is that of equal ones."""
    rng = np.random.default_rng(4)
    d = np.r_[1 - 1e-6 * rng.random(29), 0.4]
    alike = np.r_[np.ones(29), 0.4]
    found, equal = (sparse_t(x, low=-1, high=1, uneven=True) for x in (d, alike))
    assert (found.low, found.high) == pytest.approx((equal.low, equal.high), abs=1e-4)
    turned = sparse_t(-d, low=-1, high=1, uneven=True)
    assert (-turned.high, -turned.low) == pytest.approx((found.low, found.high), abs=1e-12)


def test_a_model_that_solves_nearly_all_against_one_that_solves_nothing_is_covered():
    """4 standard errors of 400 sets below 95 % are 90.6 %; by t alone it is 62 %."""
    rng = np.random.default_rng(5)

    def chances(sets):
        hard = rng.random((sets, 30)) < 0.03
        return np.where(hard, rng.beta(0.3, 8, hard.shape), rng.beta(4, 2, hard.shape))

    truth = (1 - (1 - chances(20_000)) ** 10).mean()
    values = pass_at_k(100, np.arange(101), k=10)[rng.binomial(100, chances(400))]
    found = sparse_t_many(values, low=-1, high=1, scale=1.0, uneven=True)
    assert ((found.low <= truth) & (truth <= found.high)).mean() > 0.906


@pytest.mark.parametrize(("n", "k"), [(10, 5), (200, 10)])
def test_two_nearly_solved_models_are_covered(n, k):
    """4 standard errors of 400 sets below 95 % are 90.6 %; without `uneven` it is 66 to 90 %."""
    rng = np.random.default_rng(3)

    def chances(sets):
        ease = 1.5 * rng.standard_normal((sets, 142))
        own = 0.5 * rng.standard_normal((2, sets, 142))
        return 1 / (1 + np.exp(-(ease + own + np.array([4.0, 3.0])[:, None, None])))

    a, b = 1 - (1 - chances(4000)) ** k
    truth = (a - b).mean()
    values = pass_at_k(n, np.arange(n + 1), k=k)[rng.binomial(n, chances(400))]
    found = sparse_t_many(values[0] - values[1], low=-1, high=1, scale=1.0, uneven=True)
    assert ((found.low <= truth) & (truth <= found.high)).mean() > 0.906
