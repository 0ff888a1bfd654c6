"""CSV, TSV, JSON lines and Parquet as data frames of just the columns that are wanted."""

import codecs
import csv
import io
import itertools
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd

from evalvar.adapters.files import BOM, chunks, head, kind, lines, opened
from evalvar.adapters.remarks import Remark
from evalvar.errors import AdapterError, counted

SEPARATORS = {".csv": ",", ".tsv": "\t"}
JSON_LINES = (".jsonl", ".ndjson")
_BLOCK = 1 << 24  # longer than any row
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def check_text(path: Path, remarks: list[str]) -> bool:
    """Check that a file is UTF-8 text; return whether it ends with a line break.

    Raises
    ------
    AdapterError
        It is not; the message names the first byte that is at fault.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    offset = 0
    last = b""
    for chunk in itertools.chain(chunks(path), [b""]):
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
        offset += len(chunk)
        last = chunk or last
    return last.endswith((b"\n", b"\r"))


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


def read_delimited(
    path: Path, wanted: Sequence[str], remarks: list[str], *, ended: bool
) -> pd.DataFrame:
    """Read columns of a CSV or TSV file as text; an empty cell is null.

    Parameters
    ----------
    path, wanted, remarks : Path, sequence of str, list
        The file, the columns, and where remarks are added.
    ended : bool
        Whether the file ends with a line break: else its last line may be cut off.

    Raises
    ------
    AdapterError
        A row has more or fewer cells than the header.
    """
    import pyarrow as pa
    from pyarrow import csv as arrow

    odd: list[Any] = []

    def keep(row: Any) -> str:
        odd.append(row)
        return "skip"

    try:
        with opened(path) as stream:
            read = arrow.read_csv(
                stream,
                read_options=arrow.ReadOptions(use_threads=False, block_size=_BLOCK),
                parse_options=arrow.ParseOptions(
                    delimiter=SEPARATORS[kind(path)],
                    newlines_in_values=True,
                    invalid_row_handler=keep,
                ),
                convert_options=arrow.ConvertOptions(
                    include_columns=list(wanted), column_types=dict.fromkeys(wanted, pa.string())
                ),
            )
    except pa.ArrowInvalid as error:
        raise AdapterError(f"{path}: cannot be read ({error}). Repair the file.") from error
    rows = read.num_rows + len(odd)
    # Row numbers of the handler count from 1 and include the header.
    cut_off = len(odd) == 1 and not ended and odd[0].number == rows + 1
    if cut_off and odd[0].actual_columns < odd[0].expected_columns:
        remarks.append(Remark("the last line is cut off and was left out ({0:line})", 1, file=path))
        odd = []
    if odd:
        raise AdapterError(
            f"{path}: {counted(len(odd), 'row')} without the {odd[0].expected_columns} cells of "
            f"the header, first row {odd[0].number - 1} with {odd[0].actual_columns}. "
            "Repair the file."
        )
    frame: pd.DataFrame = read.to_pandas().astype(object)
    return frame.mask(frame == "", None)


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
                    Remark("the last line is cut off and was left out ({0:line})", 1, file=path)
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
