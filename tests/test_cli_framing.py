"""The command line's framing and prompts: JSON, text, errors."""

import json

import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def quiz(tmp_path):
    """One model, two framings of 40 items, 2 prompts, 3 seeds, 3 checkpoints; they cross."""
    draws = np.random.default_rng(0)
    frames = []
    for task, means in (("quiz", (0.2, 0.3, 0.95)), ("quiz_cloze", (0.5, 0.6, 0.7))):
        scores = (draws.random((40, 2, 3, 3)) < means) * 1.0
        at = np.indices(scores.shape).reshape(4, -1)
        columns = dict(zip(("item", "prompt", "seed", "checkpoint"), at, strict=True))
        frames.append(
            pd.DataFrame({"model": "A", "task": task, **columns, "score": scores.ravel()})
        )
    frame = pd.concat(frames)
    path = tmp_path / "quiz.csv"
    frame.assign(prompt="p" + frame["prompt"].astype(str)).to_csv(path, index=False)
    return path


def test_framing_as_json_and_text(run, quiz):
    code, out, _ = run("framing", quiz, "-a", "quiz", "-b", "quiz_cloze", "--json")
    data = json.loads(out)
    assert (code, data["name"]) == (0, "framing")
    assert data["keys"] == [
        "model", "task", "metric", "between", "a", "b", "side", "checkpoint",
    ]  # fmt: skip
    turn = [row for row in data["rows"] if row["quantity"] == "crossover"]
    assert len(turn) == 1
    assert 1 < turn[0]["value"] < 2
    code, out, _ = run("framing", quiz, "-a", "quiz", "-b", "quiz_cloze")
    lines = out.splitlines()
    assert code == 0
    assert lines[0] == (
        "A, score: quiz (a) against quiz_cloze (b), 40 items x 3 seeds x 3 checkpoints"
    )
    assert lines[1].startswith("quiz leads quiz_cloze by 2")
    assert "The order turns at checkpoint 1." in lines[1]
    assert any(line.startswith("monotonicity (tau-b)") for line in lines)


def test_equal_framings_are_not_said_to_lead_or_to_turn(run, tmp_path):
    draws = np.random.default_rng(3)
    at = np.indices((50, 3, 6)).reshape(3, -1)
    columns = dict(zip(("item", "seed", "checkpoint"), at, strict=True))
    frames = [
        pd.DataFrame({"model": "A", "task": task, **columns, "score": draws.integers(0, 2, 900)})
        for task in ("quiz", "quiz_cloze")
    ]
    pd.concat(frames).to_csv(tmp_path / "equal.csv", index=False)
    code, out, _ = run("framing", tmp_path / "equal.csv", "-a", "quiz", "-b", "quiz_cloze")
    said = out.splitlines()[1]
    assert code == 0
    assert "At the last checkpoint the two cannot be told apart: " in said
    assert "leads" not in said.split("The order")[0]
    assert "The order is not seen to turn: the mean curves cross at checkpoint " in said
    assert "neither is sure to lead before it, nor after it." in said


def test_framing_without_variants_names_them(run, quiz):
    code, out, err = run("framing", quiz)
    assert (code, out) == (3, "")
    assert err.splitlines()[-1].endswith(
        "Tasks that ask the same items: -a 'quiz' -b 'quiz_cloze'."
    )


def test_prompts_as_json_and_text(run, quiz):
    code, out, _ = run("prompts", quiz, "--json", "--task", "quiz")
    data = json.loads(out)
    assert (code, data["name"], data["keys"]) == (
        0, "prompt_sensitivity", ["model", "task", "metric"],
    )  # fmt: skip
    code, out, _ = run("prompts", quiz)
    assert code == 0
    assert "A, quiz, score: 40 items x 2 prompts" in out
    assert "Prompts move the score by " in out
    code, out, err = run("prompts", quiz, "--prompt", "p0")
    assert (code, out) == (3, "")
    assert "needs the same items under 2 prompts or more" in err
