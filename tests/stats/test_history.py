"""One more run beside earlier runs: equal to scipy where it defines the same, and calibrated."""

import numpy as np
import pytest
from scipy import stats

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats.history import change_ci, drop_limit


def moments(runs):
    return float(np.mean(runs)), float(np.std(runs, ddof=1)), len(runs)


def test_worked_by_hand():
    # s = 0.02, R = 4: se = 0.02 sqrt(1 + 1/4) = 0.0223607, and t_{0.95, 3} = 2.353363
    assert drop_limit(0.02, 4) == pytest.approx(0.0223607 * 2.353363, rel=1e-5)
    assert drop_limit(0.02, 4, new_runs=4) == pytest.approx(
        0.02 * np.sqrt(0.5) * 2.353363, rel=1e-5
    )


@pytest.mark.parametrize("runs", [3, 4, 30])
def test_one_new_run_is_the_t_test_of_two_samples(runs):
    rng = np.random.default_rng(runs)
    history, new = rng.normal(0.6, 0.02, runs), 0.57
    theirs = stats.ttest_ind([new], history)
    ours = change_ci(new, *moments(history), level=0.9)
    interval = theirs.confidence_interval(0.9)
    assert (ours.low, ours.high) == pytest.approx((interval.low, interval.high), rel=1e-12)
    assert ours.p_value == pytest.approx(theirs.pvalue, rel=1e-12)
    assert ours.value == pytest.approx(new - history.mean(), rel=1e-12)
    assert (ours.n, ours.unit, ours.method) == (runs, "run", "t, spread of earlier runs")


def test_the_limit_is_half_the_width_of_the_interval():
    for alpha in (0.01, 0.05, 0.2):
        estimate = change_ci(0.5, 0.6, 0.03, 7, level=1 - 2 * alpha, new_runs=2)
        limit = drop_limit(0.03, 7, false_alarm=alpha, new_runs=2)
        assert (estimate.high - estimate.low) / 2 == pytest.approx(limit, rel=1e-12)


@pytest.mark.parametrize("alpha", [0.01, 0.05])
@pytest.mark.parametrize(("runs", "new_runs"), [(3, 1), (5, 3), (20, 1)])
def test_an_unchanged_system_falls_below_the_limit_as_often_as_said(alpha, runs, new_runs):
    rng = np.random.default_rng(0)
    sets = 50_000
    history = rng.normal(size=(sets, runs))
    new = rng.normal(size=(sets, new_runs)).mean(axis=1)
    unit = drop_limit(1.0, runs, false_alarm=alpha, new_runs=new_runs)
    below = new < history.mean(axis=1) - unit * history.std(axis=1, ddof=1)
    assert abs(below.mean() - alpha) < 4 * np.sqrt(alpha * (1 - alpha) / sets)


def test_bad_input_is_one_line():
    with pytest.raises(NotEnoughDataError) as error:
        drop_limit(0.02, 2)
    assert str(error.value) == "the noise of a run needs at least 3 runs, but has 2."
    with pytest.raises(NotEnoughDataError) as error:
        change_ci(0.5, 0.6, 0.0, 8)
    assert str(error.value) == "the noise of a run needs runs that differ, but all 8 score alike."
    with pytest.raises(UsageError) as error:
        drop_limit(0.02, 4, false_alarm=0.5)
    assert str(error.value) == "false_alarm must lie between 0 and 0.5, but is 0.5."
    with pytest.raises(UsageError) as error:
        drop_limit(0.02, 4, new_runs=0)
    assert str(error.value) == "new_runs must be 1 or more, but is 0."
