"""Weighted mean, over several tasks, of the differences between two models."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats.arguments import ROUNDING, Floats, check_level, finite, known_range
from evalvar.stats.crossed_half import ItemPart, SeedPart
from evalvar.stats.estimate import Estimate
from evalvar.stats.parts import combined
from evalvar.stats.pseudo import pseudo_mean
from evalvar.stats.quantiles import t_quantile, t_two_sided

Range = tuple[float | None, float | None]


def weighted_mean(
    estimates: Sequence[Estimate], weights: ArrayLike, *, level: float = 0.95, null: float = 0.0
) -> Estimate:
    """Weighted mean of independent estimates.

    Parameters
    ----------
    estimates : sequence of Estimate, length T
        Independent of each other, each with its `se`. One over items has n - 1 degrees of freedom;
        any other those that its interval has, (high - low)/2 in units of `se`, or n - 1 if fewer.
    weights : float array, shape (T,)
        Not negative; only their ratios count.
    level : float in (0, 1)
        Nominal coverage.
    null : float
        Mean that the p-value tests.

    Returns
    -------
    Estimate
        In the unit of the estimates, n = the sum of theirs, method ``t on Welch-Satterthwaite
        freedom``, or ``Howe, one part a task`` where one has less than half of the freedom that its
        number says; without interval where an estimate has no standard error, as the method says.

    Raises
    ------
    UsageError
        Weights that are negative, all zero, or not one an estimate.

    Notes
    -----
    se^2 = sum w_t^2 se_t^2, df = se^4 / sum (w_t^2 se_t^2)^2/(n_t - 1): Satterthwaite 1946.
    Clusters of unequal sizes, and levels of several axes, have fewer degrees of freedom than their
    number says; the interval of each estimate knows them. Where one cluster has most of the items
    the variance is too small besides, which the mean over tasks does not average away (78 % of 8
    tasks covered): there half^2 = sum w_t^2 half_t^2, as the interval of each task covers.
    Equals Welch's t of `scipy.stats.ttest_ind` for two means with the weights 1 and 1 (tested: half
    their difference), and an estimate itself when it is the only one (tested for items and
    clusters).

    Examples
    --------
    >>> one, other = Estimate(0.2, 0.1, n=20), Estimate(0.4, 0.1, n=20)
    >>> mean = weighted_mean([one, other], [1, 1])
    >>> round(mean.value, 12), round(mean.se, 4)
    (0.3, 0.0707)
    """
    check_level(level)
    share = _shares(weights, len(estimates))
    values = np.array([e.value for e in estimates])
    n, units = sum(e.n for e in estimates), {e.unit for e in estimates}
    value, unit = float(share @ values), units.pop() if len(units) == 1 else "item"
    variances = share**2 * np.array([e.se for e in estimates]) ** 2
    total = float(variances.sum())
    if not total > 0:
        method = "t on Welch-Satterthwaite freedom (a task has no standard error: no interval)"
        return Estimate(value, level=level, n=n, unit=unit, method=method)
    freedoms, most = (
        np.array([_freedom(e) for e in estimates]),
        np.array([e.n - 1 for e in estimates]),
    )
    se = float(total**0.5)
    if (freedoms < most / 2).any():
        half, p = _howe(variances, freedoms, abs(value - null), level)
        method = "Howe, one part a task"
    else:
        df = _satterthwaite(variances, freedoms)
        half, p = t_quantile(level, df) * se, float(t_two_sided(df, value - null, se))
        method = "t on Welch-Satterthwaite freedom"
    return Estimate(value, se, value - half, value + half, level, n, unit, method, p)


def macro_difference_ci(
    tasks: Sequence[tuple[ArrayLike, ArrayLike]],
    weights: ArrayLike,
    *,
    paired_seeds: bool,
    shared_seeds: bool,
    axis: str = "seed",
    ranges: Sequence[Range] | None = None,
    level: float = 0.95,
    null: float = 0.0,
) -> Estimate:
    """Weighted mean over tasks of the difference a - b, for new items and new seeds.

    Parameters
    ----------
    tasks : sequence of pairs (a, b), length T
        Scores of each task, shapes (n_items, n_seeds_a) and (n_items, n_seeds_b); a row is the same
        item in both, and the items of two tasks are others.
    weights : float array, shape (T,)
        Not negative; only their ratios count.
    paired_seeds : bool
        Whether a column is the same seed in a and b.
    shared_seeds : bool
        Whether a column is the same seed in all tasks, as when one set of runs answered them all.
    axis : {"seed", "prompt"}
        What the columns are, for `unit` and `method`: prompts are treated as seeds are.
    ranges : sequence of (low, high), optional
        Smallest and largest possible difference in each task; None if unknown.
    level : float in (0, 1)
        Nominal coverage.
    null : float
        Mean difference that the p-value tests.

    Returns
    -------
    Estimate
        unit ``item x seed``, n = the smallest number of seeds, method ``Howe, items within tasks
        and seeds`` or ``generalised pivotal, items within tasks and seeds``; or of prompts.

    Raises
    ------
    NotEnoughDataError
        A task of fewer than two items, or a side with one seed.
    UsageError
        Arrays that do not go together; weights as in `weighted_mean`.

    Notes
    -----
    Items are independent between tasks: their parts add up with w_t^2, on Satterthwaite's freedom.
    A seed that was trained once moves all tasks together: its part is the variance of the seeds'
    macro means over S, less what the items within tasks show of it. Seeds that are others in every
    task give one part each.
    Equals `crossed_difference_ci` with one task (tested).

    Examples
    --------
    >>> one = [[1.0, 0.5], [1.0, 0.0]], [[0.0, 0.5], [1.0, 0.5]]
    >>> macro_difference_ci([one, one], [1, 1], paired_seeds=False, shared_seeds=True).value
    0.125
    """
    check_level(level)
    share = _shares(weights, len(tasks))
    pairs = [(finite(a, "a", ndim=2), finite(b, "b", ndim=2)) for a, b in tasks]
    _check(pairs, paired_seeds, shared_seeds, axis)
    pseudo = [
        _pseudo(x.mean(axis=1) - y.mean(axis=1), span, float(max(np.abs(x).max(), np.abs(y).max())))
        for (x, y), span in zip(pairs, ranges or [(None, None)] * len(pairs), strict=True)
    ]
    value = float(share @ [float(x.mean() - y.mean()) for x, y in pairs])
    centre = float(share @ [middle for middle, _ in pseudo])
    variances = share**2 * np.array([variance for _, variance in pseudo])
    items = ItemPart(
        float(variances.sum()), _whole(variances, np.array([len(x) - 1 for x, _ in pairs]))
    )
    sides = [[x for x, _ in pairs], [y for _, y in pairs]]
    if paired_seeds:
        sides = [[x - y for x, y in pairs]]
    groups = [(side, share) for side in sides]
    if not shared_seeds:
        groups = [([x], w[None]) for side, ws in groups for x, w in zip(side, ws, strict=True)]
    parts = [_seed_part(side, w) for side, w in groups]
    seeds = min(scores.shape[1] for pair in pairs for scores in pair)
    se = float(np.sqrt(items.variance + sum(part.variance for part in parts)))
    largest = max(float(np.abs(scores).max()) for pair in pairs for scores in pair)
    unit, what = f"item x {axis}", f"items within tasks and {axis}s"
    if se <= ROUNDING * largest:
        method = f"Howe, {what} (nothing differs, range unknown: no interval)"
        return Estimate(value, level=level, n=seeds, unit=unit, method=method)
    name, half, p = combined(items, parts, abs(centre - null), level)
    method = f"{name}, {what}"
    return Estimate(value, se, centre - half, centre + half, level, seeds, unit, method, p)


def _freedom(estimate: Estimate) -> float:
    """Give the freedom of the t interval of an estimate: of clusters it may be far below n - 1."""
    most = max(estimate.n - 1.0, 1.0)
    half = (estimate.high - estimate.low) / 2
    if estimate.unit == "item" or not (half > 0 and estimate.se > 0):
        return most
    own = special.stdtridf((1 + estimate.level) / 2, half / estimate.se)
    return float(min(own, most))


def _howe(
    variances: Floats, freedoms: Floats, distance: float, level: float
) -> tuple[float, float]:
    """Give the half-width that sums the squares of those of the tasks, and the p-value of it."""
    from scipy.optimize import brentq

    def half(log_tail: float) -> float:
        t = special.stdtrit(freedoms, np.exp(log_tail))
        return float(np.sqrt((variances * t**2).sum()))

    ends = float(np.log(1e-300)), float(np.log(0.5))
    inside = 0 < distance < half(ends[0])
    log_p = brentq(lambda x: half(x) - distance, *ends) if inside else ends[int(distance == 0)]
    return half(float(np.log((1 - level) / 2))), min(2 * float(np.exp(log_p)), 1.0)


def _shares(weights: ArrayLike, count: int) -> Floats:
    w = finite(weights, "weights")
    if w.size != count or (w < 0).any() or not w.sum() > 0:
        raise UsageError(
            f"weights must be one number from 0 for each of {count} tasks, and not all 0, but are "
            f"{w.tolist()}."
        )
    return np.asarray(w / w.sum(), dtype=np.float64)


def _check(pairs: list[tuple[Floats, Floats]], paired: bool, shared: bool, axis: str) -> None:
    for x, y in pairs:
        if len(x) != len(y) or (paired and x.shape != y.shape):
            raise UsageError(f"a and b do not go together: shapes {x.shape} and {y.shape}.")
        if len(x) < 2 or min(x.shape[1], y.shape[1]) < 2:
            raise NotEnoughDataError(
                f"a mean over tasks for new items and {axis}s needs 2 items and 2 {axis}s in each, "
                f"but one has {len(x)} and {min(x.shape[1], y.shape[1])}."
            )
    for side in (0, 1):
        counts = {pair[side].shape[1] for pair in pairs}
        if shared and len(counts) > 1:
            raise UsageError(f"shared {axis}s need the same number in each task, not {counts}.")


def _pseudo(d: Floats, span: Range, largest: float) -> tuple[float, float]:
    low, high = known_range(*span)
    slack = ROUNDING * max(largest, *(abs(end) for end in (low, high) if np.isfinite(end)), 0.0)
    made = pseudo_mean(d, np.ones(d.size), low=low, high=high, slack=slack)
    return made.centre, made.variance


def _seed_part(tasks: list[Floats], share: Floats) -> SeedPart:
    seeds = int(tasks[0].shape[1])
    means = sum(w * x.mean(axis=0) for w, x in zip(share, tasks, strict=True))
    within, freedoms = np.zeros(len(tasks)), np.zeros(len(tasks))
    for t, x in enumerate(tasks):
        rest = x - x.mean(axis=1)[:, None] - x.mean(axis=0) + x.mean()
        freedoms[t] = (len(x) - 1) * (seeds - 1)
        within[t] = share[t] ** 2 * float((rest**2).sum()) / freedoms[t] / (len(x) * seeds)
    between = float(np.var(means, ddof=1)) / seeds
    return SeedPart(between, float(within.sum()), seeds - 1, _whole(within, freedoms))


def _satterthwaite(variances: Floats, freedoms: Floats) -> float:
    return float(variances.sum() ** 2 / (variances**2 / freedoms).sum())


def _whole(variances: Floats, freedoms: Floats) -> int:
    """Give Satterthwaite's freedom, rounded down; all of it where nothing varies."""
    if not variances.sum() > 0:
        return int(freedoms.sum())
    return max(int(_satterthwaite(variances, freedoms) * (1 + ROUNDING)), 1)
