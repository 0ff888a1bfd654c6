"""Does a curve rise? Of each seed by itself, and over seeds."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from zlib import crc32

import numpy as np

from evalvar.analyses.curves import Curves
from evalvar.analyses.seeds import monotonicity
from evalvar.errors import counted
from evalvar.stats import (
    Estimate,
    bounded_mean_ci,
    kendall_tau,
    kendall_tau_null_sd,
    mean_ci,
    rise_share,
    spearman,
)
from evalvar.stats.attenuation import clear_tau, item_covariance, kendall_tau_ci
from evalvar.stats.drift import FEWEST, drift, trend_test
from evalvar.stats.mean_tau import mean_tau_ci
from evalvar.stats.rising import first_above, isotonic_r2, net_step, step_length

Found = tuple[dict[str, int], str, Estimate]
_DRAWN = "mean over seeds"
_FEW = f"undefined: fewer than {FEWEST} checkpoints do not tell a trend from drift"
# The correlation with time is a mean over pairs of checkpoints, the share of rises over steps.
_RANKED = (
    "kendall_tau_a", "spearman", "kendall_tau_corrected", "kendall_tau_above_chance", "rise_share",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Seed:
    """One run, the checkpoints it has, turned so that up is better."""

    curve: np.ndarray
    errors: np.ndarray
    covariance: np.ndarray | None  # over draws of the items
    paired: bool  # whether that holds what checkpoints share
    drift: float


def trends(
    curves: Curves, *, level: float, rng: int
) -> tuple[list[Found], list[str], dict[int, float]]:
    """Return what is said of the curve of each seed and over seeds, remarks, and drifts by seed."""
    seeds = {
        seed: _seed(curves, s)
        for s, seed in enumerate(curves.seeds.tolist())
        if np.isfinite(curves.means[s]).sum() > 2
    }
    drifts = {seed: run.drift for seed, run in seeds.items()}
    if curves.checkpoints.size < 3:
        return [], [f"a trend needs 3 checkpoints, found {curves.checkpoints.size}."], drifts
    remarks = []
    short = curves.seeds.size - len(seeds)
    if short:
        remarks.append(
            f"{short} of {counted(curves.seeds.size, 'seed')} have fewer than 3 checkpoints and no "
            "trend."
        )
    found: list[Found] = []
    for name, statistic in _statistics(curves, level, rng).items():
        each = {seed: statistic(seed, run) for seed, run in seeds.items()}
        found += [({"seed": seed}, name, estimate) for seed, estimate in each.items()]
        if name == "kendall_tau":
            over, more = monotonicity(curves, level)
            found.append(({}, name, over))
            remarks += more
        elif name != "trend_test":
            runs = list(seeds.values())
            found.append(({}, name, _over_seeds(name, list(each.values()), runs, level)))
    if (
        np.isfinite(curves.facts.chance)
        and seeds
        and not any(
            np.isfinite(e.value) for _, name, e in found if name == "kendall_tau_above_chance"
        )
    ):
        remarks.append(
            "no seed has 3 checkpoints after the first that is clearly above chance; there is no "
            "trend above chance."
        )
    return found, remarks, drifts


def _seed(curves: Curves, s: int) -> _Seed:
    seen = np.isfinite(curves.means[s])
    curve = curves.facts.sign * curves.means[s, seen]
    errors = curves.errors[s, seen]
    covariance = None
    if curves.items is not None and len(curves.items) > 1:
        scores = curves.items[:, s, seen]
        if np.isfinite(scores).all():
            covariance = item_covariance(scores)
    paired = covariance is not None
    if covariance is None:
        # of 0 or all right the reported error is 0, which is no error at all
        known = np.where(np.isin(np.abs(curve), (0.0, 1.0)), np.nan_to_num(errors), errors)
        if np.isfinite(known).all() and known.any():
            covariance = np.diag(known**2)
    moves = curve.size >= FEWEST and np.ptp(curve) > 0
    return _Seed(curve, errors, covariance, paired, drift(curve) if moves else np.nan)


def _statistics(
    curves: Curves, level: float, rng: int
) -> dict[str, Callable[[int, _Seed], Estimate]]:
    """Return by quantity what gives its estimate of one seed, in the order of the table."""

    def plain(statistic: Callable[[np.ndarray], object], method: str) -> Callable[..., Estimate]:
        def estimate(seed: int, run: _Seed) -> Estimate:
            value = float(statistic(run.curve))  # type: ignore[arg-type]
            return Estimate(value, level=level, n=1, unit="seed", method=method)

        return estimate

    def source(seed: int) -> np.random.Generator:
        return np.random.default_rng([rng, crc32(curves.name.encode()), seed & 0xFFFFFFFF])

    def tau(seed: int, run: _Seed) -> Estimate:
        if run.covariance is None:
            return plain(kendall_tau, "tau-b, no error over items known")(seed, run)
        estimate = kendall_tau_ci(
            run.curve, run.covariance, rng=source(seed), level=level, n_items=curves.n
        )
        return replace(estimate, method=estimate.method + _anew(run))

    def null(seed: int, run: _Seed) -> Estimate:
        ties = np.unique(run.curve, return_counts=True)[1]
        value = kendall_tau_null_sd(run.curve.size, ties=ties)
        method = "sd of tau-b over all orders of the scores"
        return Estimate(value, level=level, n=1, unit="seed", method=method)

    def tested(seed: int, run: _Seed) -> Estimate:
        if run.curve.size < FEWEST:
            return Estimate(np.nan, level=level, unit="checkpoint", method=_FEW)
        # an error that only was reported includes what checkpoints share, which moves none of them
        shared = run.covariance if run.paired else None
        return trend_test(run.curve, shared, rng=source(seed), level=level)

    def corrected(seed: int, run: _Seed) -> Estimate:
        return _corrected(run, level)

    def above(seed: int, run: _Seed) -> Estimate:
        return _above_chance(run, curves, level)

    return {
        "kendall_tau": tau,
        "kendall_tau_a": plain(lambda curve: kendall_tau(curve, variant="a"), "tau-a"),
        "kendall_tau_null_sd": null,
        "trend_test": tested,
        "kendall_tau_corrected": corrected,
        "kendall_tau_above_chance": above,
        "spearman": plain(spearman, "rank correlation, midranks"),
        "isotonic_r2": plain(isotonic_r2, "share of variance of the nearest rising curve"),
        "rise_share": plain(rise_share, "share of steps that improve, no change counts half"),
        "step_length": plain(step_length, "mean size of a step"),
        "net_step": plain(net_step, "improvement per step, last minus first"),
    }


def _anew(run: _Seed) -> str:
    return "" if run.paired else ", as if drawn anew at each checkpoint"


def _corrected(run: _Seed, level: float) -> Estimate:
    """Give tau of the pairs of checkpoints that the items tell apart."""
    if run.covariance is None:
        method = "undefined: no error over items is known"
        return Estimate(np.nan, level=level, unit="seed", method=method)
    value = clear_tau(run.curve, run.covariance, level=level)
    method = f"tau-a, pairs within the noise of the items tied{_anew(run)}"
    return Estimate(value, level=level, n=1, unit="seed", method=method)


def _above_chance(run: _Seed, curves: Curves, level: float) -> Estimate:
    """Give tau-b of the checkpoints after the first that is clearly above chance.

    That one is left out: it was chosen for being high, so what follows it would seem to fall.
    """
    chance = curves.facts.sign * curves.facts.chance
    method, value = "undefined: no chance level is known", np.nan
    if chance == chance:
        method = "undefined: no error over items is known"
    if chance == chance and np.isfinite(run.errors).any():
        first = first_above(run.curve, run.errors, chance, level=level)
        left = 0 if first is None else run.curve.size - first - 1
        method = "undefined: no checkpoint is clearly above chance"
        if first is not None:
            method = f"undefined: {counted(left, 'checkpoint')} after the first above chance"
        if first is not None and left > 2:
            value = float(kendall_tau(run.curve[first + 1 :]))
            method = "tau-b after the first checkpoint above chance"
            if value != value:
                method = "undefined: constant after the first checkpoint above chance"
            return Estimate(value, level=level, n=left, unit="checkpoint", method=method)
    return Estimate(value, level=level, unit="checkpoint", method=method)


def _over_seeds(name: str, each: list[Estimate], runs: list[_Seed], level: float) -> Estimate:
    values = np.array([estimate.value for estimate in each])
    kept = np.isfinite(values)
    defined = values[kept]
    methods = [e.method for e, keep in zip(each, kept, strict=True) if keep or not kept.any()]
    method = _shared(methods)
    if not kept.all() and defined.size:
        method = f"{method}, {defined.size} of {counted(kept.size, 'seed')} with one"
    if not defined.size:
        return Estimate(np.nan, level=level, unit="seed", method=method or "undefined: no seed")
    if name == "kendall_tau_null_sd":
        value = float(np.sqrt((defined**2).sum()) / defined.size)
        return Estimate(value, level=level, n=defined.size, unit="seed", method=method)
    if defined.size == 1:
        return Estimate(float(defined[0]), level=level, n=1, unit="seed", method=method)
    if name in _RANKED:
        lengths = [
            e.n if e.unit == "checkpoint" else run.curve.size
            for e, run, keep in zip(each, runs, kept, strict=True)
            if keep
        ]
        scale = 2.0 if name == "rise_share" else 1.0
        rank = mean_tau_ci(scale * defined - (scale - 1), checkpoints=min(lengths), level=level)
        return replace(
            rank, value=float(defined.mean()), se=rank.se / scale,
            low=(rank.low + scale - 1) / scale, high=(rank.high + scale - 1) / scale,
            method=f"{method}; {_DRAWN}, {rank.method}",
        )  # fmt: skip
    if name == "isotonic_r2":
        estimate = bounded_mean_ci(defined, low=0.0, high=1.0, level=level)
    else:
        estimate = mean_ci(defined, level=level)
    low = max(estimate.low, 0.0) if name == "step_length" else estimate.low
    method = f"{method}; {_DRAWN}, {estimate.method}"
    return replace(estimate, low=low, unit="seed", method=method)


def _shared(methods: Iterable[str]) -> str:
    """Return what the seeds' methods have in common; their own numbers stand in their rows."""
    distinct = list(dict.fromkeys(methods))
    return distinct[0] if len(distinct) == 1 else (distinct or [""])[0].partition(",")[0]
