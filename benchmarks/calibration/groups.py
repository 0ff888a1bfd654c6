"""Cells where items share something: clusters, and seeds that would be drawn again."""

from collections.abc import Iterator

import numpy as np
from scipy import special

from benchmarks.calibration.cells import Bounds, Row, bounds, crossed_reps, row
from evalvar.stats import clustered_mean_ci, crossed_difference_ci, crossed_mean_ci

RIGHT = {"low": 0.0, "high": 1.0}
DIFFERENCE = {"low": -1.0, "high": 1.0}


def clusters(reps: int, rng: np.random.Generator) -> Iterator[Row]:
    """Draw equal clusters of 6, and unequal ones where one in five holds 20 items, the rest 4."""
    for count in (5, 10, 20, 50):
        number = np.arange(count)
        sizes = {"equal": np.full(count, 6), "unequal": np.where(number % 5 == 0, 20, 4)}
        for name, size in sizes.items():
            labels = np.repeat(number, size)
            cell = f"{count} {name} clusters"
            x = rng.normal(size=(reps, count))[:, labels] + rng.normal(size=(reps, labels.size))
            found = bounds(clustered_mean_ci(one, labels) for one in x)
            yield row("cluster-robust t, CR2", f"normal, {cell}", 0.935, 0.0, found)
            for p in (0.5, 0.9, 0.98):
                for icc in (0.1, 0.6):
                    shape = (1 - icc) / icc
                    chance = rng.beta(p * shape, (1 - p) * shape, (reps, count))[:, labels]
                    x = (rng.random((reps, labels.size)) < chance).astype(float)
                    found = bounds(clustered_mean_ci(one, labels, **RIGHT) for one in x)
                    what = f"right or wrong, p {p}, ICC {icc}, {cell}"
                    yield row("cluster-robust Wilson, CR2", what, 0.93, p, found)
            for share in (0.15, 0.6):
                touched = (rng.random((reps, count)) < share)[:, labels]
                sign = rng.choice([1.0, -1.0, 0.0], (reps, labels.size), p=[0.4, 0.2, 0.4])
                d = np.where(touched, sign, 0.0)
                found = bounds(clustered_mean_ci(one, labels, **DIFFERENCE) for one in d)
                what = f"differences in {share:.0%} of {cell}"
                yield row("cluster-robust sparse-t, CR2", what, 0.93, 0.2 * share, found)


def crossed_means(reps: int, rng: np.random.Generator) -> Iterator[Row]:
    """Draw seeds and items both again; normal scores, and answers right or wrong."""
    few = crossed_reps(reps)
    for seeds in (2, 3, 5, 10):
        name = _pivotal_or_howe(seeds)
        for seed_sd in (0.05, 0.5):
            x = _items(few, 100, rng) + _table(few, 100, seeds, seed_sd, rng)
            cell = f"normal, 100 items, {seeds} seeds, seed sd {seed_sd}"
            yield row(name, cell, 0.935, 0.0, bounds(map(crossed_mean_ci, x)))
        for seed_sd in (0.3, 0.5):
            for p in (0.5, 0.9, 0.98):
                for n in (50, 300):
                    x = _items(few, n, rng) + _table(few, n, seeds, seed_sd, rng)
                    right = x < special.ndtri(p) * np.sqrt(2 + seed_sd**2)
                    found = bounds(crossed_mean_ci(one, **RIGHT) for one in right)
                    cell = f"right or wrong, p {p}, {n} items, {seeds} seeds, seed sd {seed_sd}"
                    yield row(f"mid-p on effective n, {name}", cell, 0.93, p, found)


def crossed_differences(reps: int, rng: np.random.Generator) -> Iterator[Row]:
    """Draw two equal models with seeds of their own, as many each or one against several."""
    few = crossed_reps(reps)
    for seeds in (2, 3, 5, 10):
        for seed_sd in (0.05, 0.5):
            for n in (50, 300):
                item = _items(few, n, rng)
                a, b, c = (item + _table(few, n, s, seed_sd, rng) for s in (seeds, seeds, 1))
                cut = special.ndtri(0.9) * np.sqrt(2 + seed_sd**2)
                cell = f"{n} items, seed sd {seed_sd}"
                each, one = f"{seeds} seeds each, {cell}", f"one seed against {seeds}, {cell}"
                name = f"{_pivotal_or_howe(seeds)} on sparse-t"
                yield row("Howe on sparse-t", f"normal, {each}", 0.935, 0.0, _pairs(a, b))
                # The size of the test is what is missing to 100 %: at most 6 %.
                yield row(name, f"normal, {one}", 0.94, 0.0, _pairs(a, c))
                found = _pairs(a < cut, b < cut, **DIFFERENCE)
                yield row("Howe on sparse-t", f"p .9, {each}", 0.93, 0.0, found)
                found = _pairs(a < cut, c < cut, **DIFFERENCE)
                yield row(name, f"p .9, {one}", 0.94, 0.0, found)


def sparse_differences(reps: int, rng: np.random.Generator) -> Iterator[Row]:
    """Draw two models under the same seeds, the second with a few answers turned around."""
    few, p = crossed_reps(reps), 0.9
    for seeds in (2, 3, 5, 10):
        for n in (50, 300):
            for share in (0.005, 0.02, 0.1):
                x = _items(few, n, rng) + _table(few, n, seeds, 0.3, rng)
                a = x < special.ndtri(p) * np.sqrt(2.09)
                b = a ^ (rng.random(a.shape) < share)
                found = _pairs(a, b, paired=True, **DIFFERENCE)
                cell = f"{share:.1%} of answers turned, p .9, {n} items, {seeds} seeds in common"
                name = f"{_pivotal_or_howe(seeds)} on sparse-t"
                yield row(name, cell, 0.945, share * (2 * p - 1), found)


def _items(reps: int, n: int, rng: np.random.Generator) -> np.ndarray:
    return rng.normal(size=(reps, n, 1))


def _table(reps: int, n: int, seeds: int, seed_sd: float, rng: np.random.Generator) -> np.ndarray:
    return seed_sd * rng.normal(size=(reps, 1, seeds)) + rng.normal(size=(reps, n, seeds))


def _pairs(a: np.ndarray, b: np.ndarray, *, paired: bool = False, **known: float) -> Bounds:
    pairs = zip(a, b, strict=True)
    return bounds(crossed_difference_ci(*both, paired_seeds=paired, **known) for both in pairs)


def _pivotal_or_howe(seeds: int) -> str:
    return "generalised pivotal" if seeds < 6 else "Howe"
