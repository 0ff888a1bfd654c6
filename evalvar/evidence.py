"""The tables that every analysis reads, and the rules they obey.

`records` holds one row per scored answer, `reported` what a file claims without its items,
`timings` how long programs ran. All three are plain pandas DataFrames; `Evidence` keeps them
with the files they came from and the remarks made while reading.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, Literal

import numpy as np
import pandas as pd

from evalvar.errors import RecordsError, UsageError, counted
from evalvar.tables import (
    PHASES,
    RECORDS_KEY,
    REFERENCE,
    REPORTED_KEY,
    SOURCES,
    STATUSES,
    TIMINGS_KEY,
    Duplicates,
    check_attributes,
    check_orientation,
    check_range,
    check_values,
    higher_is_better,
    stack,
    typed,
    unique,
)

__all__ = [
    "RECORDS_KEY",
    "REFERENCE",
    "REPORTED_KEY",
    "TIMINGS_KEY",
    "Duplicates",
    "Evidence",
    "Missing",
    "as_evidence",
    "as_records",
    "as_reported",
    "as_timings",
    "binary",
    "count_missing_as_wrong",
    "higher_is_better",
    "merge",
    "metric_numbers",
    "not_there",
    "score_range",
    "unscored",
    "worst_scores",
]

Missing = Literal["drop", "wrong"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was read: the tables, where they came from, and what there is to remark.

    Parameters
    ----------
    records, reported, timings : DataFrame
        Valid by the rules of `as_evidence`; each may be empty.
    sources : DataFrame
        One row per file read: path, sha256, rows, harness, version.
    warnings : tuple of str
        Sentences with counts, handed on to every result.
    """

    records: pd.DataFrame
    reported: pd.DataFrame
    timings: pd.DataFrame
    sources: pd.DataFrame
    warnings: tuple[str, ...] = ()

    def __repr__(self) -> str:
        tables = {"record": self.records, "reported value": self.reported, "timing": self.timings}
        held = [counted(len(table), name) for name, table in tables.items() if len(table)]
        models = dict.fromkeys(str(m) for t in tables.values() for m in t["model"].unique())
        of = f" of {counted(len(models), 'model')}" if models else ""
        return f"Evidence({' and '.join(held) or 'nothing'}{of})"

    def select(self, **wanted: Any) -> "Evidence":
        """Keep the rows whose key columns have one of the wanted values.

        Parameters
        ----------
        **wanted
            Key column = value or list of values; None keeps everything. Of timings the
            reference's stay with those of the programs.

        Raises
        ------
        UsageError
            A column is no key, or a value occurs nowhere; the message lists what does.
        """
        tables = {"records": self.records, "reported": self.reported, "timings": self.timings}
        for column, values in wanted.items():
            if values is None:
                continue
            tables = _select(tables, column, _as_list(values))
        return replace(
            self,
            records=tables["records"],
            reported=tables["reported"],
            timings=tables["timings"],
        )

    def plus(self, *warnings: str) -> "Evidence":
        """Return the same evidence with further remarks."""
        return replace(self, warnings=tuple(dict.fromkeys((*self.warnings, *warnings))))


def as_evidence(
    records: pd.DataFrame | None = None,
    *,
    reported: pd.DataFrame | None = None,
    timings: pd.DataFrame | None = None,
    sources: pd.DataFrame | None = None,
    warnings: Iterable[str] = (),
    duplicates: Duplicates = "error",
) -> Evidence:
    """Validate and complete the tables: column types, defaults, unique keys.

    Parameters
    ----------
    records : DataFrame, optional
        One row per scored answer: model, task, item and score are required; metric, seed,
        checkpoint, prompt and sample have defaults. Optional: group, cluster, chance, score_min,
        score_max, higher_is_better, and attributes ``item.*``, ``factor.*``, ``answer.*``.
    reported : DataFrame, optional
        The key without item and sample, plus value, and se and n where they are known.
    timings : DataFrame, optional
        One row per timed case of a program: model, task, item, seconds (NaN where there is none)
        and status are required; run (the sitting in which a program and the references were
        timed together), phase, level, case and repeat have defaults. The reference solutions are
        the model ``reference``. Optional: limit_s, inside_s, outside_s, calls, resolution_s,
        machine (what it was taken on), and attributes ``item.*``.
    sources : DataFrame, optional
        One row per file read.
    warnings : iterable of str
        Remarks made while reading.
    duplicates : {"error", "latest", "sample", "keep"}
        What a key that occurs twice means: an error, a rerun of which the last row counts, or a
        repeated answer, which gets a sample number of its own. "keep" is for readers of single
        files, whose rows are put together and judged by `merge`.

    Returns
    -------
    Evidence

    Raises
    ------
    RecordsError
        A table breaks a rule; the message says which, how often and where first.
    """
    for name, table in (("records", records), ("reported", reported), ("timings", timings)):
        if table is not None and not isinstance(table, pd.DataFrame):
            raise RecordsError(
                f"{name}: expected a DataFrame, but found a {type(table).__name__}. Build one with "
                "pandas.DataFrame(...)."
            )
    remarks = list(warnings)
    records = typed(records, "records", RECORDS_KEY, "score", remarks)
    reported = typed(reported, "reported", REPORTED_KEY, "value", remarks)
    timings = typed(timings, "timings", TIMINGS_KEY, "seconds", remarks)
    if duplicates != "keep":
        records = unique(records, "records", RECORDS_KEY, duplicates, remarks)
        # A repeated answer has a place of its own in records; an aggregate of it has none.
        rerun = "latest" if duplicates == "sample" else duplicates
        reported = unique(reported, "reported", REPORTED_KEY, rerun, remarks)
        timings = unique(timings, "timings", TIMINGS_KEY, "error", remarks)
        check_orientation(records, reported)
        check_range(records, "records", "score")
        check_attributes(records, "records")
        check_attributes(timings, "timings")
    if len(timings):
        check_values(timings, "status", STATUSES)
        check_values(timings, "phase", PHASES)
    if sources is None:
        sources = pd.DataFrame(columns=list(SOURCES))
    return Evidence(records, reported, timings, sources, tuple(dict.fromkeys(remarks)))


def as_records(frame: pd.DataFrame, *, duplicates: Duplicates = "error") -> pd.DataFrame:
    """Return a valid table of records: `as_evidence` for a single table.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"model": "A", "task": "t", "item": [1, 2], "score": [1, 0]})
    >>> as_records(frame)[["item", "seed", "score"]].to_dict("list")
    {'item': ['1', '2'], 'seed': [0, 0], 'score': [1.0, 0.0]}
    """
    return as_evidence(frame, duplicates=duplicates).records


def as_reported(frame: pd.DataFrame, *, duplicates: Duplicates = "error") -> pd.DataFrame:
    """Return a valid table of reported values."""
    return as_evidence(reported=frame, duplicates=duplicates).reported


def as_timings(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a valid table of timings."""
    return as_evidence(timings=frame).timings


def merge(parts: Sequence[Evidence], *, duplicates: Duplicates = "error") -> Evidence:
    """Put together what several files hold and check the whole.

    Parameters
    ----------
    parts : sequence of Evidence
        In reading order, which decides what ``duplicates="latest"`` keeps.
    duplicates : {"error", "latest", "sample"}
        See `as_evidence`.
    """
    return as_evidence(
        stack([part.records for part in parts]),
        reported=stack([part.reported for part in parts]),
        timings=stack([part.timings for part in parts]),
        sources=stack([part.sources for part in parts]),
        warnings=[sentence for part in parts for sentence in part.warnings],
        duplicates=duplicates,
    )


# Why an answer has no score where being wrong is not why.
UNSCORED = "answer.unscored"


def unscored(records: pd.DataFrame) -> list[str]:
    """Say how many answers have no score: a sentence for all models of which the same is true."""
    lost = records["score"].isna()
    if not lost.any():
        return []
    by = [records["model"], records["metric"]]
    counts = lost.groupby(by, observed=True).agg(["sum", "size"])
    of_model: dict[str, dict[tuple[int, int], list[str]]] = {}
    for (model, metric), (missing, rows) in zip(counts.index, counts.to_numpy(), strict=True):
        of_model.setdefault(str(model), {}).setdefault((int(missing), int(rows)), []).append(metric)
    models: dict[str, list[str]] = {}
    for model, found in of_model.items():
        for (missing, rows), metrics in found.items():
            where = "" if len(found) == 1 else f" in {', '.join(map(str, metrics))}"
            if missing:
                said = (
                    f"no score for {missing:,} of {counted(rows, 'answer')}{where} "
                    f"({100 * missing / rows:.1f} %), left out of the mean and its n."
                )
                models.setdefault(said, []).append(model)
    return [
        f"{names[0] if len(names) == 1 else f'{len(names):,} models (first {names[0]})'}: {said}"
        for said, names in models.items()
    ]


def count_missing_as_wrong(evidence: Evidence) -> Evidence:
    """Score every unscored answer at the worst value of its metric.

    What has a reason in a column ``answer.unscored`` cannot be scored, right or wrong: it is left
    out.

    Raises
    ------
    RecordsError
        The range of a metric with unscored answers is not declared and its scores are not 0/1.
    """
    records = evidence.records
    lost = records["score"].isna()
    if UNSCORED in records:
        never = lost & records[UNSCORED].notna()
        lost &= ~never
        if never.any():
            evidence = evidence.plus(
                f"not counted as wrong, but left out: {counted(int(never.sum()), 'answer')} that "
                "cannot be scored."
            )
    if not lost.any():
        return evidence
    worst = worst_scores(records)
    unknown = lost & worst.isna()
    if unknown.any():
        metric = records.loc[unknown, "metric"].iloc[0]
        raise RecordsError(
            f"no score for {counted(int(unknown.sum()), 'answer')}, and none can be counted as "
            f"wrong: the range of metric '{metric}' is not declared. Add columns score_min and "
            "score_max."
        )
    records = records.assign(score=records["score"].where(~lost, worst))
    remark = f"counted as wrong: {counted(int(lost.sum()), 'answer')} without a score."
    return replace(evidence, records=records).plus(remark)


def worst_scores(records: pd.DataFrame) -> pd.Series:
    """Worst possible score of every row: the declared bound, or 0 for 0/1 scores, else NaN."""
    low, high = score_range(records)
    return low.where(higher_is_better(records), high)


def score_range(records: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Return the lowest and highest possible score of every row.

    That is the declared range; where none is declared and all scores of a metric are 0 or 1,
    [0, 1]; else NaN.
    """
    nothing = pd.Series(np.nan, index=records.index)
    low = records.get("score_min", nothing)
    high = records.get("score_max", nothing)
    undeclared = low.isna() | high.isna()
    if undeclared.any():
        group = metric_numbers(records)
        whole = (np.bincount(group, ~binary(records["score"])) == 0)[group]
        low = low.mask(undeclared & whole, 0.0)
        high = high.mask(undeclared & whole, 1.0)
    return low, high


def metric_numbers(table: pd.DataFrame) -> np.ndarray:
    """Return by row which metric of a task it is of, numbered as they come."""
    task, metric = table["task"].array, table["metric"].array
    both = task.codes.astype(np.int64) * len(metric.categories) + metric.codes
    return np.asarray(pd.factorize(both)[0])


def binary(scores: pd.Series) -> pd.Series:
    """Return which scores are 0, 1 or missing."""
    return (scores == 0) | (scores == 1) | scores.isna()


def not_there(column: str, value: Any, present: Sequence[Any]) -> UsageError:
    """Return the error for a label that is not in the data, with the nearest and what there is."""
    names = [str(name) for name in present]
    near = [name for name in names if name.startswith(f"{value},")]
    near = near or get_close_matches(str(value), names, n=1, cutoff=0.75)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    shown = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
    return UsageError(f"no {column} '{value}' in the data.{hint} There is: {shown or 'nothing'}.")


def _select(
    tables: Mapping[str, pd.DataFrame], column: str, values: list[Any]
) -> dict[str, pd.DataFrame]:
    if column not in RECORDS_KEY:
        raise UsageError(
            f"cannot select by '{column}': no key column. Use {', '.join(RECORDS_KEY)}."
        )
    holding = {name: table for name, table in tables.items() if column in table}
    present = sorted({value for table in holding.values() for value in table[column].unique()})
    wanted = [type(present[0])(value) if present else value for value in values]
    for value in wanted:
        if value not in present:
            raise not_there(column, value, present)
    kept = {name: table[column].isin(wanted) for name, table in holding.items()}
    if "timings" in holding and column not in ("task", "item"):
        kept["timings"] |= holding["timings"]["model"] == REFERENCE
    return {
        **tables,
        **{name: table[kept[name]].reset_index(drop=True) for name, table in holding.items()},
    }


def _as_list(values: Any) -> list[Any]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        return [values]
    return list(values)
