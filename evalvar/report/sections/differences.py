"""Which differences are real: paired differences, as a ladder and as a table."""

from collections import Counter
from math import isfinite

from evalvar.report import wording
from evalvar.report.model import Block, Cell, Column, Figure, Row, Section, Table
from evalvar.report.reading import Reading
from evalvar.report.sections.contests import Contest, Pair, contests

MOST_FIGURES = 6
MOST_RUNGS = 24
# Above this the table shows neighbours only: all pairs of sixty models are 1,770 a benchmark.
MOST_ROWS = 400


def section(reading: Reading) -> Section | None:
    """Return the section, or None where nothing was compared."""
    found = contests(reading)
    if not any(pair.status != "undefined" for c in found for pair in c.pairs):
        return None
    blocks: list[Block] = [*figures_of(found), _table(found)]
    left = len(found) - sum(isinstance(b, Figure) for b in blocks)
    notes = []
    if left > 0 and any(len(c.pairs) > 1 for c in found):
        notes.append(
            f"{wording.count(left, 'further reading')} not drawn; the table has their rows."
        )
    return Section(
        "differences",
        "Which differences are real",
        _answer(found),
        tuple(blocks),
        tuple(notes),
        short="Which differences are real",
    )


def _answer(found: list[Contest]) -> str:
    tally = sum((c.tally() for c in found), Counter[str]())
    total = tally["clear"] + tally["tie"]
    if total == 1:
        contest = next(c for c in found if c.tally()["clear"] + c.tally()["tie"])
        pair = contest.pairs[0]
        first, second = pair.names
        value = contest.unit.of(contest.unit.cell(pair.told, sign=True).text)
        verb = "are told apart" if pair.status == "clear" else "cannot be told apart"
        return (
            f"{first} and {second} {verb} on {contest.task} ({contest.metric}): "
            f"{value} {contest.unit.interval(pair.told, sign=True)}."
        )
    ties = "1 is a tie" if tally["tie"] == 1 else f"{wording.count(tally['tie'])} are ties"
    clear = "1 is" if tally["clear"] == 1 else f"{wording.count(tally['clear'])} are"
    return f"Of {wording.count(total)} paired differences, {clear} told apart and {ties}."


def figures_of(found: list[Contest]) -> list[Figure]:
    """Return one drawing for pairs of two, or a ladder per benchmark for more."""
    if all(len(c.pairs) == 1 for c in found):
        drawn = [c for c in found if c.unit.percent] or found[:1]
        rungs = [(f"{c.task}, {c.metric}", c.pairs[0]) for c in drawn[:MOST_RUNGS]]
        a, b = drawn[0].pairs[0].names
        same = all(c.pairs[0].names == (a, b) for c in drawn)
        subject = f"{a} minus {b}" if same else "First minus second"
        if not same:
            rungs = [(f"{' − '.join(pair.names)}, {label}", pair) for label, pair in rungs]
        return [_ladder(rungs, drawn[0], subject, len(drawn) - len(rungs))]
    figures = []
    for contest in [c for c in found if len(c.pairs) > 1][:MOST_FIGURES]:
        ladder = [pair for pair in contest.ladder() if isfinite(pair.row["value"])]
        rungs = [(" − ".join(pair.names), pair) for pair in ladder[:MOST_RUNGS]]
        if rungs:
            subject = f"{contest.task}, {contest.metric}: each minus the next in the order of means"
            figures.append(_ladder(rungs, contest, subject, len(ladder) - len(rungs)))
    return figures


def _ladder(rungs: list[tuple[str, Pair]], contest: Contest, subject: str, left: int) -> Figure:
    unit = contest.unit
    shown = [(label, pair) for label, pair in rungs if isfinite(pair.row["value"])]
    rows = tuple(
        (
            label,
            *unit.bounds(pair.told),
            "tie" if pair.status == "tie" else unit.cell(pair.told, sign=True).text,
            pair.status == "clear",
        )
        for label, pair in shown
    )
    clear = sum(pair.status == "clear" for _, pair in shown)
    level = wording.percent(shown[0][1].row["level"]) if shown else "95%"
    hint = "" if contest.higher else " Lower is better."
    more = f" {wording.count(left, 'further row')} in the table only." if left > 0 else ""
    words = "; ".join(
        f"{label} {unit.cell(pair.told, sign=True).text} {unit.interval(pair.told, sign=True)}"
        for label, pair in shown[:12]
    )
    name = f" in {unit.name}" if unit.name else ""
    return Figure(
        "ladder",
        {"rows": rows, "unit": unit.name, "zero": True},
        caption=f"{subject}{name}, on the items both answered, with {level} intervals.{hint}{more}",
        alt=f"{subject}: {clear} of {len(shown)} told apart. {words}.",
        note="Filled dot and number: told apart. Hollow dot: a tie. The line is zero, no difference.",
    )


def _table(found: list[Contest]) -> Table:
    total = sum(len(c.pairs) for c in found)
    short = total > MOST_ROWS
    rows = []
    for contest in found:
        hint = "" if contest.higher else ", lower is better"
        group = f"{contest.task}, {contest.metric}{hint}"
        shown = contest.ladder() if short or len(contest.pairs) < 2 else contest.pairs
        rows += [Row(_cells(contest, pair), group) for pair in shown]
    notes = [
        "First minus second, in points for scores between 0 and 1, on the items both answered."
    ]
    if any(isfinite(pair.holm) for c in found for pair in c.pairs):
        notes.append(
            "The interval is of the one difference, unadjusted; p is adjusted by Holm over all "
            "pairs of the benchmark, and the verdict rests on it."
        )
    if short:
        notes.append(f"Neighbours in the order of means; all {total:,} pairs are in the results.")
    return Table(
        "difference-table",
        (
            Column("First", "name"),
            Column("Second", "text"),
            Column("Difference"),
            Column("[low, high]", "text"),
            Column("p", secondary=True),
            Column("Verdict", "text"),
            Column("Rests on", "text", secondary=True),
        ),
        tuple(rows),
        caption="Paired differences with intervals and verdicts",
        footnotes=tuple(notes),
        counted="pairs",
    )


def _cells(contest: Contest, pair: Pair) -> tuple[Cell, ...]:
    first, second = pair.names
    unit, told = contest.unit, pair.told
    value = unit.cell(told, sign=True, tone="strong" if pair.status == "clear" else "quiet")
    p = pair.holm if isfinite(pair.holm) else pair.row["p_value"]
    verdict = {"clear": pair.words, "tie": "tie"}.get(pair.status, wording.DASH)
    return (
        Cell(first),
        Cell(second),
        value,
        Cell(unit.interval(told, sign=True) or wording.DASH, value.high - value.low, tone="quiet"),
        Cell(wording.p_value(p), p),
        Cell(verdict, tone="clear" if pair.status == "clear" else "tie"),
        Cell(wording.basis(pair.row["n"], str(pair.row["unit"])), float(pair.row["n"])),
    )
