"""What to do next: which purchase gains most, with before and after."""

from dataclasses import dataclass
from math import isfinite
from typing import Any

from evalvar.report import wording
from evalvar.report.model import Block, Figure, Phrase, Section, Text
from evalvar.report.reading import Reading, Unit, missing, records
from evalvar.report.sections import leaders, noise
from evalvar.report.sections.claims import claim

Design = tuple[int, int, int, int]
Shown = dict[Design, dict[str, Any]]
_AXES = ("items", "seeds", "samples", "prompts")
# A purchase is worth a sentence where it takes the detectable difference below this share.
_GAIN = 0.8
_LARGEST = 10


def section(reading: Reading) -> Section | None:
    """Return the section, or None where nothing follows."""
    found = plans(reading)
    steps = [*_purchases(reading, found), *_ties(reading)]
    if not steps:
        return None
    steps += [*_samples(reading), *_missing(reading)]
    blocks: list[Block] = [Text("numbered", tuple(steps))]
    drawn = figure(reading, found)
    if drawn is not None:
        blocks.append(drawn)
    return Section("next", "What to do next", _answer(reading, found), tuple(blocks))


def plans(reading: Reading) -> dict[tuple[str, str], Shown]:
    """Return what each design shows, by task and metric; accuracies first."""
    found: dict[tuple[str, str], Shown] = {}
    for row in records(reading.rows("plan", "detectable_difference")):
        if missing(row["task"]) or any(missing(row[axis]) for axis in _AXES):
            continue
        design = tuple(int(row[axis]) for axis in _AXES)
        found.setdefault((str(row["task"]), str(row["metric"])), {})[design] = row  # type: ignore[index]
    kept = {}
    for task in dict.fromkeys(task for task, _ in found):
        for metric in reading.metrics(task, [m for t, m in found if t == task]):
            kept[task, metric] = found[task, metric]
    return dict(sorted(kept.items(), key=lambda item: reading.tier(*item[0])))


def _here(shown: Shown) -> Design | None:
    for design, row in shown.items():
        if row["role"] == "this data":
            return design
    return None


def _answer(reading: Reading, found: dict[tuple[str, str], Shown]) -> str:
    for place, shown in found.items():
        here = _here(shown)
        if here is None:
            continue
        unit = reading.unit(*place)
        said = _amount(unit, shown[here])
        return (
            f"On {wording.place(*place)} {_design(here)} show a difference of {said} or more in "
            f"{wording.percent(_power(reading))} of studies; smaller ones are missed more often."
        )
    return ""


def _power(reading: Reading) -> float:
    powers = [r.settings.get("power") for r in reading.results if r.name == "plan"]
    return float(next((p for p in powers if p is not None), 0.8))


def _design(design: Design) -> str:
    parts = [wording.count(design[0], "item")]
    if design[1] > 1:
        parts.append(f"{wording.count(design[1], 'seed')} each")
    if design[2] > 1:
        parts.append(wording.count(design[2], "sample"))
    if design[3] > 1:
        parts.append(wording.count(design[3], "prompt"))
    return f" {wording.TIMES} ".join(parts)


def _amount(unit: Unit, row: dict[str, Any]) -> str:
    return unit.of(wording.deviation(float(row["value"]) * unit.factor))


def _purchases(reading: Reading, found: dict[tuple[str, str], Shown]) -> list[Phrase]:
    """Say for the first reading of every task what each axis would buy, alike ones together."""
    alike: dict[tuple[str, str], list[_Purchase]] = {}
    told: set[str] = set()
    for place, shown in found.items():
        here = _here(shown)
        if here is None or place[0] in told:
            continue
        told.add(place[0])
        bought = _options(shown, here)
        if bought:
            share, axis, design = min(bought)
            unit, size = reading.unit(*place), _more(axis, here, design)
            rest = "; ".join(
                f"{_more(other, here, larger)} to {_amount(unit, shown[larger])}"
                for _, other, larger in sorted(bought)
                if other != axis
            )
            made = _Purchase(place, share, axis, unit, shown[here], shown[design], rest)
            alike.setdefault((axis if share <= _GAIN else "", size), []).append(made)
    return [_phrase(size, made) for (_, size), made in alike.items()][:3]


@dataclass(frozen=True, slots=True)
class _Purchase:
    """The largest step along the axis that helps most, and what the other axes would do."""

    place: tuple[str, str]
    share: float
    axis: str
    unit: Unit
    before: dict[str, Any]
    after: dict[str, Any]
    others: str


def _phrase(size: str, made: list[_Purchase]) -> Phrase:
    first = made[0]
    before, after = _amount(first.unit, first.before), _amount(first.unit, first.after)
    where = wording.place(*first.place)
    if len(made) > 1:
        where = f"{wording.count(len(made), 'benchmark')}"
        least, most = min(one.share for one in made), max(one.share for one in made)
        what = (
            f"{size} leaves {wording.percent(round(least, 2))} to "
            f"{wording.percent(round(most, 2))} of the detectable difference; on "
            f"{wording.place(*first.place)} it goes from {before} to {after}"
        )
    else:
        what = f"{size} takes the detectable difference from {before} to {after}"
    if first.share > _GAIN:
        return claim(f"Do not buy more of the same on {where}:", f" even {what} only.")
    rest = f"; {first.others}" if first.others and len(made) == 1 else ""
    return claim(f"Buy {first.axis} first on {where}:", f" {what}{rest}.")


def _options(shown: Shown, here: Design) -> list[tuple[float, str, Design]]:
    """Return, for each axis alone, the largest design of the grid and what is left of the size."""
    options = []
    base = float(shown[here]["value"])
    for number, axis in enumerate(_AXES):
        larger = [
            design
            for design in shown
            if design[number] > here[number]
            and all(design[i] == here[i] for i in range(4) if i != number)
            and isfinite(shown[design]["value"])
        ]
        if larger and base > 0:
            most = max(larger, key=lambda design: design[number])
            options.append((float(shown[most]["value"]) / base, axis, most))
    return options


def _more(axis: str, here: Design, design: Design) -> str:
    number = _AXES.index(axis)
    if axis == "items":
        return f"{design[number] / here[number]:.3g} times the items"
    return f"{wording.count(design[number], axis[:-1])} instead of {here[number]:,}"


def _ties(reading: Reading) -> list[Phrase]:
    heads = leaders.heads_of(reading)
    if not heads:
        return []
    place, field = next(iter(heads.items()))
    tied = leaders.groups_of(field)
    if not tied:
        return []
    many = "the one group of ties" if tied == 1 else f"the {tied} groups of ties"
    return [
        claim(
            f"Publish shared ranks for {many} on {leaders.name_of(place, field)}:",
            " the order inside a group is that of these items, not of the models.",
        )
    ]


def _samples(reading: Reading) -> list[Phrase]:
    sources = [noise.main_source(rows)[0] for rows in noise.readings(reading).values()]
    if not sources or sources.count("sample") <= len(sources) / 2:
        return []
    return [
        claim(
            "Sample each item more often:",
            " most of the squared error of these scores is the draw of the answer.",
        )
    ]


def _missing(reading: Reading) -> list[Phrase]:
    rows = reading.rows("coverage", "items_missing")
    gaps: dict[tuple[str, str], float] = {}
    for row in records(rows[rows["value"] > 0]):
        key = (str(row["model"]), str(row["task"]))
        gaps[key] = max(gaps.get(key, 0.0), float(row["value"]))
    if not gaps:
        return []
    (model, task), most = max(gaps.items(), key=lambda item: item[1])
    others = len({key[0] for key in gaps}) - 1
    also = f", and see what {wording.count(others, 'other model')} lack" if others else ""
    if others == 1:
        also = ", and see what 1 other model lacks"
    return [
        claim(
            f"Run {model} on the {wording.count(most, 'item')} of {task} that it lacks{also},",
            " or quote differences on shared items only.",
        )
    ]


def figure(reading: Reading, found: dict[tuple[str, str], Shown]) -> Figure | None:
    """Return the detectable difference against the number of items, a line a number of seeds."""
    for place, shown in found.items():
        here = _here(shown)
        if here is None:
            continue
        unit = reading.unit(*place)
        series = []
        seeds = sorted({d[1] for d in shown if d[2:] == here[2:]}, key=lambda s: (s != here[1], s))
        for count in seeds[:4]:
            points = sorted(
                (design[0], *unit.bounds(row))
                for design, row in shown.items()
                if design[1] == count and design[2:] == here[2:] and isfinite(row["value"])
            )
            if len(points) > 1:
                name = f"{wording.count(count, 'seed')} each" if len(seeds) > 1 else "these models"
                series.append((name, tuple(points)))
        if not series:
            continue
        value = float(shown[here]["value"]) * unit.factor
        said = f"these data: {_amount(unit, shown[here])}"
        words = ", ".join(f"{n:,.0f} items {v:.2g}" for n, v, *_ in series[0][1])
        level = wording.percent(shown[here]["level"])
        return Figure(
            "planned",
            {
                "series": tuple(series),
                "unit": unit.name,
                "here": (here[0], value, said),
                "axis": "items that both answer",
            },
            caption="Smallest difference of two models on "
            f"{wording.place(*place)} that is found in {wording.percent(_power(reading))} of "
            f"studies{', in ' + unit.name if unit.name else ''}.",
            alt=f"Detectable difference by number of items: {words}.",
            note=f"Two independent models, a two-sided test at "
            f"{wording.percent(1 - shown[here]['level'])} by the method of the comparisons. Band: "
            f"{level} interval of the line \u201c{series[0][0]}\u201d from the noise of these "
            "data, cut at the top of the axis. A line that flattens has met the noise of its "
            "seeds, which no number of items averages out.",
        )
    return None
