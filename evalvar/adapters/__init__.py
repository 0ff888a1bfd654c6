"""From files to Evidence: finding them, reading each with its adapter, putting them together."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Protocol, cast, runtime_checkable

import pandas as pd

from evalvar.adapters import discovery, duplication, table
from evalvar.adapters.given import given
from evalvar.adapters.labels import labels
from evalvar.adapters.orientation import LowerIsBetter
from evalvar.adapters.remarks import fold
from evalvar.adapters.table_lines import in_lines
from evalvar.errors import AdapterError, EvalvarError, RecordsError, UsageError, counted
from evalvar.evidence import Duplicates, Evidence, merge

GROUP = "evalvar.adapters"
BUILT_IN = {"table": "evalvar.adapters.table", "lm_eval": "evalvar.adapters.lm_eval"}

__all__ = ["Adapter", "adapters", "load"]


@runtime_checkable
class Adapter(Protocol):
    """What reads one kind of file; a module with these three names satisfies it."""

    @property
    def NAME(self) -> str:
        """What --source calls it."""

    def claims(self, path: Path) -> bool:
        """Whether this is a file of its kind, by its name or its first bytes alone."""

    def read(self, path: Path) -> Evidence:
        """Return every row that the file holds, or raise an EvalvarError that says why not."""


def adapters() -> dict[str, Adapter]:
    """Return the adapters by name: those of evalvar, and those other packages declare.

    Raises
    ------
    AdapterError
        A package declares an adapter that cannot be loaded or lacks a part.
    """
    found = {name: cast(Adapter, import_module(module)) for name, module in BUILT_IN.items()}
    for entry in entry_points(group=GROUP):
        if entry.value == BUILT_IN.get(entry.name):
            continue
        try:
            adapter = entry.load()
        except Exception as error:
            raise AdapterError(
                f"the adapter '{entry.name}' ({entry.value}) cannot be loaded: {error}. "
                "Repair or remove the package that declares it."
            ) from error
        if not isinstance(adapter, Adapter):
            raise AdapterError(
                f"the adapter '{entry.name}' ({entry.value}) lacks NAME, claims or read. "
                "Repair or remove the package that declares it."
            )
        if entry.name in found:
            raise AdapterError(
                f"two packages declare an adapter '{entry.name}'. Remove one of them."
            )
        found[entry.name] = adapter
    return found


def load(
    *paths: str | Path,
    source: str | None = None,
    from_: Mapping[str, str] | None = None,
    label: Mapping[str, Any] | None = None,
    column: Mapping[str, str | Sequence[str]] | None = None,
    lower_is_better: Sequence[str] = (),
    duplicates: Duplicates = "error",
    progress: Callable[[int, int], None] | None = None,
) -> Evidence:
    """Read files, directories, patterns and archives into one Evidence.

    Parameters
    ----------
    *paths : str or Path
        Files; directories, which are searched; patterns such as ``runs/seed*``; archives.
    source : str, optional
        Name of the adapter, where two claim a file or none does.
    from_ : mapping, optional
        Key column (model, prompt, seed, checkpoint, sample) -> regular expression, searched in
        the model's name, then in the path below the given root; its first group is the value.
    label : mapping, optional
        Key column -> value for every row.
    column : mapping, optional
        Column of evalvar -> column or columns of a table's file, where its name does not tell its
        meaning; ``*`` matches several. Several texts are joined, several columns of scores are a
        task each, or a metric each where the table has tasks or items.
    lower_is_better : sequence of str
        Metrics of which lower is better, where the files do not say.
    duplicates : {"error", "latest", "sample"}
        What a key that occurs twice means; see `evalvar.evidence.as_evidence`.
    progress : callable, optional
        Called with (files read, files in all) after every file.

    Returns
    -------
    Evidence

    Raises
    ------
    EvalvarError
        Something cannot be read; the message names it and the next step.
    """
    if duplicates not in ("error", "latest", "sample"):
        raise UsageError(f"duplicates '{duplicates}' is unknown. Use error, latest or sample.")
    for path in paths:
        if not isinstance(path, (str, Path)):
            raise UsageError(
                f"load() reads files, and got a {type(path).__name__}. Hand a DataFrame of records "
                "to any question as it is, or to evalvar.as_evidence(table) first."
            )
    filled = labels(from_ or {}, label or {})
    known = adapters()
    if column:
        known = {**known, table.NAME: table.GivenTable(given(column))}
    turned = LowerIsBetter(tuple(lower_is_better))
    said: list[str] = []
    with tempfile.TemporaryDirectory(prefix="evalvar-") as workspace:
        found = discovery.find(paths, Path(workspace), said)
        pairs = discovery.assign(found, known, source, said)
        remarks: list[tuple[str, Mapping[str, str]]] = [(sentence, {}) for sentence in said]
        parts: list[Evidence] = []
        for number, (file, adapter) in enumerate(pairs, start=1):
            part = _read(adapter, file)
            part = turned.apply(filled.apply(part, file.shown, file.below))
            shown = {str(file.path): file.shown}
            remarks += [(sentence, shown) for sentence in part.warnings]
            parts.append(replace(part, warnings=()))
            if progress is not None:
                progress(number, len(pairs))
        turned.check()
        sentences = (*fold(remarks), *filled.remarks())
        # While the files of archives are there, which a message may want to look into.
        whole = _put_together(parts, pairs, duplicates)
    warnings = (*sentences, *whole.warnings, *_without_items(whole))
    shown = {str(file.path): file.shown for file, _ in pairs}
    sources = whole.sources.assign(path=[shown.get(path, path) for path in whole.sources["path"]])
    return replace(whole, sources=sources, warnings=tuple(dict.fromkeys(warnings)))


def _require_rows(parts: list[Evidence], names: list[str]) -> None:
    """Refuse files of which none holds a row."""
    if any(len(part.records) + len(part.reported) + len(part.timings) for part in parts):
        return
    if len(names) == 1:
        raise AdapterError(f"{names[0]}: the file holds no rows. Write them, or name another file.")
    raise AdapterError(
        f"{names[0]}: neither this nor any other of the {len(names)} files read holds rows. "
        "Name files that do."
    )


def _put_together(
    parts: list[Evidence], pairs: list[tuple[discovery.Found, Adapter]], duplicates: Duplicates
) -> Evidence:
    """Merge the files, or name those that break a rule."""
    names = [file.shown for file, _ in pairs]
    _require_rows(parts, names)
    said: list[str] = []
    if duplicates == "sample":
        tables = duplication.without_repeated_values(parts, names, said)
        parts = [replace(p, reported=t) for p, t in zip(parts, tables, strict=True)]

    def beside(number: int) -> pd.DataFrame | None:
        file, adapter = pairs[number]
        return table.left_out(file.path) if adapter.NAME == table.NAME else None

    try:
        return merge(parts, duplicates=duplicates).plus(*said)
    except RecordsError as error:
        duplication.name_files(parts, names, duplicates, beside)
        raise RecordsError(_located(error, parts, pairs, duplicates)) from error


def _located(
    error: RecordsError,
    parts: list[Evidence],
    pairs: list[tuple[discovery.Found, Adapter]],
    duplicates: Duplicates,
) -> str:
    """Name the file with which the whole breaks a rule, and the place where it is at fault."""
    number = _first_to_break(parts, duplicates)
    file, adapter = pairs[number]
    try:
        merge([parts[number]], duplicates=duplicates)
    except RecordsError as alone:
        # Only now are the rows that the message counts those of the file.
        error = alone
        if adapter.NAME == table.NAME and duplicates == "error":
            return in_lines(f"{file.shown}: {error}", file.path)
    return f"{file.shown}: {error}"


def _first_to_break(parts: list[Evidence], duplicates: Duplicates) -> int:
    """Return which part is the first with which the parts so far break a rule."""
    held, broken = 0, len(parts)
    while broken - held > 1:
        middle = (held + broken) // 2
        try:
            merge(parts[:middle], duplicates=duplicates)
            held = middle
        except RecordsError:
            broken = middle
    return broken - 1


def _without_items(evidence: Evidence) -> list[str]:
    """Count the reported values whose items were not read."""
    key = ["model", "task", "metric", "seed", "checkpoint", "prompt"]
    if not len(evidence.reported):
        return []
    text = dict.fromkeys(("model", "task", "metric", "prompt"), str)
    claimed = evidence.reported[key].astype(text)
    measured = evidence.records[key].drop_duplicates().astype(text)
    alone = pd.MultiIndex.from_frame(claimed).difference(pd.MultiIndex.from_frame(measured))
    if not len(alone):
        return []
    return [
        f"{counted(len(alone), 'value')} read without items (first {alone[0][1]} {alone[0][2]}): "
        "good for means and over seeds, not for pairing items or pass@k."
    ]


def _read(adapter: Adapter, file: discovery.Found) -> Evidence:
    try:
        return adapter.read(file.path)
    except EvalvarError as error:
        message = str(error).replace(str(file.path), file.shown)
        if not message.startswith(file.shown):
            message = f"{file.shown}: {message}"
        raise type(error)(message) from error
    except OSError as error:
        raise AdapterError(
            f"{file.shown}: cannot be read ({error.strerror}). Change its permissions."
        ) from error
