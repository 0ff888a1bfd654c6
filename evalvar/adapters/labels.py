"""Key columns that only a path or a model's name tells: seed, checkpoint, prompt."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from evalvar.adapters.remarks import Remark
from evalvar.errors import UsageError, counted
from evalvar.evidence import Evidence
from evalvar.tables import REFERENCE

KEYS = ("model", "prompt", "seed", "checkpoint", "sample")
WHOLE = ("seed", "checkpoint", "sample")
# A letter before or a letter or digit behind makes it part of a longer word: birdseed3, step150k.
DEFAULTS: Mapping[str, re.Pattern[str]] = {
    "seed": re.compile(r"(?<![a-z])seed[-_=]?(\d+)(?![a-z0-9]|\.\d)", re.IGNORECASE),
    "checkpoint": re.compile(
        r"(?<![a-z])(?:revision=)?(?:step|checkpoint|ckpt|iter)[-_=]?(\d+)(?![a-z0-9]|\.\d)",
        re.IGNORECASE,
    ),
    # Only where it is said outright: "prompt" is also part of the names of models.
    "prompt": re.compile(r"(?<![a-z])prompt=(\w+)", re.IGNORECASE),
}
_SEPARATORS = "-_=., "
_SHOWN = 6


@dataclass
class Labels:
    """What fills key columns while files are read, and what it has filled so far.

    Parameters
    ----------
    patterns : mapping
        Key column -> regular expression whose first group is the value (``--from``).
    fixed : mapping
        Key column -> value for every file (``--label``).
    """

    patterns: Mapping[str, re.Pattern[str]]
    fixed: Mapping[str, Any]
    taken: dict[tuple[str, str], dict[str, set[Any]]] = field(default_factory=dict)
    replaced: dict[str, Counter[Any]] = field(default_factory=dict)
    made_up: set[str] = field(default_factory=set)
    unmatched: dict[str, dict[str, None]] = field(default_factory=dict)

    def apply(self, part: Evidence, shown: str, below: str) -> Evidence:
        """Fill the key columns of one file.

        Parameters
        ----------
        part : Evidence
            What the file holds.
        shown : str
            The file as remarks name it.
        below : str
            Its path below the given root, in which labels are looked for.
        """
        told = tuple(sentence for sentence in part.warnings if not self._answers(sentence))
        return replace(
            part,
            records=self._table(part.records, shown, below),
            reported=self._table(part.reported, shown, below),
            timings=self._table(part.timings, shown, below),
            warnings=told,
        )

    def _answers(self, sentence: str) -> bool:
        """Whether a label gives what the reader of the file had to make up."""
        if not isinstance(sentence, Remark) or sentence.made_up not in self.fixed:
            return False
        self.made_up.add(sentence.example)
        return True

    def remarks(self) -> list[str]:
        """Say what was taken from where, one sentence per key and place.

        Raises
        ------
        UsageError
            A pattern of ``--from`` matched nothing.
        """
        said = []
        for (key, place), found in self.taken.items():
            values = sorted(set().union(*found.values()))
            said.append(f"{key} taken from {place} in {_files(len(found))} ({_listed(values)})")
        for key, old in self.replaced.items():
            known = [value for value in sorted(old) if value not in self.made_up]
            if known:
                rows = sum(old[value] for value in known)
                said.append(f"{key} replaced in {counted(rows, 'row')} ({_listed(known)})")
        for key, names in self.unmatched.items():
            if not any(taken == key for taken, _ in self.taken):
                raise UsageError(
                    f"--from {key}: the pattern '{self.patterns[key].pattern}' matches no file, "
                    f"for example not '{next(iter(names))}'. The first group must be the value."
                )
            said.append(
                f"{key}: the pattern of --from does not match {_files(len(names))}, "
                f"first {next(iter(names))}; their {key} stays as it was"
            )
        return said

    def _table(self, table: pd.DataFrame, shown: str, below: str) -> pd.DataFrame:
        if not len(table):
            return table
        models = table["model"]
        names = list(models.cat.categories)
        timed = "phase" in table
        cut = list(names)
        columns: dict[str, Any] = {}
        for key in (key for key in KEYS if key in table):
            given = key in self.fixed or key in self.patterns
            if key in self.fixed:
                found: list[Any] = [self.fixed[key]] * len(names)
            else:
                pattern = self.patterns.get(key, DEFAULTS.get(key))
                if pattern is None or (not given and _says(table[key])):
                    continue
                found = [self._find(key, pattern, name, shown, below) for name in names]
                cut = [without(name, pattern) for name in cut] if key != "model" else cut
                if given and all(value is None for value in found):
                    self.unmatched.setdefault(key, {})[shown] = None
            if all(value is None for value in found):
                continue
            if key == "model":
                cut = [
                    old if new is None or (timed and old == REFERENCE) else new
                    for old, new in zip(names, found, strict=True)
                ]
                if key in self.fixed:
                    self._count(key, models, _renamed(models, cut))
                continue
            columns[key] = _filled(table[key], models, found, key)
            if given and _says(table[key]):
                self._count(key, table[key], columns[key])
        if "model" in self.fixed or "model" in self.patterns or cut != names:
            columns["model"] = _renamed(models, cut)
        return table.assign(**columns)

    def _count(self, key: str, before: pd.Series, after: Any) -> None:
        """Note which values of how many rows gave way to a label."""
        old = before.astype(object).to_numpy()
        lost = old[old != np.asarray(after, dtype=object)]
        self.replaced.setdefault(key, Counter()).update(lost)

    def _find(self, key: str, pattern: re.Pattern[str], name: str, shown: str, below: str) -> Any:
        places = {"the model's name": name, "the path": below}
        for place, text in places.items():
            match = pattern.search(text)
            if match is not None:
                value = _value(key, match[1], f"{shown}: --from {key}")
                self.taken.setdefault((key, place), {}).setdefault(shown, set()).add(value)
                return value
        return None


def labels(from_: Mapping[str, str], label: Mapping[str, Any]) -> Labels:
    """Check what the user gave.

    Raises
    ------
    UsageError
        An unknown key, a key given twice, a pattern without a group, a value that is no number.
    """
    for key in (*from_, *label):
        if key not in KEYS:
            raise UsageError(f"'{key}' cannot be filled by a label. Use {', '.join(KEYS)}.")
    both = [key for key in from_ if key in label]
    if both:
        raise UsageError(f"{both[0]} is given by --from and by --label. Use one of them.")
    patterns = {}
    for key, text in from_.items():
        try:
            patterns[key] = re.compile(text, re.IGNORECASE)
        except re.error as error:
            raise UsageError(
                f"--from {key}: '{text}' is no regular expression ({error})."
            ) from error
        if not patterns[key].groups:
            raise UsageError(
                f"--from {key}: '{text}' has no group. Put the value in brackets: 'run(\\d+)'."
            )
    return Labels(patterns, {key: _value(key, v, f"--label {key}") for key, v in label.items()})


def without(name: str, pattern: re.Pattern[str]) -> str:
    """Cut what a pattern matches out of a name, and the separators that are left over.

    Examples
    --------
    >>> without("ck/seed0/step150", DEFAULTS["seed"])
    'ck/step150'
    >>> without("pretrained=org/m,revision=step53000", DEFAULTS["checkpoint"])
    'org/m'
    >>> without("seed0", DEFAULTS["seed"])
    'model'
    """
    cut = pattern.sub("\0", name)
    if cut == name:
        return name
    parts = []
    for part in cut.split("/"):
        pieces = [piece.strip(_SEPARATORS) for piece in part.split("\0")]
        # The separator in front of what was cut also parts what is left.
        joint = next((c for c in part[: part.find("\0")][::-1] if c in _SEPARATORS), "-")
        parts.append(joint.join(piece for piece in pieces if piece) if "\0" in part else part)
    left = "/".join(part for part in parts if part).removeprefix("pretrained=")
    return left or "model"


def is_label(part: str) -> bool:
    """Whether a part of a path is nothing but labels, such as ``seed1`` or ``step-100``."""
    for pattern in DEFAULTS.values():
        part = pattern.sub("", part)
    return not part.strip(_SEPARATORS)


def _says(column: pd.Series) -> bool:
    labels_of = column.array
    if isinstance(labels_of, pd.Categorical):
        named = np.array([name != "" for name in labels_of.categories], dtype=bool)
        return bool(named[labels_of.codes].any())
    return bool(column.to_numpy().any())


def _value(key: str, text: Any, what: str) -> Any:
    if key not in WHOLE:
        return str(text)
    try:
        return int(text)
    except (TypeError, ValueError):
        raise UsageError(f"{what} gives '{text}', but a {key} is a whole number.") from None


def _filled(column: pd.Series, models: pd.Series, found: list[Any], key: str) -> Any:
    codes = models.cat.codes.to_numpy()
    if key in WHOLE:
        known = np.array([value is not None for value in found])
        values = np.array([0 if value is None else value for value in found], dtype="int64")
        return np.where(known[codes], values[codes], column.to_numpy())
    if None not in found:
        names, distinct = pd.factorize(np.array(found, dtype=object), sort=True)
        return pd.Categorical.from_codes(
            names[codes], categories=pd.Index(distinct, dtype=object)
        ).remove_unused_categories()
    old = column.astype(object).to_numpy()
    new = [old[row] if found[code] is None else found[code] for row, code in enumerate(codes)]
    return pd.Categorical(new)


def _renamed(models: pd.Series, names: list[str]) -> pd.Categorical:
    codes, distinct = pd.factorize(np.array(names, dtype=object))
    return pd.Categorical.from_codes(
        codes[models.cat.codes.to_numpy()], categories=pd.Index(distinct, dtype=object)
    )


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count:,} files"


def _listed(values: Iterable[Any]) -> str:
    shown = list(map(str, values))
    if len(shown) <= _SHOWN:
        return ", ".join(shown)
    return f"{', '.join(shown[: _SHOWN - 1])}, ... {shown[-1]}; {len(shown)} values"
