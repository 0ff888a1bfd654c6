"""The scores of one model on one task and metric as arrays: item x seed x checkpoint."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalvar.analyses.cells import cells, item_scores
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
    half_widths : float array, shape (S, T)
        Standard error of each mean over items.
    items : float array, shape (n, S, T), or None
        Scores of the items that every run answered; None where there are no items.
    facts : Series
        The facts of the metric and the declared range.
    remarks : tuple of str
        What was left out.
    """

    model: str
    task: str
    metric: str
    seeds: np.ndarray
    checkpoints: np.ndarray
    means: np.ndarray
    errors: np.ndarray
    items: np.ndarray | None
    facts: pd.Series
    remarks: tuple[str, ...]

    @property
    def sign(self) -> float:
        """1 where higher is better, -1 where lower is."""
        return 1.0 if self.facts["higher_is_better"] else -1.0

    @property
    def name(self) -> str:
        """Model, task and metric, for remarks."""
        return f"{self.model}, {self.task}, {self.metric}"


def training_curves(evidence: Evidence) -> Iterator[Curves]:
    """Yield the curves of every model, task and metric, in order."""
    table = cells(evidence)
    scores = item_scores(evidence) if len(evidence.records) else None
    groups = (
        {}
        if scores is None
        else dict(iter(scores.groupby(["model", "task", "metric"], observed=True, sort=False)))
    )
    for key, cell in table.groupby(["model", "task", "metric"], sort=True):
        yield _curves(key, cell, groups.get(key))


def _curves(key: tuple[str, str, str], cell: pd.DataFrame, scores: pd.DataFrame | None) -> Curves:
    model, task, metric = key
    where = ", ".join(key)
    remarks = []
    prompts = cell["prompt"].nunique()
    if prompts > 1:
        remarks.append(f"{where}: each run is the mean over its {prompts} prompts.")
    seeds = np.sort(cell["seed"].unique()).astype("int64")
    steps = np.sort(cell["checkpoint"].unique()).astype("int64")
    at = (np.searchsorted(seeds, cell["seed"]), np.searchsorted(steps, cell["checkpoint"]))
    means = _average(at, cell["mean"], (seeds.size, steps.size))
    errors = np.sqrt(
        _average(at, _squared_errors(cell), (seeds.size, steps.size)) / max(prompts, 1)
    )
    items = None
    if scores is not None and bool(cell["from_items"].all()):
        items, left_out = _shared_items(scores, seeds, steps, np.isfinite(means))
        if left_out:
            total = len(items) + left_out
            remarks.append(
                f"{where}: {left_out:,} of {total:,} items are not scored in every seed and "
                f"checkpoint; seeds are compared on the {len(items):,} that are."
            )
        if len(items):
            with np.errstate(invalid="ignore"):
                means = np.where(np.isfinite(means), items.mean(axis=0), np.nan)
                errors = _item_errors(items, bool(cell["discrete"].iloc[0]))
        else:
            means, items = np.full_like(means, np.nan), None
    gaps = int(np.isnan(means).sum())
    if gaps and len(cell):
        remarks.append(f"{where}: {gaps} of {means.size} seed x checkpoint runs are missing.")
    return Curves(
        model, task, metric, seeds, steps, means, errors, items, cell.iloc[0], tuple(remarks)
    )


def _squared_errors(cell: pd.DataFrame) -> np.ndarray:
    n = cell["n"].to_numpy("float64")
    mean, se = cell["mean"].to_numpy("float64"), cell["se"].to_numpy("float64")
    se = np.where(se > 0, se, np.nan)
    own = cell["variance"].to_numpy("float64") / n
    binary = (cell["at_low"] + cell["at_high"] == cell["n"]).to_numpy()
    own = np.where(binary, mean * (1 - mean) / n, own)
    return np.where(cell["from_items"], own, se**2)


def _item_errors(items: np.ndarray, binary: bool) -> np.ndarray:
    n = len(items)
    if binary and np.isin(items[np.isfinite(items)], (0.0, 1.0)).all():
        p = items.mean(axis=0)
        return np.sqrt(p * (1 - p) / n)
    if n < 2:
        return np.full(items.shape[1:], np.nan)
    return items.std(axis=0, ddof=1) / np.sqrt(n)


def _average(
    at: tuple[np.ndarray, np.ndarray], values: pd.Series | np.ndarray, shape: tuple[int, int]
) -> np.ndarray:
    total, count = np.zeros(shape), np.zeros(shape)
    np.add.at(total, at, np.asarray(values, dtype=float))
    np.add.at(count, at, 1)
    with np.errstate(invalid="ignore"):
        return total / count


def _shared_items(
    scores: pd.DataFrame, seeds: np.ndarray, steps: np.ndarray, present: np.ndarray
) -> tuple[np.ndarray, int]:
    """Return the scores (n, S, T) of the items that every run present has, and how many are not."""
    codes, labels = pd.factorize(scores["item"])
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
