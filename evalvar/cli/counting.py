"""What was read, as text: a line a model, task and metric, or by fewer of these where many."""

from typing import TYPE_CHECKING, Any

from evalvar.cli.columns import aligned
from evalvar.errors import counted
from evalvar.numbers import listing

if TYPE_CHECKING:
    import pandas as pd

    from evalvar.results import Result

# More lines than these are folded into a line a model and task, or the like.
_LINES = 40
_FOLDS = (("model", "task"), ("task", "metric"), ("model",), ("task",), ("metric",))
_PLURALS = {"seeds", "checkpoints", "prompts", "items", "samples", "runs", "levels", "programs"}


def inventory_text(result: "Result") -> str:
    """Return what was read: what is alike in all lines first, then a column a count."""
    table = result.table
    keys = [key for key in result.keys if table[key].notna().any()]
    names = list(dict.fromkeys(table["quantity"]))
    wide = table.pivot(index=list(result.keys), columns="quantity", values="value")[names]
    frame = wide.reset_index()
    files = result.sources
    kinds = files["harness"].value_counts().to_dict() if len(files) else {}
    read = ", ".join(f"{count} of {kind}" for kind, count in kinds.items())
    heading = f"{counted(len(files), 'file')} read" + (f" ({read})" if read else "")
    heading += f": {_systems(frame)}." if len(frame) else "."
    alike = [name for name in names if len(frame) > 1 and _alike(frame[name])]
    told = [_told(name, frame[name].iloc[0]) for name in alike]
    told = [text for text in told if text]
    everywhere = [f"Everywhere {listing(told, most=len(told))}."] if told else []
    shown = [name for name in names if name not in alike]
    lines = _lines(frame, keys, shown)
    return "\n".join([heading, *everywhere, *lines])


def _systems(frame: "pd.DataFrame") -> str:
    """Say how many models there are, on how many tasks; the references of timings are none."""
    from evalvar.evidence import REFERENCE

    models = set(frame["model"].dropna().astype(str))
    timed = "timings" in frame and REFERENCE in models
    said = counted(len(models) - timed, "model") + " and the references" * timed
    return f"{said} on {counted(frame['task'].nunique(), 'task')}"


def _alike(counts: "pd.Series[float]") -> bool:
    return bool(counts.notna().all() and counts.nunique() == 1)


def _told(name: str, count: float) -> str:
    """Return a count that holds everywhere; no word of what is nowhere."""
    if not count:
        return ""
    if name == "reported":
        return counted(int(count), "reported value")
    return counted(int(count), name[:-1]) if name in _PLURALS else f"{count:,.0f} {name}"


def _lines(frame: "pd.DataFrame", keys: list[str], shown: list[str]) -> list[str]:
    by = next(
        (fold for fold in (tuple(keys), *_FOLDS)
         if set(fold) <= set(keys) and _groups(frame, fold) <= _LINES),
        tuple(min(([key] for key in keys), key=lambda key: _groups(frame, tuple(key)))),
    )  # fmt: skip
    others = [key for key in keys if key not in by]
    rows = [[*by, *(f"{key}s" for key in others), *shown]]
    groups = list(frame.groupby(list(by), observed=True, dropna=False, sort=False))
    for key, group in groups[:_LINES]:
        cells: list[Any] = ["" if part != part or part is None else str(part) for part in key]
        cells += [f"{group[other].nunique():,}" for other in others]
        rows.append([*cells, *(_range(group[name]) for name in shown)])
    lines = aligned(rows, left=range(len(by)))
    if others:
        left = f", {len(groups) - _LINES:,} lines more" if len(groups) > _LINES else ""
        of = f"{len(frame):,} of a {listing(keys)}"
        lines += ["", f"Folded from {of}{left}: a-b is the range. --json has each."]
    return lines


def _groups(frame: "pd.DataFrame", by: tuple[str, ...]) -> int:
    return len(frame[list(by)].drop_duplicates())


def _range(counts: "pd.Series[float]") -> str:
    known = counts.dropna()
    if not len(known):
        return ""
    low, high = known.min(), known.max()
    return f"{low:,.0f}" if low == high else f"{low:,.0f}-{high:,.0f}"
