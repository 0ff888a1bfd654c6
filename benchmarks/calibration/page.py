"""The results as a page."""

import json
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from benchmarks.calibration.cells import HOUSE, OPTION, SEED, Row
from benchmarks.calibration.goals import Goal, goals
from benchmarks.calibration.summary import (
    COVERAGES,
    COVERS,
    Summary,
    house,
    nowhere,
    peers,
    regimes,
    summaries,
)

# Shortfalls this little apart, in shares, are level.
_LEVEL = 5e-5
RECORD = Path(__file__).with_name("peers.json")


def markdown(rows: list[Row], share: float) -> str:
    """Write the page: ours beside the peers, the goals, what falls short, all methods."""
    groups = regimes(summaries(rows))
    parts = [
        _head(rows, share),
        "## Defaults beside the peers\n",
        _beside(groups),
        "## Goals\n",
        _goals(goals(rows)),
        "## Tests\n",
        _tests(rows),
        "## Cells of the defaults below 94 %\n",
        _below(rows),
        "## Where nothing covers\n",
        _nowhere(rows),
        "## Every method\n",
        _all(groups),
    ]
    return "\n".join(parts)


def short(rows: list[Row]) -> str:
    """Say in a few lines what was found."""
    made = goals(rows)
    missed = [goal for goal in made if goal.reached is False]
    lines = [f"{len(rows):,} figures; {sum(bool(g.reached) for g in made)} goals reached, "
             f"{len(missed)} missed"]  # fmt: skip
    return "\n".join([*lines, *(f"  missed: {goal.text}: {goal.figure}" for goal in missed)])


def _head(rows: list[Row], share: float) -> str:
    cells = len({(row.regime, row.cell) for row in rows})
    record = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {}
    theirs = ", ".join(f"{name} {number}" for name, number in record.get("versions", {}).items())
    ours = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy", "statsmodels"))
    full = "" if share == 1 else f" With {share:g} of the full number of data sets or more."
    return f"""# Does 95 % mean 95 %?

`make calibrate`: {cells:,} cells, {len(rows):,} figures, each in [cells.csv](cells.csv) with its
error; seed {SEED}, every cell a generator of its own.{full} {ours}.
Peers ({theirs or "not checked"}) as their users call them: their formulas, written out here for
many data sets at once, equal their own code to 1e-9 (`peers_check.py`, [peers.json](peers.json)).

![Coverage of the defaults and the peers](coverage.svg)

**How it was measured.** Sums over all outcomes have no error: one proportion, and what rests on
the discordant counts of pairs with up to 1,000 items. Else data sets are drawn, and the error is
that of a binomial share, in points at 95 %: 0.15 (20,000 sets), 0.22 (10,000: means, pairs,
clusters), 0.35 (4,000), 0.49 (2,000: items x seeds, components), 0.69 (1,000: all pairs at once;
0.89 with 10 models). Bootstraps: 4,000 sets to n 100, 2,000 at n 300, 1,000 at n 1000, none at
10,000, with 1,999 resamples (scipy's default is 9,999, arch's users choose); evalvar's own 1,000
sets to n 300. n 10,000: 2,000 sets, or 10,000 of counts. Fewer sets make the worst of many cells
look worse than it is.

*Short* is the mean over cells of max(0, 95 - coverage) in points, *width* the mean ratio to the
narrowest method that covers 94 % or more in the cell; below 1 is narrower, and does not cover.
"""


def _beside(groups: dict[str, list[Summary]]) -> str:
    heads = ["regime", "cells", "default", "mean / least", "short", "width",
             "nearest peer", "mean / least", "short", "width", "other peers, least"]  # fmt: skip
    lines = [_line(heads), _line(["---"] * len(heads))]
    won = level = 0
    for regime, group in groups.items():
        ours, theirs = house(group), peers(group)
        if ours is None:
            continue
        cells = [regime, str(ours.cells), ours.method, *_figures(ours)]
        if theirs:
            best = theirs[0]
            rest = "; ".join(f"{_who(one)} {_point(one.worst.share)}" for one in theirs[1:])
            cells += [_who(best), *_figures(best), rest]
            level += 1
            won += all(ours.shortfall <= one.shortfall + _LEVEL for one in theirs)
        else:
            cells += ["none", "", "", "", ""]
        lines.append(_line(cells))
    told = (
        f"\nIn {won} of {level} regimes no peer falls short less; the others, with what the peer "
        "pays in width:\n"
    )
    return "\n".join([*lines, told, _ahead(groups)])


def _ahead(groups: dict[str, list[Summary]]) -> str:
    heads = ["regime", "default: short, least, width", "peer", "short, least, width"]
    lines = [_line(heads), _line(["---"] * len(heads))]
    for regime, group in groups.items():
        ours = house(group)
        if ours is None:
            continue
        for one in peers(group):
            if one.shortfall + _LEVEL < ours.shortfall:
                figures = [
                    f"{100 * each.shortfall:.2f}, {_point(each.worst.share)}, {each.width:.2f}"
                    for each in (ours, one)
                ]
                lines.append(_line([regime, figures[0], _who(one), figures[1]]))
    return "\n".join(lines) + "\n"


def _goals(made: list[Goal]) -> str:
    lines = [_line(["", "goal", "found", "reached"]), _line(["---"] * 4)]
    for goal in made:
        reached = {True: "yes", False: "**no**", None: "not measured"}[goal.reached]
        lines.append(_line([goal.number, goal.text, goal.figure, reached]))
    return "\n".join(lines) + (
        "\n\nNumbered goals are those set before; the others are cells that nobody had measured. "
        "A drawn coverage may lie half a point below, or two and a half of its errors.\n"
    )


def _tests(rows: Iterable[Row]) -> str:
    found: dict[tuple[str, str, str, str], list[Row]] = {}
    for row in rows:
        if row.measure in ("size", "power ratio", "agreement", "error rate"):
            found.setdefault((row.regime, row.measure, row.by, row.method), []).append(row)
    heads = ["regime", "figure", "method", "mean", "least", "largest", "where"]
    lines = [_line(heads), _line(["---"] * len(heads))]
    for (regime, measure, by, method), group in found.items():
        shares = [row.share for row in group]
        pick = min if measure in ("power ratio", "agreement") else max
        worst = pick(group, key=lambda row: row.share)
        lines.append(_line([
            regime, measure, method if by == HOUSE else f"{by}: {method}",
            _point(sum(shares) / len(shares)), _point(min(shares)), _point(max(shares)), worst.cell,
        ]))  # fmt: skip
    return "\n".join(lines) + "\n"


def _below(rows: Iterable[Row]) -> str:
    found = [
        row
        for row in rows
        if row.by == HOUSE and row.measure in COVERAGES and row.share + 2 * row.error < COVERS
    ]
    if not found:
        return "None, by more than two errors.\n"
    lines = [_line(["regime", "cell", "coverage", "error"]), _line(["---"] * 4)]
    for row in sorted(found, key=lambda row: row.share):
        error = f"{100 * row.error:.2f}"
        lines.append(_line([row.regime, row.cell, _point(row.share), error]))
    return "\n".join(lines) + "\n"


def _nowhere(rows: Iterable[Row]) -> str:
    found = nowhere(rows)
    if not found:
        return "Every cell has a method that covers 94 %, up to two errors.\n"
    lines = [_line(["regime", "cell", "best method", "coverage"]), _line(["---"] * 4)]
    for group in found:
        best = group[0]
        lines.append(_line([best.regime, best.cell, _named(best), _point(best.share)]))
    return "\n".join(lines) + "\n"


def _all(groups: dict[str, list[Summary]]) -> str:
    heads = ["method", "cells", "mean / least", "short", "width", "miss", "no width", "undefined",
             "least in"]  # fmt: skip
    lines: list[str] = []
    for regime, group in groups.items():
        lines += [f"### {regime}\n", _line(heads), _line(["---"] * len(heads))]
        for one in group:
            lines.append(_line([
                _who(one), str(one.cells), *_figures(one), f"{100 * one.miss:.1f}",
                _rare(one.flat), _rare(one.undefined), one.worst.cell,
            ]))  # fmt: skip
        lines.append("")
    return "\n".join(lines)


def _figures(one: Summary) -> list[str]:
    width = f"{one.width:.2f}" if one.width == one.width else ""
    both = f"{_point(one.mean)} / {_point(one.worst.share)}"
    return [both, f"{100 * one.shortfall:.2f}", width]


def _who(one: Summary) -> str:
    return _owned(one.by, one.method)


def _named(row: Row) -> str:
    return _owned(row.by, row.method)


def _owned(by: str, method: str) -> str:
    return {HOUSE: f"**{method}**", OPTION: f"{method} (option)"}.get(by, f"{by} {method}")


def _rare(share: float) -> str:
    return f"{100 * share:.1f}" if share > 0 else ""


def _point(share: float) -> str:
    return f"{100 * share:.1f}"


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
