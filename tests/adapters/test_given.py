"""Columns whose meaning the user gives, and metrics of which lower is better."""

import re

import pandas as pd
import pytest

from evalvar.adapters import load
from evalvar.errors import AdapterError, UsageError


def written(tmp_path, frame, name="runs.csv"):
    path = tmp_path / name
    frame.to_csv(path, index=False)
    return path


def test_a_column_is_read_under_the_key_the_user_gives(tmp_path):
    frame = pd.DataFrame({"model": "A", "task": "t", "iteration": [0, 10], "return": [1.5, 2.5]})
    path = written(tmp_path, frame)
    found = load(path, column={"checkpoint": "iteration", "value": "return"}).reported
    assert found["checkpoint"].tolist() == [0, 10]
    assert found["value"].tolist() == [1.5, 2.5]
    assert set(found["metric"]) == {"return"}


def test_without_the_users_word_the_file_is_refused_as_before(tmp_path):
    path = written(tmp_path, pd.DataFrame({"model": ["A"], "return": [1.5]}))
    with pytest.raises(AdapterError, match="expected a column value, score or mean"):
        load(path)


def test_a_given_column_settles_what_two_aliases_leave_open(tmp_path):
    frame = pd.DataFrame(
        {"model": "A", "task": "t", "step": [1, 2], "tokens": [9, 8], "value": 0.5}
    )
    path = written(tmp_path, frame)
    with pytest.raises(AdapterError, match="'step' and 'tokens' both mean checkpoint"):
        load(path)
    found = load(path, column={"checkpoint": "step"})
    assert found.reported["checkpoint"].tolist() == [1, 2]
    assert any("left out: tokens" in sentence for sentence in found.warnings)


def test_several_columns_of_values_are_a_task_each_and_a_pattern_means_several(tmp_path):
    frame = pd.DataFrame({"Run": ["Run 0", "Run 1"], "arc easy": [0.1, 0.2], "mnli": [0.3, 0.4]})
    path = written(tmp_path, frame)
    for wanted in ("*", ["arc easy", "mnli"]):
        found = load(path, column={"seed": "Run", "value": wanted}).reported
        table = found.pivot(index="seed", columns="task", values="value")
        assert table["arc easy"].tolist() == [0.1, 0.2]
        assert table["mnli"].tolist() == [0.3, 0.4]


def test_several_columns_of_values_beside_tasks_are_metrics(tmp_path):
    frame = pd.DataFrame({"model": "A", "task": ["t", "u"], "em": [0.1, 0.2], "f1": [0.3, 0.4]})
    found = load(written(tmp_path, frame), column={"value": ["em", "f1"]}).reported
    assert sorted(zip(found["task"], found["metric"], found["value"], strict=True)) == [
        ("t", "em", 0.1), ("t", "f1", 0.3), ("u", "em", 0.2), ("u", "f1", 0.4),
    ]  # fmt: skip


def test_several_columns_of_scores_of_items_are_metrics(tmp_path):
    frame = pd.DataFrame({"model": "A", "task": "t", "item": [1, 2], "em": [0, 1], "f1": [0.5, 1]})
    found = load(written(tmp_path, frame), column={"score": ["em", "f1"]}).records
    assert sorted(zip(found["item"], found["metric"], found["score"], strict=True)) == [
        ("1", "em", 0.0), ("1", "f1", 0.5), ("2", "em", 1.0), ("2", "f1", 1.0),
    ]  # fmt: skip


def test_texts_of_several_columns_are_joined(tmp_path):
    frame = pd.DataFrame({"recipe": "r", "steps": [10, 20], "task": "t", "value": [1.0, 2.0]})
    found = load(written(tmp_path, frame), column={"model": ["recipe", "steps"]}).reported
    assert list(found["model"]) == ["r 10", "r 20"]


def test_rows_without_a_number_in_their_seed_are_left_out_and_counted(tmp_path):
    frame = pd.DataFrame({"Run": ["Run 3", "Run 12", "Mean", None], "value": [0.1, 0.3, 0.2, None]})
    path = written(tmp_path, frame.assign(model="A", task="t"))
    found = load(path, column={"seed": "Run"})
    assert found.reported["seed"].tolist() == [3, 12]
    assert (
        f"{path}: 2 rows whose seed is no number behind 'Run' were left out (Mean, empty)"
        in found.warnings
    )


def test_named_seeds_are_numbered_alike_in_all_files(tmp_path):
    for number, seeds in enumerate((["a4f", "b07"], ["c1e", "a4f"])):
        frame = pd.DataFrame({"model": "A", "task": f"t{number}", "seed": seeds, "value": 0.5})
        written(tmp_path, frame, f"{number}.csv")
    found = load(tmp_path, column={"seed": "seed"})
    seeds = found.reported.groupby("task", observed=True)["seed"].agg(list).to_dict()
    assert seeds == {"t0": [0, 1], "t1": [2, 0]}
    assert any("numbered as they came (first a4f = 0)" in s for s in found.warnings)


def test_whole_seeds_stay_as_they_are(tmp_path):
    frame = pd.DataFrame({"model": "A", "task": "t", "run": [7, 9], "value": 0.5})
    found = load(written(tmp_path, frame), column={"seed": "run"}).reported
    assert found["seed"].tolist() == [7, 9]


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ({"sead": "x"}, "--column sead: no column of evalvar. Use model, task, metric, item, "),
        ({"seed": ["a", "b"]}, "--column seed is given 2 times. Give it once."),
        ({"score": "a", "value": "b"},
         "--column score and --column value mean the same. Give one of them."),
    ],
)  # fmt: skip
def test_what_cannot_be_given_is_refused(tmp_path, column, message):
    path = written(tmp_path, pd.DataFrame({"model": ["A"], "value": [0.5]}))
    with pytest.raises(UsageError, match=re.escape(message)):
        load(path, column=column)


def test_a_column_that_is_not_there_is_named_with_those_that_are(tmp_path):
    path = written(tmp_path, pd.DataFrame({"model": ["A"], "value": [0.5]}))
    message = (
        f"{path}: --column seed=Run: there is no such column; found 'model', 'value'. "
        "Name one of them."
    )
    with pytest.raises(AdapterError, match=f"^{re.escape(message)}$"):
        load(path, column={"seed": "Run"})


def test_one_column_with_two_meanings_is_refused(tmp_path):
    path = written(tmp_path, pd.DataFrame({"model": ["A"], "x": [1], "value": [0.5]}))
    message = "--column gives the column 'x' two meanings. Leave one out."
    with pytest.raises(AdapterError, match=re.escape(message)):
        load(path, column={"seed": "x", "checkpoint": "x"})


def test_lower_is_better_is_said_once_and_answers_the_remark(tmp_path):
    frame = pd.DataFrame({"model": "A", "task": "t", "metric": ["val_loss", "acc"], "value": 0.5})
    path = written(tmp_path, frame)
    asked = load(path)
    assert any("metric val_loss has no higher_is_better column" in s for s in asked.warnings)
    told = load(path, lower_is_better=["val_loss"])
    assert dict(zip(told.reported["metric"], told.reported["higher_is_better"], strict=True)) == {
        "val_loss": False,
        "acc": True,
    }
    assert not any("higher_is_better" in sentence for sentence in told.warnings)


def test_lower_is_better_of_a_metric_that_is_not_there_is_refused(tmp_path):
    frame = pd.DataFrame({"model": ["A"], "task": "t", "metric": "val_loss", "value": 0.5})
    message = "no metric 'loss' in the data. There is: val_loss."
    with pytest.raises(UsageError, match=re.escape(message)):
        load(written(tmp_path, frame), lower_is_better=["loss"])


def test_the_command_line_has_both(tmp_path, run):
    frame = pd.DataFrame(
        {
            "recipe": "r",
            "run": [f"run {s}" for s in range(4) for _ in range(5)],
            "step": list(range(5)) * 4,
            "val_loss": [4 - t - 0.01 * s * (t + 1) for s in range(4) for t in range(5)],
        }
    )
    path = written(tmp_path, frame)
    words = ["--column", "model=recipe", "--column", "seed=run", "--column", "value=val_loss"]
    code, out, err = run("seeds", path, *words, "--lower-is-better", "val_loss", "--json")
    assert code == 0, err
    assert '"higher_is_better": false' in out
    assert '"seeds": 4' in out
    code, _, err = run("seeds", path, *words)
    assert "the score falls while the model learns" in err
