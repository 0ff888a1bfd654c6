"""Which differences are real: paired differences, as ladders and as a table."""

from collections import Counter
from dataclasses import replace
from math import isfinite

from evalvar.report import wording
from evalvar.report.model import Block, Cell, Column, Figure, Row, Section, Span, Table, Text
from evalvar.report.reading import Reading, basis
from evalvar.report.sections.all_pairs import triangle
from evalvar.report.sections.chosen import selection
from evalvar.report.sections.contests import Contest, Pair, contests
from evalvar.report.sections.folding import SHORT, chief, folded
from evalvar.report.sections.sides import sided_methods

MOST_FIGURES = 6
MOST_ROWS_DRAWN = 24
# Above this the table shows neighbours only: all pairs of sixty models are 1,770 a benchmark.
MOST_ROWS = 400


def section(reading: Reading) -> Section | None:
    """Return the section, or None where nothing was compared."""
    found = contests(reading)
    if not any(pair.status != "undefined" for c in found for pair in c.pairs):
        return None
    drawn = (triangle(contest) for contest in sorted(found, key=lambda c: c.tier))
    whole = [figure for figure in drawn if figure is not None]
    blocks: list[Block] = []
    first = chief(reading, ((c.task, c.metric) for c in found))
    shown = [contest for contest in found if (contest.task, contest.metric) in first]
    lone = len({(contest.task, contest.metric) for contest in found}) <= SHORT
    for subject, figure in _titled(found if lone else shown):
        blocks += [Text("heading", ((Span(subject),),)), figure]
    blocks += [*whole[:1], *_tables(found, first)]
    left = sum(len(c.pairs) > 1 for c in found) - MOST_FIGURES
    notes = (
        (f"{wording.count(left, 'further ladder')} not drawn; the table has their rows.",)
        if left > 0
        else ()
    )
    return Section(
        "differences", "Which differences are real", _answer(found), tuple(blocks), notes
    )


def _answer(found: list[Contest]) -> str:
    tally = sum((c.tally() for c in found), Counter[str]())
    total = tally["clear"] + tally["tie"]
    if total == 1:
        contest = next(c for c in found if c.tally()["clear"] + c.tally()["tie"])
        pair = next(pair for pair in contest.pairs if pair.status != "undefined")
        first, second = pair.names
        value = contest.unit.of(contest.text(pair))
        verb = "are told apart" if pair.status == "clear" else "cannot be told apart"
        interval = f"{value} {contest.interval(pair)}".rstrip()
        return f"{first} and {second} {verb} on {contest.place}: {interval}."
    ties = "1 is a tie" if tally["tie"] == 1 else f"{wording.count(tally['tie'])} are ties"
    clear = "1 is" if tally["clear"] == 1 else f"{wording.count(tally['clear'])} are"
    said = f"Of {wording.count(total)} paired differences, {clear} told apart and {ties}"
    if names := _corrections(found):
        said += f", by {wording.listing(names)} over the pairs of a benchmark and metric only"
    else:
        said += ", unadjusted for their number"
    if len({(c.between, c.model, c.task) for c in found}) < len(found):
        said += "; the metrics of a benchmark are readings of the same answers"
    return f"{said}."


def _corrections(found: list[Contest]) -> list[str]:
    """Name the corrections for several pairs."""
    return list(dict.fromkeys(p.correction for c in found for p in c.pairs if p.correction))


def figures_of(found: list[Contest]) -> list[Figure]:
    """Return the drawings: benchmarks as rows for a lone pair, models as rows for several."""
    return [figure for _, figure in _titled(found)]


def _titled(found: list[Contest]) -> list[tuple[str, Figure]]:
    """Return the drawings, each under what it is of."""
    figures: list[tuple[str, Figure]] = []
    lone: dict[tuple[str, str, tuple[str, str], bool], list[Contest]] = {}
    for contest in _one_way(found):
        if len(contest.pairs) == 1 and isfinite(contest.pairs[0].row["value"]):
            names = contest.pairs[0].names
            key = (contest.between, contest.model, names, contest.unit.percent)
            lone.setdefault(key, []).append(contest)
    for (between, model, names, percent), mine in lone.items():
        # Unbounded metrics share no axis with each other; the table has them.
        if percent or len(mine) == 1:
            rows = [(c.group.removeprefix(f"{model}: "), c, c.pairs[0]) for c in mine]
            subject = f"{names[0]} minus {names[1]}"
            if between != "model" and model:
                subject = f"{model}, {subject}"
            figures.append((subject, _ladder(rows, subject, MOST_ROWS_DRAWN)))
    several = sum(len(contest.pairs) > 1 for contest in found)
    most = MOST_ROWS_DRAWN if several < 3 else MOST_ROWS_DRAWN // 2
    for contest in found:
        ladder, stepped = contest.ladder()
        rows = [
            (f" {wording.MINUS} ".join(pair.names), contest, pair)
            for pair in ladder
            if isfinite(pair.row["value"])
        ]
        if len(contest.pairs) > 1 and rows:
            how = (
                ": each minus the next in the order of means" if stepped else ": first minus second"
            )
            subject = contest.group + how
            figures.append((subject, _ladder(rows, subject, most)))
    # How to read them is said once.
    return [
        (subject, replace(figure, note=figure.note if i == 0 else ""))
        for i, (subject, figure) in enumerate(figures[:MOST_FIGURES])
    ]


def _one_way(found: list[Contest]) -> list[Contest]:
    """Tell a lone pair of two sides in one direction wherever they met."""
    known: set[tuple[str, str]] = set()
    turned = []
    for contest in found:
        if len(contest.pairs) == 1:
            pair = contest.pairs[0]
            if pair.names[::-1] in known:
                contest = replace(contest, pairs=(pair.turned,))
            known.add(contest.pairs[0].names)
        turned.append(contest)
    return turned


def _ladder(all_rows: list[tuple[str, Contest, Pair]], subject: str, most: int) -> Figure:
    shown = all_rows[:most]
    rows = tuple(
        (
            label,
            *contest.unit.bounds(pair.told),
            contest.text(pair) if pair.status == "clear" else pair.word,
            pair.status == "clear",
        )
        for label, contest, pair in shown
    )
    clear = sum(pair.status == "clear" for _, _, pair in shown)
    contest = shown[0][1]
    level = wording.percent(shown[0][2].row["level"])
    left = len(all_rows) - len(shown)
    more = f" {wording.count(left, 'further row')} in the table only." if left > 0 else ""
    words = "; ".join(
        f"{label} {contest.text(pair)} {contest.interval(pair)}".rstrip()
        for label, contest, pair in shown[:12]
    )
    unit = f", in {contest.unit.name}" if contest.unit.name else ""
    return Figure(
        "ladder",
        {"rows": rows, "unit": contest.unit.name, "zero": True},
        caption=f"Paired differences{unit}, on the items both answered, with {level} intervals."
        f"{more}",
        alt=f"{subject}: {clear} of {len(shown)} told apart. {words}.",
        note="Filled dot and bold number: told apart. Hollow dot: a tie. The dark line is zero, no "
        "difference.",
    )


def _tables(found: list[Contest], first: set[tuple[str, str]]) -> tuple[Table, ...]:
    total = sum(len(c.pairs) for c in found)
    short = total > MOST_ROWS
    names = {pair.names for c in found for pair in c.pairs}
    # One pair on many benchmarks is named once, below; its rows are then the benchmarks.
    skip = 2 if len(names) == 1 and total > 1 else 0
    rows = []
    for contest in found:
        shown = contest.ladder()[0] if short else contest.pairs
        chiefly = (contest.task, contest.metric) in first
        rows += [(chiefly, Row(_cells(contest, pair)[skip:], contest.group)) for pair in shown]
    told = " minus ".join(next(iter(names))) if skip else "First minus second"
    notes = [f"{told}, in points for scores between 0 and 1, on the items both answered."]
    methods = sided_methods(
        pair.used for c in found for pair in c.pairs if not pair.method.startswith("undefined")
    )
    if methods:
        level = wording.percent(max(pair.row["level"] for c in found for pair in c.pairs))
        pairs = [pair for c in found for pair in c.pairs if pair.status != "undefined"]
        alone = not any(pair.together for pair in pairs)
        together = all(pair.together for pair in pairs)
        how = "" if together else (", unadjusted" if alone else ", of a lone pair unadjusted")
        notes.append(f"{level} intervals by {wording.listing(methods, most=3)}{how}.")
        if not alone:
            notes.append(
                "The intervals and p of a benchmark with several pairs are max-T's: they hold for "
                "all its pairs together."
            )
    by_p = [name for name in _corrections(found) if name != "max-T"]
    if by_p:
        notes.append(
            f"Where a benchmark has several pairs, p is adjusted by {wording.listing(by_p)} over "
            "them, and the verdict rests on it."
        )
    undecided = [pair for c in found for pair in c.pairs if pair.undecided]
    if undecided:
        notes.append(
            f"{undecided[0].word}: the interval, which is unadjusted, leaves out zero; the "
            "adjusted p does not settle the pair."
        )
    if selection(found):
        notes.append(selection(found))
    if short and len(rows) < total:
        notes.append(f"Neighbours in the order of means; all {total:,} pairs are in the results.")
    table = Table(
        "difference-table",
        (
            Column("First", "name"),
            Column("Second", "text"),
            Column("Difference"),
            Column("[low, high]", "text"),
            Column("p", secondary=True),
            Column("Better", "text"),
            Column("Rests on", "text", secondary=True),
        )[skip:],
        (),
        caption="Paired differences with intervals and verdicts",
        footnotes=(" ".join(notes),),
        counted="pairs",
    )
    sizes = Counter(row.group for _, row in rows)
    lone = [(chiefly, row) for chiefly, row in rows if sizes[row.group] == 1]
    if len(lone) in (0, len(rows)):
        return folded(table, rows, "pair")
    # Heads of a single row each would stand between all of them.
    several = [(chiefly, row) for chiefly, row in rows if sizes[row.group] > 1]
    second = replace(table, name="difference-table-lone")
    return (
        *folded(replace(table, footnotes=()), several, "pair"),
        *folded(second, lone, "pair"),
    )


def _cells(contest: Contest, pair: Pair) -> tuple[Cell, ...]:
    first, second = pair.names
    value = contest.cell(pair, tone="strong" if pair.status == "clear" else "quiet")
    verdict = {"clear": pair.winner, "tie": pair.word}.get(pair.status, wording.DASH)
    bounds = contest.interval(pair) or wording.DASH
    return (
        Cell(first),
        Cell(second),
        value,
        Cell(bounds, value.high - value.low, tone="quiet"),
        Cell(wording.p_value(pair.p), pair.p),
        Cell(verdict, tone="clear" if pair.status == "clear" else "tie"),
        Cell(basis(pair.row), float(pair.row["n"])),
    )
