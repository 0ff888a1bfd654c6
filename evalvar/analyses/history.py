"""What do repeated runs of one system teach about the next one?"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from evalvar.analyses.cells import KEY, cells
from evalvar.analyses.facts import Facts, metric_facts
from evalvar.analyses.intake import as_tuple, by_reason, intake, last_checkpoint
from evalvar.analyses.same_runs import (
    ITEMS,
    RUNS,
    again,
    other_items,
    ragged,
    refuse_known,
    refuse_opposite,
    run_hashes,
)
from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.evidence import Evidence, Missing
from evalvar.numbers import listing
from evalvar.results import Result, Row
from evalvar.stats.arguments import at_least
from evalvar.stats.estimate import Estimate
from evalvar.stats.history import FEWEST_RUNS, change_ci, drop_limit
from evalvar.stats.mean import mean_ci
from evalvar.stats.spread import sd_ci

KEYS = ("task", "metric", "prompt")
QUANTITIES = ("history_mean", "run_sd", "drop_limit", "noise")
Runs = Evidence | pd.DataFrame


def learn_threshold(
    history: Runs | Sequence[Runs],
    *,
    false_alarm: float = 0.05,
    model: str | list[str] | None = None,
    task: str | list[str] | None = None,
    metric: str | list[str] | None = None,
    missing: Missing = "drop",
) -> Result:
    """Learn from repeated runs of one system what an unchanged one may show.

    Parameters
    ----------
    history : Evidence, DataFrame, or sequence of these
        Records or reported values of at least three runs of one system on the same items. A run is
        one seed of one element: a list may hold reruns that carry the same labels.
    false_alarm : float in (0, 0.5)
        Probability that the rule ``change >= -noise`` does not pass an unchanged system, over all
        tasks, metrics and prompts together: each has its share (Bonferroni).
    model, task, metric : optional
        What to keep. Each element has one model, at its last checkpoint.
    missing : {"drop", "wrong"}
        What an answer without a score means.

    Returns
    -------
    Result
        One row per task, metric, prompt and quantity; labels items (in a run), items_hash (empty
        where the runs differ or have no items), run_hashes, higher_is_better:

        ``history_mean``
            Mean over the runs, t interval at 95 %.
        ``run_sd``
            Standard deviation over the runs (ddof 1), chi-square interval at 95 %.
        ``drop_limit``
            How much worse than their mean one unchanged run may be: the one-sided prediction bound
            of `evalvar.stats.history.drop_limit`.
        ``noise``
            Twice drop_limit: the smallest margin at which a gate is neither flaky nor blind.

        Its JSON may be kept, and read by `from_json` in place of the runs.

    Raises
    ------
    UsageError
        Several models in one element, or a `false_alarm` outside (0, 0.5).

    Notes
    -----
    The interval of ``change`` reaches drop_limit to either side. So ``change >= -noise`` passes
    where the run seen is at most drop_limit worse, as an unchanged system is with probability
    1 - false_alarm; it passes a system that is worse by noise with probability false_alarm at most,
    and fails one only where it is worse by more. ``change >= 0`` fails where the run seen is worse
    by more than drop_limit: an unchanged system does so with probability false_alarm at most.
    The runs are taken as normal and independent. Their items are the same and not drawn again.
    """
    elements = [history] if isinstance(history, Evidence | pd.DataFrame) else list(history)
    if not 0 < false_alarm < 0.5:
        raise UsageError(f"false_alarm must lie between 0 and 0.5, but is {false_alarm}.")
    read = [
        _one_system(each, missing=missing, model=model, task=task, metric=metric)
        for each in elements
    ]
    if not read:
        raise UsageError("a history needs runs, and none was given.")
    table = pd.concat([runs for runs, _ in read], ignore_index=True)
    facts = _facts([evidence for _, evidence in read])
    rows: list[Row] = []
    items: list[float] = []
    marks: list[tuple[str, str]] = []
    said: list[tuple[str, str]] = []
    groups = dict(iter(table.groupby(list(KEYS), sort=False)))
    share = false_alarm / max(len(groups), 1)
    for key, runs in groups.items():
        labels = dict(zip(KEYS, map(str, key), strict=True))
        estimates, why = _learned(runs["mean"].to_numpy(), share)
        said += [(_named(labels), reason) for reason in (*why, *ragged(runs))]
        rows += [(labels, name, estimates[name]) for name in QUANTITIES]
        items += [float(runs["n"].median())] * len(QUANTITIES)
        alike = runs[ITEMS].iloc[0] if runs[ITEMS].nunique() == 1 else ""
        marks += [(alike, " ".join(filter(None, runs["run_hash"])))] * len(QUANTITIES)
    settings = {
        **{"false_alarm": false_alarm, "model": as_tuple(model), "task": as_tuple(task)},
        **{"metric": as_tuple(metric), "missing": missing},
    }
    warnings = [sentence for _, evidence in read for sentence in evidence.warnings]
    result = Result.of(
        "history", KEYS, rows, settings=settings,
        warnings=[*warnings, *by_reason(said)],
        sources=pd.concat([e.sources for _, e in read], ignore_index=True),
    )  # fmt: skip
    result.table["items"] = items
    result.table[ITEMS] = [mark for mark, _ in marks]
    result.table[RUNS] = [mark for _, mark in marks]
    return _oriented(result, facts)


def change_since(
    data: Runs,
    history: Runs | Sequence[Runs] | Result,
    *,
    false_alarm: float = 0.05,
    model: str | list[str] | None = None,
    task: str | list[str] | None = None,
    metric: str | list[str] | None = None,
    missing: Missing = "drop",
) -> Result:
    """Report how far a new run lies from the earlier runs of its system, beside their noise.

    Parameters
    ----------
    data : Evidence or DataFrame
        The new run; several seeds of it are averaged.
    history : Evidence, DataFrame, sequence of these, or Result
        The earlier runs, or what `learn_threshold` made of them.
    false_alarm : float in (0, 0.5)
        As in `learn_threshold`; that of a Result is kept.
    model, task, metric : optional
        What to keep of the new run. Tasks and metrics that only one side has are left out.
    missing : {"drop", "wrong"}
        What an answer without a score means.

    Returns
    -------
    Result
        Quantity ``change`` (new - earlier mean) per task, metric and prompt, by
        `evalvar.stats.history.change_ci` at the level 1 - 2 (share of false_alarm), beside the
        quantities of `learn_threshold`. Label: higher_is_better.

    Raises
    ------
    UsageError
        Several models, no task and metric that both have, opposite orientations, or a file that is
        among the earlier runs.
    """
    new, evidence = _one_system(data, missing=missing, model=model, task=task, metric=metric)
    learned = history
    if not isinstance(learned, Result):
        learned = learn_threshold(
            learned, false_alarm=false_alarm, task=task, metric=metric, missing=missing
        )
    known, facts = _by_key(learned), metric_facts(evidence)
    items, same, past = (_label(learned, name) for name in ("items", ITEMS, RUNS))
    refuse_known(evidence, learned)
    refuse_opposite(facts, learned)
    rows: list[Row] = []
    said: list[tuple[str, str]] = []
    groups = {tuple(map(str, key)): runs for key, runs in new.groupby(list(KEYS), sort=False)}
    for key, estimates in known.items():
        labels = dict(zip(KEYS, key, strict=True))
        if key not in groups:
            said.append((_named(labels), "in the earlier runs only and left out."))
            continue
        runs = groups[key]
        rows.append((labels, "change", _change(runs["mean"].to_numpy(), estimates)))
        remarks = other_items(runs, items[key], same[key])
        if estimates["noise"].value > 0:  # runs that all score alike may well agree
            remarks += again(runs, past[key])
        said += [(_named(labels), remark) for remark in remarks]
        rows += [(labels, name, estimates[name]) for name in QUANTITIES]
    said += [
        (_named(dict(zip(KEYS, key, strict=True))), "not in the earlier runs and left out.")
        for key in groups
        if key not in known
    ]
    if not rows:
        raise UsageError(
            "the new run and the earlier ones share no task, metric and prompt "
            f"(new: {_few(groups)}; earlier: {_few(known)}). Read runs of the same benchmark."
        )
    settings = {**learned.settings, "model": as_tuple(model)}
    result = Result.of(
        "change", KEYS, rows, settings=settings,
        warnings=[*evidence.warnings, *learned.warnings, *by_reason(said)],
        sources=evidence.sources,
    )  # fmt: skip
    return _oriented(result, facts)


def _one_system(data: Runs, **options: Any) -> tuple[pd.DataFrame, Evidence]:
    """Return the runs of one model at its last checkpoint: what `cells` and `run_hashes` say."""
    evidence = intake(data, **options)
    table = cells(evidence)
    models = table["model"].unique().tolist()
    if len(models) > 1:
        raise UsageError(
            f"repeated runs are of one system, and there are {len(models)}: "
            f"{', '.join(models[:8])}. Name one with model."
        )
    table, behind = last_checkpoint(table)
    marked = table.merge(run_hashes(evidence), on=KEY, how="left")
    return marked.fillna({ITEMS: "", "run_hash": ""}), evidence.plus(*behind)


def _learned(means: np.ndarray, share: float) -> tuple[dict[str, Estimate], list[str]]:
    level, runs = 1 - 2 * share, means.size
    try:
        at_least(runs, FEWEST_RUNS, "the noise of a run", "run")
        spread, mean = sd_ci(means), replace(mean_ci(means), p_value=np.nan)
        limit = drop_limit(spread.value, runs, false_alarm=share)
    except NotEnoughDataError as error:
        # rows are conserved: what is not known is NaN and says why
        why = f"undefined: {error}"
        nothing = Estimate(np.nan, level=level, n=runs, unit="run", method=why)
        found = dict.fromkeys(QUANTITIES, nothing)
        found["history_mean"] = replace(nothing, value=float(means.mean()))
        return found, [f"no threshold learned: {error}"]
    method = f"t prediction bound, false alarm {100 * share:.3g} %"
    bound = Estimate(limit, level=level, n=runs, unit="run", method=method)
    return {
        "history_mean": replace(mean, unit="run"),
        "run_sd": replace(spread, unit="run"),
        "drop_limit": bound,
        "noise": replace(bound, value=2 * limit, method=f"twice the {method}"),
    }, []


def _change(new: np.ndarray, learned: dict[str, Estimate]) -> Estimate:
    mean, spread, noise = (learned[name] for name in ("history_mean", "run_sd", "noise"))
    if np.isnan(noise.value):
        return replace(noise, value=float(new.mean() - mean.value))
    return change_ci(
        float(new.mean()), mean.value, spread.value, spread.n, level=noise.level,
        new_runs=new.size,
    )  # fmt: skip


def _by_key(learned: Result) -> dict[tuple[str, ...], dict[str, Estimate]]:
    found: dict[tuple[str, ...], dict[str, Estimate]] = {}
    table = learned.table
    if learned.keys != KEYS or not set(QUANTITIES) <= set(table["quantity"]):
        raise UsageError(
            f"the result '{learned.name}' holds no learned thresholds. "
            "Make it with evalvar.learn_threshold."
        )
    for row in table.to_dict("records"):
        fields = {name: row[name] for name in Estimate.__dataclass_fields__}
        key = tuple(str(row[k]) for k in KEYS)
        found.setdefault(key, {})[str(row["quantity"])] = Estimate(**fields)
    return found


def _label(learned: Result, name: str) -> dict[tuple[str, ...], Any]:
    """Return a label of what was learned; what was kept without it knows nothing."""
    nothing = np.nan if name == "items" else ""
    rows = learned.table.to_dict("records")
    return {tuple(str(row[k]) for k in KEYS): row.get(name, nothing) for row in rows}


def _facts(parts: list[Evidence]) -> dict[tuple[str, str], Facts]:
    found: dict[tuple[str, str], Facts] = {}
    for evidence in parts:
        for key, fact in metric_facts(evidence).items():
            if found.setdefault(key, fact).higher_is_better != fact.higher_is_better:
                raise UsageError(
                    f"the runs declare opposite orientations of {', '.join(key)}. Set "
                    "higher_is_better alike."
                )
    return found


def _oriented(result: Result, facts: dict[tuple[str, str], Facts]) -> Result:
    keys = zip(result.table["task"], result.table["metric"], strict=True)
    result.table["higher_is_better"] = pd.Series(
        [facts[key].higher_is_better for key in keys], dtype=object
    )
    return result


def _named(labels: dict[str, str]) -> str:
    return ", ".join(filter(None, labels.values()))


def _few(keys: Any) -> str:
    return listing([_named(dict(zip(KEYS, key, strict=True))) for key in keys], most=3)
