"""Plain Python data as canonical JSON text, and back.

Exact types only: nothing that is encoded or decoded can run code of its own. Scalars and lists
stand as JSON has them; an object with one member names the rest::

    {"tuple":[1,2]}  {"set":[1,2]}  {"frozenset":[]}  {"dict":[["a",1]]}  {"bytes":"00ff"}
    {"int":"0xff"}  {"float":"nan"}  {"complex":[0.0,1.0]}  {"str":"eda080"}
    {"packed":["h","0100"]}  {"rows":["tuple",[[1,2],["a","b"]]]}

Integers stand so where they are longer than 64 bits, floats where they are not finite, strings (as
UTF-8 in hexadecimal) where they hold a lone surrogate. A long list of floats or of such integers is
packed: the letter of `struct`, the little-endian bytes in hexadecimal. A long list of short tuples
or lists of one length is written column by column. What it costs to read is time that a program
could hide. Sets are in one order, so that equal values of equal types give
equal bytes; a dict keeps its own, which a program can see.
"""

import math
import struct

# The compiled half of `json` alone: the other half would double the start of a sandbox.
from _json import encode_basestring_ascii, make_encoder, make_scanner

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

DEPTH = 200
PLAIN = "None, bool, int, float, complex, str, bytes, list, tuple, set, frozenset and dict"

# Shorter lists stay readable; of wider rows each is written as it is.
_LONG, _WIDE = 16, 8
_WIDTHS = (("b", 2**7), ("h", 2**15), ("i", 2**31), ("q", 2**63))
_LARGEST = _WIDTHS[-1][1]
_KEPT = frozenset([type(None), bool])
_FIRST_SURROGATE = "\ud800"


class WireError(ValueError):
    """A text stands for no value."""


class RefusedError(ValueError):
    """A value is no plain data."""


def encode(value: object) -> bytes:
    """Return a value as canonical text.

    Examples
    --------
    >>> encode([1, 1.0, True, "a", (2, None)])
    b'[1,1.0,true,"a",{"tuple":[2,null]}]'
    """
    return _text(_tagged(value, 0)).encode("ascii")


def decode(text: bytes) -> "Any":
    """Return the value that a text stands for.

    Examples
    --------
    >>> decode(b'{"dict":[["a",{"set":[1,2]}]]}')
    {'a': {1, 2}}
    """
    try:
        letters = text.decode("ascii")
        value, end = _scan(letters, 0)
    except WireError:
        raise
    except (ValueError, TypeError, RecursionError, StopIteration) as error:
        raise WireError(f"no text of a value: {error}") from None
    if end != len(letters):
        raise WireError(f"no text of a value: {len(letters) - end:,} letters too many")
    return value


def _text(value: object) -> str:
    return "".join(_pieces(value, 0))


def _tagged(value: "Any", depth: int) -> object:
    """Return a value as JSON can hold it; what it holds as it is stays the same object."""
    kind = type(value)
    if kind is list:
        return _listed(value, depth)
    if kind is tuple:
        return {"tuple": _listed(list(value), depth)}
    if kind is str:
        return value if _writable(value) else {"str": _hidden(value)}
    if kind is int:
        return value if -_LARGEST < value < _LARGEST else {"int": hex(value)}
    if kind is float:
        return value if math.isfinite(value) else {"float": repr(value)}
    if kind is bool or value is None:
        return value
    if kind is dict:
        return {"dict": _listed([[key, held] for key, held in value.items()], depth)}
    if kind is set or kind is frozenset:
        return {kind.__name__: _listed(_ordered(list(value)), depth)}
    if kind is bytes:
        return {"bytes": value.hex()}
    if kind is complex:
        return {"complex": [_tagged(value.real, depth), _tagged(value.imag, depth)]}
    raise RefusedError(f"{_named(kind)}: only plain data ({PLAIN}) can be checked")


def _listed(values: "list[Any]", depth: int) -> object:
    """Return a list as JSON can hold it: as it is, packed, or member by member."""
    if depth >= DEPTH:
        raise RefusedError(f"data nested more than {DEPTH} deep, which cannot be checked")
    kinds = set(map(type, values))
    if kinds == {float}:
        if len(values) >= _LONG:
            return _packed("d", values)
        if math.isfinite(sum(values)):
            return values
    if kinds == {int}:
        low, high = min(values), max(values)
        if len(values) < _LONG and low > -_LARGEST and high < _LARGEST:
            return values
        letters = [letter for letter, end in _WIDTHS if low >= -end and high < end]
        if len(values) >= _LONG and letters:
            return _packed(letters[0], values)
    if len(values) >= _LONG and kinds in ({tuple}, {list}):
        widths = set(map(len, values))
        if len(widths) == 1 and 1 <= max(widths) <= _WIDE:
            places = range(max(widths))
            columns = [_listed([row[place] for row in values], depth + 1) for place in places]
            return {"rows": [kinds.pop().__name__, columns]}
    if kinds <= _KEPT or (kinds == {str} and _writable("".join(values))):
        return values
    return [_tagged(value, depth + 1) for value in values]


def _packed(letter: str, values: "list[Any]") -> "dict[str, list[str]]":
    return {"packed": [letter, struct.pack(f"<{len(values)}{letter}", *values).hex()]}


def _unpacked(held: "Any") -> "list[Any]":
    letter, text = held
    if letter not in ("b", "h", "i", "q", "d"):
        raise ValueError
    raw = bytes.fromhex(text)
    return list(struct.unpack(f"<{len(raw) // struct.calcsize(letter)}{letter}", raw))


def _of_rows(held: "Any") -> "list[Any]":
    kind, columns = held
    if len({len(column) for column in columns}) != 1 or not all(type(c) is list for c in columns):
        raise ValueError
    rows = zip(*columns)  # noqa: B905 (of one length, and 3.9 has no strict)
    return list(rows) if kind == "tuple" else [list(row) for row in rows]


def _ordered(members: "list[Any]") -> "list[Any]":
    """Return the members of a set in the one order of their set."""
    kinds = set(map(type, members))
    if kinds == {int} or kinds == {str}:
        return sorted(members)
    return sorted(members, key=encode)


def _writable(text: str) -> bool:
    """Whether JSON keeps a text as it is: two lone surrogates in a row would come back as one."""
    if text.isascii() or max(text) < _FIRST_SURROGATE:
        return True
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _hidden(text: str) -> str:
    return text.encode("utf-8", "surrogatepass").hex()


def _named(kind: type) -> str:
    name: str = type.__dict__["__name__"].__get__(kind)
    name = name[:60].encode("ascii", "backslashreplace").decode("ascii")
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def _untagged(members: "dict[str, object]") -> object:
    if len(members) != 1:
        raise WireError("no text of a value: an object of other than one member")
    ((tag, held),) = members.items()
    try:
        return _UNTAG[tag](held)
    except (KeyError, ValueError, TypeError, AttributeError, OverflowError, struct.error):
        raise WireError(f"no text of a value: a bad {tag[:20]!a}") from None


def _collected(kind: type) -> "Callable[[Any], object]":
    def collect(held: object) -> object:
        if type(held) is not list:
            raise TypeError
        return kind(held)

    return collect


def _complex(held: "Any") -> complex:
    real, imag = held
    if type(real) is not float or type(imag) is not float:
        raise TypeError
    return complex(real, imag)


_UNTAG: "dict[str, Callable[[Any], object]]" = {
    **{kind.__name__: _collected(kind) for kind in (tuple, set, frozenset, dict)},
    "packed": _unpacked,
    "rows": _of_rows,
    "bytes": bytes.fromhex,
    "str": lambda held: bytes.fromhex(held).decode("utf-8", "surrogatepass"),
    "int": lambda held: int(held, 16),
    "float": float,
    "complex": _complex,
}


def _refused(name: str) -> object:
    raise WireError(f"no text of a value: {name}")


class _Rules:
    """How the scanner reads: strictly, and an object as what it is the tag of."""

    strict = True
    object_hook = staticmethod(_untagged)
    object_pairs_hook = None
    array_hook = None
    parse_float = float
    parse_int = int
    parse_constant = staticmethod(_refused)


_scan = make_scanner(_Rules())  # type: ignore[arg-type]
_pieces = make_encoder(
    None, None, encode_basestring_ascii, None, ":", ",", False, False, False  # type: ignore[arg-type]
)  # fmt: skip
