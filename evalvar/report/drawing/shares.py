"""Bars cut into shares: where a variance comes from, one bar a reading."""

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evalvar.report.drawing.style import COLOURS, NARROW, Sheet, fitted, text_width

_KEY, _TITLE, _ROW, _BAR, _GAP = 22, 24, 26, 16, 28


def draw(data: Mapping[str, Any], width: float) -> Figure:
    """Draw the panels side by side, or below each other where it is narrow.

    The names of the parts stand above in their colours, in the order of the parts of each bar.
    """
    panels, colours = data["panels"], data["colours"]
    narrow = width <= NARROW
    labels = max(text_width(row[0], 12.5) for panel in panels for row in panel["rows"]) + 14
    # A name stands above its bar where beside it there is no room.
    above = narrow or labels > width * 0.3
    step = _ROW + 14 if above else _ROW
    left = 0.0 if above else labels
    across = 1 if narrow else len(panels)
    column = (width - left - _GAP * (across - 1)) / across
    lines = _key_lines(list(colours), width)
    top = _KEY * len(lines)
    height = [_TITLE + step * len(panel["rows"]) for panel in panels]
    sheet = Sheet(width, top + (sum(height) + _GAP * (len(panels) - 1) if narrow else max(height)))
    _key(sheet, lines, colours)
    down = float(top)
    for place, panel in enumerate(panels):
        start = 0.0 if narrow else left + place * (column + _GAP)
        axes = sheet.axes(start, down + _TITLE, column, step * len(panel["rows"]))
        axes.set_xlim(0, 1)
        axes.set_ylim(step * len(panel["rows"]), 0)
        sheet.text(axes, 0, 0, panel["title"], dy=-12, size=13, weight=600, colour="ink")
        for number, (label, parts) in enumerate(panel["rows"]):
            bar = number * step + (step - _BAR / 2 - 5)
            if above:
                sheet.text(axes, 0, number * step + 10, fitted(label, column), colour="ink")
            elif place == 0:
                sheet.text(axes, 0, bar, label, dx=-12, colour="ink", ha="right")
            _bar(sheet, axes, bar, parts, colours, column)
        if narrow:
            down += height[place] + _GAP
    return sheet.figure


def _bar(
    sheet: Sheet,
    axes: Axes,
    y: float,
    parts: tuple[tuple[str, float], ...],
    colours: Mapping[str, str],
    width: float,
) -> None:
    start = 0.0
    for name, share in parts:
        if share <= 0:
            continue
        axes.barh(
            y, share, left=start, height=_BAR, color=COLOURS[colours[name]],
            edgecolor=COLOURS["bg"], linewidth=1,
        )  # fmt: skip
        text = f"{100 * share:.0f}%"
        if share * width > text_width(text, 12, 600) + 8:
            middle = start + share / 2
            sheet.text(axes, middle, y, text, size=12, weight=600, colour="bg", ha="center")
        start += share


def _key_lines(names: list[str], width: float) -> list[list[tuple[str, float]]]:
    lines: list[list[tuple[str, float]]] = [[]]
    at = 0.0
    for name in names:
        wide = text_width(name, 12.5, 600) + 34
        if lines[-1] and at + wide > width:
            lines.append([])
            at = 0.0
        lines[-1].append((name, at))
        at += wide
    return lines


def _key(sheet: Sheet, lines: list[list[tuple[str, float]]], colours: Mapping[str, str]) -> None:
    axes = sheet.axes(0, 0, sheet.width, _KEY * len(lines))
    axes.set_xlim(0, sheet.width)
    axes.set_ylim(_KEY * len(lines), 0)
    for number, line in enumerate(lines):
        y = _KEY * number + 9
        for name, at in line:
            axes.barh(y, 10, left=at, height=10, color=COLOURS[colours[name]], linewidth=0)
            sheet.text(axes, at + 15, y, name, weight=600, colour=colours[name])
