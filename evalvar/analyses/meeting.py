"""Two sides on the items that both answered, as arrays, with what had to be left out."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from evalvar.analyses.facts import EFFICIENCY
from evalvar.analyses.pairing import Key, Side, Sides
from evalvar.analyses.units import Units, by_prompt, shared
from evalvar.errors import UsageError, counted
from evalvar.numbers import listing


@dataclass(frozen=True, slots=True)
class Meeting:
    """What a difference is estimated from.

    Parameters
    ----------
    task, metric, between, a, b : str
        The keys of the pair; task is None where tasks are compared.
    in_a, in_b : float array, shape (n, S_a, P), (n, S_b, P)
        Value of each shared item under each seed; P = 1 where prompts are averaged.
    seeds_a, seeds_b : int array
        Names of the seeds.
    same_runs : bool
        Whether a seed is one run in both.
    clusters : int array or None
        Cluster of each item.
    low, high : float or None
        Smallest and largest possible difference; None if not known.
    higher_is_better : bool
        Orientation of the values.
    points : bool
        Whether differences are told in points: values between 0 and 1.
    prompts : int
        How many prompts the values rest on.
    unpaired : int
        Items that some run has and not all.
    too_few : str
        Why the values of a side are undefined, if they are.
    remarks : tuple of str
        What there is to say.
    items : Index
        Names of the shared items.
    runs : bool
        Whether there are no items: each value is that of a run.
    asked : tuple of str
        Names of the prompts, where they stay an axis.
    uneven : bool
        As of `Facts`.
    """

    task: str | None
    metric: str
    between: str
    a: str
    b: str
    in_a: np.ndarray
    in_b: np.ndarray
    seeds_a: np.ndarray
    seeds_b: np.ndarray
    same_runs: bool
    clusters: np.ndarray | None
    low: float | None
    high: float | None
    higher_is_better: bool
    points: bool
    prompts: int
    unpaired: int
    too_few: str
    remarks: tuple[str, ...]
    items: pd.Index
    runs: bool = False
    asked: tuple[str, ...] = ()
    uneven: bool = False

    @property
    def name(self) -> str:
        """The pair and where it met, for remarks."""
        return f"{self.a} against {self.b} on {', '.join(filter(None, (self.task, self.metric)))}"

    @property
    def means(self) -> tuple[np.ndarray, np.ndarray]:
        """Item means of both sides over seeds and prompts."""
        if self.in_a.shape[1:] == self.in_b.shape[1:] == (1, 1):
            return self.in_a[:, 0, 0], self.in_b[:, 0, 0]
        return self.in_a.mean(axis=(1, 2)), self.in_b.mean(axis=(1, 2))

    @property
    def turned(self) -> "Meeting":
        """The same meeting told from the other side."""
        return replace(
            self, a=self.b, b=self.a, in_a=self.in_b, in_b=self.in_a, seeds_a=self.seeds_b,
            seeds_b=self.seeds_a,
        )  # fmt: skip

    @property
    def as_wins(self) -> "Meeting":
        """The shares of runs and prompts in which each side is better, instead of the scores."""
        n = len(self.items)
        one, other = self.in_a[:, :, None], self.in_b[:, None]
        up = (one > other).reshape(n, -1).mean(axis=1) if n else np.empty(0)
        down = (one < other).reshape(n, -1).mean(axis=1) if n else np.empty(0)
        a, b = (up, down) if self.higher_is_better else (down, up)
        return replace(
            self, in_a=a[:, None, None], in_b=b[:, None, None], low=-1.0, high=1.0,
            higher_is_better=True, points=True,
        )  # fmt: skip


def meet(
    key: Key, x: Any, y: Any, sides: Sides, between: str, prompts_apart: bool, *, runs: bool = False
) -> Meeting:
    """Bring two sides together on what both have under every seed.

    Parameters
    ----------
    key : (task, metric)
    x, y
        Labels of the sides.
    sides : dict
        By label.
    between : str
        The axis of the labels.
    prompts_apart : bool
        Whether prompts stay an axis; else those of an item are averaged.
    runs : bool
        Whether each value is that of a run.

    Raises
    ------
    UsageError
        The sides declare opposite orientations.
    """
    a, b = sides[x], sides[y]
    if a.facts.higher_is_better != b.facts.higher_is_better:
        raise UsageError(
            f"{x} and {y} declare opposite orientations of {key[-1]}: their scores cannot be "
            "compared. Set higher_is_better alike, or compare another metric."
        )
    remarks = []
    # two checkpoints of one run share its seed; two models never do
    ordered = between in ("checkpoint", "prompt", "task")
    same_runs = np.intersect1d(a.seeds, b.seeds) if ordered else a.seeds[:0]
    if same_runs.size:
        lone = np.setxor1d(a.seeds, b.seeds)
        if lone.size:
            remarks.append(
                f"left out {counted(lone.size, 'seed')} that one of them lacks "
                f"({', '.join(map(str, lone.tolist()))}); the runs are paired."
            )
            a, b = a.only(same_runs), b.only(same_runs)
    scores = np.concatenate([a.scores, b.scores], axis=1)
    names: tuple[str, ...] = ()
    if prompts_apart:
        asked = np.unique(a.units.item[np.isfinite(scores).any(axis=1)]).size
        items, table = by_prompt(scores, a.units)
        prompts, unpaired = table.shape[2], asked - len(items)
        whole = np.isfinite(scores).all(axis=1)
        names = tuple(a.units.prompts[i] for i in np.unique(a.units.prompt[whole]))
        lost = _prompts_of(scores, a.units) - set(names)
        if lost:
            remarks.append(
                f"left out {counted(len(lost), 'prompt')} that one of them lacks "
                f"({listing(sorted(lost))})."
            )
    else:
        both = shared(scores, a.units)
        items, table, unpaired = both.items, both.scores[..., None], both.left_out
        prompts = _averaged(scores, a.units)
        if both.thinned:
            remarks.append(
                f"{counted(both.thinned, 'item')} compared on some of the prompts only, those "
                "that both sides have a score for."
            )
        if both.own_prompts:
            remarks.append("no prompt in common; each side is the mean over its own.")
    if between == "task":
        remarks.append("items of the two tasks are paired by their names.")
    for name, side in ((x, a), (y, b)):
        uneven = _uneven(side)
        if uneven:
            remarks.append(
                f"{counted(uneven, 'item')} that {name} answered under some seeds only left out."
            )
    # two tasks may have two ranges; a NaN in either makes the span unknown
    span = np.maximum(a.facts.high, b.facts.high) - np.minimum(a.facts.low, b.facts.low)
    low, high = (-float(span), float(span)) if np.isfinite(span) else (None, None)
    few = [f"{counted(s.too_few, 'item')} of {name}" for name, s in ((x, a), (y, b)) if s.too_few]
    return Meeting(
        task=key[0], metric=key[1], between=between, a=str(x), b=str(y),
        in_a=table[:, : a.seeds.size], in_b=table[:, a.seeds.size :],
        seeds_a=a.seeds, seeds_b=b.seeds, same_runs=same_runs.size > 0,
        clusters=_clusters(a, items), low=low, high=high,
        higher_is_better=a.facts.higher_is_better,
        # an efficiency is a ratio, 1 = the reference, wherever these lie
        points=key[1] != EFFICIENCY and _in_points(a, b), prompts=prompts, unpaired=unpaired,
        too_few=few[0] if few else "", remarks=tuple(remarks), items=items,
        runs=runs, asked=names, uneven=a.facts.uneven and b.facts.uneven,
    )  # fmt: skip


def _prompts_of(scores: np.ndarray, units: Units) -> set[str]:
    """Name the prompts under which some run has a score."""
    return {units.prompts[i] for i in np.unique(units.prompt[np.isfinite(scores).any(axis=1)])}


def _averaged(scores: np.ndarray, units: Units) -> int:
    """Count the prompts that the means of items rest on: those of both, else all."""
    if len(units.prompts) < 2:
        return len(units.prompts)
    known = np.isfinite(scores)
    both = known.all(axis=1)
    return int(np.unique(units.prompt[both if both.any() else known.any(axis=1)]).size)


def _uneven(side: Side) -> int:
    """Count the items that some seeds of a side have, and not all."""
    if side.seeds.size < 2:
        return 0
    known = np.isfinite(side.scores)
    if known.all():
        return 0
    per_item = np.zeros((len(side.units.items), side.seeds.size), dtype=bool)
    np.logical_or.at(per_item, side.units.item, known)
    return int((per_item.any(axis=1) & ~per_item.all(axis=1)).sum())


def _clusters(side: Side, items: pd.Index) -> np.ndarray | None:
    if side.clusters is None:
        return None
    # an item outside every cluster is one of its own
    alone = pd.Series(("item " + items).to_numpy(), index=items)
    return np.asarray(pd.factorize(side.clusters.reindex(items).fillna(alone))[0])


def _in_points(a: Side, b: Side) -> bool:
    facts = (a.facts, b.facts)
    if all(np.isfinite(fact.high - fact.low) for fact in facts):
        return all((fact.low, fact.high) == (0, 1) for fact in facts)
    scores = [side.scores[np.isfinite(side.scores)] for side in (a, b)]
    inside = all(x.min(initial=0) >= 0 and x.max(initial=0) <= 1 for x in scores)
    return inside and a.facts.higher_is_better
