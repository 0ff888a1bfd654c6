"""A trend against drift: closed form, enumeration, simulation, bad input."""

import re
from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import kendall_tau, kendall_tau_null_sd
from evalvar.stats.drift import _walks, drift, kendall_tau_drift_sd, trend_test


def drifting(rng, runs, n, rho):
    noise = rng.normal(size=(runs, n))
    x = noise.copy()
    for t in range(1, n):
        x[:, t] = rho * x[:, t - 1] + np.sqrt(1 - rho**2) * noise[:, t]
    return x


@pytest.mark.parametrize("n", [2, 5, 21, 100])
def test_without_drift_the_sd_is_kendalls(n):
    assert kendall_tau_drift_sd(n, 0.0) == pytest.approx(kendall_tau_null_sd(n), rel=1e-12)


@pytest.mark.parametrize(("n", "rho"), [(3, 0.5), (6, 0.9), (9, 0.3)])
def test_the_sd_is_the_sum_over_all_pairs_of_differences(n, rho):
    related = rho ** np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    pairs = list(combinations(range(n), 2))
    steps = np.zeros((len(pairs), n))
    for row, (i, j) in zip(steps, pairs, strict=True):
        row[i], row[j] = -1, 1
    covariance = steps @ related @ steps.T
    sd = np.sqrt(np.diag(covariance))
    angles = np.arcsin(np.clip(covariance / np.outer(sd, sd), -1, 1))
    assert kendall_tau_drift_sd(n, rho) ** 2 == pytest.approx(2 / np.pi * angles.mean(), rel=1e-6)


def test_the_sd_is_that_of_drawn_runs():
    taus = kendall_tau(drifting(np.random.default_rng(0), 20_000, 15, 0.8), variant="a")
    assert kendall_tau_drift_sd(15, 0.8) == pytest.approx(taus.std(), rel=0.02)


def test_beyond_200_checkpoints_it_shrinks_as_the_root():
    assert kendall_tau_drift_sd(800, 0.5) == pytest.approx(kendall_tau_drift_sd(200, 0.5) / 2)


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9])
def test_drift_is_found_at_its_median(rho):
    x = drifting(np.random.default_rng(1), 300, 63, rho)
    found = np.median([drift(run) for run in x])
    assert found == pytest.approx(rho, abs=0.12)


def test_a_run_that_never_falls_shows_no_drift():
    assert drift(np.arange(12.0)) == 0
    assert np.isnan(drift(np.full(12, 0.3)))


@pytest.mark.parametrize("n", [8, 21, 45])
@pytest.mark.parametrize("noise", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9, 0.95, 0.99, 1.0])
def test_a_run_that_only_drifts_is_rarely_called_a_trend(n, noise, rho):
    # of 400 runs 7 % is two standard errors above 5 %
    rng = np.random.default_rng(2)
    x = drifting(rng, 400, n, rho) if rho < 1 else rng.normal(size=(400, n)).cumsum(axis=1)
    x = x + noise * rng.normal(size=x.shape)
    assert np.mean([trend_test(run, rng=0).p_value <= 0.05 for run in x]) <= 0.07


@pytest.mark.parametrize("rho", [0.0, 0.9, 0.99, 1.0])
def test_nor_where_the_draw_of_items_is_known(rho):
    rng = np.random.default_rng(6)
    n, shared = 21, 0.5 * np.ones((21, 21)) + 0.5 * np.eye(21)
    x = drifting(rng, 200, n, rho) if rho < 1 else rng.normal(size=(200, n)).cumsum(axis=1)
    x = x + rng.multivariate_normal(np.zeros(n), shared, size=200)
    found = [trend_test(run, shared, rng=rng, n_draws=399).p_value <= 0.05 for run in x]
    assert np.mean(found) <= 0.08


def test_known_noise_of_items_lets_a_noisy_rise_be_seen():
    rng = np.random.default_rng(7)
    x = np.linspace(0, 1, 21) + 0.1 * rng.normal(size=(100, 21))
    alone = np.mean([trend_test(run, rng=0).p_value <= 0.05 for run in x])
    sigma = 0.01 * np.eye(21)
    known = np.mean([trend_test(run, sigma, rng=rng, n_draws=399).p_value <= 0.05 for run in x])
    assert known > alone + 0.15
    assert known > 0.75


def test_a_growth_that_takes_all_of_training_is_called_a_rise():
    rng = np.random.default_rng(8)
    for n, least in ((8, 0.45), (21, 0.98), (63, 0.98)):
        growth = 1 / (1 + np.exp(-10 * (np.linspace(0, 1, n) - 0.5)))
        x = growth + 0.02 * rng.normal(size=(100, n))
        assert np.mean([trend_test(run, rng=0).p_value <= 0.05 for run in x]) >= least


@pytest.mark.parametrize("n", [3, 4])
def test_of_few_steps_a_walk_that_never_turns_is_counted(n):
    # enumeration: each of the n - 1 steps is as likely up as down
    taus = _walks(n)
    assert np.mean(np.abs(taus) == 1) == pytest.approx(2 / 2 ** (n - 1), abs=0.012)


def test_a_run_that_never_falls_is_as_rare_as_eight_heads():
    # 2 * 2^-8 of 9 checkpoints
    found = trend_test(np.arange(9.0), rng=0)
    assert found.p_value == pytest.approx(2**-7, rel=0.2)
    assert found.method == "tau-a against a random walk"


def test_same_rng_same_bytes_and_scale_does_not_matter():
    run, sigma = drifting(np.random.default_rng(9), 1, 15, 0.5)[0], 0.3 * np.eye(15)
    one = trend_test(run, sigma, rng=3)
    assert one == trend_test(run, sigma, rng=3)
    assert trend_test(8 * run, 64 * sigma, rng=3).p_value == one.p_value
    assert one.method == "tau-a against a random walk and the draw of items, 1999 normal runs"
    # noise that all checkpoints share is none
    assert trend_test(run, np.ones((15, 15)), rng=3).se == pytest.approx(
        trend_test(run, rng=3).se, rel=0.05
    )


def test_a_covariance_of_another_size_is_refused():
    message = "covariance needs a row and a column for each of the 9 checkpoints, but has 3 and 3."
    with pytest.raises(UsageError, match=f"^{re.escape(message)}$"):
        trend_test(np.arange(9.0), np.eye(3), rng=0)


def test_the_plain_test_calls_drift_a_trend_in_every_second_run():
    x = drifting(np.random.default_rng(3), 400, 21, 0.9)
    plain = np.mean([stats.kendalltau(range(21), run).pvalue < 0.05 for run in x])
    ours = np.mean([trend_test(run, rng=0).p_value < 0.05 for run in x])
    assert plain > 0.45
    assert ours < 0.1


def test_a_rise_beyond_the_noise_is_found():
    x = drifting(np.random.default_rng(4), 200, 21, 0.0) + 20 * np.linspace(0, 1, 21)
    assert np.mean([trend_test(run, rng=0).p_value < 0.05 for run in x]) > 0.7


def test_turned_around_the_test_is_the_same():
    run = drifting(np.random.default_rng(5), 1, 21, 0.5)[0]
    up, down = trend_test(run, rng=0), trend_test(-run, rng=0)
    assert (down.value, down.p_value, down.se) == (-up.value, up.p_value, up.se)
    assert up.n == 21
    assert up.unit == "checkpoint"


def test_a_constant_run_has_no_test():
    found = trend_test(np.full(9, 0.5), rng=0)
    assert np.isnan(found.value)
    assert found.method == "undefined: a constant curve"


@pytest.mark.parametrize("function", [trend_test, drift])
def test_fewer_than_eight_checkpoints_are_refused(function):
    what = "telling a trend from drift" if function is trend_test else "the drift of a run"
    message = f"{what} needs at least 8 checkpoints, but has 7."
    drawn = {"rng": 0} if function is trend_test else {}
    with pytest.raises(NotEnoughDataError, match=f"^{re.escape(message)}$"):
        function(np.arange(7.0), **drawn)


@pytest.mark.parametrize("rho", [-0.1, 1.0])
def test_a_drift_outside_its_range_is_refused(rho):
    with pytest.raises(UsageError, match=f"^drift must lie in \\[0, 1\\), but is {rho}.$"):
        kendall_tau_drift_sd(10, rho)


def test_long_runs_are_tested_in_sane_time():
    assert trend_test(np.sin(np.arange(2000)) + np.arange(2000), rng=0).p_value < 0.001
