"""Means over items and seeds, when both would be drawn again."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from evalvar.errors import UsageError
from evalvar.stats.arguments import ROUNDING, Floats, at_least, check_level, finite
from evalvar.stats.estimate import Estimate


def crossed_mean_ci(scores: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Mean over items and seeds, for new items and new seeds.

    Parameters
    ----------
    scores : float array, shape (n_items, n_seeds)
        Score of every item under every seed, any unit; the result has the same unit.
    level : float in (0, 1)
        Nominal coverage.

    Returns
    -------
    Estimate
        unit ``item x seed``, n = number of seeds (usually the scarcer axis), method ``Howe, items
        and seeds``; `p_value` tests mean zero by the same interval. Where neither item means nor
        seed means differ there is no interval, as the method then says.

    Raises
    ------
    NotEnoughDataError
        Fewer than two items or two seeds.

    Notes
    -----
    With the mean squares of the two-way table without replication, n items and S seeds:
    half^2 = t(n-1)^2 MS_i/(nS) + t(S-1)^2 max(MS_s - MS_e, 0)/(nS), se^2 the same without the
    t's: "Approximate linear combinations of variances" (Howe 1974) for the moment estimator of the
    variance. Its coverage is measured in ``benchmarks/calibration``.
    Equals the t interval of the item means when seeds add nothing to the items' noise (tested).

    Examples
    --------
    >>> crossed_mean_ci([[1.0, 0.0], [1.0, 1.0], [0.0, 0.0]]).value
    0.5
    """
    x = finite(scores, "scores", ndim=2)
    check_level(level)
    _enough(x, 2)
    means = x.mean(axis=1)
    items = _Part(float(means.var(ddof=1)) / len(means), len(means) - 1)
    parts = [items, _Part(_seed_variance(x), x.shape[1] - 1)]
    return _howe(float(x.mean()), parts, x, level, x.shape[1], "item x seed", "items and seeds")


def crossed_difference_ci(
    a: ArrayLike, b: ArrayLike, *, paired_seeds: bool, level: float = 0.95
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

    Returns
    -------
    Estimate
        As for `crossed_mean_ci`, n = the smaller number of seeds among those drawn again. A model
        with one seed adds no seed noise: the method then says that its seed is not drawn again,
        and with one seed each, unit is ``item`` and n the number of items.

    Raises
    ------
    NotEnoughDataError
        Fewer than two items; with paired seeds, fewer than two seeds.
    UsageError
        Different numbers of items; with paired seeds, of seeds.

    Notes
    -----
    Paired seeds: `crossed_mean_ci` of a - b. Else half^2 = t(n-1)^2 V_i + sum over the two models
    of t(S-1)^2 max(MS_s - MS_e, 0)/(nS), V_i the variance of the difference of the item means
    over n, and the seed parts those of `crossed_mean_ci`.
    Equals `paired_t` with one seed each (tested).

    Examples
    --------
    >>> a, b = [[1.0, 0.5], [1.0, 0.0]], [[0.0, 0.5], [1.0, 0.5]]
    >>> crossed_difference_ci(a, b, paired_seeds=False).value
    0.125
    """
    x, y = finite(a, "a", ndim=2), finite(b, "b", ndim=2)
    check_level(level)
    if len(x) != len(y) or (paired_seeds and x.shape != y.shape):
        what = "items and seeds" if paired_seeds else "items"
        raise UsageError(f"a and b need the same {what}, but have shapes {x.shape} and {y.shape}.")
    if paired_seeds:
        return crossed_mean_ci(x - y, level=level)
    _enough(x, 1)
    _enough(y, 1)
    difference = x.mean(axis=1) - y.mean(axis=1)
    n = len(difference)
    parts = [_Part(float(difference.var(ddof=1)) / n, n - 1)]
    redrawn = [scores for scores in (x, y) if scores.shape[1] > 1]
    parts += [_Part(_seed_variance(scores), scores.shape[1] - 1) for scores in redrawn]
    fixed = [name for name, scores in (("a", x), ("b", y)) if scores.shape[1] == 1]
    what = "items" if len(fixed) == 2 else "items and seeds"
    if fixed:
        what += f"; the one seed of {' and of '.join(fixed)} not drawn again"
    count = min((scores.shape[1] for scores in redrawn), default=n)
    unit = "item x seed" if redrawn else "item"
    both = np.concatenate([x, y], axis=1)
    return _howe(float(difference.mean()), parts, both, level, count, unit, what)


@dataclass(frozen=True, slots=True)
class _Part:
    """A component of the variance of a mean, and its degrees of freedom."""

    variance: float
    df: int


def _enough(x: Floats, seeds: int) -> None:
    at_least(x.shape[0], 2, "an interval over items and seeds", "item")
    at_least(x.shape[1], seeds, "an interval over items and seeds", "seed")


def _seed_variance(x: Floats) -> float:
    """Give what new seeds add to the variance of the mean beyond what the items show."""
    n, seeds = len(x), int(x.shape[1])
    over_items, over_seeds = x.mean(axis=0), x.mean(axis=1)
    rest = x - over_seeds[:, None] - over_items + x.mean()
    within = float((rest**2).sum()) / ((n - 1) * (seeds - 1))
    between = n * float(over_items.var(ddof=1))
    return max(between - within, 0.0) / (n * seeds)


def _howe(
    value: float, parts: list[_Part], x: Floats, level: float, n: int, unit: str, what: str
) -> Estimate:
    method = f"Howe, {what}"
    se = float(np.sqrt(sum(part.variance for part in parts)))
    if se <= ROUNDING * np.abs(x).max():
        why = "(neither items nor seeds differ: no interval)"
        return Estimate(value, level=level, n=n, unit=unit, method=f"{method} {why}")
    half = _half_width(parts, (1 - level) / 2)
    p = _p_value(value, parts)
    return Estimate(value, se, value - half, value + half, level, n, unit, method, p)


def _half_width(parts: list[_Part], tail: float) -> float:
    squares = 0.0
    for part in parts:
        if part.variance > 0:
            squares += part.variance * float(special.stdtrit(part.df, tail)) ** 2
    return float(np.sqrt(squares))


def _p_value(value: float, parts: list[_Part]) -> float:
    """Find the level at which the interval just reaches zero, by bisection on its log tail."""
    if value == 0:
        return 1.0
    low, high = np.log(1e-300), np.log(0.5)
    for _ in range(60):
        middle = (low + high) / 2
        if _half_width(parts, float(np.exp(middle))) > abs(value):
            low = middle
        else:
            high = middle
    return min(float(2 * np.exp((low + high) / 2)), 1.0)
