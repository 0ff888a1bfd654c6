"""All pairs of one benchmark in one picture."""

from math import isfinite

from evalvar.report import wording
from evalvar.report.model import Figure
from evalvar.report.sections.contests import Contest, Pair

FEWEST, MOST = 5, 30


def triangle(contest: Contest) -> Figure | None:
    """Return the triangle of a contest in which all of five models or more met, best first."""
    means: dict[str, float] = {}
    for pair in contest.pairs:
        for name, mean in zip(pair.names, pair.means, strict=True):
            means.setdefault(name, mean)
    sign = -1 if contest.higher else 1
    names = sorted(means, key=lambda name: (sign * means[name], name))
    count = len(names)
    if not FEWEST <= count <= MOST or len(contest.pairs) < count * (count - 1) / 2:
        return None
    met: dict[tuple[str, ...], Pair] = {pair.names: pair for pair in contest.pairs}
    met.update({pair.names[::-1]: pair.turned for pair in contest.pairs})
    cells = []
    for row, first in enumerate(names):
        for column in range(row + 1, count):
            pair = met[first, names[column]]
            if not isfinite(pair.row["value"]):
                return None
            value = contest.cell(pair, sign=False).value
            text = wording.fixed(value, max(0, wording.significant(value, 2)))
            cells.append(((row, column), value, text, pair.status == "clear"))
    ties = sum(not clear for *_, clear in cells)
    unit = f", {contest.unit.name}" if contest.unit.name else ""
    return Figure(
        "triangle",
        {"names": tuple(names), "cells": tuple(cells)},
        caption=f"{contest.group}: row minus column{unit}, models in the order of their means.",
        alt=f"All pairs on {contest.place}: {len(cells) - ties} of {len(cells)} are told apart.",
        note="A stronger colour is a larger lead; an outline with = is a tie. Column numbers are "
        "the numbers of the rows. The table has each interval.",
    )
