"""How far estimates from subsets are off on models that did not choose them."""

from math import inf

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalvar.errors import UsageError
from evalvar.stats.arguments import ROUNDING, Floats, check_level
from evalvar.stats.estimate import Estimate
from evalvar.stats.quantiles import t_quantile


def held_out_mean(
    values: ArrayLike,
    *,
    against: ArrayLike | None = None,
    choices: ArrayLike | None = None,
    level: float = 0.95,
    unit: str = "model",
    low: float = -inf,
    high: float = inf,
) -> Estimate:
    """Mean over subsets and held-out models, for new subsets and new models of the kind.

    Parameters
    ----------
    values : float array, shape (n_repeats, n_models)
        What a subset is worth on each model, such as its absolute error.
    against : float array, shape (n_others, n_models), optional
        The same of other subsets, such as random ones, one a row: the mean is then of the
        difference.
    choices : int array, shape (n_repeats, n_models), optional
        Which subset of its repeat each model met, as where every fold chooses one. Default: one
        subset a repeat.
    level : float in (0, 1)
        Nominal coverage.
    unit : str
        What a model is.
    low, high : float
        Range of the mean; the interval is cut to it.

    Returns
    -------
    Estimate
        n = number of models, method ``t over models and subsets``; no interval where there is one
        model, or where nothing differs.

    Notes
    -----
    se^2 = M_u / U + M_c - W / (U B): M_u the variance (ddof 1) of the models' means; M_c the sum
    over subsets of (mean deviation of its models from their means x their share of all values)^2 x
    B / (B - 1); W the variance of a model's values around its mean, which the first two both hold.
    What the others add is the variance of their subsets' means, as they meet the same models. The t
    has Satterthwaite's degrees of freedom, those of M_c being subsets less subsets of one repeat.
    Equals `mean_ci` with one subset (tested).

    Examples
    --------
    >>> round(held_out_mean([[0.1, 0.2, 0.3]]).value, 6)
    0.2
    """
    x = np.asarray(values, dtype=np.float64)
    check_level(level)
    if x.ndim != 2 or not x.size or not np.isfinite(x).all():
        raise UsageError("values need 2 axes, subsets and models, and finite numbers.")
    extra = (0.0, 1)
    if against is not None:
        y = np.asarray(against, dtype=np.float64)
        if y.ndim != 2 or y.shape[1] != x.shape[1]:
            raise UsageError(f"values and against need the same models: {x.shape} and {y.shape}.")
        x = x - y.mean(axis=0)
        extra = _part(y.mean(axis=1))
    repeats, models = x.shape
    value = float(x.mean())
    chosen = np.zeros(x.shape, dtype=np.int64) if choices is None else np.asarray(choices)
    away = x - x.mean(axis=0)
    parts = [_part(x.mean(axis=0)), _of_choices(away, chosen), extra]
    within = float((away**2).sum()) / max(models * (repeats - 1), 1)
    variances = np.array([part for part, _ in parts])
    variance = max(float(variances.sum()) - within / x.size, float(variances[0]))
    method = f"t over {unit}s and subsets" if repeats > 1 else f"t over {unit}s"
    if models < 2:
        method += f" (one {unit}: no interval)"
        return Estimate(value, level=level, n=models, unit=unit, method=method)
    if variance <= (ROUNDING * float(np.abs(x).max())) ** 2:
        method += " (nothing differs: no interval)"
        return Estimate(value, level=level, n=models, unit=unit, method=method)
    df = variances.sum() ** 2 / sum(v**2 / df for v, df in parts if v > 0)
    se = float(np.sqrt(variance))
    half = t_quantile(level, float(df)) * se
    return Estimate(
        value, se, max(value - half, low), min(value + half, high), level, models, unit, method
    )


def _of_choices(away: Floats, chosen: NDArray[np.int64]) -> tuple[float, int]:
    """Give the variance that the choices of items add to the mean, and its degrees of freedom."""
    repeats = len(away)
    if repeats < 2:
        return 0.0, 1
    sums = np.concatenate([np.bincount(c, weights=d) for c, d in zip(chosen, away, strict=True)])
    count = sum(np.unique(c).size for c in chosen)
    total = float((sums**2).sum()) / away.size**2 * repeats / (repeats - 1)
    return total, max(count * (repeats - 1) // repeats, 1)


def _part(means: Floats) -> tuple[float, int]:
    """Give the variance of a mean of independent means, and its degrees of freedom."""
    if means.size < 2:
        return 0.0, 1
    return float(means.var(ddof=1)) / means.size, means.size - 1
