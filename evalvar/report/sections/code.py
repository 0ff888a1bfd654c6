"""Tries: does the order of models depend on how many there are?"""

from dataclasses import dataclass

from evalvar.report import wording
from evalvar.report.model import Figure, Section
from evalvar.report.reading import Reading
from evalvar.report.sections.code_curves import Curve, at, scores
from evalvar.report.sections.code_tables import over, tables

MOST_FIGURES = 6


def section(reading: Reading) -> Section | None:
    """Return the section, or None where no program was scored."""
    found = scores(reading)
    if not found:
        return None
    figures = figures_of(found)
    return Section(
        "code",
        "How many tries matter",
        _answer(found),
        (*figures, *tables(found)),
        short="Tries",
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
        many = " At most five models in colour." if len(mine) > 5 else ""
        alt = "; ".join(_ends(curve) for curve in mine[:6])
        name = "percent of problems" if unit.percent else "score, 1 = the reference"
        drawn.append(
            Figure(
                "curves",
                {"series": series, "family": family, "percent": unit.percent},
                caption=f"{place}: {family}k, {name}, by tries k on a log axis.",
                alt=f"{place}, {family}k. {alt}.",
                note=f"Bars: {level} intervals over {over(mine)}.{many}",
            )
        )
    return drawn


def _ends(curve: Curve) -> str:
    ks = (curve.points[0][0], curve.points[-1][0])
    return f"{curve.model} " + ", ".join(f"{curve.family}{k} {at(curve, k)}" for k in ks)
