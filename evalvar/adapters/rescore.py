"""Scores of repeated answers, by lm-eval's exact match where it reproduces what was logged."""

import re
import string
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

METRIC = "exact_match"
_OPTIONS = {"ignore_case", "ignore_punctuation", "ignore_numbers", "regexes_to_ignore"}
_DECLARATIONS = {"metric", "aggregation", "higher_is_better", "hf_evaluate"}

Filter = Callable[[Sequence[str]], str]


def rule(config: Mapping[str, Any]) -> Callable[[str], str] | None:
    """How the task's exact match changes both texts before comparing; None if it is not known."""
    for entry in config.get("metric_list") or ():
        if isinstance(entry, dict) and entry.get("metric") == METRIC:
            options = {name: v for name, v in entry.items() if name not in _DECLARATIONS}
            if set(options) <= _OPTIONS:
                return _normaliser(options)
    return None


def filters(config: Mapping[str, Any]) -> dict[str, Filter] | None:
    """Return a task's filters as functions of the answers; None if one is of another kind."""
    listed = config.get("filter_list") or [
        {"name": "none", "filter": [{"function": "take_first"}]}  # the harness's default
    ]
    found: dict[str, Filter] = {}
    for entry in listed:
        steps = entry.get("filter") if isinstance(entry, dict) else None
        pick = _pick(steps) if isinstance(steps, list) else None
        if pick is None:
            return None
        found[str(entry.get("name"))] = pick
    return found


def scores(
    responses: Sequence[Sequence[str]], targets: Sequence[Any], normalise: Callable[[str], str]
) -> list[list[float]]:
    """Score every answer of every question: 1 for an exact match, else 0."""
    return [
        [float(normalise(answer) == right) for answer in answers]
        for answers, target in zip(responses, targets, strict=True)
        for right in [normalise(str(target))]
    ]


def reproduces(
    responses: Sequence[Sequence[str]],
    targets: Sequence[Any],
    names: Sequence[str | None],
    logged: np.ndarray,
    config: Mapping[str, Any],
) -> bool:
    """Whether filter and exact match give the logged score of every row."""
    normalise, known = rule(config), filters(config)
    if normalise is None or known is None:
        return False
    for answers, target, name, score in zip(responses, targets, names, logged, strict=True):
        pick = known.get(name or "none")
        if pick is None or float(normalise(pick(answers)) == normalise(str(target))) != score:
            return False
    return True


def _normaliser(options: Mapping[str, Any]) -> Callable[[str], str]:
    patterns = [re.compile(text) for text in options.get("regexes_to_ignore") or ()]
    removed = (string.punctuation if options.get("ignore_punctuation") else "") + (
        string.digits if options.get("ignore_numbers") else ""
    )
    table = str.maketrans("", "", removed)

    def normalise(text: str) -> str:
        for pattern in patterns:
            text = pattern.sub("", text)
        if options.get("ignore_case"):
            text = text.lower()
        return text.translate(table)

    return normalise


def _pick(steps: Sequence[Any]) -> Filter | None:
    chosen: list[tuple[str, int]] = []
    for step in steps:
        name = step.get("function") if isinstance(step, dict) else None
        if name not in ("take_first", "take_first_k", "majority_vote"):
            return None
        chosen.append((name, int(step.get("k", 0))))
    if not chosen or chosen[-1][0] != "take_first":
        return None

    def pick(answers: Sequence[str]) -> str:
        kept = list(answers)
        for name, k in chosen:
            if name == "take_first_k":
                kept = kept[:k]
            elif name == "majority_vote":
                kept = [Counter(kept).most_common(1)[0][0]]
        return kept[0]

    return pick
