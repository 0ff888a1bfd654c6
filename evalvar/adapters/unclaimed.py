"""What to say of a file that no adapter reads."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

from evalvar.adapters import table_files
from evalvar.adapters.files import COMPRESSED, head, kind, whole
from evalvar.adapters.table_columns import listed, no_score
from evalvar.errors import AdapterError

TABLES = (*table_files.SEPARATORS, *table_files.JSON_LINES, ".parquet")
_DATA = (*TABLES, ".json", ".eval")
_EMPTY = "the file is empty. Name another one."
_LATER = "which is not read yet; export it as a table."
# Top-level keys -> whose file it is.
_OBJECTS: tuple[tuple[set[str], str], ...] = (
    ({"version", "status", "eval"}, "an Inspect log"),
    ({"eval", "samples", "plan"}, "an Inspect log"),
    ({"mteb_version", "scores"}, "an MTEB result"),
    ({"task_name", "scores", "dataset_revision"}, "an MTEB result"),
    ({"resolved", "generated"}, "a SWE-bench report"),
    ({"resolved_ids", "submitted_ids"}, "a SWE-bench report"),
    ({"resolved_instances", "total_instances"}, "a SWE-bench report"),
    ({"adapter_spec", "scenario_spec"}, "a HELM run"),
    ({"adapter_spec", "request_states"}, "a HELM run"),
    ({"schema_version", "evaluation_id"}, "an Every Eval Ever record"),
)
_ROWS: tuple[tuple[set[str], str], ...] = (
    ({"instance_id", "stats"}, "a HELM file of statistics"),
    ({"name", "count", "sum", "sum_squared"}, "a HELM file of statistics"),
    ({"question_id", "code_list"}, "a LiveCodeBench output"),
    ({"instance_id", "model_patch"}, "a SWE-bench file of predictions"),
    ({"task_id", "completion"}, "a HumanEval file of completions"),
    ({"task_id", "solution"}, "an EvalPlus file of solutions"),
)
_PROGRAMS = "which has programs and no results; run them with evalvar run-code."
_PICKLES = (".pkl", ".pickle")
_PICKLED = re.compile(rb"\x80[\x02-\x05]")


def is_data(path: Path) -> bool:
    """Whether the name is that of a file of data, not of a text about it."""
    return kind(path) in _DATA


def reason(path: Path) -> str:
    """Say why a file is not read and what to do; empty where nothing is known of it.

    Parameters
    ----------
    path : Path
        A file that no adapter claims.
    """
    form = kind(path)
    try:
        if _is_empty(path):
            return _EMPTY
        if form in _PICKLES or _PICKLED.match(head(path, 2)):
            return (
                "a pickle, which could run anything when it is opened, so that it never is. "
                "Export what it holds as JSON or Parquet."
            )
        if form == ".eval":
            return f"looks like an Inspect log, {_LATER}"
        if form == ".json":
            return _of_json(path)
        if form in TABLES:
            return of_table(path, table_files.names(path))
    except AdapterError as error:
        return str(error).removeprefix(f"{path}: ")
    return ""


def of_table(path: Path, names: Sequence[str]) -> str:
    """Say why the columns found are not those of a table.

    Parameters
    ----------
    path : Path
        A file with the suffix of a table.
    names : sequence of str
        Its columns.

    Raises
    ------
    AdapterError
        The file cannot be decompressed.
    """
    if not names and _is_empty(path):
        return _EMPTY
    separator = table_files.SEPARATORS.get(kind(path))
    if separator is not None and len(names) == 1:
        for other, shown in ((";", "';'"), ("\t", "tabs"), (",", "commas"), ("|", "'|'")):
            if other in names[0] and other != separator:
                wanted = "commas" if separator == "," else "tabs"
                other = "tabs in a .tsv file" if separator == "," else "commas in a .csv file"
                return f"looks separated by {shown}: write {wanted}, or {other}."
    if kind(path) in table_files.JSON_LINES and not names:
        return "expected one JSON object a line. Write the rows so, with a column score."
    return _of_rows(names) or no_score(names)


def _of_rows(names: Sequence[str]) -> str:
    """Say whose rows have these names, and what to do; empty where nothing is known of them."""
    for keys, what in _ROWS:
        if keys <= set(names):
            return f"looks like {what}, {_PROGRAMS if 'task_id' in keys else _LATER}"
    return ""


def _is_empty(path: Path) -> bool:
    if not path.stat().st_size:
        return True
    # What cannot be decompressed has no first byte either: `whole` says what is wrong.
    return path.suffix in COMPRESSED and not head(path, 1) and not whole(path)


def _of_json(path: Path) -> str:
    data = whole(path)
    try:
        content = json.loads(data)
    except ValueError as error:
        return f"no valid JSON ({error}). Repair the file, or leave it out."
    if isinstance(content, dict):
        for keys, what in _OBJECTS:
            if keys <= content.keys():
                return f"looks like {what}, {_LATER}"
        keys_found = (
            f"with the top-level keys {listed(list(content))}" if content else "without keys"
        )
        return (
            f"a JSON object {keys_found}, expected 'results' as lm-eval writes them. "
            "Export it as a table."
        )
    if isinstance(content, list):
        first = list(content[0]) if content and isinstance(content[0], dict) else []
        if said := _of_rows(first):
            return said
        inner = f", the first with the keys {listed(first)}" if first else ""
        return (
            f"a JSON list of {len(content):,} entries{inner}. Write one object a line as .jsonl, "
            "with a column score, or export it as a table."
        )
    return "JSON that holds neither an object nor a list. Export the scores as a table."
