import numpy as np
import pandas as pd
import pytest
from scipy import stats as reference

from evalvar.analyses.comparison import compare
from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.evidence import as_evidence
from evalvar.stats import crossed_difference_ci


def records(models, **columns):
    """Return one row per model and item from lists of scores (None: not asked)."""
    rows = [
        {"model": model, "task": "t", "item": i, "score": score}
        for model, scores in models.items()
        for i, score in enumerate(scores)
        if score != "absent"
    ]
    return pd.DataFrame(rows).assign(**columns)


A = [0.9, 0.7, 0.8, 0.4, 0.6, 0.95]
B = [0.5, 0.6, 0.2, 0.1, 0.7, 0.3]


def one(result, quantity="difference"):
    rows = result.quantity(quantity)
    assert len(rows) == 1
    return rows.iloc[0]


def test_without_repeated_differences_it_is_the_paired_t_test():
    row = one(compare(records({"A": A, "B": B}), "A", "B"))
    test = reference.ttest_rel(A, B)
    interval = test.confidence_interval()
    assert row["value"] == pytest.approx(np.mean(A) - np.mean(B))
    assert (row["low"], row["high"]) == pytest.approx((interval.low, interval.high))
    assert row["p_value"] == pytest.approx(test.pvalue)
    assert row["verdict"] == "a is better"
    assert (row["mean_a"], row["mean_b"]) == pytest.approx((np.mean(A), np.mean(B)))


def test_difference_is_a_minus_b():
    forward = one(compare(records({"A": A, "B": B}), "A", "B"))
    back = one(compare(records({"A": A, "B": B}), "B", "A"))
    assert back["value"] == -forward["value"]
    assert (back["low"], back["high"]) == pytest.approx((-forward["high"], -forward["low"]))
    assert back["verdict"] == "b is better"


def test_lower_is_better_turns_the_verdict_and_not_the_difference():
    row = one(compare(records({"A": A, "B": B}, higher_is_better=False), "A", "B"))
    assert row["value"] > 0
    assert row["verdict"] == "b is better"


def test_items_of_one_side_only_are_left_out_and_counted():
    result = compare(records({"A": [*A, 1.0], "B": [*B, "absent"]}), "A", "B")
    assert one(result)["n"] == 6
    assert one(result)["unpaired"] == 1
    assert (
        "A against B on t, score: 1 item without a score on both sides left out, 6 compared."
    ) in result.warnings


def test_an_unscored_answer_leaves_its_pair():
    result = compare(records({"A": [*A, None], "B": [*B, 0.5]}), "A", "B")
    assert one(result)["n"] == 6


def test_identical_models_have_no_interval_of_width_zero():
    same = [1, 0, 1, 1, 0, 1, 1, 1]
    row = one(compare(records({"A": same, "B": same}), "A", "B"))
    assert row["value"] == 0
    assert row["low"] < 0 < row["high"]
    assert row["verdict"] == "cannot be told apart"


def three_models():
    rng = np.random.default_rng(0)
    return records(
        {n: rng.normal(mean, 1, 30).tolist() for n, mean in zip("CAB", (0, 2, 1), strict=True)}
    )


def test_all_pairs_come_best_first_with_holm():
    result = compare(three_models(), correction="holm")
    pairs = result.quantity("difference")[["a", "b"]].to_numpy().tolist()
    assert pairs == [["A", "B"], ["A", "C"], ["B", "C"]]
    raw = result.quantity("difference")["p_value"].to_numpy()
    adjusted = result.quantity("difference_simultaneous")
    order = np.argsort(raw)
    expected = np.empty(3)
    expected[order] = np.minimum(np.maximum.accumulate(raw[order] * [3, 2, 1]), 1)
    assert adjusted["p_value"].to_numpy() == pytest.approx(expected)
    assert adjusted["low"].isna().all()


def test_one_named_side_is_compared_with_every_other():
    models = {"A": A, "B": B, "C": B[::-1]}
    assert compare(records(models), "B").quantity("difference")["a"].unique().tolist() == ["B"]
    assert compare(records(models), b="B").quantity("difference")["b"].unique().tolist() == ["B"]


def seeded(model, scores):
    item, seed = (axis.ravel() for axis in np.indices(scores.shape))
    frame = pd.DataFrame({"model": model, "task": "t", "item": item, "seed": seed})
    return frame.assign(score=scores.ravel())


def test_several_seeds_are_drawn_again_too():
    rng = np.random.default_rng(1)
    a, b = rng.normal(1, 1, (20, 3)), rng.normal(0, 1, (20, 4))
    row = one(compare(pd.concat([seeded("A", a), seeded("B", b)]), "A", "B"))
    expected = crossed_difference_ci(a, b, paired_seeds=False)
    assert row["unit"] == "item x seed"
    assert (row["low"], row["high"]) == pytest.approx((expected.low, expected.high))


def test_checkpoints_of_one_run_pair_their_seeds():
    rng = np.random.default_rng(2)
    early, late = rng.normal(0, 1, (15, 3)), rng.normal(1, 1, (15, 3))
    frame = pd.concat(
        [seeded("A", early).assign(checkpoint=1), seeded("A", late).assign(checkpoint=2)]
    )
    row = one(compare(frame, between="checkpoint"))
    assert (row["a"], row["b"]) == ("2", "1")
    expected = crossed_difference_ci(late, early, paired_seeds=True)
    assert row["low"] == pytest.approx(expected.low)


def test_the_last_checkpoint_counts_unless_another_is_named():
    frame = pd.concat(
        [
            records({"A": B, "B": A}, checkpoint=1),
            records({"A": A, "B": B}, checkpoint=2),
        ]
    )
    assert one(compare(frame, "A", "B"))["verdict"] == "a is better"
    assert one(compare(frame, "A", "B", checkpoint=1))["verdict"] == "b is better"


def test_named_tests_give_a_p_value_of_their_own():
    frame = records({"A": [1, 1, 1, 1, 0, 1, 1], "B": [0, 0, 1, 0, 0, 0, 1]})
    row = one(compare(frame, "A", "B", method="mcnemar"))
    assert row["p_value"] == pytest.approx(2 * 0.5**4)
    assert np.isnan(row["low"])
    flip = one(compare(frame, "A", "B", method="sign-flip"))
    assert flip["p_value"] == pytest.approx(2 * 0.5**4)
    t = one(compare(records({"A": A, "B": B}), "A", "B", method="t"))
    assert t["p_value"] == pytest.approx(reference.ttest_rel(A, B).pvalue)


def test_clusters_are_one_draw():
    frame = records({"A": A, "B": B}, cluster=["x", "x", "y", "y", "z", "z"] * 2)
    row = one(compare(frame, "A", "B"))
    assert (row["unit"], row["n"]) == ("cluster", 3)
    assert row["p_value"] > reference.ttest_rel(A, B).pvalue / 10


def test_aggregates_cannot_be_paired():
    claims = pd.DataFrame({"model": ["A", "B"], "task": "t", "metric": "acc", "value": [0.5, 0.6]})
    with pytest.raises(NotEnoughDataError) as caught:
        compare(as_evidence(reported=claims))
    assert str(caught.value) == (
        "this file has no items: a comparison pairs items, or takes several seeds of each side, "
        "and only one aggregate of each was read. Read the scores of the items, or more seeds."
    )
    logs = pd.DataFrame(
        {"path": ["a.json"], "sha256": "", "rows": 2, "harness": "lm_eval", "version": "0.4.9"}
    )
    with pytest.raises(NotEnoughDataError, match=r"Log the samples \(lm-eval: --log_samples\)"):
        compare(as_evidence(reported=claims, sources=logs))


def test_unknown_names_are_refused_with_those_there_are():
    frame = records({"A": A, "B": B})
    with pytest.raises(UsageError, match=r"no model 'C' in the data. There is: A, B\."):
        compare(frame, "A", "C")
    with pytest.raises(UsageError, match="a and b are both 'A'"):
        compare(frame, "A", "A")
    with pytest.raises(UsageError, match=r"between='day' is unknown. Use one of model, "):
        compare(frame, between="day")
    with pytest.raises(UsageError, match="there is one model only, 'A'"):
        compare(records({"A": A}))


def test_checkpoints_of_two_models_need_a_name():
    frame = records({"A": A, "B": B})
    with pytest.raises(UsageError, match=r"of one model, and there are 2: A and B. Name one"):
        compare(frame, between="checkpoint")


def test_no_shared_item_is_undefined_and_says_so():
    frame = pd.concat([records({"A": A}), records({"B": B}).assign(item=range(10, 16))])
    with pytest.raises(NotEnoughDataError) as caught:
        compare(frame, "A", "B")
    assert str(caught.value) == (
        "A and B cannot be compared: no shared items. Items meet by their id: give both the same."
    )
    # beside a pair that can be compared it is a row
    result = compare(pd.concat([frame, records({"C": B})]))
    rows = result.quantity("difference").set_index(["a", "b"])
    lost = rows[rows["verdict"] == "undefined"]
    assert len(lost) == 2
    assert lost["value"].isna().all()
    assert lost["sentence"].str.endswith(" cannot be compared: no shared items.").all()
    assert any("undefined: no shared items" in sentence for sentence in result.warnings)


def prompted(model, easy, hard):
    """Return the scores of 20 items under an easy and a hard prompt; None is not scored."""
    frame = pd.concat(
        [
            pd.DataFrame({"item": range(20), "prompt": prompt, "score": scores})
            for prompt, scores in (("easy", easy), ("hard", hard))
        ]
    )
    return frame.assign(model=model, task="t")


def test_a_prompt_that_one_side_lacks_favours_nobody():
    wobble = np.linspace(0, 0.1, 20)
    whole = prompted("A", 0.8 + wobble, 0.2 + wobble)
    ragged = prompted("B", 0.8 + wobble, np.where(np.arange(20) < 10, np.nan, 0.2 + wobble))
    result = compare(pd.concat([whole, ragged]), "A", "B")
    assert one(result)["value"] == pytest.approx(0)
    assert one(result)["n"] == 20
    assert (
        "A against B on t, score: 10 items compared on some of the prompts only, those that both "
        "sides have a score for."
    ) in result.warnings


def test_sides_without_a_common_prompt_are_their_own_means():
    frame = pd.concat([records({"A": A}, prompt="x"), records({"B": B}, prompt="y")])
    result = compare(frame, "A", "B")
    assert one(result)["value"] == pytest.approx(np.mean(A) - np.mean(B))
    assert any("no prompt in common" in sentence for sentence in result.warnings)


def test_a_run_without_one_checkpoint_leaves_the_pairing_of_the_others():
    rng = np.random.default_rng(3)
    runs = rng.normal(0, 5, (1, 5)) + rng.normal(0, 0.1, (15, 5))
    frame = pd.concat(
        [seeded("A", runs).assign(checkpoint=1), seeded("A", runs + 0.5).assign(checkpoint=2)]
    )
    lone = frame[~((frame["seed"] == 4) & (frame["checkpoint"] == 2))]
    result = compare(lone, between="checkpoint")
    assert one(result)["value"] == pytest.approx(0.5)
    assert (
        "2 against 1 on t, score: left out 1 seed that one of them lacks (4); the runs are paired."
    ) in result.warnings


def test_a_seed_that_stopped_early_is_left_out_and_said():
    rng = np.random.default_rng(4)
    frame = pd.concat(
        [seeded(m, rng.normal(0, 1, (10, 3))).assign(checkpoint=s) for m in "AB" for s in (1, 2)]
    )
    gone = (frame["model"] == "A") & (frame["seed"] == 2) & (frame["checkpoint"] == 2)
    result = compare(frame[~gone], "A", "B")
    assert (
        "A, t, score: seed 2 has no score at the last checkpoint 2 and is left out."
    ) in result.warnings


def test_a_metric_that_ends_earlier_keeps_its_own_last_checkpoint():
    frame = pd.concat(
        [
            records({"A": A, "B": B}, checkpoint=2, metric="acc"),
            records({"A": A, "B": B}, checkpoint=1, metric="f1"),
        ]
    )
    assert set(compare(frame, "A", "B").table["metric"]) == {"acc", "f1"}


def test_clusters_do_not_swallow_an_item_of_their_name():
    frame = records({"A": A, "B": B}).astype({"item": str})
    frame["cluster"] = frame["item"].map({"0": "4", "1": "4"})
    assert one(compare(frame, "A", "B"))["n"] == 5


def test_differences_stay_within_what_the_range_allows():
    rng = np.random.default_rng(5)
    a = (rng.random((6, 2)) < [0.95, 0.5]).astype(float)
    b = (rng.random((6, 2)) < [0.4, 0.02]).astype(float)
    row = one(compare(pd.concat([seeded("A", a), seeded("B", b)]), "A", "B"))
    assert -1 <= row["low"] <= row["high"] <= 1


def test_scores_of_any_size_have_no_interval_of_width_zero():
    b = np.random.default_rng(6).uniform(0, 1000, 50)
    row = one(compare(records({"A": (b + 0.001).tolist(), "B": b.tolist()}), "A", "B"))
    assert np.isnan(row["low"])
    assert row["verdict"] == "undefined"


def test_row_order_does_not_move_a_bit():
    rng = np.random.default_rng(7)
    frame = pd.concat([seeded(m, rng.random((30, 3))) for m in "AB"])
    shuffled = frame.sample(frac=1, random_state=1)
    assert compare(frame).table.equals(compare(shuffled).table)


def test_tasks_of_opposite_orientation_are_not_compared():
    frame = pd.concat(
        [
            records({"A": A}, higher_is_better=True),
            records({"A": B}, higher_is_better=False).assign(task="u"),
        ]
    )
    with pytest.raises(UsageError, match="declare opposite orientations of score"):
        compare(frame, between="task")


def test_tasks_of_two_ranges_are_compared_within_both():
    wide = records({"A": [10 * score for score in A]}, score_min=0, score_max=10)
    narrow = records({"A": B}, score_min=0, score_max=1).assign(task="u")
    row = one(compare(pd.concat([wide, narrow]), between="task"))
    assert abs(row["value"]) > 1
    assert np.isfinite(row["low"])
