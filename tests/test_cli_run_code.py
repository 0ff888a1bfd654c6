"""The command `run-code`: files in, a table of timings and a short account out."""

import json

import pytest

import evalvar as ev
from evalvar.cli.running import account_text
from evalvar.results import Result
from evalvar.stats import Estimate
from tests.collect.toys import EQUAL, RIGHT, TOTAL


@pytest.fixture
def files(tmp_path, tool):
    tool("bwrap")
    rows = [
        {
            "task_id": name,
            "prompt": TOTAL.prompt,
            "entry_point": TOTAL.entry_point,
            "input_generator": TOTAL.generator,
            "input_levels": "5 50 100 200",
            "reference_solution": TOTAL.reference,
            "checker": EQUAL,
        }
        for name in ("toys/0", "toys/1")
    ]
    (tmp_path / "toys.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "a.json").write_text(json.dumps([[RIGHT, None], ["", RIGHT]]))
    lines = [{"task_id": name, "completion": "    return sum(numbers)"} for name in ("toys/1", "x")]
    (tmp_path / "b.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return tmp_path


def test_it_times_what_several_models_wrote_and_says_what_became_of_it(run, files):
    output = files / "t.parquet"
    code, out, err = run(
        *("run-code", "--problems", files / "toys.jsonl", "--samples", files / "a.json"),
        *("--samples", files / "b.jsonl", "-o", output, "--repeats", 1, "--task", "sums"),
    )
    assert code == 0
    lines = out.splitlines()
    assert lines[0] == "6 programs of 2 problems: 3 ok, 1 crash and 2 missing."
    assert "s of work" in lines[1]
    assert [line.split() for line in lines[4:7]] == [
        ["model", "programs", "ok", "crash", "missing"],
        ["a", "4", "2", "1", "1"],
        ["b", "2", "1", "0", "1"],
    ]
    assert lines[2].startswith("Inputs by seed 0: a seed that the programs cannot know (--seed ran")
    assert lines[-1] == f"Next: evalvar code {output}"
    assert "b: 1 sample of 1 problem that the file of problems does not have, first 'x'" in err
    assert "b: no sample of 1 problem, first toys/0" in err
    assert "1 program crashed: the program does not define `total`." in err
    assert "sums: after the programs the references took" in err
    timings = ev.load(output).timings
    assert set(timings["model"]) == {"reference", "a", "b"}
    assert set(timings["task"]) == {"sums"}
    assert not (files / "t.parquet.partial").exists()
    assert list(files.glob("*.part")) == []


def test_json_is_the_account(run, files):
    code, out, _ = run(
        *("run-code", "--problems", files / "toys.jsonl", "--samples", files / "a.json"),
        *("-o", files / "t.csv", "--repeats", 1, "--model", "named", "--problem", "toys/1"),
        *("--run", "night", "--json"),
    )
    data = json.loads(out)
    assert (code, data["name"], data["keys"]) == (0, "run_code", ["model", "task"])
    counts = {row["quantity"]: row["value"] for row in data["rows"]}
    assert counts["programs"] == 2
    assert (counts["ok"], counts["crash"]) == (1, 1)
    assert data["rows"][0]["model"] == "named"
    assert {block["item"] for block in data["settings"]["blocks"]} == {"toys/1"}
    assert len(data["sources"]) == 2
    assert set(ev.load(files / "t.csv").timings["run"]) == {"night"}


def test_a_run_of_which_every_problem_is_refused_says_so(run, files):
    problems = files / "toys.jsonl"
    problems.write_text(problems.read_text().replace("def generate_input", "def other"))
    output = files / "t.parquet"
    words = ("run-code", "--problems", problems, "--samples", files / "a.json", "-o", output)
    code, out, err = run(*words)
    assert (code, out) == (
        3,
        f"No program was run: all 2 problems were refused, see the remarks. {output} holds no "
        "timings of programs.\n",
    )
    assert "toys/0 was refused and none of its programs run: the generator" in err
    assert set(ev.load(output).timings["model"]) == {"reference"}
    output.unlink()
    code, out, _ = run(*words, "--json")
    assert (code, json.loads(out)["rows"]) == (3, [])


def test_without_a_sandbox_it_says_what_is_not_protected(run, files):
    words = (
        *("run-code", "--problems", files / "toys.jsonl", "--samples", files / "a.json"),
        *("-o", files / "t.csv", "--repeats", 1, "--problem", "toys/1", "--unsafe-local"),
    )
    code, _, err = run(*words)
    if "every user can read" in err:  # root's interpreter may be where only root can read it
        assert "programs do not run here" in err
        assert "as a user that is not root, who cannot enter /" in err
        code, _, err = run(*words, "--python", "/usr/bin/python3")
    assert code == 0
    assert "Not a sandbox: a program can read and write every file" in err
    assert "no sandbox" in ev.load(files / "t.csv").timings["machine"].iloc[0]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--problems", "a.json"], "expected problems as JSON lines"),
        (["--samples", "toys.jsonl"], "found the keys 'task_id', 'prompt'"),
        (["--samples", "none.json"], "no such file"),
        (["--problem", "toys/9"], "no problem 'toys/9' in the data. Did you mean 'toys/1'?"),
        (["-o", "t.txt"], "unknown form '.txt'"),
        (["--jobs", "99"], "--jobs 99: expected 1 to"),
        (["--model", "x", "--model", "y"], "2 names of models for 1 file of samples"),
        (["--python", "/bin/false"], "expected a Python interpreter"),
        (["--seed", "x"], "--seed x: expected a whole number, or random"),
        (["--repeats", "0"], "--repeats 0: expected at least 1"),
    ],
)
def test_a_mistake_is_one_line_with_the_next_step(run, files, monkeypatch, words, message):
    monkeypatch.chdir(files)
    given = {"--problems": "toys.jsonl", "--samples": "a.json", "-o": "t.csv"}
    rest = [word for name, value in given.items() if name not in words for word in (name, value)]
    code, out, err = run("run-code", *words, *rest)
    assert (code, out) == (3, "")
    assert message in err
    assert len(err.splitlines()) == 1
    assert not (files / "t.csv.partial").exists()


def test_work_that_took_no_time_is_not_named():
    def told(**seconds):
        settings = {"output": "t.parquet", "machine": "here", "seed": 0, "problems": 2,
                    "refused": 0, "seconds": seconds}  # fmt: skip
        keys = {"model": "m", "task": "t"}
        rows = [(keys, name, Estimate(2.0)) for name in ("programs", "ok")]
        return account_text(Result.of("run_code", ("model", "task"), rows, settings=settings))

    shown = told(inputs=0.0, checks=0.2, references=3.0, programs=2.0)
    assert "5 s of work (references 3 s, programs 2 s) on here." in shown
    assert "3 s of work on here." in told(inputs=0.0, programs=3.0)


def test_every_end_of_a_program_is_counted_by_name():
    ends = {"ok": 4, "wrong": 3, "timeout": 2, "memory": 1, "crash": 8, "missing": 5}
    counts = {"programs": sum(ends.values()), **ends}
    rows = [({"model": "m", "task": "t"}, name, Estimate(float(n))) for name, n in counts.items()]
    settings = {"output": "t.parquet", "machine": "here", "seed": 0, "problems": 2,
                "refused": 0, "seconds": {"programs": 3.0}}  # fmt: skip
    shown = account_text(Result.of("run_code", ("model", "task"), rows, settings=settings))
    assert (
        "23 programs of 2 problems: 4 ok, 3 wrong, 2 timeout, 1 memory, 8 crash and 5 missing."
        in shown
    )
