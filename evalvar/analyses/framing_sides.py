"""The curves of two variants of a benchmark, on the runs and items that both have."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from evalvar.analyses.curves import Curves, training_curves
from evalvar.analyses.framing_candidates import contradictions
from evalvar.errors import counted
from evalvar.evidence import Evidence, not_there
from evalvar.numbers import listing

BETWEEN = ("task", "prompt", "metric")
_AXES = ("model", "task", "metric")
_RUN = ["seed", "checkpoint"]

Said = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Framed:
    """One model under two variants.

    Parameters
    ----------
    key : dict
        Model, task and metric; None on the axis that differs.
    a, b : Curves
        On the same checkpoints; where `paired` on the same seeds, where `items` on the same items.
    paired : bool
        Whether a seed is one run in both.
    items : int
        How many items both answered in every run; 0 where there are none.
    asked : tuple of str
        Their names, in the order of the curves' items.
    unpaired : int
        Items left out, which some run has and not all.
    apart : str
        Why means cannot be paired over items, if they cannot.
    remarks : tuple of str
        What there is to say.
    """

    key: dict[str, str | None]
    a: Curves
    b: Curves
    paired: bool
    items: int
    asked: tuple[str, ...]
    unpaired: int
    apart: str
    remarks: tuple[str, ...]

    @property
    def name(self) -> str:
        """What was measured, for remarks."""
        return ", ".join(filter(None, self.key.values()))


def framed(evidence: Evidence, between: str, a: str, b: str) -> tuple[list[Framed], list[Said]]:
    """Return every model under both variants, and what is to be said of those left out.

    Raises
    ------
    UsageError
        A variant that is not in the data.
    """
    by = [axis for axis in _AXES if axis != between]
    sides = [_side(evidence, between, label) for label in (a, b)]
    groups = [_groups(side, by) for side in sides]
    met: dict[tuple[str, ...], _Meeting] = {}
    kept: tuple[list[_Rows], list[_Rows]] = ([], [])
    said: list[Said] = []
    for key in sorted(groups[0].keys() & groups[1].keys()):
        pair = (groups[0][key], groups[1][key])
        meeting, rows = _meet(pair, between, b)
        if meeting is None:
            said.append((", ".join(key), f"{a} and {b} have no checkpoint in common."))
            continue
        met[key] = meeting
        for side in (0, 1):
            kept[side].append(rows[side])
    curves = [_curves(side, rows, by) for side, rows in zip(sides, kept, strict=True)]
    found = [
        _framed(key, by, between, curves[0][key], curves[1][key], meeting)
        for key, meeting in met.items()
        if key in curves[0] and key in curves[1]
    ]
    return found, [*_one_sided(groups, (a, b)), *said]


@dataclass(frozen=True, slots=True)
class _Meeting:
    paired: bool
    items: int
    asked: tuple[str, ...]
    unpaired: int
    apart: str
    remarks: tuple[str, ...]


# rows of records and of reported values, by number
_Rows = tuple[np.ndarray, np.ndarray]
_Group = tuple[pd.DataFrame, pd.DataFrame]


def _side(evidence: Evidence, between: str, label: str) -> Evidence:
    """Keep one variant; a prompt's name is then no part of what an item is."""
    tables = (evidence.records, evidence.reported)
    present = sorted({str(v) for table in tables if len(table) for v in table[between].unique()})
    if label not in present:
        raise not_there(between, label, present)
    side = evidence.select(**{between: label})
    if between != "prompt":
        return side
    blank = [t.assign(prompt="") if len(t) else t for t in (side.records, side.reported)]
    return replace(side, records=blank[0], reported=blank[1])


def _groups(side: Evidence, by: list[str]) -> dict[tuple[str, ...], _Group]:
    """Split both tables by what is measured; rows without a score are no run."""
    records = side.records[side.records["score"].notna()]
    reported = side.reported[side.reported["value"].notna()]
    nothing = records.iloc[:0], reported.iloc[:0]
    found: dict[tuple[str, ...], _Group] = {}
    for at, table in enumerate((records, reported)):
        if len(table):
            for key, group in table.groupby(by, observed=True, sort=False):
                name = tuple(map(str, key))
                pair = found.get(name, nothing)
                found[name] = (group, pair[1]) if at == 0 else (pair[0], group)
    return found


def _meet(
    pair: tuple[_Group, _Group], between: str, b: str
) -> tuple[_Meeting | None, tuple[_Rows, _Rows]]:
    """Find the rows of the runs and items that both sides have."""
    remarks = []
    steps = [_values(group, "checkpoint") for group in pair]
    common = np.intersect1d(steps[0], steps[1])
    if not common.size:
        return None, (_rows(pair[0]), _rows(pair[1]))
    lone = np.setxor1d(steps[0], steps[1])
    if lone.size:
        remarks.append(
            f"left out {counted(lone.size, 'checkpoint')} that one of the two lacks "
            f"({listing(list(map(str, lone.tolist())))})."
        )
    sides = [_where(group, "checkpoint", common) for group in pair]
    seeds = [_values(group, "seed") for group in sides]
    same = np.intersect1d(seeds[0], seeds[1])
    if not same.size:
        remarks.append("no seed in common: the runs are not paired.")
    elif (alone := np.setxor1d(seeds[0], seeds[1])).size:
        remarks.append(
            f"left out {counted(alone.size, 'seed')} that one of the two lacks "
            f"({listing(list(map(str, alone.tolist())))}); the runs are paired."
        )
    if same.size:
        sides = [_where(group, "seed", same) for group in sides]
    records = [group[0] for group in sides]
    asked: tuple[str, ...] = ()
    unpaired, apart = 0, ""
    if all(map(len, records)):
        records, unpaired, said = _shared(records)
        asked = tuple(sorted(records[0]["item"].astype(str).unique()))
        if asked:
            sides = [(some, claims) for some, (_, claims) in zip(records, sides, strict=True)]
            remarks += said
            remarks += contradictions(records[0], records[1], b) if between == "task" else []
        else:
            apart = "no item that both have in every run"
            unpaired = 0
    elif any(map(len, records)):
        apart = "only one of the two has items"
    meeting = _Meeting(same.size > 0, len(asked), asked, unpaired, apart, tuple(remarks))
    return meeting, (_rows(sides[0]), _rows(sides[1]))


def _shared(records: list[pd.DataFrame]) -> tuple[list[pd.DataFrame], int, list[str]]:
    """Keep the items, under the prompts, that every run of both sides answered."""
    asked = len(set().union(*(table["item"].unique() for table in records)))
    said = []
    kept = _in_every_run(records, ["item", "prompt"])
    if not len(kept[0]):
        kept = _in_every_run(records, ["item"])
        if len(kept[0]):
            said.append("no prompt in common; each side is the mean over its own.")
    return kept, asked - kept[0]["item"].nunique(), said


def _in_every_run(records: list[pd.DataFrame], unit: list[str]) -> list[pd.DataFrame]:
    both = pd.concat(
        [table[[*_RUN, *unit]].assign(side=side) for side, table in enumerate(records)]
    )
    both = both.drop_duplicates().astype({name: str for name in unit})
    runs = both[["side", *_RUN]].drop_duplicates().shape[0]
    counts = both.groupby(unit)["side"].size()
    whole = counts.index[counts == runs]
    if len(unit) == 1:
        return [table[table[unit[0]].astype(str).isin(whole)] for table in records]
    return [
        table[pd.MultiIndex.from_frame(table[unit].astype(str)).isin(whole)] for table in records
    ]


def _values(group: _Group, axis: str) -> np.ndarray:
    return np.unique(np.concatenate([table[axis].to_numpy("int64") for table in group]))


def _where(group: _Group, axis: str, values: np.ndarray) -> _Group:
    records, reported = (table[table[axis].isin(values)] for table in group)
    return records, reported


def _rows(group: _Group) -> _Rows:
    return group[0].index.to_numpy(), group[1].index.to_numpy()


def _curves(side: Evidence, rows: list[_Rows], by: list[str]) -> dict[tuple[str, ...], Curves]:
    """Return the curves of the rows that are kept."""
    tables = [
        table.loc[np.concatenate([group[at] for group in rows])].reset_index(drop=True)
        if rows
        else table.iloc[:0]
        for at, table in enumerate((side.records, side.reported))
    ]
    whole = replace(side, records=tables[0], reported=tables[1])
    return {tuple(getattr(c, axis) for axis in by): c for c in training_curves(whole)}


def _framed(
    key: tuple[str, ...], by: list[str], between: str, a: Curves, b: Curves, met: _Meeting
) -> Framed:
    steps = np.intersect1d(a.checkpoints, b.checkpoints)
    seeds = np.intersect1d(a.seeds, b.seeds) if met.paired else None
    names: dict[str, str | None] = {**dict.fromkeys(_AXES), **dict(zip(by, key, strict=True))}
    said = dict.fromkeys(reason for curves in (a, b) for _, reason in curves.remarks)
    return Framed(
        names, _on(a, seeds, steps), _on(b, seeds, steps), met.paired, met.items, met.asked,
        met.unpaired, met.apart, (*met.remarks, *said),
    )  # fmt: skip


def _on(curves: Curves, seeds: np.ndarray | None, steps: np.ndarray) -> Curves:
    """Return the curves at some seeds and checkpoints."""
    s = slice(None) if seeds is None else np.searchsorted(curves.seeds, seeds)
    t = np.searchsorted(curves.checkpoints, steps)

    def at(table: np.ndarray) -> np.ndarray:
        return np.asarray(table[..., s, :][..., t])

    return replace(
        curves, seeds=curves.seeds[s], checkpoints=steps, means=at(curves.means),
        errors=at(curves.errors), items=None if curves.items is None else at(curves.items),
    )  # fmt: skip


def _one_sided(groups: list[dict[tuple[str, ...], _Group]], labels: tuple[str, str]) -> list[Said]:
    """Say what was measured under one of the variants only."""
    return [
        (", ".join(key), f"only {label} is there, so that there is nothing to compare.")
        for label, own, other in zip(labels, groups, groups[::-1], strict=True)
        for key in sorted(own.keys() - other.keys())
    ]
