"""Simulated training runs of known truth: what seeds do to a score, and how they agree."""

from collections.abc import Iterator

import numpy as np
from scipy import special

from benchmarks.calibration.cells import (
    HOUSE,
    OPTION,
    Effort,
    Method,
    Numbers,
    Row,
    coverage,
    generator,
    stacked,
)
from evalvar.stats import (
    churn,
    item_half_width,
    kendall_tau,
    mean_ci,
    mean_kappa,
    mean_tau_ci,
    one_run_half_width,
    outliers,
    run_variance,
)
from evalvar.stats.quantiles import normal_quantile

SEEDS, ITEMS, SEED_SDS = (2, 3, 5, 10), (50, 300), (0.0, 0.3)
STEPS = 4
# Logits of the items, and how far a run's answers lie from them by themselves.
ITEM_SD, OWN_SD = 1.5, 1.0
_POINTS = special.ndtri((np.arange(200) + 0.5) / 200)


def training_runs(effort: Effort) -> Iterator[Row]:
    """Draw items x seeds x checkpoints, normal scores and right or wrong; then curves alone."""
    for seeds in SEEDS:
        for n in ITEMS:
            for seed_sd in SEED_SDS:
                for kind in ("normal", "right or wrong"):
                    yield from _runs(effort, kind, seeds, n, seed_sd)
        yield from _curves(effort, seeds)
        if seeds > 2:
            yield _false_alarms(effort, seeds)


def _runs(effort: Effort, kind: str, seeds: int, n: int, seed_sd: float) -> Iterator[Row]:
    cell = f"{kind}, seed sd {seed_sd:g}, {n} items, {seeds} seeds"
    rng, sets = generator("training runs", cell), effort.draws(250)
    item = ITEM_SD * rng.standard_normal((sets, n, 1, 1))
    seed = seed_sd * rng.standard_normal((sets, 1, seeds, 1))
    own = OWN_SD * rng.standard_normal((sets, n, seeds, STEPS))
    level = np.linspace(-1, 1, STEPS)
    x, truth = item + seed + level, {}
    if kind == "normal":
        x = x + own
        truth = _normal_truth(n, seed_sd)
    else:
        x = (rng.random(own.shape) < special.expit(x)) * 1.0
        truth = _binary_truth(n, seed_sd, level)
    last = x[..., -1]
    spread = [run_variance(one) for one in last]
    bounds = {
        "half-width over items": stacked(map(item_half_width, x)),
        "half-width, items and one seed": stacked(map(one_run_half_width, x)),
        "sd over seeds, real": stacked(run.real_sd for run in spread),
        "sd over seeds if independent": stacked(run.independent_sd for run in spread),
    }
    if kind != "normal":
        bounds["kappa of seeds"] = stacked(map(mean_kappa, last))
        bounds["churn of seeds"] = stacked(map(churn, last))
    for name, ends in bounds.items():
        method = [Method("default", HOUSE, lambda low, high: (low, high))]
        yield from coverage(f"training runs: {name}", cell, method, ends, truth[name])


def _normal_truth(n: int, seed_sd: float) -> dict[str, float]:
    z, one = normal_quantile(0.95), (ITEM_SD**2 + OWN_SD**2) / n
    return {
        "half-width over items": z * float(np.sqrt(one)),
        "half-width, items and one seed": z * float(np.sqrt(one + seed_sd**2)),
        "sd over seeds, real": seed_sd,
        "sd over seeds if independent": float(np.sqrt((OWN_SD**2 + seed_sd**2) / n)),
    }


def _binary_truth(n: int, seed_sd: float, level: Numbers) -> dict[str, float]:
    """Integrate over items and seeds."""
    z = normal_quantile(0.95)
    shifts = seed_sd * _POINTS if seed_sd else np.zeros(1)
    right = special.expit(ITEM_SD * _POINTS[:, None, None] + shifts[:, None] + level)
    p = right.mean(axis=0)  # (seeds, steps)
    one, between = p * (1 - p) / n, p.var(axis=0)
    last = right[..., -1]
    both = last.T @ last / len(last)
    q = p[:, -1]
    flips = q[:, None] + q - 2 * both
    by_chance = q[:, None] + q - 2 * np.outer(q, q)
    return {
        "half-width over items": z * float(np.sqrt(one).mean()),
        "half-width, items and one seed": z * float(np.sqrt(one.mean() + between.mean())),
        "sd over seeds, real": float(np.sqrt(between[-1])),
        "sd over seeds if independent": float(np.sqrt(flips.mean() / 2 / n)),
        "kappa of seeds": float((1 - flips / by_chance).mean()),
        "churn of seeds": float(flips.mean()),
    }


def _curves(effort: Effort, seeds: int) -> Iterator[Row]:
    """Measure the mean tau over seeds of curves that rise, beside noise that may last."""
    for steps in (5, 10, 21):
        for lasting in (0.0, 0.8):
            for noise in (0.05, 0.2, 1.0, np.inf):
                what = "no trend" if np.isinf(noise) else f"noise {noise:g} of the rise"
                cell = f"{what}, autocorrelation {lasting:g}, {steps} checkpoints, {seeds} seeds"
                rng, sets = generator("mean tau", cell), effort.draws(800)
                truth = float(_taus(rng, 40_000, steps, noise, lasting).mean())
                taus = _taus(rng, sets * seeds, steps, noise, lasting).reshape(sets, seeds)

                def house(x: Numbers, steps: int = steps) -> tuple[Numbers, Numbers]:
                    return stacked(mean_tau_ci(one, checkpoints=steps) for one in x)

                methods = [
                    Method("mid-p on effective n", HOUSE, house),
                    Method("t", OPTION, lambda x: stacked(map(mean_ci, x))),
                ]
                yield from coverage("training runs: mean tau", cell, methods, (taus,), truth)


def _taus(
    rng: np.random.Generator, count: int, steps: int, noise: float, lasting: float
) -> Numbers:
    own = rng.standard_normal((count, steps))
    for step in range(1, steps):
        own[:, step] = lasting * own[:, step - 1] + np.sqrt(1 - lasting**2) * own[:, step]
    if np.isinf(noise):
        return kendall_tau(own)
    trend = 1 - np.exp(-3 * np.arange(steps) / steps)
    return kendall_tau(trend + 3 * noise * float(np.diff(trend).mean()) * own)


def _false_alarms(effort: Effort, seeds: int) -> Row:
    cell = f"{seeds} normal seeds, none apart"
    x = generator("outliers", cell).normal(size=(effort.draws(10_000), seeds))
    alarms = float(np.mean([outliers(row).flagged().size > 0 for row in x]))
    return Row(
        "training runs: outlying seeds", cell, "Grubbs, 5 %", HOUSE, "error rate", alarms, len(x)
    )
