"""The noise of seeds beside that of items, and both together, on one scale."""

import numpy as np

from evalvar.analyses.curves import Curves
from evalvar.errors import NotEnoughDataError, counted
from evalvar.stats import Estimate, item_half_width, one_run_half_width
from evalvar.stats.quantiles import normal_quantile


def both_noises(curves: Curves, seed_sd: Estimate, level: float) -> dict[str, Estimate]:
    """Estimate item_half_width, noise_ratio and combined_half_width."""
    half = _half_width(curves, level)
    return {
        "item_half_width": half,
        "noise_ratio": _ratio(seed_sd, half, level),
        "combined_half_width": _combined(curves, half, level),
    }


def _half_width(curves: Curves, level: float) -> Estimate:
    """Average z times the standard error over items; its interval needs the items of all runs."""
    z = normal_quantile(level)
    runs = curves.errors[np.isfinite(curves.errors)]
    if not runs.size:
        method = "undefined: no standard error over items is known"
        return Estimate(np.nan, level=level, n=curves.n, unit="item", method=method)
    if curves.items is not None and len(curves.items) == 1:
        method = "undefined: one item has no standard error"
        return Estimate(np.nan, level=level, n=1, unit="item", method=method)
    if curves.items is not None:
        measured = np.isfinite(curves.items).all(axis=0)
        if len(curves.items) > 1 and measured.sum() == runs.size and runs.any():
            return item_half_width(curves.items[:, measured], level=level)
    half = float(z * runs.mean())
    if not half > 0:
        method = "undefined: all scores are equal, which does not say how far others would lie"
        return Estimate(np.nan, level=level, n=curves.n, unit="item", method=method)
    method = f"{z:.4g} x standard error over items, mean of {counted(runs.size, 'run')}"
    return Estimate(half, level=level, n=curves.n, unit="item", method=method)


def _ratio(seed_sd: Estimate, half: Estimate, level: float) -> Estimate:
    """Put seed noise over item noise; their errors add as squares of logs."""
    z = normal_quantile(level)
    value = z * seed_sd.value / half.value if half.value > 0 else np.nan
    method = f"{z:.4g} seed_sd / item_half_width"
    low, high = (z * end / half.value if half.value > 0 else np.nan
                 for end in (seed_sd.low, seed_sd.high))  # fmt: skip
    if half.low > 0 and low > 0 and value > 0:
        down = np.hypot(np.log(value / low), np.log(half.high / half.value))
        up = np.hypot(np.log(high / value), np.log(half.value / half.low))
        low, high = value * np.exp(-down), value * np.exp(up)
        method += ", intervals added as squares of logs"
    return Estimate(value, np.nan, float(low), float(high), level, seed_sd.n, seed_sd.unit, method)


def _combined(curves: Curves, half: Estimate, level: float) -> Estimate:
    unit = "item x seed"
    if curves.items is not None:
        try:
            return one_run_half_width(curves.items, level=level)
        except NotEnoughDataError as error:
            return Estimate(np.nan, level=level, unit=unit, method=f"undefined: {error}")
    both = np.isfinite(curves.means) & np.isfinite(curves.errors)
    several = both.sum(axis=0) > 1
    if not several.any():
        reason = "needs a checkpoint at which two seeds have a standard error"
        return Estimate(np.nan, level=level, unit=unit, method=f"undefined: {reason}")
    means = np.where(both, curves.means, np.nan)[:, several]
    errors = np.where(both, curves.errors, np.nan)[:, several]
    squares = np.nanmean(errors**2, axis=0) + np.nanvar(means, axis=0, ddof=1)
    z = normal_quantile(level)
    method = (
        f"{z:.4g} x root of item variance + variance over seeds, means over checkpoints; at most "
        "this, as no items tell what both have in common: no interval"
    )
    return Estimate(
        z * float(np.sqrt(squares.mean())), level=level, n=half.n or curves.seeds.size, unit=unit,
        method=method,
    )  # fmt: skip
