"""Runs that differ, or a test set too small to tell."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evalvar.errors import UsageError
from evalvar.stats.arguments import at_least, finite
from evalvar.stats.estimate import Estimate
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
    """

    test_set: float
    independent: float
    distribution: Estimate


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
    `distribution` equals the seed component of `variance_components` (tested).

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
    return RunVariance(float(means.var(ddof=1)), independent, seed)


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
