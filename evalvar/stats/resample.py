"""What is drawn at random: the bootstrap and the sign-flip test."""

from collections.abc import Callable, Iterator
from math import nan
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from evalvar.errors import UsageError
from evalvar.stats.arguments import ROUNDING, Floats, at_least, check_level, finite
from evalvar.stats.estimate import Estimate

# Numbers held at once while resampling: 32 MiB of doubles.
_BUDGET = 1 << 22
# Up to this many sign patterns, all are looked at instead of drawn.
_PATTERNS = 1 << 14

Rng = int | np.random.Generator


def bootstrap(
    statistic: Callable[..., Any],
    *arrays: ArrayLike,
    n_resamples: int = 9999,
    rng: Rng,
    level: float = 0.95,
    method: Literal["percentile", "bca"] = "percentile",
) -> Estimate:
    """Any statistic of independent items, with a bootstrap interval.

    Parameters
    ----------
    statistic : callable
        ``statistic(*arrays, axis=-1)`` gives one number from the arrays, and one for each leading
        index when an axis is put in front of them.
    *arrays : float array, shape (..., n_items)
        Items are the last axis of all; an item is drawn with all its values (paired).
    n_resamples : int
        How many resamples are drawn.
    rng : int or Generator
        Source of the draws; the same one gives the same bytes.
    level : float in (0, 1)
        Nominal coverage.
    method : {"percentile", "bca"}
        Kind of interval.

    Returns
    -------
    Estimate
        unit ``item``, n = number of items; `se` is the standard deviation of the resampled
        statistic (ddof 1). Where it is undefined in some resample, or the same in all, there is
        no interval, as the method then says.

    Raises
    ------
    NotEnoughDataError
        Fewer than two items.
    UsageError
        Arrays of different numbers of items, a statistic that is not one number, an unknown
        method, fewer than 2 resamples.

    Notes
    -----
    Percentile and BCa: "An Introduction to the Bootstrap" (Efron, Tibshirani 1993), sections 13.3
    and 14.3. Memory is bounded; the draws do not depend on how they are batched.
    Equals `scipy.stats.bootstrap` with the same generator (tested).

    Examples
    --------
    >>> x = np.array([0.1, 0.4, 0.4, 0.9])
    >>> bootstrap(np.median, x, rng=0).value
    0.4
    """
    data = [np.asarray(array, dtype=np.float64) for array in arrays]
    check_level(level)
    if method not in ("percentile", "bca"):
        raise UsageError(f"method must be 'percentile' or 'bca', but is '{method}'.")
    if n_resamples < 2:
        raise UsageError(f"n_resamples must be at least 2, but is {n_resamples}.")
    sizes = sorted({array.shape[-1] if array.ndim else 0 for array in data})
    if len(sizes) != 1:
        raise UsageError(f"arrays need the same number of items, but have {sizes}.")
    n = sizes[0]
    at_least(n, 2, "a bootstrap", "item")
    generator = _generator(rng)
    with np.errstate(all="ignore"):
        whole = np.asarray(statistic(*data, axis=-1), dtype=np.float64)
        if whole.ndim:
            raise UsageError(f"the statistic must give one number, but gives {whole.shape}.")
        value = float(whole)
        drawn = np.concatenate(
            [_apply(statistic, data, rows) for rows in _resamples(data, n_resamples, generator)]
        )
        name = f"{'BCa' if method == 'bca' else method} bootstrap, {n_resamples} resamples"
        undefined = n_resamples - int(np.isfinite(drawn).sum())
        if undefined or not np.isfinite(value):
            why = f"undefined in {undefined} of them: no interval"
            return Estimate(value, level=level, n=n, method=f"{name} ({why})")
        if np.ptp(drawn) <= ROUNDING * np.abs(drawn).max():
            return Estimate(value, level=level, n=n, method=f"{name} (all equal: no interval)")
        se = float(drawn.std(ddof=1))
        tails = np.array([(1 - level) / 2, (1 + level) / 2])
        if method == "bca":
            left_out = np.concatenate(
                [_apply(statistic, data, rows) for rows in _leave_one_out(data, n)]
            )
            tails = _bca_tails(value, drawn, left_out, tails)
        if not np.isfinite(tails).all():
            return Estimate(
                value, se, nan, nan, level, n, "item", f"{name} (no acceleration: no interval)"
            )
        low, high = np.quantile(drawn, tails)
    return Estimate(value, se, float(low), float(high), level, n, "item", name)


def sign_flip(differences: ArrayLike, *, rng: Rng, n_resamples: int = 9999) -> float:
    """Test that paired differences are as likely to have either sign.

    Parameters
    ----------
    differences : float array, shape (n_items,)
        a - b per item, any unit.
    rng : int or Generator
        Source of the signs; unused where all patterns can be looked at.
    n_resamples : int
        How many sign patterns are drawn where there are more than 2^14.

    Returns
    -------
    float
        Two-sided p-value of mean zero: the share of sign patterns with a sum at least as far from
        zero; exact with up to 14 non-zero differences, else (r + 1)/(n_resamples + 1). 1 when all
        differences are zero.

    Raises
    ------
    NotEnoughDataError
        No difference.

    Notes
    -----
    Fisher's randomisation test: "The Design of Experiments" (1935), section 21.
    Equals the exact `mcnemar` when all differences are -1, 0 or 1 (tested).

    Examples
    --------
    >>> sign_flip([1.0, 2.0, 3.0], rng=0)
    0.25
    """
    d = finite(differences, "differences")
    at_least(d.size, 1, "a sign-flip test", "item")
    generator = _generator(rng)
    d = d[d != 0]
    seen = abs(float(d.sum())) - 1e-9 * float(np.abs(d).sum())
    if 2**d.size <= _PATTERNS:
        sums = np.zeros(1)
        for value in d:
            sums = np.concatenate([sums + value, sums - value])
        return float((np.abs(sums) >= seen).mean())
    if n_resamples < 1:
        raise UsageError(f"n_resamples must be at least 1, but is {n_resamples}.")
    as_far = 0
    for count in _batches(n_resamples, d.size):
        signs = generator.integers(0, 2, size=(count, d.size)) * 2 - 1
        as_far += int((np.abs(signs @ d) >= seen).sum())
    return (as_far + 1) / (n_resamples + 1)


def _generator(rng: Rng) -> np.random.Generator:
    if isinstance(rng, np.random.Generator):
        return rng
    if isinstance(rng, (int, np.integer)) and not isinstance(rng, bool) and rng >= 0:
        return np.random.default_rng(rng)
    raise UsageError(f"rng must be a whole number or a numpy Generator, but is {rng!r}.")


def _batches(total: int, width: int) -> Iterator[int]:
    step = max(1, _BUDGET // max(width, 1))
    for start in range(0, total, step):
        yield min(step, total - start)


def _width(data: list[Floats]) -> int:
    return sum(array.size for array in data)


def _resamples(
    data: list[Floats], n_resamples: int, generator: np.random.Generator
) -> Iterator[np.ndarray]:
    n = data[0].shape[-1]
    for count in _batches(n_resamples, _width(data)):
        yield generator.integers(0, n, size=(count, n))


def _leave_one_out(data: list[Floats], n: int) -> Iterator[np.ndarray]:
    start = 0
    for count in _batches(n, _width(data)):
        left_out = np.arange(start, start + count)[:, None]
        kept = np.arange(n - 1)[None, :]
        yield kept + (kept >= left_out)
        start += count


def _apply(statistic: Callable[..., Any], data: list[Floats], rows: np.ndarray) -> Floats:
    """Give the statistic of each row of item indices; the rows go in front."""
    picked = [np.moveaxis(array[..., rows], -2, 0) for array in data]
    return np.asarray(statistic(*picked, axis=-1), dtype=np.float64)


def _bca_tails(value: float, drawn: Floats, left_out: Floats, tails: Floats) -> Floats:
    """Move the tail probabilities for bias and acceleration (Efron, Tibshirani, Eq. 14.10)."""
    share = ((drawn < value).mean() + (drawn <= value).mean()) / 2
    bias = special.ndtri(share)
    influence = left_out.mean() - left_out
    acceleration = (influence**3).sum() / (6 * (influence**2).sum() ** 1.5)
    z = bias + special.ndtri(tails)
    return np.asarray(special.ndtr(bias + z / (1 - acceleration * z)))
