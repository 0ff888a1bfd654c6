"""Scores from subsets: golden numbers, limits, and the design the errors are for."""

from itertools import combinations

import numpy as np
import pytest

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import mean_ci
from evalvar.stats.irt_ability import ability
from evalvar.stats.subset_estimators import (
    control_variate,
    gp_irt,
    gp_irt_share,
    p_irt,
    regression_scores,
)
from evalvar.stats.subsets import Subset, random_subset

# Numbers that another program computed: of the paper on variance, and of the methods.
B = np.array([-2.0, -1.0, -0.5, 0.5, 1.0, 2.0])
SEEN = Subset.of([0, 2, 3, 5])


def theta(y, a, b):
    return float(ability(y, a, b, method="mle").value[0])


def test_v25_p_irt_and_gp_irt():
    y = [1.0, 1.0, 1.0, 0.0]
    found = theta(y, np.ones(4), B[SEEN.items])
    assert found == pytest.approx(1.5712767651, abs=1e-9)
    modelled = float(p_irt(y, SEEN, np.ones(6), B, found))
    assert modelled == pytest.approx(0.7613412829, abs=1e-9)
    assert float(np.dot(y, SEEN.weights)) == 0.75
    assert float(gp_irt(0.75, modelled, 0.5)) == pytest.approx(0.7556706414, abs=1e-9)
    assert theta([1, 1, 0, 0], np.ones(4), B[SEEN.items]) == pytest.approx(0, abs=1e-9)


def test_v26_the_share_of_the_anchors():
    assert gp_irt_share(0.02, 0.25, 100) == pytest.approx(0.3902439024, abs=1e-9)


def test_methods_i_p_irt_and_gp_irt():
    a = np.array([1.2, 0.8, 1.5, 1, 0.9, 1.1, 1.3])
    b = np.array([-0.5, 0.3, 1, 0, 0.2, -0.4, 0.8])
    y, subset = np.array([1.0, 1, 0, 1]), Subset.of(range(4), [0.4, 0.1, 0.3, 0.2])
    found = theta(y, a[:4], b[:4])
    assert found == pytest.approx(0.838683197, abs=1e-9)
    modelled = float(p_irt(y, subset, a, b, found))
    assert modelled == pytest.approx(0.713846362, abs=1e-9)
    assert y @ subset.weights == pytest.approx(0.7)
    share = gp_irt_share(0.03, 0.2, 4)
    assert share == pytest.approx(0.067164179, abs=1e-9)
    assert float(gp_irt(0.7, modelled, share)) == pytest.approx(0.712916382, abs=1e-9)


def test_methods_j_a_control_variate_with_a_known_mean():
    y = np.array([1.0, 0, 1, 1, 0, 1, 0, 1])
    x = np.array([0.9, 0.4, 0.7, 0.8, 0.6, 0.6, 0.3, 0.35])
    found = control_variate(y, x, 0.6)
    assert found.value == pytest.approx(0.650236967, abs=1e-9)
    slope = np.cov(y, x)[0, 1] / x.var(ddof=1)
    assert slope == pytest.approx(1.345971564, abs=1e-9)
    # what is left of the variance is 1 - rho^2 = .681453397
    at_mean = control_variate(y, x, float(x.mean()))
    assert at_mean.se**2 * 8 * 6 / ((y - y.mean()) ** 2).sum() == pytest.approx(
        0.681453397, abs=1e-9
    )


def test_v27_all_right_and_all_wrong_go_to_the_limits():
    a = np.array([1.0, 1.0, 1.0, 1.0, 0.0, -1.0])
    every, none = np.ones(4), np.zeros(4)
    seen = Subset.of([0, 1, 2, 3])
    top = float(ability(every, a[:4], B[:4], method="mle").value[0])
    assert top == np.inf
    flat = 1 / (1 + np.exp(1))  # a = 0: sigmoid(-1)
    assert float(p_irt(every, seen, a, B, top)) == pytest.approx((4 + flat + 0) / 6)
    assert float(p_irt(none, seen, a, B, -np.inf)) == pytest.approx((0 + flat + 1) / 6)
    finite = ability(every, a[:4], B[:4], method="eap").value
    assert 0 < float(p_irt(every[None], seen, a, B, finite)[0]) < 1


def test_p_irt_of_many_models_is_that_of_each():
    rng = np.random.default_rng(0)
    a, b = rng.lognormal(size=30), rng.normal(size=30)
    subset, shares = random_subset(30, 8, rng=1), rng.random(30)
    y, abilities = (rng.random((5, 8)) < 0.5).astype(float), rng.normal(size=5)
    many = p_irt(y, subset, a, b, abilities, shares=shares)
    for k in range(5):
        assert many[k] == pytest.approx(
            float(p_irt(y[k], subset, a, b, abilities[k], shares=shares)), abs=1e-15
        )
    whole = Subset.of(range(30))
    every = (rng.random((5, 30)) < 0.5).astype(float)
    np.testing.assert_allclose(p_irt(every, whole, a, b, abilities), every.mean(axis=1))


def test_a_flat_covariate_leaves_the_t_interval():
    y = np.array([0.0, 1.0, 1.0, 0.3])
    found, plain = control_variate(y, np.ones(4), 1.0), mean_ci(y)
    assert (found.value, found.se, found.low, found.high) == pytest.approx(
        (plain.value, plain.se, plain.low, plain.high)
    )


def test_a_control_variate_of_all_items_is_exact():
    y, x = np.array([0.0, 1.0, 1.0, 0.3]), np.array([0.1, 0.2, 0.9, 0.4])
    found = control_variate(y, x, float(x.mean()), n_items=4)
    assert (found.value, found.method) == (y.mean(), "control variate (all items: exact)")
    assert np.isnan(found.low)


def test_a_covariate_that_says_all_leaves_no_interval():
    x = np.array([0.1, 0.2, 0.4, 0.7])
    found = control_variate(2 * x, x, 0.5)
    assert found.value == pytest.approx(1.0)
    assert np.isnan(found.low)
    assert found.method == "control variate, t (no residual: no interval)"


def test_its_error_is_that_of_all_samples():
    # every sample of 12 items of 14: the mean squared error is what its se^2 says on average
    rng = np.random.default_rng(3)
    x = rng.normal(size=14)
    y = 0.7 * x + 0.5 * rng.normal(size=14)
    off, squares = [], []
    for drawn in combinations(range(14), 12):
        at = list(drawn)
        found = control_variate(y[at], x[at], float(x.mean()), n_items=14)
        off.append(found.value - y.mean())
        squares.append(found.se**2)
    assert len(off) == 91
    assert np.mean(off) ** 2 < 0.02 * np.mean(np.square(off))  # its bias is of order 1/m
    assert np.mean(np.square(off)) == pytest.approx(np.mean(squares), rel=0.15)


def test_regression_scores_are_the_value():
    rng = np.random.default_rng(4)
    y, x = rng.random((3, 9)), rng.random(9)
    np.testing.assert_allclose(
        regression_scores(y, x, 0.4), [control_variate(row, x, 0.4).value for row in y]
    )


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: control_variate([1.0, 0, 1], [0.1, 0.2, 0.3], 0.2),
            NotEnoughDataError,
            "a control variate needs at least 4 items, but has 3.",
        ),
        (
            lambda: control_variate(np.ones(5), np.ones(5), 1.0, n_items=4),
            UsageError,
            "n_items must be at least the 5 drawn, but is 4.",
        ),
        (lambda: gp_irt(0.5, 0.5, 1.5), UsageError, "share must lie in [0, 1], but is 1.5."),
        (
            lambda: gp_irt_share(-1, 0.2, 4),
            UsageError,
            "the share of the anchors needs an error and a variance that are not negative and a "
            "size, but has -1, 0.2 and 4.",
        ),
        (
            lambda: p_irt([1.0, 0.0], SEEN, np.ones(6), B, 0.0),
            UsageError,
            "scores need the shape of abilities and then 4 items, but have (2,).",
        ),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == message
