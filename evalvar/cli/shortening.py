"""A shorter benchmark in words: what it costs, and whether any choice beats drawing lots."""

from dataclasses import replace
from math import isfinite, nan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evalvar.cli.answering import TABLES, answer, check_suffixes, remark
from evalvar.cli.columns import aligned
from evalvar.cli.reading import ANSWERING, ESTIMATING, READING, SELECTING, Rng, load, shares
from evalvar.errors import UsageError
from evalvar.numbers import DASH, decimals_for, fixed, interval, listing, percent

if TYPE_CHECKING:
    from evalvar.evidence import Evidence
    from evalvar.results import Result

# With more benchmarks than this only the sentences are printed.
_TABLES = 2
_TALKED_ABOUT = 100  # items; the nearest size is what the sentence is about
_MEANS = ("weighted", "mean")
_NUMBERS = ("value", "se", "low", "high", "random", "random_low", "random_high")
_WAYS = {
    "stratified": "strata",
    "neyman": "strata by spread",
    "anchor": "anchor points",
    "anchor_irt": "anchor points by response curves",
    "information": "the most informative items",
    "diverse": "the most diverse items",
}

Block = list[dict[str, Any]]


@shares(SELECTING, ESTIMATING, READING, ANSWERING)
def subset(
    paths: list[str],
    size: Annotated[
        list[str] | None,
        typer.Option("--size", "-n", metavar="N", help="How many items: 50,100 (repeatable)."),
    ] = None,
    selection: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="random, stratified, neyman, anchor, anchor_irt, information, diverse "
            "(repeatable).",
        ),
    ] = None,
    estimator: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="mean, weighted, p_irt, gp_irt, control_variate (repeatable)."
        ),
    ] = None,
    together: Annotated[
        str | None,
        typer.Option(
            metavar="WHICH", help="Take all tasks as one benchmark; alike count: items, or equal."
        ),
    ] = None,
    repeats: Annotated[int, typer.Option(metavar="N", help="How often models are split anew.")] = 2,
    draws: Annotated[int, typer.Option(metavar="N", help="How many random subsets.")] = 500,
    chosen: Annotated[
        Path | None,
        typer.Option(
            "--list",
            metavar="FILE",
            help="Write the items of the best choice and the weights that give the score: .csv, "
            ".tsv or .parquet.",
        ),
    ] = None,
    rng: Rng = 0,
    **options: Any,
) -> None:
    """What does a shorter benchmark cost?"""
    json, output = options.pop("json"), options.pop("output")
    sizes = _sizes(size)
    if chosen is not None:
        check_suffixes([chosen], TABLES)
    evidence = load(paths, options)
    from evalvar.analyses import shorter

    result = shorter.subset(
        evidence, sizes=sizes, selections=selection or None, estimators=estimator or None,
        together=together,  # type: ignore[arg-type]  # checked there, with the legal ones named
        repeats=repeats, draws=draws, rng=rng, **options,
    )  # fmt: skip
    if chosen is not None:
        _write_items(evidence, result, chosen)
    answer(result, json, output, subset_text)


def subset_text(result: "Result") -> str:
    """Return a sentence for each benchmark, and a table of what each choice costs."""
    blocks: dict[tuple[Any, ...], Block] = {}
    for row in result.to_dict()["rows"]:
        numbers = {name: nan if row[name] is None else row[name] for name in _NUMBERS}
        key = tuple(row[name] for name in ("model", "task", "metric"))
        blocks.setdefault(key, []).append({**row, **numbers})
    lines = []
    for block in blocks.values():
        lines.append(_sentence(block, result.settings["level"]))
        if len(blocks) <= _TABLES:
            lines += ["", *_table(block), ""]
    if len(blocks) > _TABLES:
        lines.append("")
        lines.append("Name one with --task to see every choice, or take all as one: --together.")
    return "\n".join(lines).rstrip()


def best_choice(block: Block, size: int) -> dict[str, Any] | None:
    """Pick the selection of least error, of those whose list of items and weights is all it takes.

    None unless it is better than random items beyond doubt.
    """
    shown = [
        row for row in block
        if row["quantity"] == "error" and row["size"] == size and row["value"] == row["value"]
        and row["estimator"] in _MEANS and row["selection"] != "information"
        and row["beyond_random"] == "better"
    ]  # fmt: skip
    return min(shown, key=lambda row: row["value"]) if shown else None


def _sentence(block: Block, level: float) -> str:
    sizes = sorted({row["size"] for row in block if row["selection"] != "full"})
    size = min(sizes, key=lambda n: abs(n - _TALKED_ABOUT))
    whole = _of(block, "full", "mean", None, "half_width")
    random = _of(block, "random", "mean", size, "half_width")
    name = ", ".join(
        part for part in (whole["model"], whole["task"] or f"{whole['tasks']} tasks",
                          whole["metric"]) if part
    )  # fmt: skip
    unit = " points" if whole["in_points"] else ""
    said = (
        f"{name}: {size:,} of {whole['items']:,} items cost \u00b1{_number(random)}{unit} instead "
        f"of \u00b1{_number(whole)} ({percent(level)} of item noise)"
    )
    choices = _differences(block, "random", size)
    estimators = [row for row in _differences(block, "mean", size) if row["selection"] == "random"]
    if not choices + estimators:
        return said + "."
    error = _of(block, "random", "mean", size, "error")
    said += f"; random items are off by {_number(error)}{unit} on average. "
    if not any(row["beyond_random"] or row["beyond_mean"] for row in choices + estimators):
        return f"{said}No choice is called better: these are checkpoints of the same runs."
    return said + ". ".join([*_choices(choices, unit), *_estimators(estimators, unit)]) + "."


def _differences(block: Block, other: str, size: int) -> Block:
    return [
        row for row in block
        if row["quantity"] == f"error_vs_{other}" and row["size"] == size and isfinite(row["value"])
    ]  # fmt: skip


def _choices(differences: Block, unit: str) -> list[str]:
    """Say which items do better than random ones, estimated alike."""
    by = {
        verdict: [row for row in differences if row["beyond_random"] == verdict]
        for verdict in ("better", "worse")
    }
    said = []
    if by["better"]:
        best = min(by["better"], key=lambda row: row["value"])
        said.append(f"Better than random items: {_way(best)} ({_difference(best, unit)})")
    elif differences:
        best = min(differences, key=lambda row: row["value"])
        said.append(
            "No choice of items is shown to do better than random ones; nearest comes "
            f"{_way(best)} ({_difference(best, unit)})"
        )
    if by["worse"]:
        said.append(f"Worse: {listing([_way(row) for row in by['worse']])}")
    return said


def _estimators(differences: Block, unit: str) -> list[str]:
    """Say what an estimator does on random items, beside their plain mean."""
    better = [row for row in differences if row["beyond_mean"] == "better"]
    if not better:
        return []
    best = min(better, key=lambda row: row["value"])
    return [
        f"On random items {best['estimator']} errs less than their plain mean "
        f"({_difference(best, unit)})"
    ]


def _way(row: dict[str, Any]) -> str:
    way, estimator = _WAYS[row["selection"]], row["estimator"]
    if estimator in _MEANS:
        return f"{way} with a plain mean" if estimator == "mean" else way
    return f"{way} with {estimator}, beside random items with it"


def _difference(row: dict[str, Any], unit: str) -> str:
    scale = 100 if unit else 1
    value, low, high = (scale * row[name] for name in ("value", "low", "high"))
    digits = decimals_for(value, nan, low, high, fine=True)
    bounds = interval(low, high, digits, sign=True)
    return f"error {fixed(value, digits, sign=True)}{' ' + bounds if bounds else ''}"


def _table(block: Block) -> list[str]:
    """Return a row for every size and choice, beside random items of the same size."""
    points = block[0]["in_points"]
    heads = {
        "bias": "bias", "error": "error", "error_vs_random": "beside random",
        "error_vs_mean": "beside mean",
        "rank_agreement": "rank tau", "seed_sd": "seed sd", "monotonicity": "monotonicity",
        "half_width": "\u00b1",
    }  # fmt: skip
    there = {row["quantity"] for row in block}
    columns = [quantity for quantity in heads if quantity in there]
    table = [["items", "chosen by", "estimator", *(heads[c] for c in columns), "choice", "in all"]]
    ways: dict[tuple[Any, ...], dict[str, dict[str, Any]]] = {}
    for row in block:
        way = (row["size"], row["selection"], row["estimator"])
        ways.setdefault(way, {})[row["quantity"]] = row
    ways = dict(sorted(ways.items(), key=lambda item: (item[0][1] == "full", item[0][0])))
    for (size, selection, estimator), found in ways.items():
        if not any(isfinite(row["value"]) for row in found.values()):
            continue  # a remark says why
        if estimator in _MEANS:  # beside random items it is beside their mean
            found.pop("error_vs_mean", None)
        cells = [_cell(found.get(name), name, points) for name in columns]
        error = found.get("error", {})
        together = None if estimator in _MEANS else error.get("beyond_mean")
        verdicts = [error.get("beyond_random") or "", together or ""]
        table.append([f"{size:,}", selection, estimator, *cells, *verdicts])
    words = (1, 2, len(table[0]) - 2, len(table[0]) - 1)
    unit = "bias, error, seed sd and \u00b1 in points; " if points else ""
    return [
        f"{unit}on {_judged(block)} that did not choose the items, mean over choices",
        "beside random, choice: error less that of random items with the same estimator; beside "
        "mean, in all: less that of random items and their plain mean",
        *aligned(table, left=words),
    ]


def _judged(block: Block) -> str:
    held_out = next((row["held_out"] for row in block if row["held_out"]), "model")
    return f"{held_out}s"


def _cell(row: dict[str, Any] | None, quantity: str, points: bool) -> str:
    if row is None:
        return ""
    if not isfinite(row["value"]):
        return DASH
    if quantity in ("rank_agreement", "monotonicity"):
        return fixed(row["value"], 2)
    scale = 100 if points else 1
    value, low, high = (scale * row[name] for name in ("value", "low", "high"))
    digits = 1 if points else decimals_for(value, nan, low, high, fine=True)
    if quantity == "seed_sd" and points:
        digits = 2
    beside = quantity.startswith("error_vs")
    signed = quantity == "bias" or beside
    bounds = interval(low, high, digits, sign=True) if beside else ""
    return f"{fixed(value, digits, sign=signed)} {bounds}".rstrip()


def _number(row: dict[str, Any]) -> str:
    if not isfinite(row["value"]):
        return DASH
    return f"{100 * row['value'] if row['in_points'] else row['value']:#.2g}".rstrip(".")


def _of(
    block: Block, selection: str, estimator: str, size: int | None, quantity: str
) -> dict[str, Any]:
    return next(
        row for row in block
        if (row["selection"], row["estimator"], row["quantity"]) == (selection, estimator, quantity)
        and size in (None, row["size"])
    )  # fmt: skip


def _write_items(evidence: "Evidence", result: "Result", target: Path) -> None:
    """Write the items of the best choice of the largest size, benchmark by benchmark."""
    import pandas as pd

    from evalvar.analyses.shorter_items import subset_items

    settings, tables = result.settings, []
    rows = [{**row, "value": nan if row["value"] is None else row["value"]}
            for row in result.to_dict()["rows"]]  # fmt: skip
    places = dict.fromkeys((row["task"], row["metric"]) for row in rows)
    for task, metric in places:
        block = [row for row in rows if (row["task"], row["metric"]) == (task, metric)]
        size = max(row["size"] for row in block if row["selection"] != "full")
        best = best_choice(block, size)
        selection = best["selection"] if best else "random"
        wanted = settings["task"] if settings["together"] else task
        found = subset_items(
            evidence, size=size, selection=selection, task=wanted, metric=metric,
            together=settings["together"], rng=settings["rng"], missing=settings["missing"],
        )  # fmt: skip
        if settings["together"] and task is not None:
            kept = found.table["benchmark"] == task
            found = replace(found, table=found.table[kept])
        items = found.table[["benchmark", "task", "metric", "item", "value", "selection"]]
        tables.append(items.rename(columns={"value": "weight"}))
        why = "" if best else ", as no other choice is shown to be better"
        remark([f"{target}: {size:,} items of {task or 'all tasks'}, chosen by {selection}{why}."])
    remark(
        ["A model's score on all items is estimated by the sum of weight x score over the rows of "
         "a benchmark and metric (empty: all tasks)."]
    )  # fmt: skip
    table = pd.concat(tables, ignore_index=True)
    if target.suffix == ".parquet":
        table.to_parquet(target, index=False)
    else:
        table.to_csv(target, index=False, sep="," if target.suffix == ".csv" else "\t")


def _sizes(options: list[str] | None) -> list[int] | None:
    if not options:
        return None
    words = [word for option in options for word in option.replace(",", " ").split()]
    if not all(word.isdigit() for word in words):
        raise UsageError(f"--size {' '.join(options)}: expected whole numbers, such as --size 100.")
    return [int(word) for word in words]
