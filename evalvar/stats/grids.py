"""Resamples of items x seeds x samples: crossed, or nested in one another."""

from collections.abc import Collection, Iterator, Sequence
from itertools import islice

import numpy as np

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats.arguments import Floats, at_least
from evalvar.stats.draws import Counts, counts, places, split
from evalvar.stats.functionals import AnyFunctional, name_of
from evalvar.stats.tries import Ints
from evalvar.stats.units import Units, prepared, resampled, value_of

AXES = ("item", "seed", "sample")


class Grid:
    """Tables (n_items, n_seeds) or (n_items, n_seeds, n_samples) of systems, items shared.

    The statistic of a system is the mean over its seeds of the functional of a seed's items, an
    item's score being the mean over its samples.
    """

    def __init__(
        self, tables: Sequence[Floats], functional: AnyFunctional, units: Units,
        *, over: Collection[str], nested: bool, paired_seeds: bool,
    ) -> None:  # fmt: skip
        self.tables, self.functional, self.units = tables, functional, units
        self.over, self.nested, self.paired_seeds = over, nested, paired_seeds
        self.seeds = [table.shape[1] for table in tables]
        self._check()
        self.columns = np.hstack([_cells(table) for table in tables])
        self.owner = np.repeat(np.arange(len(tables)), self.seeds)

    def _check(self) -> None:
        if self.paired_seeds and len(set(self.seeds)) > 1:
            raise UsageError(
                f"paired seeds need the same number of seeds in all systems, but there are "
                f"{sorted(set(self.seeds))}."
            )
        needed = 2 if "seed" in self.over else 1
        at_least(min(self.seeds), needed, "a bootstrap over seeds", "seed")
        if self.nested and not {"item", "seed"} <= set(self.over):
            raise UsageError("a nested bootstrap redraws item and seed: name both in over.")
        if "sample" in self.over and any(table.ndim != 3 for table in self.tables):
            raise UsageError("over sample needs scores (n_items, n_seeds, n_samples).")

    def value(self) -> Floats:
        """Give the statistic of the data, shape (n_systems,)."""
        whole = self._by_seed(value_of(self.functional, self.columns)[None])
        return np.asarray(self._over_seeds(whole)[0])

    def draws(self, source: np.random.Generator, rows: int) -> Floats:
        """Give the statistic of resamples, shape (rows, n_systems)."""
        item, seed, sample = split(source, 3)
        if "sample" in self.over:
            return self._one_by_one(item, seed, sample, rows)
        if self.nested:
            return self._nested(item, seed, rows)
        if "item" in self.over:
            drawn = resampled(self.functional, self.columns, self.units, item, rows)
            drawn = self._by_seed(drawn)
        else:
            drawn = self._by_seed(value_of(self.functional, self.columns)[None])
        return self._over_seeds(drawn, self._seed_weights(seed, rows))

    def _by_seed(self, drawn: Floats) -> Floats:
        if drawn.shape[1] != self.owner.size:
            raise UsageError(
                f"{name_of(self.functional)} must give one value a seed ({self.owner.size}), but "
                f"gives {drawn.shape[1]}."
            )
        return drawn

    def _over_seeds(self, values: Floats, weights: Floats | None = None) -> Floats:
        weighted = values if weights is None else values * weights
        starts = np.cumsum([0, *self.seeds[:-1]])
        return np.asarray(np.add.reduceat(weighted, starts, axis=1) / np.array(self.seeds))

    def _seed_weights(self, source: np.random.Generator, rows: int) -> Floats | None:
        """Draw how often each seed is in a resample, shape (rows, n_columns)."""
        if "seed" not in self.over:
            return None
        systems = self.seeds[:1] if self.paired_seeds else self.seeds
        drawn = np.hstack(
            [np.concatenate([w.copy() for w in counts(source, rows, seeds)]) for seeds in systems]
        ).astype(np.float64)
        return np.tile(drawn, len(self.seeds)) if self.paired_seeds else drawn

    def _nested(self, item: np.random.Generator, seed: np.random.Generator, rows: int) -> Floats:
        """Redraw the items anew for every seed that was drawn."""
        weights = self._seed_weights(seed, rows)
        assert weights is not None
        out = np.zeros((rows, len(self.tables)))
        for columns in self._families():
            # a seed shared by all systems is drawn the same number of times in each
            times = weights[:, columns[0]].astype(np.int64)
            systems, row = self.owner[columns], np.repeat(np.arange(rows), times)
            if not row.size:
                continue
            drawn = resampled(self.functional, self.columns[:, columns], self.units, item, row.size)
            for m, system in enumerate(systems):
                total = np.bincount(row, weights=drawn[:, m], minlength=rows)
                out[:, system] += total / self.seeds[system]
        return out

    def _families(self) -> list[Ints]:
        """List the columns that are one seed: of all systems where seeds are paired."""
        columns = np.arange(self.owner.size)
        if not self.paired_seeds:
            return list(columns[:, None])
        return list(columns.reshape(len(self.tables), -1).T)

    def _one_by_one(
        self, item: np.random.Generator, seed: np.random.Generator,
        sample: np.random.Generator, rows: int,
    ) -> Floats:  # fmt: skip
        """Build every resample, each copy of an item under a seed with samples of its own."""
        times = self._seed_weights(seed, rows)
        packed = [_packed(table) for table in self.tables]
        # nested: items of their own for every drawn seed, else the same for all
        copies = max(self.seeds) if self.nested else 1
        weights = self._item_weights(item, rows * copies)
        out = np.zeros((rows, len(self.tables)))
        for row in range(rows):
            items = [
                np.repeat(np.arange(w.size), w.astype(np.int64)) for w in islice(weights, copies)
            ]
            for m, (samples, sizes) in enumerate(packed):
                drawn = np.arange(self.seeds[m])
                if times is not None:
                    drawn = np.repeat(drawn, times[row, self.owner == m].astype(np.int64))
                values = [
                    self._one(samples, sizes, items[copy % copies], column, sample)
                    for copy, column in enumerate(drawn)
                ]
                out[row, m] = np.mean(values)
        return out

    def _item_weights(self, source: np.random.Generator, rows: int) -> Iterator[Counts]:
        if "item" not in self.over:
            yield from np.ones((rows, self.units.items), dtype=np.float32)
            return
        for block in self.units.weights(source, rows):
            yield from self.units.of_items(block)

    def _one(
        self, samples: Floats, sizes: Ints, items: Ints, seed: int, source: np.random.Generator
    ) -> float:
        """Redraw the samples of each of these items under a seed, and give the functional."""
        size, width = sizes[items, seed], samples.shape[2]
        picked = places(source, size, width)
        redrawn = np.take_along_axis(samples[items, seed], picked, axis=1)
        redrawn[np.arange(width) >= size[:, None]] = 0
        cells = redrawn.sum(axis=1, keepdims=True) / size[:, None]
        one = np.ones((1, items.size), dtype=np.float32)
        return float(prepared(self.functional, cells)(one)[0, 0])


def _cells(table: Floats) -> Floats:
    if table.ndim == 2:
        return table
    size = np.isfinite(table).sum(axis=2)
    if not size.all():
        raise NotEnoughDataError(
            f"every item needs a sample under every seed, but {int((size == 0).sum())} of "
            f"{size.size} have none."
        )
    return np.asarray(np.where(np.isfinite(table), table, 0).sum(axis=2) / size)


def _packed(samples: Floats) -> tuple[Floats, Ints]:
    """Move the samples that are there to the front, and count them."""
    there = np.isfinite(samples)
    order = np.argsort(~there, axis=2, kind="stable")
    return np.take_along_axis(samples, order, axis=2), there.sum(axis=2)
