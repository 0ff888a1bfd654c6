"""The mean over seeds of Kendall's tau, which often is 1 in all of them."""

import numpy as np
from numpy.typing import ArrayLike

from evalvar.errors import UsageError
from evalvar.stats.arguments import at_least, check_inside, check_level, constant, finite
from evalvar.stats.binomial import midp_interval
from evalvar.stats.estimate import Estimate
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
    elif 2 * at_bound >= seeds:
        trials = min(trials, most)
    low, high = midp_interval(u * trials, trials, level=level)
    se = float("nan") if equal else float(x.std(ddof=1) / np.sqrt(seeds))
    return Estimate(
        value, se, 2 * float(low) - 1, 2 * float(high) - 1, level, seeds, "seed",
        "mid-p on effective n",
    )  # fmt: skip
