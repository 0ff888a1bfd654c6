"""Plain Python data as bytes, and back, without running anything of theirs.

The format is the second version of `marshal`, which every interpreter here writes and reads at the
speed of C: what reading and writing cost beside a call is time that the outer clock cannot tell
from the call's own. `marshal.loads` is not made for hostile bytes, though. It reads, in sandboxes,
what a problem's own generator and reference made; whatever a program had in hand is read by
`decode`.

Exact types only. Equal bytes are equal values of equal types, whose dicts have one order. The other
way round that does not hold: 0.0 is not -0.0 here, and a set may be written in several orders.
"""

import struct
from itertools import chain
from marshal import dumps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

# Later versions refer back to what came before, so that equal values would not give equal bytes.
VERSION = 2
DEPTH = 200
PLAIN = "None, bool, int, float, complex, str, bytes, list, tuple, set, frozenset and dict"

_CONTAINERS = frozenset([list, tuple, set, frozenset, dict])
_KINDS = _CONTAINERS | {type(None), bool, int, float, complex, str, bytes}

_CONSTANTS = {b"N": None, b"T": True, b"F": False}
_SEQUENCES = {b"[": list, b"(": tuple, b"<": set, b">": frozenset}
_NUMBERS = {b"i": struct.Struct("<xi"), b"g": struct.Struct("<xd")}
_COUNT, _COMPLEX = struct.Struct("<i"), struct.Struct("<dd")
_DIGIT_BITS = 15


class WireError(ValueError):
    """Bytes stand for no value."""


class RefusedError(ValueError):
    """A value is no plain data."""


def encode(value: "Any") -> bytes:
    r"""Return a value as bytes.

    Examples
    --------
    >>> encode([1, True, b"a"])
    b'[\x03\x00\x00\x00i\x01\x00\x00\x00Ts\x01\x00\x00\x00a'
    """
    check(value)
    return dumps(value, VERSION)


def decode(text: bytes) -> "Any":
    """Return the value that bytes stand for, whoever wrote them.

    Examples
    --------
    >>> decode(encode({"a": {1, 2}}))
    {'a': {1, 2}}
    """
    reader = _Reader(text)
    try:
        value = reader.value(0)
    except WireError:
        raise
    except (ValueError, TypeError, OverflowError) as error:
        raise WireError(f"no value: {error}") from None
    if reader.left:
        raise WireError(f"no value: {reader.left:,} bytes too many")
    return value


def check(value: object) -> None:
    """Refuse by name what is no plain data, within `DEPTH` containers of each other."""
    level: dict[int, Any] = {0: (value,)}
    for _ in range(DEPTH + 1):
        below: dict[int, Any] = {}
        for each in level.values():
            kinds = set(map(type, _members(each)))
            if not kinds <= _KINDS:
                name = _named(kinds - _KINDS)
                raise RefusedError(f"{name}: only plain data ({PLAIN}) can be checked")
            if not kinds.isdisjoint(_CONTAINERS):
                below.update((id(m), m) for m in _members(each) if type(m) in _CONTAINERS)
        if not below:
            return
        level = below
    raise RefusedError(f"data nested more than {DEPTH} deep, which cannot be checked")


def _members(container: "Any") -> "Iterable[Any]":
    return chain(container, container.values()) if type(container) is dict else container


def _named(kinds: "set[type]") -> str:
    name: str = min(type.__dict__["__name__"].__get__(kind) for kind in kinds)
    name = name[:60].encode("ascii", "backslashreplace").decode("ascii")
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


class _Reader:
    """Bytes on their way to a value: each letter says what follows."""

    def __init__(self, text: bytes):
        self._text, self._at = text, 0

    @property
    def left(self) -> int:
        return len(self._text) - self._at

    def value(self, depth: int) -> "Any":
        letter = self._take(1)
        if letter in _CONSTANTS:
            return _CONSTANTS[letter]
        if letter in _NUMBERS:
            self._at -= 1
            return self._numbers(1)[0]
        if letter in _SEQUENCES:
            return _SEQUENCES[letter](self._sequence(depth))
        if letter == b"{":
            return self._dict(depth)
        if letter == b"u":
            return self._take(self._count()).decode("utf-8", "surrogatepass")
        if letter == b"l":
            return self._long()
        if letter == b"s":
            return self._take(self._count())
        if letter == b"y":
            return complex(*_COMPLEX.unpack(self._take(_COMPLEX.size)))
        raise WireError(f"no value: the letter {letter!a}")

    def _take(self, size: int) -> bytes:
        if not 0 <= size <= self.left:
            raise WireError(f"no value: {size:,} bytes wanted of the last {self.left:,}")
        self._at += size
        return self._text[self._at - size : self._at]

    def _count(self) -> int:
        count: int = _COUNT.unpack(self._take(_COUNT.size))[0]
        return count

    def _sequence(self, depth: int) -> "list[Any]":
        count = self._count()
        if not 0 <= count <= self.left:
            raise WireError(f"no value: {count:,} members in the last {self.left:,} bytes")
        form = _NUMBERS.get(self._text[self._at : self._at + 1])
        if form is not None and count * form.size <= self.left:
            letters = self._text[self._at : self._at + count * form.size : form.size]
            if letters == letters[:1] * count:
                return self._numbers(count)
        deeper = _deeper(depth)
        return [self.value(deeper) for _ in range(count)]

    def _numbers(self, count: int) -> "list[Any]":
        form = _NUMBERS[self._text[self._at : self._at + 1]]
        return [number for (number,) in form.iter_unpack(self._take(count * form.size))]

    def _dict(self, depth: int) -> "dict[Any, Any]":
        deeper, found = _deeper(depth), {}
        while self._text[self._at : self._at + 1] != b"0":
            key = self.value(deeper)
            found[key] = self.value(deeper)
        self._at += 1
        return found

    def _long(self) -> int:
        count = self._count()
        digits = struct.iter_unpack("<H", self._take(2 * abs(count)))
        bits = [f"{digit:0{_DIGIT_BITS}b}" for (digit,) in digits]
        if any(len(each) > _DIGIT_BITS for each in bits):
            raise WireError("no value: a digit of an integer out of its range")
        value = int("".join(reversed(bits)) or "0", 2)
        return -value if count < 0 else value


def _deeper(depth: int) -> int:
    if depth >= DEPTH:
        raise WireError(f"no value: nested more than {DEPTH} deep")
    return depth + 1
