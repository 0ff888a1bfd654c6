"""Paired differences: scipy, statsmodels, the formula by hand, agreement of p and interval."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import mcnemar, paired_t, sparse_t, sparse_t_counts

SCORES = st.sampled_from([-1.0, -0.5, -0.1, 0.0, 0.0, 0.0, 0.3, 0.5, 1.0])


def test_paired_t_agrees_with_scipy():
    rng = np.random.default_rng(0)
    a, b = rng.random(15), rng.random(15)
    ours, theirs = paired_t(a, b, level=0.9), stats.ttest_rel(a, b)
    assert ours.p_value == pytest.approx(theirs.pvalue, rel=1e-10)
    np.testing.assert_allclose([ours.low, ours.high], theirs.confidence_interval(0.9), rtol=1e-9)
    assert ours.value == pytest.approx((a - b).mean(), rel=1e-14)


def test_equal_differences_have_no_interval_even_when_rounding_moves_them():
    estimate = paired_t([0.3, 0.6, 0.9], [0.1, 0.4, 0.7])
    assert estimate.value == pytest.approx(0.2)
    assert np.isnan([estimate.low, estimate.high, estimate.p_value]).all()
    assert estimate.method == "paired t (all differences equal: no interval)"


def test_pairs_of_different_lengths_and_single_pairs_are_refused():
    with pytest.raises(UsageError, match=re.escape("but have (3,) and (2,).")):
        paired_t([1.0, 2.0, 3.0], [1.0, 2.0])
    with pytest.raises(NotEnoughDataError, match="a paired t test needs at least 2 items"):
        paired_t([1.0], [2.0])
    with pytest.raises(NotEnoughDataError, match="a paired interval needs at least 2 items"):
        sparse_t([1.0])


def test_sparse_t_is_the_t_interval_where_nothing_is_shared():
    d = np.random.default_rng(1).normal(0.2, 1, 20)
    ours, plain = sparse_t(d, low=-9, high=9), paired_t(d, np.zeros(20))
    np.testing.assert_allclose(
        [ours.value, ours.se, ours.low, ours.high, ours.p_value],
        [plain.value, plain.se, plain.low, plain.high, plain.p_value],
        rtol=1e-12,
    )


def by_hand(d, v, w_up, w_down, lean, level=0.95):
    e = np.asarray(d) - v
    others, n = np.sum(np.abs(e) >= 1e-12), len(d)
    mass = (1 - others / n) * ((1 - lean) * (1 + 5 / (others + 5)) + lean * 3)
    mean = (e.sum() + mass * (w_up - w_down) / 2) / (n + mass)
    squares = (e**2).sum() + mass / 2 * (w_up**2 + w_down**2) - (n + mass) * mean**2
    se = np.sqrt(squares / (n + mass - 1) / (n + mass))
    half = stats.t.ppf((1 + level) / 2, n - 1) * se
    return v + mean - half, v + mean + half, 2 * stats.t.sf(abs(v + mean) / se, n - 1)


@pytest.mark.parametrize(
    ("d", "low", "high", "v", "w_up", "w_down", "lean"),
    [
        # atom 0, two others, the largest 1 = the range
        ([0] * 8 + [1, -1], -1, 1, 0, 1, 1, 0),
        # atom 0, one other of 0.4: w = 0.4 + 0.6/2
        ([0] * 9 + [0.4], -1, 1, 0, 0.7, 0.7, 0),
        # atom 1, three others of -1 (e = -1 or -2): room 0 up and 2 down, M = 2
        ([1] * 7 + [0, 0, -1], -1, 1, 1, 0, 2, 1),
        # atom 1, one other of 0: M = 1, down 1 + (2 - 1)/2^.5
        ([1] * 9 + [0], -1, 1, 1, 0, 1 + 0.5**0.5, 1),
        # atom .5, halfway to the end, one other of 0: M = .5, down .5 + (1.5 - .5)/2^.75
        ([0.5] * 9 + [0], -1, 1, 0.5, 0.5, 0.5 + 2**-0.75, 0.5),
        # nothing differs: the range
        ([0] * 10, -1, 1, 0, 1, 1, 0),
        ([0.5] * 10, -1, 1, 0.5, 0.5, 1.5, 0.5),
        # no range: M on both sides
        ([0] * 8 + [2, -3], None, None, 0, 3, 3, 0),
        # a range that is not symmetric: 1 down and 3 up
        ([0] * 8 + [1, -1], -1, 3, 0, 1 + 2 / 3**0.75, 1, 0.5),
        # no difference has half the items: the atom is 0 with its share
        ([0] * 3 + [0.2, 0.4, -0.3, 0.9, -0.6], -1, 1, 0, 0.9 + 0.1 / 6, 0.9 + 0.1 / 6, 0),
        # half 0 and half 1: the atom is 0
        ([0] * 4 + [1] * 4, -1, 1, 0, 1, 1, 0),
    ],
)
def test_sparse_t_is_the_formula_worked_by_hand(d, low, high, v, w_up, w_down, lean):
    estimate = sparse_t(d, low=low, high=high)
    left, right, p = by_hand(d, v, w_up, w_down, lean)
    floor, ceiling = (-np.inf, np.inf) if low is None else (low, high)
    assert estimate.low == pytest.approx(max(left, floor), abs=1e-9)
    assert estimate.high == pytest.approx(min(right, ceiling), abs=1e-9)
    assert estimate.p_value == pytest.approx(p, abs=1e-9)
    assert estimate.value == pytest.approx(np.mean(d), abs=1e-15)
    assert (estimate.n, estimate.unit, estimate.method) == (len(d), "item", "sparse-t")


@given(st.lists(SCORES, min_size=2, max_size=40), st.sampled_from([None, 1.0, 2.0]),
       st.sampled_from([0.5, 0.9, 0.95, 0.999]))  # fmt: skip
@settings(derandomize=True, max_examples=300, deadline=None)
def test_p_and_interval_always_agree(d, bound, level):
    low = None if bound is None else -bound
    estimate = sparse_t(d, low=low, high=bound, level=level)
    if np.isnan(estimate.low):
        assert bound is None
        assert np.ptp(d) == 0
        assert np.isnan(estimate.p_value)
        assert estimate.method == "sparse-t (all differences equal, range unknown: no interval)"
        return
    assert estimate.low < estimate.high
    assert (estimate.p_value <= 1 - level) == (not estimate.low <= 0 <= estimate.high)


@given(st.lists(SCORES, min_size=2, max_size=30))
@settings(derandomize=True, max_examples=100, deadline=None)
def test_swapping_the_models_turns_the_interval_around(d):
    d = np.array(d)
    plain, turned = sparse_t(d, low=-1, high=1), sparse_t(-d, low=-1, high=1)
    np.testing.assert_allclose(
        [-turned.high, -turned.low, turned.p_value], [plain.low, plain.high, plain.p_value],
        atol=1e-12,
    )  # fmt: skip


def test_rounding_does_not_split_an_atom():
    a, b = np.array([0.9, 0.8, 0.7, 0.6, 0.55]), np.array([0.4, 0.3, 0.2, 0.1, 0.5])
    assert len(set(a - b)) > 2
    rounded = sparse_t(np.round(a - b, 6), low=-1, high=1)
    exact = sparse_t(a - b, low=-1, high=1)
    assert (exact.low, exact.high) == pytest.approx((rounded.low, rounded.high), abs=1e-9)


def test_noise_of_the_last_bit_is_no_difference_between_models():
    d = np.zeros(20)
    clean = sparse_t(d, low=-1, high=1)
    noisy = sparse_t(d + np.linspace(-2e-16, 2e-16, 20), low=-1, high=1)
    assert (noisy.low, noisy.high) == pytest.approx((clean.low, clean.high), abs=1e-12)


def test_a_range_that_leaves_no_room_for_zero_settles_the_test():
    estimate = sparse_t([0.2, 0.3, 0.9], low=0.1, high=1)
    assert estimate.p_value == 0
    assert estimate.low >= 0.1


def test_a_difference_outside_its_range_is_refused():
    message = "differences must lie in [-1, 1], but 1 of 3 do not (smallest 0.0, largest 2.0)."
    with pytest.raises(UsageError, match=f"^{re.escape(message)}$"):
        sparse_t([0.0, 1.0, 2.0], low=-1, high=1)


def test_one_known_end_is_enough_for_an_interval_with_width():
    estimate = sparse_t([1.0, 1.0, 1.0], low=-1)
    assert estimate.low < 1.0 < estimate.high + 1


def test_differences_equal_up_to_the_rounding_of_large_scores_are_equal():
    a = np.random.default_rng(4).uniform(0, 1000, 50)
    d = a - (a + 0.001)
    assert np.ptp(d) > 0
    estimate = sparse_t(d, scale=1000)
    assert estimate.value == pytest.approx(-0.001)
    assert np.isnan([estimate.low, estimate.high, estimate.p_value]).all()
    assert estimate.method == "sparse-t (all differences equal, range unknown: no interval)"
    ranged = sparse_t(d, low=-1000, high=1000, scale=1000)
    assert ranged.high - ranged.low > 1


def test_the_scale_of_the_scores_leaves_real_differences_alone():
    d = np.random.default_rng(5).normal(0.1, 1, 20)
    assert sparse_t(d, scale=1000) == sparse_t(d)


def test_nearly_identical_models_are_covered():
    rng = np.random.default_rng(3)
    d = rng.choice([-1, 0, 1], p=[0.02, 0.95, 0.03], size=(3000, 60))
    hits = [e.low <= 0.01 <= e.high for e in (sparse_t(row, low=-1, high=1) for row in d)]
    assert np.mean(hits) > 0.94 - 4 * np.sqrt(0.06 * 0.94 / len(hits))


@pytest.mark.parametrize("n", [20, 100, 1000])
@pytest.mark.parametrize("expected", [1.0, 2.0, 2.5, 4.0, 6.0])
def test_wins_of_one_model_alone_are_covered(n, expected):
    wins, share = np.arange(n + 1), expected / n
    found = sparse_t_counts(n, wins, 0)
    chance = stats.binom.pmf(wins, n, share)
    assert chance[(found.low <= share) & (share <= found.high)].sum() > 0.929


def test_the_test_of_paired_zeros_and_ones_has_its_size_whatever_share_differs():
    from functools import cache

    n = 40

    @cache
    def rejected(plus, minus):
        d = np.r_[np.ones(plus), -np.ones(minus), np.zeros(n - plus - minus)]
        return sparse_t(d, low=-1, high=1).p_value <= 0.05

    for discordant in (0.02, 0.05, 0.1, 0.2, 0.4, 0.6):
        size = sum(
            stats.binom.pmf(m, n, discordant) * stats.binom.pmf(plus, m, 0.5)
            for m in range(n + 1)
            for plus in range(m + 1)
            if rejected(plus, m - plus)
        )
        assert size <= 0.052


@pytest.mark.parametrize(("b", "c"), [(1, 8), (8, 1), (0, 5), (4, 4), (30, 12), (0, 0), (200, 260)])
def test_mcnemar_agrees_with_statsmodels(b, c):
    table = [[10, b], [c, 7]]
    assert mcnemar(b, c) == pytest.approx(statsmodels_mcnemar(table).pvalue, rel=1e-12)
    if b + c:
        chi = statsmodels_mcnemar(table, exact=False, correction=False).pvalue
        assert mcnemar(b, c, exact=False) == pytest.approx(chi, rel=1e-12)


def test_mid_p_takes_half_the_outcome_seen_from_each_tail():
    # 2 * (P(0) + P(1)/2) with n = 9: 2 * (1 + 4.5) / 512
    assert mcnemar(1, 8, midp=True) == pytest.approx(11 / 512, rel=1e-12)
    assert mcnemar(4, 4, midp=True) == 1.0
    assert mcnemar(0, 0, midp=True) == 1.0


@pytest.mark.parametrize(("b", "c"), [(-1, 2), (1.5, 2)])
def test_counts_that_cannot_be_are_refused(b, c):
    with pytest.raises(UsageError, match="counts must be whole numbers from 0, but are"):
        mcnemar(b, c)
    with pytest.raises(UsageError, match="midp=True needs exact=True"):
        mcnemar(1, 2, exact=False, midp=True)
