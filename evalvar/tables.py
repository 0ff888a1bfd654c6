"""The rules of the tables: columns, types, keys, attributes.

What `evalvar.evidence` offers rests on these; nothing else needs them.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any, Literal

import numpy as np
import pandas as pd

from evalvar.errors import RecordsError, counted

RECORDS_KEY = ("model", "task", "item", "metric", "seed", "checkpoint", "prompt", "sample")
REPORTED_KEY = ("model", "task", "metric", "seed", "checkpoint", "prompt")
TIMINGS_KEY = (
    *("model", "task", "item", "seed", "checkpoint", "prompt", "sample"),
    *("run", "phase", "level", "case", "repeat"),
)
# The model whose timings are those of the reference solutions.
REFERENCE = "reference"
SOURCES = ("path", "sha256", "rows", "harness", "version")
STATUSES = ("ok", "wrong", "timeout", "memory", "crash", "missing")
PHASES = ("before", "run", "after")

_DEFAULTS: dict[str, Any] = {
    **{"metric": "score", "seed": 0, "checkpoint": 0, "prompt": "", "sample": 0},
    **{"run": "", "phase": "run", "level": 0, "case": 0, "repeat": 0},
}
_TEXT = {
    *("model", "task", "item", "metric", "prompt", "group", "cluster"),
    *("run", "phase", "status", "machine"),
}
_WHOLE = {"seed", "checkpoint", "sample", "level", "case", "repeat"}
# Of a timed row beside its seconds: the two raw clocks, how many calls share the row's window, and
# the shortest time per call that the outer clock can tell.
CLOCKS = ("inside_s", "outside_s", "calls", "resolution_s")
_NUMBER = {
    *("score", "value", "se", "n", "chance", "score_min", "score_max"),
    *("seconds", "limit_s", *CLOCKS),
}
_ATTRIBUTE_OF = {
    "item.": ("task", "item"),
    "factor.": ("prompt",),
    "answer.": tuple(name for name in RECORDS_KEY if name != "metric"),
}

Duplicates = Literal["error", "latest", "sample", "keep"]


def higher_is_better(table: pd.DataFrame) -> pd.Series:
    """Orientation of every row; true where the table does not say."""
    if "higher_is_better" in table:
        return table["higher_is_better"]
    return pd.Series(True, index=table.index)


def typed(
    frame: pd.DataFrame | None,
    name: str,
    key: tuple[str, ...],
    measure: str,
    remarks: list[str],
) -> pd.DataFrame:
    """Return the table with key and measure first, defaults filled in, each column of its type."""
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
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise RecordsError(f"{name}: column {twice!r} occurs twice. Rename one of them.")
    frame = frame.reset_index(drop=True)
    given, columns = dict(frame.items()), dict[str, Any]()
    for column in dict.fromkeys((*key, measure, *map(str, frame.columns))):
        values = given[column] if column in given else _default(column, len(frame))
        if column in _TEXT:
            values = _text(values, column, name, remarks, nullable=column not in key)
        elif column in _WHOLE:
            values = _whole(values, column, name)
        elif column in _NUMBER:
            values = _number(values, column, name)
        elif column == "higher_is_better":
            values = _flag(values, name)
        columns[column] = values.array
    return pd.DataFrame(columns, index=frame.index)


def _default(column: str, rows: int) -> pd.Series:
    value = _DEFAULTS[column]
    if column in _TEXT:
        names = pd.Index([value] if rows else [], dtype=object)
        return pd.Series(pd.Categorical.from_codes(np.zeros(rows, dtype="int8"), categories=names))
    return pd.Series(value, index=range(rows), dtype="int64")


def _text(
    values: pd.Series, column: str, name: str, remarks: list[str], *, nullable: bool
) -> pd.Series:
    labels_of = values.array
    empty = labels_of.codes < 0 if isinstance(labels_of, pd.Categorical) else values.isna()
    if not nullable and empty.any():
        raise RecordsError(
            f"{name}: no {column} in {counted(int(empty.sum()), 'row')}, first row "
            f"{_first(empty)}. Fill the column or leave those rows out."
        )
    if isinstance(labels_of, pd.Categorical):
        codes, raw = labels_of.codes, labels_of.categories.tolist()
    else:
        codes, index = pd.factorize(values, use_na_sentinel=True)
        raw = list(index)
    if all(isinstance(value, str) for value in raw):
        if isinstance(labels_of, pd.Categorical) and not labels_of.ordered:
            return values
        return pd.Series(pd.Categorical.from_codes(codes, categories=pd.Index(raw, dtype=object)))
    if {type(value) for value in raw} == {int}:
        whole = pd.Index(list(map(str, raw)), dtype=object)  # these cannot collide
        return pd.Series(pd.Categorical.from_codes(codes, categories=whole))
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


def _first(bad: "pd.Series | np.ndarray") -> int:
    """Return the number of the first bad row, counting from 1 as messages do."""
    return int(np.flatnonzero(bad)[0]) + 1


def _whole(values: pd.Series, column: str, name: str) -> pd.Series:
    if values.dtype == np.int64:
        return values
    if values.dtype.kind in "iu" and not values.hasnans:
        return values.astype("int64")
    numbers = pd.to_numeric(values, errors="coerce")
    bad = numbers.isna() | (numbers % 1 != 0)
    if bad.any():
        row = _first(bad)
        first = _plain(values.iloc[row - 1])
        hint = ""
        if column == "seed" and isinstance(first, str) and first.strip():
            hint = (
                " Number the seeds, or read the file with --column seed=NAME, which numbers names."
            )
        raise RecordsError(
            f"{name}: column {column} must hold whole numbers; it does not in "
            f"{counted(int(bad.sum()), 'row')}, first row {row}: {first!r}.{hint}"
        )
    return numbers.astype("int64")


def _number(values: pd.Series, column: str, name: str) -> pd.Series:
    if values.dtype == bool:
        return values.astype("float64")
    if values.dtype == np.float64 and not np.isinf(values.to_numpy()).any():
        return values
    numbers = pd.to_numeric(values, errors="coerce").astype("float64")
    bad = numbers.isna() & values.notna()
    if bad.any():
        row = _first(bad)
        raise RecordsError(
            f"{name}: column {column} must hold numbers; it does not in "
            f"{counted(int(bad.sum()), 'row')}, first row {row}: {_plain(values.iloc[row - 1])!r}."
        )
    infinite = np.isinf(numbers)
    if infinite.any():
        row = _first(infinite)
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
        row = _first(flags.isna())
        raise RecordsError(
            f"{name}: column higher_is_better must hold true or false; "
            f"first row {row}: {_plain(values.iloc[row - 1])!r}."
        )
    return flags.astype(bool)


def unique(
    table: pd.DataFrame,
    name: str,
    key: tuple[str, ...],
    duplicates: Duplicates,
    remarks: list[str],
) -> pd.DataFrame:
    """Return the table with every key once, as `duplicates` says, or refuse it."""
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
        "duplicates 'latest' or 'sample' (--duplicates latest)."
    )


def check_orientation(*tables: pd.DataFrame) -> None:
    """Refuse a metric of a task that is declared both higher- and lower-is-better."""
    seen = pd.concat(
        [
            table[["task", "metric"]]
            .assign(up=higher_is_better(table))
            .drop_duplicates()
            .astype({"task": str, "metric": str})
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


def check_range(table: pd.DataFrame, name: str, measure: str) -> None:
    """Refuse a metric of a task with two ranges, and a score outside its range."""
    if not {"score_min", "score_max"} & set(table.columns):
        return
    nothing = pd.Series(np.nan, index=table.index)
    low, high = table.get("score_min", nothing), table.get("score_max", nothing)
    declared = pd.DataFrame({"task": table["task"], "metric": table["metric"]})
    ranges = declared.assign(low=low, high=high).drop_duplicates()
    ranges = ranges[ranges["low"].notna() | ranges["high"].notna()]
    both = ranges.duplicated(["task", "metric"])
    if both.any():
        task, metric = ranges.loc[both, ["task", "metric"]].iloc[0]
        raise RecordsError(
            f"{name}: metric '{metric}' of task '{task}' is declared with two ranges. "
            "Set score_min and score_max alike in all its rows."
        )
    slack = 1e-9 * (high - low).abs().fillna(0.0)
    outside = (table[measure] < low - slack) | (table[measure] > high + slack)
    if outside.any():
        row = _first(outside)
        raise RecordsError(
            f"{name}: {measure} outside its declared range [{low.iloc[row - 1]:g}, "
            f"{high.iloc[row - 1]:g}] in {counted(int(outside.sum()), 'row')}, first row {row}: "
            f"{table[measure].iloc[row - 1]:g}. Correct score_min and score_max, or the {measure}."
        )


def check_attributes(table: pd.DataFrame, name: str) -> None:
    """Refuse an attribute that has two values for what it describes."""
    for column in table.columns:
        prefix = column[: column.find(".") + 1]
        if prefix not in _ATTRIBUTE_OF or (name == "timings" and prefix != "item."):
            continue
        owner = list(_ATTRIBUTE_OF[prefix])
        pairs = table.loc[table[column].notna(), [*owner, column]].drop_duplicates()
        both = pairs.duplicated(owner)
        if both.any():
            first = pairs.loc[both, owner].iloc[0]
            where = ", ".join(f"{key} {value}" for key, value in first.items() if value != "")
            if column == "item.hash":
                raise RecordsError(
                    f"{name}: a different document under the same item id ({where}; "
                    f"{int(both.sum())} such). The runs used two versions of the data set: read "
                    "them apart, or leave the older run out."
                )
            raise RecordsError(
                f"{name}: {column} has two values for one {owner[-1]} ({where}; "
                f"{int(both.sum())} such). An attribute must be a function of what it describes: "
                f"leave the column out, or give each of the two its own {owner[-1]}."
            )


def check_values(table: pd.DataFrame, column: str, legal: tuple[str, ...]) -> None:
    """Refuse a label outside the legal ones."""
    if column not in table:
        raise RecordsError(f"timings: missing column '{column}'. Add it ({', '.join(legal)}).")
    bad = sorted(set(table[column].dropna().unique()) - set(legal))
    if bad:
        raise RecordsError(
            f"timings: {column} '{bad[0]}' is unknown. Use one of {', '.join(legal)}."
        )


def stack(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put tables under each other; what one of them lacks is empty there."""
    filled = [table for table in tables if len(table)]
    if len(filled) < 2:
        return filled[0] if filled else tables[0]
    columns: dict[str, Any] = {}
    held = [dict(table.items()) for table in filled]
    for name in dict.fromkeys(column for table in filled for column in table.columns):
        parts = [
            has[name] if name in has else pd.Series(np.nan, index=table.index, dtype=object)
            for has, table in zip(held, filled, strict=True)
        ]
        if name == "higher_is_better":
            parts = [higher_is_better(table) for table in filled]
        if all(isinstance(part.dtype, pd.CategoricalDtype) for part in parts):
            columns[name] = _joined(parts)
        elif name in _NUMBER:
            columns[name] = np.concatenate([part.to_numpy("float64") for part in parts])
        elif isinstance(kind := parts[0].dtype, np.dtype) and all(p.dtype == kind for p in parts):
            columns[name] = np.concatenate([part.to_numpy() for part in parts])
        else:
            columns[name] = pd.concat(parts, ignore_index=True).to_numpy()
    return pd.DataFrame(columns)


def _joined(parts: Sequence[pd.Series]) -> pd.Categorical:
    """Put labels under each other: all names are made out once, and not again with every part."""
    # Parquet gives labels of another type than Python does.
    names = [part.cat.categories.to_numpy(dtype=object) for part in parts]
    place, distinct = pd.factorize(np.concatenate(names))
    starts = np.cumsum([0, *map(len, names)])
    codes = [
        np.where(code < 0, -1, place[start + code]) if size else code
        for start, size, code in zip(
            starts, map(len, names), (part.cat.codes.to_numpy() for part in parts), strict=False
        )
    ]
    return pd.Categorical.from_codes(np.concatenate(codes), categories=pd.Index(distinct))
