"""Is a better than b on the same items?"""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from evalvar.analyses.asked import (
    BETWEEN,
    asked_evidence,
    check_margin,
    check_margin_inside,
    check_rng,
    check_runs,
    check_words,
    no_pair,
)
from evalvar.analyses.effects import effect
from evalvar.analyses.families import adjust, margins
from evalvar.analyses.functionals import functional_of
from evalvar.analyses.gaps import of_tries
from evalvar.analyses.intake import as_tuple
from evalvar.analyses.left_out import absent, left_out
from evalvar.analyses.macro import check_weights, macro_outcomes
from evalvar.analyses.meeting import Meeting, meet
from evalvar.analyses.multiplicity import check_correction
from evalvar.analyses.outcome import Outcome, check_any
from evalvar.analyses.pair_estimates import Manner, axes_of, check_method, together
from evalvar.analyses.pairing import asked_labels, sides_by_metric, wanted_pairs
from evalvar.analyses.resampled import value_of_side
from evalvar.analyses.told import told
from evalvar.errors import UsageError
from evalvar.evidence import Evidence, Missing
from evalvar.results import Result
from evalvar.stats import Estimate, difference_cautions

KEYS = ("task", "metric", "between", "a", "b")
Between = Literal["model", "checkpoint", "prompt", "seed", "task"]
Pairs = Literal["all", "neighbours"]
_PAIRS = ("all", "neighbours")
_FAMILIES = ("task", "all")
_TESTS = ("superiority", "non-inferiority", "equivalence")


def compare(
    data: Evidence | pd.DataFrame,
    a: str | int | None = None,
    b: str | int | None = None,
    *,
    between: Between = "model",
    pairs: Pairs = "all",
    functional: str | Callable[..., Any] = "mean",
    over: str | Collection[str] | None = None,
    method: str = "auto",
    margin: float | None = None,
    test: str = "superiority",
    correction: str | None = "auto",
    family: str = "task",
    weights: str | None = "equal",
    model: str | list[str] | None = None,
    task: str | list[str] | None = None,
    metric: str | list[str] | None = None,
    checkpoint: int | list[int] | None = None,
    level: float = 0.95,
    n_resamples: int = 9999,
    rng: int = 0,
    missing: Missing = "drop",
) -> Result:
    """Report the difference a - b on the items that both answered, with its interval and p-value.

    Parameters
    ----------
    data : Evidence or DataFrame
        Records. Reported values without items are compared over their seeds: Welch's t, or paired t
        where a seed is one run on both sides.
    a, b : str or int, optional
        Labels on the axis `between`. Without b: a against every other; without a: every other
        against b; without both: all pairs, or neighbours.
    between : {"model", "checkpoint", "prompt", "seed", "task"}
        What a and b are values of.
    pairs : {"all", "neighbours"}
        Without a and b: every pair, or each label against the next of its task and metric, in order
        of the axis or from the best mean to the worst. Neighbours by score are chosen on the data
        they are compared on.
    functional : str or callable
        What is compared: ``mean``; ``pass@k``, ``pass^k`` and ``eff@k`` for any k, from all answers
        to an item; ``gap@k``, pass@k minus eff@k of programs that were scored for both; ``wins``
        (share of items and runs on which each is better: the probability of improvement, ties half,
        is (1 + difference)/2); ``optimality-gap`` (mean shortfall below 1); ``median``, ``iqm``,
        ``trimmed`` (a tenth at each end), or a function of scores that takes ``axis``, all of the
        values of the items, averaged over seeds.
    over : str or collection of str, optional
        The axes that would be drawn again: ``item``, ``seed``, ``prompt``, or several: ``item x
        seed``. By default ``item x seed`` where a side has several seeds, else ``item``; prompts
        are then these ones, and those of an item are averaged.
    method : str
        ``auto``: sparse-t over items (uneven for the best of k > 1 answers in a known range), the
        crossed interval over items and seeds, clustered t where items share clusters. The others
        treat items as drawn again and average the seeds: ``t``, ``sparse-t``, ``bootstrap``; for
        one 0 or 1 an item ``tango``, ``newcombe``, ``bonett-price`` and ``agresti-min``; with a
        p-value only ``mcnemar`` (exact), ``mcnemar-midp`` and ``sign-flip``.
    margin : float, optional
        Tests a margin, in the unit of the scores and in the direction that is better.
    test : {"superiority", "non-inferiority", "equivalence"}
        What of the margin: a better by more, a not worse by more, neither better by more.
    correction : {"auto", "max-t", "holm", "bh", "by", "none"} or None
        For several pairs at once. ``auto`` is max-T where the pairs share enough items, else Holm.
    family : {"task", "all"}
        Whether the pairs of one task and metric are one family, or all pairs.
    weights : {"equal", "items"} or None
        How tasks weigh in the mean over them; None for no such mean. Neighbours have none: they are
        others on every task.
    model, task, metric, checkpoint : optional
        What to keep. Unless checkpoints are compared or named, each model's last one counts.
    level : float in (0, 1)
        Nominal coverage.
    n_resamples : int
        How many resamples are drawn where there is no closed form.
    rng : int
        Source of all draws.
    missing : {"drop", "wrong"}
        What an answer without a score means; dropped ones leave their pair.

    Returns
    -------
    Result
        Quantity ``difference`` (a - b, not adjusted) for each pair, task and metric; where a family
        has several pairs also ``difference_simultaneous``, whose p-value is adjusted and whose
        interval, by max-T only, holds together with the others. ``macro_difference`` (task null) is
        the mean over tasks, and has its own family. With a margin also ``superiority``,
        ``non_inferiority`` or ``equivalence``, whose p-value is one-sided and is held against
        (1 - level)/2. Labels: mean_a, mean_b (on the shared items), items (shared), unpaired (left
        out), seeds_a, seeds_b, prompts, tasks, tasks_all (those of the
        metric, where it is a mean over tasks), higher_is_better, in_points, verdict,
        probability_better (that a is), items_better, items_worse, items_equal (for a), and for one
        0 or 1 an item only_a, only_b, both, neither (right); detectable (the smallest difference
        seen with a chance of 80 %), margin, sentence.

    Raises
    ------
    UsageError
        An unknown label or option, several models where one must be named, a margin that no
        difference can reach.
    NotEnoughDataError
        Nothing that was asked for can be estimated.
    """
    check_words(
        between=(between, BETWEEN), pairs=(pairs, _PAIRS), family=(family, _FAMILIES),
        test=(test, _TESTS),
    )  # fmt: skip
    axes, asked_for = axes_of(over), functional_of(functional)
    check_method(method, asked_for, axes)
    check_weights(weights)
    check_margin(margin, test, method)
    check_rng(rng)
    correction = check_correction(correction)
    manner = Manner(asked_for, axes, method, level, rng, n_resamples)
    sides = (str(a), str(b)) if between == "model" and a is not None and b is not None else None
    evidence, runs = asked_evidence(
        data, between, checkpoint, missing=missing, sides=sides, model=model, task=task,
        metric=metric,
    )  # fmt: skip
    evidence = of_tries(evidence, asked_for)
    asked = asked_labels(evidence, between, a, b)
    if None not in asked:
        evidence = evidence.select(**{between: list(asked)})
    if runs:
        check_runs(evidence, asked_for, axes, method)
    places = list(sides_by_metric(evidence, between, asked_for))
    meetings = [
        meet(key, x, y, sides, between, manner.prompts_apart, runs=runs)
        for key, sides in places
        for x, y in wanted_pairs(sides, asked, pairs)
    ]
    if not meetings:
        raise UsageError(no_pair(evidence.records, between, asked))
    if margin is not None:
        check_margin_inside(margin, meetings)
    on_tasks = _outcomes(meetings, manner)
    check_any(on_tasks)
    # two that are neighbours on some tasks only would be averaged over just these
    chosen = pairs == "neighbours" and asked == (None, None)
    averaged = weights if not chosen else None
    over_tasks, without = list[Outcome](), list[str]()
    if averaged is not None:
        tasks = Counter(metric for (_, metric), _ in places)
        over_tasks, without = macro_outcomes(on_tasks, averaged, manner, tasks)
    found: list[Outcome] = []
    for outcomes, as_one in ((on_tasks, family == "all"), (over_tasks, False)):
        told_apart = adjust(
            outcomes, manner, correction, weights=weights or "equal", together=as_one
        )
        if margin is not None:
            told_apart = margins(told_apart, test, margin, correction, together=as_one)
        found += told_apart
    settings = {
        **{"a": a, "b": b, "between": between, "pairs": pairs, "functional": asked_for.name},
        **{
            "over": None if axes is None else " x ".join(axes),
            "method": method,
            "margin": margin,
            "test": test,
        },
        **{"correction": correction, "family": family, "weights": weights},
        **{"model": as_tuple(model), "task": as_tuple(task), "metric": as_tuple(metric)},
        **{"checkpoint": as_tuple(checkpoint), "level": level, "n_resamples": n_resamples},
        **{"rng": rng, "missing": missing},
    }
    rows = [outcome.rows() for outcome in found]
    result = Result.of(
        "compare",
        KEYS,
        [row for pair in rows for row in pair],
        settings=settings,
        warnings=[*without, *absent(places), *left_out(found), *evidence.warnings],
        sources=evidence.sources,
    )
    labels = [outcome.labels() for outcome in found]
    told_rows = [one for one, pair in zip(labels, rows, strict=True) for _ in pair]
    return replace(result, table=pd.concat([result.table, pd.DataFrame(told_rows)], axis=1))


def _outcomes(met: Sequence[Meeting], manner: Manner) -> list[Outcome]:
    """Estimate all pairs, those of one task and metric together."""
    places: dict[tuple[str | None, str], list[int]] = {}
    for number, meeting in enumerate(met):
        places.setdefault((meeting.task, meeting.metric), []).append(number)
    found: dict[int, Outcome] = {}
    for members in places.values():
        wins = manner.functional.kind == "wins"
        judged = [met[number].as_wins if wins else met[number] for number in members]
        for number, meeting, at in zip(members, judged, together(judged, manner), strict=True):
            found[number] = _outcome(met[number], meeting, at, manner)
    return [found[number] for number in range(len(met))]


def _outcome(
    met: Meeting, meeting: Meeting, at: Callable[..., Estimate], manner: Manner
) -> Outcome:
    found = at(manner.level)
    remarks = list(meeting.remarks)
    defined = not found.method.startswith("undefined: ")
    if meeting.clusters is not None and found.unit != "cluster" and defined:
        remarks.append("items are taken as independent although they share clusters.")
    if np.isnan(found.p_value):
        remarks.append(f"no p-value: {found.method}.")
    elif manner.functional.kind != "joint" and "item" in found.unit:
        a, b = meeting.means
        remarks += difference_cautions(a - b, found, low=meeting.low, high=meeting.high)
    key = {name: getattr(meeting, name) for name in KEYS}
    return Outcome(
        key, "difference", told(meeting, manner.functional.worth), at, (meeting,), found,
        value_of_side(manner.functional, meeting.in_a),
        value_of_side(manner.functional, meeting.in_b),
        0 if meeting.runs else len(meeting.items), meeting.unpaired, effect(met), tuple(remarks),
    )  # fmt: skip
