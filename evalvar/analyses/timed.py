"""What timings say of every program, whatever it is scored by: slowest cases, and how it ended."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalvar.errors import RecordsError, counted
from evalvar.evidence import REFERENCE, Evidence
from evalvar.stats import hodges_lehmann

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

PROGRAM = ("model", "task", "item", "seed", "checkpoint", "prompt", "sample")
_PROBLEM = ("item", "run")
# How a program ended, by what outweighs what.
ENDS = ("missing", "wrong", "crash", "memory", "timeout", "ok")
_STOPPED = ("memory", "timeout")
# Integer keys are combined below this.
_LARGEST = 1 << 62


@dataclass(frozen=True, slots=True)
class Timed:
    """The programs of a task, each in the sitting in which it was timed.

    Parameters
    ----------
    task : str
        The task.
    levels : tuple of int
        Its levels above 0, which are timed; level 0 asks only whether a program is right.
    programs : DataFrame
        One row a program: its key, ``run``, ``status`` (how it ended: one of `ENDS`) and the
        attributes of its item.
    passed : float array, shape (n_programs,)
        1 where it was right as far as it got and got past level 0, 0 where not, NaN where missing.
    times : float array, shape (n_programs, n_levels)
        Time of its slowest case of each level: the Hodges-Lehmann estimate over repeats, +inf where
        stopped, NaN where no case was reached.
    whole : bool array, shape (n_programs, n_levels)
        Whether all cases of the level are there.
    stopped_at : float array, shape (n_programs,)
        Shortest time after which it was stopped; +inf where it never was.
    problems : DataFrame
        One row an item and run: the problem in a sitting.
    problem : int array, shape (n_programs,)
        The row of `problems` of each program.
    reference, before, after : float array, shape (n_problems, n_levels)
        Time of the reference's slowest case of each level, over all its repeats and over those
        before and after the programs; NaN where it was not timed.
    resolution : float array, shape (n_problems,)
        The shortest time that the clock could tell; NaN where that is not known.
    """

    task: str
    levels: tuple[int, ...]
    programs: pd.DataFrame
    passed: Floats
    times: Floats
    whole: Flags
    stopped_at: Floats
    problems: pd.DataFrame
    problem: Ints
    reference: Floats
    before: Floats
    after: Floats
    resolution: Floats


def timed_tasks(evidence: Evidence) -> Iterator[Timed]:
    """Give the timed programs of every task.

    Raises
    ------
    RecordsError
        A case that went well and has no time.
    """
    timings = evidence.timings
    bad = (timings["status"] == "ok") & ~(timings["seconds"] >= 0)
    if bad.any():
        first = timings.loc[bad, ["model", "item"]].iloc[0]
        raise RecordsError(
            f"timings: {counted(int(bad.sum()), 'row')} of status ok without seconds of at least "
            f"0, first model {first['model']}, item {first['item']}. Give the time, or what ended "
            "the run."
        )
    tasks = sorted(map(str, timings["task"].unique()))
    for task in tasks:
        table = timings if len(tasks) == 1 else timings[timings["task"] == task]
        if (table["model"] != REFERENCE).any():
            yield _timed(task, table)


def _timed(task: str, table: pd.DataFrame) -> Timed:
    own = (table["model"] == REFERENCE).to_numpy()
    levels = np.unique(table["level"].to_numpy())
    levels = levels[levels > 0]
    sitting = _key(table, _PROBLEM)
    programs, cases = table[~own], table[own]
    first, program = _grouped(_key(programs, (*PROGRAM, "run")))
    sittings, of_sitting, problem = np.unique(
        sitting[~own][first], return_index=True, return_inverse=True
    )
    problem = problem.reshape(-1)
    at = np.searchsorted(sittings, sitting[own])
    known = at < len(sittings)  # the others are of problems that no program tried
    known[known] = sittings[at[known]] == sitting[own][known]
    cases, at = cases[known], at[known]
    reference, counts, repeats = _reference(cases, at, len(sittings), levels)
    before, after = (
        _reference(cases[phase], at[phase], len(sittings), levels)[0]
        for phase in ((cases["phase"] == name).to_numpy() for name in ("before", "after"))
    )
    resolution = np.full(len(sittings), np.nan)
    if "resolution_s" in cases:
        told = cases["resolution_s"].to_numpy()
        used = (cases["level"].to_numpy() > 0) & np.isfinite(told)
        np.fmax.at(resolution, at[used], told[used])
    times, whole = _times(programs, program, first.size, levels, counts[problem], repeats)
    status, passed = _ends(programs, program, np.asarray(np.isinf(times).any(axis=1)))
    kept = [*PROGRAM, "run", *(name for name in table.columns if name.startswith("item."))]
    rows = programs[kept].iloc[first].reset_index(drop=True)
    return Timed(
        task,
        tuple(levels.tolist()),
        rows.assign(status=status),
        passed,
        times,
        whole,
        _stopped_at(programs, program, first.size),
        rows[list(_PROBLEM)].iloc[of_sitting].astype(str).reset_index(drop=True),
        problem,
        reference,
        before,
        after,
        resolution,
    )


def _reference(
    cases: pd.DataFrame, problem: Ints, problems: int, levels: Ints
) -> tuple[Floats, Ints, int]:
    """Give the slowest time and the number of cases (problems x levels), and of repeats a case."""
    scored = cases["level"].to_numpy() > 0
    slowest = np.full((problems, levels.size), np.nan)
    counts = np.zeros((problems, levels.size), dtype=np.int64)
    if not scored.any():
        return slowest, counts, 1
    rows, problem = cases[scored], problem[scored]
    repeats = int(rows["repeat"].to_numpy().max()) + 1
    found = _slowest(
        rows, problem, levels, np.where(rows["status"] == "ok", rows["seconds"], np.inf)
    )
    slowest[found[0], found[1]], counts[found[0], found[1]] = found[2], found[3]
    return slowest, counts, repeats


def _times(
    table: pd.DataFrame, program: Ints, programs: int, levels: Ints, counts: Ints, repeats: int
) -> tuple[Floats, Flags]:
    """Give the slowest time of every program and level, and whether all its cases are there."""
    times = np.full((programs, levels.size), np.nan)
    cases = np.zeros((programs, levels.size), dtype=np.int64)
    scored = (table["level"] > 0).to_numpy()
    if scored.any():
        # what is wrong scores nothing, whatever it took
        taken = np.where(table["status"] == "ok", table["seconds"], np.inf)[scored]
        found = _slowest(table[scored], program[scored], levels, taken, repeats)
        times[found[0], found[1]], cases[found[0], found[1]] = found[2], found[3]
    return times, cases >= counts


def _ends(table: pd.DataFrame, program: Ints, late: Flags) -> tuple[NDArray[np.object_], Floats]:
    """Say how every program ended, and whether it was right."""
    status = np.full(late.size, "ok", dtype=object)
    passed = np.ones(late.size)
    early = (table["level"] <= 0).to_numpy()
    for name in reversed(ENDS[:-1]):  # what outweighs comes last
        rows = (table["status"] == name).to_numpy()
        there = np.zeros(late.size, dtype=bool)
        there[program[rows & early if name in _STOPPED else rows]] = True
        passed[there] = np.nan if name == "missing" else 0.0
        if name in _STOPPED:
            slow = np.zeros(late.size, dtype=bool)
            slow[program[rows]] = True
            there |= slow & late
        status[there] = name
    return status, passed


def _stopped_at(table: pd.DataFrame, program: Ints, programs: int) -> Floats:
    shortest = np.full(programs, np.inf)
    if "limit_s" in table:
        limit = table["limit_s"].to_numpy()
        told = (table["status"] == "timeout").to_numpy() & np.isfinite(limit)
        np.minimum.at(shortest, program[told], limit[told])
    return shortest


def _slowest(
    rows: pd.DataFrame, owner: Ints, levels: Ints, seconds: Floats, repeats: int = 1
) -> tuple[Ints, Ints, Floats, Ints]:
    """Give, for every owner and level there is, the time of its slowest case and how many it has.

    A repeat that was not run after one that was stopped counts as stopped too.
    """
    level = np.searchsorted(levels, rows["level"].to_numpy())
    place = owner * levels.size + level
    case, size = _codes(rows["case"])
    key = _compact(place, size) * size + case
    if (key[1:] < key[:-1]).any():
        order = np.argsort(key, kind="stable")
        key, place, seconds = key[order], place[order], seconds[order]
    starts = np.flatnonzero(np.diff(key, prepend=key[0] - 1))
    sizes = np.diff(starts, append=key.size)
    times = np.empty(starts.size)
    for many in np.unique(sizes):
        chosen = np.flatnonzero(sizes == many)
        runs = seconds[starts[chosen][:, None] + np.arange(many)]
        times[chosen] = hodges_lehmann(runs)
        cut = np.flatnonzero(np.isinf(runs).any(axis=1)) if many < repeats else np.empty(0, int)
        if cut.size:
            padded = np.full((cut.size, repeats), np.inf)
            padded[:, :many] = runs[cut]
            times[chosen[cut]] = hodges_lehmann(padded)
    place = place[starts]
    first = np.flatnonzero(np.diff(place, prepend=place[0] - 1))
    counts = np.diff(first, append=place.size)
    where = place[first]
    return where // levels.size, where % levels.size, np.maximum.reduceat(times, first), counts


def _grouped(key: Ints) -> tuple[Ints, Ints]:
    """Give the first row of every group, in the order of the keys, and the group of every row."""
    if (key[1:] < key[:-1]).any():
        _, first, group = np.unique(key, return_index=True, return_inverse=True)
        return first, group.reshape(-1)
    new = np.diff(key, prepend=key[0] - 1) != 0
    return np.flatnonzero(new), np.cumsum(new) - 1


def _key(table: pd.DataFrame, columns: Sequence[str]) -> Ints:
    """Give the rows numbers by these columns, in the order of their values."""
    key = np.zeros(len(table), dtype=np.int64)
    for column in columns:
        codes, size = _codes(table[column])
        key = _compact(key, size) * size + codes
    return key


def _compact(key: Ints, size: int) -> Ints:
    if key.size and int(key.max()) >= _LARGEST // max(1, size):
        return np.unique(key, return_inverse=True)[1].reshape(-1)
    return key


def _codes(values: pd.Series) -> tuple[Ints, int]:
    """Give the values numbers in their order, and say how many there may be."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        names = values.cat.categories.astype(str)
        rank = np.empty(len(names), dtype=np.int64)
        rank[np.argsort(names, kind="stable")] = np.arange(len(names))
        return rank[values.cat.codes.to_numpy()], len(names)
    whole = values.to_numpy()
    low, high = (int(whole.min()), int(whole.max())) if whole.size else (0, 0)
    if high - low < 1 << 20:
        return whole - low, high - low + 1
    distinct, codes = np.unique(whole, return_inverse=True)
    return codes.reshape(-1), distinct.size
