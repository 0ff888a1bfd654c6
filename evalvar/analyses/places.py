"""The rows of a leaderboard: scores, ranks and gaps of models that stand somewhere."""

from dataclasses import replace
from itertools import pairwise
from string import ascii_lowercase
from typing import Any

import numpy as np

from evalvar.analyses.standing import Standing, adjusted
from evalvar.results import Row
from evalvar.stats import Estimate, midranks, order_chance, rank_sets, rank_shares, tie_runs

LABELS = (
    "ties", "verdict", "next", "p_best", "expected_rank", "items", "unpaired", "higher_is_better",
)  # fmt: skip
_NAMES = {"max-t": "max-T", "holm": "Holm", "bonferroni": "Bonferroni"}


def places(
    standing: Standing, quantity: str, correction: str, level: float
) -> list[tuple[Row, dict[str, Any]]]:
    """Return the rows of each model from best to worst, each with its labels.

    Parameters
    ----------
    standing : Standing
    quantity : str
        What the models are ranked by.
    correction : str
        How pairs are adjusted for each other.
    level : float in (0, 1)
    """
    key = {"task": standing.task, "metric": standing.metric}
    shown = {"items": standing.items, "higher_is_better": standing.higher_is_better}
    merit = standing.merit
    if np.isnan(merit).any():
        return [
            (({**key, "model": model}, quantity, mean), {**shown, "unpaired": int(left_out)})
            for model, mean, left_out in zip(
                standing.models, standing.means, standing.unpaired, strict=True
            )
        ]
    ends, models = standing.ends, standing.models
    pairs = standing.differ(ends, level)
    p, inner = adjusted(standing, pairs, correction, level)
    apart = p <= 1 - level
    verdicts = np.zeros((len(models), len(models)), dtype=int)
    verdicts[tuple(ends.T)] = np.where(apart, np.sign(merit[ends[:, 0]] - merit[ends[:, 1]]), 0)
    verdicts -= verdicts.T
    ranks, (lowest, highest) = midranks(merit), rank_sets(verdicts)
    order = np.lexsort((np.arange(len(models)), ranks))
    shares = rank_shares(merit, standing.covariance, rng=standing.source)
    ties = _letters(order, tie_runs(order, verdicts))
    said = _said(pairs[0].method, correction, len(pairs))
    gaps = _gaps(standing, order, p, inner, said, level)
    rows: list[tuple[Row, dict[str, Any]]] = []
    for place, m in enumerate(order.tolist()):
        labels = {
            **shown,
            **{"ties": ties[m], "verdict": _verdict(order, verdicts, m)},
            **{"p_best": shares[m, 0], "expected_rank": shares[m] @ np.arange(1, len(models) + 1)},
            "unpaired": int(standing.unpaired[m]),
            "next": models[order[place + 1]] if place + 1 < len(models) else "",
        }
        rank = Estimate(
            float(ranks[m]), low=float(lowest[m]), high=float(highest[m]), level=level,
            n=pairs[0].n, unit=pairs[0].unit, method=f"rank set, {said}",
        )  # fmt: skip
        estimates = {quantity: standing.means[m], "rank": rank}
        if place + 1 < len(models):
            estimates["gap_to_next"] = gaps[place]
        own = {**key, "model": models[m]}
        rows += [((own, name, estimate), labels) for name, estimate in estimates.items()]
    chance = order_chance([pair.value for pair in pairs], [pair.p_value for pair in pairs])
    accuracy = Estimate(
        float(np.mean(chance)), level=level, n=len(pairs), unit="pair",
        method="mean over pairs of 1 - p/2, not adjusted",
    )  # fmt: skip
    return [*rows, (({**key, "model": None}, "decision_accuracy", accuracy), shown)]


def _gaps(
    standing: Standing, order: np.ndarray, p: np.ndarray, inner: float, said: str, level: float
) -> list[Estimate]:
    """Give the difference of each model to the next, for all pairs together."""
    number = np.zeros((len(order), len(order)), dtype=int)
    number[tuple(standing.ends.T)] = np.arange(len(p))
    steps = np.array(list(pairwise(order.tolist())))
    alone = np.isnan(inner)
    found = standing.differ(steps, level if alone else inner)
    return [
        replace(
            gap, level=level, method=said if np.isfinite(gap.p_value) else gap.method,
            low=np.nan if alone else gap.low, high=np.nan if alone else gap.high,
            p_value=float(p[number[min(i, j), max(i, j)]]),
        )
        for gap, (i, j) in zip(found, steps.tolist(), strict=True)
    ]  # fmt: skip


def _said(method: str, correction: str, pairs: int) -> str:
    if pairs == 1:
        return method
    return f"{method}; {_NAMES[correction]} over {pairs:,} pairs"


def _verdict(order: np.ndarray, verdicts: np.ndarray, model: int) -> str:
    leader = int(order[0])
    if model != leader:
        return "behind" if verdicts[leader, model] > 0 else "tied for the lead"
    return "leads" if (np.delete(verdicts[leader], leader) > 0).all() else "tied for the lead"


def _letters(order: np.ndarray, runs: list[tuple[int, int]]) -> list[str]:
    """Give each model the letters of the stretches it belongs to: a, b .. z, aa, ab ..."""
    found: list[list[str]] = [[] for _ in order]
    for number, (start, stop) in enumerate(runs):
        high, low = divmod(number, 26)
        letter = (ascii_lowercase[high - 1] if high else "") + ascii_lowercase[low]
        for m in order[start:stop].tolist():
            found[m].append(letter)
    return [" ".join(letters) for letters in found]
