"""Variance components of a difference of two systems, from a pilot of both or of one."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from math import inf, nan, sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from evalvar.errors import UsageError
from evalvar.stats.arguments import Floats, at_least, check_level
from evalvar.stats.clustered import clustered_mean_ci
from evalvar.stats.variance import Components, mean_variance, variance_components


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
    covariance : float array, shape (C, C)
        Their covariance, scores taken as normal.
    """

    names: tuple[str, ...]
    values: Floats
    covariance: Floats

    @property
    def components(self) -> dict[str, float]:
        """The estimates by name."""
        return dict(zip(self.names, self.values.tolist(), strict=True))

    @property
    def variance_seen(self) -> bool:
        """Whether items, seeds or answers differ at all."""
        return bool((self.values > 0).any())

    def spread(
        self, levels: Mapping[str, float], over: Collection[str], *, level: float = 0.95
    ) -> tuple[float, float]:
        """Interval of the standard error of a difference, in units of its estimate.

        Parameters
        ----------
        levels, over
            As for `mean_variance`.
        level : float in (0, 1)
            Nominal coverage.

        Returns
        -------
        low, high : float
            NaN where the estimated variance is not positive, or its own variance is so large that
            a chi-square has no freedom left.

        Notes
        -----
        Satterthwaite: the law of the variance v is a chi-square with 2 v^2 / var(v) degrees of
        freedom.
        """
        check_level(level)
        units = np.eye(len(self.names))
        weights = np.array(
            [
                mean_variance(dict(zip(self.names, unit, strict=True)), levels, over)
                for unit in units
            ]
        )
        variance = float(weights @ self.values)
        error = float(weights @ self.covariance @ weights)
        if not (variance > 0 and error > 0):
            return nan, nan
        half_df, tail = variance**2 / error, (1 - level) / 2
        least = float(special.gammaincinv(half_df, tail))
        most = float(special.gammainccinv(half_df, tail))
        # With next to no freedom both quantiles vanish, and so does what they can say.
        if most <= 0:
            return nan, nan
        return sqrt(half_df / most), sqrt(half_df / least) if least > 0 else inf


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
    covariance = _blocks([part.covariance for part in estimated])
    item = _item(shared)
    values[item] += error[0]
    covariance[item, item] = max(covariance[item, item], error[1])
    names = tuple(found)
    rows = np.array([found[name] for name in names])
    return PilotNoise(names, rows @ values, rows @ covariance @ rows.T)


def _checked(systems: Sequence[ArrayLike], correlation: float | None) -> list[Floats]:
    if len(systems) not in (1, 2):
        raise UsageError(f"a difference is of two systems, but {len(systems)} are given.")
    if len(systems) == 1 and correlation is None:
        raise UsageError("one system needs correlation=: how alike the items are for the other.")
    if correlation is not None and not -1 <= correlation <= 1:
        raise UsageError(f"correlation must lie between -1 and 1, but is {correlation:g}.")
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


def _blocks(squares: Sequence[Floats]) -> Floats:
    size = sum(len(square) for square in squares)
    whole, start = np.zeros((size, size)), 0
    for square in squares:
        end = start + len(square)
        whole[start:end, start:end] = square
        start = end
    return whole


def _item(shared: Components) -> int:
    return next(i for i, name in enumerate(shared.names) if name in ("item", "item + sample"))


def _without_seed(name: str) -> str:
    axes = name.removesuffix(" + sample").split(" x ")
    return " x ".join(axis for axis in axes if axis != "seed")
