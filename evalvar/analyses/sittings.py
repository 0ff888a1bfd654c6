"""Programs that were timed in several sittings, and how far the references of these differ."""

import numpy as np
import pandas as pd

from evalvar.analyses.timed import PROGRAM, Floats, Ints, Timed
from evalvar.errors import counted

# A median change of the references below this share is not worth a sentence.
_WORTH = 0.02


def sitting_remarks(timed: Timed) -> list[str]:
    """Say by how much the references of each sitting differ from those of the first.

    Every program is scored beside the references of its own sitting, so that a machine that is
    slower as a whole changes no score; one that is slower for some programs only does, and that is
    in no interval.
    """
    slowest = timed.reference.max(axis=1, initial=-np.inf)
    table = timed.problems.assign(slowest=slowest)
    table = table[np.isfinite(slowest) & (slowest > 0)]
    wide = table.pivot(index="item", columns="run", values="slowest")
    if wide.shape[1] < 2:
        return []
    first, *others = sorted(map(str, wide.columns))
    remarks = []
    for run in others:
        ratio: pd.Series = (wide[run] / wide[first]).dropna()
        if len(ratio) and abs(float(ratio.median()) - 1) > _WORTH:
            low, middle, high = np.quantile(ratio.to_numpy(), (0, 0.5, 1))
            remarks.append(
                f"{timed.task}: in sitting '{run}' the references took {middle:.3g} times as long "
                f"as in '{first}' (median over {counted(len(ratio), 'problem')}, from {low:.3g} to "
                f"{high:.3g}). Programs are measured beside those of their own sitting; whether "
                "they changed alike is in no interval."
            )
    return remarks


def same_programs(timed: Timed) -> tuple[Ints, Ints]:
    """Give the first row of every program, and which program each row is, whatever the sitting."""
    rows = timed.programs.groupby(list(PROGRAM), observed=True, sort=False)
    program = rows.ngroup().to_numpy().astype(np.int64)
    return np.unique(program, return_index=True)[1].astype(np.int64), program


def mean_of_sittings(program: Ints, values: Floats) -> Floats:
    """Give the mean over the sittings in which the value of a program is known, NaN for none.

    Parameters
    ----------
    program : int array, shape (n,)
        As of `same_programs`.
    values : float array, shape (n,) or (n, m)
    """
    columns = values.reshape(len(values), -1)
    found = np.full((int(program.max(initial=-1)) + 1, columns.shape[1]), np.nan)
    for place, column in enumerate(columns.T):
        known = ~np.isnan(column)
        count = np.bincount(program[known], minlength=len(found))
        total = np.bincount(program[known], column[known], minlength=len(found))
        found[count > 0, place] = total[count > 0] / count[count > 0]
    return found.reshape(len(found), *values.shape[1:])
