"""Long tables: the readings that stand for their benchmarks are shown, the others folded."""

from collections.abc import Iterable
from dataclasses import replace

from evalvar.report import wording
from evalvar.report.model import Row, Table
from evalvar.report.reading import Reading

# A table up to this long is read as a whole.
SHORT = 8


def chief(reading: Reading, places: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return the (task, metric) that are read first: discrete ones, and what stands beside them.

    A benchmark without a discrete metric is stood for by its first.
    """
    metrics: dict[str, dict[str, None]] = {}
    for task, metric in places:
        metrics.setdefault(task, {}).setdefault(metric)
    kept = set()
    for task, names in metrics.items():
        discrete = [name for name in names if reading.discrete(task, name)]
        heads = discrete or reading.metrics(task, names)[:1]
        beside = (reading.partner(task, head, names) for head in heads)
        kept |= {(task, name) for name in (*heads, *beside) if name is not None}
    return kept


def folded(
    table: Table, rows: Iterable[tuple[bool, Row]], what: str, of: str = "other metrics"
) -> tuple[Table, ...]:
    """Return the table with its chief rows, and where it is long the others folded under it.

    Parameters
    ----------
    table : Table
        Without its rows.
    rows : iterable of (bool, Row)
        In the order of the table; True for those that are shown.
    what, of : str
        What a row is, in the singular, and of what the folded ones are.
    """
    every = list(rows)
    shown = tuple(row for first, row in every if first)
    rest = tuple(row for first, row in every if not first)
    if len(every) <= SHORT or not shown or not rest:
        return (replace(table, rows=tuple(row for _, row in every)),)
    more = replace(
        table,
        name=f"{table.name}-more",
        rows=rest,
        caption=f"{table.caption}: {of}",
        footnotes=(),
        note="",
        folded=f"{wording.count(len(rest), f'further {what}')} of {of}",
    )
    return replace(table, rows=shown), more
