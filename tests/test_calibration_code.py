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


@pytest.mark.parametrize("n", [1, 10])
def test_new_problems_are_covered_where_few_are_solved(n):
    rows = list(code._over_items(Effort(0.6), 30, n, 1, 0.02, level=code._WEAK))
    assert all(row.share >= floor(row) for row in rows)


def test_new_samples_of_these_problems_are_covered():
    rows = list(code._over_samples(Effort(0.5), 30, 10, 1, 0.5))
    assert all(row.share >= floor(row) and row.flat == 0 for row in rows)


@pytest.mark.parametrize(("n", "sd"), [(10, 0.1), (1, 0.02)])
def test_new_timings_of_these_programs_are_covered(n, sd):
    rows = list(code._over_timings(Effort(0.5), 30, n, n, sd))
    assert all(row.share >= floor(row) for row in rows)


@pytest.mark.parametrize(("n", "k"), [(10, 5), (200, 10)])
def test_two_nearly_solved_models_are_covered(n, k):
    (row,) = code._nearly_solved(Effort(0.2), 142, n, k)
    assert row.share >= floor(row)


@pytest.mark.parametrize(("n", "problems"), [((10, 10), 1), ((1, 8), 30), ((8, 1), 142)])
def test_ratios_of_run_times_are_covered(n, problems):
    (ratio,) = code._ratios(np.random.default_rng(0), "", n, problems, 600)
    assert abs(ratio.share - 0.95) < 0.03


@pytest.mark.parametrize(("n", "problems"), [((10, 10), 5), ((1, 8), 1), ((2, 8), 5)])
def test_the_log_rank_test_has_its_size(n, problems):
    sizes = {row.method: row.share for row in code._one_law(np.random.default_rng(0), "", n,
             problems, 600)}  # fmt: skip
    chi_square = sizes.pop("log-rank, chi-square")
    assert all(share <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 600) for share in sizes.values())
    assert n != (1, 8) or chi_square > 0.08


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
