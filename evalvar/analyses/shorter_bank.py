"""The answers of all runs to the items of one benchmark, and which runs are held out together."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd

from evalvar.analyses.cells import item_scores
from evalvar.analyses.facts import Facts, metric_facts
from evalvar.analyses.units import by_run, shared, units_of
from evalvar.errors import NotEnoughDataError, UsageError, counted
from evalvar.evidence import Evidence
from evalvar.numbers import listing
from evalvar.stats.subsets import balance_weights

Together = Literal["items", "equal"]

# So many models can stand for models in general; with fewer, runs are what is drawn.
ENOUGH_MODELS = 4
# So many training runs; with fewer, what is found holds for these.
ENOUGH_RUNS = 3
# A fold holds so many models at least, so that their order can be compared.
_FOLD = 4
_MOST_FOLDS = 5
_BETWEEN = "\t"


@dataclass(frozen=True)
class Bank:
    """What runs answered.

    Parameters
    ----------
    task, metric : str
        The benchmark; the task is None where all tasks are one.
    scores : float array, shape (R, N)
        Score of each run on each item.
    tasks, items : str array, shape (N,)
        What the items are.
    shares : float array, shape (N,)
        Share of each item in the score of the whole; they add up to 1.
    model, seed, checkpoint : array, shape (R,)
        What the runs are.
    facts : Facts
    remarks : list of (reading, reason)
    """

    task: str | None
    metric: str
    scores: np.ndarray
    tasks: np.ndarray
    items: np.ndarray
    shares: np.ndarray
    model: np.ndarray
    seed: np.ndarray
    checkpoint: np.ndarray
    facts: Facts
    remarks: list[tuple[str, str]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Task and metric, for remarks."""
        return f"{self.task or counted(np.unique(self.tasks).size, 'task')}, {self.metric}"

    @cached_property
    def full(self) -> np.ndarray:
        """Score of every run on the whole, shape (R,)."""
        return np.asarray(self.scores @ self.shares)

    @cached_property
    def binary(self) -> bool:
        """Whether every score is 0 or 1."""
        return bool(np.isin(self.scores, (0.0, 1.0)).all())

    @cached_property
    def last(self) -> np.ndarray:
        """Which runs are at the last checkpoint of their model, shape (R,)."""
        last = pd.Series(self.checkpoint).groupby(self.model).transform("max")
        return np.asarray(self.checkpoint == last.to_numpy())

    @cached_property
    def axis(self) -> str:
        """What is held out together: the first of model, seed, checkpoint with two levels."""
        for name in ("model", "seed", "checkpoint"):
            if np.unique(getattr(self, name)).size > 1:
                return name
        return ""

    @cached_property
    def many_models(self) -> bool:
        """Whether models are what results are for; else training runs, or checkpoints."""
        return np.unique(self.model).size >= ENOUGH_MODELS

    @cached_property
    def training_runs(self) -> int:
        """How many runs there are apart from their checkpoints."""
        return len(pd.DataFrame({"model": self.model, "seed": self.seed}).drop_duplicates())

    @property
    def few_runs(self) -> bool:
        """Whether what is found says nothing of runs in general."""
        return self.training_runs < ENOUGH_RUNS

    @cached_property
    def unit(self) -> str:
        """What varies beyond these data: model, seed or checkpoint."""
        if self.many_models:
            return "model"
        if not self.few_runs:
            return "seed"
        return "checkpoint" if np.unique(self.checkpoint).size > 2 else "model"

    @cached_property
    def units(self) -> np.ndarray:
        """Which unit each run belongs to, as numbers, shape (R,)."""
        by = {"model": ["model"], "seed": ["model", "seed"]}
        names = by.get(self.unit, ["model", "seed", "checkpoint"])
        frame = pd.DataFrame({name: getattr(self, name) for name in names})
        return np.asarray(frame.groupby(names, sort=True).ngroup())

    def folds(self, rng: np.random.Generator) -> np.ndarray:
        """Split the runs by lot into parts that are judged by what the others choose, (R,)."""
        names, at = np.unique(getattr(self, self.axis), return_inverse=True)
        count = min(max(min(names.size // _FOLD, _MOST_FOLDS), 2), names.size)
        place = np.empty(names.size, dtype=np.int64)
        place[rng.permutation(names.size)] = np.arange(names.size) % count
        return np.asarray(place[at])


def banks(evidence: Evidence, together: Together | None) -> Iterator[Bank]:
    """Yield the answers to every benchmark: a task, or the tasks of a group as one.

    Parameters
    ----------
    evidence : Evidence
    together : {"items", "equal"}, optional
        Take the tasks of a group (without groups: all tasks) that have the metric as one benchmark,
        in which items count alike, or tasks do. Default: each task by itself.
    """
    if together not in (None, "items", "equal"):
        raise UsageError(f"together='{together}' is unknown. Use 'items' or 'equal'.")
    if not len(evidence.records):
        raise NotEnoughDataError(
            "this file has no items: a shorter benchmark needs the score of every item, and only "
            "aggregates were read. Log the samples and read them."
        )
    facts, scores = metric_facts(evidence), item_scores(evidence)
    scores = scores.astype({name: str for name in ("model", "task", "metric", "item", "prompt")})
    scores["whole"] = scores["task"]
    if together:
        scores["whole"] = _groups(evidence, scores)
        scores["item"] = scores["task"] + _BETWEEN + scores["item"]
    clustered = "cluster" in scores and scores["cluster"].notna().any()
    for key, rows in scores.groupby(["whole", "metric"], sort=True):
        whole, metric = map(str, key)
        known = [facts[(task, metric)] for task in rows["task"].unique()]
        if len({one.higher_is_better for one in known}) > 1:
            raise UsageError(
                f"together: tasks of metric '{metric}' differ in whether higher is better. Name "
                "some with task=."
            )
        bank = _bank(whole or None, metric, rows, known[0], together)
        if clustered and rows["cluster"].notna().any():
            said = "items are taken as independent although they share clusters."
            bank.remarks.append((bank.name, said))
        yield bank


def _groups(evidence: Evidence, scores: pd.DataFrame) -> pd.Series:
    """Give each row the group of its task; no name where none is declared."""
    if "group" not in evidence.records:
        return pd.Series("", index=scores.index)
    group = evidence.records.groupby("task", observed=True)["group"].first()
    named = {str(task): str(name) for task, name in group.items() if isinstance(name, str)}
    return scores["task"].map(named).fillna("")


def _bank(
    task: str | None,
    metric: str,
    rows: pd.DataFrame,
    facts: Facts,
    together: Together | None,
) -> Bank:
    by = ["model", "seed", "checkpoint"]
    run = rows.groupby(by, sort=True, observed=True).ngroup().to_numpy()
    runs = rows[by].drop_duplicates().sort_values(by).reset_index(drop=True)
    codes, units = units_of(rows)
    table = by_run(codes, run, rows["score"].to_numpy(), (units.item.size, len(runs)))
    kept = _most_cells(np.isfinite(table))
    found = shared(table[:, kept], units)
    names = found.items.to_numpy(dtype=str)
    tasks = np.full(names.size, task or rows["task"].iloc[0], dtype=object)
    if together:
        tasks, names = (np.array([name.split(_BETWEEN, 1)[i] for name in names]) for i in (0, 1))
    shares = balance_weights(tasks) if together == "equal" else np.ones(names.size)
    chosen = runs.iloc[kept]
    bank = Bank(
        task, metric, np.ascontiguousarray(found.scores.T), tasks, names,
        shares / max(shares.sum(), 1.0), chosen["model"].to_numpy(dtype=str),
        chosen["seed"].to_numpy(), chosen["checkpoint"].to_numpy(), facts,
    )  # fmt: skip
    gone = runs.drop(index=runs.index[kept])
    said = []
    if len(gone):
        who = listing(sorted({str(name) for name in gone["model"]}))
        said.append(
            f"{counted(len(gone), 'run')} of {len(runs):,} left out, which lack items ({who})."
        )
    if len(units.items) > names.size:
        said.append(
            f"{counted(len(units.items) - names.size, 'item')} of {len(units.items):,} left out "
            f"that some of the other {counted(kept.size, 'run')} have no score for."
        )
    lost = sorted(set(rows["task"]) - set(tasks)) if names.size else []
    if lost:
        said.append(f"no item left of {listing([str(name) for name in lost])}.")
    if found.thinned:
        said.append(f"{counted(found.thinned, 'item')} kept on the prompts that every run has.")
    if found.own_prompts:
        said.append("no prompt in common; each run is the mean over its own.")
    bank.remarks.extend((bank.name, reason) for reason in said)
    return bank


def _most_cells(known: np.ndarray) -> np.ndarray:
    """Pick the runs, those with most items first, that leave most cells when all must answer."""
    order = np.argsort(-known.sum(axis=0), kind="stable")
    common = np.logical_and.accumulate(known[:, order], axis=1).sum(axis=0)
    return np.sort(order[: int(np.argmax(common * np.arange(1, order.size + 1))) + 1])
