"""What did each model score, and how surely?"""

import numpy as np
import pandas as pd

from evalvar.analyses.cells import cells, clustered_estimates, item_scores, mean_estimates
from evalvar.analyses.intake import as_tuple, intake
from evalvar.evidence import Evidence, Missing
from evalvar.results import Result, Row
from evalvar.stats import Estimate

KEYS = ("model", "task", "metric", "seed", "checkpoint", "prompt")


def summary(
    data: Evidence | pd.DataFrame,
    *,
    model: str | list[str] | None = None,
    task: str | list[str] | None = None,
    metric: str | list[str] | None = None,
    level: float = 0.95,
    missing: Missing = "drop",
) -> Result:
    """Report the mean of every run with its interval over items.

    Parameters
    ----------
    data : Evidence or DataFrame
        Records, or reported values where a file has no items.
    model, task, metric : str or list of str, optional
        What to keep.
    level : float in (0, 1)
        Nominal coverage.
    missing : {"drop", "wrong"}
        What an answer without a score means.

    Returns
    -------
    Result
        One row per model, task, metric, seed, checkpoint and prompt; quantity ``mean``; labels
        ``higher_is_better``, ``chance``, ``discrete``.

    Notes
    -----
    Items are what is drawn again. Repeated answers are averaged within their item first. Items
    that share a cluster are taken as one draw.
    """
    evidence = intake(data, missing=missing, model=model, task=task, metric=metric)
    table = cells(evidence)
    estimates = mean_estimates(table, level=level)
    warnings = list(evidence.warnings)
    scores = item_scores(evidence) if "cluster" in evidence.records else pd.DataFrame()
    clustered = clustered_estimates(scores, level=level) if "cluster" in scores else {}
    rows: list[Row] = []
    for i, key in enumerate(table[list(KEYS)].itertuples(index=False, name=None)):
        estimate = estimates[i]
        found = clustered.get(key)
        if isinstance(found, Estimate):
            estimate = found
        elif found is not None:
            estimate = Estimate(estimate.value, level=level, unit="cluster", method="undefined")
            warnings.append(f"{key[0]}, {key[1]}: {found}")
        rows.append((dict(zip(KEYS, key, strict=True)), "mean", estimate))
    warnings += undefined_intervals(rows, "mean")
    settings = {
        **{"model": as_tuple(model), "task": as_tuple(task), "metric": as_tuple(metric)},
        **{"level": level, "missing": missing},
    }
    result = Result.of(
        "summary", KEYS, rows, settings=settings, warnings=warnings, sources=evidence.sources
    )
    return labelled(result, table)


def labelled(result: Result, table: pd.DataFrame) -> Result:
    """Add what is known of each row's metric: orientation, chance, whether it is discrete."""
    facts = table.drop_duplicates(["task", "metric"]).set_index(["task", "metric"])
    at = pd.MultiIndex.from_frame(result.table[["task", "metric"]])
    for name in ("higher_is_better", "chance", "discrete"):
        values = facts[name].reindex(at).to_numpy() if len(facts) else np.empty(0)
        result.table[name] = values.astype("float64") if name == "chance" else values
    return result


def undefined_intervals(rows: list[Row], quantity: str) -> list[str]:
    """Count the rows that have a value and no interval, by reason."""
    reasons: dict[str, int] = {}
    for _, name, estimate in rows:
        if name == quantity and np.isnan(estimate.low) and ": " in estimate.method:
            reason = estimate.method.split(": ", 1)[1]
            reasons[reason] = reasons.get(reason, 0) + 1
    return [
        f"{count:,} of {len(rows):,} means have no interval: {reason}."
        for reason, count in reasons.items()
    ]
