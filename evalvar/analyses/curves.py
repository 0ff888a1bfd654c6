"""The scores of one model on one task and metric as arrays: item x seed x checkpoint."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalvar.analyses.cells import cells_of, item_scores
from evalvar.analyses.facts import Facts, metric_facts
from evalvar.analyses.units import Shared, by_run, shared, units_of
from evalvar.errors import counted
from evalvar.evidence import Evidence


@dataclass(frozen=True, slots=True)
class Curves:
    """Training curves of one model, task and metric.

    Parameters
    ----------
    model, task, metric : str
        What was measured.
    seeds, checkpoints : int array, shapes (S,) and (T,)
        Sorted labels of the axes.
    means : float array, shape (S, T)
        Mean over the shared items, or as reported; NaN where the run is missing.
    errors : float array, shape (S, T)
        Standard error of each mean over items; NaN where not known.
    n : int
        How many items each mean rests on; 0 if not known.
    items : float array, shape (n, S, T), or None
        Scores of the items that every run answered; NaN in a run that only reported its mean; None
        where no run has items.
    facts : Facts
        What is known of the metric.
    remarks : tuple of (reading, reason)
        What was left out.
    """

    model: str
    task: str
    metric: str
    seeds: np.ndarray
    checkpoints: np.ndarray
    means: np.ndarray
    errors: np.ndarray
    n: int
    items: np.ndarray | None
    facts: Facts
    remarks: tuple[tuple[str, str], ...]

    @property
    def name(self) -> str:
        """Model, task and metric, for remarks."""
        return f"{self.model}, {self.task}, {self.metric}"


def training_curves(evidence: Evidence) -> Iterator[Curves]:
    """Yield the curves of every model, task and metric, in order."""
    facts = metric_facts(evidence)
    by = ["model", "task", "metric"]
    items: dict[tuple[str, ...], pd.DataFrame] = {}
    every = item_scores(evidence) if len(evidence.records) else None
    if every is not None:
        groups = every.groupby(by, observed=True, sort=False)
        items = {tuple(map(str, key)): group for key, group in groups}
    for key, cell in cells_of(evidence, every, facts).groupby(by, sort=True):
        model, task, metric = map(str, key)
        scores = items.get((model, task, metric))
        yield _curves(model, task, metric, cell, scores, facts[(task, metric)])


def _curves(
    model: str,
    task: str,
    metric: str,
    cell: pd.DataFrame,
    scores: pd.DataFrame | None,
    facts: Facts,
) -> Curves:
    seeds = np.sort(cell["seed"].unique()).astype("int64")
    steps = np.sort(cell["checkpoint"].unique()).astype("int64")
    shape = (seeds.size, steps.size)
    claims, remarks = _same_prompts(cell[~cell["from_items"]])
    at = (np.searchsorted(seeds, claims["seed"]), np.searchsorted(steps, claims["checkpoint"]))
    means = _average(at, claims["mean"].to_numpy(), shape)
    # the mean of the errors: prompts share their items, so their errors do not average out
    errors = _average(at, np.where(claims["se"] > 0, claims["se"], np.nan), shape)
    n = float(cell["n"].min())
    if cell["prompt"].nunique() > 1:
        remarks.append("each run is the mean over its prompts.")
    items = None
    if scores is not None:
        found, measured = _items(scores, seeds, steps)
        clustered = "cluster" in scores and bool(scores["cluster"].notna().any())
        remarks += _left_out(found, len(claims), clustered)
        n = len(found.items)
        items = np.full((n, *shape), np.nan)
        items[:, measured] = found.scores
        means[measured] = found.scores.mean(axis=0) if n else np.nan
        errors[measured] = _errors(found.scores) if n else np.nan
    gaps = int(np.isnan(means).sum())
    if gaps:
        remarks.append(f"{gaps} of {means.size} seed x checkpoint runs missing.")
    count = int(n) if np.isfinite(n) else 0
    named = tuple((f"{model}, {task}, {metric}", reason) for reason in remarks)
    return Curves(model, task, metric, seeds, steps, means, errors, count, items, facts, named)


def _same_prompts(claims: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Keep the reported values of the prompts that every run has; all where there is none."""
    if not len(claims):
        return claims, []
    runs = claims.groupby(["seed", "checkpoint"]).ngroups
    has = claims.groupby("prompt")["prompt"].transform("size")
    if (has == runs).all():
        return claims, []
    if not (has == runs).any():
        return claims, ["no prompt in common; each run is the mean over its own."]
    left_out = claims[has < runs]
    names = ", ".join(sorted(left_out["prompt"].unique())[:4])
    return claims[has == runs], [
        f"{counted(len(left_out), 'value')} left out of prompts that not every run has ({names})."
    ]


def _items(scores: pd.DataFrame, seeds: np.ndarray, steps: np.ndarray) -> tuple[Shared, np.ndarray]:
    """Return the items that every run with items has, and which runs those are (S, T)."""
    at = np.searchsorted(seeds, scores["seed"]) * steps.size
    at = at + np.searchsorted(steps, scores["checkpoint"])
    runs, run = np.unique(at, return_inverse=True)
    codes, units = units_of(scores)
    table = by_run(codes, run, scores["score"].to_numpy(), (units.item.size, runs.size))
    measured = np.zeros(seeds.size * steps.size, dtype=bool)
    measured[runs] = True
    return shared(table, units), measured.reshape(seeds.size, steps.size)


def _left_out(found: Shared, claims: int, clustered: bool) -> list[str]:
    remarks = []
    if found.left_out:
        total = counted(len(found.items) + found.left_out, "item")
        remarks.append(
            f"{found.left_out:,} of {total} not scored in every "
            f"seed and checkpoint; seeds are compared on the other {len(found.items):,}."
        )
    if found.thinned:
        remarks.append(f"{counted(found.thinned, 'item')} kept on the prompts that every run has.")
    if found.own_prompts:
        remarks.append("no prompt in common; each run is the mean over its own.")
    if claims:
        remarks.append(f"{counted(claims, 'run')} as reported, without items.")
    if clustered:
        remarks.append("items are taken as independent although they share clusters.")
    return remarks


def _errors(scores: np.ndarray) -> np.ndarray:
    """Return the standard error over items of each column: Bernoulli's for scores of 0 and 1."""
    n = len(scores)
    if np.isin(scores, (0.0, 1.0)).all():
        p = scores.mean(axis=0)
        return np.asarray(np.sqrt(p * (1 - p) / n))
    if n < 2:
        return np.full(scores.shape[1], np.nan)
    return np.asarray(scores.std(axis=0, ddof=1) / np.sqrt(n))


def _average(
    at: tuple[np.ndarray, np.ndarray], values: np.ndarray, shape: tuple[int, ...]
) -> np.ndarray:
    total, count = np.zeros(shape), np.zeros(shape)
    np.add.at(total, at, values)
    np.add.at(count, at, 1)
    with np.errstate(invalid="ignore"):
        return np.asarray(total / count)
