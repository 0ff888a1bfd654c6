"""The command line's item response theory: the contract of its JSON, its text, its errors."""

import json

import pandas as pd
import pytest

from tests.analyses.test_latent import table


@pytest.fixture
def quiz(tmp_path):
    """Forty models of rising ability, one that got all right, and an item the wrong way round."""
    data, _ = table(40, 30)
    best = data[data["model"] == "m00"].assign(model="perfect", score=1.0)
    odd = data[data["item"] == 0].assign(item="odd")
    odd["score"] = (odd["model"] < "m20").astype(float)
    path = tmp_path / "quiz.csv"
    pd.concat([data, best, odd]).to_csv(path, index=False)
    return path


def test_json_is_one_result(run, quiz):
    code, out, _ = run("irt", quiz, "--json")
    data = json.loads(out)
    assert code == 0
    assert (data["name"], data["keys"]) == ("irt", ["task", "metric", "model", "seed", "item"])


def test_text_answers_first_and_shows_the_control_beside(run, quiz):
    code, out, err = run("irt", quiz)
    lines = out.splitlines()
    assert code == 0
    assert lines[0].startswith("t, score: 41 respondents on ")
    assert lines[1].startswith("Abilities are known with a reliability of 0.")
    assert lines[2].startswith("Shuffled answers, where there is nothing to find: reliability 0.")
    assert ", 0 items (mean " in lines[2]
    assert " items are seen to discriminate (mean " in lines[1]
    assert "1 item is the wrong way round: the able get it wrong more often." in lines
    assert "Items are counted at a false discovery rate of 5%." in lines
    assert any("all right: unbounded above" in line and "perfect" in line for line in lines)
    first = lines.index("Items to look at first") + 2
    assert lines[first].endswith("wrong way round  odd")
    assert len(lines) < 50
    assert "1 model got every fitted item right" in err or "the ability has no upper bound" in err


def test_many_tasks_take_a_line_each(run, tmp_path):
    data = pd.concat([table(10, 20, s)[0].assign(task=f"task {s}") for s in range(4)])
    path = tmp_path / "many.csv"
    data.to_csv(path, index=False)
    code, out, _ = run("irt", path, "--curve", "1pl", "--level", "0.9")
    lines = out.splitlines()
    assert code == 0
    assert lines[1].split()[:3] == ["models", "items", "discriminate"]
    assert [line.rpartition("  ")[2] for line in lines[2:6]] == [
        f"task {s}, score" for s in range(4)
    ]
    assert lines[-1] == "Name one with --task to see its models and items."


def test_an_unknown_curve_is_one_line(run, quiz):
    code, out, err = run("irt", quiz, "--curve", "3pl")
    assert (code, out) == (3, "")
    assert err == "evalvar: curve='3pl' is unknown. Use one of 2pl, 1pl.\n"
