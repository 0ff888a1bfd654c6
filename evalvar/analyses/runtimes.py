"""Whose right programs are faster, where some were stopped?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from math import isfinite, nan
from typing import Any

import numpy as np
import pandas as pd

from evalvar.analyses.intake import as_tuple, intake, last_checkpoint
from evalvar.analyses.multiplicity import adjusted_p
from evalvar.analyses.sittings import mean_of_sittings, same_programs, sitting_remarks
from evalvar.analyses.timed import Timed, timed_tasks
from evalvar.analyses.timing_scores import ALPHA, HARDNESS, scored
from evalvar.errors import NotEnoughDataError, UsageError, counted
from evalvar.evidence import REFERENCE, Evidence, as_evidence, not_there
from evalvar.numbers import listing
from evalvar.results import Result, Row
from evalvar.stats import Estimate, ratio_of_means
from evalvar.stats.restricted_mean import restricted_mean_ratio
from evalvar.stats.survival import LogRank, Weights, log_rank

KEYS = ("task", "item", "a", "b")
_LABELS = (
    *("rmst_a", "rmst_b", "programs_a", "programs_b", "stopped_a", "stopped_b"),
    *("wrong_a", "wrong_b", "problems", "p_holm"),
)


@dataclass(frozen=True, slots=True)
class Side:
    """Programs of one model: problem of each, whether it is right, and its times.

    Parameters
    ----------
    problem : int array, shape (n,)
    right : bool array, shape (n,)
        Whether it takes part.
    times : float array, shape (n, L + 1)
        Slowest case of each level, last of all, in units of the reference's slowest, cut at alpha.
    wrong : bool array, shape (n,)
        Whether it is wrong; one that is missing or not timed to the end is neither.
    """

    problem: np.ndarray
    right: np.ndarray
    times: np.ndarray
    wrong: np.ndarray


def runtimes(
    data: Evidence | pd.DataFrame,
    a: str | None = None,
    b: str | None = None,
    *,
    alpha: float = ALPHA,
    weights: Weights = "log-rank",
    model: str | list[str] | None = None,
    task: str | list[str] | None = None,
    checkpoint: int | list[int] | None = None,
    level: float = 0.95,
) -> Result:
    """Compare the run times of two models' right programs, those that were stopped included.

    Parameters
    ----------
    data : Evidence or DataFrame
        Timings of programs and of the references; a bare DataFrame is taken as such.
    a, b : str, optional
        Models; without one or both: every pair.
    alpha : float above 1
        Times are followed up to so many times the reference's slowest case.
    weights : {"log-rank", "gehan-wilcoxon", "tarone-ware"}
        Of the test.
    model, task, checkpoint : optional
        What to keep; without a checkpoint, each model's last. Seeds and prompts are pooled.
    level : float in (0, 1)
        Nominal coverage.

    Returns
    -------
    Result
        By problem, and over all problems (item null). A program's time is that of its slowest case,
        ``@l`` of its slowest case at level l, in units of the reference's slowest case over all
        levels. Quantities:

        ``rmst_ratio``, ``rmst_ratio@l``
            Restricted mean time up to the limit, a over b: below 1, a is faster. By problem the
            interval is for new samples; over problems it is the ratio of the means over problems,
            with an interval for new problems. `se` is that of the logarithm.
        ``log_rank``, ``log_rank@l``
            Chi-square of one law of both models' times, and its p-value, which is exact in small
            groups; over problems stratified: programs are compared with those of the same problem
            only.

        Labels: rmst_a, rmst_b (mean over problems), programs_a, programs_b (right ones), stopped_a,
        stopped_b (of them, at the limit), wrong_a, wrong_b (left out; over problems: of all that
        were tried), problems (that both solve), p_holm (of a problem's log-rank test, adjusted for
        all problems of the pair).

    Raises
    ------
    NotEnoughDataError
        No timings, no two models, or no problem that both solve.
    UsageError
        A model that is not there; a limit above the time after which runs were stopped.

    Notes
    -----
    What is stopped is right-censored at the limit, T = alpha times the reference's slowest case,
    and so is what is slower, or not reached since an earlier level was stopped. Wrong programs are
    a competing event, not a censored one: they are left out, and counted, and so are right programs
    of problems that the other model does not solve. Both are selections: a model that is right on
    its easier tries only is compared by these. Read it beside pass@k. A program that was timed in
    several sittings counts once, with its mean time.
    Sources: `log_rank`, `restricted_mean_ratio`, `ratio_of_means`.
    """
    if isinstance(data, pd.DataFrame):
        data = as_evidence(timings=data)
    evidence = intake(data, missing=None, task=task, checkpoint=checkpoint)
    if not len(evidence.timings):
        raise NotEnoughDataError(
            "there are no timings: run times need the times of every program. Time programs with "
            "evalvar run-code, and read what it writes."
        )
    evidence, behind = _last(evidence.select(model=model), checkpoint)
    rows: list[tuple[Row, dict[str, Any]]] = []
    remarks: list[str] = []
    asked = [name for name in (a, b) if name is not None]
    seen: set[str] = set()
    for timed in timed_tasks(evidence):
        sides, items = _sides(timed, alpha, remarks)
        seen |= set(sides)
        remarks += sitting_remarks(timed)
        for x, y in _pairs(sides, a, b):
            remarks += _unshared(timed.task, (sides[x], sides[y]), (x, y))
            rows += _pair(timed, (sides[x], sides[y]), (x, y), items, alpha, weights, level)
    for name in asked:
        if name not in seen:
            raise not_there("model", name, sorted(seen))
    if len(seen) < 2:
        raise NotEnoughDataError(f"nothing to compare: {counted(len(seen), 'model')} with times.")
    if not rows:
        raise NotEnoughDataError(
            " ".join(
                ["no two models have right programs to compare of the same problem.", *remarks]
            )
        )
    remarks.append(
        "run times are of right programs only: wrong ones are left out, and counted in wrong_a and "
        "wrong_b. Read them beside pass@k."
    )
    settings = {
        **{"a": a, "b": b, "alpha": alpha, "weights": weights, "model": as_tuple(model)},
        **{"task": as_tuple(task), "checkpoint": as_tuple(checkpoint), "level": level},
    }
    result = Result.of(
        "runtimes", KEYS, [row for row, _ in rows], settings=settings,
        warnings=[*evidence.warnings, *behind, *remarks], sources=evidence.sources,
    )  # fmt: skip
    for name in _LABELS:
        result.table[name] = [labels[name] for _, labels in rows]
    return result


def _last(evidence: Evidence, checkpoint: Any) -> tuple[Evidence, list[str]]:
    timings = evidence.timings
    if checkpoint is not None or timings["checkpoint"].nunique() < 2:
        return evidence, []
    own = (timings["model"] == REFERENCE).to_numpy()
    kept, behind = last_checkpoint(timings[~own].assign(metric="seconds"))
    both = pd.concat([timings[own], kept[timings.columns]], ignore_index=True)
    return replace(evidence, timings=as_evidence(timings=both).timings), behind


def _pairs(sides: dict[str, Side], a: str | None, b: str | None) -> Iterator[tuple[str, str]]:
    if a is not None and a == b:
        raise UsageError(f"a and b are both '{a}': name two different models.")
    if a is None and b is None:
        yield from combinations(sorted(sides), 2)
        return
    left = sorted(sides) if a is None else [a]
    right = sorted(sides) if b is None else [b]
    yield from ((x, y) for x in left for y in right if x != y and {x, y} <= sides.keys())


def _sides(timed: Timed, alpha: float, remarks: list[str]) -> tuple[dict[str, Side], np.ndarray]:
    """Return the programs of each model, their times beside the reference, and the items."""
    weights = (1.0,) * len(timed.levels)
    limit = scored(timed, alpha=alpha, hardness=weights if timed.levels else HARDNESS).limit
    unit = limit[timed.problem, None] / alpha
    worst = np.where(np.isnan(timed.times), np.inf, timed.times)
    late = np.logical_or.accumulate(worst > limit[timed.problem, None], axis=1)
    worst = np.where(late, np.inf, worst)
    times = np.concatenate([worst, worst.max(axis=1, keepdims=True)], axis=1) / unit
    times = np.minimum(times, alpha)
    right = (timed.passed == 1) & np.isfinite(limit[timed.problem])
    # what nothing ended and yet lacks cases is not known to be slow
    unfinished = right & (~timed.whole & ~late).any(axis=1)
    if unfinished.any():
        remarks.append(
            f"{timed.task}: left out {counted(int(unfinished.sum()), 'program')} not timed to the "
            "end."
        )
    unlimited = int(((timed.passed == 1) & ~np.isfinite(limit[timed.problem])).sum())
    if unlimited:
        remarks.append(
            f"{timed.task}: left out {counted(unlimited, 'right program')} of problems without a "
            "limit that the clock can tell."
        )
    items, problem = np.unique(timed.problems["item"].to_numpy(), return_inverse=True)
    first, one = same_programs(timed)
    wrong = np.bincount(one, timed.passed == 0) > 0
    times = mean_of_sittings(one, np.where((right & ~unfinished)[:, None], times, np.nan))
    known = ~np.isnan(times[:, -1])
    item = problem.reshape(-1)[timed.problem[first]]
    models = timed.programs["model"].astype(str).to_numpy()[first]
    sides = {
        str(name): Side(
            item[models == name], (known & ~wrong)[models == name], times[models == name],
            wrong[models == name],
        )
        for name in np.unique(models)
    }  # fmt: skip
    return sides, items


def _unshared(task: str, sides: tuple[Side, Side], names: tuple[str, str]) -> Iterator[str]:
    """Count the right programs of problems that only one of two models solves."""
    solved = [side.problem[side.right] for side in sides]
    lost = [int((~np.isin(mine, other)).sum()) for mine, other in (solved, solved[::-1])]
    if any(lost):
        both = zip(lost, names, strict=True)
        told = [f"{counted(n, 'right program')} of {name}" for n, name in both if n]
        yield (
            f"{task}, {names[0]} and {names[1]}: left out {listing(told)}, of problems that the "
            "other does not solve."
        )


def _pair(
    timed: Timed,
    sides: tuple[Side, Side],
    names: tuple[str, str],
    items: np.ndarray,
    alpha: float,
    weights: Weights,
    level: float,
) -> Iterator[tuple[Row, dict[str, Any]]]:
    first, second = (side.problem[side.right] for side in sides)
    shared = np.intersect1d(first, second)
    if not shared.size:
        return
    key = {"task": timed.task, "item": None, "a": names[0], "b": names[1]}
    columns = [*(f"@{one}" for one in timed.levels), ""]
    for column in (len(columns) - 1, *range(len(columns) - 1)):
        times = [side.times[:, column] for side in sides]
        problems = [
            [t[side.right & (side.problem == one)] for t, side in zip(times, sides, strict=True)]
            for one in shared
        ]
        yield from _of(key, columns[column], problems, alpha, weights, level, sides)
        rows: list[tuple[Row, dict[str, Any]]] = []
        for one, pair in zip(shared, problems, strict=True):
            own = {**key, "item": str(items[one])}
            few = tuple(_only(side, one) for side in sides)
            rows += _of(own, columns[column], [pair], alpha, weights, level, few)
        tests = [(row, labels) for row, labels in rows if row[1].startswith("log_rank")]
        p = adjusted_p(np.array([row[2].p_value for row, _ in tests]), "holm")
        for (_, labels), one in zip(tests, p.tolist(), strict=True):
            labels["p_holm"] = one
        yield from rows


def _only(side: Side, problem: int) -> Side:
    kept = side.problem == problem
    return Side(side.problem[kept], side.right[kept], side.times[kept], side.wrong[kept])


def _of(
    key: Mapping[str, Any], suffix: str, problems: list[list[np.ndarray]], alpha: float,
    weights: Weights, level: float, sides: tuple[Side, ...],
) -> Iterator[tuple[Row, dict[str, Any]]]:  # fmt: skip
    """Give the rows of one problem, or of all of them."""
    pooled = key["item"] is None
    means = [[float(pair[side].mean()) for pair in problems] for side in (0, 1)]
    if pooled:
        ratio = ratio_of_means(*means, level=level)
    else:
        x, y = problems[0]
        ratio = restricted_mean_ratio(x, x < alpha, y, y < alpha, limit=alpha, level=level)
    one = [np.concatenate([pair[side] for pair in problems]) for side in (0, 1)]
    both = np.concatenate(one)
    in_a = np.arange(both.size) < one[0].size
    strata = np.concatenate(
        [np.repeat(np.arange(len(problems)), [pair[side].size for pair in problems])
         for side in (0, 1)]
    )  # fmt: skip
    test = log_rank(both, both < alpha, in_a, strata=strata if pooled else None, weights=weights)
    labels = {
        **{f"rmst_{name}": float(np.mean(means[side])) for side, name in enumerate("ab")},
        **{f"programs_{name}": one[side].size for side, name in enumerate("ab")},
        **{f"stopped_{name}": int((one[side] >= alpha).sum()) for side, name in enumerate("ab")},
        **{f"wrong_{name}": int(sides[side].wrong.sum()) for side, name in enumerate("ab")},
        "problems": len(problems), "p_holm": nan,
    }  # fmt: skip
    yield (key, f"rmst_ratio{suffix}", ratio), labels
    yield (key, f"log_rank{suffix}", _as_estimate(test, level, both.size)), {**labels}


def _as_estimate(test: LogRank, level: float, n: int) -> Estimate:
    method = test.method
    if not isfinite(test.statistic):
        method = f"undefined: nothing ended, or all at one time, {test.method}"
    return Estimate(test.statistic, level=level, n=n, unit="sample", method=method,
                    p_value=test.p_value)  # fmt: skip
