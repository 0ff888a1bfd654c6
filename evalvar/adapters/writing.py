"""Evidence as a file that the `table` adapter reads back."""

import os
from pathlib import Path

import msgspec
import pandas as pd

from evalvar.errors import AdapterError
from evalvar.evidence import Evidence

FORMS = (".parquet", ".csv", ".tsv", ".jsonl")
_ROWS_AT_ONCE = 100_000


def write_evidence(evidence: Evidence, path: str | Path) -> list[tuple[Path, int]]:
    """Write the tables that are not empty.

    Parameters
    ----------
    evidence : Evidence
        What was read.
    path : path
        Where to; the suffix picks the form: .parquet, .csv, .tsv or .jsonl. The first table that
        is not empty goes there, a further one beside it as ``<stem>.<table><suffix>``.

    Returns
    -------
    list of (path, rows)
        What was written. Each file appears whole or not at all.

    Raises
    ------
    AdapterError
        An unknown suffix, a directory that is not there, or nothing to write.
    """
    path = Path(path)
    if path.suffix not in FORMS:
        raise AdapterError(f"{path}: unknown form '{path.suffix}'. Use {', '.join(FORMS)}.")
    if not path.parent.is_dir():
        raise AdapterError(f"{path}: the directory {path.parent} does not exist. Make it.")
    tables = {
        "records": evidence.records,
        "reported": evidence.reported,
        "timings": evidence.timings,
    }
    filled = {name: table for name, table in tables.items() if len(table)}
    if not filled:
        raise AdapterError(f"{path}: nothing to write, no rows were read.")
    written: list[tuple[Path, int]] = []
    for name, table in filled.items():
        target = path if not written else path.with_name(f"{path.stem}.{name}{path.suffix}")
        partial = target.with_name(target.name + ".part")
        _write(table, partial, path.suffix)
        os.replace(partial, target)
        written.append((target, len(table)))
    return written


def _write(table: pd.DataFrame, path: Path, suffix: str) -> None:
    if suffix == ".parquet":
        table.to_parquet(path, index=False)
    elif suffix == ".jsonl":
        _write_lines(table, path)
    else:
        table.to_csv(path, index=False, sep="," if suffix == ".csv" else "\t")


def _write_lines(table: pd.DataFrame, path: Path) -> None:
    """Write one JSON object a row; unlike pandas', these floats come back exactly."""
    encoder = msgspec.json.Encoder()
    with path.open("wb") as file:
        for start in range(0, len(table), _ROWS_AT_ONCE):
            part = table.iloc[start : start + _ROWS_AT_ONCE]
            rows = part.astype(object).where(part.notna(), None).to_dict("records")
            file.write(encoder.encode_lines(rows))
