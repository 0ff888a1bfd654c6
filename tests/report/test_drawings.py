"""The drawings that several sections share: lines over a number, and points."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from evalvar.report import drawing
from evalvar.report.drawing.scales import scale
from evalvar.report.model import Figure

NAN = float("nan")


def lines(**extra):
    steps = (150, 300, 450)
    series = (
        {"name": "cloze", "colour": "blue",
         "points": tuple((s, 40 + s / 50, 38, 49) for s in steps),
         "runs": (tuple((s, 41 + s / 50) for s in steps),)},
        {"name": "a framing whose name is very long indeed", "colour": "ochre",
         "points": tuple((s, 40 + s / 49, NAN, NAN) for s in steps)},
    )  # fmt: skip
    panel = {"title": "tiny", "subtitle": "acc", "x_name": "checkpoint", "series": series, **extra}
    return Figure("lines", {"panels": (panel, panel)}, alt="two framings")


def points(count):
    rng = np.random.default_rng(0)
    cloud = tuple(map(tuple, rng.normal(size=(count, 2))))
    panel = {
        "title": "items", "subtitle": f"{count} items", "x_name": "item-rest correlation",
        "y_name": "share right", "zero": True, "groups": (("blue", cloud), ("seed", cloud[:3])),
        "named": ((*cloud[0], "the first item"),),
    }  # fmt: skip
    return Figure("scatter", {"panels": (panel,)}, alt="items")


@pytest.mark.parametrize("width", [690, 336])
@pytest.mark.parametrize(
    "figure",
    [
        lines(),
        lines(percent=True, steps=True, chance=(25, "chance"), mark=(400, "turns at 400")),
        lines(log=True, zero=True),
        points(5),
        points(5000),
    ],
)
def test_words_stay_inside_the_drawing(figure, width):
    sheet = drawing.draw(figure, width)
    renderer = FigureCanvasAgg(sheet).get_renderer()
    for axes in sheet.axes:
        for text in axes.texts:
            box = text.get_window_extent(renderer)
            assert box.x0 >= -1
            assert box.x1 <= width + 1


def test_a_page_stays_small_however_many_items_are_drawn():
    few, many = (drawing.svg(points(count), 690, prefix="a", css=True) for count in (5000, 100_000))
    assert len(many) < 1.5 * len(few) < 200_000


def test_same_figure_same_bytes():
    first, second = (drawing.svg(lines(), 690, prefix="a", css=True) for _ in range(2))
    assert first == second


def test_labels_at_the_end_of_lines_stand_a_line_apart():
    sheet = drawing.draw(lines(), 690)
    renderer = FigureCanvasAgg(sheet).get_renderer()
    named = [t for t in sheet.axes[0].texts if t.get_text().startswith(("cloze", "a framing"))]
    first, second = (text.get_window_extent(renderer).y0 for text in named)
    assert abs(first - second) >= 14


def test_a_scale_holds_all_values_and_keeps_percent_within_its_bounds():
    limits, ticks = scale(np.array([3.0, NAN, 8.0]))
    assert limits[0] <= 3
    assert limits[1] >= 8
    assert ticks == sorted(ticks)
    assert scale(np.array([2.0, 97.0]), percent=True)[0] == (0.0, 100.0)
    assert scale(np.array([NAN]))[0][0] < scale(np.array([NAN]))[0][1]
    assert 0 in scale(np.array([5.0, 6.0]), with_zero=True)[1]
