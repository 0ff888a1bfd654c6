"""Comparisons of what is no mean over items: the draws that their intervals rest on."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from evalvar.analyses.covariances import FEWEST_SHARED, Joint
from evalvar.analyses.functionals import Functional
from evalvar.analyses.meeting import Meeting
from evalvar.errors import UsageError
from evalvar.stats import Estimate, joint_bootstrap
from evalvar.stats.functionals import Functional as Weighted
from evalvar.stats.functionals import user
from evalvar.stats.order_functionals import iqm, median, trimmed_mean
from evalvar.stats.resampled import resampled_difference_ci

_KNOWN: dict[str, Weighted] = {"median": median, "iqm": iqm, "trimmed": trimmed_mean(0.1)}


def weighted(functional: Functional) -> Weighted:
    """Return what is asked of a resample; the mean is one of them."""
    if functional.call is not None:
        call: Callable[..., Any] = functional.call
        return call if isinstance(call, Weighted) else user(call, name=functional.name)
    if functional.kind == "joint":
        return _KNOWN[functional.name]
    from evalvar.stats.functionals import mean

    return mean


def resampled_difference(
    meeting: Meeting,
    functional: Functional,
    over: Sequence[str],
    *,
    n_resamples: int,
    rng: int,
    level: float,
    null: float,
) -> Estimate:
    """Return the difference of a functional; prompts are averaged before it is taken."""
    if "prompt" in over:
        raise UsageError(
            f"{functional.name} is not resampled over prompts. Use over='item', 'seed' or "
            "'item x seed'."
        )
    return resampled_difference_ci(
        meeting.in_a.mean(axis=2), meeting.in_b.mean(axis=2), weighted(functional), over=over,
        paired_seeds=meeting.same_runs, clusters=meeting.clusters, n_resamples=n_resamples,
        rng=rng, level=level, null=null,
    )  # fmt: skip


def value_of_side(functional: Functional, scores: np.ndarray) -> float:
    """Return what one side has of it: scores (n, S, P), averaged over prompts and seeds."""
    if not scores.size:
        return float("nan")
    if functional.kind != "joint":
        return float(scores.mean())
    table = scores.mean(axis=2)
    return float(weighted(functional)(table, np.ones((1, len(table)))).mean())


def resampled_covariance(
    meetings: Sequence[Meeting], functional: Functional, *, n_resamples: int, rng: int
) -> Joint | None:
    """Return the covariance of all sides of a task over items, from joint draws."""
    items = meetings[0].items
    for meeting in meetings[1:]:
        items = items.intersection(meeting.items)
    if len(items) < FEWEST_SHARED:
        return None
    sides: dict[str, np.ndarray] = {}
    for meeting in meetings:
        rows = meeting.items.isin(items)
        for name, scores in ((meeting.a, meeting.in_a), (meeting.b, meeting.in_b)):
            sides.setdefault(name, scores[rows].mean(axis=(1, 2)))
    names = list(sides)
    joint = joint_bootstrap(
        np.stack(list(sides.values()), axis=1), weighted(functional), n_resamples=n_resamples,
        rng=rng,
    )  # fmt: skip
    covariance = np.cov(joint.draws, rowvar=False)
    if not np.isfinite(covariance).all():
        return None
    ends = np.array([(names.index(m.a), names.index(m.b)) for m in meetings], dtype=np.intp)
    return Joint(covariance, ends, len(items) - 1)
