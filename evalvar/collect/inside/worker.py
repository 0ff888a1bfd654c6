"""The process that holds a program: it takes requests, calls, and answers.

What it says of itself is the program's word, since the program lives in the same process: the host
times from outside, decodes nothing, and has outputs checked elsewhere. What is taken hold of
before the program is loaded only keeps accidents out.
"""

import gc
import json
import os

from evalvar.collect.inside import frames, roles, wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_LONGEST = 200


def serve(requests: int, replies: int) -> None:
    """Load what the first request holds, then answer requests until there are none."""
    gc.disable()
    fetch, tell = _reader(requests), _writer(replies)
    frame, ready, collect, failed = frames.reply, frames.READY, gc.collect, _failure
    role, source = json.loads(fetch()[0])
    refused = "wrong" if role == "run" else "crash"
    try:
        answer = roles.LOAD[role](source)
        reply = frame("ok", 0.0, [])
    except BaseException as error:
        reply = frame(*failed(error, refused))
    while True:
        tell(reply)
        del reply
        collect()
        tell(ready)
        parts = fetch()
        try:
            seconds, answers = answer(parts)
            reply = frame("ok", seconds, answers)
            del answers
        except BaseException as error:
            reply = frame(*failed(error, refused))
        del parts


def _reader(pipe: int) -> "Callable[[], list[bytes]]":
    """Return a function that reads one request, and ends the process where there is none."""
    read, leave, room, view = os.read, os._exit, bytearray, memoryview
    count, length = frames.COUNT, frames.LENGTH

    def exactly(size: int) -> bytearray:
        held = room(size)
        at, rest = 0, view(held)
        while at < size:
            got = read(pipe, min(size - at, 1 << 20))
            if not got:
                leave(0)
            rest[at : at + len(got)] = got
            at += len(got)
        return held

    def fetch() -> "list[bytes]":
        (parts,) = count.unpack(exactly(count.size))
        head = exactly(parts * length.size)
        sizes = [size for (size,) in length.iter_unpack(head)]
        body, parted, at = bytes(exactly(sum(sizes))), [], 0
        for size in sizes:
            parted.append(body[at : at + size])
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


def _failure(error: BaseException, refused: str) -> "tuple[str, float, list[bytes]]":
    """Say what was raised, without trusting it to say so."""
    if isinstance(error, wire.WireError):
        return refused, 0.0, [f"returned {error}".encode()]
    if isinstance(error, roles.BadSource):
        return "crash", 0.0, [str(error).encode()]
    status = "memory" if isinstance(error, (MemoryError, OverflowError)) else "crash"
    try:
        told = f"{type(error).__name__}: {error}"
    except BaseException:
        told = "an exception that cannot say what it is"
    return status, 0.0, [told[:_LONGEST].encode("utf-8", "backslashreplace")]
