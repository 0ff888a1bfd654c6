"""How surely the last component is known, whatever the law of the scores.

The sample component, or the highest interaction where it holds the sample, is a mean over cells of
squares. The spread of these squares over items, seeds and prompts says how far the mean would move
with others, where normal theory takes all cells to be alike: answers of 0 and 1 vary by p(1 - p).
"""

import numpy as np

from evalvar.stats.arguments import Floats
from evalvar.stats.design import Design, Subset

# Turns at most, and the share of the squares that a turn must still take for another.
_TURNS, _SETTLED = 10, 1e-6


def last_variance(
    design: Design, inner: list[Subset], value: float, known: Floats | None = None
) -> float:
    """Estimate the variance of the last component from the squares of its cells.

    Parameters
    ----------
    design : Design
        The table.
    inner : list of tuple of str
        Sets of axes that do not fix a cell.
    value : float
        The component.
    known : float array, shape (n, m), optional
        What is left of each cell, squared, where it is known; not for a sample component.

    Returns
    -------
    float
        value^2 times the relative variance of the mean square, clustered by every axis: the sum
        over axes less what cells alone make, at least the largest of the axes'.
    """
    squares, seen = _squares(design, inner, known)
    n, m = squares.shape
    by_column = np.ones(n) @ squares
    seen_by_column = seen[0] * n if len(seen) == 1 else seen.sum(axis=0)
    total, count = float(by_column.sum()), float(seen_by_column.sum())
    if total <= 0 or count < 2:
        return 0.0
    mean = total / count
    column = by_column / mean - seen_by_column
    sums = [(squares @ np.ones(m)) / mean - seen.sum(axis=1)]
    for labels in design.labels.values():
        sums.append(np.bincount(labels, weights=column).astype(np.float64))
    cells = (float(np.vdot(squares, squares)) / mean**2 - count) / count**2
    clustered = [
        float((by_level**2).sum()) * by_level.size / (by_level.size - 1) / count**2
        for by_level in sums
    ]
    return float(value**2 * max(sum(clustered) - (len(clustered) - 1) * cells, *clustered))


def _squares(design: Design, inner: list[Subset], known: Floats | None) -> tuple[Floats, Floats]:
    """Give the squares of the cells, and where there are some: one row where all rows are alike."""
    if design.replicated:
        samples = design.samples
        seen = (samples > 1).astype(np.float64)
        across = np.broadcast_to(seen, (len(seen), design.cells.shape[1]))
        return design.noise * samples * seen, across
    if known is not None:
        return known, np.ones((1, known.shape[1]))
    seen = np.broadcast_to(design.samples > 0, design.cells.shape).astype(np.float64)
    return _rest(design, inner, seen) ** 2, seen


def _rest(design: Design, inner: list[Subset], seen: Floats) -> Floats:
    """Take from the cells what the other components explain, in turns until it settles."""
    rest = (design.cells - design.mean) * seen
    groups = []
    for subset in inner:
        same = design.same(subset)
        alike = same[:, :1] if same.all() else same  # one column stands for all
        cells = seen if design.row in subset else seen.sum(axis=0)
        groups.append((design.row in subset, alike, np.maximum(cells @ alike, 1)))
    left = float(np.vdot(rest, rest))
    for _ in range(_TURNS):
        for by_row, alike, counts in groups:
            sums = rest if by_row else np.ones(len(rest)) @ rest
            rest -= sums @ alike / counts
            rest *= seen
        before, left = left, float(np.vdot(rest, rest))
        if left >= (1 - _SETTLED) * before:
            break
    return rest
