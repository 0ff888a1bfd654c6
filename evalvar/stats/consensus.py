"""Answers that can be told apart, k at a time: what their vote is worth."""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from fractions import Fraction
from math import comb

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats.tries import as_tries


def consensus_at_k(answers: Sequence[Hashable], gold: Hashable, *, k: int) -> float:
    """Probability that the most frequent of k answers to a problem is the right one: cons@k.

    Parameters
    ----------
    answers : sequence of hashable
        The answers to one problem, equal where they count as the same.
    gold : hashable
        The right one.
    k : int
        How many answers are drawn.

    Returns
    -------
    float
        The mean over all k-subsets of the right answer's share among the most frequent ones: of
        three tied answers it wins a third of the time.

    Raises
    ------
    NotEnoughDataError
        A k above the number of answers.
    UsageError
        A k that is not a whole number of at least 1.

    Notes
    -----
    Exact and not drawn: subsets are counted in whole numbers by how often the right answer occurs
    (m), and by how many others occur as often, the rest less: the coefficient of x^(k-m) y^ties in
    the product over wrong answers of sum_{j<m} C(n_a, j) x^j + y C(n_a, m) x^m.
    Equals `maj_at_k` with ties a half where all wrong answers are the same (tested).

    Examples
    --------
    >>> consensus_at_k(["a", "a", "b", "c", "b", "a"], "a", k=3)
    0.6
    """
    if isinstance(k, bool) or not isinstance(k, int):
        raise UsageError(f"k must be a whole number of at least 1, but is {k}.")
    as_tries(k)
    if k > len(answers):
        raise NotEnoughDataError(
            f"cons@{k} needs at least {k} samples per item, but 1 of 1 items have fewer "
            f"(smallest: {len(answers)})."
        )
    counts = Counter(answers)
    right = counts.pop(gold, 0)
    won = Fraction(0)
    for m in range(1, min(right, k) + 1):
        ways = _ways(counts.values(), most=m, size=k - m)
        won += comb(right, m) * sum(
            (Fraction(number, 1 + ties) for ties, number in ways.items()), Fraction(0)
        )
    return float(won / comb(len(answers), k))


def _ways(counts: Iterable[int], *, most: int, size: int) -> dict[int, int]:
    """Count the subsets of wrong answers of a size in which none is more frequent than `most`.

    Returns
    -------
    dict
        How many answers occur `most` times -> number of subsets.
    """
    ways = {(0, 0): 1}  # (drawn, ties) -> number of subsets
    for count in counts:
        longer: dict[tuple[int, int], int] = {}
        for (drawn, ties), number in ways.items():
            for j in range(min(count, most, size - drawn) + 1):
                key = (drawn + j, ties + (j == most))
                longer[key] = longer.get(key, 0) + number * comb(count, j)
        ways = longer
    return {ties: number for (drawn, ties), number in ways.items() if drawn == size}
