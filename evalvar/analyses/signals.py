"""Can this benchmark tell recipes apart, and from which step on?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from evalvar.analyses.asked import check_rng, check_words
from evalvar.analyses.curves import training_curves
from evalvar.analyses.facts import labelled, metric_facts
from evalvar.analyses.intake import as_tuple, by_reason, intake
from evalvar.analyses.onsets import CORRECTIONS, Labelled, onsets, sides_at
from evalvar.analyses.populations import Population, populations, tails
from evalvar.analyses.variation import answers_at_the_end, variation
from evalvar.errors import NotEnoughDataError, UsageError, counted
from evalvar.evidence import Evidence, Missing
from evalvar.results import Result
from evalvar.stats import (
    Estimate,
    Noise,
    decision_accuracy,
    mean_difference,
    model_spread,
    relative_noise,
    relative_range,
    sd_ci,
    spread_to_noise,
)

KEYS = ("task", "metric", "checkpoint", "a", "b")
_LABELS = (
    *("models", "seeds", "smoothed", "share_of_training", "tau", "last_checkpoint", "checkpoints"),
    *("better", "smallest_p", "items"),
)

# Of many benchmarks a few look as if their steps depended on each other by chance.
_CLEARLY = 0.01


def signal(
    data: Evidence | pd.DataFrame,
    *,
    model: str | list[str] | None = None,
    task: str | list[str] | None = None,
    metric: str | list[str] | None = None,
    last: int = 5,
    small: Mapping[str, str] | None = None,
    smooth: Sequence[int] = (1, 2, 3, 5),
    correction: Literal["bonferroni", "none"] = "bonferroni",
    level: float = 0.95,
    n_resamples: int = 1999,
    rng: int = 0,
    missing: Missing = "drop",
) -> Result:
    """Report the spread over models beside the noise of a run, and when their order is settled.

    Parameters
    ----------
    data : Evidence or DataFrame
        Records or reported values of two models or more, best over checkpoints and seeds.
    model, task, metric : str or list of str, optional
        What to keep.
    last : int
        How many last checkpoints show the noise of a run, where no model has several seeds.
    small : mapping, optional
        From each small model to the large one it stands for. Small models are no part of the
        spread.
    smooth : sequence of int
        Numbers of last checkpoints to average, from 1.
    correction : {"bonferroni", "none"}
        What `distinguishable_from` allows for: all pairs of a task and metric, or each alone.
    level : float in (0, 1)
        Nominal coverage.
    n_resamples : int
        How many exchanges of runs are drawn where there are more.
    rng : int
        Source of all draws.
    missing : {"drop", "wrong"}
        What an answer without a score means.

    Returns
    -------
    Result
        One row per task, metric and quantity; of a checkpoint, and of two models a and b, where
        these are named:

        ``signal``
            Standard deviation over models of their score at their last checkpoint, freed of noise.
        ``signal_pairs``
            Mean absolute difference of two models, noise included.
        ``signal_range``
            Largest difference over the mean: relative dispersion of Heineman et al., for parity.
        ``noise``
            Standard deviation of one run: over seeds where a model has several, else of the last
            checkpoints about a line. Pooled over models; `method` says which.
        ``step_noise``
            The latter, also where there are seeds.
        ``snr``
            signal over noise. Nothing is divided by the mean.
        ``snr_heineman``
            signal_range over the relative noise of the last checkpoints (ddof 0), for parity.
        ``decision_accuracy``
            At a checkpoint: share of pairs of models that are in the order of their end, ties half.
        ``small_decision_accuracy``
            Share of pairs of small models, at a checkpoint, in the order of their large ones.
        ``distinguishable_from``
            The first checkpoint of a pair from which on its difference is clear of zero through to
            the end; NaN where it is not clear in the end. `p_value` is that of the end, adjusted.
        ``total_variation``, ``total_variation_excess``
            Distance between what the runs of two models answer, tested by exchanging whole runs;
            and what it exceeds its mean under exchange by. Needs two seeds of each.

        Labels: higher_is_better, chance, discrete, models, seeds (of all of them), smoothed (how
        many checkpoints each score is the mean of; for decision accuracy the early score only),
        share_of_training, tau (tau-b of the two orders), last_checkpoint, checkpoints, better,
        smallest_p, items.

    Raises
    ------
    NotEnoughDataError
        No task and metric with two models.
    UsageError
        An unknown model in `small`, `last` below 3, a window below 1, an unknown correction.

    Notes
    -----
    "Signal and Noise" (Heineman et al. 2025). Its range over models grows with their number, its
    ddof 0 makes the noise of 5 checkpoints too small by 11 %, and its code at small scale lays the
    checkpoints of all models end to end, so that the noise holds the signal: 25 models that spread
    50 times the noise get an SNR of 4. Spread, noise and order are those on these items, as there;
    pairs are told apart for new items too. `evalvar.stats.model_spread`, `spread_to_noise`,
    `decision_accuracy`, `clear_from` and `total_variation` say how each number is made.
    """
    _check(last, smooth, correction)
    check_rng(rng)
    named = dict(small or {})
    evidence = intake(data, missing=missing, model=model, task=task, metric=metric)
    groups, said = populations(training_curves(evidence), named)
    sides = sides_at(evidence) if len(evidence.records) else None
    answers = answers_at_the_end(evidence.records) if len(evidence.records) else {}
    found: list[Labelled] = []
    for population, tiny in groups:
        rows, why = _of(population, last, sorted({*smooth, 1}), level)
        found += rows
        if tiny is not None:
            found += _small(population, tiny, named, level)
        apart, more = onsets(population, sides, level=level, correction=correction)
        varied, floors = variation(
            population, answers.get((population.task, population.metric)), level=level, rng=rng,
            n_resamples=n_resamples,
        )  # fmt: skip
        found += [*apart, *varied]
        said += [(population.name, remark) for remark in dict.fromkeys([*why, *more, *floors])]
        said += [(place, remark) for c in population.curves for place, remark in c.remarks]
    settings = {
        **{"model": as_tuple(model), "task": as_tuple(task), "metric": as_tuple(metric)},
        **{"last": last, "small": named, "smooth": list(smooth), "correction": correction},
        **{"level": level, "n_resamples": n_resamples, "rng": rng, "missing": missing},
    }
    result = Result.of(
        "signal", KEYS, [row for row, _ in found], settings=settings,
        warnings=[*evidence.warnings, *by_reason(said)], sources=evidence.sources,
    )  # fmt: skip
    for name in _LABELS:
        values = [label.get(name) for _, label in found]
        result.table[name] = pd.Series(values, dtype=object)
    return labelled(result, metric_facts(evidence))


def _check(last: int, smooth: Sequence[int], correction: str) -> None:
    check_words(correction=(correction, CORRECTIONS))
    if last < 3:
        raise UsageError(f"last={last}: the noise of the last checkpoints needs at least 3.")
    if not smooth or min(smooth) < 1:
        raise UsageError(f"smooth={list(smooth)}: windows of 1 checkpoint or more are expected.")


def _of(
    population: Population, last: int, windows: list[int], level: float
) -> tuple[list[Labelled], list[str]]:
    key = {"task": population.task, "metric": population.metric}
    found: list[Labelled] = []
    said: list[str] = []
    steps, early = population.steps, population.early
    alone = {int(s) for c in population.curves for s in c.checkpoints} - set(steps.tolist())
    if alone:
        said.append(
            f"{counted(len(alone), 'checkpoint')} that some models lack; orders are compared at "
            f"the {steps.size:,} that all {len(population.curves)} models have."
        )
    if not early.size:
        said.append("no earlier checkpoint that all models have: no decision accuracy.")
    for window in windows:
        finals = population.finals(window)
        if not np.isfinite(finals).all():
            if window > 1:
                continue
            said.append("a model has no score at its last checkpoint.")
        labels = {
            "models": len(population.curves), "seeds": int(population.seeds.sum()),
            "smoothed": window, "last_checkpoint": _end(population),
        }  # fmt: skip
        spread = _spread(population, finals, last, window, level)
        found += [((key, name, estimate), labels) for name, estimate in spread.items()]
        said += [f"{name}: {estimate.method.removeprefix('undefined: ')}."
                 for name, estimate in spread.items()
                 if window == 1 and name in ("noise", "snr_heineman")
                 and estimate.method.startswith("undefined: ")]  # fmt: skip
        found += _decisions(population, early, window, labels, level)
    if not (population.seeds > 1).any() and population.steps_depend(last) < _CLEARLY:
        said.append(
            f"the last {last} checkpoints of a run depend on each other: a new run moves by more "
            "than they show, and the signal-to-noise ratio is smaller; read several seeds."
        )
    return found, said


def _end(population: Population) -> int | None:
    """Give the last checkpoint where all models have the same."""
    ends = {int(curves.checkpoints[-1]) for curves in population.curves}
    return ends.pop() if len(ends) == 1 else None


def _spread(
    population: Population, finals: np.ndarray, last: int, window: int, level: float
) -> dict[str, Estimate]:
    runs = np.maximum(population.seeds, 1)
    found: dict[str, Estimate] = {}
    noise, why = _noise(lambda: population.noise(last, window))
    if noise is None:
        undefined = Estimate(np.nan, level=level, unit="model", method=why)
        found.update(signal=_as_seen(finals, level), noise=undefined, snr=undefined)
    else:
        # seeds' means are averages of runs; the noise is that of one
        count = runs if noise.unit == "seed" else 1
        found["signal"] = model_spread(finals, noise, runs=count, level=level)
        found["noise"] = noise.sd(level=level)
        found["snr"] = spread_to_noise(finals, noise, runs=count, level=level)
    if window > 1:
        return found
    found["signal_pairs"] = mean_difference(finals, level=level)
    if noise is not None and noise.unit == "seed":
        steps, _ = _noise(lambda: population.step_noise(last))
        if steps is not None:
            found["step_noise"] = steps.sd(level=level)
    wide = relative_range(finals)
    found["signal_range"] = _parity(wide, "largest difference over the mean", level, finals.size)
    ends = [tails(curves, last)[0] for curves in population.curves]
    of_runs = [relative_noise(run) for runs_ in ends for run in runs_ if run.size > 1]
    if of_runs:
        quiet = float(np.mean(of_runs))
        ratio = wide / quiet if quiet > 0 else np.nan
        method = f"relative range over relative sd of the last {last}, ddof 0"
        found["snr_heineman"] = _parity(ratio, method, level, finals.size)
    return found


def _as_seen(finals: np.ndarray, level: float) -> Estimate:
    seen = sd_ci(finals, level=level)
    method = f"sd over models, noise unknown and included, {seen.method.replace('seeds', 'models')}"
    return replace(seen, unit="model", method=method)


def _noise(estimate: Callable[[], Noise]) -> tuple[Noise | None, str]:
    try:
        return estimate(), ""
    except NotEnoughDataError as error:
        return None, f"undefined: {str(error).rstrip('.')}"


def _parity(value: float, method: str, level: float, n: int) -> Estimate:
    if np.isnan(value):
        method = f"undefined: a mean is not above zero, or nothing moves ({method})"
    return Estimate(value, level=level, n=n, unit="model", method=f"{method} (Heineman et al.)")


def _decisions(
    population: Population, early: np.ndarray, window: int, labels: dict[str, Any], level: float
) -> list[Labelled]:
    """Compare the order at each early checkpoint with that of the ends, which are not averaged."""
    ends, scores = population.finals(), population.at(early, window)
    known = np.isfinite(scores).all(axis=0)
    if not known.any() or not np.isfinite(ends).all():
        return []
    accuracy = decision_accuracy(scores[:, known], ends, level=level)
    most = max(int(curves.checkpoints[-1]) for curves in population.curves)
    key = {"task": population.task, "metric": population.metric}
    rows = zip(early[known].tolist(), accuracy.estimates(), accuracy.tau.tolist(), strict=True)
    return [
        (({**key, "checkpoint": step}, "decision_accuracy", estimate),
         {**labels, "tau": tau, "share_of_training": step / most if most else None})
        for step, estimate, tau in rows
    ]  # fmt: skip


def _small(
    population: Population, tiny: Population, small: dict[str, str], level: float
) -> list[Labelled]:
    by_model = dict(zip(population.models, population.finals(), strict=True))
    target = np.array([by_model[small[name]] for name in tiny.models])
    steps = tiny.steps
    if not steps.size:
        return []
    accuracy = decision_accuracy(tiny.at(steps), target, level=level)
    key = {"task": population.task, "metric": population.metric}
    labels = {
        "models": len(tiny.curves), "seeds": int(tiny.seeds.sum()), "smoothed": 1,
        "last_checkpoint": _end(tiny),
    }  # fmt: skip
    most = max(int(curves.checkpoints[-1]) for curves in tiny.curves)
    rows = zip(steps.tolist(), accuracy.estimates(), accuracy.tau.tolist(), strict=True)
    return [
        (({**key, "checkpoint": step}, "small_decision_accuracy", estimate),
         {**labels, "tau": tau, "share_of_training": step / most if most else None})
        for step, estimate, tau in rows
    ]  # fmt: skip
