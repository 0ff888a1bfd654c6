"""The last checkpoints: hand cases, chi-square, golden numbers, simulation, bad input."""

import re

import numpy as np
import pytest
from scipy import stats

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import sd_ci, sd_ratio_ci
from evalvar.stats.smoothing import last_noise, last_noise_detrended, last_ratio, smoothing_gain

END = [0.481, 0.476, 0.492, 0.484, 0.479]


def test_one_run_without_drift_is_the_chi_square_interval():
    ours, theirs = last_noise([END]), sd_ci(END)
    for field in ("value", "se", "low", "high"):
        assert getattr(ours, field) == pytest.approx(getattr(theirs, field), rel=1e-12)


def test_golden_noise_of_the_last_five():
    found = last_noise([END])
    # methods.md c: sd (ddof 0) over mean .011323798; ddof 1 is sqrt(5/4) of that
    assert found.value / np.mean(END) / np.sqrt(5 / 4) == pytest.approx(0.011323798, abs=1e-9)
    assert last_ratio([END]).value == pytest.approx(np.mean(END) / np.std(END, ddof=1))


def test_five_normal_scores_with_ddof_0_lie_too_low_by_the_golden_factor():
    x = np.random.default_rng(0).normal(size=(200_000, 5))
    assert x.std(axis=1).mean() == pytest.approx(0.840748, abs=0.003)


def test_runs_are_pooled_by_their_variances():
    runs = [[0.1, 0.2, 0.3], [0.5, 0.5, 0.8]]
    found = last_noise(runs)
    assert found.value == pytest.approx(np.sqrt((0.01 + 0.03) / 2))
    low, high = found.value * np.sqrt(4 / stats.chi2.ppf([0.975, 0.025], 4))
    assert (found.low, found.high) == pytest.approx((low, high))
    assert (found.n, found.unit) == (2, "seed")


def test_steps_about_their_mean_by_hand():
    # steps .2, -.1, .2: mean .1, squares .01 + .04 + .01; 2 (3 - 1/3) = 16/3
    found = last_noise_detrended([[0.1, 0.3, 0.2, 0.4]])
    assert found.value == pytest.approx(np.sqrt(0.06 * 3 / 16))


def test_a_steady_rise_is_noise_to_one_and_not_to_the_other():
    rise = [[0.1, 0.2, 0.3, 0.4, 0.5]]
    assert last_noise(rise).value == pytest.approx(np.std(rise, ddof=1))
    flat = last_noise_detrended(rise)
    assert flat.value == 0
    assert np.isnan(flat.low)
    assert "no movement: no interval" in flat.method


def test_both_are_unbiased_for_independent_noise_about_a_line():
    x = np.random.default_rng(1).normal(size=(4000, 1, 5))
    slope = np.arange(5) * 3.0
    variances = [last_noise_detrended(run + slope).value ** 2 for run in x]
    assert np.mean(variances) == pytest.approx(1, abs=0.05)
    assert np.mean([last_noise(run).value ** 2 for run in x]) == pytest.approx(1, abs=0.05)


def test_drift_widens_the_interval_and_keeps_the_value():
    plain, drifting = last_noise([END]), last_noise([END], drift=0.9)
    assert drifting.value == plain.value
    assert drifting.low < plain.low
    assert drifting.high > plain.high


def test_scale_and_shift():
    for statistic in (last_noise, last_noise_detrended):
        one, other = statistic([END]), statistic([[100 + 50 * y for y in END]])
        assert other.value == pytest.approx(50 * one.value)
        assert other.high == pytest.approx(50 * one.high)
    assert last_ratio([END]).low == pytest.approx(last_ratio([[9 * y for y in END]]).low)


def test_a_ratio_near_zero_has_no_interval_and_one_of_equal_scores_no_value():
    near = last_ratio([[-1.0, 1.0, 0.1]])
    assert np.isfinite(near.value)
    assert np.isnan(near.low)
    same = last_ratio([[0.5, 0.5, 0.5]])
    assert np.isnan(same.value)
    assert same.method == "undefined: the last checkpoints are equal"
    down = last_ratio([[-y for y in END]])
    assert down.low < down.value < down.high < 0


def test_smoothing_gain_by_hand_and_its_test_is_pitmans():
    last, smoothed = [0.50, 0.54, 0.49, 0.55, 0.47], [0.51, 0.53, 0.50, 0.53, 0.50]
    found = smoothing_gain(last, smoothed)
    assert found.value == pytest.approx(np.std(last) / np.std(smoothed))
    # Pitman: equal variances where sum and difference are uncorrelated
    total, apart = np.add(last, smoothed), np.subtract(last, smoothed)
    assert found.p_value == pytest.approx(stats.pearsonr(total, apart).pvalue, rel=1e-9)


def test_the_interval_of_the_gain_ends_where_the_test_does():
    rng = np.random.default_rng(2)
    last = rng.normal(size=8)
    smoothed = 0.6 * last + 0.3 * rng.normal(size=8)
    found = smoothing_gain(last, smoothed)
    for end in (found.low, found.high):
        total, apart = last + end * smoothed, last - end * smoothed
        assert stats.pearsonr(total, apart).pvalue == pytest.approx(0.05, abs=1e-9)


def test_a_gain_without_spread_is_undefined():
    found = smoothing_gain([0.5, 0.5, 0.5], [0.1, 0.2, 0.3])
    assert np.isnan(found.value)
    assert found.method == "undefined: the last scores of all seeds are equal"
    same = smoothing_gain([0.1, 0.2, 0.4], [0.1, 0.2, 0.4])
    assert (same.value, same.p_value) == (1.0, pytest.approx(1.0))
    assert np.isnan(same.low)
    assert same.method == "Pitman-Morgan (one repeats the other: no interval)"
    twice = smoothing_gain([0.1, 0.2, 0.4], [0.2, 0.4, 0.8])
    assert twice.value == pytest.approx(0.5)
    assert all(map(np.isnan, (twice.low, twice.high, twice.p_value)))


def test_a_mean_whose_error_reaches_zero_says_so():
    found = last_ratio([[0.1, 0.5, 0.9]], drift=0.95)
    assert np.isnan(found.low)
    assert "(the mean's error at this drift reaches 0: no interval)" in found.method


def test_bad_input():
    with pytest.raises(
        NotEnoughDataError, match="the gain of smoothing needs at least 3 seeds, but has 2"
    ):
        smoothing_gain([0.1, 0.2], [0.1, 0.3])
    with pytest.raises(UsageError, match="need the same seeds, but have 3 and 4"):
        smoothing_gain([0.1] * 3, [0.1] * 4)
    message = "the noise of the last checkpoints needs at least 3 checkpoints, but has 2."
    with pytest.raises(NotEnoughDataError, match=f"^{re.escape(message)}$"):
        last_noise_detrended([[0.1, 0.2]])
    with pytest.raises(UsageError, match=r"drift must lie in \[0, 1\), but is 1.0"):
        last_noise([END], drift=1.0)


def test_a_gain_has_the_interval_of_a_ratio_of_the_same_seeds():
    rng = np.random.default_rng(3)
    last = rng.normal(size=7)
    smoothed = 0.6 * last + 0.3 * rng.normal(size=7)
    gain, ratio = smoothing_gain(last, smoothed), sd_ratio_ci(last, smoothed, paired=True)
    assert (gain.value, gain.low, gain.high) == (ratio.value, ratio.low, ratio.high)
