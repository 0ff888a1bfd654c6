"""From which checkpoint on is each pair of models apart?"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, partial
from itertools import combinations
from typing import Any

import numpy as np

from evalvar.analyses.curves import Curves
from evalvar.analyses.functionals import functional_of
from evalvar.analyses.meeting import meet
from evalvar.analyses.pair_estimates import Manner, estimate
from evalvar.analyses.pairing import Key, Sides, sides_by_metric
from evalvar.analyses.populations import Population, at_the_end
from evalvar.errors import NotEnoughDataError, counted
from evalvar.evidence import Evidence
from evalvar.results import Row
from evalvar.stats import Estimate, Onset, clear_from, welch

MOST_PAIRS = 1000
_CORRECTIONS = {"bonferroni": "Bonferroni over {} pairs", "none": "not adjusted for {} pairs"}
CORRECTIONS = tuple(_CORRECTIONS)

Labelled = tuple[Row, dict[str, Any]]
SidesAt = Callable[[int | None], dict[Key, Sides]]


def sides_at(evidence: Evidence, curves: Sequence[Curves]) -> SidesAt:
    """Return a function that gives the sides of a checkpoint by task and metric; None is the end.

    They are those that `compare` makes of these records, and made when asked for. The end is that
    of each model's curve.
    """
    mean = functional_of("mean")
    by_step = dict(iter(evidence.records.groupby("checkpoint", sort=False)))

    @cache
    def sides(checkpoint: int | None) -> dict[Key, Sides]:
        records = (
            at_the_end(evidence.records, curves)
            if checkpoint is None
            else by_step[checkpoint].reset_index(drop=True)
        )
        return dict(sides_by_metric(replace(evidence, records=records), "model", mean))

    return sides


def onsets(
    population: Population, sides: SidesAt | None, *, level: float, correction: str
) -> tuple[list[Labelled], list[str]]:
    """Return a row for each pair of models, and what there is to say.

    Parameters
    ----------
    population : Population
    sides : callable or None
        What `sides_at` gives; None where there are no items, and seeds are compared.
    level : float
    correction : {"bonferroni", "none"}
        Over the pairs.
    """
    models = len(population.curves)
    pairs = models * (models - 1) // 2
    if sides is None and not (population.seeds > 1).any():
        return [], ["pairs of models are not tested: no items, and one seed each."]
    if pairs > MOST_PAIRS:
        return [], [
            f"{pairs:,} pairs of models are not tested one by one; keep some with model (--model)."
        ]
    best = population.finals() * population.curves[0].facts.sign
    order = np.argsort(-best, kind="stable").tolist()
    rows: list[Labelled] = []
    said: list[str] = []
    alone: list[str] = []
    for i, j in combinations(order, 2):
        a, b = population.curves[i], population.curves[j]
        steps, lacking = _shared(a, b)
        if lacking:
            said.append(
                f"{counted(lacking, 'checkpoint')} that {a.model} or {b.model} lacks: they are "
                "compared at those that both have, and at the end of each."
            )
        ends = int(a.checkpoints[-1]), int(b.checkpoints[-1])
        at = _differences(a, b, steps, sides, level)
        family = pairs if correction == "bonferroni" else 1
        onset = clear_from(at, steps.size + 1, level=level, comparisons=family)
        words = _CORRECTIONS[correction].format(pairs) if pairs > 1 else "one pair"
        key = {"task": population.task, "metric": population.metric, "a": a.model, "b": b.model}
        labels = {
            "better": _better(onset, a, b),
            "last_checkpoint": ends[0] if ends[0] == ends[1] else None,
            "checkpoints": steps.size + 1,
            "items": 0 if sides is None else min(a.n, b.n),
            "seeds": int(a.seeds.size + b.seeds.size),
        }
        if sides is not None and max(_asked(a), _asked(b)) == 1:
            words += ", these runs, not their recipes"
            alone.append(f"{a.model} and {b.model}")
        told = _told(onset, steps.tolist(), ends, level, words)
        rows.append(((key, "distinguishable_from", told), labels))
    if len(said) > 1:
        said = [f"{len(said):,} pairs, the first of them: {said[0]}"]
    if alone:
        more = f" and {len(alone) - 1:,} more pairs" if len(alone) > 1 else ""
        said.append(
            f"{alone[0]}{more}: with one seed each only items are drawn again, and what is apart "
            "are these runs; two runs of one recipe may be as far apart. Read several seeds."
        )
    return rows, said


def _shared(a: Curves, b: Curves) -> tuple[np.ndarray, int]:
    """Give the checkpoints before the end that both have, and how many only one has."""
    one, other = (c.checkpoints[np.isfinite(c.means).any(axis=0)] for c in (a, b))
    shared = np.intersect1d(one, other)
    lone = one.size + other.size - 2 * shared.size
    if a.checkpoints[-1] == b.checkpoints[-1]:
        shared = shared[shared != a.checkpoints[-1]]
    return shared, lone


def _differences(
    a: Curves, b: Curves, steps: np.ndarray, sides: SidesAt | None, level: float
) -> Callable[[int], Estimate]:
    """Return a function that gives the difference at a shared checkpoint, or after them the end."""
    manner = Manner(functional_of("mean"), None, "auto", level, 0, 0)

    def over_items(index: int, made: SidesAt) -> Estimate:
        where = made(int(steps[index]) if index < steps.size else None).get((a.task, a.metric), {})
        lacking = [curves.model for curves in (a, b) if curves.model not in where]
        if lacking:
            return Estimate(np.nan, level=level, method=f"undefined: no items of {lacking[0]}")
        met = meet((a.task, a.metric), a.model, b.model, where, "model", False)
        return estimate(met, manner, level=level)

    def over_seeds(index: int) -> Estimate:
        runs = [
            c.means[:, np.searchsorted(c.checkpoints, steps[index]) if index < steps.size else -1]
            for c in (a, b)
        ]
        try:
            found = welch(*(run[np.isfinite(run)] for run in runs), level=level)
        except NotEnoughDataError:
            why = "undefined: without items it takes 2 seeds of both"
            return Estimate(np.nan, level=level, unit="seed", method=why)
        return replace(found, unit="seed", method=found.method.replace("Welch", "Welch over seeds"))

    return over_seeds if sides is None else partial(over_items, made=sides)


def _told(
    onset: Onset, steps: list[int], ends: tuple[int, int], level: float, words: str
) -> Estimate:
    last, value = onset.last, np.nan
    method = f"fixed sequence from the end back, {words}; {last.method}"
    if onset.index is not None and (onset.index < len(steps) or ends[0] == ends[1]):
        value = float([*steps, ends[0]][onset.index])
    elif onset.index is not None:
        where = f"checkpoints {ends[0]:,} and {ends[1]:,}"
        method = f"undefined: apart at their ends alone, {where} ({method})"
    elif last.method.startswith("undefined: "):
        method = last.method
    else:
        method = f"undefined: not apart in the end ({method})"
    return Estimate(
        value, level=level, n=last.n, unit=last.unit, method=method, p_value=onset.p_value
    )


def _asked(curves: Curves) -> int:
    """Count the runs that have items at the end."""
    if curves.items is None:
        return 0
    return int(np.isfinite(curves.items[:, :, -1]).any(axis=0).sum())


def _better(onset: Onset, a: Curves, b: Curves) -> str | None:
    if onset.index is None:
        return None
    return a.model if onset.sign * a.facts.sign > 0 else b.model
