"""What items are worth: their information, their errors, and whether their curves fit."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from evalvar.errors import UsageError
from evalvar.stats.arguments import Floats, finite
from evalvar.stats.irt_ability import check_responses
from evalvar.stats.irt_steps import NODES, Answers, Tables, curves, posterior_tables

_CELLS = 4_000_000
# Below as many right, or wrong, answers the test of fit does not keep its size.
_LEAST_ANSWERS = 5


def item_information(
    theta: ArrayLike, discrimination: ArrayLike, intercept: ArrayLike, *, guess: ArrayLike = 0.0
) -> Floats:
    """Return how much each item says of an ability; sum over items for the whole test.

    Parameters
    ----------
    theta : float array, shape (T,)
        Abilities.
    discrimination, intercept : float array, shape (J,)
        a and b of P = 1 / (1 + exp(-(a theta - b))).
    guess : float array, shape (J,) or (), in [0, 1)
        Chance c of a right guess; the curve is then c + (1 - c) P.

    Returns
    -------
    float array, shape (T, J)
        a^2 P Q for c = 0; a^2 ((P - c) / (1 - c))^2 Q / P with the guess in P. The standard error
        of an ability is 1 / sqrt of the sum.

    Examples
    --------
    >>> item_information(0.4, [1.5], [1.0]).round(9).tolist()
    [[0.540586678]]
    >>> item_information(0.4, [1.5], [1.0], guess=0.25).round(9).tolist()
    [[0.295304407]]
    """
    a, b = finite(discrimination, "discrimination"), finite(intercept, "intercept")
    c = np.asarray(guess, dtype=np.float64)
    if not ((c >= 0) & (c < 1)).all():
        raise UsageError(f"guess must lie in [0, 1), but is {c.tolist()}.")
    at = np.atleast_1d(np.asarray(theta, dtype=np.float64))
    knows = special.expit(at[:, None] * a - b)
    right = c + (1 - c) * knows
    with np.errstate(divide="ignore", invalid="ignore"):
        found = a**2 * knows**2 * (1 - right) / right
    return np.where(right > 0, found, 0.0)


def observed_information(
    answers: Answers, tables: Tables, chance: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return what the answers say of a and b of each item (aa, ab, bb), abilities unknown.

    Louis (1982): the information if theta were known, less what not knowing it costs, which is the
    variance of each respondent's slope within its posterior.
    """
    items = chance.shape[0]
    masses, right = np.zeros((len(answers.asked), NODES.size)), np.zeros((items, NODES.size))
    aa, ab, bb = np.zeros((3, items))
    width = max(tables.nodes.size, items)
    for rows in answers.blocks(width):
        table = tables.block(rows)[0] @ tables.weights
        np.add.at(masses, answers.pattern[rows], table)
        asked, y = answers.asked[answers.pattern[rows]], answers.right[rows].astype(np.float64)
        right += y.T @ table
        slope_b = asked * (table @ chance.T) - y
        slope_a = y * (table @ NODES)[:, None] - asked * ((table * NODES) @ chance.T)
        aa += (slope_a**2).sum(axis=0)
        ab += (slope_a * slope_b).sum(axis=0)
        bb += (slope_b**2).sum(axis=0)
    mass = answers.asked.T @ masses
    # complete information less the mean square of the slopes, at each node
    gap = mass * chance * (1 - 2 * chance) - right * (1 - 2 * chance)
    return aa + gap @ NODES**2, ab - gap @ NODES, bb + gap.sum(axis=1)


@dataclass(frozen=True, slots=True)
class ItemFit:
    """Whether answers follow the curve of their item.

    Parameters
    ----------
    statistic : float array, shape (J,)
        Score statistic, chi-square with 2 degrees of freedom where the curve fits.
    p_value : float array, shape (J,)
        NaN where fewer than 5 answers were right, or wrong.
    """

    statistic: Floats
    p_value: Floats


def item_fit(responses: ArrayLike, discrimination: ArrayLike, intercept: ArrayLike) -> ItemFit:
    """Test for each item whether its curve bends otherwise than the logistic one.

    Parameters
    ----------
    responses : float array, shape (N, J)
        1 right, 0 wrong, NaN not asked.
    discrimination, intercept : float array, shape (J,)
        a and b, as fitted to these answers.

    Notes
    -----
    Each answer is compared with its chance given the respondent's other answers, which is exact:
    with z = a theta - b, P(right | others) is 1 / (1 + E exp -z) where it was right and
    1 - 1 / (1 + E exp z) where wrong, means over the posterior of all answers. Rao's score test
    then asks for terms of degree two and three in u = 2 Phi(theta) - 1, theta the mean given the
    others, beside the a and b that were fitted. It notices guessing, slipping and curves that turn.
    """
    y = np.asarray(responses, dtype=np.float64)
    check_responses(y)
    a, b = finite(discrimination, "discrimination"), finite(intercept, "intercept")
    tables = posterior_tables(Answers.of(y), a, b, *curves(a, b))
    mass = np.concatenate([tables.block(rows)[0] @ tables.weights for rows in tables.blocks()])
    parts = [_fit(y[:, part], mass, a[part], b[part]) for part in _parts(*y.shape)]
    statistic = np.concatenate(parts)
    right, asked = np.nansum(y, axis=0), np.isfinite(y).sum(axis=0)
    statistic = np.where(np.minimum(right, asked - right) < _LEAST_ANSWERS, np.nan, statistic)
    return ItemFit(statistic, np.exp(-statistic / 2))


def _parts(respondents: int, items: int) -> Iterator[slice]:
    width = max(1, _CELLS // max(respondents, 1))
    return (slice(start, start + width) for start in range(0, items, width))


def _fit(y: Floats, mass: Floats, a: Floats, b: Floats) -> Floats:
    z = (a[:, None] * NODES - b[:, None]).clip(-60, 60).T
    right = y == 1
    known = np.isfinite(y)
    odds = np.where(right, mass @ np.exp(-z), mass @ np.exp(z))
    drawn = mass * NODES
    tilted = np.where(right, drawn @ np.exp(-z), drawn @ np.exp(z))
    theta = (drawn.sum(axis=1)[:, None] + tilted) / (1 + odds)
    chance = np.where(right, 1 / (1 + odds), odds / (1 + odds))
    rest = np.where(known, right - chance, 0.0)
    weight = np.where(known, chance * (1 - chance), 0.0)
    u = 2 * special.ndtr(theta) - 1
    terms = [np.ones_like(u), theta, (3 * u**2 - 1) / 2, (5 * u**3 - 3 * u) / 2]
    slopes = np.stack([(rest * term).sum(axis=0) for term in terms], axis=-1)
    bends = np.empty((y.shape[1], 4, 4))
    for k, one in enumerate(terms):
        for m in range(k, 4):
            bends[:, k, m] = bends[:, m, k] = (weight * one * terms[m]).sum(axis=0)
    bends += 1e-9 * np.eye(4)
    fitted = np.linalg.solve(bends[:, :2, :2], np.concatenate(
        [bends[:, :2, 2:], slopes[:, :2, None]], axis=2))  # fmt: skip
    left = slopes[:, 2:, None] - bends[:, 2:, :2] @ fitted[:, :, 2:]
    variance = bends[:, 2:, 2:] - bends[:, 2:, :2] @ fitted[:, :, :2]
    found: Floats = (left * np.linalg.solve(variance, left)).sum(axis=(1, 2))
    return found
