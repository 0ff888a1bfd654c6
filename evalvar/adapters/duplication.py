"""One key, one row: which files hold the same key twice, and what tells the rows apart."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from evalvar.errors import RecordsError, counted
from evalvar.evidence import RECORDS_KEY, REPORTED_KEY, TIMINGS_KEY, Duplicates, Evidence

_HINT = "Read one run only, label the runs, or say what a repeat means: duplicates 'latest' or "
_KEYS = {"records": RECORDS_KEY, "reported": REPORTED_KEY, "timings": TIMINGS_KEY}
_FOR_RUN = ["model", "task", "seed", "checkpoint", "prompt"]
_POLICIES = {
    "records": f"{_HINT}'sample' (--duplicates latest).",
    "reported": f"{_HINT}read the runs apart.",
    "timings": "Number the runs in a column repeat.",
}
# What a file of reported values may tell about its run beside the key.
_FACTS = ("shots", "task_version", "task_hash", "harness_version", "chat_template")
_SHOWN = 8

Beside = Callable[[int], pd.DataFrame | None]


def name_files(
    parts: Sequence[Evidence], shown: Sequence[str], duplicates: Duplicates, beside: Beside
) -> None:
    """Refuse a key that occurs twice, naming the files.

    Parameters
    ----------
    parts : sequence of Evidence
        One per file.
    shown : sequence of str
        The files as messages name them.
    duplicates : {"error", "latest", "sample"}
        What a repeat means; that of a timing is an error whatever it is.
    beside : callable
        Number of a part -> what its file holds beside what was read, row by row of its table.

    Raises
    ------
    RecordsError
        A key occurs twice, in one file or in two.
    """
    for name in _KEYS if duplicates == "error" else ("timings",):
        key = list(_KEYS[name])
        tables = [getattr(part, name) for part in parts]
        filled = [number for number, table in enumerate(tables) if len(table)]
        again = _repeats([tables[number][key] for number in filled])
        if not again.any():
            continue
        owner = np.repeat(filled, [len(tables[number]) for number in filled])
        rows = pd.concat([tables[n][key].astype(str) for n in filled], ignore_index=True)
        row = int(np.flatnonzero(again)[0])
        first = int(np.flatnonzero((rows == rows.iloc[row]).all(axis=1))[0])
        both = list(dict.fromkeys([int(owner[first]), int(owner[row])]))
        where = ", ".join(f"{column} {value}" for column, value in rows.iloc[row].items() if value)
        count = counted(int(again.sum()), "row")
        whole = pd.concat([_whole(tables[n], beside(n)) for n in both], ignore_index=True)
        hint = _apart(whole, key) or _POLICIES[name]
        if len(both) == 1:
            equal = int(whole.duplicated().sum()) == int(again.sum())
            question = "Was the file written to twice? " if equal else ""
            raise RecordsError(
                f"{shown[both[0]]}: a key is repeated within one file in {count}, "
                f"first {where}. {question}{hint}"
            )
        hint = _shots(*(tables[n] for n in both)) or hint
        raise RecordsError(
            f"{shown[both[0]]} and {shown[both[1]]}: the same key in both, in {count}, "
            f"first {where}. {hint}"
        )


def without_repeated_values(
    parts: Sequence[Evidence], shown: Sequence[str], remarks: list[str]
) -> list[pd.DataFrame]:
    """Return the reported values of every part without those that `sample` cannot number.

    Parameters
    ----------
    parts, shown : sequence
        As in `name_files`.
    remarks : list of str
        How many values were left out is added here: those of runs whose items are read.

    Raises
    ------
    RecordsError
        A value is repeated and has no items: an aggregate has no samples.
    """
    key = list(REPORTED_KEY)
    tables = [part.reported for part in parts]
    filled = [number for number, table in enumerate(tables) if len(table)]
    if not filled:
        return tables
    rows = pd.concat([tables[n][key].astype(object) for n in filled], ignore_index=True)
    again = rows.duplicated(keep=False).to_numpy()
    if not again.any():
        return tables
    owner = np.repeat(filled, [len(tables[number]) for number in filled])
    measured = {
        run
        for part in parts
        for run in part.records[_FOR_RUN].drop_duplicates().itertuples(index=False, name=None)
    }
    runs = rows[_FOR_RUN].itertuples(index=False, name=None)
    alone = again & np.array([run not in measured for run in runs])
    if alone.any():
        row = int(np.flatnonzero(alone)[0])
        same = (rows == rows.iloc[row]).all(axis=1).to_numpy()
        files = list(dict.fromkeys(shown[n] for n in owner[same]))[:2]
        named = rows.iloc[row].astype(str)
        where = ", ".join(f"{column} {value}" for column, value in named.items() if value)
        raise RecordsError(
            f"{' and '.join(files)}: duplicates 'sample' cannot number reported values, an "
            f"aggregate has no samples: {counted(int(alone.sum()), 'row')} of a repeated key, "
            f"first {where}. Read the items, label the runs (--from 'seed=...'), or use 'latest'."
        )
    remarks.append(
        f"reported: {counted(int(again.sum()), 'row')} of a repeated key left out, the items of "
        "the runs are read as samples."
    )
    return [
        table[~again[owner == number]].reset_index(drop=True) if len(table) else table
        for number, table in enumerate(tables)
    ]


def _whole(table: pd.DataFrame, beside: pd.DataFrame | None) -> pd.DataFrame:
    """Put what evalvar left out of a file beside what it read."""
    table = table.reset_index(drop=True)
    if beside is None or not len(beside) or len(table) % len(beside):
        return table
    # Each score column of a wide table adds all rows of the file once more.
    places = np.arange(len(table)) % len(beside)
    left_out = beside.iloc[places].reset_index(drop=True)
    return pd.concat([table.astype(object), left_out.astype(str).add_prefix("\0")], axis=1)


def _apart(whole: pd.DataFrame, key: list[str]) -> str:
    """Say which columns beside the key differ where the key is repeated."""
    left_out = [name for name in whole.columns if name.startswith("\0")]
    facts = [name for name in whole.columns if name in _FACTS or name.startswith("factor.")]
    repeated = whole[whole.duplicated(key, keep=False).to_numpy()]
    groups = repeated.groupby(key, observed=True, sort=False, dropna=False)
    apart = {
        name: int((groups[name].nunique(dropna=False) > 1).sum()) for name in (*left_out, *facts)
    }
    most = max(apart.values(), default=0)
    if not most:
        return ""
    names = [name for name, count in apart.items() if count == most]
    why = "mean nothing to evalvar" if set(names) <= set(left_out) else "are no part of the key"
    plain = [name.removeprefix("\0") for name in names]
    return (
        f"The rows differ in {_listed(plain)}, which "
        f"{why if len(plain) > 1 else why.replace('mean', 'means').replace('are', 'is')}: "
        f"rename {'one' if len(plain) > 1 else 'it'} to prompt (or seed, sample)."
    )


def _listed(names: list[str]) -> str:
    if len(names) > _SHOWN:
        return f"{', '.join(names[:_SHOWN])} and {len(names) - _SHOWN} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


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
