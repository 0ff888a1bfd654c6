"""Whether a new run and the earlier ones are of the same items, and not the same run."""

from hashlib import sha256

import numpy as np
import pandas as pd

from evalvar.analyses.cells import KEY, item_scores
from evalvar.analyses.facts import Facts
from evalvar.errors import UsageError
from evalvar.evidence import Evidence
from evalvar.results import Result

# What tells items, and runs, apart without keeping them: labels of what was learned.
ITEMS, RUNS = "items_hash", "run_hashes"


def run_hashes(evidence: Evidence) -> pd.DataFrame:
    """Return for each run a hash of its items, and one of its items and their scores."""
    rows = []
    if len(evidence.records):
        for key, scores in item_scores(evidence).groupby(KEY, observed=True, sort=False):
            ordered = scores.assign(item=scores["item"].astype(str)).sort_values("item")
            named = "\0".join(ordered["item"]).encode()
            scored = ordered["score"].to_numpy(np.float64).tobytes()
            rows.append((*key, _hash(named), _hash(named + scored)))
    table = pd.DataFrame(rows, columns=[*KEY, ITEMS, "run_hash"])
    return table.astype({**dict.fromkeys(KEY, str), "seed": "int64", "checkpoint": "int64"})


def _hash(content: bytes) -> str:
    return sha256(content).hexdigest()[:16]


def ragged(runs: pd.DataFrame) -> list[str]:
    """Say where the earlier runs have not the same items."""
    counts = runs["n"].dropna()
    if counts.nunique() > 1:
        few, many = int(counts.min()), int(counts.max())
        return [f"the runs have {few:,} to {many:,} items: what the items do counts as noise."]
    sets = runs.loc[runs[ITEMS] != "", ITEMS].nunique()
    if sets > 1:
        return [f"the runs have {sets:,} different sets of items: what these do counts as noise."]
    return []


def other_items(runs: pd.DataFrame, items: float, same: str) -> list[str]:
    """Say where the new run has more, fewer or other items than the earlier ones."""
    if (runs["n"] != items).any() and runs["n"].notna().all():
        return [
            f"the new run has {runs['n'].max():,.0f} items and the earlier ones {items:,.0f}: what "
            "the items do counts as change."
        ]
    found = runs.loc[runs[ITEMS] != "", ITEMS]
    if same and (found != same).any():
        return [
            f"the new run has other items than the earlier ones, as many ({items:,.0f}): what the "
            "items do counts as change."
        ]
    return []


def again(runs: pd.DataFrame, past: str) -> list[str]:
    """Say where a new run is, by its scores, one of the earlier ones."""
    if not set(filter(None, runs["run_hash"])) & set(past.split()):
        return []
    return [
        "the new run scores every item as one of the earlier runs does: if it is that run, leave "
        "it out of the history."
    ]


def refuse_known(evidence: Evidence, learned: Result) -> None:
    """Refuse a new run that was read from a file of the history."""
    tables = (evidence.sources, learned.sources)
    files = [
        set(zip(table["path"], table["sha256"], strict=True)) if len(table) else set()
        for table in tables
    ]
    both = sorted(str(path) for path, _ in files[0] & files[1])
    if both:
        raise UsageError(
            f"{both[0]} is of the new run and of the earlier ones too. Leave it out of the history."
        )


def refuse_opposite(facts: dict[tuple[str, str], Facts], learned: Result) -> None:
    """Refuse a new run that declares another orientation than the earlier ones."""
    for row in learned.table.to_dict("records"):
        key, declared = (str(row["task"]), str(row["metric"])), row.get("higher_is_better")
        if key in facts and declared is not None and facts[key].higher_is_better != declared:
            raise UsageError(
                "the new run and the earlier ones declare opposite orientations of "
                f"{', '.join(key)}. Set higher_is_better alike."
            )
