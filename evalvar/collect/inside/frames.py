"""Messages over a pipe: a head of fixed form, the length of each part, the parts.

A part is bytes and is never joined to another, so that nothing in it can be taken for the frame.
A request without parts follows every reply, when the clock no longer runs. It is answered once what
was returned is looked at and cleaned up, by nothing or by what was wrong with it.
"""

import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

COUNT = struct.Struct("<I")
LENGTH = struct.Struct("<Q")
# A reply begins with its status, what the worker's own clock says, and the number of parts.
REPLY = struct.Struct("<cdI")
STATUSES = {b"o": "ok", b"w": "wrong", b"m": "memory", b"c": "crash"}


def lengths(parts: "Sequence[bytes]") -> bytes:
    """Return the lengths of some parts as they stand in a frame."""
    return b"".join([LENGTH.pack(len(part)) for part in parts])


def request(parts: "Sequence[bytes]") -> bytes:
    """Return a request as bytes."""
    return b"".join([COUNT.pack(len(parts)), lengths(parts), *parts])


def reply(status: str, seconds: float, parts: "Sequence[bytes]") -> bytes:
    """Return a reply as bytes."""
    code = next(code for code, name in STATUSES.items() if name == status)
    return b"".join([REPLY.pack(code, seconds, len(parts)), lengths(parts), *parts])
