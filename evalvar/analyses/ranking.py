"""Who is ahead, and who is tied?"""

from dataclasses import replace
from itertools import pairwise
from string import ascii_lowercase
from typing import Any, Literal

import numpy as np
import pandas as pd

from evalvar.analyses.field import fields
from evalvar.analyses.functionals import functional_of, values_of_items
from evalvar.analyses.intake import as_tuple, by_reason, intake, last_checkpoint
from evalvar.analyses.standing import CORRECTIONS, Standing, adjusted, standing
from evalvar.analyses.standing_macro import macro_standing
from evalvar.errors import NotEnoughDataError, UsageError, counted
from evalvar.evidence import Evidence, Missing
from evalvar.results import Result, Row
from evalvar.stats import (
    Estimate,
    midranks,
    order_chance,
    rank_sets,
    rank_shares,
    tie_runs,
)

KEYS = ("task", "metric", "model")
LABELS = (
    "ties", "verdict", "next", "p_best", "expected_rank", "items", "unpaired", "higher_is_better",
)  # fmt: skip
Correction = Literal["max-t", "holm", "bonferroni"]
_AXES = ("item", "seed")


def leaderboard(
    data: Evidence | pd.DataFrame,
    *,
    model: str | list[str] | None = None,
    task: str | list[str] | None = None,
    metric: str | list[str] | None = None,
    checkpoint: int | list[int] | None = None,
    over: str | list[str] | tuple[str, ...] | None = None,
    functional: str = "mean",
    correction: Correction = "max-t",
    macro: bool = True,
    level: float = 0.95,
    rng: int = 0,
    missing: Missing = "drop",
) -> Result:
    """Rank the models on the items that all of them answered, with the ranks each may have.

    Parameters
    ----------
    data : Evidence or DataFrame
        Records of two or more models.
    model, task, metric, checkpoint : optional
        What to keep; without a checkpoint, each model's last.
    over : "item", or both "item" and "seed", optional
        What would be drawn again: items and seeds where some model has several seeds, else items.
        Over items alone, the seeds are these ones and are averaged. Prompts always are.
    functional : str
        ``mean``, or another mean over items: ``pass@k``, ``pass^k``, ``eff@k`` of the answers to an
        item, ``optimality-gap``.
    correction : {"max-t", "holm", "bonferroni"}
        How the pairs are adjusted for each other. ``max-t`` makes use of their correlation;
        ``holm`` gives no intervals.
    macro : bool
        Whether the tasks of a metric are also ranked by their mean: those that all models share,
        each counting once.
    level : float in (0, 1)
        Nominal coverage: of the interval of each mean alone, of all rank sets of a task and metric
        together, of all gaps together.
    rng : int
        Seed of the draws of max-t and of the rank shares.
    missing : {"drop", "wrong"}
        What an answer without a score means; dropped ones leave their item to nobody.

    Returns
    -------
    Result
        Models from best to worst in each task and metric (task null: the mean over tasks).
        Quantities:

        ``mean``
            Of the model on the shared items, by itself.
        ``rank``
            1 is best; models that tie to the last digit share the mean of their ranks. low..high is
            the rank set: 1 + models that are better beyond doubt .. M - models that are worse.
        ``gap_to_next``
            Mean of the model minus that of the next one, its interval and p-value adjusted for all
            pairs.
        ``decision_accuracy``
            Chance that the order seen of a pair is the true one, mean over pairs (model null).

        Labels: ties (letters: models that share one cannot be told apart), verdict (``leads``,
        ``tied with the leader``, ``behind the leader``; the leader has the best mean), next,
        p_best and expected_rank (share of normal draws on top, and mean rank over them: they
        describe, and are no confidence statement), items (shared), unpaired (the model's items
        left out), higher_is_better.

    Raises
    ------
    UsageError
        Fewer than two models meet anywhere, an unknown axis, functional or correction.
    NotEnoughDataError
        There are no items.

    Notes
    -----
    Pairs are estimated as `compare` does, sources in `rank_sets` and `max_t`. All models are
    ranked on the items that each has a score for, so that no two of them meet on other items.
    """
    axes = _check(over, correction)
    worth = functional_of(functional)
    if worth.kind == "joint":
        raise UsageError(
            f"functional='{functional}' is no mean over items, and a leaderboard ranks means. "
            "Compare two models by it with compare."
        )
    evidence = intake(
        data, missing=missing, model=model, task=task, metric=metric, checkpoint=checkpoint
    )
    if not len(evidence.records):
        raise NotEnoughDataError(
            "this file has no items: a leaderboard pairs items, and only aggregates were read. "
            "Log the samples (lm-eval: --log_samples) and read them."
        )
    records, behind = evidence.records, list[str]()
    if checkpoint is None:
        records, behind = last_checkpoint(records)
    _check_one_checkpoint(records)
    evidence = replace(evidence, records=records)
    standings, remarks = _standings(evidence, worth, axes, macro, level, rng)
    rows: list[tuple[Row, dict[str, Any]]] = []
    for one in standings:
        rows += _rows(one, correction, level)
    settings = {
        **{"model": as_tuple(model), "task": as_tuple(task), "metric": as_tuple(metric)},
        **{"checkpoint": as_tuple(checkpoint), "over": as_tuple(over), "functional": functional},
        **{"correction": correction, "macro": macro, "level": level, "rng": rng},
        "missing": missing,
    }
    result = Result.of(
        "leaderboard", KEYS, [row for row, _ in rows], settings=settings,
        warnings=[*evidence.warnings, *behind, *remarks], sources=evidence.sources,
    )  # fmt: skip
    for name in LABELS:
        kind = "float64" if name in ("p_best", "expected_rank") else object
        blank = "" if name in ("ties", "verdict", "next") else None
        column = [labels.get(name, blank) for _, labels in rows]
        result.table[name] = pd.Series(column, dtype=kind)
    return result


def _check(over: str | list[str] | tuple[str, ...] | None, correction: str) -> set[str] | None:
    if correction not in CORRECTIONS:
        raise UsageError(
            f"correction='{correction}' is unknown. Use one of {', '.join(CORRECTIONS)}."
        )
    if over is None:
        return None
    axes = {over} if isinstance(over, str) else set(over)
    if "item" not in axes or not axes <= set(_AXES):
        raise UsageError(
            f"over must be item, or item and seed, but is {', '.join(sorted(axes)) or 'empty'}. "
            "Compare two models over other axes with compare."
        )
    return axes


def _check_one_checkpoint(records: pd.DataFrame) -> None:
    by = ["model", "task", "metric"]
    several = records.groupby(by, observed=True)["checkpoint"].nunique()
    if len(several) and several.max() > 1:
        worst = several.reset_index().iloc[int(several.to_numpy().argmax())]
        name = ", ".join(str(worst[column]) for column in by)
        raise UsageError(
            f"{name}: {several.max()} checkpoints, and a leaderboard ranks one of each model. Name "
            "one with checkpoint, or compare between='checkpoint'."
        )


def _standings(
    evidence: Evidence, worth: Any, axes: set[str] | None, macro: bool, level: float, rng: int
) -> tuple[list[Standing], list[str]]:
    values, facts = values_of_items(evidence, worth)
    met = list(fields(values, facts))
    several = any(field.several_seeds for field in met)
    if axes is not None and "seed" in axes and not several:
        raise UsageError("over names seed, and no model has several seeds. Leave it out.")
    said = [(field.name, remark) for field in met for remark in field.remarks]
    standings = []
    by_metric: dict[str, list[Any]] = {}
    for field in met:
        if len(field.models) < 2:
            said.append((field.name, f"one model only ({field.models[0]}): no rank."))
            continue
        over_seeds = (axes is None or "seed" in axes) and field.several_seeds
        if field.clusters is not None and over_seeds:
            said.append(
                (field.name, "items are taken as independent although they share clusters.")
            )
        if field.items < 2:
            said.append((field.name, f"no rank: the models share {field.items} items."))
        standings.append(standing(field, over_seeds, level, rng))
        by_metric.setdefault(field.metric, []).append(field)
    if not standings:
        names = sorted({model for field in met for model in field.models})
        if len(names) == 1:
            raise UsageError(f"nothing to rank: there is one model only, {names[0]}.")
        raise UsageError(
            f"nothing to rank: no two of {counted(len(names), 'model')} share a task and metric."
        )
    remarks = by_reason(said)
    for group in by_metric.values() if macro else ():
        if len(group) > 1:
            over_seeds = several and (axes is None or "seed" in axes)
            whole, more = macro_standing(group, over_seeds, level, rng)
            standings += [whole] if whole is not None else []
            remarks += more
    return standings, remarks


def _rows(standing: Standing, correction: str, level: float) -> list[tuple[Row, dict[str, Any]]]:
    key = {"task": standing.task, "metric": standing.metric}
    shown = {"items": standing.items, "higher_is_better": standing.higher_is_better}
    merit = standing.merit
    if np.isnan(merit).any():
        return [
            (({**key, "model": model}, "mean", mean), {**shown, "unpaired": int(left_out)})
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
        estimates = {"mean": standing.means[m], "rank": rank}
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
    names = {"max-t": "max-T", "holm": "Holm", "bonferroni": "Bonferroni"}
    return f"{method}; {names[correction]} over {pairs:,} pairs"


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
