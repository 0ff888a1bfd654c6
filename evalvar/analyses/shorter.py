"""What does a shorter benchmark cost?"""

from collections.abc import Sequence
from typing import Any
from zlib import crc32

import numpy as np
import pandas as pd

from evalvar.analyses.facts import Facts, labelled
from evalvar.analyses.intake import as_tuple, by_reason, intake
from evalvar.analyses.shorter_bank import ENOUGH_RUNS, Bank, Together, banks
from evalvar.analyses.shorter_marks import Judge
from evalvar.analyses.shorter_plan import RANDOM, asked, listed, remarks, sizes_of, undefined
from evalvar.analyses.shorter_rows import trial_rows
from evalvar.analyses.shorter_trials import (
    Predictions,
    Trial,
    needs_curves,
    predictions,
    random_predictions,
)
from evalvar.errors import NotEnoughDataError, counted
from evalvar.evidence import Evidence, Missing
from evalvar.results import Result, Row

KEYS = ("model", "task", "metric", "selection", "estimator", "size")


def subset(
    data: Evidence | pd.DataFrame,
    *,
    model: str | list[str] | None = None,
    task: str | list[str] | None = None,
    metric: str | list[str] | None = None,
    sizes: int | Sequence[int] | None = None,
    selections: str | Sequence[str] | None = None,
    estimators: str | Sequence[str] | None = None,
    together: Together | None = None,
    repeats: int = 2,
    draws: int = 500,
    rng: int = 0,
    level: float = 0.95,
    missing: Missing = "drop",
) -> Result:
    """Report what a benchmark of fewer items costs, beside random items of the same number.

    Items are chosen by the answers of some models and judged on others: models are split into
    folds, each judged by the items that the other folds choose. With one model it is its seeds that
    are split, with one seed its checkpoints.

    Parameters
    ----------
    data : Evidence or DataFrame
        Records of several models, seeds or checkpoints.
    model : str or list of str, optional
        Judge these, each in rows of its own; all models may still choose items. Default: all
        models together, in rows without a model.
    task, metric : str or list of str, optional
        What to keep.
    sizes : int or sequence of int, optional
        How many items. Default: 25 and 100, up to half of what there is; below 50 items a quarter
        and half.
    selections : str or sequence of str, optional
        How items are chosen: ``random``; ``stratified`` by task where there are several, else by
        difficulty, in proportion; ``neyman``, the same with more of what varies more; ``anchor``,
        one of each cluster of items that training models answer alike; ``anchor_irt``, of items
        with like response curves; ``information``, what tells most about the abilities;
        ``diverse``, as far apart as can be. Default: all but ``neyman``; ``random`` is always
        there.
    estimators : str or sequence of str, optional
        How the whole is estimated: ``mean``, ``weighted`` (by what each item stands for),
        ``p_irt``, ``gp_irt``, ``control_variate`` (the items' difficulty in training models).
        Default: what goes with each selection.
    together : {"items", "equal"}, optional
        Take all tasks (of a group, where the data name any) as one benchmark, in which items count
        alike, or tasks do.
    repeats : int
        How often the folds are drawn anew. Every fold chooses items anew; where that costs nothing
        (``random``, ``stratified``), several times.
    draws : int
        How many random subsets; the first 100 of them give rank_agreement and seed_sd.
    rng : int
        Seed of what draws.
    level : float in (0, 1)
        Nominal coverage.
    missing : {"drop", "wrong"}
        What an answer without a score means.

    Returns
    -------
    Result
        One row per model (null: all together), task (null: all together), metric, selection,
        estimator, size and quantity. ``full`` is the whole benchmark.

        ``bias``
            Mean error of the score on held-out models.
        ``error``
            Mean absolute error.
        ``rank_agreement``
            Kendall tau-b of the order of models by the subset and by all items, over models that
            the same subset judges. Of fewer than 4 models their runs are ordered.
        ``seed_sd``
            Mean over checkpoints of the standard deviation over seeds, as `seed_variance` has it;
            mean over models.
        ``monotonicity``
            Kendall tau-b of score and checkpoint, oriented, mean over training runs; a curve that a
            subset leaves constant counts 0.
        ``half_width``
            Half-width of the interval for the score on items without end: of random items by their
            variance; else squared error against the whole and the whole's item variance together.
        ``<quantity>_vs_random``
            What the choice of items does: the quantity less that of random subsets of this size
            with the same estimator, for which random items are always tried with it. None for
            random items.
        ``<quantity>_vs_mean``
            What choice and estimator do together: the quantity less that of random subsets of this
            size and their plain mean; of random items, what the estimator does.

        Labels: random, random_low, random_high (mean and central range of the quantity over single
        random subsets of this size and their plain mean), beyond_random, beyond_mean (verdict on
        the two differences: better, worse, no better: a gain of 10 % of what the random subset
        loses is excluded; undetermined; null where none is due), items, tasks, subsets (how many
        choices of items the value is the mean of), held_out (what was split), in_points (scores
        from 0 to 1), higher_is_better, chance, discrete.

    Raises
    ------
    NotEnoughDataError
        There are no items, or no benchmark has so many as asked for.
    UsageError
        An unknown selection or estimator, or a size, repeats or draws below 1.

    Notes
    -----
    "Quantifying Variance in Evaluation Benchmarks", Tables 3 (seed_sd), 4 (monotonicity) and 7
    (rank_agreement), whose IRT and IRT++ are ``anchor_irt`` with ``weighted`` and ``gp_irt``, with
    the control that they lack: random items. Intervals are for new models (with fewer than 4: new
    training runs) and new choices of items on this benchmark (`stats.held_out.held_out_mean`); each
    is for one comparison, so that of many choices one may look better by chance. With fewer than 3
    training runs they are for other checkpoints of these, and there is no verdict. Nor is there one
    on the seed_sd of p_irt and gp_irt, which draw all scores together: their seeds lie closer
    because everything does.
    """
    plan = asked(selections, estimators, sizes, repeats, draws)
    evidence = intake(data, missing=missing, task=task, metric=metric)
    evidence.select(model=model)  # says so if there is none
    judged = [None] if model is None else [model] if isinstance(model, str) else list(model)
    rows: list[Row] = []
    labels: list[dict[str, Any]] = []
    said: list[tuple[str, str]] = []
    facts: dict[tuple[Any, str], Facts] = {}
    short: list[str] = []
    for bank in banks(evidence, together):
        facts[bank.task, bank.metric] = bank.facts
        n = bank.shares.size
        wanted = sizes_of(n, sizes)
        short += [f"{bank.name} has {counted(n, 'item')}"] * (len(wanted) < len(listed(sizes)))
        said += [*bank.remarks, *((bank.name, reason) for reason in remarks(bank, sizes, wanted))]
        if not wanted:
            continue
        draw = np.random.default_rng([rng, crc32(bank.name.encode())])
        trials = [(method, estimator, size) for size in wanted for method, estimator in plan]
        found, random, why = _predicted(bank, trials, repeats, draws, draw)
        said += [(bank.name, reason) for reason in undefined(why)]
        for name in judged:
            if name is not None and not (bank.model == name).any():
                said.append((bank.name, f"no run of {name} is left to judge."))
                continue
            judge = Judge(bank, level, name)
            for key, quantity, estimate, label in trial_rows(judge, trials, found, random, why):
                rows.append(
                    ({"model": name, "task": bank.task, "metric": bank.metric, **key},
                     quantity, estimate)
                )  # fmt: skip
                labels.append(label)
    if not rows:
        least = f"; {short[0]}" if short else ""
        raise NotEnoughDataError(
            f"no benchmark has as many items as asked for ({listed(sizes)}{least}). Ask for fewer."
            if short
            else "a shorter benchmark needs at least 2 items that all runs answered, but there are "
            "fewer; name fewer models if some lack items."
        )
    settings = {
        **{"model": as_tuple(model), "task": as_tuple(task), "metric": as_tuple(metric)},
        **{"sizes": as_tuple(sizes), "selections": as_tuple(selections)},
        **{"estimators": as_tuple(estimators), "together": together, "repeats": repeats},
        **{"draws": draws, "rng": rng, "level": level, "missing": missing},
    }
    result = Result.of(
        "subset", KEYS, rows, settings=settings, sources=evidence.sources,
        warnings=[*evidence.warnings, *by_reason(said, "benchmarks")],
    )  # fmt: skip
    for name in labels[0]:
        result.table[name] = pd.Series([label[name] for label in labels])
    return labelled(result, facts)


def _predicted(
    bank: Bank, trials: list[Trial], repeats: int, draws: int, draw: np.random.Generator
) -> tuple[dict[Trial, Predictions], dict[int, Predictions], dict[Trial, str]]:
    """Predict the score of every run by every trial, and by many random subsets."""
    folds = np.zeros((1, len(bank.scores)), dtype=np.int64)
    rest = [trial for trial in trials if trial[:2] != RANDOM]
    why: dict[Trial, str] = {}
    if not bank.axis or len(bank.scores) < ENOUGH_RUNS:
        why = {trial: "too few runs to choose by some and judge by others" for trial in rest}
    if not bank.binary:
        why |= {
            trial: "response curves need scores of 0 and 1, not means over prompts or samples"
            for trial in rest
            if needs_curves(trial[0], trial[1])
        }
    rest = [trial for trial in rest if trial not in why]
    found: dict[Trial, Predictions] = {}
    if rest:
        found, failed = predictions(bank, rest, repeats, draw)
        why |= failed
        folds = next(iter(found.values())).folds if found else folds
    random = {
        size: random_predictions(bank, size, draws, folds, draw)
        for size in dict.fromkeys(size for *_, size in trials)
    }
    return found, random, why
