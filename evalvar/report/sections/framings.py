"""Two ways to ask the same questions: who leads when, and which is the better instrument?"""

from math import isfinite, nan
from typing import Any

import pandas as pd

from evalvar.report import wording
from evalvar.report.model import Block, Cell, Column, Figure, Row, Section, Table
from evalvar.report.reading import Reading, Unit, missing, records
from evalvar.report.sections.contrasts import (
    Contrast,
    Place,
    Rows,
    place_of,
    readings,
    seen_turn,
    unit_of,
)

MOST_DRAWN = 4


def section(reading: Reading) -> Section | None:
    """Return the section, or None where no two variants were compared."""
    found = readings(reading)
    if not found:
        return None
    blocks: list[Block] = []
    drawn = curves(reading)
    if drawn is not None:
        blocks.append(drawn)
    blocks.append(_table(reading, found))
    over_models = _scatter(reading, found)
    if over_models is not None:
        blocks.append(over_models)
    left = len(found) - MOST_DRAWN
    notes = (f"{wording.count(left, 'further reading')} not drawn.",) if left > 0 else ()
    return Section(
        "framing", "Two ways to ask the same questions", _answer(found), tuple(blocks),
        notes, short="Framing",
    )  # fmt: skip


def _title(place: Place, several: bool) -> str:
    parts = place[:3] if several else place[1:3]
    return ", ".join(part for part in parts if part)


def _several(found: dict[Place, Rows]) -> bool:
    return len({place[0] for place in found}) > 1


def _answer(found: dict[Place, Rows]) -> str:
    place, rows = next(
        ((p, r) for p, r in found.items() if isfinite(r["difference"]["value"])),
        next(iter(found.items())),
    )
    told = Contrast(place, rows)
    if not isfinite(rows["difference"]["value"]):
        return f"{place[3]} and {place[4]} of {told.where} have no paired difference."
    if told.clear:
        said = f"With {told.where}, {told.ahead} leads {told.behind} by {told.size} {told.interval}"
    else:
        said = f"With {told.where}, {place[3]} and {place[4]} cannot be told apart"
    return f"{said}{told.turn}."


def curves(reading: Reading) -> Figure | None:
    """Return the scores of both variants by checkpoint, for the first readings."""
    found = readings(reading)
    table = reading.table("framing")
    means = table[(table["quantity"] == "mean") & table["checkpoint"].notna()]
    panels, words = [], []
    for place, rows in list(found.items())[:MOST_DRAWN]:
        unit = unit_of(rows)
        mine = means[[place_of(row) == place for row in records(means)]]
        series = tuple(
            _series(reading, place, side, colour, mine[mine["side"] == side], unit)
            for side, colour in (("a", "ochre"), ("b", "blue"))
        )
        if any(len(one["points"]) < 2 for one in series):
            continue
        panel = {
            "title": _title(place, True), "subtitle": f"{place[3]} and {place[4]}",
            "x_name": "checkpoint", "steps": True, "percent": unit.percent, "series": series,
        }  # fmt: skip
        chances = {_chance(rows.get(f"final_mean of {side}", {})) for side in "ab"}
        if len(chances) == 1 and isfinite(chance := chances.pop()):
            panel["chance"] = (chance * unit.factor, "chance")
        turn = seen_turn(rows)
        if isfinite(turn):
            panel["mark"] = (turn, f"turns at {wording.step(turn)}")
        panels.append(panel)
        ends = [f"{one['name']} {wording.fixed(one['points'][-1][1], 1)}" for one in series]
        words.append(f"{panel['title']}: {wording.listing(ends)}")
    if not panels:
        return None
    return Figure(
        "lines",
        {"panels": tuple(panels)},
        caption="Score by checkpoint, two ways to ask the same questions.",
        alt=f"At the last checkpoint: {'; '.join(words)}.",
        note="Thin lines: single runs, one a seed. Thick lines: their means. Bands: intervals of "
        "the means. A benchmark at chance tells nothing apart, whatever its questions are.",
    )


def _chance(row: dict[str, Any]) -> float:
    return nan if missing(row.get("chance")) else float(row["chance"])


def _series(
    reading: Reading, place: Place, side: str, colour: str, means: pd.DataFrame, unit: Unit
) -> dict[str, Any]:
    means = means.sort_values("checkpoint")
    points = tuple((float(row["checkpoint"]), *unit.bounds(row)) for row in records(means))
    name = place[3] if side == "a" else place[4]
    runs = reading.rows("checkpoints", "mean")
    between = str(means["between"].iloc[0]) if len(means) else ""
    wanted = {"model": place[0], "task": place[1], "metric": place[2], between: name}
    runs = runs[runs["seed"].notna() & runs["checkpoint"].notna()]
    if between in ("task", "metric"):
        for key in ("model", "task", "metric"):
            runs = runs[runs[key].astype(str) == wanted[key]]
    else:
        runs = runs.iloc[:0]
    thin = tuple(
        tuple((float(r["checkpoint"]), r["value"] * unit.factor) for r in records(run))
        for _, run in runs.sort_values("checkpoint").groupby("seed")
    )
    return {
        "name": name, "colour": colour, "points": points, "runs": thin if len(thin) > 1 else (),
    }  # fmt: skip


def _table(reading: Reading, found: dict[Place, Rows]) -> Table:
    several = _several(found)
    rows = []
    for place, of_both in found.items():
        unit = unit_of(of_both)
        difference = of_both["difference"]
        clear = difference["low"] > 0 or difference["high"] < 0
        turn = seen_turn(of_both)
        cells = [Cell(_title(place, several) or place[0])]
        for side in "ab":
            mean = of_both.get(f"final_mean of {side}")
            cells.append(unit.cell(mean) if mean else Cell(wording.DASH))
        cells.append(unit.cell(difference, sign=True, tone="strong" if clear else "tie"))
        cells.append(Cell(unit.interval(difference, sign=True) or wording.DASH, tone="quiet"))
        cells += [_ratio(of_both, name) for name in ("final_seed_sd_ratio", "snr_ratio")]
        for side in "ab":
            tau = of_both.get(f"monotonicity of {side}", {}).get("value", nan)
            cells.append(Cell(wording.fixed(tau, 2), tau))
        cells.append(Cell(wording.step(turn) if isfinite(turn) else "none", turn))
        rows.append(Row(tuple(cells), f"{place[3]} (a) and {place[4]} (b)"))
    return Table(
        "framing-table",
        (
            Column("Reading", "name"),
            Column("a"),
            Column("b"),
            Column("a \u2212 b"),
            Column("[low, high]", "text", secondary=True),
            Column("Seed sd, a / b"),
            Column("SNR, a / b", secondary=True),
            Column("tau, a"),
            Column("tau, b"),
            Column("Turns at"),
        ),
        tuple(rows),
        caption="Two variants of one benchmark at the last checkpoint",
        footnotes=(
            "Points for scores between 0 and 1. The difference is paired over the items of both. "
            "Ratios with their intervals; a ratio whose interval holds 1 is not told from 1. tau: "
            "Kendall\u2019s tau-b with the checkpoint, mean over seeds. Turns at: the checkpoint "
            "at which one mean curve overtakes the other, where the data tell.",
        ),
    )


def _ratio(rows: Rows, name: str) -> Cell:
    row = rows.get(name, {})
    value = float(row.get("value", nan))
    if not isfinite(value):
        return Cell(wording.DASH)
    bounds = wording.ratios(row["low"], row["high"])
    return Cell(f"{wording.ratio(value)} {bounds}".rstrip(), value)


def _scatter(reading: Reading, found: dict[Place, Rows]) -> Figure | None:
    table = reading.table("framing")
    correlated = table[(table["quantity"] == "correlation") & table["value"].notna()]
    panels, words = [], []
    for row in records(correlated):
        place = place_of(row)
        mine = {p: rows for p, rows in found.items() if p[1:] == place[1:]}
        points = []
        for p, rows in mine.items():
            unit = unit_of(rows)
            means = (rows.get(f"final_mean of {side}", {}) for side in "ba")
            x, y = (float(mean.get("value", nan)) * unit.factor for mean in means)
            if isfinite(x) and isfinite(y):
                points.append((x, y, p[0]))
        bounds = wording.interval(row["low"], row["high"], 2)
        r = f"r {wording.fixed(row['value'], 2)} {bounds}".rstrip()
        panels.append(
            {
                "title": _title(place, False) or "all models",
                "subtitle": f"{wording.count(len(points), 'model')}, {r}",
                "x_name": place[4], "y_name": place[3], "diagonal": True,
                "groups": (("blue", tuple((x, y) for x, y, _ in points)),),
                "named": tuple(points) if len(points) <= 6 else (),
            }
        )  # fmt: skip
        words.append(f"{place[3]} and {place[4]}: {r} over {wording.count(len(points), 'model')}")
    if not panels:
        return None
    return Figure(
        "scatter",
        {"panels": tuple(panels[:MOST_DRAWN])},
        caption="One variant against the other at the last checkpoint, one point a model.",
        alt=f"{'; '.join(words)}.",
        note="On the dotted line both variants score alike. Models of one family are no "
        "independent points.",
    )
