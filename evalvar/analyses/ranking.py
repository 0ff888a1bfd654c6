"""Who is ahead, and who is tied?"""

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from evalvar.analyses.asked import as_runs, check_rng, check_runs
from evalvar.analyses.boards import Board, away_from, away_from_mean, tasks_in_common
from evalvar.analyses.field import Field, fields
from evalvar.analyses.functionals import Functional, functional_of, values_of_items
from evalvar.analyses.gaps import of_tries
from evalvar.analyses.intake import as_tuple, by_reason, intake, last_checkpoint
from evalvar.analyses.macro import check_weights
from evalvar.analyses.pair_estimates import axes_of
from evalvar.analyses.places import LABELS, places
from evalvar.analyses.standing import CORRECTIONS, standing
from evalvar.analyses.standing_joint import joint_standing
from evalvar.analyses.standing_macro import macro_standing
from evalvar.analyses.standing_runs import run_standing
from evalvar.errors import NotEnoughDataError, UsageError, counted
from evalvar.evidence import Evidence, Missing
from evalvar.results import Result, Row

KEYS = ("task", "metric", "model")
Correction = Literal["max-t", "holm", "bonferroni"]


def leaderboard(
    data: Evidence | pd.DataFrame,
    *,
    model: str | list[str] | None = None,
    task: str | list[str] | None = None,
    metric: str | list[str] | None = None,
    checkpoint: int | list[int] | None = None,
    over: str | Collection[str] | None = None,
    functional: str | Callable[..., Any] = "mean",
    correction: Correction = "max-t",
    weights: str | None = "equal",
    level: float = 0.95,
    rng: int = 0,
    missing: Missing = "drop",
) -> Result:
    """Rank the models on the items that all of them answered, with the ranks each may have.

    Parameters
    ----------
    data : Evidence or DataFrame
        Records of two or more models. Reported values without items are ranked by their seeds:
        Welch's t, Bonferroni in place of max-t, no mean over tasks.
    model, task, metric, checkpoint : optional
        What to keep; without a checkpoint, each model's last.
    over : str or collection of str, optional
        What would be drawn again, ``item`` or ``item x seed``; the latter by default where some
        model has several seeds.
        Over items alone, the seeds are these ones and are averaged. Prompts always are.
    functional : str or callable
        ``mean``, or another mean over items: ``pass@k``, ``pass^k``, ``eff@k`` of the answers to an
        item, ``gap@k`` of programs scored for both, ``optimality-gap``. Problems are redrawn, and
        with them answers and timings. Or what is resampled over items, and has no mean over tasks:
        ``median``, ``iqm``, ``trimmed``, or a function ``f(scores, axis=-1)`` of the items.
    correction : {"max-t", "holm", "bonferroni"}
        How the pairs are adjusted for each other. ``max-t`` makes use of their correlation;
        ``holm`` gives no intervals.
    weights : {"equal", "items"} or None
        How tasks weigh in the mean over them, by which the models of a metric are ranked too: over
        the tasks that all models share; who would leave fewer than half of the tasks is not ranked.
        None for no such mean.
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
            Of the model on the shared items, by itself; named after the functional where that is
            another.
        ``rank``
            1 is best; models that tie to the last digit share the mean of their ranks. low..high is
            the rank set: 1 + models that are better beyond doubt .. M - models that are worse.
        ``gap_to_next``
            Mean of the model minus that of the next one, its interval and p-value adjusted for all
            pairs.
        ``decision_accuracy``
            Chance that the order seen of a pair is the true one, mean over pairs (model null).

        Models with too few items in common with the others have their own mean, and a ``rank`` of
        NaN whose method says why.

        Labels: ties (letters: models that share one cannot be told apart), verdict (``leads``,
        ``tied for the lead``, ``behind``; the leader has the best mean), next,
        p_best and expected_rank (share of normal draws on top, and mean rank over them: they
        describe, and are no confidence statement), items (shared), unpaired (the model's items
        left out), higher_is_better, ranked and unranked (how many models are, and are not),
        unranked_names, tasks and tasks_all (that the board rests on, and those of the metric).

    Raises
    ------
    UsageError
        Fewer than two models meet anywhere, an unknown axis, functional or correction.
    NotEnoughDataError
        No two models can be compared anywhere.

    Notes
    -----
    Pairs are estimated as `compare` does, sources in `rank_sets` and `max_t`. All models are
    ranked on the items that each has a score for, so that no two of them meet on other items.
    """
    axes = _check(over, correction)
    check_weights(weights)
    check_rng(rng)
    worth = functional_of(functional)
    if worth.kind == "joint" and axes is not None and "seed" in axes:
        raise UsageError(
            f"{worth.name} is ranked over items alone. Use over='item' (--over item), or a mean "
            "over items."
        )
    evidence = intake(
        data, missing=missing, model=model, task=task, metric=metric, checkpoint=checkpoint
    )
    runs = not len(evidence.records) and len(evidence.reported) > 0
    if runs:
        evidence = replace(evidence, records=as_runs(evidence.reported))
        check_runs(evidence, worth, axes, "auto", what="a leaderboard")
    if not len(evidence.records):
        raise NotEnoughDataError("there is nothing to rank: no scores, and no reported values.")
    if worth.kind == "wins":
        raise UsageError(
            "functional='wins' is who of two is better, and a leaderboard ranks each by itself. "
            "Use compare, or rank by another functional."
        )
    records, behind = evidence.records, list[str]()
    if checkpoint is None:
        records, behind = last_checkpoint(records)
    _check_one_checkpoint(records)
    evidence = of_tries(replace(evidence, records=records), worth)
    make = _run_boards(evidence, level, rng) if runs else None
    boards, remarks = make or _boards(evidence, worth, axes, weights, level, rng)
    rows: list[tuple[Row, dict[str, Any]]] = []
    for board in boards:
        # without items nothing is known of how the models vary together
        by = "bonferroni" if runs and correction == "max-t" else correction
        found, undecided = places(board, worth.name, by, level)
        rows, remarks = rows + found, remarks + undecided
    _check_any(boards, rows)
    settings = {
        **{"model": as_tuple(model), "task": as_tuple(task), "metric": as_tuple(metric)},
        **{
            "checkpoint": as_tuple(checkpoint),
            "over": axes and " x ".join(axes),
            "functional": worth.name,
        },
        **{"correction": correction, "weights": weights, "level": level, "rng": rng},
        "missing": missing,
    }
    result = Result.of(
        "leaderboard", KEYS, [row for row, _ in rows], settings=settings,
        warnings=[*remarks, *behind, *evidence.warnings], sources=evidence.sources,
    )  # fmt: skip
    for name in LABELS:
        kind = "float64" if name in ("p_best", "expected_rank") else object
        blank = "" if name in ("ties", "verdict", "next") else None
        column = [labels.get(name, blank) for _, labels in rows]
        result.table[name] = pd.Series(column, dtype=kind)
    return result


def _check(over: str | Collection[str] | None, correction: str) -> tuple[str, ...] | None:
    if correction not in CORRECTIONS:
        raise UsageError(
            f"correction='{correction}' is unknown. Use one of {', '.join(CORRECTIONS)}."
        )
    axes = axes_of(over)
    if axes not in (None, ("item",), ("item", "seed")):
        raise UsageError(
            f"over='{' x '.join(axes or ())}': a leaderboard is over item, or item x seed. Compare "
            "two models over other axes with compare."
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
            "one with checkpoint (--checkpoint), or compare between='checkpoint' (--between "
            "checkpoint)."
        )


def _run_boards(evidence: Evidence, level: float, rng: int) -> tuple[list[Board], list[str]]:
    """Return a board of every task whose models have values of several seeds."""
    values, facts = values_of_items(evidence, functional_of("mean"))
    met = list(fields(values, facts))
    said = [(f.name, f"one model only ({f.models[0]}): no rank.") for f in met if len(f.models) < 2]
    boards = [Board(run_standing(f, level, rng)) for f in met if len(f.models) > 1 and f.items]
    remarks = [
        f"mean over tasks, {metric}: none, values without items are ranked on each task by itself."
        for metric, count in Counter(board.standing.metric for board in boards).items()
        if count > 1
    ]
    if not boards:
        raise _nothing(met)
    return boards, remarks + by_reason(said)


def _alone(field: Field, worth: Functional) -> str:
    """Say why a field has fewer than two models."""
    for own in field.away:
        if own.short:
            return (
                f"{worth.name} needs {worth.k} answers to an item, too few for "
                f"{counted(own.short, 'item')} of {own.models[0]}."
            )
    return f"one model only ({field.models[0]}): no rank."


def _nothing(met: list[Field]) -> UsageError:
    names = sorted({model for field in met for model in field.models})
    if len(names) == 1:
        return UsageError(f"nothing to rank: there is one model only, {names[0]}.")
    return UsageError(
        f"nothing to rank: no two of {counted(len(names), 'model')} share a task and metric."
    )


def _check_any(boards: list[Board], rows: list[tuple[Row, dict[str, Any]]]) -> None:
    """Refuse a leaderboard on which no two models can be compared."""
    gaps = [row[2].method for row, _ in rows if row[1] == "gap_to_next"]
    ranked = [board for board in boards if not np.isnan(board.standing.merit).any()]
    if ranked and not all(method.startswith("undefined: ") for method in gaps):
        return
    first = boards[0].standing
    where = f"{first.task}, {first.metric}" if len(boards) == 1 else "any task"
    why = gaps[0].removeprefix("undefined: ") if gaps else "the models share no items"
    raise NotEnoughDataError(f"nobody can be ranked on {where}: {why}.")


def _boards(
    evidence: Evidence,
    worth: Functional,
    axes: tuple[str, ...] | None,
    weights: str | None,
    level: float,
    rng: int,
) -> tuple[list[Board], list[str]]:
    """Return the boards, and the remarks: first on who and what is left out of them."""
    values, facts = values_of_items(evidence, worth)
    met = list(fields(values, facts))
    several = any(field.several_seeds for field in met)
    if axes is not None and "seed" in axes and not several:
        raise UsageError("over names seed, and no model has several seeds. Leave it out.")
    said = [(field.name, remark) for field in met for remark in field.remarks]
    boards = []
    by_metric: dict[str, list[Field]] = {}
    for field in met:
        if len(field.models) < 2:
            said.append((field.name, _alone(field, worth)))
            continue
        over_seeds = (axes is None or "seed" in axes) and field.several_seeds
        if field.clusters is not None and over_seeds:
            said.append(
                (field.name, "items are taken as independent although they share clusters.")
            )
        if field.items < 2:
            said.append((field.name, f"no rank: the models share {counted(field.items, 'item')}."))
        away = away_from(field, worth, over_seeds, level, rng)
        if worth.kind == "joint" and field.items > 1:
            if over_seeds:
                said.append((field.name, f"the {worth.name} is averaged over these seeds."))
            boards.append(Board(joint_standing(field, worth, level, rng), away))
            continue
        boards.append(Board(standing(field, over_seeds, level, rng), away))
        by_metric.setdefault(field.metric, []).append(field)
    if not boards:
        few = [field for field in met if any(own.short for own in field.away)]
        if few:
            raise NotEnoughDataError(
                f"nobody can be ranked on {few[0].name}: {_alone(few[0], worth)} Ask for fewer "
                "tries."
            )
        raise _nothing(met)
    remarks = []
    for group in by_metric.values():
        if weights is None or len(group) < 2:
            continue
        kept, names, more = tasks_in_common(group)
        remarks += more
        if kept:
            over_seeds = several and (axes is None or "seed" in axes)
            whole = macro_standing(kept, weights, over_seeds, level, rng)
            away = away_from_mean(names, group, whole, level)
            boards.append(Board(whole, away, len(kept), len(group)))
    # who is not ranked comes before how many items are not shared
    said.sort(key=lambda one: not one[1].startswith(("not ranked", "no rank")))
    return boards, remarks + by_reason(said)
