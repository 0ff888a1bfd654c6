"""Comparisons of what is no mean over items: the draws that their intervals rest on."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from evalvar.analyses.covariances import Joint, sides_of_task
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
            f"{functional.name} is not resampled over prompts. Use over='item' (--over item), "
            "'seed' or 'item x seed'."
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
    meetings: Sequence[Meeting],
    functional: Functional,
    drawn: Sequence[str],
    *,
    n_resamples: int,
    rng: int,
) -> Joint | None:
    """Return the covariance of all sides of a task: over items from joint draws, and of seeds.

    None where the sides share fewer than 10 items, or a draw is undefined.
    """
    sides = sides_of_task(meetings, drawn)
    if sides is None:
        return None
    scores = [side.mean(axis=2) for side in sides.scores]
    asked, freedom = weighted(functional), len(scores[0]) - 1
    covariance = np.zeros((len(scores), len(scores)))
    if "item" in drawn:
        joint = joint_bootstrap(
            np.stack([side.mean(axis=1) for side in scores], axis=1), asked,
            n_resamples=n_resamples, rng=rng, clusters=sides.clusters,
        )  # fmt: skip
        covariance, freedom = np.cov(joint.draws, rowvar=False), joint.n - 1
    parts = {}
    if "seed" in drawn:
        whole = np.ones((1, len(scores[0])))
        by_seed = [asked(side, whole)[0] for side in scores]
        counts = {values.size for values in by_seed}
        own = np.diag([values.var(ddof=1) / values.size for values in by_seed])
        if sides.same_runs and len(counts) == 1:
            own = np.cov(np.stack(by_seed)) / min(counts)
        parts["seed"] = own, min(counts) - 1
    if not all(np.isfinite(part).all() for part in (covariance, *(p for p, _ in parts.values()))):
        return None
    return Joint(covariance, sides.pairs, max(freedom, 1), parts)
