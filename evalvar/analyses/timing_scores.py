"""What timed programs score: passed, and how efficient they are beside the reference."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalvar.analyses.assumptions import as_number
from evalvar.analyses.intake import intake
from evalvar.analyses.timed import ENDS, PROGRAM, Flags, Floats, Ints, Timed, timed_tasks
from evalvar.errors import NotEnoughDataError, UsageError, counted
from evalvar.evidence import UNSCORED, Evidence, as_evidence
from evalvar.stats import efficiency, level_scores, time_limit
from evalvar.tables import stack

ALPHA = 2.0
HARDNESS = (3.0, 3.0, 4.0)
METRICS = ("passed", "efficiency")

# A limit below so many times what the clock can tell is not scored: by the published alpha the
# reference's own time would be below it. It is what a program that lies about its time could hide.
RESOLUTIONS = 2
_SHOWN = 6
_REASONS = (
    "have no times of the reference at every level",
    "have a reference that did not end in time, and so no limit",
    "have a reference that took no time, and so no limit",
    "have a limit below twice what the clock can tell",
)
_BLURRED = len(_REASONS)
_AGAIN = " Calls there are short, or the machine was busy: time these again on an idle one."


@dataclass(frozen=True, slots=True)
class Scores:
    """What the programs of a task score for one alpha and hardness.

    Parameters
    ----------
    levels : float array, shape (n_programs, n_levels)
        Score of each level of a program that passed, 0 where it did not; NaN where not scored.
    efficiency : float array, shape (n_programs,)
        Their mean by hardness.
    limit : float array, shape (n_problems,)
        Time past which nothing is scored; NaN where the problem is not.
    reason : int array, shape (n_problems,)
        Why a problem is not scored, counted from 1; 0 where it is.
    incomplete : bool array, shape (n_programs,)
        Programs of scored problems that lack cases although nothing ended them.
    """

    levels: Floats
    efficiency: Floats
    limit: Floats
    reason: Ints
    incomplete: Flags


def score_timings(
    data: Evidence | pd.DataFrame,
    *,
    alpha: float = ALPHA,
    hardness: tuple[float, ...] = HARDNESS,
) -> Evidence:
    """Turn timings into scored answers: whether programs are right, and how efficient they are.

    Parameters
    ----------
    data : Evidence or DataFrame
        Timings of programs and of the references; a bare DataFrame is taken as such.
    alpha : float above 1
        A problem's limit is so many times the reference's slowest case.
    hardness : tuple of float
        Weight of each level above 0.

    Returns
    -------
    Evidence
        Records of the metrics ``passed`` (0 or 1) and ``efficiency`` (1 = as the reference), one of
        each a program, with the attributes of its item and ``answer.status``: how it ended. Where a
        program that is not missing has no score, or its problem is not scored, so that it does not
        count as wrong, ``answer.unscored`` says why. Other records stay; timings are empty, as they
        are records now.

    Raises
    ------
    NotEnoughDataError
        No program was timed.
    RecordsError
        A case that went well and has no time.
    UsageError
        Another number of weights than of levels; a limit above the time after which a program was
        stopped, so that what it would have scored is not known.

    Notes
    -----
    ENAMEL's rules (Qiu et al. 2024, section 3). The time of a case is the Hodges-Lehmann estimate
    over its repeats, a stopped one +inf; a level counts by its slowest case. From the first level
    past the limit on, a program scores 0 and is still right; if it is wrong at any level it
    reached, it scores 0 and is not. At level 0 a program is wrong if it was stopped, and its time
    does not count. A program is scored against the references of its own sitting, before and after
    taken together; one that was timed in several sittings has their mean, and is right if it always
    was. Not scored are programs that are missing or lack cases, and the efficiency on problems
    without a limit or with one that the clock can hardly tell.
    Only timings are stored: the same timings give the same scores to the last bit (tested).
    """
    if isinstance(data, pd.DataFrame):
        data = as_evidence(timings=data)
    evidence = intake(data, missing=None)
    if not len(evidence.timings):
        raise NotEnoughDataError(
            "there are no timings to score. Time programs with evalvar run-code, and read what it "
            "writes."
        )
    parts, remarks = [], list[str]()
    for timed in timed_tasks(evidence):
        scores = scored(timed, alpha=alpha, hardness=hardness)
        parts.append(_records(timed, scores, remarks))
        remarks += _remarks(timed, scores)
    if not parts:
        raise NotEnoughDataError("only references were timed, and no program. Time programs too.")
    return as_evidence(
        stack([evidence.records, *parts]),
        reported=evidence.reported,
        sources=evidence.sources,
        warnings=[*evidence.warnings, *remarks],
    )


def scored(timed: Timed, *, alpha: float = ALPHA, hardness: tuple[float, ...] = HARDNESS) -> Scores:
    """Score the programs of a task, as `score_timings` does."""
    alpha = as_number("alpha", alpha)
    if isinstance(hardness, str) or not isinstance(hardness, Iterable):
        raise UsageError(f"hardness must be a weight a level, as (3, 3, 4), but is {hardness!r}.")
    hardness = tuple(as_number("each weight of hardness", weight) for weight in hardness)
    if len(hardness) != len(timed.levels):
        found_levels = ", ".join(map(str, timed.levels)) or "none"
        raise UsageError(
            f"hardness has {counted(len(hardness), 'weight')}, but the programs of task "
            f"'{timed.task}' were timed at {counted(len(timed.levels), 'level')} above 0 "
            f"({found_levels}). Give one weight a level: --hardness 3,3,4."
        )
    limit, reason = _limits(timed, alpha)
    usable = reason[timed.problem] == 0
    times, own = timed.times[usable], timed.problem[usable]
    late = np.logical_or.accumulate(times > limit[own, None], axis=1)
    lacking = ((~timed.whole[usable] & ~late).any(axis=1)) & (timed.passed[usable] == 1)
    known = _known_until(timed, usable)
    _check_limits(timed, own, limit, known, alpha)
    found = level_scores(
        np.where(late | ~timed.whole[usable], np.inf, times),
        timed.reference[own],
        alpha=alpha,
        stopped_at=known,
    )
    found = found * (timed.passed[usable] == 1)[:, None]
    found[lacking | np.isnan(timed.passed[usable])] = np.nan
    levels = np.full(timed.times.shape, np.nan)
    levels[usable] = found
    incomplete = np.zeros(usable.size, dtype=bool)
    incomplete[usable] = lacking
    return Scores(levels, efficiency(levels, hardness=hardness), limit, reason, incomplete)


def _known_until(timed: Timed, usable: Flags) -> Floats:
    """Give the time up to which it is known how long a program that was stopped takes."""
    times = timed.times[usable]
    measured = np.where(np.isfinite(times), times, 0.0).max(axis=1, initial=0.0)
    # a program may have been stopped on some repeats only
    partly = np.isfinite(timed.stopped_at) & (timed.passed == 1)
    stopped = ((timed.programs["status"] == "timeout").to_numpy() | partly)[usable]
    return np.where(stopped, np.maximum(timed.stopped_at[usable], measured), np.inf)


def _check_limits(timed: Timed, problem: Ints, limit: Floats, known: Floats, alpha: float) -> None:
    """Refuse an alpha for which it is not known how long a program that was stopped takes."""
    share = known / (limit[problem] / alpha)
    beyond = share * (1 + 1e-9) < alpha
    if not beyond.any():
        return
    first = int(np.argmin(np.where(beyond, share, np.inf)))
    raise UsageError(
        f"alpha {alpha:g} puts the limit of {timed.problems['item'][problem[first]]} in task "
        f"'{timed.task}' at {limit[problem[first]]:.4g} s, but a program was stopped at "
        f"{known[first]:.4g} s, and what it would have taken is not known "
        f"({counted(int(beyond.sum()), 'such program')}). Use an alpha of at most "
        f"{np.floor(1000 * share[first]) / 1000:g}."
    )


def _limits(timed: Timed, alpha: float) -> tuple[Floats, Ints]:
    """Give the limit of every problem, or why it has none."""
    reference = timed.reference
    slowest = np.where(np.isnan(reference), -np.inf, reference).max(axis=1, initial=-np.inf)
    limit = np.full(len(reference), np.nan)
    reason = np.where(
        np.isnan(reference).any(axis=1), 1, np.where(np.isinf(slowest), 2, 3 * (slowest <= 0))
    )
    fine = reason == 0
    limit[fine] = time_limit(reference[fine], alpha=alpha) if fine.any() else np.nan
    blurred = fine & (limit < RESOLUTIONS * timed.resolution)  # unknown where that is NaN
    limit[blurred] = np.nan
    return limit, np.where(blurred, _BLURRED, reason)


def _records(timed: Timed, scores: Scores, remarks: list[str]) -> pd.DataFrame:
    """Give the records of both metrics, one program below the other."""
    programs = timed.programs.rename(columns={"status": "answer.status"})
    passed = np.where(scores.incomplete, np.nan, timed.passed)
    wide = programs.drop(columns="run").assign(
        passed=passed,
        efficiency=scores.efficiency,
        incomplete=scores.incomplete,
        unscored=scores.reason[timed.problem] > 0,
    )
    again = wide.duplicated(list(PROGRAM)).to_numpy()
    if again.any():
        wide = _over_sittings(wide)
        remarks.append(
            f"{timed.task}: {counted(int(again.sum()), 'program')} timed in more than one sitting: "
            "efficiency is the mean over them, and passed means in all of them."
        )
    marks = ["incomplete", "unscored"]
    both = [
        wide.drop(columns=[*METRICS, *marks]).assign(
            metric=name, score=wide[name], score_min=0.0, score_max=high,
            **_why_not(wide, name, bool(wide[marks].to_numpy().any())),
        )
        for name, high in (("passed", 1.0), ("efficiency", np.nan))
    ]  # fmt: skip
    return pd.concat(both, ignore_index=True).astype({"metric": "category"})


def _why_not(wide: pd.DataFrame, metric: str, any_: bool) -> dict[str, pd.Series]:
    """Say why programs have no score for another reason than that they are missing."""
    if not any_:
        return {}
    why = pd.Series(None, index=wide.index, dtype=object)
    lost = wide[metric].isna()
    why[lost & wide["incomplete"]] = "not timed to the end"
    if metric == "efficiency":
        why[lost & wide["unscored"]] = "its problem is not scored"
    return {UNSCORED: why}


def _over_sittings(wide: pd.DataFrame) -> pd.DataFrame:
    rank = wide["answer.status"].map({name: place for place, name in enumerate(ENDS)})
    groups = wide.assign(rank=rank.astype(int)).groupby(list(PROGRAM), observed=True, sort=False)
    first = wide[~wide.duplicated(list(PROGRAM))].set_index(list(PROGRAM))
    worst = groups["rank"].min().map(dict(enumerate(ENDS)))
    found = {
        "passed": groups["passed"].min(),
        "efficiency": groups["efficiency"].mean(),
        "answer.status": worst,
        "incomplete": groups["incomplete"].any(),
        "unscored": groups["unscored"].all(),
    }
    # wrong in one sitting, it is wrong
    found["efficiency"] = found["efficiency"].where(~(found["passed"] == 0), 0.0)
    return first.assign(**found).reset_index()


def _remarks(timed: Timed, scores: Scores) -> Iterator[str]:
    programs = len(timed.programs)
    lost = int((timed.programs["status"] == "missing").sum())
    if lost:
        yield (
            f"{timed.task}: {lost:,} of {counted(programs, 'program')} missing, without a score."
        )
    short = int(scores.incomplete.sum())
    if short:
        yield (
            f"{timed.task}: {short:,} of {counted(programs, 'program')} not timed to the end, "
            "without a score. Let the run go on."
        )
    right = timed.passed == 1
    untold = int(
        (right & (timed.programs["status"] == "timeout") & np.isinf(timed.stopped_at)).sum()
    )
    if untold:
        yield (
            f"{timed.task}: {counted(untold, 'program')} stopped after a time that is not told (no "
            "limit_s), and taken to be past the limit."
        )
    partly = right & np.isfinite(timed.stopped_at) & ~np.isinf(timed.times).any(axis=1)
    if partly.any():
        yield (
            f"{timed.task}: {counted(int(partly.sum()), 'program')} stopped on some repeats only, "
            "which count as endless: their efficiency is the least it can be."
        )
    for reason, said in enumerate(_REASONS, start=1):
        chosen = timed.problems.loc[scores.reason == reason, "item"]
        if len(chosen):
            names = list(dict.fromkeys(chosen))
            shown = ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
            one = len(names) == 1
            yield (
                f"{timed.task}: {len(names):,} of "
                f"{counted(timed.problems['item'].nunique(), 'problem')} "
                f"{said.replace('have', 'has', 1) if one else said}: {'its' if one else 'their'} "
                f"efficiency is not scored ({shown}).{_AGAIN if reason == _BLURRED else ''}"
            )
    before, after = timed.before.max(axis=1, initial=0), timed.after.max(axis=1, initial=0)
    both = np.isfinite(before) & np.isfinite(after) & (before > 0)
    if both.any():
        drift = after[both] / before[both]
        low, middle, high = np.quantile(drift, (0, 0.5, 1))
        problems = counted(timed.problems["item"][both].nunique(), "problem")
        told = problems if len(set(timed.problems["run"])) == 1 else f"the sittings of {problems}"
        spread = f" (median over {told}, from {low:.3g} to {high:.3g})"
        yield (
            f"{timed.task}: after the programs the references took {middle:.3g} times as long as "
            f"before{spread if drift.size > 1 else ''}."
        )
