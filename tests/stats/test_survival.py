import numpy as np
import pytest
from scipy import stats

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats.restricted_mean import restricted_mean, restricted_mean_ratio
from evalvar.stats.survival import log_rank, survival_curve

# Two groups of times, stopped at 10 (the golden example of right-censored run times).
A = np.array([1.2, 2.5, 3.1, 4.0, 10, 10]), np.array([1, 1, 1, 1, 0, 0], dtype=bool)
B = np.array([2.0, 5.5, 6.1, 7.0, 10, 10, 10]), np.array([1, 1, 1, 1, 0, 0, 0], dtype=bool)
BOTH = np.concatenate([A[0], B[0]]), np.concatenate([A[1], B[1]]), np.arange(13) < 6


def drawn(rng, n, scale, limit):
    t = rng.exponential(scale, n)
    return np.minimum(t, limit), t < limit


def test_the_golden_example():
    found = log_rank(*BOTH)
    assert found.observed == 4
    assert found.expected == pytest.approx(2.935131535, abs=1e-9)
    assert found.variance == pytest.approx(1.815536227, abs=1e-9)
    assert found.statistic == pytest.approx(0.624578475, abs=1e-9)
    assert found.chi_square_p == pytest.approx(0.429350967, abs=1e-9)
    assert log_rank(*BOTH, weights="gehan-wilcoxon").statistic == pytest.approx(1.094972067)
    assert log_rank(*BOTH, weights="tarone-ware").statistic == pytest.approx(0.878473341)
    assert restricted_mean(*A, limit=10).value == pytest.approx(5.133333333)
    assert restricted_mean(*B, limit=10).value == pytest.approx(7.228571429)


def test_log_rank_agrees_with_scipy():
    rng = np.random.default_rng(0)
    for _ in range(20):
        (x, in_x), (y, in_y) = drawn(rng, 9, 1.0, 1.5), drawn(rng, 12, 2.0, 2.5)
        x, y = np.round(x, 1), np.round(y, 1)  # ties
        theirs = stats.logrank(
            *(stats.CensoredData(uncensored=t[e], right=t[~e]) for t, e in ((x, in_x), (y, in_y)))
        )
        ours = log_rank(np.r_[x, y], np.r_[in_x, in_y], np.arange(21) < 9)
        assert ours.statistic == pytest.approx(theirs.statistic**2)
        assert ours.chi_square_p == pytest.approx(theirs.pvalue)
        curve = stats.ecdf(stats.CensoredData(uncensored=x[in_x], right=x[~in_x])).sf
        at, share = survival_curve(x, in_x)
        assert share == pytest.approx(curve.evaluate(at))


def test_the_p_value_is_that_of_all_ways_to_deal_the_labels():
    rng = np.random.default_rng(5)
    for n_a, n_b in ((2, 8), (3, 5), (6, 4)):
        (x, in_x), (y, in_y) = drawn(rng, n_a, 1.0, 1.5), drawn(rng, n_b, 2.0, 1.5)
        t, ended, in_a = np.r_[x, y], np.r_[in_x, in_y], np.arange(n_a + n_b) < n_a

        def excess(one, other, t=t, ended=ended):
            found = log_rank(t, ended, np.isin(np.arange(t.size), one))
            return abs(found.observed - found.expected)

        who = np.arange(t.size)
        theirs = stats.permutation_test((who[in_a], who[~in_a]), excess, alternative="greater")
        assert log_rank(t, ended, in_a).p_value == pytest.approx(theirs.pvalue)


def test_one_against_eight_that_were_stopped_is_one_in_nine():
    t = np.array([1.0, *[2.0] * 8])
    found = log_rank(t, t < 2, np.arange(9) < 1)
    assert found.chi_square_p < 0.005
    assert found.p_value == pytest.approx(1 / 9)
    assert found.method == "log-rank, exact"


def test_large_groups_have_the_p_value_of_chi_square():
    rng = np.random.default_rng(6)
    x, y = drawn(rng, 25, 1.0, 1.5), drawn(rng, 40, 1.3, 1.5)
    found = log_rank(np.r_[x[0], y[0]], np.r_[x[1], y[1]], np.arange(65) < 25)
    assert found.p_value == found.chi_square_p
    assert found.method == "log-rank, chi-square"


@pytest.mark.parametrize(("n_a", "n_b", "problems"), [(1, 8, 1), (1, 4, 6), (2, 8, 1), (1, 8, 25)])
def test_the_size_is_held_with_few_against_many(n_a, n_b, problems):
    rng = np.random.default_rng(7)
    strata = np.repeat(np.arange(problems), n_a + n_b)
    in_a = np.tile(np.arange(n_a + n_b) < n_a, problems)
    hits, sets = 0, 400
    for _ in range(sets):
        t = np.minimum(np.exp(0.4 + 0.5 * rng.standard_normal(strata.size)), 2)
        hits += log_rank(t, t < 2, in_a, strata=strata).p_value <= 0.05
    assert hits / sets <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / sets)


def test_strata_are_summed_and_those_with_one_group_add_nothing():
    one, other = log_rank(*BOTH), log_rank(*BOTH)
    times, ended, in_a = (np.concatenate([part, part, part[:3]]) for part in BOTH)
    strata = np.repeat(["x", "y", "z"], [13, 13, 3])
    found = log_rank(times, ended, in_a, strata=strata)
    assert found.observed - found.expected == pytest.approx(
        one.observed - one.expected + other.observed - other.expected
    )
    assert found.variance == pytest.approx(2 * one.variance)
    assert found.method == "log-rank, 2 strata, counted"
    assert found.events == 16


def test_one_of_each_in_every_stratum_is_a_sign_test():
    rng = np.random.default_rng(1)
    x, y = rng.exponential(size=(2, 30))
    found = log_rank(
        np.r_[x, y], np.ones(60, bool), np.arange(60) < 30, strata=np.tile(np.arange(30), 2)
    )
    wins = (x < y).sum()
    assert found.statistic == pytest.approx((wins - 15) ** 2 / (30 / 4))


def test_nothing_that_ends_tells_nothing():
    found = log_rank([5.0, 5.0], [False, False], [True, False])
    assert np.isnan(found.statistic)
    assert np.isnan(found.p_value)


def test_a_restricted_mean_is_a_mean_where_nothing_is_censored_before_the_limit():
    rng = np.random.default_rng(2)
    x, ended = drawn(rng, 25, 2.0, 3.0)
    found = restricted_mean(x, ended, limit=3.0)
    assert found.value == pytest.approx(x.mean())
    assert found.se == pytest.approx(x.std(ddof=1) / 5)
    short = restricted_mean(x, ended, limit=1.0)
    assert short.value == pytest.approx(np.minimum(x, 1).mean())
    assert short.se == pytest.approx(np.minimum(x, 1).std(ddof=1) / 5)


def test_a_restricted_mean_is_unbiased_under_censoring_at_random_times():
    rng = np.random.default_rng(3)
    values, ses = [], []
    for _ in range(2000):
        t, c = rng.exponential(1.0, 40), np.maximum(rng.exponential(2.0, 40), 0.4)
        seen = np.minimum(t, c)
        ended = t <= c
        limit = 1.0
        if seen.max() < limit:
            continue
        found = restricted_mean(seen, ended, limit=limit)
        values.append(found.value)
        ses.append(found.se)
    true = 1 - np.exp(-1)
    error = np.std(values) / np.sqrt(len(values))
    assert abs(np.mean(values) - true) < 4 * error
    assert np.mean(np.square(ses)) == pytest.approx(np.var(values), rel=0.15)


def test_a_ratio_turns_over_and_scales():
    found = restricted_mean_ratio(*A, *B, limit=10)
    assert found.value == pytest.approx(5.133333333 / 7.228571429)
    back = restricted_mean_ratio(*B, *A, limit=10)
    assert (back.low, back.high) == pytest.approx((1 / found.high, 1 / found.low))
    assert back.p_value == pytest.approx(found.p_value)
    scaled = restricted_mean_ratio(7 * A[0], A[1], 7 * B[0], B[1], limit=70)
    assert (scaled.low, scaled.high) == pytest.approx((found.low, found.high))


def test_no_interval_of_no_width():
    equal = restricted_mean([5.0, 5.0], [False, False], limit=5.0)
    assert equal.value == 5
    assert np.isnan(equal.low)
    assert "all equal up to the limit" in equal.method
    lone = restricted_mean_ratio([1.0], [True], [2.0, 3.0], [True, True], limit=5.0)
    assert np.isnan(lone.low)
    assert "a single time on one side" in lone.method
    flat = restricted_mean_ratio([1.0, 2.0], [True] * 2, [3.0, 3.0], [True] * 2, limit=5.0)
    assert flat.method.endswith("(one side all equal, taken as exact)")


SLOW = np.full(4, 2.0), np.zeros(4, dtype=bool)
FAST = np.array([0.5, 0.7, 0.9, 2.0]), np.array([1, 1, 1, 0], dtype=bool)


def test_a_group_of_which_all_were_stopped_by_hand():
    """4 of 4 at the limit: its mean is at least .05^(1/4) of it; the other's half is t_3 s."""
    found = restricted_mean_ratio(*SLOW, *FAST, limit=2.0)
    half = stats.t.ppf(0.975, 3) * FAST[0].std(ddof=1) / 2 / FAST[0].mean()
    assert np.log(found.high / found.value) == pytest.approx(half)
    below = np.hypot(half, np.log(0.05) / 4)
    assert np.log(found.value / found.low) == pytest.approx(below)
    assert "mid-p of a, all stopped" in found.method


def test_where_all_were_stopped_p_is_that_of_the_interval_that_ends_at_1():
    found = restricted_mean_ratio(*SLOW, *FAST, limit=2.0)
    ends = restricted_mean_ratio(*SLOW, *FAST, limit=2.0, level=1 - found.p_value)
    assert ends.low == pytest.approx(1)
    back = restricted_mean_ratio(*FAST, *SLOW, limit=2.0)
    assert (back.low, back.high) == pytest.approx((1 / found.high, 1 / found.low))
    assert back.p_value == pytest.approx(found.p_value)


def test_who_was_lost_before_the_limit_does_not_tell_of_it():
    lost = np.r_[SLOW[0], 0.1, 0.2], np.zeros(6, dtype=bool)
    found, whole = (restricted_mean_ratio(*side, *FAST, limit=2.0) for side in (lost, SLOW))
    assert (found.low, found.high) == pytest.approx((whole.low, whole.high))
    assert found.n == whole.n + 2


def test_a_wholly_stopped_group_is_covered():
    """Where one group was wholly stopped and taken as exact, it was 82 to 96 %."""
    rng = np.random.default_rng(6)
    slow, fast = (np.minimum(np.exp(x + 0.5 * rng.standard_normal(10**6)), 2) for x in (0.9, 0.2))
    truth, hits = slow.mean() / fast.mean(), []
    for _ in range(2000):
        x, y = rng.choice(slow, 8), rng.choice(fast, 3)
        found = restricted_mean_ratio(x, x < 2, y, y < 2, limit=2.0)
        if "all stopped" in found.method:
            hits.append(found.low <= truth <= found.high)
    assert len(hits) > 50
    assert np.mean(hits) > 0.95 - 3 * np.sqrt(0.05 * 0.95 / len(hits))


def test_bad_input_is_refused():
    with pytest.raises(UsageError, match="limit 12 lies beyond the last time, 10"):
        restricted_mean(*A, limit=12.0)
    with pytest.raises(UsageError, match="times must be 0 or more, but 1 are below"):
        restricted_mean([-1.0, 2.0], [True, True], limit=1.0)
    with pytest.raises(NotEnoughDataError, match="needs at least 1 times, but has 0"):
        log_rank([], [], [])
    with pytest.raises(UsageError, match="need the same shape"):
        log_rank([1.0], [True, True], [True])
    with pytest.raises(UsageError, match="weights must be one of"):
        log_rank(*BOTH, weights="peto")
