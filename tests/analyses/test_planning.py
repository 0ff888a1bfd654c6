"""Plans: from a pilot of two models, of one, and from assumptions alone."""

from itertools import product
from math import ceil, inf, isnan, sqrt

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.power import TTestPower

import evalvar as ev
from evalvar.analyses.planning import plan
from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats.allocation import Costs
from evalvar.stats.planning import DifferenceNoise, Sizes, design_detectable, design_power
from evalvar.stats.power_formulas import connor_items


def records(models, items=40, seeds=1, samples=1, prompts=1, rng=0):
    """Return scores of models that share item effects, with an answer to everything."""
    draw = np.random.default_rng(rng)
    item = draw.normal(size=items)
    rows = []
    for model in models:
        run = draw.normal(scale=0.3, size=seeds)
        own = draw.normal(scale=0.5, size=items)
        for i, s, p, k in product(range(items), range(seeds), range(prompts), range(samples)):
            score = item[i] + own[i] + run[s] + draw.normal()
            rows.append((model, "t", f"i{i:03}", s, f"p{p}", k, score))
    columns = ["model", "task", "item", "seed", "prompt", "sample", "score"]
    return pd.DataFrame(rows, columns=columns)


def one(result, quantity, **labels):
    rows = result.quantity(quantity)
    for name, value in labels.items():
        rows = rows[rows[name] == value]
    assert len(rows) == 1
    return rows.iloc[0]


def test_two_runs_on_the_same_items_are_planned_by_the_paired_t_test():
    frame = records(["A", "B"])
    wide = frame.pivot(index="item", columns="model", values="score")
    sd = float((wide["A"] - wide["B"]).std())
    result = plan(frame, difference=0.5)
    theirs = TTestPower()
    shown = one(result, "detectable_difference", role="this data")
    effect = theirs.solve_power(nobs=40, alpha=0.05, power=0.8)
    assert shown["value"] == pytest.approx(effect * sd, rel=1e-5)
    assert shown["low"] < shown["value"] < shown["high"]
    assert (shown["design"], shown["n"], shown["unit"]) == (
        "40 items x 1 seed x 1 sample",
        40,
        "item",
    )
    assert shown["method"] == "power 0.8 of t over items"
    n = theirs.solve_power(effect_size=0.5 / sd, alpha=0.05, power=0.8)
    assert one(result, "items_needed")["value"] == ceil(n)
    power = one(result, "power", role="this data")
    assert power["value"] == pytest.approx(theirs.power(0.5 / sd, 40, 0.05), abs=1e-6)
    assert (
        "t, score: one seed each says nothing of what seeds add: the plan is for these runs, over "
        "items only. Train another, or assume seed_sd (--assume seed_sd=0.005)."
    ) in result.warnings


def test_the_grid_is_a_curve_over_items_seeds_and_samples():
    result = plan(records(["A", "B"], seeds=3, samples=2), difference=0.5)
    curve = result.quantity("detectable_difference")
    assert sorted(set(curve["items"])) == [20, 40, 80, 160, 400]
    assert sorted(set(curve["seeds"])) == [1, 2, 3, 5, 10]
    assert sorted(set(curve["samples"])) == [1, 2, 4, 16]
    assert len(curve) == 5 * 5 * 4
    alone = curve[curve["seeds"] == 1]
    assert alone["value"].isna().all()
    assert set(alone["method"]) == {
        "undefined: with one seed each a study cannot see what seeds add"
    }
    for axis in ("items", "seeds", "samples"):
        others = [name for name in ("items", "seeds", "samples") if name != axis]
        falls = curve[curve["seeds"] > 1].sort_values(axis).groupby(others)["value"]
        assert falls.apply(lambda values: (np.diff(values) < 0).all()).all()


def test_components_of_a_pilot_with_seeds_are_those_of_the_test_that_compare_runs():
    frame = records(["A", "B"], items=30, seeds=4)
    result = plan(frame, level=0.9, power=0.7)
    arrays = [
        rows.pivot(index="item", columns="seed", values="score").to_numpy()
        for _, rows in frame.groupby("model")
    ]
    residual = seed = 0.0
    for x in arrays:
        rest = x - x.mean(axis=1, keepdims=True) - x.mean(axis=0) + x.mean()
        square = (rest**2).sum() / (29 * 3)
        residual += square
        seed += x.mean(axis=0).var(ddof=1) - square / 30
    item = np.var(arrays[0].mean(axis=1) - arrays[1].mean(axis=1), ddof=1) - residual / 4
    noise = DifferenceNoise({"item": item, "seed": seed, "item x seed": residual})
    shown = one(result, "detectable_difference", role="this data")
    want = design_detectable(noise, Sizes(30, 4), power=0.7, level=0.9)
    assert shown["value"] == pytest.approx(want)
    assert shown["unit"] == "item x seed"
    assert shown["level"] == 0.9


@pytest.mark.parametrize("quantity", ["items_needed", "seeds_needed"])
def test_what_is_needed_is_enough_and_one_less_is_not(quantity):
    frame = records(["A", "B"], seeds=5, samples=2)
    rows = plan(frame, difference=0.7).quantity(quantity)
    row = rows[rows["value"].notna()].iloc[0]
    sizes = {axis: row[axis] for axis in ("items", "seeds", "samples")}
    powers = []
    for count in (int(row["value"]) - 1, int(row["value"])):
        sizes[quantity.removesuffix("_needed")] = count
        result = plan(frame, difference=0.7, **{axis: int(size) for axis, size in sizes.items()})
        powers.append(one(result, "power", role="asked")["value"])
    assert powers[0] < 0.8 <= powers[1]


def test_a_floor_is_said():
    result = plan(records(["A", "B"], seeds=3), difference=0.05)
    rows = result.quantity("items_needed")
    assert rows["value"].isna().all()
    assert (rows["floor"] > 0.05).all()
    assert any("no number of items shows a difference of 0.05 with 3 seeds each" in sentence
               for sentence in result.warnings)  # fmt: skip


def test_one_model_stands_for_two_like_it():
    frame = records(["A"], items=60)
    sd = float(frame["score"].std())
    shown = one(plan(frame, assume={"correlation": 0.6}), "detectable_difference", role="this data")
    effect = TTestPower().solve_power(nobs=60, alpha=0.05, power=0.8)
    assert shown["value"] == pytest.approx(effect * sd * sqrt(2 * 0.4), rel=1e-5)
    default = plan(frame)
    assert any(
        sentence.startswith("t, score: A stands for two models like it, whose scores of an item "
                            "correlate at 0.35, as assumed")
        for sentence in default.warnings
    )  # fmt: skip
    assert one(default, "detectable_difference", role="this data")["value"] == pytest.approx(
        effect * sd * sqrt(2 * 0.65), rel=1e-5
    )


def test_clusters_of_the_pilot_are_what_is_drawn():
    frame = records(["A", "B"])
    frame["cluster"] = frame["item"].str[1:].astype(int).floordiv(4).astype(str)
    alone = one(plan(records(["A", "B"])), "detectable_difference", role="this data")
    shared = one(plan(frame), "detectable_difference", role="this data")
    wide = frame.pivot(index="item", columns="model", values="score")
    means = (wide["A"] - wide["B"]).to_numpy().reshape(10, 4).mean(axis=1)
    effect = TTestPower().solve_power(nobs=10, alpha=0.05, power=0.8)
    assert shared["value"] == pytest.approx(effect * means.std(ddof=1), rel=1e-5)
    assert shared["value"] != alone["value"]


def test_prompts_are_planned_where_they_are_drawn_again():
    frame = records(["A", "B"], items=25, seeds=3, prompts=4)
    result = plan(frame, difference=0.6, over=["item", "seed", "prompt"])
    assert {"prompts_needed", "seeds_needed", "items_needed"} <= set(result.table["quantity"])
    shown = one(result, "detectable_difference", role="this data")
    assert shown["design"] == "25 items x 3 seeds x 1 sample x 4 prompts"
    assert shown["unit"] == "item x seed x prompt"


def test_items_that_a_run_lacks_leave_the_pilot():
    frame = records(["A", "B"])
    frame.loc[(frame["model"] == "B") & (frame["item"] < "i003"), "score"] = np.nan
    result = plan(frame)
    assert one(result, "detectable_difference", role="this data")["n"] == 37
    assert "t, score: 3 items without a score in every run left out, 37 used." in result.warnings


def test_discordance_is_planned_as_connor_does():
    result = plan(assume={"discordance": 0.2}, difference=0.05)
    found = one(result, "items_needed")
    # t in place of z takes two or three pairs more
    assert 0 <= found["value"] - ceil(connor_items(0.05, 0.2)) <= 3
    assert result.keys == ("task", "metric", "design")
    assert found["task"] is None
    assert found["percent"]
    shown = one(result, "detectable_difference", role="example")
    assert shown["value"] == pytest.approx(0.05, rel=2e-3)
    assert isnan(shown["low"])
    assert shown["method"].endswith("noise assumed")


def test_assumed_means_and_seeds():
    result = plan(assume={"mean": 0.7, "correlation": 0.5, "seed_sd": 0.01}, items=500, seeds=5)
    noise = DifferenceNoise({"item": 2 * 0.21 * 0.5, "seed": 2 * 0.01**2})
    shown = one(result, "detectable_difference", role="asked")
    assert shown["value"] == pytest.approx(design_detectable(noise, Sizes(500, 5)))


def test_assumed_clusters_raise_the_noise_of_items():
    alone = plan(assume={"item": 0.2}, items=100)
    shared = plan(assume={"item": 0.2, "cluster_size": 5, "icc": 0.5}, items=100)
    noise = DifferenceNoise({"item": 0.2 * 3}, over=("item",), cluster_size=5)
    found = one(shared, "detectable_difference", role="asked")["value"]
    assert found == pytest.approx(design_detectable(noise, Sizes(100)))
    assert found > one(alone, "detectable_difference", role="asked")["value"]


def test_an_assumption_replaces_what_the_pilot_says():
    frame = records(["A", "B"])
    result = plan(frame, assume={"seed_sd": 0.2}, difference=1.2)
    shown = one(result, "detectable_difference", role="example")
    wide = frame.pivot(index="item", columns="model", values="score")
    item = float((wide["A"] - wide["B"]).var())
    noise = DifferenceNoise({"item": item, "seed": 2 * 0.2**2})
    assert shown["value"] == pytest.approx(design_detectable(noise, Sizes(40, 3)))
    assert isnan(shown["low"])


def test_the_cheapest_design_is_priced_and_enough():
    costs = {"item": 1, "seed": 20, "sample": 0.01}
    frame = records(["A", "B"], seeds=4, samples=2)
    result = plan(frame, difference=0.8, costs=costs, most={"items": 300, "seeds": 12})
    cost = one(result, "cost", role="cheapest")
    sizes = Sizes(*(int(cost[name]) for name in ("items", "seeds", "samples", "prompts")))
    assert cost["value"] == pytest.approx(Costs(**costs).of(sizes))
    assert cost["design"] == str(sizes)
    assert one(result, "power", role="cheapest")["value"] >= 0.8
    affordable = result.quantity("cost", "power")
    affordable = affordable[affordable["role"] != "cheapest"].pivot(
        index="design", columns="quantity", values="value"
    )
    assert affordable[affordable["power"] >= 0.8]["cost"].min() >= cost["value"]


def test_no_design_within_bounds_is_said():
    result = plan(
        assume={"item": 1.0}, difference=0.1, items=100, costs={"item": 1}, most={"items": 50}
    )
    cost = one(result, "cost", role="cheapest")
    assert isnan(cost["value"])
    assert cost["method"].startswith("undefined: out of reach; the most there can be shows 0.4")


def test_a_model_without_noise_has_no_plan():
    frame = records(["A", "B"])
    frame["score"] = 1.0
    message = r"^t, score: no plan: every item has the same difference\.$"
    with pytest.raises(NotEnoughDataError, match=message):
        plan(frame)


def test_a_result_survives_json():
    result = plan(records(["A", "B"], seeds=3), difference=0.5, costs={"seed": 1})
    again = ev.from_json(result.to_json())
    pd.testing.assert_frame_equal(
        again.table[["design", "value", "quantity"]], result.table[["design", "value", "quantity"]]
    )
    assert result.settings["costs"] == {"seed": 1}


PILOT = {"data": records(["A", "B"], items=5)}
ASSUMED = {"assume": {"discordance": 0.2}, "difference": 0.05}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {},
            "no data and no assumption about items: read a pilot, or assume discordance=0.2 "
            "(share of items that one solves and the other does not), mean=0.7 (of both, about), "
            "or item=0.2 (variance of an item's difference).",
        ),
        (
            {**ASSUMED, "difference": 0},
            "difference must be a number other than 0, but is 0: name the smallest one that "
            "matters, such as 0.02.",
        ),
        (
            {**ASSUMED, "power": 1},
            "power must lie between 0.05 (the size of the test) and 1, but is 1.",
        ),
        (
            {**ASSUMED, "power": 0},
            "power must lie between 0.05 (the size of the test) and 1, but is 0.",
        ),
        ({**ASSUMED, "level": 1.0}, "level must lie between 0 and 1, but is 1.0."),
        (
            {**ASSUMED, "costs": {"item": -1}},
            "the cost of each item must be 0 or more, but is -1.",
        ),
        (
            {**ASSUMED, "costs": {"gpu": 1}},
            "costs has 'gpu', which is unknown. Use item, seed, sample, prompt.",
        ),
        (
            {**ASSUMED, "costs": {}},
            "all costs are 0: say what an item, seed, sample or prompt costs.",
        ),
        (
            {**ASSUMED, "most": {"runs": 1}},
            "most has 'runs', which is unknown. Use items, seeds, samples, prompts.",
        ),
        ({**ASSUMED, "items": 0}, "items must be a whole number of 1 or more, but is 0."),
        (
            {"assume": {"discordance": 0.2}},
            "nothing to plan for: give difference=, or items= to look at.",
        ),
        (
            {"assume": {"discordance": 1.2}, "items": 9},
            "assume discordance must be between 0 and 1, but is 1.2.",
        ),
        (
            {"assume": {"discordance": 0.2, "mean": 0.5}, "items": 9},
            "assume says discordance and mean: give one of them.",
        ),
        (
            {"assume": {"item": 0.2, "icc": 0.5}, "items": 9},
            "assume needs both cluster_size and icc, or neither.",
        ),
        (
            {**ASSUMED, "seeds": 4},
            "seeds=4, but nothing is known of what another seed would change: measure two, or "
            "assume seed_sd.",
        ),
        (
            {**ASSUMED, "over": ["item", "seed"]},
            "over has seed, but nothing is known of what another seed would change. Measure two "
            "seeds, or assume it.",
        ),
        (
            {**ASSUMED, "over": ["gpu"]},
            "over='gpu': there is no axis 'gpu'. Name some of item, seed, prompt, such as 'item x "
            "seed'.",
        ),
        ({**ASSUMED, "task": "t"}, "task=t is of data, and there are none: read a pilot."),
        (
            {**PILOT, "samples": 3},
            "samples=3, but nothing is known of what another sample would change: measure two, or "
            "assume sample.",
        ),
        ({**PILOT, "a": "A", "b": "A"}, "a and b are both 'A': name two different models."),
        ({**PILOT, "a": "C"}, "no model 'C' in the data. There is: A, B."),
        (
            {"data": records(["A", "B", "C"], items=5)},
            "a plan is for two models, and there are 3: A, B, C. Name two with a and b (-a, -b), "
            "or one like both with a.",
        ),
        (
            {"assume": {"discordance": 0.1}, "difference": 0.2},
            "a difference of 0.2 needs at least that discordance, but it is 0.1.",
        ),
    ],
)
def test_bad_input_is_one_line(arguments, message):
    with pytest.raises(UsageError) as error:
        plan(**arguments)
    assert str(error.value) == message


def test_an_unknown_assumption_names_the_legal_ones():
    with pytest.raises(
        UsageError, match=r"^assume has 'rho', which is unknown\. Use discordance, "
    ):
        plan(assume={"rho": 1}, items=9)


def test_reported_means_alone_are_no_pilot():
    reported = pd.DataFrame({"model": ["A"], "task": ["t"], "value": [0.5]})
    with pytest.raises(NotEnoughDataError, match=r"^this file has no items: a plan needs"):
        plan(ev.as_evidence(reported=reported))


def test_a_promise_of_power_is_that_of_the_grid():
    result = plan(assume={"item": 0.2, "seed": 0.001}, difference=0.1, items=300, seeds=4)
    noise = DifferenceNoise({"item": 0.2, "seed": 0.001})
    for row in result.quantity("power").itertuples():
        want = design_power(noise, Sizes(row.items, row.seeds), 0.1)
        assert row.value == pytest.approx(want, nan_ok=True)
    assert inf not in result.table["value"].to_list()
