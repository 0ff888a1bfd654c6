"""The rows of a leaderboard: scores, ranks and gaps of models that stand somewhere."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from string import ascii_lowercase
from typing import Any

import numpy as np

from evalvar.analyses.boards import Board
from evalvar.analyses.standing import Standing, adjusted
from evalvar.errors import counted
from evalvar.numbers import listing
from evalvar.results import Row
from evalvar.stats import Estimate, midranks, order_chance, rank_sets, rank_shares, tie_runs

LABELS = (
    "ties", "verdict", "next", "p_best", "expected_rank", "items", "unpaired", "higher_is_better",
    "ranked", "unranked", "unranked_names", "tasks", "tasks_all",
)  # fmt: skip
_NAMES = {"max-t": "max-T", "holm": "Holm", "bonferroni": "Bonferroni"}


def places(
    board: Board, quantity: str, correction: str, level: float
) -> tuple[list[tuple[Row, dict[str, Any]]], list[str]]:
    """Return the rows of each model from best to worst, then of those without a rank.

    Parameters
    ----------
    board : Board
    quantity : str
        What the models are ranked by.
    correction : str
        How pairs are adjusted for each other.
    level : float in (0, 1)

    Returns
    -------
    rows : list of (row, labels)
    remarks : list of str
        Which pairs could not be compared.
    """
    standing, merit = board.standing, board.standing.merit
    key = {"task": standing.task, "metric": standing.metric}
    shown = {
        **{"items": standing.items, "higher_is_better": standing.higher_is_better},
        **{"ranked": len(standing.models), "unranked": len(board.away)},
        "unranked_names": listing([one.model for one in board.away]),
        **{"tasks": board.tasks, "tasks_all": board.tasks_all},
    }
    if np.isnan(merit).any():
        return [
            (({**key, "model": model}, quantity, mean), {**shown, "unpaired": int(left_out)})
            for model, mean, left_out in zip(
                standing.models, standing.means, standing.unpaired, strict=True
            )
        ], []
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
    known = [pair for pair, one in zip(pairs, p, strict=True) if np.isfinite(one)]
    # the way of most pairs stands for all of them
    ways = Counter(pair.method for pair in known or pairs)
    said = _said(ways.most_common(1)[0][0], correction, len(known))
    gaps = _gaps(standing, order, p, inner, (correction, len(known)), level)
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
    for one in board.away:
        nowhere = Estimate(np.nan, level=level, n=one.items, unit="item", method=one.why)
        own, labels = {**key, "model": one.model}, {**shown, "items": one.items, "unpaired": 0}
        rows += [((own, quantity, one.mean), labels), ((own, "rank", nowhere), labels)]
    chance = order_chance([pair.value for pair in known], [pair.p_value for pair in known])
    accuracy = Estimate(
        float(np.mean(chance)) if known else np.nan, level=level, n=len(known), unit="pair",
        method="mean over pairs of 1 - p/2, not adjusted",
    )  # fmt: skip
    rows.append((({**key, "model": None}, "decision_accuracy", accuracy), shown))
    return rows, _undecided(standing, pairs, p)


def _undecided(standing: Standing, pairs: list[Estimate], p: np.ndarray) -> list[str]:
    """Say which pairs have no p-value, and so count as tied."""
    lost = np.flatnonzero(np.isnan(p))
    if not lost.size:
        return []
    a, b = (standing.models[m] for m in standing.ends[lost[0]])
    where = f"{standing.task or 'mean over tasks'}, {standing.metric}"
    return [
        f"{where}: {lost.size:,} of {counted(len(pairs), 'pair')} cannot be compared and "
        f"{'counts' if lost.size == 1 else 'count'} as tied (first {a} and {b}: "
        f"{pairs[int(lost[0])].method.rstrip('.')})."
    ]


def _gaps(
    standing: Standing,
    order: np.ndarray,
    p: np.ndarray,
    inner: float,
    adjusting: tuple[str, int],
    level: float,
) -> list[Estimate]:
    """Give the difference of each model to the next, for all pairs together."""
    number = np.zeros((len(order), len(order)), dtype=int)
    number[tuple(standing.ends.T)] = np.arange(len(p))
    steps = np.array(list(pairwise(order.tolist())))
    alone = np.isnan(inner)
    found = standing.differ(steps, level if alone else inner)
    return [
        replace(
            gap, level=level,
            method=_said(gap.method, *adjusting) if np.isfinite(gap.p_value) else gap.method,
            low=np.nan if alone else gap.low, high=np.nan if alone else gap.high,
            p_value=float(p[number[min(i, j), max(i, j)]]),
        )
        for gap, (i, j) in zip(found, steps.tolist(), strict=True)
    ]  # fmt: skip


def _said(method: str, correction: str, pairs: int) -> str:
    if pairs < 2:
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
