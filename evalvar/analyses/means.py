"""What did each model score, and how surely?"""

import numpy as np
import pandas as pd

from evalvar.analyses.cells import KEY, cells, item_scores
from evalvar.analyses.facts import Facts, labelled, metric_facts
from evalvar.analyses.intake import as_tuple, intake
from evalvar.errors import NotEnoughDataError, counted
from evalvar.evidence import Evidence, Missing
from evalvar.results import Result, Row
from evalvar.stats import Estimate, bounded_mean_interval, clustered_mean_ci
from evalvar.stats.quantiles import normal_quantile, t_quantile
from evalvar.stats.skewed import SKEWED, skewed_mean_interval

KEYS = tuple(KEY)


def summary(
    data: Evidence | pd.DataFrame,
    *,
    model: str | list[str] | None = None,
    task: str | list[str] | None = None,
    metric: str | list[str] | None = None,
    checkpoint: int | list[int] | None = None,
    level: float = 0.95,
    missing: Missing = "drop",
) -> Result:
    """Report the mean of every run with its interval over items.

    Parameters
    ----------
    data : Evidence or DataFrame
        Records, or reported values where a file has no items.
    model, task, metric, checkpoint : optional
        What to keep.
    level : float in (0, 1)
        Nominal coverage.
    missing : {"drop", "wrong"}
        What an answer without a score means.

    Returns
    -------
    Result
        One row per model, task, metric, seed, checkpoint and prompt; quantity ``mean``; labels
        ``higher_is_better``, ``chance``, ``discrete``.

    Notes
    -----
    Items are what is drawn again; repeated answers are averaged within their item first. From items
    with a known range: mid-p on the effective n; without: the hull of t and skew-t; items that
    share a cluster are one draw. As reported: mid-p where the reported standard error shows scores
    of 0 and 1, else t (z without n) on the reported error. A reported error of 0 counts as not
    known.
    """
    evidence = intake(
        data, missing=missing, model=model, task=task, metric=metric, checkpoint=checkpoint
    )
    table, facts = cells(evidence), metric_facts(evidence)
    keys = list(table[KEY].itertuples(index=False, name=None))
    estimates = dict(zip(keys, _estimates(table, facts, level), strict=True))
    estimates |= _clustered(evidence, facts, estimates, level)
    rows: list[Row] = [
        (dict(zip(KEYS, key, strict=True)), "mean", estimate) for key, estimate in estimates.items()
    ]
    settings = {
        **{"model": as_tuple(model), "task": as_tuple(task), "metric": as_tuple(metric)},
        **{"checkpoint": as_tuple(checkpoint), "level": level, "missing": missing},
    }
    warnings = [*evidence.warnings, *_without_interval(list(estimates.values()))]
    result = Result.of(
        "summary", KEYS, rows, settings=settings, warnings=warnings, sources=evidence.sources
    )
    return labelled(result, facts)


def _estimates(
    table: pd.DataFrame, facts: dict[tuple[str, str], Facts], level: float
) -> list[Estimate]:
    known = [facts[key] for key in zip(table["task"], table["metric"], strict=True)]
    n, mean = table["n"].to_numpy(), table["mean"].to_numpy()
    from_items, third = table["from_items"].to_numpy(), table["third"].to_numpy()
    se = np.where(from_items, np.sqrt(table["variance"].to_numpy() / n), table["se"].to_numpy())
    se = np.where(se > 0, se, np.nan)  # an error of 0 is a sample that cannot tell
    claimed = ~from_items & _looks_binary(mean, se, n)
    low = np.where(claimed, 0.0, [fact.low for fact in known])
    high = np.where(claimed, 1.0, [fact.high for fact in known])
    # a mean on a bound says that every score is on it
    extreme = ~from_items & (n >= 1) & ((mean == low) | (mean == high)) & (low < high)
    right = np.where(claimed, np.round(mean * n), table["at_high"].to_numpy())
    right = np.where(extreme, n * (mean == high), right)
    claimed = claimed | extreme
    wrong = np.where(claimed, n - right, table["at_low"].to_numpy())
    bounded = (from_items | claimed) & np.isfinite(low) & np.isfinite(high)
    bounds = np.full((2, n.size), np.nan)
    if bounded.any():
        pick = np.flatnonzero(bounded)
        bounds[:, pick] = bounded_mean_interval(
            n[pick], mean[pick], np.nan_to_num(se[pick]) ** 2 * n[pick], wrong[pick], right[pick],
            low=low[pick], high=high[pick], level=level, third=third[pick],
        )  # fmt: skip
    estimates = []
    for i, fact in enumerate(known):
        if bounded[i]:
            method = "mid-p" if wrong[i] + right[i] == n[i] else "mid-p on effective n"
            if not fact.declared and from_items[i]:
                method += ", 0/1 scores taken as range [0, 1]"
            if claimed[i]:
                method += ", reported"
            estimate = Estimate(
                float(mean[i]), float(se[i]), float(bounds[0, i]), float(bounds[1, i]), level,
                int(n[i]), "item", method,
            )  # fmt: skip
        elif from_items[i]:
            estimate = fact.within(_unbounded(mean[i], se[i], int(n[i]), third[i], level))
        else:
            estimate = fact.within(_as_claimed(mean[i], se[i], n[i], level))
        estimates.append(estimate)
    return estimates


def _unbounded(mean: float, se: float, n: int, third: float, level: float) -> Estimate:
    if np.isnan(se):
        method = f"{SKEWED}: {'one item' if n == 1 else 'no spread seen'}"
        return Estimate(float(mean), level=level, n=n, method=method)
    low, high = skewed_mean_interval(n, mean, n * se**2, third, level=level)
    return Estimate(float(mean), float(se), float(low), float(high), level, n, "item", SKEWED)


def _as_claimed(mean: float, se: float, n: float, level: float) -> Estimate:
    items = int(n) if np.isfinite(n) else 0
    if np.isnan(se):
        method = "as reported: standard error not known"
        return Estimate(float(mean), level=level, n=items, method=method)
    kind, factor = "z", normal_quantile(level)
    if items > 1:
        kind, factor = "t", t_quantile(level, items - 1)
    method = f"{kind}, reported standard error"
    half = factor * se
    return Estimate(float(mean), float(se), mean - half, mean + half, level, items, "item", method)


def _looks_binary(mean: np.ndarray, se: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Tell where a reported error is that of n scores of 0 or 1 (ddof 1, as harnesses do)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        expected = np.sqrt(mean * (1 - mean) / (n - 1))
        whole = np.abs(mean * n - np.round(mean * n)) < 1e-6 * n
        near: np.ndarray = whole & (np.abs(se - expected) <= 1e-6 * expected)
        return near


def _clustered(
    evidence: Evidence,
    facts: dict[tuple[str, str], Facts],
    estimates: dict[tuple[object, ...], Estimate],
    level: float,
) -> dict[tuple[object, ...], Estimate]:
    if "cluster" not in evidence.records:
        return {}
    scores = item_scores(evidence)
    if "cluster" not in scores:
        return {}
    found: dict[tuple[object, ...], Estimate] = {}
    for key, run in scores.groupby(KEY, observed=True, sort=False):
        if run["cluster"].isna().all():
            continue
        # an item outside every cluster is one of its own
        alone = run["cluster"].isna()
        codes, _ = pd.factorize(run["item"].astype(str).radd("item ").where(alone, run["cluster"]))
        try:
            fact = facts[(str(key[1]), str(key[2]))]
            low, high = fact.range
            mean = clustered_mean_ci(
                run["score"].to_numpy(), codes, level=level, low=low, high=high
            )
            found[key] = fact.within(mean)
        except NotEnoughDataError as error:
            value = estimates[key].value
            found[key] = Estimate(value, level=level, n=1, unit="cluster", method=f"t: {error}")
    return found


def _without_interval(estimates: list[Estimate]) -> list[str]:
    """Count the means without an interval, by reason."""
    reasons: dict[str, int] = {}
    for estimate in estimates:
        if np.isnan(estimate.low):
            reason = estimate.method.partition(": ")[2].rstrip(".") or estimate.method
            reasons[reason] = reasons.get(reason, 0) + 1
    return [
        f"no interval for {count:,} of {counted(len(estimates), 'mean')}: {reason}."
        for reason, count in reasons.items()
    ]
