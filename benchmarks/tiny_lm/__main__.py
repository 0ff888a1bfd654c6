"""Make the study: python -m benchmarks.tiny_lm [--work DIRECTORY] [--jobs N].

Trains, evaluates, and packs the logs. What is there in the working directory is not made again.
"""

import argparse
import os
import subprocess
import sys
from itertools import product
from pathlib import Path

from benchmarks.tiny_lm import cut_demo_logs, evaluate, pack, train

HERE = Path(__file__).parent


def main() -> None:
    """Share the models out to processes of one thread each, then pack."""
    words = argparse.ArgumentParser(prog="python -m benchmarks.tiny_lm", description=__doc__)
    words.add_argument("--work", type=Path, default=HERE / "work", help="working directory")
    words.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes")
    words.add_argument("--part", type=int, help=argparse.SUPPRESS)
    asked = words.parse_args()
    asked.work.mkdir(parents=True, exist_ok=True)
    if asked.part is not None:
        os.chdir(asked.work)
        _make(list(product(train.SEEDS, train.RECIPES))[asked.part :: asked.jobs])
        return
    os.environ["OMP_NUM_THREADS"] = "1"
    parts = [
        subprocess.Popen([sys.executable, "-m", "benchmarks.tiny_lm", *sys.argv[1:],
                          "--jobs", str(asked.jobs), "--part", str(part)])
        for part in range(asked.jobs)
    ]  # fmt: skip
    if any([part.wait() for part in parts]):
        sys.exit("a part of the study failed; call again to go on where it was")
    pack.pack(asked.work / evaluate.LOGS)
    cut_demo_logs.main()


def _make(models: list[tuple[int, str]]) -> None:
    evaluate.write_tasks()
    for seed, recipe in models:
        train.train(recipe, seed)
        evaluate.evaluate((recipe, seed, step) for step in train.STEPS)


if __name__ == "__main__":
    main()
