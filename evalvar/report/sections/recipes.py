"""Can a benchmark tell recipes apart, and from which checkpoint on?"""

from math import isfinite, nan
from typing import Any

import pandas as pd

from evalvar.report import wording
from evalvar.report.model import Block, Cell, Column, Figure, Row, Section, Table, Tone
from evalvar.report.reading import Reading, Unit, missing, records

MOST_DRAWN = 6
MOST_PAIRS = 12
Place = tuple[str, str]


def section(reading: Reading) -> Section | None:
    """Return the section, or None where no spread over models was measured."""
    found = readings(reading)
    if not found:
        return None
    blocks: list[Block] = [_table(reading, found)]
    drawn = decisions(reading)
    if drawn is not None:
        blocks.append(drawn)
    pairs = _pairs(reading, found)
    if pairs.rows:
        blocks.append(pairs)
    return Section(
        "recipes", "Can recipes be told apart?", _answer(found), tuple(blocks), short="Recipes"
    )


def readings(reading: Reading) -> dict[Place, pd.DataFrame]:
    """Return the rows of each benchmark by the metric that stands for it and the one beside."""
    table = reading.table("signal")
    found: dict[Place, pd.DataFrame] = {}
    for task in dict.fromkeys(str(name) for name in table["task"]):
        mine = table[table["task"].astype(str) == task]
        names = reading.metrics(task, [str(name) for name in mine["metric"]])
        beside = reading.partner(task, names[0], names)
        for metric in dict.fromkeys([names[0], *([beside] if beside else [])]):
            found[task, metric] = mine[mine["metric"].astype(str) == metric]
    return found


def _row(rows: pd.DataFrame, quantity: str, smoothed: int = 1) -> dict[str, Any]:
    """Return a row about all models and no checkpoint."""
    of_all = rows["a"].isna() & rows["checkpoint"].isna() & (rows["quantity"] == quantity)
    mine = rows[of_all]
    fitting = mine[mine["smoothed"].isna() | (mine["smoothed"] == smoothed)]
    return next(records(fitting), {})


def _of_pairs(rows: pd.DataFrame, quantity: str) -> list[dict[str, Any]]:
    return list(records(rows[rows["a"].notna() & (rows["quantity"] == quantity)]))


def told_apart(rows: pd.DataFrame) -> tuple[int, int]:
    """Count the pairs that are told apart in the end, and all pairs."""
    onsets = _of_pairs(rows, "distinguishable_from")
    return sum(isfinite(row["value"]) for row in onsets), len(onsets)


def at_half(rows: pd.DataFrame) -> dict[str, Any]:
    """Return the decision accuracy at the checkpoint nearest to half of training."""
    early = rows[(rows["quantity"] == "decision_accuracy") & rows["value"].notna()]
    early = early[early["smoothed"] == 1]
    if not len(early):
        return {}
    distance = (pd.to_numeric(early["share_of_training"]) - 0.5).abs()
    return next(records(early.loc[[distance.idxmin()]]), {})


def _answer(found: dict[Place, pd.DataFrame]) -> str:
    counted = {place: told_apart(rows) for place, rows in found.items()}
    total = sum(pairs for _, pairs in counted.values())
    apart = sum(clear for clear, _ in counted.values())
    models = max(float(_row(rows, "signal").get("models") or 0) for rows in found.values())
    if not total:
        return f"The spread of {wording.count(models, 'model')} is measured beside their noise."
    lone = max(pairs for _, pairs in counted.values()) == 1
    if lone:
        where = [wording.place(*place) for place, (clear, _) in counted.items() if clear]
        if not where:
            return "No benchmark tells the two models apart at the end of training."
        verb = "tell" if len(where) > 1 else "tells"
        return f"{wording.listing(where)} {verb} the two models apart at the end of training."
    best = max(counted, key=lambda place: counted[place][0] / max(counted[place][1], 1))
    clear, pairs = counted[best]
    if not apart:
        return "No benchmark tells two of the models apart at the end of training."
    over_all = (
        f"; over all readings {wording.count(apart)} of {wording.count(total)}"
        if len(counted) > 1
        else ""
    )
    return (
        f"{wording.place(*best)} tells {wording.count(clear)} of {wording.count(pairs, 'pair')} "
        f"of models apart at the end of training{', the most' if over_all else ''}{over_all}."
    )


def _table(reading: Reading, found: dict[Place, pd.DataFrame]) -> Table:
    several = any(told_apart(rows)[1] > 1 for rows in found.values())
    rows = []
    for (task, metric), mine in found.items():
        unit = reading.unit(task, metric)
        spread, noise, snr = (_row(mine, name) for name in ("signal", "noise", "snr"))
        smoothest = max((int(n) for n in mine["smoothed"].dropna()), default=1)
        cells = [Cell(metric)]
        cells += [_deviation(unit, spread), _deviation(unit, noise)]
        cells += [*_ratio(snr)]
        cells.append(_ratio(_row(mine, "snr", smoothest))[0])
        if several:
            half = at_half(mine)
            value = 100 * float(half.get("value", nan))
            low, high = (100 * float(half.get(name, nan)) for name in ("low", "high"))
            bounds = wording.interval(low, high, 0)
            text = f"{wording.fixed(value, 0)} {bounds}".rstrip()
            cells.append(Cell(text if isfinite(value) else wording.DASH, value))
        clear, pairs = told_apart(mine)
        cells.append(Cell(f"{wording.count(clear)} of {wording.count(pairs)}", clear))
        rows.append(Row(tuple(cells), task))
    columns = [
        Column("Metric", "name"), Column("Spread of models"), Column("Noise of a run"),
        Column("Spread / noise"), Column("[low, high]", "text", secondary=True),
        Column("of last few", secondary=True),
    ]  # fmt: skip
    if several:
        columns.append(Column("Right at half, %"))
    columns.append(Column("Pairs told apart"))
    noises = {str(_row(mine, "noise").get("method", "")).split(",")[0] for mine in found.values()}
    return Table(
        "recipes-table",
        tuple(columns),
        tuple(rows),
        caption="Spread over models beside the noise of a run",
        footnotes=(
            "Points for scores between 0 and 1. Spread: sd over models at their last checkpoint, "
            f"freed of noise. Noise: {wording.listing(sorted(noises - {''}))}. Of last few: the "
            "ratio where each score is the mean of the last checkpoints. Nothing is divided by the "
            "mean."
            + (
                " Right at half: share of pairs of models that stand at half of training as in the "
                "end."
                if several
                else ""
            ),
        ),
        counted="readings",
    )


def _deviation(unit: Unit, row: dict[str, Any]) -> Cell:
    value = float(row.get("value", nan))
    return Cell(unit.deviation(value) if isfinite(value) else wording.DASH, value)


def _ratio(row: dict[str, Any]) -> tuple[Cell, Cell]:
    value = float(row.get("value", nan))
    low, high = (float(row.get(name, nan)) for name in ("low", "high"))
    tone: Tone = "strong" if low > 1 else ""
    text = wording.ratio(value) if isfinite(value) else wording.DASH
    return Cell(text, value, tone=tone), Cell(wording.ratios(low, high) or wording.DASH)


def decisions(reading: Reading) -> Figure | None:
    """Draw how early the order of the models is that of the end."""
    found = readings(reading)
    panels: list[dict[str, Any]] = []
    words = []
    for (task, metric), rows in found.items():
        early = rows[(rows["quantity"] == "decision_accuracy") & rows["value"].notna()]
        series = []
        for smoothed, colour in ((1, "blue"), (5, "teal")):
            mine = early[early["smoothed"] == smoothed].sort_values("checkpoint")
            # With two models the share is 0 or 1 and shows nothing.
            if len(mine) < 3 or told_apart(rows)[1] < 3:
                continue
            points = tuple(
                (float(r["checkpoint"]), *(100 * r[n] for n in ("value", "low", "high")))
                for r in records(mine)
            )
            name = "one checkpoint" if smoothed == 1 else f"mean of {smoothed}"
            series.append({"name": name, "colour": colour, "points": points})
        if not series or len(panels) == MOST_DRAWN:
            continue
        panels.append(
            {
                "title": task, "subtitle": f"{metric}, % of pairs ordered as in the end",
                "x_name": "checkpoint", "steps": True, "percent": True, "chance": (50.0, "chance"),
                "series": tuple(series),
            }
        )  # fmt: skip
        words.append(f"{task}: {wording.fixed(series[0]['points'][0][1], 0)}% at the first")
    if not panels:
        return None
    return Figure(
        "lines",
        {"panels": tuple(panels)},
        caption="How early the order of the models is that of the end.",
        alt=f"Share of pairs of models ordered as in the end. {'; '.join(words)}.",
        note="50% is what a coin gives. Where the line is low, decisions taken on checkpoints that "
        "early are decisions by noise.",
    )


def _pairs(reading: Reading, found: dict[Place, pd.DataFrame]) -> Table:
    rows = []
    for (task, metric), mine in found.items():
        distance = {
            frozenset((str(r["a"]), str(r["b"]))): r for r in _of_pairs(mine, "total_variation")
        }
        for row in _of_pairs(mine, "distinguishable_from"):
            pair = frozenset((str(row["a"]), str(row["b"])))
            beside = distance.get(pair, {})
            onset = float(row["value"])
            p, exchange = (float(r.get("p_value", nan)) for r in (row, beside))
            better = row.get("better")
            cells = (
                Cell(f"{row['a']} and {row['b']}"),
                Cell(metric),
                Cell(
                    wording.step(onset) if isfinite(onset) else "not told apart",
                    onset,
                    tone="" if isfinite(onset) else "tie",
                ),
                Cell("" if missing(better) else str(better)),
                Cell(wording.p_value(p) if isfinite(p) else wording.DASH, p),
                Cell(wording.p_value(exchange) if isfinite(exchange) else wording.DASH, exchange),
            )
            rows.append(Row(cells, task))
    shown = tuple(rows[:MOST_PAIRS])
    more = len(rows) - len(shown)
    further = f" {wording.count(more, 'further row')} in the results." if more > 0 else ""
    return Table(
        "pairs-table",
        (
            Column("Models", "name"), Column("Metric", "text"), Column("Apart from checkpoint"),
            Column("Ahead", "text"), Column("p, last"), Column("p, answers", secondary=True),
        ),
        shown,
        caption="From which checkpoint on two models are told apart, to the end",
        footnotes=(
            "Paired over items and seeds, adjusted for all pairs of a reading. p, answers: do the "
            "runs of the two answer otherwise at all, whoever scores higher; whole runs are "
            f"exchanged.{further}",
        ),
        sortable=False,
    )  # fmt: skip
