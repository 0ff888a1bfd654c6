"""Variance components beside statsmodels' MixedLM, and what they cost as the table grows.

Compared is the same answer: the variance of items, of seeds and of what is left, each with its
standard error, from a table in memory. Ours are the closed moments, MixedLM's are REML by its own
defaults, with its design laid out beforehand; they agree on these tables. Ours gives besides the
whole covariance, the degrees of freedom and the spread of the cells, for intervals.
"""

import numpy as np
from statsmodels.regression.mixed_linear_model import MixedLM, VCSpec

from benchmarks.speed.timing import Timing, measure, row
from evalvar.stats import Components, variance_components

# The fixed cost of a small table is below what one call can be timed by.
CALLS = 200


def main() -> None:
    rng = np.random.default_rng(0)
    for n, seeds, repeat in ((30, 5, 5), (100, 10, 3), (200, 10, 1)):
        y = _table(rng, n, seeds)
        call = _mixed(y)
        _check(y, call())
        row(
            f"components and their errors, {n} items x {seeds} seeds, MixedLM",
            _ours(y, CALLS), measure(call, repeat=repeat), target=1000,
        )  # fmt: skip
    _growth(rng)


def _ours(y: np.ndarray, calls: int) -> Timing:
    axes = _axes(y)

    def run() -> None:
        for _ in range(calls):
            _errors(variance_components(y, axes))

    many = measure(run)
    return Timing(many.cpu / calls, many.wall / calls, many.peak_mib)


def _errors(found: Components) -> np.ndarray:
    return np.sqrt(np.diag(found.covariance))


def _mixed(y: np.ndarray):
    item, seed = (code.ravel() for code in np.indices(y.shape))
    effects = [np.eye(len(y))[item], np.eye(y.shape[1])[seed]]
    names = [[[str(level) for level in range(z.shape[1])]] for z in effects]
    spec = VCSpec(["item", "seed"], names, [[z] for z in effects])
    one = np.ones((y.size, 1))

    def fit() -> tuple[np.ndarray, np.ndarray]:
        found = MixedLM(y.ravel(), one, groups=one[:, 0], exog_vc=spec).fit()
        return np.append(found.vcomp, found.scale), found.bse

    return fit


def _check(y: np.ndarray, fit: tuple[np.ndarray, np.ndarray]) -> None:
    """All components are positive here: moments and REML are then the same."""
    np.testing.assert_allclose(variance_components(y, _axes(y)).values, fit[0], rtol=1e-3)


def _growth(rng: np.random.Generator) -> None:
    for n, seeds in ((1_000, 10), (10_000, 10), (100_000, 10)):
        ours = _ours(_table(rng, n, seeds), 10)
        row(f"growth: {n:,} items x {seeds} seeds", ours)
    full = _table(rng, 10_000, 10)
    item, seed = (code.ravel() for code in np.indices(full.shape))
    every = {"item": item, "seed": seed}
    row(
        "growth: the 10,000 x 10 as rows", measure(lambda: variance_components(full.ravel(), every))
    )
    for missing in (0.1, 0.5):
        kept = rng.random(full.size) >= missing
        y, axes = full.ravel()[kept], {axis: code[kept] for axis, code in every.items()}
        what = f"growth: of 10,000 x 10 cells {missing:.0%} missing"
        row(what, measure(lambda y=y, axes=axes: variance_components(y, axes)))
    drawn = {"item": rng.integers(0, 10_000, 100_000), "seed": rng.integers(0, 10, 100_000)}
    scores = rng.normal(size=100_000)
    what = "growth: 100,000 rows, 0 to 8 samples a cell"
    row(what, measure(lambda: variance_components(scores, drawn)))


def _table(rng: np.random.Generator, n: int, seeds: int) -> np.ndarray:
    parts = rng.normal(size=(n, 1)) + 0.5 * rng.normal(size=(1, seeds))
    return np.asarray(parts + rng.normal(size=(n, seeds)))


def _axes(y: np.ndarray) -> dict[str, np.ndarray]:
    return {"item": np.arange(len(y))[:, None], "seed": np.arange(y.shape[1])}


if __name__ == "__main__":
    main()
