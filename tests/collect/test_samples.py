"""Files of programs: the forms of four harnesses, holes, and what does not fit."""

import json
import pickle
from dataclasses import replace

import pytest

from evalvar.collect.problems import Problem, ProblemSet, read_problems
from evalvar.collect.samples import read_samples
from evalvar.errors import AdapterError


def problems(*names, wanted=None):
    every = tuple(
        Problem(name, f"def {name[0]}():\n", name[0], "", (1, 2), "", "") for name in names
    )
    kept = every if wanted is None else tuple(p for p in every if p.task_id in wanted)
    return ProblemSet("set", every, kept)


@pytest.fixture
def write(tmp_path):
    def write(data, name="model-x.json"):
        path = tmp_path / name
        lines = path.suffix == ".jsonl"
        path.write_text(
            "".join(json.dumps(row) + "\n" for row in data) if lines else json.dumps(data)
        )
        return path

    return write


def test_a_list_goes_by_position(write):
    found = read_samples(write([["a0", "a1"], ["b0", "b1"]]), problems("a", "b"))
    assert (found.model, found.remarks) == ("model-x", ())
    assert found.programs == {"a": ("a0", "a1"), "b": ("b0", "b1")}


def test_a_list_goes_by_the_position_in_the_whole_file(write):
    found = read_samples(write([["a0"], ["b0"], ["c0"]]), problems("a", "b", "c", wanted=["c"]))
    assert (found.programs, found.remarks) == ({"c": ("c0",)}, ())


def test_a_dict_goes_by_position_or_name(write):
    by_position = read_samples(write({"0": ["a0"], "1": ["b0"]}), problems("a", "b"))
    by_name = read_samples(write({"b": ["b0"], "a": ["a0"]}), problems("a", "b"), model="m")
    assert by_position.programs == by_name.programs == {"a": ("a0",), "b": ("b0",)}
    assert by_name.model == "m"
    with pytest.raises(AdapterError, match="problem 'a' stands there twice"):
        read_samples(write({"a": ["a0"], "0": ["a0"]}), problems("a"))


def test_a_completion_continues_the_prompt_and_a_solution_does_not(write):
    rows = [
        {"task_id": "a", "completion": "    return 1"},
        {"task_id": "a", "solution": "def a(): return 2"},
        {"task_id": "a", "completion": None},
    ]
    found = read_samples(write(rows, "lines.jsonl"), problems("a"))
    assert found.programs["a"] == ("def a():\n    return 1", "def a(): return 2", None)


def test_a_completion_begins_a_line_of_its_own(write):
    published = problems("a")
    without = replace(published.every[0], prompt='def a():\n    """No end of line."""')
    cut = ProblemSet("p", (without,), (without,))
    rows = [{"task_id": "a", "completion": text} for text in ("    return 1", "\n    return 2")]
    found = read_samples(write(rows, "lines.jsonl"), cut)
    assert found.programs["a"] == tuple(f"{without.prompt}\n    return {n}" for n in (1, 2))


def test_a_folder_of_files_has_holes_where_numbers_lack(tmp_path):
    for name, text in (("HumanEval_0/0.py", "x"), ("HumanEval_0/2.py", "z")):
        path = tmp_path / "model" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    found = read_samples(tmp_path / "model", problems("HumanEval/0"))
    assert (found.model, found.programs) == ("model", {"HumanEval/0": ("x", None, "z")})
    assert found.remarks == ("model: 1 sample without a program, recorded as missing.",)


def test_a_hole_is_missing_and_never_the_word_none(write):
    found = read_samples(write([["a0", None], None, []]), problems("a", "b", "c", "d"))
    assert found.programs == {"a": ("a0", None), "b": (None,), "c": (None,), "d": (None,)}
    assert found.remarks == (
        "model-x: no sample of 3 problems, first b, which are recorded as missing (--only, "
        "--exclude and --problem choose problems).",
        "model-x: 1 sample without a program, recorded as missing.",
    )


def test_programs_in_a_markdown_fence_are_remarked(write):
    fenced = "```python\ndef f():\n    return 1\n```"
    found = read_samples(
        write([["a0", fenced], ["x = '```'", f"Here:\n{fenced}"]]), problems("a", "b")
    )
    assert found.programs["a"] == ("a0", fenced)
    assert found.remarks == (
        "model-x: 2 programs with a Markdown fence (```), which is no Python. Give the code inside "
        "it only.",
    )


def test_unequal_numbers_are_remarked(write):
    found = read_samples(write([["a0"], ["b0", "b1", "b2"]]), problems("a", "b"))
    assert found.remarks == (
        "model-x: 1 to 3 samples a problem; k above the smallest number is not defined for all "
        "problems.",
    )


def test_samples_of_strange_problems_are_counted(write):
    found = read_samples(write({"a": ["a0"], "q": ["q0", "q1"], "7": ["s0"]}), problems("a"))
    assert found.remarks == (
        "model-x: 3 samples of 2 problems that the file of problems does not have, first 'q', "
        "left out.",
    )
    with pytest.raises(AdapterError, match="no sample of any of 1 problem; the first problem is"):
        read_samples(write({"q": ["q0"]}), problems("a"))


@pytest.mark.parametrize(
    ("data", "name", "message"),
    [
        (["a0", "b0"], "m.json", "expected a list of programs for problem 0, found text"),
        ([[1]], "m.json", "expected the text of a program in problem 0, found a int"),
        (7, "m.json", "found a int. Expected lists of programs by problem"),
        ([{"task_id": "a", "text": "x"}], "m.jsonl", "found the keys 'task_id', 'text'"),
        ([{"task_id": None, "solution": "x"}], "m.jsonl", "no task_id in line 1"),
        ([{"task_id": "a", "solution": 1}], "m.jsonl", "expected the text of a program in line 1"),
        ([], "m.jsonl", "the file is empty"),
        ([], "m.zip", "unknown form '.zip'.*unpack archives"),
        ([], "m.pkl", "a pickle"),
    ],
)
def test_what_is_no_file_of_programs_is_refused(write, data, name, message):
    with pytest.raises(AdapterError, match=message):
        read_samples(write(data, name), problems("a", "b"))


def test_a_pickle_under_another_name_is_refused(tmp_path):
    path = tmp_path / "codes.json"
    path.write_bytes(pickle.dumps([["a0"]]))
    with pytest.raises(AdapterError, match="a pickle"):
        read_samples(path, problems("a"))


def test_published_files_are_read(shared):
    enamel = shared / "enamel"
    chosen = read_problems(
        enamel / "dataset" / "enamel.csv", only=enamel / "problem_indices_142.json"
    )
    for name in ("humaneval-canonical", "humanevalplus-canonical", "enamel-references"):
        found = read_samples(enamel / "samples" / f"{name}.json", chosen)
        assert (found.model, len(found.programs), found.remarks) == (name, 142, ())
        assert all(len(programs) == 1 for programs in found.programs.values())
    bigcode = shared / "native_formats" / "bigcode" / "humaneval_eval_gens.json"
    found = read_samples(bigcode, chosen)
    assert sum(programs != (None,) for programs in found.programs.values()) == 2
    assert found.programs["HumanEval/0"][0].startswith("from typing import List")


def test_published_lines_are_read(shared):
    path = shared / "native_formats" / "human_eval" / "example_samples.jsonl"
    found = read_samples(path, problems("test/0"))
    assert len(found.programs["test/0"]) == 6
    assert found.programs["test/0"][3] == "def t():\n    return 1"
