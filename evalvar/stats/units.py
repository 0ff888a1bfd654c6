"""What a resample redraws, and the values of many resamples."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats.arguments import Floats
from evalvar.stats.draws import Counts, counts, pattern_counts
from evalvar.stats.functionals import (
    AnyFunctional,
    Functional,
    Prepared,
    name_of,
    prepare_mean,
)
from evalvar.stats.tries import Ints

# With at most so many kinds of items, and one in so many of them, kinds are drawn, not items.
_KINDS, _ITEMS_PER_KIND = 64, 50
# Items that are looked at first to see whether there are more kinds than that.
_HEAD = 512
# Weights held at once, and rows of them in strata. Changing the latter changes the draws.
_BLOCK, _ROWS = 1 << 22, 256


@dataclass(frozen=True, slots=True)
class Units:
    """The items of each unit that is redrawn, and the units of each stratum.

    Parameters
    ----------
    items : int
        Number of items.
    codes : int array, shape (n_items,), optional
        Unit of each item; none where each item is one.
    strata : tuple of int arrays
        Units that are redrawn among themselves; empty where all are.
    """

    items: int
    codes: Ints | None = None
    strata: tuple[Ints, ...] = ()

    @classmethod
    def of(cls, items: int, clusters: ArrayLike | None, strata: ArrayLike | None) -> "Units":
        """Build from labels of the items, or say what is wrong with them."""
        codes = None if clusters is None else _codes(clusters, items, "clusters")
        count = items if codes is None else int(codes.max(initial=-1)) + 1
        if count < 2:
            kind = "item" if codes is None else "cluster"
            raise NotEnoughDataError(f"a bootstrap needs at least 2 {kind}s, but has {count}.")
        if strata is None:
            return cls(items, codes)
        labels = _codes(strata, items, "strata")
        if codes is not None:
            of_unit = np.full(count, -1)
            of_unit[codes] = labels
            torn = np.unique(codes[of_unit[codes] != labels]).size
            if torn:
                raise UsageError(
                    f"a cluster must lie in one stratum, but {torn} of {count} lie in several."
                )
            labels = of_unit
        sizes = np.bincount(labels)
        if sizes.min() < 2:
            raise NotEnoughDataError(
                f"a stratified bootstrap needs at least 2 units in each stratum, but "
                f"{int((sizes < 2).sum())} of {sizes.size} have 1. Merge strata."
            )
        groups = np.split(np.argsort(labels, kind="stable"), np.cumsum(sizes)[:-1])
        return cls(items, codes, tuple(groups) if len(groups) > 1 else ())

    @property
    def count(self) -> int:
        """Number of units."""
        return self.items if self.codes is None else int(self.codes.max()) + 1

    def sums(self, values: Floats) -> Floats:
        """Sum the values of items over their units."""
        if self.codes is None:
            return values
        order = np.argsort(self.codes, kind="stable")
        starts = np.searchsorted(self.codes[order], np.arange(self.count))
        return np.asarray(np.add.reduceat(values[order], starts, axis=0))

    def sizes(self) -> Floats:
        """Count the items of each unit."""
        if self.codes is None:
            return np.ones(self.items)
        return np.bincount(self.codes).astype(np.float64)

    def weights(self, source: np.random.Generator, rows: int) -> Iterator[Counts]:
        """Draw weights of units in blocks of rows."""
        if not self.strata:
            yield from counts(source, rows, self.count)
            return
        place = np.argsort(np.concatenate(self.strata))
        block = max(1, min(_ROWS, _BLOCK // self.count))
        for start in range(0, rows, block):
            drawn = np.empty((min(block, rows - start), self.count), dtype=np.uint8)
            end = 0
            for units in self.strata:
                at, column, end = 0, end, end + units.size
                for part in counts(source, len(drawn), units.size, step=block):
                    drawn[at : at + len(part), column:end] = part
                    at += len(part)
            yield np.take(drawn, place, axis=1)

    def of_items(self, weights: Counts) -> Counts:
        """Give each item the weight of its unit."""
        return weights if self.codes is None else weights[:, self.codes]

    def without_one(self) -> Iterator[Counts]:
        """Leave out each unit in turn; the others of its stratum take over its weight."""
        block = max(1, _BLOCK // self.items)
        stratum, sizes = self._stratum()
        for start in range(0, self.count, block):
            left_out = np.arange(start, min(start + block, self.count))
            same = stratum[left_out][:, None] == stratum
            size = sizes[stratum[left_out]][:, None]
            weights = np.where(same & bool(self.strata), size / (size - 1), 1.0)
            weights[np.arange(left_out.size), left_out] = 0
            yield self.of_items(weights.astype(np.float32))

    def influence_of_mean(self, values: Floats) -> Floats:
        """Give the jackknife's influence of every unit on a mean over items, in closed form."""
        sums, size = self.sums(values), self.sizes()
        stratum, sizes = self._stratum()
        total = np.zeros((sizes.size, sums.shape[1]))
        np.add.at(total, stratum, sums)
        items = np.bincount(stratum, weights=size)
        again = sizes / (sizes - 1) if self.strata else np.ones(1)
        factor = again[stratum]
        top = total.sum(axis=0) - total[stratum] + factor[:, None] * (total[stratum] - sums)
        bottom = items.sum() - items[stratum] + factor * (items[stratum] - size)
        return self.influence(top / bottom[:, None])

    def influence(self, left_out: Floats) -> Floats:
        """Turn the values without one unit into influences, about their mean in a stratum."""
        stratum, sizes = self._stratum()
        centre = np.zeros((sizes.size, left_out.shape[1]))
        np.add.at(centre, stratum, left_out)
        return np.asarray((centre / sizes[:, None])[stratum] - left_out)

    def _stratum(self) -> tuple[Ints, Floats]:
        stratum = np.zeros(self.count, dtype=np.int64)
        for code, units in enumerate(self.strata):
            stratum[units] = code
        return stratum, np.bincount(stratum).astype(np.float64)


def prepared(functional: AnyFunctional, scores: Floats) -> Prepared:
    """Bring any functional into the form that looks at the scores once."""
    if isinstance(functional, Functional):
        return functional.prepare(scores)
    return lambda weights: np.asarray(
        functional(scores, weights.astype(np.float32)), dtype=np.float64
    )


def value_of(functional: AnyFunctional, scores: Floats) -> Floats:
    """Give the value of the data as they are."""
    if isinstance(functional, Functional) and functional.item_values is not None:
        return np.asarray(functional.item_values(scores).mean(axis=0))
    value = prepared(functional, scores)(np.ones((1, len(scores)), dtype=np.float32))
    if value.ndim != 2 or len(value) != 1:
        raise UsageError(
            f"{name_of(functional)} must give (n_resamples, n_systems) values, but gives "
            f"{value.shape} for 1 resample."
        )
    return np.asarray(value[0])


def resampled(
    functional: AnyFunctional, scores: Floats, units: Units, source: np.random.Generator, rows: int
) -> Floats:
    """Give the value of each of so many resamples, shape (rows, n_systems)."""
    kinds = None if units.codes is not None or units.strata else kinds_of_items(scores)
    if kinds is not None:
        first, sizes = kinds
        of_weights = prepared(functional, scores[first])
        step = max(1, _BLOCK // sizes.size)
        shares = [min(step, rows - start) for start in range(0, rows, step)]
        return np.concatenate(
            [of_weights(pattern_counts(source, share, sizes)) for share in shares]
        )
    if isinstance(functional, Functional) and functional.item_values is not None:
        of_units = prepare_mean(units.sums(functional.item_values(scores)), units.sizes())
        return np.concatenate([of_units(w) for w in units.weights(source, rows)])
    of_weights = prepared(functional, scores)
    drawn = [of_weights(units.of_items(w)) for w in units.weights(source, rows)]
    return np.concatenate(drawn)


def kinds_of_items(scores: Floats) -> tuple[Ints, Ints] | None:
    """Find items with the same scores: one of each kind, and how many there are.

    None where there are too many kinds for drawing them to pay.
    """
    most = min(_KINDS, len(scores) // _ITEMS_PER_KIND)
    flat = scores.reshape(len(scores), -1)
    if most < 1 or _kinds(flat[:_HEAD], most) is None:
        return None
    codes = _kinds(flat, most)
    if codes is None:
        return None
    _, first, sizes = np.unique(codes, return_index=True, return_counts=True)
    return first, sizes


def _kinds(flat: Floats, most: int) -> Ints | None:
    codes = np.zeros(len(flat), dtype=np.int64)
    for column in flat.T:
        values, place = np.unique(column, return_inverse=True)
        kinds, codes = np.unique(codes * values.size + place, return_inverse=True)
        if kinds.size > most:
            return None
    return codes


def _codes(labels: ArrayLike, items: int, name: str) -> Ints:
    array = np.asarray(labels)
    if array.shape != (items,):
        raise UsageError(f"{name} need one label an item ({items}), but have {array.shape}.")
    return np.asarray(np.unique(array, return_inverse=True)[1], dtype=np.int64)
