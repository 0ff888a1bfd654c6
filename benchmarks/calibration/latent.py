"""Item response curves: intervals of items and abilities, and the size of the test of fit."""

from collections.abc import Iterator

import numpy as np

from benchmarks.calibration.cells import HOUSE, Effort, Row, generator
from evalvar.stats import IrtFit, ability, fit_irt, item_fit, shuffled

_SHAPES = ((30, 300), (100, 100), (400, 50))


def item_curves(effort: Effort) -> Iterator[Row]:
    """Models drawn from a normal, items with slopes that are normal, log-normal, or of any sign.

    What is covered is on the scale of the models at hand: their abilities have mean 0 and
    variance 1.
    """
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
                control = fit_irt(shuffled(y, rng=rng), max_steps=200)
                clear = control.discrimination - 1.959964 * control.discrimination_se > 0
                found += int(clear.any())
            for name, inside in held.items():
                hits, mean = np.concatenate(inside), float(np.concatenate(width[name]).mean())
                yield Row(f"irt, {name}", cell, "fit_irt", HOUSE, "coverage", float(hits.mean()),
                          sets, mean)  # fmt: skip
            every = np.concatenate(alarms)
            yield Row("irt, item fit", cell, "score test, 5 %", HOUSE, "error rate",
                      float(every.mean()), sets)  # fmt: skip
            yield Row("irt, shuffled control", cell, "any item clear of 0", HOUSE, "error rate",
                      found / sets, sets)  # fmt: skip


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
