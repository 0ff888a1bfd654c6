"""Resampling: scipy on the same draws, enumeration, bytes."""

import re

import numpy as np
import pytest
from scipy import stats

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import bootstrap, resample

X = np.random.default_rng(10).exponential(size=40)
Y = X + np.random.default_rng(11).normal(size=40)


def mean_ratio(x, y, axis=-1):
    return x.mean(axis=axis) / y.std(axis=axis, ddof=1)


@pytest.mark.parametrize("method", ["percentile", "bca"])
@pytest.mark.parametrize(
    ("statistic", "data"), [(np.mean, (X,)), (np.median, (X,)), (mean_ratio, (X, Y))]
)
def test_the_bootstrap_is_that_of_scipy_on_the_same_draws(method, statistic, data):
    ours = bootstrap(statistic, *data, n_resamples=999, rng=5, level=0.9, method=method)
    theirs = stats.bootstrap(
        data, statistic, n_resamples=999, rng=np.random.default_rng(5), confidence_level=0.9,
        method=method, paired=len(data) > 1,
    )  # fmt: skip
    interval = theirs.confidence_interval
    np.testing.assert_allclose([ours.low, ours.high], interval, rtol=1e-12)
    assert ours.se == pytest.approx(theirs.standard_error, rel=1e-12)
    assert ours.value == statistic(*data, axis=-1)


def test_the_same_rng_gives_the_same_bytes_and_another_gives_others():
    first, again, other = (bootstrap(np.mean, X, n_resamples=200, rng=r) for r in (1, 1, 2))
    assert first == again
    assert first.low != other.low
    same = bootstrap(np.mean, X, n_resamples=200, rng=np.random.default_rng(1))
    assert same == first


def test_the_draws_do_not_depend_on_how_they_are_batched(monkeypatch):
    whole = bootstrap(np.mean, X, n_resamples=500, rng=3, method="bca")
    monkeypatch.setattr(resample, "_BUDGET", 130)
    assert bootstrap(np.mean, X, n_resamples=500, rng=3, method="bca") == whole


def test_memory_stays_bounded_for_many_items():
    import tracemalloc

    x = np.random.default_rng(0).random(200_000)
    tracemalloc.start()
    bootstrap(np.mean, x, n_resamples=100, rng=0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 120 * 2**20


def test_items_of_a_matrix_are_drawn_with_all_their_values():
    curves = np.random.default_rng(1).random((4, 30))

    def seed_sd(x, axis):
        return x.std(axis=-2, ddof=1).mean(axis=axis)

    estimate = bootstrap(seed_sd, curves, n_resamples=300, rng=0)
    assert estimate.value == pytest.approx(curves.std(axis=0, ddof=1).mean(), rel=1e-14)
    assert estimate.low < estimate.value < estimate.high
    assert (estimate.n, estimate.unit) == (30, "item")


@pytest.mark.parametrize("method", ["percentile", "bca"])
def test_a_statistic_that_never_changes_has_no_interval(method):
    estimate = bootstrap(np.mean, np.full(9, 0.1), rng=0, n_resamples=50, method=method)
    assert np.isnan([estimate.low, estimate.high]).all()
    assert estimate.method.endswith("50 resamples (all equal: no interval)")


def test_a_statistic_that_is_undefined_in_some_resamples_says_so_without_a_warning():
    def inverse_sd(x, axis):
        return 1 / x.std(axis=axis) + 0 * np.log(x.std(axis=axis))

    estimate = bootstrap(inverse_sd, np.array([0.0, 1.0, 1.0]), rng=0, n_resamples=200)
    assert np.isnan([estimate.low, estimate.high]).all()
    assert re.search(r"\(undefined in \d+ of them: no interval\)$", estimate.method)


def test_bca_says_when_the_statistic_is_outside_all_resamples():
    def first_item_matters(x, axis):
        return np.where(x.shape[-1] == 3, x.max(axis=axis), 0.0)

    estimate = bootstrap(
        first_item_matters, np.array([0.0, 1.0, 2.0]), rng=0, n_resamples=200, method="bca"
    )
    assert np.isnan(estimate.low)
    assert "no interval" in estimate.method


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bootstrap(np.mean, X, Y[:3], rng=0), "arrays need the same number of items"),
        (lambda: bootstrap(np.mean, np.ones((2, 5)), rng=0), "the statistic must give one number"),
        (lambda: bootstrap(np.mean, X, rng=0, method="basic"), "method must be 'percentile'"),
        (lambda: bootstrap(np.mean, X, rng=0, n_resamples=1), "n_resamples must be at least 2"),
        (
            lambda: bootstrap(np.mean, X, rng=None),
            "rng must be a whole number, several of",
        ),
    ],
)
def test_what_cannot_be_resampled_is_refused(call, message):
    with pytest.raises(UsageError, match=message):
        call()


def test_one_item_is_not_enough_for_a_bootstrap():
    with pytest.raises(NotEnoughDataError, match=r"^a bootstrap needs at least 2 items, but has 1"):
        bootstrap(np.mean, [1.0], rng=0)
