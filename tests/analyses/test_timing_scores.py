"""From timings to scores: ENAMEL's rules by hand, by its own evaluator, and what cannot be."""

import numpy as np
import pandas as pd
import pytest

from evalvar.adapters import load
from evalvar.adapters.writing import write_evidence
from evalvar.analyses.code import code_metrics
from evalvar.analyses.timed import timed_tasks
from evalvar.analyses.timing_scores import score_timings, scored
from evalvar.errors import NotEnoughDataError, RecordsError, UsageError
from evalvar.evidence import as_evidence
from evalvar.stats import hodges_lehmann

CASES = {1: (0.01, 0.02), 2: (0.05, 0.10), 3: (0.40, 0.50)}  # the reference's times: E-11


def rows(factor=1.0, ends=None, *, levels=(0, 1, 2, 3), repeats=2, **columns):
    """Return the rows of one program up to the level and case at which it ends."""
    found = []
    for level in levels:
        for case, seconds in enumerate(CASES.get(level, (0.001,))):
            for repeat in range(repeats if level else 1):
                status = "ok"
                if (
                    ends is not None
                    and ends[0] == level
                    and case == len(CASES.get(level, (0,))) - 1
                ):
                    status = ends[1]
                slower = factor[level] if isinstance(factor, dict) else factor
                taken = seconds * slower if status == "ok" else np.nan
                found.append({"level": level, "case": case, "repeat": repeat, "seconds": taken,
                              "status": status})  # fmt: skip
            if status != "ok":
                return pd.DataFrame(found).assign(**columns)
    return pd.DataFrame(found).assign(**columns)


def reference(item="p", *, before=1.0, after=None, **columns):
    sittings = [rows(before, model="reference", phase="before")]
    if after is not None:
        sittings.append(rows(after, model="reference", phase="after"))
    return pd.concat(sittings).assign(item=item, **columns)


def program(*arguments, sample=0, model="A", item="p", **columns):
    return rows(*arguments, model=model, item=item, sample=sample, phase="run", **columns)


DEFAULTS = {
    **{"seed": 0, "checkpoint": 0, "prompt": "", "sample": 0, "run": ""},
    **{"level": 0, "case": 0, "repeat": 0},
}


def joined(*parts):
    """Put the rows of several programs together; what one of them does not say is the default."""
    frame = pd.concat(parts, ignore_index=True)
    return frame.fillna({name: v for name, v in DEFAULTS.items() if name in frame})


def evidence(*parts, limit_s=1.2):
    return as_evidence(timings=joined(*parts).assign(task="t", limit_s=limit_s))


def scores(*parts, alpha=2.0, hardness=(3, 3, 4), **columns):
    found = score_timings(evidence(*parts, **columns), alpha=alpha, hardness=hardness).records
    found = found.set_index(["metric", "sample"])["score"]
    return {name: found[name].to_numpy() for name in ("passed", "efficiency")}


def close(values, expected):
    np.testing.assert_allclose(values, expected, rtol=0, atol=1e-9)


def test_e11_and_e12_scores_of_whole_programs():
    found = scores(
        reference(),
        *(program(factor, sample=i) for i, factor in enumerate((1.0, 1.5, 2.0, 0.0))),
        program({0: 1, 1: 10, 2: 1, 3: 1}, sample=4),
    )
    close(found["efficiency"], [1, 0.7802721088, 0.5605442177, 1.4394557823, 0.9448979592])
    assert (found["passed"] == 1).all()


def test_e13_what_is_stopped_scores_nothing_from_there_on_and_what_is_wrong_nothing_at_all():
    ends = [
        *((3, "timeout"), (2, "timeout"), (1, "timeout"), (0, "timeout"), (2, "memory")),
        *((0, "memory"), (0, "wrong"), (3, "wrong"), (2, "crash"), (0, "crash")),
    ]
    found = scores(
        reference(), *(program(1.0, end, sample=i) for i, end in enumerate(ends)), limit_s=1.2
    )
    close(found["efficiency"], [0.6, 0.3, 0, 0, 0.3, 0, 0, 0, 0, 0])
    assert found["passed"].tolist() == [1, 1, 1, 0, 1, 0, 0, 0, 0, 0]


def test_e14_raising_alpha_is_refused_where_programs_were_stopped():
    cut = (reference(), program(1.5), program(1.0, (3, "timeout"), sample=1))
    close(scores(*cut, alpha=1.5)["efficiency"], [0.5728134879, 0.6])
    close(scores(*cut, alpha=2.4, limit_s=1.2)["efficiency"][1], 0.6)
    with pytest.raises(
        UsageError, match=r"alpha 3 puts the limit of p in task 't' at 1\.5 s, but a"
    ):
        scores(*cut, alpha=3)
    close(scores(*cut[:2], alpha=3)["efficiency"], [0.8872586873])
    with pytest.raises(UsageError, match=r"stopped at 1\.2 s, .*1 such program.* at most 2\.4\."):
        scores(*cut, alpha=2.5)
    early = (reference(), program(1.0, (0, "timeout")))
    with pytest.raises(UsageError, match="alpha 3 puts the limit"):
        scores(*early, alpha=3)
    # neither what was wrong nor what ran out of memory would have got further
    for end in ((2, "wrong"), (2, "memory")):
        assert scores(reference(), program(1.0, end), alpha=3)["efficiency"].size == 1


def test_slower_than_the_limit_is_as_good_as_stopped():
    found = scores(reference(), program({0: 1, 1: 1, 2: 10.1, 3: 1}))
    close(found["efficiency"], [0.3])
    # a run that was ended there by whoever timed it has no later rows
    cut = program({0: 1, 1: 1, 2: 10.1, 3: 1})
    close(scores(reference(), cut[cut["level"] < 3])["efficiency"], [0.3])
    assert found["passed"].tolist() == [1]


def test_the_time_of_level_0_does_not_count():
    close(scores(reference(), program({0: 1e6, 1: 1, 2: 1, 3: 1}))["efficiency"], [1])


def test_one_stopped_repeat_of_six_hardly_counts_and_two_do():
    slow = rows(1.0, repeats=6, model="A", item="p", phase="run")
    last = (slow["level"] == 3) & (slow["case"] == 1)
    six = rows(1.0, repeats=6, model="reference", item="p", phase="before")
    for stopped, expected in ((1, 1.0), (2, 0.6)):
        hit = last & (slow["repeat"] >= 6 - stopped)
        cut = slow.assign(
            status=np.where(hit, "timeout", "ok"), seconds=slow["seconds"].mask(hit), sample=stopped
        )
        close(scores(six, cut)["efficiency"], [expected])
        # repeats that were not run after one that was stopped count as it does
        ended = cut[~(last & (cut["repeat"] > 1))].assign(status="ok")
        ended.loc[last & (ended["repeat"] == 1), ["status", "seconds"]] = ["timeout", np.nan]
        close(scores(six, ended)["efficiency"], [0.6])


def test_a_repeat_that_was_stopped_holds_back_alpha_too():
    part = pd.concat([program(1.5, repeats=6)])
    part["limit_s"] = 1.0
    slowest = (part["level"] == 3) & (part["case"] == 1) & (part["repeat"] == 5)
    part.loc[slowest, ["status", "seconds"]] = ["timeout", np.nan]
    timed = evidence(reference(), part)
    found = score_timings(timed)
    assert found.warnings == (
        "t: 1 program stopped on some repeats only, which count as endless: their efficiency is "
        "the least it can be.",
    )
    assert found.records["score"].min() > 0
    with pytest.raises(UsageError, match="Use an alpha of at most 2"):
        score_timings(timed, alpha=2.5)


def test_a_limit_that_is_not_told_is_said():
    stopped = program(1.0, (3, "timeout"))
    said = "t: 1 program stopped after a time that is not told (no limit_s), and taken to be past"
    for alpha in (2.0, 30.0):
        timed = evidence(reference(), stopped, limit_s=np.nan)
        assert said in " ".join(score_timings(timed, alpha=alpha).warnings)
    told = score_timings(evidence(reference(), stopped))
    assert not any("not told" in warning for warning in told.warnings)


def test_a_hole_has_no_score_and_is_counted():
    hole = pd.DataFrame(
        {"model": ["A"], "item": "p", "sample": 7, "status": "missing", "phase": "run"}
    )
    found = score_timings(evidence(reference(), program(1.0), hole.assign(seconds=np.nan)))
    lost = found.records[found.records["sample"] == 7]
    assert lost["score"].isna().tolist() == [True, True]
    assert lost["answer.status"].tolist() == ["missing", "missing"]
    assert "t: 1 of 2 programs missing, without a score." in found.warnings


def test_a_program_that_was_not_timed_to_the_end_has_no_score():
    half = program(1.0, sample=1)
    found = score_timings(evidence(reference(), program(1.0), half[half["level"] < 3]))
    assert found.records.groupby("sample")["score"].sum(min_count=1).isna().tolist() == [
        False,
        True,
    ]
    assert found.warnings == (
        "t: 1 of 2 programs not timed to the end, without a score. Let the run go on.",
    )


@pytest.mark.parametrize(
    ("own", "said"),
    [
        (reference("q").iloc[:-4], "has no times of the reference at every level"),
        (reference("q", before=0.0), "has a reference that took no time, and so no limit"),
        (reference("q", resolution_s=2.1), "has a limit below twice what the clock can tell"),
        (
            rows(1.0, (3, "timeout"), model="reference", item="q", phase="before"),
            "has a reference that did not end in time, and so no limit",
        ),
    ],
)
def test_e26_problems_without_a_limit_are_right_or_wrong_and_not_scored(own, said):
    found = score_timings(evidence(reference(), own, program(1.0), program(1.0, item="q")))
    table = found.records.set_index(["item", "metric"])["score"]
    assert table["q", "passed"] == 1
    assert np.isnan(table["q", "efficiency"])
    assert table["p", "efficiency"] == pytest.approx(1)
    (told,) = (warning for warning in found.warnings if "is not scored" in warning)
    sentence = f"t: 1 of 2 problems {said}: its efficiency is not scored (q)."
    busy = " Calls there are short, or the machine was busy: time these again on an idle one."
    assert told == sentence + busy * ("the clock" in said)


@pytest.mark.parametrize("lost", ["missing", None])
def test_only_holes_count_as_wrong_and_not_what_cannot_be_scored(lost):
    blurred = reference("q", resolution_s=2.1)
    other = program(1.0, item="q", sample=1)
    if lost:
        other = other.iloc[:1].assign(status=lost, seconds=np.nan)
    half = program(1.0, sample=1)
    timed = evidence(
        reference(), blurred, program(1.0), half[half["level"] < 3], program(1.0, item="q"), other
    )
    table = code_metrics(timed, k=1, missing="wrong").table.set_index("quantity")
    # of q nothing is efficient or not, and the half of p neither right nor wrong
    close(table["value"][["eff@1", "gap@1"]], [1, 0])
    assert table["value"]["pass@1"] == (0.75 if lost else 1.0)
    assert (table["n"]["eff@1"], table["n"]["pass@1"]) == (1, 2)
    assert "not counted as wrong, but left out: 4 answers that cannot be scored." in " ".join(
        code_metrics(timed, k=1, missing="wrong").warnings
    )


def test_e27_the_drift_of_the_references_is_told_and_both_sides_count():
    found = score_timings(evidence(reference(after=1.1), program(1.05)))
    assert found.warnings == (
        "t: after the programs the references took 1.1 times as long as before.",
    )
    other = (reference("q", after=1.3), program(1.0, item="q"))
    again = [part.assign(run="again") for part in (reference(after=1.2), program(1.05))]
    for more, over in ((other, "2 problems, from 1.1 to 1.3"),
                       (again, "the sittings of 1 problem, from 1.1 to 1.2")):  # fmt: skip
        said = score_timings(evidence(reference(after=1.1), program(1.05), *more)).warnings
        assert any(f"as long as before (median over {over})." in one for one in said)
    # the middle of 1, 1, 1.1 and 1.1 times the reference
    close(found.records.set_index("metric")["score"]["efficiency"], 1)


def test_a_program_is_scored_against_the_references_of_its_own_sitting():
    slow = [
        part.assign(run="slow", seconds=3 * part["seconds"])
        for part in (reference(), program(1.5, model="B"))
    ]
    found = score_timings(evidence(reference(), program(1.5), *slow, limit_s=9.0)).records
    found = found[found["metric"] == "efficiency"]
    close(found["score"], [0.7802721088] * 2)


def test_sittings_of_one_program_are_averaged_and_all_of_them_must_be_right():
    again = [part.assign(run="again") for part in (reference(), program(2.0))]
    found = score_timings(evidence(reference(), program(1.0), *again))
    table = found.records.set_index("metric")
    close(table["score"][["passed", "efficiency"]], [1, (1 + 0.5605442177) / 2])
    assert "t: 1 program timed in more than one sitting" in found.warnings[0]
    wrong = [part.assign(run="again") for part in (reference(), program(1.0, (3, "wrong")))]
    table = score_timings(evidence(reference(), program(1.0), *wrong)).records.set_index("metric")
    assert table["score"].tolist() == [0, 0]
    assert table["answer.status"].tolist() == ["wrong", "wrong"]


def test_rows_are_conserved_over_models_tasks_seeds_and_prompts():
    axes = dict(
        model=["A", "B"], task=["s", "t"], seed=(0, 1), checkpoint=(5, 6), prompt=("x", "y")
    )
    grid = pd.MultiIndex.from_product(axes.values(), names=axes).to_frame(index=False)
    timed = program(1.5).drop(columns=["model"]).merge(grid, how="cross")
    timed["item.tag"] = "dp"
    refs = [reference().assign(task=task, **{"item.tag": "dp"}) for task in "st"]
    frame = joined(*refs, timed).sample(frac=1, random_state=0)
    found = score_timings(as_evidence(timings=frame)).records
    assert len(found) == 2 * len(grid)
    assert set(found["item.tag"]) == {"dp"}
    assert set(found["answer.status"]) == {"ok"}
    close(found.loc[found["metric"] == "efficiency", "score"], 0.7802721088)
    by = ["model", "task", "seed", "checkpoint", "prompt", "sample", "metric"]
    assert not found.duplicated(by).any()


def noisy(seed=0, programs=30, items=4):
    rng = np.random.default_rng(seed)
    parts = []
    for item in map(str, range(items)):
        parts += [reference(item, before=1.0, after=1.02)]
        for sample in range(programs):
            end = (
                None
                if rng.random() < 0.7
                else (int(rng.integers(4)), rng.choice(["wrong", "timeout"]))
            )
            parts.append(rows(rng.lognormal(0.2, 0.3), end, repeats=6, model="A", item=item,
                              sample=sample, phase="run"))  # fmt: skip
    frame = joined(*parts).assign(task="t", limit_s=1.2)
    frame["seconds"] *= 1 + 0.05 * rng.random(len(frame))
    # what takes longer than the limit of whoever timed it was stopped
    late = frame["seconds"] > frame["limit_s"]
    return frame.assign(
        seconds=frame["seconds"].mask(late), status=frame["status"].mask(late, "timeout")
    )


def test_e25_stored_timings_give_the_same_scores_to_the_last_bit(tmp_path):
    frame = noisy()
    key = ["item", "sample", "metric"]

    def again(table):
        return scores_of(table)["score"].to_numpy().tobytes()

    def scores_of(table):
        found = score_timings(as_evidence(timings=table)).records
        return found.astype({"item": str, "metric": str}).sort_values(key)

    first = again(frame)
    assert again(frame) == first
    assert again(frame.sample(frac=1, random_state=1)) == first
    frame.to_parquet(tmp_path / "timings.parquet")
    assert again(pd.read_parquet(tmp_path / "timings.parquet")) == first
    as_evidence(timings=frame).timings.to_parquet(tmp_path / "again.parquet")
    assert again(pd.read_parquet(tmp_path / "again.parquet")) == first
    for name in ("written.csv", "written.jsonl", "written.parquet"):
        write_evidence(as_evidence(timings=frame), tmp_path / name)
        assert again(load(tmp_path / name).timings) == first
    frame.to_csv(tmp_path / "timings.csv", index=False)
    assert again(pd.read_csv(tmp_path / "timings.csv")) == first
    # and one program by itself scores as among others
    alone = frame[(frame["model"] == "reference") | (frame["sample"] == 3)]
    few, every = (found[found["sample"] == 3] for found in map(scores_of, (alone, frame)))
    assert few["score"].to_numpy().tobytes() == every["score"].to_numpy().tobytes()


def official(enamel, frame, item):
    """Score programs by ENAMEL's loop over its own functions, no tolerance between."""
    mine = frame[frame["item"] == item]
    own = mine[(mine["model"] == "reference") & (mine["level"] > 0)]
    ref = own.groupby(["level", "case"])["seconds"].apply(enamel.calc_exec_time)
    worst = ref.groupby("level").max()
    limit = 2.0 * worst.max()
    found = {}
    for sample, table in mine[mine["model"] == "A"].groupby("sample"):
        effs, passed, going = [0.0] * 4, True, True
        for (level, case), part in table.groupby(["level", "case"]):
            if not going:
                break
            if (part["status"] == "wrong").any():
                effs, passed, going = [0.0] * 4, False, False
            elif (part["status"] == "timeout").any():
                going, passed = False, level > 0
                effs[level:] = [0.0] * (4 - level)
            elif level:
                elapsed = enamel.calc_exec_time(part["seconds"])
                eff = enamel.calc_eff(elapsed, worst[level], limit)
                effs[level] = eff if case == 0 else min(effs[level], eff)
                going = elapsed <= limit
                effs[level] = effs[level] if going else 0.0
        found[sample] = (float(passed), np.average(effs, weights=(0, 3, 3, 4)))
    return found


def test_scores_are_those_of_enamel():
    enamel = pytest.importorskip("enam.evaluate", reason="ENAMEL's package is not installed")
    frame = noisy(seed=5)
    found = score_timings(as_evidence(timings=frame)).records
    wide = found.pivot(index=["item", "sample"], columns="metric", values="score")
    for item in map(str, range(4)):
        for sample, (passed, efficiency) in official(enamel, frame, item).items():
            mine = wide.loc[(item, sample)]
            assert mine["passed"] == passed
            assert mine["efficiency"] == pytest.approx(efficiency, abs=1e-12)
    assert 0 < wide["passed"].mean() < 1


def test_the_arrays_between_are_the_slowest_cases():
    frame = noisy(seed=2)
    (timed,) = timed_tasks(as_evidence(timings=frame))
    assert timed.levels == (1, 2, 3)
    assert timed.times.shape == (120, 3)
    row = int(np.flatnonzero(timed.programs["status"] == "ok")[0])
    mine = frame[(frame["item"] == timed.programs["item"][row]) & (frame["model"] == "A")]
    mine = mine[(mine["sample"] == timed.programs["sample"][row]) & (mine["level"] == 2)]
    by_case = mine.groupby("case")["seconds"].apply(lambda s: float(hodges_lehmann(s.to_numpy())))
    assert timed.times[row, 1] == by_case.max()
    assert scored(timed).limit.shape == (4,)


def test_a_case_that_went_well_has_a_time():
    bad = program(1.0)
    bad.loc[0, "seconds"] = np.nan
    with pytest.raises(RecordsError, match=r"1 row of status ok without seconds .* first model A"):
        score_timings(evidence(reference(), bad))


def test_weights_must_be_one_a_level():
    with pytest.raises(
        UsageError, match=r"hardness has 2 weights, .* at 3 levels above 0 \(1, 2, 3"
    ):
        score_timings(evidence(reference(), program(1.0)), hardness=(1, 1))


def test_no_timings_and_no_programs_are_said():
    with pytest.raises(NotEnoughDataError, match="there are no timings to score"):
        score_timings(pd.DataFrame())
    with pytest.raises(NotEnoughDataError, match="only references were timed"):
        score_timings(evidence(reference()))


def test_other_records_stay():
    other = pd.DataFrame({"model": ["A"], "task": "u", "item": "1", "score": [1.0]})
    both = as_evidence(other, timings=evidence(reference(), program(1.0)).timings)
    found = score_timings(both)
    assert found.records["task"].astype(str).value_counts().to_dict() == {"t": 2, "u": 1}
    assert not len(found.timings)


def test_ten_thousand_programs_are_scored_with_intervals_in_seconds():
    import time

    rng = np.random.default_rng(0)
    levels, cases, repeats = (index.ravel() for index in np.indices((3, 4, 6)))
    many, per = 10_100, levels.size  # 100 problems: a reference and 100 programs each
    slow = np.where(np.arange(many) < 100, 1.0, rng.lognormal(0.3, 0.4, many))
    seconds = slow[:, None] * (levels + 1) * (1 + 0.02 * rng.exponential(size=(many, per)))
    model = np.where(np.arange(many) < 100, "reference", "A")
    frame = pd.DataFrame(
        {
            "model": pd.Categorical(np.repeat(model, per)), "task": "t",
            "item": np.repeat(np.arange(many) % 100, per),
            "sample": np.repeat(np.maximum(np.arange(many) // 100 - 1, 0), per),
            "level": np.tile(levels + 1, many), "case": np.tile(cases, many),
            "repeat": np.tile(repeats, many), "seconds": seconds.ravel(), "status": "ok",
        }
    )  # fmt: skip
    evidence_of_many = as_evidence(timings=frame)
    start = time.process_time()
    result = code_metrics(evidence_of_many, k=[1, 10, 100])
    assert time.process_time() - start < 5
    assert result.table["low"].notna().all()
