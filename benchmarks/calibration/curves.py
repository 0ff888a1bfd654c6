"""Training curves: tau of one run, tests against drift, the last checkpoints, smoothing."""

from collections.abc import Callable, Iterator

import numpy as np

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
from evalvar.stats import (
    Estimate,
    bounded_mean_ci,
    kendall_tau,
    kendall_tau_null_sd,
    rise_share,
)
from evalvar.stats.attenuation import clear_tau, kendall_tau_ci
from evalvar.stats.drift import FEWEST, drift, trend_test
from evalvar.stats.mean_tau import mean_tau_ci
from evalvar.stats.rising import isotonic_r2
from evalvar.stats.smoothing import (
    last_noise,
    last_noise_detrended,
    last_ratio,
    smoothing_gain,
)

LAST = 5
DRIFTS = (0.0, 0.5, 0.9)
SHAPES: dict[str, Callable[[Numbers], Numbers]] = {
    "steady rise": lambda u: 0.25 + 0.4 * u,
    "rise that levels off": lambda u: 0.25 + 0.4 * (1 - np.exp(-4 * u)),
    "slight rise": lambda u: 0.25 + 0.05 * u,
    "no rise": lambda u: 0.25 + 0 * u,
}
RISES: dict[str, Callable[[Numbers], Numbers]] = {
    "steady": lambda u: u,
    "logistic": lambda u: 1 / (1 + np.exp(-10 * (u - 0.5))),
    "levels off": lambda u: 1 - np.exp(-4 * u),
}


def training_curves(effort: Effort) -> Iterator[Row]:
    """Draw runs of known true curves, with drift, and items that checkpoints share."""
    yield from _one_run(effort)
    yield from _tests(effort)
    yield from _tails(effort)
    yield from _gains(effort)
    yield from _over_seeds(effort)


def _one_run(effort: Effort) -> Iterator[Row]:
    """Draw the items again of a run whose true curve wobbles about its shape."""
    for shape, curve in SHAPES.items():
        for n_steps in (5, 10, 21):
            for n in (200, 2000):
                cell = f"{shape}, {n_steps} checkpoints, {n} items"
                rng, sets = generator("tau of a run", cell), effort.draws(300)
                apart = np.abs(np.subtract.outer(np.arange(n_steps), np.arange(n_steps)))
                related = 0.5 * np.exp(-apart / n_steps)
                np.fill_diagonal(related, 1)
                covariance = 0.24 / n * related
                root = np.linalg.cholesky(covariance)
                low, high, wide = np.zeros(sets), np.zeros(sets), np.zeros((2, sets))
                truth = np.zeros(sets)
                for i in range(sets):
                    true = curve(np.linspace(0, 1, n_steps))
                    true = true + 0.006 * _drifting(rng, 1, n_steps, 0.7)[0]
                    truth[i] = np.nanmean(
                        kendall_tau(true + rng.standard_normal((2000, n_steps)) @ root.T)
                    )
                    seen = true + root @ rng.standard_normal(n_steps)
                    found = kendall_tau_ci(seen, covariance, rng=rng, n_items=n)
                    # no draw has another tau: the interval is its value
                    ends = (found.low, found.high) if found.low == found.low else (found.value,) * 2
                    low[i], high[i] = ends
                    draws = kendall_tau(seen + rng.standard_normal((1000, n_steps)) @ root.T)
                    wide[:, i] = np.quantile(draws, [0.025, 0.975])
                # a mean over draws is within their error of 1, and an interval that ends at 1 holds
                near = 2e-3
                for name, by, ends in (
                    ("outer of quantiles and normal", HOUSE, (low, high)),
                    ("percentile bootstrap", "practice", (wide[0], wide[1])),
                ):
                    hit = covered(ends[0] - near, ends[1] + near, truth)
                    yield Row("curves: tau of one run, new items", cell, name, by, "coverage",
                              float(hit.mean()), sets,
                              float((ends[1] - ends[0]).mean()))  # fmt: skip


def _tests(effort: Effort) -> Iterator[Row]:
    """Test runs that only drift, with noise of their items on top, and runs that rise."""
    for n_steps in (FEWEST, 10, 15, 21, 45, 63):
        yield from _sizes(effort, n_steps)
        for shape, rise in RISES.items():
            for noise in (0.02, 0.05, 0.1):
                cell = f"{shape}, noise {noise:g} of the rise, {n_steps} checkpoints"
                rng, sets = generator("rises", cell), effort.draws(200)
                curve = rise(np.linspace(0, 1, n_steps))
                x = curve + noise * rng.standard_normal((sets, n_steps))
                yield from _rejected("curves: tests of a run that rises", cell, "power", x,
                                     noise**2 * np.eye(n_steps), rng)  # fmt: skip


def _sizes(effort: Effort, n_steps: int) -> Iterator[Row]:
    for rho in (0.0, 0.5, 0.8, 0.9, 0.95, 0.99, 1.0):
        for noise in (0.0, 0.5, 1.0):
            cell = f"{n_steps} checkpoints, drift {rho:g}, item noise {noise:g} of it"
            rng, sets = generator("drift", cell), effort.draws(800)
            x = _drifting(rng, sets, n_steps, rho)
            x = x + noise * rng.standard_normal(x.shape)
            known = noise**2 * np.eye(n_steps) if noise else None
            regime = "curves: tests of a run without trend"
            yield from _rejected(regime, cell, "size", x, known, rng)
            sd = kendall_tau_null_sd(n_steps)
            plain = float((np.abs(kendall_tau(x)) > 1.959964 * sd).mean())
            yield Row(regime, cell, "Mann-Kendall", "practice", "size", plain, sets)


def _rejected(
    regime: str, cell: str, measure: str, x: Numbers, known: Numbers | None,
    rng: np.random.Generator,
) -> Iterator[Row]:  # fmt: skip
    p = np.array([trend_test(run, rng=rng).p_value for run in x])
    yield Row(regime, cell, "tau against a random walk", HOUSE, measure,
              float((p <= 0.05).mean()), p.size)  # fmt: skip
    if known is not None:
        few = x[: max(1, len(x) // 4)]
        p = np.array([trend_test(run, known, rng=rng, n_draws=499).p_value for run in few])
        yield Row(regime, cell, "tau against a random walk, items known", HOUSE, measure,
                  float((p <= 0.05).mean()), p.size)  # fmt: skip


def _tails(effort: Effort) -> Iterator[Row]:
    """Draw the last checkpoints of runs that rose before, with the drift not known."""
    centre = (np.eye(LAST) - 1 / LAST) / (LAST - 1)
    steps = np.diff(np.eye(LAST), axis=0)
    steps = steps - steps.mean(axis=0)
    squares = steps.T @ steps / (2 * (LAST - 1 - 1 / (LAST - 1)))
    for n_steps in (10, 21, 63):
        for rho in DRIFTS:
            for seeds in (1, 5):
                cell = f"{n_steps} checkpoints, drift {rho:g}, {seeds} seeds"
                rng, sets = generator("last checkpoints", cell), effort.draws(500)
                rise = 5 * (1 - np.exp(-6 * np.linspace(0, 1, n_steps)))
                x = _drifting(rng, sets * seeds, n_steps, rho).reshape(sets, seeds, n_steps)
                known = np.array([np.mean([drift(run) for run in one]) for one in x + rise])
                end = x[:, :, -LAST:]
                apart = np.abs(np.subtract.outer(np.arange(LAST), np.arange(LAST)))
                related = np.power(rho, apart)
                about = float(np.sqrt(np.trace(centre @ related)))
                yield from _last("sd", cell, last_noise, end, known, about)
                without = float(np.sqrt(np.trace(squares @ related)))
                yield from _last("sd without trend", cell, last_noise_detrended, end, known,
                                 without)  # fmt: skip
                yield from _last("mean over sd", cell, last_ratio, end + 30 * about, known, 30.0)


def _last(
    what: str, cell: str, statistic: Callable[..., Estimate], end: Numbers, known: Numbers,
    truth: float,
) -> Iterator[Row]:  # fmt: skip
    def ours(end: Numbers, known: Numbers) -> Bounds:
        return stacked(statistic(x, drift=float(rho)) for x, rho in zip(end, known, strict=True))

    def plain(end: Numbers, known: Numbers) -> Bounds:
        return stacked(statistic(x) for x in end)

    methods = [
        Method("chi-square, drift estimated", HOUSE, ours),
        Method("chi-square, no drift", OPTION, plain),
    ]
    yield from coverage(f"curves: last checkpoints, {what}", cell, methods, (end, known), truth)


def _gains(effort: Effort) -> Iterator[Row]:
    """Draw seeds that differ throughout, and steps about them."""
    for seeds in (3, 5, 10):
        for noise in (0.3, 1.0, 3.0):
            cell = f"step sd {noise:g} of the seeds', {seeds} seeds"
            rng, sets = generator("smoothing", cell), effort.draws(2000)
            x = rng.standard_normal((sets, seeds, 1))
            x = x + noise * rng.standard_normal((sets, seeds, LAST))
            truth = float(np.sqrt((1 + noise**2) / (1 + noise**2 / LAST)))
            gain = [Method("Morgan-Pitman", HOUSE, lambda last, mean: stacked(
                smoothing_gain(a, b) for a, b in zip(last, mean, strict=True)))]  # fmt: skip
            yield from coverage("curves: gain of smoothing", cell, gain,
                                (x[:, :, -1], x.mean(axis=2)), truth)  # fmt: skip


def _over_seeds(effort: Effort) -> Iterator[Row]:
    """Average over seeds what is a share of each curve, or of its pairs of checkpoints."""
    yield from _clear(effort)
    for seeds in (3, 5, 10):
        for shape in ("rise that levels off", "slight rise", "no rise"):
            cell = f"{shape}, 21 checkpoints, {seeds} seeds"
            rng, sets = generator("curves over seeds", cell), effort.draws(500)
            whole = _runs(rng, shape, 4000)
            x = _runs(rng, shape, sets * seeds).reshape(sets, seeds, -1)

            def shares(x: Numbers) -> Bounds:
                return stacked(mean_tau_ci(2 * rise_share(one) - 1, checkpoints=21) for one in x)

            def fits(x: Numbers) -> Bounds:
                return stacked(bounded_mean_ci(isotonic_r2(one), low=0, high=1) for one in x)

            rises = [Method("mid-p on effective n", HOUSE, shares)]
            truth = float(2 * rise_share(whole).mean() - 1)
            yield from coverage("curves over seeds: share of rises", cell, rises, (x,), truth)
            truth = float(isotonic_r2(whole).mean())
            bounded = [Method("mid-p on effective n", HOUSE, fits)]
            yield from coverage("curves over seeds: isotonic R2", cell, bounded, (x,), truth)


def _clear(effort: Effort) -> Iterator[Row]:
    """Average tau of the pairs beyond the noise of 200 items."""
    for seeds in (3, 5, 10):
        for shape in ("rise that levels off", "slight rise", "no rise"):
            for n_steps in (5, 10, 21):
                cell = f"{shape}, {n_steps} checkpoints, {seeds} seeds"
                rng, sets = generator("clear pairs", cell), effort.draws(500)
                covariance = 0.24 / 200 * (0.5 * np.eye(n_steps) + 0.5)
                root = np.linalg.cholesky(covariance)
                rise = SHAPES[shape](np.linspace(0, 1, n_steps))
                x = rise + rng.standard_normal((sets * seeds + 2000, n_steps)) @ root.T
                taus = np.array([clear_tau(run, covariance) for run in x])
                truth = 0.0 if shape == "no rise" else float(taus[sets * seeds :].mean())
                method = Method("mid-p on effective n", HOUSE, lambda rows, n=n_steps: stacked(
                    mean_tau_ci(row, checkpoints=n) for row in rows))  # fmt: skip
                yield from coverage("curves over seeds: tau of pairs beyond the noise", cell,
                                    [method], (taus[: sets * seeds].reshape(sets, seeds),),
                                    truth)  # fmt: skip


def _runs(rng: np.random.Generator, shape: str, runs: int) -> Numbers:
    rise = SHAPES[shape](np.linspace(0, 1, 21))
    return rise + 0.01 * _drifting(rng, runs, 21, 0.5)


def _drifting(rng: np.random.Generator, runs: int, n_steps: int, rho: float) -> Numbers:
    """Draw first-order runs of standard deviation 1 that start in their law.

    With `rho` 1 they are random walks with steps of standard deviation 1.
    """
    noise = rng.standard_normal((runs, n_steps))
    if rho == 1:
        return noise.cumsum(axis=1)
    x = noise.copy()
    for t in range(1, n_steps):
        x[:, t] = rho * x[:, t - 1] + np.sqrt(1 - rho**2) * noise[:, t]
    return x
