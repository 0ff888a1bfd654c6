"""Variance components as text: what one answer varies by, and what that does to the mean."""

from math import isfinite, nan
from typing import TYPE_CHECKING, Any

from evalvar.cli.columns import aligned
from evalvar.numbers import DASH, decimals_for, fixed, interval, listing, percent

if TYPE_CHECKING:
    from evalvar.results import Result

# With more readings than this, one line each.
_BLOCKS = 3
_NUMBERS = ("value", "se", "low", "high", "share_of_mean")

Reading = list[dict[str, Any]]


def sources_text(result: "Result") -> str:
    """Return two small tables a reading, or a line a reading where there are many."""
    readings: dict[tuple[Any, ...], Reading] = {}
    for row in result.to_dict()["rows"]:
        numbers = {name: nan if row[name] is None else row[name] for name in _NUMBERS}
        key = tuple(row[key] for key in result.keys)
        readings.setdefault(key, []).append({**row, **numbers})
    if len(readings) > _BLOCKS:
        return _overview(list(readings.values()))
    return "\n\n".join(_block(reading) for reading in readings.values())


def _block(reading: Reading) -> str:
    first = reading[0]
    counts = _counts(first)
    place = ", ".join(str(first[key]) for key in ("model", "task", "metric"))
    place += f", last checkpoint {first['checkpoint']}"
    parts, shares, errors = (_by(reading, prefix) for prefix in ("var_", "share_", "se_"))
    sources = [["source", "share", "variance", "interval", "of the mean's"]]
    for name, part in parts.items():
        digits = _digits(part)
        sources.append(
            [
                name, _percent(shares[name]["value"]), fixed(part["value"], digits),
                interval(part["low"], part["high"], digits), _percent(part["share_of_mean"]),
            ]
        )  # fmt: skip
    drawn = [["drawn again", "error", "interval"]]
    for name, error in errors.items():
        digits = _digits(error)
        bounds = interval(error["low"], error["high"], digits)
        drawn.append([name, fixed(error["value"], digits), bounds])
    lines = [
        f"{place}: mean {fixed(first['score'], 4)} over {listing(counts)}",
        "",
        "Variance of one answer, and what it adds to the variance of the mean",
        *aligned(sources),
        "",
        "Standard error of the mean, by what would be drawn again",
        *aligned(drawn),
    ]
    shared = {name: part["share_of_mean"] for name, part in parts.items()}
    if len(parts) > 1 and all(isfinite(share) for share in shared.values()):
        most = max(shared, key=lambda name: shared[name])
        share = _percent(shared[most])
        lines += ["", f"{share} of the variance of the mean is {most}: {_advice(most)}."]
    return "\n".join(lines)


def _advice(name: str) -> str:
    axes = name.partition(" + ")[0].split(" x ")
    if axes == ["sample"]:
        return "more samples, or more of anything, help most"
    nouns = [f"{axis}s" for axis in axes]
    if len(nouns) == 1:
        return f"more {nouns[0]} help most"
    return f"more {' or more '.join(nouns)} help alike"


def _counts(row: dict[str, Any]) -> list[str]:
    counts = [f"{row[f'{axis}s']:,} {axis}s" for axis in ("item", "seed", "prompt")
              if row[f"{axis}s"] > 1]  # fmt: skip
    samples = row["samples"]
    answers = "one answer each" if samples == 1 else f"{samples:.3g} answers each"
    return [" x ".join(counts) + f", {answers}"]


def _overview(readings: list[Reading]) -> str:
    """Return a line a reading: the share of each source, the standard errors."""
    sources = list(dict.fromkeys(name for r in readings for name in _by(r, "share_")))
    drawn = list(dict.fromkeys(name for r in readings for name in _by(r, "se_")))
    keys = [key for key in ("model", "task", "metric") if len({r[0][key] for r in readings}) > 1]
    table = [[*keys, "mean", *sources, *(f"se {name}" for name in drawn)]]
    for reading in readings:
        shares, errors = _by(reading, "share_"), _by(reading, "se_")
        table.append(
            [
                *(str(reading[0][key]) for key in keys), fixed(reading[0]["score"], 3),
                *(_percent(shares[n]["value"]) if n in shares else "" for n in sources),
                *(fixed(errors[n]["value"], _digits(errors[n])) if n in errors else ""
                  for n in drawn),
            ]
        )  # fmt: skip
    title = "Shares of the variance of one answer, and standard errors by what is drawn again"
    lines = aligned(table, left=range(len(keys)))
    return "\n".join([title, *lines, "", "Name one (--model, --task, --metric) to see more of it."])


def _by(reading: Reading, prefix: str) -> dict[str, dict[str, Any]]:
    return {
        row["quantity"].removeprefix(prefix): row
        for row in reading
        if row["quantity"].startswith(prefix)
    }


def _percent(share: float) -> str:
    return percent(round(share, 2)) if isfinite(share) else DASH


def _digits(row: dict[str, Any]) -> int:
    return decimals_for(row["value"], row["se"], row["low"], row["high"], fine=True)
