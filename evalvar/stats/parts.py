"""A variance in independent parts, of items and of other axes, put together as one interval."""

from evalvar.stats.arguments import ROUNDING
from evalvar.stats.crossed_half import ItemPart, SeedPart, howe, pivotal

# From this many levels on Howe's interval is the narrower one.
_LEVELS_FOR_HOWE = 6


def combined(
    items: ItemPart, parts: list[SeedPart], distance: float, level: float
) -> tuple[str, float, float]:
    """Give the name of the method, the half-width, and the p-value of what lies this far out.

    One part beside the items with fewer than 6 levels, or that also stands for another's, gives the
    generalised pivotal interval, anything else Howe's, which without other parts is Student's.
    """
    if _few(items, parts):
        return combination(items, parts), *pivotal(items, parts[0], distance, level)
    return combination(items, parts), *howe(items, parts, distance, level)


def combination(items: ItemPart, parts: list[SeedPart]) -> str:
    """Name the way in which these parts are put together."""
    return "generalised pivotal" if _few(items, parts) else "Howe"


def _few(items: ItemPart, parts: list[SeedPart]) -> bool:
    few = len(parts) == 1 and (parts[0].df + 1 < _LEVELS_FOR_HOWE or parts[0].lent)
    # Items that do not vary leave the pivot at zero with a chance, and a low level without width.
    return few and (parts[0].variance == 0 or items.variance > ROUNDING * parts[0].variance)
