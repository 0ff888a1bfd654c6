"""Two models on different items, of different numbers."""

from collections.abc import Iterator

import numpy as np

from benchmarks.calibration import laws, peers
from benchmarks.calibration.cells import (
    HOUSE,
    OPTION,
    Bounds,
    Effort,
    Method,
    Numbers,
    Row,
    coverage,
    generator,
    stacked,
)
from benchmarks.calibration.means import house
from evalvar.stats import midp_interval, welch

SIZES = ((15, 15), (15, 50), (30, 30), (50, 50), (100, 100), (100, 300), (300, 300), (1000, 1000))
SHARES = ((0.5, 0.5), (0.7, 0.5), (0.9, 0.9), (0.95, 0.9), (0.98, 0.98), (0.98, 0.1), (0.05, 0.02))


def unpaired(effort: Effort) -> Iterator[Row]:
    for sizes in SIZES:
        few = "n 15-50" if max(sizes) <= 50 else "n >= 100"
        for p, q in SHARES:
            cell = f"{p:g} of {sizes[0]}, {q:g} of {sizes[1]}"
            rng, sets = generator("unpaired", cell), effort.draws(20_000)
            a, b = rng.binomial(sizes[0], p, sets), rng.binomial(sizes[1], q, sets)
            regime = f"unpaired, right or wrong, {few}"
            yield from coverage(regime, cell, _binary(*sizes), (a, b), p - q)
        for name, (first, second) in _LAWS.items():
            cell = f"{name}, n {sizes[0]} and {sizes[1]}"
            rng, sets = generator("unpaired", cell), effort.draws(10_000)
            x, y = (law(rng, (sets, n)) for (law, _), n in zip((first, second), sizes, strict=True))
            truth = first[1] - second[1]
            yield from coverage(f"unpaired, fractions, {few}", cell, _fractions(), (x, y), truth)


_LAWS = {
    "Beta(4,2) and Beta(4,3)": (laws.beta(4, 2), laws.beta(4, 3)),
    "Beta(8,2) and Beta(.5,.5)": (laws.beta(8, 2), laws.beta(0.5, 0.5)),
    "90 % ones and 80 % ones": (laws.inflated(0.9, 1.0, 2, 2), laws.inflated(0.8, 1.0, 2, 2)),
}


def added(a: float | Numbers, first: Bounds, b: float | Numbers, second: Bounds) -> Bounds:
    """Give the bounds of `unpaired_difference_ci` for many data sets at once (tested)."""
    (low_a, high_a), (low_b, high_b) = first, second
    low, high = a - b - np.hypot(a - low_a, high_b - b), a - b + np.hypot(high_a - a, b - low_b)
    return np.maximum(low, -1), np.minimum(high, 1)


def _binary(n: int, m: int) -> list[Method]:
    def mover(a: Numbers, b: Numbers) -> Bounds:
        return added(a / n, midp_interval(a, n), b / m, midp_interval(b, m))

    def two_stderrs(a: Numbers, b: Numbers) -> Bounds:
        p, q = a / n, b / m
        se = np.sqrt(p * (1 - p) / (n - 1) + q * (1 - q) / (m - 1))
        return peers.symmetric(p - q, se, 1.96)

    return [
        Method("square-and-add on mid-p", HOUSE, mover),
        Method("Agresti-Caffo", "evalstats", lambda a, b: peers.agresti_caffo(a, n, b, m)),
        Method("two stderrs", "lm-eval", two_stderrs),
    ]


def _fractions() -> list[Method]:
    return [
        Method("square-and-add on mid-p on effective n", HOUSE, bounded),
        Method("Welch", OPTION, lambda x, y: stacked(map(welch, x, y))),
        Method("Welch", "evalstats", peers.welch),
        Method("two stderrs", "lm-eval", peers.unpaired_z),
    ]


def bounded(x: Numbers, y: Numbers) -> Bounds:
    return added(x.mean(axis=1), house(x), y.mean(axis=1), house(y))
