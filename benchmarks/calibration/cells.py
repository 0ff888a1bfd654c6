"""One cell of the coverage table, and the table."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from evalvar.stats import Estimate

Bounds = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True, slots=True)
class Row:
    """One cell: the share of intervals that hold the truth, and their median width."""

    method: str
    cell: str
    floor: float
    replications: int
    coverage: float
    width: float

    @property
    def error(self) -> float:
        """Monte Carlo standard error; 0 where the coverage was summed and not drawn."""
        share = self.coverage * (1 - self.coverage)
        return float(np.sqrt(share / self.replications)) if self.replications else 0.0

    @property
    def kept(self) -> bool:
        """Whether the cell keeps its floor, up to Monte Carlo error."""
        return self.coverage + 2 * self.error >= self.floor


def bounds(estimates: Iterable[Estimate]) -> Bounds:
    """Stack scalar estimates; an undefined interval holds nothing and counts as a miss."""
    pairs = np.array([(estimate.low, estimate.high) for estimate in estimates])
    return pairs[:, 0], pairs[:, 1]


def row(method: str, cell: str, floor: float, truth: float, found: Bounds) -> Row:
    """Count how often the intervals hold the truth."""
    low, high = found
    hit = (low <= truth) & (truth <= high)
    width = float(np.nanmedian(high - low))
    return Row(method, cell, floor, hit.size, float(hit.mean()), width)


def markdown(rows: list[Row], reps: int) -> str:
    """Write the table of all cells, those that miss their floor first."""
    missed = [made for made in rows if not made.kept]
    heads = ["method", "cell", "coverage %", "error", "floor %", "kept", "median width"]
    head = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    lines = [
        "# Coverage of the default intervals, nominal 95 %",
        "",
        f"`python -m benchmarks.calibration.intervals` with {reps:,} data sets a cell",
        f"({crossed_reps(reps):,} for items and seeds), generator seeded with 0. Error: one Monte",
        "Carlo standard error; 0 where the coverage is a sum over all outcomes. A cell is kept if",
        "its coverage is not below its floor by more than two errors, as "
        f"{len(rows) - len(missed)} of {len(rows)} are.",
        "A floor of 95 % is that of an exact method, where one cell in 44 misses by chance.",
        "",
    ]
    if missed:
        lines += ["## Missed", "", *head, *map(_line, missed), "", "## All", ""]
    return "\n".join([*lines, *head, *map(_line, rows)]) + "\n"


def crossed_reps(reps: int) -> int:
    """How many data sets a cell of items and seeds has: fewer, as each takes a millisecond."""
    return reps // 5


def _line(made: Row) -> str:
    return (
        f"| {made.method} | {made.cell} | {100 * made.coverage:.1f} | {100 * made.error:.2f} "
        f"| {100 * made.floor:g} | {'yes' if made.kept else '**no**'} | {made.width:.3g} |"
    )
