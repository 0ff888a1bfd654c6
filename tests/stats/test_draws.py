"""The draws: the multinomial law by enumeration, moments, bytes, memory."""

from math import factorial

import numpy as np
import pytest
from scipy import stats

from evalvar.errors import UsageError
from evalvar.stats import draws


def law(n):
    """Probability of every row of counts, by its base n + 1 number."""
    rows = [row for row in np.ndindex(*(n + 1,) * n) if sum(row) == n]
    chance = [factorial(n) / np.prod([factorial(k) for k in row]) / n**n for row in rows]
    return np.array(rows) @ (n + 1) ** np.arange(n), np.array(chance)


def drawn(n, rows, rng=0, **how):
    blocks = draws.counts(np.random.default_rng(rng), rows, n, **how)
    return np.concatenate([block.copy() for block in blocks])


def fit(rows, n):
    """P-value of the chi-square test that rows of counts are multinomial."""
    numbers, chance = law(n)
    seen = (rows @ (n + 1.0) ** np.arange(n)).astype(np.int64)
    order = np.argsort(numbers)
    place = np.searchsorted(numbers[order], seen)
    count = np.bincount(place, minlength=numbers.size)[np.argsort(order)]
    assert count.sum() == len(rows)
    return stats.chisquare(count, chance * len(rows)).pvalue


@pytest.mark.parametrize("n", [2, 3, 4, 5])
@pytest.mark.parametrize("few", [0, 100])
def test_counts_have_the_multinomial_law(n, few, monkeypatch):
    # both ways of drawing: by tables of words (few = 0) and one by one
    monkeypatch.setattr(draws, "_FEW", few)
    monkeypatch.setattr(draws, "_BELOW", 1.0)
    assert fit(drawn(n, 300_000, rng=n), n) > 0.001


@pytest.mark.parametrize("n", [64, 97, 1000])
def test_counts_add_up_and_have_the_moments_of_the_multinomial(n):
    x = drawn(n, 20_000)
    assert x.shape == (20_000, n)
    assert (x.sum(axis=1) == n).all()
    rows = len(x)
    cell_variance = (1 - 1 / n) / rows
    assert abs(x.mean(axis=0) - 1).max() < 5 * np.sqrt(cell_variance)
    # P(k) of one cell is binomial(n, 1/n); the cells are nearly independent
    k = np.arange(5)
    share = np.array([(x == value).mean() for value in k])
    p = stats.binom.pmf(k, n, 1 / n)
    assert (abs(share - p) < 5 * np.sqrt(p * (1 - p) / x.size)).all()
    covariance = np.cov(x[:, 0] + x[:, 1], x[:, 2] + x[:, 3])[0, 1]
    assert abs(covariance + 4 / n) < 5 * 2 / np.sqrt(rows)
    assert abs(x[:, ::2].sum(axis=1).var() / (n * 0.25) - 1) < 0.06


def test_neighbours_that_share_a_word_are_multinomial_too():
    # four cells of one word, out of 80: their law and not only their moments
    x = drawn(80, 200_000)[:, 4:8]
    seen = np.minimum(x, 2) @ 3.0 ** np.arange(4)
    count = np.bincount(seen.astype(int), minlength=81)
    cell = stats.binom.pmf
    expected = np.zeros(81)
    for code in range(81):
        want = code // 3 ** np.arange(4) % 3
        chance, left, units = 0.0, 1.0, 80
        # sum over the values of a cell that stand for 2 or more
        stack = [(0, 1.0, units, left)]
        while stack:
            at, p, n_left, share = stack.pop()
            if at == 4:
                chance += p
                continue
            values = [want[at]] if want[at] < 2 else range(2, 12)
            for value in values:
                q = p * cell(value, n_left, 1 / 80 / share)
                stack.append((at + 1, q, n_left - value, share - 1 / 80))
        expected[code] = chance
    expected *= len(x) / expected.sum()
    assert stats.chisquare(count, expected).pvalue > 0.001


def test_words_are_shared_out_by_the_poisson_law():
    for rate in (0.6, 0.98):
        table = draws._table(rate)
        words = np.bincount(table.first[table.first != draws._ESCAPE] & 255, minlength=4)
        # a word for each of 2^16: what the floors cut off is the rest
        p = stats.poisson.pmf(np.arange(4), rate) * 65536
        assert (words[:4] <= p + 1e-9).all()
        assert words.sum() > 0.98 * 65536
        assert table.last[-1] == 1


def test_the_first_rows_of_more_are_the_rows_of_fewer_and_steps_do_not_matter_for_bytes():
    many, few = drawn(100, 30_000, rng=7), drawn(100, 200, rng=7)
    np.testing.assert_array_equal(many[:200], few)
    np.testing.assert_array_equal(drawn(9, 5000, rng=7)[:40], drawn(9, 40, rng=7))
    assert (drawn(100, 200, rng=8) != few).any()


@pytest.mark.parametrize("n", [1, 2, 63, 64, 65, 1_000_000])
def test_extreme_sizes(n):
    x = drawn(n, 3)
    assert x.shape == (3, n)
    assert (x.sum(axis=1, dtype=np.float64) == n).all()
    assert x.min() >= 0


def test_signs_are_fair_and_all_of_them_are_listed_once():
    x = np.concatenate(list(draws.signs(np.random.default_rng(0), 20_000, 70)))
    assert set(np.unique(x)) == {-1, 1}
    assert abs(x.mean(axis=0)).max() < 5 / np.sqrt(20_000)
    every = draws.all_signs(4)
    assert len({tuple(row) for row in every}) == 16


def test_orders_are_permutations():
    x = np.concatenate(list(draws.orders(np.random.default_rng(0), 1000, 5)))
    np.testing.assert_array_equal(np.sort(x, axis=1), np.tile(np.arange(5), (1000, 1)))
    assert abs(x.mean(axis=0) - 2).max() < 5 * np.sqrt(2 / 1000)


@pytest.mark.parametrize("rng", [3, [3, 5], (0,), np.int64(3), np.random.default_rng(3)])
def test_what_may_be_a_source(rng):
    assert isinstance(draws.generator(rng), np.random.Generator)


def test_a_number_is_numpys_own_source_and_a_key_is_another():
    assert draws.generator(3).random() == np.random.default_rng(3).random()
    assert draws.generator([3, 5]).random() == np.random.default_rng([3, 5]).random()


@pytest.mark.parametrize("rng", [None, -1, True, 0.5, [], [1, "a"], [1, -2], "1"])
def test_what_may_not(rng):
    with pytest.raises(UsageError) as error:
        draws.generator(rng)
    assert str(error.value) == (
        f"rng must be a whole number, several of them or a numpy Generator, but is {rng!r}."
    )
