"""Cells: the n, mean and variance of the items of one run, from records or as reported.

Questions about means need no more than this, so they work on files without items too.
"""

import numpy as np
import pandas as pd

from evalvar.analyses.facts import Facts, metric_facts
from evalvar.evidence import RECORDS_KEY, REPORTED_KEY, Evidence

KEY = list(REPORTED_KEY)
_ITEM_KEY = [name for name in RECORDS_KEY if name != "sample"]
_COLUMNS = [*KEY, "n", "mean", "variance", "third", "at_low", "at_high", "se", "from_items"]


def item_scores(evidence: Evidence) -> pd.DataFrame:
    """Average the scored answers of each item within a run.

    Returns
    -------
    DataFrame
        One row per item and run: the records key without sample, ``score``, ``cluster`` if known.
        An item without any score is absent.
    """
    scored = evidence.records[evidence.records["score"].notna()]
    # keys are unique, so that only samples repeat an item
    if scored["sample"].nunique() > 1 and scored.duplicated(_ITEM_KEY).any():
        table = scored.groupby(_ITEM_KEY, observed=True, sort=False)["score"].mean().reset_index()
    else:
        table = scored[[*_ITEM_KEY, "score"]]
    if "cluster" in scored and scored["cluster"].notna().any():
        clusters = scored.groupby(["task", "item"], observed=True)["cluster"].first()
        table = table.merge(clusters.reset_index(), on=["task", "item"], how="left")
    return table.reset_index(drop=True)


def cells(evidence: Evidence) -> pd.DataFrame:
    """Reduce to one row per run and metric, from items where there are any, else as reported.

    Returns
    -------
    DataFrame
        The reported key, ``n`` items, ``mean``, ``variance`` over items (ddof 1), ``third`` central
        moment over items, ``at_low`` and
        ``at_high`` (items at the bounds of the range), ``se`` (as reported; NaN for items),
        ``from_items``.
    """
    scores = item_scores(evidence) if len(evidence.records) else None
    return cells_of(evidence, scores, metric_facts(evidence))


def cells_of(
    evidence: Evidence, scores: pd.DataFrame | None, facts: dict[tuple[str, str], Facts]
) -> pd.DataFrame:
    """Give `cells` where the item scores, if there are any, and facts are at hand."""
    tables = []
    if scores is not None:
        tables.append(_from_items(scores, facts))
    if len(evidence.reported):
        tables.append(_as_reported(evidence.reported))
    if not tables:
        return pd.DataFrame(columns=_COLUMNS)
    both = pd.concat(tables, ignore_index=True)
    both = both[~both.duplicated(KEY)]  # items come first and win over what a file claims
    return both.sort_values(KEY, kind="stable").reset_index(drop=True)


def _from_items(scores: pd.DataFrame, facts: dict[tuple[str, str], Facts]) -> pd.DataFrame:
    tasks, metrics = scores["task"].array, scores["metric"].array
    bounds = np.full((len(tasks.categories), len(metrics.categories), 2), np.nan)
    for (task, metric), fact in facts.items():
        if task in tasks.categories and metric in metrics.categories:
            at = tasks.categories.get_loc(task), metrics.categories.get_loc(metric)
            bounds[at] = fact.low, fact.high
    limits, score = bounds[tasks.codes, metrics.codes], scores["score"]
    at_ends = {
        "at_low": score.to_numpy() == limits[:, 0],
        "at_high": score.to_numpy() == limits[:, 1],
    }
    by_run = scores.assign(**at_ends).groupby(KEY, observed=True, sort=False)
    table = by_run.agg(
        n=("score", "size"),
        mean=("score", "mean"),
        variance=("score", "var"),
        at_low=("at_low", "sum"),
        at_high=("at_high", "sum"),
    )
    run = by_run.ngroup().to_numpy()
    rest = score - table["mean"].to_numpy()[run]
    table["third"] = (rest**3).groupby(run).mean().to_numpy()
    return _columns(table.reset_index().assign(se=np.nan, from_items=True))


def _as_reported(reported: pd.DataFrame) -> pd.DataFrame:
    table = reported[KEY].assign(
        n=reported.get("n", np.nan),
        mean=reported["value"],
        se=reported.get("se", np.nan),
        from_items=False,
    )
    return _columns(table[table["mean"].notna()])


def _columns(table: pd.DataFrame) -> pd.DataFrame:
    table = table.reindex(columns=_COLUMNS)
    text = dict.fromkeys(("model", "task", "metric", "prompt"), str)
    numbers = dict.fromkeys(
        ("n", "mean", "variance", "third", "at_low", "at_high", "se"), "float64"
    )
    return table.astype({**text, **numbers, "from_items": bool})
