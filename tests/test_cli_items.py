"""The command line's items: what is said in words, the table of the worst, JSON, errors."""

import json

import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def quiz(tmp_path):
    """Thirty models on 60 items; one item that the better get wrong, one dead."""
    rng = np.random.default_rng(0)
    ability = np.linspace(-2, 2, 30)[:, None]
    y = (rng.random((30, 60)) < 1 / (1 + np.exp(rng.normal(size=60) - ability))).astype(float)
    y[:, 7], y[:, 8] = np.arange(30) < 12, 0
    rows = [(f"m{r:02}", "quiz", f"q{j:02}", y[r, j]) for r in range(30) for j in range(60)]
    path = tmp_path / "quiz.csv"
    pd.DataFrame(rows, columns=["model", "task", "item", "score"]).to_csv(path, index=False)
    return path


def test_text_answers_in_words_and_names_the_worst(run, quiz):
    code, out, err = run("items", quiz)
    assert code == 0
    first, second = out.splitlines()[:2]
    assert first.startswith("quiz, score: 60 items, 30 models: reliability 0.9")
    assert first.endswith("such items give 0.90.")
    assert second == (
        "Items: 1 that nobody gets right and 0 that all get right; 1 that the better get wrong and "
        "1 whose label is in doubt (false discoveries 5%)."
    )
    assert "Without the items that discriminate least" in out
    assert "q07" in out
    assert "hard, and the better get it wrong" in out
    assert len(out.splitlines()) < 20
    assert "those of one family answer alike" in err


def test_json_and_csv_have_every_item(run, quiz, tmp_path):
    code, out, _ = run("items", quiz, "--json")
    data = json.loads(out)
    assert code == 0
    assert (data["name"], data["keys"]) == ("items", ["task", "metric", "model", "item", "size"])
    assert sum(row["quantity"] == "difficulty" for row in data["rows"]) == 60
    assert "top" not in data["settings"]
    assert run("items", quiz, "-o", tmp_path / "items.csv")[0] == 0
    assert len(pd.read_csv(tmp_path / "items.csv")) == len(data["rows"])


def test_many_tasks_get_a_row_each_and_share_the_table_of_the_worst(run, quiz, tmp_path):
    frame = pd.read_csv(quiz)
    several = pd.concat([frame.assign(task=f"t{i}") for i in range(5)])
    several.to_csv(tmp_path / "several.csv", index=False)
    _, out, _ = run("items", tmp_path / "several.csv", "--splits", "5")
    lines = out.splitlines()
    assert lines[0].startswith("5 tasks, 300 items: 5 that nobody gets right and 0 that all")
    assert [line[:2] for line in lines[3:8]] == ["t0", "t1", "t2", "t3", "t4"]
    assert lines[2].split()[:3] == ["items", "models", "reliability"]
    assert lines[3].split()[1:3] == ["60", "30"]
    named = [line.split()[:2] for line in lines[11:16]]
    assert named == [[f"t{i}", "q07"] for i in range(5)]


def test_several_metrics_are_told_apart(run, quiz, tmp_path):
    frame = pd.read_csv(quiz)
    both = [frame.assign(metric=m, task=t) for m in ("acc", "em") for t in ("u", "v")]
    pd.concat(both).to_csv(tmp_path / "both.csv", index=False)
    _, out, _ = run("items", tmp_path / "both.csv", "--splits", "5")
    assert out.startswith("4 readings, 240 items: ")
    assert [line.split("  ")[0] for line in out.splitlines()[3:7]] == [
        "u, acc", "u, em", "v, acc", "v, em",
    ]  # fmt: skip


def test_a_repeated_question_is_one_row(run, quiz, tmp_path):
    frame = pd.read_csv(quiz)
    text = frame["item"].where(~frame["item"].isin(("q20", "q30", "q40")), "why?")
    frame.assign(**{"item.text": text}).to_csv(tmp_path / "again.csv", index=False)
    _, out, _ = run("items", tmp_path / "again.csv")
    assert "3 asked more than once" in out
    rows = [line for line in out.splitlines() if "asked again" in line]
    assert len(rows) == 1
    assert rows[0].startswith("q20 ")
    assert rows[0].endswith("  asked again as q30 and q40")


def test_top_limits_what_is_named(run, quiz, tmp_path):
    frame = pd.read_csv(quiz)
    flipped = frame["item"].isin(("q01", "q02", "q03"))
    frame.loc[flipped, "score"] = (frame["model"] < "m14").astype(float)
    frame.to_csv(tmp_path / "flipped.csv", index=False)
    _, out, _ = run("items", tmp_path / "flipped.csv", "--top", "1")
    assert "and 3 more: --top 4, or -o items.csv for all." in out
    assert "more:" not in run("items", tmp_path / "flipped.csv")[1]
    code, out, err = run("items", quiz, "--top", "-1")
    assert (code, out) == (3, "")
    assert "--top -1: a number of items is expected, 0 for none." in err


def test_the_item_nearest_to_a_flag_is_named_where_none_is(run, quiz, tmp_path):
    said = "Nearest to an item that the better get wrong: q07, item-rest r "
    assert "Nearest to" not in run("items", quiz)[1]
    _, out, _ = run("items", quiz, "--fdr", "1e-9")
    assert "0 that the better get wrong and 0 whose label is in doubt" in out
    line = next(line for line in out.splitlines() if line.startswith(said))
    assert line.endswith(", q < 0.001.")


def test_two_models_promise_no_length(run, quiz, tmp_path):
    frame = pd.read_csv(quiz)
    frame[frame["model"].isin(("m03", "m29"))].to_csv(tmp_path / "two.csv", index=False)
    _, out, err = run("items", tmp_path / "two.csv")
    assert "60 items, 2 models: reliability 0." in out
    assert "such items" not in out
    assert "two models tell no item from another" in err


def test_unknown_respondents(run, quiz):
    code, out, err = run("items", quiz, "--respondents", "prompt")
    assert (code, out) == (3, "")
    assert "respondents='prompt' is unknown. Use 'model', 'seed' or 'checkpoint'." in err
