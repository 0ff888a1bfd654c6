"""Tests of a difference other than zero: p <= 1 - level where, and only where, it lies outside."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from evalvar.stats import (
    clustered_mean_ci,
    crossed_difference_ci,
    crossed_mean_ci,
    paired_t,
    sparse_t,
)

SCORES = st.lists(
    st.sampled_from([-1.0, -0.5, -0.1, 0.0, 0.0, 0.0, 0.3, 0.5, 1.0]), min_size=4, max_size=30
)
NULLS = st.sampled_from([-1.5, -1.0, -0.3, -0.02, 0.0, 0.01, 0.25, 0.8, 1.0, 1.5])

# Every estimator that tests a null, on one list of differences.
TESTS = {
    "paired_t": lambda d, **options: paired_t(d, np.zeros(d.size), **options),
    "sparse_t": lambda d, **options: sparse_t(d, **options),
    "sparse_t in a range": lambda d, **options: sparse_t(d, low=-1, high=1, **options),
    "clustered": lambda d, **options: clustered_mean_ci(d, np.arange(d.size) // 2, **options),
    "clustered CR1": lambda d, **options: clustered_mean_ci(
        d, np.arange(d.size) // 3, method="CR1", **options
    ),
    "clustered in a range": lambda d, **options: clustered_mean_ci(
        d, np.arange(d.size) // 2, low=-1, high=1, **options
    ),
    "crossed mean": lambda d, **options: crossed_mean_ci(np.c_[d, d[::-1], d**2], **options),
    "crossed, paired seeds": lambda d, **options: crossed_difference_ci(
        np.c_[d, d[::-1]] / 2, np.c_[-d, d] / 2, paired_seeds=True, low=-1, high=1, **options
    ),
    "crossed, own seeds": lambda d, **options: crossed_difference_ci(
        np.c_[d, d[::-1]], np.c_[d**2, d, d], paired_seeds=False, **options
    ),
    "crossed, one seed": lambda d, **options: crossed_difference_ci(
        np.c_[d, d[::-1]], d[:, None] ** 2, paired_seeds=False, **options
    ),
}


@pytest.mark.parametrize("name", TESTS)
@given(d=SCORES, null=NULLS, level=st.sampled_from([0.5, 0.9, 0.95, 0.999]))
@settings(derandomize=True, max_examples=60, deadline=None)
def test_p_and_interval_agree_at_any_null(name, d, null, level):
    estimate = TESTS[name](np.array(d), level=level, null=null)
    if np.isnan(estimate.low):
        assert np.isnan(estimate.p_value)
        return
    edge = min(abs(null - estimate.low), abs(null - estimate.high))
    if 0 < edge <= 1e-9 * (estimate.high - estimate.low):
        return
    assert (estimate.p_value <= 1 - level) == (not estimate.low <= null <= estimate.high)


@pytest.mark.parametrize("name", TESTS)
def test_the_null_moves_the_p_value_and_nothing_else(name):
    d = np.array([0.3, -0.5, 1.0, 0.0, 0.5, 0.0, 0.1, -0.1, 0.0, 0.7])
    plain, moved = TESTS[name](d), TESTS[name](d, null=0.35)
    kept = [(e.value, e.se, e.low, e.high, e.n, e.unit, e.method) for e in (plain, moved)]
    assert kept[0] == kept[1]
    assert plain.p_value != moved.p_value
    assert plain.p_value == TESTS[name](d, null=0.0).p_value


def test_a_null_agrees_with_scipy():
    rng = np.random.default_rng(2)
    a, b = rng.random(15), rng.random(15)
    ours = paired_t(a, b, null=0.3).p_value
    assert ours == pytest.approx(stats.ttest_1samp(a - b, 0.3).pvalue, rel=1e-10)
    labels = np.repeat(np.arange(5), 3)
    means = (a - b).reshape(5, 3).mean(axis=1)
    ours = clustered_mean_ci(a - b, labels, null=0.3).p_value
    assert ours == pytest.approx(stats.ttest_1samp(means, 0.3).pvalue, rel=1e-9)


@pytest.mark.parametrize("name", ["sparse_t in a range", "clustered in a range"])
def test_a_null_that_cannot_be_is_rejected(name):
    estimate = TESTS[name](np.array([0.0, 0.5, 0.1, -0.2, 0.0, 0.3]), null=1.2)
    assert estimate.p_value == 0
