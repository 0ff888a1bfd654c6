import numpy as np
import pytest

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import best_prompt_bias, kendall_w, prompt_spread
from evalvar.stats.templates import agreement

TEMPLATES = [0.62, 0.55, 0.71, 0.48, 0.66, 0.60]


def test_the_golden_numbers_of_six_templates():
    found = prompt_spread(TEMPLATES, quantiles=(0.1, 0.5, 0.9))
    assert (found.n, found.range) == (6, pytest.approx(0.23))
    assert found.sd == pytest.approx(0.081158282, abs=1e-9)
    assert found.quantiles == pytest.approx({0.1: 0.515, 0.5: 0.61, 0.9: 0.685})


@pytest.mark.parametrize("prompts", [2, 5, 20])
@pytest.mark.parametrize("tau", [0.0, 1.0])
def test_the_bias_is_what_picking_the_best_brings(prompts, tau):
    draws = np.random.default_rng(prompts)
    true = tau * draws.normal(size=(40_000, prompts))
    seen = true + draws.normal(size=true.shape)
    best = seen.argmax(axis=1)[:, None]
    excess = np.take_along_axis(seen - true, best, axis=1)
    found = best_prompt_bias(float(np.sqrt(tau**2 + 1)), 1.0, prompts)
    assert excess.mean() == pytest.approx(found.value, abs=4 * excess.std() / 200)


@pytest.mark.parametrize("tau", [0.0, 0.5, 2.0])
def test_the_bias_is_covered(tau):
    draws = np.random.default_rng(1)
    prompts, items, sets = 6, 50, 400
    truth = best_prompt_bias(float(np.sqrt(tau**2 + 1)), 1.0, prompts).value
    df = (prompts - 1) * (items - 1)
    sds = np.sqrt((tau**2 + 1) * draws.chisquare(prompts - 1, sets) / (prompts - 1))
    noises = draws.chisquare(df, sets) / df
    found = [
        best_prompt_bias(sd, v, prompts, noise_df=df) for sd, v in zip(sds, noises, strict=True)
    ]
    hit = np.mean([e.low <= truth <= e.high for e in found])
    assert hit > 0.95 - 3.5 * np.sqrt(0.95 * 0.05 / sets)


def test_without_noise_the_best_is_as_good_as_it_looks():
    found = best_prompt_bias(0.1, 0.0, 5)
    assert (found.value, found.method) == (0, "normal order statistics (no noise: no interval)")
    assert np.isnan(found.low)
    # the largest of two standard normals is expected at 1/sqrt(pi)
    assert best_prompt_bias(0.0, 1.0, 2).value == pytest.approx(np.pi**-0.5)


def test_kendalls_w_by_hand():
    # rank sums 1+2, 2+1, 3+3 of 2 prompts around 4: S = 1 + 1 + 4
    assert kendall_w([[1, 2, 3], [2, 1, 3]]) == pytest.approx(12 * 6 / (4 * 24))
    assert kendall_w([[1, 2, 3], [3, 2, 1]]) == 0
    # a prompt that ties all three: rank sums 3, 4, 5, 12 * 2 / (96 - 2 * 24)
    assert kendall_w([[0.5, 0.5, 0.5], [1, 2, 3]]) == pytest.approx(0.5)
    assert np.isnan(kendall_w([[1, 1], [2, 2]]))
    # two models, three prompts for one and one for the other: 1 - 4 (3/4) (1/4)
    assert kendall_w([[1, 2], [1, 2], [1, 2], [2, 1]]) == pytest.approx(0.25)


def test_kendalls_w_against_the_friedman_test():
    from scipy import stats as reference

    x = np.random.default_rng(0).integers(0, 5, size=(7, 4)).astype(float)
    theirs = reference.friedmanchisquare(*x.T).statistic / (7 * 3)
    assert kendall_w(x) == pytest.approx(theirs)
    np.testing.assert_allclose(agreement(np.stack([x, x])), theirs)


def test_bad_input():
    with pytest.raises(NotEnoughDataError, match="needs at least 2 prompts, but has 1"):
        best_prompt_bias(0.1, 0.1, 1)
    with pytest.raises(UsageError, match="sd and noise must be numbers from 0"):
        best_prompt_bias(0.1, -0.1, 3)
    with pytest.raises(NotEnoughDataError, match="needs at least 2 models, but has 1"):
        kendall_w([[1], [2]])
    with pytest.raises(UsageError, match="quantiles must lie in"):
        prompt_spread(TEMPLATES, quantiles=(5,))


def test_the_largest_of_two_and_three_normals_is_exact_to_rounding():
    for prompts, expected in ((2, np.pi**-0.5), (3, 1.5 * np.pi**-0.5)):
        found = best_prompt_bias(1.0, 1.0, prompts).value
        assert found == pytest.approx(expected, rel=1e-15)
