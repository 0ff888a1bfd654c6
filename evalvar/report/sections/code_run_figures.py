"""The figures of timed programs."""

from collections.abc import Iterator
from math import inf, isfinite, nan
from typing import Any

from evalvar.report import wording
from evalvar.report.model import Figure
from evalvar.report.reading import Unit, number
from evalvar.report.sections.code_curves import Gap

# Quantities by model and item; the rows of a whole task have "" for both.
Rows = dict[tuple[str, str], dict[str, dict[str, Any]]]
CUT = " Bands are cut at the top."
MOST_PANELS, MOST_STRIPS, MOST_TIMES = 6, 6, 12
QUANTILES = ("time_q05", "time_q25", "time_q50", "time_q75", "time_q95")


def right_and_fast(found: list[Gap]) -> Iterator[Figure]:
    """Yield a figure a task: pass@k and eff@k of every model by k, or side by side at k = 1."""
    for task in dict.fromkeys(gap.task for gap in found):
        mine = sorted(
            (gap for gap in found if gap.task == task),
            key=lambda gap: -gap.fast_at(gap.ks[-1])["value"],
        )
        # One try is no curve; beside curves it stands in the table.
        curved = [gap for gap in mine if len(gap.ks) > 1] or mine
        drawn = curved[:MOST_PANELS]
        row = drawn[0].fast_at(drawn[0].ks[0])
        basis = wording.basis(float(row["n"]), str(row["unit"]), number(row, "items"))
        level = wording.percent(row["level"])
        right = wording.basis(float(drawn[0].passed_at(drawn[0].ks[0])["n"]), "item")
        if right != basis:
            basis = f"{right} (pass@k) and {basis} (eff@k)"
        left = len(curved) - len(drawn)
        single = [gap.model for gap in mine if gap not in curved]
        top, cut = _top(drawn)
        rest = f" {wording.count(left, 'model')} of lower eff@k left out." if left else ""
        rest += f" One try only, not drawn: {wording.listing(single, most=4)}." if single else ""
        alt = wording.sentence(f"{task}. " + "; ".join(_ends(gap) for gap in drawn))
        if max(len(gap.ks) for gap in drawn) > 1:
            yield Figure(
                "lines",
                {"panels": tuple(_panel(gap, top) for gap in drawn)},
                caption=f"{task}: right and fast by tries k on a log axis. pass@k: share of "
                "problems that one of k programs solves; eff@k: efficiency of the best of k, "
                "1 = the reference.",
                alt=alt,
                note=f"Bands: {level} intervals over {basis}. The distance of the lines is what "
                f"right programs lose by being slow.{CUT if cut else ''}{rest}",
            )
            continue
        rows = tuple(
            (f"{gap.model}, {name}@1", *Unit().bounds(row), Unit().cell(row).text, name == "eff")
            for gap in drawn
            for name, row in (("pass", gap.passed_at(1)), ("eff", gap.fast_at(1)))
        )
        yield Figure(
            "ladder",
            {"rows": rows, "unit": "", "zero": False},
            caption=f"{task}: share of right programs (pass@1, hollow) and efficiency (eff@1, "
            "filled; 1 = the reference).",
            alt=alt,
            note=f"Bars: {level} intervals over {basis}.{rest}",
        )


def _top(drawn: list[Gap]) -> tuple[float, bool]:
    """Return the end of the scale that all panels share, and whether it cuts a band.

    Few problems have intervals that would leave nothing to see of the lines.
    """
    rows = [at(k) for gap in drawn for at in (gap.passed_at, gap.fast_at) for k in gap.ks]
    highest = max(float(row["high"]) for row in rows)
    most = max(1.0, 1.3 * max(float(row["value"]) for row in rows))
    return min(most, max(1.0, highest)), highest > most


def _panel(gap: Gap, top: float) -> dict[str, Any]:
    series = tuple(
        {
            "name": name,
            "colour": colour,
            "points": tuple((float(k), *Unit().bounds(at(k))) for k in gap.ks),
        }
        for name, colour, at in (
            ("pass@k", "muted", gap.passed_at),
            ("eff@k", "blue", gap.fast_at),
        )
    )
    last = gap.ks[-1]
    right, fast = (wording.fixed(at(last)["value"], 2) for at in (gap.passed_at, gap.fast_at))
    return {
        "title": gap.model,
        "subtitle": f"at k = {last:,}: pass {right}, eff {fast}",
        "x_name": "tries k",
        "log": True,
        "within": (0.0, top),
        "most": top,
        "series": series,
    }


def _ends(gap: Gap) -> str:
    ks = dict.fromkeys((gap.ks[0], gap.ks[-1]))
    parts = [
        f"pass@{k} {wording.fixed(gap.passed_at(k)['value'], 2)}, "
        f"eff@{k} {wording.fixed(gap.fast_at(k)['value'], 2)}"
        for k in ks
    ]
    return f"{gap.model} {', '.join(parts)}"


def of_models(rows: Rows) -> dict[str, dict[str, dict[str, Any]]]:
    """Return the quantities of every model over the problems, most efficient first."""
    found = {model: quantities for (model, item), quantities in rows.items() if model and not item}

    def efficiency(model: str) -> float:
        value = found[model].get("efficiency", {}).get("value", nan)
        return float(value) if isfinite(value) else -inf

    return dict(sorted(found.items(), key=lambda one: -efficiency(one[0])))


def by_level(quantities: dict[str, dict[str, Any]], name: str) -> dict[int, dict[str, Any]]:
    """Return the rows of a quantity that has one for every level."""
    start = f"{name}@"
    found = {int(q[len(start) :]): row for q, row in quantities.items() if q.startswith(start)}
    return dict(sorted(found.items()))


def levels(task: str, rows: Rows, remark: str = "") -> Figure | None:
    """Return the mean efficiency of every model at every level of input, and a remark beside."""
    profiles = {model: by_level(found, "efficiency") for model, found in of_models(rows).items()}
    profiles = {
        model: known
        for model, profile in profiles.items()
        if len(known := {n: row for n, row in profile.items() if isfinite(row["value"])}) > 1
    }
    if not profiles:
        return None
    series = tuple(
        (model, tuple((float(n), *Unit().bounds(row)) for n, row in profile.items()))
        for model, profile in profiles.items()
    )
    first = next(row for profile in profiles.values() for row in profile.values())
    shares = by_level(rows.get(("", ""), {}), "reference_share")
    told = [f"{wording.fixed(row['value'], 2)} at level {n}" for n, row in shares.items()]
    tells = (
        f" The reference\u2019s slowest case as a share of its slowest of all levels, median over "
        f"problems: {wording.listing(told, most=9)}; the smaller, the less a level can tell."
        if told
        else ""
    )
    words = [
        f"{model} "
        + ", ".join(f"{Unit().cell(row).text} at level {n}" for n, row in profile.items())
        for model, profile in list(profiles.items())[:6]
    ]
    many = " At most five models in colour." if len(profiles) > 5 else ""
    return Figure(
        "curves",
        {"series": series, "percent": False, "counts": "level", "line": (1.0, "the reference")},
        caption=f"{task}: mean efficiency by level of input.{tells}",
        alt=wording.sentence(f"{task}, mean efficiency. {'; '.join(words)}"),
        note=f"Bars: {wording.percent(first['level'])} intervals over "
        f"{wording.basis(float(first['n']), str(first['unit']))}. Programs that are wrong, or were "
        f"stopped before, count 0.{many}{remark}",
    )


def problems(task: str, rows: Rows) -> Figure | None:
    """Return a strip a model: every problem\u2019s share of right programs and efficiency."""
    items = in_order(rows)
    models = list(of_models(rows))[:MOST_STRIPS]
    if len(items) < 2 or not models:
        return None
    strips = tuple(
        {
            "name": model,
            "outer": tuple(value_at(rows, model, item, "pass_rate") for item in items),
            "inner": tuple(value_at(rows, model, item, "efficiency") for item in items),
        }
        for model in models
    )
    unscored = [item for item in items if not isfinite(value_at(rows, "", item, "efficiency"))]
    loss = {
        item: value_at(rows, "", item, "pass_rate") - value_at(rows, "", item, "efficiency")
        for item in items
    }
    slow = sorted((i for i in items if loss[i] > 0.005), key=lambda item: -loss[item])[:3]
    told = [
        f"{item} (right {wording.fixed(value_at(rows, '', item, 'pass_rate'), 2)}, efficiency "
        f"{wording.fixed(value_at(rows, '', item, 'efficiency'), 2)})"
        for item in slow
    ]
    widest = f"Widest between right and fast: {wording.listing(told)}." if told else ""
    left = len(of_models(rows)) - len(models)
    rest = f" {wording.count(left, 'model')} of lower efficiency left out." if left else ""
    note = f"{widest} Grey above blue is what slowness costs; what grey lacks to 1, errors.{rest}"
    marked = " Diamond: not scored for efficiency." if unscored else ""
    return Figure(
        "strips",
        {
            "strips": strips,
            "key": ("share of right programs", "mean efficiency"),
            "line": (1.0, "1 = the reference"),
            "ends": ("least efficient problem", "most efficient"),
        },
        caption=f"{task}: every problem, sorted by its mean efficiency over models.{marked}",
        alt=wording.sentence(
            f"{task}, {wording.count(len(items), 'problem')} of "
            f"{wording.listing(models, most=3)}. {widest or 'No problem loses by slowness'}"
        ),
        note=note.lstrip(),
    )


def in_order(rows: Rows) -> list[str]:
    """Return the problems by their mean efficiency over models; unscored ones by being right."""
    items = list(dict.fromkeys(item for _, item in rows if item))

    def place(item: str) -> tuple[float, float, str]:
        right, fast = (value_at(rows, "", item, name) for name in ("pass_rate", "efficiency"))
        return (fast if isfinite(fast) else right, right, item)

    return sorted(items, key=place)


def value_at(rows: Rows, model: str, item: str, name: str) -> float:
    """Return the value of a quantity, NaN where there is none."""
    return float(rows.get((model, item), {}).get(name, {}).get("value", nan))


def times(task: str, rows: Rows) -> Figure | None:
    """Return how long right programs take beside the limit, and the share that is past it."""
    drawn, words = [], []
    models = of_models(rows)
    for model, found in list(models.items())[:MOST_TIMES]:
        if "past_limit" not in found or not isfinite(found["past_limit"]["value"]):
            continue
        past = float(found["past_limit"]["value"])
        spread = tuple(_or_past(found.get(name, {}).get("value", nan)) for name in QUANTILES)
        text = share(past)
        drawn.append((model, spread, past, text))
        half = wording.fixed(spread[2], 2) if isfinite(spread[2]) else "past the limit"
        words.append(f"{model} median {half}, {text} past the limit")
    if not drawn:
        return None
    alpha = number(next(iter(models.values()))["past_limit"], "alpha")
    marks = ((1 / alpha, "reference"),) if isfinite(alpha) else ()
    left = len(models) - len(drawn)
    rest = f" {wording.count(left, 'model')} left out." if left else ""
    return Figure(
        "times",
        {
            "rows": tuple(drawn),
            "marks": (*marks, (1.0, "limit")),
            "x_name": "slowest case / limit of its problem, log axis",
            "past_name": "past it",
        },
        caption=f"{task}: how long right programs take beside the limit of their problem.",
        alt=wording.sentence(f"{task}, time over limit of right programs. {'; '.join(words)}"),
        note="Thin: 90% of right programs, thick: half of them, ring: the median. Diamond: "
        "stopped at the limit, so that nothing is known but that they take longer; the larger, the "
        f"more.{rest}",
    )


def share(value: float) -> str:
    """Return a share in whole percent, never rounded to none or to all.

    >>> share(0.1206), share(0.9999), share(0.0), share(0.001)
    ('12%', '> 99%', '0%', '< 1%')
    """
    if 0 < value < 0.005 or 0.995 <= value < 1:
        return "< 1%" if value < 0.5 else "> 99%"
    return f"{wording.fixed(100 * value, 0)}%"


def _or_past(value: float) -> float:
    """Read a quantile that is not known: the time is past the limit."""
    return value if isfinite(value) else inf
