"""What items are worth: their information, and what answers say of them."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from evalvar.errors import UsageError
from evalvar.stats.arguments import Floats, finite
from evalvar.stats.irt_steps import NODES, Answers, Tables


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
