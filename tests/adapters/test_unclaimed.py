"""Files that nobody reads: each is refused with what it is and what to do."""

import gzip
import json
from pathlib import Path

import pytest

from evalvar.adapters import adapters, load
from evalvar.errors import AdapterError

COLUMNS = ",".join(f"c{n}" for n in range(12))


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def refused(*paths: str, **arguments) -> str:
    with pytest.raises(AdapterError) as error:
        load(*paths, **arguments)
    return str(error.value)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("x.csv", "", "the file is empty. Name another one."),
        ("x.jsonl", "", "the file is empty. Name another one."),
        (
            "x.csv",
            "model,task,item,accuracy\n",
            "expected a column score, correct or pass1, found 'model', 'task', 'item', 'accuracy'. "
            "Rename 'accuracy' to score.",
        ),
        (
            "x.csv",
            f"{COLUMNS}\n",
            "expected a column value, score or mean (and item, if a row is one answer), found "
            "'c0', 'c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7' and 4 more. "
            "Rename the column with the scores.",
        ),
        (
            "x.csv",
            "model;task;item;score\n",
            "looks separated by ';': write commas, or tabs in a .tsv file.",
        ),
        (
            "x.tsv",
            "model,task,item,score\n",
            "looks separated by commas: write tabs, or commas in a .csv file.",
        ),
        (
            "x.jsonl",
            "[1, 2]\n",
            "expected one JSON object a line. Write the rows so, with a column score.",
        ),
        (
            "x.jsonl",
            '{"task_id": "HumanEval/0", "completion": "x"}\n',
            "looks like a HumanEval file of completions, which has programs and no results; run "
            "them with evalvar run-code.",
        ),
        (
            "x.jsonl",
            '{"generator_1": "a", "generator_2": "b", "score": 1}\n',
            "the columns 'generator_1', 'generator_2' are those of another tool's file, which is "
            "not read yet; export it as a table.",
        ),
    ],
)
def test_a_file_with_the_suffix_of_a_table_says_what_it_lacks(name, text, said):
    Path(name).write_text(text)
    assert refused(name) == f"{name}: {said}"
    assert refused(name, source="table") == f"{name}: {said}"


def test_a_cut_off_stream_is_said_to_be_one():
    Path("x.csv.gz").write_bytes(gzip.compress(b"model,item,score\nm,1,1\n")[:-12])
    assert refused("x.csv.gz") == "x.csv.gz: the gzip stream is cut off. Copy the file again."
    Path("x.csv.gz").write_bytes(gzip.compress(b""))
    assert refused("x.csv.gz") == "x.csv.gz: the file is empty. Name another one."


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            {"version": 2, "status": "success", "eval": {}},
            "looks like an Inspect log, which is not read yet; export it as a table.",
        ),
        (
            [{"instance_id": {}, "train_trial_index": 0, "stats": []}],
            "looks like a HELM file of statistics, which is not read yet; export it as a table.",
        ),
        (
            {"generated": [], "resolved": []},
            "looks like a SWE-bench report, which is not read yet; export it as a table.",
        ),
        (
            {"mteb_version": "1", "scores": {}},
            "looks like an MTEB result, which is not read yet; export it as a table.",
        ),
        (
            {"a": 1, "b": 2},
            "a JSON object with the top-level keys 'a', 'b', expected 'results' as lm-eval writes "
            "them. Export it as a table.",
        ),
        (
            [{"a": 1}, {"a": 2}],
            "a JSON list of 2 entries, the first with the keys 'a'. Write one object a line as "
            ".jsonl, with a column score, or export it as a table.",
        ),
        (3, "JSON that holds neither an object nor a list. Export the scores as a table."),
    ],
)
def test_json_says_what_it_is(content, said):
    Path("x.json").write_text(json.dumps(content))
    assert refused("x.json") == f"x.json: {said}"


def test_json_that_is_none_says_so():
    Path("x.json").write_text("{")
    assert refused("x.json") == (
        "x.json: no valid JSON (Expecting property name enclosed in double quotes: line 1 column 2 "
        "(char 1)). Repair the file, or leave it out."
    )


def test_a_directory_shows_a_file_of_data():
    for name in ("LICENSE", "README.md", "a.py", "b.txt", "c.json"):
        Path("r", name).parent.mkdir(exist_ok=True)
        Path("r", name).write_text("{}")
    assert refused("r") == (
        "r/c.json: a JSON object without keys, expected 'results' as lm-eval "
        "writes them. Export it as a table. "
        "No adapter claims this or any other of the 5 files found."
    )
    assert refused("r", source="table") == (
        "r/c.json: the adapter 'table' does not claim this or any other of the 5 files found. "
        "Check the path, or leave --source out."
    )
    Path("r/c.json").unlink()
    assert refused("r") == (
        f"r/b.txt: no adapter (known: {', '.join(adapters())}) claims this or any "
        "other of the 4 files found. Check the path, or name an adapter with --source."
    )


def test_logs_of_inspect_are_known_by_their_suffix():
    Path("x.eval").write_bytes(b"PK")
    assert refused("x.eval") == (
        "x.eval: looks like an Inspect log, which is not read yet; export it as a table."
    )
