"""Who is ranked on a board and who is not: a task, or the mean over the tasks of a metric."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evalvar.analyses.field import Field, meeting
from evalvar.analyses.functionals import Functional
from evalvar.analyses.standing import Standing, standing
from evalvar.analyses.standing_joint import joint_standing
from evalvar.errors import counted
from evalvar.numbers import listing
from evalvar.stats import Estimate


@dataclass(frozen=True, slots=True)
class Away:
    """A model that has scores and is not ranked.

    Parameters
    ----------
    model : str
    mean : Estimate
        On its own items.
    items : int
        How many these are.
    why : str
        Why it is not ranked.
    """

    model: str
    mean: Estimate
    items: int
    why: str


@dataclass(frozen=True, slots=True)
class Board:
    """What is ranked together, and what it is a part of.

    Parameters
    ----------
    standing : Standing
        The models that are ranked.
    away : tuple of Away
        Those that are not.
    tasks, tasks_all : int
        Tasks that the board rests on, and those of its metric that it might have rested on.
    """

    standing: Standing
    away: tuple[Away, ...] = ()
    tasks: int = 1
    tasks_all: int = 1


def away_from(
    field: Field, functional: Functional, over_seeds: bool, level: float, rng: int
) -> tuple[Away, ...]:
    """Estimate each model that is not ranked in a field by itself."""
    found = []
    for own in field.away:
        if own.short:
            why = (
                f"not ranked: {functional.name} needs {functional.k} answers to an item, too few "
                f"for {counted(own.short, 'item')}"
            )
            nothing = Estimate(np.nan, level=level, method=why)
            found.append(Away(own.models[0], nothing, own.items, why))
            continue
        if functional.kind == "joint" and own.items > 1:
            alone = joint_standing(own, functional, level, rng)
        else:
            alone = standing(own, over_seeds and own.several_seeds, level, rng)
        why = (
            f"not ranked: it has {own.items:,} of {counted(field.asked, 'item')}, and with it the "
            "models would share fewer than half"
        )
        found.append(Away(own.models[0], alone.means[0], own.items, why))
    return tuple(sorted(found, key=lambda one: _worst_first(one, field.facts.sign)))


def tasks_in_common(fields: Sequence[Field]) -> tuple[list[Field], list[str], list[str]]:
    """Choose the tasks of one metric that a mean over tasks is of, and the models that have it.

    Models that would leave fewer than half of the tasks go as they do within a task.

    Returns
    -------
    kept : list of Field
        All of the same models; fewer than two where there is no mean over tasks.
    away : list of str
        Models that are ranked on some task and not on their mean.
    remarks : list of str
        What was left out, and why.
    """
    where = f"mean over tasks, {fields[0].metric}"
    everyone = sorted({model for field in fields for model in field.models})
    whole = [field for field in fields if field.items > 1]
    if len({field.kind for field in fields}) > 1:
        what = "orientations" if len({f.facts.higher_is_better for f in fields}) > 1 else "ranges"
        return [], [], [f"{where}: none, the scores of its tasks have different {what}."]
    has = np.array([[model in field.models for model in everyone] for field in whole])
    stays = meeting(has) if len(whole) > 1 else np.ones(len(everyone), dtype=bool)
    models = [model for model, one in zip(everyone, stays, strict=True) if one]
    away = [model for model, one in zip(everyone, stays, strict=True) if not one]
    kept = [field.of(models) for field in whole if set(models) <= set(field.models)]
    remarks = []
    if away:
        ranked = [f"{m} with {sum(m in field.models for field in whole):,}" for m in away]
        remarks.append(
            f"{where}: not ranked, because with them the models would share fewer than half of the "
            f"{len(fields)} tasks: {listing(ranked, most=8)}."
        )
    if len(kept) < len(fields):
        names = {field.task for field in kept}
        out = [field.task for field in fields if field.task not in names]
        remarks.append(
            f"{where}: left out {counted(len(out), 'task')} without items that all {len(models)} "
            f"models share ({listing(out)})."
        )
    if len(kept) < 2:
        said = f"{where}: none, it needs two tasks with items that all models share."
        return [], [], [said, *remarks]
    return kept, away, remarks


def away_from_mean(
    away: Sequence[str], fields: Sequence[Field], standing: Standing, level: float
) -> tuple[Away, ...]:
    """Describe the models that have scores on the tasks of a mean and no place in it.

    Parameters
    ----------
    away : sequence of str
        Those ranked on some task.
    fields : sequence of Field
        All tasks of the metric; models ranked on none of them are away too.
    standing : Standing
        Of the mean over tasks.
    level : float
    """
    never = {own.models[0] for field in fields for own in field.away}
    names = sorted((set(away) | never) - set(standing.models))
    found = []
    for name in names:
        ranked = sum(name in field.models for field in fields)
        items = sum(field.items for field in fields if name in field.models)
        why = f"not ranked: it has a rank on {ranked} of {counted(len(fields), 'task')}"
        found.append(Away(name, Estimate(np.nan, level=level, method=why), items, why))
    return tuple(found)


def _worst_first(one: Away, sign: float) -> tuple[float, str]:
    value = one.mean.value
    return (np.inf if np.isnan(value) else -sign * value), one.model
