"""How much the best of several runs gains by luck."""

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from evalvar.errors import UsageError
from evalvar.stats.arguments import at_least, finite


def expected_best(values: ArrayLike, k: int, *, replacement: bool = False) -> float:
    """Estimate the largest score of k runs like those at hand.

    Parameters
    ----------
    values : float array, shape (n_runs,)
        Score of every run, higher is better; turn the sign where lower is.
    k : int
        How many runs are drawn.
    replacement : bool
        Whether a run may be drawn more than once.

    Returns
    -------
    float
        In the unit of the scores.

    Raises
    ------
    NotEnoughDataError
        No run; without replacement, fewer than k.
    UsageError
        k below 1.

    Notes
    -----
    With the sorted scores x_(i) of S runs: sum_i x_(i) C(i-1, k-1)/C(S, k) without replacement,
    unbiased for k new runs; with it sum_i x_(i) ((i/S)^k - ((i-1)/S)^k), "Show Your Work: Improved
    Reporting of Experimental Results" (Dodge et al. 2019), which is too low.

    Examples
    --------
    >>> acc = [0.31, 0.32, 0.30, 0.33, 0.31, 0.32, 0.22, 0.31, 0.32, 0.30]
    >>> round(expected_best(acc, 3), 5), round(expected_best(acc, 3, replacement=True), 5)
    (0.32125, 0.3202)
    """
    x = np.sort(finite(values, "values"))
    if k < 1:
        raise UsageError(f"k must be at least 1, but is {k}.")
    runs = x.size
    at_least(runs, 1 if replacement else k, f"the best of {k} runs", "seed")
    place = np.arange(1, runs + 1)
    if replacement:
        weight = (place / runs) ** k - ((place - 1) / runs) ** k
    else:
        # C(i-1, k-1)/C(S, k) by logs, where the binomials overflow
        kept = place[k - 1 :]
        logs = special.gammaln(kept) - special.gammaln(kept - k + 1)
        logs += special.gammaln(runs - k + 1) - special.gammaln(runs + 1)
        weight = np.concatenate([np.zeros(k - 1), k * np.exp(logs)])
    return float(weight @ x)


@lru_cache(maxsize=256)
def normal_best(k: int) -> float:
    """Give the expected largest of k standard normal values.

    Parameters
    ----------
    k : int
        At least 1.

    Returns
    -------
    float
        e_k: the best of k runs that scatter normally with sd s lies s e_k above their mean.

    Raises
    ------
    UsageError
        k below 1.

    Notes
    -----
    The integral of P(max > z) above zero less that of P(max < z) below it, by quadrature to 1e-12.

    Examples
    --------
    >>> round(normal_best(10), 7)
    1.5387527
    """
    if k < 1:
        raise UsageError(f"k must be at least 1, but is {k}.")
    nodes, weights = special.roots_legendre(400)
    z, width = 6.5 * (nodes + 1), 6.5 * weights  # 0..13: beyond it lies 1e-38
    above = -np.expm1(k * special.log_ndtr(z))
    below = np.exp(k * special.log_ndtr(-z))
    return float((above - below) @ width)
