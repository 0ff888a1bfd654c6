"""Would another prompt put the models in another order?"""

from zlib import crc32

import numpy as np

from evalvar.analyses.prompt_tables import PromptTable
from evalvar.errors import counted
from evalvar.results import Row
from evalvar.stats import Estimate, kendall_w
from evalvar.stats.templates import agreement

# Numbers held at once while prompts are shuffled.
_BUDGET = 1 << 22
# Large tables are shuffled less often: so many scores in all, but so many times.
_MOST, _LEAST = 200_000_000, 99


def prompt_order(
    tables: list[PromptTable], *, n_resamples: int, rng: int, level: float
) -> tuple[list[Row], list[tuple[str, str]]]:
    """Return how far prompts agree in the order of the models, a task and metric at a time."""
    places: dict[tuple[str, str], list[PromptTable]] = {}
    for table in tables:
        if np.isfinite(table.means).all():
            places.setdefault((table.task, table.metric), []).append(table)
    rows: list[Row] = []
    said = []
    for (task, metric), some in places.items():
        if len(some) < 2:
            continue
        prompts = sorted(set.intersection(*(set(table.prompts) for table in some)))
        if len(prompts) < 2:
            reason = "the models have fewer than 2 prompts in common, which have no order to agree."
            said.append((f"{task}, {metric}", reason))
            continue
        lost = len(set().union(*(table.prompts for table in some))) - len(prompts)
        if lost:
            reason = f"{counted(lost, 'prompt')} that not all models have left out of their order."
            said.append((f"{task}, {metric}", reason))
        key = {"task": task, "metric": metric}
        source = np.random.default_rng([rng, crc32(f"{task}\x1f{metric}".encode())])
        found = _agreement(some, prompts, n_resamples, source, level)
        rows += [(key, name, estimate) for name, estimate in found.items()]
    return rows, said


def _agreement(
    tables: list[PromptTable], prompts: list[str], n_resamples: int, source: np.random.Generator,
    level: float,
) -> dict[str, Estimate]:  # fmt: skip
    at = [[table.prompts.index(name) for name in prompts] for table in tables]
    means = np.stack([table.means[rows] for table, rows in zip(tables, at, strict=True)], axis=1)
    n = len(prompts)
    w = kendall_w(means)
    method = f"Kendall's W of {counted(len(tables), 'model')}"
    p, shuffled, why = np.nan, np.nan, "undefined: not every prompt was asked the same items"
    items = set.intersection(*(set(table.items) for table in tables))
    if all(table.whole for table in tables) and len(items) > 1:
        names = sorted(items)
        cube = np.stack(
            [
                table.scores[rows][:, [table.items.index(name) for name in names]]
                if len(names) < len(table.items)
                else table.scores[rows]
                for table, rows in zip(tables, at, strict=True)
            ],
            axis=2,
        )
        if len(names) < max(len(table.items) for table in tables):
            why = "undefined: the models were not asked the same items"
        else:
            n_resamples = min(n_resamples, max(_LEAST, _MOST // cube.size))
            drawn = _shuffled(cube, n_resamples, source)
            known = drawn[np.isfinite(drawn)]
            if np.isfinite(w) and known.size:
                shuffled = float(known.mean())
                # rounding makes equal tables differ
                p = float((1 + (known <= w + 1e-12).sum()) / (1 + known.size))
                why = f"prompts shuffled within items, {n_resamples} times"
                method = f"{method}; p: {why}, order of prompts by chance"
    pairs = [(i, j) for i in range(n) for j in range(i)]
    taus = np.array([_tau(means[i], means[j]) for i, j in pairs])
    known = taus[np.isfinite(taus)]
    tau = float(known.mean()) if known.size else np.nan
    return {
        "kendall_w": Estimate(w, level=level, n=n, unit="prompt", method=method, p_value=p),
        "kendall_w_shuffled": Estimate(shuffled, level=level, n=n, unit="prompt", method=why),
        "rank_tau": Estimate(
            tau, level=level, n=n, unit="prompt",
            method=f"mean tau-b of {counted(len(pairs), 'pair')} of prompts",
        ),
    }  # fmt: skip


def _tau(x: np.ndarray, y: np.ndarray) -> float:
    """Tau-b of two scores of the same models: ties of either count."""
    upper = np.triu_indices(x.size, 1)
    a, b = (np.sign(v[:, None] - v)[upper] for v in (x, y))
    size = float(np.sqrt((a**2).sum() * (b**2).sum()))
    return float((a * b).sum() / size) if size > 0 else np.nan


def _shuffled(cube: np.ndarray, n_resamples: int, source: np.random.Generator) -> np.ndarray:
    """Agreement where the prompts of each item are shuffled: scores (prompts, items, models)."""
    prompts, items = cube.shape[:2]
    step = max(1, _BUDGET // cube.size)
    flat = cube.transpose(1, 0, 2)
    found = []
    for start in range(0, n_resamples, step):
        rows = min(step, n_resamples - start)
        order = source.random((rows, items, prompts)).argsort(axis=2)
        means = flat[np.arange(items)[:, None], order].mean(axis=1)
        found.append(agreement(means))
    return np.concatenate(found)
