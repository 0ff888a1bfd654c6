"""How far out the scores of one group sum, where the labels are dealt anew within strata."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations
from math import comb, prod

import numpy as np
from scipy import special

from evalvar.stats.arguments import ROUNDING, Floats

# Up to this many ways to deal the labels, every one is looked at.
_WAYS = 1 << 12
# From this many labels of the rarer group on, over all strata, the normal law holds the size.
_MANY = 20
# Points of the law that is counted out otherwise, up to so many standard deviations past the sum
# that was seen; what lies beyond comes round at the other end, and is as far out there.
_POINTS, _REACH = 1 << 11, 4.0


def dealt_p(
    scores: Sequence[Floats], labels: Sequence[int], seen: float, variance: float
) -> tuple[float, str]:
    """Test that in every stratum the labels were dealt at random.

    Parameters
    ----------
    scores : sequence of float array
        Scores of each stratum; they sum to zero there.
    labels : sequence of int
        How many of them carry the label.
    seen : float
        Sum of the scores with the label, over strata.
    variance : float
        Of that sum, above zero.

    Returns
    -------
    p : float
        P(a sum as far from zero or further), two-sided.
    method : str
        ``exact``, for up to 2^12 ways; ``counted``, the same with sums that lie closer than about
        0.02 standard deviations taken as equal; ``chi-square`` where the rarer labels of all strata
        are 20 or more.

    Notes
    -----
    Fisher's randomisation test: "The Design of Experiments" (1935), section 21. The counted law is
    the inverse Fourier transform of the product over strata of E_k(e^{i f x_1}, ..), the mean over
    all ways to choose k scores, built up by E_k^m = (1 - k/m) E_k^{m-1} + k/m e^{i f x_m}
    E_{k-1}^{m-1}.
    """
    pairs = [_rarer(x, k) for x, k in zip(scores, labels, strict=True)]
    pairs = [(x, k) for x, k in pairs if k and np.ptp(x) > 0]
    if sum(k for _, k in pairs) >= _MANY:
        return float(special.chdtrc(1, seen**2 / variance)), "chi-square"
    if prod(comb(x.size, k) for x, k in pairs) <= _WAYS:
        sums = np.zeros(1)
        for x, k in pairs:
            sums = np.add.outer(sums, x[_choices(x.size, k)].sum(axis=1)).ravel()
        slack = ROUNDING * sum(float(np.abs(x).sum()) for x, _ in pairs)
        return float((np.abs(sums) >= abs(seen) - slack).mean()), "exact"
    return _counted(pairs, abs(seen), variance), "counted"


@lru_cache(maxsize=64)
def _choices(n: int, k: int) -> np.ndarray:
    return np.array(list(combinations(range(n), k)))


def _rarer(x: Floats, k: int) -> tuple[Floats, int]:
    """Look at whichever group is smaller: its scores sum to minus those of the other."""
    return (x, k) if 2 * k <= x.size else (-x, x.size - k)


def _counted(pairs: list[tuple[Floats, int]], seen: float, variance: float) -> float:
    most = sum(max(abs(float(part.sum())) for part in (np.sort(x)[:k], np.sort(x)[-k:]))
               for x, k in pairs)  # fmt: skip
    reach = min(most * (1 + ROUNDING), seen + _REACH * variance**0.5)
    step = 2 * reach / (_POINTS - 2 * sum(k for _, k in pairs) - 2)
    turns = np.exp(2j * np.pi * np.arange(_POINTS) / _POINTS)
    place = np.arange(_POINTS // 2 + 1)
    whole = np.ones(place.size, dtype=np.complex128)
    for x, k in pairs:
        means = np.zeros((k + 1, place.size), dtype=np.complex128)
        means[0] = 1.0
        for m, at in enumerate(np.rint(x / step).astype(np.int64), start=1):
            top = min(k, m)
            share = np.arange(1, top + 1)[:, None] / m
            # the transform is of e^{-i f x}
            factor = turns[(-place * at) % _POINTS]
            means[1 : top + 1] = (1 - share) * means[1 : top + 1] + share * factor * means[:top]
        whole *= means[k]
    law = np.fft.irfft(whole, _POINTS)
    where = np.arange(_POINTS)
    far = np.minimum(where, _POINTS - where)
    # each of the k rounded scores is off by up to half a step
    slack = sum(k for _, k in pairs) ** 0.5
    return float(min(max(law[far >= seen / step - slack].sum(), 0.0), 1.0))
