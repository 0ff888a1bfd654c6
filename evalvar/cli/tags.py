"""pass@k and eff@k tag by tag as text: a table a quantity, a line a tag."""

from math import isfinite, nan
from typing import TYPE_CHECKING, Any

from evalvar.cli.columns import aligned
from evalvar.numbers import DASH, decimals_for, fixed, interval, percent

_ALONE = "each by itself: not adjusted for the number of tags and pairs."

if TYPE_CHECKING:
    from evalvar.results import Result


def tags_text(result: "Result") -> str:
    """Return a table a task and quantity: models and their differences below every tag."""
    places: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in result.to_dict()["rows"]:
        numbers = {name: nan if row[name] is None else row[name]
                   for name in ("value", "se", "low", "high")}  # fmt: skip
        places.setdefault((row["task"], row["quantity"]), []).append({**row, **numbers})
    level = percent(float(result.settings["level"]))
    blocks = [_block(place, rows) for place, rows in places.items()]
    return "\n\n".join([*blocks, f"Intervals at {level}, over the problems of the tag, {_ALONE}"])


def _block(place: tuple[Any, ...], rows: list[dict[str, Any]]) -> str:
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
