"""Which items look wrong: better respondents do worse, agree on another answer, or repeat one."""

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from evalvar.stats.arguments import Floats, same_size
from evalvar.stats.item_statistics import additive_effects, responses_table
from evalvar.stats.rank_law import low_sum_p

# Up to so many respondents the law of the rank sum is counted out.
_COUNTED = 100
# What a respondent scores by chance is taken to lie at least this far from 0 and from 1.
_MARGIN = 0.02
_BLOCK = 1 << 22


def falling_p(scores: ArrayLike, ability: ArrayLike) -> Floats:
    """Test item by item whether respondents of higher ability score lower.

    Parameters
    ----------
    scores : float array, shape (R, J)
        One row per respondent, one column per item, any unit; NaN = not asked.
    ability : float array, shape (R, J)
        What each respondent is worth by all else, as of `rest_scores`; NaN = not known.

    Returns
    -------
    float array, shape (J,)
        One-sided p-values of "ability and score of this item are independent". NaN where fewer than
        3 respondents have both or all scores are equal.

    Notes
    -----
    With two values per item it is the rank-sum test of Wilcoxon (1945): the law of the sum of
    ranks is counted out up to 100 respondents, and normal beyond; tied abilities have the mean of
    their ranks and are judged by the law without ties, which is the wider. With more values it is
    Spearman's rank correlation times sqrt(n - 1) as normal. Both are on the safe side far out,
    where many items are tested. It is exact for any law of the abilities, but respondents must be
    independent: of ten near copies of a model it counts ten.
    Equals `scipy.stats.mannwhitneyu`, method ``exact`` (tested).

    Examples
    --------
    >>> falling_p([[1.0], [1.0], [0.0], [0.0]], [[1.0], [2.0], [3.0], [4.0]]).round(4).tolist()
    [0.1667]
    """
    y, x = responses_table(scores), responses_table(ability)
    same_size(y, x, "scores and ability")
    p = np.full(y.shape[1], np.nan)
    width = max(1, _BLOCK // max(len(y), 1))
    for start in range(0, y.shape[1], width):
        at = slice(start, start + width)
        p[at] = _falling(y[:, at].T, x[:, at].T)
    return p


def same_columns(responses: ArrayLike) -> np.ndarray:
    """Put into numbered sets the items whose responses are the same from every respondent.

    Parameters
    ----------
    responses : float array, shape (R, J)
        Scores; NaN = not asked, and equal to itself.

    Returns
    -------
    int array, shape (J,)
        Items with the same number have the same responses.

    Examples
    --------
    >>> same_columns([[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]]).tolist()
    [1, 0, 1]
    """
    columns = np.ascontiguousarray(responses_table(responses).T) + 0.0  # no minus zero
    columns[np.isnan(columns)] = np.nan
    keys = columns.view(np.dtype((np.void, columns.dtype.itemsize * max(columns.shape[1], 1))))
    return np.unique(keys.ravel(), return_inverse=True)[1]


def repeats_p(responses: ArrayLike, groups: ArrayLike, *, fewest: int = 1) -> Floats:
    """Test whether responses recur from item to item more often than chance would have it.

    Parameters
    ----------
    responses : float array, shape (R, J)
        Scores of 0 and 1; NaN = not asked.
    groups : int array, shape (J,)
        As of `same_columns`.
    fewest : int
        So many respondents must be right, and so many wrong.

    Returns
    -------
    float array, shape (G,)
        One-sided p-value of each group's number of items; NaN, not tested, for groups of one item
        and where fewer respondents are right or wrong.

    Notes
    -----
    Chance is: each answer right with the probability respondent + item of `additive_effects`, cut
    to 0.02..0.98, all independent. The number of other items with the same responses is then close
    to Poisson; its mean is the sum over items of the chance of these responses. Where more items
    differ by one answer than chance has it, the mean is larger by that factor, since there chance
    is misjudged. Related models err alike, so a small p is weak evidence of a repeated item.
    """
    y = responses_table(responses)
    numbers, first, size = np.unique(np.asarray(groups), return_index=True, return_counts=True)
    p = np.full(numbers.size, np.nan)
    mixed = np.minimum(*((y[:, first] == v).sum(axis=0) for v in (0.0, 1.0))) >= fewest
    several = np.flatnonzero((size > 1) & mixed)
    if not several.size:
        return p
    respondents, items = additive_effects(y)
    chance = np.clip(respondents[:, None] + items, _MARGIN, 1 - _MARGIN)
    log_right, log_wrong = np.log(chance), np.log1p(-chance)
    odds = chance / (1 - chance)
    known = np.isfinite(y)
    truth = np.where(known, y, 0.0)
    width = max(1, _BLOCK // y.shape[1])
    for start in range(0, several.size, width):
        some = several[start : start + width]
        pattern = y[:, first[some]].T
        right, wrong = ((pattern == v).astype(np.float64) for v in (1.0, 0.0))
        alike = np.exp(right @ log_right + wrong @ log_wrong)
        expected = alike.sum(axis=1)
        # the same but for one answer
        near = (alike * (right @ (1 / odds) + wrong @ odds)).sum(axis=1)
        differ = right @ (known - truth) + wrong @ truth
        excess = np.maximum((np.abs(differ - 1) < 0.5).sum(axis=1) / near, 1.0)
        p[some] = special.gammainc(size[some] - 1.0, expected * excess)
    return p


def _falling(y: Floats, x: Floats) -> Floats:
    """Give the p-values of rows of scores and abilities."""
    seen = np.isfinite(y) & np.isfinite(x)
    n = seen.sum(axis=1)
    p = np.full(len(y), np.nan)
    top = np.where(seen, y, -np.inf).max(axis=1, initial=-np.inf)
    bottom = np.where(seen, y, np.inf).min(axis=1, initial=np.inf)
    ranks = _midranks(x, seen)
    upper = seen & (y == top[:, None])
    two = (upper | (y == bottom[:, None]) | ~seen).all(axis=1)
    tested = (n >= 3) & (top > bottom)
    exact = tested & two & (n <= _COUNTED)
    p[exact] = _counted(n[exact], upper[exact].sum(axis=1), (ranks * upper)[exact].sum(axis=1))
    rest = tested & ~exact
    if rest.any():
        p[rest] = _by_score(y[rest], ranks[rest], seen[rest], n[rest])
    return p


def _counted(n: np.ndarray, k: np.ndarray, total: Floats) -> Floats:
    """Give the chance of a sum of k of the ranks 1..n that is no larger."""
    p = np.empty(n.size)
    # between two sums the larger is taken
    least = np.ceil(total - 1e-9).astype(np.int64)
    for size in np.unique(n):
        law = _rank_sums(int(size))
        for count in np.unique(k[n == size]):
            at = (n == size) & (k == count)
            cumulative = law[int(count)]
            p[at] = cumulative[np.minimum(least[at], cumulative.size - 1)]
    return p


def _midranks(values: Floats, seen: np.ndarray) -> Floats:
    """Rank rows from the smallest, 1, up to rounding; what is not seen comes last."""
    from scipy.stats import rankdata

    scale = np.abs(np.where(seen, values, 0)).max(initial=0) or 1.0
    return np.asarray(rankdata(np.where(seen, np.round(values / scale, 12), np.inf), axis=1))


@lru_cache(maxsize=32)
def _rank_sums(n: int) -> list[Floats]:
    """Give, for each k, the distribution function of the sum of k of the ranks 1..n."""
    half = n // 2
    ways = np.zeros((half + 1, half * (2 * n - half + 1) // 2 + 1))
    ways[0, 0] = 1
    for rank in range(1, n + 1):
        ways[1:, rank:] += ways[:-1, : ways.shape[1] - rank]
    whole = n * (n + 1) // 2
    laws = []
    for k in range(n + 1):
        few = min(k, n - k)
        counts = np.zeros(whole + 1)
        counts[: ways.shape[1]] = ways[few][: whole + 1]
        # the sum of the others is what is left of the whole
        cumulative = np.cumsum(counts if few == k else counts[::-1]) / counts.sum()
        laws.append(np.minimum(cumulative, 1.0))
    return laws


def _by_score(y: Floats, ranks: Floats, seen: np.ndarray, n: np.ndarray) -> Floats:
    """Give the p-values of rows with more than two scores, or with many respondents."""
    # twice the mean rank of each score is whole
    scores = np.where(seen, np.round(2 * _midranks(y, seen)), 0).astype(np.int64)
    sums = (scores * np.where(seen, ranks, 0)).sum(axis=1)
    ordered = np.sort(scores, axis=1)
    kinds, kind = np.unique(ordered, axis=0, return_inverse=True)
    kind = kind.ravel()
    p = np.empty(len(y))
    for number, row in enumerate(kinds):
        at = kind == number
        p[at] = low_sum_p(tuple(row[row > 0].tolist()), sums[at])
    return p
