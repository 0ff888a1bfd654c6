import numpy as np
import pytest

from evalvar.errors import UsageError
from evalvar.stats import bounded_mean_ci, pass_at_k
from evalvar.stats.fixed_items import fixed_items_ci, fixed_items_difference
from evalvar.stats.quantiles import t_quantile
from evalvar.stats.try_noise import best_of_k_variance


def test_the_error_is_that_of_the_items_and_nothing_between_them():
    found = fixed_items_ci([0.2, 0.9, 0.4], [0.01, 0.04, 0.04], [9, 9, 4], level=0.9)
    se = np.sqrt(0.09) / 3
    df = 0.09**2 / (0.01**2 / 9 + 0.04**2 / 9 + 0.04**2 / 4)
    assert found.value == pytest.approx(0.5)
    assert found.se == pytest.approx(se)
    assert found.high - found.value == pytest.approx(t_quantile(0.9, df) * se)
    assert (found.n, found.unit, found.level) == (3, "sample", 0.9)


def test_the_answers_of_these_problems_are_covered():
    rng = np.random.default_rng(0)
    p = rng.beta(0.6, 0.6, 40)
    table = np.tril(np.ones((13, 12)), -1)[:, ::-1]
    value, spread = pass_at_k(12, np.arange(13), k=3), best_of_k_variance(table, k=3)
    truth, hits = (1 - (1 - p) ** 3).mean(), []
    for _ in range(2000):
        c = rng.binomial(12, p)
        found = fixed_items_ci(value[c], spread[c], 11, draws=4, low=0, high=1)
        hits.append(found.low <= truth <= found.high)
    assert abs(np.mean(hits) - 0.95) < 0.02


def test_answers_that_are_all_right_leave_an_interval_in_a_range_only():
    solved = fixed_items_ci(np.ones(20), np.zeros(20), 9, draws=5, low=0, high=1)
    assert solved.high == 1
    assert solved.low == pytest.approx(bounded_mean_ci(np.ones(100), low=0, high=1).low)
    assert np.isnan(solved.se)
    unknown = fixed_items_ci(np.ones(20), np.zeros(20), 9)
    assert np.isnan(unknown.low)
    assert "nothing varies" in unknown.method


def test_a_difference_keeps_how_lopsided_its_sides_are():
    a = fixed_items_ci(np.ones(20), np.zeros(20), 9, draws=5, low=0, high=1)
    b = fixed_items_ci(np.full(20, 0.9), np.full(20, 0.01), 9, draws=5, low=0, high=1)
    d = fixed_items_difference(a, b)
    assert d.value == pytest.approx(0.1)
    assert d.high - d.value == pytest.approx(b.value - b.low)
    assert d.value - d.low == pytest.approx(np.hypot(a.value - a.low, b.high - b.value))
    back = fixed_items_difference(b, a)
    assert (back.low, back.high) == pytest.approx((-d.high, -d.low))


def test_bad_input_is_refused():
    with pytest.raises(UsageError, match="a range needs draws"):
        fixed_items_ci([0.5], [0.1], 3, low=0, high=1)
    with pytest.raises(UsageError, match="differ in shape"):
        fixed_items_ci([0.5, 0.5], [0.1], 3)
    with pytest.raises(UsageError, match="values must lie in"):
        fixed_items_ci([1.5], [0.1], 3, draws=2, low=0, high=1)


def test_scores_past_a_bound_by_rounding_lie_on_it():
    x = np.array([40.0, 100.00000000000001, 70.0])
    found = bounded_mean_ci(x, low=0, high=100)
    assert found.high == bounded_mean_ci(np.minimum(x, 100), low=0, high=100).high


def test_scores_all_but_on_a_bound_count_as_on_it():
    solved = np.r_[np.full(20, 1 - 1e-5), np.linspace(0.3, 0.9, 10)]
    exactly = np.r_[np.ones(20), np.linspace(0.3, 0.9, 10)]
    one, other = (bounded_mean_ci(x, low=0, high=1) for x in (solved, exactly))
    assert (one.low, one.high) == pytest.approx((other.low, other.high), abs=1e-3)
