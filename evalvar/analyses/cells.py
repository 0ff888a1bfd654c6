"""Cells: the n, mean and variance of the items of one run, from records or as reported.

Questions about means need no more than this, so they work on files without items too.
"""

import numpy as np
import pandas as pd

from evalvar.errors import NotEnoughDataError
from evalvar.evidence import (
    RECORDS_KEY,
    REPORTED_KEY,
    Evidence,
    higher_is_better,
    score_range,
)
from evalvar.stats import Estimate, bounded_mean_interval, clustered_mean_ci
from evalvar.stats.quantiles import normal_quantile, t_quantile

_ITEM_KEY = [name for name in RECORDS_KEY if name != "sample"]
_KEY = list(REPORTED_KEY)


def item_scores(evidence: Evidence) -> pd.DataFrame:
    """Average the scored answers of each item within a run.

    Returns
    -------
    DataFrame
        One row per item and run: the records key without sample, ``score``, ``cluster`` if known.
        An item without any score is absent.
    """
    scored = evidence.records[evidence.records["score"].notna()]
    if not scored.duplicated(_ITEM_KEY).any():
        table = scored[[*_ITEM_KEY, "score"]]
    else:
        table = scored.groupby(_ITEM_KEY, observed=True, sort=False)["score"].mean().reset_index()
    if "cluster" in scored and scored["cluster"].notna().any():
        clusters = scored.groupby(["task", "item"], observed=True)["cluster"].first()
        table = table.merge(clusters.reset_index(), on=["task", "item"], how="left")
    return table.reset_index(drop=True)


def metric_facts(evidence: Evidence) -> pd.DataFrame:
    """Describe each metric of each task.

    Returns
    -------
    DataFrame
        Indexed by task and metric: higher_is_better, chance, low, high (NaN where not known),
        ``declared`` (whether the range is), ``discrete`` (all scores 0 or 1; None if not known).
    """
    records, reported = evidence.records, evidence.reported
    by = ["task", "metric"]
    frames = []
    if len(records):
        low, high = score_range(records)
        score = records["score"]
        facts = pd.DataFrame(
            {
                "task": records["task"].astype(str),
                "metric": records["metric"].astype(str),
                "higher_is_better": higher_is_better(records),
                "chance": records.get("chance", np.nan),
                "low": low,
                "high": high,
                "declared": records["score_min"].notna() if "score_min" in records else False,
                "discrete": score.isin((0.0, 1.0)) | score.isna(),
            }
        )
        frames.append(
            facts.groupby(by, sort=False).agg(
                higher_is_better=("higher_is_better", "first"),
                chance=("chance", "mean"),
                low=("low", "first"),
                high=("high", "first"),
                declared=("declared", "any"),
                discrete=("discrete", "all"),
            )
        )
    if len(reported):
        facts = pd.DataFrame({name: reported[name].astype(str) for name in by})
        facts["higher_is_better"] = higher_is_better(reported)
        for name, column in (("chance", "chance"), ("low", "score_min"), ("high", "score_max")):
            facts[name] = reported.get(column, np.nan)
        grouped = facts.groupby(by, sort=False).first()
        frames.append(grouped.assign(declared=grouped["low"].notna(), discrete=None))
    if not frames:
        columns = ["higher_is_better", "chance", "low", "high", "declared", "discrete"]
        return pd.DataFrame(columns=columns, index=pd.MultiIndex.from_arrays([[], []], names=by))
    facts = pd.concat([frame.astype(object) for frame in frames])
    return facts[~facts.index.duplicated()]


def cells(evidence: Evidence) -> pd.DataFrame:
    """Reduce to one row per run and metric, from items where there are any, else as reported.

    Returns
    -------
    DataFrame
        The reported key, ``n`` items, ``mean``, ``variance`` over items (ddof 1), ``at_low`` and
        ``at_high`` (items at the bounds of the range), ``se`` (as reported; NaN for items),
        ``from_items``, and the facts of the metric.
    """
    facts = metric_facts(evidence)
    tables = []
    if len(evidence.records):
        scores = item_scores(evidence)
        keys = [scores["task"].astype(str), scores["metric"].astype(str)]
        at = pd.MultiIndex.from_arrays(keys)
        low = facts["low"].astype(float).reindex(at).to_numpy()
        high = facts["high"].astype(float).reindex(at).to_numpy()
        scores["at_low"] = scores["score"].to_numpy() == low
        scores["at_high"] = scores["score"].to_numpy() == high
        grouped = scores.groupby(_KEY, observed=True, sort=False)
        table = grouped.agg(
            n=("score", "size"),
            mean=("score", "mean"),
            variance=("score", "var"),
            at_low=("at_low", "sum"),
            at_high=("at_high", "sum"),
        ).reset_index()
        tables.append(table.assign(se=np.nan, from_items=True))
    if len(evidence.reported):
        table = evidence.reported[_KEY].assign(
            mean=evidence.reported["value"],
            **{
                name: evidence.reported.get(name, np.nan)
                for name in ("n", "se")
            },
            from_items=False,
        )
        tables.append(table[table["mean"].notna()])
    columns = [*_KEY, "n", "mean", "variance", "at_low", "at_high", "se", "from_items"]
    if not tables:
        return pd.DataFrame(columns=[*columns, *facts.columns])
    for table in tables:
        for name in ("model", "task", "metric", "prompt"):
            table[name] = table[name].astype(str)
    both = pd.concat([table.reindex(columns=columns) for table in tables], ignore_index=True)
    both = both[~both.duplicated(_KEY)]  # items come first and win over what a file claims
    both = both.join(facts, on=["task", "metric"])
    return both.sort_values(_KEY, kind="stable").reset_index(drop=True)


def mean_estimates(table: pd.DataFrame, *, level: float) -> list[Estimate]:
    """Give the mean of every cell with its interval over items.

    From items with a known range: mid-p on the effective n; without: t. As reported: mid-p where
    the reported standard error shows 0/1 scores, else t (z without n) on the reported error.
    """
    n = table["n"].to_numpy("float64")
    mean = table["mean"].to_numpy("float64")
    low = table["low"].astype("float64").to_numpy()
    high = table["high"].astype("float64").to_numpy()
    from_items = table["from_items"].to_numpy(bool)
    se = np.where(from_items, np.sqrt(table["variance"].to_numpy("float64") / n), table["se"])
    binary_claim = ~from_items & _bernoulli(mean, se.astype(float), n)
    low, high = np.where(binary_claim, 0.0, low), np.where(binary_claim, 1.0, high)
    right = np.where(binary_claim, np.round(mean * n), table["at_high"].astype("float64"))
    wrong = np.where(binary_claim, n - right, table["at_low"].astype("float64"))
    bounded = (from_items | binary_claim) & np.isfinite(low) & np.isfinite(high)
    bounds = np.full((2, len(table)), np.nan)
    if bounded.any():
        pick = np.flatnonzero(bounded)
        variance = np.where(binary_claim, mean * (1 - mean) * n / np.maximum(n - 1, 1), se**2 * n)
        bounds[:, pick] = _bounded(n, mean, variance, wrong, right, low, high, pick, level)
    return [
        _estimate(
            mean[i],
            float(se[i]),
            bounds[:, i],
            n[i],
            level,
            bounded=bool(bounded[i]),
            binary=bool(bounded[i] and wrong[i] + right[i] == n[i]),
            declared=bool(table["declared"].iloc[i]) or bool(binary_claim[i]),
            from_items=bool(from_items[i]),
        )
        for i in range(len(table))
    ]


def clustered_estimates(
    scores: pd.DataFrame, *, level: float
) -> dict[tuple[object, ...], Estimate | str]:
    """Give the mean of every run whose items come in clusters; a string says why it is undefined."""
    found: dict[tuple[object, ...], Estimate | str] = {}
    for key, group in scores[scores["cluster"].notna()].groupby(_KEY, observed=True, sort=False):
        codes, _ = pd.factorize(group["cluster"])
        try:
            found[key] = clustered_mean_ci(group["score"].to_numpy(), codes, level=level)
        except NotEnoughDataError as error:
            found[key] = str(error)
    return found


def _bernoulli(mean: np.ndarray, se: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Tell where a reported standard error is that of n scores of 0 or 1 (ddof 1, as harnesses do)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        expected = np.sqrt(mean * (1 - mean) / (n - 1))
        whole = np.abs(mean * n - np.round(mean * n)) < 1e-6 * np.maximum(n, 1)
        return (
            whole & (mean >= 0) & (mean <= 1) & (np.abs(se - expected) <= 1e-6 * (expected + 1e-9))
        )


def _bounded(
    n: np.ndarray,
    mean: np.ndarray,
    variance: np.ndarray,
    wrong: np.ndarray,
    right: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    pick: np.ndarray,
    level: float,
) -> np.ndarray:
    return np.stack(
        bounded_mean_interval(
            n[pick],
            mean[pick],
            np.nan_to_num(variance[pick]),
            wrong[pick],
            right[pick],
            low=low[pick],
            high=high[pick],
            level=level,
        )
    )


def _estimate(
    mean: float,
    se: float,
    bounds: np.ndarray,
    n: float,
    level: float,
    *,
    bounded: bool,
    binary: bool,
    declared: bool,
    from_items: bool,
) -> Estimate:
    items = int(n) if np.isfinite(n) else 0
    known = np.isfinite(se) and se > 0  # a standard error of 0 is a sample that cannot tell
    shown = se if known else np.nan
    if bounded:
        method = "mid-p" if binary else "mid-p on effective n"
        if not declared:
            method += ", 0/1 scores taken as range [0, 1]"
        if not from_items:
            method += ", reported"
        return Estimate(mean, shown, bounds[0], bounds[1], level, items, "item", method)
    kind = "t" if items >= 2 or from_items else "z"
    method = kind if from_items else f"{kind}, reported standard error"
    if not known:
        reason = "no spread seen" if from_items and items > 1 else "standard error not known"
        if from_items and items == 1:
            reason = "one item"
        return Estimate(mean, np.nan, np.nan, np.nan, level, items, "item", f"{method}: {reason}")
    half = (t_quantile(level, items - 1) if kind == "t" else normal_quantile(level)) * se
    return Estimate(mean, se, mean - half, mean + half, level, items, "item", method)
