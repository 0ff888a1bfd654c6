"""One step of expectation and maximisation for a logistic response curve, fast by what it keeps.

For answers that nobody skipped, the likelihood of a respondent needs two sums only: with
z_j = a_j theta - b_j it is exp(theta sum a_j y_j - sum b_j y_j - C(theta)), and C(theta), the sum
of log(1 + exp z_j), is the same for all. Where some were not asked, C is one of each pattern of
questions. C and the curves are smooth in theta, so they are computed on a coarse grid; posteriors
may be narrow, so they live on a finer one, tied to the coarse by interpolation of degree eleven.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from evalvar.stats.arguments import Floats

REACH = 8.0
_STEP = 0.25
NODES: Floats = np.linspace(-REACH, REACH, round(2 * REACH / _STEP) + 1)
# The interpolation takes this many nodes around a point.
_STENCIL = 12
_FINEST = 64
# Cells of a table of posteriors, or of answers as floats, that are held at once.
_BLOCK = 4_000_000


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers in a form that steps are quick on.

    Parameters
    ----------
    right : uint8 array, shape (N, J)
        1 where the answer is right; 0 where wrong or not asked.
    asked : float array, shape (G, J)
        The patterns of questions that occur, 1 where asked.
    pattern : int array, shape (N,)
        Which of them each respondent was asked.
    """

    right: np.ndarray
    asked: Floats
    pattern: np.ndarray

    @classmethod
    def of(cls, responses: Floats) -> "Answers":
        """Sort a table of 0, 1 and NaN into right answers and patterns of questions."""
        known = np.isfinite(responses)
        packed, pattern = np.unique(np.packbits(known, axis=1), axis=0, return_inverse=True)
        asked = np.unpackbits(packed, axis=1, count=responses.shape[1]).astype(np.float64)
        right = np.zeros(responses.shape, dtype=np.uint8)
        np.equal(responses, 1.0, out=right, casting="unsafe")
        return cls(right, asked, np.asarray(pattern).ravel())

    def per_respondent(self, *weights: Floats) -> list[Floats]:
        """Sum each vector of item weights over the right answers of every respondent."""
        columns = np.column_stack(weights)
        parts = [self.right[rows].astype(np.float64) @ columns for rows in self.blocks()]
        return list(np.concatenate(parts).T)

    def per_item(self, weights: Floats) -> Floats:
        """Sum a weight of each respondent over the right answers of every item."""
        parts = (weights[rows] @ self.right[rows].astype(np.float64) for rows in self.blocks())
        return np.asarray(sum(parts))

    def blocks(self, width: int = 0) -> list[slice]:
        """Cut the respondents into runs that fit in memory at this width of a row."""
        n = len(self.right)
        rows = max(1, _BLOCK // max(width or self.right.shape[1], 1))
        return [slice(start, min(start + rows, n)) for start in range(0, n, rows)]


@dataclass(frozen=True, slots=True)
class Posterior:
    """What is known of the respondents, given the items.

    Parameters
    ----------
    mean, square : float array, shape (N,)
        Posterior mean of theta and of its square.
    weights : float array, shape (G, Q)
        Posterior mass of the respondents of each pattern on the coarse nodes.
    loglik : float
        Marginal log-likelihood.
    """

    mean: Floats
    square: Floats
    weights: Floats
    loglik: float


@lru_cache(maxsize=8)
def fine_grid(parts: int) -> tuple[Floats, Floats]:
    """Return the nodes of a grid `parts` times as fine, and the weights of the coarse nodes.

    Row f of the weights gives a function at fine node f from its values at the coarse nodes.
    """
    count = (NODES.size - 1) * parts + 1
    nodes = np.linspace(-REACH, REACH, count)
    first = np.arange(count) // parts - (_STENCIL // 2 - 1)
    first = first.clip(0, NODES.size - _STENCIL)
    weights = np.zeros((count, NODES.size))
    place = np.arange(count) / parts - first  # within the stencil, in coarse steps
    for k in range(_STENCIL):
        others = [m for m in range(_STENCIL) if m != k]
        share = np.prod([(place - m) / (k - m) for m in others], axis=0)
        weights[np.arange(count), first + k] = share
    return nodes, weights


def parts_for(information: float) -> int:
    """Return how much finer a grid must be for posteriors of this information.

    The trapezoid rule is exact to 3e-9 on a normal curve once a step is no wider than its sd.
    """
    return int(np.clip(np.ceil(_STEP * np.sqrt(1 + information)), 1, _FINEST))


def curves(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    """Return the chance of a right answer and log(1 + exp z), items x coarse nodes."""
    z = a[:, None] * NODES - b[:, None]
    small = np.exp(-np.abs(z))
    chance = np.where(z >= 0, 1.0, small) / (1 + small)
    return chance, np.maximum(z, 0) + np.log1p(small)


def posterior_tables(
    answers: Answers,
    a: Floats,
    b: Floats,
    chance: Floats,
    softplus: Floats,
    *,
    finer: int = 1,
    density: Floats | None = None,
) -> "Tables":
    """Prepare the posteriors of all respondents, on this many nodes per posterior sd.

    Abilities are normal, or have this density at the coarse nodes, its logarithm straight between.
    """
    spread = answers.asked @ ((a**2)[:, None] * chance * (1 - chance))
    nodes, weights = fine_grid(finer * parts_for(float(spread.max(initial=0.0))))
    log_prior = -(nodes**2) / 2 if density is None else np.interp(nodes, NODES, np.log(density))
    log_prior -= np.log(np.exp(log_prior).sum())
    shift = log_prior - (answers.asked @ softplus) @ weights.T
    slope, height = answers.per_respondent(a, b)
    return Tables(answers, nodes, weights, shift, slope, height)


@dataclass(frozen=True, slots=True)
class Tables:
    """Posteriors that are computed when asked for, a block of respondents at a time."""

    answers: Answers
    nodes: Floats
    weights: Floats
    shift: Floats
    slope: Floats
    height: Floats

    def block(self, rows: slice) -> tuple[Floats, Floats]:
        """Return the posterior of these respondents on the fine nodes, and their likelihoods."""
        table = self.slope[rows, None] * self.nodes
        table += self.shift[self.answers.pattern[rows]]
        top = table.max(axis=1, keepdims=True)
        np.exp(table - top, out=table)
        total = table.sum(axis=1, keepdims=True)
        table /= total
        return table, (top + np.log(total))[:, 0] - self.height[rows]

    def blocks(self) -> list[slice]:
        """Cut the respondents into runs that fit in memory."""
        return self.answers.blocks(self.nodes.size)

    def summed(self) -> Posterior:
        """Return the moments of each respondent and the masses of each pattern."""
        n, patterns = len(self.slope), len(self.shift)
        mean, square = np.empty(n), np.empty(n)
        masses, loglik = np.zeros((patterns, self.nodes.size)), 0.0
        for rows in self.blocks():
            table, likelihood = self.block(rows)
            mean[rows], square[rows] = table @ self.nodes, table @ self.nodes**2
            if patterns == 1:
                masses += table.sum(axis=0)
            else:
                np.add.at(masses, self.answers.pattern[rows], table)
            loglik += float(likelihood.sum())
        return Posterior(mean, square, masses @ self.weights, loglik)
