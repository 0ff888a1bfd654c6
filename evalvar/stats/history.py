"""One more run beside earlier runs of the same system."""

import numpy as np
from scipy import special

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats.arguments import at_least, check_level
from evalvar.stats.estimate import Estimate

FEWEST_RUNS = 3


def drop_limit(sd: float, n_runs: int, *, false_alarm: float = 0.05, new_runs: int = 1) -> float:
    """How far below the mean of its earlier runs an unchanged system may score.

    Parameters
    ----------
    sd : float
        Standard deviation (ddof 1) of the scores of earlier runs of one system on the same items,
        any unit; the result has the same unit.
    n_runs : int
        How many earlier runs there are.
    false_alarm : float in (0, 0.5)
        Probability that an unchanged system falls lower than this.
    new_runs : int
        How many new runs are averaged.

    Returns
    -------
    float
        m > 0: an unchanged system scores below the earlier mean - m with probability `false_alarm`.

    Raises
    ------
    NotEnoughDataError
        Fewer than three runs, or no spread between them.
    UsageError
        A `false_alarm` outside (0, 0.5), or `new_runs` below 1.

    Notes
    -----
    m = t_{1-alpha, R-1} s sqrt(1/k + 1/R), for k new and R earlier runs.
    Source: Hahn and Meeker, "Statistical Intervals", the one-sided prediction bound for the mean
    of k future observations of a normal law. Exact for normal scores, whatever their spread.
    Equals half the width of `change_ci` at level 1 - 2 alpha (tested).

    Examples
    --------
    >>> round(drop_limit(0.016, 4), 4)
    0.0421
    """
    if not 0 < false_alarm < 0.5:
        raise UsageError(f"false_alarm must lie between 0 and 0.5, but is {false_alarm}.")
    return float(special.stdtrit(n_runs - 1, 1 - false_alarm)) * _error(sd, n_runs, new_runs)


def change_ci(
    new: float, mean: float, sd: float, n_runs: int, *, level: float = 0.95, new_runs: int = 1
) -> Estimate:
    """Change of a system's score against its earlier runs.

    Parameters
    ----------
    new : float
        Score of the new run, or mean of `new_runs` of them.
    mean, sd : float
        Mean and standard deviation (ddof 1) of the earlier runs on the same items, same unit.
    n_runs : int
        How many earlier runs there are.
    level : float in (0, 1)
        Nominal coverage.
    new_runs : int
        How many new runs `new` is the mean of.

    Returns
    -------
    Estimate
        new - mean; unit ``run``, n = number of earlier runs, method ``t, spread of earlier runs``,
        `p_value` of no change.

    Raises
    ------
    NotEnoughDataError
        Fewer than three runs, or no spread between them.
    UsageError
        `new_runs` below 1.

    Notes
    -----
    se = s sqrt(1/k + 1/R), t with R - 1 degrees of freedom: the new runs are taken to scatter as
    the earlier ones do. The items are the same in all runs and are not drawn again.
    Equals `scipy.stats.ttest_ind` for one new run (tested).

    Examples
    --------
    >>> round(change_ci(0.55, 0.60, 0.016, 4).high, 4)
    0.0069
    """
    check_level(level)
    se = _error(sd, n_runs, new_runs)
    change, df = float(new) - float(mean), n_runs - 1
    half = float(special.stdtrit(df, (1 + level) / 2)) * se
    p = float(2 * special.stdtr(df, -abs(change) / se))
    method = "t, spread of earlier runs"
    return Estimate(change, se, change - half, change + half, level, n_runs, "run", method, p)


def _error(sd: float, n_runs: int, new_runs: int) -> float:
    at_least(n_runs, FEWEST_RUNS, "the noise of a run", "run")
    if new_runs < 1:
        raise UsageError(f"new_runs must be 1 or more, but is {new_runs}.")
    if not sd > 0:
        raise NotEnoughDataError(
            f"the noise of a run needs runs that differ, but all {n_runs} score alike."
        )
    return float(sd * np.sqrt(1 / new_runs + 1 / n_runs))
