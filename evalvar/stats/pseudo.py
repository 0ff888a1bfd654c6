"""The mean of a sample most of whose values may be equal, with a pseudo-value for the unseen."""

from dataclasses import dataclass

import numpy as np

from evalvar.stats.arguments import Floats

# Others at which the pseudo-value has lost half of what it has beyond the share of equal values.
_EXTRA = 5
# Its mass, in shares of equal values, where these sit on an end of the range.
_AT_AN_END = 3
# Share of one item's weight in the mean up to which uneven values count as equal.
_NEAR = 0.1


@dataclass(frozen=True, slots=True)
class PseudoMean:
    """The mean that an interval is centred on, and its variance; zero where nothing can differ."""

    centre: float
    variance: float


@dataclass(frozen=True, slots=True)
class PseudoMeans:
    """Those of many samples, shape (n_samples,)."""

    centre: Floats
    variance: Floats


def pseudo_mean(
    values: Floats, sizes: Floats, *, low: float, high: float, slack: float
) -> PseudoMean:
    """Let a pseudo-value join the sample, with a mass that grows with the share of equal values.

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
    e = 0, m the number of others, M = max |e|; r the room from v to the end of the range on a side,
    g the difference of the two over their sum: 0 in the middle of the range, 1 at an end. The
    pseudo-value has the size q n*, with q = z ((1 - g)(1 + 5/(m + 5)) + 3g) and n* = sum of
    sizes^2 / N: half of it at v + w_up, half at v - w_down,
    w = min(M, r) + (r - min(M, r))/(m + 1)^(1 - g/2). Where an end is unknown g is 0, and w = M on
    its side. The variance is CR2's of the N + q n* that result.
    In the middle: where no value differs q is 2, so that the interval reaches 2.8/n of the range;
    with a mass of z alone it would reach 2/n, and miss one model's 2 expected wins in 13 % of
    samples. It falls to z as the others show the variance themselves. At an end all others lie on
    one side, half of the mass only says so, and what lies far off shows late: mass 3, moving in
    with the root of the others.
    Equals the mean and its CR2 variance when no value is zero and none is shared by half of them,
    which with equal sizes are those of the t interval.
    """
    made = pseudo_means(values[None], sizes, low=low, high=high, slack=np.array([slack]))
    return PseudoMean(float(made.centre[0]), float(made.variance[0]))


def pseudo_means(
    values: Floats,
    sizes: Floats,
    *,
    low: float,
    high: float,
    slack: Floats,
    counts: Floats | None = None,
    uneven: bool = False,
) -> PseudoMeans:
    """Do the same for many samples at once.

    Parameters
    ----------
    values : float array, shape (n_samples, n)
        One sample a row.
    sizes : float array, shape (n,)
        As for `pseudo_mean`.
    low, high : float
        As for `pseudo_mean`.
    slack : float array, shape (n_samples,)
        As for `pseudo_mean`, of each sample.
    counts : int array, shape (n_samples, n), optional
        How often each value occurs in its sample; once if None.
    uneven : bool
        Whether values that differ from v may do so by next to nothing, near being a tenth of an
        item's weight, 0.1/n of half the range: where no value is shared, v is the median if half of
        them or more are near to it; those nearer count by their share of that; where all count for
        half of the items or less, m is this count, and at most `of_one_size`. Counts are not read.
    """
    times = np.ones(values.shape) if counts is None else counts.astype(np.float64)
    number = times.sum(axis=1)
    atom = _atoms(values, times, number, slack)
    near = np.zeros(len(values))
    if uneven and np.isfinite(high - low):
        near = _NEAR * (high - low) / 2 / number
        atom = np.where(atom == 0, _crowds(values, near), atom)
    e = values - atom[:, None]
    e[np.abs(e) <= slack[:, None]] = 0.0
    others = np.where(e != 0, times, 0.0).sum(axis=1)
    above, below = np.maximum(high - atom, 0.0), np.maximum(atom - low, 0.0)
    if uneven:
        others = _weighty(e, times, others, near)
    lean = _lean(above, below)
    mass = (1 - lean) * (1 + _EXTRA / (others + _EXTRA)) + lean * _AT_AN_END
    mass *= 1 - others / number
    furthest = np.where(times > 0, np.abs(e), 0.0).max(axis=1)
    nearer = (others + 1) ** (1 - lean / 2)
    up = _pseudo_distance(furthest, above, nearer)
    down = _pseudo_distance(furthest, below, nearer)
    weights = times * sizes
    items = weights.sum(axis=1)
    typical = (weights * sizes).sum(axis=1) / items
    total = items + mass * typical
    centre = ((weights * e).sum(axis=1) + mass * typical * (up - down) / 2) / total
    squares = times * (sizes * (e - centre[:, None])) ** 2 / (1 - sizes / total[:, None])
    ends = mass / 2 * ((up - centre) ** 2 + (down + centre) ** 2)
    summed = squares.sum(axis=1) + typical**2 * ends / (1 - typical / total)
    variance = np.where(summed <= (typical * slack) ** 2, 0.0, summed / total**2)
    return PseudoMeans(atom + centre, variance)


def _crowds(values: Floats, near: Floats) -> Floats:
    """Find in each row a value that half of them or more are near to; 0 if it is 0, or none is."""
    n = values.shape[1]
    ordered = np.sort(values, axis=1)
    # of the two in the middle the one nearer to 0, so that a sign turns it
    one, other = ordered[:, (n - 1) // 2], ordered[:, n // 2]
    apart = np.abs(one) - np.abs(other)
    middle = np.where(apart == 0, (one + other) / 2, np.where(apart < 0, one, other))
    middle = np.where(np.abs(middle) > near, middle, 0.0)
    crowd = (np.abs(values - middle[:, None]) <= near[:, None]).sum(axis=1)
    return np.where(2 * crowd >= n, middle, 0.0)


def _weighty(e: Floats, times: Floats, others: Floats, near: Floats) -> Floats:
    """Count the others by what they weigh, where half of the values are as good as equal."""
    number, size = times.sum(axis=1), np.abs(e)
    shares = np.minimum(size / np.where(near > 0, near, 1.0)[:, None], 1.0)
    far = np.where(near > 0, (times * shares).sum(axis=1), others)
    return np.where(2 * far <= number, np.minimum(far, of_one_size(size, times)), others)


def of_one_size(size: Floats, times: Floats) -> Floats:
    """Say in each row how many of one size weigh as much: (sum |e|)^2 / sum e^2; 0 for none."""
    # in units of the largest, so that squares of tiny sizes do not vanish
    largest = size.max(axis=1)[:, None]
    part = size / np.where(largest > 0, largest, 1.0)
    squares = (times * part**2).sum(axis=1)
    return np.asarray((times * part).sum(axis=1) ** 2 / np.where(squares > 0, squares, 1.0))


def _atoms(values: Floats, times: Floats, number: Floats, slack: Floats) -> Floats:
    """Find in each row the one value that half of them or more have; 0 if it is 0, or none is.

    Equal up to rounding: 0.3 - 0.1 and 0.2 are one difference, though not to the last bit.
    """
    order = np.argsort(values, axis=1)
    ordered = np.take_along_axis(values, order, axis=1)
    starts = np.ones(values.shape, dtype=bool)
    starts[:, 1:] = np.diff(ordered, axis=1) > slack[:, None]
    run = np.cumsum(starts.ravel()) - 1
    first = np.flatnonzero(starts.ravel())
    row = first // values.shape[1]
    size = np.bincount(run, weights=np.take_along_axis(times, order, axis=1).ravel())
    common = 2 * size >= number[row]
    alone = np.bincount(row[common], minlength=len(values))[row] == 1
    atom = ordered.ravel()[first]
    kept = common & alone & (np.abs(atom) > slack[row])
    atoms = np.zeros(len(values))
    atoms[row[kept]] = atom[kept]
    return atoms


def _lean(above: Floats, below: Floats) -> Floats:
    """Say how far from the middle of a known range: 0 there, 1 at an end."""
    known = np.isfinite(above) & np.isfinite(below)
    up, down = np.where(known, above, 0.0), np.where(known, below, 0.0)
    room = up + down
    return np.asarray(np.abs(up - down) / np.where(room > 0, room, 1.0))


def _pseudo_distance(furthest: Floats, room: Floats, nearer: Floats) -> Floats:
    known = np.where(np.isfinite(room), room, furthest)
    near = np.minimum(furthest, known)
    return near + (known - near) / nearer
