"""Training curves by subsets of the items: their spread over seeds, and whether they rise."""

from dataclasses import replace
from math import nan

import numpy as np

from evalvar.analyses.shorter_bank import Bank
from evalvar.analyses.shorter_trials import Predictions
from evalvar.analyses.shorter_verdicts import Marks
from evalvar.stats import c4, kendall_tau, mean_ci
from evalvar.stats.held_out import held_out_mean
from evalvar.stats.spread import mean_sd_of_models

# Spreads over seeds are computed for so many draws, one by one.
_SPREADS = 100


def seed_tables(bank: Bank, judged: np.ndarray) -> list[np.ndarray]:
    """Give the runs of each model by seed and checkpoint, -1 where there is none."""
    tables = []
    for model in np.unique(bank.model[judged]):
        own = np.flatnonzero(bank.model == model)
        seeds, at = np.unique(bank.seed[own], return_inverse=True)
        steps, when = np.unique(bank.checkpoint[own], return_inverse=True)
        table = np.full((seeds.size, steps.size), -1)
        table[at, when] = own
        tables.append(table)
    return tables


def seed_spread(tables: list[np.ndarray], found: Predictions, level: float) -> Marks:
    """Average over models and subsets the mean over checkpoints of the seed sd."""
    parts = []
    for values, folds in zip(found.values[:_SPREADS], found.folds[:_SPREADS], strict=True):
        curves = [one for table in tables for one in _by_fold(table, values, folds)]
        if curves:
            estimate = mean_sd_of_models([one for one, _ in curves], level=level)
            if any(len(one) < seeds for one, seeds in curves):
                # a spread of few seeds is too small by c4: give all the bias of the whole
                sds = [_mean_sd(one) * c4(seeds) / c4(len(one)) for one, seeds in curves]
                estimate = replace(estimate, value=float(np.mean(sds)))
            parts.append(estimate)
    if not parts:
        return Marks.undefined(
            "needs 2 seeds that one subset is judged on, has none", level, "seed"
        )
    draws = np.array([one.value for one in parts])
    low, high = np.mean([(one.low, one.high) for one in parts], axis=0)
    method = parts[0].method + ", averaged over subsets" * (len(parts) > 1)
    estimate = replace(
        parts[0], value=float(draws.mean()), se=nan, low=float(low), high=float(high), method=method
    )
    return Marks(estimate, None, None, draws)


def _by_fold(
    table: np.ndarray, values: np.ndarray, folds: np.ndarray
) -> list[tuple[np.ndarray, int]]:
    """Give the curves (seeds, checkpoints) that one subset judges, and the seeds of the model."""
    there = table >= 0
    fold = np.where(there, folds[table], -1)
    found = []
    for label in np.unique(fold[there]):
        here = fold == label
        if (here.sum(axis=0) > 1).any():
            curves = np.where(here, values[table], np.nan)
            found.append((curves[here.any(axis=1)], len(table)))
    return found


def _mean_sd(curves: np.ndarray) -> float:
    enough = np.isfinite(curves).sum(axis=0) > 1
    return float(np.nanstd(curves[:, enough], axis=0, ddof=1).mean())


def long_runs(bank: Bank, judged: np.ndarray) -> list[np.ndarray]:
    """Give the runs at 3 checkpoints and more of one model and seed, in their order."""
    runs: dict[tuple[str, int], list[int]] = {}
    for r in np.flatnonzero(judged).tolist():
        runs.setdefault((bank.model[r], bank.seed[r]), []).append(r)
    long = [np.array(run) for run in runs.values() if len(run) > 2]
    return [run[np.argsort(bank.checkpoint[run])] for run in long]


def trend(bank: Bank, runs: list[np.ndarray], found: Predictions, level: float) -> Marks:
    """Average over training runs the oriented tau-b of score and checkpoint."""
    if bank.axis == "checkpoint" and not (found.folds == found.folds[:, :1]).all():
        why = "the checkpoints of a run were judged by different subsets"
        return Marks.undefined(why, level, "seed")
    scores = np.round(bank.facts.sign * found.values, 11)
    tau = np.stack([kendall_tau(scores[:, run]) for run in runs], axis=1)
    tau = np.where(np.isnan(tau), 0.0, tau)  # a constant curve does not rise
    choices = found.choices[:, [run[0] for run in runs]]
    if len(found.values) == 1 and tau.shape[1] > 1:
        estimate = replace(mean_ci(tau[0], level=level), unit="seed", p_value=nan)
    else:
        estimate = held_out_mean(tau, choices=choices, level=level, unit="seed")
    estimate = replace(
        estimate, low=max(estimate.low, -1.0), high=min(estimate.high, 1.0),
        method=f"mean tau-b, {estimate.method}",
    )  # fmt: skip
    return Marks(estimate, tau, choices, tau.mean(axis=1))
