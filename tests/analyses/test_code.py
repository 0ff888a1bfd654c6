from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from evalvar.analyses.code import code_metrics
from evalvar.analyses.code_noise import code_noise
from evalvar.analyses.means import summary
from evalvar.analyses.ranking import leaderboard
from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.evidence import as_evidence
from tests.analyses.test_code_sensitivity import timings as code_timings


def records(items, **columns):
    rows = [
        {"model": "A", "task": "t", "item": i, "sample": s, "score": score}
        for i, scores in enumerate(items)
        for s, score in enumerate(scores)
    ]
    return pd.DataFrame(rows).assign(**columns)


def values(result):
    return result.table.set_index("quantity")["value"]


def best_of(scores, k):
    return np.mean([max(subset) for subset in combinations(scores, k)])


def test_pass_at_k_is_the_mean_over_all_subsets():
    items = [[1, 0, 0, 0], [0, 0, 0, 0], [1, 1, 0, 1]]
    found = values(code_metrics(records(items), k=[1, 2, 4]))
    for k in (1, 2, 4):
        assert found[f"pass@{k}"] == pytest.approx(np.mean([best_of(s, k) for s in items]))


def test_eff_at_k_is_the_mean_over_all_subsets():
    items = [[0.0, 0.2, 0.5, 0.9, 1.1], [0.5, 0.5, 0.0, 0.0, 1.2]]
    found = values(code_metrics(records(items), k=(1, 2, 3)))
    for k in (1, 2, 3):
        assert found[f"eff@{k}"] == pytest.approx(np.mean([best_of(s, k) for s in items]))


def test_best_is_lowest_where_lower_is_better():
    items = [[3.0, 1.0, 2.0], [5.0, 7.0, 6.0]]
    found = values(code_metrics(records(items, higher_is_better=False), k=2))
    expected = np.mean([np.mean([min(p) for p in combinations(s, 2)]) for s in items])
    assert found["eff@2"] == pytest.approx(expected)


def test_e03_unequal_n_is_averaged_over_items():
    items = [[1, 0, 0, 0, 0], [1] * 10]
    result = code_metrics(records(items), k=2)
    assert values(result)["pass@2"] == pytest.approx(0.7)
    assert result.warnings == ("A, t, score: items have 5 to 10 answers each.",)


def test_k_beyond_n_is_unavailable_and_says_so():
    result = code_metrics(records([[1, 0, 0, 0, 0], [1] * 10]), k=[2, 7])
    assert values(result)["pass@2"] == pytest.approx(0.7)
    assert np.isnan(values(result)["pass@7"])
    assert (
        "A, t, score: best of 7 needs 7 answers to an item; too few for 1 of 2 items (smallest: 5)."
    ) in result.warnings


def test_tries_default_to_what_every_item_has():
    result = code_metrics(records([[1, 0] * 4, [0, 0] * 4]))
    assert result.table["quantity"].tolist() == ["pass@1", "pass@2", "pass@5", "pass@8"]


def test_seeds_have_a_row_each_and_one_over_all():
    frame = pd.concat(
        [records([[1, 0], [0, 0], [1, 1]], seed=s) for s in (0, 1)]
        + [records([[0, 0], [1, 0], [1, 1]], seed=2)]
    )
    rows = code_metrics(frame, k=1).table
    assert rows["seed"].isna().tolist() == [False, False, False, True]
    assert rows["value"].iloc[3] == pytest.approx(rows["value"].iloc[:3].mean())
    assert rows["unit"].iloc[3] == "item x seed"


def test_intervals_treat_items_as_drawn_again():
    row = code_metrics(records([[1, 1], [1, 1], [1, 1]]), k=1).table.iloc[0]
    assert row["value"] == 1
    assert row["low"] < 1
    assert (row["n"], row["unit"]) == (3, "item")


def test_one_answer_per_item_is_greedy_pass_at_1():
    frame = records([[1], [0], [1], [1]])
    result = code_metrics(frame)
    assert values(result).to_dict() == {"pass@1": 0.75}


def test_continuous_scores_with_one_answer_have_no_best_of_k():
    with pytest.raises(NotEnoughDataError, match="no item has several answers"):
        code_metrics(records([[0.3], [0.5]]))


def test_tries_are_of_one_prompt_and_the_prompts_of_an_item_are_averaged():
    x, y = [[1, 0, 0], [1, 1, 0]], [[0, 0, 0], [1, 1, 1]]
    frame = pd.concat([records(x, prompt="x"), records(y, prompt="y")])
    result = code_metrics(frame, k=2)
    expected = np.mean([best_of(scores, 2) for scores in x + y])
    assert values(result)["pass@2"] == pytest.approx(expected)
    assert result.table["n"].tolist() == [2]
    assert "A, t, score: tries are of one prompt; each item is the mean over its prompts." in (
        result.warnings
    )


def test_best_of_an_error_rate_is_the_lowest():
    items = [[1, 1, 0], [1, 0, 0]]
    result = code_metrics(records(items, higher_is_better=False), k=[1, 2])
    expected = np.mean([np.mean([min(pair) for pair in combinations(s, 2)]) for s in items])
    assert values(result)["eff@2"] == pytest.approx(expected)
    assert values(result)["eff@1"] == pytest.approx(0.5)


def test_k_beyond_n_of_some_item_is_undefined_over_seeds_too():
    frame = pd.concat([records([[1] * 5] * 3 + [[0, 0]] * 3, seed=seed) for seed in (0, 1)])
    rows = code_metrics(frame, k=5).table
    assert rows["value"].isna().all()
    assert set(rows["method"]) == {"undefined: k is larger than the number of answers to some item"}


def test_one_item_with_two_continuous_answers_has_a_value():
    row = code_metrics(records([[0.25, 0.75]], score_min=0, score_max=1), k=2).table.iloc[0]
    assert row["value"] == 0.75
    assert np.isnan(row["low"])


def test_an_item_that_one_seed_lacks_leaves_the_mean_over_seeds():
    frame = pd.concat([records([[1, 0], [0, 0], [1, 1]], seed=s) for s in (0, 1)])
    frame = frame[~((frame["seed"] == 1) & (frame["item"] == 2))]
    result = code_metrics(frame, k=1)
    pooled = result.table[result.table["seed"].isna()].iloc[0]
    assert pooled["value"] == pytest.approx(0.25)
    assert "A, t, score: seeds are averaged on the 2 of 3 items that every seed has." in (
        result.warnings
    )


def test_nonsense_k_is_refused():
    with pytest.raises(UsageError, match="k=0: k is a number of tries"):
        code_metrics(records([[1, 0]]), k=0)


def test_aggregates_are_refused():
    claims = pd.DataFrame({"model": ["A"], "task": "t", "metric": "acc", "value": [0.5]})
    with pytest.raises(NotEnoughDataError, match="this file has no items"):
        code_metrics(as_evidence(reported=claims))


def found_in(result, metric, quantity):
    table = result.table.set_index(["metric", "quantity"])
    return table.loc[(metric, quantity)]


PASSED = [[1, 1, 0, 1], [0, 0, 0, 0], [1, 1, 1, 1]]
EFFICIENCY = [[0.9, 0.2, 0, 1.1], [0, 0, 0, 0], [0.3, 0.8, 1.0, 0.5]]


def programs(passed=PASSED, efficiency=EFFICIENCY, **columns):
    both = [records(passed, metric="passed"), records(efficiency, metric="efficiency")]
    return pd.concat(both).assign(**columns)


@pytest.mark.parametrize("k", [1, 2, 4])
def test_e29_eff_at_k_stands_beside_pass_at_k_with_the_gap(k):
    result = code_metrics(programs(), k=k)
    right, fast = (np.mean([best_of(s, k) for s in items]) for items in (PASSED, EFFICIENCY))
    assert found_in(result, "passed", f"pass@{k}")["value"] == pytest.approx(right)
    assert found_in(result, "efficiency", f"eff@{k}")["value"] == pytest.approx(fast)
    gap = found_in(result, "passed - efficiency", f"gap@{k}")
    assert gap["value"] == pytest.approx(right - fast)
    assert gap["low"] < gap["value"] < gap["high"]


def test_a_gap_is_on_the_items_that_have_both_scores():
    frame = programs()
    frame.loc[(frame["metric"] == "efficiency") & (frame["item"] == 2), "score"] = np.nan
    result = code_metrics(frame, k=1)
    gap = found_in(result, "passed - efficiency", "gap@1")
    assert gap["value"] == pytest.approx((0.75 - 0.55) / 2)
    assert gap["items"] == 2
    assert "A, t: gap@k is on the 2 items with both scores; 1 item has one only." in result.warnings


def test_a_gap_is_of_the_answers_that_have_both_scores():
    """As of `compare`: what right answers without an efficiency would lose is not known."""
    frame = programs()
    lost = (frame["metric"] == "efficiency") & (frame["item"] == 2) & (frame["sample"] < 2)
    frame = frame[~lost]
    result = code_metrics(frame, k=[1, 2, 3])
    right, fast = [*PASSED[:2], PASSED[2][2:]], [*EFFICIENCY[:2], EFFICIENCY[2][2:]]
    for k in (1, 2):
        expected = [np.mean([best_of(s, k) for s in side]) for side in (right, fast)]
        gap = found_in(result, "passed - efficiency", f"gap@{k}")
        assert gap["value"] == pytest.approx(expected[0] - expected[1])
        two = pd.concat([frame, frame.assign(model="B")], ignore_index=True)
        ranked = leaderboard(two, functional=f"gap@{k}").quantity(f"gap@{k}").iloc[0]
        assert (gap["low"], gap["high"]) == pytest.approx((ranked["low"], ranked["high"]))
    assert np.isnan(found_in(result, "passed - efficiency", "gap@3")["value"])
    said = "A, t: gap@k is of answers with both scores; 2 answers have one only."
    assert said in result.warnings


def test_scores_of_0_everywhere_leave_an_efficiency_without_an_interval_in_every_table():
    nothing = [[0, 0], [0, 0], [0, 0]]
    two = [programs(nothing, nothing, model=name) for name in "AB"]
    frame = pd.concat(two, ignore_index=True)
    rows = [
        code_metrics(frame, k=1, metric="efficiency").quantity("eff@1"),
        summary(frame, metric="efficiency").quantity("mean"),
        leaderboard(frame, metric="efficiency").quantity("mean"),
        leaderboard(frame, functional="eff@1", metric="efficiency").quantity("eff@1"),
        code_noise(frame, k=1, metric="efficiency").quantity("over_item"),
    ]
    for table in rows:
        alone = table[table["against"].isna()] if "against" in table else table
        assert alone["value"].tolist() == [0, 0]
        assert alone[["low", "high"]].isna().all(axis=None)
    declared = frame.assign(score_min=0.0, score_max=1.0)
    row = found_in(code_metrics(declared, k=1, model="A"), "efficiency", "eff@1")
    assert 0 == row["low"] < row["high"] < 1


def test_prompts_are_no_items_of_bayes():
    frame = pd.concat([records([[1, 0], [0, 0]]).assign(prompt=name) for name in "xy"])
    row = found_in(code_metrics(frame, k=1, asked="bayes"), "score", "bayes@n")
    assert (row["items"], row["value"]) == (2, pytest.approx((2 / 4 + 1 / 4) / 2))


def test_programs_that_all_fail_have_an_efficiency_of_0_and_not_a_pass_rate():
    nothing = [[0, 0], [0, 0], [0, 0]]
    result = code_metrics(programs(nothing, nothing), k=1)
    row = found_in(result, "efficiency", "eff@1")
    assert row["value"] == 0
    assert not row["low"] == row["high"] == 0


def test_one_program_an_item_has_pass_at_1_and_eff_at_1():
    result = code_metrics(programs([[1], [0], [1]], [[0.5], [0], [1.5]]))
    assert values(result).to_dict() == {
        "eff@1": pytest.approx(2 / 3), "pass@1": pytest.approx(2 / 3), "gap@1": pytest.approx(0)
    }  # fmt: skip


def test_what_else_may_be_asked_of_k_answers():
    items = [[1, 0, 0, 1], [0, 0, 0, 0], [1, 1, 0, 1]]
    asked = ["all", "share", "mean-share", "majority", "bayes"]
    found = values(code_metrics(records(items), k=[3], asked=asked, tau=0.5))
    subsets = [[sum(c) for c in combinations(s, 3)] for s in items]
    share = {n: np.mean([np.mean([right >= n for right in s]) for s in subsets]) for n in (1, 2, 3)}
    assert found["pass^3"] == pytest.approx(share[3])
    assert found["g_pass@3"] == pytest.approx(share[2])
    assert found["mg_pass@3"] == pytest.approx(2 / 3 * share[3])
    assert found["maj@3"] == pytest.approx(share[2])
    assert found["bayes@n"] == pytest.approx(np.mean([3 / 6, 1 / 6, 4 / 6]))
    quarter = values(code_metrics(records(items), k=3, asked="share", tau=0.25))
    assert quarter["g_pass@3"] == pytest.approx(share[1])


def test_the_worst_of_k_of_a_score():
    result = code_metrics(programs(), k=3, asked="all", metric="efficiency")
    worst = np.mean([np.mean([min(c) for c in combinations(s, 3)]) for s in EFFICIENCY])
    assert values(result)["worst@3"] == pytest.approx(worst)


def test_what_asks_for_right_and_wrong_is_not_asked_of_a_score():
    with pytest.raises(NotEnoughDataError, match="share and majority can be asked only of answers"):
        code_metrics(records([[0.5, 0.2]]), asked=["share", "majority"])
    with pytest.raises(UsageError, match=r"quantity 'most' is unknown\. Use best, all, share"):
        code_metrics(records([[1, 0]]), asked="most")


def test_alpha_and_hardness_need_timings():
    with pytest.raises(UsageError, match="alpha and hardness score timings anew"):
        code_metrics(records([[1, 0]]), alpha=1.5)


def test_bare_timings_are_scored_as_the_evidence_of_them_is():
    timed = code_timings()
    whole, bare = code_metrics(timed), code_metrics(timed.timings)
    pd.testing.assert_frame_equal(whole.table, bare.table)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"k": "a"}, "k=a: k is a number of tries, 1 or more."),
        ({"k": 1.5}, "k=1.5: k is a number of tries, 1 or more."),
        ({"alpha": "x"}, "alpha must be a number, but is 'x'."),
        ({"hardness": "abc"}, "hardness must be a weight a level, as (3, 3, 4), but is 'abc'."),
        ({"hardness": 5}, "hardness must be a weight a level, as (3, 3, 4), but is 5."),
        ({"hardness": (1, "x", 1)}, "each weight of hardness must be a number, but is 'x'."),
    ],
)
def test_what_is_no_number_is_refused_in_one_line(wrong, said):
    with pytest.raises(UsageError) as caught:
        code_metrics(code_timings(), **wrong)
    assert str(caught.value) == said
