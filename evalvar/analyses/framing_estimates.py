"""What two variants of a benchmark differ in: mean, noise, monotonicity, and who leads when."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from evalvar.analyses.curves import Curves
from evalvar.analyses.framing_sides import Framed
from evalvar.analyses.functionals import functional_of
from evalvar.analyses.meeting import Meeting
from evalvar.analyses.pair_estimates import Manner, estimate
from evalvar.analyses.seeds import FEWEST, final_mean, monotonicity, taus
from evalvar.errors import NotEnoughDataError
from evalvar.stats import (
    Estimate,
    crossings,
    crossover_ci,
    mean_sd,
    mean_sd_ratio_ci,
    mean_tau_difference_ci,
    sd_ci,
    sd_ratio_ci,
    signal_to_noise,
    snr_ratio_ci,
)
from evalvar.stats.crossing import Rule


@dataclass(frozen=True, slots=True)
class Found:
    """One estimate: of one side, or of both where `side` is None; of a checkpoint, or over all."""

    side: str | None
    checkpoint: int | None
    quantity: str
    estimate: Estimate


def estimates(pair: Framed, between: str, rule: Rule, level: float) -> list[Found]:
    """Return all there is to say of one model under both variants."""
    last = pair.a.checkpoints.size - 1
    found = []
    for side, curves in (("a", pair.a), ("b", pair.b)):
        means = [final_mean(curves, t, level) for t in range(last + 1)]
        found += [
            Found(side, None, name, one)
            for name, one in _of_one(curves, means[last], level).items()
        ]
        found += [
            Found(side, checkpoint, "mean", means[t])
            for t, checkpoint in enumerate(pair.a.checkpoints.tolist())
        ]
    unlike = _unlike(pair, between)
    differences = [_difference(pair, t, 0.0, level, unlike) for t in range(last + 1)]
    found.append(Found(None, None, "difference", differences[last]))
    found += [Found(None, None, name, one) for name, one in _of_both(pair, level).items()]
    found.append(Found(None, None, "crossover", _crossover(pair, rule, level, unlike)))
    found += [
        Found(None, checkpoint, "difference", differences[t])
        for t, checkpoint in enumerate(pair.a.checkpoints.tolist())
    ]
    return found


def crossing_count(pair: Framed) -> int:
    """Count the places at which the two mean curves cross."""
    t, d = _mean_difference(pair)
    return len(crossings(t, d)) if t.size > 1 else 0


def above_chance(curves: Curves, mean: Estimate) -> bool | None:
    """Tell whether the interval of a mean lies on the better side of chance; None if not known."""
    chance = curves.facts.chance
    nearest = mean.low if curves.facts.higher_is_better else mean.high
    if not (np.isfinite(chance) and np.isfinite(nearest)):
        return None
    return bool(curves.facts.sign * (nearest - chance) > 0)


def _of_one(curves: Curves, mean: Estimate, level: float) -> dict[str, Estimate]:
    last = curves.means[:, -1]
    last = last[np.isfinite(last)]
    return {
        "final_mean": mean,
        "final_seed_sd": _try(lambda: sd_ci(last, level=level), level),
        "seed_sd": _try(lambda: mean_sd(curves.means, level=level), level),
        "snr": _try(lambda: signal_to_noise(last, level=level), level),
        "monotonicity": _monotonicity(curves, level),
    }


def _of_both(pair: Framed, level: float) -> dict[str, Estimate]:
    ends = [curves.means[:, -1] for curves in (pair.a, pair.b)]
    if pair.paired:
        both = np.isfinite(ends).all(axis=0)
        ends = [end[both] for end in ends]
    else:
        ends = [end[np.isfinite(end)] for end in ends]
    paired = pair.paired
    return {
        "final_seed_sd_ratio": _try(
            lambda: sd_ratio_ci(ends[0], ends[1], paired=paired, level=level), level
        ),
        "seed_sd_ratio": _try(
            lambda: mean_sd_ratio_ci(pair.a.means, pair.b.means, paired=paired, level=level), level
        ),
        "snr_ratio": _try(
            lambda: snr_ratio_ci(ends[0], ends[1], paired=paired, level=level), level
        ),
        "monotonicity_difference": _tau_difference(pair, level),
    }


def _monotonicity(curves: Curves, level: float) -> Estimate:
    """Give the mean tau-b as `seed_variance` does, and say what it needs."""
    found, _ = monotonicity(curves, level)
    return found if np.isfinite(found.value) else _no_tau(level)


def _no_tau(level: float) -> Estimate:
    method = f"undefined: tau-b needs {FEWEST} checkpoints that are not all equal"
    return Estimate(np.nan, level=level, unit="seed", method=method)


def _tau_difference(pair: Framed, level: float) -> Estimate:
    a, b = taus(pair.a), taus(pair.b)
    known = [np.isfinite(a), np.isfinite(b)]
    if pair.paired:
        known = [known[0] & known[1]] * 2
    a, b = a[known[0]], b[known[1]]
    if not (a.size and b.size):
        return _no_tau(level)
    if min(a.size, b.size) == 1:
        method = "difference of mean tau-b (one seed: no interval)"
        return Estimate(float(a.mean() - b.mean()), level=level, n=1, unit="seed", method=method)
    shortest = min(
        int(np.isfinite(curves.means[kept]).sum(axis=1).min())
        for curves, kept in zip((pair.a, pair.b), known, strict=True)
    )
    found = mean_tau_difference_ci(a, b, checkpoints=shortest, paired=pair.paired, level=level)
    return replace(found, method=f"difference of mean tau-b, {found.method}")


def _unlike(pair: Framed, between: str) -> str:
    """Say why scores of the two cannot be subtracted, if they cannot."""
    a, b = pair.a.facts, pair.b.facts
    if a.higher_is_better != b.higher_is_better:
        return "undefined: higher is better in one of the two only"
    if between == "metric" and a.range != b.range:
        return "undefined: the two metrics have different ranges"
    return ""


def _difference(pair: Framed, k: int, share: float, level: float, unlike: str) -> Estimate:
    """Difference a - b of the means so far on the way from checkpoint k to the next."""
    if unlike or pair.apart:
        return Estimate(
            np.nan, level=level, unit="item", method=unlike or f"undefined: {pair.apart}"
        )
    if pair.a.items is None or pair.b.items is None:
        return _of_runs(pair, k, share, level)
    in_a, in_b = (_between(items, k, share) for items in (pair.a.items, pair.b.items))
    known = [np.isfinite(table).all(axis=0) for table in (in_a, in_b)]
    if pair.paired:
        known = [known[0] & known[1]] * 2
    return _estimated(pair, in_a[:, known[0]], in_b[:, known[1]], known, level, runs=False)


def _of_runs(pair: Framed, k: int, share: float, level: float) -> Estimate:
    """Difference of what was reported without items, over seeds."""
    rows = [_between(curves.means[None], k, share) for curves in (pair.a, pair.b)]
    known = [np.isfinite(row[0]) for row in rows]
    if pair.paired:
        known = [known[0] & known[1]] * 2
    return _estimated(pair, rows[0][:, known[0]], rows[1][:, known[1]], known, level, runs=True)


def _estimated(
    pair: Framed, in_a: np.ndarray, in_b: np.ndarray, known: list[np.ndarray], level: float, *,
    runs: bool,
) -> Estimate:  # fmt: skip
    if not (in_a.shape[1] and in_b.shape[1]):
        method = "undefined: no run of one of the two at this checkpoint"
        return Estimate(np.nan, level=level, unit="seed", method=method)
    a, b = pair.a.facts, pair.b.facts
    span = max(a.high, b.high) - min(a.low, b.low)
    low, high = (-span, span) if np.isfinite(span) else (None, None)
    meeting = Meeting(
        task=None, metric="", between="task", a="a", b="b", in_a=in_a[..., None],
        in_b=in_b[..., None], seeds_a=pair.a.seeds[known[0]], seeds_b=pair.b.seeds[known[1]],
        same_runs=pair.paired, clusters=None, low=low, high=high,
        higher_is_better=a.higher_is_better, points=False, prompts=1, unpaired=0, too_few="",
        remarks=(), items=pd.RangeIndex(len(in_a)), runs=runs,
    )  # fmt: skip
    manner = Manner(functional_of("mean"), None, "auto", level, 0, 0)
    found = estimate(meeting, manner, level=level)
    unit = "seed" if runs else found.unit
    return replace(found, n=in_a.shape[1] if runs else found.n, unit=unit)


def _between(table: np.ndarray, k: int, share: float) -> np.ndarray:
    if share == 0:
        return np.asarray(table[..., k])
    return np.asarray((1 - share) * table[..., k] + share * table[..., k + 1])


def _mean_difference(pair: Framed) -> tuple[np.ndarray, np.ndarray]:
    """Return the checkpoints that both have a run of, and the difference of the mean curves."""
    a, b = pair.a.means, pair.b.means
    if pair.paired:
        both = np.isfinite(a) & np.isfinite(b)
        a, b = np.where(both, a, np.nan), np.where(both, b, np.nan)
    known = np.isfinite(a).any(axis=0) & np.isfinite(b).any(axis=0)
    means = [np.nanmean(side[:, known], axis=0) for side in (a, b)]
    return pair.a.checkpoints[known], means[0] - means[1]


def _crossover(pair: Framed, rule: Rule, level: float, unlike: str) -> Estimate:
    """Checkpoint at which the order of the two turns."""
    if unlike:
        return Estimate(np.nan, level=level, unit="seed", method=unlike)
    t, d = _mean_difference(pair)
    if t.size < 2:
        method = f"undefined: a crossover needs 2 checkpoints, found {t.size}"
        return Estimate(np.nan, level=level, unit="seed", method=method)
    kept = _at(pair, np.searchsorted(pair.a.checkpoints, t))
    # without items in common there still are the seeds
    estimated = _of_runs if pair.apart else partial(_difference, unlike="")

    def bounds(k: int, share: float) -> tuple[float, float]:
        at = (k + 1, 0.0) if share == 1 else (k, share)
        found = estimated(kept, *at, level=level)
        return found.low, found.high

    last = estimated(kept, t.size - 1, 0.0, level=level)
    return crossover_ci(t, d, bounds, rule=rule, level=level, n=last.n, unit=last.unit)


def _at(pair: Framed, at: np.ndarray) -> Framed:
    """Return the pair at some checkpoints only."""

    def at_these(curves: Curves) -> Curves:
        items = None if curves.items is None else curves.items[..., at]
        return replace(
            curves, checkpoints=curves.checkpoints[at], means=curves.means[:, at],
            errors=curves.errors[:, at], items=items,
        )  # fmt: skip

    return replace(pair, a=at_these(pair.a), b=at_these(pair.b))


def _try(statistic: Callable[[], Estimate], level: float) -> Estimate:
    try:
        return statistic()
    except NotEnoughDataError as error:
        reason = str(error).rstrip(".")
        return Estimate(np.nan, level=level, unit="seed", method=f"undefined: {reason}")
