from itertools import combinations, product

import numpy as np
import pytest

from evalvar.errors import UsageError
from evalvar.stats import eff_at_k, pass_at_k
from evalvar.stats.passk import pass_hat_k
from evalvar.stats.try_noise import best_of_k_variance

LAW = ((0.0, 0.5), (0.5, 0.3), (1.0, 0.2))


def over_all_samples(n, statistic):
    """Give the mean of a statistic over all samples of n from LAW."""
    total = 0.0
    for sample in product(LAW, repeat=n):
        chance = np.prod([p for _, p in sample])
        total += chance * statistic(np.array([x for x, _ in sample]))
    return total


@pytest.mark.parametrize(
    ("n", "k", "variance"),
    # E-08: the variance of eff@k over all samples of this law
    [(4, 2, 0.0657291667), (4, 1, 0.038125), (5, 2, 0.0516825), (6, 2, 0.0426183333)],
)
def test_the_mean_over_all_samples_is_the_true_variance(n, k, variance):
    found = over_all_samples(n, lambda x: best_of_k_variance(np.sort(x), k=k))
    assert found == pytest.approx(variance, abs=1e-9)


def test_the_jackknife_is_too_large_on_average_and_never_too_small():
    true = 0.080014  # E-08, n = 4 and k = 3
    found = over_all_samples(4, lambda x: best_of_k_variance(np.sort(x), k=3))
    assert true < found < 2.5 * true


def test_it_is_the_definition_over_pairs_of_disjoint_subsets():
    rng = np.random.default_rng(0)
    for n, k in ((4, 2), (6, 2), (7, 3), (8, 4)):
        v = rng.normal(size=n)  # of any order: a gap does not rise with the rank
        best = {s: v[max(s)] for s in combinations(range(n), k)}
        pairs = [best[s] * best[t] for s in best for t in best if not set(s) & set(t)]
        u = np.mean(list(best.values()))
        assert best_of_k_variance(v, k=k) == pytest.approx(u**2 - np.mean(pairs), abs=1e-12)


def test_the_jackknife_is_that_of_the_estimator():
    x = np.sort(np.random.default_rng(1).normal(size=7))
    without = np.array([eff_at_k(np.delete(x, j), k=5) for j in range(7)])
    assert best_of_k_variance(x, k=5) == pytest.approx(
        6 / 7 * ((without - without.mean()) ** 2).sum()
    )


def test_one_try_has_the_variance_of_a_mean_and_right_answers_a_closed_form():
    x = np.sort(np.random.default_rng(2).normal(size=(3, 9)))
    assert best_of_k_variance(x, k=1) == pytest.approx(x.var(axis=1, ddof=1) / 9)
    for c in range(11):
        row = np.sort(np.r_[np.ones(c), np.zeros(10 - c)])
        wrong = pass_hat_k(10, 10 - c, k=3) ** 2 - pass_hat_k(10, 10 - c, k=6)
        assert best_of_k_variance(row, k=3) == pytest.approx(float(wrong), abs=1e-14)


def test_large_n_neither_overflows_nor_cancels():
    x = np.arange(1, 2001) / 2000
    found = best_of_k_variance(x + 1e6, k=[1, 10, 1000])
    assert np.isfinite(found).all()
    assert found == pytest.approx(best_of_k_variance(x, k=[1, 10, 1000]), rel=1e-4)


def test_as_many_tries_as_answers_show_nothing():
    assert np.isnan(best_of_k_variance([0.0, 1.0], k=2))
    assert np.isnan(best_of_k_variance([1.0], k=1))
    with pytest.raises(UsageError, match="finite"):
        best_of_k_variance([np.nan, 1.0], k=1)


def test_drawing_the_answers_again_is_biased_for_the_best_of_many():
    rng = np.random.default_rng(3)
    x = np.sort(rng.normal(size=10))
    again = np.sort(x[rng.integers(0, 10, size=(4000, 10))], axis=1)
    drawn = eff_at_k(again, k=5)
    error = drawn.std() / np.sqrt(drawn.size)
    assert drawn.mean() < eff_at_k(x, k=5) - 20 * error
    right = (x > 0).astype(float)
    assert (
        pass_at_k(10, int(right.sum()), k=5)
        - eff_at_k(np.sort(right[rng.integers(0, 10, size=(4000, 10))], axis=1), k=5).mean()
        > 0
    )
