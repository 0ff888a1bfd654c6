"""What an item tells of those who answer it: classical test theory on a respondent x item table."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evalvar.errors import UsageError
from evalvar.stats.arguments import ROUNDING, Floats, check_level
from evalvar.stats.quantiles import t_quantile

# Cells of one block of items, so that the jackknife's copies stay small.
_BLOCK = 1 << 20
# With fewer respondents a correlation has no standard error worth the name.
_FEWEST = 5


@dataclass(frozen=True, slots=True)
class ItemStatistics:
    """Classical statistics of J items; NaN where undefined.

    Parameters
    ----------
    n : int array, shape (J,)
        Respondents that answered the item.
    difficulty : float array, shape (J,)
        Mean score, in the unit of the scores: high is easy.
    total, rest : float array, shape (J,)
        Correlation of the item's scores with those of the whole test, and of the test without it.
    total_se, total_low, total_high, rest_se, rest_low, rest_high : float array, shape (J,)
        Standard errors of both and the bounds of their intervals.
    upper_lower : float array, shape (J,)
        Mean score of the best respondents less that of the worst.
    """

    n: np.ndarray
    difficulty: Floats
    total: Floats
    rest: Floats
    total_se: Floats
    total_low: Floats
    total_high: Floats
    rest_se: Floats
    rest_low: Floats
    rest_high: Floats
    upper_lower: Floats


def responses_table(responses: ArrayLike) -> Floats:
    """Return the responses as floats, shape (respondents, items), or say what is wrong."""
    y = np.asarray(responses, dtype=np.float64)
    if y.ndim != 2 or np.isinf(y).any():
        raise UsageError(
            f"responses need 2 axes, respondents and items, and no infinite value, but have "
            f"{y.ndim} axes."
        )
    return y


def additive_effects(responses: ArrayLike) -> tuple[Floats, Floats]:
    """Fit responses by respondent + item, so that who skipped hard items is not favoured.

    Parameters
    ----------
    responses : float array, shape (R, J)
        Scores; NaN = not asked.

    Returns
    -------
    respondents : float array, shape (R,)
        Effects that sum to zero (within each set of respondents linked by items).
    items : float array, shape (J,)
        What a respondent of effect zero scores on each item; NaN where nobody answered.

    Notes
    -----
    Least squares, exact: the items are eliminated and R equations solved.
    Equals row means less their mean, and column means, when nothing is missing (tested).

    Examples
    --------
    >>> respondents, items = additive_effects([[1.0, 0.0], [1.0, 1.0]])
    >>> respondents.tolist(), items.tolist()
    ([-0.25, 0.25], [1.0, 0.5])
    """
    y = responses_table(responses)
    seen = np.isfinite(y)
    if seen.all():
        rows = y.mean(axis=1) if y.shape[1] else np.zeros(len(y))
        return rows - rows.mean(), y.mean(axis=0)
    known = np.where(seen, y, 0.0)
    count = seen.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = known.sum(axis=0) / count
        shares = np.where(count > 0, seen / count, 0.0)
    own = (known - np.where(seen, means, 0.0)).sum(axis=1)
    system = np.diag(seen.sum(axis=1).astype(np.float64)) - shares @ seen.T.astype(np.float64)
    respondents = np.asarray(np.linalg.lstsq(system, own)[0])
    return respondents, np.asarray(means - respondents @ shares)


def rest_scores(responses: ArrayLike) -> tuple[Floats, Floats]:
    """Give what each respondent scores on the whole test, and on the test without each item.

    Parameters
    ----------
    responses : float array, shape (R, J)
        Scores; NaN = not asked.

    Returns
    -------
    total : float array, shape (R,)
        Mean over the items answered of score less item effect.
    rest : float array, shape (R, J)
        The same without the item; NaN where the respondent has not answered it, or nothing else.

    Notes
    -----
    Item effects are those of `additive_effects`; when nothing is missing they move all respondents
    alike and the correlations with the item are those with plain sums of scores.
    """
    y = responses_table(responses)
    _, items = additive_effects(y)
    beyond = y - items
    answered = np.isfinite(y).sum(axis=1)
    sums = np.nansum(beyond, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        rest = (sums[:, None] - beyond) / (answered - 1.0)[:, None]
        total = sums / answered
    rest[~np.isfinite(rest)] = np.nan
    return np.where(answered > 0, total, np.nan), rest


def item_statistics(
    responses: ArrayLike, *, level: float = 0.95, share: float = 0.27
) -> ItemStatistics:
    """Describe every item by how hard it is and how well it tells good respondents from bad.

    Parameters
    ----------
    responses : float array, shape (R, J)
        One row per respondent (a model, a seed), one column per item, any unit; NaN = not asked.
    level : float in (0, 1)
        Nominal coverage of the intervals.
    share : float in (0, 0.5]
        Which share of the respondents is best, and which worst, in `upper_lower`; at least one.

    Returns
    -------
    ItemStatistics
        A correlation is NaN with fewer than 3 respondents or where the item or the test is
        constant; its interval with fewer than 5, and where one respondent alone differs.

    Notes
    -----
    Each item rests on the respondents that answered it, the test of each respondent on the items
    it answered, as `rest_scores` says.
    The interval is that of the delete-one jackknife over respondents of Fisher's z = artanh r, with
    t on n - 1 degrees of freedom, turned back. Of 0/1 items on abilities that are normal, skewed or
    of two kinds it covers 95 to 97 % with 10 to 100 respondents, where Fisher's own 1/sqrt(n - 3)
    falls to 92 % (``benchmarks/calibration``). That of `total` is made alike.
    The best and worst are taken in order of `total`, of equal ones the first in the table.

    Examples
    --------
    >>> item_statistics([[1, 1], [1, 0], [0, 0]]).difficulty.round(3).tolist()
    [0.667, 0.333]
    """
    check_level(level)
    if not 0 < share <= 0.5:
        raise UsageError(f"share must lie above 0 and not above 0.5, but is {share}.")
    y = responses_table(responses)
    total, rest = rest_scores(y)
    n = np.isfinite(y).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        difficulty = np.nansum(y, axis=0) / n
    numbers = ("", "_se", "_low", "_high")
    names = [what + name for what in ("total", "rest") for name in numbers]
    found = {name: np.full(y.shape[1], np.nan) for name in names}
    upper_lower = _upper_lower(y, total, share)
    width = max(1, _BLOCK // max(len(y), 1))
    for start in range(0, y.shape[1], width):
        at = slice(start, start + width)
        whole = np.broadcast_to(total[:, None], y[:, at].shape)
        for what, other in (("total", whole), ("rest", rest[:, at])):
            bounds = _correlated(y[:, at], other, n[at], level)
            for name, values in zip(numbers, bounds, strict=True):
                found[what + name][at] = values
    return ItemStatistics(n=n, difficulty=difficulty, upper_lower=upper_lower, **found)


def best_and_worst(total: Floats, *, share: float = 0.27) -> tuple[np.ndarray, np.ndarray]:
    """Give the numbers of the best and of the worst respondents, by their scores on the test.

    Parameters
    ----------
    total : float array, shape (R,)
        As of `rest_scores`; NaN = answered nothing.
    share : float in (0, 0.5]
        As for `item_statistics`.
    """
    known = np.flatnonzero(np.isfinite(total))
    order = known[np.argsort(-np.round(total[known], 12), kind="stable")]
    size = max(1, int(np.floor(share * order.size + 0.5)))
    if order.size < 2:
        return order[:0], order[:0]
    return order[:size], order[-size:]


def correlations(a: Floats, b: Floats) -> Floats:
    """Correlate columns over the rows that both have; NaN where either is constant or has < 3."""
    seen = np.isfinite(a) & np.isfinite(b)
    n = seen.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        x, y = (np.where(seen, v - np.where(seen, v, 0).sum(axis=0) / n, 0) for v in (a, b))
        sx, sy = (x**2).sum(axis=0), (y**2).sum(axis=0)
        r = (x * y).sum(axis=0) / np.sqrt(sx * sy)
        flat = (sx <= _flat(a, seen)) | (sy <= _flat(b, seen)) | (n < 3)
    return np.asarray(np.where(flat, np.nan, np.clip(r, -1, 1)))


def _flat(values: Floats, seen: np.ndarray) -> Floats:
    """Give the sum of squares below which a column is constant up to rounding."""
    largest = np.abs(np.where(seen, values, 0)).max(axis=0, initial=0)
    return np.asarray((ROUNDING * largest) ** 2 * seen.sum(axis=0))


def _jackknifed(item: Floats, rest: Floats) -> tuple[Floats, Floats]:
    """Correlate columns, and give the jackknife's standard error of Fisher's z."""
    r = correlations(item, rest)
    seen = np.isfinite(item) & np.isfinite(rest)
    n = seen.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        x, y = (np.where(seen, v - np.where(seen, v, 0).sum(axis=0) / n, 0) for v in (rest, item))
        # sums of squares about the mean without one row: S - x^2 n/(n-1)
        lost = n / (n - 1.0)
        sxx, syy, sxy = ((p * q).sum(axis=0) - lost * p * q for p, q in ((x, x), (y, y), (x, y)))
        tiny = ROUNDING * (y**2).sum(axis=0)
        z = np.arctanh(np.clip(sxy / np.sqrt(sxx * syy), -1, 1))
        z = np.where(seen, z, 0.0)
        broken = (~np.isfinite(z) | (seen & (syy <= tiny))).any(axis=0)
        z = np.where(broken, 0.0, z)
        spread = np.where(seen, z - z.sum(axis=0) / n, 0.0)
        error = np.sqrt((n - 1) / n * (spread**2).sum(axis=0))
    return r, np.asarray(np.where(broken | np.isnan(r), np.nan, error))


def _correlated(item: Floats, other: Floats, n: np.ndarray, level: float) -> tuple[Floats, ...]:
    """Correlate columns; give the standard error, and the bounds by the jackknife."""
    r, error = _jackknifed(item, other)
    with np.errstate(invalid="ignore", divide="ignore"):
        known = (n >= _FEWEST) & (np.abs(r) < 1) & (error > 0)
        half = np.array([t_quantile(level, max(int(m) - 1, 1)) for m in n]) * error
        z = np.arctanh(r)
        se, low, high = (1 - r**2) * error, np.tanh(z - half), np.tanh(z + half)
    return r, *(np.where(known, values, np.nan) for values in (se, low, high))


def _upper_lower(y: Floats, total: Floats, share: float) -> Floats:
    best, worst = (y[rows] for rows in best_and_worst(total, share=share))
    with np.errstate(invalid="ignore", divide="ignore"):
        upper, lower = (
            np.nansum(part, axis=0) / np.isfinite(part).sum(axis=0) for part in (best, worst)
        )
    return np.asarray(upper - lower)
