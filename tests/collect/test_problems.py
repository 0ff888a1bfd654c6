"""Files of problems: what is read, what is chosen, and what is refused."""

import gzip
import json
import pickle

import pytest

from evalvar.collect.problems import read_problems
from evalvar.errors import AdapterError, UsageError


def problem(task_id="p/0", **changes):
    made = {
        "task_id": task_id,
        "prompt": "def twice(x):\n",
        "entry_point": "twice",
        "input_generator": "def generate_input(size, lid, cid):\n    return size,",
        "input_levels": "1 10 100 1000",
        "reference_solution": "    return 2 * x\n",
        "checker": "def __check(input, answer, output):\n    return output == answer",
    }
    return {**made, **changes}


@pytest.fixture
def write(tmp_path):
    def write(*problems, name="mine.jsonl"):
        path = tmp_path / name
        path.write_text("".join(json.dumps(p) + "\n" for p in problems))
        return path

    return write


def test_json_lines_are_read_with_their_tags(write):
    path = write(problem("a", tag="strings"), problem("b", tag=None, input_levels=[1, 2, 3]))
    found = read_problems(path)
    assert (found.name, found.remarks, found.path) == ("mine", (), str(path))
    assert [(p.task_id, p.tag, p.levels) for p in found.every] == [
        ("a", "strings", (1, 10, 100, 1000)),
        ("b", "", (1, 2, 3)),
    ]
    assert found.wanted == found.every
    assert found.every[0].reference == "    return 2 * x\n"


def test_compressed_lines_are_read(write, tmp_path):
    packed = tmp_path / "packed.jsonl.gz"
    packed.write_bytes(gzip.compress(write(problem()).read_bytes()))
    assert read_problems(packed).every == read_problems(write(problem())).every


def test_the_published_file_is_read_whole(shared):
    enamel = shared / "enamel"
    found = read_problems(
        enamel / "dataset" / "enamel.csv", only=enamel / "problem_indices_142.json"
    )
    assert (len(found.every), len(found.wanted)) == (164, 142)
    assert found.every[31].task_id == "HumanEval/31"
    assert found.every[0].levels == (20, 100, 10_000, 15_000)
    assert found.every[0].reference.startswith("    numbers.sort()\n")
    assert "HumanEval/2" not in {p.task_id for p in found.wanted}
    (remark,) = found.remarks
    assert remark.startswith(
        "the sizes of the timed levels do not rise in 2 problems, first HumanEval/32 (4, 10, 20, 20"
    )


def test_what_is_kept_and_left_out_adds_up(write, tmp_path):
    path = write(*(problem(str(n)) for n in "abcde"))
    listed = tmp_path / "list.json"
    listed.write_text('[0, "c", 4]')

    def names(**choice):
        return "".join(p.task_id for p in read_problems(path, **choice).wanted)

    assert names() == "abcde"
    assert names(only=listed) == "ace"
    assert names(exclude=listed) == "bd"
    assert names(only=[4, 1]) == "be"
    assert names(problem=["c"]) == "c"
    assert names(only=listed, problem=["c", "d"]) == "c"
    assert names(only=listed, exclude=["a"]) == "ce"


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"only": [5]}, "--only: no problem at position 5; there are 2, counted from 0."),
        ({"problem": ["c"]}, "no problem 'c' in the data. There is: a, b."),
        ({"exclude": [True]}, "no problem 'True' in the data."),
        ({"exclude": ["a", "b"]}, "none of 2 problems is left"),
    ],
)
def test_a_choice_that_cannot_be_is_refused(write, choice, message):
    with pytest.raises(UsageError, match=message):
        read_problems(write(problem("a"), problem("b")), **choice)


@pytest.mark.parametrize(
    ("text", "message"),
    [("{]", "list.json: no JSON"), ('{"a": 1}', "expected a list of positions or task_ids, found")],
)
def test_a_list_that_is_none_is_refused(write, tmp_path, text, message):
    listed = tmp_path / "list.json"
    listed.write_text(text)
    with pytest.raises(AdapterError, match=message):
        read_problems(write(problem()), only=listed)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"input_levels": "7"}, "1 level in problem 'p/0'; expected one for correctness"),
        ({"input_levels": []}, "0 levels in problem 'p/0'"),
        ({"input_levels": "1 many"}, "input_levels of problem 'p/0' are '1 many'; expected whole"),
        ({"input_levels": [1, 2.5]}, "expected whole numbers"),
        ({"entry_point": "f()"}, "the entry_point of problem 'p/0' is no name of a function"),
        ({"checker": ""}, "no checker in problem 1. Fill it."),
        ({"checker": 7}, "checker of problem 'p/0' is a int, and not text"),
    ],
)
def test_a_problem_that_cannot_be_is_named(write, changes, message):
    with pytest.raises(AdapterError, match=message.replace("(", r"\(").replace(")", r"\)")):
        read_problems(write(problem(**changes)))


def test_a_missing_column_is_named(write):
    lacking = problem()
    del lacking["checker"]
    with pytest.raises(AdapterError, match=r"missing column 'checker'; found 'task_id', 'prompt'"):
        read_problems(write(lacking))


def test_a_repeated_id_is_refused(write):
    with pytest.raises(AdapterError, match="the task_id 'a' stands in problems 1 and 3"):
        read_problems(write(problem("a"), problem("b"), problem("a")))


def test_an_empty_file_is_refused(write, tmp_path):
    with pytest.raises(AdapterError, match=r"mine\.jsonl: the file is empty"):
        read_problems(write())
    with pytest.raises(AdapterError, match=r"empty\.csv: the file is empty"):
        read_problems(write(name="empty.csv"))
    with pytest.raises(AdapterError, match="no such file"):
        read_problems(tmp_path / "nowhere.jsonl")
    with pytest.raises(AdapterError, match="found a directory"):
        read_problems(tmp_path)


@pytest.mark.parametrize("name", ["tests.pkl", "tests.pickle", "tests.pkl.gz", "tests.jsonl"])
def test_a_pickle_is_refused_by_name_or_by_its_first_bytes(tmp_path, name):
    path = tmp_path / name
    pickled = pickle.dumps([1, 2])
    path.write_bytes(gzip.compress(pickled) if name.endswith("gz") else pickled)
    with pytest.raises(AdapterError, match="a pickle, which can run any code when it is read"):
        read_problems(path)
