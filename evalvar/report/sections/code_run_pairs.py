"""Timed programs of several models beside each other, and what an efficiency's error is made of."""

from math import isfinite, nan
from typing import Any

from evalvar.report import wording
from evalvar.report.model import Cell, Column, Row, Table, Tone
from evalvar.report.reading import Reading, Unit, missing, number, records
from evalvar.report.sections.code_run_figures import share

_OVER = ("over_item", "over_sample", "over_timing")
_PARTS = ("problem", "sample", "timing", "reference")
# A share above one stands beside one below zero; beyond this they tell nothing.
MOST_SHARE = 1.5


def noise_score(reading: Reading) -> str:
    """Return the eff@k of the fewest tries whose error is known."""
    found = {str(row["functional"]) for row in records(reading.table("code_noise"))}
    return min((name for name in found if name.startswith("eff@")),
               key=lambda name: int(name.removeprefix("eff@")), default="eff@1")  # fmt: skip


def noise_table(reading: Reading) -> Table | None:
    """Return eff@k of every model with its error for new problems, new samples and new timings."""
    table, score = reading.table("code_noise"), noise_score(reading)
    found: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    for row in records(table):
        if missing(row.get("against")) and str(row["functional"]) == score:
            place = (str(row["task"]), str(row["model"]))
            found.setdefault(place, {})[str(row["quantity"])] = row
    rows = [
        (place, mine)
        for place, mine in found.items()
        if isfinite(mine.get("over_timing", {}).get("low", nan))
    ]
    if not rows:
        return None
    rows.sort(key=lambda one: (one[0][0], -float(one[1]["over_item"]["value"])))
    body = []
    for (task, model), mine in rows:
        cells = [Cell(model)]
        cells += [Cell(_bounds(mine.get(name)), tone="quiet") for name in _OVER]
        cells += _parts(mine)
        body.append(Row(tuple(cells), task))
    level = wording.percent(rows[0][1]["over_item"]["level"])
    return Table(
        "efficiency-noise-table",
        (
            Column("Model", "name"),
            Column(f"{score}, new problems", "text"),
            Column("new samples", "text", secondary=True),
            Column("timed again", "text"),
            *(Column(f"by {name}", secondary=True) for name in _PARTS),
        ),
        tuple(body),
        caption="What the error of an efficiency is made of",
        footnotes=(
            f"{level} intervals of {score} if problems were drawn again, if only samples were, and "
            "if only the same programs were timed again, on this machine. By problem, sample, "
            "timing and reference: shares of the squared error for new problems, as estimated: one "
            "below 0 is 0 but for noise; a dash: not known. A machine that drifts between sittings "
            "is in none of them.",
        ),
        counted="models",
    )


def _bounds(row: dict[str, Any] | None) -> str:
    if row is None or not isfinite(row["low"]):
        return wording.DASH
    # The interval of new timings is the shortest by far: each has digits of its own.
    return Unit().interval(row)


def _parts(mine: dict[str, dict[str, Any]]) -> list[Cell]:
    """Return the shares of the squared error as estimated; dashes where they cancel each other."""
    shares = [float(mine.get(f"share_{name}", {}).get("value", nan)) for name in _PARTS]
    if any(value > MOST_SHARE for value in shares):
        return [Cell(wording.DASH)] * len(_PARTS)
    return [
        Cell(share(value) if 0 <= value <= 1 else f"{wording.fixed(100 * value, 0)}%", value)
        if isfinite(value)
        else Cell(wording.DASH)
        for value in shares
    ]


def tag_table(reading: Reading) -> Table | None:
    """Return pass@1, eff@1 and their gap on every kind of problem."""
    found: dict[tuple[str, str, str], dict[str, dict[str, Any]]] = {}
    for row in records(reading.table("code_by_tag")):
        if missing(row.get("against")):
            place = (str(row["task"]), str(row["tag"]), str(row["model"]))
            found.setdefault(place, {})[str(row["quantity"])] = row
    several = len({tag for _, tag, _ in found}) > 1
    rows = []
    for (task, tag, model), mine in found.items():
        if not several or "eff@1" not in mine:
            continue
        problems = number(mine["eff@1"], "items")
        cells = [Cell(tag), Cell(model), Cell(wording.count(problems), problems)]
        for name in ("pass@1", "eff@1", "gap@1"):
            told = mine.get(name)
            cells.append(Unit().cell(told) if told else Cell(wording.DASH))
            if name != "pass@1":
                bounds = Unit().interval(told) if told else ""
                cells.append(Cell(bounds or wording.DASH, tone="quiet"))
        rows.append(Row(tuple(cells), task))
    if not rows:
        return None
    scored = next(mine["eff@1"] for mine in found.values() if "eff@1" in mine)
    level = wording.percent(scored["level"])
    return Table(
        "tags-table",
        (
            Column("Problems of", "name"), Column("Model", "text"),
            Column("Problems", secondary=True), Column("pass@1", secondary=True), Column("eff@1"),
            Column("[low, high]", "text", secondary=True), Column("gap@1"),
            Column("[low, high]", "text", secondary=True),
        ),
        tuple(rows),
        caption="One try by kind of problem",
        footnotes=(
            "By the tag of the problem, each tag alone and nothing adjusted for their number; "
            f"{level} intervals over the problems that can be scored for efficiency.",
        ),
        counted="rows",
    )  # fmt: skip


def weights_remark(reading: Reading, task: str) -> str:
    """Say whether the order of models hangs on how much the levels count."""
    table = reading.rows("efficiency_sensitivity", "lead")
    leads = [row for row in records(table) if str(row["task"]) == task]
    if not leads:
        return ""
    hanging = [row for row in leads if not row["low"] >= 0]
    if not hanging:
        return (
            " Whatever the weights of the levels, the order of the models stays the same on these "
            "problems and programs, which is no interval."
        )
    pairs = [
        f"{row['model']} and {row['other']} (lead "
        f"{wording.interval(row['low'], row['high'], 2, sign=True)})"
        for row in hanging
    ]
    return (
        f" By other weights of the levels the order of {wording.listing(pairs, most=2)} may turn, "
        f"of {wording.count(len(leads), 'pair')}."
    )


def runtimes_table(reading: Reading) -> Table | None:
    """Return the ratio of the run times of two models' right programs, and the log-rank test."""
    table = reading.table("runtimes")
    found: dict[tuple[str, str, str], dict[str, dict[str, Any]]] = {}
    for row in records(table):
        if missing(row.get("item")):
            place = (str(row["task"]), str(row["a"]), str(row["b"]))
            found.setdefault(place, {})[str(row["quantity"])] = row
    rows = []
    for (task, a, b), mine in found.items():
        ratio = mine.get("rmst_ratio")
        if ratio is not None and isfinite(ratio["value"]):
            rows.append(Row(_runtimes(a, b, ratio, mine.get("log_rank")), task))
    if not rows:
        return None
    first = next(iter(found.values()))["rmst_ratio"]
    return Table(
        "runtimes-table",
        (
            Column("First", "name"), Column("Second", "text"), Column("Time ratio"),
            Column("[low, high]", "text", secondary=True), Column("Log-rank p"),
            Column("First stopped", secondary=True), Column("Second stopped", secondary=True),
            Column("Problems", secondary=True),
        ),
        tuple(rows),
        caption="Whose right programs are faster",
        footnotes=(
            "Time ratio: first over second, below 1 the first is faster: means of the slowest case "
            "up to the limit, what was stopped counted there, on the problems that both solve "
            f"(ratio of their means; {wording.percent(first['level'])} interval for new problems). "
            "Log-rank: within problems, over all of them, exact where few. Not adjusted for "
            "several pairs.",
        ),
        counted="pairs",
    )  # fmt: skip


def _runtimes(
    a: str, b: str, ratio: dict[str, Any], test: dict[str, Any] | None
) -> tuple[Cell, ...]:
    clear = isfinite(ratio["low"]) and not ratio["low"] <= 1 <= ratio["high"]
    tone: Tone = "strong" if clear else "tie"
    p = float(test["p_value"]) if test is not None else nan
    stopped = [number(ratio, name) for name in ("stopped_a", "stopped_b")]
    of = [number(ratio, name) for name in ("programs_a", "programs_b")]
    told = [f"{wording.count(s)} of {wording.count(n)}" for s, n in zip(stopped, of, strict=True)]
    return (
        Cell(a),
        Cell(b),
        Cell(wording.fixed(ratio["value"], 2), ratio["value"], tone=tone),
        Cell(wording.interval(ratio["low"], ratio["high"], 2) or wording.DASH, tone="quiet"),
        Cell(wording.p_value(p), p),
        *(Cell(text, s) for text, s in zip(told, stopped, strict=True)),
        Cell(wording.count(number(ratio, "problems")), number(ratio, "problems")),
    )
