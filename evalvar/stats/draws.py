"""What is drawn at random: generators, counts of a resample, rows, signs, orders."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from math import floor, log2, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from evalvar.errors import UsageError
from evalvar.stats.arguments import Floats
from evalvar.stats.tries import Ints

Rng = int | Sequence[int] | np.random.Generator
Counts = NDArray[np.uint8] | NDArray[np.float32]
Bytes = NDArray[np.uint8]

# Below this many units a table of words costs more than drawing the units one by one.
_FEW = 64
# Counts drawn at a time; they stay in a core's cache. Changing it changes the draws.
_CHUNK, _ROWS = 1 << 20, 2048
# Words looked up at a time.
_TILE = 1 << 14
# Counts handed out at a time: 2 MiB, or as many rows as make a matrix product worth it.
_BLOCK, _PRODUCT = 1 << 21, 32
# By so many standard deviations the Poisson total is aimed below the one that is needed.
_BELOW = 2.0
# P(total of four Poisson(1) counts > 30) is 4e-17, less than a double can tell.
_LARGEST = 30
_BITS = 16, 13
_ESCAPE = np.uint32(0xFFFFFFFF)


def generator(rng: Rng) -> np.random.Generator:
    """Return the generator that a number, several numbers or a generator stand for."""
    if isinstance(rng, np.random.Generator):
        return rng
    if _whole(rng):
        return np.random.default_rng(rng)
    if isinstance(rng, (list, tuple)) and rng and all(map(_whole, rng)):
        return np.random.default_rng([int(number) for number in rng])
    raise UsageError(
        f"rng must be a whole number, several of them or a numpy Generator, but is {rng!r}."
    )


def split(source: np.random.Generator, parts: int) -> list[np.random.Generator]:
    """Draw generators of their own: how much one is used does not move the others."""
    return [np.random.default_rng(key) for key in source.integers(0, 2**63, size=(parts, 2))]


def _whole(number: object) -> bool:
    return (
        isinstance(number, (int, np.integer)) and not isinstance(number, bool) and int(number) >= 0
    )


def resample_rows(source: np.random.Generator, rows: int, n: int) -> Ints:
    """Draw n of n units with replacement, as indices, once for each row."""
    return source.integers(0, n, size=(rows, n))


def places(source: np.random.Generator, sizes: Ints, width: int) -> Ints:
    """Draw `width` places in 0..size-1 with replacement for each size."""
    share = source.random((sizes.size, width))
    return np.asarray((share * sizes[:, None]).astype(np.int64))


def signs(source: np.random.Generator, rows: int, n: int) -> Iterator[NDArray[np.float32]]:
    """Draw -1 or 1 with equal chance, `rows` rows of n in blocks."""
    width = -(-n // 64)
    step = max(1, _BLOCK // n)
    for start in range(0, rows, step):
        shape = min(step, rows - start), width
        words = source.integers(0, 2**64 - 1, size=shape, dtype=np.uint64, endpoint=True)
        bits = np.unpackbits(words.view(np.uint8), axis=1, count=n)
        yield bits.astype(np.float32) * 2 - 1


def all_signs(n: int) -> NDArray[np.float32]:
    """List all 2^n patterns of n signs, shape (2^n, n)."""
    return 1 - 2 * (np.arange(1 << n)[:, None] >> np.arange(n) & 1).astype(np.float32)


def orders(source: np.random.Generator, rows: int, n: int) -> Iterator[Ints]:
    """Draw orders of n units, all equally likely, `rows` of them in blocks."""
    step = max(1, _BLOCK // n)
    for start in range(0, rows, step):
        shape = min(step, rows - start), n
        yield source.permuted(np.broadcast_to(np.arange(n), shape), axis=1)


def pattern_counts(source: np.random.Generator, rows: int, sizes: Ints) -> NDArray[np.float32]:
    """Draw how often each kind of unit is in a resample of all, from how often each exists."""
    n = int(sizes.sum())
    return source.multinomial(n, sizes / n, size=rows).astype(np.float32)


def counts(source: np.random.Generator, rows: int, n: int, *, step: int = 0) -> Iterator[Bytes]:
    """Draw how often each of n units is in a resample of n, in blocks of rows.

    Yields arrays of shape (block, n), `rows` rows in all, each multinomial with equal chances. A
    block is overwritten by the next; the first rows of more are the rows of fewer. `step` rows are
    drawn at a time, by default as many as a cache holds.
    """
    step = step or min(_ROWS, max(1, _CHUNK // n))
    most = max(_BLOCK // n, min(_PRODUCT, rows))
    block = np.empty((step * max(1, most // step), n), dtype=np.uint8)
    work = None if n < _FEW else _Work(step, n)
    left = rows
    while left > 0:
        filled = 0
        while filled + step <= len(block) and filled < left:
            place = block[filled : filled + step]
            filled += work.draw(source, place) if work else _one_by_one(source, place)
        filled = min(filled, left)
        left -= filled
        yield block[:filled]


def _one_by_one(source: np.random.Generator, place: Bytes) -> int:
    rows, n = len(place), place.shape[1]
    cells = source.integers(0, n, size=(rows, n)) + n * np.arange(rows)[:, None]
    place[:] = np.bincount(cells.ravel(), minlength=rows * n).reshape(rows, n)
    return rows


class _Table(NamedTuple):
    """Four Poisson counts, a byte each, for every word of 16 and of 13 bits; and what is left."""

    first: NDArray[np.uint32]
    second: NDArray[np.uint32]
    last: Floats
    codes: NDArray[np.uint32]


@lru_cache(maxsize=16)
def _table(rate: float) -> _Table:
    """Share out the words: a tuple of probability p has floor(p 2^16) of them.

    Words without a tuple stand for the law of what the floors cut off, which is shared out in the
    same way and then, for the few that are left again, by a double: the law is exact to a double.
    """
    k = np.arange(_LARGEST + 1)
    chance = np.exp(k * np.log(rate) - rate - special.gammaln(k + 1))
    a, b = (axis.ravel() for axis in np.meshgrid(k, k, indexing="ij"))
    a, b = a[a + b <= _LARGEST], b[a + b <= _LARGEST]
    i, j = np.nonzero((a + b)[:, None] + (a + b)[None] <= _LARGEST)
    pair = chance[a] * chance[b]
    p = pair[i] * pair[j]
    codes = (a[i] | b[i] << 8 | a[j] << 16 | b[j] << 24).astype(np.uint32)
    levels = []
    for bits in _BITS:
        share = p / p.sum() * (1 << bits)
        words = np.floor(share)
        level = np.full(1 << bits, _ESCAPE)
        given = np.repeat(codes, words.astype(np.int64))
        level[: given.size] = given
        levels.append(level)
        p = share - words
    last = np.cumsum(p)
    return _Table(levels[0], levels[1], last / last[-1], codes)


class _Work:
    """Poisson counts of many rows, topped up to n each: given its total, such a row is multinomial.

    A row whose total is above n already is left out, which depends on its total alone.
    """

    def __init__(self, rows: int, n: int) -> None:
        self.rows, self.n, self.width = rows, n, -(-n // 4)
        # sizes within 2^(1/4) share a table
        self.table = _table(1 - _BELOW / sqrt(2 ** (floor(4 * log2(n)) / 4)))
        self.codes = np.empty(rows * self.width, dtype=np.uint32)

    def draw(self, source: np.random.Generator, filled: Bytes) -> int:
        """Fill the first rows, and say how many: those that could be topped up."""
        n = self.n
        self._fill(source)
        filled[:] = self.codes.view(np.uint8).reshape(self.rows, 4 * self.width)[:, :n]
        totals = filled.sum(axis=1, dtype=np.uint32).astype(np.int64)
        fits = np.flatnonzero(totals <= n)
        if fits.size < self.rows:
            # the last of those that fit take the places of those that do not
            places = np.flatnonzero(totals[: fits.size] > n)
            movers = fits[fits >= fits.size]
            filled[places], totals[places] = filled[movers], totals[movers]
        missing = n - totals[: fits.size]
        cells = np.repeat(np.arange(fits.size) * n, missing)
        cells += source.integers(0, n, size=cells.size, dtype=np.uint32)
        np.add.at(filled.reshape(-1), cells, np.uint8(1))
        return int(fits.size)

    def _fill(self, source: np.random.Generator) -> None:
        codes, table = self.codes, self.table
        for start in range(0, codes.size, _TILE):
            tile = codes[start : start + _TILE]
            np.take(table.first, _words(source, tile.size), out=tile, mode="wrap")
        open_ = np.flatnonzero(codes == _ESCAPE)
        second = table.second[_words(source, open_.size) >> 16 - _BITS[1]]
        still = np.flatnonzero(second == _ESCAPE)
        place = np.searchsorted(table.last, source.random(still.size), side="right")
        second[still] = table.codes[place]
        codes[open_] = second


def _words(source: np.random.Generator, size: int) -> NDArray[np.uint16]:
    quads = source.integers(0, 2**64 - 1, size=-(-size // 4), dtype=np.uint64, endpoint=True)
    return quads.view(np.uint16)[:size]
