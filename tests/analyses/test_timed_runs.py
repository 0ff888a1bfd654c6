"""How programs ended, where they lose time, and what problems and the clock allow."""

import numpy as np
import pandas as pd
import pytest

from evalvar.analyses.code import code_metrics
from evalvar.analyses.overview import overview
from evalvar.analyses.timed_runs import ENDS, timed_runs
from evalvar.analyses.timing_scores import score_timings
from evalvar.errors import NotEnoughDataError
from evalvar.evidence import as_evidence
from tests.report import timing_samples


def row(model, item, level, case, seconds, status="ok", phase="run", sample=0, **more):
    return {
        "model": model, "task": "t", "item": item, "level": level, "case": case, "repeat": 0,
        "checkpoint": 0,
        "seconds": seconds, "status": status, "phase": phase, "sample": sample, "limit_s": 2.0,
        **more,
    }  # fmt: skip


def reference(item="p", after=1.0):
    """Levels of 0.1, 0.5 and 1 second: the limit is 2 where both phases take as long."""
    return [
        row("reference", item, level, 0, seconds * factor, phase=phase)
        for phase, factor in (("before", 1.0), ("after", after))
        for level, seconds in enumerate((0.01, 0.1, 0.5, 1.0))
    ]


def program(*seconds, item="p", model="m", sample=0, **more):
    """Give a right program that takes so long at levels 1, 2 and 3; None where it was stopped."""
    rows = [row(model, item, 0, 0, 0.01, sample=sample, **more)]
    for level, s in enumerate(seconds, start=1):
        status = "timeout" if s is None else "ok"
        rows.append(row(model, item, level, 0, s, status, sample=sample, **more))
    return rows


def bad(status, item="p", model="m", sample=0, level=0):
    return [row(model, item, level, 0, np.nan, status, sample=sample)]


def values(rows, **options):
    """Return the values by (model, item, quantity)."""
    table = timed_runs(pd.DataFrame(rows), **options).table
    keys = zip(*(table[name].fillna("") for name in ("model", "item", "quantity")), strict=True)
    return dict(zip(keys, table["value"], strict=True))


@pytest.fixture(scope="module")
def made():
    evidence = timing_samples.evidence()
    return evidence, timed_runs(evidence)


def test_every_program_ends_in_one_way(made):
    table = made[1].table
    whole = table[table["item"].isna() & table["model"].notna()]
    for _, mine in whole.groupby("model"):
        of = dict(zip(mine["quantity"], mine["value"], strict=True))
        assert of["programs"] == 80
        assert sum(of[name] for name in ("ok", "late", *ENDS)) == of["programs"]
        for name in ("late", "wrong", "crash"):
            assert sum(v for q, v in of.items() if q.startswith(f"{name}@")) == of[name]


def test_how_programs_ended_by_hand():
    rows = [
        *reference(),
        *program(0.1, 0.5, 1.0, sample=0),
        *program(0.1, None, sample=1),
        *program(0.1, 0.5, 2.5, sample=2),  # ran to its end, and past the limit all the same
        *[row("m", "p", 0, 0, 0.01, sample=3), row("m", "p", 1, 0, np.nan, "wrong", sample=3)],
        *bad("crash", sample=4),
        *bad("timeout", sample=5),
        *bad("memory", sample=6),
        *bad("missing", sample=7),
        *program(0.1, sample=8),
    ]
    found = values(rows)
    ends = {name: found["m", "", name] for name in ("programs", "ok", "late", *ENDS)}
    assert ends == {
        "programs": 9, "ok": 1, "late": 2, "wrong": 1, "crash": 1, "timeout": 1, "memory": 1,
        "missing": 1, "unfinished": 1,
    }  # fmt: skip
    assert [found["m", "", f"late@{level}"] for level in (1, 2, 3)] == [0, 1, 1]
    assert [found["m", "", f"wrong@{level}"] for level in (0, 1)] == [0, 1]


def test_levels_weighed_by_hardness_are_eff_at_1(made):
    evidence, result = made
    metrics = code_metrics(score_timings(evidence), k=1).table
    for model in ("coder-a", "coder-b", "coder-c"):
        mine = result.table[(result.table["model"] == model) & result.table["item"].isna()]
        of = dict(zip(mine["quantity"], mine["value"], strict=True))
        told = metrics[(metrics["model"] == model) & (metrics["quantity"] == "eff@1")]["value"]
        weighed = np.dot([of[f"efficiency@{level}"] for level in (1, 2, 3)], (0.3, 0.3, 0.4))
        assert weighed == pytest.approx(told.item(), abs=1e-12)
        assert of["efficiency"] == pytest.approx(told.item(), abs=1e-12)
        passed = metrics[(metrics["model"] == model) & (metrics["quantity"] == "pass@1")]["value"]
        assert of["pass_rate"] == pytest.approx(passed.item(), abs=1e-12)


def test_time_past_the_limit_has_no_quantile_and_is_counted():
    rows = [*reference(), *reference("q")]
    for sample, slowest in enumerate((0.5, 1.0, 1.5, None)):
        rows += program(0.1, 0.2, slowest, sample=sample)
    rows += program(0.1, 0.2, 1.0, item="q")
    found = values(rows)
    assert found["m", "", "past_limit"] == pytest.approx(1 / 5)
    assert found["m", "", "time_q05"] == pytest.approx(0.25)
    assert found["m", "", "time_q50"] == pytest.approx(0.5)
    assert np.isnan(found["m", "", "time_q95"])


def test_what_levels_can_tell_by_hand():
    found = values([*reference(), *program(0.1, 0.5, 1.0)])
    shares = [found["", "", f"reference_share@{level}"] for level in (1, 2, 3)]
    assert shares == pytest.approx([0.1, 0.5, 1.0])


def test_drift_by_hand():
    rows = [*reference(after=1.2), *reference("q"), *program(0.1, 0.5, 1.0)]
    rows += program(0.1, 0.5, 1.0, item="q")
    found = values(rows)
    assert found["", "p", "drift"] == pytest.approx(1.2)
    assert found["", "", "drift"] == pytest.approx(1.1)
    assert found["", "", "drifted"] == 1


def test_references_timed_once_have_no_drift():
    rows = [r for r in reference() if r["phase"] == "before"] + program(0.1, 0.5, 1.0)
    found = values(rows)
    assert np.isnan(found["", "p", "drift"])
    assert np.isnan(found["", "", "drift"])
    assert found["", "p", "limit"] == 2.0


def test_a_problem_under_the_clock_is_named_with_its_reason():
    rows = [r | {"resolution_s": 5.0} for r in reference()] + program(0.1, 0.5, 1.0)
    table = timed_runs(pd.DataFrame([*rows, *reference("q"), *program(0.1, 0.5, 1.0, item="q")]))
    lost = table.quantity("limit").set_index("item")
    assert np.isnan(lost.loc["p", "value"])
    assert "clock" in lost.loc["p", "reason"]
    assert lost.loc["q", "reason"] is None
    unscored = table.quantity("unscored_problems")["value"]
    assert unscored.item() == 1
    right = table.quantity("pass_rate")
    assert (right["value"] == 1).all()


def test_missing_programs_leave_the_mean_or_count_as_wrong():
    rows = [*reference(), *program(0.1, 0.5, 1.0), *bad("missing", sample=1)]
    assert values(rows)["m", "p", "pass_rate"] == 1.0
    assert values(rows)["m", "p", "efficiency"] == pytest.approx(1.0)
    found = values(rows, missing="wrong")
    assert found["m", "p", "pass_rate"] == 0.5
    assert found["m", "p", "efficiency"] == pytest.approx(0.5)


def test_each_model_is_read_at_its_last_checkpoint():
    rows = [
        *reference(),
        *program(0.1, 0.5, None, checkpoint=1),
        *program(0.1, 0.5, 1.0, checkpoint=2),
    ]
    assert values(rows)["m", "", "programs"] == 1
    assert values(rows)["m", "", "late"] == 0
    assert values(rows, checkpoint=1)["m", "", "late"] == 1


def test_a_problem_that_one_model_did_not_try_is_empty_for_it():
    rows = [
        *reference(),
        *reference("q"),
        *program(0.1, 0.5, 1.0),
        *program(0.1, 0.5, 1.0, item="q"),
    ]
    rows += program(0.1, 0.5, 1.0, model="other")
    found = values(rows)
    assert found["m", "q", "pass_rate"] == 1
    assert np.isnan(found["other", "q", "pass_rate"])
    assert found["", "q", "pass_rate"] == 1


def test_a_program_timed_in_two_sittings_is_one_program():
    rows = [r | {"run": run} for run in "ab" for r in (*reference(), *program(0.1, 0.5, 1.0))]
    found = values(rows)
    assert (found["m", "", "programs"], found["m", "", "ok"]) == (1, 1)
    assert found["", "", "problems"] == 1
    assert found["", "p", "limit"] == 2.0


def test_a_program_that_is_wrong_in_one_sitting_is_wrong():
    one = [r | {"run": "a"} for r in (*reference(), *program(0.1, 0.5, 1.0))]
    other = [r | {"run": "b"} for r in (*reference(), *program(0.1, 0.5, 1.0))]
    other[-1] |= {"status": "wrong"}
    found = values(one + other)
    assert (found["m", "", "programs"], found["m", "", "wrong"], found["m", "", "ok"]) == (1, 1, 0)
    assert (found["m", "", "pass_rate"], found["m", "", "efficiency"]) == (0, 0)
    assert np.isnan(found["m", "", "time_q50"])


def test_references_alone_are_refused():
    with pytest.raises(NotEnoughDataError, match=r"no program was timed\. Time programs with"):
        timed_runs(pd.DataFrame(reference()))


def test_settings_and_sources_go_along():
    sources = pd.DataFrame({"path": ["timings.parquet"], "sha256": ["0"], "rows": [1]})
    rows = pd.DataFrame([*reference(), *program(0.1, 0.5, 1.0)])
    result = timed_runs(as_evidence(timings=rows, sources=sources), alpha=1.5)
    assert result.settings["alpha"] == 1.5
    assert result.settings["hardness"] == [3.0, 3.0, 4.0]
    assert result.sources["path"].tolist() == ["timings.parquet"]
    assert result.keys == ("model", "task", "item")
    assert not result.table.duplicated([*result.keys, "quantity"]).any()


def test_the_machine_is_named():
    rows = [r | {"machine": "a processor"} for r in (*reference(), *program(0.1, 0.5, 1.0))]
    table = timed_runs(pd.DataFrame(rows)).quantity("problems")
    assert table["machine"].tolist() == ["a processor"]
    bare = timed_runs(pd.DataFrame([*reference(), *program(0.1, 0.5, 1.0)]))
    assert bare.quantity("problems")["machine"].tolist() == [None]


def test_the_overview_says_of_timings_what_they_can_tell():
    names = [result.name for result in overview(timing_samples.evidence())]
    assert names == [
        "summary", "timed_runs", "code_noise", "code_by_tag", "runtimes",
        "efficiency_sensitivity", "variance_components", "leaderboard", "compare", "plan",
        "code_metrics", "coverage",
    ]  # fmt: skip


def test_the_overview_compares_run_times_of_many_models_with_the_most_efficient():
    models = {f"m{i}": (0.9, 0.9 - 0.1 * i, 2.0) for i in range(6)}
    made = timing_samples.evidence(models=models, problems=5, samples=6)
    (found,) = (result for result in overview(made) if result.name == "runtimes")
    assert found.table["item"].isna().all()
    pairs = set(zip(found.table["a"], found.table["b"], strict=True))
    assert len(pairs) == 5
    assert len({a for a, _ in pairs}) == 1


def test_timings_that_cannot_be_scored_leave_the_rest_of_the_page():
    rows = pd.DataFrame([r for r in (*reference(), *program(0.1, 0.5, 1.0)) if r["level"] < 3])
    other = pd.DataFrame({"model": "m", "task": "u", "item": list("abc"), "score": [0, 1, 1]})
    results = overview(as_evidence(other, timings=rows))
    assert "timed_runs" not in [result.name for result in results]
    assert results[0].table["task"].tolist() == ["u"]
    assert any("hardness has 3 weights" in sentence for sentence in results[0].warnings)


def test_one_command_makes_the_page_of_timings_beside_other_dumps(run, tmp_path):
    timing_samples.timings(problems=4, samples=4).to_parquet(tmp_path / "timings.parquet")
    (tmp_path / "other.csv").write_text(
        "model,task,item,score\nA,quiz,1,1\nA,quiz,2,0\nA,quiz,3,1\n"
    )
    page = tmp_path / "page.html"
    code, _, _ = run("report", tmp_path / "timings.parquet", "-o", page)
    assert code == 0
    assert "How efficient the programs are" in page.read_text()
    code, _, _ = run("report", tmp_path / "timings.parquet", tmp_path / "other.csv", "-o", page)
    assert code == 0
    text = page.read_text()
    assert "How efficient the programs are" in text
    assert "quiz" in text
