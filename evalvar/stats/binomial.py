"""The mid-p interval of many proportions at once."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from evalvar.errors import UsageError
from evalvar.stats.arguments import Floats, check_level


def midp_interval(k: ArrayLike, n: ArrayLike, *, level: float = 0.95) -> tuple[Floats, Floats]:
    """Mid-p intervals of many proportions; k and n need not be whole.

    Parameters
    ----------
    k, n : float array
        Successes and trials, broadcast against each other.
    level : float in (0, 1)
        Nominal coverage.

    Returns
    -------
    low, high : float array
        NaN where n is not positive, or k or n is NaN.

    Raises
    ------
    UsageError
        A k outside 0..n.

    Notes
    -----
    The upper bound p solves (P(X <= k) + P(X < k)) / 2 = (1 - level) / 2, X binomial (n, p); both
    probabilities are incomplete beta functions, which are defined for real k and n. It lies
    between the Clopper-Pearson bounds at k - 1 and k, where Newton's method finds it. The lower
    bound is 1 - upper(n - k).
    """
    check_level(level)
    successes, trials = (np.asarray(a, dtype=np.float64) for a in np.broadcast_arrays(k, n))
    if ((successes < 0) | (successes > trials)).any():
        raise UsageError("k must lie in 0..n.")
    known = (trials > 0) & ~np.isnan(successes)
    with np.errstate(invalid="ignore"):
        k_known = np.where(known, successes, 0.0)
        n_known = np.where(known, trials, 1.0)
    # Both bounds at once: of few proportions the calls cost more than the numbers.
    both = np.stack([n_known - k_known, k_known])
    under, high = _upper(both, np.stack([n_known, n_known]), (1 - level) / 2)
    return np.where(known, 1 - under, np.nan), np.where(known, high, np.nan)


def _upper(k: Floats, n: Floats, tail: float) -> Floats:
    """Solve the mid-p equation for q = 1 - p, where the tails are beta functions of q."""
    inner, edge = (k > 0) & (k < n), k >= n
    failures = np.where(inner, n - k, 1.0)
    count = np.where(inner, k, 1.0)
    below = special.betaincinv(failures, count + 1, tail)
    above = special.betaincinv(failures + 1, count, tail)
    q = (below + above) / 2
    moving = np.ones(q.shape, dtype=bool)
    norms = special.betaln(failures, count + 1), special.betaln(failures + 1, count)
    for _ in range(100):
        first, second = (
            special.betainc(failures, count + 1, q),
            special.betainc(failures + 1, count, q),
        )
        excess = (first + second) / 2 - tail
        below, above = np.where(excess < 0, q, below), np.where(excess < 0, above, q)
        with np.errstate(all="ignore"):
            log_q, log_p = np.log(q), np.log1p(-q)
            densities = np.exp((failures - 1) * log_q + count * log_p - norms[0]) + np.exp(
                failures * log_q + (count - 1) * log_p - norms[1]
            )
            newton = q - 2 * excess / densities
        inside = (newton > below) & (newton < above)
        following = np.where(inside, newton, (below + above) / 2)
        # Each stops by itself, so that a bound does not depend on what else is in the array.
        moving &= np.abs(following - q) > 1e-15
        if not moving.any():
            break
        q = np.where(moving, following, q)
    zero = np.exp(np.log(2 * tail) / n)
    return np.where(edge, 1.0, 1 - np.where(inner, q, zero))
