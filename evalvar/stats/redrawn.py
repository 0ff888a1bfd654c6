"""Names of components, and what of them is drawn again with which axes."""

from collections.abc import Collection, Iterable

from evalvar.errors import NotEnoughDataError, UsageError


def axes_of(name: str) -> tuple[str, ...]:
    """Give the axes of a component; of several that are one, those of the first."""
    first = name.partition(" + ")[0]
    return () if first == "sample" else tuple(first.split(" x "))


def enters(name: str, drawn: tuple[str, ...]) -> bool:
    """Tell whether a component is drawn again with these axes; sample always is."""
    parts = {axis for part in name.split(" + ") for axis in part.split(" x ")}
    return "sample" in parts or bool(parts & set(drawn))


def drawn_axes(
    over: Collection[str], legal: tuple[str, ...], dropped: tuple[str, ...]
) -> tuple[str, ...]:
    """Put what is drawn again in order, or say what it can be."""
    asked = (over,) if isinstance(over, str) else tuple(over)
    for axis in asked:
        if axis in dropped:
            raise NotEnoughDataError(
                f"over needs at least 2 {axis}s, but there is 1: what another {axis} would change "
                "cannot be seen."
            )
        if axis not in legal:
            raise UsageError(f"over must be among {', '.join(legal)}, but has '{axis}'.")
    if not asked:
        raise UsageError(f"over must name what is drawn again, among {', '.join(legal)}.")
    return tuple(axis for axis in legal if axis in asked)


def refuse_merged_sample(drawn: tuple[str, ...], names: Iterable[str]) -> None:
    """Refuse samples alone where no component is theirs alone.

    Raises
    ------
    NotEnoughDataError
        One answer a cell: the component that holds the sample holds another source too.
    """
    if drawn == ("sample",) and "sample" not in names:
        merged = next((name for name in names if name.endswith("+ sample")), "another source")
        raise NotEnoughDataError(
            "over sample needs at least 2 answers in a cell, but each has 1: what another answer "
            f"would change is one with {merged.removesuffix(' + sample')}."
        )
