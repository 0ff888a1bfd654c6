"""Tries: does the order of models depend on how many there are?"""

from dataclasses import dataclass

from evalvar.report import wording
from evalvar.report.model import Figure, Section
from evalvar.report.reading import Reading
from evalvar.report.sections.code_curves import Curve, at, scores
from evalvar.report.sections.code_tables import over, tables

MOST_FIGURES = 6
_FAMILIES = ("pass@", "eff@")


def section(reading: Reading) -> Section | None:
    """Return the section, or None where no program was scored."""
    found = scores(reading)
    if not found:
        return None
    several = any(len(curve.points) > 1 for curve in found)
    return Section(
        "code",
        "How many tries matter" if several else "How good one try is",
        _answer(found),
        (*figures_of(found), *tables(found)),
        short="Tries" if several else "One try",
    )


@dataclass(frozen=True)
class Leads:
    """Who has the highest estimate of pass@k on a benchmark, at every k of all its models.

    Parameters
    ----------
    curves : tuple of Curve
        Those compared.
    by_k : tuple of (int, Curve)
        The leader at every k that has a single one.
    level : tuple of (int, tuple of Curve)
        Those at the top at every other k.
    """

    curves: tuple[Curve, ...]
    by_k: tuple[tuple[int, Curve], ...]
    level: tuple[tuple[int, tuple[Curve, ...]], ...] = ()

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
        """Say where several are level, and where the order is not settled by the intervals."""
        held: dict[tuple[str, ...], list[str]] = {}
        for k, curves in self.level:
            held.setdefault(tuple(curve.model for curve in curves), []).append(f"{k:,}")
        said = [
            f"At k = {wording.listing(ks, most=6)} {wording.listing([*names], most=3)} are level."
            for names, ks in held.items()
        ]
        if self.open:
            ks = wording.listing([f"{k:,}" for k in self.open], most=6)
            said.append(
                f"At k = {ks} the interval of the highest overlaps with another\u2019s; models are "
                "not compared pair by pair here."
            )
        return " ".join(said)

    def held(self, model: str) -> str:
        """Return the k at which a model leads."""
        ks = [f"{k:,}" for k, curve in self.by_k if curve.model == model]
        return f"k = {wording.listing(ks, most=6)}"


def leaders(found: list[Curve], family: str = "pass@") -> Leads | None:
    """Return who leads on the first benchmark; None with one model or one k.

    Models with a single try stand beside no curve, and are left out where others have several.
    """
    every = [c for c in found if c.family == family]
    first = [c for c in every if c.place == every[0].place and len(c.points) > 1]
    shared = set.intersection(*({k for k, _ in c.points} for c in first)) if first else set()
    if len(first) < 2 or len(shared) < 2:
        return None
    by_k: list[tuple[int, Curve]] = []
    level: list[tuple[int, tuple[Curve, ...]]] = []
    for k in sorted(shared):
        values = [float(dict(curve.points)[k]["value"]) for curve in first]
        top = tuple(c for c, value in zip(first, values, strict=True) if value == max(values))
        if len(top) == 1:
            by_k.append((k, top[0]))
        else:
            level.append((k, top))
    return Leads(tuple(first), tuple(by_k), tuple(level)) if by_k else None


def _meet(one: Curve, other: Curve, k: int) -> bool:
    """Tell whether two intervals overlap, or are not both given."""
    a, b = dict(one.points)[k], dict(other.points)[k]
    return not (a["low"] > b["high"] or a["high"] < b["low"])


def _answer(found: list[Curve]) -> str:
    every = [(family, leads) for family in _FAMILIES if (leads := leaders(found, family))]
    if not every:
        # A model with several tries tells more of tries than a better one with one.
        curve = max(found, key=lambda curve: (len(curve.points) > 1, curve.last))
        ks = [k for k, _ in curve.points]
        shown = ks[:2] + ks[-1:] if len(ks) > 3 else ks
        texts = [f"{curve.family}{k} {at(curve, k)}" for k in shown]
        return f"{curve.model} on {curve.place}: {wording.listing(texts)}."
    told, single = [], dict[str, None]()
    for number, (family, leads) in enumerate(every):
        place = leads.curves[0].place
        held = wording.listing([f"{name} at {leads.held(name)}" for name in leads.names])
        told.append(
            f"of {family}k on {place}, that of {held}"
            if number
            else f"The highest estimate of {family}k on {place} is that of {held}"
        )
        alone = (c for c in found if (c.family, c.place) == (family, place) and len(c.points) == 1)
        single |= dict.fromkeys(curve.model for curve in alone)
    has = "has" if len(single) == 1 else "have"
    beside = f" {wording.listing([*single])} {has} one try only." if single else ""
    return f"{'; '.join(told)}.{beside} {every[0][1].remark}".rstrip()


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
        level, rests = wording.percent(mine[0].points[0][1]["level"]), over(mine)
        many = " At most five models in colour." if len(mine) > 5 else ""
        alt = "; ".join(_ends(curve) for curve in mine[:6])
        name = "percent of problems" if unit.percent else "score, 1 = the reference"
        drawn.append(
            Figure(
                "curves",
                {"series": series, "family": family, "percent": unit.percent},
                caption=f"{place}: {family}k, {name}, by tries k on a log axis.",
                alt=f"{place}, {family}k. {alt}.",
                note=f"Bars: {level} intervals over {rests}.{many}" if rests else many.strip(),
            )
        )
    return drawn


def _ends(curve: Curve) -> str:
    ks = (curve.points[0][0], curve.points[-1][0])
    return f"{curve.model} " + ", ".join(f"{curve.family}{k} {at(curve, k)}" for k in ks)
