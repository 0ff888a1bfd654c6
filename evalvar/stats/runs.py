"""Runs that differ, or a test set too small to tell."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from evalvar.errors import UsageError
from evalvar.stats.agreement import churn, pair_parts
from evalvar.stats.arguments import ROUNDING, Floats, at_least, finite
from evalvar.stats.estimate import Estimate
from evalvar.stats.parts import combination, combined
from evalvar.stats.variance import variance_components


@dataclass(frozen=True, slots=True)
class RunVariance:
    """Spread of the scores of runs on one test set, and how much of it is the runs' own.

    Parameters
    ----------
    test_set : float
        Variance over runs of the mean score on these items (ddof 1).
    independent : float
        What it would be if runs erred on every item independently.
    distribution : Estimate
        Variance over runs of the score on all items there could be, unbiased; may be negative.
        `p_value` is that of 0, two-sided: runs that erred on every item independently.
    independent_sd : Estimate
        Root of `independent`.
    real_sd : Estimate
        Root of `distribution`, 0 where that is negative. Without an interval where that of the
        variance lies below 0, as the method then says.
    """

    test_set: float
    independent: float
    distribution: Estimate
    independent_sd: Estimate
    real_sd: Estimate


def run_variance(scores: ArrayLike, *, level: float = 0.95) -> RunVariance:
    """Tell runs that differ from a test set too small to tell.

    Parameters
    ----------
    scores : float array, shape (n_items, n_seeds)
        Score of every item under every run.
    level : float in (0, 1)
        Nominal coverage.

    Returns
    -------
    RunVariance
        Where the distribution's variance is about zero, the best of these runs is not better.

    Raises
    ------
    NotEnoughDataError
        Fewer than two items or runs.

    Notes
    -----
    "On the Variance of Neural Network Training with respect to Test Sets and Distributions" (Jordan
    2024): n/(n-1) (Var_h(mean) - sum_i Var_h(i)/n^2), ddof 1 in both, which is the mean covariance
    of two items over runs. Answers drawn at random, and clusters, enter: the first raises
    `independent`, the second `distribution`.
    `distribution` equals the seed component of `variance_components` (tested). Its p-value is that
    of F = MS_s/MS_e of the two-way table, at most 1 - level if and only if 0 lies outside the
    interval (tested). `independent` is half the mean squared distance of two runs on an item, over
    n: for scores of 0 and 1 churn/(2n), with the interval of `churn`, for others with the like.

    Examples
    --------
    >>> found = run_variance([[1, 1, 0], [1, 0, 0], [1, 1, 0], [1, 0, 1]])
    >>> round(found.test_set, 4), round(found.independent, 4), round(found.distribution.value, 4)
    (0.1458, 0.0833, 0.0833)
    """
    x = finite(scores, "scores", ndim=2)
    n, runs = x.shape
    at_least(n, 2, "the variance of runs", "item")
    at_least(runs, 2, "the variance of runs", "seed")
    axes = {"item": np.arange(n)[:, None], "seed": np.arange(runs)[None, :]}
    seed = variance_components(x, axes).estimates(level)["seed"]
    means = x.mean(axis=0)
    independent = float(x.var(axis=1, ddof=1).sum()) / n**2
    test_set = float(means.var(ddof=1))
    seed = replace(seed, p_value=_equal_runs(test_set, independent, n, runs))
    alone = _independent_sd(x, float(np.sqrt(independent)), level)
    return RunVariance(test_set, independent, seed, alone, _real(seed))


def _equal_runs(test_set: float, independent: float, n: int, runs: int) -> float:
    """Give the two-sided p-value of the F test that the runs' means differ by noise alone."""
    # sum_i Var_h(i) = MS_s (seeds) + (n - 1) MS_e, with MS_s = n Var_h(mean)
    within = (n**2 * independent - n * test_set) / (n - 1)
    if within <= ROUNDING * n * independent:
        return float("nan")
    df = runs - 1, (n - 1) * (runs - 1)
    above = float(special.fdtrc(*df, n * test_set / within))
    return min(2 * min(above, 1 - above), 1.0)


def _independent_sd(x: Floats, value: float, level: float) -> Estimate:
    """Give the root of half the mean squared distance of two runs on an item, over n."""
    n, runs = x.shape
    what = "root of the mean variance of an item over n"
    if ((x == 0) | (x == 1)).all():
        found = churn(x, level=level)
        ends, unit, count, how = (found.low, found.high), found.unit, found.n, found.method
    else:
        total, squares = x.sum(axis=1, keepdims=True), (x**2).sum(axis=1, keepdims=True)
        shares = (runs * x**2 - 2 * x * total + squares) / (runs - 1)
        items, parts, unit, count = pair_parts(shares)
        half, how = combined(items, parts, 0.0, level)[1], combination(items, parts)
        centre = float(shares.mean())
        ends = (centre - half, centre + half) if half > 0 else (float("nan"), float("nan"))
    low, high = (float(np.sqrt(max(end, 0.0) / (2 * n))) for end in ends)
    nothing = float("nan")
    if np.isnan(ends[0]):
        low, high, how = nothing, nothing, f"{how} (all items vary alike: no interval)"
    return Estimate(value, nothing, low, high, level, count, unit, f"{what}, {how}")


def _real(seed: Estimate) -> Estimate:
    """Take the root of the variance over seeds, and of what of its interval is not negative."""
    value = float(np.sqrt(max(seed.value, 0.0)))
    method = "root of the seed component"
    if seed.value < 0:
        method += f" (estimated at {seed.value:.3g}: 0)"
    low, high = seed.low, seed.high
    if high <= 0:
        method += ", its interval lies below 0"
        low = high = float("nan")
    else:
        low, high = (float(np.sqrt(max(end, 0.0))) for end in (low, high))
    return replace(
        seed, value=value, se=float("nan"), low=low, high=high, method=f"{method}, {seed.method}"
    )


def calibrated_run_variance(error: float, n: int, *, classes: int = 2) -> float:
    """Variance over runs of the test error that calibrated classifiers must have: error/(n k).

    Parameters
    ----------
    error : float in [0, 1]
        Mean error of the runs.
    n : int
        Number of items.
    classes : int
        Number k of balanced classes; exact for two up to terms in 1/n, a lower bound beyond.

    Notes
    -----
    Jordan (2024), for ensembles that are calibrated class by class; not for generated answers.

    Examples
    --------
    >>> calibrated_run_variance(0.25, 500)
    0.00025
    """
    if not (0 <= error <= 1 and n >= 1 and classes >= 2):
        raise UsageError(
            "error must lie in [0, 1], n be at least 1 and classes at least 2, but they are "
            f"{error}, {n} and {classes}."
        )
    return error / (n * classes)
