"""Plain Python data as canonical JSON text, and back.

Exact types only: nothing that is encoded or decoded can run code of its own. Scalars and lists
stand as JSON has them; an object with one member names the rest::

    {"tuple": [1, 2]}  {"set": [1, 2]}  {"frozenset": []}  {"dict": [["a", 1]]}  {"bytes": "00ff"}
    {"int": "0xff..."} {"float": "nan"} {"complex": [0.0, 1.0]}  {"str": "ed a0 80 as hex"}

Sets are written in the order of their members' text, so equal values give equal bytes; a dict
keeps its order, which a program can see.
"""

import json
import math

DEPTH = 200
PLAIN = "None, bool, int, float, complex, str, bytes, list, tuple, set, frozenset and dict"

# Larger ones are written in hexadecimal: int() refuses long decimals.
_LARGEST = 2**63
_SCALARS = frozenset([type(None), bool, int, float, str])
_FIRST_SURROGATE = "\ud800"


class WireError(ValueError):
    """A value is no plain data, or a text no value."""


def encode(value: object) -> bytes:
    """Return a value as canonical text.

    Examples
    --------
    >>> encode([1, 1.0, True, "a", (2, None)])
    b'[1,1.0,true,"a",{"tuple":[2,null]}]'
    """
    return _text(_tagged(value, 0)).encode("ascii")


def decode(text: bytes) -> object:
    """Return the value that a text stands for.

    Examples
    --------
    >>> decode(b'{"dict":[["a",{"set":[1,2]}]]}')
    {'a': {1, 2}}
    """
    try:
        return _parsed(text.decode("ascii"))
    except WireError:
        raise
    except (ValueError, TypeError, RecursionError) as error:
        raise WireError(f"no text of a value: {error}") from None


def _tagged(value: object, depth: int) -> object:
    """Return a value as JSON can hold it; a part that it can hold as it is stays the same object."""
    kind = type(value)
    if kind is list:
        return _listed(value, depth)  # type: ignore[arg-type]
    if kind is tuple:
        return {"tuple": _listed(list(value), depth)}  # type: ignore[call-overload]
    if kind is str:
        return value if _writable(value) else {"str": _hidden(value)}  # type: ignore[arg-type]
    if kind is int:
        small = -_LARGEST < value < _LARGEST  # type: ignore[operator]
        return value if small else {"int": hex(value)}  # type: ignore[call-overload]
    if kind is float:
        return value if math.isfinite(value) else {"float": repr(value)}  # type: ignore[arg-type]
    if kind is bool or value is None:
        return value
    if kind is dict:
        pairs = [[key, item] for key, item in value.items()]  # type: ignore[attr-defined]
        return {"dict": _listed(pairs, depth)}
    if kind is set or kind is frozenset:
        members = _listed(list(value), depth)  # type: ignore[call-overload]
        return {kind.__name__: sorted(members, key=_text)}
    if kind is bytes:
        return {"bytes": value.hex()}  # type: ignore[attr-defined]
    if kind is complex:
        return {"complex": _listed([value.real, value.imag], depth)}  # type: ignore[attr-defined]
    raise WireError(f"{_named(kind)}: only plain data ({PLAIN}) can be checked")


def _listed(values: "list[object]", depth: int) -> "list[object]":
    if depth >= DEPTH:
        raise WireError(f"data nested more than {DEPTH} deep: it cannot be checked")
    if _flat(values):
        return values
    return [_tagged(value, depth + 1) for value in values]


def _flat(values: "list[object]") -> bool:
    """Whether a list is of scalars that JSON writes as they are."""
    kinds = set(map(type, values))
    if not kinds <= _SCALARS:
        return False
    if kinds == {int}:
        return -_LARGEST < min(values) and max(values) < _LARGEST  # type: ignore[type-var]
    if kinds == {float}:
        return math.isfinite(sum(values))  # type: ignore[arg-type]
    if kinds == {str}:
        return _writable("".join(values))  # type: ignore[arg-type]
    return kinds <= {bool, type(None)}


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
    name = type.__dict__["__name__"].__get__(kind)
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name[:60]}"


def _refused(name: str) -> object:
    raise WireError(f"no text of a value: {name}")


def _untagged(members: "dict[str, object]") -> object:
    if len(members) != 1:
        raise WireError("no text of a value: an object of other than one member")
    ((tag, held),) = members.items()
    try:
        return _UNTAG[tag](held)  # type: ignore[operator]
    except (KeyError, ValueError, TypeError, AttributeError, OverflowError):
        raise WireError(f"no text of a value: a bad {tag[:20]!r}") from None


def _of_list(make: type) -> object:
    def untag(held: object) -> object:
        if type(held) is not list:
            raise ValueError
        return make(held)

    return untag


_UNTAG = {
    "tuple": _of_list(tuple),
    "set": _of_list(set),
    "frozenset": _of_list(frozenset),
    "dict": _of_list(dict),
    "bytes": bytes.fromhex,
    "str": lambda held: bytes.fromhex(held).decode("utf-8", "surrogatepass"),
    "int": lambda held: int(held, 16),
    "float": float,
    "complex": lambda held: complex(*held),
}

_text = json.JSONEncoder(check_circular=False, allow_nan=False, separators=(",", ":")).encode
_parsed = json.JSONDecoder(object_hook=_untagged, parse_constant=_refused).decode
