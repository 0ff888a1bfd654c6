"""The laws that data sets are drawn from, with their true values. Data sets are rows."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from scipy import special

from benchmarks.calibration.cells import Numbers

Draw = Callable[[np.random.Generator, tuple[int, ...]], Numbers]
SIZES = (15, 30, 50, 100, 300, 1000, 10_000)


def beta(a: float, b: float) -> tuple[Draw, float]:
    return (lambda rng, shape: rng.beta(a, b, shape)), a / (a + b)


def inflated(share: float, at: float, a: float, b: float) -> tuple[Draw, float]:
    """Put a share of the items exactly at one value, and the rest into a Beta law."""

    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> Numbers:
        return np.where(rng.random(shape) < share, at, rng.beta(a, b, shape))

    return draw, share * at + (1 - share) * a / (a + b)


def graded(*shares: float) -> tuple[Draw, float]:
    """Grade 1 to 5 with these shares, on the scale 0..1 with its ends as the range."""
    grades = np.linspace(0, 1, len(shares))

    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> Numbers:
        return np.asarray(rng.choice(grades, shape, p=shares))

    return draw, float(grades @ np.array(shares))


MILD = {
    "Beta(8,2)": beta(8, 2),
    "Beta(2,.5)": beta(2, 0.5),
    "Beta(.5,.5)": beta(0.5, 0.5),
    "Beta(2,2)": beta(2, 2),
    "Likert, centred": graded(0.1, 0.2, 0.4, 0.2, 0.1),
    "Likert, high": graded(0.02, 0.05, 0.13, 0.3, 0.5),
}
INFLATED = {
    "80 % zeros, rest Beta(2,2)": inflated(0.8, 0.0, 2, 2),
    "90 % zeros, rest Beta(1,3)": inflated(0.9, 0.0, 1, 3),
    "95 % zeros, rest Beta(2,2)": inflated(0.95, 0.0, 2, 2),
    "92 % ones, rest Beta(1,1)": inflated(0.92, 1.0, 1, 1),
}


def lognormal(sigma: float) -> tuple[Draw, float]:
    """Give negative log-likelihoods: no upper end."""
    return (lambda rng, shape: rng.lognormal(0.0, sigma, shape)), float(np.exp(sigma**2 / 2))


def gamma(shape_: float) -> tuple[Draw, float]:
    return (lambda rng, shape: rng.gamma(shape_, 1.0, shape)), shape_


SKEWED = {
    "lognormal, sigma .5": lognormal(0.5),
    "lognormal, sigma .8": lognormal(0.8),
    "lognormal, sigma 1": lognormal(1.0),
    "Gamma(.7)": gamma(0.7),
}


@lru_cache(maxsize=256)
def both_right(p: float, q: float, r: float) -> float:
    """Give the chance that two models are right, r the correlation of what lies beneath."""
    from scipy import stats

    law = stats.multivariate_normal([0, 0], [[1, r], [r, 1]])
    return float(law.cdf([special.ndtri(p), special.ndtri(q)])) if r else p * q


def table(p: float, q: float, r: float) -> Numbers:
    """Give the chances of (both right, only a, only b, neither)."""
    both = both_right(p, q, r)
    return np.maximum([both, p - both, q - both, 1 - p - q + both], 0.0)


def linked(rng: np.random.Generator, shape: tuple[int, ...], count: int, r: float) -> list[Numbers]:
    """Draw normal scores of several systems that share a part, correlation r."""
    shared = np.sqrt(r) * rng.standard_normal(shape)
    return [shared + np.sqrt(1 - r) * rng.standard_normal(shape) for _ in range(count)]


def as_beta(z: Numbers, a: float, b: float) -> Numbers:
    """Turn normal scores into Beta ones, by their ranks in the law, read off a fine table."""
    return np.interp(z, _GRID, _quantiles(a, b))


_GRID = np.linspace(-7, 7, 28_001)


@lru_cache(maxsize=32)
def _quantiles(a: float, b: float) -> Numbers:
    return np.asarray(special.betaincinv(a, b, special.ndtr(_GRID)))


def crossed(
    rng: np.random.Generator, sets: int, n: int, seeds: int, item_sd: float, seed_sd: float
) -> tuple[Numbers, Numbers]:
    """Draw items (sets, n, 1), and items + seeds + rest (sets, n, seeds); the rest has sd 1."""
    items = item_sd * rng.standard_normal((sets, n, 1))
    return items, items + seeds_and_rest(rng, sets, n, seeds, seed_sd)


def seeds_and_rest(
    rng: np.random.Generator, sets: int, n: int, seeds: int, seed_sd: float
) -> Numbers:
    own = seed_sd * rng.standard_normal((sets, 1, seeds))
    return np.asarray(own + rng.standard_normal((sets, n, seeds)))


def cut(p: float, *sds: float) -> float:
    """Give the level below which a share p of a sum of normals lies."""
    return float(special.ndtri(p) * np.sqrt(sum(sd**2 for sd in sds)))
