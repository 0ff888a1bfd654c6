"""Choosing items by some runs, and estimating the scores of the others from these items."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from evalvar.analyses.shorter_bank import Bank
from evalvar.errors import NotEnoughDataError
from evalvar.stats.anchors import anchor_subset
from evalvar.stats.irt import IrtFit, fit_irt
from evalvar.stats.irt_ability import ability
from evalvar.stats.subset_estimators import gp_irt, gp_irt_share, p_irt, regression_scores
from evalvar.stats.subsets import (
    Subset,
    difficulty_strata,
    diverse_subset,
    information_subset,
    random_subset,
    stratified_subset,
)

# What each way to choose items goes with, the first one being what a list of items is for.
METHODS: dict[str, tuple[str, ...]] = {
    "random": ("mean", "control_variate", "p_irt"),
    "stratified": ("weighted",),
    "neyman": ("weighted",),
    "anchor": ("weighted",),
    "anchor_irt": ("weighted", "gp_irt"),
    "information": ("p_irt",),
    "diverse": ("weighted",),
}
DEFAULT = ("random", "stratified", "anchor", "anchor_irt", "information", "diverse")
ESTIMATORS = ("mean", "weighted", "p_irt", "gp_irt", "control_variate")
CURVES = ("p_irt", "gp_irt")  # rest on item response curves
_LAYERS = 10
_TRIES, _CURVE_TRIES = 8, 4
_CLOSE = 1e-2  # curves are needed for choosing and averaging, not for themselves
_VALIDATION = 5  # one in so many training models gives the weight of the anchors

Trial = tuple[str, str, int]  # method, estimator, size


@dataclass(frozen=True, slots=True)
class Predictions:
    """Scores of the whole, estimated from subsets.

    Parameters
    ----------
    values : float array, shape (B, R)
        Of every run, from the subset that the runs of other folds chose in each repeat.
    folds : int array, shape (B, R)
        Which runs were held out together, and judged by the same subset.
    choices : int array, shape (B, R)
        Which subset of the repeat it was: the fold, or 0 where all runs have the same.
    """

    values: np.ndarray
    folds: np.ndarray
    choices: np.ndarray


def needs_curves(method: str, estimator: str) -> bool:
    """Tell whether a method or its estimator rests on item response curves."""
    return method in ("anchor_irt", "information") or estimator in CURVES


def _tries(trial: Trial) -> int:
    """Give how often items are drawn anew in a repeat: more often where it costs nothing."""
    method, estimator, _ = trial
    if method not in ("random", "stratified", "neyman"):
        return 1
    return _CURVE_TRIES if estimator in CURVES else _TRIES


@dataclass(slots=True)
class Training:
    """What some runs say about the items.

    Parameters
    ----------
    bank : Bank
    runs : bool array, shape (R,)
        Which runs these are.
    """

    bank: Bank
    runs: np.ndarray
    _fits: dict[bytes, IrtFit] = field(default_factory=dict)
    _expected: dict[tuple[bytes, bytes], np.ndarray] = field(default_factory=dict)

    @property
    def scores(self) -> np.ndarray:
        """Scores of these runs, (r, N)."""
        return np.asarray(self.bank.scores[self.runs])

    def curves(self, runs: np.ndarray | None = None) -> IrtFit:
        """Fit item response curves to these runs, or to some of them; once."""
        chosen = self.runs if runs is None else runs
        key = chosen.tobytes()
        if key not in self._fits:
            self._fits[key] = fit_irt(self.bank.scores[chosen], tolerance=_CLOSE)
        return self._fits[key]

    def choose(self, method: str, size: int, rng: np.random.Generator) -> Subset:
        """Choose items for runs like these."""
        bank, n = self.bank, self.bank.shares.size
        if method == "random":
            return random_subset(n, size, rng=rng, shares=bank.shares)
        if method in ("stratified", "neyman"):
            strata = self._strata(size)
            spreads = None
            if method == "neyman":
                counts = np.bincount(strata)
                means = np.stack([np.bincount(strata, weights=y) / counts for y in self.scores])
                squares = np.stack(
                    [np.bincount(strata, weights=y**2) / counts for y in self.scores]
                )
                spreads = np.sqrt(np.maximum(squares - means**2, 0)).mean(axis=0)
            return stratified_subset(strata, size, rng=rng, spreads=spreads, shares=bank.shares)
        if method == "anchor":
            return anchor_subset(self.scores.T, size, rng=rng, shares=bank.shares)
        if method == "anchor_irt":
            fit = self.curves()
            vectors = np.stack([fit.discrimination, fit.intercept], axis=1)
            return anchor_subset(vectors, size, rng=rng, shares=bank.shares)
        if method == "information":
            fit = self.curves()
            return information_subset(fit.discrimination, fit.intercept, fit.ability, size)
        return diverse_subset(self.scores.T, size, rng=rng, shares=bank.shares)

    def estimate(self, estimator: str, subset: Subset, runs: np.ndarray) -> np.ndarray:
        """Estimate the scores on the whole of other runs from their answers to the subset."""
        bank = self.bank
        seen = bank.scores[np.ix_(runs, subset.items)]
        if estimator == "mean":
            shares = bank.shares[subset.items]
            return np.asarray(seen @ (shares / shares.sum()))
        if estimator == "weighted":
            return np.asarray(seen @ subset.weights)
        if estimator == "control_variate":
            easy = self.scores.mean(axis=0)
            return regression_scores(seen, easy[subset.items], float(easy @ bank.shares))
        key = (subset.items.tobytes(), runs.tobytes())
        if key not in self._expected:  # gp_irt needs what p_irt gave
            self._expected[key] = self._modelled(self.curves(), subset, seen)
        modelled = self._expected[key]
        if estimator == "p_irt":
            return modelled
        return gp_irt(seen @ subset.weights, modelled, self._anchors_share(subset))

    def _modelled(self, fit: IrtFit, subset: Subset, seen: np.ndarray) -> np.ndarray:
        a, b = fit.discrimination, fit.intercept
        theta = ability(seen, a[subset.items], b[subset.items], method="eap").value
        return p_irt(seen, subset, a, b, theta, shares=self.bank.shares)

    def _anchors_share(self, subset: Subset) -> float:
        """Weigh anchors by how far off p-IRT is on training models that it was not fitted to."""
        for axis in ("model", "seed", "checkpoint"):
            names = getattr(self.bank, axis)
            labels = np.unique(names[self.runs])
            if labels.size > 1:
                break
        kept_out = np.isin(names, labels[:: min(_VALIDATION, labels.size)])
        validation, rest = self.runs & kept_out, self.runs & ~kept_out
        if rest.sum() < 2:
            raise NotEnoughDataError(
                "the weight of the anchors needs training runs to fit, and others to check."
            )
        seen = self.bank.scores[np.ix_(validation, subset.items)]
        off = self._modelled(self.curves(rest), subset, seen) - self.bank.full[validation]
        variance = float(self.scores.var(axis=1).mean())
        return gp_irt_share(float(np.abs(off).mean()), variance, subset.items.size)

    def _strata(self, size: int) -> np.ndarray:
        """Cut the items by task where there are several, else by difficulty."""
        tasks, at = np.unique(self.bank.tasks, return_inverse=True)
        if 1 < tasks.size <= size:
            return np.asarray(at, dtype=np.int64)
        return difficulty_strata(self.scores.mean(axis=0), max(1, min(_LAYERS, size // 2)))


def predictions(
    bank: Bank, trials: Sequence[Trial], repeats: int, rng: np.random.Generator
) -> tuple[dict[Trial, Predictions], dict[Trial, str]]:
    """Cross-fit: each fold of runs is judged by what the others choose; again with other folds.

    Returns
    -------
    found : dict
        By trial.
    why : dict
        Why there is none of a trial.
    """
    folds = np.stack([bank.folds(rng) for _ in range(repeats)])
    found = {}
    for trial in trials:
        again = np.repeat(folds, _tries(trial), axis=0)
        choices = np.zeros_like(again) if trial[0] == "random" else again
        found[trial] = Predictions(np.full(again.shape, np.nan), again, choices)
    why: dict[Trial, str] = {}
    for b in range(repeats):
        # random subsets are the same for all folds: nobody chose them
        drawn = {
            (size, k): random_subset(bank.shares.size, size, rng=rng, shares=bank.shares)
            for size in dict.fromkeys(size for *_, size in trials)
            for k in range(_TRIES)
        }
        for fold in np.unique(folds[b]):
            held = folds[b] == fold
            training = Training(bank, ~held)
            subsets: dict[tuple[str, int, int], Subset] = {
                ("random", *key): subset for key, subset in drawn.items()
            }
            for trial in (trial for trial in trials if trial not in why):
                method, estimator, size = trial
                tries = _tries(trial)
                try:
                    for k in range(tries):
                        if (method, size, k) not in subsets:
                            subsets[method, size, k] = training.choose(method, size, rng)
                        found[trial].values[b * tries + k, held] = training.estimate(
                            estimator, subsets[method, size, k], held
                        )
                except NotEnoughDataError as error:
                    why[trial] = str(error)
    return {trial: made for trial, made in found.items() if trial not in why}, why


def random_predictions(
    bank: Bank, size: int, draws: int, folds: np.ndarray, rng: np.random.Generator
) -> Predictions:
    """Estimate all scores from many random subsets, the folds being those of the repeats."""
    values = np.empty((draws, len(bank.scores)))
    for b in range(draws):
        subset = random_subset(bank.shares.size, size, rng=rng, shares=bank.shares)
        values[b] = bank.scores[:, subset.items] @ subset.weights
    folds = folds[np.arange(draws) % len(folds)]
    return Predictions(values, folds, np.zeros_like(folds))
