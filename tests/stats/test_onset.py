import numpy as np
import pytest

from evalvar.errors import UsageError
from evalvar.stats import Estimate, clear_from


def curve(*pairs):
    return [Estimate(value, p_value=p) for value, p in pairs]


def test_it_goes_back_from_the_end_to_the_first_that_is_not_clear():
    steps = curve((0.2, 0.001), (0.1, 0.2), (0.1, 0.04), (0.2, 0.01), (0.3, 0.05))
    found = clear_from(steps, 5)
    assert (found.index, found.sign, found.looked_at) == (2, 1, 4)
    assert found.p_value == 0.05
    assert clear_from(curve((-0.1, 0.01), (-0.2, 0.02)), 2).index == 0


def test_it_is_nowhere_if_not_in_the_end():
    steps = curve((0.2, 0.001), (0.1, 0.001), (0.1, 0.0501))
    found = clear_from(steps, 3)
    assert (found.index, found.sign, found.looked_at) == (None, 0, 1)
    assert found.last is steps[-1]


def test_a_difference_that_turns_begins_where_it_turned():
    assert clear_from(curve((-0.2, 0.001), (0.1, 0.01), (0.1, 0.01)), 3).index == 1


def test_the_sign_is_that_of_the_interval_and_not_of_the_value():
    steps = [Estimate(0.0, low=0.01, high=0.2, p_value=0.03)]
    assert clear_from(steps, 1).sign == 1


def test_comparisons_share_the_chance():
    steps = curve((0.1, 0.02), (0.1, 0.01))
    assert clear_from(steps, 2, comparisons=5).index == 1
    assert clear_from(steps, 2, comparisons=5).p_value == pytest.approx(0.05)
    assert clear_from(steps, 2, comparisons=6).index is None
    assert clear_from(steps, 2, comparisons=200).p_value == 1


def test_undefined_differences_stop_it():
    undefined = Estimate(np.nan)
    assert clear_from([undefined], 1).index is None
    assert np.isnan(clear_from([undefined], 1).p_value)
    assert clear_from([undefined, *curve((0.1, 0.01))], 2).index == 1


def test_only_what_is_needed_is_asked_for():
    asked = []

    def at(index):
        asked.append(index)
        return Estimate(1.0, p_value=0.001 if index > 7 else 0.5)

    assert clear_from(at, 10).index == 8
    assert asked == [9, 8, 7]


def test_it_claims_too_much_no_more_often_than_promised():
    """At the last true null in any place, whatever the dependence between checkpoints."""
    rng = np.random.default_rng(0)
    sets, steps = 4000, 8
    for rho in (0.0, 0.95):
        for start in (8, 5, 1):  # the first checkpoint with a difference; 8 is never
            z = rng.standard_normal((sets, steps))
            for t in range(1, steps):
                z[:, t] = rho * z[:, t - 1] + np.sqrt(1 - rho**2) * z[:, t]
            z += np.where(np.arange(steps) >= start, 6.0, 0.0)
            p = 2 * (1 - _normal(np.abs(z)))
            wrong = 0
            for row, tail in zip(z, p, strict=True):
                found = clear_from(curve(*zip(row, tail, strict=True)), steps)
                wrong += found.index is not None and found.index < start
            assert wrong / sets <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / sets), (rho, start)


def _normal(z):
    from scipy.special import ndtr

    return ndtr(z)


@pytest.mark.parametrize(("count", "comparisons"), [(0, 1), (1, 0)])
def test_nothing_to_look_at_is_refused(count, comparisons):
    with pytest.raises(UsageError) as raised:
        clear_from([], count, comparisons=comparisons)
    assert str(raised.value) == (
        f"an onset needs a checkpoint and a comparison, but has {count} and {comparisons}."
    )
