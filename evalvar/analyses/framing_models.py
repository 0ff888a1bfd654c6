"""Do two variants of a benchmark put the models in one order?"""

import numpy as np

from evalvar.analyses.curves import Curves
from evalvar.analyses.framing_sides import Framed
from evalvar.stats import Estimate, pearson_ci

_FEWEST = 3

Labels = dict[str, object]


def correlations(
    pairs: list[Framed], level: float
) -> list[tuple[dict[str, str | None], Estimate, Labels]]:
    """Correlate the final means over the models of each task and metric.

    Parameters
    ----------
    pairs : list of Framed
        Models under both variants.
    level : float in (0, 1)
        Nominal coverage.

    Returns
    -------
    list of (key, correlation, labels)
        Task and metric, from 3 models on; in_points, and the reliability of either side.
    """
    places: dict[tuple[str | None, str | None], list[Framed]] = {}
    for pair in pairs:
        if all(np.isfinite(c.means[:, -1]).any() for c in (pair.a, pair.b)):
            places.setdefault((pair.key["task"], pair.key["metric"]), []).append(pair)
    found = []
    for (task, metric), some in places.items():
        if len(some) < _FEWEST:
            continue
        same = len({pair.asked for pair in some}) == 1
        sides = {"a": [pair.a for pair in some], "b": [pair.b for pair in some]}
        means = {side: np.array([np.nanmean(c.means[:, -1]) for c in curves])
                 for side, curves in sides.items()}  # fmt: skip
        labels: Labels = {
            "in_points": all(c.facts.range == (0.0, 1.0) for c in (some[0].a, some[0].b)),
            **{f"reliability_{side}": _reliability(curves, means[side], same)
               for side, curves in sides.items()},
        }  # fmt: skip
        key = {"model": None, "task": task, "metric": metric, "side": None, "checkpoint": None}
        found.append((key, pearson_ci(means["a"], means["b"], level=level), labels))
    return found


def _reliability(curves: list[Curves], means: np.ndarray, same: bool) -> float | None:
    """Share of the variance over models that is no noise; None where that is not known.

    What an item does to all models alike moves none against another: of the items only the
    interaction with the models counts, what is left of model x item beyond both means.
    """
    spread = float(means.var(ddof=1))
    runs = [c.means[np.isfinite(c.means[:, -1]), -1] for c in curves]
    of_seeds = [float(r.var(ddof=1)) / r.size for r in runs if r.size > 1]
    tables = [_last(c) for c in curves]
    whole = [table for table in tables if table is not None]
    if not spread > 0:
        return None
    if not whole:
        return max(0.0, 1 - np.mean(of_seeds) / spread) if len(of_seeds) == len(runs) else None
    items = len(whole[0])
    if not same or len(whole) < len(tables) or items < 2:
        return None
    scores = np.stack([table.mean(axis=1) for table in whole])
    noise = _interaction(scores) / items
    # the items' part of the variance over seeds is in there already
    own = [_interaction(t) / (items * t.shape[1]) for t in whole if t.shape[1] > 1]
    if own:
        noise += max(0.0, float(np.mean(of_seeds) - np.mean(own)))
    return max(0.0, 1 - noise / spread)


def _last(curves: Curves) -> np.ndarray | None:
    """Return the scores (items, seeds) at the last checkpoint; None where a run has no items."""
    if curves.items is None:
        return None
    table = curves.items[:, np.isfinite(curves.means[:, -1]), -1]
    return table if len(table) and np.isfinite(table).all() else None


def _interaction(table: np.ndarray) -> float:
    """Mean square of what both axes together do."""
    rest = table - table.mean(axis=0) - table.mean(axis=1, keepdims=True) + table.mean()
    return float((rest**2).sum() / ((table.shape[0] - 1) * (table.shape[1] - 1)))
