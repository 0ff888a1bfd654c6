"""A report as one HTML file that asks the network for nothing."""

import hashlib
import re
from base64 import b64encode
from functools import cache
from itertools import groupby
from math import isfinite
from pathlib import Path
from typing import Any

from evalvar.report.model import Cell, Column, Figure, Report, Row, Table, ungrouped

_HERE = Path(__file__).resolve().parent
_FONTS = (
    ("Source Serif 4", 400, "SourceSerif4-Regular"),
    ("Source Serif 4", 600, "SourceSerif4-SemiBold"),
    ("Source Sans 3", 400, "SourceSans3-Regular"),
    ("Source Sans 3", 600, "SourceSans3-SemiBold"),
)


def to_html(report: Report) -> str:
    """Return the report as one self-contained page; the same report gives the same text.

    Fonts, style, drawings and the small script are inside; without the script the page lacks
    sorting, filtering and the light switch only. Every word of the report is escaped.
    """
    import jinja2
    from markupsafe import Markup

    script = _read("report.js").strip()
    digest = b64encode(hashlib.sha256(script.encode()).digest()).decode()
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["breakable"] = _breakable
    environment.filters["groups"] = _groups
    environment.filters["ungrouped"] = ungrouped
    environment.tests["table"] = lambda block: isinstance(block, Table)
    environment.tests["figure"] = lambda block: isinstance(block, Figure)
    environment.globals.update(draw=_Drawer(), drawn=_bar, kind=_kind, wide=_wide)
    page = environment.get_template("report.html.j2").render(
        report=report,
        fonts=Markup(_font_faces()),
        style=Markup(_read("report.css")),
        script=Markup(script),
        script_hash=digest,
    )
    return page


class _Drawer:
    """Draws the figures of one page, each with ids of its own."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, figure: Figure, width: float, kind: str) -> Any:
        from markupsafe import Markup

        from evalvar.report import drawing

        self.count += 1
        text = drawing.svg(figure, width, prefix=f"f{self.count}-", css=True)
        return Markup(text.replace("<svg ", f'<svg class="{kind}" ', 1))


def _groups(rows: tuple[Row, ...]) -> list[tuple[str, list[Row]]]:
    return [(group, list(members)) for group, members in groupby(rows, key=lambda row: row.group)]


def _breakable(text: str) -> Any:
    """Let long names break after the marks that join their parts."""
    from markupsafe import Markup, escape

    parts = re.split(r"(?<=[_/,.:-])(?=[^\W\d]{2})", text)
    return Markup("<wbr>").join(escape(part) for part in parts)


def _wide(table: Table) -> bool:
    """Tell whether a table needs the margin too: by its columns, or by the length of its words."""
    return len(table.columns) > 7 or sum(min(n, 44) for n in table.lengths) > 96


def _kind(column: Column, table: Table, cell: Cell | None = None) -> str:
    classes: list[str] = [column.role]
    if column.role == "text":
        if column.name == "[low, high]":
            classes.append("bounds")
        elif table.lengths[table.columns.index(column)] <= 18:
            classes.append("brief")
    if column.secondary:
        classes.append("secondary")
    if cell is not None and cell.tone:
        classes.append(cell.tone)
    return " ".join(classes)


def _bar(cell: Cell, table: Table) -> Any:
    """Draw an interval in its cell; the numbers stand beside it, so it is hidden from readers."""
    from markupsafe import Markup

    low, high = table.scale
    if not isfinite(cell.value) or high <= low:
        return ""
    lower, upper, value = (
        min(max((v - low) / (high - low), 0.0), 1.0) * 100 if isfinite(v) else None
        for v in (cell.low, cell.high, cell.value)
    )
    band = ""
    if lower is not None and upper is not None:
        band = f'<i style="left:{lower:.2f}%;width:{upper - lower:.2f}%"></i>'
    point = f'<b style="left:{value:.2f}%"></b>'
    return Markup(f'<span class="bar" aria-hidden="true">{band}{point}</span>')


def _read(name: str) -> str:
    return (_HERE / "templates" / name).read_text(encoding="utf-8")


@cache
def _font_faces() -> str:
    faces = []
    for family, weight, name in _FONTS:
        data = b64encode((_HERE / "fonts" / f"{name}.woff2").read_bytes()).decode()
        faces.append(
            f'@font-face{{font-family:"{family}";font-weight:{weight};'
            f'src:url(data:font/woff2;base64,{data}) format("woff2")}}\n'
        )
    return "".join(faces)
