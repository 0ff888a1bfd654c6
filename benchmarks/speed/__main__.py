"""Run every speed comparison: python -m benchmarks.speed [NAME ...]."""

import sys
from importlib import import_module
from pathlib import Path

# the demo first: children inherit the peak memory
NAMES = ("demo", "code_runs", "passk", "kendall", "resampling", "components", "pairs", "irt")
NAMES += ("ingest",)


def main() -> None:
    """Run the named comparisons, or all, and write them beside this file."""
    from benchmarks.speed import timing

    for name in sys.argv[1:] or NAMES:
        import_module(f"benchmarks.speed.{name}").main()
    timing.write(Path(__file__).parent / "results.md")


if __name__ == "__main__":
    main()
