"""Classical paired intervals: R packages, a search for the likelihood, coverage, p and interval."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, special

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import agresti_min, bonett_price, mcnemar, newcombe, tango

METHODS = (tango, newcombe, bonett_price, agresti_min)
TABLES = st.tuples(*[st.integers(0, 25)] * 4).filter(lambda t: sum(t) > 0)


def ends(estimate):
    return [estimate.low, estimate.high]


@pytest.mark.parametrize(
    ("method", "low", "high"),
    [
        (agresti_min, -0.1182, -0.0045),
        (newcombe, -0.1186, -0.0046),
        (bonett_price, -0.1195, -0.0032),
    ],
)
def test_the_intervals_of_contingencytables_in_r(method, low, high):
    # complete response before and after consolidation therapy (Cavo et al. 2012)
    estimate = method(59, 6, 16, 80)
    assert ends(estimate) == pytest.approx([low, high], abs=5e-5)
    assert estimate.value == pytest.approx(-10 / 161)


def test_the_interval_of_propcis_in_r():
    # scoreci.mp(25, 28, 618) at 90 % gives -0.0148 and 0.0247 for (second - first) / n
    assert ends(tango(300, 28, 25, 265, level=0.9)) == pytest.approx([-0.0148, 0.0247], abs=5e-5)
    # airway hyper-responsiveness (Bentur et al. 2009)
    assert ends(tango(1, 1, 7, 12)) == pytest.approx([-0.517, -0.026], abs=5e-4)


@given(TABLES, st.floats(-0.95, 0.95))
@settings(derandomize=True, max_examples=80, deadline=None)
def test_tangos_statistic_is_the_score_of_the_likelihood_maximised_by_search(table, null):
    _, b, c, _ = table
    n = sum(table)

    def minus_log(q):
        parts = (b, q + null), (c, q), (n - b - c, 1 - 2 * q - null)
        return -sum(float(special.xlogy(count, max(p, 0.0))) for count, p in parts if count)

    bounds = (max(0.0, -null), (1 - null) / 2)
    found = optimize.minimize_scalar(minus_log, bounds=bounds, method="bounded",
                                     options={"xatol": 1e-13})  # fmt: skip
    q = min([found.x, *bounds], key=minus_log)
    variance = 2 * q + null - null**2
    if variance < 1e-6:
        return
    score = (b - c - n * null) / np.sqrt(n * variance)
    p = tango(*table, null=null).p_value
    assert p == pytest.approx(2 * special.ndtr(-abs(score)), rel=1e-3, abs=1e-6)


def test_tango_at_zero_is_mcnemar_without_correction():
    for b, c in ((1, 8), (30, 12), (4, 4)):
        assert tango(10, b, c, 7).p_value == pytest.approx(mcnemar(b, c, exact=False), rel=1e-9)


@pytest.mark.parametrize("method", METHODS)
@given(table=TABLES, null=st.floats(-1, 1), level=st.sampled_from([0.8, 0.95, 0.99]))
@settings(derandomize=True, max_examples=120, deadline=None)
def test_p_and_interval_agree_and_have_width(method, table, null, level):
    found = method(*table, null=null, level=level)
    assert -1 <= found.low < found.high <= 1
    assert 0 <= found.p_value <= 1
    if min(abs(null - end) for end in ends(found)) > 1e-9:
        assert (found.p_value <= 1 - level) == (not found.low <= null <= found.high)
    both, a, b, neither = table
    turned = method(both, b, a, neither, null=-null, level=level)
    assert [-turned.high, -turned.low] == pytest.approx(ends(found), abs=1e-9)
    assert turned.p_value == pytest.approx(found.p_value, abs=1e-7)


@pytest.mark.parametrize(
    ("method", "floor"),
    [(tango, 0.935), (newcombe, 0.935), (bonett_price, 0.945), (agresti_min, 0.93)],
)
def test_exact_coverage_over_all_tables_of_thirty_items(method, floor):
    n = 30
    # shares of both, a only, b only, neither
    for shares in ((0.5, 0.15, 0.1, 0.25), (0.3, 0.3, 0.1, 0.3), (0.8, 0.06, 0.04, 0.1)):
        truth, covered = shares[1] - shares[2], 0.0
        for a in range(n + 1):
            for b in range(n + 1 - a):
                weight = special.gammaln([n + 1, a + 1, b + 1, n - a - b + 1]) @ [1, -1, -1, -1]
                weight += a * np.log(shares[1]) + b * np.log(shares[2])
                weight += (n - a - b) * np.log(shares[0] + shares[3])
                if weight < -16:
                    continue
                # the agreements split as they are expected to; only Newcombe looks at it
                both = round((n - a - b) * shares[0] / (shares[0] + shares[3]))
                found = method(both, a, b, n - a - b - both)
                covered += np.exp(weight) * (found.low <= truth <= found.high)
        assert covered >= floor


@pytest.mark.parametrize("method", METHODS)
def test_a_million_items_and_tables_at_the_ends(method):
    large = method(500_000, 1, 0, 499_999)
    assert 0 < large.high < 1e-5
    for table in ((0, 7, 0, 0), (0, 0, 7, 0), (7, 0, 0, 0), (0, 0, 0, 7), (1, 0, 0, 0)):
        found = method(*table)
        assert found.high - found.low > 1e-3
        assert np.isnan(found.se)
        assert found.low <= found.value <= found.high or method in (bonett_price, agresti_min)


def test_counts_that_cannot_be_are_refused():
    for method in METHODS:
        message = "counts must be whole numbers from 0, but are 1, -2, 0, 3."
        with pytest.raises(UsageError, match=f"^{re.escape(message)}$"):
            method(1, -2, 0, 3)
        with pytest.raises(NotEnoughDataError, match="a paired interval needs at least 1 item"):
            method(0, 0, 0, 0)
