"""What pruning the items of the lowest discrimination does, beside pruning at random."""

from typing import Any

import pandas as pd

from evalvar.report import wording
from evalvar.report.model import Figure
from evalvar.report.reading import Reading, records

Place = tuple[str, str, str]


def figure(reading: Reading, places: list[Place]) -> Figure | None:
    """Return what pruning does to the mean, its error and monotonicity, beside random items."""
    table = reading.table("items")
    if "size" not in table:
        return None
    shares = table["size"].notna() & table["share"].notna()
    table = table[table["item"].isna() & shares & table["value"].notna()]
    panels, words = [], []
    for place in places:
        model = table["model"].isna() if not place[0] else table["model"] == place[0]
        mine = table[model & (table["task"] == place[1]) & (table["metric"] == place[2])]
        unit = reading.unit(place[1], place[2])
        by = {name: group.sort_values("share") for name, group in mine.groupby("quantity")}
        if "pruned_drift" not in by or len(by["pruned_drift"]) < 2:
            continue
        drift, sd = by["pruned_drift"], by["random_drift_sd"]
        name = ", ".join(part for part in place[:2] if part)
        panels.append(
            {
                "title": name,
                "subtitle": f"drift of the mean, {unit.name or place[2]}",
                "x_name": "share of items pruned",
                "zero": True,
                "series": (
                    _series("lowest r", "blue", drift, unit.factor),
                    {
                        "name": "random",
                        "colour": "muted",
                        "points": tuple(
                            (float(r["share"]), 0.0, *(s * 2 * r["value"] * unit.factor
                                                       for s in (-1, 1)))
                            for r in records(sd)
                        ),
                    },
                ),
            }
        )  # fmt: skip
        panels.append(
            {
                "title": "",
                "subtitle": f"standard error, {unit.name or place[2]}",
                "x_name": "share of items pruned",
                "zero": True,
                "series": (
                    _series("lowest r", "blue", by["pruned_se"], unit.factor),
                    _series("random", "muted", by["random_se"], unit.factor),
                ),
            }
        )
        half = drift.iloc[(drift["share"] - 0.5).abs().argmin()]
        words.append(
            f"{place[1]}: without the {wording.percent(half['share'])} of items of the lowest "
            f"item-rest correlation the mean moves by "
            f"{unit.of(wording.fixed(half['value'] * unit.factor, 1, sign=True))}"
        )
        if "pruned_monotonicity" in by:
            panels += [
                {
                    "title": "",
                    "subtitle": "monotonicity, Kendall\u2019s tau",
                    "x_name": "share of items pruned",
                    "series": (
                        _series("lowest r", "blue", by["pruned_monotonicity"], 1.0),
                        _series("random", "muted", by["random_monotonicity"], 1.0),
                    ),
                }
            ]
    if not panels:
        return None
    return Figure(
        "lines",
        {"panels": tuple(panels)},
        caption="What pruning the items of the lowest discrimination does, beside pruning at "
        "random.",
        alt=wording.sentence("; ".join(words)),
        note="Items that discriminate least are hard ones above all: without them the mean drifts, "
        "which no gain in precision makes good. Grey band: two standard deviations over random "
        "subsets of the same size.",
    )


def _series(name: str, colour: str, rows: pd.DataFrame, factor: float) -> dict[str, Any]:
    points = tuple(
        (float(r["share"]), r["value"] * factor, r["low"] * factor, r["high"] * factor)
        for r in records(rows)
    )
    return {"name": name, "colour": colour, "points": points}
