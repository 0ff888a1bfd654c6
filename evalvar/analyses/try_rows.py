"""Rows of what k answers are worth: means over items, and over items and seeds."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalvar.analyses.facts import EFFICIENCY, PASSED, Facts
from evalvar.analyses.functionals import GAP
from evalvar.analyses.gaps import gap_mean
from evalvar.analyses.try_values import item_values
from evalvar.errors import NotEnoughDataError, counted
from evalvar.results import Row
from evalvar.stats import (
    Estimate,
    bayes_at_n,
    bounded_mean_ci,
    crossed_mean_ci,
    skewed_mean_ci,
)

KEYS = ("model", "task", "metric", "seed")
# What tells the answers of a model in a task apart.
_ANSWER = ("item", "seed", "checkpoint", "prompt", "sample")
# Seed -> values of items (rows) and tries (columns).
Tables = dict[int, pd.DataFrame]


@dataclass(frozen=True, slots=True)
class Tried:
    """The answers of a model in a metric, what is known of it, and the values of their items."""

    answers: pd.DataFrame
    fact: Facts
    tables: Tables


_TOO_FEW = "undefined: k is larger than the number of answers to some item"
# A gap may be below 0, where the best program is faster than the reference.
_NO_RANGE = Facts(
    higher_is_better=False, chance=np.nan, low=np.nan, high=np.nan, declared=False, discrete=False
)


def seed_values(
    group: pd.DataFrame, fact: Facts, tries: list[int], word: str, tau: float
) -> Tables:
    """Give the values of items (rows) and tries (columns) of every seed."""
    return {
        seed: item_values(group[group["seed"] == seed], fact, tries, word=word, tau=tau)
        for seed in sorted(group["seed"].unique().tolist())
    }


def mean_rows(
    tables: Tables,
    key: tuple[str, ...],
    names: list[str],
    fact: Facts,
    level: float,
    remarks: list[str],
    *,
    gap: bool = False,
) -> Iterator[tuple[Row, int]]:
    """Yield the mean over items of every seed, and that over items and seeds."""
    named = dict(zip(KEYS[:3], key, strict=True))
    for seed, table in tables.items():
        for k, name in zip(table.columns, names, strict=True):
            mean = _mean(table[k], fact, level, gap)
            yield ({**named, "seed": seed}, name, mean), len(table)
    if len(tables) < 2:
        return
    shared = pd.concat(tables, axis=1, join="inner")
    items = len(set().union(*(table.index for table in tables.values())))
    if len(shared) < items:
        remarks.append(
            f"{', '.join(key)}: seeds are averaged on the {len(shared):,} of "
            f"{counted(items, 'item')} that every seed has."
        )
    for k, name in zip(next(iter(tables.values())).columns, names, strict=True):
        values = shared.xs(k, axis=1, level=1).to_numpy()
        yield (named, name, _over_seeds(values, fact, level)), len(values)


def gap_rows(
    found: dict[tuple[str, ...], Tried],
    level: float,
    remarks: list[str],
    said: list[tuple[str, str]],
) -> Iterator[tuple[Row, int]]:
    """Yield pass@k - eff@k of the programs that have both scores; `said` is of which they are."""
    for key, asked in found.items():
        model, task, metric, word = key
        efficient = found.get((model, task, EFFICIENCY, word))
        if metric != PASSED or word != "best" or efficient is None:
            continue
        passed, fast, lone = _of_both(asked, efficient)
        if lone:
            has = "has" if lone == 1 else "have"
            said.append((
                f"{model}, {task}",
                f"gap@k is of answers with both scores; {counted(lone, 'answer')} {has} one only.",
            ))  # fmt: skip
        tables = {}
        for seed in sorted(passed.keys() & fast.keys()):
            left, right = passed[seed], fast[seed]
            items = left.index.intersection(right.index)
            both = left.columns.intersection(right.columns)
            tables[seed] = left.loc[items, both] - right.loc[items, both]
            apart = len(left.index.union(right.index)) - len(items)
            if apart:
                of = f"{counted(len(items), 'item')} with both scores"
                has = "has" if apart == 1 else "have"
                reason = f"gap@k is on the {of}; {counted(apart, 'item')} {has} one only."
                said.append((f"{model}, {task}", reason))
        if tables:
            names = [f"gap@{k}" for k in next(iter(tables.values())).columns]
            place = (model, task, GAP)
            yield from mean_rows(tables, place, names, _NO_RANGE, level, remarks, gap=True)


def _of_both(one: Tried, other: Tried) -> tuple[Tables, Tables, int]:
    """Give the values of the answers that two metrics have in common, and how many others.

    Answers to an item that one of the metrics does not have are not counted: it is, as an item.
    """
    sides = [pd.MultiIndex.from_frame(side.answers[list(_ANSWER)]) for side in (one, other)]
    items = [pd.MultiIndex.from_frame(side.answers[["seed", "item"]]) for side in (one, other)]
    kept = [sides[i].isin(sides[1 - i]) | ~items[i].isin(items[1 - i]) for i in (0, 1)]
    lone = sum(int((~which).sum()) for which in kept)
    if not lone:
        return one.tables, other.tables, 0
    tables = []
    for side, which in zip((one, other), kept, strict=True):
        tries = [int(k) for k in next(iter(side.tables.values())).columns]
        tables.append(seed_values(side.answers[which], side.fact, tries, "best", 0.5))
    return tables[0], tables[1], lone


def bayes_rows(group: pd.DataFrame, key: tuple[str, ...]) -> Iterator[tuple[Row, int]]:
    """Yield Bayes@N of every seed, all answers of an item and prompt taken together."""
    named = dict(zip(KEYS[:3], key, strict=True))
    for seed in sorted(group["seed"].unique().tolist()):
        mine = group[group["seed"] == seed]
        by_unit = mine.groupby(["item", "prompt"], observed=True)["score"]
        right, answers = by_unit.sum().to_numpy(), by_unit.size().to_numpy()
        found = bayes_at_n(np.stack([answers - right, right], axis=1))
        yield ({**named, "seed": seed}, "bayes@n", found), mine["item"].nunique()


def _mean(values: pd.Series, fact: Facts, level: float, gap: bool) -> Estimate:
    scores = values.to_numpy()
    if np.isnan(scores).any():
        return Estimate(np.nan, level=level, n=scores.size, method=_TOO_FEW)
    try:
        low, high = fact.range
        if low is not None and high is not None:
            return bounded_mean_ci(scores, low=low, high=high, level=level)
        if gap:
            return gap_mean(scores, level)
        return fact.within(skewed_mean_ci(scores, level=level))
    except NotEnoughDataError as error:
        value = float(scores.mean())
        return Estimate(value, level=level, n=scores.size, method=f"undefined: {error}")


def _over_seeds(scores: np.ndarray, fact: Facts, level: float) -> Estimate:
    if np.isnan(scores).any():
        return Estimate(np.nan, level=level, unit="item x seed", method=_TOO_FEW)
    try:
        low, high = fact.range
        return fact.within(crossed_mean_ci(scores, level=level, low=low, high=high))
    except NotEnoughDataError as error:
        value = float(scores.mean()) if scores.size else np.nan
        return Estimate(value, level=level, unit="item x seed", method=f"undefined: {error}")
