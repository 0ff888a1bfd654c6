"""Would the order of models at an early or small stage be their order at the end?"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from evalvar.errors import UsageError
from evalvar.stats.arguments import Floats, at_least, check_level, finite
from evalvar.stats.binomial import midp_interval
from evalvar.stats.estimate import Estimate

# Numbers of models x models x stages that are held at a time.
_BUDGET = 1 << 22


@dataclass(frozen=True, slots=True)
class Decisions:
    """Decision accuracy of many stages.

    Parameters
    ----------
    value, se, low, high, p_value, tau : float array, shape (n_stages,)
        As in `Estimate`; tau is Kendall's tau-b of the two orders, NaN where one of them has only
        ties. se, low, high and p_value are NaN with two models.
    models : int
    level : float
    """

    value: Floats
    se: Floats
    low: Floats
    high: Floats
    p_value: Floats
    tau: Floats
    models: int
    level: float

    def estimates(self) -> list[Estimate]:
        """Return them one by one."""
        name = "share of pairs ordered alike, ties half"
        name += ", mid-p on effective n" if self.models > 2 else " (one pair: no interval)"
        columns = (self.value, self.se, self.low, self.high, self.p_value)
        return [
            Estimate(value, se, low, high, self.level, self.models, "model", name, p)
            for value, se, low, high, p in zip(*(c.tolist() for c in columns), strict=True)
        ]


def decision_accuracy(stages: ArrayLike, target: ArrayLike, *, level: float = 0.95) -> Decisions:
    """Share of the pairs of models that early stages put in the order they have in the end.

    Parameters
    ----------
    stages : float array, shape (n_models,) or (n_models, n_stages)
        Scores at early checkpoints, or of smaller models.
    target : float array, shape (n_models,)
        Scores in the end, or of the models that the smaller ones stand for.
    level : float in (0, 1)
        Nominal coverage.

    Returns
    -------
    Decisions
        A pair that is tied on either side counts half; so the order of the rows does not matter,
        nor whether higher is better. `p_value` is of 1/2, by the same interval.

    Raises
    ------
    NotEnoughDataError
        Fewer than two models.

    Notes
    -----
    (tau-a + 1)/2. The models are what is drawn again: the pairs of one model move together, so that
    P pairs of M models are worth n_eff = v(1 - v)/se^2 independent ones, v the value and se its
    jackknife error over models; no fewer than the M/2 pairs that share no model, and no more than
    the 4.5 M(M-1)/(2M+5) that they would be worth if both orders were unrelated (Kendall 1938). The
    interval is `midp_interval` of v n_eff in n_eff. Bounds were chosen, and coverage measured, in
    ``benchmarks/calibration``: a percentile bootstrap counts pairs of a model with itself.
    "Signal and Noise" (Heineman et al. 2025) counts a pair as right by ">" alone, which gives ties
    another value when the rows are turned around.

    Examples
    --------
    >>> small, large = [0.30, 0.28, 0.33, 0.33, 0.31], [0.52, 0.50, 0.55, 0.56, 0.49]
    >>> found = decision_accuracy(small, large)
    >>> found.value.tolist(), found.tau.round(6).tolist()
    ([0.75], [0.527046])
    """
    x = finite(stages, "stages", ndim=max(1, min(2, np.ndim(stages))))
    y = finite(target, "target")
    check_level(level)
    x = x[:, None] if x.ndim == 1 else x
    if len(x) != y.size:
        raise UsageError(f"stages of {len(x)} models have a target of {y.size}.")
    n = y.size
    at_least(n, 2, "decision accuracy", "model")
    end = np.sign(y[:, None] - y[None])
    sums, moving = np.empty(x.shape), np.empty(x.shape[1])
    step = max(1, _BUDGET // n**2)
    for start in range(0, x.shape[1], step):
        part = x[:, start : start + step]
        order = np.sign(part[:, None] - part[None])
        sums[:, start : start + step] = (order * end[..., None]).sum(axis=1)
        moving[start : start + step] = np.abs(order).sum(axis=(0, 1))
    total = sums.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        tau = total / np.sqrt(moving * np.abs(end).sum())
    value = (1 + total / (n * (n - 1))) / 2
    if n < 3:
        nan = np.full(value.size, np.nan)
        return Decisions(value, nan, nan, nan, nan, tau, n, level)
    share = (1 + sums / (n - 1)) / 2
    se = 2 * np.sqrt((n - 1) / n * ((share - value) ** 2).sum(axis=0)) / (n - 2)
    most = min(n * (n - 1) / 2, 4.5 * n * (n - 1) / (2 * n + 5))
    with np.errstate(divide="ignore", invalid="ignore"):
        worth = np.where(se > 1e-9, value * (1 - value) / se**2, most)
    trials = np.clip(worth, n / 2, most)
    low, high = midp_interval(np.clip(value, 0, 1) * trials, trials, level=level)
    known = np.where(se > 1e-9, se, np.nan)
    return Decisions(value, known, low, high, _of_a_half(value, trials), tau, n, level)


def _of_a_half(value: Floats, trials: Floats) -> Floats:
    """Two-sided mid-p of 1/2: twice the chance of so many successes or more, half of so many."""
    success = np.maximum(value, 1 - value) * trials
    failure = np.maximum(trials - success, 0.0)
    certain = failure <= 0
    rest = np.where(certain, 1.0, failure)
    # P(X >= k) + P(X > k), whose counts need not be whole
    both = special.betainc(success, rest + 1, 0.5) + special.betainc(success + 1, rest, 0.5)
    both = np.where(certain, 0.5**trials, both)
    return np.asarray(np.minimum(both, 1.0))
