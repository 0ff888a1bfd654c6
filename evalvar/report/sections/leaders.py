"""Who is ahead, and who is tied: the rank sets that the paired differences leave."""

from math import floor, isfinite
from typing import Any

from evalvar.report import wording
from evalvar.report.model import Block, Cell, Column, Row, Section, Table, Verdict
from evalvar.report.reading import EFFICIENCY, Reading, Unit, basis, missing, records
from evalvar.report.sections.claims import claim, quiet

Place = tuple[str, str]
Field = list[dict[str, dict[str, Any]]]

# With more readings at the head, efficiencies are folded with the others.
MOST_TIMED = 6
_EFFICIENCY = "An efficiency is told as it is, 1 = the reference, and drawn in percent of it."
_ROWS = (
    "Percent for scores between 0 and 1. Scores have the {} interval of one model on the items "
    "that all of its group answered; ranks rest on the paired differences, not on these. "
)


def section(reading: Reading) -> Section | None:
    """Return the section, or None where no models were ranked."""
    fields = fields_of(reading)
    if not fields:
        return None
    heads = heads_of(reading)
    # How fast programs are is why they were timed: no reading of the same answers stands for it.
    timed = set() if len(heads) > MOST_TIMED else _timed(reading)
    fast = {place: field for place, field in fields.items() if place in timed - heads.keys()}
    shown = {place: fields[place] for place in (*heads, *fast)}
    rest = {place: field for place, field in fields.items() if place not in shown}
    blocks: list[Block] = [_table(reading, shown, "leader-table")]
    if rest:
        title = f"Ranks on {wording.count(len(rest), 'further reading')}"
        blocks.append(_table(reading, rest, "further-leader-table", title))
    answer = _answer(heads)
    if fast:
        answer += f" {_answer(fast)}"
    return Section("leaders", "Who is ahead, and who is tied", answer, tuple(blocks), short="Ranks")


def _timed(reading: Reading) -> set[Place]:
    """Return the efficiencies of what was timed."""
    table = reading.rows("leaderboard", "mean")
    tasks = set(reading.table("timed_runs")["task"].dropna().astype(str))
    metrics = set(table["metric"].astype(str)) & {EFFICIENCY}
    return {(task, metric) for task in tasks for metric in metrics}


def fields_of(reading: Reading) -> dict[Place, Field]:
    """Return the models of every task and metric, best first, each with its rows by quantity.

    The mean over tasks stands under an empty task.
    """
    found: dict[Place, dict[str, dict[str, dict[str, Any]]]] = {}
    for row in records(reading.rows("leaderboard")):
        place = ("" if missing(row["task"]) else str(row["task"]), str(row["metric"]))
        models = found.setdefault(place, {})
        models.setdefault(str(row["model"]), {})[str(row["quantity"])] = row
    return {
        place: sorted(
            (rows for rows in models.values() if "mean" in rows and "rank" in rows),
            key=lambda rows: float(rows["rank"]["value"]),
        )
        for place, models in found.items()
    }


def heads_of(reading: Reading) -> dict[Place, Field]:
    """Return the readings that stand for all others.

    Those are the means over tasks, or else the first metric of every task.
    """
    fields = fields_of(reading)
    chosen = [place for place in fields if not place[0]]
    if not chosen:
        tasks = dict.fromkeys(task for task, _ in fields)
        chosen = [
            (task, reading.metrics(task, [m for t, m in fields if t == task])[0]) for task in tasks
        ]
    chosen = sorted(chosen, key=lambda place: reading.tier(*place))
    # Means over tasks of several metrics are readings of one question: the first stands for it.
    return {place: fields[place] for place in (chosen if chosen and chosen[0][0] else chosen[:1])}


def groups_of(field: Field) -> int:
    """Count the groups of models that cannot be told apart."""
    return len({tie for rows in field for tie in str(rows["rank"]["ties"] or "").split()})


def name_of(place: Place, field: Field) -> str:
    """Return where the models were ranked, in words."""
    if place[0]:
        return wording.place(*place)
    tasks, known = (_label(field, name) for name in ("tasks", "tasks_all"))
    many = f"{tasks:.0f} of {known:.0f} " if tasks < known else ""
    return f"the mean over {many}tasks ({place[1]})"


def _label(field: Field, name: str) -> float:
    told = field[0]["mean"].get(name)
    return float("nan") if missing(told) else float(str(told))


def _left_out(field: Field) -> str:
    """Name the models that are not ranked, or nothing."""
    if not _label(field, "unranked") > 0:
        return ""
    names = str(field[0]["mean"]["unranked_names"])
    return f" Not ranked, for too few items in common: {names}."


def _answer(heads: dict[Place, Field]) -> str:
    place, field = next(iter(heads.items()))
    alone = sum(_set(rows) == (1.0,) * 2 or _single(rows) for rows in field)
    groups = groups_of(field)
    shared = len(field) - alone
    where = name_of(place, field)
    first = str(field[0]["mean"]["model"])
    if len(field) == 2:
        means = [rows["mean"] for rows in field]
        if means[0]["value"] == means[1]["value"]:
            alike = "scored alike; the two cannot be told apart"
            return f"On {where}, {first} and {means[1]['model']} {alike}.{_left_out(field)}"
        better = "higher" if _higher(field) else "lower (better)"
        said = f"has the {better} mean; the two cannot be told apart" if shared else "leads"
        return f"On {where}, {first} {said}.{_left_out(field)}"
    if not shared:
        own = f"each of the {len(field)} models has a rank of its own; {first} leads"
        return f"On {where} {own}.{_left_out(field)}"
    lead = f"{first} leads" if _single(field[0]) else "nobody leads alone"
    own = "no model has" if not alone else f"{wording.count(alone, 'model')} "
    own += "" if not alone else ("has" if alone == 1 else "have")
    return (
        f"On {where} {lead}: {own} a rank of {'its' if alone < 2 else 'their'} own, "
        f"{wording.count(shared)} share theirs"
        + (f", in {wording.count(groups, 'group')}." if groups else ".")
        + _left_out(field)
    )


def lead(reading: Reading) -> list[Verdict]:
    """Return who leads the mean over tasks, where there is one; single tasks have their pairs."""
    heads = heads_of(reading)
    if not heads or next(iter(heads))[0]:
        return []
    place, field = next(iter(heads.items()))
    gap = field[0].get("gap_to_next")
    if gap is None or not isfinite(gap["low"]):
        return []
    unit, clear = reading.unit(None, place[1]), _single(field[0])
    gap = _ahead(gap, _higher(field))
    first, second = str(field[0]["mean"]["model"]), str(field[1]["mean"]["model"])
    text, bounds = unit.of(unit.cell(gap, fine=True).text), unit.interval(gap, fine=True)
    where = name_of(place, field)
    method = wording.sentence(f"{gap['method']}, {basis(gap)} that all models answered")
    if clear:
        better = "" if _higher(field) else ", lower is better,"
        said = claim(
            f"{first} leads {where}{better} by {text}", quiet(f" {bounds}"), f" over {second}."
        )
        return [Verdict("Clear", "clear", said, method, "leaders")]
    held = f"{_set(field[0])[1]:.0f}"
    said = claim(
        f"Nobody leads {where} alone:",
        f" {first} is {text} ahead of {second}",
        quiet(f" {bounds}"),
        f", and its true rank may be anything from 1 to {held}.",
    )
    return [Verdict("No leader", "tie", said, method, "leaders")]


def _ahead(gap: dict[str, Any], higher: bool) -> dict[str, Any]:
    """Return a lead as a positive number where lower is better too."""
    if higher:
        return gap
    return {**gap, "value": -gap["value"], "low": -gap["high"], "high": -gap["low"]}


def _set(rows: dict[str, dict[str, Any]]) -> tuple[float, float]:
    return float(rows["rank"]["low"]), float(rows["rank"]["high"])


def _single(rows: dict[str, dict[str, Any]]) -> bool:
    low, high = _set(rows)
    return low == high


def _name(place: Place) -> str:
    return wording.place(place[0], place[1]) if place[0] else f"the mean over tasks ({place[1]})"


def _table(reading: Reading, fields: dict[Place, Field], name: str, folded: str = "") -> Table:
    units = {place: reading.unit(place[0] or None, place[1]) for place in fields}
    low, high, drawn = _scale(fields, units)
    rows = []
    for place, field in fields.items():
        hint = "" if _higher(field) else ", lower is better"
        group = f"{name_of(place, field) if not place[0] else ', '.join(place)}{hint}"
        higher = _higher(field)
        axis = _on_axis(units[place], place)
        rows += [Row(_cells(units[place], one, axis, higher, drawn), group) for one in field]
    columns = [
        Column("Rank", "text"),
        Column("Tie", "text"),
        Column("Model", "name"),
        Column("Score"),
        Column("Interval", "interval", secondary=True),
        Column("[low, high]", "text"),
        Column("Ahead of next"),
        Column("Rests on", "text", secondary=True),
    ]
    if not drawn:
        columns = [column for column in columns if column.role != "interval"]
    every = [rows for field in fields.values() for rows in field]
    level = wording.percent(max(float(rows["rank"]["level"]) for rows in every))
    method = sorted({str(rows["rank"]["method"]) for rows in every if rows["rank"]["method"]})
    return Table(
        name,
        tuple(columns),
        tuple(rows),
        caption="Models by rank with rank sets, ties and intervals",
        # What a row is, and how to read it, is said once.
        footnotes=()
        if folded
        else (
            _ROWS.format(level) + wording.sentence(wording.listing(method, most=2)),
            *([_EFFICIENCY] if any(place[1] == EFFICIENCY for place in fields) else []),
        ),
        counted="models" if len(fields) == 1 else "rows",
        scale=(low, high),
        folded=folded,
        note=""
        if folded
        else (
            "A rank set such as 2\u20134 holds the model\u2019s true rank, for all models of a "
            f"group together, with {level} confidence. Models that share a letter cannot be told "
            "apart. Ahead of next: paired difference to the model below, bold where it is clear."
        ),
    )


def _cells(
    unit: Unit, rows: dict[str, dict[str, Any]], axis: Unit | None, higher: bool, drawn: bool
) -> tuple[Cell, ...]:
    mean, rank, gap = rows["mean"], rows["rank"], rows.get("gap_to_next")
    if gap is not None:
        gap = _ahead(gap, higher)
    low, high = _set(rows)
    held = f"{low:.0f}" if low == high else f"{low:.0f}\u2013{high:.0f}"
    score = unit.cell(mean, tone="strong")
    cells = [
        Cell(held, float(rank["value"]), tone="" if low == high else "tie"),
        Cell(_letters(str(rank["ties"] or "")), tone="tie"),
        Cell(str(mean["model"])),
        score,
    ]
    if drawn:
        cells.append(Cell("", *axis.bounds(mean)) if axis else Cell(""))
    cells.append(Cell(unit.interval(mean) or wording.DASH, score.high - score.low, tone="quiet"))
    cells.append(_gap(unit, gap))
    cells.append(Cell(basis(mean), float(mean["n"])))
    return tuple(cells)


def _letters(ties: str) -> str:
    """Return the groups of a model, many of them as the first and the last.

    >>> _letters("a b"), _letters("b c d e")
    ('a b', 'b\u2013e')
    """
    groups = ties.split()
    return " ".join(groups) if len(groups) < 4 else f"{groups[0]}\u2013{groups[-1]}"


def _gap(unit: Unit, gap: dict[str, Any] | None) -> Cell:
    if gap is None or not isfinite(gap["value"]):
        return Cell(wording.DASH)
    clear = gap["low"] > 0 or gap["high"] < 0
    cell = unit.cell(gap, fine=True, tone="strong" if clear else "tie")
    return cell if clear else Cell(f"tie, {cell.text}", cell.value, cell.low, cell.high, "tie")


def _higher(field: Field) -> bool:
    told = field[0]["mean"].get("higher_is_better")
    return True if missing(told) else bool(told)


def _on_axis(unit: Unit, place: Place) -> Unit | None:
    """Return the unit in which an interval is drawn in percent, None where it is not."""
    if unit.percent:
        return unit
    return Unit(100.0) if place[1] == EFFICIENCY else None


def _scale(fields: dict[Place, Field], units: dict[Place, Unit]) -> tuple[float, float, bool]:
    """Return the axis of the drawn intervals, in steps of ten percent."""
    values = [
        bound
        for place, field in fields.items()
        if (axis := _on_axis(units[place], place))
        for rows in field
        for bound in axis.bounds(rows["mean"])
        if isfinite(bound)
    ]
    if not values:
        return 0.0, 100.0, False
    low, high = max(10 * floor(min(values) / 10), 0), min(-10 * floor(-max(values) / 10), 100)
    return float(min(low, 90)), float(max(high, low + 10)), True
