"""What was found of two variants, and their difference in words."""

from dataclasses import dataclass
from math import isfinite, nan
from typing import Any

from evalvar.report import wording
from evalvar.report.reading import Reading, Unit, missing, records

# model, task, metric, a, b; a part that varies between the sides is empty
Place = tuple[str, str, str, str, str]
Rows = dict[str, dict[str, Any]]
_PARTS = ("model", "task", "metric", "a", "b")


def readings(reading: Reading) -> dict[Place, Rows]:
    """Return the rows without a checkpoint by reading and ``quantity`` or ``quantity of side``."""
    table = reading.table("framing")
    found: dict[Place, Rows] = {}
    for row in records(table[table["checkpoint"].isna() & table["model"].notna()]):
        place = place_of(row)
        side = row.get("side")
        name = str(row["quantity"]) + ("" if missing(side) else f" of {side}")
        found.setdefault(place, {})[name] = row
    found = {place: rows for place, rows in found.items() if "difference" in rows}
    return {place: found[place] for place in _headlines(reading, list(found))}


def _headlines(reading: Reading, places: list[Place]) -> list[Place]:
    """Keep the metric that stands for the questions and the continuous one beside it."""
    kept = []
    for key in dict.fromkeys((p[0], p[1], *p[3:]) for p in places):
        mine = {p[2]: p for p in places if (p[0], p[1], *p[3:]) == key}
        ordered = reading.metrics(key[2], list(mine))
        beside = reading.partner(key[2], ordered[0], ordered)
        names = [ordered[0]] if beside is None else [ordered[0], beside]
        kept += [mine[name] for name in dict.fromkeys(names)]
    return kept


def place_of(row: dict[str, Any]) -> Place:
    """Return what a row is of."""
    parts = ["" if missing(row[name]) else str(row[name]) for name in _PARTS]
    return (parts[0], parts[1], parts[2], parts[3], parts[4])


def unit_of(rows: Rows) -> Unit:
    """Return points for scores between 0 and 1, as the analysis found them."""
    points = rows["difference"].get("in_points")
    return Unit(100.0, "points") if not missing(points) and points else Unit()


@dataclass(frozen=True)
class Contrast:
    """The difference of two variants in words."""

    place: Place
    rows: Rows

    @property
    def clear(self) -> bool:
        """True where the interval leaves out 0."""
        row = self.rows["difference"]
        return bool(row["low"] > 0 or row["high"] < 0)

    @property
    def where(self) -> str:
        """The model, or what else both have in common."""
        first, metric = self.place[0] or self.place[1], self.place[2]
        return f"{first} ({metric})" if metric else first

    @property
    def ahead(self) -> str:
        """The better variant, by its estimate."""
        row = self.rows["difference"]
        higher = row.get("higher_is_better")
        up = missing(higher) or bool(higher)
        return self.place[3] if (row["value"] > 0) == up else self.place[4]

    @property
    def behind(self) -> str:
        """The other variant."""
        return self.place[4] if self.ahead == self.place[3] else self.place[3]

    @property
    def size(self) -> str:
        """The difference: without its sign where it is clear, else first minus second."""
        row, unit = self.rows["difference"], unit_of(self.rows)
        value = row["value"] * unit.factor
        shown = abs(value) if self.clear else value
        return unit.of(wording.fixed(shown, unit.decimals(row), sign=not self.clear))

    @property
    def interval(self) -> str:
        """The interval, turned as the difference is."""
        row, unit = self.rows["difference"], unit_of(self.rows)
        low, high = (row[name] * unit.factor for name in ("low", "high"))
        if self.clear:
            low, high = sorted((abs(low), abs(high)))
        return wording.interval(low, high, unit.decimals(row), sign=not self.clear)

    @property
    def turn(self) -> str:
        """Where the order of the two turns, and which of them rises more steadily."""
        row = self.rows.get("crossover", {})
        said = ""
        if isfinite(seen_turn(self.rows)):
            bounds = [float(row[name]) for name in ("low", "high")]
            shown = (
                f" [{', '.join(map(wording.step, bounds))}]" if all(map(isfinite, bounds)) else ""
            )
            said = f"; the order turns at checkpoint {wording.step(row['value'])}{shown}"
        steadier = self.rows.get("monotonicity_difference", {})
        low, high = (float(steadier.get(name, nan)) for name in ("low", "high"))
        if low > 0 or high < 0:
            said += f"; {self.place[3] if low > 0 else self.place[4]} rises more steadily"
        return said


def seen_turn(rows: Rows) -> float:
    """Return the checkpoint at which the order is seen to turn, NaN where it is not."""
    row = rows.get("crossover", {})
    return float(row.get("value", nan)) if row.get("turn_seen") in (True, 1.0) else nan
