"""The joint bootstrap beside scipy, arch and numpy loops, and what it costs as the data grow."""

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy import stats

from benchmarks.speed.timing import Timing, measure, row
from evalvar.stats import bootstrap_mean_ci, joint_bootstrap
from evalvar.stats.order_functionals import iqm

N, B, SYSTEMS, SEEDS, CLUSTERS = 10_000, 10_000, 50, 10, 500
# Resamples of a peer that is too slow for all of them.
FEW = 100
# arch needs an older pandas than ours, so it lives in an environment of its own.
ARCH = Path(tempfile.gettempdir()) / "evalvar-bench-arch"
ARCH_CALL = """
import statistics, sys, time
import numpy as np
from arch.bootstrap import IIDBootstrap
x = np.load(sys.argv[1])
def run():
    IIDBootstrap(x, seed=1).conf_int(np.mean, reps=int(sys.argv[2]), method="percentile")
run()
cpu, wall = [], []
for _ in range(3):
    c, w = time.process_time(), time.perf_counter()
    run()
    cpu.append(time.process_time() - c)
    wall.append(time.perf_counter() - w)
print(statistics.median(cpu), statistics.median(wall))
"""


def main() -> None:
    rng = np.random.default_rng(0)
    scores = rng.beta(2, 1.3, (N, SYSTEMS))
    one = scores[:, :1]
    _check(one)
    _one_model(one)
    _many_models(scores)
    _designs(rng)
    _growth(rng)


def _check(one: np.ndarray) -> None:
    """All give the same interval, within the noise of the draws."""
    ours = joint_bootstrap(one, n_resamples=B, rng=0).estimates()[0]
    theirs = _scipy(one[:, 0], B, 30).confidence_interval
    exact = bootstrap_mean_ci(one[:, 0])
    for low, high in (theirs, (exact.low, exact.high)):
        assert max(abs(ours.low - low), abs(ours.high - high)) < 0.15 * ours.se


def _one_model(one: np.ndarray) -> None:
    peer = _tuned(lambda batch: _scipy(one[:, 0], B, batch), (10, 30, 100))
    what = f"n = {N:,}, B = {B:,}, scipy's percentile, batch tuned"
    exact = measure(lambda: bootstrap_mean_ci(one[:, 0]))
    row(f"interval of a mean without draws, {what}", exact, peer, target=500)
    drawn = measure(lambda: joint_bootstrap(one, n_resamples=B, rng=0).estimates(), repeat=3)
    row(f"the same by true resampling, {what}", drawn, peer, target=1)
    arch = _arch(one[:, 0])
    if arch is not None:
        row(f"true resampling, n = {N:,}, B = {B:,}, arch's percentile", drawn, arch, target=1)
    right = (one > 0.4).astype(float)
    ours = measure(lambda: joint_bootstrap(right, n_resamples=B, rng=0).estimates())
    peer = _tuned(lambda batch: _scipy(right[:, 0], B, batch), (30,))
    row(f"resampling of 0/1 scores, {what}", ours, peer)
    few = measure(lambda: _scipy(one[:, 0], FEW, 10, _scipy_iqm), repeat=3).times(B / FEW)
    ours = measure(lambda: joint_bootstrap(one, iqm, n_resamples=B, rng=0), repeat=1)
    row(f"IQM, n = {N:,}, B = {B:,}, scipy's", ours, few)


def _many_models(scores: np.ndarray) -> None:
    def peer(batch: int) -> object:
        return stats.bootstrap(
            (scores,), np.mean, axis=0, n_resamples=FEW, batch=batch, method="percentile",
            vectorized=True, rng=np.random.default_rng(1),
        )  # fmt: skip

    tuned = _tuned(peer, (1, 2, 5, 20)).times(B / FEW)
    ours = measure(lambda: joint_bootstrap(scores, n_resamples=B, rng=0), repeat=3)
    what = f"{SYSTEMS} models jointly, n = {N:,}, B = {B:,}, scipy's, batch tuned"
    row(what, ours, tuned, target=40)


def _designs(rng: np.random.Generator) -> None:
    skill = rng.normal(0.3, 1.5, (N, 1)) + rng.normal(0, 0.1, SEEDS)
    smooth = 1 / (1 + np.exp(-skill)) + rng.normal(0, 0.05, (N, SEEDS))
    right = (rng.random((N, SEEDS)) < smooth).astype(float)
    both, size = ("item", "seed"), f"{SEEDS} seeds x {N:,} items, B = {B:,}"

    def crossed() -> list[float]:
        return [
            smooth[np.ix_(rng.integers(0, N, N), rng.integers(0, SEEDS, SEEDS))].mean()
            for _ in range(FEW)
        ]

    def nested() -> list[float]:
        return [
            np.mean([right[rng.integers(0, N, N), s].mean() for s in _again(rng, SEEDS)])
            for _ in range(FEW)
        ]

    peer = measure(crossed, repeat=3).times(B / FEW)
    ours = measure(lambda: joint_bootstrap([smooth], n_resamples=B, rng=0, over=both), repeat=3)
    row(f"crossed, {size}, numpy loop", ours, peer)
    peer = measure(nested, repeat=3).times(B / FEW)
    ours = measure(
        lambda: joint_bootstrap([right], n_resamples=B, rng=0, over=both, nested=True), repeat=3
    )
    row(f"nested, 0/1, {size}, numpy loop", ours, peer)

    labels = rng.integers(0, CLUSTERS, N)
    members = [np.flatnonzero(labels == c) for c in range(CLUSTERS)]

    def clusters() -> list[float]:
        return [
            smooth[np.concatenate([members[c] for c in _again(rng, CLUSTERS)]), 0].mean()
            for _ in range(FEW)
        ]

    peer = measure(clusters, repeat=3).times(B / FEW)
    one = smooth[:, :1]
    ours = measure(lambda: joint_bootstrap(one, n_resamples=B, rng=0, clusters=labels), repeat=3)
    row(f"{CLUSTERS} clusters, n = {N:,}, B = {B:,}, numpy loop", ours, peer)


def _growth(rng: np.random.Generator) -> None:
    """One axis at a time from n = 10,000, 10 models, B = 1,000 (S = 1)."""
    base = {"n": 10_000, "M": 10, "B": 1_000, "S": 1}
    steps = {"n": (1_000, 100_000, 1_000_000), "M": (1, 50, 200), "B": (100, 10_000), "S": (2, 10)}
    sizes = [base] + [base | {axis: value} for axis in steps for value in steps[axis]]
    for size in sizes:
        n, m, b, s = (size[axis] for axis in "nMBS")
        tables = [rng.random((n, s)) for _ in range(m)]
        if s == 1:
            scores = np.hstack(tables)
            ours = measure(lambda x=scores, b=b: joint_bootstrap(x, n_resamples=b, rng=0), repeat=1)
        else:
            ours = measure(
                lambda x=tables, b=b: joint_bootstrap(
                    x, n_resamples=b, rng=0, over=("item", "seed")
                ),
                repeat=1,
            )
        row(f"growth: n = {n:,}, M = {m}, B = {b:,}, S = {s}", ours)


def _again(rng: np.random.Generator, count: int) -> np.ndarray:
    return rng.integers(0, count, count)


def _scipy(
    x: np.ndarray, resamples: int, batch: int, statistic: Callable[..., np.ndarray] = np.mean
) -> stats._resampling.BootstrapResult:
    return stats.bootstrap(
        (x,), statistic, n_resamples=resamples, batch=batch, method="percentile", vectorized=True,
        rng=np.random.default_rng(1),
    )  # fmt: skip


def _scipy_iqm(x: np.ndarray, axis: int) -> np.ndarray:
    return stats.trim_mean(x, 0.25, axis=axis)


def _tuned(call: Callable[[int], object], batches: tuple[int, ...]) -> Timing:
    """Give the peer the batch that suits it best on this machine."""
    timings = [measure(lambda batch=batch: call(batch), repeat=3) for batch in batches]
    return min(timings, key=lambda timing: timing.cpu)


def _arch(x: np.ndarray) -> Timing | None:
    python = ARCH / "bin" / "python"
    try:
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", ARCH], check=True)
        install = [python, "-m", "pip", "install", "-q", "arch", "pandas<3"]
        subprocess.run(install, check=True, capture_output=True)
        with tempfile.NamedTemporaryFile(suffix=".npy") as file:
            np.save(file, x)
            file.flush()
            call = [python, "-c", ARCH_CALL, file.name, str(B)]
            out = subprocess.run(call, check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"arch is left out, its environment cannot be made: {error}")
        return None
    cpu, wall = map(float, out.split())
    return Timing(cpu, wall, float("nan"))


if __name__ == "__main__":
    main()
