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
