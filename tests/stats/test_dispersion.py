import numpy as np
import pytest
from scipy import stats as reference
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import (
    Noise,
    mean_difference,
    model_spread,
    pooled_noise,
    relative_noise,
    relative_range,
    relative_snr,
    seed_noise,
    spread_to_noise,
    step_noise,
)

# methods.md, section c
MODELS = [0.412, 0.455, 0.431, 0.487]
RUN = [0.481, 0.476, 0.492, 0.484, 0.479]


def test_heinemans_numbers_are_met_for_parity():
    assert relative_range(MODELS) == pytest.approx(0.168067227, abs=1e-9)
    assert relative_noise(RUN) == pytest.approx(0.011323798, abs=1e-9)
    assert relative_snr(MODELS, RUN) == pytest.approx(14.841948627, abs=1e-8)
    assert relative_snr(MODELS, RUN, ddof=1) == pytest.approx(13.275042419, abs=1e-8)


def test_checkpoints_of_several_models_laid_end_to_end_would_hold_the_signal():
    rng = np.random.default_rng(0)
    models = 0.5 + 0.05 * rng.standard_normal(25)
    runs = models[:, None] + 0.001 * rng.standard_normal((25, 5))
    assert relative_snr(models, runs.ravel()) < 6
    assert relative_snr(models, runs) > 150


def test_relative_numbers_of_losses_and_of_scores_about_zero_are_undefined():
    assert np.isnan(relative_range([-1.0, -2.0]))
    assert np.isnan(relative_range([-1.0, 1.0]))
    assert np.isnan(relative_snr(MODELS, [0.5, 0.5]))


def test_noise_over_seeds_is_the_residual_mean_square_of_an_anova():
    import pandas as pd

    groups = [[0.3, 0.32, 0.35], [0.4, 0.44], [0.5, 0.49, 0.47, 0.5], [0.6]]
    frame = pd.DataFrame([(m, y) for m, g in enumerate(groups) for y in g], columns=["m", "y"])
    table = anova_lm(ols("y ~ C(m)", frame).fit())
    found = seed_noise(groups)
    assert found.variance == pytest.approx(table.loc["Residual", "mean_sq"])
    assert (found.df, found.runs) == (table.loc["Residual", "df"], 9)


def test_noise_over_steps_is_the_residual_of_a_line_through_each_run():
    rng = np.random.default_rng(1)
    steps = np.array([10.0, 20, 25, 40, 60])
    curves = rng.standard_normal((3, 5))
    squares = sum(np.polyfit(steps, y, 1, full=True)[1][0] for y in curves)
    found = step_noise(curves, steps)
    assert (found.variance, found.df) == (pytest.approx(squares / 9), 9)
    rising = curves + 7 * steps
    assert step_noise(rising, steps).variance == pytest.approx(found.variance)
    assert step_noise(np.outer([1, 2], steps), steps).variance == 0


def test_noise_has_the_chi_square_interval_and_none_where_nothing_moves():
    found = Noise(0.04, 8, 12, "seed").sd()
    low, high = 0.2 * np.sqrt(8 / reference.chi2.ppf([0.975, 0.025], 8))
    assert (found.value, found.low, found.high) == pytest.approx((0.2, low, high))
    still = Noise(0.0, 8, 12, "seed").sd()
    assert still.value == 0
    assert np.isnan(still.low)
    assert "no run moves" in still.method


@pytest.mark.parametrize(("correlation", "share"), [(0.0, 1.0), (0.8, 0.20), (0.9, 0.10)])
def test_steps_that_depend_on_each_other_show_a_part_of_what_a_new_run_moves(correlation, share):
    rng = np.random.default_rng(6)
    curves = rng.standard_normal((20_000, 5))
    for t in range(1, 5):
        curves[:, t] *= np.sqrt(1 - correlation**2)
        curves[:, t] += correlation * curves[:, t - 1]
    assert step_noise(curves, range(5)).variance == pytest.approx(share, abs=0.02)


def test_nothing_that_rests_on_checkpoints_of_single_runs_has_an_interval():
    steps = step_noise([[0.1, 0.3, 0.2, 0.4], [0.5, 0.4, 0.6, 0.5]], range(4))
    for found, name in (
        (steps.sd(), "sd about a line through steps, pooled, 4 df"),
        (model_spread(MODELS, steps), "sd over models less the noise of checkpoints"),
        (spread_to_noise(MODELS, steps), "spread over models / noise of checkpoints"),
    ):
        assert np.isnan([found.se, found.low, found.high]).all()
        assert found.method == (
            f"{name} (steps of one run depend on each other and its curve bends: no interval)"
        )
    seeds = Noise(steps.variance, steps.df, steps.runs, "seed")
    for estimate in (model_spread, spread_to_noise):
        assert estimate(MODELS, steps).value == pytest.approx(estimate(MODELS, seeds).value)


def test_the_ratio_inverts_the_f_test_of_an_anova():
    rng = np.random.default_rng(2)
    y = rng.standard_normal((5, 1)) + 0.7 * rng.standard_normal((5, 4))
    f = reference.f_oneway(*y).statistic
    found = spread_to_noise(y.mean(axis=1), seed_noise(list(y)), runs=4)
    assert found.value == pytest.approx(np.sqrt((f - 1) / 4))
    upper, lower = reference.f.ppf([0.975, 0.025], 4, 15)
    ends = np.sqrt(max(f / upper - 1, 0) / 4), np.sqrt((f / lower - 1) / 4)
    assert (found.low, found.high) == pytest.approx(ends)
    assert (found.n, found.unit) == (5, "model")


def test_the_ratio_is_the_spread_over_the_noise():
    noise = Noise(0.0001, 20, 25, "seed")
    runs = [2, 3, 5, 5]
    spread = model_spread(MODELS, noise, runs=runs)
    assert spread_to_noise(MODELS, noise, runs=runs).value == pytest.approx(spread.value / 0.01)


def test_without_noise_the_spread_is_that_of_the_scores_and_has_no_ratio():
    still = Noise(0.0, 20, 25, "seed")
    found = model_spread(MODELS, still)
    low, high = found.value * np.sqrt(3 / reference.chi2.ppf([0.975, 0.025], 3))
    assert found.value == pytest.approx(np.std(MODELS, ddof=1))
    assert (found.low, found.high) == pytest.approx((low, high))
    ratio = spread_to_noise(MODELS, still)
    assert np.isnan(ratio.value)
    assert ratio.method == "undefined: no noise is seen"


@pytest.mark.parametrize("estimate", [model_spread, spread_to_noise])
def test_models_closer_than_the_noise_have_no_spread_and_still_an_interval(estimate):
    found = estimate([0.5, 0.5001, 0.4999], Noise(0.01, 12, 15, "seed"), runs=5)
    assert (found.value, found.low) == (0, 0)
    assert found.high > 0
    assert found.method.endswith("(they spread no more than the noise)")


def test_equal_models_have_no_interval():
    found = model_spread([0.5, 0.5, 0.5], Noise(0.01, 12, 15, "seed"))
    assert found.value == 0
    assert np.isnan(found.high)
    assert "no two models differ" in found.method


def test_scale_and_sign_of_the_scores_do_not_matter():
    noise = Noise(0.0001, 20, 25, "seed")
    here = spread_to_noise(MODELS, noise)
    there = spread_to_noise(3 - 10 * np.array(MODELS), Noise(0.01, 20, 25, "seed"))
    assert (there.value, there.low, there.high) == pytest.approx((here.value, here.low, here.high))


def test_the_mean_difference_is_that_of_all_pairs_and_does_not_grow():
    x = np.random.default_rng(3).standard_normal(9)
    pairs = np.abs(x[:, None] - x)[np.triu_indices(9, 1)]
    found = mean_difference(x)
    assert found.value == pytest.approx(pairs.mean())
    assert found.low < found.value < found.high
    many = np.random.default_rng(4).standard_normal((400, 40))
    few = [mean_difference(row[:4]).value for row in many]
    assert np.mean(few) == pytest.approx(2 / np.sqrt(np.pi), abs=0.1)
    assert np.mean([mean_difference(r).value for r in many]) == pytest.approx(1.128, abs=0.05)


def test_two_models_have_a_difference_without_interval():
    found = mean_difference([0.4, 0.5])
    assert found.value == pytest.approx(0.1)
    assert np.isnan(found.low)
    assert found.method == "mean over pairs (one pair: no interval)"
    assert mean_difference([0.4, 0.4, 0.4]).method == (
        "mean over pairs (no two models differ: no interval)"
    )


def test_noises_are_pooled_by_their_freedom():
    found = pooled_noise([Noise(1.0, 2, 1, "seed"), Noise(4.0, 1, 2, "seed")])
    assert (found.variance, found.df, found.runs) == (2.0, 3, 3)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: seed_noise([[1.0], [2.0]]), NotEnoughDataError,
         "noise over seeds needs at least 2 seeds, but has 1."),
        (lambda: step_noise([[1.0, 2.0]], [1, 2]), NotEnoughDataError,
         "noise over checkpoints needs at least 3 checkpoints, but has 2."),
        (lambda: step_noise([[1.0, 2.0, 3.0]], [1, 2]), UsageError,
         "curves of 3 checkpoints have 2 steps."),
        (lambda: model_spread([1.0], Noise(1.0, 1, 1, "seed")), NotEnoughDataError,
         "the spread over models needs at least 2 models, but has 1."),
        (lambda: spread_to_noise([1.0, 2.0], Noise(1.0, 1, 1, "seed"), runs=0), UsageError,
         "runs must be at least 1 for every model, but the least is 0."),
        (lambda: spread_to_noise([1.0, np.nan], Noise(1.0, 1, 1, "seed")), UsageError,
         "scores needs finite numbers, but 1 of 2 are not. Leave them out."),
        (lambda: pooled_noise([]), NotEnoughDataError,
         "noise of runs needs at least 1 groups, but has 0."),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_said(call, error, message):
    with pytest.raises(error) as raised:
        call()
    assert str(raised.value) == message
