"""On which kind of problems is the best of k tries how good?"""

import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import replace
from itertools import combinations
from math import nan
from typing import Any

import pandas as pd

from evalvar.analyses.code import code_metrics
from evalvar.analyses.comparison import compare
from evalvar.analyses.functionals import GAP
from evalvar.analyses.intake import as_tuple, intake
from evalvar.analyses.timing_scores import ALPHA, HARDNESS, score_timings
from evalvar.errors import NotEnoughDataError, UsageError, counted
from evalvar.evidence import Evidence, Missing
from evalvar.numbers import listing
from evalvar.results import FIELDS, Result, Row
from evalvar.stats import Estimate

KEYS = ("tag", "model", "against", "task", "metric", "seed")
_PAIRED = re.compile(r"(pass|eff|gap)@\d+")


def code_by_tag(
    data: Evidence | pd.DataFrame,
    by: str = "tag",
    *,
    k: int | list[int] | tuple[int, ...] | None = None,
    alpha: float = ALPHA,
    hardness: tuple[float, ...] = HARDNESS,
    model: str | list[str] | None = None,
    task: str | list[str] | None = None,
    metric: str | list[str] | None = None,
    checkpoint: int | list[int] | None = None,
    level: float = 0.95,
    missing: Missing = "drop",
) -> Result:
    """Report pass@k, eff@k and their gap on the problems of each tag, and who is ahead there.

    Parameters
    ----------
    data : Evidence or DataFrame
        Records or timings whose items have an attribute ``item.<by>``: one tag each.
    by : str
        Which attribute, with or without ``item.``.
    k, alpha, hardness, model, task, metric, checkpoint, level, missing
        As for `code_metrics`.

    Returns
    -------
    Result
        Quantities of `code_metrics` for each tag and model (against null), on the problems of the
        tag; and for two models the difference model - against in ``pass@k``, ``eff@k`` and
        ``gap@k`` on the problems that both have, as `compare` gives it, for each pair alone, and
        without a value where no pair of the tag has two problems in common. Label: items.

    Raises
    ------
    UsageError
        No such attribute.
    NotEnoughDataError
        No problem has a tag.

    Notes
    -----
    Tags are looked at one by one, and nothing is adjusted for their number.
    """
    evidence = data if isinstance(data, Evidence) else intake(data, missing=None)
    if len(evidence.timings) and not len(evidence.records):
        evidence = score_timings(evidence, alpha=alpha, hardness=hardness)
    evidence = intake(
        evidence, missing=missing, model=model, task=task, metric=metric, checkpoint=checkpoint
    )
    records, column = evidence.records, f"item.{by.removeprefix('item.')}"
    if column not in records:
        there = sorted(name for name in map(str, records.columns) if name.startswith("item."))
        raise UsageError(
            f"the items have no attribute '{column}'; there is: {listing(there) or 'none'}. Give "
            "every problem a tag in a column of that name."
        )
    tagged = records[column].notna()
    if not tagged.any():
        raise NotEnoughDataError(f"no problem has a tag in {column}.")
    warnings = list(evidence.warnings)
    if not tagged.all():
        lost = records.loc[~tagged, "item"].astype(str).nunique()
        warnings.append(f"left out {counted(lost, 'problem')} without {column}.")
    rows: list[tuple[Row, int]] = []
    for tag in sorted(map(str, records.loc[tagged, column].unique())):
        mine = records[tagged & (records[column].astype(str) == tag)].reset_index(drop=True)
        part = replace(evidence, records=mine, warnings=())
        found = code_metrics(part, k=k, level=level, metric=metric)
        warnings += [f"{tag}: {said}" for said in found.warnings]
        rows += [
            (({**_key(row, found.keys), "tag": tag}, row["quantity"], _estimate(row)),
             int(row["items"]))
            for row in found.table.to_dict("records")
        ]  # fmt: skip
        rows += _differences(part, tag, found, level)
    settings = {
        **{"by": column, "k": as_tuple(k), "alpha": alpha, "hardness": list(hardness)},
        **{"model": as_tuple(model), "task": as_tuple(task), "metric": as_tuple(metric)},
        **{"checkpoint": as_tuple(checkpoint), "level": level, "missing": missing},
    }
    result = Result.of(
        "code_by_tag", KEYS, [row for row, _ in rows], settings=settings, warnings=warnings,
        sources=evidence.sources,
    )  # fmt: skip
    result.table["items"] = [items for _, items in rows]
    return result


def _differences(
    part: Evidence, tag: str, found: Result, level: float
) -> Iterator[tuple[Row, int]]:
    if part.records["model"].nunique() < 2:
        return
    table = found.table
    defined = table[table["value"].notna()]
    asked = dict.fromkeys(zip(defined["metric"], defined["quantity"], strict=True))
    for metric, name in asked:
        if not _PAIRED.fullmatch(name):
            continue
        one = part if metric == GAP else part.select(metric=metric)
        try:
            pairs = compare(
                one, functional=name, correction="none", weights=None, level=level
            ).quantity("difference")
        except (NotEnoughDataError, UsageError) as error:  # a tag may have one problem of a model
            undefined = Estimate(nan, level=level, method=f"undefined: {str(error).rstrip('.')}")
            for a, b in combinations(sorted(map(str, one.records["model"].unique())), 2):
                key = {"tag": tag, "model": a, "against": b, "metric": metric}
                yield (key, name, undefined), 0
            continue
        for row in pairs.to_dict("records"):
            key = {"tag": tag, "model": row["a"], "against": row["b"], "task": row["task"],
                   "metric": row["metric"]}  # fmt: skip
            yield (key, name, _estimate(row)), int(row["items"])


def _key(row: Mapping[Hashable, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    return {name: None if pd.isna(row[name]) else row[name] for name in keys}


def _estimate(row: Mapping[Hashable, Any]) -> Estimate:
    return Estimate(**{name: row[name] for name in FIELDS})
