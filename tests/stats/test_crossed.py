"""Items and seeds drawn again: hand cases, limits, agreement of p and interval, coverage."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import crossed_difference_ci, crossed_mean_ci, mean_ci, paired_t

T3, T1 = stats.t.ppf(0.975, 3), stats.t.ppf(0.975, 1)


def table(n, seeds, *, seed_sd, rng):
    generator = np.random.default_rng(rng)
    items, shifts = generator.normal(size=(n, 1)), generator.normal(size=(1, seeds))
    return items + seed_sd * shifts + generator.normal(size=(n, seeds))


def test_the_interval_is_the_one_worked_by_hand():
    x = np.array([[0.0, 2.0], [1.0, 3.0], [0.0, 3.0], [3.0, 4.0]])
    # item means 1, 2, 1.5, 3.5; seed means 1, 3; grand mean 2
    ms_items = 2 * (1 + 0 + 0.25 + 2.25) / 3
    ms_seeds = 4 * (1 + 1) / 1
    rest = x - np.array([[1], [2], [1.5], [3.5]]) - np.array([[1, 3]]) + 2
    ms_rest = (rest**2).sum() / 3
    item_part, seed_part = ms_items / 8, (ms_seeds - ms_rest) / 8
    estimate = crossed_mean_ci(x)
    assert estimate.value == 2
    assert estimate.se == pytest.approx(np.sqrt(item_part + seed_part), rel=1e-12)
    half = np.sqrt(T3**2 * item_part + T1**2 * seed_part)
    assert estimate.high - 2 == pytest.approx(half, rel=1e-9)
    assert (estimate.n, estimate.unit) == (2, "item x seed")
    assert estimate.method == "Howe, items and seeds"


def test_seeds_that_add_nothing_leave_the_t_interval_of_the_item_means():
    x = np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]])
    crossed, plain = crossed_mean_ci(x), mean_ci(x.mean(axis=1))
    np.testing.assert_allclose(
        [crossed.value, crossed.se, crossed.low, crossed.high],
        [plain.value, plain.se, plain.low, plain.high],
        rtol=1e-12,
    )


def test_the_p_value_is_that_of_a_t_test_where_seeds_add_nothing():
    x = np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [0.5, 0.5]])
    assert crossed_mean_ci(x).p_value == pytest.approx(
        stats.ttest_1samp(x.mean(axis=1), 0).pvalue, abs=1e-9
    )


@given(st.integers(2, 12), st.integers(2, 6), st.floats(0, 3), st.integers(0, 10**6))
@settings(derandomize=True, max_examples=60, deadline=None)
def test_the_p_value_is_the_level_at_which_the_interval_reaches_zero(n, seeds, seed_sd, rng):
    x = table(n, seeds, seed_sd=seed_sd, rng=rng)
    estimate = crossed_mean_ci(x)
    assert (estimate.p_value <= 0.05) == (not estimate.low <= 0 <= estimate.high)
    at_p = crossed_mean_ci(x, level=1 - estimate.p_value)
    edge = at_p.low if at_p.value > 0 else at_p.high
    assert abs(edge) <= 1e-6 * (at_p.high - at_p.low)


def test_the_p_value_keeps_its_accuracy_far_from_zero():
    x = table(50, 8, seed_sd=0, rng=1) * 0.01 + 1
    estimate = crossed_mean_ci(x)
    assert 0 < estimate.p_value < 1e-12
    assert crossed_mean_ci(x - x.mean()).p_value == pytest.approx(1, abs=1e-9)


def test_no_mean_differs_no_interval():
    for x in (np.full((4, 3), 0.1), np.array([[1.0, 0.0], [0.0, 1.0]])):
        estimate = crossed_mean_ci(x)
        assert estimate.value == pytest.approx(x.mean())
        assert np.isnan([estimate.se, estimate.low, estimate.high, estimate.p_value]).all()
        assert estimate.method.endswith("(neither items nor seeds differ: no interval)")


@pytest.mark.parametrize(("shape", "what"), [((1, 3), "item"), ((3, 1), "seed")])
def test_one_item_or_one_seed_is_not_enough(shape, what):
    message = f"an interval over items and seeds needs at least 2 {what}s, but has 1."
    with pytest.raises(NotEnoughDataError, match=f"^{re.escape(message)}$"):
        crossed_mean_ci(np.ones(shape))


def test_a_vector_and_missing_scores_are_refused():
    with pytest.raises(UsageError, match="scores needs 2 axes, but has 1"):
        crossed_mean_ci(np.ones(4))
    with pytest.raises(UsageError, match="1 of 4 are not"):
        crossed_mean_ci([[1.0, np.nan], [0.0, 1.0]])


def test_paired_seeds_are_the_mean_of_the_differences():
    a, b = table(9, 4, seed_sd=1, rng=2), table(9, 4, seed_sd=1, rng=3)
    assert crossed_difference_ci(a, b, paired_seeds=True) == crossed_mean_ci(a - b)


def test_one_seed_each_is_the_paired_t_interval():
    a, b = table(9, 1, seed_sd=1, rng=2), table(9, 1, seed_sd=1, rng=3)
    ours, plain = crossed_difference_ci(a, b, paired_seeds=False), paired_t(a[:, 0], b[:, 0])
    np.testing.assert_allclose(
        [ours.value, ours.se, ours.low, ours.high, ours.p_value],
        [plain.value, plain.se, plain.low, plain.high, plain.p_value],
        rtol=1e-8,
    )
    assert (ours.n, ours.unit) == (9, "item")
    assert ours.method == "Howe, items; the one seed of a and of b not drawn again"


def test_the_seed_parts_of_two_models_add_up():
    a, b = table(9, 4, seed_sd=2, rng=4), table(9, 3, seed_sd=2, rng=5)
    ours = crossed_difference_ci(a, b, paired_seeds=False)
    items = (a.mean(1) - b.mean(1)).var(ddof=1) / 9
    parts = []
    for x in (a, b):
        n, seeds = x.shape
        rest = x - x.mean(0) - x.mean(1)[:, None] + x.mean()
        ms_rest = (rest**2).sum() / ((n - 1) * (seeds - 1))
        parts.append(max(n * x.mean(0).var(ddof=1) - ms_rest, 0) / (n * seeds))
    assert ours.se == pytest.approx(np.sqrt(items + sum(parts)), rel=1e-12)
    t8, t3, t2 = (stats.t.ppf(0.975, df) for df in (8, 3, 2))
    half = np.sqrt(t8**2 * items + t3**2 * parts[0] + t2**2 * parts[1])
    assert (ours.high - ours.low) / 2 == pytest.approx(half, rel=1e-9)
    assert (ours.n, ours.unit) == (3, "item x seed")


def test_a_model_with_one_seed_adds_no_seed_noise_and_says_so():
    a, b = table(9, 4, seed_sd=2, rng=4), table(9, 1, seed_sd=2, rng=5)
    ours = crossed_difference_ci(a, b, paired_seeds=False)
    assert ours.method == "Howe, items and seeds; the one seed of b not drawn again"
    assert (ours.n, ours.unit) == (4, "item x seed")
    turned = crossed_difference_ci(b, a, paired_seeds=False)
    assert (turned.low, turned.high) == pytest.approx((-ours.high, -ours.low), rel=1e-12)
    assert turned.p_value == pytest.approx(ours.p_value, rel=1e-12)


def test_identical_models_have_no_interval():
    a = np.eye(4)[:, :2]
    assert np.isnan(crossed_difference_ci(a, a, paired_seeds=True).low)


def test_other_items_are_refused():
    message = "a and b need the same items, but have shapes (3, 2) and (4, 2)."
    with pytest.raises(UsageError, match=f"^{re.escape(message)}$"):
        crossed_difference_ci(np.ones((3, 2)), np.ones((4, 2)), paired_seeds=False)
    with pytest.raises(UsageError, match="need the same items and seeds"):
        crossed_difference_ci(np.ones((3, 2)), np.ones((3, 3)), paired_seeds=True)


@pytest.mark.parametrize("seeds", [3, 6])
def test_new_items_and_new_seeds_are_covered(seeds):
    hits = []
    for rng in range(1500):
        estimate = crossed_mean_ci(table(25, seeds, seed_sd=0.4, rng=rng))
        hits.append(estimate.low <= 0 <= estimate.high)
    assert np.mean(hits) > 0.935 - 4 * np.sqrt(0.05 * 0.95 / len(hits))
