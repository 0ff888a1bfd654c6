"""Whether seeds differ beyond their items, answer alike, and which of them stands apart."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from evalvar.analyses.curves import Curves
from evalvar.errors import NotEnoughDataError
from evalvar.stats import (
    Estimate,
    RunVariance,
    calibrated_run_variance,
    churn,
    mean_kappa,
    normal_best,
    outliers,
    run_variance,
    unbiased_sd_ci,
)

OVERFIT = (
    "the seeds differ by less on new items than the finite test set makes them differ here "
    "(seed_sd_real, its interval too, lies below seed_sd_independent): picking the best seed is "
    "overfitting."
)
UNTOLD = (
    "whether the seeds differ beyond what the finite test set makes them cannot be told; how far "
    "they may is the upper end of seed_sd_real."
)
# How far the inverse of a chance may lie from a whole number of classes, rounded as printed.
_ROUNDED = 0.005


def at_the_end(curves: Curves) -> np.ndarray | None:
    """Return the items of the seeds that have them at the last checkpoint, (n, S), if any."""
    if curves.items is None or not len(curves.items):
        return None
    last = np.asarray(curves.items[:, :, -1])
    last = last[:, np.isfinite(last).all(axis=0)]
    return last if last.shape[1] else None


def real_spread(
    curves: Curves, final_mean: Estimate, level: float
) -> tuple[dict[str, Estimate], list[str]]:
    """Tell the spread of seeds from what a finite test set alone would make of equal ones."""
    names = ("seed_sd_independent", "seed_sd_real", "seed_sd_calibrated")
    scores = at_the_end(curves)
    if scores is None:
        return _undefined(names, "needs items", level), []
    try:
        runs = run_variance(scores, level=level)
    except NotEnoughDataError as error:
        found = _undefined(names[:2], str(error), level)
        return {**found, names[2]: _calibrated(curves, final_mean, level)}, []
    found = {
        "seed_sd_independent": runs.independent_sd,
        "seed_sd_real": runs.real_sd,
        "seed_sd_calibrated": _calibrated(curves, final_mean, level),
    }
    return found, _judged(runs)


def _judged(runs: RunVariance) -> list[str]:
    """Say so where the seeds are surely alike, and where they are not seen to differ."""
    if not runs.distribution.low <= 0:
        return []
    return [OVERFIT] if runs.real_sd.high < runs.independent_sd.value else [UNTOLD]


def _calibrated(curves: Curves, final_mean: Estimate, level: float) -> Estimate:
    """Give the spread that calibrated classifiers must have on so many items."""
    facts, classes = curves.facts, 0
    if facts.discrete and facts.higher_is_better and 0 < facts.chance <= 0.5 + _ROUNDED:
        classes = round(1 / facts.chance)
    if not classes or abs(facts.chance - 1 / classes) > _ROUNDED:
        reason = "needs scores of 0 and 1 and a chance of 1/k, which gives the number of classes"
        return _undefined(("",), reason, level)[""]

    def root(score: float) -> float:
        if np.isnan(score):
            return np.nan
        error = min(max(1 - score, 0.0), 1.0)
        return float(np.sqrt(calibrated_run_variance(error, curves.n, classes=classes)))

    bound = "" if classes == 2 else ", a lower bound"
    return Estimate(
        root(final_mean.value), low=root(final_mean.high), high=root(final_mean.low), level=level,
        n=final_mean.n, unit=final_mean.unit,
        method=f"root of error/(n k), {classes} classes{bound}; {final_mean.method}",
    )  # fmt: skip


def agreement(curves: Curves, level: float) -> dict[str, Estimate]:
    """Say how alike seeds answer at the last checkpoint."""
    scores = at_the_end(curves)
    if scores is None:
        return _undefined(("kappa", "churn"), "needs items", level)
    if not np.isin(scores, (0.0, 1.0)).all():
        return _undefined(("kappa", "churn"), "needs scores of 0 and 1", level)
    return {
        "kappa": tried(lambda: mean_kappa(scores, level=level), level),
        "churn": tried(lambda: churn(scores, level=level), level),
    }


def luck(last: np.ndarray, level: float) -> Estimate:
    """Give what the best of so many seeds gains over their mean, by luck alone."""
    try:
        spread = unbiased_sd_ci(last, level=level)
    except NotEnoughDataError as error:
        return _undefined(("",), str(error), level)[""]
    e = normal_best(last.size)
    return replace(
        spread, value=e * spread.value, se=e * spread.se, low=e * spread.low, high=e * spread.high,
        method=f"{e:.4g} x {spread.method}; the expected best of {last.size} normal scores",
    )  # fmt: skip


def apart(curves: Curves, level: float) -> tuple[Estimate, dict[int, float]]:
    """Test for a seed unlike the others; return the smallest p-value, and that of every seed."""
    last = curves.means[:, -1]
    seen = np.isfinite(last)
    noise = _noise(curves)
    try:
        found = outliers(last[seen], noise=noise)
    except NotEnoughDataError as error:
        return _undefined(("",), str(error), level)[""], {}
    if np.isnan(found.p_value).any():
        reason = "all seeds but one are equal, which does not say how far seeds scatter"
        return _undefined(("",), reason, level)[""], {}
    p = dict(zip(curves.seeds[seen].tolist(), found.p_value.tolist(), strict=True))
    beyond = ", and beyond the noise of the items," if noise else ""
    estimate = Estimate(
        0.0, level=level, n=last[seen].size, unit="seed", p_value=min(p.values()),
        method=f"Grubbs{beyond} at {1 - level:.2g}",
    )  # fmt: skip
    return estimate, p


def _noise(curves: Curves) -> float:
    """Give the standard deviation that items alone make of equal seeds at the last checkpoint."""
    scores = at_the_end(curves)
    if scores is None or scores.shape[1] < 2:
        # that of other items is larger, as it holds how hard they are
        errors = curves.errors[:, -1]
        return float(np.nanmean(errors)) if np.isfinite(errors).any() else 0.0
    return float(np.sqrt(scores.var(axis=1, ddof=1).sum())) / len(scores)


def corrected(
    estimate: Estimate, p: dict[int, float], readings: int, level: float
) -> tuple[Estimate, dict[int, float]]:
    """Count the seeds that stand apart, when so many readings are looked at."""
    low = {seed: value * readings for seed, value in p.items() if value * readings <= 1 - level}
    method = estimate.method
    if readings > 1:
        method += f", p times the {readings} models, tasks and metrics (Bonferroni)"
    if not p:
        return estimate, {}
    smallest = min(estimate.p_value * readings, 1.0)
    return replace(estimate, value=float(len(low)), p_value=smallest, method=method), low


def tried(estimate: Callable[[], Estimate], level: float) -> Estimate:
    """Return an estimate, or one that says why there is none."""
    try:
        return estimate()
    except NotEnoughDataError as error:
        return Estimate(np.nan, level=level, unit="seed", method=f"undefined: {error}")


def _undefined(names: tuple[str, ...], reason: str, level: float) -> dict[str, Estimate]:
    nothing = Estimate(np.nan, level=level, unit="seed", method=f"undefined: {reason}")
    return dict.fromkeys(names, nothing)
