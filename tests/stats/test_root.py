"""The place where a falling function is zero."""

import numpy as np
import pytest
from scipy.optimize import brentq

from evalvar.stats.root import falling_root


@pytest.mark.parametrize(
    "excess",
    [
        lambda x: 1 - x,
        lambda x: 2 - x**3,
        lambda x: np.exp(-x) - 0.2,
        lambda x: np.arctan(1.7 - x),
        lambda x: 1e-3 - x**9,
    ],
)
def test_finds_what_scipy_finds_in_few_steps(excess):
    calls = []

    def counting(x):
        calls.append(x)
        return excess(x)

    found = falling_root(
        counting, 0.0, 4.0, excess(0.0), excess(4.0), near=1e-12, close=1e-14
    )  # fmt: skip
    assert found == pytest.approx(brentq(excess, 0.0, 4.0, xtol=1e-14), rel=1e-9)
    assert len(calls) < 40


def test_stops_at_a_jump():
    jump = lambda x: 1.0 if x < 0.3 else -1.0  # noqa: E731
    found = falling_root(jump, 0.0, 1.0, 1.0, -1.0, near=1e-12, close=1e-9)
    assert found == pytest.approx(0.3, abs=1e-8)
