"""How the sides of a family of pairs move together: the covariance of their means."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from evalvar.analyses.meeting import Meeting
from evalvar.stats.axes import AXES

# With fewer items in common a correlation between pairs is hardly known.
FEWEST_SHARED = 10


class Joint(NamedTuple):
    """How the sides of a family move together.

    Parameters
    ----------
    covariance : float array, shape (M, M)
        Of the estimates of the sides.
    pairs : int array, shape (P, 2)
        Which two sides each pair is of.
    df : float
        Degrees of freedom of the covariance: items, or clusters, less one.
    parts : dict of (float array (M, M), float)
        By axis, seeds or prompts, what its levels add to the covariance, and how many there are
        less one.
    """

    covariance: np.ndarray
    pairs: np.ndarray
    df: float
    parts: Mapping[str, tuple[np.ndarray, float]] = MappingProxyType({})


class SidesOfTask(NamedTuple):
    """All sides of one task and metric on the items that they share.

    Parameters
    ----------
    scores : list of float array, shapes (n, S_m, P), length M
    pairs : int array, shape (P, 2)
        Which two sides each pair is of.
    clusters : int array, shape (n,), or None
        Cluster of each item, where items alone are drawn.
    same_runs : bool
        Whether a seed is one run in all sides.
    """

    scores: list[np.ndarray]
    pairs: np.ndarray
    clusters: np.ndarray | None
    same_runs: bool


def joint_of(meetings: Sequence[Meeting], drawn: Sequence[Sequence[str]]) -> Joint | None:
    """Return how all sides move together.

    Sides of different tasks and metrics count as independent. None where the pairs of a task share
    fewer than 10 items.
    """
    groups: dict[tuple[str | None, str], list[int]] = {}
    for i, meeting in enumerate(meetings):
        groups.setdefault((meeting.task, meeting.metric), []).append(i)
    found: list[Joint] = []
    pairs = np.zeros((len(meetings), 2), dtype=np.intp)
    start = 0
    for members in groups.values():
        axes = united([drawn[i] for i in members])
        sides = sides_of_task([meetings[i] for i in members], axes)
        if sides is None:
            return None
        found.append(joint_of_tasks([sides], np.ones(1), axes, shared=False))
        pairs[members] = sides.pairs + start
        start += len(sides.scores)
    sizes = [len(joint.covariance) for joint in found]
    parts = {}
    for axis in united([list(joint.parts) for joint in found]):
        blocks = [
            joint.parts.get(axis, (np.zeros((size, size)), np.inf))
            for joint, size in zip(found, sizes, strict=True)
        ]
        parts[axis] = _blocks([block for block, _ in blocks]), min(df for _, df in blocks)
    whole = _blocks([joint.covariance for joint in found])
    return Joint(whole, pairs, min(joint.df for joint in found), parts)


def united(drawn: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Return the axes that some of several pairs draw again, whatever their order."""
    return tuple(axis for axis in AXES if any(axis in axes for axes in drawn))


def sides_of_task(meetings: Sequence[Meeting], drawn: Sequence[str]) -> SidesOfTask | None:
    """Return the sides of the pairs of one task; None where they share too little."""
    items = meetings[0].items
    for other in {id(meeting.items): meeting.items for meeting in meetings}.values():
        if items is not other and not items.equals(other):
            items = items.intersection(other)
    sides: dict[str, np.ndarray] = {}
    for meeting in meetings:
        for name, scores in ((meeting.a, meeting.in_a), (meeting.b, meeting.in_b)):
            if name not in sides:
                whole = len(items) == len(meeting.items)
                sides[name] = scores if whole else scores[meeting.items.isin(items)]
    if len(items) < FEWEST_SHARED or len({scores.shape[2] for scores in sides.values()}) > 1:
        return None
    names = list(sides)
    ends = np.array([(names.index(m.a), names.index(m.b)) for m in meetings], dtype=np.intp)
    clusters = meetings[0].clusters if tuple(drawn) == ("item",) else None
    if clusters is not None:
        clusters = clusters[meetings[0].items.isin(items)]
    return SidesOfTask(list(sides.values()), ends, clusters, meetings[0].same_runs)


def joint_of_tasks(
    tasks: Sequence[SidesOfTask], share: np.ndarray, drawn: Sequence[str], *, shared: bool
) -> Joint:
    """Return how the weighted means over tasks of all sides move together.

    Parameters
    ----------
    tasks : sequence of SidesOfTask, length T
        The same sides in each; the items of two tasks are others.
    share : float array, shape (T,)
        Weight of each task.
    drawn : sequence of axes
    shared : bool
        Whether the seeds, and the prompts, are the same in all tasks.
    """
    size = len(tasks[0].scores)
    total, freedoms = np.zeros((size, size)), list[int]()
    parts: dict[str, tuple[np.ndarray, float]] = {}
    for task, weight in zip(tasks, share, strict=True):
        found, units = _of_items(task)
        freedoms.append(max(units - 1, 1))
        if "item" in drawn:
            total += weight**2 * found
    for axis in ("seed", "prompt"):
        part = of_levels(tasks, share, axis, "item" in drawn, shared) if axis in drawn else None
        if part is not None:
            parts[axis] = part
    return Joint(total, tasks[0].pairs, min(freedoms), parts)


def of_levels(
    tasks: Sequence[SidesOfTask], share: np.ndarray, axis: str, items_drawn: bool, shared: bool
) -> tuple[np.ndarray, float] | None:
    """Return what new levels of seed or prompt add to the covariance, and the levels less one.

    None where no side has two levels.

    Parameters
    ----------
    tasks : sequence of SidesOfTask
    share : float array, shape (T,)
        Weight of each task.
    axis : {"seed", "prompt"}
    items_drawn : bool
        Whether the noise of the items stands in a part of its own, and is none of this one.
    shared : bool
        Whether the levels are the same in all tasks.
    """
    groups = [list(range(len(tasks)))] if shared else [[t] for t in range(len(tasks))]
    made = [
        _of_levels([tasks[t] for t in group], share[group], axis, items_drawn) for group in groups
    ]
    known = [part for part in made if part is not None]
    if not known:
        return None
    return np.sum([part for part, _ in known], axis=0), min(df for _, df in known)


def _blocks(blocks: Sequence[np.ndarray]) -> np.ndarray:
    size = sum(len(block) for block in blocks)
    whole, at = np.zeros((size, size)), 0
    for block in blocks:
        whole[at : at + len(block), at : at + len(block)] = block
        at += len(block)
    return whole


def _of_items(task: SidesOfTask) -> tuple[np.ndarray, int]:
    """Return the covariance of the sides' means over items, and how many units it rests on."""
    by_item = np.stack([scores.mean(axis=(1, 2)) for scores in task.scores], axis=1)
    rest, units = by_item - by_item.mean(axis=0), len(by_item)
    if task.clusters is not None:
        units = int(np.unique(task.clusters).size)
        sums = np.zeros((int(task.clusters.max()) + 1, by_item.shape[1]))
        np.add.at(sums, task.clusters, rest)
        rest = sums
    return np.asarray(rest.T @ rest / len(by_item) ** 2), units


def _of_levels(
    tasks: Sequence[SidesOfTask], share: np.ndarray, axis: str, items_drawn: bool
) -> tuple[np.ndarray, float] | None:
    over = 2 if axis == "seed" else 1
    tables = [[scores.mean(axis=over) for scores in task.scores] for task in tasks]
    counts = [table.shape[1] for table in tables[0]]
    several = [count for count in counts if count > 1]
    if not several:
        return None
    if axis == "prompt" or (tasks[0].same_runs and len(set(counts)) == 1):
        return _of_common(tables, share, items_drawn), several[0] - 1
    one = np.full(len(counts), np.nan)
    for m, count in enumerate(counts):
        if count > 1:
            between, within = level_variances([table[m] for table in tables], share)
            one[m] = max(between - within * items_drawn, 0.0) * count
    # a lone seed spreads as the others do
    one = np.where(np.isnan(one), np.nanmean(one), one)
    return np.diag(one / np.array(counts)), min(several) - 1


def _of_common(
    tables: Sequence[Sequence[np.ndarray]], share: np.ndarray, items_drawn: bool
) -> np.ndarray:
    """Return the covariance over levels that all sides have in common, less the items' noise."""
    stacks = [np.stack(table, axis=1) for table in tables]
    # what moves all sides alike says nothing of a difference
    stacks = [x - x.mean(axis=1, keepdims=True) for x in stacks]
    levels = stacks[0].shape[2]
    means = np.asarray(sum(w * x.mean(axis=0) for w, x in zip(share, stacks, strict=True)))
    covariance = np.asarray(np.atleast_2d(np.cov(means, ddof=1)) / levels)
    if not items_drawn:
        return covariance
    within = np.array(
        [level_variances([x[:, m] for x in stacks], share)[1] for m in range(len(covariance))]
    )
    between = np.diag(covariance)
    kept = np.sqrt(np.maximum(1 - within / np.where(between > 0, between, np.inf), 0))
    return np.asarray(covariance * np.outer(kept, kept))


def level_variances(tasks: Sequence[np.ndarray], share: np.ndarray) -> tuple[float, float]:
    """Return the variance of a mean over tasks from its levels, and what of it is items' noise.

    Parameters
    ----------
    tasks : sequence of float array, shapes (n_t, L)
        The same levels, seeds or prompts, in each.
    share : float array, shape (T,)
    """
    levels = int(tasks[0].shape[1])
    means = np.asarray(sum(w * x.mean(axis=0) for w, x in zip(share, tasks, strict=True)))
    within = 0.0
    for weight, x in zip(share, tasks, strict=True):
        rest = x - x.mean(axis=1)[:, None] - x.mean(axis=0) + x.mean()
        within += weight**2 * float((rest**2).sum()) / ((len(x) - 1) * (levels - 1) * x.size)
    return float(means.var(ddof=1)) / levels, within
