"""The difference of two sides averaged over tasks."""

from collections.abc import Mapping, Sequence

import numpy as np

from evalvar import numbers
from evalvar.analyses.intake import by_reason
from evalvar.analyses.macro_estimates import macro_estimate, shares
from evalvar.analyses.meeting import Meeting
from evalvar.analyses.outcome import Outcome
from evalvar.analyses.pair_estimates import Manner
from evalvar.analyses.told import Told, named
from evalvar.errors import UsageError
from evalvar.stats import Estimate

WEIGHTS = ("equal", "items")


def check_weights(weights: str | None) -> None:
    """Refuse a way to weigh tasks that there is not."""
    if weights is not None and weights not in WEIGHTS:
        raise UsageError(
            f"weights='{weights}' is unknown. Use one of {', '.join(WEIGHTS)}, or None for no "
            "average over tasks."
        )


def _comparable(meetings: Sequence[Meeting]) -> bool:
    """Tell whether the tasks of a pair have scores of one kind, so that a mean means something."""
    kinds = {
        (meeting.points, meeting.higher_is_better, None if meeting.points else meeting.high)
        for meeting in meetings
    }
    return len(kinds) == 1


def macro_outcomes(
    found: Sequence[Outcome], weights: str, manner: Manner, tasks: Mapping[str, int]
) -> tuple[list[Outcome], list[str]]:
    """Return the mean over tasks of every pair and metric that has several, and what has none.

    Parameters
    ----------
    found : sequence of Outcome
        On single tasks.
    weights : {"equal", "items"}
    manner : Manner
    tasks : mapping of str to int
        How many tasks a metric has.

    Notes
    -----
    A task on which the difference of the pair is undefined, or that rests on a single item, has no
    place in the mean.
    """
    groups: dict[tuple[str, frozenset[str]], list[Outcome]] = {}
    for outcome in found:
        key = outcome.key
        several = outcome.items > 1 or outcome.meetings[0].runs
        measured = np.isfinite(outcome.difference.value) and several
        if key["task"] is not None and measured:
            sides = frozenset((key["a"], key["b"]))
            groups.setdefault((key["metric"], sides), []).append(outcome)
    groups = {key: members for key, members in groups.items() if len(members) > 1}
    alike = {key: _comparable([m.meetings[0] for m in members]) for key, members in groups.items()}
    averaged = [
        _macro(_one_way(members, weights), weights, manner, tasks[metric])
        for (metric, sides), members in groups.items()
        if alike[metric, sides]
    ]
    apart = [
        (members[0].pair, f"no mean over tasks of {metric}: their scores have different ranges or "
         "orientations.")
        for (metric, sides), members in groups.items()
        if not alike[metric, sides]
    ]  # fmt: skip
    return sorted(averaged, key=_best_first), by_reason(apart, "pairs")


def _best_first(outcome: Outcome) -> tuple[str, float, float]:
    sign = -1.0 if outcome.told.higher_is_better else 1.0
    return outcome.key["metric"], sign * outcome.mean_a, sign * outcome.mean_b


def _one_way(members: Sequence[Outcome], weights: str) -> list[Outcome]:
    """Tell a pair in one direction on all tasks: where they differ, the better one first."""
    first = members[0].key["a"]
    straight = [member if member.key["a"] == first else member.turned for member in members]
    if len({member.key["a"] for member in members}) == 1:
        return straight
    share = shares([member.meetings[0] for member in straight], weights)
    mean = float(share @ np.array([member.difference.value for member in straight]))
    if (mean < 0) == straight[0].told.higher_is_better:
        return [member.turned for member in straight]
    return straight


def _macro(members: Sequence[Outcome], weights: str, manner: Manner, tasks: int) -> Outcome:
    meetings = tuple(member.meetings[0] for member in members)

    def at(level: float, null: float = 0.0) -> Estimate:
        single = [member.at(level) for member in members]
        return macro_estimate(meetings, single, weights, manner, level=level, null=null)

    share = shares(meetings, weights)
    remarks = []
    found = at(manner.level)
    if np.isnan(found.p_value):
        remarks.append(f"no p-value: {found.method}.")
    return Outcome(
        {**members[0].key, "task": None}, "macro_difference",
        _told(meetings, manner.functional.worth, tasks), at, meetings, found,
        float(share @ np.array([member.mean_a for member in members])),
        float(share @ np.array([member.mean_b for member in members])),
        sum(member.items for member in members), sum(member.unpaired for member in members),
        remarks=tuple(remarks), tasks_all=tasks,
    )  # fmt: skip


def _told(meetings: Sequence[Meeting], worth: str, tasks: int) -> Told:
    """Put the average over tasks into words."""
    first = meetings[0]
    items = numbers.count(sum(len(m.items) for m in meetings), "item")
    on = "" if first.runs else f", on the {items} both answered"
    few = "" if len(meetings) == tasks else f" of {tasks}"
    basis = f"on average over {len(meetings)}{few} tasks{on}"
    a, b = first.seeds_a.size, first.seeds_b.size
    if a == b > 1:
        basis += f", over {a} seeds{'' if first.same_runs else ' each'}"
    elif max(a, b) > 1:
        basis += f", over {a} and {numbers.count(b, 'seed')}"
    return Told(
        named(first.between, first.a), named(first.between, first.b), basis,
        first.higher_is_better, first.points, worth,
    )  # fmt: skip
