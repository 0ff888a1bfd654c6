"""The ability of a respondent from its answers to items whose curves are known."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from evalvar.errors import UsageError
from evalvar.stats.arguments import Floats, check_level, finite
from evalvar.stats.irt_steps import Answers, Tables, curves, posterior_tables
from evalvar.stats.quantiles import normal_quantile

AbilityMethod = Literal["map", "mle", "eap"]
_METHODS = ("map", "mle", "eap")
_CELLS = 4_000_000
_STEPS = 100
# An ability is looked for so far out.
_FARTHEST = 2.0**40
# Nodes per posterior sd, for quantiles.
_FINER = 8


@dataclass(frozen=True, slots=True)
class Ability:
    """Where respondents stand on the scale of the items.

    Parameters
    ----------
    value : float array, shape (N,)
        Ability theta; infinite where the likelihood rises for ever, NaN where nothing was asked
        that discriminates, or where the likelihood is level.
    se : float array, shape (N,)
        Standard error of ``mle`` (1 / sqrt of the information) and ``map`` (the prior's added);
        posterior standard deviation of ``eap``.
    low, high : float array, shape (N,)
        Interval at the level: value -+ z se, of ``eap`` the central part of the posterior.
    information : float array, shape (N,)
        Information of the answered items at `value`.
    unbounded : int array, shape (N,)
        1 where every answer agrees with an ability without an upper limit (all right), -1 without
        a lower one, else 0. Only ``mle`` has no finite value there; the other two rest on their
        prior.
    level : float
    method : str
    """

    value: Floats
    se: Floats
    low: Floats
    high: Floats
    information: Floats
    unbounded: NDArray[np.int64]
    level: float
    method: str


def ability(
    responses: ArrayLike,
    discrimination: ArrayLike,
    intercept: ArrayLike,
    *,
    method: AbilityMethod = "eap",
    level: float = 0.95,
) -> Ability:
    """Estimate the ability of each respondent, the items' curves taken as known.

    Parameters
    ----------
    responses : float array, shape (N, J) or (J,)
        1 right, 0 wrong, NaN not asked.
    discrimination, intercept : float array, shape (J,)
        a and b of P(right) = 1 / (1 + exp(-(a theta - b))).
    method : {"eap", "map", "mle"}
        Mean or top of the posterior under theta ~ N(0, 1), or the top of the likelihood alone.
    level : float in (0, 1)
        Nominal coverage.

    Notes
    -----
    The log-likelihood is concave in theta: its slope sum a_j (y_j - P_j) falls, so its root is
    bracketed, by doubling up to 2^40, and found by Newton's steps kept inside the bracket. Where
    all answers point one way there is none: `value` is then infinite, never the place where a
    search gave up. Items that hardly discriminate put it far out, with a standard error to match.
    Source: methods sheet, section i; equals the score of 1PL when all a are equal (tested).

    Examples
    --------
    >>> found = ability([1, 1, 0, 1], [1.2, 0.8, 1.5, 1], [-0.5, 0.3, 1, 0], method="mle")
    >>> found.value.round(6), found.se.round(6)
    (array([0.838683]), array([0.939691]))
    """
    if method not in _METHODS:
        raise UsageError(f"method='{method}' is unknown. Use one of {', '.join(_METHODS)}.")
    check_level(level)
    a, b = finite(discrimination, "discrimination"), finite(intercept, "intercept")
    y = np.atleast_2d(np.asarray(responses, dtype=np.float64))
    check_responses(y)
    if not a.size == b.size == y.shape[1]:
        raise UsageError(
            f"responses, discrimination and intercept need as many items, but have {y.shape[1]}, "
            f"{a.size} and {b.size}."
        )
    rows = max(1, _CELLS // max(a.size, 1))
    blocks = [y[i : i + rows] for i in range(0, len(y), rows)]
    kind = _posterior_means if method == "eap" else _tops
    parts = [kind(block, a, b, method, level) for block in blocks]
    value, se, low, high = (np.concatenate(part) for part in zip(*parts, strict=True))
    information = np.concatenate(
        [
            _information(block, a, b, at)
            for block, at in zip(blocks, _split(value, rows), strict=True)
        ]
    )
    unbounded = np.concatenate([direction(block, a) for block in blocks])
    return Ability(value, se, low, high, information, unbounded, level, method)


def check_responses(y: Floats) -> None:
    """Refuse answers that are neither right, wrong nor missing."""
    if y.ndim != 2:
        raise UsageError(f"responses needs 2 axes, but has {y.ndim}.")
    bad = int((np.isfinite(y) & (y != 0) & (y != 1)).sum() + np.isinf(y).sum())
    if bad:
        raise UsageError(
            f"responses must be 0, 1 or NaN, but {bad:,} of {y.size:,} are not. Binarise them "
            "first (binarised)."
        )


def direction(y: Floats, a: Floats) -> NDArray[np.int64]:
    """Tell where the likelihood has no top: 1 rises for ever, -1 falls for ever, else 0."""
    known = np.isfinite(y) & (a != 0)
    upward = np.where(a > 0, y == 1, y == 0)
    some = known.any(axis=1)
    up, down = some & (upward | ~known).all(axis=1), some & (~upward | ~known).all(axis=1)
    return np.asarray(up.astype(np.int64) - down.astype(np.int64))


def _split(values: Floats, rows: int) -> list[Floats]:
    return [values[i : i + rows] for i in range(0, len(values), rows)]


def _information(y: Floats, a: Floats, b: Floats, theta: Floats) -> Floats:
    known = np.isfinite(theta)
    z = np.where(known, theta, 0.0)[:, None] * a - b
    found = np.where(np.isfinite(y), a**2 * special.expit(z) * special.expit(-z), 0.0).sum(axis=1)
    return np.where(known, found, 0.0)


def _tops(
    y: Floats, a: Floats, b: Floats, method: str, level: float
) -> tuple[Floats, Floats, Floats, Floats]:
    prior = 1.0 if method == "map" else 0.0
    known, sign = np.isfinite(y), np.where(y == 1, 1.0, -1.0)

    def slope(theta: Floats) -> Floats:
        # the chance of the other answer, which is exact where it is small
        other = special.expit(-sign * (theta[:, None] * a - b))
        return np.asarray((known * sign * a * other).sum(axis=1) - prior * theta)

    ends = direction(y, a) * (method == "mle")
    asked = (known & (a != 0)).any(axis=1) | (method == "map")
    low, high = _bracketed(slope, asked & (ends == 0))
    found = np.isfinite(low) & np.isfinite(high)
    low, high = np.where(found, low, 0.0), np.where(found, high, 0.0)
    theta = (low + high) / 2
    for _ in range(_STEPS):
        rise = slope(theta)
        low, high = np.where(rise >= 0, theta, low), np.where(rise <= 0, theta, high)
        bend = _information(y, a, b, theta) + prior
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            to = theta + rise / bend
        to = np.where((to > low) & (to < high), to, (low + high) / 2)
        moved = np.abs(to - theta)
        theta = to
        if not (moved > 1e-13 * (1 + np.abs(theta))).any():
            break
    information = _information(y, a, b, theta) + prior
    found &= information > 0
    with np.errstate(divide="ignore"):
        se = np.where(found, 1 / np.sqrt(information), np.nan)
    theta = np.where(found, theta, np.nan)
    half = normal_quantile(level) * se
    top = np.where(ends != 0, np.inf * np.where(ends != 0, ends, 1), theta)
    return top, se, theta - half, theta + half


def _bracketed(
    slope: Callable[[Floats], Floats], sought: NDArray[np.bool_]
) -> tuple[Floats, Floats]:
    """Double the reach until the slope rises at its lower end and falls at the upper.

    Infinite where it never does.
    """
    low, high = np.full(sought.size, -np.inf), np.full(sought.size, np.inf)
    reach = 1.0
    while reach <= _FARTHEST and (sought & ~(np.isfinite(low) & np.isfinite(high))).any():
        at = np.full(sought.size, reach)
        low = np.where(sought & np.isinf(low) & (slope(-at) > 0), -reach, low)
        high = np.where(sought & np.isinf(high) & (slope(at) < 0), reach, high)
        reach *= 2
    return low, high


def _posterior_means(
    y: Floats, a: Floats, b: Floats, method: str, level: float
) -> tuple[Floats, Floats, Floats, Floats]:
    tables = posterior_tables(Answers.of(y), a, b, *curves(a, b), finer=_FINER)
    mean, sd, low, high = map(np.concatenate, zip(*_moments(tables, level), strict=True))
    return mean, sd, low, high


def _moments(tables: Tables, level: float) -> Iterator[tuple[Floats, Floats, Floats, Floats]]:
    nodes, tail = tables.nodes, (1 - level) / 2
    for rows in tables.blocks():
        mass, _ = tables.block(rows)
        mean = mass @ nodes
        sd = np.sqrt(np.maximum(mass @ nodes**2 - mean**2, 0.0))
        yield mean, sd, _quantiles(nodes, mass, tail), _quantiles(nodes, mass, 1 - tail)


def _quantiles(nodes: Floats, mass: Floats, q: float) -> Floats:
    """Read a quantile off masses at equal steps, each spread evenly over its own step."""
    below = np.cumsum(mass, axis=1)
    at = (below < q).sum(axis=1).clip(0, nodes.size - 1)
    here = np.take_along_axis(mass, at[:, None], axis=1)[:, 0]
    before = np.take_along_axis(below, at[:, None], axis=1)[:, 0] - here
    return np.asarray(nodes[at] + (nodes[1] - nodes[0]) * ((q - before) / here - 0.5))
