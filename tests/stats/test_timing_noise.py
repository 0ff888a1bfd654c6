import numpy as np
import pytest

from evalvar.errors import UsageError
from evalvar.stats import hodges_lehmann
from evalvar.stats.efficiency import efficiency, level_scores
from evalvar.stats.timing_noise import (
    best_of_k_timing_variance,
    drawn_factors,
    repeat_noise,
    retimed_scores,
)

LEVELS, H = np.array([1, 1, 2, 3]), (3, 3, 4)
BASE = np.array([0.01, 0.02, 0.1, 1.0])


def drawn(rng, scale, count):
    return scale * BASE[:, None] * np.exp(0.05 * rng.standard_normal((4, count)))


def again(times, reference, levels=LEVELS, hardness=H, own=None, shared=None):
    ones = np.ones((2, len(levels)))
    return retimed_scores(
        times, reference, levels, hardness=hardness,
        own_factors=ones if own is None else own,
        reference_factors=ones if shared is None else shared,
    )  # fmt: skip


def test_each_draw_is_the_score_of_the_times_it_gives():
    rng = np.random.default_rng(0)
    times, reference = drawn(rng, 1.2, 6)[None], drawn(rng, 1.0, 12)
    own, shared = np.exp(0.1 * rng.standard_normal((2, 7, 4)))

    def score(t, r):
        worst = [[x[:2].max(), x[2], x[3]] for x in (t, r)]
        return float(efficiency(level_scores(*worst), hardness=H))

    mine, theirs = hodges_lehmann(times[0]), hodges_lehmann(reference)
    found = again(times, reference, own=own, shared=shared)
    assert found.scores[0] == score(mine, theirs)
    assert found.own_variance[0] == pytest.approx(np.var([score(mine * f, theirs) for f in own]))
    assert found.by_reference[:, 0].tolist() == [score(mine, theirs * f) for f in shared]


def test_many_programs_are_each_program():
    rng = np.random.default_rng(5)
    times, reference = np.stack([drawn(rng, s, 6) for s in (0.8, 1.2, 1.9)]), drawn(rng, 1.0, 12)
    own = np.exp(0.1 * rng.standard_normal((300_000, 4)))  # more than are held at once
    found = again(times, reference, own=own)
    for place in range(3):
        one = again(times[place : place + 1], reference, own=own)
        assert found.own_variance[place] == one.own_variance[0]


def test_a_stopped_repeat_of_six_hardly_counts_and_a_stopped_case_does():
    rng = np.random.default_rng(1)
    times, reference = drawn(rng, 1.0, 6)[None], drawn(rng, 1.0, 12)
    late = times.copy()
    late[0, 3, 0] = np.inf
    whole = again(times, reference).scores[0]
    assert again(late, reference).scores[0] == pytest.approx(whole, abs=0.05)
    late[0, 3] = np.inf
    found = again(late, reference, own=np.exp(0.1 * rng.standard_normal((20, 4))))
    assert found.scores[0] < 0.7
    assert 0 < found.own_variance[0] < 1
    assert len(repeat_noise(late)) == 0


def test_the_noise_is_that_of_whole_programs_in_rows_of_a_repeat():
    times = np.array([[[1.0, 2.0, 3.0], [2.0, 2.0, 2.0]], [[1.0, np.nan, 1.0], [1.0, 1.0, 1.0]]])
    found = repeat_noise(times)
    assert found[2:, 0] == pytest.approx(np.log([0.5, 1.0, 1.5]) * 1.5**0.5)
    assert found[2:, 1].tolist() == [0, 0, 0]
    assert found[:2].tolist() == [[0, 0], [0, 0]]  # the repeat that was not run is left out
    assert repeat_noise(times[:, :, :1]).shape == (0, 2)


def test_factors_have_the_law_of_the_estimate_and_the_seed_decides():
    rng = np.random.default_rng(2)
    noise = 0.1 * rng.standard_normal((4000, 1))
    factors = drawn_factors(noise, repeats=6, draws=4000, rng=3)
    direct = hodges_lehmann(np.exp(0.1 * rng.standard_normal((4000, 6))))
    assert factors.var() == pytest.approx(direct.var(), rel=0.15)
    assert factors.tobytes() == drawn_factors(noise, repeats=6, draws=4000, rng=3).tobytes()
    assert (factors != drawn_factors(noise, repeats=6, draws=4000, rng=4)).any()


def test_noise_of_repeats_has_the_size_of_the_noise():
    """6 repeats less what their own estimate took away: 5/6 of the variance, put back."""
    rng = np.random.default_rng(4)
    times = np.exp(0.1 * rng.standard_normal((3000, 1, 6)))
    assert repeat_noise(times).var() == pytest.approx(0.01, rel=0.06)


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
        again(np.ones((1, 3, 2)), np.ones((4, 2)))


def test_repeats_that_were_not_run_are_left_out():
    rng = np.random.default_rng(11)
    times, reference = rng.uniform(0.5, 1.0, (3, 2, 4)), rng.uniform(0.5, 1.0, (2, 6))
    padded = np.concatenate([times, np.full((3, 2, 2), np.nan)], axis=2)
    one, other = (again(t, reference, [1, 2], (1, 1)) for t in (times, padded))
    np.testing.assert_array_equal(other.scores, one.scores)
    np.testing.assert_array_equal(other.by_reference, one.by_reference)
    # one that ended before the second case
    padded[0, 1, 3] = np.nan
    short = again(times[:1, :, :3], reference, [1, 2], (0, 1))
    level = again(padded[:1], reference, [1, 2], (0, 1))
    assert level.scores == pytest.approx(short.scores)
