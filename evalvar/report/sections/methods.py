"""Methods and settings, and the sources: how was it done, and on what?"""

import re
from math import isfinite
from typing import Any

import pandas as pd

from evalvar.report import wording
from evalvar.report.model import Block, Cell, Column, Row, Section, Span, Table, Text
from evalvar.report.reading import Reading, missing, records
from evalvar.report.sections.quantities import TITLES, word
from evalvar.report.sections.sides import sided_methods

MOST_SOURCES = 12
# As many entries are told in prose; of more, so many of each analysis.
MOST_WHOLE = 40
MOST_TOLD = 2
_NUMBER = re.compile(r"[+\u2212-]?\d[\d,]*(?:\.\d+)?")


def section(reading: Reading) -> Section:
    """Return the section; every report has one."""
    blocks: list[Block] = []
    told = {name: parts for name in _names(reading) if (parts := _methods(reading, name))}
    total = sum(map(len, told.values()))
    # A page of prose on methods is read by nobody: what leads each analysis, and a table of all.
    most = MOST_TOLD if total > MOST_WHOLE else total
    phrases = [_phrase(name, parts[:most]) for name, parts in told.items()]
    if phrases:
        blocks.append(Text("paragraphs", tuple(phrases)))
    if most < total:
        blocks.append(_method_table(told))
    settings = _settings(reading)
    if settings.rows:
        blocks.append(settings)
    count = wording.count(len(_names(reading)), "analysis", "analyses")
    return Section(
        "methods",
        "Methods and settings",
        f"The page rests on {count}, each with the methods and arguments named here.",
        tuple(blocks),
        short="Methods and settings",
    )


def sources(reading: Reading) -> Section | None:
    """Return the files that were read, or None where no result names one."""
    frames = [result.sources.astype(object) for result in reading.results if len(result.sources)]
    if not frames:
        return None
    frame = pd.concat(frames, ignore_index=True)
    known = [name for name in ("path", "sha256") if name in frame]
    frame = frame.drop_duplicates(subset=known or None, ignore_index=True)
    columns, rows = _source_rows(frame)
    table = Table(
        "source-table",
        columns,
        rows,
        caption="Files that were read",
        footnotes=("First 12 digits of SHA-256.",) if "sha256" in frame else (),
        sortable=False,
    )
    answer = f"{wording.count(len(rows), 'file')} {'was' if len(rows) == 1 else 'were'} read."
    if len(rows) <= MOST_SOURCES:
        return Section("sources", "Sources", answer, (table,), short="Sources")
    first, last = rows[0].cells[0].text, rows[-1].cells[0].text
    ends = Text("paragraphs", ((Span(f"The first is {first}, the last {last}."),),))
    full = Table(
        table.name,
        columns,
        rows,
        table.caption,
        table.footnotes,
        sortable=False,
        folded=f"All {wording.count(len(rows), 'file')}",
    )
    return Section("sources", "Sources", answer, (ends, full), short="Sources")


def _source_rows(frame: pd.DataFrame) -> tuple[tuple[Column, ...], tuple[Row, ...]]:
    titles = {"path": "File", "sha256": "SHA-256", "rows": "Rows", "harness": "Harness"}
    shown = [name for name in titles if name in frame]
    version = "version" if "version" in frame else "harness_version"
    rows = []
    for row in records(frame):
        cells = []
        for name in shown:
            text = "" if missing(row[name]) else str(row[name])
            number = float(row[name]) if name == "rows" and text else float("nan")
            if name == "sha256":
                text = text[:12]
            elif name == "rows" and text:
                text = wording.count(number)
            elif name == "harness" and not missing(row.get(version)):
                text = f"{text} {row[version]}".strip()
            cells.append(Cell(text or wording.DASH, number))
        rows.append(Row(tuple(cells)))
    roles: dict[str, Any] = {"path": "name", "rows": "number"}
    columns = tuple(Column(titles[n], roles.get(n, "text"), secondary=n == "sha256") for n in shown)
    return columns, tuple(rows)


def _names(reading: Reading) -> list[str]:
    return list(dict.fromkeys(result.name for result in reading.results))


def _methods(reading: Reading, name: str) -> list[tuple[str, str]]:
    """Say which method each quantity used, quantities of one method together."""
    table = reading.table(name)
    if not len(table):
        return []
    bound = table["low"].notna() & table["high"].notna()
    # Two sides are in the methods of comparisons only; a long table has few distinct methods.
    columns = ["quantity", "method", "a", "b", "level"]
    distinct = table[columns].astype(str).assign(bound=bound).drop_duplicates()
    distinct = distinct[~distinct["method"].str.match("undefined|$")]
    used: dict[str, dict[str, None]] = {}
    for (quantity, bounded), group in distinct.groupby(["quantity", "bound"], sort=False):
        sides = zip(group["method"], group["a"], group["b"], strict=True)
        level = max(map(float, group["level"]))
        # Bounds of all that is possible have no level.
        shown = f" ({wording.percent(level)} intervals)" if bounded and isfinite(level) else ""
        told = used.setdefault(word(name, str(quantity)), {})
        told |= dict.fromkeys(form + shown for form in _forms(sided_methods(sides)))
    together: dict[tuple[str, ...], list[str]] = {}
    for quantity, methods in used.items():
        together.setdefault(tuple(methods), []).append(quantity)
    return [
        (wording.listing(quantities, most=8), wording.listing(list(methods), most=3))
        for methods, quantities in together.items()
    ]


def _phrase(name: str, parts: list[tuple[str, str]]) -> tuple[Span, ...]:
    text = "; ".join(f"{quantities}: {methods}" for quantities, methods in parts)
    return (Span(f"{TITLES.get(name, name)}. ", "strong"), Span(wording.sentence(text)))


def _method_table(told: dict[str, list[tuple[str, str]]]) -> Table:
    rows = tuple(
        Row((Cell(_capital(quantities)), Cell(methods)), TITLES.get(name, name))
        for name, parts in told.items()
        for quantities, methods in parts
    )
    return Table(
        "method-table",
        (Column("Quantities", "name"), Column("Method", "text")),
        rows,
        caption="The method of every quantity",
        sortable=False,
        folded="The methods of all quantities",
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _forms(methods: list[str]) -> list[str]:
    """Tell methods that differ in numbers only as one, without the numbers that differ.

    >>> _forms(["z of 80 items, 2 runs", "z of 40 items, 2 runs", "t"])
    ['z of \u2026 items, 2 runs', 't']
    """
    alike: dict[str, list[list[str]]] = {}
    for method in methods:
        alike.setdefault(_NUMBER.sub("\0", method), []).append(_NUMBER.findall(method))
    told = []
    for form, numbers in alike.items():
        places = (set(column) for column in zip(*numbers, strict=True))
        kept = iter([column.pop() if len(column) == 1 else "\u2026" for column in places])
        told.append(
            "".join(next(kept) if part == "\0" else part for part in re.split("(\0)", form))
        )
    return told


def _settings(reading: Reading) -> Table:
    found: dict[tuple[str, str], list[str]] = {}
    for result in reading.results:
        for name, value in result.settings.items():
            if value is None or (isinstance(value, dict | list | tuple) and not value):
                continue
            found.setdefault((str(name), _plain(value)), []).append(result.name)
    names = _names(reading)
    rows = []
    for (name, value), users in found.items():
        used = list(dict.fromkeys(users))
        who = "all" if set(used) == set(names) else ", ".join(used)
        rows.append(Row((Cell(name), Cell(value), Cell(who))))
    return Table(
        "settings-table",
        (Column("Setting", "name"), Column("Value", "text"), Column("Analysis", "text")),
        tuple(rows),
        caption="Settings of every analysis",
        footnotes=("Arguments that were not given are left out.",),
        sortable=False,
    )


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{k}: {_plain(v)}" for k, v in value.items()) or "none"
    if isinstance(value, list | tuple):
        return ", ".join(_plain(v) for v in value) or "none"
    if isinstance(value, set | frozenset):
        return ", ".join(sorted(_plain(v) for v in value)) or "none"
    return str(value)
