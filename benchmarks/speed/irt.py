"""Item response curves beside girth's, on the same simulated answers, and how ours grow."""

import numpy as np
from girth import twopl_mml

from benchmarks.speed.timing import measure, row
from evalvar.stats import ability, fit_irt, item_fit, item_slope, shuffled


def main() -> None:
    for n, items, target, repeat in ((400, 50, None, 3), (400, 200, 100, 1)):
        y, a, b = _answers(n, items)
        fit, peer = fit_irt(y), twopl_mml(y.T.astype(int))
        slopes = peer["Discrimination"]
        ours = measure(lambda y=y: fit_irt(y))
        theirs = measure(lambda y=y: twopl_mml(y.T.astype(int)), repeat=repeat)
        row(f"2PL, {n:,} models x {items:,} items, girth", ours, theirs, target=target)
        errors = (
            _rmse(fit.discrimination, a), _rmse(slopes, a),
            _rmse(fit.intercept, b), _rmse(slopes * peer["Difficulty"], b),
        )  # fmt: skip
        print("  RMSE of a: ours {:.3f}, peer {:.3f}; of b: {:.3f}, {:.3f}".format(*errors))
    for n, items in ((21, 12_000), (400, 1_000), (400, 10_000), (5_000, 1_000), (5_000, 5_000)):
        y, *_ = _answers(n, items)
        fit = fit_irt(y)
        if not fit.converged:
            raise RuntimeError(f"{n} x {items}: not converged after {fit.iterations} steps.")
        what = f"growth: 2PL, {n:,} models x {items:,} items, {fit.iterations} steps"
        row(what, measure(lambda y=y: fit_irt(y), repeat=3))
    y, *_ = _answers(400, 10_000)
    fit = fit_irt(y)
    a, b = fit.discrimination, fit.intercept
    row("abilities of 400 models on 10,000 items", measure(lambda: ability(y, a, b), repeat=3))
    row("fit of 10,000 items, 400 models", measure(lambda: item_fit(y, a, b), repeat=3))
    row("slopes of 10,000 items, 400 models", measure(lambda: item_slope(y, a, b), repeat=3))
    mixed = shuffled(y, rng=np.random.default_rng(0))
    row("2PL, 400 models x 10,000 items, shuffled", measure(lambda: fit_irt(mixed), repeat=3))
    y[np.random.default_rng(1).random(y.shape) < 0.3] = np.nan
    what = "growth: 2PL, 400 models x 10,000 items, 30% not asked"
    row(what, measure(lambda: fit_irt(y), repeat=3))


def _answers(n: int, items: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw answers, with their discriminations and intercepts."""
    rng = np.random.default_rng(0)
    theta, a = rng.normal(size=n), rng.lognormal(0, 0.4, items)
    b = a * rng.normal(0, 1.2, items)
    right = rng.random((n, items)) < 1 / (1 + np.exp(b - np.outer(theta, a)))
    return right.astype(np.float64), a, b


def _rmse(x: np.ndarray, truth: np.ndarray) -> float:
    return float(np.sqrt(np.mean((x - truth) ** 2)))


if __name__ == "__main__":
    main()
