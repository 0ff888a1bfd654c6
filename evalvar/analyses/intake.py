"""What every analysis does first: validate, select, and say what has no score."""

from typing import Any

import pandas as pd

from evalvar.errors import UsageError
from evalvar.evidence import (
    Evidence,
    Missing,
    as_evidence,
    count_missing_as_wrong,
    unscored,
)


def intake(data: Evidence | pd.DataFrame, *, missing: Missing = "drop", **wanted: Any) -> Evidence:
    """Return the evidence an analysis works on.

    Parameters
    ----------
    data : Evidence or DataFrame
        A bare DataFrame is taken as records and validated.
    missing : {"drop", "wrong"}
        Whether answers without a score leave the mean and n, or count at the metric's worst value.
    **wanted
        Key column = value or values to keep; None keeps all.

    Raises
    ------
    UsageError
        A value that is not in the data, or an unknown `missing`.
    """
    evidence = data if isinstance(data, Evidence) else as_evidence(data)
    evidence = evidence.select(**wanted)
    if missing == "wrong":
        return count_missing_as_wrong(evidence)
    if missing != "drop":
        raise UsageError(f"missing='{missing}' is unknown. Use 'drop' or 'wrong'.")
    return evidence.plus(*unscored(evidence.records))


def last_checkpoint(table: pd.DataFrame) -> pd.DataFrame:
    """Keep the rows of the last checkpoint of each model and task."""
    if not len(table):
        return table
    last = table.groupby(["model", "task"], observed=True)["checkpoint"].transform("max")
    return table[table["checkpoint"] == last].reset_index(drop=True)


def as_tuple(values: Any) -> Any:
    """Return a list argument as something that can be recorded in the settings."""
    return list(values) if isinstance(values, list | tuple | set) else values


def by_reason(said: list[tuple[str, str]]) -> list[str]:
    """Fold remarks on readings: one sentence a reason, which counts the readings it is true of.

    Parameters
    ----------
    said : list of (reading, reason)
        What is to be said of which model, task and metric.
    """
    readings: dict[str, list[str]] = {}
    for reading, reason in said:
        readings.setdefault(reason, []).append(reading)
    return [
        f"{names[0]}: {reason}"
        if len(names) == 1
        else f"{len(names)} readings (first {names[0]}): {reason}"
        for reason, names in readings.items()
    ]
