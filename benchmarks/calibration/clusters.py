"""Items in clusters: right and wrong answers, normal scores, differences."""

from collections.abc import Iterator

import numpy as np

from benchmarks.calibration import peers
from benchmarks.calibration.cells import (
    HOUSE,
    OPTION,
    Bounds,
    Effort,
    Method,
    Numbers,
    Row,
    coverage,
    generator,
    stacked,
)
from evalvar.stats import clustered_mean_ci

COUNTS, ICCS = (5, 8, 20, 100), (0.05, 0.3, 0.6)
SHARES = (0.05, 0.5, 0.8, 0.95)


def sizes(count: int, name: str) -> np.ndarray:
    """Give equal clusters of 8, or one in five with 30 items and the rest with 5."""
    number = np.arange(count)
    return np.full(count, 8) if name == "equal" else np.where(number % 5 == 0, 30, 5)


def binary_clusters(effort: Effort, count: int) -> Iterator[Row]:
    for name in ("equal", "unequal"):
        size = sizes(count, name)
        few = "C 5-8" if count < 10 else "C 20-100"
        for icc in ICCS:
            for p in SHARES:
                cell = f"p {p:g}, ICC {icc:g}, {count} {name} clusters"
                rng = generator("clusters", cell)
                shape = (1 - icc) / icc
                sets = effort.draws(10_000)
                chance = rng.beta(p * shape, (1 - p) * shape, (sets, count))
                x = (rng.random((sets, size.sum())) < np.repeat(chance, size, axis=1)) * 1.0
                regime = f"clusters, right or wrong, {name}, {few}"
                yield from coverage(regime, cell, _methods(True), (x, size), p)


def normal_clusters(effort: Effort) -> Iterator[Row]:
    for name in ("equal", "unequal"):
        for count in COUNTS:
            size = sizes(count, name)
            for icc in ICCS:
                cell = f"normal, ICC {icc:g}, {count} {name} clusters"
                rng, sets = generator("clusters", cell), effort.draws(10_000)
                shared = np.sqrt(icc) * rng.standard_normal((sets, count))
                own = np.sqrt(1 - icc) * rng.standard_normal((sets, size.sum()))
                x = np.repeat(shared, size, axis=1) + own
                regime = f"clusters, normal, {name}"
                yield from coverage(regime, cell, _methods(False), (x, size), 0.0)


def clustered_differences(effort: Effort) -> Iterator[Row]:
    """Two models in clusters, of which a share is touched by the change."""
    for name in ("equal", "unequal"):
        for count in COUNTS:
            size = sizes(count, name)
            for share in (0.15, 0.5, 1.0):
                cell = f"differences in {share:.0%} of {count} {name} clusters"
                rng, sets = generator("clusters", cell), effort.draws(10_000)
                touched = np.repeat(rng.random((sets, count)) < share, size, axis=1)
                sign = rng.choice([1.0, -1.0, 0.0], touched.shape, p=[0.4, 0.2, 0.4])
                d = np.where(touched, sign, 0.0)
                methods = [
                    Method("sparse-t, CR2", HOUSE, _default(-1, 1)),
                    *_robust(),
                ]
                regime = f"clusters, paired differences, {name}"
                yield from coverage(regime, cell, methods, (d, size), 0.2 * share)


def _default(low: float | None, high: float | None, method: str = "CR2"):  # type: ignore[no-untyped-def]
    def bounds(x: Numbers, size: np.ndarray) -> Bounds:
        labels = np.repeat(np.arange(size.size), size)
        return stacked(
            clustered_mean_ci(one, labels, low=low, high=high, method=method) for one in x
        )

    return bounds


def _methods(binary: bool) -> list[Method]:
    if not binary:
        return [
            Method("t, CR2", HOUSE, _default(None, None)),
            Method("t, CR1", OPTION, _default(None, None, "CR1")),
            *_robust(),
            Method("t, no cluster argument", "evalstats", lambda x, size: peers.t_interval(x)),
        ]
    return [
        Method("Wilson, CR2", HOUSE, _default(0, 1)),
        Method("ci_wilson(cluster)", "Inspect", peers.cluster_wilson),
        *_robust(),
        Method("Wilson, no cluster argument", "evalstats", lambda x, size: peers.wilson_mean(x)),
    ]


def _robust() -> list[Method]:
    return [
        Method("ci(cluster)", "Inspect", peers.cluster_t),
        Method("stderr(cluster) x 1.96", "Inspect", peers.cluster_z),
        Method("stderr x 1.96", "lm-eval", lambda x, size: peers.z_interval(x)),
    ]
