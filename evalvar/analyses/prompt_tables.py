"""The scores of every item under every prompt, as a table a model, task and metric."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalvar.analyses.cells import item_scores
from evalvar.analyses.facts import Facts, metric_facts
from evalvar.analyses.intake import last_checkpoint
from evalvar.errors import NotEnoughDataError
from evalvar.evidence import Evidence
from evalvar.stats import fill_prompts

# With fewer prompts, or fewer answers an item, the logistic fit misses the means by more than the
# linear one.
_LOGISTIC_FROM, _ANSWERS = 5, 3.0


@dataclass(frozen=True, slots=True)
class PromptTable:
    """One model under several prompts.

    Parameters
    ----------
    model, task, metric : str
        What was measured.
    prompts : tuple of str
        Names, sorted.
    items : tuple of str
        Names; none where only means were reported.
    scores : float array, shape (n_prompts, n_items)
        Mean over seeds and samples; NaN where a prompt was not asked an item. Of means without
        items, one column.
    means : float array, shape (n_prompts,)
        Mean of each prompt; NaN where they cannot be compared.
    method : str
        How the means were found.
    facts : Facts
        What is known of the metric.
    """

    model: str
    task: str
    metric: str
    prompts: tuple[str, ...]
    items: tuple[str, ...]
    scores: np.ndarray
    means: np.ndarray
    method: str
    facts: Facts

    @property
    def name(self) -> str:
        """What was measured, for remarks."""
        return f"{self.model}, {self.task}, {self.metric}"

    @property
    def whole(self) -> bool:
        """Whether every prompt was asked every item."""
        return bool(self.items) and bool(np.isfinite(self.scores).all())


def prompt_tables(evidence: Evidence) -> tuple[list[PromptTable], list[str]]:
    """Return the tables of each model's last checkpoint, and what was left out."""
    records, behind = last_checkpoint(evidence.records)
    reported, also = last_checkpoint(evidence.reported)
    facts = metric_facts(evidence)
    found = {}
    for table in _reported(reported, facts):
        found[table.model, table.task, table.metric] = table
    if len(records):
        scores = item_scores(Evidence(records, reported, evidence.timings, evidence.sources))
        for table in _from_items(scores, facts):
            found[table.model, table.task, table.metric] = table
    return [found[key] for key in sorted(found)], [*behind, *also]


def _from_items(scores: pd.DataFrame, facts: dict[tuple[str, str], Facts]) -> Iterator[PromptTable]:
    by = ["model", "task", "metric"]
    for key, group in scores.groupby(by, observed=True, sort=True):
        model, task, metric = map(str, key)
        item, items = pd.factorize(group["item"].astype(str), sort=True)
        prompt, prompts = pd.factorize(group["prompt"].astype(str), sort=True)
        shape = (len(prompts), len(items))
        at = prompt * shape[1] + item
        total = np.bincount(at, group["score"].to_numpy(), shape[0] * shape[1])
        with np.errstate(invalid="ignore"):
            table = (total / np.bincount(at, minlength=total.size)).reshape(shape)
        known = facts[task, metric]
        means, method = _means(table, known)
        yield PromptTable(
            model, task, metric, tuple(prompts), tuple(items), table, means, method, known
        )


def _means(table: np.ndarray, facts: Facts) -> tuple[np.ndarray, str]:
    """Mean of every prompt, and how it was found."""
    if np.isfinite(table).all():
        return table.mean(axis=1), "every prompt asked every item"
    share = float(np.isfinite(table).mean())
    several = len(table) >= _LOGISTIC_FROM and share * len(table) >= _ANSWERS
    logistic = facts.range == (0.0, 1.0) and several
    fit = "additive logistic fit (PromptEval)" if logistic else "additive fit"
    try:
        means = fill_prompts(table, link="logit" if logistic else "identity")
    except NotEnoughDataError as error:
        return np.full(len(table), np.nan), f"undefined: {error}".rstrip(".")
    return means, f"{fit} of {1 - share:.0%} of the cells, which were not asked"


def _reported(reported: pd.DataFrame, facts: dict[tuple[str, str], Facts]) -> Iterator[PromptTable]:
    known = reported[reported["value"].notna()]
    by = ["model", "task", "metric"]
    for key, group in known.groupby(by, observed=True, sort=True):
        model, task, metric = map(str, key)
        means = group.groupby(group["prompt"].astype(str), sort=True)["value"].mean()
        table = means.to_numpy(dtype=np.float64)
        yield PromptTable(
            model, task, metric, tuple(means.index), (), table[:, None], table,
            "as reported, without items", facts[task, metric],
        )  # fmt: skip
