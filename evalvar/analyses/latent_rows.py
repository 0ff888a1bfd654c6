"""The rows of an item response fit: items, respondents, the task, and its shuffled control."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evalvar.results import FIELDS
from evalvar.stats import Ability, IrtFit, ItemFit, ItemSlope, item_information
from evalvar.stats.quantiles import normal_quantile

KEYS = ("task", "metric", "model", "seed", "item")
_POINTS = (-2, -1, 0, 1, 2)
_FDR = 0.05
# Abilities have sd 1: none is truly so far out.
FAR = 8.0


@dataclass(frozen=True, slots=True)
class Fitted:
    """What was fitted to one task and metric.

    Parameters
    ----------
    task, metric : str
    runs : MultiIndex, length N
        The respondents: model, or model and seed.
    items : Index, length J
        All items.
    silent : MultiIndex
        Respondents without an answer to a fitted item.
    answers : float array, shape (N, J)
        Right, wrong or missing.
    told : bool array, shape (J,)
        Items that some got right and others wrong: those fitted.
    threshold : float
        At which scores were made right or wrong; NaN where they were.
    fit, control : IrtFit
        Of the answers, and of the answers shuffled.
    slope, control_slope : ItemSlope
        Tests of the items in either.
    ability : Ability
    item_fit : ItemFit
    """

    task: str
    metric: str
    runs: pd.MultiIndex
    items: pd.Index
    silent: pd.MultiIndex
    answers: np.ndarray
    told: np.ndarray
    threshold: float
    fit: IrtFit
    control: IrtFit
    slope: ItemSlope
    control_slope: ItemSlope
    ability: Ability
    item_fit: ItemFit


def rows_of(found: Fitted, level: float) -> pd.DataFrame:
    """Return the rows of a task and metric as a table: the task, its respondents, its items."""
    table = pd.concat(
        [_task_rows(found), _run_rows(found), *_item_rows(found, level)], ignore_index=True
    )
    table.insert(0, "task", found.task)
    table.insert(1, "metric", found.metric)
    table["seed"] = table["seed"].astype("Int64")
    table["level"] = table["level"].fillna(level)
    table["n"] = table["n"].astype("int64")
    for name, value in (
        ("items", int(found.told.sum())), ("respondents", len(found.runs)),
        ("threshold", found.threshold), ("converged", found.fit.converged),
        ("control_converged", found.control.converged),
    ):  # fmt: skip
        table[name] = value
    labels = ["score", "slope", "unbounded", "items", "respondents", "threshold", "converged"]
    return table[[*KEYS, "quantity", *FIELDS, *labels, "control_converged"]]


def _table(count: int, quantity: Any, **columns: Any) -> pd.DataFrame:
    blank: dict[str, Any] = dict.fromkeys(
        ("value", "se", "low", "high", "level", "p_value"), np.nan
    )
    blank |= {"model": None, "seed": pd.NA, "item": None, "n": 0, "unit": "model", "method": ""}
    blank |= {"score": np.nan, "slope": "", "unbounded": ""}
    frame = pd.DataFrame(index=range(count))
    for name, value in {"quantity": quantity, **blank, **columns}.items():
        frame[name] = value
    return frame


def _task_rows(found: Fitted) -> pd.DataFrame:
    values: dict[str, float] = {}
    for prefix, fit, slope in (
        ("", found.fit, found.slope), ("control_", found.control, found.control_slope)
    ):  # fmt: skip
        values |= {
            f"{prefix}mean_discrimination": float(fit.discrimination.mean()),
            f"{prefix}discrimination_sd": float(fit.discrimination.std()),
            f"{prefix}discriminating_items": float(_discoveries(slope.rising_p).sum()),
            f"{prefix}negative_items": float(_discoveries(slope.falling_p).sum()),
            f"{prefix}reliability": fit.reliability,
        }
    values["misfitting_items"] = float(_discoveries(found.item_fit.p_value).sum())
    information = item_information(
        np.array(_POINTS, dtype=np.float64), found.fit.discrimination, found.fit.intercept
    ).sum(axis=1)
    values |= {f"information@{at}": float(i) for at, i in zip(_POINTS, information, strict=True)}
    names = list(values)
    fitted = f"{found.fit.model} by marginal maximum likelihood, priors learnt from the items"
    ranks = "rank sum of abilities by the other items, Benjamini-Hochberg at 5%"
    counts = {"discriminating_items": ranks, "negative_items": ranks,
              "misfitting_items": "score test of item fit, Benjamini-Hochberg at 5%"}  # fmt: skip
    methods = [
        counts.get(name.removeprefix("control_"), fitted)
        + ", answers shuffled" * name.startswith("control_")
        for name in names
    ]
    return _table(len(names), names, value=list(values.values()), n=len(found.runs), method=methods)


def _discoveries(p: np.ndarray) -> np.ndarray:
    """Tell which are found at a false discovery rate of 5 % (Benjamini and Hochberg 1995)."""
    ranked = np.sort(p[np.isfinite(p)])
    kept = np.flatnonzero(ranked <= _FDR * np.arange(1, ranked.size + 1) / max(ranked.size, 1))
    return np.asarray(p <= (ranked[kept[-1]] if kept.size else -1.0))


def _run_rows(found: Fitted) -> pd.DataFrame:
    known = np.isfinite(found.answers[:, found.told])
    ends = found.ability.unbounded
    method = np.array([f"{found.ability.method}, items taken as known"] * len(ends), dtype=object)
    told = np.ones(len(ends), dtype=bool)
    if found.ability.method == "mle":
        told = np.abs(found.ability.value) <= FAR
        method[~told] = f"undefined: more than {FAR:g} standard deviations out, or anywhere"
        for sign, words in ((1, "all right"), (-1, "all wrong")):
            method[ends == sign] = f"undefined: {words}, so the likelihood has no top"
    order = np.argsort(-np.nan_to_num(found.ability.value), kind="stable")
    numbers = {name: np.where(told, getattr(found.ability, name), np.nan)
               for name in ("value", "se", "low", "high")}  # fmt: skip
    frame = _table(
        len(ends), "ability", model=found.runs.get_level_values("model").astype(str),
        **numbers, n=known.sum(axis=1), unit="item", method=method,
        score=np.nanmean(found.answers, axis=1),
        unbounded=np.select([ends > 0, ends < 0], ["above", "below"], ""),
    )  # fmt: skip
    if "seed" in found.runs.names:
        frame["seed"] = found.runs.get_level_values("seed").astype("int64")
    return frame.iloc[order]


def _item_rows(found: Fitted, level: float) -> list[pd.DataFrame]:
    fit, told = found.fit, found.told
    z = normal_quantile(level)
    asked = np.isfinite(found.answers).sum(axis=0)
    score = np.nansum(found.answers, axis=0) / np.maximum(asked, 1)
    reasons = np.select(
        [told, asked == 0, asked == 1, score == 1],
        ["", "undefined: nobody answered", f"undefined: one {found.runs.names[-1]} answered",
         "undefined: all right"],
        "undefined: all wrong",
    )  # fmt: skip
    fitted = f"{fit.model}, posterior under a normal prior common to all items"
    if fit.model == "1pl":
        fitted = "1pl, one discrimination for all items"
    method = np.where(told, fitted, reasons)
    a, b = fit.discrimination, fit.intercept
    with np.errstate(divide="ignore", invalid="ignore"):
        # of b / a, by the delta method
        difficulty = fit.difficulty
        spread = fit.intercept_se**2 + (difficulty * fit.discrimination_se) ** 2
        spread = np.sqrt(np.maximum(spread - 2 * difficulty * fit.covariance, 0.0)) / np.abs(a)
    flat = np.abs(a) <= z * fit.discrimination_se
    rising, falling = _discoveries(found.slope.rising_p), _discoveries(found.slope.falling_p)
    slope = _spread_over(told, np.select([rising, falling], ["rising", "falling"], ""), "")
    tested = np.minimum(1.0, 2 * np.minimum(found.slope.rising_p, found.slope.falling_p))
    common = {"item": found.items.astype(str), "n": asked, "score": score}
    frames = []
    for quantity, value, se, words in (
        ("discrimination", a, fit.discrimination_se, method),
        ("intercept", b, fit.intercept_se, method),
        (
            "difficulty", np.where(flat, np.nan, difficulty), np.where(flat, np.nan, spread),
            _spread_over(told, np.where(flat, "undefined: discrimination may be 0",
                                        f"{fit.model}, delta method"), reasons),
        ),
    ):  # fmt: skip
        whole, error = _wide(told, value), _wide(told, se)
        half = z * error
        frame = _table(told.size, quantity, value=whole, se=error, low=whole - half,
                       high=whole + half, method=words, **common)  # fmt: skip
        if quantity == "discrimination":
            frame["p_value"], frame["slope"] = _wide(told, tested), slope
        frames.append(frame)
    few = np.isnan(found.item_fit.statistic)
    words = _spread_over(
        told,
        np.where(
            few, "undefined: fewer than 5 right, or wrong", f"score test, {found.item_fit.df} df"
        ),
        reasons,
    )
    frames.append(
        _table(
            told.size, "item_fit", value=_wide(told, found.item_fit.statistic),
            p_value=_wide(told, found.item_fit.p_value), method=words, **common,
        )
    )  # fmt: skip
    return frames


def _wide(told: np.ndarray, values: np.ndarray) -> np.ndarray:
    whole = np.full(told.size, np.nan)
    whole[told] = values
    return whole


def _spread_over(told: np.ndarray, words: np.ndarray, otherwise: np.ndarray | str) -> np.ndarray:
    whole = np.full(told.size, otherwise, dtype=object)
    whole[told] = words
    return whole
