import enum
import math
import random
from collections import Counter, OrderedDict, namedtuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalvar.collect.inside.wire import DEPTH, RefusedError, WireError, decode, encode

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
ROWS = st.integers(1, 9).flatmap(
    lambda width: st.lists(
        st.tuples(*[st.integers() | st.text(max_size=3)] * width), min_size=16, max_size=20
    )
)
LONG = st.lists(st.integers(-(2**70), 2**70), min_size=16) | st.lists(st.floats(), min_size=16)
LONG |= ROWS | ROWS.map(lambda rows: [list(row) for row in rows])

PACKED_ONES = b'{"packed":["b","%s"]}' % (b"01" * 16)


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
def test_what_is_written_comes_back_the_same(value):
    text = encode(value)
    assert text.isascii()
    assert same(decode(text), value)
    assert encode(decode(text)) == text


@given(st.lists(HASHABLE, max_size=6), st.randoms(use_true_random=False))
def test_equal_sets_give_equal_bytes(values, rng):
    members = list(set(values))
    text = encode(set(members))
    rng.shuffle(members)
    assert encode(set(members)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, b"0"),
        (False, b"false"),
        (0.0, b"0.0"),
        (-0.0, b"-0.0"),
        (1e16, b"1e+16"),
        (math.nan, b'{"float":"nan"}'),
        (-math.inf, b'{"float":"-inf"}'),
        (2**63 - 1, b"9223372036854775807"),
        (2**63, b'{"int":"0x8000000000000000"}'),
        ("\ud83d\ude00", b'{"str":"eda0bdedb880"}'),
        ("\U0001f600", b'"\\ud83d\\ude00"'),
        ({2, 1}, b'{"set":[1,2]}'),
        ({"b": 1, "a": (None,)}, b'{"dict":[["b",1],["a",{"tuple":[null]}]]}'),
        (1j, b'{"complex":[0.0,1.0]}'),
        (
            [(1, "a")] * 16,
            b'{"rows":["tuple",[%s,[%s]]]}' % (PACKED_ONES, b",".join([b'"a"'] * 16)),
        ),
        ([[1]] * 16, b'{"rows":["list",[%s]]}' % PACKED_ONES),
        ([()] * 16, b"[%s]" % b",".join([b'{"tuple":[]}'] * 16)),
        (list(range(16)), b'{"packed":["b","000102030405060708090a0b0c0d0e0f"]}'),
    ],
)
def test_texts_are_as_documented(value, text):
    assert encode(value) == text
    assert same(decode(text), value)


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
    endless.append(endless)
    for value in ([deep], endless, {"a": (deep,)}):
        with pytest.raises(RefusedError, match=f"nested more than {DEPTH} deep"):
            encode(value)


@pytest.mark.parametrize(
    "text",
    [
        b"", b" 1", b"1 ", b"[1", b"[1]x", b"NaN", b"Infinity", b"{}", b"\xff", b"nul", b"'a'",
        b'{"set":[1],"tuple":[2]}', b'{"set":3}', b'{"set":[[1]]}', b'{"dict":[1]}',
        b'{"dict":[[[],1]]}', b'{"bytes":"0"}', b'{"bytes":1}', b'{"int":"1.5"}', b'{"int":1}',
        b'{"float":"x"}', b'{"complex":[1]}', b'{"complex":["1","2"]}', b'{"str":"ff"}',
        b'{"exec":"x"}', b'{"packed":["d","00"]}', b'{"packed":["s","00"]}', b'{"packed":"d"}',
        b'{"packed":[["d"],"00"]}',
        b'{"rows":["list",[]]}', b'{"rows":["list",[[1],[]]]}', b'{"rows":["list",["ab"]]}',
        b'{"rows":["list",[1]]}', b'{"rows":["list"]}',
        b"[" * 100_000, b'{"tuple":' * 100_000, b"1" * 100_000,
    ],
    ids=lambda text: text[:24].decode("latin1"),
)  # fmt: skip
def test_what_is_no_text_of_a_value_is_refused(text):
    with pytest.raises(WireError, match="no text of a value"):
        decode(text)


@given(
    st.binary() | st.text(st.sampled_from('[]{}":,0123456789.eE+-tupleset dict')).map(str.encode)
)
def test_any_bytes_are_read_or_refused(text):
    try:
        value = decode(text)
    except WireError:
        return
    assert same(decode(encode(value)), value)


def test_a_long_list_of_numbers_is_packed_and_so_are_its_neighbours():
    rng = random.Random(0)
    value = ([rng.random() for _ in range(1000)], {"a": [rng.randint(-5, 5) for _ in range(99)]})
    text = encode(value)
    assert len(text) < 2 * (8 * 1000 + 99) + 100
    assert same(decode(text), value)
