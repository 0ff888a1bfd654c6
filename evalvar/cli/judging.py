"""What the rules of a gate speak of: which analysis gives it, from which runs."""

import glob
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalvar.cli.reading import Options, load
from evalvar.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

    from evalvar.evidence import Evidence
    from evalvar.gating import Rule
    from evalvar.results import Result

_SEED_NOISE = (
    *("final_mean", "final_seed_sd", "seed_sd", "item_half_width", "noise_ratio", "snr"),
    "monotonicity",
)
_CURVES = ("kendall_tau", "kendall_tau_a", "spearman", "step_noise_sd", "snr_last", "rise_share")
FALSE_ALARM = 0.05
_TRIES = re.compile(r"^\w+[@^](\d+)$")
_HOMES = {
    **{"difference": "compare", "macro_difference": "compare", "mean": "summary"},
    **{"rank": "leaderboard", "change": "history"},
    **dict.fromkeys(_SEED_NOISE, "seed_variance"),
    **dict.fromkeys(_CURVES, "checkpoints"),
}


@dataclass(frozen=True, slots=True)
class Trial:
    """What is on trial, against what, and how.

    Parameters
    ----------
    a, b : str or None
        Labels on the axis `between`.
    between : str
    checkpoint : list of int or None
        The last where None.
    correction : str
        How a row fails among many: ``bonferroni``, ``max-t`` or ``none``.
    rng : int
    options : dict
        What every analysis takes: model, task, metric, level, missing.
    """

    a: str | None
    b: str | None
    between: str
    checkpoint: list[int] | None
    correction: str
    rng: int
    options: Options


def judge(
    evidence: "Evidence", rules: "list[Rule]", trial: Trial, taught: "Result | None",
    inconclusive: str,
) -> "Result":  # fmt: skip
    """Estimate what the rules speak of, many rows once more for all at once, and decide."""
    from evalvar.gating import gate

    homes = list(dict.fromkeys(map(_home, rules)))
    known = [] if taught is None else [taught]
    if "history" in homes:
        known = [_changed(evidence, trial, taught)]

    def at(level: float, apart: tuple[str, ...]) -> "list[Result]":
        return [
            _without(_estimated(home, evidence, trial, rules, level), rules, home)
            for home in homes
            if home not in apart
        ]

    level: float = trial.options["level"]
    found, texts = [*at(level, ("history",)), *known], [rule.text for rule in rules]
    result = gate(found, texts, inconclusive=inconclusive)  # type: ignore[arg-type]
    # changes share their false alarm out by themselves, and ranks hold together as they are
    rows = int((~result.table["quantity"].isin(("change", "rank"))).sum())
    if rows < 2 or trial.correction != "bonferroni":
        return result
    wide = at(1 - (1 - level) / rows, ("history", "leaderboard"))
    return gate(found, texts, familywise=wide, inconclusive=inconclusive)  # type: ignore[arg-type]


def learn(
    history: list[str], reading: Options, trial: Trial, false_alarm: float | None
) -> "Result":
    """Return what the earlier runs teach: read path by path, or as it was kept.

    Parameters
    ----------
    history : list of str
        Paths or patterns.
    reading : dict
        How to read them.
    trial : Trial
        What to keep of them.
    false_alarm : float or None
        None where nothing was asked.

    Raises
    ------
    UsageError
        What was kept was learned in another way than asked.
    """
    from evalvar.analyses.history import learn_threshold

    paths = [path for text in history for path in _expanded(text)]
    kept = saved_results(paths)
    if kept:
        if len(kept) > 1:
            raise UsageError(f"--history {paths[0]}: expected one saved result, found {len(kept)}.")
        asked = {"false_alarm": false_alarm, "missing": trial.options["missing"]}
        for name, value in asked.items():
            held = kept[0].settings.get(name, value)
            if value is not None and value != held:
                raise UsageError(
                    f"{paths[0]} was learned with --{name.replace('_', '-')} {held}, and {value} "
                    "is asked for. Name the runs with --history, or leave it out."
                )
        return kept[0]
    wanted = {name: trial.options[name] for name in ("task", "metric", "missing")}
    return learn_threshold(
        [load([path], dict(reading)) for path in paths],
        false_alarm=FALSE_ALARM if false_alarm is None else false_alarm,
        **wanted,
    )


def beside(new: "Evidence", old: "Evidence", trial: Trial) -> "tuple[Evidence, Trial]":
    """Put the runs on trial and those of the baseline into one evidence, under two names."""
    from evalvar.evidence import merge

    if trial.between != "model":
        raise UsageError(
            f"--baseline reads another model, and --between {trial.between} is of one. Leave one "
            "of them out."
        )
    a, b = _only(new, trial.a, "-a"), _only(old, trial.b, "-b")
    new, old = new.select(model=a), old.select(model=b)
    if a == b:
        b = f"{b} (baseline)"
        old = replace(old, records=_renamed(old.records, b), reported=_renamed(old.reported, b))
    return merge([new, old]), replace(trial, a=a, b=b)


def saved_results(paths: list[str]) -> "list[Result]":
    """Return the results that the paths hold as JSON; none where they hold runs."""
    from evalvar.results import from_json

    texts = [_result_texts(Path(path)) for path in paths]
    if not any(texts):
        return []
    first = next(path for path, found in zip(paths, texts, strict=True) if found)
    for path, found in zip(paths, texts, strict=True):
        if not found:
            raise UsageError(f"{path} is no saved result, and {first} is one. Name one kind only.")
    return [from_json(text) for found in texts for text in found]


def _result_texts(path: Path) -> list[bytes]:
    import msgspec

    if path.suffix != ".json" or not path.is_file():
        return []
    try:
        held = msgspec.json.decode(path.read_bytes())
    except msgspec.DecodeError:
        return []
    parts = held if isinstance(held, list) else [held]
    needed = {"name", "keys", "rows", "settings"}
    if not parts or not all(isinstance(part, dict) and needed <= set(part) for part in parts):
        return []
    return [msgspec.json.encode(part) for part in parts]


def _home(rule: "Rule") -> str:
    quantity = rule.quantity
    name = "code_metrics" if _TRIES.search(quantity) else _HOMES.get(quantity)
    if quantity.startswith(("var_", "share_", "se_")):
        name = "variance_components"
    if name is None:
        raise UsageError(
            f"rule '{rule.text}': no analysis is known to give '{quantity}'. Use "
            f"{', '.join(_HOMES)}, var_SOURCE, se_AXES, pass@K or eff@K; or gate the saved result "
            "that has it."
        )
    return name


def _estimated(
    home: str, evidence: "Evidence", trial: Trial, rules: "list[Rule]", level: float
) -> "Result":
    from evalvar.analyses import code, comparison, means, seeds, training

    options: dict[str, Any] = {**trial.options, "level": level}
    if home == "compare":
        if trial.a is None or trial.b is None:
            raise _sides_missing(evidence, trial)
        macro = any(rule.quantity == "macro_difference" for rule in rules)
        options["weights"] = "equal" if macro else None
        options["correction"] = "max-t" if trial.correction == "max-t" else "none"
        return comparison.compare(
            evidence, trial.a, trial.b, between=trial.between, family="all",  # type: ignore[arg-type]
            checkpoint=trial.checkpoint, rng=trial.rng, **options,
        )  # fmt: skip
    if home == "leaderboard":
        from evalvar.analyses import ranking

        ranked = ranking.leaderboard(
            evidence, checkpoint=trial.checkpoint, weights=None, rng=trial.rng, **options
        )
        keep = ranked.table["quantity"] == "rank"
        if trial.a is not None and trial.between == "model":
            keep &= ranked.table["model"] == trial.a
        return replace(ranked, table=ranked.table[keep].reset_index(drop=True))
    if trial.between != "checkpoint":
        evidence = _on_trial(evidence, trial)
    if home == "seed_variance":
        return seeds.seed_variance(evidence, **options)
    if home == "checkpoints":
        return _over_seeds(training.checkpoints(evidence, **options))
    evidence = _on_trial(evidence, trial)
    if home == "variance_components":
        from evalvar.analyses import sources

        return sources.variance_components(evidence, checkpoint=trial.checkpoint, **options)
    if home == "summary":
        return means.summary(_at_last(evidence, trial), **options)
    tries = [_TRIES.search(rule.quantity) for rule in rules]
    k = sorted({int(found[1]) for found in tries if found})
    if len(evidence.timings) and options["metric"] is None:
        from evalvar.analyses.facts import PASSED

        # Rules on right programs need no word on how efficient they are.
        if all(rule.quantity.startswith("pass") for rule in rules):
            options["metric"] = PASSED
    return _over_seeds(code.code_metrics(evidence, k=k, checkpoint=trial.checkpoint, **options))


def _without(result: "Result", rules: "list[Rule]", home: str) -> "Result":
    """Leave out what another analysis is asked for, as several give a mean."""
    others = [rule.quantity for rule in rules if _home(rule) != home]
    keep = ~result.table["quantity"].isin(others)
    return replace(result, table=result.table[keep].reset_index(drop=True))


def _changed(evidence: "Evidence", trial: Trial, taught: "Result | None") -> "Result":
    from evalvar.analyses.history import change_since

    if taught is None:
        raise UsageError(
            "a rule on the change needs earlier runs of the same system. Name them with --history."
        )
    wanted = {name: trial.options[name] for name in ("model", "task", "metric", "missing")}
    evidence = _on_trial(evidence, trial)
    if trial.checkpoint is not None:
        evidence = evidence.select(checkpoint=trial.checkpoint)
    return change_since(evidence, taught, **wanted)


def _on_trial(evidence: "Evidence", trial: Trial) -> "Evidence":
    return evidence if trial.a is None else evidence.select(**{trial.between: trial.a})


def _at_last(evidence: "Evidence", trial: Trial) -> "Evidence":
    from evalvar.analyses.intake import last_checkpoint

    if trial.checkpoint is not None or (trial.between == "checkpoint" and trial.a is not None):
        return evidence.select(checkpoint=trial.checkpoint)
    records, behind = last_checkpoint(evidence.records)
    reported, late = last_checkpoint(evidence.reported)
    return replace(evidence, records=records, reported=reported).plus(*behind, *late)


def _over_seeds(result: "Result") -> "Result":
    """Leave out the rows of single seeds where there is one over all of them."""
    table = result.table
    by = ["quantity", *(key for key in result.keys if key != "seed")]
    whole = table["seed"].isna()
    groups = table[by].astype("string").fillna("").agg("\0".join, axis=1)
    keep = whole | ~groups.isin(groups[whole])
    return replace(result, table=table[keep].reset_index(drop=True))


def _sides_missing(evidence: "Evidence", trial: Trial) -> UsageError:
    present = list(dict.fromkeys(map(str, evidence.records[trial.between])))
    shown = ", ".join(present[:12]) or "nothing"
    return UsageError(
        "a rule on the difference needs both sides: -a names what is on trial, -b what it is "
        f"compared with. There is: {shown}."
    )


def _only(evidence: "Evidence", name: str | None, option: str) -> str:
    from evalvar.evidence import not_there

    tables = (evidence.records, evidence.reported)
    models = list(dict.fromkeys(str(m) for table in tables for m in table["model"].unique()))
    if name is not None:
        if name not in models:
            raise not_there("model", name, models)
        return name
    if len(models) != 1:
        raise UsageError(
            f"there are {len(models)} models ({', '.join(models[:8])}). Name one with {option}."
        )
    return models[0]


def _renamed(table: "pd.DataFrame", name: str) -> "pd.DataFrame":
    return table.assign(model=name) if len(table) else table


def _expanded(text: str) -> list[str]:
    if glob.has_magic(text) and not os.path.exists(text):
        found = sorted(glob.glob(text, recursive=True))
        if not found:
            raise UsageError(f"--history {text}: no path matches. Check the pattern.")
        return found
    return [text]
