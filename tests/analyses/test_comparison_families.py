"""Several pairs and several tasks: corrections, margins, means over tasks."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import ttost_paired

from evalvar.analyses.comparison import compare
from evalvar.analyses.multiplicity import adjusted_p
from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.results import FIELDS
from evalvar.stats import Estimate, max_t, sparse_t
from evalvar.stats.macro import macro_difference_ci, weighted_mean
from tests.analyses.made import crossed, ends, of, one, records, right


def field(n=60, count=4, seed=0, step=0.15):
    """Return models that are right ever more often on the same items."""
    rng = np.random.default_rng(seed)
    hard = rng.random(n)
    return {
        f"m{i}": (rng.random(n) * 0.5 + hard * 0.5 < 0.4 + step * i).astype(float)
        for i in range(count)
    }


FIELD = field()
FRAME = records({name: scores.tolist() for name, scores in FIELD.items()})


def test_few_items_tell_little_of_the_correlation():
    frame = records({name: scores.tolist() for name, scores in field(n=15, count=5).items()})
    pairs = compare(frame).quantity("difference_simultaneous")
    names = sorted(frame["model"].unique())
    matrix = np.stack([frame.loc[frame["model"] == name, "score"].to_numpy() for name in names])
    ends = [(names.index(a), names.index(b)) for a, b in zip(pairs["a"], pairs["b"], strict=True)]
    p = compare(frame).quantity("difference")["p_value"].to_numpy()
    wanted, _ = max_t(p, np.cov(matrix, ddof=0) / 15, ends, rng=0, df=14)
    assert pairs["p_value"].to_numpy() == pytest.approx(wanted, abs=0.005)


def test_max_t_uses_the_covariance_of_the_item_scores():
    result = compare(FRAME, rng=7)
    plain = result.quantity("difference")
    matrix = np.stack(list(FIELD.values()))
    names = list(FIELD)
    pairs = [(names.index(a), names.index(b)) for a, b in zip(plain["a"], plain["b"], strict=True)]
    covariance = np.cov(matrix, ddof=0) / 60
    p, level = max_t(plain["p_value"].to_numpy(), covariance, pairs, rng=7, df=59)
    rows = result.quantity("difference_simultaneous")
    assert rows["p_value"].to_numpy() == pytest.approx(p, abs=0.005)
    wide = sparse_t(FIELD["m3"] - FIELD["m0"], low=-1, high=1, level=level)
    row = rows[(rows["a"] == "m3") & (rows["b"] == "m0")].iloc[0]
    assert (row["low"], row["high"]) == pytest.approx((wide.low, wide.high), abs=0.001)
    assert row["level"] == 0.95
    assert row["method"] == "sparse-t; max-T over 6 pairs"


def test_simultaneous_intervals_and_p_values_agree():
    for seed in range(6):
        rows = compare(records({k: v.tolist() for k, v in field(seed=seed).items()})).quantity(
            "difference_simultaneous"
        )
        outside = (rows["low"] > 0) | (rows["high"] < 0)
        assert (outside == (rows["p_value"] <= 0.05)).all()
        verdicts = rows["verdict"].isin(("a is better", "b is better"))
        assert (verdicts == outside).all()


@pytest.mark.parametrize(
    ("name", "reference", "word"),
    [("holm", "holm", "Holm"), ("bh", "fdr_bh", "Benjamini-Hochberg"),
     ("by", "fdr_by", "Benjamini-Yekutieli")],
)  # fmt: skip
def test_corrections_of_p_are_those_of_statsmodels(name, reference, word):
    result = compare(FRAME, correction=name)
    rows = result.quantity("difference_simultaneous")
    raw = result.quantity("difference")["p_value"].to_numpy()
    assert rows["p_value"].to_numpy() == pytest.approx(multipletests(raw, method=reference)[1])
    assert rows["low"].isna().all()
    assert rows["method"].iloc[0] == f"sparse-t; {word} over 6 pairs"
    ties = rows[rows["verdict"] == "cannot be told apart"]
    assert ties["sentence"].str.contains(f"after {word}'s correction").all()


def test_without_correction_there_is_one_row_a_pair():
    for nothing in (None, "none"):
        assert set(compare(FRAME, correction=nothing).table["quantity"]) == {"difference"}
    with pytest.raises(UsageError) as caught:
        compare(FRAME, correction="tukey")
    assert str(caught.value) == (
        "correction='tukey' is unknown. Use one of auto, max-t, holm, bh, by, none."
    )


def test_pairs_that_share_few_items_are_adjusted_by_holm():
    rng = np.random.default_rng(1)
    parts = [
        records({m: right(rng, 20, 0.5).tolist() for m in pair}) for pair in ("AB", "BC", "AC")
    ]
    for at, part in enumerate(parts):
        part["item"] += 20 * at
    frame = pd.concat(parts)
    rows = compare(frame).quantity("difference_simultaneous")
    assert rows["method"].str.endswith("Holm over 3 pairs").all()
    with pytest.raises(NotEnoughDataError) as caught:
        compare(frame, correction="max-t")
    assert str(caught.value) == (
        "max-T needs 10 items that all sides of a task answered, and there are fewer. Use "
        "correction='holm' (--correction holm)."
    )


def test_all_pairs_of_all_tasks_may_be_one_family():
    frame = pd.concat([FRAME, FRAME.assign(task="u")])
    each = compare(frame, weights=None).quantity("difference_simultaneous")
    whole = compare(frame, weights=None, family="all").quantity("difference_simultaneous")
    assert each["method"].str.endswith("max-T over 6 pairs").all()
    assert whole["method"].str.endswith("max-T over 12 pairs").all()
    assert (whole["p_value"].to_numpy() >= each["p_value"].to_numpy() - 0.003).all()


TASKS = {
    task: records({"A": right(rng, n, 0.7).tolist(), "B": right(rng, n, 0.6).tolist()}).assign(
        task=task
    )
    for task, n, rng in (
        ("s", 40, np.random.default_rng(2)),
        ("t", 90, np.random.default_rng(3)),
    )
}


def test_the_mean_over_tasks_adds_independent_variances():
    frame = pd.concat(TASKS.values())
    result = compare(frame, "A", "B")
    singles = [one(compare(part, "A", "B")) for part in TASKS.values()]
    estimates = [Estimate(row["value"], row["se"], n=row["n"]) for row in singles]
    row = one(result, "macro_difference")
    assert ends(row) == pytest.approx(of(weighted_mean(estimates, [1, 1])))
    assert row["task"] is None
    assert (row["items"], row["tasks"]) == (130, 2)
    assert row["method"] == ("t on Welch-Satterthwaite freedom; mean over 2 tasks, of equal weight")
    assert " on average over 2 tasks, on the 130 items both answered" in row["sentence"]
    by_items = one(compare(frame, "A", "B", weights="items"), "macro_difference")
    assert ends(by_items) == pytest.approx(of(weighted_mean(estimates, [40, 90])))
    assert not len(compare(frame, "A", "B", weights=None).quantity("macro_difference"))
    with pytest.raises(UsageError) as caught:
        compare(frame, weights="size")
    assert str(caught.value) == (
        "weights='size' is unknown. Use one of equal, items, or None for no average over tasks."
    )


def test_runs_that_answered_all_tasks_move_them_together():
    rng = np.random.default_rng(4)
    scores = {
        task: {m: rng.normal(0, 1, (20, 4)) + rng.normal(0, 1, 4) for m in "AB"} for task in "st"
    }
    frame = pd.concat([crossed(models, "seed").assign(task=t) for t, models in scores.items()])
    row = one(compare(frame, "A", "B"), "macro_difference")
    expected = macro_difference_ci(
        [(models["A"], models["B"]) for models in scores.values()],
        [1, 1],
        paired_seeds=False,
        shared_seeds=True,
    )
    assert ends(row) == pytest.approx(of(expected))
    other = frame.assign(seed=frame["seed"] + 10 * (frame["task"] == "t"))
    alone = one(compare(other, "A", "B"), "macro_difference")
    assert alone["se"] != pytest.approx(row["se"])


def test_a_task_that_one_lacks_is_left_out_of_the_mean_and_said():
    lacking = pd.concat([*TASKS.values(), records({"A": [1, 0, 1, 1]}).assign(task="v")])
    result = compare(lacking, "A", "B")
    mean = one(result, "macro_difference")
    assert (mean["tasks"], mean["tasks_all"]) == (2, 3)
    assert "v, score: no scores of B, not compared there." in result.warnings
    three = pd.concat([lacking, records({"B": [1, 0]}).assign(task="v", item=[8, 9])])
    result = compare(three, "A", "B")
    mean = one(result, "macro_difference")
    assert (mean["tasks"], mean["tasks_all"]) == (2, 3)
    assert " on average over 2 of 3 tasks, on the " in mean["sentence"]
    assert (
        "A against B on score: the mean over tasks is of 2 of 3; they share no items, or one, of "
        "the others."
    ) in result.warnings


def test_a_pair_that_changes_order_between_tasks_is_one_pair_of_the_mean():
    first = records({"A": [1.0] * 30, "B": [1.0, 0.0] * 15})
    second = records({"A": [1.0, 0.0] * 15, "B": [1.0] * 20 + [0.0] * 10}).assign(task="u")
    row = one(compare(pd.concat([first, second])), "macro_difference")
    assert (row["a"], row["b"]) == ("A", "B")
    assert row["value"] == pytest.approx((0.5 - 1 / 6) / 2)
    assert (row["mean_a"], row["mean_b"]) == pytest.approx((0.75, (0.5 + 2 / 3) / 2))


def test_tasks_of_two_kinds_have_no_mean():
    loss = records({"A": [3.0, 4.0, 5.0], "B": [2.0, 2.5, 3.0]}, higher_is_better=False)
    frame = pd.concat([TASKS["s"].assign(higher_is_better=True), loss.assign(task="z")])
    result = compare(frame, "A", "B")
    assert not len(result.quantity("macro_difference"))
    said = (
        "A against B: no mean over tasks of score: their scores have different ranges or "
        "orientations."
    )
    assert result.warnings[0] == said
    # the same where only the ranges differ, and known ones beyond 0 and 1 at that
    grades = [
        records({"A": [5.0, 3.0, 2.0], "B": [1.0, 2.0, 2.0]}, score_min=0.0, score_max=top).assign(
            task=f"to {top}"
        )
        for top in (5.0, 100.0)
    ]
    assert said in compare(pd.concat(grades), "A", "B").warnings


def test_a_task_of_a_single_shared_item_has_no_weight_in_the_mean():
    single = records({"A": [1.0], "B": [0.0]}).assign(task="v")
    row = one(compare(pd.concat([*TASKS.values(), single]), "A", "B"), "macro_difference")
    without = one(compare(pd.concat(TASKS.values()), "A", "B"), "macro_difference")
    assert (row["value"], row["tasks"], row["tasks_all"]) == (without["value"], 2, 3)


def test_many_pairs_at_one_go_are_each_as_alone():
    rng = np.random.default_rng(8)
    frame = pd.concat(
        [
            records({m: right(rng, 30, 0.6) for m in "ABCD"}),
            records({m: rng.normal(3, 1, 30).round(1) for m in "ABCD"}).assign(task="u"),
        ]
    )
    frame = frame[~((frame["model"] == "D") & (frame["item"] < 10))]
    every = compare(frame, correction="none", weights=None).quantity("difference")
    assert len(every) == 12
    for row in every.to_dict("records"):
        alone = one(compare(frame, row["a"], row["b"], task=row["task"]))
        assert {name: row[name] for name in FIELDS} == {name: alone[name] for name in FIELDS}


def test_means_over_tasks_are_a_family_of_their_own():
    frame = pd.concat([FRAME, FRAME.assign(task="u")])
    rows = compare(frame).quantity("macro_difference_simultaneous")
    assert len(rows) == 6
    assert rows["method"].str.endswith("of equal weight; max-T over 6 pairs").all()
    assert np.isfinite(rows["low"]).all()


def test_neighbours_are_others_on_every_task_and_have_no_mean():
    frame = pd.concat([FRAME, FRAME.assign(task="u", score=1 - FRAME["score"])])
    assert len(compare(frame).quantity("macro_difference")) == 6
    assert not len(compare(frame, pairs="neighbours").quantity("macro_difference"))


RNG = np.random.default_rng(5)
NEAR = {
    "A": (0.5 + RNG.normal(0, 0.05, 60)).tolist(),
    "B": (0.5 + RNG.normal(0, 0.05, 60)).tolist(),
}


def test_equivalence_is_the_two_one_sided_tests():
    frame = records(NEAR)
    row = one(compare(frame, "A", "B", margin=0.03, test="equivalence", level=0.9), "equivalence")
    p = ttost_paired(np.array(NEAR["A"]), np.array(NEAR["B"]), -0.03, 0.03)[0]
    assert row["p_value"] == pytest.approx(p)
    assert row["verdict"] == "equivalent within the margin"
    assert row["sentence"].startswith("A and B are equivalent within 3 points: the difference is ")
    assert row["margin"] == 0.03


@pytest.mark.parametrize(
    ("margin", "verdict"),
    [(0.0001, "inconclusive"), (0.05, "a is not worse by more than the margin")],
)
def test_non_inferiority_is_what_the_interval_says(margin, verdict):
    row = one(
        compare(records(NEAR), "A", "B", margin=margin, test="non-inferiority"), "non_inferiority"
    )
    assert row["verdict"] == verdict
    assert (row["low"] > -margin) == (verdict != "inconclusive")


def test_superiority_counts_in_the_direction_that_is_better():
    frame = records(
        {"A": [2.0 + 0.01 * i for i in range(20)], "B": [3.0 + 0.011 * i for i in range(20)]},
        higher_is_better=False,
    )
    row = one(compare(frame, "A", "B", margin=0.5), "superiority")
    assert row["verdict"] == "a is better by more than the margin"
    assert row["sentence"] == (
        "A is better than B by more than 0.5: the difference is -1.0095 [-1.0123, -1.0067] on the "
        "20 items both answered, where lower is better."
    ).replace("-1", "\u22121")
    refuted = one(compare(frame, "B", "A", margin=0.5), "superiority")
    assert refuted["verdict"] == "a is not better by more than the margin"


def test_margins_of_several_pairs_are_adjusted_by_holm():
    result = compare(FRAME, margin=0.02, test="non-inferiority")
    raw = compare(FRAME, margin=0.02, test="non-inferiority", correction=None)
    p = raw.quantity("non_inferiority")["p_value"].to_numpy()
    rows = result.quantity("non_inferiority")
    assert rows["p_value"].to_numpy() == pytest.approx(multipletests(p, method="holm")[1])
    assert rows["method"].iloc[0] == "sparse-t; one-sided at 0.025; Holm over 6 pairs"


def test_what_refutes_a_margin_is_adjusted_as_what_shows_it():
    """Of 8 equal models some pair was "not equivalent" in 52 %."""
    rng, alone, together = np.random.default_rng(11), 0, 0
    for _ in range(8):
        frame = records({f"m{i}": rng.normal(size=30).tolist() for i in range(8)})
        found = compare(frame, margin=1e-9, test="equivalence")
        p = found.quantity("difference")["p_value"].to_numpy() / 2
        refuted = found.quantity("equivalence")["verdict"] == "not equivalent within the margin"
        assert refuted.tolist() == (multipletests(p, method="holm")[1] <= 0.025).tolist()
        alone += (p <= 0.025).any()
        together += refuted.any()
    assert alone >= 3 > together


def test_a_refutation_stands_where_its_adjusted_p_does():
    scores = {"A": [0.0] * 10 + [0.1] * 10, "B": [1.0] * 20, "C": [1.0] * 19 + [0.9]}
    rows = compare(records(scores), margin=0.05, test="equivalence").quantity("equivalence")
    verdicts = {frozenset((r["a"], r["b"])): r["verdict"] for _, r in rows.iterrows()}
    assert verdicts[frozenset("AB")] == "not equivalent within the margin"
    assert verdicts[frozenset("BC")] == "equivalent within the margin"


@pytest.mark.parametrize(
    ("test", "margin", "message"),
    [
        ("non-inferiority", -0.01,
         "a margin of non-inferiority must be above 0, but is -0.01. It counts in the direction "
         "that is better; leave the sign out."),
        ("superiority", -0.01,
         "a margin of superiority must be 0 or more, but is -0.01. For 'no worse than by this "
         "much' test non-inferiority."),
        ("bioequivalence", 0.1,
         "test='bioequivalence' is unknown. Use one of superiority, non-inferiority, "
         "equivalence."),
    ],
)  # fmt: skip
def test_a_margin_that_makes_no_sense_is_one_line(test, margin, message):
    with pytest.raises(UsageError) as caught:
        compare(records(NEAR), "A", "B", margin=margin, test=test)
    assert str(caught.value) == message


def test_the_same_rng_gives_the_same_bytes():
    assert compare(FRAME, rng=3).to_json() == compare(FRAME, rng=3).to_json()


def test_golden_numbers_of_holm_and_of_false_discovery_rates():
    p = np.array([0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205])
    holm = [0.008, 0.056, *[0.234] * 6]
    bh = [0.008, 0.032, 0.0672, 0.0672, 0.0672, 0.08, 0.084571429, 0.205]
    by = [0.021742857, 0.086971429, *[0.18264] * 3, 0.217428571, 0.229853061, 0.557160714]
    for name, expected in (("holm", holm), ("bh", bh), ("by", by)):
        assert adjusted_p(p, name) == pytest.approx(expected, abs=1e-8)
    assert np.isnan(adjusted_p(np.array([0.1, np.nan, 0.2]), "holm")[1])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"test": "equivalence"},
         "equivalence needs a margin (--margin): the difference, in the unit of the scores, that "
         "would still do."),
        ({"test": "non-inferiority"},
         "non-inferiority needs a margin (--margin): the difference, in the unit of the scores, "
         "that would still do."),
        ({"margin": 5},
         "a margin of 5 is no smaller than any difference there could be: the scores of t, score "
         "lie between 0 and 1. Did you mean 0.05?"),
        ({"margin": 1.0, "test": "equivalence"},
         "a margin of 1 is no smaller than any difference there could be: the scores of t, score "
         "lie between 0 and 1. Did you mean 0.01?"),
        ({"margin": "x"}, "margin must be a number in the unit of the scores, but is 'x'."),
        ({"margin": 0.1, "method": "mcnemar"},
         "method='mcnemar' tests that there is no difference, and no margin. Use 'auto', or "
         "'tango' for right and wrong answers."),
        ({"rng": -1}, "rng must be a whole number from 0, but is -1."),
        ({"rng": "a"}, "rng must be a whole number from 0, but is 'a'."),
    ],
)  # fmt: skip
def test_an_option_that_makes_no_sense_is_one_line(options, message):
    with pytest.raises(UsageError) as caught:
        compare(FRAME, "m0", "m1", **options)
    assert str(caught.value) == message


def test_a_margin_may_be_large_where_the_scores_are():
    grades = records({"A": [50.0, 30.0, 20.0], "B": [10.0, 20.0, 20.0]})
    known = grades.assign(score_min=0.0, score_max=100.0)
    assert len(compare(known, "A", "B", margin=5).quantity("superiority")) == 1
    assert len(compare(grades, "A", "B", margin=500).quantity("superiority")) == 1
    with pytest.raises(UsageError, match=r"the scores of t, score span 100\. Did you mean 2\?"):
        compare(known, "A", "B", margin=200)
