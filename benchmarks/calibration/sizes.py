"""Tests: size at any discordance, power, and whether interval and p-value agree."""

from collections.abc import Callable, Iterator

import numpy as np
from scipy import special

from benchmarks.calibration import laws, peers
from benchmarks.calibration.cells import HOUSE, OPTION, Effort, Numbers, Row, generator
from benchmarks.calibration.pairs import outcomes
from evalvar.stats import mcnemar_many, sign_flip, skewed_mean_ci, sparse_t_counts, sparse_t_many

Test = Callable[[int, Numbers, Numbers], Numbers]
DISCORDANCE = np.r_[np.linspace(0.005, 0.1, 20), np.linspace(0.12, 0.6, 25)]
MARGIN = -0.01


def binary_tests(effort: Effort) -> Iterator[Row]:
    """Sum size, power and agreement over all outcomes; nothing is drawn."""
    for n in (15, 30, 50, 100, 300):
        b, c = (grid.ravel() for grid in np.indices((n + 1, n + 1)))
        b, c = b[b + c <= n], c[b + c <= n]
        rejects = {key: test(n, b, c) <= 0.05 for key, test in _TESTS.items()}
        for (name, by), reject in rejects.items():
            sizes = [float(chances(n, b, c, d / 2, d / 2) @ reject) for d in DISCORDANCE]
            worst = int(np.argmax(sizes))
            cell = f"worst discordance ({DISCORDANCE[worst]:.3g} of .005 to .6), n {n}"
            yield Row("tests, right or wrong", cell, name, by, "size", sizes[worst], 0)
        if n >= 100:
            yield from _powers(n, b, c, rejects)
        yield from _agreement(n, b, c)


def _powers(
    n: int, b: Numbers, c: Numbers, rejects: dict[tuple[str, str], Numbers]
) -> Iterator[Row]:
    for discordance in (0.1, 0.2, 0.4):
        for split in (0.65, 0.8):
            weights = chances(n, b, c, discordance * split, discordance * (1 - split))
            plain = float(weights @ rejects["chi-square, uncorrected", "textbook"])
            cell = f"discordance {discordance:g} split {split:.0%}, n {n}"
            for (name, by), reject in rejects.items():
                power = float(weights @ reject)
                yield Row("tests, right or wrong", cell, name, by, "power", power, 0)
                yield Row("tests, right or wrong", cell, name, by, "power ratio", power / plain, 0)


def _agreement(n: int, b: Numbers, c: Numbers) -> Iterator[Row]:
    found = sparse_t_counts(n, b, c)
    low, high = peers.bonett_price(n, b, c)
    for name, by, p, ends in (
        ("sparse-t", HOUSE, found.p_value, (found.low, found.high)),
        ("Bonett-Price beside mid-p", "evalstats", peers.mcnemar_midp(b, c), (low, high)),
    ):
        alike = (p <= 0.05) == ((ends[0] > 0) | (ends[1] < 0))
        for discordance, split in ((0.1, 0.5), (0.2, 0.65), (0.4, 0.5)):
            weights = chances(n, b, c, discordance * split, discordance * (1 - split))
            cell = f"discordance {discordance:g} split {split:.0%}, n {n}"
            share = float(weights @ alike / weights.sum())
            yield Row("interval and p-value", cell, name, by, "agreement", share, 0)


_TESTS: dict[tuple[str, str], Test] = {
    ("sparse-t", HOUSE): lambda n, b, c: sparse_t_counts(n, b, c).p_value,
    ("McNemar, exact", OPTION): lambda n, b, c: mcnemar_many(b, c),
    ("McNemar, mid-p", "evalstats"): lambda n, b, c: peers.mcnemar_midp(b, c),
    ("chi-square, uncorrected", "textbook"): lambda n, b, c: peers.textbook(b, c),
}


def chances(n: int, b: Numbers, c: Numbers, plus: float, minus: float) -> Numbers:
    return np.asarray(
        np.exp(
            special.gammaln(n + 1) - special.gammaln(b + 1) - special.gammaln(c + 1)
            - special.gammaln(n - b - c + 1) + b * np.log(plus) + c * np.log(minus)
            + (n - b - c) * np.log1p(-plus - minus)
        )
    )  # fmt: skip


def gates(effort: Effort) -> Iterator[Row]:
    """Put the rule ``difference >= -0.01`` on its edge: wrong passes and failures, exact."""
    for n in (30, 100, 300, 1000):
        for discordance in (0.02, 0.05, 0.1, 0.3):
            plus = (discordance + MARGIN) / 2
            b, c, weights = outcomes(n, plus, discordance - plus)
            found = sparse_t_counts(n, b, c)
            cell = f"difference -0.01, {discordance:g} of answers differ, n {n}"
            for measure, share in (
                ("wrong pass", (found.low >= MARGIN + 1e-12)),
                ("wrong failure", (found.high < MARGIN - 1e-12)),
            ):
                total = float(weights @ share / weights.sum())
                yield Row(f"gates, {measure}", cell, "sparse-t", HOUSE, "error rate", total, 0)


def numeric_tests(effort: Effort) -> Iterator[Row]:
    """Equal means: of one law, of two laws; the size, and whether interval and p agree."""
    for name in ("one law", "Beta(9,1) and Beta(.9,.1)", "10 % up .36, 90 % down .04"):
        for n in (30, 100, 300):
            cell = f"{name}, n {n}"
            rng, sets = generator("numeric tests", cell), effort.draws(10_000)
            d = equal_means(rng, (sets, n), name)
            kind = "one law" if name == "one law" else "two laws"
            found = sparse_t_many(d, low=-1, high=1)
            low, high = peers.logit_t(d, -1, 1)
            few = d[: effort.draws(1000)]
            ranks, flips = peers.wilcoxon(few), [sign_flip(x, rng=0, n_resamples=999)
                                                 for x in few[: effort.draws(500)]]  # fmt: skip
            skewed = [skewed_mean_ci(x).p_value for x in d[: effort.draws(4000)]]
            for method, by, p in (
                ("sparse-t", HOUSE, found.p_value),
                ("hull of t and skew-t", OPTION, np.array(skewed)),
                ("sign-flip", OPTION, np.array(flips)),
                ("Wilcoxon", "evalstats", ranks),
            ):
                share = float((p <= 0.05).mean())
                yield Row(f"tests, equal means of {kind}", cell, method, by, "size", share, p.size)
            ours = (found.p_value <= 0.05) == ((found.low > 0) | (found.high < 0))
            theirs = (ranks <= 0.05) == ((low > 0) | (high < 0))[: len(few)]
            for method, by, alike in (
                ("sparse-t", HOUSE, ours),
                ("logit-t beside Wilcoxon", "evalstats", theirs),
            ):
                share = float(alike.mean())
                yield Row("interval and p-value", cell, method, by, "agreement", share, alike.size)


def equal_means(rng: np.random.Generator, shape: tuple[int, int], name: str) -> Numbers:
    if name.startswith("10 %"):
        return np.where(rng.random(shape) < 0.1, 0.36, -0.04)
    a, b = laws.linked(rng, shape, 2, 0.5)
    if name == "one law":
        return laws.as_beta(a, 4, 2) - laws.as_beta(b, 4, 2)
    return laws.as_beta(a, 9, 1) - laws.as_beta(b, 0.9, 0.1)
