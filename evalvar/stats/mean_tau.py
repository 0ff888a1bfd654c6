"""The mean over seeds of Kendall's tau, which often is 1 in all of them."""

from math import hypot, nan

import numpy as np
from numpy.typing import ArrayLike

from evalvar.errors import UsageError
from evalvar.stats.arguments import (
    Floats,
    at_least,
    check_inside,
    check_level,
    constant,
    finite,
)
from evalvar.stats.binomial import midp_interval
from evalvar.stats.estimate import Estimate
from evalvar.stats.mean import mean_ci
from evalvar.stats.quantiles import normal_quantile, t_quantile

# Seeds off the bound that buy one more effective size, as for `bounded_mean_ci`.
_SEEDS_PER_SIZE = 10


def mean_tau_ci(taus: ArrayLike, *, checkpoints: int, level: float = 0.95) -> Estimate:
    """Mean over seeds of a rank correlation with time, for new seeds.

    Parameters
    ----------
    taus : float array, shape (n_seeds,)
        Kendall's tau of each seed's curve, in -1..1.
    checkpoints : int
        How many checkpoints each curve has; of curves of different length the shortest.
    level : float in (0, 1)
        Nominal coverage.

    Returns
    -------
    Estimate
        unit ``seed``, n = number of seeds, method ``mid-p on effective n``. There always is an
        interval; `se` is NaN where all taus are equal.

    Raises
    ------
    NotEnoughDataError
        Fewer than two seeds or two checkpoints.
    UsageError
        A tau outside -1..1.

    Notes
    -----
    As `bounded_mean_ci` on -1..1: with u = (1 + tau)/2 and w its variance over S seeds, the
    interval of a proportion u with S u(1-u)/w (z/t)^2 trials, t with S - 1 degrees of freedom.
    Where half the seeds or more are at the same bound, or all taus are equal, w says little, and
    there are at most S k (1 + m/10) trials, m = seeds off that bound. k = floor(n_checkpoints/2):
    tau is a mean over pairs of checkpoints, of which no more than k do not share a checkpoint
    ("Probability inequalities for sums of bounded random variables", Hoeffding 1963, section 5).
    Curves that rise steeply beside their noise, where all seeds have tau 1, are covered in 98 to
    100 %; the t interval, which then has no width, in 0 to 50 (``benchmarks/calibration``).

    Examples
    --------
    >>> estimate = mean_tau_ci([1.0, 1.0, 1.0, 1.0, 1.0], checkpoints=10)
    >>> estimate.value, round(estimate.low, 3), estimate.high
    (1.0, 0.774, 1.0)
    """
    x = finite(taus, "taus")
    check_level(level)
    at_least(x.size, 2, "the interval of a mean tau", "seed")
    at_least(checkpoints, 2, "the interval of a mean tau", "checkpoint")
    check_inside(x, -1.0, 1.0, 1e-9, "taus")
    if checkpoints != int(checkpoints):
        raise UsageError(f"checkpoints must be a whole number, but is {checkpoints}.")
    x = np.clip(x, -1.0, 1.0)
    seeds, equal = x.size, constant(x)
    value = float(x[0]) if equal else float(x.mean())
    u, w = (1 + value) / 2, 0.0 if equal else float(x.var(ddof=1)) / 4
    at_bound = int(max((x == 1).sum(), (x == -1).sum()))
    most = seeds * (checkpoints // 2) * (1 + (seeds - at_bound) / _SEEDS_PER_SIZE)
    trials = np.inf
    if w > 0:
        t = t_quantile(level, seeds - 1)
        trials = seeds * u * (1 - u) / w * (normal_quantile(level) / t) ** 2
    if equal:
        trials = float(seeds * (checkpoints // 2))
    elif _at_bound(x):
        trials = min(trials, most)
    low, high = midp_interval(u * trials, trials, level=level)
    se = float("nan") if equal else float(x.std(ddof=1) / np.sqrt(seeds))
    return Estimate(
        value, se, 2 * float(low) - 1, 2 * float(high) - 1, level, seeds, "seed",
        "mid-p on effective n",
    )  # fmt: skip


def mean_tau_difference_ci(
    a: ArrayLike, b: ArrayLike, *, checkpoints: int, paired: bool, level: float = 0.95
) -> Estimate:
    """Difference of two mean rank correlations with time, for new seeds.

    Parameters
    ----------
    a, b : float array, shape (n_seeds_a,), (n_seeds_b,)
        Kendall's tau of each seed's curve, in -1..1.
    checkpoints : int
        As for `mean_tau_ci`; the shortest of all curves.
    paired : bool
        Whether the k-th tau of both is of the same seed.
    level : float in (0, 1)
        Nominal coverage.

    Returns
    -------
    Estimate
        a - b, unit ``seed``, n = the smaller number of seeds, method ``t over seeds`` or ``MOVER of
        both intervals of mean_tau``; `se` is NaN where all taus of a or of b are equal.

    Raises
    ------
    NotEnoughDataError, UsageError
        As `mean_tau_ci`; paired taus of different numbers.

    Notes
    -----
    Of the same seeds: t over the differences. Where half the seeds or more of a or of b are at one
    bound, or all differences are equal, these say little of what a new seed does, and where the
    seeds are not the same, the distances of both means from their bounds of `mean_tau_ci`, squared,
    add up ("Method of variance estimates recovery", Zou, Donner 2008).
    With 3 to 10 seeds of logistic curves this covers 93 to 100 % at 95, t over seeds 58 to 97: it
    fails where both rise steeply beside their noise (``benchmarks/calibration``).

    Examples
    --------
    >>> estimate = mean_tau_difference_ci([1.0] * 5, [1.0] * 5, checkpoints=10, paired=True)
    >>> estimate.value, round(estimate.low, 3), round(estimate.high, 3)
    (0.0, -0.226, 0.226)
    """
    x, y = finite(a, "a"), finite(b, "b")
    if paired and x.size != y.size:
        raise UsageError(f"paired seeds need equal numbers, but a has {x.size} and b {y.size}.")
    first, second = (mean_tau_ci(taus, checkpoints=checkpoints, level=level) for taus in (x, y))
    if paired and not (constant(x - y) or _at_bound(x) or _at_bound(y)):
        found = mean_ci(x - y, level=level)
        low, high = max(found.low, -2.0), min(found.high, 2.0)
        return Estimate(found.value, found.se, low, high, level, x.size, "seed", "t over seeds")
    value = first.value - second.value
    low = value - hypot(first.value - first.low, second.high - second.value)
    high = value + hypot(first.high - first.value, second.value - second.low)
    flat = constant(x) or constant(y)
    return Estimate(
        value, nan if flat else hypot(first.se, second.se), max(low, -2.0), min(high, 2.0), level,
        min(x.size, y.size), "seed", "MOVER of both intervals of mean_tau",
    )  # fmt: skip


def _at_bound(taus: Floats) -> bool:
    """Tell whether half of them or more are at the same bound."""
    return 2 * int(max((taus == 1).sum(), (taus == -1).sum())) >= taus.size
