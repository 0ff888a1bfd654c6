"""Coverage, size and power of `sparse_t` on right and wrong answers, as sums over all outcomes."""

import numpy as np
import pytest
from scipy import special, stats

from evalvar.stats import sparse_t_counts


class Outcomes:
    """All counts of items that only the one, only the other model has right."""

    def __init__(self, n):
        wins, losses = np.meshgrid(np.arange(n + 1), np.arange(n + 1), indexing="ij")
        inside = wins + losses <= n
        self.n, self.wins, self.losses = n, wins[inside], losses[inside]

    def chances(self, win, loss):
        counts = (self.wins, self.losses, self.n - self.wins - self.losses)
        logs = special.gammaln(self.n + 1) - sum(special.gammaln(c + 1) for c in counts)
        for count, chance in zip(counts, (win, loss, max(1 - win - loss, 0)), strict=True):
            logs = logs + special.xlogy(count, chance)
        return np.exp(logs)

    def sparse_t(self):
        found = sparse_t_counts(self.n, self.wins, self.losses)
        return found.low, found.high

    def bonett_price(self):
        p, q = (self.wins + 1) / (self.n + 2), (self.losses + 1) / (self.n + 2)
        half = stats.norm.ppf(0.975) * np.sqrt((p + q - (p - q) ** 2) / (self.n + 2))
        return np.maximum(p - q - half, -1), np.minimum(p - q + half, 1)


def answers(right_a, right_b, likeness):
    """Give the chances of a win and a loss of models whose abilities are normal and correlated."""
    cut = stats.norm.ppf([right_a, right_b])
    both = stats.multivariate_normal.cdf(cut, cov=[[1, likeness], [likeness, 1]])
    return right_a - both, right_b - both


def coverages(sizes, cells, method):
    found = []
    for n in sizes:
        outcomes = Outcomes(n)
        low, high = getattr(outcomes, method)()
        for cell in cells:
            win, loss = answers(*cell)
            hit = (low <= win - loss + 1e-12) & (win - loss - 1e-12 <= high)
            found.append(100 * outcomes.chances(win, loss)[hit].sum())
    return np.array(found)


CLOSE = [(p, q, r) for p, q in [(0.5, 0.55), (0.8, 0.7), (0.9, 0.9), (0.95, 0.97), (0.05, 0.03)]
         for r in (0, 0.5, 0.9)]  # fmt: skip
FAR = [(p, q, r) for p in (0.85, 0.92, 0.99) for q in (0.05, 0.15, 0.25) for r in (-0.5, 0, 0.7)]


@pytest.mark.parametrize(
    ("sizes", "cells", "least", "shortfall"),
    [
        ((20, 40), CLOSE, 95.0, 0.0),
        ((100, 200), CLOSE, 95.0, 0.0),
        ((20, 40), FAR, 96.0, 0.0),
        ((80, 200), FAR, 94.7, 0.006),
    ],
)
def test_pairs_near_and_far_are_covered_as_well_as_by_bonett_and_price(
    sizes, cells, least, shortfall
):
    ours, theirs = (coverages(sizes, cells, name) for name in ("sparse_t", "bonett_price"))
    short, their_short = (np.maximum(0, 95 - each).mean() for each in (ours, theirs))
    assert ours.min() > least
    assert short <= min(shortfall, their_short + 1e-9)
    assert min(ours.min(), 95) >= min(theirs.min(), 95)


@pytest.mark.parametrize("n", [30, 100])
def test_size_and_power_are_those_of_mcnemars_test_without_two_added_items(n):
    outcomes = Outcomes(n)
    low, high = outcomes.sparse_t()
    rejected = (low > 0) | (high < 0)
    with np.errstate(invalid="ignore"):
        chi = (outcomes.wins - outcomes.losses) ** 2 / (outcomes.wins + outcomes.losses)
    plain = chi > stats.norm.ppf(0.975) ** 2
    for share in (0.01, 0.03, 0.1, 0.3, 0.6):
        assert outcomes.chances(share / 2, share / 2)[rejected].sum() <= 0.051
    if n == 100:
        chance = outcomes.chances(0.08, 0.02)
        assert chance[rejected].sum() >= 0.975 * chance[plain].sum()
