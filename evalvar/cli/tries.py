"""What the questions about programs share: numbers of tries, limits and weights of levels."""

from typing import Annotated

import typer

from evalvar.errors import UsageError

HARDNESS = "3,3,4"
Tries = Annotated[
    list[str] | None,
    typer.Option("-k", metavar="K", help="Numbers of tries: 1,5,10 (repeatable)."),
]
Alpha = Annotated[
    float,
    typer.Option(metavar="X", help="The limit of timings, in times of the reference's slowest."),
]
Hardness = Annotated[
    str, typer.Option(metavar="WEIGHTS", help="Of timings: the weight of each level above 0.")
]


def numbers_of(options: list[str] | None) -> list[int] | None:
    """Return the numbers of tries that are named, None where none is."""
    if not options:
        return None
    words = [word for option in options for word in option.replace(",", " ").split()]
    if not all(word.isdigit() for word in words):
        raise UsageError(f"-k {' '.join(options)}: expected whole numbers, such as -k 1,5,10.")
    return [int(word) for word in words]


def weights_of(option: str) -> tuple[float, ...]:
    """Return the weights of levels that are named."""
    try:
        return tuple(float(word) for word in option.replace(",", " ").split())
    except ValueError:
        raise UsageError(
            f"--hardness {option}: expected a number a level, such as --hardness {HARDNESS}."
        ) from None
