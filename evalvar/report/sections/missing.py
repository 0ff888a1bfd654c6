"""What is missing: rows in = rows used + rows named."""

import re
from math import isfinite
from typing import Any

from evalvar.report import wording
from evalvar.report.model import Block, Cell, Column, Phrase, Row, Section, Span, Table, Text
from evalvar.report.reading import Reading, records

_QUANTITIES = ("items", "items_missing", "unscored")
# As many remarks of a kind are told by one of them.
LEAST_ALIKE = 3
_NUMBER = r"\d[\d,.]*\d|\d"
_PLURAL = re.compile(r"(# [a-z]+)s\b")
_CELL = (
    "A cell is one model, task, metric, seed, checkpoint and prompt; an item counts once in each, "
    "however many answers it has there."
)


def section(reading: Reading) -> Section | None:
    """Return the section, or None where nothing was counted and nothing is to be warned of."""
    warnings = reading.warnings()
    totals = _totals(reading)
    if not warnings and not totals and not _reported(reading):
        return None
    blocks: list[Block] = []
    gaps = {
        key: cells for key, cells in totals.items() if cells["items_missing"] or cells["unscored"]
    }
    if gaps:
        blocks.append(_table(gaps))
    if warnings:
        blocks += _remarks(reading, warnings)
    return Section(
        "missing",
        "What is missing",
        _answer(totals, gaps, warnings, _reported(reading)),
        tuple(blocks),
        (_CELL,) if totals and not gaps else (),
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
    reported: str,
) -> str:
    said = wording.count(len(warnings), "remark")
    named = f"{said} below {'says' if len(warnings) == 1 else 'say'} what else to know"
    if not totals:
        known = reported or "No result counts the items asked, so none is known to be missing"
        return f"{known}; {named}." if warnings else f"{known}."
    items, absent, unscored, cells = (
        sum(found[name] for found in totals.values() if isfinite(found[name]))
        for name in (*_QUANTITIES, "cells")
    )
    asked = f"{wording.count(items, 'item')} asked in {wording.count(cells, 'cell')}"
    if gaps:
        text = f"{asked}; {wording.count(absent)} missing, {wording.count(unscored)} without score"
    elif cells == 1:
        text = f"{asked}, each with a score"
    else:
        text = f"{asked}, each with a score and none missing that another cell of its task has"
    return f"{text}; {named}." if warnings else f"{text}."


def _reported(reading: Reading) -> str:
    """Say how many scores have no items behind them, and how many of these no interval."""
    means = reading.rows("summary", "mean")
    lone = means[~(means["n"] > 0)]
    if not len(lone):
        return ""
    total = wording.count(len(means), "score")
    which = "the score" if len(means) == 1 else f"all {total}"
    if len(lone) < len(means):
        which = f"{len(lone):,} of {total}"
    bare = int(lone["low"].isna().sum())
    held = f"; {bare:,} of them {'has' if bare == 1 else 'have'} no interval" if bare else ""
    if bare == len(lone):
        held = ", without intervals"
    return f"The items behind {which} are missing, so the values stand as reported{held}"


def _remarks(reading: Reading, warnings: tuple[str, ...]) -> list[Block]:
    """Tell remarks that differ in names and numbers only by the first of them and a count."""
    names = {str(n) for key in ("model", "task", "metric", "a", "b") for n in reading.names(key)}
    names -= {""}
    longest = sorted(names, key=lambda name: (-len(name), name))
    # A name is looked for before a number, since most names hold numbers.
    known = re.compile("|".join([*(rf"(?<!\w){re.escape(n)}(?!\w)" for n in longest), _NUMBER]))
    alike: dict[str, list[str]] = {}
    for sentence in warnings:
        form = _PLURAL.sub(r"\1", known.sub("#", sentence))
        alike.setdefault(form, []).append(sentence)
    told: list[Phrase] = []
    for sentences in alike.values():
        if len(sentences) < LEAST_ALIKE:
            told += [(Span(sentence),) for sentence in sentences]
            continue
        rest = wording.count(len(sentences) - 1, "further remark")
        told.append((Span(sentences[0]), Span(f" {rest} of this kind.", "quiet")))
    blocks: list[Block] = [Text("list", tuple(told))]
    if len(told) < len(warnings):
        full = tuple((Span(sentence),) for sentence in warnings)
        blocks.append(Text("list", full, folded=f"All {wording.count(len(warnings), 'remark')}"))
    return blocks


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
            Column("Items asked"),
            Column("Items missing"),
            Column("Unscored"),
        ),
        rows,
        caption="Missing and unscored answers by model, task and metric",
        footnotes=(
            f"{_CELL} Missing: asked in another cell of the task and not in this one. Unscored: "
            "asked, and no score came.",
        ),
        counted="readings",
    )
