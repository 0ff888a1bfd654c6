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


@dataclass(frozen=True)
class Leads:
    """Who has the highest estimate of pass@k on a benchmark, at every k of all its models."""

    curves: tuple[Curve, ...]
    by_k: tuple[tuple[int, Curve], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The leaders, in the order of k."""
        return tuple(dict.fromkeys(curve.model for _, curve in self.by_k))

    @property
    def open(self) -> tuple[int, ...]:
        """The k at which the interval of the highest estimate meets that of another model."""
        return tuple(
            k
            for k, lead in self.by_k
            if any(_meet(lead, curve, k) for curve in self.curves if curve is not lead)
        )

    @property
    def crossed(self) -> tuple[int, int] | None:
        """Two k whose leaders lie apart from each other, each ahead at its own."""
        for k, one in self.by_k:
            for other, many in reversed(self.by_k):
                apart = one is not many and not _meet(one, many, k)
                if k < other and apart and not _meet(one, many, other):
                    return k, other
        return None

    @property
    def remark(self) -> str:
        """Say where the order is not settled by the intervals."""
        if not self.open:
            return ""
        ks = wording.listing([f"{k:,}" for k in self.open], most=6)
        return (
            f"At k = {ks} the interval of the highest overlaps with another\u2019s; models are not "
            "compared pair by pair here."
        )

    def held(self, model: str) -> str:
        """Return the k at which a model leads."""
        ks = [f"{k:,}" for k, curve in self.by_k if curve.model == model]
        return f"k = {wording.listing(ks, most=6)}"


def leaders(found: list[Curve]) -> Leads | None:
    """Return who leads pass@k on the first benchmark; None with one model or one k."""
    passed = [c for c in found if c.family == "pass@"]
    first = [c for c in passed if c.place == passed[0].place]
    shared = set.intersection(*({k for k, _ in c.points} for c in first)) if first else set()
    if len(first) < 2 or len(shared) < 2:
        return None

    def best(k: int) -> Curve:
        return max(first, key=lambda curve: float(dict(curve.points)[k]["value"]))

    return Leads(tuple(first), tuple((k, best(k)) for k in sorted(shared)))


def _meet(one: Curve, other: Curve, k: int) -> bool:
    """Tell whether two intervals overlap, or are not both given."""
    a, b = dict(one.points)[k], dict(other.points)[k]
    return not (a["low"] > b["high"] or a["high"] < b["low"])


def at(curve: Curve, k: int) -> str:
    """Return the value and interval of a curve at k."""
    row = dict(curve.points)[k]
    return f"{curve.unit.cell(row).text} {curve.unit.interval(row)}".rstrip()


def _answer(found: list[Curve]) -> str:
    leads = leaders(found)
    if leads is None:
        curve = found[0]
        texts = [f"{curve.family}{k} {at(curve, k)}" for k, _ in curve.points[:3]]
        return f"{curve.model} on {curve.place}: {wording.listing(texts)}."
    place = leads.curves[0].place
    held = [f"{name} at {leads.held(name)}" for name in leads.names]
    text = f"The highest estimate of pass@k on {place} is that of {wording.listing(held)}."
    return f"{text} {leads.remark}".rstrip()


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


def _rests(mine: list[Curve]) -> str:
    """Say what the intervals rest on and how they were made, by the range of n."""
    found: dict[tuple[str, str], list[float]] = {}
    for row in (row for curve in mine for _, row in curve.points):
        found.setdefault((str(row["unit"]), str(row["method"])), []).append(float(row["n"]))
    parts = []
    for (unit, method), counts in found.items():
        low, high = min(counts), max(counts)
        few = f"{wording.count(low)} to " if low < high else ""
        parts.append(f"{few}{wording.basis(high, unit)} ({method})")
    return wording.listing(parts, most=3)


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
        level = mine[0].points[0][1]["level"]
        share = "percent of problems" if mine[0].unit.percent else "1 = as fast as the reference"
        tables.append(
            Table(
                f"code-table-{number}",
                tuple(columns),
                tuple(rows),
                caption=f"{family}k with intervals",
                footnotes=(
                    f"{family}k: {share}; {wording.percent(level)} intervals over "
                    f"{_rests(mine)}. A dash: not defined, as with fewer samples than k.",
                ),
                counted="models",
            )
        )
    return tables
