"""What is said of each item: difficulty, discrimination, and its labels."""

import numpy as np
import pandas as pd

from evalvar.analyses.item_labels import Labels
from evalvar.analyses.item_table import HALVES, item_frame
from evalvar.analyses.respondents import Responses
from evalvar.errors import NotEnoughDataError, counted
from evalvar.stats import (
    ItemStatistics,
    alpha_without_each,
    bounded_mean_interval,
    random_halves,
    rest_scores,
    weak_strong_halves,
)
from evalvar.stats.item_statistics import best_and_worst
from evalvar.stats.quantiles import t_quantile


def item_rows(
    found: Responses, statistics: ItemStatistics, labels: Labels, level: float, rng: int
) -> pd.DataFrame:
    """Return the rows of every item."""
    unit = found.unit
    low, high, se, method = _difficulty_interval(found, level)
    sign = found.facts.sign
    apart = _apart(statistics, unit)
    bounds = {"se": statistics.rest_se, "low": statistics.rest_low, "high": statistics.rest_high}
    why = np.where(apart == "", "item-rest r, jackknife of Fisher's z", apart)
    none = "(one respondent alone differs, or fewer than 5: no interval)"
    bare = np.isfinite(statistics.rest) & np.isnan(statistics.rest_low)
    why = np.where(bare, f"item-rest r {none}", why)
    total = np.where(apart == "", "item-total r, jackknife of Fisher's z", apart)
    lone = np.isfinite(statistics.total) & np.isnan(statistics.total_low)
    total = np.where(lone, f"item-total r {none}", total)
    of_total = {"se": statistics.total_se, "low": statistics.total_low,
                "high": statistics.total_high}  # fmt: skip
    of_ends, ends = _ends_interval(found, level)
    parts = {
        "difficulty": ({"value": sign * statistics.difficulty, "se": se, "low": low, "high": high},
                       method),
        "discrimination": ({"value": statistics.total, **of_total}, total),
        "rest_discrimination": ({"value": statistics.rest, **bounds, **_halves(found, rng)}, why),
        "upper_lower": ({"value": sign * statistics.upper_lower, **of_ends}, ends),
        "alpha_without": ({"value": alpha_without_each(found.oriented)},
                          "alpha without this item (no interval: that of alpha holds for both)"),
    }  # fmt: skip
    flags = [
        ", ".join(name for name, flag in labels.flags.items() if flag[j])
        for j in range(len(found.items))
    ]
    shared = {
        "n": statistics.n, "flag": np.array(flags, dtype=object),
        "flipped_q": labels.q["flipped"], "suspect_q": labels.q["suspect_label"],
        **{name: labels.columns[name] for name in ("gold", "chosen_instead", "duplicate_of")},
    }  # fmt: skip
    frames = [
        item_frame(found, name, {**shared, **values, "method": how, "level": level, "unit": unit})
        for name, (values, how) in parts.items()
    ]
    frames[0]["text"] = labels.columns["text"]
    return pd.concat(frames, ignore_index=True)


def _halves(found: Responses, rng: int) -> dict[str, np.ndarray]:
    """Give the item-rest r of the first random halves of `stability_rows`, and by ability."""
    y = found.oriented
    try:
        values = (*random_halves(y, rng=found.generator(rng)), *weak_strong_halves(y))
    except NotEnoughDataError:
        return {name: np.full(y.shape[1], np.nan) for name in HALVES}
    return dict(zip(HALVES, values, strict=True))


def _apart(statistics: ItemStatistics, unit: str) -> np.ndarray:
    """Say why an item has no discrimination; nothing where it has one."""
    few = statistics.n < 3
    flat = np.isnan(statistics.rest) & ~few
    why = np.full(few.size, "", dtype=object)
    why[few] = [f"undefined: answered by {counted(int(n), unit)}" for n in statistics.n[few]]
    why[flat] = "undefined: the item, or the rest, is the same from all"
    return why


def _difficulty_interval(
    found: Responses, level: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, str]:
    """Give the bounds and the error of each item's mean over respondents as independent draws."""
    _, low, high, se = _means(found.scores, found, level)
    ranged = np.isfinite([found.facts.low, found.facts.high]).all()
    return low, high, se, f"mean over respondents, {'mid-p' if ranged else 't'}"


def _ends_interval(found: Responses, level: float) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Give the bounds of the difference of two groups of respondents, taken as given.

    Each mean has its own interval, and their distances to the means, squared, add up (MOVER).
    """
    groups = best_and_worst(rest_scores(found.oriented)[0])
    best, worst = (_means(found.scores[rows], found, level) for rows in groups)
    d = best[0] - worst[0]
    low = d - np.hypot(best[0] - best[1], worst[2] - worst[0])
    high = d + np.hypot(best[2] - best[0], worst[0] - worst[1])
    se = np.hypot(np.nan_to_num(best[3]), np.nan_to_num(worst[3]))
    known = np.isfinite(low) & np.isfinite(high) & (high > low)
    # of one respondent the spread is unknown, not none
    two = np.min([np.isfinite(found.scores[rows]).sum(axis=0) for rows in groups], axis=0) > 1
    bounds = {
        "se": np.where(known & two & (se > 0), se, np.nan),
        "low": np.where(known, low, np.nan),
        "high": np.where(known, high, np.nan),
    }
    said = "best less worst 27 %"
    return bounds, np.where(
        known, f"{said}, MOVER of both means", f"{said} (too few or alike: no interval)"
    )


def _means(
    y: np.ndarray, found: Responses, level: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Give the mean of each item over some respondents, its bounds and its error."""
    low, high = found.facts.low, found.facts.high
    seen = np.isfinite(y)
    n = seen.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(seen, y, 0).sum(axis=0) / n
        rest = np.where(seen, y - mean, 0)
        variance = (rest**2).sum(axis=0) / (n - 1.0)
        third = (rest * rest * rest).sum(axis=0) / n
        se = np.sqrt(variance / n)
    se = np.where(se > 0, se, np.nan)
    if np.isfinite(low) and np.isfinite(high):
        at = [(seen & (y == bound)).sum(axis=0) for bound in (low, high)]
        told = np.column_stack([n, mean, np.nan_to_num(variance), *at, third])
        # items with the same counts share their bounds
        some, where = np.unique(told, axis=0, return_inverse=True)
        bottom, top = bounded_mean_interval(
            *some.T[:5], low=low, high=high, level=level, third=some[:, 5]
        )
        where = where.ravel()
        return mean, bottom[where], top[where], se
    half = np.array([t_quantile(level, max(int(m) - 1, 1)) for m in n]) * se
    return mean, mean - half, mean + half, se
