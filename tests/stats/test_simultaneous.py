"""Do the adjusted p-values and the level hold for all differences together?"""

from itertools import combinations

import numpy as np
import pytest
from scipy import stats as scipy_stats

from evalvar.errors import UsageError
from evalvar.stats import max_t, sparse_t


def pairs_of(systems):
    return np.array(list(combinations(range(systems), 2)))


@pytest.mark.parametrize("systems", [3, 5, 10])
def test_independent_systems_of_one_variance_give_the_studentised_range(systems):
    pairs = pairs_of(systems)
    for z in (1.5, 2.5, 3.2):
        p = np.full(len(pairs), 2 * scipy_stats.norm.sf(z))
        adjusted, level = max_t(p, 4 * np.eye(systems), pairs, rng=0, n_draws=200_000)
        exact = scipy_stats.studentized_range.sf(z * np.sqrt(2), systems, np.inf)
        assert adjusted == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 200_000))
    critical = scipy_stats.studentized_range.isf(0.05, systems, np.inf) / np.sqrt(2)
    assert scipy_stats.norm.isf((1 - level) / 2) == pytest.approx(critical, abs=0.02)


def test_correlated_systems_give_the_multivariate_normal():
    # differences to a common third: two normals of correlation rho, their square by scipy
    sigma = np.array([[1.0, 0.6, 0.2], [0.6, 2.0, 0.1], [0.2, 0.1, 0.5]])
    pairs = np.array([[0, 2], [1, 2]])
    contrast = np.array([[1, 0, -1], [0, 1, -1]])
    covariance = contrast @ sigma @ contrast.T
    sd = np.sqrt(np.diag(covariance))
    z = 2.1
    joint = scipy_stats.multivariate_normal(cov=covariance / np.outer(sd, sd))
    inside = joint.cdf([z, z], lower_limit=[-z, -z])
    p = np.full(2, 2 * scipy_stats.norm.sf(z))
    adjusted, _ = max_t(p, sigma, pairs, rng=1, n_draws=400_000)
    assert adjusted == pytest.approx(1 - inside, abs=0.001)


def test_one_pair_is_its_own_p_value_and_level():
    for p in (0.0, 1e-30, 0.04, 0.3, 1.0):
        adjusted, level = max_t([p], np.eye(2), [(0, 1)], rng=0, level=0.9)
        assert adjusted[0] == p
        assert level == pytest.approx(0.9)


def test_systems_that_move_together_cost_nothing():
    # 20 systems of which 10 and 10 make the same errors: one difference, though 190 pairs
    sigma = np.kron(np.eye(2), np.ones((10, 10))) + 1e-9 * np.eye(20)
    pairs = np.array([(i, j) for i in range(10) for j in range(10, 20)])
    adjusted, level = max_t(np.full(100, 0.04), sigma, pairs, rng=0)
    assert adjusted == pytest.approx(0.04, abs=0.008)
    assert level == pytest.approx(0.95, abs=0.008)


def test_beyond_the_draws_it_is_bonferroni_and_never_less_than_p():
    p = np.array([1e-200, 1e-9, 0.2, 0.9, 1.0, 0.0])
    adjusted, level = max_t(p, np.eye(4), pairs_of(4), rng=0, n_draws=999)
    assert adjusted[0] == 6e-200
    assert adjusted[1] == pytest.approx(6e-9)
    assert adjusted[4:].tolist() == [1.0, 0.0]
    assert (adjusted >= p).all()
    assert (adjusted <= 6 * p).all()
    assert 0.95 < level <= 1 - 0.05 / 6


def test_the_order_of_p_values_stays_and_level_and_p_agree():
    rng = np.random.default_rng(3)
    for trial in range(50):
        systems = int(rng.integers(2, 8))
        pairs = pairs_of(systems)
        root = rng.normal(size=(systems, systems))
        p = rng.random(len(pairs)) ** 4
        level = float(rng.choice([0.5, 0.9, 0.95, 0.99]))
        adjusted, inner = max_t(p, root @ root.T, pairs, rng=trial, n_draws=2000, level=level)
        assert (np.diff(adjusted[np.argsort(p)]) >= 0).all()
        assert ((p <= 1 - inner) == (adjusted <= 1 - level + 1e-12)).all()


def test_few_draws_leave_bonferroni():
    adjusted, level = max_t([0.02, 0.5, 0.5], np.eye(3), pairs_of(3), rng=0, n_draws=5)
    assert level == pytest.approx(1 - 0.05 / 3)
    assert adjusted[0] == 0.06


def test_a_pair_without_p_is_no_part_of_the_family():
    sigma = np.diag([1.0, 2.0, 3.0, 4.0])
    pairs = pairs_of(4)
    p = np.array([0.01, 0.02, np.nan, 0.03, np.nan, np.nan])
    with_gaps, level = max_t(p, sigma, pairs, rng=0)
    without, same = max_t(p[[0, 1, 3]], sigma, pairs[[0, 1, 3]], rng=0)
    assert np.isnan(with_gaps[[2, 4, 5]]).all()
    np.testing.assert_array_equal(with_gaps[[0, 1, 3]], without)
    assert level == same
    nothing, level = max_t([np.nan], np.eye(2), [(0, 1)], rng=0)
    assert np.isnan(nothing).all()
    assert level == 0.95


def test_pairs_without_spread_count_as_independent():
    # no errors at all: two differences, 1 - (1 - p)^2
    adjusted, level = max_t([0.1, 1.0], np.zeros((3, 3)), [(0, 1), (1, 2)], rng=0, n_draws=100_000)
    assert adjusted[0] == pytest.approx(1 - 0.9**2, abs=0.004)
    assert adjusted[1] == 1
    assert 1 - level == pytest.approx(1 - np.sqrt(0.95), abs=0.001)


def test_the_same_rng_gives_the_same_bytes_and_inputs_stay():
    p, sigma, pairs = np.array([0.01, 0.02, 0.2]), np.diag([1.0, 2.0, 0.3]), pairs_of(3)
    kept = p.copy(), sigma.copy(), pairs.copy()
    first, level = max_t(p, sigma, pairs, rng=7)
    second, again = max_t(p, sigma, pairs, rng=np.random.default_rng(7))
    assert first.tobytes() == second.tobytes()
    assert level == again
    for now, before in zip((p, sigma, pairs), kept, strict=True):
        np.testing.assert_array_equal(now, before)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ([0.1], np.eye(2), [(0, 1), (1, 0)]),
            "p_values and pairs need the shapes (P,) and (P, 2), but have (1,) and (2, 2).",
        ),
        (([1.1], np.eye(2), [(0, 1)]), "p_values must lie in [0, 1], but 1 of 1 do not."),
        (
            ([0.1], np.ones((2, 3)), [(0, 1)]),
            "covariance must be square and symmetric, shape (2, 3) is not.",
        ),
        (
            ([0.1], [[1.0, 0.5], [0.1, 1.0]], [(0, 1)]),
            "covariance must be square and symmetric, shape (2, 2) is not.",
        ),
        (
            ([0.1], np.full((2, 2), np.nan), [(0, 1)]),
            "covariance needs finite numbers, but 4 of 4 are not. Leave them out.",
        ),
        (([0.1], np.eye(2), [(0, 2)]), "pairs must name two different ones of 2 systems, from 0."),
        (([0.1], np.eye(2), [(1, 1)]), "pairs must name two different ones of 2 systems, from 0."),
    ],
)
def test_what_does_not_go_together_is_refused(arguments, message):
    with pytest.raises(UsageError) as raised:
        max_t(*arguments, rng=0)
    assert str(raised.value) == message


def test_no_draws_and_no_freedom_are_refused():
    with pytest.raises(UsageError, match="n_draws must be at least 1, but is 0"):
        max_t([0.1], np.eye(2), [(0, 1)], rng=0, n_draws=0)
    with pytest.raises(UsageError, match="df must be at least 1, but is 0"):
        max_t([0.1], np.eye(2), [(0, 1)], rng=0, df=0)
    with pytest.raises(UsageError, match=r"square and symmetric, shape \(3, 3\) is not"):
        max_t([0.1], np.eye(2), [(0, 1)], rng=0, parts=[(np.eye(3), 2)])


def test_a_covariance_from_few_items_is_shrunk_to_what_independent_systems_have():
    rng, systems, n = np.random.default_rng(2), 10, 15
    pairs, exact = pairs_of(systems), scipy_stats.studentized_range.isf(0.05, systems, np.inf)
    critical = {np.inf: [], n - 1: []}
    for trial in range(40):
        sigma = np.cov(rng.normal(size=(n, systems)).T) + 3.0  # 3: what all have in common
        for df, found in critical.items():
            level = max_t(np.ones(45), sigma, pairs, rng=trial, n_draws=4000, df=df)[1]
            found.append(scipy_stats.norm.isf((1 - level) / 2) * np.sqrt(2))
    assert np.mean(critical[np.inf]) < exact - 0.09
    assert np.mean(critical[n - 1]) == pytest.approx(exact, abs=0.03)


def test_correlation_seen_on_many_items_stays():
    sigma = np.kron(np.eye(2), np.ones((5, 5))) + 0.01 * np.eye(10)
    pairs = np.array([(i, j) for i in range(5) for j in range(5, 10)])
    p = np.full(25, 0.01)
    known, _ = max_t(p, sigma, pairs, rng=0)
    many, _ = max_t(p, sigma, pairs, rng=0, df=10_000)
    few, _ = max_t(p, sigma, pairs, rng=0, df=10)
    assert many == pytest.approx(known, abs=0.004)
    assert (few > known + 0.01).all()


@pytest.mark.parametrize(("systems", "seeds"), [(8, 3), (5, 2)])
def test_few_paired_seeds_tell_equal_systems_apart_in_five_of_a_hundred(systems, seeds):
    """The p-values are Student's, each exact; taken as normals together they erred in 18 %."""
    rng, trials, wrong = np.random.default_rng(4), 1500, 0
    pairs = pairs_of(systems)
    for trial in range(trials):
        x = rng.normal(size=(systems, seeds))
        d = x[pairs[:, 0]] - x[pairs[:, 1]]
        p = scipy_stats.ttest_1samp(d, 0, axis=1).pvalue
        part = np.cov(x) / seeds, seeds - 1
        nothing = np.zeros((systems, systems))
        adjusted, _ = max_t(p, nothing, pairs, rng=trial, n_draws=1000, parts=[part])
        wrong += bool((adjusted <= 0.05).any())
    assert wrong / trials < 0.05 + 3 * np.sqrt(0.05 * 0.95 / trials)


def test_spreads_of_two_levels_leave_bonferroni_and_known_ones_nothing_new():
    pairs, sigma, p = pairs_of(6), np.diag([1.0, 2.0, 1.0, 1.0, 3.0, 1.0]), np.full(15, 0.002)
    part = np.diag(np.ones(6))
    plain, level = max_t(p, sigma + part, pairs, rng=0)
    known, same = max_t(p, sigma, pairs, rng=0, parts=[(part, np.inf)])
    np.testing.assert_array_equal(known, plain)
    assert level == same
    few, wide = max_t(p, sigma, pairs, rng=0, n_draws=100_000, parts=[(part, 1)])
    assert few == pytest.approx(15 * 0.002, rel=0.1)
    assert level < wide <= 1 - 0.05 / 15


def test_one_pair_of_two_seeds_is_its_own_p_value_too():
    for p in (0.0, 1e-30, 0.04, 1.0):
        adjusted, level = max_t([p], np.eye(2), [(0, 1)], rng=0, parts=[(np.eye(2), 1)])
        assert adjusted[0] == p
        assert level == pytest.approx(0.95)


def test_equal_systems_are_told_apart_in_five_of_a_hundred_data_sets():
    """One cell of the calibration: 5 systems of correlated 0/1 scores, 40 items."""
    rng, systems, n, trials = np.random.default_rng(0), 5, 40, 600
    pairs, wrong = pairs_of(systems), 0
    for trial in range(trials):
        ease = rng.normal(size=(n, 1))
        x = (0.7 * ease + 0.7 * rng.normal(size=(n, systems)) < 0.3).astype(float)
        p = [sparse_t(x[:, i] - x[:, j], low=-1, high=1).p_value for i, j in pairs]
        adjusted, _ = max_t(p, np.cov(x.T) / n, pairs, rng=trial, n_draws=1000)
        wrong += bool((adjusted <= 0.05).any())
    assert wrong / trials < 0.05 + 3 * np.sqrt(0.05 * 0.95 / trials)
