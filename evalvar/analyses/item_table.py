"""The table of an item analysis: keys, labels, and rows an item or a task."""

import numpy as np
import pandas as pd

from evalvar.analyses.respondents import Responses
from evalvar.results import FIELDS, Result, Row
from evalvar.stats import Estimate

KEYS = ("task", "metric", "model", "item", "size")
TASK_LABELS = ("items", "respondents", "share")
HALVES = ("half_a_r", "half_b_r", "weak_r", "strong_r")
ITEM_LABELS = (
    *("flag", "flipped_q", "suspect_q", "gold", "chosen_instead", "duplicate_of", "region"),
    *HALVES,
    "text",
)
_NUMBERS = (
    *("value", "se", "low", "high", "level", "p_value", "flipped_q", "suspect_q", "share"),
    *HALVES,
)
_COUNTS = ("size", "items", "respondents")


def undefined(why: str, level: float, unit: str) -> Estimate:
    """Return an estimate that says why there is none."""
    return Estimate(np.nan, level=level, unit=unit, method=f"undefined: {why}")


def task_frame(
    found: Responses, rows: list[tuple[dict[str, float], str, Estimate]]
) -> pd.DataFrame:
    """Return rows about a whole task; each has further keys and labels, a quantity, an estimate."""
    key = {"task": found.task, "metric": found.metric, "model": found.model}
    made: list[Row] = [({**key, **more}, name, estimate) for more, name, estimate in rows]
    table = Result.of("items", KEYS, made, settings={}).table
    shares = np.array([more.get("share", np.nan) for more, _, _ in rows], dtype=np.float64)
    return table.assign(items=len(found.items), respondents=len(found.names), share=shares)


def item_frame(
    found: Responses, quantity: str, columns: dict[str, object], model: str | None = None
) -> pd.DataFrame:
    """Return rows of one quantity, one an item."""
    frame = pd.DataFrame({"item": found.items, **columns})
    owner = found.model if model is None else model
    return frame.assign(task=found.task, metric=found.metric, model=owner, quantity=quantity)


def whole_table(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Put rows together with the columns, types and order of a result."""
    names = [*KEYS, "quantity", *FIELDS, *TASK_LABELS, *ITEM_LABELS]
    columns = {name: [_column(frame, name) for frame in frames if len(frame)] for name in names}
    return pd.DataFrame({name: pd.concat(parts, ignore_index=True)
                         for name, parts in columns.items()})  # fmt: skip


def _column(frame: pd.DataFrame, name: str) -> pd.Series:
    """Return a column in its type; empty where the rows have none."""
    if name not in frame:
        kind = "float64" if name in _NUMBERS else "Int64" if name in _COUNTS else object
        empty = np.nan if name in _NUMBERS else None
        return pd.Series([empty] * len(frame), dtype=kind)
    column = frame[name]
    if name in _NUMBERS:
        return column.astype("float64")
    if name == "n":
        return column.astype("int64")
    if name in _COUNTS:
        return column.astype("Int64")
    column = column.astype(object)
    return column.where(column.notna(), None)
