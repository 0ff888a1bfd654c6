"""Do two runs answer alike, or only as many items right?"""

from dataclasses import replace
from math import nan

import numpy as np
from numpy.typing import ArrayLike

from evalvar.errors import UsageError, counted
from evalvar.stats.arguments import ROUNDING, Floats, at_least, check_level, finite
from evalvar.stats.crossed_bounded import crossed_ends
from evalvar.stats.crossed_half import ItemPart, SeedPart, seed_part
from evalvar.stats.estimate import Estimate
from evalvar.stats.mean import bounded_mean_ci
from evalvar.stats.parts import combination, combined
from evalvar.stats.quantiles import t_quantile


def cohen_kappa(a: ArrayLike, b: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Agreement of two runs beyond what their shares of each label would give by chance.

    Parameters
    ----------
    a, b : array, shape (n_items,)
        Label of every item in the two runs: right or wrong, or the option chosen.
    level : float in (0, 1)
        Nominal coverage.

    Returns
    -------
    Estimate
        In -1..1, 1 where the runs agree on every item. unit ``item``, n = number of items, method
        ``t on influence values``. NaN where both runs give one and the same label throughout;
        without an interval where no item moves the estimate, as the method then says.

    Raises
    ------
    NotEnoughDataError
        Fewer than two items.
    UsageError
        Different numbers of items.

    Notes
    -----
    (po - pe)/(1 - pe), po = share of items with equal labels, pe = sum over labels of the product
    of their shares: "A coefficient of agreement for nominal scales" (Cohen 1960). The standard
    error is that of its influence values, the asymptotic one of Fleiss, Cohen and Everitt (1969)
    with ddof 1. It is unstable where nearly all items have one label: look at po too.
    Equals scikit-learn's `cohen_kappa_score` (tested on its numbers).

    Examples
    --------
    >>> s1, s2 = [1, 0, 1, 1, 0, 1, 0, 0, 1, 1], [1, 0, 0, 1, 0, 1, 1, 0, 1, 1]
    >>> round(cohen_kappa(s1, s2).value, 9)
    0.583333333
    """
    first, second = np.asarray(a), np.asarray(b)
    if first.ndim != 1 or first.shape != second.shape:
        raise UsageError(
            f"a and b need one label an item each, but have shapes {first.shape} and "
            f"{second.shape}."
        )
    n = first.size
    at_least(n, 2, "kappa", "item")
    labels, codes = np.unique(np.concatenate([first, second]), return_inverse=True)
    one, two = codes[:n], codes[n:]
    share_one, share_two = (np.bincount(c, minlength=labels.size) / n for c in (one, two))
    alike = (one == two).astype(np.float64)
    observed, expected = float(alike.mean()), float(share_one @ share_two)
    by_item = share_two[one] + share_one[two] - 2 * expected
    return _kappa(observed, expected, alike - observed, by_item, level)


def fleiss_kappa(labels: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Agreement of several runs beyond chance, all with the same shares of each label.

    Parameters
    ----------
    labels : array, shape (n_items, n_seeds)
        Label of every item in every run.
    level : float in (0, 1)
        Nominal coverage.

    Returns
    -------
    Estimate
        As for `cohen_kappa`; the interval is for new items and these runs.

    Raises
    ------
    NotEnoughDataError
        Fewer than two items or runs.

    Notes
    -----
    (P - Pe)/(1 - Pe), P = mean over items of the share of pairs of runs that agree, Pe = sum of the
    squared shares of the labels over all answers: "Measuring nominal scale agreement among many
    raters" (Fleiss 1971).
    Equals statsmodels' `fleiss_kappa` (tested).

    Examples
    --------
    >>> answers = [[1, 1, 0], [0, 0, 0], [1, 1, 1], [0, 1, 0]]
    >>> round(fleiss_kappa(answers).value, 6)
    0.333333
    """
    table = np.asarray(labels)
    if table.ndim != 2:
        raise UsageError(f"labels need 2 axes, items and runs, but have {table.ndim}.")
    n, runs = table.shape
    at_least(n, 2, "kappa", "item")
    at_least(runs, 2, "kappa", "seed")
    names, codes = np.unique(table, return_inverse=True)
    at = np.arange(n)[:, None] * names.size + codes.reshape(table.shape)
    counts = np.bincount(at.ravel(), minlength=n * names.size).reshape(n, names.size)
    alike = (counts * (counts - 1)).sum(axis=1) / (runs * (runs - 1))
    shares = counts.sum(axis=0) / counts.sum()
    observed, expected = float(alike.mean()), float((shares**2).sum())
    return _kappa(
        observed, expected, alike - observed, 2 * (counts / runs @ shares - expected), level
    )


def _kappa(
    observed: float, expected: float, alike: Floats, by_item: Floats, level: float
) -> Estimate:
    """Put together kappa from its two shares and what each item adds to them."""
    check_level(level)
    n, rest = alike.size, 1 - expected
    if rest <= ROUNDING:
        return Estimate(nan, level=level, n=n, method="undefined: one label throughout")
    value = (observed - expected) / rest
    influence = alike / rest - (1 - observed) / rest**2 * by_item
    se = float(np.sqrt((influence**2).sum() / (n * (n - 1))))
    if se <= ROUNDING:
        method = "t on influence values (no item moves it: no interval)"
        return Estimate(value, level=level, n=n, method=method)
    half = t_quantile(level, n - 1) * se
    low, high = max(value - half, -1.0), min(value + half, 1.0)
    return Estimate(value, se, low, high, level, n, "item", "t on influence values")


def mean_kappa(right: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Mean over pairs of seeds of Cohen's kappa of right and wrong answers.

    Parameters
    ----------
    right : float array of 0 and 1, shape (n_items, n_seeds)
        Whether each seed has each item right.
    level : float in (0, 1)
        Nominal coverage.

    Returns
    -------
    Estimate
        unit ``item x seed``, n = number of seeds; with two seeds unit ``item``, n = number of
        items, for new items and these two seeds. NaN where no pair has a kappa.

    Raises
    ------
    NotEnoughDataError
        Fewer than two items or seeds.
    UsageError
        A score other than 0 and 1.

    Notes
    -----
    What item i adds to the kappa 1 - d/e of a pair of seeds, d their churn and e the churn of
    independent seeds, is linearised. The share of one seed in the mean is that of all its pairs and
    counts twice (the first term of Hoeffding's decomposition of a mean over pairs); then items and
    seeds are drawn as in `crossed_mean_ci`. Pairs of which both have all items right, or all wrong,
    are left out. Equals the mean of `cohen_kappa` (tested). Coverage: ``benchmarks/calibration``.

    Examples
    --------
    >>> round(mean_kappa([[1, 1, 0], [0, 0, 0], [1, 1, 1], [0, 1, 0]]).value, 6)
    0.4
    """
    x = _right(right, "kappa")
    check_level(level)
    n, seeds = x.shape
    p = x.mean(axis=0)
    apart = p[:, None] + p - 2 * (x.T @ x) / n
    by_chance = p[:, None] + p - 2 * np.outer(p, p)
    defined = (by_chance > ROUNDING) & ~np.eye(seeds, dtype=bool)
    pairs = int(defined.sum()) // 2
    if not pairs:
        method = "undefined: every pair of seeds has all items right, or all wrong"
        return Estimate(nan, level=level, n=seeds, unit="item x seed", method=method)
    weight = np.where(defined, 1 / np.where(defined, by_chance, 1.0), 0.0)
    kappas = np.where(defined, 1 - weight * apart, 0.0)
    value = float(kappas.sum()) / (2 * pairs)
    moved, tilt, own = weight**2 * apart, 1 - 2 * p, x - p
    drift = own * (moved @ tilt) + tilt * (own @ moved)
    flips = x * weight.sum(axis=1) + x @ weight - 2 * x * (x @ weight)
    linear = drift - (flips - (weight * apart).sum(axis=1))
    shares = (kappas.sum(axis=1) + linear) * seeds / (2 * pairs)
    left_out = seeds * (seeds - 1) // 2 - pairs
    said = f" ({counted(left_out, 'pair')} without a kappa left out)" if left_out else ""
    items, parts, unit, count = pair_parts(shares)
    se = float(np.sqrt(items.variance + sum(part.variance for part in parts)))
    what = "kappa, mean over pairs"
    if se <= ROUNDING:
        method = f"{what} (no item moves it: no interval){said}"
        return Estimate(value, level=level, n=count, unit=unit, method=method)
    half = combined(items, parts, 0.0, level)[1]
    low, high = max(value - half, -1.0), min(value + half, 1.0)
    method = f"{what}, {combination(items, parts)} on influence values{said}"
    return Estimate(value, se, low, high, level, count, unit, method)


def churn(right: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Share of items that one of two seeds has right and the other wrong; mean over pairs.

    Parameters
    ----------
    right : float array of 0 and 1, shape (n_items, n_seeds)
        Whether each seed has each item right.
    level : float in (0, 1)
        Nominal coverage.

    Returns
    -------
    Estimate
        In 0..1; 1 - churn is the share of items on which two seeds agree. unit ``item x seed``, n =
        number of seeds; with two seeds unit ``item``, n = number of items, for new items and these
        two seeds. There always is an interval.

    Raises
    ------
    NotEnoughDataError
        Fewer than two items or seeds.
    UsageError
        A score other than 0 and 1.

    Notes
    -----
    The mean over items of 2 k (S - k)/(S (S - 1)), k of S seeds right. Items and seeds are drawn as
    in `crossed_mean_ci` with the range 0..1, a seed's share counted twice as in `mean_kappa`; with
    two seeds it is `bounded_mean_ci` over items. Coverage: ``benchmarks/calibration``.

    Examples
    --------
    >>> churn([[1, 1, 0], [0, 0, 0], [1, 1, 1], [0, 1, 0]]).value
    0.3333333333333333
    """
    x = _right(right, "churn")
    check_level(level)
    k, seeds = x.sum(axis=1, keepdims=True), x.shape[1]
    shares = np.where(x == 1, seeds - k, k) / (seeds - 1)
    value = float(shares.mean())
    if seeds == 2:
        found = bounded_mean_ci(shares[:, 0], low=0.0, high=1.0, level=level)
        return replace(found, method=f"churn, {found.method}")
    items, parts, unit, count = pair_parts(shares)
    se = float(np.sqrt(items.variance + parts[0].variance))
    half = combined(items, parts, 0.0, level)[1] if se > ROUNDING else 0.0
    low, high = crossed_ends(shares, items, parts[0], half, low=0.0, high=1.0, level=level)
    method = f"churn, mid-p on effective n, {combination(items, parts)}"
    return Estimate(value, se if half else nan, low, high, level, count, unit, method)


def pair_parts(shares: Floats) -> tuple[ItemPart, list[SeedPart], str, int]:
    """Split what items and seeds do to a mean over pairs of seeds into parts of its variance.

    Parameters
    ----------
    shares : float array, shape (n_items, n_seeds)
        For every item and seed the mean over the pairs that the seed is in.

    Returns
    -------
    items, parts, unit, n
        With two seeds there is one pair, which says nothing of other seeds: no part.
    """
    n, seeds = shares.shape
    by_item = shares.mean(axis=1)
    items = ItemPart(float(by_item.var(ddof=1)) / n, n - 1)
    if seeds == 2:
        return items, [], "item", n
    doubled = by_item[:, None] + 2 * (shares - by_item[:, None])
    return items, [seed_part(doubled)], "item x seed", seeds


def _right(right: ArrayLike, what: str) -> Floats:
    x = finite(right, "right", ndim=2)
    at_least(x.shape[0], 2, what, "item")
    at_least(x.shape[1], 2, what, "seed")
    other = int(((x != 0) & (x != 1)).sum())
    if other:
        raise UsageError(f"{what} needs scores of 0 and 1, but {other} of {x.size} are not.")
    return x
