"""How good is the best of k tries?"""

from dataclasses import replace

import numpy as np
import pandas as pd

from evalvar.analyses.facts import Facts, metric_facts
from evalvar.analyses.intake import as_tuple, intake, last_checkpoint
from evalvar.errors import NotEnoughDataError, UsageError, counted
from evalvar.evidence import Evidence, Missing
from evalvar.results import Result, Row
from evalvar.stats import (
    Estimate,
    bounded_mean_ci,
    crossed_mean_ci,
    eff_at_k,
    pass_at_k,
    skewed_mean_ci,
)

KEYS = ("model", "task", "metric", "seed")
_TOO_FEW = "undefined: k is larger than the number of answers to some item"


def code_metrics(
    data: Evidence | pd.DataFrame,
    *,
    k: int | list[int] | tuple[int, ...] | None = None,
    model: str | list[str] | None = None,
    task: str | list[str] | None = None,
    metric: str | list[str] | None = None,
    checkpoint: int | list[int] | None = None,
    level: float = 0.95,
    missing: Missing = "drop",
) -> Result:
    """Report the expected best score of k answers, from n >= k answers to each item.

    Parameters
    ----------
    data : Evidence or DataFrame
        Records with several samples per item; n may differ between items.
    k : int or list of int, optional
        Numbers of tries; by default 1, 2, 5, 10, 20, 50 ... up to the smallest n, and that n.
    model, task, metric, checkpoint : optional
        What to keep; without a checkpoint, each model's last.
    level : float in (0, 1)
        Nominal coverage.
    missing : {"drop", "wrong"}
        What an answer without a score means.

    Returns
    -------
    Result
        Quantities ``pass@k`` for metrics of 0 and 1 where higher is better, ``eff@k`` (the expected
        best score) for others, mean over items with its interval over items; where there are
        several seeds also a row over items and seeds (seed null). Tries are of one prompt; the
        prompts of an item are averaged. A k larger than the n of some item has no value. Label:
        items (how many the row rests on).

    Raises
    ------
    NotEnoughDataError
        No item has an answer, or no metric has several answers to an item.

    Notes
    -----
    Metrics with one answer per item are left out, unless they are the only ones or named by
    `metric`. Where lower is better, the best of k is the lowest. Source: Chen et al. 2021 for
    pass@k; "How Efficient is LLM-Generated Code?", Eq. 6, for eff@k, which equals it on scores of
    0 and 1.
    """
    tries = _tries(k)
    evidence = intake(
        data, missing=missing, model=model, task=task, metric=metric, checkpoint=checkpoint
    )
    if not len(evidence.records):
        raise NotEnoughDataError(
            "this file has no items: pass@k needs the score of every answer, and only "
            "aggregates were read. Log the samples and read them."
        )
    facts = metric_facts(evidence)
    records, behind = evidence.records, list[str]()
    if checkpoint is None:
        records, behind = last_checkpoint(records)
    scored = records[records["score"].notna()]
    several = _with_samples(scored, keep_all=metric is not None)
    rows: list[tuple[Row, int]] = []
    warnings = [*evidence.warnings, *behind]
    for key, group in several.groupby(list(KEYS[:3]), observed=True, sort=True):
        fact = facts[(str(key[1]), str(key[2]))]
        found, remarks = _metric(group, tuple(map(str, key)), fact, tries, level)
        rows += found
        warnings += remarks
    settings = {
        **{"k": as_tuple(k), "model": as_tuple(model), "task": as_tuple(task)},
        **{"metric": as_tuple(metric), "checkpoint": as_tuple(checkpoint)},
        **{"level": level, "missing": missing},
    }
    result = Result.of(
        "code_metrics",
        KEYS,
        [row for row, _ in rows],
        settings=settings,
        warnings=warnings,
        sources=evidence.sources,
    )
    result.table["items"] = [items for _, items in rows]
    return result


def has_samples(evidence: Evidence) -> bool:
    """Tell whether any item has several answers."""
    return bool((evidence.records["sample"] != 0).any())


def _tries(k: int | list[int] | tuple[int, ...] | None) -> list[int] | None:
    if k is None:
        return None
    tries = [k] if isinstance(k, int) else list(k)
    wrong = [value for value in tries if value < 1]
    if wrong or not tries:
        raise UsageError(f"k={wrong[0] if wrong else tries}: k is a number of tries, 1 or more.")
    return sorted(set(tries))


def _with_samples(scored: pd.DataFrame, *, keep_all: bool) -> pd.DataFrame:
    if keep_all:
        return scored
    by = ["model", "task", "metric"]
    several = (scored["sample"] != 0).groupby([scored[name] for name in by], observed=True)
    kept = scored[several.transform("any")]
    if len(kept):
        return kept
    # a greedy run: its pass@1 is the mean of its 0/1 scores
    binary = scored["score"].isin((0.0, 1.0)).groupby([scored[n] for n in by], observed=True)
    kept = scored[binary.transform("all")]
    if not len(kept):
        raise NotEnoughDataError(
            "no item has several answers, so there is no best of k. Sample each item n times, or "
            "name a metric."
        )
    return kept


def _metric(
    group: pd.DataFrame,
    key: tuple[str, ...],
    fact: Facts,
    asked: list[int] | None,
    level: float,
) -> tuple[list[tuple[Row, int]], list[str]]:
    where = ", ".join(key)
    counts = group.groupby(["seed", "item", "prompt"], observed=True).size()
    smallest = int(counts.min())
    tries = asked or _default_tries(smallest)
    remarks = []
    if counts.nunique() > 1:
        remarks.append(f"{where}: items have {smallest} to {int(counts.max())} answers each.")
    if group["prompt"].nunique() > 1:
        remarks.append(f"{where}: tries are of one prompt; each item is the mean over its prompts.")
    if "cluster" in group and group["cluster"].notna().any():
        remarks.append(f"{where}: items are taken as independent although they share clusters.")
    for k in (k for k in tries if k > smallest):
        few = int((counts < k).groupby("item").any().sum())
        remarks.append(
            f"{where}: best of {k} needs {k} answers to an item; too few for {few:,} of "
            f"{counted(group['item'].nunique(), 'item')} (smallest: {smallest})."
        )
    tables = {
        seed: _item_values(group[group["seed"] == seed], fact, tries)
        for seed in sorted(group["seed"].unique().tolist())
    }
    name = "pass" if fact.discrete and fact.higher_is_better else "eff"
    named = dict(zip(KEYS[:3], key, strict=True))
    rows: list[tuple[Row, int]] = []
    for seed, table in tables.items():
        rows += [
            (({**named, "seed": seed}, f"{name}@{k}", _mean(table[k], fact, level)), len(table))
            for k in tries
        ]
    if len(tables) > 1:
        shared = pd.concat(tables, axis=1, join="inner")
        items = group["item"].nunique()
        if len(shared) < items:
            remarks.append(
                f"{where}: seeds are averaged on the {len(shared):,} of {counted(items, 'item')} "
                "that every seed has."
            )
        for k in tries:
            values = shared.xs(k, axis=1, level=1).to_numpy()
            over_seeds = _over_seeds(values, fact, level)
            rows.append(((named, f"{name}@{k}", over_seeds), len(values)))
    return rows, remarks


def _default_tries(smallest: int) -> list[int]:
    steps = [m * 10**e for e in range(7) for m in (1, 2, 5)]
    return sorted({*(k for k in steps if k <= smallest), smallest})


def _item_values(part: pd.DataFrame, fact: Facts, tries: list[int]) -> pd.DataFrame:
    """Return the estimate for every item (rows) and k (columns); NaN where k > n."""
    by_unit = part.groupby(["item", "prompt"], observed=True)["score"]
    if fact.discrete:
        # the best of k is 1 unless all are 0; where lower is better, 0 unless all are 1
        n, ones = by_unit.size(), by_unit.sum().astype(int)
        good = ones if fact.higher_is_better else n - ones
        passed = pass_at_k(n.to_numpy(), good.to_numpy(), k=tries, undefined="nan")
        values = passed if fact.higher_is_better else 1 - passed
    else:
        values = np.array([_best_of(scores.to_numpy(), fact, tries) for _, scores in by_unit])
    items = by_unit.size().index.get_level_values("item").astype(str)
    units = pd.DataFrame(values, index=items, columns=tries)
    if units.index.is_unique:
        return units
    undefined = units.isna().groupby(level=0).any()
    return units.groupby(level=0).mean().mask(undefined)


def _best_of(scores: np.ndarray, fact: Facts, tries: list[int]) -> np.ndarray:
    values = np.full(len(tries), np.nan)
    possible = [i for i, k in enumerate(tries) if k <= scores.size]
    if possible:
        best = eff_at_k(fact.sign * scores, k=[tries[i] for i in possible])
        values[possible] = fact.sign * np.asarray(best)
    return values


def _mean(values: pd.Series, fact: Facts, level: float) -> Estimate:
    scores = values.to_numpy()
    if np.isnan(scores).any():
        return Estimate(np.nan, level=level, n=scores.size, method=_TOO_FEW)
    try:
        low, high = fact.range
        if low is not None and high is not None:
            return bounded_mean_ci(scores, low=low, high=high, level=level)
        return replace(skewed_mean_ci(scores, level=level), p_value=np.nan)
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
