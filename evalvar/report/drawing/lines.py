"""Small multiples of lines over a number: curves of two variants, or a method beside chance."""

from collections.abc import Mapping
from math import isfinite
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evalvar.report import wording
from evalvar.report.drawing.scales import apart, scale
from evalvar.report.drawing.style import COLOURS, NARROW, Sheet, fitted, text_width

_TITLE, _BODY, _FOOT, _GAP = 46, 150, 46, 18
_LEFT = 42


def draw(data: Mapping[str, Any], width: float) -> Figure:
    """Draw the panels, two a row where there is room; every line is named at its end.

    A panel has ``title, subtitle, x_name, series`` and may have ``chance`` (a value and its word),
    ``mark`` (x and words), ``percent``, ``log``, ``steps`` (x counts training steps), ``zero``,
    ``within`` (values that the scale holds too, so that panels share one) and ``most`` (where the
    scale ends, whatever the bands).
    A series is ``name, colour, points`` (x, y, low, high) with ``runs`` of (x, y) drawn thin.
    """
    panels = list(data["panels"])
    narrow = width <= NARROW
    across = 1 if narrow or len(panels) == 1 else 2
    column = width / across
    names = [fitted(one["name"], column * 0.34, 12.5) for p in panels for one in p["series"]]
    right = max(text_width(name, 12.5, 600) for name in names) + 12
    rows = -(-len(panels) // across)
    cell = _TITLE + _BODY + _FOOT
    sheet = Sheet(width, rows * (cell + _GAP) - _GAP)
    body = min(column, 520) - _LEFT - right
    for place, panel in enumerate(panels):
        left = (place % across) * column + _LEFT
        top = (place // across) * (cell + _GAP) + _TITLE
        _panel(sheet, sheet.axes(left, top, body, _BODY), panel, body + right, column)
    return sheet.figure


def _panel(sheet: Sheet, axes: Axes, panel: Mapping[str, Any], room: float, column: float) -> None:
    _axes(sheet, axes, panel)
    ends = []
    for one in panel["series"]:
        colour = COLOURS[one["colour"]]
        points = np.asarray(one["points"], dtype=float)
        x, y, low, high = _x(panel, points[:, 0]), *points.T[1:]
        known = np.isfinite(low) & np.isfinite(high)
        if known.any():
            axes.fill_between(
                x[known], low[known], high[known], color=colour, alpha=0.2, linewidth=0, zorder=2
            )
        for run in one.get("runs", ()):
            thin = np.asarray(run, dtype=float)
            axes.plot(
                _x(panel, thin[:, 0]), thin[:, 1], color=colour, linewidth=0.8, alpha=0.4, zorder=3
            )
        seen = np.isfinite(y)
        marker = "o" if seen.sum() <= 12 and not panel.get("steps") else None
        axes.plot(
            x[seen], y[seen], color=colour, linewidth=2.2, marker=marker, markersize=4, zorder=5
        )
        if seen.any():
            ends.append((one, float(x[seen][-1]), float(y[seen][-1])))
    moved = apart(axes, [y for _, _, y in ends], _BODY)
    for (one, x_end, y_end), dy in zip(ends, moved, strict=True):
        sheet.text(
            axes, x_end, y_end, fitted(one["name"], column * 0.34, 12.5), dx=8, dy=dy, weight=600,
            colour=one["colour"],
        )  # fmt: skip
    top = axes.get_ylim()[1]
    title = fitted(panel["title"], room, 13, 600)
    sheet.text(axes, 0, top, title, dy=-34, size=13, weight=600, colour="ink", across=True)
    sheet.text(axes, 0, top, fitted(panel["subtitle"], room, 12), dy=-18, size=12, across=True)


def _axes(sheet: Sheet, axes: Axes, panel: Mapping[str, Any]) -> None:
    drawn = [np.asarray(one["points"], dtype=float)[:, 1:] for one in panel["series"]]
    drawn += [np.asarray(r, float)[:, 1:] for one in panel["series"] for r in one.get("runs", ())]
    values = np.concatenate([d.ravel() for d in drawn])
    value, word = panel.get("chance", (float("nan"), ""))
    values = np.minimum(values, panel.get("most", np.inf))
    (bottom, top), ticks = scale(
        np.concatenate([values, [value], panel.get("within", ())]),
        percent=bool(panel.get("percent")),
        with_zero=bool(panel.get("zero")),
    )
    axes.set_ylim(bottom, top)
    for tick in ticks:
        zero = bool(panel.get("zero")) and tick == 0
        axes.axhline(tick, color=COLOURS["muted" if zero else "rule"], linewidth=1, zorder=0)
        label = f"{tick:g}".replace("-", wording.MINUS)
        sheet.text(axes, 0, tick, label, dx=-8, size=12, ha="right", across=True)
    places = np.unique(np.concatenate([np.asarray(one["points"])[:, 0] for one in panel["series"]]))
    x = _x(panel, places.astype(float))
    axes.set_xlim(float(x.min()), float(x.max()) if x.max() > x.min() else float(x.min()) + 1)
    if isfinite(value):
        axes.axhline(value, color=COLOURS["muted"], linewidth=1, linestyle=(0, (2, 2)), zorder=1)
        sheet.text(axes, 1, value, word, dx=-2, dy=10, size=12, ha="right", across=True)
    if panel.get("mark"):
        at, words = panel["mark"]
        where = float(_x(panel, np.array([at], dtype=float))[0])
        axes.axvline(where, color=COLOURS["muted"], linewidth=1, linestyle=(0, (2, 2)), zorder=1)
        middle = sum(axes.get_xlim()) / 2
        side, dx = ("left", 5) if where < middle else ("right", -5)
        sheet.text(axes, where, top, words, dx=dx, dy=8, size=12, ha=side, backed=True)
    _foot(sheet, axes, panel, places.astype(float))


def _foot(sheet: Sheet, axes: Axes, panel: Mapping[str, Any], places: np.ndarray) -> None:
    """Write the first and the last x, those between where few, and what x is."""
    bottom = axes.get_ylim()[0]
    shown = places if panel.get("log") and places.size <= 6 else places[[0, -1]]
    for place in shown:
        text = wording.step(place) if panel.get("steps") else f"{place:,g}"
        text = text.replace("-", wording.MINUS)
        side = "left" if place == places[0] else "right" if place == places[-1] else "center"
        at = float(_x(panel, np.array([place]))[0])
        sheet.text(axes, at, bottom, text, dy=15, size=12, ha=side)
    sheet.text(axes, 0, bottom, panel["x_name"], dy=33, size=12, across=True)


def _x(panel: Mapping[str, Any], places: np.ndarray) -> np.ndarray:
    return np.log10(places) if panel.get("log") else places
