"""Prompt sensitivity on the terminal: how far prompts lie apart, in words, and a table."""

from math import isfinite, nan
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evalvar.cli.columns import aligned
from evalvar.cli.reading import ESTIMATING, SELECTING, Checkpoint, Rng, question
from evalvar.numbers import DASH, count, decimals_for, fixed, interval, p_value, percent

if TYPE_CHECKING:
    from evalvar.evidence import Evidence
    from evalvar.results import Result

# With more readings than this, a line each.
_BLOCKS = 3
_NUMBERS = ("value", "se", "low", "high", "p_value")
_NAMES = {
    "mean_over_prompts": "mean over prompts",
    "prompt_sd": "sd over prompts",
    "prompt_sd_real": "  freed of noise",
    "prompt_range": "range",
    "q05": "5% quantile",
    "q50": "median prompt",
    "q95": "95% quantile",
    "best_prompt_bias": "luck of the best",
}

Rows = dict[str, dict[str, Any]]


def prompts_text(result: "Result") -> str:
    """Return the sensitivity to the prompt, a block or a line a reading."""
    readings: dict[tuple[Any, ...], Rows] = {}
    for row in result.to_dict()["rows"]:
        numbers = {name: nan if row[name] is None else row[name] for name in _NUMBERS}
        place = tuple(row[key] for key in result.keys)
        readings.setdefault(place, {})[row["quantity"]] = {**row, **numbers}
    of_models = {place: rows for place, rows in readings.items() if place[0] is not None}
    orders = [_order(place, rows) for place, rows in readings.items() if place[0] is None]
    if len(of_models) > _BLOCKS:
        blocks = [_lines(of_models)]
    else:
        blocks = [_block(place, rows) for place, rows in of_models.items()]
    return "\n\n".join([*blocks, *orders])


def _block(place: tuple[Any, ...], rows: Rows) -> str:
    first = rows["mean_over_prompts"]
    basis = count(first["prompts"], "prompt")
    if first["items"]:
        basis = f"{count(first['items'], 'item')} x {basis}"
    heading = f"{', '.join(place)}: {basis}"
    if first["asked"] is not None and first["asked"] < 1:
        heading += f", {percent(round(first['asked'], 3))} of the cells asked"
    if not isfinite(first["value"]):
        return f"{heading}\n{first['method']}."
    table = [["", "", "interval"]]
    for name, shown in _NAMES.items():
        row = _scaled(rows[name])
        digits = _digits(row)
        bounds = interval(row["low"], row["high"], digits)
        value = fixed(row["value"], digits) if isfinite(row["value"]) else DASH
        table.append([shown, value, bounds])
    unit = "Scores in points, intervals" if first["in_points"] else "Intervals"
    note = f"{unit} at {percent(first['level'])}. The range grows with the number of prompts."
    return "\n".join([heading, _said(rows), "", *aligned(table), note])


def _said(rows: Rows) -> str:
    spread, real, width, bias = (
        _scaled(rows[name])
        for name in ("prompt_sd", "prompt_sd_real", "prompt_range", "best_prompt_bias")
    )
    unit = " points" if spread["in_points"] else ""
    digits = _digits(spread)
    said = [
        f"Prompts move the score by {fixed(spread['value'], digits)}{unit} (sd), "
        f"{fixed(width['value'], digits)} from {width['worst_prompt']} to {width['best_prompt']}."
    ]
    if isfinite(real["value"]):
        bounds = interval(real["low"], real["high"], digits)
        if real["value"] == 0:
            said.append(f"That is no more than the noise of the items {bounds}".rstrip() + ".")
        else:
            of_prompt = f"{fixed(real['value'], digits)} {bounds}".rstrip()
            said.append(f"Freed of the noise of the items it is {of_prompt}.")
    if isfinite(bias["value"]) and bias["value"] > 0:
        by = fixed(bias["value"], _digits(bias))
        said.append(f"The best prompt's score is too good by {by}{unit}, as it was picked for it.")
    return " ".join(said)


def _order(place: tuple[Any, ...], rows: Rows) -> str:
    w, shuffled, tau = (rows[name] for name in ("kendall_w", "kendall_w_shuffled", "rank_tau"))
    where = ", ".join(filter(None, place))
    if not isfinite(w["value"]):
        return f"{where}: every prompt ties all models."
    said = (
        f"{where}: the {w['n']} prompts agree in the order of the models by W = "
        f"{fixed(w['value'], 2)} (mean tau-b {fixed(tau['value'], 2)})"
    )
    moved = _scaled(rows["prompt_x_model_sd"])
    if not isfinite(moved["p_value"]):
        return f"{said}."
    if isfinite(shuffled["value"]):
        said += f"; prompts that are alike would by {fixed(shuffled['value'], 2)}"
    sure = moved["p_value"] < 1 - moved["level"]
    what = (
        "Prompts move the models differently"
        if sure
        else ("Prompts are not seen to move the models differently")
    )
    p = p_value(moved["p_value"])
    return f"{said}. {what} (p {p if p.startswith('<') else '= ' + p})."


def _lines(readings: dict[tuple[Any, ...], Rows]) -> str:
    """Return a line a reading."""
    shown = [i for i in range(3) if len({place[i] for place in readings}) > 1]
    names = ("model", "task", "metric")
    head = ["prompts", "mean", "sd", "freed of noise", "range", "5%", "95%", "luck of the best"]
    table = [[*(names[i] for i in shown), *head]]
    quantities = ("mean_over_prompts", "prompt_sd", "prompt_sd_real", "prompt_range", "q05", "q95",
                  "best_prompt_bias")  # fmt: skip
    for place, rows in readings.items():
        table.append(
            [
                *(str(place[i]) for i in shown), str(rows["prompt_sd"]["prompts"]),
                *(_number(rows[name]) for name in quantities),
            ]
        )  # fmt: skip
    points = all(rows["prompt_sd"]["in_points"] for rows in readings.values())
    unit = "points" if points else "the unit of the scores"
    heading = f"Spread of the mean score over prompts, in {unit}"
    return "\n".join(
        [
            heading,
            *aligned(table, left=range(len(shown))),
            "",
            "Name one (--model, --task, --metric) to see more of it.",
        ]
    )


def _scaled(row: dict[str, Any]) -> dict[str, Any]:
    if not row["in_points"]:
        return row
    return {**row, **{name: 100 * row[name] for name in ("value", "se", "low", "high")}}


def _number(row: dict[str, Any]) -> str:
    found = _scaled(row)
    return fixed(found["value"], _digits(found)) if isfinite(found["value"]) else DASH


def _digits(row: dict[str, Any]) -> int:
    return decimals_for(row["value"], row["se"], row["low"], row["high"], fine=True)


@question(SELECTING, ESTIMATING, text=prompts_text)
def prompts(
    evidence: "Evidence",
    checkpoint: Checkpoint = None,
    n_resamples: Annotated[
        int, typer.Option("--n-resamples", metavar="N", help="How often prompts are shuffled.")
    ] = 999,
    rng: Rng = 0,
    **options: Any,
) -> "Result":
    """How much does a score depend on the prompt?"""
    from evalvar.analyses.prompts import prompt_sensitivity

    return prompt_sensitivity(
        evidence, checkpoint=checkpoint, n_resamples=n_resamples, rng=rng, **options
    )
