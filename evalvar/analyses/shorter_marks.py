"""What a subset costs: error, order of models, seed spread, monotonicity, half-width."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from evalvar.analyses.shorter_bank import Bank
from evalvar.analyses.shorter_curves import long_runs, seed_spread, seed_tables, trend
from evalvar.analyses.shorter_trials import Predictions
from evalvar.analyses.shorter_verdicts import Marks
from evalvar.errors import counted
from evalvar.stats import Estimate
from evalvar.stats.held_out import held_out_mean
from evalvar.stats.quantiles import normal_quantile
from evalvar.stats.rank_pairs import mean_rank_agreement, rank_agreement

# So many subsets order the models: what pairs of models say is worked out one by one.
_RANKED = 100


@dataclass(frozen=True)
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

    @cached_property
    def runs(self) -> np.ndarray:
        """Which runs are judged: the last checkpoint of many models, else all, shape (R,)."""
        bank = self.bank
        judged = bank.last if bank.many_models else np.ones(len(bank.scores), dtype=bool)
        return judged if self.model is None else judged & (bank.model == self.model)

    @cached_property
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
            **self._of_curves(found),
        }
        marks["half_width"] = self._plain_half_width(plain) if plain else self._half_width(off)
        return marks

    def whole(self) -> dict[str, Estimate]:
        """Give what there is to say of all items."""
        bank = self.bank
        one = np.zeros((1, len(bank.scores)), dtype=np.int64)
        marks = self._of_curves(Predictions(bank.full[None], one, one))
        marks["half_width"] = self._plain_half_width(bank.shares.size)
        return {name: mark.estimate for name, mark in marks.items()}

    def _of_curves(self, found: Predictions) -> dict[str, Marks]:
        marks: dict[str, Marks] = {}
        if any(len(table) > 1 for table in self._tables):
            marks["seed_sd"] = seed_spread(self._tables, found, self.level)
        if self._long_runs:
            marks["monotonicity"] = trend(self.bank, self._long_runs, found, self.level)
        return marks

    @cached_property
    def _wanted(self) -> np.ndarray:
        own = self.bank.model == self.model
        return np.ones(len(self.bank.scores), dtype=bool) if self.model is None else own

    @cached_property
    def _tables(self) -> list[np.ndarray]:
        return seed_tables(self.bank, self._wanted)

    @cached_property
    def _long_runs(self) -> list[np.ndarray]:
        return long_runs(self.bank, self._wanted)

    @cached_property
    def _units(self) -> np.ndarray:
        """Unit of each judged run, as numbers from 0."""
        own = self.bank.units if self.unit == self.bank.unit else self.bank.seed
        return np.unique(own[self.runs], return_inverse=True)[1]

    @cached_property
    def _first(self) -> np.ndarray:
        """Give the first judged run of each unit."""
        return np.unique(self._units, return_index=True)[1]

    @cached_property
    def _member(self) -> np.ndarray:
        """What averages the judged runs of each unit, shape (runs, units)."""
        member = (self._units[:, None] == np.arange(self._first.size)).astype(float)
        return np.asarray(member / member.sum(axis=0))

    def _mean(self, values: np.ndarray, found: Predictions, low: float = -np.inf) -> Marks:
        by_unit = values @ self._member
        choices = found.choices[:, self.runs][:, self._first]
        estimate = held_out_mean(
            by_unit, choices=choices, level=self.level, unit=self.unit, low=low
        )
        return Marks(estimate, by_unit, choices, by_unit.mean(axis=1))

    def _ranks(self, found: Predictions) -> Marks:
        bank = self.bank
        if self.model is not None and bank.many_models:
            return Marks.undefined("one model has no rank", self.level, self.unit)
        names = self._units
        x, folds, choices = (
            table[:_RANKED, self.runs] for table in (found.values, found.folds, found.choices)
        )
        y = bank.full[self.runs]
        if bank.many_models:  # seeds of a model are averaged
            x, y = x @ self._member, y @ self._member
            folds, choices = folds[:, self._first], choices[:, self._first]
            names = np.arange(self._first.size)
        ranks = rank_agreement(x, y, folds=folds, choices=choices, clusters=names)
        if not np.isfinite(ranks.tau).any():
            why = "no two models that can be ordered"
            return Marks.undefined(why, self.level, self.unit)
        estimate = mean_rank_agreement(ranks, level=self.level, unit=self.unit)
        return Marks(estimate, None, None, ranks.tau, ranks)

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

    @cached_property
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
