"""eff@k: enumeration, ENAMEL's own code, pass@k."""

import re
from fractions import Fraction
from itertools import combinations
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import eff_at_k, order_weights, pass_at_k


@pytest.mark.parametrize("n", range(1, 9))
def test_eff_at_k_is_the_mean_of_the_best_over_all_subsets(n):
    e = np.random.default_rng(n).random(n) * 1.4
    for k in range(1, n + 1):
        expected = np.mean([max(subset) for subset in combinations(e, k)])
        assert float(eff_at_k(e, k=k)) == pytest.approx(expected, abs=1e-15)


def test_eff_at_k_agrees_with_enamel():
    enamel = pytest.importorskip("enam.evaluate", reason="ENAMEL's package is not installed")
    rng = np.random.default_rng(0)
    for n, k in ((1, 1), (5, 2), (20, 20), (100, 10), (1000, 100)):
        e = np.where(rng.random(n) < 0.3, 0, rng.random(n) * 1.5)
        assert float(eff_at_k(e, k=k)) == pytest.approx(enamel.calc_eff_at_k(e, k), rel=1e-13)


def quickest(call, times):
    import time

    spent = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        spent.append(time.perf_counter() - start)
    return min(spent)


def test_scores_of_142_problems_take_a_hundredth_of_enamels_time():
    enamel = pytest.importorskip("enam.evaluate", reason="ENAMEL's package is not installed")
    e = np.random.default_rng(0).random((142, 100))
    tries = (1, 10, 100)
    theirs = quickest(lambda: [[enamel.calc_eff_at_k(x, k) for k in tries] for x in e], 5)
    assert quickest(lambda: eff_at_k(e, k=tries), 50) < theirs / 100
    c = (e > 0.5).sum(axis=1)
    theirs = quickest(lambda: [[enamel.calc_pass_at_k(100, x, k) for k in tries] for x in c], 5)
    assert quickest(lambda: pass_at_k(100, c, k=tries), 200) < theirs / 50
    expected = [[enamel.calc_pass_at_k(100, x, k) for k in tries] for x in c]
    np.testing.assert_allclose(pass_at_k(100, c, k=tries), expected, rtol=0, atol=1e-14)


@pytest.mark.parametrize("n", [5, 20, 100, 200])
def test_scores_of_0_and_1_give_pass_at_k(n):
    c = np.unique(np.linspace(0, n, 12).astype(int))
    scores = (np.arange(n) < c[:, None]).astype(float)
    tries = sorted({1, 2, 5, n // 2, n})
    np.testing.assert_allclose(
        eff_at_k(scores, k=tries), pass_at_k(n, c, k=tries), rtol=0, atol=1e-15 * max(1, n / 50)
    )


@pytest.mark.parametrize(("n", "k"), [(10, 3), (1000, 2), (1000, 100), (1000, 500)])
def test_eff_at_k_is_exact_to_14_digits(n, k):
    e = np.sort(np.random.default_rng(n + k).random(n))
    truth = sum(
        Fraction(comb(r - 1, k - 1), comb(n, k)) * Fraction(float(e[r - 1]))
        for r in range(k, n + 1)
    )
    assert float(abs(Fraction(float(eff_at_k(e, k=k))) - truth) / truth) <= 1e-14


@given(st.integers(1, 300), st.data())
@settings(derandomize=True, max_examples=40, deadline=None)
def test_the_weights_are_a_distribution_over_the_upper_ranks(n, data):
    k = data.draw(st.integers(1, n))
    weights = order_weights(n, k=k)
    assert weights.sum() == pytest.approx(1, abs=1e-12)
    assert (weights[: k - 1] == 0).all()
    assert (np.diff(weights[k - 1 :]) >= 0).all()
    assert weights[-1] == k / n


def test_the_order_of_the_answers_does_not_matter_and_the_input_is_left_alone():
    e = np.array([[0.5, 0.0, 1.2, 0.5], [1.0, 0.1, 0.3, 0.2]])
    kept = e.copy()
    np.testing.assert_allclose(eff_at_k(e[:, ::-1], k=(1, 3)), eff_at_k(e, k=(1, 3)), rtol=1e-15)
    np.testing.assert_array_equal(e, kept)


def test_a_matrix_is_a_problem_a_row():
    e = np.random.default_rng(1).random((3, 6))
    assert eff_at_k(e, k=2).shape == (3,)
    assert eff_at_k(e, k=[2]).shape == (3, 1)
    assert eff_at_k(e[0], k=(1, 2)).shape == (2,)
    np.testing.assert_allclose(eff_at_k(e, k=2)[1], eff_at_k(e[1], k=2), rtol=1e-14)


def test_more_tries_than_answers_are_refused():
    message = "eff@4 needs at least 4 samples per item, but 2 of 2 items have fewer (smallest: 3)."
    with pytest.raises(NotEnoughDataError, match=f"^{re.escape(message)}$"):
        eff_at_k(np.ones((2, 3)), k=4)
    with pytest.raises(NotEnoughDataError, match="eff@4 needs at least 4 samples"):
        order_weights(3, k=4)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_score_that_is_not_finite_is_refused(bad):
    with pytest.raises(UsageError, match="scores need finite numbers"):
        eff_at_k([0.5, bad], k=1)
    with pytest.raises(UsageError, match="k must be whole numbers of at least 1, but is 0"):
        eff_at_k([0.5, 0.6], k=0)
    with pytest.raises(UsageError, match="scores need 1 or 2 axes, but have 3"):
        eff_at_k(np.ones((1, 1, 1)), k=1)
