"""What is missing: rows in = rows used + rows named."""

from math import isfinite
from typing import Any

from evalvar.report import wording
from evalvar.report.model import Block, Cell, Column, Row, Section, Span, Table, Text
from evalvar.report.reading import Reading, records

_QUANTITIES = ("items", "items_missing", "unscored")


def section(reading: Reading) -> Section | None:
    """Return the section, or None where nothing was counted and nothing is to be warned of."""
    warnings = reading.warnings()
    totals = _totals(reading)
    if not warnings and not totals:
        return None
    blocks: list[Block] = []
    gaps = {
        key: cells for key, cells in totals.items() if cells["items_missing"] or cells["unscored"]
    }
    if gaps:
        blocks.append(_table(gaps))
    if warnings:
        blocks.append(Text("list", tuple((Span(sentence),) for sentence in warnings)))
    return Section(
        "missing",
        "What is missing",
        _answer(totals, gaps, warnings),
        tuple(blocks),
        short="What is missing",
    )


def _totals(reading: Reading) -> dict[tuple[str, str, str], dict[str, float]]:
    totals: dict[tuple[str, str, str], dict[str, float]] = {}
    for row in records(reading.rows("coverage", *_QUANTITIES)):
        key = (str(row["model"]), str(row["task"]), str(row["metric"]))
        cells = totals.setdefault(key, {**dict.fromkeys(_QUANTITIES, 0.0), "cells": 0.0})
        cells[str(row["quantity"])] += float(row["value"])
        cells["cells"] += row["quantity"] == "items"
    return totals


def _answer(
    totals: dict[Any, dict[str, float]],
    gaps: dict[Any, dict[str, float]],
    warnings: tuple[str, ...],
) -> str:
    named = wording.count(len(warnings), "remark") + (
        " follows" if len(warnings) == 1 else " follow"
    )
    if not totals:
        return f"{named}."
    scores = sum(cells["items"] for cells in totals.values() if isfinite(cells["items"]))
    absent = sum(cells["items_missing"] for cells in totals.values())
    unscored = sum(cells["unscored"] for cells in totals.values())
    parts = [f"{wording.count(scores, 'score')} were read"]
    if gaps:
        parts.append(
            f"{wording.count(absent)} expected ones are missing and {wording.count(unscored)} "
            "answers are unscored"
        )
        text = "; ".join(parts)
    else:
        text = f"{parts[0]}, none is missing"
    return f"{text}; {named}." if warnings else f"{text}."


def _table(gaps: dict[tuple[str, str, str], dict[str, float]]) -> Table:
    rows = tuple(
        Row(
            (
                Cell(model),
                Cell(metric),
                *(
                    Cell(wording.count(cells[name]), cells[name])
                    for name in ("cells", "items", "items_missing", "unscored")
                ),
            ),
            task,
        )
        for (model, task, metric), cells in sorted(
            gaps.items(), key=lambda pair: (pair[0][1], -pair[1]["items_missing"], pair[0])
        )
    )
    return Table(
        "missing-table",
        (
            Column("Model", "name"),
            Column("Metric", "text"),
            Column("Cells", secondary=True),
            Column("Scores read"),
            Column("Items missing"),
            Column("Unscored"),
        ),
        rows,
        caption="Missing and unscored answers by model, task and metric",
        footnotes=(
            "A cell is one seed, checkpoint and prompt; counts are summed over cells. "
            "Missing: asked in another cell of the task and not in this one. Unscored: asked, and "
            "no score came.",
        ),
        counted="readings",
    )
