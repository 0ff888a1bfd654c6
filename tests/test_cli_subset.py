"""The command line's shorter benchmark: its JSON, its words, the list of items, its errors."""

import json

import numpy as np
import pandas as pd
import pytest

QUICK = ["--size", "15", "--repeats", "1", "--draws", "40"]


@pytest.fixture
def quiz(tmp_path):
    """Ten models and 60 items of very different difficulty."""
    rng = np.random.default_rng(0)
    easy, level = np.linspace(-3, 3, 60), rng.normal(size=(10, 1))
    right = (rng.random((10, 60)) < 1 / (1 + np.exp(-(level + easy)))).astype(float)
    table = pd.DataFrame(right).rename_axis("model").reset_index()
    table = table.melt("model", var_name="item", value_name="score")
    path = tmp_path / "quiz.csv"
    table.assign(model="m" + table["model"].astype(str), task="quiz").to_csv(path, index=False)
    return path


def test_json_is_one_result(run, quiz):
    code, out, _ = run("subset", quiz, *QUICK, "--selection", "stratified", "--json")
    data = json.loads(out)
    assert code == 0
    assert data["name"] == "subset"
    assert data["keys"] == ["model", "task", "metric", "selection", "estimator", "size"]
    assert data["settings"]["sizes"] == [15]
    assert {row["selection"] for row in data["rows"]} == {"full", "random", "stratified"}


def test_text_says_what_it_costs_beside_random_items(run, quiz):
    code, out, _ = run("subset", quiz, *QUICK, "--selection", "stratified", "--selection", "random")
    assert code == 0
    first = out.splitlines()[0]
    assert first.startswith("quiz, score: 15 of 60 items cost ±")
    assert "instead of ±" in first
    assert "random items are off by" in first
    assert "[" in first.split("(error ")[1]
    table = out.splitlines()[2:]
    assert table[0] == (
        "bias, error, seed sd and ± in points; on models that did not choose the items, mean over "
        "choices"
    )
    assert table[1].startswith("beside random, choice: error less that of random items with the")
    assert table[2].split()[:4] == ["items", "chosen", "by", "estimator"]
    assert [line.split()[1] for line in table[3:]] == [
        *("random", "random", "random", "stratified", "full")
    ]


def test_the_sentence_credits_what_errs_less(run, tmp_path):
    # items all alike: no choice of them can help, response curves do
    rng = np.random.default_rng(0)
    level = rng.normal(0, 0.8, size=(60, 1))
    right = (rng.random((60, 200)) < 1 / (1 + np.exp(-level))) * 1.0
    table = pd.DataFrame(right).rename_axis("model").reset_index()
    path = tmp_path / "alike.csv"
    table = table.melt("model", var_name="item", value_name="score")
    table.assign(model="m" + table["model"].astype(str), task="quiz").to_csv(path, index=False)
    code, out, _ = run("subset", path, "--size", "20", "--selection", "information")
    assert code == 0
    first = out.splitlines()[0]
    assert (
        "No choice of items is shown to do better than random ones; nearest comes the most "
        "informative items with p_irt, beside random items with it (error "
    ) in first
    assert "On random items p_irt errs less than their plain mean (error " in first


def test_one_run_is_not_told_which_choice_is_better(run, quiz, tmp_path):
    path = tmp_path / "run.csv"
    table = pd.read_csv(quiz)
    table.assign(checkpoint=table["model"].str[1:].astype(int), model="m").to_csv(path, index=False)
    target = tmp_path / "items.csv"
    code, out, err = run("subset", path, *QUICK, "--selection", "stratified", "--list", target)
    assert code == 0
    assert out.splitlines()[0].endswith(
        " on average. No choice is called better: these are checkpoints of the same runs."
    )
    assert "on checkpoints that did not choose the items" in out
    assert "what is found holds for this run only, and no choice is called better." in err
    assert set(pd.read_csv(target)["selection"]) == {"random"}


def test_what_scores_do_not_allow_is_a_remark_and_no_row(run, quiz, tmp_path):
    path = tmp_path / "graded.csv"
    table = pd.read_csv(quiz)
    graded = table.assign(score=table["score"] * 0.5 + 0.25, score_min=0, score_max=1)
    graded.to_csv(path, index=False)
    code, out, err = run("subset", path, *QUICK, "--selection", "anchor_irt")
    assert code == 0
    assert [line.split()[1] for line in out.splitlines()[5:]] == ["random", "full"]
    assert "nothing of random with gp_irt, anchor_irt with weighted and anchor_irt with" in err


def test_many_benchmarks_are_a_sentence_each(run, quiz, tmp_path):
    one = pd.read_csv(quiz)
    path = tmp_path / "three.csv"
    pd.concat([one.assign(task=task) for task in "abc"]).to_csv(path, index=False)
    code, out, _ = run("subset", path, *QUICK, "--selection", "random", "--estimator", "mean")
    assert code == 0
    lines = out.splitlines()
    assert [line[:8] for line in lines[:3]] == ["a, score", "b, score", "c, score"]
    assert lines[-1] == (
        "Name one with --task to see every choice, or take all as one: --together."
    )
    code, out, _ = run("subset", path, *QUICK, "--selection", "stratified", "--together", "items")
    assert out.startswith("3 tasks, score: 15 of 180 items cost")


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_the_list_is_what_to_ask(run, quiz, tmp_path, suffix):
    target = tmp_path / f"items{suffix}"
    code, _, err = run("subset", quiz, *QUICK, "--selection", "stratified", "--list", target)
    assert code == 0
    read = pd.read_csv if suffix == ".csv" else pd.read_parquet
    table = read(target)
    assert list(table.columns) == ["benchmark", "task", "metric", "item", "weight", "selection"]
    assert len(table) == 15
    assert table["weight"].sum() == pytest.approx(1)
    assert f"{target}: 15 items of quiz, chosen by {table['selection'].iloc[0]}" in err
    assert (
        "A model's score on all items is estimated by the sum of weight x score over the rows of a "
        "benchmark and metric"
    ) in err


def test_a_list_is_of_items_whose_weights_give_the_score(run, quiz, tmp_path):
    target = tmp_path / "items.csv"
    code, _, _ = run("subset", quiz, *QUICK, "--selection", "information", "--list", target)
    assert code == 0
    table = pd.read_csv(target)
    assert set(table["selection"]) == {"random"}
    assert table["weight"].sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--size", "few"], "--size few: expected whole numbers, such as --size 100."),
        (
            ["--size", "61"],
            "no benchmark has as many items as asked for ([61]; quiz, score has 60 items). Ask "
            "for fewer.",
        ),
        (
            ["--list", "items.txt"],
            "items.txt: unknown form '.txt'. Use .csv, .tsv, .parquet.",
        ),
        (["--together", "all"], "together='all' is unknown. Use 'items' or 'equal'."),
        (["--model", "C"], "no model 'C' in the data. There is: m0, m1, m2, m3, m4, m5, m6, m7, "
         "m8, m9."),
    ],
)  # fmt: skip
def test_bad_input_is_one_line_and_exit_3(run, quiz, words, message):
    code, out, err = run("subset", quiz, *words)
    assert (code, out) == (3, "")
    assert err.splitlines()[-1].endswith(message)
