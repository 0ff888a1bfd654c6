"""A report as PDF, through Typst: tagged, alternative text on every figure, no date of its own."""

import json
import re
from dataclasses import replace
from math import isfinite
from pathlib import Path
from typing import Any

from evalvar.report.model import (
    Block,
    Cell,
    Column,
    Figure,
    Phrase,
    Report,
    Section,
    Span,
    Table,
    Text,
    Verdict,
    ungrouped,
)

_HERE = Path(__file__).resolve().parent
_FONTS = _HERE / "fonts"
_PREAMBLE = _HERE / "templates" / "report.typ"
# Width of the text on the page in the pixels of a figure: 178 mm at 0.75 pt a pixel.
_WIDTH = 672
_MINI = 176
# Tables up to this many rows are kept on one page; more would leave holes before them.
_WHOLE = 12
# Typst lays out every cell, and nobody reads the two thousandth row on paper.
_MOST_ROWS = 40
_BRIEF = 20
_BREAK = "\u200b"
_KEPT = (_BREAK, "\u00a0")
_COLOURS = {"warn": "seed", "quiet": "muted", "tie": "muted", "clear": "ink"}


def to_pdf(report: Report) -> bytes:
    """Return the report as a PDF; the same report gives the same bytes."""
    import typst

    # Its stubs ask that the source and the font folders be of one type.
    compiler: Any = typst.compile
    compiled = compiler(
        to_typst(report).encode(),
        format="pdf",
        font_paths=[str(_FONTS)],
        ignore_system_fonts=True,
        timestamp=0,
    )
    if not isinstance(compiled, bytes):
        raise TypeError("Typst gave more than one file for a PDF")
    return compiled


def to_typst(report: Report) -> str:
    """Return the Typst source; every word of the report is a string literal in it."""
    parts = [_PREAMBLE.read_text(encoding="utf-8")]
    facts = ", ".join(f"({_string(term)}, {_string(text)})" for term, text in report.facts)
    foot = _string(" · ".join(report.colophon))
    parts.append(f"#show: page-of.with(title: {_string(report.title)}, foot: {foot})")
    lede = _string(report.lede)
    parts.append(f"#head({_string(report.title)}, {lede}, ({facts}{',' if facts else ''}))")
    parts += [_section(section) for section in report.sections]
    return "\n".join(parts) + "\n"


def _string(text: str) -> str:
    r"""Return a Typst string literal.

    >>> _string('a "b" \\ #c')
    '"a \\"b\\" \\\\ #c"'
    """
    shown = "".join(c if c.isprintable() or c in _KEPT else " " for c in text)
    # JSON escapes quotes and backslashes as Typst does; Typst has no \uXXXX, so text stays text.
    return json.dumps(shown, ensure_ascii=False)


def _section(section: Section) -> str:
    lines = [f"#heading(level: 1, {_string(section.title)})"]
    if section.answer:
        lines.append(f"#answer({_string(section.answer)})")
    lines += [_block(block) for block in section.blocks]
    lines += [f"#small({_string(note)})" for note in section.notes]
    return "\n".join(lines)


def _block(block: Block) -> str:
    if isinstance(block, Figure):
        caption = f"{block.caption} {block.note}".strip()
        *first, last = _strips(block)
        rows = [f"#strip({_image(strip, _WIDTH)})" for strip in first]
        return "\n".join([*rows, f"#drawing({_image(last, _WIDTH)}, {_string(caption)})"])
    if isinstance(block, Table):
        return _table(block)
    return _text(block)


def _strips(figure: Figure) -> list[Figure]:
    """Cut small multiples into their rows, between which a page may end."""
    panels = figure.data["panels"] if figure.kind == "panels" else ()
    if len(panels) < 3:
        return [figure]
    strips = []
    for start in range(0, len(panels), 2):
        row = panels[start : start + 2]
        words = "; ".join(f"{p['title']} {p['alt']}" for p in row if p is not None)
        data = {"panels": row, "beside": panels}
        strips.append(replace(figure, data=data, alt=f"Score by checkpoint. {words}."))
    return strips


def _image(figure: Figure, width: float) -> str:
    from evalvar.report import drawing

    source = drawing.svg(figure, width, prefix="", css=False)
    alt = _string(figure.alt or figure.caption)
    size = f"{width * 0.75:g}pt"
    return f'image(bytes({_string(source)}), format: "svg", alt: {alt}, width: {size})'


def _text(text: Text) -> str:
    if text.kind == "verdicts":
        return "\n".join(_verdict(verdict) for verdict in text.items)
    phrases = [_phrase(phrase) for phrase in text.items]
    if text.kind == "heading":
        return "\n".join(f"#heading(level: 2, {phrase})" for phrase in phrases)
    if text.folded:
        return _elsewhere(text.folded)
    if text.kind in ("list", "numbered"):
        name = "enum" if text.kind == "numbered" else "list"
        return f"#{name}({', '.join(phrases)})"
    if text.kind == "aside":
        return f"#aside({_string(text.title)}, {' + [ ] + '.join(phrases)})"
    return "\n".join(f"#par({phrase})" for phrase in phrases)


def _verdict(verdict: Verdict) -> str:
    graphic = _image(verdict.graphic, _MINI) if verdict.graphic else "none"
    return (
        f"#verdict({_string(verdict.status)}, {_string(verdict.tone)}, {_phrase(verdict.claim)}, "
        f"{_string(verdict.method)}, {graphic})"
    )


def _phrase(phrase: Phrase) -> str:
    return " + ".join(_span(span) for span in phrase) or "[]"


def _span(span: Span) -> str:
    if span.voice == "strong":
        return f"strong({_string(span.text)})"
    if span.voice == "quiet":
        return f"quiet({_string(span.text)})"
    return f"text({_string(span.text)})"


def _table(table: Table) -> str:
    if table.folded:
        return _elsewhere(table.folded)
    table = ungrouped(table)
    columns = _tracks(table)
    aligned = ", ".join("right" if c.role == "number" else "left" for c in table.columns)
    head = ", ".join(f"[#{_words(_title(column, table), 'muted')}]" for column in table.columns)
    lines = [
        f"#ruled(columns: ({columns},), align: ({aligned},), caption: {_string(table.caption)},",
        f"  whole: {'true' if len(table.rows) <= _WHOLE else 'false'},",
        f"  table.header({head}),",
    ]
    last = ""
    for row in table.rows[:_MOST_ROWS]:
        if row.group != last:
            last = row.group
            lines.append(f"  group({len(table.columns)}, {_string(row.group)}),")
        cells = (
            _cell(cell, column, table)
            for cell, column in zip(row.cells, table.columns, strict=True)
        )
        lines.append("  " + ", ".join(cells) + ",")
    lines.append(")")
    left = len(table.rows) - _MOST_ROWS
    more = f"The first {_MOST_ROWS} rows; {left:,} more stand in the HTML form of this report."
    notes = (more if left > 0 else "", table.note, *table.footnotes)
    lines += [f"#small({_string(note)})" for note in notes if note]
    return "\n".join(lines)


def _elsewhere(folded: str) -> str:
    return f"#small({_string(folded + ' are listed in the HTML form of this report.')})"


def _tracks(table: Table) -> str:
    """Give the room to the drawn interval, else to the columns of long words by their length."""
    if any(column.role == "interval" for column in table.columns):
        return ", ".join("1fr" if c.role == "interval" else "auto" for c in table.columns)
    tracks = []
    for column, length in zip(table.columns, table.lengths, strict=True):
        wordy = column.role == "name" or (column.role == "text" and length > _BRIEF)
        tracks.append(f"{min(max(length, 12), 48)}fr" if wordy else "auto")
    return ", ".join(tracks)


def _title(column: Column, table: Table) -> str:
    if column.role == "interval":
        low, high = table.scale
        return f"{column.name}, drawn from {low:g} to {high:g}"
    return column.name


def _cell(cell: Cell, column: Column, table: Table) -> str:
    if column.role == "interval":
        low, high = table.scale
        if not (isfinite(cell.low) and isfinite(cell.high) and high > low):
            return "[]"
        places = [
            f"{min(max((v - low) / (high - low), 0), 1) * 100:.2f}%"
            for v in (cell.low, cell.high, cell.value)
        ]
        return f"bar({', '.join(places)})"
    return f"[#{_words(cell.text, _COLOURS.get(cell.tone, 'ink'), cell.tone)}]"


def _words(text: str, colour: str, tone: str = "") -> str:
    # A break is allowed after the marks that join long names, or they would leave their column.
    broken = re.sub(r"([_/\-.,])(?=\w{3})", "\\1" + _BREAK, text)
    weight = ", weight: 600" if tone in ("warn", "strong") else ""
    return f"text(fill: {colour}{weight}, {_string(broken)})"
