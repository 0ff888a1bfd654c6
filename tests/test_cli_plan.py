"""The command `plan`: with a pilot, and without any file."""

import json

import pandas as pd
import pytest


@pytest.fixture
def quiz(tmp_path):
    """Two models, three seeds, two answers to each of 12 items."""
    rows = [
        (model, "quiz", item, seed, sample, float((item * 7 + seed + sample + shift) % 5 > 1))
        for shift, model in enumerate("AB")
        for item in range(12)
        for seed in range(3)
        for sample in range(2)
    ]
    columns = ["model", "task", "item", "seed", "sample", "score"]
    path = tmp_path / "quiz.csv"
    pd.DataFrame(rows, columns=columns).to_csv(path, index=False)
    return path


def test_it_answers_in_a_sentence_and_a_table_without_a_file(run):
    code, out, err = run("plan", "--assume", "discordance=0.2", "--difference", "0.02")
    assert code == 0
    lines = out.splitlines()
    assert lines[0] == "To show a difference of 2 points with 80% power: 3,924 items."
    assert lines[1] == "difference shown with power 0.8 in points, t over items, noise assumed"
    assert lines[2].split() == ["items", "1", "sample"]
    assert [line.split()[:2] for line in lines[3:]] == [
        ["1,962", "2.83"],
        ["3,924", "2.00"],
        ["7,848", "1.41"],
        ["15,696", "1.00"],
        ["39,240", "0.632"],
    ]
    assert "nothing is assumed of seeds" in err


def test_seeds_that_are_too_few_lead_to_more(run):
    code, out, _ = run(
        *("plan", "--assume", "discordance=0.2", "--assume", "seed_sd=0.005", "-d", "0.02"),
        *("--cost", "item=1", "--cost", "seed=500"),
    )
    assert code == 0
    assert out.splitlines()[0].startswith(
        "To show a difference of 2 points with 80% power: 41,576 items at 3 seeds each, or 5,512 "
        "items at 5 seeds. Cheapest: "
    )


def test_a_difference_below_the_floor_is_said(run):
    words = ("--assume", "item=0.2", "--assume", "seed=0.001", "--items", "500", "-d", "0.01")
    code, out, err = run("plan", *words)
    assert code == 0
    assert out.startswith(
        "No number of items shows a difference of 0.01 with 80% power with up to 10 seeds each: "
        "the floor is "
    )
    assert "no number of items shows a difference of 0.01 with 3 seeds each; the floor is" in err


def test_a_pilot_is_read(run, quiz):
    code, out, _ = run("plan", quiz, "-a", "A", "-b", "B", "-d", "0.3")
    assert code == 0
    assert out.startswith("quiz, score: to show a difference of 30 points with 80% power: ")
    assert "these data (12 items x 3 seeds x 2 samples) show" in out.splitlines()[0]
    assert "<- this data" in out


def test_json_is_the_result(run, quiz):
    code, out, _ = run("plan", quiz, "--difference", "0.3", "--cost", "sample=1", "--json")
    data = json.loads(out)
    assert code == 0
    assert (data["name"], data["keys"]) == ("plan", ["task", "metric", "design"])
    assert data["settings"]["costs"] == {"sample": 1.0}
    assert {"detectable_difference", "items_needed", "seeds_needed", "samples_needed", "cost"} <= {
        row["quantity"] for row in data["rows"]
    }


def test_the_heading_is_of_designs_that_show_something(run, quiz):
    code, out, _ = run("plan", quiz, "-a", "A", "-b", "B", "--seeds", "1")
    assert code == 0
    assert out.splitlines()[1] == (
        "difference shown with power 0.8 in points, Howe over items and seeds"
    )
    assert "these data" not in out


def test_a_number_beyond_the_largest_is_said(run):
    code, out, _ = run("plan", "--assume", "mean=0.7", "--difference", "1e-7")
    assert code == 0
    assert out.startswith(
        "To show a difference of 1e-05 points with 80% power takes more than 1,000,000,000,000 "
        "items."
    )


def test_prompts_that_are_drawn_again_are_the_columns_and_a_way(run):
    words = ("--assume", "mean=0.7", "--assume", "prompt=0.0005", "--over", "item x prompt")
    code, out, _ = run("plan", *words, "--items", "1000", "-d", "0.05")
    assert code == 0
    lines = out.splitlines()
    assert lines[0].startswith("To show a difference of 5 points with 80% power: ")
    assert "prompts on 1,000 items x 1 seed x 1 sample" in lines[0]
    assert lines[2].split() == ["items", "2", "prompts", "4", "prompts", "8", "prompts"]


def test_axes_are_named_as_in_compare(run, quiz):
    words = ("plan", quiz, "-a", "A", "-b", "B", "--json", "--over")
    answers = [run(*words, over)[1] for over in ("item x seed", "item,seed", "seed item")]
    assert [json.loads(out)["settings"]["over"] for out in answers] == [["item", "seed"]] * 3


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "no data and no assumption about items: read a pilot, or assume discordance=0.2"),
        (("--assume", "discordance"), "--assume discordance: expected KEY=NUMBER, such as disc"),
        (
            ("--assume", "item=1", "--source", "x"),
            "--source is of results, and no PATHS are given.",
        ),
        (
            ("--assume", "item=1", "--prompt", "x"),
            "--prompt is of results, and no PATHS are given.",
        ),
        (
            ("--assume", "item=1", "--model", "A"),
            "model=['A'] is of data, and there are none: read",
        ),
        *[
            (
                ("--assume", "item=1", "-d", "1", "--most", f"items={size}"),
                f"items must be a whole number of 1 or more, but is {size}.",
            )
            for size in ("inf", "nan")
        ],
        (("--assume", "item=1", "-d", "0"), "difference must be a number other than 0, but is 0"),
        (
            ("--assume", "item=1", "-d", "1", "--cost", "item=-2"),
            "the cost of each item must be 0 or more, but is -2.",
        ),
    ],
)
def test_bad_input_is_one_line_and_exit_code_3(run, words, message):
    code, out, err = run("plan", *words)
    assert (code, out) == (3, "")
    assert err.startswith(f"evalvar: {message}")
    assert len(err.splitlines()) == 1


def test_a_recorded_study_is_a_pilot(run, study):
    code, out, err = run("plan", study, "--task", "tiny_sum", "-M", "exact_match", "-d", "0.1")
    assert code == 0
    assert "52 seeds each on 40 items x 8 samples x 2 prompts; these data" in out
    assert "these data (40 items x 5 seeds x 8 samples x 2 prompts) show" in out
    assert "no number of items shows a difference of 10 points with 5 seeds each" in err


def test_one_model_of_a_recorded_study_is_a_pilot(run, study):
    words = ("plan", study, "--model", "tiny-plain", "--task", "tiny_sum", "-M", "exact_match")
    code, out, err = run(*words, "-d", "0.1")
    assert code == 0
    assert "seeds each on 40 items x 8 samples x 2 prompts; these data" in out
    assert "stands for two models like it" in err
