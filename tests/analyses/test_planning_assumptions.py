"""Assumptions beside a pilot, designs that cannot be, and what a plan must not keep to itself."""

from math import inf, isnan, nan

import numpy as np
import pandas as pd
import pytest

from evalvar.analyses.assumptions import assumed_noise, checked
from evalvar.analyses.planning import plan
from evalvar.errors import UsageError
from evalvar.stats.planning import DifferenceNoise, Sizes, design_detectable
from tests.analyses.test_planning import one, records

BOTH = records(["A", "B"])
SEEDS = records(["A", "B"], seeds=3)


def shown(*args, **kwargs):
    found = plan(*args, **kwargs)
    base = found.table[found.table["role"].isin(("this data", "asked", "example"))]
    return base[base["quantity"] == "detectable_difference"]["value"].iloc[0]


def said(*args, **kwargs):
    return " ".join(plan(*args, **kwargs).warnings)


def test_other_correlations_are_what_the_plan_says_at_them():
    frame = records(["A"], seeds=3)
    remark = next(line for line in plan(frame).warnings if "stands for two" in line)
    for rho in (0.0, 0.9):
        assert f"{shown(frame, assume={'correlation': rho}):.3g} at {rho:g}" in remark
    alike = plan(records(["A"], samples=2), assume={"correlation": 1.0}).warnings
    at = {
        rho: f"{shown(records(['A'], samples=2), assume={'correlation': rho}):.3g}"
        for rho in (0.0, 0.9, 1.0)
    }
    assert any(f"shows {at[1.0]}; {at[0.0]} at 0, {at[0.9]} at 0.9." in line for line in alike)


def test_assumed_clusters_stand_in_place_of_those_of_the_pilot():
    frame = BOTH.copy()
    rng = np.random.default_rng(0)
    cluster = frame["item"].str[1:].astype(int) // 4
    frame["score"] += np.where(frame["model"] == "A", 2 * rng.normal(size=10)[cluster], 0.0)
    alone = shown(frame)
    frame["cluster"] = cluster.astype(str)
    assert shown(frame) > 1.2 * alone
    none = shown(frame, assume={"cluster_size": 1, "icc": 0.5})
    assert none == pytest.approx(alone)
    wide = frame.pivot(index="item", columns="model", values="score")
    item = float((wide["A"] - wide["B"]).var())
    noise = DifferenceNoise({"item": item * (1 + 4 * 0.5)}, ("item",), cluster_size=5)
    both = shown(frame, assume={"cluster_size": 5, "icc": 0.5})
    assert both == pytest.approx(design_detectable(noise, Sizes(40)))


@pytest.mark.parametrize("assume", [{"discordance": 0.3}, {"mean": 0.5, "correlation": 0.4}])
def test_the_noise_of_answers_is_in_the_discordance_and_counts_once(assume):
    found = shown(assume={**assume, "sample": 0.1}, items=200)
    noise = DifferenceNoise(
        {"item": 0.2, "sample": 0.1}, ("item",), discordant="discordance" in assume
    )
    assert found == pytest.approx(design_detectable(noise, Sizes(200)))
    assert found == pytest.approx(shown(assume=assume, items=200))
    # four answers each leave the items' own part
    four = shown(assume={**assume, "sample": 0.1}, items=200, samples=4)
    own = DifferenceNoise({"item": 0.225}, ("item",))
    assert four == pytest.approx(design_detectable(own, Sizes(200)), rel=0.02)


def test_the_noise_of_a_pilot_is_in_the_discordance_too():
    pilot = {"item": 0.05, "seed": 0.001, "item x seed + sample": 0.12}
    noise = assumed_noise(checked({"discordance": 0.2}), pilot)
    assert noise.components == pytest.approx({**pilot, "item": 0.08})
    assert noise.largest == pytest.approx(0.2)
    # scores of one answer by one run each: all of their noise is in the discordance
    noise = assumed_noise(checked({"discordance": 0.2}), {"item + sample": 0.3})
    assert noise.components == {"item": 0.2}
    frame = records(["A", "B"], seeds=3)
    frame["score"] = (frame["score"] > 0).astype(float)
    with pytest.raises(UsageError, match=r"^assume discordance makes a variance of 0\.01 for a"):
        plan(frame, assume={"discordance": 0.01})


def test_what_is_allowed_at_most_is_kept():
    found = plan(SEEDS, difference=2.0, costs={"sample": 1, "seed": 10}, most={"seeds": 1})
    cost = one(found, "cost", role="cheapest")
    assert isnan(cost["value"])
    assert cost["method"] == "undefined: the test needs at least 2 seeds, and at most 1 may be had"


def test_a_number_beyond_the_largest_is_said():
    found = one(plan(assume={"mean": 0.7}, difference=1e-7), "items_needed")
    assert isnan(found["value"])
    assert found["method"] == "undefined: more than 1e+12 items are needed"


def test_an_item_variance_is_not_needed_where_items_are_not_drawn_again():
    found = plan(assume={"seed_sd": 0.02}, over="seed", difference=0.1, items=50)
    assert one(found, "power", role="asked")["method"] == "power of Welch t over seeds"
    assert shown(SEEDS, over="seed x item") == shown(SEEDS, over=["item", "seed"])


def test_few_prompts_are_planned_by_the_pivotal_interval():
    frame = records(["A", "B"], items=25, prompts=4)
    shares = plan(frame, over="item, prompt").quantity("detectable_difference")
    methods = shares.groupby("prompts")["method"].first()
    assert methods[4] == "power 0.8 of generalised pivotal over items and prompts"
    assert methods[8] == "power 0.8 of Howe over items and prompts"


def test_what_plays_no_part_is_said():
    text = said(assume={"item": 0.2, "prompt": 0.01}, items=100)
    assert "prompt is assumed but plays no part over item: name over" in text
    assert "plays no part" not in said(assume={"item": 0.2, "item x prompt": 0.01}, items=100)
    assert "seed_sd is assumed but plays no part over item" in said(
        BOTH, assume={"seed_sd": 0.1}, over="item"
    )


def test_a_model_with_one_seed_takes_what_seeds_add_from_the_other():
    frame = SEEDS[(SEEDS["model"] == "A") | (SEEDS["seed"] == 0)]
    found = plan(frame)
    assert "t, score: B has one seed: what its seeds add is taken from A." in found.warnings
    assert one(found, "detectable_difference", role="example")["design"].startswith("40 items x 3")


def test_clusters_are_not_seen_by_compare_where_seeds_are_drawn_again():
    frame = SEEDS.copy()
    frame["cluster"] = (frame["item"].str[1:].astype(int) // 4).astype(str)
    assert "over item x seed compare takes items as independent" in said(frame)
    assert "as independent" not in said(frame, over="item")


def test_one_metric_beyond_its_range_does_not_stop_the_others():
    inside = BOTH.copy()
    inside["score"], inside["metric"] = (inside["score"] > 0).astype(float), "acc"
    both = pd.concat([BOTH.assign(metric="loss"), inside])
    found = plan(both, difference=5.0)
    assert set(found.table["metric"]) == {"loss"}
    assert any(
        line.startswith("t, acc: no plan: difference must lie between -1 and 1")
        for line in found.warnings
    )


MEAN = {"assume": {"mean": 0.7}, "difference": 0.05}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {**MEAN, "difference": 5.0},
            "difference must lie between -1 and 1 for scores between 0 and 1, but is 5: 2 points "
            "are 0.02.",
        ),
        *[
            (
                {**MEAN, "assume": assume},
                "items that all differ alike need no plan: one would do. Assume another mean, "
                "correlation or variance, or leave item out of over.",
            )
            for assume in ({"mean": 1}, {"mean": 0.7, "correlation": 1}, {"item": 0})
        ],
        *[
            (
                {**MEAN, "items": items},
                f"items must be a whole number of 1 or more, but is {items}.",
            )
            for items in (nan, inf)
        ],
        *[
            (
                {**MEAN, "most": {"items": items}},
                f"items must be a whole number of 1 or more, but is {items}.",
            )
            for items in (nan, inf)
        ],
        ({**MEAN, "assume": {"mean": "x"}}, "assume mean must be a number, but is 'x'."),
        ({**MEAN, "costs": {"item": None}}, "the cost of each item must be a number, but is None."),
        (
            {"data": BOTH, "assume": {"correlation": 0.5}},
            "assume has correlation, but the two models of the pilot show it themselves: leave it "
            "out, or name one model with a.",
        ),
        (
            {"assume": {"item": 0.2, "correlation": 0.5}, "items": 9},
            "assume has correlation, which is of mean or of one pilot model: add it.",
        ),
        (
            {"assume": {"mean": 0.7, "cluster_size": 10, "icc": -0.5}, "items": 100},
            "icc must be at least -0.111 in clusters of 10, but is -0.5: so many items cannot be "
            "less alike.",
        ),
    ],
)
def test_what_cannot_be_is_refused_in_a_line(arguments, message):
    with pytest.raises(UsageError) as error:
        plan(**arguments)
    assert str(error.value) == message
