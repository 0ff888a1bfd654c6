"""Does what tells recipes apart keep its promises? The study's cells, with fewer data sets."""

import numpy as np
import pytest

from benchmarks.calibration import recipes
from benchmarks.calibration.cells import HOUSE, Effort

DEPENDENT = "spread over models, dependent steps"


@pytest.fixture(scope="module")
def measured():
    return list(recipes.recipes(Effort(0.06)))


def test_intervals_cover(measured):
    """Normal models; steps that depend on each other, and skewed models, are told in the study."""
    ours = [
        row for row in measured
        if row.by == HOUSE and row.measure == "coverage"
        and not row.regime.startswith(DEPENDENT) and "exponential" not in row.cell
    ]  # fmt: skip
    assert len(ours) > 40
    for row in ours:
        assert row.share >= 0.94 - 4 * np.sqrt(0.94 * 0.06 / row.replications), row
        assert (row.flat, row.undefined) == (0, 0), row
    assert np.mean([row.share for row in ours]) >= 0.95


def test_nothing_is_claimed_too_often(measured):
    ours = [row for row in measured if row.by == HOUSE and row.measure == "error rate"]
    assert len(ours) == 8
    for row in ours:
        assert row.share <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / row.replications), row


def test_the_first_checkpoint_that_is_clear_is_claimed_too_often(measured):
    first = [row for row in measured if row.by == "practice" and row.measure == "error rate"]
    assert np.mean([row.share for row in first]) > 0.1
