"""Margins: statsmodels, agreement with the interval, orientation, wrong signs."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.weightstats import ttost_paired

from evalvar.errors import UsageError
from evalvar.stats import equivalence, non_inferiority, paired_t, sparse_t, superiority

SCORES = st.lists(
    st.sampled_from([-1.0, -0.5, -0.1, 0.0, 0.0, 0.0, 0.3, 0.5, 1.0]), min_size=3, max_size=40
)
MARGINS = st.sampled_from([0.01, 0.05, 0.2, 0.6, 1.5])


def estimator(d, level=0.95):
    return lambda null: sparse_t(d, low=-1, high=1, level=level, null=null)


def test_equivalence_is_tost_of_statsmodels():
    rng = np.random.default_rng(0)
    a = rng.normal(size=30)
    b = a + rng.normal(0.02, 0.2, 30)
    for margin in (0.02, 0.1, 0.3):
        theirs = ttost_paired(a, b, -margin, margin)
        at = lambda null: paired_t(a, b, level=0.9, null=null)  # noqa: E731
        ours = equivalence(at, margin=margin)
        assert ours.p_value == pytest.approx(theirs[0], rel=1e-9)
        assert ours.alpha == pytest.approx(0.05)
        lower = non_inferiority(at, margin=margin)
        assert lower.p_value == pytest.approx(theirs[1][1], rel=1e-9)
        turned = non_inferiority(at, margin=margin, higher_is_better=False)
        assert turned.p_value == pytest.approx(theirs[2][1], rel=1e-9)


@given(SCORES, MARGINS, st.sampled_from([0.4, 0.9, 0.95]), st.booleans())
@settings(derandomize=True, max_examples=300, deadline=None)
def test_a_verdict_is_what_the_interval_says(d, margin, level, higher):
    at = estimator(d, level)
    estimate = at(0.0)
    low, high = (
        (estimate.low, estimate.high) if higher else (-estimate.high, -estimate.low)
    )  # of the gain
    if min(abs(abs(end) - margin) for end in (low, high)) < 1e-9:
        return

    def said(shown, refuted):
        return "shown" if shown else "refuted" if refuted else "unclear"

    found = superiority(at, margin=margin, higher_is_better=higher)
    assert found.verdict == said(low > margin, high < margin)
    found = non_inferiority(at, margin=margin, higher_is_better=higher)
    assert found.verdict == said(low > -margin, high < -margin)
    found = equivalence(at, margin=margin, higher_is_better=higher)
    within = -margin < low and high < margin
    assert found.verdict == said(within, high < -margin or low > margin)
    assert 0 <= found.p_value <= 1


def test_superiority_without_a_margin_is_half_the_two_sided_p():
    d = np.array([0.3, 0.5, -0.1, 0.4, 0.6, 0.2, 0.1])
    two_sided = sparse_t(d).p_value
    at = lambda null: sparse_t(d, null=null)  # noqa: E731
    assert superiority(at).p_value == two_sided / 2
    assert superiority(at, higher_is_better=False).p_value == 1 - two_sided / 2
    assert superiority(at, higher_is_better=False).verdict == "refuted"
    turned = superiority(lambda null: sparse_t(-d, null=null), higher_is_better=False)
    assert turned.p_value == superiority(at).p_value


def test_a_tiny_p_value_keeps_its_digits_on_both_sides():
    d = 1 + 0.05 * np.random.default_rng(0).normal(size=200)
    for sign, higher in ((1, True), (-1, False)):
        made = superiority(lambda null, s=sign: sparse_t(s * d, null=null), higher_is_better=higher)
        assert 0 < made.p_value < 1e-100


def test_what_has_no_p_value_has_no_verdict():
    for question in (superiority, non_inferiority, equivalence):
        made = question(lambda null: sparse_t([0.5] * 4, null=null), margin=0.1)
        assert made.verdict == "undefined"
        assert np.isnan(made.p_value)


def test_the_size_of_each_test_at_its_margin():
    # 12 % wins and 8 % losses: the true gain .04 lies on the margin of each null hypothesis
    rng = np.random.default_rng(1)
    d = rng.choice([1.0, -1.0, 0.0], (2000, 200), p=[0.12, 0.08, 0.8])
    for question, rows in ((superiority, d), (non_inferiority, -d), (equivalence, d)):
        shown = np.mean([question(estimator(r), margin=0.04).verdict == "shown" for r in rows])
        assert shown < 0.025 + 4 * np.sqrt(0.025 * 0.975 / len(d))


def test_margins_of_the_wrong_sign_are_refused():
    at = estimator([0.0, 1.0, 0.0])
    message = (
        "a margin of superiority must be 0 or more, but is -0.01. "
        "For 'no worse than by this much' test non-inferiority."
    )
    with pytest.raises(UsageError, match=f"^{re.escape(message)}$"):
        superiority(at, margin=-0.01)
    for question, name in ((non_inferiority, "non-inferiority"), (equivalence, "equivalence")):
        message = (
            f"a margin of {name} must be above 0, but is -0.02. "
            "It counts in the direction that is better; leave the sign out."
        )
        with pytest.raises(UsageError, match=f"^{re.escape(message)}$"):
            question(at, margin=-0.02)
        for margin in (0.0, np.inf, np.nan):
            with pytest.raises(UsageError, match="must be above 0, but is"):
                question(at, margin=margin)
