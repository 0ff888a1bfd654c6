"""How good the best of k tries is, as text: a sentence a model, and a table."""

from collections.abc import Mapping
from math import isfinite
from typing import TYPE_CHECKING, Any

from evalvar.cli.columns import fitted
from evalvar.errors import counted
from evalvar.numbers import (
    decimals_for,
    fixed,
    interval,
    listing,
    most_common,
    no_interval,
    percent,
    sentence,
)

if TYPE_CHECKING:
    from evalvar.results import Result

Row = dict[str, Any]

# With more models than this, one sentence for the best.
_SENTENCES = 3
_WORDS = {
    "pass@": "one of k right",
    "eff@": "best of k",
    "gap@": "gap",
    "pass^": "all k right",
    "worst@": "worst of k",
    "g_pass@": "a share right",
    "mg_pass@": "mean share",
    "maj@": "most right, ties a half",
}
_PULLED = (
    "Bayes@N lies nearer to one half the fewer answers there are: it orders models as pass@1 does "
    "only where they have equally many."
)


def best_text(result: "Result", drifts: Mapping[str, float]) -> str:
    """Return a sentence a model and, task by task, a table with a line a model and k.

    Parameters
    ----------
    result : Result
        Of `code_metrics`.
    drifts : mapping of str to float
        By task what the drift of the references can make in efficiency; none is 0.
    """
    rows = [row for row in result.to_dict()["rows"] if _family(row) or row["quantity"] == "bayes@n"]
    tasks = list(dict.fromkeys(row["task"] for row in rows))
    return "\n\n".join(
        _task([row for row in rows if row["task"] == task], result, drifts.get(task, 0.0))
        for task in tasks
    )


def _task(rows: list[Row], result: "Result", drift: float) -> str:
    runs: dict[tuple[str, Any], dict[tuple[str, str, int], Row]] = {}
    for row in rows:
        if family := _family(row):
            run = runs.setdefault((str(row["model"]), row["seed"]), {})
            run[row["metric"], family, int(row["quantity"].removeprefix(family))] = row
    blocks = []
    pooled = {model: run for (model, seed), run in runs.items() if seed is None}
    said = {model: run for (model, _), run in runs.items()} | pooled
    sentences = [_sentence(model, run, drift) for model, run in _first(said)]
    heading = f"{rows[0]['task']}: " + _counts(rows)
    blocks.append("\n".join([heading, *filter(None, sentences)]))
    # other seeds are in the JSON where there is a row over all of them
    shown = {key: run for key, run in runs.items() if key[1] is None or key[0] not in pooled}
    if shown:
        level = percent(float(result.settings["level"]))
        blocks.append("\n".join([*_table(shown), "", f"Intervals at {level}, over problems."]))
    bayes = [row for row in rows if row["quantity"] == "bayes@n"]
    if bayes:
        several = [_PULLED] * (len({row["model"] for row in bayes}) > 1)
        blocks.append("\n".join([*map(_bayes, bayes), *several]))
    lacking = f"{rows[0]['task']}: " if rows else ""
    if not any(_family(row) == "eff@" for row in rows) and any(
        said.startswith(lacking) and "efficiency is not scored" in said for said in result.warnings
    ):
        blocks.append("No efficiency could be scored: the remarks say why.")
    reasons = {
        row["method"] for row in rows if row["method"].startswith("undefined") and not _known(row)
    }
    reasons |= {
        f"no interval of {listing([*names], most=4)}: {why}" for why, names in _bare(rows).items()
    }
    if reasons:
        blocks.append("\n".join(sentence(reason) for reason in sorted(reasons)))
    return "\n\n".join(blocks)


def _bare(rows: list[Row]) -> dict[str, dict[str, None]]:
    """Return why there is no interval where a value stands without one, and whose."""
    found: dict[str, dict[str, None]] = {}
    for row in rows:
        told = no_interval(row["method"])
        if told and _known(row) and row["low"] is None:
            found.setdefault(told, {})[f"{row['quantity']} ({row['model']})"] = None
    return found


def _first(said: dict[str, dict[tuple[str, str, int], Row]]) -> list[tuple[str, Any]]:
    """Give the models to speak of, the best at the fewest tries first."""

    def best(entry: tuple[str, dict[tuple[str, str, int], Row]]) -> float:
        fewest = min(k for _, _, k in entry[1])
        found = {family: row for (_, family, k), row in entry[1].items() if k == fewest}
        row = found.get("eff@") or found.get("pass@") or {}
        return -float(row.get("value") or 0.0)

    ordered = sorted(said.items(), key=best)
    return ordered if len(ordered) <= _SENTENCES else ordered[:1]


def _sentence(model: str, run: dict[tuple[str, str, int], Row], drift: float) -> str:
    """Say what one try and the best of the most are worth."""
    parts = []
    most = max(int(row["items"]) for row in run.values())
    for metric, family in dict.fromkeys((m, f) for m, f, _ in run if f in ("pass@", "eff@")):
        points = {k: row for (m, f, k), row in run.items() if (m, f) == (metric, family)}
        points = {k: row for k, row in points.items() if _known(row)}
        if not points:
            continue
        low, high = min(points), max(points)
        alone = sum(f == family and k == low for _, f, k in run) == 1
        words = metric if family == "eff@" else "right" if alone else f"right ({metric})"
        told = f"{words} {_number(points[low])} at {_tries(low)}"
        if high > low:
            told += f" and {_number(points[high])} at the best of {high:,}"
        if (fewer := int(points[low]["items"])) < most:
            told += f", on {fewer:,} of {counted(most, 'problem')}"
        parts.append((family == "eff@", told))
    told_in_order = [told for _, told in sorted(parts, key=lambda part: part[0])]
    gap = next((row for (_, name, k), row in run.items() if (name, k) == ("gap@", 1)), None)
    if gap is not None and _known(gap):
        told_in_order.append(_lost(gap, drift))
    return f"{model}: {'; '.join(told_in_order)}." if parts else ""


def _lost(gap: Row, drift: float) -> str:
    """Say what slowness costs if it is more than drift can make, as the page does."""
    if _float(gap["low"]) > drift:
        return f"being slow costs {_number(gap)} at one try"
    more = f"{fixed(drift, 3)} that the drift of the references can make" if drift else "0"
    return f"gap {_number(gap)} at one try, not clearly above {'the ' * bool(drift)}{more}"


def _tries(k: int) -> str:
    return "one try" if k == 1 else f"the best of {k:,}"


def _number(row: Row) -> str:
    digits = _digits(row)
    bounds = interval(_float(row["low"]), _float(row["high"]), digits)
    return f"{fixed(_float(row['value']), digits)}{' ' * bool(bounds)}{bounds}"


def _counts(rows: list[Row]) -> str:
    items = max(int(row["items"]) for row in rows)
    models = len({row["model"] for row in rows})
    return f"{counted(models, 'model')}, {counted(items, 'problem')}"


def _table(runs: dict[tuple[str, Any], dict[tuple[str, str, int], Row]]) -> list[str]:
    columns = list(dict.fromkeys((m, f) for run in runs.values() for m, f, _ in run))
    order = list(_WORDS)
    columns.sort(key=lambda column: (order.index(column[1]), column[0]))
    families = [family for _, family in columns]
    seeds = len({seed for _, seed in runs}) > 1
    head = ["model", *(["seed"] if seeds else []), "k"]
    for metric, family in columns:
        name = f"{family}k" if families.count(family) == 1 else f"{family}k {metric}"
        head += [name, "interval"]
    digits = {
        column: most_common(
            [_digits(r) for run in runs.values() for (m, f, _), r in run.items()
             if (m, f) == column and _known(r)] or [3]
        )
        for column in columns
    }  # fmt: skip
    lines = [head]
    for (model, seed), run in runs.items():
        for place, k in enumerate(sorted({k for _, _, k in run})):
            line = [model if not place else "", *([_seed(seed)] if seeds else []), f"{k:,}"]
            for column in columns:
                row = run.get((*column, k))
                if row is None:
                    line += ["", ""]
                    continue
                low, high = _float(row["low"]), _float(row["high"])
                line += [fixed(_float(row["value"]), digits[column]),
                         interval(low, high, digits[column])]  # fmt: skip
            lines.append(line)
    return fitted(lines)


def _seed(seed: Any) -> str:
    return "all" if seed is None else str(seed)


def _bayes(row: Row) -> str:
    seed = "" if row["seed"] is None else f", seed {row['seed']}"
    value, se = _float(row["value"]), _float(row["se"])
    digits = decimals_for(value, se, value, value, fine=True)
    return (
        f"{row['model']}{seed}: Bayes@N {fixed(value, digits)}, give or take "
        f"{fixed(se, digits)} by the noise of answers to these problems."
    )


def _family(row: Row) -> str:
    name = str(row["quantity"])
    return next((family for family in _WORDS if _is_of(name, family)), "")


def _is_of(name: str, family: str) -> bool:
    return name.startswith(family) and name.removeprefix(family).isdigit()


def _known(row: Row) -> bool:
    return row["value"] is not None and isfinite(row["value"])


def _float(value: Any) -> float:
    return float("nan") if value is None else float(value)


def _digits(row: Row) -> int:
    return decimals_for(
        *(_float(row[name]) for name in ("value", "se", "low", "high")), default=3, fine=True
    )
