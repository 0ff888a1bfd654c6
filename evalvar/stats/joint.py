"""Resampled statistics of many systems, drawn together: intervals, differences, averages."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import nan, sqrt
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from evalvar.errors import UsageError
from evalvar.stats.arguments import ROUNDING, Floats, check_level
from evalvar.stats.estimate import Estimate

Kind = Literal["percentile", "basic", "bca", "studentised"]
_KINDS = ("percentile", "basic", "bca", "studentised")
# With fewer items, clusters or seeds no interval from quantiles of the draws covers.
FEWEST_UNITS = 10


@dataclass(frozen=True, slots=True)
class Joint:
    """A statistic of several systems and its resamples, the same resample in a row for all.

    Parameters
    ----------
    value : float array, shape (n_systems,)
        The statistic of the data.
    draws : float array, shape (n_resamples, n_systems)
        The statistic of each resample. A function of a row is resampled as the row is.
    n : int
        Number of independent units; of the scarcest axis where several are redrawn.
    unit : str
        What was redrawn: ``item``, ``cluster``, ``seed``, ``item x seed`` ...
    method : str
        How, in words.
    influence : float array, shape (n_units, n_systems), optional
        What each unit adds by the jackknife: mean of the values without one unit, minus the value
        without this one. BCa needs it.
    error, errors : float array, shapes (n_systems,) and (n_resamples, n_systems), optional
        Standard error of the value and of each draw. The studentised interval needs them.
    """

    value: Floats
    draws: Floats
    n: int
    unit: str
    method: str
    influence: Floats | None = None
    error: Floats | None = None
    errors: Floats | None = None

    def difference(self, a: int | Sequence[int], b: int | Sequence[int]) -> "Joint":
        """Differences a - b of columns, one for each pair of indices.

        Returns
        -------
        Joint
            Without standard errors: for a studentised interval of a difference of means, resample
            the differences.
        """
        one, other = np.atleast_1d(np.asarray(a)), np.atleast_1d(np.asarray(b))
        influence = self.influence
        if influence is not None:
            influence = influence[:, one] - influence[:, other]
        return replace(
            self, value=self.value[one] - self.value[other],
            draws=self.draws[:, one] - self.draws[:, other], influence=influence,
            error=None, errors=None,
        )  # fmt: skip

    def widened(self) -> "Joint":
        """Move the draws away from the value by sqrt(n/(n - 1)).

        The variance of a resampled mean divides by n, an unbiased one by n - 1. Exact for a mean
        of independent units; with several axes, where n is that of the scarcest, never too little.
        """
        if self.n < 2:
            raise UsageError(f"draws are widened for 2 units or more, but there is {self.n}.")
        factor = sqrt(self.n / (self.n - 1))
        draws = self.value + factor * (self.draws - self.value)
        return replace(self, draws=draws, method=f"{self.method}, widened by sqrt(n/(n-1))")

    def estimates(
        self, kind: Kind = "percentile", *, level: float = 0.95, null: float = 0.0
    ) -> list[Estimate]:
        """Give an interval and a p-value for each system.

        Parameters
        ----------
        kind : {"percentile", "basic", "bca", "studentised"}
            Kind of interval.
        level : float in (0, 1)
            Nominal coverage.
        null : float
            `p_value` tests value = null: it is 1 minus the level at which the interval would just
            reach null, at least 2/(n_resamples + 1); for BCa what that share of draws stands for.

        Returns
        -------
        list of Estimate
            `se` is the standard deviation of the draws (ddof 1). Where the statistic is undefined
            in some draw, or the same in all, there is no interval, as `method` then says.

        Raises
        ------
        UsageError
            An unknown kind; one that lacks what it needs; fewer than 10 items, clusters or seeds,
            for all kinds but the studentised.

        Notes
        -----
        "An Introduction to the Bootstrap" (Efron, Tibshirani 1993), sections 12.5, 13.3 and 14.3;
        basic: "Bootstrap Methods and their Application" (Davison, Hinkley 1997), Eq. 5.6.
        Equals `scipy.stats.bootstrap` for the same draws (tested).
        """
        check_level(level)
        if kind not in _KINDS:
            raise UsageError(f"kind must be one of {', '.join(_KINDS)}, but is {kind!r}.")
        if kind != "studentised" and self.n < FEWEST_UNITS:
            other = "or sparse_t" if self.unit == "item" else "clustered_mean_ci or crossed_mean_ci"
            raise UsageError(
                f"a {kind} interval needs at least {FEWEST_UNITS} {_plural(self.unit)}, but there "
                f"are {self.n}. Use kind='studentised', {other}."
            )
        if kind == "bca" and self.influence is None:
            raise UsageError("a bca interval needs joint_bootstrap(..., jackknife=True).")
        if kind == "studentised" and self.errors is None:
            raise UsageError("a studentised interval needs joint_bootstrap(..., studentise=True).")
        return [self._estimate(m, kind, level, null) for m in range(self.value.size)]

    def _estimate(self, m: int, kind: Kind, level: float, null: float) -> Estimate:
        value, drawn = float(self.value[m]), self.draws[:, m]
        name = f"{'BCa' if kind == 'bca' else kind} {self.method}"
        undefined = int((~np.isfinite(drawn)).sum())
        why = ""
        if undefined or not np.isfinite(value):
            why = f"undefined in {undefined} of them: no interval"
        elif np.ptp(drawn) <= ROUNDING * float(np.abs(drawn).max()):
            why = "all equal: no interval"
        if why:
            return Estimate(value, level=level, n=self.n, unit=self.unit, method=f"{name} ({why})")
        se, tails = float(drawn.std(ddof=1)), np.array([(1 - level) / 2, (1 + level) / 2])
        low, high, p = nan, nan, nan
        if kind == "percentile":
            (low, high), p = np.quantile(drawn, tails), 2 * _smaller_tail(drawn, null)
        elif kind == "basic":
            high, low = 2 * value - np.quantile(drawn, tails)
            p = 2 * _smaller_tail(drawn, 2 * value - null)
        elif kind == "bca":
            low, high, p = self._bca(m, tails, null)
            name += "" if np.isfinite(low) else " (no acceleration: no interval)"
        else:
            low, high, p, why = self._studentised(m, tails, null)
            name += why
        return Estimate(
            value, se, float(low), float(high), level, self.n, self.unit, name, min(1.0, p)
        )

    def _bca(self, m: int, tails: Floats, null: float) -> tuple[float, float, float]:
        drawn, value = self.draws[:, m], self.value[m]
        assert self.influence is not None
        move = Acceleration.of(drawn, float(value), self.influence[:, m])
        moved = move.tails(tails)
        if not np.isfinite(moved).all():
            return nan, nan, nan
        low, high = np.quantile(drawn, moved)
        below = np.clip(_share(drawn, null), 1 / (drawn.size + 1), drawn.size / (drawn.size + 1))
        nominal = move.nominal(float(below))
        return float(low), float(high), 2 * min(nominal, 1 - nominal)

    def _studentised(self, m: int, tails: Floats, null: float) -> tuple[float, float, float, str]:
        assert self.error is not None
        assert self.errors is not None
        value, error, errors = self.value[m], float(self.error[m]), self.errors[:, m]
        moved = self.draws[:, m] - value
        # a draw that does not vary lies infinitely far off, unless it is the value itself
        flat = errors <= ROUNDING * float(np.abs(self.draws[:, m]).max())
        with np.errstate(divide="ignore", invalid="ignore"):
            t = np.where(flat, np.where(moved == 0, 0.0, np.sign(moved) * np.inf), moved / errors)
        left, right = np.quantile(t, tails, method="inverted_cdf")
        if not np.isfinite([left, right]).all():
            return nan, nan, nan, " (too many draws do not vary: no interval)"
        p = 2 * _smaller_tail(t, (value - null) / error)
        return value - right * error, value - left * error, p, ""


@dataclass(frozen=True, slots=True)
class Acceleration:
    """Bias and acceleration of BCa: how nominal tails and those of the draws belong together."""

    bias: float
    rate: float

    @classmethod
    def of(cls, drawn: Floats, value: float, influence: Floats) -> "Acceleration":
        """Estimate both from the draws and the jackknife (Efron, Tibshirani, Eq. 14.14, 14.15)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            rate = (influence**3).sum() / (6 * (influence**2).sum() ** 1.5)
        return cls(float(special.ndtri(_share(drawn, value))), float(rate))

    def tails(self, nominal: Floats) -> Floats:
        """Move nominal tails to those of the draws (Efron, Tibshirani, Eq. 14.10)."""
        z = self.bias + special.ndtri(nominal)
        with np.errstate(invalid="ignore"):
            return np.asarray(special.ndtr(self.bias + z / (1 - self.rate * z)))

    def nominal(self, tail: float) -> float:
        """Move a tail of the draws back to the nominal one."""
        w = float(special.ndtri(tail)) - self.bias
        return float(special.ndtr(w / (1 + self.rate * w) - self.bias))


def macro_joint(joints: Sequence[Joint], weights: ArrayLike | None = None) -> Joint:
    """Average tasks, each with its own items and its own draws.

    Parameters
    ----------
    joints : sequence of Joint
        One a task, the systems in the same order, from generators of different keys.
    weights : float array, shape (n_tasks,), optional
        Weight of each task, used as it is; 1/n_tasks by default.

    Returns
    -------
    Joint
        The weighted sum; `n` is the smallest number of units of a task. The variance is the sum of
        the tasks' squared weights times their variances.

    Raises
    ------
    UsageError
        No joint, different numbers of systems or draws, a weight missing.
    """
    if not joints:
        raise UsageError("an average over tasks needs at least 1 task, but has 0.")
    shapes = sorted({joint.draws.shape for joint in joints})
    if len(shapes) > 1:
        raise UsageError(
            f"tasks need the same numbers of resamples and systems, but have {shapes}."
        )
    count = len(joints)
    w = np.full(count, 1 / count) if weights is None else np.asarray(weights, dtype=np.float64)
    if w.shape != (count,) or not np.isfinite(w).all():
        raise UsageError(f"weights need one finite number a task ({count}), but are {weights!r}.")
    value = sum(x * joint.value for x, joint in zip(w, joints, strict=True))
    draws = sum(x * joint.draws for x, joint in zip(w, joints, strict=True))
    influence = None
    if all(joint.influence is not None for joint in joints):
        influence = np.concatenate(
            [x * joint.influence for x, joint in zip(w, joints, strict=True)]
        )
    units = sorted({joint.unit for joint in joints})
    methods = list(dict.fromkeys(joint.method for joint in joints))
    return Joint(
        np.asarray(value), np.asarray(draws), min(joint.n for joint in joints), " / ".join(units),
        f"{'; '.join(methods)}, {count} tasks averaged", influence,
    )  # fmt: skip


def _share(drawn: Floats, point: float) -> float:
    """Share of draws below, those that are equal counted half."""
    return float(((drawn < point).mean() + (drawn <= point).mean()) / 2)


def _smaller_tail(drawn: Floats, point: float) -> float:
    below, above = int((drawn <= point).sum()), int((drawn >= point).sum())
    return (min(below, above) + 1) / (drawn.size + 1)


def _plural(unit: str) -> str:
    return " and ".join(f"{name}s" for name in unit.split(" x "))
