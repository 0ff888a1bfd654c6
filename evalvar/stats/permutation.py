"""Randomisation tests: sign flips of paired items, exchanged labels of two groups."""

import numpy as np
from numpy.typing import ArrayLike

from evalvar.errors import UsageError
from evalvar.stats.arguments import at_least, finite
from evalvar.stats.draws import Rng, generator, signs

# Up to this many sign patterns, all are looked at instead of drawn.
_PATTERNS = 1 << 14


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
    source = generator(rng)
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
    for drawn in signs(source, n_resamples, d.size):
        as_far += int((np.abs(drawn @ d) >= seen).sum())
    return (as_far + 1) / (n_resamples + 1)
