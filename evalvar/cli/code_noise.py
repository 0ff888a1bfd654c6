"""The noise of pass@k and eff@k as text: three intervals of each, and what their error is of."""

from math import isfinite, nan
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evalvar.cli.columns import aligned
from evalvar.cli.reading import ESTIMATING, SELECTING, question
from evalvar.errors import UsageError
from evalvar.numbers import DASH, decimals_for, fixed, interval, percent

if TYPE_CHECKING:
    from evalvar.evidence import Evidence
    from evalvar.results import Result

Group = dict[str, dict[str, Any]]
_PARTS = ("problem", "sample", "timing", "reference")
_HEAD = ("", "value", "new problems", "new samples", "new timings", "problems", "samples",
         "timings", "references")  # fmt: skip


def code_noise_text(result: "Result") -> str:
    """Return a table a functional: value, the intervals, and shares of the squared error."""
    places: dict[tuple[Any, ...], dict[tuple[Any, Any], Group]] = {}
    for row in result.to_dict()["rows"]:
        place = row["task"], row["functional"]
        side = row["model"], row["against"]
        numbers = {name: nan if row[name] is None else row[name] for name in ("value", "low",
                   "high", "se")}  # fmt: skip
        group = places.setdefault(place, {}).setdefault(side, {})
        group[row["quantity"]] = {**row, **numbers}
    blocks = [_block(place, sides) for place, sides in places.items()]
    level = percent(next(iter(result.table["level"]), 0.95))
    note = (
        f"{level} intervals: for new problems, answers and timings; for these problems and new "
        "answers; for these programs timed again. Then the shares of the first one's squared error."
    )
    return "\n\n".join([*blocks, note])


def _block(place: tuple[Any, ...], sides: dict[tuple[Any, Any], Group]) -> str:
    rows = [list(_HEAD)]
    for (model, other), group in sides.items():
        first = group["over_item"]
        name = model if other is None else f"{model} \u2212 {other}"
        finest = group["over_sample"] if isfinite(group["over_sample"]["low"]) else first
        digits = decimals_for(finest["value"], finest["se"], finest["low"], finest["high"],
                              fine=True)  # fmt: skip
        signed = other is not None
        shares = [group.get(f"share_{part}", {}).get("value", nan) for part in _PARTS]
        rows.append(
            [
                name,
                fixed(first["value"], digits, sign=signed),
                *(
                    interval(group[f"over_{axis}"]["low"], group[f"over_{axis}"]["high"], digits,
                             sign=signed) or DASH
                    for axis in ("item", "sample", "timing")
                ),
                *(_percent(share) for share in shares),
            ]
        )  # fmt: skip
    first = next(iter(sides.values()))["over_item"]
    answers = first["answers"]
    if first["answers_most"] > answers:
        answers = f"{answers} to {first['answers_most']}"
    title = f"{place[0]}, {place[1]}: {first['items']:,} problems, {answers} answers each"
    lines = [title, *aligned(rows)]
    most = _most(next(iter(sides.values())))
    return "\n".join([*lines, *([most] if most else [])])


def _percent(share: float) -> str:
    """Show a share; an estimate below 0 or above 1 as what it says of the truth."""
    return percent(round(min(max(share, 0.0), 1.0), 2)) if isfinite(share) else DASH


def _most(group: Group) -> str:
    """Say what would help the first model most."""
    words = {"problem": "problems", "sample": "answers to each problem", "timing": "repeats",
             "reference": "repeats of the references"}  # fmt: skip
    shares = {part: group.get(f"share_{part}", {}).get("value", nan) for part in _PARTS}
    known = {part: share for part, share in shares.items() if isfinite(share)}
    if len(known) < 2 or not max(known.values()) > 0:
        return ""
    part = max(known, key=lambda name: known[name])
    return f"More {words[part]} would help {group['over_item']['model']} most."


@question(SELECTING, ESTIMATING, text=code_noise_text)
def code_noise(
    evidence: "Evidence",
    k: Annotated[
        list[str] | None, typer.Option("-k", help="Numbers of tries: 1,5,10 (repeatable).")
    ] = None,
    alpha: Annotated[float, typer.Option(help="Limit of a problem, in reference times.")] = 2.0,
    hardness: Annotated[
        str, typer.Option(metavar="WEIGHTS", help="Weight of each level above 0.")
    ] = "3,3,4",
    checkpoint: Annotated[
        list[int] | None, typer.Option(help="Keep this checkpoint; default: the last.")
    ] = None,
    **options: Any,
) -> "Result":
    """Is the error of pass@k and eff@k one of problems, samples or timings?"""
    from evalvar.analyses import code_noise as analysis

    try:
        weights = tuple(float(word) for word in hardness.replace(",", " ").split())
    except ValueError:
        raise UsageError(f"--hardness {hardness}: expected numbers, such as 3,3,4.") from None
    tries = [word for option in k or () for word in option.replace(",", " ").split()]
    if not all(word.isdigit() for word in tries):
        raise UsageError(f"-k {' '.join(k or ())}: expected whole numbers, such as -k 1,5,10.")
    return analysis.code_noise(
        evidence,
        k=[int(word) for word in tries] or None,
        alpha=alpha,
        hardness=weights,
        checkpoint=checkpoint,
        **options,
    )
