"""The figure: in every regime, mean coverage and worst cell of the default and of each peer."""

from collections.abc import Callable
from io import BytesIO
from itertools import pairwise

from matplotlib import rc_context
from matplotlib.axes import Axes

from benchmarks.calibration.cells import Row
from benchmarks.calibration.summary import Summary, house, peers, regimes, summaries
from evalvar.report.drawing.style import COLOURS, Sheet, fitted, settings

_WIDTH, _LABELS, _GAP, _STEP, _TOP, _FOOT = 900, 330, 34, 20, 84, 34
# Of a peer with several methods the one that falls short least.
_OWNERS = {
    "evalstats": ("ochre", "s"),
    "Inspect": ("teal", "^"),
    "lm-eval": ("purple", "v"),
    "scipy": ("seed", "D"),
    "arch": ("muted", "P"),
    "practice": ("faint", "o"),
}
# Coverage in percent, and where it stands from left to right: more room where it matters.
_SCALE = ((0, 0.0), (50, 0.12), (80, 0.32), (90, 0.56), (95, 0.8), (100, 1.0))


def svg(rows: list[Row]) -> str:
    """Draw the figure as SVG, the same bytes from the same rows."""
    groups = {
        regime: group
        for regime, group in regimes(summaries(rows)).items()
        if house(group) is not None and peers(group) and not regime.startswith("ranks")
    }
    height = _STEP * len(groups)
    sheet = Sheet(_WIDTH, _TOP + height + _FOOT)
    sheet.figure.patch.set_visible(True)
    sheet.figure.patch.set_facecolor(COLOURS["bg"])
    panel = (_WIDTH - _LABELS - 2 * _GAP) / 2
    mean = sheet.axes(_LABELS, _TOP, panel, height)
    worst = sheet.axes(_LABELS + panel + _GAP, _TOP, panel, height)
    _panel(sheet, mean, "Mean over the cells", groups, lambda one: one.mean)
    _panel(sheet, worst, "Worst cell", groups, lambda one: one.worst.share)
    for number, regime in enumerate(groups):
        label = fitted(regime, _LABELS - 24)
        sheet.text(mean, 0, number + 0.5, label, dx=-12, colour="ink", ha="right", across=True)
    _key(sheet, mean)
    with settings(), rc_context({"svg.fonttype": "path"}):
        file = BytesIO()
        sheet.figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    return file.getvalue().decode()


def _panel(
    sheet: Sheet,
    axes: Axes,
    head: str,
    groups: dict[str, list[Summary]],
    figure: Callable[[Summary], float],
) -> None:
    axes.set_xlim(0, 1)
    axes.set_ylim(len(groups), 0)
    sheet.text(axes, 0, 0, head, dy=-14, weight=600, colour="ink")
    for percent, place in _SCALE:
        at = percent == 95
        axes.axvline(place, color=COLOURS["ink" if at else "rule"], linewidth=1, zorder=0)
        sheet.text(axes, place, len(groups), f"{percent}", dy=14, ha="center", size=11,
                   weight=600 if at else 400)  # fmt: skip
    for number, group in enumerate(groups.values()):
        axes.axhline(number + 0.5, color=COLOURS["rule"], linewidth=0.5, zorder=0)
        drawn: set[str] = set()
        for one in peers(group):
            if one.by in _OWNERS and one.by not in drawn:
                drawn.add(one.by)
                colour, shape = _OWNERS[one.by]
                _dot(axes, figure(one), number, colour, shape, 5)
        ours = house(group)
        if ours is not None:
            _dot(axes, figure(ours), number, "blue", "o", 7.5)


def _dot(axes: Axes, share: float, row: int, colour: str, shape: str, size: float) -> None:
    axes.plot(
        [_place(100 * share)], [row + 0.5], shape, color=COLOURS[colour], markersize=size,
        markeredgecolor=COLOURS["bg"], markeredgewidth=0.6, zorder=3, clip_on=False,
    )  # fmt: skip


def _place(percent: float) -> float:
    for (low, left), (high, right) in pairwise(_SCALE):
        if percent <= high:
            return left + (right - left) * (percent - low) / (high - low)
    return 1.0


def _key(sheet: Sheet, axes: Axes) -> None:
    head = "Coverage of nominal 95 % intervals, in percent"
    sheet.text(axes, 0, 0, head, dx=-_LABELS + 12, dy=-64, size=14, weight=600, colour="ink")
    place = sheet.axes(12, _TOP - 48, _WIDTH - 24, 20)
    place.set_xlim(0, _WIDTH - 24)
    place.set_ylim(1, 0)
    left = 6.0
    for name, (colour, shape) in {"evalvar, default": ("blue", "o"), **_OWNERS}.items():
        size = 7.5 if colour == "blue" else 5
        place.plot([left], [0.5], shape, color=COLOURS[colour], markersize=size, clip_on=False)
        sheet.text(place, left, 0.5, name, dx=9)
        left += 34 + 6.6 * len(name)
