"""Measures of a multiple-choice answer that follow from the options' log-likelihoods."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

# Metric -> (lowest, highest possible value, higher is better).
DERIVED: dict[str, tuple[float, float, bool]] = {
    "p_correct": (0.0, 1.0, True),
    "p_correct_per_char": (0.0, 1.0, True),
    "nll_correct": (0.0, np.nan, False),
    "nll_correct_per_char": (0.0, np.nan, False),
    "confidence": (0.0, 1.0, True),
    "margin": (np.nan, np.nan, True),
}


@dataclass(frozen=True)
class Choices:
    """Options of the questions of one file, one question after the other.

    Parameters
    ----------
    log_likelihoods : float array
        Of every option.
    lengths : int array
        Characters of every option without the delimiter in front of it.
    sizes : int array
        Number of options of every question.
    gold : int array
        Index of the right option of every question; -1 where it is not known.
    """

    log_likelihoods: np.ndarray
    lengths: np.ndarray
    sizes: np.ndarray
    gold: np.ndarray

    def chosen(self, *, per_char: bool = False) -> np.ndarray:
        """Index of the option with the largest log-likelihood, the first of equals."""
        best = np.full(len(self.gold), -1)
        for rows, logs, lengths in self._blocks():
            best[rows] = np.argmax(logs / lengths if per_char else logs, axis=1)
        return best

    def derived(self) -> dict[str, np.ndarray]:
        """Every measure of `DERIVED`, one value per question.

        Notes
        -----
        With log-likelihoods l_i, lengths c_i and the gold option g: p_correct is
        exp(l_g) / sum_i exp(l_i), confidence the largest such share, nll_correct -l_g and margin
        l_g - max_{i != g} l_i. Per character, l_i / c_i takes the place of l_i.
        """
        out = {name: np.full(len(self.gold), np.nan) for name in DERIVED}
        for rows, logs, lengths in self._blocks():
            line, gold = np.arange(len(rows)), self.gold[rows]
            others = logs.copy()
            others[line, gold] = -np.inf
            shares = softmax(logs)
            out["p_correct"][rows] = shares[line, gold]
            out["p_correct_per_char"][rows] = softmax(logs / lengths)[line, gold]
            out["nll_correct"][rows] = -logs[line, gold]
            out["nll_correct_per_char"][rows] = -(logs / lengths)[line, gold]
            out["confidence"][rows] = shares.max(axis=1)
            out["margin"][rows] = logs[line, gold] - others.max(axis=1)
        return out

    def brier(self) -> np.ndarray:
        """Multi-class Brier score: squared distance of the shares from the gold option."""
        score = np.full(len(self.gold), np.nan)
        for rows, logs, _ in self._blocks():
            distance = softmax(logs)
            distance[np.arange(len(rows)), self.gold[rows]] -= 1.0
            score[rows] = (distance**2).sum(axis=1)
        return score

    def _blocks(self) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        starts = np.cumsum(self.sizes) - self.sizes
        for size in np.unique(self.sizes):
            rows = np.flatnonzero(self.sizes == size)
            cells = starts[rows][:, None] + np.arange(size)
            yield rows, self.log_likelihoods[cells], self.lengths[cells].astype("float64")


def softmax(logs: np.ndarray) -> np.ndarray:
    """Shares of the options, row by row."""
    weights = np.exp(logs - logs.max(axis=1, keepdims=True))
    shares: np.ndarray = weights / weights.sum(axis=1, keepdims=True)
    return shares


def gold_by_number(targets: Sequence[object], sizes: np.ndarray) -> np.ndarray:
    """Index of the option whose number every target is; -1 if it is none."""
    codes, names = pd.factorize(np.array([str(target) for target in targets], dtype=object))
    numbers = np.array([int(n) if n.isdecimal() and len(n) < 9 else -1 for n in names], dtype=int)
    gold = numbers[codes]
    return np.where(gold < sizes, gold, -1)


def gold_by_text(targets: Sequence[object], texts: Sequence[str], sizes: np.ndarray) -> np.ndarray:
    """Index of the option whose text every target is; -1 if it is none, or that of several."""
    gold = np.full(len(targets), -1)
    end = 0
    for row, (target, size) in enumerate(zip(targets, sizes, strict=True)):
        start, end = end, end + int(size)
        if texts[start:end].count(str(target).strip()) == 1:
            gold[row] = texts[start:end].index(str(target).strip())
    return gold
