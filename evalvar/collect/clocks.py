"""What two clocks say of a call: the worker's own, and the host's, which no program can touch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan, nan

import numpy as np

from evalvar.collect.exchange import Reply
from evalvar.collect.inputs import Case
from evalvar.stats.hodges_lehmann import hodges_lehmann

# How far the time outside may exceed the time inside: a share and a constant more than what the
# reference exceeds it by, all but the quarter of its repeats that the machine disturbed most.
_SLACK, _LEAST_S, _QUANTILE = 1.1, 10e-6, 0.75


@dataclass(slots=True)
class Timed:
    """One case as it was timed: both clocks' seconds are those of the whole window."""

    level: int
    case: int
    repeat: int
    status: str
    calls: int = 1
    inside_s: float = nan
    outside_s: float = nan
    message: str = ""


def timed(case: Case, repeat: int, reply: Reply) -> Timed:
    """Return the row of a case that was answered; an inner time that cannot be is no time."""
    inside, outside = reply.inside_s, reply.outside_s
    if reply.status != "ok":
        inside = outside = nan
    elif not 0 <= inside <= outside:
        inside = outside
    calls, message = len(case.inputs), reply.message
    return Timed(case.level, case.number, repeat, reply.status, calls, inside, outside, message)


@dataclass(frozen=True, slots=True)
class Beside:
    """Seconds of a window beside its calls, for reading inputs and writing answers.

    Parameters
    ----------
    typical_s : float
        What the reference needs at the median of its repeats, and every right program with it.
    bound_s : float
        What is granted: beyond it the outer clock counts. A program that lies about its clock can
        hide the difference, and all of it if it could read and write in no time. Programs written
        to do so scored, beside 1.0 for the same without, 1.0 to 1.1 on a problem of ENAMEL with
        small inputs (HumanEval/25), and up to 1.2, 1.15 and 1.4 on three where reading takes longer
        than the call or as long (12, 35, 72).
    """

    typical_s: float
    bound_s: float


def beside(rows: Sequence[Timed]) -> dict[tuple[int, int], Beside]:
    """Return what the reference needs beside its calls, by level and case."""
    found = {}
    for key, places in by_case(rows).items():
        over = [rows[n].outside_s - rows[n].inside_s for n in places]
        typical, high = np.quantile(over, [0.5, _QUANTILE]).tolist()
        found[key] = Beside(typical, _SLACK * high + _LEAST_S)
    return found


def seconds(rows: Sequence[Timed], bound: float) -> list[float]:
    """Return seconds of a call in each repeat of one case, by both clocks.

    The inner clock counts where what the outer one shows beside it is within the `bound`. Where it
    is not, the machine was busy or the program lies: such a repeat counts as the slowest of the
    others, so that a lie beyond it gains nothing and a hiccup costs little. Where the others are
    less than a third, the outer clock counts.
    """
    least = [row.outside_s - bound for row in rows]
    timed_ones = [n for n, row in enumerate(rows) if not isnan(row.inside_s)]
    clear = [rows[n].inside_s for n in timed_ones if not rows[n].inside_s < least[n]]
    most = max(clear) if 3 * len(clear) >= len(timed_ones) and clear else np.inf
    found = []
    for row, low in zip(rows, least, strict=True):
        inside = row.inside_s
        found.append((min(low, max(most, inside)) if inside < low else inside) / row.calls)
    return found


def by_case(rows: Sequence[Timed]) -> dict[tuple[int, int], list[int]]:
    """Return which rows are of each level and case."""
    places: dict[tuple[int, int], list[int]] = {}
    for n, row in enumerate(rows):
        places.setdefault((row.level, row.case), []).append(n)
    return places


def slowest(phases: Sequence[Sequence[Timed]], around: Mapping[tuple[int, int], Beside]) -> float:
    """Time of the reference's slowest case above level 0, over all its phases."""
    times: dict[tuple[int, int], list[float]] = {}
    for rows in phases:
        for key, places in by_case(rows).items():
            found = seconds([rows[n] for n in places], around[key].bound_s)
            times.setdefault(key, []).extend(found)
    return float(max(hodges_lehmann(found) for key, found in times.items() if key[0]))
