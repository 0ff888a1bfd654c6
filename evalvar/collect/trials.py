"""Programs of one problem on their way through the repeats, between those of the reference."""

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from evalvar.collect.clocks import Beside, Timed, timed
from evalvar.collect.cores import Turns, pinned
from evalvar.collect.exchange import Reply
from evalvar.collect.inputs import CASES, Case
from evalvar.collect.problems import Problem
from evalvar.collect.references import TOGETHER, answered, await_all, start
from evalvar.collect.sandbox import Box, Limits, Session
from evalvar.collect.verdicts import Checker, Output

# A window is stopped at twice the limit of its calls, and this much beyond it at the least: so long
# no honest program is kept waiting by the machine.
_TIMES, _GRACE_S = 2.0, 0.05
_STOPS = 2
# With so much of it to be checked, what a program answered does not wait for the end of its cases.
_HELD_BYTES = 1 << 24


@dataclass(frozen=True, slots=True)
class Program:
    """One sample of one model; no text is a hole."""

    model: str
    sample: int
    text: str | None


@dataclass(slots=True)
class Trial:
    """A program on its way through the repeats: how far it may go, and how often it was stopped."""

    program: Program
    turns: Turns
    last_level: int
    rows: list[Timed] = field(default_factory=list)
    stops: dict[int, int] = field(default_factory=dict)
    ended: bool = False


def trial_of(program: Program, turns: Turns, last_level: int) -> Trial:
    """Begin with a program; one that is missing or no text is at its end."""
    if program.text is None or not _is_text(program.text):
        status, told = (
            ("missing", "") if program.text is None else ("crash", "the text is no UTF-8")
        )
        rows = [Timed(0, 0, 0, status, message=told)]
        return Trial(program, turns, last_level, rows, ended=True)
    return Trial(program, turns, last_level)


class Clock:
    """Seconds spent, by what on."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}
        self._since = time.perf_counter()

    def lap(self, what: str) -> None:
        """Count the time since the last lap as spent on this."""
        now = time.perf_counter()
        self.spent[what] = self.spent.get(what, 0.0) + now - self._since
        self._since = now


def stop_s(limit: float, calls: int) -> float:
    """Seconds of a call past which a program is stopped, so many calls being timed together."""
    return max(_TIMES * limit, limit + _GRACE_S / calls)


@dataclass(slots=True)
class Bench:
    """One problem made ready: what every program of it meets."""

    box: Box
    problem: Problem
    limits: Limits
    cases: tuple[Case, ...]
    checker: Checker
    limit: float
    beside: Mapping[tuple[int, int], Beside]
    clock: Clock

    def wait_s(self, case: Case) -> float:
        """Seconds that the calls of a case may take together, what is beside them included."""
        calls = len(case.inputs)
        return calls * stop_s(self.limit, calls) + self.beside[case.key].bound_s


def run_once(bench: Bench, trials: Sequence[Trial], repeat: int) -> None:
    """Run every program that is still to be run once through its cases."""
    going = [trial for trial in trials if not trial.ended]
    for first in range(0, len(going), TOGETHER):
        batch = going[first : first + TOGETHER]
        with ExitStack() as stack:
            ready = [stack.enter_context(_start(bench, trial)) for trial in batch]
            await_all(ready)
            stack.enter_context(pinned(bench.box.cpu))
            for trial, session in zip(batch, ready, strict=True):
                _repeat(bench, trial, repeat, session)
                session.close()


def _start(bench: Bench, trial: Trial) -> Session:
    return start(bench.box, bench.problem, trial.program.text or "", bench.limits)


def _repeat(bench: Bench, trial: Trial, repeat: int, session: Session) -> None:
    """Load a program and run it once through its cases: level 0 in the first repeat only.

    No other program is loaded in the meantime, so that none can take its time.
    """
    loaded = session.load()
    levels = range(1 if repeat else 0, trial.last_level + 1)
    rows = _through(bench, trial.turns, session, loaded, levels, repeat)
    if rows[-1].status == "timeout" and rows[-1].level == 0:
        # a single run decides here, so that the machine is given a second chance to be in time
        with _start(bench, trial) as again, pinned(bench.box.cpu):
            rows = _through(bench, trial.turns, again, again.load(), levels, repeat)
    trial.rows += rows
    last = rows[-1]
    if any(row.status in ("wrong", "crash") for row in rows):
        trial.ended = True
    elif last.status in ("timeout", "memory"):
        trial.stops[last.level] = trial.stops.get(last.level, 0) + 1
        if last.status == "memory" or trial.stops[last.level] == _STOPS:
            trial.last_level = last.level - 1
        trial.ended = last.level == 0 or trial.last_level == 0


def _through(
    bench: Bench, turns: Turns, session: Session, loaded: Reply, levels: range, repeat: int
) -> list[Timed]:
    """Hand a program its cases; what it answers is checked behind level 0 and at the end.

    Where it is much, it is checked sooner, so that a flood of it is not held.
    """
    cases = [case for case in bench.cases if case.level in levels]
    rows: list[Timed] = []
    outputs: list[tuple[Timed, Output]] = []
    warming = bench.cases[0] if repeat else None
    for case, reply in answered(session, loaded, cases, bench.wait_s, turns, first=warming):
        if case is None:
            rows.append(Timed(levels[0], 0, repeat, reply.status, message=reply.message))
            break
        row = timed(case, repeat, reply)
        rows.append(row)
        pairs = enumerate(zip(reply.parts, case.answers, strict=False))
        outputs += [(row, (case, n, text)) for n, (text, right) in pairs if text != right]
        held = sum(len(text) for _, (_, _, text) in outputs)
        if case.key == (0, CASES[0] - 1) or held > _HELD_BYTES:
            bench.clock.lap("programs")
            if not _all_right(bench, outputs):
                return rows
            outputs = []
    bench.clock.lap("programs")
    _all_right(bench, outputs)
    return rows


def _all_right(bench: Bench, outputs: Sequence[tuple[Timed, Output]]) -> bool:
    """Mark the rows of wrong outputs, and tell whether there are none."""
    verdicts = bench.checker.accepts([output for _, output in outputs])
    bench.clock.lap("checks")
    for (row, _), right in zip(outputs, verdicts, strict=True):
        if not right:
            row.status = "wrong"
    return all(verdicts)


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
