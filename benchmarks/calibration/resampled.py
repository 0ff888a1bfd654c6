"""The peers' bootstraps of a mean: scipy's BCa and arch's basic interval, on the same draws."""

import numpy as np
from scipy import special

from benchmarks.calibration.cells import Bounds, Numbers

# Draws per data set, and data sets that share a matrix of draws: each row meets it from another
# side, so that the coverage is not moved.
DRAWS, _SHARED = 1999, 50


def means(x: Numbers, rng: np.random.Generator, draws: int = DRAWS) -> Numbers:
    """Give the sorted means of resamples, (sets, draws)."""
    n, found = x.shape[1], []
    for start in range(0, len(x), _SHARED):
        rows = rng.integers(0, n, size=(draws, n)) + n * np.arange(draws)[:, None]
        counts = np.bincount(rows.ravel(), minlength=draws * n).reshape(draws, n)
        found.append(np.sort(x[start : start + _SHARED] @ counts.T / n, axis=1))
    return np.concatenate(found)


def basic(mean: Numbers, drawn: Numbers) -> Bounds:
    """Arch's default, ``conf_int(method="basic")``."""
    tails = np.full(len(mean), 0.025)
    return 2 * mean - at(drawn, 1 - tails), 2 * mean - at(drawn, tails)


def bca(mean: Numbers, second: Numbers, third: Numbers, n: int, drawn: Numbers) -> Bounds:
    """``scipy.stats.bootstrap``'s default, from the central moments of each data set.

    The acceleration from the jackknife is the skewness over 6 sqrt(n). NaN for a constant sample.
    """
    slack = 1e-12 * np.maximum(np.abs(mean), 1)[:, None]
    less = (drawn < mean[:, None] - slack).mean(axis=1)
    no_more = (drawn <= mean[:, None] + slack).mean(axis=1)
    known = second > 1e-14
    with np.errstate(all="ignore"):
        bias = special.ndtri((less + no_more) / 2)
        acceleration = np.where(known, third / second**1.5, np.nan) / (6 * np.sqrt(n))
        ends = []
        for z in special.ndtri([0.025, 0.975]):
            tail = special.ndtr(bias + (bias + z) / (1 - acceleration * (bias + z)))
            ends.append(np.where(known & np.isfinite(tail), at(drawn, tail), np.nan))
    return ends[0], ends[1]


def both(x: Numbers, rng: np.random.Generator) -> tuple[Bounds, Bounds]:
    """Give BCa's and the basic interval of the mean of each row."""
    mean = x.mean(axis=1)
    rest = x - mean[:, None]
    drawn = means(x, rng)
    found = bca(mean, (rest**2).mean(axis=1), (rest**3).mean(axis=1), x.shape[1], drawn)
    return found, basic(mean, drawn)


def of_counts(values: Numbers, counts: Numbers, rng: np.random.Generator) -> tuple[Bounds, Bounds]:
    """Do the same for data sets that hold few values: counts (sets, values), whose draws are few.

    A resample of the counts is multinomial, whatever the order of the items.
    """
    n = int(counts[0].sum())
    mean = counts @ values / n
    rest = values - mean[:, None]
    second, third = ((rest**power * counts).sum(axis=1) / n for power in (2, 3))
    left, share_left, total = np.full((len(counts), DRAWS), n), np.ones(len(counts)), 0.0
    for value, share in zip(values[:-1], (counts / n).T[:-1], strict=True):
        with np.errstate(all="ignore"):
            chance = np.where(share_left > 1e-12, np.clip(share / share_left, 0, 1), 0.0)
        drawn = rng.binomial(left, chance[:, None])
        total = total + value * drawn
        left, share_left = left - drawn, share_left - share
    drawn_means = np.sort((total + values[-1] * left) / n, axis=1)
    return bca(mean, second, third, n, drawn_means), basic(mean, drawn_means)


def at(drawn: Numbers, tail: Numbers) -> Numbers:
    """Read quantiles off sorted rows, one of each, with numpy's interpolation."""
    place = np.clip(np.nan_to_num(tail), 0, 1) * (drawn.shape[1] - 1)
    low = np.floor(place).astype(int)
    high = np.minimum(low + 1, drawn.shape[1] - 1)
    rows, part = np.arange(len(drawn)), place - low
    return np.asarray(drawn[rows, low] * (1 - part) + drawn[rows, high] * part)
