"""What is left of a test without its least discriminating items, and how surely they are so."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evalvar.errors import UsageError
from evalvar.stats.arguments import Floats, at_least
from evalvar.stats.item_statistics import correlations, responses_table, rest_scores

_BLOCK = 1 << 22


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


def split_stability(responses: ArrayLike, *, rng: np.random.Generator, splits: int = 100) -> Floats:
    """Correlate the items' discriminations from two halves of the respondents, many times.

    Parameters
    ----------
    responses : float array, shape (R, J)
        Scores; NaN = not asked.
    rng : numpy.random.Generator
        Draws the halves.
    splits : int
        How many pairs of halves.

    Returns
    -------
    float array, shape (splits,)
        Pearson correlation over the items whose item-rest correlation is defined in both halves;
        NaN where fewer than 3 are.

    Raises
    ------
    NotEnoughDataError
        Fewer than 6 respondents: a half needs 3.
    """
    y = responses_table(responses)
    at_least(len(y), 6, "the stability of discriminations", "respondent")
    halves = np.zeros((splits, len(y)))
    for half in halves:
        half[rng.permutation(len(y))[: len(y) // 2]] = 1
    _, rest = rest_scores(y)
    return _agreement(y, rest, halves)


def weak_strong_stability(responses: ArrayLike) -> float:
    """Correlate the items' discriminations among the weaker and among the stronger respondents.

    Parameters
    ----------
    responses : float array, shape (R, J)
        Scores; NaN = not asked.

    Returns
    -------
    float
        As one of `split_stability`. Abilities differ less within a half that was chosen by ability,
        which alone makes it smaller than that of random halves.

    Raises
    ------
    NotEnoughDataError
        Fewer than 6 respondents.
    """
    y = responses_table(responses)
    at_least(len(y), 6, "the stability of discriminations", "respondent")
    total, rest = rest_scores(y)
    weak = np.zeros((1, len(y)))
    weak[0, np.argsort(np.nan_to_num(total), kind="stable")[: len(y) // 2]] = 1
    return float(_agreement(y, rest, weak)[0])


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


def _agreement(y: Floats, rest: Floats, halves: Floats) -> Floats:
    """Correlate over items what each half (1) and its complement (0) say; shape (splits,)."""
    seen = np.isfinite(y) & np.isfinite(rest)
    # centred, so that sums of squares about the mean of a half lose no digits
    with np.errstate(invalid="ignore", divide="ignore"):
        count = np.maximum(seen.sum(axis=0), 1)
        a, b = (np.where(seen, v - np.where(seen, v, 0).sum(axis=0) / count, 0) for v in (y, rest))
    tables = [seen.astype(np.float64), a, b, a * a, b * b, a * b]
    scale = [np.maximum(t.sum(axis=0), 1e-300) for t in (tables[3], tables[4])]
    found = np.empty(len(halves))
    width = max(1, _BLOCK // (8 * max(y.shape[1], 1)))
    for start in range(0, len(halves), width):
        some = halves[start : start + width]
        one, other = (_from_sums([part @ t for t in tables], scale) for part in (some, 1 - some))
        found[start : start + width] = correlations(one.T, other.T)
    return found


def _from_sums(sums: list[Floats], scale: list[Floats]) -> Floats:
    """Give correlations from n and the sums of a, b, a^2, b^2 and ab."""
    n, a, b, aa, bb, ab = sums
    with np.errstate(invalid="ignore", divide="ignore"):
        va, vb = aa - a * a / n, bb - b * b / n
        r = (ab - a * b / n) / np.sqrt(va * vb)
        flat = (n < 3) | (va <= 1e-9 * scale[0]) | (vb <= 1e-9 * scale[1])
    return np.where(flat, np.nan, r)
