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


def check_inside(data: Floats, low: float, high: float, slack: float, name: str) -> None:
    """Refuse values outside their range by more than the slack."""
    outside = int(((data < low - slack) | (data > high + slack)).sum())
    if outside:
        raise UsageError(
            f"{name} must lie in [{low:g}, {high:g}], but {outside} of {data.size} do not "
            f"(smallest {data.min()}, largest {data.max()})."
        )


def known_range(low: float | None, high: float | None) -> tuple[float, float]:
    """Give both ends of a range, infinite where unknown (None, NaN), or refuse one of no width."""
    bottom = -np.inf if low is None or np.isnan(low) else float(low)
    top = np.inf if high is None or np.isnan(high) else float(high)
    if not bottom < top:
        raise UsageError(f"low must be smaller than high, but they are {low} and {high}.")
    return bottom, top
