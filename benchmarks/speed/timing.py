"""What a call costs, measured in a child process, beside what a peer's call costs."""

import gc
import json
import os
import pickle
import resource
import statistics
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Timing:
    """Median CPU and wall seconds of a call, and what it adds to the peak memory.

    `scaled` marks a figure that was measured on less and multiplied; it is printed with (x).
    """

    cpu: float
    wall: float
    peak_mib: float
    scaled: bool = False

    def times(self, factor: float) -> "Timing":
        """Scale a call that was timed on one part in `factor` of the work."""
        return replace(self, cpu=self.cpu * factor, wall=self.wall * factor, scaled=True)


@dataclass(frozen=True, slots=True)
class Row:
    """Ours beside a peer; `ratio` is the peer's CPU seconds over ours."""

    what: str
    ours: Timing
    peer: Timing | None
    ratio: float | None
    target: float | None
    reached: bool | None


rows: list[Row] = []


def measure(function: Callable[[], object], *, repeat: int = 5) -> Timing:
    """Time a call in a forked child, so that it neither warms nor bloats its neighbours.

    Run it by ``python -m``, so that `benchmarks.speed` holds everyone to one thread. The first call
    is not timed (it loads what the function imports) but counts for the memory. A library that
    starts threads must not have started them in the parent: fork does not copy them.
    """
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(receive)
        try:
            answer: Any = _measure_here(function, repeat)
        except BaseException:
            answer = traceback.format_exc()
        with os.fdopen(send, "wb") as pipe:
            pickle.dump(answer, pipe)
        os._exit(0)
    os.close(send)
    with os.fdopen(receive, "rb") as pipe:
        data = pipe.read()
    os.waitpid(child, 0)
    answer = pickle.loads(data) if data else "the child process died without an answer"
    if isinstance(answer, str):
        raise RuntimeError(answer)
    cpu, wall, peak = answer
    return Timing(cpu, wall, peak)


def measure_command(words: Sequence[str], *, repeat: int, wall: bool = False) -> Timing:
    """Time a command in fresh processes: median CPU and wall, largest resident memory.

    `wall` counts wall seconds as the cost, for what runs where no CPU seconds are seen.
    """
    cpu, walls, peak = [], [], []
    quiet = os.open(os.devnull, os.O_WRONLY)
    for _ in range(repeat):
        start = time.perf_counter()
        child = os.posix_spawn(
            words[0], list(words), os.environ,
            file_actions=[(os.POSIX_SPAWN_DUP2, quiet, 1), (os.POSIX_SPAWN_DUP2, quiet, 2)],
        )  # fmt: skip
        _, status, use = os.wait4(child, 0)
        if status != 0:
            raise RuntimeError(f"{' '.join(words[:5])} failed")
        walls.append(time.perf_counter() - start)
        cpu.append(use.ru_utime + use.ru_stime)
        peak.append(use.ru_maxrss / 1024)
    os.close(quiet)
    cost = statistics.median(walls if wall else cpu)
    return Timing(cost, statistics.median(walls), max(peak))


def _measure_here(function: Callable[[], object], repeat: int) -> tuple[float, float, float]:
    gc.collect()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    function()
    peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    cpu, wall = [], []
    for _ in range(repeat):
        start_cpu, start_wall = _cpu_seconds(), time.perf_counter()
        function()
        cpu.append(_cpu_seconds() - start_cpu)
        wall.append(time.perf_counter() - start_wall)
    return statistics.median(cpu), statistics.median(wall), peak


def _cpu_seconds() -> float:
    """Count the process and the children it has waited for."""
    both = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(use.ru_utime + use.ru_stime for use in map(resource.getrusage, both))


def row(what: str, ours: Timing, peer: Timing | None = None, *, target: float | None = None) -> Row:
    """Print one line (what, ours, peer, ratio, target, reached) and keep it for `write`."""
    ratio = peer.cpu / ours.cpu if peer else None
    reached = None if ratio is None or target is None else ratio >= target
    made = Row(what, ours, peer, ratio, target, reached)
    if not rows:
        print("  ".join(text.ljust(width) for text, width in zip(_HEAD, _WIDTHS, strict=True)))
    rows.append(made)
    print("  ".join(text.ljust(width) for text, width in zip(_cells(made), _WIDTHS, strict=True)))
    return made


def write(path: str | Path) -> None:
    """Write all rows so far, as JSON or else as a Markdown table."""
    path = Path(path)
    if path.suffix == ".json":
        text = json.dumps([asdict(made) for made in rows], indent=1) + "\n"
    else:
        lines = [_HEAD, ["---"] * len(_HEAD), *map(_cells, rows)]
        text = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    path.write_text(text, encoding="utf-8")


_HEAD = ["what", "ours", "peer", "ratio", "target", "reached", "our peak", "peer peak"]
_WIDTHS = [66, 10, 13, 8, 7, 7, 9, 9]


def _cells(made: Row) -> list[str]:
    peer = made.peer
    return [
        made.what,
        _seconds(made.ours),
        _seconds(peer) if peer else "-",
        "-" if made.ratio is None else f"{made.ratio:.{1 if made.ratio < 100 else 0}f}x",
        "-" if made.target is None else f"{made.target:g}x",
        {None: "-", True: "yes", False: "no"}[made.reached],
        f"{made.ours.peak_mib:.0f} MiB",
        f"{peer.peak_mib:.0f} MiB" if peer else "-",
    ]


def _seconds(timing: Timing) -> str:
    scale, unit = (1, "s") if timing.cpu >= 1 else (1e3, "ms")
    return f"{timing.cpu * scale:.3g} {unit}{' (x)' if timing.scaled else ''}"
