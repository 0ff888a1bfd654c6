"""A number with its uncertainty."""

from dataclasses import dataclass
from math import nan


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its uncertainty. NaN means "this method does not give it", never zero.

    Parameters
    ----------
    value : float
        The estimate, in the unit of the scores.
    se : float
        Its standard error, same unit.
    low, high : float
        Bounds of the interval at `level`.
    level : float in (0, 1)
        Nominal coverage of the interval.
    n : int
        How many independent units the estimate rests on.
    unit : str
        What was treated as independent: ``item``, ``seed``, ``cluster``, ``item x seed``.
    method : str
        The method that was used, in words that name it uniquely.
    p_value : float
        Two-sided p-value by the same method, where the estimate is a difference.
    """

    value: float
    se: float = nan
    low: float = nan
    high: float = nan
    level: float = 0.95
    n: int = 0
    unit: str = "item"
    method: str = ""
    p_value: float = nan
