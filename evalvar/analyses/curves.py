"""The scores of one model on one task and metric as arrays: item x seed x checkpoint."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalvar.analyses.cells import cells, item_scores
from evalvar.analyses.facts import Facts, metric_facts
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
        Scores of the items that every run answered; None where there are no items.
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
    items = {}
    if len(evidence.records):
        groups = item_scores(evidence).groupby(by, observed=True, sort=False)
        items = {tuple(map(str, key)): group for key, group in groups}
    for key, cell in cells(evidence).groupby(by, sort=True):
        model, task, metric = map(str, key)
        scores = items.get((model, task, metric)) if cell["from_items"].all() else None
        yield _curves(model, task, metric, cell, scores, facts[(task, metric)])


def _curves(
    model: str,
    task: str,
    metric: str,
    cell: pd.DataFrame,
    scores: pd.DataFrame | None,
    facts: Facts,
) -> Curves:
    remarks = []
    prompts = cell["prompt"].nunique()
    if prompts > 1:
        remarks.append(f"each run is the mean over its {prompts} prompts.")
    seeds = np.sort(cell["seed"].unique()).astype("int64")
    steps = np.sort(cell["checkpoint"].unique()).astype("int64")
    at = (np.searchsorted(seeds, cell["seed"]), np.searchsorted(steps, cell["checkpoint"]))
    means = _average(at, cell["mean"].to_numpy(), (seeds.size, steps.size))
    present = np.isfinite(means)
    if scores is None:
        claimed = np.where(cell["se"] > 0, cell["se"], np.nan)
        errors = np.sqrt(_average(at, claimed**2, means.shape) / prompts)
        items, n = None, float(cell["n"].min())
    else:
        items, left_out = _shared_items(scores, seeds, steps, present)
        if left_out:
            remarks.append(
                f"{left_out:,} of {counted(len(items) + left_out, 'item')} not scored in every "
                f"seed and checkpoint; seeds are compared on the other {len(items):,}."
            )
        n = len(items)
        means, errors = np.full(means.shape, np.nan), np.full(means.shape, np.nan)
        if n:
            means[present] = items[:, present].mean(axis=0)
            errors[present] = _errors(items[:, present])
    if not present.all():
        gaps = int((~present).sum())
        remarks.append(f"{gaps} of {present.size} seed x checkpoint runs missing.")
    count = int(n) if np.isfinite(n) else 0
    named = tuple((f"{model}, {task}, {metric}", reason) for reason in remarks)
    return Curves(model, task, metric, seeds, steps, means, errors, count, items, facts, named)


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


def _shared_items(
    scores: pd.DataFrame, seeds: np.ndarray, steps: np.ndarray, present: np.ndarray
) -> tuple[np.ndarray, int]:
    """Return the scores (n, S, T) of the items that every run present has, and how many are not."""
    codes, labels = pd.factorize(scores["item"], sort=True)
    shape = (len(labels), seeds.size, steps.size)
    at = (
        codes,
        np.searchsorted(seeds, scores["seed"]),
        np.searchsorted(steps, scores["checkpoint"]),
    )
    total, count = np.zeros(shape), np.zeros(shape, dtype="int32")
    np.add.at(total, at, scores["score"].to_numpy())
    np.add.at(count, at, 1)
    full = (count > 0) | ~present
    shared = full.all(axis=(1, 2))
    with np.errstate(invalid="ignore"):
        return total[shared] / count[shared], int((~shared).sum())
