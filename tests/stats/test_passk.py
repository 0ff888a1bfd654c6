"""pass@k and pass^k: enumeration, exact fractions, extreme sizes, refusals."""

import re
from fractions import Fraction
from itertools import combinations
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import eff_at_k, mean_pass_at_k, pass_at_k, pass_hat_k


def exact(n, c, k):
    return 1 - Fraction(comb(n - c, k), comb(n, k))


def relative_error(value, truth):
    return float(abs(Fraction(float(value)) - truth) / truth) if truth else abs(float(value))


@pytest.mark.parametrize("n", range(1, 9))
def test_pass_at_k_is_the_share_of_subsets_with_a_right_answer(n):
    for c in range(n + 1):
        answers = [1] * c + [0] * (n - c)
        for k in range(1, n + 1):
            subsets = list(combinations(answers, k))
            best = sum(map(max, subsets)) / len(subsets)
            worst = sum(map(min, subsets)) / len(subsets)
            assert float(pass_at_k(n, c, k=k)) == pytest.approx(best, abs=3e-16)
            assert float(pass_hat_k(n, c, k=k)) == pytest.approx(worst, abs=3e-16)


@pytest.mark.parametrize("n", [10, 100, 1000])
def test_pass_at_k_is_exact_to_14_digits(n):
    counts = np.unique(np.r_[np.arange(min(n, 40) + 1), np.linspace(0, n, 25).astype(int)])
    for k in sorted({1, 2, 5, 10, n // 4, n // 2, n - 1, n}):
        values = pass_at_k(n, counts, k=k)
        errors = [
            relative_error(value, exact(n, int(c), k))
            for value, c in zip(values, counts, strict=True)
        ]
        assert max(errors) <= 3e-14


def test_pass_at_k_survives_extreme_sizes():
    # 1 - C(9997, 5000)/C(10000, 5000), which overflows as a quotient of floats
    assert float(pass_at_k(10_000, 3, k=5000)) == pytest.approx(0.8750375, abs=1e-7)
    for c in (1, 2, 3, 4, 50, 4999, 9999):
        assert relative_error(pass_at_k(10_000, c, k=5000), exact(10_000, c, 5000)) <= 3e-13
    assert relative_error(pass_at_k(10_000, 1, k=1), Fraction(1, 10_000)) <= 3e-14


def test_ragged_problems_get_each_their_own_n():
    n, c = np.array([5, 10, 7, 5, 10]), np.array([1, 10, 0, 3, 4])
    expected = [float(exact(int(a), int(b), 2)) for a, b in zip(n, c, strict=True)]
    np.testing.assert_allclose(pass_at_k(n, c, k=2), expected, rtol=1e-14)
    assert float(mean_pass_at_k(n, c, k=2)) == pytest.approx(np.mean(expected), rel=1e-14)


def test_several_k_are_the_last_axis():
    c = np.array([[0, 1, 2], [3, 4, 5]])
    many = pass_at_k(5, c, k=(1, 2, 5))
    assert many.shape == (2, 3, 3)
    for j, k in enumerate((1, 2, 5)):
        np.testing.assert_array_equal(many[..., j], pass_at_k(5, c, k=k))
    assert pass_at_k(5, 2, k=(1, 2)).shape == (2,)
    assert pass_at_k([5, 6], [[1], [2]], k=2).shape == (2, 2)
    assert pass_at_k([5, 5, 5], 2, k=1).tolist() == [0.4, 0.4, 0.4]


def test_no_problem_gives_no_value():
    assert pass_at_k(np.array([], dtype=int), np.array([], dtype=int), k=3).shape == (0,)
    with pytest.raises(NotEnoughDataError, match=r"needs at least 1 item, but has 0\."):
        mean_pass_at_k(np.array([], dtype=int), np.array([], dtype=int), k=3)


def test_counts_may_be_floats_that_hold_whole_numbers():
    assert pass_at_k([5.0, 5.0], [2.0, 0.0], k=2).tolist() == [pass_at_k(5, 2, k=2), 0.0]


@given(
    st.lists(st.integers(1, 60).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))),
             min_size=1, max_size=20),
    st.integers(1, 60),
)  # fmt: skip
@settings(derandomize=True, max_examples=60, deadline=None)
def test_what_never_is_false(problems, k):
    n, c = (np.array(column) for column in zip(*problems, strict=True))
    some, every = (f(n, c, k=k, undefined="nan") for f in (pass_at_k, pass_hat_k))
    np.testing.assert_array_equal(np.isnan(some), n < k)
    defined = n >= k
    assert (every[defined] <= c[defined] / n[defined] + 1e-15).all()
    assert (c[defined] / n[defined] <= some[defined] + 1e-15).all()
    np.testing.assert_allclose(every, 1 - pass_at_k(n, n - c, k=k, undefined="nan"), atol=1e-15)
    if defined.all():
        mean = float(mean_pass_at_k(n, c, k=k))
        assert mean == pytest.approx(some.mean(), rel=1e-13, abs=1e-15)


def test_one_try_is_the_share_of_right_answers():
    c = np.arange(21)
    np.testing.assert_allclose(pass_at_k(20, c, k=1), c / 20, rtol=2e-15)
    np.testing.assert_allclose(pass_hat_k(20, c, k=1), c / 20, rtol=2e-15)


def test_more_tries_than_answers_are_refused_with_counts():
    message = (
        "pass@10 needs at least 10 samples per item, but 1 of 3 items have fewer (smallest: 5)."
    )
    for call in (pass_at_k, mean_pass_at_k):
        with pytest.raises(NotEnoughDataError, match=f"^{re.escape(message)}$"):
            call([10, 5, 20], [1, 0, 3], k=(1, 10))
    with pytest.raises(NotEnoughDataError, match=re.escape("pass^3 needs at least 3 samples")):
        pass_hat_k(2, [1, 2], k=3)


def test_undefined_problems_can_be_nan_instead():
    values = pass_at_k([10, 5], [1, 0], k=(5, 10), undefined="nan")
    assert np.isnan(values).tolist() == [[False, False], [False, True]]
    assert values[1, 0] == 0
    assert np.isnan(pass_at_k(4, [0, 4], k=5, undefined="nan")).all()
    with pytest.raises(UsageError, match="undefined must be 'raise' or 'nan', but is '1'"):
        pass_at_k(4, 1, k=5, undefined="1")


@pytest.mark.parametrize(
    ("n", "c", "k", "message"),
    [
        (5, [6, 1], 2, "c must lie in 0..n, but 1 of 2 items have it outside."),
        (5, [-1, 1], 2, "c must lie in 0..n, but 1 of 2 items have it outside."),
        ([5, 4], [5, 5], 2, "c must lie in 0..n, but 1 of 2 items have it outside."),
        (5, [0.5, 1], 2, "c must hold whole numbers, but 1 of 2 are not."),
        ([5, np.nan], [1, 1], 2, "n must hold whole numbers, but 1 of 2 are not."),
        (5, [1], 0, "k must be whole numbers of at least 1, but is 0."),
        (5, [1], 1.5, "k must be whole numbers of at least 1, but is 1.5."),
        (5, [1], (1, -2), "k must be whole numbers of at least 1, but is (1, -2)."),
        (5, [1], (), "k must be whole numbers of at least 1, but is ()."),
    ],
)
def test_counts_that_cannot_be_are_refused(n, c, k, message):
    for call in (pass_at_k, pass_hat_k, mean_pass_at_k):
        with pytest.raises(UsageError, match=f"^{re.escape(message)}$"):
            call(n, c, k=k)


def test_pass_at_k_is_unbiased():
    rng = np.random.default_rng(0)
    values = pass_at_k(12, rng.binomial(12, 0.2, 40_000), k=3)
    error = values.mean() - (1 - 0.8**3)
    assert abs(error) < 4 * values.std() / np.sqrt(values.size)


def test_a_million_problems_take_a_fraction_of_a_second():
    import time

    c = np.random.default_rng(0).integers(0, 201, 1_000_000)
    start = time.process_time()
    mean_pass_at_k(200, c, k=(1, 10, 100))
    assert time.process_time() - start < 0.5


def test_golden_numbers_of_ten_answers():
    assert float(pass_at_k(10, 3, k=5)) == pytest.approx(0.916666667, abs=1e-9)
    assert float(pass_hat_k(10, 3, k=2)) == pytest.approx(0.066666667, abs=1e-9)
    assert float(pass_at_k(2_000_000, 1, k=1)) == pytest.approx(5e-7, rel=1e-12)
    # True p .3: the mean over the binomial law of c is 1 - .7^5, and this is its variance.
    c = np.arange(11)
    law = stats.binom.pmf(c, 10, 0.3)
    found = pass_at_k(10, c, k=5)
    assert law @ found == pytest.approx(0.83193, abs=1e-12)
    assert law @ (found - 0.83193) ** 2 == pytest.approx(0.043762847, abs=1e-9)
    assert float(eff_at_k([0.1, 0.4, 0.4, 0.7, 0.9], k=3)) == pytest.approx(0.79)
