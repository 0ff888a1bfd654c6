"""Who scored what, at the last checkpoint of each."""

from dataclasses import replace
from math import floor, isclose, isfinite, isnan, log10

from evalvar.report import wording
from evalvar.report.model import Cell, Column, Row, Section, Table
from evalvar.report.reading import Reading, records
from evalvar.report.sections.scored import PARTIAL, Score, by_task, heads_of, last_scores


def section(reading: Reading) -> Section | None:
    """Return the section, or None where nothing has a score."""
    scores = last_scores(reading)
    if not scores:
        return None
    table, answer = _table(reading, scores), _answer(reading, scores)
    if len(reading.table("leaderboard")):
        if _ranked(reading, scores):
            return None
        # The ranks above have the scores on shared items.
        table = replace(table, folded="Scores on each model\u2019s own items")
        answer = "What each model scored on the items it answered; the ranks rest on shared ones."
    return Section("scores", "Scores", answer, (table,), short="Scores")


def _ranked(reading: Reading, scores: list[Score]) -> bool:
    """Tell whether the ranks have these very scores, with their intervals."""
    ranked = {
        (str(row["model"]), str(row["task"]), str(row["metric"])): row
        for row in records(reading.rows("leaderboard", "mean"))
    }
    pairs = [(score.row, ranked.get((score.model, score.task, score.metric))) for score in scores]
    return all(
        there is not None
        and (own["n"], own["unit"]) == (there["n"], there["unit"])
        and all(_alike(own[name], there[name]) for name in ("value", "low", "high"))
        for own, there in pairs
    )


def _alike(a: float, b: float) -> bool:
    return isclose(a, b, rel_tol=1e-9, abs_tol=1e-12) or (isnan(a) and isnan(b))


def _table(reading: Reading, scores: list[Score]) -> Table:
    models = {score.model for score in scores}
    single = len(models) == 1
    low, high, drawn = _scale(reading, scores)
    rows = []
    for task, mine in by_task(scores).items():
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
    left_out = [] if drawn else ["Interval"]
    told = any(not score.reported for score in scores)
    if not told:
        left_out.append("Rests on")
        rows = [replace(row, cells=row.cells[:-1]) for row in rows]
    columns = [column for column in columns if column.name not in left_out]
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
            f"intervals {_over(scores, told)}",
            *notes,
        ),
        counted="scores" if single else "rows",
        scale=(low, high),
    )


def _over(scores: list[Score], told: bool) -> str:
    if told:
        return (
            "over what the last column names: over items it is this model's error, over seeds it "
            "is the recipe's."
        )
    methods = {str(s.row["method"]) for s in scores if isfinite(s.row["high"] - s.row["low"])}
    how = f" ({wording.listing(sorted(methods), most=2)})" if methods else ""
    return f"as reported{how}; how many items they rest on is not known."


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
    heads = heads_of(reading, scores)
    if len(models) == 1:
        parts = []
        for score in heads[:3]:
            unit = reading.unit(score.task, score.metric)
            value = f"{unit.cell(score.row).text} {unit.interval(score.row)}".rstrip()
            parts.append(f"{value} on {score.task} ({score.metric})")
        rest = f"; {wording.count(len(heads) - 3, 'more task')} below" if len(heads) > 3 else ""
        return f"{models[0]} scored {wording.listing(parts)}{rest}."
    subject = f"{wording.spelled(len(models))} models on {wording.count(len(heads), 'benchmark')}"
    # Among rows of different questions none is the highest.
    whole = [head for head in heads if not _mixed(scores, head)]
    if not whole:
        each = "on each, " if len(heads) > 1 else ""
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
