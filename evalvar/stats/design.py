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
from numpy.typing import ArrayLike, NDArray

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats.arguments import Floats

AXES = ("item", "seed", "prompt")
# A table of more cells than this is refused: its axes hardly cross.
_MOST_CELLS = 50_000_000

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


def design(scores: Floats, axes: Mapping[str, ArrayLike]) -> Design:
    """Lay scores out as a table.

    Raises
    ------
    UsageError
        An unknown axis, codes that do not fit the scores, axes that hardly cross.
    NotEnoughDataError
        No axis with two levels.
    """
    unknown = [axis for axis in axes if axis not in AXES]
    if unknown or not axes:
        found = f"'{unknown[0]}'" if unknown else "none"
        raise UsageError(f"axes must be among {', '.join(AXES)}, but found {found}.")
    codes, levels, dropped = {}, {}, []
    for axis in (axis for axis in AXES if axis in axes):
        labels = np.asarray(axes[axis])
        if not _broadcasts(labels.shape, scores.shape):
            raise UsageError(
                f"codes of {axis} need the shape of the scores {scores.shape}, or one that "
                f"broadcasts to it, but have {labels.shape}."
            )
        code, count = _coded(labels)
        if count > 1:
            codes[axis], levels[axis] = code, count
        else:
            dropped.append(axis)
    if not codes:
        raise NotEnoughDataError(
            f"variance components need an axis with 2 levels, but {', '.join(dropped)} "
            f"{'has' if len(dropped) == 1 else 'have'} 1."
        )
    row = max(levels, key=lambda axis: levels[axis])
    grid = _as_grid(scores, codes, levels, row)
    make = _from_rows if grid is None else _from_grid
    table = make(scores if grid is None else grid, codes, levels, row)
    return Design(tuple(codes), tuple(dropped), levels, row, *table)


_Table = tuple[dict[str, NDArray[np.intp]], Floats, NDArray[np.intp], float, float, Floats]


def _broadcasts(shape: tuple[int, ...], to: tuple[int, ...]) -> bool:
    ends = zip(reversed(shape), reversed(to), strict=False)
    return len(shape) <= len(to) and all(size in (1, whole) for size, whole in ends)


def _coded(labels: NDArray[np.generic]) -> tuple[NDArray[np.intp], int]:
    """Turn labels into 0, 1, ...; small whole numbers without sorting them."""
    if labels.dtype.kind in "iu" and labels.size:
        low, high = int(labels.min()), int(labels.max())
        if high - low < 4 * labels.size + 64:
            shifted = (labels - low).astype(np.intp)
            present = np.bincount(shifted.ravel(), minlength=high - low + 1) > 0
            count = int(present.sum())
            if count == high - low + 1:
                return shifted, count
            return (np.cumsum(present) - 1)[shifted], count
    values, inverse = np.unique(labels, return_inverse=True)
    return inverse.reshape(labels.shape), values.size


def _as_grid(
    scores: Floats, codes: dict[str, NDArray[np.intp]], levels: dict[str, int], row: str
) -> Floats | None:
    """Turn an array with a dimension an axis into (rows, columns, samples), if it is one."""
    where = {}
    for axis, code in codes.items():
        missing = scores.ndim - code.ndim  # dimensions that broadcasting puts in front
        along = [dim for dim, size in enumerate(code.shape, missing) if size > 1]
        if len(along) != 1 or code.size != levels[axis]:
            return None
        where[axis] = along[0]
    if len(set(where.values())) < len(where):
        return None
    others = [axis for axis in codes if axis != row]
    rest = [dim for dim in range(scores.ndim) if dim not in where.values()]
    table = scores.transpose([where[row], *(where[axis] for axis in others), *rest])
    return table.reshape(levels[row], prod(levels[axis] for axis in others), -1)


def _from_grid(
    table: Floats, codes: dict[str, NDArray[np.intp]], levels: dict[str, int], row: str
) -> _Table:
    count = table.shape[2]
    others = [axis for axis in codes if axis != row]
    shape = [levels[axis] for axis in others]
    columns = np.indices(shape, dtype=np.intp).reshape(len(others), table.shape[1])
    labels = dict(zip(others, columns, strict=True))
    samples = np.full((1, 1), count, dtype=np.intp)
    if count == 1:
        return labels, table[:, :, 0], samples, np.nan, np.nan, np.zeros((1, 1))
    cells = table.mean(axis=2)
    variances = table.var(axis=2, ddof=1)
    within, noise = float(variances.mean()), variances / count
    return labels, cells, samples, within, 2 / (cells.size * (count - 1)), noise


def _from_rows(
    scores: Floats, codes: dict[str, NDArray[np.intp]], levels: dict[str, int], row: str
) -> _Table:
    x = scores.ravel()
    flat = {axis: np.broadcast_to(code, scores.shape).ravel() for axis, code in codes.items()}
    others = [axis for axis in codes if axis != row]
    key = np.zeros(x.size, dtype=np.intp)
    for axis in others:
        key = key * levels[axis] + flat[axis]
    column, m = _coded(key)
    n = levels[row]
    if n * m > max(_MOST_CELLS, 4 * x.size):
        raise UsageError(
            f"{n:,} levels of {row} x {m:,} of {' x '.join(others)} hold only {x.size:,} scores: "
            "these axes hardly cross. Leave one out."
        )
    labels, present = {}, np.empty(m, dtype=np.intp)
    present[column] = key
    for axis in reversed(others):
        labels[axis] = present % levels[axis]
        present = present // levels[axis]
    cell = flat[row] * m + column
    samples = np.bincount(cell, minlength=n * m)
    cells = np.bincount(cell, weights=x, minlength=n * m) / np.maximum(samples, 1)
    within = spread = np.nan
    noise = np.zeros(n * m)
    several = samples > 1
    if several.any():
        squares = np.bincount(cell, weights=(x - cells[cell]) ** 2, minlength=n * m)[several]
        df = samples[several] - 1
        within = float((squares / df).mean())
        spread = float((2 / df).sum()) / df.size**2
        noise[samples > 0] = within
        noise[several] = squares / df
        noise /= np.maximum(samples, 1)
    even = samples.min() == samples.max()
    samples = samples[:1].reshape(1, 1) if even else samples.reshape(n, m)
    return labels, cells.reshape(n, m), samples, within, spread, noise.reshape(n, m)
