"""What was read?"""

import numpy as np
import pandas as pd

from evalvar.analyses.intake import intake
from evalvar.evidence import Evidence
from evalvar.results import Result, Row
from evalvar.stats import Estimate

KEYS = ("model", "task", "metric")
_COUNTED = {"item": "items", "seed": "seeds", "checkpoint": "checkpoints", "prompt": "prompts"}
_OF_A_RUN = ("seed", "checkpoint", "prompt")


def inventory(data: Evidence | pd.DataFrame) -> Result:
    """Count what there is of every model, task and metric.

    Returns
    -------
    Result
        Quantities ``rows``, ``items``, ``seeds``, ``checkpoints``, ``prompts``, ``samples`` (most
        answers to one item of one run) and ``unscored``; where there are no items ``reported``
        (values), seeds, checkpoints and prompts. Of timings (metric null) ``timings`` (rows),
        items, seeds, checkpoints, prompts, ``samples``, ``runs`` (sittings), ``levels``,
        ``repeats``, ``programs`` (the reference's before and after) and how many ended ``ok``, or
        else in which status.
    """
    evidence = intake(data, missing=None)
    rows: list[Row] = []
    for key, group in evidence.records.groupby(list(KEYS), observed=True, sort=True):
        counts = {"rows": len(group)}
        counts |= {name: int(group[column].nunique()) for column, name in _COUNTED.items()}
        run = ["item", "seed", "checkpoint", "prompt"]
        counts["samples"] = int(group.groupby(run, observed=True).size().max())
        counts["unscored"] = int(group["score"].isna().sum())
        rows += _rows(key, counts)
    measured = {tuple(row[0].values()) for row in rows}
    for key, group in evidence.reported.groupby(list(KEYS), observed=True, sort=True):
        if key not in measured:
            counts = {_COUNTED[name]: int(group[name].nunique()) for name in _OF_A_RUN}
            rows += _rows(key, {"reported": len(group), **counts})
    for key, group in evidence.timings.groupby(list(KEYS[:2]), observed=True, sort=True):
        counts = {"timings": len(group)}
        counts |= {name: int(group[column].nunique()) for column, name in _COUNTED.items()}
        counts |= {"samples": int(group["sample"].nunique()), "runs": int(group["run"].nunique())}
        counts |= {"levels": int(group["level"].nunique())}
        counts |= {"repeats": int(group["repeat"].nunique())} | _ends(group)
        rows += _rows((*key, None), counts)
    return Result.of(
        "check", KEYS, rows, settings={}, warnings=evidence.warnings, sources=evidence.sources
    )


def _ends(group: pd.DataFrame) -> dict[str, int]:
    """Count the programs by how they ended: by the first status other than ok, if there is one."""
    program = ["item", "seed", "checkpoint", "prompt", "sample", "run", "phase"]
    bad = group[group["status"] != "ok"].drop_duplicates(program)
    programs = len(group.drop_duplicates(program))
    statuses = bad["status"].astype(str).tolist()
    found = {status: statuses.count(status) for status in sorted(set(statuses))}
    return {"programs": programs, "ok": programs - len(bad), **found}


def _rows(key: tuple[object, ...], counts: dict[str, int]) -> list[Row]:
    named = dict(zip(KEYS, key, strict=True))
    return [
        (named, name, Estimate(float(count), level=np.nan, unit="", method="count"))
        for name, count in counts.items()
    ]
