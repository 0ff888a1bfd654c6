"""Models and items on one scale by item response theory, beside shuffled answers."""

from math import isfinite, nan
from typing import Any

from evalvar.report import wording
from evalvar.report.model import Block, Cell, Column, Figure, Row, Span, Table, Text, Tone
from evalvar.report.reading import Reading, missing, records

MOST_MODELS = 20
MOST_LINES = 5
_COLOURS = ("blue", "ochre", "teal", "purple", "ink")
Place = tuple[str, str]
Rows = dict[str, dict[str, Any]]


def readings(reading: Reading) -> dict[Place, Rows]:
    """Return the rows about whole benchmarks, the metric that stands for each, by quantity."""
    table = reading.table("irt")
    if "item" not in table:
        return {}
    of_tasks = table[table["item"].isna() & (table["quantity"] != "ability")]
    found: dict[Place, Rows] = {}
    for row in records(of_tasks):
        found.setdefault((str(row["task"]), str(row["metric"])), {})[str(row["quantity"])] = row
    ordered: dict[Place, Rows] = {}
    for task in dict.fromkeys(place[0] for place in found):
        head = reading.metrics(task, [place[1] for place in found if place[0] == task])[0]
        ordered[task, head] = found[task, head]
    return ordered


def blocks(reading: Reading) -> list[Block]:
    """Return the fit beside its control, the abilities, and where the items tell most."""
    found = readings(reading)
    if not found:
        return []
    made: list[Block] = [
        Text("heading", ((Span("One scale for models and questions"),),)),
        _table(found),
    ]
    drawn = (abilities(reading, max(found, key=lambda place: _items(found[place]))),
             information(found))  # fmt: skip
    return [*made, *(figure for figure in drawn if figure is not None)]


def answer(reading: Reading) -> str:
    """Return the sentence of a page that has curves and no other word about its questions."""
    found = readings(reading)
    place = max(found, key=lambda place: _items(found[place]))
    rows = found[place]
    clear, shuffled = (_value(rows, f"{c}discriminating_items") for c in ("", "control_"))
    return (
        f"{wording.count(clear)} of the {wording.count(_items(rows), 'item')} of "
        f"{wording.place(*place)} clearly tell abler models from others; with answers shuffled "
        f"among the models it would be {wording.count(shuffled)}."
    )


def _value(rows: Rows, quantity: str) -> float:
    return float(rows[quantity]["value"]) if quantity in rows else nan


def _items(rows: Rows) -> float:
    counts = [row.get("items") for row in rows.values()]
    return max((float(str(n)) for n in counts if not missing(n)), default=0.0)


def _table(found: dict[Place, Rows]) -> Table:
    rows = []
    for place, mine in found.items():
        cells = [Cell(", ".join(place)), Cell(wording.count(_items(mine)), _items(mine))]
        for quantity in ("mean_discrimination", "discriminating_items", "reliability"):
            for control in ("", "control_"):
                value = _value(mine, control + quantity)
                whole = quantity == "discriminating_items"
                digits = 3 if quantity == "reliability" else 2
                text = wording.count(value) if whole else wording.fixed(value, digits)
                tone: Tone = "quiet" if control else "strong"
                cells.append(Cell(text, value, tone=tone))
        for quantity in ("negative_items", "misfitting_items"):
            number = _value(mine, quantity)
            tone = "warn" if number > 0 else ""
            cells.append(Cell(wording.count(number), number, tone=tone))
        rows.append(Row(tuple(cells)))
    stuck = [wording.place(*place) for place, mine in found.items() if _stuck(mine)]
    more = f" Not converged: {wording.listing(stuck)}." if stuck else ""
    respondents = sorted({float(str(r["respondents"])) for m in found.values() for r in m.values()
                          if not missing(r.get("respondents"))})  # fmt: skip
    who = f"From {wording.count(respondents[-1], 'respondent')}. " if respondents else ""
    return Table(
        "irt-table",
        (
            Column("Benchmark", "name"),
            Column("Items"),
            Column("Mean slope"),
            Column("shuffled", secondary=True),
            Column("Clear items"),
            Column("shuffled", secondary=True),
            Column("Reliability"),
            Column("shuffled", secondary=True),
            Column("Negative", secondary=True),
            Column("Misfit", secondary=True),
        ),
        tuple(rows),
        caption="Item response curves, beside those of shuffled answers",
        footnotes=(
            f"{who}Slope: discrimination a of P(right) = 1 / (1 + exp(\u2212(a \u03b8 \u2212 b))), "
            "with abilities \u03b8 of mean 0 and variance 1. Clear: items that models abler on all "
            "other items get right more often, negative: less often, false discoveries controlled; "
            "no part of the fit. Shuffled: the same fit where each item\u2019s answers are "
            "handed round among the models: what the method finds where there is nothing to "
            "find. Misfit: items whose curve does not fit, false discoveries controlled. Items "
            f"that all got right, or wrong, have no curve.{more}",
        ),
        counted="benchmarks",
    )


def _stuck(rows: Rows) -> bool:
    ends = [row.get(name) for row in rows.values() for name in ("converged", "control_converged")]
    return any(not missing(end) and not end for end in ends)


def abilities(reading: Reading, place: Place) -> Figure | None:
    """Draw the ablest models with their intervals."""
    table = reading.table("irt")
    mine = table[
        (table["quantity"] == "ability") & table["value"].notna()
        & (table["task"] == place[0]) & (table["metric"] == place[1])
    ].sort_values("value", ascending=False, kind="stable")  # fmt: skip
    if not len(mine):
        return None
    rows = []
    for row in records(mine.head(MOST_MODELS)):
        seed = row.get("seed")
        name = str(row["model"]) + ("" if missing(seed) else f", seed {int(float(str(seed)))}")
        text = wording.fixed(row["value"], 2, sign=True)
        if row.get("unbounded") in ("above", "below"):
            text = f"all {'right' if row['unbounded'] == 'above' else 'wrong'}, {text}"
        rows.append((name, float(row["value"]), float(row["low"]), float(row["high"]), text, True))
    level = wording.percent(float(mine["level"].max()))
    left = len(mine) - len(rows)
    more = f" {wording.count(left, 'further respondent')} in the results." if left else ""
    words = "; ".join(f"{row[0]} {row[4]}" for row in rows[:12])
    return Figure(
        "ladder",
        {"rows": tuple(rows), "unit": "", "zero": False},
        caption=f"Ability on {wording.place(*place)}, with {level} intervals, in standard "
        f"deviations of the models.{more}",
        alt=f"Ability on {wording.place(*place)}: {words}.",
        note="The items are taken as known, so the intervals are of the models\u2019 answers "
        "alone. Abilities of other benchmarks are on other scales.",
    )


def information(found: dict[Place, Rows]) -> Figure | None:
    """Draw how sharply the items of each benchmark tell models of an ability apart."""
    series: list[dict[str, Any]] = []
    for (task, metric), rows in found.items():
        points = sorted(
            (float(name.partition("@")[2]), float(row["value"]), nan, nan)
            for name, row in rows.items()
            if name.startswith("information@") and isfinite(row["value"])
        )
        if len(points) > 2 and len(series) < MOST_LINES:
            colour = _COLOURS[len(series)]
            name = task or metric
            series.append({"name": name, "colour": colour, "points": tuple(points)})
    if not series:
        return None
    words = "; ".join(f"{one['name']} most at {_top(one['points'])}" for one in series)
    panel = {
        "title": "Where the questions tell most",
        "subtitle": "information of all items",
        "x_name": "ability",
        "zero": True,
        "series": tuple(series),
    }
    return Figure(
        "lines",
        {"panels": (panel,)},
        caption="Information of all items by ability: one over the squared error of an ability.",
        alt=f"Information by ability. {words}.",
    )


def _top(points: tuple[tuple[float, ...], ...]) -> str:
    return wording.fixed(max(points, key=lambda point: point[1])[0], 0, sign=True)
