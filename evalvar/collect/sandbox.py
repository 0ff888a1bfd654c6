"""One program in one sandbox: started, asked, ended for sure.

A `Session` is one process tree that nothing outlives. With bubblewrap it has no network, no home
folders and no files but the system's own, read-only; in it a trusted supervisor starts one worker,
under limits and without rights, that holds the program.
"""

import compileall
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from select import POLLIN, poll
from types import TracebackType
from typing import Self

from evalvar.collect.exchange import Broken, Channel
from evalvar.collect.exchange import Reply as Reply
from evalvar.collect.inside import frames, wire
from evalvar.errors import ToolError

UNPROTECTED = (
    "not a security boundary: a program can read and write every file that its user can, reach "
    "the network, and see other processes; only its time, memory, file sizes and processes are "
    "limited"
)

_INSIDE = Path(__file__).parent / "inside"
_SYSTEM = ("bin", "sbin", "lib", "lib32", "lib64")
_ENVIRONMENT = {
    "HOME": "/tmp",
    "LANG": "C.UTF-8",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PATH": "/usr/bin:/bin",
    "PYTHONDONTWRITEBYTECODE": "1",
    # The order of a set of strings is the same in the reference, the program and every repeat.
    "PYTHONHASHSEED": "0",
    "PYTHONIOENCODING": "utf-8:backslashreplace",
}
# Set aside by nobody on a systemd machine; each sandbox that is alive has its own, since the
# kernel counts processes by user.
_FIRST_USER, _USERS = 60_578, 606
_turn = itertools.count(os.getpid())


@dataclass(frozen=True, slots=True)
class Limits:
    """What a program may use; the time of a call is limited by `Session.ask`.

    `load_s` is the wall time to load the program; `cpu_s` the processor time of the whole session;
    `memory_bytes` its address space; `file_bytes` the size of a file and `tmp_bytes` of all files;
    `processes` how many processes and threads it may be, itself included; `output_bytes` the
    length of a reply.
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
    """How programs are shut in; `Box.find` makes one that works here.

    `cpu` pins what runs inside to one processor.
    """

    python: Path
    unsafe: bool = False
    cpu: int | None = None
    bwrap: Path | None = None
    user_namespace: bool = False
    trees: tuple[Path, ...] = ()
    packages: tuple[str, ...] = ()
    options: frozenset[str] = field(default_factory=frozenset)

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
                f"programs are run under limits on Linux only, and this is {sys.platform}: run "
                "them there, in a virtual machine or a container"
            )
        box = _interpreter(python)
        # Compiled once, not at every start; where that cannot be written, at every start.
        compileall.compile_dir(_INSIDE, quiet=2)
        if unsafe_local:
            return _tried([replace(box, unsafe=True)], "")
        bwrap = shutil.which("bwrap")
        if bwrap is None:
            raise ToolError(f"bubblewrap is not installed: {_ADVICE}")
        help_text = subprocess.run([bwrap, "--help"], capture_output=True, text=True, check=False)
        options = frozenset(word for word in help_text.stdout.split() if word.startswith("--"))
        box = replace(box, bwrap=Path(bwrap), options=options)
        ways = [replace(box, user_namespace=True)]
        if os.geteuid() == 0:
            ways.insert(0, box)
        return _tried(ways, f"; {_ADVICE}")


_ADVICE = (
    "install it by `apt install bubblewrap` or `dnf install bubblewrap`, allow it user namespaces "
    "(in a container: --privileged), or accept with --unsafe-local that programs are not shut in"
)


def _tried(ways: Sequence[Box], advice: str) -> Box:
    """Return the first way that runs a program."""
    reasons = []
    source = {"prompt": "", "program": "def f(): return 1", "entry_point": "f"}
    for box in ways:
        try:
            with Session(box, "run", source, Limits()) as session:
                reply = session.load()
        except ToolError as error:
            reasons.append(str(error))
            continue
        if reply.status == "ok":
            return box
        reasons.append(f"{reply.status} {reply.message}")
    raise ToolError(f"a sandbox does not work here ({'; '.join(dict.fromkeys(reasons))}){advice}")


_PROBE = """
import json, site, sys
exe = getattr(sys, "_base_executable", None) or sys.executable
print(json.dumps([exe, sys.base_prefix, sys.base_exec_prefix, site.getsitepackages(),
                  sys.version_info[:2]]))
"""


def _interpreter(python: str | Path | None) -> Box:
    """Describe an interpreter: its real file, the trees it needs, its packages."""
    named = sys.executable if python is None else str(python)
    try:
        found = subprocess.run(
            [named, "-I", "-c", _PROBE], capture_output=True, text=True, timeout=60, check=True
        )
        executable, prefix, exec_prefix, packages, version = json.loads(found.stdout)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise ToolError(f"{named} is no Python interpreter that works: {error}") from None
    if tuple(version) < (3, 9):
        raise ToolError(f"{named} is Python {version[0]}.{version[1]}: 3.9 or later is needed")
    packages = [] if python is None else [path for path in packages if os.path.isdir(path)]
    trees = {Path(path).resolve() for path in (prefix, exec_prefix, *packages)}
    needed = [tree for tree in sorted(trees) if not _below(tree, [Path("/usr")])]
    outermost = [tree for tree in needed if not _below(tree, set(needed) - {tree})]
    return Box(
        Path(executable).resolve(), trees=tuple(outermost),
        packages=tuple(str(Path(path).resolve()) for path in packages),
    )  # fmt: skip


def _below(path: Path, others: "Sequence[Path] | set[Path]") -> bool:
    return any(path.is_relative_to(other) for other in others)


def _bubblewrap(box: Box, limits: Limits) -> list[str]:
    """Return the command that shuts in what follows it."""
    words = [
        str(box.bwrap), "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts",
        "--unshare-cgroup-try", "--as-pid-1", "--die-with-parent", "--new-session",
    ]  # fmt: skip
    if box.user_namespace:
        words += ["--unshare-user", "--uid", "65534", "--gid", "65534"]
        words += ["--disable-userns"] if "--disable-userns" in box.options else []
    else:
        for capability in ("CAP_SETUID", "CAP_SETGID", "CAP_KILL"):
            words += ["--cap-add", capability]
    words += ["--ro-bind", "/usr", "/usr"]
    for path in (f"/{name}" for name in _SYSTEM):
        if os.path.islink(path):
            words += ["--symlink", os.readlink(path), path]
        elif os.path.isdir(path):
            words += ["--ro-bind", path, path]
    for path in ("/etc/ld.so.cache", "/etc/alternatives"):
        words += ["--ro-bind-try", path, path]
    made: set[Path] = {Path("/")}
    for tree in box.trees:
        for parent in reversed(tree.parents):
            if parent not in made:
                words += ["--perms", "0755", "--dir", str(parent)]
                made.add(parent)
        words += ["--ro-bind", str(tree), str(tree)]
    words += ["--ro-bind", str(_INSIDE), "/inside", "--dev", "/dev"]
    if "--size" in box.options:
        words += ["--size", str(limits.tmp_bytes), "--perms", "1777", "--tmpfs", "/tmp"]
    else:
        words += ["--dir", "/tmp"]
    return [*words, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/"]


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
        but these two words are texts of `evalvar.collect.inside.wire`.
    source : mapping
        The texts that the role needs.
    limits : Limits
        What it may use.
    """

    def __init__(self, box: Box, role: str, source: Mapping[str, str], limits: Limits):
        self._limits = limits
        self._source = wire.encode(dict(source))
        self._usage: Usage | None = None
        self._over: Reply | None = None
        self._stderr = b""
        self._shared = 3 if role == "check" else 1
        self._directory = tempfile.mkdtemp(prefix="evalvar-") if box.unsafe else None
        (theirs_in, requests), (replies, theirs_out) = os.pipe(), os.pipe()
        (theirs_control, self._control), (self._report, theirs_report) = os.pipe(), os.pipe()
        handed = [theirs_in, theirs_out, theirs_control, theirs_report]
        self._pipes = [requests, replies]
        user = None
        if os.geteuid() == 0 and not box.user_namespace:
            user = _FIRST_USER + next(_turn) % _USERS
            if self._directory:
                os.chown(self._directory, user, user)
        settings = {
            "requests": theirs_in,
            "replies": theirs_out,
            "control": theirs_control,
            "report": theirs_report,
            "cpu": box.cpu,
            "user": user,
            "namespace": not box.unsafe,
            "guard": user is None or box.unsafe,
            "directory": self._directory or "/tmp",
            "packages": list(box.packages),
            "role": role,
            "rlimits": _rlimits(limits, box),
        }
        start = "/inside/start.py" if not box.unsafe else str(_INSIDE / "start.py")
        command = [str(box.python), "-s", "-S", start, wire.encode(settings).decode()]
        try:
            self._process = subprocess.Popen(
                command if box.unsafe else _bubblewrap(box, limits) + command,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                pass_fds=handed, env=_ENVIRONMENT, cwd="/", start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            self._drop()
            raise ToolError(f"the sandbox did not start: {error}") from None
        finally:
            for pipe in handed:
                os.close(pipe)
        self._channel = Channel(requests, replies, limits.output_bytes)

    def load(self) -> Reply:
        """Load the program; an answer other than ok is its end."""
        message = frames.request([self._source])
        reply = self._tried(message, 0, self._limits.load_s)
        if reply.status != "ok" and self._over is None:
            self._over = reply
            self.close()
        return reply

    def ask(self, parts: Sequence[bytes], limit_s: float) -> Reply:
        """Send a request and wait for its reply, no longer than this many seconds.

        After a timeout, an end of the program or output over the limit the session is over: every
        further answer is the same.
        """
        if self._over is None:
            self._at_rest()
        if self._over is not None:
            return self._over
        message = frames.request(list(parts))
        return self._tried(message, len(parts) // self._shared, limit_s)

    def close(self) -> Usage:
        """End everything of the session, and say what it used."""
        if self._usage is None:
            os.close(self._control)
            report = _read_all(self._report, 1.0)
            if report is None:
                self._process.kill()
                report = _read_all(self._report, 1.0)
            os.close(self._report)
            try:
                self._process.wait(1.0)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            if self._process.stderr is not None:
                self._stderr = _read_all(self._process.stderr.fileno(), 0.1) or b""
                self._process.stderr.close()
            self._drop()
            self._usage = _usage(report)
        return self._usage

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.close()

    def _at_rest(self) -> None:
        try:
            self._channel.ready(self._limits.load_s)
        except Broken as broken:
            self._over = self._end(broken)

    def _tried(self, message: bytes, parts: int, limit_s: float) -> Reply:
        try:
            return self._channel.exchange(message, parts, limit_s)
        except Broken as broken:
            self._over = self._end(broken, limit_s)
            return self._over

    def _end(self, broken: Broken, limit_s: float | None = None) -> Reply:
        """End the session, and say why it is over."""
        usage = self.close()
        if broken.status == "timeout":
            limit = self._limits.load_s if limit_s is None else limit_s
            return Reply("timeout", f"stopped after {limit:g} s")
        if broken.status is not None:
            return Reply(broken.status, broken.message)
        if not usage.ended:
            told = self._stderr.decode("utf-8", "replace").strip().splitlines()
            raise ToolError(f"the sandbox did not start: {told[-1] if told else 'it says nothing'}")
        if usage.ended == "SIGXCPU" or usage.cpu_s > self._limits.cpu_s:
            return Reply("timeout", f"used {self._limits.cpu_s} s of processor time")
        if usage.ended == "SIGKILL":
            return Reply("memory", "killed by SIGKILL, as the kernel does where memory is short")
        return Reply("crash", f"the program ended early: {usage.ended}")

    def _drop(self) -> None:
        for pipe in self._pipes:
            with suppress(OSError):
                os.close(pipe)
        if self._directory:
            shutil.rmtree(self._directory, ignore_errors=True)


def _rlimits(limits: Limits, box: Box) -> dict[str, int]:
    # The supervisor counts where it has the same user as the worker.
    processes = limits.processes + box.user_namespace
    return {
        "CPU": limits.cpu_s, "AS": limits.memory_bytes, "FSIZE": limits.file_bytes,
        "NOFILE": limits.open_files, "NPROC": processes, "CORE": 0,
    }  # fmt: skip


def _read_all(pipe: int, seconds: float) -> bytes | None:
    """Read to the end of a pipe; None where it does not come in time."""
    waiting = poll()
    waiting.register(pipe, POLLIN)
    text = b""
    while waiting.poll(seconds * 1000):
        read = os.read(pipe, 1 << 16)
        if not read:
            return text
        text += read
    return None


def _usage(report: bytes | None) -> Usage:
    if not report:
        return Usage(float("nan"), 0, "")
    cpu_s, peak_bytes, code, told = wire.decode(report)  # type: ignore[misc]
    ended = f"exit {code}" if code >= 0 else signal.Signals(-code).name
    return Usage(cpu_s, peak_bytes, "stopped" if told else ended)
