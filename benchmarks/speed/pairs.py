"""All pairs of many models: beside a loop over statsmodels, and whole answers beside evalstats.

evalstats is measured once, in an environment of its own that is made on first use, because it needs
other versions than we do: from a table in memory to `compare`, as its users would call it, after a
small one that loads what it imports.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from statsmodels.stats.contingency_tables import mcnemar as reference

from benchmarks.speed.timing import Timing, measure, row
from evalvar.analyses.comparison import compare
from evalvar.analyses.ranking import leaderboard
from evalvar.stats import all_pairs, mcnemar_many, paired_t

MODELS, ITEMS = 100, 10_000
SAMPLE = 50  # one pair in so many goes through the loop
PEER = "evalstats==0.3.3"

_CHILD = """
import json, resource, sys, time
import pandas as pd, evalstats

def use():
    both = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in both)

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

table = pd.read_csv(sys.argv[1])
small = table[table["item"] < 40]
evalstats.compare(evalstats.load_from(small), factors="model")
before, cpu, wall = peak(), use(), time.perf_counter()
evalstats.compare(evalstats.load_from(table), factors="model")
answer = use() - cpu, time.perf_counter() - wall, peak() - before
print("\\n" + json.dumps(answer))
"""


def main() -> None:
    _kernel()
    _whole_answers()


def _kernel() -> None:
    x = _answers(MODELS, ITEMS)
    pairs = all_pairs(x)
    some = range(0, len(pairs.ends), SAMPLE)

    def loop() -> list[tuple[float, float, float]]:
        found = []
        for k in some:
            a, b = x[:, pairs.ends[k, 0]], x[:, pairs.ends[k, 1]]
            table = [[0, int((a > b).sum())], [int((a < b).sum()), 0]]
            estimate = paired_t(a, b)
            p = float(reference(table, exact=True).pvalue)
            found.append((estimate.value, estimate.se, p))
        return found

    def test_only() -> list[float]:
        counts = zip(pairs.first_only[list(some)], pairs.second_only[list(some)], strict=True)
        return [float(reference([[0, b], [c, 0]], exact=True).pvalue) for b, c in counts]

    expected = np.array(loop())
    p = mcnemar_many(pairs.first_only, pairs.second_only)
    np.testing.assert_allclose(pairs.difference[::SAMPLE], expected[:, 0], atol=1e-12)
    np.testing.assert_allclose(pairs.se[::SAMPLE], expected[:, 1], rtol=1e-9)
    np.testing.assert_allclose(p[::SAMPLE], expected[:, 2], rtol=1e-9)

    def ours() -> object:
        found = all_pairs(x)
        return found, mcnemar_many(found.first_only, found.second_only)

    factor = len(pairs.ends) / len(some)
    what = f"{len(pairs.ends):,} pairs x {ITEMS:,} items: difference, se, exact McNemar"
    mine = measure(ours, repeat=9)
    row(f"{what}, statsmodels' test alone", mine, measure(test_only).times(factor), target=60)
    row(f"{what}, a loop with paired t", mine, measure(loop, repeat=3).times(factor))


def _whole_answers() -> None:
    x = _answers(10, 14_000)
    table = _table(x)
    peer = _evalstats(table)
    what = "10 models x 14,000 items, defaults, evalstats compare"
    for name, call in (("rank", leaderboard), ("compare", compare)):
        made = row(f"{name}, {what}", measure(lambda c=call: c(table), repeat=3), peer, target=50)
        print(f"  memory: 1 part in {peer.peak_mib / max(made.ours.peak_mib, 1):.0f} of the peer's")
    big = _table(_answers(MODELS, ITEMS))
    row(f"rank, {MODELS} models x {ITEMS:,} items", measure(lambda: leaderboard(big), repeat=3))


def _answers(models: int, items: int) -> np.ndarray:
    """Draw answers of models that find the same items easy."""
    rng = np.random.default_rng(0)
    ease = rng.random((items, 1))
    right = 0.6 * ease + 0.4 * rng.random((items, models)) < np.linspace(0.45, 0.75, models)
    return right.astype(np.float64)


def _table(x: np.ndarray) -> pd.DataFrame:
    items, models = x.shape
    names = np.repeat([f"model {m:03d}" for m in range(models)], items)
    ids = np.tile(np.arange(items), models)
    return pd.DataFrame({"model": names, "task": "t", "item": ids, "score": x.T.ravel()})


def _evalstats(table: pd.DataFrame) -> Timing:
    python = _environment()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "answers.csv"
        table[["model", "item", "score"]].to_csv(path, index=False)
        done = subprocess.run(
            [python, "-c", _CHILD, str(path)], capture_output=True, text=True, cwd=folder
        )
    if done.returncode:
        raise RuntimeError(f"{PEER} failed:\n{done.stderr[-2000:]}")
    cpu, wall, peak = json.loads(done.stdout.splitlines()[-1])
    return Timing(cpu, wall, peak)


def _environment() -> Path:
    """Return the Python of the peer's own environment, made beside other caches on first use."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = home / "evalvar-bench" / PEER.replace("==", "-")
    python = folder / "bin" / "python"
    ready = folder / "ready"
    if not ready.exists():
        print(f"making an environment for {PEER} in {folder}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", PEER], check=True)
        ready.touch()
    return python


if __name__ == "__main__":
    main()
