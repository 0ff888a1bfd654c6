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
    count = float(seen.sum())
    total = float(squares.sum())
    if total <= 0 or count < 2:
        return 0.0
    mean = total / count
    ones = np.ones(squares.shape[1])
    column = np.ones(len(squares)) @ squares / mean - seen.sum(axis=0)
    sums = [(squares @ ones) / mean - seen @ ones]
    for labels in design.labels.values():
        sums.append(np.bincount(labels, weights=column).astype(np.float64))
    cells = (float(np.einsum("ia,ia->", squares, squares)) / mean**2 - count) / count**2
    clustered = [
        float((by_level**2).sum()) * by_level.size / (by_level.size - 1) / count**2
        for by_level in sums
    ]
    return value**2 * max(sum(clustered) - (len(clustered) - 1) * cells, *clustered)


def _squares(design: Design, inner: list[Subset]) -> tuple[Floats, Floats]:
    """Give the squares of the cells, 0 where there is none, and where there are some."""
    y = design.cells
    if design.replicated:
        samples = np.broadcast_to(design.samples, y.shape)
        seen = (samples > 1).astype(np.float64)
        return design.noise * samples * seen, seen
    seen = np.ones(y.shape)
    if not design.full:
        seen = (design.samples > 0).astype(np.float64)
    rest = (y - design.mean) * seen
    # what the other components explain, by turns; one turn does where no cell is missing
    for _ in range(1 if design.full else 10):
        for subset in inner:
            same = design.same(subset)
            if design.row in subset:
                rest -= (rest @ same) / np.maximum(seen @ same, 1)
            else:
                rest -= (rest.sum(axis=0) @ same) / np.maximum(seen.sum(axis=0) @ same, 1)
            rest *= seen
    return rest**2, seen
