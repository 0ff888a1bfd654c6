"""Scores from some items, errors on held-out models, agreement of ranks: known truths."""

from collections.abc import Iterator

import numpy as np

from benchmarks.calibration.cells import (
    HOUSE,
    OPTION,
    Bounds,
    Effort,
    Method,
    Numbers,
    Row,
    coverage,
    covered,
    generator,
)
from evalvar.stats import Estimate, mean_ci
from evalvar.stats.held_out import held_out_mean
from evalvar.stats.rank_pairs import mean_rank_agreement, rank_agreement
from evalvar.stats.subset_estimators import control_variate

ITEMS = 2000


def shorter_benchmarks(effort: Effort) -> Iterator[Row]:
    """Measure the intervals of a shorter benchmark."""
    yield from _control_variates(effort)
    yield from _held_out(effort)
    yield from _ranks(effort)
    yield from _rank_differences(effort)


def _control_variates(effort: Effort) -> Iterator[Row]:
    """Draw items of one benchmark; its mean is known, and so is the covariate on all."""
    for size in (25, 100, 400):
        for law in ("0/1, covariate of 0.4", "0/1, flat covariate"):
            cell = f"{size} of {ITEMS} items, {law}"
            rng = generator("control variates", cell)
            easy = rng.beta(2, 1.5, ITEMS)
            right = (rng.random(ITEMS) < easy).astype(float)
            x = easy if "0.4" in law else np.ones(ITEMS)
            draws = [rng.choice(ITEMS, size, replace=False) for _ in range(effort.draws(4000))]
            with_it = [control_variate(right[d], x[d], float(x.mean()), n_items=ITEMS)
                       for d in draws]  # fmt: skip
            plain = [mean_ci(right[d]) for d in draws]
            methods = [
                Method("control variate", HOUSE, lambda found=with_it: _bounds(found)),
                Method("t, no covariate, items without end", OPTION,
                       lambda found=plain: _bounds(found)),
            ]  # fmt: skip
            yield from coverage("shorter benchmark: score", cell, methods, (), float(right.mean()))


def _held_out(effort: Effort) -> Iterator[Row]:
    """Draw models and choices of items; the mean over both is 0."""
    for models, folds, repeats in ((8, 2, 2), (20, 5, 2), (20, 5, 5), (20, 1, 500)):
        for luck in (0.0, 0.3, 1.0):
            cell = f"{models} models, {folds} folds x {repeats}, luck of the items {luck:g}"
            rng, found = generator("held out", cell), []
            for _ in range(effort.draws(2000 if repeats < 100 else 500)):
                places = np.arange(models) % folds
                chosen = np.stack([rng.permutation(places) for _ in range(repeats)])
                ways = luck * rng.normal(size=(repeats, folds))
                x = rng.normal(size=models) + np.take_along_axis(ways, chosen, axis=1)
                x = x + 0.5 * rng.normal(size=x.shape)
                found.append(held_out_mean(x, choices=chosen))
            methods = [Method("t over models and subsets", HOUSE, lambda f=found: _bounds(f))]
            yield from coverage("shorter benchmark: held-out error", cell, methods, (), 0.0)


def _ranks(effort: Effort) -> Iterator[Row]:
    """Draw models of which a subset sees the score with noise; tau of all models is known."""
    for models in (8, 20, 60):
        for noise in (0.3, 1.0):
            cell = f"{models} models, noise {noise:g}"
            rng = generator("ranks", cell)
            truth = 2 / np.pi * np.arcsin(1 / np.sqrt(1 + noise**2))
            found = []
            for _ in range(effort.draws(1500)):
                full = rng.normal(size=models)
                ranks = rank_agreement((full + noise * rng.normal(size=models))[None], full)
                found.append(mean_rank_agreement(ranks))
            low, high = _bounds(found)
            method = "tau-b, t over pairs of models"
            hit = covered(low, high, truth)
            yield Row(
                "shorter benchmark: rank agreement", cell, method, HOUSE, "coverage",
                float(hit.mean()), hit.size, float(np.nanmean(high - low)),
                float((high - low <= 0).mean()), float(np.isnan(low).mean()),
            )  # fmt: skip


def _rank_differences(effort: Effort) -> Iterator[Row]:
    """Draw models that chosen and random subsets see with the same noise: they differ by 0."""
    for models, folds in ((8, 2), (16, 4), (40, 5)):
        cell = f"{models} models, {folds} folds x 2, beside 60 random subsets"
        rng, found = generator("rank differences", cell), []
        for _ in range(effort.draws(400)):
            full = rng.normal(size=models)
            chosen = np.stack([rng.permutation(np.arange(models) % folds) for _ in range(2)])
            ours = full + 0.5 * rng.normal(size=(2, models))
            others = full + 0.5 * rng.normal(size=(60, models))
            by_lot = rank_agreement(others, full, folds=chosen[np.arange(60) % 2])
            ranks = rank_agreement(ours, full, folds=chosen, choices=chosen)
            found.append(mean_rank_agreement(ranks, against=by_lot))
        methods = [Method("tau-b, t over pairs of models", HOUSE, lambda f=found: _bounds(f))]
        yield from coverage("shorter benchmark: rank difference", cell, methods, (), 0.0)


def _bounds(found: list[Estimate]) -> Bounds:
    ends: tuple[Numbers, Numbers] = (
        np.array([one.low for one in found]), np.array([one.high for one in found])
    )  # fmt: skip
    return ends
