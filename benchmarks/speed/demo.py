"""The start and the demo's report beside their budgets: python -m benchmarks.speed demo."""

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.speed.timing import Timing, row

STUDY = Path(__file__).parents[1] / "tiny_lm" / "logs" / "study.tar.xz"
HELP_BUDGET = Timing(cpu=0.3, wall=0.3, peak_mib=0)
DEMO_BUDGET = Timing(cpu=10, wall=10, peak_mib=700)


def main() -> None:
    """Time the command line as a user starts it; the budget stands in the peer's column."""
    ours = _command(["--help"], repeat=5)
    row("evalvar --help, beside its budget", ours, HELP_BUDGET, target=1)
    with tempfile.TemporaryDirectory() as folder:
        ours = _command(["demo", str(STUDY), "-o", folder], repeat=3)
    row("evalvar demo (440 files to HTML and PDF), beside its budget", ours, DEMO_BUDGET, target=1)


def _command(words: list[str], *, repeat: int) -> Timing:
    """Run the command in fresh processes: median CPU and wall, largest resident memory."""
    cpu, wall, peak = [], [], []
    quiet = os.open(os.devnull, os.O_WRONLY)
    for _ in range(repeat):
        start = time.perf_counter()
        arguments = [sys.executable, "-m", "evalvar.cli", *words]
        child = os.posix_spawn(
            sys.executable, arguments, os.environ,
            file_actions=[(os.POSIX_SPAWN_DUP2, quiet, 1), (os.POSIX_SPAWN_DUP2, quiet, 2)],
        )  # fmt: skip
        _, status, use = os.wait4(child, 0)
        if status != 0:
            raise RuntimeError(f"evalvar {words[0]} failed")
        wall.append(time.perf_counter() - start)
        cpu.append(use.ru_utime + use.ru_stime)
        peak.append(use.ru_maxrss / 1024)
    os.close(quiet)
    return Timing(statistics.median(cpu), statistics.median(wall), max(peak))
