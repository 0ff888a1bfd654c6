"""Round limits and ticks for an axis, and room between the labels at its end."""

from itertools import pairwise
from math import isfinite

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator


def scale(
    values: np.ndarray, *, percent: bool = False, most: int = 4, with_zero: bool = False
) -> tuple[tuple[float, float], list[float]]:
    """Return limits round all finite values, and the ticks between them.

    Parameters
    ----------
    values : float array
        All that is drawn; what is not finite is left out.
    percent : bool
        Ticks stay within 0 and 100, and a scale that needs most of that gets all of it.
    most : int
        About how many steps.
    with_zero : bool
        Zero is on the scale.
    """
    known = np.asarray(values, dtype=float).ravel()
    known = known[np.isfinite(known)]
    bottom, top = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    if with_zero:
        bottom, top = min(bottom, 0.0), max(top, 0.0)
    if percent:
        bottom, top = max(0.0, bottom), min(100.0, top)
        if top - bottom > 50:
            bottom, top = 0.0, 100.0
    if not isfinite(top - bottom) or top - bottom < 1e-9:
        bottom, top = bottom - 1, top + 1
    locator = MaxNLocator(nbins=most, steps=[1, 2, 2.5, 5, 10])
    ticks = [float(tick) for tick in locator.tick_values(bottom, top)]
    if percent:
        ticks = [tick for tick in ticks if 0 <= tick <= 100]
    return (min(ticks[0], bottom), max(ticks[-1], top)), ticks


def apart(axes: Axes, ends: list[float], body: float) -> list[float]:
    """Return by how many pixels each label moves down so that labels stand a line apart."""
    bottom, top = axes.get_ylim()
    places = [(top - y) / (top - bottom) * body for y in ends]
    order = sorted(range(len(ends)), key=lambda i: places[i])
    moved = list(places)
    for before, after in pairwise(order):
        moved[after] = max(moved[after], moved[before] + 15)
    over = max(0.0, max(moved, default=0.0) - body)
    return [moved[i] - over - places[i] for i in range(len(ends))]
