"""The noise of pass@k and eff@k as text: three intervals of each, and what their error is of."""

from math import isfinite, nan
from typing import TYPE_CHECKING, Any

from evalvar.cli.columns import fitted
from evalvar.cli.reading import ESTIMATING, SELECTING, Checkpoint, Rng, question
from evalvar.cli.tries import HARDNESS, Alpha, Hardness, Tries, numbers_of, weights_of
from evalvar.errors import NotEnoughDataError, counted
from evalvar.numbers import DASH, decimals_for, fixed, interval, listing, percent, sentence

if TYPE_CHECKING:
    from evalvar.evidence import Evidence
    from evalvar.results import Result

Group = dict[str, dict[str, Any]]
_EFFICIENCY = "efficiency"
_PARTS = ("problem", "sample", "timing", "reference")
_WORDS = {"problem": "problems", "sample": "answers to each problem", "timing": "repeats",
          "reference": "repeats of the references"}  # fmt: skip
_HEAD = ("", "value", "new problems", "new samples", "new timings")
_SHARES = ("share of squared error", "problems", "samples", "timings", "references")


def code_noise_text(result: "Result") -> str:
    """Return what would help most, the intervals of each value, and shares of its error."""
    places: dict[tuple[Any, ...], dict[tuple[Any, Any], Group]] = {}
    for row in result.to_dict()["rows"]:
        place = row["task"], row["functional"], row["metric"]
        side = row["model"], row["against"]
        numbers = {name: nan if row[name] is None else row[name] for name in ("value", "low",
                   "high", "se")}  # fmt: skip
        group = places.setdefault(place, {}).setdefault(side, {})
        group[row["quantity"]] = {**row, **numbers}
    blocks = [_block(place, sides) for place, sides in places.items()]
    level = percent(next(iter(result.table["level"]), 0.95))
    note = (
        f"{level} intervals: new problems, with new answers and timings; new samples, answers to "
        "these problems; new timings, of these programs. Shares are of the squared error for new "
        "problems, as estimated: one below 0 is 0 but for noise. A dash: not known. Differences "
        "are not adjusted for how many there are."
    )
    return "\n\n".join([*blocks, note])


def _block(place: tuple[Any, ...], sides: dict[tuple[Any, Any], Group]) -> str:
    from evalvar.report.sections.code_run_pairs import MOST_SHARE

    rows, parts = [list(_HEAD)], [list(_SHARES)]
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
            ]
        )  # fmt: skip
        if any(map(isfinite, shares)):
            known = not any(share > MOST_SHARE for share in shares)
            parts.append([name, *(_percent(share) if known else DASH for share in shares)])
    own = [(model, group) for (model, other), group in sides.items() if other is None]
    told = [group["over_item"] for _, group in own]
    problems = _counted([row["items"] for row in told], [row["items"] for row in told], "problem")
    answers = _counted([row["answers"] for row in told], [row["answers_most"] for row in told],
                       "answer")  # fmt: skip
    task, functional, metric = place
    # an eff@k of other scores than an efficiency is named by them
    named = f" of {metric}" if functional.startswith("eff@") and metric != _EFFICIENCY else ""
    title = f"{task}, {functional}{named}: {problems}, {answers} each"
    most = _most(own)
    shown = ["", *fitted(parts)] if len(parts) > 1 else []
    return "\n".join([title, *([most] if most else []), "", *fitted(rows), *shown])


def _counted(fewest: list[int], most: list[int], noun: str) -> str:
    """Count what all models have, from the fewest to the most."""
    low, high = min(fewest), max(most)
    return counted(high, noun) if low == high else f"{low:,} to {counted(high, noun)}"


def _percent(share: float) -> str:
    """Show a share as it was estimated: those of a row add up to 1 where all are known."""
    return f"{fixed(100 * share, 0)}%" if isfinite(share) else DASH


def _most(models: list[tuple[str, Group]]) -> str:
    """Say what would help each model most, as far as that is known."""
    helped: dict[str, list[str]] = {}
    for model, group in models:
        part = _largest(group)
        if part:
            helped.setdefault(_WORDS[part], []).append(model)
    told = [f"more {words} would help {listing(names)} most" for words, names in helped.items()]
    return sentence("; ".join(told)) if told else ""


def _largest(group: Group) -> str:
    """Return the largest part of the error, if those that are not known cannot be larger."""
    shares = {part: group.get(f"share_{part}", {}).get("value", nan) for part in _PARTS}
    known = {part: share for part, share in shares.items() if isfinite(share)}
    if not known:
        return ""
    part = max(known, key=lambda name: known[name])
    rest = 1 - sum(known.values()) if len(known) < len(_PARTS) else 0.0
    return part if known[part] > max(rest, 0.0) else ""


@question(SELECTING, ESTIMATING, text=code_noise_text)
def code_noise(
    evidence: "Evidence",
    k: Tries = None,
    alpha: Alpha = 2.0,
    hardness: Hardness = HARDNESS,
    checkpoint: Checkpoint = None,
    rng: Rng = 0,
    **options: Any,
) -> "Result":
    """Is the error of eff@k one of problems, samples or timings?"""
    from evalvar.analyses import code_noise as analysis

    weights = weights_of(hardness)
    tries = numbers_of(k)
    result = analysis.code_noise(
        evidence,
        k=tries,
        alpha=alpha,
        hardness=weights,
        checkpoint=checkpoint,
        rng=rng,
        **options,
    )
    if tries and not result.table["value"].notna().any():
        few = [said for said in result.warnings if "too few answers" in said]
        told = few[0][few[0].index("too few answers") :] if few else "no model has that many."
        raise NotEnoughDataError(f"-k {' '.join(k or ())}: {told} Ask for fewer tries.")
    return result
