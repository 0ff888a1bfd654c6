"""Item response theory as a command, and as text: what can be told apart, then who is where."""

from math import isfinite, nan
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evalvar.cli.columns import aligned
from evalvar.cli.reading import ESTIMATING, SELECTING, Rng, question
from evalvar.errors import counted
from evalvar.numbers import DASH, decimals_for, fixed, interval, p_value, percent

if TYPE_CHECKING:
    from evalvar.evidence import Evidence
    from evalvar.results import Result

# With more readings than this, a line each.
_BLOCKS = 3
_MODELS, _ITEMS = 25, 8
_NUMBERS = ("value", "se", "low", "high", "p_value", "score")

Rows = list[dict[str, Any]]


def irt_text(result: "Result") -> str:
    """Return in words what the fit finds, beside its control, and tables of models and items."""
    readings: dict[tuple[str, str], Rows] = {}
    for row in result.to_dict()["rows"]:
        numbers = {name: nan if row[name] is None else row[name] for name in _NUMBERS}
        readings.setdefault((row["task"], row["metric"]), []).append({**row, **numbers})
    if len(readings) > _BLOCKS:
        return _overview(readings)
    return "\n\n".join(_block(key, rows) for key, rows in readings.items())


def _block(key: tuple[str, str], rows: Rows) -> str:
    task = {row["quantity"]: row["value"] for row in rows if row["model"] is row["item"] is None}
    first = rows[0]
    models = [row for row in rows if row["quantity"] == "ability"]
    shown = models if len(models) <= _MODELS else [*models[: _MODELS - 3], *models[-3:]]
    lines = [
        f"{', '.join(key)}: {counted(first['respondents'], 'respondent')} on "
        f"{counted(first['items'], 'item')} that tell some apart",
        *_sentences(task, first),
        "",
        *_filled([["ability", "interval", "score", "on", "", "model"], *map(_model, shown)]),
    ]
    if len(shown) < len(models):
        lines.append(f"{len(shown)} of {len(models)}: the first and the last; --json has all.")
    worst = _worst(rows)
    if worst:
        head = ["discrimination", "interval", "slope p", "share right", "fit p", "", "item"]
        lines += ["", "Items to look at first", *_filled([head, *worst])]
    return "\n".join(lines)


def _sentences(task: dict[str, float], first: dict[str, Any]) -> list[str]:
    items = first["items"]
    mean, shuffled = task["mean_discrimination"], task["control_mean_discrimination"]
    clear, chance = task["discriminating_items"], task["control_discriminating_items"]
    said = [
        f"Abilities are known with a reliability of {fixed(task['reliability'], 3)}; "
        f"{clear:,.0f} of {items:,} items are seen to discriminate (mean {fixed(mean, 2)}).",
        f"Shuffled answers, where there is nothing to find: reliability "
        f"{fixed(task['control_reliability'], 3)}, {chance:,.0f} items "
        f"(mean {fixed(shuffled, 2)}).",
    ]
    wrong, odd = task["negative_items"], task["misfitting_items"]
    if wrong:
        are = "item is" if wrong == 1 else "items are"
        said.append(f"{wrong:,.0f} {are} the wrong way round: the able get it wrong more often.")
    if odd:
        do = "item does" if odd == 1 else "items do"
        said.append(f"{odd:,.0f} {do} not follow the curve.")
    said.append("Items are counted at a false discovery rate of 5%.")
    return said


def _model(row: dict[str, Any]) -> list[str]:
    digits = decimals_for(row["value"], row["se"], row["low"], row["high"], fine=True)
    ends = {"above": "all right: unbounded above", "below": "all wrong: unbounded below"}
    name = row["model"] if row["seed"] is None else f"{row['model']}, seed {row['seed']}"
    return [
        fixed(row["value"], digits) if isfinite(row["value"]) else DASH,
        interval(row["low"], row["high"], digits), fixed(row["score"], 3), f"{row['n']:,}",
        ends.get(row["unbounded"], ""), name,
    ]  # fmt: skip


def _worst(rows: Rows) -> list[list[str]]:
    """Give the items that discriminate least, those the wrong way round first."""
    slopes = {r["item"]: r for r in rows if r["quantity"] == "discrimination"}
    fits = {r["item"]: r["p_value"] for r in rows if r["quantity"] == "item_fit"}
    known = [row for row in slopes.values() if isfinite(row["value"])]
    low = sorted(known, key=lambda row: row["value"] / row["se"] if row["se"] > 0 else 0.0)
    return [
        [
            fixed(row["value"], 2), interval(row["low"], row["high"], 2),
            p_value(row["p_value"]) if isfinite(row["p_value"]) else DASH, fixed(row["score"], 3),
            p_value(fits[row["item"]]) if isfinite(fits[row["item"]]) else DASH,
            "wrong way round" if row["slope"] == "falling" else "", row["item"],
        ]
        for row in low[:_ITEMS]
    ]  # fmt: skip


def _overview(readings: dict[tuple[str, str], Rows]) -> str:
    head = ["models", "items", "discriminate", "reliability", "shuffled", "wrong way", "misfit",
            "", "task"]  # fmt: skip
    lines = [head]
    for key, rows in readings.items():
        task = {r["quantity"]: r["value"] for r in rows if r["model"] is r["item"] is None}
        items = rows[0]["items"]
        lines.append(
            [
                f"{rows[0]['respondents']}", f"{items:,}",
                percent(round(task["discriminating_items"] / items, 2)),
                fixed(task["reliability"], 3), fixed(task["control_reliability"], 3),
                f"{task['negative_items']:.0f}", f"{task['misfitting_items']:.0f}", "",
                ", ".join(key),
            ]
        )  # fmt: skip
    return "\n".join(
        [
            "Reliability of abilities, and the same of shuffled answers, where there is none to "
            "find",
            *_filled(lines),
            "",
            "Name one with --task to see its models and items.",
        ]
    )


def _filled(table: list[list[str]]) -> list[str]:
    """Align the columns that are not empty; the last two are words, all others numbers."""
    kept = [i for i in range(len(table[0])) if any(row[i] for row in table)]
    words = [k for k, i in enumerate(kept) if i >= len(table[0]) - 2]
    return aligned([[row[i] for i in kept] for row in table], left=words)


@question(SELECTING, ESTIMATING, text=irt_text)
def irt(
    evidence: "Evidence",
    curve: Annotated[
        str, typer.Option(metavar="NAME", help="2pl: a slope an item; 1pl: one for all.")
    ] = "2pl",
    respondents: Annotated[
        str, typer.Option(metavar="WHO", help="Each model, or each seed of it.")
    ] = "model",
    estimator: Annotated[
        str, typer.Option(metavar="NAME", help="Of abilities: eap, map or mle.")
    ] = "eap",
    rng: Rng = 0,
    **options: Any,
) -> "Result":
    """How able is each model, and which items tell models apart?"""
    from evalvar.analyses import latent

    return latent.irt(
        evidence,
        curve=curve,  # type: ignore[arg-type]  # checked there, with the legal ones named
        respondents=respondents,  # type: ignore[arg-type]
        estimator=estimator,  # type: ignore[arg-type]
        rng=rng,
        **options,
    )
