"""One samples file of lm-eval on its way to a table of records."""

import contextlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd

from evalvar.adapters.lm_eval_metrics import GUESSED, base
from evalvar.adapters.lm_eval_results import Run
from evalvar.adapters.lm_eval_rows import Rows
from evalvar.adapters.remarks import Remark


@dataclass
class Scores:
    """Scores of one metric.

    Parameters
    ----------
    metric : str
        Its name, with the filter where it has one.
    rows : int array
        Rows of the file that the scores belong to.
    values : float array
        The scores.
    low, high : float
        Range of the metric, NaN where it is not known.
    up : bool
        Whether higher is better.
    sample : int array or int
        Number of the repeated answer.
    """

    metric: str
    rows: np.ndarray
    values: np.ndarray
    low: float
    high: float
    up: bool
    sample: np.ndarray | int = 0


@dataclass
class Sheet:
    """What was read of a file, and what was made of it so far.

    Parameters
    ----------
    path, task, model : Path, str, str
        Where it lies and whose answers to what it holds.
    run : Run or None
        The run as its results file describes it.
    rows : Rows
        The file, column by column.
    filters : list of str
        Filter of every row.
    remarks : list of str
        Remarks are added here.
    scores : list of Scores
        What the table will hold.
    by_row : dict
        Further columns, one value per row of the file.
    """

    path: Path
    task: str
    model: str
    run: Run | None
    rows: Rows
    filters: list[str]
    remarks: list[str]
    scores: list[Scores] = field(default_factory=list)
    by_row: dict[str, Any] = field(default_factory=dict)

    def remark(self, template: str, *counts: int, example: str = "", file: bool = False) -> None:
        """Add a remark on the task, or on the file."""
        if file:
            self.remarks.append(Remark(template, *counts, file=self.path, example=example))
        else:
            self.remarks.append(Remark(f"{self.task}: {template}", *counts, example=example))

    def config(self) -> dict[str, Any]:
        """Return the configuration of the task; empty where it is not known."""
        return self.run.config(self.task) if self.run is not None else {}

    def first_filter(self) -> np.ndarray:
        """Rows of the filter that the file begins with: every document once."""
        return np.flatnonzero(np.array(self.filters, dtype=object) == self.filters[0])

    def aggregate(self, metric: str) -> float | None:
        """Value that the results file reports for a metric."""
        entry = self.run.of_task("results", self.task) if self.run is not None else None
        value = entry.get(metric) if isinstance(entry, dict) else None
        return float(value) if isinstance(value, int | float) else None

    def table(self) -> pd.DataFrame | None:
        """Return the records of the file; None when it has no score."""
        if not self.scores:
            return None
        parts = self.scores
        sizes = [len(part.rows) for part in parts]
        row = np.concatenate([part.rows for part in parts])

        def each(values: list[Any]) -> np.ndarray:
            return np.repeat(np.array(values), sizes)

        def label(values: list[Any]) -> pd.Categorical:
            codes, distinct = pd.factorize(np.array(values, dtype=object))
            return pd.Categorical.from_codes(
                codes[row], categories=pd.Index(distinct, dtype=object)
            )

        metrics = np.repeat(np.arange(len(parts)), sizes)
        codes, names = pd.factorize(np.array([part.metric for part in parts], dtype=object))
        guessed = each([base(part.metric) in GUESSED for part in parts])
        count = len(row)
        columns: dict[str, Any] = {
            "model": constant(self.model, count),
            "task": constant(self.task, count),
            "item": label(self.rows.doc_ids),
            "metric": pd.Categorical.from_codes(
                codes[metrics], categories=pd.Index(names, dtype=object)
            ),
            "sample": np.concatenate(
                [np.broadcast_to(np.asarray(part.sample), len(part.rows)) for part in parts]
            ).astype("int64"),
            "score": np.concatenate([part.values for part in parts]),
            "score_min": each([part.low for part in parts]),
            "score_max": each([part.high for part in parts]),
            "higher_is_better": each([part.up for part in parts]),
        }
        group = self.run.group(self.task) if self.run is not None else None
        if group is not None:
            columns["group"] = constant(group, count)
        if "chance" in self.by_row:
            columns["chance"] = np.where(guessed, self.by_row["chance"][row], np.nan)
        for name in ("answer.chosen", "item.gold"):
            if name in self.by_row:
                columns[name] = label(self.by_row[name])
        if any(value is not None for value in self.rows.hashes):
            columns["item.hash"] = label(self.rows.hashes)
        return pd.DataFrame(columns)


def numbers(column: list[Any]) -> tuple[np.ndarray, np.ndarray | None]:
    """Rows that have a value, and the values; no values when one of them is no number."""
    with contextlib.suppress(TypeError, ValueError):
        values = np.array(column, dtype=float)
        if values.ndim == 1:  # else every row holds a list
            return np.arange(len(column)), values
    rows = [n for n, value in enumerate(column) if value is not msgspec.UNSET]
    words = {"true": 1.0, "false": 0.0, "nan": np.nan, "": np.nan}
    found: list[float] = []
    for row in rows:
        value = column[row]
        try:
            value = words.get(value.lower(), value) if isinstance(value, str) else value
            found.append(np.nan if value is None else float(value))
        except (TypeError, ValueError):
            return np.array(rows, dtype=int), None
    return np.array(rows, dtype=int), np.array(found, dtype=float)


def constant(value: str, count: int) -> pd.Categorical:
    """One value in every row."""
    return pd.Categorical.from_codes(
        np.zeros(count, dtype="int8"), categories=pd.Index([value], dtype=object)
    )
