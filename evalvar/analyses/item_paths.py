"""Items over training, and what pruning them does to means and curves."""

import numpy as np
import pandas as pd

from evalvar.analyses.item_table import item_frame, task_frame
from evalvar.analyses.respondents import Responses, trajectories
from evalvar.errors import NotEnoughDataError
from evalvar.stats import Estimate, Pruned, data_map, kendall_tau, prune
from evalvar.stats.data_map import regions

SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.9)
# Random subsets of each size whose curves stand beside the pruned one.
_DRAWS = 50
_FEWEST = 3


def data_maps(
    found: Responses, scores: pd.DataFrame, level: float
) -> tuple[list[pd.DataFrame], list[str]]:
    """Map the items of each model over its checkpoints, else over its seeds."""
    frames: list[pd.DataFrame] = []
    turned = found.facts.sign < 0
    for model, items, cube in trajectories(scores, _FEWEST):
        seeds, steps, _ = cube.shape
        seen = cube[np.isfinite(cube)]
        if seen.min(initial=0) < 0 or seen.max(initial=0) > 1:
            return [], ["no data map: scores lie outside [0, 1]."]
        if turned and found.facts.range != (0.0, 1.0):
            return [], [
                "no data map: lower is better, and scores that are not declared to lie in [0, 1] "
                "cannot be turned into a probability. Add columns score_min and score_max."
            ]
        cube = 1 - cube if turned else cube
        unit = "checkpoint" if steps >= _FEWEST else "seed"
        passes = cube if unit == "checkpoint" else cube[:, -1][None]
        maps = [data_map(run) for run in passes]
        parts = {
            "confidence": [m.confidence for m in maps],
            "variability": [m.variability for m in maps],
        }
        if unit == "checkpoint":
            parts["forgetting"] = [m.forgetting for m in maps]
        means = {name: _mean(np.array(values)) for name, values in parts.items()}
        at = items.get_indexer(found.items)
        region = regions(means["confidence"], means["variability"])[at]
        method = f"over {passes.shape[1]} {unit}s" + (
            f", mean over {seeds} seeds" if unit == "checkpoint" and seeds > 1 else ""
        )
        frames += [
            item_frame(
                found,
                name,
                {
                    "value": np.where(at >= 0, values[at], np.nan),
                    "region": np.where(at >= 0, region, ""),
                    **{"level": level, "n": passes.shape[1], "unit": unit, "method": method},
                },
                model,
            )
            for name, values in means.items()
        ]
    return frames, []


def pruning_rows(
    found: Responses, scores: pd.DataFrame, discrimination: np.ndarray, *, level: float, rng: int
) -> pd.DataFrame:
    """Drop ever more of the items that discriminate least, beside as many dropped at random."""
    rows: list[tuple[dict[str, float], str, Estimate]] = []
    curves = _curves(found, scores)
    draw = found.generator(rng)
    if not np.isfinite(discrimination).any():
        return task_frame(found, rows)
    for share in SHARES:
        try:
            pruned = prune(found.scores, discrimination, share=share)
        except NotEnoughDataError:
            continue
        more = {"size": int(pruned.kept.sum()), "share": share}
        if any(row["size"] == more["size"] for row, _, _ in rows):
            continue  # so few items that two shares drop the same
        made = _means(found, pruned, level)
        if curves:
            made |= _monotonicities(curves, pruned.kept, draw, level)
        rows += [(more, name, estimate) for name, estimate in made.items()]
    return task_frame(found, rows)


def _means(found: Responses, pruned: Pruned, level: float) -> dict[str, Estimate]:
    n, unit = len(found.names), found.unit
    worst = f"; of one {unit} at most {pruned.drift_worst:+.4f}"

    def of(value: float, method: str) -> Estimate:
        return Estimate(value, level=level, n=n, unit=unit, method=method)

    return {
        "pruned_drift": of(pruned.drift, f"mean over {unit}s of kept less all items{worst}"),
        "random_drift_sd": of(pruned.random_drift_sd, "sd over random subsets of this size"),
        "pruned_se": of(pruned.se, f"standard error over items, mean over {unit}s"),
        "random_se": of(pruned.random_se, "the same of random subsets of this size"),
    }


def _curves(found: Responses, scores: pd.DataFrame) -> list[np.ndarray]:
    """Give the curve of each model and seed as (checkpoints, items); NaN where an item is not."""
    curves = []
    for _, items, cube in trajectories(scores, _FEWEST):
        at = items.get_indexer(found.items)
        for run in cube:
            reached = np.isfinite(run).any(axis=1)
            if reached.sum() >= _FEWEST:
                curve = np.where(at >= 0, run[reached][:, at], np.nan)
                curves.append(curve * found.facts.sign)
    return curves


def _monotonicities(
    curves: list[np.ndarray], kept: np.ndarray, draw: np.random.Generator, level: float
) -> dict[str, Estimate]:
    size = int(kept.sum())
    masks = np.zeros((1 + _DRAWS, kept.size))
    masks[0] = kept
    for mask in masks[1:]:
        mask[draw.permutation(kept.size)[:size]] = 1
    taus = []
    for curve in curves:
        whole = np.isfinite(curve).all(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            means = masks[:, whole] @ curve[:, whole].T / masks[:, whole].sum(axis=1)[:, None]
        taus.append(kendall_tau(np.round(means, 12)))
    tau = _mean(np.array(taus))
    random = tau[1:][np.isfinite(tau[1:])]
    n = len(curves)
    low, high = np.quantile(random, (0.05, 0.95)) if random.size else (np.nan, np.nan)
    method = f"mean over {random.size} random subsets; bounds: 5 % and 95 % of them"
    return {
        "pruned_monotonicity": Estimate(
            float(tau[0]), level=level, n=n, unit="seed", method="mean tau-b over curves"
        ),
        "random_monotonicity": Estimate(
            float(random.mean()) if random.size else np.nan, np.nan, float(low), float(high), 0.9,
            n, "seed", method,
        ),
    }  # fmt: skip


def _mean(values: np.ndarray) -> np.ndarray:
    """Average over the first axis what is defined; NaN where nothing is."""
    seen = np.isfinite(values)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(seen, values, 0).sum(axis=0) / seen.sum(axis=0))
