"""Seeds and checkpoints: how far apart are two runs, and does the benchmark rise?"""

from math import isfinite, nan
from typing import Any

import pandas as pd

from evalvar.report import wording
from evalvar.report.model import Block, Cell, Column, Figure, Row, Section, Table
from evalvar.report.reading import Reading, Unit, basis, records
from evalvar.report.sections.folding import chief, folded

MOST_TASKS = 6
Place = tuple[str, str, str]
_TREND = {
    "kendall_tau": "tau",
    "trend_test": "Beyond drift",
    "kendall_tau_null_sd": "No-trend sd of tau",
    "kendall_tau_corrected": "tau, corrected",
    "step_noise_sd_detrended": "Step noise, sd",
    "step_noise_sd": "Step noise, sd",
    "snr_last": "SNR of last steps",
    "rise_share": "Steps that rise",
    "smoothing_gain": "Smoothing gain",
}
# What stands for a column that is there already, and says more.
_INSTEAD = {
    "kendall_tau_null_sd": "trend_test",
    "step_noise_sd": "step_noise_sd_detrended",
    "rise_share": "smoothing_gain",
}
_MEANINGS = {
    "kendall_tau": "tau: Kendall\u2019s tau-b of score with checkpoint, mean over seeds; 1 always "
    "moves the better way, 0 has no trend.",
    "trend_test": "Beyond drift: seeds that rise by more than a random walk does (of one seed: p), "
    "each at the level of the page and not adjusted for their number.",
    "kendall_tau_null_sd": "No-trend sd: how far tau of scores in any order strays by chance; "
    "checkpoints of one run depend on each other, so it is a lower bound.",
    "kendall_tau_corrected": "Corrected: pairs of checkpoints that rise by more than the draw of "
    "the items explains, less those that so fall, over all pairs; 0 without trend.",
    "step_noise_sd_detrended": "Step noise: sd of the last checkpoints about a steady rise, in "
    "points for scores between 0 and 1.",
    "step_noise_sd": "Step noise in points for scores between 0 and 1.",
    "smoothing_gain": "Smoothing gain: sd over seeds of the last score over that of the mean of "
    "the last checkpoints; bold where its interval is above 1.",
}


def section(reading: Reading) -> Section | None:
    """Return the section, or None where no model has two checkpoints."""
    places = _places(reading)
    if not places:
        return None
    blocks: list[Block] = []
    drawn = figure(reading)
    if drawn is not None:
        blocks.append(drawn)
    blocks += _trend_tables(reading)
    left = len(dict.fromkeys(place[:2] for place in places)) - MOST_TASKS
    notes = (
        (f"{wording.count(left, 'further benchmark')} not drawn; the tables have all.",)
        if left > 0
        else ()
    )
    return Section(
        "seeds", "Seeds and checkpoints", _answer(reading), tuple(blocks), notes, short="Seeds"
    )


def figure(reading: Reading) -> Figure | None:
    """Return the small multiples: one row a benchmark, discrete left, continuous right."""
    places = _places(reading)
    several = len({place[0] for place in places}) > 1
    panels: list[dict[str, Any] | None] = []
    for model, task in list(dict.fromkeys(place[:2] for place in places))[:MOST_TASKS]:
        metrics = reading.metrics(task, [p[2] for p in places if p[:2] == (model, task)])
        partner = reading.partner(task, metrics[0], metrics)
        second = partner if partner != metrics[0] else None
        if not reading.discrete(task, metrics[0]):
            panels += [None, _panel(reading, model, task, metrics[0], several)]
            continue
        panels.append(_panel(reading, model, task, metrics[0], several))
        panels.append(None if second is None else _panel(reading, model, task, second, several))
    shown = [panel for panel in panels if panel is not None]
    if not shown:
        return None
    if all(panel is None for panel in panels[1::2]) or all(panel is None for panel in panels[::2]):
        panels = [*shown, *([None] if len(shown) % 2 else [])]
    several_seeds = any(len(panel["runs"]) > 1 for panel in shown)
    level = wording.percent(max(panel["level"] for panel in shown))
    bands = (
        "Thin lines: single runs, one a seed. Thick line: their mean. Dashed lines: ± 1 sd of "
        "runs, the spread of single runs. Filled band: the "
        f"{level} interval of the mean. Scales differ and need not start at 0."
        if several_seeds
        else "Line: the one run. Band: its interval, where there is one. One seed says nothing of "
        "seed noise. Scales differ and need not start at 0."
    )
    ends = "; ".join(f"{panel['title']} {panel['alt']}" for panel in shown)
    return Figure(
        "panels",
        {"panels": tuple(panels)},
        caption="Score by checkpoint; scores between 0 and 1 in percent. Discrete metrics left, "
        "continuous ones right.",
        alt=f"Score by checkpoint. At the last one: {ends}.",
        note=bands,
    )


def _places(reading: Reading) -> list[tuple[str, str, str]]:
    """Return (model, task, metric) that have at least two checkpoints."""
    means = reading.rows("checkpoints", "mean")
    keys = ["model", "task", "metric"]
    steps = means.groupby(keys, sort=False)["checkpoint"].nunique()
    return [
        (str(key[0]), str(key[1]), str(key[2]))
        for key, n in zip(steps.index, steps.to_numpy(), strict=True)
        if n > 1
    ]


def _panel(
    reading: Reading, model: str, task: str, metric: str, several: bool
) -> dict[str, Any] | None:
    means = _at(reading.rows("checkpoints", "mean"), model, task, metric)
    sds = _at(reading.rows("checkpoints", "seed_sd"), model, task, metric)
    unit = reading.unit(task, metric)
    runs = {}
    for seed, run in means[means["seed"].notna()].groupby("seed"):
        runs[seed] = tuple((float(r["checkpoint"]), unit.bounds(r)[0]) for r in records(run))
    middle = list(records(means[means["seed"].isna()]))
    if not middle and len(runs) == 1:
        middle = list(records(means))
    if not middle:
        return None
    sd = {float(r["checkpoint"]): r["value"] * unit.factor for r in records(sds)}
    curve = tuple(
        (float(r["checkpoint"]), *unit.bounds(r), sd.get(float(r["checkpoint"]), nan))
        for r in middle
    )
    last = middle[-1]
    spread = (
        f"±\u00a0{wording.deviation(curve[-1][4])} sd of runs" if isfinite(curve[-1][4]) else ""
    )
    interval = unit.interval(last)
    value = unit.cell(last).text
    hint = "discrete" if reading.discrete(task, metric) else "continuous"
    if not reading.higher_is_better(task, metric):
        hint += ", lower is better"
    return {
        "title": f"{model}, {task}" if several else task,
        "subtitle": f"{metric}, {hint}",
        "runs": tuple(runs.values()) if len(runs) > 1 else (),
        "curve": curve,
        "percent": unit.percent,
        "chance": reading.chance(task, metric) * unit.factor,
        "value": value,
        "level": float(last["level"]),
        "spread": spread,
        "interval": f"mean {interval}" if interval else "",
        "alt": f"{metric} {value} {interval} {spread}".strip(),
    }


def _at(frame: pd.DataFrame, model: str, task: str, metric: str) -> pd.DataFrame:
    mine = (frame["model"] == model) & (frame["task"] == task) & (frame["metric"] == metric)
    found = frame[mine & frame["checkpoint"].notna()]
    steps = pd.to_numeric(found["checkpoint"])
    return found.loc[steps.sort_values(kind="stable").index]


def _trend_tables(reading: Reading) -> tuple[Table, ...]:
    table = reading.rows("checkpoints", *_TREND)
    frame = table[table["seed"].isna() & table["checkpoint"].isna()]
    found: dict[tuple[str, str, str], dict[str, dict[str, Any]]] = {}
    for row in records(frame):
        key = (str(row["model"]), str(row["task"]), str(row["metric"]))
        found.setdefault(key, {})[str(row["quantity"])] = row
    for key, rises in _tested(table).items():
        if key in found:
            found[key]["trend_test"] = rises
    several = len({key[0] for key in found}) > 1
    known = {name for cells in found.values() for name in cells}
    shown = [name for name in _TREND if name in known and _INSTEAD.get(name) not in known]
    if "kendall_tau" not in known:
        return ()
    first = chief(reading, (key[1:] for key in found))
    rows = []
    for task in dict.fromkeys(key[1] for key in found):
        mine = [key for key in found if key[1] == task]
        for metric in reading.metrics(task, [key[2] for key in mine]):
            hint = "" if reading.higher_is_better(task, metric) else ", lower is better"
            for key in [key for key in mine if key[2] == metric]:
                name = f"{key[0]}, {metric}" if several else metric
                unit = reading.unit(task, metric)
                cells = [_trend_cell(q, found[key].get(q), unit) for q in shown]
                tau = found[key].get("kendall_tau")
                bounds = wording.interval(tau["low"], tau["high"], 2) if tau else ""
                cells.insert(1, Cell(bounds or wording.DASH, tone="quiet"))
                rows.append((key[1:] in first, Row((Cell(name + hint), *cells), task)))
    columns = [Column("Metric", "name"), *(Column(_TREND[name]) for name in shown)]
    columns.insert(2, Column("[low, high]", "text", secondary=True))
    told = [_MEANINGS[name] for name in shown if name in _MEANINGS]
    shape = Table(
        "trend-table",
        tuple(columns),
        (),
        caption="Trend of each benchmark over checkpoints, over seeds",
        footnotes=(" ".join(told),),
        counted="readings",
    )
    return folded(shape, rows, "reading")


def _tested(table: pd.DataFrame) -> dict[Place, dict[str, Any]]:
    """Count the seeds of each reading that rise by more than drift; of one seed give p."""
    found: dict[Place, list[dict[str, Any]]] = {}
    for row in records(table[(table["quantity"] == "trend_test") & table["p_value"].notna()]):
        key = (str(row["model"]), str(row["task"]), str(row["metric"]))
        found.setdefault(key, []).append(row)
    return {
        key: {
            "value": sum(r["value"] > 0 and r["p_value"] < 1 - r["level"] for r in rows),
            "seeds": len(rows),
            "p_value": rows[0]["p_value"],
        }
        for key, rows in found.items()
    }


def _trend_cell(quantity: str, row: dict[str, Any] | None, unit: Unit) -> Cell:
    if row is None:
        return Cell(wording.DASH)
    value = float(row["value"])
    if quantity == "trend_test":
        many = row["seeds"] > 1
        text = f"{value:.0f} of {row['seeds']}" if many else wording.p_clause("p", row["p_value"])
        return Cell(text, value if many else row["p_value"])
    if quantity in ("step_noise_sd", "step_noise_sd_detrended"):
        return Cell(unit.deviation(value), value)
    if quantity == "smoothing_gain":
        return Cell(wording.ratio(value), value, tone="strong" if row["low"] > 1 else "")
    if quantity == "snr_last":
        return Cell(wording.ratio(value), value)
    if quantity == "rise_share":
        return Cell(f"{wording.fixed(value * 100, 0)}%", value)
    return Cell(wording.fixed(value, 2), value)


def _answer(reading: Reading) -> str:
    sds = reading.rows("checkpoints", "seed_sd")
    sds = sds[sds["checkpoint"].notna()]
    last: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in records(sds):
        key = (str(row["model"]), str(row["task"]), str(row["metric"]))
        if key not in last or row["checkpoint"] >= last[key]["checkpoint"]:
            last[key] = row
    best: tuple[float, dict[str, Any]] | None = None
    looked = 0
    for model, task, metric in _places(reading):
        if not reading.discrete(task, metric):
            continue
        row = last.get((model, task, metric), {})
        if row:
            value = row["value"] * reading.unit(task, metric).factor
            if reading.unit(task, metric).percent and (best is None or value > best[0]):
                best = (value, row)
            looked += reading.unit(task, metric).percent
    if best is None:
        steps = max(reading.most("checkpoint").values())
        return f"The scores are followed over {wording.count(steps, 'checkpoint')}."
    row = best[1]
    unit = reading.unit(row["task"], row["metric"])
    runs = basis(row)
    most = f"; the largest of {looked} readings" if looked > 1 else ""
    bounds = wording.ratios(*unit.bounds(row)[1:])
    named = f"{unit.of(wording.deviation(best[0]))} {bounds}".rstrip()
    several = len({model for model, _, _ in _places(reading)}) > 1
    where = f"{row['task']}, {row['model']}," if several else str(row["task"])
    return (
        f"On {where} the sd of single runs is {named} at checkpoint "
        f"{int(row['checkpoint']):,} ({row['metric']}, {runs}{most})."
    )
