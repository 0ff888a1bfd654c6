"""Variance components, the spread over seeds, and thresholds from earlier runs."""

from collections.abc import Iterator

import numpy as np

from benchmarks.calibration.cells import (
    HOUSE,
    OPTION,
    Effort,
    Method,
    Row,
    coverage,
    covered,
    generator,
    stacked,
)
from evalvar.stats import change_ci, drop_limit, mean_sd, sd_ci, signal_to_noise
from evalvar.stats.variance import variance_components


def components(effort: Effort, seeds: int) -> Iterator[Row]:
    """Items x seeds, balanced, with samples, and with holes; normal effects."""
    for n in (50, 300):
        for seed_sd in (0.1, 0.5):
            for shape in ("one answer", "3 answers", "a tenth missing"):
                cell = f"{shape}, seed sd {seed_sd:g}, {n} items, {seeds} seeds"
                rng, sets = generator("components", cell), effort.draws(2000)
                yield from _components(cell, shape, seed_sd, n, seeds, rng, sets)


def _components(
    cell: str, shape: str, seed_sd: float, n: int, seeds: int, rng: np.random.Generator, sets: int
) -> Iterator[Row]:
    answers = 3 if shape.startswith("3") else 1
    truth = {"item": 1.0, "seed": seed_sd**2, "item x seed": 0.25, "sample": 1.0}
    if answers == 1:
        truth["item x seed + sample"] = truth.pop("item x seed") + truth.pop("sample")
    held = dict.fromkeys(truth, 0)
    widths = dict.fromkeys(truth, 0.0)
    item, seed, _ = np.indices((n, seeds, answers))
    for _ in range(sets):
        y = rng.standard_normal((n, 1, 1)) + seed_sd * rng.standard_normal((1, seeds, 1))
        y = y + 0.5 * rng.standard_normal((n, seeds, 1)) + rng.standard_normal((n, seeds, answers))
        kept = rng.random(y.shape) >= (0.1 if "missing" in shape else 0)
        found = variance_components(y[kept], {"item": item[kept], "seed": seed[kept]}).estimates()
        for name, value in truth.items():
            low, high = found[name].low, found[name].high
            held[name] += bool(covered(np.array(low), np.array(high), value))
            widths[name] += (high - low) / sets
    for name in truth:
        regime = f"variance components, {name}"
        yield Row(regime, cell, "moments", HOUSE, "coverage", held[name] / sets, sets, widths[name])


def seed_spreads(effort: Effort) -> Iterator[Row]:
    """Spread over seeds at one checkpoint and over 21 that depend on each other, and SNR."""
    for seeds in (2, 3, 5, 10):
        rng, sets = generator("spreads", f"{seeds}"), effort.draws(10_000)
        x = rng.normal(size=(sets, seeds))
        sd = [Method("chi-square", HOUSE, lambda x: stacked(map(sd_ci, x)))]
        yield from coverage("spread over seeds: sd", f"sd of {seeds} seeds", sd, (x,), 1.0)
        for rho in (0.0, 0.5, 1.0):
            shared, own = rng.normal(size=(sets, seeds, 1)), rng.normal(size=(sets, seeds, 21))
            curves = np.sqrt(rho) * shared + np.sqrt(1 - rho) * own
            curves *= np.linspace(3, 1, 21)
            cell = f"mean sd of {seeds} seeds, 21 checkpoints, correlation {rho:g}"
            mean = [Method("Satterthwaite chi-square", HOUSE, lambda x: stacked(map(mean_sd, x)))]
            yield from coverage("spread over seeds: mean sd", cell, mean, (curves,), 2.0)
        few = effort.draws(1000)
        for ratio in (0.5, 10.0, 500.0):
            x = rng.normal(ratio, 1, size=(few, seeds))
            snr = [Method("noncentral t", HOUSE, lambda x: stacked(map(signal_to_noise, x)))]
            cell = f"SNR {ratio:g}, {seeds} seeds"
            yield from coverage("spread over seeds: SNR", cell, snr, (x,), ratio)


def earlier_runs(effort: Effort) -> Iterator[Row]:
    """Count the false alarms of a threshold from a history of runs, nothing having changed."""
    for runs in (3, 5, 10):
        for n, p in ((100, 0.7), (1000, 0.9)):
            cell = f"{runs} earlier runs, p {p:g}, {n} items"
            rng, sets = generator("history", cell), effort.draws(20_000)
            x = rng.binomial(n, p, (sets, runs + 1)) / n
            mean, sd = x[:, :-1].mean(axis=1), x[:, :-1].std(axis=1, ddof=1)
            kept = sd > 0
            limit = np.array([drop_limit(s, runs) for s in sd[kept]])
            alarms = float((x[kept, -1] < mean[kept] - limit).mean())
            yield Row("gates, earlier runs", cell, "drop_limit, 5 %", HOUSE, "error rate", alarms,
                      int(kept.sum()))  # fmt: skip
            found = stacked(
                change_ci(*one, runs) for one in zip(x[kept, -1], mean[kept], sd[kept], strict=True)
            )
            held = [Method("change_ci", OPTION, lambda found=found: found)]
            yield from coverage("gates, earlier runs", cell, held, (), 0.0)
