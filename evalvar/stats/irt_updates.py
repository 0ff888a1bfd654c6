"""One update of the items of a response model, and of the priors learnt from them.

An E-step, a Newton step of each item, the means and spreads of all items, and a rescaling of the
abilities.
"""

from dataclasses import dataclass, replace

import numpy as np

from evalvar.stats.arguments import Floats
from evalvar.stats.irt_steps import NODES, Answers, Posterior, curves, posterior_tables

# How far out an intercept may lie says little of the others: its prior is wider than their spread.
WIDER = 4.0
# The spread of the items is never taken to be smaller, so that no item is tied to the rest.
_LEAST_SPREAD = 0.02
_MOST_SPREAD = 30.0


@dataclass(frozen=True, slots=True)
class Prior:
    """Normal distributions of the items' parameters, estimated along with them.

    Parameters
    ----------
    discrimination, discrimination_sd, intercept, intercept_sd : float
        Mean and standard deviation of a (1PL: the common a, and 0) and of b.
    """

    discrimination: float
    discrimination_sd: float
    intercept: float
    intercept_sd: float


def packed(a: Floats, b: Floats, prior: Prior) -> Floats:
    """Put all parameters into one vector: a, b, their means, the logs of their spreads."""
    spread = np.log([prior.discrimination_sd, prior.intercept_sd])
    return np.concatenate([a, b, [prior.discrimination, prior.intercept], spread])


def unpacked(x: Floats, items: int) -> tuple[Floats, Floats, Prior]:
    """Take them apart again."""
    a, b = x[: x.size - items - 4], x[x.size - items - 4 : -4]
    spread = spreads_of(x)
    return a, b, Prior(float(x[-4]), float(spread[0]), float(x[-3]), float(spread[1]))


def spreads_of(x: Floats) -> Floats:
    """Return the standard deviations of the priors of a and b."""
    return np.asarray(np.exp(x[-2:].clip(*np.log([_LEAST_SPREAD, _MOST_SPREAD]))))


def updated(answers: Answers, right: Floats, x: Floats, items: int) -> Floats:
    """Return the parameters one step on."""
    a, b, prior = unpacked(x, items)
    each = np.broadcast_to(a, b.shape)
    chance, softplus = curves(each, b)
    if a.size == items:
        softplus = softplus + _unsure(answers, chance, prior)
    posterior = posterior_tables(answers, each, b, chance, softplus).summed()
    slopes, bends = _derivatives(answers, right, posterior, chance)
    newton = _newton_each if a.size == items else _newton_common
    a, b, prior = newton(a, b, prior, slopes, bends)
    return packed(*rescaled(a, b, prior, posterior))


def rescaled(
    a: Floats, b: Floats, prior: Prior, posterior: Posterior
) -> tuple[Floats, Floats, Prior]:
    """Hand the mean and the variance that the abilities have come to over to the items."""
    centre = float(posterior.mean.mean())
    scale = float(np.sqrt(max(posterior.square.mean() - centre**2, 1e-6)))
    prior = replace(
        prior,
        discrimination=prior.discrimination * scale,
        intercept=prior.intercept - prior.discrimination * centre,
    )
    return a * scale, b - a * centre, prior


def _unsure(answers: Answers, chance: Floats, prior: Prior) -> Floats:
    """Return what not knowing the items adds to the mean of log(1 + exp z).

    Half the variance of z times its bend. Without it, noise that a few items share by chance would
    pass for an ability.
    """
    asked = np.bincount(answers.pattern, minlength=len(answers.asked)) @ answers.asked
    bend = chance * (1 - chance)
    weight = np.exp(-(NODES**2) / 2)
    weight /= weight.sum()
    haa = asked * (bend @ (weight * NODES**2)) + prior.discrimination_sd**-2
    hab = -asked * (bend @ (weight * NODES))
    hbb = asked * (bend @ weight) + (WIDER * prior.intercept_sd) ** -2
    det = haa * hbb - hab**2
    va, vab, vb = hbb / det, -hab / det, haa / det
    return np.asarray(bend / 2 * (va[:, None] * NODES**2 - 2 * vab[:, None] * NODES + vb[:, None]))


def _derivatives(
    answers: Answers, right: Floats, posterior: Posterior, chance: Floats
) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats, Floats]]:
    """Return the slopes of the log-likelihood in a and b, and its expected bends (aa, ab, bb)."""
    patterns = posterior.weights
    mass = patterns if len(patterns) == 1 else answers.asked.T @ patterns
    expected = mass * chance
    bend = expected * (1 - chance)
    slopes = (answers.per_item(posterior.mean) - expected @ NODES, expected.sum(axis=1) - right)
    return slopes, (bend @ NODES**2, -(bend @ NODES), bend.sum(axis=1))


def _newton_each(
    a: Floats,
    b: Floats,
    prior: Prior,
    slopes: tuple[Floats, Floats],
    bends: tuple[Floats, Floats, Floats],
) -> tuple[Floats, Floats, Prior]:
    (ga, gb), (haa, hab, hbb) = slopes, bends
    ra, rb = prior.discrimination_sd**-2, (WIDER * prior.intercept_sd) ** -2
    da, db = ga - ra * (a - prior.discrimination), gb - rb * (b - prior.intercept)
    paa, pbb = haa + ra, hbb + rb
    det = paa * pbb - hab**2
    a = a + np.clip((pbb * da - hab * db) / det, -1.0, 1.0)
    b = b + np.clip((paa * db - hab * da) / det, -2.0, 2.0)
    # what the answers say of each parameter, the other one free
    info_a, info_b = haa - hab**2 / pbb, hbb - hab**2 / paa
    centre = _mean_of(a, prior.discrimination, prior.discrimination_sd, info_a)
    wide = WIDER * prior.intercept_sd
    middle = _mean_of(b, prior.intercept, wide, info_b)
    spread = _spread_of(a, centre, pbb / det, prior.discrimination_sd)
    return a, b, Prior(centre, spread, middle, _spread_of(b, middle, paa / det, wide))


def _newton_common(
    a: Floats,
    b: Floats,
    prior: Prior,
    slopes: tuple[Floats, Floats],
    bends: tuple[Floats, Floats, Floats],
) -> tuple[Floats, Floats, Prior]:
    (ga, gb), (haa, hab, hbb) = slopes, bends
    rb = (WIDER * prior.intercept_sd) ** -2
    db, pbb = gb - rb * (b - prior.intercept), hbb + rb
    move = (ga - hab / pbb * db).sum() / (haa - hab**2 / pbb).sum()
    move = float(np.clip(move, -1.0, 1.0))
    a = a + move
    b = b + np.clip((db - hab * move) / pbb, -2.0, 2.0)
    wide = WIDER * prior.intercept_sd
    middle = _mean_of(b, prior.intercept, wide, hbb)
    spread = _spread_of(b, middle, 1 / pbb, wide)
    return a, b, Prior(float(a[0]), prior.discrimination_sd, middle, spread)


def _mean_of(values: Floats, mean: float, sd: float, information: Floats) -> float:
    """Return the mean of the prior: of what the answers alone say of each item, weighed by it.

    At a top of the posterior the answers alone would say value + (value - mean) / (sd^2 I).
    """
    weight = (information / (1 + sd**2 * information)).sum()
    return float(mean + ((values - mean) / sd**2).sum() / max(weight, len(values) * 1e-6))


def _spread_of(values: Floats, mean: float, variance: Floats, sd: float) -> float:
    determined = float((1 - variance / sd**2).clip(0, 1).sum())
    squares = float(((values - mean) ** 2).sum())
    return max(float(np.sqrt((squares + _LEAST_SPREAD**2) / (determined + 1))), _LEAST_SPREAD)
