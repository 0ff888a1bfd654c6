"""Which questions work: difficulty, discrimination, what looks wrong, and what pruning does."""

from math import isfinite, nan
from typing import Any

import pandas as pd

from evalvar.report import wording
from evalvar.report.model import Block, Cell, Column, Figure, Row, Section, Table
from evalvar.report.reading import Reading, Unit, missing, records
from evalvar.report.reading import number as count_of
from evalvar.report.sections import abilities, halves, pruning

MOST_DRAWN = 4
MOST_NAMED = 12
Place = tuple[str, str, str]
Rows = dict[str, dict[str, Any]]
# What makes an item worth a look, most telling first.
_CALLED = {
    "suspect_label": "another answer is the better models\u2019 choice",
    "conflicting_gold": "same question, another gold answer",
    "flipped": "better models score lower",
    "duplicate": "same question again",
}


def section(reading: Reading) -> Section | None:
    """Return the section, or None where items were not analysed."""
    found = readings(reading)
    fitted = abilities.blocks(reading)
    known = any(isfinite(_value(rows, "alpha")) for rows in found.values())
    if not known and not fitted:
        return None
    blocks: list[Block] = _of_answers(reading, found) if known else []
    left = len(found) - MOST_DRAWN if known else 0
    notes = (f"{wording.count(left, 'further reading')} not drawn.",) if left > 0 else ()
    said = _answer(found) if known else abilities.answer(reading)
    return Section("items", "Which questions work", said, (*blocks, *fitted), notes, short="Items")


def _of_answers(reading: Reading, found: dict[Place, Rows]) -> list[Block]:
    blocks: list[Block] = [_table(reading, found)]
    drawn = (scatter(reading), halves.figure(reading, found))
    blocks += [figure for figure in drawn if figure is not None]
    flagged = _flagged(reading, found)
    if flagged.rows:
        blocks.append(flagged)
    pruned = pruned_figure(reading)
    return blocks if pruned is None else [*blocks, pruned]


def readings(reading: Reading) -> dict[Place, Rows]:
    """Return the rows about whole tasks by (model, task, metric) and quantity, in page order."""
    table = reading.table("items")
    if "size" not in table:
        return {}
    of_tasks = table[table["item"].isna() & table["size"].isna()]
    found: dict[Place, Rows] = {}
    for row in records(of_tasks):
        model = "" if missing(row["model"]) else str(row["model"])
        place = (model, str(row["task"]), str(row["metric"]))
        found.setdefault(place, {})[str(row["quantity"])] = row
    ordered: dict[Place, Rows] = {}
    for model, task in dict.fromkeys(place[:2] for place in found):
        names = [place[2] for place in found if place[:2] == (model, task)]
        # Several metrics score the same answers: the one that stands for the task is enough.
        head = reading.metrics(task, names)[0]
        ordered[model, task, head] = found[model, task, head]
    return ordered


def _value(rows: Rows, quantity: str) -> float:
    return float(rows[quantity]["value"]) if quantity in rows else nan


def _answer(found: dict[Place, Rows]) -> str:
    place, rows = max(
        ((place, rows) for place, rows in found.items() if isfinite(_value(rows, "alpha"))),
        key=lambda one: max(count_of(one[1]["alpha"], "items"), 0.0),
    )
    alpha = rows["alpha"]
    dead, saturated, wrong = (_value(rows, n) for n in ("dead", "saturated", "suspect_label"))
    reliability = f"{Unit().cell(alpha).text} {Unit().interval(alpha)}".rstrip()
    many = wording.count(count_of(alpha, "items"), "item")
    said = (
        f"The {many} of {wording.place(*place[1:])} order "
        f"{_respondents(alpha)} with reliability {reliability}"
    )
    tell_nothing = [
        f"{wording.count(number, 'item')} {who} gets right"
        for number, who in ((dead, "nobody"), (saturated, "everybody"))
        if number > 0
    ]
    if tell_nothing:
        said += f"; {wording.listing(tell_nothing)}"
    flipped = _value(rows, "flipped")
    suspects = max(wrong if isfinite(wrong) else 0, flipped if isfinite(flipped) else 0)
    if suspects > 0:
        said += f"; {wording.count(suspects, 'item')} may be labelled wrongly"
    return f"{said}."


def _respondents(row: dict[str, Any]) -> str:
    return wording.count(count_of(row, "respondents"), str(row["unit"]))


def _table(reading: Reading, found: dict[Place, Rows]) -> Table:
    several = any(place[0] for place in found)
    rows = []
    for place, of_task in found.items():
        alpha = of_task.get("alpha")
        if alpha is None:
            continue
        unit = reading.unit(place[1], place[2])
        name = ", ".join(part for part in place if part) if several else ", ".join(place[1:])
        split = of_task.get("split_stability", {})
        cells = [
            Cell(name),
            Cell(wording.count(count_of(alpha, "items")), count_of(alpha, "items")),
            Unit().cell(alpha, tone="strong"),
            Cell(Unit().interval(alpha) or wording.DASH, tone="quiet"),
            Cell(unit.deviation(_value(of_task, "sem")), _value(of_task, "sem")),
        ]
        for quantity in ("dead", "saturated", "flipped", "suspect_label"):
            number = _value(of_task, quantity)
            alarming = quantity in ("flipped", "suspect_label") and number > 0
            text = wording.count(number) if isfinite(number) else wording.DASH
            cells.append(Cell(text, number, tone="warn" if alarming else ""))
        cells.append(_correlation(split))
        cells.append(_correlation(of_task.get("weak_strong_stability", {})))
        rows.append(Row(tuple(cells)))
    who = sorted({_respondents(r["alpha"]) for r in found.values() if "alpha" in r})
    return Table(
        "items-table",
        (
            Column("Benchmark", "name"),
            Column("Items"),
            Column("Reliability"),
            Column("[low, high]", "text", secondary=True),
            Column("Error of a score"),
            Column("None right"),
            Column("All right"),
            Column("Falling"),
            Column("Label?"),
            Column("r, halves", secondary=True),
            Column("r, weak to strong", secondary=True),
        ),
        tuple(rows),
        caption="How well the items of each benchmark tell respondents apart",
        footnotes=(
            f"From {wording.listing(who)}. Reliability: KR-20, or Cronbach\u2019s alpha. "
            "Error of a score: standard error of measurement. Falling: items on which the better "
            "respondents score lower; Label?: items whose gold answer the better respondents "
            "agree is another; both with the false discovery rate in the settings. r: do "
            "discriminations found on one half of the respondents return on the other, mean over "
            "random halves; and on the stronger half, those found on the weaker.",
        ),
        counted="benchmarks" if len(rows) > 1 else "",
    )


def _correlation(row: dict[str, Any]) -> Cell:
    value = float(row.get("value", nan))
    return Cell(wording.fixed(value, 2), value)


def _of_items(reading: Reading, place: Place) -> pd.DataFrame:
    """Return difficulty, discrimination and flags of every item of a reading."""
    table = reading.table("items")
    model = table["model"].isna() if not place[0] else table["model"] == place[0]
    mine = table[
        model & (table["task"] == place[1]) & (table["metric"] == place[2]) & table["item"].notna()
    ]
    wide = mine[mine["quantity"].isin(["difficulty", "rest_discrimination"])].pivot(
        index="item", columns="quantity", values="value"
    )
    flags = mine.drop_duplicates("item").set_index("item")
    return wide.join(flags[["flag", "chosen_instead", "gold"]])


def scatter(reading: Reading) -> Figure | None:
    """Return difficulty against discrimination, one point an item."""
    panels, words = [], []
    for place in list(readings(reading))[:MOST_DRAWN]:
        items = _of_items(reading, place)
        if "rest_discrimination" not in items:
            continue
        items = items.dropna(subset=["difficulty", "rest_discrimination"])
        if not len(items):
            continue
        looked = items["flag"].fillna("").str.contains("flipped|suspect_label")
        x, y = items["rest_discrimination"], items["difficulty"]
        groups = tuple(
            (colour, tuple(zip(x[rows].tolist(), y[rows].tolist(), strict=True)))
            for colour, rows in (("blue", ~looked), ("seed", looked))
            if rows.any()
        )
        negative = int((x < 0).sum())
        panels.append(
            {
                "title": ", ".join(part for part in place[:2] if part),
                "subtitle": f"{place[2]}, {wording.count(len(items), 'item')}",
                "x_name": "item-rest correlation",
                "y_name": "mean score (high is easy)",
                "zero": True,
                "groups": groups,
            }
        )
        words.append(
            f"{place[1]}: {wording.count(negative)} of {wording.count(len(items), 'item')} have a "
            f"negative item-rest correlation, {wording.count(int(looked.sum()))} clearly"
        )
    if not panels:
        return None
    return Figure(
        "scatter",
        {"panels": tuple(panels)},
        caption="Difficulty against discrimination, one point an item.",
        alt=wording.sentence("; ".join(words)),
        note="Right: items on which better respondents score higher. Left of 0: lower. Orange: "
        "flagged, with false discoveries controlled. With few respondents most of the width is "
        "chance. Where items are many, the area of a square is the number of items in it.",
    )


def _flagged(reading: Reading, found: dict[Place, Rows]) -> Table:
    rows = []
    for place in found:
        items = _of_items(reading, place)
        flags = items["flag"].fillna("").astype(str)
        for item, row in items.assign(flag=flags).iterrows():
            told = [words for name, words in _CALLED.items() if name in row["flag"]]
            if told:
                rows.append((place, str(item), row, told))
    order = {words: i for i, words in enumerate(_CALLED.values())}
    rows.sort(key=lambda one: (order[one[3][0]], one[2].get("rest_discrimination", nan)))
    shown = tuple(
        Row(
            (
                Cell(f"{place[1]}, {item}"),
                Cell(wording.fixed(row.get("difficulty", nan), 2), row.get("difficulty", nan)),
                Cell(
                    wording.fixed(row.get("rest_discrimination", nan), 2),
                    row.get("rest_discrimination", nan),
                ),
                Cell(_reasons(told, row)),
            )
        )
        for place, item, row, told in rows[:MOST_NAMED]
    )
    more = len(rows) - len(shown)
    further = f" {wording.count(more, 'further item')} not shown." if more > 0 else ""
    return Table(
        "flagged-table",
        (
            Column("Item", "name"),
            Column("Mean score"),
            Column("Item-rest r"),
            Column("Why look", "text"),
        ),
        shown,
        caption="Items worth a look",
        footnotes=(f"A flag is a reason to read the question, not a proof.{further}",),
        sortable=False,
    )


def _reasons(told: list[str], row: Any) -> str:
    text = "; ".join(told)
    chosen, gold = row["chosen_instead"], row["gold"]
    if not missing(chosen):
        text += f" ({chosen}" + ("" if missing(gold) else f" for {gold}") + ")"
    return text


def pruned_figure(reading: Reading) -> Figure | None:
    """Return what pruning does to the mean, its error and monotonicity, beside random items."""
    return pruning.figure(reading, list(readings(reading))[:MOST_DRAWN])
