"""Several models at once: intervals that hold together, and rank sets."""

from collections.abc import Iterator

import numpy as np
from scipy import special

from benchmarks.calibration import laws, peers
from benchmarks.calibration.cells import HOUSE, Effort, Numbers, Row, covered, generator
from evalvar.analyses.facts import Facts
from evalvar.analyses.field import Field
from evalvar.analyses.standing import adjusted, standing
from evalvar.stats import all_pairs, max_t, rank_sets, sparse_t_pairs

MODELS, ITEMS = (3, 5, 10), (30, 100, 300)
LINKS = (0.0, 0.5, 0.9)
_RESAMPLES = 1999


def at_once(effort: Effort, models: int) -> Iterator[Row]:
    """All pairs of a leaderboard, as `leaderboard` compares them, and their ranks."""
    for n in ITEMS:
        for r in LINKS:
            for law in ("right or wrong", "near the top", "fractions"):
                cell = f"{law}, {models} models, correlation {r:g}, {n} items"
                rng = generator("at once", cell)
                sets = effort.draws(1000 if models < 10 else 600)
                x, truth = scores(rng, sets, n, models, r, law)
                kind = "fractions" if law == "fractions" else "right or wrong"
                yield from _rows(f"all pairs at once, {kind}", cell, x, truth, law)


def at_once_over_seeds(effort: Effort) -> Iterator[Row]:
    """Do the same with three seeds of each model, drawn again with the items."""
    for models in (3, 5):
        for seed_sd in (0.05, 0.3):
            cell = f"{models} models, 3 seeds each, seed sd {seed_sd:g}, 100 items"
            rng, sets = generator("at once", cell), effort.draws(1000)
            items = rng.standard_normal((sets, 1, 100, 1))
            level = rng.standard_normal((1, models, 1, 1)) * 0.3
            noise = rng.standard_normal((sets, models, 100, 3))
            seed = seed_sd * rng.standard_normal((sets, models, 1, 3))
            x = items + level + noise + seed
            found = (compared_over_seeds(one, number) for number, one in enumerate(x))
            held, ranked, width = _tallied(found, level[0, :, 0, 0])
            name, regime = "max-T on sparse-t with seeds", "all pairs at once, items x seeds"
            yield Row(regime, cell, name, HOUSE, "joint coverage", held, sets, width)
            yield Row(f"ranks of {regime}", cell, name, HOUSE, "joint coverage", ranked, sets)


def scores(
    rng: np.random.Generator, sets: int, n: int, models: int, r: float, law: str
) -> tuple[Numbers, Numbers]:
    """Draw (sets, models, items) of models that lie apart or tie, and their true means."""
    z = np.stack(laws.linked(rng, (sets, n), models, r), axis=1)
    if law == "fractions":
        return laws.as_beta(z, 4, 2), np.full(models, 4 / 6)
    # A third of the models tie at the top; the others follow in steps.
    top, step = (0.97, 0.02) if law == "near the top" else (0.7, 0.05)
    place = np.maximum(np.arange(models) - models // 3, 0)
    truth = np.maximum(top - step * place, 0.05)
    return (z < special.ndtri(truth)[:, None]) * 1.0, truth


def _rows(regime: str, cell: str, x: Numbers, truth: Numbers, law: str) -> Iterator[Row]:
    sets, gaps = len(x), _gaps(truth)
    found = (compared(one.T, -1, 1, number) for number, one in enumerate(x))
    held, ranked, width = _tallied(found, truth)
    yield Row(regime, cell, "max-T on sparse-t", HOUSE, "joint coverage", held, sets, width)
    yield Row(f"ranks of {regime}", cell, "max-T on sparse-t", HOUSE, "joint coverage", ranked,
              sets)  # fmt: skip
    for name, by, bounds in (
        ("simultaneous_ci", "evalstats", evalstats_at_once),
        ("two stderrs, unpaired, pair by pair", "lm-eval", _unpaired),
    ):
        low, high = bounds(x, law)
        inside = covered(low, high, gaps).all(axis=1)
        yield Row(regime, cell, name, by, "joint coverage", float(inside.mean()), sets,
                  float((high - low).mean()))  # fmt: skip
        below, above = high < 0, low > 0
        right = _ranks_hold(below, above, truth)
        yield Row(f"ranks of {regime}", cell, name, by, "joint coverage", right, sets)


def compared(
    x: Numbers, low: float, high: float, rng: int
) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """Compare all pairs of (items, models) as `leaderboard` does (tested).

    Gives the differences, both ends of their intervals, and their p-values, adjusted.
    """
    pairs, alone = all_pairs(x), sparse_t_pairs(x, low=low, high=high)
    p, level = max_t(alone.p_value, pairs.covariance, pairs.ends, rng=rng, df=len(x) - 1)
    wide = sparse_t_pairs(x, low=low, high=high, level=level)
    return wide.value, wide.low, wide.high, p


def compared_over_seeds(x: Numbers, rng: int) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """Do the same with (models, items, seeds), all of them drawn again."""
    models, items, seeds = x.shape
    facts = Facts(True, np.nan, np.nan, np.nan, False, False)
    field = Field(
        "task", "score", [f"{m}" for m in range(models)], list(x), [np.arange(seeds)] * models,
        None, facts, np.zeros(models, dtype=int), (), items,
    )  # fmt: skip
    found = standing(field, True, 0.95, rng)
    p, level = adjusted(found, found.differ(found.ends, 0.95), "max-t", 0.95)
    wide = found.differ(found.ends, level)
    value, low, high = np.array([[pair.value, pair.low, pair.high] for pair in wide]).T
    return value, low, high, p


def _tallied(
    all_found: Iterator[tuple[Numbers, Numbers, Numbers, Numbers]], truth: Numbers
) -> tuple[float, float, float]:
    """Give the shares of data sets with all gaps, and all ranks, inside; and the mean width."""
    gaps, held, ranked, widths = _gaps(truth), [], [], []
    i, j = np.triu_indices(truth.size, 1)
    for value, low, high, p in all_found:
        held.append(covered(low, high, gaps).all())
        widths.append(high - low)
        verdicts = np.zeros((truth.size, truth.size), dtype=int)
        verdicts[i, j] = np.where(p <= 0.05, np.sign(value), 0)
        ranked.append(_inside(*rank_sets(verdicts - verdicts.T), truth))
    return float(np.mean(held)), float(np.mean(ranked)), float(np.mean(widths))


def _gaps(truth: Numbers) -> Numbers:
    i, j = np.triu_indices(truth.size, 1)
    return np.asarray(truth[i] - truth[j])


def _inside(best: Numbers, worst: Numbers, truth: Numbers) -> bool:
    """Tell whether each true rank, or with ties one among the tied, lies in its set."""
    ahead = (truth > truth[:, None] + 1e-12).sum(axis=1)
    tied = (np.abs(truth - truth[:, None]) <= 1e-12).sum(axis=1)
    return bool(((best <= ahead + tied) & (worst >= ahead + 1)).all())


def _ranks_hold(below: Numbers, above: Numbers, truth: Numbers) -> float:
    i, j = np.triu_indices(truth.size, 1)
    held = 0
    for down, up in zip(below, above, strict=True):
        verdicts = np.zeros((truth.size, truth.size), dtype=int)
        verdicts[i, j] = up.astype(int) - down
        verdicts[j, i] = -verdicts[i, j]
        held += _inside(*rank_sets(verdicts), truth)
    return held / len(below)


def _unpaired(x: Numbers, law: str) -> tuple[Numbers, Numbers]:
    i, j = np.triu_indices(x.shape[1], 1)
    mean, se = x.mean(axis=2), x.std(axis=2, ddof=1) / np.sqrt(x.shape[2])
    return peers.symmetric(mean[:, i] - mean[:, j], np.hypot(se[:, i], se[:, j]), 1.96)


def evalstats_at_once(x: Numbers, law: str) -> tuple[Numbers, Numbers]:
    """Widen each pair's interval by Sidak, from 50 items (numeric: 30) by a joint bootstrap."""
    sets, models, n = x.shape
    i, j = np.triu_indices(models, 1)
    binary = law != "fractions"
    alpha = np.full(sets, peers.sidak(i.size))
    if n >= (50 if binary else 30):
        right = x.sum(axis=2)
        lopsided = binary & (np.minimum(right, n - right).min(axis=1) < 5)
        rng = np.random.default_rng(int(x[:50].sum()) + n)
        for start in range(0, sets, 50):
            part = slice(start, start + 50)
            alpha[part] = np.where(lopsided[part], alpha[part], _joint_error(x[part], i, j, rng))
    low, high = np.empty((sets, i.size)), np.empty((sets, i.size))
    for pair, (a, b) in enumerate(zip(i, j, strict=True)):
        d = x[:, a] - x[:, b]
        if binary:
            ends = peers.bonett_price(n, (d > 0).sum(axis=1), (d < 0).sum(axis=1), alpha)
        else:
            ends = peers.logit_t(d, -1, 1, alpha)
        low[:, pair], high[:, pair] = ends
    return low, high


def _joint_error(x: Numbers, i: Numbers, j: Numbers, rng: np.random.Generator) -> Numbers:
    """Give the error of one interval from the largest of the bootstrapped differences."""
    sets, models, n = x.shape
    rows = rng.integers(0, n, size=(_RESAMPLES, n)) + n * np.arange(_RESAMPLES)[:, None]
    counts = np.bincount(rows.ravel(), minlength=_RESAMPLES * n).reshape(_RESAMPLES, n)
    drawn = (x.reshape(-1, n) @ counts.T / n).reshape(sets, models, -1)
    largest = np.zeros((sets, _RESAMPLES))
    for a, b in zip(i, j, strict=True):
        d = drawn[:, a] - drawn[:, b]
        spread = d.std(axis=1, ddof=1)[:, None]
        off = d - (x[:, a] - x[:, b]).mean(axis=1)[:, None]
        with np.errstate(all="ignore"):
            largest = np.maximum(largest, np.where(spread > 1e-12, np.abs(off) / spread, 0))
    return np.asarray(np.clip(2 * special.ndtr(-np.quantile(largest, 0.95, axis=1)), 1e-9, 1))
