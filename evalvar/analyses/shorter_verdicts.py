"""A quantity of one way to shorten a benchmark, beside the same of random items."""

from dataclasses import dataclass, replace
from math import nan

import numpy as np

from evalvar.stats import Estimate
from evalvar.stats.held_out import held_out_mean
from evalvar.stats.rank_pairs import RankAgreement, mean_rank_agreement

# A gain of less than this share of what the random subset loses is none.
SMALL_GAIN = 0.1


@dataclass(frozen=True, slots=True)
class Marks:
    """A quantity of one way to shorten a benchmark.

    Parameters
    ----------
    estimate : Estimate
    by_unit : float array, shape (B, U), or None
        Of what the estimate is the mean.
    choices : int array, shape (B, U), or None
        Which subset of the repeat each unit met.
    draws : float array, shape (B,)
        The quantity of each subset alone.
    ranks : RankAgreement, optional
        Of what the estimate is the mean where it is one over pairs.
    """

    estimate: Estimate
    by_unit: np.ndarray | None
    choices: np.ndarray | None
    draws: np.ndarray
    ranks: RankAgreement | None = None

    @classmethod
    def undefined(cls, why: str, level: float, unit: str) -> "Marks":
        """Give what has no value, and why."""
        estimate = Estimate(nan, level=level, unit=unit, method=f"undefined: {why}")
        return cls(estimate, None, None, np.full(1, nan))

    def centre(self) -> float:
        """Mean over the subsets that have it."""
        known = self.draws[np.isfinite(self.draws)]
        return float(known.mean()) if known.size else nan


def versus(ours: Marks, random: Marks, better: int, what: str) -> tuple[Estimate, str]:
    """Compare a quantity with that of random subsets: the difference, and a verdict.

    Parameters
    ----------
    ours, random : Marks
    better : {-1, 1}
        Whether more is better.
    what : str
        What the random subsets are called.
    """
    base, level = random.centre(), ours.estimate.level
    value = ours.estimate.value - base
    method = f"difference from {what}"
    if ours.ranks is not None and random.ranks is not None:
        unit = ours.estimate.unit
        found = mean_rank_agreement(ours.ranks, against=random.ranks, level=level, unit=unit)
    elif ours.by_unit is not None and random.by_unit is not None:
        found = held_out_mean(
            ours.by_unit, against=random.by_unit, choices=ours.choices, level=level,
            unit=ours.estimate.unit,
        )  # fmt: skip
    else:
        bare = Estimate(
            value, level=level, n=ours.estimate.n, unit=ours.estimate.unit,
            method=f"{method} (no interval)",
        )  # fmt: skip
        return bare, _beyond_draws(ours, random, better)
    shift = value - found.value
    found = replace(
        found, value=value, low=found.low + shift, high=found.high + shift,
        method=f"{method}, {found.method}",
    )  # fmt: skip
    loss = base if better < 0 else 1 - base
    low, high = sorted((better * found.low, better * found.high))
    if np.isnan(low):
        return found, "undetermined"
    if low > 0:
        return found, "better"
    if high < 0:
        return found, "worse"
    return found, "no better" if high <= SMALL_GAIN * loss else "undetermined"


def _beyond_draws(ours: Marks, random: Marks, better: int) -> str:
    """Tell whether a value lies beyond what single random subsets give, where they are many."""
    level, value = ours.estimate.level, ours.estimate.value
    low, high = central_range(random.draws, level)
    few = np.isfinite(random.draws).sum() < round(2 / (1 - level))
    if few or not np.isfinite([low, high, value]).all() or low <= value <= high:
        return "undetermined"
    return "better" if (value > high) == (better > 0) else "worse"


def central_range(draws: np.ndarray, level: float) -> tuple[float, float]:
    """Give the central part of what single draws of a subset give."""
    known = draws[np.isfinite(draws)]
    if not known.size:
        return nan, nan
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
