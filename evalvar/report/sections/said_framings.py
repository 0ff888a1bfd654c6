"""What can be said of how a benchmark asks, and of how early it tells recipes apart."""

from math import isfinite, nan
from typing import Any

from evalvar.report import wording
from evalvar.report.model import Figure, Verdict
from evalvar.report.reading import Reading, basis, missing
from evalvar.report.sections import contrasts, recipes
from evalvar.report.sections.claims import claim, quiet

# With fewer pairs of models their order says next to nothing of the others'.
FEWEST_PAIRS = 3


def framed(reading: Reading) -> list[Verdict]:
    """Say which of two ways to ask the same questions scores higher, of the clearest reading."""
    found = contrasts.readings(reading)
    heads: dict[tuple[str, ...], contrasts.Place] = {}
    for place, rows in found.items():
        row = rows["difference"]
        if all(isfinite(row[name]) for name in ("value", "low", "high")):
            heads.setdefault((place[0], place[1], *place[3:]), place)
    if not heads:
        return []
    place = max(heads.values(), key=lambda place: _distance(found[place]["difference"]))
    rows = found[place]
    row, unit = rows["difference"], contrasts.unit_of(rows)
    told = contrasts.Contrast(place, rows)
    bounds = quiet(f" {told.interval}".rstrip())
    same = [contrasts.Contrast(other, found[other]) for other in heads.values()]
    level = wording.percent(float(row["level"]))
    method = f"{wording.sentence(str(row['method'])).rstrip('.')}, {basis(row)}, {level} interval."
    if len(same) > 1:
        method += f" The clearest of {len(same)} readings, not adjusted for that choice."
    if not told.clear:
        strong = f"With {told.where}, {place[3]} and {place[4]} cannot be told apart:"
        said = claim(strong, f" {told.size}", bounds, f", {basis(row)}.")
        return [Verdict("1 tie", "tie", said, method, "framing")]
    rest = told.turn
    if len(same) > 1:
        agreeing = sum(one.clear and one.ahead == told.ahead for one in same)
        rest += f"; the same way and clear in {agreeing} of {len(same)} readings"
    strong = (
        f"How the questions are asked moves the score: with {told.where}, {told.ahead} leads "
        f"{told.behind} by {told.size}"
    )
    sides = zip("ab", place[3:], strict=True)
    means = [(name, rows.get(f"final_mean of {side}")) for side, name in sides]
    bars = tuple(
        (unit.bounds(mean)[0], unit.cell(mean).text, name, "faint")
        for name, mean in means
        if mean is not None and isfinite(mean["value"]) and mean["value"] >= 0
    )
    graphic = None
    if len(bars) == 2:
        words = wording.listing([f"{name} {text}" for _, text, name, _ in bars])
        graphic = Figure("mini_bars", {"rows": bars}, alt=f"Mean score: {words}")
    return [Verdict("Framing", "clear", claim(strong, bounds, f"{rest}."), method, "framing",
                    graphic)]  # fmt: skip


def _distance(row: dict[str, Any]) -> float:
    return abs(float(row["value"])) / max(float(row["high"]) - float(row["low"]), 1e-12)


def early(reading: Reading) -> list[Verdict]:
    """Say how often the order of models at half of training is that of the end."""
    found = recipes.readings(reading)
    halves: dict[tuple[str, str], dict[str, Any]] = {}
    for (task, metric), rows in found.items():
        row = recipes.at_half(rows)
        if row and recipes.told_apart(rows)[1] >= FEWEST_PAIRS and reading.discrete(task, metric):
            halves[task, metric] = row
    if not halves:
        return []
    worst, best = (choose(halves, key=lambda place: halves[place]["value"])
                   for choose in (min, max))  # fmt: skip
    row = halves[worst]
    share = row.get("share_of_training")
    when = f"at checkpoint {wording.step(float(row['checkpoint']))}"
    if not missing(share):
        when += f", {wording.percent(float(f'{float(str(share)):.2g}'))} of training"
    apart, pairs = recipes.told_apart(found[worst])
    strong = (
        f"{wording.sentence(when).rstrip('.')}, {_share(row)} of the pairs of models on "
        f"{wording.place(*worst)} stand as in the end;"
    )
    rest = f" {wording.count(apart)} of {wording.count(pairs, 'pair')} are told apart in the end."
    if best != worst:
        rest += f" The most are {_share(halves[best])}, on {wording.place(*best)}."
    method = f"{wording.sentence(str(row['method'])).rstrip('.')}; a coin gives 50%."
    if len(halves) > 1:
        method += f" The least of {len(halves)} readings, not adjusted for that choice."
    low = float(row.get("low", nan))
    status, tone = ("Early order", "clear") if low > 0.5 else ("Not settled", "tie")
    return [Verdict(status, tone, claim(strong, rest), method, "recipes")]  # type: ignore[arg-type]


def _share(row: dict[str, Any]) -> str:
    value, low, high = (100 * float(row.get(name, nan)) for name in ("value", "low", "high"))
    return f"{wording.fixed(value, 0)}% {wording.interval(low, high, 0)}".rstrip()
