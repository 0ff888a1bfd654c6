"""The trusted first process of a sandbox: it starts the worker, waits for it, ends everything.

Inside a namespace it is process 1, which no signal from inside can end, and with which everything
in the namespace ends. It keeps the pipe to the report and the worker does not, so what the report
says is not the program's word.
"""

import os
import resource
import select
import sys

from evalvar.collect.inside import wire, worker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_SET_DUMPABLE, _SET_CHILD_SUBREAPER = 4, 36
_KILL = 9


def main(given: str) -> None:
    """Run one sandbox; `given` is what the host settled, by `wire` and in hexadecimal."""
    settings: dict[str, Any] = wire.decode(bytes.fromhex(given))
    sys.path += settings["packages"]
    if settings["guard"]:
        _guard()
    if settings["cpu"] is not None:
        os.sched_setaffinity(0, {settings["cpu"]})
    load = worker.loader(settings["role"])
    child = os.fork()
    if child == 0:
        try:
            _confine(settings)
            worker.serve(load, settings["requests"], settings["replies"])
        finally:
            os._exit(70)
    os.close(settings["requests"])
    os.close(settings["replies"])
    _supervise(child, settings)


def _guard() -> None:
    """Shut a worker of the same user out of this process, and inherit what it leaves behind."""
    import ctypes
    import signal

    signal.signal(signal.SIGINT, signal.SIG_DFL)
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    for option, value in ((_SET_DUMPABLE, 0), (_SET_CHILD_SUBREAPER, 1)):
        if prctl(option, value, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl failed")


def _confine(settings: "dict[str, Any]") -> None:
    """Take from the worker what a program must not have."""
    null = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(null, stream)
    low, high = sorted([settings["requests"], settings["replies"]])
    last = max(settings["control"], settings["report"], 1023)
    for first, end in ((3, low), (low + 1, high), (high + 1, last + 1)):
        os.closerange(first, end)
    os.umask(0o077)
    os.setsid()
    user = settings["user"]
    if user is not None:
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
    os.chdir(settings["directory"])
    for name, value in settings["rlimits"].items():
        which = getattr(resource, f"RLIMIT_{name}")
        hard = resource.getrlimit(which)[1]
        soft = value if hard == resource.RLIM_INFINITY else min(value, hard)
        # Past its processor time a program is told first, and a second later ended.
        later = soft + 1 if name == "CPU" and soft == value != hard else soft
        resource.setrlimit(which, (soft, later))


def _supervise(child: int, settings: "dict[str, Any]") -> None:
    """Wait for the worker's end or the host's word, end all processes, and report."""
    ended = os.pidfd_open(child)
    waiting = select.poll()
    waiting.register(ended, select.POLLIN)
    waiting.register(settings["control"], select.POLLIN)
    told = all(found != ended for found, _ in waiting.poll())
    if told:
        os.kill(child, _KILL)
    _, status = os.waitpid(child, 0)
    _end_all(settings)
    if not settings["namespace"]:
        import shutil

        # The host may be gone.
        shutil.rmtree(settings["directory"], ignore_errors=True)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds, code = used.ru_utime + used.ru_stime, os.waitstatus_to_exitcode(status)
    report = [seconds, used.ru_maxrss * 1024, code, told and code == -_KILL]
    os.write(settings["report"], wire.encode(report))


def _end_all(settings: "dict[str, Any]") -> None:
    """Kill and reap whatever the worker left behind."""
    if settings["namespace"]:
        _kill_all()
    elif settings["user"] is not None:
        helper = os.fork()
        if helper == 0:
            os.setuid(settings["user"])
            _kill_all()
            os._exit(0)
    while True:
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        for process in _children():
            os.kill(process, _KILL)
        select.select([], [], [], 0.001)


def _kill_all() -> None:
    """Kill all that this process may: but for itself, and for process 1."""
    try:
        os.kill(-1, _KILL)
    except ProcessLookupError:
        return


def _children() -> "list[int]":
    """Return the processes that this one would have to wait for, where that can be seen."""
    me = os.getpid()
    try:
        with open(f"/proc/{me}/task/{me}/children") as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []
