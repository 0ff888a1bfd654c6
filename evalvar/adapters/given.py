"""Columns of a table whose meaning the user gives, since their names do not tell it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

import pandas as pd

from evalvar.adapters.remarks import Remark
from evalvar.errors import AdapterError, UsageError

MEASURES = ("score", "value")
TEXT = ("model", "task", "metric", "prompt", "item")
WHOLE = ("seed", "checkpoint", "sample")
KEYS = (
    *("model", "task", "metric", "item", "seed", "checkpoint", "prompt", "sample"),
    *("score", "value", "se", "n", "chance", "cluster", "group", "score_min", "score_max"),
    "higher_is_better",
)
_NUMBERED = re.compile(r"(.*?)(\d+)")
_SHOWN = 3


@dataclass(frozen=True)
class Given:
    """What the user says of columns, and the numbers that named seeds got so far.

    Parameters
    ----------
    names : mapping
        Column of evalvar -> columns of the file; a name with ``*`` or ``?`` that is no column
        stands for all columns it matches. Several columns of a text are joined by a space, several
        columns of scores are one task each, or one metric each where the table has tasks.
    seeds : dict
        Name of a seed -> its number, over all files.
    """

    names: Mapping[str, tuple[str, ...]]
    seeds: dict[str, int] = field(default_factory=dict)

    def touches(self, names: Iterable[str]) -> bool:
        """Whether one of these columns is meant."""
        patterns = [pattern for wanted in self.names.values() for pattern in wanted]
        return any(fnmatchcase(name, pattern) or name == pattern
                   for name in names for pattern in patterns)  # fmt: skip

    def columns(
        self, names: Sequence[str], path: Path, claimed: Iterable[str]
    ) -> dict[str, tuple[str, ...]]:
        """Find the columns meant in one file; a pattern passes over what is claimed already.

        Raises
        ------
        AdapterError
            A column is not there, or is given two meanings.
        """
        plain = {name for wanted in self.names.values() for name in wanted if name in names}
        free = [name for name in names if name not in plain and name not in set(claimed)]
        found: dict[str, tuple[str, ...]] = {}
        for key, wanted in self.names.items():
            matched: list[str] = []
            for pattern in wanted:
                hits = [pattern] if pattern in names else _matched(free, pattern)
                if not hits:
                    raise AdapterError(
                        f"{path}: --column {key}={pattern}: there is no such column; found "
                        f"{', '.join(map(repr, names[:8]))}{', ...' if len(names) > 8 else ''}. "
                        "Name one of them."
                    )
                matched += hits
            found[key] = tuple(dict.fromkeys(matched))
        every = [name for columns in found.values() for name in columns]
        twice = next((name for name in every if every.count(name) > 1), None)
        if twice is not None:
            raise AdapterError(
                f"{path}: --column gives the column '{twice}' two meanings. Leave one out."
            )
        return found

    def whole(self, table: pd.DataFrame, key: str, path: Path, remarks: list[str]) -> pd.DataFrame:
        """Turn names such as ``Run 7`` into numbers; rows without one are left out and counted.

        Seeds whose names are not one text and a number are numbered in the order in which they come
        up, over all files.
        """
        values = table[key]
        numbers = pd.to_numeric(values, errors="coerce")
        if not len(table) or (numbers.notna() & (numbers % 1 == 0)).all():
            return table
        texts = values.astype(object).where(values.notna(), "").astype(str).str.strip()
        matches = {text: _NUMBERED.fullmatch(text) for text in texts.unique()}
        numbered = {text: int(match[2]) for text, match in matches.items() if match}
        starts = {match[1] for match in matches.values() if match}
        distinct = len(set(numbered.values())) == len(numbered)
        kept = texts.isin(numbered)
        # a mark between word and number tells Run 7 from an id that ends in a digit
        marked = len(starts) == 1 and not next(iter(starts))[-1:].isalnum()
        if numbered and len(starts) == 1 and distinct and (kept.all() or marked):
            if not kept.all():
                others = [text or "empty" for text in texts[~kept].unique()]
                remarks.append(
                    Remark(
                        f"{{0:row}} whose {key} is no number behind '{starts.pop().strip()}' "
                        f"{{0:was/were}} left out ({', '.join(others[:_SHOWN])}"
                        f"{', ...' if len(others) > _SHOWN else ''})",
                        int((~kept).sum()),
                        file=path,
                    )
                )
            return table[kept].assign(**{key: texts[kept].map(numbered)}).reset_index(drop=True)
        if key != "seed" or (texts == "").any():
            return table  # the rules of the table say what is wrong
        before = len(self.seeds)
        for name in texts.unique():
            self.seeds.setdefault(name, len(self.seeds))
        remarks.append(
            Remark(
                "{0:seed} {0:has a name/have names} and {0:was/were} numbered as they came "
                "(first {example})",
                len(self.seeds) - before,
                file=path,
                example=f"{texts.iloc[0]} = {self.seeds[texts.iloc[0]]}",
            )
        )
        return table.assign(seed=texts.map(self.seeds))


def given(column: Mapping[str, str | Sequence[str]]) -> Given:
    """Check what the user gave.

    Raises
    ------
    UsageError
        An unknown key, or one that takes a single column given several times.
    """
    names: dict[str, tuple[str, ...]] = {}
    for key, wanted in column.items():
        if key not in KEYS and not key.startswith(("item.", "factor.", "answer.")):
            raise UsageError(f"--column {key}: no column of evalvar. Use {', '.join(KEYS)}.")
        several = (wanted,) if isinstance(wanted, str) else tuple(wanted)
        if len(several) > 1 and key not in (*TEXT, *MEASURES):
            raise UsageError(f"--column {key} is given {len(several)} times. Give it once.")
        names[key] = several
    if all(key in names for key in MEASURES):
        raise UsageError("--column score and --column value mean the same. Give one of them.")
    return Given(names)


def _matched(names: Iterable[str], pattern: str) -> list[str]:
    if not set("*?") & set(pattern):
        return []
    return [name for name in names if fnmatchcase(name, pattern)]
