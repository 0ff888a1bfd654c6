"""What new timings of programs and references would change in the best of k answers."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
import pandas as pd

from evalvar.analyses.facts import EFFICIENCY
from evalvar.analyses.repeats import Repeats, repeats_of
from evalvar.analyses.timed import PROGRAM
from evalvar.stats import order_weights
from evalvar.stats.timing_noise import (
    RetimedScores,
    best_of_k_timing_variance,
    drawn_factors,
    repeat_noise,
    retimed_scores,
)

# Draws of new timings of a problem: so many over all problems of a task, within these ends.
_DRAWS, _FEWEST, _MOST = 30_000, 200, 2_000
# Task, sitting and levels of the cases, and noise of their repeats, shape (m, C).
Place = tuple[str, str, bytes]
Noise = dict[Place, np.ndarray]


@dataclass(frozen=True, slots=True)
class Retimed:
    """What new timings would change in the best of k answers to one item.

    Parameters
    ----------
    run : str
        The sitting; its references are shared by all programs timed in it.
    own : float array, shape (K,)
        Variance over new timings of the programs, for each number of tries.
    by_reference : float array, shape (M, K)
        The value by new timings of the reference; a single row where repeats do not tell.
    freedom : int
        Repeats that the noise is drawn from, less one.
    """

    run: str
    own: np.ndarray
    by_reference: np.ndarray
    freedom: int


def retimed_items(
    timings: pd.DataFrame,
    records: pd.DataFrame,
    tries: Sequence[int],
    *,
    alpha: float,
    hardness: Sequence[float],
    rng: int,
) -> dict[tuple[str, str], dict[str, Retimed]]:
    """Score the programs as if they were timed again, by task and model, then item.

    Parameters
    ----------
    timings, records : DataFrame
        Timings, and the efficiency that they were scored with: what has none there is left out.
    tries : sequence of int
    alpha, hardness
        As they were scored.
    rng : int
        Source of the draws, which are the same for an item whatever other models and tasks there
        are.

    Returns
    -------
    dict
        An item that was timed in several sittings is not in it: its scores are means over them.

    Notes
    -----
    The noise of the references of a task and sitting is that of all their repeats; that of a
    model's programs comes from its own repeats and those of the references.
    """
    efficient = records[(records["metric"] == EFFICIENCY) & records["score"].notna()]
    programs, problems = repeats_of(timings)
    columns = list(PROGRAM)
    named = pd.MultiIndex.from_frame(programs.astype(str))
    at = named.get_indexer(pd.MultiIndex.from_frame(efficient[columns].astype(str)))
    score = efficient["score"].to_numpy()
    by = ["task", "model", "item"]
    group = efficient.groupby(by, observed=True).ngroup().to_numpy()
    order = np.argsort(group, kind="stable")
    groups = {
        tuple(map(str, efficient[by].iloc[rows[0]])): rows
        for rows in np.split(order, np.flatnonzero(np.diff(group[order])) + 1)
        if rows.size
    }
    model_of = programs["model"].astype(str).to_numpy()
    every = list(problems)
    theirs = _noise(every, [one.reference[None] for one in every])
    of_task = Counter(one.task for one in every)
    draws = {task: min(max(_DRAWS // n, _FEWEST), _MOST) for task, n in of_task.items()}
    shared = [_references_again(one, theirs, draws[one.task], rng) for one in every]
    found: dict[tuple[str, str], dict[str, Retimed]] = {}
    twice: set[tuple[str, str, str]] = set()
    for model in np.unique(model_of):
        mine = [one.times[model_of[one.program] == model] for one in every]
        noise = _noise(every, mine, theirs)
        for problem, times, again in zip(every, mine, shared, strict=True):
            key = (problem.task, str(model), problem.item)
            if not len(times) or key not in groups:
                continue
            if problem.item in found.get((problem.task, str(model)), {}):
                twice.add(key)
            own = noise[_place(problem)]
            many = draws[problem.task]
            timed = _timed_again(problem, times, own, again, hardness, alpha, many, rng)
            rows, program = groups[key], problem.program[model_of[problem.program] == model]
            where = np.minimum(np.searchsorted(program, at[rows]), program.size - 1)
            # wrong at level 0 there are no times, and at a later one they do not count
            counts = (program[where] == at[rows]) & (score[rows] > 0)
            found.setdefault((problem.task, str(model)), {})[problem.item] = Retimed(
                problem.run,
                _own(
                    np.where(counts, timed.scores[where], 0.0),
                    np.where(counts, timed.own_variance[where], 0.0),
                    tries,
                ),
                _best(np.where(counts, timed.by_reference[:, where], 0.0), tries),
                max(len(own) - 1, 1),
            )
    for task, model, item in twice:
        del found[(task, model)][item]
    for (task, model, item), rows in groups.items():
        known = found.get((task, model), {})
        if item not in known and (task, model, item) not in twice and not score[rows].any():
            nothing = np.where(np.array(tries) <= len(rows), 0.0, np.nan)
            found.setdefault((task, model), {})[item] = Retimed(
                "", nothing, np.stack([nothing, nothing]), len(timings)
            )
    return found


def _noise(
    problems: Sequence[Repeats], times: Sequence[np.ndarray], known: Noise | None = None
) -> Noise:
    """Gather the noise of repeats, sitting by sitting, of problems with the same cases."""
    parts: dict[Place, list[np.ndarray]] = {place: [rows] for place, rows in (known or {}).items()}
    for problem, some in zip(problems, times, strict=True):
        parts.setdefault(_place(problem), []).append(repeat_noise(some))
    return {place: np.concatenate(rows) for place, rows in parts.items()}


def _place(problem: Repeats) -> Place:
    return problem.task, problem.run, problem.levels.tobytes()


def _source(problem: Repeats, of: str, rng: int) -> np.random.Generator:
    """Give the source of the draws of an item, the same for all models and sittings."""
    name = f"{problem.task}\0{problem.item}\0{of}"
    return np.random.default_rng([rng, crc32(name.encode())])


def _references_again(problem: Repeats, theirs: Noise, draws: int, rng: int) -> np.ndarray:
    """Draw factors of the reference's times; a single 1 where no repeats tell of their noise."""
    noise, repeats = theirs[_place(problem)], problem.reference.shape[1]
    if repeats < 2 or not len(noise):
        return np.ones((1, len(problem.reference)))
    source = _source(problem, "reference", rng)
    return drawn_factors(noise, repeats=repeats, draws=draws, rng=source)


def _timed_again(
    problem: Repeats, times: np.ndarray, noise: np.ndarray, shared: np.ndarray,
    hardness: Sequence[float], alpha: float, draws: int, rng: int,
) -> RetimedScores:  # fmt: skip
    """Time programs again that ran the same repeats; some stop before every case is run."""
    n, reference = len(times), problem.reference
    found = RetimedScores(np.full(n, np.nan), np.full(n, np.nan), np.full((len(shared), n), np.nan))
    stopped = np.isinf(times).any(axis=2)
    run = (~np.isnan(times) & ~stopped[..., None]).any(axis=1)
    run |= ~run.any(axis=1)[:, None]  # stopped in every case
    for pattern in np.unique(run, axis=0):
        chosen = (run == pattern).all(axis=1)
        repeats = int(pattern.sum())
        factors = np.ones((1, len(reference)))
        if repeats > 1 and len(noise):
            source = _source(problem, "programs", rng)
            factors = drawn_factors(noise, repeats=repeats, draws=draws, rng=source)
        timed = retimed_scores(
            times[chosen][..., pattern], reference, problem.levels, own_factors=factors,
            reference_factors=shared, hardness=hardness, alpha=alpha,
        )  # fmt: skip
        found.scores[chosen] = timed.scores
        found.own_variance[chosen] = timed.own_variance if len(factors) > 1 else np.nan
        found.by_reference[:, chosen] = timed.by_reference
    return found


def _own(scores: np.ndarray, variance: np.ndarray, tries: Sequence[int]) -> np.ndarray:
    return np.array(
        [
            float(best_of_k_timing_variance(scores, variance, k=k)) if k <= scores.size else np.nan
            for k in tries
        ]
    )


def _best(scores: np.ndarray, tries: Sequence[int]) -> np.ndarray:
    n = scores.shape[1]
    ranked = np.sort(scores, axis=1)
    nothing = np.full(len(scores), np.nan)
    return np.stack([ranked @ order_weights(n, k=k) if k <= n else nothing for k in tries], axis=1)


def reference_variance(parts: Sequence[list[Retimed]], column: int) -> np.ndarray:
    """Give the variance over new timings of the references, of the first less the second side.

    Parameters
    ----------
    parts : one or two lists of Retimed, each of length n
        A side; where both were timed in one sitting its references move both at once.
    column : int
        Which number of tries.
    """
    if len(parts) == 1:
        return np.array([_variance(one.by_reference[:, column]) for one in parts[0]])
    found = []
    for one, other in zip(*parts, strict=True):
        x, y = one.by_reference[:, column], other.by_reference[:, column]
        if one.run == other.run and x.size == y.size:
            found.append(_variance(x - y))
        else:
            found.append(_variance(x) + _variance(y))
    return np.array(found)


def _variance(drawn: np.ndarray) -> float:
    """Give the variance of draws; NaN for one, which was not drawn."""
    return float(drawn.var()) if drawn.size > 1 else np.nan
