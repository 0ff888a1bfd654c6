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


def intake(
    data: Evidence | pd.DataFrame, *, missing: Missing | None = "drop", **wanted: Any
) -> Evidence:
    """Return the evidence an analysis works on.

    Parameters
    ----------
    data : Evidence or DataFrame
        A bare DataFrame is taken as timings where it has a status and no score, else as records,
        and validated. Timings without records are scored
        first, unless the analysis counts what has no score itself.
    missing : {"drop", "wrong"} or None
        Whether answers without a score leave the mean and n, or count at the metric's worst value;
        None where the analysis counts them itself.
    **wanted
        Key column = value or values to keep; None keeps all.

    Raises
    ------
    UsageError
        Neither Evidence nor a DataFrame, a value that is not in the data, or an unknown `missing`.
    """
    if not isinstance(data, (Evidence, pd.DataFrame)):
        raise UsageError(
            f"expected what load() gives or a DataFrame of records, but found "
            f"{type(data).__name__}. Read files with evalvar.load(path)."
        )
    evidence = as_read(data)
    if missing is not None and len(evidence.timings) and not len(evidence.records):
        from evalvar.analyses.timing_scores import score_timings  # which calls this

        evidence = score_timings(evidence)
    evidence = evidence.select(**wanted)
    if missing == "wrong":
        return count_missing_as_wrong(evidence)
    if missing is None:
        return evidence
    if missing != "drop":
        raise UsageError(f"missing='{missing}' is unknown. Use 'drop' or 'wrong'.")
    return evidence.plus(*unscored(evidence.records))


def as_read(data: Evidence | pd.DataFrame) -> Evidence:
    """Return evidence, of a bare DataFrame what its columns say: timings or records."""
    if isinstance(data, Evidence):
        return data
    timed = "status" in data and "score" not in data
    return as_evidence(timings=data) if timed else as_evidence(data)


def last_checkpoint(table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Keep the last checkpoint of each model, task and metric.

    Returns
    -------
    table : DataFrame
        The rows that are kept.
    remarks : list of str
        Which seeds have not got that far and are left out.
    """
    if not len(table):
        return table, []
    by = ["model", "task", "metric"]
    last = table.groupby(by, observed=True)["checkpoint"].transform("max")
    kept = table[table["checkpoint"] == last].reset_index(drop=True)
    runs = table[[*by, "seed", "checkpoint"]].assign(last=last)
    runs = runs.groupby([*by, "seed"], observed=True, sort=False).max().reset_index()
    behind = runs[runs["checkpoint"] < runs["last"]]
    said = [
        (f"{row.model}, {row.task}, {row.metric}",
         f"seed {row.seed} has no score at the last checkpoint {row.last} and is left out.")
        for row in behind.itertuples()
    ]  # fmt: skip
    return kept, by_reason(said)


def as_tuple(values: Any) -> Any:
    """Return a list argument as something that can be recorded in the settings."""
    return list(values) if isinstance(values, list | tuple | set) else values


def by_reason(said: list[tuple[str, str]], what: str = "readings") -> list[str]:
    """Fold remarks on readings: one sentence a reason, which counts the readings it is true of.

    Parameters
    ----------
    said : list of (reading, reason)
        What is to be said of which model, task and metric.
    what : str
        What the readings are called.
    """
    readings: dict[str, list[str]] = {}
    for reading, reason in said:
        readings.setdefault(reason, []).append(reading)
    return [
        f"{names[0]}: {reason}"
        if len(names) == 1
        else f"{len(names):,} {what} (first {names[0]}): {reason}"
        for reason, names in readings.items()
    ]
