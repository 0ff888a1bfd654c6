"""Variance components of a difference of two systems, from a pilot of both or of one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from evalvar.errors import UsageError
from evalvar.stats.arguments import Floats, at_least
from evalvar.stats.clustered import clustered_mean_ci
from evalvar.stats.redrawn import axes_of
from evalvar.stats.variance import Components, variance_components

# Points of the draws: multiples of the roots of primes, modulo 1, fill the cube evenly.
_POINTS = 2039
_PRIMES = (
    *(2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83),
    *(89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167, 173),
)


@dataclass(frozen=True, slots=True)
class PilotNoise:
    """What a pilot says of the noise of a difference.

    Parameters
    ----------
    names : tuple of str, length C
        Components as `variance_components` names them. Without ``seed`` in any name nothing is
        known of seeds, and ``item`` holds item x seed too; without ``sample`` answers are not told
        apart from the highest interaction, which is then named ``... + sample``.
    values : float array, shape (C,)
        Unbiased estimates, in squared units of the scores; negative ones are kept.
    draws : float array, shape (2039, C)
        What the components may be: generalised pivotal draws on fixed points, every mean square
        over a chi-square of its freedom.
    """

    names: tuple[str, ...]
    values: Floats
    draws: Floats

    @property
    def components(self) -> dict[str, float]:
        """The estimates by name."""
        return dict(zip(self.names, self.values.tolist(), strict=True))

    @property
    def variance_seen(self) -> bool:
        """Whether items, seeds or answers differ at all."""
        return bool((self.values > 0).any())

    def alike(self, correlation: float) -> "PilotNoise":
        """Return that of a system's difference to one whose items correlate so with its own.

        For the noise of one system at correlation 0: what items and prompts add shrinks by the
        factor 1 - correlation, what seeds and answers add stays.
        """
        check_correlation(correlation)
        shared = [bool(axes_of(name)) and "seed" not in axes_of(name) for name in self.names]
        factors = np.where(shared, 1 - correlation, 1.0)
        return PilotNoise(self.names, self.values * factors, self.draws * factors)


def pilot_noise(
    systems: Sequence[ArrayLike],
    *,
    correlation: float | None = None,
    clusters: ArrayLike | None = None,
) -> PilotNoise:
    """Estimate the components of a difference from the answers of two systems, or of one.

    Parameters
    ----------
    systems : sequence of one or two float arrays, shape (n_items, n_seeds, n_prompts, n_samples)
        Scores; items and prompts are the same in both, seeds are each system's own. NaN stands for
        an answer that is not there; every item, seed and prompt needs one.
    correlation : float in [-1, 1], optional
        With one system: correlation of the true scores of items and prompts with those of the
        other, which is taken to have the same components.
    clusters : int array, shape (n_items,), optional
        Cluster of each item; clusters are then what is drawn.

    Returns
    -------
    PilotNoise
        What seeds and answers add is the sum of both systems', what items and prompts add is that
        of a - b.

    Raises
    ------
    NotEnoughDataError
        Fewer than two items, or clusters.
    UsageError
        No or more than two systems, other items or prompts in the second, an item, seed and prompt
        without an answer, or one system without `correlation`.

    Notes
    -----
    The draws take mean squares as independent and scaled chi-squares, that of items with the
    freedom that the fourth moment of their differences leaves it, those of different components
    apart although they may share one: what they share is known from items x seeds.
    What seeds and answers add comes from `variance_components` of each system, what items and
    prompts add from that of the difference of their means over seeds, less what the seeds and
    answers of the pilot put into it: item = item(d) - sum over systems (item x seed + sample / K) /
    S. Both are independent for normal scores. A system with one seed gets what seeds add from the
    other. With clusters the variance of an item is n times that of the mean (`clustered_mean_ci`).
    Equals the paired variance of "All the noises" with K answers a, b and no seeds, up to the
    divisor n - 1 of items (tested), and twice the components of one system with correlation 0
    (tested).

    Examples
    --------
    >>> a = np.array([1.0, 0.0, 1.0, 0.0]).reshape(4, 1, 1, 1)
    >>> pilot_noise([a, 1 - a]).components["item + sample"].__round__(6)
    1.333333
    """
    scores = _checked(systems, correlation)
    prompts = scores[0].shape[2]
    alike = 1.0 if len(scores) == 2 or correlation is None else 2 * (1 - correlation)
    samples = all((np.isfinite(x).sum(axis=3) > 1).any() for x in scores)
    if not samples:
        scores = [np.nanmean(x, axis=3, keepdims=True) for x in scores]
    own = [_components(x) for x in scores]
    means = [np.nanmean(x, axis=3, keepdims=True).mean(axis=1, keepdims=True) for x in scores]
    between = means[0] - means[1] if len(means) == 2 else means[0]
    shared, error = _components(between), _between(between, clusters)
    # every component is a weighted sum of all that was estimated, in this order
    estimated = [shared, *own]
    weight = _weights(estimated)
    several = [m for m, x in enumerate(scores) if x.shape[1] > 1]
    both = 2 / len(scores)
    put = {name.removesuffix(" + sample"): weight(0, name) * 0 for name in shared.names}
    found: dict[str, Floats] = {}
    for m, x in enumerate(scores):
        seeds, source = x.shape[1], m if m in several else several[0] if several else None
        for name in own[source].names if source is not None else ():
            if "seed" in name and source is not None:
                found[name] = found.get(name, 0.0) + both * weight(1 + source, name)
                if name != "seed":
                    put[_without_seed(name)] += weight(1 + source, name) / seeds
        if samples:
            answer = weight(1 + m, "sample")
            found["sample"] = found.get("sample", 0.0) + both * answer
            top = "item x prompt" if prompts > 1 else "item"
            put[top] += answer / (seeds * own[m].levels["sample"])
    for name in shared.names:
        base = name.removesuffix(" + sample")
        apart = base if samples or several else name
        found[apart] = alike * (weight(0, name) - put[base])
    values = np.concatenate([part.values for part in estimated])
    squares = np.concatenate([part.squares for part in estimated])
    square_dfs = np.concatenate([part.square_dfs for part in estimated])
    errors = np.concatenate([part.errors for part in estimated])
    error_dfs = np.concatenate([part.error_dfs for part in estimated])
    item = _item(shared)
    values[item] += error[0]
    squares[item] += error[0]
    if error[1] > 0:
        square_dfs[item] = min(square_dfs[item], 2 * squares[item] ** 2 / error[1])
    drawn = _pivots(squares, square_dfs, 0) - _pivots(errors, error_dfs, len(values))
    names = tuple(found)
    rows = np.array([found[name] for name in names])
    return PilotNoise(names, rows @ values, drawn @ rows.T)


def _pivots(squares: Floats, dfs: Floats, start: int) -> Floats:
    """Give, by point and mean square, what the mean square may estimate."""
    found = np.zeros((_POINTS, squares.size))
    for column, (square, df) in enumerate(zip(squares, dfs, strict=True)):
        if square > 0 and df > 0:
            found[:, column] = square * df / _chi_squares(float(df), _PRIMES[start + column])
    return found


@lru_cache(maxsize=256)  # the readings of a study have their numbers of items and runs in common
def _chi_squares(df: float, prime: int) -> Floats:
    share = (np.arange(1, _POINTS + 1) * sqrt(prime)) % 1
    chi = 2 * special.gammaincinv(df / 2, share)
    return np.asarray(np.maximum(chi, np.finfo(float).tiny))


def check_correlation(correlation: float) -> None:
    """Refuse what is no correlation."""
    if not -1 <= correlation <= 1:
        raise UsageError(f"correlation must lie between -1 and 1, but is {correlation:g}.")


def _checked(systems: Sequence[ArrayLike], correlation: float | None) -> list[Floats]:
    if len(systems) not in (1, 2):
        raise UsageError(f"a difference is of two systems, but {len(systems)} are given.")
    if len(systems) == 1 and correlation is None:
        raise UsageError("one system needs correlation=: how alike the items are for the other.")
    if correlation is not None:
        check_correlation(correlation)
    scores = [np.asarray(system, dtype=np.float64) for system in systems]
    for x, name in zip(scores, "ab", strict=False):
        if x.ndim != 4:
            raise UsageError(f"{name} needs 4 axes (item, seed, prompt, sample), but has {x.ndim}.")
        at_least(len(x), 2, "a pilot", "item")
        empty = ~np.isfinite(x).any(axis=3)
        if empty.any():
            raise UsageError(
                f"{name} needs an answer to every item, by every seed, under every prompt, but "
                f"{int(empty.sum())} of {empty.size} have none. Leave those items out."
            )
    if scores[0].shape[::2] != scores[-1].shape[::2]:
        raise UsageError(
            f"a and b need the same items and prompts, but have shapes {scores[0].shape} and "
            f"{scores[-1].shape}."
        )
    return scores


def _components(x: Floats) -> Components:
    known = np.isfinite(x)
    at = np.nonzero(known)
    return variance_components(
        x[known], {"item": at[0], "seed": at[1], "prompt": at[2]}, method="moments"
    )


def _between(between: Floats, clusters: ArrayLike | None) -> tuple[float, float]:
    """Give what clusters add to the variance of an item, and the variance of that variance."""
    d = between.mean(axis=(1, 2, 3))
    n, variance = d.size, float(d.var(ddof=1))
    fourth = float(((d - d.mean()) ** 4).mean())
    if clusters is None:
        return 0.0, max((fourth - variance**2 * (n - 3) / (n - 1)) / n, 0.0)
    found = clustered_mean_ci(d, np.asarray(clusters))
    square = n * found.se**2 if np.isfinite(found.se) else variance
    return square - variance, 2 * square**2 / (found.n - 1)


def _weights(estimated: Sequence[Components]) -> Callable[[int, str], Floats]:
    starts = np.cumsum([0, *(len(part.names) for part in estimated)])
    units = np.eye(int(starts[-1]))

    def weight(which: int, name: str) -> Floats:
        row: Floats = units[starts[which] + estimated[which].names.index(name)]
        return row

    return weight


def _item(shared: Components) -> int:
    return next(i for i, name in enumerate(shared.names) if name in ("item", "item + sample"))


def _without_seed(name: str) -> str:
    axes = name.removesuffix(" + sample").split(" x ")
    return " x ".join(axis for axis in axes if axis != "seed")
