"""Difference of two means when any of items, seeds and prompts would be drawn again."""

from collections.abc import Collection
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
from evalvar.stats.crossed_half import ItemPart, SeedPart
from evalvar.stats.estimate import Estimate
from evalvar.stats.parts import combined
from evalvar.stats.pseudo import pseudo_mean
from evalvar.stats.quantiles import t_quantile, t_two_sided

AXES = ("item", "seed", "prompt")


def difference_over(
    a: ArrayLike,
    b: ArrayLike,
    *,
    over: Collection[str],
    paired_seeds: bool,
    level: float = 0.95,
    low: float | None = None,
    high: float | None = None,
    null: float = 0.0,
) -> Estimate:
    """Difference a - b of two means over the same items and prompts, for chosen axes drawn again.

    Parameters
    ----------
    a, b : float array, shape (n_items, n_seeds_a, n_prompts), (n_items, n_seeds_b, n_prompts)
        Scores of the two; items and prompts are the same in both.
    over : collection of {"item", "seed", "prompt"}
        The axes that would be drawn again; the levels of the others are these ones.
    paired_seeds : bool
        Whether a seed is the same in both too.
    level : float in (0, 1)
        Nominal coverage.
    low, high : float, optional
        Smallest and largest possible difference; None if unknown.
    null : float
        Difference that the p-value tests.

    Returns
    -------
    Estimate
        unit = the axes with `` x `` between, n = the smallest number of levels of a drawn axis.
        Method ``Welch t``, ``paired t over seeds``, ``paired t over prompts`` or ``sparse-t`` where
        one axis is drawn, else ``Howe`` or ``generalised pivotal``, with the axes named. Where
        nothing varies there is no interval, as the method then says.

    Raises
    ------
    NotEnoughDataError
        Fewer than two levels of a drawn axis, in either of a and b.
    UsageError
        Arrays that do not go together, an unknown axis, a difference outside its range.

    Notes
    -----
    Each drawn axis gives a part of the variance of the mean difference: items what `sparse_t` has,
    seeds the variance of the seeds' means over S (of a - b if paired, else one part each), prompts
    that of the prompts' mean differences over P. An interaction of two drawn axes would be in both
    parts: it stays in that of items, else in that of prompts, and its mean square is taken from the
    other one. The parts are put together as in `crossed_difference_ci`.
    Equals `sparse_t` of the item means over items, `scipy.stats.ttest_ind` with unequal variances
    of the seeds' means over unpaired seeds, `paired_t` of the prompts' means over prompts, and
    `crossed_difference_ci` over items and seeds (tested).

    Examples
    --------
    >>> a, b = [[[1.0], [0.5]], [[1.0], [0.0]]], [[[0.0], [0.5]], [[1.0], [0.5]]]
    >>> difference_over(a, b, over=["seed"], paired_seeds=False).unit
    'seed'
    """
    x, y = finite(a, "a", ndim=3), finite(b, "b", ndim=3)
    check_level(level)
    floor, ceiling = known_range(low, high)
    drawn = _drawn(over)
    _check(x, y, drawn, paired_seeds)
    by_item = x.mean(axis=(1, 2)) - y.mean(axis=(1, 2))
    value, n = float(by_item.mean()), len(by_item)
    known = [abs(end) for end in (floor, ceiling) if isfinite(end)]
    slack = ROUNDING * max(float(np.abs(x).max()), float(np.abs(y).max()), *known, 0.0)
    check_inside(by_item, floor, ceiling, slack, "differences")
    centre, items = value, ItemPart(0.0, max(n - 1, 1))
    if "item" in drawn:
        pseudo = pseudo_mean(by_item, np.ones(n), low=floor, high=ceiling, slack=slack)
        centre, items = pseudo.centre, ItemPart(pseudo.variance, n - 1)
    seeds = _seed_parts(x, y, drawn, paired_seeds) if "seed" in drawn else []
    prompts = [_prompt_part(x, y, drawn)] if "prompt" in drawn else []
    parts = [*seeds, *prompts]
    axes, unit = _named(drawn), " x ".join(drawn)
    levels = {"item": n, "seed": min(x.shape[1], y.shape[1]), "prompt": x.shape[2]}
    count = min(levels[axis] for axis in drawn)
    se = float(np.sqrt(items.variance + sum(part.variance for part in parts)))
    if se <= slack:
        method = f"{_method(drawn, 'Howe', paired_seeds)} (no {axes} differ, range unknown: "
        return Estimate(value, level=level, n=count, unit=unit, method=f"{method}no interval)")
    name, half, p = combined(items, parts, abs(centre - null), level)
    if drawn == ["seed"] and not paired_seeds:
        half, p = _welch(parts, abs(centre - null), level)
    method = _method(drawn, name, paired_seeds)
    p = p if floor <= null <= ceiling else 0.0
    bottom, top = max(centre - half, floor), min(centre + half, ceiling)
    return Estimate(value, se, bottom, top, level, count, unit, method, p)


def _drawn(over: Collection[str]) -> list[str]:
    unknown = [axis for axis in over if axis not in AXES]
    if unknown or not over:
        raise UsageError(
            f"over must name some of {', '.join(AXES)}, but is {', '.join(over) or 'empty'}."
        )
    return [axis for axis in AXES if axis in over]


def _check(x: Floats, y: Floats, drawn: list[str], paired_seeds: bool) -> None:
    alike = (x.shape == y.shape) if paired_seeds else (x.shape[::2] == y.shape[::2])
    if not alike:
        what = "items, seeds and prompts" if paired_seeds else "items and prompts"
        raise UsageError(f"a and b need the same {what}, but have shapes {x.shape} and {y.shape}.")
    for axis in drawn:
        for scores in (x, y):
            at_least(scores.shape[AXES.index(axis)], 2, f"an interval over {axis}s", axis)


def _seed_parts(x: Floats, y: Floats, drawn: list[str], paired: bool) -> list[SeedPart]:
    return [_seed_part(x - y, drawn)] if paired else [_seed_part(x, drawn), _seed_part(y, drawn)]


def _seed_part(x: Floats, drawn: list[str]) -> SeedPart:
    """Give the variance of a mean from its seeds, and what of it stands in other parts."""
    n, seeds, prompts = x.shape
    between = float(x.mean(axis=(0, 2)).var(ddof=1)) / seeds
    within, df = 0.0, 1
    if "item" in drawn:
        within += _interaction(x.mean(axis=2)) / (n * seeds)
        df = (n - 1) * (seeds - 1)
    if "prompt" in drawn:
        within += _interaction(x.mean(axis=0)) / (seeds * prompts)
        if "item" in drawn:
            within -= _three_way(x) / (n * seeds * prompts)
    return SeedPart(between, max(within, 0.0), seeds - 1, df)


def _prompt_part(x: Floats, y: Floats, drawn: list[str]) -> SeedPart:
    d = x.mean(axis=1) - y.mean(axis=1)
    n, prompts = d.shape
    between = float(d.mean(axis=0).var(ddof=1)) / prompts
    within = _interaction(d) / (n * prompts) if "item" in drawn else 0.0
    return SeedPart(between, within, prompts - 1, max((n - 1) * (prompts - 1), 1))


def _interaction(table: Floats) -> float:
    """Give the mean square of what two axes do together."""
    rows, columns = table.shape
    rest = table - table.mean(axis=1)[:, None] - table.mean(axis=0) + table.mean()
    return float((rest**2).sum() / ((rows - 1) * (columns - 1)))


def _three_way(x: Floats) -> float:
    rest = x - x.mean(axis=0) - x.mean(axis=1)[:, None] - x.mean(axis=2)[..., None]
    rest += x.mean(axis=(0, 1)) + x.mean(axis=(0, 2))[:, None] + x.mean(axis=(1, 2))[:, None, None]
    rest -= x.mean()
    free = float(np.prod([size - 1 for size in x.shape]))
    return float((rest**2).sum()) / free


def _method(drawn: list[str], name: str, paired: bool) -> str:
    if drawn == ["item"]:
        return "sparse-t"
    if drawn == ["prompt"]:
        return "paired t over prompts"
    if drawn == ["seed"]:
        return "paired t over seeds" if paired else "Welch t over seeds"
    return f"{name}{' on sparse-t' if 'item' in drawn else ''}, {_named(drawn)}"


def _welch(parts: list[SeedPart], distance: float, level: float) -> tuple[float, float]:
    variances = np.array([part.variance for part in parts])
    freedoms = np.array([part.df for part in parts])
    df = float(variances.sum() ** 2 / (variances**2 / freedoms).sum())
    se = float(np.sqrt(variances.sum()))
    return float(t_quantile(level, df) * se), float(t_two_sided(df, distance, se))


def _named(drawn: list[str]) -> str:
    plural = [f"{axis}s" for axis in drawn]
    return plural[0] if len(plural) == 1 else f"{', '.join(plural[:-1])} and {plural[-1]}"
