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
    programs : DataFrame, n rows
        Key of each program.
    times : float array, shape (n, C, R)
        Repeats of the programs; +inf where one was stopped, or not reached.
    """

    task: str
    item: str
    run: str
    levels: np.ndarray
    reference: np.ndarray
    programs: pd.DataFrame
    times: np.ndarray


def repeats_of(timings: pd.DataFrame) -> Iterator[Repeats]:
    """Yield the problems whose reference has all repeats of all cases, and some program.

    Parameters
    ----------
    timings : DataFrame
        As of `Evidence`.
    """
    if not len(timings):
        return
    scored = timings[timings["level"] > 0]
    seconds = np.where(scored["status"] == "ok", scored["seconds"], np.inf)
    scored = scored.assign(_seconds=np.where(np.isnan(seconds), np.inf, seconds))
    own = (scored["model"] == REFERENCE).to_numpy()
    by = ["task", "item", "run"]
    references = dict(iter(scored[own].groupby(by, observed=True, sort=False)))
    for key, group in scored[~own].groupby(by, observed=True, sort=True):
        theirs = references.get(key)
        if theirs is None:
            continue
        cases = theirs[["level", "case"]].drop_duplicates().sort_values(["level", "case"])
        at = pd.MultiIndex.from_frame(cases)
        case = at.get_indexer(pd.MultiIndex.from_frame(theirs[["level", "case"]]))
        repeat, names = pd.factorize(pd.MultiIndex.from_frame(theirs[["phase", "repeat"]]))
        reference = np.full((len(cases), len(names)), np.nan)
        reference[case, repeat] = theirs["_seconds"].to_numpy()
        if not np.isfinite(reference).all():
            continue
        columns = list(PROGRAM)
        first = group.drop_duplicates(columns)[columns]
        program = pd.MultiIndex.from_frame(first.astype(str)).get_indexer(
            pd.MultiIndex.from_frame(group[columns].astype(str))
        )
        case = at.get_indexer(pd.MultiIndex.from_frame(group[["level", "case"]]))
        repeat, names = pd.factorize(group["repeat"])
        times = np.full((len(first), len(cases), len(names)), np.inf)
        times[program[case >= 0], case[case >= 0], repeat[case >= 0]] = group[
            "_seconds"
        ].to_numpy()[case >= 0]
        task, item, run = map(str, key)
        yield Repeats(
            task, item, run, cases["level"].to_numpy(), reference,
            first.reset_index(drop=True), times,
        )  # fmt: skip
