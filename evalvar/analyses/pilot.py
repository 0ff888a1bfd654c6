"""What recorded answers say of the noise of a difference of two models, or of two like one."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalvar.analyses.facts import metric_facts
from evalvar.errors import NotEnoughDataError, counted
from evalvar.evidence import Evidence
from evalvar.stats.difference_noise import PilotNoise, pilot_noise
from evalvar.stats.planning import Sizes


@dataclass(frozen=True, slots=True)
class Pilot:
    """A task and metric that was measured already.

    Parameters
    ----------
    task, metric : str
        Of what.
    noise : PilotNoise
        Components of the difference; with one model that to one whose items do not correlate.
    sizes : Sizes
        How much was measured of each model, on what both have.
    cluster_size : float
        Items in a cluster; 1 without clusters.
    percent : bool
        Whether scores lie in [0, 1], so that differences read as points.
    remarks : tuple of str
        What was left out.
    """

    task: str
    metric: str
    noise: PilotNoise
    sizes: Sizes
    cluster_size: float
    percent: bool
    remarks: tuple[str, ...]

    @property
    def name(self) -> str:
        """Task and metric."""
        return f"{self.task}, {self.metric}"


def pilots(
    evidence: Evidence, models: list[str], *, clustered: bool = True
) -> Iterator[Pilot | tuple[str, str]]:
    """Yield what is known by task and metric, or its name and why nothing is.

    Parameters
    ----------
    evidence : Evidence
        Records of these models at one checkpoint.
    models : list of one or two str
        The models of the difference; one stands for two like it.
    clustered : bool
        Whether clusters of the items are what is drawn.
    """
    facts = metric_facts(evidence)
    scored = evidence.records[evidence.records["score"].notna()]
    for key, group in scored.groupby(["task", "metric"], observed=True, sort=True):
        task, metric = map(str, key)
        try:
            arrays, items, remarks = _answers(group, models)
            clusters = _clusters(group, items) if clustered else None
            correlation = 0.0 if len(models) == 1 else None
            noise = pilot_noise(arrays, correlation=correlation, clusters=clusters)
        except NotEnoughDataError as error:
            yield f"{task}, {metric}", f"no plan: {error}"
            continue
        if not noise.variance_seen:
            yield f"{task}, {metric}", "no plan: every item has the same difference."
            continue
        n, _, prompts, _ = arrays[0].shape
        answers = [int(np.median(np.isfinite(x).sum(axis=3))) for x in arrays]
        sizes = Sizes(n, min(x.shape[1] for x in arrays), min(answers), prompts)
        size = 1.0 if clusters is None else n / np.unique(clusters).size
        seeds = dict(zip(models, (x.shape[1] for x in arrays), strict=True))
        one, other = min(seeds, key=seeds.__getitem__), max(seeds, key=seeds.__getitem__)
        if seeds[one] == 1 < seeds[other]:
            remarks.append(f"{one} has one seed: what its seeds add is taken from {other}.")
        fact = facts[(task, metric)]
        percent = (fact.low, fact.high) == (0.0, 1.0)
        yield Pilot(task, metric, noise, sizes, size, percent, tuple(remarks))


def _answers(
    group: pd.DataFrame, models: list[str]
) -> tuple[list[np.ndarray], pd.Index, list[str]]:
    """Return item x seed x prompt x sample of each model, on the items and prompts of all runs."""
    items = pd.Index(sorted(group["item"].astype(str).unique()))
    prompts = pd.Index(sorted(group["prompt"].astype(str).unique()))
    arrays = []
    for model in models:
        rows = group[group["model"].astype(str) == model]
        if not len(rows):
            raise NotEnoughDataError(f"{model} has no score.")
        seed, seeds = pd.factorize(rows["seed"], sort=True)
        at = pd.DataFrame(
            {
                "item": items.get_indexer(rows["item"].astype(str)),
                "seed": seed,
                "prompt": prompts.get_indexer(rows["prompt"].astype(str)),
            }
        )
        answer = at.groupby(["item", "seed", "prompt"]).cumcount().to_numpy()
        x = np.full((len(items), len(seeds), len(prompts), int(answer.max()) + 1), np.nan)
        x[at["item"], at["seed"], at["prompt"], answer] = rows["score"].to_numpy()
        arrays.append(x)
    # by item and prompt: whether every run of every model has an answer
    whole = np.logical_and.reduce([np.isfinite(x).any(axis=3).all(axis=1) for x in arrays])
    asked = whole.any(axis=0)
    kept = whole[:, asked].all(axis=1) if asked.any() else np.zeros(len(items), dtype=bool)
    remarks = []
    if (~kept).any():
        remarks.append(
            f"{counted(int((~kept).sum()), 'item')} without a score in every run left out, "
            f"{kept.sum():,} used."
        )
    if (~asked).any():
        remarks.append(f"{counted(int((~asked).sum()), 'prompt')} that not all runs have left out.")
    if kept.sum() < 2:
        raise NotEnoughDataError(
            f"{counted(int(kept.sum()), 'item')} with a score in every run, and 2 are needed."
        )
    return [x[kept][:, :, asked] for x in arrays], items[kept], remarks


def _clusters(group: pd.DataFrame, items: pd.Index) -> np.ndarray | None:
    if "cluster" not in group or not group["cluster"].notna().any():
        return None
    of_item = group["cluster"].astype(object).groupby(group["item"].astype(str)).first()
    # an item outside every cluster is one of its own
    alone = pd.Series(("item " + items).to_numpy(), index=items)
    return pd.factorize(of_item.reindex(items).fillna(alone))[0]
