"""The process that holds a program: it takes requests, calls, and answers.

What it says of itself is the program's word, since the program lives in the same process: the host
times from outside, decodes nothing, and has outputs checked elsewhere. What is taken hold of
before the program is loaded only keeps accidents out.
"""

import gc
import os
import sys

from evalvar.collect.inside import frames, wire
from evalvar.collect.inside.loading import SourceError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from evalvar.collect.inside.loading import Answer, Source

    Load = Callable[[Source], Answer]

_LONGEST = 200


def loader(role: str) -> "Load":
    """Import what a role needs, and then let nothing of it be found by name."""
    if role == "run":
        from evalvar.collect.inside import programs as module
    elif role == "generate":
        from evalvar.collect.inside import generation as module  # type: ignore[no-redef]
    else:
        from evalvar.collect.inside import checking as module  # type: ignore[no-redef]
    for name in [name for name in sys.modules if name.partition(".")[0] == "evalvar"]:
        del sys.modules[name]
    return module.load


def serve(load: "Load", requests: int, replies: int) -> None:
    """Say that it is up, load what the first request holds, then answer until there are no more."""
    gc.disable()
    fetch, tell = _reader(requests), _writer(replies)
    frame, check, collect, failed = frames.reply, wire.check, gc.collect, _failure
    outputs: list[object] = []
    fetch()
    tell(frame("ok", 0.0, []))
    try:
        answer = load(wire.decode(fetch()[0]))
        reply = frame("ok", 0.0, [])
    except BaseException as error:
        reply = frame(*failed(error))
    while True:
        tell(reply)
        # Nothing is asked, but the host has read it all: to go on now takes no time from it.
        fetch()
        try:
            for output in outputs:
                check(output)
            remark = frame("ok", 0.0, [])
        except BaseException as error:
            remark = frame(*failed(error))
        output, outputs, reply = None, [], b""
        collect()
        tell(remark)
        parts = fetch()
        try:
            seconds, answers, outputs = answer(parts)
            reply = frame("ok", seconds, answers)
            del answers
        except BaseException as error:
            reply = frame(*failed(error))
        del parts


def _reader(pipe: int) -> "Callable[[], list[bytes]]":
    """Return a function that reads one request, and ends the process where there is none."""
    read, leave, room, view = os.readv, os._exit, bytearray, memoryview
    count, length = frames.COUNT, frames.LENGTH

    def exactly(size: int) -> bytearray:
        held = room(size)
        rest = view(held)
        while rest:
            got = read(pipe, [rest])
            if not got:
                leave(0)
            rest = rest[got:]
        return held

    def fetch() -> "list[bytes]":
        (parts,) = count.unpack(exactly(count.size))
        sizes = [size for (size,) in length.iter_unpack(exactly(parts * length.size))]
        body, parted, at = view(exactly(sum(sizes))), [], 0
        for size in sizes:
            parted.append(bytes(body[at : at + size]))
            at += size
        return parted

    return fetch


def _writer(pipe: int) -> "Callable[[bytes], None]":
    write, view = os.write, memoryview

    def tell(text: bytes) -> None:
        rest = view(text)
        while rest:
            rest = rest[write(pipe, rest) :]

    return tell


def _failure(error: BaseException) -> "tuple[str, float, list[bytes]]":
    """Say what was raised, without trusting it to say so."""
    if isinstance(error, wire.RefusedError):
        return "wrong", 0.0, [f"returned {error}".encode()]
    if isinstance(error, SourceError):
        return "crash", 0.0, [str(error).encode()]
    status = "memory" if isinstance(error, (MemoryError, OverflowError)) else "crash"
    try:
        told = f"{type(error).__name__}: {error}"
    except BaseException:
        told = "an exception that cannot say what it is"
    return status, 0.0, [told[:_LONGEST].encode("utf-8", "backslashreplace")]
