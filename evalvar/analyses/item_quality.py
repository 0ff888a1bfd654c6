"""Which questions work?"""

from dataclasses import replace

import numpy as np
import pandas as pd

from evalvar.analyses.cells import item_scores
from evalvar.analyses.facts import labelled, metric_facts
from evalvar.analyses.intake import as_tuple, by_reason, intake, last_checkpoint
from evalvar.analyses.item_labels import item_labels
from evalvar.analyses.item_paths import data_maps, pruning_rows
from evalvar.analyses.item_rows import item_rows
from evalvar.analyses.item_table import KEYS, task_frame, whole_table
from evalvar.analyses.item_tasks import count_rows, reliability_rows, stability_rows
from evalvar.analyses.respondents import Respondents, Responses, of_task, responses_of
from evalvar.errors import NotEnoughDataError, UsageError, counted
from evalvar.evidence import Evidence, Missing
from evalvar.results import Result
from evalvar.stats import ItemStatistics, item_statistics


def items(
    data: Evidence | pd.DataFrame,
    *,
    model: str | list[str] | None = None,
    task: str | list[str] | None = None,
    metric: str | list[str] | None = None,
    respondents: Respondents = "model",
    fdr: float = 0.05,
    splits: int = 100,
    level: float = 0.95,
    missing: Missing = "drop",
    rng: int = 0,
) -> Result:
    """Report how hard each item is, whom it tells apart, and which items look wrong.

    Parameters
    ----------
    data : Evidence or DataFrame
        Records of several models (or seeds, or checkpoints) on the same items.
    model, task, metric : str or list of str, optional
        What to keep.
    respondents : {"model", "seed", "checkpoint"}
        Who answers: each model by its mean over seeds, prompts and samples at its last checkpoint;
        or, model by model, its seeds at the last checkpoint, or its checkpoints.
    fdr : float in (0, 1)
        Expected share of false alarms among the items flagged as flipped, and as suspect_label.
    splits : int
        Random halves of the respondents for `split_stability`.
    level : float in (0, 1)
        Nominal coverage.
    missing : {"drop", "wrong"}
        What an answer without a score means.
    rng : int
        Seed of the random halves and of the random subsets that pruning is compared with.

    Returns
    -------
    Result
        A row with an item is about that item, a row without about the task; ``model`` is null where
        respondents are models, ``size`` is the number of items left by pruning. Of items:

        ``difficulty``
            Mean score: high is easy (of losses: hard).
        ``discrimination``, ``rest_discrimination``
            Correlation over respondents of the item with the whole test, and with the rest of it.
        ``upper_lower``
            Mean score of the best 27 % of the respondents less that of the worst 27 %.
        ``alpha_without``
            Reliability of the test without the item.
        ``confidence``, ``variability``, ``forgetting``
            Data map of each model over 3 or more checkpoints, else seeds (see `data_map`), of 1 -
            score where lower is better and scores lie in [0, 1].

        Of tasks: ``alpha`` (KR-20 for 0/1), ``omega``, ``sem`` (standard error of measurement of a
        mean score), ``items_for_90`` (for a reliability of .9); counts ``dead``, ``saturated``,
        ``flipped``, ``suspect_label``, ``duplicate``, ``conflicting_gold``, ``same_answers``;
        ``split_stability``, ``weak_strong_stability``; and by size ``pruned_drift``, ``pruned_se``,
        ``pruned_monotonicity`` beside ``random_drift_sd``, ``random_se``, ``random_monotonicity``.

        Labels of items: flag (of the counts above), flipped_q, suspect_q (adjusted p-values),
        gold, chosen_instead, duplicate_of, region, text (beside ``difficulty``); beside
        ``rest_discrimination``, from 6 respondents on, the same within the first of the random
        halves (half_a_r) and the others (half_b_r), within the weaker half (weak_r) and the
        stronger (strong_r). Of tasks: items, respondents, share (pruned).

    Notes
    -----
    ``flipped``: the better respondents score lower (one-sided `falling_p`). ``suspect_label``: the
    wrong option that more chose than the gold one is the choice of the better respondents; where
    options are not known, a hard item (below half of the range) that is flipped. Both are adjusted
    by Benjamini and Hochberg over the items tested. ``duplicate``: the same question again, where
    item.text (question, prompt, hash) is known; ``same_answers``: all respond to two items alike
    more often than chance has it, which is weak evidence, as related models err alike.
    Source: "Quantifying Variance in Evaluation Benchmarks", section 4.
    """
    if respondents not in ("model", "seed", "checkpoint"):
        raise UsageError(
            f"respondents='{respondents}' is unknown. Use 'model', 'seed' or 'checkpoint'."
        )
    if not 0 < fdr < 1:
        raise UsageError(f"fdr must lie between 0 and 1, but is {fdr}.")
    if splits < 1:
        raise UsageError(f"splits={splits}: at least 1 random half is needed.")
    evidence = intake(data, missing=missing, model=model, task=task, metric=metric)
    if not len(evidence.records):
        raise NotEnoughDataError(
            "items need per-item scores, but there are none. Load the samples files too."
        )
    facts = metric_facts(evidence)
    scores = item_scores(evidence)
    found, remarks = responses_of(scores, facts, respondents)
    frames: list[pd.DataFrame] = []
    said: list[tuple[str, str]] = []
    answers: list[tuple[Responses, np.ndarray]] = []
    for responses in found:
        statistics = item_statistics(responses.oriented, level=level)
        answered = of_task(evidence.records, responses)
        if respondents != "checkpoint" and answered["checkpoint"].nunique() > 1:
            answered, _ = last_checkpoint(answered)
        labels = item_labels(responses, answered, fdr)
        over_training = of_task(scores, responses)
        maps, unmapped = data_maps(responses, over_training, level)
        rows = [*reliability_rows(responses, level), *count_rows(labels, level)]
        rows += stability_rows(responses, splits, level, rng)
        frames += [
            task_frame(responses, [({}, name, estimate) for name, estimate in rows]),
            pruning_rows(responses, over_training, statistics.rest, level=level, rng=rng),
            item_rows(responses, statistics, labels, level, rng),
            *maps,
        ]
        reasons = [*_remarks(responses, statistics), *labels.remarks, *unmapped]
        said += [(responses.name, reason) for reason in reasons]
        answers.append((responses, statistics.n))
    settings = {
        **{"model": as_tuple(model), "task": as_tuple(task), "metric": as_tuple(metric)},
        **{"respondents": respondents, "fdr": fdr, "splits": splits, "level": level},
        **{"missing": missing, "rng": rng},
    }
    warnings = [*evidence.warnings, *remarks, *_gaps(answers), *by_reason(said)]
    empty = Result.of(
        "items", KEYS, [], settings=settings, warnings=warnings, sources=evidence.sources
    )
    return labelled(replace(empty, table=whole_table(frames)), facts)


def _gaps(answers: list[tuple[Responses, np.ndarray]]) -> list[str]:
    """Count the items that some respondents, or all but one, have not answered."""
    several = [(found, n) for found, n in answers if len(found.names) > 1]
    said = []
    partly = [(found, int((n < len(found.names)).sum())) for found, n in several]
    lonely = [(found, int((n == 1).sum())) for found, n in several]
    unit = answers[0][0].unit if answers else ""
    for counts, what in (
        (partly, f"not answered by every {unit}; each item rests on the {unit}s that answered it, "
                 f"each {unit} on its items at equal difficulty."),
        (lonely, f"answered by one {unit} only: no discrimination."),
    ):  # fmt: skip
        hit = [(found.name, count) for found, count in counts if count]
        if not hit:
            continue
        first, total = hit[0][0], counted(sum(count for _, count in hit), "item")
        where = first if len(hit) == 1 else f"{len(hit):,} readings (first {first})"
        said.append(f"{where}: {total} {what}")
    return said


def _remarks(found: Responses, statistics: ItemStatistics) -> list[str]:
    respondents, unit = len(found.names), found.unit
    said = []
    if respondents < 3:
        other = "" if unit == "seed" else ", or respondents='seed'"
        who = f"one {unit} tells" if respondents < 2 else f"two {unit}s tell"
        said.append(f"{who} no item from another; more {unit}s are needed{other}.")
    elif unit == "seed":
        said.append(
            "seeds of one model often differ by little but noise: a reliability near 0 is then "
            "expected, and discriminations say how noise goes together."
        )
    elif unit == "checkpoint":
        said.append(
            "intervals take checkpoints as independent draws, which those of one run are not: they "
            "are too narrow."
        )
    else:
        said.append(
            "intervals take models as independent draws; those of one family answer alike and "
            "count for less."
        )
    if respondents > 2 and not np.isfinite(statistics.rest).any():
        said.append("no item tells respondents apart: all are constant, or answered by too few.")
    if respondents > 1 and np.isnan(found.facts.low):
        said.append(
            "the range of the metric is not declared; no item is called dead, saturated or hard. "
            "Add columns score_min and score_max."
        )
    return said
