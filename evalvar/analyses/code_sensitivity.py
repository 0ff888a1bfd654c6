"""How much of an efficiency is the choice of its limit and weights?"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd

from evalvar.analyses.assumptions import as_number
from evalvar.analyses.intake import as_tuple, intake
from evalvar.analyses.sittings import mean_of_sittings, same_programs
from evalvar.analyses.timed import Floats, Timed, timed_tasks
from evalvar.analyses.timing_scores import ALPHA, HARDNESS, scored
from evalvar.errors import NotEnoughDataError, UsageError, counted
from evalvar.evidence import REFERENCE, Evidence, as_evidence
from evalvar.results import Result, Row
from evalvar.stats import Estimate, eff_at_k, efficiency, level_shares, skewed_mean_ci

KEYS = ("model", "other", "task")
ALPHAS = (1.5, 2.0, 2.5, 3.0, 3.5)
WEIGHTS = (1.0, 2.0, 3.0, 4.0, 5.0)

LABELS = ("alpha", "hardness", "lower_quartile", "upper_quartile")

Labelled = tuple[Row, dict[str, object]]
# Item -> value.
Values = pd.Series


def efficiency_sensitivity(
    data: Evidence | pd.DataFrame,
    *,
    alphas: tuple[float, ...] = ALPHAS,
    weights: tuple[float, ...] = WEIGHTS,
    alpha: float = ALPHA,
    hardness: tuple[float, ...] = HARDNESS,
    k: int = 1,
    model: str | list[str] | None = None,
    task: str | list[str] | None = None,
    checkpoint: int | list[int] | None = None,
    level: float = 0.95,
) -> Result:
    """Report how eff@k moves with alpha and hardness, and which leads hang on the weights.

    Parameters
    ----------
    data : Evidence or DataFrame
        Timings of programs and of the references; a bare DataFrame is taken as such.
    alphas : tuple of float
        Limits to score anew for, in the reference's slowest times.
    weights : tuple of float
        Weights that each level is given in turn, the others as in `hardness`.
    alpha, hardness
        What is held where the other moves.
    k : int
        Number of tries.
    model, task, checkpoint : optional
        What to keep; without a checkpoint, each model's last. Seeds and prompts are pooled.
    level : float in (0, 1)
        Nominal coverage.

    Returns
    -------
    Result
        ``eff@k`` for every alpha and every weight of a level (labels alpha and hardness), the mean
        over problems with its interval; without a value where a larger alpha would need times of
        programs that were stopped. ``level_mean@l``: mean score of level l, which is what eff@1
        would be if only that level counted. ``level_share@l`` (model null): the reference's time of
        level l over that of its slowest, median over problems, labels lower_quartile and
        upper_quartile: how well the level tells speeds apart. For two models (other not null, the
        one ahead first) ``lead``: by how much eff@1 is ahead; its bounds are no interval but the
        smallest and the largest lead that any hardness gives, so that a lower bound of 0 or more
        says that the model is ahead in these data whatever the weights are.

    Raises
    ------
    NotEnoughDataError
        No program was timed.
    UsageError
        An argument that cannot be.

    Notes
    -----
    eff@1 is the mean of the level means by hardness, so the leads of all weights lie between those
    of single levels; for k > 1 the best program changes with the weights, and every program is
    scored anew for each. Leads are of problems that both models have. A program timed in several
    sittings has its mean score, as in `score_timings`.
    """
    _check(k, alphas)
    if isinstance(data, pd.DataFrame):
        data = as_evidence(timings=data)
    evidence = intake(data, missing=None, model=model, task=task, checkpoint=checkpoint)
    if not len(evidence.timings):
        raise NotEnoughDataError(
            "there are no timings: how an efficiency moves with its limit and weights is computed "
            "from them. Read the timings, not the scores."
        )
    rows: list[Labelled] = []
    warnings = list(evidence.warnings)
    if k > 1:
        warnings.append(f"leads whatever the weights are known for one try only, not at k = {k}.")
    for timed in timed_tasks(evidence if checkpoint is not None else _last(evidence)):
        base = scored(timed, alpha=alpha, hardness=hardness)
        short = int(np.isnan(base.efficiency).sum())
        if short:
            warnings.append(
                f"{timed.task}: {short:,} of {counted(len(base.efficiency), 'program')} have no "
                "efficiency and are left out."
            )
        for name in sorted(timed.programs["model"].unique()):
            rows += _moved(timed, str(name), alphas, alpha, hardness, k, level)
            rows += _weighed(timed, str(name), base.levels, weights, alpha, hardness, k, level)
        rows += _shares(timed, base.reason == 0)
        if k == 1:
            rows += _leads(timed, base.levels, hardness)
    result = Result.of(
        "efficiency_sensitivity",
        KEYS,
        [row for row, _ in rows],
        settings={
            **{"alphas": list(alphas), "weights": list(weights), "alpha": alpha},
            **{"hardness": list(hardness), "k": k, "model": as_tuple(model)},
            **{"task": as_tuple(task), "checkpoint": as_tuple(checkpoint), "level": level},
        },
        warnings=warnings,
        sources=evidence.sources,
    )
    for label in LABELS:
        values = [labels.get(label) for _, labels in rows]
        result.table[label] = pd.Series(values, dtype=object if label == "hardness" else "float64")
    return result


def _check(k: int, alphas: tuple[float, ...]) -> None:
    if k < 1:
        raise UsageError(f"k={k}: k is a number of tries, 1 or more.")
    if not all(1 < as_number("each of alphas", value) < np.inf for value in alphas):
        raise UsageError(f"alphas={alphas}: each must be a finite number above 1.")


def _last(evidence: Evidence) -> Evidence:
    """Keep the last checkpoint of every model, and the references."""
    timings = evidence.timings
    by = ["model", "task"]
    last = timings.groupby(by, observed=True)["checkpoint"].transform("max")
    kept = (timings["checkpoint"] == last) | (timings["model"] == REFERENCE)
    return evidence if kept.all() else replace(evidence, timings=timings[kept])


def _moved(
    timed: Timed,
    model: str,
    alphas: tuple[float, ...],
    alpha: float,
    hardness: tuple[float, ...],
    k: int,
    level: float,
) -> Iterator[Labelled]:
    """Yield eff@k for every alpha that the programs were not stopped before."""
    mine = (timed.programs["model"] == model).to_numpy()
    for value in sorted({*alphas, alpha}):
        try:
            scores = scored(timed, alpha=value, hardness=hardness).efficiency
        except UsageError:
            found = Estimate(
                np.nan, level=level, method="undefined: programs were stopped before this limit"
            )
        else:
            found = _mean(_by_item(timed, mine, scores, k), level)
        labels: dict[str, object] = {"alpha": value, "hardness": _text(hardness)}
        yield _row(model, None, timed.task, f"eff@{k}", found), labels


def _weighed(
    timed: Timed,
    model: str,
    levels: Floats,
    weights: tuple[float, ...],
    alpha: float,
    hardness: tuple[float, ...],
    k: int,
    level: float,
) -> Iterator[Labelled]:
    """Yield eff@k for every weight of every level, and the mean score of the levels."""
    mine = (timed.programs["model"] == model).to_numpy()
    for place, number in enumerate(timed.levels):
        for weight in weights:
            moved = (*hardness[:place], weight, *hardness[place + 1 :])
            if moved == tuple(hardness) or sum(moved) == 0:
                continue
            found = _mean(_by_item(timed, mine, efficiency(levels, hardness=moved), k), level)
            labels: dict[str, object] = {"alpha": alpha, "hardness": _text(moved)}
            yield _row(model, None, timed.task, f"eff@{k}", found), labels
        found = _mean(_by_item(timed, mine, levels[:, place], 1), level)
        yield _row(model, None, timed.task, f"level_mean@{number}", found), {"alpha": alpha}


def _shares(timed: Timed, usable: np.ndarray) -> Iterator[Labelled]:
    """Yield how well each level tells speeds apart."""
    if not usable.any():
        return
    shares = level_shares(timed.reference[usable])
    for number, share in zip(timed.levels, shares.T, strict=True):
        low, middle, high = np.quantile(share, (0.25, 0.5, 0.75))
        found = Estimate(
            float(middle), level=np.nan, n=share.size, unit="problem", method="median over problems"
        )
        row = _row(None, None, timed.task, f"level_share@{number}", found)
        yield row, {"lower_quartile": low, "upper_quartile": high}


def _leads(timed: Timed, levels: Floats, hardness: tuple[float, ...]) -> Iterator[Labelled]:
    """Yield by how much the better of two models is ahead, and within what weights move that."""
    means = {
        str(model): pd.DataFrame(
            {
                place: _by_item(
                    timed, (timed.programs["model"] == model).to_numpy(), levels[:, place], 1
                )
                for place in range(len(timed.levels))
            }
        )
        for model in sorted(timed.programs["model"].unique())
    }
    for a, b in combinations(means, 2):
        both = means[a].index.intersection(means[b].index)
        if not len(both):
            continue
        by_level = (means[a].loc[both] - means[b].loc[both]).mean(axis=0).to_numpy()
        lead = float(efficiency(by_level, hardness=hardness))
        ahead, behind, sign = (a, b, 1.0) if lead >= 0 else (b, a, -1.0)
        found = Estimate(
            sign * lead,
            low=float((sign * by_level).min()),
            high=float((sign * by_level).max()),
            level=np.nan,
            n=len(both),
            method="bounds: smallest and largest lead of any hardness, no interval",
        )
        yield _row(ahead, behind, timed.task, "lead", found), {"hardness": _text(hardness)}


def _by_item(timed: Timed, mine: np.ndarray, scores: Floats, k: int) -> Values:
    """Give the expected best of k programs to every problem that has so many."""
    first, program = same_programs(timed)
    wrong = np.bincount(program, timed.passed == 0) > 0
    scores = np.where(wrong, 0.0, mean_of_sittings(program, scores))
    chosen = mine[first] & np.isfinite(scores)
    items = timed.programs["item"].astype(str).to_numpy()[first][chosen]
    by_item = pd.Series(scores[chosen]).groupby(items, sort=True)
    if k == 1:
        return by_item.mean()
    return by_item.agg(lambda x: float(eff_at_k(x.to_numpy(), k=k)) if len(x) >= k else np.nan)


def _mean(values: Values, level: float) -> Estimate:
    scores = values.to_numpy(dtype=np.float64)
    if not scores.size or np.isnan(scores).any():
        reason = "k is larger than the number of answers to some item"
        return Estimate(
            np.nan, level=level, n=scores.size,
            method=f"undefined: {reason if scores.size else 'no program is scored'}",
        )  # fmt: skip
    try:
        mean = skewed_mean_ci(scores, level=level)
        # no program scores below 0
        return replace(mean, low=float(np.maximum(mean.low, 0.0)), p_value=np.nan)
    except NotEnoughDataError as error:
        return Estimate(
            float(scores.mean()), level=level, n=scores.size, method=f"undefined: {error}"
        )


def _row(model: str | None, other: str | None, task: str, quantity: str, found: Estimate) -> Row:
    return {"model": model, "other": other, "task": task}, quantity, found


def _text(hardness: tuple[float, ...]) -> str:
    return ",".join(f"{weight:g}" for weight in hardness)
