"""The ability of a respondent from its answers to items whose curves are known."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalvar.errors import UsageError
from evalvar.stats.arguments import Floats, check_level, finite
from evalvar.stats.irt_steps import Answers, Tables, curves, posterior_tables
from evalvar.stats.quantiles import normal_quantile

AbilityMethod = Literal["map", "mle", "eap"]
_METHODS = ("map", "mle", "eap")
_CELLS = 4_000_000
_STEPS = 100
# Nodes per posterior sd, for quantiles.
_FINER = 8


@dataclass(frozen=True, slots=True)
class Ability:
    """Where respondents stand on the scale of the items.

    Parameters
    ----------
    value : float array, shape (N,)
        Ability theta; infinite where the likelihood rises for ever, NaN where nothing was asked.
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
    bracketed and found by Newton's steps kept inside the bracket. Where all answers point one way
    there is none: `value` is then infinite, never the place where a search gave up.
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


def _chance(a: Floats, b: Floats, theta: Floats) -> Floats:
    z = theta[:, None] * a - b
    return np.asarray(1 / (1 + np.exp(-z.clip(-500, 500))))


def _information(y: Floats, a: Floats, b: Floats, theta: Floats) -> Floats:
    ends = np.isinf(theta)
    p = _chance(a, b, np.where(ends, 0.0, theta))
    found = np.nansum(np.where(np.isfinite(y), a**2 * p * (1 - p), 0.0), axis=1)
    return np.where(ends, 0.0, found)


def _tops(
    y: Floats, a: Floats, b: Floats, method: str, level: float
) -> tuple[Floats, Floats, Floats, Floats]:
    prior = 1.0 if method == "map" else 0.0
    known = np.isfinite(y)
    answers = np.where(known, y, 0.0)
    ends = direction(y, a) * (method == "mle")
    open_, empty = ends != 0, ~(known & (a != 0)).any(axis=1) & (method == "mle")
    theta = np.zeros(len(y))
    low, high = np.full(len(y), -np.inf), np.full(len(y), np.inf)
    going = ~open_ & ~empty
    for _ in range(_STEPS):
        p = _chance(a, b, theta)
        slope = (known * a * (answers - p)).sum(axis=1) - prior * theta
        bend = (known * a**2 * p * (1 - p)).sum(axis=1) + prior
        low, high = np.where(slope > 0, theta, low), np.where(slope < 0, theta, high)
        with np.errstate(divide="ignore", invalid="ignore"):
            step = np.clip(slope / bend, -2.0, 2.0)
        to = theta + np.where(np.isfinite(step), step, np.sign(slope) * 2.0)
        ends_known = np.isfinite(low) & np.isfinite(high)
        halfway = (np.where(ends_known, low, theta) + np.where(ends_known, high, theta)) / 2
        to = np.where((to > low) & (to < high), to, halfway)
        to = np.where((slope == 0) | ~going, theta, to)
        moved = np.abs(to - theta)
        theta = to
        if not (moved > 1e-13 * (1 + np.abs(theta))).any():
            break
    information = _information(y, a, b, theta) + prior
    with np.errstate(divide="ignore"):
        se = 1 / np.sqrt(information)
    theta = np.where(open_, np.inf * np.where(open_, ends, 1), np.where(empty, np.nan, theta))
    se = np.where(open_ | empty, np.nan, se)
    half = normal_quantile(level) * se
    return theta, se, np.where(open_, np.nan, theta) - half, np.where(open_, np.nan, theta) + half


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
