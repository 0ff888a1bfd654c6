"""A score by number of tries, as the results hold it."""

import re
from dataclasses import dataclass
from math import isfinite
from typing import Any

from evalvar.report import wording
from evalvar.report.reading import Reading, Unit, missing, number, records

_QUANTITY = re.compile(r"([a-z_]+[@^])(\d+)")
# Shares of problems, not scores.
_SHARES = ("pass", "g_pass", "mg_pass", "maj", "bayes")


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
        return Unit(100.0, "points") if self.family.startswith(_SHARES) else Unit()

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


def scores(reading: Reading) -> list[Curve]:
    """Return the curves of scores: all but what is lost between two of them."""
    return [curve for curve in curves(reading) if curve.family != "gap@"]


def at(curve: Curve, k: int) -> str:
    """Return the value and interval of a curve at k."""
    row = dict(curve.points)[k]
    return f"{curve.unit.cell(row).text} {curve.unit.interval(row)}".rstrip()


@dataclass(frozen=True)
class Gap:
    """What a model's programs are right in, how efficient the best are, and the difference.

    Parameters
    ----------
    passed, fast : Curve
        pass@k and eff@k.
    lost : Curve or None
        pass@k - eff@k of the same problems, where it is known.
    drift : float
        The efficiency that a program would lose or gain by what the references' own times moved
        during the run.
    """

    passed: Curve
    fast: Curve
    lost: Curve | None = None
    drift: float = 0.0

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

    def lost_at(self, k: int) -> dict[str, Any] | None:
        """Return the row of gap@k, None where it is not known."""
        return dict(self.lost.points).get(k) if self.lost else None

    def clear(self, k: int) -> bool:
        """Tell whether right programs lose by being slow: by more than drift can do, at k."""
        lost = self.lost_at(k)
        if lost is None:
            return bool(self.fast_at(k)["high"] + self.drift < self.passed_at(k)["low"])
        return bool(lost["low"] > self.drift)


def gaps(reading: Reading) -> list[Gap]:
    """Return the models whose programs were both judged and timed."""
    of = {
        (curve.model, curve.task, curve.family): curve
        for curve in curves(reading)
        if curve.family == "gap@"
        or (curve.family, curve.metric) in (("pass@", "passed"), ("eff@", "efficiency"))
    }
    moved = drifts(reading)
    found = [
        Gap(curve, of[model, task, "eff@"], of.get((model, task, "gap@")), moved.get(task, 0.0))
        for (model, task, family), curve in of.items()
        if family == "pass@" and (model, task, "eff@") in of
    ]
    return [gap for gap in found if gap.ks]


def drifts(reading: Reading) -> dict[str, float]:
    """Return by task what the drift of the references is worth in efficiency, at the most.

    Efficiency falls by `d / (alpha - 1)` at the slowest case of a program that takes as long as
    the reference and `d` more; `d` is the larger end of the middle half of what they moved.
    """
    found = {}
    for row in records(reading.rows("timed_runs", "drift")):
        ends = [number(row, name) - 1 for name in ("lower_quartile", "upper_quartile")]
        alpha = number(row, "alpha")
        if missing(row["item"]) and alpha > 1 and all(map(isfinite, ends)):
            found[str(row["task"])] = max(map(abs, ends)) / (alpha - 1)
    return found
