"""Does an item treat two groups of the same ability alike?"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evalvar.errors import NotEnoughDataError, UsageError


@dataclass(frozen=True, slots=True)
class Dif:
    """Differential item functioning.

    Parameters
    ----------
    odds_ratio : float
        Odds of the reference group to be right over those of the focal group, at equal ability.
    delta : float
        -2.35 ln odds_ratio, the scale of the ETS; 1.5 or more on either side is large.
    chi2, p_value : float
        Continuity-corrected statistic with 1 degree of freedom, and its p-value.
    """

    odds_ratio: float
    delta: float
    chi2: float
    p_value: float


def mantel_haenszel_dif(tables: ArrayLike) -> Dif:
    """Compare two groups on one item within strata of ability.

    Parameters
    ----------
    tables : int array, shape (K, 4)
        One row per stratum of the total score: reference group right and wrong, focal group right
        and wrong.

    Returns
    -------
    Dif

    Raises
    ------
    NotEnoughDataError
        No stratum has both groups and both outcomes.

    Notes
    -----
    Source: Mantel and Haenszel (1959), by statsmodels' ``StratifiedTable``.

    Examples
    --------
    >>> round(mantel_haenszel_dif([[20, 10, 15, 15], [25, 5, 20, 10]]).odds_ratio, 4)
    2.2
    """
    from statsmodels.stats.contingency_tables import StratifiedTable

    counts = np.asarray(tables, dtype=np.float64)
    if counts.ndim != 2 or counts.shape[1] != 4 or not (counts >= 0).all():
        raise UsageError(
            "tables need 4 counts a stratum (reference right, wrong, focal right, wrong), but have "
            f"the shape {counts.shape}."
        )
    cells = counts.reshape(-1, 2, 2)
    told = (cells.sum(axis=1) > 0).all(axis=1) & (cells.sum(axis=2) > 0).all(axis=1)
    if not told.any():
        raise NotEnoughDataError(
            "differential item functioning needs a stratum with both groups and both outcomes, but "
            f"none of {len(cells)} is one."
        )
    stratified = StratifiedTable([cell for cell in cells[told]])
    ratio = float(stratified.oddsratio_pooled)
    test = stratified.test_null_odds(correction=True)
    with np.errstate(divide="ignore"):
        delta = float(-2.35 * np.log(ratio))
    return Dif(ratio, delta, float(test.statistic), float(test.pvalue))
