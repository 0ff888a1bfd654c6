"""python -m benchmarks.calibration [--full | --share S] [--only FAMILY ...] [--fresh].

Measures every cell, and with --full writes `results.md`, `cells.csv` and `coverage.svg` beside this
file. What is measured stays in a cache folder ($XDG_CACHE_HOME or ~/.cache), family by family, and
is not measured again until its code changes.
"""

import os

# Two processes share the cores; more threads in each would only wait for each other.
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import argparse
from pathlib import Path

from benchmarks.calibration import figure, page, study

HERE = Path(__file__).parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "evalvar" / "calibration"


def main() -> None:
    said = argparse.ArgumentParser(prog="python -m benchmarks.calibration")
    said.add_argument("--full", action="store_true", help="all data sets, and write the results")
    said.add_argument("--share", type=float, default=0.02, help="of the full number of data sets")
    said.add_argument("--only", nargs="+", metavar="FAMILY", choices=list(study.FAMILIES))
    said.add_argument("--fresh", action="store_true", help="forget what was measured before")
    said.add_argument("--to", type=Path, help="folder of the results, with any share")
    asked = said.parse_args()
    share = 1.0 if asked.full else asked.share
    if asked.fresh:
        for path in CACHE.glob("*.csv"):
            path.unlink()
    rows = study.run(asked.only or study.FAMILIES, share, CACHE)
    to = HERE if asked.full and not asked.only else asked.to
    print(page.short(rows))
    if to is not None:
        study.write(rows, to / "cells.csv", digits=4)
        (to / "results.md").write_text(page.markdown(rows, share), encoding="utf-8")
        (to / "coverage.svg").write_text(figure.svg(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
