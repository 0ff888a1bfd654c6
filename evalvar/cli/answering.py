"""The answer on stdout or in files, the remarks on stderr."""

import os
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from evalvar.errors import UsageError, counted

if TYPE_CHECKING:
    from evalvar.report.model import Report
    from evalvar.results import Result

PAGES = (".html", ".pdf", ".md", ".json")
TABLES = (".csv", ".tsv", ".parquet")
_REMARKS_SHOWN = 12
_JSON = ("{", "}", "[", "]", '"')


def answer(
    result: "Result",
    json: bool,
    output: Iterable[Path] | None,
    text: "Callable[[Result], str] | None" = None,
    beside: "Callable[[], list[Result]]" = list,
) -> None:
    """Print the answer, or write it to the files asked for; a page has what is beside it too."""
    from evalvar import results

    targets = list(output or ())
    check_suffixes(targets, (*PAGES, *TABLES))
    remark(result.warnings)
    for target in targets:
        if target.suffix in (".csv", ".tsv"):
            separator = "," if target.suffix == ".csv" else "\t"
            result.table.to_csv(target, index=False, sep=separator)
        elif target.suffix == ".parquet":
            result.table.to_parquet(target, index=False)
        elif target.suffix == ".json":
            results.write_json(result, target)
        else:
            write_report([result, *beside()], [target], None)
    if json:
        say([result.to_json()])
    elif not targets:
        say((text or results.as_text)(result).split("\n"))
    else:
        say(targets)


def write_report(results: "list[Result]", targets: Iterable[Path], title: str | None) -> "Report":
    """Build the page, write it in every form asked for, and return it."""
    from evalvar import report
    from evalvar.results import write_json

    page = report.build(results, title=title)
    for target in targets:
        if target.suffix == ".json":
            write_json(results, target)
        else:
            report.write(page, target)
    return page


def check_suffixes(targets: Iterable[Path], legal: Iterable[str]) -> None:
    """Refuse a form that nobody writes, or a directory that is not there, before any work."""
    for target in targets:
        if target.suffix not in legal:
            raise UsageError(f"{target}: unknown form '{target.suffix}'. Use {', '.join(legal)}.")
        if not target.parent.is_dir():
            raise UsageError(f"{target}: the directory {target.parent} does not exist. Make it.")


def say(lines: Iterable[object]) -> None:
    """Print lines of the answer, sentences wrapped where they are read on a terminal."""
    put(lines, sys.stdout)


def put(lines: Iterable[object], stream: TextIO) -> None:
    """Print lines, as long as anybody reads them."""
    try:
        for line in lines:
            print(_wrapped(line, stream) if isinstance(line, str) else line, file=stream)
        stream.flush()
    except BrokenPipeError:
        # The reader has gone, as `head` does: what is left goes nowhere, and the exit code stands.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _wrapped(text: str, stream: TextIO) -> str:
    """Break sentences at the width of a terminal; tables, JSON and pipes stay as they are."""
    if not stream.isatty():
        return text
    width = shutil.get_terminal_size().columns
    lines = []
    for line in text.split("\n"):
        words = line.strip()
        if len(line) <= width or "  " in words or words.startswith(_JSON):
            lines.append(line)
            continue
        indent = " " * (len(line) - len(line.lstrip()))
        lines += textwrap.wrap(
            words, width, initial_indent=indent, subsequent_indent=indent,
            break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip
    return "\n".join(lines)


def remark(warnings: Iterable[str]) -> None:
    """Print the first remarks on stderr, and how many more there are."""
    sentences = list(dict.fromkeys(warnings))
    shown = [f"remark: {sentence}" for sentence in sentences[:_REMARKS_SHOWN]]
    if len(sentences) > _REMARKS_SHOWN:
        rest = len(sentences) - _REMARKS_SHOWN
        shown.append(f"remark: {rest} more; all stand in the JSON and on the page.")
    put(shown, sys.stderr)


def gaps_text(result: "Result") -> str:
    """Return the runs in which something is missing, or one line that nothing is."""
    from evalvar.results import as_text

    table = result.table
    gaps = table[table["quantity"].isin(("items_missing", "unscored")) & (table["value"] > 0)]
    runs = int((table["quantity"] == "items").sum())
    if not runs:
        return "nothing to count: no items were read."
    if not len(gaps):
        return f"nothing missing: {counted(runs, 'run')} have all their items and scores."
    return as_text(replace(result, table=gaps))
