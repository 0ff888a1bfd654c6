"""Which rows a rule speaks of, and what it needs to know of each."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import nan
from typing import Any

import numpy as np
import pandas as pd

from evalvar.errors import UsageError
from evalvar.gating.rules import NOISE, Rule
from evalvar.results import FIELDS, Result
from evalvar.stats.estimate import Estimate

SIMULTANEOUS = "_simultaneous"
# Differences: their margins count in the improving direction.
DIFFERENCES = (
    *("difference", f"difference{SIMULTANEOUS}"),
    *("macro_difference", f"macro_difference{SIMULTANEOUS}", "change"),
)
Place = tuple[str, str, tuple[tuple[str, Any], ...]]


@dataclass(frozen=True, slots=True)
class AtOnce:
    """The interval of a row that holds for many rows at once.

    Parameters
    ----------
    estimate : Estimate
        The row at the wider level.
    family : str
        The rows that share one level, as max-T gives it; empty where the row has its own.
    """

    estimate: Estimate
    family: str = ""


@dataclass(frozen=True, slots=True)
class Matched:
    """A row under a rule; a difference in the improving direction.

    `unranked` names the models that a rank leaves out.
    """

    rule: Rule
    key: dict[str, Any]
    estimate: Estimate
    margin: float
    turned: bool
    at_once: AtOnce | None
    unranked: str = ""


def matched(rule: Rule, results: list[Result], wide: dict[Place, AtOnce]) -> list[Matched]:
    """Return the rows of the results that the rule speaks of.

    Raises
    ------
    UsageError
        There is none, or one that the rule cannot judge.
    """
    found = []
    for result in results:
        for row in _rows(result, rule.quantity):
            if any(str(row[k]) != value for k, value in rule.where if k in result.keys) or any(
                k not in result.keys for k, _ in rule.where
            ):
                continue
            _check_unit(rule, row)
            turned = rule.quantity in DIFFERENCES and not _higher_is_better(rule, row)
            estimate, at_once = _estimate(row), wide.get(_place(result, row))
            if turned:
                estimate = _turned(estimate)
                if at_once is not None:
                    at_once = replace(at_once, estimate=_turned(at_once.estimate))
            margin = rule.margin * (_noise(rule, row, results) if rule.noise else 1.0)
            key = {k: None if pd.isna(row[k]) else row[k] for k in result.keys}
            left_out = row.get("unranked_names") if rule.quantity == "rank" else None
            named = "" if left_out is None or pd.isna(left_out) else str(left_out)
            found.append(Matched(rule, key, estimate, margin, turned, at_once, named))
    if not found:
        raise _no_row(rule, results)
    return found


def _check_unit(rule: Rule, row: dict[str, Any]) -> None:
    """Refuse a number that no score of 0 to 1 can reach: percent were meant."""
    between = {**dict.fromkeys(DIFFERENCES, "in_points"), "mean": "discrete"}
    label = row.get(between.get(rule.quantity, ""))
    if rule.noise or label is None or pd.isna(label) or not label or abs(rule.margin) <= 1:
        return
    raise UsageError(
        f"rule '{rule.text}': scores of {_named(row)} lie between 0 and 1, so this holds always or "
        f"never. Did you mean {rule.margin / 100:g}?"
    )


def at_once(results: list[Result], familywise: list[Result]) -> dict[Place, AtOnce]:
    """Return the intervals that hold for many rows: simultaneous ones, and those handed over."""
    wide = {}
    for number, result in enumerate(results):
        for row in _rows(result):
            base = str(row["quantity"]).removesuffix(SIMULTANEOUS)
            if base != row["quantity"] and np.isfinite([row["low"], row["high"]]).all():
                place = _place(result, {**row, "quantity": base})
                family = f"{number} {base}"
                if result.settings.get("family") != "all":
                    family += f" {row.get('task')} {row.get('metric')}"
                wide[place] = AtOnce(_estimate(row), family)
    for result in familywise:
        for row in _rows(result):
            wide[_place(result, row)] = AtOnce(_estimate(row))
    return wide


def _rows(result: Result, quantity: str | None = None) -> Iterator[dict[str, Any]]:
    table = result.table if quantity is None else result.quantity(quantity)
    return ({str(k): v for k, v in row.items()} for row in table.to_dict("records"))


def _place(result: Result, row: dict[str, Any]) -> Place:
    key = tuple((k, None if pd.isna(row[k]) else str(row[k])) for k in result.keys)
    return result.name, str(row["quantity"]), key


def _estimate(row: dict[str, Any]) -> Estimate:
    return Estimate(**{name: row[name] for name in FIELDS})


def _turned(e: Estimate) -> Estimate:
    return replace(e, value=-e.value, low=-e.high, high=-e.low)


def _higher_is_better(rule: Rule, row: dict[str, Any]) -> bool:
    declared = row.get("higher_is_better")
    if declared is None or pd.isna(declared):
        raise UsageError(
            f"rule '{rule.text}': a difference counts in the improving direction, and the result "
            f"does not say which that is for {_named(row)}. Give its table a column "
            "higher_is_better, as evalvar.compare does."
        )
    return bool(declared)


def _noise(rule: Rule, row: dict[str, Any], results: list[Result]) -> float:
    """Return what was learned for the row's task and metric (and prompt, where both have one)."""
    shared = ("task", "metric", "prompt")
    learned = [
        other for result in results for other in _rows(result, NOISE)
        if all(_alike(row.get(k), other.get(k)) for k in shared)
    ]  # fmt: skip
    if not learned:
        raise UsageError(
            f"rule '{rule.text}': no noise was learned for {_named(row)}. Give earlier runs of "
            "the same tasks and metrics as history, or write a number."
        )
    values = {float(other["value"]) for other in learned}
    return values.pop() if len(values) == 1 else nan


def _alike(one: Any, other: Any) -> bool:
    return pd.isna(one) or pd.isna(other) or str(one) == str(other)


def _named(row: dict[str, Any]) -> str:
    parts = [f"{k} {row[k]}" for k in ("task", "metric") if k in row and not pd.isna(row[k])]
    return ", ".join(parts) or str(row["quantity"])


def _no_row(rule: Rule, results: list[Result]) -> UsageError:
    quantities = list(
        dict.fromkeys(str(name) for result in results for name in result.table["quantity"])
    )
    if rule.quantity not in quantities:
        shown = ", ".join(quantities) or "nothing"
        return UsageError(
            f"rule '{rule.text}' matches no row: there is no quantity '{rule.quantity}'. "
            f"There is: {shown}."
        )
    holding = [r for r in results if (r.table["quantity"] == rule.quantity).any()]
    for key, value in rule.where:
        having = [r.quantity(rule.quantity)[key] for r in holding if key in r.keys]
        if not having:
            keys = ", ".join(dict.fromkeys(k for r in holding for k in r.keys))
            return UsageError(
                f"rule '{rule.text}' matches no row: {rule.quantity} has no key '{key}'. "
                f"There is: {keys}."
            )
        present = list(dict.fromkeys(str(v) for column in having for v in column.dropna()))
        if value not in present:
            shown = ", ".join(present[:12]) + (", ..." if len(present) > 12 else "")
            return UsageError(
                f"rule '{rule.text}' matches no row: no {key} '{value}'. There is: {shown}."
            )
    return UsageError(
        f"rule '{rule.text}' matches no row: no {rule.quantity} has all of these keys together. "
        "Write a rule for each."
    )
