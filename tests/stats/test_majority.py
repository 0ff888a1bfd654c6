"""G-Pass@k, votes and Bayes@N: enumeration, published numbers, extreme sizes, refusals."""

from fractions import Fraction
from itertools import combinations
from math import ceil, comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import (
    bayes_at_n,
    consensus_at_k,
    eff_at_k,
    g_pass_at_k,
    maj_at_k,
    mg_pass_at_k,
    pass_at_k,
    pass_hat_k,
)


def close(value, expected, tolerance=1e-9):
    np.testing.assert_allclose(value, expected, rtol=0, atol=tolerance)


def test_published_numbers():
    found = [float(g_pass_at_k(16, 11, k=8, tau=tau)) for tau in (0.5, 0.75, 1)]
    close(found, [0.987179487, 0.5, 0.012820513])
    close(mg_pass_at_k(16, 11, k=8), 0.378205128)
    close(maj_at_k(10, 6, k=5), 0.738095238)
    close(maj_at_k(10, 6, k=4), 0.452380952)
    close(maj_at_k(10, 6, k=4, ties="half"), 0.666666667)
    close(consensus_at_k(list("aabcba"), "a", k=3), 0.6)


def counted(rows, categories):
    return [np.bincount(row, minlength=categories) for row in rows]


def test_published_numbers_of_bayes_at_n():
    found = bayes_at_n(counted([[1, 0, 1, 1], [0, 0, 1, 0], [1, 1, 1, 1]], 2))
    close([found.value, found.se], [0.611111111, 0.096225045])
    seen, before = counted([[0, 1, 2, 2, 1], [1, 1, 0, 2, 2]], 3), counted([[0, 2], [1, 2]], 3)
    found = bayes_at_n(seen, weights=(0, 0.5, 1))
    close([found.value, found.se], [0.5625, 0.091998], 1e-6)
    found = bayes_at_n(seen, weights=(0, 0.5, 1), prior=before)
    close([found.value, found.se], [0.575, 0.084275], 1e-6)
    assert (found.n, found.unit) == (2, "sample")


@pytest.mark.parametrize("n", range(1, 9))
def test_all_are_means_over_all_subsets(n):
    for c in range(n + 1):
        answers = [1] * c + [0] * (n - c)
        for k in range(1, n + 1):
            right = np.array([sum(subset) for subset in combinations(answers, k)])
            for tau in (0, 0.25, 0.5, 0.75, 1):
                expected = np.mean(right >= max(1, ceil(tau * k)))
                close(g_pass_at_k(n, c, k=k, tau=tau), expected, 1e-13)
            least = np.arange(ceil(k / 2) + 1, k + 1)
            close(mg_pass_at_k(n, c, k=k), 2 / k * sum(np.mean(right >= i) for i in least), 1e-13)
            close(maj_at_k(n, c, k=k), np.mean(right > k / 2), 1e-13)
            half = np.mean(right > k / 2) + np.mean(right == k / 2) / 2
            close(maj_at_k(n, c, k=k, ties="half"), half, 1e-13)
            # one other answer only
            close(consensus_at_k(answers, 1, k=k), half, 1e-13)


@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=8), st.data())
@settings(derandomize=True, max_examples=60, deadline=None)
def test_a_vote_is_the_mean_over_all_subsets(answers, data):
    k = data.draw(st.integers(1, len(answers)))
    shares = []
    for subset in combinations(answers, k):
        counts = {answer: subset.count(answer) for answer in subset}
        modes = [answer for answer, count in counts.items() if count == max(counts.values())]
        shares.append(Fraction("a" in modes, len(modes)))
    expected = sum(shares, Fraction(0)) / len(shares)
    assert consensus_at_k(answers, "a", k=k) == float(expected)


def test_a_vote_of_a_hundred_answers_is_exact_and_quick():
    answers = ["right"] * 40 + [f"wrong {i % 30}" for i in range(60)]
    assert 0.999 < consensus_at_k(answers, "right", k=50) <= 1
    assert consensus_at_k(answers, "right", k=1) == 0.4
    assert consensus_at_k(answers, "never", k=50) == 0


@pytest.mark.parametrize("tau", [0.07, 0.14, 0.28, 0.55, 0.56])
def test_a_share_is_the_decimal_it_is_written_as(tau):
    needed = round(100 * tau)
    assert ceil(tau * 100) == needed + 1  # what floats make of it
    close(
        g_pass_at_k(200, 120, k=100, tau=tau), stats.hypergeom.sf(needed - 1, 200, 120, 100), 1e-12
    )


def test_the_ends_are_pass_at_k_and_pass_hat_k():
    n, c = np.array([10, 10, 7, 30]), np.array([0, 3, 7, 11])
    close(g_pass_at_k(n, c, k=5, tau=0), pass_at_k(n, c, k=5), 1e-13)
    close(g_pass_at_k(n, c, k=5, tau=0.2), pass_at_k(n, c, k=5), 1e-13)
    close(g_pass_at_k(n, c, k=5, tau=1), pass_hat_k(n, c, k=5), 1e-13)
    close(maj_at_k(n, c, k=1), c / n, 1e-15)
    close(mg_pass_at_k(n, c, k=1), 0, 0)


def test_the_worst_of_k_by_the_kernel_of_the_best_is_pass_hat_k():
    scores = (np.arange(20) < np.arange(21)[:, None]).astype(float)
    close(-eff_at_k(-scores, k=(1, 3, 20)), pass_hat_k(20, np.arange(21), k=(1, 3, 20)), 1e-14)


def test_extreme_sizes():
    close(g_pass_at_k(2_000_000, 1, k=1, tau=0.5), 5e-7, 1e-18)
    exact = 1 - Fraction(comb(1_999_000, 50), comb(2_000_000, 50))
    close(g_pass_at_k(2_000_000, 1000, k=50, tau=0) / float(exact), 1, 1e-11)
    close(maj_at_k(2_000_000, 1_000_000, k=1001), 0.5, 1e-11)
    close(g_pass_at_k(10_000, 5000, k=5000, tau=0.5), stats.hypergeom.sf(2499, 10_000, 5000, 5000),
          1e-9)  # fmt: skip


def test_ragged_problems_and_shapes():
    found = g_pass_at_k([5, 10, 3], [[1], [2]], k=4, tau=0.5, undefined="nan")
    assert found.shape == (2, 3)
    assert np.isnan(found).tolist() == [[False, False, True]] * 2
    assert g_pass_at_k(np.array([], int), np.array([], int), k=3, tau=0.5).shape == (0,)
    with pytest.raises(NotEnoughDataError, match=r"G-Pass@4 needs at least 4 samples per item"):
        g_pass_at_k([5, 3], [1, 1], k=4, tau=0.5)
    with pytest.raises(NotEnoughDataError, match=r"maj@4 needs at least 4 samples"):
        maj_at_k(3, 1, k=4)
    with pytest.raises(NotEnoughDataError, match=r"cons@4 needs at least 4 samples"):
        consensus_at_k("aab", "a", k=4)


def test_bayes_at_n_is_the_mean_of_beta_laws_with_their_variance():
    c, n = np.array([0, 3, 10, 2]), np.array([5, 5, 10, 2])
    found = bayes_at_n(np.stack([n - c, c], axis=1))
    laws = [stats.beta(1 + right, 1 + all_ - right) for right, all_ in zip(c, n, strict=True)]
    assert found.value == pytest.approx(np.mean([law.mean() for law in laws]), rel=1e-14)
    assert found.se == pytest.approx(np.sqrt(sum(law.var() for law in laws)) / 4, rel=1e-13)
    shifted = bayes_at_n(np.stack([n - c, c], axis=1), weights=(2, 5))
    assert shifted.value == pytest.approx(2 + 3 * found.value, rel=1e-14)
    assert shifted.se == pytest.approx(3 * found.se, rel=1e-13)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: g_pass_at_k(5, 2, k=2, tau=1.5), "tau must lie in"),
        (lambda: g_pass_at_k(5, 2, k=(1, 2), tau=0.5), "k must be a whole number of at least 1"),
        (lambda: maj_at_k(5, 6, k=2), r"c must lie in 0\.\.n"),
        (lambda: maj_at_k(5, 2, k=2, ties="win"), "ties must be 'lose' or 'half'"),
        (lambda: mg_pass_at_k(5, 2, k=0), "k must be whole numbers of at least 1"),
        (lambda: consensus_at_k("ab", "a", k=0), "k must be whole numbers of at least 1"),
        (lambda: consensus_at_k("ab", "a", k=1.0), "k must be a whole number"),
        (lambda: bayes_at_n([[1, -1]]), "counts must hold whole numbers of at least 0"),
        (lambda: bayes_at_n([1, 1]), "counts needs items x categories"),
        (lambda: bayes_at_n([[1, 1]], weights=(0, 1, 2)), "weights need 2 finite numbers"),
        (lambda: bayes_at_n([[1, 1]], prior=[[1, 1], [1, 1]]), "counts and prior need the same"),
    ],
)
def test_what_cannot_be_is_refused(call, message):
    with pytest.raises(UsageError, match=message):
        call()


def test_no_problem_gives_no_bayes_at_n():
    with pytest.raises(NotEnoughDataError, match="needs at least 1 item, but has 0"):
        bayes_at_n(np.empty((0, 2)))
