"""How much of a score is training luck?"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from evalvar.analyses.curves import Curves, training_curves
from evalvar.analyses.facts import labelled, metric_facts
from evalvar.analyses.intake import as_tuple, by_reason, intake
from evalvar.errors import NotEnoughDataError, counted
from evalvar.evidence import Evidence, Missing
from evalvar.results import Result, Row
from evalvar.stats import (
    Estimate,
    crossed_mean_ci,
    kendall_tau,
    mean_ci,
    mean_sd,
    sd_ci,
    signal_to_noise,
)
from evalvar.stats.quantiles import normal_quantile

KEYS = ("model", "task", "metric")


def seed_variance(
    data: Evidence | pd.DataFrame,
    *,
    model: str | list[str] | None = None,
    task: str | list[str] | None = None,
    metric: str | list[str] | None = None,
    level: float = 0.95,
    missing: Missing = "drop",
) -> Result:
    """Report how far runs that differ only in their seed lie apart, beside the noise of the items.

    Parameters
    ----------
    data : Evidence or DataFrame
        Records or reported values of several seeds, best of several checkpoints.
    model, task, metric : str or list of str, optional
        What to keep.
    level : float in (0, 1)
        Nominal coverage.
    missing : {"drop", "wrong"}
        What an answer without a score means.

    Returns
    -------
    Result
        One row per model, task, metric and quantity:

        ``final_mean``
            Mean over seeds at the last checkpoint.
        ``final_seed_sd``
            Standard deviation over seeds at the last checkpoint (ddof 1), chi-square interval.
        ``seed_sd``
            Mean over checkpoints of the standard deviation over seeds (ddof 1); the paper's
            E(S, M), there called seed variance.
        ``item_half_width``
            Half-width of the normal interval over items, averaged over seeds and checkpoints.
        ``noise_ratio``
            Quantile times seed_sd over item_half_width: both noises on one scale.
        ``snr``
            final_mean over final_seed_sd.
        ``monotonicity``
            Kendall tau-b of the score against the checkpoint, oriented so that 1 is improvement
            at every step; mean over seeds.

        Labels: higher_is_better, chance, at_chance, discrete, items, seeds, checkpoints,
        last_checkpoint.

    Notes
    -----
    Source: "Quantifying Variance in Evaluation Benchmarks", section 3 and Tables 1 and 2. It uses
    scores of 0 and 1 with 1.96 sqrt(p(1-p)/N); other scores have the sample standard deviation.
    """
    evidence = intake(data, missing=missing, model=model, task=task, metric=metric)
    rows: list[Row] = []
    labels: list[dict[str, object]] = []
    said: list[tuple[str, str]] = []
    for curves in training_curves(evidence):
        key = dict(zip(KEYS, (curves.model, curves.task, curves.metric), strict=True))
        found, remarks = _seed_noise(curves, level)
        described = _labels(curves, found["final_mean"])
        rows += [(key, name, estimate) for name, estimate in found.items()]
        labels += [described] * len(found)
        said += [*curves.remarks, *((curves.name, reason) for reason in remarks)]
    settings = {
        **{"model": as_tuple(model), "task": as_tuple(task), "metric": as_tuple(metric)},
        **{"level": level, "missing": missing, "ddof": 1, "tau": "b"},
    }
    warnings = [*evidence.warnings, *by_reason(said)]
    result = Result.of(
        "seed_variance", KEYS, rows, settings=settings, warnings=warnings, sources=evidence.sources
    )
    for name in ("at_chance", "items", "seeds", "checkpoints", "last_checkpoint"):
        result.table[name] = pd.Series([label[name] for label in labels], dtype=object)
    return labelled(result, metric_facts(evidence))


def _seed_noise(curves: Curves, level: float) -> tuple[dict[str, Estimate], list[str]]:
    remarks: list[str] = []
    last = curves.means[:, -1]
    last = last[np.isfinite(last)]
    if curves.seeds.size < 2:
        remarks.append("one seed says nothing about training luck; train another.")
    if curves.checkpoints.size < 3:
        remarks.append(f"monotonicity needs 3 checkpoints, found {curves.checkpoints.size}.")
    found = {"final_mean": final_mean(curves, -1, level)}
    found["final_seed_sd"] = _try(lambda: sd_ci(last, level=level), level)
    found["seed_sd"] = _try(lambda: mean_sd(curves.means, level=level), level)
    z = normal_quantile(level)
    runs = curves.errors[np.isfinite(curves.errors)]
    half = float(z * runs.mean()) if runs.size else np.nan
    basis = f"{z:.4g} x standard error over items, mean of {counted(runs.size, 'run')}"
    if not runs.size:
        basis = "undefined: no standard error over items is known"
    found["item_half_width"] = Estimate(half, level=level, n=curves.n, unit="item", method=basis)
    found["noise_ratio"] = _ratio(found["seed_sd"], z, half)
    found["snr"] = _try(lambda: signal_to_noise(last, level=level), level)
    if last.size > 1 and found["snr"].value != found["snr"].value:
        remarks.append("all seeds end at the same score; there is no SNR.")
    found["monotonicity"], why = monotonicity(curves, level)
    return found, remarks + why


def final_mean(curves: Curves, column: int, level: float) -> Estimate:
    """Mean over seeds at one checkpoint: items and seeds drawn again where both are there."""
    values = curves.means[:, column]
    present = np.isfinite(values)
    if not present.any():
        return Estimate(np.nan, level=level, unit="seed", method="undefined: no run")
    if present.sum() > 1 and curves.items is not None and len(curves.items) > 1:
        items = curves.items[:, present, column]
        if np.isfinite(items).all():
            low, high = curves.facts.range
            return curves.facts.within(crossed_mean_ci(items, level=level, low=low, high=high))
    if present.sum() > 1:
        over_seeds = replace(mean_ci(values[present], level=level), unit="seed")
        return curves.facts.within(over_seeds)
    se = float(curves.errors[present, column][0])
    return Estimate(
        float(values[present][0]), se=se if se > 0 else np.nan, level=level, n=1, unit="seed",
        method="one seed: no interval over seeds",
    )  # fmt: skip


def monotonicity(curves: Curves, level: float) -> tuple[Estimate, list[str]]:
    """Mean over seeds of the oriented tau-b, each seed over the checkpoints it has."""
    if curves.checkpoints.size < 3:
        return Estimate(np.nan, level=level, unit="seed", method="tau-b: undefined"), []
    taus = np.array([_tau(curve * curves.facts.sign) for curve in curves.means])
    defined = taus[np.isfinite(taus)]
    remarks = []
    if defined.size < taus.size:
        remarks.append(
            f"no tau-b for {taus.size - defined.size} of {counted(taus.size, 'seed')} "
            "(constant, or fewer than 3 checkpoints)."
        )
    if not defined.size:
        return Estimate(np.nan, level=level, unit="seed", method="tau-b: undefined"), remarks
    if defined.size == 1:
        return Estimate(
            float(defined[0]), level=level, n=1, unit="seed", method="tau-b, one seed"
        ), remarks
    estimate = mean_ci(defined, level=level)
    return (
        Estimate(
            estimate.value, estimate.se, max(estimate.low, -1.0), min(estimate.high, 1.0), level,
            estimate.n, "seed", f"mean tau-b, {estimate.method}",
        ),
        remarks,
    )  # fmt: skip


def _tau(curve: np.ndarray) -> float:
    seen = curve[np.isfinite(curve)]
    return float(kendall_tau(seen)) if seen.size > 2 else np.nan


def _ratio(seed_sd: Estimate, z: float, half: float) -> Estimate:
    scale = z / half if half > 0 else np.nan
    return Estimate(
        seed_sd.value * scale, np.nan, seed_sd.low * scale, seed_sd.high * scale, seed_sd.level,
        seed_sd.n, seed_sd.unit, f"{z:.4g} seed_sd / item_half_width",
    )  # fmt: skip


def _try(estimate: Callable[[], Estimate], level: float) -> Estimate:
    try:
        return estimate()
    except NotEnoughDataError as error:
        return Estimate(np.nan, level=level, unit="seed", method=f"undefined: {error}")


def _labels(curves: Curves, final: Estimate) -> dict[str, object]:
    chance = curves.facts.chance
    at_chance = None
    if np.isfinite(chance) and np.isfinite(final.low):
        at_chance = bool(final.low <= chance <= final.high)
    return {
        "at_chance": at_chance,
        "items": curves.n,
        "seeds": curves.seeds.size,
        "checkpoints": curves.checkpoints.size,
        "last_checkpoint": int(curves.checkpoints[-1]),
    }
