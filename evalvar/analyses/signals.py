"""Can this benchmark tell recipes apart, and from which step on?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from evalvar.analyses.asked import check_rng, check_words
from evalvar.analyses.curves import training_curves
from evalvar.analyses.facts import labelled, metric_facts
from evalvar.analyses.falling import falling, undeclared
from evalvar.analyses.intake import as_tuple, by_reason, intake
from evalvar.analyses.onsets import CORRECTIONS, Labelled, onsets, sides_at
from evalvar.analyses.populations import Population, populations, tails
from evalvar.analyses.variation import answers_at_the_end, variation
from evalvar.errors import NotEnoughDataError, UsageError, counted
from evalvar.evidence import Evidence, Missing
from evalvar.numbers import listing
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
            Where the noise is that of checkpoints it has no interval, nor has `snr`.
        ``signal_pairs``
            Mean absolute difference of two models, noise included.
        ``signal_range``
            Largest difference over the mean: relative dispersion of Heineman et al., for parity.
        ``noise``
            Standard deviation of one run, pooled over models: over seeds where a model has several.
            Else of the last checkpoints about a line, without interval: what a new run moves by is
            more where they depend on each other, and less where the curve bends. `method` says
            which.
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
            the end; NaN where it is not clear in the end, then without a `better`, and where it is
            clear only at the ends, which lie at different checkpoints. `p_value` is that of the
            end, adjusted. With one seed of both it is about these runs, not their recipes.
        ``total_variation``, ``total_variation_excess``
            Distance between what the runs of two models answer, tested by exchanging whole runs;
            and how much further apart a run of each is than two runs of one, which is 0 on average
            where the models answer alike. Needs two seeds of each.

        Labels: higher_is_better, chance, discrete, models, seeds (of all of them), smoothed (how
        many checkpoints each score is the mean of, those as far from the end in every model; for
        decision accuracy shared ones, and the early score only), share_of_training, tau (tau-b of
        the two orders), last_checkpoint (None where ends differ), checkpoints, better, smallest_p,
        items.

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
    curves, unsaid = list(training_curves(evidence)), undeclared(evidence)
    groups, said = populations(curves, named)
    sides = sides_at(evidence, curves) if len(evidence.records) else None
    answers = answers_at_the_end(evidence.records, curves) if len(evidence.records) else {}
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
        for one in population.curves:
            said += [*one.remarks, *((one.name, asked) for asked in falling(one, unsaid))]
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
        labels = {
            "models": len(population.curves), "seeds": int(population.seeds.sum()),
            "smoothed": window, "last_checkpoint": _end(population),
        }  # fmt: skip
        spread = _spread(population, last, window, level)
        found += [((key, name, estimate), labels) for name, estimate in spread.items()]
        said += [f"{name}: {estimate.method.removeprefix('undefined: ')}."
                 for name, estimate in spread.items()
                 if window == 1 and name in ("noise", "snr_heineman")
                 and estimate.method.startswith("undefined: ")]  # fmt: skip
        found += _decisions(population, early, window, labels, level)
    ends, undivided = population.ends, [w for w in windows if population.unshared(w)]
    if len(ends) > 1:
        said.append(
            f"models end at checkpoints {ends[0]:,} to {ends[-1]:,}, and their ends are compared: "
            "fair to recipes that were finished, not to a run that was cut short."
        )
    if undivided:
        said.append(
            f"no spread of the mean of the last {listing(list(map(str, undivided)))} checkpoints: "
            "models differ in how far before their end these lie."
        )
    if any(e.unit == "checkpoint" for (_, name, e), _ in found if name == "noise"):
        said.append(
            "no model has several seeds: noise is what the last checkpoints of a run move by about "
            "a line. It is too little where they depend on each other and too much where the curve "
            "bends, so that spread, noise and ratio have no interval. Read several seeds."
        )
    return found, said


def _end(population: Population) -> int | None:
    """Give the last checkpoint where all models have the same."""
    ends = population.ends
    return ends[0] if len(ends) == 1 else None


def _spread(population: Population, last: int, window: int, level: float) -> dict[str, Estimate]:
    """Give spread and noise of scores averaged over a window, which shows only over seeds."""
    finals = population.finals(window)
    runs = np.array([max(np.isfinite(ends).sum(), 1) for ends in population.ended(window)])
    found: dict[str, Estimate] = {}
    if window > 1 and not (population.seeds > 1).any():
        return found
    if population.unshared(window):
        why = f"models differ in how far before their end the last {window} checkpoints lie"
        lost = Estimate(
            np.nan, level=level, n=finals.size, unit="model", method=f"undefined: {why}"
        )
        return dict.fromkeys(("signal", "noise", "snr"), lost)
    if not np.isfinite(finals).all():
        return found
    noise, why = _noise(lambda: population.noise(last, window))
    if noise is None:
        undefined = Estimate(np.nan, level=level, unit="model", method=why)
        found.update(signal=_as_seen(finals, level), noise=undefined, snr=undefined)
    else:
        # seeds' means are averages of runs; the noise is that of one
        count = runs if noise.unit == "seed" else 1
        most = (population.curves[0].facts.high - population.curves[0].facts.low) / 2
        found["signal"] = _cut(model_spread(finals, noise, runs=count, level=level), most)
        found["noise"] = _cut(noise.sd(level=level), most)
        found["snr"] = spread_to_noise(finals, noise, runs=count, level=level)
    if window > 1:
        return found
    found["signal_pairs"] = mean_difference(finals, level=level)
    if noise is not None and noise.unit == "seed":
        within, _ = _noise(lambda: population.step_noise(last))
        if within is not None:
            found["step_noise"] = within.sd(level=level)
    wide = relative_range(finals)
    found["signal_range"] = _parity(wide, "largest difference over the mean", level, finals.size)
    ends = [tails(curves, last)[0] for curves in population.curves]
    several = [run for runs_ in ends for run in runs_ if run.size > 1]
    if several:
        quiet = float(np.mean([relative_noise(run) for run in several]))
        ratio = wide / quiet if quiet > 0 else np.nan
        sizes = sorted({run.size for run in several})
        steps = f"{sizes[0]} to {sizes[-1]}" if len(sizes) > 1 else f"{sizes[0]}"
        method = f"relative range over relative sd of the last {steps}, ddof 0"
        found["snr_heineman"] = _parity(ratio, method, level, finals.size)
    return found


def _cut(spread: Estimate, most: float) -> Estimate:
    """Cut an interval at half the range of the scores, which no standard deviation exceeds."""
    if not spread.high > most:
        return spread
    method = f"{spread.method}, cut at half the range of the scores"
    return replace(spread, high=max(most, spread.value), method=method)


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
