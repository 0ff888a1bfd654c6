"""Inputs of a problem: the same for every program and every run with the same seed."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from evalvar.collect.exchange import Reply
from evalvar.collect.inside.wire import encode
from evalvar.collect.problems import Problem
from evalvar.collect.sandbox import Session

# As ENAMEL: cases of level 0, and of every further level.
CASES = (8, 4)
_GENERATE_S = 60.0


class Refused(Exception):
    """A problem that cannot be run: the reason, and the status its reference gets."""

    def __init__(self, reason: str, status: str) -> None:
        super().__init__(reason)
        self.status = status

    def __reduce__(self) -> "tuple[type[Refused], tuple[str, str]]":
        return Refused, (str(self), self.status)  # it travels between processes


@dataclass(frozen=True, slots=True)
class Case:
    """One case of one level: an input, and as many more of its like as share a timed window."""

    level: int
    number: int
    inputs: tuple[bytes, ...]
    answers: tuple[bytes, ...] = ()

    @property
    def key(self) -> tuple[int, int]:
        """Level and number."""
        return self.level, self.number


def places(problem: Problem) -> list[tuple[int, int]]:
    """Level and number of every case, in the order they are run."""
    return [
        (level, number)
        for level in range(len(problem.levels))
        for number in range(CASES[min(level, 1)])
    ]


def seed_of(seed: int, task_id: str, level: int, number: int, draw: int) -> int:
    """Seed of one input; inputs of different cases, problems and draws have nothing in common.

    Examples
    --------
    >>> seed_of(0, "HumanEval/0", 1, 0, 0) == seed_of(0, "HumanEval/0", 1, 0, 0)
    True
    >>> seed_of(0, "HumanEval/0", 1, 0, 0) == seed_of(0, "HumanEval/0", 1, 0, 1)
    False
    """
    text = json.dumps([seed, task_id, level, number, draw], separators=(",", ":"))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big")


def generate(
    session: Session, problem: Problem, place: tuple[int, int], draws: Sequence[int], *, seed: int
) -> tuple[bytes, ...]:
    """Return the inputs of a case for the draws asked for.

    Raises
    ------
    Refused
        The generator fails.
    """
    level, number = place
    wanted = [
        encode([seed_of(seed, problem.task_id, *place, draw), problem.levels[level], *place])
        for draw in draws
    ]
    reply = session.ask(wanted, _GENERATE_S)
    if reply.status != "ok":
        raise Refused(
            f"the generator fails at level {level}, case {number} ({said(reply)})", "missing"
        )
    return reply.parts


def said(reply: Reply) -> str:
    """Say how a session failed."""
    return f"{reply.status}: {reply.message[:120]}" if reply.message else reply.status
