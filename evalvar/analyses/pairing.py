"""Two sides of a comparison: their scores on the items that both have."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pandas as pd

from evalvar.analyses.facts import Facts
from evalvar.analyses.functionals import Functional, values_of_items
from evalvar.analyses.units import Units, by_run, units_of
from evalvar.errors import UsageError
from evalvar.evidence import Evidence, not_there


@dataclass(frozen=True, slots=True)
class Side:
    """The scores of one label on one task and metric.

    Parameters
    ----------
    seeds : int array, shape (S,)
        Seeds of the runs, sorted.
    scores : float array, shape (U, S)
        Mean over samples; NaN where a unit has no score. All sides have the same units.
    units : Units
        What the rows are.
    clusters : Series or None
        Cluster of each item, by item.
    facts : Facts
        What is known of the metric.
    too_few : int
        Items with fewer answers than a best of k needs, in some run.
    """

    seeds: np.ndarray
    scores: np.ndarray
    units: Units
    clusters: pd.Series | None
    facts: Facts
    too_few: int = 0

    def only(self, seeds: np.ndarray) -> "Side":
        """Return the runs of these seeds."""
        scores = self.scores[:, np.isin(self.seeds, seeds)]
        return replace(self, seeds=seeds, scores=scores)


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
            raise not_there(between, value, present)
        asked.append(label)
    if asked[0] is not None and asked[0] == asked[1]:
        raise UsageError(f"a and b are both '{a}': name two different {between}s.")
    return asked[0], asked[1]


def sides_by_metric(
    evidence: Evidence, between: str, functional: Functional
) -> Iterator[tuple[Key, Sides]]:
    """Yield the sides of every task and metric; of every metric where tasks are compared."""
    scores, facts = values_of_items(evidence, functional)
    groups = ["metric"] if between == "task" else ["task", "metric"]
    for key, group in scores.groupby(groups, observed=True, sort=True):
        metric = str(key[-1])
        # where prompts are compared an item is the same question under either
        asked = group.assign(prompt="") if between == "prompt" else group
        codes, units = units_of(asked)
        clusters = None
        if "cluster" in group and group["cluster"].notna().any():
            clusters = group["cluster"].astype(object).groupby(group["item"].astype(str)).first()
        labels = group[between].to_numpy()
        sides = {}
        for label in sorted(pd.unique(labels)):
            rows = labels == label
            seeds, run = np.unique(group["seed"].to_numpy()[rows], return_inverse=True)
            values = group["score"].to_numpy()[rows]
            table = by_run(codes[rows], run, values, (units.item.size, seeds.size))
            fact = facts[(str(group["task"].to_numpy()[rows][0]), metric)]
            few = np.unique(units.item[codes[rows][np.isnan(values)]]).size
            sides[label] = Side(seeds, table, units, clusters, fact, few)
        yield (None if between == "task" else str(key[0]), metric), sides


def wanted_pairs(sides: Sides, asked: tuple[Any, Any], pairs: str) -> Iterator[tuple[Any, Any]]:
    """Yield the pairs asked for: one, one side against every other, neighbours, or all."""
    a, b = asked
    best_first = sorted(sides, key=lambda label: _rank(sides[label]))
    if a is None and b is None:
        # differences of ordered axes read forward in time, of names from best to worst
        ordered = best_first if isinstance(best_first[0], str) else sorted(sides, reverse=True)
        yield from pairwise(ordered) if pairs == "neighbours" else combinations(ordered, 2)
    else:
        left = best_first if a is None else [a]
        right = best_first if b is None else [b]
        yield from ((x, y) for x in left for y in right if x != y and {x, y} <= sides.keys())


def _rank(side: Side) -> float:
    known = side.scores[np.isfinite(side.scores)]
    return -side.facts.sign * float(known.mean()) if known.size else np.inf
