"""Colours, type and the sheet on which every figure is drawn.

Figures are drawn in the light palette. The HTML page replaces each of these colours by the CSS
variable of its name, so that one SVG serves light, dark and print.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any
from warnings import catch_warnings, filterwarnings

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, get_font
from matplotlib.text import Text
from matplotlib.transforms import offset_copy

FONTS = Path(__file__).resolve().parent.parent / "fonts"
COLOURS = {
    "bg": "#fffefb",
    "ink": "#1d1f24",
    "muted": "#5a606b",
    "rule": "#dedbd2",
    "faint": "#c9c6bd",
    "blue": "#1b62a5",
    "seed": "#c4500c",
    "teal": "#0b7a66",
    "ochre": "#8f620c",
    "purple": "#84509c",
}
# At most five lines in colour; the first is the subject.
LINES = ("blue", "ochre", "teal", "purple", "ink")
WIDE, NARROW = 690, 336
_FILES = {400: "SourceSans3-Regular.ttf", 600: "SourceSans3-SemiBold.ttf"}
# Text stays text, so that it can be selected, searched and read aloud; the salt fixes the ids.
_RC: Any = {"svg.fonttype": "none", "svg.hashsalt": "evalvar", "path.simplify": False}


def font(size: float, weight: int = 400) -> FontProperties:
    """Return Source Sans 3 from the package, at a size in pixels."""
    return FontProperties(
        family=["Source Sans 3"], fname=str(FONTS / _FILES[weight]), size=size, weight=weight
    )


def one_line(text: str) -> str:
    """Return the text without line breaks and control characters, which SVG cannot hold."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


@lru_cache(maxsize=4096)  # a page draws every figure at two widths
def text_width(text: str, size: float = 12.5, weight: int = 400) -> float:
    """Return the width of a line of text in pixels."""
    face = get_font(str(FONTS / _FILES[weight]))
    face.set_size(size, 72)
    with quiet():
        face.set_text(one_line(text), 0.0)
    return float(face.get_width_height()[0] / 64)


def fitted(text: str, width: float, size: float = 12.5, weight: int = 400) -> str:
    """Return the text, its middle replaced by an ellipsis where it is wider than `width`."""
    text = one_line(text)
    if text_width(text, size, weight) <= width:
        return text
    keep = len(text)
    while keep > 4 and text_width(text[:keep] + "…", size, weight) > width:
        keep -= 1
    head = (keep + 1) // 2
    return text[:head] + "…" + text[len(text) - (keep - head) :]


@contextmanager
def quiet() -> Iterator[None]:
    """Let scripts that our fonts lack be drawn by the reader's fonts, without a warning each."""
    with catch_warnings():
        filterwarnings("ignore", message=r"Glyph .* missing from")
        yield


@contextmanager
def settings() -> Iterator[None]:
    """Set what a figure's bytes depend on, for this block only."""
    with rc_context(_RC), quiet():
        yield


class Sheet:
    """A figure with pixel coordinates, y downwards, and text without mathematics in it."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self.figure = Figure(figsize=(width / 72, height / 72), dpi=72)
        self.figure.patch.set_visible(False)

    def axes(self, left: float, top: float, width: float, height: float) -> Axes:
        """Return axes without frame and ticks at a place in pixels."""
        place = (
            left / self.width,
            1 - (top + height) / self.height,
            width / self.width,
            height / self.height,
        )
        axes = self.figure.add_axes(place)
        axes.set_axis_off()
        return axes

    def text(
        self,
        axes: Axes,
        x: float,
        y: float,
        text: str,
        *,
        dx: float = 0,
        dy: float = 0,
        size: float = 12.5,
        weight: int = 400,
        colour: str = "muted",
        ha: str = "left",
        across: bool = False,
        backed: bool = False,
    ) -> Text:
        """Write at data coordinates, moved by pixels, the middle of its lower case at that height.

        `across` counts x from 0 to 1 of the axes; `backed` keeps lines from crossing the words.
        """
        base = axes.get_yaxis_transform() if across else axes.transData
        # From the baseline: other alignments depend on which letters a text happens to have.
        moved = offset_copy(base, fig=self.figure, x=dx, y=-dy - 0.33 * size, units="points")
        extra: dict[str, Any] = {"parse_math": False, "clip_on": False}
        if backed:
            extra["bbox"] = {"facecolor": COLOURS["bg"], "edgecolor": "none", "pad": 1}
        return axes.text(
            x,
            y,
            one_line(text),
            transform=moved,
            ha=ha,
            va="baseline",
            color=COLOURS[colour],
            fontproperties=font(size, weight),
            **extra,
        )
