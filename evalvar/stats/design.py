"""Which answers share an item, a seed, a prompt: the table behind variance components.

The axis with the most levels lies along the rows of the table; what is observed of the other axes
together (a seed under a prompt) along its columns. A cell holds the mean of its samples.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from math import prod

import numpy as np
from numpy.typing import NDArray

from evalvar.stats.arguments import Floats

AXES = ("item", "seed", "prompt")
Subset = tuple[str, ...]


@dataclass(frozen=True)
class Design:
    """Scores as a table of cells, and which cells share which levels.

    Parameters
    ----------
    axes : tuple of str
        Those with two levels or more, in the order of `AXES`.
    dropped : tuple of str
        Those with one level.
    levels : mapping of str to int
        How many levels each of `axes` has.
    row : str
        The axis along the rows.
    labels : mapping of str to int array, shape (m,)
        Level of every other axis in each column.
    cells : float array, shape (n, m)
        Mean of the samples, 0 where the cell is missing.
    samples : int array, shape (n, m), or (1, 1) where every cell has the same number
        How many samples a cell has.
    within : float
        Variance of a sample: mean over cells with two or more; NaN where no cell has.
    within_variance : float
        Variance of `within` under normality, in units of its square.
    noise : float array, shape (n, m), or (1, 1) without samples
        Estimated variance of each cell's mean from its samples, by the cell's own variance where it
        has two samples, else by `within`; 0 where no cell has.
    """

    axes: tuple[str, ...]
    dropped: tuple[str, ...]
    levels: Mapping[str, int]
    row: str
    labels: Mapping[str, NDArray[np.intp]]
    cells: Floats
    samples: NDArray[np.intp]
    within: float
    within_variance: float
    noise: Floats

    @property
    def full(self) -> bool:
        """Whether every cell is there, with the same number of samples."""
        return self.samples.size == 1

    @property
    def balanced(self) -> bool:
        """Whether every combination of levels is there, with the same number of samples."""
        return self.full and self.cells.size == prod(self.levels.values())

    @property
    def replicated(self) -> bool:
        """Whether a cell has two samples."""
        return not np.isnan(self.within)

    @property
    def cells_seen(self) -> int:
        """How many cells hold a score."""
        return self.cells.size if self.full else int((self.samples > 0).sum())

    @property
    def samples_seen(self) -> float:
        """Samples a cell, the harmonic mean over cells that hold a score."""
        if self.full:
            return float(self.samples[0, 0])
        share, _, times = self.patterns
        return self.cells_seen / float((times @ share).sum())

    @cached_property
    def subsets(self) -> tuple[Subset, ...]:
        """The sets of axes, small ones first."""
        sizes = range(1, len(self.axes) + 1)
        return tuple(subset for size in sizes for subset in combinations(self.axes, size))

    @cached_property
    def mean(self) -> float:
        """Mean over the cells that hold a score."""
        return float(self.cells.sum()) / self.cells_seen

    @cached_property
    def patterns(self) -> tuple[Floats, Floats, Floats]:
        """Distinct rows of 1 / samples (0 if missing), where samples are seen, and how often."""
        n, m = self.cells.shape
        if self.full:
            share = np.full((1, m), 1 / float(self.samples[0, 0]))
            return share, np.ones((1, m)), np.array([float(n)])
        rows = np.ascontiguousarray(self.samples)
        packed = rows.view(np.dtype((np.void, rows.dtype.itemsize * m)))[:, 0]
        _, first, times = np.unique(packed, return_index=True, return_counts=True)
        counts = rows[first].astype(np.float64)
        seen = (counts > 0).astype(np.float64)
        return seen / np.maximum(counts, 1), seen, times.astype(np.float64)

    def same(self, subset: Subset) -> Floats:
        """Tell which columns share the levels of the subset, the axis of the rows left aside."""
        m = self.cells.shape[1]
        alike = np.ones((m, m), dtype=bool)
        for axis in subset:
            if axis != self.row:
                alike &= self.labels[axis][:, None] == self.labels[axis]
        return alike.astype(np.float64)

    def groups(self, subset: Subset) -> int:
        """Count the groups of cells that share the levels of the subset."""
        if self.cells_seen == prod(self.levels.values()):
            return prod(self.levels[axis] for axis in subset)
        alike = self.same(subset)
        if self.row not in subset:
            return int(np.rint((1 / alike.sum(axis=0)).sum()))
        _, seen, times = self.patterns
        return int(np.rint(times @ (seen / np.maximum(seen @ alike, 1)).sum(axis=1)))

    def sources(self) -> list[tuple[str, Subset, Subset]]:
        """List the components that can be told apart: name, axes, axes whose levels they fix.

        Two sets of axes that group the cells alike are one component.
        """
        merged: dict[Subset, list[Subset]] = {}
        for subset, closure in zip(self.subsets, self._closures(), strict=True):
            merged.setdefault(closure, []).append(subset)
        found = []
        for closure, members in merged.items():
            names = [" x ".join(member) for member in members]
            if closure == self.axes and not self.replicated:
                names.append("sample")
            found.append((" + ".join(names), members[0], closure))
        return found

    def _closures(self) -> tuple[Subset, ...]:
        """Give, for each of the subsets, the axes whose levels it fixes."""
        if self.balanced:
            return self.subsets
        count = {subset: self.groups(subset) for subset in self.subsets}
        return tuple(
            tuple(
                axis
                for axis in self.axes
                if count[tuple(a for a in self.axes if a in subset or a == axis)] == count[subset]
            )
            for subset in self.subsets
        )
