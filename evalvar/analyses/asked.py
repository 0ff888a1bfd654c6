"""What a comparison is asked for: checked, and the evidence that it is asked of."""

from collections.abc import Sequence
from dataclasses import replace
from math import isfinite
from numbers import Integral
from typing import Any

import pandas as pd

from evalvar.analyses.functionals import Functional
from evalvar.analyses.intake import intake, last_checkpoint
from evalvar.analyses.meeting import Meeting
from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.evidence import Evidence, Missing, unscored
from evalvar.numbers import listing

BETWEEN = ("model", "checkpoint", "prompt", "seed", "task")


def check_words(**asked: tuple[str, tuple[str, ...]]) -> None:
    """Refuse an option that is none of its legal words."""
    for name, (value, legal) in asked.items():
        if value not in legal:
            raise UsageError(f"{name}='{value}' is unknown. Use one of {', '.join(legal)}.")


def check_rng(rng: Any) -> None:
    """Refuse what is no seed of draws."""
    if not isinstance(rng, Integral) or rng < 0:
        raise UsageError(f"rng must be a whole number from 0, but is {rng!r}.")


def check_margin(margin: Any, test: str, method: str) -> None:
    """Refuse a test of a margin without one, a margin that is no number, and a test without any."""
    if margin is None:
        if test != "superiority":
            raise UsageError(
                f"{test} needs a margin (--margin): the difference, in the unit of the scores, "
                "that would still do."
            )
        return
    if isinstance(margin, bool) or not isinstance(margin, int | float):
        raise UsageError(f"margin must be a number in the unit of the scores, but is {margin!r}.")
    if method in ("mcnemar", "mcnemar-midp"):
        raise UsageError(
            f"method='{method}' tests that there is no difference, and no margin. Use 'auto', or "
            "'tango' for right and wrong answers."
        )


def check_margin_inside(margin: float, meetings: Sequence[Meeting]) -> None:
    """Refuse a margin that no difference of the scores could reach, such as one in points."""
    for meeting in meetings:
        span = 1.0 if meeting.points else meeting.high
        if span is None or not isfinite(margin) or margin < span:
            continue
        low, high = (0, 1) if meeting.points else (None, None)
        where = f"the scores of {', '.join(filter(None, (meeting.task, meeting.metric)))}"
        between = f" lie between {low} and {high}" if meeting.points else f" span {span:g}"
        hint = f" Did you mean {margin / 100:g}?" if margin / 100 < span else ""
        raise UsageError(
            f"a margin of {margin:g} is no smaller than any difference there could be: {where}"
            f"{between}.{hint}"
        )


def asked_evidence(
    data: Evidence | pd.DataFrame,
    between: str,
    checkpoint: int | list[int] | None,
    *,
    missing: Missing,
    sides: tuple[str, str] | None = None,
    **wanted: Any,
) -> tuple[Evidence, bool]:
    """Return the records that are compared, of one checkpoint unless these are compared.

    Where two `sides` are named that are models, remarks are of these.

    Values that were reported without items stand in for records, each run as a single item; then
    the second answer is true.
    """
    evidence = intake(data, missing=missing, checkpoint=checkpoint, **wanted)
    if missing == "drop" and sides is not None:
        # What the models that were not asked for have no score for changes nothing here.
        of_all = unscored(evidence.records)
        told = tuple(said for said in evidence.warnings if said not in of_all)
        asked = evidence.records["model"].isin(sides)
        evidence = replace(evidence, warnings=told).plus(*unscored(evidence.records[asked]))
    runs = not len(evidence.records) and len(evidence.reported) > 0
    if runs:
        evidence = replace(evidence, records=as_runs(evidence.reported))
    if not len(evidence.records):
        raise NotEnoughDataError("there is nothing to compare: no scores, and no reported values.")
    records, behind = evidence.records, list[str]()
    if between != "checkpoint" and checkpoint is None:
        records, behind = last_checkpoint(records)
    evidence = replace(evidence, records=records).plus(*behind)
    models = records["model"].unique().tolist()
    if between != "model" and len(models) > 1:
        raise UsageError(
            f"a comparison between {between}s is of one model, and there are {len(models)}: "
            f"{listing(list(map(str, models)), most=8)}. Name one with model (--model)."
        )
    return evidence, runs


def as_runs(reported: pd.DataFrame) -> pd.DataFrame:
    """Return reported values as records of one item each, which is the run itself."""
    known = reported[reported["value"].notna()].drop(columns=["se", "n"], errors="ignore")
    return known.rename(columns={"value": "score"}).assign(item="", sample=0)


def check_runs(
    evidence: Evidence,
    functional: Functional,
    axes: tuple[str, ...] | None,
    method: str,
    *,
    what: str = "a comparison",
) -> None:
    """Refuse what needs items where values were reported without them.

    Raises
    ------
    UsageError
        Items are to be drawn again, or another functional or method than those of runs.
    NotEnoughDataError
        No model has several seeds.
    """
    if axes is not None and "item" in axes:
        raise UsageError(
            f"over='{' x '.join(axes)}': these values were reported without their items. Use "
            "over='seed' (--over seed)."
        )
    if functional.kind != "mean":
        raise UsageError(
            f"functional='{functional.name}' needs the scores of items, and these values were "
            "reported without them. Compare their mean."
        )
    if method != "auto":
        raise UsageError(
            f"method='{method}' pairs items, and these values were reported without them. Use "
            "method='auto' (--method auto): Welch's t over seeds."
        )
    by = ["model", "task", "metric", "checkpoint"]
    runs = evidence.records.groupby(by, observed=True)["seed"]
    if not (runs.nunique() > 1).any():
        raise NotEnoughDataError(
            f"this file has no items: {what} pairs items, or takes several seeds of each side, "
            f"and only one aggregate of each was read. {_advice(evidence)}"
        )


def _advice(evidence: Evidence) -> str:
    sources = evidence.sources
    if len(sources) and sources["harness"].astype(str).eq("lm_eval").any():
        return "Log the samples (lm-eval: --log_samples) and read them."
    return "Read the scores of the items, or more seeds."


def no_pair(records: pd.DataFrame, between: str, asked: tuple[Any, Any]) -> str:
    """Say why there is no pair, and what might be compared instead."""
    present = records[between].unique().tolist()
    if len(present) < 2:
        others = [axis for axis in BETWEEN if records[axis].nunique() > 1]
        hint = ""
        if others:
            hint = f" Compare its {others[0]}s: between='{others[0]}' (--between {others[0]})."
        return f"nothing to compare: there is one {between} only, '{present[0]}'.{hint}"
    who = f"no two {between}s" if None in asked else f"{asked[0]} and {asked[1]} do not"
    shared = "metric" if between == "task" else "task and metric"
    return f"{who} share a {shared}: nothing to compare."
