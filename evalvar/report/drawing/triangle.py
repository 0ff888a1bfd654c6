"""All pairs as a triangle: the difference of each row and column, ties marked."""

from collections.abc import Mapping
from math import isfinite
from typing import Any

import numpy as np
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from evalvar.report.drawing.style import COLOURS, NARROW, Sheet, fitted, text_width

_HEAD = 18


def draw(data: Mapping[str, Any], width: float) -> Figure:
    """Draw row minus column; a stronger colour is a larger lead, an outlined = is a tie."""
    names, cells = data["names"], data["cells"]
    count = len(names)
    narrow = width <= NARROW
    shown = [f"{i + 1}  {name}" for i, name in enumerate(names)]
    most = width * (0.34 if narrow else 0.4)
    shown = [fitted(name, most) for name in shown]
    left = max(text_width(name, 12.5) for name in shown) + 12
    side = min((width - left) / (count - 1), 46.0)
    tall = min(max(side, 16.0), 24.0)
    sheet = Sheet(width, _HEAD + tall * (count - 1) + 2)
    axes = sheet.axes(left, _HEAD, side * (count - 1), tall * (count - 1))
    axes.set_xlim(0, count - 1)
    axes.set_ylim(count - 1, 0)
    largest = max((abs(cell[1]) for cell in cells if isfinite(cell[1])), default=1.0) or 1.0
    numbers = text_width("88", 12) + 2 < side
    for column in range(1, count):
        if numbers or column % 5 == 0 or column == count - 1:
            sheet.text(axes, column - 0.5, 0, f"{column + 1}", dy=-9, size=12, ha="center")
    for row in range(count - 1):
        sheet.text(axes, 0, row + 0.5, shown[row], dx=-left, colour="ink")
    for (row, column), value, text, clear in cells:
        corner = (column - 1 + 0.03, row + 0.04)
        colour = COLOURS["blue"]
        if clear:
            strength = 0.10 + 0.55 * float(np.sqrt(abs(value) / largest))
            face: Any = to_rgba(colour, strength)
            axes.add_patch(Rectangle(corner, 0.94, 0.92, facecolor=face, linewidth=0))
        else:
            axes.add_patch(
                Rectangle(
                    corner, 0.94, 0.92, facecolor="none", edgecolor=COLOURS["faint"], linewidth=1
                )
            )
        label = text if clear else "="
        if text_width(label, 12) + 2 < side:
            sheet.text(
                axes, column - 0.5, row + 0.5, label, size=12, ha="center",
                colour="ink" if clear else "muted",
            )  # fmt: skip
    return sheet.figure
