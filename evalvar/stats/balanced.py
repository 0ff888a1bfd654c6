"""The analysis of variance of a table without gaps: the moment equations, solved by hand.

Every cell is there, with the same number of samples. Effects are then orthogonal: each set U of
axes has a mean square of its own, on the product over its axes of (levels - 1) degrees of freedom,
independent of the others, and its expectation is the sum over V containing U of (cells a group of
V) x component V, + sample / samples. No trace is needed.
"""

from functools import cache
from math import prod

import numpy as np

from evalvar.stats.arguments import ROUNDING, Floats
from evalvar.stats.design import Design, Subset
from evalvar.stats.squares import Moments


def balanced_moments(design: Design) -> Moments:
    """Solve the moment equations of a balanced design.

    Equals `moments` there (tested).
    """
    subsets, levels, cells = design.subsets, design.levels, design.cells.size
    sums, cell_squares = _sums(design)
    groups = [prod(levels[axis] for axis in subset) for subset in subsets]
    free = [prod(levels[axis] - 1 for axis in subset) for subset in subsets]
    if design.replicated:
        samples = int(design.samples[0, 0])
        groups.append(cells * samples)
        free.append(cells * (samples - 1))
        sums.append(design.within / samples * free[-1])
    draws, dfs = np.array(groups, dtype=np.float64), np.array(free, dtype=np.float64)
    own = draws / cells
    squares = np.array(sums) / dfs
    spread = 2 * squares**2 / dfs
    # what a mean square is divided by, so that it holds its component once
    solve = _signs(subsets, design.replicated) * own[:, None]
    values = solve @ squares
    tiny = ROUNDING * float(np.abs(values).sum())
    values[np.abs(values) <= tiny] = 0.0
    covariance = (solve * spread) @ solve.T
    largest = (np.abs(solve) * spread) @ np.abs(solve).T  # had nothing cancelled
    covariance[np.abs(covariance) <= np.maximum(ROUNDING * largest, tiny**2)] = 0.0
    others = solve - np.diag(own)
    return Moments(
        values, covariance, squares * own, spread * own**2, others**2 @ spread, 1 / draws,
        solve / own, cell_squares,
    )  # fmt: skip


def _sums(design: Design) -> tuple[list[float], Floats]:
    """Give the sum of squares of every set of axes, and cell by cell that of the highest."""
    order = (design.row, *(axis for axis in design.axes if axis != design.row))
    cells, mean = design.cells.size, design.mean
    rest = (design.cells - mean).reshape([design.levels[axis] for axis in order])
    sums = []
    for subset in design.subsets[:-1]:
        effect = rest
        for dim, axis in enumerate(order):
            if axis not in subset:
                effect = _averaged(effect, dim)
        rest -= effect
        sums.append(float(np.vdot(effect, effect)) * (cells // effect.size))
    np.multiply(rest, rest, out=rest)
    sums.append(float(rest.sum()))
    total = sum(sums)
    if total <= cells * (ROUNDING * mean) ** 2:
        total = np.inf  # cells that differ by rounding are equal
    return [s if s > ROUNDING * total else 0.0 for s in sums], rest.reshape(design.cells.shape)


def _averaged(table: Floats, dim: int) -> Floats:
    """Average along a dimension, keeping it; by products, which are fast along short ones too."""
    size = table.shape[dim]
    before, after = prod(table.shape[:dim]), prod(table.shape[dim + 1 :])
    if after == 1:
        means = table.reshape(before, size) @ np.full(size, 1 / size)
    elif before == 1:
        means = np.full(size, 1 / size) @ table.reshape(size, after)
    else:
        means = table.mean(axis=dim)
    return np.asarray(means.reshape(*table.shape[:dim], 1, *table.shape[dim + 1 :]))


@cache
def _signs(subsets: tuple[Subset, ...], replicated: bool) -> Floats:
    """Sign of every mean square (columns) in every component (rows) times its cells a group."""
    k = len(subsets)
    signs = np.zeros((k + replicated, k + replicated))
    for a, inner in enumerate(subsets):
        for b, outer in enumerate(subsets):
            if set(inner) <= set(outer):
                signs[a, b] = (-1) ** (len(outer) - len(inner))
    if replicated:
        signs[k - 1 :, k] = -1, 1
    signs.flags.writeable = False
    return signs
