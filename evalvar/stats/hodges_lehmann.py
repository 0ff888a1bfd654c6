"""The time of a case from its repeats: Hodges and Lehmann's estimate."""

import numpy as np
from numpy.typing import ArrayLike

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats.arguments import Floats

# Walsh averages held at once.
_BUDGET = 1 << 21


def hodges_lehmann(times: ArrayLike, *, axis: int = -1) -> Floats:
    """Typical time of repeated runs: the median of their Walsh averages.

    Parameters
    ----------
    times : float array
        Repeats along `axis`, any unit; +inf for a repeat that was stopped.
    axis : int
        The axis of the repeats.

    Returns
    -------
    float array, shape of `times` without `axis`
        In the unit of the times; +inf where too many repeats were stopped to tell.

    Raises
    ------
    NotEnoughDataError
        No repeat.
    UsageError
        A time that is NaN or -inf.

    Notes
    -----
    The median of (t_i + t_j)/2 over i <= j, the diagonal included: R(R + 1)/2 of them, all of which
    are held for one case at a time, so that memory grows with R^2. Source: "Estimates of location
    based on rank tests" (Hodges, Lehmann 1963); with the diagonal as in ENAMEL (Qiu et al. 2024).
    Of 6 repeats one that is stopped or delayed hardly counts, two do.
    Equals the median where there are 1 or 2 repeats, and ENAMEL's own estimate (tested).

    Examples
    --------
    >>> float(hodges_lehmann([1.0, 2.0, 4.0])), float(hodges_lehmann([1, 1, 1, 1, 1, np.inf]))
    (2.25, 1.0)
    """
    t = np.moveaxis(np.atleast_1d(np.asarray(times, dtype=np.float64)), axis, -1)
    repeats = t.shape[-1]
    if not repeats:
        raise NotEnoughDataError("the time of a case needs at least 1 repeat, but has 0.")
    bad = int((np.isnan(t) | (t == -np.inf)).sum())
    if bad:
        raise UsageError(
            f"times need numbers, but {bad} of {t.size} are NaN or -inf. Give a repeat that was "
            "stopped the time +inf, and leave out one that was not run."
        )
    first, second = np.tril_indices(repeats)
    rows = np.ascontiguousarray(t).reshape(-1, repeats)
    found = np.empty(len(rows))
    step = max(1, _BUDGET // first.size)
    for start in range(0, len(rows), step):
        part = rows[start : start + step] / 2
        found[start : start + step] = _medians(part[:, first] + part[:, second])
    return found.reshape(t.shape[:-1])


def _medians(averages: Floats) -> Floats:
    size = averages.shape[1]
    middle = size // 2
    if size % 2:
        return np.partition(averages, middle, axis=1)[:, middle]
    halves = np.partition(averages, (middle - 1, middle), axis=1)
    return np.asarray((halves[:, middle - 1] + halves[:, middle]) / 2)
