import json

import numpy as np
import pandas as pd
import pytest

from evalvar.numbers import DASH

MODELS = ("tiny", "small", "medium", "large")


def table(tasks=("easy", "hard"), seeds=3, steps=6, rng=0):
    """Write curves of four models: far apart on one task, close together on the other."""
    draws = np.random.default_rng(rng)
    rows = []
    for task, apart in zip(tasks, (0.1, 0.002), strict=False):
        for rank, model in enumerate(MODELS):
            for seed in range(seeds):
                for step in range(1, steps + 1):
                    value = 0.3 + apart * rank * step / steps + 0.01 * draws.standard_normal()
                    rows.append((model, task, "acc", seed, 1000 * step, value))
    return pd.DataFrame(rows, columns=["model", "task", "metric", "seed", "checkpoint", "value"])


@pytest.fixture
def curves(tmp_path):
    path = tmp_path / "curves.csv"
    table().to_csv(path, index=False)
    return path


def test_a_line_a_benchmark_best_first(run, curves):
    code, out, _ = run("signal", curves)
    assert code == 0
    lines = out.splitlines()
    assert lines[0] == (
        "On 1 of 2 readings models are surely further apart than one run moves (signal-to-noise "
        "above 1, at 95% for each by itself), on 0 surely not."
    )
    assert lines[2].split() == [
        *("task", "metric", "models", "signal", "noise", "snr", "interval", "half-way", "interval"),
        *("pairs", "apart", "from"),
    ]
    assert [line.split()[0] for line in lines[3:5]] == ["easy", "hard"]
    assert "6 of 6" in lines[3]
    assert "0 of 6" in lines[4]
    assert len(lines) == 8


def test_one_benchmark_has_a_sentence_its_windows_and_its_pairs(run, curves):
    code, out, _ = run("signal", curves, "--task", "easy")
    assert code == 0
    first = out.splitlines()[0]
    assert first.startswith("easy, acc: models spread ")
    assert "times as far as one run moves by training luck; at checkpoint 3,000 of 6,000 " in first
    assert first.endswith("of pairs are in their final order; 6 of 6 pairs are apart in the end.")
    assert "mean of the last" in out
    assert "a       b       apart from" in out
    assert "at 95% for all pairs of a benchmark together." in out
    alone = run("signal", curves, "--task", "easy", "--correction", "none")[1]
    assert "at 95% for each pair by itself." in alone


def test_a_result_that_was_kept_reads_the_same(run, curves):
    from evalvar import from_json
    from evalvar.cli.signalling import signal_text

    printed = run("signal", curves, "--task", "easy")[1]
    kept = run("signal", curves, "--task", "easy", "--json")[1]
    assert signal_text(from_json(kept)) + "\n" == printed


def test_small_models_stand_for_large_ones(run, curves):
    code, out, _ = run(
        "signal", curves, "--small", "tiny=medium", "--small", "small=large", "--task", "easy"
    )
    assert code == 0
    assert "small models" in out
    result = json.loads(
        run("signal", curves, "--small", "tiny=medium", "--small", "small=large", "--json")[1]
    )
    found = [row for row in result["rows"] if row["quantity"] == "small_decision_accuracy"]
    assert {row["models"] for row in found} == {2}
    assert result["settings"]["small"] == {"tiny": "medium", "small": "large"}


def test_without_noise_the_spread_is_still_told(run, tmp_path):
    path = tmp_path / "ends.csv"
    table(seeds=1, steps=1).to_csv(path, index=False)
    code, out, err = run("signal", path)
    assert code == 0
    assert out.startswith("Noise is not known for any of 2 readings: see the remarks.")
    assert "needs at least 3 checkpoints, but no run has them." in err
    single = run("signal", path, "--task", "easy")[1]
    assert "no signal-to-noise ratio (noise over checkpoints needs at least 3" in single


def test_checkpoints_of_single_runs_make_nothing_sure(run, tmp_path):
    path = tmp_path / "single.csv"
    table(seeds=1).to_csv(path, index=False)
    code, out, err = run("signal", path)
    assert code == 0
    assert out.startswith(
        "How far a new run would move is not known for any of 2 readings, as no model has "
        "several seeds; models spread "
    )
    assert "surely" not in out
    assert "no model has several seeds: noise is what the last checkpoints" in err
    alone = run("signal", path, "--task", "easy")[1]
    assert "times as far as the last checkpoints of one run move about a line (what a new" in alone
    windows = alone.partition("mean of the last")[2].splitlines()
    assert [line.split()[0] for line in windows[1:3]] == ["1", "2"]
    assert windows[2].split()[1] == DASH


def test_pairs_of_single_runs_are_called_so(run, tmp_path):
    rng = np.random.default_rng(1)
    scores = rng.random((2, 40)) < np.array([[0.1], [0.9]])
    rows = [(f"m{m}", "t", "acc", i, int(scores[m, i])) for m in range(2) for i in range(40)]
    path = tmp_path / "items.csv"
    pd.DataFrame(rows, columns=["model", "task", "metric", "item", "score"]).to_csv(
        path, index=False
    )
    out = run("signal", path)[1]
    assert out.splitlines()[0].endswith("; 1 of 1 pairs of single runs are apart in the end.")
    assert "With one seed each, what is apart are these runs; two runs of one recipe may be" in out


def test_a_pair_apart_at_its_ends_alone_is_said_to_be(run, tmp_path):
    curves = table(tasks=("easy",))
    cut = (curves["model"] == "tiny") & (curves["checkpoint"] == 6000)
    path = tmp_path / "cut.csv"
    late = (curves["checkpoint"] < 6000) & (curves["model"] != "tiny")
    level = curves["value"].where(~late, 0.3 + 0.01 * np.random.default_rng(2).random(len(curves)))
    curves.assign(value=level)[~cut].to_csv(path, index=False)
    out = run("signal", path)[1]
    assert "ends only" in out


def test_many_benchmarks_are_cut(run, tmp_path):
    path = tmp_path / "many.csv"
    tasks = [table(tasks=(f"t{i}",), seeds=2, steps=1, rng=i) for i in range(45)]
    pd.concat(tasks).to_csv(path, index=False)
    code, out, _ = run("signal", path)
    assert code == 0
    assert "... and 5 more. Name some with --task or --metric." in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--small", "tiny"), "--small tiny: expected SMALL=LARGE, two names of models."),
        (("--small", "tiny=large", "--small", "tiny=medium"),
         "--small tiny=medium: tiny stands for large already."),
        (("--last", "2"), "last=2: the noise of the last checkpoints needs at least 3."),
        (("--correction", "holm"),
         "correction='holm' is unknown. Use one of bonferroni, none."),
        (("--model", "tiny"),
         "a signal is a spread over models and needs 2 of them on a task and metric; there is none "
         "(models: tiny). Read more models of one task and metric."),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_one_line(run, curves, words, message):
    code, out, err = run("signal", curves, *words)
    assert (code, out) == (3, "")
    assert err.splitlines()[-1] == f"evalvar: {message}"
