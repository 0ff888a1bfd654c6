"""Which items make the shorter benchmark?"""

from typing import Any

import numpy as np
import pandas as pd

from evalvar.analyses.intake import as_tuple, by_reason, intake
from evalvar.analyses.shorter_bank import Together, banks
from evalvar.analyses.shorter_trials import CURVES, METHODS, Training, needs_curves
from evalvar.analyses.standing import source
from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.evidence import Evidence, Missing
from evalvar.results import Result, Row
from evalvar.stats import Estimate

KEYS = ("task", "metric", "item")
# Those with an estimator that is a weighted mean.
LISTED = tuple(name for name, ways in METHODS.items() if not set(ways) <= set(CURVES))
_NOT_BINARY = (
    "needs scores of 0 and 1, but there are others, such as means over prompts or samples; anchor "
    "does without."
)


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
        As for `subset`, which says what each costs on models that did not choose; but not
        ``information``, whose items are unlike the others and say nothing of the whole without
        response curves.
    task, metric, together, rng, missing
        As for `subset`.

    Returns
    -------
    Result
        One row per task, metric and item chosen, of the quantity ``weight``: the score of a new
        model on the whole benchmark is estimated by the sum of its scores times the weights, which
        add up to 1 for each benchmark.

        Labels: selection, benchmark (the task, or null where tasks are one).

    Raises
    ------
    NotEnoughDataError
        No benchmark has so many items.
        Or none whose scores are all 0 or 1, for ``anchor_irt``.
    UsageError
        An unknown selection, one without weights, or a size below 1.
    """
    known = ", ".join(LISTED)
    if selection not in METHODS:
        raise UsageError(f"there is no selection '{selection}'. Use one of {known}.")
    if selection not in LISTED:
        raise UsageError(
            f"selection '{selection}' has no weights that give the score of the whole: its items "
            f"are unlike the others, and need response curves. Use one of {known}."
        )
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
        if needs_curves(selection, "weighted") and not bank.binary:
            said.append((bank.name, f"selection '{selection}' {_NOT_BINARY}"))
            continue
        training = Training(bank, np.ones(len(bank.scores), dtype=bool))
        try:
            chosen = training.choose(selection, size, source(rng, bank.name, selection))
        except NotEnoughDataError as error:
            said.append((bank.name, str(error)))
            continue
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
