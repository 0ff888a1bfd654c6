"""One mean: bounded scores, pass@k with few and with ragged samples, and skewed losses."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

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
    generator,
    in_blocks,
    stacked,
)
from benchmarks.calibration.laws import INFLATED, MILD, SIZES, SKEWED
from evalvar.stats import (
    bootstrap_mean_ci,
    bounded_mean_interval,
    joint_bootstrap,
    mean_ci,
    pass_at_k,
    skewed_mean_ci,
)

_BLOCK = 4_000_000


def bounded_means(effort: Effort) -> Iterator[Row]:
    for kind, laws in (("mild", MILD), ("inflated", INFLATED)):
        for name, (draw, truth) in laws.items():
            for n in SIZES:
                regime = f"bounded scores, {kind}, {'n 15-50' if n <= 50 else 'n >= 100'}"
                cell = f"{name}, n {n}"
                yield from cells(regime, cell, n, truth, draw, unit_methods(), effort)


def skewed_means(effort: Effort) -> Iterator[Row]:
    for name, (draw, truth) in SKEWED.items():
        for n in SIZES:
            cell = f"{name}, n {n}"
            regime = f"losses, {'n 15-50' if n <= 50 else 'n >= 100'}"
            yield from cells(regime, cell, n, truth, draw, loss_methods(), effort)


def passes(effort: Effort) -> Iterator[Row]:
    """pass@k: items solved always, never, or with a chance of their own; K answers, or ragged."""
    for name, items in _ITEMS.items():
        for k in (1, 5):
            for n in (15, 30, 164, 800):
                for samples in ("10 answers", "5 to 20 answers"):
                    size = "n 15-50" if n <= 50 else "n >= 100"
                    regime = f"pass@k, {'ragged, ' if 'to' in samples else ''}{size}"
                    cell = f"pass@{k} of {samples}, {name}, n {n}"
                    truth = _true_pass(name, k)

                    def draw(
                        rng: np.random.Generator,
                        shape: tuple[int, ...],
                        items: Items = items,
                        k: int = k,
                        ragged: bool = "to" in samples,
                    ) -> Numbers:
                        chance = items(rng, shape)
                        count = rng.integers(5, 21, shape) if ragged else np.full(shape, 10)
                        right = rng.binomial(count, chance)
                        return _TABLES[k][count, right]

                    # An analyst with another tool averages the answers of an item first.
                    yield from cells(regime, cell, n, truth, draw, unit_methods(k == 1), effort)


Items = Callable[[np.random.Generator, tuple[int, ...]], Numbers]


def _solved(sure: float, never: float, a: float, b: float) -> Items:
    def chances(rng: np.random.Generator, shape: tuple[int, ...]) -> Numbers:
        kind = rng.random(shape)
        between = rng.beta(a, b, shape)
        return np.where(kind < sure, 1.0, np.where(kind < sure + never, 0.0, between))

    return chances


_MIXES = {
    "a quarter sure": (0.15, 0.1, 1.0, 1.0),
    "half never": (0.05, 0.5, 1.0, 2.0),
    "nearly solved": (0.75, 0.0, 2.0, 2.0),
    "polarised": (0.0, 0.0, 0.3, 0.3),
}
_ITEMS = {name: _solved(*mix) for name, mix in _MIXES.items()}


def _true_pass(name: str, k: int) -> float:
    """Give the mean of 1 - (1-p)^k, for a Beta law a ratio of rising factorials."""
    sure, never, a, b = _MIXES[name]
    steps = np.arange(k)
    return float(sure + (1 - sure - never) * (1 - np.prod((b + steps) / (a + b + steps))))


def _tables(k: int) -> Numbers:
    table = np.full((21, 21), np.nan)
    for count in range(5, 21):
        table[count, : count + 1] = pass_at_k(count, np.arange(count + 1), k=k)
    return table


_TABLES = {k: _tables(k) for k in (1, 5)}


def cells(
    regime: str,
    cell: str,
    n: int,
    truth: float,
    draw: Callable[[np.random.Generator, tuple[int, ...]], Numbers],
    methods: list[Method],
    effort: Effort,
) -> Iterator[Row]:
    """Measure closed forms on many data sets and bootstraps on fewer, of one generator each."""
    for kind, count in _counts(n, effort).items():
        rng = generator(kind, regime + cell)
        chosen = {m.by + m.name: m for m in methods if _kind(m) == kind}
        found = in_blocks(
            chosen, count, max(_BLOCK // n, 1), lambda sets, rng=rng: (draw(rng, (sets, n)),)
        )
        fixed = [
            Method(m.name, m.by, lambda key=key: found[key])  # noqa: B023 read at once
            for key, m in chosen.items()
        ]
        yield from coverage(regime, cell, fixed, (), truth)


def _kind(method: Method) -> str:
    if method not in _DRAWN:
        return "closed"
    return "own bootstraps" if method.by == OPTION else "bootstraps"


def _counts(n: int, effort: Effort) -> dict[str, int]:
    counts = {"closed": effort.draws(10_000 if n <= 1000 else 2000)}
    if n <= 1000:
        counts["bootstraps"] = effort.draws(4000 if n <= 100 else 2000 if n <= 300 else 1000)
    if n <= 300:
        counts["own bootstraps"] = effort.draws(1000)
    return counts


def house(x: Numbers) -> Bounds:
    """Give the default interval of the mean of scores in 0..1."""
    return bounded_mean_interval(
        x.shape[1], x.mean(axis=1), x.var(axis=1, ddof=1), (x == 0).sum(axis=1),
        (x == 1).sum(axis=1), low=0, high=1,
        third=((x - x.mean(axis=1, keepdims=True)) ** 3).mean(axis=1),
    )  # fmt: skip


def unit_methods(runs: bool = False) -> list[Method]:
    """Give the intervals of scores in 0..1; `runs` are averages of answers right or wrong."""
    return [
        Method("mid-p on effective n", HOUSE, house),
        Method("t", OPTION, lambda x: stacked(map(mean_ci, x))),
        Method("logit-t", "evalstats", lambda x: peers.logit_t(x, 0, 1)),
        *([Method("Wilson on item means", "evalstats", peers.wilson_mean)] if runs else []),
        *_SYMMETRIC,
        Method("ci_wilson", "Inspect", peers.wilson_mean),
        *_DRAWN,
    ]


def loss_methods() -> list[Method]:
    """Give the intervals of scores without an upper end."""
    return [
        Method("hull of t and skew-t", HOUSE, lambda x: stacked(map(skewed_mean_ci, x))),
        Method("t", OPTION, lambda x: stacked(map(mean_ci, x))),
        Method("t", "evalstats", peers.t_interval),
        *_SYMMETRIC,
        *_DRAWN,
    ]


_SYMMETRIC = [
    Method("ci", "Inspect", peers.t_interval),
    Method("stderr x 1.96", "lm-eval", peers.z_interval),
]


class _Shared:
    """Resample once for all methods that ask in turn for the same data sets."""

    def __init__(self, draw: Callable[[Numbers, int], Any]) -> None:
        self.draw = draw
        self.x: Numbers | None = None
        self.found: Any = None

    def __call__(self, x: Numbers) -> Any:
        if self.x is not x:
            self.x, self.found = x, self.draw(x, int(abs(x.sum()) * 1e6))
        return self.found


_PEERS = _Shared(lambda x, rng: resampled.both(x, np.random.default_rng(rng)))
# Data sets stand as systems: each meets the same resamples from another side.
_OWN = _Shared(
    lambda x, rng: joint_bootstrap(
        x.T, n_resamples=resampled.DRAWS, rng=rng, jackknife=True, studentise=True
    )
)
_DRAWN = [
    Method("BCa", "scipy", lambda x: _PEERS(x)[0]),
    Method("basic", "arch", lambda x: _PEERS(x)[1]),
    Method("percentile bootstrap, closed form", OPTION,
           lambda x: stacked(map(bootstrap_mean_ci, x))),
    Method("BCa", OPTION, lambda x: stacked(_OWN(x).estimates("bca"))),
    Method("studentised", OPTION, lambda x: stacked(_OWN(x).estimates("studentised"))),
]  # fmt: skip
