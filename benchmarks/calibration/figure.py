"""The figure: in every regime the coverage of the default, and of each peer's methods."""

from io import BytesIO
from itertools import pairwise

from benchmarks.calibration.cells import Row
from benchmarks.calibration.summary import Summary, house, peers, regimes, summaries
from evalvar.report.drawing.style import COLOURS, Sheet, fitted, settings

_WIDTH, _LABELS, _STEP, _TOP, _FOOT = 900, 285, 22, 56, 34
_OWNERS = {
    "evalstats": "ochre",
    "Inspect": "teal",
    "lm-eval": "purple",
    "scipy": "seed",
    "arch": "muted",
    "practice": "faint",
}
# Coverage in percent, and where it stands from left to right: more room where it matters.
_SCALE = ((0, 0.0), (50, 0.1), (80, 0.3), (90, 0.55), (95, 0.8), (100, 1.0))


def svg(rows: list[Row]) -> str:
    """Draw the figure as SVG, the same bytes from the same rows."""
    groups = {
        regime: group
        for regime, group in regimes(summaries(rows)).items()
        if house(group) is not None and peers(group) and not regime.startswith("ranks")
    }
    sheet = Sheet(_WIDTH, _TOP + _STEP * len(groups) + _FOOT)
    axes = sheet.axes(_LABELS, _TOP, _WIDTH - _LABELS - 24, _STEP * len(groups))
    axes.set_xlim(0, 1)
    axes.set_ylim(len(groups), 0)
    sheet.figure.patch.set_visible(True)
    sheet.figure.patch.set_facecolor(COLOURS["bg"])
    for percent, place in _SCALE:
        at = percent == 95
        axes.axvline(place, color=COLOURS["ink" if at else "rule"], linewidth=1, zorder=0)
        sheet.text(axes, place, len(groups), f"{percent} %", dy=14, ha="center",
                   weight=600 if at else 400)  # fmt: skip
    for number, (regime, group) in enumerate(groups.items()):
        y = number + 0.5
        label = fitted(regime, _LABELS - 20)
        sheet.text(axes, 0, y, label, dx=-10, colour="ink", ha="right", across=True)
        for one in reversed(peers(group)):
            _mark(axes, one, y + 0.18, COLOURS[_OWNERS.get(one.by, "faint")], 4.5)
        ours = house(group)
        if ours is not None:
            _mark(axes, ours, y - 0.2, COLOURS["blue"], 7)
    _key(sheet, axes, [*_OWNERS])
    with settings():
        file = BytesIO()
        sheet.figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    return file.getvalue().decode()


def _mark(axes, one: Summary, y: float, colour: str, size: float) -> None:  # type: ignore[no-untyped-def]
    """Draw the mean coverage as a dot, and a line from it to the worst cell."""
    least, mean = _place(100 * one.worst.share), _place(100 * one.mean)
    axes.plot([least, mean], [y, y], color=colour, linewidth=1.5, solid_capstyle="butt", zorder=2)
    axes.plot([mean], [y], "o", color=colour, markersize=size, markeredgewidth=0, zorder=3)


def _place(percent: float) -> float:
    for (low, left), (high, right) in pairwise(_SCALE):
        if percent <= high:
            return left + (right - left) * (percent - low) / (high - low)
    return 1.0


def _key(sheet: Sheet, axes, owners: list[str]) -> None:  # type: ignore[no-untyped-def]
    names = [("evalvar, default", "blue"), *((name, _OWNERS[name]) for name in owners)]
    head = "Coverage of nominal 95 % intervals: mean over cells, line to the worst cell"
    sheet.text(axes, 0, 0, head, dx=-_LABELS + 10, dy=-40, size=13.5, weight=600, colour="ink")
    left = -_LABELS + 10.0
    for name, colour in names:
        sheet.text(axes, 0, 0, "●", dx=left, dy=-18, colour=colour)
        sheet.text(axes, 0, 0, name, dx=left + 14, dy=-18)
        left += 30 + 7.2 * len(name)
