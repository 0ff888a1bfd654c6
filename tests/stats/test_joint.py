"""The joint bootstrap: scipy's law, exact variances, pairing, strata, clusters, intervals."""

import numpy as np
import pytest
from scipy import stats

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import Joint, bootstrap, draws, joint_bootstrap, macro_joint, units
from evalvar.stats.functionals import mean, mean_eff, mean_pass, tau_over_checkpoints, user
from evalvar.stats.joint import Acceleration
from evalvar.stats.order_functionals import iqm, median, rank_improvement

X = np.random.default_rng(0).exponential(size=(60, 3))


def same_variance(draws_, expected, kurtosis=3.5):
    """Within 5 standard errors of a variance of so many draws."""
    error = np.sqrt((kurtosis - 1) / len(draws_))
    np.testing.assert_allclose(draws_.var(axis=0) / expected, 1, atol=5 * error)


def test_the_mean_has_the_bootstrap_moments():
    joint = joint_bootstrap(X, n_resamples=40_000, rng=0)
    np.testing.assert_allclose(joint.value, X.mean(axis=0), rtol=1e-14)
    assert abs(joint.draws.mean(axis=0) - joint.value).max() < 5 * X.std() / np.sqrt(60 * 40_000)
    same_variance(joint.draws, X.var(axis=0) / 60)
    # paired by construction: the difference has the variance of the differences
    gap = joint.difference(0, 1)
    same_variance(gap.draws, (X[:, :1] - X[:, 1:2]).var(axis=0) / 60)
    np.testing.assert_array_equal(gap.draws[:, 0], joint.draws[:, 0] - joint.draws[:, 1])


@pytest.mark.parametrize("functional", [mean, median, iqm])
def test_the_law_is_that_of_scipy(functional):
    def of_items(x, axis):
        weights = np.ones((1, x.shape[-1]))
        flat = x.reshape(-1, x.shape[-1]).T
        return functional(flat, weights)[0].reshape(x.shape[:-1])

    ours = joint_bootstrap(X[:, :1], functional, n_resamples=8000, rng=1)
    theirs = stats.bootstrap(
        (X[:, 0],), of_items, n_resamples=8000, method="percentile", rng=np.random.default_rng(2)
    ).bootstrap_distribution
    assert stats.ks_2samp(ours.draws[:, 0], theirs).pvalue > 0.001


@pytest.mark.parametrize("kind", ["percentile", "basic", "bca"])
def test_the_intervals_are_scipys_for_the_same_draws(kind):
    joint = joint_bootstrap(X[:, :1], n_resamples=2000, rng=1, jackknife=True)
    names = {"percentile": "percentile", "basic": "basic", "bca": "BCa"}
    kept = stats.bootstrap((X[:, 0],), np.mean, n_resamples=2, method="BCa", rng=0)
    kept.bootstrap_distribution = joint.draws[:, 0]
    theirs = stats.bootstrap(
        (X[:, 0],), np.mean, n_resamples=0, bootstrap_result=kept, method=names[kind],
        confidence_level=0.9,
    ).confidence_interval  # fmt: skip
    ours = joint.estimates(kind, level=0.9)[0]
    np.testing.assert_allclose([ours.low, ours.high], theirs, rtol=1e-12)


def test_the_closed_jackknife_is_the_one_that_leaves_out():
    labels = np.repeat([0, 1, 2], 20)
    clusters = np.arange(60) // 3
    for how in (
        {}, {"clusters": clusters}, {"strata": labels},
        {"clusters": np.arange(60) // 4, "strata": np.arange(60) // 20},
    ):  # fmt: skip
        closed = joint_bootstrap(X, n_resamples=9, rng=0, jackknife=True, **how).influence
        plain = joint_bootstrap(
            X, lambda x, w: w @ x / w.sum(axis=1, keepdims=True), n_resamples=9, rng=0,
            jackknife=True, **how,
        ).influence  # fmt: skip
        np.testing.assert_allclose(closed, plain, atol=1e-8)


@pytest.mark.parametrize("kind", ["percentile", "basic", "bca", "studentised"])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_the_p_value_inverts_the_interval(kind, level):
    joint = joint_bootstrap(X[:, :1], n_resamples=3999, rng=1, jackknife=True, studentise=True)
    one = joint.estimates(kind, level=level)[0]
    for end, inward in ((one.low, 1), (one.high, -1)):
        step = 0.01 * one.se
        inside = joint.estimates(kind, level=level, null=end + inward * step)[0].p_value
        outside = joint.estimates(kind, level=level, null=end - inward * step)[0].p_value
        assert outside <= 1 - level + 2 / 4000 <= inside + 4 / 4000
    far = joint.estimates(kind, null=1e9)[0].p_value
    if kind == "bca":
        # what a tail of 1/(B + 1) of the draws stands for
        move = Acceleration.of(joint.draws[:, 0], joint.value[0], joint.influence[:, 0])
        assert far == pytest.approx(2 * (1 - move.nominal(1 - 1 / 4000)), rel=1e-9)
    else:
        assert far == pytest.approx(2 / 4000)


def test_the_studentised_interval_is_that_of_a_loop():
    x = X[:25, 0]
    joint = joint_bootstrap(x[:, None], n_resamples=50, rng=3, studentise=True)
    weights = np.concatenate([w.copy() for w in draws.counts(np.random.default_rng(3), 50, 25)])
    copies = [np.repeat(x, w.astype(int)) for w in weights]
    errors = [c.std(ddof=1) / 5 for c in copies]
    np.testing.assert_allclose(joint.errors[:, 0], errors, rtol=1e-9)
    assert joint.error[0] == pytest.approx(x.std(ddof=1) / 5, rel=1e-12)
    t = [(c.mean() - x.mean()) / e for c, e in zip(copies, errors, strict=True)]
    low, high = np.quantile(t, [0.05, 0.95], method="inverted_cdf")
    ours = joint.estimates("studentised", level=0.9)[0]
    expected = x.mean() - joint.error[0] * np.array([high, low])
    np.testing.assert_allclose([ours.low, ours.high], expected, rtol=1e-9)


def test_clusters_are_drawn_whole_and_their_number_of_items_varies():
    clusters = np.repeat(np.arange(12), np.arange(1, 13))
    x = np.random.default_rng(0).normal(size=(78, 2)) + clusters[:, None] / 4
    joint = joint_bootstrap(x, n_resamples=50, rng=5, clusters=clusters, studentise=True)
    counts = np.concatenate([w.copy() for w in draws.counts(np.random.default_rng(5), 50, 12)])
    expected = [np.repeat(x, w[clusters].astype(int), axis=0).mean(axis=0) for w in counts]
    np.testing.assert_allclose(joint.draws, expected, rtol=1e-6)
    plain = joint_bootstrap(x, user(np.mean), n_resamples=50, rng=5, clusters=clusters)
    np.testing.assert_allclose(plain.draws, expected, rtol=1e-12)
    assert (joint.n, joint.unit) == (12, "cluster")
    # the error of the value is CR1's
    residual = np.bincount(clusters, weights=x[:, 0] - x[:, 0].mean())
    assert joint.error[0] == pytest.approx(np.sqrt(12 / 11 * (residual**2).sum()) / 78)


def test_strata_keep_their_sizes_and_rliables_variance_is_exact():
    scores = np.array(
        [[0.10, 0.52, 0.90], [0.20, 0.48, 0.95], [0.15, 0.61, 1.20], [0.05, 0.55, 0.85]]
    )
    joint = joint_bootstrap(
        scores.T.reshape(-1, 1), n_resamples=40_000, rng=0, strata=np.repeat([0, 1, 2], 4)
    )
    exact = scores.var(axis=0).sum() / 4 / 9
    assert exact == pytest.approx(0.000652778, abs=5e-10)
    same_variance(joint.draws, exact)
    assert joint.method == "stratified bootstrap of the mean, 40000 resamples"
    iq = joint_bootstrap(
        scores.T.reshape(-1, 1), iqm, n_resamples=100, rng=0, strata=np.repeat([0, 1, 2], 4)
    )
    assert iq.value[0] == pytest.approx(0.535)
    of_stratum = joint_bootstrap(
        np.eye(3)[np.repeat([0, 1, 2], [2, 3, 40])], n_resamples=20, rng=0,
        strata=np.repeat([0, 1, 2], [2, 3, 40]),
    )  # fmt: skip
    np.testing.assert_allclose(of_stratum.draws, np.tile(np.array([2, 3, 40]) / 45, (20, 1)))


def test_the_probability_of_improvement_resamples_both_groups_apart():
    rng = np.random.default_rng(0)
    first = np.repeat([True, False], [5, 7])
    x = rng.normal(size=(12, 1))
    joint = joint_bootstrap(
        x, rank_improvement(first), n_resamples=20_000, rng=0, strata=first, over=("seed",)
    )
    picks = rng.integers(0, 5, (20_000, 5)), rng.integers(0, 7, (20_000, 7))
    a, b = x[:5, 0][picks[0]], x[5:, 0][picks[1]]
    loop = (a[:, :, None] > b[:, None]).mean(axis=(1, 2)) + (a[:, :, None] == b[:, None]).mean(
        axis=(1, 2)
    ) / 2
    assert stats.ks_2samp(joint.draws[:, 0], loop).pvalue > 0.001


def test_few_kinds_of_items_are_drawn_as_kinds_with_the_same_law():
    x = np.random.default_rng(0).integers(0, 2, size=(400, 2)).astype(float)
    assert units.kinds_of_items(x)[1].sum() == 400
    assert units.kinds_of_items(X) is None
    joint = joint_bootstrap(x, n_resamples=40_000, rng=0)
    same_variance(joint.draws, x.var(axis=0) / 400)
    gap = joint.difference(0, 1).draws
    same_variance(gap, (x[:, :1] - x[:, 1:]).var(axis=0) / 400)
    law = stats.binom(400, x[:, 0].mean())
    whole = np.rint(joint.draws[:, 0] * 400)
    np.testing.assert_allclose(joint.draws[:, 0] * 400, whole, atol=1e-9)
    edges = law.ppf([0.1, 0.25, 0.5, 0.75, 0.9])
    for edge in edges:
        p = law.cdf(edge)
        assert abs((whole <= edge).mean() - p) < 5 * np.sqrt(p * (1 - p) / 40_000)
    # the same kinds for any functional: two calls on the same scores are paired
    again = joint_bootstrap(x, user(np.mean), n_resamples=500, rng=0)
    np.testing.assert_allclose(
        again.draws, joint_bootstrap(x, n_resamples=500, rng=0).draws, rtol=1e-12
    )


def test_all_functionals_see_the_same_resamples():
    both = [joint_bootstrap(X, f, n_resamples=300, rng=4).draws for f in (mean, user(np.mean))]
    np.testing.assert_allclose(*both, rtol=1e-6)


def test_a_key_gives_its_own_bytes_and_memory_does_not_matter(monkeypatch):
    first = joint_bootstrap(X, iqm, n_resamples=200, rng=[3, 1])
    again = joint_bootstrap(X, iqm, n_resamples=200, rng=[3, 1])
    other = joint_bootstrap(X, iqm, n_resamples=200, rng=[3, 2])
    assert first.draws.tobytes() == again.draws.tobytes()
    assert (first.draws != other.draws).any()
    monkeypatch.setattr("evalvar.stats.order_functionals._BUDGET", 100)
    assert joint_bootstrap(X, iqm, n_resamples=200, rng=[3, 1]).draws.tobytes() == (
        first.draws.tobytes()
    )
    long = joint_bootstrap(X, iqm, n_resamples=900, rng=[3, 1])
    np.testing.assert_array_equal(long.draws[:200], first.draws)


def test_memory_stays_bounded():
    import tracemalloc

    x = np.random.default_rng(0).random((200_000, 1))
    tracemalloc.start()
    joint_bootstrap(x, n_resamples=100, rng=0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 120 * 2**20


@pytest.mark.parametrize(
    ("n", "systems", "resamples"), [(2, 1, 50), (1_000_000, 1, 3), (50, 200, 100), (2, 200, 2)]
)
def test_extreme_sizes(n, systems, resamples):
    x = np.random.default_rng(0).random((n, systems))
    joint = joint_bootstrap(x, n_resamples=resamples, rng=0)
    assert joint.draws.shape == (resamples, systems)
    spread = 8 * x.std(axis=0) / np.sqrt(n)
    assert (abs(joint.draws - joint.value) <= spread + 1e-12).all()


def test_two_items_have_their_three_resamples():
    joint = joint_bootstrap([[0.0], [1.0]], n_resamples=4000, rng=0)
    share = [(joint.draws == value).mean() for value in (0, 0.5, 1)]
    np.testing.assert_allclose(share, [0.25, 0.5, 0.25], atol=5 * 0.5 / np.sqrt(4000))


def test_ragged_samples_and_curves_go_through_the_engine():
    rng = np.random.default_rng(0)
    answers = rng.integers(2, 9, size=(80, 2))
    right = rng.binomial(answers, 0.4)
    joint = joint_bootstrap(
        np.stack([answers, right], axis=2), mean_pass(2), n_resamples=20_000, rng=0
    )
    from evalvar.stats import pass_at_k

    values = pass_at_k(answers, right, k=2)
    np.testing.assert_allclose(joint.value, values.mean(axis=0), rtol=1e-12)
    same_variance(joint.draws, values.var(axis=0) / 80)
    scores = np.where(np.arange(9) < answers[..., None], rng.random((80, 2, 9)), np.nan)
    assert joint_bootstrap(scores, mean_eff(2), n_resamples=9, rng=0).draws.shape == (9, 2)
    curves = rng.random((80, 2, 7)).cumsum(axis=2) + rng.normal(0, 9, (80, 2, 7))
    tau = joint_bootstrap(curves, tau_over_checkpoints(), n_resamples=500, rng=0)
    assert tau.draws.shape == (500, 2)
    assert (abs(tau.draws) <= 1).all()


def test_an_average_over_tasks_adds_their_variances():
    tasks = [np.random.default_rng(k).normal(size=(20 + 10 * k, 2)) for k in range(3)]
    joints = [
        joint_bootstrap(x, n_resamples=40_000, rng=[0, k], jackknife=True)
        for k, x in enumerate(tasks)
    ]
    plain = macro_joint(joints)
    np.testing.assert_allclose(plain.value, np.mean([x.mean(axis=0) for x in tasks], axis=0))
    same_variance(plain.draws, sum(x.var(axis=0) / len(x) for x in tasks) / 9)
    weights = np.array([0.5, 0.3, 0.2])
    weighted = macro_joint(joints, weights)
    exact = sum(w**2 * x.var(axis=0) / len(x) for w, x in zip(weights, tasks, strict=True))
    same_variance(weighted.draws, exact)
    assert (weighted.n, weighted.unit) == (20, "item")
    assert weighted.influence.shape == (90, 2)
    assert weighted.method == "bootstrap of the mean, 40000 resamples, 3 tasks averaged"
    low = weighted.difference(0, 1).estimates("bca")[0].low
    assert np.isfinite(low)


def test_widening_gives_the_unbiased_variance_and_says_so():
    joint = joint_bootstrap(X, n_resamples=100, rng=0)
    wide = joint.widened()
    np.testing.assert_allclose(wide.draws.var(axis=0), joint.draws.var(axis=0) * 60 / 59)
    assert wide.method == "bootstrap of the mean, 100 resamples, widened by sqrt(n/(n-1))"


def test_a_constant_and_an_undefined_statistic_have_no_interval():
    constant = joint_bootstrap(np.full((10, 1), 0.1), n_resamples=50, rng=0)
    one = constant.estimates()[0]
    assert np.isnan([one.se, one.low, one.high, one.p_value]).all()
    assert one.method == "percentile bootstrap of the mean, 50 resamples (all equal: no interval)"
    draws_ = np.array([[1.0], [np.nan], [2.0]])
    one = Joint(np.array([1.0]), draws_, 10, "item", "bootstrap").estimates()[0]
    assert one.method == "percentile bootstrap (undefined in 1 of them: no interval)"
    outside = Joint(
        np.array([9.0]),
        np.array([[1.0], [2.0]]),
        10,
        "item",
        "bootstrap",
        np.array([[1.0], [-1.0]]),
    ).estimates("bca")[0]
    assert outside.method == "BCa bootstrap (no acceleration: no interval)"


def test_the_mean_of_a_coverage_study_is_covered():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(30, 400))
    joint = joint_bootstrap(x, n_resamples=999, rng=0, studentise=True)
    covered = np.mean([one.low <= 0 <= one.high for one in joint.estimates("studentised")])
    assert abs(covered - 0.95) < 4 * np.sqrt(0.95 * 0.05 / 400)


def test_the_joint_engine_and_the_plain_bootstrap_agree():
    plain = bootstrap(np.median, X[:, 0], n_resamples=9999, rng=0)
    joint = joint_bootstrap(X[:, :1], median, n_resamples=9999, rng=0).estimates()[0]
    assert joint.value == plain.value
    np.testing.assert_allclose([joint.low, joint.high], [plain.low, plain.high], atol=0.05)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: joint_bootstrap(X, n_resamples=1, rng=0),
         "n_resamples must be at least 2, but is 1."),
        (lambda: joint_bootstrap(X[:, 0], n_resamples=9, rng=0),
         "scores need at least 2 axes, items and systems, but have 1."),
        (lambda: joint_bootstrap([[1.0], [np.nan]], n_resamples=9, rng=0),
         "scores need finite numbers, but 1 of 2 are not. Leave them out."),
        (lambda: joint_bootstrap(X, n_resamples=9, rng=0, over=("item", "seed")),
         "one array of scores has one axis to redraw, but over is ('item', 'seed'). Give a list "
         "of arrays (n_items, n_seeds)."),
        (lambda: joint_bootstrap(X, n_resamples=9, rng=0, clusters=[1, 2]),
         "clusters need one label an item (60), but have (2,)."),
        (lambda: joint_bootstrap(
            X[:4], n_resamples=9, rng=0, clusters=[0, 0, 1, 1], strata=[0, 1, 1, 1]),
         "a cluster must lie in one stratum, but 1 of 2 lie in several."),
        (lambda: joint_bootstrap(X, lambda x, w: np.ones(3), n_resamples=9, rng=0),
         "<lambda> must give (n_resamples, n_systems) values, but gives (3,) for 1 resample."),
        (lambda: joint_bootstrap(X, n_resamples=9, rng=0).estimates("normal"),
         "kind must be one of percentile, basic, bca, studentised, but is 'normal'."),
        (lambda: joint_bootstrap(X, n_resamples=9, rng=0).estimates("bca"),
         "a bca interval needs joint_bootstrap(..., jackknife=True)."),
        (lambda: joint_bootstrap(X, n_resamples=9, rng=0).estimates("studentised"),
         "a studentised interval needs joint_bootstrap(..., studentise=True)."),
        (lambda: joint_bootstrap(X, median, n_resamples=9, rng=0, studentise=True),
         "studentise needs a mean over items without strata, but the functional is the median."),
        (lambda: joint_bootstrap(
            X, n_resamples=9, rng=0, clusters=np.arange(60) // 10).estimates(),
         "a percentile interval needs at least 10 clusters, but there are 6. Use "
         "kind='studentised', clustered_mean_ci or crossed_mean_ci."),
        (lambda: joint_bootstrap(X[:5], n_resamples=9, rng=0, over=("seed",)).estimates("basic"),
         "a basic interval needs at least 10 seeds, but there are 5. Use kind='studentised', "
         "clustered_mean_ci or crossed_mean_ci."),
        (lambda: joint_bootstrap(X[:9], median, n_resamples=9, rng=0).estimates(),
         "a percentile interval needs at least 10 items, but there are 9. Use "
         "kind='studentised', or sparse_t."),
        (lambda: macro_joint([]), "an average over tasks needs at least 1 task, but has 0."),
        (lambda: macro_joint([joint_bootstrap(X, n_resamples=b, rng=0) for b in (8, 9)]),
         "tasks need the same numbers of resamples and systems, but have [(8, 3), (9, 3)]."),
        (lambda: macro_joint([joint_bootstrap(X, n_resamples=9, rng=0)], [1, 2]),
         "weights need one finite number a task (1), but are [1, 2]."),
    ],
)  # fmt: skip
def test_what_cannot_be_resampled_jointly_is_refused(call, message):
    with pytest.raises(UsageError) as error:
        call()
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: joint_bootstrap([[1.0, 2.0]], n_resamples=9, rng=0),
         "a bootstrap needs at least 2 items, but has 1."),
        (lambda: joint_bootstrap(X, n_resamples=9, rng=0, clusters=np.zeros(60)),
         "a bootstrap needs at least 2 clusters, but has 1."),
        (lambda: joint_bootstrap(X[:3], n_resamples=9, rng=0, strata=[0, 0, 1]),
         "a stratified bootstrap needs at least 2 units in each stratum, but 1 of 2 have 1. "
         "Merge strata."),
    ],
)  # fmt: skip
def test_too_little_to_resample_is_said(call, message):
    with pytest.raises(NotEnoughDataError) as error:
        call()
    assert str(error.value) == message
