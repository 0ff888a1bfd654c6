"""Some programs of one problem, timed with its reference before and after them."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from evalvar.collect.inputs import Case, Refused
from evalvar.collect.problems import Problem
from evalvar.collect.references import (
    Timed,
    answered,
    bounds,
    prepare,
    seconds,
    slowest,
    time_reference,
    timed,
)
from evalvar.collect.sandbox import Box, Limits
from evalvar.collect.verdicts import Checker, Output
from evalvar.tables import REFERENCE

# Programs that share the references around them.
SIZE = 25
# A program is stopped at twice the limit, and this much beyond it at the least: so long no honest
# one is kept waiting by the machine.
_TIMES, _GRACE_S = 2.0, 0.05
_STOPS = 2


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


@dataclass(slots=True)
class Block:
    """What was found.

    Parameters
    ----------
    rows : list of dict
        Rows of the timings, without task and run.
    facts : dict
        Of the problem: why it was refused (empty: it was not), its limit in seconds, what share of
        it the outer clock leaves open, the references' drift, and the seconds spent on what.
    """

    rows: list[dict[str, Any]]
    facts: dict[str, Any]


@dataclass(slots=True)
class _Trial:
    """A program on its way through the repeats."""

    program: Program
    last_level: int
    rows: list[Timed] = field(default_factory=list)
    stops: dict[int, int] = field(default_factory=dict)
    ended: bool = False


def time_block(
    box: Box, problem: Problem, programs: Sequence[Program], limits: Limits, settings: Settings
) -> Block:
    """Time the programs, one repeat of all after the other, between those of the reference."""
    clock = _Clock()
    facts: dict[str, Any] = {"item": problem.task_id, "refused": ""}
    trials = [_Trial(program, len(problem.levels) - 1) for program in programs]
    try:
        cases = prepare(box, problem, limits, seed=settings.seed)
        clock.lap("inputs")
        with Checker(box, problem, limits) as checker:
            _check_reference(checker, cases)
            clock.lap("checks")
            before = time_reference(box, problem, cases, limits, repeats=settings.repeats)
            clock.lap("references")
            limit = settings.alpha * slowest(before)
            stop_s = max(_TIMES * limit, limit + _GRACE_S)
            wait_s = stop_s + max(bounds(before).values())
            for repeat in range(settings.repeats):
                for trial in trials:
                    _repeat(box, problem, trial, cases, limits, repeat, wait_s, checker, clock)
            after = time_reference(box, problem, cases, limits, repeats=settings.repeats)
            clock.lap("references")
    except Refused as refusal:
        facts |= {"refused": str(refusal), "seconds": clock.spent}
        status = refusal.status
        return Block([_row(REFERENCE, 0, problem, "before", Timed(0, 0, 0, status))], facts)
    open_s = bounds([*before, *after])
    pooled = settings.alpha * slowest([*before, *after])
    calls = {case.key: len(case.inputs) for case in cases if case.level}
    facts |= {
        "limit_s": pooled,
        "open_share": max(open_s[key] / n for key, n in calls.items()) / pooled if pooled else None,
        "drift": slowest(after) / slowest(before) - 1 if pooled else None,
        "calls": max(calls.values()),
        "seconds": clock.spent,
    }
    sides = [(before, "before"), (after, "after")]
    rows = [
        _row(REFERENCE, 0, problem, phase, row, open_s, stop_s)
        for timed_rows, phase in sides
        for row in timed_rows
    ]
    for trial in trials:
        model, sample = trial.program.model, trial.program.sample
        rows += [_row(model, sample, problem, "run", row, open_s, stop_s) for row in trial.rows]
    return Block(rows, facts)


def _check_reference(checker: Checker, cases: Sequence[Case]) -> None:
    """Refuse a checker that does not accept what the reference answers."""
    outputs = [(case, n, answer) for case in cases for n, answer in enumerate(case.answers)]
    verdicts = checker.accepts(outputs)
    if all(verdicts):
        return
    case = outputs[verdicts.index(False)][0]
    where = f"level {case.level}, case {case.number}"
    if checker.failure:
        raise Refused(f"the checker fails at {where} ({checker.failure})", "missing")
    raise Refused(f"the checker rejects the reference's answer at {where}", "wrong")


def _repeat(
    box: Box,
    problem: Problem,
    trial: _Trial,
    cases: Sequence[Case],
    limits: Limits,
    repeat: int,
    wait_s: float,
    checker: Checker,
    clock: "_Clock",
) -> None:
    """Run a program once through its cases: level 0 in the first repeat only."""
    text = trial.program.text
    if text is None and not repeat:
        trial.rows, trial.ended = [Timed(0, 0, 0, "missing")], True
    if trial.ended or text is None:
        return
    first = [case for case in cases if case.level == 0] if not repeat else []
    rest = [case for case in cases if 0 < case.level <= trial.last_level]
    if not first and not rest:
        return
    if not _encodable(text):
        trial.rows, trial.ended = [Timed(0, 0, 0, "crash")], True
        return
    rows, outputs = [], []
    for case, reply in answered(box, problem, text, [*first, *rest], limits, wait_s):
        pass
    trial.rows += rows


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
