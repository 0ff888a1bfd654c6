"""A score by number of tries, as the results hold it."""

import re
from dataclasses import dataclass
from typing import Any

from evalvar.report import wording
from evalvar.report.reading import Reading, Unit, missing, records

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


def at(curve: Curve, k: int) -> str:
    """Return the value and interval of a curve at k."""
    row = dict(curve.points)[k]
    return f"{curve.unit.cell(row).text} {curve.unit.interval(row)}".rstrip()


@dataclass(frozen=True)
class Gap:
    """What a model's programs are right in, beside how efficient the best of them are."""

    passed: Curve
    fast: Curve

    @property
    def model(self) -> str:
        """The model."""
        return self.passed.model

    @property
    def task(self) -> str:
        """The problem set."""
        return self.passed.task

    @property
    def ks(self) -> tuple[int, ...]:
        """The numbers of tries at which both are known."""
        fast = {k for k, _ in self.fast.points}
        return tuple(k for k, _ in self.passed.points if k in fast)

    def passed_at(self, k: int) -> dict[str, Any]:
        """Return the row of pass@k."""
        return dict(self.passed.points)[k]

    def fast_at(self, k: int) -> dict[str, Any]:
        """Return the row of eff@k."""
        return dict(self.fast.points)[k]


def gaps(reading: Reading) -> list[Gap]:
    """Return the models whose programs were both judged and timed."""
    of = {
        (curve.model, curve.task, curve.family): curve
        for curve in curves(reading)
        if (curve.family, curve.metric) in (("pass@", "passed"), ("eff@", "efficiency"))
    }
    found = [
        Gap(curve, of[curve.model, curve.task, "eff@"])
        for curve in of.values()
        if curve.family == "pass@" and (curve.model, curve.task, "eff@") in of
    ]
    return [gap for gap in found if gap.ks]
