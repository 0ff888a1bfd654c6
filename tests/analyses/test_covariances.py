"""How sides move together: what items, seeds and prompts each add."""

import numpy as np
import pytest

from evalvar.analyses.comparison import compare
from evalvar.analyses.covariances import SidesOfTask, joint_of_tasks, level_variances, united
from evalvar.stats import max_t, variance_components
from tests.analyses.made import crossed

ENDS = np.array([(i, j) for i in range(4) for j in range(i + 1, 4)])


def task(rng, n=30, sides=4, levels=3, *, same=True, moves=0.5):
    x = rng.normal(size=(n, sides, levels)) + moves * rng.normal(size=(sides, levels))
    return SidesOfTask([x[:, m, :, None] for m in range(sides)], ENDS, None, same)


def test_the_axes_of_several_pairs_are_united_in_one_order():
    one, other = ("item",), ("item", "seed")
    assert united([one, other]) == united([other, one]) == other
    assert united([("prompt",), ("seed",)]) == ("seed", "prompt")


def test_items_noise_of_a_level_mean_is_that_of_the_components():
    x = np.random.default_rng(0).normal(size=(12, 5))
    between, within = level_variances([x], np.ones(1))
    item, seed = (i.ravel() for i in np.indices(x.shape))
    parts = variance_components(x.ravel(), {"item": item, "seed": seed}).estimates(0.95)
    assert between - within == pytest.approx(parts["seed"].value / 5)


def test_own_seeds_add_a_variance_each_and_paired_ones_a_covariance():
    sides = task(np.random.default_rng(1))
    own = joint_of_tasks(
        [sides._replace(same_runs=False)], np.ones(1), ("item", "seed"), shared=False
    )
    found, df = own.parts["seed"]
    assert df == 2
    assert (found == np.diag(np.diag(found))).all()
    for m, scores in enumerate(sides.scores):
        between, within = level_variances([scores[..., 0]], np.ones(1))
        assert found[m, m] == pytest.approx(max(between - within, 0))
    paired, df = joint_of_tasks([sides], np.ones(1), ("seed",), shared=False).parts["seed"]
    means = np.stack([scores.mean(axis=(0, 2)) for scores in sides.scores])
    for i, j in ENDS:
        variance = paired[i, i] + paired[j, j] - 2 * paired[i, j]
        assert variance == pytest.approx((means[i] - means[j]).var(ddof=1) / 3)


def test_a_lone_seed_spreads_as_the_others_do():
    sides = task(np.random.default_rng(2), same=False, moves=2.0)
    scores = [sides.scores[0][:, :1], *sides.scores[1:]]
    found, df = joint_of_tasks(
        [sides._replace(scores=scores)], np.ones(1), ("item", "seed"), shared=False
    ).parts["seed"]
    assert df == 2
    assert found[0, 0] == pytest.approx(3 * np.diag(found)[1:].mean())


def test_seeds_that_answered_all_tasks_do_not_average_out():
    """The mean over tasks of the seeds' part is that of the macro means where they are shared."""
    rng, moves = np.random.default_rng(3), np.random.default_rng(4).normal(size=(4, 3))
    tasks = [
        SidesOfTask(
            [rng.normal(size=(40, 3, 1)) * 0.1 + moves[m][:, None] for m in range(4)],
            ENDS,
            None,
            same_runs=False,
        )
        for _ in range(5)
    ]
    share = np.full(5, 0.2)
    together, _ = joint_of_tasks(tasks, share, ("item", "seed"), shared=True).parts["seed"]
    apart, _ = joint_of_tasks(tasks, share, ("item", "seed"), shared=False).parts["seed"]
    assert np.diag(together) == pytest.approx(moves.var(axis=1, ddof=1) / 3, rel=0.2)
    assert np.diag(apart) == pytest.approx(np.diag(together) / 5, rel=0.2)


def test_checkpoints_of_few_runs_are_adjusted_with_the_freedom_of_the_runs():
    rng, n, runs = np.random.default_rng(5), 40, 3
    x = rng.normal(size=(n, 4, runs)) + 0.5 * rng.normal(size=(4, runs))
    frame = crossed({"m": x}, "checkpoint", "seed")
    plain = compare(frame, between="checkpoint").quantity("difference")
    found = compare(frame, between="checkpoint").quantity("difference_simultaneous")
    centred = x - x.mean(axis=1, keepdims=True)
    covariance = np.cov(centred.mean(axis=0)) / runs
    kept = np.ones(4)
    for m in range(4):
        between, within = level_variances([centred[:, m]], np.ones(1))
        kept[m] = np.sqrt(max(1 - within / between, 0))
    pairs = plain[["a", "b"]].astype(int).to_numpy()
    wanted, _ = max_t(
        plain["p_value"].to_numpy(),
        np.cov(x.mean(axis=2).T, ddof=0) / n,
        pairs,
        rng=0,
        df=n - 1,
        parts=[(covariance * np.outer(kept, kept), runs - 1)],
    )
    assert found["p_value"].to_numpy() == pytest.approx(wanted, abs=0.01)
    assert found["method"].str.endswith("max-T over 6 pairs").all()
    before, _ = max_t(
        plain["p_value"].to_numpy(),
        np.cov(x.mean(axis=2).T, ddof=0) / n + np.cov(x.mean(axis=0)) / runs,
        pairs,
        rng=0,
        df=n - 1,
    )
    assert (found["p_value"].to_numpy() >= before - 0.01).all()


def test_medians_of_few_runs_are_adjusted_with_the_freedom_of_the_runs():
    rng = np.random.default_rng(6)
    x = rng.normal(size=(40, 6, 3)) + rng.normal(size=(6, 3))
    frame = crossed({"m": x}, "checkpoint", "seed")
    result = compare(frame, between="checkpoint", functional="median", n_resamples=300)
    p = result.quantity("difference")["p_value"].to_numpy()
    found = result.quantity("difference_simultaneous")
    assert found["method"].str.endswith("max-T over 15 pairs").all()
    medians = np.median(x, axis=0)
    covariance = np.cov(medians) / 3
    pairs = result.quantity("difference")[["a", "b"]].astype(int).to_numpy()
    seeds_alone, _ = max_t(p, np.zeros((6, 6)), pairs, rng=0, parts=[(covariance, 2)])
    assert found["p_value"].to_numpy() == pytest.approx(seeds_alone, abs=0.03)
