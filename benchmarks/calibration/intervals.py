"""Coverage of every default interval: python -m benchmarks.calibration.intervals [--full].

Each cell draws data sets from a law whose true value is known and counts how often the interval
holds it. `results.md` is written beside this file; `floor` is what a cell promises, and a cell
keeps it if its coverage is not below by more than two Monte Carlo errors.
"""

import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path

import numpy as np
from scipy import special

from benchmarks.calibration.cells import Row, bounds, markdown, row
from benchmarks.calibration.groups import (
    clusters,
    crossed_differences,
    crossed_means,
    sparse_differences,
)
from evalvar.stats import (
    bounded_mean_interval,
    mean_ci,
    mean_sd,
    midp_interval,
    paired_t,
    pass_at_k,
    sd_ci,
    signal_to_noise,
    sparse_t,
)


def proportions(reps: int, rng: np.random.Generator) -> Iterator[Row]:
    """Sum the exact coverage of mid-p over all outcomes; nothing is drawn."""
    for n in (15, 30, 100, 300):
        k = np.arange(n + 1)
        low, high = midp_interval(k, n)
        p = np.linspace(0.002, 0.998, 997)[:, None]
        log_choose = special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
        weight = np.exp(log_choose + k * np.log(p) + (n - k) * np.log1p(-p))
        cover = (weight * ((low <= p) & (p <= high))).sum(axis=1)
        width = float((weight * (high - low)).sum(axis=1).mean())
        name = f"n {n}, p .002 to .998"
        yield Row("mid-p", f"{name}: least", 0.915, 0, float(cover.min()), width)
        yield Row("mid-p", f"{name}: mean", 0.945, 0, float(cover.mean()), width)


def bounded_means(reps: int, rng: np.random.Generator) -> Iterator[Row]:
    """Fractions: mild, at a bound, zero-inflated, and pass@5 of ten answers."""
    for n in (15, 30, 100):
        laws: dict[str, tuple[np.ndarray, float]] = {
            "Beta(8,2)": (rng.beta(8, 2, (reps, n)), 0.8),
            "Beta(.5,.5)": (rng.beta(0.5, 0.5, (reps, n)), 0.5),
            "1 to 5, scaled": (rng.choice(5, (reps, n), p=[0.05, 0.1, 0.2, 0.4, 0.25]) / 4, 0.675),
            "80 % zeros, rest Beta(2,2)": (
                np.where(rng.random((reps, n)) < 0.8, 0.0, rng.beta(2, 2, (reps, n))),
                0.1,
            ),
        }
        right = rng.binomial(10, np.where(rng.random((reps, n)) < 0.75, 1.0, 0.2))
        tries = pass_at_k(10, np.arange(11), k=5)
        laws["pass@5 of 10, 75 % solved"] = (tries[right], 0.75 + 0.25 * (1 - 0.8**5))
        for name, (x, truth) in laws.items():
            found = bounded_mean_interval(
                n, x.mean(1), x.var(1, ddof=1), (x == 0).sum(1), (x == 1).sum(1), low=0, high=1
            )
            yield row("mid-p on effective n", f"{name}, n {n}", 0.94, truth, found)


def paired_differences(reps: int, rng: np.random.Generator) -> Iterator[Row]:
    """Right and wrong answers of two models, alike, nearly alike and far apart; fractions."""
    cells = {
        ".7 - .65, 20 % differ": (0.125, 0.075, 0.935),
        ".96 - .95, 3 % differ": (0.02, 0.01, 0.935),
        ".98 - .02, independent": (0.9604, 0.0004, 0.93),
        ".9 - .3, independent": (0.63, 0.03, 0.93),
    }
    for n in (15, 30, 100):
        for name, (plus, minus, floor) in cells.items():
            d = rng.choice([1, -1, 0], (reps, n), p=[plus, minus, 1 - plus - minus])
            found = bounds(sparse_t(row, low=-1, high=1) for row in d)
            yield row("sparse-t", f"{name}, n {n}", floor, plus - minus, found)
        same = rng.random((reps, n)) < 0.9
        d = np.where(same, 0.0, rng.beta(2, 2, (reps, n)) - rng.beta(2, 3, (reps, n)))
        found = bounds(sparse_t(row, low=-1, high=1) for row in d)
        yield row("sparse-t", f"fractions, 90 % equal, n {n}", 0.945, 0.01, found)
        a, b = rng.beta(4, 2, (reps, n)), rng.beta(4, 3, (reps, n))
        found = bounds(sparse_t(row, low=-1, high=1) for row in a - b)
        yield row("sparse-t", f"fractions, none equal, n {n}", 0.935, 4 / 6 - 4 / 7, found)
        found = bounds(paired_t(*pair) for pair in zip(a, b, strict=True))
        yield row("paired t", f"fractions, none equal, n {n}", 0.935, 4 / 6 - 4 / 7, found)


def means(reps: int, rng: np.random.Generator) -> Iterator[Row]:
    """Draw normal scores without a range."""
    for n in (5, 50):
        x = rng.normal(size=(reps, n))
        yield row("t", f"normal, n {n}", 0.95, 0.0, bounds(map(mean_ci, x)))


def seed_spreads(reps: int, rng: np.random.Generator) -> Iterator[Row]:
    """Spread over seeds at one checkpoint and over 21 that depend on each other, and SNR."""
    for seeds in (2, 3, 5, 10):
        x = rng.normal(size=(reps, seeds))
        yield row("chi-square", f"sd of {seeds} seeds", 0.95, 1.0, bounds(map(sd_ci, x)))
        for rho in (0.0, 0.5, 1.0):
            shared, own = rng.normal(size=(reps, seeds, 1)), rng.normal(size=(reps, seeds, 21))
            curves = np.sqrt(rho) * shared + np.sqrt(1 - rho) * own
            curves *= np.linspace(3, 1, 21)
            cell = f"{seeds} seeds, 21 checkpoints, correlation {rho}"
            found = bounds(map(mean_sd, curves))
            yield row("mean of sds, Satterthwaite chi-square", cell, 0.94, 2.0, found)
        few = max(reps // 10, 200)
        for ratio in (0.5, 10.0, 500.0):
            x = rng.normal(ratio, 1, size=(few, seeds))
            found = bounds(map(signal_to_noise, x))
            yield row("noncentral t", f"SNR {ratio:g}, {seeds} seeds", 0.95, ratio, found)


FAMILIES: tuple[Callable[[int, np.random.Generator], Iterator[Row]], ...] = (
    proportions, bounded_means, paired_differences, means, clusters, crossed_means,
    crossed_differences, sparse_differences, seed_spreads,
)  # fmt: skip


def measure(number: int, reps: int) -> list[Row]:
    """Measure one family with a generator of its own, so that the order does not matter."""
    start = time.perf_counter()
    found = list(FAMILIES[number](reps, np.random.default_rng([0, number])))
    name = FAMILIES[number].__name__
    print(f"{name}: {len(found)} cells, {time.perf_counter() - start:.1f} s", flush=True)
    for made in found:
        if not made.kept:
            print(f"  below its floor: {made}", flush=True)
    return found


def main() -> None:
    reps = 10_000 if "--full" in sys.argv[1:] else 1_000
    with ProcessPoolExecutor(max_workers=2) as pool:
        found = pool.map(measure, range(len(FAMILIES)), repeat(reps))
        rows = [made for family in found for made in family]
    path = Path(__file__).with_name("results.md")
    path.write_text(markdown(rows, reps), encoding="utf-8")
    print(f"{len(rows)} cells in {path.name}; {sum(not made.kept for made in rows)} below")


if __name__ == "__main__":
    main()
