"""What is known of each metric of each task."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from evalvar.evidence import Evidence, binary, higher_is_better, metric_numbers, score_range
from evalvar.results import Result
from evalvar.stats import Estimate

# Whether an answer is right, and how efficient it is.
PASSED, EFFICIENCY = "passed", "efficiency"


@dataclass(frozen=True, slots=True)
class Facts:
    """Orientation, chance and range of a metric of a task.

    Parameters
    ----------
    higher_is_better : bool
        As declared; true where nothing is.
    chance : float
        Score of a guesser; NaN if not known.
    low, high : float
        Range of the scores: declared, or [0, 1] where all scores are 0 or 1; NaN if not known.
    declared : bool
        Whether the range is declared.
    discrete : bool or None
        Whether all scores are 0 or 1; None where there are no items.
    uneven : bool
        Whether the values of items are next to nothing apart on many, and by any size on some: best
        of k answers in a known range.
    """

    higher_is_better: bool
    chance: float
    low: float
    high: float
    declared: bool
    discrete: bool | None
    uneven: bool = False

    @property
    def sign(self) -> float:
        """1 where higher is better, -1 where lower is."""
        return 1.0 if self.higher_is_better else -1.0

    @property
    def range(self) -> tuple[float | None, float | None]:
        """Lowest and highest possible score; None where not known."""
        known = np.isfinite(self.low) and np.isfinite(self.high)
        return (self.low, self.high) if known else (None, None)

    def within(self, mean: Estimate) -> Estimate:
        """Cut the interval of a mean to the range, and leave out the test of a mean of zero."""
        low = mean.low if np.isnan(self.low) else np.fmax(mean.low, self.low)
        high = mean.high if np.isnan(self.high) else np.fmin(mean.high, self.high)
        if np.isnan(mean.low):
            low = high = np.nan
        return replace(mean, low=float(low), high=float(high), p_value=np.nan)


def metric_facts(evidence: Evidence) -> dict[tuple[str, str], Facts]:
    """Return the facts by task and metric; those of records win over those of reported values."""
    found: dict[tuple[str, str], Facts] = {}
    for table, from_items in ((evidence.records, True), (evidence.reported, False)):
        if not len(table):
            continue
        for row in _facts(table, from_items).to_dict("records"):
            facts = Facts(
                bool(row["up"]), float(row["chance"]), float(row["low"]), float(row["high"]),
                bool(row["declared"]), bool(row["discrete"]) if from_items else None,
            )  # fmt: skip
            if row["metric"] == EFFICIENCY and from_items:
                facts = _of_ratio(facts)
            found.setdefault((str(row["task"]), str(row["metric"])), facts)
    return found


def _of_ratio(facts: Facts) -> Facts:
    """Tell of an efficiency that its scores may be 0 and 1 without being right and wrong."""
    if facts.declared:
        return replace(facts, discrete=False)
    return replace(facts, discrete=False, low=0.0, high=np.nan)


def _facts(table: pd.DataFrame, from_items: bool) -> pd.DataFrame:
    group = metric_numbers(table)
    nothing = pd.Series(np.nan, index=table.index)
    low, high = table.get("score_min", nothing), table.get("score_max", nothing)
    first = np.unique(group, return_index=True)[1]
    declared = np.bincount(group, low.notna() & high.notna()) > 0
    discrete = np.zeros(len(first), dtype=bool)
    if from_items:
        low, high = score_range(table)
        discrete = np.bincount(group, ~binary(table["score"])) == 0
    return pd.DataFrame(
        {
            "task": table["task"].array[first],
            "metric": table["metric"].array[first],
            "up": higher_is_better(table).to_numpy()[first],
            "chance": table.get("chance", nothing).groupby(group).mean(),
            "low": low.groupby(group).first(),
            "high": high.groupby(group).first(),
            "declared": declared,
            "discrete": discrete,
        }
    )


def labelled(result: Result, facts: dict[tuple[str, str], Facts]) -> Result:
    """Add the label columns higher_is_better, chance and discrete to a result's table."""
    keys = zip(result.table["task"], result.table["metric"], strict=True)
    known = [facts[key] for key in keys]
    result.table["higher_is_better"] = pd.Series([f.higher_is_better for f in known], dtype=object)
    result.table["chance"] = pd.Series([f.chance for f in known], dtype="float64")
    result.table["discrete"] = pd.Series([f.discrete for f in known], dtype=object)
    return result
