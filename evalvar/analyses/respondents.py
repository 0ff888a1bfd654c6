"""Who answers the items: the responses of models, or of one model's seeds or checkpoints."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from zlib import crc32

import numpy as np
import pandas as pd

from evalvar.analyses.facts import Facts
from evalvar.analyses.intake import last_checkpoint
from evalvar.analyses.units import by_run

Respondents = Literal["model", "seed", "checkpoint"]


@dataclass(frozen=True, slots=True)
class Responses:
    """What respondents scored on the items of one task and metric.

    Parameters
    ----------
    task, metric : str
        What was asked.
    model : str or None
        Whose seeds or checkpoints the respondents are; None where they are models.
    unit : {"model", "seed", "checkpoint"}
        What a respondent is.
    names : Index, length R
        The respondents, sorted.
    items : Index, length J
        The items, sorted.
    scores : float array, shape (R, J)
        Means over what is no axis (samples, prompts; seeds of a model); NaN = not scored.
    facts : Facts
        What is known of the metric.
    """

    task: str
    metric: str
    model: str | None
    unit: Respondents
    names: pd.Index
    items: pd.Index
    scores: np.ndarray
    facts: Facts

    @property
    def name(self) -> str:
        """What this is, for remarks."""
        return ", ".join(filter(None, (self.model, self.task, self.metric)))

    @property
    def oriented(self) -> np.ndarray:
        """Scores turned so that more is better."""
        return self.scores * self.facts.sign

    @property
    def binary(self) -> bool:
        """Whether every response is 0 or 1."""
        seen = self.scores[np.isfinite(self.scores)]
        return bool(np.isin(seen, (0.0, 1.0)).all())

    def generator(self, rng: int) -> np.random.Generator:
        """Give draws that depend on the seed and on what this is alone."""
        return np.random.default_rng([rng, crc32(self.name.encode())])


def responses_of(
    scores: pd.DataFrame, facts: dict[tuple[str, str], Facts], respondents: Respondents
) -> tuple[list[Responses], list[str]]:
    """Give the responses of every task and metric, and remarks on what is left out.

    `scores` are those of `item_scores`.
    """
    remarks: list[str] = []
    by = ["task", "metric"]
    if respondents != "checkpoint" and scores["checkpoint"].nunique() > 1:
        scores, remarks = last_checkpoint(scores)
    if respondents != "model":
        by.append("model")
    found = []
    for key, group in scores.groupby(by, observed=True, sort=True):
        task, metric, *model = map(str, key)
        names, items, table = response_table(group, [respondents])
        found.append(
            Responses(
                task, metric, model[0] if model else None, respondents,
                names.get_level_values(0), items, table, facts[(task, metric)],
            )
        )  # fmt: skip
    return found, remarks


def response_table(
    scores: pd.DataFrame, axes: list[str]
) -> tuple[pd.MultiIndex, pd.Index, np.ndarray]:
    """Return the runs along some axes, the items, and mean scores (runs, items)."""
    item, items = _codes(scores["item"])
    codes = [_codes(scores[axis]) for axis in axes]
    run = np.zeros(len(scores), dtype=np.int64)
    for code, values in codes:
        run = run * len(values) + code
    runs, run = np.unique(run, return_inverse=True)
    table = by_run(item, run, scores["score"].to_numpy(), (len(items), runs.size)).T
    parts = []
    for _, values in reversed(codes):
        runs, at = np.divmod(runs, len(values))
        parts.append(np.asarray(values)[at])
    return pd.MultiIndex.from_arrays(parts[::-1], names=axes), pd.Index(items), table


def _codes(column: pd.Series) -> tuple[np.ndarray, pd.Index]:
    """Return the place of each value among the sorted ones, and those."""
    if not isinstance(column.dtype, pd.CategoricalDtype):
        codes, values = pd.factorize(column, sort=True)
        return codes, pd.Index(values)
    held = column.cat.codes.to_numpy()
    names = column.cat.categories.astype(str)
    used = np.flatnonzero(np.bincount(held, minlength=len(names)))
    used = used[np.argsort(names[used])]
    place = np.zeros(len(names), dtype=np.int64)
    place[used] = np.arange(used.size)
    return place[held], names[used]


def of_task(table: pd.DataFrame, found: Responses) -> pd.DataFrame:
    """Keep the rows of a task and metric, and of the model where the responses are of one."""
    kept = (table["task"] == found.task) & (table["metric"] == found.metric)
    if found.model is not None:
        kept &= table["model"] == found.model
    return table[kept]


def trajectories(scores: pd.DataFrame, fewest: int) -> Iterator[tuple[str, pd.Index, np.ndarray]]:
    """Yield each model of one task and metric, its items, and (seeds, checkpoints, items).

    Only models with so many seeds or checkpoints.
    """
    if max(scores[axis].nunique() for axis in ("seed", "checkpoint")) < fewest:
        return
    axes = scores[["model", "seed", "checkpoint"]].drop_duplicates()
    most = axes.groupby("model", observed=True)[["seed", "checkpoint"]].nunique().max(axis=1)
    scores = scores[scores["model"].isin(most.index[most >= fewest])]
    for model, group in scores.groupby("model", observed=True, sort=True):
        runs, items, table = response_table(group, ["seed", "checkpoint"])
        seeds, steps = runs.levels
        cube = np.full((len(seeds), len(steps), len(items)), np.nan)
        cube[runs.codes[0], runs.codes[1]] = table
        yield str(model), items, cube
