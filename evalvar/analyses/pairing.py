"""Two sides of a comparison: their scores on the items that both have."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from evalvar.analyses.cells import item_scores
from evalvar.analyses.facts import Facts, metric_facts
from evalvar.errors import UsageError
from evalvar.evidence import Evidence


@dataclass(frozen=True, slots=True)
class Side:
    """The scores of one label on one task and metric.

    Parameters
    ----------
    items : Index, length n
        Names of the items.
    seeds : tuple of int, length S
        Seeds of the runs.
    scores : float array, shape (n, S)
        Mean over samples and prompts; NaN where an item has no score.
    prompts : frozenset of str
        What the mean goes over.
    clusters : Series or None
        Cluster of each item, by item.
    facts : Facts
        What is known of the metric.
    """

    items: pd.Index
    seeds: tuple[int, ...]
    scores: np.ndarray
    prompts: frozenset[str]
    clusters: pd.Series | None
    facts: Facts


@dataclass(frozen=True, slots=True)
class Shared:
    """The items that both sides have a score for under every seed.

    Parameters
    ----------
    items : Index, length n
        Their names.
    a, b : float array, shapes (n, S_a) and (n, S_b)
        Their scores.
    left_out : int
        How many items of either side are not among them.
    """

    items: pd.Index
    a: np.ndarray
    b: np.ndarray
    left_out: int


Key = tuple[str | None, str]
Sides = dict[Any, Side]


def asked_labels(evidence: Evidence, between: str, a: Any, b: Any) -> tuple[Any, Any]:
    """Return a and b in the type of the axis.

    Raises
    ------
    UsageError
        A label that is not in the data, or the same one twice.
    """
    present = sorted(evidence.records[between].unique().tolist())
    kind = type(present[0])
    asked = []
    for value in (a, b):
        try:
            label = None if value is None else kind(value)
        except ValueError:
            label = value
        if label is not None and label not in present:
            shown = ", ".join(map(str, present[:12])) + (", ..." if len(present) > 12 else "")
            raise UsageError(f"no {between} '{value}' in the data. There is: {shown}.")
        asked.append(label)
    if asked[0] is not None and asked[0] == asked[1]:
        raise UsageError(f"a and b are both '{a}': name two different {between}s.")
    return asked[0], asked[1]


def sides_by_metric(evidence: Evidence, between: str) -> Iterator[tuple[Key, Sides]]:
    """Yield the sides of every task and metric; of every metric where tasks are compared."""
    scores = item_scores(evidence)
    facts = metric_facts(evidence)
    groups = ["metric"] if between == "task" else ["task", "metric"]
    for key, group in scores.groupby(groups, observed=True, sort=True):
        metric = str(key[-1])
        sides = {
            label: _side(part, facts[(str(part["task"].iloc[0]), metric)])
            for label, part in group.groupby(between, observed=True, sort=True)
        }
        yield (None if between == "task" else str(key[0]), metric), sides


def wanted_pairs(sides: Sides, asked: tuple[Any, Any]) -> Iterator[tuple[Any, Any]]:
    """Yield the pairs asked for: one, one side against every other, or all."""
    a, b = asked
    best_first = sorted(sides, key=lambda label: _rank(sides[label]))
    if a is None and b is None:
        # differences of ordered axes read forward in time, of names from best to worst
        ordered = sorted(sides, reverse=True) if isinstance(best_first[0], int) else best_first
        yield from combinations(ordered, 2)
    else:
        left = best_first if a is None else [a]
        right = best_first if b is None else [b]
        yield from ((x, y) for x in left for y in right if x != y and {x, y} <= sides.keys())


def shared_items(a: Side, b: Side) -> Shared:
    """Return the scores of the items that both sides have under every seed."""
    items = a.items.intersection(b.items)
    in_a, in_b = a.scores[a.items.get_indexer(items)], b.scores[b.items.get_indexer(items)]
    whole = np.isfinite(in_a).all(axis=1) & np.isfinite(in_b).all(axis=1)
    left_out = len(a.items.union(b.items)) - int(whole.sum())
    return Shared(items[whole], in_a[whole], in_b[whole], left_out)


def _rank(side: Side) -> float:
    return -side.facts.sign * float(np.nanmean(side.scores))


def _side(part: pd.DataFrame, facts: Facts) -> Side:
    codes, names = pd.factorize(part["item"], sort=True)
    seeds, columns = np.unique(part["seed"].to_numpy(), return_inverse=True)
    shape = (len(names), seeds.size)
    at = codes * seeds.size + columns
    total = np.bincount(at, weights=part["score"].to_numpy(), minlength=len(names) * seeds.size)
    count = np.bincount(at, minlength=len(names) * seeds.size)
    with np.errstate(invalid="ignore"):
        scores = (total / count).reshape(shape)
    clusters = None
    if "cluster" in part and part["cluster"].notna().any():
        items = part["item"].astype(str)
        clusters = part["cluster"].astype(str).groupby(items).first()
    return Side(
        pd.Index(names.astype(str)), tuple(seeds.tolist()), scores,
        frozenset(part["prompt"].astype(str).unique()), clusters, facts,
    )  # fmt: skip
