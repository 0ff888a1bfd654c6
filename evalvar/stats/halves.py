"""How far other respondents would find the same items discriminating: halves of the respondents."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike

from evalvar.stats.arguments import Floats, at_least
from evalvar.stats.item_statistics import correlations, responses_table, rest_scores

# Cells of one block of splits.
_BLOCK = 1 << 22


def random_halves(responses: ArrayLike, *, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Give the items' discriminations in a random half of the respondents, and in the others.

    Parameters
    ----------
    responses : float array, shape (R, J)
        Scores; NaN = not asked.
    rng : numpy.random.Generator
        Draws the half, of R // 2 respondents.

    Returns
    -------
    drawn, others : float array, shape (J,)
        Item-rest correlations; NaN where the item, or the rest, is the same from all of a half,
        and with fewer than 3 of it that answered.

    Raises
    ------
    NotEnoughDataError
        Fewer than 6 respondents: a half needs 3.

    Notes
    -----
    Equals the first split of `split_stability` of the same rng (tested).
    """
    y, _, rest = _responses(responses)
    return _of_one(y, rest, _drawn(len(y), 1, rng))


def weak_strong_halves(responses: ArrayLike) -> tuple[Floats, Floats]:
    """Give the items' discriminations among the weaker and among the stronger respondents.

    Parameters
    ----------
    responses : float array, shape (R, J)
        Scores; NaN = not asked.

    Returns
    -------
    weak, strong : float array, shape (J,)
        As of `random_halves`; the weaker are the R // 2 of the lowest score on the whole test, of
        equal ones the first in the table.

    Raises
    ------
    NotEnoughDataError
        Fewer than 6 respondents.
    """
    y, total, rest = _responses(responses)
    return _of_one(y, rest, _weaker(total))


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
    y, _, rest = _responses(responses)
    return _agreement(y, rest, _drawn(len(y), splits, rng))


def weak_strong_stability(responses: ArrayLike) -> float:
    """Correlate the items' discriminations among the weaker and among the stronger respondents.

    Parameters
    ----------
    responses : float array, shape (R, J)
        Scores; NaN = not asked.

    Returns
    -------
    float
        As one of `split_stability`, of `weak_strong_halves`. Abilities differ less within a half
        that was chosen by ability, which alone makes it smaller than that of random halves.

    Raises
    ------
    NotEnoughDataError
        Fewer than 6 respondents.
    """
    y, total, rest = _responses(responses)
    return float(_agreement(y, rest, _weaker(total))[0])


def _responses(responses: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Return the responses, and what `rest_scores` says of them."""
    y = responses_table(responses)
    at_least(len(y), 6, "the stability of discriminations", "respondent")
    return y, *rest_scores(y)


def _drawn(respondents: int, splits: int, rng: np.random.Generator) -> Floats:
    """Mark a random half in each row."""
    halves = np.zeros((splits, respondents))
    for half in halves:
        half[rng.permutation(respondents)[: respondents // 2]] = 1
    return halves


def _weaker(total: Floats) -> Floats:
    """Mark the weaker half in the only row."""
    weak = np.zeros((1, total.size))
    weak[0, np.argsort(np.nan_to_num(total), kind="stable")[: total.size // 2]] = 1
    return weak


def _of_one(y: Floats, rest: Floats, halves: Floats) -> tuple[Floats, Floats]:
    one, other = next(_discriminations(y, rest, halves))
    return one[0], other[0]


def _agreement(y: Floats, rest: Floats, halves: Floats) -> Floats:
    """Correlate over items what each half (1) and its complement (0) say; shape (splits,)."""
    return np.concatenate(
        [correlations(one.T, other.T) for one, other in _discriminations(y, rest, halves)]
    )


def _discriminations(y: Floats, rest: Floats, halves: Floats) -> Iterator[tuple[Floats, Floats]]:
    """Yield, block by block, what each half and its complement say of each item; (splits, J)."""
    seen = np.isfinite(y) & np.isfinite(rest)
    # centred, so that sums of squares about the mean of a half lose no digits
    with np.errstate(invalid="ignore", divide="ignore"):
        count = np.maximum(seen.sum(axis=0), 1)
        a, b = (np.where(seen, v - np.where(seen, v, 0).sum(axis=0) / count, 0) for v in (y, rest))
    tables = [seen.astype(np.float64), a, b, a * a, b * b, a * b]
    scale = [np.maximum(t.sum(axis=0), 1e-300) for t in (tables[3], tables[4])]
    width = max(1, _BLOCK // (8 * max(y.shape[1], 1)))
    for start in range(0, len(halves), width):
        some = halves[start : start + width]
        one, other = (_from_sums([part @ t for t in tables], scale) for part in (some, 1 - some))
        yield one, other


def _from_sums(sums: list[Floats], scale: list[Floats]) -> Floats:
    """Give correlations from n and the sums of a, b, a^2, b^2 and ab."""
    n, a, b, aa, bb, ab = sums
    with np.errstate(invalid="ignore", divide="ignore"):
        va, vb = aa - a * a / n, bb - b * b / n
        r = (ab - a * b / n) / np.sqrt(va * vb)
        flat = (n < 3) | (va <= 1e-9 * scale[0]) | (vb <= 1e-9 * scale[1])
    return np.where(flat, np.nan, r)
