"""What new timings of the same programs would change in their scores."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evalvar.errors import UsageError
from evalvar.stats.arguments import Floats
from evalvar.stats.efficiency import efficiency, level_scores
from evalvar.stats.effk import order_weights
from evalvar.stats.hodges_lehmann import hodges_lehmann

# Times held at once.
_BUDGET = 1 << 21


@dataclass(frozen=True, slots=True)
class RetimedScores:
    """Scores of n programs on one problem, and what they would be if it were timed again.

    Parameters
    ----------
    scores : float array, shape (n,)
        From all repeats.
    own_variance : float array, shape (n,)
        Of each score over new repeats of its program.
    by_reference : float array, shape (M, n)
        Scores by new repeats of the reference, which all programs share.
    """

    scores: Floats
    own_variance: Floats
    by_reference: Floats


def repeat_noise(times: ArrayLike) -> Floats:
    """Tell how far repeats lie from the times of their cases.

    Parameters
    ----------
    times : float array, shape (n, C, R)
        Repeats of every case of n programs. Those not run in all cases (NaN) are left out, and so
        are programs with one that was stopped or took no time.

    Returns
    -------
    float array, shape (m, C)
        Logarithm of each repeat over Hodges and Lehmann's estimate of its case, times
        sqrt(R/(R - 1)) since the estimate went after its own repeats; all cases of a repeat in a
        row, as whatever slowed it may have slowed them all. Empty for R = 1.

    Examples
    --------
    >>> repeat_noise([[[1.0, 1.0]], [[2.0, np.inf]]]).tolist()
    [[0.0], [0.0]]
    """
    t = np.asarray(times, dtype=np.float64)
    run = np.asarray(~np.isnan(t).any(axis=1))
    repeats = run.sum(axis=1)
    ended = np.asarray(((np.isfinite(t) & (t > 0)).all(axis=1) | ~run).all(axis=1))
    found = [np.empty((0, t.shape[1]))]
    for many in np.unique(repeats[ended & (repeats > 1)]).tolist():
        mine = ended & (repeats == many)
        rows = t[mine].transpose(0, 2, 1)[run[mine]].reshape(-1, many, t.shape[1])
        apart = np.log(rows / hodges_lehmann(rows, axis=1)[:, None])
        found.append((apart * np.sqrt(many / (many - 1))).reshape(-1, t.shape[1]))
    return np.concatenate(found)


def drawn_factors(
    noise: ArrayLike, *, repeats: int, draws: int, rng: int | np.random.Generator
) -> Floats:
    """Draw by what factor the times of the cases would come out when they are repeated anew.

    Parameters
    ----------
    noise : float array, shape (m, C)
        As `repeat_noise` gives it, of any number of programs.
    repeats : int
        Repeats that a time rests on.
    draws : int
        How many times.
    rng : int or Generator
        Source of the draws.

    Returns
    -------
    float array, shape (draws, C)
        Hodges and Lehmann's estimate of as many repeats drawn from all.

    Examples
    --------
    >>> drawn_factors([[0.0], [0.0]], repeats=6, draws=2, rng=0).tolist()
    [[1.0], [1.0]]
    """
    rows = np.exp(np.asarray(noise, dtype=np.float64))
    chosen = np.random.default_rng(rng).integers(0, len(rows), (draws, repeats))
    return hodges_lehmann(rows[chosen], axis=1)


def retimed_scores(
    times: ArrayLike,
    reference: ArrayLike,
    levels: ArrayLike,
    *,
    own_factors: ArrayLike,
    reference_factors: ArrayLike,
    hardness: ArrayLike,
    alpha: float = 2.0,
) -> RetimedScores:
    """Score programs from their repeats, and as they would score if they were timed again.

    Parameters
    ----------
    times : float array, shape (n, C, R)
        Repeats of every case of n programs; +inf where one was stopped, or not reached; NaN where
        one was not run.
    reference : float array, shape (C, R*)
        Repeats of the reference, before and after.
    levels : int array, shape (C,)
        Level of each case, in the order they were run.
    own_factors, reference_factors : float array, shape (M, C)
        As `drawn_factors` gives them, for the repeats of a program and of the reference.
    hardness : float array, shape (n_levels,)
        Weight of each level that there is, in ascending order.
    alpha : float above 1
        See `level_scores`.

    Returns
    -------
    RetimedScores

    Raises
    ------
    UsageError
        Shapes that do not go together, a reference without times.

    Notes
    -----
    A parametric bootstrap: each time is what was measured, times a factor drawn from the noise of
    the repeats of all programs. Six repeats of one program hardly show an interruption that hits
    one repeat in twenty, and a jackknife of them saw it in 86 to 93 % of what it should have
    covered 95; the repeats of many programs do. It takes the relative noise as one for all that are
    drawn from; what was stopped is taken as slower, whatever is drawn. "An Introduction to the
    Bootstrap" (Efron, Tibshirani 1993), section 6.5.

    Examples
    --------
    >>> times = np.array([[[0.5, 0.6, 0.7]], [[0.9, 0.9, 0.9]]])
    >>> same = np.ones((5, 1))
    >>> found = retimed_scores(times, [[0.5, 0.5, 0.5]], [1], own_factors=same,
    ...                        reference_factors=same, hardness=[1])
    >>> found.scores.round(3).tolist(), found.own_variance.tolist()
    ([0.8, 0.2], [0.0, 0.0])
    """
    t, best = np.asarray(times, dtype=np.float64), np.asarray(reference, dtype=np.float64)
    of = np.asarray(levels)
    own, shared = (np.asarray(x, dtype=np.float64) for x in (own_factors, reference_factors))
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

    mine, theirs = _of_those_run(t), hodges_lehmann(best)
    variance = np.empty(len(t))
    step = max(1, _BUDGET // own.size)
    for start in range(0, len(t), step):
        part = slice(start, start + step)
        again = scored(worst(mine[part, None] * own), worst(theirs))
        variance[part] = again.var(axis=1)
    scores = scored(worst(mine), worst(theirs))
    by_reference = scored(worst(mine), worst(theirs * shared)[:, None])
    return RetimedScores(scores, variance, by_reference)


def _of_those_run(times: Floats) -> Floats:
    """Give Hodges and Lehmann's estimate over the repeats that are not NaN; +inf for none."""
    rows = np.sort(times.reshape(-1, times.shape[-1]), axis=-1)  # NaN comes last
    run = (~np.isnan(rows)).sum(axis=-1)
    found = np.full(len(rows), np.inf)
    for many in np.unique(run[run > 0]):
        found[run == many] = hodges_lehmann(rows[run == many, :many])
    return found.reshape(times.shape[:-1])


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
