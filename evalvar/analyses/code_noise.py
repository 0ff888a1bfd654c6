"""How sure are pass@k and eff@k: what of their error is problems, samples, timings?"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from evalvar.analyses.asked import check_rng
from evalvar.analyses.facts import EFFICIENCY, PASSED, Facts, metric_facts
from evalvar.analyses.functionals import GAP
from evalvar.analyses.gaps import gap_mean, gap_records
from evalvar.analyses.intake import as_tuple, by_reason, intake, last_checkpoint
from evalvar.analyses.noise_parts import ItemNoise, is_timed, item_noise
from evalvar.analyses.retimed import reference_variance, retimed_items
from evalvar.analyses.timing_scores import ALPHA, HARDNESS, score_timings
from evalvar.errors import NotEnoughDataError, UsageError, counted
from evalvar.evidence import Evidence, Missing
from evalvar.results import Result, Row
from evalvar.stats import Estimate, bounded_mean_ci, skewed_mean_ci, sparse_t
from evalvar.stats.fixed_items import fixed_items_ci, fixed_items_difference
from evalvar.stats.tries import as_tries

KEYS = ("task", "metric", "functional", "model", "against")
_TRIES = (1, 10, 100)
_LABELS = ("items", "answers", "answers_most")


def code_noise(
    data: Evidence | pd.DataFrame,
    *,
    k: int | list[int] | tuple[int, ...] | None = None,
    model: str | list[str] | None = None,
    task: str | list[str] | None = None,
    metric: str | list[str] | None = None,
    checkpoint: int | list[int] | None = None,
    alpha: float = ALPHA,
    hardness: tuple[float, ...] = HARDNESS,
    level: float = 0.95,
    rng: int = 0,
    missing: Missing = "drop",
) -> Result:
    """Say how sure the best of k answers is, for new problems, new samples and new timings.

    Parameters
    ----------
    data : Evidence or DataFrame
        Timings of programs, which are scored first, or records with several answers to an item;
        of one seed and prompt a model. A bare DataFrame is taken as records.
    k : int or list of int, optional
        Numbers of tries; by default 1, 10 and 100, as far as there are answers.
    model, task, metric, checkpoint : optional
        What to keep; without a checkpoint, each model's last.
    alpha, hardness
        As for `score_timings`.
    level : float in (0, 1)
        Nominal coverage.
    rng : int
        Source of the draws of new timings.
    missing : {"drop", "wrong"}
        What an answer without a score means.

    Returns
    -------
    Result
        functional is ``pass@k`` for scores of 0 and 1, ``eff@k`` for others, ``gap@k`` for what
        passed loses to efficiency. One group of rows for each model (against null) and each
        difference model - against, on the items that both have. Quantities:

        ``over_item``
            The mean, with its interval for new problems, new samples and new timings.
        ``over_sample``
            The same, for these problems and new samples, newly timed.
        ``over_timing``
            The same, for these problems and programs, timed again.
        ``var_problem``, ``var_sample``, ``var_timing``, ``var_reference``
            What each adds to the variance of the mean: problems, the answers drawn, the times of
            the programs and those of the references. Negative estimates are kept: read them as 0.
        ``share_problem`` ...
            The same over their sum, the square of the error over_item.

        Labels: items, answers and answers_most (fewest and most to an item).

    Raises
    ------
    NotEnoughDataError
        There are no answers.
    UsageError
        A model with several seeds or prompts.

    Notes
    -----
    Each problem's value is an unbiased estimate, so that their spread over problems holds all the
    noise beneath them (Miller 2024): over_item needs no more, and drawing samples or repeats again
    within redrawn problems would count that noise twice. Its parts: `best_of_k_variance` within
    problems, which holds the timing of the programs too; `retimed_scores`, which draws the repeats
    of a model's programs anew from the noise of all of them and of the references, and the repeats
    of the references, which all samples and models of a sitting share and which partly cancel in
    differences. A drift of the machine between sittings, or within one, is in none of them; nor is
    an interruption that hit no repeat at all, nor that programs differ in how noisy they are. With
    fewer than 2k answers to an item over_sample is too wide: its variance is 1.3 to 1.7 times too
    large on average (enumerated for up to 6 answers).
    """
    check_rng(rng)
    evidence = data if isinstance(data, Evidence) else intake(data, missing=None)
    timings = evidence.timings
    if len(timings) and not len(evidence.records):
        evidence = score_timings(evidence, alpha=alpha, hardness=hardness)
    evidence = intake(evidence, missing=missing, model=model, task=task, checkpoint=checkpoint)
    records, behind = evidence.records, list[str]()
    if checkpoint is None:
        records, behind = last_checkpoint(records)
    if not len(records):
        raise NotEnoughDataError("there are no answers: pass@k and eff@k need their scores.")
    _one_run(records)
    evidence = replace(evidence, records=records)
    tries = _tries(k, records)
    retimed = {}
    if len(timings):
        retimed = retimed_items(timings, records, tries, alpha=alpha, hardness=hardness, rng=rng)
    said: list[tuple[str, str]] = []
    rows: list[tuple[Row, dict[str, Any]]] = []
    untold = list[str]()
    for name, reading in _readings(evidence, metric, untold):
        facts = metric_facts(reading)
        scored = reading.records[reading.records["score"].notna()]
        for key, group in scored.groupby(["task", "metric"], observed=True, sort=True):
            place, measure = map(str, key)
            fact = facts[(place, measure)]
            kind = name or ("pass" if fact.discrete and fact.higher_is_better else "eff")
            models = {
                str(who): item_noise(answers, fact, tries, retimed.get((place, str(who)), {}))
                for who, answers in group.groupby("model", observed=True, sort=True)
            }
            rows += _rows(models, (place, measure, kind), tries, fact, level)
            said += _said(models, f"{place}, {measure}", tries, bool(len(timings)))
    if not rows:
        raise NotEnoughDataError("no metric of these answers was asked for.")
    settings = {
        **{"k": as_tuple(k), "model": as_tuple(model), "task": as_tuple(task)},
        **{"metric": as_tuple(metric), "checkpoint": as_tuple(checkpoint), "alpha": alpha},
        **{"hardness": list(hardness), "level": level, "rng": rng, "missing": missing},
    }
    result = Result.of(
        "code_noise", KEYS, [row for row, _ in rows], settings=settings,
        warnings=[*evidence.warnings, *behind, *untold, *by_reason(said)], sources=evidence.sources,
    )  # fmt: skip
    for label in _LABELS:
        result.table[label] = [labels[label] for _, labels in rows]
    return result


def _one_run(records: pd.DataFrame) -> None:
    for axis in ("seed", "prompt"):
        several = records.groupby("model", observed=True)[axis].nunique()
        if (several > 1).any():
            raise UsageError(
                f"{several.index[int(several.to_numpy().argmax())]} has {several.max()} {axis}s, "
                f"and the noise of samples is within one. Keep one {axis} of each model."
            )


def _tries(k: Any, records: pd.DataFrame) -> list[int]:
    if k is not None:
        return sorted(set(as_tries(k if np.ndim(k) == 0 else list(k)).tolist()))
    by = ["model", "task", "metric", "item"]
    fewest = int(records.groupby(by, observed=True).size().min())
    return [one for one in _TRIES if one <= fewest]


def _readings(
    evidence: Evidence, metric: str | list[str] | None, untold: list[str]
) -> Iterator[tuple[str, Evidence]]:
    """Yield the records as they are, and those of the gap, where both its sides are there.

    A gap that nobody asked for by name is `untold` where no answer has both.
    """
    present = set(map(str, evidence.records["metric"].unique()))
    both = {PASSED, EFFICIENCY} <= present
    wanted = None if metric is None else {metric} if isinstance(metric, str) else set(metric)
    plain = None if wanted is None else sorted(wanted & present)
    if plain is None or plain:
        yield "", evidence.select(metric=plain)
    if not both or (wanted is not None and GAP not in wanted):
        return
    try:
        gap = gap_records(evidence)
    except UsageError:
        if wanted is not None:
            raise
        untold.append(
            f"no answer has both scores, {PASSED} and {EFFICIENCY}, so that there is no gap@k."
        )
    else:
        yield "gap", gap


def _rows(
    models: dict[str, ItemNoise],
    place: tuple[str, str, str],
    tries: Sequence[int],
    fact: Facts,
    level: float,
) -> Iterator[tuple[Row, dict[str, Any]]]:
    task, metric, kind = place
    sides: list[tuple[str, str | None]] = [(name, None) for name in models]
    sides += [(a, b) for a, b in combinations(models, 2)]
    for column, k in enumerate(tries):
        for name, other in sides:
            noises = [models[name]] if other is None else [models[name], models[other]]
            items = noises[0].items
            if other is not None:
                items = items.intersection(noises[1].items)
                noises = [noise.at(items) for noise in noises]
            key = {"task": task, "metric": metric, "functional": f"{kind}@{k}", "model": name,
                   "against": other}  # fmt: skip
            answers = np.concatenate([noise.answers for noise in noises])
            labels = {"items": len(items), "answers": int(answers.min(initial=0) or 0),
                      "answers_most": int(answers.max(initial=0))}  # fmt: skip
            if answers.size:
                labels["answers"] = int(answers.min())
            for quantity, estimate in _estimates(noises, column, k, metric, fact, level).items():
                yield (key, quantity, estimate), labels


def _estimates(
    noises: list[ItemNoise], column: int, k: int, metric: str, fact: Facts, level: float
) -> dict[str, Estimate]:
    """Estimate a model, or the difference of two, on the same items."""
    sign = np.array([1.0, -1.0])[: len(noises)]
    sides = np.stack([noise.values[:, column] for noise in noises])
    values = sign @ sides
    if not values.size or np.isnan(values).any():
        why = "no shared items" if not values.size else "k is larger than the answers to some item"
        undefined = Estimate(np.nan, level=level, n=values.size, method=f"undefined: {why}")
        return {f"over_{name}": undefined for name in ("item", "sample", "timing")}
    n = values.size
    sample = np.sum([noise.variances[:, column] for noise in noises], axis=0)
    timed = all(noise.retimed for noise in noises) and is_timed(metric)
    own, shared = np.full(n, np.nan), np.full(n, np.nan)
    freedom = np.ones(n)
    if timed:
        parts = [noise.retimed for noise in noises]
        own = np.sum([[one.own[column] for one in part] for part in parts], axis=0)
        shared = reference_variance(parts, column)
        freedom = np.min([[one.freedom for one in part] for part in parts], axis=0)
    elif not is_timed(metric):
        own, shared = np.zeros(n), np.zeros(n)
    found = {"over_item": _over_items(values, sides, fact, level, gap=metric == GAP, k=k)}
    found["over_sample"] = _over_samples(noises, values, sample, shared, column, k, fact, level)
    why = "does not depend on times" if not is_timed(metric) else "no repeated timings"
    if timed and np.isnan(shared).any():
        why = "the references were timed once, or took no time now and then"
    found["over_timing"] = _within(
        values, own + shared if timed else np.full(n, np.nan), freedom, None, (None, None),
        "timing", level, "repeats drawn anew", why,
    )  # fmt: skip
    if len(noises) == 1:
        found |= {name: fact.within(found[name]) for name in ("over_sample", "over_timing")}
    total = float(values.var(ddof=1)) / n if n > 1 else np.nan
    variances = _split(total, *(float(x.sum()) / n**2 for x in (sample, own, shared)))
    for part, value in variances.items():
        found[f"var_{part}"] = Estimate(value, level=level, n=n, method=_moments(value, n))
    for part, value in variances.items():
        share = value / total if total > 0 else np.nan
        method = _moments(value, n) if total > 0 or n < 2 else "undefined: no spread over problems"
        found[f"share_{part}"] = Estimate(share, level=level, n=n, method=method)
    return found


def _moments(variance: float, n: int) -> str:
    if not np.isnan(variance):
        return "moments"
    return (
        f"undefined: {'one problem' if n < 2 else 'the noise of answers or timings is not known'}"
    )


def _over_samples(
    noises: list[ItemNoise], values: np.ndarray, sample: np.ndarray, shared: np.ndarray,
    column: int, k: int, fact: Facts, level: float,
) -> Estimate:  # fmt: skip
    """Estimate for new answers to these items, newly timed."""
    fewest = np.min([noise.answers for noise in noises], axis=0)
    how = f"{'jackknife' if (fewest < 2 * k).any() else 'U-statistic'} of the answers"
    timed = np.isfinite(shared).all() and bool(shared.any())
    how += " + references timed anew" if timed else ""
    if np.isnan(shared).any():
        how += ", without the noise of the references, which is not known"
    why = "as many tries as answers to some item: what new samples would change cannot be seen"
    low, high = fact.range
    if low is None or high is None or len(noises) == 1:
        extra = np.where(np.isnan(shared), 0.0, shared)
        ends = (low, high) if len(noises) == 1 else (None, None)
        return _within(values, sample + extra, np.maximum(fewest - 1, 1), fewest / k, ends,
                       "sample", level, how, why)  # fmt: skip
    # each near its end, their difference is lopsided too
    alone = [
        _within(noise.values[:, column], noise.variances[:, column],
                np.maximum(noise.answers - 1, 1), noise.answers / k, (low, high), "sample", level,
                how, why)
        for noise in noises
    ]  # fmt: skip
    undefined = next((one for one in alone if one.method.startswith("undefined")), None)
    if undefined is not None:
        return replace(undefined, value=float(values.mean()))
    return fixed_items_difference(*alone)


def _split(total: float, sample: float, own: float, shared: float) -> dict[str, float]:
    """Share out the variance of the mean; what repeats do not show stays with the samples."""
    timing, reference = (0.0 if np.isnan(x) else x for x in (own, shared))
    return {
        "problem": total - sample - reference,
        "sample": sample - timing,
        "timing": own,
        "reference": shared,
    }


def _over_items(
    values: np.ndarray, sides: np.ndarray, fact: Facts, level: float, *, gap: bool, k: int
) -> Estimate:
    low, high = fact.range
    known = low is not None and high is not None
    uneven = known and k > 1
    try:
        if len(sides) == 2:
            span = None if low is None or high is None else high - low
            scale = float(np.abs(sides).max())
            return sparse_t(
                values, low=span and -span, high=span, scale=scale, level=level, uneven=uneven
            )
        if known:
            return bounded_mean_ci(values, low=low or 0.0, high=high or 0.0, level=level)
        if gap:
            return gap_mean(values, level)
        return fact.within(skewed_mean_ci(values, level=level))
    except NotEnoughDataError as error:
        value = float(values.mean())
        return Estimate(value, level=level, n=values.size, method=f"undefined: {error}")


def _within(
    values: np.ndarray, variances: np.ndarray, freedom: np.ndarray, draws: np.ndarray | None,
    ends: tuple[float | None, float | None], unit: str, level: float, how: str, why: str,
) -> Estimate:  # fmt: skip
    if np.isnan(variances).any():
        value = float(values.mean())
        return Estimate(value, level=level, n=values.size, unit=unit, method=f"undefined: {why}")
    found = fixed_items_ci(
        values, variances, freedom, draws=draws, low=ends[0], high=ends[1], unit=unit, level=level
    )
    return replace(found, method=f"{found.method}; {how}")


def _said(
    models: dict[str, ItemNoise], where: str, tries: Sequence[int], timed: bool
) -> Iterator[tuple[str, str]]:
    for name, noise in models.items():
        place = f"{name}, {where}"
        few = noise.answers.min() if noise.answers.size else 0
        for k in (k for k in tries if k > few):
            short = int((noise.answers < k).sum())
            yield place, f"best of {k}: too few answers for {counted(short, 'item')}."
        if timed and is_timed(where.rpartition(", ")[2]) and not noise.retimed:
            yield place, "timed in several sittings, or once only: the part of timing is not known."
