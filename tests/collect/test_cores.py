"""When a core is interrupted, and what keeps clear of it."""

import os

import numpy as np
import pytest

from evalvar.collect import cores
from evalvar.collect.cores import Beat, Turns, apart, beat, beat_of, pinned, ranked

LOOK_S = 0.1


def ends(rate: float, phase: float, rng: np.random.Generator, missed: float = 0.0) -> list[float]:
    """When the interruptions of a beat ended, in a look that begins at 1,000 seconds."""
    first = np.ceil((1000.0 - phase) * rate)
    times = phase + (first + np.arange(LOOK_S * rate - 1)) / rate
    times = times[rng.random(len(times)) >= missed] if missed else times
    return list(times + rng.exponential(5e-6, len(times)))


@pytest.mark.parametrize("rate", [100, 250, 300, 1000])
@pytest.mark.parametrize("phase", [0.0, 0.0009])
def test_a_beat_is_found_among_other_interruptions(rate, phase):
    rng = np.random.default_rng(0)
    others = rng.uniform(1000.0, 1000.0 + LOOK_S, 30)
    found = beat_of([*ends(rate, phase, rng), *others], LOOK_S)
    assert found is not None
    assert found.period_s == 1 / rate
    off = (found.phase_s - phase + 0.5 / rate) % (1 / rate) - 0.5 / rate
    assert -1e-6 < off < 2e-5


def test_without_a_beat_none_is_found():
    rng = np.random.default_rng(0)
    assert beat_of([], LOOK_S) is None
    assert beat_of(list(rng.uniform(1000.0, 1000.1, 25)), LOOK_S) is None
    assert beat_of(ends(250, 0.0, rng, missed=0.5), LOOK_S) is None
    assert beat(None) is None


@pytest.mark.parametrize(
    ("now", "window", "wait"),
    [
        (8.0005, 0.001, 0.0),
        (8.00297, 0.001, 0.0),  # ends just in time
        (8.00299, 0.001, 0.00111),  # would not: behind the next beat, and its work
        (8.00005, 0.001, 0.00005),  # that work may not be done
        (8.0039, 0.0038, 0.0002),
        (8.0039, 0.0039, 0.0),  # fits nowhere
        (8.0039, 1.0, 0.0),
    ],
)
def test_a_window_waits_until_it_fits(now, window, wait):
    at = Beat(period_s=0.004, phase_s=0.0005)
    assert at.wait_s(now + 0.0005, window) == pytest.approx(wait, abs=1e-9)


def test_what_never_ran_does_not_wait_and_one_program_does_not_know_of_another():
    class Never(Beat):
        def wait_s(self, now, window_s):
            raise AssertionError

    reference = Turns(Never(0.004, 0.0))
    reference.await_room((1, 0))
    reference.took((1, 0), 0.001)
    program = reference.of_another()
    program.took((2, 0), 0.001)
    reference.await_room((2, 0))
    with pytest.raises(AssertionError):
        program.await_room((1, 0))


def test_a_thread_is_where_it_was_once_it_is_let_go():
    before = os.sched_getaffinity(0)
    with pinned(min(before)):
        assert os.sched_getaffinity(0) == {min(before)}
    with pytest.raises(ZeroDivisionError), pinned(min(before)):
        raise ZeroDivisionError
    with pinned(None):
        assert os.sched_getaffinity(0) == before
    assert os.sched_getaffinity(0) == before


def test_a_second_thread_of_a_core_is_not_apart_from_it(tmp_path, monkeypatch):
    for core, threads in enumerate(["0,2", "1,3", "0,2", "1,3"]):
        (tmp_path / str(core)).write_text(f"{threads}\n")
    monkeypatch.setattr(cores, "_SIBLINGS", f"{tmp_path}/{{}}")
    assert apart(3, [0, 1, 2]) == [0, 2]
    assert apart(2, [0]) == []
    assert apart(8, [7, 8]) == [7]  # where nothing is known
    assert ranked([0, 1, 2, 3]) == [0, 1, 2, 3]
    for core, threads in enumerate(["0-1", "0-1", "2-3", "2-3"]):
        (tmp_path / str(core)).write_text(f"{threads}\n")
    assert ranked([3, 2, 1, 0]) == [0, 2, 1, 3]
    assert ranked([7, 8]) == [7, 8]
