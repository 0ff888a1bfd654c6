from itertools import product
from math import ceil, inf, isinf, sqrt

import numpy as np
import pytest
from scipy import stats as reference
from statsmodels.stats.power import NormalIndPower, TTestPower

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import crossed_difference_ci
from evalvar.stats.allocation import Costs, cheapest
from evalvar.stats.crossed_half import SeedPart, freedoms
from evalvar.stats.difference_noise import pilot_noise
from evalvar.stats.planning import (
    AXES,
    DifferenceNoise,
    Sizes,
    design_detectable,
    design_power,
    needed,
)
from evalvar.stats.power import NoisePart, detectable_difference, difference_power
from evalvar.stats.power_formulas import (
    answer_variance,
    connor_items,
    design_effect,
    miller_detectable,
    miller_items,
    miller_power,
)
from evalvar.stats.variance import variance_components

ITEMS = DifferenceNoise({"item": 1 / 9}, over=("item",))
BOTH = DifferenceNoise({"item": 0.2, "seed": 2e-4, "item x seed": 0.1, "sample": 0.15})


def test_golden_numbers_of_the_error_bars_paper():
    once = answer_variance(1 / 9, noise_a=1 / 6, noise_b=1 / 6)
    ten = answer_variance(1 / 9, noise_a=1 / 6, noise_b=1 / 6, samples_a=10, samples_b=10)
    assert miller_items(0.03, 1 / 9) == pytest.approx(968.997498, abs=1e-6)
    assert ceil(miller_items(0.03, 1 / 9)) == 969
    assert miller_detectable(198, once) == pytest.approx(0.132733328, abs=1e-9)
    assert miller_detectable(198, ten) == pytest.approx(0.075669639, abs=1e-9)
    assert miller_power(0.1, 198, once) == pytest.approx(0.559902928, abs=1e-9)


def test_golden_numbers_of_connor():
    assert connor_items(0.05, 0.2) == pytest.approx(625.547318, abs=1e-6)
    assert miller_items(0.05, 0.2 - 0.05**2) == pytest.approx(620.061499, abs=1e-6)


@pytest.mark.parametrize("n", [3, 5, 12, 50, 199, 201, 969, 100_000])
@pytest.mark.parametrize("noncentrality", [0.1, 1.5, 2.8, 5.0])
def test_with_one_part_it_is_the_power_of_the_t_test(n, noncentrality):
    effect = noncentrality / sqrt(n)
    power = difference_power(effect, [NoisePart(1 / n, df=n - 1)])
    assert power == pytest.approx(TTestPower().power(effect, n, 0.05), abs=2e-6)


def test_with_a_known_variance_it_is_the_power_of_the_z_test():
    power = difference_power(0.2, [NoisePart(0.01)], level=0.9)
    theirs = NormalIndPower(ddof=0).power(0.2, 100, 0.1, ratio=0)
    assert power == pytest.approx(theirs, abs=1e-12)
    assert power - miller_power(0.2, 100, 1.0, level=0.9) == pytest.approx(
        reference.norm.cdf(-0.2 / 0.1 - reference.norm.ppf(0.95)), abs=1e-12
    )


def test_no_difference_is_found_as_often_as_the_level_says():
    assert difference_power(0, [NoisePart(0.3, df=4)], level=0.9) == pytest.approx(0.1, abs=1e-6)


def test_the_detectable_difference_has_the_power_and_tends_to_the_formula():
    parts = [NoisePart(4e-4, df=499), NoisePart(1e-4, 2, 1e-5), NoisePart(1e-4, 2, 1e-5)]
    found = detectable_difference(parts, power=0.9)
    assert difference_power(found, parts) == pytest.approx(0.9, abs=1e-9)
    known = detectable_difference([NoisePart(1 / 9 / 400)])
    assert known == pytest.approx(miller_detectable(400, 1 / 9), rel=3e-6)
    n = 40
    theirs = TTestPower().solve_power(nobs=n, alpha=0.05, power=0.8)
    assert detectable_difference([NoisePart(1 / n, df=n - 1)]) == pytest.approx(theirs, rel=1e-5)


def test_seeds_enter_as_in_a_study_simulated_from_mean_squares():
    item, seed, within, n, seeds = 3e-4, 2e-4, 1e-4, 60, 3
    rng = np.random.default_rng(0)
    draws = 200_000
    half = reference.t.ppf(0.975, n - 1) ** 2 * item * rng.chisquare(n - 1, draws) / (n - 1)
    between = (seed + within) * rng.chisquare(seeds - 1, (2, draws)) / (seeds - 1)
    parts = [SeedPart(1.0, 0.0, seeds - 1, 1), SeedPart(1.0, 0.0, seeds - 1, 1)]
    assert freedoms(parts) == [1.5 * (seeds - 1)] * 2
    equals = between.sum(axis=0) ** 2 / (between**2).sum(axis=0)
    t = reference.t.ppf(0.975, (seeds - 1) * (1 + (equals - 1) / 2))
    half += np.maximum(t**2 * between - reference.norm.ppf(0.975) ** 2 * within, 0).sum(axis=0)
    d = 0.1 + sqrt(item + 2 * seed) * rng.normal(size=draws)
    share = np.mean(np.abs(d) > np.sqrt(half))
    parts = [NoisePart(item, n - 1), *[NoisePart(seed, seeds - 1, within)] * 2]
    assert difference_power(0.1, parts) == pytest.approx(share, abs=4 * sqrt(0.25 / draws))


@pytest.mark.parametrize(("seeds", "seed_variance"), list(product([3, 5, 10], [0.002, 0.02])))
def test_compare_finds_a_difference_as_often_as_promised(seeds, seed_variance):
    n, answers, studies = 80, 2, 1500
    components = {"item": 1.0, "seed": seed_variance, "item x seed": 0.3, "sample": 0.8}
    noise, sizes = DifferenceNoise(components), Sizes(n, seeds, answers)
    difference = design_detectable(noise, sizes)
    rng = np.random.default_rng(seeds)
    found = 0
    for _ in range(studies):
        item = rng.normal(scale=sqrt(components["item"]), size=(n, 1))
        sides = []
        for _ in "ab":
            run = rng.normal(scale=sqrt(seed_variance / 2), size=seeds)
            # item x seed, and the mean of the answers of a cell
            cell = rng.normal(scale=sqrt(0.3 / 2 + 0.8 / 2 / answers), size=(n, seeds))
            sides.append(run + cell)
        estimate = crossed_difference_ci(sides[0] + item + difference, sides[1], paired_seeds=False)
        found += estimate.p_value < 0.05
    assert found / studies == pytest.approx(0.8, abs=0.02 + 2 * sqrt(0.16 / studies))


def test_variance_of_a_design_worked_by_hand():
    parts = BOTH.parts(Sizes(100, 5, 3))
    item = 0.2 / 100 + 0.1 / 500 + 0.15 / 1500
    assert parts[0] == NoisePart(pytest.approx(item), 99)
    assert parts[1] == parts[2]
    assert parts[1].variance == pytest.approx(2e-4 / 5 / 2)
    assert parts[1].within == pytest.approx((0.1 / 500 + 0.15 / 1500) / 2)
    assert parts[1].df == 4
    assert BOTH.variance(Sizes(100, 5, 3)) == pytest.approx(item + 2e-4 / 5)


def test_prompts_are_a_part_of_their_own():
    noise = DifferenceNoise(
        {"item": 0.2, "seed": 0.01, "prompt": 0.03, "item x prompt": 0.4, "seed x prompt": 0.06},
        over=("item", "seed", "prompt"),
    )
    parts = noise.parts(Sizes(100, 5, prompts=4))
    assert [part.df for part in parts] == [99, 4, 4, 3]
    # seed x prompt is new with prompts as it is with seeds: `difference_over` has it with prompts
    assert parts[1].variance == pytest.approx(0.01 / 5 / 2)
    assert parts[3].variance == pytest.approx(0.03 / 4 + 0.06 / 20)
    assert parts[3].within == pytest.approx(0.4 / 400)
    assert sum(part.variance for part in parts) == pytest.approx(
        noise.variance(Sizes(100, 5, 1, 4))
    )


def test_items_that_share_clusters_count_as_clusters():
    alone = design_power(ITEMS, Sizes(40), 0.1)
    noise = DifferenceNoise({"item": 1 / 9}, over=("item",), cluster_size=5)
    assert noise.parts(Sizes(40)) == [NoisePart(1 / 9 / 40, 7)]
    assert design_power(noise, Sizes(40), 0.1) < alone


def test_design_effect_is_that_of_the_mean_of_correlated_items():
    sizes, icc = np.array([4, 1, 5]), 0.3
    clusters = np.repeat(np.arange(3), sizes)
    covariance = np.where(clusters[:, None] == clusters, icc, 0.0)
    np.fill_diagonal(covariance, 1.0)
    assert design_effect(sizes, icc) == pytest.approx(covariance.mean() * sizes.sum())


def test_discordance_gives_connor_for_many_items():
    noise = DifferenceNoise({"item": 0.2}, over=("item",), discordant=True)
    n = connor_items(0.004, 0.2)
    assert design_power(noise, Sizes(n), 0.004) == pytest.approx(0.8, abs=1e-4)
    assert needed(noise, "items", Sizes(1), 0.05) in (627, 628, 629)
    found = design_detectable(noise, Sizes(628))
    assert design_power(noise, Sizes(628), found) == pytest.approx(0.8, abs=1e-9)


def test_too_few_pairs_for_any_difference_that_the_discordance_allows():
    noise = DifferenceNoise({"item": 0.05}, over=("item",), discordant=True)
    assert np.isnan(design_detectable(noise, Sizes(10)))
    with pytest.raises(UsageError, match=r"^a difference of 0\.1 needs at least that discordance"):
        design_power(noise, Sizes(10), 0.1)


@pytest.mark.parametrize(
    ("axis", "difference"), [("items", 0.07), ("seeds", 0.06), ("samples", 0.082)]
)
def test_what_is_needed_is_the_first_that_is_enough(axis, difference):
    sizes = {"items": 500, "seeds": 4, "samples": 1}
    noise = DifferenceNoise({"item": 0.1, "seed": 1e-3, "item x seed": 0.1, "sample": 1.5})
    found = needed(noise, axis, Sizes(**sizes), difference)
    assert not isinf(found)
    powers = [
        design_power(noise, Sizes(**{**sizes, axis: count}), difference)
        for count in (found - 1, found)
    ]
    assert powers[0] < 0.8 <= powers[1]


def test_items_needed_are_those_of_the_formula_and_a_few_for_t():
    assert needed(ITEMS, "items", Sizes(1), 0.03) == 971
    theirs = TTestPower().solve_power(effect_size=0.03 * 3, alpha=0.05, power=0.8)
    assert ceil(theirs) == 971


def test_no_number_of_items_beats_the_floor_of_the_seeds():
    floor = design_detectable(BOTH, Sizes(inf, 3))
    assert isinf(needed(BOTH, "items", Sizes(1, 3), floor * 0.999))
    assert needed(BOTH, "items", Sizes(1, 3), floor * 1.05) < inf
    assert design_detectable(BOTH, Sizes(10**9, 3)) == pytest.approx(floor, rel=1e-3)


def test_one_seed_each_leaves_the_test_undefined():
    assert np.isnan(design_detectable(BOTH, Sizes(500, 1)))
    assert np.isnan(design_power(BOTH, Sizes(500, 1), 0.1))
    assert np.isnan(needed(BOTH, "items", Sizes(500, 1), 0.1))


PROMPTS = DifferenceNoise(
    {
        **{"item": 0.02, "seed": 2e-4, "item x seed": 0.02, "sample": 0.15},
        **{"prompt": 1e-3, "item x prompt": 0.01},
    },
    over=("item", "seed", "prompt"),
)


@pytest.mark.parametrize(
    "costs", [Costs(1, 5, 0.1, 2), Costs(0.1, 3, 0.01, 0.5), Costs(item=1), Costs(sample=1)]
)
def test_the_cheapest_design_is_the_cheapest_of_all(costs):
    most, difference = Sizes(24, 5, 3, 5), 0.2
    grid = product(range(2, 25), range(2, 6), range(1, 4), range(2, 6))
    fine = [
        (costs.of(sizes), sizes.seeds, sizes.prompts, sizes.samples, sizes.items)
        for sizes in map(Sizes, *zip(*grid, strict=True))
        if design_power(PROMPTS, sizes, difference) >= 0.8
    ]
    found = cheapest(PROMPTS, difference, costs, most=most)
    sizes = found.design
    assert (found.cost, sizes.seeds, sizes.prompts, sizes.samples, sizes.items) == min(fine)
    assert found.power == design_power(PROMPTS, sizes, difference)


def test_cost_worked_by_hand():
    # 10 items and 2 prompts once; 2 systems x 3 runs, each answering 10 x 2 x 4 times
    costs = Costs(item=1, seed=500, sample=0.5, prompt=7)
    assert costs.of(Sizes(10, 3, 4, 2)) == 10 + 14 + 2 * 3 * (500 + 0.5 * 80)


def test_a_difference_out_of_reach_has_no_cheapest_design():
    assert cheapest(BOTH, 0.01, Costs(item=1), most=Sizes(100, 3, 4)) is None


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: needed(ITEMS, "items", Sizes(1), 0.0),
            "difference must be a number other than 0, but is 0: name the smallest one that "
            "matters, such as 0.02.",
        ),
        (
            lambda: needed(ITEMS, "items", Sizes(1), 0.1, power=1.0),
            "power must lie between 0.05 (the size of the test) and 1, but is 1.",
        ),
        (
            lambda: design_detectable(ITEMS, Sizes(9), power=0.04),
            "power must lie between 0.05 (the size of the test) and 1, but is 0.04.",
        ),
        (
            lambda: needed(ITEMS, "runs", Sizes(1), 0.1),
            "axis='runs' is unknown. Use items, seeds, samples, prompts.",
        ),
        (lambda: Costs(item=-1), "the cost of each item must be 0 or more, but is -1."),
        (lambda: Costs(), "all costs are 0: say what an item, seed, sample or prompt costs."),
        (
            lambda: DifferenceNoise({"item": -0.1}, over=("item",)),
            "the component item is a variance of 0 or more, but is -0.1.",
        ),
        (
            lambda: cheapest(ITEMS, 0.1, Costs(item=1), most=Sizes(1)),
            "at least 2 items are needed, but at most 1 are allowed.",
        ),
        (
            lambda: difference_power(0.1, []),
            "parts is empty: name at least one source of variance.",
        ),
        (lambda: connor_items(0.1, 1.2), "discordance must lie between 0 and 1, but is 1.2."),
        (lambda: miller_items(0.1, -1.0), "variance must be positive, but is -1."),
        (lambda: miller_detectable(0, 1.0), "items must be positive, but are 0."),
        (lambda: miller_power(0.1, 10, 0.0), "variance must be positive, but is 0."),
        (
            lambda: design_effect([10, 2], -0.5),
            "icc must be at least -0.111 in clusters of 10, but is -0.5: so many items cannot be "
            "less alike.",
        ),
        (
            lambda: pilot_noise([np.zeros((3, 1, 1, 1))]),
            "one system needs correlation=: how alike the items are for the other.",
        ),
        (
            lambda: pilot_noise([np.zeros((3, 1, 1, 1)), np.zeros((4, 1, 1, 1))]),
            "a and b need the same items and prompts, but have shapes (3, 1, 1, 1) and "
            "(4, 1, 1, 1).",
        ),
        (
            lambda: pilot_noise([np.full((3, 1, 1, 1), np.nan)] * 2),
            "a needs an answer to every item, by every seed, under every prompt, but 3 of 3 have "
            "none. Leave those items out.",
        ),
    ],
)
def test_bad_input_is_one_line(call, message):
    with pytest.raises(UsageError) as error:
        call()
    assert str(error.value) == message


def test_one_item_is_no_pilot():
    with pytest.raises(NotEnoughDataError, match=r"^a pilot needs at least 2 items, but has 1\.$"):
        pilot_noise([np.zeros((1, 1, 1, 1))] * 2)


TRUE = {
    **{"item": 1.0, "seed": 0.3, "prompt": 0.2, "item x seed": 0.5, "item x prompt": 0.4},
    **{"seed x prompt": 0.1, "item x seed x prompt": 0.6, "sample": 2.0},
}


def answers(rng, n, seeds, prompts, samples):
    """Return a system whose pair with another such one has the true components."""
    shape = (n, seeds, prompts, samples)
    x = np.zeros(shape)
    for name, variance in TRUE.items():
        axes = ["item", "seed", "prompt", "sample"] if name == "sample" else name.split(" x ")
        if prompts == 1 and "prompt" in axes and name != "sample":
            continue
        sizes = zip(("item", "seed", "prompt", "sample"), shape, strict=True)
        size = [length if axis in axes else 1 for axis, length in sizes]
        x = x + rng.normal(scale=sqrt(variance / 2), size=size)
    return x


@pytest.mark.parametrize(
    ("seeds", "prompts", "samples"),
    [
        ((3, 4), 1, 3),
        ((3, 2), 1, 1),
        ((3, 1), 1, 2),
        ((1, 1), 1, 2),
        ((1, 1), 1, 1),
        ((2, 3), 3, 2),
    ],
)
def test_components_of_a_difference_are_unbiased(seeds, prompts, samples):
    rng = np.random.default_rng(0)
    pilots = [
        pilot_noise([answers(rng, 30, s, prompts, samples) for s in seeds]) for _ in range(400)
    ]
    found = np.array([pilot.values for pilot in pilots])
    truth = dict(TRUE)
    if max(seeds) == 1:  # one run each: what its seed adds to an item stays with the item
        truth["item"] += truth["item x seed"]
    for name, values in zip(pilots[0].names, found.T, strict=True):
        want = sum(truth[part] for part in name.split(" + "))
        t = (values.mean() - want) / (values.std(ddof=1) / sqrt(len(values)))
        assert abs(t) < 4, name


def test_golden_noise_of_two_systems_with_four_answers():
    a = [[1, 1, 1, 0], [0, 0, 0, 1], [1, 1, 1, 1], [0, 0, 0, 0], [1, 0, 1, 1]]
    b = [[0, 0, 0, 1], [0, 1, 0, 0], [1, 1, 0, 1], [0, 0, 0, 0], [0, 0, 0, 0]]
    arrays = [np.array(x, float)[:, None, None, :] for x in (a, b)]
    found = pilot_noise(arrays).components
    # data .01 and prediction .30 with divisor n; here the divisor of items is n - 1
    assert found["sample"] == pytest.approx(0.30)
    assert found["item"] == pytest.approx((0.01 + 0.30 / 4) * 5 / 4 - 0.30 / 4)


def test_one_system_stands_for_two_like_it():
    x = answers(np.random.default_rng(0), 12, 3, 1, 2)
    codes = np.indices(x.shape)
    alone = variance_components(x, {"item": codes[0], "seed": codes[1]})
    own = dict(zip(alone.names, alone.values, strict=True))
    found = pilot_noise([x], correlation=0.0).components
    assert found == pytest.approx({name: 2 * own[name] for name in found})
    assert pilot_noise([x], correlation=0.75).components["item"] == pytest.approx(own["item"] / 2)


def test_clusters_are_what_is_drawn():
    x = np.repeat([1.0, 0.0, 1.0, 0.0, 0.0], 4).reshape(-1, 1, 1, 1)
    zero = np.zeros_like(x)
    clusters = np.repeat(np.arange(5), 4)
    found = pilot_noise([x, zero], clusters=clusters).components["item + sample"]
    assert found == pytest.approx(4 * np.var([1, 0, 1, 0, 0], ddof=1))


def test_axes_are_named_once():
    assert AXES == ("items", "seeds", "samples", "prompts")
    assert str(Sizes(2400, 3)) == "2,400 items x 3 seeds x 1 sample"
    assert str(Sizes(inf, 3, prompts=2)) == "any number of items x 3 seeds x 1 sample x 2 prompts"
