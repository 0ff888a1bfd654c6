"""pass@k, eff@k and their gap under new problems, new samples and new timings; run times."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.calibration.cells import (
    HOUSE,
    Effort,
    Numbers,
    Row,
    covered,
    generator,
)
from evalvar.analyses.gaps import gap_mean
from evalvar.stats import (
    Estimate,
    bounded_mean_ci,
    hodges_lehmann,
    order_weights,
    pass_at_k,
    ratio_of_means,
    skewed_mean_ci,
    sparse_t,
)
from evalvar.stats.fixed_items import fixed_items_ci, fixed_items_difference
from evalvar.stats.restricted_mean import restricted_mean_ratio
from evalvar.stats.survival import log_rank
from evalvar.stats.timing_noise import best_of_k_timing_variance, drawn_factors, repeat_noise
from evalvar.stats.try_noise import best_of_k_variance

REPEATS, ALPHA = 6, 2.0
DESIGNS = ((1, 1), (10, 1), (10, 10), (100, 10))
_WEAK = -3.0  # one answer in ten is right
MEASURES = ("pass", "eff", "gap")
_METHODS = {
    "new problems": "spread over problems",
    "new samples": "U-statistic, jackknife",
    "new timings": "repeats drawn anew",
}
# Numbers drawn at a time; new timings of a set.
_BLOCK, _DRAWS = 1 << 22, 1000


@dataclass(frozen=True, slots=True)
class Problems:
    """Per set and problem, for two models (first axis): chance to be right, log of slowness."""

    right: Numbers
    slow: Numbers

    @classmethod
    def drawn(cls, rng: np.random.Generator, sets: int, n: int, level: float) -> "Problems":
        """Draw problems of a difficulty and a pace that both models share."""
        ease, pace = level + 2 * rng.standard_normal((sets, n)), rng.normal(0.1, 0.4, (sets, n))
        own = rng.standard_normal((2, 2, sets, n))
        right = 1 / (1 + np.exp(-(ease + np.array([0.2, 0.0])[:, None, None] + 0.5 * own[0])))
        return cls(right, pace + np.array([0.0, 0.15])[:, None, None] + 0.15 * own[1])

    def of(self, sets: int) -> "Problems":
        """Return the first set, this often."""
        shape = (2, sets, self.right.shape[2])
        return Problems(*(np.broadcast_to(x[:, :1], shape) for x in (self.right, self.slow)))


def _noise(rng: np.random.Generator, shape: tuple[int, ...], sd: float) -> Numbers:
    """Draw factors of a time: a twentieth of the runs is held up by half on average."""
    held = (rng.random(shape) < 0.05) * rng.exponential(0.5, shape)
    return np.exp(sd * rng.standard_normal(shape)) + held


Programs = tuple[Numbers, Numbers]


def _programs(rng: np.random.Generator, problems: Problems, n: int) -> Programs:
    """Draw n answers each, shape (2, sets, problems, n): right or not, and slowness."""
    shape = (*problems.right.shape, n)
    right = rng.random(shape) < problems.right[..., None]
    slow = np.exp(problems.slow[..., None] + 0.3 * rng.standard_normal(shape))
    return right, slow


@dataclass(frozen=True, slots=True)
class Timed:
    """Scores of both models (first axis), and the repeats behind them."""

    right: Numbers
    scores: Numbers
    times: Numbers
    reference: Numbers

    @classmethod
    def of(cls, rng: np.random.Generator, programs: Programs, sd: float) -> "Timed":
        """Time programs beside a reference of pace 1, and score them on one level."""
        right, slow = programs
        times = slow[..., None] * _noise(rng, (*slow.shape, REPEATS), sd)
        reference = _noise(rng, (*slow.shape[1:3], 2 * REPEATS), sd)
        ratio = hodges_lehmann(times) / hodges_lehmann(reference)[..., None]
        return cls(right.astype(np.float64), right * _score(ratio), times, reference)

    def again(self, s: int, k: int) -> tuple[Numbers, Numbers]:
        """Give what new timings of a set change, as `retimed_scores` does.

        Returns
        -------
        own : array, shape (2, problems, n)
            Variance of each score over new repeats of its program.
        shared : array, shape (2, problems, draws)
            Best of k by new repeats of the references.
        """
        reference = self.reference[s]
        theirs = repeat_noise(reference[:, None])
        shared = drawn_factors(theirs, repeats=2 * REPEATS, draws=_DRAWS, rng=0)[:, 0]
        own, best = np.zeros(self.scores[:, s].shape), []
        for model, (right, times) in enumerate(
            zip(self.right[:, s], self.times[:, s], strict=True)
        ):
            ran = right == 1  # what is wrong is not timed
            noise = np.concatenate([repeat_noise(times[ran][:, None]), theirs])
            factors = drawn_factors(noise, repeats=REPEATS, draws=_DRAWS, rng=1)[:, 0]
            ratio = hodges_lehmann(times) / hodges_lehmann(reference)[:, None]
            own[model][ran] = _score(ratio[ran][:, None] * factors).var(axis=-1)
            moved = right[..., None] * _score(ratio[..., None] / shared)
            best.append(order_weights(ratio.shape[-1], k=k) @ np.sort(moved, axis=1))
        return own, np.stack(best)


def _score(ratio: Numbers) -> Numbers:
    return np.asarray(np.maximum(ALPHA - ratio, 0) / (ALPHA - 1))


def _ranked(timed: Timed, measure: str) -> Numbers:
    """Give what each answer counts for where it is the best, from the worst to the best."""
    if measure == "pass":
        return np.sort(timed.right, axis=-1)
    if measure == "eff":
        return np.sort(timed.scores, axis=-1)
    order = np.lexsort((timed.right, timed.scores), axis=-1)
    return np.take_along_axis(timed.right - timed.scores, order, -1)


def _values(timed: Timed, measure: str, k: int) -> Numbers:
    """Give the best of k, shape (2, sets, problems)."""
    ranked = _ranked(timed, measure)
    return np.asarray(ranked @ order_weights(ranked.shape[-1], k=k))


def _variances(timed: Timed, measure: str, k: int) -> Numbers:
    ranked = _ranked(timed, measure)
    flat = best_of_k_variance(ranked.reshape(-1, ranked.shape[-1]), k=k)
    return flat.reshape(ranked.shape[:-1])


def code(effort: Effort) -> Iterator[Row]:
    """Draw problems that share their difficulty between models, answers, and their timings."""
    for n_problems in (30, 142):
        for n, k in DESIGNS:
            for sd in (0.02, 0.1):
                yield from _over_items(effort, n_problems, n, k, sd)
        for n in (1, 10):
            yield from _over_items(effort, n_problems, n, 1, 0.02, level=_WEAK)
        for n, k in ((10, 5), (100, 10), (200, 10)):
            yield from _nearly_solved(effort, n_problems, n, k)
        for n, k in ((10, 1), (15, 10), (100, 10)):
            for level in (0.5, 5.0):
                yield from _over_samples(effort, n_problems, n, k, level)
        for n, k in ((1, 1), (10, 10)):
            for sd in (0.02, 0.1):
                yield from _over_timings(effort, n_problems, n, k, sd)
    yield from _again_and_again(effort)
    yield from _run_times(effort)


def _count(effort: Effort, full: int, n_problems: int, n: int) -> int:
    """Give fewer data sets where each is large."""
    return effort.draws(min(full, max(full // 4, 10_000_000 // (n_problems * n * 2 * REPEATS))))


def _blocks(sets: int, n_problems: int, n: int) -> Iterator[int]:
    step = max(1, _BLOCK // (2 * n_problems * n * REPEATS))
    for start in range(0, sets, step):
        yield min(step, sets - start)


def _named(name: str) -> str:
    """Say what is covered: of the kinds that one default is for."""
    return name.replace("pass", "pass@k").replace("eff", "eff@k").replace("gap", "gap@k")


def _rows(
    regime: str, cell: str, found: dict[str, list[Estimate]], truth: dict[str, float]
) -> Iterator[Row]:
    for name, estimates in found.items():
        low = np.array([one.low for one in estimates])
        high = np.array([one.high for one in estimates])
        known = np.isfinite(high - low)
        what = _named(name)
        yield Row(
            f"code: {regime}, {what}", f"{what}, {cell}", _METHODS[regime], HOUSE, "coverage",
            float(covered(low, high, truth[name]).mean()), len(estimates),
            float((high - low)[known].mean()) if known.any() else np.nan,
            float((high <= low).mean()), float((~known).mean()),
        )  # fmt: skip


def _over_items(
    effort: Effort, n_problems: int, n: int, k: int, sd: float, level: float = 0.5
) -> Iterator[Row]:
    weak = ", few solved" if level == _WEAK else ""
    cell = f"best of {k} of {n}, {n_problems} problems, timing sd {sd:g}{weak}"
    rng = generator("code, items", cell)
    truth = _truth(rng, k, sd, level)
    found: dict[str, list[Estimate]] = {name: [] for name in truth}
    sets = _count(effort, 500, n_problems, n)
    for size in _blocks(sets, n_problems, n):
        problems = Problems.drawn(rng, size, n_problems, level)
        timed = Timed.of(rng, _programs(rng, problems, n), sd)
        for measure in MEASURES:
            values = _values(timed, measure, k)
            for one, other in zip(*values, strict=True):
                found[measure].append(_alone(one, measure))
                found[f"difference in {measure}"].append(_apart(one, other, measure, k))
    yield from _rows("new problems", cell, found, truth)


def _alone(values: Numbers, measure: str) -> Estimate:
    if measure == "pass":
        return bounded_mean_ci(values, low=0.0, high=1.0)
    if measure == "gap":
        return gap_mean(values, 0.95)
    return skewed_mean_ci(values)


def _apart(one: Numbers, other: Numbers, measure: str, k: int) -> Estimate:
    scale = float(max(np.abs(one).max(), np.abs(other).max()))
    span = 1.0 if measure == "pass" else None
    uneven = span is not None and k > 1
    return sparse_t(one - other, low=span and -span, high=span, scale=scale, uneven=uneven)


def _nearly_solved(effort: Effort, n_problems: int, n: int, k: int) -> Iterator[Row]:
    """Compare two models that solve nearly all problems, one of them more surely."""
    cell = f"best of {k} of {n}, {n_problems} problems, two nearly solve all"
    rng = generator("code, nearly solved", cell)
    table = pass_at_k(n, np.arange(n + 1), k=k)

    def chances(sets: int) -> Numbers:
        ease = 1.5 * rng.standard_normal((sets, n_problems))
        own = 0.5 * rng.standard_normal((2, sets, n_problems))
        return np.asarray(1 / (1 + np.exp(-(ease + own + np.array([4.0, 3.0])[:, None, None]))))

    one, other = 1 - (1 - chances(600_000 // n_problems)) ** k
    name = "difference in pass"
    values = table[rng.binomial(n, chances(effort.draws(1000)))]
    found = [_apart(a, b, "pass", k) for a, b in zip(*values, strict=True)]
    yield from _rows("new problems", cell, {name: found}, {name: float((one - other).mean())})


def _truth(rng: np.random.Generator, k: int, sd: float, level: float = 0.5) -> dict[str, float]:
    """Find the true values by many problems, with no more answers than are drawn."""
    total, count = {measure: np.zeros(2) for measure in MEASURES}, 40
    for _ in range(count):
        problems = Problems.drawn(rng, 1, 1500, level)
        timed = Timed.of(rng, _programs(rng, problems, k), sd)
        for measure in MEASURES:
            total[measure] += _values(timed, measure, k).mean(axis=(1, 2)) / count
    return {
        **{measure: float(total[measure][0]) for measure in MEASURES},
        **{f"difference in {m}": float(total[m][0] - total[m][1]) for m in MEASURES},
    }


def _over_samples(effort: Effort, n_problems: int, n: int, k: int, level: float) -> Iterator[Row]:
    kind = "hard and easy" if level < 1 else "nearly solved"
    cell = f"best of {k} of {n}, {n_problems} problems, {kind}"
    rng = generator("code, samples", cell)
    one = Problems.drawn(rng, 1, n_problems, level)

    def draw(size: int, answers: int) -> Timed:
        return Timed.of(rng, _programs(rng, one.of(size), answers), 0.05)

    yield from _within(effort, "new samples", cell, n_problems, n, k, draw)


def _over_timings(effort: Effort, n_problems: int, n: int, k: int, sd: float) -> Iterator[Row]:
    cell = f"best of {k} of {n}, {n_problems} problems, timing sd {sd:g}"
    rng = generator("code, timings", cell)
    right, slow = _programs(rng, Problems.drawn(rng, 1, n_problems, 0.5), n)

    def draw(size: int, answers: int) -> Timed:
        shape = (2, size, n_problems, n)
        again = np.broadcast_to(right, shape), np.broadcast_to(slow, shape)
        return Timed.of(rng, again, sd)

    yield from _within(effort, "new timings", cell, n_problems, n, k, draw)


def _within(
    effort: Effort, regime: str, cell: str, n_problems: int, n: int, k: int,
    draw: Callable[[int, int], Timed],
) -> Iterator[Row]:  # fmt: skip
    """Cover the mean of these problems: the mean of many unbiased estimates of it."""
    samples = regime == "new samples"
    measures = MEASURES if samples else ("eff",)
    names = [*measures, *(f"difference in {m}" for m in measures)]
    found: dict[str, list[Estimate]] = {name: [] for name in names}
    sums: dict[str, float] = dict.fromkeys(names, 0.0)
    few = n if not samples else max(k, 10)
    many, sets = max(200, 20_000 // n_problems // few * 10), _count(effort, 300, n_problems, n)
    for size in _blocks(many, n_problems, few):
        timed = draw(size, few)
        for measure in measures:
            one, other = _values(timed, measure, k).mean(axis=2).sum(axis=1) / many
            sums[measure] += float(one)
            sums[f"difference in {measure}"] += float(one - other)
    for size in _blocks(sets, n_problems, n):
        timed = draw(size, n)
        again = [timed.again(s, k) for s in range(size)]
        alone, by_reference = (np.stack(parts, axis=1) for parts in zip(*again, strict=True))
        for measure in measures:
            values = _values(timed, measure, k)
            own = (
                _variances(timed, measure, k)
                if samples
                else best_of_k_timing_variance(timed.scores, alone, k=k)
            )
            shared = by_reference.var(axis=-1) * (measure != "pass")
            apart = (by_reference[0] - by_reference[1]).var(axis=-1) * (measure != "pass")
            # the noise of timings is drawn from the repeats of all references, and more
            freedom = float(n - 1 if samples else 2 * REPEATS * n_problems - 1)
            ends = (0.0, 1.0) if measure == "pass" else (None, None)
            for s in range(size):
                found[measure].append(
                    fixed_items_ci(
                        values[0, s], own[0, s] + shared[0, s], freedom, draws=n / k,
                        low=ends[0], high=ends[1],
                    )
                )  # fmt: skip
                if measure == "pass":
                    other = fixed_items_ci(
                        values[1, s], own[1, s], freedom, draws=n / k, low=0.0, high=1.0
                    )
                    both = fixed_items_difference(found[measure][-1], other)
                else:
                    both = fixed_items_ci(
                        values[0, s] - values[1, s], own[:, s].sum(axis=0) + apart[s], freedom
                    )
                found[f"difference in {measure}"].append(both)
    yield from _rows(regime, cell, found, sums)


def _again_and_again(
    effort: Effort, designs: Sequence[tuple[int, int]] = ((10, 1), (10, 10), (100, 10))
) -> Iterator[Row]:
    """Redraw problems, and their answers too, as is often done, where n = k and where n > k."""
    for n, k in designs:
        cell = f"best of {k} of {n}, 30 problems, timing sd 0.02"
        rng = generator("code, nested", cell)
        truth = _truth(rng, k, 0.02)["eff"]
        weights, hits, widths = order_weights(n, k=k), [], []
        sets = effort.draws(150)
        for _ in range(sets):
            problems = Problems.drawn(rng, 1, 30, 0.5)
            scores = Timed.of(rng, _programs(rng, problems, n), 0.02).scores[0, 0]
            drawn = np.empty(300)
            for b in range(drawn.size):
                some = scores[rng.integers(0, 30, 30)]
                again = np.take_along_axis(some, rng.integers(0, n, some.shape), axis=1)
                drawn[b] = (np.sort(again, axis=1) @ weights).mean()
            low, high = np.quantile(drawn, [0.025, 0.975])
            hits.append(low <= truth <= high)
            widths.append(high - low)
        yield Row("code: new problems, eff@k", f"eff@k, {cell}",
                  "bootstrap of problems and answers", "practice", "coverage", float(np.mean(hits)),
                  sets, float(np.mean(widths)))  # fmt: skip


# Right programs of either model to a problem, and problems; few against many among them.
_TIMED = (
    *((n, n, problems) for n in (5, 10) for problems in (1, 30, 142)),
    *((100, 100, problems) for problems in (1, 30)),
    *((few, 8, problems) for few in (1, 2) for problems in (1, 10, 30, 142)),
    (4, 1, 30), (3, 5, 1), (15, 60, 1),
)  # fmt: skip


def _run_times(effort: Effort) -> Iterator[Row]:
    """Compare programs that are stopped at twice the reference's time, a third of them or so."""
    for n_a, n_b, n_problems in _TIMED:
        programs = f"{n_a}" if n_a == n_b else f"{n_a} and {n_b}"
        cell = f"{programs} right programs{' each' * (n_a == n_b)}, {n_problems} problems"
        rng = generator("code, run times", cell)
        sets = effort.draws(max(100, 2000 // n_problems))
        yield from _one_law(rng, cell, (n_a, n_b), n_problems, sets)
        if n_problems > 1 or min(n_a, n_b) > 5:
            yield from _ratios(rng, cell, (n_a, n_b), n_problems, max(sets, effort.draws(500)))


def _one_law(
    rng: np.random.Generator, cell: str, n: tuple[int, int], n_problems: int, sets: int
) -> Iterator[Row]:
    strata = np.repeat(np.arange(n_problems), sum(n))
    in_a = np.tile(np.arange(sum(n)) < n[0], n_problems)
    weights = ("log-rank", "gehan-wilcoxon", "tarone-ware")
    rejected = dict.fromkeys((*weights, "log-rank, chi-square"), 0)
    for _ in range(sets):
        pace = rng.normal(0.4, 0.4, n_problems)[strata]
        times = np.minimum(np.exp(pace + 0.5 * rng.standard_normal(strata.size)), ALPHA)
        for name in weights:
            test = log_rank(times, times < ALPHA, in_a, strata=strata, weights=name)
            rejected[name] += bool(test.p_value <= 0.05)
            if name == "log-rank":
                rejected["log-rank, chi-square"] += bool(test.chi_square_p <= 0.05)
    for name, count in rejected.items():
        by = {"log-rank": HOUSE, "log-rank, chi-square": "practice"}
        yield Row("code: run times, log-rank", cell, name, by.get(name, "evalvar, option"), "size",
                  count / sets, sets)  # fmt: skip


def _ratios(
    rng: np.random.Generator, cell: str, n: tuple[int, int], n_problems: int, sets: int
) -> Iterator[Row]:
    """Cover the ratio in one problem, and the ratio of the means of new problems."""
    fine = np.random.default_rng(0).standard_normal(4000)

    def drawn(z: Numbers, pace: Numbers) -> Numbers:
        return np.minimum(np.exp(pace[:, None] + 0.5 * z), ALPHA)

    def true(pace: Numbers, gain: Numbers, z: Numbers) -> float:
        return float(np.log(drawn(z, pace - gain).mean() / drawn(z, pace).mean()))

    many = 400_000  # new problems, with one draw of each
    truth = true(
        rng.normal(0.4, 0.4, many), rng.normal(0.2, 0.2, many), rng.standard_normal((many, 1))
    )
    low, high, target = np.empty(sets), np.empty(sets), np.full(sets, truth)
    for s in range(sets):
        pace, gain = rng.normal(0.4, 0.4, n_problems), rng.normal(0.2, 0.2, n_problems)
        x, y = (drawn(rng.standard_normal((n_problems, many)), one)
                for many, one in zip(n, (pace - gain, pace), strict=True))  # fmt: skip
        if n_problems == 1:
            target[s] = true(pace, gain, fine)
            found = restricted_mean_ratio(x[0], x[0] < ALPHA, y[0], y[0] < ALPHA, limit=ALPHA)
        else:
            found = ratio_of_means(x.mean(axis=1), y.mean(axis=1))
        low[s], high[s] = np.log(found.low), np.log(found.high)
    known = np.isfinite(high - low)
    one = n_problems == 1
    name = "one problem, new samples" if one else "new problems"
    method = "t on log of restricted means" if one else "ratio of means over problems"
    yield Row(f"code: run times, ratio, {name}", cell, method, HOUSE,
              "coverage", float(covered(low, high, target).mean()), sets,
              float((high - low)[known].mean()), 0.0, float((~known).mean()))  # fmt: skip
