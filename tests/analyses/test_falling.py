import numpy as np
import pandas as pd
import pytest

from evalvar.analyses.curves import training_curves
from evalvar.analyses.falling import FALLING, falling, undeclared
from evalvar.evidence import as_evidence


def reported(curves, **columns):
    rows = [
        {"model": "A", "task": "t", "metric": "m", "seed": s, "checkpoint": t, "value": value}
        for s, curve in enumerate(curves)
        for t, value in enumerate(curve)
    ]
    return as_evidence(reported=pd.DataFrame(rows).assign(**columns))


def said(evidence):
    unsaid = undeclared(evidence)
    return [
        sentence for curves in training_curves(evidence) for sentence in falling(curves, unsaid)
    ]


FALLS = np.linspace(4, 2, 8) + np.array([[0.0], [0.1], [0.05]])


def test_a_falling_curve_of_an_undeclared_metric_asks():
    assert said(reported(FALLS)) == [FALLING]
    assert "if lower is better, say so" in FALLING


@pytest.mark.parametrize("up", [True, False])
def test_what_is_declared_is_not_asked(up):
    assert said(reported(FALLS, higher_is_better=up)) == []


def test_a_rising_a_constant_and_a_short_curve_ask_nothing():
    assert said(reported(FALLS[:, ::-1])) == []
    assert said(reported(np.full((3, 5), 0.5))) == []
    assert said(reported(FALLS[:, :2])) == []


def test_one_seed_that_does_not_fall_is_enough_to_ask_nothing():
    assert said(reported(np.vstack([FALLS, np.sin(np.arange(8))]))) == []


def test_three_checkpoints_of_one_seed_are_too_few_and_of_five_enough():
    assert said(reported(FALLS[:1, :3])) == []
    assert said(reported(np.tile([3.0, 2.0, 1.0], (5, 1)))) == [FALLING]


def test_noise_without_a_trend_asks_less_than_once_in_a_hundred():
    rng = np.random.default_rng(0)
    asked = sum(bool(said(reported(rng.normal(size=(1, 12))))) for _ in range(200))
    assert asked <= 2


def test_records_declare_for_reported_values_too():
    records = pd.DataFrame(
        {
            **{"model": "A", "task": "t", "metric": "m", "higher_is_better": True},
            **{"item": range(4), "score": np.linspace(1, 2, 4)},
        }
    )
    claims = reported(FALLS).reported
    assert undeclared(as_evidence(records, reported=claims)) == frozenset()
    assert undeclared(as_evidence(reported=claims)) == {("t", "m")}
