"""What the sections read: the results' tables joined by name, and the unit each metric is shown in.

Nothing is estimated here. Scores between 0 and 1 are shown in percent, which moves the point.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import isfinite, nan
from typing import Any

import numpy as np
import pandas as pd

from evalvar.report import wording
from evalvar.report.metrics import PARTNERS, base, is_accuracy, is_loss, rank
from evalvar.report.model import Cell, Tone
from evalvar.results import Result

_KEYS = ("model", "task", "metric", "seed", "checkpoint", "prompt", "between", "a", "b")
_LABELS = ("higher_is_better", "chance", "discrete", "at_chance", "verdict", "mean_a", "mean_b")
EFFICIENCY = "efficiency"
# What single analyses say beside their quantities; a result that was cut down may lack it.
_OWN_LABELS = {
    "signal": ("models", "smoothed", "share_of_training", "better"),
    "framing": ("side", "in_points", "items"),
    "prompt_sensitivity": ("prompts", "best_prompt", "worst_prompt", "in_points"),
    "items": (
        *("item", "size", "items", "respondents", "share"),
        *("flag", "gold", "chosen_instead", "half_a_r", "half_b_r", "weak_r", "strong_r"),
    ),
    "irt": ("item", "unbounded", "items", "respondents"),
    "subset": (
        *("selection", "estimator", "size", "items", "in_points"),
        *("beyond_random", "random_low", "random_high"),
    ),
    "timed_runs": ("item", "alpha", "lower_quartile", "upper_quartile", "reason", "machine"),
    "code_noise": ("functional", "against", "items"),
    "code_by_tag": ("tag", "against", "items"),
    "efficiency_sensitivity": ("other", "alpha", "hardness"),
    "runtimes": (
        *("item", "programs_a", "programs_b", "stopped_a", "stopped_b", "problems"),
        *("rmst_a", "rmst_b"),
    ),
}


@dataclass(frozen=True)
class Unit:
    """How the numbers of a metric are shown: times `factor`, called `name`."""

    factor: float = 1.0
    name: str = ""

    @property
    def percent(self) -> bool:
        """True where 0-1 scores are shown as 0-100."""
        return self.factor != 1.0

    def cell(
        self, row: Mapping[str, Any], *, sign: bool = False, tone: Tone = "", fine: bool = False
    ) -> Cell:
        """Return the value of a row, digits by its standard error."""
        value, low, high = self.bounds(row)
        text = wording.fixed(value, self.decimals(row, fine=fine), sign=sign)
        return Cell(text, value, low, high, tone)

    def decimals(self, row: Mapping[str, Any], *, fine: bool = False) -> int:
        """Return the decimals of a row's value and interval."""
        value, low, high = self.bounds(row)
        default = 1 if self.percent else None
        se = row["se"] * self.factor
        return wording.decimals_for(value, se, low, high, default=default, fine=fine)

    def interval(self, row: Mapping[str, Any], *, sign: bool = False, fine: bool = False) -> str:
        """Return ``[low, high]`` in the digits of the value."""
        _, low, high = self.bounds(row)
        return wording.interval(low, high, self.decimals(row, fine=fine), sign=sign)

    def bounds(self, row: Mapping[str, Any]) -> tuple[float, float, float]:
        """Return value, low and high in the unit that is shown."""
        return tuple(float(row[name]) * self.factor for name in ("value", "low", "high"))  # type: ignore[return-value]

    def deviation(self, value: float) -> str:
        """Return a standard deviation or half-width."""
        return wording.deviation(value * self.factor)

    def of(self, text: str) -> str:
        """Return the text with its unit, as in ``2.2 points``."""
        return f"{text} {self.name}".rstrip()


@dataclass(frozen=True)
class Reading:
    """The results of one report."""

    results: tuple[Result, ...]

    def table(self, name: str) -> pd.DataFrame:
        """Return all rows of the results of a name, with every key and label column."""
        return self._tables.get(name, _EMPTY)

    def rows(self, name: str, *quantities: str) -> pd.DataFrame:
        """Return the rows that have a value, of the named quantities or of all."""
        table = self.table(name)
        known = table["value"].notna()
        return table[known & table["quantity"].isin(quantities) if quantities else known]

    @cached_property
    def _tables(self) -> dict[str, pd.DataFrame]:
        found: dict[str, list[pd.DataFrame]] = {}
        for result in self.results:
            if len(result.table):
                frame = result.table.astype(object)
                model = result.settings.get("model")
                models = [model] if isinstance(model, str) else list(model or ())
                if "model" not in frame and len(models) == 1:
                    # Comparisons within one model carry it in their settings only.
                    frame["model"] = str(models[0])
                found.setdefault(result.name, []).append(frame)
        tables = {}
        for name, frames in found.items():
            table = pd.concat(frames, ignore_index=True)
            for column in (*_KEYS, *_LABELS, *_OWN_LABELS.get(name, ())):
                if column not in table:
                    table[column] = None
            for column in ("value", "se", "low", "high", "level", "n", "p_value"):
                table[column] = pd.to_numeric(table[column])
            tables[name] = table.drop_duplicates(ignore_index=True)
        return tables

    @cached_property
    def _labels(self) -> dict[tuple[str, str], dict[str, Any]]:
        labels: dict[tuple[str, str], dict[str, Any]] = {}
        names = ("higher_is_better", "chance", "discrete")
        for table in self._tables.values():
            frame = table[["task", "metric", *names]].drop_duplicates()
            for row in records(frame):
                known = labels.setdefault(_place(row["task"], row["metric"]), {})
                for name in names:
                    if not missing(row[name]):
                        known.setdefault(name, row[name])
        return labels

    @cached_property
    def _spans(self) -> dict[tuple[str, str], tuple[float, float]]:
        means = [self.rows("summary", "mean"), self.rows("checkpoints", "mean")]
        means += [self.rows("seed_variance", "final_mean"), self.rows("leaderboard", "mean")]
        compared = self.table("compare")
        for side in ("mean_a", "mean_b"):
            means.append(compared.assign(value=pd.to_numeric(compared[side])))
        # Where nobody's mean is known, the means of the items tell.
        return _ranges([self.rows("items", "difficulty")]) | _ranges(means)

    def unit(self, task: Any, metric: Any) -> Unit:
        """Return the unit of a metric: points where all its means lie between 0 and 1.

        An efficiency is a ratio, 1 = the reference, and is shown as it is wherever it lies.
        """
        if metric == EFFICIENCY:
            return Unit()
        low, high = self._spans.get(_place(task, metric), (nan, nan))
        if low >= 0 and high <= 1 and not is_loss(metric) and self.higher_is_better(task, metric):
            return Unit(100.0, "points")
        return Unit()

    def higher_is_better(self, task: Any, metric: Any) -> bool:
        """Return the declared orientation, higher where none is declared."""
        known = self._labels.get(_place(task, metric), {})
        return bool(known.get("higher_is_better", True))

    def chance(self, task: Any, metric: Any) -> float:
        """Return the score of a guesser, NaN where it is not declared."""
        return float(self._labels.get(_place(task, metric), {}).get("chance", nan))

    def discrete(self, task: Any, metric: Any) -> bool:
        """Return True for metrics of few values; by name where the results do not say."""
        known = self._labels.get(_place(task, metric), {})
        if "discrete" in known:
            return bool(known["discrete"])
        return base(metric) not in PARTNERS.values() and not is_loss(metric)

    def tier(self, task: str, metric: str) -> int:
        """Return how far a metric is from standing for its benchmark: 0 for 0/1 accuracy.

        Then other discrete metrics, continuous ones, and last losses and likelihood differences.
        """
        if is_loss(metric):
            return 3
        if not self.discrete(task, metric):
            return 2
        return 0 if is_accuracy(metric) and self.higher_is_better(task, metric) else 1

    def metrics(self, task: str, names: Iterable[str]) -> list[str]:
        """Return metrics in the order of a report: the one that stands for the task first."""
        return sorted(
            dict.fromkeys(names), key=lambda name: (self.tier(task, name), rank(name), name)
        )

    def partner(self, task: str, metric: str, names: Iterable[str]) -> str | None:
        """Return the continuous reading that stands beside a discrete metric, if there is one."""
        continuous = [m for m in dict.fromkeys(names) if not self.discrete(task, m)]
        wanted = PARTNERS.get(base(metric))
        for name in continuous:
            if base(name) == wanted:
                return name
        return continuous[0] if len(continuous) == 1 else None

    def warnings(self) -> tuple[str, ...]:
        """Return the warnings of all results, each once."""
        return tuple(dict.fromkeys(w for result in self.results for w in result.warnings))

    def most(self, column: str) -> dict[str, int]:
        """Return how many values of a key each model has, at most, on one task.

        Over all models there may be several where no model has more than one.
        """
        found: dict[str, int] = {}
        for table in self._tables.values():
            known = table[table["model"].notna() & table[column].notna()]
            counts = known.groupby(["model", "task"], dropna=False)[column].nunique()
            if column == "seed" and "seeds" in table:
                told = table[table["model"].notna() & table["seeds"].notna()]
                said = told.groupby(["model", "task"], dropna=False)["seeds"].max()
                counts = pd.concat([counts, said])
            for place, count in counts.items():
                model = str(place[0])  # type: ignore[index]
                found[model] = max(found.get(model, 0), int(count))
        return found

    def names(self, column: str) -> list[Any]:
        """Return the distinct values of a key over all results, in order of appearance."""
        found: dict[Any, None] = {}
        for table in self._tables.values():
            for value in table[column].drop_duplicates():
                if not missing(value):
                    found.setdefault(value)
        return list(found)


def _ranges(means: list[pd.DataFrame]) -> dict[tuple[str, str], tuple[float, float]]:
    frame = pd.concat([m[["task", "metric", "value"]] for m in means], ignore_index=True)
    frame = frame.dropna(subset=["value"]).astype({"value": float})
    grouped = frame.groupby(["task", "metric"], dropna=False)["value"].agg(["min", "max"])
    return {
        _place(*k): (v[0], v[1]) for k, v in zip(grouped.index, grouped.to_numpy(), strict=True)
    }


def _place(task: Any, metric: Any) -> tuple[str, str]:
    """Return where a score belongs; the mean over tasks has no task, however that is written."""
    return "" if missing(task) else str(task), str(metric)


def missing(value: Any) -> bool:
    """Return True for None and NaN."""
    return value is None or value is pd.NA or (isinstance(value, float) and not isfinite(value))


def number(row: Mapping[str, Any], name: str) -> float:
    """Return a number that stands as a label, NaN where it is not given."""
    told = row.get(name)
    return nan if missing(told) else float(str(told))


def basis(row: Mapping[str, Any]) -> str:
    """Return what the estimate of a row rests on; a dash where that is not known."""
    return wording.basis(float(row["n"]), str(row["unit"]), number(row, "items"))


def records(frame: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield the rows of a frame as dicts."""
    names = list(frame.columns)
    for values in frame.to_numpy(dtype=object).tolist():
        yield dict(zip(names, values, strict=True))


_EMPTY = pd.DataFrame(
    {
        **{
            name: pd.Series(dtype=object)
            for name in (*_KEYS, *_LABELS, "quantity", "unit", "method")
        },
        **{
            name: pd.Series(dtype=np.float64)
            for name in ("value", "se", "low", "high", "level", "n", "p_value")
        },
    }
)
