"""The plan in words: what it takes, then what other designs show."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from evalvar.cli.answering import answer
from evalvar.cli.reading import (
    ANSWERING,
    ESTIMATING,
    OPTIONAL_PATHS,
    READING,
    SELECTING,
    Checkpoint,
    load,
    shares,
)
from evalvar.errors import UsageError, counted

# The most items that a plan looks for, as of `stats.planning`, which is too slow to import here.
UNREACHED = 1e12

if TYPE_CHECKING:
    import pandas as pd

    from evalvar.results import Result

# With more tasks and metrics than this only the sentences are printed.
_TABLES = 3


@shares(SELECTING, ESTIMATING, READING, ANSWERING, paths=OPTIONAL_PATHS)
def plan(
    paths: list[str] | None,
    a: Annotated[
        str | None, typer.Option("-a", metavar="NAME", help="A model of the pilot.")
    ] = None,
    b: Annotated[
        str | None,
        typer.Option("-b", metavar="NAME", help="The other; without: one that is like a."),
    ] = None,
    difference: Annotated[
        float | None,
        typer.Option("--difference", "-d", metavar="D", help="What matters; 0.02 is 2 points."),
    ] = None,
    power: Annotated[
        float, typer.Option(metavar="SHARE", help="Share of studies that are to find it.")
    ] = 0.8,
    items: Annotated[int | None, typer.Option(metavar="N", help="Items of the design.")] = None,
    seeds: Annotated[
        int | None, typer.Option(metavar="N", help="Training runs of each model.")
    ] = None,
    samples: Annotated[
        int | None, typer.Option(metavar="N", help="Answers of a run to an item.")
    ] = None,
    prompts: Annotated[int | None, typer.Option(metavar="N", help="Prompts.")] = None,
    over: Annotated[
        str | None,
        typer.Option(metavar="AXES", help="What is drawn again: item; item x seed; ..."),
    ] = None,
    cost: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=N", help="Cost of an item, seed, sample, prompt (repeatable)."),
    ] = None,
    most: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=N", help="At most so many items, seeds, ... (repeatable)."),
    ] = None,
    assume: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=N",
            help="Instead of a pilot: discordance, mean, correlation, seed_sd, ... (repeatable).",
        ),
    ] = None,
    checkpoint: Checkpoint = None,
    **options: Any,
) -> None:
    """How much data does a difference take?"""
    json, output = options.pop("json"), options.pop("output")
    costs = _numbers(cost, "--cost", "item=1")
    bounds = _numbers(most, "--most", "items=500")
    assumed = _numbers(assume, "--assume", "discordance=0.2")
    evidence = load(paths, options) if paths else None
    if evidence is None:
        for parameter in (*READING, *(p for p in SELECTING if p.name == "prompt")):
            if options.pop(parameter.name) != parameter.default:
                name = parameter.name.rstrip("_")
                raise UsageError(f"--{name} is of results, and no PATHS are given.")
    from evalvar.analyses import planning

    result = planning.plan(
        evidence, a=a, b=b, difference=difference, power=power, items=items, seeds=seeds,
        samples=samples, prompts=prompts, checkpoint=checkpoint,
        over=over, costs=costs, most=bounds, assume=assumed, **options,
    )  # fmt: skip
    answer(result, json, output, plan_text)


def plan_text(result: "Result") -> str:
    """Return a sentence for each task and metric, and a table of what designs show."""
    groups = list(result.table.groupby(["task", "metric"], dropna=False, sort=False))
    blocks = []
    for key, rows in groups:
        named = [str(part) for part in key if isinstance(part, str)]
        said = _sentence(rows, result.settings)
        blocks.append(f"{', '.join(named)}: {said}" if named else said[0].upper() + said[1:])
        if len(groups) <= _TABLES:
            blocks.append(_table(rows, result.settings["power"]) + "\n")
    if len(groups) > _TABLES:
        blocks.append("Name one with --task and --metric to see what other designs show.")
    return "\n".join(blocks).rstrip()


def _sentence(rows: "pd.DataFrame", settings: "Any") -> str:
    base = rows[rows["role"].isin(("this data", "asked", "example"))]
    shown = base[base["quantity"] == "detectable_difference"].iloc[0]
    whose = "these data" if shown["role"] == "this data" else "this design"
    power = f"{100 * settings['power']:g}% power"
    show = f"{whose} ({shown['design']}) show"
    show = show if whose == "these data" else show + "s"
    if shown["value"] != shown["value"]:
        now = f"{whose} ({shown['design']}): {shown['method']}"
    else:
        now = f"{show} {_amount(shown['value'], shown)}{_interval(shown)}"
    if settings["difference"] is None:
        return f"with {power}, {now}."
    wanted = _amount(abs(settings["difference"]), shown)
    found = _options(rows, shown)
    cheapest = rows[(rows["role"] == "cheapest") & (rows["quantity"] == "cost")]
    bill = ""
    for row in cheapest.to_dict("records"):
        bill = (
            f" Cheapest: {row['design']}, at a cost of {row['value']:,.6g}."
            if row["value"] == row["value"]
            else f" No design within the bounds does ({row['method'].removeprefix('undefined: ')})."
        )
    if shown["role"] != "this data" and settings["items"] is None:
        now = ""  # nobody asked for so many items: it is the first of the designs named
    now = f"; {now}" if now else ""
    if found:
        return f"to show a difference of {wanted} with {power}: {found}{now}.{bill}"
    items = rows[(rows["quantity"] == "items_needed")].iloc[-1]
    least = f" with up to {counted(int(items['seeds']), 'seed')} each" if _has_seeds(rows) else ""
    if items["floor"] < abs(settings["difference"]):
        return (
            f"to show a difference of {wanted} with {power} takes more than "
            f"{UNREACHED:,.0f} items{least}{now}.{bill}"
        )
    floor = _amount(items["floor"], shown)
    return (
        f"no number of items shows a difference of {wanted} with {power}{least}: the floor is "
        f"{floor}{now}.{bill}"
    )


def _options(rows: "pd.DataFrame", base: "pd.Series") -> str:
    """Return what is enough: items at the seeds there are and at the next number that saves."""
    ways: list[str] = []
    needed = rows[(rows["quantity"] == "items_needed") & rows["value"].notna()]
    if _has_seeds(rows):
        before = float("inf")
        for row in needed[needed["seeds"] >= base["seeds"]].to_dict("records"):
            if row["value"] < 0.7 * before and len(ways) < 2:
                each = f"{counted(int(row['seeds']), 'seed')}{'' if ways else ' each'}"
                ways.append(f"{counted(int(row['value']), 'item')} at {each}")
                before = row["value"]
    else:
        ways += [counted(int(value), "item") for value in needed["value"]]
    for axis in ("seeds", "samples", "prompts"):
        more = rows[(rows["quantity"] == f"{axis}_needed") & rows["value"].notna()]
        for row in more.to_dict("records"):
            said = (needed["seeds"] <= row["value"]) & (needed["value"] <= base["items"])
            if axis == "seeds" and said.any():
                continue  # fewer items do with no more seeds
            named = base["role"] == "this data" or axis == "prompts"
            if row["value"] > base[axis] and named:
                each = " each" if axis == "seeds" else ""
                ways.append(f"{counted(int(row['value']), axis[:-1])}{each} on {row['design']}")
    return ", or ".join(ways)


def _table(rows: "pd.DataFrame", power: float) -> str:
    """Return the detectable difference by items, and by seeds or else samples."""
    grid = rows[rows["role"].isin(("this data", "asked", "example", "grid"))]
    grid = grid[grid["quantity"] == "detectable_difference"]
    base = grid[grid["role"] != "grid"].iloc[0]
    prompts = rows["unit"].str.contains("prompt").any()
    across = "seeds" if _has_seeds(rows) else "prompts" if prompts else "samples"
    for axis in {"seeds", "samples", "prompts"} - {across}:
        grid = grid[grid[axis] == base[axis]]
    wide = grid.pivot(index="items", columns=across, values="value").dropna(axis=1, how="all")
    unit = " in points" if base["percent"] else ""
    defined = grid[grid["value"].notna()]
    if not len(defined):
        why = str(base["method"]).removeprefix("undefined: ")
        return f"no design shows a difference: {why}"
    shown = base if base["value"] == base["value"] else defined.iloc[0]
    lines = [f"difference shown with power {power:g}{unit}, {shown['method'].split(' of ')[-1]}"]
    heads = [counted(int(size), across[:-1]) for size in wide.columns]
    lines.append("  ".join(["items".rjust(9), *(head.rjust(10) for head in heads)]))
    for items, values in wide.iterrows():
        cells = [
            _number(value, base).rjust(10) if value == value else "-".rjust(10) for value in values
        ]
        mark = (
            f"  <- {base['role']}" if items == base["items"] and base["role"] != "example" else ""
        )
        lines.append("  ".join([f"{items:,}".rjust(9), *cells]) + mark)
    return "\n".join(lines)


def _has_seeds(rows: "pd.DataFrame") -> bool:
    return bool(rows["unit"].str.contains("seed").any())


def _number(value: float, row: "pd.Series") -> str:
    return f"{100 * value if row['percent'] else value:#.3g}".rstrip(".")


def _amount(value: float, row: "pd.Series") -> str:
    number = f"{100 * value if row['percent'] else value:.3g}"
    return f"{number} points" if row["percent"] else number


def _interval(row: "pd.Series") -> str:
    if row["low"] != row["low"]:
        return ""
    return f" [{_number(row['low'], row)}, {_number(row['high'], row)}]"


def _numbers(options: list[str] | None, name: str, example: str) -> dict[str, float] | None:
    if not options:
        return None
    numbers = {}
    for option in options:
        key, _, value = option.partition("=")
        try:
            numbers[key] = float(value)
        except ValueError:
            raise UsageError(f"{name} {option}: expected KEY=NUMBER, such as {example}.") from None
    return numbers
