"""What lm-eval's own definitions say about its metrics: orientation, range, aggregation."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

# From the registry of lm_eval.api.metrics; everything else there is higher-is-better.
LOWER_IS_BETTER = {
    *("perplexity", "word_perplexity", "byte_perplexity", "bits_per_byte", "brier_score", "ter"),
    *("nll", "loss"),
    # Declared by tasks of 0.3, whose files do not say it.
    *("ppl", "likelihood_difference", "likelihood_diff", "pct_stereotype"),
}
RANGES: Mapping[str, tuple[float, float]] = {
    **dict.fromkeys(("acc", "acc_norm", "acc_bytes", "acc_mutual_info", "acc_all"), (0.0, 1.0)),
    **dict.fromkeys(("exact_match", "em", "f1"), (0.0, 1.0)),
    **{"mcc": (-1.0, 1.0), "brier_score": (0.0, 2.0)},
}
AVERAGED = {"acc", "acc_norm", "acc_bytes", "acc_mutual_info", "exact_match", "brier_score"}
# A guesser gets 1/choices of these right.
GUESSED = {"acc", "acc_norm", "acc_bytes", "acc_mutual_info", "p_correct", "p_correct_per_char"}
# What a metric's name is made of when lower is likely better; used for remarks, never to decide.
_LOSSES = {
    *("loss", "nll", "ppl", "perplexity", "brier", "bpb", "bpc", "ece"),
    *("ter", "wer", "cer", "error", "errors", "mse", "mae", "rmse"),
}
_PASS = re.compile(r"pass[@^]\d+")


def base(metric: str) -> str:
    """Name of a metric without its filter."""
    return metric.split(",", 1)[0]


def is_higher_better(metric: str, declared: Mapping[str, Any] | None) -> bool:
    """Orientation that the results file declares, else that of the harness's registry."""
    name = base(metric)
    value = (declared or {}).get(name)
    return value if isinstance(value, bool) else name not in LOWER_IS_BETTER


def sounds_lower_better(metric: str) -> bool:
    """Whether the name is that of a loss, so that a missing orientation is worth a remark."""
    name = base(metric).lower()
    return name in LOWER_IS_BETTER or not _LOSSES.isdisjoint(re.split(r"[^a-z]+", name))


def score_range(metric: str, values: np.ndarray) -> tuple[float, float]:
    """Range by the metric's definition; NaN where there is none or the values leave it.

    Tasks bring metrics of their own under the registry's names, some of them in percent.
    """
    name = base(metric)
    low, high = RANGES.get(name, (0.0, 1.0) if _PASS.fullmatch(name) else (np.nan, np.nan))
    known = values[~np.isnan(values)]
    if known.size and not (low <= known.min() and known.max() <= high):
        return np.nan, np.nan
    return low, high


def is_averaged(metric: str, config: Mapping[str, Any]) -> bool:
    """Whether the aggregate of a metric is the mean of its items."""
    name = base(metric)
    for entry in config.get("metric_list") or ():
        if isinstance(entry, dict) and entry.get("metric") == name and "aggregation" in entry:
            return bool(entry["aggregation"] == "mean")
    return name in AVERAGED
