"""One key, one row: which files hold the same key twice."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from evalvar.errors import RecordsError, counted
from evalvar.evidence import RECORDS_KEY, REPORTED_KEY, Evidence

_HINT = "Read one run only, label the runs, or say what a repeat means: duplicates 'latest' or "


def name_files(parts: Sequence[Evidence], shown: Sequence[str]) -> None:
    """Refuse a key that occurs twice, naming the files.

    Parameters
    ----------
    parts : sequence of Evidence
        One per file.
    shown : sequence of str
        The files as messages name them.

    Raises
    ------
    RecordsError
        A key occurs twice, in one file or in two.
    """
    for name, key in (("records", RECORDS_KEY), ("reported", REPORTED_KEY)):
        tables = [getattr(part, name) for part in parts]
        again = _repeats([table[list(key)] for table in tables if len(table)])
        if not again.any():
            continue
        owner = np.repeat(
            [n for n, t in enumerate(tables) if len(t)], [len(t) for t in tables if len(t)]
        )
        rows = pd.concat([t[list(key)].astype(str) for t in tables if len(t)], ignore_index=True)
        row = int(np.flatnonzero(again)[0])
        first = int(np.flatnonzero((rows == rows.iloc[row]).all(axis=1))[0])
        files = [shown[owner[first]], shown[owner[row]]]
        where = ", ".join(f"{column} {value}" for column, value in rows.iloc[row].items() if value)
        count = int(again.sum())
        policies = "'sample'." if name == "records" else "read the runs apart."
        if files[0] == files[1]:
            raise RecordsError(
                f"{files[0]}: a key is repeated within one file in {counted(count, 'row')}, "
                f"first {where}. "
                f"Was the file written to twice? {_HINT}{policies}"
            )
        hint = _shots(tables[owner[first]], tables[owner[row]]) or f"{_HINT}{policies}"
        raise RecordsError(
            f"{files[0]} and {files[1]}: the same key in both, in {counted(count, 'row')}, "
            f"first {where}. {hint}"
        )


def _shots(*tables: pd.DataFrame) -> str:
    shots = [set(table["shots"].dropna()) if "shots" in table else set() for table in tables]
    if shots[0] == shots[1] or not all(shots):
        return ""
    told = " and ".join(f"{min(values):g}" for values in shots)
    return (
        f"They differ in their number of shots ({told}): tell them apart by a prompt label, for "
        "example --from 'prompt=(zero|five)-shot'."
    )


def _repeats(tables: Sequence[pd.DataFrame]) -> np.ndarray:
    if not tables:
        return np.zeros(0, dtype=bool)
    whole = pd.concat([table.astype(object) for table in tables], ignore_index=True)
    return whole.duplicated().to_numpy()
