"""Do the runs of two models answer alike, whatever their scores?"""

from collections.abc import Iterable, Iterator
from itertools import combinations
from math import nan
from typing import Any
from zlib import crc32

import numpy as np
import pandas as pd

from evalvar.analyses.curves import Curves
from evalvar.analyses.populations import Population, at_the_end
from evalvar.results import Row
from evalvar.stats import Estimate, total_variation
from evalvar.stats.run_distance import TotalVariation

Labelled = tuple[Row, dict[str, Any]]
_CHOSEN = "answer.chosen"


def answers_at_the_end(
    records: pd.DataFrame, curves: Iterable[Curves]
) -> dict[tuple[str, str], pd.DataFrame]:
    """Give the scored answers of each model's last checkpoint, by task and metric."""
    ends = at_the_end(records[records["score"].notna()], curves)
    groups = ends.groupby(["task", "metric"], observed=True, sort=False)
    return {(str(task), str(metric)): group for (task, metric), group in groups}


def variation(
    population: Population, answers: pd.DataFrame | None, *, level: float, rng: int,
    n_resamples: int,
) -> tuple[list[Labelled], list[str]]:  # fmt: skip
    """Return two rows for each pair of models of several seeds, and what there is to say."""
    if answers is None:
        return [], []
    # a run that only reported its mean has no answers
    seeds = answers.groupby(answers["model"].astype(str), sort=False)["seed"].nunique()
    several = [c.model for c in population.curves if seeds.get(c.model, 0) > 1]
    if len(several) < 2:
        return [], []
    outcome, what = _outcomes(answers)
    tables = dict(_tables(answers, outcome, several))
    rows: list[Labelled] = []
    said: list[str] = []
    floors: set[float] = set()
    best = population.finals() * population.curves[0].facts.sign
    rank = {c.model: -score for c, score in zip(population.curves, best, strict=True)}
    ends = {c.model: int(c.checkpoints[-1]) for c in population.curves}
    for a, b in combinations(sorted(several, key=lambda model: rank[model]), 2):
        x, y = tables[a], tables[b]
        width = max(x.shape[2], y.shape[2])
        whole = _whole(x, width) & _whole(y, width)
        key = {"task": population.task, "metric": population.metric, "a": a, "b": b}
        end = {"last_checkpoint": ends[a] if ends[a] == ends[b] else None}
        if not whole.any():
            why = "undefined: no item that all runs of both answered equally often"
            nothing = Estimate(nan, level=level, method=why)
            rows.append(((key, "total_variation", nothing), end))
            continue
        name = "\0".join((population.task, population.metric, a, b))
        found = total_variation(
            x[whole], y[whole], rng=[rng, crc32(name.encode())], n_resamples=n_resamples
        )
        floors.add(found.smallest_p)
        labels = {"smallest_p": found.smallest_p, "items": found.items, "seeds": found.runs,
                  **end}  # fmt: skip
        rows += [((key, quantity, estimate), labels)
                 for quantity, estimate in _told(found, what, level)]  # fmt: skip
    if floors and max(floors) > 1 - level:
        said.append(
            f"so few seeds give a total variation no p-value below {max(floors):.2g}; "
            "4 a side reach 0.029, 5 reach 0.008."
        )
    return rows, said


def _told(found: TotalVariation, what: str, level: float) -> Iterator[tuple[str, Estimate]]:
    value, excess, method = found.value, found.excess, f"{what}, {found.method}"
    beyond = (
        f"a run of each {found.between:.4g} apart, two runs of one {found.within:.4g}, unbiased"
    )
    if found.method.startswith("undefined: "):
        # outcomes that never occur twice are apart whatever the recipes
        value, excess, method, beyond = nan, nan, found.method, found.method
    yield (
        "total_variation",
        Estimate(
            value, level=level, n=found.runs, unit="seed", method=method, p_value=found.p_value
        ),
    )
    yield (
        "total_variation_excess",
        Estimate(excess, level=level, n=found.runs, unit="seed", method=beyond),
    )


def _outcomes(answers: pd.DataFrame) -> tuple[np.ndarray, str]:
    """Give each answer an outcome: the option chosen where all name one, else the score."""
    if _CHOSEN in answers and answers[_CHOSEN].notna().all():
        return pd.factorize(answers[_CHOSEN].astype(str))[0], "over the options chosen"
    return answers["score"].to_numpy(np.float64), "over the scores"


def _tables(
    answers: pd.DataFrame, outcome: np.ndarray, models: list[str]
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield each model's outcomes, (questions, seeds, answers); NaN where there is none.

    A question is an item under a prompt.
    """
    item, items = pd.factorize(answers["item"].astype(str), sort=True)
    prompt, prompts = pd.factorize(answers["prompt"].astype(str), sort=True)
    question = item * len(prompts) + prompt
    names = answers["model"].astype(str).to_numpy()
    seeds, samples = answers["seed"].to_numpy(), answers["sample"].to_numpy()
    for model in models:
        rows = names == model
        _, seed = np.unique(seeds[rows], return_inverse=True)
        _, sample = np.unique(samples[rows], return_inverse=True)
        shape = len(items) * len(prompts), int(seed.max()) + 1, int(sample.max()) + 1
        table = np.full(shape, np.nan)
        table[question[rows], seed, sample] = outcome[rows]
        yield model, table


def _whole(table: np.ndarray, answers: int) -> np.ndarray:
    """Tell which questions every run answered so often."""
    if table.shape[2] != answers:
        return np.zeros(len(table), dtype=bool)
    return np.asarray(np.isfinite(table).all(axis=(1, 2)))
