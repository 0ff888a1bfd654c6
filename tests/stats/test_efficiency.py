"""Times of cases, scores of levels: ENAMEL's rules, by hand, by enumeration and by its own code."""

from itertools import combinations_with_replacement
from statistics import median

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import (
    eff_at_k,
    efficiency,
    hodges_lehmann,
    level_scores,
    level_shares,
    time_limit,
)

REFERENCE = np.array([0.02, 0.10, 0.50])
HARDNESS = (3, 3, 4)


def score(times, alpha=2.0, **options):
    return efficiency(level_scores(times, REFERENCE, alpha=alpha, **options), hardness=HARDNESS)


def close(value, expected, tolerance=1e-9):
    np.testing.assert_allclose(value, expected, rtol=0, atol=tolerance)


def test_e11_the_score():
    assert time_limit(REFERENCE) == 1.0
    close(score(REFERENCE), 1)
    close(level_scores(1.5 * REFERENCE, REFERENCE), [0.9897959184, 0.9444444444, 0.5], 1e-10)
    close(score(1.5 * REFERENCE), 0.7802721088)
    close(score(2 * REFERENCE), 0.5605442177)
    close(score(REFERENCE * [10, 1, 1]), 0.9448979592)


def test_e12_faster_than_the_reference_is_above_1_and_not_cut_off():
    close(level_scores(np.zeros(3), REFERENCE), [1.0204081633, 1.1111111111, 2], 1e-10)
    close(score(np.zeros(3)), 1.4394557823)
    q = level_shares(REFERENCE)
    close(level_scores(np.zeros(3), REFERENCE, alpha=3), 3 / (3 - q), 1e-15)


def test_e13_from_a_level_past_the_limit_on_all_levels_score_nothing():
    stopped = np.inf
    close(score([0.02, 0.10, stopped]), 0.6)
    close(score([0.02, stopped, stopped]), 0.3)
    close(score([stopped] * 3), 0)
    # slower than the limit is as good as stopped, although it was measured
    close(score([0.02, 1.01, 0.50]), 0.3)
    # at the limit a level scores nothing, and the next one counts
    close(score([0.02, 1.0, 0.50]), 0.7)


def test_e14_another_alpha_is_computed_only_where_no_stopped_run_would_be_within_it():
    close(score(1.5 * REFERENCE, alpha=1.5), 0.5728134879)
    close(score(1.5 * REFERENCE, alpha=3), 0.8872586873)
    cut = [0.02, 0.10, np.inf]
    close(score(cut, alpha=1.5, stopped_at=1.0), 0.6)
    close(score(cut, alpha=2, stopped_at=1.0), 0.6)
    with pytest.raises(UsageError, match=r"alpha 3 puts a limit at 1\.5, but runs were stopped at"):
        score(cut, alpha=3, stopped_at=1.0)
    # nothing was stopped here
    close(score(1.5 * REFERENCE, alpha=3, stopped_at=1.0), 0.8872586873)


def test_e15_hodges_and_lehmann_with_the_diagonal():
    assert hodges_lehmann([1, 2, 4]) == 2.25
    assert hodges_lehmann([1, 1, 1, 1, 1, 100]) == 1.0
    assert hodges_lehmann([1, 1, 1, 1, 100, 100]) == 50.5
    assert hodges_lehmann([1, 1, 1, 1, 1, np.inf]) == 1.0
    assert hodges_lehmann([1, 1, 1, 1, np.inf, np.inf]) == np.inf
    assert hodges_lehmann([3.0]) == 3.0
    assert hodges_lehmann([3.0, 4.0]) == 3.5


def test_e16_hardness_is_linear_for_one_try_and_recomputed_for_more():
    levels = np.array([[1.0, 0.0], [0.0, 1.0]])
    best = [float(eff_at_k(efficiency(levels, hardness=h), k=2)) for h in ((1, 0), (0, 1), (1, 1))]
    assert best == [1, 1, 0.5]
    f = np.random.default_rng(0).random((40, 3))
    for h in ((1, 5, 2), (0, 0, 1)):
        close(efficiency(f.mean(axis=0), hardness=h), efficiency(f, hardness=h).mean(), 1e-14)


@pytest.mark.parametrize("repeats", range(1, 9))
def test_the_time_of_a_case_is_the_median_of_all_walsh_averages(repeats):
    times = np.random.default_rng(repeats).exponential(size=(50, repeats))
    times[::7, -1] = np.inf
    by_hand = [median((a + b) / 2 for a, b in combinations_with_replacement(t, 2)) for t in times]
    np.testing.assert_array_equal(hodges_lehmann(times), by_hand)
    np.testing.assert_array_equal(hodges_lehmann(times.T, axis=0), by_hand)


def test_times_and_scores_are_those_of_enamel():
    enamel = pytest.importorskip("enam.evaluate", reason="ENAMEL's package is not installed")
    rng = np.random.default_rng(1)
    times = rng.exponential(size=(200, 3, 4, 6)) * rng.lognormal(size=(200, 1, 1, 1))
    times[0] = rng.exponential(size=(3, 4, 6))
    own = hodges_lehmann(times)
    theirs = np.array([enamel.calc_exec_time(t) for t in times.reshape(-1, 6)]).reshape(own.shape)
    np.testing.assert_array_equal(own, theirs)
    reference, worst = own[:1].max(axis=2), own.max(axis=2)
    limit = 2 * reference.max()
    expected = np.zeros_like(worst)
    for row, program in zip(expected, worst, strict=True):
        for level, elapsed in enumerate(program):
            if elapsed > limit:  # what it would have killed
                break
            row[level] = enamel.calc_eff(elapsed, reference[0, level], limit)
    assert 0.1 < (expected == 0).mean() < 0.9
    close(level_scores(worst, reference), expected, 1e-15)
    averages = np.average(np.c_[np.zeros(len(expected)), expected], axis=1, weights=(0, *HARDNESS))
    close(efficiency(expected, hardness=HARDNESS), averages, 1e-15)


def test_a_hundred_thousand_cases_take_a_fraction_of_a_second():
    import time

    times = np.random.default_rng(0).random((100_000, 6))
    start = time.process_time()
    hodges_lehmann(times)
    assert time.process_time() - start < 0.5


def test_many_repeats():
    times = np.random.default_rng(0).random(2001)
    averages = (times[:, None] + times)[np.tril_indices(2001)] / 2
    assert hodges_lehmann(times) == pytest.approx(np.median(averages), rel=1e-15)


positive = st.floats(1e-9, 1e9)


@given(st.lists(positive, min_size=3, max_size=3), st.lists(positive, min_size=3, max_size=3),
       st.floats(1.01, 10), st.floats(1e-3, 1e3))  # fmt: skip
@settings(derandomize=True, max_examples=100, deadline=None)
def test_what_never_is_false_of_scores(times, reference, alpha, unit):
    times, reference = np.array(times), np.array(reference)
    f = level_scores(times, reference, alpha=alpha)
    ceiling = alpha / (alpha - level_shares(reference))
    assert ((f >= 0) & (f <= ceiling * (1 + 1e-12))).all()
    close(level_scores(reference, reference, alpha=alpha), 1, 1e-9)
    # a machine twice as fast changes nothing
    np.testing.assert_allclose(
        level_scores(times * unit, reference * unit, alpha=alpha), f, rtol=1e-6, atol=1e-6
    )
    assert (level_scores(times * 0.5, reference, alpha=alpha) >= f - 1e-12).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: hodges_lehmann([1.0, np.nan]), "times need numbers, but 1 of 2 are NaN or -inf"),
        (lambda: level_scores([1.0], [0.0]), "the reference needs times above 0, but 1 of 1"),
        (lambda: level_scores([1.0], [np.inf]), "the reference needs times above 0"),
        (lambda: level_scores([np.nan], [1.0]), "times need numbers of at least 0"),
        (lambda: level_scores([1.0], [1.0], alpha=1), "alpha must be a finite number above 1"),
        (lambda: efficiency([1, 1], hardness=(3, 3, 4)), "2 levels, but 3 weights"),
        (lambda: efficiency([1, 1], hardness=(0, 0)), "hardness must be weights of at least 0"),
        (lambda: efficiency([1, 1], hardness=(-1, 2)), "hardness must be weights of at least 0"),
    ],
)
def test_what_cannot_be_scored_is_refused(call, message):
    with pytest.raises(UsageError, match=message):
        call()


def test_no_repeat_is_no_time():
    with pytest.raises(NotEnoughDataError, match="needs at least 1 repeat, but has 0"):
        hodges_lehmann(np.empty((3, 0)))
