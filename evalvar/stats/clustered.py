"""The mean of scores that come in clusters."""

from dataclasses import dataclass
from math import isfinite, nan

import numpy as np
from numpy.typing import ArrayLike

from evalvar.errors import UsageError
from evalvar.stats.arguments import (
    ROUNDING,
    Floats,
    at_least,
    check_inside,
    check_level,
    finite,
    known_range,
)
from evalvar.stats.estimate import Estimate
from evalvar.stats.pseudo import pseudo_mean
from evalvar.stats.quantiles import normal_quantile, t_quantile, t_two_sided

# Clusters' worth of weight on an intra-cluster correlation of 1, where most clusters are all equal.
_PRIOR_CLUSTERS = 1
# Clusters off the bound that buy one more effective size, as for `bounded_mean_ci`.
_CLUSTERS_PER_SIZE = 10


def clustered_mean_ci(
    scores: ArrayLike,
    clusters: ArrayLike,
    *,
    level: float = 0.95,
    low: float | None = None,
    high: float | None = None,
    method: str = "CR2",
    null: float = 0.0,
) -> Estimate:
    """Mean of scores when items come in clusters that share content.

    Parameters
    ----------
    scores : float array, shape (n_items,)
        One score per item, any unit; the result has the same unit.
    clusters : array, shape (n_items,)
        Cluster label of each item. Clusters are independent, items within one are not.
    level : float in (0, 1)
        Nominal coverage.
    low, high : float, optional
        Smallest and largest possible score; the range counts as known where both are finite. One
        that is symmetric about zero is that of differences.
    method : str
        ``CR2``, or ``CR1`` for the classical interval, which has no form for a known range.
    null : float
        Mean that the p-value tests.

    Returns
    -------
    Estimate
        unit ``cluster``, n = number of clusters. Without a range, method ``cluster-robust t, CR2``
        and `p_value` of mean = null; where the clusters do not differ there is no interval, as the
        method then says. For scores in a range, ``cluster-robust Wilson, CR2`` and no `p_value`.
        For differences, ``cluster-robust sparse-t, CR2`` and `p_value`. `se` is CR2's without
        pseudo-values, NaN where it is zero.

    Raises
    ------
    NotEnoughDataError
        Fewer than two clusters: the variance between clusters is not identified.
    UsageError
        Scores outside their range; an unknown method, or CR1 with a range.

    Notes
    -----
    Sizes n_c, e_c the sum of the residuals of cluster c. CR2: v = sum e_c^2/(1 - n_c/N) / N^2, t
    with df = tr(M)^2/tr(M M), M the covariances of e_c/(1 - n_c/N)^.5: "Bias reduction in standard
    errors for linear regression with multi-stage samples" (Bell, McCaffrey 2002), for a mean. For
    independent items df = N^2 / (sum n_c^2 + ((sum a_c)^2 - sum a_c^2)/N^2), a_c =
    n_c^2/(1 - n_c/N). CR1: v = C/(C-1) sum e_c^2/N^2, t with C - 1: "Adding Error Bars to Evals"
    (Miller 2024), Eq. 4, with the factor C/(C-1).
    Scores in a range, u the mean on the scale 0..1: Wilson's interval with t for z and
    n_eff = u(1-u)/v, t with the df of items as much alike as rho_ANOVA says: "Robust standard
    errors in small samples" (Imbens, Kolesar 2016). Where half the clusters or more sit wholly on
    one bound, n_eff <= (t/z)^2 f N/(1 + (n* - 1) rho), n* = sum n_c^2/N, rho = (m rho_ANOVA + 1)/
    (m + 1), m = clusters off that bound, the only ones that show how alike items of a cluster are;
    f = u(1-u) over the variance of the scores, at most 1 + m/10 (1 for scores of 0 and 1). Where
    v = 0, n_eff = (t/z)^2 N/n*.
    Differences: the form of `sparse_t` with clusters' means for items (`pseudo_mean`), cut to the
    range. The forms were chosen, and their coverage measured, in ``benchmarks/calibration``.
    Equals CR1 when all clusters have one size, `mean_ci` when they have one item, and with a
    symmetric range `sparse_t` of the clusters' means when they have one size (tested).

    Examples
    --------
    >>> clustered_mean_ci([1.0, 1.0, 0.0, 0.5], [0, 0, 1, 1]).n
    2
    >>> right = clustered_mean_ci([1.0] * 40, np.repeat(np.arange(20), 2), low=0, high=1)
    >>> round(right.low, 3), right.high
    (0.839, 1.0)
    """
    x = finite(scores, "scores")
    check_level(level)
    floor, ceiling = known_range(low, high)
    bounded = isfinite(floor) and isfinite(ceiling)
    if method not in ("CR1", "CR2") or (method == "CR1" and bounded):
        raise UsageError(f"method must be CR2, or CR1 without a range, but is {method!r}.")
    sample = _sample(x, np.asarray(clusters))
    scale = float(np.abs(x).max())
    if bounded:
        scale = max(scale, abs(floor), abs(ceiling))
        check_inside(x, floor, ceiling, ROUNDING * scale, "scores")
    if bounded and floor != -ceiling:
        return _wilson(x, sample, floor, ceiling, level)
    variance, df = _cr1(sample) if method == "CR1" else (_cr2(sample), _freedom(sample, 0.0))
    se = float(np.sqrt(variance))
    centre, spread, name = sample.mean, se, f"cluster-robust t, {method}"
    if bounded:
        name = f"cluster-robust sparse-t, {method}"
        pseudo = pseudo_mean(
            sample.means, sample.sizes, low=floor, high=ceiling, slack=ROUNDING * scale
        )
        centre, spread = pseudo.centre, float(np.sqrt(pseudo.variance))
    if se <= ROUNDING * scale:
        se = nan
    if spread <= ROUNDING * scale:
        name = f"{name} (clusters do not differ: no interval)"
        return Estimate(sample.mean, level=level, n=sample.count, unit="cluster", method=name)
    half = t_quantile(level, df) * spread
    p = float(t_two_sided(df, centre - null, spread)) if floor <= null <= ceiling else 0.0
    left, right = max(centre - half, floor), min(centre + half, ceiling)
    return Estimate(sample.mean, se, left, right, level, sample.count, "cluster", name, p)


@dataclass(frozen=True, slots=True)
class _Sample:
    """Clusters: the mean of all items, and of each cluster its code, size and mean."""

    mean: float
    codes: np.ndarray
    sizes: Floats
    means: Floats

    @property
    def count(self) -> int:
        return self.sizes.size

    @property
    def items(self) -> int:
        return self.codes.size

    @property
    def residuals(self) -> Floats:
        return self.sizes * (self.means - self.mean)


def _sample(x: Floats, labels: np.ndarray) -> _Sample:
    if labels.shape != x.shape:
        raise UsageError(
            f"scores and clusters need the same shape, but have {x.shape} and {labels.shape}."
        )
    codes = np.unique(labels, return_inverse=True)[1]
    sizes = np.bincount(codes).astype(np.float64)
    at_least(sizes.size, 2, "a cluster-robust interval", "cluster")
    return _Sample(float(x.mean()), codes, sizes, np.bincount(codes, weights=x) / sizes)


def _cr1(sample: _Sample) -> tuple[float, float]:
    count = sample.count
    squares = float((sample.residuals**2).sum())
    return count / (count - 1) * squares / sample.items**2, count - 1


def _cr2(sample: _Sample) -> float:
    shares = sample.sizes / sample.items
    return float((sample.residuals**2 / (1 - shares)).sum()) / sample.items**2


def _freedom(sample: _Sample, likeness: float) -> float:
    """Give Bell and McCaffrey's degrees of freedom of CR2 for items this much alike in a cluster.

    Residual sums e_c over (1 - s_c)^.5 have a covariance matrix M; this is tr(M)^2 / tr(M M),
    written out in the variances V_c of the cluster sums.
    """
    s = sample.sizes / sample.items
    v = s * (1 + (sample.sizes - 1) * likeness)
    total, a = v.sum(), 1 / (1 - s)
    across = 2 * s * v - s**2 * total
    trace = (a * (v - across)).sum()
    asv, ass = (a * s * v).sum(), (a * s * s).sum()
    pairs = 2 * (a * v * v).sum() * ass + (total * ass) ** 2 + 2 * asv**2 - 4 * total * asv * ass
    squares = pairs - ((a * across) ** 2).sum() + ((a * (v - across)) ** 2).sum()
    return float(trace**2 / squares)


def _likeness(x: Floats, sample: _Sample) -> float:
    """Give the intra-cluster correlation of the analysis of variance; 1 where nothing varies."""
    count, items = sample.count, sample.items
    total = float(((x - sample.mean) ** 2).sum())
    between = float((sample.sizes * (sample.means - sample.mean) ** 2).sum())
    ms_between = between / (count - 1)
    ms_within = max(total - between, 0.0) / (items - count) if items > count else 0.0
    size = (items - float((sample.sizes**2).sum()) / items) / (count - 1)
    scale = ms_between + (size - 1) * ms_within
    return min(max((ms_between - ms_within) / scale, 0.0), 1.0) if scale > 0 else 1.0


def _wilson(x: Floats, sample: _Sample, low: float, high: float, level: float) -> Estimate:
    span = high - low
    u = min(max((sample.mean - low) / span, 0.0), 1.0)
    variance = _cr2(sample) / span**2
    rho = _likeness(x, sample)
    t, units = t_quantile(level, _freedom(sample, rho)), sample.items**2
    student = (t / normal_quantile(level)) ** 2
    # Below this it is rounding: the clusters agree, and each counts once.
    if variance <= (ROUNDING * max(abs(low), abs(high)) / span) ** 2:
        se, effective = nan, student * units / float((sample.sizes**2).sum())
    else:
        se = span * float(np.sqrt(variance))
        effective = min(u * (1 - u) / variance, student * _cap(x, sample, low, high, rho))
    squared = t**2 / effective
    middle = (u + squared / 2) / (1 + squared)
    half = float(np.sqrt(squared * u * (1 - u) + squared**2 / 4)) / (1 + squared)
    left, right = max(middle - half, 0.0), min(middle + half, 1.0)
    # At a bound rounding must not cut the value off.
    left, right = (0.0 if u == 0 else left), (1.0 if u == 1 else right)
    name = "cluster-robust Wilson, CR2"
    bottom, top = low + span * left, low + span * right
    return Estimate(sample.mean, se, bottom, top, level, sample.count, "cluster", name)


def _cap(x: Floats, sample: _Sample, low: float, high: float, rho: float) -> float:
    """Bound the effective size, where most clusters are equal and cannot show their variance."""
    count, items = sample.count, sample.items
    on_bound = [np.bincount(sample.codes, weights=x == end) == sample.sizes for end in (low, high)]
    most = max(int(on.sum()) for on in on_bound)
    if 2 * most < count:
        return np.inf
    rho = (rho * (count - most) + _PRIOR_CLUSTERS) / (count - most + _PRIOR_CLUSTERS)
    typical = float((sample.sizes**2).sum()) / items
    like_binary = (sample.mean - low) * (high - sample.mean) / float(x.var())
    gain = min(like_binary, 1 + (count - most) / _CLUSTERS_PER_SIZE)
    return max(gain, 1.0) * items / (1 + (typical - 1) * rho)
