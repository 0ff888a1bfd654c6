"""The reference of a problem: what it answers, how long it takes, and what the clocks can tell."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil

import numpy as np

from evalvar.collect.inputs import Case, Refused, generate, places, said
from evalvar.collect.problems import Problem
from evalvar.collect.sandbox import Box, Limits, Reply, Session
from evalvar.stats.hodges_lehmann import hodges_lehmann

# How far the time outside may exceed the time inside, by the same of the reference.
_SLACK, _LEAST_S = 1.1, 10e-6
# A window of calls is to be so much longer than what that leaves open.
_WINDOWS = 10
_MOST_CALLS, _MOST_BYTES = 256, 1 << 20
REFERENCE_S = 60.0


@dataclass(slots=True)
class Timed:
    """One case as it was timed: both clocks' seconds are those of the whole window."""

    level: int
    case: int
    repeat: int
    status: str
    calls: int = 1
    inside_s: float = np.nan
    outside_s: float = np.nan


def answered(
    box: Box,
    problem: Problem,
    program: str,
    cases: Sequence[Case],
    limits: Limits,
    stop_s: float,
) -> Iterator[tuple[Case | None, Reply]]:
    """Load a program into a fresh sandbox and hand it the cases one by one, until one fails.

    Yields
    ------
    case, reply
        No case where loading fails. Every case may take `stop_s` for each of its calls.
    """
    source = {"prompt": problem.prompt, "program": program, "entry_point": problem.entry_point}
    with Session(box, "run", source, limits) as session:
        reply = session.load()
        if reply.status != "ok":
            yield None, reply
            return
        for case in cases:
            reply = session.ask(case.inputs, stop_s * len(case.inputs))
            if reply.status == "ok" and len(reply.parts) != len(case.inputs):
                reply = replace(reply, status="crash", message="another number of answers")
            yield case, reply
            if reply.status != "ok":
                return


def prepare(box: Box, problem: Problem, limits: Limits, *, seed: int) -> tuple[Case, ...]:
    """Generate the inputs of all cases and let the reference answer them.

    A case gets as many inputs as a window needs to be long beside what the outer clock cannot tell,
    if the generator has so many different ones.

    Raises
    ------
    Refused
        The generator or the reference fails.
    """
    source = {"prompt": problem.prompt, "generator": problem.generator}
    with Session(box, "generate", source, limits) as generator:
        reply = generator.load()
        if reply.status != "ok":
            raise Refused(f"the generator does not load ({said(reply)})", "missing")
        cases = [
            Case(*place, generate(generator, problem, place, [0], seed=seed))
            for place in places(problem)
        ]
        first = list(_answers(box, problem, cases, limits))
        calls = _calls([reply for case, reply in first if case.level])
        cases = [replace(case, answers=reply.parts) for case, reply in first]
        if calls == 1:
            return tuple(cases)
        more = [
            _more(generator, problem, case, calls, seed=seed) if case.level else case
            for case in cases
        ]
    rest = [replace(case, inputs=case.inputs[1:]) for case in more if len(case.inputs) > 1]
    further = {case.key: reply.parts for case, reply in _answers(box, problem, rest, limits)}
    return tuple(replace(c, answers=(*c.answers, *further.get(c.key, ()))) for c in more)


def _answers(
    box: Box, problem: Problem, cases: Sequence[Case], limits: Limits
) -> Iterator[tuple[Case, Reply]]:
    for case, reply in answered(box, problem, problem.reference, cases, limits, REFERENCE_S):
        if case is None:
            raise Refused(f"the reference does not load ({said(reply)})", reply.status)
        if reply.status != "ok":
            where = f"level {case.level}, case {case.number}"
            raise Refused(f"the reference fails at {where} ({said(reply)})", reply.status)
        yield case, reply


def _calls(replies: Sequence[Reply]) -> int:
    slowest = max(reply.inside_s for reply in replies)
    open_s = max(_SLACK * (reply.outside_s - reply.inside_s) for reply in replies) + _LEAST_S
    if slowest <= 0:
        return _MOST_CALLS
    return min(_MOST_CALLS, max(1, ceil(_WINDOWS * open_s / slowest)))


def _more(generator: Session, problem: Problem, case: Case, calls: int, *, seed: int) -> Case:
    calls = min(calls, max(1, _MOST_BYTES // max(1, len(case.inputs[0]))))
    if calls == 1:
        return case
    drawn = generate(generator, problem, case.key, range(1, calls), seed=seed)
    return replace(case, inputs=tuple(dict.fromkeys((*case.inputs, *drawn))))


def time_reference(
    box: Box, problem: Problem, cases: Sequence[Case], limits: Limits, *, repeats: int
) -> list[Timed]:
    """Time the reference; every repeat has a sandbox of its own, level 0 is in the first only.

    Raises
    ------
    Refused
        It fails, or answers otherwise than before.
    """
    rows = []
    for repeat in range(repeats):
        wanted = [case for case in cases if case.level or not repeat]
        for case, reply in _answers(box, problem, wanted, limits):
            if reply.parts != case.answers:
                raise Refused(
                    f"the reference's answers differ from run to run (level {case.level}, case "
                    f"{case.number})",
                    "wrong",
                )
            rows.append(timed(case, repeat, reply))
    return rows


def timed(case: Case, repeat: int, reply: Reply) -> Timed:
    """Return the row of a case that was answered; an inner time that cannot be is no time."""
    inside, outside = reply.inside_s, reply.outside_s
    if not 0 <= inside <= outside:
        inside = outside
    return Timed(case.level, case.number, repeat, "ok", len(case.inputs), inside, outside)


def bounds(rows: Sequence[Timed]) -> dict[tuple[int, int], float]:
    """Seconds of a window that the outer clock leaves open, by level and case.

    From what the reference needs beside its calls, for reading inputs and writing answers: the
    same for every right program, and all that a program which lies about its clock could hide.
    """
    found: dict[tuple[int, int], float] = {}
    for row in rows:
        over = _SLACK * (row.outside_s - row.inside_s) + _LEAST_S
        found[row.level, row.case] = max(found.get((row.level, row.case), 0.0), over)
    return found


def seconds(row: Timed, bound: float) -> float:
    """Seconds of a call: what the inner clock says, unless the outer one shows that it was more."""
    return max(row.inside_s, row.outside_s - bound) / row.calls


def slowest(rows: Sequence[Timed]) -> float:
    """Time of the reference's slowest case above level 0."""
    cases: dict[tuple[int, int], list[float]] = {}
    for row in rows:
        if row.level:
            cases.setdefault((row.level, row.case), []).append(row.inside_s / row.calls)
    return float(max(hodges_lehmann(times) for times in cases.values()))
