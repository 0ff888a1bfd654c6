"""How each item was learnt: confidence and its variability over checkpoints or seeds."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evalvar.errors import UsageError
from evalvar.stats.arguments import Floats, at_least

# What is as variable as the most variable third is ambiguous.
_AMBIGUOUS = 2 / 3
_RIGHT = 0.5


@dataclass(frozen=True, slots=True)
class DataMap:
    """Where each of J items lies.

    Parameters
    ----------
    confidence, variability : float array, shape (J,)
        Mean over the passes of the probability of the right answer, and its standard deviation
        (ddof 0, or widened).
    correct : float array, shape (J,)
        Passes at which it is above one half.
    forgetting : float array, shape (J,)
        Times that a right answer was followed by a wrong one; NaN where it never was right.
    region : str array, shape (J,)
        ``ambiguous``, ``easy``, ``hard``; empty where an item has fewer than 2 passes.
    """

    confidence: Floats
    variability: Floats
    correct: Floats
    forgetting: Floats
    region: np.ndarray


def data_map(p_correct: ArrayLike, *, widened: bool = False) -> DataMap:
    """Map items by how sure a model is of them and how much that changes.

    Parameters
    ----------
    p_correct : float array, shape (E, J)
        Probability of the right answer, or 1 and 0 for right and wrong, at each of E passes
        (checkpoints in their order, or seeds); NaN = not asked.
    widened : bool
        Give sqrt(v + v^2 / (E - 1)) instead of the standard deviation sqrt(v).

    Returns
    -------
    DataMap

    Raises
    ------
    NotEnoughDataError
        Fewer than 2 checkpoints (or seeds).
    UsageError
        A value outside 0..1.

    Notes
    -----
    Source: "Dataset Cartography" (Swayamdipta et al. 2020) and its code, which counts what never
    was right as forgotten 1000 times. Ambiguous is what varies, and as much as the most variable
    third of the items; of the rest, easy is a confidence above one half, hard one up to it: hard
    items of a low variability are where wrong labels gather. The standard deviation of few passes
    is too small on average.

    Examples
    --------
    >>> found = data_map([[0.3], [0.6], [0.8], [0.7]])
    >>> found.confidence.round(3).tolist(), found.variability.round(3).tolist()
    ([0.6], [0.187])
    """
    p = np.asarray(p_correct, dtype=np.float64)
    if p.ndim != 2:
        raise UsageError(f"p_correct needs 2 axes, passes and items, but has {p.ndim}.")
    outside = int(((p < 0) | (p > 1)).sum())
    if outside:
        raise UsageError(f"p_correct must lie in [0, 1], but {outside} of {p.size} do not.")
    at_least(len(p), 2, "a data map", "checkpoint")
    seen = np.isfinite(p)
    n = seen.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        confidence = np.where(seen, p, 0).sum(axis=0) / n
        variance = np.where(seen, p - confidence, 0) ** 2
        v = variance.sum(axis=0) / n
        variability = np.sqrt(v + v**2 / (n - 1)) if widened else np.sqrt(v)
    known = n > 1
    right = np.where(seen, p > _RIGHT, False)
    correct = np.where(n > 0, right.sum(axis=0), np.nan)
    return DataMap(
        np.where(known, confidence, np.nan), np.where(known, variability, np.nan), correct,
        np.where(correct > 0, _forgotten(right, seen), np.nan),
        regions(np.where(known, confidence, np.nan), np.where(known, variability, np.nan)),
    )  # fmt: skip


def regions(confidence: Floats, variability: Floats) -> np.ndarray:
    """Name the region of each item as `data_map` does."""
    known = np.isfinite(variability) & np.isfinite(confidence)
    if not known.any():
        return np.full(confidence.shape, "")
    cut = np.quantile(variability[known], _AMBIGUOUS)
    varies = known & (variability >= cut) & (variability > 0)
    sure = np.where(confidence > _RIGHT, "easy", "hard")
    return np.where(varies, "ambiguous", np.where(known, sure, ""))


def _forgotten(right: np.ndarray, seen: np.ndarray) -> Floats:
    """Count the falls from right to wrong between passes that asked the item."""
    falls = np.zeros(right.shape[1])
    last = np.zeros(right.shape[1], dtype=bool)
    for now, asked in zip(right, seen, strict=True):
        falls += asked & last & ~now
        last = np.where(asked, now, last)
    return falls
