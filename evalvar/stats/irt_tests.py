"""Does an item tell respondents apart, and do answers follow its curve?

Both tests set each answer against the respondent's other answers, never against itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from evalvar.errors import UsageError
from evalvar.stats.arguments import Floats, finite
from evalvar.stats.irt_ability import check_responses
from evalvar.stats.irt_steps import NODES, Answers, curves, posterior_tables
from evalvar.stats.item_flags import falling_p

_CELLS = 4_000_000
# Below as many right, or wrong, answers the test of fit does not keep its size.
_LEAST_ANSWERS = 5
# Passes from the normal towards the abilities' own density: more only roughen it.
_PASSES = 5
_FITTED = {"2pl": 2, "1pl": 1}


@dataclass(frozen=True, slots=True)
class ItemSlope:
    """Whether abler respondents get an item right more often, or wrong.

    Parameters
    ----------
    rising_p, falling_p : float array, shape (J,)
        One-sided p-values of "the answers have nothing to do with the ability"; NaN where all
        answers are equal, or fewer than 3.
    """

    rising_p: Floats
    falling_p: Floats


def item_slope(responses: ArrayLike, discrimination: ArrayLike, intercept: ArrayLike) -> ItemSlope:
    """Test for each item whether it discriminates, without a prior on its discrimination.

    Parameters
    ----------
    responses : float array, shape (N, J)
        1 right, 0 wrong, NaN not asked.
    discrimination, intercept : float array, shape (J,)
        a and b, as fitted to these answers.

    Notes
    -----
    The respondents' abilities by their answers to all other items are ranked, and those who got
    this one right compared with the others by the rank sum (`falling_p`). Of an item without
    discrimination every order is as likely as any other, whatever the other items are like. The
    interval of a fitted a does not test this: its prior pulls the item towards the rest.
    Measured with a fifth of the items without discrimination, 10 to 200 items, 21 to 1,000
    respondents: 2-3 % of those below 0.025 on a side, and of their intervals 9-23 % above 0.
    Respondents must be independent: of ten near copies of a model it counts ten.

    Examples
    --------
    >>> y = np.tril(np.ones((6, 5)), -1)
    >>> item_slope(y, np.ones(5), np.zeros(5)).rising_p.round(3).tolist()
    [0.333, 0.133, 0.1, 0.133, 0.333]
    """
    y, a, b = _checked(responses, discrimination, intercept)
    mass = _masses(Answers.of(y), a, b)
    found = []
    for part in _parts(*y.shape):
        theta = _left_out(y[:, part], mass, a[part], b[part])[1]
        found.append([falling_p(1 - y[:, part], theta), falling_p(y[:, part], theta)])
    return ItemSlope(*np.concatenate(found, axis=1))


@dataclass(frozen=True, slots=True)
class ItemFit:
    """Whether answers follow the curve of their item.

    Parameters
    ----------
    statistic : float array, shape (J,)
        Score statistic, chi-square where the curve fits.
    p_value : float array, shape (J,)
        NaN where fewer than 5 answers were right, or wrong.
    df : int
        Degrees of freedom.
    """

    statistic: Floats
    p_value: Floats
    df: int


def item_fit(
    responses: ArrayLike,
    discrimination: ArrayLike,
    intercept: ArrayLike,
    *,
    model: Literal["2pl", "1pl"] = "2pl",
) -> ItemFit:
    """Test for each item whether its curve is other than the one that was fitted to it.

    Parameters
    ----------
    responses : float array, shape (N, J)
        1 right, 0 wrong, NaN not asked.
    discrimination, intercept : float array, shape (J,)
        a and b, as fitted to these answers.
    model : {"2pl", "1pl"}
        Whether a was fitted to each item, so that only the shape of its curve is tested, or is one
        for all, so that the item's own slope is tested too.

    Notes
    -----
    Each answer is compared with its chance given the respondent's other answers, which is exact:
    with z = a theta - b, P(right | others) is 1 / (1 + E exp -z) where it was right and
    1 - 1 / (1 + E exp z) where wrong, means over the posterior of all answers. Rao's score test
    then asks for terms of degree two and three (1PL: one, two and three) in u = 2 Phi(theta) - 1,
    theta the mean given the others, beside what was fitted: 2 degrees of freedom (1PL: 3). It
    notices guessing, slipping, curves that turn and, under 1PL, slopes that differ.

    Abilities need not be normal: their density is estimated, from the normal by five passes of
    expectation and maximisation. Measured share of items below 0.05 that do follow their curve,
    abilities normal or of heavy tails: 3-6 %. Skewed or of two kinds: 5-6 % at 60 and 200 items of
    30 to 300 respondents, 8-11 % at 60 items of 1,000; but at 15 items 9 % and 23 % of 300
    respondents, 15 % and 67 % of 1,000: so few items do not tell an odd curve from odd abilities.
    Far out it is not exact: p below 0.001 is 3 times as frequent as that (1PL, 30 respondents: 6),
    so that of 200 items one is named wrongly in two or three tables.
    """
    if model not in _FITTED:
        raise UsageError(f"model='{model}' is unknown. Use one of {', '.join(_FITTED)}.")
    y, a, b = _checked(responses, discrimination, intercept)
    answers, fitted = Answers.of(y), _FITTED[model]
    mass = _masses(answers, a, b, ability_density(answers, a, b))
    parts = [_fit(y[:, part], mass, a[part], b[part], fitted) for part in _parts(*y.shape)]
    statistic = np.concatenate(parts)
    right, asked = np.nansum(y, axis=0), np.isfinite(y).sum(axis=0)
    statistic = np.where(np.minimum(right, asked - right) < _LEAST_ANSWERS, np.nan, statistic)
    df = 4 - fitted
    p = np.asarray(special.gammaincc(df / 2, np.maximum(statistic, 0.0) / 2), dtype=np.float64)
    return ItemFit(statistic, p, df)


def ability_density(answers: Answers, a: Floats, b: Floats) -> Floats:
    """Estimate the density of the abilities at the coarse nodes, smoothed at each pass."""
    chance, softplus = curves(a, b)
    normal = np.exp(-(NODES**2) / 2)
    density = normal / normal.sum()
    wide = np.exp(-(NODES**2) / 8)
    for _ in range(_PASSES):
        posterior = posterior_tables(answers, a, b, chance, softplus, density=density).summed()
        mass = posterior.weights.sum(axis=0).clip(0)
        mass = np.convolve(mass / mass.sum(), [0.25, 0.5, 0.25], mode="same")
        density = mass + 1e-6 * wide  # nowhere zero
        density /= density.sum()
    return np.asarray(density)


def _checked(responses: ArrayLike, a: ArrayLike, b: ArrayLike) -> tuple[Floats, Floats, Floats]:
    y = np.asarray(responses, dtype=np.float64)
    check_responses(y)
    return y, finite(a, "discrimination"), finite(b, "intercept")


def _masses(answers: Answers, a: Floats, b: Floats, density: Floats | None = None) -> Floats:
    """Return the posterior of every respondent on the coarse nodes."""
    tables = posterior_tables(answers, a, b, *curves(a, b), density=density)
    return np.concatenate([tables.block(rows)[0] @ tables.weights for rows in tables.blocks()])


def _parts(respondents: int, items: int) -> Iterator[slice]:
    width = max(1, _CELLS // max(respondents, 1))
    return (slice(start, start + width) for start in range(0, items, width))


def _left_out(y: Floats, mass: Floats, a: Floats, b: Floats) -> tuple[Floats, Floats]:
    """Return the chance of a right answer, and the mean ability, by the answers to other items."""
    z = (a[:, None] * NODES - b[:, None]).clip(-60, 60).T
    right, known = y == 1, np.isfinite(y)
    odds = np.where(right, mass @ np.exp(-z), mass @ np.exp(z))
    drawn = mass * NODES
    tilted = np.where(right, drawn @ np.exp(-z), drawn @ np.exp(z))
    theta = np.where(known, (drawn.sum(axis=1)[:, None] + tilted) / (1 + odds), np.nan)
    return np.where(right, 1 / (1 + odds), odds / (1 + odds)), theta


def _fit(y: Floats, mass: Floats, a: Floats, b: Floats, fitted: int) -> Floats:
    known = np.isfinite(y)
    chance, theta = _left_out(y, mass, a, b)
    rest = np.where(known, (y == 1) - chance, 0.0)
    weight = np.where(known, chance * (1 - chance), 0.0)
    theta = np.where(known, theta, 0.0)
    u = 2 * special.ndtr(theta) - 1
    terms = [np.ones_like(u), theta, (3 * u**2 - 1) / 2, (5 * u**3 - 3 * u) / 2]
    slopes = np.stack([(rest * term).sum(axis=0) for term in terms], axis=-1)
    bends = np.empty((y.shape[1], 4, 4))
    for k, one in enumerate(terms):
        for m in range(k, 4):
            bends[:, k, m] = bends[:, m, k] = (weight * one * terms[m]).sum(axis=0)
    bends += 1e-9 * np.eye(4)
    take = np.linalg.solve(bends[:, :fitted, :fitted], np.concatenate(
        [bends[:, :fitted, fitted:], slopes[:, :fitted, None]], axis=2))  # fmt: skip
    left = slopes[:, fitted:, None] - bends[:, fitted:, :fitted] @ take[:, :, -1:]
    variance = bends[:, fitted:, fitted:] - bends[:, fitted:, :fitted] @ take[:, :, :-1]
    found: Floats = (left * np.linalg.solve(variance, left)).sum(axis=(1, 2))
    return found
