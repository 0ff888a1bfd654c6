"""What a run found, as the table and as sentences with counts."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evalvar.analyses.timing_scores import score_timings
from evalvar.collect.blocks import Block
from evalvar.collect.problems import ProblemSet
from evalvar.collect.samples import Samples
from evalvar.errors import EvalvarError, counted
from evalvar.evidence import REFERENCE
from evalvar.tables import stack

_OPEN = 0.10
# Reasons that are told, and how much of each.
_NAMED, _TOLD = 3, 80
# What became of a program, the later the more it counts; a single stop counts as none.
_RANK = {
    **{"ok": 0, "timeout": 0, "stopped": 1},
    **{"memory": 2, "crash": 3, "wrong": 4, "missing": 5},
}
_ENDS = {
    rank: {"stopped": "timeout"}.get(end, end) for end, rank in _RANK.items() if end != "timeout"
}


def table(
    blocks: Sequence[tuple[str, Block]],
    *,
    tags: Mapping[str, str],
    task: str,
    run: str,
    machine: str,
) -> pd.DataFrame:
    """Return the rows of all blocks.

    Programs of one problem that are in several blocks have each the references around them: the
    second block's `run` ends in ``.1``, and so on.
    """
    numbers = [name.rpartition(".")[2] for name, _ in blocks]
    runs = [run if number == "0" else f"{run}.{number}" for number in numbers]
    sizes = [len(block.timings) for _, block in blocks]
    whole = stack([block.timings.assign(task=task) for _, block in blocks])
    whole["run"] = pd.Categorical(np.repeat(runs, sizes))
    whole["machine"] = pd.Categorical([machine]).repeat(len(whole))
    if any(tags.values()):
        whole["item.tag"] = whole["item"].map(tags).astype("category")
    return whole


def sources(problems: ProblemSet, given: Sequence[Samples]) -> pd.DataFrame:
    """Return a row for every file that was read."""
    files = [(problems.path, len(problems.wanted))]
    files += [(each.path, sum(map(len, each.programs.values()))) for each in given]
    rows = [
        {
            "path": path,
            "sha256": hashlib.sha256(Path(path).read_bytes()).hexdigest()
            if Path(path).is_file()
            else "",
            "rows": count,
            "harness": "run-code",
            "version": version("evalvar"),
        }
        for path, count in files
        if path
    ]
    return pd.DataFrame(rows or None, columns=["path", "sha256", "rows", "harness", "version"])


def remarks(facts: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say which problems were refused, and what a program that forges its clock could hide."""
    refused = {fact["item"]: fact["refused"] for fact in facts if fact["refused"]}
    said = [
        f"{item} was refused and none of its programs run: {reason}."
        for item, reason in refused.items()
    ]
    open_share: dict[str, float] = {}
    for fact in facts:
        if not fact["refused"] and fact["limit_s"]:
            open_share[fact["item"]] = max(open_share.get(fact["item"], 0.0), fact["open_share"])
    wide = sum(share > _OPEN for share in open_share.values())
    if wide:
        said.append(
            f"in {wide:,} of {counted(len(open_share), 'problem')} calls are short beside reading "
            "inputs and writing answers: a program that forges its clock and reads in no time "
            f"could hide more than {_OPEN:.0%} of the limit there. Other programs are timed right; "
            "larger sizes of the timed levels leave less to hide."
        )
    return said


def crashes(facts: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say what programs crashed with or gave that cannot be checked, the most frequent first."""
    ends = [end[2:] for fact in facts for end in fact.get("failed", ())]
    crashed = [message for status, message in ends if status == "crash"]
    odd = [message.partition(":")[0] for status, message in ends if status == "wrong"]
    said = []
    if crashed:
        said.append(f"{counted(len(crashed), 'program')} crashed: {_most_frequent(crashed)}.")
    missing = sum("ModuleNotFoundError" in message for message in crashed)
    if missing:
        said.append(
            f"{counted(missing, 'program')} crashed for want of a package: programs have the "
            "standard library alone, unless --python names an interpreter with packages."
        )
    if odd:
        said.append(
            f"{counted(len(odd), 'program')} wrong by the type of an answer, which is no plain "
            f"data of Python's own: {_most_frequent(odd)}."
        )
    return said


def _most_frequent(messages: Sequence[str]) -> str:
    reasons = Counter(message[:_TOLD] for message in messages).most_common()
    shown = "; ".join(
        f"{reason} ({count:,})" if len(reasons) > 1 else reason
        for reason, count in reasons[:_NAMED]
    )
    rest = sum(count for _, count in reasons[_NAMED:])
    return f"{shown}{f'; others ({rest:,})' if rest else ''}"


def scoring_remarks(timings: pd.DataFrame, alpha: float) -> list[str]:
    """Say what scoring the timings will say: problems without a limit, references that drifted."""
    if (timings["model"] == REFERENCE).all():
        return []
    try:
        return list(score_timings(timings, alpha=alpha).warnings)
    except EvalvarError as error:
        return [str(error)]


def statuses(timings: pd.DataFrame) -> pd.DataFrame:
    """Return how many programs of each model came to which end.

    One that was stopped at a level just once, and was not in another repeat, was delayed: it is ok.
    Where every problem was refused there is no row.
    """
    programs = timings[timings["model"] != REFERENCE]
    if programs.empty:
        return pd.DataFrame()
    keys = ["model", "item", "sample"]
    stopped = programs[programs["status"] == "timeout"]
    case = [*keys, "level", "case"]
    in_time = pd.MultiIndex.from_frame(programs.loc[programs["status"] == "ok", case].astype(str))
    never = ~pd.MultiIndex.from_frame(stopped[case].astype(str)).isin(in_time)
    sure = stopped[never | stopped.duplicated([*keys, "level"])].index
    rank = programs["status"].astype(str).map(_RANK)
    rank[sure] = _RANK["stopped"]
    worst = rank.groupby([programs[key] for key in keys], observed=True).max()
    ends = worst.map(_ENDS)
    return pd.crosstab(ends.index.get_level_values("model").astype(str), ends.to_numpy())
