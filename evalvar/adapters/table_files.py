"""CSV, TSV, JSON lines and Parquet as data frames of just the columns that are wanted."""

import codecs
import csv
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd

from evalvar.adapters.files import BOM, head, kind, lines, opened
from evalvar.adapters.remarks import Remark
from evalvar.errors import AdapterError

SEPARATORS = {".csv": ",", ".tsv": "\t"}
JSON_LINES = (".jsonl", ".ndjson")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def names(path: Path) -> list[str]:
    """Column names of a table, from its first bytes; empty when it is no table.

    Raises
    ------
    AdapterError
        The footer of a Parquet file cannot be read.
    """
    form = kind(path)
    if form == ".parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            return [str(name) for name in pq.read_schema(path).names]
        except (pa.ArrowInvalid, OSError) as error:
            raise AdapterError(
                f"{path}: cannot be read as Parquet ({error}). Write the file again."
            ) from error
    start = head(path)
    if form in SEPARATORS:
        text = start.decode("utf-16" if start.startswith(_UTF16) else "utf-8", errors="replace")
        return next(csv.reader(io.StringIO(text), delimiter=SEPARATORS[form]), [])
    if form in JSON_LINES:
        try:
            row = json.loads(start.lstrip().split(b"\n", 1)[0])
        except ValueError:
            return _keys(start)
        return list(row) if isinstance(row, dict) else []
    return []


def read_parquet(path: Path, wanted: Sequence[str]) -> pd.DataFrame:
    """Read columns of a Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.read_table(path, columns=list(wanted)).to_pandas()  # type: ignore[no-any-return]
    except (pa.ArrowException, OSError) as error:
        raise AdapterError(
            f"{path}: cannot be read as Parquet ({error}). Write the file again."
        ) from error


def read_delimited(path: Path, wanted: Sequence[str], remarks: list[str]) -> pd.DataFrame:
    """Read columns of a CSV or TSV file as text; an empty cell is null.

    Raises
    ------
    AdapterError
        The text is not UTF-8, or a row has more or fewer cells than the header.
    """
    ends = _check_text(path, remarks)
    try:
        with opened(path) as stream:
            frame = pd.read_csv(
                stream,
                sep=SEPARATORS[kind(path)],
                dtype=str,
                usecols=list(wanted),
                keep_default_na=False,
                encoding="utf-8-sig",
            )
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise AdapterError(f"{path}: {str(error).strip()} Repair the file.") from error
    short = frame.isna().any(axis=1)
    if short.any():
        if int(short.sum()) > 1 or not short.iloc[-1] or ends:
            row = int(short.to_numpy().argmax())
            raise AdapterError(
                f"{path}: {int(short.sum())} rows have fewer cells than the header, first row "
                f"{row} after the header. Repair the file."
            )
        remarks.append(Remark("the last line is cut off and was left out ({0} line)", 1, file=path))
        frame = frame.iloc[:-1]
    return frame.astype(object).mask(frame == "", None)


def read_json_lines(
    path: Path, wanted: Callable[[Sequence[str]], Sequence[str]], remarks: list[str]
) -> tuple[pd.DataFrame, list[str]]:
    """Read JSON lines; columns that later lines add are found too.

    Parameters
    ----------
    path : Path
        The file.
    wanted : callable
        Names of all columns -> the names to keep.
    remarks : list
        Remarks are added here.

    Returns
    -------
    frame, names
        Of the wanted columns, and the names of all.
    """
    _check_text(path, remarks)
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    seen: dict[str, None] = {}
    kept: dict[str, list[Any]] = {}
    for number, line in enumerate(lines(path)):
        try:
            row = decode(line)
        except msgspec.MsgspecError:
            loose = _loosely(path, number + 1, line)
            if loose is None:
                remarks.append(
                    Remark("the last line is cut off and was left out ({0} line)", 1, file=path)
                )
                break
            row = loose
        if row.keys() - seen.keys():
            seen.update(dict.fromkeys(row))
            for name in wanted(list(seen)):
                kept.setdefault(name, [None] * number)
        for name, column in kept.items():
            column.append(row.get(name))
    return pd.DataFrame({n: pd.Series(c, dtype=object) for n, c in kept.items()}), list(seen)


def _loosely(path: Path, number: int, line: bytes) -> dict[str, Any] | None:
    try:
        row = json.loads(line)  # knows NaN and Infinity, which pandas and others write
    except json.JSONDecodeError as error:
        if not line.endswith(b"\n"):
            return None
        raise AdapterError(
            f"{path}: line {number} is no JSON ({error}). Repair or remove the line."
        ) from error
    if not isinstance(row, dict):
        raise AdapterError(
            f"{path}: expected an object in line {number}, found a {type(row).__name__}. "
            "Write one object a line."
        )
    return row


def _check_text(path: Path, remarks: list[str]) -> bool:
    """Check that the text is UTF-8; return whether it ends with a line break."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    offset = 0
    last = b""
    with opened(path) as stream:
        while True:
            chunk = stream.read(1 << 20)
            if not offset and chunk.startswith(BOM):
                remarks.append(Remark("a byte-order mark was passed over", file=path))
            held = len(decoder.getstate()[0])
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                raise AdapterError(
                    f"{path}: not UTF-8 text, the first fault is at byte "
                    f"{offset - held + error.start:,}. Convert it, for example with "
                    "'iconv -f latin1 -t utf-8'."
                ) from error
            if not chunk:
                return last.endswith((b"\n", b"\r"))
            offset += len(chunk)
            last = chunk


def _keys(start: bytes) -> list[str]:
    # The first line is longer than what was read, or holds a bare NaN of the wrong kind.
    if not start.lstrip().startswith(b"{"):
        return []
    text = start.lstrip().decode("utf-8", errors="replace")[1:]
    decoder = json.JSONDecoder()
    found = []
    while True:
        try:
            name, end = decoder.raw_decode(text := text.lstrip(" ,"))
            text = text[end:].lstrip().removeprefix(":").lstrip()
            found.append(str(name))
            _, end = decoder.raw_decode(text)
        except ValueError:
            return found
        text = text[end:].lstrip()
