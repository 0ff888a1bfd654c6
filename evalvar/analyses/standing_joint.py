"""How the models stand by what is no mean over items: resampled, the same items for all."""

import numpy as np

from evalvar.analyses.field import Field
from evalvar.analyses.functionals import Functional
from evalvar.analyses.resampled import weighted
from evalvar.analyses.standing import Standing, source
from evalvar.stats import Estimate, joint_bootstrap
from evalvar.stats.quantiles import t_quantile, t_two_sided

N_RESAMPLES = 9999


def joint_standing(field: Field, functional: Functional, level: float, rng: int) -> Standing:
    """Estimate every model by one bootstrap of the items; seeds are these ones, and averaged.

    Intervals are t on the standard deviation of the draws: those of all pairs together lie further
    out than draws can be counted.
    """
    generator = source(rng, field.task, field.metric)
    joint = joint_bootstrap(
        field.scores, weighted(functional), n_resamples=N_RESAMPLES, rng=generator,
        clusters=field.clusters,
    ).widened()  # fmt: skip
    covariance = np.atleast_2d(np.cov(joint.draws, rowvar=False))
    method = f"t on bootstrap of the {functional.name}, {N_RESAMPLES} resamples"

    def estimate(value: float, variance: float, level: float) -> Estimate:
        if not variance > 0:
            name = f"{method} (undefined or equal in all: no interval)"
            return Estimate(value, level=level, n=joint.n, unit=joint.unit, method=name)
        se = float(np.sqrt(variance))
        half, p = t_quantile(level, joint.n - 1) * se, t_two_sided(joint.n - 1, value, se)
        return Estimate(
            value, se, value - half, value + half, level, joint.n, joint.unit, method, float(p)
        )

    def differ(ends: np.ndarray, level: float) -> list[Estimate]:
        both = joint.difference(*ends.T)
        spread = both.draws.var(axis=0, ddof=1)
        return [
            estimate(float(value), float(variance), level)
            for value, variance in zip(both.value, spread, strict=True)
        ]

    return Standing(
        field.task, field.metric, field.models,
        [field.facts.within(estimate(float(value), float(variance), level))
         for value, variance in zip(joint.value, np.diag(covariance), strict=True)],
        covariance, float(joint.n - 1), field.items, field.unpaired,
        field.facts.higher_is_better, generator, differ,
    )  # fmt: skip
