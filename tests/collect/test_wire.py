import enum
import marshal
from collections import Counter, OrderedDict, namedtuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalvar.collect.inside.wire import (
    DEPTH,
    VERSION,
    RefusedError,
    WireError,
    check,
    decode,
    encode,
)

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(2**62, 2**66)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=()))  # with lone surrogates
    | st.binary()
    | st.complex_numbers(allow_nan=False)
)
HASHABLE = SCALARS | st.tuples(SCALARS, SCALARS) | st.frozensets(SCALARS, max_size=3)
PLAIN = st.recursive(
    HASHABLE | st.sets(HASHABLE, max_size=3),
    lambda some: (
        st.lists(some, max_size=4)
        | st.tuples(some, some)
        | st.dictionaries(HASHABLE, some, max_size=3)
    ),
    max_leaves=8,
)
LONG = st.lists(st.integers(-(2**70), 2**70), min_size=16) | st.lists(st.floats(), min_size=16)


def same(a: object, b: object) -> bool:
    """Equal in value and in every type and sign."""
    if type(a) is not type(b):
        return False
    if isinstance(a, float):
        return repr(a) == repr(b)
    if isinstance(a, complex):
        return same(a.real, b.real) and same(a.imag, b.imag)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return same(list(a.items()), list(b.items()))
    if isinstance(a, (set, frozenset)):
        return a == b and {type(x) for x in a} == {type(x) for x in b}
    return a == b


@given(PLAIN | LONG)
@settings(max_examples=100, deadline=None)
def test_what_is_written_comes_back_the_same_by_either_reader(value):
    text = encode(value)
    assert same(decode(text), value)
    assert same(marshal.loads(text), value)


@given(PLAIN)
@settings(deadline=None)
def test_equal_bytes_are_written_of_a_value_however_it_is_shared(value):
    text = encode(value)
    assert encode((value, value)) == encode((decode(text), marshal.loads(text)))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, b"N"),
        (True, b"T"),
        (1, b"i\1\0\0\0"),
        (2**31 - 1, b"i\xff\xff\xff\x7f"),
        (-(2**31), b"i\0\0\0\x80"),
        (2**31, b"l\3\0\0\0\0\0\0\0\2\0"),
        (-(2**31) - 1, b"l\xfd\xff\xff\xff\1\0\0\0\2\0"),
        (1.0, b"g\0\0\0\0\0\0\xf0\x3f"),
        (-0.0, b"g\0\0\0\0\0\0\0\x80"),
        (1j, b"y" + bytes(14) + b"\xf0\x3f"),
        ("a", b"u\1\0\0\0a"),
        ("\ud83d", b"u\3\0\0\0\xed\xa0\xbd"),
        (b"a", b"s\1\0\0\0a"),
        ((None,), b"(\1\0\0\0N"),
        ([], b"[\0\0\0\0"),
        ({1}, b"<\1\0\0\0i\1\0\0\0"),
        (frozenset(), b">\0\0\0\0"),
        ({"b": None}, b"{u\1\0\0\0bN0"),
        ([1, 2], b"[\2\0\0\0i\1\0\0\0i\2\0\0\0"),
        ([1, None], b"[\2\0\0\0i\1\0\0\0N"),
    ],
)
def test_bytes_are_those_of_the_second_version(value, text):
    assert encode(value) == text
    assert same(decode(text), value)


def test_a_later_version_is_not_taken_for_this_one():
    for value in ("abc", (1, 2), [[], []]):
        text = marshal.dumps(value)
        assert text != encode(value)
        with pytest.raises(WireError):
            decode(text)


def test_integers_of_any_length_pass():
    value = 7**20_000  # 16,902 digits, more than int() reads from decimals
    assert decode(encode([value, -value])) == [value, -value]


class Always(list):
    def __eq__(self, other):
        return True

    __hash__ = None


class Color(enum.IntEnum):
    RED = 1


@pytest.mark.parametrize(
    "value",
    [
        Always(), Counter("a"), OrderedDict(a=1), namedtuple("P", "x")(1), Color.RED, range(3),
        iter([]), bytearray(b"a"), object(), int, len, [[Color.RED]], {"a": {1: Counter()}},
        (1, [Always()]), {(Color.RED,)}, ..., NotImplemented,
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_what_is_no_plain_data_is_refused_by_name(value):
    with pytest.raises(RefusedError, match=r"^an? [\w.]+: only plain data \(None, bool, int"):
        encode(value)


def test_a_type_cannot_lie_about_its_name():
    class Meta(type):
        @property
        def __name__(cls):
            raise KeyboardInterrupt

    with pytest.raises(RefusedError, match=r"^an Odd: only"):
        encode(Meta("Odd", (), {})())


def test_deep_and_endless_data_are_refused_in_words():
    deep: list = []
    for _ in range(DEPTH - 1):
        deep = [deep]
    assert decode(encode(deep)) == deep
    endless: list = []
    endless += [endless, endless]
    for value in ([deep], endless, {"a": (deep,)}):
        with pytest.raises(RefusedError, match=f"nested more than {DEPTH} deep"):
            check(value)
    with pytest.raises(WireError, match=f"nested more than {DEPTH} deep"):
        decode(marshal.dumps([deep], VERSION))


def test_what_is_held_many_times_is_looked_at_once():
    shared: list = []
    for _ in range(DEPTH - 2):
        shared = [shared, shared]
    check(shared)  # of 2 ** 198 lists


@pytest.mark.parametrize(
    "text",
    [
        b"", b"NN", b" N", b"i\1\0\0", b"i\1\0\0\0\0", b"g\0", b"y\0", b"u\2\0\0\0a",
        b"u\1\0\0\0\xff", b"u\xff\xff\xff\xff", b"s\1\0\0\0", b"s\xff\xff\xff\xff", b"[\1\0\0\0",
        b"[\xff\xff\xff\x7fi\1\0\0\0", b"[\xff\xff\xff\xff", b"(\1\0\0", b"{", b"{N", b"{NN",
        b"{[\0\0\0\0N0",
        b"<\1\0\0\0[\0\0\0\0", b"0", b"l\1\0\0\0\xff\xff", b"l\2\0\0\0\1\0", b".", b"S",
        b"c" + bytes(40), b"r\0\0\0\0", b"R\0\0\0\0", b"t\1\0\0\0a", b"z\1a", b"Z\1a",
        b"a\1\0\0\0a",
        b"f\x031.0", b"I" + bytes(8), b"\xe9\0\0\0\0", b")\0", b"[\1\0\0\0" * 100_000,
    ],
)  # fmt: skip
def test_what_stands_for_no_value_is_refused(text):
    with pytest.raises(WireError, match=r"^no value: "):
        decode(text)


@given(st.binary() | st.lists(st.sampled_from(list(b"NTFiglysu([<>{0\0\1\2"))).map(bytes))
def test_any_bytes_are_read_or_refused(text):
    try:
        value = decode(text)
    except WireError:
        return
    assert same(decode(encode(value)), value)


def test_of_many_long_lists_each_is_read_once():
    mixed = [[1, "a"] * 500, [1.0, None] * 500, list(range(1000)), [0.5] * 1000]
    assert same(decode(encode(mixed * 50)), mixed * 50)
