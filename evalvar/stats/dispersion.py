"""How far models lie apart, beside the noise of one run: can a benchmark tell recipes apart?"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan, sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from evalvar.errors import UsageError
from evalvar.stats.arguments import (
    ROUNDING,
    Floats,
    at_least,
    check_ddof,
    check_level,
    finite,
)
from evalvar.stats.component_interval import difference_interval, square_interval
from evalvar.stats.estimate import Estimate
from evalvar.stats.quantiles import t_quantile


@dataclass(frozen=True, slots=True)
class Noise:
    """Variance of the score of one run, pooled.

    Parameters
    ----------
    variance : float
        In the square of the unit of the scores.
    df : float
        Its degrees of freedom.
    runs : int
        How many runs it was seen in.
    unit : str
        What differs: ``seed`` or ``checkpoint``.
    """

    variance: float
    df: float
    runs: int
    unit: str

    def sd(self, *, level: float = 0.95) -> Estimate:
        """Give the standard deviation with its chi-square interval; none where nothing moves."""
        check_level(level)
        seen = {"seed": "over seeds, pooled", "checkpoint": "about a line through steps, pooled"}
        method = f"sd {seen[self.unit]}, {self.df:g} df, chi-square"
        if not self.variance > 0:
            method += " (no run moves: no interval)"
            return Estimate(0.0, level=level, n=self.runs, unit=self.unit, method=method)
        low, high = square_interval(self.variance, self.df, level)
        value = sqrt(self.variance)
        se = value / sqrt(2 * self.df)
        return Estimate(value, se, sqrt(low), sqrt(high), level, self.runs, self.unit, method)


def seed_noise(groups: Sequence[ArrayLike]) -> Noise:
    """Pool the variance over seeds of several models.

    Parameters
    ----------
    groups : sequence of float array, shapes (n_seeds,)
        Scores of the seeds of each model; a model with one seed adds nothing.

    Raises
    ------
    NotEnoughDataError
        No model has two seeds.

    Examples
    --------
    >>> round(seed_noise([[0.30, 0.32], [0.40, 0.44, 0.42]]).variance, 6)
    0.000333
    """
    models = [finite(group, "seeds") for group in groups]
    several = [x for x in models if x.size > 1]
    at_least(max((x.size for x in models), default=0), 2, "noise over seeds", "seed")
    squares = sum(float(((x - x.mean()) ** 2).sum()) for x in several)
    df = sum(x.size - 1 for x in several)
    scale = max(float(np.abs(x).max()) for x in several)
    runs = sum(x.size for x in several)
    return Noise(_moving(squares / df, scale), df, runs, "seed")


def step_noise(curves: ArrayLike, steps: ArrayLike) -> Noise:
    """Pool the variance of each run's checkpoints about a straight line through them.

    Parameters
    ----------
    curves : float array, shape (n_runs, n_checkpoints)
        Scores of the last checkpoints of each run.
    steps : float array, shape (n_checkpoints,)
        Training steps, all different.

    Raises
    ------
    NotEnoughDataError
        Fewer than 3 checkpoints.

    Notes
    -----
    Residuals of a least-squares line, n_checkpoints - 2 degrees of freedom a run: a curve that
    still rises is not taken for noise. Steps count as independent; where they depend on each
    other, as those of one run do when the learning rate is low, a new run would differ by more.

    Examples
    --------
    >>> round(step_noise([[0.1, 0.2, 0.3], [0.1, 0.3, 0.2]], [1, 2, 3]).variance, 6)
    0.0075
    """
    y, x = finite(curves, "curves", ndim=2), finite(steps, "steps")
    if y.shape[1] != x.size:
        raise UsageError(f"curves of {y.shape[1]} checkpoints have {x.size} steps.")
    at_least(x.size, 3, "noise over checkpoints", "checkpoint")
    at_least(len(y), 1, "noise over checkpoints", "run")
    rest = _about_a_line(y, x)
    df = len(y) * (x.size - 2)
    return Noise(_moving(float((rest**2).sum()) / df, float(np.abs(y).max())), df, len(y),
                 "checkpoint")  # fmt: skip


def steps_depend(groups: Sequence[tuple[ArrayLike, ArrayLike]]) -> float:
    """Test that the last checkpoints of a run do not depend on each other.

    Parameters
    ----------
    groups : sequence of (curves, steps)
        As `step_noise` takes them, each group with steps of its own.

    Returns
    -------
    float
        One-sided p-value of no dependence against neighbours that are alike; NaN where no run moves
        or none has 4 checkpoints. Where it is small, `step_noise` is too small for a new run.

    Notes
    -----
    Mean over runs of e'Ae/e'e, e the residuals about a line and A half the neighbours' matrix: the
    correlation of a residual with the next one. For independent normal steps, with B what A is
    among residuals and d = n_checkpoints - 2, it has the mean tr(B)/d and the variance 2 (tr(B^2)/d
    - mean^2)/(d + 2); over runs it is taken as normal.

    Examples
    --------
    >>> round(steps_depend([([[0, 2, 3, 3, 2, 0], [1, 3, 4, 4, 3, 1]], range(6))]), 3)
    0.003
    """
    excess = variance = 0.0
    for curves, steps in groups:
        y, x = finite(curves, "curves", ndim=2), finite(steps, "steps")
        n, d = x.size, x.size - 2
        rest = _about_a_line(y, x) if n > 3 and len(y) else np.zeros((0, n))
        squares = (rest**2).sum(axis=1)
        rest = rest[squares > (ROUNDING * np.abs(y).max(initial=0.0)) ** 2]
        if not len(rest):
            continue
        alike = (rest[:, 1:] * rest[:, :-1]).sum(axis=1) / (rest**2).sum(axis=1)
        among = _about_a_line(_about_a_line(np.eye(n, k=1) + np.eye(n, k=-1), x).T, x) / 2
        mean = float(np.trace(among)) / d
        excess += float((alike - mean).sum())
        variance += len(rest) * 2 * (float((among**2).sum()) / d - mean**2) / (d + 2)
    return float(special.ndtr(-excess / sqrt(variance))) if variance > 0 else nan


def _about_a_line(y: Floats, x: Floats) -> Floats:
    """Take the least-squares line over x out of every row of y."""
    line = np.stack([np.ones(x.size), (x - x.mean()) / max(float(np.ptp(x)), 1.0)])
    basis = np.linalg.qr(line.T)[0]
    centred = y - y.mean(axis=1, keepdims=True)
    return np.asarray(centred - centred @ basis @ basis.T)


def _moving(variance: float, scale: float) -> float:
    return variance if sqrt(variance) > ROUNDING * scale else 0.0


def model_spread(
    scores: ArrayLike, noise: Noise, *, runs: ArrayLike = 1, level: float = 0.95
) -> Estimate:
    """Estimate the standard deviation over models of the score that each would have without noise.

    Parameters
    ----------
    scores : float array, shape (n_models,)
        Score of each model, the mean of its runs.
    noise : Noise
        Of one run.
    runs : int or int array, shape (n_models,)
        How many runs each score is the mean of.
    level : float in (0, 1)
        Nominal coverage.

    Returns
    -------
    Estimate
        unit ``model``. The value is 0, and the interval begins there, where the scores spread no
        more than the noise would make them, as the method then says.

    Raises
    ------
    NotEnoughDataError
        Fewer than two models.

    Notes
    -----
    sd^2 = var1(scores) - noise / k, k the harmonic mean of the runs: the one-way component of
    variance. Modified large-sample interval of the difference of two mean squares (Ting, Burdick,
    Graybill, Jeyaratnam, Lu 1990), cut at 0; unequal runs as in Thomas and Hultquist (1978). It
    does not grow with the number of models, as the range over models does.

    Examples
    --------
    >>> quiet = Noise(0.0001, 20, 25, "seed")
    >>> round(model_spread([0.40, 0.45, 0.43, 0.49], quiet).value, 4)
    0.0364
    """
    found = _between(scores, noise, runs, "the spread over models")
    check_level(level)
    value = found.square - found.error
    low, high = (
        difference_interval(found.square, found.df, found.error, noise.df, level)
        if found.error > 0
        else square_interval(found.square, found.df, level)
    )
    if value < 0:
        # as if they spread as the noise does: below that the upper bound would reach zero too
        high = difference_interval(found.error, found.df, found.error, noise.df, level)[1]
    method = f"sd over models less the noise of {noise.unit}s, modified large-sample"
    if not found.square > 0:
        method += " (no two models differ: no interval)"
        return Estimate(0.0, level=level, n=found.models, unit="model", method=method)
    if value <= 0:
        method += " (they spread no more than the noise)"
    root = sqrt(max(value, 0.0))
    variance = 2 * (found.square**2 / found.df + found.error**2 / noise.df)
    se = sqrt(variance) / (2 * root) if root > 0 else nan
    ends = sqrt(max(low, 0.0)), sqrt(max(high, 0.0))
    return Estimate(root, se, *ends, level, found.models, "model", method)


def spread_to_noise(
    scores: ArrayLike, noise: Noise, *, runs: ArrayLike = 1, level: float = 0.95
) -> Estimate:
    """Estimate the spread over models in units of the noise of one run.

    Parameters
    ----------
    scores, noise, runs, level
        As for `model_spread`.

    Returns
    -------
    Estimate
        unit ``model``, method ``F``. NaN where there is no noise, as the method then says.

    Raises
    ------
    NotEnoughDataError
        Fewer than two models.

    Notes
    -----
    k var1(scores)/noise is (1 + k snr^2) times an F of n_models - 1 and the noise's degrees of
    freedom for normal scores: the interval inverts that, and is exact for equal runs. Nothing is
    divided by the mean, so losses and scores near zero do.
    Equals `model_spread` over the sd of the noise (tested).

    Examples
    --------
    >>> quiet = Noise(0.0001, 20, 25, "seed")
    >>> found = spread_to_noise([0.40, 0.45, 0.43, 0.49], quiet)
    >>> round(found.value, 2), round(found.low, 2), round(found.high, 2)
    (3.64, 1.64, 14.17)
    """
    found = _between(scores, noise, runs, "a signal-to-noise ratio")
    check_level(level)
    if not found.error > 0:
        return Estimate(nan, level=level, n=found.models, unit="model",
                        method="undefined: no noise is seen")  # fmt: skip
    f = found.square / found.error
    tails = special.fdtri(found.df, noise.df, [(1 - level) / 2, (1 + level) / 2])
    # an F below 1 counts as 1 above, or the upper bound would reach zero too
    ratios = f, f / tails[1], max(f, 1.0) / tails[0]
    squares = [(ratio - 1) / found.runs for ratio in ratios]
    value, low, high = (sqrt(max(float(square), 0.0)) for square in squares)
    method = f"spread over models / noise of a run over {noise.unit}s, F"
    if value == 0:
        method += " (they spread no more than the noise)"
    # the delta method on F, whose log has the variance 2/df + 2/df
    se = f * sqrt(2 / found.df + 2 / noise.df) / (2 * found.runs * value) if value > 0 else nan
    return Estimate(value, se, low, high, level, found.models, "model", method)


@dataclass(frozen=True, slots=True)
class _Between:
    square: float
    error: float
    df: int
    models: int
    runs: float


def _between(scores: ArrayLike, noise: Noise, runs: ArrayLike, what: str) -> _Between:
    x = finite(scores, "scores")
    at_least(x.size, 2, what, "model")
    counts = np.broadcast_to(np.asarray(runs, dtype=np.float64), x.shape)
    if not (counts >= 1).all():
        raise UsageError(
            f"runs must be at least 1 for every model, but the least is {counts.min():g}."
        )
    k = float(x.size / (1 / counts).sum())
    square = _moving(float(x.var(ddof=1)), float(np.abs(x).max()))
    return _Between(square, noise.variance / k, x.size - 1, x.size, k)


def mean_difference(scores: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Mean absolute difference of two models, as seen: the noise of the scores included.

    Parameters
    ----------
    scores : float array, shape (n_models,)
        Score of each model, any unit; the result has the same unit.
    level : float in (0, 1)
        Nominal coverage.

    Returns
    -------
    Estimate
        unit ``model``, method ``mean over pairs, jackknife t of its log``. With two models, or
        where all are equal, there is no interval.

    Raises
    ------
    NotEnoughDataError
        Fewer than two models.

    Notes
    -----
    Gini's mean difference, a mean over all pairs: it does not grow with the number of models, and
    for normal scores is 2/sqrt(pi) = 1.13 times their standard deviation.

    Examples
    --------
    >>> round(mean_difference([0.1, 0.2, 0.4]).value, 6)
    0.2
    """
    x = finite(scores, "scores")
    check_level(level)
    n = x.size
    at_least(n, 2, "a difference of models", "model")
    apart = np.abs(x[:, None] - x[None]).sum(axis=1)
    value = float(apart.sum()) / (n * (n - 1))
    method = "mean over pairs"
    if n < 3:
        method += " (one pair: no interval)"
    without = (n * (n - 1) * value - 2 * apart) / max((n - 1) * (n - 2), 1)
    if n > 2 and not value > ROUNDING * np.abs(x).max():
        return Estimate(0.0, level=level, n=n, unit="model",
                        method="mean over pairs (no two models differ: no interval)")  # fmt: skip
    if n < 3 or not (without > 0).all():
        return Estimate(value, level=level, n=n, unit="model", method=method)
    se = sqrt((n - 1) / n * float(((np.log(without) - np.log(without).mean()) ** 2).sum()))
    reach = float(np.exp(t_quantile(level, n - 1) * se))
    return Estimate(value, value * se, value / reach, value * reach, level, n, "model",
                    f"{method}, jackknife t of its log")  # fmt: skip


def relative_range(scores: ArrayLike) -> float:
    """Largest difference of two models over their mean: the signal of Heineman et al.

    Parameters
    ----------
    scores : float array, shape (n_models,)
        Score of each model.

    Returns
    -------
    float
        NaN where the mean is not above zero, as with log-likelihoods. It grows with the number of
        models: 2.06 standard deviations for 4 normal ones, 3.93 for 25.

    Notes
    -----
    "Signal and Noise" (Heineman et al. 2025), relative dispersion.

    Examples
    --------
    >>> round(relative_range([0.412, 0.455, 0.431, 0.487]), 9)
    0.168067227
    """
    x = finite(scores, "scores")
    at_least(x.size, 1, "a range over models", "model")
    return _over_mean(float(np.ptp(x)), x)


def relative_noise(checkpoints: ArrayLike, *, ddof: int = 0) -> float:
    """Give the sd of the last checkpoints of a run over their mean, as Heineman et al. do.

    Parameters
    ----------
    checkpoints : float array, shape (n_checkpoints,) or (n_runs, n_checkpoints)
        Of several runs the mean of what each of them gives: laid end to end, as their code does at
        small scale, they would show the spread of the models in place of the noise.
    ddof : {0, 1}
        The variance divides by n - ddof; theirs by n.

    Returns
    -------
    float
        NaN where a mean is not above zero.

    Examples
    --------
    >>> round(relative_noise([0.481, 0.476, 0.492, 0.484, 0.479]), 9)
    0.011323798
    """
    y = finite(checkpoints, "checkpoints", ndim=max(1, min(2, np.ndim(checkpoints))))
    check_ddof(ddof)
    runs = np.atleast_2d(y)
    at_least(runs.shape[1], ddof + 1, "the noise of a run", "checkpoint")
    return float(np.mean([_over_mean(float(run.std(ddof=ddof)), run) for run in runs]))


def relative_snr(scores: ArrayLike, checkpoints: ArrayLike, *, ddof: int = 0) -> float:
    """Give `relative_range` over `relative_noise`: the signal-to-noise ratio of Heineman et al.

    Examples
    --------
    >>> run = [0.481, 0.476, 0.492, 0.484, 0.479]
    >>> round(relative_snr([0.412, 0.455, 0.431, 0.487], run), 9)
    14.841948627
    """
    noise = relative_noise(checkpoints, ddof=ddof)
    return relative_range(scores) / noise if noise > 0 else nan


def _over_mean(spread: float, x: Floats) -> float:
    mean = float(x.mean())
    return spread / mean if mean > ROUNDING * float(np.abs(x).max(initial=0.0)) else nan


def pooled_noise(parts: Sequence[Noise]) -> Noise:
    """Pool the noise of several groups of runs, by their degrees of freedom.

    Raises
    ------
    NotEnoughDataError
        No group.

    Examples
    --------
    >>> pooled_noise([Noise(1.0, 2, 1, "seed"), Noise(4.0, 1, 1, "seed")]).variance
    2.0
    """
    at_least(len(parts), 1, "noise of runs", "group")
    df = sum(part.df for part in parts)
    variance = sum(part.variance * part.df for part in parts) / df
    return Noise(variance, df, sum(part.runs for part in parts), parts[0].unit)
