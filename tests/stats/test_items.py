"""Classical item analysis: golden numbers, references we did not write, and bad input."""

import time

import numpy as np
import pytest
from scipy import special
from scipy import stats as reference

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import (
    additive_effects,
    alpha_without_each,
    cronbach_alpha,
    data_map,
    falling_p,
    item_statistics,
    mantel_haenszel_dif,
    mcdonald_omega,
    measurement_error,
    prune,
    random_halves,
    rank_law,
    repeats_p,
    rest_scores,
    same_columns,
    spearman_brown,
    spearman_brown_length,
    split_stability,
    weak_strong_halves,
    weak_strong_stability,
)

# V-19 to V-24: 6 models x 4 items.
Y = np.array(
    [[1, 1, 1, 1], [1, 1, 1, 0], [1, 1, 0, 0], [1, 0, 0, 1], [1, 0, 0, 0], [0, 0, 0, 1]], float
)
# methods.md, section i: 6 respondents x 5 items.
X = np.array(
    [[1, 1, 0, 1, 0], [1, 0, 0, 1, 1], [1, 1, 1, 1, 1],
     [0, 0, 0, 1, 0], [1, 1, 0, 0, 1], [0, 1, 0, 1, 0]], float,
)  # fmt: skip


def close(value, expected, tolerance=1e-9):
    np.testing.assert_allclose(value, expected, rtol=0, atol=tolerance)


def answers(rng, respondents, items, *, slope=(0.3, 2.0)):
    ability = rng.normal(size=(respondents, 1))
    a, b = rng.uniform(*slope, items), rng.normal(size=items)
    return (rng.random((respondents, items)) < special.expit(a * (ability - b))).astype(float)


def holes(rng, y, share):
    return np.where(rng.random(y.shape) < share, np.nan, y)


def test_v19_difficulty_is_the_mean_over_models():
    close(item_statistics(Y).difficulty, [0.8333333333, 0.5, 0.3333333333, 0.5])


def test_v20_item_total_and_item_rest():
    found = item_statistics(Y)
    close(found.total, [0.4889012070, 0.7808688094, 0.8834522086, 0.1561737619])
    close(found.rest, [0.1581138830, 0.4472135955, 0.6859943406, -0.3015113446])


def test_v20_a_constant_item_has_no_discrimination():
    found = item_statistics(np.column_stack([Y, np.ones(6)]))
    assert np.isnan([found.total[4], found.rest[4], found.rest_low[4], found.rest_se[4]]).all()
    close(found.rest[:4], item_statistics(Y).rest)


def test_v21_upper_lower_index():
    close(item_statistics(Y, share=0.5).upper_lower, [1 / 3, 1, 2 / 3, -1 / 3])


def test_v22_pruning_moves_the_mean():
    found = prune(Y, item_statistics(Y).rest, share=0.25)
    assert found.kept.tolist() == [True, True, True, False]
    close([found.before.mean(), found.after.mean()], [0.5416666667, 0.5555555556])
    close([found.before[1], found.after[1]], [0.75, 1.0])
    close([found.drift, found.drift_worst], [0.0138888889, 1 / 3 - 0.25 + 1 / 6])


def test_v23_stability_is_a_distribution():
    y = answers(np.random.default_rng(1), 40, 300)
    found = split_stability(y, rng=np.random.default_rng(0), splits=50)
    assert found.shape == (50,)
    assert found.std() > 0.005
    assert 0.2 < found.mean() < 0.8
    assert weak_strong_stability(y) < found.mean()
    again = split_stability(y, rng=np.random.default_rng(0), splits=50)
    assert again.tobytes() == found.tobytes()


@pytest.mark.parametrize("gaps", [0.0, 0.1])
def test_one_split_equals_the_discriminations_of_both_halves(gaps):
    rng = np.random.default_rng(2)
    y = holes(rng, answers(rng, 14, 60), gaps)
    found = split_stability(y, rng=np.random.default_rng(3), splits=1)[0]
    half = np.random.default_rng(3).permutation(14)[:7]
    _, rest = rest_scores(y)
    both = []
    for rows in (half, np.setdiff1d(np.arange(14), half)):
        both.append([_pearson(y[rows, j], rest[rows, j]) for j in range(60)])
    one, other = np.array(both)
    for half, wanted in zip(random_halves(y, rng=np.random.default_rng(3)), both, strict=True):
        assert half == pytest.approx(np.array(wanted), abs=1e-12, nan_ok=True)
    known = np.isfinite(one) & np.isfinite(other)
    assert found == pytest.approx(np.corrcoef(one[known], other[known])[0, 1], abs=1e-12)


def test_halves_by_ability_hold_the_weaker_and_the_stronger():
    rng = np.random.default_rng(14)
    y = answers(rng, 13, 60)
    order = np.argsort(y.sum(axis=1), kind="stable")
    _, rest = rest_scores(y)
    halves = weak_strong_halves(y)
    for half, rows in zip(halves, (order[:6], order[6:]), strict=True):
        wanted = [_pearson(y[rows, j], rest[rows, j]) for j in range(60)]
        assert half == pytest.approx(np.array(wanted), abs=1e-12, nan_ok=True)
    known = np.isfinite(halves).all(axis=0)
    agreed = np.corrcoef(halves[0][known], halves[1][known])[0, 1]
    assert weak_strong_stability(y) == pytest.approx(agreed, abs=1e-12)


def _pearson(a, b):
    seen = np.isfinite(a) & np.isfinite(b)
    if seen.sum() < 3 or np.ptp(a[seen]) == 0:
        return np.nan
    return np.corrcoef(a[seen], b[seen])[0, 1]


def test_v24_alpha():
    close(cronbach_alpha(Y).value, 0.3252032520)


def test_kr20_and_its_neighbours():
    alpha = cronbach_alpha(X).value
    close(alpha, 0.424528302)
    p = X.mean(axis=0)
    close(alpha, 5 / 4 * (1 - (p * (1 - p)).sum() / X.sum(axis=1).var()))
    close(spearman_brown(alpha, 2), 0.596026490)
    close(spearman_brown(alpha, spearman_brown_length(alpha, 0.9)), 0.9)
    close(alpha_without_each(X)[0], 0.091954023)
    close(alpha_without_each(X), [cronbach_alpha(np.delete(X, j, 1)).value for j in range(5)])
    close(measurement_error(X).value, X.sum(axis=1).std(ddof=1) * np.sqrt(1 - alpha) / 5)


def test_item_total_and_item_rest_of_the_second_table():
    found = item_statistics(X)
    close(found.total, [0.777028690, 0.485642931, 0.798583652, -0.061429512, 0.686802820])
    close(found.rest, [0.525225731, 0.110431526, 0.632455532, -0.346410162, 0.353553391])
    s, total = X.std(axis=0), X.sum(axis=1).std()
    r = found.total
    corrected = (r * total - s) / np.sqrt(total**2 + s**2 - 2 * r * total * s)
    close(found.rest, corrected)


def test_mantel_haenszel():
    found = mantel_haenszel_dif([[20, 10, 15, 15], [25, 5, 20, 10], [8, 22, 6, 24]])
    close(
        [found.odds_ratio, found.delta, found.chi2, found.p_value],
        [1.942408377, -1.560232291, 3.253874202, 0.071254852],
    )
    with pytest.raises(NotEnoughDataError, match="none of 1 is one"):
        mantel_haenszel_dif([[20, 10, 0, 0]])
    with pytest.raises(UsageError, match="4 counts a stratum"):
        mantel_haenszel_dif([[20, 10, 1]])


def test_cartography():
    found = data_map(np.array([[0.3], [0.6], [0.8], [0.7]]))
    close([found.confidence[0], found.variability[0]], [0.6, 0.187082869])
    assert (found.correct[0], found.forgetting[0]) == (3, 0)
    close(data_map([[0.3], [0.6], [0.8], [0.7]], widened=True).variability, 0.188171022)


def test_forgetting_counts_falls_and_never_learnt_is_undefined():
    passes = np.array([[1, 0, 1, np.nan], [0, 0, np.nan, 1], [1, 0, 0, 1], [0, 0, 1, 1.0]])
    found = data_map(passes)
    assert found.forgetting.tolist()[0] == 2
    assert np.isnan(found.forgetting[1])
    assert found.forgetting.tolist()[2:] == [1, 0]
    assert found.region.tolist() == ["ambiguous", "hard", "ambiguous", "easy"]


def test_a_data_map_refuses_what_is_no_probability():
    with pytest.raises(UsageError, match=r"p_correct must lie in \[0, 1\], but 1 of 4 do not."):
        data_map([[0.5, 2.0], [0.1, 0.2]])
    with pytest.raises(NotEnoughDataError, match="needs at least 2 checkpoints, but has 1"):
        data_map([[0.5, 0.2]])


@pytest.mark.parametrize("gaps", [0.0, 0.2])
def test_item_rest_is_scipys_on_the_respondents_that_answered(gaps):
    rng = np.random.default_rng(4)
    y = holes(rng, answers(rng, 12, 30), gaps)
    found, (_, rest) = item_statistics(y), rest_scores(y)
    for j in range(30):
        seen = np.isfinite(y[:, j])
        assert found.n[j] == seen.sum()
        if np.ptp(y[seen, j]) > 0:
            r = reference.pearsonr(y[seen, j], rest[seen, j]).statistic
            assert found.rest[j] == pytest.approx(r, abs=1e-12)


def test_the_interval_is_a_jackknife_done_by_hand():
    y = answers(np.random.default_rng(5), 15, 8)
    found = item_statistics(y, level=0.9)
    rest = y.sum(axis=1, keepdims=True) - y
    j = 2
    z = np.arctanh(
        [np.corrcoef(np.delete(y[:, j], i), np.delete(rest[:, j], i))[0, 1] for i in range(15)]
    )
    se = np.sqrt(14 / 15 * ((z - z.mean()) ** 2).sum())
    half = reference.t.ppf(0.95, 14) * se
    z0 = np.arctanh(found.rest[j])
    close([found.rest_low[j], found.rest_high[j]], np.tanh([z0 - half, z0 + half]))


def test_the_interval_of_the_whole_is_a_jackknife_too():
    y = answers(np.random.default_rng(19), 12, 30)
    found = item_statistics(y)
    for j in (0, 7):
        total = y.mean(axis=1)
        z = np.arctanh(
            [np.corrcoef(np.delete(y[:, j], i), np.delete(total, i))[0, 1] for i in range(12)]
        )
        half = reference.t.ppf(0.975, 11) * np.sqrt(11 / 12 * ((z - z.mean()) ** 2).sum())
        r = np.corrcoef(y[:, j], total)[0, 1]
        close(found.total[j], r)
        close(
            [found.total_low[j], found.total_high[j]],
            np.tanh([np.arctanh(r) - half, np.arctanh(r) + half]),
        )


def test_additive_effects_are_least_squares():
    rng = np.random.default_rng(6)
    y = holes(rng, rng.normal(size=(7, 9)), 0.3)
    rows, columns = np.nonzero(np.isfinite(y))
    design = np.zeros((rows.size, 16))
    design[np.arange(rows.size), rows] = design[np.arange(rows.size), 7 + columns] = 1
    fit = design @ np.linalg.lstsq(design, y[rows, columns])[0]
    respondents, items = additive_effects(y)
    close(respondents[rows] + items[columns], fit)
    close(respondents.sum(), 0)
    whole = rng.normal(size=(5, 4))
    respondents, items = additive_effects(whole)
    close(respondents, whole.mean(axis=1) - whole.mean())
    close(items, whole.mean(axis=0))


def test_who_skipped_hard_items_is_not_favoured():
    # The first respondent is worst, and answered the easy items only.
    y = np.array([[1, 1, 0, np.nan, np.nan], [1, 1, 1, 0, 0], [1, 1, 1, 1, 0], [1, 1, 1, 1, 1.0]])
    total, _ = rest_scores(y)
    assert np.argsort(total).tolist() == [0, 1, 2, 3]
    assert np.nanmean(y, axis=1)[0] > np.nanmean(y, axis=1)[1]


def test_alpha_with_gaps_is_near_that_without():
    rng = np.random.default_rng(7)
    y = answers(rng, 50, 200)
    whole, thinned = cronbach_alpha(y), cronbach_alpha(holes(rng, y, 0.05))
    assert thinned.value == pytest.approx(whole.value, abs=0.005)
    assert whole.low < thinned.value < whole.high


@pytest.mark.parametrize(("models", "count", "share"), [(40, 30, 0.4), (87, 60, 0.2), (5, 4, 0.3)])
def test_alpha_without_an_item_is_that_of_the_others_where_cells_are_missing(models, count, share):
    rng = np.random.default_rng(17)
    y = holes(rng, answers(rng, models, count), share)
    anew = [cronbach_alpha(np.delete(y, j, axis=1)).value for j in range(count)]
    close(alpha_without_each(y), anew)


def test_alpha_without_the_only_item_that_someone_answered():
    y = np.array(
        [[1, 1, 0, 1], [1, 0, 0, 0], [1, 1, 1, np.nan], [0, 0, np.nan, 0], [1] * 4, [0] * 4]
    )
    y = np.vstack([y, [np.nan, np.nan, 1, np.nan]])
    anew = [cronbach_alpha(np.delete(y, j, axis=1)).value for j in range(4)]
    close(alpha_without_each(y), anew)


def test_gaps_do_not_make_the_rest_more_reliable():
    rng = np.random.default_rng(18)
    y = holes(rng, answers(rng, 40, 30), 0.4)
    assert np.median(alpha_without_each(y)) < cronbach_alpha(y).value


def test_the_alphas_interval_is_the_wider_of_two_done_by_hand():
    found = cronbach_alpha(X)
    logs = np.log([1 - cronbach_alpha(np.delete(X, i, 0)).value for i in range(6)])
    half = reference.t.ppf(0.975, 5) * np.sqrt(5 / 6 * ((logs - logs.mean()) ** 2).sum())
    jackknife = 1 - (1 - found.value) * np.exp([half, -half])
    feldt = 1 - (1 - found.value) * reference.f.ppf([0.975, 0.025], 5, 20)
    assert found.low == pytest.approx(min(jackknife[0], feldt[0]))
    assert found.high == pytest.approx(max(jackknife[1], feldt[1]))


def test_omega_equals_that_of_principal_axes():
    from statsmodels.multivariate.factor import Factor

    y = answers(np.random.default_rng(8), 300, 10)
    fit = Factor(y, n_factor=1, method="pa", smc=True).fit(maxiter=5000, tol=1e-12)
    loadings, sds = fit.loadings[:, 0], y.std(axis=0, ddof=1)
    common = (sds @ loadings) ** 2
    expected = common / (common + sds**2 @ (1 - loadings**2))
    assert mcdonald_omega(y).value == pytest.approx(expected, abs=1e-6)


def test_omega_of_equal_loadings_is_alpha():
    # tau-equivalent by construction: every item has the same covariances and variance
    ability = np.array([1, 1, -1, -1, 0, 0, 2, -2.0])
    noise = np.linalg.qr(np.random.default_rng(9).normal(size=(8, 7)))[0]
    noise -= noise.mean(axis=0)
    basis = np.linalg.svd(np.column_stack([ability, np.ones(8)]), full_matrices=True)[0][:, 2:]
    y = ability[:, None] + 1.5 * basis[:, :6]
    assert mcdonald_omega(y).value == pytest.approx(cronbach_alpha(y).value, abs=1e-8)


@pytest.mark.parametrize("n", [5, 8, 21])
def test_falling_p_is_the_exact_rank_sum_test(n):
    rng = np.random.default_rng(n)
    ability = rng.normal(size=(n, 40))
    y = (rng.random((n, 40)) < 0.5).astype(float)
    found = falling_p(y, ability)
    for j in range(40):
        right = y[:, j] == 1
        if 0 < right.sum() < n:
            p = reference.mannwhitneyu(
                ability[right, j], ability[~right, j], alternative="less", method="exact"
            ).pvalue
            assert found[j] == pytest.approx(p, abs=1e-12)
        else:
            assert np.isnan(found[j])


def test_falling_p_with_gaps_leaves_out_who_was_not_asked():
    y = np.array([[1], [1], [np.nan], [0], [0]], float)
    ability = np.array([[1], [2], [9], [3], [4]], float)
    close(falling_p(y, ability), 1 / 6)


def test_falling_p_of_many_values_and_of_many_respondents():
    rng = np.random.default_rng(10)
    ability = rng.normal(size=(300, 2000))
    scores = rng.normal(size=(300, 2000))
    for y in (scores, (scores > 0.5) * 1.0):
        p = falling_p(y, ability)
        assert (p < 0.05).mean() == pytest.approx(0.05, abs=0.02)
        assert falling_p(-ability, ability).max() < 1e-10
    # tied abilities never make it smaller than the counted law allows
    assert falling_p([[1.0], [1.0], [0.0], [0.0]], np.ones((4, 1)))[0] > 0.5


def of_orders(y):
    """P-value of scores in an order by all orders of the ranks, and all their sums."""
    from itertools import permutations

    ranks = reference.rankdata(y)
    sums = [ranks @ np.array(order) for order in permutations(range(1, len(y) + 1))]
    return (np.array(sums) <= ranks @ np.arange(len(y), 0, -1)).mean(), np.sort(sums)


@pytest.mark.parametrize(
    "y",
    [
        [0.1, 0.5, 0.9],
        [0, 0.5, 1, 0.2],
        [0, 0, 0, 0.5, 1],
        [0, 0.5, 0.5, 0.5, 1, 1],
        [0, 0, 0.3, 1, 1, 1, 1],
    ],
)
def test_falling_p_of_several_values_is_that_of_all_orders(y):
    p, sums = of_orders(y)
    falls = np.arange(len(y), 0, -1.0)[:, None]
    close(falling_p(np.array(y)[:, None], falls), p)
    rng = np.random.default_rng(3)
    for _ in range(5):
        ability = rng.permutation(len(y)) + 1.0
        mine = reference.rankdata(y) @ ability
        found = falling_p(np.array(y)[:, None], ability[:, None])
        close(found, np.searchsorted(sums, mine + 1e-9) / sums.size)


def test_an_item_that_nearly_all_answer_alike_can_fall():
    y = np.r_[np.ones(30), 0.5, 0.0][:, None]
    close(falling_p(y, np.arange(32.0)[:, None]), 1 / (32 * 31))
    close(falling_p(y, -np.arange(32.0)[:, None]), 1)
    assert np.isnan(falling_p(np.full((9, 1), 0.5), np.arange(9.0)[:, None]))


@pytest.mark.parametrize("counts", [(1,) * 9, (4, 4, 4, 4), (10, 10, 5), (2,) * 6, (15, 8, 7)])
def test_the_law_of_many_scores_is_near_the_counted_one(counts, monkeypatch):
    ends = np.cumsum(counts)
    scores = tuple(np.repeat(2 * ends - np.array(counts) + 1, counts).tolist())
    monkeypatch.setattr(rank_law, "_STATES", np.inf)
    monkeypatch.setattr(rank_law, "_SUMS", np.inf)
    law = rank_law._Law(scores)
    sums = law.least + law.step * np.arange(law.counted.size)
    monkeypatch.undo()
    monkeypatch.setattr(rank_law, "_STATES", 0)
    rank_law._Law.of.cache_clear()
    near = rank_law.low_sum_p(scores, sums)
    for low, high, most in ((1e-3, 0.05, 2.3), (1e-4, 1e-3, 4.6)):
        at = (law.counted >= low) & (law.counted <= high)
        assert at.any()
        ratio = near[at] / law.counted[at]
        assert ratio.min() > 0.96
        assert ratio.max() < most


def test_falling_p_of_means_over_seeds_keeps_its_size():
    rng = np.random.default_rng(4)
    y = rng.binomial(3, rng.beta(1, 1, 1500), (20, 1500)) / 3
    start = time.perf_counter()
    p = falling_p(y, rng.normal(size=y.shape))
    assert time.perf_counter() - start < 30
    p = p[np.isfinite(p)]
    for size in (0.1, 0.05, 0.01):
        assert (p <= size).mean() < size + 3 * np.sqrt(size / p.size)


def test_same_columns_and_their_chance():
    rng = np.random.default_rng(11)
    y = answers(rng, 60, 50)
    y[:, 7] = y[:, 3]
    groups = same_columns(y)
    assert groups[7] == groups[3]
    assert np.unique(groups).size == 49
    assert repeats_p(y, groups)[groups[3]] < 1e-6
    few = answers(rng, 3, 50)  # three respondents: everything recurs by chance
    assert np.nanmin(repeats_p(few, same_columns(few))) > 1e-4
    gaps = np.array([[np.nan, np.nan, 0.0], [1, 1, 1]])
    assert same_columns(gaps)[0] == same_columns(gaps)[1] != same_columns(gaps)[2]


def test_pruning_at_random_is_known_in_closed_form():
    rng = np.random.default_rng(12)
    y = answers(rng, 10, 40)
    found = prune(y, rng.normal(size=40), share=0.5)
    drifts = [y[:, rng.permutation(40)[:20]].mean() - y.mean() for _ in range(4000)]
    assert found.random_drift_sd == pytest.approx(np.std(drifts), rel=0.05)
    assert found.random_se == pytest.approx(found.se_before * np.sqrt(2))
    whole = prune(y, np.zeros(40), share=0)
    assert (whole.drift, whole.random_drift_sd) == (0, 0)


def test_bad_input():
    with pytest.raises(UsageError, match="responses need 2 axes, respondents and items"):
        item_statistics([1, 0, 1])
    with pytest.raises(UsageError, match=r"share must lie above 0 and not above 0.5, but is 0.9."):
        item_statistics(Y, share=0.9)
    with pytest.raises(UsageError, match=r"share must lie in \[0, 1\), but is 1."):
        prune(Y, np.zeros(4), share=1)
    with pytest.raises(UsageError, match="one value per item, 4, but has shape"):
        prune(Y, np.zeros(3), share=0.5)
    with pytest.raises(NotEnoughDataError, match="a pruned test needs at least 2 items, but has 1"):
        prune(Y, np.zeros(4), share=0.8)
    with pytest.raises(NotEnoughDataError, match="a reliability needs at least 2 respondents"):
        cronbach_alpha(Y[:1])
    with pytest.raises(NotEnoughDataError, match="omega needs at least 3 items, but has 2"):
        mcdonald_omega(Y[:, :2])
    with pytest.raises(NotEnoughDataError, match="needs at least 6 respondents, but has 5"):
        split_stability(Y[:5], rng=np.random.default_rng(0))
    with pytest.raises(NotEnoughDataError, match="needs at least 6 respondents, but has 5"):
        random_halves(Y[:5], rng=np.random.default_rng(0))
    with pytest.raises(UsageError, match="reliability must not exceed 1"):
        spearman_brown(1.2, 2)


def test_degenerate_tables_are_undefined_and_say_so():
    flat = cronbach_alpha(np.array([[1, 0, 1], [1, 0, 1], [1, 0, 1.0]]))
    assert np.isnan(flat.value)
    assert flat.method == "undefined: no respondent differs from another"
    guttman = cronbach_alpha(np.array([[1, 1, 1], [0, 0, 0], [1, 1, 1.0]]))
    assert guttman.value == 1
    assert np.isnan(guttman.low)
    one = item_statistics(Y[:1])
    assert one.difficulty.tolist() == [1, 1, 1, 1]
    assert np.isnan([one.rest, one.total, one.upper_lower]).all()
    lonely = item_statistics(np.array([[1, np.nan], [0, 1], [1, np.nan]]))
    assert lonely.n.tolist() == [3, 1]
    assert np.isnan(lonely.rest[1])


def test_ten_thousand_items_are_quick():
    rng = np.random.default_rng(13)
    y = answers(rng, 100, 10_000)
    began = time.process_time()
    item_statistics(y)
    cronbach_alpha(y)
    falling_p(y, rest_scores(y)[1])
    assert time.process_time() - began < 3
