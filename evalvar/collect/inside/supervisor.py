"""The trusted first process of a sandbox: it starts the worker, waits for it, ends everything.

Inside a namespace it is process 1, which no signal from inside can end, and with which everything
in the namespace ends. It keeps the pipe to the report and the worker does not, so what the report
says is not the program's word.
"""

import json
import os
import resource
import select
import signal

from evalvar.collect.inside import worker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_SET_DUMPABLE, _SET_CHILD_SUBREAPER = 4, 36


def main(given: str) -> None:
    """Run one sandbox; `given` is the settings of the host as JSON."""
    settings = json.loads(given)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if settings["guard"]:
        _guard()
    if settings["cpu"] is not None:
        os.sched_setaffinity(0, {settings["cpu"]})
    child = os.fork()
    if child == 0:
        try:
            _confine(settings)
            worker.serve(settings["requests"], settings["replies"])
        finally:
            os._exit(70)
    os.close(settings["requests"])
    os.close(settings["replies"])
    _supervise(child, settings)


def _guard() -> None:
    """Shut a worker of the same user out of this process, and inherit what it leaves behind."""
    import ctypes

    prctl = ctypes.CDLL(None, use_errno=True).prctl
    for option, value in ((_SET_DUMPABLE, 0), (_SET_CHILD_SUBREAPER, 1)):
        if prctl(option, value, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl failed")


def _confine(settings: "dict[str, Any]") -> None:
    """Take from the worker what a program must not have."""
    null = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(null, stream)
    kept = sorted([settings["requests"], settings["replies"]])
    edges = [2, *kept, 4096]
    for low, high in zip(edges, edges[1:]):  # noqa: B905 (not in older interpreters)
        os.closerange(low + 1, high)
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
        bounds = [value, value + (name == "CPU")]
        if hard != resource.RLIM_INFINITY:
            bounds = [min(bound, hard) for bound in bounds]
        resource.setrlimit(which, (bounds[0], bounds[1]))


def _supervise(child: int, settings: "dict[str, Any]") -> None:
    """Wait for the worker's end or the host's word, end all processes, and report."""
    ended = os.pidfd_open(child)
    waiting = select.poll()
    waiting.register(ended, select.POLLIN)
    waiting.register(settings["control"], select.POLLIN)
    told = all(found != ended for found, _ in waiting.poll())
    if told:
        os.kill(child, signal.SIGKILL)
    _, status, _ = os.wait4(child, 0)
    _end_all(settings)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    code = os.waitstatus_to_exitcode(status)
    report = [used.ru_utime + used.ru_stime, used.ru_maxrss * 1024, code, told]
    os.write(settings["report"], json.dumps(report).encode())


def _end_all(settings: "dict[str, Any]") -> None:
    """Kill and reap whatever the worker left behind."""
    if settings["namespace"]:
        _kill_every()
    elif settings["user"] is not None:
        helper = os.fork()
        if helper == 0:
            os.setuid(settings["user"])
            _kill_every()
            os._exit(0)
    while True:
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        for process in _children():
            os.kill(process, signal.SIGKILL)
        select.select([], [], [], 0.001)


def _kill_every() -> None:
    try:
        os.kill(-1, signal.SIGKILL)
    except ProcessLookupError:
        return


def _children() -> "list[int]":
    """Return the processes that this one would have to wait for."""
    me = os.getpid()
    try:
        with open(f"/proc/{me}/task/{me}/children") as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []
