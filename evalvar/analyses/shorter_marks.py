"""What a subset costs: error, order of models, seed spread, monotonicity, half-width."""

from dataclasses import dataclass, replace
from math import nan

import numpy as np

from evalvar.analyses.shorter_bank import Bank
from evalvar.analyses.shorter_trials import Predictions
from evalvar.errors import NotEnoughDataError, counted
from evalvar.stats import Estimate, c4, kendall_tau, mean_ci, mean_sd
from evalvar.stats.held_out import held_out_mean, rank_agreement
from evalvar.stats.quantiles import normal_quantile

# A gain of less than this share of what the random subset loses is none.
SMALL_GAIN = 0.1
# Spreads over seeds are computed for so many draws, one by one.
_SPREADS = 100


@dataclass(frozen=True, slots=True)
class Marks:
    """A quantity of one way to shorten a benchmark.

    Parameters
    ----------
    estimate : Estimate
    by_unit : float array, shape (B, U), or None
        Of what the estimate is the mean.
    choices : int array, shape (B, U), or None
        Which subset of the repeat each unit met.
    draws : float array, shape (B,)
        The quantity of each subset alone.
    """

    estimate: Estimate
    by_unit: np.ndarray | None
    choices: np.ndarray | None
    draws: np.ndarray


@dataclass(frozen=True, slots=True)
class Judge:
    """Compares estimates from subsets with the whole.

    Parameters
    ----------
    bank : Bank
    level : float
    model : str, optional
        Judge this model alone.
    """

    bank: Bank
    level: float
    model: str | None = None

    @property
    def runs(self) -> np.ndarray:
        """Which runs are judged: the last checkpoint of many models, else all, shape (R,)."""
        bank = self.bank
        judged = bank.last if bank.many_models else np.ones(len(bank.scores), dtype=bool)
        return judged if self.model is None else judged & (bank.model == self.model)

    @property
    def unit(self) -> str:
        """What errors are averaged over."""
        if self.model is None or self.bank.unit != "model":
            return self.bank.unit
        return "seed"

    def marks(self, found: Predictions, plain: int = 0) -> dict[str, Marks]:
        """Give all quantities of one way to choose and to estimate.

        `plain` is the size of random subsets whose mean it is: their half-width is known exactly.
        """
        off = (found.values - self.bank.full)[:, self.runs]
        marks = {
            "bias": self._mean(off, found),
            "error": self._mean(np.abs(off), found, low=0.0),
            "rank_agreement": self._ranks(found),
        }
        if self._has_seeds:
            marks["seed_sd"] = self._spread(found)
        if self._long_runs:
            marks["monotonicity"] = self._trend(found)
        marks["half_width"] = self._plain_half_width(plain) if plain else self._half_width(off)
        return marks

    def whole(self) -> dict[str, Estimate]:
        """Give what there is to say of all items."""
        bank = self.bank
        one = np.zeros((1, len(bank.scores)), dtype=np.int64)
        found = Predictions(bank.full[None], one, one)
        marks: dict[str, Marks] = {}
        if self._has_seeds:
            marks["seed_sd"] = self._spread(found)
        if self._long_runs:
            marks["monotonicity"] = self._trend(found)
        marks["half_width"] = self._plain_half_width(bank.shares.size)
        return {name: mark.estimate for name, mark in marks.items()}

    @property
    def _has_seeds(self) -> bool:
        """Whether some model has a second seed."""
        runs = {(m, s) for m, s in zip(self._models, self.bank.seed[self._wanted], strict=True)}
        return len(runs) > np.unique(self._models).size

    @property
    def _models(self) -> np.ndarray:
        return np.asarray(self.bank.model[self._wanted])

    @property
    def _long_runs(self) -> list[np.ndarray]:
        """Runs at 3 checkpoints and more of one model and seed, in their order."""
        bank = self.bank
        runs: dict[tuple[str, int], list[int]] = {}
        for r in np.flatnonzero(self._wanted).tolist():
            runs.setdefault((bank.model[r], bank.seed[r]), []).append(r)
        long = [np.array(run) for run in runs.values() if len(run) > 2]
        return [run[np.argsort(bank.checkpoint[run])] for run in long]

    def _mean(self, values: np.ndarray, found: Predictions, low: float = -np.inf) -> Marks:
        _, first, at = np.unique(self._units[self.runs], return_index=True, return_inverse=True)
        member = (at[:, None] == np.arange(first.size)).astype(float)
        by_unit = values @ (member / member.sum(axis=0))
        choices = found.choices[:, self.runs][:, first]
        estimate = held_out_mean(
            by_unit, choices=choices, level=self.level, unit=self.unit, low=low
        )
        return Marks(estimate, by_unit, choices, by_unit.mean(axis=1))

    @property
    def _units(self) -> np.ndarray:
        if self.unit == self.bank.unit:
            return self.bank.units
        return np.unique(self.bank.seed, return_inverse=True)[1]

    def _ranks(self, found: Predictions) -> Marks:
        bank = self.bank
        if self.model is not None and bank.many_models:
            return self._undefined("rank_agreement", "one model has no rank")
        names = self._units[self.runs]
        x, y, folds = found.values[:, self.runs], bank.full[self.runs], found.folds[:, self.runs]
        choices = found.choices[:, self.runs]
        choices = choices[:, np.unique(names, return_index=True)[1]]
        if bank.many_models:  # seeds of a model are averaged
            labels, first, at = np.unique(names, return_index=True, return_inverse=True)
            member = (at[:, None] == np.arange(labels.size)).astype(float)
            member /= member.sum(axis=0)
            x, y, folds, names = x @ member, y @ member, folds[:, first], labels
        tau, pseudo = rank_agreement(x, y, folds=folds, clusters=names)
        whole = np.isfinite(tau)
        if not whole.any():
            return self._undefined("rank_agreement", "no two models that can be ordered")
        tau, pseudo, choices = tau[whole], pseudo[whole], choices[whole]
        value = float(tau.mean())
        if not np.isfinite(pseudo).all():
            method = f"mean tau-b (too few {self.unit}s in a fold: no interval)"
            estimate = Estimate(
                value, level=self.level, n=pseudo.shape[1], unit=self.unit, method=method
            )
            return Marks(estimate, None, None, tau)
        around = held_out_mean(pseudo, choices=choices, level=self.level, unit=self.unit)
        shift = value - around.value
        estimate = replace(
            around, value=value, low=max(around.low + shift, -1.0),
            high=min(around.high + shift, 1.0), method=f"mean tau-b, jackknife, {around.method}",
        )  # fmt: skip
        return Marks(estimate, pseudo, choices, tau)

    def _spread(self, found: Predictions) -> Marks:
        """Average over models and subsets the mean over checkpoints of the seed sd."""
        draws, bounds = [], []
        for values, folds in zip(found.values[:_SPREADS], found.folds[:_SPREADS], strict=True):
            parts = [
                estimate
                for curves, seeds in self._curves(values, folds)
                if len(curves) > 1
                for estimate in [_mean_sd(curves, seeds, self.level)]
                if estimate is not None
            ]
            if parts:
                bounds.append(np.mean(parts, axis=0))
                draws.append(bounds[-1][0])
        if not draws:
            seeds = "2 seeds that one subset is judged on"
            return self._undefined("seed_sd", f"needs {seeds}, has none")
        value, low, high = np.mean(bounds, axis=0)
        runs = {(m, s) for m, s in zip(self.bank.model, self.bank.seed, strict=True)}
        method = "mean of sds, Satterthwaite chi-square"
        if len(draws) > 1:
            method += ", averaged over subsets"
        estimate = Estimate(
            float(value), low=float(low), high=float(high), level=self.level, n=len(runs),
            unit="seed", method=method,
        )  # fmt: skip
        return Marks(estimate, None, None, np.array(draws))

    def _curves(self, values: np.ndarray, folds: np.ndarray) -> list[tuple[np.ndarray, int]]:
        """Give the curves (seeds, checkpoints) of each model and fold, and the model's seeds."""
        found: list[tuple[np.ndarray, int]] = []
        for table in self._tables:
            at = table[table >= 0]
            for fold in np.unique(folds[at]):
                here = (table >= 0) & (folds[table] == fold)
                curves = np.where(here, values[table], np.nan)
                found.append((curves[here.any(axis=1)], len(table)))
        return found

    @property
    def _tables(self) -> list[np.ndarray]:
        """Give the runs of each model by seed and checkpoint, -1 where there is none."""
        bank, tables = self.bank, []
        for model in np.unique(self._models):
            own = np.flatnonzero(bank.model == model)
            seeds, at = np.unique(bank.seed[own], return_inverse=True)
            steps, when = np.unique(bank.checkpoint[own], return_inverse=True)
            table = np.full((seeds.size, steps.size), -1)
            table[at, when] = own
            tables.append(table)
        return tables

    def _trend(self, found: Predictions) -> Marks:
        """Average over training runs the oriented tau-b of score and checkpoint."""
        bank = self.bank
        if bank.axis == "checkpoint":
            whole = (found.folds == found.folds[:, :1]).all()
            if not whole:
                why = "the checkpoints of a run were judged by different subsets"
                return self._undefined("monotonicity", why)
        scores = np.round(bank.facts.sign * found.values, 11)
        tau = np.stack([kendall_tau(scores[:, run]) for run in self._long_runs], axis=1)
        tau = np.where(np.isnan(tau), 0.0, tau)  # a constant curve does not rise
        choices = found.choices[:, [run[0] for run in self._long_runs]]
        unit = "seed"
        if len(found.values) == 1 and tau.shape[1] > 1:
            estimate = replace(mean_ci(tau[0], level=self.level), unit=unit, p_value=nan)
        else:
            estimate = held_out_mean(tau, choices=choices, level=self.level, unit=unit)
        estimate = replace(
            estimate, low=max(estimate.low, -1.0), high=min(estimate.high, 1.0),
            method=f"mean tau-b, {estimate.method}",
        )  # fmt: skip
        return Marks(estimate, tau, choices, tau.mean(axis=1))

    @property
    def _wanted(self) -> np.ndarray:
        own = self.bank.model == self.model
        return np.ones(len(self.bank.scores), dtype=bool) if self.model is None else own

    def _plain_half_width(self, size: int) -> Marks:
        z, n = normal_quantile(self.level), self.bank.shares.size
        value = float(z * np.sqrt(self._noise[self.runs] * n / size).mean())
        runs = counted(int(self.runs.sum()), "run")
        method = f"{z:.4g} x standard error over items, mean of {runs}"
        estimate = Estimate(value, level=self.level, n=size, unit="item", method=method)
        return Marks(estimate, None, None, np.full(1, value))

    def _half_width(self, off: np.ndarray) -> Marks:
        """Add to the item noise of the whole what the subset adds to it."""
        z, noise = normal_quantile(self.level), self._noise[self.runs]
        value = float(z * np.sqrt((off**2).mean(axis=0) + noise).mean())
        method = f"{z:.4g} x root of squared error and item variance of the whole"
        estimate = Estimate(value, level=self.level, n=off.shape[1], unit="run", method=method)
        each = z * np.sqrt(off**2 + noise).mean(axis=1)
        return Marks(estimate, None, None, each)

    @property
    def _noise(self) -> np.ndarray:
        """Variance over items of the score of each run on the whole, shape (R,)."""
        bank = self.bank
        parts, at = np.unique(bank.tasks, return_inverse=True)
        if np.ptp(bank.shares) == 0:
            parts, at = parts[:1], np.zeros_like(at)
        total = np.zeros(len(bank.scores))
        for k in range(parts.size):
            mine = bank.scores[:, at == k]
            n = mine.shape[1]
            ddof = 0 if bank.binary or n < 2 else 1
            total += bank.shares[at == k].sum() ** 2 * mine.var(axis=1, ddof=ddof) / n
        return total

    def _undefined(self, quantity: str, why: str) -> Marks:
        unit = "seed" if quantity in ("seed_sd", "monotonicity") else self.unit
        estimate = Estimate(nan, level=self.level, unit=unit, method=f"undefined: {why}")
        return Marks(estimate, None, None, np.full(1, nan))


def _mean_sd(curves: np.ndarray, seeds: int, level: float) -> tuple[float, float, float] | None:
    try:
        found = mean_sd(curves, level=level)
    except NotEnoughDataError:
        return None
    # a spread of few seeds is too small by c4: bring it to the bias that all of them have
    return found.value * c4(seeds) / c4(len(curves)), found.low, found.high


def versus(ours: Marks, random: Marks, better: int, level: float) -> tuple[Estimate, str]:
    """Compare a quantity with the mean of random subsets: the difference, and a verdict.

    Parameters
    ----------
    ours, random : Marks
    better : {-1, 1}
        Whether more is better.
    """
    base = float(random.draws[np.isfinite(random.draws)].mean()) if _any(random.draws) else nan
    value = ours.estimate.value - base
    if ours.by_unit is None or random.by_unit is None:
        undefined = Estimate(
            value, level=level, n=ours.estimate.n, unit=ours.estimate.unit,
            method="difference from the mean of random subsets (no interval)",
        )  # fmt: skip
        return undefined, _beyond_draws(ours, random, better, level)
    found = held_out_mean(
        ours.by_unit,
        against=random.by_unit,
        choices=ours.choices,
        level=level,
        unit=ours.estimate.unit,
    )
    shift = value - found.value
    found = replace(
        found, value=value, low=found.low + shift, high=found.high + shift,
        method=f"difference from the mean of random subsets, {found.method}",
    )  # fmt: skip
    loss = base if better < 0 else 1 - base
    low, high = sorted((better * found.low, better * found.high))
    if np.isnan(low):
        return found, "undetermined"
    if low > 0:
        return found, "better"
    if high < 0:
        return found, "worse"
    return found, "no better" if high <= SMALL_GAIN * loss else "undetermined"


def _any(draws: np.ndarray) -> bool:
    return bool(np.isfinite(draws).any())


def _beyond_draws(ours: Marks, random: Marks, better: int, level: float) -> str:
    """Tell whether a value lies beyond what single random subsets give."""
    low, high = spread(random.draws, level)
    value = ours.estimate.value
    if not np.isfinite([low, high, value]).all() or low <= value <= high:
        return "undetermined"
    return "better" if (value > high) == (better > 0) else "worse"


def spread(draws: np.ndarray, level: float) -> tuple[float, float]:
    """Give the central part of what single draws of a subset give."""
    known = draws[np.isfinite(draws)]
    if not known.size:
        return nan, nan
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
