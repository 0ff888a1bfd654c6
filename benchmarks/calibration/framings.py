"""Two framings of a benchmark: where their curves cross, ratios of their noise, and what rises."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

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
from evalvar.analyses.prompt_tables import prompt_tables
from evalvar.analyses.prompts import prompt_sensitivity
from evalvar.evidence import as_evidence
from evalvar.stats import (
    best_prompt_bias,
    crossover_ci,
    kendall_tau,
    mean_sd_ratio_ci,
    mean_tau_difference_ci,
    sd_ratio_ci,
    snr_ratio_ci,
)
from evalvar.stats.crossing import Rule
from evalvar.stats.quantiles import t_quantile

SEEDS = (2, 3, 5, 10)
_STEPS, _AT = np.arange(12) * 100.0, 537.0


def framings(effort: Effort) -> Iterator[Row]:
    """Curves that cross, seeds that do alike to both, and the luck of the best prompt."""
    for seeds in SEEDS:
        yield from _crossings(effort, seeds)
        yield from _ratios(effort, seeds)
        yield from _monotonicities(effort, seeds)
    yield from _best_prompts(effort)
    for prompts, asked in ((8, 0.15), (8, 0.4)):
        yield _few_cells(effort, prompts, asked)


def _crossings(effort: Effort, seeds: int) -> Iterator[Row]:
    for name, slope, flat in (
        ("fast", 2e-4, 0), ("slow", 3e-5, 0), ("after 4 equal checkpoints", 2e-4, 4),
    ):  # fmt: skip
        cell = f"{name}, {seeds} seeds"
        rng, sets = generator("crossings", cell), effort.draws(1000)
        true = np.where(np.arange(12) < flat, 0.0, slope * (_STEPS - _AT))
        shared = 0.005 * rng.standard_normal((sets, seeds, 1))
        d = true + shared + 0.01 * rng.standard_normal((sets, seeds, 12))
        rules: tuple[tuple[Rule, str], ...] = (
            ("last", HOUSE),
            ("split", OPTION),
            ("first", OPTION),
        )
        methods = [
            Method(f"{rule} crossing, t over seeds", by, lambda d, rule=rule: _crossed(d, rule))
            for rule, by in rules
        ]
        yield from coverage("framings: crossover", cell, methods, (d,), _AT)


def _crossed(d: Numbers, rule: Rule) -> Bounds:
    def one(curves: Numbers) -> tuple[float, float]:
        def bounds(step: int, share: float) -> tuple[float, float]:
            x = (1 - share) * curves[:, step] + share * curves[:, step + 1]
            half = t_quantile(0.95, x.size - 1) * x.std(ddof=1) / np.sqrt(x.size)
            return float(x.mean() - half), float(x.mean() + half)

        found = crossover_ci(_STEPS, curves.mean(axis=0), bounds, rule=rule)
        return found.low, found.high

    pairs = np.array([one(curves) for curves in d])
    return pairs[:, 0], pairs[:, 1]


def _ratios(effort: Effort, seeds: int) -> Iterator[Row]:
    for rho in (0.0, 0.8):
        cell = f"correlation {rho:g}, {seeds} seeds"
        rng, sets = generator("framing ratios", cell), effort.draws(1500)
        # half of what a seed does lasts for the whole curve
        shared, one, other = (
            np.sqrt(0.5) * (rng.standard_normal((sets, seeds, 1))
                            + rng.standard_normal((sets, seeds, 8)))
            for _ in range(3)
        )  # fmt: skip
        a, b = (np.sqrt(rho) * shared + np.sqrt(1 - rho) * own for own in (one, other))
        a, b = 40 + a * np.linspace(2, 1, 8), 30 + 2 * b
        for regime, of, truth, pair in (
            ("final sd", sd_ratio_ci, 0.5, (a[..., -1], b[..., -1])),
            ("mean sd", mean_sd_ratio_ci, 0.75, (a, b)),
            ("SNR", snr_ratio_ci, 8 / 3, (a[..., -1], b[..., -1])),
        ):
            house = Method(
                "by the number of seeds", HOUSE,
                lambda a, b, of=of: stacked(
                    of(x, y, paired=True) for x, y in zip(a, b, strict=True)
                ),
            )  # fmt: skip
            yield from coverage(f"framings: ratio of {regime}", cell, [house], pair, truth)


def _monotonicities(effort: Effort, seeds: int) -> Iterator[Row]:
    """Logistic curves, half of whose noise is of the run that both framings ask."""
    rises = {"steep": 0.5, "slow": 0.05, "flat": 0.01}
    for one, other in (("steep", "steep"), ("steep", "slow"), ("slow", "slow"), ("slow", "flat")):
        cell = f"{one} and {other}, {seeds} seeds"
        rng, sets = generator("monotonicities", cell), effort.draws(600)
        a, b = _taus(rng, sets, seeds, rises[one], rises[other])
        far = _taus(rng, 20000, 1, rises[one], rises[other])
        truth = float(far[0].mean() - far[1].mean())
        methods = [
            Method("t or MOVER", HOUSE, lambda a, b: stacked(
                mean_tau_difference_ci(x, y, checkpoints=10, paired=True)
                for x, y in zip(a, b, strict=True)
            )),
            Method("t over seeds", OPTION, lambda a, b: _over_seeds(a - b)),
        ]  # fmt: skip
        yield from coverage("framings: difference of monotonicity", cell, methods, (a, b), truth)


def _taus(rng: np.random.Generator, sets: int, seeds: int, *rises: float) -> list[Numbers]:
    shape = 1 / (1 + np.exp(-(np.arange(10) - 4.5) / 2))
    shared = rng.standard_normal((sets, seeds, 10))
    own = (rng.standard_normal(shared.shape) for _ in rises)
    return [
        kendall_tau(rise * shape + 0.015 * np.sqrt(0.5) * (shared + noise))
        for rise, noise in zip(rises, own, strict=True)
    ]


def _over_seeds(d: Numbers) -> Bounds:
    half = t_quantile(0.95, d.shape[1] - 1) * d.std(axis=1, ddof=1) / np.sqrt(d.shape[1])
    return d.mean(axis=1) - half, d.mean(axis=1) + half


def _best_prompts(effort: Effort) -> Iterator[Row]:
    items = 100
    for prompts in (3, 10):
        for tau in (0.0, 1.0, 3.0):
            cell = f"{prompts} prompts, sd {tau:g} times the noise"
            rng, sets = generator("best prompts", cell), effort.draws(2000)
            df = (prompts - 1) * (items - 1)
            sd = np.sqrt((tau**2 + 1) * rng.chisquare(prompts - 1, sets) / (prompts - 1))
            noise = rng.chisquare(df, sets) / df
            house = Method(
                "normal order statistics", HOUSE,
                lambda sd, noise, prompts=prompts, df=df: stacked(
                    best_prompt_bias(s, v, prompts, noise_df=df)
                    for s, v in zip(sd.tolist(), noise.tolist(), strict=True)
                ),
            )  # fmt: skip
            truth = best_prompt_bias(float(np.sqrt(tau**2 + 1)), 1.0, prompts).value
            yield from coverage("framings: luck of the best prompt", cell, [house], (sd, noise),
                                truth)  # fmt: skip


def _few_cells(effort: Effort, prompts: int, asked: float) -> Row:
    """Ask each prompt a share of the items, and see how lucky the best one is on average."""
    cell = f"{prompts} prompts x 100 items, {asked:.0%} of the cells asked"
    rng, sets = generator("few cells", cell), effort.draws(100)
    luck: list[float] = []
    bounds: list[tuple[float, float]] = []
    while len(luck) < sets:
        real = rng.normal(0, 0.05, prompts)
        chance = 0.5 + rng.normal(0, 0.25, 100) + real[:, None]
        chance = np.clip(chance + rng.normal(0, 0.1, chance.shape), 0.02, 0.98)
        prompt, item = np.nonzero(rng.random(chance.shape) < asked)
        records = pd.DataFrame(
            {"model": "m", "task": "t", "metric": "acc", "item": item,
             "prompt": [f"p{k:02}" for k in prompt],
             "score": (rng.random(item.size) < chance[prompt, item]) * 1.0}
        )  # fmt: skip
        if np.unique(prompt).size < prompts:
            continue
        rows = prompt_sensitivity(records, n_resamples=1).table.set_index("quantity")
        found = rows.loc["best_prompt_bias"]
        if not np.isfinite(found["low"]):  # prompts that no items link
            continue
        means = prompt_tables(as_evidence(records))[0][0].means
        best = int(means.argmax())
        luck.append(float((means - means.mean() - real + real.mean())[best]))
        bounds.append((found["low"], found["high"]))
    low, high = np.array(bounds).T
    truth = float(np.mean(luck))
    held = float(((low <= truth) & (truth <= high)).mean())
    return Row("framings: luck of the best prompt", cell, "normal order statistics", HOUSE,
               "coverage", held, sets, float((high - low).mean()), 0.0, 0.0)  # fmt: skip
