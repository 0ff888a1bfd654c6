"""What a run of programs must keep to: E-20 to E-24 of ENAMEL's checklist."""

import time

import pytest

from evalvar.collect.code_runner import timed_run
from evalvar.collect.inside.wire import encode
from evalvar.collect.sandbox import Limits, Session
from tests.collect.toys import EQUAL, renamed, toys
from tests.collect.toys import TOTAL as PROBLEM

pytestmark = pytest.mark.usefixtures("box")

# Takes some 20 ms on any input, whatever a clock says.
BUSY = "def total(numbers):\n    sum(range(1_000_000))\n    return sum(numbers)\n"
NO_CLOCK = """
import gc, time, types
for name in ("time", "perf_counter", "monotonic", "process_time"):
    setattr(time, name, lambda: 0.0)
    setattr(time, name + "_ns", lambda: 0)
for held in gc.get_objects():
    if isinstance(held, types.FunctionType) and held.__name__ == "answer":
        for cell in held.__closure__ or ():
            if getattr(cell.cell_contents, "__name__", "") == "perf_counter":
                cell.cell_contents = lambda: 0.0
"""


def run(problem, *programs, repeats=2):
    samples = {"m": {problem.task_id: list(programs)}}
    timings = timed_run(toys(problem), samples, repeats=repeats).evidence.timings
    return timings[timings["model"] == "m"]


def test_e20_every_repeat_and_every_call_gets_inputs_of_its_own():
    tidy = renamed(
        PROBLEM,
        "toys/tidy",
        prompt='def tidy(numbers):\n    """Tell whether the numbers are in order."""\n',
        entry_point="tidy",
        reference="    return numbers == sorted(numbers)\n",
        checker=EQUAL,
    )
    in_place = (
        "def tidy(numbers):\n    was = numbers == sorted(numbers)\n"
        "    numbers.sort()\n    return was\n"
    )
    assert set(run(tidy, in_place, repeats=3)["status"]) == {"ok"}


def test_e21_a_loop_that_swallows_every_exception_is_dead_within_a_second_of_its_limit(box):
    program = (
        "def total(numbers):\n    while True:\n        try:\n            while True:\n"
        "                pass\n        except BaseException:\n            pass\n"
    )
    source = {"prompt": PROBLEM.prompt, "program": program, "entry_point": "total"}
    with Session(box, "run", source, Limits()) as session:
        assert session.load().status == "ok"
        began = time.perf_counter()
        assert session.ask([encode(([1],))], 0.3).status == "timeout"
        usage = session.close()
        assert time.perf_counter() - began < 1.3
    assert usage.ended == "stopped"


def test_e22_a_clock_that_stands_still_changes_no_time():
    slow = renamed(
        PROBLEM, "toys/slow", reference="    sum(range(1_000_000))\n    return sum(numbers)\n"
    )
    timings = run(slow, BUSY, BUSY + NO_CLOCK)
    known = timings[timings["level"] > 0].groupby("sample")["seconds"].median()
    assert known[1] > 0.5 * known[0]


def test_e23_an_object_that_is_equal_to_all_is_no_answer():
    equal = (
        "class Equal:\n    def __eq__(self, other):\n        return True\n"
        "    __hash__ = None\n\n\ndef total(numbers):\n    return Equal()\n"
    )
    assert set(run(PROBLEM, equal)["status"]) == {"wrong"}


def test_e24_the_ways_to_end_are_told_apart():
    programs = {
        "ok": "def total(numbers):\n    return sum(numbers)\n",
        "wrong": "def total(numbers):\n    return -1\n",
        "timeout": "def total(numbers):\n    while True:\n        pass\n",
        "memory": "def total(numbers):\n    return bytearray(1 << 40)\n",
        "crash": "def total(numbers):\n    import os\n    os.abort()\n",
        "missing": None,
    }
    last = run(PROBLEM, *programs.values()).groupby("sample")["status"].last()
    assert last.tolist() == list(programs)
