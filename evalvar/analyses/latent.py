"""How able is each model, and which items tell models apart?"""

from collections.abc import Iterator
from typing import Literal
from zlib import crc32

import numpy as np
import pandas as pd

from evalvar.analyses.asked import check_rng, check_words
from evalvar.analyses.cells import item_scores
from evalvar.analyses.facts import Facts, labelled, metric_facts
from evalvar.analyses.intake import as_tuple, by_reason, intake, last_checkpoint
from evalvar.analyses.latent_rows import FAR, KEYS, Fitted, rows_of
from evalvar.analyses.respondents import response_table
from evalvar.errors import NotEnoughDataError, UsageError, counted
from evalvar.evidence import Evidence, Missing
from evalvar.results import Result
from evalvar.stats import ability, binarised, fit_irt, item_fit, item_slope, shuffled

Curve = Literal["2pl", "1pl"]
Respondent = Literal["model", "seed"]
# Below so many respondents an item's own slope is mostly its prior.
_FEW = 30


def irt(
    data: Evidence | pd.DataFrame,
    *,
    model: str | list[str] | None = None,
    task: str | list[str] | None = None,
    metric: str | list[str] | None = None,
    curve: Curve = "2pl",
    respondents: Respondent = "model",
    estimator: Literal["eap", "map", "mle"] = "eap",
    level: float = 0.95,
    missing: Missing = "drop",
    rng: int = 0,
) -> Result:
    """Put models and items on one scale by item response theory, beside a shuffled control.

    Parameters
    ----------
    data : Evidence or DataFrame
        Records of several models on the same items.
    model, task, metric : str or list of str, optional
        What to keep.
    curve : {"2pl", "1pl"}
        Whether each item has its own discrimination, or all share one.
    respondents : {"model", "seed"}
        Who answers: each model by its mean over seeds, prompts and samples at its last checkpoint,
        made right or wrong; or each of its seeds.
    estimator : {"eap", "map", "mle"}
        Of abilities: mean or top of the posterior, or the top of the likelihood alone, which those
        who got all right or all wrong do not have.
    level : float in (0, 1)
        Nominal coverage.
    missing : {"drop", "wrong"}
        What an answer without a score means.
    rng : int
        Seed of the shuffled answers.

    Returns
    -------
    Result
        Of items: ``discrimination`` (a, with the p-value of a test of no slope), ``intercept``
        (b), ``difficulty`` (b / a, the ability at which half get it right) and ``item_fit``
        (chi-square with 2 degrees of freedom, 1PL: 3, and its p-value). Of respondents:
        ``ability``. Of tasks: ``mean_discrimination``, ``discrimination_sd``,
        ``discriminating_items`` and ``negative_items`` (counts of items that abler respondents get
        right, or wrong, more often, each at a false discovery rate of 5 %), ``reliability``, and
        the same of answers shuffled among the respondents, named ``control_...``;
        ``misfitting_items`` (at a false discovery rate of 5 %); ``information@-2`` ...
        ``information@2``, of all items at that ability.

        Labels: score (mean of all answers, made right or wrong), slope (of a discrimination that
        is counted: "rising", "falling"), unbounded (of a respondent with all right or all wrong:
        "above", "below"), items (fitted), respondents, threshold (at which scores were made right
        or wrong), converged, control_converged.

    Raises
    ------
    NotEnoughDataError
        There are no items, or nothing can be fitted.

    Notes
    -----
    P(right) = 1 / (1 + exp(-(a theta - b))), by `evalvar.stats.fit_irt`: abilities have mean 0 and
    variance 1 over the respondents. Items that all got right, or wrong, have no curve and are left
    out. The control hands the answers to each item round among those who gave them: its
    discrimination is what the method finds where there is none at all.

    The interval of a discrimination is that of its posterior under a normal prior common to all
    items, which pulls an item without discrimination up to the others: in a fifth to an eighth of
    such items it lies above 0. Items are counted by `evalvar.stats.item_slope` instead, the rank
    sum of the respondents' abilities by all other items, which has no prior; few respondents find
    few. Respondents count as independent, so near copies of a model make all of this too certain.
    """
    check_words(
        curve=(curve, ("2pl", "1pl")),
        respondents=(respondents, ("model", "seed")),
        estimator=(estimator, ("eap", "map", "mle")),
    )
    check_rng(rng)
    evidence = intake(data, missing=missing, model=model, task=task, metric=metric)
    if not len(evidence.records):
        raise NotEnoughDataError(
            "this file has no items: item response theory needs the score of every item, and only "
            "aggregates were read. Log the samples and read them."
        )
    facts = metric_facts(evidence)
    scores, behind = last_checkpoint(item_scores(evidence))
    frames: list[pd.DataFrame] = []
    remarks: list[tuple[str, str]] = []
    axes = ["model"] if respondents == "model" else ["model", "seed"]
    for key, group in scores.groupby(["task", "metric"], observed=True, sort=True):
        place = (str(key[0]), str(key[1]))
        name = ", ".join(place)
        try:
            fitted = _fitted(group, axes, place, facts[place], curve, estimator, level, rng)
        except NotEnoughDataError as error:
            remarks.append((name, str(error)))
            continue
        frames.append(rows_of(fitted, level))
        remarks += [(name, reason) for reason in _remarks(fitted, curve, respondents)]
    if not frames:
        raise NotEnoughDataError(by_reason(remarks)[0] if remarks else "no answer has a score.")
    settings = {
        **{"model": as_tuple(model), "task": as_tuple(task), "metric": as_tuple(metric)},
        **{"curve": curve, "respondents": respondents, "estimator": estimator, "level": level},
        **{"missing": missing, "rng": rng},
    }
    result = Result.of(
        "irt", KEYS, [], settings=settings,
        warnings=[*evidence.warnings, *behind, *by_reason(remarks)], sources=evidence.sources,
    )  # fmt: skip
    table = pd.concat(frames, ignore_index=True)
    return labelled(
        Result(result.name, KEYS, table, result.settings, result.warnings, result.sources), facts
    )


def _fitted(
    group: pd.DataFrame,
    axes: list[str],
    place: tuple[str, str],
    facts: Facts,
    curve: Curve,
    estimator: Literal["eap", "map", "mle"],
    level: float,
    rng: int,
) -> Fitted:
    runs, items, scores = response_table(group, axes)
    _enough(len(runs), axes[-1])
    y, threshold = _right(scores, facts)
    asked, right = np.isfinite(y).sum(axis=0), np.nansum(y, axis=0)
    told = (right > 0) & (right < asked)
    if not told.any():
        raise NotEnoughDataError(
            f"every item was answered by all alike, right or wrong: nothing tells {axes[-1]}s "
            "apart."
        )
    answered = np.isfinite(y[:, told]).any(axis=1)
    fitted = y[np.ix_(answered, told)]
    _enough(len(fitted), axes[-1])
    if fitted.shape[1] < 2:
        raise NotEnoughDataError(
            "item response theory needs at least 2 items that some got right and others wrong, "
            f"but has 1 of {len(items)}."
        )
    fit = fit_irt(fitted, model=curve)
    draws = np.random.default_rng([rng, crc32(", ".join(place).encode())])
    mixed = shuffled(fitted, rng=draws)
    control = fit_irt(mixed, model=curve)
    a, b = fit.discrimination, fit.intercept
    return Fitted(
        *place, runs[answered], items, runs[~answered], y[answered], told, threshold, fit, control,
        item_slope(fitted, a, b), item_slope(mixed, control.discrimination, control.intercept),
        ability(fitted, a, b, method=estimator, level=level), item_fit(fitted, a, b, model=curve),
    )  # fmt: skip


def _enough(count: int, noun: str) -> None:
    if count < 3:
        more = ", or take each seed for one (--respondents seed)" if noun == "model" else ""
        raise NotEnoughDataError(
            f"item response theory needs at least 3 {noun}s, but has {count}. Read more {noun}s"
            f"{more}."
        )


def _right(scores: np.ndarray, facts: Facts) -> tuple[np.ndarray, float]:
    """Turn scores so that more is better, bring them to [0, 1], and make them right or wrong."""
    low, high = facts.range
    if low is None or high is None:
        known = scores[np.isfinite(scores)]
        if facts.discrete is False and not (known.min() >= 0 and known.max() <= 1):
            raise NotEnoughDataError(
                "scores are neither right nor wrong, and their range is not declared. Give "
                "score_min and score_max, or choose a metric that is right or wrong (--metric)."
            )
        low, high = 0.0, 1.0
    unit = (scores - low) / (high - low)
    try:
        return binarised(unit if facts.higher_is_better else 1 - unit)
    except UsageError as error:
        raise NotEnoughDataError(str(error)) from error


def _remarks(found: Fitted, curve: str, noun: str) -> Iterator[str]:
    n, told = len(found.runs), int(found.told.sum())
    if len(found.silent):
        yield f"{counted(len(found.silent), noun)} without an answer to a fitted item left out."
    if not np.isnan(found.threshold):
        yield (
            f"scores between 0 and 1 made right above {found.threshold:.2g} and wrong below, where "
            f"the {noun}s' means change least."
        )
    alike = len(found.items) - told
    single = int((np.isfinite(found.answers).sum(axis=0) == 1).sum())
    if alike:
        more = f" ({single:,} of them answered by one {noun} only)" if single else ""
        yield (
            f"{alike:,} of {counted(len(found.items), 'item')} answered by all alike{more}; they "
            "have no curve and are left out of the fit."
        )
    if curve == "2pl" and n < _FEW:
        yield (
            f"{counted(n, 'respondent')} do not determine two parameters an item: discriminations "
            "lean on what the items have in common. Take one for all (--curve 1pl), or evalvar "
            "items."
        )
    elif told > n * 10:
        yield "more than ten items a respondent: the errors of single items are large."
    ends = found.ability.unbounded
    for sign, what, side in ((1, "right", "upper"), (-1, "wrong", "lower")):
        count = int((ends == sign).sum())
        if count:
            yield (
                f"{counted(count, noun)} got every fitted item {what}: the ability has no "
                f"{side} bound but that of the prior."
            )
    far = int(((ends == 0) & ~(np.abs(found.ability.value) <= FAR)).sum())
    if far:
        yield (
            f"the likelihood alone puts {counted(far, noun)} more than {FAR:g} standard "
            "deviations out, or anywhere: the items hardly discriminate. No ability is given; "
            "take the prior along (--estimator eap)."
        )
    for what, fit in (("fit", found.fit), ("fit of the shuffled answers", found.control)):
        if not fit.converged:
            yield (
                f"the {what} has not converged: the last of {fit.iterations:,} steps still moved a "
                f"parameter by {fit.change:.1g}."
            )
