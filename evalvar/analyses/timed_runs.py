"""How did the programs of each model run, level by level and problem by problem?"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from evalvar.analyses.intake import as_tuple, intake
from evalvar.analyses.run_rows import Run, problem_rows, run_of
from evalvar.analyses.timed import timed_tasks
from evalvar.analyses.timing_scores import ALPHA, HARDNESS, scored
from evalvar.errors import NotEnoughDataError
from evalvar.evidence import REFERENCE, Evidence, Missing, as_evidence
from evalvar.results import Result, Row
from evalvar.stats import Estimate, clustered_mean_ci, skewed_mean_ci

KEYS = ("model", "task", "item")
LABELS = ("lower_quartile", "upper_quartile", "reason", "machine")
# Quantiles of time over limit, in percent.
QUANTILES = (5, 25, 50, 75, 95)
ENDS = ("wrong", "crash", "timeout", "memory", "missing", "unfinished")


def timed_runs(
    data: Evidence | pd.DataFrame,
    *,
    alpha: float = ALPHA,
    hardness: tuple[float, ...] = HARDNESS,
    model: str | list[str] | None = None,
    task: str | list[str] | None = None,
    checkpoint: int | list[int] | None = None,
    level: float = 0.95,
    missing: Missing = "drop",
) -> Result:
    """Report how programs ended, at which level they lose time, and what problems and clock allow.

    Parameters
    ----------
    data : Evidence or DataFrame
        Timings of programs and of the references; a bare DataFrame is taken as such.
    alpha : float above 1
        A problem's limit is so many times the reference's slowest case.
    hardness : tuple of float
        Weight of each level above 0.
    model, task, checkpoint : optional
        What to keep; without a checkpoint, each model's last. Seeds and prompts are pooled.
    level : float in (0, 1)
        Nominal coverage.
    missing : {"drop", "wrong"}
        What a program that is missing means for the scores of its problem.

    Returns
    -------
    Result
        By model and task: ``programs`` and how they ended, each counted once: ``ok`` (right, within
        the limit at every level), ``late`` (right, past the limit or out of memory at a level above
        0), ``wrong`` (at any level reached), ``crash``, ``timeout``, ``memory`` (both at level 0),
        ``missing``, ``unfinished``; ``late@l``, ``wrong@l``, ``crash@l`` by the level it happened
        at. ``efficiency@l``, the mean score of level l with its interval over items, ``efficiency``
        and ``pass_rate`` over all (their intervals are those of eff@1 and pass@1 of
        `code_metrics`). Of right programs: ``time_q05`` to ``time_q95``, quantiles of the slowest
        case over the limit, NaN where past it; ``past_limit``, the share past it.
        By task (model null): ``reference_share@l``, the reference's slowest case of level l over
        that of all levels, median over problems; ``drift``, the references' time after the programs
        over that before, median over problems (labels lower_quartile, upper_quartile); ``drifted``,
        how many problems moved by more than a tenth; ``problems`` (label machine: what they were
        timed on), ``unscored_problems``.
        By item: ``pass_rate`` and ``efficiency`` of each model and (model null) of the mean model;
        ``limit`` and ``resolution`` in seconds, ``drift``; label reason, why a problem is not
        scored. Label of all rows: alpha.

    Raises
    ------
    NotEnoughDataError
        No program was timed.
    UsageError
        As `score_timings`.

    Notes
    -----
    Scores are those of `score_timings`: ENAMEL (Qiu et al. 2024), section 3. The mean over levels
    of ``efficiency@l``, weighted by hardness, is eff@1 (tested). A program that was timed in
    several sittings counts once, with its mean scores and times and its worst end.
    """
    if isinstance(data, pd.DataFrame):
        data = as_evidence(timings=data)
    evidence = intake(data, missing=None, model=model, task=task, checkpoint=checkpoint)
    timings = evidence.timings
    if checkpoint is None:
        timings = _last(timings)
    rows: list[Row] = []
    labels: list[dict[str, object]] = []
    for timed in timed_tasks(replace(evidence, timings=timings)):
        run = run_of(timed, scored(timed, alpha=alpha, hardness=hardness), timings, missing)
        found = [
            *_of_models(run, level, alpha),
            *_of_task(run, _machines(timings, timed.task)),
            *problem_rows(run),
        ]
        rows += [row for row, _ in found]
        labels += [label for _, label in found]
    if not rows:
        raise NotEnoughDataError(
            "no program was timed. Time programs with evalvar run-code, and read what it writes."
        )
    settings = {
        **{"alpha": alpha, "hardness": list(hardness), "model": as_tuple(model)},
        **{"task": as_tuple(task), "checkpoint": as_tuple(checkpoint)},
        **{"level": level, "missing": missing},
    }
    result = Result.of(
        "timed_runs", KEYS, rows, settings=settings, warnings=evidence.warnings,
        sources=evidence.sources,
    )  # fmt: skip
    for name in LABELS:
        values = [label.get(name) for label in labels]
        kind = "object" if name in ("reason", "machine") else "float64"
        result.table[name] = pd.Series(values, dtype=kind)
    result.table["alpha"] = alpha
    return result


def _last(timings: pd.DataFrame) -> pd.DataFrame:
    """Keep the programs of each model's last checkpoint, and the references."""
    own = timings["model"] == REFERENCE
    last = timings.groupby(["model", "task"], observed=True)["checkpoint"].transform("max")
    return timings[own | (timings["checkpoint"] == last)]


Labelled = tuple[Row, dict[str, object]]


def _of_models(run: Run, level: float, alpha: float) -> Iterator[Labelled]:
    for model in dict.fromkeys(run.programs["model"]):
        mine = run.of(str(model))
        key = {"model": str(model), "task": run.task}
        total = len(mine.programs)
        for name, number in _ends(mine):
            yield (key, name, _count(number, total, "sample")), {}
        for name, values in (
            ("pass_rate", mine.by_item(mine.passed)),
            ("efficiency", mine.by_item(mine.efficiency)),
        ):
            known = values[np.isfinite(values)]
            mean = float(known.mean()) if known.size else np.nan
            method = "mean over problems" if known.size else "undefined: no problem is scored"
            yield (key, name, Estimate(mean, n=known.size, level=level, method=method)), {}
        for place, at in enumerate(run.levels):
            by_item = mine.by_item(mine.scores[:, place])
            yield (key, f"efficiency@{at}", _mean(by_item, level, alpha)), {}
        yield from _times(mine, key, level)


def _ends(mine: Run) -> Iterator[tuple[str, int]]:
    """Give how many programs ended in each way; each stands in one of the ways without a level."""
    yield "programs", len(mine.programs)
    for name in ("ok", "late", *ENDS):
        yield name, int((mine.end == name).sum())
    for name, levels in (("late", mine.levels), ("wrong", None), ("crash", None)):
        at = mine.ended_at[mine.end == name]
        for level in levels or sorted({0, *mine.levels}):
            yield f"{name}@{level}", int((at == level).sum())


def _times(mine: Run, key: dict[str, str], level: float) -> Iterator[Labelled]:
    """Give the quantiles of time over limit of right programs, and the share past the limit."""
    known = np.isfinite(mine.over_limit) | np.isinf(mine.over_limit)
    times = np.sort(mine.over_limit[known])
    for percent in QUANTILES:
        value, method = np.nan, "undefined: no program of a scored problem is right"
        if times.size:
            # the smallest time that so many reach: no mean of a time with an unknown one
            found = times[max(int(np.ceil(times.size * percent / 100)) - 1, 0)]
            value = float(found) if found <= 1 else np.nan
            method = "quantile of right programs" if found <= 1 else "undefined: past the limit"
        at = Estimate(value, n=times.size, unit="sample", level=level, method=method)
        yield (key, f"time_q{percent:02d}", at), {}
    late = (mine.over_limit[known] > 1).astype(float)
    try:
        share = clustered_mean_ci(
            late, mine.programs["item"].to_numpy()[known], level=level, low=0.0, high=1.0
        )
    except NotEnoughDataError as error:
        value = float(late.mean()) if late.size else np.nan
        share = Estimate(value, n=late.size, level=level, method=f"undefined: {error}")
    yield (key, "past_limit", replace(share, p_value=np.nan)), {}


def _machines(timings: pd.DataFrame, task: str) -> str | None:
    """Name what the programs of a task were timed on, where it is known."""
    if "machine" not in timings:
        return None
    told = timings.loc[timings["task"] == task, "machine"].dropna().unique()
    return "; ".join(sorted(map(str, told))) or None


def _of_task(run: Run, machine: str | None) -> Iterator[Labelled]:
    key = {"task": run.task}
    problems = run.problems["item"].nunique()
    yield (key, "problems", _count(problems, problems, "item")), {"machine": machine}
    lost = int(pd.Series(run.scores_of.reason > 0).groupby(run.problems["item"]).all().sum())
    yield (key, "unscored_problems", _count(lost, problems, "item")), {}
    for place, at in enumerate(run.levels):
        yield _median(key, f"reference_share@{at}", run.shares[:, place])
    yield _median(key, "drift", run.drift)
    moved = int((np.abs(run.drift - 1) > 0.1).sum())
    yield (key, "drifted", _count(moved, int(np.isfinite(run.drift).sum()), "item")), {}


def _median(key: dict[str, str], name: str, values: np.ndarray) -> Labelled:
    known = values[np.isfinite(values)]
    if not known.size:
        none = Estimate(np.nan, level=np.nan, method="undefined: the reference was not timed so")
        return (key, name, none), {}
    low, middle, high = np.quantile(known, (0.25, 0.5, 0.75))
    median = Estimate(float(middle), level=np.nan, n=known.size, method="median over problems")
    return (key, name, median), {"lower_quartile": float(low), "upper_quartile": float(high)}


def _mean(by_item: np.ndarray, level: float, alpha: float) -> Estimate:
    known = by_item[np.isfinite(by_item)]
    try:
        mean = skewed_mean_ci(known, level=level)
    except NotEnoughDataError as error:
        value = float(known.mean()) if known.size else np.nan
        return Estimate(value, level=level, n=known.size, method=f"undefined: {error}")
    # no program scores below 0, nor above one that takes no time
    low, high = np.clip((mean.low, mean.high), 0.0, alpha / (alpha - 1))
    return replace(mean, low=float(low), high=float(high), p_value=np.nan)


def _count(number: int, total: int, unit: str) -> Estimate:
    return Estimate(float(number), level=np.nan, n=total, unit=unit, method="count")
