"""The table of pass@k and eff@k, and what its intervals rest on."""

from dataclasses import replace
from math import isfinite, nan
from typing import Any

from evalvar.numbers import no_interval
from evalvar.report import wording
from evalvar.report.model import Cell, Column, Row, Table
from evalvar.report.reading import missing
from evalvar.report.sections.code_curves import Curve

# As many numbers of tries fit beside their intervals.
MOST_TRIES = 5


def over(mine: list[Curve]) -> str:
    """Say what the intervals rest on, by the range of n."""
    of_all = [replace(curve, points=_alike(curve)) for curve in mine]
    return wording.listing([text for text, _ in _bases(of_all)], most=3)


def _alike(curve: Curve) -> tuple[tuple[int, dict[str, Any]], ...]:
    return tuple((k, {**row, "method": ""}) for k, row in curve.points)


def _rests(mine: list[Curve]) -> str:
    return wording.listing([f"{text} ({method})" for text, method in _bases(mine)], most=3)


def _intervals(mine: list[Curve]) -> str:
    """Say how the intervals were made, and why there is none where there is none."""
    level = wording.percent(mine[0].points[0][1]["level"])
    rests = _rests(mine)
    made = [f"{level} intervals over {rests}."] if rests else []
    lacking = [row for curve in mine for _, row in curve.points if not isfinite(row["low"])]
    why = dict.fromkeys(filter(None, (no_interval(str(row["method"])) for row in lacking)))
    return " ".join([*made, *(f"No interval: {told}." for told in why)])


def _bases(mine: list[Curve]) -> list[tuple[str, str]]:
    """Return what the intervals rest on, and by which method they were made."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in (row for curve in mine for _, row in curve.points if isfinite(row["low"])):
        found.setdefault((str(row["unit"]), str(row["method"])), []).append(row)
    parts = []
    for (unit, method), rows in found.items():
        counts = [float(row["n"]) for row in rows]
        items = [nan if missing(row.get("items")) else float(row["items"]) for row in rows]
        low, high = min(counts), max(counts)
        few = f"{wording.count(low)} to " if low < high else ""
        # Tasks of different sizes share no one number of items.
        same = items[0] if len(set(items)) == 1 else nan
        parts.append((few + wording.basis(high, unit, same), method))
    return parts


def tables(found: list[Curve]) -> list[Table]:
    """Return one table a family of scores, best first at the smallest k."""
    made = []
    for number, family in enumerate(dict.fromkeys(c.family for c in found), start=1):
        mine = [c for c in found if c.family == family]
        every = sorted({k for c in mine for k, _ in c.points})
        ks = shown_tries(mine)
        columns = [Column("Model", "name")]
        for k in ks:
            columns += [Column(f"{family}{k}"), Column("[low, high]", "text", secondary=True)]
        rows = []
        for place in dict.fromkeys(c.place for c in mine):
            for curve in sorted(
                (c for c in mine if c.place == place),
                key=lambda c: -float(c.points[0][1]["value"]),
            ):
                cells = [Cell(curve.model)]
                for k in ks:
                    row = dict(curve.points).get(k)
                    if row is None or not isfinite(row["value"]):
                        cells += [Cell(wording.DASH), Cell(wording.DASH)]
                        continue
                    bounds = curve.unit.interval(row) or wording.DASH
                    cells += [curve.unit.cell(row), Cell(bounds, tone="quiet")]
                rows.append(Row(tuple(cells), place))
        share = "percent of problems" if mine[0].unit.percent else "1 = as fast as the reference"
        made.append(
            Table(
                f"code-table-{number}",
                tuple(columns),
                tuple(rows),
                caption=f"{family}k with intervals",
                footnotes=(
                    f"{family}k: {share}. {_intervals(mine)} A dash: not defined, as with fewer "
                    f"samples than k.{_others(every, ks)}",
                ),
                counted="models",
            )
        )
    return made


def shown_tries(mine: list[Curve]) -> list[int]:
    """Return the k that most curves have, a few of them from the first to the last."""
    having: dict[int, int] = {}
    for k in (k for curve in mine for k, _ in curve.points):
        having[k] = having.get(k, 0) + 1
    every = sorted(having)
    if len(every) <= MOST_TRIES:
        return every
    ks = [k for k in every if 2 * having[k] > len(mine)] or every
    if len(ks) <= MOST_TRIES:
        return ks
    steps = (len(ks) - 1) / (MOST_TRIES - 1)
    return [ks[round(place * steps)] for place in range(MOST_TRIES)]


def _others(every: list[int], shown: list[int]) -> str:
    left = [f"{k:,}" for k in every if k not in shown]
    return f" Not shown: k = {wording.listing(left, most=6)}." if left else ""
