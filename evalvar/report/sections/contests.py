"""Paired comparisons as they are told: who against whom, on what, and how it ended."""

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite, nan
from typing import Any

from evalvar.report import wording
from evalvar.report.reading import Reading, Unit, missing, records


@dataclass(frozen=True)
class Pair:
    """One comparison; `flipped` where it is told as b minus a."""

    row: dict[str, Any]
    holm: float = nan
    flipped: bool = False

    @property
    def names(self) -> tuple[str, str]:
        """First and second, in the order in which the difference is taken."""
        a, b = str(self.row["a"]), str(self.row["b"])
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
    def status(self) -> str:
        """Return ``clear``, ``tie`` or ``undefined``."""
        verdict = self.row["verdict"]
        if not missing(verdict):
            known = {"cannot be told apart": "tie", "undefined": "undefined"}
            return known.get(str(verdict), "clear")
        if not (isfinite(self.row["low"]) and isfinite(self.row["high"])):
            return "undefined"
        return "clear" if self.row["low"] > 0 or self.row["high"] < 0 else "tie"

    @property
    def winner(self) -> str:
        """The better side of a clear pair."""
        verdict = str(self.row["verdict"])
        return str(self.row["b"] if verdict.startswith("b ") else self.row["a"])

    @property
    def p_text(self) -> str:
        """Return the p-value that the verdict rests on, adjusted where pairs were adjusted."""
        if isfinite(self.holm):
            return wording.p_clause("Holm p", self.holm)
        return wording.p_clause("p", self.row["p_value"])

    @property
    def words(self) -> str:
        """The verdict in words."""
        if self.status == "clear":
            return f"{self.winner} is better"
        return "cannot be told apart" if self.status == "tie" else "undefined"


@dataclass(frozen=True)
class Contest:
    """All pairs of one task and metric."""

    between: str
    task: str
    metric: str
    pairs: tuple[Pair, ...]
    unit: Unit
    higher: bool

    def tally(self) -> Counter[str]:
        """Count pairs by status."""
        return Counter(pair.status for pair in self.pairs)

    def ladder(self) -> tuple[Pair, ...]:
        """Return neighbours in the order of their means, each as better minus worse."""
        if len(self.pairs) < 2:
            return self.pairs
        means: dict[str, float] = {}
        for pair in self.pairs:
            for name, mean in zip(pair.names, pair.means, strict=True):
                means.setdefault(name, mean)
        if not all(isfinite(mean) for mean in means.values()):
            return self.pairs
        known = {pair.names: pair for pair in self.pairs}
        order = sorted(means, key=lambda name: (-means[name] if self.higher else means[name], name))
        rungs = []
        for upper, lower in pairwise(order):
            if (upper, lower) in known:
                rungs.append(known[upper, lower])
            elif (lower, upper) in known:
                pair = known[lower, upper]
                rungs.append(Pair(pair.row, pair.holm, flipped=True))
        return tuple(rungs)


def contests(reading: Reading) -> list[Contest]:
    """Return the comparisons, grouped by what is compared, task and metric."""
    table = reading.table("compare")
    keys = ("between", "task", "metric", "a", "b")
    holm = {
        tuple(row[k] for k in keys): row["p_value"]
        for row in records(table[table["quantity"] == "difference_simultaneous"])
    }
    groups: dict[tuple[str, str, str], list[Pair]] = {}
    for row in records(table[table["quantity"] == "difference"]):
        key = tuple(row[k] for k in keys)
        place = (str(row["between"]), str(row["task"]), str(row["metric"]))
        groups.setdefault(place, []).append(Pair(row, holm.get(key, nan)))
    found = [
        Contest(
            *place,
            pairs=tuple(pairs),
            unit=reading.unit(place[1], place[2]),
            higher=reading.higher_is_better(place[1], place[2]),
        )
        for place, pairs in groups.items()
    ]
    order = {
        (task, metric): i
        for task in dict.fromkeys(c.task for c in found)
        for i, metric in enumerate(
            reading.metrics(task, [c.metric for c in found if c.task == task])
        )
    }
    tasks = list(dict.fromkeys(c.task for c in found))
    return sorted(found, key=lambda c: (c.between, tasks.index(c.task), order[c.task, c.metric]))
