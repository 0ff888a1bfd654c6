"""How an efficiency moves with its limit and weights, as text."""

from itertools import groupby
from typing import TYPE_CHECKING, Any

from evalvar.cli.columns import aligned
from evalvar.numbers import DASH, decimals_for, fixed, interval, listing, no_interval

if TYPE_CHECKING:
    from evalvar.results import Result

Row = dict[str, Any]
_NOT_SURE = (
    "These bounds are of the weights alone, not intervals: whether a lead is more than chance, "
    "evalvar compare --functional eff@1 says."
)


def sensitivity_text(result: "Result") -> str:
    """Return who leads whatever the weights, a table a choice, and how levels tell speeds apart."""
    rows = result.to_dict()["rows"]
    by_task = groupby(sorted(rows, key=lambda row: str(row["task"])), lambda row: str(row["task"]))
    return "\n\n".join(_task(task, list(mine), result) for task, mine in by_task)


def _task(task: str, rows: list[Row], result: "Result") -> str:
    alpha, hardness = float(result.settings["alpha"]), _text(result.settings["hardness"])
    moved = [row for row in rows if row["quantity"].startswith("eff@")]
    models = list(dict.fromkeys(row["model"] for row in moved))
    lines = [f"{task}: {_told(rows, models)}."]
    leads = [_range(row) for row in rows if row["quantity"] == "lead"]
    lines += [*leads, *([_NOT_SURE] if leads else [])]
    quantity = moved[0]["quantity"] if moved else "eff@1"
    by_alpha = [row for row in moved if row["hardness"] == hardness]
    by_weight = [row for row in moved if row["alpha"] == alpha]
    blocks = [
        "\n".join(lines),
        f"{quantity} by alpha\n" + "\n".join(_table(by_alpha, models, "alpha")),
        f"{quantity} by hardness, alpha {alpha:g}\n"
        + "\n".join(_table(by_weight, models, "hardness")),
    ]
    means = [row for row in rows if row["quantity"].startswith("level_mean@")]
    shares = [row for row in rows if row["quantity"].startswith("level_share@")]
    levels = aligned(
        [
            ["level", "reference\u2019s time", "middle half", *map(str, models)],
            *(
                [
                    _level(share), fixed(share["value"], 3),
                    interval(share["lower_quartile"], share["upper_quartile"], 3),
                    *(_at(means, model, "quantity", f"level_mean@{_level(share)}")
                      for model in models),
                ]
                for share in shares
            ),
        ]
    )  # fmt: skip
    blocks.append(
        "Mean score of a level, beside the reference\u2019s time there over its slowest\n"
        + "\n".join(levels)
    )
    why = dict.fromkeys(no_interval(row["method"]) for row in moved if row["value"] is None)
    if why:
        blocks.append(f"{DASH}: {'; '.join(why)}.")
    return "\n\n".join(blocks)


def _told(rows: list[Row], models: list[str]) -> str:
    leads = [row for row in rows if row["quantity"] == "lead"]
    if not leads:
        return f"{listing(models)} by alpha and hardness"
    sure = [row for row in leads if row["low"] >= 0]
    if len(sure) == len(leads):
        return "in these data the order of the models is the same whatever the weights of levels"
    return (
        f"the weights of levels decide {len(leads) - len(sure)} of {len(leads)} "
        f"comparison{'s' * (len(leads) > 1)}"
    )


def _range(row: Row) -> str:
    digits = max(3, decimals_for(row["value"], float("nan"), row["low"], row["high"]))
    said = "ahead by any of them" if row["low"] >= 0 else "ahead by some of them only"
    return (
        f"{row['model']} over {row['other']}: {fixed(row['value'], digits, sign=True)}, "
        f"{fixed(row['low'], digits, sign=True)} to {fixed(row['high'], digits, sign=True)} "
        f"by weights, {said}."
    )


def _table(rows: list[Row], models: list[str], label: str) -> list[str]:
    values = list(dict.fromkeys(row[label] for row in rows))
    values.sort(key=lambda value: value if label == "alpha" else _weights(value))
    table = [[label, *map(str, models)]]
    for value in values:
        name = f"{value:g}" if label == "alpha" else str(value)
        table.append([name, *(_at(rows, model, label, value) for model in models)])
    return aligned(table)


def _at(rows: list[Row], model: str, label: str, value: Any) -> str:
    row = next((r for r in rows if r["model"] == model and r[label] == value), None)
    return DASH if row is None or row["value"] is None else fixed(row["value"], 3)


def _weights(text: str) -> tuple[float, ...]:
    return tuple(map(float, text.split(",")))


def _level(row: Row) -> str:
    return str(row["quantity"]).removeprefix("level_share@")


def _text(hardness: list[float]) -> str:
    return ",".join(f"{weight:g}" for weight in hardness)
