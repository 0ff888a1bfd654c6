"""The difference of a pair averaged over tasks: which axes are drawn, and what tasks share."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from evalvar.analyses.covariances import Joint, joint_of_tasks, sides_of_task, united
from evalvar.analyses.meeting import Meeting
from evalvar.analyses.pair_estimates import Manner
from evalvar.errors import NotEnoughDataError
from evalvar.numbers import listing
from evalvar.stats import Estimate, difference_over
from evalvar.stats.macro import macro_difference_ci, weighted_mean

_WEIGHED = {"equal": "of equal weight", "items": "weighted by their items"}


def shares(meetings: Sequence[Meeting], weights: str) -> np.ndarray:
    """Return the weight of each task; they sum to 1."""
    sizes = np.array([float(len(meeting.items)) for meeting in meetings])
    if weights == "equal":
        sizes = np.ones(sizes.size)
    return np.asarray(sizes / sizes.sum())


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
    # of the whole set: a task of one seed says nothing of new ones, whichever comes first
    drawn = united([manner.drawn(meeting) for meeting in meetings])
    try:
        found = _of_tasks(meetings, estimates, share, drawn, manner, level=level, null=null)
    except NotEnoughDataError as error:
        value = float(share @ np.array([e.value for e in estimates]))
        return Estimate(value, level=level, method=f"undefined: {error}; {how}")
    return replace(found, method=f"{found.method}; {how}")


def _of_tasks(
    meetings: Sequence[Meeting],
    estimates: Sequence[Estimate],
    share: np.ndarray,
    drawn: tuple[str, ...],
    manner: Manner,
    *,
    level: float,
    null: float,
) -> Estimate:
    axis = drawn[-1]
    if drawn == ("item",):
        return weighted_mean(estimates, share, level=level, null=null)
    if manner.functional.kind == "joint" or {"seed", "prompt"} <= set(drawn):
        raise NotEnoughDataError(
            f"a mean over tasks of {manner.functional.name} over {' x '.join(drawn)} has no "
            "closed form. Use over='item x seed' and a mean, or over='item'"
        )
    if axis == "seed" and "item" in drawn:
        _check_several(meetings)
    shared = same_levels(meetings, axis)
    if axis == "prompt" and not shared:
        return weighted_mean(estimates, share, level=level, null=null)
    if "item" not in drawn:
        return _over_levels(meetings, estimates, share, axis, shared, level=level, null=null)
    over = 2 if axis == "seed" else 1
    return macro_difference_ci(
        [(m.in_a.mean(axis=over), m.in_b.mean(axis=over)) for m in meetings], share,
        paired_seeds=axis == "prompt" or meetings[0].same_runs, shared_seeds=shared, axis=axis,
        ranges=[(m.low, m.high) for m in meetings], level=level, null=null,
    )  # fmt: skip


def _check_several(meetings: Sequence[Meeting]) -> None:
    lone = [str(m.task) for m in meetings if min(m.in_a.shape[1], m.in_b.shape[1]) < 2]
    if lone:
        raise NotEnoughDataError(
            "a mean over tasks for new items and seeds needs 2 seeds of both sides in each, and "
            f"{listing(lone)} {'has' if len(lone) == 1 else 'have'} fewer. Use over='item' for the "
            "mean over these seeds"
        )


def _over_levels(
    meetings: Sequence[Meeting],
    estimates: Sequence[Estimate],
    share: np.ndarray,
    axis: str,
    shared: bool,
    *,
    level: float,
    null: float,
) -> Estimate:
    """Let only seeds or prompts be drawn again: one that has all tasks has one mean over them."""
    if not shared:
        return weighted_mean(estimates, share, level=level, null=null)
    gone, shape = ((0, 2), (1, -1, 1)) if axis == "seed" else ((0, 1), (1, 1, -1))
    a, b = (
        np.reshape(sum(w * x.mean(axis=gone) for w, x in zip(share, sides, strict=True)), shape)
        for sides in ([m.in_a for m in meetings], [m.in_b for m in meetings])
    )
    return difference_over(
        a, b, over=(axis,), paired_seeds=meetings[0].same_runs and axis == "seed", level=level,
        null=null,
    )  # fmt: skip


def same_levels(meetings: Sequence[Meeting], axis: str) -> bool:
    """Tell whether the same seeds, or prompts, answered all tasks; False where all are others.

    Raises
    ------
    NotEnoughDataError
        Some are the same and others not.
    """
    names = [[m.asked for m in meetings]]
    if axis == "seed":
        names = [[tuple(m.seeds_a) for m in meetings], [tuple(m.seeds_b) for m in meetings]]
    return in_all_tasks(names, axis)


def in_all_tasks(names: Sequence[Sequence[tuple[Any, ...]]], axis: str) -> bool:
    """Tell the same from the names of the levels, for each side those of every task.

    Raises
    ------
    NotEnoughDataError
        Some are the same and others not.
    """
    kinds = {_overlap(sets) for sets in names}
    if len(kinds) > 1 or None in kinds:
        raise NotEnoughDataError(
            f"some {axis}s answered several tasks, and others not: a mean over tasks for new "
            f"{axis}s needs the same in all tasks, or others in each. Name the tasks with task"
        )
    return kinds == {True}


def _overlap(sets: Sequence[tuple[Any, ...]]) -> bool | None:
    """Tell whether sets are all the same, or no two share anything; None for neither."""
    if len(set(sets)) == 1:
        return True
    every = [name for names in sets for name in names]
    return None if len(set(every)) < len(every) else False


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
    try:
        levels = {same_levels(m, axis) for m in pairs for axis in drawn if axis != "item"}
    except NotEnoughDataError:
        return None
    if len(levels) > 1:
        return None
    return joint_of_tasks(tasks, shares(pairs[0], weights), drawn, shared=levels == {True})
