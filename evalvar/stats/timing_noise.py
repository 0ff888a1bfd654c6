"""What new timings of the same programs would change in their scores."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evalvar.errors import UsageError
from evalvar.stats.arguments import Floats
from evalvar.stats.efficiency import efficiency, level_scores
from evalvar.stats.effk import order_weights
from evalvar.stats.hodges_lehmann import hodges_lehmann


@dataclass(frozen=True, slots=True)
class TimedScores:
    """Scores of n programs on one problem, and what they are without each repeat.

    Parameters
    ----------
    scores : float array, shape (n,)
        From all repeats.
    without_own : float array, shape (R, n)
        Without the r-th repeat of each program.
    without_reference : float array, shape (R*, n)
        Without the r-th repeat of the reference, which all programs share.
    """

    scores: Floats
    without_own: Floats
    without_reference: Floats

    @property
    def own_variance(self) -> Floats:
        """Jackknife variance of each score over its program's repeats; NaN for one repeat."""
        return jackknife_variance(self.without_own)


def timed_scores(
    times: ArrayLike,
    reference: ArrayLike,
    levels: ArrayLike,
    *,
    hardness: ArrayLike,
    alpha: float = 2.0,
) -> TimedScores:
    """Score programs from their repeats, and again with each repeat left out.

    Parameters
    ----------
    times : float array, shape (n, C, R)
        Repeats of every case of n programs; +inf where one was stopped, or not reached; NaN where
        one was not run.
    reference : float array, shape (C, R*)
        Repeats of the reference, before and after.
    levels : int array, shape (C,)
        Level of each case, in the order they were run.
    hardness : float array, shape (n_levels,)
        Weight of each level that there is, in ascending order.
    alpha : float above 1
        See `level_scores`.

    Returns
    -------
    TimedScores
        A repeat is left out of all cases of its program at once, as whatever slowed it may have
        slowed them all.

    Raises
    ------
    UsageError
        Shapes that do not go together, a reference without times.

    Notes
    -----
    Hodges and Lehmann's estimate of every case, its largest of every level, `level_scores` and
    `efficiency`. The jackknife suits the first, whose averages of pairs are smooth where a median
    of repeats is not; its size for 6 repeats was measured in ``benchmarks/calibration``.

    Examples
    --------
    >>> times = np.array([[[0.5, 0.6, 0.7]], [[0.9, 0.9, 0.9]]])
    >>> timed_scores(times, [[0.5, 0.5, 0.5]], [1], hardness=[1]).scores.round(3).tolist()
    [0.8, 0.2]
    """
    t, best = np.asarray(times, dtype=np.float64), np.asarray(reference, dtype=np.float64)
    of = np.asarray(levels)
    if t.ndim != 3 or best.ndim != 2 or t.shape[1] != len(best) or of.shape != (len(best),):
        raise UsageError(
            f"times, reference and levels need shapes (n, C, R), (C, R*) and (C,), but have "
            f"{t.shape}, {best.shape} and {of.shape}."
        )
    slots = [np.flatnonzero(of == level) for level in np.unique(of)]

    def worst(cases: Floats) -> Floats:
        return np.stack([cases[..., slot].max(axis=-1) for slot in slots], axis=-1)

    def scored(mine: Floats, theirs: Floats) -> Floats:
        return efficiency(level_scores(mine, theirs, alpha=alpha), hardness=hardness)

    mine, theirs = worst(_of_those_run(t)), worst(hodges_lehmann(best))
    own = [
        scored(worst(_of_those_run(np.delete(t, r, axis=2))), theirs)
        for r in range(t.shape[2] if t.shape[2] > 1 else 0)
    ]
    shared = [
        scored(mine, worst(hodges_lehmann(np.delete(best, r, axis=1))))
        for r in range(best.shape[1] if best.shape[1] > 1 else 0)
    ]
    return TimedScores(
        scored(mine, theirs), np.reshape(own, (-1, len(t))), np.reshape(shared, (-1, len(t)))
    )


def _of_those_run(times: Floats) -> Floats:
    """Give Hodges and Lehmann's estimate over the repeats that are not NaN; +inf for none."""
    rows = np.sort(times.reshape(-1, times.shape[-1]), axis=-1)  # NaN comes last
    run = (~np.isnan(rows)).sum(axis=-1)
    found = np.full(len(rows), np.inf)
    for many in np.unique(run[run > 0]):
        found[run == many] = hodges_lehmann(rows[run == many, :many])
    return found.reshape(times.shape[:-1])


def jackknife_variance(without: ArrayLike) -> Floats:
    """Variance of a statistic from its values without each unit, the first axis; NaN for one.

    Notes
    -----
    (R - 1)/R sum_r (x_(-r) - mean)^2: "The jackknife estimate of variance" (Efron, Stein 1981).

    Examples
    --------
    >>> x = np.array([1.0, 2.0, 6.0])
    >>> without = np.array([np.delete(x, r).mean() for r in range(3)])
    >>> bool(np.isclose(jackknife_variance(without), x.var(ddof=1) / 3))
    True
    """
    values = np.asarray(without, dtype=np.float64)
    size = len(values)
    if size < 2:
        return np.full(values.shape[1:], np.nan)
    spread = values - values.mean(axis=0)
    return np.asarray((size - 1) / size * (spread**2).sum(axis=0))


def best_of_k_timing_variance(scores: ArrayLike, variance: ArrayLike, *, k: int) -> Floats:
    """Variance of the best of k answers when each answer's score is measured again.

    Parameters
    ----------
    scores : float array, shape (..., n)
        Of the answers to a problem.
    variance : float array, shape (..., n)
        Of each score over new timings of its program, independent of the others.
    k : int
        How many answers are drawn.

    Returns
    -------
    float array, shape (...)
        sum_j w_j^2 var_j, w_j the weight of the answer's rank in `eff_at_k`, shared by equal
        scores. To first order: where scores lie closer than their noise it is too large, as the
        best of many like ones varies less than one.

    Examples
    --------
    >>> float(best_of_k_timing_variance([0.1, 0.9], [0.01, 0.02], k=2))
    0.02
    >>> float(best_of_k_timing_variance([0.9, 0.9], [0.02, 0.02], k=2))
    0.01
    """
    e, v = (np.asarray(part, dtype=np.float64) for part in (scores, variance))
    order = np.argsort(e, axis=-1, kind="stable")
    ranked, moved = np.take_along_axis(e, order, -1), np.take_along_axis(v, order, -1)
    rows = ranked.reshape(-1, e.shape[-1])
    new = np.ones(rows.shape, dtype=bool)
    new[:, 1:] = rows[:, 1:] != rows[:, :-1]
    group = np.cumsum(new) - 1
    weights = np.broadcast_to(order_weights(e.shape[-1], k=k), rows.shape).ravel()
    shared = (np.bincount(group, weights=weights) / np.bincount(group))[group]
    return np.asarray((shared.reshape(e.shape) ** 2 * moved).sum(axis=-1))
