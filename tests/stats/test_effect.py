import numpy as np
import pytest
from scipy import stats as reference

from evalvar.errors import UsageError
from evalvar.stats import Estimate, paired_t, sparse_t
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


def test_detectable_of_an_interval_cut_to_its_range_is_not_cut():
    cut = Estimate(0.9, 0.1, 0.7, 1.0, n=50)
    whole = Estimate(0.9, 0.1, 0.9 - 2.0096 * 0.1, 0.9 + 2.0096 * 0.1, n=50)
    assert detectable(cut) == pytest.approx(detectable(whole), abs=1e-4)


def test_without_interval_nothing_is_known():
    assert np.isnan(detectable(Estimate(0.1)))
    with pytest.raises(UsageError) as caught:
        detectable(Estimate(0.1), power=0.3)
    assert str(caught.value) == "power must lie between 0.5 and 1, but is 0.3."
