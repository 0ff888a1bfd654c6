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
