"""pass@k and eff@k tag by tag as text: a sentence a model, a table a quantity, a line a tag."""

from math import isfinite, nan
from typing import TYPE_CHECKING, Any

from evalvar.cli.columns import aligned
from evalvar.numbers import DASH, decimals_for, fixed, interval, listing, percent

if TYPE_CHECKING:
    from evalvar.results import Result

Rows = list[dict[str, Any]]
_ALONE = "each by itself: not adjusted for the number of tags and pairs."
# Of more models, the best is spoken of; of more tags, its best and its worst.
_MODELS, _TAGS = 3, 4


def tags_text(result: "Result") -> str:
    """Return a sentence a model, and a table a task and quantity with models below every tag."""
    places: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in result.to_dict()["rows"]:
        numbers = {name: nan if row[name] is None else row[name]
                   for name in ("value", "se", "low", "high")}  # fmt: skip
        places.setdefault((row["task"], row["quantity"]), []).append({**row, **numbers})
    level = percent(float(result.settings["level"]))
    tasks: dict[str, list[Rows]] = {}
    for (task, _), rows in places.items():
        tasks.setdefault(task, []).append(rows)
    said = [line for task, tables in tasks.items() for line in _said(task, tables)]
    blocks = ["\n".join(said)] * bool(said)
    blocks += [_block(place, rows) for place, rows in places.items()]
    return "\n\n".join([*blocks, f"Intervals at {level}, over the problems of the tag, {_ALONE}"])


def _said(task: str, tables: list[Rows]) -> list[str]:
    """Say how the models fare on the kinds of problems in eff@k, or else in what there is."""
    rows = min(tables, key=lambda rows: not rows[0]["quantity"].startswith("eff@"))
    models: dict[str, Rows] = {}
    for row in rows:
        if row["against"] is None and isfinite(row["value"]):
            models.setdefault(str(row["model"]), []).append(row)
    lines = {}
    for model, mine in models.items():
        # over all seeds where there is such a row
        mine = [row for row in mine if row["seed"] is None] or mine
        if len({row["seed"] for row in mine}) > 1:
            continue
        ordered = sorted(mine, key=lambda row: -row["value"])
        shown = ordered if len(ordered) <= _TAGS else [ordered[0], ordered[-1]]
        told = [f"{_value(row)} on {row['tag']}" for row in shown]
        of = "" if shown is ordered else f", best and worst of {len(ordered):,} tags"
        lines[model] = f"{task}: {model} has {rows[0]['quantity']} {listing(told, most=_TAGS)}{of}."
    if len(lines) <= _MODELS:
        return list(lines.values())
    return [lines[max(lines, key=lambda model: _whole(models[model]))]]


def _whole(rows: Rows) -> float:
    """Return the mean over all problems, to which the tags add up."""
    items = sum(row["items"] for row in rows)
    return float(sum(row["value"] * row["items"] for row in rows) / items)


def _value(row: dict[str, Any]) -> str:
    digits = decimals_for(row["value"], row["se"], row["low"], row["high"], fine=True)
    return f"{fixed(row['value'], digits)} {interval(row['low'], row['high'], digits)}".rstrip()


def _block(place: tuple[Any, ...], rows: Rows) -> str:
    table, tags = [["", "value", "interval", "problems"]], [""]
    for row in rows:
        paired = row["against"] is not None
        if paired and not row["items"]:
            continue
        seed = "" if row["seed"] in (None, 0) else f", seed {row['seed']}"
        name = f"{row['model']} \u2212 {row['against']}" if paired else f"{row['model']}{seed}"
        digits = decimals_for(row["value"], row["se"], row["low"], row["high"], fine=True)
        value = fixed(row["value"], digits, sign=paired) if isfinite(row["value"]) else DASH
        bounds = interval(row["low"], row["high"], digits, sign=paired) or DASH
        table.append([f"  {name}", value, bounds, f"{row['items']:,}"])
        tags.append(str(row["tag"]))
    lines = [f"{place[0]}, {place[1]}"]
    for line, tag, before in zip(aligned(table), tags, ["", *tags], strict=False):
        lines += [tag] * (tag != before) + [line]
    return "\n".join(lines)
