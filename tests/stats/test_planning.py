"""The power that a plan promises is that of the test that `compare` runs."""

from math import isinf, sqrt

import numpy as np
import pytest
from scipy import stats as reference

from evalvar.stats.axes import difference_over
from evalvar.stats.planning import DifferenceNoise, Sizes, design_detectable, design_power, needed


@pytest.mark.parametrize("seeds", [2, 3, 5, 10])
def test_over_seeds_alone_the_power_is_that_of_welch_who_estimates_his_freedom(seeds):
    studies, effect = 40_000, 3.1
    noise = DifferenceNoise({"item": 1.0, "seed": 2.0}, over=("seed",))
    difference = effect * sqrt(2 / seeds)
    rng = np.random.default_rng(seeds)
    a, b = rng.normal(size=(2, studies, seeds))
    theirs = reference.ttest_ind(a + difference, b, axis=1, equal_var=False).pvalue
    power = design_power(noise, Sizes(50, seeds), difference)
    assert power == pytest.approx(np.mean(theirs < 0.05), abs=4 * sqrt(0.25 / studies))
    assert noise.test(Sizes(50, seeds)) == "Welch t"


def test_over_many_seeds_welch_is_the_z_test():
    noise = DifferenceNoise({"item": 1.0, "seed": 2.0}, over=("seed",))
    limit = design_detectable(noise, Sizes(50, 100_000)) * sqrt(100_000 / 2)
    assert limit == pytest.approx(reference.norm.ppf(0.975) + reference.norm.ppf(0.8), rel=1e-4)


def simulated(rng, components, sizes, difference, over, studies):
    """Return the share of studies in which `compare`'s test finds the difference, and its name."""
    n, seeds, prompts = int(sizes.items), int(sizes.seeds), int(sizes.prompts)
    shapes = {"item": (n, 1, 1), "seed": (1, seeds, 1), "prompt": (1, 1, prompts)}
    found, method = 0, ""
    for _ in range(studies):
        sides = []
        for side in range(2):
            x = np.zeros((n, seeds, prompts))
            for name, variance in components.items():
                axes = ["item", "seed", "prompt"] if name == "sample" else name.split(" x ")
                size = np.max([shapes[axis] for axis in axes], axis=0)
                if "seed" in axes:
                    x = x + rng.normal(scale=sqrt(variance / 2), size=size)
                elif side == 0:  # what both share is in the difference once
                    x = x + rng.normal(scale=sqrt(variance), size=size)
            sides.append(x)
        estimate = difference_over(sides[0] + difference, sides[1], over=over, paired_seeds=False)
        found += estimate.p_value < 0.05
        method = estimate.method
    return found / studies, method


FEW = {"item": 0.1, "prompt": 0.002, "item x prompt": 0.02, "sample": 0.1}
ALL = {**FEW, "seed": 0.002, "item x seed": 0.05, "seed x prompt": 0.004}


@pytest.mark.parametrize(
    ("components", "over", "seeds", "prompts", "difference"),
    [
        (FEW, ("item", "prompt"), 1, 2, 0.3),
        (FEW, ("item", "prompt"), 1, 4, 0.12),
        (FEW, ("item", "prompt"), 1, 6, 0.08),
        (FEW, ("prompt",), 1, 3, 0.12),
        (ALL, ("seed", "prompt"), 4, 4, 0.14),
        (ALL, ("item", "seed", "prompt"), 4, 4, 0.16),
    ],
)
def test_over_few_prompts_the_power_is_that_of_the_pivotal_interval(
    components, over, seeds, prompts, difference
):
    noise, sizes, studies = DifferenceNoise(components, over), Sizes(60, seeds, 1, prompts), 1200
    rng = np.random.default_rng(prompts)
    share, method = simulated(rng, components, sizes, difference, over, studies)
    promised = design_power(noise, sizes, difference)
    assert share == pytest.approx(promised, abs=2.5 * sqrt(0.25 / studies))
    assert method.startswith("paired t" if over == ("prompt",) else noise.test(sizes))


def test_more_samples_can_lower_the_power_of_two_seeds_and_fewer_are_found():
    noise = DifferenceNoise({"item": 0.05, "seed": 0.002, "item x seed": 0.0, "sample": 0.4})
    powers = [design_power(noise, Sizes(1000, 2, count), 0.1) for count in (1, 1000)]
    power = (powers[0] + powers[1]) / 2
    assert powers[1] < power < powers[0]
    assert needed(noise, "samples", Sizes(1000, 2), 0.1, power=power) == 1


@pytest.mark.parametrize("prompts", [2, 4])
def test_of_seeds_samples_and_prompts_the_first_that_is_enough_is_found(prompts):
    rng = np.random.default_rng(prompts)
    for _ in range(12):
        components = {
            **{"item": 0.05, "seed": rng.choice([1e-5, 5e-4, 2e-3])},
            **{"item x seed": rng.choice([0, 0.1]), "sample": rng.choice([0.05, 0.4])},
        }
        noise, difference = DifferenceNoise(components), float(rng.choice([0.05, 0.1]))
        base = {"items": 400, "seeds": 3, "samples": 1}
        for axis in ("seeds", "samples"):
            powers = [
                design_power(noise, Sizes(**{**base, axis: count}), difference)
                for count in range(noise.least(axis), 20)
            ]
            enough = [i for i, power in enumerate(powers) if power >= 0.6]
            got = needed(noise, axis, Sizes(**base), difference, power=0.6)
            want = enough[0] + noise.least(axis) if enough else None
            assert got == want if want else (isinf(got) or got >= 20)
