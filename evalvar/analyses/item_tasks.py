"""What the items of a task are worth together: reliability, counts of flags, stability."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from evalvar.analyses.item_labels import Labels
from evalvar.analyses.item_table import undefined
from evalvar.analyses.respondents import Responses
from evalvar.errors import NotEnoughDataError
from evalvar.stats import (
    Estimate,
    cronbach_alpha,
    mcdonald_omega,
    measurement_error,
    spearman_brown_length,
    split_stability,
    weak_strong_stability,
)

_TARGET = 0.9


def reliability_rows(found: Responses, level: float) -> list[tuple[str, Estimate]]:
    """Estimate alpha, omega, the standard error of measurement, and the length for more."""
    y, unit = found.oriented, found.unit

    def tried(function: Callable[..., Estimate], table: np.ndarray) -> Estimate:
        try:
            estimate = function(table, level=level)
            return replace(estimate, unit=unit, method=_named(estimate.method, unit))
        except NotEnoughDataError as error:
            return undefined(_named(str(error), unit), level, unit)

    alpha = tried(cronbach_alpha, y)
    if found.binary and np.isfinite(alpha.value):
        alpha = replace(alpha, method=f"KR-20 = {alpha.method}")
    whole = y[:, np.isfinite(y).all(axis=0)]
    omega = tried(mcdonald_omega, whole)
    if whole.shape[1] < y.shape[1]:
        some = f"on the {whole.shape[1]:,} items that all answered"
        omega = replace(omega, method=f"{omega.method} ({some})")
    return [
        ("alpha", alpha),
        ("omega", omega),
        ("sem", tried(measurement_error, y)),
        ("items_for_90", _length(alpha, y.shape[1], level)),
    ]


def _length(alpha: Estimate, count: int, level: float) -> Estimate:
    """Give the number of items for a reliability of .9 by Spearman and Brown."""

    def needed(r: float) -> float:
        return count * spearman_brown_length(r, _TARGET) if 0 < r < 1 else np.nan

    value = needed(alpha.value)
    method = "Spearman-Brown, items like these"
    if np.isnan(value):
        method = "undefined: alpha does not lie between 0 and 1"
    low, high = needed(alpha.high), needed(alpha.low)
    if not (np.isfinite(low) and np.isfinite(high)):
        low = high = np.nan
    return Estimate(value, np.nan, low, high, level, alpha.n, alpha.unit, method)


_MEANING = {
    "dead": "all responses at the worst score",
    "saturated": "all responses at the best score",
    "flipped": "better respondents score lower, Benjamini-Hochberg",
    "suspect_label": "better respondents agree on another answer, Benjamini-Hochberg",
    "duplicate": "the same question again",
    "conflicting_gold": "the same question with another gold answer",
    "same_answers": "same responses from all, beyond chance (weak evidence)",
}


def count_rows(labels: Labels, level: float) -> list[tuple[str, Estimate]]:
    """Count the flagged items, of those that could be told."""
    return [
        (
            name,
            Estimate(
                float(labels.flags[name].sum()) if labels.tested[name] else np.nan,
                level=level, n=labels.tested[name], unit="item",
                method=meaning if labels.tested[name] else f"undefined: cannot be told ({meaning})",
            ),
        )
        for name, meaning in _MEANING.items()
    ]  # fmt: skip


def stability_rows(
    found: Responses, splits: int, level: float, rng: int
) -> list[tuple[str, Estimate]]:
    """Correlate discriminations from two halves of the respondents, drawn and by ability."""
    unit, size = found.unit, len(found.names)
    y = found.oriented
    try:
        drawn = split_stability(y, rng=found.generator(rng), splits=splits)
        weak = weak_strong_stability(y)
    except NotEnoughDataError as error:
        nothing = undefined(_named(str(error), unit), level, unit)
        return [("split_stability", nothing), ("weak_strong_stability", nothing)]
    drawn = drawn[np.isfinite(drawn)]
    if not drawn.size:
        nothing = undefined("too few items discriminate in both halves", level, unit)
        return [("split_stability", nothing), ("weak_strong_stability", nothing)]
    low, high = np.quantile(drawn, (0.05, 0.95))
    method = f"mean over {drawn.size} random halves; bounds: 5 % and 95 % of them"
    random = Estimate(float(drawn.mean()), np.nan, float(low), float(high), 0.9, size, unit, method)
    method = "weaker against stronger half (abilities differ less within each); no interval"
    return [
        ("split_stability", random),
        ("weak_strong_stability", Estimate(weak, level=level, n=size, unit=unit, method=method)),
    ]


def _named(text: str, unit: str) -> str:
    """Call the respondents what they are."""
    return text.replace("respondent", unit)
