"""The last checkpoints: their noise, and what their mean buys."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from evalvar.analyses.curves import Curves
from evalvar.analyses.seeds import final_mean, possible_spread
from evalvar.errors import NotEnoughDataError
from evalvar.stats import Estimate, sd_ci
from evalvar.stats.smoothing import (
    last_noise,
    last_noise_detrended,
    last_ratio,
    smoothing_gain,
)

Found = tuple[dict[str, int], str, Estimate]
# Taken of a run too short to show its drift: the interval is wide rather than wrong.
_ASSUMED_DRIFT = 0.8
_ABSENT = "undefined: not scored at the last checkpoint"


def tails(curves: Curves, drifts: dict[int, float], *, last: int, level: float) -> list[Found]:
    """Return what is said of the last checkpoints of each seed and over seeds."""
    if curves.checkpoints.size < 3:
        return []
    ends = {
        seed: curve[np.isfinite(curve)][-last:] if np.isfinite(curve[-1]) else curve[:0]
        for seed, curve in zip(curves.seeds.tolist(), curves.means, strict=True)
        if np.isfinite(curve).sum() > 2
    }
    return [*_noises(ends, drifts, level), *_smoothed(curves, last, level)]


def _noises(ends: dict[int, np.ndarray], drifts: dict[int, float], level: float) -> list[Found]:
    known = [value for value in drifts.values() if np.isfinite(value)]
    shared = float(np.mean(known)) if known else _ASSUMED_DRIFT
    said = "drift estimated" if known else f"drift {_ASSUMED_DRIFT:g} assumed"
    longest = max((end.size for end in ends.values()), default=0)
    whole = [end for end in ends.values() if end.size and end.size == longest]
    found: list[Found] = []
    estimates: dict[str, Callable[..., Estimate]] = {
        "step_noise_sd": last_noise,
        "step_noise_sd_detrended": last_noise_detrended,
        "snr_last": last_ratio,
    }

    nothing = Estimate(np.nan, level=level, unit="seed", method=_ABSENT)

    def one(estimate: Callable[..., Estimate], runs: list[np.ndarray], drift: float) -> Estimate:
        try:
            result = estimate(np.stack(runs), drift=drift, level=level)
        except NotEnoughDataError as error:
            return Estimate(np.nan, level=level, unit="seed", method=f"undefined: {error}")
        over = f"of the last {runs[0].size} checkpoints: "
        told = f", {said}" if "chi-square" in result.method else ""
        undefined = result.method.startswith("undefined")
        method = result.method if undefined else f"{over}{result.method}{told}"
        return replace(result, method=method)

    for name, estimate in estimates.items():
        for seed, end in ends.items():
            if not end.size:
                # what it has last is of an earlier stage than the others' end
                found.append(({"seed": seed}, name, nothing))
                continue
            drift = drifts.get(seed, np.nan)
            own = float(drift) if np.isfinite(drift) else shared
            found.append(({"seed": seed}, name, one(estimate, [end], own)))
        if ends:
            found.append(({}, name, one(estimate, whole, shared) if whole else nothing))
    return found


def _smoothed(curves: Curves, last: int, level: float) -> list[Found]:
    """Give the mean over the last checkpoints of the seeds that have all of them."""
    window = curves.means[:, -last:]
    means = window.mean(axis=1)
    steps = window.shape[1]
    method = f"mean of the last {steps} checkpoints"
    found: list[Found] = []
    for seed, value in zip(curves.seeds.tolist(), means.tolist(), strict=True):
        told = method if np.isfinite(value) else "undefined: one of the last checkpoints is missing"
        estimate = Estimate(value, level=level, n=curves.n, unit="item", method=told)
        found.append(({"seed": seed}, "smoothed_mean", estimate))
    items = None if curves.items is None else curves.items[:, :, -last:].mean(axis=2, keepdims=True)
    smooth = replace(
        curves, means=means[:, None], errors=np.full((means.size, 1), np.nan), items=items
    )
    over = final_mean(smooth, 0, level)
    over = replace(over, method=f"{method}; {over.method}")
    both = np.isfinite(means)
    final, means = curves.means[both, -1], means[both]
    found.append(({}, "smoothed_mean", over))
    spread = _try(lambda: sd_ci(means, level=level), level)
    found.append(({}, "smoothed_seed_sd", possible_spread(spread, curves)))
    gain = _try(lambda: smoothing_gain(final, means, level=level), level)
    found.append(({}, "smoothing_gain", gain))
    return found


def _try(estimate: Callable[[], Estimate], level: float) -> Estimate:
    try:
        return estimate()
    except NotEnoughDataError as error:
        return Estimate(np.nan, level=level, unit="seed", method=f"undefined: {error}")
