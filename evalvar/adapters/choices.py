"""Measures of a multiple-choice answer that follow from the options' log-likelihoods."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

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
    """Options of the questions of one file.

    Parameters
    ----------
    log_likelihoods : list of lists of float
        Per question and option.
    lengths : list of lists of int
        Characters of each option without the delimiter in front of it.
    gold : int array
        Index of the right option; -1 where it is not known.
    """

    log_likelihoods: Sequence[Sequence[float]]
    lengths: Sequence[Sequence[int]]
    gold: np.ndarray

    @property
    def sizes(self) -> np.ndarray:
        """Number of options of every question."""
        return np.array(list(map(len, self.log_likelihoods)), dtype=int)

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
        sizes = self.sizes
        for size in np.unique(sizes):
            rows = np.flatnonzero(sizes == size)
            logs = np.array([self.log_likelihoods[int(row)] for row in rows], dtype="float64")
            lengths = np.array([self.lengths[int(row)] for row in rows], dtype="float64")
            yield rows, logs, lengths


def softmax(logs: np.ndarray) -> np.ndarray:
    """Shares of the options, row by row."""
    weights = np.exp(logs - logs.max(axis=1, keepdims=True))
    shares: np.ndarray = weights / weights.sum(axis=1, keepdims=True)
    return shares


def gold_options(
    targets: Sequence[object], options: Sequence[Sequence[str]], *, by_text: bool
) -> np.ndarray:
    """Index of the option that a target names by its number, or by its text; -1 if it does not."""
    gold = np.full(len(targets), -1)
    for row, (target, texts) in enumerate(zip(targets, options, strict=True)):
        if by_text:
            same = [n for n, text in enumerate(texts) if text == str(target).strip()]
            gold[row] = same[0] if len(same) == 1 else -1
        elif str(target).isdecimal() and int(str(target)) < len(texts):
            gold[row] = int(str(target))
    return gold
