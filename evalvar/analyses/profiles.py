"""How efficient are right programs beside the references they match (DPS of EvalPerf)?"""

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pandas as pd

from evalvar.analyses.intake import as_tuple, intake
from evalvar.errors import NotEnoughDataError, UsageError, counted
from evalvar.evidence import Evidence, as_evidence
from evalvar.results import Result, Row
from evalvar.stats import Estimate, bounded_mean_ci, sparse_t

KEYS = ("task", "metric", "model", "against")
DPS, NORM, CLUSTER = "dps", "dps_norm", "matching_cluster"
_TOP = 100.0
# What two computations of one published number may differ by.
_SAME = 1e-6


def profile_records(profiles: pd.DataFrame, published: pd.DataFrame) -> Evidence:
    """Turn tables of profiles into records.

    Parameters
    ----------
    profiles : DataFrame
        One row a profiled program: model, item, sample and cluster_idx, the index of the slowest
        to fastest reference that it is as fast as, -1 where slower than all.
    published : DataFrame
        One row a model and item: model, item, dps, dps_norm, and task where there are several.

    Returns
    -------
    Evidence
        Records of ``matching_cluster``, ``dps`` and ``dps_norm``, as the reader of EvalPerf's own
        files gives them.

    Raises
    ------
    UsageError
        A column is missing.
    """
    for name, table, needed in (
        ("profiles", profiles, ("model", "item", "sample", "cluster_idx")),
        ("published", published, ("model", "item", DPS, NORM)),
    ):
        lacking = [column for column in needed if column not in table]
        if lacking:
            raise UsageError(f"{name} lacks {', '.join(lacking)}. Rename or add them.")
    tasks = published[["item"]].assign(task=published.get("task", "EvalPerf")).drop_duplicates()
    own = profiles[["model", "item", "sample"]].assign(
        metric=CLUSTER, score=profiles["cluster_idx"].astype(float)
    )
    means = [
        published[["model", "item"]].assign(
            sample=0, metric=name, score=published[name], score_min=0.0, score_max=_TOP
        )
        for name in (DPS, NORM)
    ]
    records = pd.concat([own, *means], ignore_index=True).merge(tasks, on="item", how="left")
    return as_evidence(records)


def efficiency_profiles(
    data: Evidence | pd.DataFrame,
    *,
    model: str | list[str] | None = None,
    task: str | list[str] | None = None,
    level: float = 0.95,
) -> Result:
    """Report DPS with intervals, who is ahead on shared problems, and whether it can be recomputed.

    Parameters
    ----------
    data : Evidence or DataFrame
        Records of ``dps`` and ``dps_norm`` (one an item, no score where too few right programs were
        profiled) and, to recompute them, ``matching_cluster`` (one a profiled program).
    model, task : optional
        What to keep.
    level : float in (0, 1)
        Nominal coverage.

    Returns
    -------
    Result
        By task, and over all items (task null), for ``dps`` and ``dps_norm``. Quantities:

        ``mean``
            Over the items kept, with an interval over items (against null).
        ``share_kept``
            Items with a score: the others have too few right programs.
        ``difference``
            model - against, on the items that both keep.
        ``recomputed``
            Mean of what follows from the clusters, and ``largest_error`` of an item against what is
            published; of ``dps`` where the models outnumber the clusters of an item.

        Label: items.

    Raises
    ------
    NotEnoughDataError
        No such scores.

    Notes
    -----
    A program that is as fast as the j-th of J references (from 0, slowest first) has dps_norm
    100 (j + 1)/J and as dps the score of that reference, one slower than all has 0; an item has the
    mean over its profiled programs: "Evaluating Language Models for Efficient Code Generation" (Liu
    et al. 2024), and its published evaluator. J is not stored: it is what makes all models' values
    of an item follow from their clusters, and has to be a whole number. The scores of the
    references are what fits the models' dps by least squares.
    Who solves more problems keeps harder ones: means of two models are of different problems, and
    only the difference on shared ones compares them.
    """
    evidence = intake(data, missing=None, model=model, task=task)
    records = evidence.records
    scores = records[records["metric"].isin((DPS, NORM))]
    if not len(scores):
        raise NotEnoughDataError(
            "there is no dps or dps_norm. Read results of EvalPerf, or make records of its tables "
            "with profile_records."
        )
    again, remarks = _recomputed(records)
    places: list[str | None] = [*sorted(map(str, scores["task"].unique()))]
    if len(places) > 1:
        places.append(None)
    rows: list[tuple[Row, int]] = []
    for place in places:
        part = scores if place is None else scores[scores["task"] == place]
        for metric in (DPS, NORM):
            mine = part[part["metric"] == metric]
            table = mine.assign(item=mine["task"].astype(str) + "\0" + mine["item"].astype(str))
            wide = table.pivot(index="item", columns="model", values="score")
            wide.columns = [str(name) for name in wide.columns]
            rows += _rows(wide, again.get(metric), place, metric, level)
    lost = len(scores.loc[scores["score"].isna(), ["task", "item", "model"]].drop_duplicates())
    if lost:
        remarks.append(
            f"left out {counted(lost, 'item')} of models with too few right programs to be "
            "profiled; means of two models are of different problems, differences of shared ones."
        )
    settings = {"model": as_tuple(model), "task": as_tuple(task), "level": level}
    result = Result.of(
        "efficiency_profiles", KEYS, [row for row, _ in rows], settings=settings,
        warnings=[*evidence.warnings, *remarks], sources=evidence.sources,
    )  # fmt: skip
    result.table["items"] = [items for _, items in rows]
    return result


def _rows(
    wide: pd.DataFrame, again: pd.DataFrame | None, place: str | None, metric: str, level: float
) -> Iterator[tuple[Row, int]]:
    for name in wide.columns:
        key = {"task": place, "metric": metric, "model": name}
        kept = wide[name].dropna()
        n = len(kept)
        mean = Estimate(np.nan, level=level, method="undefined: no item is kept")
        if n == 1:
            alone = "undefined: one item has no interval"
            mean = Estimate(float(kept.iloc[0]), level=level, n=1, method=alone)
        if n > 1:
            mean = bounded_mean_ci(kept.to_numpy(), low=0.0, high=_TOP, level=level)
        yield (key, "mean", mean), n
        share = (wide[name].notna() * 1.0).to_numpy()
        yield (key, "share_kept", bounded_mean_ci(share, low=0, high=1, level=level)), len(wide)
        if again is None or name not in again:
            continue
        both = pd.DataFrame({"said": kept, "found": again[name].reindex(kept.index)}).dropna()
        if len(both):
            found = float(both["found"].mean())
            error = float((both["found"] - both["said"]).abs().max())
            for quantity, value in (("recomputed", found), ("largest_error", error)):
                exact = Estimate(value, level=level, n=len(both), method="from the clusters")
                yield (key, quantity, exact), len(both)
    for a, b in combinations(wide.columns, 2):
        shared = wide[[a, b]].dropna()
        key = {"task": place, "metric": metric, "model": a, "against": b}
        if len(shared) < 2:
            why = f"undefined: {counted(len(shared), 'shared item')}"
            value = float((shared[a] - shared[b]).mean()) if len(shared) else np.nan
            few = Estimate(value, level=level, n=len(shared), method=why)
            yield (key, "difference", few), len(shared)
            continue
        gap = (shared[a] - shared[b]).to_numpy()
        yield (key, "difference", sparse_t(gap, low=-_TOP, high=_TOP, level=level)), len(shared)


def _recomputed(records: pd.DataFrame) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """Return what follows from the clusters, by item and model, and what cannot be recomputed."""
    clusters = records[(records["metric"] == CLUSTER) & records["score"].notna()]
    if not len(clusters):
        return {}, []
    values: dict[str, dict[str, dict[str, float]]] = {DPS: {}, NORM: {}}
    odd = 0
    said = {
        name: {tuple(map(str, key)): float(score) for *key, score in
               records[(records["metric"] == name) & records["score"].notna()]
               [["task", "item", "model", "score"]].itertuples(index=False)}
        for name in (DPS, NORM)
    }  # fmt: skip
    for key, group in clusters.groupby(["task", "item"], observed=True):
        task, item = map(str, key)
        shares = pd.crosstab(group["model"].astype(str), group["score"].astype(int))
        shares = shares.div(shares.sum(axis=1), axis=0)
        shares = shares[[(task, item, model) in said[NORM] for model in shares.index]]
        index = shares.columns.to_numpy(dtype=np.int64)
        table = shares.to_numpy()
        ranks = table @ (index + 1.0)
        norm = np.array([said[NORM][(task, item, model)] for model in shares.index])
        used = norm > 0
        if not used.any():
            continue
        counts = _TOP * ranks[used] / norm[used]
        references = round(float(np.median(counts)))
        if np.abs(counts - references).max() > _SAME * references:
            odd += 1
            continue
        place = f"{task}\0{item}"
        values[NORM][place] = dict(zip(shares.index, _TOP * ranks / references, strict=True))
        dps = np.array([said[DPS].get((task, item, model), np.nan) for model in shares.index])
        matched = table[:, index >= 0]
        if np.isfinite(dps).all() and len(dps) > matched.shape[1]:
            fitted = matched @ np.linalg.lstsq(matched, dps, rcond=None)[0]
            values[DPS][place] = dict(zip(shares.index, fitted, strict=True))
    remarks = [f"dps_norm of {counted(odd, 'item')} does not follow from the clusters."]
    remarks = remarks if odd else []
    return {
        name: pd.DataFrame.from_dict(found, orient="index") for name, found in values.items()
    }, remarks
