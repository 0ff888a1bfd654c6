"""Small multiples of points: one measure of models or items against another."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evalvar.report import wording
from evalvar.report.drawing.scales import scale
from evalvar.report.drawing.style import COLOURS, NARROW, Sheet, fitted

_TITLE, _BODY, _FOOT, _GAP = 46, 220, 46, 18
_LEFT = 46
# With more points than this, squares that say how many lie in them: a page stays small.
_SINGLE = 600
_BINS = 36


def draw(data: Mapping[str, Any], width: float) -> Figure:
    """Draw the panels, two a row where there is room.

    A panel has ``title, subtitle, x_name, y_name`` and ``groups``: (colour, points) with points of
    (x, y), drawn in that order; it may have ``named`` (x, y, name), ``diagonal`` and ``zero``.
    """
    panels = list(data["panels"])
    narrow = width <= NARROW
    across = 1 if narrow or len(panels) == 1 else 2
    column = width / across
    rows = -(-len(panels) // across)
    cell = _TITLE + _BODY + _FOOT
    sheet = Sheet(width, rows * (cell + _GAP) - _GAP)
    body = min(column, 460) - _LEFT - 22
    for place, panel in enumerate(panels):
        left = (place % across) * column + _LEFT
        top = (place // across) * (cell + _GAP) + _TITLE
        _panel(sheet, sheet.axes(left, top, body, _BODY), panel, body)
    return sheet.figure


def _panel(sheet: Sheet, axes: Axes, panel: Mapping[str, Any], room: float) -> None:
    groups = [(colour, np.asarray(points, dtype=float)) for colour, points in panel["groups"]]
    groups = [(colour, points.reshape(-1, 2)) for colour, points in groups]
    every = np.concatenate([points for _, points in groups])
    both = np.ptp(every, axis=0).max() if len(every) else 0.0
    x_values, y_values = every.T
    if panel.get("diagonal") and both > 0:
        x_values = y_values = every.ravel()
    zero = bool(panel.get("zero"))
    x_limits, x_ticks = scale(x_values, with_zero=zero)
    y_limits, y_ticks = scale(y_values)
    axes.set_xlim(*x_limits)
    axes.set_ylim(*y_limits)
    for tick in y_ticks:
        axes.axhline(tick, color=COLOURS["rule"], linewidth=1, zorder=0)
        sheet.text(axes, 0, tick, _number(tick), dx=-8, size=12, ha="right", across=True)
    for tick in x_ticks:
        sheet.text(axes, tick, y_limits[0], _number(tick), dy=15, size=12, ha="center")
    if zero:
        axes.axvline(0, color=COLOURS["muted"], linewidth=1, zorder=1)
    if panel.get("diagonal"):
        axes.plot(
            x_limits, x_limits, color=COLOURS["muted"], linewidth=1, linestyle=(0, (2, 2)), zorder=1
        )
    for colour, points in groups:
        _points(axes, points, COLOURS[colour], crowded=len(every) > _SINGLE)
    middle = sum(x_limits) / 2
    for x, y, name in panel.get("named", ()):
        side, dx = ("left", 8) if x < middle else ("right", -8)
        sheet.text(axes, x, y, fitted(name, room * 0.5, 12), dx=dx, size=12, ha=side, colour="ink")
    top = y_limits[1]
    title = fitted(panel["title"], room, 13)
    sheet.text(axes, 0, top, title, dy=-34, size=13, weight=600, colour="ink", across=True)
    subtitle = f"{panel['subtitle']}; up: {panel['y_name']}" if panel["subtitle"] else (
        f"up: {panel['y_name']}"
    )  # fmt: skip
    sheet.text(axes, 0, top, fitted(subtitle, room + 20, 12), dy=-18, size=12, across=True)
    sheet.text(axes, 0, y_limits[0], panel["x_name"], dy=33, size=12, across=True)


def _points(axes: Axes, points: np.ndarray, colour: str, *, crowded: bool) -> None:
    if not crowded:
        axes.plot(
            *points.T, linestyle="none", marker="o", markersize=5, color=colour, alpha=0.75,
            markeredgewidth=0, zorder=3,
        )  # fmt: skip
        return
    # One path a size class; the area of a square is the number of points in it.
    limits = np.array([axes.get_xlim(), axes.get_ylim()])
    counts, x_edges, y_edges = np.histogram2d(points[:, 0], points[:, 1], _BINS, limits)
    x, y = ((edges[1:] + edges[:-1]) / 2 for edges in (x_edges, y_edges))
    largest = max(counts.max(), 1.0)
    sizes = np.ceil(6 * np.sqrt(counts / largest))
    for size in range(1, 7):
        i, j = np.nonzero(sizes == size)
        if i.size:
            axes.plot(
                x[i], y[j], linestyle="none", marker="s", markersize=1.0 * size, color=colour,
                alpha=0.8, markeredgewidth=0, zorder=3,
            )  # fmt: skip


def _number(tick: float) -> str:
    return f"{tick:g}".replace("-", wording.MINUS)
