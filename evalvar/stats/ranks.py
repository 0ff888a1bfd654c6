"""Ranks that differences between pairs allow, and how sure the order is."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalvar.errors import UsageError
from evalvar.stats.arguments import ROUNDING, Floats, finite

Ints = NDArray[np.int64]


def rank_sets(verdicts: ArrayLike) -> tuple[Ints, Ints]:
    """Give the ranks that each system may have, for all systems together.

    Parameters
    ----------
    verdicts : int array, shape (M, M)
        1 where the row's system is better than the column's beyond doubt, -1 where it is worse, 0
        where they cannot be told apart; from tests or intervals that hold for all pairs together.

    Returns
    -------
    lowest, highest : int array, shape (M,)
        Smallest and largest rank; 1 is best.

    Raises
    ------
    UsageError
        A table that is not square, or says two different things of one pair.

    Notes
    -----
    lowest = 1 + systems that are better, highest = M - systems that are worse. If no pair is
    called in the wrong direction, every true rank (1 + number of systems truly better; with true
    ties any rank among the tied) lies in its set, so that the sets hold together at the level of
    the pairs.
    Source: "Inference for Ranks with Applications to Mobility across Neighborhoods and Academic
    Achievement across Countries" (Mogstad, Romano, Shaikh, Wilhelm 2024), joint sets.
    Equals the plain ranks when every pair can be told apart (tested).

    Examples
    --------
    >>> lowest, highest = rank_sets([[0, 0, 1], [0, 0, 0], [-1, 0, 0]])
    >>> lowest.tolist(), highest.tolist()
    ([1, 1, 2], [2, 3, 3])
    """
    table = np.asarray(verdicts)
    if table.ndim != 2 or table.shape[0] != table.shape[1] or (table != -table.T).any():
        raise UsageError(
            f"verdicts need a square table whose [i, j] is minus its [j, i], shape {table.shape} "
            "is not one."
        )
    better = (table < 0).sum(axis=1)
    worse = (table > 0).sum(axis=1)
    return (1 + better).astype(np.int64), (len(table) - worse).astype(np.int64)


def tie_runs(order: ArrayLike, verdicts: ArrayLike) -> list[tuple[int, int]]:
    """Find the longest stretches of a ranking in which no two can be told apart.

    Parameters
    ----------
    order : int array, shape (M,)
        Systems from best to worst.
    verdicts : int array, shape (M, M)
        As for `rank_sets`.

    Returns
    -------
    list of (start, stop)
        Positions in `order`, half open; each of two or more, none inside another.

    Notes
    -----
    Two that a stretch joins cannot be told apart. The reverse need not hold: where errors differ,
    two may be tied although one between them is not, and then `rank_sets` shows it.

    Examples
    --------
    >>> tie_runs([0, 1, 2], [[0, 0, 1], [0, 0, 0], [-1, 0, 0]])
    [(0, 2), (1, 3)]
    """
    positions = np.asarray(order, dtype=np.intp)
    apart = np.asarray(verdicts)[np.ix_(positions, positions)] != 0
    runs: list[tuple[int, int]] = []
    start = 0
    for stop in range(1, len(positions) + 1):
        # what the next one differs from has to stay behind
        clash = np.flatnonzero(apart[start:stop, stop]) if stop < len(positions) else [stop - start]
        if len(clash):
            if stop - start > 1:
                runs.append((start, stop))
            start += int(clash[-1]) + 1
            start = min(start, stop)
    return runs


def rank_distribution(draws: ArrayLike) -> Floats:
    """Count how often each system has each rank over joint draws of all of them.

    Parameters
    ----------
    draws : float array, shape (B, M)
        Score of every system in every draw, larger is better.

    Returns
    -------
    float array, shape (M, M)
        Share of draws in which a system (row) has a rank (column, best first). Systems that tie
        share their ranks evenly, so rows and columns add up to 1.

    Notes
    -----
    It describes what redrawing the data does to the order. It is no confidence statement: redrawn
    systems are further apart than true ones, and a share of 0.95 on top is no test.

    Examples
    --------
    >>> rank_distribution([[3.0, 1.0], [1.0, 1.0]]).tolist()
    [[0.75, 0.25], [0.25, 0.75]]
    """
    x = finite(draws, "draws", ndim=2)
    count, systems = x.shape
    order = np.argsort(-x, axis=1, kind="stable")
    ordered = np.take_along_axis(x, order, axis=1)
    starts = np.ones(x.shape, dtype=bool)
    starts[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    place = np.broadcast_to(np.arange(systems), x.shape)
    run = np.cumsum(starts.ravel()) - 1
    first = place.ravel()[starts.ravel()][run]
    size = np.bincount(run)[run]
    # every rank from the first to the last of a tie gains 1 / size
    width, owner = systems + 1, order.ravel()
    edges = np.bincount(owner * width + first, weights=1 / size, minlength=systems * width)
    edges -= np.bincount(owner * width + first + size, weights=1 / size, minlength=edges.size)
    shares: Floats = np.cumsum(edges.reshape(systems, width), axis=1)[:, :systems] / count
    return shares


def rank_shares(
    values: ArrayLike,
    covariance: ArrayLike,
    *,
    rng: int | np.random.Generator,
    n_draws: int = 10_000,
) -> Floats:
    """Give the distribution of ranks when the estimates are drawn again.

    Parameters
    ----------
    values : float array, shape (M,)
        Estimate of every system, larger is better.
    covariance : float array, shape (M, M)
        Of the estimates.
    rng : int or Generator
        Source of the draws.
    n_draws : int
        How many.

    Returns
    -------
    float array, shape (M, M)
        As `rank_distribution` gives it, of normal draws around the values.

    Examples
    --------
    >>> rank_shares([1.0, 0.0], np.zeros((2, 2)), rng=0).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    centre, sigma = finite(values, "values"), finite(covariance, "covariance", ndim=2)
    if sigma.shape != (centre.size, centre.size):
        raise UsageError(
            f"values and covariance need the shapes (M,) and (M, M), but have {centre.shape} and "
            f"{sigma.shape}."
        )
    roots, vectors = np.linalg.eigh(sigma)
    roots = np.where(roots > ROUNDING * roots.max(initial=0.0), roots, 0.0)
    root = vectors * np.sqrt(roots)
    noise = np.random.default_rng(rng).standard_normal((n_draws, centre.size)) @ root.T
    # systems that err alike err alike to the last digit, though not to the last bit
    grain = 1e-9 * max(float(np.abs(noise).max(initial=0.0)), float(np.abs(centre).max(initial=0)))
    return rank_distribution(np.rint((centre + noise) / grain) if grain > 0 else centre + noise)


def midranks(values: ArrayLike) -> Floats:
    """Rank from the best, 1; systems that tie share the mean of their ranks.

    Parameters
    ----------
    values : float array, shape (M,)
        Larger is better. Equal up to rounding is a tie.

    Returns
    -------
    float array, shape (M,)

    Notes
    -----
    Equals `scipy.stats.rankdata` of minus the values (tested).

    Examples
    --------
    >>> midranks([0.2, 0.9, 0.3 - 0.1]).tolist()
    [2.5, 1.0, 2.5]
    """
    x = finite(values, "values")
    above = x[None] - x[:, None]
    slack = ROUNDING * np.abs(x).max(initial=0.0)
    ranks: Floats = (above > slack).sum(axis=1) + ((np.abs(above) <= slack).sum(axis=1) + 1) / 2
    return ranks


def order_chance(difference: ArrayLike, p_value: ArrayLike) -> Floats:
    """Give the chance that the order seen is the true one, for each of many pairs.

    Parameters
    ----------
    difference : float array, shape (P,)
        Difference seen.
    p_value : float array, shape (P,)
        Two-sided p-value of no difference, by any method symmetric around the difference.

    Returns
    -------
    float array, shape (P,)
        From 0.5 to 1; 0.5 where no difference is seen, NaN where there is no p-value. Its mean
        over the pairs is the decision accuracy of a benchmark.

    Notes
    -----
    1 - p/2: the weight that the law of the estimate, turned around (a flat prior), puts on the side
    that was seen. What the pairs of one study have in common is not known beforehand, so where
    many systems are alike it is too hopeful.

    Examples
    --------
    >>> order_chance([0.1, 0.0], [0.04, 1.0]).tolist()
    [0.98, 0.5]
    """
    d, p = np.asarray(difference, dtype=np.float64), np.asarray(p_value, dtype=np.float64)
    return np.where(np.isnan(p), np.nan, np.where(d == 0, 0.5, 1 - p / 2))
