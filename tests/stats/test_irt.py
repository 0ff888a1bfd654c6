import numpy as np
import pandas as pd
import pytest
from girth import twopl_mml
from scipy import integrate, special, stats

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import (
    ability,
    binarised,
    fit_irt,
    item_fit,
    item_information,
    item_slope,
    shuffled,
)
from evalvar.stats import irt as fitting
from evalvar.stats.irt_items import observed_information
from evalvar.stats.irt_steps import NODES, Answers, curves, posterior_tables
from evalvar.stats.irt_tests import ability_density

A, B, Y = [1.2, 0.8, 1.5, 1.0], [-0.5, 0.3, 1.0, 0.0], [1, 1, 0, 1]


def draw(n, items, seed=0, guess=0.0):
    """Draw answers, abilities, discriminations and intercepts."""
    rng = np.random.default_rng(seed)
    theta, a = rng.normal(size=n), rng.lognormal(0, 0.4, items)
    b = a * rng.normal(0, 1.2, items)
    p = guess + (1 - guess) * special.expit(np.outer(theta, a) - b)
    return (rng.random((n, items)) < p).astype(float), theta, a, b


def rmse(x, y):
    return float(np.sqrt(np.mean((np.asarray(x) - y) ** 2)))


def test_ability_meets_the_golden_numbers():
    mle, top, mean = (ability(Y, A, B, method=m) for m in ("mle", "map", "eap"))
    assert mle.value[0] == pytest.approx(0.838683197, abs=1e-9)
    assert mle.information[0] == pytest.approx(1.132477523, abs=1e-9)
    assert mle.se[0] == pytest.approx(0.939691297, abs=1e-9)
    # the golden number is that of a search, good to 1e-8
    assert top.value[0] == pytest.approx(0.455198842, abs=1e-8)
    assert mean.value[0] == pytest.approx(0.466000922, abs=2e-9)
    assert mean.se[0] == pytest.approx(0.694628085, abs=1e-8)


def test_ability_meets_the_papers_thetas():
    seen, hard = [0, 2, 3, 5], np.array([-2, -1, -0.5, 0.5, 1, 2])
    y = np.full((2, 6), np.nan)
    y[:, seen] = [[1, 1, 1, 0], [1, 1, 0, 0]]
    theta = ability(y, np.ones(6), hard, method="mle").value
    np.testing.assert_allclose(theta, [1.5712767651, 0], atol=1e-10)
    unseen = special.expit(theta[0] - hard[[1, 4]])
    np.testing.assert_allclose(unseen, [0.9289898, 0.6390577], atol=1e-7)


@pytest.mark.parametrize("method", ["map", "mle", "eap"])
def test_all_right_and_all_wrong_are_said_to_be_unbounded(method):
    found = ability([[1, 1, 1, 1], [0, 0, 0, 0], Y], A, B, method=method)
    assert found.unbounded.tolist() == [1, -1, 0]
    if method == "mle":
        assert found.value[:2].tolist() == [np.inf, -np.inf]
        assert np.isnan([found.se[:2], found.low[:2], found.high[:2]]).all()
    else:
        assert np.isfinite(found.value).all()


def test_a_negative_slope_turns_what_is_right():
    assert ability([1, 0], [1.0, -1.0], [0.0, 0.0], method="mle").unbounded.tolist() == [1]


@pytest.mark.parametrize("slope", [1e-9, 1e-6, 1e-3, 0.02, 5.0])
def test_the_top_of_a_flat_likelihood_is_found_however_far_out(slope):
    a = np.full(4, slope)
    found = ability([1, 1, 1, 0], a, np.zeros(4), method="mle")
    assert found.value[0] == pytest.approx(np.log(3) / slope, rel=1e-9)
    assert found.se[0] == pytest.approx(1 / (slope * np.sqrt(4 * 0.75 * 0.25)), rel=1e-9)
    assert found.unbounded[0] == 0


def test_the_top_between_two_far_items_is_halfway_and_a_level_one_is_none():
    found = ability([[1, 0], [0, 1]], [1.0, 1.0], [-300.0, 300.0], method="mle")
    np.testing.assert_allclose(found.value, [0, 0], atol=1e-12)
    assert found.se[0] == pytest.approx(np.exp(150) / np.sqrt(2))
    level = ability([1, 0], [1.0, 1.0], [-3000.0, 3000.0], method="mle")
    assert np.isnan([level.value[0], level.se[0], level.low[0], level.high[0]]).all()
    nothing = ability([1, 0], [0.0, 0.0], [0.0, 0.0], method="mle")
    assert np.isnan([nothing.value[0], nothing.se[0]]).all()


def test_the_top_is_where_the_slope_is_zero_on_any_items():
    rng = np.random.default_rng(0)
    for _ in range(200):
        items = int(rng.integers(2, 12))
        a, b = 10 ** rng.uniform(-4, 2, items), rng.normal(0, 10, items)
        y = rng.integers(0, 2, items).astype(float)
        found = ability(y, a, b, method="mle")
        if found.unbounded[0] or np.isnan(found.value[0]):
            continue
        right = special.expit(-np.where(y == 1, 1, -1) * (a * found.value[0] - b)) * a
        up, down = right[y == 1].sum(), right[y == 0].sum()
        assert up == pytest.approx(down, rel=1e-6)


def test_posterior_mean_and_quantiles_are_those_of_an_integral():
    found = ability(Y, A, B, level=0.9)
    a, b, y = np.array(A), np.array(B), np.array(Y)

    def density(t):
        return np.prod(special.expit((2 * y - 1) * (a * t - b))) * stats.norm.pdf(t)

    whole = integrate.quad(density, -12, 12, epsabs=1e-13)[0]
    mean = integrate.quad(lambda t: t * density(t), -12, 12, epsabs=1e-13)[0] / whole
    below = integrate.quad(density, -12, found.low[0])[0] / whole
    above = integrate.quad(density, found.high[0], 12)[0] / whole
    assert found.value[0] == pytest.approx(mean, abs=1e-9)
    assert (below, above) == pytest.approx((0.05, 0.05), abs=2e-5)


def test_narrow_posteriors_are_those_of_the_normal_limit():
    y, _, a, b = draw(5, 4000)
    mean, top = ability(y, a, b), ability(y, a, b, method="map")
    np.testing.assert_allclose(mean.value, top.value, atol=2e-3)
    np.testing.assert_allclose(mean.se, top.se, rtol=0.01)
    np.testing.assert_allclose(mean.high - mean.low, 2 * 1.959964 * mean.se, rtol=2e-3)


def test_information_meets_the_golden_numbers():
    assert item_information(0.4, [1.5], [1.0])[0, 0] == pytest.approx(0.540586678, abs=1e-9)
    guessed = item_information(0.4, [1.5], [1.0], guess=0.25)[0, 0]
    assert guessed == pytest.approx(0.295304407, abs=1e-9)
    total = item_information([0.838683197], A, B).sum()
    assert total == pytest.approx(ability(Y, A, B, method="mle").information[0], rel=1e-9)


@pytest.mark.parametrize("seed", [0, 3])
def test_recovers_items_no_worse_than_girth(seed):
    y, _, a, b = draw(400, 50, seed)
    fit, peer = fit_irt(y), twopl_mml(y.T.astype(int))
    slopes = peer["Discrimination"]
    assert fit.converged
    assert rmse(fit.discrimination, a) < rmse(slopes, a)
    # one item of seed 0 was missed by a single model; its intercept is anybody's guess
    asked = (y.mean(axis=0) > 0.01) & (y.mean(axis=0) < 0.99)
    ours, theirs = fit.intercept - b, slopes * peer["Difficulty"] - b
    assert rmse(ours[asked], 0) < rmse(theirs[asked], 0)


def test_abilities_have_mean_0_and_variance_1_and_follow_the_truth():
    y, theta, _, _ = draw(200, 300)
    fit = fit_irt(y)
    assert fit.ability.mean() == pytest.approx(0, abs=5e-3)
    assert fit.ability.var() + (fit.ability_sd**2).mean() == pytest.approx(1, abs=0.01)
    assert np.corrcoef(fit.ability, theta)[0, 1] > 0.98
    assert fit.reliability == pytest.approx(0.98, abs=0.01)
    found = ability(y, fit.discrimination, fit.intercept)
    np.testing.assert_allclose(found.value, fit.ability, atol=1e-6)


@pytest.mark.parametrize(("n", "items"), [(21, 1000), (93, 300), (400, 50)])
def test_shuffled_answers_have_no_discrimination(n, items):
    y, _, _, _ = draw(n, items)
    control = fit_irt(shuffled(y, rng=np.random.default_rng(1)))
    real = fit_irt(y)
    assert control.converged
    assert abs(control.discrimination.mean()) < 0.1 < 0.8 < real.discrimination.mean()
    assert (control.discrimination - 1.96 * control.discrimination_se > 0).sum() == 0
    assert control.reliability < 0.2 < 0.9 < real.reliability


def test_one_slope_for_all_is_the_slope_of_all():
    rng = np.random.default_rng(0)
    theta, b = rng.normal(size=500), rng.normal(size=40)
    y = (rng.random((500, 40)) < special.expit(1.3 * theta[:, None] - b)).astype(float)
    fit = fit_irt(y, model="1pl")
    assert fit.converged
    assert np.ptp(fit.discrimination) == 0
    assert fit.discrimination[0] == pytest.approx(1.3 * theta.std(), abs=0.05)
    # with one slope the number of right answers says it all
    order = np.argsort(y.sum(axis=1), kind="stable")
    assert (np.diff(fit.ability[order]) > -1e-9).all()


def alike(n, items, seed, slope):
    """Draw answers to items of one and the same slope, those left out that all answer alike."""
    rng = np.random.default_rng([3, n, items, seed])
    theta, hard = rng.normal(size=(n, 1)), rng.normal(1, 1, items)
    y = (rng.random((n, items)) < special.expit(slope * theta - hard)).astype(float)
    return y[:, (y.mean(axis=0) > 0) & (y.mean(axis=0) < 1)]


def test_the_items_and_their_spread_do_not_chase_each_other_for_ever():
    for seed in range(12):
        fit = fit_irt(alike(40, 60, seed, 0.8))
        assert fit.converged
        assert fit.iterations < 300


@pytest.mark.parametrize(("n", "items"), [(40, 200), (30, 300), (10, 50)])
def test_shuffled_answers_converge(n, items):
    for seed in range(25):
        y = shuffled(draw(n, items, seed)[0], rng=np.random.default_rng(seed))
        told = (y.mean(axis=0) > 0) & (y.mean(axis=0) < 1)
        fit = fit_irt(y[:, told])
        assert fit.converged
        assert fit.reliability < 0.6


@pytest.mark.parametrize("most", [3, 40, 2000])
def test_what_is_returned_is_where_the_last_step_led(most):
    y = alike(40, 60, 3, 0.8)
    seen = []
    step = fitting.updated

    def watched(*args):
        seen.append((args[2], step(*args)))
        return seen[-1][1]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(fitting, "updated", watched)
        fit = fit_irt(y, max_steps=most)
    (x, to), items = seen[-1], y.shape[1]
    assert len(seen) == fit.iterations <= most
    assert fit.change == pytest.approx(
        max(np.abs(to[:-2] - x[:-2]).max(), np.abs(np.exp(to[-2:]) - np.exp(x[-2:])).max())
    )
    assert fit.converged == (fit.change <= 1e-5)
    # but for the scale, which is set once more
    slopes = to[:items]
    np.testing.assert_allclose(fit.discrimination / slopes, fit.discrimination[0] / slopes[0])


def test_a_real_table_on_which_mixed_steps_went_in_circles(shared):
    answers = pd.read_parquet(shared / "livebench_items" / "livebench.parquet")
    answers = answers[answers["task"] == "zebra_puzzle"].drop_duplicates(["model", "item"])
    y = answers.pivot(index="model", columns="item", values="score").to_numpy()
    share = np.nanmean(y, axis=0)
    fit = fit_irt(y[:, (share > 0) & (share < 1)])
    assert fit.converged
    assert fit.iterations < 200
    assert fit.discrimination.std() < 0.01


def test_missing_answers_leave_the_rest_as_it_is():
    y, theta, a, _ = draw(300, 80)
    y[np.random.default_rng(5).random(y.shape) < 0.3] = np.nan
    fit = fit_irt(y)
    assert fit.converged
    assert rmse(fit.discrimination, a) < 0.3
    assert np.corrcoef(fit.ability, theta)[0, 1] > 0.95


def test_neither_the_order_of_items_nor_of_respondents_matters():
    y, *_ = draw(60, 40)
    fit, turned = fit_irt(y), fit_irt(y[::-1, ::-1])
    np.testing.assert_allclose(turned.discrimination[::-1], fit.discrimination, atol=1e-3)
    np.testing.assert_allclose(turned.ability[::-1], fit.ability, atol=1e-3)


def test_observed_information_is_the_bend_of_the_likelihood():
    y, _, a, b = draw(80, 12)
    y[3:9, 2] = np.nan
    answers = Answers.of(y)

    def loglik(slopes, heights):
        tables = posterior_tables(answers, slopes, heights, *curves(slopes, heights))
        return tables.summed().loglik

    tables = posterior_tables(answers, a, b, *curves(a, b))
    aa, ab, bb = observed_information(answers, tables, curves(a, b)[0])
    h = 1e-3
    for j in (0, 2):
        e = h * (np.arange(12) == j)
        middle = loglik(a, b)
        by_a = -(loglik(a + e, b) - 2 * middle + loglik(a - e, b)) / h**2
        by_b = -(loglik(a, b + e) - 2 * middle + loglik(a, b - e)) / h**2
        mixed = loglik(a + e, b + e) - loglik(a + e, b - e) - loglik(a - e, b + e)
        mixed = -(mixed + loglik(a - e, b - e)) / (4 * h**2)
        assert (aa[j], ab[j], bb[j]) == pytest.approx((by_a, mixed, by_b), rel=1e-4, abs=1e-4)


def test_errors_of_items_cover():
    held = []
    for seed in range(6):
        y, theta, a, b = draw(300, 60, seed)
        fit = fit_irt(y)
        # on the scale of these respondents
        off = fit.discrimination - a * theta.std(), fit.intercept - (b - a * theta.mean())
        se = fit.discrimination_se, fit.intercept_se
        held.append([np.abs(x / s) < 1.959964 for x, s in zip(off, se, strict=True)])
    assert np.mean(held) == pytest.approx(0.94, abs=0.03)


def test_item_fit_compares_each_answer_with_its_chance_given_the_others():
    y, _, a, b = draw(40, 5, 2)
    density = ability_density(Answers.of(y), a, b)
    nodes = np.linspace(-8, 8, 1601)
    p = special.expit(np.outer(a, nodes) - b[:, None])
    rest, weight, terms = [], [], []
    for answers in y:
        mass = np.exp(np.interp(nodes, NODES, np.log(density)))
        for j in (0, 2, 3, 4):
            mass = mass * (p[j] if answers[j] else 1 - p[j])
        mass /= mass.sum()
        chance, theta = mass @ p[1], mass @ nodes
        u = 2 * stats.norm.cdf(theta) - 1
        rest.append(answers[1] - chance)
        weight.append(chance * (1 - chance))
        terms.append([1, theta, (3 * u**2 - 1) / 2, (5 * u**3 - 3 * u) / 2])
    terms, slopes = np.array(terms), np.array(rest) @ np.array(terms)
    bends = terms.T @ (np.array(weight)[:, None] * terms)
    for model, k in (("2pl", 2), ("1pl", 1)):
        found = item_fit(y, a, b, model=model)
        take = bends[k:, :k] @ np.linalg.inv(bends[:k, :k])
        left, spread = slopes[k:] - take @ slopes[:k], bends[k:, k:] - take @ bends[:k, k:]
        expected = left @ np.linalg.solve(spread, left)
        assert found.df == 4 - k
        assert found.statistic[1] == pytest.approx(expected, rel=1e-3)
        np.testing.assert_allclose(found.p_value, stats.chi2.sf(found.statistic, 4 - k))


def test_the_density_of_abilities_is_told_from_the_normal():
    rng = np.random.default_rng(0)
    kinds = rng.choice([-1.2, 1.2], 1000) + rng.normal(0, 0.3, 1000)
    a, b = np.full(40, 1.5), np.linspace(-2, 2, 40)
    for theta, peak in ((kinds, 1.2), (rng.normal(size=1000), 0.0)):
        y = (rng.random((1000, 40)) < special.expit(np.outer(theta, a) - b)).astype(float)
        density = ability_density(Answers.of(y), a, b)
        assert density.sum() == pytest.approx(1)
        assert abs(abs(NODES[density.argmax()]) - peak) <= 0.5
        assert NODES @ density == pytest.approx(theta.mean(), abs=0.05)
        assert (density[31:34].sum() > 0.15) == (peak == 0)


@pytest.mark.parametrize("kind", ["two kinds", "skewed"])
def test_item_fit_does_not_take_odd_abilities_for_odd_items(kind):
    p = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        two = rng.choice([-1.0, 1.0], 300) + rng.normal(0, 0.3, 300)
        theta = two if kind == "two kinds" else rng.exponential(1, 300) - 1
        a, b = rng.lognormal(0.2, 0.3, 60), rng.normal(size=60)
        y = (rng.random((300, 60)) < special.expit(np.outer(theta, a) - b)).astype(float)
        fit = fit_irt(y)
        p.append(item_fit(y, fit.discrimination, fit.intercept).p_value)
    p = np.concatenate(p)
    p = p[np.isfinite(p)]
    assert (p < 0.05).mean() < 0.05 + 3 * np.sqrt(0.05 * 0.95 / p.size)


def test_one_slope_for_items_of_different_slopes_does_not_fit():
    rng = np.random.default_rng(0)
    theta, b = rng.normal(size=(300, 1)), rng.normal(size=60)
    for a, least, most in ((np.repeat([0.4, 1.8], 30), 0.8, 1), (np.ones(60), 0, 0.12)):
        y = (rng.random((300, 60)) < special.expit(theta * a - b)).astype(float)
        fit = fit_irt(y, model="1pl")
        p = item_fit(y, fit.discrimination, fit.intercept, model="1pl").p_value
        assert least <= np.nanmean(p < 0.05) <= most


def test_slopes_are_compared_by_the_rank_sum_of_abilities_without_the_item():
    y, *_ = draw(25, 8, 1)
    y[3, 2] = np.nan
    fit = fit_irt(y)
    a, b = fit.discrimination, fit.intercept
    found = item_slope(y, a, b)
    for j in (1, 2):
        known = np.isfinite(y[:, j])
        others = np.delete(np.arange(8), j)
        theta = ability(y[:, others], a[others], b[others]).value[known]
        groups = theta[y[known, j] == 1], theta[y[known, j] == 0]
        for side, p in (("greater", found.rising_p[j]), ("less", found.falling_p[j])):
            exact = stats.mannwhitneyu(*groups, alternative=side, method="exact").pvalue
            assert p == pytest.approx(exact, rel=1e-9)


def test_items_without_discrimination_are_not_pulled_up_by_the_others():
    called, interval, flipped = [], [], []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        theta, b = rng.normal(size=(60, 1)), rng.normal(size=100)
        a = np.concatenate([np.zeros(20), -np.ones(5), rng.lognormal(0.1, 0.25, 75)])
        y = (rng.random((60, 100)) < special.expit(theta * a - b)).astype(float)
        told = (y.mean(axis=0) > 0) & (y.mean(axis=0) < 1)
        fit = fit_irt(y[:, told])
        found = item_slope(y[:, told], fit.discrimination, fit.intercept)
        null, turned = (a == 0)[told], (a == -1)[told]
        called.append([found.rising_p[null] < 0.025, found.falling_p[null] < 0.025])
        interval.append((fit.discrimination - 1.96 * fit.discrimination_se > 0)[null])
        flipped.append(found.falling_p[turned] < 0.025)
    rising, falling = np.concatenate(called, axis=1).mean(axis=1)
    assert max(rising, falling) < 0.025 + 3 * np.sqrt(0.025 * 0.975 / 240)
    assert np.concatenate(interval).mean() > 0.05  # which is why
    assert np.concatenate(flipped).mean() > 0.7


def test_item_fit_keeps_its_size_and_notices_guessing():
    alarms, found = [], []
    for seed in range(4):
        y, *_ = draw(400, 50, seed)
        fit = fit_irt(y)
        alarms.append(item_fit(y, fit.discrimination, fit.intercept).p_value)
    p = np.concatenate(alarms)
    p = p[np.isfinite(p)]
    assert (p < 0.05).mean() == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / p.size))
    rng = np.random.default_rng(0)
    theta, hard = rng.normal(size=2000), np.linspace(-1, 1, 40)
    p = special.expit(1.5 * theta[:, None] - hard)
    p[:, 30:] = 0.3 + 0.7 * p[:, 30:]
    y = (rng.random(p.shape) < p).astype(float)
    fit = fit_irt(y)
    found = item_fit(y, fit.discrimination, fit.intercept).p_value
    assert (found[30:] < 0.05).mean() > 0.8


def test_shuffling_keeps_what_each_item_has():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, (30, 50)).astype(float)
    y[rng.random(y.shape) < 0.2] = np.nan
    once, again, other = (shuffled(y, rng=np.random.default_rng(s)) for s in (3, 3, 4))
    assert np.isnan(once).tolist() == np.isnan(y).tolist()
    np.testing.assert_array_equal(np.nansum(once, axis=0), np.nansum(y, axis=0))
    assert once.tobytes() == again.tobytes() != other.tobytes()


def test_binarised_keeps_means():
    x = np.random.default_rng(0).beta(2, 1, (20, 400))
    y, threshold = binarised(x)
    np.testing.assert_allclose(y.mean(axis=1), x.mean(axis=1), atol=0.08)
    assert y.mean() == pytest.approx(x.mean(), abs=0.01)
    assert np.isnan(binarised([[0.0, 1.0]])[1])
    assert 0.01 <= threshold <= 0.99


def test_ten_thousand_items_are_quick():
    y, _, a, _ = draw(400, 10_000)
    fit = fit_irt(y)
    assert fit.converged
    assert fit.iterations < 40
    assert rmse(fit.discrimination, a) < 0.25


def test_constant_items_are_named_and_finite():
    y, *_ = draw(50, 20)
    y[:, 3], y[:, 4] = 1, 0
    fit = fit_irt(y)
    assert np.flatnonzero(fit.constant).tolist() == [3, 4]
    assert np.isfinite(fit.intercept).all()
    assert fit.intercept[3] < fit.intercept[4]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: fit_irt([[0, 0.5], [1, 1], [0, 1]]),
            "responses must be 0, 1 or NaN, but 1 of 6 are not. Binarise them first (binarised).",
        ),
        (
            lambda: fit_irt([[0, 1], [1, 1], [np.nan, np.nan]]),
            "1 of 3 respondents have no answer. Leave them out.",
        ),
        (
            lambda: fit_irt([[0, np.nan], [1, np.nan], [0, np.nan]]),
            "1 of 2 items have no answer. Leave them out.",
        ),
        (
            lambda: fit_irt(np.eye(3), model="3pl"),
            "model='3pl' is unknown. Use one of 2pl, 1pl.",
        ),
        (
            lambda: ability([1, 0], [1.0], [0.0]),
            "responses, discrimination and intercept need as many items, but have 2, 1 and 1.",
        ),
        (
            lambda: ability([1], [1.0], [0.0], method="mean"),
            "method='mean' is unknown. Use one of map, mle, eap.",
        ),
        (
            lambda: item_fit([[1.0, 0.0]], [1.0, 1.0], [0.0, 0.0], model="3pl"),
            "model='3pl' is unknown. Use one of 2pl, 1pl.",
        ),
        (
            lambda: binarised([[0.5, 2.0]]),
            "scores must lie in [0, 1] to be made right or wrong, but 1 of 2 do not. Scale them "
            "first.",
        ),
        (
            lambda: item_information(0.0, [1.0], [0.0], guess=1.0),
            "guess must lie in [0, 1), but is 1.0.",
        ),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(UsageError) as error:
        call()
    assert str(error.value) == message


def test_two_respondents_are_too_few():
    with pytest.raises(NotEnoughDataError, match="needs at least 3 respondents, but has 2"):
        fit_irt(np.eye(2))
