"""What a question about shorter benchmarks asks for, and what of it cannot be told."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from evalvar.analyses.shorter_bank import ENOUGH_RUNS, Bank
from evalvar.analyses.shorter_trials import DEFAULT, ESTIMATORS, METHODS, Trial
from evalvar.errors import UsageError, counted
from evalvar.numbers import listing
from evalvar.stats.arguments import ROUNDING

SIZES = (25, 100)
RANDOM = ("random", "mean")
# Means of random items are the same whatever weighs them.
MEANS = ("mean", "weighted")


def asked(
    selections: Any, estimators: Any, sizes: Any, repeats: int, draws: int
) -> list[tuple[str, str]]:
    """Give the methods and their estimators, the random mean first, and random items for each."""
    chosen, how = _words(selections) or list(DEFAULT), _words(estimators)
    for words, legal, name in ((chosen, METHODS, "selection"), (how, ESTIMATORS, "estimator")):
        for word in words:
            if word not in legal:
                raise UsageError(f"there is no {name} '{word}'. Use some of {', '.join(legal)}.")
    bad = [size for size in listed(sizes) if size < 1]
    if bad:
        raise UsageError(f"a subset needs at least 1 item, but {bad[0]} are asked for.")
    for name, number in (("repeats", repeats), ("draws", draws)):
        if number < 1:
            raise UsageError(f"{name} must be at least 1, but is {number}.")
    plan = [(method, e) for method in chosen for e in (how or METHODS[method])]
    controls = [("random", e) for e in ESTIMATORS if e not in MEANS and e in {e for _, e in plan}]
    return list(dict.fromkeys([RANDOM, *controls, *plan]))


def control(estimator: str) -> tuple[str, str]:
    """Give the way beside which a choice of items is put: random items, estimated alike."""
    return RANDOM if estimator in MEANS else ("random", estimator)


def _words(given: Any) -> list[str]:
    return [] if given is None else [given] if isinstance(given, str) else list(given)


def listed(sizes: int | Iterable[int] | None) -> list[int]:
    """Give the sizes asked for as a list."""
    return [] if sizes is None else [sizes] if isinstance(sizes, int) else list(sizes)


def sizes_of(n: int, wanted: int | Iterable[int] | None) -> list[int]:
    """Give the sizes that a benchmark of n items can have."""
    if wanted is not None:
        return sorted({size for size in listed(wanted) if size <= n})
    usual = [size for size in SIZES if size <= n / 2]
    return usual or sorted({size for size in (n // 4, n // 2) if size > 0})


def remarks(bank: Bank, wanted: Any, possible: list[int]) -> list[str]:
    """Say what of a benchmark cannot be told, or holds for less than it seems."""
    n = bank.shares.size
    said = [
        f"{size:,} items are more than there are ({n:,})."
        for size in listed(wanted)
        if size not in possible
    ]
    if not n:
        said.append("no item is left that all runs answered.")
    elif len(bank.scores) < ENOUGH_RUNS or not bank.axis:
        said.append(
            f"{counted(len(bank.scores), 'run')}: too few to choose items by some and judge by "
            "others; only random items are looked at."
        )
    elif bank.axis == "checkpoint":
        said.append(
            "one training run: items are chosen by some of its checkpoints and judged by the "
            "others, which share what is peculiar to this run; what is found holds for this run "
            "only, and no choice is called better."
        )
    elif bank.few_runs:
        said.append(
            f"{counted(bank.training_runs, 'training run')}: what is found holds for their "
            "checkpoints only, and no choice is called better."
        )
    elif bank.axis == "model" and not bank.many_models:
        models = np.unique(bank.model).size
        said.append(f"{models} models: each is judged by items that the others choose, over runs.")
    elif bank.axis == "seed":
        said.append("one model: items are chosen by some seeds and judged by the others.")
    if n and np.ptp(bank.full) <= ROUNDING * np.abs(bank.full).max():
        said.append("all runs have the same score; there is no order to agree with.")
    return said


def undefined(why: dict[Trial, str]) -> list[str]:
    """Say once for each reason what it keeps from an answer."""
    reasons: dict[str, list[str]] = {}
    for (method, estimator, _), reason in why.items():
        reasons.setdefault(reason, []).append(f"{method} with {estimator}")
    return [
        f"nothing of {listing(list(dict.fromkeys(ways)))}: {reason}"
        for reason, ways in reasons.items()
    ]
