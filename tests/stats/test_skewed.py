"""Means of skewed scores: the quadratic by hand, limits, agreement of p and interval, coverage."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import mean_ci, skewed_mean_ci

SAMPLES = st.lists(st.floats(-50, 50).map(lambda v: round(v, 3)), min_size=2, max_size=30)


def ends(estimate):
    return [estimate.low, estimate.high]


def test_the_interval_is_the_quadratic_solved_by_another_method():
    few = np.array([0.2, 0.4, 0.3, 2.5, 0.3, 0.6, 0.1, 0.9])
    # With fewer than 15 scores the factor is that of 15.
    for x, factor in ((few, 21 / 13), (np.tile(few, 3), 30 / 22)):
        n, m = x.size, x.mean()
        g = factor * stats.moment(x, 3) / stats.moment(x, 2)
        t = stats.t.ppf(0.975, n - 1)

        def excess(mu, x=x, n=n, m=m, g=g, t=t):
            return (m - mu) ** 2 - t**2 * (x.var(ddof=1) / n + g * (mu - m) / n)

        found = skewed_mean_ci(x)
        assert found.high == pytest.approx(optimize.brentq(excess, m, m + 50), rel=1e-9)
        # The tail is above, so the lower end is that of t, and the skew-t one lies inside.
        assert found.low == pytest.approx(mean_ci(x).low, rel=1e-12)
        assert found.low < optimize.brentq(excess, m - 50, m)
        assert (found.n, found.unit, found.method) == (n, "item", "hull of t and skew-t")


def test_symmetric_samples_and_two_scores_have_the_t_interval():
    for x in ([1.0, 2.0, 3.0], [-4.0, 0.0, 0.0, 4.0], [1.0, 5.0]):
        ours, plain = skewed_mean_ci(x, null=0.5), mean_ci(x)
        assert [*ends(ours), ours.se] == pytest.approx([*ends(plain), plain.se], rel=1e-12)
        assert ours.p_value == pytest.approx(stats.ttest_1samp(x, 0.5).pvalue, rel=1e-9)


@given(SAMPLES, st.floats(-60, 60), st.sampled_from([0.5, 0.9, 0.95, 0.999]))
@settings(derandomize=True, max_examples=300, deadline=None)
def test_p_and_interval_agree(sample, null, level):
    found = skewed_mean_ci(sample, level=level, null=null)
    if np.ptp(sample) == 0:
        assert np.isnan([*ends(found), found.p_value, found.se]).all()
        assert found.method == "hull of t and skew-t (all scores alike: no interval)"
        return
    plain = mean_ci(sample, level=level)
    assert found.low <= plain.low < plain.high <= found.high
    if min(abs(null - end) for end in ends(found)) > 1e-9 * (found.high - found.low):
        assert (found.p_value <= 1 - level) == (not found.low <= null <= found.high)


@given(SAMPLES, st.floats(-3, 3), st.sampled_from([-2.0, 0.5, 8.0]))
@settings(derandomize=True, max_examples=100, deadline=None)
def test_unit_and_sign_of_the_scores_do_not_matter(sample, shift, scale):
    x = np.array(sample)
    plain, moved = skewed_mean_ci(x), skewed_mean_ci(shift + scale * x)
    if np.isnan(plain.low):
        return
    turned = sorted(shift + scale * np.array(ends(plain)))
    np.testing.assert_allclose(ends(moved), turned, rtol=1e-7, atol=1e-6)


def test_a_million_scores_of_which_one_is_huge():
    x = np.zeros(10**6)
    x[0] = 1e6
    found = skewed_mean_ci(x)
    assert found.value == pytest.approx(1)
    assert found.high - 1 > 2 * (1 - found.low)
    assert np.isfinite(ends(found)).all()


def test_one_score_and_missing_scores_are_refused():
    message = "the interval of a mean needs at least 2 items, but has 1."
    with pytest.raises(NotEnoughDataError, match=f"^{re.escape(message)}$"):
        skewed_mean_ci([1.0])
    with pytest.raises(UsageError, match="1 of 2 are not"):
        skewed_mean_ci([1.0, np.nan])


@pytest.mark.parametrize(
    ("n", "sigma", "floor"), [(15, 1.0, 0.93), (15, 0.7, 0.94), (50, 1.0, 0.945), (200, 0.7, 0.945)]
)
def test_the_mean_of_lognormal_scores_is_covered(n, sigma, floor):
    x = np.exp(sigma * np.random.default_rng(n).normal(size=(3000, n)))
    truth = np.exp(sigma**2 / 2)
    hits = [found.low <= truth <= found.high for found in map(skewed_mean_ci, x)]
    assert np.mean(hits) > floor - 4 * np.sqrt(0.06 * 0.94 / len(x))


def test_normal_scores_pay_little():
    x = np.random.default_rng(5).normal(size=(500, 50))
    ratio = np.mean([np.ptp(ends(skewed_mean_ci(row))) for row in x])
    ratio /= np.mean([np.ptp(ends(mean_ci(row))) for row in x])
    assert ratio < 1.04
