"""The tables that every analysis reads, and the rules they obey.

`records` holds one row per scored answer, `reported` what a file claims without its items,
`timings` how long programs ran. All three are plain pandas DataFrames; `Evidence` keeps them
with the files they came from and the remarks made while reading.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal

import numpy as np
import pandas as pd

from evalvar.errors import RecordsError, UsageError, counted

RECORDS_KEY = ("model", "task", "item", "metric", "seed", "checkpoint", "prompt", "sample")
REPORTED_KEY = ("model", "task", "metric", "seed", "checkpoint", "prompt")
TIMINGS_KEY = (
    *("model", "task", "item", "seed", "checkpoint", "prompt", "sample"),
    *("phase", "level", "case", "repeat"),
)
SOURCES = ("path", "sha256", "rows", "harness", "version")
STATUSES = ("ok", "wrong", "timeout", "memory", "crash", "missing")
PHASES = ("before", "run", "after")

# What describes a metric of a task; every reader of records and of reported values may fill it.
METRIC_FACTS = ("group", "chance", "score_min", "score_max", "higher_is_better")

_DEFAULTS: dict[str, Any] = {
    **{"metric": "score", "seed": 0, "checkpoint": 0, "prompt": "", "sample": 0},
    **{"phase": "run", "level": 0, "case": 0, "repeat": 0},
}
_TEXT = {*("model", "task", "item", "metric", "prompt", "group", "cluster"), "phase", "status"}
_WHOLE = {"seed", "checkpoint", "sample", "level", "case", "repeat"}
_NUMBER = {*("score", "value", "se", "n", "chance", "score_min", "score_max"), "seconds", "limit_s"}
_ATTRIBUTE_OF = {
    "item.": ("task", "item"),
    "factor.": ("prompt",),
    "answer.": tuple(name for name in RECORDS_KEY if name != "metric"),
}

Duplicates = Literal["error", "latest", "sample", "keep"]
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

    def select(self, **wanted: Any) -> "Evidence":
        """Keep the rows whose key columns have one of the wanted values.

        Parameters
        ----------
        **wanted
            Key column = value or list of values; None keeps everything.

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
        One row per timed run of a program.
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
    remarks = list(warnings)
    records = _typed(records, "records", RECORDS_KEY, "score", remarks)
    reported = _typed(reported, "reported", REPORTED_KEY, "value", remarks)
    timings = _typed(timings, "timings", TIMINGS_KEY, "seconds", remarks)
    if duplicates != "keep":
        records = _unique(records, "records", RECORDS_KEY, duplicates, remarks)
        # A repeated answer has a place of its own in records; an aggregate of it has none.
        rerun = "latest" if duplicates == "sample" else duplicates
        reported = _unique(reported, "reported", REPORTED_KEY, rerun, remarks)
        timings = _unique(timings, "timings", TIMINGS_KEY, "error", remarks)
        _check_orientation(records, reported)
        _check_attributes(records)
    if len(timings):
        _check_values(timings, "status", STATUSES)
        _check_values(timings, "phase", PHASES)
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
        _stack([part.records for part in parts]),
        reported=_stack([part.reported for part in parts]),
        timings=_stack([part.timings for part in parts]),
        sources=_stack([part.sources for part in parts]),
        warnings=[sentence for part in parts for sentence in part.warnings],
        duplicates=duplicates,
    )


def unscored(records: pd.DataFrame) -> list[str]:
    """Say, model by model, how many answers have no score."""
    lost = records["score"].isna()
    if not lost.any():
        return []
    counts = lost.groupby(records["model"], observed=True).agg(["sum", "size"])
    return [
        f"{model}: no score for {int(missing):,} of {counted(int(rows), 'answer')} "
        f"({100 * missing / rows:.1f} %), left out of the mean and its n."
        for model, (missing, rows) in zip(counts.index, counts.to_numpy(), strict=True)
        if missing
    ]


def count_missing_as_wrong(evidence: Evidence) -> Evidence:
    """Score every unscored answer at the worst value of its metric.

    Raises
    ------
    RecordsError
        The range of a metric with unscored answers is not declared and its scores are not 0/1.
    """
    records = evidence.records
    lost = records["score"].isna()
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
        score = records["score"]
        other = ~(score.isin((0.0, 1.0)) | score.isna())
        binary = ~other.groupby([records["task"], records["metric"]], observed=True).transform(
            "any"
        )
        low = low.mask(undeclared & binary, 0.0)
        high = high.mask(undeclared & binary, 1.0)
    return low, high


def higher_is_better(table: pd.DataFrame) -> pd.Series:
    """Orientation of every row; true where the table does not say."""
    if "higher_is_better" in table:
        return table["higher_is_better"]
    return pd.Series(True, index=table.index)


def _typed(
    frame: pd.DataFrame | None,
    name: str,
    key: tuple[str, ...],
    measure: str,
    remarks: list[str],
) -> pd.DataFrame:
    if frame is None or (len(frame) == 0 and measure not in frame):
        return _empty(name, key, measure).copy()
    return _complete(frame, name, key, measure, remarks)


@cache  # two of three tables of a file are empty, and a study has hundreds of files
def _empty(name: str, key: tuple[str, ...], measure: str) -> pd.DataFrame:
    frame = pd.DataFrame({column: [] for column in (*key, measure)})
    return _complete(frame, name, key, measure, [])


def _complete(
    frame: pd.DataFrame,
    name: str,
    key: tuple[str, ...],
    measure: str,
    remarks: list[str],
) -> pd.DataFrame:
    required = [column for column in (*key, measure) if column not in _DEFAULTS]
    missing = [column for column in required if column not in frame]
    if missing:
        raise RecordsError(
            f"{name}: missing column {', '.join(map(repr, missing))}; "
            f"found {', '.join(map(repr, map(str, frame.columns)))}. Rename or add it."
        )
    frame = frame.reset_index(drop=True)
    columns: dict[str, Any] = {}
    for column in dict.fromkeys((*key, measure, *map(str, frame.columns))):
        values = frame[column] if column in frame else _DEFAULTS[column]
        if not isinstance(values, pd.Series):
            values = pd.Series(
                values, index=frame.index, dtype=type(values) if len(frame) else None
            )
        if column in _TEXT:
            values = _text(values, column, name, remarks, nullable=column not in key)
        elif column in _WHOLE:
            values = _whole(values, column, name)
        elif column in _NUMBER:
            values = _number(values, column, name)
        elif column == "higher_is_better":
            values = _flag(values, name)
        columns[column] = values
    return pd.DataFrame(columns, index=frame.index)


def _text(
    values: pd.Series, column: str, name: str, remarks: list[str], *, nullable: bool
) -> pd.Series:
    if not nullable and values.isna().any():
        raise RecordsError(
            f"{name}: no {column} in {counted(int(values.isna().sum()), 'row')}, first row "
            f"{int(np.flatnonzero(values.isna())[0])}. Fill the column or leave those rows out."
        )
    if isinstance(values.dtype, pd.CategoricalDtype):
        codes, raw = values.cat.codes.to_numpy(), list(values.cat.categories)
    else:
        codes, index = pd.factorize(values, use_na_sentinel=True)
        raw = list(index)
    if all(isinstance(value, str) for value in raw):
        if isinstance(values.dtype, pd.CategoricalDtype) and not values.cat.ordered:
            return values
        return pd.Series(pd.Categorical.from_codes(codes, categories=pd.Index(raw, dtype=object)))
    labels = [str(_as_whole(value)) for value in raw]
    if len(set(labels)) < len(labels):
        twice = next(label for label in labels if labels.count(label) > 1)
        kinds = sorted({type(v).__name__ for v, s in zip(raw, labels, strict=True) if s == twice})
        raise RecordsError(
            f"{name}: different values of {column} read the same as text: '{twice}' "
            f"({' and '.join(kinds)}). Write the column with one type."
        )
    kinds = sorted({type(_as_whole(value)).__name__ for value in raw})
    if len(kinds) > 1:
        remarks.append(
            f"{name}: column {column} mixes {' and '.join(kinds)} "
            f"({len(raw):,} different values); all were read as text."
        )
    return pd.Series(pd.Categorical.from_codes(codes, categories=pd.Index(labels, dtype=object)))


def _as_whole(value: Any) -> Any:
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return int(value)  # a column of ids with a gap is read as floats: 3.0 is item 3
    return _plain(value)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _whole(values: pd.Series, column: str, name: str) -> pd.Series:
    if values.dtype.kind in "iu" and not values.hasnans:
        return values.astype("int64")
    numbers = pd.to_numeric(values, errors="coerce")
    bad = numbers.isna() | (numbers % 1 != 0)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise RecordsError(
            f"{name}: column {column} must hold whole numbers; it does not in "
            f"{counted(int(bad.sum()), 'row')}, first row {row}: {_plain(values.iloc[row])!r}."
        )
    return numbers.astype("int64")


def _number(values: pd.Series, column: str, name: str) -> pd.Series:
    if values.dtype == bool:
        return values.astype("float64")
    numbers = pd.to_numeric(values, errors="coerce").astype("float64")
    bad = numbers.isna() & values.notna()
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise RecordsError(
            f"{name}: column {column} must hold numbers; it does not in "
            f"{counted(int(bad.sum()), 'row')}, first row {row}: {_plain(values.iloc[row])!r}."
        )
    infinite = np.isinf(numbers)
    if infinite.any():
        row = int(np.flatnonzero(infinite)[0])
        raise RecordsError(
            f"{name}: infinite {column} in {counted(int(infinite.sum()), 'row')}, first row {row}. "
            "Write NaN for an answer that has no score."
        )
    return numbers


def _flag(values: pd.Series, name: str) -> pd.Series:
    if values.dtype == bool:
        return values
    words = {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}
    flags = values.fillna(True).astype(str).str.lower().map(words)
    if flags.isna().any():
        row = int(np.flatnonzero(flags.isna())[0])
        raise RecordsError(
            f"{name}: column higher_is_better must hold true or false; "
            f"first row {row}: {_plain(values.iloc[row])!r}."
        )
    return flags.astype(bool)


def _unique(
    table: pd.DataFrame,
    name: str,
    key: tuple[str, ...],
    duplicates: Duplicates,
    remarks: list[str],
) -> pd.DataFrame:
    again = table.duplicated(list(key), keep="first")
    if not again.any():
        return table
    count = int(again.sum())
    if duplicates == "latest":
        remarks.append(f"{name}: {counted(count, 'row')} replaced by a later one of the same key.")
        return table[~table.duplicated(list(key), keep="last")].reset_index(drop=True)
    if duplicates == "sample" and "sample" in key:
        rest = [column for column in key if column != "sample"]
        remarks.append(f"{name}: {counted(count, 'row')} of a repeated key taken as more samples.")
        groups = table.groupby(rest, observed=True)
        repeated = again.groupby([table[column] for column in rest], observed=True).transform("any")
        return table.assign(sample=table["sample"].where(~repeated, groups.cumcount()))
    row = int(np.flatnonzero(again)[0])
    first = {column: str(table[column].iloc[row]) for column in key}
    where = ", ".join(f"{column} {value}" for column, value in first.items() if value)
    raise RecordsError(
        f"{name}: a key that must be unique is repeated in {counted(count, 'row')}, first {where}. "
        "Read one run only, label the runs, or say what a repeat means: "
        "duplicates 'latest' or 'sample'."
    )


def _check_orientation(*tables: pd.DataFrame) -> None:
    seen = pd.concat(
        [
            table[["task", "metric"]]
            .astype(str)
            .assign(up=higher_is_better(table))
            .drop_duplicates()
            for table in tables
            if len(table)
        ]
        or [pd.DataFrame(columns=["task", "metric", "up"])]
    ).drop_duplicates()
    both = seen.duplicated(["task", "metric"])
    if both.any():
        task, metric = seen.loc[both, ["task", "metric"]].iloc[0]
        raise RecordsError(
            f"metric '{metric}' of task '{task}' is declared both higher-is-better and "
            "lower-is-better. Set higher_is_better to one of them in every row."
        )


def _check_attributes(records: pd.DataFrame) -> None:
    for column in records.columns:
        prefix = column[: column.find(".") + 1]
        if prefix not in _ATTRIBUTE_OF:
            continue
        owner = list(_ATTRIBUTE_OF[prefix])
        pairs = records.loc[records[column].notna(), [*owner, column]].drop_duplicates()
        both = pairs.duplicated(owner)
        if both.any():
            first = pairs.loc[both, owner].iloc[0]
            where = ", ".join(f"{name} {value}" for name, value in first.items() if value != "")
            if column == "item.hash":
                raise RecordsError(
                    f"records: a different document under the same item id ({where}; "
                    f"{int(both.sum())} such). The runs used two versions of the data set: read "
                    "them apart, or leave the older run out."
                )
            raise RecordsError(
                f"records: {column} has two values for one {owner[-1]} ({where}; "
                f"{int(both.sum())} such). An attribute must be a function of what it describes."
            )


def _check_values(table: pd.DataFrame, column: str, legal: tuple[str, ...]) -> None:
    if column not in table:
        raise RecordsError(f"timings: missing column '{column}'. Add it ({', '.join(legal)}).")
    bad = sorted(set(table[column].dropna().unique()) - set(legal))
    if bad:
        raise RecordsError(
            f"timings: {column} '{bad[0]}' is unknown. Use one of {', '.join(legal)}."
        )


def _stack(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    filled = [table for table in tables if len(table)]
    if len(filled) < 2:
        return filled[0] if filled else tables[0]
    columns: dict[str, Any] = {}
    for name in dict.fromkeys(column for table in filled for column in table.columns):
        parts = [
            table[name] if name in table else pd.Series(np.nan, index=table.index, dtype=object)
            for table in filled
        ]
        if name == "higher_is_better":
            parts = [higher_is_better(table) for table in filled]
        if all(isinstance(part.dtype, pd.CategoricalDtype) for part in parts):
            columns[name] = pd.api.types.union_categoricals(list(map(_as_objects, parts)))
        elif name in _NUMBER:
            columns[name] = np.concatenate([part.to_numpy("float64") for part in parts])
        else:
            columns[name] = pd.concat(parts, ignore_index=True).to_numpy()
    return pd.DataFrame(columns)


def _as_objects(labels: pd.Series) -> pd.Series:
    # Parquet gives labels of another type than Python does, and pandas joins only like types.
    names = labels.cat.categories.astype(object)
    return pd.Series(pd.Categorical.from_codes(labels.cat.codes.to_numpy(), categories=names))


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
            shown = ", ".join(map(str, present[:12])) + (", ..." if len(present) > 12 else "")
            raise UsageError(f"no {column} '{value}' in the data. There is: {shown or 'nothing'}.")
    kept = {
        name: table[table[column].isin(wanted)].reset_index(drop=True)
        for name, table in holding.items()
    }
    return {**tables, **kept}


def _as_list(values: Any) -> list[Any]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        return [values]
    return list(values)
