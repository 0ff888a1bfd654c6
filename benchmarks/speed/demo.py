"""The start and the demo's report beside their budgets: python -m benchmarks.speed demo."""

import sys
import tempfile
from pathlib import Path

from benchmarks.speed.timing import Timing, measure_command, row

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
    return measure_command([sys.executable, "-m", "evalvar.cli", *words], repeat=repeat)
