"""Where the noise comes from: shares of one answer beside shares of the score's squared error."""

from math import isfinite
from typing import Any

from evalvar.report import wording
from evalvar.report.model import Block, Cell, Column, Figure, Row, Section, Table
from evalvar.report.reading import Reading, Unit, missing, records
from evalvar.report.sections.folding import chief, folded

MOST_DRAWN = 8
Place = tuple[str, str, str]
# What a source is called on the page, and its colour there.
_SEED = "training seed"
_CALLED = {
    "item": ("items", "blue"),
    "seed": (_SEED, "seed"),
    "prompt": ("prompt", "purple"),
    "item x seed": (wording.crossed("item x seed"), "ochre"),
    # Two that cannot be told apart: a colour of their own beside each of them.
    "item x seed + sample": (f"{wording.crossed('item x seed')}, sampling", "muted"),
    "sample": ("sampling", "teal"),
    "item + sample": ("items and sampling as one", "muted"),
}
# Parts of three and four names would each need a colour; the table names the largest.
_OTHERS = ("all other parts", "muted")


def section(reading: Reading) -> Section | None:
    """Return the section, or None where nothing was split into its sources."""
    found = readings(reading)
    if not found:
        return None
    blocks: list[Block] = []
    heads = _heads(reading, found)
    drawn = figure(reading, _chosen(heads), found)
    if drawn is not None:
        blocks.append(drawn)
    blocks += _tables(reading, heads, found)
    left = len(heads) - len(_chosen(heads))
    notes = (f"{wording.count(left, 'further reading')} not drawn.",) if left > 0 else ()
    return Section(
        "noise", "Where the noise comes from", _answer(heads, found), tuple(blocks), notes,
        short="Sources of noise",
    )  # fmt: skip


def readings(reading: Reading) -> dict[Place, dict[str, dict[str, Any]]]:
    """Return the rows of every model, task and metric by quantity."""
    found: dict[Place, dict[str, dict[str, Any]]] = {}
    for row in records(reading.rows("variance_components")):
        place = (str(row["model"]), str(row["task"]), str(row["metric"]))
        found.setdefault(place, {})[str(row["quantity"])] = row
    return {
        place: rows
        for place, rows in found.items()
        if any(name.startswith("share_") for name in rows)
    }


def main_source(rows: dict[str, dict[str, Any]]) -> tuple[str, float]:
    """Return the source with the largest share of the mean's squared error, and that share."""
    shares = _of_the_mean(rows)
    return max(shares, key=lambda part: part[1]) if shares else ("", float("nan"))


def _of_the_mean(rows: dict[str, dict[str, Any]]) -> list[tuple[str, float]]:
    parts = []
    for name, row in rows.items():
        share = row.get("share_of_mean")
        if name.startswith("var_") and not missing(share):
            parts.append((name.removeprefix("var_"), float(str(share))))
    return _whole(parts)


def _of_one_answer(rows: dict[str, dict[str, Any]]) -> list[tuple[str, float]]:
    return _whole(
        [
            (name.removeprefix("share_"), float(row["value"]))
            for name, row in rows.items()
            if name.startswith("share_")
        ]
    )


def _whole(parts: list[tuple[str, float]]) -> list[tuple[str, float]]:
    """Read negative estimates as nothing, so that the parts are parts of a whole."""
    total = sum(max(share, 0.0) for _, share in parts)
    return [(name, max(share, 0.0) / total) for name, share in parts] if total > 0 else []


def _heads(reading: Reading, found: dict[Place, Any]) -> list[Place]:
    """Order the readings: by model and task, the metric that stands for the task first."""
    heads = []
    for model, task in dict.fromkeys(place[:2] for place in found):
        metrics = reading.metrics(task, [p[2] for p in found if p[:2] == (model, task)])
        heads += [(model, task, metric) for metric in metrics]
    return heads


def _chosen(heads: list[Place]) -> list[Place]:
    """Take the first readings of every task, as many of each as there is room for."""
    tasks = list(dict.fromkeys(place[:2] for place in heads))
    each = max(1, MOST_DRAWN // len(tasks))
    few = [[place for place in heads if place[:2] == task][:each] for task in tasks]
    return [place for some in few for place in some][:MOST_DRAWN]


def figure(
    reading: Reading, places: list[Place], found: dict[Place, dict[str, dict[str, Any]]]
) -> Figure | None:
    """Return both kinds of shares, one bar a reading; negative estimates count as nothing."""
    several = len({place[0] for place in places}) > 1
    left, right, colours = [], [], dict[str, str]()
    for place in places:
        label = ", ".join(place if several else place[1:])
        parts = []
        for shares in (_of_one_answer(found[place]), _of_the_mean(found[place])):
            named = dict[str, float]()
            for source, share in shares:
                name, colour = _CALLED.get(source, _OTHERS)
                colours[name] = colour
                named[name] = named.get(name, 0.0) + share
            parts.append(tuple(sorted(named.items(), key=lambda part: part[0] == _OTHERS[0])))
        left.append((label, parts[0]))
        right.append((label, parts[1]))
    if not any(parts for _, parts in left):
        return None
    words = "; ".join(
        f"{label}: " + ", ".join(f"{name} {100 * share:.0f}%" for name, share in parts)
        for label, parts in right[:6]
    )
    return Figure(
        "shares",
        {
            "colours": colours,
            "panels": (
                {"title": "Variance of one answer", "rows": tuple(left)},
                {"title": "Squared error of the score", "rows": tuple(right)},
            ),
        },
        caption="What makes one answer differ from the mean of all, and what is left of it in the "
        "score.",
        alt=f"Shares of the squared error of each score. {words}.",
        note="Left: the parts of the variance of one scored answer. Right: the same parts after "
        "averaging over the items, seeds and samples that were measured. Items and samples "
        "average out, a seed only over seeds. A negative estimate counts as nothing here; the "
        "results keep it.",
    )


def called(source: str) -> tuple[str, str]:
    """Return the name and colour of a source on the page.

    >>> called("seed"), called("item x prompt")
    (('training seed', 'seed'), ('item \u00d7 prompt', 'ink'))
    """
    return _CALLED.get(source, (wording.crossed(source), "ink"))


def _answer(heads: list[Place], found: dict[Place, dict[str, dict[str, Any]]]) -> str:
    # One answer to an item tells its sources from nothing: such a reading stands for no other.
    told = [head for head in heads if len(_of_the_mean(found[head])) > 1] or heads
    first = told[0]
    source, share = main_source(found[first])
    several = len({head[0] for head in heads}) > 1
    place = wording.place(first[1], first[2], first[0] if several else "")
    if not isfinite(share):
        return f"The parts of the variance of {place} are measured; what is left is not known."
    said = (
        f"Most of the squared error of the score on {place} is {called(source)[0]}"
        if share > 0.5
        else f"The largest part of the squared error of the score on {place} is {called(source)[0]}"
    )
    same = sum(main_source(found[place])[0] == source for place in told)
    if len(heads) == 1:
        return f"{said}: {100 * share:.0f}%."
    rest = len(heads) - len(told)
    if not rest:
        among = f"{same} of {wording.count(len(told), 'reading')}"
    elif len(told) == 1:
        among = "the only reading that tells sources apart"
    else:
        among = f"{same} of the {len(told):,} readings that tell sources apart"
    return f"{said}, {100 * share:.0f}%; it is the largest part in {among}."


def _tables(
    reading: Reading, heads: list[Place], found: dict[Place, dict[str, dict[str, Any]]]
) -> tuple[Table, ...]:
    several = len({place[0] for place in heads}) > 1
    kinds = dict.fromkeys(
        name for place in heads for name in found[place] if name.startswith("se_")
    )
    widest = max(kinds, key=len, default="")
    first = chief(reading, (place[1:] for place in heads))
    rows = []
    tasks = list(dict.fromkeys(place[1] for place in heads))
    for place in sorted(heads, key=lambda place: tasks.index(place[1])):
        unit = reading.unit(place[1], place[2])
        cells = [Cell(", ".join((place[0], place[2]) if several else place[2:]))]
        anyone = next(iter(found[place].values()))
        score = anyone.get("score")
        mean = float("nan") if missing(score) else float(str(score)) * unit.factor
        cells.append(Cell(wording.fixed(mean, 1 if unit.percent else 3), mean))
        for kind in kinds:
            row = found[place].get(kind)
            known = row is not None and isfinite(row["value"])
            cells.append(
                Cell(unit.deviation(row["value"]), unit.bounds(row)[0], tone="strong")
                if row is not None and known
                else Cell(wording.DASH)
            )
        cells.append(_bounds(unit, found[place].get(widest)))
        source, share = main_source(found[place])
        part = f"{called(source)[0]}, {100 * share:.0f}%" if source else wording.DASH
        cells.append(Cell(part, share, tone="warn" if source == "seed" else ""))
        rows.append((place[1:] in first, Row(tuple(cells), place[1])))
    columns = [Column("Metric", "name"), Column("Score")]
    for kind in kinds:
        drawn = [f"{axis}s" for axis in kind.removeprefix("se_").split(" x ")]
        of = "all new" if kind == widest and len(drawn) > 1 else f"new {wording.listing(drawn)}"
        columns.append(Column(f"Error, {of}"))
    columns.append(Column("[low, high]", "text", secondary=True))
    columns.append(Column("Largest part", "text"))
    table = Table(
        "noise-table",
        tuple(columns),
        (),
        caption="Standard error of each score by what would be drawn again",
        footnotes=(
            "Standard errors in points for scores between 0 and 1, of the mean over the items, "
            "seeds and samples measured, if those named in the head were drawn again (all new: "
            f"{wording.listing(widest.removeprefix('se_').split(' x '))}). Variance "
            "components by moments. The interval is that of the error before it, and wide with few "
            "seeds.",
        ),
        counted="readings",
    )
    return folded(table, rows, "reading")


def _bounds(unit: Unit, row: dict[str, Any] | None) -> Cell:
    if row is None or not (isfinite(row["low"]) and isfinite(row["high"])):
        return Cell(wording.DASH)
    _, low, high = unit.bounds(row)
    shown = f"[{wording.deviation(low)}, {wording.deviation(high)}]"
    return Cell(shown, high - low, tone="quiet")
