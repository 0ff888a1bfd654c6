"""What a difference amounts to: how sure its sign is, item by item, and what could be seen."""

from dataclasses import dataclass
from math import nan

import numpy as np

from evalvar.analyses.meeting import Meeting
from evalvar.analyses.pair_estimates import right_or_wrong


@dataclass(frozen=True, slots=True)
class Effect:
    """Items on which a is better, worse, level; for right and wrong answers, who was right.

    NaN where it does not apply.
    """

    items_better: float = nan
    items_worse: float = nan
    items_equal: float = nan
    only_a: float = nan
    only_b: float = nan
    both: float = nan
    neither: float = nan


def effect(meeting: Meeting) -> Effect:
    """Count the items of a pair by who was better."""
    if meeting.runs or not len(meeting.items):
        return Effect()
    a, b = meeting.means
    # a mean over seeds or prompts may differ in the last bit only
    d = a - b
    d[np.abs(d) <= 1e-12 * np.abs(b)] = 0.0
    up, down = float((d > 0).sum()), float((d < 0).sum())
    better, worse = (up, down) if meeting.higher_is_better else (down, up)
    counts = (better, worse, d.size - up - down)
    if not (right_or_wrong(meeting) and meeting.higher_is_better):
        return Effect(*counts)
    both = float(((a == 1) & (b == 1)).sum())
    return Effect(*counts, up, down, both, d.size - up - down - both)
