"""Run times of two models' right programs, stopped ones included."""

import numpy as np
import pandas as pd
import pytest

from evalvar.analyses.runtimes import runtimes
from evalvar.analyses.timing_scores import score_timings
from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.evidence import as_evidence
from evalvar.stats import hodges_lehmann, ratio_of_means
from evalvar.stats.restricted_mean import restricted_mean_ratio
from evalvar.stats.survival import log_rank
from tests.analyses.made_timings import timings

TABLE = timings(np.random.default_rng(1), {"A": 1.0, "B": 1.3}, samples=8)
TIMED = as_evidence(timings=TABLE)


def slowest(model, item):
    """Give the slowest case of each right program beside the reference's, cut at 2."""
    mine = TABLE[TABLE["item"] == str(item)]
    ref = mine[(mine["model"] == "reference")].groupby(["level", "case"])["seconds"]
    unit = max(float(hodges_lehmann(times.to_numpy())) for _, times in ref)
    found = []
    for _, program in mine[mine["model"] == model].groupby("sample"):
        if (program["status"] == "wrong").any():
            continue
        cases = program[program["level"] > 0].groupby(["level", "case"])["seconds"]
        times = [float(hodges_lehmann(t.fillna(np.inf).to_numpy())) for _, t in cases]
        found.append(min(max(times) / unit, 2.0))
    return np.array(found)


def row(result, quantity, item=None):
    table = result.table
    where = table["item"].isna() if item is None else table["item"] == str(item)
    return table[where & (table["quantity"] == quantity)].iloc[0]


def test_a_problem_is_compared_by_its_restricted_means_and_the_log_rank_test():
    result = runtimes(TIMED, "A", "B")
    for item in (0, 5):
        x, y = slowest("A", item), slowest("B", item)
        ratio = restricted_mean_ratio(x, x < 2, y, y < 2, limit=2)
        got = row(result, "rmst_ratio", item)
        assert (got["value"], got["low"], got["high"]) == pytest.approx(
            (ratio.value, ratio.low, ratio.high)
        )
        assert (got["programs_a"], got["stopped_b"]) == (x.size, (y >= 2).sum())
        test = log_rank(np.r_[x, y], np.r_[x, y] < 2, np.arange(x.size + y.size) < x.size)
        assert row(result, "log_rank", item)["p_value"] == pytest.approx(test.p_value)


def test_over_problems_it_is_the_ratio_of_means_and_ranks_are_stratified():
    result = runtimes(TIMED)
    pairs = [(slowest("A", item), slowest("B", item)) for item in range(12)]
    solved = [(x, y) for x, y in pairs if x.size and y.size]
    expected = ratio_of_means([x.mean() for x, _ in solved], [y.mean() for _, y in solved])
    got = row(result, "rmst_ratio")
    assert (got["value"], got["low"], got["high"]) == pytest.approx(
        (expected.value, expected.low, expected.high)
    )
    assert got["value"] == pytest.approx(got["rmst_a"] / got["rmst_b"])
    assert (got["n"], got["unit"], got["problems"]) == (len(solved), "item", len(solved))
    times = np.concatenate([np.concatenate(pair) for pair in solved])
    in_a = np.concatenate([np.repeat([True, False], [x.size, y.size]) for x, y in solved])
    strata = np.repeat(range(len(solved)), [x.size + y.size for x, y in solved])
    test = log_rank(times, times < 2, in_a, strata=strata)
    assert row(result, "log_rank")["value"] == pytest.approx(test.statistic)


def test_the_other_way_round_it_is_the_inverse():
    there, back = (
        row(runtimes(TIMED, "A", "B"), "rmst_ratio"),
        row(runtimes(TIMED, "B", "A"), "rmst_ratio"),
    )
    assert (back["value"], back["low"], back["high"]) == pytest.approx(
        (1 / there["value"], 1 / there["high"], 1 / there["low"])
    )
    assert (back["wrong_a"], back["rmst_b"]) == (there["wrong_b"], there["rmst_a"])


def test_p_values_of_problems_are_adjusted_for_how_many_there_are():
    table = runtimes(TIMED).table
    tests = table[(table["quantity"] == "log_rank") & table["item"].notna()]
    p = tests["p_value"].to_numpy()
    assert tests["p_holm"].min() == pytest.approx(min(p.min() * p.size, 1))
    assert (tests["p_holm"] >= p).all()
    assert table.loc[table["item"].isna(), "p_holm"].isna().all()


def test_models_of_one_law_are_alike_whether_they_have_one_program_or_many():
    hits, sets, logs = 0, 12, []
    for seed in range(sets):
        made = timings(np.random.default_rng(seed), {"A": 1.6, "B": 1.6}, items=30, samples=8,
                       repeats=2, cases=1, right=1.0)  # fmt: skip
        few = made[(made["model"] != "A") | (made["sample"] == 0)]
        got = row(runtimes(as_evidence(timings=few)), "rmst_ratio")
        assert (got["programs_a"], got["programs_b"]) == (30, 240)
        hits += got["low"] <= 1 <= got["high"]
        logs.append(np.log(got["value"]))
    assert hits >= 10
    assert abs(np.mean(logs)) < 3 * np.std(logs) / np.sqrt(sets)


def test_a_program_timed_twice_is_one_program():
    again = pd.concat([TABLE.assign(run="first"), TABLE.assign(run="second")])
    twice, once = (runtimes(as_evidence(timings=t)).table for t in (again, TABLE))
    pd.testing.assert_frame_equal(twice, once)


def test_what_is_slower_than_the_limit_and_what_was_stopped_are_alike():
    killed = TABLE["status"] == "timeout"
    slow = TABLE.assign(
        seconds=TABLE["seconds"].where(~killed, 10 * TABLE["limit_s"]),
        status=TABLE["status"].where(~killed, "ok"),
    )
    one, other = (runtimes(as_evidence(timings=table)).table for table in (TABLE, slow))
    pd.testing.assert_frame_equal(one, other)


def test_programs_are_conserved():
    result = runtimes(TIMED)
    for model, side in (("A", "a"), ("B", "b")):
        items = result.table[result.table["quantity"] == "rmst_ratio"]
        solved = items[items["item"].notna()]
        counted = solved[f"programs_{side}"].sum()
        assert counted <= row(result, "rmst_ratio")[f"programs_{side}"]
        records = score_timings(TIMED).records
        mine = records[(records["model"] == model) & (records["metric"] == "passed")]
        assert row(result, "rmst_ratio")[f"wrong_{side}"] == (mine["score"] == 0).sum()
    assert "wrong ones are left out, and counted" in result.warnings[-1]


def test_right_programs_of_problems_that_one_model_solves_are_counted():
    lost = (TABLE["model"] == "B") & (TABLE["item"].isin(["3", "7"]))
    few = TABLE[~lost | (TABLE["level"] == 0)]
    few = few.assign(status=few["status"].where(~lost, "wrong"))
    result = runtimes(as_evidence(timings=few))
    n = slowest("A", 3).size + slowest("A", 7).size
    said = (
        f"t, A and B: left out {n} right programs of A, of problems that the other does not solve."
    )
    assert said in result.warnings
    assert row(result, "rmst_ratio")["problems"] == 10


def test_what_is_missing_is_not_wrong():
    first = TABLE[(TABLE["model"] == "A") & (TABLE["item"] == "2")].iloc[:1]
    hole = first.assign(sample=99, level=0, case=0, repeat=0, seconds=np.nan, status="missing")
    result = runtimes(as_evidence(timings=pd.concat([TABLE, hole])))
    for item in (None, 2):
        assert (
            row(result, "rmst_ratio", item)["wrong_a"]
            == (row(runtimes(TIMED), "rmst_ratio", item)["wrong_a"])
        )


def test_levels_have_rows_of_their_own():
    found = set(runtimes(TIMED).table["quantity"])
    assert {"rmst_ratio@1", "log_rank@3", "rmst_ratio"} <= found


def test_sittings_that_differ_are_said():
    other = TABLE[TABLE["model"] != "A"].assign(run="later")
    slower = other.assign(seconds=1.5 * other["seconds"], limit_s=1.5 * other["limit_s"])
    both = pd.concat([TABLE[TABLE["model"] != "B"], slower])
    result = runtimes(as_evidence(timings=both))
    assert any(
        said.startswith("t: in sitting 'later' the references took 1.5 times as long as in ''")
        for said in result.warnings
    )
    assert row(result, "rmst_ratio")["value"] == pytest.approx(
        row(runtimes(TIMED), "rmst_ratio")["value"]
    )


def test_bad_input_is_refused():
    with pytest.raises(UsageError, match="no model 'C' in the data"):
        runtimes(TIMED, "A", "C")
    with pytest.raises(UsageError, match="a and b are both 'A'"):
        runtimes(TIMED, "A", "A")
    with pytest.raises(NotEnoughDataError, match="nothing to compare: 1 model with times"):
        runtimes(TIMED, model="A")
    with pytest.raises(NotEnoughDataError, match="there are no timings"):
        runtimes(score_timings(TIMED))
    with pytest.raises(UsageError, match="Use an alpha of at most"):
        runtimes(TIMED, alpha=4.0)


def test_right_programs_without_a_limit_are_why_nothing_can_be_compared():
    blurred = as_evidence(timings=TIMED.timings.assign(resolution_s=100.0))
    with pytest.raises(NotEnoughDataError, match=r"same problem\. t: left out .* without a limit"):
        runtimes(blurred)


def test_the_command_says_who_is_faster(tmp_path, run):
    path = tmp_path / "timings.parquet"
    TABLE.to_parquet(path)
    code, out, _ = run("runtimes", path)
    assert code == 0
    first = out.splitlines()[0]
    assert first.startswith("t: A's right programs take ")
    assert "12 problems that both solve; log-rank p" in first
    assert "level 3" in out
    code, out, _ = run("runtimes", path, "--json", "-a", "B")
    assert code == 0
    assert '"quantity": "rmst_ratio@1"' in out
