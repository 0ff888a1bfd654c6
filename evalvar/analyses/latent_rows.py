"""The rows of an item response fit: items, respondents, the task, and its shuffled control."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evalvar.results import FIELDS
from evalvar.stats import Ability, IrtFit, ItemFit, item_information
from evalvar.stats.quantiles import normal_quantile

KEYS = ("task", "metric", "model", "seed", "item")
_POINTS = (-2, -1, 0, 1, 2)
_FDR = 0.05


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
    ability: Ability
    item_fit: ItemFit


def rows_of(found: Fitted, level: float) -> pd.DataFrame:
    """Return the rows of a task and metric as a table: the task, its respondents, its items."""
    table = pd.concat(
        [_task_rows(found, level), _run_rows(found), *_item_rows(found, level)], ignore_index=True
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
    labels = ["score", "unbounded", "items", "respondents", "threshold", "converged"]
    return table[[*KEYS, "quantity", *FIELDS, *labels, "control_converged"]]


def _table(count: int, quantity: Any, **columns: Any) -> pd.DataFrame:
    blank: dict[str, Any] = dict.fromkeys(
        ("value", "se", "low", "high", "level", "p_value"), np.nan
    )
    blank |= {"model": None, "seed": pd.NA, "item": None, "n": 0, "unit": "model", "method": ""}
    blank |= {"score": np.nan, "unbounded": ""}
    frame = pd.DataFrame(index=range(count))
    for name, value in {"quantity": quantity, **blank, **columns}.items():
        frame[name] = value
    return frame


def _clear(fit: IrtFit, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Tell which items discriminate for sure, and which the wrong way round."""
    half = normal_quantile(level) * fit.discrimination_se
    return fit.discrimination - half > 0, fit.discrimination + half < 0


def _task_rows(found: Fitted, level: float) -> pd.DataFrame:
    values: dict[str, float] = {}
    for prefix, fit in (("", found.fit), ("control_", found.control)):
        above, below = _clear(fit, level)
        values |= {
            f"{prefix}mean_discrimination": float(fit.discrimination.mean()),
            f"{prefix}discrimination_sd": float(fit.discrimination.std()),
            f"{prefix}discriminating_items": float(above.sum()),
            f"{prefix}negative_items": float(below.sum()),
            f"{prefix}reliability": fit.reliability,
        }
    values["misfitting_items"] = float(_discoveries(found.item_fit.p_value))
    information = item_information(
        np.array(_POINTS, dtype=np.float64), found.fit.discrimination, found.fit.intercept
    ).sum(axis=1)
    values |= {f"information@{at}": float(i) for at, i in zip(_POINTS, information, strict=True)}
    names = list(values)
    fitted = f"{found.fit.model} by marginal maximum likelihood, priors learnt from the items"
    methods = [
        f"{fitted}, answers shuffled" if name.startswith("control_")
        else "score test of item fit, Benjamini-Hochberg" if name == "misfitting_items"
        else fitted
        for name in names
    ]  # fmt: skip
    return _table(len(names), names, value=list(values.values()), n=len(found.runs), method=methods)


def _discoveries(p: np.ndarray) -> int:
    ranked = np.sort(p[np.isfinite(p)])
    kept = np.flatnonzero(ranked <= _FDR * np.arange(1, ranked.size + 1) / max(ranked.size, 1))
    return int(kept[-1]) + 1 if kept.size else 0


def _run_rows(found: Fitted) -> pd.DataFrame:
    known = np.isfinite(found.answers[:, found.told])
    ends = found.ability.unbounded
    method = np.array([f"{found.ability.method}, items taken as known"] * len(ends), dtype=object)
    value = found.ability.value.copy()
    if found.ability.method == "mle":
        for sign, words in ((1, "all right"), (-1, "all wrong")):
            method[ends == sign] = f"undefined: {words}, so the likelihood has no top"
        value[ends != 0] = np.nan
    order = np.argsort(-np.where(np.isnan(value), 99.0 * ends, value), kind="stable")
    frame = _table(
        len(value), "ability", model=found.runs.get_level_values("model").astype(str),
        value=value, se=found.ability.se, low=found.ability.low, high=found.ability.high,
        n=known.sum(axis=1), unit="item", method=method,
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
        ["", "undefined: nobody answered", "undefined: one model answered", "undefined: all right"],
        "undefined: all wrong",
    )  # fmt: skip
    fitted = f"{fit.model}, observed information and prior"
    method = np.where(told, fitted, reasons)
    a, b = fit.discrimination, fit.intercept
    with np.errstate(divide="ignore", invalid="ignore"):
        # of b / a, by the delta method
        difficulty = fit.difficulty
        spread = fit.intercept_se**2 + (difficulty * fit.discrimination_se) ** 2
        spread = np.sqrt(np.maximum(spread - 2 * difficulty * fit.covariance, 0.0)) / np.abs(a)
    above, below = _clear(fit, level)
    flat = ~(above | below)
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
        frames.append(
            _table(told.size, quantity, value=whole, se=error, low=whole - half, high=whole + half,
                   method=words, **common)
        )  # fmt: skip
    few = np.isnan(found.item_fit.statistic)
    words = _spread_over(
        told, np.where(few, "undefined: fewer than 5 right, or wrong", "score test, 2 df"), reasons
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


def _spread_over(told: np.ndarray, words: np.ndarray, otherwise: np.ndarray) -> np.ndarray:
    whole = np.array(otherwise, dtype=object)
    whole[told] = words
    return whole
