"""What the columns of a table mean: the names in use among evaluation tools."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from evalvar.adapters.given import MEASURES, Given
from evalvar.errors import AdapterError
from evalvar.tables import CLOCKS

Kind = Literal["records", "reported", "timings"]

_KEYS: Mapping[str, tuple[str, ...]] = {
    "model": ("model",),
    "task": ("task", "task_name", "benchmark", "benchmark_id", "dataset"),
    "metric": ("metric",),
    "seed": ("seed", "train_seed"),
    "checkpoint": ("checkpoint", "step", "tokens"),
    "prompt": ("prompt", "template"),
}
# Not `sample_id`: Inspect's is unique to every answer, its `id` is the question.
_ITEM = ("item", "item_id", "id", "example_id", "question_id", "doc_id")
_SAMPLE = ("sample", "epoch", "sample_idx", "repeat", "trial")
_MEANINGS: Mapping[Kind, Mapping[str, tuple[str, ...]]] = {
    "records": {
        **_KEYS,
        "item": _ITEM,
        "sample": _SAMPLE,
        "score": ("score", "value", "correct", "pass1"),
    },
    "reported": {
        **_KEYS,
        "value": ("value", "score", "mean"),
        "se": ("se", "stderr", "std_err"),
        "n": ("n", "count"),
    },
    "timings": {
        **{name: names for name, names in _KEYS.items() if name != "metric"},
        "item": _ITEM,
        **{"sample": ("sample", "sample_idx"), "repeat": ("repeat", "trial")},
        **{name: (name,) for name in ("run", "phase", "level", "case")},
        **{name: (name,) for name in ("seconds", "limit_s", "status")},
    },
}
_KEPT: Mapping[Kind, tuple[str, ...]] = {
    "records": ("group", "cluster", "chance", "score_min", "score_max", "higher_is_better"),
    "reported": (
        *("group", "chance", "score_min", "score_max", "higher_is_better"),
        *("shots", "task_version", "task_hash", "harness_version", "chat_template"),
    ),
    "timings": (*CLOCKS, "machine"),
}
_ATTRIBUTES: Mapping[Kind, tuple[str, ...]] = {
    "records": ("item.", "factor.", "answer."),
    "reported": (),
    "timings": ("item.",),
}
_MEASURE: Mapping[str, str] = {"records": "score", "reported": "value"}
_WIDE = "score_"
_SHOWN = 8
# What a column of scores is called where it is not called so.
_LIKELY = {
    *("accuracy", "acc", "acc_norm", "exact_match", "em", "f1", "is_correct", "passed", "result"),
    *("reward", "scores", "values", "resolved", "loss", "ppl", "perplexity", "val_loss"),
    *("score_binarized", "win_rate", "pass_rate", "pass@1"),
}
# Keys that only the files of a harness have together.
_HARNESSES = (
    {"doc_id", "arguments"},
    {"doc_id", "resps"},
    {"doc_id", "filtered_resps"},
    {"task_id", "completion"},
    {"task_id", "solution"},
    {"instance_id", "model_patch"},
    {"schema_version", "evaluation_id"},
    {"generator_1", "generator_2"},
)


@dataclass(frozen=True)
class Meaning:
    """How the columns of one table are to be read.

    Parameters
    ----------
    kind : {"records", "reported", "timings"}
        What a row is.
    columns : dict
        Column of the file -> column of evalvar.
    wide : tuple of str
        Score columns that become one metric each.
    left_out : tuple of str
        Columns that mean nothing to evalvar.
    joined : dict
        Column of the file -> further columns whose text is put behind its own.
    """

    kind: Kind
    columns: dict[str, str]
    wide: tuple[str, ...] = ()
    left_out: tuple[str, ...] = field(default=())
    joined: dict[str, tuple[str, ...]] = field(default_factory=dict)


def kind_of(names: Iterable[str], given: Given | None = None) -> Kind | None:
    """Tell what the rows of a table are; None when no column is a score."""
    plain = {_plain(name) for name in names}
    if given is not None:
        plain |= given.names.keys()
    elif any(keys <= plain for keys in _HARNESSES):
        return None
    if {"seconds", "status"} <= plain:
        return "timings"
    if plain & {*_ITEM, "input"}:
        scored = plain & set(_MEANINGS["records"]["score"])
        return "records" if scored or _wide(plain) else None
    return "reported" if plain & set(_MEANINGS["reported"]["value"]) else None


def meaning(names: Sequence[str], path: Path, given: Given | None = None) -> Meaning:
    """Find the meaning of every column.

    Raises
    ------
    AdapterError
        A name occurs twice, two columns claim one meaning, or none is a score; a column whose
        meaning the user gives is not there.
    """
    twice = [name for n, name in enumerate(names) if name in names[:n]]
    if twice:
        raise AdapterError(
            f"{path}: the column '{twice[0]}' occurs {names.count(twice[0])} times. "
            "Rename or remove all but one."
        )
    kind = kind_of(names, given)
    if kind is None:
        raise AdapterError(f"{path}: {no_score(names)}")
    own = _own(names, path, kind, given)
    taken = {name for columns in own.values() for name in columns}
    columns: dict[str, str] = {}
    for target, aliases in _MEANINGS[kind].items():
        if target in own:
            continue
        claiming = [name for name in names if _plain(name) in aliases and name not in taken]
        if not claiming and target == "item":
            claiming = [name for name in names if _plain(name) == "input" and name not in taken]
        if len(claiming) > 1:
            raise AdapterError(
                f"{path}: the columns {' and '.join(map(repr, claiming))} both mean {target}. "
                f"Say which: --column {target}={claiming[0]}."
            )
        if claiming:
            columns[claiming[0]] = target
    wide: tuple[str, ...] = own.pop(_MEASURE[kind], ()) if kind in _MEASURE else ()
    if len(wide) == 1:
        own[_MEASURE[kind]], wide = wide, ()
    columns |= {several[0]: target for target, several in own.items()}
    joined = {several[0]: several[1:] for several in own.values() if len(several) > 1}
    if not wide and kind == "records" and "score" not in columns.values():
        wide = tuple(name for name in names if _plain(name) in _wide(map(_plain, names)))
    rest = [name for name in names if name not in taken and name not in columns]
    rest = [name for name in rest if name not in wide]
    for name in rest:
        if name in _KEPT[kind] or name.startswith(_ATTRIBUTES[kind]):
            columns[name] = name
    left_out = tuple(name for name in rest if name not in columns)
    return Meaning(kind, columns, wide, left_out, joined)


def _own(
    names: Sequence[str], path: Path, kind: Kind, given: Given | None
) -> dict[str, tuple[str, ...]]:
    """Return the columns whose meaning the user gives, by that meaning."""
    if given is None:
        return {}
    meant = {"score" if key in MEASURES else key for key in given.names}
    claimed = [
        name
        for target, aliases in _MEANINGS[kind].items()
        if target not in MEASURES and target not in meant
        for name in names
        if _plain(name) in aliases
    ]
    found = given.columns(names, path, [*claimed, *(n for n in names if n in _KEPT[kind])])
    return {_MEASURE.get(kind, key) if key in MEASURES else key: v for key, v in found.items()}


def no_score(names: Sequence[str]) -> str:
    """Say which columns a table needs, which were found, and which to rename."""
    plain = {_plain(name): name for name in names}
    foreign = next((keys for keys in _HARNESSES if keys <= plain.keys()), None)
    if foreign is not None:
        return (
            f"the columns {listed(sorted(plain[key] for key in foreign))} are those of another "
            "tool's file, which is not read yet; export it as a table."
        )
    if {"phase", "case", "status"} <= plain.keys():
        return (
            f"expected a column seconds with the times of programs, found {listed(names)}. Rename "
            "the column with the times."
        )
    by_item = bool(plain.keys() & {*_ITEM, "input"})
    wanted = ("score", "correct", "pass1") if by_item else ("value", "score", "mean")
    likely = next((plain[key] for key in plain if key in _LIKELY), None)
    remedy = (
        f"Rename '{likely}' to {wanted[0]}."
        if likely is not None
        else "Rename the column with the scores."
    )
    return (
        f"expected a column {', '.join(wanted[:-1])} or {wanted[-1]}"
        f"{'' if by_item else ' (and item, if a row is one answer)'}, "
        f"found {listed(names) or 'none'}. {remedy}"
    )


def listed(names: Sequence[str]) -> str:
    """List names for a message: at most 8, and how many more there are."""
    shown = ", ".join(f"'{name}'" for name in names[:_SHOWN])
    return f"{shown} and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else shown


def metric_of(name: str) -> str:
    """Metric that a score column stands for when there is no metric column."""
    plain = _plain(name)
    if plain.startswith(_WIDE):
        return name.strip()[len(_WIDE) :]
    return plain if plain in ("correct", "pass1") else "score"


def _wide(plain: Iterable[str]) -> set[str]:
    return {
        name for name in plain if name.startswith(_WIDE) and name not in ("score_min", "score_max")
    }


def _plain(name: str) -> str:
    return name.strip().lower()
