"""Runs on the same questions: scores of item and prompt, by run.

A unit is an item under one prompt. Runs are compared on the units that all of them have a score
for; after that the prompts of an item are averaged, so that no run is favoured by a prompt that
only it answered.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd


@dataclass(frozen=True, slots=True)
class Units:
    """The items and prompts of one task and metric.

    Parameters
    ----------
    items : Index, length n
        Names of the items, sorted.
    item : int array, shape (U,)
        Which item each unit asks.
    prompt : int array, shape (U,)
        Under which prompt.
    prompts : tuple of str
        Names of the prompts, sorted.
    """

    items: pd.Index
    item: np.ndarray
    prompt: np.ndarray
    prompts: tuple[str, ...] = ()
    _parts: dict[bytes, pd.Index] = field(default_factory=dict)

    def named(self, kept: np.ndarray) -> pd.Index:
        """Return the names of some items: the same object for the same ones."""
        if kept.size == len(self.items):
            return self.items
        key = kept.tobytes()
        if key not in self._parts:
            self._parts[key] = self.items[kept]
        return self._parts[key]


@dataclass(frozen=True, slots=True)
class Shared:
    """What all runs answered.

    Parameters
    ----------
    items : Index, length n
        Names of the items.
    scores : float array, shape (n, R)
        Mean over the shared prompts of each item, by run.
    left_out : int
        Items that some run has a score for, and not all.
    thinned : int
        Items kept without some of their prompts.
    own_prompts : bool
        No prompt was shared: each run is the mean over its own.
    """

    items: pd.Index
    scores: np.ndarray
    left_out: int
    thinned: int
    own_prompts: bool


def units_of(scores: pd.DataFrame) -> tuple[np.ndarray, Units]:
    """Give every row of a table with item and prompt the number of its unit.

    Returns
    -------
    codes : int array, shape (rows,)
        The unit of each row.
    units : Units
    """
    item, names = _sorted_labels(scores["item"])
    prompt, prompts = _sorted_labels(scores["prompt"])
    numbers, codes = np.unique(item * len(prompts) + prompt, return_inverse=True)
    count = max(len(prompts), 1)
    return codes, Units(names, numbers // count, numbers % count, tuple(prompts))


def _sorted_labels(column: pd.Series) -> tuple[np.ndarray, pd.Index]:
    """Give the number of every row's label among those that occur, sorted as text."""
    labels = column.array
    if not isinstance(labels, pd.Categorical):
        codes, names = pd.factorize(column.astype(str), sort=True)
        return codes, pd.Index(names)
    # by category: rows are many, and their labels few
    used = np.flatnonzero(np.bincount(labels.codes, minlength=len(labels.categories)))
    names = labels.categories[used].astype(str)
    order = names.argsort()
    place = np.empty(len(labels.categories), dtype=np.int64)
    place[used[order]] = np.arange(used.size)
    return place[labels.codes], names[order]


def by_run(
    codes: np.ndarray, run: np.ndarray, scores: np.ndarray, shape: tuple[int, int]
) -> np.ndarray:
    """Return the mean score of every unit (rows) and run (columns); NaN where there is none."""
    at = codes * shape[1] + run
    size = shape[0] * shape[1]
    total = np.bincount(at, weights=scores, minlength=size)
    count = np.bincount(at, minlength=size)
    with np.errstate(invalid="ignore"):
        return np.asarray((total / count).reshape(shape))


def shared(scores: np.ndarray, units: Units) -> Shared:
    """Keep the units that every run has, and average the prompts of each item.

    Parameters
    ----------
    scores : float array, shape (U, R)
        NaN where a run has no score.
    units : Units
        What the rows are.
    """
    known, names = np.isfinite(scores), units
    whole = known.all(axis=1)
    if len(units.item) == len(units.items):  # one prompt: a unit is an item
        kept, asked_of_any = np.flatnonzero(whole), int(known.any(axis=1).sum())
        return Shared(names.named(kept), scores[kept], asked_of_any - kept.size, 0, False)
    asked = np.unique(units.item[known.any(axis=1)])
    own_prompts = not whole.any() and np.unique(units.prompt).size > 1
    if own_prompts:
        scores, units = _over_prompts(scores, units)
        known = np.isfinite(scores)
        whole = known.all(axis=1)
    kept = np.unique(units.item[whole])
    means, _ = _over_prompts(
        scores[whole], Units(units.items, units.item[whole], units.prompt[whole])
    )
    partly = np.intersect1d(kept, units.item[known.any(axis=1) & ~whole])
    return Shared(names.named(kept), means, asked.size - kept.size, partly.size, own_prompts)


def by_prompt(scores: np.ndarray, units: Units) -> tuple[pd.Index, np.ndarray]:
    """Keep the items that every run answered under every prompt, and the prompts apart.

    A prompt counts where all runs have some item under it.

    Returns
    -------
    items : Index, length n
    scores : float array, shape (n, R, P)
    """
    whole = np.isfinite(scores).all(axis=1)
    _, prompt = np.unique(units.prompt[whole], return_inverse=True)
    items, item = np.unique(units.item[whole], return_inverse=True)
    table = np.full((items.size, scores.shape[1], prompt.max(initial=-1) + 1), np.nan)
    table[item, :, prompt] = scores[whole]
    kept = np.isfinite(table).all(axis=(1, 2))
    return units.items[items[kept]], table[kept]


def _over_prompts(scores: np.ndarray, units: Units) -> tuple[np.ndarray, Units]:
    items, at = np.unique(units.item, return_inverse=True)
    known = np.isfinite(scores)
    total, count = np.zeros((2, items.size, scores.shape[1]))
    np.add.at(total, at, np.where(known, scores, 0.0))
    np.add.at(count, at, known)
    with np.errstate(invalid="ignore"):
        return total / count, Units(units.items, items, np.zeros_like(items))
