"""How timed programs ended, and what each problem allows."""

from math import isfinite
from typing import Any

from evalvar.report import wording
from evalvar.report.model import Cell, Column, Row, Table, Tone
from evalvar.report.reading import Unit
from evalvar.report.sections.code_curves import Gap
from evalvar.report.sections.code_run_figures import Rows, by_level, in_order, of_models, value_at
from evalvar.report.sections.code_tables import shown_tries

_ENDS = {"wrong": "Wrong", "crash": "Crash", "timeout": "Timeout", "memory": "Memory",
         "missing": "Missing"}  # fmt: skip
MOST_MODELS = 4


def gap_table(found: list[Gap]) -> Table | None:
    """Return the difference of pass@k and eff@k, at the numbers of tries that they have."""
    known = [(gap, gap.lost) for gap in found if gap.lost is not None]
    ks = shown_tries([lost for _, lost in known])
    if not ks:
        return None
    columns = [Column("Model", "name")]
    for k in ks:
        columns += [Column(f"gap@{k}"), Column("[low, high]", "text", secondary=True)]
    rows = []
    for task in dict.fromkeys(gap.task for gap, _ in known):
        mine = (gap for gap, _ in known if gap.task == task)
        for gap in sorted(mine, key=lambda gap: -float(gap.fast_at(gap.ks[0])["value"])):
            cells = [Cell(gap.model)]
            for k in ks:
                row = gap.lost_at(k)
                if row is None:
                    cells += [Cell(wording.DASH)] * 2
                    continue
                tone: Tone = "strong" if gap.clear(k) else "tie"
                bounds = Unit().interval(row) or wording.DASH
                cells += [Unit().cell(row, tone=tone), Cell(bounds, tone="quiet")]
            rows.append(Row(tuple(cells), task))
    every = [row for _, lost in known for _, row in lost.points if isfinite(row["low"])]
    by = (
        f"; {wording.percent(every[0]['level'])} intervals by {every[0]['method']}" if every else ""
    )
    drift = max(gap.drift for gap, _ in known)
    told = wording.fixed(drift, 3)
    above = f"what the drift of the references\u2019 own times could make, {told}" if drift else "0"
    return Table(
        "gap-table",
        tuple(columns),
        tuple(rows),
        caption="What right programs lose by being slow",
        footnotes=(
            "gap@k: pass@k \u2212 eff@k on the problems that have both, which may be fewer than "
            f"those of pass@k{by}. Bold: its interval is above {above}. Below 0 where programs are "
            "faster than the reference. Who solves less has less to lose.",
        ),
        counted="models",
    )


def status_table(runs: dict[str, Rows]) -> Table | None:
    """Return how the programs of every model ended: in time, at which level past it, or not."""
    every = [found for rows in runs.values() for found in of_models(rows).values()]
    if not every:
        return None
    levels = sorted({level for found in every for level in by_level(found, "late")})
    ends = [name for name in _ENDS if any(_known(found, name) > 0 for found in every)]
    names = ["programs", "ok", "late", *(f"late@{level}" for level in levels), *ends]
    rows = tuple(
        Row((Cell(model), *(_count(found, name) for name in names)), task)
        for task, mine in runs.items()
        for model, found in of_models(mine).items()
    )
    return Table(
        "ends-table",
        (
            Column("Model", "name"),
            Column("Programs", secondary=True),
            Column("In time"),
            Column("Past limit"),
            *(Column(f"at {level}", secondary=True) for level in levels),
            *(Column(_ENDS[name], secondary=name != "wrong") for name in ends),
        ),
        rows,
        caption="How the programs ended",
        footnotes=(
            "Right programs are in time, or past the limit (or out of memory) at the level of "
            f"input named{_levels(levels)}, and score 0 there and later. The others gave a wrong "
            "answer at any level, or failed at level 0, which asks only whether a program is "
            "right.",
        ),
        counted="models",
    )


def _levels(levels: list[int]) -> str:
    return f", {levels[0]} to {levels[-1]}" if len(levels) > 1 else ""


def _known(found: dict[str, dict[str, Any]], name: str) -> float:
    return float(found.get(name, {}).get("value", 0.0))


def _count(found: dict[str, dict[str, Any]], name: str) -> Cell:
    value = _known(found, name)
    return Cell(wording.count(value), value)


def problem_table(runs: dict[str, Rows]) -> Table | None:
    """Return every problem with its limit, clock and drift, and the efficiency of some models."""
    models = list(dict.fromkeys(model for rows in runs.values() for model in of_models(rows)))
    shown = models[:MOST_MODELS]
    rows = []
    for task, mine in runs.items():
        for item in in_order(mine):
            if ("", item) not in mine:
                continue
            drift = value_at(mine, "", item, "drift")
            change = (
                wording.fixed(100 * (drift - 1), 1, sign=True) if isfinite(drift) else wording.DASH
            )
            cells = [
                Cell(item),
                *(_seconds(value_at(mine, "", item, name)) for name in ("limit", "resolution")),
                Cell(change, drift, tone="warn" if abs(drift - 1) > 0.1 else ""),
                _share(value_at(mine, "", item, "pass_rate")),
                *(_share(value_at(mine, model, item, "efficiency")) for model in shown),
            ]
            rows.append(Row(tuple(cells), task))
    if not rows:
        return None
    return Table(
        "problems-table",
        (
            Column("Problem", "name"), Column("Limit"), Column("Clock"), Column("Drift, %"),
            Column("Right"), *(Column(f"eff, {model}") for model in shown),
        ),
        tuple(rows),
        caption="Every problem",
        footnotes=(
            "Clock: the shortest time that can be told there. Drift: the references after the "
            "programs beside before. Right: share of right programs, all models; eff: mean "
            "efficiency of a model\u2019s programs. A dash: not scored.",
        ),
        counted="problems",
        folded=f"All {wording.count(len(rows), 'problem')} with their limits",
    )  # fmt: skip


def _share(value: float) -> Cell:
    return Cell(wording.fixed(value, 2) if isfinite(value) else wording.DASH, value)


def _seconds(value: float) -> Cell:
    """Return a time in the unit that suits it.

    >>> _seconds(0.0023).text, _seconds(4.2e-6).text, _seconds(12.0).text
    ('2.3 ms', '4.2 µs', '12 s')
    """
    if not isfinite(value):
        return Cell(wording.DASH)
    for size, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "\u00b5s")):
        if value >= size:
            return Cell(f"{wording.ratio(value / size)} {unit}", value)
    return Cell(f"{wording.ratio(value * 1e9)} ns", value)
