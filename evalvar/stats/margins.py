"""Is a better by a margin, no worse than by a margin, or the same within a margin?"""

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite, isnan, nan

from evalvar.errors import UsageError
from evalvar.stats.estimate import Estimate


@dataclass(frozen=True, slots=True)
class MarginTest:
    """What the data say about a difference and a margin.

    Parameters
    ----------
    question : str
        ``superiority``, ``non-inferiority`` or ``equivalence``.
    margin : float
        In the unit of the difference, from 0, in the direction that is better.
    p_value : float
        One-sided; of the two tests of equivalence the larger. NaN where the estimate has none.
    alpha : float
        What it is held against: (1 - level) / 2 of the estimate, so that the verdict is what its
        interval says.
    verdict : str
        ``shown``, ``refuted`` (the contrary is shown at the same alpha), ``unclear``, or
        ``undefined`` where there is no p-value.
    contrary : float
        One-sided p-value of the contrary, that ``refuted`` rests on; of equivalence the smaller of
        the two sides. Where several pairs are tested it is adjusted as `p_value` is.
    """

    question: str
    margin: float
    p_value: float
    alpha: float
    verdict: str
    contrary: float = nan


def superiority(
    at: Callable[[float], Estimate], *, margin: float = 0.0, higher_is_better: bool = True
) -> MarginTest:
    """Test whether a is better than b by more than a margin.

    Parameters
    ----------
    at : callable
        Gives the estimate of a - b whose `p_value` tests difference = null, from a null: for
        example ``lambda null: sparse_t(d, low=-1, high=1, null=null)``.
    margin : float
        From 0, in the unit of the difference; a gain of no more than this does not count.
    higher_is_better : bool
        Whether a positive difference is a gain.

    Returns
    -------
    MarginTest
        Shown if and only if the interval of the estimate lies beyond the margin (tested).

    Raises
    ------
    UsageError
        A margin below zero, or not finite.

    Notes
    -----
    One-sided p: half the two-sided one where the estimate lies beyond the margin, else 1 less it.

    Examples
    --------
    >>> from evalvar.stats import sparse_t
    >>> superiority(lambda null: sparse_t([0.2, 0.3, 0.25, 0.4], null=null)).verdict
    'shown'
    """
    if not (isfinite(margin) and margin >= 0):
        raise UsageError(
            f"a margin of superiority must be 0 or more, but is {margin}. "
            "For 'no worse than by this much' test non-inferiority."
        )
    p, contrary, alpha = _sides(at, margin, higher_is_better)
    return MarginTest("superiority", margin, p, alpha, _verdict(p, contrary, alpha), contrary)


def non_inferiority(
    at: Callable[[float], Estimate], *, margin: float, higher_is_better: bool = True
) -> MarginTest:
    """Test whether a is worse than b by less than a margin, if at all.

    Parameters
    ----------
    at, higher_is_better
        As for `superiority`.
    margin : float
        Above 0, in the unit of the difference: the loss that would still do.

    Returns
    -------
    MarginTest
        Shown if and only if no difference in the interval is a loss of the margin or more (tested).

    Raises
    ------
    UsageError
        A margin that is not above zero, or not finite.

    Examples
    --------
    >>> from evalvar.stats import sparse_t
    >>> test = non_inferiority(lambda null: sparse_t([0.1, -0.1, 0, 0.1], null=null), margin=0.01)
    >>> test.verdict
    'unclear'
    """
    _above_zero(margin, "non-inferiority")
    p, contrary, alpha = _sides(at, -margin, higher_is_better)
    return MarginTest("non-inferiority", margin, p, alpha, _verdict(p, contrary, alpha), contrary)


def equivalence(
    at: Callable[[float], Estimate], *, margin: float, higher_is_better: bool = True
) -> MarginTest:
    """Test whether a and b differ by less than a margin: two one-sided tests.

    Parameters
    ----------
    at, higher_is_better
        As for `superiority`.
    margin : float
        Above 0, in the unit of the difference.

    Returns
    -------
    MarginTest
        Shown if and only if the interval lies within the margin on both sides (tested). For the
        customary test at 5 % give an estimate at level .9.

    Raises
    ------
    UsageError
        A margin that is not above zero, or not finite.

    Notes
    -----
    "A comparison of the two one-sided tests procedure and the power approach for assessing the
    equivalence of average bioavailability" (Schuirmann 1987).
    Equals `statsmodels.stats.weightstats.ttost_paired` for `paired_t` (tested).

    Examples
    --------
    >>> from evalvar.stats import sparse_t
    >>> equivalence(lambda null: sparse_t([0.1, -0.1, 0, 0.1], null=null), margin=0.5).verdict
    'shown'
    """
    _above_zero(margin, "equivalence")
    no_worse, worse, alpha = _sides(at, -margin, higher_is_better)
    better, no_better, _ = _sides(at, margin, higher_is_better)
    p, contrary = max(no_worse, no_better), min(worse, better)
    return MarginTest("equivalence", margin, p, alpha, _verdict(p, contrary, alpha), contrary)


def _above_zero(margin: float, question: str) -> None:
    if not (isfinite(margin) and margin > 0):
        raise UsageError(
            f"a margin of {question} must be above 0, but is {margin}. "
            "It counts in the direction that is better; leave the sign out."
        )


def _sides(
    at: Callable[[float], Estimate], gain: float, higher_is_better: bool
) -> tuple[float, float, float]:
    """Give the p-values that show a larger, a smaller gain than this, and alpha."""
    null = gain if higher_is_better else -gain
    estimate = at(null)
    # The interval decides the side first: its centre may lie apart from the value.
    if null < estimate.low or null > estimate.high:
        above = null < estimate.low
    else:
        above = null < estimate.value
    near, far = estimate.p_value / 2, 1 - estimate.p_value / 2
    larger, smaller = (near, far) if above == higher_is_better else (far, near)
    return larger, smaller, (1 - estimate.level) / 2


def _verdict(p: float, contrary: float, alpha: float) -> str:
    if isnan(p):
        return "undefined"
    if p <= alpha:
        return "shown"
    return "refuted" if contrary <= alpha else "unclear"
