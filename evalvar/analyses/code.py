"""How good is the best of k tries?"""

from numbers import Integral

import pandas as pd

from evalvar.analyses.facts import EFFICIENCY, PASSED, metric_facts
from evalvar.analyses.intake import as_read, as_tuple, by_reason, intake, last_checkpoint
from evalvar.analyses.timing_scores import ALPHA, HARDNESS, score_timings
from evalvar.analyses.try_rows import (
    KEYS,
    Tried,
    bayes_rows,
    gap_rows,
    mean_rows,
    seed_values,
)
from evalvar.analyses.try_values import can_be_asked, check_asked, quantity
from evalvar.errors import NotEnoughDataError, UsageError, counted
from evalvar.evidence import Evidence, Missing
from evalvar.numbers import listing
from evalvar.results import Result, Row


def code_metrics(
    data: Evidence | pd.DataFrame,
    *,
    k: int | list[int] | tuple[int, ...] | None = None,
    asked: str | list[str] | tuple[str, ...] = "best",
    tau: float = 0.5,
    alpha: float = ALPHA,
    hardness: tuple[float, ...] = HARDNESS,
    model: str | list[str] | None = None,
    task: str | list[str] | None = None,
    metric: str | list[str] | None = None,
    checkpoint: int | list[int] | None = None,
    level: float = 0.95,
    missing: Missing = "drop",
) -> Result:
    """Report the expected best score of k answers, from n >= k answers to each item.

    Parameters
    ----------
    data : Evidence or DataFrame
        Records with several samples per item, or timings, which are scored first; n may differ
        between items.
    k : int or list of int, optional
        Numbers of tries; by default 1, 2, 5, 10, 20, 50 ... up to the smallest n, and that n.
    asked : word or list of words
        What is asked of k answers: ``best``; ``all`` (the worst of them); of metrics of right and
        wrong ``share`` (at least tau of them are right), ``mean-share`` (the same, on average over
        shares above a half), ``majority`` (more than half are, ties a half); ``bayes``, of all n.
    tau : float in [0, 1]
        The share.
    alpha, hardness
        Of timings: see `score_timings`.
    model, task, metric, checkpoint : optional
        What to keep; without a checkpoint, each model's last.
    level : float in (0, 1)
        Nominal coverage.
    missing : {"drop", "wrong"}
        What an answer without a score means.

    Returns
    -------
    Result
        Quantities ``pass@k`` for metrics of 0 and 1 where higher is better, ``eff@k`` (the expected
        best score) for others, mean over items with its interval over items; of the metrics
        ``passed`` and ``efficiency`` of the same programs also ``gap@k``, pass@k - eff@k of the
        answers that have both, under the metric ``passed - efficiency``. As asked ``pass^k``,
        ``worst@k``, ``g_pass@k``, ``mg_pass@k``, ``maj@k``, ``bayes@n``. Where there are several
        seeds also a row over items and seeds (seed null). Tries are of one prompt; the prompts of
        an item are averaged. A k larger than the n of some item has no value. Label: items (how
        many the row rests on).

    Raises
    ------
    NotEnoughDataError
        No item has an answer, or no metric has several answers to an item.
    UsageError
        An argument that cannot be; alpha or hardness without timings.

    Notes
    -----
    Metrics with one answer per item are left out, unless they are the only ones, named by `metric`,
    or ``passed`` and ``efficiency``. Where lower is better, the best of k is the lowest. Source:
    Chen et al. 2021 for pass@k; "How Efficient is LLM-Generated Code?", Eq. 6, for eff@k, which
    equals it on scores of 0 and 1; `g_pass_at_k`, `maj_at_k` and `bayes_at_n` for the others.
    """
    wanted, words = _tries(k), check_asked(asked)
    data = _scored(data, alpha, hardness)
    evidence = intake(
        data, missing=missing, model=model, task=task, metric=metric, checkpoint=checkpoint
    )
    if not len(evidence.records):
        raise NotEnoughDataError(
            "this file has no items: pass@k needs the score of every answer, and only "
            "aggregates were read. Log the samples and read them."
        )
    facts = metric_facts(evidence)
    records, behind = evidence.records, list[str]()
    if checkpoint is None:
        records, behind = last_checkpoint(records)
    scored = records[records["score"].notna()]
    several = _with_samples(scored, keep_all=metric is not None)
    rows: list[tuple[Row, int]] = []
    warnings, said = [*evidence.warnings, *behind], list[tuple[str, str]]()
    found: dict[tuple[str, ...], Tried] = {}
    for key, group in several.groupby(list(KEYS[:3]), observed=True, sort=True):
        place = tuple(map(str, key))
        fact = facts[(place[1], place[2])]
        tries, remarks = _answers(group, wanted)
        said += [(", ".join(place), remark) for remark in remarks]
        for word in words:
            if word == "bayes" and can_be_asked(word, fact):
                rows += bayes_rows(group, place)
            elif can_be_asked(word, fact):
                tables = seed_values(group, fact, tries, word, tau)
                names = [quantity(word, fact, k) for k in tries]
                rows += mean_rows(tables, place, names, fact, level, warnings)
                found[(*place, word)] = Tried(group, fact, tables)
    rows += gap_rows(found, level, warnings, said)
    warnings += by_reason(said)
    if not rows:
        raise NotEnoughDataError(
            f"{listing(list(words))} can be asked only of answers that are right or wrong, scored "
            f"1 and 0. Metrics found: {listing(sorted(set(map(str, several['metric']))))}."
        )
    settings = {
        **{"k": as_tuple(k), "asked": list(words), "tau": tau},
        **{"alpha": alpha, "hardness": list(hardness)},
        **{"model": as_tuple(model), "task": as_tuple(task)},
        **{"metric": as_tuple(metric), "checkpoint": as_tuple(checkpoint)},
        **{"level": level, "missing": missing},
    }
    result = Result.of(
        "code_metrics",
        KEYS,
        [row for row, _ in rows],
        settings=settings,
        warnings=warnings,
        sources=evidence.sources,
    )
    result.table["items"] = [items for _, items in rows]
    return result


def has_samples(evidence: Evidence) -> bool:
    """Tell whether any item has several answers."""
    return bool((evidence.records["sample"] != 0).any())


def _tries(k: int | list[int] | tuple[int, ...] | None) -> list[int] | None:
    if k is None:
        return None
    tries = list(k) if isinstance(k, list | tuple) else [k]
    wrong = [value for value in tries if not isinstance(value, Integral) or value < 1]
    if wrong or not tries:
        raise UsageError(f"k={wrong[0] if wrong else tries}: k is a number of tries, 1 or more.")
    return sorted(set(tries))


def _with_samples(scored: pd.DataFrame, *, keep_all: bool) -> pd.DataFrame:
    if keep_all:
        return scored
    by = ["model", "task", "metric"]
    several = (scored["sample"] != 0).groupby([scored[name] for name in by], observed=True)
    programs = scored["metric"].isin((PASSED, EFFICIENCY))
    kept = scored[several.transform("any") | programs]
    if len(kept):
        return kept
    # a greedy run: its pass@1 is the mean of its 0/1 scores
    binary = scored["score"].isin((0.0, 1.0)).groupby([scored[n] for n in by], observed=True)
    kept = scored[binary.transform("all")]
    if not len(kept):
        raise NotEnoughDataError(
            "no item has several answers, so there is no best of k. Sample each item n times, or "
            "name a metric."
        )
    return kept


def _scored(
    data: Evidence | pd.DataFrame, alpha: float, hardness: tuple[float, ...]
) -> Evidence | pd.DataFrame:
    if isinstance(data, (Evidence, pd.DataFrame)):
        data = as_read(data)
        if len(data.timings):
            return score_timings(data, alpha=alpha, hardness=hardness)
    if (alpha, tuple(hardness)) != (ALPHA, HARDNESS):
        raise UsageError(
            "alpha and hardness score timings anew, and only scores were read. Read the timings, "
            "or leave --alpha and --hardness out."
        )
    return data


def _answers(group: pd.DataFrame, asked: list[int] | None) -> tuple[list[int], list[str]]:
    """Give the numbers of tries, and what is to be said of the answers."""
    counts = group.groupby(["seed", "item", "prompt"], observed=True).size()
    smallest = int(counts.min())
    tries = asked or _default_tries(smallest)
    remarks = []
    if counts.nunique() > 1:
        remarks.append(f"items have {smallest} to {int(counts.max())} answers each.")
    if group["prompt"].nunique() > 1:
        remarks.append("tries are of one prompt; each item is the mean over its prompts.")
    if "cluster" in group and group["cluster"].notna().any():
        remarks.append("items are taken as independent although they share clusters.")
    for k in (k for k in tries if k > smallest):
        few = int((counts < k).groupby("item").any().sum())
        remarks.append(
            f"best of {k} needs {k} answers to an item; too few for {few:,} of "
            f"{counted(group['item'].nunique(), 'item')} (smallest: {smallest})."
        )
    return tries, remarks


def _default_tries(smallest: int) -> list[int]:
    steps = [m * 10**e for e in range(7) for m in (1, 2, 5)]
    return sorted({*(k for k in steps if k <= smallest), smallest})
