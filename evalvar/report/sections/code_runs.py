"""How efficient programs are: right against fast, level by level and problem by problem."""

from collections.abc import Sequence
from math import isfinite, nan

from evalvar.report import wording
from evalvar.report.model import Block, Figure, Phrase, Section, Verdict
from evalvar.report.reading import Reading, Unit, basis, missing, number, records
from evalvar.report.sections.claims import claim, quiet
from evalvar.report.sections.code_curves import Gap, gaps
from evalvar.report.sections.code_run_alone import alone
from evalvar.report.sections.code_run_figures import (
    Rows,
    levels,
    problems,
    right_and_fast,
    share,
    times,
)
from evalvar.report.sections.code_run_pairs import (
    noise_table,
    runtimes_table,
    tag_table,
    weights_remark,
)
from evalvar.report.sections.code_run_tables import gap_table, problem_table, status_table
from evalvar.report.sections.contests import Contest

# Of more problems, what is wrong with them is told on the first page.
MOST_UNSTEADY = 0.2


def section(reading: Reading) -> Section | None:
    """Return the section, or None where nothing is told of timed programs."""
    found, runs = gaps(reading), timed(reading)
    answer = _answer(found, runs) if found or runs else alone(reading)
    if not answer:
        return None
    drawn = figures_of(reading)
    # The table of the gap stands under the figure of it.
    many = len({gap.task for gap in found})
    made = (
        gap_table(found), tag_table(reading), noise_table(reading), *drawn[many:],
        runtimes_table(reading),
        status_table(runs), problem_table(runs),
    )  # fmt: skip
    blocks: list[Block] = [*drawn[:many], *(block for block in made if block is not None)]
    return Section(
        "efficiency",
        "How efficient the programs are",
        answer,
        tuple(blocks),
        tuple(note for task, rows in runs.items() for note in _notes(task, rows))
        + _definition(reading),
        short="Efficiency",
    )


def timed(reading: Reading) -> dict[str, Rows]:
    """Return the rows of every task's timed runs."""
    found: dict[str, Rows] = {}
    for row in records(reading.table("timed_runs")):
        place = tuple("" if missing(row[name]) else str(row[name]) for name in ("model", "item"))
        rows = found.setdefault(str(row["task"]), {})
        rows.setdefault(place, {})[str(row["quantity"])] = row  # type: ignore[arg-type]
    return found


def figures_of(reading: Reading) -> list[Figure]:
    """Return all figures of the section, in the order of the page."""
    runs = timed(reading)
    drawn = list(right_and_fast(gaps(reading)))
    for task, rows in runs.items():
        profile = levels(task, rows, weights_remark(reading, task))
        made = (profile, problems(task, rows), times(task, rows))
        drawn += [figure for figure in made if figure is not None]
    return drawn


def leading(found: list[Gap]) -> tuple[Gap, int, int] | None:
    """Return the model of the highest eff@k at the most tries all have, k, and of how many."""
    first = [gap for gap in found if gap.task == found[0].task]
    shared = set.intersection(*(set(gap.ks) for gap in first)) if first else set()
    if not shared:
        return None
    k = max(shared)
    return max(first, key=lambda gap: float(gap.fast_at(k)["value"])), k, len(first)


def right_but_slow(lead: Gap, k: int) -> tuple[str, str]:
    """Say how many problems a model solves, and how fast."""
    right, fast = lead.passed_at(k), lead.fast_at(k)
    who = f"{lead.model} on {lead.task}"
    tries = f"Of {k:,} tries of {who}, one" if k > 1 else f"A program of {who}"
    solved = f"{tries} is right in {share(right['value'])} of the problems"
    best = "the best" if k > 1 else "it"
    value = f"{wording.fixed(fast['value'], 2)} {wording.interval(fast['low'], fast['high'], 2)}"
    reached = f"{best} reaches {value.strip()} of the reference\u2019s efficiency"
    if fast["n"] < right["n"] and fast["unit"] == right["unit"] == "item":
        reached += f" on the {fast['n']:,.0f} that can be scored for it"
    return solved, reached


def _answer(found: list[Gap], runs: dict[str, Rows]) -> str:
    lead = leading(found)
    if lead is None:
        task, rows = next(iter(runs.items()))
        timed_of = [model for model, item in rows if model and not item]
        return (
            f"The programs of {wording.listing(timed_of, most=3)} were timed on {task}, and no "
            "efficiency of them is known."
        )
    gap, k, models = lead
    solved, reached = right_but_slow(gap, k)
    most = f", the most of {wording.count(models, 'model')}" if models > 1 else ""
    said = f"{solved}, {'but' if gap.clear(k) else 'and'} {reached}{most}."
    slowest = max((one for one in found if one.task == gap.task and one.clear(one.ks[0])),
                  key=_cost, default=gap)  # fmt: skip
    if not gap.clear(k) and slowest is not gap:
        first = slowest.ks[0]
        row = slowest.lost_at(first)
        by = f": gap@{first} {Unit().cell(row).text} {Unit().interval(row)}" if row else ""
        said += f" {slowest.model} loses the most by being slow{by}."
    rivals = [one for one in found if one.task == gap.task and k in one.ks]
    other = max(rivals, key=lambda one: float(one.passed_at(k)["value"]))
    if other.passed_at(k)["value"] > gap.passed_at(k)["value"]:
        right, fast = other.passed_at(k), other.fast_at(k)
        said += (
            f" {other.model} is right in the most, {share(right['value'])}, and reaches "
            f"{wording.fixed(fast['value'], 2)} {wording.interval(fast['low'], fast['high'], 2)}"
        ).rstrip() + "."
    return said


def _cost(gap: Gap) -> float:
    """Return what a model loses by being slow at its fewest tries."""
    k = gap.ks[0]
    return float(gap.passed_at(k)["value"]) - float(gap.fast_at(k)["value"])


def slowness(reading: Reading) -> list[Verdict]:
    """Say what right programs of the most efficient model lose by being slow, if it is clear."""
    lead = leading(gaps(reading))
    if lead is None:
        return []
    gap, k, models = lead
    if not gap.clear(k):
        return []
    solved, reached = right_but_slow(gap, k)
    lost, row = gap.lost_at(k), gap.fast_at(k)
    how = f"The intervals of pass@{k} and eff@{k} lie apart"
    if lost is not None:
        row = lost
        how = f"pass@{k} \u2212 eff@{k} is {Unit().cell(row).text} {Unit().interval(row)}"
    chosen = " The highest eff@k of them, not adjusted for that choice." if models > 1 else ""
    known = wording.sentence(f"{row['method']}, {basis(row)}")
    method = f"{how}. {known}{chosen}"
    said = claim(solved, f", but {reached}.")
    return [Verdict("Right, less fast", "warn", said, method, "efficiency")]


def turned(compared: Sequence[Contest]) -> list[Verdict]:
    """Say of two models that the one is right more often and the other more efficient."""
    found = []
    for right in compared:
        fast = next((c for c in compared if (c.metric, c.task, c.between) == (
            "efficiency", right.task, right.between)), None)  # fmt: skip
        if right.metric != "passed" or fast is None or right.between != "model":
            continue
        other = {frozenset(pair.names): pair for pair in fast.pairs if pair.status == "clear"}
        for pair in right.pairs:
            against = other.get(frozenset(pair.names))
            if pair.status == "clear" and against and against.winner != pair.winner:
                found.append((right, pair, fast, against))
    if not found:
        return []
    right, pair, fast, against = found[0]
    pairs = [one if one.winner == one.names[0] else one.turned for one in (pair, against)]
    by = [f"by {c.unit.of(c.text(one, sign=False))}" for c, one in zip((right, fast), pairs,
          strict=True)]  # fmt: skip
    bounds = [c.interval(one, sign=False) for c, one in zip((right, fast), pairs, strict=True)]
    said = claim(
        f"{pair.winner} is right more often than {against.winner} on {right.task}, and less "
        "efficient:",
        f" right {by[0]}",
        quiet(f" {bounds[0]}"),
        f" more, efficiency {by[1]}",
        quiet(f" {bounds[1]}"),
        " less, on the problems both answered.",
    )
    method = wording.sentence(f"{pair.method}, {basis(pair.row)}, {pair.p_text}; one try each")
    if len(found) > 1:
        method += f" {wording.count(len(found), 'pair')} turn so; this is the first."
    return [Verdict("Order turns", "warn", said, method, "differences")]


def _notes(task: str, rows: Rows) -> list[str]:
    """Say how the references drifted, and which problems the clock cannot tell."""
    whole = rows.get(("", ""), {})
    machine = whole.get("problems", {}).get("machine")
    notes = [] if missing(machine) else [f"Timed on: {machine}."]
    drift = whole.get("drift", {})
    if isfinite(drift.get("value", nan)):
        middle = _change(drift["value"])
        band = f"{_change(number(drift, 'lower_quartile'))} to "
        band += _change(number(drift, "upper_quartile"))
        moved = int(whole.get("drifted", {}).get("value", 0))
        notes.append(
            f"{task}: references timed after the programs beside before: {middle} in the median "
            f"problem (middle half {band}); {moved:,} of "
            f"{wording.count(drift['n'], 'problem')} moved by more than 10%."
        )
    lost = {
        item: str(quantities["limit"].get("reason"))
        for (model, item), quantities in rows.items()
        if item and not model and not missing(quantities.get("limit", {}).get("reason"))
    }
    total = len({item for _, item in rows if item})
    for reason in dict.fromkeys(lost.values()):
        items = [item for item, told in lost.items() if told == reason]
        notes.append(
            f"{task}: not scored for efficiency {len(items):,} of "
            f"{wording.count(total, 'problem')} ({wording.listing(items, most=4)}): {reason}."
        )
    return notes


def unsteady(reading: Reading) -> list[Phrase]:
    """Say where the machine or the clock leaves little to be said of efficiency."""
    phrases = []
    for task, rows in timed(reading).items():
        whole = rows.get(("", ""), {})
        for name, subject, what, so in (
            ("drifted", "How fast programs are in another sitting:",
             f" on {task} the references moved by more than 10% in",
             ", so what this page says of efficiency and times is of this sitting"),
            ("unscored_problems", "How fast programs are on every problem:",
             f" on {task} the limit is not known well enough in", ", which are not scored for it"),
        ):  # fmt: skip
            row = whole.get(name, {})
            many, total = float(row.get("value", 0.0)), float(row.get("n", 0.0))
            if total > 0 and many > MOST_UNSTEADY * total:
                said = f"{what} {many:,.0f} of {wording.count(total, 'problem')}{so}."
                phrases.append(claim(subject, said))
    return phrases


def _change(ratio: float) -> str:
    """Return a ratio of times as a change in percent.

    >>> _change(1.02), _change(0.9)
    ('+2.0%', '\u221210.0%')
    """
    return f"{wording.fixed(100 * (ratio - 1), 1, sign=True)}%"


def _definition(reading: Reading) -> tuple[str, ...]:
    """Say what efficiency is, with the settings it was scored by."""
    told: dict[str, None] = {}
    for result in reading.results:
        alpha, weights = result.settings.get("alpha"), result.settings.get("hardness")
        if result.name == "timed_runs" and alpha is not None:
            by = wording.listing([f"{weight:g}" for weight in weights or ()], most=9)
            told.setdefault(
                "Efficiency at a level: (limit \u2212 slowest case) / (limit \u2212 the "
                "reference\u2019s slowest case), 0 past the limit and for a wrong program; a "
                f"program\u2019s is the mean over levels{f' by weights {by}' if by else ''}. "
                f"Limit: {alpha:g} \u00d7 the reference\u2019s slowest case (Qiu et al. 2024)."
            )
    return tuple(told)
