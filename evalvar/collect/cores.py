"""Keeping to one core, and out of the way of what interrupts it.

The kernel interrupts every busy core 100 to 1000 times a second, at one beat. For some 50 us it
does its own work, by which a call of 200 us looks a quarter slower in every twentieth repeat, and
two such of six repeats are more than their Hodges-Lehmann estimate bears. So a window that fits
between two beats begins behind one.
"""

import functools
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import numpy as np

_SIBLINGS = "/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list"
# The beats that kernels are built with, in 1/s.
_BEATS = (100, 250, 300, 1000)
# What a look takes, what of it a clock that is read without pause may miss, and the share of beats
# that must be seen at one place for them to be one.
_LOOK_S, _LEAST_S, _SHARE = 0.1, 3e-6, 0.8
# How far apart interruptions of one beat may lie; how long the work behind one may take, and how
# long before the next a window is to end.
_WIDTH_S, _BEHIND_S, _AHEAD_S = 1e-4, 1e-4, 2e-5


@contextmanager
def pinned(core: int | None) -> Iterator[None]:
    """Keep this thread to the core of a sandbox that it times.

    The two take turns, so that neither waits for a core that something else is busy on: the time
    beside the calls is a tenth of what it is on two cores of a machine that has other work.
    """
    before = os.sched_getaffinity(0)
    if core is not None:
        os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def apart(core: int, others: Iterable[int]) -> list[int]:
    """Return the others without those that are a second thread of this core, which slow it down."""
    return [other for other in others if _threads(other) != _threads(core)]


def ranked(cores: Sequence[int]) -> list[int]:
    """Return cores so that the last are the best to time on: one thread of each that has several.

    Of these the highest number is the last, since the first has the interrupts.
    """
    whole = {_threads(core): core for core in sorted(cores)}.values()
    return [*sorted(set(cores) - set(whole)), *whole]


def _threads(core: int) -> str:
    try:
        return Path(_SIBLINGS.format(core)).read_text()
    except OSError:
        return str(core)


@dataclass(frozen=True, slots=True)
class Beat:
    """When a core is interrupted: every `period_s` seconds, `phase_s` behind the clock's zero."""

    period_s: float
    phase_s: float

    def wait_s(self, now: float, window_s: float) -> float:
        """Return how long a window of this length has to wait, not to be interrupted.

        Examples
        --------
        >>> beat = Beat(period_s=0.004, phase_s=0.0)
        >>> beat.wait_s(now=8.001, window_s=0.001)
        0.0
        >>> round(beat.wait_s(now=8.0035, window_s=0.001), 6)
        0.0006
        """
        if window_s > self.period_s - _BEHIND_S - _AHEAD_S:
            return 0.0
        since = (now - self.phase_s) % self.period_s
        if since < _BEHIND_S:
            return _BEHIND_S - since
        if since + window_s <= self.period_s - _AHEAD_S:
            return 0.0
        return self.period_s - since + _BEHIND_S


def beat_of(ends: Sequence[float], look_s: float) -> Beat | None:
    """Return the beat of interruptions that ended at these seconds of a look; None without one."""
    found: tuple[int, Beat] | None = None
    for rate in _BEATS:
        period = 1 / rate
        phases = np.sort(np.mod(ends, period))
        around = np.concatenate([phases, phases + period])
        reach = np.searchsorted(around, phases + _WIDTH_S) - np.arange(len(phases))
        if not len(reach) or reach.max() < _SHARE * look_s * rate:
            continue
        first = int(reach.argmax())
        held = around[first : first + reach[first]]
        if found is None or reach.max() > found[0]:
            found = int(reach.max()), Beat(period, float(np.median(held)) % period)
    return found[1] if found else None


@functools.cache
def beat(core: int | None) -> Beat | None:
    """Look for a tenth of a second when a core is interrupted; None stands for no certain core."""
    if core is None:
        return None
    ends = []
    with pinned(core):
        last = began = perf_counter()
        while last < began + _LOOK_S:
            now = perf_counter()
            if now - last > _LEAST_S:
                ends.append(now)
            last = now
    return beat_of(ends, _LOOK_S)


@dataclass(slots=True)
class Turns:
    """Windows on one core, each put where it fits by how long its like took the last time."""

    beat: Beat | None = None
    _last: dict[tuple[int, int], float] = field(default_factory=dict)

    def of_another(self) -> "Turns":
        """Return the turns of a program of which nothing is known but what this one took."""
        return Turns(self.beat, dict(self._last))

    def await_room(self, key: tuple[int, int]) -> None:
        """Wait, without leaving the core, until a window has room."""
        if self.beat is None or key not in self._last:
            return
        now = perf_counter()
        end = now + self.beat.wait_s(now, self._last[key])
        while perf_counter() < end:
            pass

    def took(self, key: tuple[int, int], window_s: float) -> None:
        """Keep how long a window was."""
        self._last[key] = window_s
