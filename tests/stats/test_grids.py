"""Items x seeds x samples: exact variances of crossed and nested resamples."""

import numpy as np
import pytest
from scipy import stats

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import joint_bootstrap
from evalvar.stats.functionals import improvement, mean
from evalvar.stats.order_functionals import median

# groups x seeds of the formula sheet; its groups are our seeds, its seeds our items
G = np.array([[0.50, 0.54, 0.52], [0.60, 0.58, 0.65], [0.40, 0.47, 0.42], [0.55, 0.50, 0.53]])
BOTH = ("item", "seed")


def close(draws, exact):
    """Within 5 standard errors of a variance of so many draws."""
    assert draws.var() / exact == pytest.approx(1, abs=5 * np.sqrt(3 / draws.size))


def nested_variance(x):
    """Seeds are columns: var0 of their means, and within them what their items add."""
    return (x.mean(axis=0).var() + x.var(axis=0).mean() / len(x)) / x.shape[1]


def crossed_variance(x):
    n, seeds = x.shape
    rest = x - x.mean(axis=0) - x.mean(axis=1, keepdims=True) + x.mean()
    by_item, by_seed = x.mean(axis=1).var() / n, x.mean(axis=0).var() / seeds
    return by_item + by_seed + (rest**2).mean() / (n * seeds)


def test_the_nested_and_the_crossed_variance_of_the_formula_sheet():
    assert nested_variance(G.T) == pytest.approx(0.001065046, abs=5e-10)
    assert crossed_variance(G.T) == pytest.approx(0.001077894, abs=5e-10)
    assert G.var() / 12 == pytest.approx(0.000388657, abs=5e-10)
    nested = joint_bootstrap([G.T], n_resamples=100_000, rng=0, over=BOTH, nested=True)
    crossed = joint_bootstrap([G.T], n_resamples=100_000, rng=0, over=BOTH)
    naive = joint_bootstrap(G.reshape(-1, 1), n_resamples=100_000, rng=0)
    close(naive.draws, 0.000388657)
    close(nested.draws, nested_variance(G.T))
    close(crossed.draws, crossed_variance(G.T))
    assert nested.value[0] == crossed.value[0] == pytest.approx(0.521666667, abs=5e-10)
    assert nested.method == "nested bootstrap of the mean, 100000 resamples"
    assert crossed.method == "crossed bootstrap of the mean, 100000 resamples"
    assert (crossed.n, crossed.unit) == (3, "item x seed")


def study(seed, seeds=(6, 6), n=50):
    rng = np.random.default_rng(seed)
    items = rng.normal(size=(n, 1))
    return [items + rng.normal(0, 0.5, s) + rng.normal(0, 0.7, (n, s)) for s in seeds]


@pytest.mark.parametrize("over", [("item",), ("seed",), BOTH])
def test_what_is_not_redrawn_adds_nothing(over):
    (x,) = study(0, seeds=(5,))
    joint = joint_bootstrap([x], n_resamples=40_000, rng=1, over=over)
    exact = {
        ("item",): x.mean(axis=1).var() / 50,
        ("seed",): x.mean(axis=0).var() / 5,
        BOTH: crossed_variance(x),
    }[over]
    close(joint.draws, exact)
    assert joint.n == {("item",): 50, ("seed",): 5, BOTH: 5}[over]


def test_systems_share_items_and_seeds_only_where_these_are_the_same():
    a, b = study(1)
    b = b + (a - a.mean(axis=1, keepdims=True)) * 0.5
    apart = joint_bootstrap([a, b], n_resamples=40_000, rng=0, over=BOTH).difference(0, 1)
    shared = joint_bootstrap(
        [a, b], n_resamples=40_000, rng=0, over=BOTH, paired_seeds=True
    ).difference(0, 1)
    close(shared.draws, crossed_variance(a - b))
    by_item = (a - b).mean(axis=1).var() / 50
    own = sum(crossed_variance(x) - x.mean(axis=1).var() / 50 for x in (a, b))
    # the interactions of both share the items that are drawn twice
    close(apart.draws, by_item + own)
    assert shared.draws.var() < apart.draws.var()


def test_a_nested_difference_pairs_what_is_shared():
    a, b = study(2)
    shared = joint_bootstrap(
        [a, b], n_resamples=20_000, rng=0, over=BOTH, nested=True, paired_seeds=True
    ).difference(0, 1)
    close(shared.draws, nested_variance(a - b))
    apart = joint_bootstrap([a, b], n_resamples=20_000, rng=0, over=BOTH, nested=True)
    close(apart.difference(0, 1).draws, nested_variance(a) + nested_variance(b))


def test_the_draws_are_those_of_a_loop_for_any_functional():
    a, b = study(3, seeds=(3, 4), n=30)
    rng = np.random.default_rng(9)
    ours = joint_bootstrap([a, b], median, n_resamples=6000, rng=2, over=BOTH)
    gap = ours.difference(0, 1).draws[:, 0]
    loop = np.empty(6000)
    for row in range(6000):
        items = rng.integers(0, 30, 30)
        of = [np.median(x[items], axis=0)[rng.integers(0, x.shape[1], x.shape[1])] for x in (a, b)]
        loop[row] = of[0].mean() - of[1].mean()
    assert stats.ks_2samp(gap, loop).pvalue > 0.001
    assert ours.value[0] == pytest.approx(np.median(a, axis=0).mean(), rel=1e-12)


def test_clusters_and_strata_hold_for_the_items_of_a_grid():
    (x,) = study(4, seeds=(4,), n=60)
    clusters = np.arange(60) // 4
    joint = joint_bootstrap([x], n_resamples=40_000, rng=0, clusters=clusters)
    close(joint.draws, x.mean(axis=1).reshape(15, 4).mean(axis=1).var() / 15)
    assert joint.unit == "cluster"
    joint = joint_bootstrap([x], n_resamples=40_000, rng=0, strata=clusters)
    close(joint.draws, x.mean(axis=1).reshape(15, 4).var(axis=1).mean() / 60)


def test_samples_are_redrawn_within_their_cells():
    rng = np.random.default_rng(5)
    cells = rng.normal(size=(12, 3, 1)) + rng.normal(size=(12, 3, 4))
    within = cells.var(axis=2).sum() / 4 / (12 * 3) ** 2
    only = joint_bootstrap([cells], n_resamples=4000, rng=0, over=("sample",))
    close(only.draws, within)
    assert (only.n, only.unit) == (4, "sample")
    whole = joint_bootstrap([cells], n_resamples=4000, rng=0, over=("item", "seed", "sample"))
    # every copy of a cell has samples of its own
    close(whole.draws, crossed_variance(cells.mean(axis=2)) + within)
    assert (whole.n, whole.unit) == (3, "item x seed x sample")
    nested = joint_bootstrap(
        [cells], n_resamples=4000, rng=0, over=("item", "seed", "sample"), nested=True
    )
    close(nested.draws, nested_variance(cells.mean(axis=2)) + within)


def test_ragged_samples_keep_their_number():
    rng = np.random.default_rng(6)
    cells = rng.normal(size=(10, 2, 5))
    cells[rng.random(cells.shape) < 0.4] = np.nan
    cells[:, :, 2] = rng.normal(size=(10, 2))
    joint = joint_bootstrap([cells], n_resamples=4000, rng=0, over=("sample",))
    size = np.isfinite(cells).sum(axis=2)
    close(joint.draws, (np.nanvar(cells, axis=2) / size).sum() / 400)
    assert joint.value[0] == pytest.approx(np.nanmean(cells, axis=2).mean(), rel=1e-12)


def test_the_same_key_gives_the_same_bytes_and_items_do_not_move_with_seeds():
    a, b = study(7)
    how = {"n_resamples": 50, "rng": [1, 2]}
    first, again = (joint_bootstrap([a, b], over=BOTH, **how) for _ in range(2))
    assert first.draws.tobytes() == again.draws.tobytes()
    items = joint_bootstrap([a, b], over=("item",), **how)
    same = joint_bootstrap([a.mean(axis=1, keepdims=True)] * 2, over=("item",), **how)
    np.testing.assert_allclose(items.draws[:, 0], same.draws[:, 0], atol=1e-6)


@pytest.mark.parametrize("shape", [(2, 2), (2, 40), (1000, 2)])
def test_extreme_sizes(shape):
    x = np.random.default_rng(0).random(shape)
    for nested in (False, True):
        joint = joint_bootstrap([x, x + 1], n_resamples=200, rng=0, over=BOTH, nested=nested)
        assert joint.draws.shape == (200, 2)
        assert np.isfinite(joint.draws).all()


A = np.ones((4, 3))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: joint_bootstrap([A], n_resamples=9, rng=0, over=("item", "prompt")),
         "over must name some of item, seed, sample, but is ('item', 'prompt')."),
        (lambda: joint_bootstrap([A], n_resamples=9, rng=0, over=()),
         "over must name some of item, seed, sample, but is ()."),
        (lambda: joint_bootstrap([A, A[:3]], n_resamples=9, rng=0),
         "systems need the same items, but have [3, 4] of them."),
        (lambda: joint_bootstrap([A * np.nan], n_resamples=9, rng=0),
         "scores need finite numbers, but 12 of 12 are not. Leave them out."),
        (lambda: joint_bootstrap([A, A[:, :2]], n_resamples=9, rng=0, paired_seeds=True),
         "paired seeds need the same number of seeds in all systems, but there are [2, 3]."),
        (lambda: joint_bootstrap(
            [np.where([True, False], np.inf, A[..., None])], n_resamples=9, rng=0),
         "scores need finite numbers, but 12 of 24 are not. Leave them out."),
        (lambda: joint_bootstrap([A], n_resamples=9, rng=0, nested=True),
         "a nested bootstrap redraws item and seed: name both in over."),
        (lambda: joint_bootstrap([A], n_resamples=9, rng=0, over=("sample",)),
         "over sample needs scores (n_items, n_seeds, n_samples)."),
        (lambda: joint_bootstrap([A], n_resamples=9, rng=0, jackknife=True),
         "jackknife and studentise need one array of scores, not a list."),
        (lambda: joint_bootstrap([A[..., None, None]], n_resamples=9, rng=0),
         "a list of scores needs arrays (n_items, n_seeds[, n_samples])."),
        (lambda: joint_bootstrap([A], improvement([(0, 1)]), n_resamples=9, rng=0),
         "probability of improvement must give one value a seed (3), but gives 1."),
        (lambda: joint_bootstrap([A], mean, n_resamples=9, rng=0, over=BOTH).estimates(),
         "a percentile interval needs at least 10 items and seeds, but there are 3. Use "
         "kind='studentised', clustered_mean_ci or crossed_mean_ci."),
    ],
)  # fmt: skip
def test_grids_that_make_no_sense_are_refused(call, message):
    with pytest.raises(UsageError) as error:
        call()
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: joint_bootstrap([A[:, :1]], n_resamples=9, rng=0, over=("seed",)),
         "a bootstrap over seeds needs at least 2 seeds, but has 1."),
        (lambda: joint_bootstrap([A[:, :0]], n_resamples=9, rng=0),
         "a bootstrap over seeds needs at least 1 seeds, but has 0."),
        (lambda: joint_bootstrap(
            [np.where(np.arange(3) < 1, np.nan, A)[..., None]], n_resamples=9, rng=0),
         "every item needs a sample under every seed, but 4 of 12 have none."),
    ],
)  # fmt: skip
def test_grids_with_too_little_in_them_say_so(call, message):
    with pytest.raises(NotEnoughDataError) as error:
        call()
    assert str(error.value) == message
