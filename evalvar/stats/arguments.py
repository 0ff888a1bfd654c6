"""What the functions of this package accept, checked in one place."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalvar.errors import NotEnoughDataError, UsageError

Floats = NDArray[np.float64]

# Below this share of the largest value, a spread is rounding and not information.
ROUNDING = 1e-12


def finite(data: ArrayLike, name: str, *, ndim: int = 1) -> Floats:
    """Return the data as floats, or say what is wrong with their shape or values."""
    array = np.asarray(data, dtype=np.float64)
    if array.ndim != ndim:
        raise UsageError(f"{name} needs {ndim} axes, but has {array.ndim}.")
    bad = array.size - int(np.isfinite(array).sum())
    if bad:
        raise UsageError(
            f"{name} needs finite numbers, but {bad} of {array.size} are not. Leave them out."
        )
    return array


def same_size(a: Floats, b: Floats, names: str) -> None:
    """Refuse two arrays that should go together and do not."""
    if a.shape != b.shape:
        raise UsageError(f"{names} need the same shape, but have {a.shape} and {b.shape}.")


def check_level(level: float) -> None:
    """Refuse a coverage that is not a probability."""
    if not 0 < level < 1:
        raise UsageError(f"level must lie between 0 and 1, but is {level}.")


def check_ddof(ddof: int) -> None:
    """Refuse a divisor that is neither n nor n - 1."""
    if ddof not in (0, 1):
        raise UsageError(f"ddof must be 0 or 1, but is {ddof}.")


def at_least(count: int, needed: int, what: str, unit: str) -> None:
    """Refuse samples for which a statistic is not defined."""
    if count < needed:
        raise NotEnoughDataError(f"{what} needs at least {needed} {unit}s, but has {count}.")


def constant(data: Floats) -> bool:
    """Tell whether all values are equal up to rounding."""
    return bool(np.ptp(data) <= ROUNDING * np.abs(data).max())
