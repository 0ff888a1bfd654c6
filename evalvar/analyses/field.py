"""All models on one task and metric: their scores on the items that every one of them answered."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from evalvar.analyses.facts import Facts
from evalvar.analyses.units import Units, by_run, shared, units_of
from evalvar.errors import counted
from evalvar.numbers import listing


@dataclass(frozen=True, slots=True)
class Field:
    """M models that meet on the same items.

    Parameters
    ----------
    task, metric : str
        Where they meet.
    models : list of str, length M
        Sorted by name.
    scores : list of float array, shape (n, S_m)
        Per model the scores of the shared items, a column a seed.
    seeds : list of int array, shape (S_m,)
        Which seeds.
    clusters : int array, shape (n,), or None
        Cluster of each shared item.
    facts : Facts
        What is known of the metric.
    unpaired : int array, shape (M,)
        Items that a model has scores for and that are left out.
    remarks : tuple of str
        What was left out, and why.
    asked : int
        Items that some model has a score for.
    short : int
        Items for which the only model has too few answers; it then has no value.
    away : tuple of Field
        The models that cannot be ranked with these, each on its own items.
    """

    task: str
    metric: str
    models: list[str]
    scores: list[np.ndarray]
    seeds: list[np.ndarray]
    clusters: np.ndarray | None
    facts: Facts
    unpaired: np.ndarray
    remarks: tuple[str, ...]
    asked: int
    away: tuple["Field", ...] = ()
    short: int = 0

    @property
    def name(self) -> str:
        """Task and metric, for remarks."""
        return f"{self.task}, {self.metric}"

    @property
    def items(self) -> int:
        """How many items all models share."""
        return len(self.scores[0])

    @property
    def several_seeds(self) -> bool:
        """Whether some model has more than one seed."""
        return any(seeds.size > 1 for seeds in self.seeds)

    @property
    def means(self) -> np.ndarray:
        """Mean over seeds of every item (rows) and model (columns)."""
        return np.stack([scores.mean(axis=1) for scores in self.scores], axis=1)

    @property
    def span(self) -> tuple[float | None, float | None]:
        """Smallest and largest possible difference; None where not known."""
        low, high = self.facts.range
        return (None, None) if low is None or high is None else (low - high, high - low)

    @property
    def kind(self) -> tuple[object, ...]:
        """What scores must share for a mean over tasks to mean something."""
        low, high = self.facts.range
        if low is None and self.facts.higher_is_better:
            # fractions whose range nobody declared go with right and wrong answers
            ends = [(x.min(initial=0.0), x.max(initial=1.0)) for x in self.scores]
            if all(bottom >= 0 and top <= 1 for bottom, top in ends):
                low, high = 0.0, 1.0
        return self.facts.higher_is_better, low, high

    def of(self, models: list[str]) -> "Field":
        """Return these models only, on the same items."""
        at = [self.models.index(model) for model in models]
        return replace(
            self, models=models, scores=[self.scores[m] for m in at],
            seeds=[self.seeds[m] for m in at], unpaired=self.unpaired[at],
        )  # fmt: skip


def fields(values: pd.DataFrame, facts: dict[tuple[str, str], Facts]) -> Iterator[Field]:
    """Yield the field of every task and metric.

    Parameters
    ----------
    values : DataFrame
        A row per item and run, as `item_scores` gives it.
    facts : dict
        By task and metric.
    """
    for key, group in values.groupby(["task", "metric"], observed=True, sort=True):
        task, metric = map(str, key)
        yield _field(task, metric, group, facts[(task, metric)])


def _field(task: str, metric: str, group: pd.DataFrame, facts: Facts) -> Field:
    codes, units = units_of(group)
    model, names = pd.factorize(group["model"], sort=True)
    models = [str(name) for name in names]
    seed, seeds = pd.factorize(group["seed"], sort=True)
    runs, run = np.unique(model * len(seeds) + seed, return_inverse=True)
    owner = runs // len(seeds)
    table = by_run(codes, run, group["score"].to_numpy(), (units.item.size, runs.size))
    has = _answered(np.isfinite(table), units, owner, len(models))
    short = _short(group, model, len(models))
    enough = short == 0
    stays = enough.copy()
    # what too few answers leave undefined is the value of the model, not of an item
    if len(models) < 2:
        stays[:] = True
    elif enough.sum() > 1:
        stays[enough] = meeting(has[:, enough])
    asked, remarks = int(has.any(axis=1).sum()), []
    away: list[Field] = []
    if not stays.all():
        remarks += _stays_away(models, has, stays, short)
        out = [name for name, one in zip(models, stays, strict=True) if not one]
        away = [_field(task, metric, group[group["model"] == name], facts) for name in out]
        kept = stays[owner]
        models = [name for name, one in zip(models, stays, strict=True) if one]
        has, table, runs = has[:, stays], table[:, kept], runs[kept]
        owner = (np.cumsum(stays) - 1)[owner[kept]]
    if not stays.any():
        return Field(
            task, metric, [], [], [], None, facts, short[:0], tuple(remarks), asked, tuple(away)
        )
    met = shared(table, units)
    if met.left_out:
        remarks.append(_left_out(met.left_out, int(has.any(axis=1).sum()), has, models))
    if met.thinned:
        remarks.append(
            f"{counted(met.thinned, 'item')} ranked on some of the prompts only, those that all "
            "models have a score for."
        )
    if met.own_prompts:
        remarks.append("no prompt in common; each model is the mean over its own.")
    columns = [np.flatnonzero(owner == m) for m in range(len(models))]
    return Field(
        task, metric, models,
        [met.scores[:, column] for column in columns],
        [np.asarray(seeds)[runs[column] % len(seeds)] for column in columns],
        _clusters(group, met.items), facts, has.sum(axis=0) - len(met.items), tuple(remarks),
        asked, tuple(away), int(short[0]) if len(short) == 1 else 0,
    )  # fmt: skip


def meeting(has: np.ndarray) -> np.ndarray:
    """Choose the models that can be ranked together: all, if they share half of the items.

    Else those that answered the same items are left out group by group, each time the one without
    which the most answers (models x shared items) are left, until half of the items are shared. If
    that never happens, all stay.

    Parameters
    ----------
    has : bool array, shape (n_items, n_models)
        Which model has a score for which item.

    Returns
    -------
    bool array, shape (n_models,)
    """
    lacking = ~has[has.any(axis=1)]
    if 2 * (~lacking.any(axis=1)).sum() >= len(lacking):
        return np.ones(has.shape[1], dtype=bool)
    groups, group = np.unique(lacking, axis=1, return_inverse=True)
    sizes, stays = np.bincount(group.ravel()), np.ones(groups.shape[1], dtype=bool)
    lacks = (groups * sizes).sum(axis=1)
    while 2 * (lacks == 0).sum() < len(lacks):
        answers = [
            (sizes[stays].sum() - sizes[g]) * (lacks == groups[:, g] * sizes[g]).sum()
            if stays[g] else -1
            for g in range(len(sizes))
        ]  # fmt: skip
        # where nothing is gained yet, the group with the fewest items goes
        first = np.lexsort((-groups.sum(axis=0), -np.array(answers)))[0]
        stays[first] = False
        lacks = lacks - groups[:, first] * sizes[first]
        if sizes[stays].sum() < 2:
            return np.ones(has.shape[1], dtype=bool)
    return np.asarray(stays[group.ravel()])


def _answered(known: np.ndarray, units: Units, owner: np.ndarray, models: int) -> np.ndarray:
    has = np.zeros((len(units.items), models), dtype=bool)
    for m in range(models):
        has[units.item[known[:, owner == m].any(axis=1)], m] = True
    return has


def _short(group: pd.DataFrame, model: np.ndarray, models: int) -> np.ndarray:
    """Count the items of each model for which it has too few answers."""
    lost = group["score"].isna().to_numpy()
    rows = pd.DataFrame({"model": model[lost], "item": group["item"].astype(str).to_numpy()[lost]})
    return np.bincount(rows.drop_duplicates()["model"], minlength=models)


def _stays_away(
    models: list[str], has: np.ndarray, stays: np.ndarray, short: np.ndarray
) -> list[str]:
    few = [f"{models[m]} for {int(short[m]):,}" for m in np.flatnonzero(~stays & (short > 0))]
    said = []
    if few:
        said.append(
            f"not ranked, because they have too few answers to some items: {listing(few, most=8)}."
        )
    away = [
        f"{models[m]} with {int(has[:, m].sum()):,}" for m in np.flatnonzero(~stays & (short == 0))
    ]
    if away:
        said.append(
            f"not ranked, because with them the models would share fewer than half of the "
            f"{counted(int(has.any(axis=1).sum()), 'item')}: {listing(away, most=8)}."
        )
    return said


def _left_out(lost: int, asked: int, has: np.ndarray, models: list[str]) -> str:
    """Say how many items some model lacks, and which model costs most of them."""
    lacking = ~has[has.any(axis=1)]
    alone = (lacking & (lacking.sum(axis=1) == 1)[:, None]).sum(axis=0)
    who = "one of the two models has no score for"
    if len(models) > 2:
        who = f"not all {len(models)} models have a score for"
    said = f"left out {lost:,} of {counted(asked, 'item')}, which {who}"
    worst = int(np.argmax(alone))
    if len(models) > 2 and alone[worst]:
        said += f"; without {models[worst]} it would be {lost - int(alone[worst]):,}"
    return f"{said}."


def _clusters(group: pd.DataFrame, items: pd.Index) -> np.ndarray | None:
    if "cluster" not in group or group["cluster"].isna().all():
        return None
    named = group["cluster"].astype(object).groupby(group["item"].astype(str)).first()
    # an item outside every cluster is one of its own
    alone = pd.Series(("item " + items).to_numpy(), index=items)
    return np.asarray(pd.factorize(named.reindex(items).fillna(alone))[0])
