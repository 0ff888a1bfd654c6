"""How long programs take beside their limit: a row of quantiles each, and the share past it."""

from collections.abc import Mapping
from math import floor, isfinite, log10
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evalvar.report.drawing.style import COLOURS, NARROW, Sheet, fitted, text_width

_ROW, _TOP, _FOOT = 26, 24, 40
# A factor beyond the limit, in which what was stopped there is told.
_PAST = 1.6


def draw(data: Mapping[str, Any], width: float) -> Figure:
    """Draw a row a model on a log axis of time over limit; rows end at the limit.

    A row is ``name, quantiles, past, text``: five rising quantiles (5, 25, 50, 75 and 95 percent;
    one past the limit is not finite), the share past the limit and the number for it. ``marks`` are
    (value, word) of the vertical lines, the limit last; ``x_name`` says what the axis is, and
    ``past_name`` what stands beyond the limit.
    """
    rows, marks = data["rows"], data["marks"]
    labels = max(text_width(row[0], 12.5) for row in rows) + 14
    words = max(text_width(row[3], 12.5, 600) for row in rows) + 16
    narrow = width <= NARROW or labels > width * 0.34
    step = 40 if narrow else _ROW
    left = 6.0 if narrow else labels
    sheet = Sheet(width, _TOP + step * len(rows) + _FOOT)
    axes = sheet.axes(left, _TOP, width - left - words, step * len(rows))
    limit = marks[-1][0]
    known = [q for row in rows for q in row[1] if isfinite(q) and q > 0]
    low = min([*known, *(value for value, _ in marks)])
    axes.set_xlim(log10(low) - 0.05, log10(limit * _PAST))
    axes.set_ylim(len(rows), 0)
    axes.axvspan(
        log10(limit), log10(limit * _PAST), color=COLOURS["rule"], alpha=0.5, linewidth=0, zorder=0
    )
    _marks(sheet, axes, marks, len(rows), data["x_name"])
    sheet.text(axes, 1, 0, data["past_name"], dx=words, dy=-10, size=12, ha="right", across=True)
    for place, (name, quantiles, past, text) in enumerate(rows):
        y = place + (0.7 if narrow else 0.5)
        _span(axes, y, quantiles, limit, past)
        if narrow:
            sheet.text(axes, 0, place + 0.28, fitted(name, width - 8), colour="ink", across=True,
                       backed=True)  # fmt: skip
        else:
            sheet.text(axes, 0, y, name, dx=-10, colour="ink", ha="right", across=True)
        sheet.text(
            axes, 1, y, text, dx=words, weight=600 if past > 0 else 400,
            colour="seed" if past > 0 else "muted", ha="right", across=True,
        )  # fmt: skip
    return sheet.figure


def _span(axes: Axes, y: float, quantiles: tuple[float, ...], limit: float, past: float) -> None:
    """Draw 90 % thin, 50 % thick and the median as a dot; what is stopped ends in a diamond."""
    ends = [log10(q) if isfinite(q) and q > 0 else log10(limit) for q in quantiles]
    q05, q25, q50, q75, q95 = ends
    blue = COLOURS["blue"]
    axes.plot([q05, q95], [y, y], color=blue, linewidth=1.6, solid_capstyle="butt", zorder=2)
    axes.plot([q25, q75], [y, y], color=blue, linewidth=6, alpha=0.55, solid_capstyle="butt",
              zorder=3)  # fmt: skip
    if isfinite(quantiles[2]):
        axes.plot(
            [q50], [y], linestyle="none", marker="o", markersize=7, markeredgewidth=1.8,
            markerfacecolor=COLOURS["bg"], markeredgecolor=blue, zorder=4,
        )  # fmt: skip
    if past > 0:
        edge = sum((log10(limit), log10(limit * _PAST))) / 2
        axes.plot(
            [edge], [y], linestyle="none", marker="D", markersize=3 + 7 * past**0.5,
            color=COLOURS["seed"], zorder=5,
        )  # fmt: skip


def _marks(
    sheet: Sheet, axes: Axes, marks: tuple[tuple[float, str], ...], rows: int, x_name: str
) -> None:
    start, stop = axes.get_xlim()
    limit = log10(marks[-1][0])
    box = axes.get_position()
    for value, word in marks:
        style: Any = "solid" if log10(value) == limit else (0, (2, 2))
        axes.axvline(log10(value), color=COLOURS["muted"], linewidth=1, linestyle=style, zorder=1)
        along = (log10(value) - start) / (stop - start)
        before = text_width(word, 12) + 4 <= (box.x0 + along * box.width) * sheet.width
        ha, dx = ("right", -4) if before else ("left", 4)
        sheet.text(axes, log10(value), 0, word, dx=dx, dy=-10, size=12, ha=ha)
    steps = (1, 2, 5) if limit - start < 1.5 else (1,)
    ticks = [step * 10.0**e for e in range(floor(start), 1) for step in steps]
    room = 30 * (stop - start) / (box.width * sheet.width)
    for tick in ticks:
        if start <= log10(tick) < limit - room:
            axes.axvline(log10(tick), color=COLOURS["rule"], linewidth=1, zorder=0)
            sheet.text(axes, log10(tick), rows, f"{tick:g}", dy=14, size=12, ha="center")
    sheet.text(axes, limit, rows, f"{10**limit:g}", dy=14, size=12, ha="center")
    sheet.text(axes, 0, rows, x_name, dy=31, size=12, across=True)
