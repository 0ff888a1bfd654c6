"""A run that ends early goes on where it was, and ends as if nothing had been."""

import json
import random
import resource
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest

import evalvar as ev
from evalvar.collect.blocks import Block
from evalvar.collect.journal import Journal, JournalError
from evalvar.errors import UsageError
from tests.collect.toys import EQUAL, HOPELESS, RIGHT, TOTAL

DIGESTS = {"problems": "p", "samples": "s", "machine": "m"}
TIMINGS = pd.DataFrame({"model": ["m", "r"], "seconds": [0.1 + 0.2, float("nan")]})
BLOCK = Block(TIMINGS, {"item": "a"})


def test_a_journal_gives_back_what_it_was_given(tmp_path):
    path = tmp_path / "t.parquet.partial"
    with Journal.open(path, DIGESTS, "a machine") as journal:
        journal.add("0.0", BLOCK)
    with Journal.open(path, DIGESTS, "the same at another time") as journal:
        assert journal.about == "a machine"
        (found,) = journal.blocks().values()
        assert found.facts == BLOCK.facts
        pd.testing.assert_frame_equal(found.timings, TIMINGS, check_exact=True)
        journal.remove()
    assert not path.exists()


def test_a_journal_of_another_run_is_refused_by_what_differs(tmp_path):
    with Journal.open(tmp_path / "j", DIGESTS, ""):
        pass
    with pytest.raises(JournalError, match=r"with other samples and machine\. Give the same"):
        Journal.open(tmp_path / "j", {**DIGESTS, "samples": "x", "machine": "y"}, "")


def test_two_runs_do_not_write_the_same_journal(tmp_path):
    with (
        Journal.open(tmp_path / "j", DIGESTS, ""),
        pytest.raises(JournalError, match="another run is writing there"),
    ):
        Journal.open(tmp_path / "j", DIGESTS, "")


def test_a_journal_needs_its_directory(tmp_path):
    with pytest.raises(UsageError, match=r"the directory .*nowhere does not exist"):
        Journal.open(tmp_path / "nowhere" / "j", DIGESTS, "")


def test_a_full_disk_is_told_with_the_file_and_what_to_do(tmp_path):
    with Journal.open(tmp_path / "j", DIGESTS, "") as journal:
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))
        try:
            with pytest.raises(JournalError, match=r"0\.0\.block\.json: cannot be written \(File"):
                journal.add("0.0", BLOCK)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert journal.blocks() == {}


def test_a_block_that_was_half_written_is_not_there(tmp_path):
    with Journal.open(tmp_path / "j", DIGESTS, "") as journal:
        (tmp_path / "j" / "0.0.block.json.part").write_text('{"facts"')
        assert journal.blocks() == {}


def test_blocks_whose_run_is_not_known_are_not_taken_over(tmp_path):
    path = tmp_path / "j"
    with Journal.open(path, DIGESTS, "") as journal:
        journal.add("0.0", BLOCK)
    (path / "run.json").unlink()  # as a removal that is cut short may leave it
    with Journal.open(path, {**DIGESTS, "samples": "x"}, "") as journal:
        assert journal.blocks() == {}


@pytest.fixture
def files(tmp_path, tool):
    """Five problems, one of them refused, with three programs each."""
    tool("bwrap")
    rows = [
        {
            "task_id": f"toys/{n}",
            "prompt": TOTAL.prompt,
            "entry_point": TOTAL.entry_point,
            "input_generator": TOTAL.generator if n != 3 else "x = 1",
            "input_levels": list(TOTAL.levels),
            "reference_solution": TOTAL.reference,
            "checker": EQUAL,
        }
        for n in range(5)
    ]
    problems, samples = tmp_path / "toys.jsonl", tmp_path / "m.json"
    problems.write_text("".join(json.dumps(row) + "\n" for row in rows))
    programs = [RIGHT, HOPELESS, "def total(numbers):\n    return 0\n"]
    samples.write_text(json.dumps([programs] * 5))
    return problems, samples


def command(files, output, *words):
    problems, samples = files
    given = ["--problems", problems, "--samples", samples, "-o", output, "--repeats", 1, *words]
    return [sys.executable, "-m", "evalvar.cli", "run-code", *map(str, given)]


def outcome(path):
    timings = ev.load(path).timings
    # a stop that the machine made is not repeated: how often a program was stopped may differ
    columns = ["model", "item", "sample", "run", "phase", "level", "case", "repeat", "status"]
    return timings[columns].astype(str)


def test_a_run_that_is_killed_goes_on_and_ends_as_one_that_was_not(files, tmp_path):
    whole = tmp_path / "whole.parquet"
    ran = subprocess.run(command(files, whole), capture_output=True, text=True, check=True)
    assert ran.stdout.startswith(
        "12 programs of 4 problems: 4 ok, 4 wrong and 4 timeout; 1 problem was refused.\n"
        "A timeout was stopped at twice the limit or more: if not at level 0, it was right so far, "
    )
    killed = tmp_path / "killed.parquet"
    beside = tmp_path / "killed.parquet.partial"
    draw = random.Random(0)
    for done in (0, 1, 3):
        with subprocess.Popen(
            command(files, killed), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            while process.poll() is None and not (
                (beside / "run.json").exists() and len(list(beside.glob("*.block.json"))) >= done
            ):
                time.sleep(0.01)
            time.sleep(draw.uniform(0, 0.2))
            process.send_signal(signal.SIGKILL)
        assert process.returncode == -signal.SIGKILL
        assert not killed.exists()
    subprocess.run(command(files, killed), capture_output=True, check=True)
    assert not killed.with_name("killed.parquet.partial").exists()
    assert sorted(tmp_path.glob("*.part*")) == []
    pd.testing.assert_frame_equal(outcome(killed), outcome(whole))


def test_a_run_goes_on_with_what_is_done(files, tmp_path, monkeypatch):
    from evalvar.collect import jobs

    done, most = [], [2]
    real = jobs.time_block

    def interrupted(box, problem, *rest, **more):
        if len(done) == most[0]:
            raise KeyboardInterrupt
        done.append(problem.task_id)
        return real(box, problem, *rest, **more)

    monkeypatch.setattr(jobs, "time_block", interrupted)
    problems, samples = files
    output = tmp_path / "t.csv"
    with pytest.raises(KeyboardInterrupt):
        ev.run_code(problems, samples, output=output, repeats=1)
    assert sorted(p.name for p in (tmp_path / "t.csv.partial").glob("*.block.json")) == [
        f"{n}.0.block.json" for n in range(2)
    ]
    with pytest.raises(JournalError, match="with other settings"):
        ev.run_code(problems, samples, output=output, repeats=2)
    with pytest.raises(JournalError, match="with other problems and samples"):
        ev.run_code(problems, samples, output=output, repeats=1, exclude=[0])
    done[:], most[0] = [], 99
    told = []
    ev.run_code(
        problems, samples, output=output, repeats=1, progress=lambda *both: told.append(both)
    )
    assert done == ["toys/2", "toys/3", "toys/4"]
    assert told[0] == (6, 15)
    assert told[-1] == (15, 15)
    assert set(ev.load(output).timings["item"]) == {f"toys/{n}" for n in range(5)}


def test_a_run_whose_seed_was_drawn_goes_on_with_it(files, tmp_path, monkeypatch):
    from evalvar.collect import jobs
    from evalvar.collect.code_runner import timed_run

    seeds = []
    real = jobs.time_block

    def interrupted(box, problem, programs, limits, settings, **rest):
        seeds.append(settings.seed)
        if len(seeds) == 2:
            raise KeyboardInterrupt
        return real(box, problem, programs, limits, settings, **rest)

    monkeypatch.setattr(jobs, "time_block", interrupted)
    problems, samples = files
    options = {"output": tmp_path / "t.csv", "repeats": 1, "seed": None}
    with pytest.raises(KeyboardInterrupt):
        timed_run(problems, samples, **options)
    found = timed_run(problems, samples, **options)
    assert len(seeds) == 6
    assert set(seeds) == {found.seed}
    (tmp_path / "t.csv").unlink()
    other = timed_run(problems, samples, **options, problem=["toys/0"])
    assert other.seed != found.seed
    known = {**options, "output": None, "seed": other.seed, "problem": ["toys/0"]}
    runs = [
        set(each.evidence.timings["run"]) for each in (other, timed_run(problems, samples, **known))
    ]
    assert runs[0] == runs[1]


def test_a_run_that_is_interrupted_says_how_to_go_on(run, files, tmp_path, monkeypatch):
    from evalvar.collect import jobs

    def interrupted(*given, **more):
        raise KeyboardInterrupt

    monkeypatch.setattr(jobs, "time_block", interrupted)
    problems, samples = files
    output = tmp_path / "t.csv"
    code, out, err = run("run-code", "--problems", problems, "--samples", samples, "-o", output)
    assert (code, out) == (130, "")
    assert err == f"remark: stopped; the same command goes on with what lies in {output}.partial.\n"
    assert (tmp_path / "t.csv.partial").is_dir()
