"""Where does the noise of a score come from?"""

from collections.abc import Collection
from math import nan, prod
from typing import Literal

import numpy as np
import pandas as pd

from evalvar.analyses.facts import labelled, metric_facts
from evalvar.analyses.intake import as_tuple, by_reason, intake, last_checkpoint
from evalvar.analyses.pair_estimates import axes_of
from evalvar.errors import NotEnoughDataError
from evalvar.evidence import Evidence, Missing
from evalvar.results import Result, Row
from evalvar.stats import Estimate
from evalvar.stats.arguments import ROUNDING
from evalvar.stats.components import Components
from evalvar.stats.design import AXES
from evalvar.stats.variance import variance_components as components_of

KEYS = ("model", "task", "metric")
_LABELS = ("score", "checkpoint", "items", "seeds", "prompts", "samples", "share_of_mean")


def variance_components(
    data: Evidence | pd.DataFrame,
    *,
    model: str | list[str] | None = None,
    task: str | list[str] | None = None,
    metric: str | list[str] | None = None,
    over: str | Collection[str] | None = None,
    checkpoint: int | list[int] | None = None,
    method: Literal["moments", "reml"] = "moments",
    level: float = 0.95,
    missing: Missing = "drop",
) -> Result:
    """Split the variance of an answer's score into items, seeds, prompts and samples.

    Parameters
    ----------
    data : Evidence or DataFrame
        Records.
    model, task, metric : str or list of str, optional
        What to keep.
    over : str or collection of str, optional
        Axes drawn again in the standard error of the mean, as ``item``, ``item x seed`` or a list:
        ``item``, ``seed``, ``prompt``, or ``sample``. Default: each of the axes with two levels,
        and all of them.
    checkpoint : int or list of int, optional
        What to keep; of it, each model's last.
    method : {"moments", "reml"}
        See `evalvar.stats.variance_components`.
    level : float in (0, 1)
        Nominal coverage.
    missing : {"drop", "wrong"}
        What an answer without a score means.

    Returns
    -------
    Result
        One row per model, task, metric and quantity:

        ``var_<source>``
            Variance component, as ``var_seed`` or ``var_item x seed + sample``, where two cannot be
            told apart. Negative estimates are kept: read them as zero.
        ``share_<source>``
            The same over the sum of all: share of the variance of one answer, not cut to 0..1.
        ``se_<over>``
            Standard error of the mean over all cells, for new draws of these axes.

        Labels: higher_is_better, chance, discrete, score (the mean over cells), checkpoint, items,
        seeds, prompts, samples (an answer's cell, harmonic mean), and, in ``var_`` rows,
        share_of_mean (of the variance of that mean when all axes are drawn again).

    Raises
    ------
    NotEnoughDataError
        There are no items, or nothing has two levels.
    UsageError
        An unknown axis in `over`.

    Notes
    -----
    `evalvar.stats.Components` says how intervals are made and what they cover.
    """
    asked = axes_of(over, (*AXES, "sample"))
    evidence = intake(
        data, missing=missing, model=model, task=task, metric=metric, checkpoint=checkpoint
    )
    if not len(evidence.records):
        raise NotEnoughDataError(
            "this file has no items: variance components need the score of every item, and only "
            "aggregates were read. Log the samples and read them."
        )
    records, said = last_checkpoint(evidence.records)
    rows: list[Row] = []
    labels: list[dict[str, object]] = []
    remarks: list[tuple[str, str]] = []
    scored = records[records["score"].notna()]
    for key, answers in scored.groupby(list(KEYS), observed=True, sort=True):
        named = dict(zip(KEYS, map(str, key), strict=True))
        name = ", ".join(named.values())
        try:
            found = components_of(answers["score"].to_numpy(), _axes(answers), method=method)
        except NotEnoughDataError as error:
            remarks.append((name, str(error)))
            continue
        estimates = _estimates(found, asked, level)
        described = _labels(found, int(answers["checkpoint"].iloc[0]))
        rows += [(named, quantity, estimate) for quantity, estimate in estimates.items()]
        labels += [
            {**described, "share_of_mean": _share_of_mean(found).get(quantity, nan)}
            for quantity in estimates
        ]
        remarks += [(name, reason) for reason in _remarks(found, answers)]
        if asked == ("sample",) and np.isnan(estimates["se_sample"].value):
            remarks.append((name, estimates["se_sample"].method.removeprefix("undefined: ")))
    if not rows:
        raise NotEnoughDataError(by_reason(remarks)[0] if remarks else "no answer has a score.")
    settings = {
        **{"model": as_tuple(model), "task": as_tuple(task), "metric": as_tuple(metric)},
        **{"over": None if asked is None else list(asked), "checkpoint": as_tuple(checkpoint)},
        **{"method": method, "level": level, "missing": missing},
    }
    result = Result.of(
        "variance_components", KEYS, rows, settings=settings,
        warnings=[*evidence.warnings, *said, *by_reason(remarks)], sources=evidence.sources,
    )  # fmt: skip
    for name in _LABELS:
        result.table[name] = pd.Series([label[name] for label in labels])
    return labelled(result, metric_facts(evidence))


def _axes(answers: pd.DataFrame) -> dict[str, np.ndarray]:
    """Give the level of each answer on every axis, as numbers."""
    return {axis: pd.factorize(answers[axis])[0] for axis in AXES}


def _estimates(
    found: Components, asked: tuple[str, ...] | None, level: float
) -> dict[str, Estimate]:
    parts = found.estimates(level)
    estimates = {f"var_{name}": part for name, part in parts.items()}
    estimates |= {f"share_{name}": _share(found, c, parts[name]) for c, name in enumerate(parts)}
    sets: list[tuple[str, ...]] = [(axis,) for axis in found.axes]
    if len(found.axes) > 1:
        sets.append(found.axes)
    if asked is not None:
        sets = [asked]
    for drawn in sets:
        try:
            estimate = found.standard_error(drawn, level)
        except NotEnoughDataError as error:
            unit = " x ".join(drawn)
            estimate = Estimate(nan, level=level, unit=unit, method=f"undefined: {error}")
        estimates[f"se_{estimate.unit}"] = estimate
    return estimates


def _share(found: Components, c: int, part: Estimate) -> Estimate:
    """Give a component over the sum of all, with its error by the delta method."""
    total = float(found.values.sum())
    method = "over the sum of all components"
    if not total > 0:
        method += " (which is not positive: undefined)"
        return Estimate(nan, level=part.level, n=part.n, unit=part.unit, method=method)
    share = float(found.values[c]) / total
    slope = np.full(found.values.size, -share / total)
    slope[c] = (1 - share) / total if abs(1 - share) > ROUNDING else 0.0
    variance = found.variance_of(slope)
    se = float(np.sqrt(variance)) if variance > 0 else nan
    return Estimate(share, se, level=part.level, n=part.n, unit=part.unit, method=method)


def _share_of_mean(found: Components) -> dict[str, float]:
    terms = found.weights * found.values
    total = float(terms.sum())
    if not total > 0:
        return {}
    return {f"var_{n}": float(t / total) for n, t in zip(found.names, terms, strict=True)}


def _labels(found: Components, checkpoint: int) -> dict[str, object]:
    counts = {f"{axis}s": int(found.levels.get(axis, 1)) for axis in AXES}
    return {
        "score": found.mean,
        "checkpoint": checkpoint,
        **counts,
        "samples": float(found.levels["sample"]),
    }


def _nested(found: Components) -> list[tuple[str, list[str], list[str]]]:
    """Give what fixes the level of other axes, these, and the components that are one for it."""
    nested: list[tuple[str, list[str], list[str]]] = []
    for name in found.names:
        parts = [part for part in name.split(" + ") if part != "sample"]
        own = set(parts[0].split(" x ")) if parts else set()
        reached = {axis for part in parts for axis in part.split(" x ")}
        fixed = [axis for axis in found.axes if axis in reached - own]
        known = any(set(o.split(" x ")) < own and set(fixed) <= set(f) for o, f, _ in nested)
        if fixed and not known:
            nested.append((parts[0], fixed, parts))
    return nested


def _remarks(found: Components, answers: pd.DataFrame) -> list[str]:
    remarks = []
    if found.dropped:
        ones = " and ".join(f"one {axis}" for axis in found.dropped)
        remarks.append(f"{ones}: what others would change cannot be seen.")
    crossed = found.axes
    for own, fixed, parts in _nested(found):
        alike = f"{', '.join(parts[:-1])} and {parts[-1]}"
        remarks.append(
            f"each {own} goes with one {' and one '.join(fixed)}: {alike} cannot be told apart."
        )
        crossed = tuple(axis for axis in crossed if axis not in fixed)
    whole = prod(int(found.levels[axis]) for axis in found.axes)
    cells = prod(int(found.levels[axis]) for axis in crossed)
    missing = cells - (whole - found.missing)
    if missing > 0:
        remarks.append(f"{missing:,} of {cells:,} {' x '.join(crossed)} cells have no score.")
    below = [name for name, value in zip(found.names, found.values, strict=True) if value < 0]
    if below:
        what = "estimate of {} is" if len(below) == 1 else "estimates of {} are"
        remarks.append(f"the {what.format(', '.join(below))} negative: read as zero.")
    if "cluster" in answers and answers["cluster"].notna().any():
        remarks.append("items are taken as independent although they share clusters.")
    return remarks
