"""Sums of squares of a crossed table: what they are, are expected to be, and vary by.

Every sum of squares is y'Qy with Q known from the counts. Q of a set of axes averages the cells
that share their levels. With the covariance Sigma of the cells, E y'Qy = tr(Q Sigma) + C mu^2 and
cov(y'Qy, y'Ry) = 2 tr(Q Sigma R Sigma) under normality; all traces are taken in blocks of columns
by columns, one a distinct row of the table.
"""

from dataclasses import dataclass

import numpy as np

from evalvar.stats.arguments import ROUNDING, Floats
from evalvar.stats.design import Design, Subset

# Rows of blocks are worked off in portions of about this many numbers, which a cache holds.
_PORTION = 50_000


@dataclass(frozen=True, slots=True)
class Moments:
    """Components solved from sums of squares.

    Parameters
    ----------
    values : float array, shape (C,)
        Components in the order of ``Design.sources``, then sample where cells are replicated.
    covariance : float array, shape (C, C)
        Of the values, under normality, with the values in the place of the true components.
    squares : float array, shape (C,)
        Mean squares, each divided so that its own component has the factor 1.
    squares_variance, errors_variance : float array, shape (C,)
        Variances of the mean squares, and of what is subtracted of them.
    weights : float array, shape (C,)
        Factor of each component in the variance of the mean over cells.
    mixing : float array, shape (C, C)
        Factor of each of the squares (columns) in each of the values (rows).
    cell_squares : float array, shape (n, m), or None
        Squares of what the effects below the highest leave, where they came out on the way.
    """

    values: Floats
    covariance: Floats
    squares: Floats
    squares_variance: Floats
    errors_variance: Floats
    weights: Floats
    mixing: Floats
    cell_squares: Floats | None = None


def moments(design: Design, classes: list[tuple[Subset, Subset]]) -> Moments | None:
    """Solve the moment equations; None where they do not determine the components.

    Parameters
    ----------
    design : Design
        The table.
    classes : list of (axes, axes whose levels they fix)
        The components.
    """
    forms = _Forms(design, [(), *(subset for subset, _ in classes)])
    corrected = _corrections([closure for _, closure in classes])
    raw = forms.sums()
    sums = corrected @ raw
    total = float(raw[1:].max())
    sums[np.abs(sums) <= ROUNDING * total] = 0.0
    expected = corrected @ forms.expectations()
    factors, noise = expected[:, :-1], expected[:, -1]
    sizes = np.abs(factors).max(axis=1, keepdims=True)
    if sizes.min() < ROUNDING * sizes.max() or np.linalg.cond(factors / sizes) > 1e10:
        return None
    # a sum of squares may, with many gaps, tell nothing of its own component
    own = np.where(np.diag(factors) > ROUNDING * sizes[:, 0], np.diag(factors), np.nan)
    solve = np.linalg.inv(factors)
    # cells that are not replicated have their sample in the highest interaction
    within = design.within if design.replicated else 0.0
    removed = noise * within if design.full else corrected @ forms.noise_sums()
    effects = solve @ (sums - removed)
    tiny = ROUNDING * max(float(np.abs(effects).sum()), within)
    effects[np.abs(effects) <= tiny] = 0.0
    raw_spread = forms.covariance(effects, within)
    spread = corrected @ raw_spread @ corrected.T
    shares = np.abs(solve) @ np.abs(corrected)
    largest = shares @ np.abs(raw_spread) @ shares.T  # had nothing cancelled
    spread_within = design.within_variance * within**2 if design.replicated else 0.0
    pull = solve @ noise
    k = len(classes)
    covariance = np.empty((k + 1, k + 1))
    covariance[:k, :k] = solve @ spread @ solve.T
    covariance[:k, :k][np.abs(covariance[:k, :k]) <= ROUNDING * largest] = 0.0
    covariance[:k, :k] += np.outer(pull, pull) * spread_within
    covariance[k, :k] = covariance[:k, k] = -pull * spread_within
    covariance[k, k] = spread_within
    covariance[np.abs(covariance) <= tiny**2] = 0.0
    others = np.column_stack([factors, noise]) / own[:, None]
    others[np.arange(k), np.arange(k)] = 0.0
    mixing = np.zeros((k + 1, k + 1))
    mixing[:k, :k], mixing[:k, k], mixing[k, k] = solve * own, -pull, 1.0
    size = k + design.replicated
    return Moments(
        np.append(effects, within)[:size],
        covariance[:size, :size],
        np.append(sums / own, within)[:size],
        np.append(np.diag(spread) / own**2, spread_within)[:size],
        np.append(np.einsum("ab,bc,ac->a", others, covariance, others), 0.0)[:size],
        forms.weights()[:size],
        mixing[:size, :size],
    )


def _corrections(closures: list[Subset]) -> Floats:
    """Turn sums of squares into those beyond what the sets of axes inside a set explain."""
    k = len(closures)
    matrix = np.zeros((k, k + 1))
    for a in sorted(range(k), key=lambda a: len(closures[a])):
        matrix[a, a + 1], matrix[a, 0] = 1.0, -1.0
        for b in range(k):
            if set(closures[b]) < set(closures[a]):
                matrix[a] -= matrix[b]
    return matrix


class _Forms:
    """The quadratic forms of a table, the first of them that of the grand mean."""

    def __init__(self, design: Design, subsets: list[Subset]) -> None:
        self.cells = design.cells
        self.samples = design.samples
        self.full, self.mean = design.full, design.mean
        self.cell_noise = design.noise
        self.share, self.seen, self.times = design.patterns
        self.same = [design.same(subset) for subset in subsets]
        self.by_row = [design.row in subset for subset in subsets]
        weighted = self.seen * self.times[:, None]
        self.columns = weighted.sum(axis=0)
        self.shared = weighted.T @ self.seen
        self.noise = self.times @ self.share
        self.size = float(self.columns.sum())
        # for sets without the axis of the rows: Q acts on the sums of the columns
        self.over_columns = {
            a: self.same[a] / (self.same[a] @ self.columns)[:, None]
            for a, by_row in enumerate(self.by_row)
            if not by_row
        }
        self.mean_blocks = {
            a: self.same[a] * ((self._shares(a) * self.times[:, None]).T @ self.seen)
            for a, by_row in enumerate(self.by_row)
            if by_row
        }

    def _shares(self, a: int, portion: slice = slice(None)) -> Floats:
        seen = self.seen[portion]
        return np.asarray(seen / np.maximum(seen @ self.same[a], 1))

    def sums(self) -> Floats:
        """Give the sums of squares of the cells less their mean."""
        y = self.cells - self.mean
        seen = np.ones((1, y.shape[1]))
        if not self.full:
            seen = (self.samples > 0).astype(np.float64)
            y *= seen
        ones = np.ones(y.shape[1])
        column, total = np.ones(len(y)) @ y, float(np.einsum("ia,ia->", y, y))
        largest = max(float(self.cells.max()), -float(self.cells.min()))
        if total <= self.size * (ROUNDING * largest) ** 2:
            return np.zeros(len(self.same))  # cells that differ by rounding are equal
        found = []
        for a, same in enumerate(self.same):
            if a in self.over_columns:
                found.append(float(column @ self.over_columns[a] @ column))
            elif same.sum() == len(same):
                found.append(total)
            elif same.all():
                found.append(float(((y @ ones) ** 2 / np.maximum(seen @ ones, 1)).sum()))
            else:
                groups = np.maximum(seen @ same, 1)
                found.append(float(np.einsum("ia,ia->", y @ same, y / groups)))
        return np.array(found)

    def noise_sums(self) -> Floats:
        """Give what the samples of the cells, each with its own variance, add to each sum."""
        noise = np.broadcast_to(self.cell_noise, self.cells.shape)
        seen = (np.broadcast_to(self.samples, noise.shape) > 0).astype(np.float64)
        column = noise.sum(axis=0)
        return np.array(
            [
                float(np.diag(self.over_columns[a]) @ column)
                if a in self.over_columns
                else float((noise / np.maximum(seen @ same, 1)).sum())
                for a, same in enumerate(self.same)
            ]
        )

    def expectations(self) -> Floats:
        """Give the factors of the components but the mean, and last of the sample, in each sum."""
        rows = []
        for a in range(len(self.same)):
            if a in self.over_columns:
                q = self.over_columns[a]
                row = [float((q * self._spread(t)).sum()) for t in range(1, len(self.same))]
                row.append(float(np.diag(q) @ self.noise))
            else:
                q = self.mean_blocks[a]
                row = [float((q * self.same[t]).sum()) for t in range(1, len(self.same))]
                row.append(float(self.times @ (self._shares(a) * self.share).sum(axis=1)))
            rows.append(row)
        return np.array(rows)

    def _spread(self, t: int) -> Floats:
        """Give the covariance of the sums of the columns that a component of 1 makes."""
        pairs = self.shared if self.by_row[t] else np.outer(self.columns, self.columns)
        return np.asarray(self.same[t] * pairs)

    def weights(self) -> Floats:
        found = [float(self._spread(t).sum()) for t in range(1, len(self.same))]
        return np.array([*found, float(self.noise.sum())]) / self.size**2

    def covariance(self, effects: Floats, within: float) -> Floats:
        """Give the covariance of the sums of squares under normality."""
        k, m = len(self.same), self.columns.size
        between, inside = np.zeros((m, m)), np.zeros((m, m))
        for t in range(1, k):
            part = inside if self.by_row[t] else between
            part += effects[t - 1] * self.same[t]
        columns = np.outer(self.columns, self.columns) * between + self.shared * inside
        columns += np.diag(self.noise * within)
        found = np.zeros((k, k))
        left = {a: q @ columns for a, q in self.over_columns.items()}
        for a in left:
            for b in left:
                found[a, b] = (left[a] * left[b].T).sum()
        pulled = {a: q @ between for a, q in self.mean_blocks.items()}
        for a in pulled:
            for b in pulled:
                found[a, b] = (pulled[a] * pulled[b].T).sum()
        step = max(1, _PORTION // (m * m))
        for start in range(0, self.times.size, step):
            self._add(found, slice(start, start + step), between, inside, within)
        return 2 * found

    def _add(
        self, found: Floats, portion: slice, between: Floats, inside: Floats, within: float
    ) -> None:
        """Add what the rows of a portion contribute one by one."""
        seen, times = self.seen[portion], self.times[portion]
        noise = self.share[portion] * within
        total = between + inside
        blocks = {
            a: self._shares(a, portion)[:, :, None] * self.same[a] * seen[:, None, :]
            for a in self.mean_blocks
        }
        alone = {a: q @ total + q * noise[:, None, :] for a, q in blocks.items()}
        twice = {a: q @ between for a, q in blocks.items()}
        for a in blocks:
            for b in blocks:
                if b < a:
                    continue
                trace = np.einsum("rab,rba->r", alone[a], alone[b])
                trace -= np.einsum("rab,rba->r", twice[a], twice[b])
                found[a, b] += times @ trace
                found[b, a] = found[a, b]
        # covariance of a row's cells with the sums of the columns
        reach = between * self.columns + inside * seen[:, None, :]
        diagonal = np.arange(noise.shape[1])
        reach[:, diagonal, diagonal] += noise
        for a, q in self.over_columns.items():
            around = (reach @ q) @ reach.transpose(0, 2, 1)
            for b, block in blocks.items():
                found[a, b] += times @ np.einsum("rab,rab->r", block, around)
                found[b, a] = found[a, b]
