"""Functionals: rliable's numbers, scipy's, and items repeated by their weights."""

import numpy as np
import pytest
from scipy import stats

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import functionals as f
from evalvar.stats import kendall_tau, signal_to_noise
from evalvar.stats.order_functionals import iqm, median, rank_improvement, trimmed_mean
from evalvar.stats.units import value_of

# four runs (rows) of three tasks of two algorithms
X = np.array([[0.10, 0.52, 0.90], [0.20, 0.48, 0.95], [0.15, 0.61, 1.20], [0.05, 0.55, 0.85]])
Y = np.array([[0.12, 0.50, 0.80], [0.10, 0.48, 0.90], [0.30, 0.40, 1.00], [0.05, 0.45, 0.85]])
POOLED = X.reshape(-1, 1)
ONCE = np.ones((1, 12))


def test_the_aggregates_of_rliable():
    assert value_of(f.mean, POOLED)[0] == pytest.approx(0.546666667, abs=5e-10)
    # its median is that of the tasks' means
    means = X.mean(axis=0)[:, None]
    assert median(means, np.ones((1, 3)))[0, 0] == pytest.approx(0.54, abs=5e-10)
    assert iqm(POOLED, ONCE)[0, 0] == pytest.approx(0.535, abs=5e-10)
    assert value_of(f.optimality_gap(), POOLED)[0] == pytest.approx(0.47, abs=5e-10)


@pytest.mark.parametrize(
    ("tau", "runs", "tasks"),
    [(0.3, 0.666666667, 0.666666667), (0.5, 0.583333333, 0.666666667),
     (0.9, 0.166666667, 0.333333333)],
)  # fmt: skip
def test_the_performance_profile_of_rliable(tau, runs, tasks):
    profile = f.performance_profile(tau)
    assert profile(POOLED, ONCE)[0, 0] == pytest.approx(runs, abs=5e-10)
    by_task = profile(X.mean(axis=0)[:, None], np.ones((1, 3)))[0, 0]
    assert by_task == pytest.approx(tasks, abs=5e-10)


def test_the_probability_of_improvement_of_rliable():
    first = np.repeat([True, False], 4)
    by_task = rank_improvement(first)(np.vstack([X, Y]), np.ones((1, 8)))[0]
    assert by_task.mean() == pytest.approx(0.697916667, abs=5e-10)
    for task in range(3):
        u = stats.mannwhitneyu(X[:, task], Y[:, task]).statistic
        assert by_task[task] == pytest.approx(u / 16, abs=1e-12)


def test_a_true_iqm_counts_parts_of_items_where_scipy_cuts_whole_ones():
    nine = X[:3].reshape(-1, 1)
    assert iqm(nine, np.ones((1, 9)))[0, 0] == pytest.approx(0.541111111, abs=5e-10)
    assert stats.trim_mean(nine, 0.25)[0] == pytest.approx(0.542)


@pytest.mark.parametrize("share", [0, 0.1, 0.2, 0.3, 0.45])
def test_the_trimmed_mean_is_scipys_where_the_cut_is_whole(share):
    x = np.random.default_rng(0).exponential(size=(20, 3))
    ours = trimmed_mean(share)(x, np.ones((1, 20)))[0]
    np.testing.assert_allclose(ours, stats.trim_mean(x, share, axis=0), rtol=1e-12)


def repeated(x, weights):
    return np.repeat(x, weights.astype(int), axis=0)


ROWS = np.random.default_rng(1).multinomial(15, np.full(15, 1 / 15), size=30).astype(np.float32)
SCORES = np.random.default_rng(2).integers(0, 6, size=(15, 4)) / 5.0


@pytest.mark.parametrize(
    ("functional", "statistic"),
    [
        (f.mean, np.mean),
        (median, np.median),
        (trimmed_mean(0.2), lambda x, axis: stats.trim_mean(x, 0.2, axis=axis)),
        (f.optimality_gap(0.7), lambda x, axis: np.maximum(0.7 - x, 0).mean(axis=axis)),
        (f.performance_profile(0.4), lambda x, axis: (x > 0.4).mean(axis=axis)),
        (f.snr(), lambda x, axis: x.mean(axis=axis) / x.std(axis=axis, ddof=1)),
        (f.snr(ddof=0), lambda x, axis: x.mean(axis=axis) / x.std(axis=axis)),
    ],
)
def test_weights_are_numbers_of_copies(functional, statistic):
    ours = functional(SCORES, ROWS)
    theirs = np.array([statistic(repeated(SCORES, w), axis=0) for w in ROWS])
    np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-7)
    by_hand = f.user(statistic)(SCORES, ROWS)
    np.testing.assert_allclose(by_hand, theirs, rtol=1e-12)


def test_order_functionals_take_parts_of_weights_exactly():
    x = np.random.default_rng(0).normal(size=(40, 2))
    half = np.full((1, 40), 0.5)
    for functional in (median, iqm, trimmed_mean(0.1)):
        np.testing.assert_allclose(functional(x, half), functional(x, 2 * half), rtol=1e-12)


def test_whole_scores_have_no_rounding_and_ties_stay_ties():
    x = np.random.default_rng(0).integers(0, 2, size=(1001, 3)).astype(float)
    weights = np.random.default_rng(1).multinomial(1001, np.full(1001, 1 / 1001), size=200)
    exact = (weights @ x) / 1001
    np.testing.assert_array_equal(f.mean(x, weights), exact)
    large = x * 1e7  # sums no longer fit 32 bits
    np.testing.assert_allclose(f.mean(large, weights), exact * 1e7, rtol=1e-15)


def test_other_scores_are_summed_to_a_millionth_of_their_standard_error():
    rng = np.random.default_rng(0)
    n = 70_000  # more than one block
    x = 1000 + rng.normal(size=(n, 2))
    weights = rng.multinomial(n, np.full(n, 1 / n), size=20)
    error = f.mean(x, weights) - weights @ x / n
    assert abs(error).max() < 1e-5 / np.sqrt(n)


def test_improvement_of_pairs_counts_ties_half():
    x = np.array([[1.0, 0.0, 1.0], [0.0, 0.0, 1.0]])
    out = f.improvement([(0, 1), (1, 2)])(x, [[1, 1], [2, 0]])
    np.testing.assert_array_equal(out, [[0.75, 0.0], [1.0, 0.0]])


def test_pass_and_eff_with_ragged_samples():
    # items with 10, 4 and 2 answers, of which 3, 4 and 0 are right
    counts = np.array([[[10, 3]], [[4, 4]], [[2, 0]]], dtype=float)
    weights = np.array([[1, 1, 1], [3, 0, 0]])
    one, two = 1 - 7 / 10 * 6 / 9, 1.0
    np.testing.assert_allclose(
        f.mean_pass(2)(counts, weights)[:, 0], [(one + two) / 3, one], rtol=1e-6
    )
    hat = 3 / 10 * 2 / 9
    np.testing.assert_allclose(
        f.mean_pass_hat(2)(counts, weights)[:, 0], [(hat + 1) / 3, hat], rtol=1e-6
    )
    scores = np.full((3, 1, 10), np.nan)
    for item, (n, c) in enumerate(counts[:, 0].astype(int)):
        scores[item, 0, :n] = np.arange(n) < c
    np.testing.assert_allclose(f.mean_eff(2)(scores, weights), f.mean_pass(2)(counts, weights))
    with pytest.raises(NotEnoughDataError, match="pass@3 needs at least 3 samples per item"):
        f.mean_pass(3)(counts, weights)


def test_tau_and_snr_are_those_of_the_mean_curve():
    rng = np.random.default_rng(0)
    curves = rng.normal(size=(9, 2, 6)).cumsum(axis=2)
    tau = f.tau_over_checkpoints()(curves, np.ones((1, 9)))[0]
    np.testing.assert_allclose(tau, kendall_tau(curves.mean(axis=0)), rtol=1e-12)
    finals = curves[:, 0, -1]
    ratio = f.snr()(finals[:, None], np.ones((1, 9)))[0, 0]
    assert ratio == pytest.approx(signal_to_noise(finals).value, rel=1e-12)


def test_a_users_function_may_have_resamples_of_different_sizes():
    x = np.array([[1.0], [2.0], [4.0]])
    out = f.user(np.sum)(x, [[1, 1, 1], [2, 0, 0], [0, 0, 3]])
    assert out.ravel().tolist() == [7.0, 2.0, 12.0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: f.user(np.max)([[1.0], [2.0]], [[0.5, 1.5]]),
         "max needs whole weights, to repeat items by."),
        (lambda: f.user(lambda x, axis: x, name="all of it")([[1.0], [2.0]], [[1, 1]]),
         "all of it must give one number for each leading index, but gives (1, 1, 2) where "
         "(1, 1) is due."),
        (lambda: trimmed_mean(0.5), "share must lie in [0, 0.5), but is 0.5."),
        (lambda: rank_improvement([True])([[1.0], [2.0]], [[1, 1]]),
         "first needs 2 values, but has shape (1,)."),
    ],
)  # fmt: skip
def test_what_no_functional_can_do(call, message):
    with pytest.raises(UsageError) as error:
        call()
    assert str(error.value) == message
