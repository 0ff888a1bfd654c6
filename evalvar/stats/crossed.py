"""Means over items and seeds, when both would be drawn again."""

from math import isfinite, nan

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
from evalvar.stats.crossed_bounded import crossed_ends
from evalvar.stats.crossed_half import ItemPart, SeedPart, seed_part
from evalvar.stats.estimate import Estimate
from evalvar.stats.parts import combination, combined
from evalvar.stats.pseudo import pseudo_mean


def crossed_mean_ci(
    scores: ArrayLike,
    *,
    level: float = 0.95,
    low: float | None = None,
    high: float | None = None,
    null: float = 0.0,
) -> Estimate:
    """Mean over items and seeds, for new items and new seeds.

    Parameters
    ----------
    scores : float array, shape (n_items, n_seeds)
        Score of every item under every seed, any unit; the result has the same unit.
    level : float in (0, 1)
        Nominal coverage.
    low, high : float, optional
        Smallest and largest possible score; the range counts as known where both are finite.
    null : float
        Mean that the p-value tests.

    Returns
    -------
    Estimate
        unit ``item x seed``, n = number of seeds (usually the scarcer axis), method ``Howe, items
        and seeds``, with fewer than 6 seeds ``generalised pivotal, items and seeds``; `p_value`
        tests mean = null by the same interval. Where neither item means nor seed means differ there
        is no interval, as the method then says. With a range there always is one, inside it, the
        method begins with ``mid-p on effective n,``, and there is no `p_value`.

    Raises
    ------
    NotEnoughDataError
        Fewer than two items or two seeds.
    UsageError
        A score outside its range.

    Notes
    -----
    With the mean squares of the two-way table without replication, n items and S seeds:
    se^2 = MS_i/(nS) + max(MS_s - MS_e, 0)/(nS). Howe: half^2 nS = t(n-1)^2 MS_i
    + max(t(S-1)^2 MS_s - z^2 MS_e, 0), the squares added as in "Approximate linear combinations of
    variances" (Howe 1974), but each mean square under its own quantile before the difference is
    cut: with t(S-1)^2 max(MS_s - MS_e, 0) up to 7.0 % of equal runs differ at 5 %, and 0.97 % at
    0.2 %, as 6 seeds that spread like the noise often look like none.
    Generalised pivotal: half is the quantile of |Z| (MS_i/c_i + max(MS_s/c_s - MS_e/c_e, 0))^.5 /
    (nS)^.5, c chi-squares over their degrees of freedom, "Generalized confidence intervals"
    (Weerahandi 1993), integrated on fixed points; it covers from two seeds on
    but needs items that vary.
    With a range the seeds' share of half^2 joins `bounded_mean_interval` of the item means on each
    side, shorter towards the nearer end and longer towards the middle (`crossed_ends`), as a bad
    seed is rarer and further off than a good one. Its coverage is measured in
    ``benchmarks/calibration``.
    Equals the t interval of the item means, with a range `bounded_mean_ci` of them, when 6 seeds
    or more have one mean (tested).

    Examples
    --------
    >>> crossed_mean_ci([[1.0, 0.0], [1.0, 1.0], [0.0, 0.0]]).value
    0.5
    >>> crossed_mean_ci([[1.0, 1.0], [1.0, 1.0], [1.0, 1.0]], low=0, high=1).high
    1.0
    """
    x = finite(scores, "scores", ndim=2)
    check_level(level)
    floor, ceiling = known_range(low, high)
    _enough(x, 2)
    means = x.mean(axis=1)
    n, seeds, value = len(x), int(x.shape[1]), float(x.mean())
    items, part = ItemPart(float(means.var(ddof=1)) / n, n - 1), seed_part(x)
    se = float(np.sqrt(items.variance + part.variance))
    half, p, name = 0.0, nan, combination(items, [part])
    largest = float(np.abs(x).max())
    if se > ROUNDING * largest:
        name, half, p = combined(items, [part], abs(value - null), level)
    method, unit = f"{name}, items and seeds", "item x seed"
    if isfinite(floor) and isfinite(ceiling):
        check_inside(x, floor, ceiling, ROUNDING * max(largest, abs(floor), abs(ceiling)), "scores")
        bottom, top = crossed_ends(x, items, part, half, low=floor, high=ceiling, level=level)
        method, error = f"mid-p on effective n, {method}", se if half > 0 else nan
        return Estimate(value, error, bottom, top, level, seeds, unit, method)
    if half == 0:
        method += " (neither items nor seeds differ: no interval)"
        return Estimate(value, level=level, n=seeds, unit=unit, method=method)
    return Estimate(value, se, value - half, value + half, level, seeds, unit, method, p)


def crossed_difference_ci(
    a: ArrayLike,
    b: ArrayLike,
    *,
    paired_seeds: bool,
    level: float = 0.95,
    low: float | None = None,
    high: float | None = None,
    null: float = 0.0,
) -> Estimate:
    """Difference a - b of two means over the same items, for new items and new seeds.

    Parameters
    ----------
    a, b : float array, shape (n_items, n_seeds_a), (n_items, n_seeds_b)
        Scores of the two; a row is the same item in both.
    paired_seeds : bool
        Whether a column is the same seed in both too, as for two checkpoints of the same runs.
    level : float in (0, 1)
        Nominal coverage.
    low, high : float, optional
        Smallest and largest possible difference (-1 and 1 for scores of 0..1); None if unknown.
    null : float
        Difference that the p-value tests.

    Returns
    -------
    Estimate
        unit ``item x seed``, n = the smaller number of seeds among those larger than one, method
        ``Howe on sparse-t, items and seeds`` or ``generalised pivotal on sparse-t, items and
        seeds``; `p_value` of difference = null by the same interval. If only one of the models has
        several seeds, the method says ``seed spread of a taken from b``; with one seed each, unit
        is ``item``, n the number of items, and the method says that no seed is drawn again. Where
        nothing differs and the range is unknown there is no interval, as the method then says.

    Raises
    ------
    NotEnoughDataError
        Fewer than two items; with paired seeds, fewer than two seeds.
    UsageError
        Different numbers of items; with paired seeds, of seeds. A difference outside its range.

    Notes
    -----
    The item part is the variance of the mean difference of the item means that `sparse_t` has, and
    the interval is centred like its. Seed parts are those of `crossed_mean_ci`: paired seeds, that
    of a - b; else one of each model, B_k = MS_s/(nS), W_k = MS_e/(nS), which give half^2 =
    t(n-1)^2 I + sum of max(t(nu_k)^2 B_k - z^2 W_k, 0), nu_k = df_k (1 + (m-1)/2 min(df)/max(df)),
    m = (B_1 + B_2)^2/(B_1^2 + B_2^2), df_k = S_k - 1. With as many seeds each nu has half of what
    Welch's freedom has beyond S - 1: with all of it 6.2 % of equal models differ at 5 %, and 0.6 %
    at 0.2 %, where one varies over seeds and the other does not; with half of it 5.5 and 0.3.
    One seed in one of them: the seed variance s^2 of the other counts for both, s^2/S + s^2, as one
    part. With one seed part from fewer than 6 seeds, or that counts for both, the half-width is the
    generalised pivotal one; else, or where items do not vary, Howe's.
    Equals `sparse_t` with one seed each (tested), and with paired seeds `crossed_mean_ci` of a - b
    when no item's difference is zero and none is shared by half the items (tested).

    Examples
    --------
    >>> a, b = [[1.0, 0.5], [1.0, 0.0]], [[0.0, 0.5], [1.0, 0.5]]
    >>> crossed_difference_ci(a, b, paired_seeds=False).value
    0.125
    """
    x, y = finite(a, "a", ndim=2), finite(b, "b", ndim=2)
    check_level(level)
    floor, ceiling = known_range(low, high)
    if len(x) != len(y) or (paired_seeds and x.shape != y.shape):
        what = "items and seeds" if paired_seeds else "items"
        raise UsageError(f"a and b need the same {what}, but have shapes {x.shape} and {y.shape}.")
    for scores in (x, y):
        _enough(scores, 2 if paired_seeds else 1)
    d = x.mean(axis=1) - y.mean(axis=1)
    largest = max(float(np.abs(x).max()), float(np.abs(y).max()))
    known = [abs(end) for end in (floor, ceiling) if isfinite(end)]
    slack = ROUNDING * max(largest, *known, 0.0)
    check_inside(d, floor, ceiling, slack, "differences")
    value, n = float(d.mean()), len(d)
    pseudo = pseudo_mean(d, np.ones(n), low=floor, high=ceiling, slack=slack)
    items, parts = ItemPart(pseudo.variance, n - 1), _seed_parts(x, y, paired_seeds)
    count = min((seeds for seeds in (x.shape[1], y.shape[1]) if seeds > 1), default=n)
    unit, method = (
        ("item x seed", f"{combination(items, parts)} on sparse-t")
        if parts
        else ("item", "sparse-t")
    )
    method += _what_is_drawn(x, y)
    se = float(np.sqrt(items.variance + sum(part.variance for part in parts)))
    if se <= slack:
        method += " (nothing differs, range unknown: no interval)"
        return Estimate(value, level=level, n=count, unit=unit, method=method)
    half, p = combined(items, parts, abs(pseudo.centre - null), level)[1:]
    if not floor <= null <= ceiling:
        p = 0.0
    bottom, top = max(pseudo.centre - half, floor), min(pseudo.centre + half, ceiling)
    return Estimate(value, se, bottom, top, level, count, unit, method, p)


def _enough(x: Floats, seeds: int) -> None:
    at_least(x.shape[0], 2, "an interval over items and seeds", "item")
    at_least(x.shape[1], seeds, "an interval over items and seeds", "seed")


def _seed_parts(x: Floats, y: Floats, paired_seeds: bool) -> list[SeedPart]:
    if paired_seeds:
        return [seed_part(x - y)]
    several = [scores for scores in (x, y) if scores.shape[1] > 1]
    if len(several) == 1:
        return [seed_part(several[0], factor=1 + several[0].shape[1])]
    return [seed_part(scores) for scores in several]


def _what_is_drawn(x: Floats, y: Floats) -> str:
    single = x.shape[1] == 1, y.shape[1] == 1
    if all(single):
        return ", items; the one seed of a and of b not drawn again"
    if any(single):
        one, other = "ab" if single[0] else "ba"
        return f", items and seeds; seed spread of {one} taken from {other}"
    return ", items and seeds"
