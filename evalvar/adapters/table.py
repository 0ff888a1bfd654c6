"""Tables of scores, of reported values or of timings: CSV, TSV, JSON lines, Parquet."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evalvar.adapters import table_files
from evalvar.adapters.files import evidence_of, kind, stem
from evalvar.adapters.given import WHOLE, Given
from evalvar.adapters.labels import is_label
from evalvar.adapters.lm_eval_metrics import sounds_lower_better
from evalvar.adapters.remarks import Remark
from evalvar.adapters.table_columns import Meaning, kind_of, meaning, metric_of
from evalvar.adapters.table_lines import in_lines
from evalvar.adapters.unclaimed import of_table
from evalvar.errors import AdapterError, RecordsError
from evalvar.evidence import Evidence
from evalvar.tables import CLOCKS

NAME = "table"

_NUMBERS = (
    *("score", "value", "se", "n", "chance", "score_min", "score_max", "seconds", "limit_s"),
    *("shots", *CLOCKS),
)
_WORDS = {
    **{"true": 1.0, "false": 0.0},
    **dict.fromkeys(("nan", "na", "n/a", "null", "none"), np.nan),
}
# Inspect's letters: correct, incorrect, partial, no answer.
_LETTERS = {"C": 1.0, "I": 0.0, "P": 0.5, "N": 0.0}


@dataclass(frozen=True)
class GivenTable:
    """The adapter of tables, told what some of their columns mean."""

    given: Given
    NAME: str = NAME

    def claims(self, path: Path) -> bool:
        """Whether it is a table with a column that is a score, or is said to be one."""
        return claims(path, self.given)

    def read(self, path: Path) -> Evidence:
        """Read a table."""
        return read(path, self.given)


def claims(path: Path, given: Given | None = None) -> bool:
    """Whether the header or the first line has a column that is a score."""
    if kind(path) == ".parquet":
        if path.suffix != ".parquet":
            return False
    elif kind(path) not in (*table_files.SEPARATORS, *table_files.JSON_LINES):
        return False
    try:
        names = table_files.names(path)
        told = given if given is not None and given.touches(names) else None
        return kind_of(names, told) is not None
    except AdapterError:
        return True  # damaged: reading says how


def read(path: Path, given: Given | None = None) -> Evidence:
    """Read a table.

    Parameters
    ----------
    path : Path
        Rows with an item are records; with seconds and a status, timings; else reported values.
    given : Given, optional
        What the user says of its columns.

    Raises
    ------
    AdapterError
        It cannot be decoded, or its columns are ambiguous.
    RecordsError
        Its values break a rule of the tables.
    """
    try:
        return _read(path, given)
    except (AdapterError, RecordsError) as error:
        raise type(error)(in_lines(str(error), path)) from error


def _read(path: Path, given: Given | None) -> Evidence:
    remarks: list[str] = []
    form = kind(path)
    names = table_files.names(path)
    if kind_of(names, given) is None:
        raise AdapterError(f"{path}: {of_table(path, names)}")
    ended = form == ".parquet" or table_files.check_text(path, remarks)
    if form in table_files.JSON_LINES:
        frame, names = table_files.read_json_lines(
            path, lambda names: _wanted(meaning(names, path, given)), remarks
        )
        understood = meaning(names, path, given)
        frame = frame[_wanted(understood)]
    else:
        understood = meaning(names, path, given)
        wanted = _wanted(understood)
        if form == ".parquet":
            frame = table_files.read_parquet(path, wanted)
        else:
            frame = table_files.read_delimited(path, wanted, remarks, ended=ended)
    if understood.left_out:
        remarks.append(
            Remark(
                f"columns that mean nothing to evalvar were left out: "
                f"{', '.join(understood.left_out)}",
                file=path,
            )
        )
    if not len(frame):
        remarks.append(Remark("the file has a header and no rows", file=path))
        return evidence_of(path, harness=NAME, remarks=remarks)
    table = _shaped(_joined(frame, understood), understood, path, remarks, given)
    return evidence_of(
        path,
        records=table if understood.kind == "records" else None,
        reported=table if understood.kind == "reported" else None,
        timings=table if understood.kind == "timings" else None,
        harness=NAME,
        remarks=remarks,
    )


def left_out(path: Path) -> pd.DataFrame | None:
    """Return the columns of a table that mean nothing to evalvar, to tell repeated rows apart."""
    remarks: list[str] = []
    try:
        form = kind(path)
        if form in table_files.JSON_LINES:
            frame, names = table_files.read_json_lines(path, lambda names: names, remarks)
            return frame[list(meaning(names, path).left_out)]
        columns = meaning(table_files.names(path), path).left_out
        if not columns:
            return None
        if form == ".parquet":
            return table_files.read_parquet(path, columns)
        ended = table_files.check_text(path, remarks)
        return table_files.read_delimited(path, columns, remarks, ended=ended)
    except (AdapterError, OSError):
        return None  # what was unpacked is gone; the message stands without it


def _wanted(understood: Meaning) -> list[str]:
    behind = (name for names in understood.joined.values() for name in names)
    return [*understood.columns, *understood.wide, *behind]


def _joined(frame: pd.DataFrame, understood: Meaning) -> pd.DataFrame:
    """Put the texts of several columns that mean one thing behind each other."""
    for name, behind in understood.joined.items():
        texts = frame[[name, *behind]].astype(str).agg(" ".join, axis=1)
        frame = frame.assign(**{name: texts.where(frame[name].notna())}).drop(columns=list(behind))
    return frame


def _shaped(
    frame: pd.DataFrame, understood: Meaning, path: Path, remarks: list[str], given: Given | None
) -> pd.DataFrame:
    measured = ("score", "value")
    told = given is not None and any(key in given.names for key in measured)
    score = next((n for n, target in understood.columns.items() if target in measured), None)
    if understood.wide:
        table = _long(frame, understood, path, remarks, told=told)
    else:
        table = frame.rename(columns=understood.columns)
        named = told or understood.kind == "records"
        if named and "metric" not in table and score is not None:
            table["metric"] = score if told else metric_of(score)
    if given is not None:
        for key in WHOLE:
            if key in given.names:
                table = given.whole(table, key, path, remarks)
    for name in table.columns:
        if name in _NUMBERS:
            table[name] = _numbers(table[name])
        elif name.startswith(("item.", "factor.", "answer.")):
            table[name] = _attribute(table[name])
    if "shots" in table:
        table["shots"] = pd.to_numeric(table["shots"], errors="coerce")
    if "chat_template" in table and table["chat_template"].dtype != bool:
        table["chat_template"] = _numbers(table["chat_template"]) == 1
    for name in ("prompt", "run"):
        if name in table:
            table[name] = _filled(table[name], "")
    _remark_on_orientation(table, path, remarks)
    if "model" not in table:
        name = stem(path)
        if is_label(name):
            name = f"{path.absolute().parent.name}/{name}"
        table["model"] = name
        remarks.append(
            Remark(
                "no column names the model: it is called {example}",
                file=path,
                example=name,
                made_up="model",
            )
        )
    if "task" not in table:
        table["task"] = "task"
        remarks.append(Remark("no column names the task: it is called task", file=path))
    return table


def _remark_on_orientation(table: pd.DataFrame, path: Path, remarks: list[str]) -> None:
    """Name the metrics that sound like a loss and are not said to be one."""
    if "metric" not in table:
        return
    declared = "higher_is_better" in table
    unsaid = table.loc[table["higher_is_better"].isna(), "metric"] if declared else table["metric"]
    for metric, count in unsaid.value_counts(sort=False).items():
        if count and sounds_lower_better(str(metric)):
            lack, remedy = (
                ("value in column higher_is_better", "fill it")
                if declared
                else ("higher_is_better column", "add the column")
            )
            remarks.append(
                Remark(
                    f"metric {metric} has no {lack} and is read as higher is better ({{0:row}}); "
                    f"{remedy} if lower is better",
                    int(count),
                    file=path,
                    asks=str(metric),
                )
            )


def _long(
    frame: pd.DataFrame, understood: Meaning, path: Path, remarks: list[str], *, told: bool
) -> pd.DataFrame:
    measure, key = ("score", "metric")
    if understood.kind == "reported":
        measure, key = "value", "metric" if "task" in understood.columns.values() else "task"
    if key in understood.columns.values():
        raise AdapterError(
            f"{path}: a column {key} and the score columns {', '.join(understood.wide)} "
            f"contradict each other. Remove the column {key}, or write one row per {key}."
        )
    parts = []
    letters = 0
    for name in understood.wide:
        part = frame[list(understood.columns)].rename(columns=understood.columns)
        named = frame[name].map(_LETTERS)
        if frame[name].notna().any() and (named.notna() | frame[name].isna()).all():
            letters += int(named.notna().sum())
            part[measure] = named
        else:
            part[measure] = frame[name]
        part[key] = name if told else metric_of(name)
        parts.append(part)
    if letters:
        remarks.append(
            Remark(
                "{0:score} {0:is one of/are} Inspect's letters, read as C = 1, P = 0.5, I = N = 0",
                letters,
                file=path,
            )
        )
    return pd.concat(parts, ignore_index=True)


def _numbers(column: pd.Series) -> pd.Series:
    """Words for truth and absence as numbers; other text is left for the rules of the table."""
    if column.dtype.kind in "fiub":
        return column
    return column.map(
        lambda value: _WORDS.get(value.strip().lower(), value) if isinstance(value, str) else value
    )


def _filled(column: pd.Series, value: str) -> pd.Series:
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(object)
    return column.where(column.notna(), value)


def _attribute(column: pd.Series) -> pd.Series:
    if column.dtype.kind in "fiub" or isinstance(column.dtype, pd.CategoricalDtype):
        return column
    return column.map(_flat, na_action="ignore").astype("category")


def _flat(value: Any) -> Any:
    return json.dumps(value, sort_keys=True) if isinstance(value, list | dict) else value
