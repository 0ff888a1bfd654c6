"""What is asked of a resample: functionals of weighted items."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from evalvar.errors import UsageError
from evalvar.stats.arguments import Floats
from evalvar.stats.draws import Counts
from evalvar.stats.effk import eff_at_k
from evalvar.stats.monotonicity import kendall_tau
from evalvar.stats.passk import pass_at_k, pass_hat_k

# Weights to values, for scores that were looked at once.
Prepared = Callable[[Counts], Floats]

# Sums of whole numbers below this are exact in floats of 32 bits.
_EXACT = 1 << 24
# Weights that are turned into floats at a time, and items whose sum is one of 32 bits.
_SLICE, _ITEMS = 1 << 18, 1 << 12
# Items that are looked at first to see whether all scores are whole numbers.
_HEAD = 512
# Numbers that a user's function is handed at once.
_BUDGET = 1 << 22


@dataclass(frozen=True, slots=True)
class Functional:
    """A number for each system, from scores of items and weights of items.

    Called with scores (n_items, n_systems) or (n_items, n_systems, ...) and weights
    (n_resamples, n_items), it gives (n_resamples, n_systems). Any callable that does so may stand
    in its place.

    Parameters
    ----------
    name : str
        What it is called in `method`.
    prepare : callable
        Takes the scores and gives a callable from weights to values.
    item_values : callable, optional
        For a functional that is a weighted mean over items: from scores to the value (n_items,
        n_systems) of each item.
    """

    name: str
    prepare: Callable[[Floats], Prepared]
    item_values: Callable[[Floats], Floats] | None = None

    def __call__(self, scores: ArrayLike, weights: ArrayLike) -> Floats:
        """Give the value of each system under each row of weights."""
        x = np.asarray(scores, dtype=np.float64)
        return self.prepare(x)(np.atleast_2d(np.asarray(weights, dtype=np.float32)))


AnyFunctional = Functional | Callable[..., Any]


def name_of(functional: AnyFunctional) -> str:
    """Say what a functional is called."""
    if isinstance(functional, Functional):
        return functional.name
    return str(getattr(functional, "__name__", "statistic"))


def mean_of(name: str, item_values: Callable[[Floats], Floats]) -> Functional:
    """Weighted mean over items of a value of each item.

    Parameters
    ----------
    name : str
        What it is called in `method`.
    item_values : callable
        From scores (n_items, n_systems, ...) to values (n_items, n_systems).

    Returns
    -------
    Functional
        The sum of weights times values over the sum of weights. Whole numbers are summed without
        rounding, so that equal resamples stay equal; others are summed about their mean, in 32
        bits within blocks of items and in 64 bits over the blocks.
    """

    def prepare(scores: Floats) -> Prepared:
        return prepare_mean(item_values(scores))

    return Functional(name, prepare, item_values)


def prepare_mean(sums: Floats, sizes: Floats | None = None) -> Prepared:
    """Weighted mean of units of so many items each (1 by default), from their sums."""
    size = np.ones(len(sums)) if sizes is None else sizes
    systems = sums.shape[1]
    # where sums of whole numbers are exact, they are not moved: ties stay ties
    whole = all(bool((part == np.rint(part)).all()) for part in (sums[:_HEAD], sums))
    largest = float((np.abs(sums) / size[:, None]).max(initial=0.0)) if whole else 0.0
    shift = np.zeros(systems) if whole else sums.sum(axis=0) / size.sum()
    # products with many columns are fastest where these fill whole registers
    spare = (-systems - 1) % 8 if systems >= 8 else 0
    moved = np.zeros((len(sums), systems + 1 + spare), dtype=np.float32)
    for start in range(0, len(sums), _ITEMS):
        part = slice(start, start + _ITEMS)
        moved[part, :systems] = sums[part] - size[part, None] * shift
    moved[:, systems] = size

    def weighted(weights: Counts) -> Floats:
        products = np.zeros((len(weights), moved.shape[1]))
        width = min(_ITEMS, max(256, _SLICE // len(weights)), len(moved))
        scratch = np.empty(len(weights) * width, dtype=np.float32)
        for start in range(0, len(moved), width):
            part = weights[:, start : start + width]
            floats = scratch[: part.size].reshape(part.shape)
            floats[:] = part
            products += floats @ moved[start : start + width]
        total = products[:, systems : systems + 1]
        if whole and largest * float(total.max(initial=0.0)) >= _EXACT:
            return np.asarray(weights @ sums / total)
        return np.asarray(products[:, :systems] / total + shift)

    return weighted


mean = mean_of("mean", lambda scores: scores)


def optimality_gap(target: float = 1.0) -> Functional:
    """Mean shortfall below a target: target - min(score, target).

    Parameters
    ----------
    target : float
        The score above which more does not count.

    Returns
    -------
    Functional

    Notes
    -----
    "Deep Reinforcement Learning at the Edge of the Statistical Precipice" (Agarwal et al. 2021).

    Examples
    --------
    >>> optimality_gap()([[0.5], [2.0]], [[1, 1]]).tolist()
    [[0.25]]
    """
    return mean_of(f"optimality gap {target:g}", lambda x: target - np.minimum(x, target))


def performance_profile(tau: float) -> Functional:
    """Share of items with a score above tau.

    Examples
    --------
    >>> performance_profile(0.3)([[0.1], [0.4]], [[1, 3]]).tolist()
    [[0.75]]
    """
    return mean_of(f"share above {tau:g}", lambda x: (x > tau).astype(np.float64))


def improvement(pairs: Sequence[tuple[int, int]]) -> Functional:
    """Probability that a system beats another on an item, ties counted half: one column a pair.

    Parameters
    ----------
    pairs : sequence of (int, int)
        Columns a and b of the scores.

    Returns
    -------
    Functional
        Share of items with a > b plus half of those with a = b, shape (n_resamples, n_pairs).

    Examples
    --------
    >>> improvement([(0, 1)])([[1, 0], [1, 1]], [[1, 1]]).tolist()
    [[0.75]]
    """
    a, b = np.array(pairs, dtype=np.int64).reshape(-1, 2).T

    def beats(x: Floats) -> Floats:
        return np.asarray((np.sign(x[:, a] - x[:, b]) + 1) / 2)

    return mean_of("probability of improvement", beats)


def mean_pass(k: int) -> Functional:
    """Mean of pass@k; scores (n_items, n_systems, 2) hold answers and right ones of each item.

    Examples
    --------
    >>> mean_pass(1)([[[10, 5]], [[4, 4]]], [[1, 1]]).tolist()
    [[0.75]]
    """
    return mean_of(f"pass@{k}", lambda x: pass_at_k(x[..., 0], x[..., 1], k=k))


def mean_pass_hat(k: int) -> Functional:
    """Mean of pass^k; scores (n_items, n_systems, 2) hold answers and right ones of each item.

    Examples
    --------
    >>> mean_pass_hat(2)([[[2, 2]], [[2, 1]]], [[1, 1]]).tolist()
    [[0.5]]
    """
    return mean_of(f"pass^{k}", lambda x: pass_hat_k(x[..., 0], x[..., 1], k=k))


def mean_eff(k: int) -> Functional:
    """Mean of eff@k; scores (n_items, n_systems, n_samples), NaN beyond an item's last answer.

    Examples
    --------
    >>> mean_eff(2)([[[0.0, 1.0, np.nan]], [[0.5, 0.5, 0.5]]], [[1, 1]]).tolist()
    [[0.75]]
    """

    def of_items(x: Floats) -> Floats:
        rows = x.reshape(-1, x.shape[-1])
        size = np.isfinite(rows).sum(axis=1)
        values = np.empty(len(rows))
        for n in np.unique(size):
            some = rows[size == n]
            values[size == n] = eff_at_k(some[np.isfinite(some)].reshape(-1, n), k=k)
        return values.reshape(x.shape[:-1])

    return mean_of(f"eff@{k}", of_items)


def tau_over_checkpoints() -> Functional:
    """Kendall's tau-b with time of the mean curve; scores (n_items, n_systems, n_checkpoints).

    Examples
    --------
    >>> tau_over_checkpoints()([[[0, 0, 1]], [[0, 1, 2]]], [[1, 1]]).tolist()
    [[1.0]]
    """

    def prepare(scores: Floats) -> Prepared:
        n, systems, checkpoints = scores.shape
        curves = prepare_mean(scores.reshape(n, -1))
        return lambda w: kendall_tau(curves(w).reshape(len(w), systems, checkpoints))

    return Functional("tau-b of the mean curve", prepare)


def snr(*, ddof: int = 1) -> Functional:
    """Mean over units (seeds) in units of their standard deviation; NaN where they are equal.

    Examples
    --------
    >>> snr()([[1.0], [3.0]], [[1, 1], [2, 0]]).round(6).tolist()
    [[1.414214], [nan]]
    """

    def prepare(scores: Floats) -> Prepared:
        shift = scores.mean(axis=0)
        z = scores - shift
        noise = 1e-12 * np.abs(scores).max(axis=0, initial=0.0) ** 2

        def ratio(weights: Counts) -> Floats:
            w = weights.astype(np.float64)
            total = w.sum(axis=1, keepdims=True)
            centre = w @ z / total
            variance = (w @ z**2 - total * centre**2) / (total - ddof)
            with np.errstate(invalid="ignore", divide="ignore"):
                sd = np.sqrt(np.where(variance > noise, variance, np.nan))
                return np.asarray((centre + shift) / sd)

        return ratio

    return Functional("signal-to-noise", prepare)


def user(statistic: Callable[..., Any], *, name: str = "") -> Functional:
    """Any function of the items, whose order must not matter.

    Parameters
    ----------
    statistic : callable
        ``statistic(x, axis=-1)`` gives one number for each leading index of x; items are last.
    name : str
        What it is called in `method`; its own name otherwise.

    Returns
    -------
    Functional
        An item is repeated by its weight, which must be a whole number.

    Examples
    --------
    >>> user(np.max)([[1.0], [2.0], [3.0]], [[2, 1, 0]]).tolist()
    [[2.0]]
    """
    called = name or getattr(statistic, "__name__", "statistic")

    def prepare(scores: Floats) -> Prepared:
        columns = np.moveaxis(scores, 0, -1)

        def repeated(weights: Counts) -> Floats:
            times = weights.astype(np.int64)
            if (times != weights).any():
                raise UsageError(f"{called} needs whole weights, to repeat items by.")
            out = np.empty((len(times), *columns.shape[:-1]))
            total = times.sum(axis=1)
            for size in np.unique(total):
                rows = np.flatnonzero(total == size)
                step = max(1, _BUDGET // max(1, int(size) * (columns.size // len(scores))))
                for start in range(0, rows.size, step):
                    some = rows[start : start + step]
                    items = np.tile(np.arange(len(scores)), some.size)
                    items = np.repeat(items, times[some].ravel()).reshape(some.size, size)
                    values = np.asarray(statistic(columns[..., items], axis=-1))
                    if values.shape != (*columns.shape[:-1], some.size):
                        raise UsageError(
                            f"{called} must give one number for each leading index, but gives "
                            f"{values.shape} where {(*columns.shape[:-1], some.size)} is due."
                        )
                    out[some] = np.moveaxis(values, -1, 0)
            return out

        return repeated

    return Functional(called, prepare)
