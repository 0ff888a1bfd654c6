"""Rows of intervals: the interval first, then the point, the number at the end of the row."""

from collections.abc import Mapping
from math import isfinite
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from evalvar.report import wording
from evalvar.report.drawing.style import COLOURS, NARROW, Sheet, fitted, text_width

_ROW, _TOP, _FOOT = 22, 8, 26


def draw(data: Mapping[str, Any], width: float) -> Figure:
    """Draw one interval a row; the label stands beside it, or above it where it is too long."""
    rows = data["rows"]
    numbers = max(text_width(row[4], 12.5, 600) for row in rows) + 14
    labels = max(text_width(row[0], 12.5) for row in rows) + 14
    # A name is never cut where it can stand above its interval instead.
    narrow = width <= NARROW or labels > width * 0.46
    step = 38 if narrow else _ROW
    left = 4.0 if narrow else labels
    sheet = Sheet(width, _TOP + step * len(rows) + _FOOT)
    axes = sheet.axes(left, _TOP, width - left - numbers, step * len(rows))
    low, high, ticks = _limits(rows, zero=data["zero"])
    axes.set_xlim(low, high)
    axes.set_ylim(len(rows), 0)
    for tick in ticks:
        axes.axvline(tick, color=COLOURS["rule"], linewidth=1, zorder=0)
    if data["zero"]:
        axes.axvline(0, color=COLOURS["muted"], linewidth=1, zorder=1)
    _axis(sheet, axes, ticks, len(rows), data)
    for place, (label, value, lower, upper, text, clear) in enumerate(rows):
        y = place + (0.7 if narrow else 0.5)
        mark(axes, y, value, lower, upper, clear)
        if narrow:
            name = fitted(label, width - 8)
            sheet.text(axes, 0, place + 0.28, name, colour="ink", across=True, backed=True)
        else:
            sheet.text(axes, 0, y, label, dx=-10, colour="ink", ha="right", across=True)
        sheet.text(
            axes,
            1,
            y,
            text,
            dx=numbers,
            weight=600 if clear else 400,
            colour="ink" if clear else "muted",
            ha="right",
            across=True,
        )
    return sheet.figure


def mark(axes: Axes, y: float, value: float, low: float, high: float, clear: bool) -> None:
    """Draw an interval and its point: filled where it is clear, hollow where it is a tie."""
    colour = COLOURS["blue"] if clear else COLOURS["muted"]
    if isfinite(low) and isfinite(high):
        axes.plot([low, high], [y, y], color=colour, linewidth=3, solid_capstyle="round", zorder=2)
    axes.plot(
        [value],
        [y],
        linestyle="none",
        marker="o",
        markersize=7,
        markerfacecolor=colour if clear else COLOURS["bg"],
        markeredgecolor=colour,
        markeredgewidth=1.8,
        zorder=3,
        clip_on=False,
    )


def draw_mini(data: Mapping[str, Any], width: float) -> Figure:
    """Draw one interval with its zero line, small, beside a sentence."""
    _, value, low, high, text, clear = data["rows"][0]
    sheet = Sheet(width, 50)
    axes = sheet.axes(8, 0, width - 16, 50)
    known = [v for v in (0.0, value, low, high) if isfinite(v)]
    pad = (max(known) - min(known)) * 0.06 or 1.0
    axes.set_xlim(min(known) - pad, max(known) + pad)
    axes.set_ylim(50, 0)
    axes.plot([min(known) - pad, max(known) + pad], [20, 20], color=COLOURS["rule"], linewidth=1)
    axes.plot([0, 0], [8, 30], color=COLOURS["muted"], linewidth=1)
    mark(axes, 20, value, low, high, clear)
    # The zero and the number share a line of text; the zero gives way where they would meet.
    span = max(known) - min(known) + 2 * pad
    if abs(value) / span * (width - 16) > text_width(text, 12.5, 600) / 2 + 12:
        sheet.text(axes, 0, 42, "0", ha="center")
    sheet.text(axes, value, 42, text, ha="center", weight=600, colour="ink")
    return sheet.figure


def draw_bars(data: Mapping[str, Any], width: float) -> Figure:
    """Draw two or three bars from zero with their numbers and words, beside a sentence."""
    rows = data["rows"]
    sheet = Sheet(width, 22 * len(rows) + 4)
    axes = sheet.axes(0, 2, width, 22 * len(rows))
    words = max(text_width(f"{r[1]} ", 12.5, 600) + text_width(r[2], 12.5) for r in rows) + 12
    most = max(row[0] for row in rows) or 1.0
    axes.set_xlim(0, width)
    axes.set_ylim(len(rows), 0)
    for place, (value, number, word, colour) in enumerate(rows):
        length = max(value / most * (width - words), 1)
        axes.barh(place + 0.5, length, height=0.6, color=COLOURS[colour], linewidth=0)
        sheet.text(axes, length, place + 0.5, number, dx=6, weight=600, colour="ink")
        after = text_width(number, 12.5, 600) + 11
        sheet.text(axes, length, place + 0.5, word, dx=after)
    return sheet.figure


def _limits(rows: tuple[Any, ...], *, zero: bool) -> tuple[float, float, list[float]]:
    values = [v for row in rows for v in row[1:4] if isfinite(v)] + ([0.0] if zero else [])
    low, high = min(values), max(values)
    if high - low < 1e-12:
        low, high = low - 1, high + 1
    ticks = [float(t) for t in MaxNLocator(nbins=5, steps=[1, 2, 5, 10]).tick_values(low, high)]
    pad = (high - low) * 0.03
    low, high = low - pad, high + pad
    return low, high, [tick for tick in ticks if low <= tick <= high]


def _axis(sheet: Sheet, axes: Axes, ticks: list[float], rows: int, data: Mapping[str, Any]) -> None:
    for tick in ticks:
        text = f"{tick:g}".replace("-", wording.MINUS)
        if data["zero"] and tick > 0:
            text = "+" + text
        if tick == ticks[-1]:
            text = f"{text} {data['unit']}".rstrip()
        sheet.text(axes, tick, rows, text, dy=14, size=12, ha="center")
