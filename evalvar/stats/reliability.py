"""How far a test would rank the same respondents alike with other items of its kind."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from evalvar.errors import NotEnoughDataError
from evalvar.stats.arguments import ROUNDING, Floats, at_least, check_level
from evalvar.stats.estimate import Estimate
from evalvar.stats.item_statistics import additive_effects, responses_table
from evalvar.stats.quantiles import t_quantile

# Repetitions in which the fits without one item are found; an item that needs more is fitted anew.
_STEPS = 60
# Share of the largest eigenvalue below which one is 0: a shift of all respondents that are linked.
_SINGULAR = 1e-10


def cronbach_alpha(responses: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Estimate Cronbach's alpha, which is KR-20 for scores of 0 and 1.

    Parameters
    ----------
    responses : float array, shape (R, J)
        One row per respondent, one column per item, any unit; NaN = not asked.
    level : float in (0, 1)
        Nominal coverage.

    Returns
    -------
    Estimate
        unit ``respondent``, n = respondents, method ``alpha, wider of jackknife and F``. At most 1,
        and may be negative. NaN where no respondent differs from another, as the method then says.

    Raises
    ------
    NotEnoughDataError
        Fewer than 2 respondents or items.

    Notes
    -----
    alpha = J s2_p / (J s2_p + s2_e) with s2_p, s2_e the variances of respondents and of what is
    left in score = respondent + item + rest, by least squares on the cells that are there; this is
    J/(J-1) (1 - sum of item variances / variance of the total) when nothing is missing (Hoyt 1941).
    Each bound is the outer one of two intervals: Feldt's (1965), by which (1 - alpha) over its
    estimate is F distributed for normal scores, and the delete-one jackknife over respondents of
    log(1 - alpha) with t on R - 1 degrees of freedom (where cells are missing, a respondent's part
    in the squares is taken off without a new fit). F takes abilities as normal and falls short of
    skewed ones however many respondents there are, the jackknife with 20 respondents or fewer; what
    they cover together is measured in ``benchmarks/calibration``.
    Equals the formula of Kuder and Richardson (1937) for scores of 0 and 1 (tested).

    Examples
    --------
    >>> round(cronbach_alpha([[1, 1, 1], [1, 1, 0], [1, 0, 0], [0, 0, 0]]).value, 4)
    0.75
    """
    check_level(level)
    parts = _Parts.of(responses)
    value, method = parts.alpha(), "alpha, wider of jackknife and F"
    low = high = se = np.nan
    if np.isnan(value):
        method = "undefined: no respondent differs from another"
    else:
        each = parts.alpha_without_one()
        logs = np.log(1 - each) if (each < 1).all() and value < 1 else np.array([np.nan])
        error = float(np.sqrt((each.size - 1) / each.size * ((logs - logs.mean()) ** 2).sum()))
        if error > 0:
            half = t_quantile(level, parts.respondents - 1) * error
            by_f = parts.bounds(level)
            low = min(float(1 - (1 - value) * np.exp(half)), by_f[0])
            high = max(float(1 - (1 - value) * np.exp(-half)), by_f[1])
            se = float((1 - value) * error)
        else:
            method = "alpha (too few or too similar respondents: no interval)"
    return Estimate(value, se, low, high, level, parts.respondents, "respondent", method)


def alpha_without_each(responses: ArrayLike) -> Floats:
    """Give Cronbach's alpha of the test without each of its items.

    Parameters
    ----------
    responses : float array, shape (R, J)
        Scores; NaN = not asked.

    Returns
    -------
    float array, shape (J,)
        That of `cronbach_alpha` on the other items, also where scores are missing (tested). NaN
        where these have no variance, and with fewer than 3 items or 2 respondents.

    Examples
    --------
    >>> alpha_without_each([[1, 1, 1], [1, 1, 0], [1, 0, 0], [0, 0, 0]]).round(4).tolist()
    [0.7273, 0.5, 0.7273]
    """
    y = responses_table(responses)
    respondents, count = y.shape
    if count < 3 or respondents < 2:
        return np.full(count, np.nan)
    if np.isnan(y).any():
        return _without_each(y)
    total = y.sum(axis=1, keepdims=True)
    variances = y.var(axis=0, ddof=1)
    # variance of total - item, without a table of them
    covariances = ((y - y.mean(axis=0)) * (total - total.mean())).sum(axis=0) / (respondents - 1)
    rest = total.var(ddof=1) - 2 * covariances + variances
    k = count - 1
    with np.errstate(invalid="ignore", divide="ignore"):
        alpha = k / (k - 1) * (1 - (variances.sum() - variances) / rest)
    return np.where(rest > ROUNDING * (1 + total.max() ** 2), alpha, np.nan)


def measurement_error(responses: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Estimate the standard error of measurement of a respondent's mean score.

    Parameters
    ----------
    responses : float array, shape (R, J)
        Scores; NaN = not asked.
    level : float in (0, 1)
        Nominal coverage.

    Returns
    -------
    Estimate
        In the unit of the scores; unit ``respondent``, n = respondents, method
        ``root of mean square, t over respondents``.

    Raises
    ------
    NotEnoughDataError
        Fewer than 2 respondents or items.

    Notes
    -----
    sqrt(s2_e / J): the standard deviation of the test's mean score over other items of its kind,
    once it is known how hard they are; sd_total sqrt(1 - alpha) / J when nothing is missing
    (tested). Its square is a mean over respondents, whose t interval is taken to the root.

    Examples
    --------
    >>> round(measurement_error([[1, 1, 1], [1, 1, 0], [1, 0, 0], [0, 0, 0]]).value, 4)
    0.2152
    """
    check_level(level)
    parts = _Parts.of(responses)
    squares = parts.mean_squares / parts.items
    se = float(squares.std(ddof=1) / np.sqrt(squares.size))
    mean, half = float(squares.mean()), t_quantile(level, squares.size - 1) * se
    value = float(np.sqrt(mean))
    method = "root of mean square, t over respondents"
    if not se > 0:
        return Estimate(
            value, level=level, n=parts.respondents, unit="respondent",
            method=f"{method} (respondents alike: no interval)",
        )  # fmt: skip
    low, high = float(np.sqrt(max(mean - half, 0.0))), float(np.sqrt(mean + half))
    return Estimate(value, se / (2 * value), low, high, level, parts.respondents, "respondent",
                    method)  # fmt: skip


def _without_each(y: Floats) -> Floats:
    """Give alpha without each item of a table with gaps, from one fit of the whole.

    The fit without item j solves (A - A_j) t = b - b_j for the respondents, where A t = b is that
    of the whole: t - v with A v = r_j + A_j v, r_j what is left of the item. All v are found at
    once by repetition, each step of which brings in a share of about one item in all.
    """
    seen = np.isfinite(y)
    answered = seen.sum(axis=0)
    kept = np.flatnonzero(answered)
    found = np.full(y.shape[1], np.nan)
    if kept.size < 3 or (seen.sum(axis=1) > 0).sum() < 2:
        return found
    y, seen, answered = y[:, kept], seen[:, kept], answered[kept]
    effects, at_zero = additive_effects(y)
    known = seen.astype(np.float64)

    def centred(values: Floats) -> Floats:
        """Take from the values of an item's respondents their mean, and forget the others."""
        means = np.einsum("ij,ij->j", known, values) / answered
        return np.asarray(known * (values - means))

    left = np.where(seen, y - effects[:, None] - at_zero, 0.0)
    system = np.diag(known.sum(axis=1)) - (known / answered) @ known.T
    inverse = np.linalg.pinv(system, rcond=_SINGULAR, hermitian=True)
    moved = inverse @ left
    still = np.zeros(kept.size, dtype=bool)
    for _ in range(_STEPS):
        further = inverse @ (left + centred(moved))
        still = np.abs(further - moved).max(axis=0) <= ROUNDING * np.abs(left).max(initial=0)
        moved = further
        if still.all():
            break
    own = centred(np.where(seen, y, 0.0))
    of_item = centred(np.broadcast_to(effects[:, None], y.shape))
    # what respondents explain of the rest, and what is left of it
    squares = (own**2).sum() - (own**2).sum(axis=0)
    explained = (
        effects @ own.sum(axis=1)
        - 2 * effects @ own
        + (of_item**2).sum(axis=0)
        + np.einsum("ij,ij->j", left, moved)
    )
    cells = seen.sum() - answered
    gone = ((known.sum(axis=1) == 1)[:, None] & seen).sum(axis=0)
    respondents = (seen.sum(axis=1) > 0).sum() - gone
    alpha = _alpha(explained, squares - explained, cells, respondents, kept.size - 1)
    tiny = (ROUNDING * float(np.abs(y[seen]).max())) ** 2 * y.size
    alpha = np.where(explained > tiny, alpha, np.nan)
    for j in np.flatnonzero(~still | (gone > 0) | (squares - explained <= tiny)):
        alpha[j] = _fitted_anew(np.delete(y, j, axis=1))
    found[kept] = alpha
    return found


def _fitted_anew(y: Floats) -> float:
    try:
        return _Parts.of(y).alpha()
    except NotEnoughDataError:
        return np.nan


def _alpha(
    persons: ArrayLike, left: ArrayLike, cells: ArrayLike, respondents: ArrayLike, items: int
) -> Floats:
    """Give alpha from the sums of squares of respondents and of what is left over these cells."""
    total, count = (np.asarray(x, dtype=np.float64) for x in (cells, respondents))
    of_persons, of_rest = (np.asarray(x, dtype=np.float64) for x in (persons, left))
    df = total - count - items + 1
    with np.errstate(invalid="ignore", divide="ignore"):
        between, rest = of_persons / (count - 1), of_rest / df
        # the mean square of respondents is s2_e + (cells - J) / (R - 1) s2_p
        share = (between - rest) / ((total - items) / (count - 1))
        alpha = items * share / (items * share + rest)
        defined = (of_persons > 0) & (df > 0) & (items * share + rest > 0)
    return np.asarray(np.where(defined, alpha, np.nan))


@dataclass(frozen=True, slots=True)
class _Parts:
    """The two sums of squares, of respondents and of what is left, by respondent."""

    respondents: int
    items: int
    asked: Floats  # (R,) items that each respondent answered
    persons: Floats  # (R,) sums to what respondents explain
    left: Floats  # (R,) sums to the squares of what is left

    @classmethod
    def of(cls, responses: ArrayLike) -> "_Parts":
        y = responses_table(responses)
        seen = np.isfinite(y)
        y, seen = y[seen.any(axis=1)], seen[seen.any(axis=1)]
        y, seen = y[:, seen.any(axis=0)], seen[:, seen.any(axis=0)]
        count, items = y.shape
        at_least(count, 2, "a reliability", "respondent")
        at_least(items, 2, "a reliability", "item")
        effects, at_zero = additive_effects(y)
        left = np.where(seen, y - effects[:, None] - at_zero, 0.0)
        asked = seen.sum(axis=1).astype(np.float64)
        means = np.where(seen, y, 0).sum(axis=0) / seen.sum(axis=0)
        explained = float(effects @ np.where(seen, y - means, 0).sum(axis=1))
        persons = effects**2 * asked
        rounding = (ROUNDING * float(np.abs(y[seen]).max())) ** 2 * y.size
        squares = (left**2).sum(axis=1)
        if persons.sum() <= rounding:
            persons = np.zeros(count)
        else:
            persons = persons * explained / persons.sum()
        if squares.sum() <= rounding:
            squares = np.zeros(count)
        return cls(count, items, asked, persons, squares)

    @property
    def mean_squares(self) -> Floats:
        """Mean square of what is left by respondent, such that their mean is the mean of all."""
        df = self.asked.sum() - self.respondents - self.items + 1
        return np.asarray(self.left / self.asked * (self.asked.sum() / df))

    def alpha(self) -> float:
        """Give alpha of all respondents."""
        return float(self._alpha(self.persons.sum(), self.left.sum(), self.asked.sum(), 0))

    def bounds(self, level: float) -> tuple[float, float]:
        """Give Feldt's bounds of alpha."""
        df = self.respondents - 1, self.asked.sum() - self.respondents - self.items + 1
        f = special.fdtri(*df, [(1 + level) / 2, (1 - level) / 2])
        low, high = self._alpha(self.persons.sum() / f, self.left.sum(), self.asked.sum(), 0)
        return float(low), float(high)

    def alpha_without_one(self) -> Floats:
        """Give alpha without each respondent in turn; exact when nothing is missing."""
        times = self.respondents / (self.respondents - 1)
        return self._alpha(
            self.persons.sum() - times * self.persons,
            self.left.sum() - times * self.left,
            self.asked.sum() - self.asked,
            1,
        )

    def _alpha(self, persons: ArrayLike, left: ArrayLike, cells: ArrayLike, less: int) -> Floats:
        """Give alpha of so many respondents fewer."""
        return _alpha(persons, left, cells, self.respondents - less, self.items)
