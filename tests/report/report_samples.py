"""Results made by hand, in the shape that the analyses give."""

from math import nan

import numpy as np
import pandas as pd

from evalvar.results import Result
from evalvar.stats.estimate import Estimate

SETTINGS = {"level": 0.95, "rng": 0, "over": ("item",)}
SOURCES = pd.DataFrame(
    {
        "path": [f"study/seed{s}/step{c}/results.json" for s in range(5) for c in (150, 1500)],
        "sha256": [f"{7919 * (k + 1):064x}" for k in range(10)],
        "rows": [120] * 10,
        "harness": ["lm-eval"] * 10,
        "version": ["0.4.9"] * 10,
    }
)
STEPS = tuple(range(150, 1501, 150))


def labelled(result, **labels):
    """Add label columns: a constant, or a function of the row."""
    table = result.table.copy()
    for name, value in labels.items():
        values = [value(row) if callable(value) else value for _, row in table.iterrows()]
        table[name] = pd.Series(values, index=table.index, dtype=object)
    return Result(result.name, result.keys, table, result.settings, result.warnings, result.sources)


def _orientation(row):
    return not row["metric"].startswith("nll")


def _discrete(row):
    return row["metric"].startswith(("acc", "exact_match"))


def _chance(row):
    return 0.25 if row["metric"].startswith(("acc", "p_correct")) else nan


LABELS = {"higher_is_better": _orientation, "chance": _chance, "discrete": _discrete}
METRICS = {"acc,none": 0.9, "p_correct": 0.75, "nll_correct": 0.4}


def curve(metric, x):
    if metric.startswith("nll"):
        return 1.6 - 1.2 * x
    top = METRICS.get(metric, 0.8)
    return 0.26 + (top - 0.26) * x**1.3


def checkpoints(tasks=("tiny_color", "tiny_sum"), seeds=5, steps=STEPS, model="tiny", metrics=None):
    rng = np.random.default_rng(1)
    rows = []
    for task in tasks:
        for metric in metrics or METRICS:
            luck = rng.normal(0, 0.06, size=(seeds, 1)) + rng.normal(
                0, 0.02, size=(seeds, len(steps))
            )
            for c, step in enumerate(steps):
                base = curve(metric, (c + 1) / len(steps))
                runs = np.clip(base + luck[:, c], 0.01, 0.99 if metric[0] != "n" else 9)
                for seed, value in enumerate(runs):
                    key = dict(model=model, task=task, metric=metric, seed=seed, checkpoint=step)
                    half = 0.08
                    rows.append(
                        (
                            key,
                            "mean",
                            Estimate(
                                value,
                                0.04,
                                value - half,
                                value + half,
                                n=120,
                                method="Wilson score",
                            ),
                        )
                    )
                key = dict(model=model, task=task, metric=metric, checkpoint=step)
                mean, sd = float(runs.mean()), float(runs.std(ddof=1)) if seeds > 1 else nan
                half = 2.78 * sd / np.sqrt(seeds) if seeds > 1 else nan
                rows.append(
                    (
                        key,
                        "mean",
                        Estimate(
                            mean,
                            half / 2,
                            mean - half,
                            mean + half,
                            n=seeds,
                            unit="seed",
                            method="t over seeds",
                        ),
                    )
                )
                rows.append(
                    (key, "seed_sd", Estimate(sd, n=seeds, unit="seed", method="sd, ddof 1"))
                )
            key = dict(model=model, task=task, metric=metric)
            rows += [
                (
                    key,
                    "kendall_tau",
                    Estimate(
                        0.974,
                        0.01,
                        0.93,
                        0.99,
                        n=seeds,
                        unit="seed",
                        method="tau-b, mean over seeds",
                    ),
                ),
                (
                    key,
                    "kendall_tau_null_sd",
                    Estimate(0.11, n=seeds, unit="seed", method="exact permutation"),
                ),
                (key, "step_noise_sd", Estimate(0.021, n=seeds, unit="seed", method="sd of steps")),
                (
                    key,
                    "snr_last",
                    Estimate(12.4, n=seeds, unit="seed", method="mean over sd of the last steps"),
                ),
                (
                    key,
                    "rise_share",
                    Estimate(0.83, n=seeds, unit="seed", method="share of rising steps"),
                ),
            ]
    result = Result.of(
        "checkpoints",
        ("model", "task", "metric", "seed", "checkpoint"),
        rows,
        settings=SETTINGS,
        sources=SOURCES,
    )
    return labelled(result, **LABELS)


def seed_variance(tasks=("tiny_color", "tiny_sum"), model="tiny", seeds=5, metrics=None):
    rows = []
    for t, task in enumerate(tasks):
        for m, metric in enumerate(metrics or METRICS):
            key = dict(model=model, task=task, metric=metric)
            mean = curve(metric, 1.0) - 0.03 * t
            sd, half = 0.066 - 0.01 * m, 0.076 / (1 + m)
            if seeds < 2:
                sd = nan
            ratio, snr = 1.96 * sd / half, mean / sd / 1.2
            e = lambda v, u="seed", **k: Estimate(v, n=seeds, unit=u, **k)  # noqa: E731
            rows += [
                (
                    key,
                    "final_mean",
                    e(mean, se=sd / 2, low=mean - sd, high=mean + sd, method="t over seeds"),
                ),
                (key, "final_seed_sd", e(sd * 1.2, method="sd, ddof 1")),
                (key, "seed_sd", e(sd, method="mean over checkpoints of the sd, ddof 1")),
                (key, "item_half_width", e(half, u="item", method="Wilson score")),
                (
                    key,
                    "noise_ratio",
                    e(ratio, low=0.6 * ratio, high=2.9 * ratio, method="1.96 seed sd / item half"),
                ),
                (key, "snr", e(snr, low=0.3 * snr, high=1.7 * snr, method="mean / sd over seeds")),
                (key, "monotonicity", e(0.97 + m / 100, method="tau-b, mean over seeds")),
            ]
    result = Result.of(
        "seed_variance",
        ("model", "task", "metric"),
        rows,
        settings=SETTINGS,
        warnings=["tiny_sum: 3 of 50 items are missing in seed 2."],
        sources=SOURCES,
    )
    return labelled(
        result,
        **LABELS,
        at_chance=False,
        items=120,
        seeds=seeds,
        checkpoints=10,
        last_checkpoint=1500,
    )


def summary(models=("alpha", "beta"), tasks=("arc", "sums"), metrics=("acc",), seed=0):
    rng = np.random.default_rng(seed)
    rows = []
    for task in tasks:
        for metric in metrics:
            for model in models:
                value = float(rng.uniform(0.3, 0.9))
                key = dict(model=model, task=task, metric=metric, seed=0, checkpoint=0, prompt="")
                rows.append(
                    (
                        key,
                        "mean",
                        Estimate(
                            value, 0.01, value - 0.02, value + 0.02, n=2500, method="Wilson score"
                        ),
                    )
                )
    result = Result.of(
        "summary",
        ("model", "task", "metric", "seed", "checkpoint", "prompt"),
        rows,
        settings=SETTINGS,
    )
    return labelled(result, **LABELS)


def compare(
    models=("alpha", "beta"), tasks=("arc", "sums"), metric="acc", higher=True, seed=0, gap=None
):
    rng = np.random.default_rng(seed + 5)
    rows, labels = [], []
    for task in tasks:
        means = {model: float(rng.uniform(0.3, 0.9)) for model in models}
        if gap is not None:
            means = {model: 0.5 + gap * i for i, model in enumerate(models)}
        for i, a in enumerate(models):
            for b in models[i + 1 :]:
                d = means[a] - means[b]
                p = 0.0002 if abs(d) > 0.03 else 0.31
                key = dict(task=task, metric=metric, between="model", a=a, b=b)
                rows.append(
                    (
                        key,
                        "difference",
                        Estimate(
                            d, 0.012, d - 0.024, d + 0.024, n=2480, method="paired t", p_value=p
                        ),
                    )
                )
                better = (
                    "cannot be told apart"
                    if p > 0.05
                    else ("a" if (d > 0) == higher else "b") + " is better"
                )
                labels.append((means[a], means[b], better))
                if len(models) > 2:
                    rows.append(
                        (
                            key,
                            "difference_simultaneous",
                            Estimate(d, n=2480, method="Holm", p_value=p),
                        )
                    )
                    labels.append(labels[-1])
    result = Result.of("compare", ("task", "metric", "between", "a", "b"), rows, settings=SETTINGS)
    table = result.table.assign(
        mean_a=[x[0] for x in labels],
        mean_b=[x[1] for x in labels],
        verdict=[x[2] for x in labels],
        higher_is_better=higher,
        unpaired=20,
    )
    return Result(result.name, result.keys, table, result.settings, result.warnings, result.sources)


def code_metrics(models=("coder-a", "coder-b", "coder-c"), ks=(1, 10, 100)):
    rows = []
    for m, model in enumerate(models):
        for k in ks:
            value = 1 - (0.3 + 0.05 * m) * k ** (-0.2 - 0.2 * m)
            key = dict(model=model, task="problems", metric="passed")
            rows.append(
                (
                    key,
                    f"pass@{k}",
                    Estimate(
                        value,
                        0.02,
                        value - 0.04,
                        min(1, value + 0.04),
                        n=118,
                        method="unbiased pass@k, item bootstrap",
                    ),
                )
            )
        key = dict(model=model, task="problems", metric="efficiency")
        for k in ks[:2]:
            rows.append(
                (
                    key,
                    f"eff@{k}",
                    Estimate(
                        0.45 + 0.01 * k, 0.02, 0.41, 0.6, n=118, method="eff@k, item bootstrap"
                    ),
                )
            )
    return Result.of("code_metrics", ("model", "task", "metric", "seed"), rows, settings=SETTINGS)


def coverage(gaps=True):
    rows = []
    for model in ("alpha", "beta"):
        key = dict(model=model, task="arc", metric="acc", seed=0, checkpoint=0, prompt="")
        short = 20 if gaps and model == "beta" else 0
        rows += [
            (key, "items", Estimate(2500 - short)),
            (key, "items_missing", Estimate(short)),
            (key, "unscored", Estimate(3 if short else 0)),
        ]
    return Result.of(
        "coverage",
        ("model", "task", "metric", "seed", "checkpoint", "prompt"),
        rows,
        settings=SETTINGS,
        warnings=["beta: 20 of 2,500 items of arc are missing."],
    )


def study():
    """A training study: what `overview` gives for several seeds and checkpoints."""
    return [seed_variance(), checkpoints()]


def everything():
    return [*study(), compare(), code_metrics(), coverage()]
