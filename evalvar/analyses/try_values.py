"""What k answers to an item are worth, item by item: the best, the worst, shares and votes."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from evalvar.analyses.facts import Facts
from evalvar.errors import UsageError
from evalvar.stats import (
    eff_at_k,
    g_pass_at_k,
    maj_at_k,
    mg_pass_at_k,
    pass_at_k,
    pass_hat_k,
)

# What may be asked of k answers, in plain words; those behind the second ask for right and wrong.
ASKED = ("best", "all", "share", "mean-share", "majority", "bayes")
_NAMES = {"share": "g_pass@", "mean-share": "mg_pass@", "majority": "maj@"}

Counts = Callable[[np.ndarray, np.ndarray, int], np.ndarray]


def check_asked(asked: str | list[str] | tuple[str, ...]) -> tuple[str, ...]:
    """Return what is asked for as a tuple, or say what may be."""
    words = (asked,) if isinstance(asked, str) else tuple(asked)
    for word in words:
        if word not in ASKED:
            raise UsageError(f"quantity '{word}' is unknown. Use {', '.join(ASKED)}.")
    if not words:
        raise UsageError(f"no quantity is asked for. Use {', '.join(ASKED)}.")
    return tuple(dict.fromkeys(words))


def can_be_asked(word: str, fact: Facts) -> bool:
    """Whether a metric has what is asked for: most of it only answers that are right or wrong."""
    return word in ASKED[:2] or bool(fact.discrete and fact.higher_is_better)


def quantity(word: str, fact: Facts, k: int) -> str:
    """Name of what is asked of k answers."""
    if word in _NAMES:
        return f"{_NAMES[word]}{k}"
    right = fact.discrete and fact.higher_is_better
    names = ("pass@", "pass^") if right else ("eff@", "worst@")
    return f"{names[ASKED.index(word)]}{k}"


def item_values(
    part: pd.DataFrame, fact: Facts, tries: list[int], *, word: str = "best", tau: float = 0.5
) -> pd.DataFrame:
    """Return the estimate for every item (rows) and k (columns); NaN where k > n.

    Parameters
    ----------
    part : DataFrame
        Records of one model, task, metric and seed, all of them scored. Tries are of one prompt;
        the prompts of an item are averaged.
    fact : Facts
        What is known of the metric.
    tries : list of int
        Numbers of tries.
    word : {"best", "all", "share", "mean-share", "majority"}
        What is asked of them.
    tau : float
        Share that has to be right, for "share".
    """
    by_unit = part.groupby(["item", "prompt"], observed=True)["score"]
    if fact.discrete:
        n, ones = by_unit.size().to_numpy(), by_unit.sum().astype(int).to_numpy()
        values = _of_counts(n, ones, fact, tries, word, tau)
    else:
        best = fact.sign if word == "best" else -fact.sign
        values = np.array([_best_of(s.to_numpy(), best, tries) for _, s in by_unit])
    items = by_unit.size().index.get_level_values("item").astype(str)
    units = pd.DataFrame(values, index=items, columns=tries)
    if units.index.is_unique:
        return units
    undefined = units.isna().groupby(level=0).any()
    return units.groupby(level=0).mean().mask(undefined)


def _of_counts(
    n: np.ndarray, ones: np.ndarray, fact: Facts, tries: list[int], word: str, tau: float
) -> np.ndarray:
    if word in ("best", "all"):
        # the best of k is 1 unless all are 0; where lower is better, 0 unless all are 1
        good = ones if fact.higher_is_better else n - ones
        values = (pass_at_k if word == "best" else pass_hat_k)(n, good, k=tries, undefined="nan")
        return values if fact.higher_is_better else 1 - values
    of: dict[str, Counts] = {
        "share": lambda n, c, k: g_pass_at_k(n, c, k=k, tau=tau, undefined="nan"),
        "mean-share": lambda n, c, k: mg_pass_at_k(n, c, k=k, undefined="nan"),
        "majority": lambda n, c, k: maj_at_k(n, c, k=k, ties="half", undefined="nan"),
    }
    return np.stack([of[word](n, ones, k) for k in tries], axis=-1)


def _best_of(scores: np.ndarray, sign: float, tries: list[int]) -> np.ndarray:
    values = np.full(len(tries), np.nan)
    possible = [i for i, k in enumerate(tries) if k <= scores.size]
    if possible:
        best = eff_at_k(sign * scores, k=[tries[i] for i in possible])
        values[possible] = sign * np.asarray(best)
    return values
