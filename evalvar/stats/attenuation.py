"""What the draw of the items does to Kendall's tau of one curve."""

from math import nan

import numpy as np
from numpy.typing import ArrayLike

from evalvar.errors import UsageError
from evalvar.stats.arguments import ROUNDING, Floats, at_least, check_level, finite
from evalvar.stats.draws import Rng, generator
from evalvar.stats.estimate import Estimate
from evalvar.stats.monotonicity import kendall_tau
from evalvar.stats.quantiles import normal_quantile


def item_covariance(scores: ArrayLike) -> Floats:
    """Covariance of a curve's points if its items were drawn again.

    Parameters
    ----------
    scores : float array, shape (n_items, n_checkpoints)
        Score of each item at each checkpoint, any unit.

    Returns
    -------
    float array, shape (n_checkpoints, n_checkpoints)
        Of the means over items (ddof 1), unit squared. An item is drawn with all its checkpoints.

    Raises
    ------
    NotEnoughDataError
        Fewer than 2 items.

    Examples
    --------
    >>> item_covariance([[0.0, 1.0], [1.0, 1.0]]).tolist()
    [[0.25, 0.0], [0.0, 0.0]]
    """
    x = finite(scores, "scores", ndim=2)
    at_least(x.shape[0], 2, "a covariance over items", "item")
    rest = x - x.mean(axis=0)
    return np.asarray(rest.T @ rest / (len(x) * (len(x) - 1)))


def kendall_tau_ci(
    curve: ArrayLike,
    covariance: ArrayLike,
    *,
    rng: Rng,
    level: float = 0.95,
    n_items: int = 0,
    n_draws: int = 1000,
) -> Estimate:
    """Kendall's tau-b of one curve, with an interval for a draw of other items.

    Parameters
    ----------
    curve : float array, shape (n_checkpoints,)
        Scores in the order of their checkpoints, any unit. Turn the sign where lower is better.
    covariance : float array, shape (n_checkpoints, n_checkpoints)
        Of the scores over draws of the items: see `item_covariance`.
    rng : int, sequence of int or Generator
        Source of the draws; the same one gives the same bytes.
    level : float in (0, 1)
        Nominal coverage.
    n_items : int
        How many items, for `n`.
    n_draws : int
        How many curves are drawn.

    Returns
    -------
    Estimate
        unit ``item``. NaN for a constant curve. Where no draw changes the order of the checkpoints
        there is no interval, as the method then says.

    Raises
    ------
    NotEnoughDataError
        Fewer than 2 checkpoints.

    Notes
    -----
    What is estimated is the mean of tau over tests of as many items. Noise pulls it towards zero,
    so it is not the tau that endless items would show. Curves are drawn from a normal law about the
    one seen; they carry the noise twice, so their quantiles lie too low, and tau -+ quantile times
    their standard deviation is too narrow where little rises. Each end is the outer of the two:
    it covers 94 to 100 %, the quantiles alone 76 to 100 (``benchmarks/calibration``).

    Examples
    --------
    >>> found = kendall_tau_ci([0.2, 0.3, 0.4], np.eye(3) * 0.002, rng=0)
    >>> found.value, found.high, found.low < 1
    (1.0, 1.0, True)
    """
    y = finite(curve, "curve")
    check_level(level)
    at_least(y.size, 2, "Kendall's tau", "checkpoint")
    value = float(kendall_tau(y))
    if value != value:
        method = "undefined: tau-b of a constant curve"
        return Estimate(nan, level=level, n=n_items, method=method)
    taus = kendall_tau(y + _noise(y, covariance, rng, n_draws))
    se = float(taus.std(ddof=1))
    method = f"tau-b, items drawn again, {n_draws} normal curves"
    if se <= ROUNDING:
        return Estimate(
            value, level=level, n=n_items, method=f"{method} (none has another tau: no interval)"
        )
    low, high = np.quantile(taus, [(1 - level) / 2, (1 + level) / 2])
    half = normal_quantile(level) * se
    low, high = min(low, value - half), max(high, value + half)
    return Estimate(
        value, se, max(float(low), -1.0), min(float(high), 1.0), level, n_items, "item", method
    )


def clear_tau(curve: ArrayLike, covariance: ArrayLike, *, level: float = 0.95) -> float:
    """Kendall's tau of the pairs of checkpoints that the items tell apart.

    Parameters
    ----------
    curve, covariance
        As for `kendall_tau_ci`.
    level : float in (0, 1)
        A pair is told apart where the normal interval of its difference, at this level each, leaves
        out 0.

    Returns
    -------
    float
        In -1..1: (pairs that clearly rise - pairs that clearly fall) / all pairs. 1 where every two
        checkpoints clearly rise.

    Raises
    ------
    NotEnoughDataError
        Fewer than 2 checkpoints.
    UsageError
        A covariance of another size.

    Notes
    -----
    tau-a with pairs within the noise of the items taken as tied: checkpoints at chance, or on a
    plateau, add nothing. It is 0 on average where a curve is as likely as its mirror image,
    whatever the number of items; where it rises, it is what so many items show of the rise, at most
    tau-a in the long run, and grows with them.

    Examples
    --------
    >>> round(clear_tau([0.2, 0.5, 0.49, 0.8], np.eye(4) * 1e-4), 6)
    0.833333
    """
    y = finite(curve, "curve")
    check_level(level)
    at_least(y.size, 2, "Kendall's tau", "checkpoint")
    sigma = _matrix(covariance, y.size)
    earlier, later = np.triu_indices(y.size, 1)
    rise = y[later] - y[earlier]
    variance = sigma[later, later] + sigma[earlier, earlier] - 2 * sigma[later, earlier]
    # what rounding leaves of two equal scores is no difference
    least = ROUNDING * float(np.abs(y).max())
    clear = np.abs(rise) > normal_quantile(level) * np.sqrt(np.maximum(variance, 0)) + least
    return float((np.sign(rise) * clear).mean())


def covariance_root(covariance: ArrayLike, n: int) -> Floats:
    """Return what turns independent normal numbers into noise of this covariance.

    Parameters
    ----------
    covariance : float array, shape (n, n)
        As for `kendall_tau_ci`.
    n : int
        Number of checkpoints.

    Returns
    -------
    float array, shape (n, n)
        A root R with R R' = covariance; one that is not positive is cut at 0.

    Raises
    ------
    UsageError
        A covariance of another size.

    Examples
    --------
    >>> covariance_root([[4.0, 0.0], [0.0, 9.0]], 2).tolist()
    [[2.0, 0.0], [0.0, 3.0]]
    """
    values, vectors = np.linalg.eigh(_matrix(covariance, n))
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0)))


def _noise(curve: Floats, covariance: ArrayLike, rng: Rng, draws: int) -> Floats:
    root = covariance_root(covariance, curve.size)
    return np.asarray(generator(rng).standard_normal((draws, curve.size)) @ root.T)


def _matrix(covariance: ArrayLike, n: int) -> Floats:
    sigma = finite(covariance, "covariance", ndim=2)
    if sigma.shape != (n, n):
        raise UsageError(
            f"covariance needs a row and a column for each of the {n} checkpoints, but has "
            f"{sigma.shape[0]} and {sigma.shape[1]}."
        )
    return sigma
