"""From which checkpoint on are two recipes apart?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isnan, nan

from evalvar.errors import UsageError
from evalvar.stats.arguments import check_level
from evalvar.stats.estimate import Estimate


@dataclass(frozen=True, slots=True)
class Onset:
    """Where a difference begins to stay clear of zero.

    Parameters
    ----------
    index : int or None
        The first checkpoint from which on it is clear; None where it is not clear in the end.
    sign : int
        Its sign, 0 where there is none.
    p_value : float
        Of the difference in the end, times the number of comparisons.
    last : Estimate
        The difference in the end.
    looked_at : int
        How many checkpoints were tested, from the last one backwards.
    """

    index: int | None
    sign: int
    p_value: float
    last: Estimate
    looked_at: int


def clear_from(
    differences: Sequence[Estimate] | Callable[[int], Estimate],
    count: int,
    *,
    level: float = 0.95,
    comparisons: int = 1,
) -> Onset:
    """Find the first checkpoint from which a difference stays clear of zero through to the end.

    Parameters
    ----------
    differences : sequence of Estimate, or callable
        The difference at each checkpoint with its p-value of zero, or a function of a checkpoint's
        index that gives it: only those that are needed are asked for, the last one first.
    count : int
        How many checkpoints there are.
    level : float in (0, 1)
        With this chance nothing is claimed that is not so.
    comparisons : int
        How many pairs of recipes share that chance (Bonferroni).

    Returns
    -------
    Onset
        `index` is None where `p_value` > 1 - level, and only there.

    Raises
    ------
    UsageError
        No checkpoint, or no comparison.

    Notes
    -----
    The hypotheses "no difference at t" are tested in a fixed order, from the last checkpoint to the
    first, each at the whole of alpha = (1 - level)/comparisons, until one stands or the sign turns:
    the fixed-sequence procedure (Maurer, Hothorn, Lehmacher 1995). It needs no correction for the
    number of checkpoints: going back, the first of them at which the difference is not of the sign
    seen can be passed only by an error of its own test, so that with a chance of 1 - alpha or more
    the difference has this sign at every checkpoint from `index` on. `index` is therefore an upper
    bound of where the true difference begins; where it is small, more items or seeds show it
    earlier.

    Examples
    --------
    >>> steps = [Estimate(d, p_value=p) for d, p in ((0.1, 0.01), (0.1, 0.2), (0.2, 0.03))]
    >>> clear_from(steps, 3).index
    2
    """
    check_level(level)
    if count < 1 or comparisons < 1:
        raise UsageError(
            f"an onset needs a checkpoint and a comparison, but has {count} and {comparisons}."
        )
    at = differences if callable(differences) else differences.__getitem__
    last = at(count - 1)
    sign = _sign(last)
    p = min(1.0, comparisons * last.p_value) if not isnan(last.p_value) else nan
    if not (p <= 1 - level and sign):
        return Onset(None, 0, p, last, 1)
    for index in range(count - 2, -1, -1):
        found = at(index)
        if not (comparisons * found.p_value <= 1 - level and _sign(found) == sign):
            return Onset(index + 1, sign, p, last, count - index)
    return Onset(0, sign, p, last, count)


def _sign(difference: Estimate) -> int:
    """On which side of zero the interval lies: it need not be centred on the value."""
    centre = (difference.low + difference.high) / 2
    side = difference.value if isnan(centre) else centre
    return int(side > 0) - int(side < 0)
