"""What a report says, before it is decided how it looks.

A renderer matches three block types, `Text`, `Table` and `Figure`, and nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import nan
from typing import Any, Literal

Tone = Literal["", "strong", "quiet", "warn", "clear", "tie"]


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text in one voice.

    Parameters
    ----------
    text : str
        Plain text; every renderer escapes it.
    voice : {"", "strong", "quiet", "name"}
        ``quiet`` is for intervals and bases, ``name`` for what must not break over two lines.
    """

    text: str
    voice: Literal["", "strong", "quiet", "name"] = ""


Phrase = tuple[Span, ...]


@dataclass(frozen=True)
class Figure:
    """A drawing that has not been drawn yet.

    Parameters
    ----------
    kind : str
        Which drawing; a key of `evalvar.report.drawing.KINDS`.
    data : mapping
        Plain frames, tuples, strings and numbers, in the unit that is shown.
    caption : str
        What is drawn, in which unit.
    alt : str
        The message in words and numbers, for those who do not see the drawing.
    note : str
        How to read it; stands in the margin.
    """

    kind: str
    data: Mapping[str, Any]
    caption: str = ""
    alt: str = ""
    note: str = ""


@dataclass(frozen=True)
class Verdict:
    """One thing that can be said: a status of two or three words, the claim, how it is known."""

    status: str
    tone: Literal["clear", "tie", "warn"]
    claim: Phrase
    method: str
    evidence: str = ""
    graphic: Figure | None = None


@dataclass(frozen=True)
class Text:
    """Words.

    Parameters
    ----------
    kind : {"paragraphs", "list", "numbered", "aside", "heading", "verdicts"}
        How the items stand together.
    items : tuple of phrases, or of `Verdict` for ``verdicts``
        The words.
    title : str
        Heading of an ``aside``.
    folded : str
        Title under which a long list stands closed; on paper it is left out.
    """

    kind: Literal["paragraphs", "list", "numbered", "aside", "heading", "verdicts"]
    items: tuple[Any, ...]
    title: str = ""
    folded: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Parameters
    ----------
    name : str
        The header.
    role : {"name", "text", "number", "interval"}
        ``interval`` is drawn from the cells' numbers; numbers stand to the right.
    secondary : bool
        True where a narrow screen may leave the column out.
    """

    name: str
    role: Literal["name", "text", "number", "interval"] = "number"
    secondary: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: its text, the number it is sorted by, and for a drawn interval its bounds."""

    text: str = ""
    value: float = nan
    low: float = nan
    high: float = nan
    tone: Tone = ""


@dataclass(frozen=True, slots=True)
class Row:
    """Cells in the order of the columns; rows of one group stand under its name."""

    cells: tuple[Cell, ...]
    group: str = ""


@dataclass(frozen=True)
class Table:
    """Rows and columns.

    Parameters
    ----------
    name : str
        Unique in a report: letters and hyphens.
    columns : tuple of Column
        Their names and roles.
    rows : tuple of Row
        In the order that carries the message.
    caption : str
        What the table holds, for those who do not see it.
    footnotes : tuple of str
        Units, levels, conventions, reasons.
    counted : str
        What a row is, in the plural; a table with this word can be filtered.
    sortable : bool
        False where the order is part of the content.
    scale : pair of float
        Bounds of the axis of a drawn interval.
    folded : str
        Title under which a long table stands closed; renderers without folding leave it out.
    note : str
        How to read it; stands in the margin.
    """

    name: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    caption: str = ""
    footnotes: tuple[str, ...] = ()
    counted: str = ""
    sortable: bool = True
    scale: tuple[float, float] = (0.0, 100.0)
    folded: str = ""
    note: str = ""

    @cached_property
    def lengths(self) -> tuple[int, ...]:
        """The longest text of every column in characters; a header may break between words."""
        heads = (max(map(len, column.name.split()), default=0) for column in self.columns)
        texts = (
            max((len(row.cells[place].text) for row in self.rows), default=0)
            for place in range(len(self.columns))
        )
        return tuple(map(max, heads, texts))


Block = Text | Table | Figure


@dataclass(frozen=True)
class Section:
    """A question of the reader: heading, one answer sentence, the evidence, footnotes."""

    name: str
    title: str
    answer: str
    blocks: tuple[Block, ...]
    notes: tuple[str, ...] = ()
    short: str = ""


@dataclass(frozen=True)
class Report:
    """What is said, in order.

    Parameters
    ----------
    title, lede : str
        The head of the page.
    facts : tuple of (term, description)
        What was measured, in three lines.
    sections : tuple of Section
        Only those that have something to say.
    colophon : tuple of str
        Version, level and rng, for the foot of the page.
    """

    title: str
    lede: str
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    colophon: tuple[str, ...] = field(default=())


def ungrouped(table: Table) -> Table:
    """Return the table with its groups as a first column, where each group has one row only."""
    groups = [row.group for row in table.rows]
    if not any(groups) or len(set(groups)) < len(groups):
        return table
    columns = tuple(
        replace(column, role="text") if column.role == "name" else column
        for column in table.columns
    )
    return replace(
        table,
        columns=(Column("Benchmark", "name"), *columns),
        rows=tuple(Row((Cell(row.group), *row.cells)) for row in table.rows),
    )


def plain(phrase: Phrase) -> str:
    """Return a phrase as plain text."""
    return "".join(span.text for span in phrase)
