"""Through which phases did training go, and did every run go the same way?"""

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from math import nan
from typing import Any, Literal

import numpy as np
import pandas as pd

from evalvar.analyses.curves import training_curves
from evalvar.analyses.intake import as_tuple, by_reason, intake
from evalvar.errors import NotEnoughDataError, UsageError, counted
from evalvar.evidence import Evidence, Missing
from evalvar.numbers import listing
from evalvar.results import Result
from evalvar.stats import Estimate
from evalvar.stats.arguments import ROUNDING
from evalvar.stats.phases import Phases, fit_phases, straight_bic

KEYS = ("model", "seed", "checkpoint")
_LABELS = ("states", "from_state", "to_state", "runs", "path", "detour")
# Fewer numbers for each free parameter are called out.
_NUMBERS_PER_PARAMETER = 5

Found = tuple[dict[str, Any], str, Estimate, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class _Runs:
    """The checkpoints of one model at which all its features were measured."""

    features: list[str]
    seeds: list[int]
    checkpoints: list[np.ndarray]
    values: list[np.ndarray]  # each (n_checkpoints, n_features)


def phases(
    data: Evidence | pd.DataFrame,
    *,
    model: str | list[str] | None = None,
    task: str | list[str] | None = None,
    metric: str | list[str] | None = None,
    scale: Literal["run", "model"] = "run",
    most_states: int = 8,
    restarts: int = 5,
    missing: Missing = "drop",
    rng: int = 0,
) -> Result:
    """Divide the training of each model into phases, and map the way of each seed through them.

    Parameters
    ----------
    data : Evidence or DataFrame
        Records or reported values of several checkpoints, best of several seeds.
    model, task, metric : str or list of str, optional
        What to keep. All tasks and metrics of a model together are its features.
    scale : {"run", "model"}
        Each feature is brought to mean 0 and standard deviation 1 within each run, so that seeds
        which lie higher throughout go the same way, or over all runs of the model.
    most_states : int
        Models of 1 to so many phases are compared by BIC.
    restarts : int
        How often each is fitted, from other starting values.
    missing : {"drop", "wrong"}
        What an answer without a score means.
    rng : int
        Source of the starting values.

    Returns
    -------
    Result
        A row with seed and checkpoint is one checkpoint, a row with a seed one run, a row with
        neither the model. States count from 1 in the order in which runs first visit them.

        ``state``
            The phase of the checkpoint, on the most likely way of the run.
        ``state_probability``
            How likely it is in that phase, given the whole run.
        ``returns``
            How often the run goes back to an earlier phase. Labels: path, its phases in order;
            detour, how that differs from the way most runs take.
        ``n_states``
            The number of phases with the smallest BIC. Label: path, the way most runs take.
        ``bic``
            Of the best model with so many phases. Label: states.
        ``transition``
            Chance that a phase is followed by another at the next checkpoint; n = how often the
            runs did so. Labels: from_state, to_state, runs (in how many it was seen).

    Notes
    -----
    See `evalvar.stats.phases.fit_phases`. A description of runs that are over: a phase is told from
    all of a run, what came later included. What changes smoothly is cut into pieces too; where
    straight lines describe the runs better, a warning says so. Chances have no interval, since the
    phases themselves are estimated.
    """
    if scale not in ("run", "model"):
        raise UsageError(f"scale must be 'run' or 'model', but is '{scale}'.")
    evidence = intake(data, missing=missing, model=model, task=task, metric=metric)
    found: list[Found] = []
    said: list[tuple[str, str]] = []
    for name, runs, remarks in _runs(evidence):
        rows, more = _described(name, runs, scale, rng, most_states, restarts)
        found += rows
        said += [(name, remark) for remark in [*remarks, *more]]
    settings = {
        **{"model": as_tuple(model), "task": as_tuple(task), "metric": as_tuple(metric)},
        **{"scale": scale, "most_states": most_states, "restarts": restarts},
        **{"missing": missing, "rng": rng},
    }
    result = Result.of(
        "phases", KEYS, [row[:3] for row in found], settings=settings,
        warnings=[*evidence.warnings, *by_reason(said, "models")], sources=evidence.sources,
    )  # fmt: skip
    for label in _LABELS:
        result.table[label] = pd.Series([row[3].get(label) for row in found], dtype=object)
    return result


def _runs(evidence: Evidence) -> list[tuple[str, _Runs, list[str]]]:
    """Collect the features of each model; drop first features that are mostly missing."""
    models: dict[str, dict[str, pd.Series]] = {}
    for curves in training_curves(evidence):
        index = pd.MultiIndex.from_product([curves.seeds, curves.checkpoints])
        feature = pd.Series(curves.means.ravel(), index=index)
        models.setdefault(curves.model, {})[f"{curves.task}, {curves.metric}"] = feature
    found = []
    for name, features in models.items():
        table = pd.DataFrame(features).sort_index()
        remarks = []
        sparse = [feature for feature in table if table[feature].isna().mean() > 0.5]
        flat = [feature for feature in table if _flat(table[feature].dropna().to_numpy())]
        for reason, names in (
            ("measured at fewer than half of the checkpoints", sparse),
            ("the same at all checkpoints", [f for f in flat if f not in sparse]),
        ):
            if names:
                of = f"{len(names)} of {counted(len(features), 'feature')}"
                remarks.append(f"{of} left out, {reason} ({listing(list(map(str, names)))}).")
        table = table.drop(columns=[*dict.fromkeys([*sparse, *flat])])
        whole = table.notna().all(axis=1)
        if table.shape[1] and not whole.all():
            remarks.append(
                f"{int((~whole).sum())} of {counted(len(table), 'checkpoint')} of the runs left "
                "out, since a feature is missing there."
            )
        table = table[whole] if table.shape[1] else table.iloc[:0]
        seeds = list(dict.fromkeys(int(seed) for seed, _ in table.index))
        parts = [table.loc[seed] for seed in seeds]
        steps = [part.index.to_numpy() for part in parts]
        values = [part.to_numpy(dtype=np.float64) for part in parts]
        found.append((name, _Runs(list(map(str, table.columns)), seeds, steps, values), remarks))
    return found


def _described(
    name: str, runs: _Runs, scale: str, rng: int, most_states: int, restarts: int
) -> tuple[list[Found], list[str]]:
    try:
        if not runs.features:
            raise NotEnoughDataError("phases need a feature that changes, but there is none.")
        if max(map(len, runs.values)) < 3:
            longest = max(map(len, runs.values))
            raise NotEnoughDataError(f"phases need 3 checkpoints of a run, found {longest}.")
        scaled = _scaled(runs.values, scale)
        fit = fit_phases(scaled, rng=rng, most_states=most_states, restarts=restarts)
    except NotEnoughDataError as error:
        nothing = Estimate(nan, unit="checkpoint", method=f"undefined: {error}")
        return [({"model": name}, "n_states", nothing, {})], [str(error)]
    usual = _usual(fit)
    rows = _of_model(name, fit, usual)
    for seed, steps, path, chances in zip(
        runs.seeds, runs.checkpoints, fit.paths, fit.chances, strict=True
    ):
        key = {"model": name, "seed": seed}
        way = _way(path)
        back = sum(later < earlier for earlier, later in pairwise(way))
        about = {"path": _text(way), "detour": _detour(way, usual)}
        returns = Estimate(back, n=len(path), unit="checkpoint", method="steps back on the path")
        rows.append((key, "returns", returns, about))
        for step, state, chance in zip(steps.tolist(), path, chances, strict=True):
            at = {**key, "checkpoint": step}
            rows.append((at, "state", _one(int(state) + 1, "most likely path"), {}))
            rows.append((at, "state_probability", _one(float(chance), "given the whole run"), {}))
    steady = straight_bic(scaled) < min(fit.bics.values())
    return rows, _cautions(fit, runs, most_states, steady=steady)


def _of_model(name: str, fit: Phases, usual: tuple[int, ...]) -> list[Found]:
    key = {"model": name}
    points, k = sum(map(len, fit.paths)), fit.model.start.size
    chosen = f"smallest BIC of {min(fit.bics)} to {max(fit.bics)} states"
    states = Estimate(k, n=points, unit="checkpoint", method=chosen)
    rows: list[Found] = [
        (key, "n_states", states, {"path": _text(usual), "runs": len(fit.paths)}),
    ]
    for count, bic in fit.bics.items():
        estimate = Estimate(bic, n=points, unit="checkpoint", method="Gaussian HMM, diagonal")
        rows.append((key, "bic", estimate, {"states": count}))
    seen, runs = _transitions(fit)
    for i, j in np.ndindex(k, k):
        if seen[i, j] or fit.model.transition[i, j] > 1e-3:
            chance = Estimate(
                float(fit.model.transition[i, j]), n=int(seen[i, j]), unit="checkpoint",
                method="EM estimate; n is counted on the paths",
            )  # fmt: skip
            about = {"from_state": i + 1, "to_state": j + 1, "runs": int(runs[i, j])}
            rows.append((key, "transition", chance, about))
    return rows


def _cautions(fit: Phases, runs: _Runs, most_states: int, *, steady: bool) -> list[str]:
    """Say what so few runs cannot tell."""
    k, numbers = fit.model.start.size, sum(map(np.size, runs.values))
    said = []
    if k == 1:
        said.append("no phases: one state describes all checkpoints best.")
    elif steady:
        said.append(
            "a straight line through each feature describes the runs better than phases (BIC): "
            f"these {k} are pieces of a steady course."
        )
    if numbers < _NUMBERS_PER_PARAMETER * fit.model.parameters:
        said.append(
            f"{counted(numbers, 'number')} for {fit.model.parameters} free parameters of "
            f"{counted(k, 'state')} are few; take the phases as a sketch."
        )
    if k > 1 and len(fit.paths) < 2:
        said.append("one run does not tell the usual way from a detour; train other seeds.")
    elif k > 1:
        seen, by = _transitions(fit)
        moves = (seen > 0) & ~np.eye(k, dtype=bool)
        single = int((by[moves] == 1).sum())
        if single:
            said.append(
                f"{single} of {int(moves.sum())} moves between phases were made by one run only; "
                f"{len(fit.paths)} runs are too few to determine the table of transitions."
            )
    if 1 < k == most_states:
        said.append(f"BIC still falls at {k} states, the most that were tried.")
    return said


def _scaled(values: list[np.ndarray], scale: str) -> list[np.ndarray]:
    """Bring features to mean 0 and sd 1; one that does not move within its run stays at 0."""
    if scale == "run":
        return [_z(run, run) for run in values]
    together = np.concatenate(values)
    return [_z(run, together) for run in values]


def _z(run: np.ndarray, reference: np.ndarray) -> np.ndarray:
    mean, sd = reference.mean(axis=0), reference.std(axis=0)
    moves = np.ptp(reference, axis=0) > ROUNDING * np.abs(reference).max(axis=0)
    return np.asarray(np.where(moves, run - mean, 0) / np.where(moves, sd, 1))


def _transitions(fit: Phases) -> tuple[np.ndarray, np.ndarray]:
    """Count how often each state follows each other, and in how many runs."""
    k = fit.model.start.size
    counts = np.zeros((len(fit.paths), k, k), dtype=int)
    for count, path in zip(counts, fit.paths, strict=True):
        np.add.at(count, (path[:-1], path[1:]), 1)
    return counts.sum(axis=0), (counts > 0).sum(axis=0)


def _way(path: np.ndarray) -> tuple[int, ...]:
    """Return the phases a run goes through, each stay once, from 1."""
    moved = np.concatenate([[True], path[1:] != path[:-1]])
    return tuple((path[moved] + 1).tolist())


def _usual(fit: Phases) -> tuple[int, ...]:
    """Return the way most runs take; of equals the shortest, then the first in order."""
    ways = Counter(map(_way, fit.paths))
    return min(ways, key=lambda way: (-ways[way], len(way), way))


def _detour(way: tuple[int, ...], usual: tuple[int, ...]) -> str:
    if way == usual:
        return ""
    back = sorted({b for a, b in pairwise(way) if b < a})
    skipped = [state for state in usual if state not in way]
    other = [state for state in dict.fromkeys(way) if state not in usual]
    said = [
        f"{what} {listing(list(map(str, states)))}"
        for what, states in (("back to", back), ("skips", skipped), ("through", other))
        if states
    ]
    return ", ".join(said) or "another order"


def _text(way: tuple[int, ...]) -> str:
    return " ".join(map(str, way))


def _one(value: float, method: str) -> Estimate:
    return Estimate(value, n=1, unit="checkpoint", method=method)


def _flat(values: np.ndarray) -> bool:
    return not values.size or bool(np.ptp(values) <= ROUNDING * np.abs(values).max())
