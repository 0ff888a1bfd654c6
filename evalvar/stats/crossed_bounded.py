"""The ends of a mean over items and seeds that cannot leave a known range."""

from dataclasses import replace

import numpy as np
from scipy import special

from evalvar.stats.arguments import Floats
from evalvar.stats.crossed_half import ItemPart, SeedPart
from evalvar.stats.mean import bounded_mean_interval
from evalvar.stats.parts import combined
from evalvar.stats.quantiles import normal_quantile, t_quantile

# How fast the variance over seeds grows with the mean's distance from its bound, by its skewness.
_SKEW = 3


def crossed_ends(
    x: Floats, items: ItemPart, seeds: SeedPart, half: float, *, low: float, high: float,
    level: float,
) -> tuple[float, float]:  # fmt: skip
    """Add what seeds do to the interval of the item means, by squares and on each side.

    Parameters
    ----------
    x : float array, shape (n_items, n_seeds)
        Scores.
    items, seeds : ItemPart, SeedPart
        The parts of the variance of their mean.
    half : float
        Half-width without a range, 0 where nothing differs.
    low, high, level : float
        The range, and the nominal coverage.

    Notes
    -----
    Seeds shift all items on a scale without ends, so near an end they do little upwards and much
    downwards. With u the mean on the scale 0..1, and s^2 = half^2 - (half without seeds)^2 there:
    towards the nearer end s is laid off on the logit, which is s/(u(1-u)) long. Towards the middle
    the distance h solves h^2 = s^2 (1 + 3 (z/t)^2 |1-2u|/(u(1-u)) h), t with S - 1 degrees of
    freedom: the variance that goes with a mean further from the end is larger by m3/m2, which for
    normal shifts of the logit is 3 (1-2u)/(u(1-u)) times the variance, to second order. The
    distance is the root of the sum of squares with that of `bounded_mean_interval` of the item
    means.
    """
    means, value = x.mean(axis=1), float(x.mean())
    span, n = high - low, len(x)
    ends = bounded_mean_interval(
        n, value, n * items.variance, (x == low).all(axis=1).sum(), (x == high).all(axis=1).sum(),
        low=low, high=high, level=level, third=((means - value) ** 3).mean(),
    )  # fmt: skip
    bottom, top = (float(end) for end in ends)
    still = replace(seeds, between=0.0, within=0.0)
    alone = combined(items, [still], 0.0, level)[1] if items.variance > 0 else 0.0
    extra = np.sqrt(max(half**2 - alone**2, 0.0)) / span
    if extra == 0:
        return bottom, top
    ratio = normal_quantile(level) / t_quantile(level, seeds.df)
    u = (value - low) / span
    down, up = _reach(1 - u, extra, ratio), _reach(u, extra, ratio)
    below, above = np.hypot(value - bottom, span * down), np.hypot(top - value, span * up)
    return max(value - float(below), low), min(value + float(above), high)


def _reach(u: float, extra: float, ratio: float) -> float:
    """Give how far seeds move up a mean that lies at u of the range."""
    slope = 1 / (u * (1 - u))
    if u > 0.5:
        return float(special.expit(special.logit(u) + slope * extra)) - u
    tilt = _SKEW * ratio**2 * extra**2 * (1 - 2 * u) * slope
    return float(tilt + np.hypot(tilt, 2 * extra)) / 2
