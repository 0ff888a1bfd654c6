"""The score of a whole benchmark, estimated from some of its items."""

from math import isfinite

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from evalvar.errors import UsageError
from evalvar.stats.arguments import ROUNDING, Floats, at_least, check_level, finite, same_size
from evalvar.stats.estimate import Estimate
from evalvar.stats.quantiles import t_quantile
from evalvar.stats.subsets import Subset


def p_irt(
    scores: ArrayLike,
    subset: Subset,
    discrimination: ArrayLike,
    intercept: ArrayLike,
    abilities: ArrayLike,
    *,
    shares: ArrayLike | None = None,
) -> Floats:
    """Put the answers seen together with what item response curves expect of the others.

    Parameters
    ----------
    scores : float array, shape (..., m)
        Answers of each model to the items of the subset: 0 or 1.
    subset : Subset
        Which items these are.
    discrimination, intercept : float array, shape (n_items,)
        a and b of P = sigmoid(a theta - b), for all items.
    abilities : float array, shape (...)
        theta of each model, from these answers (`ability`). Where it is infinite, because all
        answers were right or all wrong, P is 1 or 0 as the sign of a says; an item with a = 0
        keeps sigmoid(-b).
    shares : float array, shape (n_items,), optional
        Share of every item in the score of the whole, such as `balance_weights`; default: equal.

    Returns
    -------
    float array, shape (...)
        p-IRT: lambda mean(seen) + (1 - lambda) mean(P of the unseen), lambda the share of the seen.

    Notes
    -----
    Source: tinyBenchmarks (Polo et al. 2024), where lambda is 100 over the items whatever was seen.

    Examples
    --------
    >>> seen = Subset.of([0, 2, 3, 5])
    >>> b = [-2.0, -1.0, -0.5, 0.5, 1.0, 2.0]
    >>> round(float(p_irt([1.0, 1.0, 1.0, 0.0], seen, np.ones(6), b, 1.5712767651)), 6)
    0.761341
    """
    y, theta = np.asarray(scores, dtype=np.float64), np.asarray(abilities, dtype=np.float64)
    a, b = finite(discrimination, "discrimination"), finite(intercept, "intercept")
    same_size(a, b, "discrimination and intercept")
    whole = np.ones(a.size) if shares is None else finite(shares, "shares")
    same_size(a, whole, "discrimination and shares")
    if y.shape != (*theta.shape, subset.items.size):
        raise UsageError(
            f"scores need the shape of abilities and then {subset.items.size} items, but have "
            f"{y.shape}."
        )
    unseen = np.ones(a.size, dtype=bool)
    unseen[subset.items] = False
    slope, offset = a[unseen], b[unseen]
    with np.errstate(invalid="ignore"):  # an ability without end times no slope
        z = np.where(slope == 0, 0.0, theta[..., None] * slope) - offset
    expected = special.expit(z) @ whole[unseen]
    return np.asarray((y @ whole[subset.items] + expected) / whole.sum())


def gp_irt_share(error: float, variance: float, size: int) -> float:
    """Give the share of the anchors in gp-IRT.

    Parameters
    ----------
    error : float
        Mean absolute error of p-IRT on models that were not fitted.
    variance : float
        Mean over models of the variance over items of their scores.
    size : int
        Items seen.

    Returns
    -------
    float
        error^2 / (variance / (4 size) + error^2), in 0..1.

    Notes
    -----
    Source: tinyBenchmarks (Polo et al. 2024).

    Examples
    --------
    >>> round(gp_irt_share(0.02, 0.25, 100), 10)
    0.3902439024
    """
    if not (isfinite(error) and error >= 0 and variance >= 0 and size > 0):
        raise UsageError(
            "the share of the anchors needs an error and a variance that are not negative and a "
            f"size, but has {error}, {variance} and {size}."
        )
    noise = variance / (4 * size)
    return error**2 / (noise + error**2) if noise + error**2 > 0 else 1.0


def gp_irt(anchor: ArrayLike, modelled: ArrayLike, share: float) -> Floats:
    """Mix what the anchors say with p-IRT.

    Parameters
    ----------
    anchor, modelled : float array, same shape
        Weighted mean of the answers seen, and `p_irt`.
    share : float in [0, 1]
        Of the anchors (`gp_irt_share`).

    Examples
    --------
    >>> round(float(gp_irt(0.75, 0.7613412829, 0.5)), 10)
    0.7556706415
    """
    if not 0 <= share <= 1:
        raise UsageError(f"share must lie in [0, 1], but is {share}.")
    return np.asarray(
        share * np.asarray(anchor, dtype=np.float64)
        + (1 - share) * np.asarray(modelled, dtype=np.float64)
    )


def regression_scores(scores: ArrayLike, covariate: ArrayLike, known_mean: float) -> Floats:
    """Correct means over a random subset by a covariate that is known on all items.

    Parameters
    ----------
    scores : float array, shape (..., m)
        Scores of the items drawn, by model.
    covariate : float array, shape (m,)
        Of these items, such as their mean score over training models.
    known_mean : float
        Mean of the covariate over all items.

    Returns
    -------
    float array, shape (...)
        mean(y) - slope (mean(x) - known mean), slope = Cov(y, x) / Var(x) over the items drawn; the
        plain mean where the covariate does not vary.

    Notes
    -----
    As `control_variate`, without its error.

    Examples
    --------
    >>> float(regression_scores([0.0, 1.0], [0.25, 0.75], 0.625))
    0.75
    """
    y, x = np.asarray(scores, dtype=np.float64), finite(covariate, "covariate")
    centred = x - x.mean()
    square = float(centred @ centred)
    if square <= ROUNDING * max(float(x @ x), 1e-300):
        return np.asarray(y.mean(axis=-1))
    return np.asarray(y.mean(axis=-1) - (y @ centred) / square * (x.mean() - known_mean))


def control_variate(
    scores: ArrayLike,
    covariate: ArrayLike,
    known_mean: float,
    *,
    n_items: int | None = None,
    level: float = 0.95,
) -> Estimate:
    """Mean of all items from some drawn by lot, helped by a covariate that is known on all.

    Parameters
    ----------
    scores, covariate : float array, shape (m,)
        Of the items drawn.
    known_mean : float
        Mean of the covariate over all items.
    n_items : int, optional
        How many items there are: the error is then that of this benchmark, and 0 if all were
        drawn. Default: items without end, so that the error also covers other items of the kind.
    level : float in (0, 1)
        Nominal coverage.

    Returns
    -------
    Estimate
        unit ``item``, n = m, method ``control variate, t``.

    Raises
    ------
    NotEnoughDataError
        Fewer than 4 items.

    Notes
    -----
    value = mean(y) - slope (mean(x) - known mean). Design-based error: se^2 = (1 - m/N) / m x
    sum e^2 (1/(m-2)) x (1 + m/(m-1) (mean(x) - known)^2 / var1(x)), e the residuals of the
    regression, t with m - 2 degrees of freedom. Source: regression estimator, "Sampling
    Techniques" (Cochran 1977, ch. 7), and the error of a regression's mean at a known point, which
    keeps the cost of estimating the slope. Its bias is of order 1/m.
    Equals `mean_ci` when the covariate does not vary (tested).

    Examples
    --------
    >>> round(control_variate([0.0, 1.0, 1.0, 1.0], [0.2, 0.4, 0.6, 0.8], 0.5).value, 6)
    0.75
    """
    y, x = finite(scores, "scores"), finite(covariate, "covariate")
    same_size(y, x, "scores and covariate")
    check_level(level)
    at_least(y.size, 4, "a control variate", "item")
    m = y.size
    if n_items is not None and n_items < m:
        raise UsageError(f"n_items must be at least the {m} drawn, but is {n_items}.")
    value = float(regression_scores(y, x, known_mean))
    centred = x - x.mean()
    square = float(centred @ centred)
    flat = square <= ROUNDING * max(float(x @ x), 1e-300)
    slope = 0.0 if flat else float(y @ centred) / square
    residual = y - y.mean() - slope * centred
    left = 1.0 if n_items is None else 1 - m / n_items
    leverage = 0.0 if flat else (float(x.mean()) - known_mean) ** 2 / square
    df = m - 1 if flat else m - 2
    se = float(np.sqrt(left * (residual @ residual) / df * (1 / m + leverage)))
    method = "control variate, t"
    if left == 0:
        return Estimate(value, level=level, n=m, method="control variate (all items: exact)")
    if se <= ROUNDING * max(float(np.abs(y).max()), 1e-300):
        method += " (no residual: no interval)"
        return Estimate(value, level=level, n=m, method=method)
    half = t_quantile(level, df) * se
    return Estimate(value, se, value - half, value + half, level, m, "item", method)
