"""What a shorter benchmark costs, always beside random items of the same number."""

from math import isfinite, nan
from typing import Any

from evalvar.report import wording
from evalvar.report.model import Block, Cell, Column, Figure, Row, Section, Table, Tone
from evalvar.report.reading import Reading, Unit, missing, number, records
from evalvar.report.sections.folding import folded

MOST_DRAWN = 2
# Benchmarks whose ways to choose are shown; those of the others are folded.
MOST_WHOLE = 4
_LINES = ("blue", "ochre", "teal", "purple")
_SHOWN_SIZE = 100
# model, task, metric; an empty part is all of them
Place = tuple[str, str, str]
Way = tuple[str, str]
Rows = dict[tuple[Way, int, str], dict[str, Any]]
_PARTS = ("model", "task", "metric")
_SELECTIONS = {
    "random": "random", "stratified": "strata", "neyman": "strata by variance",
    "anchor": "anchors", "anchor_irt": "IRT anchors", "information": "informative",
    "diverse": "diverse",
}  # fmt: skip
_ESTIMATORS = {"p_irt": "p-IRT", "gp_irt": "gp-IRT", "control_variate": "control variate"}
_RANDOM: Way = ("random", "mean")
_HEADS = {
    "error": "Mean error", "half_width": "Error bar \u00b1", "bias": "Bias",
    "rank_agreement": "Rank agreement", "seed_sd": "Seed sd", "monotonicity": "Monotonicity",
}  # fmt: skip


def section(reading: Reading) -> Section | None:
    """Return the section, or None where no shorter benchmark was tried."""
    found = readings(reading)
    if not found:
        return None
    blocks: list[Block] = []
    drawn = figure(reading)
    if drawn is not None:
        blocks.append(drawn)
    blocks += _tables(found)
    return Section(
        "shorter", "What a shorter benchmark costs", _answer(reading, found), tuple(blocks),
        short="Shorter",
    )  # fmt: skip


def readings(reading: Reading) -> dict[Place, Rows]:
    """Return the rows of every benchmark by its headline metric."""
    found: dict[Place, Rows] = {}
    for row in records(reading.table("subset")):
        parts = ["" if missing(row[name]) else str(row[name]) for name in _PARTS]
        way = (str(row["selection"]), str(row["estimator"]))
        key = (way, int(row["size"]), str(row["quantity"]))
        found.setdefault((parts[0], parts[1], parts[2]), {})[key] = row
    ordered: dict[Place, Rows] = {}
    for model, task in dict.fromkeys(place[:2] for place in found):
        names = [place[2] for place in found if place[:2] == (model, task)]
        head = reading.metrics(task, names)[0]
        ordered[model, task, head] = found[model, task, head]
    # What is left of a benchmark that was not made shorter says nothing of that.
    return {place: rows for place, rows in ordered.items() if _sizes(rows)}


def _unit(rows: Rows) -> Unit:
    points = next(iter(rows.values())).get("in_points")
    return Unit(100.0, "points") if not missing(points) and points else Unit()


def _items(rows: Rows) -> int:
    """Return the number of items of the whole benchmark."""
    told = [row.get("items") for row in rows.values()]
    return max((int(float(str(n))) for n in told if not missing(n)), default=0)


def _called(way: Way) -> str:
    """Return what a way to choose and to estimate is called on the page.

    >>> _called(("anchor_irt", "gp_irt")), _called(("stratified", "weighted"))
    ('IRT anchors (gp-IRT)', 'strata')
    """
    selection = _SELECTIONS.get(way[0], way[0])
    return f"{selection} ({_ESTIMATORS[way[1]]})" if way[1] in _ESTIMATORS else selection


def _sizes(rows: Rows) -> list[int]:
    return sorted({size for way, size, _ in rows if way[0] != "full"})


def _size(rows: Rows) -> int:
    """Return the size that the table shows: the one nearest to a hundred."""
    return min(_sizes(rows), key=lambda n: (abs(n - _SHOWN_SIZE), n))


def _ways(rows: Rows) -> list[Way]:
    """Return the ways that were tried, random items first."""
    ways = dict.fromkeys(way for way, _, _ in rows if way[0] != "full")
    return sorted(ways, key=lambda way: way != _RANDOM)


def _row(rows: Rows, way: Way, size: int, quantity: str) -> dict[str, Any]:
    return rows.get((way, size, quantity), {})


def _answer(reading: Reading, found: dict[Place, Rows]) -> str:
    place, rows = max(found.items(), key=lambda one: _items(one[1]))
    unit, size = _unit(rows), _size(rows)
    items = _items(rows)
    full = _row(rows, ("full", "mean"), items, "half_width").get("value", nan)
    short = _row(rows, _RANDOM, size, "half_width").get("value", nan)
    said = (
        f"{wording.count(size)} of the {wording.count(items, 'item')} of {place[1] or 'all tasks'}"
    )
    if isfinite(full) and isfinite(short):
        said += (
            f", drawn at random, make the error bar ±\u00a0{unit.deviation(short)} instead of "
            f"±\u00a0{unit.of(unit.deviation(full))}"
        )
    better = [_called(way) for way in _ways(rows) if _beyond(rows, way, size) == "better"]
    said += (
        f"; {wording.listing(better)} {'err' if len(better) > 1 else 'errs'} less than the mean of "
        "random items of that number"
        if better
        else "; no way to choose them has a clearly smaller error than the mean of random items of "
        "that number"
    )
    ranked = [
        way for way in _ways(rows) if _verdict(_row(rows, way, size, "rank_agreement")) == "better"
    ]
    if better and not ranked:
        said += ", but none orders models clearly better"
    elsewhere = [
        other[1] or "all tasks"
        for other, mine in found.items()
        if other != place
        and any(_beyond(mine, way, _size(mine)) == "better" for way in _ways(mine))
    ]
    if elsewhere and not better:
        said += f" (on {wording.listing(elsewhere)} one has)"
    return f"{said}."


def _beyond(rows: Rows, way: Way, size: int) -> str:
    return _verdict(_row(rows, way, size, "error"))


def _verdict(row: dict[str, Any]) -> str:
    """Return how a way stands to the mean of random items, choice and estimate together."""
    told = row.get("beyond_mean", row.get("beyond_random"))
    return "" if missing(told) else str(told)


def figure(reading: Reading) -> Figure | None:
    """Return error and rank agreement by number of items, for the first benchmarks."""
    panels: list[dict[str, Any]] = []
    words = []
    for place, rows in readings(reading).items():
        unit = _unit(rows)
        sizes = _sizes(rows)
        if len(sizes) < 2 or len(panels) >= 2 * MOST_DRAWN:
            continue
        drawn = _drawn(rows, sizes[-1])
        for quantity, name, factor, suffix in (
            ("error", "mean error of a score", unit.factor, unit.name or place[2]),
            ("rank_agreement", "agreement of ranks, Kendall\u2019s tau", 1.0, ""),
        ):
            series = _series(rows, sizes, quantity, factor, drawn)
            if not series:
                continue
            panels.append(
                {
                    "title": ", ".join(part for part in place[:2] if part) or "all tasks",
                    "subtitle": f"{name}, {suffix}" if suffix else name,
                    "x_name": "items", "log": True, "zero": quantity == "error",
                    "series": series,
                }
            )  # fmt: skip
            at = [f"{one['name']} {wording.fixed(one['points'][-1][1], 2)}" for one in series]
            words.append(f"{name} of {sizes[-1]} items of {place[1]}: {wording.listing(at)}")
    if not panels:
        return None
    return Figure(
        "lines",
        {"panels": tuple(panels)},
        caption="Error of the score, and agreement of ranks, by number of items.",
        alt=wording.sentence("; ".join(words)),
        note="Grey band: where single random subsets of that size lie. Items are chosen by the "
        "answers of some models and judged on others. Methods inside the band buy nothing that "
        "luck could not.",
    )


def _drawn(rows: Rows, size: int) -> dict[Way, str]:
    """Return the ways of the least error, each with its colour in all panels of a benchmark."""
    errors = {
        way: float(_row(rows, way, size, "error").get("value", nan))
        for way in _ways(rows)
        if way != _RANDOM
    }
    best = sorted((way for way in errors if isfinite(errors[way])), key=lambda way: errors[way])
    return dict(zip(best, _LINES, strict=False))


def _series(
    rows: Rows, sizes: list[int], quantity: str, factor: float, drawn: dict[Way, str]
) -> list[dict[str, Any]]:
    random = [_row(rows, _RANDOM, size, quantity) for size in sizes]
    if not all(random):
        return []
    band = tuple(
        (float(size), *(number(row, n) * factor for n in ("value", "random_low", "random_high")))
        for size, row in zip(sizes, random, strict=True)
    )
    series = [{"name": _called(_RANDOM), "colour": "muted", "points": band}]
    for way, colour in drawn.items():
        points = tuple(
            (float(size), _row(rows, way, size, quantity).get("value", nan) * factor, nan, nan)
            for size in sizes
        )
        series.append({"name": _called(way), "colour": colour, "points": points})
    return series


def _tables(found: dict[Place, Rows]) -> tuple[Table, ...]:
    kinds = [kind for kind in _HEADS if any(_known(rows, kind) for rows in found.values())]
    rows = [
        (number < MOST_WHOLE, row)
        for number, (place, mine) in enumerate(found.items())
        for row in _rows(place, mine, kinds)
    ]
    table = Table(
        "shorter-table",
        (
            Column("Items chosen", "name"),
            *(Column(_HEADS[kind], secondary=kind in ("bias", "half_width")) for kind in kinds),
            Column("Error, by choice", "text", secondary=True),
            Column("Error, in all", "text"),
        ),
        (),
        caption="What items chosen in each way cost, beside random ones",
        footnotes=(
            "Points for scores between 0 and 1. Random items: mean over many draws. By choice: "
            "beside random items of that number with the same estimate; in all: beside their plain "
            "mean. Bold: clearly better in all; orange: clearly worse. Rank agreement: "
            "Kendall\u2019s tau-b of the order of models (of runs, where models are few). Seed sd, "
            "monotonicity, rank agreement as in Madaan et al. (2024), Tables 3, 4 and 7. \u201cno "
            "better\u201d: a gain of a tenth over random items is excluded.",
        ),
        sortable=False,
    )
    return folded(table, rows, "row", of="other benchmarks")


def _known(rows: Rows, kind: str) -> bool:
    mine = (row for (way, _, name), row in rows.items() if name == kind and way[0] != "full")
    return any(isfinite(row["value"]) for row in mine)


def _rows(place: Place, rows: Rows, kinds: list[str]) -> list[Row]:
    unit, size = _unit(rows), _size(rows)
    items = _items(rows)
    name = ", ".join(part for part in place[:2] if part) or "all tasks"
    group = f"{name} ({place[2]}): {size:,} of {wording.count(items, 'item')}"
    body = []
    for way in _ways(rows):
        cells = [_cell(_row(rows, way, size, kind), kind, unit) for kind in kinds]
        # A way that this benchmark's scores do not allow is named among the remarks.
        if any(isfinite(cell.value) for cell in cells):
            chosen = _row(rows, way, size, "error").get("beyond_random")
            told = ("" if missing(chosen) else str(chosen), _beyond(rows, way, size))
            body.append(Row((Cell(_called(way)), *cells, *map(Cell, told)), group))
    whole = [_cell(_row(rows, ("full", "mean"), items, kind), kind, unit) for kind in kinds]
    body.append(
        Row((Cell(f"all {wording.count(items, 'item')}"), *whole, Cell(""), Cell("")), group)
    )
    return body


def _cell(row: dict[str, Any], kind: str, unit: Unit) -> Cell:
    value = float(row.get("value", nan))
    if not isfinite(value):
        return Cell(wording.DASH)
    tones: dict[str, Tone] = {"better": "strong", "worse": "warn"}
    tone = tones.get(_verdict(row), "")
    if kind in ("rank_agreement", "monotonicity"):
        return Cell(wording.fixed(value, 2), value, tone=tone)
    text = unit.deviation(abs(value))
    sign = wording.MINUS if value < 0 else "+" if kind == "bias" else ""
    return Cell(f"{sign}{text}", value, tone=tone)
