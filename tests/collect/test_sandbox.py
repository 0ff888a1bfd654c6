import ast
import errno
import json
import os
import platform
import resource
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import pytest

from evalvar.collect import bubblewrap, sandbox
from evalvar.collect.inside.wire import encode
from evalvar.collect.sandbox import UNPROTECTED, Box
from evalvar.errors import ToolError
from tests.collect import hostile
from tests.collect.asking import LIMITS, NOTHING, alive, answer, below, running

# What runs when the worker cleans up, after its answer and before it is ready for the next request.
IDLES = """
import gc, time
_calls = []
def f():
    if not _calls:
        gc.callbacks.append(lambda phase, info: phase == "start" and time.sleep({pause_s}))
    _calls.append(1)
    return 1
"""


class TestEnd:
    def test_a_timeout_is_told_within_its_second_and_everything_is_dead(self, box):
        with running(
            box, hostile.NUISANCES["swallow every exception"].program.replace("smaller", "f")
        ) as session:
            session.load()
            processes = list(below(session._process.pid))
            assert len(processes) >= 2
            began = time.monotonic()
            reply = session.ask([encode(([],))], 0.3)
            assert time.monotonic() - began < 1.3
            assert (reply.status, reply.message) == ("timeout", "stopped after 0.3 s")
            assert alive(processes) == []
            assert session.ask([encode(([],))], 0.3) == reply

    def test_what_hides_in_a_session_of_its_own_does_not_survive(self, box):
        program = """
import os, time
def f():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(1000)
        time.sleep(1000)
    time.sleep(0.2)
    return 1
"""
        with running(box, program, replace(LIMITS, processes=8)) as session:
            session.load()
            assert session.ask([NOTHING], 5.0).parts == (encode(1),)
            processes = list(below(session._process.pid))
            assert len(processes) >= 4
            session.close()
        assert alive(processes) == []

    def test_nothing_survives_a_host_that_is_killed(self, box, root):
        script = """
from tests.collect.asking import NOTHING, below, running
from evalvar.collect.sandbox import Box
session = running(Box.find(), "def f():\\n    while True: pass")
session.load()
print(session._process.pid, *[number for number, _ in below(session._process.pid)], flush=True)
session.ask([NOTHING], 100)
"""
        host = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=root)
        numbers = [int(word) for word in host.stdout.readline().split()]
        assert len(numbers) >= 3
        processes = [
            (number, Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[19])
            for number in numbers
        ]
        host.kill()
        host.communicate()
        deadline = time.monotonic() + 5
        while alive(processes) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert alive(processes) == []

    @pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGKILL])
    def test_nothing_survives_a_supervisor_that_does_not_answer(self, box, number):
        if os.geteuid() != 0:
            pytest.skip("needs root")
        with running(box, "def f():\n    while True: pass") as session:
            session.load()
            supervisor, *_ = processes = list(below(session._process.pid))
            os.kill(supervisor[0], number)
            began = time.monotonic()
            reply = session.ask([NOTHING], 0.3)
            assert time.monotonic() - began < 3
        assert reply.status == {signal.SIGSTOP: "timeout", signal.SIGKILL: "memory"}[number]
        assert alive(processes) == []
        usage = session.close()
        assert (usage.peak_bytes, usage.ended) == (0, "")

    @pytest.mark.parametrize(
        ("pause_s", "load_s", "answers", "at_most_s"), [(30.0, 5.0, 1, 2.5), (0.3, 1.0, 4, 2.5)]
    )
    def test_a_program_that_idles_between_its_calls_is_stopped(
        self, box, pause_s, load_s, answers, at_most_s
    ):
        program = IDLES.format(pause_s=pause_s)
        with running(box, program, replace(LIMITS, load_s=load_s)) as session:
            session.load()
            began = time.monotonic()
            replies = [session.ask([NOTHING], 5.0) for _ in range(30)]
            assert time.monotonic() - began < at_most_s
        ends = [reply.status for reply in replies]
        assert ends == ["ok"] * ends.count("ok") + ["timeout"] * ends.count("timeout")
        assert 1 <= ends.count("ok") <= answers
        assert replies[-1].message.startswith("idle for ")

    def test_to_look_at_a_long_answer_takes_none_of_that_time(self, box, monkeypatch):
        monkeypatch.setattr(sandbox, "_LOOKED_AT", 1 << 16)
        with running(box, "def f(): return [[n] for n in range(300_000)]") as session:
            session.load()
            session._pause_s = session._pauses_s = 0.001
            ends = [session.ask([NOTHING], 20.0).status for _ in range(2)]
            assert ends == ["ok", "ok"]
            assert session._pauses_s == 0.001

    def test_a_sandbox_that_is_not_up_in_time_is_no_fault_of_the_program(self, box, monkeypatch):
        monkeypatch.setattr(sandbox, "_START_S", 0.0)
        with (
            running(box, "def f(): pass") as session,
            pytest.raises(ToolError, match=r"the sandbox did not start within 0 s\."),
        ):
            session.load()

    def test_a_session_that_is_closed_at_once_leaves_nothing(self, box):
        session = running(box, "def f(): pass")
        usage = session.close()
        assert session.close() == usage

    def test_a_program_holds_two_descriptors_however_many_the_host_has(self, box):
        program = """
import os
def f():
    found = []
    for number in range(3, 9000):
        try:
            os.fstat(number)
            found.append(number)
        except OSError:
            pass
    return len(found)
"""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(6000, hard), hard))
        held = [os.open(os.devnull, os.O_RDONLY) for _ in range(min(5000, hard - 200))]
        try:
            assert answer(box, program) == 2
        finally:
            for number in held:
                os.close(number)
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    def test_descriptors_are_given_back(self, box):
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(3):
            with running(box, "import os; os._exit(0)") as session:
                session.load()
        assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.skipif(platform.machine() != "x86_64", reason="calls by the numbers of x86_64")
def test_no_call_makes_a_namespace_of_users(box):
    program = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
def f():
    errors = []
    for call in ((272, 0x10000000), (56, 0x10000011, 0, 0, 0, 0), (435, 0, 0)):
        assert libc.syscall(*call) == -1
        errors.append(ctypes.get_errno())
    return errors
"""
    refused = [errno.EPERM, errno.EPERM, errno.ENOSYS]
    assert answer(box, program, limits=replace(LIMITS, processes=8)) == refused


def test_an_honest_read_at_a_place_works_and_so_does_what_threads_need(box):
    program = """
import os, threading
def f():
    with open('/tmp/a', 'w+b') as file:
        os.pwritev(file.fileno(), [b'abc', b'def'], 0)
        held = bytearray(4)
        os.preadv(file.fileno(), [held], 1)
    os.set_blocking(os.pipe()[0], False)
    run = threading.Thread(target=held.reverse)
    run.start()
    run.join()
    return held.decode()
"""
    assert answer(box, program, limits=replace(LIMITS, processes=2)) == "edcb"


def test_what_runs_inside_needs_an_old_interpreter_and_its_library_only(root):
    for path in (root / "evalvar" / "collect" / "inside").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(), feature_version=(3, 9))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                assert name.startswith("evalvar.collect.inside") or (
                    name.partition(".")[0] in sys.stdlib_module_names
                )


class TestFind:
    def test_without_bubblewrap_it_says_what_to_install(self, monkeypatch):
        monkeypatch.setenv("PATH", "/nowhere")
        with pytest.raises(ToolError) as refused:
            Box.find()
        assert str(refused.value) == (
            "bubblewrap is not installed, and programs are not run without. Install bubblewrap "
            "(apt install bubblewrap, dnf install bubblewrap) where user namespaces are allowed "
            "(in a container: --privileged), or let programs run without by --unsafe-local."
        )

    def test_a_bubblewrap_that_may_not_is_told_with_its_own_words(self, monkeypatch, tmp_path):
        fake = tmp_path / "bwrap"
        fake.write_text(
            "#!/bin/sh\necho bwrap: No permissions to create new namespace >&2; exit 1\n"
        )
        fake.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        with pytest.raises(ToolError, match=r"No permissions to create new namespace.*Install"):
            Box.find()

    def test_another_system_is_refused(self, monkeypatch):
        monkeypatch.setattr(sys, "platform", "darwin")
        with pytest.raises(ToolError, match="on Linux only, and this is darwin"):
            Box.find()

    @pytest.mark.parametrize("name", ["/nowhere/python", "/bin/true", "/bin/false", "/bin"])
    def test_what_is_no_interpreter_is_refused(self, name):
        with pytest.raises(ToolError, match=f"{name}: expected a Python interpreter"):
            Box.find(name)

    def test_a_named_interpreter_brings_its_packages(self, tool):
        tool("bwrap")
        box = Box.find(sys.executable)
        assert answer(box, "import numpy\ndef f(): return int(numpy.arange(4).sum())") == 6

    def test_packages_that_were_not_asked_for_cannot_be_found(self, box):
        program = """
import glob, sys
def f():
    found = []
    for place in ('/usr', '/usr/local', sys.base_prefix):
        for path in glob.glob(place + '/lib/python3*/*-packages/*'):
            found.append(path)
    return found
"""
        assert box.hidden
        assert answer(box, program) == []

    def test_an_interpreters_packages_may_lie_below_the_private_tmp(self, tool):
        tool("bwrap")
        with tempfile.TemporaryDirectory(dir="/tmp") as directory:
            subprocess.run(
                [sys.executable, "-m", "venv", "--without-pip", f"{directory}/venv"], check=True
            )
            box = Box.find(f"{directory}/venv/bin/python")
            (packages,) = box.packages
            (Path(packages) / "lent.py").write_text("given = 6\n")
            program = """
import lent, os
def f():
    with open('/tmp/a', 'w') as file:
        file.write('x')
    return lent.given, sorted(os.listdir('/tmp')), os.access(lent.__file__, os.W_OK)
"""
            given, there, writable = answer(box, program)
        assert (given, there, writable) == (6, ["a", Path(directory).name], False)

    def test_an_older_bubblewrap_gives_no_directory_to_write(self, box, monkeypatch):
        monkeypatch.setattr(bubblewrap, "_options", lambda bwrap: frozenset())
        program = """
def f():
    try:
        open('/tmp/a', 'w')
    except OSError as error:
        return error.errno
"""
        assert answer(box, program) == 30


def test_as_an_ordinary_user_the_walls_are_the_same(tool, root):
    """In a namespace of users: what is root's way elsewhere here is nobody's."""
    tool("bwrap")
    python = "/usr/bin/python3"
    if os.geteuid() != 0 or not os.access(python, os.X_OK):
        pytest.skip("needs root, to become somebody else, and a Python that all can read")
    code = f"import sys; sys.path.insert(0, {str(root)!r}); from tests.collect import ordinary"
    run = subprocess.run(
        [python, "-I", "-B", "-c", f"{code}; ordinary.main()"],
        user=65534, group=65534, extra_groups=[], cwd="/", env={"PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if run.returncode and "PermissionError" in run.stderr:
        pytest.skip("needs a checkout that all can read")
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == {
        "user_namespace": True,
        "gain rights": [],
        "find other processes": [],
        "read files": [],
        "write outside": [],
        "open a socket": [],
        "raise limits": [],
        "see what other sandboxes did": [],
        "fork": "crash",
        "kill whoever is there": "ok",
        "swallow every exception": "timeout",
        "survivors": 0,
    }


class TestUnsafe:
    def test_it_runs_programs_under_limits_and_says_what_it_is_not(self, unsafe_box):
        assert unsafe_box.unsafe
        assert answer(unsafe_box, "def f(x): return x + 1", 1) == 2
        assert "every file" in UNPROTECTED
        assert "network" in UNPROTECTED

    @pytest.mark.parametrize(
        "name",
        [
            "swallow every exception", "ignore signals", "fork", "fork without end",
            "hog memory and hold on", "exit at once", "crash in C", "close every pipe",
            "leave threads running",
        ],
    )  # fmt: skip
    def test_nuisances_end(self, unsafe_box, name):
        program, statuses = hostile.NUISANCES[name].program, hostile.NUISANCES[name].statuses
        with running(unsafe_box, program.replace("smaller", "f")) as session:
            session.load()
            processes = [(session._process.pid, ""), *below(session._process.pid)]
            assert session.ask([encode(([],))], 0.4).status in statuses
            session.close()
        assert alive(processes) == []

    def test_what_hides_in_a_session_of_its_own_does_not_survive(self, unsafe_box):
        if os.geteuid() != 0:
            pytest.skip("processes are counted by user: an ordinary one has others")
        program = """
import os, time
def f():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(1000)
        os._exit(0)
    time.sleep(0.2)
    return 1
"""
        with running(unsafe_box, program, replace(LIMITS, processes=8)) as session:
            session.load()
            assert session.ask([NOTHING], 5.0).parts == (encode(1),)
            processes = list(below(session._process.pid))
            assert len(processes) >= 2
            session.close()
        assert alive(processes) == []

    def test_its_directory_goes_although_the_host_is_killed(self, unsafe_box, root):
        script = """
import sys
from tests.collect.asking import NOTHING, running
from evalvar.collect.sandbox import Box
box = Box.find(sys.argv[1], unsafe_local=True)
session = running(box, "def f():\\n    open('a', 'w').close()\\n    while True: pass")
print(session.load().status, flush=True)
session.ask([NOTHING], 100)
"""
        with tempfile.TemporaryDirectory(dir="/tmp") as name:
            directory = Path(name)
            directory.chmod(0o755)
            with subprocess.Popen(
                [sys.executable, "-c", script, str(unsafe_box.python)],
                stdout=subprocess.PIPE, cwd=root, env={**os.environ, "TMPDIR": name},
            ) as host:  # fmt: skip
                assert host.stdout.readline() == b"ok\n"
                assert len(list(directory.iterdir())) == 1
                host.kill()
            deadline = time.monotonic() + 10
            while list(directory.iterdir()) and time.monotonic() < deadline:
                time.sleep(0.01)
            assert list(directory.iterdir()) == []

    def test_its_directory_goes_with_it(self, unsafe_box):
        program = "import os\ndef f():\n    open('a', 'w').close()\n    return os.getcwd()"
        assert not Path(answer(unsafe_box, program)).exists()
