"""Code: does the order of models depend on the number of tries?"""

import re
from dataclasses import dataclass
from math import isfinite
from typing import Any

from evalvar.report import wording
from evalvar.report.model import Cell, Column, Figure, Row, Section, Table
from evalvar.report.reading import Reading, Unit, missing, records

MOST_FIGURES = 6
_QUANTITY = re.compile(r"([a-z]+[@^])(\d+)")


@dataclass(frozen=True)
class Curve:
    """A score by number of tries."""

    model: str
    task: str
    metric: str
    family: str
    points: tuple[tuple[int, dict[str, Any]], ...]

    @property
    def place(self) -> str:
        """The benchmark with its metric."""
        return wording.place(self.task, self.metric)

    @property
    def unit(self) -> Unit:
        """Shares of problems are shown in percent, efficiencies as they are."""
        return Unit(100.0, "points") if self.family.startswith("pass") else Unit()

    @property
    def last(self) -> float:
        """The score at the largest k."""
        return float(self.points[-1][1]["value"])


def curves(reading: Reading) -> list[Curve]:
    """Return the curves over seeds, or of the only seed."""
    found: dict[tuple[str, str, str, str], dict[int, list[dict[str, Any]]]] = {}
    table = reading.table("code_metrics")
    for row in records(table[table["value"].notna()]):
        match = _QUANTITY.fullmatch(str(row["quantity"]))
        if match:
            key = (str(row["model"]), str(row["task"]), str(row["metric"]), match[1])
            found.setdefault(key, {}).setdefault(int(match[2]), []).append(row)
    result = []
    for (model, task, metric, family), points in found.items():
        chosen = []
        for k, rows in sorted(points.items()):
            pooled = [row for row in rows if missing(row["seed"])] or (
                rows if len(rows) == 1 else []
            )
            if pooled:
                chosen.append((k, pooled[0]))
        if chosen:
            result.append(Curve(model, task, metric, family, tuple(chosen)))
    return result


def section(reading: Reading) -> Section | None:
    """Return the section, or None where no program was scored."""
    found = curves(reading)
    if not found:
        return None
    figures = figures_of(found)
    return Section(
        "code",
        "Code: how many tries matter",
        _answer(found),
        (*figures, *_tables(found)),
        short="Code: tries matter",
    )


def leaders(found: list[Curve]) -> tuple[int, int, Curve, Curve] | None:
    """Return the smallest and largest shared k of pass@k, and who leads at each."""
    passed = [c for c in found if c.family == "pass@"]
    first = [c for c in passed if c.place == passed[0].place]
    shared = set.intersection(*({k for k, _ in c.points} for c in first)) if first else set()
    if len(first) < 2 or len(shared) < 2:
        return None
    low, high = min(shared), max(shared)

    def best(k: int) -> Curve:
        return max(first, key=lambda curve: float(dict(curve.points)[k]["value"]))

    return low, high, best(low), best(high)


def at(curve: Curve, k: int) -> str:
    """Return the value and interval of a curve at k."""
    row = dict(curve.points)[k]
    return f"{curve.unit.cell(row).text} {curve.unit.interval(row)}".rstrip()


def _answer(found: list[Curve]) -> str:
    ends = leaders(found)
    if ends is None:
        curve = found[0]
        texts = [f"{curve.family}{k} {at(curve, k)}" for k, _ in curve.points[:3]]
        return f"{curve.model} on {curve.place}: {wording.listing(texts)}."
    low, high, one, many = ends
    if one.model == many.model:
        return (
            f"{one.model} leads {one.place} at one try and at {high}: pass@{low} {at(one, low)}, "
            f"pass@{high} {at(one, high)}."
        ).replace("one try", "one try" if low == 1 else f"{low} tries")
    return (
        f"The leader of {one.place} depends on the number of tries: {one.model} at k = {low} "
        f"({at(one, low)}), {many.model} at k = {high} ({at(many, high)})."
    )


def figures_of(found: list[Curve]) -> list[Figure]:
    """Return one drawing per task and family that has two or more k."""
    drawn: list[Figure] = []
    for place, family in dict.fromkeys((c.place, c.family) for c in found):
        mine = [c for c in found if (c.place, c.family) == (place, family) and len(c.points) > 1]
        if not mine or len(drawn) == MOST_FIGURES:
            continue
        mine.sort(key=lambda curve: -curve.last)
        unit = mine[0].unit
        series = tuple(
            (c.model, tuple((float(k), *unit.bounds(row)) for k, row in c.points)) for c in mine
        )
        level = wording.percent(mine[0].points[0][1]["level"])
        alt = "; ".join(_ends(curve) for curve in mine[:6])
        name = "percent of problems" if unit.percent else "score, 1 = the reference"
        drawn.append(
            Figure(
                "curves",
                {"series": series, "family": family, "percent": unit.percent},
                caption=f"{place}: {family}k, {name}, by tries k on a log axis.",
                alt=f"{place}, {family}k. {alt}.",
                note=f"Bars: {level} intervals over problems. At most five models in colour.",
            )
        )
    return drawn


def _ends(curve: Curve) -> str:
    ks = (curve.points[0][0], curve.points[-1][0])
    return f"{curve.model} " + ", ".join(f"{curve.family}{k} {at(curve, k)}" for k in ks)


def _tables(found: list[Curve]) -> list[Table]:
    tables = []
    for number, family in enumerate(dict.fromkeys(c.family for c in found), start=1):
        mine = [c for c in found if c.family == family]
        ks = sorted({k for c in mine for k, _ in c.points})
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
        first = mine[0].points[0][1]
        share = "percent of problems" if mine[0].unit.percent else "1 = as fast as the reference"
        tables.append(
            Table(
                f"code-table-{number}",
                tuple(columns),
                tuple(rows),
                caption=f"{family}k with intervals",
                footnotes=(
                    f"{family}k: {share}; {wording.percent(first['level'])} intervals over "
                    f"{wording.basis(first['n'], str(first['unit']))} ({first['method']}). A dash: "
                    "k is larger than the number of samples.",
                ),
                counted="models",
            )
        )
    return tables
