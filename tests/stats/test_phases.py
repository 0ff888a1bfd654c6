"""Phases of training: golden likelihood and path, brute force, known phases, bad input."""

import sys
from itertools import pairwise, product

import numpy as np
import pytest
from scipy import stats

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats.phases import PhaseModel, fit_phases, straight_bic

GOLDEN = PhaseModel(
    np.array([0.6, 0.4]),
    np.array([[0.9, 0.1], [0.2, 0.8]]),
    np.array([[0.0], [2.0]]),
    np.array([[1.0], [0.25]]),
)
SEEN = np.array([[0.1], [0.7], [1.9], [2.2]])


def ways(model, run):
    """Log density of a run along every way through the states."""
    found = {}
    for way in product(range(len(model.start)), repeat=len(run)):
        chance = np.log(model.start[way[0]])
        chance += sum(np.log(model.transition[a, b]) for a, b in pairwise(way))
        sd = np.sqrt(model.variances[list(way)])
        found[way] = chance + stats.norm.logpdf(run, model.means[list(way)], sd).sum()
    return found


def test_golden_likelihood_path_and_bic():
    assert GOLDEN.log_likelihood([SEEN]) == pytest.approx(-5.576996675, abs=1e-9)
    states, chance = GOLDEN.path(SEEN)
    assert states.tolist() == [0, 0, 1, 1]
    assert chance == pytest.approx(-5.781374555, abs=1e-9)
    assert GOLDEN.parameters == 7
    assert GOLDEN.bic([SEEN]) == pytest.approx(20.858053877, abs=1e-9)
    aic = -2 * GOLDEN.log_likelihood([SEEN]) + 2 * GOLDEN.parameters
    assert aic == pytest.approx(25.153993349, abs=1e-9)


def test_every_way_through_the_states_adds_up_to_the_likelihood():
    every = ways(GOLDEN, SEEN)
    assert GOLDEN.log_likelihood([SEEN]) == pytest.approx(np.logaddexp.reduce(list(every.values())))
    best = max(every, key=every.get)
    assert tuple(GOLDEN.path(SEEN)[0]) == best
    # the chance of a state at a checkpoint is the share of the ways that are in it there
    total = np.logaddexp.reduce(list(every.values()))
    at_two = sum(np.exp(v - total) for way, v in every.items() if way[2] == 1)
    assert GOLDEN.chances(SEEN)[2, 1] == pytest.approx(at_two)


def runs(rng, seeds=4, length=18):
    level = np.repeat([[0.0, 0.0], [1.0, 0.5], [2.0, 2.0]], length // 3, axis=0)
    return [level + 0.1 * rng.normal(size=level.shape) for _ in range(seeds)]


def test_known_phases_are_found_in_their_order():
    found = fit_phases(runs(np.random.default_rng(0)), rng=0, most_states=5, restarts=3)
    assert found.model.start.size == 3
    for path in found.paths:
        assert path.tolist() == [0] * 6 + [1] * 6 + [2] * 6
    assert all((chance > 0.9).all() for chance in found.chances)
    assert min(found.bics, key=found.bics.get) == 3
    np.testing.assert_allclose(found.model.means, [[0, 0], [1, 0.5], [2, 2]], atol=0.1)


def test_same_rng_same_bytes():
    data = runs(np.random.default_rng(1), seeds=2)
    one, other = (fit_phases(data, rng=3, most_states=4, restarts=2) for _ in range(2))
    assert one.bics == other.bics
    np.testing.assert_array_equal(one.model.transition, other.model.transition)


def test_noise_alone_is_one_phase():
    data = [np.random.default_rng(2).normal(size=(30, 2)) for _ in range(3)]
    assert fit_phases(data, rng=0, most_states=4, restarts=3).model.start.size == 1


def test_no_state_rests_on_fewer_than_three_checkpoints():
    data = runs(np.random.default_rng(3), seeds=1, length=9)
    found = fit_phases(data, rng=0)
    assert max(found.bics) <= 3
    assert np.bincount(found.paths[0]).min() >= 3


def test_runs_of_different_lengths_go_together():
    data = runs(np.random.default_rng(4))
    found = fit_phases([data[0], data[1][:12]], rng=0, most_states=4, restarts=3)
    assert [len(path) for path in found.paths] == [18, 12]


def test_bad_input():
    with pytest.raises(NotEnoughDataError, match="phases of training needs at least 3 checkpoints"):
        fit_phases([np.zeros((2, 1))], rng=0)
    with pytest.raises(NotEnoughDataError, match="need at least 1 run, but have 0"):
        fit_phases([], rng=0)
    with pytest.raises(UsageError, match=r"runs need the same features, but have \[1, 2\] of them"):
        fit_phases([np.zeros((5, 1)), np.zeros((5, 2))], rng=0)
    with pytest.raises(UsageError, match="must be at least 1, but are 0 and 5"):
        fit_phases([np.zeros((5, 1))], rng=0, most_states=0)


def test_without_hmmlearn_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "hmmlearn", None)
    message = "phases need the package hmmlearn, which is not installed. Install evalvar[phases]."
    with pytest.raises(UsageError) as error:
        fit_phases(runs(np.random.default_rng(0)), rng=0)
    assert str(error.value) == message


def test_a_straight_rise_is_described_better_by_lines_and_steps_are_not():
    rng = np.random.default_rng(0)
    rise = np.linspace(-1.7, 1.7, 20)[:, None] * [1, 1]
    runs = [rise + 0.2 * rng.normal(size=(20, 2)) for _ in range(4)]
    cut = fit_phases(runs, rng=0, most_states=4, restarts=2)
    assert cut.model.start.size > 1
    assert straight_bic(runs) < min(cut.bics.values())
    steps = np.repeat([0.0, 1.0, 2.0], 7)[:, None]
    runs = [steps + 0.1 * rng.normal(size=(21, 1)) for _ in range(4)]
    assert straight_bic(runs) > min(fit_phases(runs, rng=0, most_states=4).bics.values())


def test_the_bic_of_lines_by_a_regression_we_did_not_write():
    rng = np.random.default_rng(1)
    runs = [rng.normal(size=(n, 1)) for n in (6, 9)]
    squares = sum(np.polyfit(np.arange(len(run)), run[:, 0], 1, full=True)[1][0] for run in runs)
    sd = np.sqrt(squares / 15)
    log_density = sum(
        stats.norm.logpdf(run[:, 0], np.polyval(np.polyfit(range(len(run)), run[:, 0], 1),
                                                range(len(run))), sd).sum()
        for run in runs
    )  # fmt: skip
    assert straight_bic(runs) == pytest.approx(-2 * log_density + 5 * np.log(15))
