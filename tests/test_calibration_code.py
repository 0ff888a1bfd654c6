"""What the intervals of programs' scores cover: some cells of the study, with fewer data sets."""

import numpy as np
import pytest

from benchmarks.calibration import code
from benchmarks.calibration.cells import HOUSE, Effort
from benchmarks.calibration.goals import goals


def floor(row):
    return 0.92 - 3 * np.sqrt(0.95 * 0.05 / row.replications)


@pytest.mark.parametrize(("n", "k"), [(10, 1), (10, 10)])
def test_new_problems_are_covered(n, k):
    rows = list(code._over_items(Effort(0.3), 30, n, k, 0.1))
    assert len(rows) == 6
    assert all(row.share >= floor(row) and row.flat == 0 for row in rows)


def test_new_samples_of_these_problems_are_covered():
    rows = list(code._over_samples(Effort(0.5), 30, 10, 1, 0.5))
    assert all(row.share >= floor(row) and row.flat == 0 for row in rows)


def test_new_timings_of_these_programs_are_covered_where_none_is_rarely_held_up():
    rows = list(code._over_timings(Effort(0.5), 30, 10, 10, 0.1))
    assert all(row.share >= floor(row) for row in rows)


def test_ratios_of_run_times_are_covered_and_the_test_has_its_size():
    rng = np.random.default_rng(0)
    (ratio,) = code._ratios(rng, "", 10, 1, 1500)
    assert abs(ratio.share - 0.95) < 0.025
    sizes = list(code._one_law(rng, "", 10, 5, 600))
    assert all(row.share < 0.09 for row in sizes)


def test_redrawing_answers_within_redrawn_problems_misses_the_best_of_all():
    ours = next(row for row in code._over_items(Effort(0.3), 30, 10, 10, 0.02)
                if row.cell.startswith("eff"))  # fmt: skip
    (nested,) = code._again_and_again(Effort(1.0), [(10, 10)])
    assert nested.share < ours.share - 0.03
    assert nested.by != HOUSE


def test_the_goals_read_the_rows():
    rows = list(code._over_items(Effort(0.1), 30, 10, 1, 0.02))
    found = {goal.text: goal for goal in goals(rows)}
    assert "least" in found["pass@k, eff@k and gap, new problems: 93 % or more"].figure
