"""What a design can show: the smallest difference by number of items, both on log axes."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from evalvar.report.drawing.style import COLOURS, LINES, NARROW, Sheet, fitted, text_width

_TOP, _BODY, _FOOT, _LEFT = 14, 210, 46, 40


def draw(data: Mapping[str, Any], width: float) -> Figure:
    """Draw one labelled line a design; the first has its interval and the point of these data."""
    series = data["series"][: len(LINES)]
    most = width * (0.34 if width <= NARROW else 0.26)
    names = [fitted(name, most) for name, _ in series]
    right = max(text_width(name, 12.5, 600) for name in names) + 12
    sheet = Sheet(width, _TOP + _BODY + _FOOT)
    axes = sheet.axes(_LEFT, _TOP, width - _LEFT - right, _BODY)
    ticks, marks = _limits(axes, series)
    for tick in ticks:
        axes.axhline(tick, color=COLOURS["rule"], linewidth=1, zorder=0)
        text = f"{tick:g} {data['unit']}".rstrip() if tick == ticks[-1] else f"{tick:g}"
        if tick == ticks[-1]:
            sheet.text(axes, 0, tick, text, dx=-_LEFT + 2, dy=-9, size=12, across=True)
        else:
            sheet.text(axes, 0, tick, text, dx=-8, size=12, ha="right", across=True)
    for place, ((_, points), colour) in enumerate(zip(series, LINES, strict=False)):
        n, value, low, high = np.asarray(points, dtype=float).T
        x = np.log10(n)
        if place == 0 and np.isfinite(low).all():
            axes.fill_between(x, low, high, color=COLOURS[colour], alpha=0.16, linewidth=0)
        axes.plot(x, value, color=COLOURS[colour], linewidth=2, zorder=3)
    _names(sheet, axes, series, names)
    here = data.get("here")
    if here is not None:
        n, value, text = here
        axes.plot(
            [np.log10(n)], [value], linestyle="none", marker="o", markersize=7,
            markerfacecolor=COLOURS["blue"], markeredgecolor=COLOURS["blue"], zorder=5,
        )  # fmt: skip
        # Where the words would leave the sheet they stand at its right edge instead.
        left, end = axes.get_xlim()
        start = (np.log10(n) - left) / (end - left) * (width - _LEFT - right) + _LEFT + 8
        fits = start + text_width(text, 12.5, 600) < width
        sheet.text(
            axes, np.log10(n), value, text, dx=8 if fits else width - start + 8, dy=-14,
            weight=600, colour="ink", ha="left" if fits else "right", backed=True,
        )  # fmt: skip
    for n in marks:
        sheet.text(axes, float(np.log10(n)), 0, f"{n:,.0f}", dy=16, size=12, ha="center")
    sheet.text(axes, 0, 0, data["axis"], dy=34, size=12, across=True)
    return sheet.figure


def _limits(axes: Axes, series: Any) -> tuple[list[float], list[float]]:
    points = np.concatenate([np.asarray(points, dtype=float) for _, points in series])
    top = float(np.nanmax(points[:, 1]))
    ticks = [float(t) for t in MaxNLocator(nbins=4, steps=[1, 2, 5, 10]).tick_values(0, top)]
    axes.set_ylim(0, max(ticks[-1], top))
    low, high = float(points[:, 0].min()), float(points[:, 0].max())
    pad = 0.02 * max(np.log10(high / low), 0.1)
    axes.set_xlim(np.log10(low) - pad, np.log10(high) + pad)
    steps = [m * 10.0**e for e in range(8) for m in (1, 3)]
    return ticks, [n for n in steps if low <= n <= high] or [low]


def _names(sheet: Sheet, axes: Axes, series: Any, names: list[str]) -> None:
    ends = [(float(np.log10(points[-1][0])), float(points[-1][1])) for _, points in series]
    top = axes.get_ylim()[1]
    rows = sorted(range(len(ends)), key=lambda i: -ends[i][1])
    moved, last = {}, -np.inf
    for i in rows:
        at = (1 - ends[i][1] / top) * _BODY
        last = max(at, last + 15)
        moved[i] = last - at
    over = max(0.0, last - _BODY)
    for i, colour in zip(range(len(ends)), LINES, strict=False):
        x, y = ends[i]
        sheet.text(axes, x, y, names[i], dx=9, dy=moved[i] - over, weight=600, colour=colour)
