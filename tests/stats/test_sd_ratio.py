import numpy as np
import pytest
from scipy import stats as reference

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import mean_sd, mean_sd_ratio_ci, sd_ratio_ci, snr_ratio_ci

A = np.array([0.50, 0.54, 0.49, 0.55])
B = np.array([0.31, 0.33, 0.30, 0.32])


def seeds(count, rng=0, rho=0.5):
    draws = np.random.default_rng(rng).normal(size=(count, 3))
    return 1 + rho * draws[:, 0] + draws[:, 1], 2 + rho * draws[:, 0] + 0.5 * draws[:, 2]


def test_f_against_scipy():
    found = sd_ratio_ci(A, B, paired=True)
    ratio = A.var(ddof=1) / B.var(ddof=1)
    low, high = np.sqrt(ratio / reference.f.ppf([0.975, 0.025], 3, 3))
    assert (found.value, found.low, found.high) == pytest.approx((np.sqrt(ratio), low, high))
    assert (found.n, found.unit, found.method) == (4, "seed", "F")
    uneven = sd_ratio_ci(A, B[:3], paired=False)
    ratio = A.var(ddof=1) / B[:3].var(ddof=1)
    low, high = np.sqrt(ratio / reference.f.ppf([0.975, 0.025], 3, 2))
    assert (uneven.low, uneven.high) == pytest.approx((low, high))


def test_pitman_morgan_ends_where_the_correlation_of_sum_and_difference_is_significant():
    a, b = seeds(10)
    found = sd_ratio_ci(a, b, paired=True)
    assert found.method == "Pitman-Morgan"
    for end in (found.low, found.high):
        assert reference.pearsonr(a + end * b, a - end * b).pvalue == pytest.approx(0.05, abs=1e-9)


def test_turning_the_ratio_turns_the_bounds():
    for count in (3, 10):
        a, b = seeds(count)
        for of in (sd_ratio_ci, snr_ratio_ci):
            one, other = of(a + 9, b + 9, paired=True), of(b + 9, a + 9, paired=True)
            assert one.value == pytest.approx(1 / other.value)
            assert (one.low, one.high) == pytest.approx((1 / other.high, 1 / other.low))
    a, b = (np.stack([x, x**2], axis=1) for x in seeds(8))
    one, other = mean_sd_ratio_ci(a, b, paired=True), mean_sd_ratio_ci(b, a, paired=True)
    assert (one.value, one.low) == pytest.approx((1 / other.value, 1 / other.high))


def test_the_mean_spread_is_that_of_mean_sd():
    curves = np.random.default_rng(0).normal(size=(2, 7, 5))
    found = mean_sd_ratio_ci(*curves, paired=True)
    assert found.value == pytest.approx(mean_sd(curves[0]).value / mean_sd(curves[1]).value)
    assert found.method == "jackknife over seeds of the log ratio, t"
    pseudo = []
    for s in range(7):
        left = [np.delete(c, s, axis=0).std(axis=0, ddof=1).mean() for c in curves]
        pseudo.append(7 * np.log(found.value) - 6 * np.log(left[0] / left[1]))
    half = reference.t.ppf(0.975, 6) * reference.sem(pseudo)
    assert np.log(found.high / found.value) == pytest.approx(half)
    curves[0, 0, 0] = np.nan
    assert mean_sd_ratio_ci(*curves, paired=True).method == "MOVER of both intervals of mean_sd"
    assert mean_sd_ratio_ci(*curves[:, :4], paired=True).low > 0


def test_a_ratio_of_signals_is_that_of_the_means_over_that_of_the_spreads():
    found = snr_ratio_ci(A, B, paired=True)
    assert found.value == pytest.approx((A.mean() / A.std()) / (B.mean() / B.std()))
    assert found.method == "F and t of the means (MOVER)"
    assert found.low < 1 / sd_ratio_ci(A, B, paired=True).high * A.mean() / B.mean()
    assert snr_ratio_ci(A - 1, B, paired=True).method == (
        "undefined: a ratio of signal to noise needs positive means"
    )


@pytest.mark.parametrize("count", [2, 3, 6, 10])
@pytest.mark.parametrize("rho", [0.0, 2.0])
def test_coverage(count, rho):
    draws = np.random.default_rng(count)
    sets = 400
    hit = np.zeros(3)
    true = np.sqrt((rho**2 + 1) / (rho**2 + 0.25))
    for _ in range(sets):
        shared, one, other = draws.normal(size=(3, count, 4))
        a, b = 50 + rho * shared + one, 40 + rho * shared + 0.5 * other
        for k, (found, truth) in enumerate(
            (
                (sd_ratio_ci(a[:, 0], b[:, 0], paired=True), true),
                (mean_sd_ratio_ci(a, b, paired=True), true),
                (snr_ratio_ci(a[:, 0], b[:, 0], paired=True), 1.25 / true),
            )
        ):
            hit[k] += found.low <= truth <= found.high
    assert (hit / sets > 0.95 - 3.5 * np.sqrt(0.95 * 0.05 / sets)).all()


def test_seeds_that_do_not_differ_have_no_ratio():
    flat = np.full(4, 0.3)
    assert sd_ratio_ci(A, flat, paired=True).method == "undefined: all seeds of b are equal"
    assert sd_ratio_ci(flat, flat, paired=True).method == (
        "undefined: all seeds of a and of b are equal"
    )
    assert np.isnan(snr_ratio_ci(flat, A, paired=True).value)
    assert mean_sd_ratio_ci(A[:, None], flat[:, None], paired=True).method == (
        "undefined: the seeds of b never differ"
    )


def test_copies_have_no_interval():
    a, _ = seeds(8)
    found = sd_ratio_ci(2 * a, a, paired=True)
    assert found.value == pytest.approx(2)
    assert found.method == "Pitman-Morgan (a and b repeat each other: no interval)"
    assert np.isnan(snr_ratio_ci(2 * a, a, paired=True).low)
    found = mean_sd_ratio_ci(2 * a[:, None], a[:, None], paired=True)
    assert found.method.endswith("(a and b repeat each other: no interval)")


def test_one_seed_that_makes_all_of_a_spread():
    lone = np.array([[0.0], [0], [0], [0], [0], [1]])
    found = mean_sd_ratio_ci(lone, np.arange(6.0)[:, None], paired=True)
    assert found.method.endswith("(one seed makes all of a spread: no interval)")


def test_bad_input():
    with pytest.raises(NotEnoughDataError, match="needs at least 2 seeds, but has 1"):
        sd_ratio_ci([0.5], [0.3], paired=True)
    for of in (sd_ratio_ci, snr_ratio_ci):
        with pytest.raises(UsageError, match="paired seeds need equal numbers, but a has 4"):
            of(A, B[:3], paired=True)
    with pytest.raises(UsageError, match="paired seeds need equal numbers, but a has 4 and b 3"):
        mean_sd_ratio_ci(A[:, None], B[:3, None], paired=True)
