"""Mean of paired differences, many of which may be equal: one pair of models, or many at once."""

from dataclasses import dataclass, replace
from math import isfinite

import numpy as np
from numpy.typing import ArrayLike

from evalvar.errors import UsageError
from evalvar.stats.arguments import (
    ROUNDING,
    Floats,
    at_least,
    check_inside,
    check_level,
    finite,
    known_range,
)
from evalvar.stats.estimate import Estimate
from evalvar.stats.pseudo import PseudoMeans, of_one_size, pseudo_means
from evalvar.stats.quantiles import t_quantile, t_two_sided
from evalvar.stats.skewed import tail_slope, tilted_reach


@dataclass(frozen=True, slots=True)
class SparseT:
    """What `sparse_t` gives, for many samples: float arrays of one shape.

    Parameters
    ----------
    value, se, low, high, p_value : float array
        As in `Estimate`; the last four are NaN where all differences of a sample are equal and no
        range is given.
    uneven : bool
        As in `sparse_t`.
    """

    value: Floats
    se: Floats
    low: Floats
    high: Floats
    p_value: Floats
    uneven: bool = False

    def estimates(self, level: float, n: int) -> list[Estimate]:
        """Return them one by one, as `sparse_t` does."""
        columns = (self.value, self.se, self.low, self.high, self.p_value)
        return [
            Estimate(value, se, low, high, level, n, "item", _method(se, self.uneven), p)
            for value, se, low, high, p in zip(*(c.tolist() for c in columns), strict=True)
        ]


def sparse_t(
    differences: ArrayLike,
    *,
    low: float | None = None,
    high: float | None = None,
    level: float = 0.95,
    scale: float | None = None,
    null: float = 0.0,
    uneven: bool = False,
) -> Estimate:
    """Mean of paired differences, many of which may be equal.

    Parameters
    ----------
    differences : float array, shape (n_items,)
        a - b per item, any unit; the result has the same unit.
    low, high : float, optional
        Smallest and largest possible difference (-1 and 1 for scores of 0..1); None if unknown.
    level : float in (0, 1)
        Nominal coverage.
    scale : float, optional
        Largest absolute score, if the differences came from larger scores: differences are equal
        where they agree up to the rounding of the scores. The largest absolute difference if None.
    null : float
        Mean difference that the p-value tests.
    uneven : bool
        Whether differences may be of any size beside many that are next to nothing, as of the best
        of k answers to problems that are nearly solved.

    Returns
    -------
    Estimate
        unit ``item``, n = number of items, method ``sparse-t`` or ``sparse-t, uneven``, `value` the
        mean difference, `p_value` of mean = null by the same formula: p <= 1 - level if and only if
        null lies outside the interval (tested). Where all differences are equal and no range is
        given there is neither interval nor p-value, as the method then says.

    Raises
    ------
    NotEnoughDataError
        Fewer than two items.
    UsageError
        A difference outside its range.

    Notes
    -----
    The t interval fails where most differences are equal, because the few others hardly show the
    variance. So a pseudo-item joins the sample, of which `pseudo_mean` says how heavy it is and
    where: half towards each end of the range, as far as the few others make likely.
    The interval is t with n - 1 degrees of freedom, cut to the range.
    Uneven differences that are not all of one size are counted by what they weigh (`pseudo_means`),
    and the variance s that goes with a true mean of mu is s + u g (mu - centre) on the side of
    their tail, where that is larger, g as in `skewed_mean_ci`: a sample that missed the few large
    ones has mean and variance too small together. u = 2 (1 - m/N), at most 1, N the differences
    that are not 0, m how many of one size weigh as much: 0 where all are of one size. pass@5 to
    pass@50 of two nearly solved models, 30 or 142 problems, 10 to 200 answers to each: 56 % in the
    weakest of 152 cells without, 91.5 % with it, at 1.0 to 1.1 times the width where few are
    solved, over twice where nearly all are, and 30 times where hardly anything differs at all.
    The form was chosen, and its coverage measured, in ``benchmarks/calibration``.
    Equals `paired_t` when no difference is zero and none is shared by half the items (tested).

    Examples
    --------
    >>> estimate = sparse_t([0, 0, 0, 0, 1, -1, 0, 0], low=-1, high=1)
    >>> estimate.value, round(estimate.high, 3), round(estimate.p_value, 3)
    (0.0, 0.489, 1.0)
    """
    d = finite(differences, "differences")
    many = sparse_t_many(
        d[None], low=low, high=high, level=level, scale=scale, null=null, uneven=uneven
    )
    return many.estimates(level, d.size)[0]


def sparse_t_many(
    differences: ArrayLike,
    *,
    low: float | None = None,
    high: float | None = None,
    level: float = 0.95,
    scale: ArrayLike | None = None,
    null: float = 0.0,
    uneven: bool = False,
) -> SparseT:
    """Give `sparse_t` of many samples of one size.

    Parameters
    ----------
    differences : float array, shape (n_samples, n_items)
        One sample a row.
    low, high, level, null, uneven
        As for `sparse_t`, the same for all samples.
    scale : float or float array, shape (n_samples,), optional
        As for `sparse_t`, of all samples or of each.

    Returns
    -------
    SparseT
        Arrays of shape (n_samples,).

    Raises
    ------
    NotEnoughDataError
        Fewer than two items.
    UsageError
        A difference outside its range.

    Examples
    --------
    >>> sparse_t_many([[0, 0, 1, 0], [0, 1, -1, 0]], low=-1, high=1).value.tolist()
    [0.25, 0.0]
    """
    d = finite(differences, "differences", ndim=2)
    check_level(level)
    at_least(d.shape[1], 2, "a paired interval", "item")
    bottom, top = known_range(low, high)
    known = [abs(end) for end in (bottom, top) if isfinite(end)]
    of_scores = np.abs(d).max(axis=1) if scale is None else np.asarray(scale, dtype=np.float64)
    largest = np.broadcast_to(of_scores, len(d))
    slack = ROUNDING * np.maximum(largest, max(known, default=0.0))
    check_inside(d, bottom, top, float(slack.max(initial=0.0)), "differences")
    pseudo = pseudo_means(d, np.ones(d.shape[1]), low=bottom, high=top, slack=slack, uneven=uneven)
    slope = _slopes(d, slack) if uneven else np.zeros(len(d))
    made = _interval(d.mean(axis=1), pseudo, d.shape[1], (bottom, top), level, null, slope)
    return replace(made, uneven=uneven)


def _slopes(d: Floats, slack: Floats) -> Floats:
    """Give by how much the variance of each mean grows with it; 0 where all others are one size."""
    size = np.where(np.abs(d) > slack[:, None], np.abs(d), 0.0)
    others = np.maximum((size > 0).sum(axis=1), 1)
    odd: Floats = np.clip(2 * (1 - of_one_size(size, np.ones(d.shape)) / others), 0.0, 1.0)
    variance, apart = d.var(axis=1, ddof=1), d - d.mean(axis=1)[:, None]
    known = variance > slack**2
    third = np.where(known, (apart**3).mean(axis=1), 0.0)
    return np.asarray(odd * tail_slope(d.shape[1], np.where(known, variance, 1.0), third))


def sparse_t_counts(
    n: int, wins: ArrayLike, losses: ArrayLike, *, level: float = 0.95, null: float = 0.0
) -> SparseT:
    """Give `sparse_t` of many pairs of models whose answers are right or wrong, from counts.

    Parameters
    ----------
    n : int
        Items that both models of a pair answered.
    wins, losses : int array
        Items that only the first, only the second model has right; broadcast against each other.
    level, null : float
        As for `sparse_t`.

    Returns
    -------
    SparseT
        Arrays of the shape of wins and losses; never NaN.

    Raises
    ------
    NotEnoughDataError
        Fewer than two items.
    UsageError
        Counts that are not whole numbers from 0, or more than n.

    Notes
    -----
    Equals `sparse_t` of the differences in the range -1..1 (tested).

    Examples
    --------
    >>> sparse_t_counts(10, [3, 0], [1, 0]).value.tolist()
    [0.2, 0.0]
    """
    check_level(level)
    at_least(n, 2, "a paired interval", "item")
    up, down = (np.asarray(c, dtype=np.float64) for c in np.broadcast_arrays(wins, losses))
    bad = int(((up < 0) | (down < 0) | (up + down > n) | (up % 1 != 0) | (down % 1 != 0)).sum())
    if bad:
        raise UsageError(
            f"wins and losses must be whole numbers from 0 with a sum of at most n = {n}, "
            f"but {bad} of {up.size} are not."
        )
    counts = np.stack([down.ravel(), n - up.ravel() - down.ravel(), up.ravel()], axis=1)
    values = np.broadcast_to([-1.0, 0.0, 1.0], counts.shape)
    slack = np.full(len(counts), ROUNDING)
    pseudo = pseudo_means(values, np.ones(3), low=-1.0, high=1.0, slack=slack, counts=counts)
    made = _interval((up.ravel() - down.ravel()) / n, pseudo, n, (-1.0, 1.0), level, null)
    parts = (made.value, made.se, made.low, made.high, made.p_value)
    value, se, left, right, p = (part.reshape(up.shape) for part in parts)
    return SparseT(value, se, left, right, p)


def _method(se: float, uneven: bool) -> str:
    name = "sparse-t, uneven" if uneven else "sparse-t"
    if np.isnan(se):
        return f"{name} (all differences equal, range unknown: no interval)"
    return name


def _interval(
    value: Floats,
    pseudo: PseudoMeans,
    n: int,
    possible: tuple[float, float],
    level: float,
    null: float,
    slope: Floats | None = None,
) -> SparseT:
    se = np.sqrt(np.where(pseudo.variance > 0, pseudo.variance, np.nan))
    t = t_quantile(level, n - 1)
    below = above = t * se
    spread = se
    if slope is not None and slope.any():
        below, above = (
            np.maximum(half, tilted_reach(np.asarray(t), se**2, side * slope))
            for half, side in ((below, -1.0), (above, 1.0))
        )
        spread = np.sqrt(np.maximum(se**2, se**2 + slope * (null - pseudo.centre)))
    p = t_two_sided(n - 1, pseudo.centre - null, spread)
    if not possible[0] <= null <= possible[1]:
        p = np.where(np.isnan(p), p, 0.0)
    left = np.maximum(pseudo.centre - below, possible[0])
    right = np.minimum(pseudo.centre + above, possible[1])
    return SparseT(value, se, left, right, p)
