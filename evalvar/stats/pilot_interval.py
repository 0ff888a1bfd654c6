"""What a pilot leaves open about the difference that a design can show."""

from dataclasses import replace
from math import isnan, nan

import numpy as np
from scipy import special

from evalvar.stats.arguments import check_level
from evalvar.stats.difference_noise import PilotNoise
from evalvar.stats.planning import DifferenceNoise, Sizes, design_detectable
from evalvar.stats.power import check_power
from evalvar.stats.quantiles import normal_quantile, t_quantile

# Draws around a quantile whose components are averaged.
_AROUND = 5


def detectable_interval(
    pilot: PilotNoise,
    noise: DifferenceNoise,
    design: Sizes,
    *,
    power: float = 0.8,
    level: float = 0.95,
) -> tuple[float, float]:
    """Interval of the smallest difference that a design shows, the noise being that of a pilot.

    Parameters
    ----------
    pilot : PilotNoise
        Where the components come from; its draws are what they may be instead.
    noise : DifferenceNoise
        What is drawn again, and the items of a cluster; its components do not matter.
    design : Sizes
        How much is bought.
    power : float in (1 - level, 1)
        Share of studies that are to find the difference.
    level : float in (0, 1)
        Coverage of the interval of the difference, and of this one.

    Returns
    -------
    low, high : float
        NaN where the test of the design is not defined.

    Notes
    -----
    Quantiles of `design_detectable` over the draws of the components, negative ones taken as zero,
    as in the estimate: "Generalized confidence intervals" (Weerahandi 1993). The draws are put in
    order by a half-width of Howe's interval, mean squares being at their quantile of the power,
    plus z_power standard errors, and the difference is computed for the mean of the draws around
    the two quantiles.
    Where 2.5 % of the draws or more (at 95) have nothing of seeds and prompts, the low end is the
    quantile of these.
    """
    check_level(level)
    check_power(power, level)
    drawn = np.maximum(pilot.draws, 0.0)
    none = dict.fromkeys(pilot.names, 0.0)
    units = [replace(noise, components={**none, name: 1.0}).parts(design) for name in pilot.names]
    dfs = [part.df for part in units[0]]
    if min(dfs) <= 0:
        return nan, nan
    added, within = (
        drawn @ np.array([[getattr(part, name) for part in parts] for parts in units])
        for name in ("variance", "within")
    )
    reach = np.array([t_quantile(level, df) for df in dfs])
    large = 2 * special.gammaincinv(np.array(dfs) / 2, power) / dfs
    z = normal_quantile(level)
    seen = np.maximum((added + within) * large * reach**2 - z**2 * within, 0.0)
    about = np.sqrt(seen.sum(axis=1)) + special.ndtri(power) * np.sqrt(added.sum(axis=1))
    order, tail = np.argsort(about, kind="stable"), (1 - level) / 2
    # Noise that seeds and prompts need not add is at its end there: the low end is without it.
    bare = order[added[order, 1:].sum(axis=1) == 0]
    lower = bare if len(bare) >= tail * len(order) else order
    ends = []
    for among, share in ((lower, tail), (order, 1 - tail)):
        at = round(share * (len(among) - 1))
        near = drawn[among[max(at - _AROUND, 0) : at + _AROUND + 1]].mean(axis=0)
        changed = replace(noise, components=dict(zip(pilot.names, near.tolist(), strict=True)))
        ends.append(design_detectable(changed, design, power=power, level=level))
    low, high = ends
    return (nan, nan) if isnan(low) or isnan(high) else (low, high)
