"""Spread over seeds: hand cases, scipy, coverage."""

import re

import numpy as np
import pytest
from scipy import stats

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import c4, mean_sd, pooled_sd, sd_ci
from evalvar.stats.spread import mean_sd_of_models

CURVES = np.array([[0.30, 0.40, 0.50], [0.32, 0.38, 0.54], [0.28, 0.42, 0.49], [0.30, 0.40, 0.55]])


def test_the_sd_of_two_seeds_is_the_one_worked_by_hand():
    estimate = sd_ci([1.0, 3.0])
    assert estimate.value == pytest.approx(np.sqrt(2), rel=1e-14)
    assert sd_ci([1.0, 3.0], ddof=0).value == 1.0
    assert (estimate.n, estimate.unit, estimate.method) == (2, "seed", "chi-square")


def test_the_chi_square_interval_does_not_depend_on_ddof():
    x = np.random.default_rng(0).normal(size=7)
    unbiased, plain = sd_ci(x), sd_ci(x, ddof=0)
    assert (unbiased.low, unbiased.high) == (plain.low, plain.high)
    quantiles = stats.chi2.ppf([0.975, 0.025], 6)
    np.testing.assert_allclose(
        [unbiased.low, unbiased.high], np.sqrt(6 * x.var(ddof=1) / quantiles), rtol=1e-12
    )


def test_equal_seeds_have_sd_zero_and_no_interval():
    estimate = sd_ci([0.1, 0.1, 0.1])
    assert estimate.value == 0
    assert np.isnan([estimate.se, estimate.low, estimate.high]).all()
    assert estimate.method == "chi-square (all seeds equal: no interval)"


def test_one_seed_has_no_sd():
    message = "a standard deviation over seeds needs at least 2 seeds, but has 1."
    with pytest.raises(NotEnoughDataError, match=f"^{re.escape(message)}$"):
        sd_ci([0.5])


@pytest.mark.parametrize("ddof", [-1, 2])
def test_a_ddof_that_is_neither_0_nor_1_is_refused(ddof):
    with pytest.raises(UsageError, match="ddof must be 0 or 1"):
        sd_ci([0.5, 0.6], ddof=ddof)


def test_the_chi_square_interval_covers_at_its_level():
    x = np.random.default_rng(1).normal(size=(4000, 5))
    hit = [e.low <= 1 <= e.high for e in map(sd_ci, x)]
    assert abs(np.mean(hit) - 0.95) < 4 * np.sqrt(0.95 * 0.05 / len(x))


def test_c4_makes_the_sd_unbiased():
    x = np.random.default_rng(2).normal(size=(40_000, 4)).std(axis=1, ddof=1)
    assert abs(x.mean() - c4(4)) < 4 * x.std() / np.sqrt(x.size)


@pytest.mark.parametrize(("n", "expected"), [(2, np.sqrt(2 / np.pi)), (3, np.sqrt(np.pi) / 2)])
def test_c4_is_its_closed_form(n, expected):
    assert c4(n) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("n", [10**4, 10**6, 10**9])
def test_c4_stays_exact_for_extreme_sizes(n):
    assert 1 - c4(n) == pytest.approx(1 / (4 * n) + 7 / (32 * n**2), rel=1e-4, abs=1e-14)


def test_c4_needs_two():
    with pytest.raises(NotEnoughDataError, match="c4 needs at least 2 seeds, but has 1"):
        c4(1)


def test_one_checkpoint_gives_the_sd_of_its_seeds():
    x = np.random.default_rng(3).random((6, 1))
    assert mean_sd(x).value == pytest.approx(sd_ci(x[:, 0]).value, rel=1e-14)
    assert pooled_sd(x).value == pytest.approx(sd_ci(x[:, 0]).value, rel=1e-14)


def test_the_mean_of_sds_is_never_above_the_pooled_sd():
    x = np.random.default_rng(4).normal(size=(5, 9)) * np.arange(1, 10)
    assert mean_sd(x).value < pooled_sd(x).value
    assert mean_sd(x).method.startswith("mean of sds")
    assert pooled_sd(x).method.startswith("root of mean variance")


def test_the_interval_of_one_checkpoint_is_that_of_its_sd():
    x = np.random.default_rng(5).random((5, 1))
    for spread in (mean_sd(x), pooled_sd(x)):
        one = sd_ci(x[:, 0])
        np.testing.assert_allclose(
            [spread.se, spread.low, spread.high], [one.se, one.low, one.high], rtol=1e-12
        )


def test_checkpoints_that_repeat_each_other_add_nothing():
    x = np.random.default_rng(6).random((5, 1))
    one, many = mean_sd(x), mean_sd(x + np.arange(4.0))
    np.testing.assert_allclose([many.low, many.high], [one.low, one.high], rtol=1e-9)


def test_checkpoints_that_do_not_depend_on_each_other_add_their_degrees_of_freedom():
    # Orthogonal contrasts over 4 seeds: 3 checkpoints, 9 degrees of freedom, every sd 2/sqrt(3).
    x = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) + 10.0
    centre = 2 / np.sqrt(3) / c4(4) * c4(10)
    estimate = mean_sd(x)
    assert estimate.value == pytest.approx(2 / np.sqrt(3), rel=1e-14)
    expected = centre * np.sqrt(9 / stats.chi2.ppf([0.975, 0.025], 9))
    np.testing.assert_allclose([estimate.low, estimate.high], expected, rtol=1e-10)
    assert (estimate.n, estimate.unit) == (4, "seed")
    assert estimate.method == "mean of sds, Satterthwaite chi-square"


def test_two_seeds_give_a_wide_interval():
    estimate = mean_sd(CURVES[:2])
    assert estimate.value == pytest.approx(np.sqrt(2) * (0.01 + 0.01 + 0.02) / 3, rel=1e-12)
    assert estimate.high > 25 * estimate.value


def test_a_checkpoint_at_which_seeds_agree_counts_as_zero():
    x = np.column_stack([np.full(4, 0.1), CURVES[:, 2]])
    assert mean_sd(x).value == pytest.approx(sd_ci(CURVES[:, 2]).value / 2, rel=1e-12)
    assert np.isfinite(mean_sd(x).high)


def test_one_model_gives_its_own_mean_of_sds():
    assert mean_sd_of_models([CURVES]) == mean_sd(CURVES)


def test_models_pool_their_degrees_of_freedom():
    # 12 models alike, 4 seeds, one checkpoint: 36 degrees of freedom
    x = [[[-1.0], [-1.0], [1.0], [1.0]]] * 12
    sd = 2 / np.sqrt(3)
    centre = sd / c4(4) * c4(37)
    found = mean_sd_of_models(x)
    assert found.value == pytest.approx(sd, rel=1e-14)
    expected = centre * np.sqrt(36 / stats.chi2.ppf([0.975, 0.025], 36))
    np.testing.assert_allclose([found.low, found.high], expected, rtol=1e-10)
    assert (found.n, found.unit) == (48, "seed")


def test_a_model_whose_seeds_agree_counts_as_zero():
    found = mean_sd_of_models([CURVES, np.full((3, 2), 0.5)])
    one = mean_sd(CURVES)
    np.testing.assert_allclose([found.value, found.low], [one.value / 2, one.low / 2], rtol=1e-12)
    still = mean_sd_of_models([np.full((3, 2), 0.5)] * 2)
    assert still.value == 0
    assert still.method.endswith("(seeds never differ: no interval)")


def test_the_mean_over_models_is_covered():
    rng = np.random.default_rng(8)
    sds = np.array([0.5, 1.0, 1.5, 1.0, 2.0])
    hit = []
    for _ in range(800):
        x = sds[:, None, None] * rng.normal(size=(5, 3, 1))
        found = mean_sd_of_models(list(x))
        hit.append(found.low <= sds.mean() <= found.high)
    assert abs(np.mean(hit) - 0.95) < 4 * np.sqrt(0.95 * 0.05 / 800)


def test_no_model_has_no_spread():
    with pytest.raises(NotEnoughDataError) as caught:
        mean_sd_of_models([])
    assert str(caught.value) == "a mean over models needs at least 1 model, but has 0."


@pytest.mark.parametrize("rho", [0.0, 0.5, 1.0])
def test_the_mean_of_sds_is_covered_at_94_or_more_however_checkpoints_depend(rho):
    rng = np.random.default_rng(7)
    shared, own = rng.normal(size=(2000, 5, 1)), rng.normal(size=(2000, 5, 8))
    curves = (np.sqrt(rho) * shared + np.sqrt(1 - rho) * own) * np.linspace(3, 1, 8)
    hit = [e.low <= 2 <= e.high for e in map(mean_sd, curves)]
    assert np.mean(hit) > 0.94 - 4 * np.sqrt(0.94 * 0.06 / len(hit))


def test_a_checkpoint_counts_where_two_seeds_have_it():
    x = CURVES.copy()
    x[1:, 0] = np.nan
    x[0, 1] = np.nan
    expected = (x[1:, 1].std(ddof=1) + x[:, 2].std(ddof=1)) / 2
    assert mean_sd(x).value == pytest.approx(expected, rel=1e-12)
    assert mean_sd(x).low < expected < mean_sd(x).high


def test_a_seed_without_any_score_is_not_counted():
    x = np.vstack([CURVES, np.full(3, np.nan)])
    assert mean_sd(x) == mean_sd(CURVES)


def test_no_checkpoint_with_two_seeds_is_not_enough():
    x = [[1.0, np.nan], [np.nan, 2.0]]
    message = "a standard deviation over seeds needs a checkpoint with 2 seeds, but has none."
    with pytest.raises(NotEnoughDataError, match=f"^{re.escape(message)}$"):
        mean_sd(x)


def test_seeds_that_do_not_differ_have_no_interval():
    estimate = mean_sd(np.tile([0.1, 0.3, 0.7], (4, 1)))
    assert estimate.value == 0
    assert np.isnan([estimate.se, estimate.low, estimate.high]).all()
    assert estimate.method.endswith("(seeds never differ: no interval)")


@pytest.mark.parametrize("curves", [np.ones(4), [[1.0, np.inf], [0.0, 1.0]]])
def test_what_is_no_matrix_of_scores_is_refused(curves):
    with pytest.raises(UsageError, match="curves need 2 axes"):
        mean_sd(curves)
