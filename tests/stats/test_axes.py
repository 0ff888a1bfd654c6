import numpy as np
import pytest
from scipy import stats as reference

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import crossed_difference_ci, paired_t, sparse_t
from evalvar.stats.axes import difference_over


def drawn(rng, n=30, seeds=(4, 3), prompts=5):
    a, b = (rng.normal(0, 1, (n, count, prompts)) for count in seeds)
    return a + 0.4, b


def ends(estimate):
    return (estimate.value, estimate.low, estimate.high, estimate.p_value)


def test_over_items_it_is_sparse_t_of_the_item_means():
    a, b = drawn(np.random.default_rng(0))
    found = difference_over(a, b, over=["item"], paired_seeds=False, null=0.1)
    expected = sparse_t(a.mean(axis=(1, 2)) - b.mean(axis=(1, 2)), null=0.1)
    assert ends(found) == pytest.approx(ends(expected))
    assert (found.unit, found.n, found.method) == ("item", 30, "sparse-t")


def test_over_unpaired_seeds_it_is_welch():
    a, b = drawn(np.random.default_rng(1), seeds=(6, 3))
    found = difference_over(a, b, over=["seed"], paired_seeds=False)
    test = reference.ttest_ind(a.mean(axis=(0, 2)), b.mean(axis=(0, 2)), equal_var=False)
    interval = test.confidence_interval()
    assert ends(found)[1:] == pytest.approx((interval.low, interval.high, test.pvalue))
    assert (found.unit, found.n, found.method) == ("seed", 3, "Welch t over seeds")


@pytest.mark.parametrize(("axis", "over_others"), [("seed", (0, 2)), ("prompt", (0, 1))])
def test_over_a_shared_axis_it_is_the_paired_t_test(axis, over_others):
    a, b = drawn(np.random.default_rng(2), seeds=(4, 4))
    found = difference_over(a, b, over=[axis], paired_seeds=True)
    expected = paired_t(a.mean(axis=over_others), b.mean(axis=over_others))
    assert ends(found) == pytest.approx(ends(expected), rel=1e-9)
    assert found.method == f"paired t over {axis}s"


@pytest.mark.parametrize("seeds", [(3, 3), (8, 8)])
@pytest.mark.parametrize("paired", [True, False])
def test_over_items_and_seeds_it_is_the_crossed_interval(seeds, paired):
    a, b = drawn(np.random.default_rng(3), seeds=seeds)
    found = difference_over(a, b, over=["item", "seed"], paired_seeds=paired)
    expected = crossed_difference_ci(a.mean(axis=2), b.mean(axis=2), paired_seeds=paired)
    assert ends(found) == pytest.approx(ends(expected))
    assert found.method == expected.method


def test_each_component_is_counted_once():
    """The variance is unbiased for the sum over the drawn axes, each interaction once."""
    rng = np.random.default_rng(4)
    n, s, p, reps = 6, 4, 3, 4000
    sd = {(0,): 1.0, (1,): 0.7, (2,): 0.9, (0, 1): 0.8, (0, 2): 0.6, (1, 2): 1.1, (0, 1, 2): 0.5}
    sizes = (n, s, p)
    truth = sum(v**2 / np.prod([sizes[i] for i in axes]) for axes, v in sd.items())
    found = []
    for _ in range(reps):
        x = np.zeros(sizes)
        for axes, scale in sd.items():
            shape = [sizes[i] if i in axes else 1 for i in range(3)]
            x = x + scale * rng.normal(size=shape)
        one = difference_over(
            x, np.zeros(sizes), over=["item", "seed", "prompt"], paired_seeds=True
        )
        found.append(one.se**2)
    error = np.std(found) / np.sqrt(reps)
    # parts that come out negative count as zero, so a little above is right
    assert -4 * error < np.mean(found) - truth < 0.05 * truth


def test_over_three_axes_covers():
    rng = np.random.default_rng(5)
    hits = []
    for _ in range(1500):
        a = [
            rng.normal(0, 0.5, (40, 1, 1)) + rng.normal(0, 0.2, (1, 3, 1))
            + rng.normal(0, 0.5, (40, 3, 4))
            for _ in range(2)
        ]  # fmt: skip
        shift = rng.normal(0, 0.2, (1, 1, 4))
        one = difference_over(
            a[0] + shift, a[1], over=["item", "seed", "prompt"], paired_seeds=False
        )
        hits.append(one.low <= 0 <= one.high)
    assert np.mean(hits) > 0.935


def test_an_axis_of_one_level_is_not_identified():
    a = np.random.default_rng(6).normal(size=(10, 1, 1))
    with pytest.raises(NotEnoughDataError) as caught:
        difference_over(a, a, over=["item", "prompt"], paired_seeds=False)
    assert str(caught.value) == "an interval over prompts needs at least 2 prompts, but has 1."


def test_identical_scores_have_no_interval_or_one_of_some_width():
    a = np.ones((5, 2, 2))
    none = difference_over(a, a, over=["seed"], paired_seeds=False)
    assert np.isnan(none.low)
    assert none.method == "Welch t over seeds (no seeds differ, range unknown: no interval)"
    some = difference_over(a, a, over=["item", "prompt"], paired_seeds=False, low=-1, high=1)
    assert some.low < 0 < some.high


def test_bad_input_is_one_line():
    a = np.zeros((3, 2, 2))
    with pytest.raises(UsageError) as caught:
        difference_over(a, a, over=["day"], paired_seeds=False)
    assert str(caught.value) == "over must name some of item, seed, prompt, but is day."
    with pytest.raises(UsageError, match="a and b need the same items and prompts, but have"):
        difference_over(a, np.zeros((4, 2, 2)), over=["item"], paired_seeds=False)
