"""Items: which questions work; as text, the worst of them and why."""

from math import isfinite, nan
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evalvar.cli.reading import ESTIMATING, SELECTING, question
from evalvar.errors import counted
from evalvar.numbers import DASH, decimals_for, fixed, interval, listing, p_value, percent

if TYPE_CHECKING:
    from evalvar.evidence import Evidence
    from evalvar.results import Result

# With more tasks than this, a line each and no table of items.
_TABLES = 3
_TOP = 15
_PRUNED = (0.1, 0.5, 0.9)
# What is wrong with an item, worst first.
_ORDER = ("conflicting_gold", "suspect_label", "flipped", "duplicate", "same_answers")
_NUMBERS = ("value", "se", "low", "high", "flipped_q", "suspect_q")

Rows = list[dict[str, Any]]
Place = tuple[Any, Any, Any]


@question(SELECTING, ESTIMATING, text=lambda result: items_text(result))
def items(
    evidence: "Evidence",
    respondents: Annotated[
        str, typer.Option(metavar="WHICH", help="Who answers: model, seed or checkpoint.")
    ] = "model",
    fdr: Annotated[
        float, typer.Option(metavar="SHARE", help="Share of false alarms among flagged items.")
    ] = 0.05,
    splits: Annotated[int, typer.Option(help="Random halves of the respondents.")] = 100,
    top: Annotated[int, typer.Option(help="How many items to name.")] = _TOP,
    rng: Annotated[int, typer.Option(help="Seed of what draws.")] = 0,
    **options: Any,
) -> "Result":
    """Which questions work, and which look wrong?"""
    from dataclasses import replace

    from evalvar.analyses import item_quality

    result = item_quality.items(
        evidence,
        respondents=respondents,  # type: ignore[arg-type]  # checked there, with the legal ones named
        fdr=fdr,
        splits=splits,
        rng=rng,
        **options,
    )
    return replace(result, settings={**result.settings, "top": top})


def items_text(result: "Result") -> str:
    """Return what the items are worth together, and the table of the worst of them."""
    tasks: dict[Place, Rows] = {}
    of_items: dict[Place, Rows] = {}
    shown = result.table[
        result.table["item"].isna()
        | result.table["quantity"].isin(("difficulty", "rest_discrimination"))
        & (result.table["flag"].fillna("") != "")
    ]
    names = [str(name) for name in shown.columns]
    for values in shown.itertuples(index=False, name=None):
        row = dict(zip(names, values, strict=True))
        row |= {key: None for key in ("model", "item", "share") if row[key] != row[key]}
        place = (row["model"], row["task"], row["metric"])
        (tasks if row["item"] is None else of_items).setdefault(place, []).append(row)
    top = int(result.settings.get("top", _TOP))
    fdr = float(result.settings["fdr"])
    blocks = [
        _task(place, rows, of_items.get(place, []), fdr, top if len(tasks) <= _TABLES else 0)
        for place, rows in tasks.items()
    ]
    if len(tasks) > _TABLES:
        return "\n".join([*blocks, "", "Name one with --task and --metric to see its items."])
    return "\n\n".join(blocks)


def _task(place: Place, rows: Rows, items: Rows, fdr: float, top: int) -> str:
    whole = {row["quantity"]: row for row in rows if row["share"] is None}
    first = rows[0]
    who = counted(int(first["respondents"]), str(whole["alpha"]["unit"]))
    sentences = [
        f"{', '.join(str(part) for part in place if part)}: "
        f"{counted(int(first['items']), 'item')}, {who}: {_reliability(whole['alpha'])}",
        *_flags(whole, who, fdr),
    ]
    if not top:
        return "; ".join(sentences)
    lines = [f"{'; '.join(sentences)}.", *_stability(whole), *_pruning(rows)]
    wrong = _wrong(items)
    if wrong:
        lines += ["", *_table(wrong, top)]
        hidden = len(wrong) - top
        if hidden > 0:
            lines.append(f"and {hidden:,} more: --top {len(wrong)}, or -o items.csv for all.")
    return "\n".join(lines)


def _reliability(alpha: dict[str, Any]) -> str:
    if not isfinite(alpha["value"]):
        return f"no reliability ({str(alpha['method']).removeprefix('undefined: ')})"
    digits = max(2, decimals_for(alpha["value"], alpha["se"], alpha["low"], alpha["high"]))
    bounds = interval(alpha["low"], alpha["high"], digits)
    return f"reliability {fixed(alpha['value'], digits)}{' ' * bool(bounds)}{bounds}"


def _flags(whole: dict[str, dict[str, Any]], who: str, fdr: float) -> list[str]:
    counts = {name: whole[name]["value"] for name in ("dead", "saturated", *_ORDER)}
    said = []
    ends = [f"{fixed(counts[name], 0)} {what}" for name, what in
            (("dead", "that nobody gets right"), ("saturated", "that all get right"))
            if isfinite(counts[name])]  # fmt: skip
    if ends:
        said.append(listing(ends))
    tested = [
        f"{fixed(counts[name], 0)} {what}"
        for name, what in (
            ("flipped", "that the better get wrong"),
            ("suspect_label", "whose label is in doubt"),
        )
        if isfinite(counts[name])
    ]
    if tested:
        said.append(f"{listing(tested)} (false discoveries {percent(fdr)})")
    for name, what in (
        ("duplicate", "asked more than once"),
        ("conflicting_gold", "asked again with another answer as right"),
        ("same_answers", "answered like another beyond chance (weak evidence)"),
    ):
        if counts[name] > 0:
            said.append(f"{fixed(counts[name], 0)} {what}")
    return said


def _stability(whole: dict[str, dict[str, Any]]) -> list[str]:
    split, weak = whole["split_stability"], whole["weak_strong_stability"]
    if not isfinite(split["value"]):
        return []
    return [
        f"Discriminations from two random halves of the {split['unit']}s agree with r "
        f"{fixed(split['value'], 2)} ({fixed(split['low'], 2)} to {fixed(split['high'], 2)} in 90% "
        f"of halves), from the weaker and the stronger half with r {fixed(weak['value'], 2)}."
    ]


def _pruning(rows: Rows) -> list[str]:
    by_share: dict[float, dict[str, float]] = {}
    for row in rows:
        if row["share"] is not None:
            by_share.setdefault(round(row["share"], 3), {})[row["quantity"]] = row["value"]
    table = [["dropped", "mean moves by", "at random", "standard error", "at random"]]
    curves = any("pruned_monotonicity" in found for found in by_share.values())
    if curves:
        table[0] += ["monotonicity", "at random"]
    for share in _PRUNED:
        found = by_share.get(share)
        if found is None:
            continue
        line = [
            percent(share),
            fixed(found["pruned_drift"], 4, sign=True),
            f"± {fixed(found['random_drift_sd'], 4)}",
            fixed(found["pruned_se"], 4),
            fixed(found["random_se"], 4),
        ]
        if curves:
            line += [fixed(found.get(name, nan), 2)
                     for name in ("pruned_monotonicity", "random_monotonicity")]  # fmt: skip
        table.append(line)
    if len(table) == 1:
        return []
    return ["", "Without the items that discriminate least", *_aligned(table, left=1)]


def _wrong(items: Rows) -> Rows:
    """Give the items with something wrong, worst first, each with its difficulty."""
    easy = {row["item"]: row for row in items if row["quantity"] == "difficulty"}
    found = []
    for row in items:
        flags = [name for name in _ORDER if name in str(row["flag"]).split(", ")]
        if row["quantity"] == "rest_discrimination" and flags:
            found.append({**row, "difficulty": easy[row["item"]], "flags": flags})

    def place(row: dict[str, Any]) -> tuple[float, ...]:
        q = min((v for v in (row["suspect_q"], row["flipped_q"]) if isfinite(v)), default=2.0)
        r = row["value"] if isfinite(row["value"]) else 0.0
        return (_ORDER.index(row["flags"][0]), q, r)

    return sorted(found, key=place)


def _table(wrong: Rows, top: int) -> list[str]:
    table = [["item", "difficulty", "item-rest r", "interval", "q", "why"]]
    for row in wrong[:top]:
        q = row["suspect_q"] if "suspect_label" in row["flags"] else row["flipped_q"]
        table.append(
            [
                str(row["item"]), fixed(row["difficulty"]["value"], 2), fixed(row["value"], 2),
                interval(row["low"], row["high"], 2), p_value(q) if isfinite(q) else DASH,
                _why(row),
            ]
        )  # fmt: skip
    return _aligned(table, left=1, last=True)


def _why(row: dict[str, Any]) -> str:
    reasons = []
    for flag in row["flags"]:
        if flag == "suspect_label" and row["chosen_instead"]:
            reasons.append(f"the better choose {row['chosen_instead']}, gold is {row['gold']}")
        elif flag == "suspect_label":
            reasons.append("hard, and the better get it wrong")
        elif flag == "flipped" and "hard, and the better get it wrong" not in reasons:
            reasons.append("the better get it wrong")
        elif flag == "duplicate":
            reasons.append(f"asked as {row['duplicate_of']} too")
        elif flag == "same_answers":
            reasons.append(f"answered like {row['duplicate_of']}")
        elif flag == "conflicting_gold":
            reasons.append("asked again with another answer as right")
    return "; ".join(dict.fromkeys(reasons))


def _aligned(table: list[list[str]], left: int, last: bool = False) -> list[str]:
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
    ends = {len(widths) - 1} if last else set()
    return [
        "  ".join(
            cell.ljust(width) if i < left or i in ends else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in table
    ]
