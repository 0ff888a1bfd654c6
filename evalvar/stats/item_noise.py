"""The half-width that a finite set of items gives a score, alone and together with the seed."""

from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import ArrayLike

from evalvar.errors import UsageError
from evalvar.stats.arguments import ROUNDING, Floats, at_least, check_level
from evalvar.stats.component_interval import difference_interval
from evalvar.stats.estimate import Estimate
from evalvar.stats.mean import bounded_mean_interval
from evalvar.stats.quantiles import normal_quantile


def item_half_width(scores: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Half-width of the normal interval of a run's score over items, averaged over runs.

    Parameters
    ----------
    scores : float array, shape (n_items, ...)
        Score of every item in every run, any unit; the result has the same unit. A run with a NaN
        is left out.
    level : float in (0, 1)
        Nominal coverage, of the half-width itself and of its interval.

    Returns
    -------
    Estimate
        The mean over runs of z se; unit ``item``, n = number of items. Its interval is for what new
        items would give in these runs.

    Raises
    ------
    NotEnoughDataError
        Fewer than two items.
    UsageError
        No run without a NaN.

    Notes
    -----
    Scores of 0 and 1 have se^2 = p(1-p)/n, others s^2/n with ddof 1. The interval of the first is
    what p(1-p) does while all p move by as much as the mean of the item means may, by
    `bounded_mean_ci`; that of the second goes by the kurtosis, "Approximate confidence interval for
    standard deviation of nonnormal distributions" (Bonett 2006), of squared distances averaged over
    runs. Measured with 15 to 300 items: 93 to 100 %, but lognormal scores with sigma 1 have 64 to
    84 %, as few items do not show their tail.

    Examples
    --------
    >>> round(item_half_width([[1.0], [0.0], [1.0], [1.0]]).value, 4)
    0.4243
    """
    noise = _runs(scores, level)
    z = normal_quantile(level)
    value, low, high = (z * float(np.sqrt(part).mean()) for part in noise.variance)
    method = f"{z:.4g} x standard error over items, mean of {noise.runs:,} runs, {noise.method}"
    if noise.runs == 1:
        method = f"{z:.4g} x standard error over items, one run, {noise.method}"
    if not high > low:
        method, low, high = f"{method} (all items equal: no interval)", nan, nan
    return Estimate(value, nan, low, high, level, noise.items, "item", method)


def one_run_half_width(scores: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Half-width of the interval of ONE run's score, for new items and another seed.

    Parameters
    ----------
    scores : float array, shape (n_items, n_seeds, n_checkpoints)
        Score of every item in every run, any unit; the result has the same unit.
    level : float in (0, 1)
        Nominal coverage, of the half-width itself and of its interval.

    Returns
    -------
    Estimate
        z (e + max(v, 0))^.5, both means over checkpoints: e of the squared standard error over
        items of a run's score, v of the variance over seeds that is not the items' own
        (`run_variance`). unit ``item x seed``, n = number of seeds; never below `item_half_width`
        of the same runs (tested). Checkpoints with a NaN are left out.

    Raises
    ------
    NotEnoughDataError
        Fewer than two items or seeds, or no checkpoint without a gap.

    Notes
    -----
    The variance over seeds on these items holds (item x seed)/n, and so does e; v leaves it out, so
    that it counts once. With the mean squares of seeds and of the rest, averaged over checkpoints,
    v = (MS_s - MS_e)/n; its interval is modified large-sample (`variance_components`), MS_s with
    the degrees of freedom that `mean_sd` gives checkpoints which depend on each other. The interval
    of e + v adds the squares of the distances of both. Coverage: ``benchmarks/calibration``.

    Examples
    --------
    >>> scores = [[[1.0], [0.0]], [[1.0], [1.0]], [[0.0], [0.0]], [[1.0], [0.0]]]
    >>> round(one_run_half_width(scores).value, 4)
    0.7072
    """
    x = np.asarray(scores, dtype=np.float64)
    if x.ndim != 3:
        raise UsageError(f"scores need 3 axes, items, seeds and checkpoints, but have {x.ndim}.")
    x = x[:, :, np.isfinite(x).all(axis=(0, 1))]
    n, seeds, steps = x.shape
    at_least(n, 2, "a half-width over items and seeds", "item")
    at_least(seeds, 2, "a half-width over items and seeds", "seed")
    at_least(steps, 1, "a half-width over items and seeds", "complete checkpoint")
    noise = _runs(x, level)
    e = noise.variance.mean(axis=1)
    v = np.maximum(_between(x, level), 0.0)
    value = e[0] + v[0]
    down, up = np.hypot(e[0] - e[1], v[0] - v[1]), np.hypot(e[2] - e[0], v[2] - v[0])
    z = normal_quantile(level)
    ends = (value, max(value - down, 0.0), value + up)
    centre, low, high = (z * float(np.sqrt(end)) for end in ends)
    method = f"{z:.4g} x root of item variance + seed variance, means over checkpoints"
    if not high > low:
        method, low, high = f"{method} (nothing differs: no interval)", nan, nan
    return Estimate(centre, nan, low, high, level, seeds, "item x seed", method)


@dataclass(frozen=True, slots=True)
class _Noise:
    """Squared standard errors of runs over items, with their intervals: shape (3, n_runs)."""

    variance: Floats
    items: int
    runs: int
    method: str


def _runs(scores: ArrayLike, level: float) -> _Noise:
    x = np.asarray(scores, dtype=np.float64)
    if x.ndim < 2:
        raise UsageError(f"scores need 2 axes, items and runs, but have {x.ndim}.")
    check_level(level)
    x = x.reshape(len(x), -1)
    x = x[:, np.isfinite(x).all(axis=0)]
    n, runs = x.shape
    at_least(n, 2, "a half-width over items", "item")
    if not runs:
        raise UsageError("scores hold no run without a NaN. Leave the gaps out.")
    if ((x == 0) | (x == 1)).all():
        return _Noise(_of_shares(x, level) / n, n, runs, "mid-p on effective n")
    rest = x - x.mean(axis=0)
    rest[:, np.abs(rest).max(axis=0) <= ROUNDING * np.abs(x).max()] = 0.0
    variance = (rest**2).sum(axis=0) / (n - 1)
    z, size = normal_quantile(level), max(n - normal_quantile(level), 1.0)
    moving = variance > 0
    # squared distances in units of their mean, averaged over runs: their mean square is Bonett's
    # kurtosis for one run, and smaller where runs err on items of their own
    sds = np.sqrt(variance[moving])
    shares = (rest[:, moving] ** 2 / variance[moving] * n / (n - 1)) @ sds / max(sds.sum(), 1e-300)
    kurtosis = float((shares**2).mean())
    excess = max(kurtosis - (n - 3) / n, 0.0) / (n - 1)
    reach = np.exp(z * n / size * np.sqrt(excess))
    centre = variance * n / size
    return _Noise(np.array([variance, centre / reach, centre * reach]) / n, n, runs, "Bonett")


def _of_shares(x: Floats, level: float) -> Floats:
    """Give p(1-p) of every run, least and largest while the runs' p move as their mean may."""
    n, p, by_item = len(x), x.mean(axis=0), x.mean(axis=1)
    centre = float(by_item.mean())
    ends = bounded_mean_interval(
        n, centre, by_item.var(ddof=1), (by_item == 0).sum(), (by_item == 1).sum(),
        low=0.0, high=1.0, level=level, third=((by_item - centre) ** 3).mean(),
    )  # fmt: skip
    moved = np.array([np.clip(p + (float(end) - centre), 0.0, 1.0) for end in ends])
    squares = moved * (1 - moved)
    top = np.where((moved[0] < 0.5) & (moved[1] > 0.5), 0.25, squares.max(axis=0))
    return np.array([p * (1 - p), squares.min(axis=0), top])


def _between(x: Floats, level: float) -> Floats:
    """Estimate the variance over seeds beyond what items leave, with its interval: shape (3,)."""
    n, seeds, steps = x.shape
    over_seeds = x.mean(axis=0)
    centre = over_seeds.mean(axis=0)
    rest = x - x.mean(axis=1, keepdims=True) - (over_seeds - centre)
    df_rest = (n - 1) * (seeds - 1)
    within = float((rest**2).sum()) / df_rest / steps
    products = (over_seeds - centre).T @ (over_seeds - centre)
    total = float(np.trace(products))
    between = n * total / (seeds - 1) / steps
    if between <= ROUNDING * float(np.abs(x).max()) ** 2:
        return np.array([-within / n, -within / n, 0.0])
    df = (seeds - 1) * total**2 / float((products**2).sum())
    low, high = difference_interval(between, df, within, df_rest, level)
    return np.array([(between - within) / n, low / n, high / n])
