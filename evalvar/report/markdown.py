"""A report as Markdown, for pull requests and notes: pipe tables, no drawings."""

import re

from evalvar.report.model import Block, Cell, Figure, Phrase, Report, Section, Span, Table, Text

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~$])")
_ORDERED = re.compile(r"^(\s*)([-+]|\d+[.)])(\s)")


def to_markdown(report: Report) -> str:
    """Return the report as GitHub-flavoured Markdown.

    Figures stand as their words; tables that are folded in HTML are left out.
    """
    parts = [f"# {_escape(report.title)}", _escape(report.lede)]
    parts.append(_lines([f"**{_escape(term)}:** {_escape(text)}" for term, text in report.facts]))
    parts += [_section(section) for section in report.sections]
    parts.append("---")
    parts.append(_escape(". ".join(report.colophon)) + ".")
    return "\n\n".join(part for part in parts if part) + "\n"


def _section(section: Section) -> str:
    parts = [f"## {_escape(section.title)}"]
    if section.answer:
        parts.append(f"**{_escape(section.answer)}**")
    parts += [_block(block) for block in section.blocks]
    parts += [_escape(note) for note in section.notes]
    return "\n\n".join(part for part in parts if part)


def _block(block: Block) -> str:
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Figure):
        return f"*{_escape(block.caption)}* {_escape(block.alt)}"
    return _text(block)


def _text(text: Text) -> str:
    if text.kind == "verdicts":
        return "\n".join(
            f"- **{_escape(v.status)}.** {_phrase(v.claim, strong=False)} {_escape(v.method)}"
            for v in text.items
        )
    phrases = [_phrase(phrase) for phrase in text.items]
    if text.kind == "heading":
        return "\n\n".join(f"### {phrase}" for phrase in phrases)
    if text.kind == "list":
        lines = "\n".join(f"- {phrase}" for phrase in phrases)
        if not text.folded:
            return lines
        summary = f"<summary>{_escape(text.folded)}</summary>"
        return f"<details>{summary}\n\n{lines}\n\n</details>"
    if text.kind == "numbered":
        return "\n".join(f"{place}. {phrase}" for place, phrase in enumerate(phrases, start=1))
    if text.kind == "aside":
        return f"> **{_escape(text.title)}:** " + " ".join(phrases)
    return "\n\n".join(phrases)


def _table(table: Table) -> str:
    if table.folded:
        return ""
    kept = [i for i, column in enumerate(table.columns) if column.role != "interval"]
    grouped = any(row.group for row in table.rows)
    columns = [table.columns[i] for i in kept]
    head = [_escape(column.name) for column in columns]
    rule = ["---:" if column.role == "number" else "---" for column in columns]
    lines = [["Benchmark", *head] if grouped else head, ["---", *rule] if grouped else rule]
    last = ""
    for row in table.rows:
        cells = [_cell(row.cells[i]) for i in kept]
        name = "" if row.group == last else _escape(row.group)
        last = row.group
        lines.append([name, *cells] if grouped else cells)
    body = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    return "\n\n".join([body, *(_escape(note) for note in table.footnotes)])


def _cell(cell: Cell) -> str:
    text = _escape(cell.text)
    return f"**{text}**" if text and cell.tone == "warn" else text


def _phrase(phrase: Phrase, *, strong: bool = True) -> str:
    return "".join(_span(span, strong) for span in phrase).strip()


def _span(span: Span, strong: bool) -> str:
    text = _escape(span.text)
    if strong and span.voice == "strong" and text.strip():
        tail = text[len(text.rstrip()) :]
        return f"**{text.strip()}**{tail}"
    return text


def _escape(text: str) -> str:
    """Escape what Markdown or HTML would read, on one line."""
    escaped = _SPECIAL.sub(r"\\\1", " ".join(text.split()) if text.strip() else "").replace(
        "&", "&amp;"
    )
    escaped = _ORDERED.sub(r"\1\\\2\3", escaped)
    lead = " " if text[:1].isspace() else ""
    return lead + escaped + (" " if text[-1:].isspace() and escaped else "")


def _lines(lines: list[str]) -> str:
    return "  \n".join(lines)
