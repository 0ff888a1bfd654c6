"""Coverage of every default interval: python -m benchmarks.calibration.intervals [--full].

Each cell draws data sets from a law whose true value is known and counts how often the interval
holds it. `results.md` is written beside this file; `floor` is what a cell promises, and a cell
keeps it if its coverage is not below by more than three Monte Carlo errors.
"""

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import special

from evalvar.stats import (
    Estimate,
    bounded_mean_interval,
    clustered_mean_ci,
    crossed_difference_ci,
    crossed_mean_ci,
    mean_ci,
    mean_sd,
    midp_interval,
    paired_t,
    pass_at_k,
    sd_ci,
    signal_to_noise,
    sparse_t,
)

Bounds = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True, slots=True)
class Row:
    """One cell: the share of intervals that hold the truth, and their median width."""

    method: str
    cell: str
    floor: float
    replications: int
    coverage: float
    width: float

    @property
    def error(self) -> float:
        """Monte Carlo standard error; 0 where the coverage was summed and not drawn."""
        share = self.coverage * (1 - self.coverage)
        return float(np.sqrt(share / self.replications)) if self.replications else 0.0

    @property
    def kept(self) -> bool:
        """Whether the cell keeps its floor, up to Monte Carlo error."""
        return self.coverage >= self.floor - 3 * self.error


def bounds(estimates: Iterator[Estimate]) -> Bounds:
    """Stack scalar estimates; an undefined interval holds nothing and counts as a miss."""
    pairs = np.array([(estimate.low, estimate.high) for estimate in estimates])
    return pairs[:, 0], pairs[:, 1]


def row(method: str, cell: str, floor: float, truth: float, found: Bounds) -> Row:
    """Count how often the intervals hold the truth."""
    low, high = found
    hit = (low <= truth) & (truth <= high)
    width = float(np.nanmedian(high - low))
    return Row(method, cell, floor, hit.size, float(hit.mean()), width)


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
        yield row("sparse-t", f"fractions, 90 % equal, n {n}", 0.94, 0.01, found)
        a, b = rng.beta(4, 2, (reps, n)), rng.beta(4, 3, (reps, n))
        found = bounds(sparse_t(row, low=-1, high=1) for row in a - b)
        yield row("sparse-t", f"fractions, none equal, n {n}", 0.935, 4 / 6 - 4 / 7, found)
        found = bounds(paired_t(*pair) for pair in zip(a, b, strict=True))
        yield row("paired t", f"fractions, none equal, n {n}", 0.935, 4 / 6 - 4 / 7, found)


def means(reps: int, rng: np.random.Generator) -> Iterator[Row]:
    """Draw normal scores without a range, plain and in clusters."""
    for n in (5, 50):
        x = rng.normal(size=(reps, n))
        yield row("t", f"normal, n {n}", 0.95, 0.0, bounds(map(mean_ci, x)))
    sizes = {
        "equal": np.repeat(np.arange(10), 5),
        "unequal": np.repeat(np.arange(10), [1, 1, 2, 2, 3, 3, 4, 6, 8, 20]),
    }
    for name, labels in sizes.items():
        floor = 0.95 if name == "equal" else 0.85
        x = rng.normal(size=(reps, 10))[:, labels] + rng.normal(size=(reps, labels.size))
        found = bounds(clustered_mean_ci(row, labels) for row in x)
        yield row("cluster-robust t", f"normal, 10 {name} clusters", floor, 0.0, found)


def crossed(reps: int, rng: np.random.Generator) -> Iterator[Row]:
    """Draw seeds and items both again; alone and as a difference of two models."""

    def table(n: int, seeds: int, seed_sd: float) -> np.ndarray:
        seed_effect = seed_sd * rng.normal(size=(reps, 1, seeds))
        return seed_effect + rng.normal(size=(reps, n, seeds))

    for seeds in (2, 3, 5, 10):
        for seed_sd in (0.05, 0.5):
            item = rng.normal(size=(reps, 100, 1))
            a, b = item + table(100, seeds, seed_sd), item + table(100, seeds, seed_sd)
            cell = f"100 items, {seeds} seeds, seed sd {seed_sd}"
            found = bounds(map(crossed_mean_ci, a))
            yield row("Howe, items and seeds", cell, 0.935, 0.0, found)
            found = bounds(
                crossed_difference_ci(*pair, paired_seeds=False) for pair in zip(a, b, strict=True)
            )
            yield row("Howe, difference of two models", cell, 0.935, 0.0, found)


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
    proportions, bounded_means, paired_differences, means, crossed, seed_spreads,
)  # fmt: skip


def markdown(rows: list[Row], reps: int) -> str:
    """Write the table of all cells."""
    lost = sum(not made.kept for made in rows)
    lines = [
        "# Coverage of the default intervals, nominal 95 %",
        "",
        f"`python -m benchmarks.calibration.intervals` with {reps:,} data sets a cell, generator",
        "seeded with 0. Error: Monte Carlo, one standard error; 0 where the coverage is a sum over",
        f"all outcomes. {len(rows) - lost} of {len(rows)} cells keep their floor.",
        "",
        "| method | cell | coverage % | error | floor % | kept | median width |",
        "|---|---|---|---|---|---|---|",
    ]
    for made in rows:
        lines.append(
            f"| {made.method} | {made.cell} | {100 * made.coverage:.1f} | {100 * made.error:.2f} "
            f"| {100 * made.floor:g} | {'yes' if made.kept else '**no**'} | {made.width:.3g} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    reps = 10_000 if "--full" in sys.argv[1:] else 1_000
    rows: list[Row] = []
    for number, family in enumerate(FAMILIES):
        start = time.perf_counter()
        found = list(family(reps, np.random.default_rng([0, number])))
        rows += found
        print(f"{family.__name__}: {len(found)} cells, {time.perf_counter() - start:.1f} s")
        for made in found:
            if not made.kept:
                print(f"  below its floor: {made}")
    path = Path(__file__).with_name("results.md")
    path.write_text(markdown(rows, reps), encoding="utf-8")
    print(f"{len(rows)} cells in {path.name}; {sum(not made.kept for made in rows)} below")


if __name__ == "__main__":
    main()
