"""The host's end of a sandbox's pipes: a request out, its reply back, timed from outside."""

import os
import select
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import ceil, isfinite
from time import perf_counter

from evalvar.collect.inside import frames
from evalvar.errors import counted

_CHUNK = 1 << 20
# Told as a text to a terminal, so it is short and of one line.
_LONGEST_MESSAGE = 1000


@dataclass(frozen=True, slots=True)
class Reply:
    """What a sandbox answered.

    `status` is ``ok``, ``wrong`` (an output that is no plain data), ``crash``, ``timeout`` or
    ``memory``; `parts` is empty unless it is ok. `inside_s` is what the worker says that its calls
    took; `outside_s` runs on the host's monotonic clock from before the request is written until
    the last byte of the reply is read.
    """

    status: str
    message: str = ""
    parts: tuple[bytes, ...] = ()
    inside_s: float = float("nan")
    outside_s: float = float("nan")


class Broken(Exception):
    """The exchange cannot go on; the sandbox is to be ended. `status` is None at an end of file."""

    def __init__(self, status: str | None, message: str = ""):
        super().__init__(message)
        self.status = status


class Channel:
    """Two pipes to a worker, neither of which the host ever waits on for longer than it said."""

    def __init__(self, requests: int, replies: int, output_bytes: int):
        self._requests, self._replies, self._most = requests, replies, output_bytes
        self._held = bytearray()
        import fcntl  # not on every system on which this is read

        for pipe in (requests, replies):
            os.set_blocking(pipe, False)
            # A larger pipe takes fewer turns to pass; the kernel may not grant it.
            with suppress(OSError):
                fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _CHUNK)

    def remark(self, limit_s: float) -> Reply:
        """Let the worker look at what it answered, and read what it found; then see it quiet."""
        reply = self.exchange(frames.request([]), 0, limit_s)
        if self._held or readable(self._replies, 0.0):
            raise Broken("crash", "the program wrote to the pipe of the replies")
        return reply

    def exchange(self, request: bytes, parts: int, limit_s: float) -> Reply:
        """Send a request and read its reply, which has this many parts where it is ok."""
        began = perf_counter()
        deadline = began + limit_s
        unsent = memoryview(request)
        head = _Head(parts, self._most)
        while len(self._held) < head.needed(self._held):
            unsent = self._write(unsent)
            if unsent and not _either(self._replies, self._requests, deadline - perf_counter()):
                raise Broken("timeout")
            if not unsent or readable(self._replies, 0.0):
                self._held += self._read(deadline)
        ended = perf_counter()
        if ended > deadline:
            raise Broken("timeout")
        if unsent:
            raise Broken("crash", "the program answered before it was asked")
        size = head.needed(self._held)
        reply = head.reply(bytes(self._held[:size]), ended - began)
        del self._held[:size]
        return reply

    def _write(self, unsent: memoryview) -> memoryview:
        try:
            while unsent:
                unsent = unsent[os.write(self._requests, unsent[:_CHUNK]) :]
        except BlockingIOError:
            pass
        except BrokenPipeError:
            raise Broken(None) from None
        return unsent

    def _read(self, deadline: float) -> bytes:
        if not readable(self._replies, deadline - perf_counter()):
            raise Broken("timeout")
        text = os.read(self._replies, _CHUNK)
        if not text:
            raise Broken(None)
        return text


class _Head:
    """How long a reply is, by as much of it as is there; sizes are judged before they are met."""

    def __init__(self, parts: int, most: int):
        self._parts, self._most = parts, most
        self._sizes: list[int] | None = None

    def needed(self, held: bytearray) -> int:
        start: int = frames.REPLY.size
        if len(held) < start:
            return start
        code, _, parts = frames.REPLY.unpack_from(held)
        if parts != self._expected(code):
            raise Broken("crash", "the program wrote to the pipe of the replies")
        body: int = start + parts * frames.LENGTH.size
        if len(held) < body:
            return body
        if self._sizes is None:
            heads = memoryview(held)[start:body]
            self._sizes = [size for (size,) in frames.LENGTH.iter_unpack(heads)]
            heads.release()
        size = sum(self._sizes)
        if size > self._most:
            found = f"{counted(size, 'byte')} of output, more than the {self._most:,} allowed"
            raise Broken("memory", found)
        return body + size

    def _expected(self, code: bytes) -> int:
        if code not in frames.STATUSES:
            return -1
        return self._parts if frames.STATUSES[code] == "ok" else 1

    def reply(self, frame: bytes, outside_s: float) -> Reply:
        code, said, _ = frames.REPLY.unpack_from(frame)
        # A program can say what it likes; what cannot be is not handed on.
        inside_s = min(max(said, 0.0), outside_s) if isfinite(said) else 0.0
        status, parts = frames.STATUSES[code], []
        at = len(frame) - sum(self._sizes or [])
        for size in self._sizes or []:
            parts.append(frame[at : at + size])
            at += size
        if status == "ok":
            return Reply(status, "", tuple(parts), inside_s, outside_s)
        return Reply(status, _one_line(parts[0]), (), inside_s, outside_s)


def _one_line(text: bytes) -> str:
    told = text[:_LONGEST_MESSAGE].decode("utf-8", "replace")
    return "".join(letter if letter.isprintable() else " " for letter in told)


def readable(pipe: int, seconds: float) -> bool:
    """Wait for something to read, or for the end, and say whether it came in time."""
    return _polled([(pipe, select.POLLIN)], seconds)


def _either(replies: int, requests: int, seconds: float) -> bool:
    return _polled([(replies, select.POLLIN), (requests, select.POLLOUT)], seconds)


def _polled(pipes: Sequence[tuple[int, int]], seconds: float) -> bool:
    waiting = select.poll()
    for pipe, event in pipes:
        waiting.register(pipe, event)
    return bool(waiting.poll(max(0, ceil(seconds * 1000))))
