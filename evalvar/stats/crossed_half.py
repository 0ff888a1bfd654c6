"""Half-widths and p-values of a mean with an item part and seed parts of variance."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import inf

import numpy as np
from scipy import special

from evalvar.stats.arguments import Floats
from evalvar.stats.root import falling_root

# Points of the integration, and the generator of its lattice: of those with 4093 points in three
# dimensions one whose shortest dual vector is longest. Half-widths are right to half a percent.
_POINTS, _GENERATOR = 4093, 767
# Chi-squares are cut where less than this lies beyond: more reach costs accuracy in the middle.
_TAIL = 1e-10


@dataclass(frozen=True, slots=True)
class ItemPart:
    """Variance of a mean from the items drawn, with its degrees of freedom."""

    variance: float
    df: int


@dataclass(frozen=True, slots=True)
class SeedPart:
    """Mean squares between seeds and within them, as variances of a mean; their freedoms.

    `lent` says that the spread of these seeds also stands for that of a model with a single one.
    """

    between: float
    within: float
    df: int
    df_within: int
    lent: bool = False

    @property
    def variance(self) -> float:
        """What new seeds add beyond what the items show."""
        return max(self.between - self.within, 0.0)


def seed_part(x: Floats, factor: float = 1.0) -> SeedPart:
    """Find the mean squares of the two-way table without replication, over n S."""
    n, seeds = len(x), int(x.shape[1])
    over_seeds, over_items = x.mean(axis=1), x.mean(axis=0)
    rest = x - over_seeds[:, None] - over_items + x.mean()
    df, df_within = seeds - 1, (n - 1) * (seeds - 1)
    within = float((rest**2).sum()) / df_within
    between = n * float(over_items.var(ddof=1))
    share = factor / (n * seeds)
    return SeedPart(between * share, within * share, df, df_within, lent=factor > 1)


def howe(
    items: ItemPart, seeds: list[SeedPart], distance: float, level: float
) -> tuple[float, float]:
    """Give the half-width at the level, and the level at which it is the distance.

    half^2 = t(df)^2 I + the sum of max(t(nu)^2 B - z^2 W, 0). To cut B - W at zero before t, as in
    Howe's sum of the variances, leaves the items alone where B happens to be small, at every level.
    """
    parts = [(items.variance, float(items.df), 0.0)]
    parts += [(s.between, df, s.within) for s, df in zip(seeds, freedoms(seeds), strict=True)]
    parts = [part for part in parts if part[0] > 0]

    def half(tail: float) -> float:
        z = float(special.ndtri(tail))
        squares = (max(v * _t_square(df, tail) - z**2 * less, 0.0) for v, df, less in parts)
        return float(np.sqrt(sum(squares)))

    return half((1 - level) / 2), _howe_p(half, distance)


def _t_square(df: float, tail: float) -> float:
    """Give t^2 with this much beyond t; `stdtrit` is wrong far out where df is not whole."""
    if tail > 0.1:
        inner = float(special.betaincinv(0.5, df / 2, 1 - 2 * tail))
        return df * inner / (1 - inner)
    outer = float(special.betaincinv(df / 2, 0.5, 2 * tail))
    return df * (1 - outer) / outer if outer > 0 else inf


def freedoms(seeds: list[SeedPart]) -> list[float]:
    """Give the degrees of freedom of each part's t: its own, and a share of its own for the others.

    Welch's freedom is that of m equal parts, m = (sum B)^2 / sum B^2. It is largest where the part
    that matters happens to be small, and then too large: half of what one more part adds counts,
    and less of it where the parts' freedoms differ.
    """
    between = np.array([part.between for part in seeds])
    df = np.array([part.df for part in seeds], dtype=np.float64)
    if not between.sum() > 0:
        return [float(own) for own in df]
    share = between / between.sum()
    equals = min(1 / float((share**2).sum()), 2.0)
    return [float(own) for own in df * (1 + (equals - 1) / 2 * df.min() / df.max())]


@lru_cache(maxsize=4096)  # the same runs are read for their noise, their curve and their signal
def pivotal(items: ItemPart, seeds: SeedPart, distance: float, level: float) -> tuple[float, float]:
    """Give the half-width at the level, and the share of the pivot beyond the distance.

    The pivot is Z sqrt(I/c_i + max(B/c_s - W/c_e, 0)): each mean square over a chi-square of its
    freedom. It is integrated on fixed points, so that the same data give the same interval.
    """
    chi, weights = _lattice(items.df, seeds.df, seeds.df_within)
    sds = np.sqrt(
        items.variance / chi[0] + np.maximum(seeds.between / chi[1] - seeds.within / chi[2], 0)
    )

    def beyond(reach: float) -> float:
        with np.errstate(divide="ignore"):
            return float(2 * (special.ndtr(-reach / sds) @ weights))

    p = min(beyond(distance), 1.0) if distance > 0 else 1.0
    return _reach(beyond, 1 - level, float(np.sqrt(items.variance + seeds.variance))), p


def _howe_p(half: Callable[[float], float], distance: float) -> float:
    """Find the level at which the interval just reaches the null, by bisection on its log tail."""
    if distance == 0:
        return 1.0
    low, high = np.log(1e-300), np.log(0.5)
    for _ in range(60):
        middle = (low + high) / 2
        if half(float(np.exp(middle))) > distance:
            low = middle
        else:
            high = middle
    return min(float(2 * np.exp((low + high) / 2)), 1.0)


def _reach(beyond: Callable[[float], float], share: float, start: float) -> float:
    """Find the distance with this share of the pivot beyond it, by regula falsi on both logs."""
    target = float(np.log(share))

    def excess(log_reach: float) -> float:
        return float(np.log(max(beyond(float(np.exp(log_reach))), 1e-300))) - target

    left = right = float(np.log(start))
    at_left = at_right = excess(left)
    while at_left < 0:
        right, at_right, left = left, at_left, left - 1
        at_left = excess(left)
    while at_right > 0:
        left, at_left, right = right, at_right, right + 1
        at_right = excess(right)
    found = falling_root(excess, left, right, at_left, at_right, near=1e-10, close=1e-12)
    return float(np.exp(found))


@lru_cache(maxsize=64)
def _lattice(*dfs: int) -> tuple[Floats, Floats]:
    """Give chi-squares over their freedoms, on a lattice in their logs, and weights."""
    steps = np.arange(_POINTS)
    chi, log_weight = [], np.zeros(_POINTS)
    for axis, df in enumerate(dfs):
        u = (steps * pow(_GENERATOR, axis, _POINTS) + 0.5) / _POINTS % 1
        low = np.log(special.gammaincinv(df / 2, _TAIL))
        high = np.log(special.gammainccinv(df / 2, _TAIL))
        log_half = low + u * (high - low)
        log_weight += df / 2 * log_half - np.exp(log_half)
        chi.append(np.exp(log_half) * 2 / df)
    weights = np.exp(log_weight - log_weight.max())
    kept = weights > 1e-16
    return np.array(chi)[:, kept], weights[kept] / weights.sum()
