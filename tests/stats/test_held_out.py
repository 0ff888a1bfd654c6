"""Errors on held-out models: against references, and their intervals against known truth."""

import numpy as np
import pytest
from scipy import stats

from evalvar.errors import UsageError
from evalvar.stats import mean_ci
from evalvar.stats.held_out import held_out_mean, rank_agreement


def test_one_subset_is_a_t_interval():
    x = np.array([0.1, 0.4, 0.2, 0.3, 0.35])
    ours, plain = held_out_mean(x[None]), mean_ci(x)
    assert (ours.value, ours.se, ours.low, ours.high) == pytest.approx(
        (plain.value, plain.se, plain.low, plain.high)
    )
    assert (ours.n, ours.unit, ours.method) == (5, "model", "t over models")


def test_worked_by_hand():
    # models' means 1, 3; subsets' means 1, 3; deviations -1, 1 alike: W = 2
    found = held_out_mean([[0.0, 2.0], [2.0, 4.0]])
    # M_u = 2/2 = 1; M_c = sum of (2 models x 1 / 4)^2 x 2 = 2 x 1/4 x 2 = 1; W = 4/2 = 2, /4 = 0.5
    assert found.value == 2
    assert found.se**2 == pytest.approx(1 + 1 - 0.5)


def test_what_all_models_share_drops_out_of_a_difference():
    rng = np.random.default_rng(0)
    models, noise = rng.normal(size=12), 0.01 * rng.normal(size=(4, 12))
    found = held_out_mean(models + 0.5 + noise, against=np.tile(models, (50, 1)))
    assert found.value == pytest.approx(0.5, abs=0.02)
    assert found.se < 0.01


@pytest.mark.parametrize(
    ("values", "method"),
    [
        ([[0.2]], "t over models (one model: no interval)"),
        ([[0.2, 0.2]], "t over models (nothing differs: no interval)"),
    ],
)
def test_no_interval_without_spread(values, method):
    found = held_out_mean(values)
    assert np.isnan(found.low)
    assert np.isnan(found.se)
    assert found.method == method


@pytest.mark.parametrize("folds", [1, 4])
def test_intervals_cover_over_models_and_choices(folds):
    rng = np.random.default_rng(1)
    hit = []
    for _ in range(600):
        models = rng.normal(size=16)
        choice = rng.permutation(np.arange(16) % folds)
        chosen = np.stack([rng.permutation(choice) for _ in range(4)])
        luck = np.take_along_axis(rng.normal(size=(4, folds)), chosen, axis=1)
        found = held_out_mean(models + luck + rng.normal(size=(4, 16)), choices=chosen)
        hit.append(found.low <= 0 <= found.high)
    assert np.mean(hit) > 0.95 - 4 * np.sqrt(0.95 * 0.05 / 600)


def test_tau_is_scipys():
    rng = np.random.default_rng(2)
    full = rng.integers(0, 6, 12) / 6
    predicted = rng.integers(0, 5, (7, 12)) / 5
    tau, _ = rank_agreement(predicted, full)
    expected = [stats.kendalltau(row, full).statistic for row in predicted]
    np.testing.assert_allclose(tau, expected, atol=1e-12)


def test_pseudo_values_leave_models_out():
    rng = np.random.default_rng(3)
    full, predicted = rng.random(9), rng.random((2, 9))
    clusters = np.array([0, 0, 1, 1, 1, 2, 3, 3, 4])
    tau, pseudo = rank_agreement(predicted, full, clusters=clusters)
    for b in range(2):
        for c in range(5):
            rest = clusters != c
            without = stats.kendalltau(predicted[b, rest], full[rest]).statistic
            assert pseudo[b, c] == pytest.approx(5 * tau[b] - 4 * without)


def test_only_models_of_a_fold_are_compared():
    full = np.array([0.1, 0.2, 0.3, 0.4])
    # right within both folds, wrong between them
    tau, _ = rank_agreement([[0.7, 0.8, 0.1, 0.2]], full, folds=[[0, 0, 1, 1]])
    assert tau.tolist() == [1.0]
    assert rank_agreement([[0.7, 0.8, 0.1, 0.2]], full)[0][0] < 0


def test_the_same_sum_in_another_order_is_a_tie():
    tau, _ = rank_agreement([[0.1 + 0.2, 0.3, 0.4]], [1.0, 2.0, 3.0])
    assert tau[0] == pytest.approx(2 / np.sqrt(2 * 3))


def test_all_tied_is_undefined():
    tau, _ = rank_agreement([[0.5, 0.5, 0.5]], [0.1, 0.2, 0.3])
    assert np.isnan(tau[0])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: held_out_mean([[np.nan]]),
            "values need 2 axes, subsets and models, and finite numbers.",
        ),
        (
            lambda: held_out_mean([[1.0, 2.0]], against=[[1.0]]),
            "values and against need the same models: (1, 2) and (1, 1).",
        ),
        (
            lambda: rank_agreement([[1.0, 2.0]], [1.0]),
            "predicted and full need the same models: (1, 2) and (1,).",
        ),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(UsageError) as caught:
        call()
    assert str(caught.value) == message
