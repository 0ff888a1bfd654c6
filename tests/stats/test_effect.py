import numpy as np
import pytest
from scipy import stats as reference

from evalvar.errors import UsageError
from evalvar.stats import Estimate, crossed_difference_ci, paired_t, sparse_t
from evalvar.stats.effect import detectable, probability_above


def test_probability_is_one_less_the_one_sided_p():
    rng = np.random.default_rng(0)
    a, b = rng.normal(0.3, 1, 20), rng.normal(0, 1, 20)
    for x, y in ((a, b), (b, a)):
        p = reference.ttest_rel(x, y, alternative="greater").pvalue
        assert probability_above(paired_t(x, y)) == pytest.approx(1 - p)


def test_probability_follows_the_interval_where_it_is_centred_apart():
    assert probability_above(Estimate(0.1, low=-0.3, high=-0.1, p_value=0.02)) == 0.01
    assert np.isnan(probability_above(Estimate(0.1)))


def test_detectable_is_millers_for_many_items():
    """Golden: n 198, omega^2 1/9, sigma^2 1/6 each, K 1 gives 0.132733328."""
    se = np.sqrt((1 / 9 + 2 / 6) / 198)
    half = reference.norm.ppf(0.975) * se
    found = detectable(Estimate(0.0, se, -half, half, n=10**7))
    assert found == pytest.approx(0.132733328, abs=1e-6)


def test_detectable_is_found_with_its_power():
    rng = np.random.default_rng(1)
    x = rng.normal(0, 1, (4000, 12))
    seen = np.mean([detectable(sparse_t(row)) for row in x])
    rejected = np.mean([sparse_t(row + seen).p_value <= 0.05 for row in x])
    assert rejected == pytest.approx(0.8, abs=0.03)


def test_detectable_is_found_with_its_power_where_seeds_are_few():
    """Golden: 80 % are found at 1.50, 0.50 and 0.29, simulated by other code."""
    rng, told, found = np.random.default_rng(2), [], []
    for seeds in (2, 3, 5):
        made = [
            crossed_difference_ci(*(0.7 * rng.normal(size=(2, 30, seeds))), paired_seeds=False)
            for _ in range(600)
        ]
        told.append(np.median([detectable(estimate) for estimate in made]))
        halves = np.array([(estimate.high - estimate.low) / 2 for estimate in made])
        values = np.array([estimate.value for estimate in made])
        found.append(np.mean(values + told[-1] > halves))
    assert told == pytest.approx([1.34, 0.49, 0.30], rel=0.07)
    assert found == pytest.approx([0.75, 0.8, 0.81], abs=0.04)


def test_what_was_told_apart_could_be():
    a, b = np.random.default_rng(3).normal(size=(2, 30, 2))
    a, b = a - a.mean(0) + 0.4, b - b.mean(0) - 0.4
    estimate = crossed_difference_ci(a, b, paired_seeds=False)
    assert estimate.low > 0
    half = (estimate.high - estimate.low) / 2
    z = reference.norm.ppf
    assert detectable(estimate) == pytest.approx(half * (1 + z(0.8) / z(0.975)))
    assert detectable(estimate) < estimate.value


def test_detectable_of_an_interval_cut_to_its_range_is_not_cut():
    whole = Estimate(0.6, 0.1, 0.4, 0.8, n=50)
    for cut in (Estimate(0.6, 0.1, 0.4, 0.7, n=50), Estimate(-0.6, 0.1, -0.7, -0.4, n=50)):
        assert detectable(cut, low=-0.7, high=0.7) == pytest.approx(detectable(whole))


def test_no_detectable_difference_is_beyond_what_is_possible():
    assert np.isnan(detectable(Estimate(0.0, 0.3, -0.8, 0.8), low=-1, high=1))
    assert np.isnan(detectable(Estimate(0.0, 0.3, -1, 1), low=-1, high=1))
    assert detectable(Estimate(0.0, 0.3, -0.6, 0.6), low=-1, high=1) == pytest.approx(
        0.8576, abs=1e-4
    )
    assert detectable(Estimate(0.0, 0.3, -0.8, 0.8), low=None, high=np.nan) > 1


def test_without_interval_nothing_is_known():
    assert np.isnan(detectable(Estimate(0.1)))
    assert np.isnan(detectable(Estimate(0.1, se=0.2)))
    assert np.isnan(detectable(Estimate(0.1, low=0.0, high=0.2)))
    with pytest.raises(UsageError) as caught:
        detectable(Estimate(0.1), power=0.3)
    assert str(caught.value) == "power must lie between 0.5 and 1, but is 0.3."
