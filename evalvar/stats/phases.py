"""Phases of training: a hidden Markov model over the checkpoints of several runs."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats.arguments import Floats, at_least, finite
from evalvar.stats.draws import Rng, generator

Ints = NDArray[np.int64]
# A state that holds fewer checkpoints is none: its variances are of almost nothing.
_FEWEST_HELD = 3
_ITERATIONS = 200


@dataclass(frozen=True, slots=True)
class PhaseModel:
    """A hidden Markov model with normal, independent features in each state.

    Parameters
    ----------
    start : float array, shape (n_states,)
        Chance of each state at the first checkpoint.
    transition : float array, shape (n_states, n_states)
        Chance that a state (row) is followed by another (column).
    means, variances : float array, shape (n_states, n_features)
        Of each feature in each state.
    """

    start: Floats
    transition: Floats
    means: Floats
    variances: Floats

    @property
    def parameters(self) -> int:
        """How many numbers are free: (k-1) + k(k-1) + 2kd for k states and d features."""
        k, d = map(int, self.means.shape)
        return k - 1 + k * (k - 1) + 2 * k * d

    def log_likelihood(self, runs: Sequence[ArrayLike]) -> float:
        """Log density of runs, each (n_checkpoints, n_features), over all ways through states."""
        data, lengths = _stacked(runs)
        return float(self._hmm().score(data, lengths))

    def bic(self, runs: Sequence[ArrayLike]) -> float:
        """Bayesian information criterion: -2 log_likelihood + parameters ln(n checkpoints)."""
        points = sum(len(np.asarray(run)) for run in runs)
        return -2 * self.log_likelihood(runs) + self.parameters * float(np.log(points))

    def path(self, run: ArrayLike) -> tuple[Ints, float]:
        """Give the most likely way of one run through the states (Viterbi), and its log density."""
        data, lengths = _stacked([run])
        chance, states = self._hmm().decode(data, lengths, algorithm="viterbi")
        return np.asarray(states, dtype=np.int64), float(chance)

    def chances(self, run: ArrayLike) -> Floats:
        """Chance of each state at each checkpoint of one run, given all of it (n, n_states)."""
        data, lengths = _stacked([run])
        return np.asarray(self._hmm().predict_proba(data, lengths), dtype=np.float64)

    def _hmm(self) -> Any:
        model = _hmmlearn().GaussianHMM(n_components=self.start.size, covariance_type="diag")
        model.startprob_, model.transmat_ = self.start, self.transition
        model.means_, model.covars_ = self.means, self.variances
        return model

    def ordered(self, order: Ints) -> "PhaseModel":
        """Give the same model with its states in another order."""
        return PhaseModel(
            self.start[order], self.transition[np.ix_(order, order)], self.means[order],
            self.variances[order],
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Phases:
    """What was found of the phases of several runs.

    Parameters
    ----------
    model : PhaseModel
        The model with the smallest BIC; its states in the order in which the runs first visit them.
    paths : tuple of int array, each (n_checkpoints,)
        The most likely state of each checkpoint of each run, from 0.
    chances : tuple of float array, each (n_checkpoints,)
        How likely that state is, given the whole run.
    bics : dict
        BIC by number of states; a number with which no model was found is absent.
    """

    model: PhaseModel
    paths: tuple[Ints, ...]
    chances: tuple[Floats, ...]
    bics: dict[int, float]


def fit_phases(
    runs: Sequence[ArrayLike], *, rng: Rng, most_states: int = 8, restarts: int = 5
) -> Phases:
    """Divide training into phases: states that runs stay in and move between.

    Parameters
    ----------
    runs : list of float array, each (n_checkpoints, n_features)
        What was measured at each checkpoint of each run, in comparable units (z-scores).
    rng : int, sequence of int or Generator
        Source of the starting values; the same one gives the same bytes.
    most_states : int
        Models with 1 to so many states are compared.
    restarts : int
        How often each is fitted, from other starting values; the most likely fit counts.

    Returns
    -------
    Phases

    Raises
    ------
    NotEnoughDataError
        Fewer than 3 checkpoints in all.
    UsageError
        hmmlearn is not installed, runs of different features, or numbers below 1.

    Notes
    -----
    Gaussian hidden Markov model with diagonal covariances, fitted by EM (hmmlearn), chosen by BIC
    over the checkpoints of all runs; after "Latent State Models of Training Dynamics" (Hu et al.
    2023), which chooses on runs held out. A fit in which a state holds fewer than 3 checkpoints
    does not count. Features that move together count as if they did not, which favours more states.
    A curve that rises smoothly has no phases, but is cut into pieces of about equal height, more of
    them the smaller its noise; `straight_bic` tells a straight rise, nothing here a bent one. A
    path uses the whole run, so it describes what was and foretells nothing.

    Examples
    --------
    >>> run = np.r_[np.zeros(8), np.ones(8)] + 0.05 * np.cos(np.arange(16))
    >>> fit_phases([run[:, None]], rng=0, most_states=3, restarts=2).model.start.size
    2
    """
    data, lengths = _stacked(runs)
    if most_states < 1 or restarts < 1:
        raise UsageError(
            f"most_states and restarts must be at least 1, but are {most_states} and {restarts}."
        )
    at_least(len(data), _FEWEST_HELD, "phases of training", "checkpoint")
    source = generator(rng)
    best: PhaseModel | None = None
    bics: dict[int, float] = {}
    for states in range(1, min(most_states, len(data) // _FEWEST_HELD) + 1):
        found = _fitted(data, lengths, states, source, restarts)
        if found is None:
            continue
        bics[states] = found.bic(_split(data, lengths))
        if best is None or bics[states] < min(bics[k] for k in bics if k != states):
            best = found
    if best is None:
        raise NotEnoughDataError("no model of the phases could be fitted to these runs.")
    each = _split(data, lengths)
    best = best.ordered(_by_first_visit([best.path(run)[0] for run in each], best.start.size))
    paths = tuple(best.path(run)[0] for run in each)
    chances = tuple(
        best.chances(run)[np.arange(len(run)), path] for run, path in zip(each, paths, strict=True)
    )
    return Phases(best, paths, chances, bics)


def straight_bic(runs: Sequence[ArrayLike]) -> float:
    """Bayesian information criterion of runs without phases, each feature on a straight line.

    Parameters
    ----------
    runs : list of float array, each (n_checkpoints, n_features)
        As for `fit_phases`.

    Returns
    -------
    float
        Comparable with `PhaseModel.bic` of the same runs.

    Raises
    ------
    NotEnoughDataError
        No run.
    UsageError
        Runs of different features.

    Notes
    -----
    A line for each feature of each run over its checkpoints, equally far apart, and one normal
    variance for each feature: -2 log likelihood + (2 n_runs + 1) n_features ln(n checkpoints).

    Examples
    --------
    >>> run = np.arange(16.0)[:, None] + 0.05 * np.cos(np.arange(16))[:, None]
    >>> fit = fit_phases([run], rng=0, most_states=3, restarts=2)
    >>> straight_bic([run]) < min(fit.bics.values())
    True
    """
    data, lengths = _stacked(runs)
    squares = np.zeros(data.shape[1])
    for run in _split(data, lengths):
        lines = np.polynomial.polynomial.polyvander(np.arange(len(run)), 1)
        squares += ((run - lines @ np.linalg.lstsq(lines, run)[0]) ** 2).sum(axis=0)
    # hmmlearn lets no variance vanish either
    variances = np.maximum(squares / len(data), np.finfo(np.float64).tiny)
    fit = len(data) * float((np.log(2 * np.pi * variances) + 1).sum())
    numbers = (2 * len(lengths) + 1) * int(data.shape[1])
    return fit + numbers * float(np.log(len(data)))


def _fitted(
    data: Floats, lengths: list[int], states: int, source: np.random.Generator, restarts: int
) -> PhaseModel | None:
    """Give the most likely of several fits, none where each has a state of few checkpoints."""
    best, most = None, -np.inf
    for seed in source.integers(0, 2**31 - 1, size=restarts if states > 1 else 1).tolist():
        model = _hmmlearn().GaussianHMM(
            n_components=states, covariance_type="diag", n_iter=_ITERATIONS, random_state=seed
        )
        with _silence():
            model.fit(data, lengths)
        if not np.isfinite(model.means_).all():
            continue  # a state lost its last checkpoint on the way
        _, path = model.decode(data, lengths)
        held = np.bincount(path, minlength=states)
        chance = float(model.score(data, lengths))
        if held.min() >= _FEWEST_HELD and chance > most:
            most = chance
            covariances = np.diagonal(model.covars_, axis1=1, axis2=2)
            best = PhaseModel(model.startprob_, model.transmat_, model.means_, covariances.copy())
    return best


def _by_first_visit(paths: list[Ints], states: int) -> Ints:
    """Order states by when runs first visit them, on average over those that do."""
    first = np.full((len(paths), states), np.nan)
    for row, path in zip(first, paths, strict=True):
        visited, at = np.unique(path, return_index=True)
        row[visited] = at / max(path.size - 1, 1)
    seen = np.isfinite(first)
    mean = np.where(seen, first, 0).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
    return np.argsort(np.where(seen.any(axis=0), mean, np.inf), kind="stable")


def _stacked(runs: Sequence[ArrayLike]) -> tuple[Floats, list[int]]:
    arrays = [finite(run, "a run", ndim=2) for run in runs]
    if not arrays:
        raise NotEnoughDataError("phases of training need at least 1 run, but have 0.")
    features = {array.shape[1] for array in arrays}
    if len(features) > 1:
        raise UsageError(f"runs need the same features, but have {sorted(features)} of them.")
    return np.concatenate(arrays), [len(array) for array in arrays]


def _split(data: Floats, lengths: list[int]) -> list[Floats]:
    return np.split(data, np.cumsum(lengths)[:-1])


def _hmmlearn() -> Any:
    try:
        from hmmlearn import hmm
    except ImportError as error:
        raise UsageError(
            "phases need the package hmmlearn, which is not installed. Install evalvar[phases]."
        ) from error
    return hmm


@contextmanager
def _silence() -> Iterator[None]:
    """Keep hmmlearn from telling of fits that end early; they compete with the others."""
    logger = logging.getLogger("hmmlearn")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with np.errstate(all="ignore"):
            yield
    finally:
        logger.setLevel(before)
