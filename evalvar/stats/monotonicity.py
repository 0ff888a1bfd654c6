"""Does a curve rise over its checkpoints?"""

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalvar.errors import UsageError
from evalvar.stats.arguments import Floats, at_least

# Bytes of one block of curves: small enough for a core's cache while all pairs are compared.
_BLOCK = 1 << 19
# Curves turned at a time, so that the lines they share stay in the first cache.
_TILE = 256
# So few comparisons of scores are made at once: calls would cost more than they.
_AT_ONCE = 1 << 16


def kendall_tau(curves: ArrayLike, *, variant: Literal["a", "b", "c"] = "b") -> Floats:
    """Kendall's rank correlation of scores with time.

    Parameters
    ----------
    curves : float array, shape (..., n_checkpoints)
        Scores in the order of their checkpoints, any unit. Turn the sign where lower is better.
    variant : {"a", "b", "c"}
        What ties in the scores do: "a" ignores them in the denominator, "b" corrects for them,
        "c" is Stuart's for few distinct scores.

    Returns
    -------
    float array, shape (...)
        In -1..1; 1 when the score rises at every step. A constant curve gives 0 for "a" and "c"
        and NaN for "b". NaN where a score is not finite or there are fewer than 2 checkpoints.

    Raises
    ------
    UsageError
        An unknown variant, or no axis.

    Notes
    -----
    With C concordant, D discordant pairs of n(n-1)/2 = N, T of them tied in the score, m distinct
    scores: a = (C-D)/N, b = (C-D)/sqrt(N (N-T)), c = 2 (C-D) m / (n^2 (m-1)). Source: "A new
    measure of rank correlation" (Kendall 1938); as monotonicity of a benchmark: "Quantifying
    Variance in Evaluation Benchmarks", section 3.
    Equals `scipy.stats.kendalltau` (tested).

    Examples
    --------
    >>> float(kendall_tau([0.25, 0.27, 0.26, 0.30, 0.31]))
    0.8
    """
    if variant not in ("a", "b", "c"):
        raise UsageError(f"variant must be 'a', 'b' or 'c', but is '{variant}'.")
    x = _curves(curves)
    n = x.shape[-1]
    if n < 2 or not x.size:
        return np.full(x.shape[:-1], np.nan)
    flat = x.reshape(-1, n)
    tau = np.empty(len(flat))
    size = min(len(flat), max(1, _BLOCK // (4 * n)))
    block = np.empty((n, size), dtype=np.float32)
    for start in range(0, len(flat), size):
        rows = flat[start : start + size]
        tau[start : start + size] = _tau(rows, block[:, : len(rows)], variant)
    return tau.reshape(x.shape[:-1])


def kendall_tau_null_sd(
    n: int, *, n_curves: int = 1, ties: ArrayLike = (), variant: Literal["a", "b"] = "b"
) -> float:
    """Give the standard deviation of Kendall's tau when nothing rises.

    Parameters
    ----------
    n : int
        Number of checkpoints, at least 2.
    n_curves : int
        Number of independent curves whose taus are averaged.
    ties : int array, shape (n_groups,)
        How many checkpoints share a score, a number for each score that several have.
    variant : {"a", "b"}
        Which tau.

    Returns
    -------
    float
        Over all orders of the scores. It takes checkpoints as independent; those of one run are
        not, so it is a lower bound in practice: see `kendall_tau_drift_sd`. NaN for "b" where all
        scores are equal.

    Raises
    ------
    NotEnoughDataError
        Fewer than 2 checkpoints or no curve.
    UsageError
        Ties of fewer than one checkpoint, or of more than there are.

    Notes
    -----
    With N = n(n-1)/2 pairs, T of them tied, and groups of t: the variance of C - D is
    (n(n-1)(2n+5) - sum t(t-1)(2t+5)) / 18, divided by N^2 for "a" and by N (N-T) for "b". Source:
    "Rank Correlation Methods" (Kendall 1948), chapter 4; without ties 2(2n+5) / (9n(n-1)).

    Examples
    --------
    >>> round(kendall_tau_null_sd(21), 10)
    0.1576950375
    """
    at_least(n, 2, "the null sd of tau", "checkpoint")
    at_least(n_curves, 1, "the null sd of tau", "curve")
    t = np.asarray(ties, dtype=np.float64)
    if (t < 1).any() or t.sum() > n:
        raise UsageError(f"ties must be groups of the {n} checkpoints, but are {t.tolist()}.")
    variance = (n * (n - 1) * (2 * n + 5) - (t * (t - 1) * (2 * t + 5)).sum()) / 18
    pairs = n * (n - 1) / 2
    untied = pairs if variant == "a" else pairs - (t * (t - 1)).sum() / 2
    return float(np.sqrt(variance / (pairs * untied) / n_curves)) if untied else float("nan")


def spearman(curves: ArrayLike) -> Floats:
    """Spearman's rank correlation of scores with time.

    Parameters
    ----------
    curves : float array, shape (..., n_checkpoints)
        Scores in the order of their checkpoints, any unit.

    Returns
    -------
    float array, shape (...)
        In -1..1. NaN for a constant curve, where a score is not finite, and with fewer than 2
        checkpoints.

    Notes
    -----
    Pearson's correlation of time with the ranks of the scores; ties have the mean of their ranks.
    Equals `scipy.stats.spearmanr` (tested).

    Examples
    --------
    >>> float(spearman([1.0, 2.0, 4.0, 3.0]))
    0.8
    """
    x = _curves(curves)
    n = x.shape[-1]
    time = np.arange(n) - (n - 1) / 2
    ranks = _midranks(x) - (n - 1) / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        rho = (ranks * time).sum(axis=-1) / np.sqrt((ranks**2).sum(axis=-1) * (time**2).sum())
    return np.where(np.isfinite(x).all(axis=-1), rho, np.nan)


def rise_share(curves: ArrayLike) -> Floats:
    """Share of the steps at which the score rises.

    Parameters
    ----------
    curves : float array, shape (..., n_checkpoints)
        Scores in the order of their checkpoints, any unit.

    Returns
    -------
    float array, shape (...)
        (steps up + half the steps without change) / steps, in 0..1. NaN where a score is not
        finite or there are fewer than 2 checkpoints.

    Examples
    --------
    >>> float(rise_share([1.0, 2.0, 2.0, 1.0]))
    0.5
    """
    x = _curves(curves)
    with np.errstate(invalid="ignore"):
        steps = np.sign(x[..., 1:] - x[..., :-1])
    share = (steps.sum(axis=-1) / max(x.shape[-1] - 1, 1) + 1) / 2
    defined = np.isfinite(x).all(axis=-1) & (x.shape[-1] >= 2)
    return np.where(defined, share, np.nan)


def _curves(curves: ArrayLike) -> Floats:
    x = np.asarray(curves, dtype=np.float64)
    if not x.ndim:
        raise UsageError("curves need an axis of checkpoints, but are a single number.")
    return x


def _tau(rows: Floats, block: NDArray[np.float32], variant: str) -> Floats:
    """Give tau of some curves; `block` is memory for them with time in front.

    Rounding to single precision keeps the order of two scores or makes them equal. So curves whose
    single-precision scores all differ are settled at half the cost, and only the others are
    compared as they are.
    """
    n = rows.shape[1]
    with np.errstate(over="ignore", invalid="ignore"):
        for first in range(0, len(rows), _TILE):
            tile = rows[first : first + _TILE]
            block[:, first : first + len(tile)] = tile.T
    rises, falls = _rises_and_falls(block)
    pairs = n * (n - 1) // 2
    unsure = (rises + falls < pairs) | ~np.isfinite(block).all(axis=0)
    exact = np.ascontiguousarray(rows[unsure].T)
    rises[unsure], falls[unsure] = _rises_and_falls(exact)
    score = (rises - falls).astype(np.float64)
    with np.errstate(invalid="ignore"):
        if variant == "a":
            tau = score / pairs
        elif variant == "b":
            tau = score / np.sqrt(pairs * (rises + falls).astype(np.float64))
        else:
            distinct = np.full(len(rows), n)
            distinct[unsure] = 1 + (np.diff(np.sort(exact, axis=0), axis=0) > 0).sum(axis=0)
            tau = 2 * score * distinct / (n**2 * np.maximum(distinct - 1, 1))
    tau[unsure] = np.where(np.isfinite(exact).all(axis=0), tau[unsure], np.nan)
    return np.asarray(tau, dtype=np.float64)


def _rises_and_falls(
    y: NDArray[np.floating[Any]],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count the pairs of checkpoints between which each curve rises and falls.

    Time leads, so that one comparison runs along many curves, and counts stay bytes, which is what
    is fast.
    """
    n, curves = y.shape
    if n * n * curves <= _AT_ONCE:
        one, other, before = y.T[:, :, None], y.T[:, None], np.tri(n, k=-1, dtype=bool).T
        with np.errstate(invalid="ignore"):
            up, down = before & (one < other), before & (one > other)
        return up.sum(axis=(1, 2)), down.sum(axis=(1, 2))
    up, down = np.zeros((2, n - 1, curves), dtype=np.min_scalar_type(n - 1))
    flags = np.empty((n - 1, curves), dtype=bool)
    with np.errstate(invalid="ignore"):
        for lag in range(1, n):
            later, earlier, seen = y[lag:], y[:-lag], flags[: n - lag]
            np.greater(later, earlier, out=seen)
            up[: n - lag] += seen.view(np.uint8)
            np.less(later, earlier, out=seen)
            down[: n - lag] += seen.view(np.uint8)
    return up.sum(axis=0, dtype=np.int64), down.sum(axis=0, dtype=np.int64)


def _midranks(x: Floats) -> Floats:
    """Rank from 0 along the last axis; ties have the mean of their ranks."""
    order = np.argsort(x, axis=-1, kind="stable")
    ascending = np.take_along_axis(x, order, axis=-1)
    place = np.broadcast_to(np.arange(x.shape[-1]), x.shape)
    new = np.ones(x.shape, dtype=bool)
    new[..., 1:] = ascending[..., 1:] != ascending[..., :-1]
    last = np.ones(x.shape, dtype=bool)
    last[..., :-1] = new[..., 1:]
    first_place = np.maximum.accumulate(np.where(new, place, 0), axis=-1)
    backwards = np.where(last, place, x.shape[-1])[..., ::-1]
    last_place = np.minimum.accumulate(backwards, axis=-1)[..., ::-1]
    ranks = np.empty(x.shape)
    np.put_along_axis(ranks, order, (first_place + last_place) / 2, axis=-1)
    return ranks
