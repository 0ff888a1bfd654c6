"""The text of `checkpoints` and `phases`."""

import json

import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def table(tmp_path):
    def write(curves, tasks=("arith",), **columns):
        rng = np.random.default_rng(0)
        rows = [
            {"model": "A", "task": task, "metric": "acc", "seed": s, "checkpoint": 100 * t,
             "value": v + 0.003 * rng.normal(), "se": 0.01}
            for task in tasks
            for s, curve in enumerate(curves)
            for t, v in enumerate(curve)
        ]  # fmt: skip
        path = tmp_path / "curves.csv"
        pd.DataFrame(rows).assign(**columns).to_csv(path, index=False)
        return path

    return write


RISE = 0.25 + 0.4 * np.linspace(0, 1, 12)


def test_a_rise_over_seeds_is_one_sentence_and_two_small_tables(run, table):
    code, out, _ = run("checkpoints", table([RISE, RISE, RISE]))
    first, *rest = out.splitlines()
    assert code == 0
    assert first.startswith("A, arith, acc: rises: tau 1")
    assert "over 3 seeds, against ±0.25 of scores in any order." in first
    assert rest[0] == "  12 checkpoints, 0 to 1100"
    assert len(rest) < 22
    assert any(line.startswith("R2 of the nearest rising curve") for line in rest)
    assert sum(line.startswith(("0 ", "1 ", "2 ")) for line in rest) == 3


def test_one_run_is_told_against_drift(run, table):
    _, out, _ = run("checkpoints", table([RISE]))
    assert out.splitlines()[0].startswith("A, arith, acc: rises: tau 1")
    assert "in one run" in out
    assert "(p < 0.001 against a random walk)" in out


def test_a_flat_curve_cannot_be_told_from_no_trend(run, table):
    _, out, _ = run("checkpoints", table([np.full(12, 0.3)] * 4))
    assert out.startswith("A, arith, acc: cannot be told from no trend: tau")


def test_lower_is_better_improves(run, table):
    _, out, _ = run("checkpoints", table([1 - RISE] * 3, higher_is_better=False))
    assert out.startswith("A, arith, acc: improves: tau 1")


def test_many_readings_are_a_line_each(run, table):
    _, out, _ = run("checkpoints", table([RISE] * 3, tasks=[f"t{i}" for i in range(7)]))
    lines = out.splitlines()
    assert lines[0] == "A, acc: of 7 readings, 7 rise."
    assert (
        sum(
            line.startswith(("t0", "t1", "t2", "t3", "t4", "t5", "t6")) and " rises " in line
            for line in lines
        )
        == 7
    )
    assert len(lines) == 12


def test_two_checkpoints_have_no_trend_to_tell(run, table):
    _, out, _ = run("checkpoints", table([RISE[:2]] * 3))
    assert out.startswith("A, arith, acc: no trend to tell: fewer than 3 checkpoints.")


def test_json_has_every_row(run, table):
    _, out, _ = run("checkpoints", table([RISE] * 2), "--json")
    found = json.loads(out)
    assert found["name"] == "checkpoints"
    assert {"kendall_tau", "trend_test", "smoothing_gain"} <= {r["quantity"] for r in found["rows"]}


def test_phases_are_a_map_of_the_runs(run, table):
    steps = np.repeat([0.2, 0.5, 0.9], 6)
    back = np.repeat([0.2, 0.5, 0.2, 0.9], [6, 4, 3, 5])
    path = table([steps, steps, back], tasks=("a", "b"))
    code, out, err = run("phases", path, "--scale", "model", "--most-states", 4, "--restarts", 3)
    lines = out.splitlines()
    assert code == 0
    assert lines[0] == (
        "A: 3 phases in 3 runs of 54 checkpoints in all (smallest BIC of 1 to 4 states)."
    )
    assert lines[1] == "2 of 3 go the usual way, 1 - 2 - 3."
    assert any(line.startswith("2 ") and line.endswith("back to 1") for line in lines)
    assert "too few to determine the table of transitions" in err


def test_phases_of_two_checkpoints(run, table):
    _, out, _ = run("phases", table([RISE[:2]] * 3))
    assert out.startswith("A: undefined: phases need 3 checkpoints of a run, found 2.")
