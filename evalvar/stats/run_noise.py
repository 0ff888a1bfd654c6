"""What the score of one run moves by: over seeds, or over its last checkpoints."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike

from evalvar.errors import UsageError
from evalvar.stats.arguments import ROUNDING, Floats, at_least, check_level, finite
from evalvar.stats.component_interval import square_interval
from evalvar.stats.estimate import Estimate

# Why what rests on the last checkpoints of single runs has no interval.
ONE_RUN = "steps of one run depend on each other and its curve bends: no interval"


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
        What differs: ``seed`` or ``checkpoint``. What a new run would differ by does not show in
        checkpoints of one run: nothing that rests on these has an interval.
    """

    variance: float
    df: float
    runs: int
    unit: str

    def sd(self, *, level: float = 0.95) -> Estimate:
        """Give the standard deviation: over seeds with its chi-square interval.

        There is none where nothing moves, and none over checkpoints, which depend on each other.
        """
        check_level(level)
        if self.unit == "checkpoint":
            method = f"sd about a line through steps, pooled, {self.df:g} df ({ONE_RUN})"
            value = sqrt(self.variance)
            return Estimate(value, level=level, n=self.runs, unit=self.unit, method=method)
        method = f"sd over seeds, pooled, {self.df:g} df, chi-square"
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
    return Noise(moving(squares / df, scale), df, runs, "seed")


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
    still rises is not taken for noise. It is not what a new run differs by: the steps of one run
    depend on each other, and with a correlation of 0.8 from one of 5 steps to the next this is 0.20
    of the variance of a new run, with 0.9 it is 0.10 (tested); and it is too much where the curve
    bends within these steps. So few steps cannot tell how far off it is: there is no interval.

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
    return Noise(moving(float((rest**2).sum()) / df, float(np.abs(y).max())), df, len(y),
                 "checkpoint")  # fmt: skip


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


def _about_a_line(y: Floats, x: Floats) -> Floats:
    """Take the least-squares line over x out of every row of y."""
    line = np.stack([np.ones(x.size), (x - x.mean()) / max(float(np.ptp(x)), 1.0)])
    basis = np.linalg.qr(line.T)[0]
    centred = y - y.mean(axis=1, keepdims=True)
    return np.asarray(centred - centred @ basis @ basis.T)


def moving(variance: float, scale: float) -> float:
    """Return a variance, or 0 where its root is rounding beside the scale of the scores."""
    return variance if sqrt(variance) > ROUNDING * scale else 0.0
