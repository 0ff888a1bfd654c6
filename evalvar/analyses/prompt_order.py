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
    w, moved = kendall_w(means), float(_interaction(means))
    cube, why = _cube(tables, at)
    p = shuffled = np.nan
    if cube is not None:
        times = min(n_resamples, max(_LEAST, _MOST // cube.size))
        drawn = _shuffled(cube, times, source)
        agreeing = agreement(drawn)
        if np.isfinite(agreeing).any():
            shuffled = float(np.nanmean(agreeing))
        # rounding makes equal tables differ
        p = float((1 + (_interaction(drawn) >= moved - 1e-12).sum()) / (1 + times))
        why = f"prompts shuffled within items, {times} times"
    pairs = [(i, j) for i in range(n) for j in range(i)]
    taus = np.array([_tau(means[i], means[j]) for i, j in pairs])
    known = taus[np.isfinite(taus)]
    tau = float(known.mean()) if known.size else np.nan
    of = counted(len(tables), "model")
    methods = {
        "kendall_w": f"Kendall's W of {of}",
        "kendall_w_shuffled": why,
        "rank_tau": f"mean tau-b of {counted(len(pairs), 'pair')} of prompts",
        "prompt_x_model_sd": f"sd of prompt x model effects of {of}, {why}",
    }
    found = dict(zip(methods, (w, shuffled, tau, moved), strict=True))
    return {
        name: Estimate(
            found[name], level=level, n=n, unit="prompt", method=method,
            p_value=p if name == "prompt_x_model_sd" else np.nan,
        )
        for name, method in methods.items()
    }  # fmt: skip


def _interaction(means: np.ndarray) -> np.ndarray:
    """Root mean square (ddof 1) of what prompt and model together do: means (..., P, M)."""
    rest = means - means.mean(axis=-1, keepdims=True)
    rest = rest - rest.mean(axis=-2, keepdims=True)
    free = (means.shape[-2] - 1) * (means.shape[-1] - 1)
    return np.asarray(np.sqrt((rest**2).sum(axis=(-2, -1)) / free))


def _cube(tables: list[PromptTable], at: list[list[int]]) -> tuple[np.ndarray | None, str]:
    """Return the scores (prompts, items, models), or why they are not one table."""
    if any(table.items != tables[0].items for table in tables):
        return None, "undefined: the models were not asked the same items"
    if not all(table.whole for table in tables) or len(tables[0].items) < 2:
        return None, "undefined: not every prompt was asked the same items"
    return np.stack([t.scores[rows] for t, rows in zip(tables, at, strict=True)], axis=2), ""


def _tau(x: np.ndarray, y: np.ndarray) -> float:
    """Tau-b of two scores of the same models: ties of either count."""
    upper = np.triu_indices(x.size, 1)
    a, b = (np.sign(v[:, None] - v)[upper] for v in (x, y))
    size = float(np.sqrt((a**2).sum() * (b**2).sum()))
    return float((a * b).sum() / size) if size > 0 else np.nan


def _shuffled(cube: np.ndarray, n_resamples: int, source: np.random.Generator) -> np.ndarray:
    """Mean of each prompt and model where the prompts of each item are shuffled, for all alike."""
    prompts, items = cube.shape[:2]
    step = max(1, _BUDGET // cube.size)
    flat = cube.transpose(1, 0, 2)
    found = []
    for start in range(0, n_resamples, step):
        rows = min(step, n_resamples - start)
        order = source.random((rows, items, prompts)).argsort(axis=2)
        found.append(flat[np.arange(items)[:, None], order].mean(axis=1))
    return np.concatenate(found)
