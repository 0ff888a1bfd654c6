"""Trends: hand cases, scipy, ties, shapes."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import kendall_tau, kendall_tau_null_sd, monotonicity, rise_share, spearman

DERANDOMIZED = settings(derandomize=True, max_examples=80, deadline=None)
CURVES = st.lists(st.integers(0, 5).map(float), min_size=2, max_size=12)


def tau_a(curve):
    pairs = [(i, j) for j in range(len(curve)) for i in range(j)]
    return sum(np.sign(curve[j] - curve[i]) for i, j in pairs) / len(pairs)


@given(CURVES)
@DERANDOMIZED
def test_tau_is_the_count_of_pairs_and_scipys(curve):
    x = np.array(curve)
    assert float(kendall_tau(x, variant="a")) == pytest.approx(tau_a(x), abs=1e-14)
    if np.ptp(x):
        for variant in ("b", "c"):
            theirs = stats.kendalltau(np.arange(x.size), x, variant=variant).statistic
            assert float(kendall_tau(x, variant=variant)) == pytest.approx(theirs, abs=1e-14)
        assert float(spearman(x)) == pytest.approx(
            stats.spearmanr(np.arange(x.size), x).statistic, abs=1e-12
        )


@pytest.mark.parametrize("n", [2, 3, 21, 127, 128, 129, 200, 256, 257, 300])
def test_tau_agrees_with_scipy_at_every_width_of_the_counters(n):
    rng = np.random.default_rng(n)
    curves = np.concatenate(
        [rng.normal(size=(3, n)), rng.integers(0, 4, (3, n)), np.arange(n)[None] * 1.0]
    )
    time = np.arange(n)
    for variant in ("b", "c"):
        expected = [
            stats.kendalltau(time, c, variant=variant).statistic if np.ptp(c) else np.nan
            for c in curves
        ]
        ours = kendall_tau(curves, variant=variant)
        defined = np.isfinite(expected)
        np.testing.assert_allclose(ours[defined], np.array(expected)[defined], atol=1e-13)
    assert kendall_tau(curves)[-1] == 1


def test_scores_that_single_precision_cannot_tell_apart_keep_their_order():
    up = np.array([1.0, 1.0 + 1e-12, 1.0 + 2e-12, 1.0 + 3e-12])
    huge = np.array([1e300, 2e300, 3e300, 4e300])
    tiny = np.array([1e-320, 2e-320, 3e-320, 4e-320])
    assert kendall_tau(np.stack([up, huge, tiny, -up])).tolist() == [1, 1, 1, -1]


def test_many_curves_are_the_same_as_one_at_a_time(monkeypatch):
    rng = np.random.default_rng(0)
    curves = np.where(rng.random((700, 9)) < 0.3, 0.5, rng.random((700, 9)))
    curves[5, 3] = np.nan
    alone = np.array([float(kendall_tau(c)) for c in curves])
    np.testing.assert_array_equal(kendall_tau(curves), alone)
    monkeypatch.setattr(monotonicity, "_BLOCK", 4 * 9 * 37)
    monkeypatch.setattr(monotonicity, "_TILE", 10)
    np.testing.assert_array_equal(kendall_tau(curves), alone)


def test_leading_axes_stay():
    curves = np.random.default_rng(1).random((2, 3, 6))
    for trend in (kendall_tau, spearman, rise_share):
        assert trend(curves).shape == (2, 3)
        assert trend(curves)[1, 2] == trend(curves[1, 2])
        assert trend(np.empty((0, 5))).shape == (0,)
        assert trend(curves[0].tolist()).shape == (3,)


def test_a_view_that_is_not_contiguous_is_read_right_and_left_alone():
    curves = np.random.default_rng(2).random((6, 40))
    kept = curves.copy()
    np.testing.assert_array_equal(kendall_tau(curves.T), kendall_tau(np.ascontiguousarray(kept.T)))
    spearman(curves)
    rise_share(curves)
    np.testing.assert_array_equal(curves, kept)


def test_a_constant_curve_is_zero_for_a_and_c_and_undefined_for_b_and_ranks():
    constant = np.full(5, 0.25)
    assert kendall_tau(constant, variant="a") == 0
    assert kendall_tau(constant, variant="c") == 0
    assert np.isnan(kendall_tau(constant))
    assert np.isnan(spearman(constant))
    assert rise_share(constant) == 0.5


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_score_that_is_not_finite_makes_its_curve_undefined_and_no_other(bad):
    curves = np.array([[1.0, 2.0, 3.0], [1.0, bad, 3.0]])
    for trend in (kendall_tau, spearman, rise_share):
        assert trend(curves)[0] == pytest.approx(1)
        assert np.isnan(trend(curves)[1])
    for variant in ("a", "c"):
        assert np.isnan(kendall_tau(curves, variant=variant)[1])


@pytest.mark.parametrize("n", [0, 1])
def test_fewer_than_two_checkpoints_have_no_trend(n):
    for trend in (kendall_tau, spearman, rise_share):
        assert np.isnan(trend(np.ones((3, n)))).all()


def test_rise_share_counts_steps_without_change_as_half():
    assert rise_share([0.0, 1.0, 1.0, 0.0, 3.0]) == (2 + 0.5) / 4
    assert rise_share([3.0, 2.0, 1.0]) == 0


@given(CURVES)
@DERANDOMIZED
def test_turning_the_scores_around_turns_the_trend_around(curve):
    x = np.array(curve)
    for trend in (kendall_tau, spearman):
        np.testing.assert_allclose(trend(-x), -trend(x), atol=1e-12)
    assert float(rise_share(-x)) == pytest.approx(1 - float(rise_share(x)), abs=1e-12)


def test_the_null_sd_is_that_of_all_orders():
    from itertools import permutations

    taus = kendall_tau(np.array(list(permutations(range(6))), dtype=float))
    assert kendall_tau_null_sd(6) == pytest.approx(taus.std(), rel=1e-12)
    assert kendall_tau_null_sd(6, n_curves=4) == pytest.approx(taus.std() / 2, rel=1e-12)


def test_the_null_sd_needs_two_checkpoints():
    message = "the null sd of tau needs at least 2 checkpoints, but has 1."
    with pytest.raises(NotEnoughDataError, match=f"^{re.escape(message)}$"):
        kendall_tau_null_sd(1)


def test_an_unknown_variant_and_a_number_are_refused():
    with pytest.raises(UsageError, match="variant must be 'a', 'b' or 'c', but is 'd'"):
        kendall_tau([1.0, 2.0], variant="d")
    with pytest.raises(UsageError, match="curves need an axis of checkpoints"):
        kendall_tau(3.0)
