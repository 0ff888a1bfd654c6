"""Which items make the shorter benchmark?"""

from typing import Any

import numpy as np
import pandas as pd

from evalvar.analyses.intake import as_tuple, by_reason, intake
from evalvar.analyses.shorter_bank import Together, banks
from evalvar.analyses.shorter_trials import METHODS, Training
from evalvar.analyses.standing import source
from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.evidence import Evidence, Missing
from evalvar.results import Result, Row
from evalvar.stats import Estimate

KEYS = ("task", "metric", "item")


def subset_items(
    data: Evidence | pd.DataFrame,
    *,
    size: int,
    selection: str = "stratified",
    task: str | list[str] | None = None,
    metric: str | list[str] | None = None,
    together: Together | None = None,
    rng: int = 0,
    missing: Missing = "drop",
) -> Result:
    """Choose the items of a shorter benchmark, by all models there are.

    Parameters
    ----------
    data : Evidence or DataFrame
        Records.
    size : int
        How many items.
    selection : str
        As for `subset`, which says what each costs on models that did not choose.
    task, metric, together, rng, missing
        As for `subset`.

    Returns
    -------
    Result
        One row per task, metric and item chosen, of the quantity ``weight``: the score of a new
        model is the sum of its scores times the weights, which add up to 1 for each benchmark.

        Labels: selection, benchmark (the task, or null where tasks are one).

    Raises
    ------
    NotEnoughDataError
        No benchmark has so many items.
    UsageError
        An unknown selection, or a size below 1.
    """
    if selection not in METHODS:
        known = ", ".join(METHODS)
        raise UsageError(f"there is no selection '{selection}'. Use some of {known}.")
    if size < 1:
        raise UsageError(f"a subset needs at least 1 item, but {size} are asked for.")
    evidence = intake(data, missing=missing, task=task, metric=metric)
    rows: list[Row] = []
    whole: list[str | None] = []
    said: list[tuple[str, str]] = []
    for bank in banks(evidence, together):
        said += bank.remarks
        n = bank.shares.size
        if size > n:
            said.append((bank.name, f"{size:,} items are more than there are ({n:,})."))
            continue
        training = Training(bank, np.ones(len(bank.scores), dtype=bool))
        chosen = training.choose(selection, size, source(rng, bank.name, selection))
        for at, weight in zip(chosen.items, chosen.weights, strict=True):
            key: dict[str, Any] = {"task": bank.tasks[at], "metric": bank.metric}
            estimate = Estimate(
                float(weight), n=len(bank.scores), unit="run", method=f"{selection}, share of all"
            )
            rows.append(({**key, "item": bank.items[at]}, "weight", estimate))
            whole.append(bank.task)
    if not rows:
        raise NotEnoughDataError(by_reason(said, "benchmarks")[-1])
    settings = {
        **{"size": size, "selection": selection, "task": as_tuple(task)},
        **{"metric": as_tuple(metric), "together": together, "rng": rng, "missing": missing},
    }
    result = Result.of(
        "subset_items", KEYS, rows, settings=settings, sources=evidence.sources,
        warnings=[*evidence.warnings, *by_reason(said, "benchmarks")],
    )  # fmt: skip
    result.table["selection"] = selection
    result.table["benchmark"] = pd.Series(whole, dtype=object)
    return result
