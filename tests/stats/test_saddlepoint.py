"""The bootstrap of a mean without draws: enumeration, scipy's quantiles, Monte Carlo, ends."""

import itertools
import re

import numpy as np
import pytest
from scipy import stats

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import bootstrap_mean_ci


def all_resamples(x):
    """Means of all resamples and their chances, by the counts of each item."""
    n = len(x)
    counts = np.array([c for c in itertools.product(range(n + 1), repeat=n) if sum(c) == n])
    chance = stats.multinomial.pmf(counts, n, [1 / n] * n)
    return counts @ np.asarray(x) / n, chance


def sampled(x, draws, rng):
    source = np.random.default_rng(rng)
    blocks = [x[source.integers(0, x.size, (draws // 20, x.size))].mean(axis=1) for _ in range(20)]
    return np.concatenate(blocks)


@pytest.mark.parametrize(("k", "n"), [(1, 2), (8, 10), (1, 15), (97, 100), (4_000, 10_000)])
@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.999])
def test_two_values_have_the_quantiles_of_the_binomial_law(k, n, level):
    x = np.r_[np.ones(k), np.zeros(n - k)]
    found = bootstrap_mean_ci(x, level=level)
    exact = stats.binom.ppf([(1 - level) / 2, (1 + level) / 2], n, k / n) / n
    assert [found.low, found.high] == pytest.approx(exact, abs=1e-14)
    assert found.se == pytest.approx(np.sqrt(k / n * (1 - k / n) / n), rel=1e-12)
    moved = bootstrap_mean_ci(3 - 2 * x, level=level)
    assert moved.value == pytest.approx(3 - 2 * k / n, rel=1e-12)
    assert found.method == "bootstrap percentile, binomial law"


@pytest.mark.parametrize(
    "x", [[0.1, 0.5, 0.6, 1.3, 0.2, 0.9, 0.45], [0.3, 0.0, 0.2, 0.1, 2.0, 0.7, 0.55]]
)
def test_the_chance_beyond_each_end_is_that_of_all_resamples(x):
    means, chance = all_resamples(x)
    for level in (0.5, 0.8, 0.95):
        found = bootstrap_mean_ci(x, level=level)
        below = chance[means < found.low].sum() + chance[means == found.low].sum() / 2
        above = chance[means > found.high].sum() + chance[means == found.high].sum() / 2
        # seven items make steps of up to two points
        assert below == pytest.approx((1 - level) / 2, abs=0.02)
        assert above == pytest.approx((1 - level) / 2, abs=0.02)
        assert found.se == pytest.approx(np.sqrt(chance @ (means - np.mean(x)) ** 2), rel=1e-9)


@pytest.mark.parametrize("n", [20, 100, 400])
@pytest.mark.parametrize("level", [0.1, 0.95, 0.99])
def test_quantiles_agree_with_many_draws(n, level):
    x = np.random.default_rng(n).exponential(size=n)
    draws = 200_000
    means = sampled(x, draws, 1)
    found = bootstrap_mean_ci(x, level=level)
    for end, share in ((found.low, (1 - level) / 2), (found.high, (1 + level) / 2)):
        # the share of draws below the end is binomial
        error = 4 * np.sqrt(share * (1 - share) / draws)
        assert np.mean(means <= end) == pytest.approx(share, abs=error + 2e-3 / np.sqrt(n))


def test_scipy_gives_the_same_interval_up_to_its_noise():
    x = np.random.default_rng(3).beta(2, 5, 300)
    theirs = stats.bootstrap(
        (x,), np.mean, n_resamples=20_000, method="percentile", vectorized=True,
        rng=np.random.default_rng(4),
    )  # fmt: skip
    ours = bootstrap_mean_ci(x)
    assert ours.low == pytest.approx(theirs.confidence_interval.low, abs=0.1 * ours.se)
    assert ours.high == pytest.approx(theirs.confidence_interval.high, abs=0.1 * ours.se)
    assert ours.method == "bootstrap percentile, saddlepoint law"


def test_many_normal_scores_have_the_normal_quantiles():
    x = np.random.default_rng(5).normal(size=200_000)
    found = bootstrap_mean_ci(x)
    assert found.low == pytest.approx(found.value - 1.959964 * found.se, abs=1e-3 * found.se)
    assert found.high == pytest.approx(found.value + 1.959964 * found.se, abs=1e-3 * found.se)


@pytest.mark.parametrize("level", [1e-6, 0.01, 0.9999, 1 - 1e-9])
def test_far_and_near_quantiles_lie_in_order_inside_the_scores(level):
    for x in (np.array([0.0, 0.5, 1.0]), np.r_[np.zeros(30), 0.5, 900.0], np.arange(50.0) ** 3):
        found = bootstrap_mean_ci(x, level=level)
        assert x.min() <= found.low < found.high <= x.max()


def test_one_outlier_in_a_million_and_a_large_offset():
    x = np.random.default_rng(6).random(10**6)
    x[0] = 1e4
    found = bootstrap_mean_ci(x)
    assert found.high - found.value > found.value - found.low > 0
    small = np.random.default_rng(7).random(50)
    plain, moved = bootstrap_mean_ci(small), bootstrap_mean_ci(1e6 - 1e3 * small)
    assert (1e6 - moved.high) / 1e3 == pytest.approx(plain.low, rel=1e-6)
    assert (1e6 - moved.low) / 1e3 == pytest.approx(plain.high, rel=1e-6)


def test_a_constant_sample_has_no_interval():
    found = bootstrap_mean_ci([0.3] * 5)
    assert found.value == 0.3
    assert np.isnan([found.low, found.high, found.se]).all()
    assert found.method == "bootstrap percentile (all scores alike: no interval)"


def test_one_score_and_a_wrong_level_are_refused():
    message = "the bootstrap of a mean needs at least 2 items, but has 1."
    with pytest.raises(NotEnoughDataError, match=f"^{re.escape(message)}$"):
        bootstrap_mean_ci([1.0])
    with pytest.raises(UsageError, match="level must lie between 0 and 1, but is 95"):
        bootstrap_mean_ci([1.0, 2.0], level=95)


def test_very_skewed_samples_stay_inside_themselves():
    rng = np.random.default_rng(0)
    for level in (0.5, 0.95, 0.999999):
        for n in (3, 15, 40):
            x = np.exp(6 * rng.normal(size=n))
            found = bootstrap_mean_ci(x, level=level)
            assert x.min() <= found.low <= found.high <= x.max()
