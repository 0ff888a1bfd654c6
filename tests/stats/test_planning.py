"""The power that a plan promises is that of the test that `compare` runs."""

from math import isinf, sqrt

import numpy as np
import pytest
from scipy import stats as reference

from evalvar.stats.axes import difference_over
from evalvar.stats.difference_noise import pilot_noise
from evalvar.stats.pilot_interval import detectable_interval
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
                if name == "item" and name not in over:
                    continue  # the items are these, and what they differ by is no error
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


def test_more_items_can_lower_the_power_over_two_prompts():
    noise = DifferenceNoise({"item": 0.273, "prompt": 0.001}, over=("item", "prompt"))
    powers = [design_power(noise, Sizes(n, prompts=2), 0.37) for n in (500, 10_000)]
    assert powers[1] < powers[0]


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


@pytest.mark.parametrize(
    ("n", "seeds", "seed_variance"), [(100, 2, 0.001), (100, 3, 0.0), (200, 5, 0.001)]
)
def test_few_seeds_of_a_pilot_leave_open_what_their_number_says(n, seeds, seed_variance):
    over, sizes, rng = ("item", "seed"), Sizes(n, seeds), np.random.default_rng(seeds)
    truth = {"item": 0.1, "seed": seed_variance, "item x seed + sample": 0.15}
    want = design_detectable(DifferenceNoise(truth, over), sizes)
    hits, studies = 0, 400
    for _ in range(studies):
        sides = [
            rng.normal(scale=sqrt(seed_variance / 2), size=(1, seeds, 1, 1))
            + rng.normal(scale=sqrt(0.15 / 2), size=(n, seeds, 1, 1))
            for _ in "ab"
        ]
        sides[0] += rng.normal(scale=sqrt(0.1), size=(n, 1, 1, 1))
        pilot = pilot_noise(sides)
        found = {name: max(value, 0.0) for name, value in pilot.components.items()}
        low, high = detectable_interval(pilot, DifferenceNoise(found, over), sizes)
        hits += low <= want <= high
        assert low <= design_detectable(DifferenceNoise(found, over), sizes) <= high
    assert 0.93 <= hits / studies <= 0.98


def test_the_interval_is_made_of_quantiles_over_the_draws():
    rng = np.random.default_rng(0)
    run = rng.normal(scale=0.5, size=(1, 4, 1, 1))
    pilot = pilot_noise([rng.normal(size=(60, 4, 1, 1)) + run], correlation=0.5)
    noise = DifferenceNoise(dict.fromkeys(pilot.names, 0.0))
    sizes = Sizes(80, 3)
    every = [
        design_detectable(DifferenceNoise(dict(zip(pilot.names, draw, strict=True))), sizes)
        for draw in np.maximum(pilot.draws, 0)
    ]
    found = detectable_interval(pilot, noise, sizes)
    assert found == pytest.approx(np.quantile(every, [0.025, 0.975]), rel=0.02)


def test_over_items_the_interval_is_that_of_a_standard_deviation():
    x = np.random.default_rng(1).normal(size=(400, 1, 1, 1))
    pilot = pilot_noise([x, np.zeros_like(x)])
    noise, sizes = DifferenceNoise(pilot.components, over=("item",)), Sizes(400)
    value = design_detectable(noise, sizes)
    shares = np.sqrt(399 / reference.chi2.ppf([0.975, 0.025], 399))
    found = detectable_interval(pilot, noise, sizes)
    assert found == pytest.approx(value * shares, rel=0.01)


def test_one_system_at_a_correlation_is_that_at_none_shrunk():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(20, 3, 2, 2)) + rng.normal(size=(20, 1, 2, 1))
    none, some = pilot_noise([x], correlation=0.0), pilot_noise([x], correlation=0.6)
    assert none.alike(0.6).components == pytest.approx(some.components)
    assert none.alike(0.6).draws == pytest.approx(some.draws)
