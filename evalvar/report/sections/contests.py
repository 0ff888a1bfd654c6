"""Paired comparisons as they are told: who against whom, on what, and how it ended."""

from collections import Counter
from dataclasses import dataclass, replace
from itertools import pairwise
from math import isfinite, nan
from typing import Any

from evalvar.report import wording
from evalvar.report.model import Cell, Tone
from evalvar.report.reading import Reading, Unit, missing, records
from evalvar.report.sections.sides import sided


@dataclass(frozen=True)
class Pair:
    """One comparison; `flipped` where it is told as b minus a.

    Where pairs were adjusted, `row` has the interval that holds for all of them, if there is one,
    `adjusted` the adjusted p-value and `correction` its name.
    """

    row: dict[str, Any]
    adjusted: float = nan
    correction: str = ""
    flipped: bool = False

    @property
    def names(self) -> tuple[str, str]:
        """First and second, in the order in which the difference is taken."""
        a, b = self._sides
        return (b, a) if self.flipped else (a, b)

    @property
    def means(self) -> tuple[float, float]:
        """Means of first and second on the shared items."""
        a, b = (nan if missing(self.row[k]) else float(self.row[k]) for k in ("mean_a", "mean_b"))
        return (b, a) if self.flipped else (a, b)

    @property
    def told(self) -> dict[str, Any]:
        """The row with value and bounds in the told direction."""
        if not self.flipped:
            return self.row
        value, low, high = (self.row[k] for k in ("value", "low", "high"))
        return {**self.row, "value": -value, "low": -high, "high": -low}

    @property
    def turned(self) -> "Pair":
        """The same pair, told from the other side."""
        return replace(self, flipped=not self.flipped)

    @property
    def status(self) -> str:
        """Return ``clear``, ``tie`` or ``undefined``."""
        verdict = self.row["verdict"]
        if not missing(verdict):
            known = {"cannot be told apart": "tie", "undefined": "undefined"}
            known |= {"a is better": "clear", "b is better": "clear"}
            if str(verdict) in known:
                return known[str(verdict)]
        if not (isfinite(self.row["low"]) and isfinite(self.row["high"])):
            return "undefined"
        return "clear" if self.row["low"] > 0 or self.row["high"] < 0 else "tie"

    @property
    def undecided(self) -> bool:
        """True for a tie by adjustment only: its own interval leaves out zero."""
        outside = self.row["low"] > 0 or self.row["high"] < 0
        return self.status == "tie" and bool(outside)

    @property
    def word(self) -> str:
        """The status as it stands in a row."""
        return f"tie ({self.correction})" if self.undecided else self.status

    @property
    def method(self) -> str:
        """The method, with the names of the sides."""
        return sided(str(self.row["method"]), *self._sides)

    @property
    def used(self) -> tuple[str, str, str]:
        """The method as given, and the names of a and b."""
        return (str(self.row["method"]), *self._sides)

    @property
    def _sides(self) -> tuple[str, str]:
        a, b = (_side(self.row["between"], self.row[name]) for name in ("a", "b"))
        return a, b

    @property
    def winner(self) -> str:
        """The better side of a clear pair."""
        known = {"a is better": False, "b is better": True}
        # a verdict on a margin says nothing of who leads; the interval does
        below = self.row["high"] < 0
        second = known.get(str(self.row["verdict"]), below == self.row["higher_is_better"])
        return _side(self.row["between"], self.row["b" if second else "a"])

    @property
    def together(self) -> bool:
        """True where the interval holds for all pairs of the family at once."""
        return self.correction == "max-T"

    @property
    def p(self) -> float:
        """The p-value that the verdict rests on: adjusted where pairs were adjusted."""
        return self.adjusted if isfinite(self.adjusted) else float(self.row["p_value"])

    @property
    def p_text(self) -> str:
        """The p-value with its name."""
        return wording.p_clause(f"{self.correction} p".strip(), self.p)


@dataclass(frozen=True)
class Contest:
    """All pairs of one task and metric."""

    between: str
    model: str
    task: str
    metric: str
    pairs: tuple[Pair, ...]
    unit: Unit
    higher: bool
    tier: int = 0

    @property
    def place(self) -> str:
        """Where the sides met, in words."""
        return wording.place(self.task, self.metric)

    @property
    def group(self) -> str:
        """Where the sides met, as the heading of rows."""
        subject = "" if self.between == "model" or not self.model else f"{self.model}: "
        named = ", ".join(part for part in (self.task, self.metric) if part)
        return subject + named + ("" if self.higher else ", lower is better")

    @property
    def chained(self) -> bool:
        """True where each side was compared with the next only, from the best mean down."""
        linked = all(one.row["b"] == other.row["a"] for one, other in pairwise(self.pairs))
        # Checkpoints and seeds have an order of their own, which no score decides.
        return linked and len(self.pairs) > 1 and self.between not in ("checkpoint", "seed")

    @property
    def hub(self) -> str:
        """The side that all others are compared with, where not all pairs were made."""
        if len(self.pairs) < 2 or self.chained:
            return ""
        shared = set.intersection(*(set(pair.names) for pair in self.pairs))
        return min(shared, default="")

    @property
    def hub_leads(self) -> bool:
        """True where the hub has the better mean in each of its pairs."""
        sign = 1 if self.higher else -1
        return all(
            sign * float(pair.row["value"]) * (1 if pair.names[0] == self.hub else -1) > 0
            for pair in self.pairs
        )

    def tally(self) -> Counter[str]:
        """Count pairs by status."""
        return Counter(pair.status for pair in self.pairs)

    def text(self, pair: Pair, *, sign: bool = True) -> str:
        """Return the difference as it is told."""
        return self.cell(pair, sign=sign).text

    def cell(self, pair: Pair, *, sign: bool = True, tone: Tone = "") -> Cell:
        """Return the difference as a cell; a difference keeps a digit more than a score."""
        return self.unit.cell(pair.told, sign=sign, tone=tone, fine=True)

    def interval(self, pair: Pair, *, sign: bool = True) -> str:
        """Return the interval of the difference as it is told."""
        return self.unit.interval(pair.told, sign=sign, fine=True)

    def ladder(self) -> tuple[tuple[Pair, ...], bool]:
        """Return the pairs to draw, and whether each is a step to the next in order of means.

        All pairs become steps between neighbours, better minus worse. One against all the others
        stays that, in the order of the others.
        """
        if len(self.pairs) < 2 or self.chained:
            return self.pairs, self.chained
        means: dict[str, float] = {}
        for pair in self.pairs:
            for name, mean in zip(pair.names, pair.means, strict=True):
                means.setdefault(name, mean)
        known = {pair.names: pair for pair in self.pairs}
        known.update({pair.names[::-1]: pair.turned for pair in self.pairs})
        sign = -1 if self.higher else 1
        order = sorted(means, key=lambda name: (sign * means[name], name))
        steps = [known[step] for step in pairwise(order) if step in known]
        if len(steps) == len(order) - 1 and all(isfinite(mean) for mean in means.values()):
            return tuple(steps), True
        return self.pairs, False


def contests(reading: Reading) -> list[Contest]:
    """Return the comparisons, grouped by what is compared, task and metric, models first."""
    table = reading.table("compare")
    keys = ("between", "model", "task", "metric", "a", "b")
    adjusted = {
        tuple(str(row[k]) for k in keys): row
        for row in records(table[table["quantity"] == "difference_simultaneous"])
    }
    groups: dict[tuple[str, str, str, str], list[Pair]] = {}
    for row in records(table[table["quantity"] == "difference"]):
        between, model, task, metric = ("" if missing(row[k]) else str(row[k]) for k in keys[:4])
        pair = _pair(row, adjusted.get(tuple(str(row[k]) for k in keys)))
        groups.setdefault((between, model, task, metric), []).append(pair)
    found = [
        Contest(
            *place,
            pairs=tuple(pairs),
            unit=reading.unit(place[2] or None, place[3]),
            higher=reading.higher_is_better(place[2] or None, place[3]),
            tier=reading.tier(place[2], place[3]),
        )
        for place, pairs in groups.items()
    ]
    tasks = list(dict.fromkeys(c.task for c in found))
    metrics = {
        task: reading.metrics(task, [c.metric for c in found if c.task == task]) for task in tasks
    }
    return sorted(
        found,
        key=lambda c: (
            c.between != "model",
            c.between,
            c.model,
            tasks.index(c.task),
            metrics[c.task].index(c.metric),
        ),
    )


def _pair(row: dict[str, Any], adjusted: dict[str, Any] | None) -> Pair:
    if adjusted is None:
        return Pair(row)
    name = str(adjusted["method"]).rpartition("; ")[2].partition(" over ")[0]
    bounds = {name: adjusted[name] for name in ("value", "se", "low", "high")}
    shown = {**row, **bounds} if isfinite(adjusted["low"]) else row
    return Pair(shown, float(adjusted["p_value"]), name)


def _side(between: Any, name: Any) -> str:
    if between == "model" or missing(between):
        return str(name)
    text = str(name)
    return f"{between} {int(text):,}" if text.isdigit() else f"{between} {text or 'default'}"
