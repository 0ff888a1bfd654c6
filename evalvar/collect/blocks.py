"""Some programs of one problem, timed with its reference before and after them."""

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from math import nan
from typing import Any

import pandas as pd

from evalvar.collect.clocks import Beside, Timed, beside, by_case, seconds, slowest, timed
from evalvar.collect.cores import Turns, beat, pinned
from evalvar.collect.exchange import Reply
from evalvar.collect.inputs import CASES, Case, Refused
from evalvar.collect.problems import Problem
from evalvar.collect.references import (
    TOGETHER,
    answered,
    await_all,
    prepare,
    start,
    time_reference,
)
from evalvar.collect.sandbox import Box, Limits, Session
from evalvar.collect.verdicts import Checker, Output
from evalvar.tables import REFERENCE

# Programs that share the references around them.
SIZE = 25
# A window is stopped at twice the limit of its calls, and this much beyond it at the least: so long
# no honest program is kept waiting by the machine.
_TIMES, _GRACE_S = 2.0, 0.05
_STOPS = 2
# With so much of it to be checked, what a program answered does not wait for the end of its cases.
_HELD_BYTES = 1 << 24


@dataclass(frozen=True, slots=True)
class Settings:
    """What the times depend on, beside problems, programs and machine."""

    repeats: int = 6
    alpha: float = 2.0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Program:
    """One sample of one model; no text is a hole."""

    model: str
    sample: int
    text: str | None


_REFERENCE = Program(REFERENCE, 0, None)


@dataclass(slots=True)
class Block:
    """What was found.

    Parameters
    ----------
    timings : DataFrame
        Rows of the timings, without task and run.
    facts : dict
        Of the problem: why it was refused (empty: it was not), its limit in seconds, what share of
        it the outer clock cannot tell (``resolution_share``) and is granted in all for reading and
        writing (``open_share``), what programs failed with, and the seconds spent on what.
    """

    timings: pd.DataFrame
    facts: dict[str, Any]


@dataclass(slots=True)
class _Trial:
    """A program on its way through the repeats."""

    program: Program
    turns: Turns
    last_level: int
    rows: list[Timed] = field(default_factory=list)
    stops: dict[int, int] = field(default_factory=dict)
    ended: bool = False


def _trial(program: Program, turns: Turns, last_level: int) -> _Trial:
    if program.text is None or not _is_text(program.text):
        status, told = (
            ("missing", "") if program.text is None else ("crash", "the text is no UTF-8")
        )
        rows = [Timed(0, 0, 0, status, message=told)]
        return _Trial(program, turns, last_level, rows, ended=True)
    return _Trial(program, turns, last_level)


class _Clock:
    """Seconds spent, by what on."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}
        self._since = time.perf_counter()

    def lap(self, what: str) -> None:
        now = time.perf_counter()
        self.spent[what] = self.spent.get(what, 0.0) + now - self._since
        self._since = now


@dataclass(slots=True)
class _Bench:
    """One problem made ready: what every program of it meets."""

    box: Box
    problem: Problem
    limits: Limits
    cases: tuple[Case, ...]
    checker: Checker
    limit: float
    beside: Mapping[tuple[int, int], Beside]
    clock: _Clock

    def wait_s(self, case: Case) -> float:
        """Seconds that the calls of a case may take together, what is beside them included."""
        calls = len(case.inputs)
        return calls * stop_s(self.limit, calls) + self.beside[case.key].bound_s


def time_block(
    box: Box,
    problem: Problem,
    programs: Sequence[Program],
    limits: Limits,
    settings: Settings,
    *,
    cases: tuple[Case, ...] | Refused | None = None,
    again: bool = False,
) -> Block:
    """Time the programs, one repeat of all after the other, between those of the reference.

    The `cases` are those that `prepare` gives, or why there are none, where it was called before.

    Where the reference was so much slower afterwards that a program was stopped below the limit, or
    did not end in time, all is done once `again`: the machine may have been busy.
    """
    clock = _Clock()
    facts: dict[str, Any] = {"item": problem.task_id, "refused": "", "seconds": clock.spent}
    turns, repeats = Turns(beat(box.cpu)), settings.repeats
    try:
        if isinstance(cases, Refused):
            raise cases
        if cases is None:
            cases = prepare(box, problem, limits, seed=settings.seed)
        clock.lap("inputs")
        with Checker(box, problem, limits) as checker:
            _check_reference(checker, cases)
            clock.lap("checks")
            before = time_reference(box, problem, cases, limits, turns, repeats=repeats)
            clock.lap("references")
            around = beside(before)
            limit = settings.alpha * slowest([before], around)
            bench = _Bench(box, problem, limits, cases, checker, limit, around, clock)
            last = len(problem.levels) - 1
            trials = [_trial(program, turns.of_another(), last) for program in programs]
            for repeat in range(repeats):
                _round(bench, trials, repeat)
            after = time_reference(box, problem, cases, limits, turns, repeats=repeats)
            clock.lap("references")
    except Refused as refusal:
        if refusal.status == "timeout" and not again:
            return time_block(box, problem, programs, limits, settings, again=True)
        facts["refused"] = str(refusal)
        return _block([(_REFERENCE, "before", Timed(0, 0, 0, refusal.status))], facts)
    around = beside([*before, *after])
    pooled = settings.alpha * slowest([before, after], around)
    stopped = [row for trial in trials for row in trial.rows if row.status == "timeout"]
    if not again and any(stop_s(limit, row.calls) < pooled for row in stopped):
        return time_block(box, problem, programs, limits, settings, cases=cases, again=True)
    calls = {case.key: len(case.inputs) for case in cases if case.level}
    facts["limit_s"], facts["calls"] = pooled, max(calls.values())
    facts["failed"] = [
        [trial.program.model, trial.program.sample, trial.rows[-1].status, trial.rows[-1].message]
        for trial in trials
        if trial.rows[-1].message
    ]
    if pooled:
        blurred = max((around[k].bound_s - around[k].typical_s) / n for k, n in calls.items())
        facts["resolution_share"] = blurred / pooled
        facts["open_share"] = max(around[k].bound_s / n for k, n in calls.items()) / pooled
    timed_rows = [(_REFERENCE, "before", row) for row in before]
    timed_rows += [(trial.program, "run", row) for trial in trials for row in trial.rows]
    timed_rows += [(_REFERENCE, "after", row) for row in after]
    return _block(timed_rows, facts, around, limit)


def stop_s(limit: float, calls: int) -> float:
    """Seconds of a call past which a program is stopped, so many calls being timed together."""
    return max(_TIMES * limit, limit + _GRACE_S / calls)


def _check_reference(checker: Checker, cases: Sequence[Case]) -> None:
    """Refuse a checker that does not accept what the reference answers."""
    outputs = [(case, n, answer) for case in cases for n, answer in enumerate(case.answers)]
    verdicts = checker.measure(outputs)
    if all(verdicts):
        return
    case = outputs[verdicts.index(False)][0]
    where = f"level {case.level}, case {case.number}"
    if checker.failure:
        raise Refused(f"the checker fails at {where} ({checker.failure})", "missing")
    raise Refused(f"the checker rejects the reference's answer at {where}", "wrong")


def _round(bench: _Bench, trials: Sequence[_Trial], repeat: int) -> None:
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


def _start(bench: _Bench, trial: _Trial) -> Session:
    return start(bench.box, bench.problem, trial.program.text or "", bench.limits)


def _repeat(bench: _Bench, trial: _Trial, repeat: int, session: Session) -> None:
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
    bench: _Bench, turns: Turns, session: Session, loaded: Reply, levels: range, repeat: int
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


def _all_right(bench: _Bench, outputs: Sequence[tuple[Timed, Output]]) -> bool:
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


def _block(
    rows: Sequence[tuple[Program, str, Timed]],
    facts: dict[str, Any],
    around: Mapping[tuple[int, int], Beside] | None = None,
    limit: float = nan,
) -> Block:
    """Return rows as a table, seconds by the call."""
    unknown = Beside(nan, nan)
    besides = [(around or {}).get((row.level, row.case), unknown) for _, _, row in rows]
    pairs = list(zip(besides, (row for _, _, row in rows), strict=True))
    timings = pd.DataFrame(
        {
            "item": facts["item"],
            "model": [program.model for program, _, _ in rows],
            "sample": [program.sample for program, _, _ in rows],
            "phase": [phase for _, phase, _ in rows],
            "level": [row.level for _, row in pairs],
            "case": [row.case for _, row in pairs],
            "repeat": [row.repeat for _, row in pairs],
            "seconds": _guarded(rows, besides),
            "limit_s": [stop_s(limit, row.calls) for _, row in pairs],
            "status": [row.status for _, row in pairs],
            "inside_s": [row.inside_s / row.calls for _, row in pairs],
            "outside_s": [row.outside_s / row.calls for _, row in pairs],
            "calls": [row.calls for _, row in pairs],
            "resolution_s": [(b.bound_s - b.typical_s) / row.calls for b, row in pairs],
        }
    )
    labels = dict.fromkeys(("item", "model", "phase", "status"), "category")
    return Block(timings.astype(labels), facts)


def _guarded(rows: Sequence[tuple[Program, str, Timed]], besides: Sequence[Beside]) -> list[float]:
    """Return seconds of a call by both clocks, the repeats of a case seen together."""
    found = [nan] * len(rows)
    series: dict[tuple[Program, str], list[int]] = {}
    for n, (program, phase, _) in enumerate(rows):
        series.setdefault((program, phase), []).append(n)
    for places in series.values():
        for of_case in by_case([rows[n][2] for n in places]).values():
            case = [places[n] for n in of_case]
            times = seconds([rows[n][2] for n in case], besides[case[0]].bound_s)
            for n, value in zip(case, times, strict=True):
                found[n] = value
    return found
