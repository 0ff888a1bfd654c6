import time
from itertools import permutations

import numpy as np
import pytest
from scipy import stats as reference

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import decision_accuracy, strict_decision_accuracy

# methods.md, section c
SMALL, TARGET = [0.30, 0.28, 0.33, 0.33, 0.31], [0.52, 0.50, 0.55, 0.56, 0.49]


def test_ties_count_half_and_the_order_of_rows_does_not_matter():
    found = decision_accuracy(SMALL, TARGET)
    assert found.value.tolist() == [0.75]
    assert found.tau[0] == pytest.approx(0.527046277, abs=1e-9)
    turned = decision_accuracy(SMALL[::-1], TARGET[::-1])
    assert turned.value.tolist() == [0.75]
    assert turned.low.tolist() == pytest.approx(found.low.tolist())


def test_heinemans_rule_is_met_for_parity():
    assert strict_decision_accuracy(SMALL, TARGET) == 0.8
    assert strict_decision_accuracy(SMALL[::-1], TARGET[::-1]) == 0.7


def test_it_counts_pairs_whatever_the_orientation():
    rng = np.random.default_rng(0)
    early, final = rng.standard_normal((2, 7))
    alike = [(early[i] > early[j]) == (final[i] > final[j]) for i in range(7) for j in range(i)]
    assert decision_accuracy(early, final).value[0] == pytest.approx(np.mean(alike))
    lower = decision_accuracy(-early, -final)
    assert lower.value[0] == pytest.approx(np.mean(alike))
    tau = reference.kendalltau(early, final).statistic
    assert decision_accuracy(early, final).tau[0] == pytest.approx(tau)


def test_many_stages_are_what_each_of_them_gives():
    rng = np.random.default_rng(1)
    stages, final = rng.standard_normal((6, 40)), rng.standard_normal(6)
    many = decision_accuracy(stages, final)
    for t in range(40):
        one = decision_accuracy(stages[:, t], final)
        for name in ("value", "se", "low", "high", "p_value", "tau"):
            assert getattr(many, name)[t] == pytest.approx(getattr(one, name)[0], nan_ok=True)


def test_perfect_agreement_keeps_an_interval():
    found = decision_accuracy(range(10), range(10)).estimates()[0]
    assert (found.value, found.high) == (1, 1)
    assert 0.7 < found.low < 0.9
    assert np.isnan(found.se)
    assert found.method == "share of pairs ordered alike, ties half, mid-p on effective n"


def test_interval_and_p_value_of_a_half_agree():
    rng = np.random.default_rng(2)
    for models in (3, 5, 8, 12):
        final = rng.standard_normal(models)
        stages = 0.6 * final[:, None] + 0.8 * rng.standard_normal((models, 300))
        found = decision_accuracy(stages, final)
        outside = (found.low > 0.5) | (found.high < 0.5)
        assert (outside == (found.p_value <= 0.05)).all()


@pytest.mark.parametrize("models", [5, 6])
def test_unrelated_orders_are_called_related_no_more_often_than_promised(models):
    stages = np.array(list(permutations(range(models)))).T
    assert (decision_accuracy(stages, range(models)).p_value <= 0.05).mean() <= 0.05


def test_two_models_are_one_pair():
    found = decision_accuracy([1.0, 2.0], [1.0, 2.0]).estimates()[0]
    assert found.value == 1
    assert np.isnan([found.low, found.high, found.p_value]).all()
    assert found.method == "share of pairs ordered alike, ties half (one pair: no interval)"


def test_all_tied_is_a_half_without_tau():
    found = decision_accuracy([1.0, 1.0, 1.0], [1.0, 2.0, 3.0])
    assert found.value[0] == 0.5
    assert np.isnan(found.tau[0])
    assert found.p_value[0] == pytest.approx(1)


def test_a_thousand_models_take_a_moment():
    rng = np.random.default_rng(3)
    start = time.process_time()
    found = decision_accuracy(rng.standard_normal((1000, 10)), rng.standard_normal(1000))
    assert time.process_time() - start < 3
    assert (np.abs(found.value - 0.5) < 0.1).all()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: decision_accuracy([1.0], [1.0]), NotEnoughDataError,
         "decision accuracy needs at least 2 models, but has 1."),
        (lambda: decision_accuracy([1.0, 2.0], [1.0, 2.0, 3.0]), UsageError,
         "stages of 2 models have a target of 3."),
        (lambda: strict_decision_accuracy([1.0, 2.0], [1.0]), UsageError,
         "early scores of 2 models have a target of 1."),
        (lambda: decision_accuracy([1.0, np.nan], [1.0, 2.0]), UsageError,
         "stages needs finite numbers, but 1 of 2 are not. Leave them out."),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_said(call, error, message):
    with pytest.raises(error) as raised:
        call()
    assert str(raised.value) == message
