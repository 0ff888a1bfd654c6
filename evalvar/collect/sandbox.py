"""One program in one sandbox: started, asked, ended for sure.

A `Session` is one process tree that nothing outlives. With bubblewrap it has no network, no home
folders and no files but the system's own, read-only; in it a trusted supervisor starts one worker,
under limits and without rights, that holds the program.
"""

import compileall
import itertools
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from io import FileIO
from math import inf
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Self

from evalvar.collect import bubblewrap, syscalls
from evalvar.collect.exchange import Broken, Channel, readable
from evalvar.collect.exchange import Reply as Reply
from evalvar.collect.inside import frames, wire
from evalvar.collect.interpreters import find_interpreter
from evalvar.errors import ToolError

UNPROTECTED = (
    "Not a sandbox: a program can read and write every file that its user can, keep answers from "
    "one repeat for the next, reach the network, and see and end other processes of its user. "
    "Only its time, memory, file sizes and number of processes are limited."
)

_INSIDE = Path(__file__).parent / "inside"
_ENVIRONMENT = {
    "HOME": "/tmp",
    "LANG": "C.UTF-8",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PATH": "/usr/bin:/bin",
    "PYTHONDONTWRITEBYTECODE": "1",
    # A set of strings has one order in the reference, the program and every repeat.
    "PYTHONHASHSEED": "0",
    "PYTHONIOENCODING": "utf-8:backslashreplace",
}
# Users that systemd's and Debian's tables leave to nobody.
_USERS = range(60_578, 61_184)
_turn = itertools.count()
# How long the supervisor gets to end everything, before it is ended with all that it holds; where
# it is not the first of a namespace, its end would leave processes behind.
_GRACE_S, _UNSAFE_GRACE_S = 1.0, 10.0
# How long what is ours alone may take to be up.
_START_S = 60.0
# How long a program may take to be ready for the next request, beside a second for so many bytes
# that it answered; all of these together may take `Limits.load_s`.
_PAUSE_S, _LOOKED_AT = 1.0, 1 << 23


@dataclass(frozen=True, slots=True)
class Limits:
    """What a program may use; the time of a call is limited by `Session.ask`.

    `load_s` is the wall time to load the program, and what it may take in all between its answers
    and the next requests, beside looking at long answers; `cpu_s` the processor time of the
    session; `memory_bytes` its address space; `file_bytes` the size of a file and `tmp_bytes` of
    all files; `processes` how many processes and threads it may be, itself included;
    `output_bytes` the length of a reply. Empty files are in none of these: as long as it runs, a
    program may fill an eighth of the machine's memory with their names.
    """

    load_s: float = 10.0
    cpu_s: int = 600
    memory_bytes: int = 4 << 30
    file_bytes: int = 16 << 20
    tmp_bytes: int = 64 << 20
    open_files: int = 64
    processes: int = 1
    output_bytes: int = 64 << 20


@dataclass(frozen=True, slots=True)
class Usage:
    """What a session used, by the word of its supervisor.

    `cpu_s` is the processor time of all its processes, `peak_bytes` the most that one of them held
    in memory, `ended` how the worker did: ``stopped`` (by the host), ``exit 0``, ``SIGSEGV``.
    """

    cpu_s: float
    peak_bytes: int
    ended: str


@dataclass(frozen=True, slots=True)
class Box:
    """How programs are shut in; `Box.find` returns one that works here.

    `python` runs them; `trees` are the directories it needs and `packages` those of its packages;
    `hidden` are directories of other packages, which look empty;
    `cpu` pins what runs inside to one processor; without `bwrap` the box is unsafe.
    """

    python: Path
    trees: tuple[Path, ...] = ()
    packages: tuple[str, ...] = ()
    hidden: tuple[Path, ...] = ()
    cpu: int | None = None
    bwrap: Path | None = None
    user_namespace: bool = False

    @property
    def unsafe(self) -> bool:
        """Whether programs are under limits only: see `UNPROTECTED`."""
        return self.bwrap is None

    @classmethod
    def find(cls, python: str | Path | None = None, *, unsafe_local: bool = False) -> "Box":
        """Find how to shut programs in on this machine, and try it.

        Parameters
        ----------
        python : path, optional
            The interpreter of the programs, with its packages; this one's, without any, by default.
        unsafe_local : bool
            Do without bubblewrap; see `UNPROTECTED`.

        Raises
        ------
        ToolError
            Nothing that was tried works; the message says what to install.
        """
        if sys.platform != "linux":
            raise ToolError(
                f"programs are run under limits on Linux only, and this is {sys.platform}. Use a "
                "virtual machine or a container."
            )
        # Compiled once, not at every start; where that cannot be kept, at every start.
        compileall.compile_dir(_INSIDE, quiet=2)
        found = find_interpreter(python)
        box = cls(found.executable, found.trees, found.packages, found.others)
        if unsafe_local:
            closed = _closed(box.python) if os.geteuid() == 0 else None
            advice = "Name another interpreter with --python"
            if closed is not None:
                advice = (
                    f"They are run as a user that is not root, who cannot enter {closed}, where "
                    "the interpreter lies. Name one that every user can read with --python"
                )
            return _working([box], advice)
        box = replace(box, bwrap=bubblewrap.find_bubblewrap())
        ways = [box] if os.geteuid() == 0 else []
        return _working([*ways, replace(box, user_namespace=True)], bubblewrap.INSTALL)


def _closed(file: Path) -> Path | None:
    """Return the outermost directory of a file that others than its owner cannot enter."""
    return next((path for path in reversed(file.parents) if not path.stat().st_mode & 1), None)


def _working(boxes: Sequence[Box], advice: str) -> Box:
    """Return the first box that runs a program."""
    reasons = []
    source = {"prompt": "", "program": "import json\ndef f(): pass", "entry_point": "f"}
    for box in boxes:
        try:
            with Session(box, "run", source, Limits()) as session:
                reply = session.load()
        except ToolError as error:
            reasons.append(str(error))
            continue
        if reply.status == "ok":
            return box
        reasons.append(f"{reply.status}: {reply.message}")
    told = "; ".join(dict.fromkeys(reasons))
    what = "programs do not run here" if boxes[0].unsafe else "a sandbox does not work here"
    raise ToolError(f"{what} ({told}). {advice}.")


class Session:
    """One program in a sandbox of its own, from its start to the end of all its processes.

    Parameters
    ----------
    box : Box
        How it is shut in.
    role : {"run", "generate", "check"}
        ``run``: `source` has prompt, program, entry_point; a request's parts are tuples of
        arguments, a reply's what the entry point returns. ``generate``: prompt, generator; parts
        are [seed, size, level, case] in, tuples of arguments out. ``check``: prompt, checker;
        parts are input, answer, output of each in turn, and ``true`` or ``false`` out. All parts
        but these two words are values by `evalvar.collect.inside.wire`.
    source : mapping
        The texts that the role needs.
    limits : Limits
        What it may use.

    Raises
    ------
    ToolError
        The sandbox itself does not work, here or in `load` and `ask`.
    """

    def __init__(self, box: Box, role: str, source: Mapping[str, str], limits: Limits):
        self._limits = limits
        self._source = wire.encode(dict(source))
        self._parts_each = 3 if role == "check" else 1
        self._grace_s = _UNSAFE_GRACE_S if box.unsafe else _GRACE_S
        # A program could spend its life between two calls; a checker and a generator are trusted.
        hurried = role == "run"
        self._pause_s = min(_PAUSE_S, limits.load_s) if hurried else limits.load_s
        self._pauses_s = limits.load_s if hurried else inf
        self._up = False
        self._usage: Usage | None = None
        self._over: Reply | None = None
        self._told = ""
        with ExitStack() as ours, ExitStack() as theirs:
            read, asked = _pipe(theirs, ours)
            replies, written = _pipe(ours, theirs)
            told, self._control = _pipe(theirs, ours)
            self._report, report = _pipe(ours, theirs)
            user = _claimed_user(ours) if os.geteuid() == 0 and not box.user_namespace else None
            directory = _directory(ours, user) if box.unsafe else "/tmp"
            # Where all that is started here is on that core anyway, it cannot leave it.
            stays = box.cpu is not None and os.sched_getaffinity(0) == {box.cpu}
            settings = {
                "requests": read.fileno(), "replies": written.fileno(),
                "control": told.fileno(), "report": report.fileno(), "role": role,
                "cpu": None if stays else box.cpu, "user": user, "directory": directory,
                "namespace": not box.unsafe, "guard": user is None or box.unsafe,
                "packages": list(box.packages), "rlimits": _rlimits(limits, box),
            }  # fmt: skip
            pipes = [pipe.fileno() for pipe in (read, written, told, report)]
            told_to = wire.encode(settings).hex()
            self._process = _started(box, limits, told_to, pipes, stays=stays)
            self._channel = Channel(asked.fileno(), replies.fileno(), limits.output_bytes)
            self._held = ours.pop_all()

    def wait(self) -> None:
        """Wait until the sandbox is up, as `load` does."""
        if self._up or self._over is not None:
            return
        try:
            self._channel.remark(_START_S)
        except Broken as broken:
            self._over = self._ended(broken, _START_S)
            if broken.status == "timeout":
                # no program is there yet that could be the cause
                raise ToolError(f"the sandbox did not start within {_START_S:g} s.") from None
        self._up = True

    def load(self) -> Reply:
        """Load the program; another answer than ok is its end."""
        self.wait()
        if self._over is not None:
            return self._over
        reply = self._exchanged(frames.request([self._source]), 0, self._limits.load_s)
        if reply.status != "ok" and self._over is None:
            self._over = reply
            self.close()
        return reply

    def ask(self, parts: Sequence[bytes], limit_s: float) -> Reply:
        """Send a request and wait for its reply, no longer than this many seconds.

        After a timeout, an end of the program or output over the limit the session is over, and
        every further answer is the same.
        """
        if self._over is not None:
            return self._over
        return self._exchanged(frames.request(parts), len(parts) // self._parts_each, limit_s)

    def close(self) -> Usage:
        """End every process of the session, and say what it used."""
        if self._usage is None:
            # The supervisor takes the end of this pipe as the word to end.
            self._control.close()
            report = _read_all(self._report, self._grace_s)
            if report is None:
                _kill_first(self._process)
            try:
                _, told = self._process.communicate(timeout=self._grace_s)
            except subprocess.TimeoutExpired:
                self._process.kill()
                _, told = self._process.communicate()
            self._told = told.decode("utf-8", "replace").strip()
            self._held.close()
            self._usage = _usage(report)
        return self._usage

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _exchanged(self, request: bytes, parts: int, limit_s: float) -> Reply:
        try:
            reply = self._channel.exchange(request, parts, limit_s)
        except Broken as broken:
            self._over = self._ended(broken, limit_s)
            return self._over
        return self._looked_at(reply)

    def _looked_at(self, reply: Reply) -> Reply:
        """Give a worker a moment to look at its answer and clean up; a program has so many of them.

        One that does not end it keeps its answer, and gets no further question.
        """
        began = monotonic()
        granted_s = sum(map(len, reply.parts)) / _LOOKED_AT
        try:
            remark = self._channel.remark(granted_s + min(self._pause_s, self._pauses_s))
        except Broken as broken:
            over = self._ended(broken, self._pause_s)
            if over.status == "timeout":
                over = replace(over, message=f"idle for {monotonic() - began:.2g} s after a call")
            self._over = over
            return reply
        taken_s = max(0.0, monotonic() - began - granted_s)
        self._pauses_s = max(0.0, self._pauses_s - taken_s)
        return reply if remark.status == "ok" else remark

    def _ended(self, broken: Broken, limit_s: float) -> Reply:
        """End the session, and say why it is over."""
        if broken.status is None:
            # The end of its pipes comes a moment before the end of a process.
            readable(self._report.fileno(), _GRACE_S / 4)
        usage = self.close()
        if broken.status == "timeout":
            return Reply("timeout", f"stopped after {limit_s:g} s")
        if broken.status is not None:
            return Reply(broken.status, str(broken))
        if not usage.ended and not self._up:
            told = self._told.splitlines() or ["it says nothing"]
            raise ToolError(f"the sandbox did not start: {told[-1]}")
        if usage.ended == "SIGXCPU" or usage.cpu_s > self._limits.cpu_s:
            return Reply("timeout", f"stopped after {self._limits.cpu_s} s of processor time")
        if usage.ended in ("", "SIGKILL"):
            return Reply("memory", "killed, as the kernel does where memory is short")
        return Reply("crash", f"the program ended early ({usage.ended})")


def _pipe(reader: ExitStack, writer: ExitStack) -> tuple[FileIO, FileIO]:
    """Return the ends of a new pipe, each closed with whom it belongs to."""
    read, write = os.pipe()
    return reader.enter_context(FileIO(read, "r")), writer.enter_context(FileIO(write, "w"))


def _claimed_user(held: ExitStack) -> int:
    """Return a user that no other sandbox of the machine has, since the kernel counts by user."""
    for _ in _USERS:
        user = _USERS[(os.getpid() + next(_turn)) % len(_USERS)]
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0evalvar-{user}")
        except OSError:
            claim.close()
            continue
        held.enter_context(claim)
        return user
    raise ToolError(f"{len(_USERS)} sandboxes are running. Run fewer at a time.")


def _directory(held: ExitStack, user: int | None) -> str:
    """Return a directory of the program's own, which goes with the session."""
    path = tempfile.mkdtemp(prefix="evalvar-")
    held.callback(shutil.rmtree, path, ignore_errors=True)
    if user is not None:
        os.chown(path, user, user)
    return path


def _started(
    box: Box, limits: Limits, settings: str, pipes: list[int], *, stays: bool
) -> subprocess.Popen[bytes]:
    code = _INSIDE if box.bwrap is None else bubblewrap.CODE
    words = [str(box.python), "-s", "-S", str(code / "start.py"), settings]
    with ExitStack() as held:
        if box.bwrap is not None:
            filter_pipe = _filter(held, stays=stays)
            pipes = [*pipes, *([] if filter_pipe is None else [filter_pipe])]
            words[:0] = bubblewrap.command(
                box.bwrap, _INSIDE, box.trees, box.hidden, user_namespace=box.user_namespace,
                tmp_bytes=limits.tmp_bytes, system_calls=filter_pipe,
            )  # fmt: skip
        try:
            return subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE, pass_fds=pipes, env=_ENVIRONMENT, cwd="/",
                start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise ToolError(f"the sandbox did not start: {error}") from None


def _filter(held: ExitStack, *, stays: bool) -> int | None:
    """Return a pipe that holds the filter of system calls, where one is known."""
    program = syscalls.program(stays=stays)
    if program is None:
        return None
    with ExitStack() as writer:
        read, write = _pipe(held, writer)
        write.write(program)
    return read.fileno()


def _kill_first(process: subprocess.Popen[bytes]) -> None:
    """Kill the first process of a namespace: bubblewrap ends once all the others have."""
    try:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    except OSError:
        children = ""
    for child in map(int, children.split()):
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    if not children:
        process.kill()


def _rlimits(limits: Limits, box: Box) -> dict[str, int]:
    return {
        "CPU": limits.cpu_s,
        "AS": limits.memory_bytes,
        "FSIZE": limits.file_bytes,
        "NOFILE": limits.open_files,
        # In a namespace of users the supervisor is of the same user, and counts.
        "NPROC": limits.processes + box.user_namespace,
        "CORE": 0,
    }


def _read_all(pipe: FileIO, seconds: float) -> bytes | None:
    """Read to the end of a pipe; None where it does not come in time."""
    deadline = monotonic() + seconds
    text = b""
    while readable(pipe.fileno(), deadline - monotonic()):
        read = pipe.read(1 << 12)
        if not read:
            return text
        text += read
    return None


def _usage(report: bytes | None) -> Usage:
    if not report:
        return Usage(float("nan"), 0, "")
    cpu_s, peak_bytes, code, stopped = wire.decode(report)
    ended = f"exit {code}" if code >= 0 else signal.Signals(-code).name
    return Usage(cpu_s, peak_bytes, "stopped" if stopped else ended)
