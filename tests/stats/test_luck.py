"""The best of k runs: golden numbers, enumeration, simulation."""

import re
from itertools import combinations, product

import numpy as np
import pytest

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import expected_best, normal_best

ACC = [0.31, 0.32, 0.30, 0.33, 0.31, 0.32, 0.22, 0.31, 0.32, 0.30]


def test_the_golden_numbers():
    assert expected_best(ACC, 3) == pytest.approx(0.32125, abs=1e-12)
    assert expected_best(ACC, 3, replacement=True) == pytest.approx(0.3202, abs=1e-12)


@pytest.mark.parametrize(
    ("k", "e"),
    [(2, 0.5641896), (5, 1.1629645), (10, 1.5387527), (100, 2.5075936), (10_000, 3.8516158)],
)
def test_the_golden_e_k(k, e):
    assert normal_best(k) == pytest.approx(e, abs=5e-8)


def test_closed_forms_of_small_k():
    assert normal_best(1) == pytest.approx(0, abs=1e-12)
    assert normal_best(2) == pytest.approx(1 / np.sqrt(np.pi), abs=1e-12)
    assert normal_best(3) == pytest.approx(1.5 / np.sqrt(np.pi), abs=1e-12)


@pytest.mark.parametrize("k", [1, 2, 4, 7])
def test_it_is_the_mean_over_all_draws(k):
    x = np.random.default_rng(0).normal(size=7)
    without = np.mean([max(c) for c in combinations(x, k)])
    assert expected_best(x, k) == pytest.approx(without, rel=1e-12)
    if k < 5:
        with_it = np.mean([max(c) for c in product(x, repeat=k)])
        assert expected_best(x, k, replacement=True) == pytest.approx(with_it, rel=1e-12)


def test_ends_and_extremes():
    assert expected_best(ACC, 10) == pytest.approx(max(ACC))
    assert expected_best(ACC, 1) == pytest.approx(np.mean(ACC))
    assert expected_best([2.0], 1) == 2.0
    x = np.arange(10_000.0)
    # the best of k of 0..S-1 is k (S + 1)/(k + 1) - 1 on average
    assert expected_best(x, 5000) == pytest.approx(5000 * 10_001 / 5001 - 1, rel=1e-9)


def test_it_is_unbiased_for_normal_runs_and_the_normal_formula_agrees():
    x = np.random.default_rng(1).normal(3, 2, size=(20_000, 6))
    best = np.array([expected_best(row, 4) for row in x[:4000]])
    wanted = 3 + 2 * normal_best(4)
    assert abs(best.mean() - wanted) < 4 * best.std() / np.sqrt(best.size)
    assert x[:, :4].max(axis=1).mean() == pytest.approx(wanted, abs=0.05)


def test_what_cannot_be_drawn_is_refused():
    message = "the best of 4 runs needs at least 4 seeds, but has 3."
    with pytest.raises(NotEnoughDataError, match=f"^{re.escape(message)}$"):
        expected_best([1.0, 2.0, 3.0], 4)
    assert expected_best([1.0, 2.0, 3.0], 4, replacement=True) < 3
    for call in (lambda: expected_best(ACC, 0), lambda: normal_best(0)):
        with pytest.raises(UsageError, match="k must be at least 1, but is 0"):
            call()
