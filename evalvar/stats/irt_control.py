"""Answers without any ability behind them, and answers made right or wrong."""

import numpy as np
from numpy.typing import ArrayLike

from evalvar.errors import UsageError
from evalvar.stats.arguments import Floats

_CELLS = 4_000_000
_THRESHOLDS = 100


def shuffled(responses: ArrayLike, *, rng: np.random.Generator) -> Floats:
    """Hand the answers to each item round among those who gave them.

    Every item keeps how many got it right and who was asked; what its answers have to do with
    those to other items is gone. A model of abilities fitted to them should find none.

    Parameters
    ----------
    responses : float array, shape (N, J)
        NaN where not asked.

    Examples
    --------
    >>> shuffled([[1, 0], [1, np.nan], [1, 1]], rng=np.random.default_rng(0))[:, 0].tolist()
    [1.0, 1.0, 1.0]
    """
    y = np.array(responses, dtype=np.float64)
    if y.ndim != 2:
        raise UsageError(f"responses needs 2 axes, but has {y.ndim}.")
    width = max(1, _CELLS // max(len(y), 1))
    for start in range(0, y.shape[1], width):
        part = y[:, start : start + width]
        known = np.isfinite(part)
        if known.all():
            y[:, start : start + width] = rng.permuted(part, axis=0)
            continue
        # those who were asked in an order of chance, item by item; the others behind them
        order = np.argsort(np.where(known, rng.random(part.shape), 2.0), axis=0)
        values = np.take_along_axis(part, order, axis=0)
        part.T[known.T] = values.T[np.sort(~known, axis=0).T == 0]
    return y


def binarised(scores: ArrayLike) -> tuple[Floats, float]:
    """Make scores in [0, 1] right or wrong, at the threshold that keeps the models' means best.

    Parameters
    ----------
    scores : float array, shape (N, J)
        NaN where there is none.

    Returns
    -------
    responses : float array, shape (N, J)
        1 where the score is above the threshold.
    threshold : float
        Of linspace(0.01, 0.99, 100), the one with the smallest mean over respondents of the
        distance between the mean of its answers and that of its scores (Polo et al. 2024); NaN
        where all scores are 0 or 1 already.

    Examples
    --------
    >>> binarised([[0.2, 0.9, 1.0], [0.1, 0.4, 0.8]])[0].tolist()
    [[0.0, 1.0, 1.0], [0.0, 0.0, 1.0]]
    """
    x = np.array(scores, dtype=np.float64)
    if x.ndim != 2:
        raise UsageError(f"scores needs 2 axes, but has {x.ndim}.")
    known = np.isfinite(x)
    outside = int(((x < 0) | (x > 1)).sum())
    if outside:
        raise UsageError(
            f"scores must lie in [0, 1] to be made right or wrong, but {outside:,} of {x.size:,} "
            "do not. Scale them first."
        )
    if np.isin(x[known], (0.0, 1.0)).all():
        return x, float("nan")
    counts = np.maximum(known.sum(axis=1), 1)
    means = np.where(known, x, 0.0).sum(axis=1) / counts
    thresholds = np.linspace(0.01, 0.99, _THRESHOLDS)
    gaps = [np.abs((x > t).sum(axis=1) / counts - means).mean() for t in thresholds]
    threshold = float(thresholds[int(np.argmin(gaps))])
    return np.where(known, (x > threshold).astype(np.float64), np.nan), threshold
