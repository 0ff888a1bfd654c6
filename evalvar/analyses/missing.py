"""Which cells are missing?"""

import numpy as np
import pandas as pd

from evalvar.analyses.intake import as_tuple, intake
from evalvar.analyses.timing_scores import score_timings
from evalvar.evidence import Evidence
from evalvar.results import Result, Row
from evalvar.stats import Estimate

KEYS = ("model", "task", "metric", "seed", "checkpoint", "prompt")


def coverage(
    data: Evidence | pd.DataFrame,
    *,
    model: str | list[str] | None = None,
    task: str | list[str] | None = None,
    metric: str | list[str] | None = None,
) -> Result:
    """Count, run by run, the items that were asked, that others were asked, and without a score.

    Parameters
    ----------
    data : Evidence or DataFrame
        Records, or timings, which are scored first; a run that only reports its mean counts the
        items it says.
    model, task, metric : str or list of str, optional
        What to keep.

    Returns
    -------
    Result
        Quantities ``items`` (asked), ``items_missing`` (asked of another run of the task and
        metric, not of this one) and ``unscored`` (asked, no answer of it has a score). Counts
        have no interval.
    """
    evidence = intake(data, missing=None)
    if len(evidence.timings) and not len(evidence.records):
        evidence = score_timings(evidence)
    evidence = evidence.select(model=model, task=task, metric=metric)
    rows: list[Row] = []
    records = evidence.records
    if len(records):
        items = records.assign(scored=records["score"].notna()).groupby(
            [*KEYS, "item"], observed=True
        )["scored"]
        table = items.any().reset_index()
        asked_of_any = table.groupby(["task", "metric"], observed=True)["item"].nunique().to_dict()
        runs = table.groupby(list(KEYS), observed=True)["scored"].agg(["size", "sum"])
        for key, asked, scored in runs.itertuples(name=None):
            total = asked_of_any[(key[1], key[2])]
            counts = {"items": asked, "items_missing": total - asked, "unscored": asked - scored}
            rows += _rows(key, counts, total)
    measured = {tuple(row[0][name] for name in KEYS) for row in rows}
    for claim in evidence.reported.to_dict("records"):
        key = tuple(claim[name] for name in KEYS)
        n = claim.get("n", np.nan)
        if key not in measured and np.isfinite(n):
            rows += _rows(key, {"items": int(n)}, int(n))
    settings = {"model": as_tuple(model), "task": as_tuple(task), "metric": as_tuple(metric)}
    return Result.of(
        "coverage", KEYS, rows, settings=settings, warnings=evidence.warnings,
        sources=evidence.sources,
    )  # fmt: skip


def _rows(key: tuple[object, ...], counts: dict[str, int], total: int) -> list[Row]:
    named = dict(zip(KEYS, key, strict=True))
    return [
        (named, name, Estimate(float(count), level=np.nan, n=total, unit="item", method="count"))
        for name, count in counts.items()
    ]
