"""A rule about the true value: what the interval says, for one row and for many."""

from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from evalvar import Estimate, Result, compare, from_json, gate, leaderboard, summary
from evalvar.errors import UsageError
from evalvar.gating import EXIT_CODES, as_text, parse_rule, to_junit, to_markdown
from evalvar.stats import sparse_t_many

NAN = float("nan")


def found(*bounds, quantity="difference", up=True, level=0.95, name="compare", tasks="abcdefgh"):
    """Return a result with one row per (low, high), its value in the middle."""
    rows = [
        (
            {"task": task, "metric": "acc"},
            quantity,
            Estimate((low + high) / 2, low=low, high=high, level=level, n=9, method="t"),
        )
        for task, (low, high) in zip(tasks, bounds, strict=False)
    ]
    result = Result.of(name, ("task", "metric"), rows, settings={})
    result.table["higher_is_better"] = up
    return result


def verdicts(*args, **options):
    result = gate(*args, **options)
    return [*result.table["verdict"], result.settings["verdict"]]


def one(low, high, rule, **options):
    row, whole = verdicts(found((low, high), **options), rule)
    assert row == whole
    return row


@pytest.mark.parametrize(
    ("rule", "low", "high", "verdict"),
    [
        ("difference >= -0.01", -0.01, 0.03, "pass"),
        ("difference > -0.01", -0.01, 0.03, "inconclusive"),
        ("difference >= -0.01", -0.02, -0.01, "inconclusive"),
        ("difference > -0.01", -0.02, -0.01, "fail"),
        ("difference >= -0.01", -0.05, -0.0101, "fail"),
        ("difference >= -0.01", -0.0101, 0.5, "inconclusive"),
        ("difference <= 0.01", -0.05, 0.01, "pass"),
        ("difference < 0.01", -0.05, 0.01, "inconclusive"),
        ("difference <= 0.01", 0.01, 0.05, "inconclusive"),
        ("difference < 0.01", 0.01, 0.05, "fail"),
        ("difference <= 0.01", 0.02, 0.05, "fail"),
        ("difference >= 0", -np.inf, 1, "inconclusive"),
        ("difference >= 0", 0, np.inf, "pass"),
    ],
)
def test_bounds_decide_and_a_bound_on_the_margin_counts_once(rule, low, high, verdict):
    assert one(low, high, rule) == verdict


def test_the_estimate_is_never_compared():
    rows = [({"task": "a", "metric": "acc"}, "mean", Estimate(0.9, low=0.1, high=0.2))]
    assert verdicts(Result.of("summary", ("task", "metric"), rows, settings={}), "mean >= 0.5") == [
        "fail",
        "fail",
    ]


def test_a_difference_counts_in_the_improving_direction():
    assert one(-0.05, -0.02, "difference >= 0.01", up=False) == "pass"
    assert one(-0.05, -0.02, "difference >= 0.01", up=True) == "fail"
    result = gate(found((-0.05, -0.02), up=False), "difference >= 0.01")
    row = result.table.iloc[0]
    assert (row["low"], row["high"], row["turned"]) == (0.02, 0.05, True)
    assert row["reason"] == (
        "the difference is 0.035 [0.020, 0.050] with its sign turned, for lower is better; the "
        "rule needs at least 0.01, which asks for an improvement."
    )


def test_other_quantities_are_taken_as_they_are():
    assert one(0.01, 0.02, "final_seed_sd < 0.03", up=False, quantity="final_seed_sd") == "pass"
    assert one(1, 3, "rank <= 3", quantity="rank") == "pass"
    assert one(2, 4, "rank <= 3", quantity="rank") == "inconclusive"


def test_what_has_no_interval_is_inconclusive_and_says_why():
    result = found((NAN, NAN))
    result.table["value"] = 0.5
    result.table["method"] = "undefined: no shared items"
    tested = gate(result, "difference >= -0.01")
    assert list(tested.table["verdict"]) == ["inconclusive"]
    assert tested.table["reason"].iloc[0] == (
        "the difference is 0.500, without an interval (undefined: no shared items); the rule needs "
        "at least \u22120.01."
    )


def test_reasons_keep_bound_and_margin_apart():
    reason = gate(found((-0.01004, 0.03)), "difference >= -0.01").table["reason"].iloc[0]
    assert reason == (
        "the difference is 0.00998 [\u22120.01004, 0.03000]; the rule needs at least \u22120.01."
    )


def test_several_rows_fail_before_they_are_inconclusive_before_they_pass():
    passing, failing, spanning = (0, 1), (-1, -0.5), (-1, 1)
    rule = "difference >= 0"
    assert verdicts(found(passing, passing), rule) == ["pass"] * 3
    assert verdicts(found(passing, spanning), rule)[-1] == "inconclusive"
    assert verdicts(found(passing, spanning, failing), rule)[-1] == "fail"


@pytest.mark.parametrize(("asked", "whole"), [("pass", "pass"), ("fail", "fail")])
def test_inconclusive_counts_as_asked_and_the_row_keeps_its_own(asked, whole):
    result = gate(found((0, 1), (-1, 1)), "difference >= 0", inconclusive=asked)
    assert list(result.table["verdict"]) == ["pass", "inconclusive"]
    assert result.settings["verdict"] == whole
    assert as_text(result).splitlines()[0] == (
        f"{whole.upper()}: 1 of 2 rows is inconclusive, 1 of 2 rows keeps its rule; inconclusive "
        f"counts as {asked}."
    )
    assert as_text(result).splitlines()[-1] == (
        f"Inconclusive rows were told to count as {asked}: the data do not show it."
    )


def test_a_row_fails_among_many_only_by_the_interval_made_for_many():
    alone = found((-0.5, -0.1), (0, 1))
    wider = found((-0.6, 0.0), (-0.1, 1.1), level=0.975)
    result = gate(alone, "difference >= 0", familywise=wider)
    assert list(result.table["verdict"]) == ["inconclusive", "pass"]
    assert result.table["reason"].iloc[0] == (
        "the difference is \u22120.30 [\u22120.50, \u22120.10]; the rule needs at least 0; it "
        "fails alone, but not as one of 2 rows [\u22120.60, 0.00]."
    )
    wider = found((-0.6, -0.01), (-0.1, 1.1), level=0.975)
    assert verdicts(alone, "difference >= 0", familywise=wider) == ["fail", "pass", "fail"]


def test_simultaneous_rows_of_the_same_result_serve_alike():
    alone = found((-0.5, -0.1), (0, 1))
    joint = found((-0.6, 0.0), (-0.1, 1.1), quantity="difference_simultaneous")
    both = Result("compare", alone.keys, pd.concat([alone.table, joint.table]), {"family": "all"})
    result = gate(both, "difference >= 0")
    assert list(result.table["verdict"]) == ["inconclusive", "pass"]
    assert result.settings["fail_error"] == 0.05
    apart = Result("compare", alone.keys, both.table, {"family": "task"})
    assert gate(apart, "difference >= 0").settings["fail_error"] == 0.1
    bare = joint.table.assign(low=NAN, high=NAN)
    both = Result("compare", alone.keys, pd.concat([alone.table, bare]))
    assert list(gate(both, "difference >= 0").table["verdict"]) == ["fail", "pass"]


def test_error_rates_stand_beside_the_verdict():
    four = [(0, 1)] * 4
    settings = gate(found(*four), "difference >= 0").settings
    assert (settings["pass_error"], settings["fail_error"]) == (0.025, 0.1)
    settings = gate(
        found(*four), "difference >= 0", familywise=found(*four, level=1 - 0.05 / 4)
    ).settings
    assert (settings["pass_error"], settings["fail_error"]) == (0.025, 0.025)
    ranks = gate(found((1, 1), (2, 2), tasks="tt", quantity="rank"), "rank <= 2").settings
    assert (ranks["pass_error"], ranks["fail_error"]) == (0.05, 0.05)


def test_selectors_and_metrics_with_commas():
    result = found((0, 1), (-1, -0.5))
    result.table["metric"] = ["acc,none", "f1"]
    assert verdicts(result, "difference[metric=acc,none] >= 0") == ["pass", "pass"]
    assert verdicts(result, "difference[task=a, metric=acc,none]>=0") == ["pass", "pass"]
    assert verdicts(result, "difference [ metric = f1 , task = b ] >= 0") == ["fail", "fail"]


def test_several_rules_of_several_results():
    mean = found((0.6, 0.7), quantity="mean", name="summary")
    result = gate([found((0, 1)), mean], ["difference >= 0", "mean >= 0.65", "difference >= 0"])
    assert list(result.table["rule"]) == ["difference >= 0", "mean >= 0.65"]
    assert list(result.table["verdict"]) == ["pass", "inconclusive"]


def test_the_learned_noise_is_the_margin_of_its_task_and_metric():
    noise = found((0.1, 0.3), (0.01, 0.03), quantity="noise", name="change")
    rule = "difference >= -noise"
    result = gate([found((-0.15, 0.2), (-0.05, -0.03)), noise], rule)
    assert list(result.table["margin"]) == [-0.2, -0.02]
    assert list(result.table["verdict"]) == ["pass", "fail"]
    assert (
        result.table["reason"]
        .iloc[0]
        .endswith("the rule needs at least \u22120.2, from the noise of the earlier runs.")
    )
    noise.table["value"] = NAN
    result = gate([found((-0.15, 0.2)), noise], rule)
    assert result.table["reason"].iloc[0].endswith("; the noise of the earlier runs is not known.")
    assert result.settings["verdict"] == "inconclusive"


BAD = {
    "difference": "expected QUANTITY >= NUMBER, such as 'difference >= -0.01', and found no >=, "
    "<=, > or <.",
    "difference >= x": "expected a number, noise or -noise behind >=, such as 'difference >= "
    "-0.01', and found 'x'.",
    "difference >=": "expected a number, noise or -noise behind >=, such as 'difference >= "
    "-0.01', and found nothing.",
    "difference >= nan": "expected a number, noise or -noise behind >=, such as 'difference >= "
    "-0.01', and found 'nan'.",
    "difference >= 1 >= 0": "expected a number, noise or -noise behind >=, such as 'difference >= "
    "-0.01', and found '1 >= 0'.",
    ">= 0": "expected the name of a quantity before >=, such as 'difference >= -0.01', and found "
    "nothing.",
    "the difference >= 0": "expected the name of a quantity before >=, such as 'difference >= "
    "-0.01', and found 'the difference'.",
    "difference == 0": "expected >=, <=, > or <, and found ==. No data show that two numbers are "
    "equal; bound a difference from both sides by two rules.",
    "difference[task] >= 0": "expected KEY=VALUE in the brackets, such as [task=gsm8k], and found "
    "'task'.",
    "difference[] >= 0": "expected KEY=VALUE in the brackets, such as [task=gsm8k], and found ''.",
    "gap >= 0": "matches no row: there is no quantity 'gap'. There is: difference.",
    "difference[task=z] >= 0": "matches no row: no task 'z'. There is: a, b.",
    "difference[tsk=a] >= 0": "matches no row: difference has no key 'tsk'. There is: task, "
    "metric.",
    "difference[task=a, metric=f1] >= 0": "matches no row: no difference has all of these keys "
    "together. Write a rule for each.",
    "difference >= -noise": "no noise was learned for task a, metric acc. Give earlier runs of the "
    "same tasks and metrics as history, or write a number.",
}


@pytest.mark.parametrize("rule", BAD)
def test_bad_rules_are_one_line(rule):
    result = found((0, 1), (0, 1))
    result.table["metric"] = ["acc", "f1"]
    with pytest.raises(UsageError) as error:
        gate(result, rule)
    said = str(error.value)
    assert said.removeprefix(f"rule '{rule}': ").removeprefix(f"rule '{rule}' ") == BAD[rule]


def test_bad_arguments_are_one_line():
    with pytest.raises(UsageError, match=r"^inconclusive='x' is unknown\. Use keep, pass or fail"):
        gate(found((0, 1)), "difference >= 0", inconclusive="x")
    with pytest.raises(UsageError) as error:
        gate(found((0, 1)), [])
    assert str(error.value) == ("a gate needs a rule, such as 'difference >= -0.01', and has none.")
    unsaid = found((0, 1))
    del unsaid.table["higher_is_better"]
    with pytest.raises(UsageError) as error:
        gate(unsaid, "difference >= 0")
    assert str(error.value) == (
        "rule 'difference >= 0': a difference counts in the improving direction, and the result "
        "does not say which that is for task a, metric acc. Give its table a column "
        "higher_is_better, as evalvar.compare does."
    )


def test_a_bound_on_one_side_only_was_left_out_of_the_reason():
    def reason(low, high):
        result = found((low, high))
        result.table["value"] = 0.05
        return gate(result, "difference >= 0").table["reason"].iloc[0]

    needs = "; the rule needs at least 0."
    assert reason(0.02, np.inf) == f"the difference is 0.0500 [0.0200, unbounded]{needs}"
    assert reason(-np.inf, 0.1) == f"the difference is 0.0500 [unbounded, 0.1000]{needs}"
    assert reason(NAN, 0.1) == f"the difference is 0.0500 [unknown, 0.1000]{needs}"


def test_rows_without_an_interval_were_told_that_more_data_decide():
    last = as_text(gate(found((NAN, NAN), (-1, 1)), "difference >= 0")).splitlines()[-1]
    assert last == (
        "Inconclusive: nothing to decide by in 1 of 2 rows, as the reasons say; in the others "
        "these data allow both, and more of them will decide."
    )
    last = as_text(gate(found((NAN, NAN)), "difference >= 0")).splitlines()[-1]
    assert last == "Inconclusive: nothing to decide by; the reasons say what is missing."
    last = as_text(gate(found((-1, 1)), "difference >= 0")).splitlines()[-1]
    assert last == "Inconclusive: these data allow both; more of them will decide."


def test_an_unknown_noise_was_a_margin_of_a_dash():
    noise = found((0.1, 0.3), quantity="noise", name="change")
    noise.table["value"] = NAN
    reason = gate([found((NAN, NAN)), noise], "difference >= -noise").table["reason"].iloc[0]
    assert reason.endswith("without an interval (t); the noise of the earlier runs is not known.")


def test_a_saved_gate_was_told_to_declare_orientations():
    done = gate(found((0, 1), (-1, -0.5), up=False), "difference >= 0")
    for held in (done, from_json(done.to_json())):
        with pytest.raises(UsageError) as error:
            gate(held, "difference >= 0")
        assert str(error.value) == (
            "a result of a gate holds verdicts already. Gate the results that it was made of."
        )


def test_a_gate_is_the_same_back_from_json():
    noise = found((0.1, 0.3), quantity="noise", name="change")
    noise.table["value"] = NAN
    for held, rule in (
        (found((0, 1), (-1, -0.5), (NAN, NAN), up=False), "difference >= 0"),
        ([found((0, 1)), noise], "difference >= -noise"),
    ):
        done = gate(held, rule)
        back = from_json(done.to_json())
        assert back.to_json() == done.to_json()
        for form in (as_text, to_markdown, to_junit):
            assert form(back) == form(done)


def test_a_saved_result_gives_the_same_verdicts():
    result = found((0, 1), (-1, -0.5), up=False)
    again = from_json(result.to_json())
    assert gate(again, "difference >= 0").to_json() == gate(result, "difference >= 0").to_json()
    assert (
        from_json(gate(result, "difference >= 0").to_json()).settings["verdict"] == "inconclusive"
    )


@pytest.mark.parametrize(
    ("asked", "tag", "counts"),
    [
        ("keep", "error", ("1", "1", "0")),
        ("pass", "skipped", ("1", "0", "1")),
        ("fail", "failure", ("2", "0", "0")),
    ],
)
def test_junit_is_as_red_as_the_exit_code(asked, tag, counts):
    result = found((0, 1), (-1, -0.5), (-1, 1), tasks=["a<&\">'", "b\x00\x1b", "é|`"])
    tested = gate(result, "difference >= 0", inconclusive=asked)
    text = to_junit(tested)
    assert text == to_junit(gate(result, "difference >= 0", inconclusive=asked))
    root = ElementTree.fromstring(text.encode())
    suite = root.find("testsuite")
    assert root.tag == "testsuites"
    assert tuple(suite.get(name) for name in ("failures", "errors", "skipped")) == counts
    assert suite.get("tests") == "3"
    cases = list(suite)
    assert [case.get("name") for case in cases] == ["a<&\">'", "b\ufffd\ufffd", "é|`"]
    assert {case.get("classname") for case in cases} == {"difference >= 0"}
    inside = [case[0] for case in cases]
    assert [element.tag for element in inside] == ["system-out", "failure", tag]
    assert inside[1].get("message") == tested.table["reason"].iloc[1]


def test_markdown_is_one_table_whatever_the_names():
    result = found((0, 1), (-1, -0.5), tasks=["a|b", "<img>"])
    lines = to_markdown(gate(result, "difference >= 0")).splitlines()
    assert lines == [
        "### FAIL: 1 of 2 rows breaks its rule, 1 of 2 rows keeps its rule.",
        "",
        "| verdict | rule | about | reason |",
        "| --- | --- | --- | --- |",
        "| ❌ fail | `difference >= 0` | \\<img\\> | the difference is \u22120.75 \\[\u22121.00, "
        "\u22120.50\\]; the rule needs at least 0. |",
        "| ✅ pass | `difference >= 0` | a\\|b | the difference is 0.50 \\[0.00, 1.00\\]; the rule "
        "needs at least 0. |",
        "",
        "Where all true values keep their rules, a fail comes up with at most 5% probability.",
    ]


def test_a_rank_beside_models_that_are_not_ranked_is_inconclusive():
    rng = np.random.default_rng(0)
    right = {"A": 0.9, "B": 0.3, "C": 0.3}
    rows = [
        (model, "t", item, float(rng.random() < p))
        for model, p in right.items()
        for item in range(40 if model == "C" else 200)
    ]
    frame = pd.DataFrame(rows, columns=["model", "task", "item", "score"])
    ranked = leaderboard(frame)
    found = gate(ranked, "rank[model=A] <= 1")
    assert found.settings["verdict"] == "inconclusive"
    assert found.table["reason"].iloc[0] == (
        "the rank is 1 [1, 1]; the rule needs at most 1; C could not be ranked beside it."
    )
    alone = gate(leaderboard(frame[frame["model"] != "C"]), "rank[model=A] <= 1")
    assert alone.settings["verdict"] == "pass"


def test_points_in_a_rule_about_shares_are_refused():
    frame = pd.DataFrame(
        {
            "model": ["A"] * 20 + ["B"] * 20,
            "task": "t",
            "item": [*range(20)] * 2,
            "score": [1, 0] * 20,
        }
    )
    with pytest.raises(UsageError) as said:
        gate(compare(frame, "A", "B"), "difference >= -5")
    assert str(said.value) == (
        "rule 'difference >= -5': scores of task t, metric score lie between 0 and 1, so this "
        "holds always or never. Did you mean -0.05?"
    )
    with pytest.raises(UsageError, match=r"Did you mean 0\.2\?"):
        gate(summary(frame), "mean >= 20")


def test_exit_codes():
    assert EXIT_CODES == {"pass": 0, "fail": 1, "inconclusive": 2}


def test_the_rule_keeps_what_was_typed():
    assert parse_rule("var_item x  seed + sample[task=t] < 1").quantity == (
        "var_item x seed + sample"
    )
    rule = parse_rule("  pass@1 [task=he]  <=  .5 ")
    assert (rule.text, rule.quantity, rule.margin) == ("pass@1 [task=he]  <=  .5", "pass@1", 0.5)


def test_end_to_end_on_a_comparison():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "model": np.repeat(["new", "old"], 400),
            "task": "t",
            "item": np.tile(np.arange(400), 2),
            "score": np.r_[rng.random(400) < 0.3, rng.random(400) < 0.7].astype(float),
        }
    )
    result = compare(frame, "new", "old")
    assert verdicts(result, "difference >= -0.1") == ["fail", "fail"]
    assert verdicts(result, "difference <= -0.1") == ["pass", "pass"]


def simulated(rng, shifts, n, margin, sets=2000, level=0.95):
    """Verdicts on the whole and T rows each at its margin + shift, by t intervals of n items."""
    shifts = np.asarray(shifts)
    shared = rng.normal(size=(sets, 1, n))
    x = np.sqrt(0.3) * shared + np.sqrt(0.7) * rng.normal(size=(sets, shifts.size, n))
    mean, se = x.mean(axis=-1) + margin + shifts, x.std(axis=-1, ddof=1) / np.sqrt(n)

    def bounds(level):
        half = stats.t.ppf((1 + level) / 2, n - 1) * se
        return mean - half, mean + half

    low, _ = bounds(level)
    _, high = bounds(1 - (1 - level) / shifts.size)
    return (low >= margin).all(axis=1), (high < margin).any(axis=1)


def test_error_rates_at_the_margin_are_what_is_said():
    rng = np.random.default_rng(1)
    sets = 20_000
    tolerance = 4 * np.sqrt(0.025 * 0.975 / sets)
    for rows in (1, 5, 20):
        # every true value on its margin: no fail is right
        _, failed = simulated(rng, np.zeros(rows), 30, -0.1, sets=sets // 10)
        assert failed.mean() <= 0.025 + tolerance * np.sqrt(10)
    # all but one far above their margin: no pass is right, and the one decides
    passed, _ = simulated(rng, [0, 9, 9, 9], 30, -0.1, sets=sets // 2)
    assert abs(passed.mean() - 0.025) <= tolerance * np.sqrt(2)


def test_the_gate_decides_as_the_simulation_assumes():
    rng = np.random.default_rng(2)
    sets, n, rows = 60, 40, 4
    for _ in range(sets):
        x = rng.normal(size=(rows, n))
        mean, se = x.mean(axis=1) - 0.1, x.std(axis=1, ddof=1) / np.sqrt(n)
        half, wide = (stats.t.ppf(1 - 0.025 / k, n - 1) * se for k in (1, rows))
        alone = found(*zip(mean - half, mean + half, strict=True))
        many = found(*zip(mean - wide, mean + wide, strict=True), level=1 - 0.05 / rows)
        tested = gate(alone, "difference >= -0.1", familywise=many)
        assert (tested.settings["verdict"] == "fail") == bool((mean + wide < -0.1).any())
        assert (tested.settings["verdict"] == "pass") == bool((mean - half >= -0.1).all())


@pytest.mark.parametrize(("n", "right", "alike"), [(50, 0.7, 0.8), (200, 0.9, 0.5), (200, 0.5, 0)])
def test_error_rates_at_the_margin_of_paired_answers(n, right, alike):
    # b is right with probability right, a with 0.05 less; a share of items is decided alike
    rng = np.random.default_rng(3)
    sets, rows, margin, rule = 4000, 5, -0.05, parse_rule("difference >= -0.05")
    wrong = {"fail": np.zeros(sets, bool)}
    for row in range(rows):
        u = rng.random((sets, n))
        v = np.where(rng.random((sets, n)) < alike, u, rng.random((sets, n)))
        d = (u < right + margin) * 1.0 - (v < right)
        own = sparse_t_many(d, low=-1, high=1)
        many = sparse_t_many(d, low=-1, high=1, level=1 - 0.05 / rows)
        if row == 0:  # one row on its margin decides whether all pass; the others may be far off it
            verdicts = [rule.verdict(*b, margin) for b in zip(own.low, own.high, strict=True)]
            wrong["pass"] = np.array(verdicts) == "pass"
            assert ((own.low >= margin) == wrong["pass"]).all()
        wrong["fail"] |= many.high < margin
    assert wrong["pass"].mean() < 0.05
    assert wrong["fail"].mean() < 0.05
