"""How surely the models of a field differ: every pair, adjusted for all of them together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from evalvar.analyses.covariances import SidesOfTask, of_levels
from evalvar.analyses.field import Field
from evalvar.analyses.functionals import GAP
from evalvar.analyses.gaps import gap_mean
from evalvar.errors import NotEnoughDataError, counted
from evalvar.stats import (
    Estimate,
    all_pairs,
    bounded_mean_ci,
    clustered_mean_ci,
    crossed_difference_ci,
    crossed_mean_ci,
    max_t,
    skewed_mean_ci,
    sparse_t_pairs,
)

CORRECTIONS = ("max-t", "holm", "bonferroni")


@dataclass(frozen=True, slots=True)
class Standing:
    """M models, each by itself, and what any two of them differ by.

    Parameters
    ----------
    task : str or None
        None for the mean over tasks.
    metric : str
        What the scores measure.
    models : list of str, length M
        Who stands here.
    means : list of Estimate, length M
        Each model by itself.
    by_items : float array, shape (M, M)
        Covariance of the models' means over items.
    freedom : float
        Degrees of freedom that it rests on.
    items : int
        How many items all share.
    unpaired : int array, shape (M,)
        Items of each model that are left out.
    higher_is_better : bool
        As declared.
    source : Generator
        Of all draws.
    differ : callable
        From pairs (P, 2) and a level to the differences first - second, each by itself.
    by_seeds : (float array, shape (M, M), float) or None
        What new seeds add to the covariance, and its degrees of freedom; None where seeds are
        these ones.
    """

    task: str | None
    metric: str
    models: list[str]
    means: list[Estimate]
    by_items: np.ndarray
    freedom: float
    items: int
    unpaired: np.ndarray
    higher_is_better: bool
    source: np.random.Generator
    differ: Callable[[np.ndarray, float], list[Estimate]]
    by_seeds: tuple[np.ndarray, float] | None = None

    @property
    def covariance(self) -> np.ndarray:
        """Covariance of the models' means, shape (M, M)."""
        return self.by_items if self.by_seeds is None else self.by_items + self.by_seeds[0]

    @property
    def ends(self) -> np.ndarray:
        """The two models of each pair, shape (P, 2): (0, 1), (0, 2) ..."""
        return np.stack(np.triu_indices(len(self.models), 1), axis=1)

    @property
    def merit(self) -> np.ndarray:
        """Mean of every model, turned so that more is better."""
        values = np.array([mean.value for mean in self.means])
        return values if self.higher_is_better else -values


def standing(field: Field, over_seeds: bool, level: float, rng: int) -> Standing:
    """Estimate every model of a field, and how they vary together."""
    return Standing(
        field.task, field.metric, field.models,
        [_mean(field, scores, over_seeds, level) for scores in field.scores],
        _covariance(field, over_seeds), _freedom(field, over_seeds), field.items, field.unpaired,
        field.facts.higher_is_better, source(rng, field.task, field.metric),
        lambda ends, level: differences(field, ends, over_seeds, level),
        seeds_of([field], np.ones(1), shared=True) if over_seeds else None,
    )  # fmt: skip


def source(rng: int, *key: str) -> np.random.Generator:
    """Return the generator of one field, the same whatever else is ranked."""
    return np.random.default_rng([rng, crc32("\0".join(key).encode())])


def differences(field: Field, ends: np.ndarray, over_seeds: bool, level: float) -> list[Estimate]:
    """Estimate first - second of the pairs asked for.

    As `compare` does: over items and seeds where one of the two has several seeds, clustered where
    items share clusters, else sparse-t over items.
    """
    low, high = field.span
    if field.items < 2:
        name = f"undefined: {counted(field.items, 'shared item')}"
        gaps = [_mean_of(field, i) - _mean_of(field, j) for i, j in ends]
        return [Estimate(float(gap), level=level, n=field.items, method=name) for gap in gaps]
    clusters = None if over_seeds else field.clusters
    if not over_seeds and clusters is None:
        return _over_items(field, ends, level)
    means = field.means
    found = []
    for i, j in ends.tolist():
        a, b = field.scores[i], field.scores[j]
        try:
            if clusters is None:
                pair = crossed_difference_ci(
                    a, b, paired_seeds=False, level=level, low=low, high=high
                )
            else:
                d = means[:, i] - means[:, j]
                pair = clustered_mean_ci(d, clusters, level=level, low=low, high=high)
        except NotEnoughDataError as error:
            value = float(means[:, i].mean() - means[:, j].mean())
            pair = Estimate(value, level=level, n=field.items, method=f"undefined: {error}")
        found.append(pair)
    return found


def _over_items(field: Field, ends: np.ndarray, level: float) -> list[Estimate]:
    low, high = field.span
    many = sparse_t_pairs(
        field.means, low=low, high=high, level=level, ends=ends, uneven=field.facts.uneven
    )
    return many.estimates(level, field.items)


def adjusted(
    standing: Standing, pairs: list[Estimate], correction: str, level: float
) -> tuple[np.ndarray, float]:
    """Return the p-values for all pairs together, and the level of each interval.

    The level is NaN for Holm, which has no intervals of its own.
    """
    p = np.array([pair.p_value for pair in pairs])
    if correction == "max-t":
        return max_t(
            p, standing.by_items, standing.ends, rng=standing.source, level=level,
            df=standing.freedom, parts=[] if standing.by_seeds is None else [standing.by_seeds],
        )  # fmt: skip
    from statsmodels.stats.multitest import multipletests

    made = np.full(p.size, np.nan)
    tested = np.flatnonzero(np.isfinite(p))
    if tested.size:
        made[tested] = multipletests(p[tested], method=correction)[1]
    alone = 1 - (1 - level) / max(tested.size, 1)
    return made, alone if correction == "bonferroni" else np.nan


def _freedom(field: Field, over_seeds: bool) -> float:
    if field.clusters is not None and not over_seeds:
        return float(max(field.clusters.max(initial=0), 1))
    return float(max(field.items - 1, 1))


def _mean_of(field: Field, model: int) -> float:
    scores = field.scores[model]
    return float(scores.mean()) if scores.size else np.nan


def _mean(field: Field, scores: np.ndarray, over_seeds: bool, level: float) -> Estimate:
    low, high = field.facts.range
    if not scores.size:
        return Estimate(np.nan, level=level, method="undefined: no shared items")
    by_item = scores.mean(axis=1)
    try:
        if over_seeds and scores.shape[1] > 1:
            mean = crossed_mean_ci(scores, level=level, low=low, high=high)
        elif field.clusters is not None:
            mean = clustered_mean_ci(by_item, field.clusters, level=level, low=low, high=high)
        elif low is not None and high is not None:
            mean = bounded_mean_ci(by_item, low=low, high=high, level=level)
        elif field.metric == GAP:
            mean = gap_mean(by_item, level)
        else:
            mean = skewed_mean_ci(by_item, level=level)
    except NotEnoughDataError as error:
        value = float(by_item.mean())
        mean = Estimate(value, level=level, n=len(by_item), method=f"undefined: {error}")
    return field.facts.within(mean)


def _covariance(field: Field, over_seeds: bool) -> np.ndarray:
    """Give the covariance of the means over items, which all have in common."""
    models = len(field.models)
    if field.items < 2:
        return np.zeros((models, models))
    if field.clusters is None or over_seeds:
        return all_pairs(field.means).covariance
    means = field.means
    sums = np.zeros((int(field.clusters.max()) + 1, models))
    np.add.at(sums, field.clusters, means - means.mean(axis=0))
    few = max(len(sums) - 1, 1)
    return np.asarray(sums.T @ sums * (len(sums) / few / field.items**2))


def seeds_of(
    fields: Sequence[Field], share: np.ndarray, *, shared: bool
) -> tuple[np.ndarray, float] | None:
    """Return what new seeds of every model's own add to the variance of its mean over tasks.

    Parameters
    ----------
    fields : sequence of Field
        Of the same models, one a task.
    share : float array, shape (T,)
        Weight of each task.
    shared : bool
        Whether the same seeds answered all tasks.
    """
    if any(field.items < 2 for field in fields):
        return None
    none = np.zeros((0, 2), dtype=np.intp)
    sides = [
        SidesOfTask([x[..., None] for x in field.scores], none, None, same_runs=False)
        for field in fields
    ]
    return of_levels(sides, share, "seed", items_drawn=True, shared=shared)
