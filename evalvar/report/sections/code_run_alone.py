"""The answer of a page that holds one analysis of timed programs, and no scores beside it."""

from math import isfinite
from typing import Any

from evalvar.report import wording
from evalvar.report.reading import Reading, Unit, missing, records
from evalvar.report.sections.code_run_pairs import noise_score


def alone(reading: Reading) -> str:
    """Say what run times, the noise of a score, kinds of problems or weights tell by themselves."""
    return _times(reading) or _noise(reading) or _kinds(reading) or _weights(reading)


def _times(reading: Reading) -> str:
    rows = [row for row in records(reading.rows("runtimes", "rmst_ratio")) if missing(row["item"])]
    if not rows:
        return ""
    row = rows[0]
    ratio = wording.fixed(row["value"], 2)
    ratio = f"{ratio} {wording.interval(row['low'], row['high'], 2)}".rstrip()
    tie = isfinite(row["low"]) and row["low"] <= 1 <= row["high"]
    others = f" {wording.count(len(rows) - 1, 'pair')} more below." if len(rows) > 1 else ""
    return (
        f"{row['a']}\u2019s right programs on {row['task']} take {ratio} times as long as "
        f"{row['b']}\u2019s{': the two cannot be told apart' if tie else ''}.{others}"
    )


def _noise(reading: Reading) -> str:
    score, told = noise_score(reading), dict[str, dict[str, Any]]()
    for row in records(reading.rows("code_noise", "over_item", "over_timing")):
        first = told.get("over_item", row)
        if missing(row["against"]) and (row["functional"], row["model"]) == (score, first["model"]):
            told.setdefault(str(row["quantity"]), row)
    if "over_item" not in told:
        return ""
    row, again = told["over_item"], told.get("over_timing")
    said = f"{score} of {row['model']} on {row['task']} is {_value(row)} for new problems"
    if again is None or not isfinite(again["low"]):
        return f"{said}."
    return f"{said}; {Unit().interval(again)} if only the same programs were timed again."


def _kinds(reading: Reading) -> str:
    rows = [row for row in records(reading.rows("code_by_tag", "eff@1", "pass@1"))
            if missing(row["against"])]  # fmt: skip
    if not rows:
        return ""
    first = rows[0]
    mine = [row for row in rows if all(row[n] == first[n] for n in ("model", "task", "quantity"))]
    kinds = [f"{_value(row)} on problems of {row['tag']}" for row in mine]
    told = wording.listing(kinds, most=4)
    return f"{first['model']} on {first['task']}: {first['quantity']} {told}."


def _weights(reading: Reading) -> str:
    rows = list(records(reading.rows("efficiency_sensitivity", "lead")))
    if not rows:
        return ""
    row = rows[0]
    bounds = wording.interval(row["low"], row["high"], 2, sign=True)
    by = "any" if row["low"] >= 0 else "some, not all,"
    more = f" {wording.count(len(rows) - 1, 'pair')} more in its JSON." if len(rows) > 1 else ""
    return (
        f"{row['model']} is ahead of {row['other']} on {row['task']} by {by} weights of the "
        f"levels: {bounds}, a range over weights and no interval.{more}"
    )


def _value(row: dict[str, Any]) -> str:
    return f"{Unit().cell(row).text} {Unit().interval(row)}".rstrip()
