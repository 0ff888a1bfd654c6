"""Metrics of which the user says that lower is better."""

from dataclasses import dataclass, field, replace

import pandas as pd

from evalvar.adapters.remarks import Remark
from evalvar.evidence import Evidence, higher_is_better, not_there


@dataclass
class LowerIsBetter:
    """What turns metrics around while files are read, and which metrics there were.

    Parameters
    ----------
    metrics : tuple of str
        Metrics of which lower is better.
    """

    metrics: tuple[str, ...]
    seen: set[str] = field(default_factory=set)

    def apply(self, part: Evidence) -> Evidence:
        """Turn the metrics of one file; a remark that asks about them has its answer."""
        if not self.metrics:
            return part
        told = tuple(
            sentence
            for sentence in part.warnings
            if not (isinstance(sentence, Remark) and sentence.asks in self.metrics)
        )
        records, reported = self._table(part.records), self._table(part.reported)
        return replace(part, records=records, reported=reported, warnings=told)

    def check(self) -> None:
        """Refuse a metric that no file has."""
        for metric in self.metrics:
            if metric not in self.seen:
                raise not_there("metric", metric, sorted(self.seen))

    def _table(self, table: pd.DataFrame) -> pd.DataFrame:
        names = table["metric"].astype(str)
        self.seen |= set(names.unique())
        lower = names.isin(self.metrics)
        if not lower.any():
            return table
        return table.assign(higher_is_better=higher_is_better(table) & ~lower)
