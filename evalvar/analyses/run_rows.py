"""Timed programs of a task with their scores, and what is said of single problems."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from evalvar.analyses.sittings import mean_of_sittings, same_programs
from evalvar.analyses.timed import PROGRAM, Flags, Floats, Ints, Timed
from evalvar.analyses.timing_scores import Scores
from evalvar.evidence import Missing
from evalvar.results import Row
from evalvar.stats import Estimate, level_shares

# By the number that `Scores` gives.
REASONS = (
    "reference not timed at every level",
    "reference not done in time, so that there is no limit",
    "reference took no time, so that there is no limit",
    "limit too near to the shortest time that the clock can tell",
)
# What outweighs what, where the sittings of a program differ.
_RANK = {
    name: place
    for place, name in enumerate(
        ("wrong", "crash", "memory", "timeout", "late", "ok", "unfinished", "missing")
    )
}


@dataclass(frozen=True, slots=True)
class Run:
    """The programs of a task: how each ended, what it scores, how long it took.

    A program that was timed in several sittings has the mean over them and its worst end.

    Parameters
    ----------
    task, levels, programs, problems
        As of `Timed`.
    passed, efficiency : float array, shape (n_programs,)
        Scores; NaN where there is none.
    scores : float array, shape (n_programs, n_levels)
        Scores of the levels.
    over_limit : float array, shape (n_programs,)
        Slowest case of right programs over the limit: +inf where stopped, NaN where not known.
    end : object array, shape (n_programs,)
        How each ended.
    ended_at : int array, shape (n_programs,)
        The level at which it did; -1 where it did not.
    scores_of : Scores
        Of the task.
    shares : float array, shape (n_problems, n_levels)
        Reference's time of each level over that of its slowest.
    drift, resolution : float array, shape (n_problems,)
        Reference's time after over before; what the clock can tell.
    """

    task: str
    levels: tuple[int, ...]
    programs: pd.DataFrame
    passed: Floats
    efficiency: Floats
    scores: Floats
    over_limit: Floats
    end: "np.ndarray[tuple[int], np.dtype[np.object_]]"
    ended_at: Ints
    problems: pd.DataFrame
    scores_of: Scores
    shares: Floats
    drift: Floats
    resolution: Floats

    def of(self, model: str) -> "Run":
        """Return the programs of one model."""
        mine = (self.programs["model"].astype(str) == model).to_numpy()
        return replace(
            self,
            programs=self.programs[mine],
            passed=self.passed[mine],
            efficiency=self.efficiency[mine],
            scores=self.scores[mine],
            over_limit=self.over_limit[mine],
            end=self.end[mine],
            ended_at=self.ended_at[mine],
        )

    def items(self) -> list[str]:
        """Return the problems, in the order in which they were tried."""
        return list(dict.fromkeys(self.problems["item"]))

    def by_item(self, values: Floats) -> Floats:
        """Return the mean of a program's value for every problem, NaN where there is none."""
        return self._of_items(values, "mean")

    def scored_of(self, values: Floats) -> list[int]:
        """Return how many programs of every problem have a value."""
        return [int(n) for n in np.nan_to_num(self._of_items(values, "count"))]

    def _of_items(self, values: Floats, what: str) -> Floats:
        items = self.programs["item"].astype(str).to_numpy()
        found = pd.Series(values).groupby(items).agg(what)
        return np.asarray(found.reindex(self.items()), dtype=np.float64)


def run_of(timed: Timed, scores: Scores, timings: pd.DataFrame, missing: Missing) -> Run:
    """Put together what is known of the programs of a task."""
    passed = np.where(scores.incomplete, np.nan, timed.passed)
    levels, efficient = scores.levels, scores.efficiency
    if missing == "wrong":
        lost = np.isnan(timed.passed)
        passed = np.where(lost, 0.0, passed)
        scoring = lost & np.isfinite(scores.limit[timed.problem])
        levels = np.where(scoring[:, None], 0.0, levels)
        efficient = np.where(scoring, 0.0, efficient)
    limit = scores.limit[timed.problem]
    stopped = np.isinf(timed.times) | (timed.times > limit[:, None])
    late = np.asarray(stopped.any(axis=1))
    end, ended_at = _ends(timed, scores.incomplete, late, stopped, timings)
    slowest = np.where(np.isnan(timed.times), -np.inf, timed.times).max(axis=1, initial=-np.inf)
    right = np.isin(end, ("ok", "late")) & np.isfinite(limit)
    over = np.where(right, np.where(late, np.inf, slowest / limit), np.nan)
    first, program = same_programs(timed)
    worst = _worst(program, end, ended_at)
    wrong = np.bincount(program, passed == 0) > 0
    passed = np.where(wrong, 0.0, mean_of_sittings(program, passed))
    efficient, levels = (mean_of_sittings(program, values) for values in (efficient, levels))
    over = np.where(np.isin(end[worst], ("ok", "late")), mean_of_sittings(program, over), np.nan)
    lost = wrong & np.isfinite(efficient)
    levels = np.where(lost[:, None], 0.0, levels)
    return Run(
        timed.task, timed.levels, timed.programs.iloc[first].reset_index(drop=True), passed,
        np.where(lost, 0.0, efficient), levels, over,
        end[worst], ended_at[worst], timed.problems, scores, _shares(timed.reference),
        _drift(timed), timed.resolution,
    )  # fmt: skip


def _worst(
    program: Ints, end: "np.ndarray[tuple[int], np.dtype[np.object_]]", ended_at: Ints
) -> Ints:
    """Give the row of the sitting in which each program ended worst."""
    rank = np.array([_RANK[name] for name in end])
    order = np.lexsort((ended_at, rank, program))
    return order[np.unique(program[order], return_index=True)[1]]


def _ends(
    timed: Timed, incomplete: Flags, late: Flags, stopped: Flags, timings: pd.DataFrame
) -> tuple["np.ndarray[tuple[int], np.dtype[np.object_]]", Ints]:
    """Say how every program ended, each in one way, and at which level."""
    status = timed.programs["status"].to_numpy(dtype=object)
    right = timed.passed == 1
    end = np.where(right, np.where(late, "late", "ok"), status).astype(object)
    end[incomplete] = "unfinished"
    at = np.full(end.size, -1, dtype=np.int64)
    slow = end == "late"
    if slow.any():
        at[slow] = np.asarray(timed.levels)[stopped[slow].argmax(axis=1)]
    key = [*PROGRAM, "run", "status"]
    bad = timings[timings["status"].isin(("wrong", "crash", "timeout", "memory"))]
    first = bad.groupby(key, observed=True)["level"].min().rename("ended_at").reset_index()
    rows = timed.programs[key[:-1]].assign(status=end)
    names = {name: str for name in key if name not in ("seed", "checkpoint", "sample")}
    rows, first = rows.astype(names), first.astype(names)
    found = rows.merge(first, on=key, how="left")["ended_at"].to_numpy(dtype=float)
    there = np.isfinite(found)
    at[there] = found[there].astype(np.int64)
    return end, at


def _shares(reference: Floats) -> Floats:
    shares = np.full(reference.shape, np.nan)
    fine = np.isfinite(reference).all(axis=1) & (reference.max(axis=1, initial=0) > 0)
    if fine.any():
        shares[fine] = level_shares(reference[fine])
    return shares


def _drift(timed: Timed) -> Floats:
    """Set the reference's slowest case after the programs against that before; NaN if not both."""
    before, after = (
        np.where(np.isnan(times).any(axis=1), np.nan, times.max(axis=1, initial=0))
        for times in (timed.before, timed.after)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        drift = after / before
    return np.where(np.isfinite(drift), drift, np.nan)


def problem_rows(run: Run) -> Iterator[tuple[Row, dict[str, object]]]:
    """Give what each problem's programs score, model by model and on average, and its limit."""
    items = run.items()
    scores: dict[str, list[Floats]] = {"pass_rate": [], "efficiency": []}
    for model in dict.fromkeys(run.programs["model"]):
        mine = run.of(str(model))
        for name, values in (("pass_rate", mine.passed), ("efficiency", mine.efficiency)):
            by_item = mine.by_item(values)
            scores[name].append(by_item)
            counts = mine.scored_of(values)
            for item, value, n in zip(items, by_item, counts, strict=True):
                key = {"model": str(model), "task": run.task, "item": item}
                method = "mean over programs" if n else "undefined: no program is scored"
                own = Estimate(float(value), level=np.nan, n=n, unit="sample", method=method)
                yield (key, name, own), {}
    for name, of_models in scores.items():
        for item, values in zip(items, np.array(of_models).T, strict=True):
            known = values[np.isfinite(values)]
            mean = float(known.mean()) if known.size else np.nan
            told = Estimate(mean, level=np.nan, n=known.size, unit="model", method="mean of models")
            yield ({"task": run.task, "item": item}, name, told), {}
    yield from _limits(run, items)


def _limits(run: Run, items: list[str]) -> Iterator[tuple[Row, dict[str, object]]]:
    """Give limit, clock and drift of every problem: the mean over the sittings it was timed in."""
    limit = run.scores_of.limit
    for item in items:
        here = (run.problems["item"] == item).to_numpy()
        reasons = [REASONS[r - 1] for r in run.scores_of.reason[here] if r]
        reason = reasons[0] if reasons else None
        for name, values in (
            ("limit", limit), ("resolution", run.resolution), ("drift", run.drift)
        ):  # fmt: skip
            known = values[here][np.isfinite(values[here])]
            mean = float(known.mean()) if known.size else np.nan
            told = Estimate(
                mean, level=np.nan, n=known.size, unit="run", method="mean over sittings"
            )
            yield (
                ({"task": run.task, "item": item}, name, told),
                ({"reason": reason} if name == "limit" else {}),
            )
