"""Rows of text cells as aligned lines: names flush left, numbers flush right."""

from collections.abc import Container, Sequence


def aligned(rows: Sequence[Sequence[str]], left: Container[int] = (0,)) -> list[str]:
    """Return a line a row, its columns as wide as their longest cell and two blanks apart.

    The columns numbered in `left`, by default the first, are flush left, all others flush right;
    no line ends in blanks. Every row has as many cells as the first.

    >>> for line in aligned([["task", "mean"], ["arc", "0.5"], ["winogrande", "12.25"]]):
    ...     print(line)
    task         mean
    arc           0.5
    winogrande  12.25
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if i in left else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


# What a terminal shows of a line, unless it was made wider.
_WIDTH = 80


def fitted(rows: Sequence[Sequence[str]], left: Container[int] = (0,)) -> list[str]:
    """Return `aligned` rows, or, where those are wider than a terminal, names above their numbers.

    The first column, a name, then has lines of its own; what follows is two blanks in.

    >>> long = "a-model-with-a-name-that-leaves-little-room-for-what-there-is-to-say-of-it"
    >>> for line in fitted([["model", "mean", "se"], [long, "0.5", "0.1"], ["", "0.6", "0.1"]]):
    ...     print(line)
    model
      mean   se
    a-model-with-a-name-that-leaves-little-room-for-what-there-is-to-say-of-it
       0.5  0.1
       0.6  0.1
    """
    lines = aligned(rows, left)
    if max(map(len, lines)) <= _WIDTH:
        return lines
    moved = [column - 1 for column in range(1, len(rows[0])) if column in left]
    found = []
    for (name, *_), line in zip(rows, aligned([row[1:] for row in rows], moved), strict=True):
        found += [name] * bool(name) + [f"  {line}"]
    return found
