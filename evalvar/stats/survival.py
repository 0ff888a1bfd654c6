"""Right-censored times: are one group's shorter than another's, and by what factor?"""

from dataclasses import dataclass
from math import exp, hypot, isfinite, log, nan, sqrt
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from evalvar.errors import UsageError
from evalvar.stats.arguments import Floats, at_least, check_level, finite
from evalvar.stats.dealt_labels import dealt_p
from evalvar.stats.estimate import Estimate
from evalvar.stats.quantiles import t_quantile, t_two_sided

Weights = Literal["log-rank", "gehan-wilcoxon", "tarone-ware"]
_POWERS = {"log-rank": 0.0, "gehan-wilcoxon": 1.0, "tarone-ware": 0.5}
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class LogRank:
    """Events of group a against what is expected where both groups have one law.

    Parameters
    ----------
    observed, expected : float
        Weighted events of group a, summed over strata. More than expected: a is faster.
    variance : float
        Of observed - expected under one law.
    events : int
        Events of both groups in the strata that hold both.
    p_value : float
        Two-sided, of one law for both groups; NaN where nothing can differ.
    method : str
        Which weights, over how many strata, and whether the p-value is exact.
    """

    observed: float
    expected: float
    variance: float
    events: int
    p_value: float
    method: str

    @property
    def statistic(self) -> float:
        """Chi-square with one degree of freedom; NaN where nothing can differ."""
        if not self.variance > 0:
            return nan
        return (self.observed - self.expected) ** 2 / self.variance

    @property
    def chi_square_p(self) -> float:
        """What the p-value would be in large groups, as most programs give it in all."""
        return float(special.chdtrc(1, self.statistic)) if self.variance > 0 else nan


def log_rank(
    times: ArrayLike,
    ended: ArrayLike,
    in_a: ArrayLike,
    *,
    strata: ArrayLike | None = None,
    weights: Weights = "log-rank",
) -> LogRank:
    """Test whether the right-censored times of two groups have one law, stratum by stratum.

    Parameters
    ----------
    times : float array, shape (n,)
        When each ended, or until when it was seen not to.
    ended : bool array, shape (n,)
        False where the time is censored: what was seen then goes on.
    in_a : bool array, shape (n,)
        Whether it is of group a, else of group b.
    strata : label array, shape (n,), optional
        What is compared with its like only: problems. Strata with one group add nothing.
    weights : {"log-rank", "gehan-wilcoxon", "tarone-ware"}
        Each event counts 1, the number at risk, or its square root.

    Returns
    -------
    LogRank

    Raises
    ------
    NotEnoughDataError
        No time.
    UsageError
        Shapes that differ, a time that is not finite or below zero, unknown weights.

    Notes
    -----
    At each time with d events among n at risk, n_a of them in a: E = d n_a/n, V = d (n_a/n)
    (n_b/n) (n - d)/(n - 1), weighted by w and w^2; sums over times and strata. "Evaluation of
    survival data and two new rank order statistics" (Mantel 1966); weights: Gehan 1965, "On
    distribution-free tests for equality of survival distributions" (Tarone, Ware 1977).
    O - E is the sum over a of a score of each time, so that its law under one law of times is known
    exactly, by dealing the labels anew within strata (`dealt_p`): chi-square would give p = 0.005
    to 1 against 8, where no p can be below 1/9. It is used where the smaller groups of all strata
    hold 20 or more. That needs one law of censoring too, as where all are stopped at one limit.
    The statistic equals `scipy.stats.logrank` squared, without strata, and so does the p-value in
    large groups (tested).

    Examples
    --------
    >>> test = log_rank([1, 2, 3, 4], [True] * 4, [True, True, False, False])
    >>> round(test.statistic, 6)
    2.882353
    """
    t, event, a = _checked(times, ended, in_a)
    if weights not in _POWERS:
        raise UsageError(f"weights must be one of {', '.join(_POWERS)}, but is {weights!r}.")
    codes = np.zeros(t.size, dtype=np.int64)
    if strata is not None:
        codes = np.unique(np.asarray(strata), return_inverse=True)[1].ravel()
        if codes.shape != t.shape:
            raise UsageError(f"strata need the shape of the times, {t.shape}, not {codes.shape}.")
    total, events = np.zeros(3), 0
    scores: list[Floats] = []
    labels: list[int] = []
    order = np.argsort(codes, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(codes[order])) + 1):
        if a[rows].all() or not a[rows].any():
            continue
        sums, own = _stratum(t[rows], event[rows], a[rows], _POWERS[weights])
        total += sums
        scores.append(own)
        labels.append(int(a[rows].sum()))
        events += int(event[rows].sum())
    method = f"{weights}{f', {len(scores)} strata' if strata is not None else ''}"
    observed, expected, variance = map(float, total)
    p = nan
    if variance > 0:
        p, how = dealt_p(scores, labels, observed - expected, variance)
        method += f", {how}"
    return LogRank(observed, expected, variance, events, p, method)


def _stratum(t: Floats, event: Flags, a: Flags, power: float) -> tuple[Floats, Floats]:
    """Give O, E and V of one stratum, and the score of each of its times."""
    at = np.unique(t[event])
    place, own = np.sort(t), np.sort(t[a])
    n = t.size - np.searchsorted(place, at, side="left")
    n_a = own.size - np.searchsorted(own, at, side="left")
    d = np.bincount(np.searchsorted(at, t[event]), minlength=at.size)
    d_a = np.bincount(np.searchsorted(at, t[event & a]), minlength=at.size)
    w = n.astype(np.float64) ** power
    share = n_a / n
    spread = d * share * (1 - share) * (n - d) / np.maximum(n - 1, 1)
    sums = np.array([(w * d_a).sum(), (w * d * share).sum(), (w**2 * spread).sum()])
    due = np.concatenate([[0.0], np.cumsum(w * d / n)])[np.searchsorted(at, t, side="right")]
    ended = np.zeros(t.size)
    ended[event] = w[np.searchsorted(at, t[event])]
    return sums, ended - due


def survival_curve(times: ArrayLike, ended: ArrayLike) -> tuple[Floats, Floats]:
    """Share that has not ended by each time, with right-censoring: Kaplan-Meier.

    Parameters
    ----------
    times, ended
        As for `log_rank`.

    Returns
    -------
    times : float array, shape (m,)
        Distinct times with an event, ascending.
    share : float array, shape (m,)
        Not ended just after each.

    Notes
    -----
    The product of 1 - d/n over the events so far: "Nonparametric estimation from incomplete
    observations" (Kaplan, Meier 1958).
    Equals `scipy.stats.ecdf` of `CensoredData` (tested).

    Examples
    --------
    >>> survival_curve([1.0, 2.0, 2.0, 5.0], [True, True, False, False])[1].tolist()
    [0.75, 0.5]
    """
    t, event, _ = _checked(times, ended)
    at, n, d = _at_risk(t, event)
    return at, np.asarray(np.cumprod(1 - d / n))


def restricted_mean(
    times: ArrayLike, ended: ArrayLike, *, limit: float, level: float = 0.95
) -> Estimate:
    """Mean time up to a limit, with right-censoring: the area under the Kaplan-Meier curve.

    Parameters
    ----------
    times, ended
        As for `log_rank`.
    limit : float
        Up to which time; what takes longer counts as this long.
    level : float in (0, 1)
        Nominal coverage.

    Returns
    -------
    Estimate
        unit ``sample``; t interval with n - 1 degrees of freedom, cut to 0..limit. Where all times
        are equal up to the limit, and for a single one, there is no interval.

    Raises
    ------
    NotEnoughDataError
        No time.
    UsageError
        A limit of zero or less, or beyond the last time, which is censored.

    Notes
    -----
    se^2 = n/(n-1) sum over events of A^2 d/(m (m - d)), A the area under the curve from there to
    the limit, m at risk: "The standard error of an estimate of expectation of life" (Irwin 1949),
    with the factor n/(n-1).
    Equals mean and s^2/n of min(time, limit) where nothing is censored before it (tested).

    Examples
    --------
    >>> restricted_mean([1.0, 3.0, 9.0], [True, True, True], limit=5.0).value
    3.0
    """
    t, event, _ = _checked(times, ended)
    check_level(level)
    value, variance = _area(t, event, limit)
    if not variance > 0:
        why = "a single time" if t.size < 2 else "all equal up to the limit"
        return Estimate(value, level=level, n=t.size, unit="sample",
                        method=f"restricted mean ({why}: no interval)")  # fmt: skip
    se = sqrt(variance)
    half = t_quantile(level, t.size - 1) * se
    low, high = max(value - half, 0.0), min(value + half, limit)
    return Estimate(value, se, low, high, level, t.size, "sample", "restricted mean, t")


def restricted_mean_ratio(
    times_a: ArrayLike,
    ended_a: ArrayLike,
    times_b: ArrayLike,
    ended_b: ArrayLike,
    *,
    limit: float,
    level: float = 0.95,
) -> Estimate:
    """Ratio a/b of two mean times up to a limit, with right-censoring.

    Parameters
    ----------
    times_a, ended_a, times_b, ended_b
        As for `log_rank`, of each group.
    limit, level
        As for `restricted_mean`.

    Returns
    -------
    Estimate
        unit ``sample``, n = times of both; `se` is that of the logarithm, and the interval is t on
        the log scale; `p_value` of a ratio of 1. Below 1: a is faster.

    Raises
    ------
    NotEnoughDataError, UsageError
        As `restricted_mean`; a mean of zero.

    Notes
    -----
    var(log ratio) = var_a/mean_a^2 + var_b/mean_b^2: "The use of restricted mean survival time to
    estimate the treatment effect" (Royston, Parmar 2011), which is normal; t with Welch's degrees
    of freedom covers groups of 10 too (``benchmarks/calibration``).
    Where n of one group reach the limit and none ended before, they show no variance: its mean is
    then at least (1 - level)^(1/n) of the limit, mid-p of n in n, and the distances of both groups'
    bounds are squared and added, as in `fixed_items_difference`. The p-value is that of the
    interval that ends at 1.

    Examples
    --------
    >>> both = restricted_mean_ratio([1.0, 3.0], [True] * 2, [2.0, 6.0], [True] * 2, limit=9.0)
    >>> both.value
    0.5
    """
    check_level(level)
    parts: list[tuple[float, float, int]] = []
    reached: list[int] = []
    for times, ended in ((times_a, ended_a), (times_b, ended_b)):
        t, event, _ = _checked(times, ended)
        mean, variance = _area(t, event, limit)
        if not mean > 0:
            raise UsageError("a ratio needs times above zero, but a mean time is 0.")
        parts.append((mean, variance / mean**2, t.size))
        reached.append(int((t >= limit).sum()))
    ratio, variance = parts[0][0] / parts[1][0], parts[0][1] + parts[1][1]
    size, lone = parts[0][2] + parts[1][2], min(parts[0][2], parts[1][2]) < 2
    name = "restricted mean ratio"
    if lone or not variance > 0:
        why = "a single time on one side" if lone else "all equal up to the limit"
        return Estimate(ratio, level=level, n=size, unit="sample",
                        method=f"{name} ({why}: no interval)")  # fmt: skip
    se = sqrt(variance)
    stopped = [part == 0 and mean >= limit for mean, part, _ in parts]
    if any(stopped):
        # the other group, and how many were all stopped; who was lost before does not tell
        other, n = parts[stopped.index(False)][2], reached[stopped.index(True)]
        return _beside_stopped(ratio, se, (other, n), size, level, a_stopped=stopped[0])
    df = variance**2 / sum(part**2 / (n - 1) for _, part, n in parts)
    half = t_quantile(level, df) * se
    low, high = exp(log(ratio) - half), exp(log(ratio) + half)
    p = float(t_two_sided(df, log(ratio), se))
    flat = "" if all(part > 0 for _, part, _ in parts) else " (one side all equal, taken as exact)"
    return Estimate(ratio, se, low, high, level, size, "sample", f"{name}, t in the log{flat}", p)


def _beside_stopped(
    ratio: float, se: float, n: tuple[int, int], size: int, level: float, *, a_stopped: bool
) -> Estimate:
    """Give the ratio of two groups, n[1] of one of which all reached the limit."""
    away = abs(log(ratio))

    def reach(alpha: float) -> tuple[float, float]:
        half = float(special.stdtrit(n[0] - 1, 1 - alpha / 2)) * se
        return half, hypot(half, log(alpha) / n[1])

    least, most = 0.0, 1.0
    while most - least > 1e-12 * most and most > 1e-300:
        middle = (least + most) / 2 if least else most / 2
        least, most = (middle, most) if reach(middle)[1] > away else (least, middle)
    near, far = reach(1 - level)
    low, high = (far, near) if a_stopped else (near, far)
    side = "a" if a_stopped else "b"
    name = f"restricted mean ratio, t in the log and mid-p of {side}, all stopped"
    return Estimate(
        ratio, se, exp(log(ratio) - low), exp(log(ratio) + high), level, size, "sample", name, most
    )


def _area(t: Floats, event: Flags, limit: float) -> tuple[float, float]:
    """Give the area under the curve up to the limit, and the variance of it; 0 for one time."""
    if not (isfinite(limit) and limit > 0):
        raise UsageError(f"limit must be a time above zero, but is {limit}.")
    last = float(t.max())
    if last < limit and not event[t == last].all():
        raise UsageError(
            f"limit {limit:g} lies beyond the last time, {last:g}, which is censored: what follows "
            "is not known. Use a limit up to there."
        )
    at, n, d = _at_risk(t, event & (t < limit))
    share = np.concatenate([[1.0], np.cumprod(1 - d / n)])
    edges = np.concatenate([[0.0], at, [limit]])
    pieces = share * np.diff(edges)
    rest = np.cumsum(pieces[::-1])[::-1][1:]
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(n > d, rest**2 * d / (n * (n - d)), 0.0)
    factor = t.size / (t.size - 1) if t.size > 1 else 0.0
    return float(pieces.sum()), factor * float(terms.sum())


def _at_risk(t: Floats, event: Flags) -> tuple[Floats, Floats, Floats]:
    """Give the distinct times with events, how many are at risk then, and how many events."""
    at, d = np.unique(t[event], return_counts=True)
    n = t.size - np.searchsorted(np.sort(t), at, side="left")
    return at, n.astype(np.float64), d.astype(np.float64)


def _checked(
    times: ArrayLike, ended: ArrayLike, in_a: ArrayLike | None = None
) -> tuple[Floats, Flags, Flags]:
    t = finite(times, "times")
    event = np.asarray(ended, dtype=bool)
    a = np.zeros(t.size, dtype=bool) if in_a is None else np.asarray(in_a, dtype=bool)
    if event.shape != t.shape or a.shape != t.shape:
        raise UsageError(
            f"times, ended and in_a need the same shape, but have {t.shape}, {event.shape} and "
            f"{a.shape}."
        )
    at_least(t.size, 1, "a right-censored time", "time")
    if t.min() < 0:
        raise UsageError(f"times must be 0 or more, but {int((t < 0).sum())} are below.")
    return t, event, a
