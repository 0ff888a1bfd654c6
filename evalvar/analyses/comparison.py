"""Is a better than b on the same items?"""

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from evalvar.analyses.intake import as_tuple, by_reason, intake, last_checkpoint
from evalvar.analyses.pairing import (
    Key,
    Side,
    Sides,
    asked_labels,
    on_shared_items,
    sides_by_metric,
    wanted_pairs,
)
from evalvar.errors import NotEnoughDataError, UsageError, counted
from evalvar.evidence import Evidence, Missing
from evalvar.results import Result, Row
from evalvar.stats import (
    Estimate,
    clustered_mean_ci,
    crossed_difference_ci,
    mcnemar,
    paired_t,
    sign_flip,
    sparse_t,
)

KEYS = ("task", "metric", "between", "a", "b")
Between = Literal["model", "checkpoint", "prompt", "seed", "task"]
Pairs = Literal["all", "neighbours"]
Method = Literal["auto", "t", "mcnemar", "sign-flip"]
_PAIRS = ("all", "neighbours")
_BETWEEN = ("model", "checkpoint", "prompt", "seed", "task")
FEW_PAIRS = 3
_METHODS = ("auto", "t", "mcnemar", "sign-flip")


def compare(
    data: Evidence | pd.DataFrame,
    a: str | int | None = None,
    b: str | int | None = None,
    *,
    between: Between = "model",
    pairs: Pairs = "all",
    method: Method = "auto",
    model: str | list[str] | None = None,
    task: str | list[str] | None = None,
    metric: str | list[str] | None = None,
    checkpoint: int | list[int] | None = None,
    level: float = 0.95,
    rng: int = 0,
    missing: Missing = "drop",
) -> Result:
    """Report the difference a - b on the items that both answered, with its interval and p-value.

    Parameters
    ----------
    data : Evidence or DataFrame
        Records; reported values alone cannot be paired.
    a, b : str or int, optional
        Labels on the axis `between`. Without b: a against every other; without a: every other
        against b; without both: all pairs, or neighbours.
    between : {"model", "checkpoint", "prompt", "seed", "task"}
        What a and b are values of.
    pairs : {"all", "neighbours"}
        Without a and b: every pair, or each label against the next of its task and metric, in order
        of the axis or from the best mean to the worst. Neighbours by score are chosen on the data
        they are compared on.
    method : {"auto", "t", "mcnemar", "sign-flip"}
        ``auto``: sparse-t over items, the crossed interval over items and seeds where either side
        has several seeds, clustered t where items share clusters. The others treat items as drawn
        again and average the seeds; ``mcnemar`` (exact) and ``sign-flip`` give a p-value only.
    model, task, metric, checkpoint : optional
        What to keep. Unless checkpoints are compared or named, each model's last one counts.
    level : float in (0, 1)
        Nominal coverage.
    rng : int
        Used by ``sign-flip`` where it does not enumerate.
    missing : {"drop", "wrong"}
        What an answer without a score means; dropped ones leave their pair.

    Returns
    -------
    Result
        Quantity ``difference`` (a - b, not adjusted) for each pair, task and metric; where a task
        and metric has several pairs, also ``difference_simultaneous``, whose p-value is adjusted
        by Holm over these pairs and which has no interval. Labels: mean_a, mean_b (on the shared
        items), items (shared), unpaired (items left out), higher_is_better, verdict.

    Raises
    ------
    UsageError
        An unknown label, or several models where one must be named.
    NotEnoughDataError
        There are no items to pair.
    """
    _check(between, method, pairs)
    evidence = intake(
        data, missing=missing, model=model, task=task, metric=metric, checkpoint=checkpoint
    )
    if not len(evidence.records):
        raise NotEnoughDataError(
            "this file has no items: a comparison pairs items, and only aggregates were read. "
            "Log the samples (lm-eval: --log_samples) and read them."
        )
    records, behind = evidence.records, list[str]()
    if between != "checkpoint" and checkpoint is None:
        records, behind = last_checkpoint(records)
    evidence = replace(evidence, records=records).plus(*behind)
    _check_one_model(evidence, between)
    asked = asked_labels(evidence, between, a, b)
    if None not in asked:
        evidence = evidence.select(**{between: list(asked)})
    found: list[_Pair] = []
    for key, sides in sides_by_metric(evidence, between):
        wanted = wanted_pairs(sides, asked, pairs)
        compared = [_compare(key, x, y, sides, between, method, level, rng) for x, y in wanted]
        found += _adjusted(compared)
    if not found:
        raise UsageError(_no_pair(records, between, asked))
    settings = {
        **{"a": a, "b": b, "between": between, "pairs": pairs, "method": method},
        **{"model": as_tuple(model), "task": as_tuple(task), "metric": as_tuple(metric)},
        **{"checkpoint": as_tuple(checkpoint), "level": level, "rng": rng, "missing": missing},
    }
    result = Result.of(
        "compare",
        KEYS,
        [row for pair in found for row in pair.rows(between)],
        settings=settings,
        warnings=[*evidence.warnings, *_remarks(found)],
        sources=evidence.sources,
    )
    for name in ("mean_a", "mean_b", "items", "unpaired", "higher_is_better", "verdict"):
        result.table[name] = [getattr(pair, name) for pair in found for _ in pair.rows(between)]
    return result


@dataclass(frozen=True, slots=True)
class _Pair:
    task: str | None
    metric: str
    a: str
    b: str
    difference: Estimate
    mean_a: float
    mean_b: float
    items: int
    unpaired: int
    higher_is_better: bool
    remarks: tuple[str, ...]
    adjusted_p: float = np.nan

    @property
    def name(self) -> str:
        return f"{self.a} against {self.b} on {', '.join(filter(None, (self.task, self.metric)))}"

    @property
    def verdict(self) -> str:
        if np.isnan(self.difference.p_value):
            return "undefined"
        p = self.difference.p_value if np.isnan(self.adjusted_p) else self.adjusted_p
        if p > 1 - self.difference.level:
            return "cannot be told apart"
        up = (self.difference.value > 0) == self.higher_is_better
        return "a is better" if up else "b is better"

    def rows(self, between: str) -> list[Row]:
        key = {"task": self.task, "metric": self.metric, "between": between}
        key |= {"a": self.a, "b": self.b}
        rows: list[Row] = [(key, "difference", self.difference)]
        if np.isfinite(self.adjusted_p):
            d = self.difference
            holm = Estimate(
                d.value, level=d.level, n=d.n, unit=d.unit, method=f"{d.method}; Holm",
                p_value=self.adjusted_p,
            )  # fmt: skip
            rows.append((key, "difference_simultaneous", holm))
        return rows


def _check(between: str, method: str, pairs: str) -> None:
    asked = (("between", between, _BETWEEN), ("method", method, _METHODS), ("pairs", pairs, _PAIRS))
    for name, value, legal in asked:
        if value not in legal:
            raise UsageError(f"{name}='{value}' is unknown. Use one of {', '.join(legal)}.")


def _check_one_model(evidence: Evidence, between: str) -> None:
    models = evidence.records["model"].unique().tolist()
    if between in ("checkpoint", "prompt", "seed", "task") and len(models) > 1:
        raise UsageError(
            f"a comparison between {between}s is of one model, and there are {len(models)}: "
            f"{', '.join(map(str, models[:8]))}. Name one with model."
        )


def _compare(
    key: Key, x: Any, y: Any, sides: Sides, between: str, method: str, level: float, rng: int
) -> _Pair:
    a, b = sides[x], sides[y]
    if a.facts.higher_is_better != b.facts.higher_is_better:
        raise UsageError(
            f"{x} and {y} declare opposite orientations of {key[-1]}: their scores cannot be "
            "compared. Set higher_is_better alike, or compare another metric."
        )
    remarks = []
    # two checkpoints of one run share its seed; two models never do
    same_runs = np.intersect1d(a.seeds, b.seeds)
    if between in ("checkpoint", "prompt", "task") and same_runs.size:
        lone = np.setxor1d(a.seeds, b.seeds)
        if lone.size:
            remarks.append(
                f"left out {counted(lone.size, 'seed')} that one of them lacks "
                f"({', '.join(map(str, lone.tolist()))}); the runs are paired."
            )
            a, b = a.only(same_runs), b.only(same_runs)
    else:
        same_runs = same_runs[:0]
    both = on_shared_items(a, b)
    if both.thinned:
        remarks.append(
            f"{counted(both.thinned, 'item')} compared on some of the prompts only, those "
            "that both sides have a score for."
        )
    if both.own_prompts:
        remarks.append("no prompt in common; each side is the mean over its own.")
    if between == "task":
        remarks.append("items of the two tasks are paired by their names.")
    in_a, in_b = both.scores[:, : a.seeds.size], both.scores[:, a.seeds.size :]
    if len(both.items):
        estimate = _difference(
            in_a, in_b, a, b, both.items, same_runs.size > 0, between, method, level, rng
        )
    else:
        estimate = Estimate(np.nan, level=level, method="undefined: no shared items")
    if a.clusters is not None and estimate.unit != "cluster":
        remarks.append("items are taken as independent although they share clusters.")
    if np.isnan(estimate.p_value):
        remarks.append(f"no p-value: {estimate.method}.")
    return _Pair(
        *key, str(x), str(y), estimate,
        float(in_a.mean()) if in_a.size else np.nan,
        float(in_b.mean()) if in_b.size else np.nan,
        len(both.items), both.left_out, a.facts.higher_is_better, tuple(remarks),
    )  # fmt: skip


def _difference(
    in_a: np.ndarray, in_b: np.ndarray, a: Side, b: Side, items: pd.Index, same_runs: bool,
    between: str, method: str, level: float, rng: int,
) -> Estimate:  # fmt: skip
    mean_a, mean_b = in_a.mean(axis=1), in_b.mean(axis=1)
    d = mean_a - mean_b
    # two tasks may have two ranges; a NaN in either makes the span unknown
    span = np.maximum(a.facts.high, b.facts.high) - np.minimum(a.facts.low, b.facts.low)
    low, high = (-span, span) if np.isfinite(span) else (None, None)
    try:
        if method == "t":
            return paired_t(mean_a, mean_b, level=level)
        if method == "mcnemar":
            return _mcnemar(mean_a, mean_b, level)
        if method == "sign-flip":
            p = sign_flip(d, rng=rng)
            name = f"sign-flip, rng {rng}"
            return Estimate(float(d.mean()), level=level, n=d.size, method=name, p_value=p)
        if max(in_a.shape[1], in_b.shape[1]) > 1 and between != "seed":
            return crossed_difference_ci(
                in_a, in_b, paired_seeds=same_runs, level=level, low=low, high=high
            )
        if a.clusters is not None:
            # an item outside every cluster is one of its own
            alone = pd.Series(("item " + items).to_numpy(), index=items)
            labels = a.clusters.reindex(items).fillna(alone)
            return clustered_mean_ci(d, pd.factorize(labels)[0], level=level, low=low, high=high)
        largest = float(max(np.abs(mean_a).max(), np.abs(mean_b).max()))
        return sparse_t(d, low=low, high=high, scale=largest, level=level)
    except NotEnoughDataError as error:
        value = float(d.mean())
        return Estimate(value, level=level, n=d.size, method=f"undefined: {error}")


def _mcnemar(a: np.ndarray, b: np.ndarray, level: float) -> Estimate:
    if not np.isin(np.concatenate([a, b]), (0.0, 1.0)).all():
        raise UsageError(
            "McNemar's test needs a score of 0 or 1 per item and side, and here they are not: "
            "other scores, or a mean over seeds, samples or prompts. Use method 'auto' or 't'."
        )
    p = mcnemar(int((a > b).sum()), int((b > a).sum()))
    value = float((a - b).mean())
    return Estimate(value, level=level, n=a.size, method="McNemar, exact", p_value=p)


def _remarks(pairs: list[_Pair]) -> list[str]:
    """Say what was left out: pair by pair where they are few, else by reason."""
    ragged = [pair for pair in pairs if pair.unpaired]
    if len(ragged) <= FEW_PAIRS:
        said = [
            f"{pair.name}: {counted(pair.unpaired, 'item')} without a score on both sides left "
            f"out, {pair.items:,} compared."
            for pair in ragged
        ]
    else:
        counts = [pair.unpaired for pair in ragged]
        said = [
            f"{len(ragged):,} pairs (first {ragged[0].name}): {min(counts):,} to {max(counts):,} "
            "items without a score on both sides left out; the label unpaired counts them."
        ]
    reasons = [(pair.name, reason) for pair in pairs for reason in pair.remarks]
    return said + by_reason(reasons, "pairs")


def _adjusted(pairs: list[_Pair]) -> list[_Pair]:
    p_values = np.array([pair.difference.p_value for pair in pairs])
    tested = np.flatnonzero(np.isfinite(p_values))
    if tested.size < 2:
        return pairs
    from statsmodels.stats.multitest import multipletests

    adjusted = multipletests(p_values[tested], method="holm")[1]
    pairs = list(pairs)
    for i, p in zip(tested.tolist(), adjusted.tolist(), strict=True):
        pairs[i] = replace(pairs[i], adjusted_p=p)
    return pairs


def _no_pair(records: pd.DataFrame, between: str, asked: tuple[Any, Any]) -> str:
    present = records[between].unique().tolist()
    if len(present) < 2:
        return f"nothing to compare: there is one {between} only, '{present[0]}'."
    who = f"no two {between}s" if None in asked else f"{asked[0]} and {asked[1]} do not"
    shared = "metric" if between == "task" else "task and metric"
    return f"{who} share a {shared}: nothing to compare."
