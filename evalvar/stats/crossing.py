"""Where one curve overtakes another."""

from collections.abc import Callable
from dataclasses import dataclass
from math import nan
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from evalvar.errors import UsageError
from evalvar.stats.arguments import Floats, at_least, same_size
from evalvar.stats.estimate import Estimate

# What the method of a crossover says where the order is not clear on both sides of it.
NOT_SEEN = "not seen to turn"

# Halvings of a step in which an interval ends.
_HALVINGS = 14

# (number of the checkpoint before, share of the step behind it) -> bounds of the difference there
Bounds = Callable[[int, float], tuple[float, float]]
Rule = Literal["split", "first", "last"]


@dataclass(frozen=True, slots=True)
class Crossing:
    """A place at which a difference changes its sign.

    Parameters
    ----------
    before : int
        Number of the checkpoint before it.
    share : float in 0..1
        How much of the step to the next checkpoint is behind it.
    at : float
        The place on the scale of the checkpoints.
    rises : bool
        Whether the difference is positive behind it.
    """

    before: int
    share: float
    at: float
    rises: bool


def crossings(checkpoints: ArrayLike, difference: ArrayLike) -> list[Crossing]:
    """Find all places at which the difference of two curves changes its sign.

    Parameters
    ----------
    checkpoints : float array, shape (T,)
        Increasing.
    difference : float array, shape (T,)
        One curve less the other, in any unit.

    Returns
    -------
    list of Crossing
        In order. Between checkpoints curves are straight lines. A run of zeros between two signs
        is crossed in its middle; between equal signs it is touched and not crossed.

    Raises
    ------
    UsageError
        Different lengths, a number that is not finite, checkpoints that do not increase.

    Examples
    --------
    >>> [crossing.at for crossing in crossings([0, 100, 200], [-1.0, 1.0, 3.0])]
    [50.0]
    """
    x, d = np.asarray(checkpoints, dtype=np.float64), np.asarray(difference, dtype=np.float64)
    same_size(x, d, "checkpoints and difference")
    if x.ndim != 1 or not (np.isfinite(x).all() and np.isfinite(d).all()):
        raise UsageError("crossings needs one axis of finite checkpoints and differences.")
    if (np.diff(x) <= 0).any():
        raise UsageError("checkpoints must increase.")
    signed = np.flatnonzero(d)
    found = []
    for before, after in zip(signed[:-1].tolist(), signed[1:].tolist(), strict=True):
        if (d[before] > 0) == (d[after] > 0):
            continue
        if after - before > 1:  # a run of zeros
            at = float((x[before + 1] + x[after - 1]) / 2)
        else:
            # in units of the larger, so that neither the largest numbers nor the smallest get lost
            scale = max(abs(d[before]), abs(d[after]))
            part = d[before] / scale / (d[before] / scale - d[after] / scale)
            at = float(x[before] + part * (x[after] - x[before]))
        step = min(int(np.searchsorted(x, at, side="right")) - 1, x.size - 2)
        share = float((at - x[step]) / (x[step + 1] - x[step]))
        found.append(Crossing(step, share, at, bool(d[after] > 0)))
    return found


def chosen_crossing(
    checkpoints: ArrayLike, difference: ArrayLike, *, rule: Rule = "last"
) -> Crossing | None:
    """Choose the crossing that counts; None where there is none.

    Parameters
    ----------
    checkpoints, difference : float array, shape (T,)
        As for `crossings`.
    rule : {"last", "first", "split"}
        ``last`` is where the order of the last checkpoint begins. ``split`` takes the crossing that
        best parts the checkpoints into those before, where one leads, and those behind, where the
        other does: the one with the largest difference between the sums on its two sides; of equals
        the last.

    Raises
    ------
    UsageError
        As `crossings`; an unknown rule.

    Examples
    --------
    >>> chosen_crossing([0, 1, 2, 3, 4], [0.5, -2, -3, 2, 4]).at
    2.6
    """
    if rule not in ("split", "first", "last"):
        raise UsageError(f"rule must be 'split', 'first' or 'last', but is '{rule}'.")
    found = crossings(checkpoints, difference)
    if not found:
        return None
    if rule != "split":
        return found[0 if rule == "first" else -1]
    d = np.asarray(difference, dtype=np.float64)
    x = np.asarray(checkpoints, dtype=np.float64)
    parted = [abs(float(d[x > c.at].sum() - d[x < c.at].sum())) for c in found]
    return found[int(len(found) - 1 - np.argmax(parted[::-1]))]


def crossover_ci(
    checkpoints: ArrayLike,
    difference: ArrayLike,
    bounds: Bounds,
    *,
    rule: Rule = "last",
    level: float = 0.95,
    n: int = 0,
    unit: str = "seed",
) -> Estimate:
    """Estimate the checkpoint at which one curve overtakes the other.

    Parameters
    ----------
    checkpoints, difference : float array, shape (T,)
        As for `crossings`.
    bounds : callable
        ``bounds(k, share)`` gives the interval of the difference, at `level`, so far on the way
        from checkpoint k to the next; NaN where there is none.
    rule : {"last", "first", "split"}
        Which of several crossings counts: see `chosen_crossing`.
    level : float in (0, 1)
        Nominal coverage, that of `bounds`.
    n, unit
        What the bounds rest on.

    Returns
    -------
    Estimate
        On the scale of the checkpoints. NaN where the curves do not cross, and without interval
        where the bounds are not known, as the method then says.

    Raises
    ------
    UsageError
        As `chosen_crossing`.
    NotEnoughDataError
        Fewer than two checkpoints.

    Notes
    -----
    The interval is the part around the crossing in which the interval of the difference holds
    zero: at the true crossing it does so with the probability `level`, so that the interval covers
    as the bounds do (Fieller's argument). Curves that run side by side make it long, and it may
    reach the first or the last checkpoint, as the method then says: nothing is known beyond, and
    the order is not seen to turn. Nor is it where the interval leaves zero on the same side twice.
    Curves that are equal at first (both at chance) and cross once, later, cross by chance before:
    ``first`` finds that. There, with t over seeds for bounds, ``last`` covers 95 to 99 % at 95, and
    ``split`` 92 to 98; where two noisy curves cross slowly, ``last`` 93 to 95 and ``split`` 94 to
    95 (2 to 10 seeds, 12 checkpoints).

    Examples
    --------
    >>> e = crossover_ci([0, 100], [-1, 1], lambda k, share: (2 * share - 1.5, 2 * share - 0.5))
    >>> e.value, round(e.low, 1), round(e.high, 1)
    (50.0, 25.0, 75.0)
    """
    x, d = np.asarray(checkpoints, dtype=np.float64), np.asarray(difference, dtype=np.float64)
    at_least(x.size, 2, "a crossover", "checkpoint")
    found = chosen_crossing(x, d, rule=rule)
    if found is None:
        leads = "the curves are equal" if not d.any() else "one leads at every checkpoint"
        method = f"undefined: the curves do not cross, {leads}"
        return Estimate(nan, level=level, n=n, unit=unit, method=method)
    method = "where the difference's interval holds zero"
    ends = [_end(x, found, bounds, way) for way in (-1, 1)]
    if np.isnan([end for end, _ in ends]).any():
        method = "linear interpolation (the difference has no interval there: no interval)"
        return Estimate(found.at, level=level, n=n, unit=unit, method=method)
    signs = [sign for _, sign in ends]
    reached = [name for name, sign in zip(("first", "last"), signs, strict=True) if not sign]
    if reached:
        method += f", open at the {' and the '.join(reached)} checkpoint: {NOT_SEEN}"
    elif signs[0] == signs[1]:
        method += f", the same one leads on both sides: {NOT_SEEN}"
    return Estimate(found.at, nan, ends[0][0], ends[1][0], level, n, unit, method)


def _sign(found: Crossing, way: int, low: float) -> int:
    """Give the sign of an interval that leaves zero; without one it is that of this side."""
    if np.isnan(low):
        return way if found.rises else -way
    return 1 if low > 0 else -1


def _end(x: Floats, found: Crossing, bounds: Bounds, way: int) -> tuple[float, int]:
    """Walk from the crossing until the interval leaves zero; give the sign it has there, or 0."""

    def holds(step: int, share: float) -> bool | None:
        low, high = bounds(step, share)
        return None if np.isnan(low) or np.isnan(high) else low <= 0 <= high

    if holds(found.before, found.share) is None:
        return nan, 0
    step, inner = found.before, found.share
    while True:
        outer = 0.0 if way < 0 else 1.0
        # no interval at a checkpoint, where nothing varies and the curves differ: zero is left
        if not holds(step, outer):
            break
        if step == (0 if way < 0 else x.size - 2):
            return float(x[0] if way < 0 else x[-1]), 0
        step, inner = step + way, 1.0 - outer
    sign = _sign(found, way, bounds(step, outer)[0])
    for _ in range(_HALVINGS):
        middle = (inner + outer) / 2
        inner, outer = (middle, outer) if holds(step, middle) else (inner, middle)
    # the outer end, so that rounding never shortens the interval
    return float(x[step] + outer * (x[step + 1] - x[step])), sign
