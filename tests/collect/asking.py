"""Asking programs in sandboxes, and looking for the processes that they leave."""

from collections.abc import Iterator
from pathlib import Path

from evalvar.collect.inside.wire import decode, encode
from evalvar.collect.sandbox import Box, Limits, Session

NOTHING = encode(())
LIMITS = Limits(memory_bytes=1 << 30)


def running(box: Box, program: str, limits: Limits = LIMITS, prompt: str = "") -> Session:
    source = {"prompt": prompt, "program": program, "entry_point": "f"}
    return Session(box, "run", source, limits)


def answer(box: Box, program: str, *arguments: object, limits: Limits = LIMITS) -> object:
    """What f returns for these arguments."""
    with running(box, program, limits) as session:
        assert session.load().status == "ok"
        reply = session.ask([encode(arguments)], 20.0)
    assert reply.status == "ok", reply
    return decode(reply.parts[0])


def below(parent: int) -> Iterator[tuple[int, str]]:
    """All processes below one, each with its start time."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            yield int(path.parent.name), fields[19]
            yield from below(int(path.parent.name))


def alive(processes: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Those of the processes that are still there and no mere entry of the table."""
    found = []
    for number, started in processes:
        try:
            fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[19] == started and fields[0] != "Z":
            found.append((number, started))
    return found
