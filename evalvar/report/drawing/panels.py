"""Small multiples of a score by checkpoint: every run, their mean, and what the bands are."""

from collections.abc import Mapping
from math import isfinite
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evalvar.report import wording
from evalvar.report.drawing.scales import scale
from evalvar.report.drawing.style import COLOURS, NARROW, Sheet, fitted, text_width

_TITLE, _BODY, _FOOT, _GAP = 46, 132, 28, 18
_LEFT = 38


def draw(data: Mapping[str, Any], width: float) -> Figure:
    """Draw the panels, two a row where there is room, one below the other where not."""
    panels = list(data["panels"])
    narrow = width <= NARROW
    if narrow:
        panels = [panel for panel in panels if panel is not None]
    across = 1 if narrow or len(panels) == 1 else 2
    # Rows that are drawn apart keep one width.
    beside = data.get("beside", panels)
    right = max(_end_width(panel) for panel in beside if panel is not None) + 12
    rows = -(-len(panels) // across)
    cell = _TITLE + _BODY + _FOOT
    sheet = Sheet(width, rows * (cell + _GAP) - _GAP)
    column = width / across
    # A lone panel on a wide page keeps a readable shape instead of the full width.
    body = min(column, 460) - _LEFT - right
    for place, panel in enumerate(panels):
        if panel is None:
            continue
        left = (place % across) * column + _LEFT
        top = (place // across) * (cell + _GAP) + _TITLE
        _panel(sheet, sheet.axes(left, top, body, _BODY), panel, body + right)
    return sheet.figure


def _end_width(panel: Mapping[str, Any]) -> float:
    lines = ((panel["value"], 13, 600), (panel["spread"], 12, 400), (panel["interval"], 12, 400))
    return max(text_width(text, size, weight) for text, size, weight in lines)


def _panel(sheet: Sheet, axes: Axes, panel: Mapping[str, Any], room: float) -> None:
    curve = np.asarray(panel["curve"], dtype=float)
    x, mean, low, high, sd = curve.T
    ticks = _limits(axes, panel, curve)
    for tick in ticks:
        axes.axhline(tick, color=COLOURS["rule"], linewidth=1, zorder=0)
        label = f"{tick:g}".replace("-", wording.MINUS)
        sheet.text(axes, 0, tick, label, dx=-8, size=12, ha="right", across=True)
    chance = panel["chance"]
    if isfinite(chance) and axes.get_ylim()[0] <= chance <= axes.get_ylim()[1]:
        axes.axhline(chance, color=COLOURS["muted"], linewidth=1, linestyle=(0, (2, 2)), zorder=1)
        # Early in training the curve starts at chance, so the word stands at the other end.
        sheet.text(axes, 1, chance, "chance", dx=-2, dy=10, size=12, ha="right", across=True)
    known = np.isfinite(sd)
    # Outlines and a filling stay apart where they overlap; two fillings mix to grey.
    for edge in (mean - sd, mean + sd):
        axes.plot(
            x[known],
            edge[known],
            color=COLOURS["seed"],
            linewidth=1.4,
            linestyle=(0, (4, 2.5)),
            zorder=4,
        )
    known = np.isfinite(low) & np.isfinite(high)
    if known.any():
        axes.fill_between(
            x[known],
            low[known],
            high[known],
            color=COLOURS["blue"],
            alpha=0.26,
            linewidth=0,
            zorder=2,
        )
    for run in panel["runs"]:
        points = np.asarray(run, dtype=float)
        axes.plot(*points.T, color=COLOURS["seed"], linewidth=0.8, alpha=0.45, zorder=3)
    axes.plot(x, mean, color=COLOURS["blue"], linewidth=2.4, solid_joinstyle="round", zorder=5)
    _ends(sheet, axes, panel, float(x[-1]), float(mean[-1]))
    _steps(sheet, axes, x)
    top = axes.get_ylim()[1]
    title = fitted(panel["title"], room, 13)
    sheet.text(axes, 0, top, title, dy=-34, size=13, weight=600, colour="ink", across=True)
    sheet.text(axes, 0, top, panel["subtitle"], dy=-18, size=12, across=True)


def _limits(axes: Axes, panel: Mapping[str, Any], curve: np.ndarray) -> list[float]:
    """Set round limits round all that is drawn; percent scales that need most of 0-100 get all."""
    x, mean, low, high, sd = curve.T
    drawn = [mean, low, high, mean - sd, mean + sd]
    drawn += [np.asarray([y for _, y in run]) for run in panel["runs"]]
    values = np.concatenate(drawn)
    values = values[np.isfinite(values)]
    bottom, top = float(values.min()), float(values.max())
    chance = panel["chance"]
    if isfinite(chance) and bottom - (top - bottom) < chance < top + (top - bottom):
        bottom, top = min(bottom, chance), max(top, chance)
    limits, ticks = scale(np.array([bottom, top]), percent=panel["percent"])
    axes.set_ylim(*limits)
    axes.set_xlim(float(x.min()), float(x.max()) if x.max() > x.min() else float(x.min()) + 1)
    return ticks


def _ends(sheet: Sheet, axes: Axes, panel: Mapping[str, Any], x: float, y: float) -> None:
    lines = [(panel["value"], 13, 600, "ink"), (panel["spread"], 12, 400, "seed")]
    lines = [line for line in [*lines, (panel["interval"], 12, 400, "blue")] if line[0]]
    bottom, top = axes.get_ylim()
    # Kept inside the panel's height, so that the labels of stacked panels never meet.
    room = 15 * (len(lines) - 1)
    from_top = (top - y) / (top - bottom) * _BODY
    shift = min(max(from_top - room / 2, 0), _BODY - room) - from_top
    for place, (text, size, weight, colour) in enumerate(lines):
        sheet.text(
            axes, x, y, text, dx=6, dy=shift + 15 * place, size=size, weight=weight, colour=colour
        )


def _steps(sheet: Sheet, axes: Axes, x: np.ndarray) -> None:
    bottom = axes.get_ylim()[0]
    first, last = float(x[0]), float(x[-1])
    sheet.text(axes, first, bottom, f"checkpoint {wording.step(first)}", dy=15, size=12)
    if last > first:
        sheet.text(axes, last, bottom, wording.step(last), dy=15, size=12, ha="right")
