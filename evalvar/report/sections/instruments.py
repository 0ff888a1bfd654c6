"""Benchmarks as instruments: can the benchmark tell two training recipes apart?"""

from math import isfinite, nan
from typing import Any

from evalvar.report import wording
from evalvar.report.model import Block, Cell, Column, Row, Section, Table
from evalvar.report.reading import Reading, Unit, missing, records
from evalvar.report.sections import seed_pairs
from evalvar.report.sections.folding import chief, folded

Place = tuple[str, str, str]
Cells = dict[str, dict[str, Any]]


def readings(reading: Reading) -> dict[Place, Cells]:
    """Return the rows of `seed_variance` by (model, task, metric) and quantity, in page order."""
    found: dict[Place, Cells] = {}
    for row in records(reading.table("seed_variance")):
        key = (str(row["model"]), str(row["task"]), str(row["metric"]))
        found.setdefault(key, {})[str(row["quantity"])] = row
    ordered: dict[Place, Cells] = {}
    for task in dict.fromkeys(key[1] for key in found):
        for model in dict.fromkeys(key[0] for key in found if key[1] == task):
            names = [key[2] for key in found if key[:2] == (model, task)]
            for metric in reading.metrics(task, names):
                ordered[model, task, metric] = found[model, task, metric]
    return ordered


def value(cells: Cells, quantity: str) -> float:
    """Return a quantity's value, NaN where it is not given."""
    return float(cells[quantity]["value"]) if quantity in cells else nan


def label(cells: Cells, name: str) -> float:
    """Return a count that stands as a label, NaN where it is not given."""
    found = [row[name] for row in cells.values() if name in row and not missing(row[name])]
    return float(found[0]) if found else nan


def partner(reading: Reading, found: dict[Place, Cells], place: Place) -> Cells | None:
    """Return the rows of the continuous reading beside a discrete one."""
    model, task, metric = place
    names = [key[2] for key in found if key[:2] == (model, task)]
    other = reading.partner(task, metric, names)
    return None if other is None or other == metric else found[model, task, other]


def section(reading: Reading) -> Section | None:
    """Return the section, or None where no seed spread is known."""
    found = readings(reading)
    if not any(isfinite(value(cells, "seed_sd")) for cells in found.values()):
        return None
    several = len({place[0] for place in found}) > 1
    blocks: list[Block] = [*_noise_tables(reading, found, several)]
    second = _signal_table(reading, found, several)
    if second.rows:
        blocks.append(second)
    blocks += seed_pairs.tables(reading, found)
    return Section(
        "instruments",
        "Benchmarks as instruments",
        _answer(reading, found),
        tuple(blocks),
        short="Benchmarks as instruments",
    )


def _answer(reading: Reading, found: dict[Place, Cells]) -> str:
    ratios = {place: value(cells, "noise_ratio") for place, cells in found.items()}
    ratios = {place: ratio for place, ratio in ratios.items() if isfinite(ratio)}
    # As in what can be said: a score of 0 and 1 is what the usual error bar is drawn of.
    discrete = {p: ratio for p, ratio in ratios.items() if reading.discrete(p[1], p[2])}
    ratios = discrete or ratios
    if not ratios:
        return "Seed noise is measured; the noise of the items is not known."
    above = sum(ratio > 1 for ratio in ratios.values())
    sure = sum(bool(found[place]["noise_ratio"]["low"] > 1) for place in ratios)
    top = max(ratios, key=lambda place: ratios[place])
    several = len({place[0] for place in found}) > 1
    where = wording.place(top[1], top[2], top[0] if several else "")
    largest = f"the largest ratio is {wording.ratio(ratios[top])}, on {where}"
    many = wording.count(len(ratios), "discrete reading" if discrete else "reading")
    which = f"all {many}" if 1 < above == len(ratios) else f"{above} of {many}"
    if not above:
        return f"Run-to-run spread is estimated above item noise in none of {many}: {largest}."
    return (
        f"Run-to-run spread is estimated above item noise in {which}, with the whole interval of "
        f"the ratio above 1 in {sure or 'none'} of them; {largest}."
    )


def _name(place: Place, several: bool) -> str:
    return f"{place[0]}, {place[2]}" if several else place[2]


def _counts(found: dict[Place, Cells]) -> str:
    seeds = sorted({label(c, "seeds") for c in found.values() if isfinite(label(c, "seeds"))})
    steps = sorted({label(c, "checkpoints") for c in found.values()} - {nan})
    steps = [n for n in steps if isfinite(n)]
    texts = []
    for numbers, noun in ((seeds, "seed"), (steps, "checkpoint")):
        if numbers:
            low, high = numbers[0], numbers[-1]
            lone = wording.count(high, noun)
            texts.append(lone if low == high else f"{wording.count(low)}\u2013{lone}")
    return " and ".join(texts)


def _noise_tables(reading: Reading, found: dict[Place, Cells], several: bool) -> tuple[Table, ...]:
    first = chief(reading, (place[1:] for place in found))
    whole = any(isfinite(value(cells, "combined_half_width")) for cells in found.values())
    rows = []
    for place, cells in found.items():
        _, task, metric = place
        unit = reading.unit(task, metric)
        discrete = reading.discrete(task, metric)
        beside = partner(reading, found, place) if discrete else cells
        hint = "" if reading.higher_is_better(task, metric) else ", lower is better"
        ratio = value(cells, "noise_ratio")
        sure = isfinite(ratio) and cells["noise_ratio"]["low"] > 1
        sd, half = value(cells, "seed_sd"), value(cells, "item_half_width")
        both = value(cells, "combined_half_width")
        row = Row(
            (
                Cell(_name(place, several) + hint),
                Cell(wording.count(label(cells, "items")), label(cells, "items")),
                _chance(cells, reading.chance(task, metric) * unit.factor),
                _mean(cells, unit),
                Cell(unit.deviation(sd), sd),
                Cell(unit.deviation(half), half),
                Cell(wording.ratio(ratio), ratio, tone="warn" if sure else ""),
                *([Cell(unit.deviation(both), both)] if whole else []),
                _tau(cells if discrete else None),
                _tau(beside),
            ),
            task,
        )
        rows.append((place[1:] in first, row))
    level = max((row["level"] for c in found.values() for row in c.values()), default=0.95)
    shown = wording.percent(level)
    table = Table(
        "instrument-table",
        (
            Column("Metric", "name"),
            Column("Items", secondary=True),
            Column("Chance", secondary=True),
            Column("Final mean"),
            Column("Seed sd, mean"),
            Column(f"Item ±\u00a0{shown}"),
            Column("Ratio"),
            *([Column(f"One run ±\u00a0{shown}", secondary=True)] if whole else []),
            Column("tau, disc."),
            Column("tau, cont."),
        ),
        (),
        caption="Seed noise, item noise and monotonicity per benchmark and metric",
        footnotes=(
            f"Points for scores between 0 and 1. From {_counts(found)}; sd with ddof = 1; tau is "
            f"Kendall\u2019s tau-b (ties corrected), mean over seeds. Item ± is half the {shown} "
            "interval over items, averaged over runs. Seed sd is run-to-run spread on these items, "
            "decoding noise included; the metrics of a benchmark are readings of the same answers. "
            + (
                "One run ±: half the interval of one run\u2019s score, for new items and another "
                "seed. "
                if whole
                else ""
            )
            + "Beside chance: at, if the interval of the mean holds it, and barely above. A dash: "
            "no such reading, or not defined. "
            "Columns as in Madaan et al. (2024), Table 1.",
        ),
        counted="readings",
        note=(
            "Seed sd, mean: sd over seeds at each checkpoint, averaged over checkpoints. Ratio: "
            f"{_quantile(level)} {wording.TIMES} seed sd over item ±, like for like; above 1 the "
            "usual error bar is too short; bold where its whole interval is above 1. tau: score "
            "with checkpoint, oriented so that 1 always improves; a discrete row has its "
            "continuous reading\u2019s tau beside it."
        ),
    )
    return folded(table, rows, "reading")


def _chance(cells: Cells, chance: float) -> Cell:
    """Return the chance level, and where the score stands to it unless clearly above."""
    if not isfinite(chance):
        return Cell(wording.DASH)
    told = [row.get("against_chance") for row in cells.values()]
    stands = next((str(word) for word in told if not missing(word)), "")
    if not stands:
        at = [row.get("at_chance") for row in cells.values()]
        stands = "at" if any(not missing(word) and bool(word) for word in at) else ""
    if stands in ("", "above"):
        return Cell(f"{chance:.3g}", chance)
    return Cell(f"{chance:.3g}, {stands}", chance, tone="warn" if stands != "barely above" else "")


def _quantile(level: float) -> str:
    return "1.96" if level == 0.95 else "normal quantile"


def _mean(cells: Cells, unit: Unit) -> Cell:
    row = cells.get("final_mean")
    return unit.cell(row, tone="strong") if row else Cell(wording.DASH)


def _tau(cells: Cells | None) -> Cell:
    tau = nan if cells is None else value(cells, "monotonicity")
    return Cell(wording.fixed(tau, 2), tau)


def _bounds(cells: Cells | None) -> Cell:
    row = {} if cells is None else cells.get("snr", {})
    text = wording.ratios(*(float(row.get(name, nan)) for name in ("low", "high")))
    return Cell(text or wording.DASH, tone="quiet")


def _signal_table(reading: Reading, found: dict[Place, Cells], several: bool) -> Table:
    rows = []
    for place, cells in found.items():
        _, task, metric = place
        if not reading.discrete(task, metric) or not isfinite(value(cells, "final_seed_sd")):
            continue
        unit = reading.unit(task, metric)
        beside = partner(reading, found, place)
        sd, snr = value(cells, "final_seed_sd"), value(cells, "snr")
        other = nan if beside is None else value(beside, "snr")
        name = wording.DASH if beside is None else str(next(iter(beside.values()))["metric"])
        rows.append(
            Row(
                (
                    Cell(_name(place, several)),
                    _mean(cells, unit),
                    Cell(unit.deviation(sd), sd),
                    Cell(wording.ratio(snr), snr),
                    _bounds(cells),
                    Cell(name, tone="quiet"),
                    Cell(wording.ratio(other), other),
                    _bounds(beside),
                ),
                task,
            )
        )
    seeds = {label(c, "seeds") for c in found.values() if isfinite(label(c, "seeds"))}
    few = (
        " With so few seeds each ratio is itself rough: rows whose intervals overlap are not told "
        "apart."
        if seeds and min(seeds) < 10
        else ""
    )
    return Table(
        "signal-table",
        (
            Column("Metric", "name"),
            Column("Final mean"),
            Column("Seed sd, last"),
            Column("SNR, discrete"),
            Column("[low, high]", "text", secondary=True),
            Column("Continuous metric", "text", secondary=True),
            Column("SNR, continuous"),
            Column("[low, high]", "text", secondary=True),
        ),
        tuple(rows),
        caption="Signal to noise at the last checkpoint, discrete beside continuous",
        footnotes=(
            "SNR: mean over sd of the seeds (ddof = 1), both at the last checkpoint. The sd here "
            "is of the last checkpoint; the table above has the mean over checkpoints, so the two "
            "differ. A constant added to a metric raises its SNR: compare metrics of one scale. "
            f"Columns as in Madaan et al. (2024), Table 2.{few}",
        ),
    )
