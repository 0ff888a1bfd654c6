"""Real tables of scores: all items are the population, data sets are drawn from them."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np

from benchmarks.calibration import peers
from benchmarks.calibration.cells import (
    HOUSE,
    Effort,
    Method,
    Numbers,
    Row,
    coverage,
    generator,
)
from benchmarks.calibration.means import cells, unit_methods
from benchmarks.calibration.pairs import binary_cell
from evalvar.stats import pass_at_k, sparse_t_many

SIZES = (30, 100, 300, 1000)
# The tables are not part of the checkout: a folder beside it.
DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"


def real_tables(effort: Effort) -> Iterator[Row]:
    yield from mmlu_pro(effort)
    yield from livebench(effort)
    yield from cruxeval(effort)


def mmlu_pro(effort: Effort) -> Iterator[Row]:
    """Compare neighbours of the ranking, and the first with each fifth, by their true tables."""
    table = _table("mmlu_pro_items/mmlu_pro.parquet", ["task", "item"])
    order = list(table.columns[np.argsort(-table.mean().to_numpy())])
    couples = [*list(pairwise(order))[::3], *((order[0], other) for other in order[4::5])]
    for n in SIZES:
        for first, second in couples:
            a, b = table[first].to_numpy(), table[second].to_numpy()
            counts = [(a * b).sum(), (a * (1 - b)).sum(), ((1 - a) * b).sum(),
                      ((1 - a) * (1 - b)).sum()]  # fmt: skip
            cell = f"MMLU-Pro, {first} - {second}, n {n}"
            chances = np.array(counts, dtype=float) / len(a)
            yield from binary_cell("real pairs, right or wrong", cell, n, chances, {}, effort)


def livebench(effort: Effort) -> Iterator[Row]:
    """Draw items of LiveBench, most with scores 0 and 1 and some with parts."""
    table = _table("livebench_items/livebench.parquet", ["category", "task", "item", "turn"])
    order = list(table.columns[np.argsort(-table.mean().to_numpy())])
    category = table.index.get_level_values("category")
    for which in sorted(set(category)):
        x = table[category == which]
        for n in SIZES[:3]:
            for model in order[::12]:
                values = x[model].to_numpy()
                cell = f"LiveBench {which}, {model}, n {n}"
                yield from cells(
                    "real means", cell, n, float(values.mean()),
                    lambda rng, shape, v=values: v[rng.integers(0, v.size, shape)],
                    unit_methods(), effort,
                )  # fmt: skip
            for first, second in list(pairwise(order))[::10]:
                d = (x[first] - x[second]).to_numpy()
                cell = f"LiveBench {which}, {first} - {second}, n {n}"
                rng = generator("real", cell)
                drawn = d[rng.integers(0, d.size, (effort.draws(10_000), n))]
                yield from coverage("real pairs, fractions", cell, _pair_methods(), (drawn,),
                                    float(d.mean()))  # fmt: skip


def cruxeval(effort: Effort) -> Iterator[Row]:
    """Draw items of CRUXEval-I with their ten answers; pass@1 and pass@5."""
    import json

    path = DATA / "cruxeval_codellama7b" / "sample_scored_codellama-7b_temp0.2_input.json"
    answers = json.loads(path.read_text(encoding="utf-8"))["raw_scored_generations"]
    right = np.array([sum(one) for one in answers.values()])
    for k in (1, 5):
        values = pass_at_k(10, right, k=k)
        for n in SIZES[:3]:
            cell = f"CRUXEval-I, pass@{k} of 10 answers, n {n}"
            yield from cells(
                "real means", cell, n, float(values.mean()),
                lambda rng, shape, v=values: v[rng.integers(0, v.size, shape)],
                unit_methods(k == 1), effort,
            )  # fmt: skip


def _pair_methods() -> list[Method]:
    def house(d: Numbers) -> tuple[Numbers, Numbers]:
        found = sparse_t_many(d, low=-1, high=1)
        return found.low, found.high

    return [
        Method("sparse-t", HOUSE, house),
        Method("logit-t", "evalstats", lambda d: peers.logit_t(d, -1, 1)),
        Method("stderr of the differences x 1.96", "practice", peers.z_interval),
    ]


def _table(name: str, keys: list[str]):  # type: ignore[no-untyped-def]
    """Return items x models, only items that every model kept has; models with most items."""
    import pandas as pd

    frame = pd.read_parquet(DATA / name)
    wide = frame.pivot_table("score", keys, "model", aggfunc="first", observed=True)
    full = wide.notna().sum()
    return wide.loc[:, full >= 0.99 * full.max()].dropna()
