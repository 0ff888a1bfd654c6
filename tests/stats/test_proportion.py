"""Proportions: closed forms, statsmodels, exact coverage."""

import re

import numpy as np
import pytest
from scipy import optimize, stats
from statsmodels.stats.proportion import proportion_confint

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import (
    binomial_half_width,
    clopper_pearson,
    jeffreys,
    midp,
    midp_interval,
    wilson,
)


@pytest.mark.parametrize(
    ("ours", "name"),
    [(wilson, "wilson"), (jeffreys, "jeffreys"), (clopper_pearson, "beta")],
)
@pytest.mark.parametrize(("k", "n"), [(0, 9), (9, 9), (3, 9), (70, 100), (1, 1)])
def test_classical_intervals_are_those_of_statsmodels(ours, name, k, n):
    estimate = ours(k, n, level=0.9)
    theirs = proportion_confint(k, n, alpha=0.1, method=name)
    np.testing.assert_allclose([estimate.low, estimate.high], theirs, atol=1e-12)
    assert (estimate.value, estimate.n, estimate.unit) == (k / n, n, "item")


def test_each_interval_names_its_method():
    names = [f(3, 9).method for f in (wilson, jeffreys, clopper_pearson, midp)]
    assert names == ["Wilson", "Jeffreys", "Clopper-Pearson", "mid-p"]


@pytest.mark.parametrize("n", range(1, 9))
def test_mid_p_bounds_solve_their_equation(n):
    for k in range(n + 1):
        low, high = (float(bound) for bound in midp_interval(k, n))
        if k < n:
            mid = stats.binom.cdf(k, n, high) - stats.binom.pmf(k, n, high) / 2
            assert mid == pytest.approx(0.025, abs=1e-11)
        else:
            assert high == 1
        if k > 0:
            mid = stats.binom.sf(k, n, low) + stats.binom.pmf(k, n, low) / 2
            assert mid == pytest.approx(0.025, abs=1e-11)
        else:
            assert low == 0


@pytest.mark.parametrize(("k", "n"), [(0.3, 0.9), (2.5, 7.2), (1e-9, 5.0), (410.7, 411.0)])
def test_mid_p_for_counts_that_are_not_whole_agrees_with_a_root_finder(k, n):
    from scipy import special

    def tail(p):
        return (
            special.betainc(n - k, k + 1, 1 - p) + special.betainc(n - k + 1, k, 1 - p)
        ) / 2 - 0.025

    root = optimize.brentq(tail, 1e-15, 1 - 1e-15, xtol=1e-15)
    assert float(midp_interval(k, n)[1]) == pytest.approx(root, abs=1e-11)


def test_mid_p_is_continuous_where_the_count_becomes_whole():
    for k in (0.0, 3.0, 10.0):
        near = np.clip([k - 1e-9, k, k + 1e-9], 0, 10)
        low, high = midp_interval(near, 10)
        assert np.ptp(low) < 1e-6
        assert np.ptp(high) < 1e-6


def test_mid_p_lies_inside_clopper_pearson():
    for k in range(21):
        inner, outer = midp(k, 20), clopper_pearson(k, 20)
        assert outer.low <= inner.low <= inner.value <= inner.high <= outer.high


@pytest.mark.parametrize("n", [10**6, 10**9])
def test_mid_p_becomes_the_normal_interval_at_extreme_sizes(n):
    low, high = midp_interval(0.3 * n, n)
    half = float(binomial_half_width(0.3, n))
    assert (high - low) / 2 == pytest.approx(half, rel=1e-4)
    assert float(midp_interval(0, n)[1]) == pytest.approx(-np.log(0.05) / n, rel=1e-5)


def test_the_exact_coverage_of_mid_p_stays_above_91_from_n_15_on():
    for n in (15, 30, 50, 100):
        k = np.arange(n + 1)
        low, high = midp_interval(k, n)
        p = np.linspace(0.002, 0.998, 115)[:, None]
        cover = (stats.binom.pmf(k, n, p) * ((low <= p) & (p <= high))).sum(axis=1)
        assert cover.min() >= 0.915
        assert 0.95 <= cover.mean() <= 0.97


def test_mid_p_is_nan_without_trials_or_counts():
    low, high = midp_interval([0, np.nan, 1], [0, 4, np.nan])
    assert np.isnan(low).all()
    assert np.isnan(high).all()


def test_mid_p_broadcasts():
    low, high = midp_interval([[0], [1]], [2, 3, 4])
    assert low.shape == high.shape == (2, 3)


@pytest.mark.parametrize(("k", "n"), [(-1, 4), (5, 4)])
def test_a_count_outside_its_trials_is_refused(k, n):
    with pytest.raises(UsageError, match=r"k must lie in 0\.\.n"):
        midp_interval(k, n)
    message = f"k and n must be whole with 0 <= k <= n, but are {k} and {n}."
    with pytest.raises(UsageError, match=f"^{re.escape(message)}$"):
        wilson(k, n)


def test_no_trial_is_not_enough():
    with pytest.raises(NotEnoughDataError, match=r"needs at least 1 item, but has 0\."):
        midp(0, 0)


def test_the_standard_error_at_the_bounds_is_not_given():
    assert np.isnan(wilson(0, 5).se)
    assert np.isnan(midp(5, 5).se)
    assert wilson(1, 4).se == pytest.approx(np.sqrt(0.25 * 0.75 / 4), rel=1e-14)


def test_the_half_width_is_vectorised_and_nan_without_trials():
    half = binomial_half_width([0.5, 0.5, 1.0], [100, 0, 10])
    assert half[0] == pytest.approx(0.0979981992, abs=1e-9)
    assert np.isnan(half[1])
    assert half[2] == 0
    with pytest.raises(UsageError, match=r"p must lie in 0\.\.1"):
        binomial_half_width(1.2, 10)
