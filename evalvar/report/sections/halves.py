"""Do discriminations found on some respondents return on others?"""

from math import isfinite, nan
from typing import Any

import pandas as pd

from evalvar.report import wording
from evalvar.report.model import Figure
from evalvar.report.reading import Reading

MOST_DRAWN = 2
# Both axes of a panel, the row that says how well they agree, and the words for it.
_SPLITS = (
    ("half_a_r", "half_b_r", "split_stability", "two random halves", "one half", "the other"),
    ("weak_r", "strong_r", "weak_strong_stability", "weaker and stronger half", "weaker half",
     "stronger half"),
)  # fmt: skip


def figure(reading: Reading, found: dict[tuple[str, str, str], dict[str, Any]]) -> Figure | None:
    """Draw each item's discrimination on one half against that on the other.

    Parameters
    ----------
    reading : Reading
    found : dict
        Rows of `items` about whole benchmarks, by (model, task, metric) and quantity.
    """
    table = reading.table("items")
    if "half_a_r" not in table:
        return None
    panels: list[dict[str, Any]] = []
    words = []
    for place in found:
        if len(panels) >= 2 * MOST_DRAWN:
            break
        model = table["model"].isna() if not place[0] else table["model"] == place[0]
        mine = table[model & (table["task"] == place[1]) & (table["metric"] == place[2])]
        mine = mine[mine["quantity"] == "rest_discrimination"]
        for first, second, quantity, split, x_name, y_name in _SPLITS:
            points = pd.DataFrame({n: pd.to_numeric(mine[n]) for n in (first, second)}).dropna()
            if len(points) < 3:
                continue
            told = _told(found[place].get(quantity, {}))
            title = ", ".join(part for part in place[:2] if part)
            panels.append(
                {
                    "title": f"{title}: {split}",
                    "subtitle": told,
                    "x_name": f"item-rest r, {x_name} of the respondents",
                    "y_name": y_name,
                    "zero": True,
                    "diagonal": True,
                    "groups": (("blue", tuple(map(tuple, points.to_numpy().tolist()))),),
                }
            )
            words.append(f"{title}, {split}: {told or 'agreement not known'}")
    if not panels:
        return None
    return Figure(
        "scatter",
        {"panels": tuple(panels)},
        caption="Discrimination found on one half of the respondents against that on the other, "
        "one point an item.",
        alt=wording.sentence("; ".join(words)),
        note="On the dotted line both halves agree. Drawn is one random split; r is the mean over "
        "all, with the range of 90% of them. Where few respondents answered, most of the scatter "
        "is chance, and what is pruned by it is pruned by chance.",
    )


def _told(row: dict[str, Any]) -> str:
    value, low, high = (float(row.get(name, nan)) for name in ("value", "low", "high"))
    if not isfinite(value):
        return ""
    return f"r {wording.fixed(value, 2)} {wording.interval(low, high, 2)}".rstrip()
