"""Telling recipes apart: spread over models, order, onset of a difference, and whole answers."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from benchmarks.calibration.cells import (
    HOUSE,
    Bounds,
    Effort,
    Method,
    Numbers,
    Row,
    coverage,
    generator,
    stacked,
)
from evalvar.stats import (
    Estimate,
    Noise,
    clear_from,
    crossed_difference_ci,
    decision_accuracy,
    mean_difference,
    model_spread,
    seed_noise,
    spread_to_noise,
    step_noise,
    total_variation,
)


def recipes(effort: Effort) -> Iterator[Row]:
    """Whether a benchmark can tell recipes apart, and from which step on."""
    yield from _spreads(effort)
    yield from _orders(effort)
    yield from _onsets(effort)
    yield from _answers(effort)


def _spreads(effort: Effort) -> Iterator[Row]:
    """Draw normal models of a few runs each, with the noise of seeds or of the last steps.

    Of the steps of one run the house has no interval: what one would cover that took them as runs.
    """
    for models in (4, 10):
        for snr in (0.0, 0.5, 2.0, 10.0):
            for runs in (2, 3, 5):
                cell = f"{models} models, SNR {snr:g}, {runs} seeds"
                rng, sets = generator("spread over models", cell), effort.draws(1000)
                worth = snr * rng.standard_normal((sets, models, 1))
                y = worth + rng.standard_normal((sets, models, runs))
                data = [(one.mean(axis=1), seed_noise(list(one)), runs) for one in y]
                yield from _both("seeds", cell, data, snr, HOUSE)
            for rho in (0.0, 0.5, 0.8, 0.9):
                cell = f"{models} models, SNR {snr:g}, 5 last steps, rho {rho:g}"
                rng, sets = generator("spread over models", cell), effort.draws(1000)
                worth = snr * rng.standard_normal((sets, models, 1))
                y = worth + np.linspace(-3, 0, 5) + _steps(rng, (sets, models), rho)
                found = [step_noise(one, range(5)) for one in y]
                data = [
                    (one[:, -1], replace(noise, unit="seed"), 1)
                    for one, noise in zip(y, found, strict=True)
                ]
                yield from _both("steps taken as runs", cell, data, snr, "practice")
    for models in (4, 6, 10, 17):
        for law, truth in (("normal", 2 / np.sqrt(np.pi)), ("exponential", 1.0)):
            cell = f"{models} models, {law}"
            rng, sets = generator("mean difference", cell), effort.draws(2000)
            shape = sets, models
            x = rng.standard_normal(shape) if law == "normal" else rng.exponential(size=shape)
            pairs = [Method("jackknife t of the log", HOUSE,
                            lambda x: stacked(map(mean_difference, x)))]  # fmt: skip
            yield from coverage("mean difference of two models", cell, pairs, (x,), truth)


def _both(
    kind: str, cell: str, data: list[tuple[Numbers, Noise, int]], snr: float, by: str
) -> Iterator[Row]:
    spread = Method("modified large-sample", by, lambda: stacked(
        model_spread(x, noise, runs=k) for x, noise, k in data))  # fmt: skip
    ratio = Method("F", by, lambda: stacked(
        spread_to_noise(x, noise, runs=k) for x, noise, k in data))  # fmt: skip
    regime = f"spread over models, {kind}"
    yield from coverage(f"{regime}: signal", cell, [spread], (), snr)
    yield from coverage(f"{regime}: SNR", cell, [ratio], (), snr)


def _steps(rng: np.random.Generator, shape: tuple[int, int], rho: float) -> Numbers:
    """Draw the noise of five checkpoints, each rho like the one before, with variance 1."""
    rest = rng.standard_normal((*shape, 5))
    for t in range(1, 5):
        rest[..., t] = rho * rest[..., t - 1] + np.sqrt(1 - rho**2) * rest[..., t]
    return rest


def _orders(effort: Effort) -> Iterator[Row]:
    """Draw models whose early and final scores are normal with one correlation."""
    for models in (3, 4, 6, 10, 20):
        for share in (0.5, 0.7, 0.9):
            cell = f"{models} models, {share:.0%} of pairs ordered alike"
            rng, sets = generator("decision accuracy", cell), effort.draws(2000)
            rho = np.sin(np.pi * (share - 0.5))
            early, rest = rng.standard_normal((2, sets, models))
            final = rho * early + np.sqrt(1 - rho**2) * rest
            methods = [
                Method("mid-p on effective n", HOUSE, _order),
                Method("percentile bootstrap over models", "practice", _resampled_order),
            ]
            yield from coverage("decision accuracy", cell, methods, (early, final), share)


def _order(early: Numbers, final: Numbers) -> Bounds:
    found = [decision_accuracy(x, y) for x, y in zip(early, final, strict=True)]
    return np.array([one.low[0] for one in found]), np.array([one.high[0] for one in found])


def _resampled_order(early: Numbers, final: Numbers) -> Bounds:
    """Draw models with replacement, and keep the pairs of two different ones."""
    sets, models = early.shape
    low, high = np.empty((2, sets))
    drawn = np.random.default_rng(0).multinomial(models, [1 / models] * models, size=400)
    for i in range(sets):
        alike = np.sign(early[i][:, None] - early[i]) * np.sign(final[i][:, None] - final[i]) > 0
        twice = drawn[:, :, None] * drawn[:, None] * ~np.eye(models, dtype=bool)
        weight = twice.sum(axis=(1, 2))
        kept = weight > 0
        share = (twice * alike).sum(axis=(1, 2))[kept] / weight[kept]
        low[i], high[i] = np.quantile(share, [0.025, 0.975])
    return low, high


def _onsets(effort: Effort) -> Iterator[Row]:
    """Draw two recipes that never differ, or from the sixth of ten checkpoints on: early claims."""
    for seeds in (1, 3):
        for size, start in ((0.0, 10), (0.8, 5), (3.0, 5)):
            what = f"apart by {size:g} from step 6 on" if size else "never apart"
            cell = f"{what}, 10 checkpoints, 100 items, {seeds} seeds each"
            rng, sets = generator("onset", cell), effort.draws(400)
            stays = anywhere = found = 0
            for _ in range(sets):
                curve = [_difference(a, b) for a, b in _two(rng, seeds, start, size)]
                onset = clear_from(curve, len(curve))
                stays += onset.index is not None and onset.index < start
                first = next((t for t, d in enumerate(curve) if d.p_value <= 0.05), None)
                anywhere += first is not None and first < start
                found += onset.index is not None
            regime = "step from which two recipes differ"
            yield Row(regime, cell, "fixed sequence from the end", HOUSE, "error rate",
                      stays / sets, sets)  # fmt: skip
            yield Row(regime, cell, "first checkpoint with p <= 5 %", "practice", "error rate",
                      anywhere / sets, sets)  # fmt: skip
            if size:
                yield Row(regime, cell, "fixed sequence from the end", HOUSE, "power",
                          found / sets, sets)  # fmt: skip


def _two(
    rng: np.random.Generator, seeds: int, start: int, size: float
) -> Iterator[tuple[Numbers, Numbers]]:
    """Draw two recipes at ten checkpoints: items, and what runs do to them, stay for a while."""
    n = 100
    item = rng.standard_normal((n, 1))
    runs = [rng.standard_normal((1, seeds)) for _ in "ab"]
    rests = [rng.standard_normal((n, seeds)) for _ in "ab"]
    for t in range(10):
        sides = []
        for k in range(2):
            rests[k] = 0.8 * rests[k] + 0.6 * rng.standard_normal((n, seeds))
            runs[k] = 0.8 * runs[k] + 0.6 * rng.standard_normal((1, seeds))
            # with one seed a difference of runs is one of recipes, and not to be seen through
            luck = 0.3 * runs[k] if seeds > 1 else 0.0
            sides.append(item + luck + rests[k] + (size if k == 0 and t >= start else 0.0))
        yield sides[0], sides[1]


def _difference(a: Numbers, b: Numbers) -> Estimate:
    return crossed_difference_ci(a, b, paired_seeds=False)


def _answers(effort: Effort) -> Iterator[Row]:
    """Draw runs of one recipe, or of two, whose answers depend on each other within a run."""
    for seeds in (3, 5):
        for apart in (0.0, 2.0):
            what = f"two recipes, {apart:g} apart" if apart else "one recipe"
            cell = f"{what}, {seeds} seeds each, 50 items of 4 options"
            rng, sets = generator("total variation", cell), effort.draws(1000)
            found = 0
            for _ in range(sets):
                a, b = (_chosen(rng, seeds, shift) for shift in (0.0, apart))
                found += total_variation(a, b, rng=0).p_value <= 0.05
            yield Row("total variation of answers", cell, "permutation of runs", HOUSE,
                      "power" if apart else "error rate", found / sets, sets)  # fmt: skip


def _chosen(rng: np.random.Generator, seeds: int, shift: float) -> Numbers:
    """Draw the option that each run chooses of four, from what it has in common over items."""
    liking = np.random.default_rng(1).standard_normal((50, 1, 4))
    liking = liking + shift * np.random.default_rng(2).standard_normal((50, 1, 4))
    own = rng.standard_normal((1, seeds, 4)) + rng.gumbel(size=(50, seeds, 4))
    return np.asarray((liking + own).argmax(axis=2))
