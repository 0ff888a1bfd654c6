"""`evalvar seeds` as text: an answer in words, three tables, what they mean."""

import numpy as np
import pandas as pd
import pytest

from evalvar.numbers import DASH


@pytest.fixture
def study(tmp_path):
    """Two tasks, one with a continuous partner, 4 seeds x 5 checkpoints x 60 items."""
    rng = np.random.default_rng(0)
    n, seeds, steps = 60, 4, 5
    item, seed, step = (axis.ravel() for axis in np.indices((n, seeds, steps)))
    parts = []
    for task, spread in (("arc", 0.1), ("bbh", 1.5)):
        logit = rng.normal(size=n)[item] + spread * rng.normal(size=seeds)[seed] + 0.5 * step - 1
        p = 1 / (1 + np.exp(-logit))
        keys = {"model": "tiny", "task": task, "item": item, "seed": seed, "checkpoint": step}
        acc = (rng.random(p.size) < p).astype(float)
        parts.append(pd.DataFrame({**keys, "metric": "acc,none", "score": acc, "chance": 0.25}))
        if task == "arc":
            parts.append(pd.DataFrame({**keys, "metric": "p_correct", "score": p}))
    path = tmp_path / "records.csv"
    pd.concat(parts).to_csv(path, index=False)
    return path


def test_v14_v30_words_come_first_and_a_line_a_task_has_both_metrics(study, run):
    code, out, err = run("seeds", study)
    assert code == 0, err
    lines = out.splitlines()
    assert lines[0] == "tiny: 4 seeds at 5 checkpoints (last: 4)."
    assert lines[1].startswith("Seeds scatter more than items do on 1 of 2 readings, surely on 1; ")
    assert "most on bbh" in lines[1]
    assert sum(line.startswith("arc ") for line in lines) == 3
    assert not any(line.startswith("p_correct") for line in lines)
    signal = lines.index("Signal to noise over seeds at the last checkpoint")
    arc = next(line for line in lines[signal:] if line.startswith("arc"))
    bbh = next(line for line in lines[signal:] if line.startswith("bbh"))
    assert "p_correct" in arc
    assert bbh.rstrip().endswith(DASH)  # a task without a continuous metric has a dash
    for word in ("ddof 1", "tau-b", "ties", "ONE run"):
        assert word in out


def test_one_metric_alone_has_its_own_line(study, run):
    _, out, _ = run("seeds", study, "--metric", "p_correct")
    assert out.splitlines()[0] == "tiny: 4 seeds at 5 checkpoints (last: 4)."
    assert sum(line.startswith("arc ") for line in out.splitlines()) == 3


def test_a_single_seed_is_answered_too(tmp_path, run):
    frame = pd.DataFrame({"model": "A", "task": "t", "item": range(20), "score": [0.0, 1.0] * 10})
    frame.to_csv(tmp_path / "one.csv", index=False)
    code, out, err = run("seeds", tmp_path / "one.csv")
    assert code == 0
    assert out.startswith("A: 1 seed at 1 checkpoint (last: 0).")
    assert "one seed says nothing about training luck" in err


def test_many_readings_are_cut_to_those_with_most_seed_noise(tmp_path, run):
    rng = np.random.default_rng(1)
    rows = [
        {"model": "A", "task": f"t{t:02}", "metric": "acc", "seed": s, "se": 0.01,
         "value": 0.5 + 0.001 * (t + 1) * rng.normal()}
        for t in range(40) for s in range(5)
    ]  # fmt: skip
    pd.DataFrame(rows).to_csv(tmp_path / "many.csv", index=False)
    _, out, _ = run("seeds", tmp_path / "many.csv")
    assert "30 of 40 lines, those whose seeds scatter most against items" in out
    assert len(out.splitlines()) < 120
