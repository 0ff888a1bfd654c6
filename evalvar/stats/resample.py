"""The bootstrap: of one statistic, and of many systems jointly."""

from collections.abc import Callable, Iterator, Sequence
from math import nan
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from evalvar.errors import UsageError
from evalvar.stats.arguments import ROUNDING, Floats, at_least, check_level
from evalvar.stats.draws import Rng, generator, resample_rows
from evalvar.stats.estimate import Estimate
from evalvar.stats.functionals import AnyFunctional, Functional, mean, name_of
from evalvar.stats.grids import AXES, Grid
from evalvar.stats.joint import Acceleration, Joint
from evalvar.stats.units import Units, prepared, resampled, value_of

# Numbers held at once while resampling: 32 MiB of doubles.
_BUDGET = 1 << 22


def bootstrap(
    statistic: Callable[..., Any],
    *arrays: ArrayLike,
    n_resamples: int = 9999,
    rng: Rng,
    level: float = 0.95,
    method: Literal["percentile", "bca"] = "percentile",
) -> Estimate:
    """Any statistic of independent items, with a bootstrap interval.

    Parameters
    ----------
    statistic : callable
        ``statistic(*arrays, axis=-1)`` gives one number from the arrays, and one for each leading
        index when an axis is put in front of them.
    *arrays : float array, shape (..., n_items)
        Items are the last axis of all; an item is drawn with all its values (paired).
    n_resamples : int
        How many resamples are drawn.
    rng : int, sequence of int or Generator
        Source of the draws; the same one gives the same bytes.
    level : float in (0, 1)
        Nominal coverage.
    method : {"percentile", "bca"}
        Kind of interval.

    Returns
    -------
    Estimate
        unit ``item``, n = number of items; `se` is the standard deviation of the resampled
        statistic (ddof 1). Where it is undefined in some resample, or the same in all, there is
        no interval, as the method then says.

    Raises
    ------
    NotEnoughDataError
        Fewer than two items.
    UsageError
        Arrays of different numbers of items, a statistic that is not one number, an unknown
        method, fewer than 2 resamples.

    Notes
    -----
    Percentile and BCa: "An Introduction to the Bootstrap" (Efron, Tibshirani 1993), sections 13.3
    and 14.3. Memory is bounded; the draws do not depend on how they are batched.
    Equals `scipy.stats.bootstrap` with the same generator (tested).

    Examples
    --------
    >>> x = np.array([0.1, 0.4, 0.4, 0.9])
    >>> bootstrap(np.median, x, rng=0).value
    0.4
    """
    data = [np.asarray(array, dtype=np.float64) for array in arrays]
    check_level(level)
    if method not in ("percentile", "bca"):
        raise UsageError(f"method must be 'percentile' or 'bca', but is '{method}'.")
    if n_resamples < 2:
        raise UsageError(f"n_resamples must be at least 2, but is {n_resamples}.")
    sizes = sorted({array.shape[-1] if array.ndim else 0 for array in data})
    if len(sizes) != 1:
        raise UsageError(f"arrays need the same number of items, but have {sizes}.")
    n = sizes[0]
    at_least(n, 2, "a bootstrap", "item")
    source = generator(rng)
    with np.errstate(all="ignore"):
        whole = np.asarray(statistic(*data, axis=-1), dtype=np.float64)
        if whole.ndim:
            raise UsageError(f"the statistic must give one number, but gives {whole.shape}.")
        value = float(whole)
        drawn = np.concatenate(
            [_apply(statistic, data, rows) for rows in _resamples(data, n_resamples, source)]
        )
        name = f"{'BCa' if method == 'bca' else method} bootstrap, {n_resamples} resamples"
        undefined = n_resamples - int(np.isfinite(drawn).sum())
        if undefined or not np.isfinite(value):
            why = f"undefined in {undefined} of them: no interval"
            return Estimate(value, level=level, n=n, method=f"{name} ({why})")
        if np.ptp(drawn) <= ROUNDING * np.abs(drawn).max():
            return Estimate(value, level=level, n=n, method=f"{name} (all equal: no interval)")
        se = float(drawn.std(ddof=1))
        tails = np.array([(1 - level) / 2, (1 + level) / 2])
        if method == "bca":
            left_out = np.concatenate(
                [_apply(statistic, data, rows) for rows in _leave_one_out(data, n)]
            )
            tails = Acceleration.of(drawn, value, left_out.mean() - left_out).tails(tails)
        if not np.isfinite(tails).all():
            return Estimate(
                value, se, nan, nan, level, n, "item", f"{name} (no acceleration: no interval)"
            )
        low, high = np.quantile(drawn, tails)
    return Estimate(value, se, float(low), float(high), level, n, "item", name)


def joint_bootstrap(
    scores: ArrayLike | Sequence[ArrayLike],
    functional: AnyFunctional = mean,
    *,
    n_resamples: int,
    rng: Rng,
    clusters: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    over: Sequence[str] = ("item",),
    nested: bool = False,
    paired_seeds: bool = False,
    jackknife: bool = False,
    studentise: bool = False,
) -> Joint:
    """Any functional of many systems, resampled with the same weights for all.

    Parameters
    ----------
    scores : float array, shape (n_items, n_systems, ...), or list of arrays (n_items, n_seeds)
        One row an item, the same item in all systems. An array has one column a system, and
        further axes that the functional reads (checkpoints; answers and right ones). A list has one
        array a system, each with its own seeds, or (n_items, n_seeds, n_samples) with NaN where
        there is no sample; its statistic is the mean over seeds of the functional of a seed.
    functional : Functional or callable
        See `evalvar.stats.functionals`; a callable takes scores and weights (n_resamples, n_items)
        and gives values (n_resamples, n_systems).
    n_resamples : int
        How many resamples are drawn.
    rng : int, sequence of int or Generator
        Source of the draws; the same one gives the same bytes. A task's own draws come from
        (rng, key of the task).
    clusters : label array, shape (n_items,), optional
        Items of one label are redrawn together.
    strata : label array, shape (n_items,), optional
        Items (or clusters) are redrawn within each label, whose number of them stays.
    over : sequence of str
        What is redrawn: for a list, any of ``item``, ``seed``, ``sample``; for an array the one
        name of its rows (``item``, or ``seed`` where the rows are seeds).
    nested : bool
        Redraw items anew within every drawn seed (each seed has items of its own). Otherwise items
        and seeds are crossed: one draw of items holds for all seeds.
    paired_seeds : bool
        The seeds of all systems are the same and are redrawn together.
    jackknife, studentise : bool
        Add what the BCa or the studentised interval needs; the latter for means of an array.

    Returns
    -------
    Joint
        unit names what was redrawn; n = number of units, of the scarcest axis where several are.

    Raises
    ------
    NotEnoughDataError
        Fewer than two units of what is redrawn, or in a stratum.
    UsageError
        Scores, labels or axes that do not fit together, fewer than 2 resamples.

    Notes
    -----
    "An Introduction to the Bootstrap" (Efron, Tibshirani 1993), chapters 6 and 8; crossed: "The
    pigeonhole bootstrap" (Owen 2007). A resample is weights with exactly the multinomial law. Where
    items are of few kinds the kinds are drawn, so the draws depend on the scores as a whole: what
    is to be compared goes into one call. Variances divide by n, not n - 1 (`Joint.widened`).
    The order of the items carries no information. Memory is bounded by blocks of weights.
    Equals the law of `scipy.stats.bootstrap` (tested).

    Examples
    --------
    >>> both = joint_bootstrap([[1, 0], [1, 1], [0, 0], [1, 0]], n_resamples=99, rng=0)
    >>> both.value.tolist(), both.draws.shape
    ([0.75, 0.25], (99, 2))
    """
    if n_resamples < 2:
        raise UsageError(f"n_resamples must be at least 2, but is {n_resamples}.")
    source = generator(rng)
    name = f"bootstrap of the {name_of(functional)}, {n_resamples} resamples"
    if isinstance(scores, (list, tuple)) and np.ndim(scores[0] if scores else 0) > 1:
        if jackknife or studentise:
            raise UsageError("jackknife and studentise need one array of scores, not a list.")
        return _of_grid(
            [np.asarray(table, dtype=np.float64) for table in scores], functional, n_resamples,
            source, clusters, strata, tuple(over), nested, paired_seeds, name,
        )  # fmt: skip
    x = np.asarray(scores, dtype=np.float64)
    if x.ndim < 2:
        raise UsageError(f"scores need at least 2 axes, items and systems, but have {x.ndim}.")
    if len(over) != 1 or isinstance(over, str) or nested or paired_seeds:
        raise UsageError(
            f"one array of scores has one axis to redraw, but over is {over!r}"
            f"{' with nested or paired seeds' if nested or paired_seeds else ''}. "
            "Give a list of arrays (n_items, n_seeds)."
        )
    _check_finite(x)
    units = Units.of(len(x), clusters, strata)
    value = value_of(functional, x)
    drawn, error, errors = _drawn(functional, x, units, source, n_resamples, studentise)
    influence = None
    if jackknife:
        influence = _influence(functional, x, units)
    kind = over[0] if clusters is None else "cluster"
    method = f"{'stratified ' if strata is not None else ''}{name}"
    return Joint(value, drawn, units.count, kind, method, influence, error, errors)


def _of_grid(
    tables: list[Floats], functional: AnyFunctional, n_resamples: int, source: np.random.Generator,
    clusters: ArrayLike | None, strata: ArrayLike | None, over: tuple[str, ...], nested: bool,
    paired_seeds: bool, name: str,
) -> Joint:  # fmt: skip
    unknown = [axis for axis in over if axis not in AXES]
    if unknown or not over:
        raise UsageError(f"over must name some of {', '.join(AXES)}, but is {over!r}.")
    if any(table.ndim not in (2, 3) for table in tables):
        raise UsageError("a list of scores needs arrays (n_items, n_seeds[, n_samples]).")
    items = sorted({len(table) for table in tables})
    if len(items) > 1:
        raise UsageError(f"systems need the same items, but have {items} of them.")
    for table in tables:
        _check_finite(table)
    units = Units.of(items[0], clusters, strata)
    grid = Grid(tables, functional, units, over=over, nested=nested, paired_seeds=paired_seeds)
    drawn = grid.draws(source, n_resamples)
    kind = "item" if clusters is None else "cluster"
    unit = " x ".join(kind if axis == "item" else axis for axis in AXES if axis in over)
    sizes = {"item": units.count, "seed": min(grid.seeds), "sample": _fewest_samples(tables)}
    # samples are redrawn with anything: they are not the scarce axis unless alone
    counted = [sizes[axis] for axis in over if axis != "sample"] or [sizes["sample"]]
    design = "nested " if nested else "crossed " if {"item", "seed"} <= set(over) else ""
    method = f"{'stratified ' if strata is not None else ''}{design}{name}"
    return Joint(grid.value(), drawn, min(counted), unit, method)


def _fewest_samples(tables: list[Floats]) -> int:
    return min(
        int(np.isfinite(table).sum(axis=2).min()) if table.ndim == 3 else 1 for table in tables
    )


def _drawn(
    functional: AnyFunctional, x: Floats, units: Units, source: np.random.Generator,
    n_resamples: int, studentise: bool,
) -> tuple[Floats, Floats | None, Floats | None]:  # fmt: skip
    """Give the draws and, where asked for, the standard error of the value and of each."""
    if not studentise:
        return resampled(functional, x, units, source, n_resamples), None, None
    values = functional.item_values if isinstance(functional, Functional) else None
    if values is None or units.strata:
        raise UsageError(
            "studentise needs a mean over items without strata, but the functional is the "
            f"{name_of(functional)}."
        )
    item_values = values(x)
    centre = item_values.mean(axis=0)
    sums, size = units.sums(item_values - centre), units.sizes()
    count = units.count
    table = np.hstack([sums, sums**2, sums * size[:, None], size[:, None], size[:, None] ** 2])

    def both(weights: np.ndarray) -> tuple[Floats, Floats]:
        products = weights.astype(np.float64) @ table
        total, squares, mixed = np.split(products[:, :-2], 3, axis=1)
        items = products[:, -2:-1]
        moved = total / items
        residual = squares - 2 * moved * mixed + moved**2 * products[:, -1:]
        error = np.sqrt(np.maximum(residual, 0) * count / (count - 1)) / items
        return moved + centre, error

    parts = [both(weights) for weights in units.weights(source, n_resamples)]
    error = both(np.ones((1, count)))[1][0]
    return np.concatenate([d for d, _ in parts]), error, np.concatenate([e for _, e in parts])


def _influence(functional: AnyFunctional, x: Floats, units: Units) -> Floats:
    if isinstance(functional, Functional) and functional.item_values is not None:
        return units.influence_of_mean(functional.item_values(x))
    of_weights = prepared(functional, x)
    return units.influence(np.concatenate([of_weights(w) for w in units.without_one()]))


def _check_finite(x: Floats) -> None:
    bad = x.size - int(np.isfinite(x).sum())
    if bad and x.ndim > 2:
        # NaN is an answer that an item does not have
        bad = int(np.isinf(x).sum())
    if bad:
        raise UsageError(
            f"scores need finite numbers, but {bad} of {x.size} are not. Leave them out."
        )


def _batches(total: int, width: int) -> Iterator[int]:
    step = max(1, _BUDGET // max(width, 1))
    for start in range(0, total, step):
        yield min(step, total - start)


def _width(data: list[Floats]) -> int:
    return sum(array.size for array in data)


def _resamples(
    data: list[Floats], n_resamples: int, source: np.random.Generator
) -> Iterator[np.ndarray]:
    n = data[0].shape[-1]
    for count in _batches(n_resamples, _width(data)):
        yield resample_rows(source, count, n)


def _leave_one_out(data: list[Floats], n: int) -> Iterator[np.ndarray]:
    start = 0
    for count in _batches(n, _width(data)):
        left_out = np.arange(start, start + count)[:, None]
        kept = np.arange(n - 1)[None, :]
        yield kept + (kept >= left_out)
        start += count


def _apply(statistic: Callable[..., Any], data: list[Floats], rows: np.ndarray) -> Floats:
    """Give the statistic of each row of item indices; the rows go in front."""
    picked = [np.moveaxis(array[..., rows], -2, 0) for array in data]
    return np.asarray(statistic(*picked, axis=-1), dtype=np.float64)
