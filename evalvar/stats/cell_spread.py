"""How surely the last component is known, whatever the law of the scores.

The sample component, or the highest interaction where it holds the sample, is a mean over cells of
squares. The spread of these squares over items, seeds and prompts says how far the mean would move
with others, where normal theory takes all cells to be alike: answers of 0 and 1 vary by p(1 - p).
"""

import numpy as np

from evalvar.stats.arguments import Floats
from evalvar.stats.design import Design, Subset


def last_variance(design: Design, inner: list[Subset], value: float) -> float:
    """Estimate the variance of the last component from the squares of its cells.

    Parameters
    ----------
    design : Design
        The table.
    inner : list of tuple of str
        Sets of axes that do not fix a cell.
    value : float
        The component.

    Returns
    -------
    float
        value^2 times the relative variance of the mean square, clustered by every axis: the sum
        over axes less what cells alone make, at least the largest of the axes'.
    """
    squares, seen = _squares(design, inner)
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
    cells = (float(np.einsum("ia,ia->", squares, squares)) / mean**2 - count) / count**2
    clustered = [
        float((by_level**2).sum()) * by_level.size / (by_level.size - 1) / count**2
        for by_level in sums
    ]
    return float(value**2 * max(sum(clustered) - (len(clustered) - 1) * cells, *clustered))


def _squares(design: Design, inner: list[Subset]) -> tuple[Floats, Floats]:
    """Give the squares of the cells, and where there are some: one row where all rows are alike."""
    y = design.cells
    if design.replicated:
        samples = design.samples
        seen = (samples > 1).astype(np.float64)
        return design.noise * samples * seen, np.broadcast_to(seen, (len(seen), y.shape[1]))
    rest = y - design.mean
    if design.full:
        # one turn explains all that the other components do
        for subset in inner:
            same = design.same(subset)
            if design.row not in subset:
                rest -= (np.ones(len(y)) @ rest) @ same / (len(y) * same[0].sum())
            elif same.all():
                rest -= (rest @ same[0])[:, None] / len(same)
            else:
                rest -= rest @ (same / same[0].sum())
        return np.multiply(rest, rest, out=rest), np.ones((1, y.shape[1]))
    seen = (design.samples > 0).astype(np.float64)
    rest *= seen
    for _ in range(10):
        for subset in inner:
            same = design.same(subset)
            if design.row in subset:
                rest -= (rest @ same) / np.maximum(seen @ same, 1)
            else:
                rest -= (rest.sum(axis=0) @ same) / np.maximum(seen.sum(axis=0) @ same, 1)
            rest *= seen
    return rest**2, seen
