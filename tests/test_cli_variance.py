"""The command line's variance: the contract of its JSON, its text, its errors."""

import json

import pandas as pd
import pytest


@pytest.fixture
def quiz(tmp_path):
    """Two models, four seeds, two answers to each of 12 items."""
    rows = [
        (
            model,
            "quiz",
            item,
            seed,
            sample,
            float((item * 7 + seed * seed + sample) % (5 + seed) > 1),
        )
        for model in ("A", "B")
        for item in range(12)
        for seed in range(4)
        for sample in range(2)
    ]
    columns = ["model", "task", "item", "seed", "sample", "score"]
    path = tmp_path / "quiz.csv"
    pd.DataFrame(rows, columns=columns).to_csv(path, index=False)
    return path


def test_json_is_one_result(run, quiz):
    code, out, _ = run("variance", quiz, "--json")
    data = json.loads(out)
    assert code == 0
    assert (data["name"], data["keys"]) == ("variance_components", ["model", "task", "metric"])
    assert {row["model"] for row in data["rows"]} == {"A", "B"}


@pytest.mark.parametrize(
    "words",
    [
        ["--over", "item,seed"],
        ["--over", "seed item"],
        ["--over", "item", "--over", "seed"],
        ["--over", "item x seed"],
    ],
)
def test_over_is_a_list_or_repeated(run, quiz, words):
    data = json.loads(run("variance", quiz, *words, "--json")[1])
    assert data["settings"]["over"] == ["item", "seed"]
    errors = {row["quantity"] for row in data["rows"] if row["quantity"].startswith("se_")}
    assert errors == {"se_item x seed"}


def test_text_says_what_helps(run, quiz):
    code, out, err = run("variance", quiz, "--model", "A")
    assert code == 0
    assert out.startswith("A, quiz, score, last checkpoint 0: mean ")
    assert "over 12 items x 4 seeds, 2 answers each" in out
    assert "help" in out.splitlines()[-1]
    assert "one prompt: what others would change cannot be seen." in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["--over", "run"],
            "over='run': there is no axis 'run'. Name some of item, seed, prompt, sample, such as "
            "'item x seed'.",
        ),
        (["--method", "ml"], "method must be moments or reml, but is 'ml'."),
        (["--model", "C"], "no model 'C' in the data. There is: A, B."),
    ],
)
def test_bad_input_is_one_line_and_exit_3(run, quiz, words, message):
    code, out, err = run("variance", quiz, *words)
    assert (code, out) == (3, "")
    assert err.splitlines()[-1].endswith(message)
