"""Functionals of the order of the scores: median, trimmed mean, probability of improvement."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalvar.errors import UsageError
from evalvar.stats.arguments import Floats
from evalvar.stats.draws import Counts
from evalvar.stats.functionals import Functional, Prepared

# Weights cumulated at once: they stay in a core's cache.
_BUDGET = 1 << 17


def trimmed_mean(share: float) -> Functional:
    """Mean of what is left when a share of the weight is cut off at either end.

    Parameters
    ----------
    share : float in [0, 0.5)
        Cut off at each end; an item on the edge counts with the part of its weight that is left.

    Returns
    -------
    Functional

    Notes
    -----
    Equals `scipy.stats.trim_mean` where share times n is whole (tested); scipy cuts whole items,
    int(share n) at each end, so that it keeps too much otherwise.

    Examples
    --------
    >>> trimmed_mean(0.25)([[0.0], [1.0], [2.0], [9.0]], [[1, 1, 1, 1]]).tolist()
    [[1.5]]
    """
    if not 0 <= share < 0.5:
        raise UsageError(f"share must lie in [0, 0.5), but is {share}.")
    return _middle(f"{share:g}-trimmed mean", share)


def _middle(name: str, share: float) -> Functional:
    def column(x: Floats) -> Callable[[Floats], Floats]:
        steps = np.diff(x)

        def kept(below: Floats) -> Floats:
            total = below[:, -1:]
            low, high = share * total, (1 - share) * total
            # sum of x_i (C_i - C_{i-1}) by parts, C the cumulated weight cut to low..high
            inside = np.clip(below[:, :-1], low, high) - low
            # not a matrix product, whose last bit depends on how many rows there are
            lost = np.einsum("bi,i->b", inside, steps)
            return np.asarray(x[-1] - lost / (high - low)[:, 0])

        return kept

    return Functional(name, lambda scores: _by_column(scores, column))


# The mean of the middle half of the weight.
iqm = _middle("IQM", 0.25)


def _median_column(x: Floats) -> Callable[[Floats], Floats]:
    def middle(below: Floats) -> Floats:
        half = below[:, -1:] / 2
        lower = (below < half).sum(axis=1)
        upper = (below <= half).sum(axis=1)
        return np.asarray((x[lower] + x[upper]) / 2)

    return middle


# Half of the weight on either side; the mean of the two scores that could be it.
median = Functional("median", lambda scores: _by_column(scores, _median_column))


def rank_improvement(first: ArrayLike) -> Functional:
    """Probability that a unit of one group beats a unit of the other, ties counted half.

    Parameters
    ----------
    first : bool array, shape (n_units,)
        Which rows of the scores belong to the first group; both are resampled apart when this is
        also `strata`.

    Returns
    -------
    Functional
        One value per column (task).

    Notes
    -----
    Mann and Whitney's U over the number of pairs: rliable's probability of improvement
    ("Deep Reinforcement Learning at the Edge of the Statistical Precipice", Agarwal et al. 2021)
    is the mean over tasks. Equals `scipy.stats.mannwhitneyu` (tested).

    Examples
    --------
    >>> rank_improvement([True, True, False])([[1.0], [2.0], [1.0]], [[1, 1, 1]]).tolist()
    [[0.75]]
    """
    chosen = np.asarray(first, dtype=bool)

    def prepare(scores: Floats) -> Prepared:
        if chosen.shape != (len(scores),):
            raise UsageError(f"first needs {len(scores)} values, but has shape {chosen.shape}.")

        def value(weights: Counts) -> Floats:
            out = np.empty((len(weights), scores.shape[1]))
            a, b = (weights * group for group in (chosen, ~chosen))
            pairs = a.sum(axis=1, dtype=np.float64) * b.sum(axis=1, dtype=np.float64)
            for m in range(scores.shape[1]):
                order = np.argsort(scores[:, m], kind="stable")
                starts = np.flatnonzero(np.diff(scores[order, m], prepend=-np.inf))
                wins = np.add.reduceat(a[:, order].astype(np.float64), starts, axis=1)
                others = np.add.reduceat(b[:, order].astype(np.float64), starts, axis=1)
                beaten = np.cumsum(others, axis=1) - others / 2
                with np.errstate(invalid="ignore"):
                    out[:, m] = (wins * beaten).sum(axis=1) / pairs
            return out

        return value

    return Functional("probability of improvement", prepare)


def _by_column(scores: Floats, column: Callable[[Floats], Callable[[Floats], Floats]]) -> Prepared:
    """Cumulate the weights over the distinct scores of each column, in their order."""
    columns = [_Sorted.of(x) for x in scores.T]
    finish = [column(x.distinct) for x in columns]
    step = max(1, _BUDGET // max(1, len(scores)))

    def value(weights: Counts) -> Floats:
        out = np.empty((len(weights), scores.shape[1]))
        # sums in 32 bits are exact for whole numbers below 2^24
        heaviest = float(weights.sum(axis=1, dtype=np.float64).max(initial=0.0))
        whole = heaviest < 1 << 24 and (
            weights.dtype.kind == "u" or bool((weights == np.rint(weights)).all())
        )
        exact = np.dtype(np.float32 if whole else np.float64)
        for start in range(0, len(weights), step):
            rows = slice(start, start + step)
            for m, (x, rest) in enumerate(zip(columns, finish, strict=True)):
                out[rows, m] = rest(x.below(weights[rows], exact))
        return out

    return value


@dataclass(frozen=True, slots=True)
class _Sorted:
    """The distinct scores of a column, the order of its items, and where each score ends in it."""

    distinct: Floats
    order: NDArray[np.intp]
    ends: NDArray[np.intp]

    @classmethod
    def of(cls, x: Floats) -> "_Sorted":
        order = np.argsort(x, kind="stable")
        ends = np.flatnonzero(np.diff(x[order], append=np.inf))
        return cls(x[order[ends]], order, ends)

    def below(self, weights: Counts, exact: np.dtype[Any]) -> Floats:
        """Sum the weights up to and with each distinct score."""
        sums = np.cumsum(np.take(weights, self.order, axis=1), axis=1, dtype=exact)
        if self.ends.size < self.order.size:
            sums = np.take(sums, self.ends, axis=1)
        return sums.astype(np.float64)
