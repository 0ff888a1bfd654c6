"""What can be said of runs: seeds against items, discrete against continuous, chance."""

from dataclasses import dataclass
from math import inf, isfinite
from typing import Any

from evalvar.report import wording
from evalvar.report.metrics import PARTNERS, base
from evalvar.report.model import Figure, Verdict
from evalvar.report.reading import Reading, missing, records
from evalvar.report.sections import instruments
from evalvar.report.sections.claims import claim, quiet


def seed_noise(reading: Reading) -> list[Verdict]:
    """Say whether seeds move the score more than the choice of items does, at the worst place."""
    found = instruments.readings(reading)
    ratios = {place: instruments.value(cells, "noise_ratio") for place, cells in found.items()}
    ratios = {place: ratio for place, ratio in ratios.items() if isfinite(ratio)}
    discrete = {p: r for p, r in ratios.items() if reading.discrete(p[1], p[2])}
    ratios = discrete or ratios
    if not ratios:
        return []
    # What its interval settles comes first, then what is only estimated.
    sure = {p: r for p, r in ratios.items() if found[p]["noise_ratio"]["low"] > 1}
    shown = sure or ratios
    top = max(shown, key=lambda place: shown[place])
    cells, unit = found[top], reading.unit(top[1], top[2])
    row = cells["noise_ratio"]
    sd = unit.of(unit.deviation(instruments.value(cells, "seed_sd")))
    half = unit.deviation(instruments.value(cells, "item_half_width"))
    text = wording.ratio(ratios[top])
    # A bound beside 1 must not read as 1, since the verdict rests on which side it lies.
    close = "1.0" in [wording.fixed(row[name], 1) for name in ("low", "high")]
    bounds = wording.interval(row["low"], row["high"], 3 if close else 1)
    several = len({place[0] for place in found}) > 1
    where = wording.place(top[1], top[2], top[0] if several else "")
    above = sum(ratio > 1 for ratio in ratios.values())
    total = wording.count(len(ratios), "discrete reading" if discrete else "reading")
    seeds = wording.count(instruments.label(cells, "seeds"), "seed")
    steps = wording.count(instruments.label(cells, "checkpoints"), "checkpoint")
    level = wording.percent(row["level"])
    method = (
        f"Normal quantile {wording.TIMES} seed sd over the half-width of the {level} interval over "
        f"items, both averaged over {steps}; {seeds}, ddof = 1. The seed sd holds all that differs "
        "between runs on these items: training, decoding, and how the two meet."
    )
    if len(ratios) > 1:
        method += f" The largest of {total}, not adjusted for that choice."
    graphic = Figure(
        "mini_bars",
        {"rows": ((ratios[top], text, "seeds", "seed"), (1.0, "1", "items", "blue"))},
        alt=f"Seed noise is {text} times item noise",
    )
    if sure:
        said = claim(
            f"On {where} the run-to-run spread on these items (decoding noise included) is an "
            f"estimated {text} times the noise of the choice of items",
            quiet(f" {bounds}" if bounds else ""),
            f": the seed sd is {sd}, the item interval ±\u00a0{half}. The ratio is above 1 in "
            f"{above} of {total}.",
        )
        return [Verdict("Seed-limited", "warn", said, method, "instruments", graphic)]
    if above:
        unsettled = "too wide to settle" if bounds else "with no interval to settle"
        said = claim(
            f"The run-to-run spread on these items (decoding noise included) may exceed the noise "
            f"of the choice of items on {where}: it is an estimated {text} times that",
            quiet(f" {bounds}" if bounds else ""),
            f", {unsettled} which is larger. The seed sd is {sd}, the item interval "
            f"±\u00a0{half}; the estimate is above 1 in {above} of {total}.",
        )
        return [Verdict("Not settled", "warn", said, method, "instruments", graphic)]
    reach = sum(not found[place]["noise_ratio"]["high"] < 1 for place in ratios)
    if reach:
        said = claim(
            "Whether the run-to-run spread on these items (decoding noise included) exceeds the "
            "noise of the choice of items is not settled: the largest estimate of their ratio is "
            f"{text}, on {where}",
            quiet(f" {bounds}" if bounds else ""),
            f", where the seed sd is {sd}, the item interval ±\u00a0{half}; of {total}, {reach:,} "
            f"{'leaves' if reach == 1 else 'leave'} open a ratio above 1.",
        )
        return [Verdict("Not settled", "tie", said, method, "instruments", graphic)]
    said = claim(
        "On no benchmark does the run-to-run spread on these items (decoding noise "
        f"included) exceed the noise of the choice of items: at most {text} times, on {where}",
        quiet(f" {bounds}" if bounds else ""),
        f". The seed sd there is {sd}, the item interval ±\u00a0{half}.",
    )
    return [Verdict("Item-limited", "clear", said, method, "instruments", graphic)]


@dataclass(frozen=True)
class _Beside:
    """Signal to noise of a discrete reading and of its named continuous partner."""

    place: instruments.Place
    name: str
    discrete: dict[str, Any]
    continuous: dict[str, Any]
    several: bool

    @property
    def verdict(self) -> str:
        """Which one is higher, where their intervals lie apart."""
        if self.continuous["low"] > self.discrete["high"]:
            return "up"
        return "down" if self.continuous["high"] < self.discrete["low"] else ""

    @property
    def numbers(self) -> str:
        """Both with their intervals."""
        told = [f"{_rough(row)} for {n}" for row, n in zip(self.rows, self.names, strict=True)]
        of = f" for {self.place[0]}" if self.several else ""
        return f"on {self.place[1]}{of} it is {wording.listing(told)}"

    @property
    def rows(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The continuous row first."""
        return self.continuous, self.discrete

    @property
    def names(self) -> tuple[str, str]:
        """The metrics in the order of the rows."""
        return self.name, self.place[2]


def signal(reading: Reading) -> list[Verdict]:
    """Say whether the continuous metric has more signal to noise than its discrete partner."""
    pairs = _besides(reading)
    if not pairs:
        return []
    settled = [pair for pair in pairs if pair.verdict]
    shown = max(settled or pairs[:1], key=_apart)
    up = sum(pair.verdict == "up" for pair in pairs)
    down = len(settled) - up
    lone = len(pairs) == 1
    seeds = wording.basis(shown.discrete["n"], "seed")
    level = wording.percent(shown.discrete["level"])
    method = (
        f"Mean over sd of {seeds} at the last checkpoint, {level} intervals; a verdict only where "
        "the two do not overlap. Both are readings of the same answers."
    )
    if settled and not lone:
        method += f" The widest apart of {len(pairs)} pairs, not adjusted for that choice."
    graphic = Figure(
        "mini_bars",
        {
            "rows": tuple(
                (row["value"], wording.ratio(row["value"]), base(name), "faint")
                for row, name in zip(shown.rows[::-1], shown.names[::-1], strict=True)
            )
        },
        alt=f"Signal to noise: {shown.numbers}",
    )
    if not settled:
        where = shown.place[1] if lone else f"any of {len(pairs)} pairs of metrics"
        said = claim(
            "Whether the continuous metric has more signal to noise than the discrete one is not "
            f"settled on {where}:",
            f" {shown.numbers}; the intervals overlap.",
        )
        # Bars without their intervals would show the order that is not settled.
        return [Verdict("Not settled", "tie", said, method, "instruments")]
    open_ = f" Not settled on {len(pairs) - len(settled)}." if len(settled) < len(pairs) else ""
    rest = f" For one, {shown.numbers}.{open_}"
    if lone:
        rest = f" {wording.sentence(shown.numbers)}"
    if up:
        where = shown.place[1] if lone else f"{up} of {len(pairs)} pairs of metrics"
        less = f", and less on {down}" if down else ""
        strong = f"The continuous metric has more signal to noise on {where}{less}."
        return [Verdict("Calmer", "clear", claim(strong, rest), method, "instruments", graphic)]
    where = shown.place[1] if lone else f"{down} of {len(pairs)} pairs of metrics"
    strong = f"The continuous metric has less signal to noise on {where}."
    return [Verdict("No gain", "tie", claim(strong, rest), method, "instruments", graphic)]


def _besides(reading: Reading) -> list[_Beside]:
    found = instruments.readings(reading)
    pairs: list[_Beside] = []
    for place, cells in found.items():
        wanted = PARTNERS.get(base(place[2]))
        names = [key[2] for key in found if key[:2] == place[:2] and base(key[2]) == wanted]
        if not reading.discrete(place[1], place[2]) or len(names) != 1:
            continue
        rows = (cells.get("snr"), found[(*place[:2], names[0])].get("snr"))
        known = [r for r in rows if r and all(isfinite(r[k]) for k in ("value", "low", "high"))]
        if len(known) == 2:
            several = len({other[0] for other in found}) > 1
            pairs.append(_Beside(place, names[0], known[0], known[1], several))
    return pairs


def _apart(pair: _Beside) -> float:
    """Return the gap between the intervals, in the size of the lower one's end."""
    low, high = sorted((pair.discrete, pair.continuous), key=lambda row: float(row["value"]))
    return float(high["low"]) / float(low["high"]) if low["high"] > 0 else inf


def _rough(row: dict[str, Any]) -> str:
    return f"{wording.ratio(float(row['value']))} {wording.ratios(row['low'], row['high'])}"


def at_chance(reading: Reading) -> list[Verdict]:
    """Name the models whose score on a benchmark cannot be told from guessing."""
    models: dict[tuple[str, str], dict[str, bool]] = {}
    for row in records(reading.table("seed_variance")):
        if not missing(row["at_chance"]):
            place = (str(row["task"]), str(row["metric"]))
            models.setdefault(place, {})[str(row["model"])] = bool(row["at_chance"])
    parts, readings = [], 0
    for place, found in models.items():
        guessing = [model for model, guesses in found.items() if guesses]
        if guessing:
            among = f" ({len(guessing)} of {len(found)} models)" if len(found) > 1 else ""
            parts.append(f"{wording.listing(guessing)} on {wording.place(*place)}{among}")
            readings += len(guessing)
    if not parts:
        return []
    rest = " Its" if readings == 1 else " Their"
    said = claim(
        f"These cannot be told from guessing: {wording.listing(parts)}."
        if readings > 1
        else f"{parts[0]} cannot be told from guessing.",
        f"{rest} seed noise at chance says little about the noise above it.",
    )
    method = (
        "The chance level lies within the interval of the mean over seeds at the last checkpoint."
    )
    return [Verdict("At chance", "warn", said, method, "instruments")]
