"""Item response curves: intervals of items and abilities, and the size of the tests of items."""

from collections.abc import Iterator

import numpy as np

from benchmarks.calibration.cells import HOUSE, OPTION, Effort, Row, generator
from evalvar.stats import IrtFit, ability, fit_irt, item_fit, item_slope, shuffled

_SHAPES = ((30, 300), (100, 100), (400, 50))
_LAWS = ("of two kinds", "skewed", "of heavy tails")


def item_curves(effort: Effort) -> Iterator[Row]:
    """Models drawn from a normal, items with slopes that are normal, log-normal, or of any sign.

    What is covered is on the scale of the models at hand: their abilities have mean 0 and
    variance 1. Then items of which a fifth have no slope, and abilities that are not normal.
    """
    yield from _intervals_and_fit(effort)
    yield from _slopes(effort)
    yield from _odd_abilities(effort)


def _intervals_and_fit(effort: Effort) -> Iterator[Row]:
    for n, items in _SHAPES:
        for slopes in ("normal", "log-normal", "of any sign"):
            cell = f"slopes {slopes}, {n} models, {items} items"
            rng, sets = generator("irt", cell), effort.draws(60)
            held: dict[str, list[np.ndarray]] = {}
            width: dict[str, list[np.ndarray]] = {}
            alarms: list[np.ndarray] = []
            found = 0
            for _ in range(sets):
                y, truths = _drawn(rng, n, items, slopes)
                fit = fit_irt(y)
                for name, low, high, told in _intervals(y, fit):
                    inside = (low <= truths[name]) & (truths[name] <= high)
                    held.setdefault(name, []).append(inside[told])
                    width.setdefault(name, []).append((high - low)[told])
                p = item_fit(y, fit.discrimination, fit.intercept).p_value
                alarms.append(p[np.isfinite(p)] < 0.05)
                mixed = shuffled(y, rng=rng)
                control = fit_irt(mixed)
                p = item_slope(mixed, control.discrimination, control.intercept).rising_p
                found += int(_any_found(p))
            for name, inside in held.items():
                hits, mean = np.concatenate(inside), float(np.concatenate(width[name]).mean())
                yield Row(f"irt, {name}", cell, "fit_irt", HOUSE, "coverage", float(hits.mean()),
                          sets, mean)  # fmt: skip
            every = np.concatenate(alarms)
            yield Row("irt, item fit", cell, "score test, 5 %", HOUSE, "error rate",
                      float(every.mean()), sets)  # fmt: skip
            yield Row("irt, shuffled control", cell, "any item counted, 5 %", HOUSE, "error rate",
                      found / sets, sets)  # fmt: skip


def _slopes(effort: Effort) -> Iterator[Row]:
    for n, items in ((21, 200), (60, 200), (200, 100), (200, 15)):
        cell = f"a fifth of the items without slope, {n} models, {items} items"
        rng, sets = generator("irt slope", cell), effort.draws(60)
        null = np.arange(items) < items // 5
        shares: dict[str, list[np.ndarray]] = {}
        for _ in range(sets):
            a = np.where(null, 0.0, rng.lognormal(0.1, 0.25, items))
            p = 1 / (1 + np.exp(rng.normal(0, 1, items) - np.outer(rng.normal(size=n), a)))
            y = (rng.random((n, items)) < p).astype(np.float64)
            told = (y.min(axis=0) < 1) & (y.max(axis=0) > 0)
            fit, none = fit_irt(y[:, told]), null[told]
            found = item_slope(y[:, told], fit.discrimination, fit.intercept)
            low = fit.discrimination - 1.959964 * fit.discrimination_se
            for name, calls in (
                ("rank sum, rising, 2.5 %", found.rising_p < 0.025),
                ("rank sum, falling, 2.5 %", found.falling_p < 0.025),
                ("posterior interval above 0, 2.5 %", low > 0),
            ):
                shares.setdefault(name, []).append(calls[none])
        for name, calls in shares.items():
            by = HOUSE if name.startswith("rank") else OPTION
            yield Row("irt, slope of an item", cell, name, by, "error rate",
                      float(np.concatenate(calls).mean()), sets)  # fmt: skip


def _odd_abilities(effort: Effort) -> Iterator[Row]:
    for n, items in ((300, 60), (300, 15)):
        for law in _LAWS:
            cell = f"abilities {law}, {n} models, {items} items"
            rng, sets = generator("irt fit", cell), effort.draws(60)
            alarms = []
            for _ in range(sets):
                theta = _abilities(rng, n, law)
                a, b = rng.lognormal(0.2, 0.3, items), rng.normal(0, 1, items)
                y = (rng.random((n, items)) < 1 / (1 + np.exp(b - np.outer(theta, a)))) * 1.0
                fit = fit_irt(y)
                p = item_fit(y, fit.discrimination, fit.intercept).p_value
                alarms.append(p[np.isfinite(p)] < 0.05)
            yield Row("irt, item fit", cell, "score test, 5 %", HOUSE, "error rate",
                      float(np.concatenate(alarms).mean()), sets)  # fmt: skip


def _abilities(rng: np.random.Generator, n: int, law: str) -> np.ndarray:
    if law == "of two kinds":
        return rng.choice([-1.0, 1.0], n) + rng.normal(0, 0.3, n)
    return rng.exponential(1, n) - 1 if law == "skewed" else rng.standard_t(3, n) / np.sqrt(3)


def _any_found(p: np.ndarray) -> bool:
    """Tell whether a false discovery rate of 5 % leaves any."""
    ranked = np.sort(p[np.isfinite(p)])
    return bool((ranked <= 0.05 * np.arange(1, ranked.size + 1) / ranked.size).any())


def _drawn(
    rng: np.random.Generator, n: int, items: int, slopes: str
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    theta = rng.normal(size=n)
    if slopes == "log-normal":
        a = rng.lognormal(0, 0.4, items)
    else:
        a = rng.normal(1, 0.3 if slopes == "normal" else 0.7, items)
    b = rng.normal(0, 1.2, items)
    right = rng.random((n, items)) < 1 / (1 + np.exp(b - np.outer(theta, a)))
    scaled = (theta - theta.mean()) / theta.std()
    truths = {"discrimination": a * theta.std(), "intercept": b - a * theta.mean()}
    return right.astype(np.float64), truths | {"ability": scaled}


def _intervals(
    y: np.ndarray, fit: IrtFit
) -> Iterator[tuple[str, np.ndarray, np.ndarray, np.ndarray]]:
    told = ~fit.constant
    for name in ("discrimination", "intercept"):
        value, half = getattr(fit, name), 1.959964 * getattr(fit, f"{name}_se")
        yield name, value - half, value + half, told
    found = ability(y, fit.discrimination, fit.intercept)
    yield "ability", found.low, found.high, np.ones(len(y), dtype=bool)
