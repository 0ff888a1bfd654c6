"""Items in doubt: which ones, the worst first, and why, as the rows of a table."""

from math import isfinite
from typing import TYPE_CHECKING, Any

from evalvar.cli.columns import aligned
from evalvar.numbers import DASH, fixed, interval, listing, p_value

if TYPE_CHECKING:
    from evalvar.results import Result

Rows = list[dict[str, Any]]

# What is wrong with an item, worst first.
ORDER = ("conflicting_gold", "suspect_label", "flipped", "duplicate", "same_answers")
_SINGLE = {"suspect_label", "flipped"}


def doubtful(items: Rows) -> Rows:
    """Give the flagged items of one task, worst first, and one row for a set of repeated ones.

    `items` are the rows of their difficulty and of their item-rest correlation; each row returned
    has its ``difficulty``, ``flags``, ``others`` (items that it repeats) and ``place`` among all.
    """
    easy = {row["item"]: row for row in items if row["quantity"] == "difficulty"}
    found = []
    for row in items:
        flags = [name for name in ORDER if name in str(row["flag"]).split(", ")]
        if row["quantity"] == "rest_discrimination" and flags:
            found.append({**row, "difficulty": easy[row["item"]]["value"], "flags": flags})
    sets: dict[Any, list[Any]] = {}
    for row in found:
        sets.setdefault(row["duplicate_of"], []).append(row["item"])
    kept, told = [], set()
    for row in found:
        same = row["duplicate_of"]
        row["others"] = [item for item in sets[same] if item != row["item"]] if same else []
        if not _SINGLE & set(row["flags"]):
            if same in told:
                continue
            told.add(same)
        q = min((v for v in (row["suspect_q"], row["flipped_q"]) if isfinite(v)), default=2.0)
        r = row["value"] if isfinite(row["value"]) else 0.0
        row["place"] = (ORDER.index(row["flags"][0]), q, r)
        kept.append(row)
    return sorted(kept, key=lambda row: row["place"])


def doubtful_table(rows: Rows, *, tasks: bool = False) -> list[str]:
    """Return the lines of a table of such items, each with its task where there are several."""
    table = [["item", "difficulty", "item-rest r", "interval", "q", "why"]]
    for row in rows:
        q = DASH
        if _SINGLE & set(row["flags"]):
            suspect = "suspect_label" in row["flags"]
            q = p_value(row["suspect_q"] if suspect else row["flipped_q"])
        table.append(
            [
                str(row["item"]), fixed(row["difficulty"], 2), fixed(row["value"], 2),
                interval(row["low"], row["high"], 2), q, _why(row),
            ]
        )  # fmt: skip
    if tasks:
        owners = ["task", *(row["task"] for row in rows)]
        table = [[owner, *line] for owner, line in zip(owners, table, strict=True)]
    return aligned(table, left=(*range(1 + tasks), len(table[0]) - 1))


def nearest(result: "Result", place: tuple[Any, Any, Any]) -> list[str]:
    """Name the item that comes nearest to being flagged as flipped, where none is."""
    model, task, metric = place
    table = result.quantity("rest_discrimination")
    mine = table[(table["task"] == task) & (table["metric"] == metric) & (table["value"] < 0)]
    if model is not None:
        mine = mine[mine["model"] == model]
    tested = mine[mine["flipped_q"] < 1]
    if not len(tested) or tested["flag"].str.contains("flipped").any():
        return []
    first = tested.sort_values(["flipped_q", "value"], kind="stable").iloc[0]
    bounds = interval(first["low"], first["high"], 2)
    r = f"{fixed(first['value'], 2)}{' ' * bool(bounds)}{bounds}"
    return [
        "",
        f"Nearest to an item that the better get wrong: {first['item']}, item-rest r {r}, "
        f"q {p_value(first['flipped_q'])}.",
    ]


def _why(row: dict[str, Any]) -> str:
    others = listing([str(item) for item in row["others"]])
    again = f" as {others}" if others else ""
    reasons = []
    for flag in row["flags"]:
        if flag == "suspect_label" and row["chosen_instead"]:
            reasons.append(f"the better choose {row['chosen_instead']}, gold is {row['gold']}")
        elif flag == "suspect_label":
            reasons.append("hard, and the better get it wrong")
        elif flag == "flipped" and "hard, and the better get it wrong" not in reasons:
            reasons.append("the better get it wrong")
        elif flag == "conflicting_gold":
            reasons.append(f"asked again{again} with another answer as right")
        elif flag == "duplicate" and "conflicting_gold" not in row["flags"]:
            reasons.append(f"asked again{again}")
        elif flag == "same_answers" and "duplicate" not in row["flags"]:
            reasons.append(f"answered like {others}")
    return "; ".join(reasons)
