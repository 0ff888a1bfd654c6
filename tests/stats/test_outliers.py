"""Seeds that stand apart: golden numbers, exact critical values, false alarms."""

import re

import numpy as np
import pytest
from scipy import stats

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import outliers

ACC = [0.31, 0.32, 0.30, 0.33, 0.31, 0.32, 0.22, 0.31, 0.32, 0.30]


def test_the_golden_numbers():
    found = outliers(ACC)
    assert found.z[6] == pytest.approx(-2.711088, abs=1e-6)
    assert found.robust_z[6] == pytest.approx(-6.070417, abs=1e-6)
    assert found.flagged().tolist() == [6]


@pytest.mark.parametrize(("runs", "most"), [(5, 1.788854), (10, 2.846050)])
def test_no_z_is_beyond_its_limit_so_a_fixed_cut_may_never_fire(runs, most):
    x = np.zeros(runs)
    x[2] = 1e6
    assert (runs - 1) / np.sqrt(runs) == pytest.approx(most, abs=1e-6)
    assert outliers(x).z[2] == pytest.approx(most, abs=1e-6)


def test_runs_that_are_all_equal_but_one_do_not_say_how_far_runs_scatter():
    found = outliers([0.70, 0.70, 0.71])
    assert np.isnan(found.p_value[2])
    assert found.p_value[:2].tolist() == [1.0, 1.0]
    assert found.flagged().tolist() == []


def test_t_is_the_distance_from_the_others_by_their_own_spread():
    x = np.random.default_rng(0).normal(size=7)
    rest = np.delete(x, 3)
    wanted = (x[3] - rest.mean()) / (rest.std(ddof=1) * np.sqrt(1 + 1 / 6))
    assert outliers(x).t[3] == pytest.approx(wanted, rel=1e-12)
    assert outliers(x).p_value[3] == pytest.approx(min(1, 7 * 2 * stats.t.sf(abs(wanted), 5)))


@pytest.mark.parametrize(("runs", "limit"), [(3, 1.1543), (5, 1.7150), (10, 2.2900)])
def test_the_limits_are_those_of_grubbs_table(runs, limit):
    """Critical values of the two-sided test at 5 %, as printed by Grubbs and Beck (1972)."""
    t = stats.t.isf(0.025 / runs, runs - 2)
    z = (runs - 1) / np.sqrt(runs) * np.sqrt(t**2 / (runs - 2 + t**2))
    assert z == pytest.approx(limit, abs=1.5e-4)
    x = np.random.default_rng(1).normal(size=(2000, runs))
    for row in x[:200]:
        found = outliers(row)
        assert (np.abs(found.z).max() > z) == (found.flagged().size > 0)


@pytest.mark.parametrize("runs", [3, 5, 10])
def test_false_alarms_come_at_their_rate(runs):
    x = np.random.default_rng(2).normal(size=(4000, runs))
    alarms = np.mean([outliers(row).flagged().size > 0 for row in x])
    assert abs(alarms - 0.05) < 4 * np.sqrt(0.05 * 0.95 / len(x))


def test_three_seeds_can_fire():
    assert outliers([0.700, 0.701, 0.9]).flagged().tolist() == [2]
    assert outliers([0.700, 0.702, 0.71]).flagged().tolist() == []


def test_equal_runs_and_half_equal_runs():
    equal = outliers([0.5, 0.5, 0.5])
    assert equal.p_value.tolist() == [1, 1, 1]
    assert np.isnan(equal.z).all()
    assert np.isnan(outliers([0.5, 0.5, 0.5, 0.9]).robust_z).all()


def test_two_runs_are_too_few_and_a_gap_is_refused():
    message = "an outlying seed needs at least 3 seeds, but has 2."
    with pytest.raises(NotEnoughDataError, match=f"^{re.escape(message)}$"):
        outliers([0.5, 0.6])
    with pytest.raises(UsageError, match="1 of 3 are not"):
        outliers([0.5, np.nan, 0.6])
