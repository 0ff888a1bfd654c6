"""How the models stand on the mean over tasks."""

import numpy as np

from evalvar.analyses.field import Field
from evalvar.analyses.macro_estimates import in_all_tasks
from evalvar.analyses.standing import Standing, differences, seeds_of, source, standing
from evalvar.errors import NotEnoughDataError
from evalvar.stats import Estimate
from evalvar.stats.macro import macro_difference_ci, weighted_mean

_WEIGHED = {"equal": "of equal weight", "items": "weighted by their items"}


def macro_standing(
    kept: list[Field], weights: str, over_seeds: bool, level: float, rng: int
) -> Standing:
    """Average the tasks of one metric, as `tasks_in_common` chose them.

    Parameters
    ----------
    kept : list of Field
        Of one metric and the same models.
    weights : {"equal", "items"}
        Each task counts once, or by its shared items.
    over_seeds : bool
        Whether seeds are drawn again.
    level : float in (0, 1)
    rng : int
    """
    metric, everyone = kept[0].metric, kept[0].models
    drawn = [over_seeds and field.several_seeds for field in kept]
    parts = [standing(field, one, level, rng) for field, one in zip(kept, drawn, strict=True)]
    seeds = any(drawn)
    sizes = np.array([field.items if weights == "items" else 1 for field in kept])
    share = sizes / sizes.sum()
    how = f"mean of {len(kept)} tasks, {_WEIGHED[weights]}"
    return Standing(
        None, metric, everyone,
        [_mean(kept, share, [part.means[m] for part in parts], m, seeds, how, level)
         for m in range(len(everyone))],
        np.tensordot(share**2, [part.by_items for part in parts], axes=1),
        sum(part.freedom for part in parts), sum(field.items for field in kept),
        np.sum([field.unpaired for field in kept], axis=0), kept[0].facts.higher_is_better,
        source(rng, "", metric),
        lambda ends, level: _differences(kept, share, ends, seeds, level),
        _by_seeds(kept, share) if seeds else None,
    )  # fmt: skip


def _mean(
    fields: list[Field], share: np.ndarray, means: list[Estimate], model: int, over_seeds: bool,
    how: str, level: float,
) -> Estimate:  # fmt: skip
    if over_seeds:
        # the mean of one model is its difference to nothing
        tasks = [(x, np.zeros_like(x)) for x in (field.scores[model] for field in fields)]
        ranges = [field.facts.range for field in fields]
        mean = _macro(fields, [model], tasks, share, ranges, level)
    else:
        mean = weighted_mean(means, share, level=level)
    low = share @ [field.facts.low for field in fields]
    high = share @ [field.facts.high for field in fields]
    bounds = np.fmax(mean.low, low), np.fmin(mean.high, high)
    if np.isnan(mean.low):
        bounds = np.nan, np.nan
    return Estimate(
        mean.value, mean.se, float(bounds[0]), float(bounds[1]), level, mean.n, mean.unit,
        f"{mean.method}, {how}",
    )  # fmt: skip


def _differences(
    fields: list[Field], share: np.ndarray, ends: np.ndarray, over_seeds: bool, level: float
) -> list[Estimate]:
    if not over_seeds:
        by_task = [differences(field, ends, False, level) for field in fields]
        return [weighted_mean(pair, share, level=level) for pair in zip(*by_task, strict=True)]
    spans = [field.span for field in fields]
    return [
        _macro(
            fields, [i, j], [(field.scores[i], field.scores[j]) for field in fields], share, spans,
            level,
        )
        for i, j in ends.tolist()
    ]  # fmt: skip


def _macro(
    fields: list[Field], models: list[int], tasks: list[tuple[np.ndarray, np.ndarray]],
    share: np.ndarray, ranges: list[tuple[float | None, float | None]], level: float,
) -> Estimate:  # fmt: skip
    several = all(min(a.shape[1], b.shape[1]) > 1 for a, b in tasks)
    try:
        return macro_difference_ci(
            tasks, share, paired_seeds=len(models) == 1,
            shared_seeds=several and _shared(fields, models), ranges=ranges, level=level,
        )  # fmt: skip
    except NotEnoughDataError as error:
        value = float(share @ [a.mean() - b.mean() for a, b in tasks])
        return Estimate(value, level=level, unit="item x seed", method=f"undefined: {error}")


def _by_seeds(fields: list[Field], share: np.ndarray) -> tuple[np.ndarray, float] | None:
    try:
        shared = _shared(fields, list(range(len(fields[0].models))))
    except NotEnoughDataError:
        shared = False
    return seeds_of(fields, share, shared=shared)


def _shared(fields: list[Field], models: list[int]) -> bool:
    """Tell whether the same seeds answered all tasks; it must be these or others in each."""
    return in_all_tasks([[tuple(field.seeds[m]) for field in fields] for m in models], "seed")
