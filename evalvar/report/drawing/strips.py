"""One bar a problem and model: how often its programs are right, and how fast they are."""

from collections.abc import Mapping
from math import isfinite
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from evalvar.report.drawing.style import COLOURS, Sheet, fitted, text_width

_KEY, _TITLE, _BODY, _FOOT, _GAP = 24, 20, 56, 24, 12
_LEFT = 32


def draw(data: Mapping[str, Any], width: float) -> Figure:
    """Draw a strip a model, all with the same problems in the same order.

    A strip is ``name, outer, inner`` with one number a problem each, both from zero on one scale;
    ``key`` names the two, ``line`` (value and word) is drawn across, ``ends`` are the words under
    the first and the last problem. What is not finite in `inner` is marked under its bar.
    """
    strips = data["strips"]
    sheet = Sheet(width, _KEY + len(strips) * (_TITLE + _BODY + _GAP) - _GAP + _FOOT)
    value, word = data["line"]
    known = [v for s in strips for v in (*s["outer"], *s["inner"], value) if isfinite(v)]
    top = max(known) * 1.02
    _key(sheet, data["key"])
    for place, strip in enumerate(strips):
        down = _KEY + place * (_TITLE + _BODY + _GAP) + _TITLE
        axes = sheet.axes(_LEFT, down, width - _LEFT - 2, _BODY)
        axes.set_xlim(0, len(strip["outer"]))
        axes.set_ylim(0, top)
        name = fitted(strip["name"], width * 0.6, 12.5, 600)
        sheet.text(axes, 0, top, name, dy=-10, weight=600, colour="ink", across=True)
        for tick in (0.0, value):
            axes.axhline(tick, color=COLOURS["rule"], linewidth=1, zorder=0)
            sheet.text(axes, 0, tick, f"{tick:g}", dx=-8, size=12, ha="right", across=True)
        if place == 0:
            sheet.text(axes, 1, top, word, dx=-2, dy=-10, size=12, ha="right", across=True)
        _bars(axes, strip["outer"], COLOURS["faint"])
        _bars(axes, strip["inner"], COLOURS["blue"])
        axes.axhline(value, color=COLOURS["muted"], linewidth=1, linestyle=(0, (2, 2)), zorder=4)
        lost = [i + 0.5 for i, v in enumerate(strip["inner"]) if not isfinite(v)]
        axes.plot(
            lost, [0] * len(lost), linestyle="none", marker="D", markersize=3.5,
            color=COLOURS["seed"], clip_on=False, zorder=5,
        )  # fmt: skip
    first, last = data["ends"]
    sheet.text(axes, 0, 0, first, dy=15, size=12, across=True)
    sheet.text(axes, 1, 0, last, dy=15, size=12, ha="right", across=True)
    return sheet.figure


def _bars(axes: Axes, heights: tuple[float, ...], colour: str) -> None:
    """Draw all bars as one path: a page stays small, however many problems there are."""
    tall = np.nan_to_num(np.asarray(heights, dtype=float))
    left = np.arange(tall.size) + 0.08
    right = left + 0.84
    zero = np.zeros_like(tall)
    corners = np.stack([left, zero, left, tall, right, tall, right, zero, left, zero], axis=-1)
    drawn = corners[tall > 0].reshape(-1, 2)
    if len(drawn):
        one = [Path.MOVETO, *[Path.LINETO] * 3, Path.CLOSEPOLY]
        path = Path(drawn, np.tile(one, len(drawn) // 5))
        axes.add_patch(PathPatch(path, facecolor=colour, edgecolor="none", zorder=2))


def _key(sheet: Sheet, words: tuple[str, str]) -> None:
    axes = sheet.axes(0, 0, sheet.width, _KEY)
    axes.set_xlim(0, sheet.width)
    axes.set_ylim(_KEY, 0)
    at = 0.0
    for word, colour, ink in zip(words, ("faint", "blue"), ("muted", "blue"), strict=True):
        axes.barh(9, 10, left=at, height=10, color=COLOURS[colour], linewidth=0)
        sheet.text(axes, at + 15, 9, word, weight=600, colour=ink)
        at += text_width(word, 12.5, 600) + 34
