"""What holds for every estimator."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalvar import stats
from evalvar.errors import NotEnoughDataError

SAMPLES = st.lists(st.sampled_from([0.0, 0.1, 0.3, 0.5, 1.0]), min_size=1, max_size=9)

# Every interval that one sample of scores can have.
INTERVALS = {
    "mean_ci": lambda x: stats.mean_ci(x),
    "bounded_mean_ci": lambda x: stats.bounded_mean_ci(x, low=0, high=1),
    "clustered_mean_ci": lambda x: stats.clustered_mean_ci(x, np.arange(x.size) // 2),
    "clustered_mean_ci in a range": lambda x: stats.clustered_mean_ci(
        x, np.arange(x.size) // 2, low=0, high=1
    ),
    "clustered_mean_ci of differences": lambda x: stats.clustered_mean_ci(
        x - x[::-1], np.arange(x.size) // 2, low=-1, high=1
    ),
    "paired_t": lambda x: stats.paired_t(x, x[::-1]),
    "sparse_t": lambda x: stats.sparse_t(x - 0.3),
    "sparse_t with range": lambda x: stats.sparse_t(x - x[::-1], low=-1, high=1),
    "sd_ci": lambda x: stats.sd_ci(x),
    "unbiased_sd_ci": lambda x: stats.unbiased_sd_ci(x),
    "mean_tau_ci": lambda x: stats.mean_tau_ci(x, checkpoints=5),
    "cohen_kappa": lambda x: stats.cohen_kappa(x > 0.2, x[::-1] > 0.2),
    "mean_kappa": lambda x: stats.mean_kappa(np.stack([x > 0.2, x[::-1] > 0.2, x > 0], axis=1)),
    "churn": lambda x: stats.churn(np.stack([x > 0.2, x[::-1] > 0.2, x > 0], axis=1)),
    "item_half_width": lambda x: stats.item_half_width(np.stack([x, x[::-1]], axis=1)),
    "mean_sd": lambda x: stats.mean_sd(np.stack([x, x**2, 1 - x], axis=1)),
    "pooled_sd": lambda x: stats.pooled_sd(np.stack([x, x**2, 1 - x], axis=1)),
    "signal_to_noise": lambda x: stats.signal_to_noise(x),
    "crossed_mean_ci": lambda x: stats.crossed_mean_ci(np.stack([x, x[::-1]], axis=1)),
    "crossed_difference_ci": lambda x: stats.crossed_difference_ci(
        np.stack([x, x[::-1]], axis=1), x[:, None] * 0.1, paired_seeds=False
    ),
    "crossed_mean_ci in a range": lambda x: stats.crossed_mean_ci(
        np.stack([x, x[::-1]], axis=1), low=0, high=1
    ),
    "crossed_difference_ci of the same": lambda x: stats.crossed_difference_ci(
        np.stack([x, x], axis=1), np.stack([x, x], axis=1), paired_seeds=True, low=-1, high=1
    ),
    "bootstrap": lambda x: stats.bootstrap(np.mean, x, n_resamples=99, rng=0),
    "bca": lambda x: stats.bootstrap(np.mean, x, n_resamples=99, rng=0, method="bca"),
    "wilson": lambda x: stats.wilson(int((x > 0.3).sum()), x.size),
    "jeffreys": lambda x: stats.jeffreys(int((x > 0.3).sum()), x.size),
    "clopper_pearson": lambda x: stats.clopper_pearson(int((x > 0.3).sum()), x.size),
    "midp": lambda x: stats.midp(int((x > 0.3).sum()), x.size),
}


@pytest.mark.parametrize("name", INTERVALS)
@given(sample=SAMPLES)
@settings(derandomize=True, max_examples=40, deadline=None)
def test_an_interval_has_width_or_is_not_given_and_no_input_changes(name, sample):
    x = np.array(sample)
    kept = x.copy()
    try:
        estimate = INTERVALS[name](x)
    except NotEnoughDataError:
        return
    np.testing.assert_array_equal(x, kept)
    if np.isnan(estimate.low) or np.isnan(estimate.high):
        assert np.isnan([estimate.low, estimate.high]).all()
        assert "no interval" in estimate.method or "undefined" in estimate.method
    else:
        assert estimate.high - estimate.low > 1e-9
    assert not estimate.se <= 0
    assert estimate.unit in ("item", "seed", "cluster", "item x seed")
    assert estimate.n >= 1
    assert estimate.level == 0.95
    assert estimate.method


def test_a_wider_level_gives_a_wider_interval():
    x = np.array([0.1, 0.5, 0.3, 0.9, 0.0, 1.0])
    narrow, wide = stats.bounded_mean_ci(x, low=0, high=1, level=0.8), stats.mean_ci(x, level=0.999)
    assert narrow.low > stats.bounded_mean_ci(x, low=0, high=1).low
    assert wide.high > stats.mean_ci(x).high
    assert (narrow.level, wide.level) == (0.8, 0.999)


def test_the_default_path_loads_neither_statsmodels_nor_scipy_stats_nor_pandas():
    code = """
import sys
import numpy as np
from evalvar import stats
x = np.array([0.2, 0.4, 0.9])
stats.mean_ci(x); stats.bounded_mean_ci(x, low=0, high=1); stats.sparse_t(x, low=-1, high=1)
stats.crossed_mean_ci(np.stack([x, x**2], axis=1)); stats.mean_sd(np.stack([x, x**2], axis=1))
stats.signal_to_noise(x); stats.kendall_tau(x); stats.spearman(x); stats.midp(1, 3)
stats.pass_at_k(5, [1, 2], k=2); stats.eff_at_k(x, k=2); stats.sign_flip(x, rng=0)
stats.bootstrap(np.mean, x, rng=0, n_resamples=9, method="bca")
heavy = ("scipy.stats", "statsmodels", "pandas", "matplotlib")
print([name for name in heavy if name in sys.modules])
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_all_that_is_exported_is_there_and_described():
    for name in stats.__all__:
        assert getattr(stats, name).__doc__
