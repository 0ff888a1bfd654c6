"""What does asking the same questions in another way change?"""

from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd

from evalvar.analyses.curves import Curves
from evalvar.analyses.framing_candidates import framing_pairs as framing_pairs
from evalvar.analyses.framing_estimates import Found, above_chance, crossing_count, estimates
from evalvar.analyses.framing_models import correlations
from evalvar.analyses.framing_sides import BETWEEN, Framed, framed
from evalvar.analyses.intake import as_tuple, by_reason, intake
from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.evidence import Evidence, Missing
from evalvar.numbers import listing
from evalvar.results import Result, Row
from evalvar.stats import Estimate, bounded_mean_ci, mean_ci
from evalvar.stats.crossing import NOT_SEEN, Rule

KEYS = ("model", "task", "metric", "between", "a", "b", "side", "checkpoint")
_RULES = ("last", "first", "split")
_LABELS = (
    *("items", "unpaired", "seeds", "paired", "checkpoints", "last_checkpoint", "in_points"),
    *("higher_is_better", "chance", "above_chance_first", "above_chance_last", "crossings"),
    *("turn_seen", "reliability_a", "reliability_b"),
)

Labels = dict[str, object]


def framing(
    data: Evidence | pd.DataFrame,
    a: str | None = None,
    b: str | None = None,
    *,
    between: Literal["task", "prompt", "metric"] = "task",
    model: str | list[str] | None = None,
    task: str | list[str] | None = None,
    metric: str | list[str] | None = None,
    rule: Rule = "last",
    level: float = 0.95,
    missing: Missing = "drop",
) -> Result:
    """Compare two variants of one benchmark: their means, their noise, and who leads when.

    Parameters
    ----------
    data : Evidence or DataFrame
        Records or reported values of the same models under both variants.
    a, b : str
        The variants, such as a task that asks for a letter and one that scores the answers' text.
        Their items are paired by name.
    between : {"task", "prompt", "metric"}
        What a and b are values of.
    model, task, metric : str or list of str, optional
        What to keep.
    rule : {"last", "first", "split"}
        Which crossing counts where the curves cross several times: the one from which the order of
        the last checkpoint holds, the first, or the one that best parts the checkpoints in two.
    level : float in (0, 1)
        Nominal coverage.
    missing : {"drop", "wrong"}
        What an answer without a score means.

    Returns
    -------
    Result
        Task, or metric, is null where the variants are its values. Rows with a side are of that
        variant, on the runs and items that both have:

        ``final_mean``, ``final_seed_sd``, ``seed_sd``, ``snr``, ``monotonicity``
            As in `seed_variance`.
        ``mean``
            Over seeds at a checkpoint.

        Rows without a side are of both:

        ``difference``
            a - b of the mean, at a checkpoint or (checkpoint null) at the last; items and seeds
            drawn again where there are several seeds, as `compare` does.
        ``final_seed_sd_ratio``, ``seed_sd_ratio``, ``snr_ratio``
            a over b.
        ``monotonicity_difference``
            a - b, each seed against itself.
        ``crossover``
            Checkpoint at which one curve overtakes the other, on straight lines between
            checkpoints; NaN where they do not cross.
        ``correlation``
            Pearson's over models of the final means (model null), from 3 models on.

        Labels: items (that the means rest on, in both), unpaired (left out), seeds, paired (whether
        seeds are), checkpoints, last_checkpoint, in_points, higher_is_better, chance,
        above_chance_first and above_chance_last (whether the side's interval, of one seed that over
        items, lies above chance at the first and last checkpoint). Of ``crossover``: crossings,
        turn_seen (whether one surely leads before it and the other after it; null without an
        interval). Of ``correlation``: reliability_a and reliability_b (share of the variance over
        models that neither new seeds nor a model's own luck with the items would change; null where
        the models were not asked the same items).

    Raises
    ------
    UsageError
        No variants (the message lists what could be meant), unknown ones, or the same one twice.
    NotEnoughDataError
        No model has both.

    Notes
    -----
    "Quantifying Variance in Evaluation Benchmarks", section 3.3, compares MMLU as asked by letter
    with its cloze form.
    """
    if between not in BETWEEN:
        raise UsageError(f"between='{between}' is unknown. Use one of {', '.join(BETWEEN)}.")
    if rule not in _RULES:
        raise UsageError(f"rule='{rule}' is unknown. Use one of {', '.join(_RULES)}.")
    evidence = intake(data, missing=missing, model=model, task=task, metric=metric)
    if a is None or b is None:
        raise UsageError(_candidates(evidence, between))
    if a == b:
        raise UsageError(f"a and b are both '{a}': name two different {between}s.")
    pairs, said = framed(evidence, between, a, b)
    if not pairs:
        why = by_reason(said)
        raise NotEnoughDataError(f"no model has both {a} and {b}. {' '.join(why)}".rstrip())
    rows: list[Row] = []
    labels: list[Labels] = []
    variants = {"between": between, "a": a, "b": b}
    for pair in pairs:
        found = estimates(pair, between, rule, level)
        described = _labels(pair, found)
        for one in found:
            key = {**pair.key, **variants, "side": one.side, "checkpoint": one.checkpoint}
            rows.append((key, one.quantity, one.estimate))
            labels.append(described[one.side])
            if one.quantity == "crossover":
                labels[-1] = {
                    **labels[-1], "crossings": crossing_count(pair),
                    "turn_seen": _turn_seen(one.estimate),
                }  # fmt: skip
        said += [(pair.name, reason) for reason in _remarks(pair, rule)]
    for place, correlated, label in correlations(pairs, level):
        rows.append(({**place, **variants}, "correlation", correlated))
        labels.append(label)
    settings = {
        **{"a": a, "b": b, "between": between, "rule": rule},
        **{"model": as_tuple(model), "task": as_tuple(task), "metric": as_tuple(metric)},
        **{"level": level, "missing": missing, "ddof": 1, "tau": "b"},
    }
    result = Result.of(
        "framing", KEYS, rows, settings=settings, warnings=[*evidence.warnings, *by_reason(said)],
        sources=evidence.sources,
    )  # fmt: skip
    for name in _LABELS:
        result.table[name] = pd.Series([label.get(name) for label in labels], dtype=object)
    return result


def _candidates(evidence: Evidence, between: str) -> str:
    """Say what a and b could be."""
    asked = "framing needs two variants of one benchmark: name them with a and b (-a and -b)."
    if between == "task":
        found = framing_pairs(evidence)
        if found:
            named = [f"-a '{one}' -b '{other}'" for one, other in found]
            return f"{asked} Tasks that ask the same items: {listing(named)}."
    tables = (evidence.records, evidence.reported)
    present = sorted({str(v) for table in tables if len(table) for v in table[between].unique()})
    if between == "task":
        return (
            f"{asked} No two tasks have the same items and agree in gold answers or in all of "
            f"their name but its manner of asking. There is: {listing(present, most=12)}."
        )
    return f"{asked} There is: {listing(present, most=12)}."


def _labels(pair: Framed, found: list[Found]) -> dict[str | None, Labels]:
    """Return what goes beside the rows of each side, and of both."""
    both: Labels = {
        "items": pair.items if pair.items else min(pair.a.n, pair.b.n),
        "unpaired": pair.unpaired,
        "seeds": min(pair.a.seeds.size, pair.b.seeds.size),
        "paired": pair.paired,
        "checkpoints": pair.a.checkpoints.size,
        "last_checkpoint": int(pair.a.checkpoints[-1]),
        "in_points": all(c.facts.range == (0.0, 1.0) for c in (pair.a, pair.b)),
        "higher_is_better": pair.a.facts.higher_is_better,
    }
    if pair.a.facts.higher_is_better != pair.b.facts.higher_is_better:
        both["higher_is_better"] = None
    described: dict[str | None, Labels] = {None: both}
    for side, curves in (("a", pair.a), ("b", pair.b)):
        chance = curves.facts.chance
        means = [
            _over_items(curves, t, mean.estimate)
            for t, mean in enumerate(
                one for one in found if (one.side, one.quantity) == (side, "mean")
            )
        ]
        described[side] = {
            **both, "items": pair.items or curves.n,
            "above_chance_first": above_chance(curves, means[0]),
            "above_chance_last": above_chance(curves, means[-1]),
            "chance": chance if np.isfinite(chance) else None,
            "higher_is_better": curves.facts.higher_is_better,
        }  # fmt: skip
    return described


def _over_items(curves: Curves, column: int, mean: Estimate) -> Estimate:
    """Give the mean of a single run, which has no interval over seeds, that over its items."""
    alone = np.flatnonzero(np.isfinite(curves.means[:, column]))
    if np.isfinite(mean.low) or curves.items is None or alone.size != 1:
        return mean
    items = curves.items[:, alone[0], column]
    if len(items) < 2 or not np.isfinite(items).all():
        return mean
    low, high = curves.facts.range
    if low is None or high is None:
        found = mean_ci(items, level=mean.level)
    else:
        found = bounded_mean_ci(items, low=low, high=high, level=mean.level)
    return replace(mean, low=found.low, high=found.high)


def _turn_seen(crossover: Estimate) -> bool | None:
    if not np.isfinite(crossover.low):
        return None
    return NOT_SEEN not in crossover.method


def _remarks(pair: Framed, rule: str) -> list[str]:
    remarks = list(pair.remarks)
    if pair.unpaired:
        remarks.append(
            f"{pair.unpaired:,} of {pair.items + pair.unpaired:,} items left out, which not every "
            "run of both has a score for."
        )
    if pair.apart:
        remarks.append(f"{pair.apart}: means are not paired, and have no difference.")
    seeds = min(pair.a.seeds.size, pair.b.seeds.size)
    if seeds < 2:
        remarks.append("one seed says nothing about the noise of training; train another.")
    if pair.a.checkpoints.size < 3:
        remarks.append(f"monotonicity needs 3 checkpoints, found {pair.a.checkpoints.size}.")
    crossed = crossing_count(pair)
    if crossed > 1:
        which = {"split": "the one that best parts the checkpoints"}.get(rule, f"the {rule}")
        remarks.append(f"the mean curves cross {crossed} times; {which} counts.")
    return remarks
