"""The mean of a sample most of whose values may be equal, with a pseudo-value for the unseen."""

from dataclasses import dataclass
from math import isfinite

import numpy as np

from evalvar.stats.arguments import Floats


@dataclass(frozen=True, slots=True)
class PseudoMean:
    """The mean that an interval is centred on, and its variance; zero where nothing can differ."""

    centre: float
    variance: float


def pseudo_mean(
    values: Floats, sizes: Floats, *, low: float, high: float, slack: float
) -> PseudoMean:
    """Let one pseudo-value join the sample, with the mass of the share of equal values.

    Parameters
    ----------
    values, sizes : float array, shape (n,)
        Independent values, and the weight of each in the mean (1, or the size of a cluster).
    low, high : float
        Smallest and largest possible value, infinite where unknown.
    slack : float
        What is no larger than this apart is equal.

    Notes
    -----
    Let v be the one value that half of them or more have, else 0; e = value - v; z the share of
    e = 0, m the number of others, M = max |e|. The pseudo-value has the size z n*, with
    n* = sum of sizes^2 / N: half of it at v + w_up, half at v - w_down, w = min(M, r) + (r -
    min(M, r))/(m + 1), r the room from v to the end of the range on that side; w = M where the
    range is unknown. The variance is CR2's of the N + z n* that result.
    Equals the mean and its CR2 variance when no value is zero and none is shared by half of them,
    which with equal sizes are those of the t interval.
    """
    atom = _atom(values, slack)
    e = np.where(np.abs(values - atom) <= slack, 0.0, values - atom)
    others = int((e != 0).sum())
    share = 1 - others / e.size
    furthest = float(np.abs(e).max())
    up = _pseudo_distance(furthest, max(high - atom, 0.0), others)
    down = _pseudo_distance(furthest, max(atom - low, 0.0), others)
    typical = float((sizes**2).sum() / sizes.sum())
    total = float(sizes.sum()) + share * typical
    centre = (float((sizes * e).sum()) + share * typical * (up - down) / 2) / total
    squares = float(((sizes * (e - centre)) ** 2 / (1 - sizes / total)).sum())
    ends = share / 2 * ((up - centre) ** 2 + (down + centre) ** 2)
    squares += typical**2 * ends / (1 - typical / total) if ends else 0.0
    if squares <= (typical * slack) ** 2:
        return PseudoMean(atom + centre, 0.0)
    return PseudoMean(atom + centre, squares / total**2)


def _atom(values: Floats, slack: float) -> float:
    """Find the one value that half of them or more have; 0 if it is 0, or there is none.

    Equal up to rounding: 0.3 - 0.1 and 0.2 are one difference, though not to the last bit.
    """
    ordered = np.sort(values)
    starts = np.flatnonzero(np.r_[True, np.diff(ordered) > slack])
    counts = np.diff(np.r_[starts, ordered.size])
    common = ordered[starts[2 * counts >= ordered.size]]
    if common.size != 1 or abs(common[0]) <= slack:
        return 0.0
    return float(common[0])


def _pseudo_distance(furthest: float, room: float, others: int) -> float:
    if not isfinite(room):
        return furthest
    near = min(furthest, room)
    return near + (room - near) / (others + 1)
