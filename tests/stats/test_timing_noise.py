import numpy as np
import pytest

from evalvar.errors import UsageError
from evalvar.stats import hodges_lehmann
from evalvar.stats.efficiency import efficiency, level_scores
from evalvar.stats.timing_noise import (
    best_of_k_timing_variance,
    jackknife_variance,
    timed_scores,
)

LEVELS, H = np.array([1, 1, 2, 3]), (3, 3, 4)
BASE = np.array([0.01, 0.02, 0.1, 1.0])


def drawn(rng, scale, count):
    return scale * BASE[:, None] * np.exp(0.05 * rng.standard_normal((4, count)))


def test_without_a_repeat_it_is_the_score_of_the_others():
    rng = np.random.default_rng(0)
    times, reference = drawn(rng, 1.2, 6)[None], drawn(rng, 1.0, 12)

    def score(t, r):
        mine, theirs = hodges_lehmann(t), hodges_lehmann(r)
        worst = [[x[:2].max(), x[2], x[3]] for x in (mine, theirs)]
        return float(efficiency(level_scores(*worst), hardness=H))

    found = timed_scores(times, reference, LEVELS, hardness=H)
    assert found.scores[0] == score(times[0], reference)
    assert found.without_own[:, 0].tolist() == [
        score(np.delete(times[0], r, 1), reference) for r in range(6)
    ]
    assert found.without_reference[:, 0].tolist() == [
        score(times[0], np.delete(reference, r, 1)) for r in range(12)
    ]


def test_a_stopped_repeat_of_six_hardly_counts_and_a_stopped_case_does():
    rng = np.random.default_rng(1)
    times, reference = drawn(rng, 1.0, 6)[None], drawn(rng, 1.0, 12)
    late = times.copy()
    late[0, 3, 0] = np.inf
    whole = timed_scores(times, reference, LEVELS, hardness=H).scores[0]
    assert timed_scores(late, reference, LEVELS, hardness=H).scores[0] == pytest.approx(
        whole, abs=0.05
    )
    late[0, 3] = np.inf
    found = timed_scores(late, reference, LEVELS, hardness=H)
    assert found.scores[0] < 0.7
    assert np.isfinite(found.own_variance).all()


def test_one_repeat_tells_no_variance():
    found = timed_scores(BASE[None, :, None], BASE[:, None], LEVELS, hardness=H)
    assert found.scores.tolist() == [1.0]
    assert np.isnan(found.own_variance).all()
    assert found.without_own.shape == (0, 1)


def test_the_jackknife_has_the_size_of_the_true_variance():
    rng = np.random.default_rng(2)
    x = np.exp(0.1 * rng.standard_normal((4000, 6)))
    without = np.stack([hodges_lehmann(np.delete(x, r, 1)) for r in range(6)])
    ratio = jackknife_variance(without).mean() / hodges_lehmann(x).var()
    assert 1.0 < ratio < 1.3


def test_equal_scores_share_their_weight_and_the_order_of_answers_does_not_matter():
    e, v = np.array([0.0, 0.7, 0.7, 0.2]), np.array([0.0, 0.02, 0.04, 0.01])
    assert float(best_of_k_timing_variance(e, v, k=4)) == pytest.approx((0.02 + 0.04) / 4)
    order = [2, 0, 3, 1]
    for k in (1, 2, 4):
        assert best_of_k_timing_variance(e[order], v[order], k=k) == pytest.approx(
            float(best_of_k_timing_variance(e, v, k=k))
        )
    assert float(best_of_k_timing_variance(e, v, k=1)) == pytest.approx(v.sum() / 16)


def test_shapes_that_do_not_go_together_are_refused():
    with pytest.raises(UsageError, match="times, reference and levels need shapes"):
        timed_scores(np.ones((1, 3, 2)), np.ones((4, 2)), LEVELS, hardness=H)


def test_repeats_that_were_not_run_are_left_out():
    rng = np.random.default_rng(11)
    times, reference = rng.uniform(0.5, 1.0, (3, 2, 4)), rng.uniform(0.5, 1.0, (2, 6))
    padded = np.concatenate([times, np.full((3, 2, 2), np.nan)], axis=2)
    one, other = (timed_scores(t, reference, [1, 2], hardness=[1, 1]) for t in (times, padded))
    np.testing.assert_array_equal(other.scores, one.scores)
    np.testing.assert_array_equal(other.without_own[:4], one.without_own)
    np.testing.assert_array_equal(other.without_own[4:], [one.scores, one.scores])
    # one that ended before the second case
    padded[0, 1, 3] = np.nan
    found = timed_scores(padded, reference, [1, 2], hardness=[1, 1])
    short = timed_scores(times[:1, :, :3], reference, [1, 2], hardness=[0, 1])
    level = timed_scores(padded[:1], reference, [1, 2], hardness=[0, 1])
    assert level.scores == pytest.approx(short.scores)
    assert np.isfinite(found.scores).all()
