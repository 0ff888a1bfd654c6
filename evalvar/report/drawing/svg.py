"""A drawing as SVG text that is the same on every run and fits among others in one page."""

import re
from html import escape
from io import StringIO

from matplotlib.figure import Figure as Sheet

from evalvar.report.drawing.style import COLOURS, settings

_NUMBER = re.compile(r"-?\d+\.\d{3,}")
_ATTRIBUTE = re.compile(r' (d|x|y|transform|points|style|viewBox)="([^"]*)"')
_TAG = re.compile(r"<[^>]*>")
_ID = re.compile(r' id="([^"]*)"')
_REFERENCE = re.compile(r'(?:xlink:href="#|url\(#)([^")]*)')


def to_svg(sheet: Sheet, *, prefix: str, label: str, css: bool) -> str:
    """Return a figure as one ``<svg>`` element.

    Parameters
    ----------
    sheet : matplotlib Figure
        What was drawn.
    prefix : str
        Put before every id, so that ids stay unique in a page of several drawings.
    label : str
        What a screen reader says.
    css : bool
        Replace colours by the page's CSS variables, and leave fonts to the page.
    """
    buffer = StringIO()
    with settings():
        sheet.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    text = re.sub(r"<!--.*?-->\s*", "", text, flags=re.DOTALL)
    used = {name for tag in _TAG.findall(text) for name in _REFERENCE.findall(tag)}
    # Only inside tags: a model may be called like an attribute.
    text = _TAG.sub(lambda tag: _tag(tag[0], used, prefix, css), text)
    text = re.sub(r"\s*\n\s*", " ", text).replace("> <", "><")
    width, height = (sheet.get_size_inches() * 72).round().astype(int).tolist()
    said = escape(label, quote=False).replace('"', "&quot;")
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{said}" '
        f'width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
    )
    return head + text[text.index(">") + 1 :].strip()


def _tag(tag: str, used: set[str], prefix: str, css: bool) -> str:
    tag = _ATTRIBUTE.sub(lambda match: _attribute(match, css), tag)
    tag = _ID.sub(lambda m: f' id="{prefix}{m[1]}"' if m[1] in used else "", tag)
    return tag.replace('xlink:href="#', f'href="#{prefix}').replace("url(#", f"url(#{prefix}")


def _attribute(match: re.Match[str], css: bool) -> str:
    name, value = match[1], match[2]
    value = _NUMBER.sub(lambda number: f"{float(number[0]):.2f}".rstrip("0").rstrip("."), value)
    if name == "transform" and value.startswith("rotate(-0 "):
        return ""
    if css and name == "style":
        value = re.sub(r"font-family: [^;]*;? ?", "", value)
        for colour, code in COLOURS.items():
            value = value.replace(code, f"var(--{colour})")
    return f' {name}="{value}"'
