"""The law of the half-width of an interval of a difference, on fixed nodes."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from math import inf, isinf, pi, sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from evalvar.errors import UsageError
from evalvar.stats.arguments import Floats, check_level
from evalvar.stats.quantiles import normal_quantile

# Nodes of the integral over a mean square, in normal quantiles: a fine lattice where few degrees
# of freedom make it far from normal, a few Gauss-Hermite nodes where it nearly is.
_REACH, _STEP = 6.6, 0.3
_MANY, _FEW_NODES = 200, 7
# What is taken off counts as known from so many degrees of freedom on.
_KNOWN = 60
# The pivotal interval has two such integrals, one inside the other: a wider lattice for the few
# levels, and fewer nodes for what is drawn often.
_WIDE_STEP, _OFTEN = 0.4, 20
# Squares of half-widths closer than this, in logs, are taken together.
_BINS, _SPAN = 1000, 20.0
# How many times its own freedom a part's t may get.
_MORE = np.linspace(1.0, 1.5, 65)


@dataclass(frozen=True, slots=True)
class NoisePart:
    """One source of variance of an estimated difference, as the test will know it.

    Parameters
    ----------
    variance : float
        What the source adds to the variance of the estimated difference.
    df : float
        Degrees of freedom of the mean square that the test takes for it; infinite if it is known.
    within : float
        What that mean square holds besides, and the test takes off again (as variance of the
        difference): the noise of answers in the mean square between seeds.
    df_within : float
        Degrees of freedom of what it takes off.
    """

    variance: float
    df: float = inf
    within: float = 0.0
    df_within: float = inf


@dataclass(frozen=True, slots=True)
class HalfWidths:
    """Half-widths that an interval may have, and the chance of each.

    Parameters
    ----------
    values, weights : float array, shape (N,)
        Nodes, and weights that sum to 1.
    """

    values: Floats
    weights: Floats

    def power(self, difference: float, sd: float) -> float:
        """Chance that an independent normal estimate lies further from zero than the half-width."""
        if sd == 0:
            return float(self.weights @ (abs(difference) > self.values))
        beyond = special.ndtr((difference - self.values) / sd)
        beyond += special.ndtr((-difference - self.values) / sd)
        return float(self.weights @ beyond)


def howe_widths(items: NoisePart, parts: Sequence[NoisePart], level: float) -> HalfWidths:
    """Give the half-widths of Howe's interval, as `crossed_difference_ci` takes them.

    half^2 = t(df)^2 I + the sum over the parts of max(t(nu)^2 B - z^2 W, 0), with nu between the
    freedom of a part and Welch's, by the shares of the B.
    """
    check_parts((items, *parts), level)
    own, weights = _nodes(items.df, _MANY, _FEW_NODES, _STEP)
    squares = _t(level, items.df) ** 2 * items.variance * own
    drawn = [part for part in parts if part.variance + part.within > 0]
    if drawn:
        between, within, chances = _between(drawn)
        reach = _reaches(between, [part.df for part in drawn], level)
        cut = np.maximum(reach**2 * between - normal_quantile(level) ** 2 * within, 0.0)
        added, chances = _thinned(cut.sum(axis=0), chances)
        squares, weights = _thinned(
            np.add.outer(added, squares).ravel(), np.outer(chances, weights)
        )
    return HalfWidths(np.sqrt(squares), weights.ravel())


def welch_widths(a: NoisePart, b: NoisePart, level: float) -> HalfWidths:
    """Give the half-widths of Welch's interval, whose degrees of freedom are estimated too."""
    check_parts((a, b), level)
    (ratio_a, weight_a), (ratio_b, weight_b) = (
        _nodes(part.df, _MANY, _FEW_NODES, _STEP) for part in (a, b)
    )
    of_a, of_b = a.variance * ratio_a[:, None], b.variance * ratio_b
    total = of_a + of_b
    if isinf(a.df) and isinf(b.df):
        df = np.full(total.shape, inf)
    else:
        with np.errstate(divide="ignore", invalid="ignore"):
            df = total**2 / (of_a**2 / a.df + of_b**2 / b.df)
        df[total == 0] = 1.0
    half = _t(level, df) * np.sqrt(total)
    return HalfWidths(half.ravel(), np.outer(weight_a, weight_b).ravel())


def pivotal_widths(items: NoisePart, part: NoisePart, level: float) -> HalfWidths:
    """Give the half-widths of the generalised pivotal interval, as of `crossed_mean_ci`.

    The half-width h is where |Z| (I/c_i + max(B/c_s - W/c_e, 0))^.5 > h has the chance 1 - level,
    over Z and the chi-squares c; its law is that over the mean squares I, B, W. Both are integrated
    on the same nodes.
    """
    check_parts((items, part), level)
    few = _nodes(part.df, inf, 0, _WIDE_STEP)
    often = [_nodes(df, 0, 3 if df >= _OFTEN else 5, 0.0) for df in (items.df, part.df_within)]
    of_items, of_part, of_within = np.array(list(product(often[0][0], few[0], often[1][0]))).T
    weights = np.array(list(product(often[0][1], few[1], often[1][1]))).prod(axis=1)
    between, within = (part.variance + part.within) * of_part, part.within * of_within
    rest = np.divide.outer(between, of_part) - np.divide.outer(within, of_within)
    variances = np.divide.outer(items.variance * of_items, of_items) + np.maximum(rest, 0.0)
    return HalfWidths(_exceeded(np.sqrt(variances), weights, 1 - level), weights)


def check_parts(parts: Sequence[NoisePart], level: float) -> None:
    """Refuse a level outside (0, 1), no parts, and variances that are none."""
    check_level(level)
    if not parts:
        raise UsageError("parts is empty: name at least one source of variance.")
    bad = [part for part in parts if not (part.variance >= 0 and part.within >= 0)]
    if bad:
        raise UsageError(f"a variance must be known and not negative, but one is {bad[0]}.")


def _exceeded(sds: Floats, weights: Floats, share: float) -> Floats:
    """Find, row by row, what a normal with one of these sds exceeds with this chance, in size.

    Newton on both logs, inside a bracket that halves where a step would leave it.
    """
    target = np.log(share)
    least = np.full(len(sds), np.log(sds[sds > 0].min()) - 3)
    most = np.log(sds.max(axis=1)) + np.log(-special.ndtri(share / 2))
    at = np.log(np.sqrt(sds**2 @ weights))
    at = np.clip(at, least, most)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        inverse = 1 / sds
        for _ in range(80):
            reach = np.exp(at)[:, None] * inverse
            beyond = 2 * special.ndtr(-reach) @ weights
            steep = np.exp(-(reach**2) / 2) * np.where(np.isfinite(reach), reach, 0.0)
            slope = -sqrt(2 / pi) * (steep @ weights)
            excess = np.log(beyond) - target
            least, most = np.where(excess > 0, at, least), np.where(excess > 0, most, at)
            new = at - excess * beyond / slope
            new = np.where((new > least) & (new < most), new, (least + most) / 2)
            moved, at = np.abs(new - at).max(), new
            if moved < 1e-5:
                break
    return np.exp(at)


def _between(parts: Sequence[NoisePart]) -> tuple[Floats, Floats, Floats]:
    """Give nodes of the mean squares of the parts and of what is taken off, and their weights."""
    taken_off = (part.df_within if part.df_within < _KNOWN else inf for part in parts)
    ratios, weights = _grid(tuple(part.df for part in parts), tuple(taken_off))
    sizes = np.array([part.variance + part.within for part in parts])[:, None]
    within = np.array([part.within for part in parts])[:, None]
    return sizes * ratios[: len(parts)], within * ratios[len(parts) :], weights


@lru_cache(maxsize=8)  # a plan looks at the same numbers of seeds under many variances
def _grid(dfs: tuple[float, ...], dfs_within: tuple[float, ...]) -> tuple[Floats, Floats]:
    """Put the nodes of several chi-squares together, a row each, with the weights of all."""
    step = _STEP if len(dfs) < 3 else 3 * _STEP
    nodes = [_nodes(df, _MANY, _FEW_NODES, step) for df in dfs]
    nodes += [_nodes(df, 0, 3, step) for df in dfs_within]
    ratios = np.stack(np.meshgrid(*(ratio for ratio, _ in nodes), indexing="ij"))
    weights = np.ones(1)
    for _, weight in nodes:
        weights = np.outer(weights, weight).ravel()
    return ratios.reshape(len(nodes), -1), weights


def _reaches(between: Floats, dfs: list[float], level: float) -> Floats:
    """Give the quantile of every part's t, whose freedom `freedoms` takes from the mean squares."""
    some = [df for df in dfs if not isinf(df)]
    like = min(some) / max(dfs) if some else 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        equals = np.minimum(between.sum(axis=0) ** 2 / (between**2).sum(axis=0), 2.0)
    more = 1 + np.where(np.isfinite(equals), equals - 1, 0.0) / 2 * like
    return np.array([np.interp(more, _MORE, _quantiles(level, df)) for df in dfs])


@lru_cache(maxsize=256)
def _quantiles(level: float, df: float) -> Floats:
    """Give the quantile of t by what is added to its freedom."""
    return _t(level, df * _MORE)


def _t(level: float, df: ArrayLike) -> Floats:
    """Give the quantile of t, normal where df is infinite; by beta, as `stdtrit` fails far out."""
    freedom = np.asarray(df, dtype=np.float64)
    outer = special.betaincinv(np.minimum(freedom, 1e10) / 2, 0.5, 1 - level)
    with np.errstate(invalid="ignore"):
        t = np.sqrt(freedom * (1 - outer) / outer)
    return np.asarray(np.where(freedom > 1e9, normal_quantile(level), t), dtype=np.float64)


@lru_cache(maxsize=256)
def _nodes(df: float, many: float, few: int, step: float) -> tuple[Floats, Floats]:
    """Give nodes of a chi-square over its degrees of freedom, and their weights."""
    if isinf(df):
        return np.ones(1), np.ones(1)
    if df >= many:
        z, weights = np.polynomial.hermite_e.hermegauss(few)
    else:
        z = np.arange(-_REACH, _REACH + step / 2, step)
        weights = np.exp(-(z**2) / 2)
    lower = special.gammaincinv(df / 2, special.ndtr(np.minimum(z, 0)))
    upper = special.gammainccinv(df / 2, special.ndtr(-np.maximum(z, 0)))
    return np.where(z < 0, lower, upper) * 2 / df, weights / weights.sum()


def _thinned(squares: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Replace values that lie close together by their mean: nodes multiply with every part."""
    weights = weights.ravel()
    if squares.size <= _BINS:
        return squares, weights
    with np.errstate(divide="ignore"):
        below = np.log(squares.max()) - np.log(squares)
    bins = np.minimum(below * (_BINS / _SPAN), _BINS).astype(int)
    mass, total = (np.bincount(bins, w).astype(np.float64) for w in (weights, weights * squares))
    kept = mass > 0
    return total[kept] / mass[kept], mass[kept]
