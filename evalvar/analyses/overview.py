"""Everything that the data can support."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TypedDict

import pandas as pd

from evalvar.analyses.code import code_metrics, has_samples
from evalvar.analyses.code_noise import code_noise
from evalvar.analyses.code_sensitivity import efficiency_sensitivity
from evalvar.analyses.code_tags import code_by_tag
from evalvar.analyses.comparison import compare
from evalvar.analyses.facts import EFFICIENCY, metric_facts
from evalvar.analyses.framings import framing, framing_pairs
from evalvar.analyses.intake import intake, last_checkpoint
from evalvar.analyses.item_quality import items
from evalvar.analyses.latent import irt
from evalvar.analyses.means import summary
from evalvar.analyses.missing import coverage
from evalvar.analyses.planning import plan
from evalvar.analyses.prompts import prompt_sensitivity
from evalvar.analyses.ranking import leaderboard
from evalvar.analyses.runtimes import runtimes
from evalvar.analyses.seeds import seed_variance
from evalvar.analyses.shorter import subset
from evalvar.analyses.signals import signal
from evalvar.analyses.sources import variance_components
from evalvar.analyses.timed_runs import timed_runs
from evalvar.analyses.timing_scores import ALPHA, HARDNESS, score_timings
from evalvar.analyses.training import checkpoints
from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.evidence import Evidence, Missing, higher_is_better
from evalvar.results import Result

ALL_PAIRS_UP_TO, RUNTIMES_UP_TO = 10, 4
# Fewer models say too little of an item, and too little to fit a curve of its own to it.
ITEMS_FROM, CURVES_FROM = 5, 30


class _Weighing(TypedDict):
    alpha: float
    hardness: tuple[float, ...]


def overview(
    data: Evidence | pd.DataFrame,
    *,
    metric: str | list[str] | None = None,
    level: float = 0.95,
    rng: int = 0,
    missing: Missing = "drop",
    alpha: float = ALPHA,
    hardness: tuple[float, ...] = HARDNESS,
) -> list[Result]:
    """Run every analysis for which the data have what it needs.

    Parameters
    ----------
    data : Evidence or DataFrame
        What was read.
    metric : str or list of str, optional
        What to keep; timings are scored first, and told of themselves with their efficiency only.
    level : float in (0, 1)
        Nominal coverage of every interval.
    rng : int
        Handed to what draws.
    missing : {"drop", "wrong"}
        What an answer without a score means.
    alpha : float above 1
        Of timings: a problem's limit is so many times the reference's slowest case.
    hardness : tuple of float
        Of timings: the weight of each level above 0.

    Returns
    -------
    list of Result
        `summary` always; `seed_variance` with 2 seeds; `variance_components` with several seeds,
        prompts or answers; `checkpoints` with 3 checkpoints; `signal` with 2 models that have
        several checkpoints or seeds; `framing` of tasks that ask the same items (`framing_pairs`);
        `prompt_sensitivity` with several prompts; `leaderboard` of the models and `compare` of them
        (all pairs up to 10 models, else each against the next by score) and of each model's last
        two checkpoints; `plan` from the two best models, or the one; `code_metrics` with several
        answers per item, and of timed programs; of scores of 0 and 1, `items` and `subset` with 5
        models (`subset` also with 3 seeds at 3 checkpoints), `irt` with 30; `coverage`. Of timings
        `timed_runs`, `code_noise` of one try (with one seed and prompt), `code_by_tag` where
        problems have tags; of 2 models `runtimes` (all pairs up to 4, else each beside the most
        efficient) and `efficiency_sensitivity`; and all that is said of other scores of what
        `score_timings` makes of them.
    """
    by: _Weighing = {"alpha": alpha, "hardness": hardness}
    evidence, wanted = _scored(intake(data, missing=None), level, missing, by)
    if metric is not None:
        evidence = evidence.select(metric=metric)
        if len(evidence.records) and EFFICIENCY not in set(evidence.records["metric"]):
            wanted = []
    results = [summary(evidence, level=level, missing=missing)]
    runs = pd.concat(
        [
            table[["model", "task", "seed", "checkpoint"]].astype({"model": str, "task": str})
            for table in (evidence.records, evidence.reported)
            if len(table)
        ]
        or [evidence.reported[["model", "task", "seed", "checkpoint"]]]
    )
    axes = runs.groupby(["model", "task"])[["seed", "checkpoint"]].nunique()
    if (axes["seed"] > 1).any():
        wanted.append(lambda: seed_variance(evidence, level=level, missing=missing))
    if (axes["checkpoint"] > 2).any():
        wanted.append(lambda: checkpoints(evidence, level=level, missing=missing))
    several = (axes.max(axis=1) > 1).groupby("task").sum()
    if (several > 1).any():
        wanted.append(lambda: signal(evidence, level=level, rng=rng, missing=missing))
    if len(evidence.records):
        wanted += _framings(evidence, level, rng, missing)
        wanted += _noise(evidence, level, missing)
        wanted += _comparisons(evidence, level, rng, missing)
        if has_samples(evidence) or EFFICIENCY in evidence.records["metric"].unique():
            wanted.append(partial(_tries, evidence, level, missing, by))
        wanted += _questions(evidence, level, rng, missing)
    undone = []
    for analysis in wanted:
        try:
            results.append(analysis())
        except (NotEnoughDataError, UsageError) as error:
            undone.append(str(error))
    results.append(coverage(evidence.plus(*undone)))
    return results


def _scored(
    evidence: Evidence, level: float, missing: Missing, by: _Weighing
) -> tuple[Evidence, list[Callable[[], Result]]]:
    """Turn timings into scores that every analysis reads, and ask what only timings tell."""
    default: _Weighing = {"alpha": ALPHA, "hardness": HARDNESS}
    if not len(evidence.timings):
        if by != default:
            raise UsageError(
                "alpha and hardness score timings, and there are none. Read timings, or leave "
                "--alpha and --hardness out."
            )
        return evidence, []
    try:
        scored = score_timings(evidence, **by)
    except (NotEnoughDataError, UsageError) as error:
        if isinstance(error, UsageError) and by != default:
            raise  # it was asked for, and is not what these timings happen not to have
        return evidence.plus(str(error)), []
    wanted: list[Callable[[], Result]] = [
        partial(timed_runs, evidence, level=level, missing=missing, **by)
    ]
    records = scored.records
    if (records[["seed", "prompt"]].nunique() == 1).all():
        wanted.append(partial(code_noise, evidence, k=1, level=level, missing=missing, **by))
    if "item.tag" in records and records["item.tag"].nunique() > 1:
        wanted.append(partial(_by_tag, scored, level, missing, by))
    programs = records[records["metric"] == EFFICIENCY]
    means = programs.groupby("model", observed=True)["score"].mean().sort_values()
    if len(means) > 1:
        # Of many models, each beside the one whose programs are the most efficient.
        best = None if len(means) <= RUNTIMES_UP_TO else str(means.index[-1])
        alpha = by["alpha"]
        wanted.append(partial(_runtimes, evidence, best, level, alpha))
        wanted.append(partial(efficiency_sensitivity, evidence, alphas=(alpha,), level=level, **by))
    return scored, wanted


def _tries(evidence: Evidence, level: float, missing: Missing, by: _Weighing) -> Result:
    """Report on the best of k of scores, which these settings were scored by."""
    found = code_metrics(evidence, level=level, missing=missing)
    settings = {**found.settings, "alpha": by["alpha"], "hardness": list(by["hardness"])}
    return replace(found, settings=settings)


def _by_tag(scored: Evidence, level: float, missing: Missing, by: _Weighing) -> Result:
    """Break one try down by tag; what is to be remarked of a part was said of the whole."""
    found = code_by_tag(scored, k=1, level=level, missing=missing, **by)
    return replace(found, warnings=scored.warnings)


def _runtimes(evidence: Evidence, a: str | None, level: float, alpha: float) -> Result:
    """Compare run times over all problems; of single ones `runtimes` itself tells."""
    found = runtimes(evidence, a=a, level=level, alpha=alpha)
    return replace(found, table=found.table[found.table["item"].isna()].reset_index(drop=True))


def _noise(evidence: Evidence, level: float, missing: Missing) -> list[Callable[[], Result]]:
    run = evidence.records.groupby(["model", "task"], observed=True)
    several = any((run[axis].nunique() > 1).any() for axis in ("seed", "prompt", "sample"))
    if not several:
        return []
    return [partial(variance_components, evidence, level=level, missing=missing)]


def _framings(
    evidence: Evidence, level: float, rng: int, missing: Missing
) -> list[Callable[[], Result]]:
    wanted: list[Callable[[], Result]] = [
        partial(framing, evidence, a, b, level=level, missing=missing)
        for a, b in framing_pairs(evidence)
    ]
    if evidence.records["prompt"].nunique() > 1:
        wanted.append(partial(prompt_sensitivity, evidence, level=level, rng=rng, missing=missing))
    return wanted


def _questions(
    evidence: Evidence, level: float, rng: int, missing: Missing
) -> list[Callable[[], Result]]:
    """Ask what single questions tell, of scores of 0 and 1 and where enough answered them."""
    discrete = sorted({key[1] for key, facts in metric_facts(evidence).items() if facts.discrete})
    if not discrete:
        return []
    scored = evidence.select(metric=discrete)
    records = scored.records
    models = int(records.groupby("task", observed=True)["model"].nunique().max())
    runs = records.groupby(["model", "task"], observed=True)[["seed", "checkpoint"]].nunique()
    asked = partial(partial, level=level, rng=rng, missing=missing)
    wanted: list[Callable[[], Result]] = []
    if models >= ITEMS_FROM:
        wanted.append(asked(items, scored))
    if models >= CURVES_FROM:
        wanted.append(asked(irt, scored))
    if models >= ITEMS_FROM or (runs.min(axis=1) > 2).any():
        wanted.append(asked(subset, scored, repeats=1))
    return wanted


def _comparisons(
    evidence: Evidence, level: float, rng: int, missing: Missing
) -> list[Callable[[], Result]]:
    compared = partial(compare, evidence, level=level, rng=rng, missing=missing)
    records = evidence.records
    models = records["model"].unique().tolist()
    wanted: list[Callable[[], Result]] = []
    if len(models) > 1:
        few = len(models) <= ALL_PAIRS_UP_TO
        wanted.append(partial(leaderboard, evidence, level=level, rng=rng, missing=missing))
        wanted.append(partial(compared, pairs="all" if few else "neighbours"))
    for model in models:
        steps = _last_two(records[records["model"] == model])
        if steps is not None:
            wanted.append(partial(compared, *steps, between="checkpoint", model=str(model)))
    return [*wanted, partial(_plan, evidence, level, missing)]


def _plan(evidence: Evidence, level: float, missing: Missing) -> Result:
    """Plan for the two models of the best mean scores, which are the hardest to tell apart."""
    models = evidence.records["model"].unique()
    if len(models) < 3:
        return plan(evidence, level=level, missing=missing)
    records, _ = last_checkpoint(evidence.records)
    means = records.groupby(["metric", "task", "model"], observed=True)["score"].mean()
    of = means.reset_index().groupby("metric", observed=True)["model"].nunique()
    shared = of.index[of > 1]
    if not len(shared):  # models of different benchmarks: it says what is missing
        return plan(evidence, level=level, missing=missing)
    first = shared[0]
    up = bool(higher_is_better(records[records["metric"] == first]).iloc[0])
    of_models = means[first].groupby("model", observed=True).mean()
    a, b = of_models.sort_values(ascending=not up, kind="stable").index[:2]
    return plan(evidence, a=str(a), b=str(b), level=level, missing=missing)


def _last_two(records: pd.DataFrame) -> tuple[int, int] | None:
    """Return the last two checkpoints that some task and metric has both of."""
    pairs = [
        tuple(sorted(steps.unique().tolist())[-2:])
        for _, steps in records.groupby(["task", "metric"], observed=True)["checkpoint"]
    ]
    found = sorted((pair for pair in pairs if len(pair) == 2), key=max)
    return (int(found[-1][1]), int(found[-1][0])) if found else None
