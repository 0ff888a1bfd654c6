"""Several pairs at once: p-values that are adjusted, and intervals that hold together."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from evalvar.analyses.covariances import FEWEST_SHARED, Joint
from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import max_t

CORRECTIONS = ("auto", "max-t", "holm", "bh", "by", "none")
_NAMES = {"holm": "Holm", "bh": "Benjamini-Hochberg", "by": "Benjamini-Yekutieli"}
_IN_STATSMODELS = {"bh": "fdr_bh", "by": "fdr_by"}


@dataclass(frozen=True, slots=True)
class Adjusted:
    """The p-values of a family of pairs, and how they were adjusted.

    Parameters
    ----------
    p : float array, shape (P,)
        NaN where a pair has none.
    name : str
        The correction, for `method`.
    level : float
        Level for the intervals of single pairs, so that all hold together; NaN where the
        correction adjusts p-values only.
    """

    p: np.ndarray
    name: str
    level: float = np.nan


def check_correction(correction: str | None) -> str:
    """Return the name of a correction.

    Raises
    ------
    UsageError
        There is none of that name.
    """
    name = "none" if correction is None else correction
    if name not in CORRECTIONS:
        raise UsageError(
            f"correction='{correction}' is unknown. Use one of {', '.join(CORRECTIONS)}."
        )
    return name


def adjusted(
    p_values: np.ndarray,
    joint: Callable[[], Joint | None],
    *,
    correction: str,
    level: float,
    rng: int,
) -> Adjusted | None:
    """Adjust the p-values of a family.

    Parameters
    ----------
    p_values : float array, shape (P,)
        NaN where there is none.
    joint : callable
        Gives how the sides of the pairs with a p-value move together; None where it is not known.
    correction : str
        ``auto`` is max-T where the covariance is known, else Holm.
    level : float
    rng : int

    Returns
    -------
    Adjusted or None
        None where there is nothing to adjust.

    Raises
    ------
    NotEnoughDataError
        max-T was asked for by name, and the covariance is not known.
    """
    tested = np.isfinite(p_values)
    if tested.sum() < 2 or correction == "none":
        return None
    if correction in ("auto", "max-t"):
        found = joint()
        if found is not None:
            p = np.full(p_values.size, np.nan)
            p[tested], one = max_t(
                p_values[tested], found.covariance, found.pairs, rng=rng, level=level, df=found.df,
                parts=list(found.parts.values()),
            )  # fmt: skip
            return Adjusted(p, "max-T", one)
        if correction == "max-t":
            raise NotEnoughDataError(
                f"max-T needs {FEWEST_SHARED} items that all sides of a task answered, and there "
                "are fewer. Use correction='holm' (--correction holm)."
            )
        correction = "holm"
    return Adjusted(adjusted_p(p_values, correction), _NAMES[correction])


def correction_name(correction: str) -> str:
    """Return the name of a correction of p-values as it stands in `method`."""
    return _NAMES[correction]


def adjusted_p(p_values: np.ndarray, correction: str) -> np.ndarray:
    """Return p-values adjusted by Holm, Benjamini-Hochberg or Benjamini-Yekutieli."""
    tested = np.flatnonzero(np.isfinite(p_values))
    p = np.full(p_values.size, np.nan)
    if correction == "holm":
        # statsmodels collects garbage at every call, 0.1 s among the outcomes of many pairs
        rising = tested[np.argsort(p_values[tested])]
        least = p_values[rising] * np.arange(rising.size, 0, -1)
        p[rising] = np.minimum(np.maximum.accumulate(least), 1.0)
        return p
    from statsmodels.stats.multitest import multipletests

    p[tested] = multipletests(p_values[tested], method=_IN_STATSMODELS[correction])[1]
    return p
