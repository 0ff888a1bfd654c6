"""Which axes are drawn again, and what is said of seeds and prompts that do not fit."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats as reference

from evalvar.analyses.comparison import compare
from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import clustered_mean_ci, crossed_difference_ci, difference_over, sparse_t
from tests.analyses.made import crossed, ends, of, one, records, right

RNG = np.random.default_rng(0)
A, B = RNG.normal(0.5, 1, (20, 4)), RNG.normal(0, 1, (20, 3))
SEEDED = crossed({"A": A}, "seed"), crossed({"B": B}, "seed")
FRAME = pd.concat(SEEDED)


def test_by_default_seeds_are_drawn_again_where_there_are_several():
    row = one(compare(FRAME, "A", "B"))
    assert ends(row) == pytest.approx(of(crossed_difference_ci(A, B, paired_seeds=False)))
    assert (row["unit"], row["seeds_a"], row["seeds_b"]) == ("item x seed", 4, 3)


@pytest.mark.parametrize("over", ["item x seed", "seed,item", ["item", "seed"], "item \u00d7 seed"])
def test_axes_may_be_named_in_any_way(over):
    result = compare(FRAME, "A", "B", over=over)
    assert ends(one(result)) == pytest.approx(ends(one(compare(FRAME, "A", "B"))))
    assert result.settings["over"] == "item x seed"


def test_items_alone_are_sparse_t_of_the_means_over_seeds():
    row = one(compare(FRAME, "A", "B", over="item"))
    assert ends(row) == pytest.approx(of(sparse_t(A.mean(axis=1) - B.mean(axis=1))))
    assert row["unit"] == "item"


def test_items_alone_keep_their_clusters():
    clusters = np.arange(20) // 4
    frame = FRAME.assign(cluster=FRAME["item"] // 4)
    row = one(compare(frame, "A", "B", over="item"))
    expected = clustered_mean_ci(A.mean(axis=1) - B.mean(axis=1), clusters)
    assert ends(row) == pytest.approx(of(expected))


def test_seeds_alone_are_welch_on_their_means():
    row = one(compare(FRAME, "A", "B", over="seed"))
    test = reference.ttest_ind(A.mean(axis=0), B.mean(axis=0), equal_var=False)
    assert row["p_value"] == pytest.approx(test.pvalue)
    assert (row["unit"], row["method"]) == ("seed", "Welch t over seeds")


def test_prompts_are_fixed_unless_named():
    rng = np.random.default_rng(1)
    a, b = rng.normal(0.4, 1, (15, 5)), rng.normal(0, 1, (15, 5))
    frame = crossed({"A": a, "B": b}, "prompt")
    fixed = one(compare(frame, "A", "B"))
    assert ends(fixed) == pytest.approx(of(sparse_t((a - b).mean(axis=1))))
    assert fixed["prompts"] == 5
    drawn = one(compare(frame, "A", "B", over="item x prompt"))
    expected = difference_over(a[:, None], b[:, None], over=["item", "prompt"], paired_seeds=False)
    assert ends(drawn) == pytest.approx(of(expected))
    assert (drawn["unit"], drawn["n"]) == ("item x prompt", 5)
    alone = one(compare(frame, "A", "B", over="prompt"))
    assert alone["p_value"] == pytest.approx(
        reference.ttest_rel(a.mean(axis=0), b.mean(axis=0)).pvalue
    )


def test_all_three_axes_at_once():
    rng = np.random.default_rng(2)
    a, b = rng.normal(0.4, 1, (15, 3, 4)), rng.normal(0, 1, (15, 3, 4))
    frame = crossed({"A": a, "B": b}, "seed", "prompt")
    row = one(compare(frame, "A", "B", over="item x seed x prompt"))
    axes = ["item", "seed", "prompt"]
    assert ends(row) == pytest.approx(of(difference_over(a, b, over=axes, paired_seeds=False)))
    assert row["unit"] == "item x seed x prompt"


def test_with_prompts_apart_an_item_needs_all_of_them():
    rng = np.random.default_rng(3)
    frame = crossed({m: rng.normal(0, 1, (12, 3)) for m in "AB"}, "prompt")
    gone = (frame["model"] == "A") & (frame["item"] == 5) & (frame["prompt"] == 2)
    result = compare(frame[~gone], "A", "B", over="item x prompt")
    assert (one(result)["items"], one(result)["unpaired"]) == (11, 1)


def test_an_axis_of_one_level_is_undefined_and_says_why():
    rng = np.random.default_rng(4)
    frame = records({m: rng.random(9).tolist() for m in "AB"})
    with pytest.raises(NotEnoughDataError) as caught:
        compare(frame, "A", "B", over="seed")
    assert str(caught.value) == (
        "A and B cannot be compared: an interval over seeds needs at least 2 seeds, but has 1. "
        "Leave seed out of over (--over item)."
    )
    for over in ("item x seed", "seed x prompt"):
        with pytest.raises(NotEnoughDataError, match="an interval over seeds needs at least 2"):
            compare(frame, "A", "B", over=over)
    several = crossed({m: rng.random((9, 3)) for m in "CD"}, "seed")
    rows = compare(pd.concat([frame.assign(seed=0), several]), over="seed").quantity("difference")
    assert (rows["verdict"] == "undefined").sum() == 5
    assert set(rows.loc[rows["verdict"] == "undefined", "method"]) == {
        "undefined: an interval over seeds needs at least 2 seeds, but has 1"
    }


def test_an_unknown_axis_is_one_line():
    with pytest.raises(UsageError) as caught:
        compare(FRAME, over="items")
    assert str(caught.value) == (
        "over='items': there is no axis 'items'. Name some of item, seed, prompt, such as "
        "'item x seed'."
    )
    with pytest.raises(UsageError, match="there is no axis ''"):
        compare(FRAME, over="")
    with pytest.raises(UsageError) as caught:
        compare(FRAME, over="seed", method="t")
    assert str(caught.value) == (
        "method='t' draws items again and nothing else, and over='seed' asks for more. Use "
        "method='auto' (--method auto)."
    )


def test_a_seed_without_some_items_costs_them_and_is_said():
    frame = FRAME[~((FRAME["model"] == "A") & (FRAME["seed"] == 2) & (FRAME["item"] < 3))]
    result = compare(frame, "A", "B")
    assert (one(result)["items"], one(result)["unpaired"]) == (17, 3)
    assert (
        "A against B on t, score: 3 items that A answered under some seeds only left out."
    ) in result.warnings


def test_one_seed_more_than_the_other_side_has_is_used():
    rng = np.random.default_rng(5)
    a, b = right(rng, 30, 0.7, 5), right(rng, 30, 0.5, 1)
    frame = pd.concat([crossed({"A": a}, "seed"), crossed({"B": b}, "seed")])
    row = one(compare(frame, "A", "B"))
    assert "seed spread of b taken from a" in row["method"]
    assert ", over 5 and 1 seed" in row["sentence"]


def test_one_shared_item_has_a_value_and_no_interval():
    frame = records({"A": [1.0], "B": [0.0]})
    with pytest.raises(NotEnoughDataError) as caught:
        compare(frame, "A", "B")
    assert str(caught.value) == (
        "A and B cannot be compared: a paired interval needs at least 2 items, but has 1."
    )
    beside = records({"A": [1.0, 0.0, 1.0], "B": [0.0, 1.0, 0.0]}).assign(task="u")
    rows = compare(pd.concat([frame, beside]), "A", "B").quantity("difference")
    row = rows[rows["task"] == "t"].iloc[0]
    assert (row["value"], row["verdict"]) == (1.0, "undefined")
    assert row["sentence"] == f"{caught.value}"


def test_one_model_only_is_pointed_to_what_could_be_compared():
    frame = pd.concat([records({"A": [1, 0]}, checkpoint=c) for c in (1, 2)])
    with pytest.raises(UsageError) as caught:
        compare(frame, checkpoint=[1, 2])
    assert str(caught.value) == (
        "nothing to compare: there is one model only, 'A'. Compare its checkpoints: "
        "between='checkpoint' (--between checkpoint)."
    )


def test_a_prompt_that_one_side_lacks_is_said_where_prompts_are_drawn():
    rng = np.random.default_rng(6)
    frame = crossed({m: rng.random((12, 4)) for m in "AB"}, "prompt")
    frame["prompt"] = "p" + frame["prompt"].astype(str)
    some = frame[(frame["model"] == "A") | (frame["prompt"] != "p3")]
    result = compare(some, "A", "B", over="item x prompt")
    assert one(result)["prompts"] == 3
    assert "A against B on t, score: left out 1 prompt that one of them lacks (p3)." in (
        result.warnings
    )
    # averaged prompts are counted where both have them
    assert one(compare(some, "A", "B"))["prompts"] == 3


def test_a_single_cluster_is_undefined_and_not_called_independent():
    frame = records({"A": [1.0, 0.0, 1.0], "B": [0.0, 0.0, 1.0]}, cluster="c")
    beside = records({"A": [1.0, 0.0, 1.0], "B": [0.0, 0.0, 1.0]}).assign(task="u", cluster=None)
    result = compare(pd.concat([frame, beside]), "A", "B")
    assert not any("as independent" in sentence for sentence in result.warnings)


def test_a_function_that_takes_no_axis_is_one_line():
    for functional in (lambda scores: scores.mean(), lambda scores, axis: scores.mean()):
        with pytest.raises(UsageError, match="functional must take scores and axis"):
            compare(FRAME, functional=functional)
