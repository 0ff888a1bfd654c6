"""Does what tells recipes apart keep its promises? The study's cells, with fewer data sets."""

import numpy as np
import pytest

from benchmarks.calibration import recipes
from benchmarks.calibration.cells import HOUSE, Effort

STEPS = "spread over models, steps taken as runs: SNR"


@pytest.fixture(scope="module")
def measured():
    return list(recipes.recipes(Effort(0.06)))


def test_intervals_cover(measured):
    """Normal models; skewed ones are told in the study."""
    ours = [
        row for row in measured
        if row.by == HOUSE and row.measure == "coverage" and "exponential" not in row.cell
    ]  # fmt: skip
    assert len(ours) > 40
    for row in ours:
        assert row.share >= 0.94 - 4 * np.sqrt(0.94 * 0.06 / row.replications), row
        assert (row.flat, row.undefined) == (0, 0), row
    assert np.mean([row.share for row in ours]) >= 0.95


def test_steps_of_one_run_taken_as_runs_do_not_cover(measured):
    """Which is why nothing that rests on them has an interval."""
    steps = [row for row in measured if row.regime == STEPS and row.measure == "coverage"]
    assert {row.by for row in steps} == {"practice"}
    by_rho = {rho: [row.share for row in steps if row.cell.endswith(f"rho {rho:g}")]
              for rho in (0.0, 0.5, 0.8, 0.9)}  # fmt: skip
    means = [np.mean(shares) for shares in by_rho.values()]
    assert means[0] > 0.9
    assert max(means[2:]) < 0.5
    assert means == sorted(means, reverse=True)


def test_nothing_is_claimed_too_often(measured):
    ours = [row for row in measured if row.by == HOUSE and row.measure == "error rate"]
    assert len(ours) == 8
    for row in ours:
        assert row.share <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / row.replications), row


def test_the_first_checkpoint_that_is_clear_is_claimed_too_often(measured):
    first = [row for row in measured if row.by == "practice" and row.measure == "error rate"]
    assert np.mean([row.share for row in first]) > 0.1
