"""What is left of a test without its least discriminating items."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evalvar.errors import UsageError
from evalvar.stats.arguments import Floats, at_least
from evalvar.stats.item_statistics import responses_table


@dataclass(frozen=True, slots=True)
class Pruned:
    """A test without some of its items, beside one that lost as many at random.

    Parameters
    ----------
    kept : bool array, shape (J,)
        The items that stay.
    before, after : float array, shape (R,)
        Mean score of each respondent over all items and over those that stay.
    drift : float
        Mean over respondents of after - before.
    drift_worst : float
        The largest drift of one respondent, with its sign.
    se_before, se : float
        Standard error over items of a respondent's mean, averaged over respondents.
    random_drift_sd : float
        Standard deviation of the drift if as many items were dropped at random.
    random_se : float
        What `se` then is on average.
    """

    kept: np.ndarray
    before: Floats
    after: Floats
    drift: float
    drift_worst: float
    se_before: float
    se: float
    random_drift_sd: float
    random_se: float


def prune(responses: ArrayLike, discrimination: ArrayLike, *, share: float) -> Pruned:
    """Drop the share of the items that discriminate least, and see how far the means move.

    Parameters
    ----------
    responses : float array, shape (R, J)
        Scores; NaN = not asked.
    discrimination : float array, shape (J,)
        Any measure; NaN counts as 0: a constant item tells respondents neither way.
    share : float in [0, 1)
        Which share to drop, to the nearest item; of equal ones the first.

    Returns
    -------
    Pruned

    Raises
    ------
    NotEnoughDataError
        Fewer than 2 items stay.

    Notes
    -----
    "Quantifying Variance in Evaluation Benchmarks", section 4. Dropped at random, K of J items stay
    and the mean difficulty has the variance S^2 / K (1 - K / J), the mean standard error grows
    by sqrt(J / K). A discrimination that comes from the same responses is luckier than that of
    new respondents will be.

    Examples
    --------
    >>> y = [[1, 1, 1, 1], [1, 1, 1, 0], [1, 1, 0, 0], [1, 0, 0, 1], [1, 0, 0, 0], [0, 0, 0, 1]]
    >>> round(prune(y, [0.16, 0.45, 0.69, -0.30], share=0.25).drift, 6)
    0.013889
    """
    y = responses_table(responses)
    if not 0 <= share < 1:
        raise UsageError(f"share must lie in [0, 1), but is {share}.")
    value = np.nan_to_num(np.asarray(discrimination, dtype=np.float64), nan=0.0)
    if value.shape != y.shape[1:]:
        raise UsageError(
            f"discrimination needs one value per item, {y.shape[1]}, but has shape {value.shape}."
        )
    kept = np.ones(value.size, dtype=bool)
    kept[np.argsort(value, kind="stable")[: int(np.floor(share * value.size + 0.5))]] = False
    stay = int(kept.sum())
    at_least(stay, 2, "a pruned test", "item")
    before, se_before = _means(y)
    after, se = _means(y[:, kept])
    moved = after - before
    moved = moved[np.isfinite(moved)]
    with np.errstate(invalid="ignore", divide="ignore"):
        difficulty = np.nansum(y, axis=0) / np.isfinite(y).sum(axis=0)
    spread = float(np.nanvar(difficulty, ddof=1))
    return Pruned(
        kept, before, after,
        float(moved.mean()) if moved.size else np.nan,
        float(moved[np.abs(moved).argmax()]) if moved.size else np.nan,
        se_before, se,
        float(np.sqrt(spread / stay * (1 - stay / value.size))),
        se_before * float(np.sqrt(value.size / stay)),
    )  # fmt: skip


def _means(y: Floats) -> tuple[Floats, float]:
    """Give each respondent's mean, and its standard error over items, averaged."""
    seen = np.isfinite(y)
    n = seen.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = np.where(seen, y, 0).sum(axis=1) / n
        squares = np.where(seen, y - means[:, None], 0) ** 2
        errors = np.sqrt(squares.sum(axis=1) / (n - 1.0) / n)
    errors = errors[np.isfinite(errors)]
    return means, float(errors.mean()) if errors.size else np.nan
