"""Regime by regime: how near each method comes to 95 %, and at what width."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from benchmarks.calibration.cells import HOUSE, OPTION, Row

NOMINAL, COVERS = 0.95, 0.94
COVERAGES = ("coverage", "joint coverage")


@dataclass(frozen=True, slots=True)
class Summary:
    """One method in the cells of a regime; shares in 0..1.

    Parameters
    ----------
    shortfall, miss : float
        Mean over cells of max(0, 95 % - coverage), and of |coverage - 95 %|.
    width : float
        Mean ratio of its mean width to that of the narrowest method that covers 94 % or more, over
        the cells that have such a method; NaN where none has.
    flat, undefined : float
        Largest share in a cell of intervals without width, of data sets without interval.
    """

    regime: str
    method: str
    by: str
    cells: int
    mean: float
    worst: Row
    shortfall: float
    miss: float
    width: float
    flat: float
    undefined: float


def summaries(rows: Iterable[Row]) -> list[Summary]:
    """Summarise the coverages, in the order in which regimes and methods appear."""
    kept = [row for row in rows if row.measure in COVERAGES]
    narrowest: dict[tuple[str, str], float] = defaultdict(lambda: np.inf)
    for row in kept:
        if row.share >= COVERS and row.width > 0:
            place = row.regime, row.cell
            narrowest[place] = min(narrowest[place], row.width)
    groups: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in kept:
        groups[row.regime, row.by, row.method].append(row)
    return [_of(group, narrowest) for group in groups.values()]


def _of(group: list[Row], narrowest: dict[tuple[str, str], float]) -> Summary:
    shares = np.array([row.share for row in group])
    ratios = [
        row.width / narrowest[row.regime, row.cell]
        for row in group
        if (row.regime, row.cell) in narrowest and np.isfinite(row.width)
    ]
    first = group[0]
    return Summary(
        first.regime, first.method, first.by, len(group), float(shares.mean()),
        min(group, key=lambda row: row.share),
        float(np.maximum(NOMINAL - shares, 0).mean()), float(np.abs(shares - NOMINAL).mean()),
        float(np.mean(ratios)) if ratios else float("nan"),
        float(np.max([row.flat for row in group])),
        float(np.max([row.undefined for row in group])),
    )  # fmt: skip


def regimes(found: list[Summary]) -> dict[str, list[Summary]]:
    """Sort summaries by regime."""
    kept: dict[str, list[Summary]] = defaultdict(list)
    for one in found:
        kept[one.regime].append(one)
    return dict(kept)


def house(group: list[Summary]) -> Summary | None:
    """Return the default's summary."""
    return next((one for one in group if one.by == HOUSE), None)


def peers(group: list[Summary]) -> list[Summary]:
    """Return the peers' summaries, the one that falls short least first, then the narrowest."""
    theirs = [one for one in group if one.by not in (HOUSE, OPTION)]
    return sorted(theirs, key=lambda one: (round(one.shortfall, 4), one.width))


def nowhere(rows: Iterable[Row]) -> list[tuple[Row, ...]]:
    """Return the cells where no method covers 94 %, each with its methods, the best first."""
    cells: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        if row.measure in COVERAGES:
            cells[row.regime, row.cell].append(row)
    return [
        tuple(sorted(group, key=lambda row: -row.share))
        for group in cells.values()
        if all(row.share + 2 * row.error < COVERS for row in group)
    ]
