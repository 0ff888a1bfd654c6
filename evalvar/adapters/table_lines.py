"""Where in a text file a row of its table stands."""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

from evalvar.adapters.files import BOM, kind, opened
from evalvar.adapters.table_columns import kind_of, meaning
from evalvar.adapters.table_files import JSON_LINES, SEPARATORS, names
from evalvar.errors import EvalvarError

_ROW = re.compile(r"first row (\d+)")


def in_lines(message: str, path: Path) -> str:
    """Replace the row that a message names by its line, where the file has lines.

    Parameters
    ----------
    message : str
        Its rows count from 1, without the header.
    path : Path
        The file that the message is about.
    """
    said = _ROW.search(message)
    if said is None:
        return message
    try:
        line = _line(path, int(said[1]))
    except (EvalvarError, OSError, ValueError, csv.Error):
        return message  # the message stands without it
    return message if line is None else _ROW.sub(f"first in line {line}", message, count=1)


def _line(path: Path, row: int) -> int | None:
    found = names(path)
    understood = meaning(found, path) if kind_of(found) is not None else None
    starts = list(_starts(path))
    if understood is not None and len(understood.wide) > 1 and starts:
        # Each score column adds all rows of the file once more.
        row = (row - 1) % len(starts) + 1
    return starts[row - 1] if row <= len(starts) else None


def _starts(path: Path) -> Iterator[int]:
    """Line in which each row starts, counting from 1."""
    form = kind(path)
    with opened(path) as stream:
        if form in JSON_LINES:
            for number, line in enumerate(stream, start=1):
                if not line.removeprefix(BOM).isspace():
                    yield number
        elif form in SEPARATORS:
            text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
            reader = csv.reader(text, delimiter=SEPARATORS[form])
            next(reader, None)
            end = reader.line_num
            for cells in reader:
                if cells:
                    yield end + 1
                end = reader.line_num
