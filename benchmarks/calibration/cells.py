"""One measured figure of the study, and how it is counted."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from evalvar.stats import Estimate

SEED = 20251
HOUSE, OPTION = "evalvar", "evalvar, option"
# Floats, and the counts and flags that are reckoned with as floats.
Numbers = NDArray[Any]
Bounds = tuple[Numbers, Numbers]
# What is this little beyond an end of an interval lies on it: sums of floats.
_SLACK = 1e-12


@dataclass(frozen=True, slots=True)
class Row:
    """One method in one cell.

    Parameters
    ----------
    regime, cell : str
        The kind of question, and the law, sizes and true values the data sets are drawn from.
    method, by : str
        The method, and whose it is: ``evalvar`` for a default, ``evalvar, option``, or a peer.
    measure : str
        ``coverage``, ``joint coverage``, ``size``, ``power``, ``power ratio``, ``agreement``,
        ``least coverage``, ``mean coverage`` or ``error rate``.
    share : float
        The figure, in 0..1.
    replications : int
        Data sets drawn; 0 where the figure is a sum over all outcomes.
    width : float
        Mean width of the intervals in the unit of the scores; NaN for tests.
    flat, undefined : float
        Share of intervals without width, and of data sets for which there is none.
    """

    regime: str
    cell: str
    method: str
    by: str
    measure: str
    share: float
    replications: int
    width: float = float("nan")
    flat: float = float("nan")
    undefined: float = float("nan")

    @property
    def error(self) -> float:
        """Monte Carlo standard error, from the binomial; 0 where nothing was drawn."""
        if not self.replications:
            return 0.0
        return float(np.sqrt(self.share * (1 - self.share) / self.replications))


@dataclass(frozen=True, slots=True)
class Method:
    """A method under test: its name, whose it is, and data sets -> bounds."""

    name: str
    by: str
    bounds: Callable[..., Bounds]


@dataclass(frozen=True, slots=True)
class Effort:
    """How many data sets are drawn: a share of the full number."""

    share: float = 1.0

    def draws(self, full: int) -> int:
        """Give the number of data sets for what has this many in full."""
        return max(int(full * self.share), 20)


def generator(family: str, cell: str) -> np.random.Generator:
    """Give each cell draws of its own, so that neither order nor company matters."""
    return np.random.default_rng([SEED, crc32(family.encode()), crc32(cell.encode())])


def covered(low: Numbers, high: Numbers, truth: float | Numbers) -> NDArray[np.bool_]:
    """Tell which intervals hold the truth; an undefined one holds nothing."""
    return (low <= truth + _SLACK) & (truth - _SLACK <= high)


def coverage(
    regime: str,
    cell: str,
    methods: Iterable[Method],
    data: tuple[object, ...],
    truth: float,
    weights: Numbers | None = None,
) -> Iterator[Row]:
    """Give the share of data sets in which each method holds the truth.

    `weights` are the probabilities of the outcomes where all of them are looked at.
    """
    for method in methods:
        low, high = method.bounds(*data)
        hit, width = covered(low, high, truth), high - low
        known = np.isfinite(width)
        parts = np.ones(hit.size) if weights is None else weights
        total = parts.sum()
        yield Row(
            regime, cell, method.name, method.by, "coverage",
            float(parts @ hit / total),
            hit.size if weights is None else 0,
            float(parts[known] @ width[known] / parts[known].sum()) if known.any() else np.nan,
            float(parts @ (width <= 0) / total),
            float(parts @ ~known / total),
        )  # fmt: skip


def stacked(estimates: Iterable[Estimate]) -> Bounds:
    """Stack the bounds of scalar estimates."""
    pairs = np.array([(estimate.low, estimate.high) for estimate in estimates])
    return pairs[:, 0], pairs[:, 1]


def in_blocks(
    methods: Mapping[str, Method], count: int, block: int, draw: Callable[[int], tuple[object, ...]]
) -> dict[str, Bounds]:
    """Run the methods on data sets drawn a block at a time, where all at once would not fit."""
    found: dict[str, list[Bounds]] = {name: [] for name in methods}
    for start in range(0, count, block):
        data = draw(min(block, count - start))
        for name, method in methods.items():
            found[name].append(method.bounds(*data))
    return {
        name: (np.concatenate([low for low, _ in ends]), np.concatenate([high for _, high in ends]))
        for name, ends in found.items()
    }
