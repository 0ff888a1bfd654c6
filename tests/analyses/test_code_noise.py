"""Where the noise of pass@k and eff@k comes from, and three intervals of each."""

import numpy as np
import pandas as pd
import pytest

from evalvar.analyses.code import code_metrics
from evalvar.analyses.code_noise import code_noise
from evalvar.analyses.comparison import compare
from evalvar.analyses.repeats import repeats_of
from evalvar.analyses.timing_scores import score_timings
from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.evidence import as_evidence
from evalvar.stats.timing_noise import retimed_scores
from tests.analyses.made import one
from tests.analyses.made_timings import timings

TIMED = as_evidence(timings=timings(np.random.default_rng(0), {"A": 1.0, "B": 1.4}))
SCORED = score_timings(TIMED)


def part(result, functional, model="A", against=None):
    table = result.table
    other = table["against"].isna() if against is None else table["against"] == against
    rows = table[(table["functional"] == functional) & (table["model"] == model) & other]
    return rows.set_index("quantity")


def scores(model, metric="efficiency"):
    records = SCORED.records
    mine = records[(records["model"] == model) & (records["metric"] == metric)]
    wide = mine.pivot(index="item", columns="sample", values="score")
    return wide.sort_index().to_numpy()


def test_the_mean_is_that_of_the_code_metrics_and_the_difference_that_of_compare():
    found = code_noise(TIMED, k=[1, 3])
    table = code_metrics(SCORED, k=[1, 3], model="A").table
    for name in ("pass@1", "pass@3", "eff@1", "eff@3"):
        row = table[table["quantity"] == name].iloc[0]
        own = part(found, name).loc["over_item"]
        assert (own["value"], own["low"], own["high"]) == pytest.approx(
            (row["value"], row["low"], row["high"])
        )
    for name, metric in (("eff@3", "efficiency"), ("pass@3", "passed"), ("gap@3", None)):
        row = one(compare(TIMED, "A", "B", functional=name, metric=metric))
        pair = part(found, name, "A", "B")
        assert pair.loc["over_item", ["value", "low", "high"]].tolist() == pytest.approx(
            row[["value", "low", "high"]].tolist()
        )


def test_with_one_try_the_parts_are_those_of_two_levels_of_sampling():
    passed = scores("A", "passed")
    n, answers = passed.shape
    within = passed.var(axis=1, ddof=1).mean()
    found = part(code_noise(TIMED, k=1), "pass@1")["value"]
    assert found["var_sample"] == pytest.approx(within / answers / n)
    assert found["var_problem"] == pytest.approx(
        (passed.mean(axis=1).var(ddof=1) - within / answers) / n
    )
    assert found["share_problem"] + found["share_sample"] == pytest.approx(1)
    assert found["var_timing"] == 0


def test_parts_add_up_to_the_variance_over_problems():
    found = code_noise(TIMED, k=[1, 3])
    for name in ("eff@1", "eff@3", "gap@3"):
        for against in (None, "B"):
            rows = part(found, name, "A", against)["value"]
            shares = [rows[f"share_{source}"] for source in ("problem", "sample", "timing",
                                                            "reference")]  # fmt: skip
            assert sum(shares) == pytest.approx(1)
            assert rows["var_timing"] > 0
            assert rows["var_reference"] > 0


def test_without_their_repeats_programs_score_as_score_timings_says():
    records = SCORED.records[SCORED.records["metric"] == "efficiency"]
    known = records.set_index(["model", "item", "sample"])["score"]
    programs, problems = repeats_of(TIMED.timings)
    for problem in problems:
        ones = np.ones((1, len(problem.levels)))
        again = retimed_scores(
            problem.times, problem.reference, problem.levels, own_factors=ones,
            reference_factors=ones, hardness=(3, 3, 4),
        ).scores  # fmt: skip
        keys = programs.iloc[problem.program][["model", "item", "sample"]].itertuples(index=False)
        assert again.tolist() == [known[tuple(key)] for key in keys]


def test_programs_that_were_repeated_less_often_have_the_noise_of_their_own_repeats():
    table = TIMED.timings
    fewer = table[(table["model"] != "B") | (table["repeat"] < 3)]
    both = part(code_noise(as_evidence(timings=fewer), k=1), "eff@1", "B")
    alone = table[(table["model"] != "A") & ((table["model"] != "B") | (table["repeat"] < 3))]
    only = part(code_noise(as_evidence(timings=alone), k=1), "eff@1", "B")
    columns = ["value", "low", "high", "se"]
    assert np.isfinite(only.loc["over_timing", columns].to_numpy(dtype=float)).all()
    pd.testing.assert_frame_equal(both[columns], only[columns])
    first = part(code_noise(as_evidence(timings=fewer), k=1), "eff@1", "A")
    whole = part(code_noise(TIMED, k=1), "eff@1", "A")
    pd.testing.assert_frame_equal(first[columns], whole[columns])
    # every other program of A
    few = (table["model"] == "A") & (table["sample"] % 2 == 1) & (table["repeat"] > 3)
    mixed = part(code_noise(as_evidence(timings=table[~few]), k=1), "eff@1", "A")
    assert mixed.loc["over_timing", "se"] == pytest.approx(whole.loc["over_timing", "se"], rel=0.5)


def test_a_repeat_that_ended_early_leaves_out_its_later_cases():
    table = TIMED.timings
    cut = (table["model"] == "A") & (table["level"] == 3) & (table["repeat"] == 5)
    found = part(code_noise(as_evidence(timings=table[~cut]), k=1), "eff@1")
    whole = part(code_noise(TIMED, k=1), "eff@1")
    assert found.loc["over_timing", "se"] == pytest.approx(whole.loc["over_timing", "se"], rel=0.3)
    assert found.loc["over_timing", "se"] != whole.loc["over_timing", "se"]
    records = score_timings(as_evidence(timings=table[~cut])).records
    mine = records[(records["model"] == "A") & (records["metric"] == "efficiency")]
    assert found.loc["over_timing", "value"] == pytest.approx(
        mine.groupby("item")["score"].mean().mean()
    )


def test_what_two_models_share_cancels_in_their_difference():
    table = TIMED.timings
    copy = table[table["model"] == "A"].assign(model="C")
    found = code_noise(as_evidence(timings=pd.concat([table, copy])), k=2, model=["A", "C"])
    own, pair = part(found, "eff@2")["value"], part(found, "eff@2", "A", "C")["value"]
    assert own["var_reference"] > 0
    assert pair["over_item"] == 0
    assert pair["var_reference"] == 0
    assert pair["var_timing"] == pytest.approx(2 * own["var_timing"])


def test_another_sitting_has_references_of_its_own():
    table = TIMED.timings
    copy = table[table["model"] == "A"].assign(model="C", run="other")
    other = table[table["model"] == "reference"].assign(run="other")
    found = code_noise(as_evidence(timings=pd.concat([table, copy, other])), k=2)
    own, pair = part(found, "eff@2")["value"], part(found, "eff@2", "A", "C")["value"]
    assert pair["var_reference"] == pytest.approx(2 * own["var_reference"])


def test_pass_at_k_has_no_part_of_timing():
    rows = part(code_noise(TIMED, k=1), "pass@1")
    assert rows.loc["over_timing", "method"] == "undefined: does not depend on times"
    assert np.isnan(rows.loc["over_timing", "low"])


def test_records_without_timings_have_two_intervals():
    found = code_noise(SCORED, k=2)
    rows = part(found, "eff@2")
    assert rows.loc["over_timing", "method"] == "undefined: no repeated timings"
    assert np.isfinite(rows.loc["over_sample", "low"])
    # what is not known of timings stays with the samples
    assert rows.loc["share_problem", "value"] + rows.loc["share_sample", "value"] == (
        pytest.approx(1)
    )


def test_as_many_tries_as_answers_do_not_show_what_new_answers_would_change():
    rows = part(code_noise(TIMED, k=6), "eff@6")
    assert np.isnan(rows.loc["over_sample", "low"])
    assert rows.loc["over_sample", "method"].startswith("undefined: as many tries as answers")
    assert np.isfinite(rows.loc["over_item", "low"])
    fewer = part(code_noise(TIMED, k=5), "eff@5")
    assert "jackknife of the answers" in fewer.loc["over_sample", "method"]


def test_right_answers_everywhere_still_leave_an_interval():
    frame = pd.DataFrame(
        {"model": "A", "task": "t", "item": np.repeat(range(20), 4),
         "sample": np.tile(range(4), 20), "metric": "passed", "score": 1.0}
    )  # fmt: skip
    rows = part(code_noise(frame, k=1), "pass@1")
    assert rows.loc["over_sample", "high"] == 1
    assert 0.9 < rows.loc["over_sample", "low"] < 1


def test_too_few_answers_are_said_and_several_seeds_refused():
    found = code_noise(TIMED, k=10)
    assert part(found, "eff@10").loc["over_item", "method"].startswith("undefined: k is larger")
    assert any("best of 10: too few answers for 12 items" in said for said in found.warnings)
    records = pd.concat([SCORED.records, SCORED.records.assign(seed=1)])
    with pytest.raises(UsageError, match="A has 2 seeds, and the noise of samples is within one"):
        code_noise(records)
    with pytest.raises(NotEnoughDataError, match="there are no answers"):
        code_noise(SCORED.records.iloc[:0])


def test_the_command_prints_intervals_and_shares(tmp_path, run):
    path = tmp_path / "timings.parquet"
    TIMED.timings.to_parquet(path)
    code, out, _ = run("code-noise", path, "-k", "1,3", "--metric", "efficiency")
    assert code == 0
    lines = out.splitlines()
    assert lines[0] == "t, eff@1: 12 problems, 6 answers each"
    assert lines[3].split() == ["value", *["new", "problems", "new", "samples", "new", "timings"]]
    assert lines[6].startswith("A \u2212 B")
    assert lines[8].split()[-4:] == ["problems", "samples", "timings", "references"]
    code, _, err = run("code-noise", path, "-k", "one")
    assert code == 3
    assert "expected whole numbers" in err


def test_the_command_counts_the_answers_of_all_models_and_helps_each(tmp_path, run):
    path = tmp_path / "timings.parquet"
    table = TIMED.timings
    table[(table["model"] != "A") | (table["sample"] == 0)].to_parquet(path)
    code, out, _ = run("code-noise", path, "-k", "1", "--metric", "efficiency")
    assert code == 0
    assert out.splitlines()[0] == "t, eff@1: 12 problems, 1 to 6 answers each"
    helped = next(line for line in out.splitlines() if "would help" in line)
    # problems or answers, for A with one answer nobody can tell which
    assert "help B most" in helped
    assert " A" not in helped
    table[(table["model"] == "A") & (table["sample"] == 0) | (table["model"] == "reference")
          ].to_parquet(path)  # fmt: skip
    code, out, _ = run("code-noise", path, "-k", "1", "--metric", "efficiency")
    assert code == 0
    assert out.splitlines()[0] == "t, eff@1: 12 problems, 1 answer each"
    assert "would help" not in out


def test_a_part_that_is_not_known_says_why():
    single = SCORED.records[SCORED.records["sample"] == 0]
    rows = part(code_noise(single, k=1, metric="passed"), "pass@1")
    unknown = rows[rows["value"].isna() & rows.index.str.contains("var_|share_")]
    assert unknown.index.tolist() == ["var_problem", "var_sample", "share_problem", "share_sample"]
    assert (unknown["method"] == "undefined: the noise of answers or timings is not known").all()
    equal = single.assign(score=1.0)
    row = part(code_noise(equal, k=1, metric="passed"), "pass@1").loc["share_timing"]
    assert row["method"] == "undefined: no spread over problems"


def test_any_whole_number_is_a_number_of_tries():
    for k in (np.int64(2), [2, 2], (2,)):
        assert set(code_noise(SCORED, k=k).table["functional"]) == {"pass@2", "eff@2", "gap@2"}
    for k in (0, [1, 0], "2", 1.5, []):
        with pytest.raises(UsageError, match="k must be whole numbers of at least 1"):
            code_noise(SCORED, k=k)


def test_what_is_not_known_of_the_references_is_said():
    sentence = "without the noise of the references, which is not known"
    for data, said in ((TIMED, False), (SCORED, True)):
        method = part(code_noise(data, k=2), "eff@2").loc["over_sample", "method"]
        assert (sentence in method) == said
    method = part(code_noise(SCORED, k=2), "pass@2").loc["over_sample", "method"]
    assert sentence not in method


def test_without_any_efficiency_right_answers_are_told_and_the_gap_only_if_asked_for():
    blurred = as_evidence(timings=TIMED.timings.assign(resolution_s=100.0))
    found = code_noise(blurred, k=1)
    assert set(found.table["functional"]) == {"pass@1"}
    assert any("so that there is no gap@k" in said for said in found.warnings)
    assert any("below twice what the clock can tell" in said for said in found.warnings)
    with pytest.raises(UsageError, match="none has both scores"):
        code_noise(blurred, k=1, metric="passed - efficiency")


def test_references_that_took_no_time_now_and_then_have_no_known_noise():
    table = TIMED.timings
    first = (table["model"] == "reference") & (table["level"] == 1) & (table["repeat"] == 0)
    zero = as_evidence(timings=table.assign(seconds=table["seconds"].mask(first, 0.0)))
    found = part(code_noise(zero, k=1), "eff@1")
    assert found.loc["over_timing", "method"].endswith("or took no time now and then")
    assert "references, which is not known" in found.loc["over_sample", "method"]
    assert np.isfinite(found.loc["var_timing", "value"])


def test_another_task_changes_nothing():
    other = TIMED.timings.assign(task="u", seconds=TIMED.timings["seconds"] * 1.1)
    both = pd.concat([TIMED.timings, other], ignore_index=True)
    found = code_noise(as_evidence(timings=both), k=2).table
    alone = code_noise(TIMED, k=2).table
    found = found[found["task"] == "t"].reset_index(drop=True)
    pd.testing.assert_frame_equal(found, alone.astype(found.dtypes))


def test_the_seed_decides_the_draws_of_timings():
    one, same, other = (code_noise(TIMED, k=2, rng=rng).table for rng in (0, 0, 1))
    pd.testing.assert_frame_equal(one, same)
    parts = one["quantity"].isin(["over_item", "var_problem"])
    assert (one.loc[parts, "value"] - other.loc[parts, "value"]).abs().max() < 1e-4
    timing = (one["quantity"] == "var_timing") & one["functional"].str.startswith("eff")
    assert (one.loc[timing, "value"] != other.loc[timing, "value"]).all()
    with pytest.raises(UsageError, match="rng must be a whole number"):
        code_noise(TIMED, rng=-1)


def test_no_interval_of_one_model_leaves_what_an_efficiency_can_be():
    few = TIMED.timings[TIMED.timings["item"] == TIMED.timings["item"].iloc[0]]
    table = code_noise(as_evidence(timings=few), k=1).table
    known = table[table["against"].isna() & (table["functional"] == "eff@1")].dropna(subset="low")
    assert set(known["quantity"]) == {"over_sample", "over_timing"}
    assert (known["low"] == 0).any()
    assert (known["low"] >= 0).all()
    assert known["p_value"].isna().all()  # nobody asks whether an efficiency is 0
