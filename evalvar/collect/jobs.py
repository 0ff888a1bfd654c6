"""Several blocks at a time: each in a process of its own, whose sandboxes keep to one core."""

import ctypes
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from select import POLLIN, poll
from typing import IO, Any

from evalvar.collect.blocks import Block, Settings, time_block
from evalvar.collect.clocks import beside, slowest
from evalvar.collect.cores import Turns, apart, beat, ranked
from evalvar.collect.inputs import Case, Refused
from evalvar.collect.problems import Problem
from evalvar.collect.references import prepare, time_reference
from evalvar.collect.sandbox import Box, Limits
from evalvar.collect.trials import Program
from evalvar.errors import ToolError, UsageError

Task = tuple[Problem, Sequence[Program]]

_SET_PDEATHSIG = 1
# With fewer blocks a second process starts later than its help is needed.
_WORTH_A_HELPER = 4
# What shows how much programs on several cores disturb each other: it computes and reads memory.
_PROBE = Problem(
    "probe",
    "",
    "probe",
    "def generate_input(size, lid, cid):\n    return [i * 7919.0 % size for i in range(size)],",
    (10, 20_000),
    "def probe(x):\n    return sum({v: i for i, v in enumerate(sorted(x))}.values())",
    "def __check(input, answer, output):\n    return output == answer",
)


@dataclass(slots=True)
class _Worker:
    process: "subprocess.Popen[bytes]"
    requests: IO[bytes]
    replies: IO[bytes]

    def send(self, message: object) -> None:
        try:
            pickle.dump(message, self.requests)
            self.requests.flush()
        except BrokenPipeError:
            raise self._ended() from None

    def receive(self) -> Any:
        try:
            reply = pickle.load(self.replies)
        except (EOFError, pickle.UnpicklingError):
            raise self._ended() from None
        if isinstance(reply, Exception):
            raise reply
        return reply

    def _ended(self) -> ToolError:
        code = self.process.wait()
        how = f"exit {code}" if code >= 0 else signal.Signals(-code).name
        return ToolError(
            f"a process of this run ended early ({how}; the kernel kills where memory is short). "
            "The same command goes on with what is done."
        )


def check_jobs(jobs: int) -> list[int]:
    """Return the cores for so many jobs.

    Raises
    ------
    UsageError
        There are not so many.
    """
    cores = sorted(os.sched_getaffinity(0))
    if not 1 <= jobs <= len(cores):
        raise UsageError(
            f"--jobs {jobs}: expected 1 to {len(cores)}, the cores of this machine: two programs "
            "on one core cannot be timed."
        )
    return ranked(cores)[-jobs:]


def one_by_one(
    tasks: Sequence[Task],
    box: Box,
    limits: Limits,
    settings: Settings,
    done: Callable[[int, Block], None],
    *,
    core: int,
) -> None:
    """Time the blocks in this process, all on one core; another one prepares those to come."""
    box = replace(box, cpu=core)
    others = apart(core, sorted(os.sched_getaffinity(0) - {core}))
    if not others or len(tasks) < _WORTH_A_HELPER:
        for number, task in enumerate(tasks):
            done(number, time_block(box, *task, limits, settings))
        return
    with _workers(others[-1:], box, limits, settings) as (helper,):
        cases: tuple[Case, ...] | Refused | None = None
        for number, task in enumerate(tasks):
            coming = tasks[number + 1 : number + 2]
            for problem, _ in coming:
                helper.send(("inputs", problem))
            done(number, time_block(box, *task, limits, settings, cases=cases))
            try:
                cases = helper.receive() if coming else None
            except Refused as refusal:
                cases = refusal


def at_once(
    tasks: Sequence[Task],
    box: Box,
    limits: Limits,
    settings: Settings,
    done: Callable[[int, Block], None],
    *,
    cores: Sequence[int],
) -> float:
    """Time blocks on several cores; where system calls are filtered no program can leave its own.

    Returns
    -------
    float
        How many times as long a program takes while the other cores are busy.
    """
    with _workers(cores, box, limits, settings) as workers:
        slowdown = _interference(workers, settings.repeats)
        waiting = poll()
        by_pipe = {worker.replies.fileno(): worker for worker in workers}
        at: dict[int, int] = {}
        left = iter(enumerate(tasks))
        idle = list(by_pipe)
        while True:
            for pipe in idle:
                number, task = next(left, (None, None))
                if number is None:
                    continue
                by_pipe[pipe].send(("block", task))
                at[pipe] = number
                waiting.register(pipe, POLLIN)
            if not at:
                return slowdown
            idle = [pipe for pipe, _ in waiting.poll()]
            for pipe in idle:
                waiting.unregister(pipe)
                done(at.pop(pipe), by_pipe[pipe].receive())


def _interference(workers: Sequence[_Worker], repeats: int) -> float:
    first, *others = workers
    first.send(("probe", repeats))
    alone = first.receive()
    for worker in others:
        worker.send(("probe", 3 * repeats))
    first.send(("probe", repeats))
    busy = first.receive()
    for worker in others:
        worker.receive()
    return float(busy / alone)


@contextmanager
def _workers(
    cores: Sequence[int], box: Box, limits: Limits, settings: Settings
) -> Iterator[list[_Worker]]:
    # Not multiprocessing: it would run the user's script once more in every process. Modules are
    # found where this process finds them, and not in the directory that it happens to be in.
    text = f"import sys; sys.path[:] = {sys.path!r}; from evalvar.collect import jobs; jobs.serve()"
    command = [sys.executable, "-c", text]
    workers = []
    try:
        for core in cores:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                preexec_fn=_die_with_parent,
                process_group=0,  # an interrupt from the terminal is this process's alone
            )
            assert process.stdin is not None
            assert process.stdout is not None
            workers.append(_Worker(process, process.stdin, process.stdout))
            workers[-1].send((replace(box, cpu=core), limits, settings))
        yield workers
    finally:
        for worker in workers:
            worker.process.kill()
            worker.process.wait()
            with suppress(BrokenPipeError):  # where something is still to be sent
                worker.requests.close()
            worker.replies.close()


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_SET_PDEATHSIG, signal.SIGKILL)


def serve() -> None:
    """Do what comes in by the standard input, until it ends."""
    requests, replies = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    box, limits, settings = pickle.load(requests)
    os.sched_setaffinity(0, {box.cpu})
    while True:
        try:
            what, given = pickle.load(requests)
        except EOFError:
            return
        try:
            if what == "probe":
                cases = prepare(box, _PROBE, limits, seed=0)
                turns = Turns(beat(box.cpu))
                rows = time_reference(box, _PROBE, cases, limits, turns, repeats=given)
                answer: object = slowest([rows], beside(rows))
            elif what == "inputs":
                answer = prepare(box, given, limits, seed=settings.seed)
            else:
                problem, programs = given
                answer = time_block(box, problem, programs, limits, settings)
        except Exception as error:
            answer = error
        pickle.dump(answer, replies)
        replies.flush()
