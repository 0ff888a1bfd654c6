import numpy as np
import pytest
from scipy import stats as reference

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import Estimate, clustered_mean_ci, crossed_difference_ci, mean_ci, paired_t
from evalvar.stats.macro import macro_difference_ci, weighted_mean


def ends(estimate):
    return (estimate.value, estimate.low, estimate.high, estimate.p_value)


def test_two_means_with_equal_weights_are_half_of_welch():
    rng = np.random.default_rng(0)
    a, b = rng.normal(1, 2, 12), rng.normal(0, 1, 30)
    found = weighted_mean([mean_ci(a), mean_ci(-b)], [1, 1])
    test = reference.ttest_ind(a, b, equal_var=False)
    interval = test.confidence_interval()
    expected = ((a.mean() - b.mean()) / 2, interval.low / 2, interval.high / 2, test.pvalue)
    assert ends(found) == pytest.approx(expected)
    assert (found.n, found.unit, found.method) == (42, "item", "t on Welch-Satterthwaite freedom")


def test_a_lone_estimate_keeps_its_t_interval():
    one = paired_t(np.random.default_rng(1).normal(0.3, 1, 20), np.zeros(20))
    assert ends(weighted_mean([one], [5])) == pytest.approx(ends(one))


@pytest.mark.parametrize("sizes", [(1, 1, 2, 2, 3, 40), (1, 2, 4, 6, 9, 14), (5, 5, 5, 5, 5)])
@pytest.mark.parametrize("tasks", [2, 6])
def test_clusters_of_unequal_sizes_keep_the_freedom_of_their_interval(sizes, tasks):
    """With n - 1 degrees of freedom each, 64 % of two tasks of the first sizes covered."""
    rng, trials, hits = np.random.default_rng(4), 300, 0
    clusters = np.repeat(np.arange(len(sizes)), sizes)
    for _ in range(trials):
        scores = (
            rng.normal(size=(tasks, len(sizes)))[:, clusters]
            + rng.normal(size=(tasks, clusters.size)) * 0.3
        )
        found = weighted_mean([clustered_mean_ci(x, clusters) for x in scores], np.ones(tasks))
        hits += found.low <= 0 <= found.high
    assert hits / trials > 0.95 - 3 * np.sqrt(0.95 * 0.05 / trials)


@pytest.mark.parametrize("sizes", [(1, 1, 2, 2, 3, 40), (1, 2, 4, 6, 9, 14)])
def test_a_lone_task_keeps_its_clustered_interval(sizes):
    clusters = np.repeat(np.arange(6), sizes)
    x = np.random.default_rng(5).normal(0.6, 1, clusters.size)
    for level in (0.5, 0.95, 0.999):
        one = clustered_mean_ci(x, clusters, level=level, null=0.2)
        found = weighted_mean([one], [3], level=level, null=0.2)
        assert ends(found) == pytest.approx(ends(one), rel=1e-6)
        assert (found.p_value <= 1 - level) == (not found.low <= 0.2 <= found.high)
    assert found.method.startswith("Howe, one part a task" if sizes[-1] == 40 else "t on Welch")


def test_a_task_without_a_standard_error_leaves_no_interval():
    found = weighted_mean([Estimate(0.2, 0.1, n=20), Estimate(0.4, n=20)], [1, 3])
    assert found.value == pytest.approx(0.35)
    assert np.isnan(found.low)
    assert found.method == (
        "t on Welch-Satterthwaite freedom (a task has no standard error: no interval)"
    )


@pytest.mark.parametrize("seeds", [3, 8])
@pytest.mark.parametrize("paired", [True, False])
def test_one_task_is_the_crossed_interval(seeds, paired):
    rng = np.random.default_rng(2)
    a, b = (rng.normal(0, 1, (25, seeds)) + rng.normal(0, 1, seeds) for _ in "ab")
    found = macro_difference_ci(
        [(a, b)], [2], paired_seeds=paired, shared_seeds=True, ranges=[(-9, 9)], null=0.1
    )
    expected = crossed_difference_ci(a, b, paired_seeds=paired, low=-9, high=9, null=0.1)
    assert ends(found) == pytest.approx(ends(expected))


def test_seeds_that_move_all_tasks_are_not_averaged_away():
    """Both forms are unbiased for the variance of their own design."""
    rng = np.random.default_rng(3)
    tasks, n, seeds, reps = 5, 40, 8, 800
    for shared in (True, False):
        values, squares = [], []
        for _ in range(reps):
            moves = rng.normal(0, 0.5, (2, 1 if shared else tasks, seeds)) + np.zeros((2, tasks, 1))
            a, b = (moves[side][:, None] + rng.normal(0, 1, (tasks, n, seeds)) for side in (0, 1))
            found = macro_difference_ci(
                list(zip(a, b, strict=True)),
                np.ones(tasks),
                paired_seeds=False,
                shared_seeds=shared,
            )
            values.append(found.value)
            squares.append(found.se**2)
        truth = 2 * 0.25 / seeds / (1 if shared else tasks) + 2 / (tasks * n * seeds)
        assert abs(np.mean(squares) - truth) < 4 * np.std(squares) / np.sqrt(reps) + 0.01 * truth
        assert np.var(values) == pytest.approx(truth, rel=0.25)


def test_bad_input_is_one_line():
    x = np.zeros((3, 2))
    with pytest.raises(UsageError) as caught:
        weighted_mean([Estimate(0.0)], [1, 2])
    assert str(caught.value) == (
        "weights must be one number from 0 for each of 1 tasks, and not all 0, but are [1.0, 2.0]."
    )
    with pytest.raises(NotEnoughDataError, match="needs 2 items and 2 seeds in each, but one has"):
        macro_difference_ci([(x, x[:, :1])], [1], paired_seeds=False, shared_seeds=True)
    with pytest.raises(UsageError, match="a and b do not go together"):
        macro_difference_ci([(x, x[:2])], [1], paired_seeds=False, shared_seeds=True)
    with pytest.raises(UsageError, match="shared seeds need the same number in each task"):
        macro_difference_ci(
            [(x, x), (np.zeros((3, 4)), x)], [1, 1], paired_seeds=False, shared_seeds=True
        )
