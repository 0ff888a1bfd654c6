"""The command line: stdout is the answer, stderr the remarks, the exit code the verdict."""

import json
import os
import re
import subprocess
import sys

import pandas as pd
import pytest

ROW = ["quantity", "value", "se", "low", "high", "level", "n", "unit", "method", "p_value"]


@pytest.fixture
def quiz(tmp_path):
    """Two models, three seeds, four checkpoints, two answers to each of 12 items."""
    rows = [
        (model, "quiz", item, seed, step, sample, float((item * 7 + seed + step + sample) % 5 > 1))
        for model in ("A", "B")
        for item in range(12)
        for seed in range(3)
        for step in (10, 20, 30, 40)
        for sample in range(2)
    ]
    columns = ["model", "task", "item", "seed", "checkpoint", "sample", "score"]
    frame = pd.DataFrame(rows, columns=columns)
    frame.loc[frame["model"] == "B", "score"] = 1 - frame.loc[frame["model"] == "B", "score"]
    path = tmp_path / "quiz.csv"
    frame.to_csv(path, index=False)
    return path


CONTRACT = {
    ("summary",): ("summary", ["model", "task", "metric", "seed", "checkpoint", "prompt"]),
    ("seeds",): ("seed_variance", ["model", "task", "metric"]),
    ("checkpoints",): ("checkpoints", ["model", "task", "metric", "seed", "checkpoint"]),
    ("compare", "-a", "A", "-b", "B", "--metric", "score"): (
        "compare",
        ["task", "metric", "between", "a", "b"],
    ),
    ("code", "-k", "1,2"): ("code_metrics", ["model", "task", "metric", "seed"]),
    ("rank",): ("leaderboard", ["task", "metric", "model"]),
    ("variance",): ("variance_components", ["model", "task", "metric"]),
    ("plan", "-a", "A", "-b", "B"): ("plan", ["task", "metric", "design"]),
    ("coverage",): ("coverage", ["model", "task", "metric", "seed", "checkpoint", "prompt"]),
    ("check",): ("check", ["model", "task", "metric"]),
}


@pytest.mark.parametrize("words", CONTRACT, ids=lambda words: words[0])
def test_json_is_one_result_and_nothing_else(run, quiz, words):
    code, out, _ = run(words[0], quiz, *words[1:], "--json")
    data = json.loads(out)
    name, keys = CONTRACT[words]
    assert code == 0
    assert (data["name"], data["keys"]) == (name, keys)
    assert list(data) == ["name", "keys", "settings", "warnings", "sources", "rows"]
    assert list(data["rows"][0])[: len(keys) + len(ROW)] == [*keys, *ROW]


@pytest.mark.parametrize(
    "words", sorted(set(CONTRACT) - {("coverage",)}), ids=lambda words: words[0]
)
def test_text_is_a_table(run, quiz, words):
    code, out, _ = run(words[0], quiz, *words[1:])
    assert code == 0
    assert len(out.splitlines()) > 1


def test_k_is_a_list_or_repeated(run, quiz):
    together = run("code", quiz, "-k", "1,2", "--json")[1]
    apart = run("code", quiz, "-k", "1", "-k", "2", "--json")[1]
    assert together == apart


def test_k_beyond_the_samples_is_null_and_says_so(run, quiz):
    code, out, err = run("code", quiz, "-k", "1,50", "--json")
    rows = {row["quantity"]: row["value"] for row in json.loads(out)["rows"]}
    assert code == 0
    assert rows["pass@50"] is None
    assert (
        "best of 50 needs 50 answers to an item; too few for 12 of 12 items (smallest: 2)." in err
    )


def test_same_input_same_bytes(run, quiz):
    assert run("seeds", quiz, "--json") == run("seeds", quiz, "--json")


def test_a_summary_of_one_checkpoint(run, quiz):
    every = json.loads(run("summary", quiz, "--json")[1])["rows"]
    one = json.loads(run("summary", quiz, "--checkpoint", 20, "--json")[1])["rows"]
    assert one == [row for row in every if row["checkpoint"] == 20]
    assert 0 < len(one) < len(every)


def test_options_of_every_command_reach_the_analysis(run, quiz):
    data = json.loads(run("compare", quiz, "--between", "checkpoint", "--model", "A", "--level",
                          "0.9", "--json")[1])  # fmt: skip
    assert data["settings"]["level"] == 0.9
    assert len([row for row in data["rows"] if row["quantity"] == "difference"]) == 6


@pytest.mark.parametrize("suffix", [".json", ".csv", ".tsv", ".parquet", ".html", ".md", ".pdf"])
def test_output_picks_the_form_by_suffix(run, quiz, tmp_path, suffix):
    target = tmp_path / f"out{suffix}"
    code, out, _ = run("summary", quiz, "-o", target)
    assert (code, out.strip()) == (0, str(target))
    assert target.stat().st_size > 100


def test_convert_round_trips(run, quiz, tmp_path):
    frame = pd.read_csv(quiz)
    frame["score"] = (frame["score"] + frame.index / 7) / 3  # no short decimals
    frame.to_csv(quiz, index=False)
    before = run("summary", quiz, "--json")[1]
    for suffix in (".parquet", ".jsonl", ".csv", ".tsv"):
        target = tmp_path / f"again{suffix}"
        assert run("convert", quiz, "-o", target)[0] == 0
        after = run("summary", target, "--json")[1]
        assert json.loads(after)["rows"] == json.loads(before)["rows"], suffix


def test_report_of_several_forms_at_once(run, quiz, tmp_path):
    targets = [tmp_path / "r.html", tmp_path / "r.pdf", tmp_path / "r.md", tmp_path / "r.json"]
    code, out, _ = run("report", quiz, *(w for t in targets for w in ("-o", t)))
    assert code == 0
    assert out.split() == [str(target) for target in targets]
    assert {result["name"] for result in json.loads(targets[3].read_text())} >= {"summary"}


def fails(run, *words):
    code, out, err = run(*words)
    assert code == 3
    assert out == ""
    assert err.startswith("evalvar: ")
    assert err.count("\n") == 1
    return err.removeprefix("evalvar: ").strip()


def test_usage_errors_are_one_line_and_exit_3(run, quiz, tmp_path):
    assert fails(run, "seeds") == "Missing argument 'PATHS'. See evalvar --help."
    assert fails(run, "bogus") == "No such command 'bogus'. See evalvar --help."
    assert fails(run, "seeds", quiz, "--bogus") == "No such option: --bogus. See evalvar --help."
    assert fails(run, "seeds", quiz, "--duplicates", "x") == (
        "--duplicates x is unknown. Use error, latest or sample."
    )
    assert (
        fails(run, "seeds", quiz, "--missing", "x") == "--missing x is unknown. Use drop or wrong."
    )
    assert fails(run, "code", quiz, "-k", "1,x") == (
        "-k 1,x: expected whole numbers, such as -k 1,5,10."
    )
    assert fails(run, "seeds", quiz, "--label", "seed") == (
        "--label seed: expected KEY=VALUE, such as seed=3."
    )
    assert fails(run, "seeds", quiz, "--metric", "f1") == (
        "no metric 'f1' in the data. There is: score."
    )
    assert fails(run, "seeds", quiz, "-o", tmp_path / "x.doc") == (
        f"{tmp_path / 'x.doc'}: unknown form '.doc'. "
        "Use .html, .pdf, .md, .json, .csv, .tsv, .parquet."
    )
    assert "does not exist. Make it." in fails(run, "seeds", quiz, "-o", tmp_path / "no" / "x.md")
    assert not (tmp_path / "x.doc").exists()


def test_no_command_and_a_misspelt_one(run):
    assert fails(run) == "no command given. See evalvar --help."
    assert (
        fails(run, "chek", "x")
        == "No such command 'chek'. Did you mean 'check'? See evalvar --help."
    )
    assert run("--version") == (0, "evalvar 0.1.0\n", "")


def test_what_cannot_be_written_is_one_line(run, quiz):
    code, out, err = run("summary", quiz, "-o", "/proc/x.csv")
    assert (code, out) == (3, "")
    assert err == (
        "evalvar: /proc/x.csv: cannot be written or read (No such file or directory). "
        "Choose another path.\n"
    )


def test_the_table_says_what_it_is_about(run, quiz):
    out = run("code", quiz, "--model", "A", "-k", "1,2")[1].splitlines()
    assert out[0] == "quiz: 1 model, 12 problems"
    assert out[1].startswith("A: right 0.")
    assert "pass@k" in out[3]


def test_coverage_shows_the_gaps_only(run, quiz):
    whole = run("coverage", quiz)[1]
    assert whole == "nothing missing: 24 runs have all their items and scores.\n"
    lines = quiz.read_text().splitlines()
    quiz.write_text("\n".join(line for line in lines if not line.startswith("A,quiz,3,1,20,")))
    gaps = run("coverage", quiz)[1].splitlines()
    assert gaps[0].startswith("model A, task quiz, metric score, seed 1, checkpoint 20")
    assert len(gaps) == 3


def test_level_outside_its_range_is_refused(run, quiz):
    assert "level" in fails(run, "summary", quiz, "--level", "95")


def test_nothing_is_written_when_the_input_is_bad(run, tmp_path):
    bad = tmp_path / "bad.csv"
    bad.write_text("model,task,item,score\nA,t,1,inf\n")
    target = tmp_path / "out.parquet"
    assert "infinite score" in fails(run, "convert", bad, "-o", target)
    assert "infinite score" in fails(run, "report", bad, "-o", tmp_path / "out.html")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.csv"]


def test_the_same_key_twice_and_what_it_may_mean(run, tmp_path):
    path = tmp_path / "twice.csv"
    path.write_text("model,task,item,score\nA,t,1,1\nA,t,1,0\nA,t,2,1\n")
    assert fails(run, "summary", path) == (
        f"{path}: a key is repeated within one file in 1 row, first model A, task t, item 1, "
        "metric score, seed 0, checkpoint 0, sample 0. Read one run only, label the runs, or say "
        "what a repeat means: duplicates 'latest' or 'sample' (--duplicates latest)."
    )
    latest = json.loads(run("summary", path, "--duplicates", "latest", "--json")[1])
    assert latest["rows"][0]["value"] == 0.5
    sample = json.loads(run("summary", path, "--duplicates", "sample", "--json")[1])
    assert sample["rows"][0]["value"] == 0.75


def test_many_remarks_are_counted_and_none_is_lost(run, tmp_path):
    # each lacks another number of scores: what is true of several models is one sentence
    rows = [f"m{i},t,{item},{item // 99 or ''}" for i in range(20) for item in [*range(i + 1), 99]]
    path = tmp_path / "gaps.csv"
    path.write_text("\n".join(["model,task,item,score", *rows]))
    _, out, err = run("summary", path, "--json")
    assert len(json.loads(out)["warnings"]) >= 20
    assert "more; all stand in the JSON and on the page." in err


def test_a_bug_is_told_from_a_failed_gate(run, quiz, monkeypatch):
    def fails(*args, **options):
        raise RuntimeError("broken")

    monkeypatch.setattr("evalvar.analyses.means.summary", fails)
    code, out, err = run("summary", quiz)
    assert (code, out) == (70, "")
    assert err.endswith("RuntimeError: broken\n")


def test_a_closed_pipe_is_no_error(quiz):
    command = f"{sys.executable} -m evalvar.cli summary {quiz} | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True)
    assert done.stderr == ""


def test_help_of_every_command_is_its_question(run):
    for name in ("check", "convert", "summary", "seeds", "checkpoints", "compare", "code"):
        code, out, _ = run(name, "--help")
        assert code == 0
        assert "Usage: evalvar" in out or "Usage:" in out


def test_help_names_values_by_words_and_not_by_types(run):
    code, out, _ = run("--help")
    assert code == 0
    commands = [line.split()[0] for line in out.partition("Commands:")[2].splitlines() if line]
    assert len(commands) > 20
    for name in commands:
        options = run(name, "--help")[1].partition("Options:")[2]
        assert not re.search(r"<(list|int|float|str|path)", options), name


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("summary", "quiz.csv"), 0),
        (("summary", "quiz.csv", "--json"), 0),
        (("summary", "--help"), 0),
        (("gate", "quiz.csv", "--rule", "mean >= 0.99", "--json"), 1),
        (("summary", "nowhere.csv"), 3),
    ],
)
def test_a_reader_that_has_gone_changes_no_exit_code(quiz, words, code):
    """As before `head -1`, but gone from the start: nothing hangs on who is faster."""
    read, write = os.pipe()
    os.close(read)
    try:
        for stream in ("stdout", "stderr"):
            ran = subprocess.run(
                [sys.executable, "-m", "evalvar.cli", *words], cwd=quiz.parent, check=False,
                **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, stream: write},
            )  # fmt: skip
            assert ran.returncode == code
            assert b"Error" not in (ran.stderr or b"")
    finally:
        os.close(write)
