"""How models stand whose values were reported without items: by the seeds of their runs."""

import numpy as np

from evalvar.analyses.field import Field
from evalvar.analyses.standing import Standing, source
from evalvar.errors import NotEnoughDataError
from evalvar.stats import Estimate, difference_over, mean_ci


def run_standing(field: Field, level: float, rng: int) -> Standing:
    """Estimate every model by t over its seeds, and every pair by Welch's t.

    Parameters
    ----------
    field : Field
        Of a single item, which is the run.
    level : float in (0, 1)
    rng : int
    """
    seeds = [scores.mean(axis=0) for scores in field.scores]
    spread = [x.var(ddof=1) / x.size if x.size > 1 else np.nan for x in seeds]

    freedom = float(min((x.size for x in seeds if x.size > 1), default=2) - 1)

    def differ(ends: np.ndarray, level: float) -> list[Estimate]:
        return [_difference(field, seeds[i], seeds[j], level) for i, j in ends.tolist()]

    return Standing(
        field.task, field.metric, field.models, [_mean(field, x, level) for x in seeds],
        np.zeros((len(seeds), len(seeds))), np.inf, 0, np.zeros(len(seeds), dtype=np.int64),
        field.facts.higher_is_better, source(rng, field.task, field.metric), differ,
        (np.diag(np.where(np.isnan(spread), np.nanmean(spread), spread)), freedom),
    )  # fmt: skip


def _mean(field: Field, seeds: np.ndarray, level: float) -> Estimate:
    try:
        mean = mean_ci(seeds, level=level)
    except NotEnoughDataError as error:
        why = str(error).rstrip(".")
        return Estimate(float(seeds.mean()), level=level, n=1, method=f"undefined: {why}")
    mean = field.facts.within(mean)
    return Estimate(
        mean.value, mean.se, mean.low, mean.high, level, mean.n, "seed", f"{mean.method} over seeds"
    )


def _difference(field: Field, a: np.ndarray, b: np.ndarray, level: float) -> Estimate:
    low, high = field.span
    try:
        return difference_over(
            a[None, :, None], b[None, :, None], over=("seed",), paired_seeds=False, level=level,
            low=low, high=high,
        )  # fmt: skip
    except NotEnoughDataError as error:
        why = str(error).rstrip(".")
        value = float(a.mean() - b.mean())
        return Estimate(value, level=level, unit="seed", method=f"undefined: {why}")
