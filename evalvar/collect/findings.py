"""What a run found, as the table and as sentences with counts."""

import hashlib
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd

from evalvar.collect.blocks import Block
from evalvar.collect.problems import ProblemSet
from evalvar.collect.samples import Samples
from evalvar.errors import counted
from evalvar.evidence import REFERENCE
from evalvar.tables import stack

_DRIFT = 0.10
_OPEN = 0.10
_NAMED = 5
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
    """Say what stood in the way: problems refused, times too short, references that drifted."""
    refused = {fact["item"]: fact["refused"] for fact in facts if fact["refused"]}
    said = [
        f"{item} was refused and none of its programs run: {reason}."
        for item, reason in refused.items()
    ]
    timed = [fact for fact in facts if not fact["refused"]]
    zero = dict.fromkeys(fact["item"] for fact in timed if not fact["limit_s"])
    if zero:
        said.append(
            f"the reference took no time that the clock can tell in "
            f"{counted(len(zero), 'problem')}: {_listed(list(zero))}; they have no efficiency."
        )
    told = [fact for fact in timed if fact["limit_s"]]
    short = [fact["item"] for fact in told if fact["resolution_share"] > 1]
    if short:
        said.append(
            f"the limit is below what the outer clock can tell in "
            f"{counted(len(short), 'problem')}: {_listed(short)}; they are not scored for "
            "efficiency."
        )
    wide = [fact for fact in told if fact["open_share"] > _OPEN]
    if wide:
        far = sum(fact["resolution_share"] > _OPEN for fact in wide)
        said.append(
            f"in {far:,} of {counted(len(told), 'problem')} a program that lies about its clock "
            f"could hide more than {_OPEN:.0%} of the limit, and in {len(wide):,} if it could also "
            "read its inputs and write its answers in no time."
        )
    return said + _drift(timed)


def _drift(timed: Sequence[Mapping[str, Any]]) -> list[str]:
    drifts = [(fact["drift"], fact["item"]) for fact in timed if fact["limit_s"]]
    if not drifts:
        return []
    worst, item = max(drifts, key=lambda pair: abs(pair[0]))
    far = sum(abs(drift) > _DRIFT for drift, _ in drifts)
    typical = median(abs(drift) for drift, _ in drifts)
    return [
        f"references before and after the programs differ by {typical:.1%} at the median, by more "
        f"than {_DRIFT:.0%} in {far:,} of {counted(len(drifts), 'block')}; most, {worst:+.0%}, in "
        f"{item}."
    ]


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


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
