"""Signal to noise: scipy's noncentral t, limits, coverage."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from evalvar.errors import NotEnoughDataError
from evalvar.stats import signal_to_noise

# One data set of size n whose mean over sd (ddof 1) is what is asked for.


def sample(n, ratio, rng=0):
    z = np.random.default_rng(rng).normal(size=n)
    return (z - z.mean()) / z.std(ddof=1) + ratio


@pytest.mark.parametrize(("n", "ratio"), [(3, 0.2), (5, 1.0), (10, 3.0), (4, 8.0), (12, -2.0)])
def test_the_interval_inverts_the_noncentral_t_of_scipy(n, ratio):
    estimate = signal_to_noise(sample(n, ratio))
    t = np.sqrt(n) * ratio
    tails = stats.nct.cdf(t, n - 1, np.sqrt(n) * np.array([estimate.low, estimate.high]))
    np.testing.assert_allclose(tails, [0.975, 0.025], atol=1e-9)
    assert estimate.value == pytest.approx(ratio, rel=1e-9)


def test_a_large_ratio_has_the_interval_of_its_standard_deviation():
    estimate = signal_to_noise(sample(10, 1e5))
    chi = np.sqrt(stats.chi2.ppf([0.025, 0.975], 9) / 9)
    np.testing.assert_allclose([estimate.low, estimate.high], 1e5 * chi, rtol=1e-6)


def test_a_mean_of_zero_has_a_symmetric_interval():
    estimate = signal_to_noise([-1.0, 1.0, -2.0, 2.0])
    assert estimate.high == pytest.approx(1.959963985 / 2, abs=1e-8)
    assert estimate.low == pytest.approx(-estimate.high, rel=1e-8)


def test_ddof_changes_the_value_and_not_the_interval():
    x = sample(6, 4.0)
    one, zero = signal_to_noise(x), signal_to_noise(x, ddof=0)
    assert zero.value == pytest.approx(x.mean() / x.std(), rel=1e-12)
    assert (one.low, one.high) == (zero.low, zero.high)


@given(st.integers(2, 30), st.floats(-500, 500))
@settings(derandomize=True, max_examples=40, deadline=None)
def test_the_interval_has_width_and_turns_with_the_sign(n, ratio):
    x = sample(n, ratio)
    plain, turned = signal_to_noise(x), signal_to_noise(-x)
    assert plain.low < plain.high
    np.testing.assert_allclose(
        [-turned.high, -turned.low], [plain.low, plain.high], rtol=1e-6, atol=1e-9
    )


def test_equal_seeds_have_no_ratio():
    estimate = signal_to_noise([0.3, 0.3, 0.3])
    assert np.isnan([estimate.value, estimate.low, estimate.high]).all()
    assert (estimate.n, estimate.method) == (3, "undefined: all seeds are equal")


def test_one_seed_is_not_enough():
    with pytest.raises(NotEnoughDataError, match="needs at least 2 seeds, but has 1"):
        signal_to_noise([0.3])


@pytest.mark.parametrize("ratio", [0.5, 20.0])
def test_the_interval_covers_at_its_level(ratio):
    x = np.random.default_rng(3).normal(ratio, 1, size=(400, 4))
    hit = [e.low <= ratio <= e.high for e in map(signal_to_noise, x)]
    assert abs(np.mean(hit) - 0.95) < 4 * np.sqrt(0.95 * 0.05 / len(x))
