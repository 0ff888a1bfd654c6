"""One proportion: exact coverage, summed over all outcomes; only bootstraps are drawn."""

from collections.abc import Callable, Iterator

import numpy as np
from scipy import special

from benchmarks.calibration import peers, resampled
from benchmarks.calibration.cells import (
    HOUSE,
    OPTION,
    Bounds,
    Effort,
    Method,
    Numbers,
    Row,
    coverage,
    covered,
    generator,
    stacked,
)
from benchmarks.calibration.laws import SIZES
from evalvar.stats import clopper_pearson, jeffreys, midp_interval, wilson

SHARES = (0.02, 0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95, 0.98)
SCAN = np.linspace(0.002, 0.998, 997)


def regime(n: int) -> str:
    return "one proportion, n 15-50" if n <= 50 else "one proportion, n >= 100"


def proportions(effort: Effort) -> Iterator[Row]:
    for n in SIZES:
        k = np.arange(n + 1)
        weights = {p: binomial(k, n, p) for p in SHARES}
        # Outcomes that no cell ever sees need no interval.
        seen = np.max(list(weights.values()), axis=0) > 1e-13
        k = k[seen]
        rng = generator("proportions", f"n {n}")
        found = {method.name: method.bounds(k, n) for method in methods(n, rng)}
        for p in SHARES:
            fixed = [Method(made.name, made.by, _given(found[made.name]))
                     for made in methods(n, rng)]  # fmt: skip
            cell = f"p {p:g}, n {n}"
            yield from coverage(regime(n), cell, fixed, (), p, weights[p][seen])
        if n <= 1000:
            yield from scan(n)


def scan(n: int) -> Iterator[Row]:
    """Give the least and the mean coverage over 997 shares."""
    k = np.arange(n + 1)
    weight = np.array([binomial(k, n, p) for p in SCAN])
    made = [
        Method("mid-p", HOUSE, midp_interval),
        Method("Wilson", "evalstats", lambda k, n: peers.wilson(k / n, n)),
        Method("ci_wilson", "Inspect", lambda k, n: peers.wilson(k / n, n)),
    ]
    for method in made:
        low, high = method.bounds(k, n)
        held = (weight * covered(low, high, SCAN[:, None])).sum(axis=1)
        width = float((weight @ (high - low)).mean())
        for measure, share in (("least", held.min()), ("mean", held.mean())):
            name = f"{measure} coverage"
            cell = f"p .002 to .998, n {n}"
            yield Row("one proportion, exact scan", cell, method.name, method.by, name,
                      float(share), 0, width)  # fmt: skip


def methods(n: int, rng: np.random.Generator) -> list[Method]:
    """Give every interval of k right answers of n."""
    options = {"Wilson": wilson, "Jeffreys": jeffreys, "Clopper-Pearson": clopper_pearson}
    made = [Method("mid-p", HOUSE, midp_interval)]
    if n <= 1000:
        made += [
            Method(name, OPTION, lambda k, n, f=f: stacked(f(int(one), n) for one in k))
            for name, f in options.items()
        ]
    return [
        *made,
        Method("Wilson", "evalstats", lambda k, n: peers.wilson(k / n, n)),
        Method("ci_wilson", "Inspect", lambda k, n: peers.wilson(k / n, n)),
        Method("ci", "Inspect", lambda k, n: _symmetric(k, n, float(peers.t_crit(n - 1)))),
        Method("stderr x 1.96", "lm-eval", lambda k, n: _symmetric(k, n, 1.96)),
        Method("BCa", "scipy", lambda k, n: _bootstraps(k, n, rng)[0]),
        Method("basic", "arch", lambda k, n: _bootstraps(k, n, rng)[1]),
    ]


def binomial(k: Numbers, n: int, p: float) -> Numbers:
    log_choose = special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
    return np.asarray(np.exp(log_choose + k * np.log(p) + (n - k) * np.log1p(-p)))


def _symmetric(k: Numbers, n: int, crit: float) -> Bounds:
    p = k / n
    return peers.symmetric(p, np.sqrt(p * (1 - p) / (n - 1)), crit)


def _bootstraps(k: Numbers, n: int, rng: np.random.Generator) -> tuple[Bounds, Bounds]:
    parts = [
        resampled.of_counts(np.array([0.0, 1.0]), np.c_[n - part, part], rng)
        for part in np.array_split(k, max(len(k) // 2000, 1))
    ]
    return tuple(
        (np.concatenate([part[i][0] for part in parts]),
         np.concatenate([part[i][1] for part in parts]))
        for i in (0, 1)
    )  # type: ignore[return-value]  # fmt: skip


def _given(found: Bounds) -> Callable[[], Bounds]:
    return lambda: found
