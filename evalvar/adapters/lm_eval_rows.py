"""Samples files of lm-eval, row by row: only the fields that are needed, in columns."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import Any

import msgspec

from evalvar.adapters.files import COMPRESSED, head, lines, whole
from evalvar.adapters.remarks import Remark
from evalvar.errors import AdapterError

# Fields that the harness writes beside the metrics, over all its versions.
FIELDS = (
    *("doc_id", "doc", "target", "arguments", "resps", "filtered_resps", "filter", "metrics"),
    *("doc_hash", "prompt_hash", "target_hash"),
)
_AT_ONCE = 64  # rows whose lines fit into the cache
_Lines = Iterator[tuple[int, bytes | msgspec.Raw]]


class _Argument(msgspec.Struct, gc=False):
    arg_1: str


class _Answer(msgspec.Struct, array_like=True, gc=False):
    log_likelihood: float  # followed by whether it is the greedy answer


@dataclass
class Rows:
    """Columns of one samples file, in its order.

    Parameters
    ----------
    metrics : list of str
        Names of the metrics.
    scores : dict
        Metric -> one value per row; `msgspec.UNSET` where a row lacks it.
    filters : list
        None where the row does not name its filter (before 0.4.7).
    sizes : list of int
        Per row the number of options of a multiple-choice task; else empty.
    log_likelihoods, options : list
        Of every option, one row after the other.
    responses : list
        Per row the repeated answers, where there are several; else empty.
    several_inputs : bool
        The options of a question differ in what is in front of them.
    beside : list of str
        Unknown fields that the rows do not list among their metrics.
    digest : str
        SHA-256 of the file, where reading it gave it.
    """

    metrics: list[str] = field(default_factory=list)
    doc_ids: list[int | str] = field(default_factory=list)
    filters: list[str | None] = field(default_factory=list)
    hashes: list[str | None] = field(default_factory=list)
    targets: list[Any] = field(default_factory=list)
    scores: dict[str, list[Any]] = field(default_factory=dict)
    sizes: list[int] = field(default_factory=list)
    log_likelihoods: list[float] = field(default_factory=list)
    options: list[str] = field(default_factory=list)
    responses: list[list[str]] = field(default_factory=list)
    several_inputs: bool = False
    beside: list[str] = field(default_factory=list)
    digest: str = ""


def read_rows(path: Path, remarks: list[str]) -> Rows:
    """Read a samples file into columns.

    Raises
    ------
    AdapterError
        A line other than a cut-off last one is no sample of lm-eval.
    """
    metrics: list[str] = []
    while True:
        rows = _read_with(path, metrics, remarks)
        if isinstance(rows, Rows):
            return rows
        # A later row has a metric that the rows before it lack: read again with its column.
        metrics = rows


def _read_with(path: Path, metrics: list[str], remarks: list[str]) -> Rows | list[str]:
    rows: Rows | None = None
    decode: Callable[[Any], Any] | None = None
    digest = hashlib.sha256()
    batch: list[Any] = []
    for number, line in _lines(path, digest):
        if rows is None or decode is None:
            first = _loosely(path, number, line)
            if first is None:
                break
            _require(path, first)
            rows = Rows(metrics=list(dict.fromkeys((*metrics, *_metrics_of(first)))))
            listed = first.get("metrics")
            if isinstance(listed, list):
                rows.beside = [name for name in _metrics_of(first) if name not in listed]
            decode = _shape(first, rows)
        try:
            row = decode(line)
        except msgspec.MsgspecError:
            loose = _loosely(path, number, line)
            if loose is None:
                remarks.append(
                    Remark("the last line is cut off and was left out ({0:line})", 1, file=path)
                )
                break
            new = [name for name in _metrics_of(loose) if name not in rows.metrics]
            if new:
                return [*rows.metrics, *new]
            try:
                row = decode(msgspec.json.encode(loose))
            except msgspec.MsgspecError as error:
                raise AdapterError(
                    f"{path}: line {number} does not have the shape of the first line "
                    f"({error}). Split the file by task or evaluate again."
                ) from error
        batch.append(row)
        if len(batch) == _AT_ONCE:
            _append(rows, batch)
    if rows is None:
        remarks.append(Remark("the file holds no sample", file=path))
        return Rows()
    _append(rows, batch)
    rows.digest = digest.hexdigest() if path.suffix not in COMPRESSED else ""
    return rows


def _append(rows: Rows, batch: list[Any]) -> None:
    if not batch:
        return
    columns: dict[str, list[Any]] = {
        **{"doc_id": rows.doc_ids, "filter": rows.filters, "doc_hash": rows.hashes},
        **{f"metric_{n}": column for n, column in enumerate(rows.scores.values())},
        "target": rows.targets,
    }
    for name, column in columns.items():
        column += map(attrgetter(name), batch)
    if batch[0].CHOICES:
        rows.sizes += [len(row.filtered_resps) for row in batch]
        rows.log_likelihoods += [a.log_likelihood for row in batch for a in row.filtered_resps]
        if isinstance(batch[0].arguments, dict):
            rows.options += [a.arg_1 for row in batch for a in row.arguments.values()]
        else:
            rows.options += [a[1] for row in batch for a in row.arguments]
    elif batch[0].REPEATS:
        rows.responses += [row.resps[0] for row in batch]
    batch.clear()


def _shape(first: dict[str, Any], rows: Rows) -> Callable[[Any], Any]:
    """Build the decoder for files whose rows look like the first one."""
    choices = _is_choice(first)
    repeats = not choices and _is_repeated(first)
    rows.several_inputs = choices and _has_several_inputs(first)
    raw: tuple[type, Any] = (msgspec.Raw, msgspec.Raw(b"null"))
    types: dict[str, tuple[Any, Any]] = {
        **dict.fromkeys(FIELDS, raw),
        "doc_id": (int | str, msgspec.NODEFAULT),
        "target": (Any, None),
        **dict.fromkeys(("filter", "doc_hash"), (str | None, None)),
    }
    if choices:
        listed = isinstance(first["arguments"], list)
        shape = list[tuple[msgspec.Raw, str]] if listed else dict[str, _Argument]
        types["arguments"] = (shape, msgspec.NODEFAULT)
        types["filtered_resps"] = (list[_Answer], msgspec.NODEFAULT)
    elif repeats:
        types["resps"] = (list[list[str]], msgspec.NODEFAULT)
    fields: list[tuple[str, Any, Any]] = [(name, *types[name]) for name in FIELDS]
    fields += [(f"metric_{n}", Any, msgspec.UNSET) for n in range(len(rows.metrics))]
    row = msgspec.defstruct(
        "Row",
        [f if f[2] is not msgspec.NODEFAULT else f[:2] for f in fields],
        namespace={"CHOICES": choices, "REPEATS": repeats},
        rename={f"metric_{n}": name for n, name in enumerate(rows.metrics)},
        forbid_unknown_fields=True,
        kw_only=True,
        gc=False,
    )
    rows.scores = {name: [] for name in rows.metrics}
    # Not strict: the harness writes numbers as text.
    return msgspec.json.Decoder(row, strict=False).decode


def _lines(path: Path, digest: "hashlib._Hash") -> _Lines:
    if head(path, 64).lstrip().startswith(b"["):
        # 0.4.0 to 0.4.2 call an indented array .jsonl.
        data = whole(path)
        digest.update(path.read_bytes())
        try:
            rows = msgspec.json.decode(data, type=list[msgspec.Raw])
        except msgspec.DecodeError:
            decoded = _json(path, 1, data)
            if decoded is None:
                raise AdapterError(
                    f"{path}: expected an array of samples (lm-eval 0.4.0 to 0.4.2), but it is "
                    "cut off. Evaluate again or leave the file out."
                ) from None
            rows = [msgspec.Raw(msgspec.json.encode(row)) for row in decoded]
        yield from enumerate(rows, start=1)
    else:
        yield from enumerate(lines(path, digest), start=1)


def _loosely(path: Path, number: int, line: bytes | msgspec.Raw) -> dict[str, Any] | None:
    """Decode a line in the standard library's looser way; None for a cut-off last line."""
    row = _json(path, number, bytes(line))
    if row is None or isinstance(row, dict):
        return row
    raise AdapterError(
        f"{path}: expected a sample of lm-eval in line {number}, found a {type(row).__name__}. "
        "Name the adapter that reads this file with --source."
    )


def _json(path: Path, number: int, data: bytes) -> Any:
    def constant(name: str) -> None:
        if name != "NaN":
            raise AdapterError(
                f"{path}: line {number} holds {name}, which is no score. "
                "Write NaN for an answer that has no score."
            )

    try:
        return json.loads(data, parse_constant=constant)
    except UnicodeDecodeError as error:
        raise AdapterError(
            f"{path}: line {number} is not UTF-8 text (byte {error.start} of the line). "
            "Convert the file to UTF-8."
        ) from error
    except json.JSONDecodeError as error:
        if not data.endswith(b"\n"):
            return None
        raise AdapterError(
            f"{path}: line {number} is no JSON ({error}). Repair or remove the line."
        ) from error


def _require(path: Path, row: dict[str, Any]) -> None:
    if "doc_id" not in row:
        raise AdapterError(
            f"{path}: expected samples of lm-eval with 'doc_id', found an object with "
            f"{', '.join(map(repr, list(row)[:6]))}. Name the adapter that reads it with --source."
        )


def _metrics_of(row: dict[str, Any]) -> list[str]:
    return [name for name in row if name not in FIELDS]


def _is_choice(row: dict[str, Any]) -> bool:
    answers, arguments = row.get("filtered_resps"), _pairs(row.get("arguments"))
    if not isinstance(answers, list) or len(answers) < 2 or len(arguments) != len(answers):
        return False
    if not all(isinstance(pair, list) and len(pair) == 2 for pair in answers):
        return False
    try:
        float(answers[0][0])
    except (TypeError, ValueError):
        return False
    return all(isinstance(text, str) for _, text in arguments)


def _has_several_inputs(row: dict[str, Any]) -> bool:
    arguments = _pairs(row.get("arguments"))
    if "acc_mutual_info" in row:
        arguments = arguments[: len(arguments) // 2]
    return len({str(context) for context, _ in arguments}) > 1


def _is_repeated(row: dict[str, Any]) -> bool:
    answers = row.get("resps")
    return (
        isinstance(answers, list)
        and len(answers) == 1
        and isinstance(answers[0], list)
        and len(answers[0]) > 1
        and all(isinstance(answer, str) for answer in answers[0])
    )


def _pairs(arguments: Any) -> list[tuple[Any, Any]]:
    if isinstance(arguments, dict):
        values = [a for a in arguments.values() if isinstance(a, dict)]
        return [(a.get("arg_0"), a.get("arg_1")) for a in values]
    if isinstance(arguments, list):
        return [(a[0], a[1]) for a in arguments if isinstance(a, list) and len(a) == 2]
    return []
