"""How much of a score is training luck?"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from evalvar.analyses.curves import Curves, training_curves
from evalvar.analyses.facts import labelled, metric_facts
from evalvar.analyses.falling import falling, undeclared
from evalvar.analyses.intake import as_tuple, by_reason, intake
from evalvar.analyses.seed_noise import both_noises
from evalvar.analyses.seed_runs import agreement, apart, corrected, luck, real_spread, tried
from evalvar.errors import counted
from evalvar.evidence import Evidence, Missing
from evalvar.results import Result
from evalvar.stats import (
    Estimate,
    crossed_mean_ci,
    kendall_tau,
    kendall_tau_null_sd,
    mean_ci,
    mean_sd,
    mean_tau_ci,
    sd_ci,
    signal_to_noise,
    unbiased_sd_ci,
)
from evalvar.stats.quantiles import normal_quantile

KEYS = ("model", "task", "metric")
FEWEST = 3  # checkpoints of a trend
_SPREADS = ("final_seed_sd", "final_seed_sd_unbiased", "seed_sd", "seed_sd_real")
_LABELS = (
    *("at_chance", "against_chance", "outlying"),
    *("items", "seeds", "checkpoints", "last_checkpoint"),
)


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
        One row per model, task, metric and quantity. Last checkpoint:

        ``final_mean``
            Mean over seeds; items and seeds drawn again where both are there.
        ``final_seed_sd``
            Standard deviation over seeds (ddof 1), chi-square interval.
        ``final_seed_sd_unbiased``
            The same over c4, which frees it of the bias that few seeds give it.
        ``snr``
            final_mean over final_seed_sd.

        Averaged over checkpoints, on one scale:

        ``seed_sd``
            Standard deviation over seeds (ddof 1), averaged; the paper's E(S, M), there called
            seed variance.
        ``item_half_width``
            Half-width of the normal interval over items, averaged over seeds too.
        ``noise_ratio``
            Quantile times seed_sd over item_half_width: both noises on one scale.
        ``combined_half_width``
            Half-width of the interval of ONE run's score, for new items and another seed:
            z (se^2 + max(v, 0))^.5, both averaged over runs, v the variance over seeds that is not
            the items' own. Without items v is not known, and all the variance over seeds takes its
            place: an upper bound.
        ``monotonicity``
            Kendall tau-b of the score against the checkpoint, oriented so that 1 is improvement
            at every step; mean over seeds.

        What seeds are, at the last checkpoint:

        ``seed_sd_independent``
            Standard deviation over seeds if they erred on every item independently.
        ``seed_sd_real``
            Standard deviation over seeds of the score on all items there could be: the root of the
            seed component, 0 where that is negative. `p_value`: that of equal seeds.
        ``seed_sd_calibrated``
            Standard deviation over seeds that calibrated classifiers must have on so many items,
            (error/(n k))^.5; only where a chance of 1/k gives the number k of classes.
        ``kappa``
            Cohen's kappa of right and wrong answers, mean over pairs of seeds.
        ``churn``
            Share of items that one of two seeds has right and the other wrong, mean over pairs.
        ``best_of_seeds_gain``
            How far the best of so many seeds lies ahead of their mean by luck: the expected largest
            of as many normal scores.
        ``outlier_seeds``
            How many seeds stand apart from the others (Grubbs). `p_value`: the smallest. With no
            seed unlike the others, one is named in 1 - level of all calls or less, as p-values are
            multiplied by the number of models, tasks and metrics.

        Labels: higher_is_better, chance, at_chance, against_chance, outlying (the seeds that stand
        apart), discrete, items, seeds, checkpoints, last_checkpoint. against_chance is ``at`` where
        the last score cannot be told from chance (then at_chance is true): less than the half-width
        over items of one run away, or where that is not known, chance in the interval over seeds.
        Else it is ``below``, ``above``, or ``barely above``: less than two half-widths above, and
        monotonicity, of 3 checkpoints or more, below two of its null standard deviations.

    Notes
    -----
    Source: "Quantifying Variance in Evaluation Benchmarks", section 3 and Tables 1 and 2. It uses
    scores of 0 and 1 with 1.96 sqrt(p(1-p)/N); other scores have the sample standard deviation.
    Real and calibrated spread: "On the Variance of Neural Network Training with respect to Test
    Sets and Distributions" (Jordan 2024). Whole curves are drawn where checkpoints are averaged: no
    interval takes checkpoints of a seed as independent. No bootstrap over seeds is offered: the
    closed forms cover from two seeds on, where it does not, and from ten on it has nothing to add.
    """
    evidence = intake(data, missing=missing, model=model, task=task, metric=metric)
    unsaid = undeclared(evidence)
    found: list[_Reading] = []
    said: list[tuple[str, str]] = []
    for curves in training_curves(evidence):
        reading = _reading(curves, level)
        found.append(reading)
        asked = falling(curves, unsaid)
        said += [*curves.remarks, *((curves.name, why) for why in (*reading.remarks, *asked))]
    said += _name_outliers(found, level)
    settings = {
        **{"model": as_tuple(model), "task": as_tuple(task), "metric": as_tuple(metric)},
        **{"level": level, "missing": missing, "ddof": 1, "tau": "b"},
    }
    warnings = [*evidence.warnings, *by_reason(said)]
    rows = [(r.key, name, estimate) for r in found for name, estimate in r.estimates.items()]
    result = Result.of(
        "seed_variance", KEYS, rows, settings=settings, warnings=warnings, sources=evidence.sources
    )
    labels = [reading.labels for reading in found for _ in reading.estimates]
    for name in _LABELS:
        result.table[name] = pd.Series([label[name] for label in labels], dtype=object)
    return labelled(result, metric_facts(evidence))


@dataclass(frozen=True, slots=True)
class _Reading:
    """What was found for one model, task and metric."""

    key: dict[str, str]
    estimates: dict[str, Estimate]
    labels: dict[str, object]
    apart: dict[int, float]
    remarks: list[str]

    @property
    def name(self) -> str:
        return ", ".join(self.key.values())


def _reading(curves: Curves, level: float) -> _Reading:
    last = curves.means[:, -1]
    last = last[np.isfinite(last)]
    remarks = _gaps(curves)
    found = {"final_mean": final_mean(curves, -1, level)}
    found["final_seed_sd"] = tried(lambda: sd_ci(last, level=level), level)
    found["final_seed_sd_unbiased"] = tried(lambda: unbiased_sd_ci(last, level=level), level)
    found["seed_sd"] = tried(lambda: mean_sd(curves.means, level=level), level)
    found |= both_noises(curves, found["seed_sd"], level)
    found["snr"] = tried(lambda: signal_to_noise(last, level=level), level)
    if last.size > 1 and found["snr"].value != found["snr"].value:
        remarks.append("all seeds end at the same score; there is no SNR.")
    found["monotonicity"], why = monotonicity(curves, level)
    real, overfit = real_spread(curves, found["final_mean"], level)
    found |= {**real, **agreement(curves, level), "best_of_seeds_gain": luck(last, level)}
    for name in _SPREADS:
        found[name] = possible_spread(found[name], curves)
    found["outlier_seeds"], p = apart(curves, level)
    against = _against_chance(curves, found)
    if against == "at":
        remarks.append("the last score cannot be told from chance, which SNR does not show.")
    labels: dict[str, object] = {
        "at_chance": None if against is None else against == "at",
        "against_chance": against,
        "outlying": "",
        "items": curves.n,
        "seeds": curves.seeds.size,
        "checkpoints": curves.checkpoints.size,
        "last_checkpoint": int(curves.checkpoints[-1]),
    }
    key = dict(zip(KEYS, (curves.model, curves.task, curves.metric), strict=True))
    return _Reading(key, found, labels, p, [*remarks, *why, *overfit])


def possible_spread(spread: Estimate, curves: Curves) -> Estimate:
    """End an interval where no standard deviation of scores of the range can be larger."""
    low, high = curves.facts.range
    if low is None or high is None or not spread.high > (high - low) / 2:
        return spread
    return replace(spread, high=max((high - low) / 2, spread.value))


def _gaps(curves: Curves) -> list[str]:
    remarks = []
    absent = curves.seeds[np.isnan(curves.means[:, -1])]
    if curves.seeds.size < 2:
        remarks.append("one seed says nothing about training luck; train another.")
    if absent.size:
        remarks.append(
            f"{absent.size} of {counted(curves.seeds.size, 'seed')} (first {absent[0]}) not scored "
            f"at the last checkpoint {curves.checkpoints[-1]}; what is said of it leaves them out."
        )
    if curves.checkpoints.size < 3:
        remarks.append(f"monotonicity needs 3 checkpoints, found {curves.checkpoints.size}.")
    return remarks


def _against_chance(curves: Curves, found: dict[str, Estimate]) -> str | None:
    """Place the last score: not told from chance, barely above, above or below."""
    chance, final, rise = curves.facts.chance, found["final_mean"], found["monotonicity"]
    if not (np.isfinite(chance) and np.isfinite(final.value)):
        return None
    ahead = curves.facts.sign * (final.value - chance)
    errors = curves.errors[:, -1]
    errors = errors[np.isfinite(errors)]
    if errors.size:
        half = normal_quantile(final.level) * float(errors.mean())
        near = abs(ahead) <= half
    elif np.isfinite(final.low):
        half = found["item_half_width"].value
        near = final.low <= chance <= final.high
    else:
        return None
    if near:
        return "at"
    if ahead < 0:
        return "below"
    if ahead < 2 * half and np.isfinite(rise.value):
        null = kendall_tau_null_sd(curves.checkpoints.size, n_curves=max(rise.n, 1))
        if rise.value <= 2 * null:
            return "barely above"
    return "above"


def _name_outliers(found: list[_Reading], level: float) -> list[tuple[str, str]]:
    """Correct the tests for the number of a model's readings, and name the seeds that stand out."""
    said = []
    many = sum(bool(reading.apart) for reading in found)
    times = f", times the {many} readings looked at" if many > 1 else ""
    for reading in found:
        estimate, low = corrected(reading.estimates["outlier_seeds"], reading.apart, many, level)
        reading.estimates["outlier_seeds"] = estimate
        reading.labels["outlying"] = ", ".join(map(str, low))
        for seed, p in low.items():
            why = (
                f"seed {seed} stands apart from the others at the last checkpoint "
                f"(p = {p:.2g}{times})."
            )
            said.append((reading.name, why))
    return said


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
    nothing = Estimate(np.nan, level=level, unit="seed", method="tau-b: undefined")
    if curves.checkpoints.size < FEWEST:
        return nothing, []
    each = taus(curves)
    defined = np.isfinite(each)
    remarks = []
    if not defined.all():
        remarks.append(
            f"no tau-b for {each.size - defined.sum()} of {counted(each.size, 'seed')} "
            "(constant, or fewer than 3 checkpoints)."
        )
    if not defined.any():
        return nothing, remarks
    if defined.sum() == 1:
        only = float(each[defined][0])
        one = Estimate(only, level=level, n=1, unit="seed", method="tau-b, one seed")
        return one, remarks
    shortest = int(np.isfinite(curves.means[defined]).sum(axis=1).min())
    estimate = mean_tau_ci(each[defined], checkpoints=shortest, level=level)
    return replace(estimate, method=f"mean tau-b, {estimate.method}"), remarks


def taus(curves: Curves) -> np.ndarray:
    """Give the oriented tau-b of each seed over the checkpoints it has; NaN where it has none."""
    seen = [curve[np.isfinite(curve)] for curve in curves.facts.sign * curves.means]
    return np.array([float(kendall_tau(x)) if x.size >= FEWEST else np.nan for x in seen])
