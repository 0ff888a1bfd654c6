"""What seeds are to each other: real spread, shared answers, luck, and seeds that stand apart."""

from math import isfinite, nan
from typing import Any

from evalvar.report import wording
from evalvar.report.model import Cell, Column, Row, Span, Table, Text
from evalvar.report.reading import Reading, Unit, missing

Place = tuple[str, str, str]
Cells = dict[str, dict[str, Any]]


def tables(reading: Reading, found: dict[Place, Cells]) -> tuple[Text | Table, ...]:
    """Return a heading and the table, or nothing where no run has items.

    Parameters
    ----------
    reading : Reading
    found : dict
        Rows of `seed_variance` by (model, task, metric) and quantity, in page order.
    """
    several = len({place[0] for place in found}) > 1
    rows = [
        Row(_cells(cells, reading.unit(*place[1:]), place, several), place[1])
        for place, cells in found.items()
        if reading.discrete(*place[1:]) and isfinite(_value(cells, "seed_sd_independent"))
    ]
    if not rows:
        return ()
    table = Table(
        "seed-pairs-table",
        (
            Column("Metric", "name"),
            Column("Seed sd"),
            Column("if independent", secondary=True),
            Column("real"),
            Column("[low, high]", "text", secondary=True),
            Column("p, equal seeds"),
            Column("Churn"),
            Column("kappa", secondary=True),
            Column("Luck of the best"),
            Column("Apart", "text"),
        ),
        tuple(rows),
        caption="Spread of seeds at the last checkpoint, and how far seeds answer alike",
        footnotes=(
            "At the last checkpoint, in points for scores between 0 and 1. Seed sd: as seen. If "
            "independent: what it would be if seeds erred on every item by themselves. Real: the "
            "spread on all items there could be, the observed one freed of the choice of items; "
            "where its interval begins at 0, picking the best seed may pick nothing. Churn: share "
            "of items that one of two seeds has right and the other wrong. kappa: agreement of two "
            "seeds beyond chance. Luck of the best: how far the best of so many seeds lies ahead "
            "of their mean by luck alone. Apart: seeds unlike the others (Grubbs).",
        ),
    )
    return Text("heading", ((Span("What seeds are to each other"),),)), table


def _value(cells: Cells, quantity: str) -> float:
    return float(cells[quantity]["value"]) if quantity in cells else nan


def _cells(cells: Cells, unit: Unit, place: Place, several: bool) -> tuple[Cell, ...]:
    real = cells.get("seed_sd_real", {})
    low, high = (float(real.get(name, nan)) for name in ("low", "high"))
    known = isfinite(low) and isfinite(high)
    bounds = f"[{unit.deviation(low)}, {unit.deviation(high)}]" if known else wording.DASH
    p = float(real.get("p_value", nan))
    churn, kappa = _value(cells, "churn"), _value(cells, "kappa")
    share = f"{wording.fixed(100 * churn, 0)}%" if isfinite(churn) else wording.DASH
    named = [row.get("outlying") for row in cells.values()]
    apart = next((str(name) for name in named if not missing(name) and name), "")
    return (
        Cell(", ".join(place[::2] if several else place[2:])),
        _deviation(unit, _value(cells, "final_seed_sd")),
        _deviation(unit, _value(cells, "seed_sd_independent")),
        _deviation(unit, _value(cells, "seed_sd_real"), strong=low > 0),
        Cell(bounds, high - low, tone="quiet"),
        Cell(wording.p_value(p) if isfinite(p) else wording.DASH, p),
        Cell(share, churn),
        Cell(wording.fixed(kappa, 2), kappa),
        _deviation(unit, _value(cells, "best_of_seeds_gain")),
        Cell(f"seed {apart}" if apart else wording.DASH, tone="warn" if apart else ""),
    )


def _deviation(unit: Unit, value: float, *, strong: bool = False) -> Cell:
    return Cell(unit.deviation(value), value * unit.factor, tone="strong" if strong else "")
