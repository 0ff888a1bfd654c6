"""The best of k answers to every item, and how far new answers would move each."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalvar.analyses.facts import EFFICIENCY, Facts
from evalvar.analyses.functionals import GAP
from evalvar.analyses.retimed import Retimed
from evalvar.stats import order_weights
from evalvar.stats.try_noise import best_of_k_variance


@dataclass(frozen=True, slots=True)
class ItemNoise:
    """A model on the items of a task.

    Parameters
    ----------
    items : Index, length n
        Names of the items.
    answers : int array, shape (n,)
        Answers to each.
    values, variances : float array, shape (n, K)
        Best of k answers, and its variance over new answers; NaN where too few answers tell.
    retimed : list of Retimed, length n
        Empty where the repeats are not known.
    """

    items: pd.Index
    answers: np.ndarray
    values: np.ndarray
    variances: np.ndarray
    retimed: list[Retimed]

    def at(self, items: pd.Index) -> "ItemNoise":
        """Return these items only, in their order."""
        where = self.items.get_indexer(items)
        return ItemNoise(
            items, self.answers[where], self.values[where], self.variances[where],
            [self.retimed[i] for i in where] if self.retimed else [],
        )  # fmt: skip


def item_noise(
    scored: pd.DataFrame, fact: Facts, tries: Sequence[int], retimed: dict[str, Retimed]
) -> ItemNoise:
    """Estimate every item of one model, seed and prompt.

    Parameters
    ----------
    scored : DataFrame
        Its records of one metric, all with a score; of a gap also the efficiency.
    fact : Facts
        Of the metric.
    tries : sequence of int
    retimed : dict
        By item; used where it holds all of them.
    """
    item, names = pd.factorize(scored["item"].astype(str), sort=True)
    score = scored["score"].to_numpy()
    # a gap ranks answers by their efficiency, wrong ones before slow ones
    by = (score + scored[EFFICIENCY], scored[EFFICIENCY]) if EFFICIENCY in scored else (score,)
    sign = 1.0 if EFFICIENCY in scored else fact.sign
    order = np.lexsort((*(sign * np.asarray(key) for key in by), item))
    answers = np.bincount(item)
    starts = np.cumsum(answers) - answers
    values, variances = (np.full((len(names), len(tries)), np.nan) for _ in range(2))
    for n in np.unique(answers).tolist():
        mine = np.flatnonzero(answers == n)
        ranked = score[order[starts[mine, None] + np.arange(n)]]
        for column, k in enumerate(tries):
            if k <= n:
                values[mine, column] = ranked @ order_weights(n, k=k)
                variances[mine, column] = best_of_k_variance(ranked, k=k)
    known = all(name in retimed for name in names)
    return ItemNoise(
        pd.Index(names), answers, values, variances,
        [retimed[name] for name in names] if known else [],
    )  # fmt: skip


def is_timed(metric: str) -> bool:
    """Tell whether a metric depends on times."""
    return metric in (EFFICIENCY, GAP)
