"""The scores at the last checkpoint of each model, and which of them stand for a benchmark."""

from dataclasses import dataclass, replace
from math import isfinite, nan
from typing import Any

import pandas as pd
from numpy import fmax

from evalvar.report import wording
from evalvar.report.reading import Reading, basis, missing, records

PARTIAL = "\u2020"


@dataclass(frozen=True)
class Score:
    """One score: where it belongs, its row, and what it rests on."""

    model: str
    task: str
    metric: str
    row: dict[str, Any]
    detail: str = ""
    asked: float = nan

    @property
    def items(self) -> float:
        """The number of items it rests on, NaN where the result does not say."""
        told = self.row.get("items")
        if not missing(told):
            return float(str(told))
        return float(self.row["n"]) if self.row["unit"] == "item" else nan

    @property
    def basis(self) -> str:
        """What the interval rests on."""
        if self.reported:
            return "as reported"
        if self.partial and self.row["unit"] == "item":
            return f"{wording.count(self.items)} of {wording.count(self.asked, 'item')}"
        return basis(self.row)

    @property
    def reported(self) -> bool:
        """True where nothing is known of what is behind the score."""
        return not self.row["n"] > 0

    @property
    def partial(self) -> bool:
        """True where another score of its benchmark rests on more items."""
        return self.items < self.asked

    @property
    def mark(self) -> str:
        """The sign of a score that rests on fewer items than another of its benchmark."""
        return f" {PARTIAL}" if self.partial else ""


def last_scores(reading: Reading) -> list[Score]:
    """Return the score of every model, task and metric at its last checkpoint.

    The mean over seeds with its interval over seeds where there are several, else the rows over
    items; several prompts or lone seeds stand as rows of their own.
    """
    over_seeds = {
        (row["model"], row["task"], row["metric"]): row
        for row in records(reading.rows("seed_variance", "final_mean"))
    }
    keys = ["model", "task", "metric"]
    means = reading.rows("summary", "mean")
    steps = means.dropna(subset=["checkpoint"]).groupby("model")["checkpoint"].max().to_dict()
    frame = _last(means)
    groups: dict[Any, list[dict[str, Any]]] = {}
    for row in records(frame):
        groups.setdefault(tuple(row[key] for key in keys), []).append(row)
    scores = []
    for key in dict.fromkeys([*groups, *over_seeds]):
        pooled = over_seeds.get(key)
        if pooled is not None and (key not in groups or _several(pooled, groups[key])):
            detail = _earlier(pooled.get("last_checkpoint"), steps.get(key[0]))
            scores.append(Score(str(key[0]), str(key[1]), str(key[2]), pooled, detail))
            continue
        group = groups[key]
        split = [name for name in ("seed", "prompt") if len(_known(group, name)) > 1]
        for row in group:
            details = [f"{name} {row[name]}" for name in split if not missing(row[name])]
            place = (str(key[0]), str(key[1]), str(key[2]))
            details.append(_earlier(row["checkpoint"], steps.get(key[0])))
            scores.append(Score(*place, row, ", ".join(filter(None, details))))
    return _marked(scores)


def _earlier(step: Any, last: Any) -> str:
    """Name the checkpoint of a score, where its model has a later one."""
    if missing(step) or missing(last) or step >= last:
        return ""
    return f"checkpoint {int(step):,}"


def _marked(scores: list[Score]) -> list[Score]:
    most: dict[tuple[str, str], float] = {}
    for score in scores:
        place = (score.task, score.metric)
        most[place] = fmax(most.get(place, nan), score.items)
    return [replace(s, asked=most[s.task, s.metric]) for s in scores]


def _last(frame: pd.DataFrame) -> pd.DataFrame:
    if not len(frame):
        return frame
    steps = pd.to_numeric(frame["checkpoint"]).astype(float)
    # A task that was measured at an earlier checkpoint only has that one as its last.
    last = steps.groupby([frame[key] for key in ("model", "task", "metric")]).transform("max")
    return frame[(steps == last) | steps.isna()]


def _several(pooled: dict[str, Any], group: list[dict[str, Any]]) -> bool:
    several = len(_known(group, "seed")) > 1 >= len(_known(group, "prompt"))
    return several and isfinite(pooled["value"])


def _known(group: list[dict[str, Any]], name: str) -> set[Any]:
    return {row[name] for row in group if not missing(row[name])}


def headline(reading: Reading, mine: list[Score]) -> Score:
    """Return the best score of one task by the metric that stands for it."""
    task = mine[0].task
    metric = reading.metrics(task, [score.metric for score in mine])[0]
    sign = 1 if reading.higher_is_better(task, metric) else -1
    ranked = [score for score in mine if score.metric == metric]
    return max(ranked, key=lambda score: sign * score.row["value"])


def heads_of(reading: Reading, scores: list[Score]) -> list[Score]:
    """Return the score that stands for each task, accuracies first and losses last."""
    heads = [headline(reading, mine) for mine in by_task(scores).values()]
    return sorted(heads, key=lambda head: reading.tier(head.task, head.metric))


def by_task(scores: list[Score]) -> dict[str, list[Score]]:
    """Return the scores of every task, in order of appearance."""
    found: dict[str, list[Score]] = {}
    for score in scores:
        found.setdefault(score.task, []).append(score)
    return found
