"""Items: discrimination, reliability, error of measurement, and how often a flag is false."""

from collections.abc import Callable, Iterator

import numpy as np
from scipy import special
from scipy import stats as reference

from benchmarks.calibration.cells import HOUSE, Effort, Numbers, Row, generator
from evalvar.stats import (
    bounded_mean_interval,
    cronbach_alpha,
    falling_p,
    item_statistics,
    measurement_error,
    rest_scores,
)
from evalvar.stats.item_statistics import best_and_worst

Law = Callable[[np.random.Generator, int], Numbers]

# Abilities of models: all of one kind, a tail of strong ones, tails on both sides, two kinds.
ABILITIES: dict[str, Law] = {
    "normal": lambda rng, n: rng.normal(size=n),
    "skewed": lambda rng, n: rng.exponential(size=n) - 1,
    "long-tailed": lambda rng, n: rng.standard_t(4, size=n) / np.sqrt(2),
    "two kinds": lambda rng, n: rng.choice([-1.0, 1.0], n) + 0.3 * rng.normal(size=n),
}
RESPONDENTS = (10, 20, 50, 100)
ITEMS, MANY = 200, 300
# Items that are wrong, and the rate promised among the flagged.
WRONG, FDR = 0.05, 0.05


def items(effort: Effort) -> Iterator[Row]:
    """Right or wrong answers of a two-parameter law: intervals over respondents, false alarms."""
    for name, law in ABILITIES.items():
        yield from _intervals(name, law, effort)
        yield from _flags(name, law, effort)


def _bank(rng: np.random.Generator, count: int) -> tuple[Numbers, Numbers]:
    return rng.uniform(0, 2, count), rng.normal(0, 1.3, count)


def _chance(ability: Numbers, bank: tuple[Numbers, Numbers]) -> Numbers:
    return np.asarray(special.expit(bank[0] * (ability[:, None] - bank[1])))


def _answers(rng: np.random.Generator, chance: Numbers) -> Numbers:
    return (rng.random(chance.shape) < chance).astype(float)


def _intervals(name: str, law: Law, effort: Effort) -> Iterator[Row]:
    rng = generator("items", name)
    bank = _bank(rng, ITEMS)
    many = _chance(law(rng, 100_000), bank)
    true_r, true_alpha, true_error = _truths(many)
    true_total, true_ends = _of_the_whole(_answers(rng, many))
    for n in RESPONDENTS:
        sets = effort.draws(400)
        held: dict[tuple[str, str, str], list[float]] = {}
        widths: dict[tuple[str, str, str], list[float]] = {}

        def saw(
            key: tuple[str, str, str], low: Numbers, high: Numbers, truth: Numbers,
            held: dict[tuple[str, str, str], list[float]] = held,
            widths: dict[tuple[str, str, str], list[float]] = widths,
        ) -> None:  # fmt: skip
            known = np.isfinite(low)
            held.setdefault(key, []).extend(((low <= truth) & (truth <= high))[known])
            widths.setdefault(key, []).extend((high - low)[known])

        for _ in range(sets):
            y = _answers(rng, _chance(law(rng, n), bank))
            found = item_statistics(y)
            few = np.isfinite(found.rest_low)  # of the same items for both
            saw(("item-rest r", "jackknife of Fisher's z", HOUSE),
                np.where(few, found.rest_low, np.nan), found.rest_high, true_r)  # fmt: skip
            half = 1.959964 / np.sqrt(n - 3)
            z = np.arctanh(np.where(few, found.rest, np.nan))
            saw(("item-rest r", "Fisher's z, 1/sqrt(n - 3)", "practice"), np.tanh(z - half),
                np.tanh(z + half), true_r)  # fmt: skip
            saw(("item-total r", "jackknife of Fisher's z", HOUSE), found.total_low,
                found.total_high, true_total)  # fmt: skip
            saw(("upper-lower index", "MOVER of both means", HOUSE), *_ends(y), true_ends)
            alpha = cronbach_alpha(y)
            saw(("alpha", "wider of jackknife and F", HOUSE), np.array([alpha.low]),
                np.array([alpha.high]), true_alpha)  # fmt: skip
            top, bottom = reference.f.ppf([0.975, 0.025], n - 1, (n - 1) * (ITEMS - 1))
            saw(("alpha", "Feldt's F", "practice"), np.array([1 - (1 - alpha.value) * top]),
                np.array([1 - (1 - alpha.value) * bottom]), true_alpha)  # fmt: skip
            error = measurement_error(y)
            saw(("error of measurement", "root of mean square, t over respondents", HOUSE),
                np.array([error.low]), np.array([error.high]), true_error)  # fmt: skip
        for (what, method, by), hits in held.items():
            cell = f"abilities {name}, {n} respondents, {ITEMS} items"
            width = float(np.mean(widths[(what, method, by)]))
            yield Row(f"items: {what}", cell, method, by, "coverage", float(np.mean(hits)), sets,
                      width, 0.0, 0.0)  # fmt: skip


def _of_the_whole(answers: Numbers) -> tuple[Numbers, Numbers]:
    """Give item-total correlations and upper-lower indices of a great many respondents."""
    total = answers.mean(axis=1)
    far = total - total.mean()
    r = far @ (answers - answers.mean(axis=0)) / len(far) / answers.std(axis=0) / total.std()
    best, worst = best_and_worst(total)
    return r, answers[best].mean(axis=0) - answers[worst].mean(axis=0)


def _ends(y: Numbers) -> tuple[Numbers, Numbers]:
    """Give the bounds of the upper-lower indices, as `evalvar.items` does."""
    (best, low, high), (worst, lower, higher) = (
        (part.mean(axis=0), *bounded_mean_interval(
            len(part), part.mean(axis=0), part.var(axis=0, ddof=1), (part == 0).sum(axis=0),
            (part == 1).sum(axis=0), low=0.0, high=1.0,
        ))
        for part in (y[rows] for rows in best_and_worst(rest_scores(y)[0]))
    )  # fmt: skip
    d = best - worst
    return d - np.hypot(best - low, higher - worst), d + np.hypot(high - best, worst - lower)


def _truths(chance: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Give item-rest correlations, alpha and the error of measurement of the whole law."""
    total = chance.sum(axis=1)
    noise = (chance * (1 - chance)).mean(axis=0)
    variances = chance.var(axis=0) + noise
    with_total = ((chance - chance.mean(axis=0)) * (total - total.mean())[:, None]).mean(axis=0)
    rest = total.var() + noise.sum() - noise - 2 * with_total + chance.var(axis=0)
    r = (with_total - chance.var(axis=0)) / np.sqrt(variances * rest)
    count = chance.shape[1]
    alpha = count / (count - 1) * (1 - variances.sum() / (total.var() + noise.sum()))
    error = np.sqrt((total.var() + noise.sum()) * (1 - alpha)) / count
    return r, np.array([alpha]), np.array([error])


def _flags(name: str, law: Law, effort: Effort) -> Iterator[Row]:
    """Turn some items around, or none, and count the false among the flagged."""
    for n in (10, 25, 100):
        for wrong, seeds in ((0.0, 1), (WRONG, 1), (0.0, 3), (WRONG, 3)):
            if seeds > 1 and name != "normal":
                continue
            cell = f"abilities {name}, {n} respondents, {MANY} items, {wrong:.0%} turned around"
            cell += f", means of {seeds} seeds" if seeds > 1 else ""
            rng, sets = generator("item flags", cell), effort.draws(200)
            false, found = np.zeros(sets), np.zeros(sets)
            for i in range(sets):
                bank = _bank(rng, MANY)
                turned = np.arange(MANY) < wrong * MANY
                chance = _chance(law(rng, n), bank)
                y = np.mean([_answers(rng, chance) for _ in range(seeds)], axis=0)
                # a tenth of the items knows nothing of ability
                idle = np.arange(MANY) >= 0.9 * MANY
                y[:, idle] = rng.binomial(seeds, 0.5, (n, int(idle.sum()))) / seeds
                y[:, turned] = 1 - y[:, turned]
                p = falling_p(y, rest_scores(y)[1])
                known = np.isfinite(p)
                flagged = np.zeros(MANY, dtype=bool)
                flagged[known] = reference.false_discovery_control(p[known]) <= FDR
                false[i] = (flagged & ~turned).sum() / max(flagged.sum(), 1)
                found[i] = (flagged & turned).sum() / max(turned.sum(), 1)
            method = "rank sum, Benjamini-Hochberg 5 %"
            yield Row("items: flipped, false discoveries", cell, method, HOUSE, "error rate",
                      float(false.mean()), sets)  # fmt: skip
            if wrong:
                yield Row("items: flipped, found", cell, method, HOUSE, "power",
                          float(found.mean()), sets)  # fmt: skip
