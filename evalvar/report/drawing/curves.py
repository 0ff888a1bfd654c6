"""Score by number of tries, k on a log axis, or by another count."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from evalvar.report.drawing.scales import apart
from evalvar.report.drawing.style import COLOURS, LINES, NARROW, Sheet, fitted, text_width

_TOP, _FOOT, _LEFT = 30, 30, 38


def draw(data: Mapping[str, Any], width: float) -> Figure:
    """Draw five labelled lines with intervals; further ones stay grey.

    `data` has ``series`` and ``percent``; where the count is not k it has ``counts``, the word for
    it, and its axis is linear. ``line`` is a value and its word, drawn across.
    """
    series = data["series"]
    coloured = series[: len(LINES)]
    narrow = width <= NARROW
    # A few lines need less height to stand apart.
    body = 220.0 if len(series) > 2 else 120.0
    most = width * (0.36 if narrow else 0.3)
    names = [fitted(name, most) for name, _ in coloured]
    right = max(text_width(name, 12.5, 600) for name in names) + 12
    rest = len(series) - len(coloured)
    sheet = Sheet(width, _TOP + body + _FOOT)
    axes = sheet.axes(_LEFT, _TOP, width - _LEFT - right, body)
    ticks, ks = _limits(axes, data)
    for tick in ticks:
        axes.axhline(tick, color=COLOURS["rule"], linewidth=1, zorder=0)
        sheet.text(axes, 0, tick, f"{tick:g}", dx=-8, size=12, ha="right", across=True)
    if ticks[0] > 0:
        lowest = f"axis from {ticks[0]:g}, not 0"
        sheet.text(axes, 0, axes.get_ylim()[1], lowest, dy=-18, size=12, across=True)
    for _, points in series[len(LINES) :]:
        k, value, *_ = np.asarray(points).T
        axes.plot(_x(data, k), value, color=COLOURS["faint"], linewidth=1.1, zorder=1)
    # Small shifts keep the bars of models with the same k apart.
    shift = (axes.get_xlim()[1] - axes.get_xlim()[0]) * 0.006
    for place, ((_, points), colour) in enumerate(zip(coloured, LINES, strict=False)):
        k, value, low, high = np.asarray(points).T
        x = _x(data, k) + shift * (place - (len(coloured) - 1) / 2)
        axes.vlines(x, low, high, color=COLOURS[colour], linewidth=1.6, alpha=0.55, zorder=2)
        axes.plot(
            x, value, color=COLOURS[colour], linewidth=2, marker="o", markersize=4.5, zorder=4
        )
    ends = [float(points[-1][1]) for _, points in coloured]
    last = [float(_x(data, points[-1][0])) for _, points in coloured]
    for name, x, y, dy, colour in zip(
        names, last, ends, apart(axes, ends, body), LINES, strict=False
    ):
        sheet.text(axes, x, y, name, dx=9, dy=dy, weight=600, colour=colour)
    bottom = axes.get_ylim()[0]
    per_pixel = (axes.get_xlim()[1] - axes.get_xlim()[0]) / (width - _LEFT - right)
    for k in _apart(ks, [float(_x(data, k)) for k in ks], 24 * per_pixel):
        label = f"{data.get('counts', 'k =')} {k:g}" if k == ks[0] else f"{k:,.0f}"
        sheet.text(axes, float(_x(data, k)), bottom, label, dy=16, size=12, ha="center")
    if "line" in data:
        value, word = data["line"]
        axes.axhline(value, color=COLOURS["muted"], linewidth=1, linestyle=(0, (2, 2)), zorder=1)
        sheet.text(axes, 1, value, word, dx=-2, dy=-10, size=12, ha="right", across=True)
    if rest:
        words = f"grey: {rest} other{'s' if rest > 1 else ''}"
        sheet.text(axes, 1, bottom, words, dx=-4, dy=-10, size=12, ha="right", across=True)
    return sheet.figure


def _limits(axes: Axes, data: Mapping[str, Any]) -> tuple[list[float], list[float]]:
    points = np.concatenate([np.asarray(points) for _, points in data["series"]])
    values = points[:, 1:]
    values = np.append(values[np.isfinite(values)], data["line"][0] if "line" in data else [])
    bottom, top = float(values.min()), float(values.max())
    if top - bottom < 1e-9:
        bottom, top = bottom - 1, top + 1
    ticks = [float(t) for t in MaxNLocator(nbins=5, steps=[1, 2, 5, 10]).tick_values(bottom, top)]
    if data["percent"]:
        ticks = [tick for tick in ticks if 0 <= tick <= 100]
    axes.set_ylim(min(ticks[0], bottom), max(ticks[-1], top))
    ks = sorted(set(points[:, 0].tolist()))
    first, last = float(_x(data, ks[0])), float(_x(data, ks[-1]))
    pad = (last - first) * 0.03 or 0.1
    axes.set_xlim(first - pad, last + pad)
    return ticks, ks


def _apart(ks: list[float], places: list[float], room: float) -> list[float]:
    """Return the counts whose labels do not meet; the last one stays."""
    kept = [len(ks) - 1]
    for at in range(len(ks) - 2, -1, -1):
        if places[kept[-1]] - places[at] >= room:
            kept.append(at)
    return [ks[at] for at in reversed(kept)]


def _x(data: Mapping[str, Any], k: Any) -> Any:
    return np.asarray(k) if "counts" in data else np.log10(k)
