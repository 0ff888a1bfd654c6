"""How much of a test's total one factor explains."""

import numpy as np
from numpy.typing import ArrayLike

from evalvar.stats.arguments import ROUNDING, Floats, at_least, check_level
from evalvar.stats.estimate import Estimate
from evalvar.stats.item_statistics import responses_table

_SWEEPS, _SETTLED = 5000, 1e-10


def mcdonald_omega(responses: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Estimate McDonald's omega: the share of the total's variance that one factor explains.

    Parameters
    ----------
    responses : float array, shape (R, J)
        Scores without gaps.
    level : float in (0, 1)
        Recorded in the estimate, which has no interval.

    Returns
    -------
    Estimate
        unit ``respondent``, n = respondents, method
        ``omega, one factor, least squares; no interval``. NaN where the factor cannot be found, as
        the method then says.

    Raises
    ------
    NotEnoughDataError
        Fewer than 3 respondents, or fewer than 3 items that are not constant.

    Notes
    -----
    The loadings l minimise the squares of r_ij - l_i l_j over i != j, r the correlations (minimum
    residuals, to which iterated principal axes converge); with the sds s of the items, omega =
    (sum s l)^2 / ((sum s l)^2 + sum s^2 (1 - l^2)). l stays within -1..1.
    Equals omega from the principal axes of statsmodels' ``Factor`` (tested).
    """
    check_level(level)
    y = responses_table(responses)
    at_least(len(y), 3, "omega", "respondent")
    sds = y.std(axis=0, ddof=1)
    moving = sds > ROUNDING * (1 + np.abs(y).max(axis=0, initial=0))
    at_least(int(moving.sum()), 3, "omega", "item")
    z = (y[:, moving] - y[:, moving].mean(axis=0)) / sds[moving]
    found = _one_factor(z)
    method = "omega, one factor, least squares; no interval"
    if found is None:
        value, method = np.nan, f"undefined: no single factor in {_SWEEPS:,} sweeps"
    else:
        s = sds[moving]
        common = float(s @ found) ** 2
        value = common / (common + float(s**2 @ (1 - found**2)))
    return Estimate(value, level=level, n=len(y), unit="respondent", method=method)


def _one_factor(z: Floats) -> Floats | None:
    """Give the loadings of one factor of standardised columns, or None if they do not settle."""
    n = len(z) - 1
    first = z.sum(axis=1)
    first = first if (first**2).sum() > ROUNDING * z.size else z[:, 0]
    loadings = np.clip(first @ z / np.sqrt((first**2).sum() * n), -1, 1)
    for _ in range(_SWEEPS):
        others = (loadings**2).sum() - loadings**2
        if not (others > ROUNDING).all():
            return None
        # halfway: the full step can swing between two sides
        step = np.clip(((z @ loadings) @ z / n - loadings) / others, -1, 1)
        following = (loadings + step) / 2
        if np.abs(following - loadings).max() < _SETTLED:
            return np.asarray(following)
        loadings = following
    return None
