"""The spread over seeds."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import nan

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats.arguments import (
    ROUNDING,
    Floats,
    at_least,
    check_ddof,
    check_level,
    constant,
    finite,
)
from evalvar.stats.estimate import Estimate


def sd_ci(x: ArrayLike, *, level: float = 0.95, ddof: int = 1) -> Estimate:
    """Estimate the standard deviation over seeds.

    Parameters
    ----------
    x : float array, shape (n_seeds,)
        One score per seed, any unit; the result has the same unit.
    level : float in (0, 1)
        Nominal coverage.
    ddof : {0, 1}
        The value divides by n - ddof. The interval is for the standard deviation of the seeds'
        law and does not depend on it.

    Returns
    -------
    Estimate
        unit ``seed``, n = number of seeds, method ``chi-square``. Where all seeds are equal the
        value is 0 and there is no interval, as the method then says.

    Raises
    ------
    NotEnoughDataError
        Fewer than two seeds.

    Notes
    -----
    sum (x_i - mean)^2 / sigma^2 is chi-square with n - 1 degrees of freedom for normal scores;
    se = s sqrt(1 - c4^2).

    Examples
    --------
    >>> round(sd_ci([0.30, 0.32, 0.28, 0.30]).value, 6)
    0.01633
    """
    values = finite(x, "x")
    check_level(level)
    check_ddof(ddof)
    at_least(values.size, 2, "a standard deviation over seeds", "seed")
    n = values.size
    if constant(values):
        method = "chi-square (all seeds equal: no interval)"
        return Estimate(0.0, level=level, n=n, unit="seed", method=method)
    squares = float(((values - values.mean()) ** 2).sum())
    sd = np.sqrt(squares / (n - ddof))
    low, high = np.sqrt(squares / special.chdtri(n - 1, [(1 - level) / 2, (1 + level) / 2]))
    se = float(sd * np.sqrt(1 - c4(n) ** 2))
    return Estimate(float(sd), se, float(low), float(high), level, n, "seed", "chi-square")


def c4(n: int) -> float:
    """Mean of the standard deviation (ddof 1) of n normal values, in units of the true one.

    Parameters
    ----------
    n : int
        Sample size, at least 2.

    Returns
    -------
    float
        sqrt(2/(n-1)) Gamma(n/2) / Gamma((n-1)/2).

    Raises
    ------
    NotEnoughDataError
        n below 2.

    Examples
    --------
    >>> round(c4(10), 10)
    0.9726592741
    """
    at_least(n, 2, "c4", "seed")
    return float(_c4(np.array(float(n))))


def unbiased_sd_ci(x: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Estimate the standard deviation over seeds without the bias that few seeds give it.

    Parameters
    ----------
    x : float array, shape (n_seeds,)
        One score per seed, any unit; the result has the same unit.
    level : float in (0, 1)
        Nominal coverage.

    Returns
    -------
    Estimate
        As for `sd_ci`, with value and standard error divided by `c4`; the interval is the same, as
        it is for the seeds' law. method ``sd / c4, chi-square``.

    Raises
    ------
    NotEnoughDataError
        Fewer than two seeds.

    Notes
    -----
    E[s] = c4 sigma for normal scores (tested); s of 2, 3, 5, 10 seeds is 20, 11, 6, 3 % too low.

    Examples
    --------
    >>> round(unbiased_sd_ci([0.30, 0.32, 0.28, 0.30]).value, 6)
    0.017725
    """
    found = sd_ci(x, level=level)
    share = c4(found.n)
    return replace(
        found, value=found.value / share, se=found.se / share, method=f"sd / c4, {found.method}"
    )


def mean_sd(curves: ArrayLike, *, ddof: int = 1, level: float = 0.95) -> Estimate:
    """Average over the checkpoints the standard deviation over seeds at each of them.

    Parameters
    ----------
    curves : float array, shape (n_seeds, n_checkpoints)
        Score of each seed at each checkpoint; NaN where it was not measured. A checkpoint counts
        if two seeds or more have it.
    ddof : {0, 1}
        The standard deviations divide by n - ddof.
    level : float in (0, 1)
        Nominal coverage.

    Returns
    -------
    Estimate
        unit ``seed``, n = number of seeds, method ``mean of sds, Satterthwaite chi-square``. Where
        the seeds never differ the value is 0 and there is no interval, as the method then says.

    Raises
    ------
    NotEnoughDataError
        No checkpoint with two seeds.

    Notes
    -----
    "Quantifying Variance in Evaluation Benchmarks" (Madaan et al. 2024), section 3: E(S, M), there
    called seed variance. The interval is for the mean over checkpoints of the true standard
    deviations, and chi-square like that of one standard deviation; its degrees of freedom are nu
    (sum s_t)^2 / sum s_t s_u r_tu^2, with nu = n_seeds - 1 and r_tu the correlation over seeds of
    checkpoints t and u: nu where they repeat each other, up to n_checkpoints nu where they do not
    depend on each other. It starts from the s_t freed of their bias, s_t / c4(n_seeds). With few
    seeds r^2 is too large by chance and the interval too wide rather than too narrow; the jackknife
    over seeds covers 84 to 94 % where this covers 94 or more (``benchmarks/calibration``).
    Equals `sd_ci` when there is one checkpoint (tested).

    Examples
    --------
    >>> round(mean_sd([[0.30, 0.40], [0.32, 0.38], [0.28, 0.42]]).value, 6)
    0.02
    """
    spread = _Spread.of(curves)
    unbiased = float((spread.sds / _c4(spread.count)).mean())
    df = spread.df(spread.sds)
    centre = unbiased * float(_c4(np.array(df + 1.0)))
    value = float(spread.with_ddof(ddof).mean())
    return spread.estimate(value, centre, df, level, "mean of sds")


def mean_sd_of_models(curves: Sequence[ArrayLike], *, level: float = 0.95) -> Estimate:
    """Average over models, each with seeds of its own, the `mean_sd` of their curves.

    Parameters
    ----------
    curves : sequence of float arrays, shape (n_seeds, n_checkpoints)
        One for each model, as for `mean_sd`; all models count alike.
    level : float in (0, 1)
        Nominal coverage.

    Returns
    -------
    Estimate
        As for `mean_sd`, ddof 1; n = seeds of all models.

    Raises
    ------
    NotEnoughDataError
        No model, or one without a checkpoint with two seeds.

    Notes
    -----
    The errors of the models are independent: with u_m the mean standard deviation of a model, freed
    of its bias, and d_m its degrees of freedom, the mean has (sum u_m)^2 / sum (u_m^2 / d_m). That
    is all of them together where models are alike, so that the interval narrows with models.
    Equals `mean_sd` for one model (tested).

    Examples
    --------
    >>> round(mean_sd_of_models([[[0.3], [0.32], [0.28]], [[0.4], [0.38], [0.42]]]).value, 6)
    0.02
    """
    spreads = [_Spread.of(table) for table in curves]
    if not spreads:
        raise NotEnoughDataError("a mean over models needs at least 1 model, but has 0.")
    unbiased = np.array([float((one.sds / _c4(one.count)).mean()) for one in spreads])
    df = np.array([one.df(one.sds) for one in spreads])
    moving = unbiased > 0
    total = unbiased.sum() ** 2 / (unbiased[moving] ** 2 / df[moving]).sum() if any(moving) else nan
    centre = float(unbiased.mean() * _c4(np.array(total + 1.0)))
    value = float(np.mean([one.sds.mean() for one in spreads]))
    found = spreads[0].estimate(value, centre, float(total), level, "mean of sds")
    return replace(found, n=sum(one.seeds for one in spreads))


def pooled_sd(curves: ArrayLike, *, ddof: int = 1, level: float = 0.95) -> Estimate:
    """Root of the mean over checkpoints of the variance over seeds.

    Parameters
    ----------
    curves : float array, shape (n_seeds, n_checkpoints)
        As for `mean_sd`.
    ddof : {0, 1}
        The variances divide by n - ddof.
    level : float in (0, 1)
        Nominal coverage.

    Returns
    -------
    Estimate
        As for `mean_sd`; never smaller than it.

    Raises
    ------
    NotEnoughDataError
        No checkpoint with two seeds.

    Notes
    -----
    Another number than the paper's E(S, M), which `mean_sd` gives.

    Examples
    --------
    >>> round(pooled_sd([[0.30, 0.40], [0.32, 0.38], [0.28, 0.42]]).value, 6)
    0.02
    """
    spread = _Spread.of(curves)
    root = float(np.sqrt((spread.sds**2).mean()))
    value = float(np.sqrt((spread.with_ddof(ddof) ** 2).mean()))
    return spread.estimate(value, root, spread.df(spread.sds**2), level, "root of mean variance")


@dataclass(frozen=True, slots=True)
class _Spread:
    """What seeds do at the checkpoints that two of them have."""

    residuals: Floats  # (n_seeds, n_checkpoints), 0 where a seed is missing
    count: Floats
    sds: Floats  # ddof 1
    seeds: int

    @classmethod
    def of(cls, curves: ArrayLike) -> "_Spread":
        x = np.asarray(curves, dtype=np.float64)
        if x.ndim != 2 or np.isinf(x).any():
            raise UsageError("curves need 2 axes, seeds and checkpoints, and no infinite value.")
        seen = np.isfinite(x)
        seeds, enough = int(seen.any(axis=1).sum()), seen.sum(axis=0) > 1
        if not enough.any():
            raise NotEnoughDataError(
                "a standard deviation over seeds needs a checkpoint with 2 seeds, but has none."
            )
        x, seen = x[:, enough], seen[:, enough]
        count = seen.sum(axis=0).astype(np.float64)
        means = np.where(seen, x, 0).sum(axis=0) / count
        residuals = np.where(seen, x - means, 0)
        scale = float(np.abs(x[seen]).max())
        residuals[:, np.abs(residuals).max(axis=0) <= ROUNDING * scale] = 0
        sds = np.sqrt((residuals**2).sum(axis=0) / (count - 1))
        return cls(residuals, count, sds, seeds)

    def with_ddof(self, ddof: int) -> Floats:
        check_ddof(ddof)
        return self.sds * np.sqrt((self.count - 1) / (self.count - ddof))

    def df(self, weights: Floats) -> float:
        """Give the degrees of freedom of a weighted sum over dependent checkpoints."""
        moving = self.sds > 0
        if not moving.any():
            return float("nan")
        z = self.residuals[:, moving] / (self.sds * np.sqrt(self.count - 1))[moving]
        w = weights[moving]
        return float((self.count - 1).mean() * w.sum() ** 2 / (w @ (z.T @ z) ** 2 @ w))

    def estimate(self, value: float, centre: float, df: float, level: float, what: str) -> Estimate:
        check_level(level)
        method = f"{what}, Satterthwaite chi-square"
        if not df > 0:
            method += " (seeds never differ: no interval)"
            return Estimate(value, level=level, n=self.seeds, unit="seed", method=method)
        low, high = centre * np.sqrt(df / special.chdtri(df, [(1 - level) / 2, (1 + level) / 2]))
        se = centre * float(np.sqrt(1 - _c4(np.array(df + 1)) ** 2))
        return Estimate(value, se, float(low), float(high), level, self.seeds, "seed", method)


def _c4(n: Floats) -> Floats:
    return np.asarray(np.sqrt(2 / (n - 1)) * special.poch((n - 1) / 2, 0.5))
