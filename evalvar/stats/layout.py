"""Laying scores out as a table of cells: from an array with a dimension an axis, or from rows."""

from collections.abc import Mapping
from math import prod

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats.arguments import ROUNDING, Floats
from evalvar.stats.design import AXES, Design

# A table of more cells than this is refused: its axes hardly cross.
_MOST_CELLS = 50_000_000


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
        given = np.asarray(axes[axis])
        if not _broadcasts(given.shape, scores.shape):
            raise UsageError(
                f"codes of {axis} need the shape of the scores {scores.shape}, or one that "
                f"broadcasts to it, but have {given.shape}."
            )
        code, count = _coded(given)
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
    labels, cells, samples, within, spread, noise = make(
        scores if grid is None else grid, codes, levels, row
    )
    if not np.isnan(within) and within <= (ROUNDING * float(np.abs(scores).max())) ** 2:
        within, noise = 0.0, np.zeros_like(noise)  # samples that differ by rounding are equal
    return Design(
        tuple(codes), tuple(dropped), levels, row, labels, cells, samples, within, spread, noise
    )


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
