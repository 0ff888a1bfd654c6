"""How figures look: one file a drawing, `Figure` data in, matplotlib figure or SVG out.

Imports matplotlib, so it is imported only where something is drawn.
"""

from collections.abc import Callable, Mapping
from typing import Any

from matplotlib.figure import Figure as Sheet

from evalvar.report.drawing import (
    curves,
    dots,
    lines,
    panels,
    planned,
    scatter,
    shares,
    strips,
    times,
    triangle,
)
from evalvar.report.drawing.style import NARROW, WIDE, settings
from evalvar.report.drawing.svg import to_svg
from evalvar.report.model import Figure

__all__ = ["KINDS", "NARROW", "WIDE", "draw", "svg"]

KINDS: Mapping[str, Callable[[Mapping[str, Any], float], Sheet]] = {
    "curves": curves.draw,
    "ladder": dots.draw,
    "lines": lines.draw,
    "mini_bars": dots.draw_bars,
    "mini_interval": dots.draw_mini,
    "panels": panels.draw,
    "planned": planned.draw,
    "scatter": scatter.draw,
    "shares": shares.draw,
    "strips": strips.draw,
    "times": times.draw,
    "triangle": triangle.draw,
}


def draw(figure: Figure, width: float = WIDE) -> Sheet:
    """Draw a figure of a report at a width in pixels; text keeps its size."""
    with settings():
        return KINDS[figure.kind](figure.data, width)


def svg(figure: Figure, width: float, *, prefix: str, css: bool) -> str:
    """Draw a figure and return it as one SVG element."""
    return to_svg(draw(figure, width), prefix=prefix, label=figure.alt, css=css)
