"""What of the scores is compared: their mean, the best of k answers, or another functional."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from evalvar.analyses.cells import item_scores
from evalvar.analyses.facts import EFFICIENCY, PASSED, Facts, metric_facts
from evalvar.errors import UsageError
from evalvar.evidence import RECORDS_KEY, Evidence
from evalvar.stats import order_weights, pass_at_k, pass_hat_k
from evalvar.stats.functionals import Functional as Weighted

NAMES = (
    *("mean", "median", "iqm", "trimmed", "wins", "optimality-gap"),
    *("pass@5", "pass^3", "eff@2", "gap@5"),
)
_ITEM_KEY = [name for name in RECORDS_KEY if name != "sample"]
_TRIES = re.compile(r"(pass@|pass\^|eff@|gap@)([1-9][0-9]*)")
# What is lost between being right and being efficient.
GAP = f"{PASSED} - {EFFICIENCY}"

AllFacts = dict[tuple[str, str], Facts]


@dataclass(frozen=True, slots=True)
class Functional:
    """What is compared.

    Parameters
    ----------
    name : str
        As asked for; that of a function is its own.
    kind : {"mean", "tries", "gap", "wins", "joint"}
        A mean of scores, of values of k answers to an item, of shortfalls, or of who is better,
        which all are means over items; or something else, which is resampled.
    k : int
        How many answers, for tries.
    call : callable, optional
        A function of the user, for joint.
    """

    name: str
    kind: Literal["mean", "tries", "gap", "wins", "joint"] = "mean"
    k: int = 0
    call: Callable[..., Any] | None = None

    @property
    def worth(self) -> str:
        """What a side has of it, in words."""
        told = {"optimality-gap": "mean shortfall", "iqm": "IQM", "trimmed": "trimmed mean"}
        return told.get(self.name, self.name)


def functional_of(asked: str | Callable[..., Any]) -> Functional:
    """Return the functional of a name or function.

    Raises
    ------
    UsageError
        A name that is not known.
    """
    if callable(asked):
        _check_call(asked)
        return Functional(getattr(asked, "__name__", "statistic"), "joint", call=asked)
    if match := _TRIES.fullmatch(asked):
        return Functional(asked, "tries", int(match[2]))
    kinds: dict[str, Literal["mean", "gap", "wins", "joint"]] = {
        "mean": "mean",
        "optimality-gap": "gap",
        "wins": "wins",
    }
    if asked not in NAMES:
        raise UsageError(
            f"functional='{asked}' is unknown. Use one of {', '.join(NAMES)} (any k), or in Python "
            "a function of scores."
        )
    return Functional(asked, kinds.get(asked, "joint"))


def _check_call(asked: Callable[..., Any]) -> None:
    if isinstance(asked, Weighted):
        return
    try:
        made = np.shape(asked(np.arange(1.0, 7.0).reshape(2, 3), axis=-1))
    except TypeError:
        made = (-1,)
    if made != (2,):
        raise UsageError(
            "functional must take scores and axis, as numpy.median does, and give one number for "
            "each row: def functional(scores, axis)."
        )


def values_of_items(
    evidence: Evidence, functional: Functional
) -> tuple[pd.DataFrame, dict[tuple[str, str], Facts]]:
    """Return the value of every item in every run, and what is known of these values.

    Returns
    -------
    values : DataFrame
        As `item_scores` gives it. A best of k that too few answers leave undefined is NaN.
    facts : dict
        By task and metric, of the values.

    Raises
    ------
    UsageError
        Right answers are to be counted, and scores are not 0 and 1.
    """
    facts = metric_facts(evidence)
    if functional.kind == "tries":
        uneven = {key: replace(f, uneven=f.range != (None, None) and functional.k > 1)
                  for key, f in facts.items()}  # fmt: skip
        return _best_of(evidence.records, functional, facts), uneven
    if functional.kind == "gap":
        return _shortfalls(evidence, facts)
    return item_scores(evidence), facts


def _shortfalls(evidence: Evidence, facts: AllFacts) -> tuple[pd.DataFrame, AllFacts]:
    """Give 1 - min(score, 1): how far below a perfect score of 1 each answer is."""
    for (task, metric), fact in facts.items():
        if not fact.higher_is_better:
            raise UsageError(
                f"functional='optimality-gap' is a shortfall below 1, and lower is better for "
                f"{metric} of {task}. Compare its mean."
            )
    records = evidence.records
    gaps = records.assign(score=1 - np.minimum(records["score"], 1.0))
    turned = {
        key: replace(fact, higher_is_better=False, low=0.0, high=1 - fact.low)
        for key, fact in facts.items()
    }
    return item_scores(replace(evidence, records=gaps)), turned


def _best_of(records: pd.DataFrame, functional: Functional, facts: AllFacts) -> pd.DataFrame:
    scored = records[records["score"].notna()]
    _check_right_or_wrong(functional, facts)
    unit = scored.groupby(_ITEM_KEY, observed=True, sort=False).ngroup().to_numpy()
    answers = np.bincount(unit)
    scores = scored["score"].to_numpy()
    if functional.name.startswith("gap"):
        efficiency = scored[EFFICIENCY].to_numpy()
        values = _ranked(unit, scores, answers, functional.k, (scores + efficiency, efficiency))
        first = np.unique(unit, return_index=True)[1]
    elif functional.name.startswith("eff"):
        signs = {key: fact.sign for key, fact in facts.items()}
        # categories, not rows: there are few of them
        places = pd.MultiIndex.from_frame(scored[["task", "metric"]].astype(str))
        codes, known = pd.factorize(places)
        sign = np.array([signs[key] for key in known])[codes]
        values = _ranked(unit, sign * scores, answers, functional.k, (sign * scores,))
        first = np.unique(unit, return_index=True)[1]
        values = sign[first] * values
    else:
        right = np.bincount(unit, weights=scores).round().astype(np.int64)
        pick = pass_at_k if functional.name.startswith("pass@") else pass_hat_k
        values = pick(answers, right, k=functional.k, undefined="nan")
        first = np.unique(unit, return_index=True)[1]
    columns = [*_ITEM_KEY, *(["cluster"] if "cluster" in scored else [])]
    return scored[columns].iloc[first].reset_index(drop=True).assign(score=values)


def _ranked(
    unit: np.ndarray, values: np.ndarray, answers: np.ndarray, k: int, by: tuple[np.ndarray, ...]
) -> np.ndarray:
    """Give the mean value of the best of k answers to each unit; the last of `by` ranks first."""
    order = np.lexsort((*by, unit))
    starts = np.cumsum(answers) - answers
    found = np.full(answers.size, np.nan)
    for n in np.unique(answers[answers >= k]).tolist():
        mine = np.flatnonzero(answers == n)
        rows = order[starts[mine, None] + np.arange(n)]
        found[mine] = values[rows] @ order_weights(n, k=k)
    return found


def _check_right_or_wrong(functional: Functional, facts: AllFacts) -> None:
    if functional.name.startswith(("eff", "gap")):
        return
    for (task, metric), fact in facts.items():
        if not (fact.discrete and fact.higher_is_better):
            why = "lower is better" if fact.discrete else "there are other scores than 0 and 1"
            raise UsageError(
                f"{functional.name} counts right answers, and of {metric} on {task} {why}. "
                f"Compare eff@{functional.k}, the best score of {functional.k}."
            )
