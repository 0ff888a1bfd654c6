"""The repeats behind the scores of timed programs, problem by problem."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalvar.analyses.timed import PROGRAM
from evalvar.evidence import REFERENCE


@dataclass(frozen=True, slots=True)
class Repeats:
    """One problem in one sitting.

    Parameters
    ----------
    task, item, run : str
        Which.
    levels : int array, shape (C,)
        Level of each case above level 0.
    reference : float array, shape (C, R*)
        Repeats of the reference, before and after the programs.
    program : int array, shape (n,)
        Which programs, as rows of the table that `repeats_of` gives first.
    times : float array, shape (n, C, R)
        Repeats of the programs; +inf where one was stopped, and where none was run after that; NaN
        where a case that was never stopped was repeated less often than others.
    """

    task: str
    item: str
    run: str
    levels: np.ndarray
    reference: np.ndarray
    program: np.ndarray
    times: np.ndarray


def repeats_of(timings: pd.DataFrame) -> tuple[pd.DataFrame, Iterator[Repeats]]:
    """Return the programs that were timed above level 0, and the problems with their repeats.

    Parameters
    ----------
    timings : DataFrame
        As of `Evidence`.

    Returns
    -------
    programs : DataFrame
        The key of each program.
    problems : iterator of Repeats
        Those whose reference has all repeats of all cases.
    """
    scored = timings[timings["level"] > 0].reset_index(drop=True)
    own = (scored["model"] == REFERENCE).to_numpy()
    columns = list(PROGRAM)
    if not len(scored) or own.all():
        return scored.loc[[], columns], iter(())
    program = np.full(len(scored), -1)
    program[~own] = scored[~own].groupby(columns, observed=True, sort=False).ngroup().to_numpy()
    first = np.unique(program[~own], return_index=True)[1]
    programs = scored.loc[np.flatnonzero(~own)[first], columns].reset_index(drop=True)
    return programs, _problems(scored, own, program)


def _problems(scored: pd.DataFrame, own: np.ndarray, program: np.ndarray) -> Iterator[Repeats]:
    seconds = np.where(scored["status"] == "ok", scored["seconds"], np.inf)
    seconds = np.where(np.isnan(seconds), np.inf, seconds)
    level, repeat = scored["level"].to_numpy(), scored["repeat"].to_numpy()
    case = pd.factorize(scored["case"], sort=True)[0]
    place = level * (case.max(initial=0) + 1) + case
    phase = pd.factorize(scored["phase"])[0] * (repeat.max(initial=0) + 1) + repeat
    problem = scored.groupby(["task", "item", "run"], observed=True, sort=True).ngroup().to_numpy()
    order = np.argsort(problem, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(problem[order])) + 1):
        theirs, mine = rows[own[rows]], rows[~own[rows]]
        if not theirs.size or not mine.size:
            continue
        cases, first, case_at = np.unique(place[theirs], return_index=True, return_inverse=True)
        names, at = np.unique(phase[theirs], return_inverse=True)
        reference = np.full((cases.size, names.size), np.nan)
        reference[case_at.ravel(), at.ravel()] = seconds[theirs]
        if not np.isfinite(reference).all():
            continue
        where = np.minimum(np.searchsorted(cases, place[mine]), cases.size - 1)
        known = cases[where] == place[mine]
        ids, which = np.unique(program[mine], return_inverse=True)
        names, at = np.unique(repeat[mine], return_inverse=True)
        times = np.full((ids.size, cases.size, names.size), np.nan)
        times[which.ravel()[known], where[known], at.ravel()[known]] = seconds[mine][known]
        ended = np.isinf(times).any(axis=2) | np.isnan(times).all(axis=2)
        times = np.where(np.isnan(times) & ended[..., None], np.inf, times)
        task, item, run = (str(scored[name].iloc[rows[0]]) for name in ("task", "item", "run"))
        yield Repeats(task, item, run, level[theirs][first], reference, ids, times)
