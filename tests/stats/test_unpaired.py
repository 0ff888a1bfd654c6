"""Unpaired differences: scipy, the published example of Newcombe, p and interval, coverage."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import (
    bounded_mean_ci,
    independent_proportions,
    unpaired_difference_ci,
    welch,
)

SCORES = st.lists(st.sampled_from([0.0, 0.0, 0.3, 0.5, 1.0, 1.0]), min_size=2, max_size=20)


def ends(estimate):
    return [estimate.low, estimate.high]


def test_welch_agrees_with_scipy():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=12), rng.normal(0.5, 3, size=31)
    theirs = stats.ttest_ind(a, b, equal_var=False)
    ours = welch(a, b)
    assert ours.p_value == pytest.approx(theirs.pvalue, rel=1e-10)
    assert ends(ours) == pytest.approx(list(theirs.confidence_interval(0.95)), rel=1e-9)
    moved = stats.ttest_ind(a - 0.7, b, equal_var=False).pvalue
    assert welch(a, b, null=0.7).p_value == pytest.approx(moved, rel=1e-9)
    assert (ours.n, ours.method) == (12, "Welch")


def test_newcombes_published_example():
    # 56 of 70 against 48 of 80 (Newcombe 1998, table II, method 10)
    ours = independent_proportions(56, 70, 48, 80)
    assert ends(ours) == pytest.approx([0.0524, 0.3339], abs=5e-5)
    assert ours.method == "Newcombe, independent"
    # (57/72 - 49/82) -+ 1.959964 ((57/72)(15/72)/72 + (49/82)(33/82)/82)^.5
    p, q = 57 / 72, 49 / 82
    half = 1.959963985 * np.sqrt(p * (1 - p) / 72 + q * (1 - q) / 82)
    caffo = independent_proportions(56, 70, 48, 80, method="agresti-caffo")
    assert ends(caffo) == pytest.approx([p - q - half, p - q + half], rel=1e-8)


@given(SCORES, SCORES, st.sampled_from([-1.0, -0.3, 0.0, 0.05, 0.4]),
       st.sampled_from([0.5, 0.9, 0.95, 0.99]))  # fmt: skip
@settings(derandomize=True, max_examples=150, deadline=None)
def test_p_and_interval_agree(a, b, null, level):
    found = unpaired_difference_ci(a, b, low=0, high=1, null=null, level=level)
    assert -1 <= found.low <= found.value <= found.high <= 1
    assert found.high - found.low > 1e-3
    if min(abs(null - end) for end in ends(found)) > 1e-9:
        assert (found.p_value <= 1 - level) == (not found.low <= null <= found.high)
    turned = unpaired_difference_ci(b, a, low=0, high=1, null=-null, level=level)
    assert ends(turned) == pytest.approx([-found.high, -found.low], abs=1e-9)
    assert turned.p_value == pytest.approx(found.p_value, abs=1e-9)


@pytest.mark.parametrize("method", ["newcombe", "agresti-caffo"])
@given(table=st.tuples(*[st.integers(0, 9)] * 4), null=st.sampled_from([-0.4, 0.0, 0.15]))
@settings(derandomize=True, max_examples=60, deadline=None)
def test_p_and_interval_of_proportions_agree(method, table, null):
    k_a, more_a, k_b, more_b = table
    if k_a + more_a == 0 or k_b + more_b == 0:
        return
    found = independent_proportions(k_a, k_a + more_a, k_b, k_b + more_b, method=method, null=null)
    if min(abs(null - end) for end in ends(found)) > 1e-9:
        assert (found.p_value <= 0.05) == (not found.low <= null <= found.high)


def test_square_and_add_is_the_formula_worked_by_hand():
    a, b = [1, 1, 1, 0, 0.5], [0, 1, 0, 0.25]
    one, other = (bounded_mean_ci(x, low=0, high=1) for x in (a, b))
    found = unpaired_difference_ci(a, b, low=0, high=1)
    d = 0.7 - 0.3125
    low = d - np.sqrt((0.7 - one.low) ** 2 + (other.high - 0.3125) ** 2)
    high = d + np.sqrt((one.high - 0.7) ** 2 + (0.3125 - other.low) ** 2)
    assert ends(found) == pytest.approx([low, high], rel=1e-12)
    assert found.se == pytest.approx(np.sqrt(np.var(a, ddof=1) / 5 + np.var(b, ddof=1) / 4))
    assert (found.n, found.method) == (4, "square-and-add on mid-p on effective n")
    assert unpaired_difference_ci([1, 0], [1, 1], low=0, high=1).method == "square-and-add on mid-p"


def test_exact_coverage_of_two_proportions():
    n, k = 20, np.arange(21)
    made = [bounded_mean_ci(np.r_[np.ones(j), np.zeros(n - j)], low=0, high=1) for j in k]
    low, high = (np.array([getattr(one, end) for one in made]) for end in ("low", "high"))
    m = k / n
    d = m[:, None] - m[None, :]
    left = d - np.hypot((m - low)[:, None], (high - m)[None, :])
    right = d + np.hypot((high - m)[:, None], (m - low)[None, :])
    corner = unpaired_difference_ci([1] * 5 + [0] * 15, [1] * 9 + [0] * 11, low=0, high=1)
    assert ends(corner) == pytest.approx([left[5, 9], right[5, 9]], rel=1e-12)
    for p in (0.5, 0.7, 0.9, 0.98):
        for q in (0.1, 0.5, 0.9, 0.95):
            weight = [special.binom(n, k) * s**k * (1 - s) ** (n - k) for s in (p, q)]
            cover = np.outer(*weight)[(left <= p - q) & (p - q <= right)].sum()
            assert cover > 0.94


def test_neither_varies_and_a_million_items():
    same = welch([1.0, 1.0], [2.0, 2.0, 2.0])
    assert same.method == "Welch (neither a nor b varies: no interval)"
    assert np.isnan([*ends(same), same.p_value, same.se]).all()
    right = unpaired_difference_ci(np.ones(10**6), np.ones(10**6), low=0, high=1)
    assert -1e-5 < right.low < 0 < right.high < 1e-5
    assert (right.p_value, right.value) == (1.0, 0.0)
    assert unpaired_difference_ci(np.ones(10**5), np.zeros(10**5), low=0, high=1).p_value == 0


def test_what_cannot_be_is_refused():
    with pytest.raises(NotEnoughDataError, match="an unpaired interval needs at least 2 items"):
        welch([1.0], [1.0, 2.0])
    with pytest.raises(UsageError, match=r"scores must lie in \[0, 1\], but 1 of 2 do not"):
        unpaired_difference_ci([0.0, 2.0], [0.0, 1.0], low=0, high=1)
    message = "method must be one of newcombe, agresti-caffo, but is 'wald'."
    with pytest.raises(UsageError, match=f"^{re.escape(message)}$"):
        independent_proportions(1, 2, 1, 2, method="wald")
    message = "k and n must be whole with 0 <= k <= n and n >= 1, but are 3 and 2."
    with pytest.raises(UsageError, match=f"^{re.escape(message)}$"):
        independent_proportions(1, 2, 3, 2)
