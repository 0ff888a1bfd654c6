"""How much does a score depend on the prompt?"""

from dataclasses import replace

import numpy as np
import pandas as pd

from evalvar.analyses.intake import as_tuple, by_reason, intake
from evalvar.analyses.prompt_order import prompt_order
from evalvar.analyses.prompt_tables import PromptTable, prompt_tables
from evalvar.errors import NotEnoughDataError
from evalvar.evidence import Evidence, Missing
from evalvar.results import Result, Row
from evalvar.stats import (
    Components,
    Estimate,
    best_prompt_bias,
    bounded_mean_ci,
    crossed_mean_ci,
    mean_ci,
    prompt_spread,
    sd_ci,
    variance_components,
)

KEYS = ("model", "task", "metric")
QUANTILES = (0.05, 0.5, 0.95)
# With fewer prompts the outer quantiles are little but the smallest and the largest.
_FEW = 10
_LABELS = ("prompts", "items", "asked", "best_prompt", "worst_prompt", "higher_is_better",
           "in_points")  # fmt: skip


def prompt_sensitivity(
    data: Evidence | pd.DataFrame,
    *,
    model: str | list[str] | None = None,
    task: str | list[str] | None = None,
    metric: str | list[str] | None = None,
    checkpoint: int | list[int] | None = None,
    n_resamples: int = 999,
    level: float = 0.95,
    rng: int = 0,
    missing: Missing = "drop",
) -> Result:
    """Report how far the scores of prompts lie apart, and what choosing the best of them is worth.

    Parameters
    ----------
    data : Evidence or DataFrame
        Records, or reported values, under two prompts or more. Seeds and samples are averaged.
    model, task, metric : str or list of str, optional
        What to keep.
    checkpoint : int or list of int, optional
        What to keep; of it, each model's last.
    n_resamples : int
        How often prompts are shuffled for the agreement on the order of models.
    level : float in (0, 1)
        Nominal coverage.
    rng : int
        Source of the shuffles.
    missing : {"drop", "wrong"}
        What an answer without a score means.

    Returns
    -------
    Result
        One row per model, task, metric and quantity:

        ``mean_over_prompts``
            Items and prompts drawn again.
        ``prompt_sd``
            Standard deviation of the prompts' means (ddof 1), with the noise of each in it.
        ``prompt_sd_real``
            The same freed of the noise that new items would change: the root of the prompt
            component of `variance_components`, 0 where that is negative.
        ``prompt_range``
            Largest less smallest mean; grows with the number of prompts.
        ``q05``, ``q50``, ``q95``
            Quantiles over these prompts of their means, for new items.
        ``best_prompt_bias``
            By how much the best prompt's mean is expected to be better than its true one.

        With model null, over the models that have the same prompts:

        ``kendall_w``
            Agreement of the prompts in the order of the models; 1 where all have one order.
        ``kendall_w_shuffled``
            What W would be if all prompts were alike and the rest noise: their answers to an item
            shuffled.
        ``rank_tau``
            Mean over pairs of prompts of Kendall's tau-b between their orders.
        ``prompt_x_model_sd``
            Standard deviation of what a prompt does to one model more than to the others, noise
            included; its p-value is that of prompts that are alike.

        Labels: prompts (how many), items, asked (share of the prompt x item cells that have a
        score), best_prompt, worst_prompt, higher_is_better, in_points.

    Raises
    ------
    NotEnoughDataError
        Nothing was asked under two prompts.

    Notes
    -----
    Where not every prompt was asked every item, the rest is filled by a fit, which `method` names:
    see `evalvar.stats.fill_prompts`. A quantile's interval is that of the mean of the prompts next
    to it, these prompts given; where noise made them the outermost it is too far out.
    """
    evidence = intake(
        data, missing=missing, model=model, task=task, metric=metric, checkpoint=checkpoint
    )
    tables, behind = prompt_tables(evidence)
    several = [table for table in tables if len(table.prompts) > 1]
    if not several:
        raise NotEnoughDataError(
            "prompt sensitivity needs the same items under 2 prompts or more, and everything here "
            "was asked under one. Log runs with several templates or few-shot draws, and name them "
            "with --label prompt=NAME."
        )
    rows: list[Row] = []
    labels: list[dict[str, object]] = []
    said = [(table.name, "one prompt: what others would change cannot be seen.")
            for table in tables if len(table.prompts) < 2]  # fmt: skip
    for table in several:
        found = _estimates(table, level)
        key = dict(zip(KEYS, (table.model, table.task, table.metric), strict=True))
        rows += [(key, name, estimate) for name, estimate in found.items()]
        labels += [_labels(table)] * len(found)
        said += [(table.name, reason) for reason in _remarks(table)]
    ordered, remarks = prompt_order(several, n_resamples=n_resamples, rng=rng, level=level)
    rows += ordered
    labels += [{"prompts": estimate.n} for _, _, estimate in ordered]
    settings = {
        **{"model": as_tuple(model), "task": as_tuple(task), "metric": as_tuple(metric)},
        **{"checkpoint": as_tuple(checkpoint), "n_resamples": n_resamples, "level": level},
        **{"rng": rng, "missing": missing},
    }
    result = Result.of(
        "prompt_sensitivity", KEYS, rows, settings=settings, sources=evidence.sources,
        warnings=[*evidence.warnings, *behind, *by_reason([*said, *remarks])],
    )  # fmt: skip
    for name in _LABELS:
        result.table[name] = pd.Series([label.get(name) for label in labels], dtype=object)
    return result


def _estimates(table: PromptTable, level: float) -> dict[str, Estimate]:
    n = len(table.prompts)
    names = ("mean_over_prompts", "prompt_sd", "prompt_sd_real", "prompt_range", "q05", "q50",
             "q95", "best_prompt_bias")  # fmt: skip
    if not np.isfinite(table.means).all():
        nothing = Estimate(np.nan, level=level, n=n, unit="prompt", method=table.method)
        return dict.fromkeys(names, nothing)
    spread = prompt_spread(table.means, quantiles=QUANTILES)
    parts = _parts(table)
    real = _real(table, parts, level)
    filled = "" if table.whole else f", {table.method}"
    sd = replace(sd_ci(table.means, level=level), unit="prompt")
    sd = replace(sd, method=sd.method.replace("seeds", "prompts") + filled)
    grows = f"largest less smallest of {n}, grows with their number{filled}"
    quantiles = {
        f"q{round(100 * q):02d}": _quantile(table, q, spread.quantiles[q], level) for q in QUANTILES
    }
    return {
        "mean_over_prompts": _mean(table, parts, level),
        "prompt_sd": sd,
        "prompt_sd_real": real,
        "prompt_range": Estimate(spread.range, level=level, n=n, unit="prompt", method=grows),
        **quantiles,
        "best_prompt_bias": _bias(table, parts, spread.sd, real, level),
    }


def _parts(table: PromptTable) -> Components | None:
    """Split the variance into items, prompts and the rest; None where that is not determined."""
    prompt, item = np.nonzero(np.isfinite(table.scores))
    if not table.items:
        return None
    try:
        return variance_components(table.scores[prompt, item], {"item": item, "prompt": prompt})
    except NotEnoughDataError:
        return None


def _real(table: PromptTable, parts: Components | None, level: float) -> Estimate:
    n = len(table.prompts)
    if parts is None or "prompt" not in parts.names:
        what = "no items" if not table.items else "these items do not tell noise from prompts"
        return Estimate(np.nan, level=level, n=n, unit="prompt", method=f"undefined: {what}")
    part = parts.estimates(level)["prompt"]
    low, high = (float(np.sqrt(max(end, 0.0))) if end == end else np.nan
                 for end in (part.low, part.high))  # fmt: skip
    value = float(np.sqrt(max(part.value, 0.0)))
    se = part.se / (2 * value) if value > 0 else np.nan
    return Estimate(
        value, se, low, high, level, n, "prompt", f"root of the prompt component, {part.method}"
    )


def _mean(table: PromptTable, parts: Components | None, level: float) -> Estimate:
    """Mean over prompts: items and prompts drawn again where there are items."""
    value, n = float(table.means.mean()), len(table.prompts)
    if table.whole and len(table.items) > 1:
        low, high = table.facts.range
        found = crossed_mean_ci(table.scores.T, level=level, low=low, high=high)
        return replace(
            table.facts.within(found), unit="item x prompt",
            method=found.method.replace("seeds", "prompts"),
        )  # fmt: skip
    if parts is not None and {"item", "prompt"} <= set(parts.axes):
        found = parts.mean_over(("item", "prompt"), level)
        # around the mean of the filled table, whose cells all count alike
        moved = value - found.value
        method = f"{found.method}, around the {table.method}"
        return table.facts.within(
            replace(found, value=value, low=found.low + moved, high=found.high + moved,
                    method=method)
        )  # fmt: skip
    found = replace(mean_ci(table.means, level=level), unit="prompt")
    return table.facts.within(replace(found, method=f"{found.method}, {table.method}", n=n))


def _quantile(table: PromptTable, q: float, value: float, level: float) -> Estimate:
    """Quantile over the prompts, with the interval of the prompts next to it for new items."""
    n = len(table.prompts)
    said = f"quantile of {n} prompts" + (", few" if n < _FEW else "")
    if not table.whole or len(table.items) < 2:
        method = f"{said}, {table.method} (no interval)"
        return Estimate(value, level=level, n=n, unit="prompt", method=method)
    order = np.argsort(table.means, kind="stable")
    place = q * (n - 1)
    below = int(place)
    share = place - below
    above = min(below + 1, n - 1)
    items = (1 - share) * table.scores[order[below]] + share * table.scores[order[above]]
    low, high = table.facts.range
    if low is None or high is None:
        found = mean_ci(items, level=level)
    else:
        found = bounded_mean_ci(items, low=low, high=high, level=level)
    return replace(found, value=value, p_value=np.nan, method=f"{said}, {found.method}")


def _bias(
    table: PromptTable, parts: Components | None, sd: float, real: Estimate, level: float
) -> Estimate:
    if parts is None or np.isnan(real.value):
        return replace(real, low=np.nan, high=np.nan)
    noise = _noise(table, parts)
    df = float(np.isfinite(table.scores).sum() - len(table.items) - len(table.prompts) + 1)
    return best_prompt_bias(sd, noise, len(table.prompts), noise_df=max(df, 1.0), level=level)


def _noise(table: PromptTable, parts: Components) -> float:
    """Variance of a prompt's mean by what tells one prompt's answers from another's.

    Half the variance of the difference of two prompts, mean over the pairs, by generalised least
    squares with items drawn at random: the residual over the items where every prompt was asked
    all, and more than that over the items each was asked where they differ.
    """
    seen = np.isfinite(table.scores).astype(np.float64)
    rest = max(float(parts.values[-1]), 0.0)
    of_items = float(parts.values[parts.names.index("item")]) if "item" in parts.names else 0.0
    if not rest > 0:
        return 0.0
    if of_items > 0:
        shared = (seen / (seen.sum(axis=0) + rest / of_items)) @ seen.T
    else:
        shared = np.zeros((len(seen), len(seen)))
    of_means = np.linalg.inv(np.diag(seen.sum(axis=1)) - shared)
    prompts = len(seen)
    apart = (np.trace(of_means) - of_means.sum() / prompts) / (prompts - 1)
    return rest * float(apart)


def _labels(table: PromptTable) -> dict[str, object]:
    best = worst = None
    if np.isfinite(table.means).all():
        signed = table.facts.sign * table.means
        best, worst = table.prompts[int(signed.argmax())], table.prompts[int(signed.argmin())]
    return {
        "prompts": len(table.prompts),
        "items": len(table.items),
        "asked": float(np.isfinite(table.scores).mean()) if table.items else None,
        "best_prompt": best,
        "worst_prompt": worst,
        "higher_is_better": table.facts.higher_is_better,
        "in_points": table.facts.range == (0.0, 1.0),
    }


def _remarks(table: PromptTable) -> list[str]:
    if not table.items:
        return ["no items: the noise of the items cannot be told from the prompts."]
    if table.whole:
        return []
    said: list[str] = []
    unasked = int((~np.isfinite(table.scores)).sum())
    if table.method.startswith("undefined: "):
        said.append(f"{table.method.removeprefix('undefined: ')}.")
    else:
        said.append(
            f"{unasked:,} of {table.scores.size:,} prompt x item cells have no score; "
            "they are filled by a fit."
        )
    return said
