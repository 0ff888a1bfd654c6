"""The models of one task and metric side by side: their scores at the end and on the way."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalvar.analyses.curves import Curves
from evalvar.errors import NotEnoughDataError, UsageError, counted
from evalvar.evidence import not_there
from evalvar.numbers import listing
from evalvar.stats.arguments import at_least
from evalvar.stats.run_noise import Noise, pooled_noise, seed_noise, step_noise

_FEWEST = 3  # checkpoints that a line leaves a residual of


@dataclass(frozen=True, slots=True)
class Population:
    """Training curves of several models on one task and metric.

    Parameters
    ----------
    task, metric : str
    curves : tuple of Curves
        One a model, in the order of their names.
    """

    task: str
    metric: str
    curves: tuple[Curves, ...]

    @property
    def name(self) -> str:
        """Task and metric, for remarks."""
        return f"{self.task}, {self.metric}"

    @property
    def models(self) -> list[str]:
        """Names of the models."""
        return [curves.model for curves in self.curves]

    @property
    def seeds(self) -> np.ndarray:
        """How many seeds each model has at its last checkpoint."""
        return np.array([np.isfinite(curves.means[:, -1]).sum() for curves in self.curves])

    @property
    def steps(self) -> np.ndarray:
        """Checkpoints at which every model has a score."""
        shared = [c.checkpoints[np.isfinite(c.means).any(axis=0)] for c in self.curves]
        steps = shared[0]
        for more in shared[1:]:
            steps = np.intersect1d(steps, more)
        return np.asarray(steps)

    @property
    def early(self) -> np.ndarray:
        """Shared checkpoints that are not the end of every model."""
        ends = {int(curves.checkpoints[-1]) for curves in self.curves}
        steps = self.steps
        return steps[steps != ends.pop()] if len(ends) == 1 else steps

    @property
    def ends(self) -> list[int]:
        """The different last checkpoints of the models."""
        return sorted({int(curves.checkpoints[-1]) for curves in self.curves})

    def at(self, steps: np.ndarray, window: int = 1) -> np.ndarray:
        """Give the mean over seeds at these shared checkpoints, or over a window that ends there.

        Returns
        -------
        float array, shape (n_models, n_steps)
            NaN where there are not so many shared checkpoints yet.
        """
        shared = self.steps
        scores = [
            over_seeds(curves.means)[np.searchsorted(curves.checkpoints, shared)]
            for curves in self.curves
        ]
        return trailing(np.stack(scores), window)[:, np.searchsorted(shared, steps)]

    def back(self) -> np.ndarray:
        """Give how far before its end every model has a score: 0, and more where they agree."""
        reached = [
            c.checkpoints[-1] - c.checkpoints[np.isfinite(c.means).any(axis=0)] for c in self.curves
        ]
        shared = reached[0]
        for more in reached[1:]:
            shared = np.intersect1d(shared, more)
        return np.sort(shared)

    def ended(self, window: int = 1) -> list[np.ndarray]:
        """Average each run over the last checkpoints: those as far from the end in every model.

        A mean over checkpoints that lie further back in one model would hold how much that model
        learned since.

        Returns
        -------
        list of float array, shape (n_seeds,)
            One a model; NaN where there are not so many, or the run lacks one.
        """
        back = self.back()[:window]
        if back.size < window:
            return [np.full(c.seeds.size, np.nan) for c in self.curves]
        return [
            c.means[:, np.searchsorted(c.checkpoints, c.checkpoints[-1] - back)].mean(axis=1)
            for c in self.curves
        ]

    def unshared(self, window: int) -> bool:
        """Tell whether every model has so many checkpoints, but not as far from its end."""
        return self.back().size < window <= min(curves.checkpoints.size for curves in self.curves)

    def finals(self, window: int = 1) -> np.ndarray:
        """Give each model's mean over seeds at its last checkpoint, or over its last ones."""
        return np.array([float(over_seeds(ends[:, None])[0]) for ends in self.ended(window)])

    def seed_noise(self, window: int = 1) -> Noise:
        """Pool what seeds differ by at the end, of scores averaged over the last checkpoints."""
        at_least(int(self.seeds.max(initial=0)), 2, "noise over seeds", "seed")
        return seed_noise([end[np.isfinite(end)] for end in self.ended(window)])

    def step_noise(self, last: int) -> Noise:
        """Pool what the last checkpoints of each run differ by."""
        parts = []
        for curves in self.curves:
            ends, steps = tails(curves, last)
            if steps.size >= _FEWEST and len(ends):
                parts.append(step_noise(ends, steps))
        if not parts:
            raise NotEnoughDataError(
                f"noise over checkpoints needs at least {_FEWEST} checkpoints, but no run has them."
            )
        return pooled_noise(parts)

    def noise(self, last: int, window: int = 1) -> Noise:
        """Give the noise of one run: over seeds where a model has several, else over checkpoints.

        A seed is another run of the whole recipe; checkpoints of one run only show what the last
        steps move, and nothing of what a mean of them would move by.
        """
        if (self.seeds > 1).any():
            return self.seed_noise(window)
        return self.step_noise(last)


def over_seeds(means: np.ndarray) -> np.ndarray:
    """Average the seeds that have a checkpoint; NaN where none has."""
    known = np.isfinite(means)
    count = known.sum(axis=0)
    total = np.where(known, means, 0.0).sum(axis=0)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan))


def trailing(curves: np.ndarray, window: int) -> np.ndarray:
    """Average each checkpoint with those before it; NaN where there are too few."""
    if window == 1:
        return curves
    found = np.full(curves.shape, np.nan)
    if curves.shape[-1] >= window:
        windows = np.lib.stride_tricks.sliding_window_view(curves, window, axis=-1)
        found[..., window - 1 :] = windows.mean(axis=-1)
    return found


def tails(curves: Curves, last: int) -> tuple[np.ndarray, np.ndarray]:
    """Give the last checkpoints of the runs that have all of them, and their steps."""
    ends = curves.means[:, -last:]
    return ends[np.isfinite(ends).all(axis=1)], curves.checkpoints[-last:].astype(float)


def at_the_end(records: pd.DataFrame, curves: Iterable[Curves]) -> pd.DataFrame:
    """Keep the records of each model at the last checkpoint of its curve; none where it has none.

    A curve may end in a reported value, later than the items of its model.
    """
    by = ["model", "task", "metric"]
    ends = {(c.model, c.task, c.metric): float(c.checkpoints[-1]) for c in curves}
    code = records.groupby(by, observed=True, sort=False).ngroup().to_numpy()
    _, first = np.unique(code, return_index=True)
    keys = records[by].iloc[first].astype(str).itertuples(index=False, name=None)
    end = np.array([ends.get(key, np.nan) for key in keys])
    kept = records["checkpoint"].to_numpy(np.float64) == end[code]
    ended: pd.DataFrame = records[kept]
    return ended.reset_index(drop=True)


def populations(
    curves: Iterable[Curves], small: Mapping[str, str]
) -> tuple[list[tuple[Population, Population | None]], list[tuple[str, str]]]:
    """Group curves by task and metric, the small models apart from those they stand for.

    Parameters
    ----------
    curves : iterable of Curves
    small : mapping
        From each small model to its large one.

    Returns
    -------
    pairs : list of (Population, Population or None)
        All models that are not small; and the small ones in the order of their large ones.
    said : list of (reading, reason)
        What was left out.

    Raises
    ------
    UsageError
        A small or large model that is not in the data, or one in two pairs.
    NotEnoughDataError
        No task and metric has two models.
    """
    groups: dict[tuple[str, str], list[Curves]] = {}
    for one in curves:
        groups.setdefault((one.task, one.metric), []).append(one)
    names = sorted({one.model for group in groups.values() for one in group})
    _check_small(small, names)
    found: list[tuple[Population, Population | None]] = []
    said: list[tuple[str, str]] = []
    for (task, metric), group in groups.items():
        place, ended = f"{task}, {metric}", []
        for one in group:
            if np.isfinite(one.means[:, -1]).any():
                ended.append(one)
            else:
                said.append((place, f"{one.model} has no score at its last checkpoint: left out."))
        by_model = {one.model: one for one in ended}
        large = [one for one in ended if one.model not in small]
        if len(large) < 2:
            said.append((place, f"{counted(len(large), 'model')} to spread; left out."))
            continue
        sizes = {one.n for one in large if one.n}
        if len(sizes) > 1:
            said.append(
                (place, f"the models have {min(sizes):,} to {max(sizes):,} items: what these do "
                 "counts as their spread.")
            )  # fmt: skip
        pairs = [(s, b) for s, b in small.items() if {s, b} <= by_model.keys()]
        tiny = None
        if small and len(pairs) > 1:
            tiny = Population(task, metric, tuple(by_model[s] for s, _ in pairs))
        if len(pairs) < len(small):
            lost = [f"{s} or {b}" for s, b in small.items() if (s, b) not in pairs]
            said.append((place, f"{listing(lost)} missing: {len(pairs)} small models compared."))
        found.append((Population(task, metric, tuple(large)), tiny))
    if not found:
        raise NotEnoughDataError(
            "a signal is a spread over models and needs 2 of them on a task and metric; there "
            f"is none (models: {listing(names) or 'none'}). Read more models of one task and "
            "metric."
        )
    return found, said


def _check_small(small: Mapping[str, str], names: list[str]) -> None:
    for one, stands_for in small.items():
        for model in (one, stands_for):
            if model not in names:
                raise not_there("model", model, names)
        if stands_for in small:
            raise UsageError(f"small: {stands_for} stands for a model and is one's large model.")
    twice = [name for name in small.values() if list(small.values()).count(name) > 1]
    if twice:
        raise UsageError(f"small: {twice[0]} has two small models. Name one for each.")
    if len(small) == 1:
        raise UsageError("small: one pair of models has no order. Name two or more.")
