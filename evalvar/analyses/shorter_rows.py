"""What every way to shorten a benchmark costs, row by row, beside random items."""

from collections.abc import Iterator
from dataclasses import replace
from math import nan
from typing import Any

import numpy as np

from evalvar.analyses.shorter_bank import Bank
from evalvar.analyses.shorter_marks import Judge
from evalvar.analyses.shorter_plan import RANDOM, control
from evalvar.analyses.shorter_trials import CURVES, Predictions, Trial
from evalvar.analyses.shorter_verdicts import Marks, central_range, versus
from evalvar.errors import counted
from evalvar.stats import Estimate

_BETTER = {"error": -1, "rank_agreement": 1, "seed_sd": -1, "monotonicity": 1}
_PLAIN = "the plain mean of random items"


def trial_rows(
    judge: Judge,
    trials: list[Trial],
    found: dict[Trial, Predictions],
    random: dict[int, Predictions],
    why: dict[Trial, str],
) -> Iterator[tuple[dict[str, Any], str, Estimate, dict[str, Any]]]:
    """Yield key, quantity, estimate and labels of all items, and of every trial.

    Parameters
    ----------
    judge : Judge
    trials : list of (method, estimator, size)
    found : dict
        Predictions by trial, but of the plain mean of random items.
    random : dict
        Of this mean, by size.
    why : dict
        Why there is none of a trial.
    """
    bank = judge.bank
    base = {
        **{"random": nan, "random_low": nan, "random_high": nan},
        **{"beyond_random": None, "beyond_mean": None},
        **{"items": bank.shares.size, "tasks": int(np.unique(bank.tasks).size), "subsets": 1},
        **{"held_out": bank.axis or None, "in_points": bank.facts.range == (0.0, 1.0)},
    }
    key = {"selection": "full", "estimator": "mean", "size": bank.shares.size}
    for quantity, estimate in judge.whole().items():
        yield key, quantity, estimate, base
    marks = {trial: judge.marks(found[trial]) for trial in trials if trial in found}
    for size, drawn in random.items():
        exact = size * bool(np.ptp(bank.shares) == 0)
        marks[*RANDOM, size] = judge.marks(drawn, exact)
    for trial in trials:
        method, estimator, size = trial
        key = {"selection": method, "estimator": estimator, "size": size}
        plain = marks[*RANDOM, size]
        if trial in why:
            nothing = Estimate(nan, level=judge.level, method=f"undefined: {why[trial]}")
            for quantity in plain:
                yield key, quantity, nothing, {**base, "subsets": 0}
            continue
        chosen = (random[size] if trial[:2] == RANDOM else found[trial]).choices
        count = len(chosen) * (int(chosen.max()) + 1)
        alike = marks.get((*control(estimator), size), {})
        for quantity, ours in marks[trial].items():
            low, high = nan, nan
            if plain[quantity].draws.size > 1:
                low, high = central_range(plain[quantity].draws, judge.level)
            label = {**base, "subsets": count, "random": plain[quantity].estimate.value,
                     "random_low": low, "random_high": high}  # fmt: skip
            beside = _beside(bank, trial, quantity, ours, plain[quantity], alike.get(quantity))
            verdicts = {f"beyond_{name}": verdict for name, (_, verdict) in beside.items()}
            yield key, quantity, ours.estimate, {**label, **verdicts}
            for name, (difference, _) in beside.items():
                yield key, f"{quantity}_vs_{name}", difference, {**label, **verdicts}


def _beside(
    bank: Bank, trial: Trial, quantity: str, ours: Marks, plain: Marks, alike: Marks | None
) -> dict[str, tuple[Estimate, str | None]]:
    """Put a quantity beside random items with its estimator and with the mean."""
    method, estimator, _ = trial
    if trial[:2] == RANDOM or quantity not in _BETTER:
        return {}
    no_verdict = ""
    if bank.few_runs:
        no_verdict = f"checkpoints of {counted(bank.training_runs, 'training run')} alone"
    elif quantity == "seed_sd" and estimator in CURVES:
        no_verdict = "the estimator draws all scores together, and so those of seeds"
    others = {"mean": (plain, _PLAIN)}
    if method != "random" and alike is not None:
        same = _PLAIN if control(estimator) == RANDOM else f"random items with {estimator}"
        others = {"random": (alike, same), **others}
    found: dict[str, tuple[Estimate, str | None]] = {}
    for name, (other, what) in others.items():
        difference, verdict = versus(ours, other, _BETTER[quantity], what)
        found[name] = (difference, verdict)
        if no_verdict:
            said = f"{difference.method} (no verdict: {no_verdict})"
            found[name] = (replace(difference, method=said), None)
    return found
