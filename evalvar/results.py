"""The one shape of every answer: a tidy table of estimates."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd

from evalvar.errors import RecordsError
from evalvar.stats.estimate import Estimate

FIELDS = tuple(f.name for f in fields(Estimate))
_TEXT_FIELDS = ("unit", "method")

Row = tuple[Mapping[str, Any], str, Estimate]


@dataclass(frozen=True)
class Result:
    """What an analysis found.

    Parameters
    ----------
    name : str
        The analysis.
    keys : tuple of str
        Key columns of `table`; a key that does not apply to a row is null.
    table : DataFrame
        Key columns, ``quantity``, the fields of `Estimate`, and label columns if any. Never
        rounded; NaN means "not given by this method".
    settings : mapping
        Every argument, the rng and the version.
    warnings : tuple of str
        Sentences for humans, each with its count.
    sources : DataFrame
        The files that were read.
    """

    name: str
    keys: tuple[str, ...]
    table: pd.DataFrame
    settings: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    sources: pd.DataFrame = field(default_factory=pd.DataFrame)

    @classmethod
    def of(
        cls,
        name: str,
        keys: tuple[str, ...],
        rows: Iterable[Row],
        *,
        settings: Mapping[str, Any],
        warnings: Iterable[str] = (),
        sources: pd.DataFrame | None = None,
    ) -> "Result":
        """Build a result from ``(keys, quantity, estimate)`` triples, in their order."""
        rows = list(rows)
        table = pd.DataFrame(
            {
                **{key: _key_column(key, [row[0].get(key) for row in rows]) for key in keys},
                "quantity": pd.Series([row[1] for row in rows], dtype=object),
                **{
                    name: pd.Series([getattr(row[2], name) for row in rows], dtype=_dtype(name))
                    for name in FIELDS
                },
            }
        )
        return cls(
            name,
            keys,
            table,
            {**settings, "version": version("evalvar")},
            tuple(dict.fromkeys(f"{sentence.rstrip('.')}." for sentence in warnings)),
            pd.DataFrame() if sources is None else sources,
        )

    def quantity(self, *names: str) -> pd.DataFrame:
        """Return the rows of the named quantities."""
        return self.table[self.table["quantity"].isin(names)]

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the tidy table."""
        return self.table.copy()

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts, lists, strings and numbers; what the tables do not give is None."""
        return {
            "name": self.name,
            "keys": list(self.keys),
            "settings": dict(self.settings),
            "warnings": list(self.warnings),
            "sources": _rows(self.sources),
            "rows": _rows(self.table),
        }

    def to_json(self) -> str:
        """Return the JSON that every command prints with ``--json``; NaN as null."""
        return msgspec.json.format(msgspec.json.encode(self.to_dict()), indent=2).decode()

    def __str__(self) -> str:
        """Return a table for the eye: what differs between rows, three significant digits."""
        return as_text(self)

    def _repr_html_(self) -> str:
        frame = readable(self)
        notes = "".join(f"<li>{_escape(sentence)}</li>" for sentence in self.warnings)
        html: str = frame.to_html(index=False, border=0, na_rep="")
        return f"{html}<ul>{notes}</ul>" if notes else html


def from_json(text: str | bytes) -> Result:
    """Read the text that `Result.to_json` wrote (of a file: ``Path(...).read_text()``)."""
    if not isinstance(text, (str, bytes)):
        raise RecordsError(
            f"expected the text of a result, but found a {type(text).__name__}. Of a file, hand "
            "over its read_text()."
        )
    try:
        data = msgspec.json.decode(text)
        keys = tuple(data["keys"])
        rows = [
            (row, row["quantity"], Estimate(**{name: _field(name, row[name]) for name in FIELDS}))
            for row in data["rows"]
        ]
    except (msgspec.DecodeError, KeyError, TypeError) as error:
        raise RecordsError(
            f"this is not the JSON of a result ({error}). Write it with --json or to_json()."
        ) from error
    result = Result.of(data["name"], keys, rows, settings={}, warnings=data["warnings"])
    labels = {
        name: [row.get(name) for row in data["rows"]]
        for row in data["rows"][:1]
        for name in row
        if name not in (*keys, "quantity", *FIELDS)
    }
    return Result(
        result.name,
        keys,
        result.table.assign(**labels),
        data["settings"],
        result.warnings,
        pd.DataFrame(data["sources"]),
    )


def write_json(results: Result | Iterable[Result], path: str | Path) -> None:
    """Write one result as an object, or several as a list."""
    if isinstance(results, Result):
        text = results.to_json()
    else:
        text = "[" + ",\n".join(result.to_json() for result in results) + "]"
    Path(path).write_text(text + "\n", encoding="utf-8")


def readable(result: Result) -> pd.DataFrame:
    """Return the table as text cells: keys that vary, quantity, value, interval, n, method."""
    table = result.table
    shown = [key for key in result.keys if table[key].nunique(dropna=False) > 1]
    shown += _telling_apart(result)
    frame = table[shown].astype(object).where(table[shown].notna(), "")
    frame = frame.assign(
        quantity=table["quantity"],
        value=[_digits(v, se) for v, se in zip(table["value"], table["se"], strict=True)],
        interval=[
            f"[{_digits(low, (high - low) / 4)}, {_digits(high, (high - low) / 4)}]"
            if np.isfinite(low) and np.isfinite(high)
            else ""
            for low, high in zip(table["low"], table["high"], strict=True)
        ],
    )
    if table["p_value"].notna().any():
        frame["p"] = ["" if np.isnan(p) else _p_text(p) for p in table["p_value"]]
    if "verdict" in table:
        frame["verdict"] = table["verdict"]
    frame["n"] = [
        f"{n:,} {unit}" if n else "" for n, unit in zip(table["n"], table["unit"], strict=True)
    ]
    frame["method"] = table["method"]
    return frame.reset_index(drop=True)


def _telling_apart(result: Result) -> list[str]:
    """Return the labels, as few as will do, in which rows of one key and quantity differ."""
    table = result.table
    by = [*result.keys, "quantity"]
    twice = table[table.duplicated(by, keep=False)]
    found: list[str] = []
    for name in (name for name in table.columns if name not in (*by, *FIELDS)):
        if not len(twice):
            break
        if twice.groupby(by, dropna=False, observed=True)[name].nunique(dropna=False).max() > 1:
            found.append(name)
            twice = twice[twice.duplicated([*by, *found], keep=False)]
    return found


def as_text(result: Result) -> str:
    """Return what all rows share as one line, and the readable table as aligned lines."""
    table = result.table
    if not len(table):
        return "no rows"
    same = [key for key in result.keys if table[key].nunique(dropna=False) == 1]
    known = [key for key in same if not pd.isna(table[key].iloc[0]) and table[key].iloc[0] != ""]
    facts = [f"{key} {table[key].iloc[0]}" for key in known]
    if "last_checkpoint" in table and table["last_checkpoint"].nunique() == 1:
        facts.append(f"last checkpoint {table['last_checkpoint'].iloc[0]}")
    heading = [", ".join(facts)]
    frame = readable(result).astype(str)
    cells = [list(frame.columns), *frame.to_numpy().tolist()]
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
    right = {"value", "interval", "n", "p"}
    lines = [
        "  ".join(
            cell.rjust(width) if name in right else cell.ljust(width)
            for cell, width, name in zip(row, widths, cells[0], strict=True)
        ).rstrip()
        for row in cells
    ]
    return "\n".join([*filter(None, heading), *lines])


def _digits(value: float, se: float) -> str:
    """Show two significant digits of the standard error, four of a value without one."""
    if not np.isfinite(value):
        return "-" if np.isnan(value) else str(value)
    if not (np.isfinite(se) and se > 0):
        return f"{value:,.0f}" if value == round(value) and abs(value) < 1e15 else f"{value:.4g}"
    places = max(0, 1 - int(np.floor(np.log10(se))))
    return f"{value:,.{min(places, 12)}f}"


def _p_text(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def _dtype(name: str) -> str:
    if name == "n":
        return "int64"
    return "object" if name in _TEXT_FIELDS else "float64"


def _field(name: str, value: Any) -> Any:
    return float("nan") if value is None and name not in _TEXT_FIELDS else value


def _key_column(key: str, values: list[Any]) -> pd.Series:
    if key in ("seed", "checkpoint", "sample", "size"):
        return pd.Series(values, dtype="Int64")
    return pd.Series([None if v is None else str(v) for v in values], dtype=object)


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    columns = [_plain(frame[name]) for name in frame.columns]
    return [dict(zip(frame.columns, row, strict=True)) for row in zip(*columns, strict=True)]


def _plain(column: pd.Series) -> list[Any]:
    values, lost = column.tolist(), column.isna().tolist()
    return [None if none else value for value, none in zip(values, lost, strict=True)]


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
