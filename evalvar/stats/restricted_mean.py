"""Mean times up to a limit, right-censored: of one group, and of two as a ratio."""

from math import exp, hypot, isfinite, log, sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from evalvar.errors import UsageError
from evalvar.stats.arguments import Floats, check_level
from evalvar.stats.estimate import Estimate
from evalvar.stats.quantiles import t_quantile, t_two_sided
from evalvar.stats.survival import Flags, at_risk, censored_times


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
    t, event, _ = censored_times(times, ended)
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
        t, event, _ = censored_times(times, ended)
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
    at, n, d = at_risk(t, event & (t < limit))
    share = np.concatenate([[1.0], np.cumprod(1 - d / n)])
    edges = np.concatenate([[0.0], at, [limit]])
    pieces = share * np.diff(edges)
    rest = np.cumsum(pieces[::-1])[::-1][1:]
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(n > d, rest**2 * d / (n * (n - d)), 0.0)
    factor = t.size / (t.size - 1) if t.size > 1 else 0.0
    return float(pieces.sum()), factor * float(terms.sum())
