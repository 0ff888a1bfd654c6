"""Items: which questions work; as text, what they are worth together and which look wrong."""

from functools import partial
from math import ceil, isfinite, nan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evalvar.cli.answering import answer
from evalvar.cli.columns import aligned
from evalvar.cli.doubtful import ORDER, Rows, doubtful, doubtful_table, nearest
from evalvar.cli.reading import ANSWERING, ESTIMATING, READING, SELECTING, Rng, load, shares
from evalvar.errors import UsageError, counted
from evalvar.numbers import DASH, decimals_for, fixed, interval, listing, percent

if TYPE_CHECKING:
    from evalvar.results import Result

# With more tasks than this, a row each.
_TALKED_ABOUT = 3
_TOP = 15
_PRUNED = (0.1, 0.5, 0.9)
_COLUMNS = {
    "dead": "none right",
    "saturated": "all right",
    "flipped": "better wrong",
    "suspect_label": "label in doubt",
    "duplicate": "asked again",
    "same_answers": "alike",
}

Place = tuple[Any, Any, Any]
Whole = dict[str, dict[str, Any]]


@shares(SELECTING, ESTIMATING, READING, ANSWERING)
def items(
    paths: list[str],
    respondents: Annotated[
        str, typer.Option(metavar="WHICH", help="Who answers: model, seed or checkpoint.")
    ] = "model",
    fdr: Annotated[
        float, typer.Option(metavar="SHARE", help="Share of false alarms among flagged items.")
    ] = 0.05,
    splits: Annotated[
        int, typer.Option(metavar="N", help="Random halves of the respondents.")
    ] = 100,
    top: Annotated[int, typer.Option(metavar="N", help="How many items to name.")] = _TOP,
    rng: Rng = 0,
    **options: Any,
) -> None:
    """Which questions work, and which look wrong?"""
    json: bool = options.pop("json")
    output: list[Path] | None = options.pop("output")
    if top < 0:
        raise UsageError(f"--top {top}: a number of items is expected, 0 for none.")
    evidence = load(paths, options)
    from evalvar.analyses import item_quality

    result = item_quality.items(
        evidence,
        respondents=respondents,  # type: ignore[arg-type]  # checked there, with the legal ones named
        fdr=fdr,
        splits=splits,
        rng=rng,
        **options,
    )
    answer(result, json, output, partial(items_text, top=top))


def items_text(result: "Result", *, top: int = _TOP) -> str:
    """Return what the items are worth together, and the table of the worst of them."""
    tasks: dict[Place, Rows] = {}
    flagged: dict[Place, Rows] = {}
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
        (tasks if row["item"] is None else flagged).setdefault(place, []).append(row)
    fdr = float(result.settings["fdr"])
    wrong = {place: doubtful(flagged.get(place, [])) for place in tasks}
    if len(tasks) <= _TALKED_ABOUT:
        return "\n\n".join(
            "\n".join(
                [*_task(place, rows, fdr), *nearest(result, place), *_named(wrong[place], top)]
            )
            for place, rows in tasks.items()
        )
    called = _called(list(tasks))
    together = [{**row, "task": called[place]} for place, found in wrong.items() for row in found]
    together.sort(key=lambda row: row["place"])
    what = "task" if len({task for _, task, _ in tasks}) == len(tasks) else "reading"
    lines = _many({called[place]: _whole(rows) for place, rows in tasks.items()}, what, fdr)
    told = "Name one with --task and --metric to see how stable its discriminations are."
    return "\n".join([*lines, *_named(together, top, tasks=True), "", told])


def _whole(rows: Rows) -> Whole:
    """Give the rows about all items, by quantity."""
    return {row["quantity"]: row for row in rows if row["share"] is None}


def _called(places: list[Place]) -> dict[Place, str]:
    """Name readings by what tells them apart."""
    apart = [k for k in (0, 1, 2) if k == 1 or len({place[k] for place in places}) > 1]
    return {place: ", ".join(str(place[k]) for k in apart if place[k]) for place in places}


def _many(wholes: dict[str, Whole], what: str, fdr: float) -> list[str]:
    """Say what is flagged in all tasks, and give a row to each."""
    counts: dict[str, float] = {}
    for whole in wholes.values():
        for name in ("dead", "saturated", *ORDER):
            value = whole[name]["value"]
            if isfinite(value):
                counts[name] = counts.get(name, 0.0) + value
    sizes = [int(whole["alpha"]["items"]) for whole in wholes.values()]
    said = _flags({name: counts.get(name, nan) for name in ("dead", "saturated", *ORDER)}, fdr)
    unit = next(iter(wholes.values()))["alpha"]["unit"]
    table = [
        [
            *("", "items", f"{unit}s", "reliability", "interval", "for 0.90"),
            *_COLUMNS.values(),
        ]
    ]
    for name, whole in wholes.items():
        alpha, digits = whole["alpha"], _digits(whole["alpha"])
        table.append(
            [
                name, f"{int(alpha['items']):,}", f"{int(alpha['respondents']):,}",
                fixed(alpha["value"], digits), interval(alpha["low"], alpha["high"], digits),
                _whole_number(_needed(whole)),
                *(_whole_number(whole[kind]["value"])
                  for kind in _COLUMNS),
            ]
        )  # fmt: skip
    return [f"{counted(len(wholes), what)}, {counted(sum(sizes), 'item')}: {'; '.join(said)}.", "",
            *aligned(table)]  # fmt: skip


def _task(place: Place, rows: Rows, fdr: float) -> list[str]:
    """Say what the items of one task are worth, what is flagged, and what pruning does."""
    whole, first = _whole(rows), rows[0]
    who = counted(int(first["respondents"]), str(whole["alpha"]["unit"]))
    named = ", ".join(str(part) for part in place if part)
    return [
        f"{named}: {counted(int(first['items']), 'item')}, {who}: {_reliability(whole)}.",
        f"Items: {'; '.join(_flags(_counts(whole), fdr))}.",
        *_stability(whole),
        *_pruning(rows),
    ]


def _named(wrong: Rows, top: int, tasks: bool = False) -> list[str]:
    """Name the items in doubt, and say how many more there are."""
    lines = []
    if wrong and top:
        lines += ["", "Items in doubt, worst first", *doubtful_table(wrong[:top], tasks=tasks)]
    if len(wrong) > top:
        lines.append(f"and {len(wrong) - top:,} more: --top {len(wrong)}, or -o items.csv for all.")
    return lines


def _counts(whole: Whole) -> dict[str, float]:
    return {name: whole[name]["value"] for name in ("dead", "saturated", *ORDER)}


def _reliability(whole: Whole) -> str:
    alpha, needed = whole["alpha"], _needed(whole)
    if not isfinite(alpha["value"]):
        return f"no reliability ({str(alpha['method']).removeprefix('undefined: ')})"
    bounds = interval(alpha["low"], alpha["high"], _digits(alpha))
    said = f"reliability {fixed(alpha['value'], _digits(alpha))}{' ' * bool(bounds)}{bounds}"
    return said + (f"; {_whole_number(needed)} such items give 0.90" if isfinite(needed) else "")


def _needed(whole: Whole) -> float:
    """Give the items for a reliability of .9; nothing where so few answer that it has no bounds."""
    return float(whole["items_for_90"]["value"]) if isfinite(whole["alpha"]["low"]) else nan


def _digits(alpha: dict[str, Any]) -> int:
    return max(2, decimals_for(alpha["value"], alpha["se"], alpha["low"], alpha["high"]))


def _whole_number(value: float) -> str:
    return f"{ceil(value - 1e-9):,}" if isfinite(value) else DASH


def _flags(counts: dict[str, float], fdr: float) -> list[str]:
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
    return said or ["nothing can be told of them"]


def _stability(whole: Whole) -> list[str]:
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
    return ["", "Without the items that discriminate least", *aligned(table)]
