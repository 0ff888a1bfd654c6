"""Two models on the same items: right and wrong answers, fractions, grades, and near copies."""

from collections.abc import Callable, Iterator

import numpy as np
from scipy import special

from benchmarks.calibration import laws, peers, resampled
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
from evalvar.stats import (
    Estimate,
    agresti_min,
    bonett_price,
    newcombe,
    paired_t,
    sparse_t_counts,
    sparse_t_many,
    tango,
)

CLOSE = ((0.5, 0.5), (0.7, 0.65), (0.9, 0.85), (0.95, 0.97), (0.98, 0.99), (0.3, 0.1))
APART = tuple((p, q) for p in (0.9, 0.95, 0.98) for q in (0.02, 0.1, 0.3))
LINKS = (0.0, 0.5, 0.9)
_BLOCK = 4_000_000


def binary_pairs(effort: Effort) -> Iterator[Row]:
    """Sum over all outcomes what rests on the discordant counts; draw tables for the others."""
    for n in laws.SIZES:
        known: dict[str, tuple[Numbers, Numbers]] = {}
        for kind, shares in (("paired, right or wrong", CLOSE), ("paired, far apart", APART)):
            for p, q in shares:
                for r in LINKS:
                    name = f"{kind}, {'n 15-50' if n <= 50 else 'n >= 100'}"
                    cell = f"{p:g} and {q:g}, correlation {r:g}, n {n}"
                    yield from binary_cell(name, cell, n, laws.table(p, q, r), known, effort)


def binary_cell(
    regime: str,
    cell: str,
    n: int,
    chances: Numbers,
    known: dict[str, tuple[Numbers, Numbers]],
    effort: Effort,
) -> Iterator[Row]:
    truth = float(chances[1] - chances[2])
    rng = generator("binary pairs", regime + cell)
    if n <= 1000:
        wins, losses, weights = outcomes(n, chances[1], chances[2])
        yield from coverage(regime, cell, count_methods(n), (wins, losses), truth, weights)
    else:
        drawn = rng.multinomial(n, chances / chances.sum(), effort.draws(10_000))
        yield from coverage(regime, cell, count_methods(n), (drawn[:, 1], drawn[:, 2]), truth)
    tables = rng.multinomial(n, chances / chances.sum(), effort.draws(20_000))
    yield from coverage(regime, cell, table_methods(n), (tables,), truth)
    few = tables[: effort.draws(4000 if n <= 300 else 2000)]
    if n <= 1000:
        yield from coverage(regime, cell, _CLASSICAL, (few,), truth)
    counts = np.c_[few[:, 2], few[:, 0] + few[:, 3], few[:, 1]]
    found = resampled.of_counts(np.array([-1.0, 0.0, 1.0]), counts, rng)
    fixed = [
        Method(name, by, lambda made=made: made)
        for name, by, made in (("BCa", "scipy", found[0]), ("basic", "arch", found[1]))
    ]
    yield from coverage(regime, cell, fixed, (), truth)


def outcomes(n: int, plus: float, minus: float) -> tuple[Numbers, Numbers, Numbers]:
    """Give all counts of discordant items that ever happen, with their probabilities."""
    wins, losses = (np.arange(*_reach(n, chance)) for chance in (plus, minus))
    b, c = (grid.ravel() for grid in np.meshgrid(wins, losses, indexing="ij"))
    inside = b + c <= n
    b, c = b[inside], c[inside]
    rest = max(1 - plus - minus, 0.0)
    weights = np.exp(
        special.gammaln(n + 1) - special.gammaln(b + 1) - special.gammaln(c + 1)
        - special.gammaln(n - b - c + 1) + special.xlogy(b, plus) + special.xlogy(c, minus)
        + special.xlogy(n - b - c, rest)
    )  # fmt: skip
    kept = weights > 1e-12
    return b[kept], c[kept], weights[kept]


def _reach(n: int, chance: float) -> tuple[int, int]:
    spread = 7.5 * np.sqrt(n * chance * (1 - chance)) + 8
    return max(int(n * chance - spread), 0), min(int(n * chance + spread), n) + 1


def count_methods(n: int) -> list[Method]:
    return [
        Method("sparse-t", HOUSE, lambda b, c: _ends(sparse_t_counts(n, b, c))),
        Method("Bonett-Price", "evalstats", lambda b, c: peers.bonett_price(n, b, c)),
    ]


def _each(method: Callable[..., Estimate]) -> Callable[[Numbers], Bounds]:
    """Compute a scalar interval once for each table that occurs."""

    def bounds(tables: Numbers) -> Bounds:
        kinds, which = np.unique(tables, axis=0, return_inverse=True)
        low, high = stacked(method(*kind) for kind in kinds.tolist())
        return low[which], high[which]

    return bounds


_CLASSICAL = [
    Method("Tango", OPTION, _each(tango)),
    Method("Newcombe", OPTION, _each(newcombe)),
    Method("Bonett-Price", OPTION, _each(bonett_price)),
    Method("Agresti-Min", OPTION, _each(agresti_min)),
]


def table_methods(n: int) -> list[Method]:
    return [Method("two stderrs, unpaired", "lm-eval", lambda tables: _unpaired(n, tables))]


def _unpaired(n: int, tables: Numbers) -> Bounds:
    p, q = (tables[:, 0] + tables[:, 1]) / n, (tables[:, 0] + tables[:, 2]) / n
    se = np.sqrt((p * (1 - p) + q * (1 - q)) / (n - 1))
    return peers.symmetric(p - q, se, 1.96)


def numeric_pairs(effort: Effort) -> Iterator[Row]:
    """Fractions that share a part, of the same law and of different ones, and grades 1 to 5."""
    for name in _FRACTIONS:
        for r in LINKS:
            for n in laws.SIZES:
                cell = f"{name}, correlation {r:g}, n {n}"
                yield from numeric_cell("paired, fractions", cell, n, name, r, effort)
    for name in _GRADES:
        for r in LINKS:
            for n in laws.SIZES:
                cell = f"{name}, correlation {r:g}, n {n}"
                yield from numeric_cell("paired, grades", cell, n, name, r, effort)


def near_copies(effort: Effort) -> Iterator[Row]:
    """Models that differ on few items: by a lot, by a little, always the same way."""
    for name in _COPIES:
        for n in laws.SIZES:
            cell = f"{name}, n {n}"
            yield from numeric_cell("paired, nearly identical", cell, n, name, 0.0, effort)


_FRACTIONS = {
    "Beta(4,2) and Beta(4,3)": ((4.0, 2.0), (4.0, 3.0)),
    "Beta(8,2) and Beta(8,2)": ((8.0, 2.0), (8.0, 2.0)),
    "Beta(.6,.4) and Beta(.5,.5)": ((0.6, 0.4), (0.5, 0.5)),
    "Beta(5,1) and Beta(2,2)": ((5.0, 1.0), (2.0, 2.0)),
}
_GRADES = {
    "grades high and higher": ((0.05, 0.1, 0.2, 0.4, 0.25), (0.02, 0.05, 0.13, 0.3, 0.5)),
    "grades, the same law": ((0.1, 0.2, 0.4, 0.2, 0.1), (0.1, 0.2, 0.4, 0.2, 0.1)),
}
# Share of items that differ, mean shift of a side as a Beta law, share that goes up.
_COPIES = {
    "5 % differ, as often up as down": (0.05, 2.0, 2.0, 0.5),
    "20 % differ, as often up as down": (0.2, 2.0, 2.0, 0.5),
    "3 % differ, little": (0.03, 1.0, 6.0, 0.6),
    "10 % differ, mostly up": (0.1, 2.0, 3.0, 0.8),
    "20 % differ, always up": (0.2, 2.0, 3.0, 1.0),
    "50 % differ, little": (0.5, 1.0, 8.0, 0.6),
}


def numeric_cell(
    regime: str, cell: str, n: int, name: str, r: float, effort: Effort
) -> Iterator[Row]:
    size = "n 15-50" if n <= 50 else "n >= 100"
    regime = f"{regime}, {size}"
    rng = generator("numeric pairs", regime + cell)
    count = effort.draws(10_000 if n <= 1000 else 2000)
    found: dict[str, list[Bounds]] = {}
    grid = name in _GRADES
    methods = numeric_methods(grid)
    truth = 0.0
    for start in range(0, count, max(_BLOCK // n, 1)):
        sets = min(max(_BLOCK // n, 1), count - start)
        a, b, truth = draw_pairs(rng, (sets, n), name, r)
        for method in methods:
            found.setdefault(method.name + method.by, []).append(method.bounds(a, b))
        if start == 0 and n <= 1000:
            drawn = min(sets, effort.draws(4000 if n <= 100 else 2000 if n <= 300 else 1000))
            both = resampled.both((a - b)[:drawn], rng)
    joined = [
        Method(m.name, m.by, lambda parts=found[m.name + m.by]: _joined(parts)) for m in methods
    ]
    if n <= 1000:
        joined += [
            Method("BCa", "scipy", lambda: both[0]),
            Method("basic", "arch", lambda: both[1]),
        ]
    yield from coverage(regime, cell, joined, (), truth)


def draw_pairs(
    rng: np.random.Generator, shape: tuple[int, int], name: str, r: float
) -> tuple[Numbers, Numbers, float]:
    """Give the scores of both models, (sets, items), and the true difference."""
    if name in _COPIES:
        share, alpha, beta, up = _COPIES[name]
        shift = np.where(rng.random(shape) < up, 1, -1) * rng.beta(alpha, beta, shape)
        d = np.where(rng.random(shape) < share, shift, 0.0)
        # Only the difference counts; it stays inside -1..1 as scores of 0..1 have it.
        return np.maximum(d, 0), np.maximum(-d, 0), share * (2 * up - 1) * alpha / (alpha + beta)
    z = laws.linked(rng, shape, 2, r)
    if name in _GRADES:
        made, means = [], []
        for one, shares in zip(z, _GRADES[name], strict=True):
            edges = special.ndtri(np.cumsum(shares)[:-1])
            made.append(np.searchsorted(edges, one) / 4)
            means.append(float(np.arange(5) / 4 @ np.array(shares)))
        return made[0], made[1], means[0] - means[1]
    (a, b), (c, d_) = _FRACTIONS[name]
    first, second = laws.as_beta(z[0], a, b), laws.as_beta(z[1], c, d_)
    return first, second, a / (a + b) - c / (c + d_)


def numeric_methods(grid: bool) -> list[Method]:
    peer = (
        Method("NIG", "evalstats", lambda a, b: peers.nig(a - b, 1.0))
        if grid
        else Method("logit-t", "evalstats", lambda a, b: peers.logit_t(a - b, -1, 1))
    )
    return [
        Method("sparse-t", HOUSE, lambda a, b: _ends(sparse_t_many(a - b, low=-1, high=1))),
        Method("t", OPTION, lambda a, b: stacked(map(paired_t, a, b))),
        peer,
        Method("two stderrs, unpaired", "lm-eval", peers.unpaired_z),
    ]


def _ends(found: object) -> Bounds:
    return found.low, found.high  # type: ignore[attr-defined]


def _joined(parts: list[Bounds]) -> Bounds:
    low, high = zip(*parts, strict=True)
    return np.concatenate(low), np.concatenate(high)
