"""Right-censored times: are one group's shorter than another's?"""

from dataclasses import dataclass
from math import nan
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from evalvar.errors import UsageError
from evalvar.stats.arguments import Floats, at_least, finite
from evalvar.stats.dealt_labels import dealt_p

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
    t, event, a = censored_times(times, ended, in_a)
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
    t, event, _ = censored_times(times, ended)
    at, n, d = at_risk(t, event)
    return at, np.asarray(np.cumprod(1 - d / n))


def at_risk(t: Floats, event: Flags) -> tuple[Floats, Floats, Floats]:
    """Give the distinct times with events, how many are at risk then, and how many events."""
    at, d = np.unique(t[event], return_counts=True)
    n = t.size - np.searchsorted(np.sort(t), at, side="left")
    return at, n.astype(np.float64), d.astype(np.float64)


def censored_times(
    times: ArrayLike, ended: ArrayLike, in_a: ArrayLike | None = None
) -> tuple[Floats, Flags, Flags]:
    """Return checked times, whether each ended, and whether it is of group a."""
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
