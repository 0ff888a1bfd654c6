"""The difference of two sides averaged over tasks."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from evalvar import numbers
from evalvar.analyses.meeting import Meeting
from evalvar.analyses.multiplicity import Joint, covariance_of
from evalvar.analyses.outcome import Outcome
from evalvar.analyses.pair_estimates import Manner
from evalvar.analyses.told import Told, named
from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import Estimate
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
    kinds = {(meeting.points, meeting.higher_is_better) for meeting in meetings}
    return len(meetings) > 1 and len(kinds) == 1


def macro_outcomes(found: Sequence[Outcome], weights: str, manner: Manner) -> list[Outcome]:
    """Return the mean over tasks of every pair and metric that has several tasks.

    A task on which the difference of the pair is undefined has no place in the mean.
    """
    groups: dict[tuple[str, frozenset[str]], list[Outcome]] = {}
    for outcome in found:
        key = outcome.key
        if key["task"] is not None and np.isfinite(outcome.difference.value):
            sides = frozenset((key["a"], key["b"]))
            groups.setdefault((key["metric"], sides), []).append(outcome)
    tasks = {outcome.key["task"] for outcome in found}
    averaged = [
        _macro(_one_way(members, weights), weights, manner, len(tasks) - len(members))
        for members in groups.values()
        if _comparable([member.meetings[0] for member in members])
    ]
    return sorted(averaged, key=_best_first)


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


def _macro(members: Sequence[Outcome], weights: str, manner: Manner, lacking: int) -> Outcome:
    meetings = tuple(member.meetings[0] for member in members)

    def at(level: float, null: float = 0.0) -> Estimate:
        single = [member.at(level) for member in members]
        return macro_estimate(meetings, single, weights, manner, level=level, null=null)

    share = shares(meetings, weights)
    remarks = []
    if lacking:
        remarks.append(f"the mean over tasks is without {lacking} that the two do not share.")
    found = at(manner.level)
    if np.isnan(found.p_value):
        remarks.append(f"no p-value: {found.method}.")
    return Outcome(
        {**members[0].key, "task": None}, "macro_difference",
        _told(meetings, manner.functional.worth), at, meetings, found,
        float(share @ np.array([member.mean_a for member in members])),
        float(share @ np.array([member.mean_b for member in members])),
        sum(member.items for member in members), sum(member.unpaired for member in members),
        remarks=tuple(remarks),
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
    runs = [(tuple(m.seeds_a.tolist()), tuple(m.seeds_b.tolist())) for m in meetings]
    shared = len(set(runs)) == 1
    try:
        if manner.functional.kind != "joint" and drawn == ("item", "seed"):
            found = macro_difference_ci(
                [(m.in_a.mean(axis=2), m.in_b.mean(axis=2)) for m in meetings], share,
                paired_seeds=meetings[0].same_runs, shared_seeds=shared,
                ranges=[(m.low, m.high) for m in meetings], level=level, null=null,
            )  # fmt: skip
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
    tasks = {tuple(m.task for m in meetings) for meetings in pairs}
    if len(tasks) > 1:
        return None
    share = shares(pairs[0], weights)
    total, ends, df = None, None, np.inf
    for weight, on_task in zip(share, zip(*pairs, strict=True), strict=True):
        found = covariance_of(on_task, drawn)
        if found is None:
            return None
        total = weight**2 * found.covariance + (0 if total is None else total)
        ends, df = found.pairs, min(df, found.df)
    return None if total is None or ends is None else Joint(total, ends, df)


def _told(meetings: Sequence[Meeting], worth: str) -> Told:
    """Put the average over tasks into words."""
    first = meetings[0]
    items = numbers.count(sum(len(m.items) for m in meetings), "item")
    basis = f"on average over {len(meetings)} tasks, on the {items} both answered"
    a, b = first.seeds_a.size, first.seeds_b.size
    if a == b > 1:
        basis += f", over {a} seeds{'' if first.same_runs else ' each'}"
    elif max(a, b) > 1:
        basis += f", over {a} and {numbers.count(b, 'seed')}"
    return Told(
        named(first.between, first.a), named(first.between, first.b), basis,
        first.higher_is_better, first.points, worth,
    )  # fmt: skip
