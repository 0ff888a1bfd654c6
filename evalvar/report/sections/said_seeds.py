"""What can be said of training luck: seeds against items, discrete against continuous, chance."""

from math import isfinite

from evalvar.report import wording
from evalvar.report.model import Figure, Verdict
from evalvar.report.reading import Reading, base, missing, records
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
    sure = {p: r for p, r in ratios.items() if r > 1 and not found[p]["noise_ratio"]["low"] <= 1}
    shown = sure or ratios
    top = max(shown, key=lambda place: shown[place])
    cells, unit = found[top], reading.unit(top[1], top[2])
    row = cells["noise_ratio"]
    sd = unit.of(unit.deviation(instruments.value(cells, "seed_sd")))
    half = unit.deviation(instruments.value(cells, "item_half_width"))
    text = wording.ratio(ratios[top])
    bounds = wording.interval(row["low"], row["high"], 1)
    where = wording.place(top[1], top[2])
    above = sum(ratio > 1 for ratio in ratios.values())
    total = wording.count(len(ratios), "discrete reading" if discrete else "reading")
    seeds = wording.count(instruments.label(cells, "seeds"), "seed")
    steps = wording.count(instruments.label(cells, "checkpoints"), "checkpoint")
    level = wording.percent(row["level"])
    method = (
        f"Normal quantile {wording.TIMES} seed sd over the half-width of the {level} interval over "
        f"items, both averaged over {steps}; {seeds}, ddof = 1."
    )
    graphic = Figure(
        "mini_bars",
        {"rows": ((ratios[top], text, "seeds", "seed"), (1.0, "1", "items", "blue"))},
        alt=f"Seed noise is {text} times item noise",
    )
    if sure:
        said = claim(
            f"On {where} training luck moves the score an estimated {text} times as much as the "
            "choice of items does",
            quiet(f" {bounds}" if bounds else ""),
            f": the seed sd is {sd}, the item interval ±\u00a0{half}. The ratio is above 1 in "
            f"{above} of {total}.",
        )
        return [Verdict("Seed-limited", "warn", said, method, "instruments", graphic)]
    if above:
        said = claim(
            f"Seeds may matter more than items on {where}: their noise is an estimated {text} "
            "times that of the items",
            quiet(f" {bounds}"),
            f", too wide to settle which is larger. The seed sd is {sd}, the item interval "
            f"±\u00a0{half}; the estimate is above 1 in {above} of {total}.",
        )
        return [Verdict("Not settled", "warn", said, method, "instruments", graphic)]
    said = claim(
        "As estimated, on no benchmark do the seeds move the score more than the choice of items "
        f"does: at most {text} times, on {where}",
        quiet(f" {bounds}" if bounds else ""),
        f". The seed sd there is {sd}, the item interval ±\u00a0{half}.",
    )
    return [Verdict("Item-limited", "clear", said, method, "instruments", graphic)]


def signal(reading: Reading) -> list[Verdict]:
    """Say whether the continuous metric has more signal to noise than the discrete one."""
    found = instruments.readings(reading)
    pairs: list[tuple[instruments.Place, float, float, str, instruments.Cells]] = []
    for place, cells in found.items():
        if not reading.discrete(place[1], place[2]) or any(place[:2] == p[0][:2] for p in pairs):
            continue
        beside = instruments.partner(reading, found, place)
        if beside is None:
            continue
        snr, other = instruments.value(cells, "snr"), instruments.value(beside, "snr")
        if isfinite(snr) and isfinite(other) and snr > 0:
            pairs.append((place, snr, other, str(next(iter(beside.values()))["metric"]), cells))
    if not pairs:
        return []
    up = [pair for pair in pairs if pair[2] > pair[1]]
    shown = max(up, key=lambda pair: pair[2] / pair[1]) if up else pairs[0]
    place, snr, other, name, cells = shown
    seeds = wording.count(instruments.label(cells, "seeds"), "seed")
    numbers = (
        f" Signal to noise on {place[1]} is {wording.ratio(other)} for {name} and "
        f"{wording.ratio(snr)} for {place[2]}."
    )
    method = (
        f"Mean over sd of {seeds} at the last checkpoint. A ratio of two such numbers is rough "
        "with few seeds; no ordering is claimed beyond these runs."
    )
    graphic = Figure(
        "mini_bars",
        {
            "rows": (
                (snr, wording.ratio(snr), base(place[2]), "faint"),
                (other, wording.ratio(other), base(name), "faint"),
            )
        },
        alt=numbers.strip(),
    )
    if up:
        where = place[1] if len(pairs) == 1 else f"{len(up)} of {len(pairs)} benchmarks"
        strong = f"The continuous metric has more signal to noise on {where}."
        return [Verdict("Calmer", "clear", claim(strong, numbers), method, "instruments", graphic)]
    where = place[1] if len(pairs) == 1 else f"any of {len(pairs)} benchmarks"
    strong = f"Scoring by the continuous metric does not calm the seeds on {where}."
    return [Verdict("No gain", "tie", claim(strong, numbers), method, "instruments", graphic)]


def at_chance(reading: Reading) -> list[Verdict]:
    """Name the benchmarks whose score cannot be told from guessing."""
    places = list(
        dict.fromkeys(
            wording.place(str(row["task"]), str(row["metric"]))
            for row in records(reading.table("seed_variance"))
            if not missing(row["at_chance"]) and bool(row["at_chance"])
        )
    )
    if not places:
        return []
    rest = " Its" if len(places) == 1 else " Their"
    said = claim(
        f"{wording.listing(places)} cannot be told from guessing.",
        f"{rest} seed noise at chance says little about the noise above it.",
    )
    method = (
        "The chance level lies within the interval of the mean over seeds at the last checkpoint."
    )
    return [Verdict("At chance", "warn", said, method, "instruments")]
