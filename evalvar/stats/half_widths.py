"""The law of the half-width of an interval of a difference, on fixed nodes."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from math import inf, isinf, pi, sqrt

import numpy as np
from scipy import special

from evalvar.errors import UsageError
from evalvar.stats.arguments import Floats, check_level
from evalvar.stats.quantiles import normal_quantile, t_quantile

# Nodes of the integral over a mean square, in normal quantiles: a fine lattice where few degrees
# of freedom make it far from normal, a few Gauss-Hermite nodes where it nearly is.
_REACH, _STEP = 6.6, 0.3
_MANY, _FEW_NODES = 200, 7
# The pivotal interval has two such integrals, one inside the other: a wider lattice for the few
# levels, and fewer nodes for what is drawn often.
_WIDE_STEP, _OFTEN = 0.4, 20
# Squares of half-widths closer than this, in logs, are taken together.
_BINS, _SPAN = 1000, 20.0


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
    """

    variance: float
    df: float = inf
    within: float = 0.0


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


def howe_widths(parts: Sequence[NoisePart], level: float) -> HalfWidths:
    """Give the half-widths of Howe's interval: squares of the parts' own ones, added."""
    check_parts(parts, level)
    squares, weights = np.zeros(1), np.ones(1)
    for part in parts:
        if part.variance + part.within == 0:
            continue
        ratio, weight = _mean_square(part.df)
        seen = np.maximum((part.variance + part.within) * ratio - part.within, 0.0)
        own = _t(level, part.df) ** 2 * seen
        squares, weights = _thinned((squares[:, None] + own).ravel(), np.outer(weights, weight))
    return HalfWidths(np.sqrt(squares), weights)


def welch_widths(a: NoisePart, b: NoisePart, level: float) -> HalfWidths:
    """Give the half-widths of Welch's interval, whose degrees of freedom are estimated too."""
    check_parts((a, b), level)
    (ratio_a, weight_a), (ratio_b, weight_b) = _mean_square(a.df), _mean_square(b.df)
    of_a, of_b = a.variance * ratio_a[:, None], b.variance * ratio_b
    total = of_a + of_b
    if isinf(a.df) and isinf(b.df):
        df = np.full(total.shape, inf)
    else:
        with np.errstate(divide="ignore", invalid="ignore"):
            df = total**2 / (of_a**2 / a.df + of_b**2 / b.df)
        df[total == 0] = 1.0
    half: Floats = np.asarray(special.stdtrit(df, (1 + level) / 2), np.float64) * np.sqrt(total)
    return HalfWidths(half.ravel(), np.outer(weight_a, weight_b).ravel())


def pivotal_widths(items: NoisePart, part: NoisePart, df_within: float, level: float) -> HalfWidths:
    """Give the half-widths of the generalised pivotal interval, as of `crossed_mean_ci`.

    The half-width h is where |Z| (I/c_i + max(B/c_s - W/c_e, 0))^.5 > h has the chance 1 - level,
    over Z and the chi-squares c; its law is that over the mean squares I, B, W. Both are integrated
    on the same nodes.
    """
    check_parts((items, part), level)
    few = _nodes(part.df, inf, 0, _WIDE_STEP)
    often = [_nodes(df, 0, 3 if df >= _OFTEN else 5, 0.0) for df in (items.df, df_within)]
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


def _t(level: float, df: float) -> float:
    return normal_quantile(level) if isinf(df) else t_quantile(level, df)


@lru_cache(maxsize=256)
def _mean_square(df: float) -> tuple[Floats, Floats]:
    """Give nodes of a chi-square over its degrees of freedom, and their weights."""
    return _nodes(df, _MANY, _FEW_NODES, _STEP)


def _nodes(df: float, many: float, few: int, step: float) -> tuple[Floats, Floats]:
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
    mass, total = np.zeros((2, _BINS + 1))
    np.add.at(mass, bins, weights)
    np.add.at(total, bins, weights * squares)
    kept = mass > 0
    return total[kept] / mass[kept], mass[kept]
