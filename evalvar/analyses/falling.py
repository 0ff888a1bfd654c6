"""A metric that nobody declared, and that gets worse while its models learn."""

from math import lgamma, log

import numpy as np

from evalvar.analyses.curves import Curves
from evalvar.evidence import Evidence
from evalvar.stats import kendall_tau, kendall_tau_null_sd

# Every seed's tau-b lies below this, and their mean so many null standard deviations below zero.
_STEADY, _SDS = -0.5, 3.0
# Short curves that fall at every step are asked about where chance would rarely do that to all.
_CHANCE = 0.01

FALLING = (
    "the score falls while the model learns, and higher is taken as better because the data do not "
    "say; if lower is better, say so: --lower-is-better, or a column higher_is_better that is "
    "false."
)


def undeclared(evidence: Evidence) -> frozenset[tuple[str, str]]:
    """Return the (task, metric) pairs of which no table says whether higher is better."""
    pairs: dict[bool, set[tuple[str, str]]] = {True: set(), False: set()}
    for table in (evidence.records, evidence.reported):
        distinct = table[["task", "metric"]].drop_duplicates().astype(str)
        pairs["higher_is_better" in table] |= set(distinct.itertuples(index=False, name=None))
    return frozenset(pairs[False] - pairs[True])


def falling(curves: Curves, unsaid: frozenset[tuple[str, str]]) -> list[str]:
    """Ask whether lower is better, where that is not declared and every seed's curve falls.

    Parameters
    ----------
    curves : Curves
        The seeds' curves of one model, task and metric.
    unsaid : frozenset of (task, metric)
        What `undeclared` found in the evidence.

    Returns
    -------
    list of str
        `FALLING`, or nothing. A curve falls where tau-b is below -0.5 in every seed with three
        checkpoints, and its mean over seeds more than three null standard deviations below zero; or
        where scores lie outside [0, 1], as losses do, and fall at every step of every seed, which
        scores in any order would do with a chance of a hundredth or less.
    """
    if (curves.task, curves.metric) not in unsaid:
        return []
    seen = [curve[np.isfinite(curve)] for curve in curves.means]
    long = [curve for curve in seen if curve.size > 2]
    taus = np.array([float(kendall_tau(curve)) for curve in long])
    if not taus.size or not (taus < _STEADY).all():
        return []
    shortest = min(curve.size for curve in long)
    if taus.mean() < -_SDS * kendall_tau_null_sd(shortest, n_curves=len(long)):
        return [FALLING]
    scores = np.concatenate(long)
    outside = scores.min() < 0 or scores.max() > 1
    orders = sum(lgamma(curve.size + 1) for curve in long)
    return [FALLING] if outside and (taus == -1).all() and orders >= -log(_CHANCE) else []
