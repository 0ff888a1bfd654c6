"""Running and timing programs, beside ENAMEL's own evaluator: python -m benchmarks.speed code_runs.

Wall seconds of a whole run, one sample a problem: ENAMEL's evaluator makes its tests, computes the
answers and times the programs in its own process; ours does the same with every program in a
sandbox of its own. Programs in a sandbox show no CPU seconds outside it, so wall is compared.
"""

import json
import sys
import tempfile
from pathlib import Path

from benchmarks.speed.timing import measure_command, row

OURS = Path(__file__).parents[1] / "code"
PUBLISHED = Path(__file__).parents[3] / "shared" / "data" / "enamel"
# Ours may take 1.5 times as long as a run without any protection.
TARGET = 1 / 1.5


def main() -> None:
    """Compare on our own problems, and on the published ones where they are at hand."""
    naive = OURS / "samples" / "naive.jsonl"
    _compare("own problems, naive", OURS / "problems.csv", naive, None)
    if PUBLISHED.is_dir():
        problems = PUBLISHED / "dataset" / "enamel.csv"
        samples = PUBLISHED / "samples" / "humaneval-canonical.json"
        kept = PUBLISHED / "problem_indices_142.json"
        _compare("ENAMEL, HumanEval's canonical solutions", problems, samples, kept)


def _compare(what: str, problems: Path, samples: Path, only: Path | None) -> None:
    n = len(json.loads(only.read_text())) if only else len(samples.read_text().splitlines())
    with tempfile.TemporaryDirectory() as folder:
        choice = ["--only", str(only)] if only else []
        words = [sys.executable, "-m", "evalvar.cli", "run-code", "--problems", str(problems)]
        out = ["--samples", str(samples), "-o", f"{folder}/timings.parquet"]
        ours = measure_command([*words, *choice, *out], repeat=1, wall=True)
        script = [sys.executable, "-m", "benchmarks.speed.code_peer", str(problems), str(samples)]
        peer = measure_command([*script, *choice[1:]], repeat=1, wall=True)
    row(f"{what}: {n} programs run, wall, ENAMEL's evaluator", ours, peer, target=TARGET)


if __name__ == "__main__":
    main()
