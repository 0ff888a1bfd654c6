"""What a sandbox does with a program that means well, or is merely wrong."""

import os
import platform
from dataclasses import replace

import pytest

from evalvar.collect.cores import pinned
from evalvar.collect.inside.wire import decode, encode
from evalvar.collect.sandbox import Session
from tests.collect.asking import LIMITS, NOTHING, answer, running

SQUARE = {
    "prompt": 'def square(x):\n    """Return x times x."""\n',
    "program": "    return x * x",
    "entry_point": "square",
}


class TestProgram:
    def test_many_calls_of_one_request_are_answered_in_order(self, box):
        with Session(box, "run", SQUARE, LIMITS) as session:
            assert session.load().status == "ok"
            reply = session.ask([encode((x,)) for x in range(50)], 5.0)
        assert [decode(part) for part in reply.parts] == [x * x for x in range(50)]
        assert 0 < reply.inside_s <= reply.outside_s < 5

    def test_a_request_larger_than_any_pipe_passes(self, box):
        value = "x" * 5_000_000
        assert answer(box, "def f(x): return x", value) == value

    @pytest.mark.parametrize(
        "program",
        [
            "    return x * x",
            "\n    return x * x\n\ndef helper(): pass\n",
            "def square(x):\n    return x * x",
            "from operator import pow\nsquare = lambda x: pow(x, 2)",
            "class square(int):\n    def __new__(cls, x):\n        return x * x",
            "if True:\n    def square(x):\n        return x * x",
        ],
    )
    def test_a_completion_and_a_whole_program_are_told_apart(self, box, program):
        with Session(box, "run", {**SQUARE, "program": program}, LIMITS) as session:
            assert session.load().status == "ok"
            assert session.ask([encode((3,))], 5.0).parts == (encode(9),)

    @pytest.mark.parametrize("program", ["", "   \n", "# nothing", "cube = 3", "square = 3"])
    def test_a_program_without_the_entry_point_is_a_crash(self, box, program):
        with Session(box, "run", {**SQUARE, "program": program}, LIMITS) as session:
            reply = session.load()
            assert (reply.status, session.ask([], 1.0)) == ("crash", reply)
        assert reply.message == "the program does not define `square`"

    @pytest.mark.parametrize(
        ("program", "message"),
        [
            ("def f(:\n", "SyntaxError: invalid syntax (program.py, line 1)"),
            ("x = 1\n\nf = (", "SyntaxError: '(' was never closed (program.py, line 3)"),
            ("    return (", "SyntaxError: '(' was never closed (prompt-and-program.py, line 2)"),
            ("\0", "source code string cannot contain null bytes"),
            ("import nothing_of_this_name", "ModuleNotFoundError: No module named"),
            ("raise SystemExit(3)", "SystemExit: 3"),
            ("(" * 1000, "SyntaxError: too many nested parentheses"),
            ("raise ValueError('a\\nb\\x1b[31m')", "ValueError: a b [31m"),
        ],
    )  # fmt: skip
    def test_what_does_not_load_says_why_in_a_line(self, box, program, message):
        with running(box, program, prompt="def f(x):") as session:
            reply = session.load()
        assert reply.status == "crash"
        assert message in reply.message
        assert reply.message.isprintable()

    def test_a_raised_exception_is_told_and_the_next_call_answered(self, box):
        program = "def f(x): return 1 / x"
        with running(box, program) as session:
            session.load()
            reply = session.ask([encode((0,))], 5.0)
            assert (reply.status, reply.message) == ("crash", "ZeroDivisionError: division by zero")
            assert session.ask([encode((2,))], 5.0).parts == (encode(0.5),)
            assert session.close().ended == "stopped"

    @pytest.mark.parametrize(
        ("body", "status"),
        [
            ("[0] * 10 ** 12", "memory"),
            ("math.exp(1e9)", "memory"),
            ("f()", "crash"),
            ("[][0]", "crash"),
            ("Counter()", "wrong"),
        ],
    )
    def test_statuses_are_those_of_the_exception(self, box, body, status):
        program = f"import math\nfrom collections import Counter\ndef f(): return {body}"
        with running(box, program) as session:
            session.load()
            assert session.ask([NOTHING], 5.0).status == status

    def test_what_is_written_as_something_else_is_refused_by_name_behind_the_clock(self, box):
        program = "def f(x): return [bytearray(b'a'), 1][x:]"
        with running(box, program) as session:
            session.load()
            reply = session.ask([encode((0,))], 5.0)
            assert (reply.status, reply.parts) == ("wrong", ())
            assert reply.message.startswith("returned a bytearray: only plain data")
            assert session.ask([encode((1,))], 5.0).parts == (encode([1]),)

    def test_an_input_changed_in_place_is_fresh_for_the_next_call(self, box):
        with running(box, "def f(x):\n    x.sort()\n    return x is x") as session:
            session.load()
            ask = [encode(([3, 1, 2],))] * 2
            assert session.ask(ask, 5.0).parts == (encode(True), encode(True))
        assert answer(box, "seen = []\ndef f(x):\n    seen.append(x)\n    x.sort()\n"
                           "    return seen[0] is x", [2, 1]) is True  # fmt: skip

    def test_sets_of_strings_have_one_order_in_every_sandbox(self, box):
        program = "def f(): return list({str(x) for x in range(50)})"
        assert answer(box, program) == answer(box, program)

    def test_a_program_finds_the_standard_library_and_nothing_else(self, box):
        program = """
import sys
def f():
    found = []
    for name in ('dataclasses', 'typing', 'sqlite3', 'numpy', 'evalvar', 'wire', 'worker', 'start'):
        try:
            __import__(name)
            found.append(name)
        except ImportError:
            pass
    return found, [path for path in sys.path if 'inside' in path or 'site-packages' in path]
"""
        assert answer(box, program) == (["dataclasses", "typing", "sqlite3"], [])

    def test_dataclasses_with_annotations_as_text_are_found(self, box):
        program = (
            "from __future__ import annotations\nfrom dataclasses import dataclass\n"
            "@dataclass\nclass P:\n    x: int\ndef f(): return P(3).x, __name__"
        )
        assert answer(box, program) == (3, "program")

    def test_the_private_directory_can_be_written_and_is_gone_next_time(self, box):
        program = "import os\ndef f():\n    open('a', 'w').close()\n    return os.listdir('.')"
        assert answer(box, program) == answer(box, program) == ["a"]

    def test_output_over_the_cap_is_memory(self, box):
        limits = replace(LIMITS, output_bytes=1000)
        with running(box, "def f(n): return 'x' * n", limits) as session:
            session.load()
            assert session.ask([encode((990,))], 5.0).status == "ok"
            reply = session.ask([encode((2000,))], 5.0)
        assert reply.status == "memory"
        assert reply.message == "2,005 bytes of output, more than the 1,000 allowed"

    def test_processor_time_over_the_limit_is_a_timeout(self, box):
        for ignore in ("", "import signal; signal.signal(24, signal.SIG_IGN)"):
            program = f"{ignore}\ndef f():\n    while True: pass"
            with running(box, program, replace(LIMITS, cpu_s=1)) as session:
                session.load()
                reply = session.ask([NOTHING], 30.0)
            assert reply.status == "timeout"
            assert reply.message == "stopped after 1 s of processor time"

    def test_what_the_supervisor_counts_is_what_was_used(self, box):
        program = "def f():\n    held = bytearray(200_000_000)\n    return sum(range(20_000_000))"
        with running(box, program) as session:
            session.load()
            reply = session.ask([NOTHING], 20.0)
        usage = session.close()
        assert usage.cpu_s > 0.1 * reply.inside_s > 0.01
        assert usage.peak_bytes > 200_000_000
        assert session.close() == usage

    def test_a_pinned_program_has_one_processor(self, box):
        cpu = max(os.sched_getaffinity(0))
        program = "import os\ndef f(): return list(os.sched_getaffinity(0))"
        assert answer(replace(box, cpu=cpu), program) == [cpu]

    def test_a_program_cannot_leave_a_core_that_all_were_started_on(self, box):
        if platform.machine() not in ("x86_64", "aarch64"):
            pytest.skip("no numbers of system calls are known")
        cores = sorted(os.sched_getaffinity(0))
        program = """
import os
def f(cores):
    try:
        os.sched_setaffinity(0, cores)
    except PermissionError:
        pass
    return sorted(os.sched_getaffinity(0))
"""
        with pinned(cores[-1]):
            assert answer(replace(box, cpu=cores[-1]), program, cores) == [cores[-1]]
        assert answer(replace(box, cpu=cores[-1]), program, cores) == cores

    def test_more_processes_where_they_are_allowed(self, box):
        program = (
            "import os\ndef f():\n    child = os.fork()\n    if child == 0:\n        os._exit(7)\n"
            "    return os.waitpid(child, 0)[1] >> 8"
        )
        assert answer(box, program, limits=replace(LIMITS, processes=4)) == 7
