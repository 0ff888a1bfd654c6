"""Are two recipes distinguishable at all? Distance of their answers, tested by exchanging runs."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from math import comb, nan

import numpy as np
from numpy.typing import ArrayLike

from evalvar.errors import UsageError
from evalvar.stats.arguments import Floats, at_least
from evalvar.stats.draws import Rng, generator, orders
from evalvar.stats.tries import Ints

# Products of exchanges and outcomes held at a time: 32 MB.
_BUDGET = 1 << 22


@dataclass(frozen=True, slots=True)
class TotalVariation:
    """Distance between the answers of two recipes.

    Parameters
    ----------
    value : float
        Total variation of the two distributions over outcomes, mean over items, in 0..1.
    between, within : float
        Mean total variation of a run of one and a run of the other; and of two runs of one recipe,
        the mean of both.
    p_value : float
        Share of the ways to deal the runs that put the sides at least as far apart.
    smallest_p : float
        The smallest p-value that so many runs can give.
    items, runs : int
        Items, and runs of both sides together.
    method : str
        ``permutation of runs, exact`` or with the number of draws.
    """

    value: float
    between: float
    within: float
    p_value: float
    smallest_p: float
    items: int
    runs: int
    method: str

    @property
    def excess(self) -> float:
        """How much further apart runs of two recipes are than runs of one: between less within."""
        return self.between - self.within


def total_variation(
    a: ArrayLike, b: ArrayLike, *, rng: Rng, n_resamples: int = 1999
) -> TotalVariation:
    """Test that the runs of two recipes answer alike, whatever their scores.

    Parameters
    ----------
    a, b : array, shape (n_items, n_seeds_a), (n_items, n_seeds_b)
        Outcome of each item in each run: the option that was chosen, as a number, or the score. A
        third axis holds several answers of a run. A row is the same item in both.
    rng : int, sequence of int or Generator
        Source of the exchanges; unused where all of them can be looked at.
    n_resamples : int
        How many exchanges are drawn where there are more than that.

    Returns
    -------
    TotalVariation
        `p_value` is NaN where no side has an outcome twice in an item, as with scores that are all
        different: every exchange is then as far apart, as the method says.

    Raises
    ------
    NotEnoughDataError
        No item, or fewer than two runs on a side.
    UsageError
        Arrays that do not go together, an outcome that is not a finite number, no resample.

    Notes
    -----
    Half the sum over outcomes of the absolute difference of their shares, averaged over items.
    Whole runs are exchanged, as the answers of a run depend on each other: the test is exact where
    the runs of both are exchangeable, whatever the number of items. With S runs a side it cannot
    give less than 2/C(2S, S): 0.33 for two, 0.1 for three, 0.008 for five.
    For scores of 0 and 1 it is the mean over items of the absolute difference of the shares that
    are right, and so sees recipes with one mean that fail on other items.
    Finite runs of one recipe are at some distance too, so `value` is above 0 without any
    difference. `excess` is not: between and within are means over pairs of different runs, and so
    unbiased; their difference is 0 on average where the recipes answer alike, and half of the
    energy distance ("Energy statistics", Szekely and Rizzo 2013). With one answer a run it
    estimates half the sum over outcomes of the squared difference of their chances, and may fall
    below zero.

    Examples
    --------
    >>> a, b = [[1, 1, 1], [0, 0, 0]], [[0, 0, 0], [1, 1, 1]]
    >>> found = total_variation(a, b, rng=0)
    >>> found.value, found.p_value, found.excess
    (1.0, 0.1, 1.0)
    """
    x, y = _outcomes(a, "a"), _outcomes(b, "b")
    if len(x) != len(y) or x.shape[2:] != y.shape[2:]:
        raise UsageError(
            f"a and b need the same items and answers, but have shapes {x.shape} and {y.shape}."
        )
    at_least(len(x), 1, "a total variation", "item")
    for runs in (x, y):
        at_least(runs.shape[1], 2, "a permutation of runs", "run")
    if n_resamples < 1:
        raise UsageError(f"n_resamples must be at least 1, but is {n_resamples}.")
    count, total = x.shape[1], x.shape[1] + y.shape[1]
    ways = comb(total, count)
    shares, still = _shares(np.concatenate([x, y], axis=1))
    exact = ways <= n_resamples
    chosen: Iterable[Ints] = (
        [np.array(list(combinations(range(total), count)))]
        if exact
        else (order[:, :count] for order in orders(generator(rng), n_resamples, total))
    )
    seen = min(float(_distances(np.arange(count)[None], shares)[0]) / len(x), 1.0)
    drawn = np.concatenate([_distances(part, shares) for part in chosen]) / len(x)
    # what is equal but for rounding is as far
    far = int((drawn >= seen - 1e-9).sum())
    p = far / ways if exact else (far + 1) / (n_resamples + 1)
    # two sides of one size may change places
    fewest = (2 if 2 * count == total else 1) / ways
    smallest = fewest if exact else max(fewest, 1 / (n_resamples + 1))
    method = f"permutation of runs, {'exact' if exact else f'{n_resamples} draws'}"
    if not still and np.ptp(drawn) <= 1e-9 and seen > 0:
        method, p = f"undefined: no outcome occurs twice in an item ({method})", nan
    between, within = (one / len(x) for one in _of_runs(shares, count))
    return TotalVariation(seen, between, within, p, smallest, len(x), total, method)


def _outcomes(data: ArrayLike, name: str) -> Floats:
    x = np.asarray(data, dtype=np.float64)
    if x.ndim not in (2, 3):
        raise UsageError(f"{name} needs 2 axes (item, run), or 3 with answers, but has {x.ndim}.")
    bad = x.size - int(np.isfinite(x).sum())
    if bad:
        raise UsageError(f"{name} needs finite numbers, but {bad} of {x.size} are not.")
    return x if x.ndim == 3 else x[..., None]


def _shares(x: Floats) -> tuple[Floats, bool]:
    """Give for each run its share of every outcome of an item, shape (runs, outcomes).

    Outcomes that all runs have alike are left out, since they never differ; the flag says whether
    there are any.
    """
    items, runs, answers = x.shape
    _, code = np.unique(x, return_inverse=True)
    code = code.reshape(x.shape)
    kinds = int(code.max()) + 1
    _, column = np.unique(
        (np.arange(items)[:, None, None] * kinds + code).ravel(), return_inverse=True
    )
    width = int(column.max()) + 1
    run = np.broadcast_to(np.arange(runs)[:, None], x.shape).ravel()
    counts = np.bincount(run * width + column, minlength=runs * width)
    shares = counts.reshape(runs, width) / answers
    moves = (shares != shares[0]).any(axis=0)
    return shares[:, moves], not bool(moves.all())


def _of_runs(shares: Floats, count: int) -> tuple[float, float]:
    """Average the distances of two runs, summed over items: of both sides, and of one."""
    apart = np.stack([np.abs(shares - one).sum(axis=1) / 2 for one in shares])
    one, other = apart[:count, :count], apart[count:, count:]
    # a run is not compared with itself
    within = [float(side.sum()) / (len(side) * (len(side) - 1)) for side in (one, other)]
    return float(apart[:count, count:].mean()), sum(within) / 2


def _distances(chosen: Ints, shares: Floats) -> Floats:
    """Give the total variation, summed over items, for each choice of the runs of a."""
    runs, count = len(shares), chosen.shape[1]
    found = np.empty(len(chosen))
    step = max(1, _BUDGET // max(shares.shape[1], 1))
    for start in range(0, len(chosen), step):
        part = chosen[start : start + step]
        weights = np.full((len(part), runs), -1 / (runs - count))
        np.put_along_axis(weights, part, 1 / count, axis=1)
        found[start : start + len(part)] = np.abs(weights @ shares).sum(axis=1) / 2
    return found
