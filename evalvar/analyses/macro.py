"""The difference of two sides averaged over tasks."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from evalvar import numbers
from evalvar.analyses.covariances import Joint, joint_of_tasks, sides_of_task
from evalvar.analyses.intake import by_reason
from evalvar.analyses.meeting import Meeting
from evalvar.analyses.outcome import Outcome
from evalvar.analyses.pair_estimates import Manner
from evalvar.analyses.told import Told, named
from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import Estimate, difference_over
from evalvar.stats.macro import macro_difference_ci, weighted_mean

WEIGHTS = ("equal", "items")
_WEIGHED = {"equal": "of equal weight", "items": "weighted by their items"}


def check_weights(weights: str | None) -> None:
    """Refuse a way to weigh tasks that there is not."""
    if weights is not None and weights not in WEIGHTS:
        raise UsageError(
            f"weights='{weights}' is unknown. Use one of {', '.join(WEIGHTS)}, or None for no "
            "average over tasks."
        )


def shares(meetings: Sequence[Meeting], weights: str) -> np.ndarray:
    """Return the weight of each task; they sum to 1."""
    sizes = np.array([float(len(meeting.items)) for meeting in meetings])
    if weights == "equal":
        sizes = np.ones(sizes.size)
    return np.asarray(sizes / sizes.sum())


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
    if len(members) < tasks:
        remarks.append(
            f"the mean over tasks is over {len(members)} of {tasks}; they share no items, or one, "
            "of the others."
        )
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


def macro_estimate(
    meetings: Sequence[Meeting],
    estimates: Sequence[Estimate],
    weights: str,
    manner: Manner,
    *,
    level: float,
    null: float = 0.0,
) -> Estimate:
    """Return the mean over tasks of the differences of a pair.

    Parameters
    ----------
    meetings, estimates : sequences, length T
        The pair on each task, at `level`.
    weights : {"equal", "items"}
    manner : Manner
    level : float
    null : float
        Mean that the p-value tests.
    """
    share = shares(meetings, weights)
    how = f"mean over {len(meetings)} tasks, {_WEIGHED[weights]}"
    drawn = manner.drawn(meetings[0])
    shared = same_seeds(meetings)
    try:
        if manner.functional.kind != "joint" and drawn == ("item", "seed"):
            found = macro_difference_ci(
                [(m.in_a.mean(axis=2), m.in_b.mean(axis=2)) for m in meetings], share,
                paired_seeds=meetings[0].same_runs, shared_seeds=shared,
                ranges=[(m.low, m.high) for m in meetings], level=level, null=null,
            )  # fmt: skip
        elif manner.functional.kind != "joint" and drawn == ("seed",):
            found = _over_seeds(meetings, estimates, share, shared, level=level, null=null)
        elif "seed" in drawn:
            raise NotEnoughDataError(
                f"a mean over tasks of {manner.functional.name} over {' x '.join(drawn)} has no "
                "closed form. Use over='item x seed' and a mean, or over='item'"
            )
        else:
            found = weighted_mean(estimates, share, level=level, null=null)
    except NotEnoughDataError as error:
        value = float(share @ np.array([e.value for e in estimates]))
        return Estimate(value, level=level, method=f"undefined: {error}; {how}")
    return replace(found, method=f"{found.method}; {how}")


def _over_seeds(
    meetings: Sequence[Meeting],
    estimates: Sequence[Estimate],
    share: np.ndarray,
    shared: bool,
    *,
    level: float,
    null: float,
) -> Estimate:
    """Let only the seeds be drawn again: a seed that has all tasks has one mean over them."""
    if not shared:
        return weighted_mean(estimates, share, level=level, null=null)
    a, b = (
        sum(w * side.mean(axis=(0, 2)) for w, side in zip(share, sides, strict=True))
        for sides in ([m.in_a for m in meetings], [m.in_b for m in meetings])
    )
    return difference_over(
        np.reshape(a, (1, -1, 1)), np.reshape(b, (1, -1, 1)), over=("seed",),
        paired_seeds=meetings[0].same_runs, level=level, null=null,
    )  # fmt: skip


def same_seeds(meetings: Sequence[Meeting]) -> bool:
    """Tell whether the same seeds answered all tasks."""
    runs = [(tuple(m.seeds_a.tolist()), tuple(m.seeds_b.tolist())) for m in meetings]
    return len(set(runs)) == 1


def macro_covariance(
    pairs: Sequence[Sequence[Meeting]], weights: str, drawn: Sequence[str]
) -> Joint | None:
    """Return the covariance of the sides' means over tasks; None where it is not known.

    Parameters
    ----------
    pairs : sequence of sequences of Meeting
        For each pair its meetings, one a task.
    weights : {"equal", "items"}
    drawn : sequence of axes
    """
    if len({tuple(m.task for m in meetings) for meetings in pairs}) > 1:
        return None
    tasks = []
    for on_task in zip(*pairs, strict=True):
        sides = sides_of_task(on_task, drawn)
        if sides is None:
            return None
        tasks.append(sides)
    shared = all(same_seeds(meetings) for meetings in pairs)
    return joint_of_tasks(tasks, shares(pairs[0], weights), drawn, shared=shared)


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
