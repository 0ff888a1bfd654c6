"""Several pairs at once: p-values that are adjusted, and intervals that hold together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from evalvar.analyses.meeting import Meeting
from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import max_t

CORRECTIONS = ("auto", "max-t", "holm", "bh", "by", "none")
# With fewer items in common a correlation between pairs is hardly known.
FEWEST_SHARED = 10
_NAMES = {"holm": "Holm", "bh": "Benjamini-Hochberg", "by": "Benjamini-Yekutieli"}
_IN_STATSMODELS = {"holm": "holm", "bh": "fdr_bh", "by": "fdr_by"}


class Joint(NamedTuple):
    """How the sides of a family move together.

    Parameters
    ----------
    covariance : float array, shape (M, M)
        Of the estimates of the sides.
    pairs : int array, shape (P, 2)
        Which two sides each pair is of.
    df : float
        Degrees of freedom of the covariance: items, or clusters, less one.
    """

    covariance: np.ndarray
    pairs: np.ndarray
    df: float


@dataclass(frozen=True, slots=True)
class Adjusted:
    """The p-values of a family of pairs, and how they were adjusted.

    Parameters
    ----------
    p : float array, shape (P,)
        NaN where a pair has none.
    name : str
        The correction, for `method`.
    level : float
        Level for the intervals of single pairs, so that all hold together; NaN where the
        correction adjusts p-values only.
    """

    p: np.ndarray
    name: str
    level: float = np.nan


def check_correction(correction: str | None) -> str:
    """Return the name of a correction.

    Raises
    ------
    UsageError
        There is none of that name.
    """
    name = "none" if correction is None else correction
    if name not in CORRECTIONS:
        raise UsageError(
            f"correction='{correction}' is unknown. Use one of {', '.join(CORRECTIONS)}."
        )
    return name


def adjusted(
    p_values: np.ndarray,
    joint: Callable[[], Joint | None],
    *,
    correction: str,
    level: float,
    rng: int,
) -> Adjusted | None:
    """Adjust the p-values of a family.

    Parameters
    ----------
    p_values : float array, shape (P,)
        NaN where there is none.
    joint : callable
        Gives how the sides of the pairs with a p-value move together; None where it is not known.
    correction : str
        ``auto`` is max-T where the covariance is known, else Holm.
    level : float
    rng : int

    Returns
    -------
    Adjusted or None
        None where there is nothing to adjust.

    Raises
    ------
    NotEnoughDataError
        max-T was asked for by name, and the covariance is not known.
    """
    tested = np.isfinite(p_values)
    if tested.sum() < 2 or correction == "none":
        return None
    if correction in ("auto", "max-t"):
        found = joint()
        if found is not None:
            p = np.full(p_values.size, np.nan)
            p[tested], one = max_t(
                p_values[tested], found.covariance, found.pairs, rng=rng, level=level, df=found.df
            )
            return Adjusted(p, "max-T", one)
        if correction == "max-t":
            raise NotEnoughDataError(
                f"max-T needs {FEWEST_SHARED} items that all sides of a task answered, and there "
                "are fewer. Use correction='holm'."
            )
        correction = "holm"
    return Adjusted(adjusted_p(p_values, correction), _NAMES[correction])


def correction_name(correction: str) -> str:
    """Return the name of a correction of p-values as it stands in `method`."""
    return _NAMES[correction]


def adjusted_p(p_values: np.ndarray, correction: str) -> np.ndarray:
    """Return p-values adjusted by Holm, Benjamini-Hochberg or Benjamini-Yekutieli."""
    from statsmodels.stats.multitest import multipletests

    known = np.isfinite(p_values)
    p = np.full(p_values.size, np.nan)
    p[known] = multipletests(p_values[known], method=_IN_STATSMODELS[correction])[1]
    return p


def joint_of(meetings: Sequence[Meeting], drawn: Sequence[Sequence[str]]) -> Joint | None:
    """Return how all sides move together.

    Sides of different tasks and metrics count as independent. None where the pairs of a task share
    fewer than 10 items.
    """
    groups: dict[tuple[str | None, str], list[int]] = {}
    for i, meeting in enumerate(meetings):
        groups.setdefault((meeting.task, meeting.metric), []).append(i)
    pairs = np.zeros((len(meetings), 2), dtype=np.intp)
    blocks: list[np.ndarray] = []
    start, df = 0, np.inf
    for members in groups.values():
        found = covariance_of([meetings[i] for i in members], drawn[members[0]])
        if found is None:
            return None
        pairs[members] = found.pairs + start
        blocks.append(found.covariance)
        start += len(found.covariance)
        df = min(df, found.df)
    whole, at = np.zeros((start, start)), 0
    for block in blocks:
        whole[at : at + len(block), at : at + len(block)] = block
        at += len(block)
    return Joint(whole, pairs, df)


def covariance_of(meetings: Sequence[Meeting], drawn: Sequence[str]) -> Joint | None:
    """Return the same of one task and metric, on the items that all its sides share."""
    items = meetings[0].items
    for meeting in meetings[1:]:
        if items is not meeting.items and not items.equals(meeting.items):
            items = items.intersection(meeting.items)
    sides: dict[str, np.ndarray] = {}
    for meeting in meetings:
        for name, scores in ((meeting.a, meeting.in_a), (meeting.b, meeting.in_b)):
            if name not in sides:
                whole = len(items) == len(meeting.items)
                sides[name] = scores if whole else scores[meeting.items.isin(items)]
    if len(items) < FEWEST_SHARED or len({scores.shape[2] for scores in sides.values()}) > 1:
        return None
    names = list(sides)
    ends = np.array([(names.index(m.a), names.index(m.b)) for m in meetings], dtype=np.intp)
    clusters = meetings[0].clusters if tuple(drawn) == ("item",) else None
    if clusters is not None:
        clusters = clusters[meetings[0].items.isin(items)]
    units = len(items) if clusters is None else np.unique(clusters).size
    covariance = _covariance(list(sides.values()), drawn, meetings[0].same_runs, clusters)
    return Joint(covariance, ends, max(units - 1, 1))


def _covariance(
    sides: list[np.ndarray], drawn: Sequence[str], same_runs: bool, clusters: np.ndarray | None
) -> np.ndarray:
    """Return what each drawn axis adds to the covariance of the sides' means."""
    total = np.zeros((len(sides), len(sides)))
    if "item" in drawn:
        by_item = np.stack([scores.mean(axis=(1, 2)) for scores in sides], axis=1)
        rest = by_item - by_item.mean(axis=0)
        if clusters is not None:
            sums = np.zeros((clusters.max() + 1, len(sides)))
            np.add.at(sums, clusters, rest)
            rest = sums
        total += rest.T @ rest / len(by_item) ** 2
    if "seed" in drawn:
        by_seed = [scores.mean(axis=(0, 2)) for scores in sides]
        counts = {means.size for means in by_seed}
        if same_runs and len(counts) == 1 and counts != {1}:
            total += np.cov(np.stack(by_seed), ddof=1) / counts.pop()
        else:
            own = [m.var(ddof=1) / m.size if m.size > 1 else 0.0 for m in by_seed]
            total += np.diag(own)
    if "prompt" in drawn and sides[0].shape[2] > 1:
        by_prompt = np.stack([scores.mean(axis=(0, 1)) for scores in sides])
        total += np.cov(by_prompt, ddof=1) / by_prompt.shape[1]
    return total
