"""Who scored what, at the last checkpoint of each."""

from dataclasses import dataclass, replace
from math import floor, isfinite, log10, nan
from typing import Any

import pandas as pd
from numpy import fmax

from evalvar.report import wording
from evalvar.report.model import Cell, Column, Row, Section, Table
from evalvar.report.reading import Reading, missing, records

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
        if self.partial and self.row["unit"] == "item":
            return f"{wording.count(self.items)} of {wording.count(self.asked, 'item')}"
        return wording.basis(self.row["n"], str(self.row["unit"]), self.items)

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
    groups = {key: group for key, group in frame.groupby(keys, sort=False)} if len(frame) else {}
    scores = []
    for key in dict.fromkeys([*groups, *over_seeds]):
        pooled = over_seeds.get(key)
        if pooled is not None and (key not in groups or _several(pooled, groups[key])):
            detail = _earlier(pooled.get("last_checkpoint"), steps.get(key[0]))
            scores.append(Score(str(key[0]), str(key[1]), str(key[2]), pooled, detail))
            continue
        group = groups[key]
        for row in records(group):
            details = [
                f"{name} {row[name]}"
                for name in ("seed", "prompt")
                if group[name].nunique() > 1 and not missing(row[name])
            ]
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


def section(reading: Reading) -> Section | None:
    """Return the section, or None where nothing has a score."""
    scores = last_scores(reading)
    if not scores:
        return None
    table = _table(reading, scores)
    return Section("scores", "Scores", _answer(reading, scores), (table,), short="Scores")


def _last(frame: pd.DataFrame) -> pd.DataFrame:
    if not len(frame):
        return frame
    steps = pd.to_numeric(frame["checkpoint"]).astype(float)
    # A task that was measured at an earlier checkpoint only has that one as its last.
    last = steps.groupby([frame[key] for key in ("model", "task", "metric")]).transform("max")
    return frame[(steps == last) | steps.isna()]


def _several(pooled: dict[str, Any], group: pd.DataFrame) -> bool:
    return bool(group["seed"].nunique() > 1 and group["prompt"].nunique() <= 1) and isfinite(
        pooled["value"]
    )


def _table(reading: Reading, scores: list[Score]) -> Table:
    models = {score.model for score in scores}
    single = len(models) == 1
    low, high, drawn = _scale(reading, scores)
    rows = []
    for task in dict.fromkeys(score.task for score in scores):
        mine = [score for score in scores if score.task == task]
        for metric in reading.metrics(task, [score.metric for score in mine]):
            better = reading.higher_is_better(task, metric)
            ranked = sorted(
                (score for score in mine if score.metric == metric),
                key=lambda score: score.row["value"] * (-1 if better else 1),
            )
            hint = "" if better else ", lower is better"
            group = task if single else f"{task}, {metric}{hint}"
            rows += [
                Row(_cells(reading, score, metric + hint if single else score.model, drawn), group)
                for score in ranked
            ]
    columns = [
        Column("Metric" if single else "Model", "name"),
        Column("Score"),
        Column("Interval", "interval", secondary=True),
        Column("[low, high]", "text"),
        Column("Rests on", "text", secondary=True),
    ]
    if not drawn:
        columns = [column for column in columns if column.role != "interval"]
    notes = []
    if any(score.partial for score in scores):
        notes.append(
            f"{PARTIAL} Rests on fewer items than another row of its benchmark, so the two are not "
            "of the same questions: no ranking. Compare by differences on shared items."
        )
    level = max(score.row["level"] for score in scores)
    return Table(
        "score-table",
        tuple(columns),
        tuple(rows),
        caption=f"Scores at the last checkpoint with {wording.percent(level)} intervals",
        footnotes=(
            f"Scores between 0 and 1 in percent, others as they are. {wording.percent(level)} "
            f"intervals over what the last column names: over items it is this model's error, over "
            f"seeds it is the recipe's.",
            *notes,
        ),
        counted="scores" if single else "rows",
        scale=(low, high),
    )


def _cells(reading: Reading, score: Score, name: str, drawn: bool) -> tuple[Cell, ...]:
    unit = reading.unit(score.task, score.metric)
    cell = unit.cell(score.row, tone="strong")
    name = (f"{name}, {score.detail}" if score.detail else name) + score.mark
    cells = [Cell(name), cell]
    if drawn:
        cells.append(Cell("", cell.value, cell.low, cell.high) if unit.percent else Cell(""))
    cells.append(Cell(unit.interval(score.row) or wording.DASH, cell.high - cell.low, tone="quiet"))
    cells.append(Cell(score.basis, float(score.row["n"])))
    return tuple(cells)


def _scale(reading: Reading, scores: list[Score]) -> tuple[float, float, bool]:
    """Return the axis of the drawn intervals: round bounds round all that is in percent."""
    values: list[float] = []
    for score in scores:
        unit = reading.unit(score.task, score.metric)
        if unit.percent:
            values += [v for v in unit.bounds(score.row) if isfinite(v)]
    if not values:
        return 0.0, 100.0, False
    step = 10 ** floor(log10(max(max(values) - min(values), 1)))
    low = floor(min(values) / step) * step
    high = -floor(-max(values) / step) * step
    return float(max(0, low)), float(min(100, max(high, low + step))), True


def _answer(reading: Reading, scores: list[Score]) -> str:
    models = list(dict.fromkeys(score.model for score in scores))
    tasks = list(dict.fromkeys(score.task for score in scores))
    heads = [head for task in tasks if (head := headline(reading, scores, task)) is not None]
    if len(models) == 1:
        parts = []
        for score in heads[:3]:
            unit = reading.unit(score.task, score.metric)
            value = f"{unit.cell(score.row).text} {unit.interval(score.row)}".rstrip()
            parts.append(f"{value} on {score.task} ({score.metric})")
        rest = f"; {wording.count(len(tasks) - 3, 'more task')} below" if len(tasks) > 3 else ""
        return f"{models[0]} scored {wording.listing(parts)}{rest}."
    subject = f"{wording.spelled(len(models))} models on {wording.count(len(tasks), 'benchmark')}"
    # Among rows of different questions none is the highest.
    whole = [head for head in heads if not _mixed(scores, head)]
    if not whole:
        each = "on each, " if len(tasks) > 1 else ""
        return f"{subject}; {each}some rows rest on fewer items, so none is called best."
    best = whole[0]
    rank = "highest" if reading.higher_is_better(best.task, best.metric) else "lowest (best)"
    unit = reading.unit(best.task, best.metric)
    value = f"{unit.cell(best.row).text} {unit.interval(best.row)}".rstrip()
    named = f"{best.model} ({best.detail})" if best.detail else best.model
    return (
        f"{subject}; the {rank} estimate on {best.task} ({best.metric}) is that of {named}, "
        f"{value}."
    )


def _mixed(scores: list[Score], head: Score) -> bool:
    return any(s.partial for s in scores if (s.task, s.metric) == (head.task, head.metric))


def headline(reading: Reading, scores: list[Score], task: str) -> Score | None:
    """Return the best score on a task by its first metric."""
    mine = [score for score in scores if score.task == task]
    if not mine:
        return None
    metric = reading.metrics(task, [score.metric for score in mine])[0]
    sign = 1 if reading.higher_is_better(task, metric) else -1
    ranked = [score for score in mine if score.metric == metric]
    return max(ranked, key=lambda score: sign * score.row["value"])
