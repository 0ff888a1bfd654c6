"""Two variants of a benchmark on the terminal: what differs, in words, and a table behind it."""

from math import isfinite, nan
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evalvar.cli.columns import aligned
from evalvar.cli.reading import ESTIMATING, SELECTING, question
from evalvar.numbers import DASH, count, decimals_for, fixed, interval, percent, places

if TYPE_CHECKING:
    from evalvar.evidence import Evidence
    from evalvar.results import Result

# With more readings than this, a line each.
_BLOCKS = 3
_NUMBERS = ("value", "se", "low", "high")
# What a side has, what both have of it, what that is, and how it reads.
_TABLE = (
    ("final_mean", "difference", "a \u2212 b", "final mean"),
    ("final_seed_sd", "final_seed_sd_ratio", "a / b", "seed sd, last checkpoint"),
    ("seed_sd", "seed_sd_ratio", "a / b", "seed sd, mean over checkpoints"),
    ("snr", "snr_ratio", "a / b", "signal to noise"),
    ("monotonicity", "monotonicity_difference", "a \u2212 b", "monotonicity (tau-b)"),
)
_IN_POINTS = ("final_mean", "difference", "final_seed_sd", "seed_sd", "mean")

Rows = dict[tuple[str | None, str], dict[str, Any]]


def framing_text(result: "Result") -> str:
    """Return what two variants differ in, a block or a line a model."""
    readings: dict[tuple[Any, ...], Rows] = {}
    correlations = []
    for row in result.to_dict()["rows"]:
        numbers = {name: nan if row[name] is None else row[name] for name in _NUMBERS}
        row = {**row, **numbers}
        if row["quantity"] == "correlation":
            correlations.append(row)
        elif row["checkpoint"] is None:
            place = (row["model"], row["task"], row["metric"])
            readings.setdefault(place, {})[row["side"], row["quantity"]] = row
    lines = [_correlated(row) for row in correlations]
    if len(readings) > _BLOCKS:
        return "\n\n".join(["\n".join(lines), _lines(readings)] if lines else [_lines(readings)])
    blocks = [_block(place, rows) for place, rows in readings.items()]
    return "\n\n".join([*blocks, *lines])


def _block(place: tuple[Any, ...], rows: Rows) -> str:
    difference = rows[None, "difference"]
    a, b = str(difference["a"]), str(difference["b"])
    basis = [count(difference["seeds"], "seed"), count(difference["checkpoints"], "checkpoint")]
    if difference["items"]:
        basis.insert(0, count(difference["items"], "item"))
    heading = f"{', '.join(filter(None, place))}: {a} (a) against {b} (b), {' x '.join(basis)}"
    said = [_leads(rows, a, b), _turns(rows), _rises(rows, a, b), _noise(rows, a, b)]
    said += [_chance(rows, side, name) for side, name in (("a", a), ("b", b))]
    table = [["", "a", "b", "a against b", ""]]
    for own, both, form, name in _TABLE:
        one = rows[None, both]
        of_both = _scaled(one) if form != "a / b" else one
        digits = _digits(of_both)
        table.append(
            [
                name, _number(rows["a", own]), _number(rows["b", own]),
                f"{fixed(of_both['value'], digits)} "
                f"{interval(of_both['low'], of_both['high'], digits)}".strip(),
                form if isfinite(one["value"]) else "",
            ]
        )  # fmt: skip
    unit = "Scores in points, intervals" if difference["in_points"] else "Intervals"
    note = f"{unit} at {percent(difference['level'])}."
    return "\n".join([heading, " ".join(filter(None, said)), "", *aligned(table), note])


def _leads(rows: Rows, a: str, b: str) -> str:
    row = rows[None, "difference"]
    if not isfinite(row["value"]):
        return f"There is no difference to give: {row['method'].removeprefix('undefined: ')}."
    found = _scaled(row)
    size, low, high = _positive(found)
    digits = _digits(found)
    if row["value"] == 0 and low != low:
        return f"{a} and {b} are level at the last checkpoint."
    more, less = (a, b) if row["value"] >= 0 else (b, a)
    ahead, behind = (more, less) if row["higher_is_better"] else (less, more)
    unit = " points" if row["in_points"] else ""
    lower = "" if row["higher_is_better"] else " (lower is better)"
    by = f"{fixed(size, digits)}{unit} {interval(low, high, digits)}".rstrip() + lower
    if isfinite(low) and low <= 0:
        return f"At the last checkpoint the two cannot be told apart: {more} scores {by} more."
    return f"{ahead} leads {behind} by {by} at the last checkpoint."


def _turns(rows: Rows) -> str:
    row = rows[None, "crossover"]
    if not isfinite(row["value"]):
        if "do not cross" in str(row["method"]):
            return "The order never turns."
        return ""
    again = f" (the curves cross {row['crossings']} times)" if row["crossings"] > 1 else ""
    at = f"checkpoint {_step(row['value'])}"
    if not isfinite(row["low"]):
        return f"The mean curves cross at {at}{again}; without an interval, that may be noise."
    if not row["turn_seen"]:
        return (
            f"The order is not seen to turn: the mean curves cross at {at}{again}, but "
            f"{_unsure(str(row['method']))}."
        )
    return f"The order turns at {at} [{_step(row['low'])}, {_step(row['high'])}]{again}."


def _unsure(method: str) -> str:
    """Say on which side of a crossing it is not clear who leads."""
    before, after = "at the first" in method, "last checkpoint" in method
    if before and after:
        return "neither is sure to lead before it, nor after it"
    if before or after:
        return f"neither is sure to lead {'before' if before else 'after'} it"
    return "the same one is sure to lead before it and after it"


def _rises(rows: Rows, a: str, b: str) -> str:
    row = rows[None, "monotonicity_difference"]
    if not isfinite(row["low"]):
        return ""
    digits = _digits(row)
    more = a if row["value"] >= 0 else b
    size, low, high = _positive(row)
    said = f"{fixed(size, digits)} {interval(low, high, digits)}"
    if low <= 0:
        return f"Neither is surely the more monotone: {more} by {said}."
    return f"{more} is more monotone by {said}."


def _noise(rows: Rows, a: str, b: str) -> str:
    row = rows[None, "seed_sd_ratio"]
    if not isfinite(row["low"]):
        return ""
    turned = row["value"] < 1
    wide, narrow = (b, a) if turned else (a, b)
    ends = (1 / row["high"], 1 / row["low"]) if turned else (row["low"], row["high"])
    ratio = 1 / row["value"] if turned else row["value"]
    said = (
        f"{fixed(ratio, 2)} times {interval(*ends, 2)} as far apart under {wide} as under {narrow}"
    )
    sure = "" if not ends[0] <= 1 <= ends[1] else ", which could be chance"
    return f"Seeds lie {said}{sure}."


def _chance(rows: Rows, side: str, name: str) -> str:
    row = rows[side, "final_mean"]
    if row["above_chance_last"] is False:
        return f"{name} is not surely above chance at the last checkpoint."
    return ""


def _correlated(row: dict[str, Any]) -> str:
    place = ", ".join(filter(None, (row["task"], row["metric"])))
    what = f"Over {row['n']} models the final means of {row['a']} and {row['b']}"
    if not isfinite(row["value"]):
        return f"{place}: {row['method']}.".lstrip(": ")
    bounds = interval(row["low"], row["high"], 2)
    said = f"{what} correlate with r = {fixed(row['value'], 2)} {bounds}".rstrip()
    return f"{place}: {said}." if place else f"{said}."


def _lines(readings: dict[tuple[Any, ...], Rows]) -> str:
    """Return a line a reading."""
    first = next(iter(readings.values()))[None, "difference"]
    names = [name for i, name in enumerate(("model", "task", "metric"))
             if len({place[i] for place in readings}) > 1]  # fmt: skip
    shown = [i for i, name in enumerate(("model", "task", "metric")) if name in names]
    table = [[*names, "a", "b", "a \u2212 b", "", "crossover", "", "seed sd a/b", "tau a \u2212 b"]]
    for place, rows in readings.items():
        difference, turn = rows[None, "difference"], rows[None, "crossover"]
        found = _scaled(difference)
        digits = _digits(found)
        seen = turn["turn_seen"]
        ends = f"[{_step(turn['low'])}, {_step(turn['high'])}]" if seen else ""
        table.append(
            [
                *(str(place[i]) for i in shown),
                _number(rows["a", "final_mean"]), _number(rows["b", "final_mean"]),
                fixed(found["value"], digits), interval(found["low"], found["high"], digits),
                "not seen" if seen is False else _step(turn["value"]), ends,
                fixed(rows[None, "seed_sd_ratio"]["value"], 2),
                fixed(rows[None, "monotonicity_difference"]["value"], 2),
            ]
        )  # fmt: skip
    unit = "points" if first["in_points"] else "the unit of the scores"
    heading = f"a = {first['a']}, b = {first['b']}; means and differences in {unit}"
    return "\n".join(
        [
            heading,
            *aligned(table, left=range(len(shown))),
            "",
            "Name one (--model, --task, --metric) to see more of it.",
        ]
    )


def _positive(row: dict[str, Any]) -> tuple[float, float, float]:
    """Return a difference as seen from the larger side, with its bounds."""
    if row["value"] >= 0:
        return row["value"], row["low"], row["high"]
    return -row["value"], -row["high"], -row["low"]


def _scaled(row: dict[str, Any]) -> dict[str, Any]:
    if not (row["in_points"] and row["quantity"] in _IN_POINTS):
        return row
    return {**row, **{name: 100 * row[name] for name in _NUMBERS}}


def _number(row: dict[str, Any]) -> str:
    found = _scaled(row)
    if not isfinite(found["value"]):
        return DASH
    return fixed(found["value"], _digits(found))


def _digits(row: dict[str, Any]) -> int:
    return decimals_for(row["value"], row["se"], row["low"], row["high"], fine=True)


def _step(value: float) -> str:
    if not isfinite(value):
        return DASH
    return fixed(value, places(abs(value) / 100 or 1.0, default=0))


@question(SELECTING, ESTIMATING, text=framing_text)
def framing(
    evidence: "Evidence",
    a: Annotated[str | None, typer.Option("-a", metavar="NAME", help="One variant.")] = None,
    b: Annotated[str | None, typer.Option("-b", metavar="NAME", help="The other.")] = None,
    between: Annotated[
        str, typer.Option(metavar="AXIS", help="What they are: task, prompt or metric.")
    ] = "task",
    rule: Annotated[
        str, typer.Option(metavar="WORD", help="Which crossing counts: last, first or split.")
    ] = "last",
    **options: Any,
) -> "Result":
    """What does asking the same questions in another way change?"""
    from evalvar.analyses import framings

    return framings.framing(
        evidence,
        a,
        b,
        between=between,  # type: ignore[arg-type]  # checked there, with the legal ones named
        rule=rule,  # type: ignore[arg-type]  # checked there
        **options,
    )
