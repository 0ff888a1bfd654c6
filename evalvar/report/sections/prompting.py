"""What the prompt does to a score, and what the choice of the best one is worth."""

from math import isfinite, nan
from typing import Any

from evalvar.report import wording
from evalvar.report.model import Cell, Column, Row, Section, Table
from evalvar.report.reading import Reading, Unit, missing, number, records

Place = tuple[str, str, str]
Rows = dict[str, dict[str, Any]]


def section(reading: Reading) -> Section | None:
    """Return the section, or None where nothing was asked under two prompts."""
    found = readings(reading)
    if not found:
        return None
    return Section(
        "prompts", "What the prompt does", _answer(found), (_table(reading, found),),
        short="Prompts",
    )  # fmt: skip


def readings(reading: Reading) -> dict[Place, Rows]:
    """Return the rows of each model and task by the metric that stands for the task."""
    table = reading.table("prompt_sensitivity")
    found: dict[Place, Rows] = {}
    for row in records(table[table["model"].notna()]):
        place = (str(row["model"]), str(row["task"]), str(row["metric"]))
        found.setdefault(place, {})[str(row["quantity"])] = row
    ordered: dict[Place, Rows] = {}
    for task in dict.fromkeys(place[1] for place in found):
        names = [place[2] for place in found if place[1] == task]
        head = reading.metrics(task, names)[0]
        ordered |= {p: rows for p, rows in found.items() if p[1:] == (task, head)}
    return ordered


def _unit(rows: Rows) -> Unit:
    row = next(iter(rows.values()))
    points = row.get("in_points")
    return Unit(100.0, "points") if not missing(points) and points else Unit()


def _value(rows: Rows, quantity: str) -> float:
    return float(rows.get(quantity, {}).get("value", nan))


def _answer(found: dict[Place, Rows]) -> str:
    place, rows = max(
        found.items(),
        key=lambda one: (_unit(one[1]).percent, _value(one[1], "prompt_range") or 0.0),
    )
    unit, row = _unit(rows), next(iter(rows.values()))
    prompts = number(row, "prompts")
    width = unit.of(unit.deviation(_value(rows, "prompt_range")))
    said = (
        f"The {wording.count(prompts, 'prompt')} of {wording.place(place[1], place[2])} lie "
        f"{width} apart for {place[0]}"
    )
    if len(found) > 1:
        said += f", the most of {wording.count(len(found), 'reading')}"
    return f"{said}."


def _table(reading: Reading, found: dict[Place, Rows]) -> Table:
    several = len({place[0] for place in found}) > 1
    rows = []
    for place, quantities in found.items():
        unit, first = _unit(quantities), next(iter(quantities.values()))
        real = quantities.get("prompt_sd_real", {})
        mean = quantities.get("mean_over_prompts")
        bounds = (
            f"[{unit.deviation(real['low'])}, {unit.deviation(real['high'])}]"
            if isfinite(real.get("low", nan)) and isfinite(real.get("high", nan))
            else wording.DASH
        )
        best, worst = first.get("best_prompt"), first.get("worst_prompt")
        cells = [Cell(", ".join((place[0], place[2]) if several else place[2:]))]
        cells.append(Cell(wording.count(number(first, "prompts")), number(first, "prompts")))
        cells.append(unit.cell(mean) if mean else Cell(wording.DASH))
        cells += [_deviation(unit, quantities, name) for name in ("prompt_range", "prompt_sd_real")]
        cells.append(Cell(bounds, tone="quiet"))
        cells.append(_deviation(unit, quantities, "best_prompt_bias"))
        cells += [Cell("" if missing(name) else str(name)) for name in (best, worst)]
        rows.append(Row(tuple(cells), place[1]))
    return Table(
        "prompts-table",
        (
            Column("Metric", "name"), Column("Prompts", secondary=True), Column("Mean"),
            Column("Range"), Column("sd, real"), Column("[low, high]", "text", secondary=True),
            Column("Bias of best", secondary=True), Column("Best", "text"), Column("Worst", "text"),
        ),
        tuple(rows),
        caption="Scores under several prompts",
        footnotes=(
            "Points for scores between 0 and 1. The range grows with the number of prompts. sd, "
            "real: sd over prompts, freed of what new items would change. Bias of best: by how "
            "much the best prompt\u2019s score flatters it, as the best was chosen by that score.",
        ),
        counted="readings",
    )  # fmt: skip


def _deviation(unit: Unit, rows: Rows, quantity: str) -> Cell:
    value = _value(rows, quantity)
    return Cell(unit.deviation(value) if isfinite(value) else wording.DASH, value)
