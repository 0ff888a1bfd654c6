"""Training curves and phases as text: does it rise, and which way did the runs go?"""

from math import isfinite, nan
from statistics import NormalDist
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evalvar.cli.columns import aligned
from evalvar.cli.reading import ESTIMATING, SELECTING, Rng, question
from evalvar.errors import counted
from evalvar.numbers import DASH, decimals_for, fixed, interval, listing, p_value

if TYPE_CHECKING:
    from evalvar.evidence import Evidence
    from evalvar.results import Result

# With more readings than this, one line each.
_BLOCKS = 3
_NUMBERS = ("value", "se", "low", "high", "p_value", "level")
_SHOWN = {
    "kendall_tau_corrected": "tau of pairs beyond the items' noise",
    "kendall_tau_above_chance": "tau above chance",
    "spearman": "Spearman's rank correlation",
    "isotonic_r2": "R2 of the nearest rising curve",
    "rise_share": "share of steps that rise",
    "step_noise_sd": "sd of the last checkpoints",
    "step_noise_sd_detrended": "the same without their trend",
    "snr_last": "their mean over sd",
    "smoothed_mean": "mean of the last checkpoints",
    "smoothed_seed_sd": "its sd over seeds",
    "smoothing_gain": "sd of the last score over that",
}

Row = dict[str, Any]
Rows = dict[str, Row]


def curves_text(result: "Result") -> str:
    """Return what each curve does in a sentence and a small table, or a line a reading."""
    readings: dict[tuple[str, ...], list[Row]] = {}
    for row in result.to_dict()["rows"]:
        numbers = {name: nan if row[name] is None else row[name] for name in _NUMBERS}
        place = tuple(str(row[key]) for key in ("model", "task", "metric"))
        readings.setdefault(place, []).append({**row, **numbers})
    if not readings:
        return "no rows"
    if len(readings) > _BLOCKS:
        return _lines(readings)
    return "\n\n".join(_block(place, rows) for place, rows in readings.items())


def _over_seeds(rows: list[Row]) -> Rows:
    return {r["quantity"]: r for r in rows if r["seed"] is None and r["checkpoint"] is None}


def _by_seed(rows: list[Row]) -> dict[int, Rows]:
    found: dict[int, Rows] = {}
    for row in rows:
        if row["seed"] is not None and row["checkpoint"] is None:
            found.setdefault(row["seed"], {})[row["quantity"]] = row
    return found


def _verdict(over: Rows, seeds: dict[int, Rows]) -> tuple[str, str]:
    """Return whether the curve rises, in a word or two, and what that rests on."""
    tau = over.get("kendall_tau")
    if tau is None:
        return "no trend to tell", "fewer than 3 checkpoints"
    if not isfinite(tau["value"]):
        return "no trend to tell", "tau-b is undefined"
    chance = f"±{fixed(_reach(over), 2)} of scores in any order"
    better, worse = ("rises", "falls") if tau["higher_is_better"] else ("improves", "worsens")
    word = better if tau["value"] > 0 else worse
    unsure = "cannot be told from no trend"
    if tau["n"] > 1:
        basis = f"tau {_value(tau)} over {counted(tau['n'], 'seed')}, against {chance}"
        return word if tau["low"] > 0 or tau["high"] < 0 else unsure, basis
    run = next((run for run in seeds.values() if isfinite(run["kendall_tau"]["value"])), {})
    one = run.get("kendall_tau", tau)
    basis = f"tau {_value(one)} in one run, against {chance}"
    p = run["trend_test"]["p_value"] if run else nan
    drifts = not p < 1 - tau["level"]
    if isfinite(p):
        basis += f" (p {_equals(p)} against a random walk)"
    else:
        basis += "; so few checkpoints of one run do not tell a trend from drift"
    # what the items say of this run, and what a run without trend might have done as well
    if not (one["low"] > 0 or one["high"] < 0) and (drifts or isfinite(one["low"])):
        return unsure, basis
    return f"{word}, or drifts" if drifts else word, basis


def _equals(p: float) -> str:
    text = p_value(p)
    return text if text.startswith("<") else f"= {text}"


def _reach(over: Rows) -> float:
    """Return how far tau strays at the level if nothing rises, checkpoints independent."""
    row = over.get("kendall_tau_null_sd")
    if row is None:
        return nan
    return float(NormalDist().inv_cdf((1 + row["level"]) / 2) * row["value"])


def _block(place: tuple[str, ...], rows: list[Row]) -> str:
    over, seeds = _over_seeds(rows), _by_seed(rows)
    word, basis = _verdict(over, seeds)
    steps = sorted({row["checkpoint"] for row in rows if row["checkpoint"] is not None})
    span = f"{counted(len(steps), 'checkpoint')}, {steps[0]} to {steps[-1]}"
    lines = [f"{', '.join(place)}: {word}: {basis}.", f"  {span}"]
    table = [
        [text, *_cells(over[name])]
        for name, text in _SHOWN.items()
        if name in over and isfinite(over[name]["value"])
    ]
    if table:
        title = "over seeds" if len(seeds) > 1 else "one seed"
        lines += ["", *aligned([[title, "value", "interval"], *table])]
    if len(seeds) > 1:
        each = [["seed", "tau", "interval", "p against drift", "last mean"]]
        for seed, run in seeds.items():
            each.append(
                [
                    str(seed), *_cells(run["kendall_tau"]),
                    p_value(run["trend_test"]["p_value"]),
                    _cells(run["smoothed_mean"])[0],
                ]
            )  # fmt: skip
        lines += ["", *aligned(each)]
    return "\n".join(lines)


def _lines(readings: dict[tuple[str, ...], list[Row]]) -> str:
    """Return a line a reading, and how many rise."""
    told = []
    table: list[list[str]] = []
    places = list(readings)
    vary = [i for i in range(3) if len({place[i] for place in places}) > 1] or [1]
    for place, rows in readings.items():
        over, seeds = _over_seeds(rows), _by_seed(rows)
        word, _ = _verdict(over, seeds)
        told.append(word)
        one = next(iter(seeds.values()), {}) if len(seeds) == 1 else over
        value, bounds = _cells((one or over).get("kendall_tau"))
        chance = _reach(over)
        table.append(
            [
                *(place[i] for i in vary), word, value, bounds,
                f"±{fixed(chance, 2)}" if isfinite(chance) else DASH,
                *(_cells(over.get(name))[0] for name in
                  ("rise_share", "step_noise_sd_detrended", "smoothed_mean")),
            ]
        )  # fmt: skip
    names = [("model", "task", "metric")[i] for i in vary]
    head = [*names, "trend", "tau", "interval", "any order", "rises in", "last noise", "last mean"]
    counts = [f"{told.count(word)} {_plural(word, told.count(word))}"
              for word in dict.fromkeys(sorted(told, key=told.index))]  # fmt: skip
    shared = [places[0][i] for i in range(3) if i not in vary]
    heading = f"{', '.join(shared)}: " if shared else ""
    return "\n".join(
        [
            f"{heading}of {counted(len(readings), 'reading')}, {listing(counts)}.",
            "",
            *aligned([head, *table], left=range(len(vary) + 1)),
            "",
            "Name one with --task and --metric to see more of it.",
        ]
    )


def _plural(word: str, count: int) -> str:
    if count == 1:
        return f"has {word}" if word.startswith("no ") else word
    verb, comma, _ = word.partition(",")
    if comma:
        return f"{verb[:-1]}, or drift"
    if " " not in word:
        return word[:-1]
    return f"have {word}" if word.startswith("no ") else word


def _value(row: Row) -> str:
    value, bounds = _cells(row)
    return f"{value} {bounds}".strip()


def _cells(row: Row | None) -> tuple[str, str]:
    if row is None:
        return DASH, ""
    if not isfinite(row["low"]) and not isfinite(row["se"]):
        return fixed(row["value"], decimals_for(row["value"], nan, nan, nan)), ""
    digits = decimals_for(row["value"], row["se"], row["low"], row["high"], fine=True)
    return fixed(row["value"], digits), interval(row["low"], row["high"], digits)


def phases_text(result: "Result") -> str:
    """Return the phases of each model in a sentence, and the map of its runs."""
    models: dict[str, list[Row]] = {}
    for row in result.to_dict()["rows"]:
        models.setdefault(row["model"], []).append(row)
    return "\n\n".join(_map(model, rows) for model, rows in models.items()) or "no rows"


def _map(model: str, rows: list[Row]) -> str:
    chosen = next(row for row in rows if row["quantity"] == "n_states")
    if chosen["value"] is None:
        return f"{model}: {chosen['method']}"
    states = int(chosen["value"])
    runs = [row for row in rows if row["quantity"] == "returns"]
    usual = sum(row["path"] == chosen["path"] for row in runs)
    lines = [
        f"{model}: {counted(states, 'phase')} in {counted(len(runs), 'run')} of "
        f"{chosen['n']:,} checkpoints in all ({chosen['method']}).",
    ]
    if len(runs) > 1:
        way = "go" if usual > 1 else "goes"
        lines.append(
            f"{usual} of {len(runs)} {way} the usual way, {' - '.join(chosen['path'].split())}."
        )
    table = [["seed", *(f"phase {state}" for state in range(1, states + 1)), "way", "detour"]]
    for run in runs:
        at = [row for row in rows if row["quantity"] == "state" and row["seed"] == run["seed"]]
        spans = [_span([r["checkpoint"] for r in at if r["value"] == state])
                 for state in range(1, states + 1)]  # fmt: skip
        table.append([str(run["seed"]), *spans, run["path"], run["detour"]])
    if not any(row[-1] for row in table[1:]):
        table = [row[:-1] for row in table]
    moves = [
        [f"{row['from_state']} to {row['to_state']}", fixed(row["value"], 2), str(row["n"]),
         f"{row['runs']} of {len(runs)}"]
        for row in rows
        if row["quantity"] == "transition" and row["from_state"] != row["to_state"]
    ]  # fmt: skip
    lines += ["", "Checkpoints in each phase", *aligned(table)]
    if moves:
        lines += ["", *aligned([["move", "chance", "seen", "in runs"], *moves])]
    return "\n".join(lines)


def _span(steps: list[int]) -> str:
    if not steps:
        return DASH
    return str(steps[0]) if len(steps) == 1 else f"{steps[0]} to {steps[-1]} ({len(steps)})"


@question(SELECTING, ESTIMATING, text=curves_text)
def checkpoints(
    evidence: "Evidence",
    last: Annotated[
        int, typer.Option(metavar="N", help="How many last checkpoints are the noise.")
    ] = 5,
    rng: Rng = 0,
    **options: Any,
) -> "Result":
    """Does the benchmark rise while the model learns?"""
    from evalvar.analyses import training

    return training.checkpoints(evidence, last=last, rng=rng, **options)


@question(SELECTING, ESTIMATING[1:], text=phases_text)
def phases(
    evidence: "Evidence",
    scale: Annotated[
        str, typer.Option(metavar="WORD", help="Scale features within each run, or the model.")
    ] = "run",
    most_states: Annotated[int, typer.Option(metavar="N", help="Most phases that are tried.")] = 8,
    restarts: Annotated[
        int, typer.Option(metavar="N", help="Fits of each, from other starts.")
    ] = 5,
    rng: Rng = 0,
    **options: Any,
) -> "Result":
    """Which phases did training go through, the same in every run?"""
    from evalvar.analyses import phase

    return phase.phases(
        evidence,
        scale=scale,  # type: ignore[arg-type]  # checked there, with the legal ones named
        most_states=most_states,
        restarts=restarts,
        rng=rng,
        **options,
    )
