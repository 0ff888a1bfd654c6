"""How far estimates from subsets are off on models that did not choose them."""

from math import inf

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalvar.errors import UsageError
from evalvar.stats.arguments import ROUNDING, Floats, check_level
from evalvar.stats.estimate import Estimate
from evalvar.stats.quantiles import t_quantile

# Predictions that differ by less are ties: sums of the same numbers in another order.
_DIGITS = 11


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


def rank_agreement(
    predicted: ArrayLike,
    full: ArrayLike,
    *,
    folds: ArrayLike | None = None,
    clusters: ArrayLike | None = None,
) -> tuple[Floats, Floats]:
    """Compare the order of models by subsets with that by all items.

    Parameters
    ----------
    predicted : float array, shape (n_subsets, n_models)
        Score of every model by every subset.
    full : float array, shape (n_models,)
        By all items.
    folds : int array, shape (n_subsets, n_models), optional
        Only models of one fold, which one subset was chosen for, are compared. Default: all.
    clusters : int array, shape (n_models,), optional
        Models that are left out together, such as the checkpoints of a run. Default: each alone.

    Returns
    -------
    tau : float array, shape (n_subsets,)
        Kendall's tau-b over the pairs; NaN where all are tied.
    pseudo : float array, shape (n_subsets, n_clusters)
        Its jackknife pseudo-values, of which `held_out_mean` makes an interval; NaN where leaving
        out a cluster leaves no pair.

    Notes
    -----
    tau-b = (concordant - discordant) / sqrt(pairs untied by the subset x untied by all items).
    Equals `scipy.stats.kendalltau` with one fold (tested).

    Examples
    --------
    >>> rank_agreement([[0.1, 0.3, 0.2]], [0.1, 0.2, 0.3])[0].round(3).tolist()
    [0.333]
    """
    x = np.round(np.asarray(predicted, dtype=np.float64), _DIGITS)
    y = np.round(np.asarray(full, dtype=np.float64), _DIGITS)
    if x.ndim != 2 or x.shape[1:] != y.shape:
        raise UsageError(f"predicted and full need the same models: {x.shape} and {y.shape}.")
    fold = np.zeros(x.shape, dtype=np.int64) if folds is None else np.asarray(folds)
    _, at = np.unique(np.arange(y.size) if clusters is None else clusters, return_inverse=True)
    member = (at[:, None] == np.arange(at.max(initial=-1) + 1)).astype(np.float64)
    order = np.sign(y[:, None] - y)
    tau, pseudo = np.full(len(x), np.nan), np.full((len(x), member.shape[1]), np.nan)
    for b, scores in enumerate(x):
        same = fold[b][:, None] == fold[b]
        found = np.sign(scores[:, None] - scores) * same
        tables = (found * order, found**2, order**2 * same)
        sums = np.array([table.sum() for table in tables])
        out = np.array([_touching(table, member) for table in tables])
        tau[b] = _tau_b(sums)
        without = _tau_b(sums[:, None] - out)
        count = member.shape[1]
        pseudo[b] = count * tau[b] - (count - 1) * without
    return tau, pseudo


def _touching(table: Floats, member: Floats) -> Floats:
    """Sum, for each cluster, the pairs with an end in it, each counted twice as in the table."""
    rows = table @ member
    return np.asarray(2 * rows.sum(axis=0) - (member * rows).sum(axis=0))


def _tau_b(sums: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(sums[0] / np.sqrt(sums[1] * sums[2]))


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
