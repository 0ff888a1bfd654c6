"""Programs timed on several cores at a time."""

import os

import pytest

import evalvar as ev
from evalvar.collect import jobs
from evalvar.collect.blocks import Settings
from evalvar.collect.code_runner import LIMITS, timed_run
from evalvar.errors import ToolError
from tests.collect.toys import RIGHT, TOTAL, renamed, toys

pytestmark = pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs two cores")


def test_two_at_a_time_give_the_rows_of_one_at_a_time(tool):
    tool("bwrap")
    problems = toys(*(renamed(TOTAL, f"toys/{n}") for n in range(3)))
    samples = {"m": {p.task_id: [RIGHT, "    return 0\n"] for p in problems.wanted}}
    columns = ["model", "item", "sample", "phase", "level", "case", "repeat", "status"]
    one = ev.run_code(problems, samples, repeats=1)
    two = ev.run_code(problems, samples, repeats=1, jobs=2)
    assert two.timings[columns].astype(str).equals(one.timings[columns].astype(str))
    assert set(two.timings["run"]) == set(one.timings["run"])
    (said,) = [sentence for sentence in two.warnings if "at a time" in sentence]
    assert said.startswith("2 programs were timed at a time, each on a core of its own: while")


def test_what_is_prepared_beforehand_is_what_would_have_been_prepared(tool, monkeypatch):
    tool("bwrap")
    names = [f"toys/{n}" for n in range(4)]
    broken = renamed(
        TOTAL, "toys/broken", generator="def generate_input(size, lid, cid):\n    1/0\n"
    )
    problems = toys(*[renamed(TOTAL, name) for name in names], broken)
    samples = {"m": {problem.task_id: [RIGHT] for problem in problems.wanted}}
    found = timed_run(problems, samples, repeats=1)
    monkeypatch.setattr(jobs, "_WORTH_A_HELPER", 100)
    alone = timed_run(problems, samples, repeats=1)
    shown = ["item", "model", "sample", "phase", "level", "case", "repeat", "status"]
    assert found.evidence.timings[shown].equals(alone.evidence.timings[shown])
    assert [facts["refused"] for facts in found.facts] == [fact["refused"] for fact in alone.facts]
    assert found.facts[-1]["refused"].startswith("the generator fails")


def test_no_module_is_taken_from_the_directory_of_the_user(tool, tmp_path, monkeypatch):
    """Programs lie there, and may be called as a module is."""
    tool("bwrap")
    (tmp_path / "json.py").write_text("open('taken', 'w').close()\nraise ImportError\n")
    monkeypatch.chdir(tmp_path)
    problems = toys(*[renamed(TOTAL, f"toys/{n}") for n in range(4)])
    samples = {"m": {problem.task_id: [RIGHT] for problem in problems.wanted}}
    for at_a_time in (1, 2):
        ev.run_code(problems, samples, repeats=1, jobs=at_a_time)
    assert sorted(tmp_path.iterdir()) == [tmp_path / "json.py"]


def test_a_process_that_is_killed_is_named_and_no_interrupt_but_ours_reaches_it(box):
    core = max(os.sched_getaffinity(0))
    with jobs._workers([core], box, LIMITS, Settings()) as (worker,):
        assert os.getpgid(worker.process.pid) != os.getpgid(0)
        worker.process.kill()
        with pytest.raises(ToolError, match=r"ended early \(SIGKILL; .*\)\. The same command"):
            worker.receive()
        with pytest.raises(ToolError, match="ended early"):
            worker.send(("inputs", renamed(TOTAL, "x" * 1_000_000)))
