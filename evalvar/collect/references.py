"""The reference of a problem: what it answers, how long it takes, and what the clocks can tell."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from math import ceil

from evalvar.collect.clocks import Timed, timed
from evalvar.collect.cores import Turns, pinned
from evalvar.collect.exchange import Reply
from evalvar.collect.inputs import Case, Refused, generate, places, said
from evalvar.collect.problems import Problem
from evalvar.collect.sandbox import Box, Limits, Session

# Sandboxes that are started together; they hold no program until their turn.
TOGETHER = 6
REFERENCE_S = 60.0
# The slowest case of the reference is to take so much longer than the part of that which is the
# same for one call and for many; more bytes of inputs and answers take longer than that part.
_WINDOWS = 10
_MOST_CALLS, _MOST_BYTES = 256, 1 << 17


def start(box: Box, problem: Problem, program: str, limits: Limits) -> Session:
    """Start a sandbox for a program of a problem; it is loaded later."""
    source = {"prompt": problem.prompt, "program": program, "entry_point": problem.entry_point}
    return Session(box, "run", source, limits)


def await_all(sessions: Sequence[Session]) -> None:
    """Wait until these sandboxes are up: to start one disturbs what is timed meanwhile."""
    for session in sessions:
        session.wait()


def answered(
    session: Session,
    loaded: Reply,
    cases: Sequence[Case],
    wait_s: Callable[[Case], float],
    turns: Turns,
    *,
    first: Case | None = None,
) -> Iterator[tuple[Case | None, Reply]]:
    """Hand a program that was loaded the cases one by one in its turns, until it fails.

    The `first` is for warming: the time beside a process's first call is ten times that of others.

    Yields
    ------
    case, reply
        No case where loading or the first call failed. A case may take as long as `wait_s` says,
        all calls together.
    """
    if loaded.status == "ok" and first is not None:
        loaded = session.ask(first.inputs, wait_s(first))
    if loaded.status != "ok":
        yield None, loaded
        return
    for case in cases:
        turns.await_room(case.key)
        reply = session.ask(case.inputs, wait_s(case))
        yield case, reply
        if reply.status != "ok":
            return
        turns.took(case.key, reply.outside_s)


def prepare(box: Box, problem: Problem, limits: Limits, *, seed: int) -> tuple[Case, ...]:
    """Generate the inputs of all cases and let the reference answer them.

    A case above level 0 gets as many inputs as a window needs to be long beside what the outer
    clock cannot tell, if the generator has so many different ones.

    Raises
    ------
    Refused
        The generator or the reference fails.
    """
    source = {"prompt": problem.prompt, "generator": problem.generator}
    with (
        Session(box, "generate", source, limits) as generator,
        start(box, problem, problem.reference, limits) as reference,
    ):
        reply = generator.load()
        if reply.status != "ok":
            raise Refused(f"the generator does not load ({said(reply)})", "missing")
        cases = [
            Case(*place, generate(generator, problem, place, [0], seed=seed))
            for place in places(problem)
        ]
        loaded = reference.load()
        with pinned(box.cpu):
            first = list(_answers(reference, loaded, cases, Turns()))
        cases = [replace(case, answers=reply.parts) for case, reply in first]
        calls = _calls(first)
        if calls == 1:
            return tuple(cases)
        more = [
            _more(generator, problem, case, calls, seed=seed) if case.level else case
            for case in cases
        ]
        rest = [replace(case, inputs=case.inputs[1:]) for case in more if len(case.inputs) > 1]
        further = {
            case.key: reply.parts for case, reply in _answers(reference, loaded, rest, Turns())
        }
    return tuple(replace(c, answers=(*c.answers, *further.get(c.key, ()))) for c in more)


def _answers(
    session: Session,
    loaded: Reply,
    cases: Sequence[Case],
    turns: Turns,
    first: Case | None = None,
) -> Iterator[tuple[Case, Reply]]:
    for case, reply in answered(session, loaded, cases, lambda _: REFERENCE_S, turns, first=first):
        if case is None:
            raise Refused(f"the reference does not load ({said(reply)})", reply.status)
        if reply.status != "ok":
            where = f"level {case.level}, case {case.number}"
            raise Refused(f"the reference fails at {where} ({said(reply)})", reply.status)
        yield case, reply


def _calls(first: Sequence[tuple[Case, Reply]]) -> int:
    longest = max(reply.inside_s for case, reply in first if case.level)
    fixed = min(reply.outside_s - reply.inside_s for _, reply in first)
    if longest <= 0:
        return _MOST_CALLS
    wanted = max(1, ceil(_WINDOWS * fixed / longest))
    # powers of two, so that another run mostly has as many: every input of a window is checked
    return int(min(_MOST_CALLS, 1 << (wanted - 1).bit_length()))


def _more(generator: Session, problem: Problem, case: Case, calls: int, *, seed: int) -> Case:
    size = len(case.inputs[0]) + len(case.answers[0])
    calls = min(calls, max(1, _MOST_BYTES // size))
    if calls == 1:
        return case
    drawn = generate(generator, problem, case.key, range(1, calls), seed=seed)
    return replace(case, inputs=tuple(dict.fromkeys((*case.inputs, *drawn))))


def time_reference(
    box: Box, problem: Problem, cases: Sequence[Case], limits: Limits, turns: Turns, *, repeats: int
) -> list[Timed]:
    """Time the reference; every repeat has a sandbox of its own, level 0 is in the first only.

    Raises
    ------
    Refused
        It fails, or answers otherwise than before.
    """
    rows = []
    for first in range(0, repeats, TOGETHER):
        batch = range(first, min(first + TOGETHER, repeats))
        with ExitStack() as stack:
            sessions = [
                stack.enter_context(start(box, problem, problem.reference, limits)) for _ in batch
            ]
            await_all(sessions)
            stack.enter_context(pinned(box.cpu))
            for repeat, session in zip(batch, sessions, strict=True):
                wanted = [case for case in cases if case.level or not repeat]
                warming = cases[0] if repeat else None
                for case, reply in _answers(session, session.load(), wanted, turns, warming):
                    if reply.parts != case.answers:
                        raise Refused(
                            "the reference's answers differ from run to run (level "
                            f"{case.level}, case {case.number})",
                            "wrong",
                        )
                    rows.append(timed(case, repeat, reply))
                session.close()
    return rows
