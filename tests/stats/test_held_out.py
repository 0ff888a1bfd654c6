"""Errors on held-out models: against references, and their intervals against known truth."""

import numpy as np
import pytest

from evalvar.errors import UsageError
from evalvar.stats import mean_ci
from evalvar.stats.held_out import held_out_mean


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
    ],
)
def test_bad_input(call, message):
    with pytest.raises(UsageError) as caught:
        call()
    assert str(caught.value) == message
