"""Some programs of one problem, timed with its reference before and after them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import nan
from typing import Any

import pandas as pd

from evalvar.collect.clocks import Beside, Timed, beside, by_case, seconds, slowest
from evalvar.collect.cores import Turns, beat
from evalvar.collect.inputs import Case, Refused
from evalvar.collect.problems import Problem
from evalvar.collect.references import prepare, time_reference
from evalvar.collect.sandbox import Box, Limits
from evalvar.collect.trials import Bench, Clock, Program, run_once, stop_s, trial_of
from evalvar.collect.verdicts import Checker
from evalvar.tables import REFERENCE

# Programs that share the references around them.
SIZE = 25


@dataclass(frozen=True, slots=True)
class Settings:
    """What the times depend on, beside problems, programs and machine."""

    repeats: int = 6
    alpha: float = 2.0
    seed: int = 0


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
    clock = Clock()
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
            bench = Bench(box, problem, limits, cases, checker, limit, around, clock)
            last = len(problem.levels) - 1
            trials = [trial_of(program, turns.of_another(), last) for program in programs]
            for repeat in range(repeats):
                run_once(bench, trials, repeat)
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
