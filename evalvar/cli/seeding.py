"""Seed noise as text: the variance paper's two tables, and what the seeds are to each other."""

from math import isfinite, nan
from typing import TYPE_CHECKING, Any

from evalvar.cli.columns import aligned
from evalvar.errors import counted
from evalvar.numbers import DASH, decimals_for, fixed, interval, listing, percent

if TYPE_CHECKING:
    from evalvar.results import Result

# Lines of a table before the rest is left to --task and --json, those with most seed noise first.
_LINES = 30
_NUMBERS = ("value", "se", "low", "high", "n", "p_value", "level", "chance")

# A reading: what was estimated of one model, task and metric, by quantity.
Reading = dict[str, dict[str, Any]]
# A line: a reading, and that of the continuous metric which goes with it, if there is one.
Line = tuple[Reading, Reading]


def seeds_text(result: "Result") -> str:
    """Return in words what seeds do, and three tables with a line a task."""
    readings: dict[tuple[str, ...], Reading] = {}
    for row in result.to_dict()["rows"]:
        numbers = {name: nan if row[name] is None else row[name] for name in _NUMBERS}
        key = tuple(row[name] for name in result.keys)
        readings.setdefault(key, {})[row["quantity"]] = {**row, **numbers}
    if not readings:
        return "no scores."
    lines = _paired(readings)
    shown = {
        id(reading) for reading, _ in sorted(lines, key=lambda line: -_ratio(line[0]))[:_LINES]
    }
    kept = [line for line in lines if id(line[0]) in shown]
    names = _names(lines)
    heads = [names[id(line[0])] for line in kept]
    blocks = [
        "\n".join(_sentences(lines, names)),
        _table("Final score and its noises, and how steadily the score rises", heads,
               [_noise(line) for line in kept]),
        _table("Signal to noise over seeds at the last checkpoint", heads,
               [_signal(line) for line in kept]),
        _table("What seeds are to each other at the last checkpoint", heads,
               [_between(line[0]) for line in kept]),
    ]  # fmt: skip
    if len(kept) < len(lines):
        ranked = any(_ratio(reading) >= 0 for reading, _ in lines)
        which = "those whose seeds scatter most against items" if ranked else "the first"
        blocks.append(
            f"{len(kept)} of {len(lines)} lines, {which}; --task names others, --json has all."
        )
    return "\n\n".join([*(block for block in blocks if block), _footer(lines[0][0])])


def _paired(readings: dict[tuple[str, ...], Reading]) -> list[Line]:
    """Put each continuous metric on the line of the discrete one that it softens."""
    from evalvar.report.metrics import PARTNERS, base

    named = {(model, task, base(metric)): key for key in readings for model, task, metric in [key]}
    beside = {}
    for model, task, metric in readings:
        partner = named.get((model, task, PARTNERS.get(base(metric), "")))
        if partner is not None:
            beside[(model, task, metric)] = partner
    alone = set(readings) - set(beside.values())
    return [
        (reading, readings[beside[key]] if key in beside else {})
        for key, reading in readings.items()
        if key in alone
    ]


def _names(lines: list[Line]) -> dict[int, list[str]]:
    """Name each line by those of its keys in which lines differ; a lone one by its task."""
    firsts = [line[0]["final_mean"] for line in lines]
    keys = [k for k in ("model", "task", "metric") if len({row[k] for row in firsts}) > 1]
    return {
        id(line[0]): [str(line[0]["final_mean"][key]) for key in keys or ["task"]] for line in lines
    }


def _sentences(lines: list[Line], names: dict[int, list[str]]) -> list[str]:
    first = lines[0][0]["final_mean"]
    several = {(r["final_mean"]["seeds"], r["final_mean"]["checkpoints"]) for r, _ in lines}
    runs = "different numbers of seeds and checkpoints"
    if len(several) == 1:
        seeds, steps = counted(first["seeds"], "seed"), counted(first["checkpoints"], "checkpoint")
        runs = f"{seeds} at {steps} (last: {first['last_checkpoint']})"
    models = sorted({r["final_mean"]["model"] for r, _ in lines})
    said = [f"{listing(models)}: {runs}."]
    known = [line for line in lines if isfinite(line[0]["noise_ratio"]["value"])]
    if known:
        over = [line for line in known if _ratio(line[0]) > 1]
        sure = [line for line in over if line[0]["noise_ratio"]["low"] > 1]
        most = max(known, key=lambda line: _ratio(line[0]))[0]
        where = " of ".join(names[id(most)][::-1])
        what = "line" if len({tuple(n) for n in names.values()}) < len(lines) else "reading"
        said.append(
            f"Seeds scatter more than items do on {len(over)} of {counted(len(known), what)}, "
            f"surely on {len(sure)}; most on {where}, {_with_bounds(most['noise_ratio'])} times."
        )
    tested = [line[0] for line in lines if isfinite(line[0]["seed_sd_real"]["low"])]
    untold = [reading for reading in tested if reading["seed_sd_real"]["low"] == 0]
    alike = [r for r in untold if r["seed_sd_real"]["high"] < r["seed_sd_independent"]["value"]]
    if untold:
        said.append(
            f"On {len(untold)} of {len(tested)} it cannot be told whether the seeds differ beyond "
            "what their items make them (real sd)."
        )
    if alike:
        said.append(
            f"On {len(alike)} of these they differ by less on new items: picking the best seed is "
            "overfitting."
        )
    apart = [f"{line[0]['final_mean']['outlying']} on {' of '.join(names[id(line[0])][::-1])}"
             for line in lines if line[0]["final_mean"]["outlying"]]  # fmt: skip
    if apart:
        said.append(f"Seeds that stand apart from the others: {listing(apart)}.")
    return said


def _ratio(reading: Reading) -> float:
    """Give the ratio of the noises to sort by; last what has none."""
    value = float(reading["noise_ratio"]["value"])
    return value if isfinite(value) else -1.0


def _noise(line: Line) -> dict[str, str]:
    reading, beside = line
    final = reading["final_mean"]
    against = {"at": " (not told from chance)", "barely above": " (barely above chance)",
               "below": " (below chance)"}.get(final["against_chance"] or "", "")  # fmt: skip
    soft = beside.get("monotonicity")
    return {
        "items": f"{final['items']:,}" if final["items"] else DASH,
        "final mean": _with_bounds(final) + against,
        "final sd": _alone(reading["final_seed_sd"]),
        "seed sd": _alone(reading["seed_sd"]),
        "items ±": _alone(reading["item_half_width"]),
        "both ±": _alone(reading["combined_half_width"]),
        "ratio": _with_bounds(reading["noise_ratio"]),
        "monotone": _with_bounds(reading["monotonicity"], 2),
        "continuous": _with_bounds(soft, 2) if soft else DASH,
    }


def _signal(line: Line) -> dict[str, str]:
    reading, beside = line
    cells = {
        "sd": _alone(reading["final_seed_sd"]),
        "unbiased": _alone(reading["final_seed_sd_unbiased"]),
        "SNR": _with_bounds(reading["snr"]),
    }
    if not beside:
        return {**cells, "continuous": DASH, "mean": DASH, "sd ": DASH, "SNR ": DASH}
    return {
        **cells,
        "continuous": str(beside["final_mean"]["metric"]),
        "mean": _alone(beside["final_mean"]),
        "sd ": _alone(beside["final_seed_sd"]),
        "SNR ": _with_bounds(beside["snr"]),
    }


def _between(reading: Reading) -> dict[str, str]:
    return {
        "real sd": _with_bounds(reading["seed_sd_real"]),
        "if independent": _alone(reading["seed_sd_independent"]),
        "if calibrated": _alone(reading["seed_sd_calibrated"]),
        "kappa": _with_bounds(reading["kappa"], 2),
        "churn": _with_bounds(reading["churn"]),
        "luck of the best": _with_bounds(reading["best_of_seeds_gain"]),
        "apart": reading["final_mean"]["outlying"] or DASH,
    }


def _digits(row: dict[str, Any]) -> int:
    return decimals_for(row["value"], row["se"], row["low"], row["high"], fine=True)


def _alone(row: dict[str, Any]) -> str:
    # the digits of a number whose interval is wide would drown it
    digits = max(_digits(row), decimals_for(row["value"], nan, nan, nan) - 1)
    return fixed(row["value"], min(digits, 5))


def _with_bounds(row: dict[str, Any], decimals: int | None = None) -> str:
    digits = min(_digits(row), 5) if decimals is None else decimals
    bounds = interval(row["low"], row["high"], digits)
    return f"{fixed(row['value'], digits)}{' ' * bool(bounds)}{bounds}"


def _table(title: str, heads: list[list[str]], cells: list[dict[str, str]]) -> str:
    """Align a line a task; a column that says nothing anywhere is left out."""
    columns = [name for name in cells[0] if any(cell[name] != DASH for cell in cells)]
    if not columns:
        return ""
    named = len(heads[0])
    rows = [[""] * named + columns]
    rows += [[*head, *(cell[name] for name in columns)]
             for head, cell in zip(heads, cells, strict=True)]  # fmt: skip
    return "\n".join([title, *aligned(rows, left=range(named))])


def _footer(reading: Reading) -> str:
    level = percent(reading["final_mean"]["level"])
    return "\n".join(
        [
            f"Intervals at {level} by each number's own method (--json). sd over seeds with ddof "
            "1; seed sd, items ± and both ±",
            "are averaged over checkpoints. items ±: half-width over items; both ±: that of ONE "
            "run, for new items and another seed;",
            "ratio: quantile x seed sd / items ±. monotone: Kendall's tau-b (corrected for ties) "
            "with the checkpoint, mean over seeds;",
            "continuous: of the metric that softens this one. SNR: final mean / sd, which a "
            "constant added to the score raises.",
        ]
    )
