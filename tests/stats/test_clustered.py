"""Means over clusters: matrices by hand, references, limits that must agree, coverage."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import clustered_mean_ci, mean_ci, sparse_t, wilson

UNEQUAL = np.repeat(np.arange(10), [1, 1, 2, 2, 3, 3, 4, 6, 8, 20])


def ends(estimate):
    return [estimate.low, estimate.high]


def cr2_with_matrices(x, labels):
    """CR2 and its degrees of freedom from their definition, with n by n matrices."""
    n = x.size
    maker = np.eye(n) - np.ones((n, n)) / n
    variance, columns = 0.0, []
    for label in np.unique(labels):
        inside = labels == label
        block = maker[np.ix_(inside, inside)]
        values, vectors = np.linalg.eigh(block)
        root = vectors @ np.diag(values**-0.5) @ vectors.T
        variance += (root @ (x - x.mean())[inside]).sum() ** 2 / n**2
        columns.append(maker[:, inside] @ root @ np.ones(inside.sum()) / n)
    products = np.array(columns) @ np.array(columns).T
    eigenvalues = np.linalg.eigvalsh(products)
    return variance, eigenvalues.sum() ** 2 / (eigenvalues**2).sum()


def test_cr2_and_its_degrees_of_freedom_are_those_of_their_definition():
    x = np.random.default_rng(0).normal(size=UNEQUAL.size)
    variance, df = cr2_with_matrices(x, UNEQUAL)
    ours = clustered_mean_ci(x, UNEQUAL)
    assert ours.se == pytest.approx(np.sqrt(variance), rel=1e-10)
    half = stats.t.ppf(0.975, df) * ours.se
    assert ends(ours) == pytest.approx([x.mean() - half, x.mean() + half], rel=1e-9)
    assert ours.p_value == pytest.approx(2 * stats.t.sf(abs(x.mean()) / ours.se, df), rel=1e-9)
    assert (ours.n, ours.unit, ours.method) == (10, "cluster", "cluster-robust t, CR2")


def freedom_with_matrices(labels, likeness):
    """Degrees of freedom from the covariances of all items, some alike as others in a cluster."""
    n = labels.size
    same = labels[:, None] == labels
    covariance = np.where(np.eye(n) > 0, 1.0, np.where(same, likeness, 0.0))
    maker = np.eye(n) - np.ones((n, n)) / n
    sums = np.array([(labels == label) @ maker for label in np.unique(labels)])
    sums /= np.sqrt(1 - np.bincount(labels) / n)[:, None]
    m = sums @ covariance @ sums.T
    return np.trace(m) ** 2 / np.trace(m @ m)


def test_in_a_range_the_degrees_of_freedom_are_those_of_items_as_alike_as_they_look():
    rng = np.random.default_rng(12)
    x = (rng.random(10) < 0.5)[UNEQUAL].astype(float)
    x[rng.random(x.size) < 0.3] = 0.5
    # the analysis of variance by hand
    sizes, n, mean = np.bincount(UNEQUAL), x.size, x.mean()
    means = np.bincount(UNEQUAL, x) / sizes
    between = (sizes * (means - mean) ** 2).sum() / 9
    within = ((x - means[UNEQUAL]) ** 2).sum() / (n - 10)
    typical = (n - (sizes**2).sum() / n) / 9
    likeness = (between - within) / (between + (typical - 1) * within)
    assert 0.2 < likeness < 0.95
    t = stats.t.ppf(0.975, freedom_with_matrices(UNEQUAL, likeness))
    q = t**2 * cr2_with_matrices(x, UNEQUAL)[0] / (mean * (1 - mean))
    middle = (mean + q / 2) / (1 + q)
    half = np.sqrt(q * mean * (1 - mean) + q * q / 4) / (1 + q)
    estimate = clustered_mean_ci(x, UNEQUAL, low=0, high=1)
    assert ends(estimate) == pytest.approx([middle - half, middle + half], rel=1e-9)


def test_degrees_of_freedom_of_independent_items_are_the_matrices_with_no_likeness():
    x = np.random.default_rng(0).normal(size=UNEQUAL.size)
    assert freedom_with_matrices(UNEQUAL, 0.0) == pytest.approx(cr2_with_matrices(x, UNEQUAL)[1])


def test_equal_clusters_make_cr2_and_cr1_one():
    x, labels = np.random.default_rng(1).normal(size=24), np.repeat(np.arange(6), 4)
    two, one = (clustered_mean_ci(x, labels, method=name) for name in ("CR2", "CR1"))
    np.testing.assert_allclose(
        [two.se, two.low, two.high, two.p_value], [one.se, one.low, one.high, one.p_value],
        rtol=1e-10,
    )  # fmt: skip


def test_clusters_of_one_give_the_plain_t_interval():
    x = np.random.default_rng(2).random(12)
    one, plain = clustered_mean_ci(x, np.arange(12)), mean_ci(x)
    np.testing.assert_allclose([one.se, one.low, one.high], [plain.se, plain.low, plain.high])


def test_the_cr1_standard_error_is_the_one_worked_by_hand():
    estimate = clustered_mean_ci([1.0, 1.0, 0.0, 0.0, 0.5], [7, 7, 3, 3, 5], method="CR1")
    # mean .5; residual sums 1, -1, 0; se^2 = 3/2 * 2 / 25
    assert estimate.se == pytest.approx(np.sqrt(3 / 25), rel=1e-14)
    assert (estimate.n, estimate.unit) == (3, "cluster")


def test_the_cr1_standard_error_agrees_with_statsmodels():
    import statsmodels.api as sm

    rng = np.random.default_rng(3)
    clusters = np.repeat(np.arange(9), rng.integers(1, 6, 9))
    x = rng.normal(size=clusters.size) + rng.normal(size=9)[clusters]
    fit = sm.OLS(x, np.ones((x.size, 1))).fit(
        cov_type="cluster", cov_kwds={"groups": clusters, "df_correction": True}, use_t=True
    )
    ours = clustered_mean_ci(x, clusters, method="CR1")
    # statsmodels adds the factor (n-1)/(n-k), which is 1 for a mean
    assert ours.se == pytest.approx(fit.bse[0], rel=1e-10)
    np.testing.assert_allclose(ends(ours), fit.conf_int()[0], rtol=1e-10)


def test_the_cr1_standard_error_is_the_one_printed_for_miller():
    x, labels = [1, 1, 1, 0, 0, 0, 1, 1, 1, 1], [0, 0, 0, 1, 1, 1, 2, 2, 3, 3]
    assert clustered_mean_ci(x, labels, method="CR1").se == pytest.approx(0.281424946, abs=1e-9)


def test_one_cluster_is_not_enough():
    message = "a cluster-robust interval needs at least 2 clusters, but has 1."
    with pytest.raises(NotEnoughDataError, match=f"^{re.escape(message)}$"):
        clustered_mean_ci([0.0, 1.0], [4, 4])


def test_clusters_that_do_not_differ_have_an_interval_only_in_a_range():
    estimate = clustered_mean_ci([0.1, 0.3, 0.1, 0.3], [0, 0, 1, 1])
    assert np.isnan([*ends(estimate), estimate.p_value]).all()
    assert estimate.method == "cluster-robust t, CR2 (clusters do not differ: no interval)"
    bounded = clustered_mean_ci([0.1, 0.3, 0.1, 0.3], [0, 0, 1, 1], low=0, high=1)
    assert 0 < bounded.low < 0.2 < bounded.high < 1


def test_what_cannot_be_is_refused():
    with pytest.raises(UsageError, match=r"scores must lie in \[0, 1\], but 1 of 2 do not"):
        clustered_mean_ci([0.0, 1.5], [0, 1], low=0, high=1)
    with pytest.raises(UsageError, match="low must be smaller than high"):
        clustered_mean_ci([0.0, 1.0], [0, 1], low=1, high=1)
    for method, high in (("CR0", None), ("CR1", 1)):
        with pytest.raises(UsageError, match="method must be CR2, or CR1 without a range"):
            clustered_mean_ci([0.0, 1.0], [0, 1], low=0, high=high, method=method)
    with pytest.raises(UsageError, match=re.escape("but have (2,) and (3,).")):
        clustered_mean_ci([0.0, 1.0], [0, 1, 2])


def test_clusters_that_are_all_right_bound_the_mean_by_their_number():
    labels = np.repeat(np.arange(15), 4)
    estimate = clustered_mean_ci(np.ones(60), labels, low=0, high=1)
    z, t = stats.norm.ppf(0.975), stats.t.ppf(0.975, 14)
    # Wilson for k = n with t for z, n = (t/z)^2 * 15 clusters: that of 15 of 15 with z
    assert estimate.low == pytest.approx(wilson(15, 15).low, rel=1e-9)
    assert estimate.low == pytest.approx(1 / (1 + t**2 / (15 * (t / z) ** 2)), rel=1e-9)
    assert (estimate.high, estimate.method) == (1.0, "cluster-robust Wilson, CR2")
    assert np.isnan([estimate.se, estimate.p_value]).all()


def test_the_cap_of_mostly_equal_clusters_is_the_one_worked_by_hand():
    # 8 clusters of 3, one of them with one wrong answer: rho_ANOVA is 0 and the cap holds
    x, labels = np.ones(24), np.repeat(np.arange(8), 3)
    x[0] = 0
    rho = 1 / 2
    t, z = stats.t.ppf(0.975, 7), stats.norm.ppf(0.975)
    u, variance = 23 / 24, 8 / 7 * ((2 / 3 - 23 / 24) ** 2 + 7 / 24**2) / 64
    n = min(u * (1 - u) / variance, (t / z) ** 2 * 24 / (1 + 2 * rho))
    q = t**2 / n
    half = np.sqrt(q * u * (1 - u) + q * q / 4) / (1 + q)
    expected = [(u + q / 2) / (1 + q) - half, (u + q / 2) / (1 + q) + half]
    estimate = clustered_mean_ci(x, labels, low=0, high=1)
    assert ends(estimate) == pytest.approx(expected, rel=1e-9)
    assert n == pytest.approx((t / z) ** 2 * 12)


@given(st.lists(st.sampled_from([0.0, 0.1, 0.5, 1.0, 1.0]), min_size=2, max_size=30),
       st.integers(1, 4))  # fmt: skip
@settings(derandomize=True, max_examples=100, deadline=None)
def test_an_interval_in_a_range_stays_in_it_and_does_not_depend_on_the_scale(scores, size):
    x, labels = np.array(scores), np.arange(len(scores)) // size
    if labels[-1] == 0:
        return
    plain = clustered_mean_ci(x, labels, low=0, high=1)
    assert 0 <= plain.low <= plain.value <= plain.high <= 1
    assert plain.high - plain.low > 1e-3
    scaled = clustered_mean_ci(5 - 4 * x, labels, low=1, high=5)
    assert ends(scaled) == pytest.approx([5 - 4 * plain.high, 5 - 4 * plain.low], abs=1e-9)


@given(st.lists(st.sampled_from([-1.0, -0.5, 0.0, 0.0, 0.0, 0.5, 1.0]), min_size=2, max_size=20),
       st.integers(1, 3))  # fmt: skip
@settings(derandomize=True, max_examples=100, deadline=None)
def test_differences_in_equal_clusters_have_the_interval_of_sparse_t(means, size):
    labels = np.repeat(np.arange(len(means)), size)
    ours = clustered_mean_ci(np.repeat(means, size), labels, low=-1, high=1)
    plain = sparse_t(means, low=-1, high=1)
    np.testing.assert_allclose([*ends(ours), ours.p_value], [*ends(plain), plain.p_value],
                               rtol=1e-9, atol=1e-12)  # fmt: skip
    assert ours.method == "cluster-robust sparse-t, CR2"
    assert (ours.p_value <= 0.05) == (not ours.low <= 0 <= ours.high)


def test_identical_models_on_unequal_clusters_have_an_interval_and_p_one():
    estimate = clustered_mean_ci(np.zeros(UNEQUAL.size), UNEQUAL, low=-1, high=1)
    assert (estimate.value, estimate.p_value) == (0.0, pytest.approx(1))
    effective = 50**2 / (np.bincount(UNEQUAL) ** 2).sum()
    assert estimate.high == -estimate.low > 1 / effective


def test_differences_that_all_differ_have_the_t_interval_of_cr2():
    x = np.random.default_rng(5).uniform(-0.5, 0.6, UNEQUAL.size)
    ours, plain = clustered_mean_ci(x, UNEQUAL, low=-1, high=1), clustered_mean_ci(x, UNEQUAL)
    assert [*ends(ours), ours.p_value] == pytest.approx([*ends(plain), plain.p_value], rel=1e-10)


def coverage(x, labels, truth, **known):
    hits = [
        e.low <= truth <= e.high for e in (clustered_mean_ci(row, labels, **known) for row in x)
    ]
    return np.mean(hits), 4 * np.sqrt(0.05 * 0.95 / len(hits))


@pytest.mark.parametrize("labels", [np.repeat(np.arange(8), 5), UNEQUAL])
def test_normal_clusters_cover_at_their_level(labels):
    rng = np.random.default_rng(4)
    x = rng.normal(size=(2500, labels.max() + 1))[:, labels] + rng.normal(size=(2500, labels.size))
    share, error = coverage(x, labels, 0)
    assert share > 0.935 - error


def test_right_and_wrong_in_clusters_near_the_bound_are_covered():
    rng = np.random.default_rng(6)
    # with probability .6 an item copies its cluster's answer: ICC .36
    shape = (2500, UNEQUAL.size)
    shared = (rng.random((2500, 10)) < 0.9)[:, UNEQUAL]
    x = np.where(rng.random(shape) < 0.6, shared, rng.random(shape) < 0.9).astype(float)
    share, error = coverage(x, UNEQUAL, 0.9, low=0, high=1)
    assert share > 0.93 - error


def test_few_wrong_answers_in_clusters_that_are_alike_are_covered():
    # of 40 clusters nearly all are all right, and the one or two others hardly show the likeness
    rng, labels = np.random.default_rng(7), np.repeat(np.arange(40), 6)
    chance = rng.beta(0.97 / 4, 0.03 / 4, (1500, 40))[:, labels]
    x = (rng.random(chance.shape) < chance).astype(float)
    share, error = coverage(x, labels, 0.97, low=0, high=1)
    assert share > 0.945 - error


def test_a_few_large_clusters_among_small_ones_are_covered():
    # 4 of 30 items and 16 of 5, ICC .6: with the freedom of independent items 92.0
    rng, labels = np.random.default_rng(11), np.repeat(np.arange(20), [30] * 4 + [5] * 16)
    chance = rng.beta(1 / 3, 1 / 3, (1500, 20))[:, labels]
    x = (rng.random(chance.shape) < chance).astype(float)
    share, error = coverage(x, labels, 0.5, low=0, high=1)
    assert share > 0.95 - error
