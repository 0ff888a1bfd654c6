"""What `evalvar compare` prints."""

import json

import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def run(run):
    """Call `evalvar compare`."""
    return lambda *words: run("compare", *words)


@pytest.fixture
def quiz(tmp_path):
    """Ten models on 120 items of five tasks; A and B differ on few of them."""
    rng = np.random.default_rng(0)
    hard = rng.random(120)
    rows = [
        pd.DataFrame(
            {
                "model": model,
                "task": [f"quiz {i % 5}" for i in range(120)],
                "item": range(120),
                "score": (0.6 * hard + 0.4 * rng.random(120) < 0.3 + 0.05 * i).astype(float),
            }
        )
        for i, model in enumerate("ABCDEFGHIJ")
    ]
    path = tmp_path / "quiz.csv"
    pd.concat(rows).to_csv(path, index=False)
    return path


def test_one_pair_opens_with_its_sentence(run, quiz):
    code, out, _ = run(quiz, "-a", "B", "-b", "A", "--task", "quiz 1")
    lines = out.splitlines()
    assert code == 0
    assert lines[0].startswith("B and A cannot be told apart on the 24 items both answered; these ")
    assert lines[1].startswith("  sparse-t, 24 items, p = ")
    assert lines[2].startswith("  B alone is right on ")
    assert lines[4] == "a is B, b is A; in points, 95% intervals"
    assert lines[5].split() == [
        *("mean", "a", "mean", "b", "a", "\u2212", "b", "[low,", "high]", "p", "items"),
        *("detectable", "better"),
    ]
    assert lines[6].split()[-1] == "tie"


def test_one_pair_on_several_tasks_opens_with_their_mean(run, quiz):
    out = run(quiz, "-a", "J", "-b", "A")[1].splitlines()
    assert out[0].startswith("J leads A by ")
    assert out[0].endswith(" on average over 5 tasks, on the 120 items both answered.")
    rows = out[5:]
    assert len(rows) == 6
    assert rows[-1].startswith("mean over tasks, score")


def test_few_pairs_get_their_table_and_a_sentence_each(run, quiz):
    words = ("--model", "A", "--model", "B", "--model", "J", "--task", "quiz 0")
    out = run(quiz, *words)[1].splitlines()
    assert out[0] == "quiz 0, score"
    assert out[1] == (
        "in points, 95% intervals that hold together and p, both by max-T over 3 pairs"
    )
    assert len(out) == 10
    assert all(" on the 24 items both answered" in line for line in out[-3:])


def test_many_pairs_get_a_count_and_their_ties(run, quiz):
    out = run(quiz, "--task", "quiz 0", "--correction", "holm")[1].splitlines()
    assert out[1] == "in points, 95% intervals of each pair alone, p by Holm over 45 pairs"
    assert "of 45 pairs told apart." in out[-2]
    assert out[-1].startswith("Cannot be told apart: ")


def test_many_tasks_get_a_line_each_and_the_mean_over_them(run, quiz):
    out = run(quiz)[1].splitlines()
    assert [line.partition(":")[0] for line in out[:5]] == [f"quiz {i}, score" for i in range(5)]
    assert out[5] == "Name one with --task to see its table."
    assert out[7] == "mean over tasks, score"


def test_a_margin_is_said_with_its_p_value(run, quiz):
    words = ("-a", "B", "-b", "A", "--task", "quiz 1", "--margin", "0.5", "--test", "equivalence")
    out = run(quiz, *words)[1].splitlines()
    assert out[0].startswith("B and A are equivalent within 50 points: the difference is ")
    assert "of the margin one-sided p " in out[1]
    assert "held against 0.025" in out[1]


def test_options_reach_the_analysis(run, quiz):
    words = ("-a", "B", "-b", "A", "--functional", "iqm", "--resamples", "50", "--json")
    data = json.loads(run(quiz, *words, "--weights", "none", "--over", "item")[1])
    assert data["settings"]["functional"] == "iqm"
    assert data["settings"]["weights"] is None
    assert data["settings"]["over"] == "item"
    assert "50 resamples" in data["rows"][0]["method"]
    assert {"sentence", "detectable", "probability_better", "only_a"} <= data["rows"][0].keys()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--over", "day"), "over='day': there is no axis 'day'. Name some of item, seed, prompt, "
         "such as 'item x seed'."),
        (("--margin", "-1"), "a margin of superiority must be 0 or more, but is -1.0. For 'no "
         "worse than by this much' test non-inferiority."),
        (("--family", "x"), "family='x' is unknown. Use one of task, all."),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_one_line(run, quiz, words, message):
    code, out, err = run(quiz, *words)
    assert (code, out) == (3, "")
    assert err.splitlines()[-1] == f"evalvar: {message}"


def test_a_mean_over_some_tasks_says_of_how_many(run, quiz):
    table = pd.read_csv(quiz)
    table[(table["model"] != "A") | (table["task"] != "quiz 2")].to_csv(quiz, index=False)
    out = run(quiz, "-a", "J", "-b", "A")[1]
    assert " on average over 4 of 5 tasks, on the 96 items both answered." in out
    rows = run(quiz, "--model", "A", "--model", "I", "--model", "J")[1].splitlines()
    start = rows.index("mean over tasks, score")
    assert rows[start + 2].split()[-4:] == ["tasks", "items", "detectable", "better"]
    assert {" ".join(row.split()[-6:-3]) for row in rows[start + 3 : start + 6]} >= {"5 of 5"}
    err = run(quiz, "-a", "J", "-b", "A")[2].splitlines()
    assert err[0] == "remark: quiz 2, score: no scores of A, not compared there."


def test_what_is_not_defined_at_all_is_one_line_and_exit_3(run, tmp_path):
    path = tmp_path / "apart.csv"
    path.write_text("model,task,item,score\nA,t,1,1\nA,t,2,0\nB,t,3,1\nB,t,4,0\n")
    code, out, err = run(path)
    assert (code, out) == (3, "")
    assert err == (
        "evalvar: A and B cannot be compared: no shared items. Items meet by their id: give both "
        "the same.\n"
    )


def test_seeds_of_reported_values_are_compared(run, tmp_path):
    path = tmp_path / "losses.csv"
    rows = [f"{m},t,{s},{v}" for m, vs in {"A": (3.1, 3.2, 3.15), "B": (3.4, 3.5)}.items()
            for s, v in enumerate(vs)]  # fmt: skip
    path.write_text("\n".join(["model,task,seed,value", *rows]))
    code, out, _ = run(path, "-a", "B", "-b", "A")
    lines = out.splitlines()
    assert code == 0
    assert lines[0].startswith("B leads A by 0.30 [")
    assert lines[0].endswith(" over 2 and 3 seeds.")
    assert lines[1].startswith("  Welch t over seeds, 2 seeds, p = ")
    assert "items" not in out


def test_remarks_of_two_models_name_no_third(run, tmp_path):
    path = tmp_path / "three.csv"
    rows = [f"{model},t,{item},{item % 2}" for model in "ABC" for item in range(8)]
    path.write_text("\n".join(["model,task,item,score", *rows, "C,t,9,", "A,t,9,"]))
    _, _, err = run(path, "-a", "A", "-b", "B")
    assert "remark: A: no score for 1 of 9 answers" in err
    assert "models (first" not in err
    assert "C: " not in err


def test_sentences_wrap_on_a_terminal_and_never_in_a_pipe(monkeypatch, capsys):
    from evalvar.cli.answering import say

    sentence = "  " + " ".join(["word"] * 40)
    table = "model  " + "  ".join(["0.123"] * 30)
    said = '{"a": "' + sentence + '"}'
    say([sentence, table])
    assert capsys.readouterr().out == f"{sentence}\n{table}\n"
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    say([sentence, table, said])
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2:] == [table, said]
    assert all(len(line) <= 60 and line.startswith("  word") for line in lines[:-2])
    assert " ".join(" ".join(lines[:-2]).split()) == sentence.strip()
